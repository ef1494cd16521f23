//! The public word on a submission, one `status` statement for each change, without reasons.

use std::{
    sync::{
        Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use attestry_proof::{
    cose::{ContentType, Subject},
    payload::{Announcement, Payload, fields::SubmissionId, status::Status},
};
use tokio::sync::Mutex;
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

/// Who looks for words to publish: one for all who ask at the same time, as those whose statements
/// were committed together do.
#[derive(Default)]
pub(super) struct Rounds {
    asked: AtomicU64,
    /// How many had asked when somebody last began to look, and found all published.
    answered: Mutex<u64>,
}

/// Publishes what follows from statements, until the service is gone: what a contractor attests
/// anew ends a clearance, and nobody waits for that to be said.
pub async fn keep_published(service: Weak<Service>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(service) = service.upgrade() else { return };
        if let Err(error) = service.publish_soon().await {
            tracing::warn!(%error, "public words are left for later");
        }
    }
}

impl Service {
    /// Publishes what is due after a statement that was just logged.
    ///
    /// # Errors
    /// A failing store or log.
    pub(super) async fn publish_soon(&self) -> Result<(), ServiceError> {
        let mine = self.rounds.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.rounds.answered.lock().await;
        if *answered >= mine {
            return Ok(());
        }
        let asked = self.rounds.asked.load(Ordering::SeqCst);
        self.publish_due().await?;
        *answered = asked;
        Ok(())
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
