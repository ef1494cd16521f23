//! Proofs read out of tiles.
//!
//! Tiles come from anybody; nothing here believes them. The proofs are checked against a signed
//! root by whoever asked for them.

use std::collections::{BTreeMap, BTreeSet};

use super::{TILE_WIDTH, TileId};
use crate::hash::{HASH_BYTES, Hash, empty_root, node_hash};
use crate::log::range::range_plan;
use crate::log::subtree::{self, Subtree};
use crate::log::tree::{ProofError, check_index, check_order, root_of};
use crate::size::{LeafIndex, TreeSize};

/// Why tiles give no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// A tile is not in the set, or not wide enough.
    #[error("{tile} is needed and not there")]
    Missing {
        /// The tile as the tree of the size in question has it.
        tile: TileId,
    },
    /// The bytes are not `width` hashes.
    #[error("{tile} has {found} bytes, its width needs {required}")]
    Length {
        /// The tile.
        tile: TileId,
        /// Bytes given.
        found: usize,
        /// Bytes of so many hashes.
        required: usize,
    },
    /// The width is not 1 to 256.
    #[error("a tile has 1 to 256 hashes, not {found}")]
    Width {
        /// Width given.
        found: u16,
    },
    /// Another cut of the same tile has other hashes: one of the two is wrong.
    #[error("{tile} contradicts what is already known of it")]
    Conflict {
        /// The tile.
        tile: TileId,
    },
    /// There is no such proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// Tiles at hand, by place; of several cuts of one tile the widest is kept, and serves the others.
#[derive(Clone, Debug, Default)]
pub struct TileSet {
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl TileSet {
    /// No tiles yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tile, given as the concatenation of its hashes.
    ///
    /// # Errors
    /// [`TileError::Width`], [`TileError::Length`], [`TileError::Conflict`].
    pub fn insert(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), TileError> {
        if tile.width == 0 || usize::from(tile.width) > TILE_WIDTH {
            return Err(TileError::Width { found: tile.width });
        }
        let required = usize::from(tile.width) * HASH_BYTES;
        if bytes.len() != required {
            return Err(TileError::Length { tile, found: bytes.len(), required });
        }
        let (chunks, _) = bytes.as_chunks::<HASH_BYTES>();
        let hashes: Vec<Hash> = chunks.iter().copied().map(Hash).collect();
        let known = self.tiles.entry((tile.level, tile.index)).or_default();
        if known.iter().zip(&hashes).any(|(known, new)| known != new) {
            return Err(TileError::Conflict { tile });
        }
        if known.len() < hashes.len() {
            *known = hashes;
        }
        Ok(())
    }

    /// The hashes of a tile, cut to its width; `None` if not so many are known.
    #[must_use]
    pub fn get(&self, tile: TileId) -> Option<&[Hash]> {
        self.tiles.get(&(tile.level, tile.index))?.get(..usize::from(tile.width))
    }

    /// The hash of one leaf.
    ///
    /// # Errors
    /// [`TileError::Missing`], [`ProofError::IndexOutOfRange`].
    pub fn leaf(&self, index: LeafIndex, size: TreeSize) -> Result<Hash, TileError> {
        check_index(index, size)?;
        self.subtree(Subtree::new(index.0, index.0 + 1), size)
    }

    /// Root of the tree of the first `size` leaves. Needs the tiles of [`root_tiles`].
    ///
    /// # Errors
    /// [`TileError::Missing`].
    pub fn root(&self, size: TreeSize) -> Result<Hash, TileError> {
        if size.0 == 0 {
            return Ok(empty_root());
        }
        self.subtree(Subtree::new(0, size.0), size)
    }

    /// Inclusion path (RFC 9162 §2.1.3.1). Needs the tiles of [`inclusion_tiles`].
    ///
    /// # Errors
    /// [`TileError::Missing`], [`ProofError::IndexOutOfRange`].
    pub fn inclusion(&self, index: LeafIndex, size: TreeSize) -> Result<Vec<Hash>, TileError> {
        check_index(index, size)?;
        self.resolve(&subtree::inclusion(index.0, size.0), size)
    }

    /// Consistency path (RFC 9162 §2.1.4.1). Needs the tiles of [`consistency_tiles`].
    ///
    /// # Errors
    /// [`TileError::Missing`], [`ProofError::SizesReversed`].
    pub fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, TileError> {
        check_order(old, new)?;
        self.resolve(&subtree::consistency(old.0, new.0), new)
    }

    /// Path for the leaves `from..to`, as [`crate::log::range::verify_range`] takes it. Needs the
    /// tiles of [`range_tiles`].
    ///
    /// # Errors
    /// [`TileError::Missing`], [`ProofError::RangeOutOfTree`].
    pub fn range(
        &self,
        from: LeafIndex,
        to: LeafIndex,
        size: TreeSize,
    ) -> Result<Vec<Hash>, TileError> {
        self.resolve(&range_plan(from, to, size)?, size)
    }

    fn resolve(&self, plan: &[Subtree], size: TreeSize) -> Result<Vec<Hash>, TileError> {
        plan.iter().map(|subtree| self.subtree(*subtree, size)).collect()
    }

    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Hash, TileError> {
        let mut parts = Vec::new();
        for part in subtree.perfect_parts() {
            let slot = Slot::of(part);
            let hashes = self.tiles.get(&(slot.level, slot.index));
            let hashes = hashes.and_then(|hashes| hashes.get(slot.from..slot.to));
            parts.push(root_of(hashes.ok_or(TileError::Missing { tile: slot.tile(size) })?));
        }
        let root = parts.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
        Ok(root.unwrap_or_else(empty_root))
    }
}

/// The tiles that determine the root of the tree of the first `size` leaves.
#[must_use]
pub fn root_tiles(size: TreeSize) -> Vec<TileId> {
    tiles_for(&[Subtree::new(0, size.0)], size)
}

/// The tiles an inclusion path is read from, together with the leaf's own hash.
///
/// # Errors
/// [`ProofError::IndexOutOfRange`].
pub fn inclusion_tiles(index: LeafIndex, size: TreeSize) -> Result<Vec<TileId>, ProofError> {
    check_index(index, size)?;
    let mut plan = subtree::inclusion(index.0, size.0);
    plan.push(Subtree::new(index.0, index.0 + 1));
    Ok(tiles_for(&plan, size))
}

/// The tiles a consistency path is read from.
///
/// # Errors
/// [`ProofError::SizesReversed`].
pub fn consistency_tiles(old: TreeSize, new: TreeSize) -> Result<Vec<TileId>, ProofError> {
    check_order(old, new)?;
    Ok(tiles_for(&subtree::consistency(old.0, new.0), new))
}

/// The tiles a range path is read from.
///
/// # Errors
/// [`ProofError::RangeOutOfTree`].
pub fn range_tiles(
    from: LeafIndex,
    to: LeafIndex,
    size: TreeSize,
) -> Result<Vec<TileId>, ProofError> {
    Ok(tiles_for(&range_plan(from, to, size)?, size))
}

fn tiles_for(plan: &[Subtree], size: TreeSize) -> Vec<TileId> {
    let parts = plan.iter().flat_map(|subtree| subtree.perfect_parts());
    let tiles: BTreeSet<_> = parts.map(|part| Slot::of(part).tile(size)).collect();
    tiles.into_iter().collect()
}

/// Where the hashes of a perfect subtree stand: a part of one tile.
struct Slot {
    level: u8,
    index: u64,
    from: usize,
    to: usize,
}

impl Slot {
    fn of(perfect: Subtree) -> Self {
        let height = perfect.count().trailing_zeros();
        let level = height / 8;
        let first = perfect.from >> (8 * level);
        let from = (first % TILE_WIDTH as u64) as usize;
        let index = first / TILE_WIDTH as u64;
        Self { level: level as u8, index, from, to: from + (1 << (height % 8)) }
    }

