//! Distinct statements, made and signed before the clock starts.

use attestry_proof::{
    cose::{Attachments, Header, UnsignedStatement, statement::Algorithm},
    hash::Hash,
    manifest::Role,
    payload::{
        Attestation, Payload,
        effort::{Effort, EffortBasis, Occupation, OccupationScheme, OnTheJob, Seniority},
        envelope::{
            Answer, Capacity, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel,
            ElectronicSignature, Envelope, EsignDisclosures, Knowledge, ManifestCommitment, Period,
            Signer as SignerFacts, Tool,
        },
        fields::{Digest, Salt, SubmissionId, Timestamp},
    },
};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{
    cli::output::Failure,
    entropy::{OsEntropy, random_bytes, random_uuid},
    http::routes::log::ClauseSetInfo,
    keys::{LocalSigner, Signer},
};

/// Statements that claim the same second: as many as are signed in a second where they are sent at
/// once.
const STATEMENTS_PER_SECOND: usize = 5000;

/// A signed statement with its payload attached, ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is sent.
    pub bytes: Bytes,
    /// Leaf hash of the entry it becomes.
    pub leaf: Hash,
}

/// Statements, and the sizes that all of them have.
pub struct Batch {
    /// The statements.
    pub statements: Vec<Prepared>,
    /// Bytes of each payload.
    pub payload_bytes: usize,
    /// Bytes that each signature covers.
    pub signed_bytes: usize,
}

