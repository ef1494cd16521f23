//! The bundles that were in force, and their files.

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    hash::Hash,
    payload::{Payload, policy_version::PolicyVersion},
    size::LeafIndex,
};

use super::{
    Service, ServiceError,
    genesis::policies_digest,
    policies::{Policies, PolicyFileBytes},
};
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
            if let Some(stated) = self.policy_stated_at(record.index).await? {
                versions.push(LoggedPolicies { record, stated });
            }
        }
        Ok(versions)
    }

    /// What the `policy` statement at a position says.
    async fn policy_stated_at(
        &self,
        index: LeafIndex,
    ) -> Result<Option<PolicyVersion>, ServiceError> {
        let Some((_, StoredPayload::Public(bytes))) = self.ledger.payload(index).await? else {
            return Ok(None);
        };
        Ok(match Payload::parse(&bytes, false)? {
            Payload::Policy(said) => Some(said.body().clone()),
            _ => None,
        })
    }

    /// The files of a bundle that was in force, by its digest; `None` if the log knows no such
    /// bundle or a file of it is not kept.
    ///
    /// # Errors
    /// A failing store.
    pub async fn archived_policies(
        &self,
        digest: Hash,
    ) -> Result<Option<Vec<PolicyFileBytes>>, ServiceError> {
        let versions = self.ledger.people().policies(u32::MAX).await?;
        let Some(version) = versions.into_iter().find(|version| version.digest == digest) else {
            return Ok(None);
        };
        let Some(stated) = self.policy_stated_at(version.index).await? else { return Ok(None) };
        let mut files = Vec::new();
        for file in &stated.files {
            let Some(bytes) = self.ledger.people().policy_file(file.sha256.0).await? else {
                return Ok(None);
            };
            files.push((file.path.as_str().to_owned(), bytes));
        }
        // What is kept is not trusted: the log says what it must be.
        let kept = policies_digest(&files).ok();
        Ok((kept == Some(digest)).then_some(files))
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
