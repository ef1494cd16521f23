//! Whether a key may say what it says: by its role, and by who holds it.
//!
//! Enrolments are public, and so are roles. What a verifier was not given is not held against
//! anybody: without an enrolment or a payload it is not proven, one way or the other. Two keys that
//! a person had enrolled apart cannot be told to be of one holder here.

use std::collections::{HashMap, HashSet};

use attestry_proof::cose::Subject;
use attestry_proof::key::Thumbprint;
use attestry_proof::payload::key_event::MemberRole;
use attestry_proof::payload::{Speaker, StatementKind};
use attestry_proof::size::LeafIndex;

use crate::keys::KeyHistory;
use crate::settle::Seen;
use crate::verdict::{Fault, Finding, IssuerFact, StatementVerdict};

/// Who speaks as the contractor about which submission, and where first.
#[derive(Debug, Default)]
pub(crate) struct Contractors {
    spoken: HashMap<(String, Subject), Vec<(Thumbprint, LeafIndex)>>,
}

impl Contractors {
    /// Looks only where it matters: at submissions that were reviewed, or at all of them once some
    /// key stands in for a lost one.
    pub(crate) fn among(verdicts: &[StatementVerdict], keys: &KeyHistory) -> Self {
        let is_review = |verdict: &&StatementVerdict| verdict.kind() == Some(StatementKind::Review);
        let reviewed = verdicts.iter().filter(is_review).filter_map(Seen::of);
        let reviewed: HashSet<_> = reviewed.map(|seen| (seen.origin, seen.subject)).collect();
        let mut contractors = Self::default();
        if reviewed.is_empty() && !keys.has_replacements() {
            return contractors;
        }
        for verdict in verdicts {
            let Some(seen) = Seen::of(verdict) else { continue };
            let matters =
                keys.has_replacements() || reviewed.contains(&(seen.origin, seen.subject));
            if matters && verdict.kind().is_some_and(StatementKind::is_contractor) {
                contractors.add(&seen);
            }
        }
        contractors
    }

    fn add(&mut self, seen: &Seen<'_>) {
        let about = (seen.origin.to_owned(), seen.subject);
        let spoken = self.spoken.entry(about).or_default();
        match spoken.iter_mut().find(|(key, _)| *key == seen.issuer) {
            Some((_, first)) => *first = seen.index.min(*first),
            None => spoken.push((seen.issuer, seen.index)),
        }
    }

    fn about(&self, seen: &Seen<'_>) -> &[(Thumbprint, LeafIndex)] {
        if self.spoken.is_empty() {
            return &[];
        }
        let about = (seen.origin.to_owned(), seen.subject);
        self.spoken.get(&about).map_or(&[], Vec::as_slice)
    }

    /// Fails what the issuer may not say, and notes what it is proven to be entitled to. To be asked
    /// after the issuer was judged.
    pub(crate) fn judge(&self, verdict: &mut StatementVerdict, keys: &KeyHistory) {
        let Some(seen) = Seen::of(verdict) else { return };
        let Some(kind) = verdict.kind() else { return };
        let judged = check_role(verdict, kind)
            .and_then(|entitled| self.check_holder(kind, &seen, keys).map(|()| entitled));
        match judged {
            Ok(entitled) => verdict.standing.entitled = entitled,
            Err(fault) => verdict.finding = Finding::Failed(fault),
        }
    }

    fn check_holder(
        &self,
        kind: StatementKind,
        seen: &Seen<'_>,
        keys: &KeyHistory,
    ) -> Result<(), Fault> {
        let first = |key, at| keys.first_key(seen.origin, key, at);
        match kind.speaker() {
            Speaker::Reviewer => {
                let reviewer = first(seen.issuer, seen.index);
                let own = self.about(seen).iter().find(|(key, at)| first(*key, *at) == reviewer);
                own.map_or(Ok(()), |(_, entry)| Err(Fault::OwnReview { entry: *entry }))
            }
            Speaker::Officer => match seen.subject {
                Subject::Key(lost) if first(lost, seen.index) == first(seen.issuer, seen.index) => {
                    Err(Fault::OwnKeyApproved { lost })
                }
                _ => Ok(()),
            },
            Speaker::Contractor if kind != StatementKind::Withdrawal => {
                let mut lineage = keys.lineage(seen.origin, seen.issuer, seen.index);
                let spoken = self.about(seen);
                let again = lineage.find_map(|earlier| {
                    let spoke = spoken.iter().find(|(key, _)| *key == earlier.key)?;
                    earlier.lost.then_some(*spoke)
                });
                again.map_or(Ok(()), |(lost, entry)| Err(Fault::ReplacementAttests { lost, entry }))
            }
            Speaker::Contractor | Speaker::Legal | Speaker::Service => Ok(()),
        }
    }
}

/// Whether the issuer is proven to have the role that it takes.
fn check_role(verdict: &StatementVerdict, kind: StatementKind) -> Result<bool, Fault> {
    let by_service = kind.speaker() == Speaker::Service;
    match verdict.standing.issuer {
        IssuerFact::Service => Ok(by_service),
        IssuerFact::NotProven | IssuerFact::Vouched => Ok(false),
        IssuerFact::Enrolled { at, proven } => {
            let found = &verdict.standing.roles;
            let claimed = verdict.capacity.as_ref().map(std::slice::from_ref);
            let required: &[MemberRole] = claimed.unwrap_or(kind.speaker().roles());
            if required.iter().any(|role| found.contains(role)) {
                return Ok(proven);
            }
            // An enrolment always names roles: none are known where its payload is not there.
            if found.is_empty() && !by_service {
                return Ok(false);
            }
            let (required, found) = (required.to_vec(), found.clone());
            Err(Fault::RoleMissing { kind, required, found, enrolled: at })
        }
    }
}
