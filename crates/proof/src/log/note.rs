//! Signed notes: text, and one line for each signature (C2SP signed-note).
//!
//! Parsing says nothing about trust. [`Note::signed_by`] asks for one key, [`Note::verify`] applies
//! the rule for several. Signing happens elsewhere: [`NoteText::to_be_signed`] gives the bytes, and
//! [`NoteSignature::by`] takes the signature back.

use std::fmt;

use crate::key::SIGNATURE_BYTES;
use crate::log::text::{from_base64, to_base64};
use crate::log::vkey::is_key_name;
pub use crate::log::vkey::{KeyId, KeyKind, VerifierKey, VerifierKeyError, key_id};

/// Largest note accepted: room for [`MAX_SIGNATURES`] post-quantum signatures.
pub const MAX_NOTE_BYTES: usize = 512 * 1024;

/// Most signature lines accepted; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

const KEY_ID_BYTES: usize = 4;

/// Why bytes are not a note, or text cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than [`MAX_NOTE_BYTES`].
    #[error("the note has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// [`MAX_NOTE_BYTES`].
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the note is not UTF-8: byte {offset} is the first that is wrong")]
    Encoding {
        /// Offset of the first byte that is not UTF-8.
        offset: usize,
    },
    /// A control character other than newline.
    #[error("the note has the control character {found:#04x} at byte {offset}")]
    Control {
        /// Offset of the character.
        offset: usize,
        /// The character.
        found: u8,
    },
    /// Text that does not end in a newline.
    #[error("the text does not end in a newline")]
    Unterminated,
    /// No empty line between text and signatures.
    #[error("no empty line separates the text from the signatures")]
    NoSeparator,
    /// No signature at all.
    #[error("the note has no signature")]
    NoSignature,
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has {found} signatures, the limit is {limit}")]
    TooManySignatures {
        /// Lines after the separator.
        found: usize,
        /// [`MAX_SIGNATURES`].
        limit: usize,
    },
    /// A line that is not em dash, name and base64 of a key id and a signature.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// One-based number among the signature lines.
        line: usize,
    },
}

/// Why signatures on a note do not make it trustworthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A known key's name and id are on a signature that does not verify: the whole note is
    /// refused.
    #[error("the signature of key {key} does not verify")]
    Invalid {
        /// The key.
        key: KeyId,
    },
    /// The key makes another type of signature than the operation is about.
    #[error("key {key} makes signatures of type {found:?}, not {required:?}")]
    Kind {
        /// The key.
        key: KeyId,
        /// Its type.
        found: KeyKind,
        /// The type needed.
        required: KeyKind,
    },
    /// None of the known keys signed.
    #[error("none of the {known} known keys signed the note")]
    Unsigned {
        /// Number of keys that were known.
        known: usize,
    },
}

/// Text of a note: UTF-8, no control character but newline, newline at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteText(String);

impl NoteText {
    /// Checks a text.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::Control`], [`NoteError::Unterminated`].
    pub fn new(text: String) -> Result<Self, NoteError> {
        check_size(text.len())?;
        check_characters(&text)?;
        if text.ends_with('\n') { Ok(Self(text)) } else { Err(NoteError::Unterminated) }
    }

    /// The text, with its final newline.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes an Ed25519 note key (type 0x01) signs: the text itself.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// One signature line, not yet believed.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    bytes: Vec<u8>,
}

impl NoteSignature {
    /// The line of a note key (type 0x01) for its signature over [`NoteText::to_be_signed`].
    ///
    /// # Errors
    /// [`SignatureError::Kind`] for a cosigner's key: see [`crate::log::cosignature`].
    pub fn by(
        key: &VerifierKey,
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<Self, SignatureError> {
        check_kind(key, KeyKind::Ed25519)?;
        Ok(Self::assemble(key, signature.to_vec()))
    }

    pub(crate) fn assemble(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), key_id: key.id(), bytes }
    }

    /// Reads one line, without its newline.
    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let decoded = from_base64(encoded)?;
        let (id, bytes) = decoded.split_first_chunk::<KEY_ID_BYTES>()?;
        let key_id = KeyId(u32::from_be_bytes(*id));
        let whole = is_key_name(name) && !bytes.is_empty();
        whole.then(|| Self { name: name.to_owned(), key_id, bytes: bytes.to_vec() })
    }

    /// Name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key that is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What follows the key id: the signature, in the form its type has.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The signature line, without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.key_id.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "— {} {}", self.name, to_base64(&bytes))
    }
}

