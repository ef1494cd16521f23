//! Why a use case refused: one variant for each cause a caller can act on.

use attestry_policy::clauses::ClauseError;
use attestry_proof::{
    cose::statement::StatementError,
    hash::Hash,
    key::{PublicKeyError, Thumbprint},
    payload::{PayloadError, case::CaseState},
    size::{LeafIndex, TreeSize},
};
use uuid::Uuid;

use crate::{
    keys::SignError,
    log::{LogError, journal::JournalError},
    service::authorize::Refusal,
    store::{files::FilesError, ledger::StoreError},
    vault::{KeysError, VaultError},
};

/// A refusal, or a failure underneath.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The bytes are not a statement, or its signature does not verify.
    #[error("{0}")]
    Statement(#[from] StatementError),
    /// The statement is for another log.
    #[error(
        "the statement is for the log {found:?}, this is {required:?}; sign it again for this one"
    )]
    WrongAudience {
        /// Audience in the statement.
        found: String,
        /// This log's origin.
        required: String,
    },
    /// Nobody enrolled the key.
    #[error(
        "the key {thumbprint} is not enrolled here; ask for an invitation and run: attestry enroll"
    )]
    UnknownKey {
        /// Which key.
        thumbprint: Thumbprint,
    },
    /// The key was revoked.
    #[error("the key {thumbprint} was revoked by entry {at}; sign with the key that replaced it")]
    RevokedKey {
        /// Which key.
        thumbprint: Thumbprint,
        /// The entry that revoked it.
        at: LeafIndex,
    },
    /// The claimed time is too far from the service's.
    #[error(
        "the statement says it was issued at {found} (Unix seconds), but only {earliest} to {latest} is accepted now; \
         check the clock and sign again"
    )]
    StaleIssuedAt {
        /// Claimed time.
        found: i64,
        /// Earliest accepted.
        earliest: i64,
        /// Latest accepted.
        latest: i64,
    },
    /// Only the service itself makes statements of this type.
    #[error("statements of type {found} are made by the service, not registered from outside")]
    ReservedContentType {
        /// The type.
        found: &'static str,
    },
    /// The statement's payload was neither attached nor staged.
    #[error(
        "the payload with SHA-256 {digest} is missing; attach it under \"attestry-payload\", or stage it first with \
         PUT /api/v1/submissions/{{id}}/payloads/{{sha256}}"
    )]
    PayloadMissing {
        /// Digest in the statement.
        digest: Hash,
    },
    /// Bytes do not have the digest they were announced with.
    #[error("the bytes have SHA-256 {found}, announced was {required}")]
    DigestMismatch {
        /// Digest of the bytes.
        found: Hash,
        /// Digest announced.
        required: Hash,
    },
    /// The payload does not fit its schema.
    #[error("the payload is not acceptable: {0}")]
    Payload(#[from] PayloadError),
    /// The payload answers other clauses than it should.
    #[error("the clauses do not match: {0}")]
    Clauses(#[from] ClauseError),
    /// A newer text is in force.
    #[error("version {newest} of the text {set:?} is in force; read that one, and sign it")]
    TextSuperseded {
        /// Clause set.
        set: String,
        /// Version to sign.
        newest: String,
    },
    /// No batch of entries ended at this size, or nothing was said of the submission until then.
    #[error(
        "the log was never {size} entries long when something was acknowledged about the submission; leave the \
         position out, or take it from the index of an earlier pack"
    )]
    NoSuchPosition {
        /// The size asked for.
        size: TreeSize,
    },
    /// What a pack would hold does not verify.
    #[error("the pack would not verify, so it is not handed over: {fault}; run: attestry fsck")]
    PackIncomplete {
        /// The first thing that is wrong.
        fault: attestry_proof::pack::PackFault,
    },
    /// A manifest was stated before all of its files were stored.
    #[error(
        "no stored files stand behind the manifest {commitment} of submission {submission}; upload files and openings \
         first, then PUT /api/v1/submissions/{{id}}/manifests/{{commitment}}"
    )]
    ManifestNotStored {
        /// Of which submission.
        submission: Uuid,
        /// Commitment in the statement.
        commitment: Hash,
    },
    /// The statement and the stored manifest differ.
    #[error(
        "the manifest statement does not repeat the role, count and size of the stored manifest {commitment}"
    )]
    ManifestDiffers {
        /// The commitment they share.
        commitment: Hash,
    },
    /// Files of a manifest are not stored.
    #[error(
        "{missing} of the manifest's files are not stored, the first is {first}; upload them and try again"
    )]
    FilesMissing {
        /// How many.
        missing: u64,
        /// SHA-256 of the first.
        first: Hash,
    },
    /// The openings are not those of the manifest.
    #[error("the openings are not usable: {reason}")]
    Openings {
        /// What is wrong with them.
        reason: String,
    },
    /// The submission belongs to another key.
    #[error("submission {submission} belongs to another key")]
    NotYours {
        /// Which submission.
        submission: Uuid,
    },
    /// The submission was withdrawn.
    #[error("submission {submission} was withdrawn; start a new one")]
    Withdrawn {
        /// Which submission.
        submission: Uuid,
    },
    /// The file was erased, and is not taken again.
    #[error("the file {sha256} was erased in a takedown and is not taken again")]
    FileErased {
        /// SHA-256 of the file.
        sha256: Hash,
    },
    /// Content is, or will be, erased.
    #[error("submission {submission} is erased, or is about to be; nothing stops that any more")]
    Erased {
        /// Which submission.
        submission: Uuid,
    },
    /// A hold keeps content from being destroyed.
    #[error("a hold is on submission {submission}; release it first")]
    OnHold {
        /// Which submission.
        submission: Uuid,
    },
    /// A step of a case is not possible.
    #[error("the case {case} is {state}; {reason}")]
    CaseStep {
        /// Which case.
        case: Uuid,
        /// Where it is.
        state: CaseState,
        /// Why not, and what is possible.
        reason: String,
    },
    /// A step was signed about a state of the case that is not the present one.
    #[error("the case {case} moved on to {state} meanwhile; read it and sign again")]
    CaseMovedOn {
        /// Which case.
        case: Uuid,
        /// Where it is.
        state: CaseState,
    },
    /// The list that a statement names is not there, or not as it says.
    #[error("the list {sha256} is not usable: {reason}")]
    ConcernedList {
        /// SHA-256 that the statement names.
        sha256: Hash,
        /// What is wrong.
        reason: String,
    },
    /// The erasure journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The submission was begun, left without a statement, and deleted.
    #[error(
        "submission {submission} was left without a statement for too long, and what was sent for it was deleted; \
         start a new one"
    )]
    Abandoned {
        /// Which submission.
        submission: Uuid,
    },
    /// The key prepares too many submissions at once.
    #[error(
        "this key has {limit} submissions with files or payloads and no statement; register statements about them first"
    )]
    TooManyOpen {
        /// Most allowed.
        limit: u32,
    },
    /// Nobody could invite any more.
    #[error(
        "{thumbprint} is the only key of an administrator; enrol another administrator's first, then revoke it"
    )]
    LastAdmin {
        /// Which key.
        thumbprint: Thumbprint,
    },
    /// The rules do not allow it.
    #[error("{0}")]
    Forbidden(Box<Refusal>),
    /// The request carries no acceptable credentials.
    #[error("{reason}")]
    Unauthenticated {
        /// What is wrong with them.
        reason: String,
    },
    /// The groups that a provider vouches for give nothing here.
    #[error(
        "none of your groups at the identity provider gives a role here{}; ask for the group, then sign in again",
        program.as_ref().map(|name| format!(" in the program {name:?}")).unwrap_or_default()
    )]
    NothingGranted {
        /// Where somebody wanted to go.
        program: Option<String>,
    },
    /// The key may do more than the groups give.
    #[error(
        "your key in the program {program:?} has the roles {roles}, and your groups at the identity provider do not give \
         all of them; sign in with the key itself"
    )]
    RolesNotGranted {
        /// In which program.
        program: String,
        /// Roles of the key.
        roles: String,
    },
    /// The groups give roles in several programs.
    #[error("your groups give roles in several programs; sign in again with ?program= and one of: {}", programs.join(", "))]
    ProgramUnclear {
        /// Which programs.
        programs: Vec<String>,
    },
    /// The identity is linked to another person than the one signed in.
    #[error(
        "this identity at the provider belongs to somebody else here than the key you are signed in with; sign out first"
    )]
    IdentityTaken,
    /// Somebody is known under the address, and it is not shown that they are the same.
    #[error(
        "somebody is known here under your address; sign in with your key first, and then through the provider in the \
         same browser"
    )]
    AddressKnown,
    /// The invitation does not exist, was used or has expired.
    #[error("the invitation code is unknown, used or expired; ask for a new one")]
    InvitationInvalid,
    /// The key is enrolled already.
    #[error("the key {thumbprint} is enrolled already; one key serves one program")]
    KeyEnrolled {
        /// Which key.
        thumbprint: Thumbprint,
    },
    /// A statement takes the place of something else than it could.
    #[error(
        "the statement supersedes {leaf}, which is no statement of its kind about this submission"
    )]
    SupersedesNothing {
        /// Leaf hash named.
        leaf: Hash,
    },
    /// A review names a statement that is not about the submission.
    #[error("the review rests on {leaf}, which is no statement about this submission")]
    ReviewOfNothing {
        /// Leaf hash named.
        leaf: Hash,
    },
    /// A review leaves out a statement that counts now.
    #[error(
        "the review of {submission} does not name the statement {unread}, which counts now; read it and review again"
    )]
    ReviewOutdated {
        /// Which submission.
        submission: Uuid,
        /// Leaf hash left out.
        unread: Hash,
    },
    /// Two officers have not approved it.
    #[error(
        "two officers must first state that the key {replacement} may take the place of {lost}: attestry key approve"
    )]
    NotApproved {
        /// The lost key.
        lost: Thumbprint,
        /// The key that wants its place.
        replacement: Thumbprint,
    },
    /// Somebody else's sealed content is opened without saying why.
    #[error(
        "say for which purpose you open it: ?purpose=review, legal, audit, support or case; it is logged who read what and why"
    )]
    PurposeMissing,
    /// The person has a key in this program.
    #[error(
        "this person has a valid key in the program {program:?}; it is replaced by rotation, not by another invitation"
    )]
    HasKey {
        /// Which program.
        program: String,
    },
    /// The bytes are no acceptable public key.
    #[error("{0}")]
    PublicKey(#[from] PublicKeyError),
    /// There is no such thing, or not for this caller.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What was asked for.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A request value is malformed.
    #[error("{what} is malformed: {reason}")]
    Malformed {
        /// Which value.
        what: &'static str,
        /// What it should be.
        reason: String,
    },
    /// Something sent is larger than accepted.
    #[error("{what} has {found} bytes, at most {limit} are accepted")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        found: u64,
        /// Largest accepted.
        limit: u64,
    },
    /// A position is beyond the log.
    #[error("position {index} is beyond the log's {size} entries")]
    Beyond {
        /// Position asked for.
        index: LeafIndex,
        /// Entries there are.
        size: TreeSize,
    },
    /// The log refused or stopped.
    #[error(transparent)]
    Log(LogError),
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file tables failed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The vault refused or failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A sealed payload cannot be sealed or opened.
    #[error("a sealed payload cannot be used: {0}")]
    SealedPayload(crate::vault::PayloadError),
    /// The service could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<KeysError> for ServiceError {
    fn from(error: KeysError) -> Self {
        Self::Vault(error.into())
    }
}

impl From<crate::vault::PayloadError> for ServiceError {
    fn from(error: crate::vault::PayloadError) -> Self {
        Self::SealedPayload(error)
    }
}

impl From<LogError> for ServiceError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Beyond { index, size } => Self::Beyond { index, size },
            LogError::Store(error) => Self::Store(error),
            LogError::Sign(error) => Self::Sign(error),
            other => Self::Log(other),
        }
    }
}
