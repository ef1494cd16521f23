//! The first batch of a log: `genesis`, which names the log and its keys, and `policy`, which names
//! the rules it decides by. The service signs both itself.

use attestry_policy::{
    bundle::{BundleError, bundle_digest},
    engine::engine_version,
};
use attestry_proof::{
    cose::{ContentType, Subject},
    hash::Hash,
    log::note::{KeyKind, VerifierKey},
    payload::{
        Announcement, Payload,
        envelope::Tool,
        fields::{Digest, NamedKey, Timestamp},
        genesis::{ENTRY_FORMAT, Genesis, HashAlgorithm, TreeAlgorithm},
        policy_version::{PolicyFile, PolicyVersion},
        text::Line,
    },
};
use chrono::{DateTime, Utc};

use super::{ServiceError, policies::PolicyFileBytes, state::state};
use crate::{
    keys::LogSigners,
    store::ledger::{Candidate, Effect, Precondition},
};

/// Digest of a policy bundle.
///
/// # Errors
/// [`ServiceError::Malformed`] if it is empty or names a path twice.
pub fn policies_digest(policies: &[PolicyFileBytes]) -> Result<Hash, ServiceError> {
    let files: Vec<(&str, &[u8])> =
        policies.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    bundle_digest(&files).map(Hash).map_err(|error: BundleError| ServiceError::Malformed {
        what: "policy bundle",
        reason: error.to_string(),
    })
}

/// Makes the two candidates of a new log's first batch.
///
/// # Errors
/// [`ServiceError::Malformed`] if the origin or a policy path cannot be stated,
/// [`ServiceError::Sign`].
pub fn genesis(
    signers: &LogSigners,
    origin: &str,
    policies: &[PolicyFileBytes],
    now: DateTime<Utc>,
) -> Result<Vec<Candidate>, ServiceError> {
    let service_key = signers.service.public_key();
    let subject = Subject::Key(service_key.thumbprint());
    let note_key = VerifierKey::new(origin, KeyKind::Ed25519, signers.note.public_key())
        .map_err(|error| ServiceError::Malformed { what: "origin", reason: error.to_string() })?;
    let body = Genesis {
        origin: line("origin", origin)?,
        note_vkey: line("origin", &note_key.to_string())?,
        receipt_key: NamedKey::new(signers.receipt.public_key()),
        service_key: NamedKey::new(service_key),
        hash_algorithm: HashAlgorithm::Sha256,
        tree_algorithm: TreeAlgorithm::Rfc9162Sha256,
        entry_format: ENTRY_FORMAT,
        created_at: timestamp(now)?,
    };
    let payload = Payload::from(Announcement::new(body)?);
    let at = now.timestamp();
    let service = &*signers.service;
    let first =
        state(service, origin, at, (ContentType::Genesis, subject), &payload, (vec![], vec![]))?;
    let second = policy_version(signers, origin, policies, now, 1)?;
    Ok(vec![first, second])
}

/// States that a policy bundle is in force from here on.
///
/// # Errors
/// As [`genesis`].
pub fn policy_version(
    signers: &LogSigners,
    origin: &str,
    policies: &[PolicyFileBytes],
    now: DateTime<Utc>,
    version: u64,
) -> Result<Candidate, ServiceError> {
    let digest = policies_digest(policies)?;
    let mut files = policies
        .iter()
        .map(|(path, bytes)| {
            Ok(PolicyFile { path: line("policy path", path)?, sha256: Digest(Hash::of(bytes)) })
        })
        .collect::<Result<Vec<_>, ServiceError>>()?;
    files.sort_by(|left, right| left.path.as_str().cmp(right.path.as_str()));
    let body = PolicyVersion {
        bundle_sha256: Digest(digest),
        files,
        engine: Some(engine()?),
        effective_at: timestamp(now)?,
    };
    let payload = Payload::from(Announcement::new(body)?);
    let service = &*signers.service;
    let about = (ContentType::Policy, Subject::Key(service.public_key().thumbprint()));
    let preconditions = vec![Precondition::Policy { version: version - 1 }];
    let effects = vec![Effect::AdoptPolicy { digest, version }];
    state(service, origin, now.timestamp(), about, &payload, (preconditions, effects))
}

/// The program that evaluates the rules.
pub(super) fn engine() -> Result<Tool, ServiceError> {
    Ok(Tool {
        name: line("engine", "cedar-policy")?,
        version: line("engine version", &engine_version())?,
    })
}

pub(super) fn timestamp(at: DateTime<Utc>) -> Result<Timestamp, ServiceError> {
    Timestamp::new(at).ok_or(ServiceError::Malformed {
        what: "time",
        reason: "the clock is outside the years 1 to 9999".into(),
    })
}

fn line(what: &'static str, text: &str) -> Result<Line, ServiceError> {
    Line::new(text).map_err(|error| ServiceError::Malformed { what, reason: error.to_string() })
}
