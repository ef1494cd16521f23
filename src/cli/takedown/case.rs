//! `attestry case`: what legal officers see of takedown cases, and what they decide.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use attestry_proof::{
    hash::Hash,
    payload::{
        case::{CaseApproval, CaseState, CaseStep, Concerned},
        fields::{Digest, SubmissionId},
        text::{Name, Passage},
    },
};
use uuid::Uuid;

use super::{
    super::{
        block_on,
        client::Client,
        office::Signing,
        output::{Failure, Output},
        pin::Caller,
    },
    messages, read, state,
};
use crate::http::routes::cases::{CaseDetails, CaseInfo, ListInfo};

/// What to do with cases.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the cases of this key's program.
    List(ListArguments),
    /// Show a case: notice, what it concerns, clocks, and which steps there are.
    Show(ShowArguments),
    /// Show what was written about a case, and whether it went out.
    Messages(messages::Arguments),
    /// Open a case for somebody who wrote by other means, or for an order that came on paper.
    Open(OpenArguments),
    /// Take the next step.
    Step(StepArguments),
    /// Agree, as a second officer, to the decision that the case is at.
    Approve(ApproveArguments),
}

/// Who asks.
#[derive(clap::Args)]
pub struct ListArguments {
    #[command(flatten)]
    caller: Caller,
}

/// Which case.
#[derive(clap::Args)]
pub struct ShowArguments {
    /// The case.
    case: Uuid,
    #[command(flatten)]
    caller: Caller,
}

/// What came.
#[derive(clap::Args)]
pub struct OpenArguments {
    /// On which ground, by its name in takedown.toml.
    #[arg(long)]
    ground: String,
    /// What was received, in a file of text.
    #[arg(long, value_name = "FILE")]
    received: PathBuf,
    #[command(flatten)]
    caller: Caller,
}

/// A step.
#[derive(clap::Args)]
pub struct StepArguments {
    /// The case.
    case: Uuid,
    /// The state to go to; `attestry case show` lists them.
    to: String,
    /// Why, by a code of takedown.toml.
    #[arg(long, value_name = "CODE")]
    reason: String,
    /// What whoever is told may read: a statement of reasons, a question, an answer.
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    /// What the case concerns from now on: SUBMISSION, or SUBMISSION:SHA256 for one file of it; may be
    /// repeated. Default: as before.
    #[arg(long = "concerns", value_name = "WHAT")]
    concerns: Vec<String>,
    /// SHA-256 of evidence that is kept elsewhere; may be repeated.
    #[arg(long = "evidence", value_name = "SHA256")]
    evidence: Vec<String>,
    /// Another ground than the case has.
    #[arg(long)]
    ground: Option<String>,
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    signing: Signing,
}

/// An agreement.
#[derive(clap::Args)]
pub struct ApproveArguments {
    /// The case.
    case: Uuid,
    /// In your words.
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    signing: Signing,
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    match command {
        Command::List(arguments) => list(&arguments, output),
        Command::Show(arguments) => show(&arguments, output),
        Command::Messages(arguments) => messages::run(&arguments, output),
        Command::Open(arguments) => open(&arguments, output),
        Command::Step(arguments) => step(&arguments, output),
        Command::Approve(arguments) => approve(&arguments, output),
    }
}

fn list(arguments: &ListArguments, output: &Output) -> Result<ExitCode, Failure> {
    let cases = block_on(async { arguments.caller.connect().await?.cases().await })?;
    if cases.is_empty() {
        output.line("there is no case");
    }
    for CaseInfo { id, program, ground, channel, state, .. } in &cases {
        output.line(format_args!("{id}  {state:<13}  {ground}, by {channel}, in {program}"));
    }
    output.json(&serde_json::json!({ "cases": cases }));
    Ok(ExitCode::SUCCESS)
}

fn show(arguments: &ShowArguments, output: &Output) -> Result<ExitCode, Failure> {
    let case = block_on(async { arguments.caller.connect().await?.case(arguments.case).await })?;
    output.heading(format_args!("case {}", case.case.id));
    output.line(told(&case));
    output.json(&case);
    Ok(ExitCode::SUCCESS)
}

