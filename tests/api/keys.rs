//! How keys come into the log and leave it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Answer, Member, Refusal, Server};

const INVITATION: Refusal = (403, "invitation", "Invitation not valid");
const ENROLLED: Refusal = (409, "key-enrolled", "Key enrolled already");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const PUBLIC_KEY: Refusal = (400, "public-key", "Public key not acceptable");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const REVOKED: Refusal = (403, "revoked-key", "Key revoked");
const UNKNOWN: Refusal = (403, "unknown-key", "Key not enrolled");

async fn enroll(server: &Server, member: &Member, code: &str) -> Answer {
    let body = json!({ "code": code, "public_key": member.public_base64() });
    server.post("/api/v1/keys").json(&body).by(member).send().await
}

async fn revoke(server: &Server, by: &Member, whom: &Member, reason: &str) -> Answer {
    let path = format!("/api/v1/keys/{}/revocation", whom.thumbprint());
    server.post(path).json(&json!({ "reason": reason })).by(by).send().await
}

#[tokio::test]
async fn an_invitation_enrols_one_key_once() {
    let server = Server::start().await;
    let (first, second) = (Member::new(), Member::new());
    let code = server.invite(&["reviewer", "contractor", "contractor"]).await;
    let answer = enroll(&server, &first, &code).await.status(201).json();
    let key = &answer["key"];
    assert_eq!(key["thumbprint"], first.thumbprint().to_string());
    assert_eq!(key["public_key"], first.public_base64());
    assert_eq!(key["roles"], json!(["contractor", "reviewer"]));
    assert_eq!(key["program"], "pilot");
    assert_eq!(key["enrolled_index"], answer["registered"]["index"]);
    assert_eq!(key["revoked_index"], Value::Null);
    let size = server.size();

    enroll(&server, &second, &code).await.refused(INVITATION);
    enroll(&server, &second, "no-such-code").await.refused(INVITATION);
    enroll(&server, &second, "").await.refused(INVITATION);
    assert_eq!(server.size(), size);
    let path = format!("/api/v1/keys/{}", second.thumbprint());
    server.get(path).send().await.refused(NOT_FOUND);

    // A key serves one program; the code it was tried with is still good.
    let code = server.invite(&["contractor"]).await;
    enroll(&server, &first, &code).await.refused(ENROLLED);
    enroll(&server, &second, &code).await.status(201);
}

#[tokio::test]
async fn two_who_hold_one_code_do_not_both_come_in() {
    let server = Server::start().await;
    let code = server.invite(&["contractor"]).await;
    let members: Vec<Member> = (0..6).map(|_| Member::new()).collect();
    let size = server.size().0;
    let answers = members.iter().map(|member| enroll(&server, member, &code));
    let answers = futures_util::future::join_all(answers).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 201);
    assert_eq!(good.len(), 1);
    for answer in bad {
        answer.refused(INVITATION);
    }
    assert_eq!(server.size().0, size + 1);
}

#[tokio::test]
async fn whoever_enrols_a_key_holds_it() {
    let server = Server::start().await;
    let (holder, other) = (Member::new(), Member::new());
    let code = server.invite(&["contractor"]).await;
    let body = json!({ "code": code, "public_key": holder.public_base64() });
    let post = |body: &Value| server.post("/api/v1/keys").json(body);
    post(&body).send().await.refused(UNAUTHENTICATED);
    post(&body).by(&other).send().await.refused(UNAUTHENTICATED);
    post(&body).by(&server.admin).send().await.refused(UNAUTHENTICATED);
    let url = format!("{}/api/v1/keys", server.url);
    let text = body.to_string();
    let forged = crate::support::Token::new(&holder, "POST", &url, text.as_bytes());
    post(&body).token(forged.signed(&other)).send().await.refused(UNAUTHENTICATED);
    post(&body).by(&holder).send().await.status(201);
}

#[tokio::test]
async fn keys_for_which_anybody_can_sign_are_refused() {
    let server = Server::start().await;
    let member = Member::new();
    let code = server.invite(&["contractor"]).await;
    let post = |key: String| {
        let body = json!({ "code": code, "public_key": key });
        server.post("/api/v1/keys").json(&body).by(&member).send()
    };
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut beyond = [0xff; 32];
    beyond[0] = 0xee;
    beyond[31] = 0x7f;
    for key in [encode(&neutral), encode(&[0; 32]), encode(&beyond), encode(&[1; 31]), encode(b"")]
    {
        post(key).await.refused(PUBLIC_KEY);
    }
    for key in ["not base64!", &format!("{}=", member.public_base64())] {
        post(key.to_owned()).await.refused(MALFORMED);
    }
    for body in [json!({ "code": code }), json!({ "code": code, "public_key": 1 }), json!([])] {
        let call = server.post("/api/v1/keys").json(&body).by(&member);
        call.send().await.refused(MALFORMED);
    }
}

