//! The outcome as data: what `--json` prints. Names and codes here are stable.

use std::path::Path;
use std::sync::Arc;

use attestry_proof::cose::receipt::Position;
use attestry_proof::log::trust::{TrustPolicy, TrustedCheckpoint};
use attestry_proof::payload::fields::Timestamp;
use attestry_proof::size::TreeSize;
use serde::{Serialize, Serializer};

use crate::checkpoints::Judged;
use crate::files::Comparison;
use crate::input::OpeningsFile;
use crate::run::{EXIT_NOT_VERIFIED, EXIT_VERIFIED};
use crate::verdict::{IssuerFact, PayloadFact, StatementVerdict, Verdict};

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
    /// Every manifest whose openings were given.
    pub openings: Vec<OpeningsReport>,
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

/// One statement.
#[derive(Clone, Debug, Serialize)]
pub struct StatementReport {
    /// Where it was read from.
    pub file: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The finding behind it.
    pub code: &'static str,
    /// Entry in the log, where proven.
    pub index: Option<u64>,
    /// Size of the tree in which it is there.
    pub size: Option<u64>,
    /// Thumbprint URI of the issuer.
    pub issuer: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Origin of the log it is addressed to.
    pub audience: Option<String>,
    /// Content type of its payload.
    pub content_type: Option<&'static str>,
    /// When the signer says to have signed; RFC 3339, or Unix seconds beyond the year 9999.
    pub issued_at: Option<String>,
    /// What the payload is.
    pub kind: Option<&'static str>,
    /// Sentences, the first about the verdict.
    pub reasons: Vec<String>,
    /// What was found beside the verdict.
    pub facts: Facts,
}

/// Facts beside a verdict, each with its own.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// `matches`, `missing` or `not-checked`.
    pub payload: &'static str,
    /// SHA-256 that the statement commits to.
    pub payload_sha256: Option<String>,
    /// What the payload says, label and value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payload_lines: Vec<(&'static str, String)>,
    /// `enrolled`, `service`, `vouched` or `not-proven`.
    pub issuer_key: &'static str,
    /// Entry of the enrolment.
    pub enrolled_at: Option<u64>,
    /// Whether that entry is verified, not merely logged.
    pub enrolment_proven: Option<bool>,
    /// Always `not-proven`: only an index proof could show that the key was not revoked.
    pub key_not_revoked: &'static str,
    /// Entry at which the key ends later in the log, if a statement that says so was given.
    pub key_ended_at: Option<u64>,
    /// Always `not-proven`: only an index proof could show that consent was not withdrawn.
    pub not_withdrawn: &'static str,
    /// Entry at which consent is taken back, if a statement that says so was given.
    pub withdrawn_at: Option<u64>,
    /// The latest public word on the submission among the inputs.
    pub status: Option<&'static str>,
    /// Entry of that word.
    pub status_at: Option<u64>,
    /// Receipts that verify under the log's key.
    pub receipts_verified: usize,
    /// Receipts whose key nothing vouches for.
    pub receipts_unchecked: usize,
    /// Not in the log before this time, by witnesses.
    pub logged_after: Option<String>,
    /// In the log by this time, by witnesses.
    pub logged_by: Option<String>,
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
            openings: Vec::new(),
            files: Vec::new(),
            unmatched: Vec::new(),
            ignored: Vec::new(),
            list_all: false,
        }
    }

    /// Counts, and decides.
    pub(crate) fn sum_up(&mut self) {
        let count = |verdict| {
            self.statements.iter().filter(|statement| statement.verdict == verdict).count()
        };
        let other_problems = self.forks.len()
            + self.unmatched.len()
            + self.checkpoints.iter().filter(|checkpoint| !checkpoint.trusted).count()
            + self.openings.iter().filter(|opened| opened.verdict != Verdict::Verified).count()
            + self.files.iter().filter(|files| files.verdict != Verdict::Verified).count();
        self.summary = Summary {
            statements: self.statements.len(),
            verified: count(Verdict::Verified),
            logged_unwitnessed: count(Verdict::LoggedUnwitnessed),
            not_proven: count(Verdict::NotProven),
            failed: count(Verdict::Failed),
            other_problems,
        };
        self.verified = self.summary.verified == self.summary.statements && other_problems == 0;
    }

    /// 0 if everything is verified, else 1.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        if self.verified { EXIT_VERIFIED } else { EXIT_NOT_VERIFIED }
    }
}

