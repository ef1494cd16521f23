//! Key-encryption keys, in epochs: the top of the key tree, kept where they can be destroyed.
//!
//! [`FileKek`] keeps one file per epoch. A key service implements [`KeyEncryption`] instead.
//! Neither reads an environment variable: what is inherited by every child process cannot be
//! destroyed.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use attestry_proof::hash::{HASH_BYTES, Hash};
use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::envelope::{self, EnvelopeError, KEY_BYTES};
use crate::{entropy::Entropy, store::keyring::Epoch};

/// A key that another key wraps.
pub type DataKey = Zeroizing<[u8; KEY_BYTES]>;

/// Whoever holds the key-encryption keys.
pub trait KeyEncryption: Send + Sync {
    /// The newest epoch: new keys are wrapped under it.
    fn current_epoch(&self) -> BoxFuture<'_, Result<Epoch, KekError>>;

    /// Every epoch whose key still exists, oldest first.
    fn epochs(&self) -> BoxFuture<'_, Result<Vec<Epoch>, KekError>>;

    /// Wraps `data_key` so that it opens only for the same `key_id`.
    fn wrap_key<'a>(
        &'a self,
        epoch: Epoch,
        key_id: &'a [u8],
        data_key: &'a [u8; KEY_BYTES],
    ) -> BoxFuture<'a, Result<Vec<u8>, KekError>>;

    /// Opens what `wrap_key` made.
    fn unwrap_key<'a>(
        &'a self,
        epoch: Epoch,
        key_id: &'a [u8],
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<DataKey, KekError>>;

    /// Makes the next epoch, durably.
    fn new_epoch(&self) -> BoxFuture<'_, Result<Epoch, KekError>>;

    /// Destroys the key of an old epoch: all that is wrapped under it is lost. An epoch that is
    /// gone already is no error, so that an interrupted destruction can be repeated.
    fn destroy_epoch(&self, epoch: Epoch) -> BoxFuture<'_, Result<(), KekError>>;
}

/// Why a key-encryption key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// No epoch exists yet.
    #[error("there is no key-encryption key")]
    NoEpoch,
    /// The key of this epoch was destroyed or never existed.
    #[error("there is no key-encryption key for epoch {epoch}")]
    EpochUnknown {
        /// Which epoch.
        epoch: Epoch,
    },
    /// The newest epoch cannot be destroyed: make a newer one first.
    #[error("epoch {epoch} is in use and cannot be destroyed")]
    EpochInUse {
        /// Which epoch.
        epoch: Epoch,
    },
    /// Every epoch number was used.
    #[error("epoch {epoch} is the last that can be numbered")]
    EpochsExhausted {
        /// The newest epoch.
        epoch: Epoch,
    },
    /// Others may read or replace the file: its key may be known to them.
    #[error("{path}: mode {found:o} lets others in; allowed is {required:o}")]
    Permissions {
        /// Which file or directory.
        path: PathBuf,
        /// Mode bits found.
        found: u32,
        /// The widest mode allowed.
        required: u32,
    },
    /// The file is not a key file, or was damaged.
    #[error("{path} is not an intact key file")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// The wrapped key does not open.
    #[error("a key wrapped in epoch {epoch} does not open: {source}")]
    Refused {
        /// Which epoch.
        epoch: Epoch,
        /// Why.
        source: EnvelopeError,
    },
    /// The file system failed.
    #[error("{path}: {source}")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

const MAGIC: &[u8; 16] = b"attestry kek v1\n";
const FILE_BYTES: usize = MAGIC.len() + 4 + KEY_BYTES + HASH_BYTES;
const WRAP_LABEL: &[u8] = b"attestry/submission-key/v1";
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// Key-encryption keys in a directory, one file per epoch, readable by the owner alone.
pub struct FileKek {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    entropy: Arc<dyn Entropy>,
    keys: RwLock<BTreeMap<Epoch, DataKey>>,
}

