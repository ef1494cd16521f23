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
    store::ledger::{Effect, KeyRecord, Precondition},
};

impl Service {
    /// Revokes a key from the next entry on. What it signed before stays valid.
    ///
    /// # Errors
    /// [`ServiceError::UnknownKey`], [`ServiceError::RevokedKey`], [`ServiceError::Forbidden`] or a
    /// failing log.
    pub async fn revoke(
        &self,
        caller: &KeyRecord,
        thumbprint: Thumbprint,
        reason: RevocationReason,
    ) -> Result<Logged, ServiceError> {
        if caller.key.thumbprint() != thumbprint {
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
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            now.timestamp(),
            (ContentType::KeyRevoked, Subject::Key(thumbprint)),
            &payload,
            (
                vec![Precondition::Key { thumbprint, version: record.version }],
                vec![Effect::RevokeKey(thumbprint)],
            ),
        )?;
        let logged = self.log.append(candidate).await;
        self.forget_key(thumbprint);
        match logged {
            Err(LogError::Stale(_)) => match self.key(thumbprint).await?.revoked {
                Some(at) => Err(ServiceError::RevokedKey { thumbprint, at }),
                None => Err(ServiceError::UnknownKey { thumbprint }),
            },
            result => Ok(result?),
        }
    }
}
