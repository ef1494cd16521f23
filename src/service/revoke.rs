//! Ending a key: by its owner, or by an administrator.

use attestry_proof::{
    cose::{ContentType, Subject},
    key::Thumbprint,
    payload::{
        Announcement, Payload,
        fields::KeyId,
        key_event::{KeyRevoked, RevocationReason},
        text::Name,
    },
};
use chrono::{DateTime, Utc};

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    enroll::OPERATIONS,
    genesis::timestamp,
    state::state,
};
use crate::{
    log::{LogError, Logged},
    store::ledger::{Effect, KeyRecord, Precondition, Role},
};

impl Service {
    /// Revokes a key from the next entry on. What it signed before stays valid.
    ///
    /// # Errors
    /// [`ServiceError::UnknownKey`], [`ServiceError::RevokedKey`], [`ServiceError::Forbidden`],
    /// [`ServiceError::LastAdmin`] or a failing log.
    pub async fn revoke(
        &self,
        caller: &KeyRecord,
        thumbprint: Thumbprint,
        reason: RevocationReason,
        effective_at: Option<DateTime<Utc>>,
    ) -> Result<Logged, ServiceError> {
        let by = caller.key.thumbprint();
        self.forget_key(thumbprint);
        let record = self.key(thumbprint).await?;
        self.authorize(Some(caller), Action::RevokeKey, Thing::Key(&record))?;
        if let Some(at) = record.revoked {
            return Err(ServiceError::RevokedKey { thumbprint, at });
        }
        let now = self.clock.now();
        let effective_at = effective_at.unwrap_or(now);
        if effective_at > now || effective_at.timestamp() < self.enrolled_at(&record).await? {
            return Err(ServiceError::Malformed {
                what: "effective_at",
                reason: "a key ends between its enrolment and now".into(),
            });
        }
        let by = match by == thumbprint {
            true => vec![],
            false => vec![Precondition::Key { thumbprint: by, version: caller.version }],
        };
        self.end_key(&record, reason, effective_at, by).await
    }

    /// When the key came into the log, Unix seconds.
    async fn enrolled_at(&self, record: &KeyRecord) -> Result<i64, ServiceError> {
        let at = self.ledger.committed_at(&[record.enrolled]).await?.pop().flatten();
        Ok(at.unwrap_or(0).div_euclid(1000))
    }

    /// Ends a key from the next entry on; `by` is what the wish to end it rests on.
    pub(super) async fn end_key(
        &self,
        record: &KeyRecord,
        reason: RevocationReason,
        effective_at: DateTime<Utc>,
        by: Vec<Precondition>,
    ) -> Result<Logged, ServiceError> {
        let thumbprint = record.key.thumbprint();
        let now = self.clock.now();
        let program = Name::new(&record.program).map_err(|error| ServiceError::Malformed {
            what: "program",
            reason: error.to_string(),
        })?;
        let body = KeyRevoked {
            key: KeyId(thumbprint),
            program,
            valid_until: timestamp(effective_at)?,
            reason,
        };
        let payload = Payload::from(Announcement::new(body)?);
        // Of two administrators who revoke each other at once, one comes first and stays.
        let mut preconditions = vec![Precondition::Key { thumbprint, version: record.version }];
        preconditions.extend(by);
        // Another program can be given a new one by those of operations.
        if record.roles.contains(Role::Admin) && record.program == OPERATIONS {
            let program = record.program.clone();
            preconditions.push(Precondition::AdminBesides { thumbprint, program });
        }
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            now.timestamp(),
            (ContentType::KeyRevoked, Subject::Key(thumbprint)),
            &payload,
            (preconditions, vec![Effect::RevokeKey(thumbprint)]),
        )?;
        let logged = self.log.append(candidate).await;
        self.forget_key(thumbprint);
        match logged {
            Err(LogError::Stale(Precondition::AdminBesides { thumbprint, .. })) => {
                Err(ServiceError::LastAdmin { thumbprint })
            }
            Err(LogError::Stale(Precondition::Key { thumbprint, .. })) => {
                self.forget_key(thumbprint);
                Err(match self.key(thumbprint).await?.revoked {
                    Some(at) => ServiceError::RevokedKey { thumbprint, at },
                    None => ServiceError::UnknownKey { thumbprint },
                })
            }
            result => Ok(result?),
        }
    }
}
