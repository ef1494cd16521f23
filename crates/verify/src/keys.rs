//! When members' keys began and ended, by the `key-*` statements among the inputs.

use std::collections::{HashMap, HashSet};

use attestry_proof::key::Thumbprint;
use attestry_proof::size::LeafIndex;

/// Changes of keys, by log and key.
#[derive(Debug, Default)]
pub(crate) struct KeyHistory {
    changes: HashMap<(String, Thumbprint), Vec<Change>>,
    revocations: HashSet<(String, LeafIndex)>,
    rotations: HashSet<(String, LeafIndex)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    pub(crate) at: LeafIndex,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Began { proven: bool },
    Ended,
}

impl KeyHistory {
    pub(crate) fn enrolled(&mut self, origin: &str, key: Thumbprint, at: LeafIndex, proven: bool) {
        self.add(origin, key, Change { at, what: What::Began { proven } });
    }

    pub(crate) fn revoked(&mut self, origin: &str, key: Thumbprint, at: LeafIndex) {
        self.revocations.insert((origin.to_owned(), at));
        self.add(origin, key, Change { at, what: What::Ended });
    }

    /// `next` is unknown where the payload is not among the inputs.
    pub(crate) fn rotated(
        &mut self,
        origin: &str,
        previous: Thumbprint,
        next: Option<Thumbprint>,
        at: LeafIndex,
        proven: bool,
    ) {
        self.rotations.insert((origin.to_owned(), at));
        self.add(origin, previous, Change { at, what: What::Ended });
        if let Some(next) = next {
            self.enrolled(origin, next, at, proven);
        }
    }

    fn add(&mut self, origin: &str, key: Thumbprint, change: Change) {
        self.changes.entry((origin.to_owned(), key)).or_default().push(change);
    }

    /// Orders what was added; to be called before asking.
    pub(crate) fn sort(&mut self) {
        self.changes.values_mut().for_each(|changes| changes.sort_unstable());
    }

    /// The last change of a key before an entry.
    pub(crate) fn before(&self, origin: &str, key: Thumbprint, at: LeafIndex) -> Option<Change> {
        self.of(origin, key).iter().rev().find(|change| change.at < at).copied()
    }

    /// Where the key ends first after an entry.
    pub(crate) fn end_after(
        &self,
        origin: &str,
        key: Thumbprint,
        at: LeafIndex,
    ) -> Option<LeafIndex> {
        let changes = self.of(origin, key).iter();
        let mut ends = changes.filter(|change| change.what == What::Ended);
        ends.find(|change| change.at > at).map(|change| change.at)
    }

    /// Number of entries that revoke a key.
    pub(crate) fn revocations(&self) -> usize {
        self.revocations.len()
    }

    /// Number of entries that replace a key.
    pub(crate) fn rotations(&self) -> usize {
        self.rotations.len()
    }

    fn of(&self, origin: &str, key: Thumbprint) -> &[Change] {
        if self.changes.is_empty() {
            return &[];
        }
        self.changes.get(&(origin.to_owned(), key)).map_or(&[], Vec::as_slice)
    }
}
