//! The outcome as data: what `--json` prints. Names and codes here are stable.

mod statement;

use std::path::Path;
use std::sync::Arc;

use attestry_proof::log::trust::{TrustPolicy, TrustedCheckpoint};
use attestry_proof::payload::fields::Timestamp;
use attestry_proof::size::{LeafIndex, TreeSize};
use serde::{Serialize, Serializer};

use crate::checkpoints::Judged;
use crate::files::Comparison;
use crate::history::{ForkedEntries, Unlinked};
use crate::input::OpeningsFile;
use crate::packs::PackReport;
use crate::run::{EXIT_NOT_VERIFIED, EXIT_VERIFIED};
use crate::settle::EventCounts;
use crate::verdict::{StatementVerdict, Verdict};

pub use statement::{Facts, StatementReport, WithdrawalReport};

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether everything given is verified.
    #[serde(rename = "verdict", serialize_with = "overall")]
    pub verified: bool,
    /// Numbers of statements by verdict.
    pub summary: Summary,
    /// Origins of the logs that the policy trusts.
    pub trusted_logs: Vec<String>,
    /// Whether the policy asks for witnesses.
    pub witnesses_asked_for: bool,
    /// Who says what the log's receipt and service keys are.
    pub keys_from: KeysFrom,
    /// Every statement, in the order of the input.
    pub statements: Vec<StatementReport>,
    /// Every checkpoint: those that meet the policy, then given ones that do not.
    pub checkpoints: Vec<CheckpointReport>,
    /// Sizes for which a log signed two roots.
    #[serde(serialize_with = "forks")]
    pub forks: Vec<(String, TreeSize)>,
    /// Positions at which a log shows two entries.
    #[serde(serialize_with = "forked_entries")]
    pub forked_entries: Vec<(String, LeafIndex)>,
    /// Logs whose trusted checkpoints are not proven to be of one history. No problem by itself.
    pub unlinked: Vec<Unlinked>,
    /// Every manifest whose openings were given.
    pub openings: Vec<OpeningsReport>,
    /// Every pack with an index.
    pub packs: Vec<PackReport>,
    /// Archives without an index: what is in them was judged, nothing says that it is all.
    pub unindexed: Vec<String>,
    /// Every directory that was compared with openings.
    pub files: Vec<FilesReport>,
    /// Evidence that belongs to no statement, or is none.
    pub unmatched: Vec<Unmatched>,
    /// Files that are not evidence, and were not looked into.
    pub ignored: Vec<String>,
    #[serde(skip)]
    pub(crate) list_all: bool,
}

/// Numbers of statements by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All statements.
    pub statements: usize,
    /// Verified.
    pub verified: usize,
    /// Logged, but unwitnessed.
    pub logged_unwitnessed: usize,
    /// Not proven.
    pub not_proven: usize,
    /// Failed.
    pub failed: usize,
    /// Problems beside statements: files, openings, checkpoints, evidence that fits nothing.
    pub other_problems: usize,
    /// Withdrawals among the inputs; absence of others is not proven.
    pub withdrawals: usize,
    /// Those withdrawals that concern some purposes only.
    pub partial_withdrawals: usize,
    /// Revocations of keys by the service among the inputs; absence of others is not proven.
    pub revocations: usize,
    /// Replacements of keys by the service among the inputs.
    pub rotations: usize,
    /// Revocations and replacements among the inputs that nothing shows to be by the service.
    pub key_end_claims: usize,
}

/// Who says what the log's receipt and service keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeysFrom {
    /// The genesis statement, proven as entry 0.
    Genesis,
    /// Nobody: a genesis statement is there, but not proven.
    GenesisNotProven,
    /// The user, by `--keys`; no genesis statement is among the inputs.
    User,
    /// Nobody: neither genesis nor `--keys` was given.
    Nowhere,
}

/// One checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointReport {
    /// File it was given as, for those that do not meet the policy.
    pub file: Option<String>,
    /// Whether it meets the policy.
    pub trusted: bool,
    /// The log.
    pub origin: Option<String>,
    /// Number of entries.
    pub size: Option<u64>,
    /// Root, hex.
    pub root: Option<String>,
    /// Witnesses that cosigned, and when they say they did.
    pub witnesses: Vec<(String, String)>,
    /// Smaller checkpoints that it is proven to continue, by size. Others are not proven to.
    pub continues: Vec<u64>,
    /// Why it is not trusted.
    pub reason: Option<String>,
}

