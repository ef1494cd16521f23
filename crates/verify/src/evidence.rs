//! What a statement is judged with: its own bytes, and whatever else came along.

use std::collections::HashMap;

use attestry_proof::hash::Hash;

/// Payloads by the SHA-256 of their bytes.
#[derive(Clone, Debug, Default)]
pub struct PayloadStore {
    payloads: HashMap<Hash, Vec<u8>>,
    /// Files that go by a digest, and the digest they really have.
    misnamed: HashMap<Hash, Hash>,
}

impl PayloadStore {
    /// Adds a payload. `named` is the digest that its file goes by, if it goes by one.
    pub fn insert(&mut self, bytes: Vec<u8>, named: Option<Hash>) -> Hash {
        let digest = Hash::of(&bytes);
        if let Some(named) = named.filter(|named| *named != digest) {
            self.misnamed.insert(named, digest);
        }
        self.payloads.insert(digest, bytes);
        digest
    }

    /// The payload with this digest.
    #[must_use]
    pub fn get(&self, digest: &Hash) -> Option<&[u8]> {
        self.payloads.get(digest).map(Vec::as_slice)
    }

    /// The digest of a file that goes by `digest` and is something else.
    #[must_use]
    pub fn misnamed(&self, digest: &Hash) -> Option<Hash> {
        self.misnamed.get(digest).copied()
    }
}

/// One statement with what may be known about it.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'a> {
    /// The statement: an entry, or a transparent statement.
    pub statement: &'a [u8],
    /// Where its payload is looked up, besides its attachments.
    pub payloads: Option<&'a PayloadStore>,
    /// SHA-256 of a payload file that lies beside the statement under the same name.
    pub payload_beside: Option<Hash>,
    /// `.tlog-proof` files for it, besides its attachments.
    pub proofs: Vec<&'a [u8]>,
    /// Receipts for it, besides its attachments.
    pub receipts: Vec<&'a [u8]>,
    /// Whether to keep all lines of the payload's summary.
    pub summaries: bool,
}
