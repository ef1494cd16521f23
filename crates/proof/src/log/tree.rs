//! The Merkle tree of RFC 9162 §2.1: roots, inclusion and consistency.
//!
//! The functions over slices are the reference everything faster is tested against. Verification
//! needs only hashes. **A path does not authenticate a position:** the same leaf, path and root
//! also verify under some other (index, size) pairs, so a position counts only with a size that
//! somebody signed together with the root.

use crate::hash::{Hash, empty_root, node_hash};
use crate::log::subtree::{self, Subtree};
use crate::size::{LeafIndex, TreeSize};

/// No inclusion path in a tree whose size fits 64 bits is longer; decoders apply it before
/// allocating.
pub const MAX_INCLUSION_HASHES: usize = 64;

/// No path of either kind is longer: a consistency path may begin with the node it climbs from.
pub const MAX_PATH_HASHES: usize = MAX_INCLUSION_HASHES + 1;

/// Why a Merkle proof was refused or cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index lies beyond the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutOfRange {
        /// Index asked for.
        index: LeafIndex,
        /// Leaves in the tree.
        size: TreeSize,
    },
    /// The range is empty or reaches beyond the tree.
    #[error("leaves {from} to {to} are not a range within a tree of {size} leaves")]
    RangeOutOfTree {
        /// First leaf of the range.
        from: LeafIndex,
        /// One past the last leaf of the range.
        to: LeafIndex,
        /// Leaves in the tree.
        size: TreeSize,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} leaves cannot be a prefix of one of {new} leaves")]
    SizesReversed {
        /// Size of the tree claimed to be older.
        old: TreeSize,
        /// Size of the tree claimed to be newer.
        new: TreeSize,
    },
    /// The older tree is empty: every tree extends it, so its path determines no root.
    #[error("an empty tree determines no later root")]
    EmptyOldTree,
    /// The path does not have the one length that fits; a surplus is refused like a shortfall.
    #[error("the path has {found} hashes, this position needs {required}")]
    PathLength {
        /// Hashes given.
        found: usize,
        /// Hashes the sizes and positions call for.
        required: usize,
    },
    /// The path leads to another root than the expected one.
    #[error("the path leads to root {found}, not to {required}")]
    RootMismatch {
        /// Root recomputed from the path.
        found: Hash,
        /// Root it should have been.
        required: Hash,
    },
    /// The path does not lead to the root of the older tree.
    #[error("the path leads to older root {found}, not to {required}")]
    OldRootMismatch {
        /// Older root recomputed from the path.
        found: Hash,
        /// Older root it should have been.
        required: Hash,
    },
}

/// `MTH` of the leaf hashes (RFC 9162 §2.1.1).
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = Subtree::new(0, leaves.len() as u64).children();
            node_hash(&subtree_root(leaves, left), &subtree_root(leaves, right))
        }
    }
}

/// `PATH` of one leaf hash among all (RFC 9162 §2.1.3.1), from the sibling up.
///
/// # Errors
/// [`ProofError::IndexOutOfRange`].
pub fn inclusion_path(leaves: &[Hash], index: LeafIndex) -> Result<Vec<Hash>, ProofError> {
    let size = TreeSize(leaves.len() as u64);
    check_index(index, size)?;
    Ok(resolve(leaves, &subtree::inclusion(index.0, size.0)))
}

/// `PROOF` that the first `old_size` leaves are a prefix of all (RFC 9162 §2.1.4.1); empty when
/// `old_size` is 0 or all leaves.
///
/// # Errors
/// [`ProofError::SizesReversed`].
pub fn consistency_path(leaves: &[Hash], old_size: TreeSize) -> Result<Vec<Hash>, ProofError> {
    let new_size = TreeSize(leaves.len() as u64);
    check_order(old_size, new_size)?;
    Ok(resolve(leaves, &subtree::consistency(old_size.0, new_size.0)))
}

/// Recomputes the root from a leaf hash and its path (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError::IndexOutOfRange`], [`ProofError::PathLength`].
pub fn root_from_inclusion(
    leaf: &Hash,
    index: LeafIndex,
    size: TreeSize,
    path: &[Hash],
) -> Result<Hash, ProofError> {
    check_index(index, size)?;
    let climb = Climb::new(index.0, size.0 - 1);
    climb.check_length(path.len(), 0)?;
    Ok(path.iter().zip(climb.sides()).fold(*leaf, |node, (sibling, side)| match side {
        Side::Left => node_hash(sibling, &node),
        Side::Right => node_hash(&node, sibling),
    }))
}

