//! What a sign-in comes to: groups, keys, persons.

use reqwest::Method;
use serde_json::{Value, json};

use super::{driver::Driver, provider::RealProvider, settings};
use crate::{
    sessions::{self, Browser},
    support::{Answer, Call, Member, Refusal, Server},
};

const NOTHING: Refusal = (403, "nothing-granted", "No role granted");
const NOT_GRANTED: Refusal = (403, "roles-not-granted", "Roles not granted");
const UNCLEAR: Refusal = (409, "program-unclear", "Several programs");
const TAKEN: Refusal = (409, "identity-taken", "Identity of somebody else");
const ADDRESS: Refusal = (409, "address-known", "Address known here");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");
const KEY_NEEDED: Refusal = (403, "key-needed", "Key needed");
const INVITATION: Refusal = (403, "invitation", "Invitation not valid");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");

struct Scene {
    provider: RealProvider,
    server: Server,
}

impl Scene {
    async fn new() -> Self {
        let provider = RealProvider::start().await;
        let settings = settings(&provider.issuer, "attestry-RS256", Some(&provider.secret));
        Self { server: Server::with_oidc(settings).await, provider }
    }

    async fn groups(&self, account: &str, groups: &[&str]) {
        let mut accounts = json!({});
        accounts[account] = json!({ "groups": groups });
        self.provider.accounts(&accounts).await;
    }

    fn login(&self, query: &str) -> String {
        format!("{}/api/v1/oidc/login{query}", self.server.url)
    }

    async fn sign_in(&self, account: &str) -> Answer {
        Driver::new().sign_in(&self.login(""), account).await
    }

    async fn invitation(&self, account: &str) -> Value {
        let answer = self.sign_in(account).await.status(200).json();
        assert!(answer.get("signed_in").is_none(), "{answer}");
        answer["invitation"].clone()
    }

    async fn session(&self, account: &str) -> Browser {
        let answer = self.sign_in(account).await.status(200);
        let json = answer.json();
        assert!(json.get("invitation").is_none(), "{json}");
        Browser::of(&answer, &json["signed_in"])
    }

    /// Enrols a key with what a sign-in gave.
    async fn member(&self, account: &str) -> Member {
        let (member, invitation) = (Member::new(), self.invitation(account).await);
        self.server.enroll(&member, invitation["code"].as_str().unwrap()).await;
        member
    }

    async fn try_enroll(&self, code: &Value) -> Answer {
        let member = Member::new();
        let body = json!({ "code": code, "public_key": member.public_base64() });
        self.server.post("/api/v1/keys").json(&body).by(&member).send().await
    }

    async fn is_over(&self, browser: &Browser) {
        let call = browser.get(&self.server, "/api/v1/submissions");
        call.send().await.refused(UNAUTHENTICATED);
    }
}

#[tokio::test]
async fn first_an_invitation_for_the_roles_given_then_a_session_for_the_key() {
    let scene = Scene::new().await;
    let server = &scene.server;
    scene.groups("alice", &["legal-team", "reviewers", "chess"]).await;
    let invitation = scene.invitation("alice").await;
    assert_eq!(invitation["roles"], json!(["reviewer", "legal"]));
    assert_eq!(invitation["program"], "main");
    let code = invitation["code"].as_str().unwrap();
    assert_eq!(invitation["link"], format!("{}/enroll#{code}", server.url));
    let left = invitation["expires_at"].as_i64().unwrap() - server.now();
    assert!((3500..=3600).contains(&left), "{left}");

    let member = Member::new();
    server.enroll(&member, code).await;
    let path = format!("/api/v1/keys/{}", member.thumbprint());
    let key = server.get(path).send().await.status(200).json();
    assert_eq!((&key["roles"], &key["program"]), (&invitation["roles"], &json!("main")));
    let index = key["enrolled_index"].as_u64().unwrap();
    let entry = server.get(format!("/api/v1/entries/{index}")).send().await.status(200).json();
    let path = format!("/api/v1/payloads/{}", entry["payload_sha256"].as_str().unwrap());
    let payload = server.get(path).send().await.status(200).json();
    assert_eq!(payload["body"]["basis"], "invitation", "{payload}");

    let browser = scene.session("alice").await;
    assert_eq!(browser.session["method"], "oidc");
    assert_eq!(browser.session["thumbprint"], member.thumbprint().to_string());
    browser.get(server, "/api/v1/submissions").send().await.status(200);
    // It reads; what is done takes the key.
    let path = format!("/api/v1/submissions/{}/files/missing", crate::support::new_id());
    let question = json!({ "sha256": [] });
    let call = browser.call(server, Method::POST, path).json(&question);
    call.send().await.refused(KEY_NEEDED);
    let path = format!("/api/v1/keys/{}/revocation", member.thumbprint());
    let call = browser.call(server, Method::POST, path).json(&json!({ "reason": "lost" }));
    call.send().await.refused(KEY_NEEDED);
    // Signing out works as from any other session.
    let end = browser.call(server, Method::DELETE, "/api/v1/sessions/current");
    end.send().await.status(204);
    scene.is_over(&browser).await;
}

