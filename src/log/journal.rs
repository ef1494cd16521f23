//! The erasure journal: what must stay destroyed, kept beside the guard, outside the database and
//! every backup of it.
//!
//! An old copy of the keys or of the vault brings back what was erased since. It cannot know; the
//! journal does. So an order is durable here before anything is destroyed, and a service that starts
//! carries out every order that it finds here again.
//!
//! One file that only grows: a header, then records. A record that a crash cut short at the end was
//! never acted on, and is cut off; so are the zeros that a power failure leaves where a write had not
//! come yet. Whoever opens the log asks that every order known to be in the journal lies before. A
//! damaged record anywhere else is refused.
//!
//! Beside it a mark says that orders are being carried out again: what a restored copy brought back
//! cannot be told from what is there by right once the first half of it is gone.

use std::{
    fs::{self, File, OpenOptions},
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
/// What a write on its way leaves behind is whole sectors.
const SECTOR_BYTES: usize = 512;
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

    /// Whether orders were being carried out again, and that did not come to its end.
    fn is_replaying(&self) -> bool;

    /// Notes, durably, that orders are being carried out again, or that this is done.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    fn note_replaying(&self, replaying: bool) -> Result<(), JournalError>;

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
        // Or before anything of it was written.
        if bytes.iter().all(|byte| *byte == 0) {
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
                Decoded::Damaged if is_unwritten(&bytes, HEADER_BYTES + at) => break,
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
        if new {
            self.sync_directory()?;
        }
        Ok(written + bytes.len() as u64)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    }

    fn mark(&self) -> PathBuf {
        self.path.with_extension("replaying")
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

    fn is_replaying(&self) -> bool {
        self.mark().exists()
    }

    fn note_replaying(&self, replaying: bool) -> Result<(), JournalError> {
        let mark = self.mark();
        let noted = match replaying {
            true => File::create(&mark).and_then(|file| file.sync_all()),
            false => match fs::remove_file(&mark) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        noted.and_then(|()| self.sync_directory()).map_err(|source| self.io(source))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether nothing but zeros follows, from the record that begins `at` or from a sector inside it on.
fn is_unwritten(bytes: &[u8], at: usize) -> bool {
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let from = bytes.len() - zeros;
    let sector = from.next_multiple_of(SECTOR_BYTES);
    if from <= at {
        return true;
    }
    let length = bytes[at..].get(FIXED_BYTES - 4..FIXED_BYTES).and_then(|it| it.try_into().ok());
    let files = match length.map(u32::from_be_bytes) {
        Some(EVERYTHING) | None => 0,
        Some(files) => files.min(FILES_MAX) as usize,
    };
    sector < bytes.len() && sector < at + FIXED_BYTES + (files + 1) * HASH_BYTES
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
    fn zeros_where_a_write_had_not_come_are_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("erased");
        let all = [record(1, None), record(2, Some(40)), record(3, None)];
        open(directory.path()).unwrap().append(&all).unwrap();
        let whole = fs::read(&path).unwrap();
        let first = HEADER_BYTES + FIXED_BYTES + HASH_BYTES;
        let second = first + FIXED_BYTES + 41 * HASH_BYTES;
        for (zeros_from, left) in [(0, 0), (first, 1), (512, 1), (1024, 1), (second, 2)] {
            let mut bytes = whole.clone();
            bytes[zeros_from..].fill(0);
            bytes.resize(4096, 0);
            fs::write(&path, &bytes).unwrap();
            let journal = open(directory.path()).unwrap();
            assert_eq!(journal.records().unwrap(), all[..left], "zeros from {zeros_from}");
            journal.append(&[record(4, None)]).unwrap();
            let records = open(directory.path()).unwrap().records().unwrap();
            assert_eq!(records.split_last(), Some((&record(4, None), &all[..left])));
        }
        // Zeros with something behind them, or from the middle of a sector on, are no such write.
        for zeros in [first..second, first + 20..whole.len()] {
            let mut bytes = whole.clone();
            bytes[zeros.clone()].fill(0);
            if zeros.end == whole.len() {
                bytes.truncate(second.min(1000));
            }
            fs::write(&path, bytes).unwrap();
            let opened = open(directory.path());
            assert!(matches!(opened, Err(JournalError::Damaged { .. })), "{zeros:?}");
        }
    }

    #[test]
    fn the_mark_of_a_replay_outlives_a_crash() {
        let directory = tempfile::tempdir().unwrap();
        for replaying in [true, true, false, false] {
            open(directory.path()).unwrap().note_replaying(replaying).unwrap();
            assert_eq!(open(directory.path()).unwrap().is_replaying(), replaying);
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
