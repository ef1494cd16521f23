//! Invitations, and the keys that are enrolled with them.

use attestry_proof::{
    cose::{ContentType, Subject},
    key::PublicKey,
    payload::{
        Announcement, Payload,
        fields::NamedKey,
        key_event::{EnrolmentBasis, KeyEnrolled},
        text::Name,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Service, ServiceError,
    authorize::{Action, authorize},
    genesis::timestamp,
    state::state,
};
use crate::{
    log::{LogError, Logged},
    store::ledger::{Effect, Invitation, KeyRecord, Precondition, Role, Roles},
};

/// How long an invitation is good for.
pub const INVITATION_SECONDS: i64 = 7 * 24 * 3600;

/// An invitation, with the code that is told once and never kept.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The one-time code.
    pub code: String,
    /// What it gives.
    pub invitation: Invitation,
}

impl Service {
    /// Makes a one-time code with which somebody can enrol a key.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Malformed`] or a failing store.
    pub async fn invite(
        &self,
        caller: &KeyRecord,
        roles: Roles,
        program: &str,
    ) -> Result<Invited, ServiceError> {
        authorize(caller, Action::Invite)?;
        self.invite_unchecked(roles, program).await
    }

    /// The invitation for the first administrator of a new log, made by whoever runs the service;
    /// `None` once somebody is enrolled.
    ///
    /// # Errors
    /// A failing store.
    pub async fn invite_first_admin(&self) -> Result<Option<Invited>, ServiceError> {
        let enrolled = self.ledger.keys(attestry_proof::size::LeafIndex(0), 1).await?;
        if enrolled.is_empty() {
            return self
                .invite_unchecked(Roles::new(vec![Role::Admin]), "operations")
                .await
                .map(Some);
        }
        Ok(None)
    }

    async fn invite_unchecked(&self, roles: Roles, program: &str) -> Result<Invited, ServiceError> {
        program_name(program)?;
        if roles.as_slice().is_empty() {
            return Err(ServiceError::Malformed {
                what: "roles",
                reason: "name at least one role".into(),
            });
        }
        let code = URL_SAFE_NO_PAD.encode(self.random::<24>());
        let invitation = Invitation {
            code_digest: Self::code_digest(&code),
            roles,
            program: program.to_owned(),
            expires_at: self.now() + INVITATION_SECONDS,
        };
        self.ledger.invite(&invitation).await?;
        Ok(Invited { code, invitation })
    }

    /// Enrols a key whose possession the caller has proven.
    ///
    /// # Errors
    /// [`ServiceError::InvitationInvalid`], [`ServiceError::KeyEnrolled`] or a failing log.
    pub async fn enroll(
        &self,
        code: &str,
        key: PublicKey,
    ) -> Result<(KeyRecord, Logged), ServiceError> {
        let now = self.clock.now();
        let code_digest = Self::code_digest(code);
        let at = now.timestamp();
        let invitation = self
            .ledger
            .open_invitation(code_digest, at)
            .await?
            .ok_or(ServiceError::InvitationInvalid)?;
        let thumbprint = key.thumbprint();
        let first = self.ledger.keys(attestry_proof::size::LeafIndex(0), 1).await?.is_empty();
        let body = KeyEnrolled {
            key: NamedKey::new(key),
            program: program_name(&invitation.program)?,
            roles: invitation.roles.as_slice().to_vec(),
            valid_from: timestamp(now)?,
            basis: if first { EnrolmentBasis::Bootstrap } else { EnrolmentBasis::Invitation },
            replaces: None,
        };
        let payload = Payload::from(Announcement::new(body)?);
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            at,
            (ContentType::KeyEnrolled, Subject::Key(thumbprint)),
            &payload,
            (
                vec![
                    Precondition::InvitationOpen { code_digest, at },
                    Precondition::KeyUnknown(thumbprint),
                ],
                vec![
                    Effect::EnrolKey { key, roles: invitation.roles, program: invitation.program },
                    Effect::UseInvitation { code_digest, by: thumbprint },
                ],
            ),
        )?;
        let logged = self.log.append(candidate).await.map_err(|error| match error {
            LogError::Stale(Precondition::InvitationOpen { .. }) => ServiceError::InvitationInvalid,
            LogError::Stale(Precondition::KeyUnknown(thumbprint)) => {
                ServiceError::KeyEnrolled { thumbprint }
            }
            other => other.into(),
        })?;
        if !logged.appended {
            // Within one second the same enrolment is the same statement, which a revocation may
            // have followed.
            return Err(ServiceError::KeyEnrolled { thumbprint });
        }
        self.forget_key(thumbprint);
        Ok(((*self.key(thumbprint).await?).clone(), logged))
    }
}

fn program_name(program: &str) -> Result<Name, ServiceError> {
    Name::new(program)
        .map_err(|error| ServiceError::Malformed { what: "program", reason: error.to_string() })
}
