//! Verifier keys: a name, a signature type and a public key in one line (C2SP signed-note).

use std::fmt;

use crate::hash::Hash;
use crate::key::{PublicKey, PublicKeyError};
use crate::log::text::{from_base64, to_base64};

/// What signatures a key makes. Two of the assigned types; every other is refused when parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// `0x01`: Ed25519 over the note text, as logs sign.
    Ed25519,
    /// `0x04`: Ed25519 cosignature with a timestamp, as witnesses sign.
    Cosignature,
}

impl KeyKind {
    /// The signature type identifier byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::Cosignature),
            _ => None,
        }
    }
}

/// The short identifier of a key: four bytes, big-endian. It tells keys apart and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// Eight lowercase hex digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// `SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]` (C2SP signed-note, tlog-cosignature).
#[must_use]
pub fn key_id(name: &str, kind: KeyKind, key: &PublicKey) -> KeyId {
    let hash = Hash::of_parts(&[name.as_bytes(), b"\n", &[kind.byte()], key.as_bytes()]);
    let [a, b, c, d, ..] = hash.0;
    KeyId(u32::from_be_bytes([a, b, c, d]))
}

/// A key that is known by name, and by what it may sign.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: PublicKey,
    id: KeyId,
}

/// Why a text is not a verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// Not three parts joined by plus signs.
    #[error("a verifier key is a name, a key id and a key, joined by plus signs")]
    Form,
    /// The name is empty, or has a space, a plus sign or a control character.
    #[error("the key's name is empty, or has a space, a plus sign or a control character")]
    Name,
    /// The key id is not eight lowercase hex digits.
    #[error("the key id is not eight lowercase hex digits")]
    Id,
    /// The key is not standard base64.
    #[error("the key is not standard base64")]
    Base64,
    /// The signature type is none that this crate verifies.
    #[error("signature type {found:?} is not one that can be verified here (1 or 4)")]
    UnknownKind {
        /// The type byte; `None` if even that is missing.
        found: Option<u8>,
    },
    /// The public key itself.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// The key id was made from another name, type or key.
    #[error("the key id is {found}, but name and key give {required}")]
    IdMismatch {
        /// Key id in the text.
        found: KeyId,
        /// Key id computed.
        required: KeyId,
    },
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// # Errors
    /// [`VerifierKeyError::Name`].
    pub fn new(name: &str, kind: KeyKind, key: PublicKey) -> Result<Self, VerifierKeyError> {
        if !is_key_name(name) {
            return Err(VerifierKeyError::Name);
        }
        Ok(Self { name: name.to_owned(), kind, key, id: key_id(name, kind, &key) })
    }

    /// Reads `<name>+<key id>+<base64 of type and key>`.
    ///
    /// # Errors
    /// See [`VerifierKeyError`].
    pub fn parse(text: &str) -> Result<Self, VerifierKeyError> {
        let (name, rest) = text.split_once('+').ok_or(VerifierKeyError::Form)?;
        let (id, key) = rest.split_once('+').ok_or(VerifierKeyError::Form)?;
        let found = hex_id(id).ok_or(VerifierKeyError::Id)?;
        let bytes = from_base64(key).ok_or(VerifierKeyError::Base64)?;
        let unknown = VerifierKeyError::UnknownKind { found: bytes.first().copied() };
        let (byte, key) = bytes.split_first().ok_or(unknown)?;
        let kind = KeyKind::from_byte(*byte).ok_or(unknown)?;
        let parsed = Self::new(name, kind, PublicKey::from_bytes(key)?)?;
        if parsed.id != found {
            return Err(VerifierKeyError::IdMismatch { found, required: parsed.id });
        }
        Ok(parsed)
    }

    /// The name, as signature lines repeat it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key id, as signatures repeat it.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The public key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

/// The text [`VerifierKey::parse`] reads.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id, to_base64(&bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// Key names are not empty and have no Unicode space, plus sign or control character.
pub(crate) fn is_key_name(name: &str) -> bool {
    let allowed = |letter: char| letter >= ' ' && letter != '+' && !letter.is_whitespace();
    !name.is_empty() && name.chars().all(allowed)
}

fn hex_id(text: &str) -> Option<KeyId> {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let canonical = text.len() == 8 && text.bytes().all(digit);
    canonical.then(|| u32::from_str_radix(text, 16).ok()).flatten().map(KeyId)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// C2SP signed-note, "Example".
    const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn the_published_example_parses_and_is_written_back() {
        let key = VerifierKey::parse(EXAMPLE).unwrap();
        assert_eq!(key.name(), "example.com/foo");
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(key.id(), KeyId(0x530d_903a));
        assert_eq!(key.to_string(), EXAMPLE);
    }

    #[test]
    fn the_type_is_part_of_the_key_id() {
        let log = VerifierKey::parse(EXAMPLE).unwrap();
        let witness =
            VerifierKey::new(log.name(), KeyKind::Cosignature, *log.public_key()).unwrap();
        assert_ne!(log.id(), witness.id());
        assert_eq!(VerifierKey::parse(&witness.to_string()), Ok(witness));
    }

    #[test]
    fn every_damage_has_its_own_refusal() {
        let key = EXAMPLE.rsplit_once('+').unwrap().1;
        let small_order = format!("AQ{}", "A".repeat(42));
        let cases = [
            ("", VerifierKeyError::Form),
            ("example.com/foo+530d903a", VerifierKeyError::Form),
            (&format!("+530d903a+{key}"), VerifierKeyError::Name),
            (&format!("a b+530d903a+{key}"), VerifierKeyError::Name),
            (&format!("a\u{a0}b+530d903a+{key}"), VerifierKeyError::Name),
            (&format!("a\u{7}b+530d903a+{key}"), VerifierKeyError::Name),
            (&format!("example.com/foo+530D903A+{key}"), VerifierKeyError::Id),
            (&format!("example.com/foo+30d903a+{key}"), VerifierKeyError::Id),
            (&format!("example.com/foo++30d903a+{key}"), VerifierKeyError::Id),
            ("example.com/foo+530d903a+?", VerifierKeyError::Base64),
            ("example.com/foo+530d903a+", VerifierKeyError::UnknownKind { found: None }),
            ("example.com/foo+530d903a+AgME", VerifierKeyError::UnknownKind { found: Some(2) }),
            (
                "example.com/foo+530d903a+AQME",
                VerifierKeyError::Key(PublicKeyError::Length { found: 2 }),
            ),
            (
                &format!("example.com/foo+530d903a+{small_order}"),
                VerifierKeyError::Key(PublicKeyError::SmallOrder),
            ),
        ];
        for (text, error) in cases {
            assert_eq!(VerifierKey::parse(text), Err(error), "{text}");
        }
        let renamed = VerifierKey::parse(&EXAMPLE.replace("foo", "bar"));
        assert!(matches!(renamed, Err(VerifierKeyError::IdMismatch { .. })));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}", id in "[0-9a-f]{8}", key: Vec<u8>) {
            let _ = VerifierKey::parse(&text);
            let _ = VerifierKey::parse(&format!("{text}+{id}+{}", to_base64(&key)));
        }
    }
}
