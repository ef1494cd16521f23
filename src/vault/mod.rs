//! The vault: sealed files and payloads, and the keys that open them.
//!
//! Key tree: key-encryption key (an epoch of it) → submission key → object keys. Destroying a key
//! makes everything below it unreadable. Wrapped keys are in the keyring, sealed objects in an
//! object store, records of files in the ledger's database; what a key-encryption key is kept in is
//! up to a [`KeyEncryption`].
//!
//! Not here: who may read or write, what a payload says, when something must be erased.

mod audit;
mod envelope;
mod erase;
mod kek;
mod keys;
mod object;
mod pack;
mod payload;
mod read;
mod seek;
mod stream;
mod submissions;
mod upload;

#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

use attestry_proof::hash::Hash;
use object_store::ObjectStore;
use uuid::Uuid;

pub use self::{
    audit::StoredPart,
    envelope::EnvelopeError,
    kek::{DataKey, FileKek, KekError, KeyEncryption},
    keys::SubmissionKey,
    object::{ObjectError, local_objects},
    pack::{PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, PACKED_FILES_MAX},
    payload::{
        PAYLOAD_BYTES_MAX, PAYLOAD_OVERHEAD_BYTES, PayloadError, open_payload, seal_payload,
    },
    read::FileStream,
    seek::FileReader,
    submissions::KeysError,
    upload::{FILE_BYTES_MAX, PART_BYTES_MAX, PARTS_MAX, UploadError, UploadState},
};
use self::{
    keys::ObjectKey, object::Objects, read::Content, submissions::SubmissionKeys,
    upload::RunningHashes,
};
use crate::{
    entropy::{Entropy, random_uuid},
    store::{
        files::{Files, FilesError, ObjectId, Place},
        keyring::{Keyring, KeyringError, WrappedObjectKey},
    },
};

/// What a vault is made of.
#[derive(Clone)]
pub struct VaultParts {
    /// Wrapped keys.
    pub keyring: Arc<dyn Keyring>,
    /// Records of files.
    pub files: Arc<dyn Files>,
    /// Key-encryption keys.
    pub kek: Arc<dyn KeyEncryption>,
    /// Sealed objects; must be durable when a write is acknowledged, as [`local_objects`] is.
    pub objects: Arc<dyn ObjectStore>,
    /// Keys and nonces.
    pub entropy: Arc<dyn Entropy>,
}

/// Why the vault does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no submission key.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The object's key was destroyed, or there never was one.
    #[error("the key of object {object} is gone")]
    ObjectKeyGone {
        /// Which object.
        object: ObjectId,
    },
    /// The object's key does not open under the submission's key.
    #[error("the key of object {object} does not open: {source}")]
    ObjectKey {
        /// Which object.
        object: ObjectId,
        /// Why.
        source: EnvelopeError,
    },
    /// The keyring failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The records of files failed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The parts on record do not make up the file.
    #[error("the parts on record of object {object} do not make up the file")]
    PartsDisagree {
        /// Which object.
        object: ObjectId,
    },
    /// An object is missing, damaged, or cannot be reached.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The object store cannot be listed.
    #[error("the object store cannot be listed: {0}")]
    Listing(#[source] object_store::Error),
    /// The file is not stored for this submission.
    #[error("submission {subject} has no file with SHA-256 {sha256}")]
    FileUnknown {
        /// Which submission.
        subject: Uuid,
        /// SHA-256 asked for.
        sha256: Hash,
    },
    /// The range is not in the file.
    #[error("bytes {start} to {end} are not in a file of {size} bytes")]
    RangeOutside {
        /// First byte asked for.
        start: u64,
        /// Byte after the last asked for.
        end: u64,
        /// Bytes of the file.
        size: u64,
    },
    /// The service is stopping, or a task of the vault failed.
    #[error("the vault stopped in the middle of this")]
    Stopped,
}

/// The vault. Copies share everything.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    parts: VaultParts,
    objects: Objects,
    submission_keys: SubmissionKeys,
    running_hashes: RunningHashes,
    part_bytes_max: u64,
}

impl Vault {
    /// Checks that keyring and key-encryption keys fit, and starts making keys. Must run inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`KeysError::EpochMissing`], or [`KeysError::Kek`] with [`KekError::Refused`], if the
    /// key-encryption keys are not those of the keyring.
    pub async fn open(parts: VaultParts) -> Result<Self, KeysError> {
        Self::with_part_bytes(parts, PART_BYTES_MAX).await
    }

