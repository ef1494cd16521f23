//! `attestry enroll` and `attestry invite`: how keys come into a log.

use std::{path::PathBuf, process::ExitCode};

use super::{
    block_on,
    client::Client,
    output::{Failure, Output},
    pin::{Caller, Pin, path_beside},
    trust::fingerprint,
};
use crate::{
    http::routes::keys::{EnrollAnswer, PersonRequest},
    keys::file,
};

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
    /// Trust policy of the log, if you have it. Default: whichever log answers is pinned.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
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
    let key = &arguments.key;
    let (pin, answer, pinned) = block_on(async {
        let (pin, new) = Pin::for_enrolment(&server, key, arguments.trust.as_deref()).await?;
        let answer = Client::pinned(&server, signer, pin.clone()).await?.enroll(&code).await?;
        Ok((pin, answer, new))
    })?;
    if pinned {
        pin.write_beside(key, &server)?;
    }
    let path = path_beside(key);
    let fingerprint = pin.log_key().map(fingerprint).unwrap_or_default();
    output.good(format_args!(
        "enrolled {} as {}",
        answer.key.thumbprint,
        answer.key.roles.join(", ")
    ));
    output.line(format_args!("  program      {}", answer.key.program));
    output.line(format_args!("  entry        {}", answer.registered.index));
    output.line(format_args!("  log          {}", pin.origin()));
    output.line(format_args!("  fingerprint  {fingerprint}"));
    output.line(format_args!(
        "  {} {}: from now on this key signs for this log alone.",
        if pinned { "wrote" } else { "kept" },
        path.display()
    ));
    if pinned && arguments.trust.is_none() {
        output.line(
            "  Compare the fingerprint with the one that the operator tells you by another way.",
        );
    }
    output.json(&Enrolled { answer, origin: pin.origin(), fingerprint, pin: path });
    Ok(ExitCode::SUCCESS)
}

/// What `enroll` prints in JSON.
#[derive(serde::Serialize)]
struct Enrolled<'a> {
    #[serde(flatten)]
    answer: EnrollAnswer,
    origin: &'a str,
    fingerprint: String,
    /// Trust policy that this key's requests and statements are held against.
    pin: PathBuf,
}

/// Whom to invite.
#[derive(clap::Args)]
pub struct InviteArguments {
    #[command(flatten)]
    caller: Caller,
    /// Role to give; may be repeated.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// Program that the new key is for.
    #[arg(long, default_value = "main")]
    program: String,
    /// Name of the person, kept sealed. Reviews and clearance need to know who is whom.
    #[arg(long, requires = "email")]
    name: Option<String>,
    /// E-mail address of the person, kept sealed. One address is one person.
    #[arg(long, requires = "name")]
    email: Option<String>,
}

pub fn invite(arguments: InviteArguments, output: &Output) -> Result<ExitCode, Failure> {
    let answer = block_on(async {
        let client = arguments.caller.connect().await?;
        let person = arguments.name.zip(arguments.email);
        let person = person.map(|(name, email)| PersonRequest { name, email });
        client.invite(&arguments.roles, &arguments.program, person).await
    })?;
    output.good("invitation made; it works once, within a week:");
    output.line(format_args!("  {}", answer.link));
    output.json(&answer);
    Ok(ExitCode::SUCCESS)
}
