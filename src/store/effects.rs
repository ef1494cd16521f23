//! What rests on an entry when it commits: the facts it was judged on, and the changes that come with it.

use attestry_proof::{
    hash::Hash,
    key::{PublicKey, Thumbprint},
    payload::case::{CaseChannel, CaseState},
    size::LeafIndex,
};
use uuid::Uuid;

use super::{
    legal::{ConcernedSubmission, Held, MattersOn},
    outbox::OutboxChange,
    records::{AttestationSet, PublicWord, PurposeSet, Roles},
};

/// A fact the judgement rested on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// The key is at this version, as it was when the statement was judged.
    Key {
        /// Whose key.
        thumbprint: Thumbprint,
        /// Version judged.
        version: u64,
    },
    /// No key with this thumbprint is enrolled yet.
    KeyUnknown(Thumbprint),
    /// No key at all was ever enrolled.
    NobodyEnrolled,
    /// Some valid key of the program other than this one has the role of an administrator.
    AdminBesides {
        /// The key.
        thumbprint: Thumbprint,
        /// Its program.
        program: String,
    },
    /// The submission is new (and becomes the owner's) or already belongs to the owner. One that is
    /// being prepared belongs to whoever began it, and to nobody once it was abandoned.
    SubmissionOf {
        /// Which submission.
        submission: Uuid,
        /// Key that must own it.
        owner: Thumbprint,
        /// Program of that key.
        program: String,
        /// Whether a withdrawn submission still accepts this statement.
        may_be_withdrawn: bool,
    },
    /// Nobody but the service said anything about the submission after this position.
    LastSaid {
        /// Which submission.
        submission: Uuid,
        /// Position of the last statement by a person.
        at: LeafIndex,
    },
    /// The service searched the files of the submission last at this position.
    LastScan {
        /// Which submission.
        submission: Uuid,
        /// Position of the last scan; `None` if there is none.
        at: Option<LeafIndex>,
    },
    /// As [`Precondition::LastSaid`], and the submission is cleared for just these purposes.
    Standing {
        /// Which submission.
        submission: Uuid,
        /// Position of the last statement by a person.
        said: LeafIndex,
        /// What it is cleared for.
        cleared: PurposeSet,
    },
    /// The person has no other valid key in the program.
    OnlyKey {
        /// Whose.
        person: Uuid,
        /// In which program.
        program: String,
        /// The key that may be there.
        except: Option<Thumbprint>,
    },
    /// The invitation exists, is unused and has not expired at the given time.
    InvitationOpen {
        /// SHA-256 of the code.
        code_digest: Hash,
        /// Unix seconds.
        at: i64,
    },
    /// No hold is on the submission.
    NotHeld {
        /// Which submission.
        submission: Uuid,
    },
    /// Nothing ordered that all of the submission be erased.
    NotOrdered {
        /// Which submission.
        submission: Uuid,
    },
    /// So many holds are on the submission, and so many open cases are about it.
    Matters {
        /// Which submission.
        submission: Uuid,
        /// How many there are.
        found: MattersOn,
    },
    /// The hold is in place.
    HoldInPlace {
        /// Which hold.
        hold: Uuid,
    },
    /// The case came to where it is at this position.
    Case {
        /// Which case.
        case: Uuid,
        /// Position of the statement that brought it there.
        at: LeafIndex,
    },
    /// The policy in force has this version.
    Policy {
        /// Version judged under.
        version: u64,
    },
}

