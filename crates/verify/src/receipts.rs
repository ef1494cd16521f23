//! Receipts: the path is followed for each, the signature over a root is verified once.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use attestry_proof::cose::receipt::{Position, ReceiptError, ReceiptVerdict};
use attestry_proof::cose::{Receipt, cbor};
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::tree::root_from_inclusion;
use attestry_proof::size::{LeafIndex, TreeSize};

/// Most signed roots that are remembered; beyond it signatures are verified again.
const ROOTS_MAX: usize = 1 << 16;
/// Header label of the proofs, and the kind that shows inclusion (RFC 9942 §2, §5.2).
const LABEL_PROOFS: i64 = 396;
const PROOF_INCLUSION: i64 = -1;

/// Protected header, root and signature: all that the signature depends on but the key, which the
/// header names by its thumbprint.
type SignedRoot = (Vec<u8>, Hash, Vec<u8>);

#[derive(Debug, Default)]
pub(crate) struct ReceiptBook {
    verified: RwLock<HashSet<SignedRoot>>,
}

/// A receipt whose path has been followed from a leaf; its signature is not verified.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) receipt: Receipt,
    /// Root that the path leads to, at the position that the proof claims.
    pub(crate) root: Hash,
    pub(crate) claimed: Position,
    signed: SignedRoot,
}

impl Followed {
    /// Follows the path of an inclusion receipt.
    pub(crate) fn new(bytes: &[u8], leaf: &Hash) -> Result<Self, ReceiptError> {
        let receipt = Receipt::parse(bytes)?;
        let Inclusion { protected, signature, size, index, path } =
            Inclusion::of(bytes).ok_or(ReceiptError::OtherKind)?;
        let root = root_from_inclusion(leaf, index, size, &path)?;
        let signed = (protected, root, signature);
        Ok(Self { receipt, root, claimed: Position { index, size }, signed })
    }
}

/// The receipt, if it is one that shows consistency.
pub(crate) fn consistency_receipt(bytes: &[u8]) -> Option<Receipt> {
    let receipt = Receipt::parse(bytes).ok()?;
    Inclusion::of(bytes).is_none().then_some(receipt)
}

impl ReceiptBook {
    /// Verifies that the log `origin` signed, with `key`, the root that the receipt leads to.
    pub(crate) fn verify(
        &self,
        followed: &Followed,
        leaf: &Hash,
        key: &PublicKey,
        origin: &str,
    ) -> Result<ReceiptVerdict, ReceiptError> {
        let Followed { receipt, root, claimed, signed } = followed;
        let known = self.verified.read().unwrap_or_else(PoisonError::into_inner).contains(signed);
        if known && receipt.origin() == origin && receipt.kid() == key.thumbprint() {
            let position = receipt.signed_size().map(|_| *claimed);
            return Ok(ReceiptVerdict { root: *root, position });
        }
        let verdict = receipt.verify_inclusion(leaf, key, origin)?;
        let mut verified = self.verified.write().unwrap_or_else(PoisonError::into_inner);
        if verified.len() < ROOTS_MAX {
            verified.insert(signed.clone());
        }
        Ok(verdict)
    }
}

/// The parts of an inclusion receipt that the root is computed from.
struct Inclusion {
    protected: Vec<u8>,
    signature: Vec<u8>,
    size: TreeSize,
    index: LeafIndex,
    path: Vec<Hash>,
}

impl Inclusion {
    /// Reads bytes that parsed as a receipt; `None` for one that shows something else.
    fn of(bytes: &[u8]) -> Option<Self> {
        let message = cbor::decode(bytes).ok()?;
        let (_, content) = message.as_tag()?;
        let [protected, unprotected, _, signature] = content.as_array()?.as_slice() else {
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
            protected: protected.as_bytes()?.clone(),
            signature: signature.as_bytes()?.clone(),
            size: TreeSize(u64::try_from(size.as_integer()?).ok()?),
            index: LeafIndex(u64::try_from(index.as_integer()?).ok()?),
            path: path.collect::<Option<_>>()?,
        })
    }
}
