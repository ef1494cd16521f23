//! `attestry submit`: list the files, search them, show what will be signed with the clause texts it names, sign
//! it, send it, keep the proofs, and verify them before anything is claimed.
//!
//! Everything signed is written to the output directory before it is sent. The same command with
//! the same `--out` continues where it was interrupted: nothing is signed twice, nothing that is
//! stored is sent again.

mod files;
mod prepare;
mod reading;
mod search;
mod upload;

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use attestry_proof::{
    cose::{Attachments, SignedStatement, key::encode_key_set},
    payload::Payload,
    size::LeafIndex,
};
use indicatif::{ProgressBar, ProgressStyle};
use uuid::Uuid;

pub(super) use self::{
    prepare::tool,
    reading::{Reading, catalogue, confirm, kept_texts},
};
pub use self::{
    prepare::{Prepared, sign},
    search::{SearchOptions, Searched},
};
use super::{
    answers::Answers,
    block_on,
    client::{Client, write},
    held::require_verified,
    newest::Newest,
    output::{Failure, Output},
    pin::Caller,
};
use crate::{entropy::OsEntropy, keys::Signer as _};

/// What to submit.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    caller: Caller,
    /// What was asked for: a file or directory; may be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    request: Vec<PathBuf>,
    /// What answered it: files or directories, git repositories too; may be repeated.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    deliverable: Vec<PathBuf>,
    /// Your answers about this work; docs/samples/answers.example.toml explains them.
    #[arg(long, value_name = "FILE")]
    answers: PathBuf,
    /// State everything anew about this submission of yours, as after it was sent back: each
    /// statement names the one it takes the place of.
    #[arg(long, value_name = "SUBMISSION")]
    amend: Option<Uuid>,
    /// Directory for statements, payloads, clause texts and openings; the same again continues.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Words that must not occur in any file, however they are spelled: one a line, `#` before
    /// remarks. They stay on this machine.
    #[arg(long, value_name = "FILE")]
    deny_list: Option<PathBuf>,
    /// Findings that are left in place, each with its reason: the file that the page of a search
    /// writes.
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// Leave everything in place that could not be read, for this reason.
    #[arg(long, value_name = "TEXT")]
    unread_because: Option<String>,
    /// Sign without asking. Statements and clause texts are printed all the same; with --json they
    /// are in files below --out that the object names.
    #[arg(long)]
    yes: bool,
}

/// What a submission needs besides a client.
#[derive(Debug)]
pub struct Submission<'a> {
    /// What was asked for.
    pub request: &'a [PathBuf],
    /// What answered it.
    pub deliverable: &'a [PathBuf],
    /// Answers.
    pub answers: &'a Answers,
    /// Output directory.
    pub out: &'a Path,
    /// What is stated anew about a submission of one's own; `None` for a new one.
    pub amends: Option<&'a Newest>,
    /// How the files are searched before anything is signed.
    pub search: SearchOptions<'a>,
    /// Whether what is in the way is counted only, and not shown.
    pub quiet: bool,
}

/// A statement that is in the log.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Submitted {
    /// Kind of statement.
    pub kind: String,
    /// Its position.
    pub index: u64,
    /// SHA-256 of its payload, hex.
    pub payload: String,
    /// The payload.
    pub payload_file: PathBuf,
    /// The transparent statement.
    pub file: PathBuf,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&arguments.answers)
        .map_err(|error| Failure::usage(format!("{}: {error}", arguments.answers.display())))?;
    let answers = Answers::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", arguments.answers.display())))?;
    let yes = arguments.yes;
    let (prepared, submitted, policy) = block_on(async {
        let client = arguments.caller.connect().await?;
        let amends = match arguments.amend {
            Some(id) => Some(Newest::about(&client, id).await?),
            None => None,
        };
        let submission = Submission {
            request: &arguments.request,
            deliverable: &arguments.deliverable,
            answers: &answers,
            out: &arguments.out,
            amends: amends.as_ref(),
            search: SearchOptions {
                deny_list: arguments.deny_list.as_deref(),
                accept: arguments.accept.as_deref(),
                unread: arguments.unread_because.as_deref(),
            },
            quiet: output.is_json(),
        };
        let prepared = prepare(&client, &submission, output, |reading| {
            reading.show(yes, output);
            confirm(yes)
        })
        .await?;
        let submitted = finish(&client, &submission, &prepared, output).await?;
        Ok((prepared, submitted, client.pin()?.path().to_owned()))
    })?;
    let id = prepared.id;
    let texts = kept_texts(prepared.statements.iter().map(|(_, payload)| payload), &arguments.out);
    output.good(format_args!("submission {id} is in the log"));
    output.line(format_args!(
        "  {} statements with receipts and proofs, verified, in {}",
        submitted.len(),
        arguments.out.display()
    ));
    output.line(format_args!(
        "  check them again, offline: attestry verify {} --trust {}",
        arguments.out.display(),
        policy.display()
    ));
    output.json(&serde_json::json!({
        "submission": id, "statements": submitted, "texts": texts, "out": arguments.out,
    }));
    Ok(ExitCode::SUCCESS)
}

