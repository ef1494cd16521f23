//! What a checker reads: rows as they are stored, believed by nobody.
//!
//! The ledger port refuses a row it cannot make sense of; a checker has to name that row and go on.
//! So this port hands out bytes and numbers, page by page, in the order of each table's key. It
//! never writes.

mod matters;
mod people;

use std::fmt;

use attestry_proof::{hash::Hash, key::Thumbprint, log::tile::TileId};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{files::ObjectId, ledger::StoreError};
pub use matters::{MattersAudit, RawCase, RawErasure, RawHold};
pub use people::{PeopleAudit, RawApproval, RawPolicyFile, RawProfile, RawReview, RawStanding};

/// Objects to ask about at once, a few megabytes of them.
pub const OBJECTS_PER_QUESTION: usize = 65_536;

/// Where something is stored: a table or a file, and the key in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Table, or kind of file.
    pub kind: &'static str,
    /// Key of the row or name of the file; empty for the whole.
    pub key: String,
}

impl Place {
    /// A whole table, database or directory.
    #[must_use]
    pub const fn whole(kind: &'static str) -> Self {
        Self { kind, key: String::new() }
    }

    /// A row by a key that prints itself.
    #[must_use]
    pub fn row(kind: &'static str, key: impl fmt::Display) -> Self {
        Self { kind, key: key.to_string() }
    }

    /// A row by a key of bytes: a UUID if it has 16 of them, otherwise in hex.
    #[must_use]
    pub fn bytes(kind: &'static str, key: &[u8]) -> Self {
        Self { kind, key: text_of(key) }
    }

    /// A row by two keys of bytes.
    #[must_use]
    pub fn pair(kind: &'static str, first: &[u8], second: &[u8]) -> Self {
        Self { kind, key: format!("{}/{}", text_of(first), text_of(second)) }
    }

    /// A tile by level and index.
    #[must_use]
    pub fn tile(tile: TileId) -> Self {
        Self { kind: "tiles", key: format!("{}/{}", tile.level, tile.index) }
    }

    /// A part of a sealed object.
    #[must_use]
    pub fn object(object: ObjectId, part: u32) -> Self {
        Self { kind: "objects", key: format!("{object}/{part}") }
    }
}

fn text_of(key: &[u8]) -> String {
    Uuid::from_slice(key).map_or_else(|_| hex::encode(key), |id| id.to_string())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        if self.key.is_empty() { Ok(()) } else { write!(f, " {}", self.key) }
    }
}

/// The row of `head`.
#[derive(Clone, Debug)]
pub struct RawHead {
    /// Tree size.
    pub size: i64,
    /// Root.
    pub root: Vec<u8>,
}

/// A row of `batches`.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// Tree size after it.
    pub size: i64,
    /// First position in it.
    pub first: i64,
    /// Root after it.
    pub root: Vec<u8>,
}

/// A row of `entries`.
#[derive(Clone, Debug)]
pub struct RawEntry {
    /// Position.
    pub index: i64,
    /// Unix seconds.
    pub issued_at: i64,
    /// Leaf hash.
    pub leaf_hash: Vec<u8>,
    /// Submission id or key thumbprint.
    pub subject: Vec<u8>,
    /// Key thumbprint.
    pub issuer: Vec<u8>,
    /// Visible content type.
    pub content_type: String,
    /// Entry bytes.
    pub entry: Vec<u8>,
}

/// A row of `payloads`.
#[derive(Clone, Debug)]
pub struct RawPayload {
    /// Position of its entry.
    pub index: i64,
    /// SHA-256 of the payload.
    pub digest: Vec<u8>,
    /// Whether the body is sealed.
    pub sealed: bool,
    /// The payload, sealed or not.
    pub body: Vec<u8>,
    /// Whose key it is sealed under, if that is not the key of the entry's subject.
    pub sealed_under: Option<Vec<u8>>,
}

