//! What statements, seen together, say about each other: forks, ended keys, withdrawals, times.

use std::collections::{BTreeMap, HashMap};

use attestry_proof::cose::Subject;
use attestry_proof::key::Thumbprint;
use attestry_proof::payload::status::SubmissionStatus;
use attestry_proof::payload::withdrawal::Scope;
use attestry_proof::size::{LeafIndex, TreeSize};

use crate::consistency::ConsistencyProofs;
use crate::entitlement::Contractors;
use crate::history::{ForkedEntries, forked_entries};
use crate::keys::{Beginning, Change, KeyHistory, What};
use crate::times::Times;
use crate::verdict::{
    Anchor, AnchoredBy, Event, Fault, Finding, IssuerFact, ReceiptRoot, Shortfall,
    StatementVerdict, Withdrawn,
};
use crate::verifier::Verifier;

/// What statements say together, beside the verdict on each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) forked_entries: ForkedEntries,
    pub(crate) events: EventCounts,
}

/// Numbers of entries that change what others are worth; copies of an entry count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventCounts {
    pub(crate) withdrawals: usize,
    /// Those withdrawals that leave some purposes.
    pub(crate) partial_withdrawals: usize,
    pub(crate) revocations: usize,
    pub(crate) rotations: usize,
    /// Revocations and rotations that nothing shows to be by the service.
    pub(crate) key_end_claims: usize,
}

impl Verifier {
    /// Completes the judgements on statements that were seen together: links receipts to
    /// checkpoints that came with others, fails what a forked log says and what ended keys signed,
    /// and adds the facts of [`crate::verdict::Standing`].
    pub fn settle(&self, verdicts: &mut [StatementVerdict]) {
        let _ = self.settle_with(verdicts, &ConsistencyProofs::default());
    }

    pub(crate) fn settle_with(
        &self,
        verdicts: &mut [StatementVerdict],
        consistency: &ConsistencyProofs,
    ) -> Settled {
        for verdict in &mut *verdicts {
            self.link(verdict);
            self.link_by_consistency(verdict, consistency);
        }
        share(verdicts);
        let forked_entries = forked_entries(verdicts);
        self.fail_forked(verdicts, &forked_entries);
        let keys = self.key_histories(verdicts);
        let contractors = Contractors::among(verdicts, &keys.known);
        let words = self.public_words(verdicts);
        let times = Times::of(&self.checkpoints.all_trusted());
        for verdict in verdicts {
            self.judge_issuer(verdict, &keys);
            contractors.judge(verdict, &keys.known);
            words.apply(verdict);
            times.apply(verdict);
        }
        let (withdrawals, partial_withdrawals) = words.count();
        let events = EventCounts {
            withdrawals,
            partial_withdrawals,
            revocations: keys.known.revocations(),
            rotations: keys.known.rotations(),
            key_end_claims: keys.claimed.revocations() + keys.claimed.rotations(),
        };
        Settled { forked_entries, events }
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

    /// A log that shows two histories proves nothing, wherever the two differ.
    fn fail_forked(&self, verdicts: &mut [StatementVerdict], entries: &ForkedEntries) {
        let sizes: BTreeMap<String, TreeSize> =
            self.checkpoints.forks().into_iter().rev().collect();
        for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_logged()) {
            let Some(described) = &verdict.described else { continue };
            let origin = &described.header.audience;
            let entries = entries.get(origin);
            let own = verdict.finding.position().map(|position| position.index);
            let own = own.filter(|index| entries.is_some_and(|entries| entries.contains(index)));
            let first = entries.and_then(|entries| entries.first().copied());
            let by_entry = |index| Fault::ForkedEntry { origin: origin.clone(), index };
            let by_size = |size: &TreeSize| Fault::Fork { origin: origin.clone(), size: *size };
            let fault = own.map(by_entry);
            let fault = fault.or_else(|| sizes.get(origin).map(by_size));
            if let Some(fault) = fault.or_else(|| first.map(by_entry)) {
                verdict.finding = Finding::Failed(fault);
            }
        }
    }

    fn key_histories(&self, verdicts: &[StatementVerdict]) -> KeyHistories {
        let mut histories = KeyHistories::default();
        for verdict in verdicts {
            let Some(Seen { origin, issuer, index, .. }) = Seen::of(verdict) else { continue };
            let by_service = self.speaks_for_log(origin, &issuer);
            let history = if by_service { &mut histories.known } else { &mut histories.claimed };
            let proven = matches!(verdict.finding, Finding::Proven(_));
            match &verdict.event {
                Some(Event::Enrolled { key, terms }) => {
                    let beginning = Beginning { proven, terms: terms.clone() };
                    history.enrolled(origin, *key, index, beginning);
                }
                Some(Event::Revoked(key)) => history.revoked(origin, *key, index),
                Some(Event::Rotated { previous, next }) => {
                    history.rotated(origin, *previous, next.clone(), index, proven);
                }
                _ => {}
            }
        }
        histories.known.sort();
        histories.claimed.sort();
        histories
    }

