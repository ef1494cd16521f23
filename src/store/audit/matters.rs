//! Rows about holds and takedown cases.

use attestry_proof::hash::Hash;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::Rows;
use crate::store::ledger::StoreError;

/// A row of `cases`, with those that hang on it.
#[derive(Clone, Debug)]
pub struct RawCase {
    /// Program.
    pub program: String,
    /// Ground.
    pub ground: String,
    /// Channel.
    pub channel: String,
    /// State.
    pub state: String,
    /// Leaf hash of the statement that brought it there.
    pub step_leaf: Vec<u8>,
    /// Position of that statement.
    pub step: i64,
    /// Position of the first statement.
    pub opened: i64,
    /// SHA-256 of the list of what it concerns.
    pub concerned: Option<Vec<u8>>,
    /// Each state and when it came to it: "position state seconds", in order, joined by commas.
    pub history: String,
    /// Each approval: "position officer approved leaf", in order, joined by commas; hex.
    pub approvals: String,
}

/// A row of `erasures`.
#[derive(Clone, Debug)]
pub struct RawErasure {
    /// Position of the order.
    pub ordered: i64,
    /// Its leaf hash.
    pub leaf: Vec<u8>,
    /// Submission.
    pub submission: Vec<u8>,
    /// Case.
    pub case: Vec<u8>,
    /// SHA-256 after SHA-256; `None` for everything.
    pub files: Option<Vec<u8>>,
    /// Whether the journal has it.
    pub journalled: bool,
    /// Position of the statement that it is done.
    pub erased: Option<i64>,
}

/// A row of `holds`, with those that hang on it.
#[derive(Clone, Debug)]
pub struct RawHold {
    /// Program.
    pub program: String,
    /// What it covers.
    pub scope: String,
    /// Whose submissions it is on, if on somebody's.
    pub contractor: Option<Vec<u8>>,
    /// Submissions that it names, in order, joined by commas; hex.
    pub held: String,
    /// Position of the statement that placed it.
    pub placed: i64,
    /// Position of the statement that released it.
    pub released: Option<i64>,
}

/// Reading rows about holds and cases.
pub trait MattersAudit: Send + Sync {
    /// One case.
    fn case(&self, id: Uuid) -> BoxFuture<'_, Result<Option<RawCase>, StoreError>>;

    /// One hold.
    fn hold(&self, id: Uuid) -> BoxFuture<'_, Result<Option<RawHold>, StoreError>>;

    /// The table and id of holds and cases, by id.
    fn matters<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, (String, Vec<u8>)>;

    /// What a case concerns: submission, and SHA-256 after SHA-256 of its files, or nothing for all of it.
    fn concerned(&self, case: Uuid) -> Rows<'_, (Vec<u8>, Option<Vec<u8>>)>;

    /// Orders to erase after a position.
    fn erasures(&self, after: i64, limit: u32) -> Rows<'_, RawErasure>;

    /// Whether a fingerprint is among those that must not come back.
    fn is_refused(&self, fingerprint: Hash) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Submissions in which a column is not what holds, cases and erasures make it, and which.
    fn submissions_apart(&self, limit: u32) -> Rows<'_, (Vec<u8>, String)>;
}
