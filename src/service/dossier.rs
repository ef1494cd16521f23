//! What the statements about a submission come to, when it is asked whether it may be used.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use attestry_policy::{
    access::KeyId,
    clauses::{ClauseAnswer, Day, Signed, Use},
    clearance::{AttestationFact, AttestationKind, ClearanceFacts, ReviewFact, ScanFact},
    words::{self, Verdict},
};
use attestry_proof::{
    cose::Subject,
    hash::Hash,
    key::Thumbprint,
    manifest::Role as ManifestRole,
    payload::{
        Payload, StatementKind,
        envelope::{Answer, Envelope, ManifestCommitment},
        own_work::{Consent, PurposeConsent},
        redaction_check::RedactionCheck,
        review::ReviewVerdict,
        withdrawal::{Purpose, Scope},
    },
    size::LeafIndex,
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    custody::{CUSTODY_EVENTS_MAX, EVENTS_PER_QUESTION},
    judge::attestation_kind,
    policies::Policies,
};
use crate::store::{
    ledger::{KeyRecord, PurposeSet, SubmissionRecord},
    legal::MattersOn,
    people::ProgramRecord,
};

/// A statement that counts.
struct Told {
    index: LeafIndex,
    leaf: Hash,
    issuer: Thumbprint,
    payload: Payload,
}

/// Every statement about a submission whose payload is still there.
pub(super) struct StatementsAbout {
    leaves: HashMap<Hash, StatementKind>,
    newest: BTreeMap<AttestationKind, Told>,
    /// Purposes taken back one by one, with the position.
    taken_back: Vec<(LeafIndex, PurposeSet)>,
    review: Option<Told>,
    scan: Option<Told>,
    /// Purposes that clearance was given for, with the day.
    clearances: Vec<(words::Purpose, Day)>,
}

impl StatementsAbout {
    /// Whether the leaf is a statement about the submission.
    pub(super) fn contains(&self, leaf: Hash) -> bool {
        self.leaves.contains_key(&leaf)
    }

    /// What kind of statement the leaf is; `None` if it is none about the submission.
    pub(super) fn kind_of(&self, leaf: Hash) -> Option<StatementKind> {
        self.leaves.get(&leaf).copied()
    }

    /// Leaf hashes of the newest statement of each kind.
    pub(super) fn newest_leaves(&self) -> impl Iterator<Item = Hash> {
        self.newest.values().map(|told| told.leaf)
    }

    /// Purposes that the newest own-work statement consents to, less those taken back since.
    pub(super) fn consented(&self) -> PurposeSet {
        let Some(told) = self.newest.get(&AttestationKind::OwnWork) else {
            return PurposeSet::default();
        };
        let Payload::OwnWork(said) = &told.payload else { return PurposeSet::default() };
        let consented = consents(&said.body().consent);
        let back = self.taken_back.iter().filter(|(index, _)| *index > told.index);
        back.fold(consented, |left, (_, purposes)| left.without(*purposes))
    }

    /// The newest statement about redaction, and its leaf hash.
    pub(super) fn redaction_check(&self) -> Option<(&RedactionCheck, Hash)> {
        let told = self.newest.get(&AttestationKind::RedactionCheck)?;
        let Payload::RedactionCheck(said) = &told.payload else { return None };
        Some((said.body(), told.leaf))
    }

    /// The commitments to both sides, as they were stated last.
    pub(super) fn sides(&self) -> Option<Vec<ManifestCommitment>> {
        let side = |kind: AttestationKind| match &self.newest.get(&kind)?.payload {
            Payload::Manifest(said) => {
                let said = said.body();
                let (role, commitment, count) = (said.role, said.commitment, said.count);
                Some(ManifestCommitment { role, commitment, count })
            }
            _ => None,
        };
        let kinds = [AttestationKind::RequestManifest, AttestationKind::DeliverableManifest];
        kinds.into_iter().map(side).collect()
    }

    /// The last scan, if it was of the files that count now and held against what is said of their
    /// redaction now.
    fn scan_fact(&self) -> Option<ScanFact> {
        let told = self.scan.as_ref()?;
        let Payload::Scan(said) = &told.payload else { return None };
        let said = said.body();
        let (_, redaction) = self.redaction_check()?;
        let is_current = said.compared_with.0 == redaction
            && self.sides().is_some_and(|sides| sides == said.manifests);
        let residual_risk = words::ResidualRisk::parse(said.residual_risk.as_str())?;
        is_current.then_some(ScanFact { position: told.index.0, residual_risk })
    }

