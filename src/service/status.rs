//! The public word on a submission, one `status` statement for each change, without reasons.

use attestry_proof::{
    cose::{ContentType, Subject},
    payload::{Announcement, Payload, fields::SubmissionId, status::Status},
};
use uuid::Uuid;

use super::{Service, ServiceError, genesis::timestamp, state::state};
use crate::{
    log::LogError,
    store::ledger::{Effect, Precondition, SubmissionRecord},
};

/// Submissions in one question.
const PAGE: u32 = 100;

impl Service {
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
                done => return done,
            }
        }
    }

    /// Publishes what was left unpublished, as by a crash between a statement and what follows.
    ///
    /// # Errors
    /// A failing store or log.
    pub async fn publish_due(&self) -> Result<u64, ServiceError> {
        let mut published = 0;
        loop {
            let due = self.ledger.people().submissions_due(PAGE).await?;
            if due.is_empty() {
                return Ok(published);
            }
            for record in due {
                self.publish_status(record.id).await?;
                published += 1;
            }
        }
    }

    async fn publish(&self, record: &SubmissionRecord) -> Result<(), ServiceError> {
        let Some(word) = record.due_word() else { return Ok(()) };
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
        self.log.append(candidate).await?;
        Ok(())
    }
}
