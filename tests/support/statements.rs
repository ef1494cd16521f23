//! Signed statements with their payload attached.

use attestry::{
    assets,
    cli::{
        answers::{Answers, Context},
        submit::Searched,
    },
    entropy::{OsEntropy, random_bytes, random_uuid},
    keys::{LocalSigner, Signer as _},
};
use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::{Attachments, Header, SignedStatement, UnsignedStatement, statement::Algorithm},
    hash::Hash,
    key::Thumbprint,
    manifest::{Manifest, Role},
    payload::{
        Attestation, Payload,
        effort::Effort,
        envelope::{Answer, ClauseAnswer, ClauseReference, Envelope, ManifestCommitment, Tool},
        fields::{Digest, Salt, SubmissionId, Timestamp},
        redaction_check::Scan,
        withdrawal::{Erasure, Scope, Withdrawal, WithdrawalReason},
    },
};
use chrono::Utc;
use uuid::Uuid;

use super::ORIGIN;

/// A statement as it is sent.
#[derive(Clone, Debug)]
pub struct Statement {
    /// With its payload attached.
    pub bytes: Vec<u8>,
    /// Leaf hash of its entry.
    pub leaf: Hash,
    /// What it is about.
    pub submission: Uuid,
    /// The payload.
    pub payload: Vec<u8>,
    /// Without attachments.
    pub signed: SignedStatement,
}

/// Somebody who signs.
pub struct Author {
    pub signer: LocalSigner,
    envelope: Envelope,
    effort: Effort,
    catalogue: ClauseCatalogue,
}

/// As if the files had been searched by reading.
pub fn by_reading() -> Searched {
    let how = Scan::Manual("Read from end to end.".parse().unwrap());
    Searched::new(how, Vec::new(), [])
}

impl Author {
    /// The author with this seed; the same seed is the same key.
    pub fn new(seed: u8) -> Self {
        let files = assets::policies();
        let named: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), &bytes[..])).collect();
        let catalogue = ClauseCatalogue::parse(&named).unwrap();
        let answers =
            Answers::parse(include_str!("../../docs/samples/answers.example.toml")).unwrap();
        let manifests = [Role::Request, Role::Deliverable].map(|role| ManifestCommitment {
            role,
            commitment: Digest(Hash::of(role.as_str().as_bytes())),
            count: 1,
        });
        let tool = Tool { name: "tests".parse().unwrap(), version: "1".parse().unwrap() };
        let now = Timestamp::new(Utc::now()).unwrap();
        let context = Context {
            subject: Uuid::nil(),
            manifests: &manifests,
            catalogue: &catalogue,
            searched: &by_reading(),
            now,
            tool: &tool,
            amends: None,
        };
        let payloads = answers.attestations(&context, || [0; 32]).unwrap();
        let effort = payloads.iter().find_map(|payload| match payload {
            Payload::Effort(effort) => Some((effort.envelope().clone(), effort.body().clone())),
            _ => None,
        });
        let (envelope, effort) = effort.unwrap();
        let signer = LocalSigner::from_seed(&[seed; 32]).unwrap();
        Self { signer, envelope, effort, catalogue }
    }

    pub fn thumbprint(&self) -> Thumbprint {
        self.signer.public_key().thumbprint()
    }

    /// A signer with the same key.
    pub fn signer(&self, seed: u8) -> LocalSigner {
        LocalSigner::from_seed(&[seed; 32]).unwrap()
    }

    /// A statement about effort, different each time.
    pub fn effort(&self, submission: Uuid) -> Statement {
        let envelope = Envelope { subject: SubmissionId(submission), ..self.envelope.clone() };
        let attestation = Attestation::new(fresh_salt(), envelope, self.effort.clone()).unwrap();
        self.sign(submission, &attestation.into())
    }

    /// A statement about effort for a new submission.
    pub fn new_effort(&self) -> Statement {
        self.effort(random_uuid(&OsEntropy))
    }

    /// Takes everything back.
    pub fn withdrawal(&self, submission: Uuid) -> Statement {
        let body = Withdrawal {
            scope: Scope::Everything,
            reason: WithdrawalReason::ChangedMind,
            note: None,
            erasure: Erasure::NotRequested,
        };
        let envelope = self.envelope_for("withdrawal", submission);
        self.sign(submission, &Attestation::new(fresh_salt(), envelope, body).unwrap().into())
    }

    /// Commits to files.
    pub fn manifest(&self, submission: Uuid, manifest: &Manifest) -> Statement {
        let mut envelope = self.envelope_for("manifest", submission);
        envelope.manifests = vec![ManifestCommitment::of(manifest)];
        let body = attestry_proof::payload::manifest::Manifest::of(manifest);
        self.sign(submission, &Attestation::new(fresh_salt(), envelope, body).unwrap().into())
    }

    fn envelope_for(&self, set: &str, submission: Uuid) -> Envelope {
        let text = self.catalogue.current(set, "en").unwrap();
        let answers = text.clauses().iter().map(|clause| ClauseAnswer {
            clause: clause.parse().unwrap(),
            answer: Answer::Yes,
            text: None,
        });
        Envelope {
            subject: SubmissionId(submission),
            clauses: ClauseReference {
                set: text.set().parse().unwrap(),
                version: text.version().parse().unwrap(),
                locale: text.locale().parse().unwrap(),
                text_sha256: Digest(Hash(*text.sha256())),
            },
            answers: answers.collect(),
            ..self.envelope.clone()
        }
    }

    /// Signs a payload for the log [`ORIGIN`].
    pub fn sign(&self, submission: Uuid, payload: &Payload) -> Statement {
        let bytes = payload.to_bytes();
        let header = Header {
            algorithm: Algorithm::EdDsa,
            issuer: self.thumbprint(),
            subject: payload.subject().unwrap(),
            audience: ORIGIN.to_owned(),
            issued_at: Utc::now().timestamp(),
            content_type: payload.kind().content_type(),
        };
        let unsigned = UnsignedStatement::new(header, Hash::of(&bytes)).unwrap();
        let signature = self.signer.sign(&unsigned.to_be_signed()).unwrap();
        let signed = unsigned.attach(signature);
        let attachments = Attachments { payload: Some(bytes.clone()), ..Attachments::default() };
        Statement {
            bytes: attachments.encode(&signed).unwrap(),
            leaf: signed.leaf_hash(),
            submission,
            payload: bytes,
            signed,
        }
    }
}

fn fresh_salt() -> Salt {
    Salt(random_bytes(&OsEntropy))
}
