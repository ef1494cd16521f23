//! One small secret under one key: version ‖ nonce ‖ XChaCha20-Poly1305 ciphertext.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use crate::entropy::{Entropy, random_bytes};

/// Length in bytes of every symmetric key.
pub const KEY_BYTES: usize = 32;

/// Bytes that sealing adds.
pub const OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + 16;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is shorter than its own overhead.
    #[error("a sealed value has at least {required} bytes, this one has {found}")]
    Truncated {
        /// Bytes given.
        found: usize,
        /// Least possible.
        required: usize,
    },
    /// It was sealed in a form this version does not know.
    #[error("the sealed value has format {found}, known is {required}")]
    Version {
        /// Version given.
        found: u8,
        /// Version known.
        required: u8,
    },
    /// It was changed, or belongs to another key or another place.
    #[error("the sealed value does not open under this key in this place")]
    Refused,
    /// It opens, but is not a key.
    #[error("a key has {required} bytes, this one has {found}")]
    KeyLength {
        /// Bytes found.
        found: usize,
        /// Bytes of a key.
        required: usize,
    },
}

/// Joins a label and fields of fixed length.
pub(super) fn bind(label: &[u8], fields: &[&[u8]]) -> Vec<u8> {
    let mut bound = label.to_vec();
    for field in fields {
        bound.extend_from_slice(field);
    }
    bound
}

/// Seals `plain` so that it opens only with `bound`.
pub(super) fn seal(
    key: &[u8; KEY_BYTES],
    entropy: &dyn Entropy,
    bound: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    let nonce: [u8; NONCE_BYTES] = random_bytes(entropy);
    let ciphertext = XChaCha20Poly1305::new(&(*key).into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: bound })
        .map_err(|_| EnvelopeError::Refused)?;
    let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Opens what [`seal`] made with the same `bound`.
pub(super) fn open(
    key: &[u8; KEY_BYTES],
    bound: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let truncated = EnvelopeError::Truncated { found: sealed.len(), required: OVERHEAD_BYTES };
    if sealed.len() < OVERHEAD_BYTES {
        return Err(truncated);
    }
    let (version, rest) = sealed.split_first().ok_or(truncated)?;
    if *version != VERSION {
        return Err(EnvelopeError::Version { found: *version, required: VERSION });
    }
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(truncated)?;
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: bound })
        .map(Zeroizing::new)
        .map_err(|_| EnvelopeError::Refused)
}

/// Opens a sealed key.
pub(super) fn open_key(
    key: &[u8; KEY_BYTES],
    bound: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<[u8; KEY_BYTES]>, EnvelopeError> {
    let opened = open(key, bound, sealed)?;
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if opened.len() != KEY_BYTES {
        return Err(EnvelopeError::KeyLength { found: opened.len(), required: KEY_BYTES });
    }
    bytes.copy_from_slice(&opened);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::seeded::SeededEntropy;

    #[test]
    fn what_was_sealed_opens_and_is_never_the_same_twice() {
        let entropy = SeededEntropy::new(1);
        let first = seal(&[7; 32], &entropy, b"place", b"secret").unwrap();
        let second = seal(&[7; 32], &entropy, b"place", b"secret").unwrap();
        assert_ne!(first, second);
        assert_eq!(first.len(), 6 + OVERHEAD_BYTES);
        assert_eq!(*open(&[7; 32], b"place", &first).unwrap(), b"secret");
        assert_eq!(*open(&[7; 32], b"place", &second).unwrap(), b"secret");
    }

    /// Vector of draft-irtf-cfrg-xchacha-03 §A.3.1: the sealed form is exactly nonce ‖ ciphertext ‖
    /// tag.
    #[test]
    fn the_cipher_is_the_published_one() {
        let key: [u8; 32] = std::array::from_fn(|at| 0x80 + at as u8);
        let bound = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let mut sealed = vec![VERSION];
        sealed.extend((0x40..0x58).collect::<Vec<u8>>());
        sealed.extend(
            hex::decode(concat!(
                "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb",
                "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452",
                "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9",
                "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780a",
                "cf49",
            ))
            .unwrap(),
        );
        let opened = open(&key, &bound, &sealed).unwrap();
        assert!(opened.starts_with(b"Ladies and Gentlemen of the class of '99"));
        assert_eq!(opened.len(), 114);
    }

    #[test]
    fn every_flipped_bit_and_every_shortening_is_refused() {
        let sealed = seal(&[7; 32], &SeededEntropy::new(1), b"place", b"secret").unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut bad = sealed.clone();
                bad[at] ^= 1 << bit;
                assert!(open(&[7; 32], b"place", &bad).is_err(), "byte {at} bit {bit}");
            }
            assert!(open(&[7; 32], b"place", &sealed[..at]).is_err(), "cut to {at}");
        }
    }

    #[test]
    fn each_refusal_says_why() {
        let sealed = seal(&[7; 32], &SeededEntropy::new(1), b"place", &[1; 31]).unwrap();
        let refused = Err(EnvelopeError::Refused);
        assert_eq!(open(&[8; 32], b"place", &sealed), refused);
        assert_eq!(open(&[7; 32], b"other", &sealed), refused);
        let mut newer = sealed.clone();
        newer[0] = 2;
        let version = EnvelopeError::Version { found: 2, required: 1 };
        assert_eq!(open(&[7; 32], b"place", &newer), Err(version));
        let truncated = EnvelopeError::Truncated { found: 40, required: OVERHEAD_BYTES };
        assert_eq!(open(&[7; 32], b"place", &sealed[..40]), Err(truncated));
        let length = EnvelopeError::KeyLength { found: 31, required: 32 };
        assert_eq!(open_key(&[7; 32], b"place", &sealed), Err(length));
    }
}
