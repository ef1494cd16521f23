//! Drafting and signing a submission, and taking up one that was signed before.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::{
        ContentType, Header, SignedStatement, Subject, UnsignedStatement, statement::Algorithm,
    },
    hash::Hash,
    key::Thumbprint,
    manifest::{Manifest, Role},
    payload::{
        Payload,
        envelope::{ManifestCommitment, Tool},
        fields::{Digest, Timestamp},
        text::Line,
    },
};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Submission, files, new_id,
    search::{Searched, report_path},
    upload::Source,
};
use crate::{
    cli::{answers::Context, client::write, output::Failure},
    clock::{Clock as _, SystemClock},
    entropy::Entropy,
    keys::{LocalSigner, Signer as _},
};

/// A submission before it is signed.
pub(super) struct Draft {
    id: Uuid,
    sides: Vec<files::Side>,
    report: Vec<u8>,
    /// What will be signed, in order.
    pub payloads: Vec<Payload>,
}

/// A signed submission, on disk under the output directory.
#[derive(Debug)]
pub struct Prepared {
    /// Its id.
    pub id: Uuid,
    /// Statements and their payloads, in order.
    pub statements: Vec<(SignedStatement, Payload)>,
    /// Files to send, the openings among them.
    pub sources: Vec<Source>,
    /// Commitment and SHA-256 of the openings of each side.
    pub manifests: Vec<(Hash, Hash)>,
}

/// What `submission.json` says: enough to take the submission up again.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    submission: Uuid,
    origin: String,
    issuer: String,
    /// Entries as signed, by file name below `signed/`, in order.
    signed: Vec<String>,
}

const RECORD: &str = "submission.json";
const ROLES: [Role; 2] = [Role::Request, Role::Deliverable];

/// The files of both sides.
pub(super) fn find(submission: &Submission<'_>) -> Result<[Vec<files::LocalFile>; 2], Failure> {
    Ok([files::find(submission.request)?, files::find(submission.deliverable)?])
}

/// Hashes the files and fills in every payload.
pub(super) fn draft(
    submission: &Submission<'_>,
    found: &[Vec<files::LocalFile>; 2],
    (catalogue, searched): (&ClauseCatalogue, &Searched),
    entropy: &dyn Entropy,
    progress: &ProgressBar,
) -> Result<Draft, Failure> {
    progress.set_length(found.iter().flatten().map(|file| file.size).sum());
    let mut sides = Vec::with_capacity(2);
    for (role, found) in ROLES.into_iter().zip(found) {
        let side = files::hash(role, found, entropy, progress)?;
        for file in side.manifest.files() {
            if !searched.contains(&file.path, file.sha256) {
                return Err(Failure::usage(format!(
                    "{} changed after it was searched; try again",
                    file.path
                )));
            }
        }
        sides.push(side);
    }
    let id = submission.amends.map_or_else(|| new_id(entropy), |newest| newest.submission);
    let manifests: Vec<ManifestCommitment> =
        sides.iter().map(|side| commitment(&side.manifest)).collect();
    let now = Timestamp::new(SystemClock.now())
        .ok_or_else(|| Failure::usage("the clock is outside the years 1 to 9999"))?;
    let tool = tool()?;
    let amends = submission.amends;
    let context = Context {
        subject: id,
        manifests: &manifests,
        catalogue,
        searched,
        now,
        tool: &tool,
        amends,
    };
    let salt = || {
        let mut salt = [0; 32];
        entropy.fill(&mut salt);
        salt
    };
    let mut payloads = Vec::new();
    for side in &sides {
        payloads.push(
            submission
                .answers
                .manifest(&context, &side.manifest, salt())
                .map_err(Failure::usage)?,
        );
    }
    payloads.extend(submission.answers.attestations(&context, salt).map_err(Failure::usage)?);
    Ok(Draft { id, sides, report: searched.report().to_vec(), payloads })
}

fn commitment(manifest: &Manifest) -> ManifestCommitment {
    ManifestCommitment {
        role: manifest.role(),
        commitment: Digest(manifest.commitment()),
        count: manifest.count(),
    }
}

/// This program, as payloads name it.
pub(in crate::cli) fn tool() -> Result<Tool, Failure> {
    let line =
        |text: &str| Line::new(text).map_err(|error| Failure::usage(format!("{text}: {error}")));
    Ok(Tool { name: line("attestry")?, version: line(env!("CARGO_PKG_VERSION"))? })
}

