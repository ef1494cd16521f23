//! Which subtrees a proof names, without hashing anything.
//!
//! The recursions of RFC 9162 §2.1.3.1 (`PATH`) and §2.1.4.1 (`SUBPROOF`), unrolled over leaf
//! ranges instead of hashes, so that slices and tiles resolve the same plan.

/// The leaves `from..to`, never empty; its hash is `MTH(D[from:to])`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subtree {
    pub from: u64,
    pub to: u64,
}

impl Subtree {
    pub const fn new(from: u64, to: u64) -> Self {
        Self { from, to }
    }

    /// Number of leaves.
    pub const fn count(self) -> u64 {
        self.to - self.from
    }

    /// The two children of a subtree with at least two leaves.
    pub const fn children(self) -> (Self, Self) {
        let middle = self.from + largest_power_below(self.count());
        (Self::new(self.from, middle), Self::new(middle, self.to))
    }

    /// The perfect subtrees this one is made of, left to right, each smaller than the one before.
    pub fn perfect_parts(self) -> impl Iterator<Item = Self> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let width = 1 << rest.count().checked_ilog2()?;
            let part = Self::new(rest.from, rest.from + width);
            rest.from = part.to;
            Some(part)
        })
    }
}

/// `k` of RFC 9162 §2.1.1: the largest power of two smaller than `count`, for `count >= 2`.
const fn largest_power_below(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// `PATH(index, D_size)` from the leaf's sibling up (RFC 9162 §2.1.3.1); needs `index < size`.
pub(crate) fn inclusion(index: u64, size: u64) -> Vec<Subtree> {
    let mut path = Vec::new();
    let mut around = Subtree::new(0, size);
    while around.count() > 1 {
        let (left, right) = around.children();
        let (inside, sibling) = if index < left.to { (left, right) } else { (right, left) };
        path.push(sibling);
        around = inside;
    }
    path.reverse();
    path
}

/// `PROOF(old, D_new)` (RFC 9162 §2.1.4.1); empty if nothing needs proving (`old` is 0 or `new`).
/// Needs `old <= new`.
pub(crate) fn consistency(old: u64, new: u64) -> Vec<Subtree> {
    if old == 0 {
        return Vec::new();
    }
    let mut path = Vec::new();
    let mut around = Subtree::new(0, new);
    while around.to != old {
        let (left, right) = around.children();
        let (inside, sibling) = if old <= left.to { (left, right) } else { (right, left) };
        path.push(sibling);
        around = inside;
    }
    if around.from != 0 {
        path.push(around);
    }
    path.reverse();
    path
}

/// The subtrees outside `from..to` that complete it to the whole tree, left to right.
/// Needs `from < to <= size`.
pub(crate) fn range(from: u64, to: u64, size: u64) -> Vec<Subtree> {
    let mut outside = Vec::new();
    let mut pending = vec![Subtree::new(0, size)];
    while let Some(subtree) = pending.pop() {
        if subtree.to <= from || to <= subtree.from {
            outside.push(subtree);
        } else if subtree.from < from || to < subtree.to {
            let (left, right) = subtree.children();
            pending.extend([right, left]);
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_the_largest_power_strictly_below() {
        let cases = [(2, 1), (3, 2), (4, 2), (5, 4), (256, 128), (257, 256), (u64::MAX, 1 << 63)];
        for (count, expected) in cases {
            assert_eq!(largest_power_below(count), expected, "{count}");
        }
    }

    #[test]
    fn perfect_parts_follow_the_binary_digits_of_the_count() {
        let parts: Vec<_> = Subtree::new(16, 27).perfect_parts().collect();
        assert_eq!(parts, [Subtree::new(16, 24), Subtree::new(24, 26), Subtree::new(26, 27)]);
        assert_eq!(Subtree::new(3, 3).perfect_parts().count(), 0);
    }

    #[test]
    fn ranges_are_completed_on_both_sides() {
        assert_eq!(range(2, 5, 7), [Subtree::new(0, 2), Subtree::new(5, 6), Subtree::new(6, 7)]);
        assert_eq!(range(0, 7, 7), []);
    }

    #[test]
    fn the_largest_tree_has_paths_of_64_hashes() {
        assert_eq!(inclusion(0, u64::MAX).len(), 64);
        assert_eq!(consistency(1, u64::MAX).len(), 64);
    }
}
