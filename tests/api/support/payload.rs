//! Payloads that the built-in policies accept.

use std::{fmt::Debug, str::FromStr};

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    hash::Hash,
    manifest::{self, Role},
    payload::{
        Attestation, AttestationBody, Payload,
        effort::{Effort, EffortBasis, Occupation, OccupationScheme, OnTheJob, Seniority},
        envelope::{
            Answer, Capacity, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel,
            ElectronicSignature, Envelope, EsignDisclosures, Knowledge, ManifestCommitment, Period,
            Signer, Tool,
        },
        fields::{Digest, Salt, SubmissionId, Timestamp},
        manifest::Manifest,
        withdrawal::{Erasure, Scope, Withdrawal, WithdrawalReason},
    },
};
use chrono::Utc;
use uuid::Uuid;

use super::random;

pub fn effort(catalogue: &ClauseCatalogue, submission: Uuid) -> Payload {
    let body = Effort {
        occupation: Occupation {
            scheme: OccupationScheme::OnetSoc,
            code: read("13-2051.00"),
            title: read("Financial analyst"),
        },
        seniority: Seniority::Senior,
        minutes: 390,
        basis: EffortBasis::Calendar,
        period: period(),
        evidence: vec![],
        on_the_job: OnTheJob::Yes,
    };
    attestation(catalogue, submission, some_files(), body)
}

pub fn withdrawal(catalogue: &ClauseCatalogue, submission: Uuid, scope: Scope) -> Payload {
    let (reason, erasure) = (WithdrawalReason::ChangedMind, Erasure::NotRequested);
    let body = Withdrawal { scope, reason, note: None, erasure };
    attestation(catalogue, submission, some_files(), body)
}

/// States what the manifest says.
pub fn manifest(
    catalogue: &ClauseCatalogue,
    submission: Uuid,
    files: &manifest::Manifest,
) -> Payload {
    let commitment = ManifestCommitment::of(files);
    attestation(catalogue, submission, commitment, Manifest::of(files))
}

/// A commitment to files that are not sent; only `manifest` statements need them.
fn some_files() -> ManifestCommitment {
    let commitment = Digest(Hash(random()));
    ManifestCommitment { role: Role::Deliverable, commitment, count: 3 }
}

fn attestation<B: AttestationBody>(
    catalogue: &ClauseCatalogue,
    submission: Uuid,
    files: ManifestCommitment,
    body: B,
) -> Payload
where
    Payload: From<Attestation<B>>,
{
    let text = catalogue.current(B::KIND.as_str(), "en").unwrap();
    let answer =
        |clause: &String| ClauseAnswer { clause: read(clause), answer: Answer::Yes, text: None };
    let envelope = Envelope {
        subject: SubmissionId(submission),
        stated_at: Timestamp::new(Utc::now()).unwrap(),
        clauses: ClauseReference {
            set: read(text.set()),
            version: read(text.version()),
            locale: read(text.locale()),
            text_sha256: Digest(Hash(*text.sha256())),
        },
        answers: text.clauses().iter().map(answer).collect(),
        manifests: vec![files],
        signer: Signer {
            capacity: Capacity::Contractor,
            jurisdiction: read("US-CA"),
            governing_law: read("US-CA"),
        },
        work_period: Some(period()),
        knowledge: Knowledge::PersonalKnowledge,
        duty_to_update: DutyToUpdate::Agreed,
        electronic_signature: ElectronicSignature {
            esign: EsignDisclosures::NotApplicable,
            ueta_intent: DutyToUpdate::Agreed,
            eidas_level: EidasLevel::Simple,
        },
        supersedes: None,
        tool: Tool { name: read("test"), version: read("1") },
    };
    Attestation::new(Salt(random()), envelope, body).unwrap().into()
}

fn period() -> Period {
    Period { start: read("2026-01-12"), end: read("2026-01-23") }
}

fn read<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}