    async fn with_part_bytes(parts: VaultParts, part_bytes_max: u64) -> Result<Self, KeysError> {
        let VaultParts { keyring, kek, entropy, .. } = parts.clone();
        let submission_keys = SubmissionKeys::open(keyring, kek, entropy).await?;
        let objects = Objects::new(Arc::clone(&parts.objects));
        let running_hashes = RunningHashes::default();
        let inner = Inner { parts, objects, submission_keys, running_hashes, part_bytes_max };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The key of a submission, made durably if it has none.
    ///
    /// # Errors
    /// [`KeysError::Destroyed`] if it had one that was destroyed.
    pub async fn submission_key(&self, subject: Uuid) -> Result<SubmissionKey, KeysError> {
        self.inner.submission_keys.ensure(subject).await
    }

    /// The key of a submission that has one.
    ///
    /// # Errors
    /// [`KeysError::Unknown`], [`KeysError::Destroyed`].
    pub async fn existing_key(&self, subject: Uuid) -> Result<SubmissionKey, KeysError> {
        self.inner.submission_keys.existing(subject).await
    }

    /// Seals a payload for a row; see [`seal_payload`].
    ///
    /// # Errors
    /// [`PayloadError::TooLong`].
    pub fn seal_payload(
        &self,
        key: &SubmissionKey,
        subject: Uuid,
        digest: &Hash,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, PayloadError> {
        seal_payload(key, self.entropy(), subject, digest, plaintext)
    }

    /// Which of these files are stored, in no particular order; thousands at a time are fine.
    ///
    /// # Errors
    /// [`VaultError::Files`].
    pub async fn stored(&self, subject: Uuid, sha256s: &[Hash]) -> Result<Vec<Hash>, VaultError> {
        Ok(self.files().stored(subject, sha256s).await?)
    }

    /// Opens a stored file, or `range` of it.
    ///
    /// # Errors
    /// [`VaultError::FileUnknown`], [`VaultError::RangeOutside`], or that a key is gone. Damage
    /// shows while the stream is read.
    pub async fn open_file(
        &self,
        subject: Uuid,
        sha256: Hash,
        range: Option<Range<u64>>,
    ) -> Result<FileStream, VaultError> {
        let file = self.files().file(subject, sha256).await?;
        let file = file.ok_or(VaultError::FileUnknown { subject, sha256 })?;
        let size = file.size;
        let range = range.unwrap_or(0..size);
        if range.start > range.end || range.end > size {
            return Err(VaultError::RangeOutside { start: range.start, end: range.end, size });
        }
        if let Place::Parts(parts) = &file.place
            && !read::is_contiguous(parts, size)
        {
            return Err(VaultError::PartsDisagree { object: file.object });
        }
        let key = self.object_key(subject, file.object).await?;
        let objects = self.objects().clone();
        let content = Content { objects, key, subject, object: file.object, sha256 };
        let bytes = read::read(content, file.place, size, range.clone());
        Ok(FileStream::new(size, range, bytes))
    }

    /// A new object and its key, wrapped for the keyring.
    async fn new_object_key(
        &self,
        subject: Uuid,
    ) -> Result<(ObjectId, WrappedObjectKey), VaultError> {
        let submission_key = self.submission_key(subject).await?;
        let object = ObjectId(random_uuid(self.entropy()));
        let wrapped = ObjectKey::random(self.entropy()).wrap(
            &submission_key,
            self.entropy(),
            subject,
            object,
        );
        Ok((object, wrapped.map_err(|source| VaultError::ObjectKey { object, source })?))
    }

    async fn object_key(&self, subject: Uuid, object: ObjectId) -> Result<ObjectKey, VaultError> {
        let submission_key = self.existing_key(subject).await?;
        let row = self.keyring().object_key(object).await?;
        let row = row.ok_or(VaultError::ObjectKeyGone { object })?;
        // The row's own subject is not trusted: a row given to another submission must not open.
        ObjectKey::unwrap_row(&submission_key, &WrappedObjectKey { subject, ..row })
            .map_err(|source| VaultError::ObjectKey { object, source })
    }

    fn parts(&self) -> &VaultParts {
        &self.inner.parts
    }

    fn keyring(&self) -> &dyn Keyring {
        &*self.inner.parts.keyring
    }

    fn files(&self) -> &dyn Files {
        &*self.inner.parts.files
    }

    fn entropy(&self) -> &dyn Entropy {
        &*self.inner.parts.entropy
    }

    fn objects(&self) -> &Objects {
        &self.inner.objects
    }

    fn running_hashes(&self) -> &RunningHashes {
        &self.inner.running_hashes
    }
}
