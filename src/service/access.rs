//! Access to what is sealed: by others than the owner only for a purpose, which becomes a statement
//! before anything is shown.

use attestry_proof::{
    cose::Subject,
    payload::{
        Payload, Record,
        access::{Access, AccessAct, AccessObject, AccessPurpose, SessionMethod},
        fields::{KeyId, Salt, SubmissionId},
        text::Line,
    },
};
use uuid::Uuid;

use super::{Service, ServiceError, authorize::Action, genesis::timestamp};
use crate::store::ledger::{KeyRecord, SubmissionRecord};

/// Why somebody opens what is sealed, in their words.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The purpose; needed by everybody but the owner.
    pub purpose: Option<AccessPurpose>,
    /// More about it.
    pub note: Option<Line>,
    /// How the service knows them.
    pub session: SessionMethod,
}

impl Service {
    /// Lets the caller open something sealed. For others than the owner an `access` statement is
    /// logged first.
    ///
    /// # Errors
    /// Those of [`Service::submission_for`], [`ServiceError::PurposeMissing`], or a failing log.
    pub async fn open_sealed(
        &self,
        caller: &KeyRecord,
        action: Action,
        submission: Uuid,
        (act, object): (AccessAct, AccessObject),
        stated: &Stated,
    ) -> Result<SubmissionRecord, ServiceError> {
        let (record, _) = self.submission_for(caller, action, submission).await?;
        let by = caller.key.thumbprint();
        let heir = self.as_heir_of(caller, record.owner).await?;
        if by == record.owner || heir.replaces == Some(record.owner) {
            return Ok(record);
        }
        let purpose = stated.purpose.ok_or(ServiceError::PurposeMissing)?;
        let body = Access {
            subject: SubmissionId(submission),
            by: KeyId(by),
            act,
            object,
            purpose,
            note: stated.note.clone(),
            accessed_at: timestamp(self.clock.now())?,
            session: stated.session,
        };
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        self.state_sealed(Subject::Submission(submission), &payload, (vec![], vec![])).await?;
        Ok(record)
    }
}
