//! `attestry bench pack`: an audit pack of a large submission, exported and verified.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use attestry_proof::log::{note::VerifierKey, trust::TrustPolicy};
use serde::Serialize;

use super::{
    child::ServiceProcess,
    machine::{Machine, median},
};
use crate::{
    assets,
    cli::{
        answers::Answers,
        block_on,
        client::{Client, write},
        export::pack_path,
        newest::Newest,
        output::{Failure, Output},
        pin::Pin,
        submit::{self, SearchOptions, Submission},
        verify::judge,
    },
    entropy::{OsEntropy, random_bytes},
    http::routes::keys::PersonRequest,
    keys::LocalSigner,
};

/// Answers that fit any files.
const ANSWERS: &str = "01-board-memo/answers.toml";
/// Statements that one submission or amendment is.
const STATEMENTS_EACH: usize = 7;

/// How large the submission is.
#[derive(clap::Args)]
pub struct Arguments {
    /// Files of the deliverable.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    files: u32,
    /// Statements of its contractor, at least.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    statements: u32,
    /// Times that each thing is measured; the median counts.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    files: u32,
    statements: usize,
    pack_bytes: u64,
    pack_with_files_bytes: u64,
    export_seconds: f64,
    export_with_files_seconds: f64,
    verify_seconds: f64,
    verify_and_replay_seconds: f64,
    verify_with_files_seconds: f64,
    machine: Machine,
}

/// Measures and prints.
///
/// # Errors
/// A service that does not start or refuses, or a pack that does not verify.
pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let directory = tempfile::tempdir().map_err(Failure::service)?;
    let service = ServiceProcess::start(&directory.path().join("data"))?;
    let report = block_on(measure(arguments, &service, directory.path()))?;
    service.stop()?;
    let row = |name: &str, value: String| output.line(format_args!("  {name:<44}{value:>14}"));
    let Machine { cpu, cores } = &report.machine;
    output.heading(format_args!("{} files, {} statements", report.files, report.statements));
    output.line(format_args!("  {cpu}, {cores} cores, client and service together"));
    row("export without files, s", format!("{:.3}", report.export_seconds));
    row("export with files, s", format!("{:.3}", report.export_with_files_seconds));
    row("verify, s", format!("{:.3}", report.verify_seconds));
    row("verify and decide again, s", format!("{:.3}", report.verify_and_replay_seconds));
    row("verify with files, s", format!("{:.3}", report.verify_with_files_seconds));
    row("pack without files, bytes", report.pack_bytes.to_string());
    row("pack with files, bytes", report.pack_with_files_bytes.to_string());
    output.json(&report);
    Ok(ExitCode::SUCCESS)
}

async fn measure(
    arguments: &Arguments,
    service: &ServiceProcess,
    directory: &Path,
) -> Result<Report, Failure> {
    let about = Client::new(service.url())?.about().await?;
    let key = VerifierKey::parse(&about.note_vkey).map_err(Failure::service)?;
    let trust = directory.join("trust.policy");
    let policy = TrustPolicy::of_log(&key, None).map_err(Failure::service)?;
    write(&trust, &policy.to_bytes())?;
    let join = Join { url: service.url(), trust: &trust };
    let admin = join.client().await?;
    admin.enroll(service.admin_code()?).await?;
    let contractor = join.member(&admin, "contractor", "cara").await?;
    let officer = join.member(&admin, "legal", "lena").await?.for_purpose("legal");

    let id = submit_all(arguments, &contractor, directory).await?;
    let pack = directory.join("pack.zip");
    let export = |natives| {
        let (officer, pack) = (&officer, &pack);
        async move {
            let file = std::fs::File::create(pack).map_err(Failure::service)?;
            let started = Instant::now();
            let bytes = officer.pack(&pack_path(id, natives, None, None), &file).await?;
            Ok::<_, Failure>((started.elapsed().as_secs_f64(), bytes))
        }
    };
    let (mut plain, mut with_files) = (Vec::new(), Vec::new());
    let (mut verify, mut replay, mut verify_files) = (Vec::new(), Vec::new(), Vec::new());
    let (mut pack_bytes, mut pack_with_files_bytes, mut statements) = (0, 0, 0);
    for _ in 0..arguments.rounds {
        let (seconds, bytes) = export(false).await?;
        plain.push(seconds);
        pack_bytes = bytes;
        let started = Instant::now();
        let report = attestry_verify::run(&files(&pack, &trust)).map_err(Failure::service)?;
        verify.push(started.elapsed().as_secs_f64());
        statements = report.statements.len();
        let started = Instant::now();
        require(&judge(&files(&pack, &trust))?)?;
        replay.push(started.elapsed().as_secs_f64());
        let (seconds, bytes) = export(true).await?;
        with_files.push(seconds);
        pack_with_files_bytes = bytes;
        let started = Instant::now();
        require(&attestry_verify::run(&files(&pack, &trust)).map_err(Failure::service)?)?;
        verify_files.push(started.elapsed().as_secs_f64());
    }
    Ok(Report {
        files: arguments.files,
        statements,
        pack_bytes,
        pack_with_files_bytes,
        export_seconds: median(plain),
        export_with_files_seconds: median(with_files),
        verify_seconds: median(verify),
        verify_and_replay_seconds: median(replay),
        verify_with_files_seconds: median(verify_files),
        machine: Machine::this(),
    })
}

