//! Searching the files of a submission for what must not leave, as the contractor's own search did,
//! and holding one against the other. Each search is a statement; its report is stored beside the
//! files.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use attestry_proof::{
    cose::Subject,
    hash::Hash,
    payload::{
        Payload, Record,
        envelope::{ManifestCommitment, Tool},
        fields::{Digest, Salt, SubmissionId, Timestamp},
        redaction_check::{self, RedactionCheck, ResidualRisk},
        scan::{FindingCounts, MAX_UNACCEPTED, ReportComparison, Scan},
        text::{Line, ValueError},
    },
};
use attestry_scrub::{File, Report, Scanner, Severity, ocr::Ocr, report::Blocking};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{
    Service, ServiceError, dossier::StatementsAbout, genesis::timestamp, policies::Policies,
};
use crate::{
    log::LogError,
    store::ledger::{Effect, Precondition, SubmissionRecord},
    vault::{FileReader, UploadError, Vault, VaultError},
};

/// Severity from which a finding has to be removed, or accepted with a reason.
pub const THRESHOLD: Severity = Severity::High;
/// Submissions in one question.
const PAGE: u32 = 100;
/// Time from one look for submissions to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Time for which one whose search failed is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(60);
/// A contractor's report larger than this is not read; one of as many findings as there may be is
/// smaller.
const REPORT_BYTES_MAX: u64 = 128 << 20;

/// Searches what is due, one submission after the other, until the service is gone.
pub async fn keep_scanning(service: Weak<Service>) {
    let mut failed: HashMap<Uuid, Instant> = HashMap::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(service) = service.upgrade() else { return };
        if !service.policies().has_scan_rules() {
            continue;
        }
        failed.retain(|_, at| at.elapsed() < LEFT_ALONE);
        // Those that are left alone take the place of no other.
        let limit = PAGE.saturating_add(u32::try_from(failed.len()).unwrap_or(u32::MAX));
        let due = match service.ledger.people().submissions_unscanned(limit).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "submissions that wait for a scan could not be found");
                continue;
            }
        };
        for record in due {
            if failed.contains_key(&record.id) {
                continue;
            }
            if let Err(error) = service.scan(&record).await {
                tracing::warn!(submission = %record.id, %error, "a scan is left for later");
                failed.insert(record.id, Instant::now());
            }
        }
    }
}

/// What is searched, and what its contractor says of their own search.
struct Matter {
    sides: Vec<ManifestCommitment>,
    redaction: RedactionCheck,
    /// Leaf hash of that statement.
    leaf: Hash,
}

impl Service {
    /// Searches every complete submission that was not searched since it was attested to; what the
    /// service does by itself every second.
    ///
    /// # Errors
    /// A failing store, vault or log, or rules that cannot be used.
    pub async fn scan_due(&self) -> Result<(), ServiceError> {
        for record in self.ledger.people().submissions_unscanned(PAGE).await? {
            self.scan(&record).await?;
        }
        Ok(())
    }

    async fn scan(&self, record: &SubmissionRecord) -> Result<(), ServiceError> {
        let submission = record.id;
        let about = self.statements_about(submission).await?;
        // Without these there is nothing to search or to compare with; an erased one was said once.
        let matter = matter(&about).ok_or_else(|| malformed(&"what it is about is gone"))?;
        let report = self.search(submission, &matter.sides).await?;
        let bytes = report.to_canonical_json();
        let digest = Hash::of(&bytes);
        self.store_report(submission, digest, bytes).await?;
        let comparison = self.compare(submission, &matter.redaction, &report, digest).await?;
        let scanned_at = timestamp(self.clock.now())?;
        let body = statement(&matter, (submission, scanned_at), (&report, digest), comparison)
            .map_err(|error| malformed(&error))?;
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        let unchanged = vec![
            Precondition::LastSaid { submission, at: record.said },
            Precondition::LastScan { submission, at: record.scan },
        ];
        let effects = vec![Effect::Scanned { submission }];
        let subject = Subject::Submission(submission);
        match self.state_sealed(subject, &payload, (unchanged, effects)).await {
            // Something was said meanwhile; if that asks for another search, it is found again.
            Err(ServiceError::Log(LogError::Stale(_))) => Ok(()),
            stated => stated.map(drop),
        }
    }

