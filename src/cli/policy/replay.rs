//! `attestry policy replay`: decide again what was decided about a submission, by the rules and
//! facts that the log names, and hold the facts against the statements they name.

mod compare;
mod evidence;
mod pack;

use std::process::ExitCode;

use attestry_proof::{
    key::Thumbprint,
    payload::{Payload, StatementKind, clearance::Clearance},
};
use serde::Serialize;
use uuid::Uuid;

pub use self::pack::replay_pack;
use self::{
    compare::{Difference, Outcome, Record, judge},
    evidence::{Archive, Evidence},
};
use crate::{
    cli::{
        block_on,
        client::Client,
        output::{Failure, Output, REFUSED},
        pin::Caller,
    },
    http::routes::submissions::CustodyInfo,
};

const CODES: &str = "Each decision agrees, differs, or is not replayed: its payload was erased, a \
    fact is redacted or its rules are not archived, and nothing is guessed.\n\n\
    Exit codes: 0 every decision agrees, 1 one differs, is not replayed, or there is none, \
    2 unusable input or usage, 3 the service cannot be reached or failed";

/// Whose decisions.
#[derive(clap::Args)]
#[command(after_help = CODES)]
pub struct Arguments {
    /// The submission.
    subject: Uuid,
    #[command(flatten)]
    caller: Caller,
    /// Why you look at somebody else's: review, legal, audit, support or case. Each payload that is
    /// opened is logged.
    #[arg(long, default_value = "audit")]
    purpose: String,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    submission: Uuid,
    /// `agrees`, `differs`, `not-replayed` or `nothing-decided`: the worst of all decisions.
    outcome: &'static str,
    engine: String,
    decisions: Vec<Decision>,
}

/// One decision.
#[derive(Serialize)]
struct Decision {
    index: u64,
    /// Absent where the payload was erased.
    #[serde(flatten)]
    logged: Option<Logged>,
    /// `agrees`, `differs` or `not-replayed`.
    outcome: &'static str,
    /// What differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Difference>,
    /// Positions of statements that were erased since, so that facts about them are not held
    /// against them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    erased_facts: Vec<u64>,
    /// Why it is not replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What was logged.
#[derive(Serialize)]
struct Logged {
    purpose: &'static str,
    granted: bool,
    deciding: Vec<String>,
    policy_sha256: String,
    engine: String,
}

impl Logged {
    fn new(clearance: &Clearance) -> Self {
        Self {
            purpose: clearance.purpose.as_str(),
            granted: clearance.granted,
            deciding: clearance.deciding.iter().map(|rule| rule.as_str().to_owned()).collect(),
            policy_sha256: clearance.policy_sha256.0.to_hex(),
            engine: clearance.engine.to_string(),
        }
    }
}

pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let report = block_on(async {
        let client = arguments.caller.connect().await?.for_purpose(&arguments.purpose);
        replay(&client, arguments.subject).await
    })?;
    print(&report, output);
    output.json(&report);
    Ok(ExitCode::from(if report.outcome == "agrees" { 0 } else { REFUSED }))
}

async fn replay(client: &Client, submission: Uuid) -> Result<Report, Failure> {
    let events = client.custody(submission).await?;
    let mut evidence = Evidence::new(client)?;
    let service = evidence.genesis().await?.service_key.thumbprint.0;
    let mut record = Record::default();
    // Each payload that is opened is logged, so nothing is opened in vain.
    if events.iter().any(|event| kind(event) == Some(StatementKind::Clearance)) {
        for event in events.iter().filter(|event| kind(event).is_some_and(counts)) {
            record.told.insert(event.index, evidence.told(submission, event.index).await?);
        }
    }
    for event in events.iter().filter(|event| event.kind.is_none()) {
        let by_service = event.issuer == service.to_string();
        let erased = if by_service { &mut record.erased_by_service } else { &mut record.erased };
        erased.insert(event.index);
    }
    evidence.add_keys(&record).await?;
    let mut archive = Archive::open(&mut evidence).await?;
    evidence.verify()?;
    archive.require_by(service)?;

    let mut decisions: Vec<Decision> =
        events.iter().filter(|event| erased_decision(event, service)).map(erased).collect();
    for (index, told) in &record.told {
        if matches!(told.payload, Payload::Scan(_)) && told.issuer != service {
            let reason = format!("the scan at entry {index} is not signed by the service");
            return Err(Failure::refused(reason));
        }
        let Payload::Clearance(said) = &told.payload else { continue };
        if told.issuer != service {
            let reason = format!("the decision at entry {index} is not signed by the service");
            return Err(Failure::refused(reason));
        }
        let clearance = said.body();
        let in_force = archive.in_force_at(*index);
        let rules = archive.rules(client, clearance.policy_sha256.0).await?;
        let outcome = judge((*index, clearance), rules, &record);
        let erased_facts = record.erased_facts(clearance);
        let decision = Decision::new((*index, clearance), outcome, in_force);
        decisions.push(Decision { erased_facts, ..decision });
    }
    decisions.sort_by_key(|decision| decision.index);
    let worst = ["differs", "not-replayed", "agrees"]
        .into_iter()
        .find(|word| decisions.iter().any(|decision| decision.outcome == *word));
    let engine = attestry_policy::engine::engine_version();
    Ok(Report { submission, outcome: worst.unwrap_or("nothing-decided"), engine, decisions })
}

