//! What a verdict rests on: the proof, what is missing, or the first thing that is wrong.

use std::sync::Arc;

use attestry_proof::cose::receipt::{Position, ReceiptError};
use attestry_proof::cose::statement::StatementError;
use attestry_proof::hash::Hash;
use attestry_proof::key::Thumbprint;
use attestry_proof::log::proof_file::LogProofError;
use attestry_proof::log::tree::ProofError;
use attestry_proof::log::trust::{QuorumMet, TrustError, TrustedCheckpoint};
use attestry_proof::payload::key_event::MemberRole;
use attestry_proof::payload::{PayloadError, StatementKind};
use attestry_proof::size::{LeafIndex, TreeSize};

use crate::identity::GenesisFault;
use crate::verdict::Verdict;

/// What the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// In a log as of a trusted checkpoint.
    Proven(Anchor),
    /// In a log by the log's word alone.
    Unwitnessed(Unwitnessed),
    /// Something is missing.
    NotProven(Shortfall),
    /// Something is wrong; the first thing that is.
    Failed(Fault),
}

/// A place in the tree of a trusted checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Where the entry is.
    pub index: LeafIndex,
    /// The checkpoint that shows it.
    pub checkpoint: Arc<TrustedCheckpoint>,
    /// How the entry leads to the checkpoint.
    pub by: AnchoredBy,
}

/// How an entry leads to a trusted checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchoredBy {
    /// A C2SP proof holds path and checkpoint.
    LogProof,
    /// The path in a receipt leads to the root of a checkpoint among the inputs.
    Receipt,
    /// A receipt, and a consistency receipt from its root to that of a checkpoint.
    Consistency,
}

