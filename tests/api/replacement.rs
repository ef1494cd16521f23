//! A lost key: two officers state who may take its place, and the new one may take back, never say
//! again, what the lost one submitted.

use attestry::store::ledger::Role;
use attestry_proof::payload::{
    StatementKind,
    withdrawal::{Purpose, Scope},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Answer, Draft, Member, Refusal, Server, Work, approval, effort, fsck, review, withdrawal,
};

const NOT_APPROVED: Refusal = (403, "not-approved", "Not approved by two officers");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");
const NOT_YOURS: Refusal = (403, "not-yours", "Submission of another key");
const REVOKED: Refusal = (403, "revoked-key", "Key revoked");
const ENROLLED: Refusal = (409, "key-enrolled", "Key enrolled already");
const HAS_KEY: Refusal = (409, "has-key", "Has a key in this program");
const SCHEMA: Refusal = (422, "payload-schema", "Payload not acceptable");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const UNKNOWN: Refusal = (403, "unknown-key", "Key not enrolled");
const RESERVED: Refusal = (403, "reserved-type", "Type reserved for the service");

/// Somebody who lost the key of a cleared submission, and two officers.
struct Scene {
    server: Server,
    lost: Member,
    work: Work,
    reviewer: Member,
    legal: Member,
    admin: Member,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let lost = server.person(&["contractor"], "ada@example.org").await;
        let reviewer = server.person(&["reviewer"], "bob@example.org").await;
        let legal = server.person(&["legal"], "eve@example.org").await;
        let admin = server.person(&["admin"], "dan@example.org").await;
        let work = Work::attested(&server, &lost).await;
        let leaves = work.leaves(&server, &lost).await;
        let draft = review(&server, &reviewer, work.id, &leaves, true);
        server.send(&draft, &reviewer).await.status(201);
        Self { server, lost, work, reviewer, legal, admin }
    }

    async fn approve(&self, officer: &Member, capacity: Role, new: &Member) -> Answer {
        let draft = approval(&self.server, (officer, capacity), &self.lost, new);
        self.server.send(&draft, officer).await
    }

    async fn both_approve(&self, new: &Member) {
        self.approve(&self.legal, Role::Legal, new).await.status(201);
        self.approve(&self.admin, Role::Admin, new).await.status(201);
    }

    async fn replace(&self, new: &Member) -> Answer {
        replace(&self.server, &self.lost, new, new).await
    }

    /// Refused, and nothing was written.
    async fn refuses(&self, new: &Member, refusal: Refusal) -> Value {
        let size = self.server.size();
        let problem = self.replace(new).await.refused(refusal);
        assert_eq!(self.server.size(), size);
        assert!(self.server.service.key(new.thumbprint()).await.is_err());
        self.server.service.valid_key(self.lost.thumbprint()).await.unwrap();
        problem
    }

    fn withdrawal(&self, by: &Member, id: Uuid, scope: Scope) -> Draft {
        let policies = self.server.service.policies();
        let payload = withdrawal(policies.clauses(), id, scope).to_bytes();
        Draft::new(by, id, payload, self.server.now())
    }
}

async fn replace(server: &Server, lost: &Member, new: &Member, by: &Member) -> Answer {
    let path = format!("/api/v1/keys/{}/replacement", lost.thumbprint());
    let body = json!({ "public_key": new.public_base64() });
    server.post(path).json(&body).by(by).send().await
}

#[tokio::test]
async fn with_the_word_of_two_officers_a_new_key_takes_the_place() {
    let scene = Scene::new().await;
    let (server, new) = (&scene.server, Member::new());
    scene.both_approve(&new).await;
    let size = server.size();
    let answer = scene.replace(&new).await.status(201).json();
    // The lost key's end comes after it.
    assert_eq!(answer["registered"]["index"], size.0);
    assert_eq!(server.size().0, size.0 + 2);
    assert_eq!(answer["key"]["roles"], json!(["contractor"]));
    assert_eq!(answer["key"]["program"], "pilot");
    let record = server.service.key(new.thumbprint()).await.unwrap();
    assert_eq!(record.replaces, Some(scene.lost.thumbprint()));
    let lost = server.service.key(scene.lost.thumbprint()).await.unwrap();
    assert_eq!((lost.revoked.unwrap().0, lost.person), (size.0 + 1, record.person));
    server.get("/api/v1/submissions").by(&scene.lost).send().await.refused(UNAUTHENTICATED);
    scene.replace(&new).await.refused(ENROLLED);

    // Everybody can read that it is a replacement; the officers' words are sealed.
    let entry = server.get(format!("/api/v1/entries/{}", size.0)).send().await.status(200);
    let path = format!("/api/v1/payloads/{}", entry.json()["payload_sha256"].as_str().unwrap());
    let said = server.get(path).send().await.status(200).json();
    assert_eq!(said["body"]["replaces"], scene.lost.thumbprint().to_string());
    assert_eq!(said["body"]["basis"], "lost-key");
    let word = server.get(format!("/api/v1/entries/{}", size.0 - 1)).by(&scene.admin).send().await;
    let word = word.status(200).json();
    assert_eq!(word["content_type"], "application/vnd.attestry.statement+json");
    assert_eq!(word["subject"], scene.lost.thumbprint().uri());
    let path = format!("/api/v1/payloads/{}", word["payload_sha256"].as_str().unwrap());
    server.get(path).send().await.status(404);
    fsck(scene.server).await;
}

