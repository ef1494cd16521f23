//! The erasure journal: what must stay destroyed, kept beside the guard, outside the database and
//! every backup of it.
//!
//! An old copy of the keys or of the vault brings back what was erased since. It cannot know; the
//! journal does. So an order is durable here before anything is destroyed, and a service that starts
//! carries out every order that it finds here again.
//!
//! One file that only grows: a header, then records. A record that a crash cut short at the end was
//! never acted on, and is cut off; a damaged one anywhere else is refused.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use attestry_proof::{
    hash::{HASH_BYTES, Hash},
    size::LeafIndex,
};
use uuid::Uuid;

const MAGIC: &[u8; 16] = b"attestry/erased1";
/// magic ‖ SHA-256 of the origin
const HEADER_BYTES: usize = MAGIC.len() + HASH_BYTES;
/// submission ‖ position ‖ leaf hash ‖ number of files
const FIXED_BYTES: usize = 16 + 8 + HASH_BYTES + 4;
/// Marks that all of the submission is erased, where the number of files stands.
const EVERYTHING: u32 = u32::MAX;
/// Most files of one record; an order names no more.
const FILES_MAX: u32 = 100_000;

/// An order to erase, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRecord {
    /// The submission.
    pub submission: Uuid,
    /// Position of the order in the log.
    pub ordered: LeafIndex,
    /// Leaf hash of the order.
    pub leaf: Hash,
    /// Which files, by keyed fingerprints, since the journal is in the clear; `None` for everything.
    pub files: Option<Vec<Hash>>,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Its file cannot be read or written.
    #[error("the erasure journal at {path} cannot be used: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// A record in the middle of it is not whole.
    #[error(
        "the erasure journal at {path} is damaged at byte {at}: what was erased may come back from a backup; restore \
         the journal from the guard's own copy"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where the record begins.
        at: u64,
    },
    /// It belongs to another log.
    #[error("the erasure journal at {path} belongs to a log with another origin")]
    OtherLog {
        /// Which file.
        path: PathBuf,
    },
    /// The log ordered something that the journal does not have, although it had it.
    #[error(
        "the erasure journal at {path} does not have the order at entry {ordered}, which the database says it had: it \
         is not the journal of this log, or an old copy of it. Restore it; without it a backup could bring back what \
         was erased, so nothing is served"
    )]
    OrderMissing {
        /// Which file.
        path: PathBuf,
        /// Position of the order.
        ordered: LeafIndex,
    },
    /// An earlier write failed, so what is on disk is unknown.
    #[error("an earlier write to the erasure journal failed; restart to find out what it holds")]
    Failed,
}

/// Remembers what must stay destroyed.
pub trait Journal: Send + Sync {
    /// Every record, in the order they were written.
    ///
    /// # Errors
    /// See [`JournalError`].
    fn records(&self) -> Result<Vec<JournalRecord>, JournalError>;

    /// Returns once the records are on stable storage.
    ///
    /// # Errors
    /// See [`JournalError`]; nothing may be destroyed after one.
    fn append(&self, records: &[JournalRecord]) -> Result<(), JournalError>;

    /// Where it is, for messages.
    fn path(&self) -> &Path;
}

/// A journal in the guard's directory, whose lock its holder has.
pub struct FileJournal {
    path: PathBuf,
    origin: Hash,
    /// Bytes of whole records; `None` after a failed write.
    length: Mutex<Option<u64>>,
}

impl FileJournal {
    /// Opens the journal in `directory`; a missing one is empty, and made with its first record.
    ///
    /// # Errors
    /// [`JournalError::Damaged`], [`JournalError::OtherLog`] or [`JournalError::Io`].
    pub fn open(directory: &Path, origin: &str) -> Result<Self, JournalError> {
        let path = directory.join("erased");
        let origin = Hash::of(origin.as_bytes());
        let journal = Self { path, origin, length: Mutex::new(None) };
        let (_, whole) = journal.read()?;
        *journal.length() = Some(whole);
        Ok(journal)
    }

    fn length(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.length.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn io(&self, source: io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), source }
    }

    /// The records, and how many bytes are whole.
    fn read(&self) -> Result<(Vec<JournalRecord>, u64), JournalError> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(mut file) => file.read_to_end(&mut bytes).map_err(|source| self.io(source))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(source) => return Err(self.io(source)),
        };
        // A crash while it was made.
        if bytes.len() < HEADER_BYTES {
            return Ok((Vec::new(), 0));
        }
        let (header, body) = bytes.split_at(HEADER_BYTES);
        if &header[..MAGIC.len()] != MAGIC {
            return Err(JournalError::Damaged { path: self.path.clone(), at: 0 });
        }
        if &header[MAGIC.len()..] != self.origin.as_bytes() {
            return Err(JournalError::OtherLog { path: self.path.clone() });
        }
        let (mut records, mut at) = (Vec::new(), 0);
        while at < body.len() {
            match decode(&body[at..]) {
                Decoded::Record(record, length) => {
                    records.push(record);
                    at += length;
                }
                Decoded::CutShort => break,
                Decoded::Damaged => {
                    let at = (HEADER_BYTES + at) as u64;
                    return Err(JournalError::Damaged { path: self.path.clone(), at });
                }
            }
        }
        Ok((records, (HEADER_BYTES + at) as u64))
    }

    fn write(&self, whole: u64, bytes: &[u8]) -> io::Result<u64> {
        let new = whole == 0;
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(false).open(&self.path)?;
        // What a crash cut short goes first.
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        let mut written = whole;
        if new {
            file.write_all(MAGIC)?;
            file.write_all(self.origin.as_bytes())?;
            written += HEADER_BYTES as u64;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        if new && let Some(parent) = self.path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(written + bytes.len() as u64)
    }
}

