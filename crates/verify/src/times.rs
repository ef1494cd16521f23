//! When entries came in, as far as witnesses bound it.

use std::collections::HashMap;
use std::sync::Arc;

use attestry_proof::log::trust::TrustedCheckpoint;
use attestry_proof::size::TreeSize;

use crate::settle::Seen;
use crate::verdict::StatementVerdict;

/// Witnessed checkpoints of each log as bounds on when entries came in.
pub(crate) struct Times {
    logs: HashMap<String, Bounds>,
}

/// By ascending size: no smaller checkpoint was cosigned later, no larger one earlier.
#[derive(Default)]
struct Bounds {
    sizes: Vec<TreeSize>,
    latest_up_to: Vec<u64>,
    earliest_from: Vec<u64>,
}

impl Times {
    /// Takes of every checkpoint the first and the last time that a witness names: one honest
    /// witness suffices for the true time to lie between.
    pub(crate) fn of(checkpoints: &[Arc<TrustedCheckpoint>]) -> Self {
        let mut logs: HashMap<String, Bounds> = HashMap::new();
        // They come ordered by origin and size.
        for trusted in checkpoints.iter().filter(|checkpoint| checkpoint.witnessed()) {
            let times = || trusted.cosigners().iter().map(|cosigner| cosigner.timestamp);
            let (Some(first), Some(last)) = (times().min(), times().max()) else { continue };
            let checkpoint = trusted.checkpoint();
            let bounds = logs.entry(checkpoint.origin().to_owned()).or_default();
            bounds.sizes.push(checkpoint.size());
            bounds.latest_up_to.push(first);
            bounds.earliest_from.push(last);
        }
        for bounds in logs.values_mut() {
            for place in 1..bounds.sizes.len() {
                let before = bounds.latest_up_to[place - 1];
                bounds.latest_up_to[place] = bounds.latest_up_to[place].max(before);
            }
            for place in (1..bounds.sizes.len()).rev() {
                let after = bounds.earliest_from[place];
                bounds.earliest_from[place - 1] = bounds.earliest_from[place - 1].min(after);
            }
        }
        Self { logs }
    }

    pub(crate) fn apply(&self, verdict: &mut StatementVerdict) {
        let Some(Seen { origin, index, .. }) = Seen::of(verdict) else { return };
        let Some(bounds) = self.logs.get(origin) else { return };
        let without = bounds.sizes.partition_point(|size| size.0 <= index.0);
        let after = without.checked_sub(1).and_then(|place| bounds.latest_up_to.get(place));
        let by = bounds.earliest_from.get(without);
        (verdict.standing.logged_after, verdict.standing.logged_by) = (after.copied(), by.copied());
    }
}
