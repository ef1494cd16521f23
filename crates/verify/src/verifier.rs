//! Judging one statement. What other statements say about it is added by [`crate::settle`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use attestry_proof::cose::receipt::Position;
use attestry_proof::cose::{Attachments, ContentType, Receipt, SignedStatement, Subject};
use attestry_proof::hash::Hash;
use attestry_proof::key::{PublicKey, Thumbprint};
use attestry_proof::log::proof_file::LogProof;
use attestry_proof::log::tree::verify_inclusion;
use attestry_proof::log::trust::TrustPolicy;
use attestry_proof::payload::{Payload, PayloadError, Speaker};

use crate::checkpoints::{CheckpointBook, Judged};
use crate::evidence::Evidence;
use crate::identity::{LogIdentity, check_genesis};
use crate::issuers::IssuerBook;
use crate::keys::Terms;
use crate::receipts::{ReceiptBook, follow};
use crate::verdict::{
    Anchor, AnchoredBy, Described, Event, Fault, Finding, PayloadFact, ReceiptRoot, Shortfall,
    StatementVerdict, Unwitnessed,
};

/// Judges statements under one trust policy. Shared between threads by reference; checkpoints and
/// signed roots are verified once each.
#[derive(Debug)]
pub struct Verifier {
    pub(crate) checkpoints: CheckpointBook,
    receipts: ReceiptBook,
    issuers: IssuerBook,
    keys: HashMap<Thumbprint, PublicKey>,
    vouched: HashSet<Thumbprint>,
    identities: HashMap<String, LogIdentity>,
}

impl Verifier {
    /// A verifier that knows no key but those of the policy and those attached to statements.
    #[must_use]
    pub fn new(policy: TrustPolicy) -> Self {
        Self {
            checkpoints: CheckpointBook::new(policy),
            receipts: ReceiptBook::default(),
            issuers: IssuerBook::default(),
            keys: HashMap::new(),
            vouched: HashSet::new(),
            identities: HashMap::new(),
        }
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &TrustPolicy {
        self.checkpoints.policy()
    }

    /// Makes keys known, so that signatures that name them can be checked. It does not make them
    /// trusted: a signature says who signed, not that they were entitled to.
    pub fn add_keys(&mut self, keys: impl IntoIterator<Item = PublicKey>) {
        self.keys.extend(keys.into_iter().map(|key| (key.thumbprint(), key)));
    }

    /// Makes keys known that the user vouches for: receipts and statements by them count as those
    /// of the log, where no genesis statement says what the log's keys are.
    pub fn vouch_for_keys(&mut self, keys: impl IntoIterator<Item = PublicKey>) {
        for key in keys {
            self.vouched.insert(key.thumbprint());
            self.add_keys([key]);
        }
    }

    /// Takes the log's other keys from its genesis statement, if that is verified as entry 0.
    ///
    /// # Errors
    /// The judgement on the statement, if it is anything less or no genesis.
    pub fn adopt_genesis(
        &mut self,
        evidence: &Evidence<'_>,
    ) -> Result<&LogIdentity, Box<StatementVerdict>> {
        let (mut verdict, payload) = self.judge(evidence);
        self.link(&mut verdict);
        match (&verdict.finding, payload) {
            (Finding::Proven(_), Some(Payload::Genesis(genesis))) => {
                let identity = LogIdentity::of(genesis.body());
                self.add_keys([identity.receipt_key, identity.service_key]);
                Ok(self.identities.entry(identity.origin.clone()).insert_entry(identity).into_mut())
            }
            _ => Err(Box::new(verdict)),
        }
    }

    /// The keys of a log whose genesis was adopted.
    #[must_use]
    pub fn identity(&self, origin: &str) -> Option<&LogIdentity> {
        self.identities.get(origin)
    }

    /// Whether the user vouches for a key.
    #[must_use]
    pub fn vouches_for(&self, key: &Thumbprint) -> bool {
        self.vouched.contains(key)
    }

    /// Judges a statement by what is attached to it.
    #[must_use]
    pub fn verify_statement(&self, statement: &[u8]) -> StatementVerdict {
        self.verify(&Evidence { statement, ..Evidence::default() })
    }

    /// Judges a statement by what is attached to it and what came along.
    #[must_use]
    pub fn verify(&self, evidence: &Evidence<'_>) -> StatementVerdict {
        self.judge(evidence).0
    }

    fn judge(&self, evidence: &Evidence<'_>) -> (StatementVerdict, Option<Payload>) {
        let mut known = None;
        let parsed = SignedStatement::parse_knowing(evidence.statement, |issuer| {
            known = self.issuers.get(issuer);
            known
        });
        let (statement, attachments) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                let finding = Finding::Failed(Fault::Malformed(error));
                return (StatementVerdict::new(finding, None), None);
            }
        };
        if let (Some(key), None) = (&attachments.issuer_key, known) {
            self.issuers.remember(key);
        }
        let leaf = statement.leaf_hash();
        let described = Described {
            header: statement.header().clone(),
            payload_digest: statement.payload_digest(),
            leaf,
        };
        let none = Finding::NotProven(Shortfall::NoProof);
        let mut judgement = Judgement {
            verifier: self,
            verdict: StatementVerdict::new(none, Some(described)),
            payload: None,
            leaf,
        };
        let finding = judgement.examine(&statement, &attachments, evidence);
        let Judgement { mut verdict, payload, .. } = judgement;
        verdict.finding = finding.unwrap_or_else(Finding::Failed);
        (verdict, payload)
    }

    /// Follows receipts to checkpoints that were seen elsewhere.
    pub(crate) fn link(&self, verdict: &mut StatementVerdict) {
        if !verdict.awaits_proof() {
            return;
        }
        let Some(described) = &verdict.described else { return };
        let origin = &described.header.audience;
        let anchor = verdict.receipt_roots.iter().find_map(|ReceiptRoot { root, position }| {
            let checkpoint = self.checkpoints.trusted(origin, position.size, *root)?;
            Some(Anchor { index: position.index, checkpoint, by: AnchoredBy::Receipt })
        });
        if let Some(anchor) = anchor {
            verdict.anchor(anchor);
        }
    }

    /// The key that receipts of `origin` must be signed with for them to count, given the one they
    /// name; `None` if nothing says.
    pub(crate) fn receipt_key(&self, origin: &str, kid: &Thumbprint) -> Option<&PublicKey> {
        match self.identities.get(origin) {
            Some(identity) => Some(&identity.receipt_key),
            None => self.keys.get(kid).filter(|_| self.vouched.contains(kid)),
        }
    }
}

