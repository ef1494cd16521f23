//! Receipts: the path is followed for each, the signature that a batch shares is verified once.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use attestry_proof::cose::receipt::{Position, ReceiptError, ReceiptVerdict};
use attestry_proof::cose::{Receipt, cbor};
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::tree::root_from_inclusion;
use attestry_proof::size::{LeafIndex, TreeSize};

use crate::verdict::ReceiptRoot;

/// Most signatures that are remembered; beyond it they are verified again.
const ROOTS_MAX: usize = 1 << 16;
/// Header label of the proofs, and the kind that shows inclusion (RFC 9942 §2, §5.2).
const LABEL_PROOFS: i64 = 396;
const PROOF_INCLUSION: i64 = -1;

#[derive(Debug, Default)]
pub(crate) struct ReceiptBook {
    /// Signatures that verified, and whether their key was authenticated.
    verified: RwLock<HashSet<(Hash, bool)>>,
}

impl ReceiptBook {
    /// Verifies that the log `origin` signed, with `key`, a root that `leaf` is under. Also whether
    /// this signature was seen for the first time, with the key authenticated or not.
    pub(crate) fn verify(
        &self,
        receipt: &Receipt,
        leaf: &Hash,
        key: &PublicKey,
        origin: &str,
        authenticated: bool,
    ) -> Result<(ReceiptVerdict, bool), ReceiptError> {
        let claim = receipt.claim_inclusion(leaf, key, origin)?;
        let id = (claim.signature_id(), authenticated);
        // A thread that panicked holding the lock left a set behind that is whole.
        if self.verified.read().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return Ok((claim.verdict(), false));
        }
        let verdict = claim.verify()?;
        let mut verified = self.verified.write().unwrap_or_else(PoisonError::into_inner);
        if verified.len() < ROOTS_MAX {
            verified.insert(id);
        }
        Ok((verdict, true))
    }
}

/// The receipt, if it is one that shows consistency.
pub(crate) fn consistency_receipt(bytes: &[u8]) -> Option<Receipt> {
    let receipt = Receipt::parse(bytes).ok()?;
    Inclusion::of(bytes).is_none().then_some(receipt)
}

/// The root that an inclusion receipt leads to from a leaf, and the position that it claims,
/// whoever signed it: it proves as much as the root does.
pub(crate) fn follow(bytes: &[u8], leaf: &Hash) -> Result<ReceiptRoot, ReceiptError> {
    let Inclusion { size, index, path } = Inclusion::of(bytes).ok_or(ReceiptError::OtherKind)?;
    let root = root_from_inclusion(leaf, index, size, &path)?;
    Ok(ReceiptRoot { root, position: Position { index, size } })
}

/// The parts of an inclusion receipt that the root is computed from.
struct Inclusion {
    size: TreeSize,
    index: LeafIndex,
    path: Vec<Hash>,
}

impl Inclusion {
    /// Reads bytes that parsed as a receipt; `None` for one that shows something else.
    fn of(bytes: &[u8]) -> Option<Self> {
        let message = cbor::decode(bytes).ok()?;
        let (_, content) = message.as_tag()?;
        let [_, unprotected, _, _] = content.as_array()?.as_slice() else {
            return None;
        };
        let labelled = unprotected.as_map()?;
        let proofs = labelled.iter().find(|(label, _)| {
            label.as_integer().is_some_and(|label| i128::from(label) == LABEL_PROOFS.into())
        });
        let (kind, proofs) = proofs?.1.as_map()?.first()?;
        if i128::from(kind.as_integer()?) != PROOF_INCLUSION.into() {
            return None;
        }
        let proof = cbor::decode(proofs.as_array()?.first()?.as_bytes()?).ok()?;
        let [size, index, path] = proof.as_array()?.as_slice() else {
            return None;
        };
        let path = path.as_array()?.iter().map(|hash| Hash::from_slice(hash.as_bytes()?));
        Some(Self {
            size: TreeSize(u64::try_from(size.as_integer()?).ok()?),
            index: LeafIndex(u64::try_from(index.as_integer()?).ok()?),
            path: path.collect::<Option<_>>()?,
        })
    }
}
