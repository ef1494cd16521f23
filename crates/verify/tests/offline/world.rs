//! A log of its own, with members and witnesses, that signs whatever a test needs.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use attestry_proof::cose::statement::Algorithm;
use attestry_proof::cose::{
    Attachments, Header, ReceiptHeader, RootSignature, SignedStatement, Subject, UnsignedReceipt,
    UnsignedStatement,
};
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::checkpoint::Checkpoint;
use attestry_proof::log::cosignature;
use attestry_proof::log::note::{KeyKind, Note, NoteSignature, VerifierKey};
use attestry_proof::log::proof_file::LogProof;
use attestry_proof::log::tree::{consistency_path, inclusion_path, root_of};
use attestry_proof::log::trust::TrustPolicy;
use attestry_proof::manifest::Manifest as FileManifest;
use attestry_proof::payload::envelope::{
    Answer, Capacity, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel, ElectronicSignature,
    Envelope, EsignDisclosures, Knowledge, ManifestCommitment, Period, Signer as SignerInfo, Tool,
};
use attestry_proof::payload::fields::{Digest, KeyId, NamedKey, Salt};
use attestry_proof::payload::genesis::{ENTRY_FORMAT, Genesis, HashAlgorithm, TreeAlgorithm};
use attestry_proof::payload::key_event::{
    EnrolmentBasis, KeyEnrolled, KeyRevoked, KeyRotated, MemberRole, RevocationReason,
    RotationReason,
};
use attestry_proof::payload::manifest::Manifest;
use attestry_proof::payload::status::{Status, SubmissionStatus};
use attestry_proof::payload::withdrawal::{Erasure, Scope, Withdrawal, WithdrawalReason};
use attestry_proof::payload::{Announcement, Attestation, Payload};
use attestry_proof::size::{LeafIndex, TreeSize};
use attestry_verify::{Arguments, InputError, Report, run};
use ed25519_dalek::{Signer as _, SigningKey};

pub const ORIGIN: &str = "log.example/one";
pub const NOTE: u8 = 1;
pub const RECEIPT: u8 = 2;
pub const SERVICE: u8 = 3;
pub const ALICE: u8 = 10;
pub const BOB: u8 = 11;
pub const WITNESSES: [u8; 3] = [20, 21, 22];
pub const TASK: &str = "3f1f6c2e-6a43-4a0e-9d0b-2f6f3c1f9a10";
pub const OTHER_TASK: &str = "00000000-0000-4000-8000-000000000001";

pub fn signing(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn public(seed: u8) -> PublicKey {
    PublicKey::from_bytes(signing(seed).verifying_key().as_bytes()).expect("a key")
}

pub fn read<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a value")
}

pub fn log_key(origin: &str) -> VerifierKey {
    VerifierKey::new(origin, KeyKind::Ed25519, public(NOTE)).expect("a log key")
}

pub fn witness_key(seed: u8) -> VerifierKey {
    let name = format!("witness-{seed}.example");
    VerifierKey::new(&name, KeyKind::Cosignature, public(seed)).expect("a witness key")
}

#[derive(Clone)]
pub struct Entry {
    pub statement: SignedStatement,
    pub payload: Vec<u8>,
    pub seed: u8,
}

/// A log and all it holds; entry 0 is its genesis.
#[derive(Clone)]
pub struct World {
    pub origin: String,
    pub entries: Vec<Entry>,
    salt: u8,
}

impl World {
    pub fn new() -> Self {
        Self::of(ORIGIN)
    }

    pub fn of(origin: &str) -> Self {
        let mut world = Self { origin: origin.to_owned(), entries: Vec::new(), salt: 0 };
        let genesis = world.genesis();
        world.add(SERVICE, Subject::Key(public(SERVICE).thumbprint()), &genesis);
        world
    }

    /// The usual log: genesis, Alice and Bob enrolled, Alice's manifest and Bob's withdrawal of
    /// something else.
    pub fn usual() -> Self {
        let mut world = Self::new();
        world.enroll(ALICE);
        world.enroll(BOB);
        world.attest(ALICE, TASK);
        world.withdraw(BOB, OTHER_TASK);
        world
    }

