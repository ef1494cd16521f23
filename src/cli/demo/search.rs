//! The search in the demonstration: what is not redacted is not signed, and the service searches
//! what it receives again.

use std::{path::Path, time::Duration};

use super::{
    Running,
    samples::Sample,
    steps::{Piece, client},
};
use crate::cli::{
    client::write,
    output::{Failure, Output},
    submit::{self, SearchOptions, Submission},
};

/// How often the service is asked whether it has searched.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How often at most.
const ASKED_MAX: u32 = 600;
/// Why pictures are left unread where nothing on the machine reads them.
pub const UNREAD: &str = "Looked at by eye: drawings and photographs without text to take out.";
/// Lines of a draft that nobody redacted. Key and number are made up, and valid in form only.
const DRAFT: &str = "Deploy with AWS_ACCESS_KEY_ID=AKIAQ3EGRLMZ7TPDW2XN until Friday.\n\
    Refund to DE89 3704 0044 0532 0130 00, then write to j.larsen@haldenbrook-logistics.com.\n";

/// A draft with a key and an account number in it is not signed.
pub async fn unredacted(
    running: &Running,
    made: &Path,
    (owner, sample): (&str, &Sample),
    output: &Output,
) -> Result<String, Failure> {
    let client = client(running, made, owner).await?;
    let folder = made.join("unredacted");
    let draft = folder.join("handover.txt");
    write(&draft, DRAFT.as_bytes())?;
    let (request, deliverable) = ([sample.request.clone()], [draft]);
    let submission = Submission {
        request: &request,
        deliverable: &deliverable,
        answers: &sample.answers,
        out: &folder.join("out"),
        amends: None,
        search: SearchOptions { unread: Some(UNREAD), ..SearchOptions::default() },
        quiet: true,
    };
    match submit::prepare(&client, &submission, &Output::new(true), |_| Ok(())).await {
        Ok(_) => Err(Failure::refused("a draft with a key in it was signed")),
        Err(refused) => {
            output.good(format_args!(
                "{owner} submits a draft that nobody redacted, and is refused:"
            ));
            output.line(format_args!("  {refused}"));
            Ok(refused.to_string())
        }
    }
}

/// Waits until the service has searched what it received, and tells what it came to.
pub async fn searched_again(
    running: &Running,
    made: &Path,
    pieces: &[Piece],
    output: &Output,
) -> Result<(), Failure> {
    for piece in pieces {
        let owner = client(running, made, piece.owner).await?;
        let mut asked = 0;
        let scan = loop {
            let events = owner.custody(piece.id).await?;
            if let Some(scan) =
                events.into_iter().find(|event| event.kind.as_deref() == Some("scan"))
            {
                break scan;
            }
            if asked == ASKED_MAX {
                return Err(Failure::service("the service does not search what it received"));
            }
            asked += 1;
            tokio::time::sleep(ASK_EVERY).await;
        };
        let said = |label: &str| {
            let lines = scan.summary.iter().flatten();
            let values = lines.filter(|(name, _)| name == label).map(|(_, value)| value.as_str());
            values.collect::<Vec<_>>().join(", ")
        };
        let (report, found, risk) =
            (said("Contractor's report"), said("Found"), said("Residual risk"));
        output.good(format_args!(
            "entry {}: the service searched {}: {found}; the contractor's report is the {report}, risk {risk}",
            scan.index, piece.sample
        ));
        if report != "same" {
            return Err(Failure::refused("the service found other things than the contractor"));
        }
    }
    Ok(())
}
