//! Destroying keys and what they sealed. Each step can be repeated after a crash.
//!
//! When it may be done, and what must be on record before, is decided elsewhere.

use attestry_proof::hash::Hash;
use uuid::Uuid;

use super::{KeysError, Vault, VaultError};
use crate::store::keyring::Epoch;

impl Vault {
    /// Destroys the submission's key and with it every payload, file and object key under it; then
    /// deletes the sealed objects and the records. The submission never gets a key again.
    ///
    /// Old copies of the keyring stay readable until [`Vault::rotate_keys`] has run.
    ///
    /// # Errors
    /// See [`VaultError`]. The key is destroyed first: after any error nothing new can be read.
    pub async fn erase_submission(&self, subject: Uuid) -> Result<(), VaultError> {
        self.inner.submission_keys.destroy(&[subject]).await?;
        for object in self.files().objects_of(subject).await? {
            self.objects().delete(object).await?;
        }
        // Records last: they are the list of what is still to be deleted.
        Ok(self.files().forget_subject(subject).await?)
    }

    /// Destroys one file of a submission; an unknown one is no error. A file inside a pack leaves
    /// bytes that no key opens.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn erase_file(&self, subject: Uuid, sha256: Hash) -> Result<(), VaultError> {
        let Some(file) = self.files().file(subject, sha256).await? else { return Ok(()) };
        self.keyring().destroy_object_keys(&[file.object]).await?;
        self.objects().delete(file.object).await?;
        Ok(self.files().forget_file(subject, sha256).await?)
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
