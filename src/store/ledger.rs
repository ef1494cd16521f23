//! The ledger port: what the service asks of whatever database holds the log.

use attestry_proof::{
    cose::Subject,
    hash::Hash,
    key::Thumbprint,
    log::{edge::Edge, tile::TileId},
    size::{LeafIndex, TreeSize},
};
use futures_util::future::BoxFuture;
use uuid::Uuid;

pub use super::effects::{Effect, Precondition};
pub use super::records::{
    AttestationSet, DraftOutcome, DraftRecord, Invitation, KeyRecord, ManifestRecord, PublicWord,
    PurposeSet, Review, Role, Roles, SubmissionRecord,
};
use super::{legal::Legal, outbox::Outbox, people::People, sessions::Sessions};

/// Name of one attempt to commit a batch, chosen by the sequencer.
pub type BatchId = Uuid;

/// Largest number of entries in one batch.
pub const BATCH_ENTRIES_MAX: usize = 1024;

/// How long a staged payload waits for its statement.
pub const STAGED_SECONDS_MAX: i64 = 7 * 24 * 3600;

/// The newest committed tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: TreeSize,
    /// RFC 9162 root over them.
    pub root: Hash,
}

/// The bytes that entries about a subject are indexed by: 16 of a submission, 32 of a key.
#[must_use]
pub fn subject_bytes(subject: &Subject) -> &[u8] {
    match subject {
        Subject::Submission(id) => id.as_bytes(),
        Subject::Key(thumbprint) => thumbprint.0.as_bytes(),
    }
}

/// Payload of an entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredPayload {
    /// Ciphertext under a key of the vault.
    Sealed {
        /// Whose key; `None` for that of the entry's subject.
        under: Option<Uuid>,
        /// The ciphertext.
        body: Vec<u8>,
    },
    /// The payload itself, for the kinds that are published.
    Public(Vec<u8>),
}

/// A stored payload with its SHA-256.
pub type PayloadRecord = (Hash, StoredPayload);

/// A judged statement that waits for its position.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Exact entry bytes.
    pub entry: Vec<u8>,
    /// Leaf hash of `entry`.
    pub leaf_hash: Hash,
    /// Unix seconds, as claimed by the signer.
    pub issued_at: i64,
    /// What it is about.
    pub subject: Subject,
    /// Who signed.
    pub issuer: Thumbprint,
    /// Visible content type (COSE label 259).
    pub content_type: &'static str,
    /// SHA-256 of the payload.
    pub payload_digest: Hash,
    /// The payload.
    pub payload: StoredPayload,
    /// What the judgement rested on; rechecked inside the transaction.
    pub preconditions: Vec<Precondition>,
    /// What changes together with the entry.
    pub effects: Vec<Effect>,
}

/// What became of one candidate of a committed batch, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has this position.
    Appended(LeafIndex),
    /// The same statement was logged before, here.
    AlreadyLogged(LeafIndex),
    /// A fact it was judged on no longer holds.
    Dropped(Precondition),
}

/// A committed batch.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The head after it.
    pub head: Head,
    /// One per candidate.
    pub outcomes: Vec<Outcome>,
    /// Proofs for the new entries at `head`; `None` when nothing was appended.
    pub growth: Option<std::sync::Arc<attestry_proof::log::edge::Growth>>,
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The database answered that nothing was written.
    #[error("nothing was written: {0}")]
    NotCommitted(#[source] StoreError),
    /// The database did not say whether it committed.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(#[source] StoreError),
}

/// The database failed, or holds what it cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine reported an error.
    #[error("database: {0}")]
    Engine(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("database schema: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Content was deleted, but copies may still be in the database's files: others kept reading.
    #[error("the write-ahead log could not be emptied: another process or a long read is using it")]
    NotSettled,
    /// A stored value is impossible.
    #[error("the database holds an impossible {what} at {place}")]
    Corrupt {
        /// Which kind of row.
        what: &'static str,
        /// Its key.
        place: u64,
    },
}

/// One stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRecord {
    /// Position.
    pub index: LeafIndex,
    /// Exact entry bytes.
    pub entry: Vec<u8>,
    /// Stored leaf hash.
    pub leaf_hash: Hash,
    /// Unix seconds, as claimed by the signer.
    pub issued_at: i64,
    /// Stored subject bytes.
    pub subject: Vec<u8>,
    /// Stored issuer.
    pub issuer: Hash,
    /// Stored content type.
    pub content_type: String,
}

