//! Stores that fail, each both ways: before anything was written, and after all of it was.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use attestry_proof::hash::Hash;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Rig, SUBJECT, body, content, parts};
use crate::{
    store::{
        files::{
            Begun, Files, FilesError, ObjectId, PackedFile, Part, PartOutcome, StoredFile, Upload,
        },
        keyring::{
            Epoch, Keyring, KeyringError, Rewrapped, SubmissionKeyState, WrappedObjectKey,
            WrappedSubmissionKey,
        },
    },
    vault::{KeysError, UploadError, UploadState, Vault, VaultError, VaultParts},
};

/// Which write fails next, and how.
#[derive(Default)]
struct Fault(AtomicU8);

const NOT_PERSISTED: u8 = 1;
const PERSISTED: u8 = 2;

impl Fault {
    fn set(&self, how: u8) {
        self.0.store(how, Ordering::SeqCst);
    }

    /// Runs a write under the fault that was set, once.
    async fn around<T, E: From<sqlx::Error>>(
        &self,
        write: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let how = self.0.swap(0, Ordering::SeqCst);
        if how == NOT_PERSISTED {
            return Err(sqlx::Error::WorkerCrashed.into());
        }
        let written = write.await?;
        if how == PERSISTED { Err(sqlx::Error::WorkerCrashed.into()) } else { Ok(written) }
    }
}

struct FaultyKeyring {
    inner: Arc<dyn Keyring>,
    fault: Arc<Fault>,
}

impl Keyring for FaultyKeyring {
    fn ensure_submission_keys<'a>(
        &'a self,
        keys: &'a [WrappedSubmissionKey],
    ) -> BoxFuture<'a, Result<Vec<SubmissionKeyState>, KeyringError>> {
        Box::pin(self.fault.around(self.inner.ensure_submission_keys(keys)))
    }

    fn submission_keys<'a>(
        &'a self,
        subjects: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<SubmissionKeyState>, KeyringError>> {
        self.inner.submission_keys(subjects)
    }

    fn submission_key(
        &self,
        subject: Uuid,
    ) -> BoxFuture<'_, Result<Option<SubmissionKeyState>, KeyringError>> {
        self.inner.submission_key(subject)
    }

    fn insert_object_keys<'a>(
        &'a self,
        keys: &'a [WrappedObjectKey],
    ) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.fault.around(self.inner.insert_object_keys(keys)))
    }

    fn object_key(
        &self,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Option<WrappedObjectKey>, KeyringError>> {
        self.inner.object_key(object)
    }

    fn destroy_object_keys<'a>(
        &'a self,
        objects: &'a [ObjectId],
    ) -> BoxFuture<'a, Result<(), KeyringError>> {
        self.inner.destroy_object_keys(objects)
    }

    fn destroy_submission_keys<'a>(
        &'a self,
        subjects: &'a [Uuid],
    ) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.fault.around(self.inner.destroy_submission_keys(subjects)))
    }

    fn keys_before(
        &self,
        epoch: Epoch,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<WrappedSubmissionKey>, KeyringError>> {
        self.inner.keys_before(epoch, after, limit)
    }

    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.fault.around(self.inner.rewrap(keys)))
    }

    fn settle(&self) -> BoxFuture<'_, Result<(), KeyringError>> {
        self.inner.settle()
    }

    fn epoch_samples(&self) -> BoxFuture<'_, Result<Vec<WrappedSubmissionKey>, KeyringError>> {
        self.inner.epoch_samples()
    }
}

struct FaultyFiles {
    inner: Arc<dyn Files>,
    fault: Arc<Fault>,
}

