//! Signing in through an identity provider: which person it is, what their groups give them now, and
//! so a session for their key, or an invitation to enrol one.
//!
//! A provider speaks for who somebody is, never for what they state: that takes their key. What the
//! groups give is asked at each sign-in; nothing of it is kept.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    Service, ServiceError,
    enroll::Invited,
    members::{PROFILE_TEXT_BYTES_MAX, PersonProfile},
    sessions::OpenedSession,
};
use crate::store::{
    ledger::{KeyRecord, Roles},
    people::PersonRecord,
    sessions::SessionMethod,
};

/// Somebody, as a provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderIdentity {
    /// The provider.
    pub issuer: String,
    /// Its name for them, which it gives to nobody else.
    pub subject: String,
    /// Their address, if the provider has verified it.
    pub email: Option<String>,
    /// Their name, as the provider has it.
    pub name: Option<String>,
}

/// What a sign-in comes to.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// A session for the key that they have.
    Session(OpenedSession),
    /// They have no key in this program yet: a code to enrol one.
    Invited(Invited),
}

impl Service {
    /// Signs somebody in whom a provider vouches for. `granted` is what their groups give, by
    /// program; `program` is where they want to go; `known` is whom a session of their own key has
    /// shown them to be.
    ///
    /// # Errors
    /// [`ServiceError::NothingGranted`], [`ServiceError::RolesNotGranted`],
    /// [`ServiceError::ProgramUnclear`], [`ServiceError::IdentityTaken`],
    /// [`ServiceError::AddressKnown`] or a failing store.
    pub async fn sign_in(
        &self,
        identity: &ProviderIdentity,
        granted: &BTreeMap<String, Roles>,
        program: Option<&str>,
        known: Option<Uuid>,
    ) -> Result<SignedIn, ServiceError> {
        let person = self.identified(identity, known).await?;
        let keys = match person {
            Some(person) => self.ledger.people().keys_of(person).await?,
            None => Vec::new(),
        };
        let keys: Vec<KeyRecord> = keys.into_iter().filter(|key| key.revoked.is_none()).collect();
        for key in keys.iter().filter(|key| !is_covered(key, granted)) {
            // Whoever left a group does not stay on an older sign-in either.
            let thumbprint = key.key.thumbprint();
            self.ledger.sessions().end_sessions_of(thumbprint, SessionMethod::Oidc).await?;
        }
        let wanted: BTreeMap<&str, &Roles> = granted
            .iter()
            .map(|(name, roles)| (name.as_str(), roles))
            .filter(|(name, _)| program.is_none_or(|program| program == *name))
            .collect();
        if wanted.is_empty() {
            return Err(ServiceError::NothingGranted { program: program.map(str::to_owned) });
        }
        // The newest first: a replacement counts before what it replaced.
        let own = keys.iter().rev().filter(|key| wanted.contains_key(key.program.as_str()));
        if let Some(key) = own.clone().find(|key| is_covered(key, granted)) {
            return Ok(SignedIn::Session(self.open_session(key, SessionMethod::Oidc).await?));
        }
        let open: Vec<&str> = wanted
            .keys()
            .copied()
            .filter(|name| keys.iter().all(|key| key.program != *name))
            .collect();
        match (open.as_slice(), own.clone().next()) {
            (&[name], _) => {
                let person = match person {
                    Some(person) => person,
                    None => self.new_person(identity, name).await?,
                };
                let roles = wanted[name].clone();
                Ok(SignedIn::Invited(self.invite_signed_in(roles, name, person).await?))
            }
            (&[], Some(key)) => Err(ServiceError::RolesNotGranted {
                program: key.program.clone(),
                roles: key.roles.to_words(),
            }),
            (open, _) => Err(ServiceError::ProgramUnclear {
                programs: open.iter().map(|name| (*name).to_owned()).collect(),
            }),
        }
    }

    /// Whose identity it is; `None` if that is not known yet.
    async fn identified(
        &self,
        identity: &ProviderIdentity,
        known: Option<Uuid>,
    ) -> Result<Option<Uuid>, ServiceError> {
        let fingerprint = self.identity_fingerprint(&identity.issuer, &identity.subject).await?;
        let sessions = self.ledger.sessions();
        let found = sessions.identity(fingerprint).await?;
        let Some(known) = known else { return Ok(found) };
        let person = match found {
            Some(person) => person,
            None => sessions.link_identity(fingerprint, known).await?,
        };
        match person == known {
            true => Ok(Some(person)),
            false => Err(ServiceError::IdentityTaken),
        }
    }

    /// A provider's word about an address makes nobody the person who is known under it, and must
    /// not make a second person of them either.
    async fn new_person(
        &self,
        identity: &ProviderIdentity,
        program: &str,
    ) -> Result<Uuid, ServiceError> {
        let fingerprint = self.identity_fingerprint(&identity.issuer, &identity.subject).await?;
        let id = self.new_own_id();
        let (address, profile) = match &identity.email {
            Some(email) if email.len() <= PROFILE_TEXT_BYTES_MAX => {
                let name =
                    identity.name.as_ref().filter(|name| name.len() <= PROFILE_TEXT_BYTES_MAX);
                let name = name.unwrap_or(email).clone();
                let address = self.address_fingerprint(program, email).await?;
                let profile = PersonProfile { name, email: email.clone() };
                (address, Some(self.seal_profile(id, &profile).await?))
            }
            _ => (fingerprint, None),
        };
        let record = PersonRecord { id, address, profile };
        match self.ledger.sessions().add_identity(fingerprint, &record).await? {
            true => Ok(id),
            false => Err(ServiceError::AddressKnown),
        }
    }
}

/// Whether everything the key may do is given by the groups now.
fn is_covered(key: &KeyRecord, granted: &BTreeMap<String, Roles>) -> bool {
    granted
        .get(&key.program)
        .is_some_and(|granted| key.roles.as_slice().iter().all(|role| granted.contains(*role)))
}
