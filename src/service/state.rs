//! What the service itself states, signed by its own key, never on behalf of a person.

use attestry_proof::{
    cose::{
        content_type::ContentType,
        statement::{Algorithm, Header, Subject, UnsignedStatement},
    },
    hash::Hash,
    payload::Payload,
};

use super::{Service, ServiceError, sealing::sealing_id};
use crate::{
    keys::Signer,
    log::Logged,
    store::ledger::{Candidate, Effect, Precondition, StoredPayload},
};

impl Service {
    /// States something that stays sealed: signed by the service, under the key of what it is about.
    pub(super) async fn state_sealed(
        &self,
        subject: Subject,
        payload: &Payload,
        (preconditions, effects): (Vec<Precondition>, Vec<Effect>),
    ) -> Result<Logged, ServiceError> {
        let about = (ContentType::Sealed, subject);
        let signer = &*self.log.signers().service;
        let (origin, now) = (self.log.origin(), self.now());
        let mut candidate = state(signer, origin, now, about, payload, (preconditions, effects))?;
        let (under, digest) = (sealing_id(subject, payload), candidate.payload_digest);
        let key = self.vault.submission_key(under).await?;
        let body = self.vault.seal_payload(&key, under, &digest, &payload.to_bytes())?;
        candidate.payload = StoredPayload::Sealed { under: Some(under), body };
        Ok(self.log.append(candidate).await?)
    }
}

/// Signs a public payload as a statement of the service.
///
/// # Errors
/// [`ServiceError::Sign`], or [`ServiceError::Statement`] if the origin cannot be an audience.
pub fn state(
    signer: &dyn Signer,
    origin: &str,
    issued_at: i64,
    (content_type, subject): (ContentType, Subject),
    payload: &Payload,
    (preconditions, effects): (Vec<Precondition>, Vec<Effect>),
) -> Result<Candidate, ServiceError> {
    let bytes = payload.to_bytes();
    let payload_digest = Hash::of(&bytes);
    let issuer = signer.public_key().thumbprint();
    let audience = origin.to_owned();
    let header =
        Header { algorithm: Algorithm::EdDsa, issuer, subject, audience, issued_at, content_type };
    let unsigned = UnsignedStatement::new(header, payload_digest)?;
    let signature = signer.sign(&unsigned.to_be_signed())?;
    let statement = unsigned.attach(signature);
    Ok(Candidate {
        entry: statement.entry_bytes(),
        leaf_hash: statement.leaf_hash(),
        issued_at,
        subject,
        issuer,
        content_type: content_type.as_str(),
        payload_digest,
        payload: StoredPayload::Public(bytes),
        preconditions,
        effects,
    })
}
