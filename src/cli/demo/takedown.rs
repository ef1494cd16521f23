//! The end of the demonstration: somebody objects, two officers decide, content is destroyed, and no
//! backup brings it back.

use std::{collections::BTreeMap, path::Path, time::Duration};

use attestry_proof::{
    cose::Subject,
    hash::Hash,
    payload::{Official, OfficialBody, Payload, case::CaseState, text::Passage},
};
use uuid::Uuid;
use walkdir::WalkDir;

use super::{
    Running, Stage,
    steps::{Piece, client},
};
use crate::{
    cli::{
        client::Client,
        office::Signing,
        output::{Failure, Output},
        register::register,
        submit,
        takedown::{
            case::{Next, agreement, next_step},
            draft,
        },
    },
    config::Storage,
    http::routes::notices::NoticeRequest,
    keys::file::create_private_directory,
};

/// Who decides in the demonstration: officers of the program that handles notices from outside.
pub const OFFICERS: [&str; 2] = ["lena", "otto"];
/// Where they are officers.
pub const OFFICE: &str = "operations";

/// Parts of a data directory that a backup of keys and content has.
const BACKED_UP: [&str; 4] = ["keyring.db", "keyring.db-wal", "kek", "vault"];
/// Longest wait for what the service does by itself, in tenths of a second.
const TENTHS_MAX: u32 = 300;

/// What became of the objection.
#[derive(serde::Serialize)]
pub struct TakenDown {
    /// The case.
    pub case: Uuid,
    /// What it concerned.
    pub submission: Uuid,
    /// What somebody who asks for the content is told afterwards.
    pub refusal: String,
}

/// What is there of somebody's work, as whoever has it sees it.
struct Target<'a> {
    piece: &'a Piece,
    /// A stored file of it.
    file: Hash,
}

/// Copies keys and content, as an operator's backup would, while the service is off.
pub fn back_up(stage: &Stage) -> Result<tempfile::TempDir, Failure> {
    let backup = tempfile::tempdir().map_err(Failure::usage)?;
    copy_parts(&stage.storage.data, backup.path())?;
    Ok(backup)
}

/// A second copy of the whole, in which keys and content are those of the backup; what the log and its
/// guard know is newer.
pub fn restored(backup: &Path, stage: &Stage) -> Result<(tempfile::TempDir, Stage), Failure> {
    let place = tempfile::tempdir().map_err(Failure::usage)?;
    let storage = Storage::new(place.path().join("data"), None);
    copy_tree(&stage.storage.data, &storage.data)?;
    copy_tree(&stage.storage.guard, &storage.guard)?;
    for part in BACKED_UP.map(|name| storage.data.join(name)) {
        let removed =
            if part.is_dir() { std::fs::remove_dir_all(&part) } else { remove_file(&part) };
        removed.map_err(Failure::usage)?;
    }
    copy_parts(backup, &storage.data)?;
    Ok((place, Stage { storage, listen: stage.listen }))
}

fn remove_file(path: &Path) -> std::io::Result<()> {
    if path.exists() { std::fs::remove_file(path) } else { Ok(()) }
}

fn copy_parts(from: &Path, to: &Path) -> Result<(), Failure> {
    let parts = BACKED_UP.iter().filter(|name| from.join(name).exists());
    parts.into_iter().try_for_each(|name| copy_tree(&from.join(name), &to.join(name)))
}

/// Copies a file, or a folder with everything in it; folders for keys stay closed to others.
fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(Failure::usage)?;
        let name = entry.path().strip_prefix(from).map_err(Failure::usage)?;
        let target = if name.as_os_str().is_empty() { to.to_path_buf() } else { to.join(name) };
        let copied = if entry.file_type().is_dir() {
            create_private_directory(&target)
        } else {
            std::fs::copy(entry.path(), &target).map(drop)
        };
        copied.map_err(|error| Failure::usage(format!("{}: {error}", target.display())))?;
    }
    Ok(())
}

/// From the notice to the erasure.
pub async fn take_down(
    running: &Running,
    made: &Path,
    pieces: &[Piece],
    output: &Output,
) -> Result<TakenDown, Failure> {
    let piece = pieces.last();
    let piece = piece.ok_or_else(|| Failure::usage("there are no samples in this program"))?;
    let [first, second] = OFFICERS;
    let case = object(running, piece, output).await?;
    let office = Office { running, made, case };
    let target = office.target(piece).await?;
    office.reaches(CaseState::Acknowledged).await?;

    office.step(first, CaseState::Triaged, "content-identified", None, Some(piece.id)).await?;
    office.step(first, CaseState::Quarantined, "content-locked", None, None).await?;
    let refused = target.refused(running, made).await?;
    output.good(format_args!(
        "{first} finds {} and locks it: {} is refused at once",
        piece.sample, piece.owner
    ));
    output.line(format_args!("  {refused}"));

    office.step(first, CaseState::Reviewing, "review-begun", None, None).await?;
    let because = "The plan names a person who never agreed to that.";
    office.step(first, CaseState::Upheld, "erasure-due", Some(because), None).await?;
    output.good(format_args!("{first} decides, and says why: {because}"));
    let alone = office.step(first, CaseState::Remediating, "erasure-approved", None, None).await;
    let Err(alone) = alone else {
        return Err(Failure::refused("one officer alone could have content destroyed"));
    };
    output.good(format_args!("{first} alone cannot have it destroyed:"));
    output.line(format_args!("  {alone}"));
    office.agree(second).await?;
    office.step(first, CaseState::Remediating, "erasure-approved", None, None).await?;
    office.reaches(CaseState::Closed).await?;
    output.good(format_args!(
        "{second} agrees; the keys and the files are destroyed, and the case is closed"
    ));
    let refusal = target.refused(running, made).await?;
    output.line(format_args!("  {} asks for the file: {refusal}", piece.owner));
    Ok(TakenDown { case, submission: piece.id, refusal })
}