/// Checks that a leaf hash is at `index` in the tree of `size` leaves with this `root`
/// (RFC 9162 §2.1.3.2). The root and the size must come from one signed statement.
///
/// # Errors
/// [`ProofError::IndexOutOfRange`], [`ProofError::PathLength`], [`ProofError::RootMismatch`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: LeafIndex,
    size: TreeSize,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let found = root_from_inclusion(leaf, index, size, path)?;
    check_root(found, *root)
}

/// Recomputes the newer root from the older one and a consistency path, checking that the same
/// path leads to the older root too (RFC 9162 §2.1.4.2).
///
/// # Errors
/// [`ProofError::SizesReversed`], [`ProofError::EmptyOldTree`], [`ProofError::PathLength`],
/// [`ProofError::OldRootMismatch`].
pub fn root_from_consistency(
    old_size: TreeSize,
    old_root: &Hash,
    new_size: TreeSize,
    path: &[Hash],
) -> Result<Hash, ProofError> {
    check_order(old_size, new_size)?;
    if old_size.0 == 0 {
        return Err(ProofError::EmptyOldTree);
    }
    if old_size == new_size {
        check_length(path.len(), 0)?;
        return Ok(*old_root);
    }
    // The smallest perfect subtree at the right edge of the older tree is where both climbs start.
    let height = old_size.0.trailing_zeros();
    let climb = Climb::new((old_size.0 - 1) >> height, (new_size.0 - 1) >> height);
    let whole = old_size.0.is_power_of_two();
    climb.check_length(path.len(), usize::from(!whole))?;
    let (start, siblings) = match path.split_first() {
        Some((first, rest)) if !whole => (first, rest),
        _ => (old_root, path),
    };
    let (mut old, mut new) = (*start, *start);
    for (sibling, side) in siblings.iter().zip(climb.sides()) {
        match side {
            Side::Left => {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            }
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    if old != *old_root {
        return Err(ProofError::OldRootMismatch { found: old, required: *old_root });
    }
    Ok(new)
}

/// Checks that the older tree is a prefix of the newer one (RFC 9162 §2.1.4.2). Equal sizes need
/// equal roots, an older tree of size 0 the empty root; both take the empty path.
///
/// # Errors
/// See [`ProofError`].
pub fn verify_consistency(
    old_size: TreeSize,
    old_root: &Hash,
    new_size: TreeSize,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if old_size.0 == 0 {
        check_length(path.len(), 0)?;
        if *old_root != empty_root() {
            return Err(ProofError::OldRootMismatch { found: empty_root(), required: *old_root });
        }
        return if new_size.0 == 0 { check_root(empty_root(), *new_root) } else { Ok(()) };
    }
    let found = root_from_consistency(old_size, old_root, new_size, path)?;
    check_root(found, *new_root)
}

/// Where a sibling stands.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root, in a row of nodes whose last position is `last`.
#[derive(Clone, Copy)]
struct Climb {
    position: u64,
    /// Levels below the point where the way meets the right edge of the tree: a sibling at each.
    inner: u32,
}

impl Climb {
    const fn new(position: u64, last: u64) -> Self {
        Self { position, inner: u64::BITS - (position ^ last).leading_zeros() }
    }

    /// On the right edge only left siblings exist: one for each bit set.
    const fn border(self) -> u64 {
        self.position.unbounded_shr(self.inner)
    }

    fn check_length(self, found: usize, extra: usize) -> Result<(), ProofError> {
        check_length(found, (self.inner + self.border().count_ones()) as usize + extra)
    }

    fn sides(self) -> impl Iterator<Item = Side> {
        (0..self.inner)
            .map(
                move |level| if self.position >> level & 1 == 1 { Side::Left } else { Side::Right },
            )
            .chain((0..self.border().count_ones()).map(|_| Side::Left))
    }
}

pub(crate) fn check_index(index: LeafIndex, size: TreeSize) -> Result<(), ProofError> {
    if index.0 < size.0 { Ok(()) } else { Err(ProofError::IndexOutOfRange { index, size }) }
}

pub(crate) fn check_order(old: TreeSize, new: TreeSize) -> Result<(), ProofError> {
    if old <= new { Ok(()) } else { Err(ProofError::SizesReversed { old, new }) }
}

pub(crate) fn check_root(found: Hash, required: Hash) -> Result<(), ProofError> {
    if found == required { Ok(()) } else { Err(ProofError::RootMismatch { found, required }) }
}

pub(crate) fn check_length(found: usize, required: usize) -> Result<(), ProofError> {
    if found == required { Ok(()) } else { Err(ProofError::PathLength { found, required }) }
}

pub(crate) fn resolve(leaves: &[Hash], plan: &[Subtree]) -> Vec<Hash> {
    plan.iter().map(|subtree| subtree_root(leaves, *subtree)).collect()
}

fn subtree_root(leaves: &[Hash], subtree: Subtree) -> Hash {
    root_of(&leaves[subtree.from as usize..subtree.to as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    const SIZE_MAX: u64 = 70;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    fn slice(leaves: &[Hash], size: u64) -> &[Hash] {
        &leaves[..size as usize]
    }

    /// Leaves and roots of the Certificate Transparency test tree (google/certificate-transparency
    /// `merkle_tree_test`, also used by transparency-dev/merkle).
    #[test]
    fn roots_of_the_well_known_tree() {
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        let leaves = entries.map(|entry| leaf_hash(&bytes(entry)));
        assert_eq!(root_of(&[]), empty_root());
        for (last, root) in roots.iter().enumerate() {
            assert_eq!(root_of(&leaves[..=last]).to_hex(), *root);
        }
    }

    /// The tree of seven leaves drawn in RFC 9162 §2.1.5, with the paths it lists.
    #[test]
    fn paths_of_the_seven_leaf_example() {
        let d = leaves(7);
        let node = node_hash;
        let (g, h, i) = (node(&d[0], &d[1]), node(&d[2], &d[3]), node(&d[4], &d[5]));
        let (k, l) = (node(&g, &h), node(&i, &d[6]));
        let path = |index| inclusion_path(&d, LeafIndex(index)).unwrap();
        assert_eq!(path(0), [d[1], h, l]);
        assert_eq!(path(3), [d[2], g, l]);
        assert_eq!(path(4), [d[5], d[6], k]);
        assert_eq!(path(6), [i, k]);
        let proof = |old| consistency_path(&d, TreeSize(old)).unwrap();
        assert_eq!(proof(3), [d[2], d[3], g, l]);
        assert_eq!(proof(4), [l]);
        assert_eq!(proof(6), [i, d[6], k]);
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_included_where_it_is() {
        let all = leaves(SIZE_MAX);
        for size in 1..=SIZE_MAX {
            let tree = slice(&all, size);
            let root = root_of(tree);
            for index in 0..size {
                let path = inclusion_path(tree, LeafIndex(index)).unwrap();
                let verdict = |leaf: &Hash, path: &[Hash], root: &Hash| {
                    verify_inclusion(leaf, LeafIndex(index), TreeSize(size), path, root)
                };
                let leaf = tree[index as usize];
                assert_eq!(verdict(&leaf, &path, &root), Ok(()), "{index} of {size}");
                assert!(matches!(
                    verdict(&root_of(&[]), &path, &root),
                    Err(ProofError::RootMismatch { .. })
                ));
                assert!(verdict(&leaf, &path, &leaf_hash(b"another root")).is_err());
                let longer = [path.as_slice(), &[root]].concat();
                let refusal = ProofError::PathLength { found: longer.len(), required: path.len() };
                assert_eq!(verdict(&leaf, &longer, &root), Err(refusal));
                for place in 0..path.len() {
                    let mut forged = path.clone();
                    forged[place].0[7] ^= 0x80;
                    assert!(verdict(&leaf, &forged, &root).is_err());
                    assert!(verdict(&leaf, &path[..place], &root).is_err());
                }
            }
        }
    }

    #[test]
    fn every_pair_of_small_trees_is_consistent_one_way_only() {
        let all = leaves(SIZE_MAX);
        let roots: Vec<Hash> = (0..=SIZE_MAX).map(|size| root_of(slice(&all, size))).collect();
        for new in 0..=SIZE_MAX {
            let tree = slice(&all, new);
            for old in 0..=new {
                let path = consistency_path(tree, TreeSize(old)).unwrap();
                let (old_root, new_root) = (roots[old as usize], roots[new as usize]);
                let verdict = |old_root: &Hash, new_root: &Hash, path: &[Hash]| {
                    verify_consistency(TreeSize(old), old_root, TreeSize(new), new_root, path)
                };
                assert_eq!(verdict(&old_root, &new_root, &path), Ok(()), "{old} to {new}");
                let other = leaf_hash(b"another root");
                assert!(verdict(&other, &new_root, &path).is_err(), "{old} to {new}");
                if old > 0 || new == 0 {
                    assert!(verdict(&old_root, &other, &path).is_err(), "{old} to {new}");
                }
                let longer = [path.as_slice(), &[other]].concat();
                let refusal = ProofError::PathLength { found: longer.len(), required: path.len() };
                assert_eq!(verdict(&old_root, &new_root, &longer), Err(refusal));
                for place in 0..path.len() {
                    let mut forged = path.clone();
                    forged[place].0[0] ^= 1;
                    assert!(verdict(&old_root, &new_root, &forged).is_err(), "{old} to {new}");
                    assert!(verdict(&old_root, &new_root, &path[..place]).is_err());
                }
                if old < new {
                    let back = verify_consistency(
                        TreeSize(new),
                        &new_root,
                        TreeSize(old),
                        &old_root,
                        &path,
                    );
                    assert!(matches!(back, Err(ProofError::SizesReversed { .. })));
                }
            }
        }
    }

    #[test]
    fn a_rewritten_leaf_breaks_consistency() {
        let honest = leaves(20);
        let mut rewritten = honest.clone();
        rewritten[3] = leaf_hash(b"changed afterwards");
        let path = consistency_path(&rewritten, TreeSize(13)).unwrap();
        let old_root = root_of(&honest[..13]);
        let verdict = root_from_consistency(TreeSize(13), &old_root, TreeSize(20), &path);
        assert!(matches!(verdict, Err(ProofError::OldRootMismatch { .. })));
    }

    /// The trap: one leaf, path and root, several positions. Exact path lengths do not tell them
    /// apart; the size that was signed together with the root does.
    #[test]
    fn the_same_path_verifies_under_other_positions() {
        let all = leaves(7);
        let root = root_of(&all);
        let aliases = |index: u64| -> Vec<(u64, u64)> {
            let leaf = all[index as usize];
            let path = inclusion_path(&all, LeafIndex(index)).unwrap();
            let pairs = (1..=64).flat_map(|size| (0..size).map(move |index| (index, size)));
            pairs
                .filter(|(index, size)| {
                    root_from_inclusion(&leaf, LeafIndex(*index), TreeSize(*size), &path)
                        == Ok(root)
                })
                .collect()
        };
        assert_eq!(aliases(0), [(0, 5), (0, 6), (0, 7), (0, 8)]);
        assert_eq!(aliases(6)[..3], [(3, 4), (5, 6), (6, 7)]);
        assert!(aliases(6).contains(&(48, 49)));
        for index in 0..7 {
            let at_signed_size: Vec<_> =
                aliases(index).into_iter().filter(|(_, size)| *size == 7).collect();
            assert_eq!(at_signed_size, [(index, 7)]);
        }
    }

    #[test]
    fn positions_outside_the_tree_are_refused() {
        let all = leaves(4);
        let path = inclusion_path(&all, LeafIndex(3)).unwrap();
        for (index, size) in [(4, 4), (u64::MAX, 4), (0, 0)] {
            let (index, size) = (LeafIndex(index), TreeSize(size));
            let refusal = ProofError::IndexOutOfRange { index, size };
            assert_eq!(root_from_inclusion(&all[3], index, size, &path), Err(refusal));
        }
        assert!(inclusion_path(&all, LeafIndex(4)).is_err());
        assert!(consistency_path(&all, TreeSize(5)).is_err());
    }

    #[test]
    fn the_largest_sizes_overflow_nothing() {
        let (leaf, path) = (leaf_hash(b"leaf"), [leaf_hash(b"sibling"); MAX_PATH_HASHES]);
        let largest = TreeSize(u64::MAX);
        for index in [0, 1, u64::MAX / 2, u64::MAX - 1] {
            let needs = match root_from_inclusion(&leaf, LeafIndex(index), largest, &[]) {
                Err(ProofError::PathLength { required, .. }) => required,
                other => panic!("{other:?}"),
            };
            assert!(needs <= MAX_INCLUSION_HASHES);
            assert!(root_from_inclusion(&leaf, LeafIndex(index), largest, &path[..needs]).is_ok());
        }
        let needs = match root_from_consistency(TreeSize(3), &leaf, largest, &[]) {
            Err(ProofError::PathLength { required, .. }) => required,
            other => panic!("{other:?}"),
        };
        assert_eq!(needs, MAX_PATH_HASHES);
        let verdict = root_from_consistency(TreeSize(3), &leaf, largest, &path);
        assert!(matches!(verdict, Err(ProofError::OldRootMismatch { .. })));
        let empty = root_from_consistency(TreeSize(0), &empty_root(), largest, &[]);
        assert_eq!(empty, Err(ProofError::EmptyOldTree));
    }
}
