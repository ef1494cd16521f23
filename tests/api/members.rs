//! Who the members of a program are: told to few, kept sealed, and forgotten when asked.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Member, Refusal, Server, Work, approval, fsck, new_id, review};

const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const HAS_KEY: Refusal = (409, "has-key", "Has a key in this program");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const UNKNOWN: Refusal = (403, "unknown-key", "Key not enrolled");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");

const MEMBERS: &str = "/api/v1/programs/pilot/members";

async fn members(server: &Server, by: &Member) -> Vec<Value> {
    let listed = server.get(MEMBERS).by(by).send().await.status(200).json();
    listed.as_array().unwrap().clone()
}

fn entry<'a>(listed: &'a [Value], member: &Member) -> &'a Value {
    let name = member.thumbprint().to_string();
    listed.iter().find(|each| each["key"]["thumbprint"] == name.as_str()).unwrap()
}

fn person_of(key: &Member) -> String {
    format!("/api/v1/keys/{}/person", key.thumbprint())
}

/// Whether any file under the directory holds the bytes.
fn holds(directory: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(directory) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap().to_ascii_lowercase();
        if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn names_are_told_to_administrators_and_legal_officers_of_the_program() {
    let server = Server::start().await;
    server.open_program("other").await;
    let known = server.person(&["contractor"], "ada@example.org").await;
    let unknown = server.contractor().await;
    for role in ["admin", "legal"] {
        let officer = server.member(&[role]).await;
        let listed = members(&server, &officer).await;
        let (who, nobody) = (entry(&listed, &known), entry(&listed, &unknown));
        assert_eq!(who["email"], "ada@example.org");
        assert_eq!(who["name"], "Name of ada@example.org");
        assert!(who["person"].is_string(), "{who}");
        let none = (&nobody["name"], &nobody["email"], &nobody["person"]);
        assert_eq!(none, (&Value::Null, &Value::Null, &Value::Null));
        let from = who["key"]["enrolled_index"].as_u64().unwrap() + 1;
        let rest = server.get(format!("{MEMBERS}?from={from}")).by(&officer).send().await;
        let rest = rest.status(200).json();
        assert_eq!(rest[0]["key"]["thumbprint"], unknown.thumbprint().to_string());
    }
    for role in ["contractor", "reviewer", "consumer", "auditor"] {
        let member = server.member(&[role]).await;
        server.get(MEMBERS).by(&member).send().await.refused(FORBIDDEN);
    }
    let stranger = server.member_of("other", &["admin"]).await;
    server.get(MEMBERS).by(&stranger).send().await.refused(FORBIDDEN);
    // Those who run the service do not thereby learn who works in it.
    server.get(MEMBERS).by(&server.admin).send().await.refused(FORBIDDEN);
    server.get(MEMBERS).send().await.refused(UNAUTHENTICATED);
}

async fn person(server: &Server, key: &Member) -> Option<uuid::Uuid> {
    server.service.key(key.thumbprint()).await.unwrap().person
}

#[tokio::test]
async fn one_address_is_one_person_of_a_program_however_it_is_written() {
    let server = Server::start().await;
    server.open_program("other").await;
    let first = server.person(&["contractor"], "Ada@Example.org").await;
    let elsewhere = server.person_in("other", &["reviewer"], "ada@example.org").await;
    let somebody = server.person(&["reviewer"], "bob@example.org").await;
    server.revoke(&first, &first, "left-program").await.status(201);
    let again = server.person(&["legal"], " ada@example.ORG").await;
    let known = person(&server, &first).await;
    assert!(known.is_some());
    assert_eq!(person(&server, &again).await, known);
    assert_ne!(person(&server, &somebody).await, known);
    // What one program knows of people is nothing to another.
    assert_ne!(person(&server, &elsewhere).await, known);
}

#[tokio::test]
async fn a_person_has_one_key_in_a_program() {
    let server = Server::start().await;
    let first = server.person(&["contractor"], "ada@example.org").await;
    // Two invitations at once, and only one of them becomes a key.
    let codes = [
        server.invite_person("pilot", &["reviewer"], "ADA@example.org").await,
        server.invite_person("pilot", &["reviewer"], "new@example.org").await,
        server.invite_person("pilot", &["legal"], "new@example.org").await,
    ];
    let size = server.size();
    let problem = server.try_enroll(&Member::new(), &codes[0]).await.refused(HAS_KEY);
    assert!(problem["detail"].as_str().unwrap().contains("pilot"), "{problem}");
    assert_eq!(server.size(), size);
    server.try_enroll(&Member::new(), &codes[1]).await.status(201);
    server.try_enroll(&Member::new(), &codes[2]).await.refused(HAS_KEY);
    // The key ended: the same code is good now.
    server.revoke(&first, &first, "left-program").await.status(201);
    server.try_enroll(&Member::new(), &codes[0]).await.status(201);
}

#[tokio::test]
async fn invitations_name_people_properly_or_not_at_all() {
    let server = Server::start().await;
    let invite = |by: Member, person: Value| {
        let body = json!({ "roles": ["contractor"], "program": "pilot", "person": person });
        let call = server.post("/api/v1/invitations").json(&body).by(&by);
        async { call.send().await }
    };
    let long = format!("{}@example.org", "a".repeat(250));
    for bad in [
        json!({ "name": "Ada", "email": "example.org" }),
        json!({ "name": "Ada", "email": "@example.org" }),
        json!({ "name": "Ada", "email": "ada@localhost" }),
        json!({ "name": "Ada", "email": "ada@two@example.org" }),
        json!({ "name": " ", "email": "ada@example.org" }),
        json!({ "name": "Ada", "email": long }),
        json!({ "name": "a".repeat(255), "email": "ada@example.org" }),
        json!({ "email": "ada@example.org" }),
    ] {
        invite(server.admin.clone(), bad).await.refused(MALFORMED);
    }
    let good = json!({ "name": "Ada", "email": "ada@example.org" });
    invite(server.contractor().await, good.clone()).await.refused(FORBIDDEN);
    invite(server.admin.clone(), good).await.status(201);
}

#[tokio::test]
async fn nothing_of_names_is_on_disk_in_the_clear() {
    let server = Server::start().await;
    let body = json!({
        "name": "sealed-titles", "title": "Quokka memoranda", "client": "Wombat Holdings",
    });
    server.post("/api/v1/programs").json(&body).by(&server.admin).send().await.status(201);
    server.person(&["contractor"], "numbat@marsupial.example").await;
    let listed = members(&server, &server.member(&["legal"]).await).await;
    assert!(listed.iter().any(|each| each["email"] == "numbat@marsupial.example"), "{listed:?}");
    for text in ["numbat", "marsupial", "quokka", "wombat"] {
        assert_eq!(holds(server.directory.path(), text), [""; 0], "{text}");
    }
    // The search finds what is there.
    assert!(!holds(server.directory.path(), "sealed-titles").is_empty());
}

#[tokio::test]
async fn a_person_is_forgotten_and_the_keys_stay() {
    let server = Server::start().await;
    server.open_program("other").await;
    let former = server.person(&["contractor"], "ada@example.org").await;
    server.revoke(&former, &former, "left-program").await.status(201);
    let owner = server.person(&["contractor"], "ada@example.org").await;
    let reviewer = server.person(&["reviewer"], "bob@example.org").await;
    let elsewhere = server.person_in("other", &["reviewer"], "ada@example.org").await;
    let legal = server.member(&["legal"]).await;
    let work = Work::attested(&server, &owner).await;
    assert_eq!(entry(&members(&server, &legal).await, &former)["email"], "ada@example.org");
    server.delete(person_of(&owner)).by(&legal).send().await.status(204);

    let listed = members(&server, &legal).await;
    for key in [&owner, &former] {
        let who = entry(&listed, key);
        assert_eq!((&who["name"], &who["email"]), (&Value::Null, &Value::Null));
        assert_eq!(who["person"], Value::Null);
        assert_eq!(person(&server, key).await, None);
    }
    assert_eq!(entry(&listed, &reviewer)["email"], "bob@example.org");
    assert!(person(&server, &elsewhere).await.is_some(), "that is for the other program to do");
    server.get("/api/v1/submissions").by(&owner).send().await.status(200);
    server.delete(person_of(&owner)).by(&legal).send().await.refused(NOT_FOUND);
    // Nobody is known to be another person than one who is not known.
    let leaves = work.leaves(&server, &owner).await;
    let draft = review(&server, &reviewer, work.id, &leaves, true);
    let problem = server.send(&draft, &reviewer).await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["rules"], json!(["review-by-another-person"]));
    // The address is free for a new person.
    let again = server.person(&["contractor"], "ada@example.org").await;
    assert!(person(&server, &again).await.is_some());
    fsck(server).await;
}

