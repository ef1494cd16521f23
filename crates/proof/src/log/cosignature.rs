//! Cosignatures of witnesses on checkpoints: cosignature/v1, Ed25519 (C2SP tlog-cosignature).
//!
//! The ML-DSA-44 type is not verified here; keys of that type are refused where keys are parsed.

use crate::key::SIGNATURE_BYTES;
use crate::log::note::{
    KeyId, KeyKind, Note, NoteSignature, NoteText, SignatureError, VerifierKey, check_kind,
};

/// Largest timestamp, in seconds since 1970: 2^63 - 1.
pub const MAX_TIMESTAMP: u64 = i64::MAX as u64;

const TIMESTAMP_BYTES: usize = 8;

/// Why a cosignature is not made or not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The timestamp is beyond [`MAX_TIMESTAMP`].
    #[error("the cosignature of key {key} is dated {found}, beyond the limit of {limit}")]
    Timestamp {
        /// The cosigner's key.
        key: KeyId,
        /// Seconds since 1970.
        found: u64,
        /// [`MAX_TIMESTAMP`].
        limit: u64,
    },
    /// The signature, or the type of the key.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// The bytes a witness signs: header line, time line, checkpoint text.
#[must_use]
pub fn to_be_signed(timestamp: u64, checkpoint: &NoteText) -> Vec<u8> {
    format!("cosignature/v1\ntime {timestamp}\n{}", checkpoint.as_str()).into_bytes()
}

/// The signature line of a witness (type 0x04) for its signature over [`to_be_signed`].
///
/// # Errors
/// [`CosignatureError::Timestamp`], [`SignatureError::Kind`].
pub fn signature(
    key: &VerifierKey,
    timestamp: u64,
    signature: &[u8; SIGNATURE_BYTES],
) -> Result<NoteSignature, CosignatureError> {
    check_kind(key, KeyKind::Cosignature)?;
    check_timestamp(key, timestamp)?;
    let bytes = [timestamp.to_be_bytes().as_slice(), signature].concat();
    Ok(NoteSignature::assemble(key, bytes))
}

/// When a witness (type 0x04) cosigned, in seconds since 1970; `None` if no line is its own. Of
/// several cosignatures all must verify, and the earliest counts: it says the most.
///
/// # Errors
/// See [`CosignatureError`]: any line of its own that fails refuses the whole note.
pub fn cosigned_at(note: &Note, key: &VerifierKey) -> Result<Option<u64>, CosignatureError> {
    check_kind(key, KeyKind::Cosignature)?;
    let mut earliest: Option<u64> = None;
    for line in note.signatures_of(key) {
        let timestamp = verify_line(note.text(), key, line.bytes())?;
        earliest = Some(earliest.map_or(timestamp, |known| known.min(timestamp)));
    }
    Ok(earliest)
}

fn verify_line(text: &NoteText, key: &VerifierKey, bytes: &[u8]) -> Result<u64, CosignatureError> {
    let invalid = SignatureError::Invalid { key: key.id() };
    let (timestamp, signature) = bytes.split_first_chunk::<TIMESTAMP_BYTES>().ok_or(invalid)?;
    let signature = signature.as_array::<SIGNATURE_BYTES>().ok_or(invalid)?;
    let timestamp = u64::from_be_bytes(*timestamp);
    check_timestamp(key, timestamp)?;
    let message = to_be_signed(timestamp, text);
    key.public_key().verify(&message, signature).map_err(|_| invalid)?;
    Ok(timestamp)
}

