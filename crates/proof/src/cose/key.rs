//! Ed25519 public keys as COSE keys and COSE key sets (RFC 9052 §7, RFC 9053 §7.2).

use coset::cbor::Value;
use coset::{AsCborValue, CoseKey, KeyType, Label, RegisteredLabelWithPrivate, iana};

use super::cbor::{self, CborError};
use crate::key::{PublicKey, PublicKeyError};

/// Largest COSE key read, in bytes.
pub const MAX_COSE_KEY_BYTES: usize = 512;
/// Most keys read from a set.
pub const MAX_KEY_SET_KEYS: usize = 4096;

const PRIVATE_PART: i64 = iana::OkpKeyParameter::D as i64;
const CURVE: i64 = iana::OkpKeyParameter::Crv as i64;
const POINT: i64 = iana::OkpKeyParameter::X as i64;

/// Why bytes are not the COSE key of an Ed25519 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoseKeyError {
    /// The key or key set is longer than the limit.
    #[error("the COSE key has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes read.
        limit: usize,
    },
    /// The bytes are not deterministic CBOR.
    #[error(transparent)]
    Encoding(#[from] CborError),
    /// The item is not a COSE key, or a label of it has the wrong type.
    #[error("the item is not a COSE key")]
    Shape,
    /// The key is not an octet key pair.
    #[error("the key type is not OKP (1)")]
    KeyType,
    /// The curve is not Ed25519.
    #[error("the curve of the key is not Ed25519 (6)")]
    Curve,
    /// The key restricts itself to an algorithm other than Ed25519.
    #[error("the key is restricted to another algorithm than EdDSA (-8) or Ed25519 (-19)")]
    Algorithm,
    /// The key carries its private part, which has no place in a public document.
    #[error("the COSE key carries its private part; remove it, and replace the key if it was sent")]
    PrivatePart,
    /// The key lacks its point.
    #[error("the COSE key has no x coordinate")]
    PointMissing,
    /// The key has a label that is not read here.
    #[error("the COSE key has a label that is not allowed there")]
    UnexpectedLabel,
    /// The key identifier is not the thumbprint of the key.
    #[error("the key identifier is not the thumbprint of the key")]
    KeyIdMismatch,
    /// The point is not an acceptable key.
    #[error(transparent)]
    Point(#[from] PublicKeyError),
    /// The key set is not an array.
    #[error("a COSE key set is an array of COSE keys")]
    SetShape,
    /// The key set is empty (RFC 9052 §7 asks for one key or more).
    #[error("the COSE key set is empty")]
    SetEmpty,
    /// The key set has more keys than the limit.
    #[error("the COSE key set has {found} keys, the limit is {limit}")]
    SetTooLong {
        /// Keys found.
        found: usize,
        /// Most keys read.
        limit: usize,
    },
    /// The same key appears twice in a set.
    #[error("the COSE key set holds the same key twice")]
    SetDuplicate,
}

/// The key as `{1: 1, -1: 6, -2: x}`: the form whose SHA-256 is the thumbprint (RFC 9679 §4.1).
#[must_use]
pub fn encode_key(key: &PublicKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    put_key(&mut out, key, false);
    out
}

/// The key with its thumbprint as key identifier: `{1: 1, 2: kid, -1: 6, -2: x}`.
#[must_use]
pub fn encode_key_with_id(key: &PublicKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(76);
    put_key(&mut out, key, true);
    out
}

/// Keys, each with its thumbprint as identifier, as a COSE key set.
#[must_use]
pub fn encode_key_set(keys: &[PublicKey]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + 76 * keys.len());
    cbor::put_array(&mut out, keys.len());
    keys.iter().for_each(|key| put_key(&mut out, key, true));
    out
}