/// One committed batch, as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRecord {
    /// Tree size after it.
    pub size: TreeSize,
    /// First position in it.
    pub first: LeafIndex,
    /// Root after it.
    pub root: Hash,
    /// Unix milliseconds.
    pub committed_at_ms: i64,
}

/// What the database must do. Futures are boxed so that one service runs on any engine.
pub trait Ledger: Send + Sync {
    /// The newest head; `None` before genesis.
    fn head(&self) -> BoxFuture<'_, Result<Option<Head>, StoreError>>;

    /// The right edge at the newest head.
    fn edge(&self) -> BoxFuture<'_, Result<Edge, StoreError>>;

    /// Locks the head, rechecks every precondition, gives positions to those that hold and commits
    /// entries, payloads, tiles, effects and head in one transaction. The same statement twice has
    /// one position.
    fn append_batch<'a>(
        &'a self,
        batch: BatchId,
        at_ms: i64,
        candidates: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Appended, AppendError>>;

    /// Whether the batch was committed, and with which head.
    fn find_batch(&self, batch: BatchId) -> BoxFuture<'_, Result<Option<Head>, StoreError>>;

    /// The batch whose entries include `index`.
    fn batch_of(&self, index: LeafIndex) -> BoxFuture<'_, Result<Option<BatchRecord>, StoreError>>;

    /// Recorded batches in order, from the one after `size`.
    fn batches_after(
        &self,
        size: TreeSize,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<BatchRecord>, StoreError>>;

    /// Position of a logged statement.
    fn find_statement(
        &self,
        issued_at: i64,
        leaf: Hash,
    ) -> BoxFuture<'_, Result<Option<LeafIndex>, StoreError>>;

    /// Entries `from..from+count`, in order, as far as they exist.
    fn entries(
        &self,
        from: LeafIndex,
        count: u32,
    ) -> BoxFuture<'_, Result<Vec<EntryRecord>, StoreError>>;

    /// Entries about a subject, in order, at most `limit` from position `from` on.
    fn entries_about(
        &self,
        subject: Subject,
        from: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<EntryRecord>, StoreError>>;

    /// The last entry about a subject before position `before`.
    fn last_about(
        &self,
        subject: Subject,
        before: LeafIndex,
    ) -> BoxFuture<'_, Result<Option<EntryRecord>, StoreError>>;

    /// When the batches of these entries were committed, Unix milliseconds, in the order given;
    /// `None` for a position that is not in the log.
    fn committed_at<'a>(
        &'a self,
        indices: &'a [LeafIndex],
    ) -> BoxFuture<'a, Result<Vec<Option<i64>>, StoreError>>;

    /// Bytes of the tile: `tile.width` hashes one after the other; `None` if the log does not reach
    /// that far.
    fn tile(&self, tile: TileId) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Payload of the entry at `index`, with its digest; `None` once erased.
    fn payload(
        &self,
        index: LeafIndex,
    ) -> BoxFuture<'_, Result<Option<(Hash, StoredPayload)>, StoreError>>;

    /// Payloads of these distinct entries, in the order given; `None` once erased.
    fn payloads<'a>(
        &'a self,
        indices: &'a [LeafIndex],
    ) -> BoxFuture<'a, Result<Vec<Option<PayloadRecord>>, StoreError>>;

    /// A published payload by digest.
    fn public_payload(&self, digest: Hash) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Keeps a sealed payload until its statement comes, at most [`STAGED_SECONDS_MAX`]; drops
    /// those that waited longer.
    fn stage_payload<'a>(
        &'a self,
        submission: Uuid,
        digest: Hash,
        sealed: &'a [u8],
        at: i64,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A staged payload, still sealed.
    fn staged_payload(
        &self,
        submission: Uuid,
        digest: Hash,
    ) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// A key by thumbprint.
    fn key(&self, thumbprint: Thumbprint) -> BoxFuture<'_, Result<Option<KeyRecord>, StoreError>>;

