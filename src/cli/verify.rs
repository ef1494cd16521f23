//! `attestry verify`: the same offline verifier as the small `attestry-verify` program.

use std::process::ExitCode;

use super::output::{Failure, Output};

pub fn run(arguments: &attestry_verify::Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let report = attestry_verify::run(arguments).map_err(Failure::usage)?;
    output.line(report.to_text(output.has_color()).trim_end());
    output.json(&report);
    Ok(ExitCode::from(report.exit_code()))
}
