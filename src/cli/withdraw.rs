//! `attestry withdraw`: take consent back, for everything or for some purposes.

use std::{path::PathBuf, process::ExitCode};

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::Subject,
    hash::Hash,
    payload::{
        Attestation, Payload, StatementKind,
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
    pin::Caller,
    register::say,
    retold, submit,
};
use crate::{
    clock::{Clock as _, SystemClock},
    entropy::{OsEntropy, random_bytes},
    keys::Signer as _,
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
    let out = arguments.out.as_deref();
    let object = block_on(async {
        let client = arguments.caller.connect().await?;
        let catalogue = submit::catalogue(&client).await?;
        let details = (reason, arguments.erase);
        let payload = draft(&client, &catalogue, arguments.subject, scope, details, note).await?;
        let about = Subject::Submission(arguments.subject);
        let said = say(&client, about, &payload, &catalogue, (out, arguments.yes), output).await?;
        output.good(format_args!("withdrawn: entry {}", said.registered.index));
        Ok(said.tell(&payload, out, output))
    })?;
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

/// Fills in a withdrawal: who the signer is comes from what was attested before.
pub(super) async fn draft(
    client: &Client,
    catalogue: &ClauseCatalogue,
    subject: Uuid,
    scope: Scope,
    (reason, erase): (WithdrawalReason, bool),
    note: Option<Passage>,
) -> Result<Payload, Failure> {
    let earlier = earlier(client, subject, catalogue).await?;
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
async fn earlier(
    client: &Client,
    subject: Uuid,
    catalogue: &ClauseCatalogue,
) -> Result<Envelope, Failure> {
    let attested =
        |kind: &String| StatementKind::parse(kind).is_some_and(StatementKind::is_contractor);
    let mut events = client.custody(subject).await?.into_iter().rev();
    let newest = events.find(|event| event.kind.as_ref().is_some_and(attested));
    let newest =
        newest.ok_or_else(|| Failure::refused("nothing was attested about this submission"))?;
    let submission = client.submission(subject).await?;
    let own = client.signer()?.public_key().thumbprint().to_string();
    if submission.owner != own {
        return retold::envelope(&newest, &submission, catalogue);
    }
    let bytes = client.payload(LeafIndex(newest.index)).await?;
    let payload = Payload::parse(&bytes, true).map_err(Failure::service)?;
    payload
        .envelope()
        .cloned()
        .ok_or_else(|| Failure::service("the newest statement is no attestation"))
}
