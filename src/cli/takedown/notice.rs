//! `attestry notice`: object to content, and follow what becomes of it. Nobody needs a key.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use sha2::{Digest as _, Sha256};

use super::super::{
    block_on,
    client::Client,
    output::{Failure, Output},
};
use crate::http::routes::notices::{NoticeRequest, PublicCaseInfo};

/// What to do with notices.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Send a notice; prints the case link, which follows the case.
    Send(SendArguments),
    /// Show where the case of a link stands.
    Follow(FollowArguments),
}

/// A notice.
#[derive(clap::Args)]
pub struct SendArguments {
    /// On which ground: dmca-notice, dsa-notice, gdpr-erasure, …; a wrong one is answered with the list.
    #[arg(long)]
    ground: String,
    /// A field of the ground's form: NAME=TEXT; may be repeated. What is missing is answered with the list.
    #[arg(long = "field", value_name = "NAME=TEXT")]
    fields: Vec<String>,
    /// A copy of a file that is objected to; only its SHA-256 is sent. May be repeated.
    #[arg(long = "copy", value_name = "FILE")]
    copies: Vec<PathBuf>,
    /// The service, such as https://log.example.com.
    #[arg(long, value_name = "URL")]
    server: String,
}

/// A case link.
#[derive(clap::Args)]
pub struct FollowArguments {
    /// As it was printed.
    link: String,
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Send(arguments) => send(&arguments, output),
        Command::Follow(arguments) => follow(&arguments, output),
    }
}

fn send(arguments: &SendArguments, output: &Output) -> Result<ExitCode, Failure> {
    let mut fields = BTreeMap::new();
    for field in &arguments.fields {
        let (name, text) = field
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--field {field}: write NAME=TEXT")))?;
        if fields.insert(name.to_owned(), text.to_owned()).is_some() {
            return Err(Failure::usage(format!("--field {name} is there twice")));
        }
    }
    let files = arguments.copies.iter().map(sha256_of).collect::<Result<_, _>>()?;
    let notice = NoticeRequest { ground: arguments.ground.clone(), fields, files };
    let sent = block_on(async { Client::new(&arguments.server)?.send_notice(&notice).await })?;
    output.good(format_args!("received: case {}", sent.case));
    output.line("  whoever has this link follows the case; nobody can tell it to you again:");
    output.line(format_args!("  {}", sent.link));
    output.json(&sent);
    Ok(ExitCode::SUCCESS)
}

fn sha256_of(path: &PathBuf) -> Result<String, Failure> {
    let unusable = |error| Failure::usage(format!("{}: {error}", path.display()));
    let mut file = std::fs::File::open(path).map_err(unusable)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut block).map_err(unusable)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            length => hasher.update(&block[..length]),
        }
    }
}

fn follow(arguments: &FollowArguments, output: &Output) -> Result<ExitCode, Failure> {
    let (server, secret) = arguments
        .link
        .split_once("/api/v1/notices/")
        .ok_or_else(|| Failure::usage("a case link ends in /api/v1/notices/ and a secret"))?;
    let case = block_on(async { Client::new(server)?.follow_notice(secret).await })?;
    tell(&case, output);
    output.json(&case);
    Ok(ExitCode::SUCCESS)
}

fn tell(case: &PublicCaseInfo, output: &Output) {
    output.heading(format_args!("case {}, {}", case.id, case.class));
    for entry in &case.history {
        output.line(format_args!("  {}  {}", entry.at, entry.state));
    }
    if case.erased > 0 {
        output.line(format_args!("  erased: {}", case.erased));
    }
}
