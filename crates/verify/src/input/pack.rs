//! Packs: ZIP archives, read into memory within limits. Nothing is extracted to disk.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use zip::ZipArchive;

use crate::arguments::{InputError, PackFault};

/// Directory of a pack with files that people made; they are no evidence and are not read.
const FILES: &str = "files/";

/// What a pack may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most entries.
    pub(super) entries: usize,
    /// How many times an entry may expand, once it is beyond [`Limits::free`].
    pub(super) ratio: u64,
    /// Bytes that an entry may have whatever its ratio.
    pub(super) free: u64,
    /// Most bytes of all entries together, expanded.
    pub(super) total: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 500_000, ratio: 200, free: 1 << 20, total: 2 << 30 }
    }
}

/// Reads all entries but directories and [`FILES`], in the order of their names.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, InputError> {
    let refuse = |fault| InputError::PackRefused { path: path.to_owned(), fault };
    let unreadable = |source| InputError::Pack { path: path.to_owned(), source };
    let file =
        File::open(path).map_err(|source| InputError::Read { path: path.to_owned(), source })?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    let (found, limit) = (archive.len(), limits.entries);
    if found > limit {
        return Err(refuse(PackFault::Entries { found, limit }));
    }
    if archive.has_duplicate_names() {
        return Err(refuse(PackFault::DuplicateName));
    }
    if archive.has_overlapping_entries().map_err(unreadable)? {
        return Err(refuse(PackFault::Overlap));
    }
    let mut entries = Vec::new();
    let mut left = limits.total;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(unreadable)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if entry.is_dir() || name.starts_with(FILES) {
            continue;
        }
        let most = limits.free.max(entry.compressed_size().saturating_mul(limits.ratio));
        let mut bytes = Vec::new();
        // Sizes in the headers are claims; what comes out is counted.
        let mut expanded = entry.take(most.min(left) + 1);
        let read = expanded.read_to_end(&mut bytes);
        read.map_err(|source| unreadable(source.into()))?;
        let size = bytes.len() as u64;
        if size > left {
            return Err(refuse(PackFault::Total { limit: limits.total }));
        }
        if size > most {
            return Err(refuse(PackFault::Ratio { entry: number, limit: limits.ratio }));
        }
        left -= size;
        entries.push((name, bytes));
    }
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(refuse(PackFault::DuplicateName));
    }
    Ok(entries)
}
