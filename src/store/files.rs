//! The file port: which files of which submission are stored, where, and what is still arriving.
//!
//! A file is named by its submission and its SHA-256. Content and keys are the vault's business.

use attestry_proof::hash::Hash;
use futures_util::future::BoxFuture;
use uuid::Uuid;

/// Name of a sealed object, and of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub Uuid);

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One durable part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number: unique in the object, not necessarily in order.
    pub number: u32,
    /// Position of its first byte in the file.
    pub start: u64,
    /// Bytes of the file in it, at least one.
    pub length: u64,
}

/// Where the content of a stored file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Parts of its own object, in file order and without gaps.
    Parts(Vec<Part>),
    /// Inside a pack.
    Packed {
        /// The object that holds it.
        pack: ObjectId,
        /// Position of its first sealed byte.
        offset: u64,
    },
}

/// A file that is complete and durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Bytes.
    pub size: u64,
    /// Names its key.
    pub object: ObjectId,
    /// Where the content is.
    pub place: Place,
}

/// A file that is still arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The object its parts belong to.
    pub object: ObjectId,
    /// Bytes announced.
    pub size: u64,
    /// Bytes durable.
    pub received: u64,
}

/// What became of the wish to upload a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is stored; its size.
    Stored {
        /// Bytes.
        size: u64,
    },
    /// It is arriving, perhaps since before.
    Open(Upload),
}

/// What became of a part that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartOutcome {
    /// It counts; the upload now has this many bytes.
    Recorded {
        /// Bytes durable.
        received: u64,
    },
    /// Another part took its place; the upload has this many bytes.
    Overtaken {
        /// Bytes durable.
        received: u64,
    },
    /// The upload is over: completed, or discarded.
    Gone,
}

/// A small file inside a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedFile {
    /// SHA-256 of the file.
    pub sha256: Hash,
    /// Bytes of the file.
    pub size: u64,
    /// Names its key.
    pub object: ObjectId,
    /// Position of its first sealed byte in the pack.
    pub offset: u64,
}

/// The database failed, or holds what it cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The engine reported an error.
    #[error("file records: {0}")]
    Engine(#[from] sqlx::Error),
    /// A stored value is impossible.
    #[error("the file records hold an impossible {what}")]
    Corrupt {
        /// Which kind of value.
        what: &'static str,
    },
}

/// What the database must do for files. Every change is durable when its future resolves.
pub trait Files: Send + Sync {
    /// Which of these files are stored, in no particular order.
    fn stored<'a>(
        &'a self,
        subject: Uuid,
        sha256s: &'a [Hash],
    ) -> BoxFuture<'a, Result<Vec<Hash>, FilesError>>;

    /// A stored file and where it is.
    fn file(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> BoxFuture<'_, Result<Option<StoredFile>, FilesError>>;

    /// Opens an upload into `object`, unless the file is stored or arriving already.
    fn begin_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        size: u64,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Begun, FilesError>>;

    /// The open upload of a file.
    fn upload(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> BoxFuture<'_, Result<Option<Upload>, FilesError>>;

    /// A part number nobody had before; `None` if the upload is over.
    fn reserve_part(&self, object: ObjectId) -> BoxFuture<'_, Result<Option<u32>, FilesError>>;

    /// Appends a durable part, if the upload still ends where the part starts.
    fn record_part(
        &self,
        object: ObjectId,
        part: Part,
    ) -> BoxFuture<'_, Result<PartOutcome, FilesError>>;

    /// Parts of an object in file order.
    fn parts(&self, object: ObjectId) -> BoxFuture<'_, Result<Vec<Part>, FilesError>>;

    /// Turns the upload into a stored file; `false` if it is over or the file is stored already.
    fn complete_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<bool, FilesError>>;

    /// Forgets the upload and its parts; `false` if it is over.
    fn discard_upload(&self, object: ObjectId) -> BoxFuture<'_, Result<bool, FilesError>>;

    /// Adds the files of a pack in one transaction; answers with those that were stored already.
    fn add_packed<'a>(
        &'a self,
        subject: Uuid,
        pack: ObjectId,
        files: &'a [PackedFile],
    ) -> BoxFuture<'a, Result<Vec<PackedFile>, FilesError>>;

    /// Forgets one stored file.
    fn forget_file(&self, subject: Uuid, sha256: Hash) -> BoxFuture<'_, Result<(), FilesError>>;

    /// Every object that holds content of the submission: stored, packed or arriving.
    fn objects_of(&self, subject: Uuid) -> BoxFuture<'_, Result<Vec<ObjectId>, FilesError>>;

    /// SHA-256 of every stored file of the submission, in ascending order.
    fn digests_of(&self, subject: Uuid) -> BoxFuture<'_, Result<Vec<Hash>, FilesError>>;

    /// Those of these objects that nothing on record names, each once.
    fn unrecorded<'a>(
        &'a self,
        objects: &'a [ObjectId],
    ) -> BoxFuture<'a, Result<Vec<ObjectId>, FilesError>>;

    /// Forgets every file and upload of the submission.
    fn forget_subject(&self, subject: Uuid) -> BoxFuture<'_, Result<(), FilesError>>;
}
