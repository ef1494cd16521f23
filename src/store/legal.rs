//! The legal port: holds, takedown cases, orders to erase and what became of them.
//!
//! Every change that a statement makes is an [`super::ledger::Effect`] and commits with its entry;
//! what is here reads, and does the steps of an erasure that no entry makes.

use attestry_proof::{
    hash::Hash,
    key::Thumbprint,
    payload::case::{CaseChannel, CaseState},
    size::LeafIndex,
};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::ledger::StoreError;

/// What a hold is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// These submissions.
    Submissions(Vec<Uuid>),
    /// Whatever the key owns.
    Contractor(Thumbprint),
    /// Whatever is in the program.
    Program,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRecord {
    /// Its id; what is said of it is under this id's key.
    pub id: Uuid,
    /// The program whose content it is on.
    pub program: String,
    /// Position of the statement that placed it.
    pub placed: LeafIndex,
    /// Position of the statement that released it.
    pub released: Option<LeafIndex>,
}

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRecord {
    /// Its id; what is said in it is under this id's key.
    pub id: Uuid,
    /// The program that handles it.
    pub program: String,
    /// Its ground, by the name in the takedown rules.
    pub ground: String,
    /// How it came.
    pub channel: CaseChannel,
    /// Where it is.
    pub state: CaseState,
    /// Leaf hash of the statement that brought it there.
    pub step_leaf: Hash,
    /// Position of that statement.
    pub step: LeafIndex,
    /// Position of the first statement.
    pub opened: LeafIndex,
    /// SHA-256 of the list of what it concerns.
    pub concerned: Option<Hash>,
}

/// What stands against a submission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MattersOn {
    /// Holds in place.
    pub holds: u32,
    /// Cases that are not closed.
    pub open_cases: u32,
}

/// A submission that a case concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConcernedSubmission {
    /// Which one.
    pub submission: Uuid,
    /// Which of its files, in ascending order; `None` for all of it.
    pub files: Option<Vec<Hash>>,
}

/// An officer's agreement that content is destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseApprovalRecord {
    /// The officer's key.
    pub officer: Thumbprint,
    /// Leaf hash of the decision agreed to.
    pub approves: Hash,
    /// Leaf hash of the statement.
    pub leaf: Hash,
}

/// An order to erase that is not carried out in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRecord {
    /// Position of the order.
    pub ordered: LeafIndex,
    /// Leaf hash of the order.
    pub leaf: Hash,
    /// The case.
    pub case: Uuid,
    /// What is to be erased.
    pub target: ConcernedSubmission,
    /// Whether the journal has it.
    pub journalled: bool,
    /// What there was to destroy, once counted.
    pub counted: Option<ErasureCounts>,
}

/// What there is to destroy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureCounts {
    /// Keys of submission and files.
    pub keys: u64,
    /// Sealed objects.
    pub objects: u64,
    /// Payloads of statements.
    pub payloads: u64,
}

/// What the database must do for holds, cases and erasure.
pub trait Legal: Send + Sync {
    /// A hold by id.
    fn hold(&self, id: Uuid) -> BoxFuture<'_, Result<Option<HoldRecord>, StoreError>>;

    /// What stands against a submission now.
    fn matters_on(&self, submission: Uuid) -> BoxFuture<'_, Result<MattersOn, StoreError>>;

    /// Holds of a program, newest first, at most `limit` placed before `before`.
    fn holds_in<'a>(
        &'a self,
        program: &'a str,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<HoldRecord>, StoreError>>;

    /// A case by id.
    fn case(&self, id: Uuid) -> BoxFuture<'_, Result<Option<CaseRecord>, StoreError>>;

    /// The case whose link has this secret, by its SHA-256.
    fn case_by_link(&self, link: Hash) -> BoxFuture<'_, Result<Option<CaseRecord>, StoreError>>;

    /// Cases, newest first, at most `limit` opened before `before`; of one program, or of all.
    fn cases<'a>(
        &'a self,
        program: Option<&'a str>,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<CaseRecord>, StoreError>>;

    /// Cases that are not closed and whose state is this one, oldest first, at most `limit` opened after
    /// `after`.
    fn cases_at(
        &self,
        state: CaseState,
        after: Option<LeafIndex>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<CaseRecord>, StoreError>>;

    /// The states that a case came to, in order, with Unix seconds.
    fn case_history(&self, case: Uuid) -> BoxFuture<'_, Result<Vec<(CaseState, i64)>, StoreError>>;

    /// What a case concerns, in order, at most `limit` after `after`.
    fn concerned(
        &self,
        case: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<ConcernedSubmission>, StoreError>>;

    /// Every hold on a submission and every case that concerns it, those that ended too.
    fn matters_about(&self, submission: Uuid) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>>;

    /// What a case concerns and is not erased as a whole, in order, at most `limit` after `after`; with
    /// `free`, only what no hold is on and no order waits for.
    fn left_in(
        &self,
        case: Uuid,
        free: bool,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<ConcernedSubmission>, StoreError>>;

    /// Withdrawn submissions for which no case was opened by withdrawal, at most `limit`.
    fn withdrawn_without_case(&self, limit: u32) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>>;

    /// Agreements in a case, in order.
    fn approvals_in(
        &self,
        case: Uuid,
    ) -> BoxFuture<'_, Result<Vec<CaseApprovalRecord>, StoreError>>;

    /// Orders that are not carried out in full, oldest first, at most `limit` after position `after`.
    fn erasures_pending(
        &self,
        after: Option<LeafIndex>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<ErasureRecord>, StoreError>>;

    /// How many orders of a case there are, and how many of them are carried out.
    fn erasures_of(&self, case: Uuid) -> BoxFuture<'_, Result<(u64, u64), StoreError>>;

    /// How many orders are in the journal by this database.
    fn erasures_journalled(&self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Leaf hashes of the orders that are in the journal by this database, at most `limit` after
    /// position `after`, with their positions.
    fn journalled_after(
        &self,
        after: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<(LeafIndex, Hash)>, StoreError>>;

    /// Notes that the journal has these orders.
    fn note_journalled<'a>(
        &'a self,
        orders: &'a [LeafIndex],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Notes what there is to destroy, unless it was noted before.
    fn note_counted<'a>(
        &'a self,
        counts: &'a [(LeafIndex, ErasureCounts)],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// How many payloads about each of these submissions are under its own key, in their order.
    fn payloads_under<'a>(
        &'a self,
        submissions: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<u64>, StoreError>>;

    /// Keeps fingerprints of files that must not come back.
    fn refuse_files<'a>(
        &'a self,
        fingerprints: &'a [Hash],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Which of these fingerprints are refused.
    fn refused<'a>(
        &'a self,
        fingerprints: &'a [Hash],
    ) -> BoxFuture<'a, Result<Vec<Hash>, StoreError>>;

    /// Deletes every payload under the keys of these submissions, their manifests and what was sent
    /// ahead for them. What is deleted is overwritten once [`Legal::settle`] has run.
    fn forget_content<'a>(
        &'a self,
        submissions: &'a [Uuid],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Makes sure that nothing deleted is left in the database's files.
    fn settle(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
