//! Access to what is sealed: by others than the owner only for a purpose, which becomes a statement
//! before anything is shown.

use attestry_proof::{
    cose::Subject,
    payload::{
        Payload, Record, StatementKind,
        access::{Access, AccessAct, AccessObject, AccessPurpose, SessionMethod},
        fields::{KeyId, Salt, SubmissionId},
        text::Line,
    },
    size::LeafIndex,
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    genesis::timestamp,
};
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
    /// Whether the rules let the caller see who read what: those whom it is about do not.
    pub(super) fn may_read_accesses(&self, caller: &KeyRecord, record: &SubmissionRecord) -> bool {
        let program = Thing::Program(&record.program);
        self.authorize(Some(caller), Action::ReadAccessRecord, program).is_ok()
    }

    /// The payload of an entry about a submission, opened by the caller; `None` once erased.
    ///
    /// # Errors
    /// Those of [`Service::open_sealed`]; [`ServiceError::Forbidden`] for a record of who read what.
    pub async fn open_payload(
        &self,
        caller: &KeyRecord,
        submission: Uuid,
        index: LeafIndex,
        stated: &Stated,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        let opened = (AccessAct::View, AccessObject::Statement(index.0));
        let record =
            self.open_sealed(caller, Action::ReadContent, submission, opened, stated).await?;
        let Some((bytes, sealed)) = self.payload_of(submission, index).await? else {
            return Ok(None);
        };
        if Payload::parse(&bytes, sealed)?.kind() == StatementKind::Access {
            let program = Thing::Program(&record.program);
            self.authorize(Some(caller), Action::ReadAccessRecord, program)?;
        }
        Ok(Some(bytes))
    }

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
