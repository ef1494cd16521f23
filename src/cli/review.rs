//! `attestry review`: countersign a submission, or send it back with reasons.

use std::process::ExitCode;

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::Subject,
    payload::{
        Official, Payload,
        fields::{Salt, SubmissionId},
        key_event::MemberRole,
        review::{
            Review, ReviewTopic, ReviewVerdict, ReviewedFinding, SendBackCode, SendBackReason,
        },
        text::{Line, Passage},
    },
};
use uuid::Uuid;

use super::{
    block_on,
    client::Client,
    newest::Newest,
    office::Signing,
    output::{Failure, Output},
    pin::Caller,
    register::say,
    submit,
};
use crate::{
    entropy::{OsEntropy, random_bytes},
    http::routes::clearance::ClearAnswer,
};

/// What to review, and what it came to.
#[derive(clap::Args)]
pub struct Arguments {
    /// The submission.
    subject: Uuid,
    #[command(flatten)]
    caller: Caller,
    /// Countersign the redaction check: the submission is accepted.
    #[arg(long, conflicts_with = "reasons", required_unless_present = "reasons")]
    accept: bool,
    /// Send it back: ABOUT:CODE:TEXT, where ABOUT is files, manifest, own-work, nda-check,
    /// redaction-check, task-authority or effort, and CODE is missing, unclear, contradiction,
    /// not-redacted, wrong-files or other; may be repeated.
    #[arg(long = "send-back", value_name = "ABOUT:CODE:TEXT")]
    reasons: Vec<String>,
    /// A finding that may stay, with the reason: FINDING=REASON; may be repeated.
    #[arg(long = "finding", value_name = "FINDING=REASON")]
    findings: Vec<String>,
    #[command(flatten)]
    signing: Signing,
}

/// What a review says, besides what it rests on.
pub(super) struct Verdict {
    /// Why it is sent back; accepted if there is none.
    pub reasons: Vec<SendBackReason>,
    /// Findings that may stay.
    pub findings: Vec<ReviewedFinding>,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let reasons = arguments.reasons.iter().map(|text| reason(text)).collect::<Result<_, _>>()?;
    let findings = arguments.findings.iter().map(|text| finding(text)).collect::<Result<_, _>>()?;
    let verdict = Verdict { reasons, findings };
    let (subject, signing) = (arguments.subject, &arguments.signing);
    let object = block_on(async {
        let client = arguments.caller.connect().await?.for_purpose("review");
        let catalogue = submit::catalogue(&client).await?;
        let payload = draft(&client, &catalogue, subject, signing, verdict).await?;
        let out = signing.out.as_deref();
        let about = Subject::Submission(subject);
        let said = say(&client, about, &payload, &catalogue, (out, signing.yes), output).await?;
        output.good(format_args!("reviewed: entry {}", said.registered.index));
        let object = said.tell(&payload, out, output);
        let state = client.submission(subject).await?;
        output.line(format_args!("  {} is {}", state.id, state.state));
        Ok(object)
    })?;
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

/// Fills in a review that rests on everything that counts now.
pub(super) async fn draft(
    client: &Client,
    catalogue: &ClauseCatalogue,
    subject: Uuid,
    signing: &Signing,
    verdict: Verdict,
) -> Result<Payload, Failure> {
    let rests_on = Newest::about(client, subject).await?.leaves();
    let accepted = verdict.reasons.is_empty();
    let envelope = signing.envelope(catalogue, "review", MemberRole::Reviewer)?;
    let body = Review {
        subject: SubmissionId(subject),
        verdict: if accepted { ReviewVerdict::Accepted } else { ReviewVerdict::SentBack },
        rests_on,
        redaction_countersigned: accepted,
        accepted_findings: verdict.findings,
        reasons: verdict.reasons,
    };
    let salt = Salt(random_bytes(&OsEntropy));
    Ok(Official::new(salt, envelope, body).map_err(Failure::usage)?.into())
}

fn reason(text: &str) -> Result<SendBackReason, Failure> {
    let mut parts = text.splitn(3, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (about, code, words) = (next(), next(), next());
    let unusable = |what: &str| Failure::usage(format!("--send-back {text}: {what}"));
    Ok(SendBackReason {
        about: ReviewTopic::parse(about).ok_or_else(|| unusable("ABOUT:CODE:TEXT, see --help"))?,
        code: SendBackCode::parse(code).ok_or_else(|| unusable("no such code, see --help"))?,
        text: Passage::new(words).map_err(|error| unusable(&error.to_string()))?,
    })
}

fn finding(text: &str) -> Result<ReviewedFinding, Failure> {
    let unusable = |what: &str| Failure::usage(format!("--finding {text}: {what}"));
    let (finding, reason) = text.split_once('=').ok_or_else(|| unusable("FINDING=REASON"))?;
    Ok(ReviewedFinding {
        finding: Line::new(finding).map_err(|error| unusable(&error.to_string()))?,
        reason: Passage::new(reason).map_err(|error| unusable(&error.to_string()))?,
    })
}

/// Which submission to decide about.
#[derive(clap::Args)]
pub struct ClearArguments {
    /// The submission.
    subject: Uuid,
    #[command(flatten)]
    caller: Caller,
    /// training, evaluation or redistribution; may be repeated. Default: all that the contractor
    /// consents to.
    #[arg(long = "purpose", value_name = "PURPOSE")]
    purposes: Vec<String>,
}

/// Asks for a decision; exit code 1 if something asked for is not granted.
pub fn clear(arguments: &ClearArguments, output: &Output) -> Result<ExitCode, Failure> {
    let decided = block_on(async {
        let client = arguments.caller.connect().await?;
        client.clear(arguments.subject, &arguments.purposes).await
    })?;
    if decided.is_empty() {
        output.line("the contractor consents to no purpose, so there was nothing to decide");
    }
    for decision in &decided {
        tell(decision, output);
    }
    output.json(&serde_json::json!({ "submission": arguments.subject, "decisions": decided }));
    let granted = !decided.is_empty() && decided.iter().all(|decision| decision.granted);
    Ok(ExitCode::from(if granted { 0 } else { super::output::REFUSED }))
}

/// One decision, in lines.
pub(super) fn tell(decision: &ClearAnswer, output: &Output) {
    let rules = decision.deciding.join(", ");
    let (purpose, index) = (&decision.purpose, decision.registered.index);
    if decision.granted {
        output.good(format_args!("cleared for {purpose}: entry {index}, by the rule {rules}"));
    } else {
        output
            .line(format_args!("✗ not cleared for {purpose}: entry {index}, by the rules {rules}"));
        output.line(format_args!("  missing: {}", decision.missing.join(", ")));
    }
}
