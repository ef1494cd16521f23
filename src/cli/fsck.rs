//! `attestry fsck`: checks a data directory that no service is using.
//!
//! Exit codes: 0 clean, 1 something is wrong, 2 there is nothing to check or it is in use.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{
    block_on,
    output::{Failure, Output, REFUSED},
};
use crate::{
    app::fsck::{Report, fsck},
    config::Storage,
    log::fsck::Finding,
    service::fsck::Progress,
};

/// What to check.
#[derive(clap::Args)]
pub struct Arguments {
    /// Data directory of the service.
    #[arg(long, value_name = "DIR", default_value = "attestry-data")]
    data: PathBuf,
    /// Directory that remembers the last head. Default: DATA.guard.
    #[arg(long, value_name = "DIR")]
    guard: Option<PathBuf>,
    /// Open and hash every stored file too.
    #[arg(long)]
    files: bool,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let storage = Storage::new(arguments.data, arguments.guard);
    let bar = progress_bar(output);
    let report = block_on(async {
        fsck(&storage, arguments.files, &|progress| show(&bar, progress))
            .await
            .map_err(Failure::usage)
    });
    bar.finish_and_clear();
    let report = report?;
    print(&report, arguments.files, output);
    output.json(&as_json(&report));
    Ok(if report.findings.total() == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn progress_bar(output: &Output) -> ProgressBar {
    if output.is_json() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    // The template is a constant that indicatif accepts; without it the bar only looks plainer.
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(progress.step);
    bar.set_length(progress.total.unwrap_or(progress.done));
    bar.set_position(progress.done);
}

fn print(report: &Report, files_opened: bool, output: &Output) {
    let name = report.origin.as_deref().unwrap_or("a log without a readable name");
    output.line(format_args!("{name}: {} entries", report.size));
    let checked = &report.checked;
    output.line(format_args!("  entries      {}", checked.entries));
    output.line(format_args!("  signatures   {} verify", checked.signatures));
    output.line(format_args!("  payloads     {} open and fit", checked.payloads));
    output.line(format_args!("  keys         {}", checked.keys));
    output.line(format_args!("  submissions  {}", checked.submissions));
    let how =
        if files_opened { "opened and hashed" } else { "in place; --files opens and hashes each" };
    output.line(format_args!("  files        {} {how}", checked.files));
    for note in report.findings.notes() {
        output.line(format_args!("{} {note}", output.paint("note", 33)));
    }
    let notes = report.findings.notes().len() as u64;
    if report.findings.notes_total() > notes {
        output.line(format_args!("and {} more notes", report.findings.notes_total() - notes));
    }
    for finding in report.findings.kept() {
        output.line(format_args!("{} {finding}", output.paint("✗", 31)));
    }
    let (kept, total) = (report.findings.kept().len() as u64, report.findings.total());
    if total > kept {
        output.line(format_args!("and {} more", total - kept));
    }
    match total {
        0 => output.good("everything fits"),
        1 => output.line("1 finding; restore from a backup, and keep this directory as evidence"),
        _ => output.line(format_args!(
            "{total} findings; restore from a backup, and keep this directory as evidence"
        )),
    }
}

fn as_json(report: &Report) -> Value {
    let list = |findings: &[Finding]| -> Vec<Value> {
        let one = |finding: &Finding| {
            let place = json!({ "kind": finding.place.kind, "key": finding.place.key });
            json!({ "place": place, "problem": finding.problem })
        };
        findings.iter().map(one).collect()
    };
    let checked = &report.checked;
    json!({
        "clean": report.findings.total() == 0,
        "origin": report.origin,
        "size": report.size,
        "checked": {
            "entries": checked.entries,
            "signatures": checked.signatures,
            "payloads": checked.payloads,
            "payloads_not_opened": checked.payloads_sealed,
            "keys": checked.keys,
            "submissions": checked.submissions,
            "files": checked.files,
            "files_opened": checked.files_opened,
        },
        "findings": list(report.findings.kept()),
        "findings_total": report.findings.total(),
        "notes": list(report.findings.notes()),
        "notes_total": report.findings.notes_total(),
    })
}
