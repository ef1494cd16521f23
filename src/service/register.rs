//! Registering a statement: parse, judge, seal, append. The signature on the statement is the
//! authentication.

use std::ops::RangeInclusive;

use attestry_proof::{
    cose::{
        content_type::ContentType,
        statement::{SignedStatement, Subject},
    },
    hash::Hash,
    payload::{Payload, PayloadError, StatementKind, withdrawal::Scope},
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, authorize},
};
use crate::{
    log::{LogError, Logged},
    store::ledger::{Candidate, Effect, KeyRecord, Precondition, StoredPayload},
    vault::open_payload,
};

/// Oldest accepted claim of time: a contractor signs, then uploads large files.
pub const ISSUED_AT_AGE_MAX_S: i64 = 24 * 3600;
/// Furthest accepted claim of a future time: clocks differ.
pub const ISSUED_AT_AHEAD_MAX_S: i64 = 5 * 60;

impl Service {
    /// Registers one statement, given as `application/cose` with its payload attached or staged
    /// before.
    ///
    /// # Errors
    /// A [`ServiceError`] for whatever is wrong with it. A statement that is logged already is
    /// never refused: it gets a receipt again, whatever became of its key or the policy since.
    pub async fn register(&self, bytes: &[u8]) -> Result<Logged, ServiceError> {
        let (statement, attachments) = SignedStatement::parse(bytes)?;
        let refusal = match self.admit(&statement, attachments.payload).await {
            Ok(logged) => return Ok(logged),
            Err(refusal) => refusal,
        };
        let issued_at = statement.header().issued_at;
        match self.ledger.find_statement(issued_at, statement.leaf_hash()).await? {
            Some(index) => {
                Ok(Logged { index, receipt: self.log.receipt(index).await?, appended: false })
            }
            None => Err(refusal),
        }
    }

    async fn admit(
        &self,
        statement: &SignedStatement,
        payload: Option<Vec<u8>>,
    ) -> Result<Logged, ServiceError> {
        let candidate = self.judge(statement, payload.clone()).await?;
        match self.log.append(candidate).await {
            Err(LogError::Stale(precondition)) => {
                // Something changed between judgement and transaction: judge once more on what
                // holds now.
                self.forget_key(statement.header().issuer);
                tracing::debug!(?precondition, "judging again");
                let candidate = self.judge(statement, payload).await?;
                match self.log.append(candidate).await {
                    Err(LogError::Stale(precondition)) => Err(self.explain(precondition).await?),
                    result => Ok(result?),
                }
            }
            result => Ok(result?),
        }
    }

    async fn judge(
        &self,
        statement: &SignedStatement,
        payload: Option<Vec<u8>>,
    ) -> Result<Candidate, ServiceError> {
        let header = statement.header();
        if header.audience != self.log.origin() {
            let (found, required) = (header.audience.clone(), self.log.origin().to_owned());
            return Err(ServiceError::WrongAudience { found, required });
        }
        let (ContentType::Sealed, Subject::Submission(submission)) =
            (header.content_type, header.subject)
        else {
            return Err(ServiceError::ReservedContentType { found: header.content_type.as_str() });
        };
        let key = self.valid_key(header.issuer).await?;
        statement.verify(&key.key)?;
        authorize(&key, Action::Attest)?;
        self.refuse_stale(header.issued_at)?;

        let digest = statement.payload_digest();
        let (bytes, staged) = self.payload_bytes(submission, digest, payload).await?;
        let payload = Payload::parse(&bytes, true)?;
        payload.check(header)?;
        if !payload.kind().is_contractor() {
            let found = payload.kind().as_str();
            return Err(ServiceError::ReservedContentType { found });
        }
        self.check_clauses(&payload)?;
        self.check_manifest(submission, &payload).await?;

        let withdrawal = payload.kind() == StatementKind::Withdrawal;
        let mut effects = Vec::new();
        if staged {
            effects.push(Effect::Unstage { submission, digest });
        }
        if matches!(&payload, Payload::Withdrawal(said) if said.body().scope == Scope::Everything) {
            effects.push(Effect::Withdraw(submission));
        }
        let submission_key = self.vault.submission_key(submission).await?;
        let sealed = self.vault.seal_payload(&submission_key, submission, &digest, &bytes)?;
        Ok(Candidate {
            entry: statement.entry_bytes(),
            leaf_hash: statement.leaf_hash(),
            issued_at: header.issued_at,
            subject: header.subject,
            issuer: header.issuer,
            content_type: header.content_type.as_str(),
            payload_digest: digest,
            payload: StoredPayload::Sealed(sealed),
            preconditions: vec![
                Precondition::Key { thumbprint: header.issuer, version: key.version },
                Precondition::SubmissionOf {
                    submission,
                    owner: header.issuer,
                    may_be_withdrawn: withdrawal,
                },
            ],
            effects,
        })
    }