/// Why the log's own word is all there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwitnessed {
    /// A receipt verifies under the log's receipt key.
    Receipt {
        /// Where the entry is; `None` if the log did not sign the size of the tree.
        position: Option<Position>,
    },
    /// A checkpoint of the log shows it, but too few witnesses saw that checkpoint.
    Quorum {
        /// Where the entry is.
        position: Position,
        /// What the quorum lacks.
        lacks: TrustError,
    },
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shortfall {
    /// Nobody brought the issuer's key.
    #[error("the issuer's key {issuer} is not among the inputs, so its signature was not checked")]
    IssuerKeyMissing {
        /// Thumbprint that the statement names.
        issuer: Thumbprint,
    },
    /// Neither proof nor receipt.
    #[error("the signature verifies, but no proof or receipt shows that the log has the statement")]
    NoProof,
    /// A receipt by a key that nothing trusted names.
    #[error(
        "the receipt names key {kid}, and no proven genesis statement or --keys file vouches for it"
    )]
    ReceiptKeyUnknown {
        /// Thumbprint that the receipt names.
        kid: Thumbprint,
    },
    /// A proof to a checkpoint of a log that the policy does not trust.
    #[error("the checkpoint of {origin} is {}", LogNotTrusted(error))]
    LogNotTrusted {
        /// Origin on the checkpoint.
        origin: String,
        /// Who signed it, and whom the policy knows.
        error: TrustError,
    },
    /// The key is said to have ended before the statement was logged, and the service is unknown.
    #[error(
        "entry {ended} says that the issuer's key ended before this statement at entry {index}, and \
         nothing among the inputs shows whether the log's service signed that"
    )]
    KeyEndClaimed {
        /// Position of the revocation or rotation.
        ended: LeafIndex,
        /// Position of the statement.
        index: LeafIndex,
    },
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a statement, or something attached to it is not what it should be.
    #[error("the statement is malformed: {0}")]
    Malformed(StatementError),
    /// The issuer did not sign this.
    #[error("the signature of the statement does not verify under the key it names")]
    Signature,
    /// A file that goes by the payload's name is another payload.
    #[error("the payload given has SHA-256 {found}, the statement commits to {required}")]
    PayloadMismatch {
        /// Digest of the file.
        found: Hash,
        /// Digest in the statement.
        required: Hash,
    },
    /// The payload is the one signed, and breaks the rules of its kind.
    #[error("the payload is the one that was signed, but not a valid one: {0}")]
    PayloadInvalid(PayloadError),
    /// The payload contradicts the header of its statement.
    #[error("the payload contradicts the header of the statement: {0}")]
    PayloadContradiction(PayloadError),
    /// The proof file cannot be read.
    #[error("the proof is malformed: {0}")]
    ProofMalformed(LogProofError),
    /// The checkpoint of a proof bears a known key's signature that does not verify.
    #[error("the checkpoint of the proof does not verify: {0}")]
    CheckpointInvalid(TrustError),
    /// The path does not lead to the root of the checkpoint.
    #[error("the proof does not lead from the statement to its checkpoint: {0}")]
    NotInTree(ProofError),
    /// A receipt is malformed, for another log or another statement, or by another key.
    #[error("the receipt does not verify: {0}")]
    Receipt(ReceiptError),
    /// The statement is addressed to another log than the one that has it.
    #[error("the statement is addressed to the log {required}, the proof is from the log {found}")]
    WrongAudience {
        /// Origin of the log that has it.
        found: String,
        /// Audience of the statement.
        required: String,
    },
    /// Two pieces of evidence give two positions.
    #[error("one proof or receipt puts the statement at entry {first}, another at entry {second}")]
    PositionDisagreement {
        /// One position.
        first: LeafIndex,
        /// Another.
        second: LeafIndex,
    },
    /// The log signed two roots for one size.
    #[error(
        "the log {origin} signed two different roots for size {size}: it shows different histories"
    )]
    Fork {
        /// The log.
        origin: String,
        /// The size.
        size: TreeSize,
    },
    /// The log has two different entries at one position.
    #[error(
        "the log {origin} shows two different entries at index {index}: it shows different \
         histories"
    )]
    ForkedEntry {
        /// The log.
        origin: String,
        /// The position.
        index: LeafIndex,
    },
    /// The key was revoked or replaced before the statement was logged.
    #[error("the issuer's key ended at entry {ended}, before this statement at entry {index}")]
    KeyEnded {
        /// Position of the revocation or rotation.
        ended: LeafIndex,
        /// Position of the statement.
        index: LeafIndex,
    },
    /// Only the service makes statements of this type.
    #[error("only the service key {required} makes statements of this type, not {found}")]
    NotByService {
        /// Issuer of the statement.
        found: Thumbprint,
        /// The service key that genesis names.
        required: Thumbprint,
    },
    /// The service says what only people say.
    #[error("the service key {service} signed what only members say")]
    NotByMember {
        /// The service key that genesis names.
        service: Thumbprint,
    },
    /// The issuer's key was not enrolled for saying this.
    #[error(
        "a {kind} is made by {}, and the issuer's key was enrolled at entry {enrolled} as {}",
        Makers(required),
        Words(found)
    )]
    RoleMissing {
        /// What the statement is.
        kind: StatementKind,
        /// Roles of which the key must have one; none where only the service speaks.
        required: Vec<MemberRole>,
        /// Roles that it has.
        found: Vec<MemberRole>,
        /// Position of its enrolment.
        enrolled: LeafIndex,
    },
    /// The reviewer is the contractor.
    #[error(
        "the reviewer's key, or another of the same holder, speaks as the contractor of this \
         submission at entry {entry}"
    )]
    OwnReview {
        /// Where.
        entry: LeafIndex,
    },
    /// The officer is the holder of the lost key.
    #[error("the officer's key and the lost key {lost} are of the same holder")]
    OwnKeyApproved {
        /// The lost key.
        lost: Thumbprint,
    },
    /// A key that stands in for a lost one attests again what was submitted with that.
    #[error(
        "the issuer's key replaces the lost key {lost}, which speaks about this submission at entry \
         {entry}: it may withdraw what was submitted with the lost key, and attest to none of it"
    )]
    ReplacementAttests {
        /// The lost key.
        lost: Thumbprint,
        /// Where it speaks about the submission.
        entry: LeafIndex,
    },
    /// A genesis statement that does not introduce a log of the policy.
    #[error("the genesis statement does not introduce the log: {0}")]
    Genesis(GenesisFault),
}

struct Makers<'a>(&'a [MemberRole]);

impl std::fmt::Display for Makers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [] => f.write_str("the service"),
            roles => write!(f, "a key with the role {}", Words(roles)),
        }
    }
}

struct Words<'a>(&'a [MemberRole]);

impl std::fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [] => f.write_str("a member"),
            roles => list(f, roles),
        }
    }
}

struct LogNotTrusted<'a>(&'a TrustError);

