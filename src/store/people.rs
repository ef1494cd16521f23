//! The people port: programs, persons, who holds which key, and the rules in force.
//!
//! Names and addresses are sealed before they come here. A person is a random number that the keys
//! of one human being share.

use attestry_policy::words::ResidualRisk;
use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{
    ledger::StoreError,
    legal::MattersOn,
    records::{KeyRecord, SubmissionRecord},
};

/// One data collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRecord {
    /// Its name, which the log shows.
    pub name: String,
    /// Random id; what is sealed about it is under this id's key.
    pub id: Uuid,
    /// Which rules decide about clearance.
    pub clearance_policy: String,
    /// Most risk that may be left in files.
    pub allowed_risk: ResidualRisk,
    /// Sealed title and client; `None` if nothing was said.
    pub profile: Option<Vec<u8>>,
    /// Unix seconds.
    pub opened_at: i64,
}

/// A human being.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    /// Random id; the profile is sealed under this id's key.
    pub id: Uuid,
    /// Keyed fingerprint of the e-mail address, so that one address is one person.
    pub address: Hash,
    /// Sealed name and address; `None` once erased.
    pub profile: Option<Vec<u8>>,
}

/// An officer's word that one key may take the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// Position of the statement.
    pub index: LeafIndex,
    /// The key that is to replace the lost one.
    pub replacement: Thumbprint,
    /// The officer's key.
    pub officer: Thumbprint,
}

/// A policy bundle that was in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyRecord {
    /// Position of the `policy` statement.
    pub index: LeafIndex,
    /// Digest of the bundle.
    pub digest: Hash,
    /// Counted from 1.
    pub version: u64,
}

/// Which submissions of a program to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkFilter {
    /// All of them.
    All,
    /// Those that wait for a review: attested in full, not withdrawn, without a current review.
    Waiting,
    /// Those sent back and not attested again.
    SentBack,
    /// Those cleared for some purpose.
    Cleared,
}

/// What the database must do for people and programs.
pub trait People: Send + Sync {
    /// A program by name.
    fn program<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ProgramRecord>, StoreError>>;

    /// Every program, by name, at most `limit` after `after`.
    fn programs<'a>(
        &'a self,
        after: &'a str,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<ProgramRecord>, StoreError>>;

    /// Opens a program; `false` if there is one with this name.
    fn open_program<'a>(
        &'a self,
        program: &'a ProgramRecord,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// A person by id.
    fn person(&self, id: Uuid) -> BoxFuture<'_, Result<Option<PersonRecord>, StoreError>>;

    /// The person whose address has this fingerprint.
    fn person_by_address(&self, address: Hash) -> BoxFuture<'_, Result<Option<Uuid>, StoreError>>;

    /// Keeps a person, and answers with the id under which the address is known: another one than
    /// given if it was known before.
    fn add_person<'a>(
        &'a self,
        person: &'a PersonRecord,
    ) -> BoxFuture<'a, Result<Uuid, StoreError>>;

    /// Forgets name, address and which keys a person held.
    fn forget_person(&self, id: Uuid) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Keys of a program in order of enrolment, at most `limit` enrolled at `from` or later.
    fn keys_in<'a>(
        &'a self,
        program: &'a str,
        from: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>>;

    /// Keys of a person, in order of enrolment.
    fn keys_of(&self, person: Uuid) -> BoxFuture<'_, Result<Vec<KeyRecord>, StoreError>>;

    /// Approvals to replace this key, in order.
    fn approvals(&self, lost: Thumbprint)
    -> BoxFuture<'_, Result<Vec<ApprovalRecord>, StoreError>>;

    /// Submissions of a program, newest first, at most `limit` opened before `before`.
    fn submissions_in<'a>(
        &'a self,
        program: &'a str,
        filter: WorkFilter,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<SubmissionRecord>, StoreError>>;

    /// Submissions whose public word is not the one that was published, at most `limit`.
    fn submissions_due(
        &self,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<SubmissionRecord>, StoreError>>;

    /// Submissions that wait for a decision about clearance, at most `limit`.
    fn submissions_undecided(&self, limit: u32) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>>;

    /// Complete submissions that the service has not searched since their contractor last attested to
    /// them, at most `limit`.
    fn submissions_unscanned(
        &self,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<SubmissionRecord>, StoreError>>;

    /// Notes that everything was decided about a submission, if the last a person said about it is
    /// at `said`, the last scan is the one given, just these holds and cases stand against it, and the
    /// rules in force are still those of `policy_version`.
    fn note_decided(
        &self,
        about: (Uuid, LeafIndex, Option<LeafIndex>),
        matters: MattersOn,
        policy_version: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Keeps policy files by their SHA-256; again is no error.
    fn keep_policy_files<'a>(
        &'a self,
        files: &'a [(Hash, &'a [u8])],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A policy file by its SHA-256.
    fn policy_file(&self, sha256: Hash) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Bundles that were in force, newest first.
    fn policies(&self, limit: u32) -> BoxFuture<'_, Result<Vec<PolicyRecord>, StoreError>>;
}