impl Files for FaultyFiles {
    fn stored<'a>(
        &'a self,
        subject: Uuid,
        sha256s: &'a [Hash],
    ) -> BoxFuture<'a, Result<Vec<Hash>, FilesError>> {
        self.inner.stored(subject, sha256s)
    }

    fn file(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> BoxFuture<'_, Result<Option<StoredFile>, FilesError>> {
        self.inner.file(subject, sha256)
    }

    fn begin_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        size: u64,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Begun, FilesError>> {
        Box::pin(self.fault.around(self.inner.begin_upload(subject, sha256, size, object)))
    }

    fn upload(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> BoxFuture<'_, Result<Option<Upload>, FilesError>> {
        self.inner.upload(subject, sha256)
    }

    fn reserve_part(&self, object: ObjectId) -> BoxFuture<'_, Result<Option<u32>, FilesError>> {
        self.inner.reserve_part(object)
    }

    fn record_part(
        &self,
        object: ObjectId,
        part: Part,
    ) -> BoxFuture<'_, Result<PartOutcome, FilesError>> {
        Box::pin(self.fault.around(self.inner.record_part(object, part)))
    }

    fn parts(&self, object: ObjectId) -> BoxFuture<'_, Result<Vec<Part>, FilesError>> {
        self.inner.parts(object)
    }

    fn complete_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<bool, FilesError>> {
        Box::pin(self.fault.around(self.inner.complete_upload(subject, sha256, object)))
    }

    fn discard_upload(&self, object: ObjectId) -> BoxFuture<'_, Result<bool, FilesError>> {
        self.inner.discard_upload(object)
    }

    fn add_packed<'a>(
        &'a self,
        subject: Uuid,
        pack: ObjectId,
        files: &'a [PackedFile],
    ) -> BoxFuture<'a, Result<Vec<PackedFile>, FilesError>> {
        Box::pin(self.fault.around(self.inner.add_packed(subject, pack, files)))
    }

    fn forget_file(&self, subject: Uuid, sha256: Hash) -> BoxFuture<'_, Result<(), FilesError>> {
        self.inner.forget_file(subject, sha256)
    }

    fn objects_of(&self, subject: Uuid) -> BoxFuture<'_, Result<Vec<ObjectId>, FilesError>> {
        self.inner.objects_of(subject)
    }

    fn digests_of(&self, subject: Uuid) -> BoxFuture<'_, Result<Vec<Hash>, FilesError>> {
        self.inner.digests_of(subject)
    }

    fn unrecorded<'a>(
        &'a self,
        objects: &'a [ObjectId],
    ) -> BoxFuture<'a, Result<Vec<ObjectId>, FilesError>> {
        self.inner.unrecorded(objects)
    }

    fn forget_subject(&self, subject: Uuid) -> BoxFuture<'_, Result<(), FilesError>> {
        Box::pin(self.fault.around(self.inner.forget_subject(subject)))
    }
}

/// A vault whose stores fail on demand.
async fn faulty() -> (Rig, Arc<Fault>, Arc<Fault>) {
    let dir = tempfile::tempdir().unwrap();
    let VaultParts { keyring, files, kek, objects, entropy } = parts(dir.path()).await;
    let (keyring_fault, files_fault) = (Arc::new(Fault::default()), Arc::new(Fault::default()));
    let keyring = Arc::new(FaultyKeyring { inner: keyring, fault: Arc::clone(&keyring_fault) });
    let files = Arc::new(FaultyFiles { inner: files, fault: Arc::clone(&files_fault) });
    let parts = VaultParts { keyring, files, kek, objects, entropy };
    let vault = Vault::open(parts).await.unwrap();
    (Rig { dir, vault }, keyring_fault, files_fault)
}

#[tokio::test]
async fn a_key_that_may_not_be_durable_is_not_handed_out() {
    for how in [NOT_PERSISTED, PERSISTED] {
        let (rig, keyring, _) = faulty().await;
        keyring.set(how);
        let both =
            tokio::join!(rig.vault.submission_key(SUBJECT), rig.vault.submission_key(SUBJECT));
        assert!(matches!(both, (Err(KeysError::Keyring(_)), Err(KeysError::Keyring(_)))));
        let key = rig.vault.submission_key(SUBJECT).await.unwrap();
        let rig = rig.restart().await;
        assert_eq!(rig.vault.existing_key(SUBJECT).await.unwrap().as_bytes(), key.as_bytes());
    }
}

#[tokio::test]
async fn a_key_in_memory_is_dropped_when_its_destruction_may_have_happened() {
    for how in [NOT_PERSISTED, PERSISTED] {
        let (rig, keyring, _) = faulty().await;
        rig.vault.submission_key(SUBJECT).await.unwrap();
        keyring.set(how);
        assert!(rig.vault.erase_submission(SUBJECT).await.is_err());
        let after = rig.vault.submission_key(SUBJECT).await;
        assert_eq!(matches!(after, Err(KeysError::Destroyed { .. })), how == PERSISTED);
        rig.vault.erase_submission(SUBJECT).await.unwrap();
        assert!(rig.vault.submission_key(SUBJECT).await.is_err());
    }
}

