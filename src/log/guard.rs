//! The guard: the last acknowledged head, kept outside the database and its backups.
//!
//! A database that was restored from an old copy would sign a second root for a size that was
//! signed before. It cannot know; the guard does. So the guard is durable before any receipt
//! leaves, and the service does not start against a database that the guard contradicts.
//!
//! Two slots are written in turn, so that a crash in the middle of a write leaves the other one
//! whole.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use attestry_proof::{hash::Hash, size::TreeSize};

use super::journal::{FileJournal, Journal, JournalError};
use crate::store::ledger::Head;

const MAGIC: &[u8; 16] = b"attestry/guard/1";
const SLOT_BYTES: usize = 512;
/// magic ‖ sequence ‖ origin digest ‖ size ‖ root ‖ checksum
const RECORD_BYTES: usize = 16 + 8 + 32 + 8 + 32 + 32;
const CHECKSUM_AT: usize = RECORD_BYTES - 32;

/// Why the guard cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The guard's files cannot be read or written.
    #[error("the guard at {path} cannot be used: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// Another process holds it.
    #[error(
        "{path} is in use by another process; stop that one first, or give this one its own --data and --guard"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// Neither slot holds a whole record.
    #[error("the guard at {path} is damaged: neither of its two records is whole")]
    Damaged {
        /// The guard file.
        path: PathBuf,
    },
    /// The guard belongs to another log.
    #[error("the guard at {path} belongs to a log with another origin")]
    OtherLog {
        /// The guard file.
        path: PathBuf,
    },
    /// The erasure journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An earlier write failed, so what is on disk is unknown.
    #[error("an earlier write to the guard failed; restart to find out what it holds")]
    Failed,
}

/// Remembers the last acknowledged head.
pub trait Guard: Send + Sync {
    /// The remembered head; `None` if there never was one.
    ///
    /// # Errors
    /// See [`GuardError`].
    fn read(&self) -> Result<Option<Head>, GuardError>;

    /// Makes the guard ready for a log that is about to begin, durably, before its first entry is
    /// written. A guard that is ready but remembers nothing tells a crash during genesis from a
    /// guard that was lost.
    ///
    /// # Errors
    /// See [`GuardError`].
    fn arm(&self) -> Result<(), GuardError>;

    /// Whether the guard is ready and has never remembered a head.
    fn is_armed(&self) -> bool;

    /// Returns once `head` is on stable storage.
    ///
    /// # Errors
    /// See [`GuardError`]; nothing may be acknowledged after one.
    fn record(&self, head: Head) -> Result<(), GuardError>;

    /// What must stay destroyed.
    fn journal(&self) -> &dyn Journal;
}

/// A guard in a directory of its own, held by one process at a time.
pub struct FileGuard {
    path: PathBuf,
    origin: Hash,
    state: Mutex<State>,
    journal: FileJournal,
    /// Held for its lock alone.
    _lock: File,
}

struct State {
    file: Option<File>,
    sequence: u64,
    failed: bool,
}

impl FileGuard {
    /// Opens the directory, creating it if needed, and locks it against other processes.
    ///
    /// # Errors
    /// [`GuardError::Locked`] or [`GuardError::Io`].
    pub fn open(directory: &Path, origin: &str) -> Result<Self, GuardError> {
        let lock = lock_directory(directory)?;
        let path = directory.join("head");
        let file = match fs::OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(GuardError::Io { path, source }),
        };
        let state = Mutex::new(State { file, sequence: 0, failed: false });
        let journal = FileJournal::open(directory, origin)?;
        let origin = Hash::of(origin.as_bytes());
        let guard = Self { path, origin, state, journal, _lock: lock };
        guard.read()?;
        Ok(guard)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn io(&self, source: io::Error) -> GuardError {
        GuardError::Io { path: self.path.clone(), source }
    }

    fn create(&self) -> io::Result<File> {
        let file =
            fs::OpenOptions::new().read(true).write(true).create_new(true).open(&self.path)?;
        file.set_len(2 * SLOT_BYTES as u64)?;
        file.sync_all()?;
        if let Some(parent) = self.path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(file)
    }
}

/// Locks a directory for this process until the returned file is dropped.
///
/// # Errors
/// [`GuardError::Locked`] if another process has it, [`GuardError::Io`] otherwise.
pub fn lock_directory(directory: &Path) -> Result<File, GuardError> {
    let path = directory.join("lock");
    let io = |source| GuardError::Io { path: path.clone(), source };
    fs::create_dir_all(directory).map_err(io)?;
    let lock =
        fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(GuardError::Locked { path }),
        Err(fs::TryLockError::Error(source)) => Err(GuardError::Io { path, source }),
    }
}

impl Guard for FileGuard {
    fn read(&self) -> Result<Option<Head>, GuardError> {
        let mut state = self.state();
        let Some(file) = state.file.as_mut() else { return Ok(None) };
        let mut bytes = Vec::with_capacity(2 * SLOT_BYTES);
        file.seek(SeekFrom::Start(0)).map_err(|source| self.io(source))?;
        file.take(2 * SLOT_BYTES as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| self.io(source))?;
        let newest = bytes
            .chunks(SLOT_BYTES)
            .filter_map(Record::decode)
            .max_by_key(|record| record.sequence);
        let Some(record) = newest else {
            // Armed, and never written since.
            let untouched = bytes.len() == 2 * SLOT_BYTES && bytes.iter().all(|byte| *byte == 0);
            return if untouched {
                Ok(None)
            } else {
                Err(GuardError::Damaged { path: self.path.clone() })
            };
        };
        if record.origin != self.origin {
            return Err(GuardError::OtherLog { path: self.path.clone() });
        }
        state.sequence = record.sequence;
        Ok(Some(record.head))
    }

