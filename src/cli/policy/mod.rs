//! `attestry policy`: check a folder of policies, ask why something is allowed or not, and decide
//! again what was decided.

mod bundle;
mod check;
mod explain;
mod fault;
mod replay;
mod situation;

use std::process::ExitCode;

pub use self::replay::replay_pack;

use super::output::{Failure, Output};

/// What to do with policies.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Check every rule, clause text and decision of a folder: exit code 0 if a service would take
    /// it, 1 if not.
    Check(check::Arguments),
    /// Say whether somebody may do something, and which rules decide: exit code 0 if allowed, 1 if
    /// denied.
    Explain(explain::Arguments),
    /// Decide again what was decided about a submission, from the log's rules and facts: exit code 0
    /// if every decision is the same.
    Replay(replay::Arguments),
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Check(arguments) => check::run(&arguments, output),
        Command::Explain(arguments) => explain::run(arguments, output),
        Command::Replay(arguments) => replay::run(&arguments, output),
    }
}
