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
    let point = match point {
        Some(Value::Bytes(point)) => point,
        Some(_) => return Err(CoseKeyError::Shape),
        None => return Err(CoseKeyError::PointMissing),
    };
    let public = PublicKey::from_bytes(&point)?;
    if !key.key_id.is_empty() && key.key_id != public.thumbprint().0.as_bytes() {
        return Err(CoseKeyError::KeyIdMismatch);
    }
    Ok(public)
}

#[cfg(test)]
mod tests {
    use coset::CborSerializable as _;
    use proptest::prelude::*;

    use super::*;
    use crate::cose::testing::{Key, Pairs, encode, pairs, set, sorted, value};
    use crate::hash::Hash;

    fn changed(change: impl FnOnce(&mut Pairs)) -> Result<PublicKey, CoseKeyError> {
        let mut map = pairs(value(&encode_key_with_id(&Key::new(1).public())));
        change(&mut map);
        parse_key(&encode(&sorted(map)))
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys: Vec<PublicKey> = (1..=5).map(|number| Key::new(number).public()).collect();
        for key in &keys {
            assert_eq!(parse_key(&encode_key(key)), Ok(*key));
            assert_eq!(parse_key(&encode_key_with_id(key)), Ok(*key));
            assert_eq!(Hash::of(&encode_key(key)), key.thumbprint().0);
            let again = CoseKey::from_slice(&encode_key_with_id(key)).unwrap();
            assert_eq!(again.key_id, key.thumbprint().0.as_bytes());
        }
        assert_eq!(parse_key_set(&encode_key_set(&keys)), Ok(keys));
    }

    /// The key of RFC 8032 §7.1, test 1, and its thumbprint computed by another implementation.
    #[test]
    fn a_known_key_has_its_known_thumbprint() {
        let point = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let point = Hash::from_hex(point).unwrap();
        let key = PublicKey::from_bytes(point.as_bytes()).unwrap();
        let thumbprint = "866eefbd6718c8846cd7ddfe43fc74ab1daac4538ff8514ea2ec2d410a415743";
        assert_eq!(key.thumbprint().0.to_hex(), thumbprint);
    }

    #[test]
    fn a_restriction_to_ed25519_is_accepted() {
        for algorithm in [-8, -19] {
            let parsed = changed(|map| set(map, 3, Some(Value::from(algorithm))));
            assert_eq!(parsed, Ok(Key::new(1).public()));
        }
    }

    #[test]
    fn each_fault_of_a_key_is_named() {
        let bytes = |bytes: &[u8]| Some(Value::Bytes(bytes.to_vec()));
        let int = |number: i64| Some(Value::from(number));
        let operations = Some(Value::Array(vec![Value::from(2)]));
        let faults: Vec<(i64, Option<Value>, CoseKeyError)> = vec![
            (1, None, CoseKeyError::Shape),
            (1, int(2), CoseKeyError::KeyType),
            (2, bytes(&[1; 32]), CoseKeyError::KeyIdMismatch),
            (3, int(-7), CoseKeyError::Algorithm),
            (4, operations, CoseKeyError::UnexpectedLabel),
            (5, bytes(&[1]), CoseKeyError::UnexpectedLabel),
            (-1, None, CoseKeyError::Curve),
            (-1, int(4), CoseKeyError::Curve),
            (-2, None, CoseKeyError::PointMissing),
            (-2, int(1), CoseKeyError::Shape),
            (-2, bytes(&[1; 31]), CoseKeyError::Point(PublicKeyError::Length { found: 31 })),
            (-2, bytes(&[0; 32]), CoseKeyError::Point(PublicKeyError::SmallOrder)),
            (-2, bytes(&[0xff; 32]), CoseKeyError::Point(PublicKeyError::Encoding)),
            (-3, bytes(&[1; 32]), CoseKeyError::UnexpectedLabel),
            (-4, bytes(&[1; 32]), CoseKeyError::PrivatePart),
        ];
        assert!(changed(|_| ()).is_ok());
        for (label, value, error) in faults {
            assert_eq!(changed(|map| set(map, label, value)), Err(error), "label {label}");
        }
        assert_eq!(parse_key(&[0x80]), Err(CoseKeyError::Shape));
        let (found, limit) = (MAX_COSE_KEY_BYTES + 1, MAX_COSE_KEY_BYTES);
        assert_eq!(parse_key(&vec![0; found]), Err(CoseKeyError::TooLarge { found, limit }));
        assert_eq!(parse_key(&[]), Err(CborError::Truncated.into()));
    }

    #[test]
    fn each_fault_of_a_set_is_named() {
        let key = Key::new(1).public();
        assert_eq!(parse_key_set(&encode_key_set(&[])), Err(CoseKeyError::SetEmpty));
        assert_eq!(parse_key_set(&encode_key(&key)), Err(CoseKeyError::SetShape));
        assert_eq!(parse_key_set(&encode_key_set(&[key, key])), Err(CoseKeyError::SetDuplicate));
        let mut many = vec![0x99, 0x10, 0x01];
        many.extend([0xa0; MAX_KEY_SET_KEYS + 1]);
        let (found, limit) = (MAX_KEY_SET_KEYS + 1, MAX_KEY_SET_KEYS);
        assert_eq!(parse_key_set(&many), Err(CoseKeyError::SetTooLong { found, limit }));
    }

    proptest! {
        #[test]
        fn anything_is_parsed_without_panic(input: Vec<u8>) {
            let _ = parse_key(&input);
            let _ = parse_key_set(&input);
        }
    }
}