#[tokio::test]
async fn a_new_invitation_takes_the_place_of_the_last_and_can_be_cancelled() {
    let scene = Scene::new().await;
    scene.groups("alice", &["reviewers"]).await;
    let first = scene.invitation("alice").await;
    let second = scene.invitation("alice").await;
    scene.try_enroll(&first["code"]).await.refused(INVITATION);
    let call = scene.server.get("/api/v1/invitations").by(&scene.server.admin);
    let open = call.send().await.status(200).json();
    assert_eq!(open.as_array().unwrap().len(), 1, "{open}");
    assert_eq!(open[0]["inviter"], Value::Null);
    let path = format!("/api/v1/invitations/{}", open[0]["id"].as_str().unwrap());
    let cancel = Call::new(&scene.server, Method::DELETE, path).by(&scene.server.admin);
    cancel.send().await.status(204);
    scene.try_enroll(&second["code"]).await.refused(INVITATION);
    let third = scene.invitation("alice").await;
    scene.try_enroll(&third["code"]).await.status(201);
    scene.try_enroll(&third["code"]).await.refused(INVITATION);
}

#[tokio::test]
async fn a_group_that_is_gone_gives_nothing() {
    let scene = Scene::new().await;
    scene.groups("alice", &["reviewers"]).await;
    let member = scene.member("alice").await;
    let (browser, own) =
        (scene.session("alice").await, sessions::sign_in(&scene.server, &member).await);
    for groups in [&[][..], &["chess"], &["Reviewers"], &["reviewers "]] {
        scene.groups("alice", groups).await;
        scene.sign_in("alice").await.refused(NOTHING);
    }
    // What the provider vouched for ends; what the key itself began does not.
    scene.is_over(&browser).await;
    own.get(&scene.server, "/api/v1/submissions").send().await.status(200);
    scene.groups("alice", &["legal-team"]).await;
    let problem = scene.sign_in("alice").await.refused(NOT_GRANTED);
    assert!(problem["detail"].as_str().unwrap().contains("reviewer"), "{problem}");
    scene.groups("alice", &["legal-team", "reviewers"]).await;
    assert_eq!(scene.session("alice").await.session["method"], "oidc");
}

#[tokio::test]
async fn groups_that_are_no_list_of_words_give_nothing() {
    let scene = Scene::new().await;
    for groups in [Value::Null, json!({ "reviewers": true }), json!([["reviewers"], 1, null])] {
        scene.provider.accounts(&json!({ "alice": { "groups": groups } })).await;
        scene.sign_in("alice").await.refused(NOTHING);
    }
    // A single group may be written without a list.
    scene.provider.accounts(&json!({ "alice": { "groups": "reviewers" } })).await;
    scene.invitation("alice").await;
}

#[tokio::test]
async fn a_revoked_key_has_no_session_and_makes_room_for_another() {
    let scene = Scene::new().await;
    scene.groups("alice", &["reviewers"]).await;
    let member = scene.member("alice").await;
    let browser = scene.session("alice").await;
    let path = format!("/api/v1/keys/{}/revocation", member.thumbprint());
    let call = scene.server.post(path).json(&json!({ "reason": "misuse" }));
    call.by(&scene.server.admin).send().await.status(201);
    scene.is_over(&browser).await;
    let second = scene.member("alice").await;
    let session = scene.session("alice").await.session;
    assert_eq!(session["thumbprint"], second.thumbprint().to_string());
}

