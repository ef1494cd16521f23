//! Comparing the files of a directory with the openings that list them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use attestry_proof::hash::Hash;
use attestry_proof::manifest::{FileRecord, MAX_FILES, Manifest};
use sha2::{Digest as _, Sha256};

use crate::arguments::InputError;
use crate::pool;

/// Bytes read at once while hashing.
const CHUNK_BYTES: usize = 256 << 10;
/// Deepest directory; paths of a manifest cannot be deeper.
const DEPTH_MAX: usize = 2048;

/// How a directory differs from its openings; all paths relative, with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Files that are as listed.
    pub(crate) matching: usize,
    /// Listed, not there.
    pub(crate) missing: Vec<String>,
    /// There and listed, with other content or size, or no ordinary file.
    pub(crate) changed: Vec<String>,
    /// There, not listed.
    pub(crate) extra: Vec<String>,
}

impl Comparison {
    pub(crate) const fn is_equal(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.extra.is_empty()
    }
}

/// Hashes every file of `directory` that is listed, and looks for files that are not.
pub(crate) fn compare(
    manifest: &Manifest,
    directory: &Path,
    jobs: NonZeroUsize,
) -> Result<Comparison, InputError> {
    let mut present = HashMap::new();
    let mut comparison = Comparison::default();
    collect(directory, "", 0, &mut present)?;
    let mut listed: Vec<(&FileRecord, PathBuf)> = Vec::with_capacity(manifest.files().len());
    for record in manifest.files() {
        match present.remove(&record.path) {
            Some(Entry::File(path)) => listed.push((record, path)),
            Some(Entry::Other) => comparison.changed.push(record.path.clone()),
            None => comparison.missing.push(record.path.clone()),
        }
    }
    let equal = pool::map(jobs, &listed, |(record, path)| {
        is_unchanged(record, path).map_err(|source| InputError::Read { path: path.clone(), source })
    });
    for ((record, _), equal) in listed.iter().zip(equal) {
        if equal? {
            comparison.matching += 1;
        } else {
            comparison.changed.push(record.path.clone());
        }
    }
    comparison.changed.sort_unstable();
    comparison.extra = present.into_keys().collect();
    comparison.extra.sort_unstable();
    Ok(comparison)
}

enum Entry {
    File(PathBuf),
    /// A symbolic link, socket or device: it is there, and is no content anybody committed to.
    Other,
}

fn collect(
    directory: &Path,
    prefix: &str,
    depth: usize,
    found: &mut HashMap<String, Entry>,
) -> Result<(), InputError> {
    let read = |source| InputError::Read { path: directory.to_owned(), source };
    for entry in fs::read_dir(directory).map_err(read)? {
        let entry = entry.map_err(read)?;
        let kind = entry.file_type().map_err(read)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() && depth < DEPTH_MAX {
            collect(&entry.path(), &format!("{name}/"), depth + 1, found)?;
            continue;
        }
        if found.len() >= 2 * MAX_FILES {
            return Err(InputError::TooManyFiles { limit: 2 * MAX_FILES });
        }
        let is_readable = kind.is_file() && entry.file_name().to_str().is_some();
        let entry = if is_readable { Entry::File(entry.path()) } else { Entry::Other };
        found.insert(name, entry);
    }
    Ok(())
}

fn is_unchanged(record: &FileRecord, path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != record.size {
        return Ok(false);
    }
    let mut hasher = Sha256::new();
    let mut chunk =
        vec![0; CHUNK_BYTES.min(usize::try_from(record.size).unwrap_or(CHUNK_BYTES) + 1)];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => hasher.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Hash(hasher.finalize().into()) == record.sha256)
}
