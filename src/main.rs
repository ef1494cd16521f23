//! The `attestry` program.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    attestry::cli::run()
}