/// The openings of one manifest.
#[derive(Clone, Debug, Serialize)]
pub struct OpeningsReport {
    /// Where they were read from.
    pub file: String,
    /// `request` or `deliverable`.
    pub role: &'static str,
    /// Number of files.
    pub count: u64,
    /// Bytes together.
    pub total_size: u64,
    /// Commitment, hex, recomputed from the openings.
    pub commitment: String,
    /// The manifest statement that commits to them.
    pub statement: Option<String>,
    /// The verdict on that statement; `not-proven` without one.
    pub verdict: Verdict,
}

/// A directory compared with openings.
#[derive(Clone, Debug, Serialize)]
pub struct FilesReport {
    /// The directory.
    pub directory: String,
    /// The openings.
    pub openings: String,
    /// `verified` if every file is as listed and no other is there, else `failed`.
    pub verdict: Verdict,
    /// Number of files that are as listed.
    pub matching: usize,
    /// Listed and not there.
    pub missing: Vec<String>,
    /// There, with other content.
    pub changed: Vec<String>,
    /// There and not listed.
    pub extra: Vec<String>,
}

/// Evidence that belongs to no statement.
#[derive(Clone, Debug, Serialize)]
pub struct Unmatched {
    /// The file.
    pub file: String,
    /// What it is.
    pub kind: UnmatchedKind,
}

/// What evidence without a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnmatchedKind {
    /// A payload that no statement commits to.
    Payload,
    /// A proof that fits no statement.
    Proof,
    /// A receipt that lies beside no statement.
    Receipt,
    /// A file that is not what its name says.
    Malformed,
    /// The index of a pack that was unpacked.
    Unpacked,
}

impl UnmatchedKind {
    /// A sentence about such a file.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Payload => "a payload that none of the statements commits to",
            Self::Proof => "a proof that fits none of the statements",
            Self::Receipt => "a receipt without a statement of the same name beside it",
            Self::Malformed => "not what its name says, or damaged",
            Self::Unpacked => "the index of a pack that was unpacked: verify the archive itself",
        }
    }
}

impl Report {
    pub(crate) fn new(policy: &TrustPolicy) -> Self {
        Self {
            verified: false,
            summary: Summary::default(),
            trusted_logs: policy.logs().iter().map(|log| log.key().name().to_owned()).collect(),
            witnesses_asked_for: policy.asks_for_witnesses(),
            keys_from: KeysFrom::Nowhere,
            statements: Vec::new(),
            checkpoints: Vec::new(),
            forks: Vec::new(),
            forked_entries: Vec::new(),
            unlinked: Vec::new(),
            openings: Vec::new(),
            packs: Vec::new(),
            unindexed: Vec::new(),
            files: Vec::new(),
            unmatched: Vec::new(),
            ignored: Vec::new(),
            list_all: false,
        }
    }

    /// Counts, and decides.
    pub(crate) fn sum_up(&mut self, events: EventCounts) {
        let count = |verdict| {
            self.statements.iter().filter(|statement| statement.verdict == verdict).count()
        };
        self.summary = Summary {
            statements: self.statements.len(),
            verified: count(Verdict::Verified),
            logged_unwitnessed: count(Verdict::LoggedUnwitnessed),
            not_proven: count(Verdict::NotProven),
            failed: count(Verdict::Failed),
            other_problems: 0,
            withdrawals: events.withdrawals,
            partial_withdrawals: events.partial_withdrawals,
            revocations: events.revocations,
            rotations: events.rotations,
            key_end_claims: events.key_end_claims,
        };
        self.decide();
    }

    /// Decides, by what is in the report now: for whoever looked further into a pack.
    pub fn decide(&mut self) {
        let other_problems = self.forks.len()
            + self.forked_entries.len()
            + self.unmatched.len()
            + self.checkpoints.iter().filter(|checkpoint| !checkpoint.trusted).count()
            + self.openings.iter().filter(|opened| opened.verdict != Verdict::Verified).count()
            + self.packs.iter().filter(|pack| pack.verdict != Verdict::Verified).count()
            + self.files.iter().filter(|files| files.verdict != Verdict::Verified).count();
        self.summary.other_problems = other_problems;
        self.verified = self.summary.verified == self.summary.statements && other_problems == 0;
    }