#[tokio::test]
async fn an_erasure_interrupted_at_the_records_is_finished_by_the_next() {
    for how in [NOT_PERSISTED, PERSISTED] {
        let (rig, _, files) = faulty().await;
        rig.upload(SUBJECT, &content(1000)).await;
        files.set(how);
        assert!(rig.vault.erase_submission(SUBJECT).await.is_err());
        rig.vault.erase_submission(SUBJECT).await.unwrap();
        assert_eq!(rig.stored_parts().len(), 0);
        assert_eq!(rig.vault.files().objects_of(SUBJECT).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_rotation_whose_rewrap_fails_destroys_nothing() {
    for how in [NOT_PERSISTED, PERSISTED] {
        let (rig, keyring, _) = faulty().await;
        let key = rig.vault.submission_key(SUBJECT).await.unwrap();
        keyring.set(how);
        assert!(rig.vault.rotate_keys().await.is_err());
        assert_eq!(rig.vault.parts().kek.epochs().await.unwrap(), [Epoch(1), Epoch(2)]);
        assert_eq!(rig.vault.rotate_keys().await.unwrap(), Epoch(3));
        let rig = rig.restart().await;
        assert_eq!(rig.vault.existing_key(SUBJECT).await.unwrap().as_bytes(), key.as_bytes());
    }
}

#[tokio::test]
async fn an_upload_survives_every_failing_write() {
    let bytes = content(200_000);
    let (sha256, size) = (Hash::of(&bytes), 200_000);
    for how in [NOT_PERSISTED, PERSISTED] {
        let (rig, keyring, files) = faulty().await;
        rig.vault.submission_key(SUBJECT).await.unwrap();
        keyring.set(how);
        assert!(rig.vault.begin_upload(SUBJECT, sha256, size).await.is_err());
        files.set(how);
        assert!(rig.vault.begin_upload(SUBJECT, sha256, size).await.is_err());
        rig.vault.begin_upload(SUBJECT, sha256, size).await.unwrap();

        files.set(how);
        let refused = rig.vault.append(SUBJECT, sha256, 0, body(&bytes[..150_000])).await;
        assert!(matches!(refused, Err(UploadError::Vault(VaultError::Files(_)))), "{refused:?}");
        let state = rig.vault.begin_upload(SUBJECT, sha256, size).await.unwrap();
        let offset = if how == PERSISTED { 150_000 } else { 0 };
        assert_eq!(state, UploadState::Open { size, offset });
        rig.vault.append(SUBJECT, sha256, offset, body(&bytes[offset as usize..])).await.unwrap();

        files.set(how);
        assert!(rig.vault.complete_upload(SUBJECT, sha256).await.is_err());
        rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
        assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
    }
}

#[tokio::test]
async fn a_pack_counts_only_when_keys_and_records_are_durable() {
    let batch = || vec![(Hash::of(b"one"), "one".into()), (Hash::of(b"two"), "two".into())];
    let digests = [Hash::of(b"one"), Hash::of(b"two")];
    for how in [NOT_PERSISTED, PERSISTED] {
        let (rig, keyring, files) = faulty().await;
        rig.vault.submission_key(SUBJECT).await.unwrap();
        keyring.set(how);
        assert!(rig.vault.put_many(SUBJECT, batch()).await.is_err());
        assert_eq!(rig.vault.stored(SUBJECT, &digests).await.unwrap(), []);
        files.set(how);
        assert!(rig.vault.put_many(SUBJECT, batch()).await.is_err());
        let stored = rig.vault.stored(SUBJECT, &digests).await.unwrap().len();
        assert_eq!(stored, if how == PERSISTED { 2 } else { 0 });
        assert_eq!(rig.vault.put_many(SUBJECT, batch()).await.unwrap(), 2 - stored);
        assert_eq!(rig.read(SUBJECT, digests[0]).await, b"one");
        assert_eq!(rig.read(SUBJECT, digests[1]).await, b"two");
    }
}

#[tokio::test]
async fn a_vault_that_cannot_be_written_acknowledges_nothing() {
    let rig = Rig::new().await;
    let bytes = content(2_000_000);
    let sha256 = Hash::of(&bytes);
    rig.vault.begin_upload(SUBJECT, sha256, 2_000_000).await.unwrap();
    let objects = rig.dir.path().join("vault/objects");
    std::fs::write(&objects, b"in the way").unwrap();
    let refused = rig.vault.append(SUBJECT, sha256, 0, body(&bytes)).await;
    assert!(matches!(refused, Err(UploadError::Vault(VaultError::Object(_)))), "{refused:?}");
    let refused = rig.vault.put_many(SUBJECT, vec![(Hash::of(b"one"), "one".into())]).await;
    assert!(matches!(refused, Err(UploadError::Vault(VaultError::Object(_)))), "{refused:?}");
    assert_eq!(rig.vault.stored(SUBJECT, &[sha256, Hash::of(b"one")]).await.unwrap(), []);

    std::fs::remove_file(&objects).unwrap();
    assert_eq!(rig.upload(SUBJECT, &bytes).await, sha256);
    assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
}
