//! Well-formed statements that this log does not admit, and those it has admitted before.

use attestry_proof::{hash::Hash, payload::withdrawal::Scope};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Draft, Member, Refusal, Server, new_id, withdrawal};

const SCHEMA: Refusal = (422, "payload-schema", "Payload not acceptable");
const CLAUSES: Refusal = (422, "clauses", "Clauses do not match");
const STALE: Refusal = (400, "stale-iat", "Time of issue not accepted");
const AUDIENCE: Refusal = (400, "wrong-audience", "Statement for another log");
const UNKNOWN_KEY: Refusal = (403, "unknown-key", "Key not enrolled");
const REVOKED_KEY: Refusal = (403, "revoked-key", "Key revoked");
const RESERVED: Refusal = (403, "reserved-type", "Type reserved for the service");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const NOT_YOURS: Refusal = (403, "not-yours", "Submission of another key");
const WITHDRAWN: Refusal = (409, "withdrawn", "Submission withdrawn");
const CONTENT_TYPE: Refusal = (415, "content-type", "Unsupported content type");

/// Sends the draft to both doors; each must refuse it with these words, and nothing may be written.
async fn refuses(server: &Server, draft: &Draft, signer: &Member, refusal: Refusal, words: &str) {
    let message = draft.signed(signer);
    let (size, known) = (server.size(), server.is_submission(draft.submission).await);
    let bytes = message.encode();
    let problem = server.post("/api/v1/statements").cose(&bytes).send().await.refused(refusal);
    assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    let detail = server.post("/entries").cose(&bytes).send().await;
    let detail = detail.refused_concisely(refusal.0, refusal.2);
    assert_eq!(problem["detail"], detail.as_str());
    assert_eq!(server.size(), size, "{words}");
    assert_eq!(server.is_submission(draft.submission).await, known, "{words}");
    let digest = Hash::of(&draft.payload);
    let staged = server.service.ledger().staged_payload(draft.submission, digest);
    assert!(staged.await.unwrap().is_none(), "{words}");
}