impl fmt::Debug for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A note as parsed: text and signature lines, of which nothing is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: NoteText,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Joins a text and its signatures.
    ///
    /// # Errors
    /// [`NoteError::NoSignature`], [`NoteError::TooManySignatures`], [`NoteError::TooLarge`].
    pub fn new(text: NoteText, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        if signatures.is_empty() {
            return Err(NoteError::NoSignature);
        }
        check_count(signatures.len())?;
        let note = Self { text, signatures };
        check_size(note.to_string().len())?;
        Ok(note)
    }

    /// Reads a note.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        check_size(bytes.len())?;
        let note = std::str::from_utf8(bytes)
            .map_err(|error| NoteError::Encoding { offset: error.valid_up_to() })?;
        check_characters(note)?;
        let separator = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, lines) = (&note[..=separator], &note[separator + 2..]);
        if lines.is_empty() {
            return Err(NoteError::NoSignature);
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Unterminated)?;
        check_count(lines.split('\n').count())?;
        let signatures = lines.split('\n').enumerate().map(|(place, line)| {
            NoteSignature::parse(line).ok_or(NoteError::SignatureLine { line: place + 1 })
        });
        let signatures = signatures.collect::<Result<_, _>>()?;
        Ok(Self { text: NoteText(text.to_owned()), signatures })
    }

    /// The text that is signed.
    #[must_use]
    pub const fn text(&self) -> &NoteText {
        &self.text
    }

    /// All signature lines, in order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The same note with one more signature line at the end.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`], [`NoteError::TooLarge`].
    pub fn with_signature(mut self, signature: NoteSignature) -> Result<Self, NoteError> {
        self.signatures.push(signature);
        Self::new(self.text, self.signatures)
    }

    /// The note as bytes, as [`Note::parse`] reads them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Signature lines that carry both name and id of a key.
    pub fn signatures_of(&self, key: &VerifierKey) -> impl Iterator<Item = &NoteSignature> {
        let (name, id) = (key.name().to_owned(), key.id());
        self.signatures.iter().filter(move |line| line.key_id == id && line.name == name)
    }

    /// Whether a note key (type 0x01) signed: `false` if no line is its own.
    ///
    /// # Errors
    /// [`SignatureError::Invalid`] if any line of its own fails, [`SignatureError::Kind`].
    pub fn signed_by(&self, key: &VerifierKey) -> Result<bool, SignatureError> {
        check_kind(key, KeyKind::Ed25519)?;
        let mut signed = false;
        for line in self.signatures_of(key) {
            let valid = line.bytes.as_array().is_some_and(|signature| {
                key.public_key().verify(self.text.to_be_signed(), signature).is_ok()
            });
            if !valid {
                return Err(SignatureError::Invalid { key: key.id() });
            }
            signed = true;
        }
        Ok(signed)
    }

    /// Whether at least one of the known note keys signed, and none of their signatures fails.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub fn verify(&self, known: &[VerifierKey]) -> Result<(), SignatureError> {
        let mut signed = false;
        for key in known {
            signed |= self.signed_by(key)?;
        }
        if signed { Ok(()) } else { Err(SignatureError::Unsigned { known: known.len() }) }
    }
}

/// Text, empty line, signature lines.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text.as_str())?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