    /// Every key, by position of enrolment, at most `limit` enrolled at `from` or later.
    fn keys(
        &self,
        from: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<KeyRecord>, StoreError>>;

    /// A submission by id.
    fn submission(&self, id: Uuid) -> BoxFuture<'_, Result<Option<SubmissionRecord>, StoreError>>;

    /// Submissions of a key, newest first, at most `limit` opened before `before`.
    fn submissions_of(
        &self,
        owner: Thumbprint,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<SubmissionRecord>, StoreError>>;

    /// Keeps a manifest whose every file is stored; again is no error.
    fn record_manifest<'a>(
        &'a self,
        manifest: &'a ManifestRecord,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A manifest by submission and commitment.
    fn manifest(
        &self,
        submission: Uuid,
        commitment: Hash,
    ) -> BoxFuture<'_, Result<Option<ManifestRecord>, StoreError>>;

    /// Every manifest of a submission.
    fn manifests_of(
        &self,
        submission: Uuid,
    ) -> BoxFuture<'_, Result<Vec<ManifestRecord>, StoreError>>;

    /// Keeps an invitation. One without inviter replaces those before it that are not used.
    fn invite<'a>(&'a self, invitation: &'a Invitation) -> BoxFuture<'a, Result<(), StoreError>>;

    /// An invitation that is neither used nor expired at `at`.
    fn open_invitation(
        &self,
        code_digest: Hash,
        at: i64,
    ) -> BoxFuture<'_, Result<Option<Invitation>, StoreError>>;

    /// Invitations that can still be used at `at`: those of keys that are valid, by digest, at most
    /// `limit` after `after`.
    fn open_invitations(
        &self,
        at: i64,
        after: Option<Hash>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Invitation>, StoreError>>;

    /// Forgets an invitation that was not used; `false` if there is none.
    fn cancel_invitation(&self, code_digest: Hash) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// A submission that is being prepared, or was abandoned.
    fn draft(&self, submission: Uuid) -> BoxFuture<'_, Result<Option<DraftRecord>, StoreError>>;

    /// Begins a submission, or notes that work on it goes on; refuses if the owner has `max` others
    /// without statement.
    fn touch_draft(
        &self,
        submission: Uuid,
        owner: Thumbprint,
        at: i64,
        max: u32,
    ) -> BoxFuture<'_, Result<DraftOutcome, StoreError>>;

    /// Abandons drafts that nobody worked on since `before`, so that no statement about them is
    /// accepted any more, and answers with at most `limit` whose content is still to be deleted.
    fn abandon_drafts(
        &self,
        before: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>>;

    /// Deletes staged payloads and manifests of an abandoned draft: its files are gone.
    fn clear_draft(&self, submission: Uuid) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Notes how far every open upload is, and answers with submission and SHA-256 of at most `limit`
    /// that did not move since `before`.
    fn idle_uploads(
        &self,
        at: i64,
        before: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<(Uuid, Hash)>, StoreError>>;

    /// Drops staged payloads that waited too long and invitations that expired unused.
    fn drop_expired(&self, at: i64) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Remembers a token id until `expires_at`; `false` if it was seen before.
    fn spend_token<'a>(
        &'a self,
        token_id: &'a str,
        expires_at: i64,
        now: i64,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Digest and version of the policy in force.
    fn policy(&self) -> BoxFuture<'_, Result<Option<(Hash, u64)>, StoreError>>;

    /// Holds, takedown cases and erasure.
    fn legal(&self) -> &dyn Legal;

    /// Messages to people.
    fn outbox(&self) -> &dyn Outbox;

    /// Programs and persons, and the rules in force.
    fn people(&self) -> &dyn People;

    /// Who is signed in.
    fn sessions(&self) -> &dyn Sessions;

    /// Reads one page and answers, for health checks.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