    /// 0 if everything is verified, else 1.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        if self.verified { EXIT_VERIFIED } else { EXIT_NOT_VERIFIED }
    }
}

impl CheckpointReport {
    pub(crate) fn trusted(trusted: &TrustedCheckpoint) -> Self {
        let checkpoint = trusted.checkpoint();
        let witnesses = trusted.cosigners().iter().map(|cosigner| {
            let seconds = i64::try_from(cosigner.timestamp).unwrap_or(i64::MAX);
            (cosigner.name.to_string(), time(seconds))
        });
        Self {
            file: None,
            trusted: true,
            origin: Some(checkpoint.origin().to_owned()),
            size: Some(checkpoint.size().0),
            root: Some(checkpoint.root().to_hex()),
            witnesses: witnesses.collect(),
            continues: Vec::new(),
            reason: None,
        }
    }

    /// A checkpoint file that does not meet the policy; `None` for one that does.
    pub(crate) fn untrusted(file: &str, judged: &Arc<Judged>) -> Option<Self> {
        let (checkpoint, error) = match judged.as_ref() {
            Judged::Trusted(_) => return None,
            Judged::Unwitnessed { checkpoint, lacks } => (Some(checkpoint), lacks),
            Judged::Unknown { checkpoint, error } => (Some(checkpoint), error),
            Judged::Refused(error) => (None, error),
        };
        Some(Self {
            file: Some(file.to_owned()),
            trusted: false,
            origin: checkpoint.map(|checkpoint| checkpoint.origin().to_owned()),
            size: checkpoint.map(|checkpoint| checkpoint.size().0),
            root: checkpoint.map(|checkpoint| checkpoint.root().to_hex()),
            witnesses: Vec::new(),
            continues: Vec::new(),
            reason: Some(error.to_string()),
        })
    }

    pub(crate) fn continues(&mut self, size: TreeSize) {
        if self.size != Some(size.0) && !self.continues.contains(&size.0) {
            self.continues.push(size.0);
        }
    }
}

impl OpeningsReport {
    pub(crate) fn new(file: &OpeningsFile, by: Option<(&str, &StatementVerdict)>) -> Self {
        Self {
            file: file.name.clone(),
            role: file.manifest.role().as_str(),
            count: file.manifest.count(),
            total_size: file.manifest.total_size(),
            commitment: file.manifest.commitment().to_hex(),
            statement: by.map(|(name, _)| name.to_owned()),
            verdict: by.map_or(Verdict::NotProven, |(_, verdict)| verdict.verdict()),
        }
    }
}

impl FilesReport {
    pub(crate) fn new(directory: &Path, openings: &str, comparison: Comparison) -> Self {
        let equal = comparison.is_equal();
        let Comparison { matching, missing, changed, extra } = comparison;
        Self {
            directory: directory.display().to_string(),
            openings: openings.to_owned(),
            verdict: if equal { Verdict::Verified } else { Verdict::Failed },
            matching,
            missing,
            changed,
            extra,
        }
    }
}

impl Unmatched {
    pub(crate) fn new(file: &str, kind: UnmatchedKind) -> Self {
        Self { file: file.to_owned(), kind }
    }
}

/// RFC 3339 in UTC; the bare number for what no calendar has.
fn time(seconds: i64) -> String {
    Timestamp::from_unix_seconds(seconds)
        .map_or_else(|| seconds.to_string(), |timestamp| timestamp.to_string())
}

fn overall<S: Serializer>(verified: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *verified { "verified" } else { "not-verified" })
}

fn forks<S: Serializer>(forks: &[(String, TreeSize)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fork<'a> {
        origin: &'a str,
        size: u64,
    }
    serializer.collect_seq(forks.iter().map(|(origin, size)| Fork { origin, size: size.0 }))
}

/// Each position at which a log shows two entries.
pub(crate) fn places(forked: ForkedEntries) -> Vec<(String, LeafIndex)> {
    let places = forked.into_iter().flat_map(|(origin, indices)| {
        indices.into_iter().map(move |index| (origin.clone(), index))
    });
    places.collect()
}

fn forked_entries<S: Serializer>(
    entries: &[(String, LeafIndex)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct ForkedEntry<'a> {
        origin: &'a str,
        index: u64,
    }
    let entries = entries.iter();
    serializer.collect_seq(entries.map(|(origin, index)| ForkedEntry { origin, index: index.0 }))
}