fn files(pack: &Path, trust: &Path) -> attestry_verify::Arguments {
    attestry_verify::Arguments::of(vec![pack.to_owned()], trust.to_owned())
}

fn require(report: &attestry_verify::Report) -> Result<(), Failure> {
    match report.verified {
        true => Ok(()),
        false => Err(Failure::refused(report.to_text(false))),
    }
}

/// Submits small files, and states everything anew until there are statements enough.
async fn submit_all(
    arguments: &Arguments,
    client: &Client,
    directory: &Path,
) -> Result<uuid::Uuid, Failure> {
    let work = directory.join("work");
    for number in 0..arguments.files {
        let text = hex::encode(random_bytes::<512>(&OsEntropy));
        write(&work.join(format!("{:03}/{number}.txt", number / 100)), text.as_bytes())?;
    }
    let request = directory.join("request.txt");
    write(&request, b"Please make these files.\n")?;
    let samples = assets::samples();
    let answers = samples.iter().find(|(path, _)| path == ANSWERS);
    let (_, answers) = answers.ok_or_else(|| Failure::usage("a sample is missing"))?;
    let answers = Answers::parse(&String::from_utf8_lossy(answers)).map_err(Failure::usage)?;
    let rounds = (arguments.statements as usize).div_ceil(STATEMENTS_EACH).max(1);
    let (request, work): ([PathBuf; 1], [PathBuf; 1]) = ([request], [work]);
    let quiet = Output::new(true);
    let mut id = None;
    for round in 0..rounds {
        let newest = match id {
            Some(id) => Some(Newest::about(client, id).await?),
            None => None,
        };
        let out = directory.join(format!("out-{round}"));
        let submission = Submission {
            request: &request,
            deliverable: &work,
            answers: &answers,
            out: &out,
            amends: newest.as_ref(),
            search: SearchOptions {
                unread: Some("Random letters of a measurement."),
                ..SearchOptions::default()
            },
            quiet: true,
        };
        let prepared = submit::prepare(client, &submission, &quiet, |_| Ok(())).await?;
        submit::finish(client, &submission, &prepared, &quiet).await?;
        id = Some(prepared.id);
    }
    id.ok_or_else(|| Failure::usage("nothing was submitted"))
}

/// How members come in.
struct Join<'a> {
    url: &'a str,
    trust: &'a Path,
}

impl Join<'_> {
    async fn client(&self) -> Result<Client, Failure> {
        let signer = LocalSigner::from_seed(&random_bytes(&OsEntropy)).map_err(Failure::service)?;
        Client::pinned(self.url, signer, Pin::read(self.trust)?).await
    }

    async fn member(&self, admin: &Client, role: &str, name: &str) -> Result<Client, Failure> {
        let person = PersonRequest { name: name.to_owned(), email: format!("{name}@example.org") };
        let invited = admin.invite(&[role.to_owned()], "main", Some(person)).await?;
        let client = self.client().await?;
        client.enroll(&invited.code).await?;
        Ok(client)
    }
}