#[tokio::test]
async fn payloads_that_do_not_fit_their_schema_are_refused() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let draft = || server.draft(&member);
    let other = new_id().to_string();
    let own = draft();
    let own_id = own.submission.to_string();
    for (draft, words) in [
        (draft().edit(r#""minutes":390"#, r#""minutes":390,"pay":1"#), "pay"),
        (draft().edit(r#""minutes":390"#, r#""minutes":390,"minutes":390"#), "minutes"),
        (draft().edit(r#""minutes":390,"#, ""), "minutes"),
        (draft().edit(r#""minutes":390"#, r#""minutes":0"#), "minutes"),
        (draft().edit(r#""schema":1"#, r#""schema":2"#), "schema"),
        (draft().edit(r#""type":"effort""#, r#""type":"opinion""#), "kind"),
        (draft().edit(r#""type":"effort""#, r#""type":"status""#), "status"),
        (draft().edit("13-2051.00", "Analyst"), "line 1"),
        (
            draft().edit(r#""period":{"start":"2026-01-12""#, r#""period":{"start":"2025-01-12""#),
            "period",
        ),
        (own.edit(&own_id, &other), "subject"),
        (Draft { payload: b"not JSON".to_vec(), ..draft() }, "line 1"),
        (Draft { payload: b"\xff\xfe".to_vec(), ..draft() }, "UTF-8"),
        (Draft { payload: b"{}".to_vec(), ..draft() }, "type"),
    ] {
        refuses(&server, &draft, &member, SCHEMA, words).await;
    }
}

#[tokio::test]
async fn clauses_that_were_not_shown_or_not_answered_are_refused() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let draft = || server.draft(&member);
    let policies = server.service.policies();
    let text = |set| policies.clauses().current(set, "en").unwrap();
    let (effort, other) = (Hash(*text("effort").sha256()), Hash(*text("manifest").sha256()));
    let first = text("effort").clauses()[0].clone();
    let answer = format!(r#"{{"clause":"{first}","answer":"yes","text":null}},"#);
    for (draft, words) in [
        (draft().edit(&effort.to_hex(), &other.to_hex()), "not the catalogue's text"),
        (draft().edit(r#""set":"effort""#, r#""set":"manifest""#), "not in the catalogue"),
        (draft().edit(r#""version":"1.0""#, r#""version":"9.9""#), "not in the catalogue"),
        (draft().edit(&answer, ""), "not answered"),
        (draft().edit(&first, "weather-fine"), "does not have"),
    ] {
        refuses(&server, &draft, &member, CLAUSES, words).await;
    }
}

#[tokio::test]
async fn only_enrolled_contractors_attest_for_this_log_and_now() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let auditor = server.member(&["auditor", "reviewer", "legal", "consumer"]).await;
    let stranger = Member::new();
    let draft = || server.draft(&member);
    let now = server.now();
    let late = "check the clock";
    refuses(&server, &draft().claim(6, now - 24 * 3600 - 60), &member, STALE, late).await;
    refuses(&server, &draft().claim(6, now + 5 * 60 + 60), &member, STALE, late).await;
    let staging = draft().claim(3, "staging.log.test/attestry");
    refuses(&server, &staging, &member, AUDIENCE, "sign it again for this one").await;
    let unknown = server.draft(&stranger);
    refuses(&server, &unknown, &stranger, UNKNOWN_KEY, "attestry enroll").await;
    for signer in [&auditor, &server.admin] {
        let draft = server.draft(signer);
        refuses(&server, &draft, signer, FORBIDDEN, "contractor").await;
    }
    // Just inside the window, both ways.
    server.register(&draft().claim(6, now - 24 * 3600 + 60).signed(&member).encode()).await;
    server.register(&draft().claim(6, now + 4 * 60).signed(&member).encode()).await;
}

#[tokio::test]
async fn what_only_the_service_says_cannot_be_registered() {
    let server = Server::start().await;
    let member = server.contractor().await;
    for name in [
        "genesis",
        "policy",
        "index",
        "key-enrolled",
        "key-rotated",
        "key-revoked",
        "release",
        "status",
    ] {
        let content_type = format!("application/vnd.attestry.{name}+json");
        let draft = server.draft(&member).label(259, content_type.clone());
        refuses(&server, &draft, &member, RESERVED, &content_type).await;
    }
    let own = member.thumbprint().uri();
    let draft = server.draft(&member).claim(2, own);
    refuses(&server, &draft, &member, SCHEMA, "subject").await;
}

#[tokio::test]
async fn a_submission_belongs_to_the_key_that_opened_it() {
    let server = Server::start().await;
    let (owner, other) = (server.contractor().await, server.contractor().await);
    let submission = server.submission(&owner).await;
    let draft = server.draft_about(&other, submission);
    refuses(&server, &draft, &other, NOT_YOURS, &submission.to_string()).await;
    let everything = withdraw(&server, &other, submission, Scope::Everything);
    refuses(&server, &everything, &other, NOT_YOURS, "another key").await;
    server.register(&server.draft_about(&owner, submission).signed(&owner).encode()).await;
}

fn withdraw(server: &Server, member: &Member, submission: Uuid, scope: Scope) -> Draft {
    let payload = withdrawal(server.service.policies().clauses(), submission, scope).to_bytes();
    Draft::new(member, submission, payload, server.now())
}

#[tokio::test]
async fn after_a_full_withdrawal_only_withdrawals_are_taken() {
    let server = Server::start().await;
    let owner = server.contractor().await;
    let submission = server.submission(&owner).await;
    let earlier = server.draft_about(&owner, submission).signed(&owner).encode();
    let index = server.register(&earlier).await;
    let partial = attestry_proof::payload::withdrawal::Purpose::Training;
    let partial = withdraw(&server, &owner, submission, Scope::Purposes(vec![partial]));
    server.register(&partial.signed(&owner).encode()).await;
    server.register(&server.draft_about(&owner, submission).signed(&owner).encode()).await;
    let everything = withdraw(&server, &owner, submission, Scope::Everything);
    server.register(&everything.signed(&owner).encode()).await;

    let more = server.draft_about(&owner, submission);
    refuses(&server, &more, &owner, WITHDRAWN, "start a new one").await;
    let again = withdraw(&server, &owner, submission, Scope::Everything);
    server.register(&again.signed(&owner).encode()).await;
    // What was logged before keeps its place.
    assert_eq!(server.register(&earlier).await, index);
}

#[tokio::test]
async fn a_revoked_key_signs_nothing_new_but_keeps_its_receipts() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let before = server.draft(&member).signed(&member).encode();
    let index = server.register(&before).await;
    let path = format!("/api/v1/keys/{}/revocation", member.thumbprint());
    let body = json!({ "reason": "compromised" });
    let revoked = server.post(path).json(&body).by(&member).send().await.status(201).json();
    let words = format!("revoked by entry {}", revoked["index"]);
    refuses(&server, &server.draft(&member), &member, REVOKED_KEY, &words).await;

    let size = server.size();
    let again = server.post("/api/v1/statements").cose(&before).send().await.status(201).json();
    assert_eq!((again["index"].as_u64(), again["appended"].as_bool()), (Some(index), Some(false)));
    let receipt = server.post("/entries").cose(&before).send().await.status(201);
    assert!(receipt.header("location").ends_with(&format!("/entries/{index}")));
    crate::receipts::verify(&server, &receipt.body, &before).await;
    assert_eq!(server.size(), size);
}

#[tokio::test]
async fn a_statement_has_one_place_however_often_it_comes() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let message = server.draft(&member).signed(&member);
    let bytes = message.encode();
    let size = server.size();
    let sending = (0..12).map(|_| server.post("/api/v1/statements").cose(&bytes).send());
    let answers = futures_util::future::join_all(sending).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.status(201).json()).collect();
    assert!(answers.iter().all(|answer| answer["index"] == size.0));
    assert_eq!(answers.iter().filter(|answer| answer["appended"] == true).count(), 1);
    assert_eq!(server.size().0, size.0 + 1);
    // Even when it comes without its payload, since that was kept with it.
    assert_eq!(server.register(&message.bare().encode()).await, size.0);
}

#[tokio::test]
async fn statements_come_as_cose_and_as_nothing_else() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let bytes = server.draft(&member).signed(&member).encode();
    for content_type in ["application/json", "application/cbor", "text/plain", ""] {
        let call = |path| server.post(path).header("content-type", content_type);
        let answer = call("/entries").body(&bytes[..]).send().await;
        answer.refused_concisely(CONTENT_TYPE.0, CONTENT_TYPE.2);
        let answer = call("/api/v1/statements").body(&bytes[..]).send().await;
        answer.refused(CONTENT_TYPE);
    }
    let call =
        server.post("/entries").header("content-type", "Application/COSE; cose-type=cose-sign1");
    call.body(&bytes[..]).send().await.status(201);
}
