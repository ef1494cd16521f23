//! A directory in which people reviewed, looked, changed keys and lost them: `fsck` finds nothing
//! until somebody changes what it came to, or says what is not theirs to say.

use std::sync::Arc;

use attestry::{
    assets,
    entropy::{OsEntropy, random_bytes, random_uuid},
    keys::{LocalSigner, Signer as _},
    service::{Service, authorize::Action, members::PersonProfile},
    store::ledger::{KeyRecord, Role, Roles},
};
use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    hash::Hash,
    payload::{
        Official, OfficialBody, Payload,
        access::{AccessAct, AccessObject, AccessPurpose, SessionMethod},
        envelope::{
            Answer, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel, ElectronicSignature,
            EsignDisclosures, Tool,
        },
        fields::{Digest, KeyId, Salt, SubmissionId, Timestamp},
        key_approval::{IdentityMethod, IdentityProof, KeyApproval},
        key_event::RotationReason,
        office::OfficialEnvelope,
        review::{Review, ReviewTopic, ReviewVerdict, SendBackCode, SendBackReason},
    },
};
use chrono::Utc;
use uuid::Uuid;

use crate::support::{Author, Workshop, directory::enrol};

/// What the holder of an office says, after reading the clauses for it.
fn official<B: OfficialBody>(capacity: Role, body: B) -> Payload
where
    Payload: From<Official<B>>,
{
    let files = assets::policies();
    let named: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), &bytes[..])).collect();
    let catalogue = ClauseCatalogue::parse(&named).unwrap();
    let text = catalogue.current(B::KIND.as_str(), "en").unwrap();
    let answers = text.clauses().iter().map(|clause| ClauseAnswer {
        clause: clause.parse().unwrap(),
        answer: Answer::Yes,
        text: None,
    });
    let envelope = OfficialEnvelope {
        stated_at: Timestamp::new(Utc::now()).unwrap(),
        capacity,
        clauses: ClauseReference {
            set: text.set().parse().unwrap(),
            version: text.version().parse().unwrap(),
            locale: text.locale().parse().unwrap(),
            text_sha256: Digest(Hash(*text.sha256())),
        },
        answers: answers.collect(),
        electronic_signature: ElectronicSignature {
            esign: EsignDisclosures::NotApplicable,
            ueta_intent: DutyToUpdate::Agreed,
            eidas_level: EidasLevel::Simple,
        },
        tool: Tool { name: "tests".parse().unwrap(), version: "1".parse().unwrap() },
    };
    Official::new(Salt(random_bytes(&OsEntropy)), envelope, body).unwrap().into()
}

fn sent_back(submission: Uuid, read: Hash) -> Payload {
    let body = Review {
        subject: SubmissionId(submission),
        verdict: ReviewVerdict::SentBack,
        rests_on: vec![Digest(read)],
        redaction_countersigned: false,
        accepted_findings: Vec::new(),
        reasons: vec![SendBackReason {
            about: ReviewTopic::Files,
            code: SendBackCode::Missing,
            text: "There are none.".parse().unwrap(),
        }],
    };
    official(Role::Reviewer, body)
}

fn approval(capacity: Role, lost: &Author, replacement: &LocalSigner) -> Payload {
    let body = KeyApproval {
        lost: KeyId(lost.thumbprint()),
        replacement: KeyId(replacement.public_key().thumbprint()),
        program: "main".parse().unwrap(),
        identity_proof: IdentityProof {
            method: IdentityMethod::InPerson,
            documents_seen: vec!["Passport".parse().unwrap()],
            date: "2026-02-27".parse().unwrap(),
        },
        officer_is_another_person: true,
    };
    official(capacity, body)
}

async fn join(service: &Service, admin: &KeyRecord, author: &Author, role: Role) -> Arc<KeyRecord> {
    let seed = author.thumbprint().to_string();
    let person =
        PersonProfile { name: role.to_string(), email: format!("{}@example.com", &seed[..8]) };
    let roles = Roles::new(vec![role]);
    let invited = service.invite_person(admin, roles, "main", &person).await.unwrap();
    service.enroll(&invited.code, author.signer.public_key()).await.unwrap();
    service.key(author.thumbprint()).await.unwrap()
}

/// A directory, and where things are in it.
struct Scene {
    workshop: Workshop,
    reviewed: Uuid,
    review_at: u64,
    approval_at: u64,
    replacement: LocalSigner,
    next: LocalSigner,
}