impl StatementReport {
    pub(crate) fn new(file: &str, verdict: &StatementVerdict) -> Self {
        let header = verdict.described.as_ref().map(|described| &described.header);
        let position = verdict.finding.position();
        let kind = match verdict.payload {
            PayloadFact::Matches { kind, .. } => kind.map(|kind| kind.as_str()),
            PayloadFact::NotChecked | PayloadFact::Missing => None,
        };
        Self {
            file: file.to_owned(),
            verdict: verdict.verdict(),
            code: verdict.finding.code(),
            index: position.map(|Position { index, .. }| index.0),
            size: position.map(|Position { size, .. }| size.0),
            issuer: header.map(|header| header.issuer.uri()),
            subject: header.map(|header| header.subject.uri()),
            audience: header.map(|header| header.audience.clone()),
            content_type: header.map(|header| header.content_type.as_str()),
            issued_at: header.map(|header| time(header.issued_at)),
            kind,
            reasons: reasons(verdict),
            facts: Facts::new(verdict),
        }
    }
}

fn reasons(verdict: &StatementVerdict) -> Vec<String> {
    let mut reasons = vec![verdict.finding.to_string()];
    if verdict.receipts_unchecked > 0 && verdict.is_logged() {
        reasons.push("a receipt was not checked: nothing vouches for its key".to_owned());
    }
    if let Some(at) = verdict.standing.key_ended {
        reasons.push(format!("the issuer's key ended later, at entry {at}"));
    }
    if let Some(at) = verdict.standing.withdrawn {
        reasons.push(format!("consent for the submission is withdrawn at entry {at}"));
    }
    reasons
}

impl Facts {
    fn new(verdict: &StatementVerdict) -> Self {
        let standing = &verdict.standing;
        let (payload, payload_lines) = match &verdict.payload {
            PayloadFact::NotChecked => ("not-checked", Vec::new()),
            PayloadFact::Missing => ("missing", Vec::new()),
            PayloadFact::Matches { lines, .. } => ("matches", lines.clone()),
        };
        let (issuer_key, enrolled) = match standing.issuer {
            IssuerFact::NotProven => ("not-proven", None),
            IssuerFact::Service => ("service", None),
            IssuerFact::Vouched => ("vouched", None),
            IssuerFact::Enrolled { at, proven } => ("enrolled", Some((at, proven))),
        };
        let seconds = |seconds: u64| time(i64::try_from(seconds).unwrap_or(i64::MAX));
        let digest = verdict.described.as_ref().map(|described| described.payload_digest);
        Self {
            payload,
            payload_sha256: digest.map(|digest| digest.to_hex()),
            payload_lines,
            issuer_key,
            enrolled_at: enrolled.map(|(at, _)| at.0),
            enrolment_proven: enrolled.map(|(_, proven)| proven),
            key_not_revoked: "not-proven",
            key_ended_at: standing.key_ended.map(|at| at.0),
            not_withdrawn: "not-proven",
            withdrawn_at: standing.withdrawn.map(|at| at.0),
            status: standing.status.map(|(status, _)| status.as_str()),
            status_at: standing.status.map(|(_, at)| at.0),
            receipts_verified: verdict.receipts_verified,
            receipts_unchecked: verdict.receipts_unchecked,
            logged_after: standing.logged_after.map(seconds),
            logged_by: standing.logged_by.map(seconds),
        }
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
