//! Proofs about entries that are already there, read out of tiles.

use attestry_proof::{
    hash::Hash,
    log::{
        proof_file::LogProof,
        tile::{TileId, TileSet, consistency_tiles, inclusion_tiles},
    },
    size::{LeafIndex, TreeSize},
};

use super::{Log, LogError};

impl Log {
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
