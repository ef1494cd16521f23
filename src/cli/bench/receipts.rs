//! Checking every receipt that comes back, as a careful client does.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError, RwLock},
};

use attestry_proof::{
    cose::{Receipt, key::parse_key_set},
    hash::Hash,
    key::PublicKey,
};

use crate::cli::output::Failure;

/// How signatures over roots are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// Each receipt's is verified, though its neighbours carry the same.
    Each,
    /// Those that are alike in key, root, header and signature are verified once.
    Shared,
}

/// Verifies receipts of one log and keeps the positions they prove.
pub struct Receipts {
    key: PublicKey,
    origin: String,
    signatures: Signatures,
    verified: RwLock<HashSet<Hash>>,
    positions: Mutex<Vec<u64>>,
}

impl Receipts {
    /// Takes the log's key set, as served under `/.well-known/scitt-keys`.
    ///
    /// # Errors
    /// A key set without a key that can be used.
    pub fn new(key_set: &[u8], origin: &str, signatures: Signatures) -> Result<Self, Failure> {
        let keys = parse_key_set(key_set).map_err(Failure::service)?;
        let key = keys.into_iter().next().ok_or_else(|| Failure::service("no receipt key"))?;
        let (verified, positions) = (RwLock::default(), Mutex::default());
        Ok(Self { key, origin: origin.to_owned(), signatures, verified, positions })
    }

    /// Verifies one: form, key, log, path, signature and a position under a signed size.
    ///
    /// # Errors
    /// The receipt does not prove the leaf.
    pub fn check(&self, receipt: &[u8], leaf: &Hash) -> Result<(), Failure> {
        let refused = |error| Failure::refused(format!("a receipt does not verify: {error}"));
        let receipt = Receipt::parse(receipt).map_err(refused)?;
        let claim = receipt.claim_inclusion(leaf, &self.key, &self.origin).map_err(refused)?;
        let verdict = match self.signatures {
            Signatures::Each => claim.verify().map_err(refused)?,
            Signatures::Shared => {
                let id = claim.signature_id();
                let known =
                    self.verified.read().unwrap_or_else(PoisonError::into_inner).contains(&id);
                if !known {
                    claim.verify().map_err(refused)?;
                    self.verified.write().unwrap_or_else(PoisonError::into_inner).insert(id);
                }
                claim.verdict()
            }
        };
        let position =
            verdict.position.ok_or_else(|| Failure::refused("a receipt has no position"))?;
        self.positions.lock().unwrap_or_else(PoisonError::into_inner).push(position.index.0);
        Ok(())
    }

    /// Requires that so many receipts came, each for a position of its own.
    ///
    /// # Errors
    /// Receipts are missing, or two are for one position.
    pub fn require_distinct(&self, required: usize) -> Result<(), Failure> {
        let mut positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        positions.sort_unstable();
        positions.dedup();
        let found = positions.len();
        if found == required {
            return Ok(());
        }
        Err(Failure::refused(format!("{found} positions were proven for {required} statements")))
    }
}

#[cfg(test)]
mod tests {
    use attestry_proof::{
        cose::{ReceiptHeader, UnsignedReceipt, key::encode_key_set},
        hash::leaf_hash,
        log::edge::Edge,
        size::{LeafIndex, TreeSize},
    };

    use super::*;
    use crate::keys::{LocalSigner, Signer as _};

    const ORIGIN: &str = "log.example";

    /// Receipts of a batch of three, and their leaves.
    fn batch(signer: &LocalSigner) -> Vec<(Vec<u8>, Hash)> {
        let leaves: Vec<Hash> = (0..3_u8).map(|number| leaf_hash(&[number])).collect();
        let growth = Edge::empty().grow(&leaves);
        let kid = signer.public_key().thumbprint();
        let (issuer, origin) = (kid.uri(), ORIGIN.to_owned());
        let header = ReceiptHeader { kid, issuer, origin, size: TreeSize(3) };
        let unsigned = UnsignedReceipt::new(&header, growth.root()).unwrap();
        let signature = signer.sign(&unsigned.to_be_signed()).unwrap();
        let signed = unsigned.attach(signature);
        let receipt = |(index, leaf): (u64, Hash)| {
            let index = LeafIndex(index);
            (signed.receipt(index, &growth.inclusion(index).unwrap()), leaf)
        };
        (0..).zip(leaves).map(receipt).collect()
    }

    #[test]
    fn every_receipt_is_checked_and_positions_are_counted() {
        let signer = LocalSigner::from_seed(&[3; 32]).unwrap();
        let keys = encode_key_set(&[signer.public_key()]);
        let batch = batch(&signer);
        for signatures in [Signatures::Each, Signatures::Shared] {
            let receipts = Receipts::new(&keys, ORIGIN, signatures).unwrap();
            for (receipt, leaf) in &batch {
                receipts.check(receipt, leaf).unwrap();
            }
            receipts.require_distinct(3).unwrap();
            assert!(receipts.require_distinct(4).is_err());
            receipts.check(&batch[0].0, &batch[0].1).unwrap();
            assert!(receipts.require_distinct(4).is_err(), "one position twice");
        }
    }

    #[test]
    fn a_receipt_for_another_leaf_log_or_key_is_refused_either_way() {
        let signer = LocalSigner::from_seed(&[3; 32]).unwrap();
        let batch = batch(&signer);
        let other = LocalSigner::from_seed(&[4; 32]).unwrap().public_key();
        for signatures in [Signatures::Each, Signatures::Shared] {
            let with = |key, origin| Receipts::new(&encode_key_set(&[key]), origin, signatures);
            let receipts = with(signer.public_key(), ORIGIN).unwrap();
            receipts.check(&batch[0].0, &batch[0].1).unwrap();
            assert!(receipts.check(&batch[0].0, &batch[1].1).is_err());
            assert!(receipts.check(b"no receipt", &batch[0].1).is_err());
            assert!(
                with(signer.public_key(), "other")
                    .unwrap()
                    .check(&batch[0].0, &batch[0].1)
                    .is_err()
            );
            assert!(with(other, ORIGIN).unwrap().check(&batch[0].0, &batch[0].1).is_err());
        }
        assert!(Receipts::new(b"\x80", ORIGIN, Signatures::Each).is_err());
    }
}
