//! The vault on real files: a keyring, a database and a directory of objects per test.

mod faults;
mod keys;
mod packs;
mod reads;
mod uploads;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use attestry_proof::hash::Hash;
use bytes::Bytes;
use futures_util::stream;
use uuid::Uuid;

use super::{FileKek, Vault, VaultParts, local_objects};
use crate::{
    entropy::{Entropy, OsEntropy},
    store::sqlite::{files, keyring::SqliteKeyring},
};

const SUBJECT: Uuid = Uuid::from_u128(0x5eed);
const OTHER: Uuid = Uuid::from_u128(0xb0b);

/// A vault and the directory it lives in.
struct Rig {
    dir: tempfile::TempDir,
    vault: Vault,
}

impl Rig {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(parts(dir.path()).await).await.unwrap();
        Self { dir, vault }
    }

    /// As after a restart: nothing is left of the old vault but its files.
    async fn restart(self) -> Self {
        let Self { dir, vault } = self;
        drop(vault);
        let vault = Vault::open(parts(dir.path()).await).await.unwrap();
        Self { dir, vault }
    }

    /// Paths of every stored part, sorted.
    fn stored_parts(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut dirs = vec![self.dir.path().join("vault")];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { dirs.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }

    async fn upload(&self, subject: Uuid, bytes: &[u8]) -> Hash {
        let sha256 = Hash::of(bytes);
        self.vault.begin_upload(subject, sha256, bytes.len() as u64).await.unwrap();
        self.vault.append(subject, sha256, 0, body(bytes)).await.unwrap();
        self.vault.complete_upload(subject, sha256).await.unwrap();
        sha256
    }

    async fn read(&self, subject: Uuid, sha256: Hash) -> Vec<u8> {
        let file = self.vault.open_file(subject, sha256, None).await.unwrap();
        file.into_bytes().await.unwrap()
    }
}

async fn parts(dir: &Path) -> VaultParts {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    VaultParts {
        keyring: Arc::new(SqliteKeyring::open(&dir.join("keyring.db")).await.unwrap()),
        files: Arc::new(files::tests::open(&dir.join("ledger.db")).await),
        kek: Arc::new(FileKek::open(&dir.join("kek"), Arc::clone(&entropy)).unwrap()),
        objects: local_objects(&dir.join("vault")).unwrap(),
        entropy,
    }
}

/// Bytes that differ at every position that matters.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8 ^ (at >> 16) as u8).collect()
}

/// A body in pieces of odd sizes.
fn body(bytes: &[u8]) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    let pieces: Vec<_> =
        bytes.chunks(10_007).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

/// A body that breaks after `bytes`.
fn broken(bytes: &[u8]) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    use stream::StreamExt as _;
    let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    body(bytes).chain(stream::iter([Err(reset)]))
}
