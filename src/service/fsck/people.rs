//! Tables about people: approvals of replacements, programs, persons, sessions; and the policy files
//! that were kept.

use std::collections::{BTreeSet, HashSet};

use attestry_proof::{hash::Hash, key::Thumbprint};
use uuid::Uuid;

use super::{Check, ROWS_PER_PAGE, derived::key_text, facts::Facts};
use crate::{
    store::{
        audit::{Place, RawApproval, RawProfile},
        ledger::StoreError,
    },
    vault::open_payload,
};

/// Officers that it takes to replace a lost key.
const OFFICERS_REQUIRED: usize = 2;

/// Bytes of the digest before a sealed profile.
const DIGEST_BYTES: usize = 32;

impl Check<'_> {
    /// Checks every table about people.
    pub(super) async fn people(&mut self, facts: &Facts) {
        let approvals = self.approvals(facts).await;
        self.settle("key_approvals", approvals);
        self.replacements(facts);
        let programs = self.programs().await;
        self.settle("programs", programs);
        let persons = self.persons().await;
        self.settle("persons", persons);
        let links = self.links().await;
        self.settle("persons", links);
        let files = self.policy_files(facts).await;
        self.settle("policy_files", files);
    }

    async fn approvals(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let mut seen: HashSet<u64> = HashSet::new();
        let mut after = i64::MIN;
        loop {
            let page = self.subject.ledger.approvals(after, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.index;
            for row in page {
                let place = Place::row("key_approvals", row.index);
                let index = u64::try_from(row.index).unwrap_or(u64::MAX);
                match facts.approvals.get(&index) {
                    None => self.findings.report(place, "the entry there approves no key"),
                    Some(known) => {
                        let same = |key: Thumbprint, column: &[u8]| key.0.as_bytes() == column;
                        let RawApproval { lost, replacement, officer, .. } = &row;
                        let agrees = same(known.lost, lost)
                            && same(known.officer, officer)
                            && known.replacement.is_none_or(|key| same(key, replacement));
                        if !agrees {
                            self.findings.report(place, "it is not what the entry there says");
                        }
                    }
                }
                seen.insert(index);
            }
        }
        for index in facts.approvals.keys().filter(|index| !seen.contains(index)) {
            let problem = "is missing, but the entry there approves a key";
            self.findings.report(Place::row("key_approvals", index), problem);
        }
        Ok(())
    }

    /// Nobody's key is replaced on the word of one officer.
    fn replacements(&mut self, facts: &Facts) {
        for (thumbprint, known) in &facts.keys {
            let before = known.details.as_ref().and_then(|details| details.before);
            let Some(lost) = before.filter(|before| before.lost).map(|before| before.key) else {
                continue;
            };
            let earlier = facts.approvals.range(..known.enrolled).map(|(_, approval)| approval);
            let for_this = earlier.filter(|approval| {
                approval.lost == lost
                    && approval.replacement.is_none_or(|replacement| replacement == *thumbprint)
            });
            let officers: BTreeSet<Thumbprint> =
                for_this.map(|approval| facts.first_key(approval.officer)).collect();
            if officers.len() < OFFICERS_REQUIRED {
                let problem = format!(
                    "it replaces the lost key {lost}, which {} of {OFFICERS_REQUIRED} officers approved before",
                    officers.len()
                );
                self.findings.report(Place::row("entries", known.enrolled), problem);
            }
        }
    }

    async fn programs(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.subject.ledger.programs(after.as_deref(), ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for row in page {
                self.profile("programs", &row).await;
            }
        }
    }

    async fn persons(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.subject.ledger.persons(after.as_deref(), ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for row in page {
                self.profile("persons", &row).await;
            }
        }
    }

    /// What is sealed about a person or program opens, and is what it was.
    async fn profile(&mut self, table: &'static str, row: &RawProfile) {
        let Some(profile) = &row.profile else { return };
        let place = Place::bytes(table, &row.id);
        let Some(vault) = self.subject.vault else { return };
        let Ok(id) = Uuid::from_slice(&row.id) else {
            return self.findings.report(place, "its id is malformed");
        };
        let key = match vault.existing_key(id).await {
            Ok(key) => key,
            Err(error) => return self.findings.report(place, error),
        };
        let parts = profile.split_at_checked(DIGEST_BYTES);
        let parts = parts.and_then(|(digest, body)| Some((Hash::from_slice(digest)?, body)));
        let Some((digest, body)) = parts else {
            return self.findings.report(place, "its profile is too short");
        };
        match open_payload(&key, id, &digest, body) {
            Ok(bytes) if Hash::of(&bytes) == digest => {}
            Ok(_) => self.findings.report(place, "its profile has another SHA-256"),
            Err(error) => self.findings.report(place, error),
        }
    }

    async fn links(&mut self) -> Result<(), StoreError> {
        for key in self.subject.ledger.keys_of_nothing(ROWS_PER_PAGE).await? {
            let problem = "it is for a program, or of a person, that is not on record";
            self.findings.report(Place::row("signing_keys", key_text(&key)), problem);
        }
        for identity in self.subject.ledger.identities_of_nobody(ROWS_PER_PAGE).await? {
            let problem = "it is of a person who is not on record";
            self.findings.report(Place::bytes("identities", &identity), problem);
        }
        for session in self.subject.ledger.sessions_of_nobody(ROWS_PER_PAGE).await? {
            let problem = "it is of a key that is not enrolled, or has ended";
            self.findings.report(Place::bytes("sessions", &session), problem);
        }
        Ok(())
    }

    /// Every version of the policies that was in force stays readable.
    async fn policy_files(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let mut missing: BTreeSet<Hash> =
            facts.policies.iter().flat_map(|policy| policy.files.iter().copied()).collect();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page =
                self.subject.ledger.policy_files(after.as_deref(), ROWS_PER_PAGE / 16).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.sha256.clone());
            for row in page {
                let digest = Hash::of(&row.bytes);
                if digest.as_bytes() != row.sha256.as_slice() {
                    let place = Place::bytes("policy_files", &row.sha256);
                    self.findings.report(place, "its bytes have another SHA-256");
                }
                missing.remove(&digest);
            }
        }
        for digest in missing {
            let problem = "is missing, but a policy version names it";
            self.findings.report(Place::row("policy_files", digest), problem);
        }
        Ok(())
    }
}