/// One statement on its way to a verdict.
struct Judgement<'v> {
    verifier: &'v Verifier,
    verdict: StatementVerdict,
    payload: Option<Payload>,
    leaf: Hash,
}

impl Judgement<'_> {
    fn examine(
        &mut self,
        statement: &SignedStatement,
        attachments: &Attachments,
        evidence: &Evidence<'_>,
    ) -> Result<Finding, Fault> {
        // The signature is reported first, but genesis brings the key for it in its payload.
        let payload = self.check_payload(statement, attachments, evidence);
        self.check_signature(statement, attachments)?;
        payload?;
        let audience = statement.header().audience.as_str();
        let mut best = Finding::NotProven(Shortfall::NoProof);
        let proofs = attachments.log_proof.as_deref().into_iter();
        for proof in proofs.chain(evidence.proofs.iter().copied()) {
            let finding = self.check_proof(proof, audience)?;
            better(&mut best, finding)?;
        }
        let receipts = attachments.receipts.iter().map(Vec::as_slice);
        for receipt in receipts.chain(evidence.receipts.iter().copied()) {
            let finding = self.check_receipt(receipt, audience)?;
            better(&mut best, finding)?;
        }
        check_genesis_at(&best, self.verdict.event.as_ref())?;
        let issuer = statement.header().issuer;
        self.check_issuer(issuer, statement.header().content_type, audience)?;
        if !self.verdict.signature_checked {
            return Ok(Finding::NotProven(Shortfall::IssuerKeyMissing { issuer }));
        }
        Ok(best)
    }

    fn check_payload(
        &mut self,
        statement: &SignedStatement,
        attachments: &Attachments,
        evidence: &Evidence<'_>,
    ) -> Result<(), Fault> {
        let required = statement.payload_digest();
        let header = statement.header();
        let stored = evidence.payloads.and_then(|store| store.get(&required));
        let misnamed = evidence.payloads.and_then(|store| store.misnamed(&required));
        let beside = evidence.payload_beside.filter(|found| *found != required);
        if let Some(found) = misnamed.or(beside) {
            return Err(Fault::PayloadMismatch { found, required });
        }
        self.verdict.event = announced(header.content_type, &header.subject, None);
        let Some(bytes) = attachments.payload.as_deref().or(stored) else {
            self.verdict.payload = PayloadFact::Missing;
            return Ok(());
        };
        let payload = match Payload::parse(bytes, header.content_type.is_sealed()) {
            Ok(payload) => payload,
            // A later version has more kinds; the digest still says that this is what was signed.
            Err(PayloadError::UnknownKind | PayloadError::Schema { .. }) => {
                self.verdict.payload = PayloadFact::Matches { kind: None, lines: Vec::new() };
                return Ok(());
            }
            Err(error) => return Err(Fault::PayloadInvalid(error)),
        };
        payload.check(header).map_err(Fault::PayloadContradiction)?;
        let lines = if evidence.summaries { payload.summary() } else { Vec::new() };
        self.verdict.payload = PayloadFact::Matches { kind: Some(payload.kind()), lines };
        self.verdict.capacity = payload.official_envelope().map(|envelope| envelope.capacity);
        self.verdict.event = announced(header.content_type, &header.subject, Some(&payload));
        self.payload = Some(payload);
        Ok(())
    }

    fn check_signature(
        &mut self,
        statement: &SignedStatement,
        attachments: &Attachments,
    ) -> Result<(), Fault> {
        let introduced = self.payload.as_ref().and_then(LogIdentity::introduced_by);
        let known = self.verifier.keys.get(&statement.header().issuer).copied();
        let Some(key) = attachments.issuer_key.or(known).or(introduced) else {
            return Ok(());
        };
        statement.verify(&key).map_err(|_| Fault::Signature)?;
        self.verdict.signature_checked = true;
        Ok(())
    }

    fn check_proof(&self, proof: &[u8], audience: &str) -> Result<Finding, Fault> {
        let checkpoints = &self.verifier.checkpoints;
        let proof = LogProof::parse_knowing(proof, |note| checkpoints.knows(note))
            .map_err(Fault::ProofMalformed)?;
        let judged = checkpoints.judge(proof.checkpoint());
        let checkpoint = match judged.as_ref() {
            Judged::Trusted(trusted) => trusted.checkpoint(),
            Judged::Unwitnessed { checkpoint, .. } | Judged::Unknown { checkpoint, .. } => {
                checkpoint
            }
            Judged::Refused(error) => return Err(Fault::CheckpointInvalid(error.clone())),
        };
        let (index, size) = (proof.index(), checkpoint.size());
        verify_inclusion(&self.leaf, index, size, proof.path(), &checkpoint.root())
            .map_err(Fault::NotInTree)?;
        if checkpoint.origin() != audience {
            let (found, required) = (checkpoint.origin().to_owned(), audience.to_owned());
            return Err(Fault::WrongAudience { found, required });
        }
        Ok(match judged.as_ref() {
            Judged::Trusted(trusted) => {
                let checkpoint = Arc::clone(trusted);
                Finding::Proven(Anchor { index, checkpoint, by: AnchoredBy::LogProof })
            }
            Judged::Unwitnessed { lacks, .. } => {
                let position = Position { index, size };
                Finding::Unwitnessed(Unwitnessed::Quorum { position, lacks: lacks.clone() })
            }
            Judged::Unknown { error, .. } | Judged::Refused(error) => {
                let (origin, error) = (checkpoint.origin().to_owned(), error.clone());
                Finding::NotProven(Shortfall::LogNotTrusted { origin, error })
            }
        })
    }

    fn check_receipt(&mut self, receipt: &[u8], audience: &str) -> Result<Finding, Fault> {
        let parsed = Receipt::parse(receipt).map_err(Fault::Receipt)?;
        let (kid, leaf, verifier) = (parsed.kid(), self.leaf, self.verifier);
        let verify = |key, authenticated| {
            let verdict = verifier.receipts.verify(&parsed, &leaf, key, audience, authenticated);
            verdict.map_err(Fault::Receipt)
        };
        let follow = || follow(receipt, &leaf).map_err(Fault::Receipt);
        let Some(key) = verifier.receipt_key(audience, &kid) else {
            if let Some(key) = verifier.keys.get(&kid) {
                verify(key, false)?;
            }
            self.verdict.receipt_roots.push(follow()?);
            self.verdict.receipts_unchecked += 1;
            return Ok(Finding::NotProven(Shortfall::ReceiptKeyUnknown { kid }));
        };
        let (verdict, fresh) = verify(key, true)?;
        self.verdict.receipts_verified += 1;
        let Some(position) = verdict.position else {
            self.verdict.receipt_roots.push(follow()?);
            return Ok(Finding::Unwitnessed(Unwitnessed::Receipt { position: None }));
        };
        if fresh {
            verifier.checkpoints.record_root(audience, position.size, verdict.root);
        }
        self.verdict.receipt_roots.push(ReceiptRoot { root: verdict.root, position });
        Ok(Finding::Unwitnessed(Unwitnessed::Receipt { position: Some(position) }))
    }

    /// What only the service says must be said by the service key, where it is known, and what
    /// members say by any other.
    fn check_issuer(
        &self,
        found: Thumbprint,
        content_type: ContentType,
        origin: &str,
    ) -> Result<(), Fault> {
        let Some(identity) = self.verifier.identities.get(origin) else { return Ok(()) };
        let required = identity.service_key.thumbprint();
        let kind = self.payload.as_ref().map(Payload::kind);
        let by_service = kind.map(|kind| kind.speaker() == Speaker::Service);
        match (found == required, by_service.or((!content_type.is_sealed()).then_some(true))) {
            (false, Some(true)) => Err(Fault::NotByService { found, required }),
            (true, Some(false)) => Err(Fault::NotByMember { service: required }),
            _ => Ok(()),
        }
    }
}

