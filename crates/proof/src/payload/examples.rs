//! One payload of each kind, with every optional part present, for the tests of this module.

pub mod legal;

use std::{fmt::Debug, str::FromStr};

use super::{
    Announcement, Attestation, AttestationBody, Official, OfficialBody, Payload, PublicBody,
    Record, RecordBody,
    access::{Access, AccessAct, AccessObject, AccessPurpose, SessionMethod},
    clearance::Clearance,
    clearance_facts::{
        AttestationFact, AttestationFacts, ClearanceFacts, Recorded, ReviewFact, ScanFact,
    },
    effort::{Effort, EffortBasis, Evidence, Occupation, OccupationScheme, OnTheJob, Seniority},
    envelope::{
        Answer, Capacity, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel,
        ElectronicSignature, Envelope, EsignDisclosures, Knowledge, ManifestCommitment, Period,
        Signer, Tool,
    },
    fields::{Digest, KeyId, NamedKey, Salt},
    genesis::{ENTRY_FORMAT, Genesis, HashAlgorithm, TreeAlgorithm},
    key_approval::{IdentityMethod, IdentityProof, KeyApproval},
    key_event::{
        EnrolmentBasis, KeyEnrolled, KeyRevoked, KeyRotated, MemberRole, RevocationReason,
        RotationReason,
    },
    manifest::Manifest,
    nda_check::{
        Agreement, AgreementFinding, AgreementKind, Counsel, DtsaNotice, Exclusion,
        ExclusionGround, NdaCheck, Party, Permission, Presence, Restriction, Sector, Survival,
    },
    office::OfficialEnvelope,
    own_work::{
        AiAssistance, CoAuthor, CoAuthorConsent, Consent, Hire, Licence, MoralRights, OwnWork,
        PurposeConsent, ThirdPartyContent,
    },
    policy_version::{PolicyFile, PolicyVersion},
    redaction_check::{
        AcceptedFinding, ChannelCheck, ChannelResult, HiddenChannel, RedactionCategory,
        RedactionCheck, RedactionMethod, Removal, ResidualRisk, Scan, Substance,
    },
    review::{Review, ReviewTopic, ReviewVerdict, ReviewedFinding, SendBackCode, SendBackReason},
    scan::{self, FindingCounts, ReportComparison},
    shared::{Document, Grant, Owner, Ownership},
    status::{Status, SubmissionStatus},
    task_authority::{Channel, PersonalData, Requester, ShareRight, TaskAuthority, Wording},
    withdrawal::{Erasure, Purpose, Scope, Withdrawal, WithdrawalReason},
};
use crate::{
    hash::Hash,
    key::PublicKey,
    log::note::{KeyKind, VerifierKey},
    manifest::Role,
};

/// Reads a value from its text.
pub fn read<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// A digest of 32 equal bytes.
pub fn digest(byte: u8) -> Digest {
    Digest(Hash([byte; 32]))
}

/// The public key of a fixed seed.
pub fn key(seed: u8) -> PublicKey {
    let signer = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    PublicKey::from_bytes(signer.verifying_key().as_bytes()).unwrap()
}

/// One payload of each kind, in the order of [`super::StatementKind::ALL`].
pub fn all() -> Vec<Payload> {
    vec![
        sealed(manifest()),
        sealed(own_work()),
        sealed(nda_check()),
        sealed(redaction_check()),
        sealed(task_authority()),
        sealed(effort()),
        sealed(withdrawal()),
        official(review()),
        official(key_approval()),
        official(legal::hold()),
        official(legal::hold_release()),
        official(legal::case_step()),
        official(legal::case_approval()),
        recorded(scan()),
        recorded(clearance()),
        recorded(access()),
        recorded(legal::case_opened()),
        recorded(legal::case_moved()),
        recorded(legal::erasure_ordered()),
        recorded(legal::erased()),
        public(genesis()),
        public(policy()),
        public(key_enrolled()),
        public(key_rotated()),
        public(key_revoked()),
        public(status()),
    ]
}