    pub fn genesis(&self) -> Payload {
        let body = Genesis {
            origin: read(&self.origin),
            note_vkey: read(&log_key(&self.origin).to_string()),
            receipt_key: NamedKey::new(public(RECEIPT)),
            service_key: NamedKey::new(public(SERVICE)),
            hash_algorithm: HashAlgorithm::Sha256,
            tree_algorithm: TreeAlgorithm::Rfc9162Sha256,
            entry_format: ENTRY_FORMAT,
            created_at: read("2026-01-01T00:00:00Z"),
        };
        Announcement::new(body).expect("a genesis").into()
    }

    pub fn enroll(&mut self, seed: u8) -> u64 {
        self.enroll_as(seed, &[MemberRole::Contractor], None)
    }

    /// Enrols a key, for the holder of a lost one if one is named.
    pub fn enroll_as(&mut self, seed: u8, roles: &[MemberRole], lost: Option<u8>) -> u64 {
        let body = KeyEnrolled {
            key: NamedKey::new(public(seed)),
            program: read("pilot"),
            roles: roles.to_vec(),
            valid_from: read("2026-01-02T00:00:00Z"),
            basis: lost.map_or(EnrolmentBasis::Invitation, |_| EnrolmentBasis::LostKey),
            replaces: lost.map(|lost| KeyId(public(lost).thumbprint())),
        };
        let payload = Announcement::new(body).expect("an enrolment").into();
        self.add(SERVICE, Subject::Key(public(seed).thumbprint()), &payload)
    }

    pub fn revoke(&mut self, seed: u8) -> u64 {
        let body = KeyRevoked {
            key: KeyId(public(seed).thumbprint()),
            program: read("pilot"),
            valid_until: read("2026-02-02T00:00:00Z"),
            reason: RevocationReason::Lost,
        };
        let payload = Announcement::new(body).expect("a revocation").into();
        self.add(SERVICE, Subject::Key(public(seed).thumbprint()), &payload)
    }

    pub fn rotate(&mut self, old: u8, new: u8) -> u64 {
        self.rotate_as(old, new, &[MemberRole::Contractor])
    }

    pub fn rotate_as(&mut self, old: u8, new: u8, roles: &[MemberRole]) -> u64 {
        let body = KeyRotated {
            previous: KeyId(public(old).thumbprint()),
            key: NamedKey::new(public(new)),
            program: read("pilot"),
            roles: roles.to_vec(),
            valid_from: read("2026-02-02T00:00:00Z"),
            reason: RotationReason::Scheduled,
        };
        let payload = Announcement::new(body).expect("a rotation").into();
        self.add(SERVICE, Subject::Key(public(old).thumbprint()), &payload)
    }

    pub fn status(&mut self, by: u8, task: &str, status: SubmissionStatus) -> u64 {
        let body = Status {
            subject: read(task),
            status,
            purposes: Vec::new(),
            effective_at: read("2026-03-01T00:00:00Z"),
        };
        let payload = Announcement::new(body).expect("a status").into();
        self.add(by, task_subject(task), &payload)
    }

    pub fn withdraw(&mut self, by: u8, task: &str) -> u64 {
        self.withdraw_scope(by, task, Scope::Everything, None)
    }

    pub fn withdraw_scope(&mut self, by: u8, task: &str, scope: Scope, note: Option<&str>) -> u64 {
        let body = Withdrawal {
            scope,
            reason: WithdrawalReason::ChangedMind,
            note: note.map(read),
            erasure: Erasure::NotRequested,
        };
        let commitment =
            read_commitment(&crate::files::manifest(&[("memo.txt", b"a memo".as_slice())]));
        let attestation = Attestation::new(self.next_salt(), envelope(task, commitment), body);
        self.add(by, task_subject(task), &attestation.expect("a withdrawal").into())
    }

    /// A manifest of one memo.
    pub fn attest(&mut self, by: u8, task: &str) -> u64 {
        self.commit(by, task, &crate::files::manifest(&[("memo.txt", b"a memo".as_slice())]))
    }

