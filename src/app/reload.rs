//! Policies read again while the service runs.

use std::sync::{Arc, Weak};

use attestry_proof::hash::Hash;

use super::{Listening, StartError, load_policies};
use crate::{
    config::Identity,
    service::{Service, ServiceError},
};

/// Reads the folder of policies that the service was started with again. It does not keep the
/// service alive.
pub struct Reloader {
    service: Weak<Service>,
    identity: Identity,
}

/// What reading again came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// The folder holds what is in force.
    Unchanged(Hash),
    /// A new version was logged, and decides from now on.
    InForce(Hash),
}

/// Why the policies in force stay.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// There is no folder to read.
    #[error("the policies are those built in; start the service with --policies to change them")]
    BuiltIn,
    /// The folder cannot be read, or its policies are refused: the message says where.
    #[error(transparent)]
    Unusable(#[from] StartError),
    /// They cannot be put in force.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The service stops.
    #[error("the service stops")]
    Stopping,
}

impl Listening {
    /// What reads the policies of this service again.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        let identity = self.application.identity.clone();
        Reloader { service: Arc::downgrade(self.service()), identity }
    }
}

impl Reloader {
    /// Reads the folder again and puts what it holds in force, as a new version in the log. On an
    /// error what is in force stays.
    ///
    /// # Errors
    /// See [`ReloadError`].
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let outcome = self.read_and_adopt().await;
        let word = match &outcome {
            Ok(Reloaded::Unchanged(_)) => "unchanged",
            Ok(Reloaded::InForce(_)) => "in-force",
            Err(_) => "refused",
        };
        metrics::counter!("attestry_policy_reloads_total", "outcome" => word).increment(1);
        outcome
    }

    async fn read_and_adopt(&self) -> Result<Reloaded, ReloadError> {
        if self.identity.policies.is_none() {
            return Err(ReloadError::BuiltIn);
        }
        let identity = self.identity.clone();
        // Rules are checked against the schema, which takes longer than a request should wait.
        let read = tokio::task::spawn_blocking(move || load_policies(&identity));
        let policies = read.await.map_err(|_| ReloadError::Stopping)??;
        let service = self.service.upgrade().ok_or(ReloadError::Stopping)?;
        let before = service.policies().digest();
        let digest = service.adopt_policies(policies).await?;
        Ok(if digest == before { Reloaded::Unchanged(digest) } else { Reloaded::InForce(digest) })
    }
}