impl FileKek {
    /// Reads every epoch in `dir`, which is created if missing. No key is made.
    ///
    /// # Errors
    /// [`KekError::Permissions`], [`KekError::Malformed`], [`KekError::Io`].
    pub fn open(dir: &Path, entropy: Arc<dyn Entropy>) -> Result<Self, KekError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE).create(dir).map_err(at(dir))?;
        // Whoever may write here could put another key in place, or take one away.
        check_mode(dir, &fs::metadata(dir).map_err(at(dir))?, 0o022, 0o755)?;
        let mut keys = BTreeMap::new();
        for entry in fs::read_dir(dir).map_err(at(dir))? {
            let path = entry.map_err(at(dir))?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("key") => {
                    let (epoch, key) = read_key_file(&path)?;
                    if path != key_path(dir, epoch) {
                        return Err(KekError::Malformed { path });
                    }
                    keys.insert(epoch, key);
                }
                // Left by a crash before the key was ever used.
                Some("tmp") => destroy_file(&path)?,
                _ => {}
            }
        }
        let dir = dir.to_path_buf();
        Ok(Self { inner: Arc::new(Inner { dir, entropy, keys: RwLock::new(keys) }) })
    }

    fn key(&self, epoch: Epoch) -> Result<DataKey, KekError> {
        let keys = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&epoch).cloned().ok_or(KekError::EpochUnknown { epoch })
    }

    /// File work leaves the async threads.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, KekError> + Send + 'static,
    ) -> Result<T, KekError> {
        let inner = Arc::clone(&self.inner);
        let path = inner.dir.clone();
        tokio::task::spawn_blocking(move || work(&inner))
            .await
            .map_err(|error| KekError::Io { path, source: io::Error::other(error) })?
    }
}

impl Inner {
    fn create_next(&self) -> Result<Epoch, KekError> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let epoch = match keys.last_key_value() {
            None => Epoch(1),
            Some((newest, _)) => {
                Epoch(newest.0.checked_add(1).ok_or(KekError::EpochsExhausted { epoch: *newest })?)
            }
        };
        let mut key = DataKey::default();
        self.entropy.fill(&mut *key);
        write_key_file(&self.dir, epoch, &key)?;
        keys.insert(epoch, key);
        Ok(epoch)
    }

    fn destroy(&self, epoch: Epoch) -> Result<(), KekError> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.last_key_value().is_some_and(|(newest, _)| *newest == epoch) {
            return Err(KekError::EpochInUse { epoch });
        }
        let path = key_path(&self.dir, epoch);
        if path.try_exists().map_err(at(&path))? {
            destroy_file(&path)?;
        }
        keys.remove(&epoch);
        Ok(())
    }
}

impl KeyEncryption for FileKek {
    fn current_epoch(&self) -> BoxFuture<'_, Result<Epoch, KekError>> {
        let keys = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner);
        let newest = keys.last_key_value().map(|(epoch, _)| *epoch);
        Box::pin(std::future::ready(newest.ok_or(KekError::NoEpoch)))
    }

    fn epochs(&self) -> BoxFuture<'_, Result<Vec<Epoch>, KekError>> {
        let keys = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(keys.keys().copied().collect())))
    }

    fn wrap_key<'a>(
        &'a self,
        epoch: Epoch,
        key_id: &'a [u8],
        data_key: &'a [u8; KEY_BYTES],
    ) -> BoxFuture<'a, Result<Vec<u8>, KekError>> {
        let wrapped = self.key(epoch).and_then(|kek| {
            envelope::seal(&kek, &*self.inner.entropy, &wrap_place(epoch, key_id), data_key)
                .map_err(|source| KekError::Refused { epoch, source })
        });
        Box::pin(std::future::ready(wrapped))
    }

    fn unwrap_key<'a>(
        &'a self,
        epoch: Epoch,
        key_id: &'a [u8],
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<DataKey, KekError>> {
        let key = self.key(epoch).and_then(|kek| {
            envelope::open_key(&kek, &wrap_place(epoch, key_id), wrapped)
                .map_err(|source| KekError::Refused { epoch, source })
        });
        Box::pin(std::future::ready(key))
    }

    fn new_epoch(&self) -> BoxFuture<'_, Result<Epoch, KekError>> {
        Box::pin(self.blocking(Inner::create_next))
    }

    fn destroy_epoch(&self, epoch: Epoch) -> BoxFuture<'_, Result<(), KekError>> {
        Box::pin(self.blocking(move |inner| inner.destroy(epoch)))
    }
}

fn wrap_place(epoch: Epoch, key_id: &[u8]) -> Vec<u8> {
    envelope::bind(WRAP_LABEL, &[&epoch.0.to_be_bytes(), key_id])
}

fn key_path(dir: &Path, epoch: Epoch) -> PathBuf {
    dir.join(format!("epoch-{:010}.key", epoch.0))
}