#[tokio::test]
async fn what_the_lost_key_submitted_is_taken_back_and_never_said_again() {
    let scene = Scene::new().await;
    let (server, new, id) = (&scene.server, Member::new(), scene.work.id);
    scene.both_approve(&new).await;
    scene.replace(&new).await.status(201);
    assert_eq!(server.shown(&new, id).await["state"], "cleared");
    // Not in any kind of statement, and no file either.
    for kind in [StatementKind::Effort, StatementKind::OwnWork, StatementKind::Manifest] {
        let draft = scene.work.statement(server, &new, kind);
        server.send(&draft, &new).await.refused(NOT_YOURS);
    }
    let file = format!("/api/v1/submissions/{id}/files/{}", attestry_proof::hash::Hash::of(b"x"));
    server.put(file).body("x").by(&new).send().await.refused(FORBIDDEN);
    let content = format!("/api/v1/submissions/{id}/files/{}", scene.work.file());
    server.get(content).by(&new).send().await.refused(FORBIDDEN);
    assert_eq!(server.shown(&new, id).await["state"], "cleared");

    let purposes = Scope::Purposes(vec![Purpose::Training]);
    server.send(&scene.withdrawal(&new, id, purposes), &new).await.status(201);
    assert_eq!(server.shown(&new, id).await["cleared_for"], json!(["evaluation"]));
    // Sent ahead, for a tool that registers plain COSE.
    let draft = scene.withdrawal(&new, id, Scope::Everything);
    let digest = attestry_proof::hash::Hash::of(&draft.payload);
    let path = format!("/api/v1/submissions/{id}/payloads/{digest}");
    server.put(path).body(&draft.payload[..]).by(&new).send().await.status(204);
    let statement = draft.signed(&new).bare().encode();
    server.post("/api/v1/statements").cose(&statement).send().await.status(201);
    assert_eq!(server.shown(&new, id).await["state"], "withdrawn");
    let word = scene.work.public_word(server, &new).await.unwrap();
    assert_eq!(word.0, "withdrawn");

    // New work goes on as before.
    let own = Work::attested(server, &new).await;
    let leaves = own.leaves(server, &new).await;
    let draft = review(server, &scene.reviewer, own.id, &leaves, true);
    server.send(&draft, &scene.reviewer).await.status(201);
    assert_eq!(server.shown(&new, own.id).await["state"], "cleared");
    fsck(scene.server).await;
}

#[tokio::test]
async fn the_new_key_reaches_no_other_submission() {
    let scene = Scene::new().await;
    let (server, new) = (&scene.server, Member::new());
    let stranger = server.person(&["contractor"], "zoe@example.org").await;
    let theirs = server.submission(&stranger).await;
    scene.both_approve(&new).await;
    scene.replace(&new).await.status(201);
    let draft = scene.withdrawal(&new, theirs, Scope::Everything);
    server.send(&draft, &new).await.refused(NOT_YOURS);
    server.get(format!("/api/v1/submissions/{theirs}")).by(&new).send().await.status(404);
}

#[tokio::test]
async fn one_officer_is_not_enough() {
    let scene = Scene::new().await;
    let new = Member::new();
    scene.refuses(&new, NOT_APPROVED).await;
    scene.approve(&scene.legal, Role::Legal, &new).await.status(201);
    scene.refuses(&new, NOT_APPROVED).await;
    // Not even when they say it twice.
    scene.approve(&scene.legal, Role::Legal, &new).await.status(201);
    scene.refuses(&new, NOT_APPROVED).await;
    scene.approve(&scene.admin, Role::Admin, &new).await.status(201);
    scene.replace(&new).await.status(201);
}

