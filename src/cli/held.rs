//! Verifying what was received, before anything is claimed about it.

use std::path::PathBuf;

use attestry_verify::{Arguments, Report, Verdict};

use super::{output::Failure, pin::Pin};

/// Runs the offline verifier over files: every statement must be proven under the pin's policy.
///
/// # Errors
/// A [`Failure`] that names each statement that is not verified, and why.
pub fn require_verified(paths: Vec<PathBuf>, pin: &Pin) -> Result<(), Failure> {
    let arguments = Arguments::of(paths, pin.path().to_owned());
    let report = attestry_verify::run(&arguments).map_err(|error| {
        Failure::refused(format!("what the service answered cannot be verified: {error}"))
    })?;
    if report.verified { Ok(()) } else { Err(refusal(&report, pin)) }
}

fn refusal(report: &Report, pin: &Pin) -> Failure {
    let failed: Vec<String> = report
        .statements
        .iter()
        .filter(|statement| statement.verdict != Verdict::Verified)
        .map(|statement| format!("{}: {}", statement.file, statement.reasons.join("; ")))
        .collect();
    let found = if failed.is_empty() { report.to_text(false) } else { failed.join("\n  ") };
    Failure::refused(format!(
        "what the service answered is not verified under {}, so it is not shown to be in the log:\n  {found}\n\
         Ask the operator about it",
        pin.path().display()
    ))
}
