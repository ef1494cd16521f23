//! Packs: ZIP archives, read into memory within limits. Nothing is extracted to disk.
//!
//! The files that people made are hashed as they are read, and only where an index names them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use attestry_proof::hash::Hash;
use attestry_proof::pack::{FILES, INDEX, PackFile};
use attestry_proof::payload::fields::Digest;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use crate::arguments::{InputError, PackFault};

/// Bytes of a file that are hashed at once.
const PIECE_BYTES: usize = 256 << 10;

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

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// All entries but directories and [`FILES`], in the order of their names.
    pub(super) entries: Vec<(String, Vec<u8>)>,
    /// What is under [`FILES`], by digest, in the order of the names.
    pub(super) natives: Vec<PackFile>,
    /// MD5 of the same, by SHA-256.
    pub(super) md5: BTreeMap<Hash, [u8; 16]>,
}

/// Reads all entries; those under [`FILES`] are hashed if there is an index, else left alone.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Archive, InputError> {
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
    let has_index = archive.index_for_name(INDEX).is_some();
    if has_index && archive.offset() != 0 {
        return Err(refuse(PackFault::Prefix));
    }
    let mut found = Archive::default();
    let mut left = limits.total;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(unreadable)?;
        let Some(name) = name_of(&entry, number, has_index).map_err(refuse)? else { continue };
        let most = limits.free.max(entry.compressed_size().saturating_mul(limits.ratio));
        if name.starts_with(FILES) {
            if has_index && entry.compression() != CompressionMethod::Stored {
                return Err(refuse(PackFault::Compressed { entry: number }));
            }
            if has_index
                && !found
                    .hash(name, entry.take(most + 1), most)
                    .map_err(|e| unreadable(e.into()))?
            {
                return Err(refuse(PackFault::Ratio { entry: number, limit: limits.ratio }));
            }
            continue;
        }
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
        found.entries.push((name, bytes));
    }
    found.entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    found.natives.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let twice = found.entries.windows(2).any(|pair| pair[0].0 == pair[1].0)
        || found.natives.windows(2).any(|pair| pair[0].path == pair[1].path);
    if twice {
        return Err(refuse(PackFault::DuplicateName));
    }
    Ok(found)
}

/// The name of an entry; `None` for a folder. With an index, names are strict.
fn name_of<R: Read + ?Sized>(
    entry: &ZipFile<'_, R>,
    number: usize,
    has_index: bool,
) -> Result<Option<String>, PackFault> {
    let name = match std::str::from_utf8(entry.name_raw()) {
        Ok(name) => name.to_owned(),
        Err(_) if has_index => return Err(PackFault::Name { entry: number }),
        Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
    };
    match entry.is_dir() {
        true if has_index && entry.size() > 0 => Err(PackFault::Name { entry: number }),
        true => Ok(None),
        false => Ok(Some(name)),
    }
}

/// Whether a file is an archive with an index.
pub(super) fn has_index(path: &Path) -> bool {
    let opened = File::open(path).ok();
    let archive = opened.and_then(|file| ZipArchive::new(BufReader::new(file)).ok());
    archive.is_some_and(|archive| archive.index_for_name(INDEX).is_some())
}

impl Archive {
    /// Hashes a file; `false` if it has more than `most` bytes.
    fn hash(&mut self, path: String, mut file: impl Read, most: u64) -> io::Result<bool> {
        let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
        let mut piece = vec![0; PIECE_BYTES];
        let mut size = 0;
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            size += read as u64;
            sha256.update(&piece[..read]);
            md5.update(&piece[..read]);
        }
        let sha256 = Hash(sha256.finalize().into());
        self.md5.insert(sha256, md5.finalize().into());
        self.natives.push(PackFile { path, size, sha256: Digest(sha256) });
        Ok(size <= most)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn read_with(limits: Limits) -> Result<Archive, InputError> {
        let files = [("b", 300), ("a", 200), ("files/x", 900)];
        read_packed(&files, limits, CompressionMethod::Deflated)
    }

    fn read_these(files: &[(&str, usize)], limits: Limits) -> Result<Archive, InputError> {
        read_packed(files, limits, CompressionMethod::Stored)
    }

    fn read_packed(
        files: &[(&str, usize)],
        limits: Limits,
        method: CompressionMethod,
    ) -> Result<Archive, InputError> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_directory("d/", SimpleFileOptions::default()).unwrap();
        let options = SimpleFileOptions::default().compression_method(method);
        for (name, size) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(&vec![b'x'; *size]).unwrap();
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
        let found = read_with(Limits::default()).unwrap();
        assert!(found.natives.is_empty());
        let sizes: Vec<_> =
            found.entries.iter().map(|(name, bytes)| (&name[..], bytes.len())).collect();
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
    fn files_are_hashed_where_an_index_may_name_them() {
        let files = [("pack.json", 1), ("files/x", 9000), ("files/a", 3)];
        let found = read_these(&files, Limits::default()).unwrap();
        let sizes: Vec<_> = found.natives.iter().map(|it| (&it.path[..], it.size)).collect();
        assert_eq!(sizes, [("files/a", 3), ("files/x", 9000)]);
        assert_eq!(found.natives[0].sha256, Digest(Hash::of(b"xxx")));
        let md5 = found.md5[&Hash::of(b"xxx")];
        assert_eq!(md5[..4], [0xf5, 0x61, 0xaa, 0xf6]);
        let packed = read_packed(&files, Limits::default(), CompressionMethod::Deflated);
        assert!(matches!(
            packed,
            Err(InputError::PackRefused { fault: PackFault::Compressed { .. }, .. })
        ));
    }

    #[test]
    fn bytes_that_are_no_archive_are_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"PK\x03\x04 and nothing else").unwrap();
        assert!(matches!(read(file.path(), &Limits::default()), Err(InputError::Pack { .. })));
    }
}