/// A row of `staged_payloads`.
#[derive(Clone, Debug)]
pub struct RawStaged {
    /// Submission id.
    pub subject: Vec<u8>,
    /// SHA-256 of the payload.
    pub digest: Vec<u8>,
    /// The sealed payload.
    pub body: Vec<u8>,
}

/// A row of `signing_keys`.
#[derive(Clone, Debug)]
pub struct RawKey {
    /// Thumbprint.
    pub thumbprint: Vec<u8>,
    /// Ed25519 public key.
    pub public_key: Vec<u8>,
    /// Space separated.
    pub roles: String,
    /// Program.
    pub program: String,
    /// Position of the statement that enrolled it.
    pub enrolled: i64,
    /// Position of the statement that revoked it.
    pub revoked: Option<i64>,
    /// Raised with every change.
    pub version: i64,
    /// The lost key that it was enrolled for.
    pub replaces: Option<Vec<u8>>,
    /// Whether its holder may be one of those who were erased: it is nobody's, and somebody was.
    pub holder_may_be_erased: bool,
}

/// A row of `submissions`, joined with the first entry about it.
#[derive(Clone, Debug)]
pub struct RawSubmission {
    /// Id.
    pub id: Vec<u8>,
    /// Thumbprint of the owner.
    pub owner: Vec<u8>,
    /// Position of the first statement about it.
    pub opened: i64,
    /// Program.
    pub program: String,
    /// What the statements about it are said to come to.
    pub standing: RawStanding,
    /// Position and issuer of the first entry about it, as `entries` has them.
    pub first: Option<(i64, Vec<u8>)>,
}

/// A row of `policy_versions`.
#[derive(Clone, Debug)]
pub struct RawPolicy {
    /// Position of the statement that adopted it.
    pub index: i64,
    /// Digest of the bundle.
    pub digest: Vec<u8>,
    /// Version.
    pub version: i64,
}

/// A row of `manifests`.
#[derive(Clone, Debug)]
pub struct RawManifest {
    /// Submission id.
    pub submission: Vec<u8>,
    /// Commitment.
    pub commitment: Vec<u8>,
    /// `request` or `deliverable`.
    pub role: String,
    /// Number of files.
    pub files: i64,
    /// Their sizes together.
    pub bytes: i64,
    /// SHA-256 of the openings file.
    pub openings: Vec<u8>,
}

/// A row of `files`.
#[derive(Clone, Debug)]
pub struct RawFile {
    /// Submission id.
    pub subject: Vec<u8>,
    /// SHA-256 of the file.
    pub sha256: Vec<u8>,
    /// Object id.
    pub object: Vec<u8>,
}

/// A row of `uploads`.
#[derive(Clone, Debug)]
pub struct RawUpload {
    /// Submission id.
    pub subject: Vec<u8>,
    /// SHA-256 announced.
    pub sha256: Vec<u8>,
    /// Object id.
    pub object: Vec<u8>,
    /// Bytes durable.
    pub received: i64,
    /// Number of the next part.
    pub next_part: i64,
}

/// A row of the keyring's `object_keys`.
#[derive(Clone, Debug)]
pub struct RawObjectKey {
    /// Object id.
    pub object: Vec<u8>,
    /// Submission id.
    pub subject: Vec<u8>,
}

/// A page of rows.
pub type Rows<'a, T> = BoxFuture<'a, Result<Vec<T>, StoreError>>;

/// The last key of the page before; nothing for the first page.
pub type After<'a> = Option<(&'a [u8], &'a [u8])>;

/// Reading a ledger's tables row by row.
pub trait LedgerAudit: PeopleAudit + MattersAudit {
    /// What the engine's own check of the file finds, at most `limit` lines, and how the schema differs from the one that
    /// this program makes; nothing when all is well.
    fn integrity(&self, limit: u32) -> Rows<'_, String>;

    /// The head.
    fn head(&self) -> BoxFuture<'_, Result<Option<RawHead>, StoreError>>;

    /// Batches by size, after `size`.
    fn batches(&self, size: i64, limit: u32) -> Rows<'_, RawBatch>;

