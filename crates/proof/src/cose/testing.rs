//! Keys and statements for the tests of this folder.

use coset::cbor::{self, Value};
use ed25519_dalek::{Signer as _, SigningKey};
use uuid::Uuid;

use super::message::{self, Algorithm};
use super::{ContentType, Header, SignedStatement, Subject, UnsignedStatement};
use crate::hash::Hash;
use crate::key::PublicKey;

pub(super) const ORIGIN: &str = "log.example/attestry";
pub(super) const PAYLOAD: &[u8] = br#"{"type":"own-work"}"#;

pub(super) struct Key(SigningKey);

impl Key {
    pub(super) fn new(number: u8) -> Self {
        Self(SigningKey::from_bytes(&[number; 32]))
    }

    pub(super) fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().as_bytes()).unwrap()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

pub(super) fn author() -> Key {
    Key::new(1)
}

pub(super) fn header() -> Header {
    Header {
        algorithm: Algorithm::EdDsa,
        issuer: author().public().thumbprint(),
        subject: Subject::Submission(Uuid::from_u128(0xabcd_ef00_1234_4567_89ab_0123_4567_89ab)),
        audience: ORIGIN.to_owned(),
        issued_at: 1_764_000_000,
        content_type: ContentType::Sealed,
    }
}

pub(super) fn sign(header: Header) -> SignedStatement {
    let unsigned = UnsignedStatement::new(header, Hash::of(PAYLOAD)).unwrap();
    let signature = author().sign(&unsigned.to_be_signed());
    unsigned.attach(signature)
}

pub(super) fn statement() -> SignedStatement {
    sign(header())
}

pub(super) fn value(bytes: &[u8]) -> Value {
    cbor::de::from_reader(bytes).unwrap()
}

/// Encodes in the order given, which may be the wrong one.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::ser::into_writer(value, &mut out).unwrap();
    out
}

pub(super) type Pairs = Vec<(Value, Value)>;

pub(super) fn pairs(map: Value) -> Pairs {
    map.into_map().unwrap()
}

/// Sorts as deterministic encoding wants it.
pub(super) fn sorted(mut pairs: Pairs) -> Value {
    pairs.sort_by_key(|(key, _)| encode(key));
    Value::Map(pairs)
}

/// Replaces, adds or (with `None`) removes a label.
pub(super) fn set(pairs: &mut Pairs, label: impl Into<Value>, value: Option<Value>) {
    let label = label.into();
    pairs.retain(|(key, _)| *key != label);
    pairs.extend(value.map(|value| (label, value)));
}

/// A message over any protected header and payload, with a signature that is valid for them.
pub(super) fn signed(key: &Key, protected: &[u8], unprotected: &[u8], payload: &[u8]) -> Vec<u8> {
    let signature = key.sign(&message::to_be_signed(protected, payload));
    message::encode(protected, unprotected, Some(payload), &signature)
}
