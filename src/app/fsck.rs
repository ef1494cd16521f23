//! Opens a data directory for checking: locked like the service locks it, read and never repaired.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use attestry_proof::cose::SignedStatement;
use object_store::{ObjectStore, memory::InMemory};

use crate::{
    config::Storage,
    entropy::OsEntropy,
    keys::{Signer as _, file},
    log::{
        fsck::{Findings, extent},
        guard::{FileGuard, Guard as _, GuardError, lock_directory},
    },
    service::fsck::{Checked, LogKeys, Progress, Subject, check},
    store::{
        audit::{KeyringAudit as _, LedgerAudit as _, Place},
        ledger::{Head, StoreError},
        sqlite::{
            audit::{AuditError, SqliteKeyringAudit, SqliteLedgerAudit},
            files::SqliteFiles,
            keyring::SqliteKeyring,
        },
    },
    vault::{FileKek, Vault, VaultParts, local_objects},
};

/// Entries that may tell the log's name, should the first be damaged.
const ORIGIN_ENTRIES: i64 = 16;

/// Why a directory cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// There is no ledger in it.
    #[error("there is no ledger at {path}; name the data directory of a service: --data DIR")]
    NoLedger {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The service, or another check, is using it.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// A database file cannot be opened for checking.
    #[error("{path}: {source}")]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: AuditError,
    },
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Name of the log, if it could be read.
    pub origin: Option<String>,
    /// Entries of the log.
    pub size: u64,
    /// What was gone through.
    pub checked: Checked,
    /// What is wrong, and what is worth knowing.
    pub findings: Findings,
}

/// Checks a data directory and its guard.
///
/// # Errors
/// [`FsckError`] if there is nothing to check, or it is in use. Damage is in the report.
pub async fn fsck(
    storage: &Storage,
    open_files: bool,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, FsckError> {
    let path = storage.ledger();
    if !path.is_file() {
        return Err(FsckError::NoLedger { path });
    }
    let _lock = lock_directory(&storage.data)?;
    let mut report = Report::default();
    let ledger = match SqliteLedgerAudit::open(&path).await {
        Ok(ledger) => ledger,
        Err(AuditError::Engine(error)) if is_damage(&error) => {
            report.findings.report(Place::whole("ledger.db"), error);
            return Ok(report);
        }
        Err(source) => return Err(FsckError::Database { path, source }),
    };
    let settled = run(storage, &ledger, open_files, progress, &mut report).await;
    ledger.close().await;
    settled.map(|()| report)
}

async fn run(
    storage: &Storage,
    ledger: &SqliteLedgerAudit,
    open_files: bool,
    progress: &(dyn Fn(Progress) + Sync),
    report: &mut Report,
) -> Result<(), FsckError> {
    report.origin = origin(ledger).await;
    // Its findings are made again by the check itself.
    report.size = extent(ledger, &mut Findings::default()).await.map_or(0, |extent| extent.size);
    let guard = open_guard(storage, report)?;
    let remembered = remembered(guard.as_ref(), ledger, report).await;
    let keyring = Keyring::open(storage, ledger, report).await?;
    let vault = keyring.vault(storage, ledger, report).await;
    let journal = guard.as_ref().and_then(|guard| {
        let place = Place::whole("erasure journal");
        let records = guard.journal().records();
        records.map_err(|error| report.findings.report(place, error)).ok()
    });
    let subject = Subject {
        ledger,
        keyring: keyring.audit.as_ref().map(|audit| audit as _),
        vault: vault.as_ref(),
        origin: report.origin.as_deref(),
        log_keys: log_keys(storage, report.size, &mut report.findings),
        remembered,
        journal: journal.as_deref(),
        open_files,
    };
    match check(&subject, &mut report.findings, progress).await {
        Ok(checked) => report.checked = checked,
        Err(error) => report.findings.report(Place::whole("ledger.db"), error),
    }
    drop(vault);
    keyring.close().await;
    Ok(())
}

/// Whether the engine says that the file is not what it should be, rather than out of reach.
fn is_damage(error: &sqlx::Error) -> bool {
    const ERROR: u32 = 1;
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, ERROR | CORRUPT | NOT_A_DATABASE))
}

/// The log's name, from the first entry that can be read.
async fn origin(ledger: &SqliteLedgerAudit) -> Option<String> {
    let first = ledger.entries(0, ORIGIN_ENTRIES).await.ok()?;
    let mut statements =
        first.iter().filter_map(|row| SignedStatement::parse_entry(&row.entry).ok());
    statements.next().map(|statement| statement.header().audience.clone())
}

fn open_guard(storage: &Storage, report: &mut Report) -> Result<Option<FileGuard>, FsckError> {
    let place = Place::whole("guard");
    // Opening a guard would make its directory.
    if !storage.guard.join("head").is_file() {
        if report.size > 0 {
            let problem =
                format!("missing: nothing at {} remembers the head", storage.guard.display());
            report.findings.report(place, problem);
        }
        return Ok(None);
    }
    let Some(origin) = &report.origin else {
        report.findings.report(place, "cannot be compared: no entry tells the log's name");
        return Ok(None);
    };
    match FileGuard::open(&storage.guard, origin) {
        Ok(guard) => Ok(Some(guard)),
        Err(locked @ GuardError::Locked { .. }) => Err(locked.into()),
        Err(error) => {
            report.findings.report(place, error);
            Ok(None)
        }
    }
}

