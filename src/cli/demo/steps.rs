//! The steps of the demonstration, in order. Each returns what the next one needs, or fails the
//! whole.

use std::path::{Path, PathBuf};

use attestry_proof::{
    cose::{SignedStatement, Subject, key::encode_key_set},
    hash::Hash,
    key::PublicKey,
    log::{
        note::VerifierKey,
        tree::verify_consistency,
        trust::{TrustPolicy, TrustedCheckpoint},
    },
    payload::{
        Payload,
        withdrawal::{Purpose, Scope, WithdrawalReason},
    },
};
use attestry_verify::{Report, Verdict};
use uuid::Uuid;

use super::{
    Running, Stage,
    packs::{self, COUNSEL, Handed},
    review::{self, REVIEWER, Reviewed},
    samples::{self, Sample},
    search,
    takedown::{self, OFFICE, OFFICERS, TakenDown},
};
use crate::{
    cli::{
        client::{Client, write},
        output::{Failure, Output},
        pin::Pin,
        register::register,
        submit::{self, SearchOptions, Submission, Submitted},
        withdraw,
    },
    entropy::OsEntropy,
    http::routes::{keys::PersonRequest, programs::OpenRequest},
    keys::{LocalSigner, Signer as _, file},
};

/// What the demonstration found, for `--json`.
#[derive(serde::Serialize)]
pub struct Facts {
    /// Entries in the log at the end.
    pub entries: u64,
    /// Pieces of work submitted.
    pub submissions: usize,
    /// Statements verified offline.
    pub verified: usize,
    /// What the reviews came to.
    pub review: Reviewed,
    /// What was said of the statement with one byte changed.
    pub refusal: String,
    /// Sizes between which the log was proven consistent.
    pub consistent: (u64, u64),
    /// The pack that was handed over before.
    pub pack: Handed,
    /// What became of the objection.
    pub taken_down: TakenDown,
    /// Folder with everything.
    pub made: PathBuf,
}

/// A submission of the demonstration.
pub(super) struct Piece {
    pub id: Uuid,
    pub sample: String,
    pub owner: &'static str,
    statements: Vec<Submitted>,
}

pub async fn play(stage: &Stage, output: &Output) -> Result<Facts, Failure> {
    let made = stage.made();
    output.heading("1. A service starts, with keys of its own and an empty log");
    let running = stage.start().await?;
    let trust = write_trust(&running, &made, output).await?;

    output
        .heading("2. Members enrol: an administrator by a one-time link, the others by invitation");
    enroll(&running, &made, output).await?;

    output.heading("3. Contractors submit real work: they search, attest, sign and send");
    let pieces = submit(&running, &made, output).await?;
    collect(&running, &made, &pieces).await?;
    search::searched_again(&running, &made, &pieces, output).await?;

    output.heading("4. Rules decide: who may review, and what may be used for which purpose");
    let review = review::review(&running, &made, &pieces, output).await?;

    output.heading(
        "5. The service is switched off. From here on, only files and the trust policy count",
    );
    let before = Client::new(&running.url)?.checkpoint().await?;
    write(&made.join("checkpoint"), &before)?;
    running.stop().await?;
    let verified = verify(&made, output)?;

    output.heading("6. Somebody changes one byte");
    let refusal = tamper(&made, &pieces, output)?;

    output.heading(
        "7. The service starts again, and more is logged: a contractor takes one consent back",
    );
    let running = stage.start().await?;
    withdraw(&running, &made, &pieces, output).await?;
    let consistent = prove_consistency(&running, &trust, &before, output).await?;
    running.stop().await?;

    output.heading("8. Somebody objects, two officers decide, and content is destroyed");
    let backup = takedown::back_up(stage)?;
    let running = stage.start().await?;
    let pack = packs::hand_over(&running, &made, &pieces, output).await?;
    let taken_down = takedown::take_down(&running, &made, &pieces, output).await?;
    let entries = Client::new(&running.url)?.about().await?.size;
    running.stop().await?;
    output.line("  what was proved before stays proved, about what was erased too:");
    verify(&made, output)?;
    packs::still_proves(&pack, &made, output)?;

    output.heading("9. In a copy of the whole, a backup of keys and files from before is put back");
    let (_copy, copied) = takedown::restored(backup.path(), stage)?;
    let running = copied.start().await?;
    takedown::still_gone(&running, &made, (&pieces, &taken_down), output).await?;
    running.stop().await?;
    Ok(Facts {
        entries,
        submissions: pieces.len(),
        verified,
        review,
        refusal,
        consistent,
        pack,
        taken_down,
        made,
    })
}

