//! Submissions: their chain of custody, their payloads, and who may read them.

use attestry_proof::hash::Hash;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Member, Refusal, Server, effort, new_id};

const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const MISSING: Refusal = (400, "payload-missing", "Payload Missing");
const DIGEST: Refusal = (400, "digest-mismatch", "Digest does not match");
const SCHEMA: Refusal = (422, "payload-schema", "Payload not acceptable");
const TOO_LARGE: Refusal = (413, "too-large", "Too large");

async fn custody(server: &Server, member: &Member, id: Uuid, from: u64) -> Vec<Value> {
    let path = format!("/api/v1/submissions/{id}/custody?from={from}");
    let events = server.get(path).by(member).send().await.status(200).json();
    events.as_array().unwrap().clone()
}

#[tokio::test]
async fn custody_is_a_chain_of_leaf_hashes() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let id = server.submission(&member).await;
    let mut leaves = Vec::new();
    for _ in 0..3 {
        server.submission(&member).await;
        let message = server.draft_about(&member, id).signed(&member);
        server.register(&message.encode()).await;
        leaves.push(message.leaf().to_hex());
    }
    let events = custody(&server, &member, id, 0).await;
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["previous"], Value::Null);
    for pair in events.windows(2) {
        assert_eq!(pair[1]["previous"], pair[0]["leaf_hash"]);
    }
    let found: Vec<&Value> = events[1..].iter().map(|event| &event["leaf_hash"]).collect();
    assert_eq!(found, leaves.iter().collect::<Vec<_>>());
    let event = &events[2];
    assert_eq!(event["kind"], "effort");
    assert_eq!(event["issuer"], member.thumbprint().to_string());
    assert!(event["summary"].to_string().contains("Financial analyst"), "{event}");
    assert!(event["logged_at"].as_str().unwrap().ends_with('Z'), "{event}");
    // From a position on, the first event still names the one before it.
    let rest = custody(&server, &member, id, events[2]["index"].as_u64().unwrap()).await;
    assert_eq!(rest, events[2..]);
    assert_eq!(custody(&server, &member, id, 1_000_000).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_left_out_of_a_long_chain() {
    const EVENTS: usize = 1024;
    let server = Server::start().await;
    let member = server.contractor().await;
    let id = new_id();
    let statement = || server.draft_about(&member, id).signed(&member).encode();
    for _ in 0..EVENTS / 256 {
        let body: Vec<u8> = (0..256).flat_map(|_| statement()).collect();
        let call = server.post("/api/v1/statements").header("content-type", "application/cose-seq");
        call.body(body).send().await.status(200);
    }
    let mut events: Vec<Value> = Vec::new();
    loop {
        let from = events.last().map_or(0, |event| event["index"].as_u64().unwrap() + 1);
        let page = custody(&server, &member, id, from).await;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    assert_eq!(events.len(), EVENTS);
    let linked = events.windows(2).all(|pair| pair[1]["previous"] == pair[0]["leaf_hash"]);
    assert!(linked);
}

#[tokio::test]
async fn a_submission_is_shown_to_its_owner_and_to_those_who_read_any() {
    let server = Server::start().await;
    let (owner, other) = (server.contractor().await, server.contractor().await);
    let id = server.submission(&owner).await;
    let last = server.size().0 - 1;
    let payload = format!("/api/v1/entries/{last}/payload");
    let shown = [
        format!("/api/v1/submissions/{id}"),
        format!("/api/v1/submissions/{id}/custody"),
        payload.clone(),
    ];
    let legal = server.member(&["legal"]).await;
    for path in &shown {
        server.get(path).by(&owner).send().await.status(200);
        server.get(format!("{path}?purpose=legal")).by(&legal).send().await.status(200);
        for stranger in [&other, &server.admin] {
            server.get(path).by(stranger).send().await.refused(NOT_FOUND);
        }
    }
    // Not there, and not for you, are answered alike.
    let words = |path: String| {
        let call = server.get(path).by(&other);
        async { call.send().await.refused(NOT_FOUND)["detail"].as_str().unwrap().to_owned() }
    };
    let nobodys = new_id();
    let theirs = words(format!("/api/v1/submissions/{id}")).await;
    let none = words(format!("/api/v1/submissions/{nobodys}")).await;
    assert_eq!(theirs.replace(&id.to_string(), ""), none.replace(&nobodys.to_string(), ""));
    let entry =
        server.get(format!("/api/v1/entries/{last}")).by(&other).send().await.status(200).json();
    let bytes = server.get(payload).by(&owner).send().await.status(200);
    assert_eq!(entry["payload_sha256"], bytes.digest().to_hex());
    // What the log shows to every member names the submission and nothing of its content.
    assert_eq!(entry["subject"], format!("urn:uuid:{id}"));
    assert_eq!(entry["content_type"], "application/vnd.attestry.statement+json");
}

#[tokio::test]
async fn submissions_are_listed_newest_first() {
    let server = Server::start().await;
    let (owner, other) = (server.contractor().await, server.contractor().await);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(server.submission(&owner).await);
        server.submission(&other).await;
    }
    ids.reverse();
    let list = async |query: String| {
        let path = format!("/api/v1/submissions{query}");
        server.get(path).by(&owner).send().await.status(200).json()
    };
    let all = list(String::new()).await;
    let found: Vec<Uuid> = all.as_array().unwrap().iter().map(id_of).collect();
    assert_eq!(found, ids);
    let before = all[0]["opened_index"].as_u64().unwrap();
    let rest = list(format!("?before={before}")).await;
    assert_eq!(rest.as_array().unwrap().iter().map(id_of).collect::<Vec<_>>(), ids[1..]);
    assert_eq!(all[0]["owner"], owner.thumbprint().to_string());
    assert_eq!((&all[0]["withdrawn"], &all[0]["manifests"]), (&json!(false), &json!([])));
    let call = server.get("/api/v1/submissions?before=x").by(&owner);
    call.send().await.refused(MALFORMED);
}

fn id_of(submission: &Value) -> Uuid {
    submission["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_payload_sent_ahead_serves_a_plain_statement() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let draft = server.draft(&member);
    let message = draft.signed(&member).bare();
    let digest = Hash::of(&draft.payload);
    let path = format!("/api/v1/submissions/{}/payloads/{digest}", draft.submission);
    let stage = |payload: &[u8]| server.put(path.clone()).body(payload).by(&member).send();
    let statement = message.encode();
    let post = || server.post("/entries").cose(&statement).send();
    post().await.refused_concisely(400, MISSING.2);
    stage(&draft.payload).await.status(204);
    stage(&draft.payload).await.status(204);
    assert!(!server.is_submission(draft.submission).await, "staging is not attesting");
    let answer = post().await.status(201);
    crate::receipts::verify(&server, &answer.body, &statement).await;
    let ledger = server.service.ledger();
    assert!(ledger.staged_payload(draft.submission, digest).await.unwrap().is_none());
    let last = server.size().0 - 1;
    let path = format!("/api/v1/entries/{last}/payload");
    let kept = server.get(path).by(&member).send().await.status(200);
    assert_eq!(kept.body, draft.payload);
}

#[tokio::test]
async fn a_payload_is_staged_for_one_submission_of_ones_own() {
    let server = Server::start().await;
    let (member, other) = (server.contractor().await, server.contractor().await);
    let id = server.submission(&member).await;
    let payload = effort(server.service.policies().clauses(), id).to_bytes();
    let stage = |by: &Member, id: Uuid, digest: Hash, payload: &[u8]| {
        let path = format!("/api/v1/submissions/{id}/payloads/{digest}");
        server.put(path).body(payload).by(by).send()
    };
    let digest = Hash::of(&payload);
    stage(&other, id, digest, &payload).await.refused(NOT_FOUND);
    let auditor = server.member(&["auditor"]).await;
    stage(&auditor, id, digest, &payload).await.refused(FORBIDDEN);
    stage(&member, id, Hash::of(b"other"), &payload).await.refused(DIGEST);
    stage(&member, new_id(), digest, &payload).await.refused(SCHEMA);
    stage(&member, id, Hash::of(b"{}"), b"{}").await.refused(SCHEMA);
    let long = vec![b' '; (64 << 10) + 1];
    stage(&member, id, Hash::of(&long), &long).await.refused(TOO_LARGE);
    for digest in [digest, Hash::of(b"{}"), Hash::of(b"other"), Hash::of(&long)] {
        let staged = server.service.ledger().staged_payload(id, digest).await.unwrap();
        assert!(staged.is_none());
    }
    // Staged for one, it is not found by another submission's statement.
    stage(&member, id, digest, &payload).await.status(204);
    let mut elsewhere = server.draft(&member);
    elsewhere.payload = payload;
    let statement = elsewhere.signed(&member).bare().encode();
    server.post("/api/v1/statements").cose(&statement).send().await.refused(MISSING);
}
