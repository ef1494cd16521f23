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

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn read_with(limits: Limits) -> Result<Vec<(String, Vec<u8>)>, InputError> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_directory("d/", SimpleFileOptions::default()).unwrap();
        for (name, size) in [("b", 300), ("a", 200), ("files/x", 900)] {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&vec![b'x'; size]).unwrap();
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), writer.finish().unwrap().into_inner()).unwrap();
        read(file.path(), &limits)
    }

    fn fault(limits: Limits) -> Option<PackFault> {
        match read_with(limits) {
            Err(InputError::PackRefused { fault, .. }) => Some(fault),
            _ => None,
        }
    }

    #[test]
    fn entries_come_by_name_without_directories_and_files() {
        let entries = read_with(Limits::default()).unwrap();
        let sizes: Vec<_> = entries.iter().map(|(name, bytes)| (&name[..], bytes.len())).collect();
        assert_eq!(sizes, [("a", 200), ("b", 300)]);
    }

    #[test]
    fn each_limit_holds_at_its_edge() {
        let most = Limits { entries: 4, ratio: 1, free: 300, total: 500 };
        assert!(read_with(most).is_ok());
        let (found, limit) = (4, 3);
        let refused = fault(Limits { entries: limit, ..most });
        assert_eq!(refused, Some(PackFault::Entries { found, limit }));
        assert_eq!(fault(Limits { total: 499, ..most }), Some(PackFault::Total { limit: 499 }));
        let refused = fault(Limits { free: 299, ..most });
        assert_eq!(refused, Some(PackFault::Ratio { entry: 1, limit: 1 }));
        assert!(read_with(Limits { free: 0, ratio: 200, ..most }).is_ok());
    }

    #[test]
    fn bytes_that_are_no_archive_are_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"PK\x03\x04 and nothing else").unwrap();
        assert!(matches!(read(file.path(), &Limits::default()), Err(InputError::Pack { .. })));
    }
}