async fn write_trust(
    running: &Running,
    made: &Path,
    output: &Output,
) -> Result<TrustPolicy, Failure> {
    let about = Client::new(&running.url)?.about().await?;
    let key = VerifierKey::parse(&about.note_vkey).map_err(Failure::service)?;
    let policy = TrustPolicy::of_log(&key, None).map_err(Failure::service)?;
    write(&made.join("trust.policy"), &policy.to_bytes())?;
    output.good(format_args!("{} listens at {}", about.origin, running.url));
    output.line(format_args!("  entries 0 and 1 name its keys and its policies; log key {key}"));
    Ok(policy)
}

fn key_path(made: &Path, member: &str) -> PathBuf {
    made.join("keys").join(format!("{member}.pem"))
}

fn signer(made: &Path, member: &str) -> Result<LocalSigner, Failure> {
    file::read_or_create(&key_path(made, member), &OsEntropy).map_err(Failure::usage)
}

/// A member's client. Everybody holds the service against the trust policy, not against
/// what it says of itself.
pub(super) async fn client(
    running: &Running,
    made: &Path,
    member: &str,
) -> Result<Client, Failure> {
    let pin = Pin::read(&made.join("trust.policy"))?;
    Client::pinned(&running.url, signer(made, member)?, pin).await
}

fn person(member: &str) -> PersonRequest {
    PersonRequest { name: member.to_owned(), email: format!("{member}@example.org") }
}

const CONTRACTORS: [&str; 2] = ["tomas", "amara"];

async fn enroll(running: &Running, made: &Path, output: &Output) -> Result<(), Failure> {
    let invitation = running.invitation.as_ref();
    let code = &invitation.ok_or_else(|| Failure::service("the log is not new"))?.code;
    let admin = client(running, made, "admin").await?;
    let answer = admin.enroll(code).await?;
    output.good(format_args!(
        "admin  is entry {}, key {}",
        answer.registered.index, answer.key.thumbprint
    ));
    let terms = OpenRequest {
        name: "demo".into(),
        clearance_policy: "standard".into(),
        allowed_risk: "low".into(),
        title: Some("Samples of built-in work".into()),
        client: None,
    };
    admin.open_program(&terms).await?;
    let contractors = CONTRACTORS.map(|member| (member, "contractor", "demo"));
    let officers = OFFICERS.map(|member| (member, "legal", OFFICE));
    let members = contractors
        .into_iter()
        .chain([(REVIEWER, "reviewer", "demo"), (COUNSEL, "legal", "demo")])
        .chain(officers);
    for (member, role, program) in members {
        let person = person(member);
        let invited = admin.invite(&[role.to_owned()], program, Some(person)).await?;
        let client = client(running, made, member).await?;
        let answer = client.enroll(&invited.code).await?;
        output.good(format_args!(
            "{member}  is entry {}, key {}",
            answer.registered.index, answer.key.thumbprint
        ));
    }
    Ok(())
}

async fn submit(running: &Running, made: &Path, output: &Output) -> Result<Vec<Piece>, Failure> {
    let quiet = Output::new(true);
    let mut pieces = Vec::new();
    let unpacked = samples::unpack(&made.join("samples"))?;
    if let Some(first) = unpacked.first() {
        search::unredacted(running, made, (CONTRACTORS[0], first), output).await?;
    }
    for (number, sample) in unpacked.into_iter().enumerate() {
        let owner = CONTRACTORS[number % CONTRACTORS.len()];
        let client = client(running, made, owner).await?;
        let out = made.join("submissions").join(&sample.name);
        let Sample { name, request, deliverable, answers } = sample;
        let (request, deliverable) = ([request], [deliverable]);
        let submission = Submission {
            request: &request,
            deliverable: &deliverable,
            answers: &answers,
            out: &out,
            amends: None,
            search: SearchOptions { unread: Some(search::UNREAD), ..SearchOptions::default() },
            quiet: false,
        };
        let prepared = submit::prepare(&client, &submission, &quiet, |_| Ok(())).await?;
        let statements = submit::finish(&client, &submission, &prepared, &quiet).await?;
        let files: usize = prepared.sources.len() - prepared.manifests.len() - 1;
        output.good(format_args!(
            "{owner}  {name:<22} {files:>3} files, {} statements, entries {}–{}",
            statements.len(),
            statements.first().map_or(0, |statement| statement.index),
            statements.last().map_or(0, |statement| statement.index),
        ));
        pieces.push(Piece { id: prepared.id, sample: name, owner, statements });
    }
    Ok(pieces)
}

