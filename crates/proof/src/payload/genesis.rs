//! `genesis`: entry 0 of a log, which names the log, its keys and its algorithms.

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{NamedKey, Timestamp},
    kind::StatementKind,
    statement::PublicBody,
    summary::Summary,
    text::Line,
    words::words,
};
use crate::log::note::{KeyKind, VerifierKey, VerifierKeyError};

/// Version of the entry form: a tagged `COSE_Sign1` hash envelope, EdDSA over Ed25519, with an
/// empty unprotected header.
pub const ENTRY_FORMAT: u32 = 1;

/// The log, as it introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Origin line of the log's checkpoints, and audience of its statements.
    pub origin: Line,
    /// Key that signs checkpoints, as a C2SP vkey `<origin>+<id>+<key>`; differs from both others.
    pub note_vkey: Line,
    /// Key that signs receipts.
    pub receipt_key: NamedKey,
    /// Key that signs the service's statements, this one included.
    pub service_key: NamedKey,
    /// Hash of entries, nodes and payloads.
    pub hash_algorithm: HashAlgorithm,
    /// Tree over the entries.
    pub tree_algorithm: TreeAlgorithm,
    /// Version of the entry form, [`ENTRY_FORMAT`].
    pub entry_format: u32,
    /// When the log was created.
    pub created_at: Timestamp,
}

words! {
    /// Hash algorithms.
    HashAlgorithm {
        /// SHA-256.
        Sha256 = "sha-256",
    }
}

words! {
    /// Tree algorithms.
    TreeAlgorithm {
        /// The Merkle tree of RFC 9162 §2.1 with SHA-256.
        Rfc9162Sha256 = "rfc9162-sha256",
    }
}

impl Genesis {
    /// The key that signs checkpoints.
    ///
    /// # Errors
    /// See [`VerifierKeyError`]; none once the payload has been read or made as a whole.
    pub fn note_key(&self) -> Result<VerifierKey, VerifierKeyError> {
        VerifierKey::parse(self.note_vkey.as_str())
    }
}

impl PublicBody for Genesis {
    const KIND: StatementKind = StatementKind::Genesis;

    fn validate(&self) -> Result<(), PayloadError> {
        let note_key = self
            .note_key()
            .map_err(|_| PayloadError::field("body.note_vkey", FieldProblem::Malformed))?;
        if note_key.name() != self.origin.as_str() || note_key.kind() != KeyKind::Ed25519 {
            return Err(PayloadError::field("body.note_vkey", FieldProblem::Contradiction));
        }
        self.receipt_key.validate("body.receipt_key")?;
        self.service_key.validate("body.service_key")?;
        let (receipt, service) = (self.receipt_key.public_key.0, self.service_key.public_key.0);
        if receipt == service || receipt == *note_key.public_key() {
            return Err(PayloadError::field("body.receipt_key", FieldProblem::Repeated));
        }
        if service == *note_key.public_key() {
            return Err(PayloadError::field("body.service_key", FieldProblem::Repeated));
        }
        if self.entry_format != ENTRY_FORMAT {
            let found = self.entry_format.into();
            let problem =
                FieldProblem::Range { found, min: ENTRY_FORMAT.into(), max: ENTRY_FORMAT.into() };
            return Err(PayloadError::field("body.entry_format", problem));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Origin", &self.origin);
        summary.add("Checkpoint key", &self.note_vkey);
        summary.add("Receipt key", self.receipt_key);
        summary.add("Service key", self.service_key);
        summary.add("Hash algorithm", self.hash_algorithm);
        summary.add("Tree algorithm", self.tree_algorithm);
        summary.add("Entry format", self.entry_format);
        summary.add("Created at", self.created_at);
    }
}