pub fn sealed<B: AttestationBody>(body: B) -> Payload
where
    Payload: From<Attestation<B>>,
{
    Attestation::new(Salt([7; 32]), envelope(), body).unwrap().into()
}

pub fn official<B: OfficialBody>(body: B) -> Payload
where
    Payload: From<Official<B>>,
{
    let capacity = B::KIND.speaker().roles()[0];
    Official::new(Salt([8; 32]), official_envelope(capacity), body).unwrap().into()
}

pub fn recorded<B: RecordBody>(body: B) -> Payload
where
    Payload: From<Record<B>>,
{
    Record::new(Salt([9; 32]), body).unwrap().into()
}

pub fn public<B: PublicBody>(body: B) -> Payload
where
    Payload: From<Announcement<B>>,
{
    Announcement::new(body).unwrap().into()
}

pub fn envelope() -> Envelope {
    let answer = |clause, answer, text: Option<&str>| ClauseAnswer {
        clause: read(clause),
        answer,
        text: text.map(read),
    };
    Envelope {
        subject: read("3f1f6c2e-6a43-4a0e-9d0b-2f6f3c1f9a10"),
        stated_at: read("2026-03-01T12:00:00Z"),
        clauses: clauses("own-work"),
        answers: vec![
            answer("authorship", Answer::Yes, None),
            answer("licences", Answer::No, Some("A chart came from a public report.")),
            answer("consent", Answer::Exception, Some("Not for advertising.\nNot for resale.")),
        ],
        manifests: vec![commitment(Role::Request), commitment(Role::Deliverable)],
        signer: Signer {
            capacity: Capacity::Contractor,
            jurisdiction: read("US-CA"),
            governing_law: read("DE"),
        },
        work_period: Some(period("2025-05-01", "2025-05-31")),
        knowledge: Knowledge::PersonalKnowledge,
        duty_to_update: DutyToUpdate::Agreed,
        electronic_signature: ElectronicSignature {
            esign: EsignDisclosures::Shown(clauses("e-sign")),
            ueta_intent: DutyToUpdate::Agreed,
            eidas_level: EidasLevel::Simple,
        },
        supersedes: Some(digest(0x55)),
        tool: tool(),
    }
}

pub fn official_envelope(capacity: MemberRole) -> OfficialEnvelope {
    let Envelope { stated_at, mut answers, electronic_signature, tool, .. } = envelope();
    answers.truncate(2);
    let clauses = clauses("review");
    OfficialEnvelope { stated_at, capacity, clauses, answers, electronic_signature, tool }
}

pub fn commitment(role: Role) -> ManifestCommitment {
    match role {
        Role::Request => ManifestCommitment { role, commitment: digest(0x11), count: 3 },
        Role::Deliverable => ManifestCommitment { role, commitment: digest(0x12), count: 4 },
    }
}

fn clauses(set: &str) -> ClauseReference {
    ClauseReference {
        set: read(set),
        version: read("1.0"),
        locale: read("en"),
        text_sha256: digest(0xc1),
    }
}

fn period(start: &str, end: &str) -> Period {
    Period { start: read(start), end: read(end) }
}

fn tool() -> Tool {
    Tool { name: read("attestry"), version: read("0.1.0") }
}

fn grant() -> Grant {
    Grant {
        by: read("J. Doe"),
        position: read("General counsel"),
        date: read("2025-06-02"),
        document: Document::Sha256(digest(0xd0)),
    }
}

pub fn manifest() -> Manifest {
    let ManifestCommitment { role, commitment, count } = commitment(Role::Deliverable);
    Manifest { role, count, total_size: 123_456_789, commitment }
}

