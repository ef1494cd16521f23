//! The command line: one file for each command.
//!
//! Exit codes: 0 done, 1 refused or not verified, 2 unusable input or usage, 3 the service cannot
//! be reached or failed.

pub mod answers;
mod bench;
pub mod client;
mod custody;
mod demo;
mod enroll;
mod export;
mod fsck;
mod held;
mod key;
mod key_changes;
mod newest;
mod office;
pub mod output;
pub mod pin;
mod policy;
mod program;
mod register;
mod retold;
mod review;
mod scrub;
mod serve;
pub mod submit;
mod takedown;
mod trust;
mod verify;
mod withdraw;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::output::{Failure, Output};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused or not verified, 2 unusable input or usage, \
    3 the service cannot be reached or failed";

/// A compliance and provenance ledger for contributed work.
#[derive(Parser)]
#[command(name = "attestry", version, about, propagate_version = true, after_help = EXIT_CODES)]
struct Arguments {
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Arguments),
    /// Make or show a key.
    #[command(subcommand)]
    Key(key::Command),
    /// Fetch a log's key, compare its fingerprint and write a trust policy.
    Trust(trust::Arguments),
    /// Enrol a key with an invitation.
    Enroll(enroll::Arguments),
    /// Invite a member (administrators).
    Invite(enroll::InviteArguments),
    /// Search files for what must not leave, visible and hidden, offline.
    Scrub(scrub::Arguments),
    /// Attest to a piece of work and submit it.
    Submit(submit::Arguments),
    /// Countersign a submission, or send it back with reasons (reviewers).
    Review(review::Arguments),
    /// Ask what a submission may be used for (reviewers).
    Clear(review::ClearArguments),
    /// Take consent back.
    Withdraw(withdraw::Arguments),
    /// Object to content, and follow what becomes of it; nobody needs a key.
    #[command(subcommand)]
    Notice(takedown::notice::Command),
    /// Handle takedown cases (legal officers).
    #[command(subcommand)]
    Case(takedown::case::Command),
    /// Keep content from being destroyed (legal officers).
    #[command(subcommand)]
    Hold(takedown::hold::Command),
    /// Show every statement about a submission.
    Custody(custody::Arguments),
    /// Take everything about a submission along, for somebody who has to check it (legal officers).
    Export(export::Arguments),
    /// Verify statements, proofs, packs and directories offline.
    Verify(attestry_verify::Arguments),
    /// Show the main job from end to end, on built-in samples.
    Demo(demo::Arguments),
    /// Open programs, and list their members and work.
    #[command(subcommand)]
    Program(program::Command),
    /// Check a data directory that no service is using.
    Fsck(fsck::Arguments),
    /// Check policies, ask why something is allowed or not, or decide again what was decided.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Measure this machine.
    #[command(subcommand)]
    Bench(bench::Command),
}

/// Runs the command of this process's arguments.
pub fn run() -> ExitCode {
    let Arguments { json, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unusable(&error),
    };
    let output = Output::new(json);
    let result = match command {
        Command::Serve(arguments) => serve::run(arguments, &output),
        Command::Key(command) => key::run(command, &output),
        Command::Trust(arguments) => trust::run(arguments, &output),
        Command::Enroll(arguments) => enroll::run(arguments, &output),
        Command::Invite(arguments) => enroll::invite(arguments, &output),
        Command::Scrub(arguments) => scrub::run(arguments, &output),
        Command::Submit(arguments) => submit::run(arguments, &output),
        Command::Review(arguments) => review::run(arguments, &output),
        Command::Clear(arguments) => review::clear(&arguments, &output),
        Command::Withdraw(arguments) => withdraw::run(arguments, &output),
        Command::Notice(command) => takedown::notice::run(command, &output),
        Command::Case(command) => takedown::case::run(command, &output),
        Command::Hold(command) => takedown::hold::run(command, &output),
        Command::Custody(arguments) => custody::run(arguments, &output),
        Command::Export(arguments) => export::run(&arguments, &output),
        Command::Verify(arguments) => verify::run(&arguments, &output),
        Command::Demo(arguments) => demo::run(arguments, &output),
        Command::Program(command) => program::run(command, &output),
        Command::Fsck(arguments) => fsck::run(arguments, &output),
        Command::Policy(command) => policy::run(command, &output),
        Command::Bench(command) => bench::run(command, &output),
    };
    match result {
        Ok(code) => code,
        Err(failure) => output.fail(&failure),
    }
}

/// Prints help and version to standard output, errors to standard error; in JSON mode errors are an object.
fn unusable(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _printed = error.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        return Output::new(true).fail(&Failure::usage(error.render().to_string().trim()));
    }
    let _printed = error.print();
    ExitCode::from(output::USAGE)
}

/// Runs a future on a runtime of its own, with a thread for each core.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::service(format!("no runtime: {error}")))?.block_on(future)
}
