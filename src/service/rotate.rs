//! A key takes over from another: by its owner's wish, or because it was lost and two officers
//! approved. What the old one stated stays as it was.

use std::sync::Arc;

use attestry_proof::{
    cose::{ContentType, Subject},
    key::{PublicKey, Thumbprint},
    payload::{
        Announcement, Payload,
        fields::{KeyId, NamedKey},
        key_event::{EnrolmentBasis, KeyEnrolled, KeyRotated, RevocationReason, RotationReason},
    },
};

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    enroll::program_name,
    genesis::timestamp,
    state::state,
};
use crate::{
    log::{LogError, Logged},
    store::ledger::{Effect, KeyRecord, Precondition},
};

/// What an incoming key signs to prove that whoever rotates has it.
#[must_use]
pub fn possession_message(origin: &str, from: Thumbprint, to: Thumbprint) -> Vec<u8> {
    format!("attestry/rotation/v1\n{origin}\n{from}\n{to}\n").into_bytes()
}

impl Service {
    /// Replaces the caller's key by one whose possession was proven: it takes over roles,
    /// submissions and person, and the caller's ends.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::KeyEnrolled`], [`ServiceError::RevokedKey`] or a
    /// failing log.
    pub async fn rotate(
        &self,
        caller: &KeyRecord,
        key: PublicKey,
        reason: RotationReason,
    ) -> Result<(KeyRecord, Logged), ServiceError> {
        self.authorize(Some(caller), Action::RotateKey, Thing::Key(caller))?;
        let (from, to) = (caller.key.thumbprint(), key.thumbprint());
        let now = self.clock.now();
        let body = KeyRotated {
            previous: KeyId(from),
            key: NamedKey::new(key),
            program: program_name(&caller.program)?,
            roles: caller.roles.as_slice().to_vec(),
            valid_from: timestamp(now)?,
            reason,
        };
        let payload = Payload::from(Announcement::new(body)?);
        let preconditions = vec![
            Precondition::Key { thumbprint: from, version: caller.version },
            Precondition::KeyUnknown(to),
        ];
        let enrol = Effect::EnrolKey {
            key: Box::new(key),
            roles: caller.roles.clone(),
            program: caller.program.clone(),
            person: caller.person,
            replaces: caller.replaces,
        };
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            now.timestamp(),
            (ContentType::KeyRotated, Subject::Key(from)),
            &payload,
            (preconditions, vec![enrol, Effect::HandOver { from, to }]),
        )?;
        let logged = self.log.append(candidate).await;
        self.forget_key(from);
        self.forget_key(to);
        match logged {
            Err(LogError::Stale(Precondition::KeyUnknown(thumbprint))) => {
                Err(ServiceError::KeyEnrolled { thumbprint })
            }
            Err(LogError::Stale(Precondition::Key { thumbprint, .. })) => {
                self.valid_key(thumbprint).await?;
                Err(ServiceError::KeyEnrolled { thumbprint: to })
            }
            Err(error) => Err(error.into()),
            // Within one second the same change is the same statement.
            Ok(logged) if !logged.appended => Err(ServiceError::KeyEnrolled { thumbprint: to }),
            Ok(logged) => Ok(((*self.key(to).await?).clone(), logged)),
        }
    }

    /// Refuses a replacement that two officers have not approved, without writing anything.
    ///
    /// # Errors
    /// [`ServiceError::UnknownKey`], [`ServiceError::NotApproved`], [`ServiceError::Forbidden`] or a
    /// failing store.
    pub async fn require_approved(
        &self,
        lost: Thumbprint,
        replacement: Thumbprint,
    ) -> Result<(), ServiceError> {
        let record = self.key(lost).await?;
        self.approving_officers(&record, replacement).await.map(drop)
    }

    /// Enrols a key, whose possession was proven, in place of a lost one: two officers must have
    /// stated that they approve it. The lost key ends.
    ///
    /// # Errors
    /// [`ServiceError::NotApproved`], [`ServiceError::Forbidden`], [`ServiceError::KeyEnrolled`] or a
    /// failing log.
    pub async fn replace_lost(
        &self,
        lost: Thumbprint,
        key: PublicKey,
    ) -> Result<(KeyRecord, Logged), ServiceError> {
        self.forget_key(lost);
        let record = self.key(lost).await?;
        let to = key.thumbprint();
        let (first, second) = self.approving_officers(&record, to).await?;
        if let Some(heir) = self.known_heir(lost, to).await? {
            // An earlier attempt came this far.
            self.revoke_lost(&record, (&first, &second)).await?;
            return Ok(heir);
        }
        let now = self.clock.now();
        let body = KeyEnrolled {
            key: NamedKey::new(key),
            program: program_name(&record.program)?,
            roles: record.roles.as_slice().to_vec(),
            valid_from: timestamp(now)?,
            basis: EnrolmentBasis::LostKey,
            replaces: Some(KeyId(lost)),
        };
        let payload = Payload::from(Announcement::new(body)?);
        let mut preconditions = vec![Precondition::KeyUnknown(to)];
        for officer in [&first, &second] {
            let (thumbprint, version) = (officer.key.thumbprint(), officer.version);
            preconditions.push(Precondition::Key { thumbprint, version });
        }
        if let Some(person) = record.person {
            let program = record.program.clone();
            preconditions.push(Precondition::OnlyKey { person, program, except: Some(lost) });
        }
        let enrol = Effect::EnrolKey {
            key: Box::new(key),
            roles: record.roles.clone(),
            program: record.program.clone(),
            person: record.person,
            replaces: Some(lost),
        };
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            now.timestamp(),
            (ContentType::KeyEnrolled, Subject::Key(to)),
            &payload,
            (preconditions, vec![enrol]),
        )?;
        let logged = self.log.append(candidate).await.map_err(|error| match error {
            LogError::Stale(Precondition::KeyUnknown(thumbprint)) => {
                ServiceError::KeyEnrolled { thumbprint }
            }
            LogError::Stale(Precondition::OnlyKey { program, .. }) => {
                ServiceError::HasKey { program }
            }
            other => other.into(),
        })?;
        self.forget_key(to);
        if !logged.appended {
            return Err(ServiceError::KeyEnrolled { thumbprint: to });
        }
        // After its heir is there, so that a program keeps its last administrator.
        self.revoke_lost(&record, (&first, &second)).await?;
        Ok(((*self.key(to).await?).clone(), logged))
    }

    /// The replacement, if it was enrolled and the lost key has not ended yet.
    async fn known_heir(
        &self,
        lost: Thumbprint,
        to: Thumbprint,
    ) -> Result<Option<(KeyRecord, Logged)>, ServiceError> {
        let (Some(heir), Some(old)) = (self.ledger.key(to).await?, self.ledger.key(lost).await?)
        else {
            return Ok(None);
        };
        if heir.replaces != Some(lost) || old.revoked.is_some() {
            return Ok(None);
        }
        let (index, appended) = (heir.enrolled, false);
        let receipt = self.log.receipt(index).await?;
        Ok(Some((heir, Logged { index, receipt, appended })))
    }

    /// Two officers whose approvals count together, by the rules in force.
    async fn approving_officers(
        &self,
        lost: &KeyRecord,
        replacement: Thumbprint,
    ) -> Result<(Arc<KeyRecord>, Arc<KeyRecord>), ServiceError> {
        let thumbprint = lost.key.thumbprint();
        let mut officers: Vec<Arc<KeyRecord>> = Vec::new();
        for approval in self.ledger.people().approvals(thumbprint).await? {
            if approval.replacement == replacement
                && officers.iter().all(|known| known.key.thumbprint() != approval.officer)
            {
                officers.push(self.key(approval.officer).await?);
            }
        }
        let mut refusal = ServiceError::NotApproved { lost: thumbprint, replacement };
        for (place, first) in officers.iter().enumerate() {
            for second in &officers[place + 1..] {
                let thing = Thing::Key(lost);
                match self.authorize_with(Some(first), Action::ReplaceKey, thing, Some(second)) {
                    Ok(()) => return Ok((Arc::clone(first), Arc::clone(second))),
                    Err(refused) => refusal = refused,
                }
            }
        }
        Err(refusal)
    }

    async fn revoke_lost(
        &self,
        lost: &KeyRecord,
        (first, second): (&KeyRecord, &KeyRecord),
    ) -> Result<(), ServiceError> {
        if lost.revoked.is_some() {
            return Ok(());
        }
        let by: Vec<Precondition> = [first, second]
            .into_iter()
            .map(|officer| Precondition::Key {
                thumbprint: officer.key.thumbprint(),
                version: officer.version,
            })
            .collect();
        self.end_key(lost, RevocationReason::Lost, self.clock.now(), by).await.map(drop)
    }
}