/// Searches, hashes, shows and signs; or takes up what an earlier run signed.
pub async fn prepare(
    client: &Client,
    submission: &Submission<'_>,
    output: &Output,
    confirm: impl FnOnce(&Reading<'_>) -> Result<(), Failure>,
) -> Result<Prepared, Failure> {
    let issuer = client.signer()?.public_key().thumbprint();
    if let Some(prepared) = Prepared::read(submission, issuer, client.origin())? {
        output.line(format_args!("continuing submission {}: nothing is signed again", prepared.id));
        return Ok(prepared);
    }
    let catalogue = catalogue(client).await?;
    let rules = client.scan_rules().await?;
    let found = prepare::find(submission)?;
    let searched = search::search(submission, &found, rules, output)?;
    let progress = progress(output, "hashing");
    let drafted =
        prepare::draft(submission, &found, (&catalogue, &searched), &OsEntropy, &progress)?;
    progress.finish_and_clear();
    let reading = Reading::new(&drafted.payloads, &catalogue)?;
    confirm(&reading)?;
    reading.keep_texts(submission.out)?;
    drafted.sign(client.signer()?, client.origin(), submission.out)
}

/// Sends files and statements, writes what proves them, and verifies that it does.
pub async fn finish(
    client: &Client,
    submission: &Submission<'_>,
    prepared: &Prepared,
    output: &Output,
) -> Result<Vec<Submitted>, Failure> {
    let progress = progress(output, "sending");
    upload::send(client, prepared.id, &prepared.sources, &progress).await?;
    progress.finish_and_clear();
    for (commitment, openings) in &prepared.manifests {
        client.put_manifest(prepared.id, *commitment, *openings).await?;
    }
    let mut places = Vec::with_capacity(prepared.statements.len());
    for (statement, payload) in &prepared.statements {
        let attachments =
            Attachments { payload: Some(payload.to_bytes()), ..Attachments::default() };
        let bytes = attachments.encode(statement).map_err(Failure::usage)?;
        places.push(client.register(bytes).await?.index);
    }
    let out = submission.out;
    let mut submitted = Vec::with_capacity(places.len());
    for ((statement, payload), index) in prepared.statements.iter().zip(places) {
        let kind = payload.kind().as_str().to_owned();
        let file = keep_statement(client, LeafIndex(index), &kind, statement, out).await?;
        let payload = statement.payload_digest().to_hex();
        let payload_file = out.join("payloads").join(format!("{payload}.json"));
        submitted.push(Submitted { kind, index, payload, payload_file, file });
    }
    let mut held = write_context(client, out).await?;
    held.extend(submitted.iter().flat_map(|one| [one.file.clone(), one.payload_file.clone()]));
    held.extend(prepared.openings(out));
    require_verified(held, client.pin()?)?;
    Ok(submitted)
}

/// Fetches the transparent statement of what was sent and writes it below `out`; answers where.
pub(super) async fn keep_statement(
    client: &Client,
    index: LeafIndex,
    kind: &str,
    sent: &SignedStatement,
    out: &Path,
) -> Result<PathBuf, Failure> {
    let bytes = fetch(client, index, Some(sent)).await?;
    let file = statement_path(out, index, kind);
    write(&file, &bytes)?;
    Ok(file)
}

fn statement_path(out: &Path, LeafIndex(index): LeafIndex, kind: &str) -> PathBuf {
    out.join("statements").join(format!("{index:08}-{kind}.cose"))
}

/// Fetches a transparent statement and checks that it is the one that was sent.
async fn fetch(
    client: &Client,
    index: LeafIndex,
    sent: Option<&SignedStatement>,
) -> Result<Vec<u8>, Failure> {
    let bytes = client.transparent_statement(index).await?;
    let (received, _) = SignedStatement::parse(&bytes).map_err(|error| {
        Failure::service(format!("the service answered with a malformed statement: {error}"))
    })?;
    if sent.is_some_and(|sent| sent.entry_bytes() != received.entry_bytes()) {
        return Err(Failure::service(format!(
            "the service holds another statement at entry {index} than was sent"
        )));
    }
    Ok(bytes)
}

/// Adds what an offline verifier derives the keys from: genesis, the enrolment of the caller's key,
/// and a key set. Answers with the files of statements and payloads.
pub async fn write_context(client: &Client, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let own = client.signer()?.public_key();
    let enrolled =
        client.keys().await?.into_iter().find(|key| key.thumbprint == own.thumbprint().to_string());
    let enrolled = enrolled.map(|key| (key.enrolled_index, "key-enrolled"));
    let mut keys = vec![own];
    let mut written = Vec::new();
    for (index, kind) in [(0, "genesis"), (1, "policy")].into_iter().chain(enrolled) {
        let bytes = fetch(client, LeafIndex(index), None).await?;
        let (statement, _) = SignedStatement::parse(&bytes).map_err(Failure::service)?;
        let digest = statement.payload_digest();
        let payload = client.public_payload(digest).await?;
        if let Ok(Payload::Genesis(genesis)) = Payload::parse(&payload, false) {
            keys.push(genesis.body().service_key.public_key.0);
            keys.push(genesis.body().receipt_key.public_key.0);
        }
        let file = statement_path(out, LeafIndex(index), kind);
        write(&file, &bytes)?;
        let payload_file = out.join("payloads").join(format!("{digest}.json"));
        write(&payload_file, &payload)?;
        written.extend([file, payload_file]);
    }
    write(&out.join("keys.cbor"), &encode_key_set(&keys))?;
    Ok(written)
}

fn progress(output: &Output, what: &'static str) -> ProgressBar {
    if output.is_json() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{msg:>8} [{bar:32}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
    );
    let bar = ProgressBar::new(0).with_message(what);
    match style {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// Id of a new submission: random, so that it says nothing.
fn new_id(entropy: &dyn crate::entropy::Entropy) -> Uuid {
    crate::entropy::random_uuid(entropy)
}