/// Makes `count` statements about as many submissions, signed by the contractors in turn, on every
/// core.
///
/// # Errors
/// A log without a text for statements about effort.
pub fn prepare(
    count: usize,
    contractors: &[LocalSigner],
    origin: &str,
    clause_sets: &[ClauseSetInfo],
) -> Result<Batch, Failure> {
    let template = Template::new(clause_sets, origin)?;
    let sample = contractors.first().ok_or_else(|| Failure::usage("nobody signs"))?;
    let (_, payload_bytes, signed_bytes) = template.sign(sample, 0)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads).max(1);
    let ranges = (0..count).step_by(share).map(|start| start..(start + share).min(count));
    let parts = std::thread::scope(|scope| {
        let template = &template;
        let workers: Vec<_> = ranges
            .map(|range| {
                scope.spawn(move || -> Result<Vec<Prepared>, Failure> {
                    let sign = |number: usize| {
                        let signer = &contractors[number % contractors.len()];
                        let age_s = (count - number) / STATEMENTS_PER_SECOND;
                        template.sign(signer, age_s as i64).map(|(made, ..)| made)
                    };
                    range.map(sign).collect()
                })
            })
            .collect();
        workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut statements = Vec::with_capacity(count);
    for part in parts {
        statements.extend(part.map_err(|_| Failure::service("a signing thread panicked"))??);
    }
    Ok(Batch { statements, payload_bytes, signed_bytes })
}

/// What all statements have in common.
struct Template {
    envelope: Envelope,
    body: Effort,
    origin: String,
    issued_at: i64,
}

impl Template {
    fn new(clause_sets: &[ClauseSetInfo], origin: &str) -> Result<Self, Failure> {
        let clauses = clause_sets.iter().rev().find(|text| text.set == "effort");
        let clauses =
            clauses.ok_or_else(|| Failure::service("the log has no text for `effort`"))?;
        let now = Utc::now();
        Ok(Self {
            envelope: envelope(clauses, now)?,
            body: effort()?,
            origin: origin.to_owned(),
            issued_at: now.timestamp(),
        })
    }

    /// A payload about a submission of its own, with a salt of its own.
    fn payload(&self) -> Result<Payload, Failure> {
        let mut envelope = self.envelope.clone();
        envelope.subject = SubmissionId(random_uuid(&OsEntropy));
        let salt = Salt(random_bytes(&OsEntropy));
        let attestation = Attestation::new(salt, envelope, self.body.clone());
        attestation.map(Payload::from).map_err(Failure::service)
    }

    /// A statement that claims to be `age_s` seconds old; bytes of its payload; bytes signed.
    fn sign(&self, signer: &LocalSigner, age_s: i64) -> Result<(Prepared, usize, usize), Failure> {
        let payload = self.payload()?;
        let subject = payload.subject().ok_or_else(|| Failure::service("no subject"))?;
        let bytes = payload.to_bytes();
        let payload_bytes = bytes.len();
        let header = Header {
            algorithm: Algorithm::EdDsa,
            issuer: signer.public_key().thumbprint(),
            subject,
            audience: self.origin.clone(),
            issued_at: self.issued_at - age_s,
            content_type: payload.kind().content_type(),
        };
        let unsigned =
            UnsignedStatement::new(header, Hash::of(&bytes)).map_err(Failure::service)?;
        let to_be_signed = unsigned.to_be_signed();
        let signature = signer.sign(&to_be_signed).map_err(Failure::service)?;
        let statement = unsigned.attach(signature);
        let attachments = Attachments { payload: Some(bytes), ..Attachments::default() };
        let encoded = attachments.encode(&statement).map_err(Failure::service)?;
        let prepared = Prepared { bytes: encoded.into(), leaf: statement.leaf_hash() };
        Ok((prepared, payload_bytes, to_be_signed.len()))
    }
}

fn envelope(clauses: &ClauseSetInfo, now: DateTime<Utc>) -> Result<Envelope, Failure> {
    let answer = |clause: &String| -> Result<ClauseAnswer, Failure> {
        Ok(ClauseAnswer { clause: value(clause)?, answer: Answer::Yes, text: None })
    };
    let manifest = ManifestCommitment {
        role: Role::Deliverable,
        commitment: Digest(Hash(random_bytes(&OsEntropy))),
        count: 3,
    };
    Ok(Envelope {
        subject: SubmissionId(random_uuid(&OsEntropy)),
        stated_at: Timestamp::new(now).ok_or_else(|| Failure::usage("the clock is off"))?,
        clauses: ClauseReference {
            set: value(&clauses.set)?,
            version: value(&clauses.version)?,
            locale: value(&clauses.locale)?,
            text_sha256: value(&clauses.sha256)?,
        },
        answers: clauses.clauses.iter().map(answer).collect::<Result<_, _>>()?,
        manifests: vec![manifest],
        signer: SignerFacts {
            capacity: Capacity::Contractor,
            jurisdiction: value("US-CA")?,
            governing_law: value("US-CA")?,
        },
        work_period: Some(days()?),
        knowledge: Knowledge::PersonalKnowledge,
        duty_to_update: DutyToUpdate::Agreed,
        electronic_signature: ElectronicSignature {
            esign: EsignDisclosures::NotApplicable,
            ueta_intent: DutyToUpdate::Agreed,
            eidas_level: EidasLevel::Simple,
        },
        supersedes: None,
        tool: Tool { name: value("attestry bench")?, version: value(env!("CARGO_PKG_VERSION"))? },
    })
}

fn effort() -> Result<Effort, Failure> {
    Ok(Effort {
        occupation: Occupation {
            scheme: OccupationScheme::OnetSoc,
            code: value("13-2051.00")?,
            title: value("Financial analyst")?,
        },
        seniority: Seniority::Senior,
        minutes: 390,
        basis: EffortBasis::Timesheet,
        period: days()?,
        evidence: Vec::new(),
        on_the_job: OnTheJob::Yes,
    })
}

fn days() -> Result<Period, Failure> {
    Ok(Period { start: value("2026-01-12")?, end: value("2026-01-23")? })
}

fn value<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::service(format!("{text:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use attestry_proof::cose::SignedStatement;

    use super::*;

    fn clause_sets() -> Vec<ClauseSetInfo> {
        let text = |set: &str| ClauseSetInfo {
            set: set.into(),
            version: "1.0".into(),
            locale: "en".into(),
            sha256: Hash::of(set.as_bytes()).to_hex(),
            clauses: vec!["time-honest".into(), "on-the-job".into()],
        };
        vec![text("manifest"), text("effort")]
    }

    fn contractors() -> Vec<LocalSigner> {
        [1, 2].map(|seed| LocalSigner::from_seed(&[seed; 32]).unwrap()).into()
    }

    #[test]
    fn statements_are_valid_distinct_and_of_one_size() {
        let contractors = contractors();
        let batch = prepare(9, &contractors, "log.example", &clause_sets()).unwrap();
        assert_eq!(batch.statements.len(), 9);
        assert!((1000..1400).contains(&batch.payload_bytes), "{}", batch.payload_bytes);
        let (mut subjects, mut leaves) = (HashSet::new(), HashSet::new());
        for prepared in &batch.statements {
            let (statement, attachments) = SignedStatement::parse(&prepared.bytes).unwrap();
            let issuer = statement.header().issuer;
            let key = contractors.iter().map(Signer::public_key).find(|k| k.thumbprint() == issuer);
            statement.verify(&key.unwrap()).unwrap();
            let payload = Payload::parse(&attachments.payload.unwrap(), true).unwrap();
            payload.check(statement.header()).unwrap();
            assert_eq!(payload.to_bytes().len(), batch.payload_bytes);
            assert_eq!(prepared.leaf, statement.leaf_hash());
            assert!(leaves.insert(prepared.leaf) && subjects.insert(statement.header().subject));
        }
    }

    #[test]
    fn a_log_without_the_text_and_a_bench_without_signers_are_refused() {
        assert!(prepare(1, &contractors(), "log.example", &[]).is_err());
        assert!(prepare(1, &[], "log.example", &clause_sets()).is_err());
    }
}