    /// Searches all files of the sides.
    async fn search(
        &self,
        submission: Uuid,
        sides: &[ManifestCommitment],
    ) -> Result<Report, ServiceError> {
        // A file that both sides have under the same name is one.
        let mut files: BTreeSet<(String, Hash)> = BTreeSet::new();
        for side in sides {
            let commitment = side.commitment.0;
            let record = self.ledger.manifest(submission, commitment).await?;
            let record =
                record.ok_or(ServiceError::ManifestNotStored { submission, commitment })?;
            let manifest = self.stored_manifest(submission, record.openings).await?;
            files.extend(manifest.files().iter().map(|file| (file.path.clone(), file.sha256)));
        }
        let watch = Watch::default();
        let sealed = Sealed {
            vault: self.vault.clone(),
            runtime: Handle::current(),
            submission,
            watch: watch.clone(),
        };
        // Whoever gives up this search ends it: the next piece of a file is not read any more.
        let stop = StopOnDrop(watch.clone());
        let (policies, pictures) = (self.policies(), self.pictures.clone());
        let searched =
            tokio::task::spawn_blocking(move || search(&policies, pictures, &sealed, files)).await;
        drop(stop);
        let report = searched.map_err(|error| malformed(&error))??;
        match watch.take_error() {
            Some(error) => Err(malformed(&error)),
            None => Ok(report),
        }
    }

    /// Stores a report like a file of the submission, so that whoever may read those may read it.
    pub(super) async fn store_report(
        &self,
        submission: Uuid,
        digest: Hash,
        bytes: Vec<u8>,
    ) -> Result<(), ServiceError> {
        if !self.vault.stored(submission, &[digest]).await?.is_empty() {
            return Ok(());
        }
        let unstored = |error: UploadError| match error {
            UploadError::Vault(error) => ServiceError::from(error),
            other => malformed(&other),
        };
        let size = bytes.len() as u64;
        self.vault.begin_upload(submission, digest, size).await.map_err(unstored)?;
        let body = stream::iter([Ok::<_, io::Error>(Bytes::from(bytes))]);
        match self.vault.append(submission, digest, 0, body).await {
            Ok(_) => {}
            // An earlier try was cut short in the middle of it: begin again, next time.
            Err(UploadError::Offset { .. }) => {
                self.vault.abandon_upload(submission, digest).await.map_err(unstored)?;
                return Err(malformed(&"the report was stored in part and is begun again"));
            }
            Err(error) => return Err(unstored(error)),
        }
        self.vault.complete_upload(submission, digest).await.map_err(unstored)
    }

    async fn compare(
        &self,
        submission: Uuid,
        redaction: &RedactionCheck,
        report: &Report,
        digest: Hash,
    ) -> Result<ReportComparison, ServiceError> {
        let redaction_check::Scan::Tool { report_sha256, tool, rules_sha256 } = &redaction.scan
        else {
            return Ok(ReportComparison::None);
        };
        if report_sha256.0 == digest {
            return Ok(ReportComparison::Same);
        }
        let theirs = Means {
            tool: tool.name.to_string(),
            version: tool.version.to_string(),
            rules_digest: rules_sha256.0.to_hex(),
            picture_reader: None,
        };
        let ours = Means::of(report);
        if theirs != (Means { picture_reader: None, ..ours.clone() }) {
            return Ok(ReportComparison::OtherMeans);
        }
        // Only their report says what read their pictures. Without it there is no excuse.
        let theirs = match self.vault.open_file(submission, report_sha256.0, None).await {
            Ok(file) if file.size <= REPORT_BYTES_MAX => {
                file.into_bytes().await.map_err(VaultError::from)?
            }
            Ok(_) | Err(VaultError::FileUnknown { .. }) => return Ok(ReportComparison::Differs),
            Err(error) => return Err(error.into()),
        };
        let theirs: Option<Means> = serde_json::from_slice(&theirs).ok();
        Ok(match theirs {
            Some(theirs) if theirs.picture_reader != ours.picture_reader => {
                ReportComparison::OtherMeans
            }
            _ => ReportComparison::Differs,
        })
    }
}

/// What a report was made with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Means {
    tool: String,
    version: String,
    rules_digest: String,
    #[serde(rename = "ocr")]
    picture_reader: Option<String>,
}

impl Means {
    fn of(report: &Report) -> Self {
        Self {
            tool: report.tool.to_owned(),
            version: report.version.to_owned(),
            rules_digest: report.rules_digest.clone(),
            picture_reader: report.ocr.clone(),
        }
    }
}

/// The newest statements that a search needs; `None` if one is not there any more.
fn matter(about: &StatementsAbout) -> Option<Matter> {
    let (redaction, leaf) = about.redaction_check()?;
    let sides = about.sides()?;
    Some(Matter { sides, redaction: redaction.clone(), leaf })
}

