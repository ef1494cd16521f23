//! `attestry policy explain`: the decision in a line, then what each rule said, and why.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use attestry_policy::engine::PolicyEngine;
use attestry_proof::hash::Hash;

use super::{
    bundle::Bundle,
    fault::Fault,
    situation::{self, Facts},
};
use crate::{
    cli::{
        block_on,
        output::{Failure, Output, REFUSED},
        pin::Caller,
    },
    http::routes::policies::{
        ExplainAnswer, ExplainRequest, HolderInfo, RequestInfo, RuleInfo, TargetInfo,
    },
    service::explain::Situation,
};

/// Widest column of sentences.
const SAYS_WIDTH: usize = 64;
/// Most bytes of a file of facts.
const FACTS_BYTES_MAX: u64 = 1 << 20;

const FORMS: &str = "WHO is visitor, roles and a program such as contractor@main or \
    legal,admin@main, or nobody@main for a key without a role. WHAT is log, program:main, own-key, \
    member@main, own-submission, or submission@main for somebody else's. Without a program, main \
    is meant for WHO, and the program of WHO for WHAT.\n\n\
    With --server, the service knows the facts: WHO is visitor or the thumbprint of a key, WHAT is \
    log, program:main, new-submission, the thumbprint of a key or the id of a submission. Only \
    administrators, legal officers and auditors of the program may ask.\n\n\
    Facts for --with: state=cleared, held, withdrawn, revoked, replaces-owner, known-person, \
    public-entries, target-revoked (yes or no), same-person (yes, no, unknown), \
    target-roles=contractor, second-officer=legal@main, second-officer-is (other, caller, target, \
    unknown).\n\n\
    Exit codes: 0 allowed, 1 denied, 2 unusable input or usage, 3 the service cannot be reached or \
    failed";

/// What is asked.
#[derive(clap::Args)]
#[command(after_long_help = FORMS, after_help = "See --help for the forms of WHO and WHAT, and facts for --with")]
pub struct Arguments {
    /// Who asks: visitor, contractor@main, legal,admin@main.
    #[arg(required_unless_present = "facts", requires = "action", allow_hyphen_values = true)]
    who: Option<String>,
    /// To do what: readContent, review, withdraw and so on.
    #[arg(requires = "what")]
    action: Option<String>,
    /// To what: log, program:main, own-submission, submission@main, member@main.
    #[arg(allow_hyphen_values = true)]
    what: Option<String>,
    /// A fact about it, such as held=yes or state=cleared; may be given several times.
    #[arg(long, value_name = "FACT=VALUE")]
    with: Vec<String>,
    /// JSON: an object of facts as for --with, or, without WHO, ACTION and WHAT, the "request" of
    /// an earlier answer.
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    facts: Option<PathBuf>,
    /// A folder like policies/. Default: the policies built in.
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    policies: Option<PathBuf>,
    /// Ask the service at this address, which knows the facts and the policies in force.
    #[arg(long, value_name = "URL", requires = "key")]
    server: Option<String>,
    /// Your key, of an administrator, legal officer or auditor.
    #[arg(long, value_name = "FILE", requires = "server")]
    key: Option<PathBuf>,
    /// Trust policy of the log. Default: the pin beside the key.
    #[arg(long, value_name = "FILE", requires = "server")]
    trust: Option<PathBuf>,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let answer = match (&arguments.server, &arguments.key) {
        (Some(server), Some(key)) => {
            let caller = Caller::new(server, key, arguments.trust.as_deref());
            ask(&caller, &arguments)?
        }
        _ => decide(&arguments, output)?,
    };
    print(&answer, output);
    output.json(&answer);
    Ok(ExitCode::from(if answer.allowed { 0 } else { REFUSED }))
}

/// Asks a service, which knows the facts and the policies in force.
fn ask(caller: &Caller, arguments: &Arguments) -> Result<ExplainAnswer, Failure> {
    let Arguments { who, action, what, with, .. } = arguments;
    let (Some(who), Some(action), Some(what)) = (who, action, what) else {
        return Err(Failure::usage("--server needs WHO, ACTION and WHAT"));
    };
    let second_officer = match with.as_slice() {
        [] => None,
        [only] => only.strip_prefix("second-officer=").map(str::to_owned),
        _ => None,
    };
    if second_officer.is_none() && !with.is_empty() {
        return Err(Failure::usage(
            "a service knows the facts; with --server only --with second-officer=THUMBPRINT is left to say",
        ));
    }
    let request = ExplainRequest {
        who: who.clone(),
        action: action.clone(),
        what: what.clone(),
        second_officer,
    };
    block_on(async { caller.connect().await?.explain(&request).await })
}

/// Decides here, by a folder of policies and facts in words.
fn decide(arguments: &Arguments, output: &Output) -> Result<ExplainAnswer, Failure> {
    let bundle = Bundle::read(arguments.policies.as_deref())?;
    let situation = situation_of(arguments)?;
    let files = bundle.named();
    let engine = PolicyEngine::load(&files).map_err(|error| {
        let fault = Fault::of_rules(&error, &files).to_text(output);
        Failure::usage(format!("the policies ({}) cannot be used\n\n{fault}", bundle.name))
    })?;
    let explanation = engine.explain(&situation.request());
    Ok(ExplainAnswer::new(Hash(*engine.digest()), &explanation, situation))
}

