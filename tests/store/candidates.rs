//! Candidates that no signature stands behind: the ledger keeps bytes, it does not judge them.

use std::sync::atomic::{AtomicU64, Ordering};

use attestry::store::ledger::{
    Appended, Candidate, Effect, Invitation, Ledger, Outcome, Precondition, Role, Roles,
    StoredPayload,
};
use attestry_proof::{
    cose::{ContentType, Subject},
    hash::{Hash, leaf_hash},
    key::{PublicKey, Thumbprint},
    size::LeafIndex,
};
use uuid::Uuid;

/// Time of every batch, Unix milliseconds.
pub const AT_MS: i64 = 1_700_000_000_123;

/// A public key with a seed.
pub fn key(seed: u8) -> PublicKey {
    use attestry::keys::{LocalSigner, Signer as _};
    LocalSigner::from_seed(&[seed; 32]).unwrap().public_key()
}

pub fn thumbprint(seed: u8) -> Thumbprint {
    key(seed).thumbprint()
}

/// The candidate with this number; the same number is the same statement.
pub fn candidate(number: u64) -> Candidate {
    let entry = format!("entry number {number}").into_bytes();
    let payload = format!("payload number {number}").into_bytes();
    Candidate {
        leaf_hash: leaf_hash(&entry),
        entry,
        issued_at: 1_700_000_000 + (number / 10) as i64,
        subject: Subject::Submission(Uuid::from_u128(number.into())),
        issuer: thumbprint(9),
        content_type: ContentType::Sealed.as_str(),
        payload_digest: Hash::of(&payload),
        payload: StoredPayload::Sealed { under: None, body: payload },
        preconditions: Vec::new(),
        effects: Vec::new(),
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1 << 40);

/// A candidate that nobody made before.
pub fn fresh() -> Candidate {
    candidate(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A new candidate that rests on `preconditions` and changes `effects`.
pub fn with(preconditions: Vec<Precondition>, effects: Vec<Effect>) -> Candidate {
    Candidate { preconditions, effects, ..fresh() }
}

pub async fn append(ledger: &dyn Ledger, candidates: &[Candidate]) -> Appended {
    ledger.append_batch(Uuid::new_v4(), AT_MS, candidates).await.unwrap()
}

/// Appends one candidate and gives its outcome.
pub async fn append_one(ledger: &dyn Ledger, candidate: Candidate) -> Outcome {
    append(ledger, &[candidate]).await.outcomes.remove(0)
}

/// Appends a candidate that must be appended.
pub async fn place(ledger: &dyn Ledger, candidate: Candidate) -> LeafIndex {
    match append_one(ledger, candidate).await {
        Outcome::Appended(index) => index,
        other => panic!("{other:?}"),
    }
}

pub fn is_appended(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Appended(_))
}

/// The effect that enrols the key with this seed.
pub fn enrol_as(seed: u8, roles: Roles) -> Effect {
    let (program, person, replaces) = ("main".into(), None, None);
    Effect::EnrolKey { key: Box::new(key(seed)), roles, program, person, replaces }
}

/// Enrols the key with this seed.
pub fn enrolment(seed: u8) -> Candidate {
    let effect = enrol_as(seed, Roles::new(vec![Role::Contractor]));
    with(vec![Precondition::KeyUnknown(thumbprint(seed))], vec![effect])
}

/// Something a key says about a submission.
pub fn said_by(seed: u8, submission: Uuid, may_be_withdrawn: bool) -> Candidate {
    let owner = thumbprint(seed);
    let fact =
        Precondition::SubmissionOf { submission, owner, program: "main".into(), may_be_withdrawn };
    let subject = Subject::Submission(submission);
    Candidate { subject, issuer: owner, ..with(vec![fact], vec![]) }
}

pub fn invitation(code: &[u8], expires_at: i64) -> Invitation {
    Invitation {
        code_digest: Hash::of(code),
        roles: Roles::new(vec![Role::Reviewer, Role::Contractor]),
        program: "main".into(),
        expires_at,
        inviter: Some(thumbprint(8)),
        person: None,
    }
}