    fn refuse_stale(&self, issued_at: i64) -> Result<(), ServiceError> {
        let accepted = self.accepted_issued_at();
        if accepted.contains(&issued_at) {
            return Ok(());
        }
        let (earliest, latest) = accepted.into_inner();
        Err(ServiceError::StaleIssuedAt { found: issued_at, earliest, latest })
    }

    fn accepted_issued_at(&self) -> RangeInclusive<i64> {
        let now = self.now();
        now - ISSUED_AT_AGE_MAX_S..=now + ISSUED_AT_AHEAD_MAX_S
    }

    /// The attached payload (its digest was checked while parsing) or the staged one; and whether
    /// it was staged.
    async fn payload_bytes(
        &self,
        submission: Uuid,
        digest: Hash,
        attached: Option<Vec<u8>>,
    ) -> Result<(Vec<u8>, bool), ServiceError> {
        if let Some(bytes) = attached {
            return Ok((bytes, false));
        }
        let missing = ServiceError::PayloadMissing { digest };
        let sealed = self.ledger.staged_payload(submission, digest).await?.ok_or(missing)?;
        let key = self.vault.existing_key(submission).await?;
        Ok((open_payload(&key, submission, &digest, &sealed)?.to_vec(), true))
    }

    /// Keeps a payload, sealed, until its statement is registered.
    ///
    /// # Errors
    /// [`ServiceError::DigestMismatch`], [`ServiceError::Payload`], a failing store, and those of
    /// [`Service::prepare_submission`].
    pub async fn stage_payload(
        &self,
        caller: &KeyRecord,
        submission: Uuid,
        digest: Hash,
        bytes: &[u8],
    ) -> Result<(), ServiceError> {
        let found = Hash::of(bytes);
        if found != digest {
            return Err(ServiceError::DigestMismatch { found, required: digest });
        }
        let subject = Payload::parse(bytes, true)?.subject();
        if subject != Some(Subject::Submission(submission)) {
            return Err(PayloadError::SubjectMismatch.into());
        }
        self.prepare_submission(caller, submission).await?;
        let key = self.vault.submission_key(submission).await?;
        let sealed = self.vault.seal_payload(&key, submission, &digest, bytes)?;
        Ok(self.ledger.stage_payload(submission, digest, &sealed, self.now()).await?)
    }

    /// Why a precondition failed twice in a row.
    async fn explain(&self, failed: Precondition) -> Result<ServiceError, ServiceError> {
        Ok(match failed {
            Precondition::SubmissionOf { submission, owner, .. } => {
                match self.ledger.submission(submission).await? {
                    Some(record) if record.owner == owner => ServiceError::Withdrawn { submission },
                    Some(_) => ServiceError::NotYours { submission },
                    None => match self.ledger.draft(submission).await? {
                        Some(draft) if draft.owner == owner => {
                            ServiceError::Abandoned { submission }
                        }
                        _ => ServiceError::NotYours { submission },
                    },
                }
            }
            other => ServiceError::Log(LogError::Stale(other)),
        })
    }
}
