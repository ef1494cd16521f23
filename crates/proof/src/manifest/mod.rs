//! A fixed list of files, committed to so that one file can be shown without naming the others.
//!
//! The signed payload holds role, count, total size and commitment; the [`FileRecord`]s are
//! *openings*, kept apart. The commitment is over a complete binary Merkle tree ([`batch`]), right
//! for a list that never grows; the append-only log has its own tree.
//!
//! Not here: walking directories, hashing files, choosing salts.

pub mod batch;
mod openings;
mod proof;
mod record;

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

pub use openings::{MAX_OPENINGS_BYTES, OpeningsError};
pub use proof::{MAX_PROOF_BYTES, ManifestProof, ManifestProofError};
pub use record::{FileRecord, MAX_PATH_BYTES, PathError, RecordError, SALT_BYTES};

use crate::hash::Hash;
use batch::{BatchError, FILES};

/// Most files in a manifest.
pub const MAX_FILES: usize = 1_000_000;
/// Largest total size, in bytes: the largest integer that JSON tools hold exactly.
pub const MAX_TOTAL_SIZE: u64 = 1 << 53;

/// Which half of a submission a manifest lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What was asked for.
    Request,
    /// What answered it.
    Deliverable,
}

impl Role {
    /// `request` or `deliverable`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Deliverable => "deliverable",
        }
    }
}

/// Why a list of files is not a manifest. Positions are zero-based, in the list as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The list is empty.
    #[error("a manifest needs at least one file")]
    Empty,
    /// The list is longer than the limit.
    #[error("a manifest of {found} files is too long, the limit is {limit}")]
    TooManyFiles {
        /// Files given.
        found: usize,
        /// Most files accepted.
        limit: usize,
    },
    /// A record is not acceptable by itself.
    #[error("file {index} of the list: {source}")]
    Record {
        /// Position of the file.
        index: usize,
        /// What is wrong with it.
        source: RecordError,
    },
    /// Two files have one path, or paths that some file systems hold to be one.
    #[error("files {first} and {second} of the list have the same path, capitals aside")]
    DuplicatePath {
        /// Position of one file.
        first: usize,
        /// Position of the other.
        second: usize,
    },
    /// The path of one file is a directory of another, capitals aside.
    #[error("the path of file {file} of the list is a directory in the path of file {inside}")]
    FileIsDirectory {
        /// Position of the file.
        file: usize,
        /// Position of a file beneath it.
        inside: usize,
    },
    /// The same salt is used for two files: opening one would make the other guessable.
    #[error("a salt of the list is used twice; every file needs its own")]
    SaltReused,
    /// The sizes add up to more than the limit.
    #[error("the files have more than {limit} bytes together")]
    TotalSize {
        /// Largest total accepted.
        limit: u64,
    },
}

/// Files in byte order of their paths, with the commitment to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    role: Role,
    files: Vec<FileRecord>,
    total_size: u64,
    commitment: Hash,
}

impl Manifest {
    /// Sorts the files, checks them alone and together, and computes the commitment.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn new(role: Role, files: Vec<FileRecord>) -> Result<Self, ManifestError> {
        if files.is_empty() {
            return Err(ManifestError::Empty);
        }
        if files.len() > MAX_FILES {
            return Err(ManifestError::TooManyFiles { found: files.len(), limit: MAX_FILES });
        }
        for (index, file) in files.iter().enumerate() {
            file.validate().map_err(|source| ManifestError::Record { index, source })?;
        }
        check_paths(&files)?;
        let mut salts = HashSet::with_capacity(files.len());
        if !files.iter().all(|file| salts.insert(file.salt)) {
            return Err(ManifestError::SaltReused);
        }
        let total_size = files
            .iter()
            .try_fold(0_u64, |total, file| total.checked_add(file.size))
            .filter(|total| *total <= MAX_TOTAL_SIZE)
            .ok_or(ManifestError::TotalSize { limit: MAX_TOTAL_SIZE })?;
        let mut files = files;
        files.sort_unstable_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        let leaves: Vec<Hash> = files.iter().map(FileRecord::leaf).collect();
        let commitment =
            batch::commitment(&FILES, &leaves).map_err(|BatchError::Count { found, limit }| {
                ManifestError::TooManyFiles { found, limit }
            })?;
        Ok(Self { role, files, total_size, commitment })
    }

    /// Which half of the submission this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The files, in byte order of their paths; proofs count positions in this order.
    #[must_use]
    pub fn files(&self) -> &[FileRecord] {
        &self.files
    }

    /// The number of files.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.files.len() as u64
    }

    /// The sum of the sizes, in bytes.
    #[must_use]
    pub fn total_size(&self) -> u64 {
        self.total_size
    }

    /// SHA-256("attestry/manifest/v1" ‖ u64be count ‖ root).
    #[must_use]
    pub fn commitment(&self) -> Hash {
        self.commitment
    }

    /// Proves that the files at these positions are in the manifest; repeats count once. Hashes the
    /// whole list, so one proof for many files is cheaper than many proofs.
    ///
    /// # Errors
    /// [`ManifestProofError::Batch`] for no position, or one out of range.
    pub fn prove(&self, indices: &[usize]) -> Result<ManifestProof, ManifestProofError> {
        let leaves: Vec<Hash> = self.files.iter().map(FileRecord::leaf).collect();
        ManifestProof::build(&leaves, indices)
    }
}

/// Refuses paths that cannot lie side by side on a file system that ignores capitals.
fn check_paths(files: &[FileRecord]) -> Result<(), ManifestError> {
    let mut folded: Vec<(String, usize)> =
        files.iter().enumerate().map(|(index, file)| (fold(&file.path), index)).collect();
    // Ordered by segments, whatever lies beneath a path comes right after it.
    folded.sort_unstable_by(|(a, i), (b, j)| a.split('/').cmp(b.split('/')).then(i.cmp(j)));
    for pair in folded.windows(2) {
        let ((path, first), (next, second)) = (&pair[0], &pair[1]);
        if path == next {
            return Err(ManifestError::DuplicatePath { first: *first, second: *second });
        }
        if next.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/')) {
            return Err(ManifestError::FileIsDirectory { file: *first, inside: *second });
        }
    }
    Ok(())
}

/// Maps paths that differ in capitals only to one text (both ways, for letters such as ß).
fn fold(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    path.to_uppercase().to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests;
