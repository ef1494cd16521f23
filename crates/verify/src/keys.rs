//! When members' keys began and ended, by the `key-*` statements among the inputs.

use std::collections::{HashMap, HashSet};

use attestry_proof::key::Thumbprint;
use attestry_proof::payload::key_event::{KeyEnrolled, KeyRotated, MemberRole};
use attestry_proof::size::LeafIndex;

/// Changes of keys, by log and key.
#[derive(Debug, Default)]
pub(crate) struct KeyHistory {
    changes: HashMap<(String, Thumbprint), Vec<Change>>,
    revocations: HashSet<(String, LeafIndex)>,
    rotations: HashSet<(String, LeafIndex)>,
    replacements: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: LeafIndex,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Began(Beginning),
    Ended,
}

/// How a key began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// Whether the statement that says so is verified, or only logged.
    pub(crate) proven: bool,
    /// What that statement says; `None` where its payload is not among the inputs.
    pub(crate) terms: Option<Terms>,
}

/// What a statement says of the key that it brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) roles: Vec<MemberRole>,
    /// The key of the same holder before this one.
    pub(crate) before: Option<Predecessor>,
}

/// A key of the same holder that another one came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Predecessor {
    pub(crate) key: Thumbprint,
    /// Whether it was lost: then the holder showed who they are, and did not sign with it again.
    pub(crate) lost: bool,
}

/// Most keys of one holder that are followed back.
const LINEAGE_MAX: usize = 1_000;

impl KeyHistory {
    pub(crate) fn enrolled(
        &mut self,
        origin: &str,
        key: Thumbprint,
        at: LeafIndex,
        beginning: Beginning,
    ) {
        self.add(origin, key, Change { at, what: What::Began(beginning) });
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
        next: Option<(Thumbprint, Terms)>,
        at: LeafIndex,
        proven: bool,
    ) {
        self.rotations.insert((origin.to_owned(), at));
        self.add(origin, previous, Change { at, what: What::Ended });
        if let Some((next, terms)) = next {
            self.enrolled(origin, next, at, Beginning { proven, terms: Some(terms) });
        }
    }

    fn add(&mut self, origin: &str, key: Thumbprint, change: Change) {
        if let What::Began(Beginning { terms: Some(terms), .. }) = &change.what {
            self.replacements |= terms.before.is_some_and(|before| before.lost);
        }
        self.changes.entry((origin.to_owned(), key)).or_default().push(change);
    }

    /// Orders what was added, and puts copies of one entry together; to be called before asking.
    pub(crate) fn sort(&mut self) {
        for changes in self.changes.values_mut() {
            changes.sort_by_key(|change| (change.at, change.what == What::Ended));
            changes.dedup_by(|later, earlier| later.at == earlier.at && earlier.takes(later));
        }
    }

    /// The last change of a key before an entry.
    pub(crate) fn before(&self, origin: &str, key: Thumbprint, at: LeafIndex) -> Option<&Change> {
        self.of(origin, key).iter().rev().find(|change| change.at < at)
    }

    /// How a key began for the last time before an entry, and where.
    fn beginning(
        &self,
        origin: &str,
        key: Thumbprint,
        at: LeafIndex,
    ) -> Option<(LeafIndex, &Beginning)> {
        let earlier = self.of(origin, key).iter().rev().filter(|change| change.at < at);
        let mut began = earlier.filter_map(|change| match &change.what {
            What::Began(beginning) => Some((change.at, beginning)),
            What::Ended => None,
        });
        began.next()
    }

    /// Earlier keys of whoever signs with a key at an entry, from the latest to the first one known.
    /// Each says whether it, or a later one, was lost.
    pub(crate) fn lineage(
        &self,
        origin: &str,
        key: Thumbprint,
        at: LeafIndex,
    ) -> impl Iterator<Item = Predecessor> {
        let mut next = Some((Predecessor { key, lost: false }, at));
        let step = move || {
            let (current, at) = next?;
            // Every beginning is before the one that it led to, so this ends.
            next = self.beginning(origin, current.key, at).and_then(|(began, beginning)| {
                let before = beginning.terms.as_ref()?.before?;
                let lost = current.lost || before.lost;
                Some((Predecessor { key: before.key, lost }, began))
            });
            next.map(|(predecessor, _)| predecessor)
        };
        std::iter::from_fn(step).take(LINEAGE_MAX)
    }

    /// The first key known of whoever signs with a key at an entry: the same for keys that are
    /// known to be of one holder.
    pub(crate) fn first_key(&self, origin: &str, key: Thumbprint, at: LeafIndex) -> Thumbprint {
        self.lineage(origin, key, at).last().map_or(key, |first| first.key)
    }

    /// Whether any key stands in for a lost one.
    pub(crate) const fn has_replacements(&self) -> bool {
        self.replacements
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

impl Change {
    /// Adds what a copy of the same entry tells; false if it is no copy.
    fn takes(&mut self, copy: &Self) -> bool {
        match (&mut self.what, &copy.what) {
            (What::Began(known), What::Began(other)) => {
                known.proven |= other.proven;
                if known.terms.is_none() {
                    known.terms.clone_from(&other.terms);
                }
                true
            }
            (What::Ended, What::Ended) => true,
            _ => false,
        }
    }
}

impl From<&KeyEnrolled> for Terms {
    fn from(enrolled: &KeyEnrolled) -> Self {
        let before = enrolled.replaces.map(|key| Predecessor { key: key.0, lost: true });
        Self { roles: enrolled.roles.clone(), before }
    }
}

impl From<&KeyRotated> for Terms {
    fn from(rotated: &KeyRotated) -> Self {
        let before = Some(Predecessor { key: rotated.previous.0, lost: false });
        Self { roles: rotated.roles.clone(), before }
    }
}
