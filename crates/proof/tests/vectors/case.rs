//! Reading vectors: one file, its lists of cases, and typed fields that fail by name.

use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::size::{LeafIndex, TreeSize};
use serde_json::Value;

/// A JSON file of vectors.
pub struct File(Value);

/// One case, or one object inside a case.
#[derive(Clone, Copy)]
pub struct Case<'a>(&'a Value);

impl File {
    pub fn load(name: &str) -> Self {
        let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        Self(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}")))
    }

    pub fn top(&self) -> Case<'_> {
        Case(&self.0)
    }

    /// The cases of a list, which must not be empty: an empty list tests nothing.
    pub fn cases<'a>(&'a self, list: &str) -> Vec<Case<'a>> {
        let cases = self.top().objects(list);
        assert!(!cases.is_empty(), "{list} has no cases");
        cases
    }
}

impl<'a> Case<'a> {
    pub fn get(self, field: &str) -> &'a Value {
        self.0.get(field).unwrap_or_else(|| panic!("no field {field} in {}", self.0))
    }

    pub fn has(self, field: &str) -> bool {
        self.0.get(field).is_some_and(|value| !value.is_null())
    }

    pub fn objects(self, field: &str) -> Vec<Case<'a>> {
        self.list(field).iter().map(Case).collect()
    }

    pub fn list(self, field: &str) -> &'a [Value] {
        self.get(field).as_array().unwrap_or_else(|| panic!("{field} is not a list"))
    }

    pub fn text(self, field: &str) -> &'a str {
        self.get(field).as_str().unwrap_or_else(|| panic!("{field} is not text"))
    }

    pub fn about(self) -> &'a str {
        self.text("description")
    }

    pub fn number(self, field: &str) -> u64 {
        self.get(field).as_u64().unwrap_or_else(|| panic!("{field} is not a number"))
    }

    pub fn signed(self, field: &str) -> i64 {
        self.get(field).as_i64().unwrap_or_else(|| panic!("{field} is not a number"))
    }

    pub fn yes(self, field: &str) -> bool {
        self.get(field).as_bool().unwrap_or_else(|| panic!("{field} is not true or false"))
    }

    pub fn size(self, field: &str) -> TreeSize {
        TreeSize(self.number(field))
    }

    pub fn index(self, field: &str) -> LeafIndex {
        LeafIndex(self.number(field))
    }

    pub fn bytes(self, field: &str) -> Vec<u8> {
        unhex(self.text(field))
    }

    pub fn hash(self, field: &str) -> Hash {
        hash(self.get(field))
    }

    pub fn hashes(self, field: &str) -> Vec<Hash> {
        self.list(field).iter().map(hash).collect()
    }

    pub fn key(self, field: &str) -> PublicKey {
        PublicKey::from_bytes(&self.bytes(field)).expect("the vector's key is acceptable")
    }
}

pub fn hash(value: &Value) -> Hash {
    value.as_str().and_then(Hash::from_hex).unwrap_or_else(|| panic!("{value} is not a hash"))
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd hex");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits"))
        .collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Collects disagreements, so that one run shows all of them.
#[derive(Default)]
pub struct Disagreements(Vec<String>);

impl Disagreements {
    pub fn check(&mut self, case: Case<'_>, agrees: bool, found: impl std::fmt::Debug) {
        if !agrees {
            self.0.push(format!("{}: {found:?}", case.about()));
        }
    }

    pub fn none(self) {
        assert!(self.0.is_empty(), "{} disagree:\n{}", self.0.len(), self.0.join("\n"));
    }
}
