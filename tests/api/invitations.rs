//! Who can still come in: invitations end with what they rest on.

use attestry_proof::hash::Hash;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    clock::{self, wait},
    support::{Answer, Call, Member, Refusal, Server},
};

const INVITATION: Refusal = (403, "invitation", "Invitation not valid");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const LAST_ADMIN: Refusal = (409, "last-admin", "Last administrator");

async fn enroll(server: &Server, member: &Member, code: &str) -> Answer {
    let body = json!({ "code": code, "public_key": member.public_base64() });
    server.post("/api/v1/keys").json(&body).by(member).send().await
}

async fn invite(server: &Server, by: &Member, role: &str) -> Value {
    let body = json!({ "roles": [role], "program": "pilot" });
    server.post("/api/v1/invitations").json(&body).by(by).send().await.status(201).json()
}

fn code(invitation: &Value) -> &str {
    invitation["code"].as_str().unwrap()
}

async fn revoke(server: &Server, by: &Member, whom: &Member) -> Answer {
    let path = format!("/api/v1/keys/{}/revocation", whom.thumbprint());
    server.post(path).json(&json!({ "reason": "misuse" })).by(by).send().await
}

async fn list(server: &Server, by: &Member) -> Vec<Value> {
    let answer = server.get("/api/v1/invitations").by(by).send().await.status(200);
    answer.json().as_array().unwrap().clone()
}

fn ids(invitations: &[Value]) -> Vec<&Value> {
    let mut ids: Vec<_> = invitations.iter().map(|one| &one["id"]).collect();
    ids.sort_by_key(|id| id.to_string());
    ids
}

/// Every start of a service that nobody administers yet prints a link.
#[tokio::test]
async fn only_the_newest_first_link_opens_a_new_log_and_only_once() {
    let (server, last) = clock::unopened().await;
    let service = &server.service;
    let newest = service.invite_first_admin().await.unwrap().unwrap().code;
    enroll(&server, &server.admin, &last).await.refused(INVITATION);
    enroll(&server, &server.admin, &newest).await.status(201);
    assert!(service.invite_first_admin().await.unwrap().is_none());
    for code in [&last, &newest] {
        enroll(&server, &Member::new(), code).await.refused(INVITATION);
    }
}

