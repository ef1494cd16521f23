//! Tiles and entry bundles: names, widths and contents (C2SP tlog-tiles).
//!
//! A tile is 256 consecutive node hashes of one height that is a multiple of 8, or the first few of
//! them while the tree is growing. [`TileSet`] reads proofs out of tiles; [`encode_bundle`] and
//! [`parse_bundle`] handle the entries themselves. Nothing here fetches or stores.

mod bundle;
mod path;
mod set;

pub use bundle::{
    BundleError, EntryBundleId, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRY_BYTES, bundles_of,
    encode_bundle, parse_bundle,
};
pub use path::{MAX_TILE_PATH_BYTES, TilePathError};
pub use set::{TileError, TileSet, consistency_tiles, inclusion_tiles, range_tiles, root_tiles};

use std::fmt;

use crate::log::text::decimal;
use crate::size::TreeSize;

/// Hashes in a full tile and entries in a full bundle.
pub const TILE_WIDTH: usize = 256;

/// Highest level a tile path can name; trees whose size fits 64 bits use levels 0 to 7.
pub const MAX_TILE_LEVEL: u8 = 63;

/// One tile: its level, its place in the level and how many hashes it has, 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Level: hashes stand for 256^level leaves each.
    pub level: u8,
    /// Zero-based index within the level.
    pub index: u64,
    /// Number of hashes; 256 is a full tile, less a partial one.
    pub width: u16,
}

impl TileId {
    /// A full tile.
    #[must_use]
    pub const fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: TILE_WIDTH as u16 }
    }

    /// The tile at this place as a tree of `size` leaves has it; `None` where it has no hashes.
    #[must_use]
    pub fn at(size: TreeSize, level: u8, index: u64) -> Option<Self> {
        let width = width_at(nodes_at(size, usize::from(level)), index)?;
        Some(Self { level, index, width })
    }

    /// Whether the tile is full.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as usize == TILE_WIDTH
    }

    /// Whether a tree of `size` leaves determines all hashes of this tile: it is one of the tree's
    /// own tiles, or a narrower cut of one.
    #[must_use]
    pub fn exists_at(&self, size: TreeSize) -> bool {
        self.width != 0
            && Self::at(size, self.level, self.index).is_some_and(|own| self.width <= own.width)
    }

    /// Path under the log's prefix, such as `tile/0/x001/234.p/56`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, path::encode_place(self.index, self.width))
    }

    /// Reads a path in exactly the form [`TileId::path`] writes.
    ///
    /// # Errors
    /// See [`TilePathError`].
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        let rest = path::strip(path, "tile/")?;
        let (level, place) = rest.split_once('/').ok_or(TilePathError::Prefix)?;
        let level = decimal(level)
            .filter(|level| *level <= u64::from(MAX_TILE_LEVEL))
            .ok_or(TilePathError::Level)? as u8;
        let (index, width) = path::decode_place(place)?;
        Ok(Self { level, index, width })
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Width of the partial tile of a level: floor(size / 256^level) mod 256; 0 means no such tile.
#[must_use]
pub fn partial_width(size: TreeSize, level: usize) -> u16 {
    (nodes_at(size, level) % TILE_WIDTH as u64) as u16
}

/// Number of tile levels of a tree: those with at least one hash, full or partial.
#[must_use]
pub fn levels_of(size: TreeSize) -> usize {
    size.0.checked_ilog2().map_or(0, |bits| bits as usize / 8 + 1)
}

/// All tiles of a tree, level by level from the leaves, each level left to right.
pub fn tiles_of(size: TreeSize) -> impl Iterator<Item = TileId> {
    (0..levels_of(size)).flat_map(move |level| {
        let count = nodes_at(size, level).div_ceil(TILE_WIDTH as u64);
        (0..count).filter_map(move |index| TileId::at(size, level as u8, index))
    })
}

/// Perfect nodes of height 8 × level in a tree.
fn nodes_at(size: TreeSize, level: usize) -> u64 {
    u32::try_from(8 * level).map_or(0, |height| size.0.unbounded_shr(height))
}

/// How many of `nodes` fall into the group of 256 at `index`; `None` for none.
fn width_at(nodes: u64, index: u64) -> Option<u16> {
    let before = index.checked_mul(TILE_WIDTH as u64)?;
    let width = nodes.saturating_sub(before).min(TILE_WIDTH as u64);
    (width != 0).then_some(width as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventy_thousand_leaves_make_the_tiles_the_specification_lists() {
        let size = TreeSize(70_000);
        let tiles: Vec<_> = tiles_of(size).collect();
        let count = |level, full| {
            tiles.iter().filter(|tile| tile.level == level && tile.is_full() == full).count()
        };
        assert_eq!((count(0, true), count(1, true), count(2, true)), (273, 1, 0));
        let partial: Vec<_> = tiles.iter().filter(|tile| !tile.is_full()).copied().collect();
        let expected = [(0, 273, 112), (1, 1, 17), (2, 0, 1)];
        assert_eq!(partial, expected.map(|(level, index, width)| TileId { level, index, width }));
        assert_eq!([0, 1, 2, 3].map(|level| partial_width(size, level)), [112, 17, 1, 0]);
    }

    #[test]
    fn a_full_tile_starts_the_level_above() {
        let tiles: Vec<_> = tiles_of(TreeSize(256)).collect();
        assert_eq!(tiles, [TileId::full(0, 0), TileId { level: 1, index: 0, width: 1 }]);
        assert_eq!(tiles_of(TreeSize(0)).count(), 0);
        assert_eq!(
            [0, 1, 255, 256, 65_535, 65_536].map(|n| levels_of(TreeSize(n))),
            [0, 1, 1, 2, 2, 3]
        );
    }

    #[test]
    fn only_cuts_of_a_trees_own_tiles_exist() {
        let tile = |level, index, width| TileId { level, index, width };
        let size = TreeSize(600);
        for exists in
            [tile(0, 0, 256), tile(0, 0, 1), tile(0, 2, 88), tile(0, 2, 87), tile(1, 0, 2)]
        {
            assert!(exists.exists_at(size), "{exists}");
        }
        let nothing = [
            tile(0, 2, 89),
            tile(0, 2, 0),
            tile(0, 3, 1),
            tile(1, 0, 3),
            tile(2, 0, 1),
            tile(8, 0, 1),
            tile(63, u64::MAX, 1),
        ];
        for absent in nothing {
            assert!(!absent.exists_at(size), "{absent}");
        }
    }

    #[test]
    fn the_largest_size_overflows_nothing() {
        let size = TreeSize(u64::MAX);
        assert_eq!(levels_of(size), 8);
        assert_eq!(partial_width(size, 7), 255);
        assert_eq!(partial_width(size, usize::MAX / 8), 0);
        assert_eq!(TileId::at(size, 0, u64::MAX / 256).map(|tile| tile.width), Some(255));
    }
}
