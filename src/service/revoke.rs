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

use super::{
    Service, ServiceError,
    authorize::{Action, authorize},
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
    ) -> Result<Logged, ServiceError> {
        let by = caller.key.thumbprint();
        if by != thumbprint {
            authorize(caller, Action::RevokeAny)?;
        }
        self.forget_key(thumbprint);
        let record = self.valid_key(thumbprint).await?;
        let now = self.clock.now();
        let program = Name::new(&record.program).map_err(|error| ServiceError::Malformed {
            what: "program",
            reason: error.to_string(),
        })?;
        let body =
            KeyRevoked { key: KeyId(thumbprint), program, valid_until: timestamp(now)?, reason };
        let payload = Payload::from(Announcement::new(body)?);
        // Of two administrators who revoke each other at once, one comes first and stays.
        let mut preconditions = vec![Precondition::Key { thumbprint, version: record.version }];
        if by != thumbprint {
            preconditions.push(Precondition::Key { thumbprint: by, version: caller.version });
        }
        if record.roles.contains(Role::Admin) {
            preconditions.push(Precondition::AdminBesides(thumbprint));
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
            Err(LogError::Stale(Precondition::AdminBesides(thumbprint))) => {
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
