//! Proofs that one tree continues another, and what they connect.

use std::sync::Arc;

use attestry_proof::cose::Receipt;
use attestry_proof::hash::Hash;
use attestry_proof::log::tree::verify_consistency;
use attestry_proof::log::trust::TrustedCheckpoint;
use attestry_proof::size::TreeSize;

use crate::input::ConsistencyPath;
use crate::verifier::Verifier;

/// Most proofs that are tried for one tree.
const PROOFS_MAX: usize = 256;

/// All consistency proofs of the input.
#[derive(Debug, Default)]
pub(crate) struct ConsistencyProofs {
    paths: Vec<ConsistencyPath>,
    receipts: Vec<Receipt>,
}

impl ConsistencyProofs {
    pub(crate) fn new(paths: Vec<ConsistencyPath>, receipts: Vec<Receipt>) -> Self {
        let mut proofs = Self { paths, receipts };
        proofs.paths.truncate(PROOFS_MAX);
        proofs.receipts.truncate(PROOFS_MAX);
        proofs
    }

    /// Trusted checkpoints of `origin` that continue the tree of this size and root. The root need
    /// not be trusted: a proof that fits shows that it is the root of a prefix.
    pub(crate) fn continuations(
        &self,
        verifier: &Verifier,
        origin: &str,
        size: TreeSize,
        root: Hash,
    ) -> Vec<Arc<TrustedCheckpoint>> {
        let mut reached = Vec::new();
        if self.paths.is_empty() && self.receipts.is_empty() {
            return reached;
        }
        let paths = self.paths.iter().filter(|path| path.from == size);
        for ConsistencyPath { to, path, .. } in paths {
            let newer = verifier.checkpoints.trusted_of_size(origin, *to);
            reached.extend(newer.into_iter().filter(|newer| {
                verify_consistency(size, &root, *to, &newer.checkpoint().root(), path).is_ok()
            }));
        }
        for receipt in self.receipts.iter().filter(|receipt| receipt.origin() == origin) {
            let Some(key) = verifier.receipt_key(origin, &receipt.kid()) else { continue };
            let Ok(verdict) = receipt.verify_consistency(size, &root, key, origin) else {
                continue;
            };
            let Some(newer_size) = verdict.size else { continue };
            verifier.checkpoints.record_root(origin, newer_size, verdict.root);
            reached.extend(verifier.checkpoints.trusted(origin, newer_size, verdict.root));
        }
        reached
    }
}
