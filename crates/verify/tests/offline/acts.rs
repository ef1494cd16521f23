//! What reviewers, officers and the service say under seal.

use attestry_proof::hash::Hash;
use attestry_proof::payload::access::{
    Access, AccessAct, AccessObject, AccessPurpose, SessionMethod,
};
use attestry_proof::payload::clearance::Clearance;
use attestry_proof::payload::clearance_facts::{AttestationFacts, ClearanceFacts, Recorded};
use attestry_proof::payload::envelope::Tool;
use attestry_proof::payload::fields::{Digest, KeyId};
use attestry_proof::payload::key_approval::{IdentityMethod, IdentityProof, KeyApproval};
use attestry_proof::payload::key_event::MemberRole;
use attestry_proof::payload::office::OfficialEnvelope;
use attestry_proof::payload::redaction_check::ResidualRisk;
use attestry_proof::payload::review::{Review, ReviewVerdict};
use attestry_proof::payload::withdrawal::Purpose;
use attestry_proof::payload::{Official, Payload, Record};

use crate::world::{ALICE, TASK, World, envelope, public, read, task_subject};

impl World {
    /// A review that accepts.
    pub fn review(&mut self, by: u8, task: &str) -> u64 {
        let body = Review {
            subject: read(task),
            verdict: ReviewVerdict::Accepted,
            rests_on: vec![Digest(Hash([0x21; 32]))],
            redaction_countersigned: true,
            accepted_findings: Vec::new(),
            reasons: Vec::new(),
        };
        let official = Official::new(self.next_salt(), office(MemberRole::Reviewer), body);
        self.add(by, task_subject(task), &official.expect("a review").into())
    }

    pub fn approval(&mut self, capacity: MemberRole, lost: u8, replacement: u8) -> Payload {
        let body = KeyApproval {
            lost: KeyId(public(lost).thumbprint()),
            replacement: KeyId(public(replacement).thumbprint()),
            program: read("pilot"),
            identity_proof: IdentityProof {
                method: IdentityMethod::InPerson,
                documents_seen: vec![read("Passport")],
                date: read("2026-02-27"),
            },
            officer_is_another_person: true,
        };
        let official = Official::new(self.next_salt(), office(capacity), body);
        official.expect("an approval").into()
    }

    pub fn approve(&mut self, by: u8, capacity: MemberRole, lost: u8, replacement: u8) -> u64 {
        let payload = self.approval(capacity, lost, replacement);
        self.add(by, payload.subject().expect("a subject"), &payload)
    }

    pub fn clear(&mut self, by: u8, task: &str) -> u64 {
        let body = Clearance {
            subject: read(task),
            purpose: Purpose::Training,
            granted: false,
            policy_sha256: Digest(Hash([0xb0; 32])),
            engine: Tool { name: read("cedar"), version: read("4.14.1") },
            facts: ClearanceFacts {
                purpose: Purpose::Training,
                clearance_policy: Recorded::Known(read("standard")),
                allowed_risk: Recorded::Known(ResidualRisk::Low),
                attestations: Recorded::Known(AttestationFacts::default()),
                withdrawn: Recorded::Known(false),
                scan: Recorded::Known(None),
                review: Recorded::Known(None),
                holds: Recorded::Known(Some(0)),
                open_cases: Recorded::Known(Some(0)),
            },
            deciding: vec![read("needs-review")],
            missing: vec![read("review")],
            decided_at: read("2026-03-02T00:00:00Z"),
        };
        let record = Record::new(self.next_salt(), body).expect("a clearance");
        self.add(by, task_subject(task), &record.into())
    }

    pub fn access(&mut self, by: u8, task: &str) -> u64 {
        let body = Access {
            subject: read(task),
            by: KeyId(public(ALICE).thumbprint()),
            act: AccessAct::View,
            object: AccessObject::Record,
            purpose: AccessPurpose::Audit,
            note: None,
            accessed_at: read("2026-03-02T00:00:00Z"),
            session: SessionMethod::Token,
        };
        let record = Record::new(self.next_salt(), body).expect("an access");
        self.add(by, task_subject(task), &record.into())
    }
}

fn office(capacity: MemberRole) -> OfficialEnvelope {
    let commitment = crate::files::manifest(&[("memo.txt", b"a memo".as_slice())]);
    let commitment = attestry_proof::payload::envelope::ManifestCommitment::of(&commitment);
    let contractor = envelope(TASK, commitment);
    OfficialEnvelope {
        stated_at: contractor.stated_at,
        capacity,
        clauses: contractor.clauses,
        answers: contractor.answers,
        electronic_signature: contractor.electronic_signature,
        tool: contractor.tool,
    }
}
