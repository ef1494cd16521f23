//! What can be wrong with a policy, and with a checkpoint under it.

use super::PolicyName;
use crate::log::checkpoint::CheckpointError;
use crate::log::cosignature::CosignatureError;
use crate::log::note::{KeyId, KeyKind, SignatureError, VerifierKeyError};

/// Why octets are not a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Larger than [`super::MAX_POLICY_BYTES`].
    #[error("the policy has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// [`super::MAX_POLICY_BYTES`].
        limit: usize,
    },
    /// A control character that is neither tab nor newline.
    #[error("the policy has the control character {found:#04x} at byte {offset}")]
    Octet {
        /// Offset of the octet.
        offset: usize,
        /// The octet.
        found: u8,
    },
    /// The last line does not end in a newline: it may have been cut off.
    #[error("the last line does not end in a newline, so the policy may be cut off")]
    Unterminated,
    /// No line defines the quorum.
    #[error("no line defines the quorum; `quorum none` asks for no witness")]
    NoQuorum,
    /// A URL that cannot stand in a policy.
    #[error("the URL is empty or has white space or control characters")]
    Url,
    /// One line is wrong.
    #[error("line {line}: {error}")]
    Line {
        /// One-based line number.
        line: usize,
        /// What is wrong with it.
        error: LineError,
    },
}

/// What is wrong with one line of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The first word is none of the four.
    #[error("a line begins with log, witness, group or quorum")]
    Keyword,
    /// Words are missing or left over.
    #[error("{found} words follow the keyword, expected {min} to {max}")]
    Words {
        /// Words after the keyword.
        found: usize,
        /// Fewest allowed.
        min: usize,
        /// Most allowed.
        max: usize,
    },
    /// A group line without a name, a threshold and a member.
    #[error("a group has a name, a threshold and at least one member; {found} words are here")]
    GroupWords {
        /// Words after the keyword.
        found: usize,
    },
    /// The key is not a verifier key.
    #[error(transparent)]
    Key(VerifierKeyError),
    /// The key is not UTF-8.
    #[error("the verifier key is not UTF-8")]
    KeyEncoding,
    /// A witness's key where a log's belongs, or the other way.
    #[error("the key makes signatures of type {found:?}, a key of type {required:?} belongs here")]
    WrongKind {
        /// Type of the key.
        found: KeyKind,
        /// Type needed.
        required: KeyKind,
    },
    /// An earlier line of this kind has the same public key.
    #[error("an earlier line has the same public key")]
    DuplicateKey,
    /// An earlier line defines the same name, or the name is `none`.
    #[error("the name is taken already")]
    NameTaken,
    /// No earlier line defines the name.
    #[error("word {word} names nothing that an earlier line defines")]
    Undefined {
        /// One-based number of the word after the keyword.
        word: usize,
    },
    /// The name is a member of this or an earlier group already.
    #[error("word {word} is a member of a group already")]
    MemberTwice {
        /// One-based number of the word after the keyword.
        word: usize,
    },
    /// The threshold is neither `any`, `all` nor a number from 1 to the number of members.
    #[error("the threshold is any, all or a number from 1 to {members}")]
    Threshold {
        /// Members listed.
        members: usize,
    },
    /// A second quorum line.
    #[error("the quorum is defined already")]
    QuorumTwice,
    /// More lines of this kind than [`super::MAX_POLICY_ITEMS`].
    #[error("more than {limit} lines of this kind")]
    TooMany {
        /// [`super::MAX_POLICY_ITEMS`].
        limit: usize,
    },
}

/// Why a checkpoint is not trusted under a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The bytes are not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A signature with a known key's name and id does not verify: the whole checkpoint is refused.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A known witness's cosignature does not verify: the whole checkpoint is refused.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
    /// No log of the policy has this origin.
    #[error("the policy knows no log of this origin; it is signed by {}", KeyIds(found))]
    UnknownOrigin {
        /// Key ids on the signature lines that bear the origin's name.
        found: Vec<KeyId>,
    },
    /// The policy knows the origin, but none of its keys signed.
    #[error("signed by {}, but the policy knows this log by {}", KeyIds(found), KeyIds(required))]
    UnknownLogKey {
        /// Key ids on the signature lines that bear the origin's name.
        found: Vec<KeyId>,
        /// Key ids of the policy for this origin.
        required: Vec<KeyId>,
    },
    /// Too few witnesses cosigned.
    #[error("the quorum has {found} of {required}; no cosignature by {}", Names(missing))]
    QuorumNotMet {
        /// Members of the quorum that are satisfied.
        found: usize,
        /// Members that have to be.
        required: usize,
        /// Witnesses that count towards the quorum and did not cosign.
        missing: Vec<PolicyName>,
    },
}

struct KeyIds<'a>(&'a [KeyId]);

impl std::fmt::Display for KeyIds<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [] => f.write_str("no key of that name"),
            keys => join(f, keys),
        }
    }
}

struct Names<'a>(&'a [PolicyName]);

impl std::fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        join(f, self.0)
    }
}

fn join(f: &mut std::fmt::Formatter<'_>, items: &[impl std::fmt::Display]) -> std::fmt::Result {
    for (place, item) in items.iter().enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
}
