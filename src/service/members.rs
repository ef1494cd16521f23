//! Who the members of a program are. Names and addresses are sealed under a key of the person, and
//! go when that key goes; the log and this database know numbers.

use attestry_proof::{cose::Subject, key::Thumbprint, size::LeafIndex};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    sealing::sealed_under,
};
use crate::store::{ledger::KeyRecord, people::PersonRecord};
use crate::vault::{KeysError, VaultError};

/// Longest name or address, in bytes.
pub const PROFILE_TEXT_BYTES_MAX: usize = 254;

/// Name and address of a person, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonProfile {
    /// Name, as the person writes it.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

impl Service {
    /// The person with this address in the program; a new one if nobody has it there yet. What one
    /// program knows of people is nothing to another: its administrators could bind keys to them.
    ///
    /// # Errors
    /// [`ServiceError::Malformed`], or a failing store or vault.
    pub async fn known_person(
        &self,
        program: &str,
        profile: &PersonProfile,
    ) -> Result<Uuid, ServiceError> {
        let email = profile.email.trim().to_lowercase();
        let plausible = email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@')
        });
        let short = email.len().max(profile.name.len()) <= PROFILE_TEXT_BYTES_MAX;
        if !plausible || !short || profile.name.trim().is_empty() {
            return Err(ServiceError::Malformed {
                what: "person",
                reason: "a name and an e-mail address of at most 254 bytes each are needed".into(),
            });
        }
        let address = self.address_fingerprint(program, &email).await?;
        if let Some(known) = self.ledger.people().person_by_address(address).await? {
            return Ok(known);
        }
        let id = self.new_own_id();
        let sealed = self.seal_profile(id, profile).await?;
        let person = PersonRecord { id, address, profile: Some(sealed) };
        Ok(self.ledger.people().add_person(&person).await?)
    }

    /// Members of a program with their names, by enrolment, at most `limit` enrolled at `from` or
    /// later.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or a failing store or vault.
    pub async fn members(
        &self,
        caller: &KeyRecord,
        program: &str,
        from: LeafIndex,
        limit: u32,
    ) -> Result<Vec<(KeyRecord, Option<PersonProfile>)>, ServiceError> {
        self.authorize(Some(caller), Action::ReadMembers, Thing::Program(program))?;
        let mut members = Vec::new();
        for key in self.ledger.people().keys_in(program, from, limit).await? {
            let profile = match key.person {
                Some(person) => self.profile(person).await?,
                None => None,
            };
            members.push((key, profile));
        }
        Ok(members)
    }

    /// Erases the name and address of whoever holds a key and what links keys to the person, in
    /// every program: the caller must be allowed to in each. The keys stay valid; nothing is allowed
    /// any more that asks who holds them.
    ///
    /// # Errors
    /// [`ServiceError::UnknownKey`], [`ServiceError::Forbidden`], [`ServiceError::NotFound`], or a
    /// failing store or vault.
    pub async fn forget_member(
        &self,
        caller: &KeyRecord,
        key: Thumbprint,
    ) -> Result<(), ServiceError> {
        self.forget_key(key);
        let record = self.key(key).await?;
        self.authorize(Some(caller), Action::ForgetPerson, Thing::Key(&record))?;
        let unknown = || ServiceError::NotFound { what: "person for the key", id: key.to_string() };
        let person = record.person.ok_or_else(unknown)?;
        let keys = self.ledger.people().keys_of(person).await?;
        for key in &keys {
            self.authorize(Some(caller), Action::ForgetPerson, Thing::Key(key))?;
        }
        // The link first: a crash afterwards leaves a name that nothing leads to and that the next
        // call finds gone from here.
        self.vault.erase_submission(person).await?;
        for key in &keys {
            let approvals = sealed_under(Subject::Key(key.key.thumbprint()));
            self.vault.erase_submission(approvals).await?;
        }
        self.ledger.people().forget_person(person).await?;
        for key in &keys {
            self.forget_key(key.key.thumbprint());
        }
        Ok(())
    }

    async fn profile(&self, person: Uuid) -> Result<Option<PersonProfile>, ServiceError> {
        match self.ledger.people().person(person).await?.and_then(|record| record.profile) {
            Some(sealed) => match self.open_profile(person, &sealed).await {
                // Erased, but for the row.
                Err(ServiceError::Vault(VaultError::Keys(KeysError::Destroyed { .. }))) => Ok(None),
                profile => profile.map(Some),
            },
            None => Ok(None),
        }
    }
}