impl Scene {
    async fn make() -> Self {
        let workshop = Workshop::default();
        let application = workshop.open().await.unwrap();
        let service = application.service();
        let [admin, contractor, loser, reviewer, legal, officer] =
            [1, 2, 3, 4, 5, 6].map(Author::new);
        enrol(service, &admin, &[]).await;
        let admin = service.key(admin.thumbprint()).await.unwrap();
        let key = join(service, &admin, &contractor, Role::Contractor).await;
        join(service, &admin, &loser, Role::Contractor).await;
        let reviewing = join(service, &admin, &reviewer, Role::Reviewer).await;
        join(service, &admin, &legal, Role::Legal).await;
        join(service, &admin, &officer, Role::Admin).await;

        let effort = contractor.new_effort();
        let reviewed = effort.submission;
        service.register(&effort.bytes).await.unwrap();
        let review = reviewer.sign(reviewed, &sent_back(reviewed, effort.leaf));
        let review_at = service.register(&review.bytes).await.unwrap().index.0;
        let stated = attestry::service::access::Stated {
            purpose: Some(AccessPurpose::Review),
            note: None,
            session: SessionMethod::Token,
        };
        let opened = (AccessAct::View, AccessObject::Record);
        service
            .open_sealed(&reviewing, Action::ReadSubmission, reviewed, opened, &stated)
            .await
            .unwrap();
        let next = contractor.signer(7);
        service.rotate(&key, next.public_key(), RotationReason::Scheduled).await.unwrap();

        let lost = random_uuid(&OsEntropy);
        service.register(&loser.effort(lost).bytes).await.unwrap();
        let replacement = loser.signer(8);
        let first = legal.sign(lost, &approval(Role::Legal, &loser, &replacement));
        let approval_at = service.register(&first.bytes).await.unwrap().index.0;
        let second = officer.sign(lost, &approval(Role::Admin, &loser, &replacement));
        service.register(&second.bytes).await.unwrap();
        service.replace_lost(loser.thumbprint(), replacement.public_key()).await.unwrap();
        service.register(&Author::new(8).withdrawal(lost).bytes).await.unwrap();
        application.close().await;
        Self { workshop, reviewed, review_at, approval_at, replacement, next }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_did_is_checked_and_what_it_came_to_is_named_when_changed() {
    let scene = Scene::make().await;
    let report = scene.workshop.require_clean().await;
    assert_eq!(report.checked.payloads, report.checked.entries);
    let Scene { reviewed, review_at, approval_at, .. } = &scene;
    let of = format!("WHERE id = x'{}'", reviewed.simple());
    let submission = |change: &str| {
        (format!("UPDATE submissions SET {change} {of}"), "submissions", reviewed.to_string())
    };
    let key = |signer: &LocalSigner, change: &str| {
        let thumbprint = signer.public_key().thumbprint();
        let hex = thumbprint.0.to_hex();
        let sql = format!("UPDATE signing_keys SET {change} WHERE thumbprint = x'{hex}'");
        (sql, "signing_keys", thumbprint.to_string())
    };
    let approval = |change: &str| {
        let row = format!("WHERE leaf_index = {approval_at}");
        (format!("{change} {row}"), "key_approvals", approval_at.to_string())
    };
    let damages = [
        submission("review_accepted = 1"),
        submission("review_index = review_index - 1"),
        submission("review_index = NULL, review_accepted = NULL, reviewer = NULL"),
        submission("reviewer = zeroblob(32)"),
        submission("cleared = 1"),
        // Ownership went to the key that took over, and does not go back.
        submission(
            "owner = (SELECT issuer FROM entries WHERE subject = id ORDER BY leaf_index LIMIT 1)",
        ),
        key(&scene.replacement, "replaces = NULL"),
        key(&scene.replacement, "replaces = zeroblob(32)"),
        key(&scene.next, "replaces = zeroblob(32)"),
        approval("UPDATE key_approvals SET officer = zeroblob(32)"),
        approval("UPDATE key_approvals SET replacement = zeroblob(32)"),
        approval("DELETE FROM key_approvals"),
        ("UPDATE persons SET profile = zeroblob(99)".into(), "persons", "*".into()),
        (
            format!("DELETE FROM payloads WHERE leaf_index = {review_at}"),
            "payloads",
            review_at.to_string(),
        ),
    ];
    let mut missed = Vec::new();
    for (sql, kind, row) in damages {
        let copy = scene.workshop.copy();
        crate::detection::execute(&copy.storage().ledger(), &sql).await;
        missed.extend(crate::detection::unnamed(&copy, kind, &row, &sql, false).await);
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    scene.workshop.require_clean().await;
}