impl Draft {
    /// Signs every payload and writes payloads, openings and entries below `out` before anything is
    /// sent.
    pub(super) fn sign(
        self,
        signer: &LocalSigner,
        origin: &str,
        out: &Path,
    ) -> Result<Prepared, Failure> {
        let issued_at = SystemClock.now().timestamp();
        let mut statements = Vec::with_capacity(self.payloads.len());
        let mut names = Vec::with_capacity(self.payloads.len());
        for (number, payload) in self.payloads.into_iter().enumerate() {
            let statement =
                sign(signer, origin, Subject::Submission(self.id), issued_at, &payload)?;
            let name = format!("{number:02}-{}.cose", payload.kind());
            let digest = statement.payload_digest();
            write(&out.join("payloads").join(format!("{digest}.json")), &payload.to_bytes())?;
            write(&out.join("signed").join(&name), &statement.entry_bytes())?;
            names.push(name);
            statements.push((statement, payload));
        }
        let mut sources = Vec::new();
        let mut manifests = Vec::new();
        for side in self.sides {
            let bytes = side.manifest.to_openings();
            let path = openings_path(out, side.manifest.role());
            write(&path, &bytes)?;
            manifests.push((side.manifest.commitment(), Hash::of(&bytes)));
            sources.extend(side.sources);
            sources.push((Hash::of(&bytes), path, bytes.len() as u64));
        }
        write(&report_path(out), &self.report)?;
        sources.push(report_source(out)?);
        let issuer = signer.public_key().thumbprint().to_string();
        // Last, so that it names only what is there.
        let record =
            Record { submission: self.id, origin: origin.to_owned(), issuer, signed: names };
        let record = serde_json::to_vec_pretty(&record).map_err(Failure::usage)?;
        write(&out.join(RECORD), &record)?;
        Ok(Prepared { id: self.id, statements, sources, manifests })
    }
}

/// Signs one payload as a statement.
pub fn sign(
    signer: &LocalSigner,
    origin: &str,
    subject: Subject,
    issued_at: i64,
    payload: &Payload,
) -> Result<SignedStatement, Failure> {
    let header = Header {
        algorithm: Algorithm::EdDsa,
        issuer: signer.public_key().thumbprint(),
        subject,
        audience: origin.to_owned(),
        issued_at,
        content_type: ContentType::Sealed,
    };
    let unsigned =
        UnsignedStatement::new(header, Hash::of(&payload.to_bytes())).map_err(Failure::usage)?;
    let signature = signer.sign(&unsigned.to_be_signed()).map_err(Failure::usage)?;
    Ok(unsigned.attach(signature))
}

/// The report of the search, which is sent with the files.
fn report_source(out: &Path) -> Result<Source, Failure> {
    let path = report_path(out);
    let bytes = read(&path)?;
    Ok((Hash::of(&bytes), path, bytes.len() as u64))
}

fn openings_path(out: &Path, role: Role) -> PathBuf {
    out.join("openings").join(format!("{}.json", role.as_str()))
}

impl Prepared {
    /// Where the openings of its manifests are.
    pub(super) fn openings(&self, out: &Path) -> [PathBuf; 2] {
        ROLES.map(|role| openings_path(out, role))
    }

    /// What an earlier run signed under the same output directory; `None` if there was none.
    pub(super) fn read(
        submission: &Submission<'_>,
        issuer: Thumbprint,
        origin: &str,
    ) -> Result<Option<Self>, Failure> {
        let out = submission.out;
        let path = out.join(RECORD);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::usage(format!("{}: {error}", path.display()))),
        };
        let unusable = |reason: String| {
            Failure::usage(format!("{}: {reason}; use another --out", path.display()))
        };
        let record: Record =
            serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
        if record.issuer != issuer.to_string() {
            return Err(unusable("it was signed by another key".into()));
        }
        if record.origin != origin {
            return Err(unusable(format!(
                "it was signed for the log {}, and this is {origin}",
                record.origin
            )));
        }
        let mut statements = Vec::new();
        for name in &record.signed {
            let entry = read(&out.join("signed").join(name))?;
            let statement = SignedStatement::parse_entry(&entry)
                .map_err(|error| unusable(error.to_string()))?;
            let payload =
                read(&out.join("payloads").join(format!("{}.json", statement.payload_digest())))?;
            let payload =
                Payload::parse(&payload, true).map_err(|error| unusable(error.to_string()))?;
            statements.push((statement, payload));
        }
        let (mut sources, manifests) = unchanged_sources(submission, &unusable)?;
        sources.push(report_source(out)?);
        Ok(Some(Self { id: record.submission, statements, sources, manifests }))
    }
}

type Sources = (Vec<Source>, Vec<(Hash, Hash)>);

/// Where the files of the signed manifests are now; they must still be what was signed.
fn unchanged_sources(
    submission: &Submission<'_>,
    unusable: &dyn Fn(String) -> Failure,
) -> Result<Sources, Failure> {
    let mut sources = Vec::new();
    let mut manifests = Vec::new();
    for (role, paths) in ROLES.into_iter().zip([submission.request, submission.deliverable]) {
        let path = openings_path(submission.out, role);
        let openings = read(&path)?;
        let manifest =
            Manifest::parse_openings(&openings).map_err(|error| unusable(error.to_string()))?;
        let found = files::find(paths)?;
        let found: HashMap<&str, &files::LocalFile> =
            found.iter().map(|file| (file.name.as_str(), file)).collect();
        for record in manifest.files() {
            let file = found.get(record.path.as_str()).filter(|file| file.size == record.size);
            let file = file.ok_or_else(|| {
                unusable(format!("{} is not there as it was signed", record.path))
            })?;
            sources.push((record.sha256, file.path.clone(), record.size));
        }
        manifests.push((manifest.commitment(), Hash::of(&openings)));
        sources.push((Hash::of(&openings), path, openings.len() as u64));
    }
    Ok((sources, manifests))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
