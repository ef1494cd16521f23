//! Keys of issuers, decoded once each. They are known here, not trusted.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use attestry_proof::key::{PublicKey, Thumbprint};

/// Most keys that are remembered; beyond it they are decoded again.
const KEYS_MAX: usize = 1 << 16;

#[derive(Debug, Default)]
pub(crate) struct IssuerBook {
    keys: RwLock<HashMap<Thumbprint, PublicKey>>,
}

impl IssuerBook {
    pub(crate) fn get(&self, thumbprint: &Thumbprint) -> Option<PublicKey> {
        // A thread that panicked holding the lock left a map behind that is whole.
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(thumbprint).copied()
    }

    /// Keeps a key that was attached to a statement.
    pub(crate) fn remember(&self, key: &PublicKey) {
        let thumbprint = key.thumbprint();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() < KEYS_MAX {
            keys.insert(thumbprint, *key);
        }
    }
}