/// A change that commits together with its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The key may sign from this entry on.
    EnrolKey {
        /// The key.
        key: Box<PublicKey>,
        /// Its roles.
        roles: Roles,
        /// In which program.
        program: String,
        /// Who holds it, if that is known.
        person: Option<Uuid>,
        /// The lost key that it is enrolled for.
        replaces: Option<Thumbprint>,
    },
    /// What the outgoing key owned belongs to the incoming one, which is enrolled by another effect.
    HandOver {
        /// The outgoing key; it may not sign after this entry.
        from: Thumbprint,
        /// The incoming key.
        to: Thumbprint,
    },
    /// An officer approved that a key takes the place of a lost one.
    ApproveKey {
        /// The lost key.
        lost: Thumbprint,
        /// The key that is to replace it.
        replacement: Thumbprint,
        /// The officer's key.
        officer: Thumbprint,
    },
    /// The key may not sign after this entry.
    RevokeKey(Thumbprint),
    /// The invitation is spent.
    UseInvitation {
        /// SHA-256 of the code.
        code_digest: Hash,
        /// Who used it.
        by: Thumbprint,
    },
    /// The owner said something that clearance asks for. A review before it is not current any
    /// more, and nothing is cleared until there is another.
    Attested {
        /// About which submission.
        submission: Uuid,
        /// What was said.
        kind: AttestationSet,
    },
    /// A reviewer said what they found.
    Reviewed {
        /// About which submission.
        submission: Uuid,
        /// Whether it is accepted.
        accepted: bool,
        /// The reviewer's key.
        reviewer: Thumbprint,
    },
    /// The service searched the files. Whoever was accepted by a reviewer, or is cleared, is decided
    /// about again.
    Scanned {
        /// Of which submission.
        submission: Uuid,
    },
    /// The service decided whether a submission is cleared.
    Cleared {
        /// Which submission.
        submission: Uuid,
        /// For which purposes.
        purposes: PurposeSet,
        /// Whether it is.
        granted: bool,
    },
    /// The public word on a submission was logged.
    Published {
        /// About which submission.
        submission: Uuid,
        /// The word.
        word: PublicWord,
    },
    /// Consent was taken back: what rests on it is not cleared any more.
    Withdraw {
        /// For which submission.
        submission: Uuid,
        /// Purposes; `None` for everything.
        purposes: Option<PurposeSet>,
    },
    /// Content is locked against destruction. What was cleared is decided again.
    PlaceHold {
        /// Its id.
        hold: Uuid,
        /// In which program.
        program: String,
        /// On what.
        on: Held,
    },
    /// A hold ends.
    ReleaseHold(Uuid),
    /// A case begins.
    OpenCase {
        /// Its id.
        case: Uuid,
        /// Which program handles it.
        program: String,
        /// Its ground.
        ground: String,
        /// How it came.
        channel: CaseChannel,
        /// SHA-256 of the secret in the case link.
        link: Option<Hash>,
        /// What it concerns, and the SHA-256 of that list.
        concerned: Option<(Hash, Vec<ConcernedSubmission>)>,
        /// Whether that is locked at once.
        lock: bool,
        /// Unix seconds.
        at: i64,
    },
    /// A case comes to another state.
    MoveCase {
        /// Which case.
        case: Uuid,
        /// The state.
        to: CaseState,
        /// What it concerns from now on, and the SHA-256 of that list.
        concerned: Option<(Hash, Vec<ConcernedSubmission>)>,
        /// Whether what it concerns is locked from now on; `None` leaves that.
        lock: Option<bool>,
        /// Unix seconds.
        at: i64,
    },
    /// An officer agrees to a decision that content is destroyed.
    ApproveCase {
        /// Which case.
        case: Uuid,
        /// The officer's key.
        officer: Thumbprint,
        /// Leaf hash of the decision.
        approves: Hash,
    },
    /// Content is to be destroyed; nothing stops it any more.
    OrderErasure {
        /// Which case.
        case: Uuid,
        /// What.
        target: ConcernedSubmission,
    },
    /// Content was destroyed.
    Erased {
        /// Position of the order.
        order: LeafIndex,
        /// The submission.
        submission: Uuid,
        /// Whether all of it is gone.
        whole: bool,
    },
    /// A message is to be sent, or what messages need is kept or forgotten.
    Outbox(OutboxChange),
    /// A policy bundle comes into force.
    AdoptPolicy {
        /// Digest of the bundle.
        digest: Hash,
        /// Its version.
        version: u64,
    },
    /// The staged copy of the payload is no longer needed.
    Unstage {
        /// Of which submission.
        submission: Uuid,
        /// SHA-256 of the payload.
        digest: Hash,
    },
}
