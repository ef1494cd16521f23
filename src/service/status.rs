//! The public word on a submission, one `status` statement for each change, without reasons.

use std::{sync::Weak, time::Duration};

use attestry_proof::{
    cose::{ContentType, Subject},
    payload::{Announcement, Payload, fields::SubmissionId, status::Status},
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{Service, ServiceError, genesis::timestamp, state::state};
use crate::{
    log::LogError,
    store::ledger::{Effect, Precondition, SubmissionRecord},
};

/// Submissions in one question.
const PAGE: u32 = 100;
/// Time from one look for unpublished words to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Time after which the same words are another statement.
const SAME_SECOND: Duration = Duration::from_millis(250);

/// Does what follows from statements, until the service is gone: decides where a decision is due,
/// and publishes. Requests do so for what they say themselves; this finds what they left, what a
/// contractor attested anew, and what new rules ask for.
pub async fn keep_up(service: Weak<Service>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(service) = service.upgrade() else { return };
        if let Err(error) = service.catch_up().await {
            tracing::warn!(%error, "what follows from statements is left for later");
        }
    }
}

/// Notes what could not be done now; it is found again.
pub(super) fn left_for_later(submission: Uuid, done: Result<(), ServiceError>) {
    if let Err(error) = done {
        tracing::warn!(%submission, %error, "what follows from a statement is left for later");
    }
}

impl Service {
    /// Decides and publishes one page of what is due, together, so that they share commits. One that
    /// cannot be decided or published keeps no other from it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn catch_up(&self) -> Result<(), ServiceError> {
        let undecided = self.ledger.people().submissions_undecided(PAGE).await?;
        let decisions = undecided.into_iter().map(|submission| async move {
            left_for_later(submission, self.decide_due(submission).await);
        });
        join_all(decisions).await;
        let due = self.ledger.people().submissions_due(PAGE).await?;
        let words = due.into_iter().map(|record| async move {
            left_for_later(record.id, self.publish_status(record.id).await);
        });
        join_all(words).await;
        self.follow_cases().await
    }

    /// Publishes where a submission stands, if that is not what was published last.
    ///
    /// # Errors
    /// A failing store or log.
    pub(super) async fn publish_status(&self, submission: Uuid) -> Result<(), ServiceError> {
        loop {
            let Some(record) = self.ledger.submission(submission).await? else { return Ok(()) };
            match self.publish(&record).await {
                // Somebody spoke in between: what is to be said may be another thing now.
                Err(ServiceError::Log(LogError::Stale(_))) => {}
                // The same was said within this second, and something else after it: a statement is
                // told from another by its time.
                Ok(false) => tokio::time::sleep(SAME_SECOND).await,
                Ok(true) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether nothing is left to be said.
    async fn publish(&self, record: &SubmissionRecord) -> Result<bool, ServiceError> {
        let Some(word) = record.due_word() else { return Ok(true) };
        let now = self.clock.now();
        let body = Status {
            subject: SubmissionId(record.id),
            status: word.status,
            purposes: word.purposes.iter().collect(),
            effective_at: timestamp(now)?,
        };
        let payload = Payload::from(Announcement::new(body)?);
        let unchanged = Precondition::Standing {
            submission: record.id,
            said: record.said,
            cleared: record.cleared,
        };
        let effect = Effect::Published { submission: record.id, word };
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            now.timestamp(),
            (ContentType::Status, Subject::Submission(record.id)),
            &payload,
            (vec![unchanged], vec![effect]),
        )?;
        Ok(self.log.append(candidate).await?.appended)
    }
}