#[tokio::test]
async fn several_programs_are_told_apart() {
    let scene = Scene::new().await;
    scene.groups("alice", &["reviewers", "pilot-reviewers"]).await;
    let problem = scene.sign_in("alice").await.refused(UNCLEAR);
    assert!(problem["detail"].as_str().unwrap().ends_with("main, pilot"), "{problem}");
    let login = scene.login("?program=pilot");
    let answer = Driver::new().sign_in(&login, "alice").await.status(200).json();
    assert_eq!(answer["invitation"]["program"], "pilot");
    scene.server.enroll(&Member::new(), answer["invitation"]["code"].as_str().unwrap()).await;
    // There is one key now, so there is no doubt; the other program is still to be had.
    scene.session("alice").await;
    let login = scene.login("?program=main");
    let answer = Driver::new().sign_in(&login, "alice").await.status(200).json();
    assert_eq!(answer["invitation"]["program"], "main");
    let login = scene.login("?program=operations");
    Driver::new().sign_in(&login, "alice").await.refused(NOTHING);
    scene.groups("alice", &["wrong-program"]).await;
    scene.sign_in("alice").await.refused(NOT_FOUND);
}

#[tokio::test]
async fn two_accounts_are_two_persons() {
    let scene = Scene::new().await;
    scene.groups("alice", &["reviewers"]).await;
    scene.groups("bob", &["reviewers"]).await;
    let alice = scene.member("alice").await;
    scene.invitation("bob").await;
    let session = scene.session("alice").await.session;
    assert_eq!(session["thumbprint"], alice.thumbprint().to_string());
}

/// Somebody with a key connects it by signing in with it first, in the same browser.
#[tokio::test]
async fn an_address_that_is_known_makes_nobody_its_owner() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let person = json!({ "name": "Alice Example", "email": "Alice@example.org" });
    let body = json!({ "roles": ["reviewer"], "program": "main", "person": person });
    let call = server.post("/api/v1/invitations").json(&body).by(&server.admin);
    let code = call.send().await.status(201).json()["code"].as_str().unwrap().to_owned();
    let member = Member::new();
    server.enroll(&member, &code).await;
    let account = |verified: bool| json!({ "groups": ["reviewers"], "email": "alice@example.org", "email_verified": verified });
    scene.provider.accounts(&json!({ "alice": account(true), "mallory": account(true) })).await;
    scene.sign_in("mallory").await.refused(ADDRESS);

    let browser = sessions::sign_in(server, &member).await;
    let mut driver = Driver::new();
    driver.set_cookie(&server.url, "__Host-attestry", &browser.secret);
    let answer = driver.sign_in(&scene.login(""), "alice").await.status(200).json();
    assert_eq!(answer["signed_in"]["session"]["method"], "oidc");
    assert_eq!(answer["signed_in"]["session"]["thumbprint"], member.thumbprint().to_string());
    // From now on without the key, in any browser.
    scene.session("alice").await;
    scene.sign_in("mallory").await.refused(ADDRESS);
    // An unverified address says nothing.
    scene.provider.accounts(&json!({ "mallory": account(false) })).await;
    scene.invitation("mallory").await;
}

#[tokio::test]
async fn an_identity_belongs_to_one_person() {
    let scene = Scene::new().await;
    scene.groups("alice", &["reviewers"]).await;
    scene.groups("bob", &["reviewers"]).await;
    let (_alice, bob) = (scene.member("alice").await, scene.member("bob").await);
    let browser = sessions::sign_in(&scene.server, &bob).await;
    let mut driver = Driver::new();
    driver.set_cookie(&scene.server.url, "__Host-attestry", &browser.secret);
    driver.sign_in(&scene.login(""), "alice").await.refused(TAKEN);
    // A session that a provider vouched for does not connect another identity.
    scene.groups("carol", &["reviewers"]).await;
    let vouched = scene.session("bob").await;
    let mut driver = Driver::new();
    driver.set_cookie(&scene.server.url, "__Host-attestry", &vouched.secret);
    let answer = driver.sign_in(&scene.login(""), "carol").await.status(200).json();
    assert!(answer["invitation"]["code"].is_string(), "{answer}");
}

#[tokio::test]
async fn what_a_provider_calls_somebody_is_not_written_down() {
    let scene = Scene::new().await;
    let account = "an-account-name-that-stands-out";
    scene.groups(account, &["reviewers"]).await;
    scene.member(account).await;
    scene.session(account).await;
    for entry in walkdir::WalkDir::new(scene.server.directory.path()) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let holds = bytes.windows(account.len()).any(|window| window == account.as_bytes());
            assert!(!holds, "{}", entry.path().display());
        }
    }
}
