//! Keyed fingerprints of what is known about people: the same text gives the same fingerprint, and
//! nobody can test a guess who does not have the service's keys, so that the database alone does not
//! tell who somebody is.

use attestry_proof::hash::Hash;
use uuid::Uuid;

use super::{Service, ServiceError, own_ids::own_id};

/// Whose key the fingerprints are made with: that of an id nobody has.
const ADDRESS_BOOK: Uuid = own_id(*b"attestry-address");

impl Service {
    /// The fingerprint of an e-mail address in a program, however it is written.
    ///
    /// # Errors
    /// A failing vault.
    pub(super) async fn address_fingerprint(
        &self,
        program: &str,
        email: &str,
    ) -> Result<Hash, ServiceError> {
        let key = self.vault.submission_key(ADDRESS_BOOK).await?;
        Ok(key.fingerprint(
            "attestry/address/v1",
            &format!("{program}\n{}", email.trim().to_lowercase()),
        ))
    }

    /// The fingerprint of what a provider calls somebody.
    ///
    /// # Errors
    /// A failing vault.
    pub(super) async fn identity_fingerprint(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Hash, ServiceError> {
        let key = self.vault.submission_key(ADDRESS_BOOK).await?;
        // An issuer is a URL and holds no line break.
        Ok(key.fingerprint("attestry/identity/v1", &format!("{issuer}\n{subject}")))
    }
}