/// Gathers every statement and payload where one command verifies them all.
async fn collect(running: &Running, made: &Path, pieces: &[Piece]) -> Result<(), Failure> {
    let copy = |from: &Path, to: &Path| write(to, &read(from)?);
    for piece in pieces {
        let out = made.join("submissions").join(&piece.sample);
        for statement in &piece.statements {
            let name = statement.file.file_name().unwrap_or_default();
            copy(&statement.file, &made.join("statements").join(name))?;
            let payload = format!("{}.json", statement.payload);
            copy(&out.join("payloads").join(&payload), &made.join("payloads").join(&payload))?;
        }
    }
    let mut keys: Vec<PublicKey> = Vec::new();
    for member in ["admin", REVIEWER].into_iter().chain(CONTRACTORS) {
        let client = client(running, made, member).await?;
        submit::write_context(&client, made).await?;
        keys.push(client.signer()?.public_key());
    }
    keys.extend(service_keys(made)?);
    write(&made.join("keys.cbor"), &encode_key_set(&keys))
}

/// The service's keys, out of the genesis that was just written.
fn service_keys(made: &Path) -> Result<Vec<PublicKey>, Failure> {
    let path = made.join("statements").join(format!("{:08}-genesis.cose", 0));
    let (statement, _) = SignedStatement::parse(&read(&path)?).map_err(Failure::service)?;
    let payload =
        read(&made.join("payloads").join(format!("{}.json", statement.payload_digest())))?;
    match Payload::parse(&payload, false).map_err(Failure::service)? {
        Payload::Genesis(genesis) => Ok(vec![
            genesis.body().service_key.public_key.0,
            genesis.body().receipt_key.public_key.0,
        ]),
        other => Err(Failure::service(format!("entry 0 is a {}, not the genesis", other.kind()))),
    }
}

/// Runs the offline verifier over what people hold: no socket, no clock, no trust in the service.
fn offline(paths: Vec<PathBuf>, made: &Path) -> Result<Report, Failure> {
    let trust = made.join("trust.policy");
    let arguments = attestry_verify::Arguments::of(paths, trust);
    attestry_verify::run(&arguments).map_err(Failure::usage)
}

fn verify(made: &Path, output: &Output) -> Result<usize, Failure> {
    let report = offline(
        vec![made.join("statements"), made.join("payloads"), made.join("checkpoint")],
        made,
    )?;
    if !report.verified {
        return Err(Failure::refused(format!(
            "offline verification failed:\n{}",
            report.to_text(false)
        )));
    }
    let count = report.statements.len();
    output.good(format_args!(
        "{count} statements verified offline: signatures, payloads, positions, checkpoint"
    ));
    Ok(count)
}

/// Changes one bit of a payload, then one of a statement. Neither may verify.
fn tamper(made: &Path, pieces: &[Piece], output: &Output) -> Result<String, Failure> {
    let effort =
        pieces.first().and_then(|piece| piece.statements.iter().find(|one| one.kind == "effort"));
    let effort =
        effort.ok_or_else(|| Failure::usage("the first sample has no effort statement"))?;
    let payload = made.join("payloads").join(format!("{}.json", effort.payload));
    let genesis = made.join("statements").join(format!("{:08}-genesis.cose", 0));
    let forged = tempfile::tempdir().map_err(Failure::usage)?;

    // The hours claimed: another digit, and still well-formed.
    let mut bytes = read(&payload)?;
    let minutes = position_after(&bytes, b"\"minutes\":")
        .ok_or_else(|| Failure::usage("no minutes are stated"))?;
    bytes[minutes + 1] ^= 0x01;
    let name = effort.file.with_extension("json");
    let changed = forged.path().join(name.file_name().unwrap_or_default());
    write(&changed, &bytes)?;
    refused("the time claimed in a payload", vec![changed, effort.file.clone()], made, output)?;

    let mut bytes = read(&effort.file)?;
    let (statement, _) = SignedStatement::parse(&bytes).map_err(Failure::service)?;
    let signature = position_after(&bytes, statement.signature())
        .ok_or_else(|| Failure::usage("no signature"))?;
    bytes[signature - 1] ^= 0x01;
    let changed = forged.path().join("statement.cose");
    write(&changed, &bytes)?;
    refused("the signature on a statement", vec![changed, genesis], made, output)
}

