//! Signed statements, encoded by hand so that any part of one can be wrong.

use attestry_proof::{hash::Hash, key::Thumbprint};
use coset::cbor::Value;
use uuid::Uuid;

use super::{Member, ORIGIN};

const SEALED: &str = "application/vnd.attestry.statement+json";

/// Encodes in the order given, shortest lengths.
pub fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    coset::cbor::ser::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// A statement before it is signed.
#[derive(Clone)]
pub struct Draft {
    pub submission: Uuid,
    /// The protected header in the order it is written in.
    pub protected: Vec<(Value, Value)>,
    /// The claims in the order they are written in.
    pub claims: Vec<(Value, Value)>,
    pub payload: Vec<u8>,
}

impl Draft {
    pub fn new(member: &Member, submission: Uuid, payload: Vec<u8>, issued_at: i64) -> Self {
        let Thumbprint(kid) = member.thumbprint();
        let protected = vec![
            (Value::from(1), Value::from(-8)),
            (Value::from(4), Value::Bytes(kid.0.to_vec())),
            (Value::from(15), Value::Null),
            (Value::from(258), Value::from(-16)),
            (Value::from(259), Value::from(SEALED)),
        ];
        let claims = vec![
            (Value::from(1), Value::from(member.thumbprint().uri())),
            (Value::from(2), Value::from(format!("urn:uuid:{submission}"))),
            (Value::from(3), Value::from(ORIGIN)),
            (Value::from(6), Value::from(issued_at)),
        ];
        Self { submission, protected, claims, payload }
    }

    /// Replaces or adds a label of the protected header.
    pub fn label(mut self, label: i64, value: impl Into<Value>) -> Self {
        set(&mut self.protected, label, value.into());
        self
    }

    /// Replaces or adds a claim.
    pub fn claim(mut self, claim: i64, value: impl Into<Value>) -> Self {
        set(&mut self.claims, claim, value.into());
        self
    }

    /// Changes the payload's text; what was there must have been there.
    #[track_caller]
    pub fn edit(mut self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.payload).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        self.payload = text.replacen(from, to, 1).into_bytes();
        self
    }

    /// Signs, with the payload attached.
    pub fn signed(&self, member: &Member) -> Message {
        let mut protected = self.protected.clone();
        for (label, value) in &mut protected {
            if *label == Value::from(15) {
                *value = Value::Map(self.claims.clone());
            }
        }
        Message::signed(member, cbor(&Value::Map(protected)), &self.payload)
    }
}

fn set(pairs: &mut Vec<(Value, Value)>, label: i64, value: Value) {
    let label = Value::from(label);
    pairs.retain(|(found, _)| *found != label);
    pairs.push((label, value));
    pairs.sort_by_key(|(label, _)| cbor(label));
}

/// The parts of a signed message.
#[derive(Clone)]
pub struct Message {
    pub tag: u64,
    pub protected: Vec<u8>,
    pub unprotected: Vec<(Value, Value)>,
    pub digest: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Message {
    pub fn signed(member: &Member, protected: Vec<u8>, payload: &[u8]) -> Self {
        let digest = Hash::of(payload).0.to_vec();
        let signature = member.sign(&to_be_signed(&protected, &digest)).to_vec();
        let attached = (Value::from("attestry-payload"), Value::Bytes(payload.to_vec()));
        Self { tag: 18, protected, unprotected: vec![attached], digest, signature }
    }

    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(&self.protected, &self.digest)
    }

    /// Without anything attached.
    pub fn bare(mut self) -> Self {
        self.unprotected.clear();
        self
    }

    pub fn encode(&self) -> Vec<u8> {
        let parts = Value::Array(vec![
            Value::Bytes(self.protected.clone()),
            Value::Map(self.unprotected.clone()),
            Value::Bytes(self.digest.clone()),
            Value::Bytes(self.signature.clone()),
        ]);
        cbor(&Value::Tag(self.tag, Box::new(parts)))
    }

    /// Leaf hash of the entry.
    pub fn leaf(&self) -> Hash {
        attestry_proof::hash::leaf_hash(&self.clone().bare().encode())
    }
}

/// Sig_structure (RFC 9052 §4.4).
fn to_be_signed(protected: &[u8], digest: &[u8]) -> Vec<u8> {
    cbor(&Value::Array(vec![
        Value::from("Signature1"),
        Value::Bytes(protected.to_vec()),
        Value::Bytes(vec![]),
        Value::Bytes(digest.to_vec()),
    ]))
}