    fn judge_issuer(&self, verdict: &mut StatementVerdict, keys: &KeyHistories) {
        let Some(Seen { origin, issuer, index, .. }) = Seen::of(verdict) else { return };
        let (known, claimed) = (&keys.known, &keys.claimed);
        let before = known.before(origin, issuer, index);
        let end_claimed = claimed.before(origin, issuer, index);
        let key_ended = known.end_after(origin, issuer, index);
        let key_end_claimed = claimed.end_after(origin, issuer, index);
        let is_service = self
            .identity(origin)
            .is_some_and(|identity| identity.service_key.thumbprint() == issuer);
        let vouched = self.identity(origin).is_none() && self.vouches_for(&issuer);
        verdict.standing.key_ended = key_ended;
        verdict.standing.key_end_claimed = key_end_claimed;
        verdict.standing.issuer = match before {
            Some(&Change { at: ended, what: What::Ended }) => {
                verdict.finding = Finding::Failed(Fault::KeyEnded { ended, index });
                IssuerFact::NotProven
            }
            _ if is_service => IssuerFact::Service,
            _ if vouched => IssuerFact::Vouched,
            Some(Change { at, what: What::Began(Beginning { proven, terms }) }) => {
                let roles = terms.as_ref().map(|terms| terms.roles.clone());
                verdict.standing.roles = roles.unwrap_or_default();
                IssuerFact::Enrolled { at: *at, proven: *proven }
            }
            None => IssuerFact::NotProven,
        };
        // An enrolment must be shown to count; the end of a key weighs before it is.
        if let Some(&Change { at: ended, what: What::Ended }) = end_claimed
            && verdict.is_logged()
        {
            verdict.finding = Finding::NotProven(Shortfall::KeyEndClaimed { ended, index });
        }
    }

    fn public_words(&self, verdicts: &[StatementVerdict]) -> PublicWords {
        let mut words = PublicWords::default();
        for verdict in verdicts {
            let Some(seen) = Seen::of(verdict) else { continue };
            let Seen { origin, issuer, subject, index } = seen;
            let about = || (origin.to_owned(), subject);
            match &verdict.event {
                Some(Event::Withdrawn(scope)) => {
                    let withdrawn = words.withdrawn.entry(about()).or_default();
                    withdrawn.insert(index, scope.clone());
                }
                Some(Event::Status(status)) if self.speaks_for_log(origin, &issuer) => {
                    let last = words.status.entry(about()).or_insert((index, *status));
                    if index > last.0 {
                        *last = (index, *status);
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
pub(crate) struct Seen<'a> {
    pub(crate) origin: &'a str,
    pub(crate) issuer: Thumbprint,
    pub(crate) subject: Subject,
    pub(crate) index: LeafIndex,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(verdict: &'a StatementVerdict) -> Option<Self> {
        let header = &verdict.described.as_ref()?.header;
        let index = verdict.finding.position()?.index;
        let (issuer, subject) = (header.issuer, header.subject);
        Some(Self { origin: &header.audience, issuer, subject, index })
    }
}

/// What the service says of keys, and what others say who may be the service.
#[derive(Default)]
struct KeyHistories {
    known: KeyHistory,
    claimed: KeyHistory,
}

/// What is said about submissions: consent taken back, and the service's public word.
#[derive(Default)]
struct PublicWords {
    withdrawn: HashMap<(String, Subject), BTreeMap<LeafIndex, Scope>>,
    status: HashMap<(String, Subject), (LeafIndex, SubmissionStatus)>,
}

impl PublicWords {
    /// How many withdrawals there are, and how many of them leave some purposes.
    fn count(&self) -> (usize, usize) {
        let scopes = || self.withdrawn.values().flat_map(BTreeMap::values);
        (scopes().count(), scopes().filter(|scope| matches!(scope, Scope::Purposes(_))).count())
    }

    fn apply(&self, verdict: &mut StatementVerdict) {
        let Some(described) = &verdict.described else { return };
        let about = (described.header.audience.clone(), described.header.subject);
        let withdrawn = self.withdrawn.get(&about).into_iter().flatten();
        let withdrawn = withdrawn.map(|(at, scope)| Withdrawn { at: *at, scope: scope.clone() });
        verdict.standing.withdrawn = withdrawn.collect();
        verdict.standing.status = self.status.get(&about).map(|(index, status)| (*status, *index));
    }
}
