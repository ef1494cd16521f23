//! A data directory of a test, and a service in this process on it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use attestry::{
    app::{
        Application, StartError,
        fsck::{FsckError, Report, fsck},
    },
    config::{Identity, Storage},
    http::EntriesAccess,
    keys::{Signer as _, file},
    store::ledger::{Role, Roles},
};
use attestry_proof::key::PublicKey;
use tempfile::TempDir;

use super::Author;

/// Name of the log in every test.
pub const ORIGIN: &str = "log.example/tests";

/// A directory that holds data and guard, removed when dropped.
pub struct Workshop {
    root: TempDir,
}

/// What the service is, in tests.
pub fn identity() -> Identity {
    Identity {
        origin: Some(ORIGIN.into()),
        entries: EntriesAccess::Public,
        policies: None,
        scan: false,
    }
}

impl Default for Workshop {
    fn default() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }
}

impl Workshop {
    pub fn storage(&self) -> Storage {
        Storage::new(self.root.path().join("data"), None)
    }

    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Opens the service; nobody else may be using the directory.
    pub async fn open(&self) -> Result<Application, StartError> {
        Application::open(&self.storage(), identity()).await
    }

    /// Checks the directory.
    pub async fn fsck(&self, open_files: bool) -> Result<Report, FsckError> {
        fsck(&self.storage(), open_files, &|_| {}).await
    }

    /// Checks the directory and requires that nothing is wrong.
    pub async fn require_clean(&self) -> Report {
        let report = self.fsck(true).await.expect("the directory can be checked");
        let lines: Vec<String> = report.findings.kept().iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "fsck finds:\n{}", lines.join("\n"));
        report
    }

    /// Key of the log's receipts.
    pub fn receipt_key(&self) -> PublicKey {
        file::read(&self.storage().log_keys().join("receipt.pem")).unwrap().public_key()
    }

    /// A copy of all of it.
    pub fn copy(&self) -> Self {
        let copy = Self::default();
        copy_tree(self.path(), copy.path());
        copy
    }

    /// Keeps aside what a backup of the database would hold.
    pub fn save_ledger(&self) -> SavedLedger {
        SavedLedger::of(&self.storage().ledger())
    }
}

/// The files of a database at one moment, taken while nobody had it open.
pub struct SavedLedger {
    path: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
}

const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

impl SavedLedger {
    fn of(path: &Path) -> Self {
        let files = SUFFIXES.map(|suffix| with_suffix(path, suffix));
        let read = |path: &PathBuf| fs::read(path).ok().map(|bytes| (path.clone(), bytes));
        Self { path: path.to_owned(), files: files.iter().filter_map(read).collect() }
    }

    /// Puts them back in place of what is there now.
    pub fn restore(&self) {
        for suffix in SUFFIXES {
            let _absent = fs::remove_file(with_suffix(&self.path, suffix));
        }
        for (path, bytes) in &self.files {
            fs::write(path, bytes).unwrap();
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Copies a directory, keeping permissions.
pub fn copy_tree(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
            fs::set_permissions(&target, entry.metadata().unwrap().permissions()).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Enrols an administrator and a contractor on a new log.
pub async fn enrol(service: &attestry::service::Service, admin: &Author, contractors: &[&Author]) {
    let invited = service.invite_first_admin().await.unwrap().expect("nobody is enrolled yet");
    let (record, _) = service.enroll(&invited.code, admin.signer.public_key()).await.unwrap();
    for contractor in contractors {
        let roles = Roles::new(vec![Role::Contractor]);
        let invited = service.invite(&record, roles, "main", None).await.unwrap();
        service.enroll(&invited.code, contractor.signer.public_key()).await.unwrap();
    }
}
