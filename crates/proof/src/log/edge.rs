//! The right edge of the tree: all the state that appending needs, O(log n) hashes.
//!
//! An [`Edge`] holds the partial tiles of its size and the roots of the perfect subtrees in them.
//! Appending a batch gives a [`Growth`]: the new edge, the tiles that became full, and whatever
//! can be proven about the batch at its new size. Hashing costs one node per leaf, and no more
//! than one per level besides.

use crate::hash::{Hash, empty_root, node_hash};
use crate::log::tile::{TILE_WIDTH, TileId, levels_of, partial_width};
use crate::log::tree::root_of;
use crate::size::{LeafIndex, TreeSize};

/// Largest size an edge is opened at: what fits a signed 64-bit integer, as stores and other log
/// clients keep sizes. It also keeps every shift and sum here from overflowing.
pub const MAX_EDGE_SIZE: TreeSize = TreeSize(i64::MAX as u64);

const TILE_HEIGHT: usize = 8;

/// A full tile and its 256 hashes.
pub type FullTile = (TileId, Vec<Hash>);

/// Why partial tiles are not the edge of a tree of the given size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError {
    /// A level does not have the width the size calls for: floor(size / 256^level) mod 256.
    #[error("the partial tile of level {level} has {found} hashes, the size needs {required}")]
    Width {
        /// Tile level.
        level: usize,
        /// Hashes given.
        found: usize,
        /// Hashes a tree of this size has there.
        required: usize,
    },
    /// The size is beyond [`MAX_EDGE_SIZE`].
    #[error("a tree of {found} leaves is beyond the limit of {limit}")]
    TooLarge {
        /// Size given.
        found: TreeSize,
        /// [`MAX_EDGE_SIZE`].
        limit: TreeSize,
    },
}

/// The right edge at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    size: TreeSize,
    levels: Vec<Vec<Hash>>,
    /// By height: the root of the perfect subtree of 2^height leaves, where the size has that bit.
    peaks: Vec<Option<Hash>>,
}

