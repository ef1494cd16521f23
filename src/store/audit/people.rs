//! Rows about people, and about what they said of submissions.

use super::Rows;

/// What a row of `submissions` says the statements come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawStanding {
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// Position of the last statement by a person.
    pub said: i64,
    /// Kinds stated, a bit each.
    pub attested: i64,
    /// Position of the last statement that clearance asks for.
    pub attested_index: Option<i64>,
    /// The last review.
    pub review: RawReview,
    /// Position of the last scan.
    pub scan_index: Option<i64>,
    /// Purposes cleared, a bit each.
    pub cleared: i64,
    /// The last public word.
    pub published: Option<String>,
    /// Purposes in that word, a bit each.
    pub published_purposes: i64,
}

/// What a row of `submissions` says of the last review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawReview {
    /// Position.
    pub index: Option<i64>,
    /// Whether it accepts.
    pub accepted: Option<bool>,
    /// Key that signed it.
    pub reviewer: Option<Vec<u8>>,
}

/// A row of `key_approvals`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawApproval {
    /// Position of the statement.
    pub index: i64,
    /// The lost key.
    pub lost: Vec<u8>,
    /// The key that is to replace it.
    pub replacement: Vec<u8>,
    /// The officer's key.
    pub officer: Vec<u8>,
}

/// Something sealed about a person or a program.
#[derive(Clone, Debug)]
pub struct RawProfile {
    /// Random id.
    pub id: Vec<u8>,
    /// Digest and sealed profile; nothing if nothing was said, or once erased.
    pub profile: Option<Vec<u8>>,
}

/// A row of `policy_files`.
#[derive(Clone, Debug)]
pub struct RawPolicyFile {
    /// SHA-256 by which it is found.
    pub sha256: Vec<u8>,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Reading what the ledger knows of people row by row.
pub trait PeopleAudit: Send + Sync {
    /// Approvals by position.
    fn approvals(&self, after: i64, limit: u32) -> Rows<'_, RawApproval>;

    /// Programs by id.
    fn programs<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawProfile>;

    /// Persons by id.
    fn persons<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawProfile>;

    /// Keys of a program or person that is not on record.
    fn keys_of_nothing(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Identities of a person who is not on record.
    fn identities_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Sessions of a key that is not enrolled or has ended.
    fn sessions_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Policy files by digest.
    fn policy_files<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawPolicyFile>;
}
