//! The compliance half of the demonstration: a refusal that names its rule, a review, clearance.

use std::path::Path;

use attestry_proof::{
    cose::Subject,
    payload::{
        review::{ReviewTopic, SendBackCode, SendBackReason},
        text::Passage,
    },
    size::LeafIndex,
};

use super::{
    Running,
    steps::{Piece, client},
};
use crate::cli::{
    client::{Client, write},
    office::Signing,
    output::{Failure, Output},
    register::register,
    review::{Verdict, draft, tell},
    submit,
};

/// Who reviews in the demonstration.
pub const REVIEWER: &str = "rosa";

/// What the reviews came to.
#[derive(serde::Serialize)]
pub struct Reviewed {
    /// The refusal of a contractor who reviews their own work.
    pub refusal: String,
    /// What the first submission was cleared for.
    pub cleared: Vec<String>,
}

pub async fn review(
    running: &Running,
    made: &Path,
    pieces: &[Piece],
    output: &Output,
) -> Result<Reviewed, Failure> {
    let [accepted, sent_back, ..] = pieces else {
        return Err(Failure::usage("there are too few samples in this program"));
    };
    let refusal = own_work(running, made, accepted, output).await?;
    let reviewer = client(running, made, REVIEWER).await?.for_purpose("review");

    output.line(format_args!(
        "  before any review, {REVIEWER} asks what {} may be used for:",
        accepted.sample
    ));
    for decision in reviewer.clear(accepted.id, &[]).await? {
        tell(&decision, output);
    }
    say(&reviewer, made, accepted, Vec::new()).await?;
    let state = reviewer.submission(accepted.id).await?;
    if state.cleared_for.is_empty() {
        return Err(Failure::refused("the review was accepted, and yet nothing was cleared"));
    }
    output.good(format_args!(
        "{REVIEWER} countersigns {}: it is {} for {}",
        accepted.sample,
        state.state,
        state.cleared_for.join(", ")
    ));
    let text = "The second page still names the client; take the name out.";
    let reason = SendBackReason {
        about: ReviewTopic::RedactionCheck,
        code: SendBackCode::NotRedacted,
        text: Passage::new(text).map_err(Failure::usage)?,
    };
    say(&reviewer, made, sent_back, vec![reason]).await?;
    let state_of_other = reviewer.submission(sent_back.id).await?.state;
    output.good(format_args!("{REVIEWER} sends {} back: it is {state_of_other}", sent_back.sample));
    for piece in [accepted, sent_back] {
        keep_all(running, made, piece).await?;
    }
    Ok(Reviewed { refusal, cleared: state.cleared_for })
}

/// Nobody reviews their own work, and the refusal says by which rule.
async fn own_work(
    running: &Running,
    made: &Path,
    piece: &Piece,
    output: &Output,
) -> Result<String, Failure> {
    let owner = client(running, made, piece.owner).await?;
    // What is refused is no evidence, and has no place among what is.
    let nowhere = tempfile::tempdir().map_err(Failure::usage)?;
    match say(&owner, nowhere.path(), piece, Vec::new()).await {
        Ok(()) => Err(Failure::refused("a contractor could review their own work")),
        Err(refused) => {
            output.good(format_args!("{} reviews their own work and is refused:", piece.owner));
            output.line(format_args!("  {refused}"));
            Ok(refused.to_string())
        }
    }
}

async fn say(
    client: &Client,
    made: &Path,
    piece: &Piece,
    reasons: Vec<SendBackReason>,
) -> Result<(), Failure> {
    let catalogue = submit::catalogue(client).await?;
    let signing = Signing::unasked(made.to_path_buf());
    let verdict = Verdict { reasons, findings: Vec::new() };
    let payload = draft(client, &catalogue, piece.id, &signing, verdict).await?;
    register(client, Subject::Submission(piece.id), &payload, made).await?;
    Ok(())
}

/// What the owner is entitled to hold: every statement about the submission, with its payload.
async fn keep_all(running: &Running, made: &Path, piece: &Piece) -> Result<(), Failure> {
    let owner = client(running, made, piece.owner).await?;
    // Who looked is for officers and auditors to read.
    let events = owner.custody(piece.id).await?;
    for event in events.into_iter().filter(|event| event.summary.is_some()) {
        let (index, kind) = (LeafIndex(event.index), event.kind.as_deref().unwrap_or("erased"));
        let name = format!("{:08}-{kind}.cose", event.index);
        let statement = owner.transparent_statement(index).await?;
        write(&made.join("statements").join(name), &statement)?;
        let payload = format!("{}.json", event.payload_sha256);
        write(&made.join("payloads").join(payload), &owner.payload(index).await?)?;
    }
    Ok(())
}
