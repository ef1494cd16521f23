//! Destroying keys and what they sealed. Each step can be repeated after a crash.
//!
//! When it may be done, and what must be on record before, is decided elsewhere.

use std::collections::HashSet;

use attestry_proof::hash::Hash;
use futures_util::StreamExt as _;
use uuid::Uuid;

use super::{KeysError, StoredPart, Vault, VaultError};
use crate::store::keyring::{Epoch, SubmissionKeyState};

/// Objects asked about at a time.
const OBJECTS_PER_QUESTION: usize = 65_536;

impl Vault {
    /// Destroys the submission's key and with it every payload, file and object key under it; then
    /// deletes the sealed objects and the records. The submission never gets a key again.
    ///
    /// Old copies of the keyring stay readable until [`Vault::rotate_keys`] has run.
    ///
    /// # Errors
    /// See [`VaultError`]. The key is destroyed first: after any error nothing new can be read.
    pub async fn erase_submission(&self, subject: Uuid) -> Result<(), VaultError> {
        match self.erase_submissions(&[subject]).await?.pop() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// As [`Vault::erase_submission`], for many: their keys go in one transaction. Answers with those
    /// of which something is left, which keep the others from nothing.
    ///
    /// # Errors
    /// See [`VaultError`]; no key is destroyed then, or it is not known.
    pub async fn erase_submissions(
        &self,
        subjects: &[Uuid],
    ) -> Result<Vec<(Uuid, VaultError)>, VaultError> {
        self.inner.submission_keys.destroy(subjects).await?;
        let mut left = Vec::new();
        for subject in subjects {
            if let Err(error) = self.delete_content(*subject).await {
                left.push((*subject, error));
            }
        }
        Ok(left)
    }

    async fn delete_content(&self, subject: Uuid) -> Result<(), VaultError> {
        for object in self.files().objects_of(subject).await? {
            self.objects().delete(object).await?;
        }
        // Records last: they are the list of what is still to be deleted.
        Ok(self.files().forget_subject(subject).await?)
    }

    /// Which of these submissions are not destroyed: their key is there, or is not known to be gone,
    /// or something of their content is on record.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn not_destroyed(&self, subjects: &[Uuid]) -> Result<Vec<Uuid>, VaultError> {
        let states = self.keyring().submission_keys(subjects).await?;
        let destroyed: HashSet<Uuid> = states
            .into_iter()
            .filter(|state| matches!(state, SubmissionKeyState::Destroyed { .. }))
            .map(|state| state.subject())
            .collect();
        let mut left = Vec::new();
        for subject in subjects {
            if !destroyed.contains(subject) || !self.files().objects_of(*subject).await?.is_empty()
            {
                left.push(*subject);
            }
        }
        Ok(left)
    }

    /// SHA-256 of every stored file of a submission, and how many sealed objects hold its content.
    ///
    /// # Errors
    /// [`VaultError::Files`].
    pub async fn content_of(&self, subject: Uuid) -> Result<(Vec<Hash>, u64), VaultError> {
        let files = self.files().digests_of(subject).await?;
        let objects = self.files().objects_of(subject).await?.len();
        Ok((files, objects as u64))
    }

    /// Destroys one file of a submission; an unknown one is no error. A file inside a pack leaves
    /// bytes that no key opens.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn erase_file(&self, subject: Uuid, sha256: Hash) -> Result<(), VaultError> {
        // One that is still arriving never comes to its end.
        if let Some(upload) = self.files().upload(subject, sha256).await? {
            self.discard(upload.object).await?;
        }
        let Some(file) = self.files().file(subject, sha256).await? else { return Ok(()) };
        self.keyring().destroy_object_keys(&[file.object]).await?;
        self.objects().delete(file.object).await?;
        Ok(self.files().forget_file(subject, sha256).await?)
    }

    /// Deletes what lies in the object store and no record names, as an old copy of it brings it back
    /// after its records are gone; answers with how many objects that were. Only while nothing is
    /// being stored: what is written comes before its record.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn delete_unrecorded(&self) -> Result<u64, VaultError> {
        let mut deleted = 0;
        let mut listed = self.stored_parts().chunks(OBJECTS_PER_QUESTION);
        while let Some(parts) = listed.next().await {
            let mut objects = Vec::with_capacity(parts.len());
            for part in parts {
                match part.map_err(VaultError::Listing)? {
                    StoredPart::Part { object, .. } => objects.push(object),
                    // Not ours to delete.
                    StoredPart::Foreign { .. } => {}
                }
            }
            objects.dedup();
            for object in self.files().unrecorded(&objects).await? {
                self.objects().delete(object).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Moves every surviving key to a new key-encryption key and destroys the older ones: after
    /// this, no old copy of the keyring opens anything that was erased.
    ///
    /// # Errors
    /// See [`KeysError`]; no epoch is destroyed then, or not all of them. It can be repeated.
    pub async fn rotate_keys(&self) -> Result<Epoch, KeysError> {
        self.inner.submission_keys.rotate().await
    }
}