impl Edge {
    /// The edge of the tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: TreeSize(0), levels: Vec::new(), peaks: Vec::new() }
    }

    /// Takes the partial tiles of a tree of `size` leaves, by level. Levels may be left out from
    /// the end where their width is 0. The hashes are believed: compare [`Edge::root`] with a
    /// root that is trusted.
    ///
    /// # Errors
    /// See [`EdgeError`].
    pub fn from_partial_tiles(
        size: TreeSize,
        mut levels: Vec<Vec<Hash>>,
    ) -> Result<Self, EdgeError> {
        if size > MAX_EDGE_SIZE {
            return Err(EdgeError::TooLarge { found: size, limit: MAX_EDGE_SIZE });
        }
        levels.resize(levels.len().max(levels_of(size)), Vec::new());
        for (level, tile) in levels.iter().enumerate() {
            let (found, required) = (tile.len(), usize::from(partial_width(size, level)));
            if found != required {
                return Err(EdgeError::Width { level, found, required });
            }
        }
        levels.truncate(levels_of(size));
        let peaks = levels.iter().flat_map(|tile| tile_peaks(tile)).collect();
        Ok(Self { size, levels, peaks })
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// The partial tile of a level; empty where the tree has none.
    #[must_use]
    pub fn partial_tile(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    /// The partial tiles by level, some of them empty, up to the highest level with hashes.
    #[must_use]
    pub fn levels(&self) -> &[Vec<Hash>] {
        &self.levels
    }

    /// The ids and hashes of the partial tiles that are not empty.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        self.levels.iter().enumerate().filter(|(_, tile)| !tile.is_empty()).map(|(level, tile)| {
            let index = self.size.0 >> (TILE_HEIGHT * level) >> TILE_HEIGHT;
            (TileId { level: level as u8, index, width: tile.len() as u16 }, tile.as_slice())
        })
    }

    /// The root; at most one hash per level.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of_tails(&tails(&self.peaks))
    }

    /// Appends a batch of leaf hashes; an empty batch is allowed.
    #[must_use]
    pub fn grow(&self, leaves: &[Hash]) -> Growth {
        let size = TreeSize(self.size.0 + leaves.len() as u64);
        let rows = self.rows(size, leaves);
        let peaks: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(height, row)| row.hashes.last().copied().filter(|_| has_bit(size, height)))
            .collect();
        let tails = tails(&peaks);
        let (levels, full_tiles) = self.tiles(size, &rows);
        let edge = Self { size, levels, peaks };
        Growth { edge, old_size: self.size, rows, tails, full_tiles }
    }

    fn peak(&self, height: usize) -> Option<Hash> {
        self.peaks.get(height).copied().flatten()
    }

    /// By height, the perfect nodes the batch completes, with the old peak they build on.
    fn rows(&self, size: TreeSize, leaves: &[Hash]) -> Vec<Row> {
        let heights = levels_of(size) * TILE_HEIGHT;
        let mut rows: Vec<Row> = Vec::with_capacity(heights);
        for height in 0..heights {
            let mut hashes = Vec::with_capacity((leaves.len() >> height) + 2);
            hashes.extend(self.peak(height));
            match rows.last() {
                None => hashes.extend_from_slice(leaves),
                Some(below) => {
                    let pairs = below.hashes.chunks_exact(2);
                    hashes.extend(pairs.map(|pair| node_hash(&pair[0], &pair[1])));
                }
            }
            rows.push(Row { first: self.size.0 >> height & !1, hashes });
        }
        rows
    }

    fn tiles(&self, size: TreeSize, rows: &[Row]) -> (Vec<Vec<Hash>>, Vec<FullTile>) {
        let mut levels = Vec::with_capacity(levels_of(size));
        let mut full = Vec::new();
        for level in 0..levels_of(size) {
            let height = level * TILE_HEIGHT;
            let first = self.size.0 >> height;
            let row = &rows[height];
            let mut hashes = self.partial_tile(level).to_vec();
            hashes.extend_from_slice(&row.hashes[(first - row.first) as usize..]);
            let chunks = hashes.chunks_exact(TILE_WIDTH);
            levels.push(chunks.remainder().to_vec());
            let indexes = first >> TILE_HEIGHT..;
            full.extend(
                indexes
                    .zip(chunks)
                    .map(|(index, chunk)| (TileId::full(level as u8, index), chunk.to_vec())),
            );
        }
        (levels, full)
    }
}

/// What a batch did to the tree.
#[derive(Clone, Debug)]
pub struct Growth {
    edge: Edge,
    old_size: TreeSize,
    rows: Vec<Row>,
    /// By height: the root of the leaves right of the last complete node of that height.
    tails: Vec<Option<Hash>>,
    full_tiles: Vec<FullTile>,
}

impl Growth {
    /// The edge after the batch.
    #[must_use]
    pub const fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The edge after the batch, by value.
    #[must_use]
    pub fn into_edge(self) -> Edge {
        self.edge
    }

    /// Size before the batch: the index of its first leaf.
    #[must_use]
    pub const fn old_size(&self) -> TreeSize {
        self.old_size
    }

    /// Size after the batch.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.edge.size
    }

    /// Root after the batch; already computed.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of_tails(&self.tails)
    }

    /// The tiles that became full, lower levels first, 256 hashes each.
    #[must_use]
    pub fn full_tiles(&self) -> &[FullTile] {
        &self.full_tiles
    }

    /// Inclusion path at the new size of a leaf of this batch, by its index in the log; `None` for
    /// leaves before or after the batch. Copies hashes, computes none.
    #[must_use]
    pub fn inclusion(&self, index: LeafIndex) -> Option<Vec<Hash>> {
        let batch = self.old_size.0..self.edge.size.0;
        batch.contains(&index.0).then(|| self.siblings(0, index.0).collect())
    }

    /// Consistency path from the old size to the new one; copies hashes, computes none.
    #[must_use]
    pub fn consistency(&self) -> Vec<Hash> {
        let old = self.old_size.0;
        if old == 0 || self.old_size == self.edge.size {
            return Vec::new();
        }
        let height = old.trailing_zeros() as usize;
        let position = (old >> height) - 1;
        let start = self.node(height, position).filter(|_| !old.is_power_of_two());
        start.copied().into_iter().chain(self.siblings(height, position)).collect()
    }

    /// The siblings on the way from a node at or right of the batch's left border to the root.
    fn siblings(&self, height: usize, position: u64) -> impl Iterator<Item = Hash> {
        (height..self.rows.len())
            .filter_map(move |above| self.node(above, position >> (above - height) ^ 1).copied())
    }

    fn node(&self, height: usize, position: u64) -> Option<&Hash> {
        if position == self.edge.size.0 >> height {
            return self.tails[height].as_ref();
        }
        let row = &self.rows[height];
        row.hashes.get(usize::try_from(position.checked_sub(row.first)?).ok()?)
    }
}

