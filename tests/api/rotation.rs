//! A key is replaced by its owner: the next one takes over, and the old one may do nothing more.

use attestry_proof::{key::Thumbprint, payload::withdrawal::Scope};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    sessions::sign_in,
    support::{Answer, Draft, Member, ORIGIN, Refusal, Server, Work, fsck, review, withdrawal},
};

const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");
const ENROLLED: Refusal = (409, "key-enrolled", "Key enrolled already");
const SCHEMA: Refusal = (422, "payload-schema", "Payload not acceptable");
const REVOKED: Refusal = (403, "revoked-key", "Key revoked");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const NOT_YOURS: Refusal = (403, "not-yours", "Submission of another key");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");

fn message(from: Thumbprint, to: Thumbprint) -> Vec<u8> {
    format!("attestry/rotation/v1\n{ORIGIN}\n{from}\n{to}\n").into_bytes()
}

/// What a rotation asks for, with the next key's own signature.
fn request(from: &Member, to: &Member) -> Value {
    let signature = to.sign(&message(from.thumbprint(), to.thumbprint()));
    json!({
        "public_key": to.public_base64(), "possession": URL_SAFE_NO_PAD.encode(signature),
        "reason": "scheduled",
    })
}

async fn send(server: &Server, of: &Member, by: &Member, body: &Value) -> Answer {
    let path = format!("/api/v1/keys/{}/rotation", of.thumbprint());
    server.post(path).json(body).by(by).send().await
}

/// Replaces a key by a new one of the same person.
pub async fn rotate(server: &Server, from: &Member) -> Member {
    let to = Member::new();
    send(server, from, from, &request(from, &to)).await.status(201);
    to
}

#[tokio::test]
async fn the_next_key_takes_over_what_the_old_one_had() {
    let server = Server::start().await;
    let old = server.person(&["contractor"], "ada@example.org").await;
    let reviewer = server.person(&["reviewer"], "bob@example.org").await;
    let work = Work::attested(&server, &old).await;
    let begun = Work::stored(&server, &old).await;
    let size = server.size();
    let new = Member::new();
    let answer = send(&server, &old, &old, &request(&old, &new)).await.status(201).json();
    assert_eq!(answer["registered"]["index"], size.0);
    let key = &answer["key"];
    assert_eq!(key["thumbprint"], new.thumbprint().to_string());
    assert_eq!((&key["roles"], &key["program"]), (&json!(["contractor"]), &json!("pilot")));

    let entry = server.get(format!("/api/v1/entries/{size}")).send().await.status(200).json();
    assert_eq!(entry["content_type"], "application/vnd.attestry.key-rotated+json");
    assert_eq!(entry["subject"], old.thumbprint().uri());
    let path = format!("/api/v1/payloads/{}", entry["payload_sha256"].as_str().unwrap());
    let said = server.get(path).send().await.status(200).json();
    assert_eq!(said["body"]["previous"], old.thumbprint().to_string());

    let shown = server.shown(&new, work.id).await;
    assert_eq!(shown["owner"], new.thumbprint().to_string());
    server.register(&server.draft_about(&new, work.id).signed(&new).encode()).await;
    // What was begun and not stated goes over too.
    for draft in begun.statements(&server, &new) {
        server.send(&draft, &new).await.status(201);
    }
    let (old_person, new_person) = (
        server.service.key(old.thumbprint()).await.unwrap().person,
        server.service.key(new.thumbprint()).await.unwrap().person,
    );
    assert_eq!(old_person, new_person);
    // Signed by two keys of one person, reviewed by another: it counts.
    let leaves = begun.leaves(&server, &new).await;
    let draft = review(&server, &reviewer, begun.id, &leaves, true);
    server.send(&draft, &reviewer).await.status(201);
    assert_eq!(server.shown(&new, begun.id).await["state"], "cleared");
    fsck(server).await;
}

#[tokio::test]
async fn statements_of_the_old_key_count_after_it_ended() {
    let server = Server::start().await;
    let old = server.person(&["contractor"], "ada@example.org").await;
    let reviewer = server.person(&["reviewer"], "bob@example.org").await;
    let work = Work::attested(&server, &old).await;
    let new = rotate(&server, &old).await;
    let leaves = work.leaves(&server, &new).await;
    let draft = review(&server, &reviewer, work.id, &leaves, true);
    server.send(&draft, &reviewer).await.status(201);
    assert_eq!(server.shown(&new, work.id).await["state"], "cleared");
}

#[tokio::test]
async fn the_old_key_is_refused_for_everything() {
    let server = Server::start().await;
    let old = server.person(&["contractor"], "ada@example.org").await;
    let work = Work::attested(&server, &old).await;
    // Signed before, with a time of issue before the end, and sent too late.
    let early = server.draft_about(&old, work.id).claim(6, server.now() - 60).signed(&old).encode();
    let logged = server.draft_about(&old, work.id).signed(&old).encode();
    let index = server.register(&logged).await;
    let new = rotate(&server, &old).await;
    let size = server.size();
    server.post("/api/v1/statements").cose(&early).send().await.refused(REVOKED);
    let draft = server.draft(&old);
    server.send(&draft, &old).await.refused(REVOKED);
    let policies = server.service.policies();
    let everything = withdrawal(policies.clauses(), work.id, Scope::Everything).to_bytes();
    let draft = Draft::new(&old, work.id, everything, server.now());
    server.send(&draft, &old).await.refused(REVOKED);
    for path in [
        "/api/v1/submissions".to_owned(),
        format!("/api/v1/submissions/{}", work.id),
        "/api/v1/programs".to_owned(),
    ] {
        server.get(path).by(&old).send().await.refused(UNAUTHENTICATED);
    }
    send(&server, &old, &old, &request(&old, &Member::new())).await.refused(UNAUTHENTICATED);
    server.revoke(&old, &new, "lost").await.refused(UNAUTHENTICATED);
    assert_eq!(server.size(), size);
    // What was logged in time keeps its place.
    assert_eq!(server.register(&logged).await, index);
}