    fn add(&mut self, index: LeafIndex, leaf: Hash, issuer: Thumbprint, payload: Payload) {
        self.leaves.insert(leaf, payload.kind());
        if let Some(kind) = attestation_kind(&payload) {
            self.newest.insert(kind, Told { index, leaf, issuer, payload });
            return;
        }
        match &payload {
            Payload::Withdrawal(said) => {
                if let Scope::Purposes(purposes) = &said.body().scope {
                    self.taken_back.push((index, purposes.iter().copied().collect()));
                }
            }
            Payload::Scan(_) => self.scan = Some(Told { index, leaf, issuer, payload }),
            Payload::Review(_) => self.review = Some(Told { index, leaf, issuer, payload }),
            Payload::Clearance(said) if said.body().granted => {
                let day = said.body().decided_at.to_string();
                let day = day.get(..10).and_then(Day::parse);
                self.clearances.extend(day.map(|day| (purpose_word(said.body().purpose), day)));
            }
            _ => {}
        }
    }
}

impl Service {
    /// Reads every statement about a submission.
    pub(super) async fn statements_about(
        &self,
        submission: Uuid,
    ) -> Result<StatementsAbout, ServiceError> {
        let mut about = StatementsAbout {
            leaves: HashMap::new(),
            newest: BTreeMap::new(),
            taken_back: Vec::new(),
            review: None,
            scan: None,
            clearances: Vec::new(),
        };
        let mut from = LeafIndex(0);
        loop {
            let subject = Subject::Submission(submission);
            let entries = self.ledger.entries_about(subject, from, CUSTODY_EVENTS_MAX).await?;
            let Some(last) = entries.last() else { return Ok(about) };
            from = LeafIndex(last.index.0 + 1);
            for page in entries.chunks(EVENTS_PER_QUESTION) {
                let indices: Vec<LeafIndex> = page.iter().map(|entry| entry.index).collect();
                let payloads = self.payloads_of(submission, &indices).await?;
                for (entry, payload) in page.iter().zip(payloads) {
                    // An erased statement is none: what it said counts for nothing any more.
                    let Some((bytes, sealed)) = payload else { continue };
                    let payload = Payload::parse(&bytes, sealed)?;
                    let issuer = Thumbprint(entry.issuer);
                    about.add(entry.index, entry.leaf_hash, issuer, payload);
                }
            }
        }
    }

    /// The facts that a decision about one purpose rests on.
    pub(super) async fn clearance_facts(
        &self,
        (record, owner, program): (&SubmissionRecord, &KeyRecord, &ProgramRecord),
        (about, matters): (&StatementsAbout, MattersOn),
        policies: &Policies,
        purpose: Purpose,
    ) -> Result<ClearanceFacts, ServiceError> {
        let asked = purpose_word(purpose);
        let today = Day::parse(&self.clock.now().format("%Y-%m-%d").to_string());
        let today = today.ok_or(ServiceError::Malformed {
            what: "time",
            reason: "the clock is outside the years 1 to 9999".into(),
        })?;
        let mut attestations = BTreeMap::new();
        for (kind, told) in &about.newest {
            let used = Use { purpose: asked, on: today, clearances: &about.clearances };
            let purposes = match kind {
                AttestationKind::OwnWork => about.consented().iter().map(purpose_word).collect(),
                _ => BTreeSet::new(),
            };
            let fact = AttestationFact {
                position: told.index.0,
                current: about_current_files(about, told) && text_stands(policies, told, &used),
                withdrawn: record.withdrawn,
                key_valid: self.key_was_valid(told.issuer, told.index).await?,
                purposes,
                refusals: refusals(told),
                declared_risk: declared_risk(told),
            };
            attestations.insert(*kind, fact);
        }
        let review = match &about.review {
            Some(told) => Some(self.review_fact(told, owner, about).await?),
            None => None,
        };
        Ok(ClearanceFacts {
            purpose: asked,
            clearance_policy: program.clearance_policy.clone(),
            allowed_risk: program.allowed_risk,
            attestations,
            withdrawn: record.withdrawn,
            scan: about.scan_fact(),
            review,
            holds: Some(matters.holds),
            open_cases: Some(matters.open_cases),
        })
    }