pub fn own_work() -> OwnWork {
    OwnWork {
        authorship_percent: 80,
        co_authors: vec![CoAuthor {
            name: read("A colleague"),
            contribution: read("Second chapter"),
            agreed: CoAuthorConsent::NotAsked,
        }],
        role: read("Financial analyst"),
        ownership: Ownership { owner: Owner::Employer, name: Some(read("Example Ltd")) },
        work_for_hire: Hire::Unsure,
        licence_chain: vec![Licence {
            from: read("Example Ltd"),
            to: read("The signer"),
            instrument: read("Written licence"),
            dated: Some(read("2025-06-03")),
            document: Document::HeldUndisclosed,
        }],
        third_party_content: vec![ThirdPartyContent {
            description: read("Chart on page 4"),
            source: read("A public report"),
            licence: read("CC BY 4.0"),
        }],
        ai_assistance: AiAssistance::Used {
            tools: vec![read("A language model")],
            extent: read("Proofreading only."),
        },
        moral_rights: MoralRights::NotAsserted,
        consent: PurposeConsent {
            training: Consent::Granted,
            evaluation: Consent::Granted,
            redistribution: Consent::Refused,
        },
    }
}

pub fn nda_check() -> NdaCheck {
    let reviewed = AgreementFinding::Reviewed {
        dated: Some(read("2020-01-15")),
        document: Document::NotHeld,
        survival: Survival::Until(read("2027-01-15")),
        restricts: Restriction::Covered,
    };
    let finding = |kind| match kind {
        AgreementKind::Nda => reviewed.clone(),
        AgreementKind::Policy => AgreementFinding::NotReviewed,
        _ => AgreementFinding::None,
    };
    NdaCheck {
        done_for: vec![
            Party::Employer(read("Example Ltd")),
            Party::Client(read("Client GmbH")),
            Party::SelfEmployed,
        ],
        agreements: AgreementKind::ALL
            .iter()
            .map(|&kind| Agreement { kind, finding: finding(kind) })
            .collect(),
        exclusions: vec![Exclusion {
            ground: ExclusionGround::Redacted,
            reason: read("All names and figures were replaced."),
        }],
        permission: Permission::Obtained(grant()),
        mnpi: Presence::Present(read("Figures since published.")),
        regulated_sectors: vec![Sector::Banking, Sector::Securities],
        counsel: Counsel::Consulted(read("2025-06-01")),
        dtsa_notice: DtsaNotice::Shown(clauses("dtsa-notice")),
    }
}

pub fn redaction_check() -> RedactionCheck {
    RedactionCheck {
        scan: Scan::Tool { report_sha256: digest(0xe0), tool: tool(), rules_sha256: digest(0xe1) },
        removed: vec![Removal {
            category: RedactionCategory::PersonName,
            method: RedactionMethod::Synthetic,
            places: 12,
        }],
        hidden_channels: HiddenChannel::ALL
            .iter()
            .zip(ChannelResult::ALL.iter().cycle())
            .map(|(&channel, &result)| ChannelCheck { channel, result })
            .collect(),
        accepted_findings: vec![AcceptedFinding {
            finding: read("F-17"),
            category: RedactionCategory::OrganisationName,
            reason: read("The name of a public authority."),
        }],
        residual_risk: ResidualRisk::Low,
        residual_risk_note: Some(read("Style of the tables could hint at the employer.")),
        output: commitment(Role::Deliverable),
        substance: Substance::Unsure(read("The method is unusual in the trade.")),
    }
}

pub fn task_authority() -> TaskAuthority {
    TaskAuthority {
        requester: Requester::Manager,
        requester_role: read("Head of finance"),
        channel: Channel::Email,
        wording: Wording::Paraphrased,
        ownership: Ownership { owner: Owner::Signer, name: None },
        right_to_share: ShareRight::Permission(grant()),
        personal_data: PersonalData::Present {
            what: read("First name of the requester."),
            basis: read("Consent of the requester."),
        },
    }
}

