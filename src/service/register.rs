//! Registering a statement: parse, judge, seal, append. The signature on the statement is the
//! authentication.

use std::{ops::RangeInclusive, time::Duration};

use attestry_proof::{
    cose::statement::{SignedStatement, Subject},
    hash::Hash,
    payload::{Payload, PayloadError},
};
use uuid::Uuid;

use super::{Service, ServiceError, authorize::Action, status::left_for_later};
use crate::{
    log::{LogError, Logged},
    store::ledger::{Candidate, Effect, KeyRecord, Precondition},
};

/// Oldest accepted claim of time: a contractor signs, then uploads large files.
pub const ISSUED_AT_AGE_MAX_S: i64 = 24 * 3600;
/// Furthest accepted claim of a future time: clocks differ.
pub const ISSUED_AT_AHEAD_MAX_S: i64 = 5 * 60;

/// How long it takes from logging new rules to deciding by them.
const POLICY_CHANGE: Duration = Duration::from_millis(200);

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
        let follows = candidate.effects.iter().find_map(needs_follow_up);
        let logged = self.append_judged(candidate, statement, payload).await?;
        // A statement that was logged before had its consequences; whoever has its bytes may send it.
        if let Some(follow_up) = follows.filter(|_| logged.appended) {
            self.follow_up(follow_up).await;
        }
        Ok(logged)
    }

    async fn append_judged(
        &self,
        candidate: Candidate,
        statement: &SignedStatement,
        payload: Option<Vec<u8>>,
    ) -> Result<Logged, ServiceError> {
        match self.log.append(candidate).await {
            Err(LogError::Stale(precondition)) => {
                // Something changed between judgement and transaction: judge once more on what
                // holds now.
                self.forget_key(statement.header().issuer);
                if let Precondition::Policy { .. } = precondition {
                    // The new rules are logged, and in force in a moment.
                    tokio::time::sleep(POLICY_CHANGE).await;
                }
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

    pub(super) fn refuse_stale(&self, issued_at: i64) -> Result<(), ServiceError> {
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
        self.prepare_submission(caller, Action::StagePayload, submission).await?;
        let key = self.vault.submission_key(submission).await?;
        let sealed = self.vault.seal_payload(&key, submission, &digest, bytes)?;
        Ok(self.ledger.stage_payload(submission, digest, &sealed, self.now()).await?)
    }

    /// What follows from a statement by a person: a decision about clearance, the public word. The
    /// statement is logged whatever becomes of these; what is left undone is found by the service's
    /// own rounds.
    async fn follow_up(&self, follow_up: FollowUp) {
        match follow_up {
            FollowUp::Decide(submission) => {
                left_for_later(submission, self.decide_due(submission).await);
            }
            FollowUp::Publish(submission) => {
                left_for_later(submission, self.publish_status(submission).await);
            }
        }
    }

    /// Why a precondition failed twice in a row.
    async fn explain(&self, failed: Precondition) -> Result<ServiceError, ServiceError> {
        Ok(match failed {
            Precondition::SubmissionOf { submission, owner, .. } => {
                match self.ledger.submission(submission).await? {
                    Some(record) if record.owner == owner && record.ordered => {
                        ServiceError::Erased { submission }
                    }
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
            Precondition::NotHeld { submission } => ServiceError::OnHold { submission },
            Precondition::NotOrdered { submission } => ServiceError::Erased { submission },
            Precondition::Case { case, .. } => match self.ledger.legal().case(case).await? {
                Some(record) => ServiceError::CaseMovedOn { case, state: record.state },
                None => ServiceError::NotFound { what: "case", id: case.to_string() },
            },
            other => ServiceError::Log(LogError::Stale(other)),
        })
    }
}

/// What the service does after a statement.
enum FollowUp {
    /// Decide about clearance, which publishes what comes of it.
    Decide(Uuid),
    /// Publish what the statement changed.
    Publish(Uuid),
}

fn needs_follow_up(effect: &Effect) -> Option<FollowUp> {
    match effect {
        Effect::Reviewed { submission, accepted: true, .. } => Some(FollowUp::Decide(*submission)),
        Effect::Reviewed { submission, accepted: false, .. }
        | Effect::Withdraw { submission, .. } => Some(FollowUp::Publish(*submission)),
        _ => None,
    }
}