/// Magic ‖ u32be epoch ‖ key ‖ SHA-256 of all before.
fn write_key_file(dir: &Path, epoch: Epoch, key: &DataKey) -> Result<(), KekError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&epoch.0.to_be_bytes());
    bytes.extend_from_slice(&**key);
    let digest = Hash::of(&bytes);
    bytes.extend_from_slice(digest.as_bytes());

    let (path, staged) = (key_path(dir, epoch), key_path(dir, epoch).with_extension("tmp"));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(&staged)
        .map_err(at(&staged))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(at(&staged))?;
    // A link never replaces: two processes cannot overwrite each other's key.
    let linked = fs::hard_link(&staged, &path).map_err(at(&path));
    if linked.is_err() {
        destroy_file(&staged)?;
    } else {
        fs::remove_file(&staged).map_err(at(&staged))?;
    }
    sync_directory(dir)?;
    linked
}

fn read_key_file(path: &Path) -> Result<(Epoch, DataKey), KekError> {
    check_mode(path, &fs::symlink_metadata(path).map_err(at(path))?, 0o077, FILE_MODE)?;
    let bytes = Zeroizing::new(fs::read(path).map_err(at(path))?);
    parse_key_file(&bytes).ok_or_else(|| KekError::Malformed { path: path.to_path_buf() })
}

fn parse_key_file(bytes: &[u8]) -> Option<(Epoch, DataKey)> {
    if bytes.len() != FILE_BYTES {
        return None;
    }
    let (body, digest) = bytes.split_last_chunk::<HASH_BYTES>()?;
    if Hash::of(body).as_bytes() != digest {
        return None;
    }
    let (epoch, key) = body.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    let mut data_key = DataKey::default();
    data_key.copy_from_slice(key);
    Some((Epoch(u32::from_be_bytes(*epoch)), data_key))
}

/// Overwrites, unlinks and syncs. A crash in between leaves a file that is no key file any more, or
/// none; destroying it again is safe.
fn destroy_file(path: &Path) -> Result<(), KekError> {
    let length = usize::try_from(fs::metadata(path).map_err(at(path))?.len()).unwrap_or(FILE_BYTES);
    let mut file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
    file.write_all(&vec![0; length]).and_then(|()| file.sync_all()).map_err(at(path))?;
    fs::remove_file(path).map_err(at(path))?;
    path.parent().map_or(Ok(()), sync_directory)
}

fn sync_directory(dir: &Path) -> Result<(), KekError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))
}

fn check_mode(
    path: &Path,
    metadata: &fs::Metadata,
    forbidden: u32,
    required: u32,
) -> Result<(), KekError> {
    let found = metadata.permissions().mode() & 0o7777;
    if found & forbidden != 0 {
        return Err(KekError::Permissions { path: path.to_path_buf(), found, required });
    }
    Ok(())
}

