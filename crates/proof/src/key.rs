//! Ed25519 public keys, verified strictly, and their COSE thumbprints (RFC 8032, RFC 9679).

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::hash::Hash;

/// Length in bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// Prefix of an issuer: the thumbprint URI of RFC 9679 §5.
pub const THUMBPRINT_URI_PREFIX: &str = "urn:ietf:params:oauth:ckt:sha-256:";

/// An Ed25519 public key whose point decodes, is canonical and is not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

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
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Encoding)?;
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(PublicKeyError::Encoding);
        }
        if key.is_weak() {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Self(key))
    }

    /// The 32-byte encoding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
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
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| SignatureInvalid)
    }

    /// SHA-256 over the deterministic COSE key `{1: 1, -1: 6, -2: x}` (RFC 9679 §3, §4.1).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        const HEAD: [u8; 7] = [0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58];
        Thumbprint(Hash::of_parts(&[&HEAD, &[0x20], self.as_bytes()]))
    }
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
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        Hash::from_slice(&bytes).map(Self)
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