pub fn effort() -> Effort {
    Effort {
        occupation: Occupation {
            scheme: OccupationScheme::OnetSoc,
            code: read("13-2051.00"),
            title: read("Financial analyst"),
        },
        seniority: Seniority::Senior,
        minutes: 390,
        basis: EffortBasis::Calendar,
        period: period("2025-05-02", "2025-05-09"),
        evidence: vec![Evidence {
            description: read("Calendar export held by the signer"),
            sha256: Some(digest(0xf0)),
        }],
        on_the_job: OnTheJob::Yes,
    }
}

pub fn withdrawal() -> Withdrawal {
    Withdrawal {
        scope: Scope::Purposes(vec![Purpose::Training, Purpose::Redistribution]),
        reason: WithdrawalReason::ThirdPartyClaim,
        note: Some(read("A former employer objects.")),
        erasure: Erasure::Requested,
    }
}

pub fn review() -> Review {
    Review {
        subject: envelope().subject,
        verdict: ReviewVerdict::SentBack,
        rests_on: vec![digest(0x21), digest(0x20)],
        redaction_countersigned: false,
        accepted_findings: vec![ReviewedFinding {
            finding: read("F-18"),
            reason: read("A public register lists the company."),
        }],
        reasons: vec![
            SendBackReason {
                about: ReviewTopic::Files,
                code: SendBackCode::NotRedacted,
                text: read("A client is named on slide 3."),
            },
            SendBackReason {
                about: ReviewTopic::OwnWork,
                code: SendBackCode::Unclear,
                text: read("Which chapter did the colleague write?"),
            },
        ],
    }
}

pub fn key_approval() -> KeyApproval {
    KeyApproval {
        lost: KeyId(key(4).thumbprint()),
        replacement: KeyId(key(3).thumbprint()),
        program: read("pilot"),
        identity_proof: IdentityProof {
            method: IdentityMethod::Video,
            documents_seen: vec![read("Passport"), read("Letter of engagement")],
            date: read("2026-02-27"),
        },
        officer_is_another_person: true,
    }
}

pub fn scan() -> scan::Scan {
    let envelope = envelope();
    scan::Scan {
        subject: envelope.subject,
        manifests: envelope.manifests,
        tool: Tool { name: read("attestry-scrub"), version: read("0.1.0") },
        picture_reader: Some(read("tesseract 5.3.0 (eng)")),
        rules_sha256: digest(0xc1),
        report_sha256: digest(0xc2),
        compared_with: digest(0xc3),
        comparison: ReportComparison::OtherMeans,
        found: FindingCounts { critical: 81, high: 82, medium: 83, low: 84 },
        not_read: 85,
        unaccepted_count: 2,
        unaccepted: vec![
            read("0f3c8a51d2e94b7786aa10bc5d20e7f1"),
            read("9b1d42c7e0f85a6633cd78ef1a4b5c6d"),
        ],
        residual_risk: ResidualRisk::High,
        scanned_at: read("2026-04-01T12:30:00Z"),
    }
}

pub fn clearance() -> Clearance {
    let fact = |position, purposes: &[Purpose]| {
        let purposes = purposes.to_vec();
        Some(AttestationFact {
            position,
            current: true,
            withdrawn: false,
            key_valid: true,
            purposes,
            refusals: 0,
            declared_risk: (position == 1_105).then_some(ResidualRisk::Low),
        })
    };
    let facts = ClearanceFacts {
        purpose: Purpose::Training,
        clearance_policy: Recorded::Known(read("standard")),
        allowed_risk: Recorded::Known(ResidualRisk::Low),
        attestations: Recorded::Known(AttestationFacts {
            request_manifest: fact(1_101, &[]),
            deliverable_manifest: fact(1_102, &[]),
            own_work: fact(1_103, &[Purpose::Training, Purpose::Evaluation]),
            nda_check: fact(1_104, &[]),
            redaction_check: fact(1_105, &[]),
            task_authority: fact(1_106, &[]),
            effort: fact(1_107, &[]),
        }),
        withdrawn: Recorded::Known(false),
        scan: Recorded::Known(Some(ScanFact {
            position: 1_108,
            residual_risk: ResidualRisk::Medium,
        })),
        review: Recorded::Known(Some(ReviewFact {
            position: 1_109,
            reviewer: KeyId(key(7).thumbprint()),
            same_person: false,
            current: true,
            key_valid: true,
            verdict: ReviewVerdict::Accepted,
        })),
        holds: Recorded::Known(Some(3)),
        open_cases: Recorded::Redacted,
    };
    Clearance {
        subject: envelope().subject,
        purpose: Purpose::Training,
        granted: false,
        policy_sha256: digest(0xb0),
        engine: Tool { name: read("cedar"), version: read("4.14.1") },
        facts,
        deciding: vec![read("no-hold"), read("risk-within-limit")],
        missing: vec![read("hold"), read("risk")],
        decided_at: read("2026-04-02T00:00:00Z"),
    }
}

