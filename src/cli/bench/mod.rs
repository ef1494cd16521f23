//! `attestry bench`: what this machine does with the whole service, and with offline verification.
//!
//! Rates are compared with the rate of strict signature verification measured in the same run,
//! since that is what an honest log cannot do without; absolute numbers drift with the machine.

mod append;
mod child;
mod latency;
mod load;
mod machine;
mod offline;
mod pack;
mod receipts;
mod statements;
mod verify;

use std::process::ExitCode;

use super::output::{Failure, Output};

/// What to measure.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Register statements over HTTP with a service started for this, and verify every receipt.
    Append(append::Arguments),
    /// Export an audit pack of a large submission, and verify it.
    Pack(pack::Arguments),
    /// Verify transparent statements offline, on every core.
    Verify(verify::Arguments),
}

/// Runs a measurement.
pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Append(arguments) => append::run(&arguments, output),
        Command::Pack(arguments) => pack::run(&arguments, output),
        Command::Verify(arguments) => verify::run(&arguments, output),
    }
}
