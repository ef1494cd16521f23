//! Submissions that are being prepared: files and payloads without a statement yet. A key may have a
//! number of them, and those that nobody goes on with are deleted.

use std::{sync::Arc, time::Duration};

use attestry_proof::hash::Hash;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    own_ids::require_submission_id,
};
use crate::{
    clock::Clock,
    store::ledger::{DraftOutcome, KeyRecord, Ledger},
    vault::{UploadError, Vault},
};

/// Submissions without statement that one key may have.
pub const DRAFTS_MAX: u32 = 64;
/// How long a submission without statement, or an upload that does not move, is kept.
pub const ABANDONED_AFTER_S: i64 = 7 * 24 * 3600;
/// How exactly it is known when a draft was last worked on.
const TOUCHED_EVERY_S: i64 = 24 * 3600;
/// Time from one sweep to the next.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Time from the start to the first one.
const SWEEP_FIRST: Duration = Duration::from_secs(60);
/// Drafts or uploads in one question.
const PAGE: u32 = 100;

/// What a submission is to a key that may write to it.
enum Standing {
    /// It has statements.
    Registered,
    /// It is being prepared; when that was last noted.
    Draft { touched_at: i64 },
    /// Nobody began it.
    New,
}

impl Service {
    /// The submission may be written to by the caller: it is new or the caller's own, and neither
    /// withdrawn nor abandoned.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for somebody else's, in the words that one that does not exist is
    /// answered with to readers; [`ServiceError::Withdrawn`], [`ServiceError::Abandoned`],
    /// [`ServiceError::Forbidden`].
    pub async fn writable_submission(
        &self,
        caller: &KeyRecord,
        action: Action,
        submission: Uuid,
    ) -> Result<(), ServiceError> {
        self.standing(caller, action, submission).await.map(drop)
    }

    /// As [`Service::writable_submission`], and counts the submission among those the caller is
    /// preparing. To be called before anything is stored for it.
    ///
    /// # Errors
    /// Those, and [`ServiceError::TooManyOpen`].
    pub async fn prepare_submission(
        &self,
        caller: &KeyRecord,
        action: Action,
        submission: Uuid,
    ) -> Result<(), ServiceError> {
        let now = self.now();
        match self.standing(caller, action, submission).await? {
            Standing::Registered => return Ok(()),
            Standing::Draft { touched_at } if now - touched_at < TOUCHED_EVERY_S => return Ok(()),
            Standing::Draft { .. } | Standing::New => {}
        }
        let owner = caller.key.thumbprint();
        match self.ledger.touch_draft(submission, owner, now, DRAFTS_MAX).await? {
            DraftOutcome::Open => Ok(()),
            DraftOutcome::OfAnotherKey => Err(no_submission(submission)),
            DraftOutcome::Abandoned => Err(ServiceError::Abandoned { submission }),
            DraftOutcome::TooMany => Err(ServiceError::TooManyOpen { limit: DRAFTS_MAX }),
        }
    }

    async fn standing(
        &self,
        caller: &KeyRecord,
        action: Action,
        submission: Uuid,
    ) -> Result<Standing, ServiceError> {
        require_submission_id(submission)?;
        self.authorize(Some(caller), action, Thing::OwnSubmission(submission))?;
        if let Some(record) = self.ledger.submission(submission).await? {
            if record.owner != caller.key.thumbprint() {
                self.submission_for(caller, action, submission).await?;
            }
            return match (record.ordered, record.withdrawn) {
                (true, _) => Err(ServiceError::Erased { submission }),
                (_, true) => Err(ServiceError::Withdrawn { submission }),
                _ => Ok(Standing::Registered),
            };
        }
        // Only who may attest begins a submission.
        self.authorize(Some(caller), Action::Attest, Thing::OwnSubmission(submission))?;
        let caller = caller.key.thumbprint();
        match self.ledger.draft(submission).await? {
            None => Ok(Standing::New),
            Some(draft) if draft.owner != caller => Err(no_submission(submission)),
            Some(draft) if draft.abandoned => Err(ServiceError::Abandoned { submission }),
            Some(draft) => Ok(Standing::Draft { touched_at: draft.touched_at }),
        }
    }

    /// Deletes what was left behind; the service does so by itself every hour.
    ///
    /// # Errors
    /// A failing store or vault; what is left is found again by the next sweep.
    pub async fn sweep(&self) -> Result<Swept, ServiceError> {
        self.janitor.sweep().await
    }
}

pub(super) fn no_submission(submission: Uuid) -> ServiceError {
    ServiceError::NotFound { what: "submission", id: submission.to_string() }
}

/// What one sweep deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Submissions that never had a statement, with all their files and keys.
    pub drafts: u64,
    /// Uploads that were begun and not finished.
    pub uploads: u64,
}

/// Deletes what nobody comes back for. Ends when dropped.
pub(super) struct Janitor {
    rooms: Rooms,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Rooms {
    ledger: Arc<dyn Ledger>,
    vault: Vault,
    clock: Arc<dyn Clock>,
}

impl Janitor {
    /// Must run inside a tokio runtime, as the vault must.
    pub(super) fn start(ledger: Arc<dyn Ledger>, vault: Vault, clock: Arc<dyn Clock>) -> Self {
        let rooms = Rooms { ledger, vault, clock };
        let task = tokio::spawn(rooms.clone().keep_clean());
        Self { rooms, task }
    }

    async fn sweep(&self) -> Result<Swept, ServiceError> {
        self.rooms.sweep().await
    }

    /// Ends it, and waits until it let go of everything.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        let _aborted = (&mut self.task).await;
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Rooms {
    async fn keep_clean(self) {
        tokio::time::sleep(SWEEP_FIRST).await;
        loop {
            match self.sweep().await {
                Ok(swept) if swept == Swept::default() => {}
                Ok(Swept { drafts, uploads }) => {
                    tracing::info!(drafts, uploads, "deleted what was left behind");
                }
                Err(error) => {
                    tracing::warn!(%error, "what was left behind could not be deleted");
                }
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    async fn sweep(&self) -> Result<Swept, ServiceError> {
        let now = self.clock.now().timestamp();
        let before = now - ABANDONED_AFTER_S;
        let mut swept = Swept::default();
        loop {
            let drafts = self.ledger.abandon_drafts(before, PAGE).await?;
            for submission in &drafts {
                // From here no statement about it is accepted. A crash in between leaves a draft that
                // the next sweep finds again.
                self.vault.erase_submission(*submission).await?;
                self.ledger.clear_draft(*submission).await?;
                swept.drafts += 1;
            }
            if drafts.is_empty() {
                break;
            }
        }
        loop {
            let uploads = self.ledger.idle_uploads(now, before, PAGE).await?;
            for (submission, sha256) in &uploads {
                self.abandon_upload(*submission, *sha256).await?;
                swept.uploads += 1;
            }
            if uploads.is_empty() {
                break;
            }
        }
        self.ledger.drop_expired(now).await?;
        Ok(swept)
    }

    async fn abandon_upload(&self, submission: Uuid, sha256: Hash) -> Result<(), ServiceError> {
        match self.vault.abandon_upload(submission, sha256).await {
            // Its sender finished, or gave up, meanwhile.
            Ok(()) | Err(UploadError::NotOpen) => Ok(()),
            Err(UploadError::Vault(error)) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "an upload could not be abandoned");
                Ok(())
            }
        }
    }
}