#[tokio::test]
async fn one_officer_with_two_keys_is_not_two() {
    let scene = Scene::new().await;
    let (server, new) = (&scene.server, Member::new());
    scene.approve(&scene.legal, Role::Legal, &new).await.status(201);
    server.revoke(&scene.legal, &scene.legal, "left-program").await.status(201);
    let second = server.person(&["legal"], "EVE@example.org").await;
    scene.approve(&second, Role::Legal, &new).await.status(201);
    let problem = scene.refuses(&new, FORBIDDEN).await;
    assert_eq!(problem["policy"]["rules"], json!(["revoked-key"]));
    // The first key's word went with the key.
    scene.approve(&scene.admin, Role::Admin, &new).await.status(201);
    scene.replace(&new).await.status(201);
}

#[tokio::test]
async fn the_word_of_an_officer_whose_key_ended_does_not_count() {
    let scene = Scene::new().await;
    let new = Member::new();
    scene.both_approve(&new).await;
    scene.server.revoke(&scene.admin, &scene.legal, "misuse").await.status(201);
    let problem = scene.refuses(&new, FORBIDDEN).await;
    assert!(problem["policy"]["rules"].is_array(), "{problem}");
    scene.approve(&scene.legal, Role::Legal, &Member::new()).await.refused(REVOKED);
}

#[tokio::test]
async fn nobody_helps_their_own_key() {
    let server = Server::start().await;
    // An officer who lost one key and has no other in the program, but whose key still signs.
    let lost = server.person(&["contractor", "legal"], "ada@example.org").await;
    let admin = server.person(&["admin"], "dan@example.org").await;
    let new = Member::new();
    let own = approval(&server, (&lost, Role::Legal), &lost, &new);
    server.send(&own, &lost).await.refused(SCHEMA);
    let word = approval(&server, (&admin, Role::Admin), &lost, &new);
    server.send(&word, &admin).await.status(201);
    replace(&server, &lost, &new, &new).await.refused(NOT_APPROVED);
    // The same person with the next key.
    server.revoke(&admin, &lost, "lost").await.status(201);
    let next = server.person(&["legal"], "ada@example.org").await;
    let own = approval(&server, (&next, Role::Legal), &lost, &new);
    let problem = server.send(&own, &next).await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["rules"], json!(["default-deny"]));
    replace(&server, &lost, &new, &new).await.refused(NOT_APPROVED);
}

#[tokio::test]
async fn only_officers_of_the_program_approve() {
    let scene = Scene::new().await;
    let (server, new) = (&scene.server, Member::new());
    server.open_program("other").await;
    let size = server.size();
    let nameless = server.member(&["legal"]).await;
    let elsewhere = server.person_in("other", &["legal"], "far@example.org").await;
    let operations = server.person_in("operations", &["admin"], "ops@example.org").await;
    for (who, capacity) in [
        (&nameless, Role::Legal),
        (&elsewhere, Role::Legal),
        (&operations, Role::Admin),
        (&scene.reviewer, Role::Legal),
    ] {
        scene.approve(who, capacity, &new).await.refused(FORBIDDEN);
    }
    // Somebody speaks in an office that is not theirs.
    scene.approve(&scene.legal, Role::Admin, &new).await.refused(MALFORMED);
    assert_eq!(server.size().0, size.0 + 3, "the three who came");
    scene.refuses(&new, NOT_APPROVED).await;
}

#[tokio::test]
async fn the_officers_name_the_very_keys() {
    let scene = Scene::new().await;
    let (server, new) = (&scene.server, Member::new());
    scene.both_approve(&new).await;
    // Another key than the one approved, and somebody else's possession of that one.
    scene.refuses(&Member::new(), NOT_APPROVED).await;
    let stranger = Member::new();
    replace(server, &scene.lost, &new, &stranger).await.refused(UNAUTHENTICATED);
    replace(server, &scene.reviewer, &new, &new).await.refused(NOT_APPROVED);
    replace(server, &Member::new(), &new, &new).await.refused(UNKNOWN);
    // About another key in the header than in the payload; another program; a key that is no key.
    let word = approval(server, (&scene.legal, Role::Legal), &scene.lost, &new);
    let elsewhere = word.clone().claim(2, scene.reviewer.thumbprint().uri());
    server.send(&elsewhere, &scene.legal).await.refused(SCHEMA);
    let program = word.clone().edit("\"program\":\"pilot\"", "\"program\":\"other\"");
    server.send(&program, &scene.legal).await.refused(MALFORMED);
    let unknown = approval(server, (&scene.legal, Role::Legal), &Member::new(), &new);
    server.send(&unknown, &scene.legal).await.refused(UNKNOWN);
    let itself =
        word.edit("\"officer_is_another_person\":true", "\"officer_is_another_person\":false");
    server.send(&itself, &scene.legal).await.refused(SCHEMA);
    scene.replace(&new).await.status(201);
}