impl std::fmt::Display for LogNotTrusted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (found, known) = match self.0 {
            TrustError::UnknownOrigin { found } => (found, None),
            TrustError::UnknownLogKey { found, required } => (found, Some(required)),
            other => return other.fmt(f),
        };
        f.write_str("signed by ")?;
        match found.as_slice() {
            [] => f.write_str("no key of that name")?,
            keys => list(f, keys)?,
        }
        f.write_str(", which is not in the trust policy")?;
        if let Some(known) = known {
            f.write_str(" (it knows this log by ")?;
            list(f, known)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

fn list(f: &mut std::fmt::Formatter<'_>, items: &[impl std::fmt::Display]) -> std::fmt::Result {
    items
        .iter()
        .enumerate()
        .try_for_each(|(place, item)| write!(f, "{}{item}", if place == 0 { "" } else { ", " }))
}

impl Finding {
    /// The verdict it leads to.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Proven(_) => Verdict::Verified,
            Self::Unwitnessed(_) => Verdict::LoggedUnwitnessed,
            Self::NotProven(_) => Verdict::NotProven,
            Self::Failed(_) => Verdict::Failed,
        }
    }

    /// Which finding it is; stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Proven(anchor) => match anchor.checkpoint.quorum() {
                QuorumMet::NotAsked => "log-signed",
                QuorumMet::Met { .. } => "witnessed",
            },
            Self::Unwitnessed(Unwitnessed::Receipt { .. }) => "receipt-only",
            Self::Unwitnessed(Unwitnessed::Quorum { .. }) => "quorum-not-met",
            Self::NotProven(Shortfall::IssuerKeyMissing { .. }) => "issuer-key-missing",
            Self::NotProven(Shortfall::NoProof) => "no-proof",
            Self::NotProven(Shortfall::ReceiptKeyUnknown { .. }) => "receipt-key-unknown",
            Self::NotProven(Shortfall::LogNotTrusted { .. }) => "log-not-trusted",
            Self::NotProven(Shortfall::KeyEndClaimed { .. }) => "key-end-claimed",
            Self::Failed(fault) => fault.code(),
        }
    }

    /// Where the entry is, under a size that somebody trusted signed.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Proven(Anchor { index, checkpoint, .. }) => {
                Some(Position { index: *index, size: checkpoint.checkpoint().size() })
            }
            Self::Unwitnessed(Unwitnessed::Receipt { position }) => *position,
            Self::Unwitnessed(Unwitnessed::Quorum { position, .. }) => Some(*position),
            Self::NotProven(_) | Self::Failed(_) => None,
        }
    }
}

impl Fault {
    /// Which fault it is; stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "statement-malformed",
            Self::Signature => "signature-invalid",
            Self::PayloadMismatch { .. } => "payload-mismatch",
            Self::PayloadInvalid(_) => "payload-invalid",
            Self::PayloadContradiction(_) => "payload-contradicts-header",
            Self::ProofMalformed(_) => "proof-malformed",
            Self::CheckpointInvalid(_) => "checkpoint-invalid",
            Self::NotInTree(_) => "proof-invalid",
            Self::Receipt(_) => "receipt-invalid",
            Self::WrongAudience { .. } => "wrong-audience",
            Self::PositionDisagreement { .. } => "position-disagreement",
            Self::Fork { .. } | Self::ForkedEntry { .. } => "fork",
            Self::KeyEnded { .. } => "key-ended",
            Self::NotByService { .. } => "not-by-service",
            Self::NotByMember { .. } => "not-by-member",
            Self::RoleMissing { .. } => "role-missing",
            Self::OwnReview { .. } => "own-review",
            Self::OwnKeyApproved { .. } => "own-key-approved",
            Self::ReplacementAttests { .. } => "replacement-attests",
            Self::Genesis(_) => "genesis-invalid",
        }
    }
}

/// A sentence for people.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Proven(anchor) => anchor.fmt(f),
            Self::Unwitnessed(unwitnessed) => unwitnessed.fmt(f),
            Self::NotProven(shortfall) => shortfall.fmt(f),
            Self::Failed(fault) => fault.fmt(f),
        }
    }
}

impl std::fmt::Display for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let checkpoint = self.checkpoint.checkpoint();
        let (index, size, origin) = (self.index, checkpoint.size(), checkpoint.origin());
        write!(f, "it is entry {index} of the log {origin} as of size {size}; ")?;
        match self.checkpoint.quorum() {
            QuorumMet::NotAsked => {
                f.write_str("no witnesses asked for, the log's own signature counts")
            }
            QuorumMet::Met { found, required, .. } => {
                write!(f, "the quorum of witnesses is met ({found} of {required} needed): ")?;
                let names: Vec<_> = self.checkpoint.cosigners().iter().map(|c| &c.name).collect();
                list(f, &names)
            }
        }
    }
}

impl std::fmt::Display for Unwitnessed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Receipt { position: Some(Position { index, size }) } => write!(
                f,
                "the log's receipt puts it at entry {index} as of size {size}, but no trusted \
                 checkpoint shows it"
            ),
            Self::Receipt { position: None } => f.write_str(
                "the log's receipt says it is in the log, at no proven position, and no trusted \
                 checkpoint shows it",
            ),
            Self::Quorum { position: Position { index, size }, lacks } => {
                write!(f, "the log shows it at entry {index} as of size {size}, but {lacks}")
            }
        }
    }
}