    pub fn commit(&mut self, by: u8, task: &str, manifest: &FileManifest) -> u64 {
        let envelope = envelope(task, read_commitment(manifest));
        let attestation = Attestation::new(self.next_salt(), envelope, Manifest::of(manifest));
        self.add(by, task_subject(task), &attestation.expect("a manifest").into())
    }

    pub fn add(&mut self, seed: u8, subject: Subject, payload: &Payload) -> u64 {
        let bytes = payload.to_bytes();
        let entry = sign(&self.origin, seed, subject, payload, &bytes);
        self.entries.push(Entry { statement: entry, payload: bytes, seed });
        self.entries.len() as u64 - 1
    }

    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn leaves(&self, size: u64) -> Vec<Hash> {
        let entries = &self.entries[..usize::try_from(size).expect("a size")];
        entries.iter().map(|entry| entry.statement.leaf_hash()).collect()
    }

    pub fn entry(&self, index: u64) -> &Entry {
        &self.entries[usize::try_from(index).expect("an index")]
    }

    /// A checkpoint cosigned by these witnesses, each at `1000 + size`.
    pub fn checkpoint(&self, size: u64, witnesses: &[u8]) -> Vec<u8> {
        let root = root_of(&self.leaves(size));
        let text = Checkpoint::new(&self.origin, TreeSize(size), root).expect("a checkpoint");
        let text = text.text().expect("a text");
        let signature = signing(NOTE).sign(text.to_be_signed()).to_bytes();
        let line = NoteSignature::by(&log_key(&self.origin), &signature).expect("a line");
        let mut note = Note::new(text.clone(), vec![line]).expect("a note");
        for seed in witnesses {
            let time = 1000 + size;
            let signed = signing(*seed).sign(&cosignature::to_be_signed(time, &text)).to_bytes();
            let line = cosignature::signature(&witness_key(*seed), time, &signed);
            note = note.with_signature(line.expect("a cosignature")).expect("room");
        }
        note.to_bytes()
    }

    pub fn proof(&self, index: u64, size: u64, witnesses: &[u8]) -> Vec<u8> {
        let path = inclusion_path(&self.leaves(size), LeafIndex(index)).expect("a path");
        LogProof::new(LeafIndex(index), path, self.checkpoint(size, witnesses)).to_bytes()
    }

    fn root_signature(&self, size: u64) -> RootSignature {
        let kid = public(RECEIPT).thumbprint();
        let header = ReceiptHeader {
            kid,
            issuer: kid.uri(),
            origin: self.origin.clone(),
            size: TreeSize(size),
        };
        let unsigned = UnsignedReceipt::new(&header, root_of(&self.leaves(size))).expect("a root");
        let signature = signing(RECEIPT).sign(&unsigned.to_be_signed()).to_bytes();
        unsigned.attach(signature)
    }

    pub fn receipt(&self, index: u64, size: u64) -> Vec<u8> {
        let path = inclusion_path(&self.leaves(size), LeafIndex(index)).expect("a path");
        self.root_signature(size).receipt(LeafIndex(index), &path)
    }