fn kind(event: &CustodyInfo) -> Option<StatementKind> {
    event.kind.as_deref().and_then(StatementKind::parse)
}

/// Whether a decision can rest on it, or is it.
fn counts(kind: StatementKind) -> bool {
    let of_others = [StatementKind::Review, StatementKind::Scan, StatementKind::Clearance];
    kind.is_contractor() || of_others.contains(&kind)
}

/// Whether it may have been a decision: by the service, and nobody can read it any more.
fn erased_decision(event: &CustodyInfo, service: Thumbprint) -> bool {
    event.kind.is_none() && event.issuer == service.to_string()
}

fn erased(event: &CustodyInfo) -> Decision {
    let reason = "its payload was erased; it may have been a decision or a record of access";
    Decision {
        index: event.index,
        logged: None,
        outcome: "not-replayed",
        differences: Vec::new(),
        erased_facts: Vec::new(),
        reason: Some(reason.to_owned()),
    }
}

impl Decision {
    fn new(
        (index, clearance): (u64, &Clearance),
        outcome: Outcome,
        in_force: Option<attestry_proof::hash::Hash>,
    ) -> Self {
        let (mut differences, reason) = match outcome {
            Outcome::Agrees => (Vec::new(), None),
            Outcome::Differs(differences) => (differences, None),
            Outcome::NotReplayed(reason) => (Vec::new(), Some(reason)),
        };
        let named = clearance.policy_sha256.0;
        if in_force.is_some_and(|in_force| in_force != named) {
            differences.push(Difference {
                what: "policy bundle in force".to_owned(),
                logged: named.to_hex(),
                found: in_force.map_or_else(String::new, |digest| digest.to_hex()),
            });
        }
        let outcome = match (differences.is_empty(), &reason) {
            (false, _) => "differs",
            (true, Some(_)) => "not-replayed",
            (true, None) => "agrees",
        };
        let (logged, erased_facts) = (Some(Logged::new(clearance)), Vec::new());
        Self { index, logged, outcome, differences, erased_facts, reason }
    }
}

fn print(report: &Report, output: &Output) {
    output.heading(format_args!("submission {}", report.submission));
    for decision in &report.decisions {
        let Decision { index, logged, outcome, differences, erased_facts, reason } = decision;
        let said = logged.as_ref().map_or_else(
            || "(payload erased)".to_owned(),
            |logged| {
                let word = if logged.granted { "cleared for" } else { "not cleared for" };
                format!("{word} {} by {}", logged.purpose, logged.deciding.join(", "))
            },
        );
        let style = if *outcome == "agrees" { 32 } else { 31 };
        let word = output.paint(&outcome.replace('-', " "), style);
        output.line(format_args!("● entry {index:<8} {said}: {word}"));
        for Difference { what, logged, found } in differences {
            output.line(format_args!("│   {what}: logged {logged:?}, found {found:?}"));
        }
        if !erased_facts.is_empty() {
            let entries = format_args!("entries {erased_facts:?}");
            output.line(format_args!("│   not checked, erased since: {entries}"));
        }
        if let Some(reason) = reason {
            output.line(format_args!("│   {reason}"));
        }
    }
    output.line(match report.outcome {
        "agrees" => "\nthe same rules make the same decisions of the same facts",
        "differs" => "\nsomething is not as it was logged: ask the operator about it",
        "not-replayed" => "\nnot every decision can be made again; nothing was guessed",
        _ => "nothing was decided about it yet, so there is nothing to replay",
    });
    output.line("that there are no other decisions is not proven, it takes an index proof");
}
