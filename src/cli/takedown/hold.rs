//! `attestry hold`: what legal officers keep from being destroyed.

use std::process::ExitCode;

use attestry_proof::payload::{
    fields::{KeyId, SubmissionId},
    hold::{Hold, HoldRelease, HoldScope},
};
use uuid::Uuid;

use super::{
    super::{
        block_on,
        office::Signing,
        output::{Failure, Output},
        pin::Caller,
    },
    read, state,
};
use crate::{
    entropy::{OsEntropy, random_bytes},
    http::routes::cases::HoldInfo,
};

/// What to do with holds.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the holds of this key's program.
    List(ListArguments),
    /// Show a hold.
    Show(ShowArguments),
    /// Place a hold: nobody destroys what it covers.
    Place(PlaceArguments),
    /// End a hold.
    Release(ReleaseArguments),
}

/// Who asks.
#[derive(clap::Args)]
pub struct ListArguments {
    #[command(flatten)]
    caller: Caller,
}

/// Which hold.
#[derive(clap::Args)]
pub struct ShowArguments {
    /// The hold.
    hold: Uuid,
    #[command(flatten)]
    caller: Caller,
}

/// A new hold.
#[derive(clap::Args)]
pub struct PlaceArguments {
    /// A submission that it covers; may be repeated.
    #[arg(long = "submission", value_name = "ID", conflicts_with_all = ["contractor", "everything"])]
    submissions: Vec<Uuid>,
    /// Whatever this key owns, now and later.
    #[arg(long, value_name = "THUMBPRINT", conflicts_with = "everything")]
    contractor: Option<String>,
    /// Whatever is in the program, now and later.
    #[arg(long)]
    everything: bool,
    /// The program whose content it is on.
    #[arg(long)]
    program: String,
    /// The dispute or request that it serves.
    #[arg(long)]
    matter: String,
    /// By which authority it is placed, and where this is written.
    #[arg(long)]
    authority: String,
    /// Key of somebody who must keep what they have; may be repeated.
    #[arg(long = "custodian", value_name = "THUMBPRINT")]
    custodians: Vec<String>,
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    signing: Signing,
}

/// The end of a hold.
#[derive(clap::Args)]
pub struct ReleaseArguments {
    /// The hold.
    hold: Uuid,
    /// Why nothing need be kept any longer.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    signing: Signing,
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    match command {
        Command::List(arguments) => list(&arguments, output),
        Command::Show(arguments) => show(&arguments, output),
        Command::Place(arguments) => place(&arguments, output),
        Command::Release(arguments) => release(&arguments, output),
    }
}

fn list(arguments: &ListArguments, output: &Output) -> Result<ExitCode, Failure> {
    let holds = block_on(async { arguments.caller.connect().await?.holds().await })?;
    if holds.is_empty() {
        output.line("there is no hold");
    }
    for hold in &holds {
        tell(hold, output);
    }
    output.json(&serde_json::json!({ "holds": holds }));
    Ok(ExitCode::SUCCESS)
}

fn show(arguments: &ShowArguments, output: &Output) -> Result<ExitCode, Failure> {
    let hold = block_on(async { arguments.caller.connect().await?.hold(arguments.hold).await })?;
    tell(&hold, output);
    for submission in &hold.submissions {
        output.line(format_args!("  {submission}"));
    }
    output.json(&hold);
    Ok(ExitCode::SUCCESS)
}

fn tell(hold: &HoldInfo, output: &Output) {
    let state = match hold.released_index {
        None => format!("in place since entry {}", hold.placed_index),
        Some(index) => format!("released by entry {index}"),
    };
    let scope = hold.scope.as_deref().unwrap_or("(payload erased)");
    let matter = hold.matter.as_deref().unwrap_or_default();
    output.line(format_args!("{}  {state}  on {scope}  {matter}", hold.id));
}

fn place(arguments: &PlaceArguments, output: &Output) -> Result<ExitCode, Failure> {
    let scope = match (&arguments.contractor, arguments.everything) {
        (Some(key), _) => HoldScope::Contractor(read::<KeyId>("--contractor", key)?),
        (None, true) => HoldScope::Program,
        (None, false) if arguments.submissions.is_empty() => {
            return Err(Failure::usage(
                "say what it covers: --submission, --contractor or --everything",
            ));
        }
        (None, false) => HoldScope::Submissions(
            arguments.submissions.iter().copied().map(SubmissionId).collect(),
        ),
    };
    let custodians = arguments.custodians.iter().map(|key| read("--custodian", key));
    // Version 8: never taken for a submission, whose ids are of version 4.
    let id = uuid::Builder::from_custom_bytes(random_bytes(&OsEntropy)).into_uuid();
    let body = Hold {
        hold: SubmissionId(id),
        program: read("--program", &arguments.program)?,
        scope,
        matter: read("--matter", &arguments.matter)?,
        authority: read("--authority", &arguments.authority)?,
        custodians: custodians.collect::<Result<_, _>>()?,
    };
    let mut object = block_on(async {
        let client = arguments.caller.connect().await?;
        state(&client, (id, body), &arguments.signing, output).await
    })?;
    output.line(format_args!("  the hold is {id}"));
    object["hold"] = serde_json::json!(id);
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

fn release(arguments: &ReleaseArguments, output: &Output) -> Result<ExitCode, Failure> {
    let reason = read("--reason", &arguments.reason)?;
    let body = HoldRelease { hold: SubmissionId(arguments.hold), reason };
    let object = block_on(async {
        let client = arguments.caller.connect().await?;
        state(&client, (arguments.hold, body), &arguments.signing, output).await
    })?;
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}