/// Where the first occurrence of `needle` ends.
fn position_after(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle).map(|at| at + needle.len())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn refused(
    what: &str,
    paths: Vec<PathBuf>,
    made: &Path,
    output: &Output,
) -> Result<String, Failure> {
    let reason = match offline(paths, made) {
        Ok(report) if report.verified => {
            return Err(Failure::refused(format!(
                "one bit of {what} was changed, and it still verified"
            )));
        }
        Ok(report) => reason(&report),
        Err(unusable) => unusable.to_string(),
    };
    output.good(format_args!("one bit of {what} changed; refused: {reason}"));
    Ok(reason)
}

/// The first thing that a report holds against its input.
fn reason(report: &Report) -> String {
    let failed =
        report.statements.iter().filter(|statement| statement.verdict != Verdict::Verified);
    let statements = failed.flat_map(|statement| statement.reasons.iter().cloned());
    let unmatched = report.unmatched.iter().map(|item| item.kind.sentence().to_owned());
    statements.chain(unmatched).next().unwrap_or_else(|| "it is not verified".to_owned())
}

async fn withdraw(
    running: &Running,
    made: &Path,
    pieces: &[Piece],
    output: &Output,
) -> Result<(), Failure> {
    let piece =
        pieces.first().ok_or_else(|| Failure::usage("there are no samples in this program"))?;
    let client = client(running, made, piece.owner).await?;
    let catalogue = submit::catalogue(&client).await?;
    let scope = Scope::Purposes(vec![Purpose::Training]);
    let details = (WithdrawalReason::ChangedMind, false);
    let draft = withdraw::draft(&client, &catalogue, piece.id, scope, details, None).await?;
    let out = made.join("submissions").join(&piece.sample);
    let (registered, _) = register(&client, Subject::Submission(piece.id), &draft, &out).await?;
    output.good(format_args!(
        "{} withdraws consent to training for {}: entry {}",
        piece.owner, piece.sample, registered.index
    ));
    let state = client.submission(piece.id).await?;
    output.line(format_args!(
        "  at once it is cleared for {} only, and a public statement says so",
        state.cleared_for.join(", ")
    ));
    match state.cleared_for.iter().any(|purpose| purpose == Purpose::Training.as_str()) {
        true => Err(Failure::refused("consent was withdrawn, and yet it is still cleared")),
        false => Ok(()),
    }
}

async fn prove_consistency(
    running: &Running,
    trust: &TrustPolicy,
    before: &[u8],
    output: &Output,
) -> Result<(u64, u64), Failure> {
    let client = Client::new(&running.url)?;
    let old = trusted(trust, before)?;
    // Checkpoints come once a second.
    let mut new = trusted(trust, &client.checkpoint().await?)?;
    for _ in 0..50 {
        if new.checkpoint().size() > old.checkpoint().size() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        new = trusted(trust, &client.checkpoint().await?)?;
    }
    let (from, to) = (old.checkpoint().size(), new.checkpoint().size());
    if to <= from {
        return Err(Failure::service("no checkpoint covers what was logged last"));
    }
    let path: Vec<Hash> = client.consistency(from.0, to.0).await?;
    verify_consistency(from, &old.checkpoint().root(), to, &new.checkpoint().root(), &path)
        .map_err(|error| Failure::refused(format!("the log rewrote its history: {error}")))?;
    output.good(format_args!(
        "the log of {to} entries continues the log of {from}: {} hashes prove that nothing was rewritten",
        path.len()
    ));
    Ok((from.0, to.0))
}

fn trusted(trust: &TrustPolicy, checkpoint: &[u8]) -> Result<TrustedCheckpoint, Failure> {
    trust
        .evaluate(checkpoint)
        .map_err(|error| Failure::refused(format!("the checkpoint is not trusted: {error}")))
}
