//! `attestry program`: data collections, their members, and the work that waits in them.

use std::process::ExitCode;

use reqwest::Method;

use super::{
    block_on,
    client::Client,
    output::{Failure, Output},
    pin::Caller,
};
use crate::http::routes::{
    programs::{MemberInfo, OpenRequest, ProgramInfo},
    submissions::SubmissionInfo,
};

/// What to do with programs.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Open a program (administrators of operations).
    Open(OpenArguments),
    /// List the programs that this key may see.
    List(ListArguments),
    /// List who the members of a program are (administrators, legal officers).
    Members(MembersArguments),
    /// List what a program received, such as a reviewer's work list.
    Work(WorkArguments),
}

/// Terms of a new program.
#[derive(clap::Args)]
pub struct OpenArguments {
    /// Its name, which the log shows: choose one that gives nothing away.
    name: String,
    /// Which rules decide about clearance: standard, or reviewed where people read every file and
    /// no scan is asked for.
    #[arg(long, default_value = "standard")]
    clearance: String,
    /// Most risk that may be left in files: none-known, low, medium or high.
    #[arg(long, default_value = "low")]
    allowed_risk: String,
    /// Title, kept sealed.
    #[arg(long)]
    title: Option<String>,
    /// For whom the work is collected, kept sealed.
    #[arg(long)]
    client: Option<String>,
    #[command(flatten)]
    caller: Caller,
}

/// Who asks.
#[derive(clap::Args)]
pub struct ListArguments {
    #[command(flatten)]
    caller: Caller,
}

/// Whose members.
#[derive(clap::Args)]
pub struct MembersArguments {
    /// Program.
    name: String,
    /// Continue with keys enrolled at this position or later.
    #[arg(long, default_value_t = 0)]
    from: u64,
    #[command(flatten)]
    caller: Caller,
}

/// Which work.
#[derive(clap::Args)]
pub struct WorkArguments {
    /// Program.
    name: String,
    /// all, waiting, sent-back or cleared.
    #[arg(long, default_value = "waiting")]
    show: String,
    #[command(flatten)]
    caller: Caller,
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Open(arguments) => open(arguments, output),
        Command::List(arguments) => list(&arguments, output),
        Command::Members(arguments) => members(&arguments, output),
        Command::Work(arguments) => work(&arguments, output),
    }
}

fn open(arguments: OpenArguments, output: &Output) -> Result<ExitCode, Failure> {
    let OpenArguments { name, clearance, allowed_risk, title, client, caller } = arguments;
    let request = OpenRequest { name, clearance_policy: clearance, allowed_risk, title, client };
    let program = block_on(async { caller.connect().await?.open_program(&request).await })?;
    output.good(format_args!("opened the program {}", program.name));
    output.json(&program);
    Ok(ExitCode::SUCCESS)
}

fn list(arguments: &ListArguments, output: &Output) -> Result<ExitCode, Failure> {
    let programs = block_on(async { arguments.caller.connect().await?.programs().await })?;
    for program in &programs {
        output.line(format_args!(
            "{:<24} clearance {:<10} risk at most {:<10} {}",
            program.name,
            program.clearance_policy,
            program.allowed_risk,
            program.title.as_deref().unwrap_or_default()
        ));
    }
    output.json(&serde_json::json!({ "programs": programs }));
    Ok(ExitCode::SUCCESS)
}

fn members(arguments: &MembersArguments, output: &Output) -> Result<ExitCode, Failure> {
    let members = block_on(async {
        arguments.caller.connect().await?.members(&arguments.name, arguments.from).await
    })?;
    for MemberInfo { key, name, email, .. } in &members {
        let ended = key.revoked_index.map(|at| format!("  ended at entry {at}"));
        output.line(format_args!(
            "{}  {:<24} {} {}{}",
            key.thumbprint,
            key.roles.join(", "),
            name.as_deref().unwrap_or("(name not known)"),
            email.as_deref().unwrap_or_default(),
            ended.unwrap_or_default()
        ));
    }
    output.json(&serde_json::json!({ "program": arguments.name, "members": members }));
    Ok(ExitCode::SUCCESS)
}

fn work(arguments: &WorkArguments, output: &Output) -> Result<ExitCode, Failure> {
    let work = block_on(async {
        arguments.caller.connect().await?.work_list(&arguments.name, &arguments.show).await
    })?;
    if work.is_empty() {
        output.line("nothing to show");
    }
    for submission in &work {
        output.line(format_args!(
            "{}  {:<10} opened at entry {}",
            submission.id, submission.state, submission.opened_index
        ));
    }
    output.json(&serde_json::json!({ "program": arguments.name, "submissions": work }));
    Ok(ExitCode::SUCCESS)
}

impl Client {
    /// Opens a program.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not, or the name is taken.
    pub async fn open_program(&self, request: &OpenRequest) -> Result<ProgramInfo, Failure> {
        self.send_json(Method::POST, "/api/v1/programs", request).await
    }

    /// Programs that this key may see.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn programs(&self) -> Result<Vec<ProgramInfo>, Failure> {
        self.get_signed("/api/v1/programs").await
    }

    /// Members of a program, from a position of enrolment on.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not.
    pub async fn members(&self, program: &str, from: u64) -> Result<Vec<MemberInfo>, Failure> {
        self.get_signed(&format!("/api/v1/programs/{program}/members?from={from}")).await
    }

    /// What a program received.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not.
    pub async fn work_list(
        &self,
        program: &str,
        show: &str,
    ) -> Result<Vec<SubmissionInfo>, Failure> {
        self.get_signed(&format!("/api/v1/programs/{program}/submissions?show={show}")).await
    }
}
