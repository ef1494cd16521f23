//! Programs: data collections, each with its own members and its own terms of clearance.

use attestry_policy::words::ResidualRisk;
use attestry_proof::hash::Hash;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    enroll::program_name,
};
use crate::{
    store::{ledger::KeyRecord, people::ProgramRecord},
    vault::open_payload,
};

/// What is known about a program besides its name, sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramProfile {
    /// Title in plain words.
    pub title: String,
    /// For whom the work is collected.
    pub client: String,
}

/// A program to be opened.
#[derive(Clone, Debug)]
pub struct NewProgram<'a> {
    /// Its name, which the log shows.
    pub name: &'a str,
    /// Which rules decide about clearance.
    pub clearance_policy: &'a str,
    /// Most risk that may be left in files.
    pub allowed_risk: ResidualRisk,
    /// What stays sealed.
    pub profile: Option<&'a ProgramProfile>,
}

impl Service {
    /// A program by name.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] or a failing store.
    pub(super) async fn program(&self, name: &str) -> Result<ProgramRecord, ServiceError> {
        let unknown = || ServiceError::NotFound { what: "program", id: name.to_owned() };
        self.ledger.people().program(name).await?.ok_or_else(unknown)
    }

    /// Refuses a program that was not opened.
    pub(super) async fn require_program(&self, name: &str) -> Result<(), ServiceError> {
        self.program(name).await.map(drop)
    }

    /// Opens a program.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Malformed`] also for a name that is taken, or a
    /// failing store or vault.
    pub async fn open_program(
        &self,
        caller: &KeyRecord,
        new: NewProgram<'_>,
    ) -> Result<ProgramRecord, ServiceError> {
        self.authorize(Some(caller), Action::CreateProgram, Thing::Log)?;
        program_name(new.name)?;
        if !self.policies().engine().knows_clearance_policy(new.clearance_policy) {
            return Err(ServiceError::Malformed {
                what: "clearance policy",
                reason: format!(
                    "no rule in force permits clearance under {:?}",
                    new.clearance_policy
                ),
            });
        }
        let id = self.new_own_id();
        let profile = match new.profile {
            Some(profile) => Some(self.seal_profile(id, profile).await?),
            None => None,
        };
        let program = ProgramRecord {
            name: new.name.to_owned(),
            id,
            clearance_policy: new.clearance_policy.to_owned(),
            allowed_risk: new.allowed_risk,
            profile,
            opened_at: self.now(),
        };
        if self.ledger.people().open_program(&program).await? {
            return Ok(program);
        }
        let reason = format!("the program {:?} was opened before", new.name);
        Err(ServiceError::Malformed { what: "program", reason })
    }

    /// Programs that the caller may see, by name, with what is sealed about them.
    ///
    /// # Errors
    /// A failing store or vault.
    pub async fn programs(
        &self,
        caller: &KeyRecord,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(ProgramRecord, Option<ProgramProfile>)>, ServiceError> {
        let mut seen = Vec::new();
        let mut after = after.to_owned();
        // Most are not for the caller, who continues after the last one seen.
        loop {
            let page = self.ledger.people().programs(&after, limit).await?;
            let Some(last) = page.last() else { return Ok(seen) };
            after.clone_from(&last.name);
            for program in page {
                let thing = Thing::Program(&program.name);
                if self.authorize(Some(caller), Action::ReadProgram, thing).is_err() {
                    continue;
                }
                let profile = match &program.profile {
                    Some(sealed) => Some(self.open_profile(program.id, sealed).await?),
                    None => None,
                };
                seen.push((program, profile));
                if seen.len() == limit as usize {
                    return Ok(seen);
                }
            }
        }
    }

    /// Seals something under the key of the id it is about; its digest goes before it.
    pub(super) async fn seal_profile<T: Serialize + Sync>(
        &self,
        id: Uuid,
        profile: &T,
    ) -> Result<Vec<u8>, ServiceError> {
        let bytes = serde_json::to_vec(profile).map_err(|error| unreadable(&error))?;
        let digest = Hash::of(&bytes);
        let key = self.vault.submission_key(id).await?;
        let sealed = self.vault.seal_payload(&key, id, &digest, &bytes)?;
        Ok([digest.0.as_slice(), &sealed].concat())
    }

    /// Opens what [`Service::seal_profile`] sealed.
    pub(super) async fn open_profile<T: serde::de::DeserializeOwned>(
        &self,
        id: Uuid,
        sealed: &[u8],
    ) -> Result<T, ServiceError> {
        let (digest, sealed) =
            sealed.split_at_checked(32).ok_or_else(|| unreadable(&"too short"))?;
        let digest = Hash::from_slice(digest).ok_or_else(|| unreadable(&"no digest"))?;
        let key = self.vault.existing_key(id).await?;
        let bytes = open_payload(&key, id, &digest, sealed)?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
    }
}

fn unreadable(reason: &dyn std::fmt::Display) -> ServiceError {
    ServiceError::Malformed { what: "profile", reason: reason.to_string() }
}