    fn arm(&self) -> Result<(), GuardError> {
        let mut state = self.state();
        if state.file.is_none() {
            state.file = Some(self.create().map_err(|source| self.io(source))?);
        }
        Ok(())
    }

    fn journal(&self) -> &dyn Journal {
        &self.journal
    }

    fn is_armed(&self) -> bool {
        let state = self.state();
        state.file.is_some() && state.sequence == 0
    }

    fn record(&self, head: Head) -> Result<(), GuardError> {
        let mut state = self.state();
        if state.failed {
            return Err(GuardError::Failed);
        }
        let record = Record { sequence: state.sequence + 1, origin: self.origin, head };
        let written = (|| {
            if state.file.is_none() {
                state.file = Some(self.create()?);
            }
            let Some(file) = state.file.as_mut() else { return Ok(()) };
            let slot = record.sequence % 2 * SLOT_BYTES as u64;
            file.seek(SeekFrom::Start(slot))?;
            file.write_all(&record.encode())?;
            file.sync_data()
        })();
        match written {
            Ok(()) => {
                state.sequence = record.sequence;
                Ok(())
            }
            Err(source) => {
                state.failed = true;
                Err(self.io(source))
            }
        }
    }
}

struct Record {
    sequence: u64,
    origin: Hash,
    head: Head,
}

impl Record {
    fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut slot = [0; SLOT_BYTES];
        let body = [
            MAGIC.as_slice(),
            &self.sequence.to_be_bytes(),
            self.origin.as_bytes(),
            &self.head.size.0.to_be_bytes(),
            self.head.root.as_bytes(),
        ]
        .concat();
        slot[..CHECKSUM_AT].copy_from_slice(&body);
        slot[CHECKSUM_AT..RECORD_BYTES].copy_from_slice(Hash::of(&body).as_bytes());
        slot
    }

    fn decode(slot: &[u8]) -> Option<Self> {
        let body = slot.get(..CHECKSUM_AT)?;
        let checksum = slot.get(CHECKSUM_AT..RECORD_BYTES)?;
        if &body[..16] != MAGIC || Hash::of(body).as_bytes() != checksum {
            return None;
        }
        let number = |at: usize| body[at..at + 8].try_into().ok().map(u64::from_be_bytes);
        Some(Self {
            sequence: number(16)?,
            origin: Hash::from_slice(&body[24..56])?,
            head: Head { size: TreeSize(number(56)?), root: Hash::from_slice(&body[64..96])? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> Head {
        Head { size: TreeSize(size), root: Hash::of(&size.to_be_bytes()) }
    }

    #[test]
    fn remembers_the_last_head_across_restarts() {
        let directory = tempfile::tempdir().unwrap();
        for size in 0..5 {
            let guard = FileGuard::open(directory.path(), "log.example").unwrap();
            assert_eq!(guard.read().unwrap(), (size > 0).then(|| head(size)));
            guard.record(head(size + 1)).unwrap();
        }
    }

    #[test]
    fn a_torn_write_leaves_the_head_before() {
        let directory = tempfile::tempdir().unwrap();
        let guard = FileGuard::open(directory.path(), "log.example").unwrap();
        guard.record(head(1)).unwrap();
        guard.record(head(2)).unwrap();
        drop(guard);
        let path = directory.path().join("head");
        let mut bytes = fs::read(&path).unwrap();
        bytes[70] ^= 1; // second record, written into slot 0
        fs::write(&path, &bytes).unwrap();
        let guard = FileGuard::open(directory.path(), "log.example").unwrap();
        assert_eq!(guard.read().unwrap(), Some(head(1)));
        drop(guard);
        bytes[SLOT_BYTES + 70] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(
            FileGuard::open(directory.path(), "log.example"),
            Err(GuardError::Damaged { .. })
        ));
    }

    #[test]
    fn a_guard_is_armed_only_between_creation_and_the_first_head() {
        let directory = tempfile::tempdir().unwrap();
        let open = || FileGuard::open(directory.path(), "log.example").unwrap();
        let guard = open();
        assert!(!guard.is_armed());
        guard.arm().unwrap();
        drop(guard);
        let guard = open();
        assert!(guard.is_armed());
        guard.record(head(2)).unwrap();
        assert!(!guard.is_armed());
    }

    #[test]
    fn a_second_holder_and_another_log_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let guard = FileGuard::open(directory.path(), "log.example").unwrap();
        guard.record(head(1)).unwrap();
        assert!(matches!(
            FileGuard::open(directory.path(), "log.example"),
            Err(GuardError::Locked { .. })
        ));
        drop(guard);
        assert!(matches!(
            FileGuard::open(directory.path(), "log2.example"),
            Err(GuardError::OtherLog { .. })
        ));
    }
}