    /// The largest size in `batches`.
    fn last_batch(&self) -> BoxFuture<'_, Result<Option<i64>, StoreError>>;

    /// Entries at `from..to`.
    fn entries(&self, from: i64, to: i64) -> Rows<'_, RawEntry>;

    /// Lowest and highest position in `entries`.
    fn entry_bounds(&self) -> BoxFuture<'_, Result<Option<(i64, i64)>, StoreError>>;

    /// Payloads at `from..to`.
    fn payloads(&self, from: i64, to: i64) -> Rows<'_, RawPayload>;

    /// Positions of payloads outside `from..to`.
    fn payloads_outside(&self, from: i64, to: i64, limit: u32) -> Rows<'_, i64>;

    /// Staged payloads by subject and digest.
    fn staged<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawStaged>;

    /// Bytes of a full tile.
    fn tile(&self, level: u8, index: u64) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Level and index of tiles in order, after the given one.
    fn tiles(&self, after: Option<(i64, i64)>, limit: u32) -> Rows<'_, (i64, i64)>;

    /// Keys by thumbprint.
    fn keys<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawKey>;

    /// The public key of a thumbprint.
    fn key_bytes(
        &self,
        thumbprint: Thumbprint,
    ) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Submissions by id.
    fn submissions<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawSubmission>;

    /// What entries speak about that is in none of `submissions`, `cases` and `holds`.
    fn submissions_lost(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Issuer of the first entry about a submission.
    fn opened_by(&self, submission: Uuid) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Positions of the entries about a submission, after `index`.
    fn entries_about(&self, submission: Uuid, index: i64, limit: u32) -> Rows<'_, i64>;

    /// Policy versions by position.
    fn policies(&self, after: i64, limit: u32) -> Rows<'_, RawPolicy>;

    /// Manifests by submission and commitment.
    fn manifests<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawManifest>;

    /// One manifest.
    fn manifest(
        &self,
        submission: Uuid,
        commitment: Hash,
    ) -> BoxFuture<'_, Result<Option<RawManifest>, StoreError>>;

    /// Invitations that were made or used by a key that is not enrolled.
    fn invitations_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Submissions in preparation by a key that is not enrolled.
    fn drafts_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Files by submission and digest.
    fn files<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawFile>;

    /// Uploads by submission and digest.
    fn uploads<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawUpload>;

    /// Objects with parts on record that are neither a file's nor an upload's.
    fn parts_of_nothing(&self, limit: u32) -> Rows<'_, Vec<u8>>;

    /// Which of these objects no file, pack or upload names. Costs a walk over all files, so ask about
    /// [`OBJECTS_PER_QUESTION`] at a time.
    fn unknown_objects<'a>(&'a self, objects: &'a [ObjectId]) -> Rows<'a, ObjectId>;
}

/// Reading a keyring's tables row by row.
pub trait KeyringAudit: Send + Sync {
    /// What the engine's own check of the file finds, at most `limit` lines, and how the schema differs from the one that
    /// this program makes; nothing when all is well.
    fn integrity(&self, limit: u32) -> Rows<'_, String>;

    /// Submissions that have, or had, a key, in order.
    fn submission_keys<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, Vec<u8>>;

    /// The submission that an object's key belongs to; `None` if the object has no key.
    fn object_subject(
        &self,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Object keys in order.
    fn object_keys<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawObjectKey>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_table_and_key() {
        assert_eq!(Place::whole("head").to_string(), "head");
        assert_eq!(Place::row("entries", 17).to_string(), "entries 17");
        assert_eq!(Place::tile(TileId::full(1, 258)).to_string(), "tiles 1/258");
        let id = Uuid::from_u128(7);
        assert_eq!(Place::bytes("submissions", id.as_bytes()).key, id.to_string());
        assert_eq!(Place::pair("files", id.as_bytes(), &[0xab; 3]).key, format!("{id}/ababab"));
        assert_eq!(Place::object(ObjectId(id), 3).to_string(), format!("objects {id}/3"));
    }
}