#[tokio::test]
async fn administrators_invite_and_nobody_else() {
    let server = Server::start().await;
    let invite =
        |by: &Member, body: &Value| server.post("/api/v1/invitations").json(body).by(by).send();
    let body = json!({ "roles": ["admin"], "program": "pilot" });
    for role in ["contractor", "reviewer", "legal", "consumer", "auditor"] {
        let member = server.member(&[role]).await;
        let problem = invite(&member, &body).await.refused(FORBIDDEN);
        assert_eq!(problem["policy"]["rules"], json!(["default-deny"]));
        let bundle = server.service.policies().digest().to_hex();
        assert_eq!(problem["policy"]["bundle_sha256"], bundle);
        assert!(problem["detail"].as_str().unwrap().contains("admin"), "{problem}");
    }
    for bad in [
        json!({ "roles": [], "program": "pilot" }),
        json!({ "roles": ["owner"], "program": "pilot" }),
        json!({ "roles": ["admin"], "program": "" }),
        json!({ "roles": ["admin"], "program": "a b\n" }),
        json!({ "roles": ["admin"] }),
        json!({ "roles": ["admin"], "program": "pilot", "days": 365 }),
    ] {
        invite(&server.admin, &bad).await.refused(MALFORMED);
    }
    let answer = invite(&server.admin, &body).await.status(201).json();
    let code = answer["code"].as_str().unwrap();
    assert_eq!(answer["link"], format!("{}/enroll#{code}", server.url));
    let days = (answer["expires_at"].as_i64().unwrap() - server.now()) / 86_400;
    assert!((6..=7).contains(&days), "{days}");
    let second = Member::new();
    enroll(&server, &second, code).await.status(201);
    invite(&second, &body).await.status(201);
}

#[tokio::test]
async fn a_key_is_ended_by_its_owner_or_an_administrator() {
    let server = Server::start().await;
    let (owner, other) = (server.contractor().await, server.contractor().await);
    let reviewer = server.member(&["reviewer", "legal"]).await;
    let size = server.size();
    for stranger in [&other, &reviewer] {
        let problem = revoke(&server, stranger, &owner, "lost").await.refused(FORBIDDEN);
        assert_eq!(problem["policy"]["rules"], json!(["default-deny"]));
    }
    revoke(&server, &Member::new(), &owner, "lost").await.refused(UNAUTHENTICATED);
    revoke(&server, &owner, &owner, "bored").await.refused(MALFORMED);
    revoke(&server, &server.admin, &Member::new(), "lost").await.refused(UNKNOWN);
    assert_eq!(server.size(), size);

    let answer = revoke(&server, &owner, &owner, "lost").await.status(201).json();
    assert_eq!(answer["index"], size.0);
    let path = format!("/api/v1/keys/{}", owner.thumbprint());
    let shown = server.get(path).send().await.status(200).json();
    assert_eq!(shown["revoked_index"], size.0);
    // A revoked key is nobody, even to itself; and it cannot be ended twice.
    let call = server.get("/api/v1/submissions").by(&owner);
    let problem = call.send().await.refused(UNAUTHENTICATED);
    assert!(problem["detail"].as_str().unwrap().contains("revoked"), "{problem}");
    revoke(&server, &owner, &owner, "lost").await.refused(UNAUTHENTICATED);
    revoke(&server, &server.admin, &owner, "lost").await.refused(REVOKED);
    let code = server.invite(&["contractor"]).await;
    enroll(&server, &owner, &code).await.refused(ENROLLED);
    revoke(&server, &server.admin, &other, "misuse").await.status(201);
    server.get("/api/v1/submissions").by(&other).send().await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn keys_are_listed_in_the_order_they_came() {
    let server = Server::start().await;
    let members = [server.contractor().await, server.contractor().await];
    let all = server.get("/api/v1/keys").send().await.status(200).json();
    let names: Vec<&str> =
        all.as_array().unwrap().iter().map(|key| key["thumbprint"].as_str().unwrap()).collect();
    let expected = [&server.admin, &members[0], &members[1]];
    assert_eq!(names, expected.map(|member| member.thumbprint().to_string()));
    let from = all[2]["enrolled_index"].as_u64().unwrap();
    let rest = server.get(format!("/api/v1/keys?from={from}")).send().await.status(200).json();
    assert_eq!(rest.as_array().unwrap().len(), 1);
    server.get("/api/v1/keys?from=x").send().await.refused(MALFORMED);
    server.get("/api/v1/keys/xyz").send().await.refused(MALFORMED);
    // The statement that enrolled a key is public and names nobody.
    let index = all[1]["enrolled_index"].as_u64().unwrap();
    let entry = server.get(format!("/api/v1/entries/{index}")).send().await.status(200).json();
    assert_eq!(entry["content_type"], "application/vnd.attestry.key-enrolled+json");
    assert_eq!(entry["subject"], members[0].thumbprint().uri());
}
