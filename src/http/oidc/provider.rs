//! What a provider says about itself: addresses, algorithms and keys.
//!
//! It is asked when it is needed and again after an hour. Keys are also asked for when a token names
//! one that is not known, since providers change them; but only so often, because whoever can
//! produce a token can name any key.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, JsonWebKeySet, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{
    OidcError,
    fetch::{Fetch, FetchError, require_confidential},
};

/// How long what a provider said is believed.
const METADATA_SECONDS_MAX: i64 = 3600;
/// Most times that keys are asked for again within [`REFETCH_SECONDS`].
const REFETCHES_MAX: usize = 4;
/// Seconds over which they are counted.
const REFETCH_SECONDS: i64 = 60;
/// Longest wait while somebody else asks.
const WAIT_MAX: Duration = Duration::from_secs(12);

/// Signatures that are believed, if the provider advertises them. None of them is made with a secret
/// that is shared, so that no public key can be taken for one.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the library leaves out (RFC 9207 §3).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct MoreMetadata {
    /// Whether every answer names the issuer.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

pub(super) type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A provider, as far as it is known.
pub(super) struct Provider {
    issuer: IssuerUrl,
    fetch: Fetch,
    known: Mutex<Option<Known>>,
}

struct Known {
    metadata: Arc<Metadata>,
    fetched_at: i64,
    /// When keys were asked for again, oldest first.
    refetched_at: VecDeque<i64>,
}

impl Provider {
    pub(super) fn new(issuer: IssuerUrl, fetch: Fetch) -> Self {
        Self { issuer, fetch, known: Mutex::new(None) }
    }

    pub(super) fn fetch(&self) -> &Fetch {
        &self.fetch
    }

    /// What the provider says about itself, not older than an hour.
    pub(super) async fn metadata(&self, now: i64) -> Result<Arc<Metadata>, OidcError> {
        let mut known = self.lock().await?;
        if let Some(known) = &*known
            && (0..METADATA_SECONDS_MAX).contains(&(now - known.fetched_at))
        {
            return Ok(Arc::clone(&known.metadata));
        }
        let metadata = Metadata::discover_async(self.issuer.clone(), &self.fetch).await;
        let metadata = metadata.map_err(unusable)?;
        check(&metadata)?;
        let metadata = Arc::new(metadata);
        let refetched_at = known.take().map(|known| known.refetched_at).unwrap_or_default();
        *known = Some(Known { metadata: Arc::clone(&metadata), fetched_at: now, refetched_at });
        Ok(metadata)
    }

    /// The same with the keys that the provider has now, in place of `old`.
    pub(super) async fn with_new_keys(
        &self,
        old: &Arc<Metadata>,
        now: i64,
    ) -> Result<Arc<Metadata>, OidcError> {
        let mut locked = self.lock().await?;
        let Some(known) = &mut *locked else { return Ok(Arc::clone(old)) };
        if !Arc::ptr_eq(&known.metadata, old) {
            // Somebody else asked meanwhile.
            return Ok(Arc::clone(&known.metadata));
        }
        if !allows(&mut known.refetched_at, now) {
            return Ok(Arc::clone(old));
        }
        let keys = JsonWebKeySet::fetch_async(old.jwks_uri(), &self.fetch).await;
        let metadata = Arc::new((**old).clone().set_jwks(keys.map_err(unusable)?));
        known.metadata = Arc::clone(&metadata);
        Ok(metadata)
    }

    async fn lock(&self) -> Result<tokio::sync::MutexGuard<'_, Option<Known>>, OidcError> {
        let waited = tokio::time::timeout(WAIT_MAX, self.known.lock()).await;
        waited.map_err(|_| OidcError::Busy)
    }
}

/// Counts one more, if it is not one too many.
fn allows(times: &mut VecDeque<i64>, now: i64) -> bool {
    while times.front().is_some_and(|time| *time <= now - REFETCH_SECONDS || *time > now) {
        times.pop_front();
    }
    let allowed = times.len() < REFETCHES_MAX;
    if allowed {
        times.push_back(now);
    }
    allowed
}

/// Every address must be one that may be asked, or that people may be sent to.
fn check(metadata: &Metadata) -> Result<(), OidcError> {
    require_confidential(metadata.authorization_endpoint().as_str())?;
    require_confidential(metadata.jwks_uri().as_str())?;
    let token = metadata.token_endpoint().ok_or(OidcError::NoTokenEndpoint)?;
    require_confidential(token.as_str())?;
    if algorithms(metadata).is_empty() {
        return Err(OidcError::NoAlgorithm);
    }
    Ok(())
}

/// Signatures that are believed of this provider.
pub(super) fn algorithms(metadata: &Metadata) -> Vec<CoreJwsSigningAlgorithm> {
    let advertised = metadata.id_token_signing_alg_values_supported();
    ALGORITHMS.into_iter().filter(|algorithm| advertised.contains(algorithm)).collect()
}

/// Whether every answer of this provider names it.
pub(super) fn names_itself(metadata: &Metadata) -> bool {
    metadata.additional_metadata().authorization_response_iss_parameter_supported
}

fn unusable(error: DiscoveryError<FetchError>) -> OidcError {
    OidcError::Discovery(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_for_again_only_so_often() {
        let mut times = VecDeque::new();
        assert!((0..4).all(|second| allows(&mut times, 1000 + second)));
        assert!(!allows(&mut times, 1010));
        assert!(!allows(&mut times, 1059));
        assert!(allows(&mut times, 1060), "the first is a minute old");
        assert!(!allows(&mut times, 1060));
        assert!(allows(&mut times, 900), "a clock that was set back does not lock anybody out");
    }

    #[test]
    fn no_algorithm_with_a_shared_secret_is_believed() {
        use openidconnect::JwsSigningAlgorithm as _;
        assert!(ALGORITHMS.iter().all(|algorithm| !algorithm.uses_shared_secret()));
        assert!(!ALGORITHMS.contains(&CoreJwsSigningAlgorithm::None));
    }
}