/// After the restore: still refused.
pub async fn still_gone(
    running: &Running,
    made: &Path,
    (pieces, taken): (&[Piece], &TakenDown),
    output: &Output,
) -> Result<(), Failure> {
    for piece in pieces {
        let owner = client(running, made, piece.owner).await?;
        let state = owner.submission(piece.id).await?;
        let file = state.manifests.first().and_then(|it| Hash::from_hex(&it.openings));
        match (file, piece.id == taken.submission) {
            (None, true) => {}
            (Some(file), false) => drop(owner.file(piece.id, file).await?),
            (Some(_), true) => {
                return Err(Failure::refused("a backup brought back what was erased"));
            }
            (None, false) => return Err(Failure::refused("something else is gone as well")),
        }
    }
    output
        .good("what was erased was erased again before anything was served; everything else opens");
    Ok(())
}

async fn object(running: &Running, piece: &Piece, output: &Output) -> Result<Uuid, Failure> {
    let fields = [
        ("claimant", "Ingrid Exempel"),
        ("contact-email", "ingrid@example.org"),
        ("relation", "I am named in it, with the address where I live."),
        ("material", piece.sample.as_str()),
        ("erasure-ground", "d"),
    ];
    let fields: BTreeMap<String, String> =
        fields.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let notice = NoticeRequest { ground: "gdpr-erasure".into(), fields, files: Vec::new() };
    let sent = Client::new(&running.url)?.send_notice(&notice).await?;
    output.good(format_args!(
        "somebody without an account asks to have their data erased: case {}",
        sent.case
    ));
    output.line("  they got a link that follows the case, and nobody else can guess");
    Ok(sent.case)
}

/// The officers and their case.
struct Office<'a> {
    running: &'a Running,
    made: &'a Path,
    case: Uuid,
}

impl Office<'_> {
    async fn client(&self, officer: &str) -> Result<Client, Failure> {
        Ok(client(self.running, self.made, officer).await?.for_purpose("case"))
    }

    async fn target<'p>(&self, piece: &'p Piece) -> Result<Target<'p>, Failure> {
        let owner = client(self.running, self.made, piece.owner).await?;
        let manifests = owner.submission(piece.id).await?.manifests;
        let file = manifests.first().and_then(|manifest| Hash::from_hex(&manifest.openings));
        let file = file.ok_or_else(|| Failure::service("the submission has no files"))?;
        owner.file(piece.id, file).await?;
        Ok(Target { piece, file })
    }

    async fn step(
        &self,
        officer: &str,
        to: CaseState,
        reason: &str,
        because: Option<&str>,
        concerns: Option<Uuid>,
    ) -> Result<(), Failure> {
        let client = self.client(officer).await?;
        let next = Next {
            to,
            reason: reason.parse().map_err(Failure::usage)?,
            statement: because.map(Passage::new).transpose().map_err(Failure::usage)?,
            lines: concerns.iter().map(Uuid::to_string).collect(),
            evidence: Vec::new(),
            ground: None,
        };
        let body = next_step(&client, self.case, next).await?;
        self.say(&client, body).await
    }

    async fn agree(&self, officer: &str) -> Result<(), Failure> {
        let client = self.client(officer).await?;
        let body = agreement(&client.case(self.case).await?, None)?;
        self.say(&client, body).await
    }

    async fn say<B: OfficialBody>(&self, client: &Client, body: B) -> Result<(), Failure>
    where
        Payload: From<Official<B>>,
    {
        // What is said in the case is for officers: it is not among what the owner holds.
        let kept = self.made.join("case");
        let catalogue = submit::catalogue(client).await?;
        let payload = draft(&catalogue, body, &Signing::unasked(kept.clone()))?;
        // What is refused is no evidence, and has no place among what is.
        let passing = tempfile::tempdir().map_err(Failure::usage)?;
        let _registered =
            register(client, Subject::Submission(self.case), &payload, passing.path()).await?;
        copy_tree(passing.path(), &kept)
    }

    async fn reaches(&self, state: CaseState) -> Result<(), Failure> {
        let client = self.client(OFFICERS[0]).await?;
        for _ in 0..TENTHS_MAX {
            if client.case(self.case).await?.case.state == state.as_str() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Failure::service(format!("the case was not {state} in time")))
    }
}

impl Target<'_> {
    /// What the owner is told who asks for a file.
    async fn refused(&self, running: &Running, made: &Path) -> Result<String, Failure> {
        let owner = client(running, made, self.piece.owner).await?;
        match owner.file(self.piece.id, self.file).await {
            Ok(_) => Err(Failure::refused("the file is still there for its owner")),
            Err(refused) => Ok(refused.to_string()),
        }
    }
}
