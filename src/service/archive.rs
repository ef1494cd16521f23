//! The bundles that were in force, and their files.

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    hash::Hash,
    payload::{Payload, policy_version::PolicyVersion},
};

use super::{Service, ServiceError, policies::Policies};
use crate::store::{ledger::StoredPayload, people::PolicyRecord};

/// A bundle that was in force, and what the log says about it.
#[derive(Clone, Debug)]
pub struct LoggedPolicies {
    /// Digest, version and position.
    pub record: PolicyRecord,
    /// What was stated.
    pub stated: PolicyVersion,
}

impl Service {
    /// Bundles that were in force, newest first: at most `limit` below version `before`.
    ///
    /// # Errors
    /// A failing store, or a `policy` statement that cannot be read.
    pub async fn policy_versions(
        &self,
        before: u64,
        limit: usize,
    ) -> Result<Vec<LoggedPolicies>, ServiceError> {
        let records = self.ledger.people().policies(u32::MAX).await?;
        let records = records.into_iter().filter(|record| record.version < before).take(limit);
        let mut versions = Vec::new();
        for record in records {
            let payload = self.ledger.payload(record.index).await?;
            let Some((_, StoredPayload::Public(bytes))) = payload else { continue };
            if let Payload::Policy(said) = Payload::parse(&bytes, false)? {
                versions.push(LoggedPolicies { record, stated: said.body().clone() });
            }
        }
        Ok(versions)
    }

    /// Refuses a bundle in which a clause text that could be signed under the last one was edited
    /// or is gone. What is not kept cannot be compared.
    pub(super) async fn require_continued(
        &self,
        policies: &Policies,
        last: Hash,
    ) -> Result<(), ServiceError> {
        if last == policies.digest() {
            return Ok(());
        }
        let Some(files) = self.archived_policies(last).await? else { return Ok(()) };
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let Ok(earlier) = ClauseCatalogue::parse(&named) else { return Ok(()) };
        policies.clauses().continues(&earlier).map_err(|error| ServiceError::Malformed {
            what: "policy bundle",
            reason: error.to_string(),
        })
    }

    /// A file of a bundle that was in force, by its SHA-256.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] or a failing store.
    pub async fn policy_file(&self, sha256: Hash) -> Result<Vec<u8>, ServiceError> {
        let not_found = || ServiceError::NotFound { what: "policy file", id: sha256.to_hex() };
        let bytes = self.ledger.people().policy_file(sha256).await?.ok_or_else(not_found)?;
        if Hash::of(&bytes) == sha256 {
            return Ok(bytes);
        }
        tracing::error!(%sha256, "a kept policy file is damaged");
        Err(not_found())
    }
}
