//! What statements, seen together, say about each other: forks, ended keys, withdrawals, times.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use attestry_proof::cose::Subject;
use attestry_proof::key::Thumbprint;
use attestry_proof::log::trust::TrustedCheckpoint;
use attestry_proof::payload::status::SubmissionStatus;
use attestry_proof::size::{LeafIndex, TreeSize};

use crate::consistency::ConsistencyProofs;
use crate::verdict::{
    Anchor, AnchoredBy, Event, Fault, Finding, IssuerFact, ReceiptRoot, StatementVerdict,
};
use crate::verifier::Verifier;

impl Verifier {
    /// Completes the judgements on statements that were seen together: links receipts to
    /// checkpoints that came with others, fails what a forked log says and what ended keys signed,
    /// and adds the facts of [`crate::verdict::Standing`].
    pub fn settle(&self, verdicts: &mut [StatementVerdict]) {
        self.settle_with(verdicts, &ConsistencyProofs::default());
    }

    pub(crate) fn settle_with(
        &self,
        verdicts: &mut [StatementVerdict],
        consistency: &ConsistencyProofs,
    ) {
        for verdict in &mut *verdicts {
            self.link(verdict);
            self.link_by_consistency(verdict, consistency);
        }
        share(verdicts);
        self.fail_forked(verdicts);
        let keys = self.key_history(verdicts);
        let words = self.public_words(verdicts);
        let times = Times::of(&self.checkpoints.all_trusted());
        for verdict in verdicts {
            self.judge_issuer(verdict, &keys);
            words.apply(verdict);
            times.apply(verdict);
        }
    }

    /// Follows a receipt to its root, and a consistency proof from there to a trusted checkpoint.
    fn link_by_consistency(&self, verdict: &mut StatementVerdict, proofs: &ConsistencyProofs) {
        if !verdict.awaits_proof() {
            return;
        }
        let Some(described) = &verdict.described else { return };
        let origin = &described.header.audience;
        let anchor = verdict.receipt_roots.iter().find_map(|ReceiptRoot { root, position }| {
            let reached = proofs.continuations(self, origin, position.size, *root);
            let checkpoint = reached.into_iter().next()?;
            Some(Anchor { index: position.index, checkpoint, by: AnchoredBy::Consistency })
        });
        if let Some(anchor) = anchor {
            verdict.anchor(anchor);
        }
    }

    fn fail_forked(&self, verdicts: &mut [StatementVerdict]) {
        let forks: BTreeMap<String, TreeSize> =
            self.checkpoints.forks().into_iter().rev().collect();
        for verdict in verdicts {
            let Some(described) = &verdict.described else { continue };
            let origin = &described.header.audience;
            if let Some(size) = forks.get(origin).filter(|_| verdict.is_logged()) {
                let (origin, size) = (origin.clone(), *size);
                verdict.finding = Finding::Failed(Fault::Fork { origin, size });
            }
        }
    }

    fn key_history(&self, verdicts: &[StatementVerdict]) -> KeyHistory {
        let mut history = KeyHistory::default();
        for verdict in verdicts {
            let Some(Seen { origin, issuer, index, .. }) = Seen::of(verdict) else { continue };
            if !self.speaks_for_log(origin, &issuer) {
                continue;
            }
            let proven = matches!(verdict.finding, Finding::Proven(_));
            match &verdict.event {
                Some(Event::Enrolled(key)) => history.began(origin, *key, index, proven),
                Some(Event::Revoked(key)) => history.ended(origin, *key, index),
                Some(Event::Rotated { previous, next }) => {
                    history.ended(origin, *previous, index);
                    if let Some(next) = next {
                        history.began(origin, *next, index, proven);
                    }
                }
                _ => {}
            }
        }
        history.changes.values_mut().for_each(|changes| changes.sort_unstable());
        history
    }

    fn judge_issuer(&self, verdict: &mut StatementVerdict, keys: &KeyHistory) {
        let Some(Seen { origin, issuer, index, .. }) = Seen::of(verdict) else { return };
        let changes = keys.of(origin, issuer);
        let before = changes.iter().rev().find(|change| change.at < index);
        let later = changes.iter().find(|change| change.at > index && change.what == What::Ended);
        let (key_ended, before) = (later.map(|change| change.at), before.copied());
        let is_service = self
            .identity(origin)
            .is_some_and(|identity| identity.service_key.thumbprint() == issuer);
        let vouched = self.identity(origin).is_none() && self.vouches_for(&issuer);
        verdict.standing.key_ended = key_ended;
        verdict.standing.issuer = match before {
            Some(Change { at: ended, what: What::Ended }) => {
                verdict.finding = Finding::Failed(Fault::KeyEnded { ended, index });
                IssuerFact::NotProven
            }
            _ if is_service => IssuerFact::Service,
            _ if vouched => IssuerFact::Vouched,
            Some(Change { at, what: What::Began { proven } }) => {
                IssuerFact::Enrolled { at, proven }
            }
            None => IssuerFact::NotProven,
        };
    }

