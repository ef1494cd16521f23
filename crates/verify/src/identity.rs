//! The keys of a log, as its first entry names them under a checkpoint that meets the policy.

use attestry_proof::key::PublicKey;
use attestry_proof::log::note::KeyId;
use attestry_proof::payload::{Payload, genesis::Genesis};
use attestry_proof::size::LeafIndex;

use crate::finding::Anchor;

/// Who a log is beyond its checkpoint key; authentic once its genesis statement is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIdentity {
    /// Origin of its checkpoints, audience of its statements.
    pub origin: String,
    /// Key of its receipts.
    pub receipt_key: PublicKey,
    /// Key of its own statements.
    pub service_key: PublicKey,
}

/// Why a genesis statement introduces no log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisFault {
    /// It is not the first entry.
    #[error("it is entry {found}, a log begins with entry 0")]
    NotFirst {
        /// Where it is.
        found: LeafIndex,
    },
    /// It names another checkpoint key than the one that signed the checkpoint.
    #[error("it names the checkpoint key {found}, the checkpoint is signed by {required}")]
    OtherLogKey {
        /// Key it names.
        found: KeyId,
        /// Key that signed, which the policy trusts.
        required: KeyId,
    },
}

impl LogIdentity {
    pub(crate) fn of(genesis: &Genesis) -> Self {
        Self {
            origin: genesis.origin.as_str().to_owned(),
            receipt_key: genesis.receipt_key.public_key.0,
            service_key: genesis.service_key.public_key.0,
        }
    }

    /// The keys that a payload introduces for the signature of its own statement to be checked
    /// with.
    pub(crate) fn introduced_by(payload: &Payload) -> Option<PublicKey> {
        match payload {
            Payload::Genesis(genesis) => Some(genesis.body().service_key.public_key.0),
            _ => None,
        }
    }
}

/// Whether a genesis payload fits the place and the checkpoint that its statement is proven under.
pub(crate) fn check_genesis(genesis: &Genesis, anchor: &Anchor) -> Result<(), GenesisFault> {
    if anchor.index != LeafIndex(0) {
        return Err(GenesisFault::NotFirst { found: anchor.index });
    }
    let required = anchor.checkpoint.log();
    match genesis.note_key() {
        Ok(key) if key == *required => Ok(()),
        // A genesis payload does not parse unless its key does.
        Ok(key) => Err(GenesisFault::OtherLogKey { found: key.id(), required: required.id() }),
        Err(_) => Err(GenesisFault::OtherLogKey { found: KeyId(0), required: required.id() }),
    }
}
