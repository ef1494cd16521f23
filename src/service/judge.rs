//! Judging a statement: who says it, what it says, and whether the rules allow it. What the
//! judgement rests on becomes preconditions, which the transaction checks again.

use attestry_policy::clearance::AttestationKind;
use attestry_proof::{
    cose::{
        content_type::ContentType,
        statement::{SignedStatement, Subject},
    },
    hash::Hash,
    key::Thumbprint,
    manifest::Role as ManifestRole,
    payload::{
        Payload, Speaker, StatementKind,
        key_approval::KeyApproval,
        review::{Review, ReviewVerdict},
        withdrawal::Scope,
    },
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    own_ids::require_submission_id,
    sealing::{sealed_under, sealing_id},
};
use crate::{
    store::ledger::{AttestationSet, Candidate, Effect, KeyRecord, Precondition, StoredPayload},
    vault::open_payload,
};

/// What a judgement rests on, and what follows from it.
pub(super) type Judgement = (Vec<Precondition>, Vec<Effect>);

impl Service {
    pub(super) async fn judge(
        &self,
        statement: &SignedStatement,
        payload: Option<Vec<u8>>,
    ) -> Result<Candidate, ServiceError> {
        let header = statement.header();
        if header.audience != self.log.origin() {
            let (found, required) = (header.audience.clone(), self.log.origin().to_owned());
            return Err(ServiceError::WrongAudience { found, required });
        }
        if header.content_type != ContentType::Sealed {
            return Err(ServiceError::ReservedContentType { found: header.content_type.as_str() });
        }
        let policy = self.policy_unchanged();
        let key = self.valid_key(header.issuer).await?;
        statement.verify(&key.key)?;
        self.refuse_stale(header.issued_at)?;

        let vault_subject = sealed_under(header.subject);
        let digest = statement.payload_digest();
        let (bytes, staged) = self.payload_bytes(vault_subject, digest, payload).await?;
        let payload = Payload::parse(&bytes, true)?;
        payload.check(header)?;
        let (mut preconditions, mut effects) =
            self.judge_content(&key, header.subject, &payload).await?;
        self.check_clauses(&payload)?;

        let valid = Precondition::Key { thumbprint: header.issuer, version: key.version };
        preconditions.splice(0..0, [valid, policy]);
        if staged {
            effects.push(Effect::Unstage { submission: vault_subject, digest });
        }
        let under = sealing_id(header.subject, &payload);
        let seal_key = self.vault.submission_key(under).await?;
        let body = self.vault.seal_payload(&seal_key, under, &digest, &bytes)?;
        Ok(Candidate {
            entry: statement.entry_bytes(),
            leaf_hash: statement.leaf_hash(),
            issued_at: header.issued_at,
            subject: header.subject,
            issuer: header.issuer,
            content_type: header.content_type.as_str(),
            payload_digest: digest,
            payload: StoredPayload::Sealed { under: Some(under), body },
            preconditions,
            effects,
        })
    }

    async fn judge_content(
        &self,
        key: &KeyRecord,
        subject: Subject,
        payload: &Payload,
    ) -> Result<Judgement, ServiceError> {
        let kind = payload.kind();
        match subject {
            // What legal officers say is about holds and cases, which have ids of the service's kind.
            Subject::Submission(id) if kind.speaker() != Speaker::Legal => {
                require_submission_id(id)?;
            }
            _ => {}
        }
        match (kind.speaker(), subject, payload) {
            (Speaker::Contractor, Subject::Submission(submission), _) => {
                self.judge_owner(key, submission, payload).await
            }
            (_, Subject::Submission(submission), Payload::Review(said)) => {
                let judgement = self.judge_review(key, submission, said.body()).await?;
                require_capacity(key, payload).map(|()| judgement)
            }
            (_, Subject::Key(lost), Payload::KeyApproval(said)) => {
                let judgement = self.judge_approval(key, lost, said.body()).await?;
                require_capacity(key, payload).map(|()| judgement)
            }
            (_, _, Payload::Hold(said)) => {
                let judgement = self.judge_hold(key, said.body()).await?;
                require_capacity(key, payload).map(|()| judgement)
            }
            (_, _, Payload::HoldRelease(said)) => {
                let judgement = self.judge_hold_release(key, said.body()).await?;
                require_capacity(key, payload).map(|()| judgement)
            }
            (_, _, Payload::CaseStep(said)) => {
                let judgement = self.judge_case_step(key, said.body()).await?;
                require_capacity(key, payload).map(|()| judgement)
            }
            (_, _, Payload::CaseApproval(said)) => {
                let judgement = self.judge_case_approval(key, said.body()).await?;
                require_capacity(key, payload).map(|()| judgement)
            }
            _ => Err(ServiceError::ReservedContentType { found: kind.as_str() }),
        }
    }