pub(crate) fn check_kind(key: &VerifierKey, required: KeyKind) -> Result<(), SignatureError> {
    if key.kind() == required {
        return Ok(());
    }
    Err(SignatureError::Kind { key: key.id(), found: key.kind(), required })
}

const fn check_size(found: usize) -> Result<(), NoteError> {
    let limit = MAX_NOTE_BYTES;
    if found <= limit { Ok(()) } else { Err(NoteError::TooLarge { found, limit }) }
}

const fn check_count(found: usize) -> Result<(), NoteError> {
    let limit = MAX_SIGNATURES;
    if found <= limit { Ok(()) } else { Err(NoteError::TooManySignatures { found, limit }) }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let control = |byte: &u8| *byte < b' ' && *byte != b'\n';
    match text.bytes().enumerate().find(|(_, byte)| control(byte)) {
        None => Ok(()),
        Some((offset, found)) => Err(NoteError::Control { offset, found }),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;

    use super::*;
    use crate::key::PublicKey;

    /// C2SP signed-note, "Example".
    const EXAMPLE_KEY: &str =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const EXAMPLE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    fn signer(seed: u8, name: &str) -> (SigningKey, VerifierKey) {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::from_bytes(signing.verifying_key().as_bytes()).unwrap();
        (signing, VerifierKey::new(name, KeyKind::Ed25519, public).unwrap())
    }

    fn sign(text: &str, signers: &[&(SigningKey, VerifierKey)]) -> Note {
        let text = NoteText::new(text.to_owned()).unwrap();
        let lines = signers.iter().map(|(signing, key)| {
            let signature = signing.sign(text.to_be_signed()).to_bytes();
            NoteSignature::by(key, &signature).unwrap()
        });
        let lines = lines.collect();
        Note::new(text, lines).unwrap()
    }

    #[test]
    fn the_published_example_verifies() {
        let key = VerifierKey::parse(EXAMPLE_KEY).unwrap();
        let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(note.text().as_str(), "This is an example message.\n");
        assert_eq!(note.signed_by(&key), Ok(true));
        assert_eq!(note.to_bytes(), EXAMPLE.as_bytes());
        let changed = Note::parse(EXAMPLE.replace("This", "that").as_bytes()).unwrap();
        assert_eq!(changed.signed_by(&key), Err(SignatureError::Invalid { key: key.id() }));
    }

    #[test]
    fn the_last_empty_line_separates() {
        let log = signer(1, "log.example");
        for text in ["a\n\nb\n", "\n", "\n\n", "a\n\n", "— x AAAAAAAA\n\n— y AAAAAAAA\n"] {
            let note = sign(text, &[&log]);
            let parsed = Note::parse(&note.to_bytes()).unwrap();
            assert_eq!(parsed, note);
            assert_eq!(parsed.signed_by(&log.1), Ok(true));
        }
    }

    #[test]
    fn unknown_keys_are_ignored_and_known_ones_must_verify() {
        let (log, other) = (signer(1, "log.example"), signer(2, "other.example"));
        let note = sign("text\n", &[&other, &log]);
        assert_eq!(note.verify(std::slice::from_ref(&log.1)), Ok(()));
        let stranger = signer(3, "log.example").1;
        assert_eq!(note.signed_by(&stranger), Ok(false));
        assert_eq!(note.verify(&[stranger]), Err(SignatureError::Unsigned { known: 1 }));
        assert_eq!(note.verify(&[]), Err(SignatureError::Unsigned { known: 0 }));
        let wrong = NoteSignature::by(&log.1, &[7; 64]).unwrap();
        let beside_a_good_one = note.with_signature(wrong).unwrap();
        let invalid = Err(SignatureError::Invalid { key: log.1.id() });
        assert_eq!(beside_a_good_one.verify(&[other.1.clone(), log.1]), invalid);
        assert_eq!(beside_a_good_one.verify(&[other.1]), Ok(()));
    }

    #[test]
    fn signatures_of_other_lengths_do_not_verify() {
        let log = signer(1, "log.example");
        let good = sign("text\n", &[&log]);
        for length in [1, 63, 65, 72] {
            let mut bytes = good.signatures()[0].bytes().to_vec();
            bytes.resize(length, 0);
            let line = NoteSignature::assemble(&log.1, bytes);
            let note = Note::new(good.text().clone(), vec![line]).unwrap();
            assert!(note.signed_by(&log.1).is_err(), "{length}");
        }
    }

    #[test]
    fn a_cosigner_does_not_sign_notes() {
        let (_, key) = signer(1, "witness.example");
        let witness =
            VerifierKey::new(key.name(), KeyKind::Cosignature, *key.public_key()).unwrap();
        let refusal = SignatureError::Kind {
            key: witness.id(),
            found: KeyKind::Cosignature,
            required: KeyKind::Ed25519,
        };
        assert_eq!(NoteSignature::by(&witness, &[0; 64]), Err(refusal));
        let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(note.signed_by(&witness), Err(refusal));
    }

    #[test]
    fn every_damage_has_its_own_refusal() {
        let line = "— log.example AAAAAAA=\n";
        let cases: [(String, NoteError); 14] = [
            (String::new(), NoteError::NoSeparator),
            ("text\n".to_owned(), NoteError::NoSeparator),
            (format!("text\n{line}"), NoteError::NoSeparator),
            ("text\n\n".to_owned(), NoteError::NoSignature),
            (format!("text\n\n{}", line.trim_end()), NoteError::Unterminated),
            (format!("te\txt\n\n{line}"), NoteError::Control { offset: 2, found: 9 }),
            (format!("text\r\n\n{line}"), NoteError::Control { offset: 4, found: 13 }),
            (format!("text\n\n{line}more\n"), NoteError::SignatureLine { line: 2 }),
            (format!("text\n\n-{}", &line[3..]), NoteError::SignatureLine { line: 1 }),
            ("text\n\n—  AAAAAAA=\n".to_owned(), NoteError::SignatureLine { line: 1 }),
            ("text\n\n— a+b AAAAAAA=\n".to_owned(), NoteError::SignatureLine { line: 1 }),
            ("text\n\n— a AAAA\n".to_owned(), NoteError::SignatureLine { line: 1 }),
            ("text\n\n— a AAAAAA==\n".to_owned(), NoteError::SignatureLine { line: 1 }),
            ("text\n\n— a AAAAAAB=\n".to_owned(), NoteError::SignatureLine { line: 1 }),
        ];
        assert!(Note::parse(format!("text\n\n{line}").as_bytes()).is_ok());
        for (note, error) in cases {
            assert_eq!(Note::parse(note.as_bytes()), Err(error), "{note:?}");
        }
        assert_eq!(Note::parse(b"ab\xff\n\n"), Err(NoteError::Encoding { offset: 2 }));
        assert_eq!(NoteText::new("text".to_owned()), Err(NoteError::Unterminated));
    }

    #[test]
    fn limits_are_applied() {
        let line = "— log.example AAAAAAA=\n";
        let most = format!("text\n\n{}", line.repeat(MAX_SIGNATURES));
        let note = Note::parse(most.as_bytes()).unwrap();
        let (found, limit) = (MAX_SIGNATURES + 1, MAX_SIGNATURES);
        let refusal = Err(NoteError::TooManySignatures { found, limit });
        assert_eq!(Note::parse(format!("{most}{line}").as_bytes()), refusal);
        let one_more = note.signatures()[0].clone();
        assert_eq!(note.with_signature(one_more), refusal);
        let large = vec![b'\n'; MAX_NOTE_BYTES + 1];
        assert!(matches!(Note::parse(&large), Err(NoteError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, text in ".{0,40}\n\n— .{0,20} .{0,20}\n") {
            let _ = Note::parse(&bytes);
            if let Ok(note) = Note::parse(text.as_bytes()) {
                prop_assert_eq!(note.to_bytes(), text.as_bytes());
            }
        }
    }
}
