//! `attestry withdraw`: take consent back, for everything or for some purposes.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::{Attachments, Subject},
    hash::Hash,
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
    client::{Client, write},
    held::require_verified,
    output::{Failure, Output},
    pin::Caller,
    submit::{self, Reading},
};
use crate::{
    clock::{Clock as _, SystemClock},
    entropy::{OsEntropy, random_bytes},
    http::routes::statements::Registered,
};

/// What to withdraw.
#[derive(clap::Args)]
pub struct Arguments {
    /// The submission.
    subject: Uuid,
    #[command(flatten)]
    caller: Caller,
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
    /// Directory to keep the statement in, with its payload, clause text and proofs. That of the
    /// submission will do.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Sign without asking. The statement and its clause text are printed all the same; with --json
    /// and --out they are in files that the object names.
    #[arg(long)]
    yes: bool,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
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
    // Without --out the proofs are verified all the same, and then forgotten.
    let passing = tempfile::tempdir()
        .map_err(|error| Failure::usage(format!("no directory for temporary files: {error}")))?;
    let out = arguments.out.as_deref().unwrap_or(passing.path());
    let (payload, registered, file) = block_on(async {
        let client = arguments.caller.connect().await?;
        let catalogue = submit::catalogue(&client).await?;
        let details = (reason, arguments.erase);
        let payload = draft(&client, &catalogue, arguments.subject, scope, details, note).await?;
        let reading = Reading::new(std::slice::from_ref(&payload), &catalogue)?;
        reading.show(arguments.yes && arguments.out.is_some(), output);
        submit::confirm(arguments.yes)?;
        reading.keep_texts(out)?;
        let (registered, file) = register(&client, arguments.subject, &payload, out).await?;
        Ok((payload, registered, file))
    })?;
    output.good(format_args!("withdrawn: entry {}", registered.index));
    let mut object =
        serde_json::json!({ "kind": payload.kind().as_str(), "registered": registered });
    if let Some(out) = &arguments.out {
        output.line(format_args!("  kept with receipt and proof, verified, in {}", out.display()));
        object["file"] = serde_json::json!(file);
        object["payload_file"] = serde_json::json!(payload_path(out, &payload));
        object["texts"] = serde_json::json!(submit::kept_texts([&payload], out));
    }
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

fn payload_path(out: &Path, payload: &Payload) -> PathBuf {
    out.join("payloads").join(format!("{}.json", Hash::of(&payload.to_bytes())))
}

/// Fills in a withdrawal: who the signer is comes from what the same key attested before.
pub(super) async fn draft(
    client: &Client,
    catalogue: &ClauseCatalogue,
    subject: Uuid,
    scope: Scope,
    (reason, erase): (WithdrawalReason, bool),
    note: Option<Passage>,
) -> Result<Payload, Failure> {
    let earlier = earlier(client, subject).await?;
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
            text_sha256: Digest(Hash(*text.sha256())),
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

/// Signs and registers it, keeps what proves it below `out`, and verifies that it does. Answers with
/// its place and the file of the transparent statement.
pub(super) async fn register(
    client: &Client,
    subject: Uuid,
    payload: &Payload,
    out: &Path,
) -> Result<(Registered, PathBuf), Failure> {
    let issued_at = SystemClock.now().timestamp();
    let statement = submit::sign(
        client.signer()?,
        client.origin(),
        Subject::Submission(subject),
        issued_at,
        payload,
    )?;
    let payload_file = payload_path(out, payload);
    write(&payload_file, &payload.to_bytes())?;
    let attachments = Attachments { payload: Some(payload.to_bytes()), ..Attachments::default() };
    let registered =
        client.register(attachments.encode(&statement).map_err(Failure::usage)?).await?;
    let (index, kind) = (LeafIndex(registered.index), payload.kind().as_str());
    let file = submit::keep_statement(client, index, kind, &statement, out).await?;
    let mut held = submit::write_context(client, out).await?;
    held.extend([file.clone(), payload_file]);
    require_verified(held, client.pin()?)?;
    Ok((registered, file))
}
