//! Judged checkpoints: each distinct note is verified once, and every root that a log signed is
//! kept, so that two roots for one size come to light.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use attestry_proof::hash::Hash;
use attestry_proof::log::checkpoint::{Checkpoint, SignedCheckpoint};
use attestry_proof::log::trust::{TrustError, TrustPolicy, TrustedCheckpoint};
use attestry_proof::size::TreeSize;

/// Most notes whose judgement is kept; beyond it they are judged again each time.
const NOTES_MAX: usize = 1 << 16;

/// A checkpoint under the policy.
#[derive(Clone, Debug)]
pub(crate) enum Judged {
    /// It meets the policy.
    Trusted(Arc<TrustedCheckpoint>),
    /// A trusted log signed it; witnesses are missing.
    Unwitnessed { checkpoint: Checkpoint, lacks: TrustError },
    /// No key that the policy knows signed it.
    Unknown { checkpoint: Checkpoint, error: TrustError },
    /// It is no checkpoint, or a known key's signature does not verify.
    Refused(TrustError),
}

#[derive(Debug)]
pub(crate) struct CheckpointBook {
    policy: TrustPolicy,
    notes: RwLock<HashMap<Box<[u8]>, Arc<Judged>>>,
    roots: RwLock<BTreeMap<Place, Roots>>,
}

type Place = (String, TreeSize);
/// The roots a log signed for one size, with the checkpoint where it meets the policy.
type Roots = BTreeMap<Hash, Option<Arc<TrustedCheckpoint>>>;

impl CheckpointBook {
    pub(crate) fn new(policy: TrustPolicy) -> Self {
        Self { policy, notes: RwLock::default(), roots: RwLock::default() }
    }

    pub(crate) const fn policy(&self) -> &TrustPolicy {
        &self.policy
    }

    /// Whether these bytes were judged before and are a checkpoint.
    pub(crate) fn knows(&self, note: &[u8]) -> bool {
        let notes = self.notes.read().unwrap_or_else(PoisonError::into_inner);
        notes.get(note).is_some_and(|judged| !matches!(judged.as_ref(), Judged::Refused(_)))
    }

    /// Judges a note; signatures are verified at the first sight of its bytes only.
    pub(crate) fn judge(&self, note: &[u8]) -> Arc<Judged> {
        // A thread that panicked holding a lock left a map behind that is whole.
        let known = self.notes.read().unwrap_or_else(PoisonError::into_inner).get(note).cloned();
        if let Some(judged) = known {
            return judged;
        }
        let judged = Arc::new(self.judge_anew(note));
        match judged.as_ref() {
            Judged::Trusted(trusted) => self.record(trusted.checkpoint(), Some(trusted)),
            Judged::Unwitnessed { checkpoint, .. } => self.record(checkpoint, None),
            Judged::Unknown { .. } | Judged::Refused(_) => {}
        }
        let mut notes = self.notes.write().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < NOTES_MAX {
            notes.insert(note.into(), Arc::clone(&judged));
        }
        judged
    }

    fn judge_anew(&self, note: &[u8]) -> Judged {
        let signed = match SignedCheckpoint::parse(note) {
            Ok(signed) => signed,
            Err(error) => return Judged::Refused(error.into()),
        };
        let checkpoint = || signed.checkpoint().clone();
        match self.policy.evaluate_parsed(&signed) {
            Ok(trusted) => Judged::Trusted(Arc::new(trusted)),
            // The policy counts witnesses only once the log's own signature has been verified.
            Err(lacks @ TrustError::QuorumNotMet { .. }) => {
                Judged::Unwitnessed { checkpoint: checkpoint(), lacks }
            }
            Err(error @ (TrustError::UnknownOrigin { .. } | TrustError::UnknownLogKey { .. })) => {
                Judged::Unknown { checkpoint: checkpoint(), error }
            }
            Err(error) => Judged::Refused(error),
        }
    }

    fn record(&self, checkpoint: &Checkpoint, trusted: Option<&Arc<TrustedCheckpoint>>) {
        let (origin, size, root) = (checkpoint.origin(), checkpoint.size(), checkpoint.root());
        let mut roots = self.roots.write().unwrap_or_else(PoisonError::into_inner);
        let known = roots.entry((origin.to_owned(), size)).or_default().entry(root).or_default();
        if known.is_none() {
            *known = trusted.cloned();
        }
    }

    /// Keeps a root that a log signed in a receipt.
    pub(crate) fn record_root(&self, origin: &str, size: TreeSize, root: Hash) {
        let place = (origin.to_owned(), size);
        let roots = self.roots.read().unwrap_or_else(PoisonError::into_inner);
        let known = roots.get(&place).is_some_and(|roots| roots.contains_key(&root));
        drop(roots);
        if !known {
            let mut roots = self.roots.write().unwrap_or_else(PoisonError::into_inner);
            roots.entry(place).or_default().entry(root).or_default();
        }
    }

    /// The checkpoint of this log, size and root, if one that meets the policy was seen.
    pub(crate) fn trusted(
        &self,
        origin: &str,
        size: TreeSize,
        root: Hash,
    ) -> Option<Arc<TrustedCheckpoint>> {
        let roots = self.roots.read().unwrap_or_else(PoisonError::into_inner);
        roots.get(&(origin.to_owned(), size))?.get(&root)?.clone()
    }

    /// The checkpoints of this log and size that meet the policy: one, unless it forked.
    pub(crate) fn trusted_of_size(
        &self,
        origin: &str,
        size: TreeSize,
    ) -> Vec<Arc<TrustedCheckpoint>> {
        let roots = self.roots.read().unwrap_or_else(PoisonError::into_inner);
        let of_size = roots.get(&(origin.to_owned(), size));
        of_size.into_iter().flat_map(|roots| roots.values().flatten().cloned()).collect()
    }

    /// All checkpoints seen that meet the policy, by origin and size.
    pub(crate) fn all_trusted(&self) -> Vec<Arc<TrustedCheckpoint>> {
        let roots = self.roots.read().unwrap_or_else(PoisonError::into_inner);
        roots.values().flat_map(|roots| roots.values().flatten().cloned()).collect()
    }

    /// Sizes for which a log signed more than one root, by origin.
    pub(crate) fn forks(&self) -> Vec<Place> {
        let roots = self.roots.read().unwrap_or_else(PoisonError::into_inner);
        roots.iter().filter(|(_, roots)| roots.len() > 1).map(|(place, _)| place.clone()).collect()
    }
}