#[tokio::test]
async fn nothing_else_is_said_about_keys() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let policies = server.service.policies();
    let payload = effort(policies.clauses(), scene.work.id).to_bytes();
    let draft = Draft::new(&scene.legal, scene.work.id, payload, server.now());
    let about_key = draft.claim(2, scene.lost.thumbprint().uri());
    server.send(&about_key, &scene.legal).await.refused(SCHEMA);
    let typed = approval(server, (&scene.legal, Role::Legal), &scene.lost, &Member::new());
    let typed = typed.label(259, "application/vnd.attestry.key-approval+json");
    let answer = server.send(&typed, &scene.legal).await;
    assert!([400, 403].contains(&answer.status.as_u16()), "{answer:?}");
    let reserved =
        server.draft(&scene.lost).label(259, "application/vnd.attestry.key-revoked+json");
    server.send(&reserved, &scene.lost).await.refused(RESERVED);
}

#[tokio::test]
async fn whoever_has_a_key_has_not_lost_it() {
    let scene = Scene::new().await;
    let (server, new) = (&scene.server, Member::new());
    scene.both_approve(&new).await;
    // It ended, and the person came back by invitation meanwhile.
    server.revoke(&scene.admin, &scene.lost, "lost").await.status(201);
    let back = server.person(&["contractor"], "ada@example.org").await;
    let size = server.size();
    scene.replace(&new).await.refused(HAS_KEY);
    assert_eq!(server.size(), size);
    server.revoke(&back, &back, "enrolled-in-error").await.status(201);
    scene.replace(&new).await.status(201);
}

/// Losing keys again and again does not lock anybody out of what is theirs to take back.
#[tokio::test]
async fn a_replacement_that_is_lost_too_leaves_nothing_out_of_reach() {
    let scene = Scene::new().await;
    let (server, second, third) = (&scene.server, Member::new(), Member::new());
    scene.both_approve(&second).await;
    scene.replace(&second).await.status(201);
    for (officer, capacity) in [(&scene.legal, Role::Legal), (&scene.admin, Role::Admin)] {
        let word = approval(server, (officer, capacity), &second, &third);
        server.send(&word, officer).await.status(201);
    }
    replace(server, &second, &third, &third).await.status(201);
    let draft = scene.withdrawal(&third, scene.work.id, Scope::Everything);
    server.send(&draft, &third).await.status(201);
    assert_eq!(server.shown(&third, scene.work.id).await["state"], "withdrawn");
    fsck(scene.server).await;
}

/// Who could make officers of anybody is not replaced by two of them alone.
#[tokio::test]
async fn an_administrators_key_takes_an_administrators_word() {
    let server = Server::start().await;
    let ada = server.person_in("operations", &["admin"], "ada@example.org").await;
    server.revoke(&ada, &server.admin, "left-program").await.status(201);
    let invite = async |roles: &[&str], email: &str| {
        let person = json!({ "name": email, "email": email });
        let body = json!({ "roles": roles, "program": "operations", "person": person });
        let call = server.post("/api/v1/invitations").json(&body).by(&ada);
        let answer = call.send().await.status(201).json();
        let member = Member::new();
        server.enroll(&member, answer["code"].as_str().unwrap()).await;
        member
    };
    let legal =
        [invite(&["legal"], "eve@example.org").await, invite(&["legal"], "dan@example.org").await];
    let new = Member::new();
    let word = |officer: &Member, capacity: Role| {
        let draft = approval(&server, (officer, capacity), &ada, &new);
        draft.edit("\"program\":\"pilot\"", "\"program\":\"operations\"")
    };
    for officer in &legal {
        server.send(&word(officer, Role::Legal), officer).await.status(201);
    }
    // An administrator's key takes an administrator's word, and there is no other.
    let problem = replace(&server, &ada, &new, &new).await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["rules"], json!(["admin-key-takes-an-admin"]));
    let second = invite(&["admin"], "zoe@example.org").await;
    server.send(&word(&second, Role::Admin), &second).await.status(201);
    replace(&server, &ada, &new, &new).await.status(201);
    server.service.valid_key(new.thumbprint()).await.unwrap();
    assert!(server.service.valid_key(ada.thumbprint()).await.is_err());
}