    fn public_words(&self, verdicts: &[StatementVerdict]) -> PublicWords {
        let mut words = PublicWords::default();
        for verdict in verdicts {
            let Some(seen) = Seen::of(verdict) else { continue };
            let Seen { origin, issuer, subject, index } = seen;
            let about = || (origin.to_owned(), subject);
            match verdict.event {
                Some(Event::Withdrawn) => {
                    let first = words.withdrawn.entry(about()).or_insert(index);
                    *first = index.min(*first);
                }
                Some(Event::Status(status)) if self.speaks_for_log(origin, &issuer) => {
                    let last = words.status.entry(about()).or_insert((index, status));
                    if index > last.0 {
                        *last = (index, status);
                    }
                }
                _ => {}
            }
        }
        words
    }

    /// Whether a key is the service's, as genesis says or, without one, as the user says.
    fn speaks_for_log(&self, origin: &str, issuer: &Thumbprint) -> bool {
        match self.identity(origin) {
            Some(identity) => identity.service_key.thumbprint() == *issuer,
            None => self.vouches_for(issuer),
        }
    }
}

/// Lets copies of one entry share the best finding: what proves one proves all.
fn share(verdicts: &mut [StatementVerdict]) {
    let leaf = |verdict: &StatementVerdict| verdict.described.as_ref().map(|it| it.leaf);
    let proven = verdicts.iter().filter(|verdict| matches!(verdict.finding, Finding::Proven(_)));
    let proven = proven.filter_map(|verdict| Some((leaf(verdict)?, verdict.finding.clone())));
    let proven: HashMap<_, _> = proven.collect();
    for verdict in verdicts {
        let open = matches!(verdict.finding, Finding::NotProven(_) | Finding::Unwitnessed(_));
        if let Some(Finding::Proven(anchor)) = leaf(verdict).and_then(|leaf| proven.get(&leaf))
            && open
        {
            verdict.anchor(anchor.clone());
        }
    }
}

/// A statement that a log has at a known place.
struct Seen<'a> {
    origin: &'a str,
    issuer: Thumbprint,
    subject: Subject,
    index: LeafIndex,
}

impl<'a> Seen<'a> {
    fn of(verdict: &'a StatementVerdict) -> Option<Self> {
        let header = &verdict.described.as_ref()?.header;
        let index = verdict.finding.position()?.index;
        let (issuer, subject) = (header.issuer, header.subject);
        Some(Self { origin: &header.audience, issuer, subject, index })
    }
}

/// When keys began and ended, by log and key.
#[derive(Default)]
struct KeyHistory {
    changes: HashMap<(String, Thumbprint), Vec<Change>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    at: LeafIndex,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Began { proven: bool },
    Ended,
}

impl KeyHistory {
    fn began(&mut self, origin: &str, key: Thumbprint, at: LeafIndex, proven: bool) {
        self.add(origin, key, Change { at, what: What::Began { proven } });
    }

    fn ended(&mut self, origin: &str, key: Thumbprint, at: LeafIndex) {
        self.add(origin, key, Change { at, what: What::Ended });
    }

    fn add(&mut self, origin: &str, key: Thumbprint, change: Change) {
        self.changes.entry((origin.to_owned(), key)).or_default().push(change);
    }

    fn of(&self, origin: &str, key: Thumbprint) -> &[Change] {
        self.changes.get(&(origin.to_owned(), key)).map_or(&[], Vec::as_slice)
    }
}

/// What is said about submissions: consent taken back, and the service's public word.
#[derive(Default)]
struct PublicWords {
    withdrawn: HashMap<(String, Subject), LeafIndex>,
    status: HashMap<(String, Subject), (LeafIndex, SubmissionStatus)>,
}

impl PublicWords {
    fn apply(&self, verdict: &mut StatementVerdict) {
        let Some(described) = &verdict.described else { return };
        let about = (described.header.audience.clone(), described.header.subject);
        verdict.standing.withdrawn = self.withdrawn.get(&about).copied();
        verdict.standing.status = self.status.get(&about).map(|(index, status)| (*status, *index));
    }
}

/// Witnessed checkpoints of each log as bounds on when entries came in.
struct Times {
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
    fn of(checkpoints: &[Arc<TrustedCheckpoint>]) -> Self {
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

    fn apply(&self, verdict: &mut StatementVerdict) {
        let Some(Seen { origin, index, .. }) = Seen::of(verdict) else { return };
        let Some(bounds) = self.logs.get(origin) else { return };
        let without = bounds.sizes.partition_point(|size| size.0 <= index.0);
        let after = without.checked_sub(1).and_then(|place| bounds.latest_up_to.get(place));
        let by = bounds.earliest_from.get(without);
        (verdict.standing.logged_after, verdict.standing.logged_by) = (after.copied(), by.copied());
    }
}