    pub fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        consistency_path(&self.leaves(new), TreeSize(old)).expect("a path")
    }

    pub fn consistency_receipt(&self, old: u64, new: u64) -> Vec<u8> {
        self.root_signature(new).consistency_receipt(TreeSize(old), &self.consistency(old, new))
    }

    pub fn attach(&self, index: u64, receipts: Vec<Vec<u8>>, proof: Option<Vec<u8>>) -> Vec<u8> {
        let entry = self.entry(index);
        let attachments = Attachments {
            receipts,
            issuer_key: Some(public(entry.seed)),
            log_proof: proof,
            payload: None,
        };
        attachments.encode(&entry.statement).expect("a transparent statement")
    }

    /// Receipt, key and proof attached, as of the whole log.
    pub fn transparent(&self, index: u64) -> Vec<u8> {
        let size = self.size();
        let receipts = vec![self.receipt(index, size)];
        self.attach(index, receipts, Some(self.proof(index, size, &[])))
    }

    pub fn policy(&self) -> TrustPolicy {
        TrustPolicy::of_log(&log_key(&self.origin), None).expect("a policy")
    }

    /// Two of three witnesses.
    pub fn witnessed_policy(&self) -> Vec<u8> {
        let mut text = format!("log {}\n", log_key(&self.origin));
        for seed in WITNESSES {
            text.push_str(&format!("witness w{seed} {}\n", witness_key(seed)));
        }
        text.push_str("group g 2 w20 w21 w22\nquorum g\n");
        text.into_bytes()
    }

    /// Writes trust policy, transparent statements and payloads below `directory`.
    pub fn write(&self, directory: &Path) -> PathBuf {
        for (name, bytes) in self.layout() {
            write(directory, &name, &bytes);
        }
        write(directory, "trust.policy", &self.policy().to_bytes())
    }

    /// Names and bytes of statements and payloads.
    pub fn layout(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for index in 0..self.size() {
            files.push((format!("statements/{index:03}.cose"), self.transparent(index)));
            let payload = &self.entry(index).payload;
            files.push((format!("payloads/{}.json", Hash::of(payload)), payload.clone()));
        }
        files
    }
}

pub fn sign(
    origin: &str,
    seed: u8,
    subject: Subject,
    payload: &Payload,
    bytes: &[u8],
) -> SignedStatement {
    let header = Header {
        algorithm: Algorithm::EdDsa,
        issuer: public(seed).thumbprint(),
        subject,
        audience: origin.to_owned(),
        issued_at: 1_770_000_000,
        content_type: payload.kind().content_type(),
    };
    let unsigned = UnsignedStatement::new(header, Hash::of(bytes)).expect("a statement");
    let signature = signing(seed).sign(&unsigned.to_be_signed()).to_bytes();
    unsigned.attach(signature)
}

impl World {
    pub fn next_salt(&mut self) -> Salt {
        self.salt += 1;
        Salt([self.salt; 32])
    }
}

pub fn task_subject(task: &str) -> Subject {
    Subject::from_uri(&format!("urn:uuid:{task}")).expect("a subject")
}

fn read_commitment(manifest: &FileManifest) -> ManifestCommitment {
    ManifestCommitment::of(manifest)
}

pub fn envelope(task: &str, commitment: ManifestCommitment) -> Envelope {
    let clauses = |set| ClauseReference {
        set: read(set),
        version: read("1.0"),
        locale: read("en"),
        text_sha256: Digest(Hash([0xc1; 32])),
    };
    Envelope {
        subject: read(task),
        stated_at: read("2026-03-01T12:00:00Z"),
        clauses: clauses("any"),
        answers: vec![ClauseAnswer { clause: read("all"), answer: Answer::Yes, text: None }],
        manifests: vec![commitment],
        signer: SignerInfo {
            capacity: Capacity::Contractor,
            jurisdiction: read("DE"),
            governing_law: read("DE"),
        },
        work_period: Some(Period { start: read("2025-05-01"), end: read("2025-05-31") }),
        knowledge: Knowledge::PersonalKnowledge,
        duty_to_update: DutyToUpdate::Agreed,
        electronic_signature: ElectronicSignature {
            esign: EsignDisclosures::Shown(clauses("e-sign")),
            ueta_intent: DutyToUpdate::Agreed,
            eidas_level: EidasLevel::Simple,
        },
        supersedes: None,
        tool: Tool { name: read("attestry"), version: read("0.1.0") },
    }
}

/// Writes a file, with its directories.
pub fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    std::fs::write(&path, bytes).expect("a file");
    path
}

pub fn arguments(paths: &[&Path], trust: &Path) -> Arguments {
    Arguments {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        trust: trust.to_owned(),
        keys: None,
        openings: None,
        files: None,
        jobs: None,
        all: false,
    }
}

/// Verifies paths under a policy.
pub fn verify(paths: &[&Path], trust: &Path) -> Result<Report, InputError> {
    run(&arguments(paths, trust))
}