/// Searches files on this thread, which may block.
fn search(
    policies: &Policies,
    pictures: Option<Arc<dyn Ocr>>,
    sealed: &Sealed,
    files: BTreeSet<(String, Hash)>,
) -> Result<Report, ServiceError> {
    let rules = policies.scan_rules().map_err(|error| malformed(&error))?;
    let mut scanner = Scanner::new(rules.clone());
    if let Some(engine) = pictures {
        scanner = scanner.with_ocr(engine);
    }
    let file = |(name, sha256)| File::opened_by(name, move || sealed.open(sha256));
    Ok(scanner.scan_files(files.into_iter().map(file).collect()))
}

/// Where the files of one search are.
struct Sealed {
    vault: Vault,
    runtime: Handle,
    submission: Uuid,
    watch: Watch,
}

impl Sealed {
    fn open(&self, sha256: Hash) -> io::Result<Watched> {
        self.watch.check()?;
        let opened = self.runtime.block_on(self.vault.file_reader(self.submission, sha256));
        let inner = self.watch.note(opened.map_err(io::Error::other))?;
        Ok(Watched { inner, watch: self.watch.clone() })
    }
}

fn statement(
    matter: &Matter,
    (submission, scanned_at): (Uuid, Timestamp),
    (report, digest): (&Report, Hash),
    comparison: ReportComparison,
) -> Result<Scan, Box<dyn std::error::Error>> {
    let accepted: BTreeSet<&str> =
        matter.redaction.accepted_findings.iter().map(|said| said.finding.as_str()).collect();
    let blocking = report.blocking(THRESHOLD);
    let unaccepted: BTreeSet<&str> = blocking.ids().filter(|id| !accepted.contains(id)).collect();
    let counts =
        |severity| report.findings.iter().filter(|f| f.severity == severity).count() as u64;
    Ok(Scan {
        subject: SubmissionId(submission),
        manifests: matter.sides.clone(),
        tool: Tool { name: Line::new(report.tool)?, version: Line::new(report.version)? },
        picture_reader: report.ocr.as_deref().map(Line::new).transpose()?,
        rules_sha256: Digest(
            Hash::from_hex(&report.rules_digest).ok_or("the digest of the rules is none")?,
        ),
        report_sha256: Digest(digest),
        compared_with: Digest(matter.leaf),
        comparison,
        found: FindingCounts {
            critical: counts(Severity::Critical),
            high: counts(Severity::High),
            medium: counts(Severity::Medium),
            low: counts(Severity::Low),
        },
        not_read: report.counts.not_read,
        unaccepted_count: unaccepted.len() as u64,
        unaccepted: unaccepted
            .iter()
            .take(MAX_UNACCEPTED)
            .map(|id| Line::new(id))
            .collect::<Result<_, ValueError>>()?,
        residual_risk: residual_risk(report, &blocking, &unaccepted, comparison),
        scanned_at,
    })
}

/// What may still be in the files. What was left without a reason, or a report of something else,
/// is much; what was accepted is some or little, by what it is.
fn residual_risk(
    report: &Report,
    blocking: &Blocking<'_>,
    unaccepted: &BTreeSet<&str>,
    comparison: ReportComparison,
) -> ResidualRisk {
    if !unaccepted.is_empty() || comparison == ReportComparison::Differs {
        return ResidualRisk::High;
    }
    match report.worst() {
        Some(Severity::Critical) => ResidualRisk::Medium,
        Some(Severity::High | Severity::Medium) => ResidualRisk::Low,
        _ if !blocking.is_empty() => ResidualRisk::Low,
        _ => ResidualRisk::NoneKnown,
    }
}

fn malformed(error: &dyn std::fmt::Display) -> ServiceError {
    ServiceError::Malformed { what: "scan", reason: error.to_string() }
}

/// Shared by all readers of one search: whether to go on, and the first error of a store. An error
/// must end the search and not become a file that cannot be read.
#[derive(Clone, Default)]
struct Watch {
    stopped: Arc<AtomicBool>,
    error: Arc<Mutex<Option<io::Error>>>,
}

impl Watch {
    fn check(&self) -> io::Result<()> {
        match self.stopped.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }

    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.map_err(|error| {
            self.stopped.store(true, Ordering::Relaxed);
            let copy = io::Error::new(error.kind(), error.to_string());
            let mut first = self.error.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            first.get_or_insert(error);
            copy
        })
    }

    fn take_error(&self) -> Option<io::Error> {
        self.error.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

struct StopOnDrop(Watch);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

struct Watched {
    inner: FileReader,
    watch: Watch,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.watch.check()?;
        let outcome = self.inner.read(buffer);
        self.watch.note(outcome)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
