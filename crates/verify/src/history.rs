//! Whether what a log signed is one history: entries that contradict it, and checkpoints that no
//! proof links.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use attestry_proof::hash::Hash;
use attestry_proof::log::trust::TrustedCheckpoint;
use attestry_proof::size::{LeafIndex, TreeSize};
use serde::Serialize;

use crate::consistency::ConsistencyProofs;
use crate::settle::Seen;
use crate::verdict::StatementVerdict;
use crate::verifier::Verifier;

/// Places at which a log shows two different entries, by origin.
pub(crate) type ForkedEntries = BTreeMap<String, BTreeSet<LeafIndex>>;

/// Finds the places at which statements that are in a log contradict each other: an append-only
/// log has one entry at each, whatever the sizes of the trees that show it.
pub(crate) fn forked_entries(verdicts: &[StatementVerdict]) -> ForkedEntries {
    let mut leaves: HashMap<(&str, LeafIndex), Hash> = HashMap::with_capacity(verdicts.len());
    let mut forked = ForkedEntries::new();
    for verdict in verdicts {
        let Some(described) = &verdict.described else { continue };
        let Some(Seen { origin, index, .. }) = Seen::of(verdict) else { continue };
        if *leaves.entry((origin, index)).or_insert(described.leaf) != described.leaf {
            forked.entry(origin.to_owned()).or_default().insert(index);
        }
    }
    forked
}

/// Trusted checkpoints of one log that are not proven to be of one history. That they are not is
/// not shown either: without proofs of consistency nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unlinked {
    /// The log.
    pub origin: String,
    /// Size of its largest trusted checkpoint.
    pub size: u64,
    /// Sizes of the trusted checkpoints that it is not proven to continue, ascending.
    pub not_proven_to_continue: Vec<u64>,
}

/// All trusted checkpoints, and what consistency proofs say of them.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    /// By origin and size.
    pub(crate) trusted: Vec<Arc<TrustedCheckpoint>>,
    /// For each checkpoint, the places of larger ones that are proven to continue it.
    pub(crate) continued_by: Vec<Vec<usize>>,
}

impl Histories {
    pub(crate) fn of(verifier: &Verifier, proofs: &ConsistencyProofs) -> Self {
        let trusted = verifier.checkpoints.all_trusted();
        let places = trusted.iter().enumerate().map(|(place, trusted)| (id(trusted), place));
        let places: HashMap<_, _> = places.collect();
        let continued_by = trusted.iter().map(|older| {
            let (origin, size, root) = id(older);
            let newer = proofs.continuations(verifier, origin, size, root);
            let newer = newer.iter().filter(|newer| newer.checkpoint().size() > size);
            newer.filter_map(|newer| places.get(&id(newer)).copied()).collect()
        });
        let continued_by = continued_by.collect();
        Self { trusted, continued_by }
    }

    /// Logs with a checkpoint that is not proven to be a beginning of the largest. If all are, they
    /// agree with each other too; that one continues an older one which two do would not show it.
    pub(crate) fn unlinked(&self) -> Vec<Unlinked> {
        let mut logs: Vec<Unlinked> = Vec::new();
        let mut joined = vec![false; self.trusted.len()];
        // Checkpoints that continue another come after it, so from the end they are known.
        for (place, trusted) in self.trusted.iter().enumerate().rev() {
            let (origin, size, _) = id(trusted);
            if logs.last().is_none_or(|log| log.origin != origin) {
                let (origin, size) = (origin.to_owned(), size.0);
                logs.push(Unlinked { origin, size, not_proven_to_continue: Vec::new() });
                joined[place] = true;
                continue;
            }
            // Every log begins empty.
            joined[place] =
                size == TreeSize(0) || self.continued_by[place].iter().any(|newer| joined[*newer]);
            if let Some(log) = logs.last_mut().filter(|_| !joined[place])
                && log.size != size.0
                && log.not_proven_to_continue.last() != Some(&size.0)
            {
                log.not_proven_to_continue.push(size.0);
            }
        }
        logs.retain(|log| !log.not_proven_to_continue.is_empty());
        logs.iter_mut().for_each(|log| log.not_proven_to_continue.reverse());
        logs.reverse();
        logs
    }
}

fn id(trusted: &TrustedCheckpoint) -> (&str, TreeSize, Hash) {
    let checkpoint = trusted.checkpoint();
    (checkpoint.origin(), checkpoint.size(), checkpoint.root())
}