    async fn review_fact(
        &self,
        told: &Told,
        owner: &KeyRecord,
        about: &StatementsAbout,
    ) -> Result<ReviewFact, ServiceError> {
        let Payload::Review(said) = &told.payload else {
            return Err(ServiceError::Malformed { what: "review", reason: "not a review".into() });
        };
        let read: HashSet<Hash> = said.body().rests_on.iter().map(|digest| digest.0).collect();
        let newest = about.newest.values();
        let current = newest
            .clone()
            .all(|attested| attested.index < told.index && read.contains(&attested.leaf));
        let reviewer = self.key(told.issuer).await?;
        let other_person = match (reviewer.person, owner.person) {
            (Some(reviewer), Some(owner)) => reviewer != owner,
            _ => false,
        };
        Ok(ReviewFact {
            position: told.index.0,
            reviewer: KeyId(told.issuer.0.0),
            same_person: !other_person || told.issuer == owner.key.thumbprint(),
            current,
            key_valid: self.key_was_valid(told.issuer, told.index).await?,
            verdict: match said.body().verdict {
                ReviewVerdict::Accepted => Verdict::Accepted,
                ReviewVerdict::SentBack => Verdict::SentBack,
            },
        })
    }

    /// Whether the key was enrolled and had not ended at this position.
    async fn key_was_valid(&self, key: Thumbprint, at: LeafIndex) -> Result<bool, ServiceError> {
        let record = match self.key(key).await {
            Ok(record) => record,
            Err(ServiceError::UnknownKey { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(record.enrolled < at && record.revoked.is_none_or(|end| at < end))
    }
}

/// Whether an attestation is about the files that count now: a manifest is, being the newest of its
/// side; all else must name both sides, as they are now.
fn about_current_files(about: &StatementsAbout, told: &Told) -> bool {
    let Some(envelope) = told.payload.envelope() else { return false };
    if matches!(told.payload, Payload::Manifest(_)) {
        return true;
    }
    let both = [ManifestRole::Request, ManifestRole::Deliverable]
        .iter()
        .all(|role| envelope.manifests.iter().any(|named| named.role == *role));
    both && envelope.manifests.iter().all(|named| {
        let kind = match named.role {
            ManifestRole::Request => AttestationKind::RequestManifest,
            ManifestRole::Deliverable => AttestationKind::DeliverableManifest,
        };
        match about.newest.get(&kind).map(|newest| &newest.payload) {
            Some(Payload::Manifest(newest)) => newest.body().commitment == named.commitment,
            _ => false,
        }
    })
}

/// Whether no decision asks that the clauses be answered again.
fn text_stands(policies: &Policies, told: &Told, used: &Use<'_>) -> bool {
    let Some(Envelope { clauses, answers, .. }) = told.payload.envelope() else { return false };
    let answers: Option<Vec<(&str, ClauseAnswer)>> = answers
        .iter()
        .map(|said| Some((said.clause.as_str(), ClauseAnswer::parse(said.answer.as_str())?)))
        .collect();
    let Some(answers) = answers else { return false };
    let signed =
        Signed { set: clauses.set.as_str(), version: clauses.version.as_str(), answers: &answers };
    policies.clauses().standing(&signed, used).is_some_and(|standing| standing.is_current())
}

/// Clauses that were answered no.
fn refusals(told: &Told) -> u32 {
    let answers = told.payload.envelope().map_or(&[][..], |envelope| &envelope.answers);
    let refused = answers.iter().filter(|said| said.answer == Answer::No).count();
    u32::try_from(refused).unwrap_or(u32::MAX)
}

/// What the contractor says may still be in the files.
fn declared_risk(told: &Told) -> Option<words::ResidualRisk> {
    match &told.payload {
        Payload::RedactionCheck(said) => {
            words::ResidualRisk::parse(said.body().residual_risk.as_str())
        }
        _ => None,
    }
}

fn consents(consent: &PurposeConsent) -> PurposeSet {
    [
        (Purpose::Training, consent.training),
        (Purpose::Evaluation, consent.evaluation),
        (Purpose::Redistribution, consent.redistribution),
    ]
    .into_iter()
    .filter_map(|(purpose, said)| (said == Consent::Granted).then_some(purpose))
    .collect()
}

/// The purpose in the words of the rules.
pub(super) const fn purpose_word(purpose: Purpose) -> words::Purpose {
    match purpose {
        Purpose::Training => words::Purpose::Training,
        Purpose::Evaluation => words::Purpose::Evaluation,
        Purpose::Redistribution => words::Purpose::Redistribution,
    }
}
