//! Ed25519 public keys, verified strictly, and their COSE thumbprints (RFC 8032, RFC 9679).

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::hash::{HASH_BYTES, Hash};

/// Length in bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// Prefix of an issuer: the thumbprint URI of RFC 9679 §5.
pub const THUMBPRINT_URI_PREFIX: &str = "urn:ietf:params:oauth:ckt:sha-256:";

/// An Ed25519 public key whose point decodes, is canonical and is not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    /// Kept, since every statement and receipt asks whether it names this key.
    thumbprint: Thumbprint,
}

/// Why 32 bytes are not an acceptable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// The input is not 32 bytes long.
    #[error("a public key has 32 bytes, this one has {found}")]
    Length {
        /// Bytes given.
        found: usize,
    },
    /// The bytes encode no curve point, or not in the canonical form.
    #[error("the bytes do not encode a point of the curve in canonical form")]
    Encoding,
    /// The point has small order, so signatures under it bind nothing.
    #[error("the key is one of the small-order points, for which anybody can sign")]
    SmallOrder,
}

/// The signature does not verify under the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify under the key")]
pub struct SignatureInvalid;

impl PublicKey {
    /// Accepts the 32-byte encoding of RFC 8032 §5.1.2.
    ///
    /// # Errors
    /// See [`PublicKeyError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes: &[u8; 32] =
            bytes.try_into().map_err(|_| PublicKeyError::Length { found: bytes.len() })?;
        if !is_canonical(bytes) {
            return Err(PublicKeyError::Encoding);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Encoding)?;
        if key.is_weak() {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Self { key, thumbprint: thumbprint_of(bytes) })
    }

    /// The 32-byte encoding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Strict verification: canonical S, no small-order R (RFC 8032 §5.1.7, without cofactor).
    ///
    /// # Errors
    /// [`SignatureInvalid`], with no reason: none would be trustworthy.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<(), SignatureInvalid> {
        self.key
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| SignatureInvalid)
    }

    /// SHA-256 over the deterministic COSE key `{1: 1, -1: 6, -2: x}` (RFC 9679 §3, §4.1).
    #[must_use]
    pub const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }
}

fn thumbprint_of(point: &[u8; 32]) -> Thumbprint {
    const HEAD: [u8; 8] = [0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];
    Thumbprint(Hash::of_parts(&[&HEAD, point]))
}

/// Whether bytes that encode a point are what that point is encoded as (RFC 8032 §5.1.3): y is below
/// the prime 2^255 − 19, and the sign of x is not negative where x is zero, which is for y = ±1.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    const LOWEST_OF_PRIME: u8 = 0xed;
    let (lowest, middle, highest) = (bytes[0], &bytes[1..31], bytes[31]);
    let is_high = middle.iter().all(|byte| *byte == 0xff) && highest & 0x7f == 0x7f;
    let is_low = middle.iter().all(|byte| *byte == 0) && highest & 0x7f == 0;
    let is_reduced = !is_high || lowest < LOWEST_OF_PRIME;
    let x_is_zero = is_low && lowest == 1 || is_high && lowest == LOWEST_OF_PRIME - 1;
    is_reduced && !(x_is_zero && highest & 0x80 != 0)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint())
    }
}

/// COSE key thumbprint, SHA-256 (RFC 9679): how the log knows a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint(pub Hash);

impl Thumbprint {
    /// `urn:ietf:params:oauth:ckt:sha-256:<base64url without padding>`.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{THUMBPRINT_URI_PREFIX}{self}")
    }

    /// Reads the URI form back; `None` for anything else.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::from_base64url(uri.strip_prefix(THUMBPRINT_URI_PREFIX)?)
    }

    /// Reads 43 characters of unpadded base64url.
    #[must_use]
    pub fn from_base64url(text: &str) -> Option<Self> {
        use base64::Engine as _;
        // The decoder wants room for what padding might have been.
        let mut bytes = [0; HASH_BYTES + 1];
        let decoder = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let length = decoder.decode_slice(text, &mut bytes).ok()?;
        Hash::from_slice(&bytes[..length]).map(Self)
    }
}

/// Unpadded base64url, 43 characters.
impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use base64::Engine as _;
        f.write_str(&base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Canonical means that the point, encoded again, gives the same bytes.
    fn encodes_back(bytes: &[u8; 32]) -> Option<bool> {
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        Some(key.to_edwards().compress().as_bytes() == bytes)
    }

    #[test]
    fn every_encoding_near_the_prime_and_near_zero_is_told_apart() {
        let mut points = [0, 0];
        for lowest in 0..=u8::MAX {
            for (fill, highest) in [(0, 0), (0, 0x80), (0xff, 0x7f), (0xff, 0xff)] {
                let mut bytes = [fill; 32];
                (bytes[0], bytes[31]) = (lowest, highest);
                if let Some(canonical) = encodes_back(&bytes) {
                    assert_eq!(is_canonical(&bytes), canonical, "{}", Hash(bytes));
                    points[usize::from(canonical)] += 1;
                }
            }
        }
        // Some of the first 512 encodings are points; y = ±1 with the wrong sign and y ≥ p are not.
        assert!(points[0] >= 12 && points[1] > 100, "{points:?}");
    }

    #[test]
    fn a_thumbprint_is_32_bytes_of_base64url() {
        use base64::Engine as _;
        for length in 0..40 {
            let bytes = vec![0xfb; length];
            let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&bytes);
            let expected = Hash::from_slice(&bytes).map(Thumbprint);
            assert_eq!(Thumbprint::from_base64url(&text), expected);
            assert_eq!(Thumbprint::from_base64url(&format!("{text}=")), None);
        }
    }

    #[test]
    fn small_order_and_misspelt_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(PublicKeyError::SmallOrder));
        identity[31] = 0x80;
        assert_eq!(PublicKey::from_bytes(&identity), Err(PublicKeyError::Encoding));
        assert_eq!(PublicKey::from_bytes(&[0; 31]), Err(PublicKeyError::Length { found: 31 }));
    }

    proptest! {
        #[test]
        fn any_point_is_judged_as_by_encoding_it_again(bytes: [u8; 32]) {
            if let Some(canonical) = encodes_back(&bytes) {
                prop_assert_eq!(is_canonical(&bytes), canonical);
            }
        }
    }
}