/// A case, in lines.
fn told(details: &CaseDetails) -> String {
    let CaseDetails { case, concerned, notice, history, clocks, next, approvals, .. } = details;
    let mut text =
        format!("  {} in {}, by {}: {}\n", case.ground, case.program, case.channel, case.state);
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing into a string does not fail.
        let _written = writeln!(text, "{words}");
    };
    for entry in history {
        line(format_args!("  {}  {}", entry.at, entry.state));
    }
    for clock in clocks {
        let how = match (&clock.met, clock.overdue) {
            (Some(met), _) => format!("done {met}"),
            (None, true) => format!("OVERDUE since {}", clock.due),
            (None, false) => format!("due {}", clock.due),
        };
        line(format_args!("  clock {}: {}, {how} ({})", clock.name, clock.title, clock.source));
        if let (Some(earliest), None) = (&clock.due_earliest, &clock.met) {
            line(format_args!("    not before {earliest}"));
        }
    }
    if concerned.is_empty() {
        line(format_args!("  nobody has named yet what it concerns"));
    }
    for what in concerned {
        line(format_args!("  concerns {what}"));
    }
    for (officer, decision) in approvals {
        line(format_args!("  agreed to by {officer}: {decision}"));
    }
    if details.ordered > 0 {
        line(format_args!("  erased: {} of {} orders", details.erased, details.ordered));
    }
    if let Some(notice) = notice {
        line(format_args!("  what was received:\n"));
        for part in notice.lines() {
            // What strangers wrote shall not steer the terminal.
            let plain: String = part.chars().filter(|letter| !letter.is_control()).collect();
            line(format_args!("    {plain}"));
        }
        line(format_args!(""));
    }
    match next.is_empty() {
        true => line(format_args!("  there is no next step")),
        false => line(format_args!("  next: {}", next.join(", "))),
    }
    text.trim_end().to_owned()
}

fn open(arguments: &OpenArguments, output: &Output) -> Result<ExitCode, Failure> {
    let path = arguments.received.display();
    let received = std::fs::read_to_string(&arguments.received)
        .map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    let case = block_on(async {
        arguments.caller.connect().await?.open_case(&arguments.ground, received).await
    })?;
    output.good(format_args!("opened: case {case}"));
    output.json(&serde_json::json!({ "case": case }));
    Ok(ExitCode::SUCCESS)
}

fn step(arguments: &StepArguments, output: &Output) -> Result<ExitCode, Failure> {
    let to = CaseState::parse(&arguments.to).ok_or_else(|| {
        let words: Vec<&str> = CaseState::ALL.iter().map(|state| state.as_str()).collect();
        Failure::usage(format!("states are: {}", words.join(", ")))
    })?;
    let because = arguments.because.as_deref();
    let statement = because.map(|text| read::<Passage>("--because", text)).transpose()?;
    let reason = read("--reason", &arguments.reason)?;
    let evidence: Vec<Digest> =
        arguments.evidence.iter().map(|hex| read("--evidence", hex)).collect::<Result<_, _>>()?;
    let lines = arguments.concerns.iter().map(|what| line_of(what)).collect::<Result<_, _>>()?;
    let object = block_on(async {
        let client = arguments.caller.connect().await?;
        let ground = arguments.ground.as_deref();
        let next = Next { to, reason, statement, lines, evidence, ground };
        let body = next_step(&client, arguments.case, next).await?;
        let object = state(&client, (arguments.case, body), &arguments.signing, output).await?;
        after(&client, arguments.case, output).await?;
        Ok(object)
    })?;
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

/// What an officer decides, besides what follows from where the case is.
pub(in crate::cli) struct Next<'a> {
    pub to: CaseState,
    pub reason: Name,
    /// What whoever is told may read.
    pub statement: Option<Passage>,
    /// What the case concerns from now on; as before if there is none.
    pub lines: Vec<String>,
    pub evidence: Vec<Digest>,
    pub ground: Option<&'a str>,
}

