//! Audit packs: held against their index, its signature and their statements.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use attestry_proof::cose::{ContentType, SignedStatement, StatementError, Subject};
use attestry_proof::custody::{CustodyRecord, PayloadState};
use attestry_proof::hash::Hash;
use attestry_proof::log::tree::verify_consistency;
use attestry_proof::log::trust::TrustedCheckpoint;
use attestry_proof::manifest::Manifest;
use attestry_proof::pack::{
    CHECKPOINT, CONSISTENCY, CUSTODY_CSV, CUSTODY_JSON, Evidence, FIRST_CHECKPOINT, INDEX,
    IndexError, KEYS, LOAD_FILE, OPENINGS, PAYLOADS, POLICIES, PackFault, PackFile, PackIndex,
    SIGNATURE, STATEMENTS, check_files, statement_path,
};
use attestry_proof::payload::Payload;
use attestry_proof::payload::fields::Digest;
use attestry_proof::size::TreeSize;
use serde::Serialize;

use crate::checkpoints::Judged;
use crate::input::ConsistencyPath;
use crate::verdict::{Finding, IssuerFact, PayloadFact, StatementVerdict, Verdict};
use crate::verifier::Verifier;

/// A pack with an index, as it was given.
#[derive(Debug)]
pub struct GivenPack {
    name: String,
    index: Result<PackIndex, IndexError>,
    index_sha256: Hash,
    signature: Option<Vec<u8>>,
    found: Vec<PackFile>,
    checkpoints: [Option<Vec<u8>>; 2],
    consistency: Option<ConsistencyPath>,
    evidence: Result<Evidence, PackFault>,
    policies: BTreeMap<String, Vec<u8>>,
}

/// Why a pack is not verified: the first thing that fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PackProblem {
    #[error("pack.json: {0}")]
    Index(IndexError),
    #[error(transparent)]
    Contents(PackFault),
    #[error("pack.cose is missing, or no signature")]
    NoSignature,
    #[error("pack.cose is not the signature of the log's service over pack.json: {0}")]
    Signature(&'static str),
    #[error("pack.cose does not verify: {0}")]
    SignatureInvalid(StatementError),
    #[error("the log's service key is not known: its genesis statement is not proven")]
    NoIdentity,
    #[error(
        "{path} is no checkpoint of the log, size and root that pack.json names, or is not trusted"
    )]
    Checkpoint { path: &'static str },
    #[error("consistency.json does not show that the newest checkpoint continues the first one")]
    Consistency,
    #[error(
        "{path} is not verified as the entry that its name says, in the log and at the size of the pack"
    )]
    Statement { path: String },
    #[error("nothing in the pack shows that whoever signed {path} was enrolled, and may say it")]
    Issuer { path: String },
}

impl PackProblem {
    const fn code(&self) -> &'static str {
        match self {
            Self::Index(_) => "pack-index",
            Self::Contents(_) => "pack-contents",
            Self::NoSignature | Self::Signature(_) | Self::SignatureInvalid(_) => "pack-signature",
            Self::NoIdentity => "log-keys-unknown",
            Self::Checkpoint { .. } => "pack-checkpoint",
            Self::Consistency => "pack-consistency",
            Self::Statement { .. } => "pack-statement",
            Self::Issuer { .. } => "pack-issuer",
        }
    }

    /// Something may be missing rather than wrong.
    const fn verdict(&self) -> Verdict {
        match self {
            Self::NoIdentity => Verdict::NotProven,
            _ => Verdict::Failed,
        }
    }
}

/// Whether clearance decisions of a pack were made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayOutcome {
    /// This program cannot.
    #[default]
    NotReplayed,
    /// The rules in the pack make the same decisions of the same facts.
    Agrees,
    /// They do not.
    Differs,
    /// A decision, or what it rests on, cannot be read.
    Unreadable,
    /// Nothing was decided.
    NothingDecided,
}