    /// A contractor about a submission of their own. The facts assumed here (new or one's own, not
    /// withdrawn) are what the precondition demands, so no row is read for them.
    async fn judge_owner(
        &self,
        key: &KeyRecord,
        submission: Uuid,
        payload: &Payload,
    ) -> Result<Judgement, ServiceError> {
        let withdrawal = payload.kind() == StatementKind::Withdrawal;
        let owner = if withdrawal {
            self.withdrawing_owner(key, submission).await?
        } else {
            self.authorize(Some(key), Action::Attest, Thing::OwnSubmission(submission))?;
            key.key.thumbprint()
        };
        self.check_manifest(submission, payload).await?;
        self.check_superseded(submission, payload).await?;
        let effect = match payload {
            Payload::Withdrawal(said) => Some(Effect::Withdraw {
                submission,
                purposes: match &said.body().scope {
                    Scope::Everything => None,
                    Scope::Purposes(purposes) => Some(purposes.iter().copied().collect()),
                },
            }),
            _ => attested(payload).map(|kind| Effect::Attested { submission, kind }),
        };
        let program = key.program.clone();
        let owned =
            Precondition::SubmissionOf { submission, owner, program, may_be_withdrawn: withdrawal };
        Ok((vec![owned], effect.into_iter().collect()))
    }

    /// What a statement takes the place of must be a statement of its kind about the submission.
    async fn check_superseded(
        &self,
        submission: Uuid,
        payload: &Payload,
    ) -> Result<(), ServiceError> {
        let earlier = payload.envelope().and_then(|envelope| envelope.supersedes);
        let Some(earlier) = earlier.map(|digest| digest.0) else { return Ok(()) };
        let found = self.statements_about(submission).await?.kind_of(earlier);
        match found == Some(payload.kind()) {
            true => Ok(()),
            false => Err(ServiceError::SupersedesNothing { leaf: earlier }),
        }
    }

    /// The key that must own the submission for this one to withdraw it: itself, or the lost key it
    /// was enrolled for.
    async fn withdrawing_owner(
        &self,
        key: &KeyRecord,
        submission: Uuid,
    ) -> Result<Thumbprint, ServiceError> {
        if key.replaces.is_some()
            && let Some(record) = self.ledger.submission(submission).await?
        {
            let lost = record.owner;
            let heir = self.as_heir_of(key, lost).await?;
            if heir.replaces == Some(lost) {
                let owner = self.key(lost).await?;
                self.authorize(Some(&heir), Action::Withdraw, Thing::Submission(&record, &owner))?;
                return Ok(lost);
            }
        }
        let owner = key.key.thumbprint();
        self.authorize(Some(key), Action::Withdraw, Thing::OwnSubmission(submission))?;
        // Who may not submit begins nothing by taking it back.
        if self.authorize(Some(key), Action::Attest, Thing::OwnSubmission(submission)).is_err()
            && self.ledger.submission(submission).await?.is_none_or(|it| it.owner != owner)
        {
            return Err(ServiceError::NotYours { submission });
        }
        Ok(owner)
    }

