//! Tables that were derived from entries: keys, policy versions, submissions, invitations; and
//! payloads sent ahead. Those about people are in [`super::people`].

use std::collections::{HashMap, HashSet};

use attestry_proof::{
    cose::{Header, SignedStatement},
    hash::Hash,
    key::{PublicKey, Thumbprint},
    payload::Payload,
};
use uuid::Uuid;

use super::{
    Check, ROWS_PER_PAGE,
    entries::{fitting, open},
    facts::{Facts, KnownKey},
    standing::Standing,
};
use crate::{
    log::fsck::Extent,
    store::{
        audit::{Place, RawKey, RawSubmission},
        ledger::StoreError,
    },
    vault::{SubmissionKey, open_payload},
};

/// A statement as it was read.
pub(super) struct Said {
    /// Position.
    pub index: i64,
    /// Leaf hash.
    pub leaf_hash: Vec<u8>,
    /// Who said it.
    pub issuer: Thumbprint,
    /// What.
    pub payload: Payload,
}

impl Check<'_> {
    /// Compares every derived table with what the entries established.
    pub(super) async fn derived(&mut self, extent: Extent, facts: &Facts) {
        if extent.size > 0 {
            self.log_keys(facts);
        }
        let keys = self.keys(facts).await;
        self.settle("signing_keys", keys);
        let policies = self.policies(facts).await;
        self.settle("policy_versions", policies);
        let submissions = self.submissions(facts).await;
        self.settle("submissions", submissions);
        self.matters(facts).await;
        self.orders(facts).await;
        self.people(facts).await;
        let invitations = self.invitations().await;
        self.settle("invitations", invitations);
        let drafts = self.drafts().await;
        self.settle("drafts", drafts);
        let staged = self.staged().await;
        self.settle("staged_payloads", staged);
    }

    /// The log signs with the keys that genesis names, or nobody will believe it.
    fn log_keys(&mut self, facts: &Facts) {
        let Some(genesis) = facts.genesis else { return };
        let found = self.subject.log_keys;
        let keys = [
            ("keys/note.pem", found.note, genesis.note),
            ("keys/receipt.pem", found.receipt, Some(genesis.receipt)),
            ("keys/service.pem", found.service, Some(genesis.service)),
        ];
        for (file, found, named) in keys {
            if let (Some(found), Some(named)) = (found, named)
                && found != named
            {
                let (found, named) = (found.thumbprint(), named.thumbprint());
                let problem = format!("it is the key {found}, the log's first entry names {named}");
                self.findings.report(Place::whole(file), problem);
            }
        }
    }

    async fn keys(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let mut seen: HashSet<Thumbprint> = HashSet::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.subject.ledger.keys(after.as_deref(), ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.thumbprint.clone());
            for row in page {
                let thumbprint = Hash::from_slice(&row.thumbprint).map(Thumbprint);
                let known = thumbprint.and_then(|thumbprint| facts.keys.get(&thumbprint));
                let place = || match thumbprint {
                    Some(thumbprint) => Place::row("signing_keys", thumbprint),
                    None => Place::bytes("signing_keys", &row.thumbprint),
                };
                match known {
                    None => self.findings.report(place(), "no entry enrolled this key"),
                    Some(known) => {
                        let lost = thumbprint.and_then(|key| facts.stands_in_for(key));
                        for problem in key_problems(&row, known, lost) {
                            self.findings.report(place(), problem);
                        }
                    }
                }
                seen.extend(thumbprint);
                self.checked.keys += 1;
            }
        }
        for (thumbprint, known) in &facts.keys {
            if !seen.contains(thumbprint) {
                let problem = format!("is missing, but entry {} enrolled it", known.enrolled);
                self.findings.report(Place::row("signing_keys", thumbprint), problem);
            }
        }
        Ok(())
    }

    async fn policies(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let mut rows = HashMap::new();
        let mut after = i64::MIN;
        loop {
            let page = self.subject.ledger.policies(after, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.index;
            rows.extend(page.into_iter().map(|row| (row.index, row)));
        }
        for (version, known) in (1..).zip(&facts.policies) {
            let place = || Place::row("policy_versions", known.index);
            let Some(row) = i64::try_from(known.index).ok().and_then(|index| rows.remove(&index))
            else {
                self.findings.report(place(), "is missing, but the entry there adopted one");
                continue;
            };
            if row.version != version {
                let problem = format!(
                    "its version is {}, counted from the start it is {version}",
                    row.version
                );
                self.findings.report(place(), problem);
            }
            if let Some(digest) = known.digest.filter(|digest| row.digest != digest.as_bytes()) {
                let problem =
                    format!("its digest is {}, the entry says {digest}", hex::encode(&row.digest));
                self.findings.report(place(), problem);
            }
        }
        for index in rows.keys() {
            self.findings
                .report(Place::row("policy_versions", index), "the entry there adopted no policy");
        }
        Ok(())
    }

    async fn submissions(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.subject.ledger.submissions(after.as_deref(), ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for row in page {
                self.submission(&row, facts).await?;
                self.checked.submissions += 1;
            }
        }
        for lost in self.subject.ledger.submissions_lost(ROWS_PER_PAGE).await? {
            let problem = "is missing, but there are entries about it";
            self.findings.report(Place::bytes("submissions", &lost), problem);
        }
        Ok(())
    }

    async fn submission(&mut self, row: &RawSubmission, facts: &Facts) -> Result<(), StoreError> {
        let place = || Place::bytes("submissions", &row.id);
        match &row.first {
            None => self.findings.report(place(), "there is no entry about it"),
            Some((first, issuer)) => {
                if *first != row.opened {
                    let problem = format!(
                        "opened_index is {}, the first entry about it is {first}",
                        row.opened
                    );
                    self.findings.report(place(), problem);
                }
                for problem in owner_problems(row, *first, issuer, facts) {
                    self.findings.report(place(), problem);
                }
            }
        }
        let Ok(id) = Uuid::from_slice(&row.id) else { return Ok(()) };
        if let Some(standing) = self.standing(id).await? {
            for problem in standing.problems(&row.standing) {
                self.findings.report(place(), problem);
            }
        }
        Ok(())
    }

    /// What the statements about a submission come to; `None` if some of them cannot be read.
    async fn standing(&mut self, submission: Uuid) -> Result<Option<Standing>, StoreError> {
        let mut standing = Standing::default();
        let read = self.said_about(submission, |said| {
            standing.take(said.index, said.issuer, &said.payload);
        });
        Ok(read.await?.then_some(standing))
    }

    /// Reads what was said about something, in order; `false` if some of it cannot be read.
    pub(super) async fn said_about(
        &mut self,
        id: Uuid,
        mut take: impl FnMut(Said),
    ) -> Result<bool, StoreError> {
        let ledger = self.subject.ledger;
        // A key that is lost was reported with the entries.
        let Some(vault) = self.subject.vault else { return Ok(false) };
        if vault.existing_key(id).await.is_err() {
            return Ok(false);
        }
        let mut keys = HashMap::new();
        let mut after = -1;
        loop {
            let page = ledger.entries_about(id, after, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(true) };
            after = *last;
            for index in page {
                match self.said_at(&mut keys, index).await? {
                    Some(said) => take(said),
                    None => return Ok(false),
                }
            }
        }
    }

    /// What was said at a position; `None` if that cannot be read.
    pub(super) async fn said_at(
        &mut self,
        keys: &mut HashMap<Uuid, Option<SubmissionKey>>,
        index: i64,
    ) -> Result<Option<Said>, StoreError> {
        let ledger = self.subject.ledger;
        let entry = ledger.entries(index, index + 1).await?.pop();
        let payload = ledger.payloads(index, index + 1).await?.pop();
        let Some((entry, row)) = entry.zip(payload) else { return Ok(None) };
        let Ok(statement) = SignedStatement::parse_entry(&entry.entry) else { return Ok(None) };
        let Header { subject, issuer, .. } = *statement.header();
        let payload = if row.sealed {
            let Some(sealing) = self.sealing(keys, subject, &row).await else { return Ok(None) };
            open(&statement, &sealing, &row.body)
        } else {
            fitting(&statement, &row.body, false)
        };
        let said = |payload| Said { index, leaf_hash: entry.leaf_hash, issuer, payload };
        Ok(payload.ok().map(said))
    }

    async fn invitations(&mut self) -> Result<(), StoreError> {
        for code in self.subject.ledger.invitations_of_nobody(ROWS_PER_PAGE).await? {
            let problem = "it was made or used by a key that is not enrolled";
            self.findings.report(Place::row("invitations", hex::encode(code)), problem);
        }
        Ok(())
    }

    async fn drafts(&mut self) -> Result<(), StoreError> {
        for submission in self.subject.ledger.drafts_of_nobody(ROWS_PER_PAGE).await? {
            let problem = "it was begun by a key that is not enrolled";
            self.findings.report(Place::bytes("drafts", &submission), problem);
        }
        Ok(())
    }

    async fn staged(&mut self) -> Result<(), StoreError> {
        let mut keys = HashMap::new();
        let mut after: Option<(Vec<u8>, Vec<u8>)> = None;
        loop {
            let from =
                after.as_ref().map(|(subject, digest)| (subject.as_slice(), digest.as_slice()));
            // Bodies are up to 64 KiB each.
            let page = self.subject.ledger.staged(from, ROWS_PER_PAGE / 4).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.subject.clone(), last.digest.clone()));
            keys.clear();
            for row in page {
                let place = || Place::pair("staged_payloads", &row.subject, &row.digest);
                let (Ok(subject), Some(digest)) =
                    (Uuid::from_slice(&row.subject), Hash::from_slice(&row.digest))
                else {
                    self.findings.report(place(), "its key is malformed");
                    continue;
                };
                let Some(key) = self.submission_key(&mut keys, subject).await else {
                    self.checked.payloads_sealed += 1;
                    continue;
                };
                match open_payload(&key, subject, &digest, &row.body) {
                    Ok(bytes) if Hash::of(&bytes) == digest => {}
                    Ok(_) => self.findings.report(place(), "its bytes have another SHA-256"),
                    Err(error) => self.findings.report(place(), error),
                }
            }
        }
    }
}

