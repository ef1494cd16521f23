//! Finding and hashing the files of one side of a submission.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use attestry_proof::{
    hash::Hash,
    manifest::{FileRecord, Manifest, Role},
};
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use crate::{cli::output::Failure, entropy::Entropy};

const READ_BYTES: usize = 1 << 20;

/// A file on this machine and its name in the manifest.
#[derive(Clone, Debug)]
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in the manifest: relative, `/` between names, NFC.
    pub name: String,
    /// Its size when it was found.
    pub size: u64,
}

/// One side of a submission, hashed.
#[derive(Debug)]
pub struct Side {
    /// Its manifest.
    pub manifest: Manifest,
    /// Where each file is, by SHA-256, in the order of the manifest.
    pub sources: Vec<(Hash, PathBuf, u64)>,
}

/// Finds every file at or below `paths`. A directory keeps its name; everything in it counts,
/// hidden files too.
pub fn find(paths: &[PathBuf]) -> Result<Vec<LocalFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let top = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        let base = top.parent().unwrap_or(&top).to_path_buf();
        for entry in walkdir::WalkDir::new(&top).sort_by_file_name() {
            let entry =
                entry.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            let kind = entry.file_type();
            if kind.is_dir() {
                continue;
            }
            if !kind.is_file() {
                return Err(Failure::usage(format!(
                    "{} is a {}; a manifest lists plain files only: replace it by what it stands for, or leave it out",
                    entry.path().display(),
                    if kind.is_symlink() { "symbolic link" } else { "special file" }
                )));
            }
            let metadata = entry.metadata().map_err(|error| Failure::usage(error.to_string()))?;
            let name = name_of(&base, entry.path())?;
            files.push(LocalFile { path: entry.into_path(), name, size: metadata.len() });
        }
    }
    if files.is_empty() {
        return Err(Failure::usage("there are no files at the given paths"));
    }
    Ok(files)
}

fn name_of(base: &Path, path: &Path) -> Result<String, Failure> {
    let below = path.strip_prefix(base).unwrap_or(path);
    let names: Option<Vec<&str>> = below.iter().map(|name| name.to_str()).collect();
    let names = names.ok_or_else(|| {
        Failure::usage(format!("{}: the name is not UTF-8; rename it", path.display()))
    })?;
    Ok(names.join("/").nfc().collect())
}

/// Hashes the files on every core and makes the manifest.
pub fn hash(
    role: Role,
    files: &[LocalFile],
    entropy: &dyn Entropy,
    progress: &ProgressBar,
) -> Result<Side, Failure> {
    let digests = hash_all(files, progress)?;
    let mut records = Vec::with_capacity(files.len());
    for (file, digest) in files.iter().zip(&digests) {
        let mut salt = [0; 32];
        entropy.fill(&mut salt);
        let media_type =
            mime_guess::from_path(&file.name).first_or_octet_stream().essence_str().to_owned();
        records.push(FileRecord {
            path: file.name.clone(),
            size: file.size,
            media_type,
            sha256: *digest,
            salt,
        });
    }
    let manifest = Manifest::new(role, records).map_err(|error| {
        Failure::usage(format!("the {} cannot be listed: {error}", role.as_str()))
    })?;
    let sources = files
        .iter()
        .zip(digests)
        .map(|(file, digest)| (digest, file.path.clone(), file.size))
        .collect();
    Ok(Side { manifest, sources })
}

/// One SHA-256 for each file, in the same order.
fn hash_all(files: &[LocalFile], progress: &ProgressBar) -> Result<Vec<Hash>, Failure> {
    let next = AtomicUsize::new(0);
    // Takes the next file that nobody took, until there is none or somebody failed.
    let work = || {
        let mut buffer = vec![0; READ_BYTES];
        let mut hashed = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at) else { return Ok(hashed) };
            match hash_one(file, &mut buffer, progress) {
                Ok(digest) => hashed.push((at, digest)),
                Err(failure) => {
                    next.store(files.len(), Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<Result<Vec<(usize, Hash)>, Failure>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let died = || Err(Failure::usage("hashing stopped unexpectedly"));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| died())).collect()
    });
    let mut digests = vec![Hash::default(); files.len()];
    for result in results {
        for (at, digest) in result? {
            digests[at] = digest;
        }
    }
    Ok(digests)
}

fn hash_one(file: &LocalFile, buffer: &mut [u8], progress: &ProgressBar) -> Result<Hash, Failure> {
    let mut source = File::open(&file.path).map_err(|error| unreadable(&file.path, &error))?;
    let mut hasher = Sha256::new();
    let mut total = 0;
    loop {
        let count = source.read(buffer).map_err(|error| unreadable(&file.path, &error))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        total += count as u64;
        progress.inc(count as u64);
    }
    if total != file.size {
        return Err(Failure::usage(format!(
            "{} changed while it was read; try again",
            file.path.display()
        )));
    }
    Ok(Hash(hasher.finalize().into()))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    #[test]
    fn a_directory_keeps_its_name_and_its_hidden_files() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("repo");
        std::fs::create_dir_all(folder.join(".git")).unwrap();
        std::fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(folder.join("main.rs"), "fn main() {}\n").unwrap();
        let files = find(&[folder]).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["repo/.git/HEAD", "repo/main.rs"]);
        let side = hash(Role::Deliverable, &files, &OsEntropy, &ProgressBar::hidden()).unwrap();
        assert_eq!(side.manifest.count(), 2);
        assert_eq!(side.sources[1].0, Hash::of(b"fn main() {}\n"));
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_and_an_empty_folder_are_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(find(&[root.path().to_path_buf()]).is_err());
        std::os::unix::fs::symlink("/etc/hostname", root.path().join("link")).unwrap();
        let refused = find(&[root.path().to_path_buf()]).unwrap_err().to_string();
        assert!(refused.contains("symbolic link"), "{refused}");
    }
}