#[tokio::test]
async fn a_key_is_rotated_by_itself_and_the_next_key_agrees() {
    let server = Server::start().await;
    let (old, other) = (server.contractor().await, server.contractor().await);
    let administrator = server.member(&["admin"]).await;
    let new = Member::new();
    let good = request(&old, &new);
    let size = server.size();
    for stranger in [&other, &administrator, &server.admin, &new] {
        send(&server, &old, stranger, &good).await.refused(UNAUTHENTICATED);
    }
    // Possession: of another rotation, by another key, of this one turned round, cut, absent.
    let forged = |signature: &[u8]| {
        let mut bad = good.clone();
        bad["possession"] = URL_SAFE_NO_PAD.encode(signature).into();
        bad
    };
    let (from, to) = (old.thumbprint(), new.thumbprint());
    for bad in [
        forged(&new.sign(&message(other.thumbprint(), to))),
        forged(&new.sign(&message(to, from))),
        forged(&old.sign(&message(from, to))),
        forged(&new.sign(&message(from, to))[..63]),
        forged(b""),
    ] {
        send(&server, &old, &old, &bad).await.refused(UNAUTHENTICATED);
    }
    for (member, value) in
        [("reason", "bored"), ("public_key", "AAAA"), ("possession_of", "another member")]
    {
        let mut bad = good.clone();
        bad[member] = value.into();
        let status = send(&server, &old, &old, &bad).await.status.as_u16();
        assert_eq!(status, 400, "{member}");
    }
    assert_eq!(server.size(), size);
    send(&server, &old, &old, &good).await.status(201);
}

#[tokio::test]
async fn a_key_in_use_is_nobodys_next_key() {
    let server = Server::start().await;
    let (old, other) = (server.contractor().await, server.contractor().await);
    let id = server.submission(&other).await;
    let size = server.size();
    send(&server, &old, &old, &request(&old, &other)).await.refused(ENROLLED);
    send(&server, &old, &old, &request(&old, &old)).await.refused(SCHEMA);
    assert_eq!(server.size(), size);
    let draft = server.draft_about(&old, id);
    server.send(&draft, &old).await.refused(NOT_YOURS);
    // One that ended does not come back either.
    let new = rotate(&server, &old).await;
    send(&server, &new, &new, &request(&new, &old)).await.refused(ENROLLED);
    let code = server.invite(&["contractor"]).await;
    server.try_enroll(&old, &code).await.refused(ENROLLED);
}

#[tokio::test]
async fn of_two_rotations_at_once_one_counts() {
    let server = Server::start().await;
    let old = server.contractor().await;
    let (first, second) = (Member::new(), Member::new());
    let bodies = [request(&old, &first), request(&old, &second)];
    let (one, two) =
        tokio::join!(send(&server, &old, &old, &bodies[0]), send(&server, &old, &old, &bodies[1]));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201, "{one:?} {two:?}");
    assert!([401, 403, 409].contains(&statuses[1]), "{one:?} {two:?}");
    let mut valid = 0;
    for key in [&first, &second] {
        valid += u32::from(server.service.valid_key(key.thumbprint()).await.is_ok());
    }
    assert_eq!(valid, 1);
}

#[tokio::test]
async fn a_rotated_administrator_still_administers() {
    let server = Server::start().await;
    let old = server.member(&["admin"]).await;
    let body = json!({ "roles": ["contractor"], "program": "pilot" });
    let call = server.post("/api/v1/invitations").json(&body).by(&old);
    let code = call.send().await.status(201).json()["code"].as_str().unwrap().to_owned();
    let new = rotate(&server, &old).await;
    // What the old key invited ends with it.
    let refusal = (403, "invitation", "Invitation not valid");
    server.try_enroll(&Member::new(), &code).await.refused(refusal);
    server.post("/api/v1/invitations").json(&body).by(&new).send().await.status(201);
    let elsewhere = json!({ "roles": ["contractor"], "program": "operations" });
    let call = server.post("/api/v1/invitations").json(&elsewhere).by(&new);
    call.send().await.refused(FORBIDDEN);
    let bad = json!({ "reason": "device-change" });
    send(&server, &new, &new, &bad).await.refused(MALFORMED);
}

/// A page may read and write for its key, but not replace it.
#[tokio::test]
async fn a_session_does_not_rotate_its_key() {
    let server = Server::start().await;
    let old = server.contractor().await;
    let browser = sign_in(&server, &old).await;
    let path = format!("/api/v1/keys/{}/rotation", old.thumbprint());
    let body = request(&old, &Member::new());
    let call = browser.call(&server, Method::POST, path).json(&body);
    call.send().await.refused(UNAUTHENTICATED);
    browser.get(&server, "/api/v1/submissions").send().await.status(200);
    // And it ends with the key.
    rotate(&server, &old).await;
    browser.get(&server, "/api/v1/submissions").send().await.refused(UNAUTHENTICATED);
}