#[tokio::test]
async fn only_officers_forget_people() {
    let server = Server::start().await;
    server.open_program("other").await;
    let owner = server.person(&["contractor"], "ada@example.org").await;
    let path = person_of(&owner);
    server.delete(path.clone()).send().await.refused(UNAUTHENTICATED);
    for role in ["contractor", "reviewer", "consumer", "auditor"] {
        let member = server.member(&[role]).await;
        server.delete(path.clone()).by(&member).send().await.refused(FORBIDDEN);
    }
    server.delete(path.clone()).by(&owner).send().await.refused(FORBIDDEN);
    let stranger = server.member_of("other", &["admin", "legal"]).await;
    server.delete(path.clone()).by(&stranger).send().await.refused(FORBIDDEN);
    let nobody = person_of(&Member::new());
    server.delete(nobody).by(&server.admin).send().await.refused(UNKNOWN);
    server.delete("/api/v1/keys/x/person").by(&server.admin).send().await.refused(MALFORMED);
    let unknown = server.contractor().await;
    server.delete(person_of(&unknown)).by(&server.admin).send().await.refused(NOT_FOUND);
    let administrator = server.member(&["admin"]).await;
    server.delete(path).by(&administrator).send().await.status(204);
}

/// Sealing keys are found by id. None that a caller may choose is that of a person or a key.
#[tokio::test]
async fn a_submission_cannot_be_given_the_id_of_something_else() {
    let server = Server::start().await;
    let owner = server.person(&["contractor"], "ada@example.org").await;
    let officer = server.person(&["legal"], "eve@example.org").await;
    let person = server.service.key(owner.thumbprint()).await.unwrap().person.unwrap();
    let key = attestry_proof::cose::Subject::Key(owner.thumbprint());
    let approvals = attestry::service::sealing::sealed_under(key);
    let book = attestry::service::own_ids::own_id(*b"attestry-address");
    let size = server.size();
    for id in [person, approvals, book] {
        let draft = server.draft_about(&owner, id);
        server.send(&draft, &owner).await.refused(MALFORMED);
        let path = |rest: &str| format!("/api/v1/submissions/{id}/{rest}");
        let digest = attestry_proof::hash::Hash::of(&draft.payload);
        let stage = server.put(path(&format!("payloads/{digest}"))).body(&draft.payload[..]);
        stage.by(&owner).send().await.refused(MALFORMED);
        let file = path(&format!("files/{}", attestry_proof::hash::Hash::of(b"x")));
        server.put(file).body("x").by(&owner).send().await.refused(MALFORMED);
        assert!(!server.is_submission(id).await);
        assert!(server.service.ledger().draft(id).await.unwrap().is_none());
    }
    assert_eq!(server.size(), size);
    // What those ids are for goes on.
    let word =
        approval(&server, (&officer, attestry::store::ledger::Role::Legal), &owner, &Member::new());
    server.send(&word, &officer).await.status(201);
    server.person(&["contractor"], "new@example.org").await;
    let draft = server.draft_about(&owner, new_id());
    server.send(&draft, &owner).await.status(201);
}
