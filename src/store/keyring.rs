//! The keyring port: wrapped data keys, kept apart from the ledger and from its backups.
//!
//! Nothing here can read a key: wrapping and unwrapping belong to the vault.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::files::ObjectId;

/// Number of a key-encryption key; a later one has a larger number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A submission's key under a key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedSubmissionKey {
    /// Whose key.
    pub subject: Uuid,
    /// Which key-encryption key wraps it.
    pub epoch: Epoch,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// What the keyring knows of one submission's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionKeyState {
    /// It can be unwrapped.
    Live(WrappedSubmissionKey),
    /// It was destroyed and is never made again.
    Destroyed {
        /// Whose key.
        subject: Uuid,
    },
}

impl SubmissionKeyState {
    /// Whose key it is.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::Live(key) => key.subject,
            Self::Destroyed { subject } => *subject,
        }
    }
}

/// An object's key under its submission's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedObjectKey {
    /// Which object it opens.
    pub object: ObjectId,
    /// Under whose submission key it is wrapped.
    pub subject: Uuid,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// A submission key that moves to a newer epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    /// Whose key.
    pub subject: Uuid,
    /// The epoch it leaves; if it is no longer there nothing changes.
    pub from: Epoch,
    /// The epoch it goes to.
    pub to: Epoch,
    /// The key, wrapped under `to`.
    pub wrapped: Vec<u8>,
}

/// The keyring failed, or holds what it cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The engine reported an error.
    #[error("keyring: {0}")]
    Engine(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("keyring schema: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value is impossible.
    #[error("the keyring holds an impossible {what}")]
    Corrupt {
        /// Which kind of value.
        what: &'static str,
    },
    /// Keys were deleted, but copies may still be readable: another connection holds the log open.
    #[error("the keyring's write-ahead log could not be emptied: another process is using it")]
    NotSettled,
}

/// What the keyring must do. Every change is durable when its future resolves.
pub trait Keyring: Send + Sync {
    /// Adds the keys of subjects that have none, in one transaction, and answers with the state
    /// that counts for each subject, in the order given: the key offered, an older one, or
    /// destroyed.
    fn ensure_submission_keys<'a>(
        &'a self,
        keys: &'a [WrappedSubmissionKey],
    ) -> BoxFuture<'a, Result<Vec<SubmissionKeyState>, KeyringError>>;

    /// The states of those subjects that the keyring knows, in no particular order.
    fn submission_keys<'a>(
        &'a self,
        subjects: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<SubmissionKeyState>, KeyringError>>;

    /// The state of one subject's key; `None` if it never had one.
    fn submission_key(
        &self,
        subject: Uuid,
    ) -> BoxFuture<'_, Result<Option<SubmissionKeyState>, KeyringError>>;

    /// Adds object keys in one transaction; an object that has a key keeps it.
    fn insert_object_keys<'a>(
        &'a self,
        keys: &'a [WrappedObjectKey],
    ) -> BoxFuture<'a, Result<(), KeyringError>>;

    /// The key of one object; `None` if it has none or it was destroyed.
    fn object_key(
        &self,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Option<WrappedObjectKey>, KeyringError>>;

    /// Destroys object keys and leaves no copy in the live files. Unknown objects are ignored.
    fn destroy_object_keys<'a>(
        &'a self,
        objects: &'a [ObjectId],
    ) -> BoxFuture<'a, Result<(), KeyringError>>;

    /// Destroys the submission keys and all their object keys, for ever: the subjects never get a
    /// key again. Leaves no copy in the live files.
    fn destroy_submission_keys<'a>(
        &'a self,
        subjects: &'a [Uuid],
    ) -> BoxFuture<'a, Result<(), KeyringError>>;

    /// Live submission keys under epochs before `epoch`, by subject, at most `limit` of them after
    /// `after`.
    fn keys_before(
        &self,
        epoch: Epoch,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<WrappedSubmissionKey>, KeyringError>>;

    /// Moves keys to a newer epoch in one transaction; keys that changed since are left alone.
    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> BoxFuture<'a, Result<(), KeyringError>>;

    /// Leaves no copy of what was deleted or rewrapped in the live files.
    fn settle(&self) -> BoxFuture<'_, Result<(), KeyringError>>;

    /// One live key for every epoch in use, oldest epoch first.
    fn epoch_samples(&self) -> BoxFuture<'_, Result<Vec<WrappedSubmissionKey>, KeyringError>>;
}