    async fn judge_review(
        &self,
        key: &KeyRecord,
        submission: Uuid,
        said: &Review,
    ) -> Result<Judgement, ServiceError> {
        let accepted = said.verdict == ReviewVerdict::Accepted;
        let action = if accepted { Action::Review } else { Action::SendBack };
        let (record, owner) = self.submission_for(key, action, submission).await?;
        let statements = self.statements_about(submission).await?;
        let read: Vec<Hash> = said.rests_on.iter().map(|digest| digest.0).collect();
        if let Some(unknown) = read.iter().find(|leaf| !statements.contains(**leaf)) {
            return Err(ServiceError::ReviewOfNothing { leaf: *unknown });
        }
        if let Some(unread) = statements.newest_leaves().find(|leaf| !read.contains(leaf)) {
            return Err(ServiceError::ReviewOutdated { submission, unread });
        }
        let owner_valid = Precondition::Key { thumbprint: record.owner, version: owner.version };
        let nothing_since = Precondition::LastSaid { submission, at: record.said };
        let reviewer = key.key.thumbprint();
        let effect = Effect::Reviewed { submission, accepted, reviewer };
        Ok((vec![owner_valid, nothing_since], vec![effect]))
    }

    async fn judge_approval(
        &self,
        key: &KeyRecord,
        lost: Thumbprint,
        said: &KeyApproval,
    ) -> Result<Judgement, ServiceError> {
        let record = self.key(lost).await?;
        self.authorize(Some(key), Action::ApproveKey, Thing::Key(&record))?;
        if said.program.as_str() != record.program {
            return Err(ServiceError::Malformed {
                what: "program",
                reason: format!("the lost key is for the program {:?}", record.program),
            });
        }
        let unchanged = Precondition::Key { thumbprint: lost, version: record.version };
        let effect = Effect::ApproveKey {
            lost,
            replacement: said.replacement.0,
            officer: key.key.thumbprint(),
        };
        Ok((vec![unchanged], vec![effect]))
    }

    /// The attached payload (its digest was checked while parsing) or the staged one; and whether
    /// it was staged.
    async fn payload_bytes(
        &self,
        subject: Uuid,
        digest: Hash,
        attached: Option<Vec<u8>>,
    ) -> Result<(Vec<u8>, bool), ServiceError> {
        if let Some(bytes) = attached {
            return Ok((bytes, false));
        }
        let missing = ServiceError::PayloadMissing { digest };
        let sealed = self.ledger.staged_payload(subject, digest).await?.ok_or(missing)?;
        let key = self.vault.existing_key(subject).await?;
        Ok((open_payload(&key, subject, &digest, &sealed)?.to_vec(), true))
    }
}

/// Whoever speaks in an office must hold it.
fn require_capacity(key: &KeyRecord, payload: &Payload) -> Result<(), ServiceError> {
    match payload.official_envelope().map(|envelope| envelope.capacity) {
        Some(capacity) if !key.roles.contains(capacity) => Err(ServiceError::Malformed {
            what: "capacity",
            reason: format!("this key does not have the role {capacity}"),
        }),
        _ => Ok(()),
    }
}

/// What clearance asks for, among what was said.
pub(super) const fn attestation_kind(payload: &Payload) -> Option<AttestationKind> {
    Some(match payload {
        Payload::Manifest(said) => match said.body().role {
            ManifestRole::Request => AttestationKind::RequestManifest,
            ManifestRole::Deliverable => AttestationKind::DeliverableManifest,
        },
        Payload::OwnWork(_) => AttestationKind::OwnWork,
        Payload::NdaCheck(_) => AttestationKind::NdaCheck,
        Payload::RedactionCheck(_) => AttestationKind::RedactionCheck,
        Payload::TaskAuthority(_) => AttestationKind::TaskAuthority,
        Payload::Effort(_) => AttestationKind::Effort,
        _ => return None,
    })
}

fn attested(payload: &Payload) -> Option<AttestationSet> {
    attestation_kind(payload).map(AttestationSet::of)
}
