//! What the service itself states: public, signed by the service key, never on behalf of a person.

use attestry_proof::{
    cose::{
        content_type::ContentType,
        statement::{Algorithm, Header, Subject, UnsignedStatement},
    },
    hash::Hash,
    payload::Payload,
};

use super::ServiceError;
use crate::{
    keys::Signer,
    store::ledger::{Candidate, Effect, Precondition, StoredPayload},
};

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
