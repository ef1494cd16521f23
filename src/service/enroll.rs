//! Invitations, and the keys that are enrolled with them.

use attestry_proof::{
    cose::{ContentType, Subject},
    hash::Hash,
    key::{PublicKey, Thumbprint},
    payload::{
        Announcement, Payload,
        fields::NamedKey,
        key_event::{EnrolmentBasis, KeyEnrolled},
        text::Name,
    },
    size::LeafIndex,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    genesis::timestamp,
    members::PersonProfile,
    state::state,
};
use crate::{
    log::{LogError, Logged},
    store::ledger::{Effect, Invitation, KeyRecord, Precondition, Role, Roles},
};

/// The program whose administrators run the service and open the others.
pub const OPERATIONS: &str = "operations";
/// How long an invitation is good for.
pub const INVITATION_SECONDS: i64 = 7 * 24 * 3600;

/// How long one is good for that a sign-in made: whoever it is for is there.
pub const SIGNED_IN_INVITATION_SECONDS: i64 = 3600;

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
        person: Option<Uuid>,
    ) -> Result<Invited, ServiceError> {
        self.authorize(Some(caller), Action::Invite, Thing::Program(program))?;
        self.invite_unchecked(roles, program, Some(caller.key.thumbprint()), person).await
    }

    /// As [`Service::invite`], for somebody who is known by name.
    ///
    /// # Errors
    /// Those, and those of [`Service::known_person`].
    pub async fn invite_person(
        &self,
        caller: &KeyRecord,
        roles: Roles,
        program: &str,
        profile: &PersonProfile,
    ) -> Result<Invited, ServiceError> {
        // Asked first, so that nobody fills the address book who may not invite.
        self.authorize(Some(caller), Action::Invite, Thing::Program(program))?;
        let person = self.known_person(program, profile).await?;
        self.invite(caller, roles, program, Some(person)).await
    }

    /// The invitation for the first administrator of a new log, made by whoever runs the service;
    /// `None` once somebody is enrolled. It takes the place of those made before.
    ///
    /// # Errors
    /// A failing store.
    pub async fn invite_first_admin(&self) -> Result<Option<Invited>, ServiceError> {
        if !self.ledger.keys(LeafIndex(0), 1).await?.is_empty() {
            return Ok(None);
        }
        let roles = Roles::new(vec![Role::Admin]);
        self.invite_unchecked(roles, OPERATIONS, None, None).await.map(Some)
    }

    /// The invitation for somebody whom an identity provider vouches for. It takes the place of
    /// those that sign-ins of the same person made before for this program.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a program that was not opened, or a failing store.
    pub(super) async fn invite_signed_in(
        &self,
        roles: Roles,
        program: &str,
        person: Uuid,
    ) -> Result<Invited, ServiceError> {
        self.invite_unchecked(roles, program, None, Some(person)).await
    }

    /// Invitations that can still be used, at most `limit` after `after`.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or a failing store.
    pub async fn invitations(
        &self,
        caller: &KeyRecord,
        after: Option<Hash>,
        limit: u32,
    ) -> Result<Vec<Invitation>, ServiceError> {
        self.authorize(Some(caller), Action::Invite, Thing::Program(&caller.program))?;
        let mut open = self.ledger.open_invitations(self.now(), after, limit).await?;
        open.retain(|invitation| {
            self.authorize(Some(caller), Action::Invite, Thing::Program(&invitation.program))
                .is_ok()
        });
        Ok(open)
    }

    /// Makes an invitation useless that was not used yet.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] or a failing store.
    pub async fn cancel_invitation(
        &self,
        caller: &KeyRecord,
        code_digest: Hash,
    ) -> Result<(), ServiceError> {
        self.authorize(Some(caller), Action::Invite, Thing::Program(&caller.program))?;
        let invitation = self.ledger.open_invitation(code_digest, self.now()).await?;
        let mine = invitation.is_some_and(|invitation| {
            self.authorize(Some(caller), Action::Invite, Thing::Program(&invitation.program))
                .is_ok()
        });
        if mine && self.ledger.cancel_invitation(code_digest).await? {
            return Ok(());
        }
        Err(ServiceError::NotFound { what: "open invitation", id: code_digest.to_hex() })
    }

    async fn invite_unchecked(
        &self,
        roles: Roles,
        program: &str,
        inviter: Option<Thumbprint>,
        person: Option<Uuid>,
    ) -> Result<Invited, ServiceError> {
        program_name(program)?;
        self.require_program(program).await?;
        if roles.as_slice().is_empty() {
            return Err(ServiceError::Malformed {
                what: "roles",
                reason: "name at least one role".into(),
            });
        }
        let code = URL_SAFE_NO_PAD.encode(self.random::<24>());
        let seconds = match (inviter, person) {
            (None, Some(_)) => SIGNED_IN_INVITATION_SECONDS,
            _ => INVITATION_SECONDS,
        };
        let invitation = Invitation {
            code_digest: Self::code_digest(&code),
            roles,
            program: program.to_owned(),
            expires_at: self.now() + seconds,
            inviter,
            person,
        };
        self.ledger.invite(&invitation).await?;
        Ok(Invited { code, invitation })
    }

    /// The invitation with this code, if it can be used, and what has to hold when it is.
    async fn invitation(
        &self,
        code: &str,
    ) -> Result<(Invitation, Vec<Precondition>), ServiceError> {
        let (code_digest, at) = (Self::code_digest(code), self.now());
        let invitation = self.ledger.open_invitation(code_digest, at).await?;
        let invitation = invitation.ok_or(ServiceError::InvitationInvalid)?;
        let open = Precondition::InvitationOpen { code_digest, at };
        if invitation.opens_the_log() {
            return Ok((invitation, vec![open, Precondition::NobodyEnrolled]));
        }
        let Some(thumbprint) = invitation.inviter else { return Ok((invitation, vec![open])) };
        // Not the cached record: what a revoked key made ends with it.
        let inviter = self.ledger.key(thumbprint).await?;
        let inviter = inviter
            .filter(|key| {
                let program = Thing::Program(&invitation.program);
                key.revoked.is_none() && self.authorize(Some(key), Action::Invite, program).is_ok()
            })
            .ok_or(ServiceError::InvitationInvalid)?;
        let valid = Precondition::Key { thumbprint, version: inviter.version };
        Ok((invitation, vec![open, valid]))
    }

    /// Refuses a code that cannot be used, without writing anything.
    ///
    /// # Errors
    /// [`ServiceError::InvitationInvalid`] or a failing store.
    pub async fn require_invitation(&self, code: &str) -> Result<(), ServiceError> {
        self.invitation(code).await.map(drop)
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
        let (invitation, mut preconditions) = self.invitation(code).await?;
        let (now, code_digest) = (self.clock.now(), invitation.code_digest);
        let thumbprint = key.thumbprint();
        preconditions.push(Precondition::KeyUnknown(thumbprint));
        if let Some(person) = invitation.person {
            // One key for each person and program.
            let program = invitation.program.clone();
            preconditions.push(Precondition::OnlyKey { person, program, except: None });
        }
        let body = KeyEnrolled {
            key: NamedKey::new(key),
            program: program_name(&invitation.program)?,
            roles: invitation.roles.as_slice().to_vec(),
            valid_from: timestamp(now)?,
            basis: match invitation.opens_the_log() {
                true => EnrolmentBasis::Bootstrap,
                false => EnrolmentBasis::Invitation,
            },
            replaces: None,
        };
        let payload = Payload::from(Announcement::new(body)?);
        let candidate = state(
            &*self.log.signers().service,
            self.log.origin(),
            now.timestamp(),
            (ContentType::KeyEnrolled, Subject::Key(thumbprint)),
            &payload,
            (
                preconditions,
                vec![
                    Effect::EnrolKey {
                        key: Box::new(key),
                        roles: invitation.roles,
                        program: invitation.program,
                        person: invitation.person,
                        replaces: None,
                    },
                    Effect::UseInvitation { code_digest, by: thumbprint },
                ],
            ),
        )?;
        let logged = self.log.append(candidate).await.map_err(|error| match error {
            LogError::Stale(Precondition::KeyUnknown(thumbprint)) => {
                ServiceError::KeyEnrolled { thumbprint }
            }
            LogError::Stale(Precondition::OnlyKey { program, .. }) => {
                ServiceError::HasKey { program }
            }
            LogError::Stale(_) => ServiceError::InvitationInvalid,
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

pub(super) fn program_name(program: &str) -> Result<Name, ServiceError> {
    Name::new(program)
        .map_err(|error| ServiceError::Malformed { what: "program", reason: error.to_string() })
}