fn situation_of(arguments: &Arguments) -> Result<Situation, Failure> {
    let Arguments { who, action, what, with, facts, .. } = arguments;
    let mut given = Facts::parse(with)?;
    if let (Some(who), Some(action), Some(what)) = (who, action, what) {
        if let Some(path) = facts {
            given.add(flat_facts(path)?);
        }
        return situation::situation(who, action, what, given);
    }
    let path =
        facts.as_deref().ok_or_else(|| Failure::usage("WHO, ACTION and WHAT are missing"))?;
    if !with.is_empty() {
        return Err(Failure::usage("--with needs WHO, ACTION and WHAT"));
    }
    whole_request(path).map(Situation::from)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unusable = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(unusable)?.len();
    if size > FACTS_BYTES_MAX {
        return Err(Failure::usage(format!("{}: too large for facts", path.display())));
    }
    std::fs::read(path).map_err(unusable)
}

/// An object of facts by name; numbers have no place among them.
fn flat_facts(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Value {
        Word(String),
        Yes(bool),
    }
    let facts: BTreeMap<String, Value> = serde_json::from_slice(&read(path)?).map_err(|error| {
        Failure::usage(format!(
            "{}: {error}; with WHO, ACTION and WHAT it holds facts such as {{\"held\": true, \"state\": \"cleared\"}}",
            path.display()
        ))
    })?;
    let word = |value| match value {
        Value::Word(word) => word,
        Value::Yes(true) => "yes".to_owned(),
        Value::Yes(false) => "no".to_owned(),
    };
    Ok(facts.into_iter().map(|(key, value)| (key, word(value))).collect())
}

/// A whole request: as it stands, or within an answer.
fn whole_request(path: &Path) -> Result<RequestInfo, Failure> {
    let unusable = |error: serde_json::Error| {
        Failure::usage(format!(
            "{}: {error}; without WHO, ACTION and WHAT it holds the \"request\" of an earlier answer",
            path.display()
        ))
    };
    let mut value: serde_json::Value = serde_json::from_slice(&read(path)?).map_err(unusable)?;
    if let Some(request) = value.get_mut("request") {
        value = request.take();
    }
    serde_json::from_value(value).map_err(unusable)
}

fn print(answer: &ExplainAnswer, output: &Output) {
    let (word, style) = if answer.allowed { ("ALLOWED", 32) } else { ("DENIED", 31) };
    let deciding = match answer.deciding.as_slice() {
        [only] if only == "default-deny" => match &answer.fault {
            Some(fault) => fault.clone(),
            None => "no rule permits it".to_owned(),
        },
        rules => format!("by {}", rules.join(", ")),
    };
    output.line(format_args!("{}: {}, {deciding}", output.paint(word, style), sentence(answer)));
    output.line("");
    let width = answer.rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0).max(4);
    output.line(format_args!("  {:width$}  effect  {:14}  what it says", "rule", "here"));
    for rule in &answer.rules {
        print_rule(rule, width, output);
    }
    output
        .line(format_args!("\n  policies {}\n  engine   {}", answer.policy_sha256, answer.engine));
}

fn print_rule(rule: &RuleInfo, width: usize, output: &Output) {
    let outcome = rule.outcome.replace('-', " ");
    let mark = if rule.decided { "●" } else { " " };
    let place = format!("({}:{})", rule.file, rule.line);
    let lines = wrap(rule.says.as_deref().unwrap_or(&place), SAYS_WIDTH);
    let first = lines.first().map_or("", String::as_str);
    let head = format!("{mark} {:width$}  {:6}  {outcome:14}  {first}", rule.id, rule.effect);
    output.line(if rule.decided { output.paint(&head, 1) } else { head });
    for line in lines.iter().skip(1) {
        output.line(format_args!("  {:width$}  {:6}  {:14}  {line}", "", "", ""));
    }
}

/// Words in lines of at most this many characters, unless a word is longer.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Who asks to do what to what.
fn sentence(answer: &ExplainAnswer) -> String {
    let RequestInfo { who, what, .. } = &answer.request;
    let who_key = who.as_ref().map(|holder| holder.key);
    let asks = who.as_ref().map_or_else(|| "a visitor".to_owned(), holder);
    let target = match what {
        TargetInfo::Log { .. } => "the log".to_owned(),
        TargetInfo::Program { name } => format!("the program {name}"),
        TargetInfo::Member(target) if Some(target.key) == who_key => "the own key".to_owned(),
        TargetInfo::Member(target) => format!("the key of {}", holder(target)),
        TargetInfo::Submission(work) => {
            let whose = if Some(work.owner) == who_key { "own" } else { "somebody else's" };
            format!("{whose} submission in {} ({})", work.program, work.state)
        }
    };
    format!("{asks}, {} on {target}", answer.action)
}

fn holder(holder: &HolderInfo) -> String {
    let roles: Vec<&str> = holder.roles.iter().map(|role| role.as_str()).collect();
    let roles = if roles.is_empty() { "nobody".to_owned() } else { roles.join(" and ") };
    let ended = if holder.revoked { " with a key that has ended" } else { "" };
    format!("{roles} of {}{ended}", holder.program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_never_split_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("extraordinary", 5), ["extraordinary"]);
        assert!(wrap("", 5).is_empty());
    }
}
