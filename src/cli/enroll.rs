//! `attestry enroll` and `attestry invite`: how keys come into a log.

use std::{path::PathBuf, process::ExitCode};

use super::{
    block_on,
    client::Client,
    output::{Failure, Output},
};
use crate::keys::file;

/// Which key to enrol, and with what.
#[derive(clap::Args)]
pub struct Arguments {
    /// The link of the invitation, ADDRESS/enroll#CODE.
    link: Option<String>,
    /// Key to enrol.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Address of the service, with --code instead of a link.
    #[arg(long, value_name = "URL", requires = "code", conflicts_with = "link")]
    server: Option<String>,
    /// Code of the invitation.
    #[arg(long, requires = "server")]
    code: Option<String>,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let signer = file::read(&arguments.key).map_err(Failure::usage)?;
    let (server, code) = match (&arguments.link, arguments.server, arguments.code) {
        (Some(link), ..) => {
            let (server, code) = link.split_once("/enroll#").ok_or_else(|| {
                Failure::usage("the link must look like https://log.example.com/enroll#CODE; quote it in a shell")
            })?;
            (server.to_owned(), code.to_owned())
        }
        (None, Some(server), Some(code)) => (server, code),
        _ => return Err(Failure::usage("give the link of an invitation, or --server and --code")),
    };
    let answer = block_on(async { Client::with_key(&server, signer).await?.enroll(&code).await })?;
    output.good(format_args!(
        "enrolled {} as {}",
        answer.key.thumbprint,
        answer.key.roles.join(", ")
    ));
    output.line(format_args!("  program  {}", answer.key.program));
    output.line(format_args!("  entry    {}", answer.registered.index));
    output.json(&answer);
    Ok(ExitCode::SUCCESS)
}

/// Whom to invite.
#[derive(clap::Args)]
pub struct InviteArguments {
    /// Address of the service.
    #[arg(long, value_name = "URL")]
    server: String,
    /// Key of an administrator.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Role to give; may be repeated.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// Program that the new key is for.
    #[arg(long, default_value = "main")]
    program: String,
}

pub fn invite(arguments: InviteArguments, output: &Output) -> Result<ExitCode, Failure> {
    let signer = file::read(&arguments.key).map_err(Failure::usage)?;
    let answer = block_on(async {
        let client = Client::with_key(&arguments.server, signer).await?;
        client.invite(&arguments.roles, &arguments.program).await
    })?;
    output.good("invitation made; it works once, within a week:");
    output.line(format_args!("  {}", answer.link));
    output.json(&answer);
    Ok(ExitCode::SUCCESS)
}
