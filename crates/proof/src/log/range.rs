//! Proof that consecutive leaves are in a tree: one path for all of them.
//!
//! The path holds the subtrees left and right of the range, from left to right. (For a single leaf
//! these are the hashes of its inclusion path, in another order.) Verification costs one hash per
//! leaf and O(log n) more.

use crate::hash::{Hash, node_hash};
use crate::log::subtree::{self, Subtree};
use crate::log::tree::{ProofError, check_length, check_root, resolve, root_of};
use crate::size::{LeafIndex, TreeSize};

/// A range has at most this many neighbours: as many as the tree has levels, on either side.
pub const MAX_RANGE_PATH_HASHES: usize = 128;

/// Path for the leaves `from..to` of the tree over all `leaves`.
///
/// # Errors
/// [`ProofError::RangeOutOfTree`], also for an empty range.
pub fn range_path(
    leaves: &[Hash],
    from: LeafIndex,
    to: LeafIndex,
) -> Result<Vec<Hash>, ProofError> {
    let size = TreeSize(leaves.len() as u64);
    Ok(resolve(leaves, &range_plan(from, to, size)?))
}

/// Recomputes the root from the leaf hashes that start at `from`, and their path.
///
/// # Errors
/// [`ProofError::RangeOutOfTree`], also for no leaves at all; [`ProofError::PathLength`].
pub fn root_from_range(
    leaves: &[Hash],
    from: LeafIndex,
    size: TreeSize,
    path: &[Hash],
) -> Result<Hash, ProofError> {
    let to = LeafIndex(from.0.saturating_add(leaves.len() as u64));
    let plan = range_plan(from, to, size)?;
    check_length(path.len(), plan.len())?;
    let mut siblings = path.iter();
    let mut rebuild = Rebuild { leaves, from: from.0, to: to.0, siblings: &mut siblings };
    Ok(rebuild.root(Subtree::new(0, size.0)))
}

/// Checks that the leaf hashes stand, in this order and from index `from` on, in the tree of `size`
/// leaves with this `root`. The root and the size must come from one signed statement.
///
/// # Errors
/// [`ProofError::RangeOutOfTree`], [`ProofError::PathLength`], [`ProofError::RootMismatch`].
pub fn verify_range(
    leaves: &[Hash],
    from: LeafIndex,
    size: TreeSize,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    check_root(root_from_range(leaves, from, size, path)?, *root)
}

pub(crate) fn range_plan(
    from: LeafIndex,
    to: LeafIndex,
    size: TreeSize,
) -> Result<Vec<Subtree>, ProofError> {
    if from < to && to.0 <= size.0 {
        Ok(subtree::range(from.0, to.0, size.0))
    } else {
        Err(ProofError::RangeOutOfTree { from, to, size })
    }
}

struct Rebuild<'a, 'b> {
    leaves: &'a [Hash],
    from: u64,
    to: u64,
    siblings: &'b mut std::slice::Iter<'a, Hash>,
}

impl Rebuild<'_, '_> {
    /// Goes down at most 64 levels, visiting the siblings in the order the plan lists them.
    fn root(&mut self, subtree: Subtree) -> Hash {
        if subtree.to <= self.from || self.to <= subtree.from {
            // The plan has exactly as many subtrees as there are siblings: checked before.
            return self.siblings.next().copied().unwrap_or_default();
        }
        if self.from <= subtree.from && subtree.to <= self.to {
            let (start, end) = (subtree.from - self.from, subtree.to - self.from);
            return root_of(&self.leaves[start as usize..end as usize]);
        }
        let (left, right) = subtree.children();
        let left = self.root(left);
        node_hash(&left, &self.root(right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use crate::log::tree::{inclusion_path, root_of};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    #[test]
    fn every_range_of_every_small_tree_verifies_and_only_where_it_stands() {
        for size in 1..=20u64 {
            let all = leaves(size);
            let root = root_of(&all);
            for from in 0..size {
                for to in from + 1..=size {
                    let path = range_path(&all, LeafIndex(from), LeafIndex(to)).unwrap();
                    let part = &all[from as usize..to as usize];
                    let verdict = |part: &[Hash], from, path: &[Hash]| {
                        verify_range(part, LeafIndex(from), TreeSize(size), path, &root)
                    };
                    assert_eq!(verdict(part, from, &path), Ok(()), "{from}..{to} of {size}");
                    assert!(verdict(part, from + 1, &path).is_err(), "{from}..{to} of {size}");
                    assert!(verdict(&part[1..], from, &path).is_err(), "{from}..{to} of {size}");
                    for place in 0..part.len() {
                        let mut forged = part.to_vec();
                        forged[place].0[31] ^= 1;
                        assert!(verdict(&forged, from, &path).is_err());
                    }
                    for place in 0..path.len() {
                        let mut forged = path.clone();
                        forged[place].0[0] ^= 1;
                        assert!(verdict(part, from, &forged).is_err());
                    }
                    let longer = [path.as_slice(), &[root]].concat();
                    assert!(matches!(
                        verdict(part, from, &longer),
                        Err(ProofError::PathLength { .. })
                    ));
                }
            }
        }
    }

    #[test]
    fn a_single_leaf_needs_the_hashes_of_its_inclusion_path() {
        let all = leaves(13);
        let mut range = range_path(&all, LeafIndex(6), LeafIndex(7)).unwrap();
        let mut inclusion = inclusion_path(&all, LeafIndex(6)).unwrap();
        range.sort();
        inclusion.sort();
        assert_eq!(range, inclusion);
    }

    #[test]
    fn empty_and_overlong_ranges_are_refused() {
        let all = leaves(4);
        for (from, to) in [(2, 2), (3, 2), (2, 5)] {
            assert!(range_path(&all, LeafIndex(from), LeafIndex(to)).is_err());
        }
        let verdict =
            verify_range(&[], LeafIndex(0), TreeSize(4), &[root_of(&all)], &root_of(&all));
        assert!(matches!(verdict, Err(ProofError::RangeOutOfTree { .. })));
        assert!(root_from_range(&all, LeafIndex(u64::MAX), TreeSize(u64::MAX), &[]).is_err());
    }
}