const fn check_timestamp(key: &VerifierKey, found: u64) -> Result<(), CosignatureError> {
    if found <= MAX_TIMESTAMP {
        return Ok(());
    }
    Err(CosignatureError::Timestamp { key: key.id(), found, limit: MAX_TIMESTAMP })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;
    use crate::key::PublicKey;

    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn witness() -> (SigningKey, VerifierKey) {
        let signing = SigningKey::from_bytes(&[9; 32]);
        let public = PublicKey::from_bytes(signing.verifying_key().as_bytes()).unwrap();
        (signing, VerifierKey::new("w.example", KeyKind::Cosignature, public).unwrap())
    }

    fn cosign(timestamp: u64) -> NoteSignature {
        let (signing, key) = witness();
        let text = NoteText::new(TEXT.to_owned()).unwrap();
        let bytes = signing.sign(&to_be_signed(timestamp, &text)).to_bytes();
        signature(&key, timestamp, &bytes).unwrap()
    }

    fn note(text: &str, lines: Vec<NoteSignature>) -> Note {
        Note::new(NoteText::new(text.to_owned()).unwrap(), lines).unwrap()
    }

    #[test]
    fn the_signed_message_is_the_published_one() {
        let text = NoteText::new(TEXT.to_owned()).unwrap();
        let expected = format!("cosignature/v1\ntime 1679315147\n{TEXT}");
        assert_eq!(to_be_signed(1_679_315_147, &text), expected.as_bytes());
    }

    #[test]
    fn a_cosignature_proves_its_time() {
        let (_, key) = witness();
        let once = note(TEXT, vec![cosign(1_679_315_147)]);
        assert_eq!(cosigned_at(&once, &key), Ok(Some(1_679_315_147)));
        let twice = note(TEXT, vec![cosign(1_679_315_999), cosign(1_679_315_147)]);
        assert_eq!(cosigned_at(&twice, &key), Ok(Some(1_679_315_147)));
        let parsed = Note::parse(&twice.to_bytes()).unwrap();
        assert_eq!(cosigned_at(&parsed, &key), Ok(Some(1_679_315_147)));
        assert_eq!(
            cosigned_at(&note(TEXT, vec![cosign(MAX_TIMESTAMP)]), &key),
            Ok(Some(MAX_TIMESTAMP))
        );
    }

    #[test]
    fn a_changed_text_time_or_length_is_refused() {
        let (_, key) = witness();
        let invalid = Err(CosignatureError::Signature(SignatureError::Invalid { key: key.id() }));
        let other_text = note(&TEXT.replace("63", "64"), vec![cosign(5)]);
        assert_eq!(cosigned_at(&other_text, &key), invalid);
        let good = cosign(5);
        for place in 0..good.bytes().len() {
            let mut bytes = good.bytes().to_vec();
            bytes[place] ^= 1;
            let forged = note(TEXT, vec![cosign(5), NoteSignature::assemble(&key, bytes)]);
            assert_eq!(cosigned_at(&forged, &key), invalid, "byte {place}");
        }
        for length in [4, 8, 64, 71, 73] {
            let mut bytes = good.bytes().to_vec();
            bytes.resize(length, 0);
            let forged = note(TEXT, vec![NoteSignature::assemble(&key, bytes)]);
            assert_eq!(cosigned_at(&forged, &key), invalid, "{length} bytes");
        }
    }

    #[test]
    fn timestamps_beyond_the_limit_are_refused_even_if_signed() {
        let (signing, key) = witness();
        let found = MAX_TIMESTAMP + 1;
        let refusal = CosignatureError::Timestamp { key: key.id(), found, limit: MAX_TIMESTAMP };
        assert_eq!(signature(&key, found, &[0; 64]), Err(refusal));
        let text = NoteText::new(TEXT.to_owned()).unwrap();
        let bytes = signing.sign(&to_be_signed(found, &text)).to_bytes();
        let bytes = [found.to_be_bytes().as_slice(), &bytes].concat();
        let signed = note(TEXT, vec![NoteSignature::assemble(&key, bytes)]);
        assert_eq!(cosigned_at(&signed, &key), Err(refusal));
    }

    #[test]
    fn other_keys_and_plain_signatures_are_told_apart() {
        let (signing, key) = witness();
        let plain_key = VerifierKey::new(key.name(), KeyKind::Ed25519, *key.public_key()).unwrap();
        let plain = signing.sign(TEXT.as_bytes()).to_bytes();
        let signed = note(TEXT, vec![NoteSignature::by(&plain_key, &plain).unwrap()]);
        assert_eq!(cosigned_at(&signed, &key), Ok(None));
        assert!(matches!(
            cosigned_at(&signed, &plain_key),
            Err(CosignatureError::Signature(SignatureError::Kind { .. }))
        ));
        let other = VerifierKey::new("x.example", KeyKind::Cosignature, *key.public_key()).unwrap();
        assert_eq!(cosigned_at(&note(TEXT, vec![cosign(5)]), &other), Ok(None));
    }
}