async fn remembered(
    guard: Option<&FileGuard>,
    ledger: &SqliteLedgerAudit,
    report: &mut Report,
) -> Option<Head> {
    let guard = guard?;
    let place = Place::whole("guard");
    match guard.read() {
        Ok(Some(head)) => return Some(head),
        Ok(None) => {}
        Err(error) => {
            report.findings.report(place, error);
            return None;
        }
    }
    // A crash during genesis leaves one batch that nobody was told of.
    let batches = ledger.batches(0, 2).await.map_or(0, |batches| batches.len());
    if !(guard.is_armed() && batches <= 1) {
        report.findings.report(place, "missing: it remembers no head, but the log has entries");
    }
    None
}

fn log_keys(storage: &Storage, size: u64, findings: &mut Findings) -> LogKeys {
    let mut read = |name: &'static str| match file::read(&storage.data.join(name)) {
        Ok(signer) => Some(signer.public_key()),
        Err(error) => {
            if size > 0 {
                findings.report(Place::whole(name), error);
            }
            None
        }
    };
    LogKeys {
        note: read("keys/note.pem"),
        receipt: read("keys/receipt.pem"),
        service: read("keys/service.pem"),
    }
}

/// The keyring, once for its rows and once for its keys.
struct Keyring {
    audit: Option<SqliteKeyringAudit>,
    keys: Option<Arc<SqliteKeyring>>,
}

impl Keyring {
    async fn open(
        storage: &Storage,
        ledger: &SqliteLedgerAudit,
        report: &mut Report,
    ) -> Result<Self, FsckError> {
        let path = storage.keyring();
        let none = Self { audit: None, keys: None };
        if !path.is_file() {
            // A log that only just began has none yet.
            if anything_sealed(ledger).await.unwrap_or(true) {
                report
                    .findings
                    .report(Place::whole("keyring.db"), "is missing; nothing sealed can be opened");
            }
            return Ok(none);
        }
        match SqliteKeyringAudit::open(&path).await {
            Ok(audit) => match SqliteKeyring::open(&path).await {
                Ok(keys) => Ok(Self { audit: Some(audit), keys: Some(Arc::new(keys)) }),
                Err(error) => {
                    report.findings.report(Place::whole("keyring.db"), error);
                    Ok(Self { audit: Some(audit), keys: None })
                }
            },
            Err(AuditError::Engine(error)) if is_damage(&error) => {
                report.findings.report(Place::whole("keyring.db"), error);
                Ok(none)
            }
            Err(source) => Err(FsckError::Database { path, source }),
        }
    }

    /// The vault, unless its keys are lost.
    async fn vault(
        &self,
        storage: &Storage,
        ledger: &SqliteLedgerAudit,
        report: &mut Report,
    ) -> Option<Vault> {
        let (audit, keys) = (self.audit.as_ref()?, self.keys.as_ref()?);
        let place = || Place::whole("kek");
        if !has_key_file(&storage.key_encryption_keys()) {
            // Opening a vault would make the first key-encryption key.
            if audit.submission_keys(None, 1).await.map_or(true, |keys| !keys.is_empty()) {
                report.findings.report(place(), "is missing; nothing sealed can be opened");
            }
            return None;
        }
        let kek = FileKek::open(&storage.key_encryption_keys(), Arc::new(OsEntropy));
        let kek = kek.map_err(|error| report.findings.report(place(), error)).ok()?;
        let parts = VaultParts {
            keyring: Arc::clone(keys) as _,
            files: Arc::new(SqliteFiles::new(ledger.pool().clone(), ledger.pool().clone())),
            kek: Arc::new(kek),
            objects: objects(&storage.vault(), &mut report.findings),
            entropy: Arc::new(OsEntropy),
        };
        let vault = Vault::open(parts).await;
        vault.map_err(|error| report.findings.report(place(), error)).ok()
    }

    async fn close(self) {
        if let Some(audit) = self.audit {
            audit.close().await;
        }
        if let Some(keys) = self.keys {
            keys.close().await;
        }
    }
}

async fn anything_sealed(ledger: &SqliteLedgerAudit) -> Result<bool, StoreError> {
    Ok(!ledger.submissions(None, 1).await?.is_empty()
        || !ledger.staged(None, 1).await?.is_empty()
        || !ledger.files(None, 1).await?.is_empty())
}

fn has_key_file(directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|end| end == "key"))
}

/// The object store; an empty one if its directory is gone, so that every file in it is missing.
fn objects(path: &Path, findings: &mut Findings) -> Arc<dyn ObjectStore> {
    if !path.is_dir() {
        findings
            .note(Place::whole("vault"), format_args!("there is no directory {}", path.display()));
        return Arc::new(InMemory::new());
    }
    local_objects(path).unwrap_or_else(|error| {
        findings.report(Place::whole("vault"), error);
        Arc::new(InMemory::new())
    })
}