/// Fills in a step from where the case is.
///
/// # Errors
/// A [`Failure`] if the service refuses the list, or does not show the case.
pub(in crate::cli) async fn next_step(
    client: &Client,
    case: Uuid,
    next: Next<'_>,
) -> Result<CaseStep, Failure> {
    let Next { to, reason, statement, lines, evidence, ground } = next;
    let shown = client.case(case).await?.case;
    Ok(CaseStep {
        case: SubmissionId(case),
        after: digest(&shown.after)?,
        from: state_of(&shown)?,
        to,
        ground: read("--ground", ground.unwrap_or(&shown.ground))?,
        reason,
        concerned: named(client, case, lines).await?,
        evidence,
        statement,
    })
}

/// A line of the list: `SUBMISSION`, or `SUBMISSION SHA256`.
fn line_of(what: &str) -> Result<String, Failure> {
    let (id, file) = what.split_once(':').map_or((what, None), |(id, file)| (id, Some(file)));
    let id: Uuid = read("--concerns", id)?;
    Ok(match file {
        None => id.to_string(),
        Some(hex) => format!("{id} {}", read::<Digest>("--concerns", hex)?.0),
    })
}

async fn named(
    client: &Client,
    case: Uuid,
    lines: Vec<String>,
) -> Result<Option<Concerned>, Failure> {
    if lines.is_empty() {
        return Ok(None);
    }
    concerned(&client.keep_case_list(case, lines).await?).map(Some)
}

fn concerned(list: &ListInfo) -> Result<Concerned, Failure> {
    Ok(Concerned { count: list.count, sha256: digest(&list.sha256)? })
}

fn digest(hex: &str) -> Result<Digest, Failure> {
    let unusable = || Failure::service("the service's answer about the case cannot be read");
    Hash::from_hex(hex).map(Digest).ok_or_else(unusable)
}

fn state_of(case: &CaseInfo) -> Result<CaseState, Failure> {
    let unknown = || Failure::service(format!("a newer service knows the state {:?}", case.state));
    CaseState::parse(&case.state).ok_or_else(unknown)
}

/// Where the case is now, and what is next.
async fn after(client: &Client, case: Uuid, output: &Output) -> Result<(), Failure> {
    let shown = client.case(case).await?;
    output.line(format_args!("  the case is {}", shown.case.state));
    if !shown.next.is_empty() {
        output.line(format_args!("  next: {}", shown.next.join(", ")));
    }
    Ok(())
}

/// Fills in the agreement to the decision that a case is at.
///
/// # Errors
/// A [`Failure`] if nobody has named what the case concerns.
pub(in crate::cli) fn agreement(
    shown: &CaseDetails,
    note: Option<Passage>,
) -> Result<CaseApproval, Failure> {
    let list = shown.list.as_ref();
    let list =
        list.ok_or_else(|| Failure::refused("nobody has named yet what the case concerns"))?;
    Ok(CaseApproval {
        case: SubmissionId(shown.case.id),
        approves: digest(&shown.case.after)?,
        concerned: concerned(list)?,
        note,
        officer_is_another_person: true,
    })
}

fn approve(arguments: &ApproveArguments, output: &Output) -> Result<ExitCode, Failure> {
    let note = arguments.note.as_deref();
    let note = note.map(|text| read::<Passage>("--note", text)).transpose()?;
    let object = block_on(async {
        let client = arguments.caller.connect().await?;
        let shown = client.case(arguments.case).await?;
        let body = agreement(&shown, note)?;
        // What is agreed to is shown before it is signed.
        output.line(told(&shown));
        state(&client, (arguments.case, body), &arguments.signing, output).await
    })?;
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_case_concerns_is_a_submission_or_a_file_of_one() {
        let id = "6f1c2a1e-0d3c-4b6e-9a51-0f0e6d2c9b7a";
        let file = "ab".repeat(32);
        assert_eq!(line_of(id).unwrap(), id);
        assert_eq!(line_of(&format!("{id}:{file}")).unwrap(), format!("{id} {file}"));
        for bad in ["", "all", &format!("{id}:"), &format!("{id}:ab"), &format!("{id} {file}")] {
            assert!(line_of(bad).is_err(), "{bad:?}");
        }
    }
}