fn at(path: &Path) -> impl Fn(io::Error) -> KekError {
    move |source| KekError::Io { path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::seeded::SeededEntropy;

    fn open(dir: &Path) -> Result<FileKek, KekError> {
        FileKek::open(dir, Arc::new(SeededEntropy::new(3)))
    }

    async fn with_epoch() -> (tempfile::TempDir, PathBuf, FileKek) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kek");
        let kek = open(&path).unwrap();
        assert!(matches!(kek.current_epoch().await, Err(KekError::NoEpoch)));
        assert_eq!(kek.new_epoch().await.unwrap(), Epoch(1));
        (dir, path, kek)
    }

    #[tokio::test]
    async fn keys_open_after_a_restart_and_only_in_their_place() {
        let (_dir, path, kek) = with_epoch().await;
        let wrapped = kek.wrap_key(Epoch(1), b"id", &[9; 32]).await.unwrap();
        let kek = open(&path).unwrap();
        assert_eq!(kek.current_epoch().await.unwrap(), Epoch(1));
        assert_eq!(*kek.unwrap_key(Epoch(1), b"id", &wrapped).await.unwrap(), [9; 32]);

        let other = kek.unwrap_key(Epoch(1), b"di", &wrapped).await;
        assert!(matches!(other, Err(KekError::Refused { source: EnvelopeError::Refused, .. })));
        kek.new_epoch().await.unwrap();
        let later = kek.unwrap_key(Epoch(2), b"id", &wrapped).await;
        assert!(matches!(later, Err(KekError::Refused { epoch: Epoch(2), .. })));
        let never = kek.unwrap_key(Epoch(3), b"id", &wrapped).await;
        assert!(matches!(never, Err(KekError::EpochUnknown { epoch: Epoch(3) })));
    }

    #[tokio::test]
    async fn files_are_private_and_exposed_ones_are_refused() {
        let (_dir, path, _kek) = with_epoch().await;
        let file = key_path(&path, Epoch(1));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&path), mode(&file)), (DIRECTORY_MODE, FILE_MODE));
        for exposed in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&file, fs::Permissions::from_mode(exposed)).unwrap();
            let refused = open(&path).err();
            let Some(KekError::Permissions { found, required, .. }) = refused else {
                panic!("{exposed:o}: {refused:?}");
            };
            assert_eq!((found, required), (exposed, FILE_MODE));
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(open(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(open(&path).err(), Some(KekError::Permissions { found: 0o770, .. })));
    }

    #[tokio::test]
    async fn a_damaged_or_renamed_file_is_refused() {
        let (_dir, path, _kek) = with_epoch().await;
        let file = key_path(&path, Epoch(1));
        let good = fs::read(&file).unwrap();
        assert_eq!(good.len(), FILE_BYTES);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            assert!(matches!(open(&path).err(), Some(KekError::Malformed { .. })), "byte {at}");
        }
        fs::write(&file, &good[..good.len() - 1]).unwrap();
        assert!(matches!(open(&path).err(), Some(KekError::Malformed { .. })));
        fs::write(&file, &good).unwrap();
        fs::rename(&file, key_path(&path, Epoch(2))).unwrap();
        assert!(matches!(open(&path).err(), Some(KekError::Malformed { .. })));
    }

    #[tokio::test]
    async fn a_destroyed_epoch_is_gone_here_and_after_a_restart() {
        let (_dir, path, kek) = with_epoch().await;
        let wrapped = kek.wrap_key(Epoch(1), b"id", &[9; 32]).await.unwrap();
        let in_use = kek.destroy_epoch(Epoch(1)).await;
        assert!(matches!(in_use, Err(KekError::EpochInUse { epoch: Epoch(1) })));
        assert!(kek.unwrap_key(Epoch(1), b"id", &wrapped).await.is_ok());

        kek.new_epoch().await.unwrap();
        assert_eq!(kek.epochs().await.unwrap(), [Epoch(1), Epoch(2)]);
        kek.destroy_epoch(Epoch(1)).await.unwrap();
        kek.destroy_epoch(Epoch(1)).await.unwrap();
        for kek in [&kek, &open(&path).unwrap()] {
            let gone = kek.unwrap_key(Epoch(1), b"id", &wrapped).await;
            assert!(matches!(gone, Err(KekError::EpochUnknown { epoch: Epoch(1) })));
            assert_eq!(kek.epochs().await.unwrap(), [Epoch(2)]);
        }
        assert!(!key_path(&path, Epoch(1)).exists());
    }

    #[tokio::test]
    async fn destroying_overwrites_the_bytes_and_not_only_the_name() {
        let (_dir, path, kek) = with_epoch().await;
        let second_name = path.join("held open elsewhere");
        fs::hard_link(key_path(&path, Epoch(1)), &second_name).unwrap();
        kek.new_epoch().await.unwrap();
        kek.destroy_epoch(Epoch(1)).await.unwrap();
        assert_eq!(fs::read(&second_name).unwrap(), vec![0; FILE_BYTES]);
    }

    #[tokio::test]
    async fn an_epoch_of_another_process_is_never_overwritten() {
        let (_dir, path, first) = with_epoch().await;
        let second = open(&path).unwrap();
        first.new_epoch().await.unwrap();
        let before = fs::read(key_path(&path, Epoch(2))).unwrap();
        for _ in 0..2 {
            let refused = second.new_epoch().await;
            assert!(
                matches!(&refused, Err(KekError::Io { path, .. }) if path.extension().unwrap() == "key")
            );
        }
        assert_eq!(fs::read(key_path(&path, Epoch(2))).unwrap(), before);
    }

    #[tokio::test]
    async fn a_key_that_a_crash_left_half_made_is_cleared_away() {
        let (_dir, path, _kek) = with_epoch().await;
        let staged = key_path(&path, Epoch(2)).with_extension("tmp");
        fs::write(&staged, b"half").unwrap();
        let kek = open(&path).unwrap();
        assert!(!staged.exists());
        assert_eq!(kek.new_epoch().await.unwrap(), Epoch(2));
    }
}
