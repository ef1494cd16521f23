//! `attestry withdraw`: take consent back, for everything or for some purposes.

use std::{path::PathBuf, process::ExitCode};

use attestry_proof::{
    cose::{Attachments, Subject},
    payload::{
        Attestation, Payload,
        envelope::{Answer, ClauseAnswer, ClauseReference, Envelope},
        fields::{Digest, Salt, Timestamp},
        text::{Name, Passage},
        withdrawal::{Erasure, Purpose, Scope, Withdrawal, WithdrawalReason},
    },
    size::LeafIndex,
};
use uuid::Uuid;

use super::{
    block_on,
    client::Client,
    output::{Failure, Output},
    submit,
};
use crate::{
    clock::{Clock as _, SystemClock},
    entropy::{OsEntropy, random_bytes},
    http::routes::statements::Registered,
    keys::file,
};

/// What to withdraw.
#[derive(clap::Args)]
pub struct Arguments {
    /// The submission.
    subject: Uuid,
    /// Address of the service.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The key that submitted it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Withdraw this purpose only: training, evaluation or redistribution; may be repeated.
    /// Default: everything.
    #[arg(long = "purpose", value_name = "PURPOSE")]
    purposes: Vec<String>,
    /// changed-mind, third-party-claim, confidential-content, personal-data, wrong-statement or
    /// other.
    #[arg(long, default_value = "changed-mind")]
    reason: String,
    /// Ask that the files be erased.
    #[arg(long)]
    erase: bool,
    /// In your words.
    #[arg(long)]
    note: Option<String>,
    /// Sign without asking; the statement is shown all the same.
    #[arg(long)]
    yes: bool,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let signer = file::read(&arguments.key).map_err(Failure::usage)?;
    let purposes: Option<Vec<Purpose>> =
        arguments.purposes.iter().map(|word| Purpose::parse(word)).collect();
    let purposes = purposes
        .ok_or_else(|| Failure::usage("purposes are: training, evaluation, redistribution"))?;
    let scope = if purposes.is_empty() { Scope::Everything } else { Scope::Purposes(purposes) };
    let reason = WithdrawalReason::parse(&arguments.reason).ok_or_else(|| {
        let words: Vec<&str> = WithdrawalReason::ALL.iter().map(|reason| reason.as_str()).collect();
        Failure::usage(format!("reasons are: {}", words.join(", ")))
    })?;
    let note = arguments.note.as_deref().map(Passage::new).transpose();
    let note = note.map_err(|error| Failure::usage(format!("--note: {error}")))?;
    let (payload, registered) = block_on(async {
        let client = Client::with_key(&arguments.server, signer).await?;
        let payload =
            draft(&client, arguments.subject, scope, (reason, arguments.erase), note).await?;
        let shown = std::slice::from_ref(&payload);
        submit::show(shown, output);
        submit::confirm(arguments.yes, shown, output)?;
        let registered = register(&client, arguments.subject, &payload).await?;
        Ok((payload, registered))
    })?;
    output.good(format_args!("withdrawn: entry {}", registered.index));
    output.json(&serde_json::json!({ "kind": payload.kind().as_str(), "registered": registered }));
    Ok(ExitCode::SUCCESS)
}

/// Fills in a withdrawal: who the signer is comes from what the same key attested before.
pub(super) async fn draft(
    client: &Client,
    subject: Uuid,
    scope: Scope,
    (reason, erase): (WithdrawalReason, bool),
    note: Option<Passage>,
) -> Result<Payload, Failure> {
    let earlier = earlier(client, subject).await?;
    let catalogue = submit::catalogue(client).await?;
    let locale = earlier.clauses.locale.as_str();
    let text = catalogue.current("withdrawal", locale).ok_or_else(|| {
        Failure::service(format!("the service has no text for withdrawals in {locale:?}"))
    })?;
    let name =
        |text: &str| Name::new(text).map_err(|error| Failure::service(format!("{text}: {error}")));
    let mut answers = Vec::new();
    for clause in text.clauses() {
        answers.push(ClauseAnswer { clause: name(clause)?, answer: Answer::Yes, text: None });
    }
    let stated_at = Timestamp::new(SystemClock.now())
        .ok_or_else(|| Failure::usage("the clock is outside the years 1 to 9999"))?;
    let envelope = Envelope {
        stated_at,
        clauses: ClauseReference {
            set: name(text.set())?,
            version: name(text.version())?,
            locale: name(text.locale())?,
            text_sha256: Digest(attestry_proof::hash::Hash(*text.sha256())),
        },
        answers,
        supersedes: None,
        tool: submit::tool()?,
        ..earlier
    };
    let erasure = if erase { Erasure::Requested } else { Erasure::NotRequested };
    let body = Withdrawal { scope, reason, note, erasure };
    let salt = Salt(random_bytes(&OsEntropy));
    Ok(Attestation::new(salt, envelope, body).map_err(Failure::usage)?.into())
}

/// The envelope of the newest attestation about the submission.
async fn earlier(client: &Client, subject: Uuid) -> Result<Envelope, Failure> {
    let newest =
        client.custody(subject).await?.into_iter().rev().find(|event| event.kind.is_some());
    let newest =
        newest.ok_or_else(|| Failure::refused("nothing was attested about this submission"))?;
    let bytes = client.payload(LeafIndex(newest.index)).await?;
    let payload = Payload::parse(&bytes, true).map_err(Failure::service)?;
    payload
        .envelope()
        .cloned()
        .ok_or_else(|| Failure::service("the newest statement is no attestation"))
}

/// Signs and registers it.
pub(super) async fn register(
    client: &Client,
    subject: Uuid,
    payload: &Payload,
) -> Result<Registered, Failure> {
    let issued_at = SystemClock.now().timestamp();
    let statement = submit::sign(
        client.signer()?,
        client.origin(),
        Subject::Submission(subject),
        issued_at,
        payload,
    )?;
    let attachments = Attachments { payload: Some(payload.to_bytes()), ..Attachments::default() };
    client.register(attachments.encode(&statement).map_err(Failure::usage)?).await
}