/// Keeps the better of two findings, which must agree on the position.
fn better(best: &mut Finding, other: Finding) -> Result<(), Fault> {
    let index = |finding: &Finding| finding.position().map(|position| position.index);
    if let (Some(first), Some(second)) = (index(best), index(&other))
        && first != second
    {
        return Err(Fault::PositionDisagreement { first, second });
    }
    // A finding that names a position says more than an equal verdict without one.
    let rank = |finding: &Finding| {
        let no_proof = matches!(finding, Finding::NotProven(Shortfall::NoProof));
        (finding.verdict(), no_proof, index(finding).is_none())
    };
    if rank(&other) < rank(best) {
        *best = other;
    }
    Ok(())
}

/// A genesis statement must be entry 0 of the log it introduces.
pub(crate) fn check_genesis_at(finding: &Finding, event: Option<&Event>) -> Result<(), Fault> {
    match (finding, event) {
        (Finding::Proven(anchor), Some(Event::Genesis(genesis))) => {
            check_genesis(genesis, anchor).map_err(Fault::Genesis)
        }
        _ => Ok(()),
    }
}

/// What a statement changes for others, as far as header and payload tell.
fn announced(
    content_type: ContentType,
    subject: &Subject,
    payload: Option<&Payload>,
) -> Option<Event> {
    match (content_type, subject, payload) {
        (_, _, Some(Payload::Genesis(genesis))) => {
            Some(Event::Genesis(Box::new(genesis.body().clone())))
        }
        (_, _, Some(Payload::Withdrawal(withdrawal))) => {
            Some(Event::Withdrawn(withdrawal.body().scope.clone()))
        }
        (_, _, Some(Payload::Status(status))) => Some(Event::Status(status.body().status)),
        (_, _, Some(Payload::Manifest(manifest))) => Some(Event::Manifest(manifest.body().clone())),
        (ContentType::KeyEnrolled, Subject::Key(key), payload) => {
            let terms = match payload {
                Some(Payload::KeyEnrolled(enrolled)) => Some(Terms::from(enrolled.body())),
                _ => None,
            };
            Some(Event::Enrolled { key: *key, terms })
        }
        (ContentType::KeyRevoked, Subject::Key(key), _) => Some(Event::Revoked(*key)),
        (ContentType::KeyRotated, Subject::Key(previous), payload) => {
            let next = match payload {
                Some(Payload::KeyRotated(rotated)) => {
                    let body = rotated.body();
                    Some((body.key.thumbprint.0, Terms::from(body)))
                }
                _ => None,
            };
            Some(Event::Rotated { previous: *previous, next })
        }
        _ => None,
    }
}
