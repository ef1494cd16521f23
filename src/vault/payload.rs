//! Statement payloads as sealed rows: version ‖ nonce ‖ ciphertext, bound to subject and digest.

use attestry_proof::hash::Hash;
use uuid::Uuid;

use super::{
    envelope::{self, EnvelopeError},
    keys::SubmissionKey,
};
use crate::entropy::Entropy;

/// Longest payload that is sealed into a row.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

/// Bytes that sealing adds to a payload.
pub const PAYLOAD_OVERHEAD_BYTES: usize = envelope::OVERHEAD_BYTES;

const LABEL: &[u8] = b"attestry/payload/v1";

/// Why a payload is not sealed or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It is longer than a row may be.
    #[error("a payload has at most {required} bytes, this one has {found}")]
    TooLong {
        /// Bytes given.
        found: usize,
        /// Largest allowed.
        required: usize,
    },
    /// It was changed, or belongs to another subject, statement or key.
    #[error("the payload cannot be opened: {0}")]
    Sealed(#[from] EnvelopeError),
}

/// Seals a payload whose SHA-256 is `digest`. Pure computation; the result is
/// [`PAYLOAD_OVERHEAD_BYTES`] longer than the payload.
///
/// # Errors
/// [`PayloadError::TooLong`].
pub fn seal_payload(
    key: &SubmissionKey,
    entropy: &dyn Entropy,
    subject: Uuid,
    digest: &Hash,
    plaintext: &[u8],
) -> Result<Vec<u8>, PayloadError> {
    check_length(plaintext.len())?;
    let bound = envelope::bind(LABEL, &[subject.as_bytes(), digest.as_bytes()]);
    Ok(envelope::seal(key.as_bytes(), entropy, &bound, plaintext)?)
}

/// Opens what [`seal_payload`] made for the same subject and digest.
///
/// # Errors
/// See [`PayloadError`].
pub fn open_payload(
    key: &SubmissionKey,
    subject: Uuid,
    digest: &Hash,
    sealed: &[u8],
) -> Result<Vec<u8>, PayloadError> {
    check_length(sealed.len().saturating_sub(PAYLOAD_OVERHEAD_BYTES))?;
    let bound = envelope::bind(LABEL, &[subject.as_bytes(), digest.as_bytes()]);
    Ok(envelope::open(key.as_bytes(), &bound, sealed)?.to_vec())
}

const fn check_length(found: usize) -> Result<(), PayloadError> {
    if found > PAYLOAD_BYTES_MAX {
        return Err(PayloadError::TooLong { found, required: PAYLOAD_BYTES_MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::seeded::SeededEntropy;

    const SUBJECT: Uuid = Uuid::from_u128(1);

    fn sealed(entropy: &SeededEntropy) -> (SubmissionKey, Hash, Vec<u8>) {
        let key = SubmissionKey::random(entropy);
        let digest = Hash::of(b"{}");
        let sealed = seal_payload(&key, entropy, SUBJECT, &digest, b"{}").unwrap();
        (key, digest, sealed)
    }

    #[test]
    fn a_payload_opens_where_it_belongs() {
        let (key, digest, sealed) = sealed(&SeededEntropy::new(1));
        assert_eq!(sealed.len(), 2 + PAYLOAD_OVERHEAD_BYTES);
        assert_eq!(open_payload(&key, SUBJECT, &digest, &sealed).unwrap(), b"{}");
    }

    #[test]
    fn another_subject_digest_or_key_does_not_open_it() {
        let entropy = SeededEntropy::new(1);
        let (key, digest, sealed) = sealed(&entropy);
        let refused = Err(PayloadError::Sealed(EnvelopeError::Refused));
        assert_eq!(open_payload(&key, Uuid::from_u128(2), &digest, &sealed), refused);
        assert_eq!(open_payload(&key, SUBJECT, &Hash::of(b"[]"), &sealed), refused);
        let other = SubmissionKey::random(&entropy);
        assert_eq!(open_payload(&other, SUBJECT, &digest, &sealed), refused);
    }

    #[test]
    fn only_payloads_that_fit_a_row_are_sealed() {
        let entropy = SeededEntropy::new(1);
        let key = SubmissionKey::random(&entropy);
        let digest = Hash::of(b"");
        let longest = vec![b' '; PAYLOAD_BYTES_MAX];
        let sealed = seal_payload(&key, &entropy, SUBJECT, &digest, &longest).unwrap();
        assert_eq!(open_payload(&key, SUBJECT, &digest, &sealed).unwrap(), longest);
        let longer = vec![b' '; PAYLOAD_BYTES_MAX + 1];
        let refused =
            PayloadError::TooLong { found: PAYLOAD_BYTES_MAX + 1, required: PAYLOAD_BYTES_MAX };
        assert_eq!(seal_payload(&key, &entropy, SUBJECT, &digest, &longer), Err(refused));
    }
}