/// Two hold first links, as when the second was made while the first was being used.
#[tokio::test]
async fn a_first_link_made_meanwhile_enrols_no_second_administrator() {
    use attestry::store::ledger::{Invitation, Role, Roles};
    let server = Server::start().await;
    let code = "made-too-late";
    let invitation = Invitation {
        code_digest: Hash::of_parts(&[b"attestry/invitation/v1", code.as_bytes()]),
        roles: Roles::new(vec![Role::Admin]),
        program: "operations".into(),
        expires_at: server.now() + 1000,
        inviter: None,
        person: None,
    };
    server.service.ledger().invite(&invitation).await.unwrap();
    let size = server.size();
    enroll(&server, &Member::new(), code).await.refused(INVITATION);
    assert_eq!(server.size(), size);
    assert_eq!(list(&server, &server.admin).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_a_revoked_administrator_made_is_good_for_nothing() {
    let server = Server::start().await;
    let second = server.member(&["admin"]).await;
    let (theirs, ours) = (
        invite(&server, &second, "admin").await,
        invite(&server, &server.admin, "contractor").await,
    );
    assert_eq!(list(&server, &server.admin).await.len(), 2);
    revoke(&server, &server.admin, &second).await.status(201);
    let size = server.size();
    enroll(&server, &Member::new(), code(&theirs)).await.refused(INVITATION);
    assert_eq!(server.size(), size);
    assert_eq!(ids(&list(&server, &server.admin).await), [&ours["id"]]);
    enroll(&server, &Member::new(), code(&ours)).await.status(201);
}

#[tokio::test]
async fn open_invitations_are_listed_without_their_codes_and_can_be_cancelled() {
    let server = clock::start().await;
    let (one, other) = (
        invite(&server, &server.admin, "legal").await,
        invite(&server, &server.admin, "contractor").await,
    );
    let listed = list(&server, &server.admin).await;
    let mut expected = vec![&one["id"], &other["id"]];
    expected.sort_by_key(|id| id.to_string());
    assert_eq!(ids(&listed), expected);
    let shown = listed.iter().find(|shown| shown["id"] == one["id"]).unwrap();
    assert_eq!((&shown["roles"], &shown["program"]), (&json!(["legal"]), &json!("pilot")));
    assert_eq!(shown["inviter"], server.admin.thumbprint().to_string());
    assert_eq!(shown["expires_at"], one["expires_at"]);
    assert!(!json!(listed).to_string().contains(code(&one)));
    let after = format!("/api/v1/invitations?after={}", expected[0].as_str().unwrap());
    let rest = server.get(after).by(&server.admin).send().await.status(200).json();
    assert_eq!(ids(rest.as_array().unwrap()), expected[1..]);

    let cancel = async |by: &Member, id: &str| {
        let path = format!("/api/v1/invitations/{id}");
        Call::new(&server, Method::DELETE, path).by(by).send().await
    };
    let (id, used) = (one["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let legal = server.member(&["legal"]).await;
    cancel(&legal, id).await.refused(FORBIDDEN);
    server.get("/api/v1/invitations").by(&legal).send().await.refused(FORBIDDEN);
    cancel(&server.admin, "xyz").await.refused(MALFORMED);
    cancel(&server.admin, id).await.status(204);
    cancel(&server.admin, id).await.refused(NOT_FOUND);
    enroll(&server, &Member::new(), code(&one)).await.refused(INVITATION);
    enroll(&server, &Member::new(), code(&other)).await.status(201);
    cancel(&server.admin, used).await.refused(NOT_FOUND);
    // Expired ones are not listed, and leave the table.
    invite(&server, &server.admin, "legal").await;
    wait(&server, 8 * clock::DAY);
    assert_eq!(list(&server, &server.admin).await, Vec::<Value>::new());
    server.service.sweep().await.unwrap();
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = Server::start().await;
    let size = server.size();
    let problem = revoke(&server, &server.admin, &server.admin).await.refused(LAST_ADMIN);
    assert!(problem["detail"].as_str().unwrap().contains("another"), "{problem}");
    assert_eq!(server.size(), size);
    // Those of other programs do not count: they could not open programs or invite into all.
    server.member(&["admin"]).await;
    revoke(&server, &server.admin, &server.admin).await.refused(LAST_ADMIN);
    let second = server.member_of("operations", &["admin"]).await;
    revoke(&server, &server.admin, &server.admin).await.status(201);
    revoke(&server, &second, &second).await.refused(LAST_ADMIN);
}

#[tokio::test]
async fn of_two_administrators_who_revoke_each_other_one_stays() {
    let server = Server::start().await;
    let second = server.member_of("operations", &["admin"]).await;
    let answers = tokio::join!(
        revoke(&server, &server.admin, &second),
        revoke(&server, &second, &server.admin)
    );
    let good = [&answers.0, &answers.1].iter().filter(|answer| answer.status == 201).count();
    assert_eq!(good, 1, "{answers:?}");
    let keys = server.get("/api/v1/keys").send().await.status(200).json();
    let valid = keys.as_array().unwrap().iter().filter(|key| key["revoked_index"].is_null());
    assert_eq!(valid.count(), 1);
}

/// A stranger's token is not written down: only the code decides whether there is anything to do.
#[tokio::test]
async fn a_wrong_code_writes_nothing() {
    let server = Server::start().await;
    let stranger = Member::new();
    let url = format!("{}/api/v1/keys", server.url);
    let body = json!({ "code": "nonsense", "public_key": stranger.public_base64() });
    let text = body.to_string();
    let token = crate::support::Token::new(&stranger, "POST", &url, text.as_bytes());
    let token = token.signed(&stranger);
    for _ in 0..2 {
        // Were it spent, the second time would be another refusal.
        let call = server.post("/api/v1/keys").json(&body).token(token.clone());
        call.send().await.refused(INVITATION);
    }
}
