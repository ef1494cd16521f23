//! `attestry custody`: every statement about a submission, in order, and any gap between them.

use std::{path::PathBuf, process::ExitCode};

use attestry_proof::{
    cose::Subject,
    custody::{CustodyEvent, CustodyRecord, to_csv},
};
use uuid::Uuid;

use super::{
    block_on,
    client::write,
    output::{Failure, Output},
    pin::Caller,
};
use crate::{
    export::{page::custody_page, timeline::timeline_file},
    http::routes::submissions::{CustodyInfo, SubmissionInfo},
};

/// Which submission.
#[derive(clap::Args)]
pub struct Arguments {
    /// Its id.
    subject: Uuid,
    #[command(flatten)]
    caller: Caller,
    /// Show every line of every payload.
    #[arg(long)]
    full: bool,
    /// Write the chain as a page to read, with a drawing of it.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the chain as a table for spreadsheets (RFC 4180).
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the drawing alone (SVG).
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Why you look at somebody else's: review, legal, audit, support or case. It is logged.
    #[arg(long)]
    purpose: Option<String>,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let (submission, events) = block_on(async {
        let client = arguments.caller.connect().await?;
        let client = match &arguments.purpose {
            Some(purpose) => client.for_purpose(purpose),
            None => client,
        };
        Ok((client.submission(arguments.subject).await?, client.custody(arguments.subject).await?))
    })?;
    let gaps = gaps(&events);
    written(&arguments, &submission, &events)?;
    output.heading(format_args!("submission {}", submission.id));
    output.line(format_args!(
        "  opened by {} at entry {}",
        submission.owner, submission.opened_index
    ));
    for manifest in &submission.manifests {
        output.line(format_args!(
            "  {:<11} {} files, {} bytes",
            manifest.role, manifest.files, manifest.bytes
        ));
    }
    if submission.withdrawn {
        output.line("  all consent was withdrawn");
    }
    output.line("");
    for event in &events {
        let kind = event.kind.as_deref().unwrap_or("(payload erased)");
        output.line(format_args!("● entry {:<8} {}  {kind}", event.index, event.logged_at));
        output.line(format_args!(
            "│   signed by {}  at {} by the signer's clock",
            event.issuer, event.issued_at
        ));
        output.line(format_args!("│   leaf {}", event.leaf_hash));
        for (label, value) in event.summary.iter().flatten().filter(|_| arguments.full) {
            output.line(format_args!("│     {label:<28}  {value}"));
        }
    }
    match gaps.is_empty() {
        true => {
            output.line(format_args!("\n{} events, each linked to the one before it", events.len()))
        }
        false => output.line(format_args!("\nnot linked to the event before it: entries {gaps:?}")),
    }
    output.json(&serde_json::json!({ "submission": submission, "events": events, "gaps": gaps }));
    Ok(ExitCode::from(if gaps.is_empty() { 0 } else { super::output::REFUSED }))
}

/// Writes what was asked for beside the text.
fn written(
    arguments: &Arguments,
    submission: &SubmissionInfo,
    events: &[CustodyInfo],
) -> Result<(), Failure> {
    let subject = Subject::Submission(submission.id).uri();
    let events: Vec<CustodyEvent> = events.iter().map(CustodyInfo::event).collect();
    let size = events.last().map_or(0, |event| event.index + 1);
    let record = CustodyRecord::new(subject, size, events);
    if let Some(file) = &arguments.html {
        write(file, custody_page(&record).as_bytes())?;
    }
    if let Some(file) = &arguments.csv {
        write(file, &to_csv(&record))?;
    }
    if let Some(file) = &arguments.svg {
        write(file, timeline_file(&record.events, &record.gaps()).as_bytes())?;
    }
    Ok(())
}

impl CustodyInfo {
    /// The event of a chain. What is not shown is still called by its kind.
    fn event(&self) -> CustodyEvent {
        let event = self.kind.clone().unwrap_or_else(|| self.record.event.clone());
        CustodyEvent { event, ..self.record.clone() }
    }
}

/// Positions of events that do not name the event before them.
fn gaps(events: &[CustodyInfo]) -> Vec<u64> {
    let mut previous: Option<&str> = None;
    let mut gaps = Vec::new();
    for event in events {
        if event.previous.as_deref() != previous {
            gaps.push(event.index);
        }
        previous = Some(&event.leaf_hash);
    }
    gaps
}