/// Reads a COSE key. Labels 1, -1 and -2 are required; 2 (the thumbprint) and 3 (Ed25519) may be
/// there.
///
/// # Errors
/// See [`CoseKeyError`].
pub fn parse_key(bytes: &[u8]) -> Result<PublicKey, CoseKeyError> {
    limit(bytes, MAX_COSE_KEY_BYTES)?;
    key_of(cbor::decode(bytes)?)
}

/// Reads a COSE key set: one key or more, none twice.
///
/// # Errors
/// See [`CoseKeyError`].
pub fn parse_key_set(bytes: &[u8]) -> Result<Vec<PublicKey>, CoseKeyError> {
    limit(bytes, MAX_KEY_SET_KEYS * MAX_COSE_KEY_BYTES)?;
    let Value::Array(items) = cbor::decode(bytes)? else {
        return Err(CoseKeyError::SetShape);
    };
    if items.is_empty() {
        return Err(CoseKeyError::SetEmpty);
    }
    if items.len() > MAX_KEY_SET_KEYS {
        let (found, limit) = (items.len(), MAX_KEY_SET_KEYS);
        return Err(CoseKeyError::SetTooLong { found, limit });
    }
    let keys = items.into_iter().map(key_of).collect::<Result<Vec<_>, _>>()?;
    let mut seen: Vec<_> = keys.iter().map(PublicKey::as_bytes).collect();
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(CoseKeyError::SetDuplicate);
    }
    Ok(keys)
}

fn limit(bytes: &[u8], limit: usize) -> Result<(), CoseKeyError> {
    match bytes.len() {
        found if found > limit => Err(CoseKeyError::TooLarge { found, limit }),
        _ => Ok(()),
    }
}

fn put_key(out: &mut Vec<u8>, key: &PublicKey, with_id: bool) {
    cbor::put_map(out, if with_id { 4 } else { 3 });
    cbor::put_int(out, iana::KeyParameter::Kty as i64);
    cbor::put_int(out, iana::KeyType::OKP as i64);
    if with_id {
        cbor::put_int(out, iana::KeyParameter::Kid as i64);
        cbor::put_bytes(out, key.thumbprint().0.as_bytes());
    }
    cbor::put_int(out, CURVE);
    cbor::put_int(out, iana::EllipticCurve::Ed25519 as i64);
    cbor::put_int(out, POINT);
    cbor::put_bytes(out, key.as_bytes());
}

fn key_of(value: Value) -> Result<PublicKey, CoseKeyError> {
    let key = CoseKey::from_cbor_value(value).map_err(|_| CoseKeyError::Shape)?;
    if key.kty != KeyType::Assigned(iana::KeyType::OKP) {
        return Err(CoseKeyError::KeyType);
    }
    if !matches!(
        key.alg,
        None | Some(RegisteredLabelWithPrivate::Assigned(
            iana::Algorithm::EdDSA | iana::Algorithm::Ed25519
        ))
    ) {
        return Err(CoseKeyError::Algorithm);
    }
    if !key.key_ops.is_empty() || !key.base_iv.is_empty() {
        return Err(CoseKeyError::UnexpectedLabel);
    }
    let (mut curve, mut point) = (None, None);
    for (label, value) in key.params {
        match label {
            Label::Int(CURVE) => curve = Some(value),
            Label::Int(POINT) => point = Some(value),
            Label::Int(PRIVATE_PART) => return Err(CoseKeyError::PrivatePart),
            _ => return Err(CoseKeyError::UnexpectedLabel),
        }
    }
    if curve != Some(Value::from(iana::EllipticCurve::Ed25519 as i64)) {
        return Err(CoseKeyError::Curve);
    }
    let Some(Value::Bytes(point)) = point else {
        return Err(CoseKeyError::PointMissing);
    };
    let public = PublicKey::from_bytes(&point)?;
    if !key.key_id.is_empty() && key.key_id != public.thumbprint().0.as_bytes() {
        return Err(CoseKeyError::KeyIdMismatch);
    }
    Ok(public)
}
