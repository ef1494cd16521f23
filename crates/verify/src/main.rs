//! `attestry-verify`: verifies offline. Exit codes: 0 verified, 1 not verified, 2 unusable input.

#![forbid(unsafe_code)]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use attestry_verify::{Arguments, exit_code, run};
use clap::Parser;

/// Verify, offline, what an Attestry log says.
#[derive(Parser)]
#[command(name = "attestry-verify", version)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let Command { arguments, json } = Command::parse();
    let outcome = run(&arguments);
    let code = exit_code(&outcome);
    let mut stdout = std::io::stdout().lock();
    // A reader that went away is no error of ours, and changes no verdict.
    let _gone = match &outcome {
        Ok(report) if json => writeln!(stdout, "{}", report.to_json()),
        Ok(report) => {
            let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            write!(stdout, "{}", report.to_text(color))
        }
        Err(error) if json => {
            let error = serde_json::json!({ "error": error.to_string(), "exit_code": code });
            writeln!(stdout, "{error}")
        }
        Err(error) => writeln!(std::io::stderr().lock(), "error: {error}"),
    };
    ExitCode::from(code)
}
