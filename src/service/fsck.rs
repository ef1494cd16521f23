//! Checking a whole data directory: the tree, what each entry says, who signed it, its payload, the
//! tables that were derived from entries, and the files behind manifests.
//!
//! Everything is streamed: memory holds a page of entries, what is known of each enrolled key, and
//! the policy versions. Nothing is repaired and nothing is written. Not here: who opens the stores
//! and what is printed.

mod derived;
mod entitled;
mod entries;
mod facts;
mod files;
mod matters;
mod orders;
mod people;
mod standing;

use attestry_proof::key::PublicKey;

use crate::{
    log::{
        fsck::{Extent, Findings, TreeCheck, extent},
        journal::JournalRecord,
    },
    store::{
        audit::{KeyringAudit, LedgerAudit, Place},
        ledger::{Head, StoreError},
    },
    vault::Vault,
};
use facts::Facts;

/// Rows read at a time.
const ROWS_PER_PAGE: u32 = 1024;

/// Lines of the engine's own check that are repeated.
const INTEGRITY_LINES_MAX: u32 = 100;

/// What is checked.
pub struct Subject<'a> {
    /// The ledger's tables.
    pub ledger: &'a dyn LedgerAudit,
    /// The keyring's tables; `None` if they cannot be read.
    pub keyring: Option<&'a dyn KeyringAudit>,
    /// The vault; `None` if its keys cannot be used. Sealed content is not opened then.
    pub vault: Option<&'a Vault>,
    /// Name of the log; `None` if no entry tells it.
    pub origin: Option<&'a str>,
    /// The log's keys as they are on disk, as far as they can be read.
    pub log_keys: LogKeys,
    /// What the guard remembers.
    pub remembered: Option<Head>,
    /// What the erasure journal has; `None` if it cannot be read.
    pub journal: Option<&'a [JournalRecord]>,
    /// Whether every stored file is opened and hashed.
    pub open_files: bool,
}

/// Public halves of the log's keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogKeys {
    /// Signs checkpoints.
    pub note: Option<PublicKey>,
    /// Signs roots in receipts.
    pub receipt: Option<PublicKey>,
    /// Signs what the service states.
    pub service: Option<PublicKey>,
}

/// How far a check has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being counted.
    pub step: &'static str,
    /// How many are done.
    pub done: u64,
    /// How many there are, where that is known.
    pub total: Option<u64>,
}

/// What a check went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries.
    pub entries: u64,
    /// Signatures that verify.
    pub signatures: u64,
    /// Payloads that are there, open and fit their entry.
    pub payloads: u64,
    /// Sealed payloads that could not be opened for want of keys.
    pub payloads_sealed: u64,
    /// Keys of members.
    pub keys: u64,
    /// Submissions.
    pub submissions: u64,
    /// Stored files.
    pub files: u64,
    /// Stored files that were opened and hashed.
    pub files_opened: u64,
}

/// Checks everything; `progress` is called now and then.
///
/// # Errors
/// [`StoreError`] if not even the size of the log can be read.
pub async fn check(
    subject: &Subject<'_>,
    findings: &mut Findings,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Checked, StoreError> {
    let mut check = Check { subject, findings, progress, checked: Checked::default() };
    check.integrity().await;
    let extent = extent(subject.ledger, check.findings).await?;
    let mut facts = Facts::new(subject.log_keys.service);
    check.log(extent, &mut facts).await;
    check.derived(extent, &facts).await;
    check.stored().await;
    if check.checked.payloads_sealed > 0 {
        let remark = format!("{} sealed payloads were not opened", check.checked.payloads_sealed);
        check.findings.note(Place::whole("payloads"), remark);
    }
    Ok(check.checked)
}

/// A check under way.
struct Check<'a> {
    subject: &'a Subject<'a>,
    findings: &'a mut Findings,
    progress: &'a (dyn Fn(Progress) + Sync),
    checked: Checked,
}

impl Check<'_> {
    /// A step that cannot read its table is a finding; the next steps go on.
    fn settle(&mut self, table: &'static str, step: Result<(), StoreError>) {
        if let Err(error) = step {
            self.findings.report(Place::whole(table), format_args!("cannot be read: {error}"));
        }
    }

    async fn integrity(&mut self) {
        let ledger = self.subject.ledger.integrity(INTEGRITY_LINES_MAX).await;
        let keyring = match self.subject.keyring {
            Some(keyring) => keyring.integrity(INTEGRITY_LINES_MAX).await,
            None => Ok(Vec::new()),
        };
        for (file, lines) in [("ledger.db", ledger), ("keyring.db", keyring)] {
            for line in self.findings.read(|| Place::whole(file), lines).unwrap_or_default() {
                self.findings.report(Place::whole(file), line);
            }
        }
    }

    async fn log(&mut self, extent: Extent, facts: &mut Facts) {
        let mut tree = Some(TreeCheck::new(self.subject.ledger, self.subject.remembered));
        let walked = self.entries(extent, facts, &mut tree).await;
        self.settle("entries", walked);
        if let Some(tree) = tree {
            let finished = tree.finish(extent.size, self.findings).await;
            self.settle("tiles", finished);
        }
    }
}