impl Journal for FileJournal {
    fn records(&self) -> Result<Vec<JournalRecord>, JournalError> {
        Ok(self.read()?.0)
    }

    fn append(&self, records: &[JournalRecord]) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = records.iter().flat_map(encode).collect();
        let mut length = self.length();
        let whole = length.take().ok_or(JournalError::Failed)?;
        *length = Some(self.write(whole, &bytes).map_err(|source| self.io(source))?);
        Ok(())
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

enum Decoded {
    Record(JournalRecord, usize),
    CutShort,
    Damaged,
}

/// Fixed part ‖ files ‖ SHA-256 of all before.
fn encode(record: &JournalRecord) -> Vec<u8> {
    let files = record.files.as_deref().unwrap_or_default();
    let number = match &record.files {
        None => EVERYTHING,
        Some(files) => u32::try_from(files.len()).unwrap_or(FILES_MAX),
    };
    let mut bytes = Vec::with_capacity(FIXED_BYTES + (files.len() + 1) * HASH_BYTES);
    bytes.extend_from_slice(record.submission.as_bytes());
    bytes.extend_from_slice(&record.ordered.0.to_be_bytes());
    bytes.extend_from_slice(record.leaf.as_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    for file in files {
        bytes.extend_from_slice(file.as_bytes());
    }
    let checksum = Hash::of(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Decoded {
    let Some(fixed) = bytes.get(..FIXED_BYTES) else { return Decoded::CutShort };
    let (ids, number) = fixed.split_at(FIXED_BYTES - 4);
    let Ok(number) = number.try_into().map(u32::from_be_bytes) else { return Decoded::Damaged };
    let files = if number == EVERYTHING { 0 } else { number };
    if files > FILES_MAX {
        return Decoded::Damaged;
    }
    let body = FIXED_BYTES + files as usize * HASH_BYTES;
    let Some(whole) = bytes.get(..body + HASH_BYTES) else { return Decoded::CutShort };
    let (signed, checksum) = whole.split_at(body);
    if Hash::of(signed).as_bytes() != checksum {
        return Decoded::Damaged;
    }
    let position = ids[16..24].try_into().map(u64::from_be_bytes);
    let (Ok(submission), Ok(position), Some(leaf)) =
        (Uuid::from_slice(&ids[..16]), position, Hash::from_slice(&ids[24..]))
    else {
        return Decoded::Damaged;
    };
    let named = signed[FIXED_BYTES..].chunks(HASH_BYTES).filter_map(Hash::from_slice).collect();
    let files = (number != EVERYTHING).then_some(named);
    let record = JournalRecord { submission, ordered: LeafIndex(position), leaf, files };
    Decoded::Record(record, whole.len())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn record(number: u8, files: Option<u8>) -> JournalRecord {
        JournalRecord {
            submission: Uuid::from_bytes([number; 16]),
            ordered: LeafIndex(u64::from(number)),
            leaf: Hash([number; 32]),
            files: files.map(|count| (0..count).map(|file| Hash([file; 32])).collect()),
        }
    }

    fn open(directory: &Path) -> Result<FileJournal, JournalError> {
        FileJournal::open(directory, "log.example")
    }

    #[test]
    fn records_come_back_in_order_across_restarts() {
        let directory = tempfile::tempdir().unwrap();
        let all = [record(1, None), record(2, Some(3)), record(3, Some(0)), record(4, None)];
        assert_eq!(open(directory.path()).unwrap().records().unwrap(), []);
        assert!(!directory.path().join("erased").exists(), "made with the first record");
        open(directory.path()).unwrap().append(&all[..2]).unwrap();
        let journal = open(directory.path()).unwrap();
        journal.append(&[]).unwrap();
        journal.append(&all[2..]).unwrap();
        assert_eq!(journal.records().unwrap(), all);
        assert_eq!(open(directory.path()).unwrap().records().unwrap(), all);
    }

    #[test]
    fn a_record_cut_short_is_written_again_in_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("erased");
        open(directory.path()).unwrap().append(&[record(1, None), record(2, Some(2))]).unwrap();
        let whole = fs::read(&path).unwrap();
        let first = HEADER_BYTES + FIXED_BYTES + HASH_BYTES;
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let journal = open(directory.path()).unwrap();
            let left = if cut >= first { vec![record(1, None)] } else { vec![] };
            assert_eq!(journal.records().unwrap(), left, "cut at {cut}");
            journal.append(&[record(3, None)]).unwrap();
            let records = open(directory.path()).unwrap().records().unwrap();
            assert_eq!(records.last(), Some(&record(3, None)));
            assert_eq!(records.len(), left.len() + 1);
        }
    }

    #[test]
    fn damage_in_the_middle_and_another_log_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("erased");
        open(directory.path()).unwrap().append(&[record(1, None), record(2, None)]).unwrap();
        let whole = fs::read(&path).unwrap();
        let last = whole.len() - FIXED_BYTES - HASH_BYTES;
        for at in [0, HEADER_BYTES, HEADER_BYTES + 20, last, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert!(matches!(open(directory.path()), Err(JournalError::Damaged { .. })), "{at}");
        }
        fs::write(&path, whole).unwrap();
        let other = FileJournal::open(directory.path(), "other.example");
        assert!(matches!(other, Err(JournalError::OtherLog { .. })));
    }
}
