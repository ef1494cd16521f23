//! Everything that was given, read and sorted by what it is.

mod classify;
mod pack;
mod walk;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::manifest::Manifest;
use attestry_proof::pack::{INDEX, SIGNATURE};

pub(crate) use classify::ConsistencyPath;
use classify::{Content, classify};
use walk::Found;

use crate::arguments::InputError;
use crate::evidence::PayloadStore;
use crate::packs::GivenPack;
use crate::pool;

/// Most bytes read in all.
const BYTES_MAX: u64 = 4 << 30;

/// A file, by the name it is reported under.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Item {
    /// Name without extension: what a proof or receipt beside a statement shares with it.
    pub(crate) fn stem(&self) -> &str {
        stem(&self.name)
    }
}

/// Openings of a manifest, and the directory with its files if one lies beside.
#[derive(Debug)]
pub(crate) struct OpeningsFile {
    pub(crate) name: String,
    pub(crate) manifest: Manifest,
    pub(crate) files: Option<PathBuf>,
}

/// The input, sorted.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) statements: Vec<Item>,
    pub(crate) payloads: PayloadStore,
    /// Name and digest of every payload file.
    pub(crate) payload_files: Vec<(String, Hash)>,
    pub(crate) proofs: Vec<Item>,
    pub(crate) receipts: Vec<Item>,
    pub(crate) checkpoints: Vec<Item>,
    pub(crate) consistency: Vec<(String, ConsistencyPath)>,
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) openings: Vec<OpeningsFile>,
    /// Packs with an index.
    pub(crate) packs: Vec<Arc<GivenPack>>,
    /// Indexes of packs that were unpacked.
    pub(crate) unpacked: Vec<String>,
    /// Archives without one.
    pub(crate) unindexed: Vec<String>,
    /// Files that claim by their name to be evidence and are not.
    pub(crate) malformed: Vec<String>,
    /// Files that are not evidence.
    pub(crate) ignored: Vec<String>,
}

impl Inputs {
    /// Reads files, directories and packs.
    ///
    /// # Errors
    /// See [`InputError`].
    pub(crate) fn gather(paths: &[PathBuf], jobs: NonZeroUsize) -> Result<Self, InputError> {
        let mut inputs = Self::default();
        let mut found = Vec::new();
        for path in paths {
            walk::walk(path, &mut found)?;
        }
        let total = AtomicU64::new(0);
        let read = pool::map(jobs, &found, |file: &Found| {
            let content = classify::read(file)?;
            let size = content.size() as u64;
            if total.fetch_add(size, Ordering::Relaxed).saturating_add(size) > BYTES_MAX {
                return Err(InputError::TooMuch { limit: BYTES_MAX });
            }
            Ok(content)
        });
        for (file, content) in found.into_iter().zip(read) {
            match content? {
                Content::Pack if file.explicit => inputs.add_pack(&file, jobs)?,
                // A pack in a folder is judged; whatever else is an archive there is no evidence.
                Content::Pack if pack::has_index(&file.path) => inputs.add_pack(&file, jobs)?,
                Content::Unknown | Content::Policy if file.explicit => {
                    return Err(InputError::Unrecognised { path: file.path });
                }
                content => inputs.add(file.name, content, file.files),
            }
        }
        Ok(inputs)
    }

    fn add_pack(&mut self, file: &Found, jobs: NonZeroUsize) -> Result<(), InputError> {
        let found = pack::read(&file.path, &pack::Limits::default())?;
        let contents = pool::map(jobs, &found.entries, |(name, bytes)| classify(name, bytes));
        let given = GivenPack::of(&file.name, &found.entries, found.natives, found.md5);
        for ((name, _), content) in found.entries.into_iter().zip(contents) {
            // An index and its signature are judged with the pack.
            if given.is_none() || name != INDEX && name != SIGNATURE {
                self.add(format!("{}/{name}", file.name), content, None);
            }
        }
        match given {
            Some(given) => self.packs.push(Arc::new(given)),
            None => self.unindexed.push(file.name.clone()),
        }
        Ok(())
    }

    fn add(&mut self, name: String, content: Content, files: Option<PathBuf>) {
        match content {
            Content::Statement(bytes) => self.statements.push(Item { name, bytes }),
            Content::Receipt(bytes) => self.receipts.push(Item { name, bytes }),
            Content::LogProof(bytes) => self.proofs.push(Item { name, bytes }),
            Content::Checkpoint(bytes) => self.checkpoints.push(Item { name, bytes }),
            Content::Consistency(path) => self.consistency.push((name, path)),
            Content::Keys(keys) => self.keys.extend(keys),
            Content::Openings(manifest) => {
                self.openings.push(OpeningsFile { name, manifest: *manifest, files });
            }
            Content::Payload(bytes) => {
                let digest = self.payloads.insert(bytes, named_digest(&name));
                self.payload_files.push((name, digest));
            }
            Content::Malformed => self.malformed.push(name),
            Content::PackIndex => self.unpacked.push(name),
            Content::Policy => {}
            Content::Pack | Content::Unknown => self.ignored.push(name),
        }
    }
}

/// The digest that a file goes by: 64 hex digits before its extension.
fn named_digest(name: &str) -> Option<Hash> {
    Hash::from_hex(Path::new(name).file_stem()?.to_str()?)
}

/// A name up to the last dot of its last segment.
pub(crate) fn stem(name: &str) -> &str {
    let segment = name.rfind('/').map_or(0, |slash| slash + 1);
    match name.rfind('.') {
        Some(dot) if dot > segment => &name[..dot],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_is_the_name_without_its_extension() {
        assert_eq!(stem("a/b.cose"), "a/b");
        assert_eq!(stem("a.d/b"), "a.d/b");
        assert_eq!(stem("a/.hidden"), "a/.hidden");
        assert_eq!(stem("x.tlog-proof"), "x");
    }

    #[test]
    fn only_64_hex_digits_name_a_digest() {
        let digest = Hash::of(b"x");
        assert_eq!(named_digest(&format!("a/{digest}.json")), Some(digest));
        assert_eq!(named_digest("a/own-work.json"), None);
    }
}