impl ReplayOutcome {
    /// A sentence about it, where there is something to say.
    pub(crate) const fn note(self) -> Option<&'static str> {
        match self {
            Self::NotReplayed => {
                Some("clearance decisions: not replayed; attestry verify makes them again")
            }
            Self::Agrees => {
                Some("clearance decisions: the rules in the pack decide the same again")
            }
            Self::Differs => Some("clearance decisions: the rules in the pack decide otherwise"),
            Self::Unreadable => {
                Some("clearance decisions: not every one can be read, nothing was guessed")
            }
            Self::NothingDecided => None,
        }
    }
}

/// What was found about a pack.
#[derive(Clone, Debug, Serialize)]
pub struct PackReport {
    /// The file.
    pub file: String,
    /// Whether everything in it is what its index, signature and statements say.
    pub verdict: Verdict,
    /// The submission; empty if the index cannot be read.
    pub subject: String,
    /// The position of the log that it is of.
    pub size: u64,
    /// For whom payloads were left out.
    pub reader: Option<String>,
    /// Events whose payload is there.
    pub readable: usize,
    /// Events whose payload was left out for the reader.
    pub withheld: usize,
    /// Events whose payload was erased before the pack was made.
    pub erased: usize,
    /// Which fault it is; stable.
    pub code: Option<&'static str>,
    /// The first thing that fails.
    pub fault: Option<String>,
    /// Whether decisions were made again.
    pub replay: ReplayOutcome,
    /// The pack itself, for whoever looks further into it.
    #[serde(skip)]
    pub given: Arc<GivenPack>,
}

impl GivenPack {
    /// A pack, if these entries have an index.
    pub(crate) fn of(
        name: &str,
        entries: &[(String, Vec<u8>)],
        natives: Vec<PackFile>,
        md5: BTreeMap<Hash, [u8; 16]>,
    ) -> Option<Self> {
        let entry = |path: &str| {
            let found = entries.iter().find(|(name, _)| name == path);
            found.map(|(_, bytes)| bytes.as_slice())
        };
        let index = match entry(INDEX) {
            Some(bytes) => bytes,
            None if entries.iter().any(|(path, _)| belongs_to_a_pack(path)) => &[],
            None => return None,
        };
        let mut found = natives;
        found.extend(entries.iter().filter(|(name, _)| name != INDEX && name != SIGNATURE).map(
            |(path, bytes)| PackFile {
                path: path.clone(),
                size: bytes.len() as u64,
                sha256: Digest(Hash::of(bytes)),
            },
        ));
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let policies = entries.iter().filter_map(|(path, bytes)| {
            Some((path.strip_prefix(POLICIES)?.to_owned(), bytes.clone()))
        });
        Some(Self {
            name: name.to_owned(),
            index: match index {
                [] => Err(IndexError::Missing),
                index => PackIndex::parse(index),
            },
            index_sha256: Hash::of(index),
            signature: entry(SIGNATURE).map(<[u8]>::to_vec),
            found,
            checkpoints: [CHECKPOINT, FIRST_CHECKPOINT].map(|path| entry(path).map(<[u8]>::to_vec)),
            consistency: entry(CONSISTENCY).and_then(ConsistencyPath::parse),
            evidence: read_evidence(entries, md5),
            policies: policies.collect(),
        })
    }

    /// Its index.
    #[must_use]
    pub fn index(&self) -> Option<&PackIndex> {
        self.index.as_ref().ok()
    }

