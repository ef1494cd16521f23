//! The rules and texts in force: one bundle of files, logged, kept, and swapped as a whole.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use attestry_policy::{
    clauses::{CatalogueError, ClauseCatalogue},
    engine::PolicyEngine,
    load::LoadError,
};
use attestry_proof::hash::Hash;

use super::{Service, ServiceError, genesis::policy_version};
use crate::store::ledger::Precondition;

/// Time after which the same bundle is another statement.
const SAME_SECOND: Duration = Duration::from_millis(250);

/// A policy file: its path with `/` between names, and its bytes.
pub type PolicyFileBytes = (String, Vec<u8>);

/// Why a bundle cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The rules are refused; the message says file, line and column.
    #[error(transparent)]
    Rules(#[from] LoadError),
    /// The clause texts are refused.
    #[error(transparent)]
    Clauses(#[from] CatalogueError),
}

/// One policy bundle, read and checked.
pub struct Policies {
    engine: PolicyEngine,
    clauses: ClauseCatalogue,
    files: Vec<PolicyFileBytes>,
}

impl Policies {
    /// Reads and checks every rule and text of a bundle.
    ///
    /// # Errors
    /// [`PoliciesError`], with the place of the first fault.
    pub fn load(files: Vec<PolicyFileBytes>) -> Result<Self, PoliciesError> {
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let engine = PolicyEngine::load(&named)?;
        let clauses = ClauseCatalogue::parse(&named)?;
        Ok(Self { engine, clauses, files })
    }

    /// The rules.
    #[must_use]
    pub const fn engine(&self) -> &PolicyEngine {
        &self.engine
    }

    /// The clause texts.
    #[must_use]
    pub const fn clauses(&self) -> &ClauseCatalogue {
        &self.clauses
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[PolicyFileBytes] {
        &self.files
    }

    /// Digest of the bundle.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        Hash(*self.engine.digest())
    }
}

impl Service {
    /// The bundle that decisions are made by now.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// What a judgement rests on: the bundle's version in the log. To be read before the rules are
    /// asked, so that it is never newer than they are.
    pub(super) fn policy_unchanged(&self) -> Precondition {
        Precondition::Policy { version: self.policy_version() }
    }

    pub(super) fn policy_version(&self) -> u64 {
        self.policy_version.load(Ordering::Acquire)
    }

    /// Keeps the files of the bundle in force, and logs it as a new version if the log's last one is
    /// another.
    ///
    /// # Errors
    /// [`ServiceError::Malformed`] if a clause text of the last one was edited or is gone; a failing
    /// store or log.
    pub async fn register_policies(&self) -> Result<(), ServiceError> {
        let policies = self.policies();
        let version = self.keep_and_log(&policies).await?;
        self.policy_version.store(version, Ordering::Release);
        Ok(())
    }

    /// Puts another bundle in force: kept, then logged, then decided by. On an error the old one
    /// stays.
    ///
    /// # Errors
    /// As [`Service::register_policies`].
    pub async fn adopt_policies(&self, policies: Policies) -> Result<Hash, ServiceError> {
        let version = self.keep_and_log(&policies).await?;
        let digest = policies.digest();
        let mut in_force = self.policies.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *in_force = Arc::new(policies);
        self.policy_version.store(version, Ordering::Release);
        Ok(digest)
    }

    /// Answers with the bundle's version in the log.
    async fn keep_and_log(&self, policies: &Policies) -> Result<u64, ServiceError> {
        let (in_force, version) = self.ledger.policy().await?.unwrap_or_default();
        self.require_continued(policies, in_force).await?;
        let files: Vec<(Hash, &[u8])> =
            policies.files.iter().map(|(_, bytes)| (Hash::of(bytes), bytes.as_slice())).collect();
        self.ledger.people().keep_policy_files(&files).await?;
        if in_force == policies.digest() {
            return Ok(version);
        }
        loop {
            let candidate = policy_version(
                self.log.signers(),
                self.log.origin(),
                &policies.files,
                self.clock.now(),
                version + 1,
            )?;
            if self.log.append(candidate).await?.appended {
                break;
            }
            // A bundle that was in force earlier in this second is stated by the same bytes, which
            // adopt nothing again.
            tokio::time::sleep(SAME_SECOND).await;
        }
        tracing::info!(digest = %policies.digest(), version = version + 1, "policies in force");
        Ok(version + 1)
    }
}