pub fn access() -> Access {
    Access {
        subject: envelope().subject,
        by: KeyId(key(7).thumbprint()),
        act: AccessAct::Download,
        object: AccessObject::File(digest(0x31)),
        purpose: AccessPurpose::Case,
        note: Some(read("For counsel of the former employer")),
        accessed_at: read("2026-04-03T08:30:00Z"),
        session: SessionMethod::Token,
    }
}

/// The vkey of a fixed seed under `name`.
pub fn vkey<T: FromStr<Err: Debug>>(name: &str, kind: KeyKind, seed: u8) -> T {
    read(&VerifierKey::new(name, kind, key(seed)).unwrap().to_string())
}

pub fn genesis() -> Genesis {
    Genesis {
        origin: read("log.example/one"),
        note_vkey: vkey("log.example/one", KeyKind::Ed25519, 6),
        receipt_key: NamedKey::new(key(1)),
        service_key: NamedKey::new(key(2)),
        hash_algorithm: HashAlgorithm::Sha256,
        tree_algorithm: TreeAlgorithm::Rfc9162Sha256,
        entry_format: ENTRY_FORMAT,
        created_at: read("2026-01-01T00:00:00Z"),
    }
}

pub fn policy() -> PolicyVersion {
    let file = |path, byte| PolicyFile { path: read(path), sha256: digest(byte) };
    PolicyVersion {
        bundle_sha256: digest(0xb0),
        files: vec![file("clauses/catalogue.toml", 1), file("clauses/en/own-work.md", 2)],
        engine: Some(Tool { name: read("cedar"), version: read("4.14.1") }),
        effective_at: read("2026-01-01T00:00:00Z"),
    }
}

pub fn key_enrolled() -> KeyEnrolled {
    KeyEnrolled {
        key: NamedKey::new(key(3)),
        program: read("pilot"),
        roles: vec![MemberRole::Contractor, MemberRole::Auditor],
        valid_from: read("2026-01-02T00:00:00Z"),
        basis: EnrolmentBasis::LostKey,
        replaces: Some(KeyId(key(4).thumbprint())),
    }
}

pub fn key_rotated() -> KeyRotated {
    KeyRotated {
        previous: KeyId(key(3).thumbprint()),
        key: NamedKey::new(key(5)),
        program: read("pilot"),
        roles: vec![MemberRole::Contractor],
        valid_from: read("2026-01-03T00:00:00Z"),
        reason: RotationReason::Scheduled,
    }
}

pub fn key_revoked() -> KeyRevoked {
    KeyRevoked {
        key: KeyId(key(5).thumbprint()),
        program: read("pilot"),
        valid_until: read("2026-01-04T00:00:00Z"),
        reason: RevocationReason::Lost,
    }
}

pub fn status() -> Status {
    Status {
        subject: envelope().subject,
        status: SubmissionStatus::Cleared,
        purposes: vec![Purpose::Evaluation],
        effective_at: read("2026-04-01T00:00:00Z"),
    }
}