    /// Its statements and what belongs to them, unverified.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref().ok()
    }

    /// Its policy files, by path under the digest of their bundle.
    #[must_use]
    pub const fn policies(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.policies
    }

    pub(crate) fn judge(
        self: &Arc<Self>,
        verifier: &Verifier,
        verdicts: &HashMap<&str, &StatementVerdict>,
    ) -> PackReport {
        let mut report = PackReport {
            file: self.name.clone(),
            verdict: Verdict::Verified,
            subject: String::new(),
            size: 0,
            reader: None,
            readable: 0,
            withheld: 0,
            erased: 0,
            code: None,
            fault: None,
            replay: ReplayOutcome::NotReplayed,
            given: Arc::clone(self),
        };
        if let Ok(index) = &self.index {
            report.subject = Subject::Submission(index.subject.0).uri();
            report.size = index.size;
            report.reader = Some(index.reader.as_str().to_owned());
        }
        match self.check(verifier, verdicts) {
            Ok(record) => report.count(&record),
            Err(problem) => {
                report.verdict = problem.verdict();
                report.code = Some(problem.code());
                report.fault = Some(problem.to_string());
            }
        }
        report
    }

    fn check(
        &self,
        verifier: &Verifier,
        verdicts: &HashMap<&str, &StatementVerdict>,
    ) -> Result<CustodyRecord, PackProblem> {
        let index = self.index.as_ref().map_err(|error| PackProblem::Index(error.clone()))?;
        check_files(index, &self.found).map_err(PackProblem::Contents)?;
        let evidence = self.evidence.as_ref().map_err(|f| PackProblem::Contents(f.clone()))?;
        self.check_position(index, verifier)?;
        for at in evidence.statements.keys() {
            let path = statement_path(*at);
            let verdict = verdicts.get(format!("{}/{path}", self.name).as_str());
            if !verdict.is_some_and(|verdict| is_here(verdict, *at, index)) {
                return Err(PackProblem::Statement { path });
            }
            if !verdict.is_some_and(|verdict| is_entitled(verdict)) {
                return Err(PackProblem::Issuer { path });
            }
        }
        self.check_signature(index, verifier)?;
        evidence.check(index).map_err(PackProblem::Contents)
    }

    /// The index is the service's.
    fn check_signature(&self, index: &PackIndex, verifier: &Verifier) -> Result<(), PackProblem> {
        let signature = self.signature.as_deref().ok_or(PackProblem::NoSignature)?;
        let signed =
            SignedStatement::parse_entry(signature).map_err(|_| PackProblem::NoSignature)?;
        let identity = verifier.identity(&index.origin).ok_or(PackProblem::NoIdentity)?;
        let header = signed.header();
        if header.content_type != ContentType::Pack {
            return Err(PackProblem::Signature("it is of another type"));
        }
        if header.audience != index.origin {
            return Err(PackProblem::Signature("it is for another log"));
        }
        if header.subject != Subject::Submission(index.subject.0) {
            return Err(PackProblem::Signature("it is about something else"));
        }
        if signed.payload_digest() != self.index_sha256 {
            return Err(PackProblem::Signature("it is over another index"));
        }
        if header.issuer != identity.service_key.thumbprint() {
            return Err(PackProblem::Signature("it is by another key"));
        }
        signed.verify(&identity.service_key).map_err(PackProblem::SignatureInvalid)
    }

    /// Both checkpoints are trusted and of one history, and the newest is what the index says.
    fn check_position(&self, index: &PackIndex, verifier: &Verifier) -> Result<(), PackProblem> {
        let trusted = |bytes: &Option<Vec<u8>>, path, size| {
            let judged = verifier.checkpoints.judge(bytes.as_deref().unwrap_or_default());
            let fault = PackProblem::Checkpoint { path };
            let Judged::Trusted(trusted) = judged.as_ref() else { return Err(fault) };
            let checkpoint = trusted.checkpoint();
            let fits = checkpoint.origin() == index.origin && checkpoint.size() == TreeSize(size);
            if fits { Ok(Arc::clone(trusted)) } else { Err(fault) }
        };
        let [newest, first] = &self.checkpoints;
        let newest: Arc<TrustedCheckpoint> = trusted(newest, CHECKPOINT, index.size)?;
        if newest.checkpoint().root() != index.root.0 {
            return Err(PackProblem::Checkpoint { path: CHECKPOINT });
        }
        let first = trusted(first, FIRST_CHECKPOINT, index.first_size)?;
        let proof = self.consistency.as_ref().ok_or(PackProblem::Consistency)?;
        let (from, to) = (first.checkpoint(), newest.checkpoint());
        if (proof.from, proof.to) != (from.size(), to.size()) {
            return Err(PackProblem::Consistency);
        }
        verify_consistency(from.size(), &from.root(), to.size(), &to.root(), &proof.path)
            .map_err(|_| PackProblem::Consistency)
    }
}

