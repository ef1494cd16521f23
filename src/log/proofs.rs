//! Proofs about entries that are already there, read out of tiles.

use attestry_proof::{
    cose::receipt::RootSignature,
    hash::Hash,
    log::{
        proof_file::LogProof,
        tile::{TileId, TileSet, consistency_tiles, inclusion_tiles},
    },
    size::{LeafIndex, TreeSize},
};

use super::{Log, LogError, publisher, sign_root};
use crate::store::ledger::Head;

/// The log as of one size: what proves entries to whoever has that size's checkpoint.
pub struct Snapshot {
    /// Size and root.
    pub head: Head,
    /// The checkpoint (C2SP tlog-checkpoint).
    pub note: Vec<u8>,
    signature: RootSignature,
}

impl Snapshot {
    /// The receipt (RFC 9942) of an entry with this inclusion path.
    #[must_use]
    pub fn receipt(&self, index: LeafIndex, path: &[Hash]) -> Vec<u8> {
        self.signature.receipt(index, path)
    }

    /// The `.tlog-proof` (C2SP tlog-proof) of an entry with this inclusion path.
    #[must_use]
    pub fn proof_file(&self, index: LeafIndex, path: Vec<Hash>) -> Vec<u8> {
        LogProof::new(index, path, self.note.clone()).to_bytes()
    }
}

impl Log {
    /// The log as it was when the batch ended that made it `size` entries long; `None` if none ended
    /// there. The root is the one that was committed then, so nothing new is signed.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size that is not acknowledged, or a failing store or signer.
    pub async fn snapshot(&self, size: TreeSize) -> Result<Option<Snapshot>, LogError> {
        let acknowledged = self.head();
        let Some(last) = size.0.checked_sub(1).map(LeafIndex) else { return Ok(None) };
        if size > acknowledged.size {
            return Err(LogError::Beyond { index: last, size: acknowledged.size });
        }
        let batch = self.shared.ledger.batch_of(last).await?;
        let Some(batch) = batch.filter(|batch| batch.size == size) else { return Ok(None) };
        let head = Head { size, root: batch.root };
        let note = publisher::sign(&self.shared, head)?.note;
        let signature = sign_root(&self.shared.signers, &self.shared.origin, head)?;
        Ok(Some(Snapshot { head, note, signature }))
    }

    /// The size after the batch in which an entry came.
    ///
    /// # Errors
    /// [`LogError::Beyond`] or a failing store.
    pub async fn size_with(&self, index: LeafIndex) -> Result<TreeSize, LogError> {
        let batch = self.shared.ledger.batch_of(index).await?;
        let size = self.head().size;
        batch.map(|batch| batch.size).ok_or(LogError::Beyond { index, size })
    }

    /// A fresh receipt (RFC 9942) for the entry at `index`, at the acknowledged head.
    ///
    /// # Errors
    /// [`LogError::Beyond`] or a failing store.
    pub async fn receipt(&self, index: LeafIndex) -> Result<Vec<u8>, LogError> {
        let acknowledged = self.shared.acknowledged();
        let path = self.inclusion(index, acknowledged.head.size).await?;
        Ok(acknowledged.signature.receipt(index, &path))
    }

    /// A `.tlog-proof` (C2SP tlog-proof) for the entry at `index`, under the newest checkpoint.
    ///
    /// # Errors
    /// [`LogError::Beyond`] if no checkpoint covers it yet, or a failing store.
    pub async fn proof_file(&self, index: LeafIndex) -> Result<Vec<u8>, LogError> {
        let checkpoint = self.checkpoint();
        let path = self.inclusion(index, checkpoint.head.size).await?;
        Ok(LogProof::new(index, path, checkpoint.note.clone()).to_bytes())
    }

    /// The inclusion path of `index` in the tree of `size` (RFC 9162 §2.1.3.1).
    ///
    /// # Errors
    /// [`LogError::Beyond`] or a failing store.
    pub async fn inclusion(&self, index: LeafIndex, size: TreeSize) -> Result<Vec<Hash>, LogError> {
        if index.0 >= size.0 || size > self.head().size {
            return Err(LogError::Beyond { index, size });
        }
        let tiles = self.tiles(inclusion_tiles(index, size)?).await?;
        Ok(tiles.inclusion(index, size)?)
    }

    /// The consistency path between two sizes (RFC 9162 §2.1.4.1).
    ///
    /// # Errors
    /// [`LogError::Beyond`] or a failing store.
    pub async fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, LogError> {
        if old > new || new > self.head().size {
            return Err(LogError::Beyond { index: LeafIndex(old.0), size: new });
        }
        let tiles = self.tiles(consistency_tiles(old, new)?).await?;
        Ok(tiles.consistency(old, new)?)
    }

    async fn tiles(&self, wanted: Vec<TileId>) -> Result<TileSet, LogError> {
        let mut tiles = TileSet::new();
        for tile in wanted {
            if let Some(bytes) = self.shared.ledger.tile(tile).await? {
                tiles.insert(tile, &bytes)?;
            }
        }
        Ok(tiles)
    }
}