/// How a row differs from what entries say of whose the submission is.
fn owner_problems(row: &RawSubmission, first: i64, issuer: &[u8], facts: &Facts) -> Vec<String> {
    let mut problems = Vec::new();
    let opened_by = Hash::from_slice(issuer).map(Thumbprint);
    let owner = opened_by.map(|key| facts.owner_now(key));
    if owner.is_none_or(|owner| owner.0.as_bytes().as_slice() != row.owner) {
        let (found, signer) = (key_text(&row.owner), key_text(issuer));
        problems.push(match owner.filter(|owner| Some(*owner) != opened_by) {
            None => format!("its owner is {found}, entry {first} was signed by {signer}"),
            Some(owner) => format!(
                "its owner is {found}, entry {first} was signed by {signer}, which {owner} took \
                 over from"
            ),
        });
    }
    let known = owner.and_then(|owner| facts.keys.get(&owner)?.details.as_ref());
    if let Some(details) = known.filter(|details| details.program != row.program) {
        let (found, required) = (&row.program, &details.program);
        problems.push(format!("program is {found:?}, its owner's is {required:?}"));
    }
    problems
}

/// How a row differs from what entries say of the key.
fn key_problems(row: &RawKey, known: &KnownKey, stands_in_for: Option<Thumbprint>) -> Vec<String> {
    let mut problems = Vec::new();
    let position = |index: u64| i64::try_from(index).unwrap_or(i64::MAX);
    if row.enrolled != position(known.enrolled) {
        problems.push(format!(
            "enrolled_index is {}, entry {} enrolled it",
            row.enrolled, known.enrolled
        ));
    }
    if row.revoked != known.revoked.map(position) {
        let text = |index: Option<i64>| {
            index.map_or_else(|| "never".into(), |index| format!("by entry {index}"))
        };
        let (found, said) = (text(row.revoked), text(known.revoked.map(position)));
        problems.push(format!("it is recorded as revoked {found}, the entries revoke it {said}"));
    }
    // Erasing who holds a key changes it without an entry, once.
    let erased = i64::from(row.holder_may_be_erased);
    if !(known.changes..=known.changes + erased).contains(&row.version) {
        problems.push(format!(
            "version is {}, entries changed it {} times",
            row.version, known.changes
        ));
    }
    let thumbprint = PublicKey::from_bytes(&row.public_key).map(|key| key.thumbprint().0);
    if thumbprint.map_or(true, |thumbprint| thumbprint.as_bytes().as_slice() != row.thumbprint) {
        problems.push("public_key does not have this thumbprint".into());
    }
    if let Some(details) = &known.details {
        if row.roles != details.roles.to_words() {
            problems.push(format!(
                "roles are {:?}, its entry says {:?}",
                row.roles,
                details.roles.to_words()
            ));
        }
        let lost = stands_in_for.as_ref().map(|key| key.0.as_bytes().as_slice());
        if row.replaces.as_deref() != lost {
            let text = |key: Option<&[u8]>| key.map_or_else(|| "none".into(), key_text);
            let (found, said) = (text(row.replaces.as_deref()), text(lost));
            problems.push(format!("the lost key it replaces is {found}, its entry says {said}"));
        }
        if row.program != details.program {
            problems.push(format!(
                "program is {:?}, its entry says {:?}",
                row.program, details.program
            ));
        }
    }
    problems
}

pub(super) fn key_text(thumbprint: &[u8]) -> String {
    Hash::from_slice(thumbprint)
        .map_or_else(|| hex::encode(thumbprint), |hash| Thumbprint(hash).to_string())
}