    /// The tile as a tree of `size` leaves has it. A slot of that tree always lies in one.
    fn tile(&self, size: TreeSize) -> TileId {
        let narrowest = TileId { level: self.level, index: self.index, width: self.to as u16 };
        TileId::at(size, self.level, self.index).unwrap_or(narrowest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash::leaf_hash;
    use crate::log::range::{range_path, verify_range};
    use crate::log::tile::{levels_of, tiles_of};
    use crate::log::tree::{consistency_path, inclusion_path, verify_inclusion};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    fn bytes_of(tile: TileId, all: &[Hash]) -> Vec<u8> {
        let span = 1usize << (8 * tile.level);
        let first = tile.index as usize * TILE_WIDTH;
        let nodes = (first..first + usize::from(tile.width))
            .map(|node| root_of(&all[node * span..(node + 1) * span]));
        nodes.flat_map(|hash| hash.0).collect()
    }

    fn set_of(tiles: &[TileId], all: &[Hash]) -> TileSet {
        let mut set = TileSet::new();
        for tile in tiles {
            set.insert(*tile, &bytes_of(*tile, all)).unwrap();
        }
        set
    }

    #[test]
    fn proofs_need_just_the_tiles_that_are_named() {
        let all = leaves(70_000);
        let size = TreeSize(70_000);
        let root = root_of(&all);
        assert_eq!(set_of(&root_tiles(size), &all).root(size), Ok(root));
        for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999].map(LeafIndex) {
            let tiles = inclusion_tiles(index, size).unwrap();
            assert!(tiles.len() <= 5 && tiles.iter().all(|tile| tile.exists_at(size)));
            let set = set_of(&tiles, &all);
            let path = set.inclusion(index, size).unwrap();
            assert_eq!(path, inclusion_path(&all, index).unwrap());
            let leaf = set.leaf(index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
            for left_out in &tiles {
                let others: Vec<_> =
                    tiles.iter().filter(|tile| *tile != left_out).copied().collect();
                let set = set_of(&others, &all);
                let answer = set.leaf(index, size).and(set.inclusion(index, size));
                assert_eq!(answer, Err(TileError::Missing { tile: *left_out }));
            }
        }
        for old in [1, 255, 256, 257, 65_536, 69_888, 69_999].map(TreeSize) {
            let set = set_of(&consistency_tiles(old, size).unwrap(), &all);
            assert_eq!(set.consistency(old, size).unwrap(), consistency_path(&all, old).unwrap());
        }
        let (from, to) = (LeafIndex(300), LeafIndex(66_001));
        let set = set_of(&range_tiles(from, to, size).unwrap(), &all);
        let path = set.range(from, to, size).unwrap();
        assert_eq!(verify_range(&all[300..66_001], from, size, &path, &root), Ok(()));
    }

    #[test]
    fn a_wider_tile_serves_a_narrower_request() {
        let all = leaves(300);
        let whole = set_of(&tiles_of(TreeSize(300)).collect::<Vec<_>>(), &all);
        for size in (0..=300).map(TreeSize) {
            assert_eq!(whole.root(size), Ok(root_of(&all[..size.0 as usize])));
        }
        let narrow = TileId { level: 0, index: 1, width: 9 };
        assert_eq!(whole.get(narrow), Some(&all[256..265]));
        assert_eq!(whole.get(TileId { width: 45, ..narrow }), None);
        let missing = TileId { level: 0, index: 1, width: 45 };
        assert_eq!(whole.root(TreeSize(301)), Err(TileError::Missing { tile: missing }));
    }

    #[test]
    fn tiles_of_the_wrong_size_or_content_are_refused() {
        let all = leaves(20);
        let tile = TileId { level: 0, index: 0, width: 20 };
        let bytes = bytes_of(tile, &all);
        let mut set = TileSet::new();
        let length = TileError::Length { tile, found: 639, required: 640 };
        assert_eq!(set.insert(tile, &bytes[1..]), Err(length));
        for found in [0, 257] {
            let refused = set.insert(TileId { width: found, ..tile }, &bytes);
            assert_eq!(refused, Err(TileError::Width { found }));
        }
        set.insert(tile, &bytes).unwrap();
        let narrower = TileId { width: 7, ..tile };
        assert_eq!(set.insert(narrower, &bytes[..7 * 32]), Ok(()));
        assert_eq!(set.get(tile), Some(all.as_slice()));
        let mut forged = bytes[..7 * 32].to_vec();
        forged[6 * 32] ^= 1;
        assert_eq!(set.insert(narrower, &forged), Err(TileError::Conflict { tile: narrower }));
    }

    #[test]
    fn impossible_proofs_are_refused_before_tiles_are_read() {
        let set = TileSet::new();
        let size = TreeSize(5);
        assert!(matches!(set.inclusion(LeafIndex(5), size), Err(TileError::Proof(_))));
        assert!(matches!(set.consistency(TreeSize(6), size), Err(TileError::Proof(_))));
        assert!(matches!(set.range(LeafIndex(2), LeafIndex(2), size), Err(TileError::Proof(_))));
        assert!(inclusion_tiles(LeafIndex(5), size).is_err());
        assert!(consistency_tiles(TreeSize(6), size).is_err());
        assert_eq!(consistency_tiles(size, size), Ok(Vec::new()));
        assert_eq!(set.root(TreeSize(0)), Ok(empty_root()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn tiles_equal_the_reference(size in 1u64..1500, a: u64, b: u64) {
            let all = leaves(size);
            let tree = TreeSize(size);
            let set = set_of(&tiles_of(tree).collect::<Vec<_>>(), &all);
            let index = LeafIndex(a % size);
            prop_assert_eq!(set.root(tree), Ok(root_of(&all)));
            prop_assert_eq!(set.inclusion(index, tree), Ok(inclusion_path(&all, index)?));
            let old = TreeSize(b % (size + 1));
            prop_assert_eq!(set.consistency(old, tree), Ok(consistency_path(&all, old)?));
            let to = LeafIndex(index.0 + 1 + b % (size - index.0));
            prop_assert_eq!(set.range(index, to, tree), Ok(range_path(&all, index, to)?));
        }

        #[test]
        fn tile_lists_are_small_and_exist_whatever_the_size(size in 1u64.., a: u64, b: u64) {
            let tree = TreeSize(size);
            let index = LeafIndex(a % size);
            let old = TreeSize(b % size);
            let bound = 2 * levels_of(tree) + 1;
            for tiles in [inclusion_tiles(index, tree)?, consistency_tiles(old, tree)?, root_tiles(tree)] {
                prop_assert!(tiles.len() <= bound);
                prop_assert!(tiles.iter().all(|tile| tile.exists_at(tree)));
            }
        }
    }
}