/// Perfect nodes of one height at consecutive positions, beginning at an even one.
#[derive(Clone, Debug)]
struct Row {
    first: u64,
    hashes: Vec<Hash>,
}

const fn has_bit(size: TreeSize, height: usize) -> bool {
    size.0 >> height & 1 == 1
}

/// The perfect subtrees of one partial tile, by height above it; the lowest stand rightmost.
fn tile_peaks(tile: &[Hash]) -> [Option<Hash>; TILE_HEIGHT] {
    let mut end = tile.len();
    std::array::from_fn(|height| {
        let width = tile.len() & 1 << height;
        end -= width;
        (width != 0).then(|| root_of(&tile[end..end + width]))
    })
}

/// By height: the root over the last (size mod 2^height) leaves, if there are any.
fn tails(peaks: &[Option<Hash>]) -> Vec<Option<Hash>> {
    let mut tails = vec![None];
    let mut tail: Option<Hash> = None;
    for peak in peaks {
        tail = match (peak, tail) {
            (Some(peak), Some(tail)) => Some(node_hash(peak, &tail)),
            (peak, tail) => peak.or(tail),
        };
        tails.push(tail);
    }
    tails
}

fn root_of_tails(tails: &[Option<Hash>]) -> Hash {
    tails.last().copied().flatten().unwrap_or_else(empty_root)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash::leaf_hash;
    use crate::log::tree::{consistency_path, inclusion_path};

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    /// Grows through the batches and compares everything a growth says with the reference.
    fn check_growth(all: &[Hash], batches: &[usize], path_step: usize) {
        let mut edge = Edge::empty();
        let mut from = 0;
        for count in batches {
            let to = from + count;
            let growth = edge.grow(&all[from..to]);
            let tree = &all[..to];
            assert_eq!(growth.old_size().0, from as u64);
            assert_eq!(growth.size().0, to as u64);
            assert_eq!(growth.root(), root_of(tree));
            assert_eq!(growth.edge().root(), growth.root());
            assert_eq!(
                growth.consistency(),
                consistency_path(tree, TreeSize(from as u64)).unwrap()
            );
            for index in (from..to).step_by(path_step).map(|index| LeafIndex(index as u64)) {
                assert_eq!(growth.inclusion(index), Some(inclusion_path(tree, index).unwrap()));
            }
            assert_eq!(growth.inclusion(LeafIndex(to as u64)), None);
            if from > 0 {
                assert_eq!(growth.inclusion(LeafIndex(from as u64 - 1)), None);
            }
            check_full_tiles(&growth, tree);
            let levels = growth.edge().levels().to_vec();
            let reopened = Edge::from_partial_tiles(growth.size(), levels).unwrap();
            assert_eq!(&reopened, growth.edge());
            edge = growth.into_edge();
            from = to;
        }
    }

    fn check_full_tiles(growth: &Growth, tree: &[Hash]) {
        let mut expected = Vec::new();
        for level in 0..levels_of(growth.size()) {
            let height = level * TILE_HEIGHT;
            let complete = |size: TreeSize| size.0 >> height >> TILE_HEIGHT;
            for index in complete(growth.old_size())..complete(growth.size()) {
                expected.push(TileId::full(level as u8, index));
            }
        }
        let found: Vec<_> = growth.full_tiles().iter().map(|(tile, _)| *tile).collect();
        assert_eq!(found, expected);
        for (tile, hashes) in growth.full_tiles() {
            assert_eq!(hashes.len(), TILE_WIDTH);
            let span = 1usize << (8 * tile.level);
            for (place, hash) in hashes.iter().enumerate() {
                let start = (tile.index as usize * TILE_WIDTH + place) * span;
                assert_eq!(*hash, root_of(&tree[start..start + span]), "{tile} {place}");
            }
        }
    }

    #[test]
    fn one_leaf_at_a_time_equals_the_reference() {
        check_growth(&leaves(300), &[1; 300], 1);
    }

    #[test]
    fn batches_around_tile_borders_equal_the_reference() {
        let all = leaves(1800);
        check_growth(&all, &[0, 255, 1, 1, 254, 1, 256, 0, 257, 512, 3], 1);
        check_growth(&all, &[1800], 1);
    }

    #[test]
    fn level_two_begins_at_65536_leaves() {
        let all = leaves(66_000);
        check_growth(&all, &[65_535, 1, 464], 20_000);
        let edge = Edge::empty().grow(&all[..65_536]).into_edge();
        assert_eq!(edge.levels().iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 1]);
        let tiles: Vec<_> = edge.partial_tiles().map(|(tile, _)| tile).collect();
        assert_eq!(tiles, [TileId { level: 2, index: 0, width: 1 }]);
    }

    #[test]
    fn the_empty_edge_has_the_empty_root() {
        let edge = Edge::empty();
        assert_eq!(edge.root(), empty_root());
        assert_eq!(edge.grow(&[]).root(), empty_root());
        assert_eq!(Edge::from_partial_tiles(TreeSize(0), Vec::new()), Ok(edge));
    }

    #[test]
    fn partial_tiles_of_the_wrong_width_are_refused() {
        let all = leaves(600);
        let edge = Edge::empty().grow(&all).into_edge();
        let width = |level, found, required| Err(EdgeError::Width { level, found, required });
        let open = |size, levels| Edge::from_partial_tiles(TreeSize(size), levels);
        assert_eq!(open(601, edge.levels().to_vec()), width(0, 88, 89));
        assert_eq!(open(88, edge.levels().to_vec()), width(1, 2, 0));
        assert_eq!(open(600, edge.levels()[..1].to_vec()), width(1, 0, 2));
        let with_empty = [edge.levels(), &[Vec::new(), Vec::new()]].concat();
        assert_eq!(open(600, with_empty), Ok(edge));
        let limit = MAX_EDGE_SIZE;
        let found = TreeSize(limit.0 + 1);
        let refusal = Err(EdgeError::TooLarge { found, limit });
        assert_eq!(Edge::from_partial_tiles(found, Vec::new()), refusal);
    }

    #[test]
    fn the_largest_edge_still_grows() {
        let levels = (0..8).map(|level| {
            vec![leaf_hash(b"filler"); usize::from(partial_width(MAX_EDGE_SIZE, level))]
        });
        let edge = Edge::from_partial_tiles(MAX_EDGE_SIZE, levels.collect()).unwrap();
        let growth = edge.grow(&leaves(3));
        assert_eq!(growth.size().0, (1 << 63) + 2);
        assert_eq!(growth.full_tiles().len(), 7);
        assert_eq!(growth.inclusion(LeafIndex(1 << 63)).map(|path| path.len()), Some(2));
        assert_ne!(growth.root(), edge.root());
    }

    #[test]
    fn a_changed_tile_changes_the_root() {
        let edge = Edge::empty().grow(&leaves(600)).into_edge();
        for level in 0..2 {
            for place in 0..edge.partial_tile(level).len() {
                let mut levels = edge.levels().to_vec();
                levels[level][place].0[9] ^= 1;
                let changed = Edge::from_partial_tiles(edge.size(), levels).unwrap();
                assert_ne!(changed.root(), edge.root());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_split_into_batches_equals_the_reference(batches in prop::collection::vec(0usize..400, 1..8)) {
            let all = leaves(batches.iter().sum());
            check_growth(&all, &batches, 97);
        }
    }
}
