//! What a decision about access rests on.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::ResourceKind;
use crate::words::{RoleSet, State};

/// Bytes of a key's thumbprint.
pub const KEY_ID_BYTES: usize = 32;

/// Thumbprint of a key (RFC 9679), written in base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

impl KeyId {
    /// Reads the written form back; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The written form.
    #[must_use]
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a thumbprint in base64url"))
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalFacts<'a> {
    /// Somebody without credentials.
    Visitor,
    /// The holder of a key.
    Member(MemberFacts<'a>),
}

/// A key and its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberFacts<'a> {
    /// Thumbprint.
    pub key: KeyId,
    /// What the holder does in `program`.
    pub roles: RoleSet,
    /// The one program of the key.
    pub program: &'a str,
    /// Whether the key has ended.
    pub revoked: bool,
    /// Who holds it, by a number that all keys of a person share. `None` if unknown or erased; then
    /// nothing is allowed that asks for two persons.
    pub person: Option<&'a str>,
    /// The lost key it was enrolled for.
    pub replaces: Option<KeyId>,
}

/// What something is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceFacts<'a> {
    /// The log.
    Log {
        /// Whether entries are for everybody.
        public_entries: bool,
    },
    /// A program, by name.
    Program(&'a str),
    /// A key and its holder.
    Member(MemberFacts<'a>),
    /// A submission.
    Submission(SubmissionFacts<'a>),
}

impl ResourceFacts<'_> {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> ResourceKind {
        match self {
            Self::Log { .. } => ResourceKind::Log,
            Self::Program(_) => ResourceKind::Program,
            Self::Member(_) => ResourceKind::Member,
            Self::Submission(_) => ResourceKind::Submission,
        }
    }
}

/// A submission. One that does not exist yet belongs to whoever makes it, in the program of that
/// key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubmissionFacts<'a> {
    /// UUID in its usual form.
    pub id: &'a str,
    /// Key that owns it now: after a rotation, the new one.
    pub owner: KeyId,
    /// Who holds that key; `None` if unknown or erased.
    pub owner_person: Option<&'a str>,
    /// Its program.
    pub program: &'a str,
    /// Whether every consent was taken back.
    pub withdrawn: bool,
    /// Whether a legal hold is on it.
    pub held: bool,
    /// Where it stands.
    pub state: State,
}

/// What else is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContextFacts<'a> {
    /// The other officer who approved the replacement of a key.
    pub second_officer: Option<MemberFacts<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_read_back_and_others_do_not() {
        let key = KeyId([0xfb; KEY_ID_BYTES]);
        assert_eq!(key.to_text(), "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
        assert_eq!(KeyId::parse(&key.to_text()), Some(key));
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<KeyId>(&json).unwrap(), key);
        for other in ["", "AAAA", "=", &format!("{key}=")] {
            assert_eq!(KeyId::parse(other), None, "{other}");
            assert!(serde_json::from_value::<KeyId>(other.into()).is_err(), "{other}");
        }
    }
}