/// Whether an archive with such a file should have an index.
fn belongs_to_a_pack(path: &str) -> bool {
    let at = path.strip_prefix(STATEMENTS).and_then(|name| name.strip_suffix(".cose"));
    let at = at.and_then(|digits| digits.parse().ok());
    let statement = at.is_some_and(|at| statement_path(at) == path);
    statement || [SIGNATURE, CUSTODY_JSON, CUSTODY_CSV, LOAD_FILE].contains(&path)
}

/// Whether a statement is verified at this position, in the log and tree that the pack is of.
fn is_here(verdict: &StatementVerdict, at: u64, index: &PackIndex) -> bool {
    let Finding::Proven(anchor) = &verdict.finding else { return false };
    let checkpoint = anchor.checkpoint.checkpoint();
    let origin = verdict.described.as_ref().map(|it| it.header.audience.as_str());
    anchor.index.0 == at
        && checkpoint.size() == TreeSize(index.size)
        && checkpoint.root() == index.root.0
        && origin == Some(index.origin.as_str())
}

/// Whether it is shown who the issuer is, and, where the payload is there, that they may say it.
fn is_entitled(verdict: &StatementVerdict) -> bool {
    let known = match verdict.standing.issuer {
        IssuerFact::Service => true,
        IssuerFact::Enrolled { proven, .. } => proven,
        _ => false,
    };
    let payload = matches!(verdict.payload, PayloadFact::Matches { .. });
    known && (verdict.standing.entitled || !payload)
}

impl PackReport {
    fn count(&mut self, record: &CustodyRecord) {
        let count = |state| record.events.iter().filter(|event| event.payload == state).count();
        self.readable = count(PayloadState::Readable);
        self.withheld = count(PayloadState::Withheld);
        self.erased = count(PayloadState::Erased);
    }
}

fn read_evidence(
    entries: &[(String, Vec<u8>)],
    md5: BTreeMap<Hash, [u8; 16]>,
) -> Result<Evidence, PackFault> {
    let mut evidence = Evidence { md5, ..Evidence::default() };
    let mut payloads: HashMap<Hash, &[u8]> = HashMap::new();
    for (path, bytes) in entries {
        let unreadable = |reason: String| PackFault::Unreadable { path: path.clone(), reason };
        match path.as_str() {
            CUSTODY_JSON => evidence.custody_json.clone_from(bytes),
            CUSTODY_CSV => evidence.custody_csv.clone_from(bytes),
            KEYS => evidence.keys_json.clone_from(bytes),
            LOAD_FILE => evidence.load_file.clone_from(bytes),
            _ => {}
        }
        if path.starts_with(STATEMENTS) {
            let at = path.strip_prefix(STATEMENTS).and_then(|name| name.strip_suffix(".cose"));
            let at = at.and_then(|digits| digits.parse().ok());
            let at = at.filter(|at| statement_path(*at) == *path);
            let at = at.ok_or_else(|| PackFault::Position { path: path.clone() })?;
            let (statement, _) =
                SignedStatement::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
            evidence.statements.insert(at, statement);
        } else if path.starts_with(OPENINGS) {
            let manifest =
                Manifest::parse_openings(bytes).map_err(|error| unreadable(error.to_string()))?;
            evidence.manifests.push(manifest);
        } else if let Some(name) = path.strip_prefix(POLICIES) {
            evidence.policies.insert(name.to_owned(), Hash::of(bytes));
        } else if path.starts_with(PAYLOADS) {
            payloads.insert(Hash::of(bytes), bytes);
        }
    }
    for (at, statement) in &evidence.statements {
        let Some(bytes) = payloads.get(&statement.payload_digest()) else { continue };
        let sealed = statement.header().content_type.is_sealed();
        let payload = Payload::parse(bytes, sealed).map_err(|error| PackFault::Unreadable {
            path: statement_path(*at),
            reason: error.to_string(),
        })?;
        evidence.payloads.insert(*at, payload);
    }
    Ok(evidence)
}
