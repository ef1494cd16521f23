//! `attestry scrub`: search files for what must not leave, before anyone signs; with `--fix`, make
//! copies without what can be removed.

pub mod files;
mod fixed;
pub mod search;
pub mod show;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use attestry_scrub::{Report, Scanner, Severity};

use self::{
    files::Found,
    search::{Progress, deny_list, rules},
};
use super::{
    client::write,
    output::{Failure, Output, REFUSED, USAGE},
};

const EXIT_CODES: &str = "Exit codes: 0 nothing to deal with, 1 findings at or above the threshold, \
    2 something could not be read (findings or not), or the command could not be used";

/// What to search.
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Arguments {
    /// Files and folders; a folder counts with everything in it, hidden files and history too.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Words that must not occur anywhere, however they are spelled: one a line, `#` before remarks.
    #[arg(long, value_name = "FILE")]
    deny_list: Option<PathBuf>,
    /// A folder of rules like policies/scrub. Default: the rules built in.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Findings of this severity or a higher one count: low, medium, high or critical.
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = severity)]
    threshold: Severity,
    /// Write the report here, as canonical JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a page to work through here; it opens in any browser and needs no network.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Make copies below --out without what can be removed safely, and search those again.
    #[arg(long, requires = "out")]
    fix: bool,
    /// Folder of the copies; it must not hold files of their names.
    #[arg(long, value_name = "DIR", requires = "fix")]
    out: Option<PathBuf>,
}

/// A severity by its word.
fn severity(word: &str) -> Result<Severity, String> {
    serde_json::from_value(word.into())
        .map_err(|_| "one of: low, medium, high, critical".to_owned())
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let found = files::find(&arguments.paths)?;
    for path in [&arguments.report, &arguments.html].into_iter().flatten() {
        let written = path.canonicalize();
        if found.iter().any(|one| written.as_ref().is_ok_and(|written| *written == one.path)) {
            let path = path.display();
            return Err(Failure::usage(format!("{path} is one of the files that are searched")));
        }
    }
    let mut scanner = Scanner::new(rules(arguments.rules.as_deref())?);
    if let Some(path) = &arguments.deny_list {
        scanner = scanner.with_deny_list(deny_list(path)?);
    }
    let scanner = search::with_pictures(scanner);
    let report = searched(&scanner, &found, output);
    let (report, fixed) = match &arguments.out {
        Some(out) => {
            let fixed = fixed::write_copies(&found, out)?;
            // What remains is what counts: the copies are searched as if they had been given.
            let copies = files::below(out)?;
            (searched(&scanner, &copies, output), Some((fixed, report)))
        }
        None => (report, None),
    };
    keep(&report, &arguments)?;
    if let Some((fixed, before)) = &fixed {
        fixed::show(fixed, before, output);
    }
    show::report(&report, arguments.threshold, output);
    for (what, path) in [("report", &arguments.report), ("page", &arguments.html)] {
        if let Some(path) = path {
            output.line(format_args!("  {what}: {}", path.display()));
        }
    }
    if output.is_json() {
        let report = serde_json::to_value(&report).map_err(Failure::usage)?;
        let removed = fixed.as_ref().map(|(fixed, _)| fixed);
        output.json(&serde_json::json!({ "report": report, "fixed": removed }));
    }
    Ok(outcome(&report, arguments.threshold))
}

fn searched(scanner: &Scanner, found: &[Found], output: &Output) -> Report {
    let progress = Progress::new(output, "searching", found.iter().map(|one| one.size).sum());
    let report = scanner.scan_files(found.iter().map(|one| one.open(&progress)).collect());
    progress.finish();
    report
}

fn keep(report: &Report, arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.report {
        write(path, &report.to_canonical_json())?;
    }
    if let Some(path) = &arguments.html {
        write_page(report, path)?;
    }
    Ok(())
}

/// Writes a report as a page.
pub fn write_page(report: &Report, path: &Path) -> Result<(), Failure> {
    write(path, report.to_html().as_bytes())
}

fn outcome(report: &Report, threshold: Severity) -> ExitCode {
    let blocking = report.blocking(threshold);
    match (blocking.findings.is_empty(), blocking.not_read.is_empty()) {
        (_, false) => ExitCode::from(USAGE),
        (false, true) => ExitCode::from(REFUSED),
        (true, true) => ExitCode::SUCCESS,
    }
}
