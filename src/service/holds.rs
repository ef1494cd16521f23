//! Holds: content that nobody destroys until a legal officer says so.

use std::sync::Arc;

use attestry_proof::{
    key::Thumbprint,
    payload::{
        Payload,
        hold::{Hold, HoldRelease, HoldScope},
    },
    size::LeafIndex,
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    drafts::no_submission,
    judge::Judgement,
    own_ids::require_own_id,
};
use crate::store::{
    ledger::{Effect, KeyRecord, Precondition, StoredPayload},
    legal::{Held, HoldRecord},
};

/// Most holds of one answer.
const HOLDS_MAX: u32 = 50;

/// A hold, with what was said when it was placed.
#[derive(Clone, Debug)]
pub struct HoldTold {
    /// Where it stands.
    pub record: HoldRecord,
    /// Who placed it.
    pub officer: Thumbprint,
    /// What was said; `None` if that was erased.
    pub said: Option<Hold>,
}

impl Service {
    pub(super) async fn judge_hold(
        &self,
        key: &KeyRecord,
        said: &Hold,
    ) -> Result<Judgement, ServiceError> {
        require_own_id("hold", said.hold.0)?;
        let program = said.program.as_str();
        self.authorize(Some(key), Action::PlaceHold, Thing::Program(program))?;
        self.program(program).await?;
        let mut facts = Vec::new();
        let on = match &said.scope {
            HoldScope::Program => Held::Program,
            HoldScope::Contractor(owner) => {
                let record = self.latest_key(owner.0).await?;
                self.authorize(Some(key), Action::PlaceHold, Thing::Program(&record.program))?;
                let thumbprint = record.key.thumbprint();
                facts.push(Precondition::Key { thumbprint, version: record.version });
                Held::Contractor(thumbprint)
            }
            HoldScope::Submissions(_) | HoldScope::Query(_) => {
                let mut named = Vec::new();
                for id in said.scope.submissions() {
                    let (record, _) =
                        self.submission_for(key, Action::ReadSubmission, id.0).await?;
                    if record.program != program {
                        return Err(no_submission(id.0));
                    }
                    if record.ordered {
                        return Err(ServiceError::Erased { submission: id.0 });
                    }
                    facts.push(Precondition::NotOrdered { submission: id.0 });
                    named.push(id.0);
                }
                Held::Submissions(named)
            }
        };
        if self.ledger.legal().hold(said.hold.0).await?.is_some() {
            let reason = "there is a hold with this id; choose a new one".into();
            return Err(ServiceError::Malformed { what: "hold", reason });
        }
        let program = program.to_owned();
        Ok((facts, vec![Effect::PlaceHold { hold: said.hold.0, program, on }]))
    }

    /// The key that has what this one had: an old statement names a key that was rotated since.
    async fn latest_key(&self, key: Thumbprint) -> Result<Arc<KeyRecord>, ServiceError> {
        let mut record = self.key(key).await?;
        while let Some(next) = self.successor(&record).await? {
            record = self.key(next).await?;
        }
        Ok(record)
    }

    /// The key that this one was rotated to.
    async fn successor(&self, key: &KeyRecord) -> Result<Option<Thumbprint>, ServiceError> {
        let Some(end) = key.revoked else { return Ok(None) };
        let Some((_, StoredPayload::Public(payload))) = self.ledger.payload(end).await? else {
            return Ok(None);
        };
        Ok(match Payload::parse(&payload, false) {
            Ok(Payload::KeyRotated(event)) => Some(event.body().key.thumbprint.0),
            _ => None,
        })
    }

    pub(super) async fn judge_hold_release(
        &self,
        key: &KeyRecord,
        said: &HoldRelease,
    ) -> Result<Judgement, ServiceError> {
        let hold = said.hold.0;
        let told = self.hold(key, hold).await?;
        if told.record.released.is_some() {
            let reason = "it was released before".into();
            return Err(ServiceError::Malformed { what: "hold", reason });
        }
        Ok((vec![Precondition::HoldInPlace { hold }], vec![Effect::ReleaseHold(hold)]))
    }

    /// A hold, for the legal officers of its program.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], or a failing store or vault.
    pub async fn hold(&self, caller: &KeyRecord, id: Uuid) -> Result<HoldTold, ServiceError> {
        let not_found = || ServiceError::NotFound { what: "hold", id: id.to_string() };
        let record = self.ledger.legal().hold(id).await?.ok_or_else(not_found)?;
        let told = self.tell_hold(record).await?;
        self.authorize(Some(caller), Action::PlaceHold, Thing::Program(&told.record.program))
            .map_err(|_| not_found())?;
        Ok(told)
    }

    /// Holds of the caller's program, newest first: a page of those placed before `before`.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or a failing store or vault.
    pub async fn holds(
        &self,
        caller: &KeyRecord,
        before: LeafIndex,
    ) -> Result<Vec<HoldTold>, ServiceError> {
        let program = caller.program.as_str();
        self.authorize(Some(caller), Action::PlaceHold, Thing::Program(program))?;
        let records = self.ledger.legal().holds_in(program, before, HOLDS_MAX).await?;
        let mut told = Vec::with_capacity(records.len());
        for record in records {
            told.push(self.tell_hold(record).await?);
        }
        Ok(told)
    }

    async fn tell_hold(&self, record: HoldRecord) -> Result<HoldTold, ServiceError> {
        let entry = self.entry(record.placed).await?;
        let payload = self.payload_of(record.id, record.placed).await?;
        let said = match payload {
            None => None,
            Some((bytes, sealed)) => match Payload::parse(&bytes, sealed)? {
                Payload::Hold(said) => Some(said.body().clone()),
                _ => None,
            },
        };
        Ok(HoldTold { record, officer: Thumbprint(entry.issuer), said })
    }
}
