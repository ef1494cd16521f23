//! `attestry submit`: list the files, show what will be signed, sign it, send it, keep the proofs.
//!
//! Everything signed is written to the output directory before it is sent. The same command with
//! the same `--out` continues where it was interrupted: nothing is signed twice, nothing that is
//! stored is sent again.

mod files;
mod prepare;
mod upload;

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::{Attachments, SignedStatement, key::encode_key_set},
    hash::Hash,
    payload::Payload,
    size::LeafIndex,
};
use indicatif::{ProgressBar, ProgressStyle};
use uuid::Uuid;

pub(super) use self::prepare::tool;
pub use self::prepare::{Prepared, sign};
use super::{
    answers::Answers,
    block_on,
    client::{Client, write},
    output::{Failure, Output},
};
use crate::{
    entropy::OsEntropy,
    keys::{Signer as _, file},
};

/// What to submit.
#[derive(clap::Args)]
pub struct Arguments {
    /// Address of the service.
    #[arg(long, value_name = "URL")]
    server: String,
    /// Your key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What was asked for: a file or directory; may be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    request: Vec<PathBuf>,
    /// What answered it: files or directories, git repositories too; may be repeated.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    deliverable: Vec<PathBuf>,
    /// Your answers about this work; docs/samples/answers.example.toml explains them.
    #[arg(long, value_name = "FILE")]
    answers: PathBuf,
    /// Directory for statements, payloads and openings; the same again continues.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Sign without asking; the payloads are shown all the same.
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
    /// The transparent statement.
    pub file: PathBuf,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&arguments.answers)
        .map_err(|error| Failure::usage(format!("{}: {error}", arguments.answers.display())))?;
    let answers = Answers::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", arguments.answers.display())))?;
    let signer = file::read(&arguments.key).map_err(Failure::usage)?;
    let submission = Submission {
        request: &arguments.request,
        deliverable: &arguments.deliverable,
        answers: &answers,
        out: &arguments.out,
    };
    let (id, submitted) = block_on(async {
        let client = Client::with_key(&arguments.server, signer).await?;
        let prepared = prepare(&client, &submission, output, |payloads| {
            confirm(arguments.yes, payloads, output)
        })
        .await?;
        let submitted = finish(&client, &submission, &prepared, output).await?;
        Ok((prepared.id, submitted))
    })?;
    output.good(format_args!("submission {id} is in the log"));
    output.line(format_args!(
        "  {} statements with receipts and proofs in {}",
        submitted.len(),
        arguments.out.display()
    ));
    output.line(format_args!(
        "  check them offline: attestry verify {} --trust FILE",
        arguments.out.display()
    ));
    output.json(
        &serde_json::json!({ "submission": id, "statements": submitted, "out": arguments.out }),
    );
    Ok(ExitCode::SUCCESS)
}

/// Hashes, shows and signs; or takes up what an earlier run signed.
pub async fn prepare(
    client: &Client,
    submission: &Submission<'_>,
    output: &Output,
    confirm: impl FnOnce(&[Payload]) -> Result<(), Failure>,
) -> Result<Prepared, Failure> {
    if let Some(prepared) = Prepared::read(submission, client.signer()?.public_key().thumbprint())?
    {
        output.line(format_args!("continuing submission {}: nothing is signed again", prepared.id));
        return Ok(prepared);
    }
    let catalogue = catalogue(client).await?;
    let progress = progress(output, "hashing");
    let drafted = prepare::draft(submission, &catalogue, &OsEntropy, &progress)?;
    progress.finish_and_clear();
    show(&drafted.payloads, output);
    confirm(&drafted.payloads)?;
    drafted.sign(client.signer()?, client.origin(), submission.out)
}

/// Sends files and statements and writes what proves them.
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
    let mut submitted = Vec::with_capacity(places.len());
    for ((statement, payload), index) in prepared.statements.iter().zip(places) {
        let kind = payload.kind().as_str().to_owned();
        let file = submission.out.join("statements").join(format!("{index:08}-{kind}.cose"));
        let bytes = fetch(client, LeafIndex(index), Some(statement)).await?;
        write(&file, &bytes)?;
        submitted.push(Submitted {
            kind,
            index,
            payload: statement.payload_digest().to_hex(),
            file,
        });
    }
    write_context(client, submission.out).await?;
    Ok(submitted)
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
/// and a key set.
pub async fn write_context(client: &Client, out: &Path) -> Result<(), Failure> {
    let own = client.signer()?.public_key();
    let enrolled =
        client.keys().await?.into_iter().find(|key| key.thumbprint == own.thumbprint().to_string());
    let enrolled = enrolled.map(|key| (key.enrolled_index, "key-enrolled"));
    let mut keys = vec![own];
    for (index, kind) in [(0, "genesis"), (1, "policy")].into_iter().chain(enrolled) {
        let bytes = fetch(client, LeafIndex(index), None).await?;
        let (statement, _) = SignedStatement::parse(&bytes).map_err(Failure::service)?;
        let digest = statement.payload_digest();
        let payload = client.public_payload(digest).await?;
        if let Ok(Payload::Genesis(genesis)) = Payload::parse(&payload, false) {
            keys.push(genesis.body().service_key.public_key.0);
            keys.push(genesis.body().receipt_key.public_key.0);
        }
        write(&out.join("statements").join(format!("{index:08}-{kind}.cose")), &bytes)?;
        write(&out.join("payloads").join(format!("{digest}.json")), &payload)?;
    }
    write(&out.join("keys.cbor"), &encode_key_set(&keys))
}

/// The clause texts in force at the service: these are shown, and these are signed.
pub(super) async fn catalogue(client: &Client) -> Result<ClauseCatalogue, Failure> {
    let mut texts = Vec::new();
    for set in client.about().await?.clause_sets {
        let text = client.clause_text(&set.set, &set.version, &set.locale).await?;
        if Hash::of(&text).to_hex() != set.sha256 {
            return Err(Failure::service(format!(
                "the service's text of {} is not the one it announces",
                set.set
            )));
        }
        texts.push(text);
    }
    ClauseCatalogue::from_texts(&texts).map_err(|error| {
        Failure::service(format!("the service's clause texts cannot be read: {error}"))
    })
}

/// Prints each payload as it will be signed.
pub(super) fn show(payloads: &[Payload], output: &Output) {
    for payload in payloads {
        output.heading(title(payload));
        for (label, value) in payload.summary() {
            output.line(format_args!("  {label:<28}  {value}"));
        }
    }
}

fn title(payload: &Payload) -> String {
    format!("{}  sha256 {}", payload.kind(), Hash::of(&payload.to_bytes()))
}

/// Asks whether to sign what was shown. In JSON mode it is shown here, apart from the object.
pub(super) fn confirm(yes: bool, payloads: &[Payload], output: &Output) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if output.is_json() {
        let mut stderr = std::io::stderr().lock();
        for payload in payloads {
            let _shown = writeln!(stderr, "\n{}", title(payload));
            for (label, value) in payload.summary() {
                let _shown = writeln!(stderr, "  {label:<28}  {value}");
            }
        }
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(
            "nobody is there to ask: read the payloads above, then run again with --yes",
        ));
    }
    let mut stderr = std::io::stderr().lock();
    let _shown = write!(
        stderr,
        "\nThese are the exact statements that your key will sign. Sign them? [y/N] "
    );
    let _flushed = stderr.flush();
    let mut answer = String::new();
    let _read = stdin.lock().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::refused("nothing was signed or sent"))
    }
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
