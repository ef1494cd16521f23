//! `attestry case messages`: what was written about a case, and whether it went out.

use std::process::ExitCode;

use uuid::Uuid;

use super::super::{
    block_on,
    client::Client,
    output::{Failure, Output},
    pin::Caller,
};
use crate::http::routes::messages::MessageInfo;

/// Which case.
#[derive(clap::Args)]
pub struct Arguments {
    /// The case.
    case: Uuid,
    #[command(flatten)]
    caller: Caller,
}

impl Client {
    /// Messages about a case.
    ///
    /// # Errors
    /// As [`Client::cases`].
    pub async fn case_messages(&self, id: Uuid) -> Result<Vec<MessageInfo>, Failure> {
        self.get_signed(&format!("/api/v1/cases/{id}/messages")).await
    }
}

pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let messages =
        block_on(async { arguments.caller.connect().await?.case_messages(arguments.case).await })?;
    if messages.is_empty() {
        output.line("nothing was written");
    }
    for message in &messages {
        let MessageInfo { queued_at, occasion, state, attempts, .. } = message;
        output.line(format_args!("{queued_at}  {state:<6}  {occasion}, attempts: {attempts}"));
        if let Some(problem) = &message.problem {
            output.line(format_args!("  {problem}"));
        }
        if let Some(next) = &message.next_try {
            output.line(format_args!("  next attempt: {next}"));
        }
    }
    output.json(&serde_json::json!({ "messages": messages }));
    Ok(ExitCode::SUCCESS)
}
