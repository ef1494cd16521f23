//! Trust policies: which logs are believed, and how many witnesses must have seen a checkpoint
//! (C2SP tlog-policy).
//!
//! A policy judges checkpoints, nothing else. Names of witnesses and groups are octets that mean
//! something in the policy only. Logs sign with Ed25519 notes (type 0x01), witnesses with Ed25519
//! cosignatures (type 0x04); other types are refused when the policy is read.

mod error;
mod evaluate;
mod parse;

use std::fmt;

pub use error::{LineError, PolicyError, TrustError};
pub use evaluate::{Cosigner, QuorumMet, TrustedCheckpoint};

use crate::log::note::VerifierKey;

/// Largest policy file.
pub const MAX_POLICY_BYTES: usize = 256 * 1024;

/// Most logs, most witnesses and most groups of one policy; the specification asks for 32 of each.
pub const MAX_POLICY_ITEMS: usize = 256;

/// Name of a witness or a group: octets without white space, compared as they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName(Vec<u8>);

impl PolicyName {
    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// As UTF-8; octets that are not become replacement characters.
impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyName({self})")
    }
}

/// A log the policy believes, named by its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedLog {
    key: VerifierKey,
    url: Option<Vec<u8>>,
}

impl TrustedLog {
    /// The log's note key; its name is the origin.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where the log is, in octets the policy does not interpret.
    #[must_use]
    pub fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }
}

/// A witness the policy knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: PolicyName,
    key: VerifierKey,
    url: Option<Vec<u8>>,
}

impl Witness {
    /// Name within the policy.
    #[must_use]
    pub const fn name(&self) -> &PolicyName {
        &self.name
    }

    /// The witness's cosignature key.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where the witness is, in octets the policy does not interpret.
    #[must_use]
    pub fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }
}

/// What a group or the quorum refers to: a place in the list of witnesses or of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// At least `threshold` of the members; groups among them come earlier in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: PolicyName,
    threshold: usize,
    members: Vec<Member>,
}

/// A policy whose every rule has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    logs: Vec<TrustedLog>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

impl TrustPolicy {
    /// A policy that believes one log and asks for no witness.
    ///
    /// # Errors
    /// [`PolicyError::Url`] if the URL is empty, has white space or control characters;
    /// [`PolicyError::Line`] if the key is not a log's or its name cannot stand in a policy.
    pub fn of_log(key: &VerifierKey, url: Option<&str>) -> Result<Self, PolicyError> {
        if url.is_some_and(|url| url.is_empty() || !url.bytes().all(|octet| octet > b' ')) {
            return Err(PolicyError::Url);
        }
        Self::parse(format!("log {key} {}\nquorum none\n", url.unwrap_or_default()).as_bytes())
    }

    /// The logs it believes.
    #[must_use]
    pub fn logs(&self) -> &[TrustedLog] {
        &self.logs
    }

    /// The witnesses it knows, whether the quorum needs them or not.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether any witness has to have cosigned.
    #[must_use]
    pub const fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// The policy in a plain form, which [`TrustPolicy::parse`] reads back to an equal one;
    /// comments and the order between logs and witnesses are gone.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut line = |words: &[&[u8]]| {
            bytes.extend_from_slice(&words.join(&b' '));
            bytes.push(b'\n');
        };
        for log in &self.logs {
            let key = log.key.to_string();
            let words = [b"log", key.as_bytes()].into_iter().chain(log.url.as_deref());
            line(&words.collect::<Vec<_>>());
        }
        for witness in &self.witnesses {
            let (name, key) = (witness.name.as_bytes(), witness.key.to_string());
            let words = [b"witness", name, key.as_bytes()].into_iter();
            line(&words.chain(witness.url.as_deref()).collect::<Vec<_>>());
        }
        for group in &self.groups {
            let threshold = group.threshold.to_string();
            let words = [b"group", group.name.as_bytes(), threshold.as_bytes()].into_iter();
            let members = group.members.iter().map(|member| self.name_of(*member).as_bytes());
            line(&words.chain(members).collect::<Vec<_>>());
        }
        line(&[b"quorum", self.quorum.map_or(b"none", |member| self.name_of(member).as_bytes())]);
        bytes
    }

    fn name_of(&self, member: Member) -> &PolicyName {
        match member {
            Member::Witness(place) => &self.witnesses[place].name,
            Member::Group(place) => &self.groups[place].name,
        }
    }
}
