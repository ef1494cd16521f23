//! Signing in with a key: challenges, cookies, CSRF tokens, and every way in which a session ends.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    clock::{self, wait},
    support::{Answer, Call, Member, Refusal, Server, Token},
};

const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");
const ELSEWHERE: Refusal = (403, "csrf", "Request from elsewhere");
const CSRF: Refusal = (403, "csrf", "CSRF token missing or wrong");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const SESSIONS: &str = "/api/v1/sessions";
const CURRENT: &str = "/api/v1/sessions/current";
const COOKIE: &str = "__Host-attestry";

/// What a browser holds after a sign-in.
#[derive(Clone)]
pub struct Browser {
    pub secret: String,
    pub csrf: String,
    pub session: Value,
}

impl Browser {
    /// Reads it from the answer to a sign-in.
    pub fn of(answer: &Answer, json: &Value) -> Self {
        let cookies = answer.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.map(|value| value.to_str().unwrap());
        let start = format!("{COOKIE}=");
        let cookie = cookies.find(|cookie| cookie.starts_with(&start)).expect("a session cookie");
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200");
        Self {
            secret: pair.strip_prefix(&start).unwrap().to_owned(),
            csrf: json["csrf_token"].as_str().unwrap().to_owned(),
            session: json["session"].clone(),
        }
    }

    pub fn cookie(&self) -> String {
        format!("theme=dark; {COOKIE}={}", self.secret)
    }

    pub fn id(&self) -> &str {
        self.session["id"].as_str().unwrap()
    }

    pub fn get<'a>(&self, server: &'a Server, path: impl Into<String>) -> Call<'a> {
        server.get(path).header("cookie", self.cookie())
    }

    /// With the CSRF token.
    pub fn call<'a>(
        &self,
        server: &'a Server,
        method: Method,
        path: impl Into<String>,
    ) -> Call<'a> {
        let call = Call::new(server, method, path).header("cookie", self.cookie());
        call.header("x-csrf-token", &self.csrf)
    }
}

async fn nonce(server: &Server, member: &Member) -> String {
    let body = json!({ "thumbprint": member.thumbprint().to_string() });
    let before = server.now();
    let answer = server.post("/api/v1/sessions/challenges").json(&body).send().await.status(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.json();
    // A second may end in between.
    let expires_at = answer["expires_at"].as_i64().unwrap();
    assert!((before + 120..=server.now() + 120).contains(&expires_at), "{expires_at}");
    answer["nonce"].as_str().unwrap().to_owned()
}

fn token(server: &Server, member: &Member, nonce: &str) -> Token {
    let url = format!("{}{SESSIONS}", server.url);
    Token::at(server.now(), member, "POST", &url, b"").with_claim("nonce", nonce)
}

async fn answer(server: &Server, member: &Member, nonce: &str) -> Answer {
    let token = token(server, member, nonce).signed(member);
    server.post(SESSIONS).token(token).send().await
}

/// Asks for a nonce, and answers with it.
pub async fn answer_challenge(server: &Server, member: &Member) -> Answer {
    let nonce = nonce(server, member).await;
    answer(server, member, &nonce).await
}

pub async fn sign_in(server: &Server, member: &Member) -> Browser {
    let nonce = nonce(server, member).await;
    let answer = answer(server, member, &nonce).await.status(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    Browser::of(&answer, &answer.json())
}

async fn is_over(server: &Server, browser: &Browser) {
    browser.get(server, "/api/v1/submissions").send().await.refused(UNAUTHENTICATED);
}

async fn is_on(server: &Server, browser: &Browser) {
    browser.get(server, "/api/v1/submissions").send().await.status(200);
}

#[tokio::test]
async fn a_key_begins_a_session_that_reads_and_writes() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let id = server.submission(&member).await;
    let browser = sign_in(&server, &member).await;
    assert_eq!(browser.session["method"], "key");
    assert_eq!(browser.session["thumbprint"], member.thumbprint().to_string());
    let (created, expires) = (&browser.session["created_at"], &browser.session["expires_at"]);
    assert_eq!(expires.as_i64().unwrap() - created.as_i64().unwrap(), 12 * 3600);

    let list = browser.get(&server, "/api/v1/submissions").send().await.status(200).json();
    assert_eq!(list[0]["id"], id.to_string());
    let current = browser.get(&server, CURRENT).send().await.status(200).json();
    assert_eq!(
        (&current["session"]["id"], &current["csrf_token"]),
        (&browser.session["id"], &json!(browser.csrf))
    );
    // A body needs no digest: the session vouches for what its page sends.
    let path = format!("/api/v1/submissions/{id}/files/missing");
    let question = json!({ "sha256": ["0".repeat(64)] });
    let call = browser.call(&server, Method::POST, path).json(&question);
    assert_eq!(call.send().await.status(200).json()["missing"], question["sha256"]);
    let admin = sign_in(&server, &server.admin).await;
    let body = json!({ "roles": ["contractor"], "program": "main" });
    let call = admin.call(&server, Method::POST, "/api/v1/invitations").json(&body);
    call.send().await.status(201);
    // It does what the key may do, and no more.
    let call = browser.call(&server, Method::POST, "/api/v1/invitations").json(&body);
    call.send().await.refused(FORBIDDEN);
}

#[tokio::test]
async fn a_nonce_is_answered_once_by_whom_it_was_given_to() {
    let server = Server::start().await;
    let (member, other) = (server.contractor().await, server.contractor().await);
    let nonce = nonce(&server, &member).await;
    // Somebody else can neither use it nor use it up.
    answer(&server, &other, &nonce).await.refused(UNAUTHENTICATED);
    for made_up in ["", "x", &"A".repeat(43)] {
        let problem = answer(&server, &member, made_up).await.refused(UNAUTHENTICATED);
        assert!(problem["detail"].as_str().unwrap().contains("nonce"), "{problem}");
    }
    let wrong_key = token(&server, &member, &nonce).signed(&other);
    server.post(SESSIONS).token(wrong_key).send().await.refused(UNAUTHENTICATED);
    let without = token(&server, &member, &nonce).with_claim("nonce", Value::Null);
    let call = server.post(SESSIONS).token(without.signed(&member));
    let problem = call.send().await.refused(UNAUTHENTICATED);
    assert!(problem["detail"].as_str().unwrap().contains("challenges"), "{problem}");
    answer(&server, &member, &nonce).await.status(201);
    answer(&server, &member, &nonce).await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn of_many_answers_to_one_nonce_one_counts() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let nonce = nonce(&server, &member).await;
    let answers = (0..8).map(|_| answer(&server, &member, &nonce));
    let answers = futures_util::future::join_all(answers).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let sessions = server.get(SESSIONS).by(&member).send().await.status(200).json();
    assert_eq!(sessions.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_nonce_of_another_service_is_worth_nothing() {
    let (server, other) = (Server::start().await, Server::start().await);
    let member = server.contractor().await;
    let foreign = nonce(&other, &member).await;
    answer(&server, &member, &foreign).await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn a_nonce_ends_after_two_minutes() {
    let server = clock::start().await;
    let member = server.contractor().await;
    let (early, late) = (nonce(&server, &member).await, nonce(&server, &member).await);
    wait(&server, 110);
    answer(&server, &member, &early).await.status(201);
    wait(&server, 15);
    answer(&server, &member, &late).await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn only_an_enrolled_key_signs_in() {
    let server = Server::start().await;
    let stranger = Member::new();
    // Whether a key is enrolled is not said before it is proven.
    let nonce = nonce(&server, &stranger).await;
    answer(&server, &stranger, &nonce).await.refused(UNAUTHENTICATED);
    let challenge = |body: Value| {
        let call = server.post("/api/v1/sessions/challenges").json(&body);
        call.send()
    };
    challenge(json!({})).await.refused(MALFORMED);
    challenge(json!({ "thumbprint": "x" })).await.refused(MALFORMED);
    challenge(json!({ "thumbprint": stranger.thumbprint().to_string(), "a": 1 }))
        .await
        .refused(MALFORMED);
    server.post(SESSIONS).send().await.refused(UNAUTHENTICATED);
    // A session does not begin another.
    let member = server.contractor().await;
    let browser = sign_in(&server, &member).await;
    let call = browser.call(&server, Method::POST, SESSIONS);
    call.send().await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn what_changes_something_needs_the_csrf_token() {
    let server = Server::start().await;
    let (browser, other) =
        (sign_in(&server, &server.admin).await, sign_in(&server, &server.admin).await);
    let body = json!({ "roles": ["contractor"], "program": "main" });
    let post = |token: Option<&str>| {
        let call = server.post("/api/v1/invitations").json(&body);
        let call = call.header("cookie", browser.cookie());
        match token {
            Some(token) => call.header("x-csrf-token", token),
            None => call,
        }
    };
    post(None).send().await.refused(CSRF);
    for wrong in ["", "x", &browser.secret, &other.csrf, &browser.csrf.to_lowercase()] {
        post(Some(wrong)).send().await.refused(CSRF);
    }
    let open = server.get("/api/v1/invitations").by(&server.admin).send().await.status(200);
    assert_eq!(open.json(), json!([]));
    post(Some(&browser.csrf)).send().await.status(201);
    for method in [Method::DELETE, Method::PUT, Method::PATCH] {
        let path = match method {
            Method::DELETE => CURRENT.to_owned(),
            _ => {
                format!("/api/v1/submissions/{}/files/{}", crate::support::new_id(), "0".repeat(64))
            }
        };
        println!("{method} {path}");
        let call = Call::new(&server, method, path).header("cookie", browser.cookie());
        call.header("content-length", 0).send().await.refused(CSRF);
    }
    is_on(&server, &browser).await;
}

/// Pages of sibling hosts send the cookie too, and even reading is logged in the caller's name.
#[tokio::test]
async fn a_page_of_another_address_may_not_use_the_session() {
    let server = Server::start().await;
    let browser = sign_in(&server, &server.admin).await;
    let get = |site: &'static str| browser.get(&server, CURRENT).header("sec-fetch-site", site);
    for site in ["same-site", "cross-site", "anything"] {
        get(site).send().await.refused(ELSEWHERE);
    }
    for site in ["same-origin", "none"] {
        get(site).send().await.status(200);
    }
}

#[tokio::test]
async fn cookies_that_are_not_a_session_are_refused() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let browser = sign_in(&server, &member).await;
    let get = |cookie: String| server.get("/api/v1/submissions").header("cookie", cookie).send();
    for value in ["", "x", &"A".repeat(43), &browser.secret[1..], &browser.csrf] {
        get(format!("{COOKIE}={value}")).await.refused(UNAUTHENTICATED);
    }
    get(format!("attestry={}", browser.secret)).await.refused(UNAUTHENTICATED);
    // A token is judged by itself: a bad one is not mended by a good cookie, and the other way round.
    let call = browser.get(&server, "/api/v1/submissions").token("x");
    call.send().await.refused(UNAUTHENTICATED);
    let call = server.get("/api/v1/submissions").header("cookie", format!("{COOKIE}=x"));
    call.by(&member).send().await.status(200);
}

#[tokio::test]
async fn a_revoked_key_has_no_session_from_then_on() {
    let server = Server::start().await;
    let (member, other) = (server.contractor().await, server.contractor().await);
    let (browser, second) = (sign_in(&server, &member).await, sign_in(&server, &member).await);
    let beside = sign_in(&server, &other).await;
    is_on(&server, &browser).await;
    let path = format!("/api/v1/keys/{}/revocation", member.thumbprint());
    let call = server.post(path).json(&json!({ "reason": "misuse" })).by(&server.admin);
    call.send().await.status(201);
    is_over(&server, &browser).await;
    is_over(&server, &second).await;
    is_on(&server, &beside).await;
    // The rows are gone, not only out of use.
    let path = format!("{SESSIONS}?key={}", member.thumbprint());
    let left = server.get(path).by(&server.admin).send().await.status(200).json();
    assert_eq!(left, json!([]));
    let nonce = nonce(&server, &member).await;
    answer(&server, &member, &nonce).await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn a_replaced_key_takes_its_sessions_with_it() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let server = Server::start().await;
    let (member, next) = (server.contractor().await, Member::new());
    let browser = sign_in(&server, &member).await;
    let (old, new) = (member.thumbprint(), next.thumbprint());
    let message = format!("attestry/rotation/v1\n{}\n{old}\n{new}\n", crate::support::ORIGIN);
    let possession = URL_SAFE_NO_PAD.encode(next.sign(message.as_bytes()));
    let body = json!({
        "public_key": next.public_base64(), "possession": possession, "reason": "device-change",
    });
    let path = format!("/api/v1/keys/{old}/rotation");
    // A session is not the key.
    let call = browser.call(&server, Method::POST, &path).json(&body);
    call.send().await.refused(UNAUTHENTICATED);
    is_on(&server, &browser).await;
    server.post(&path).json(&body).by(&member).send().await.status(201);
    is_over(&server, &browser).await;
    is_on(&server, &sign_in(&server, &next).await).await;
}

#[tokio::test]
async fn a_session_ends_when_its_owner_says_so() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let (browser, second, third) = (
        sign_in(&server, &member).await,
        sign_in(&server, &member).await,
        sign_in(&server, &member).await,
    );
    let answer = browser.call(&server, Method::DELETE, CURRENT).send().await.status(204);
    let cookie = answer.header("set-cookie");
    assert_eq!(cookie, format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
    is_over(&server, &browser).await;
    is_on(&server, &second).await;
    // By its id, from another session and by token.
    let path = |browser: &Browser| format!("{SESSIONS}/{}", browser.id());
    third.call(&server, Method::DELETE, path(&second)).send().await.status(204);
    is_over(&server, &second).await;
    third.call(&server, Method::DELETE, path(&second)).send().await.refused(NOT_FOUND);
    Call::new(&server, Method::DELETE, path(&third)).by(&member).send().await.status(204);
    is_over(&server, &third).await;
    // A token is no session.
    server.get(CURRENT).by(&member).send().await.refused(NOT_FOUND);
    Call::new(&server, Method::DELETE, CURRENT).by(&member).send().await.refused(NOT_FOUND);
    let call = Call::new(&server, Method::DELETE, format!("{SESSIONS}/x")).by(&member);
    call.send().await.refused(MALFORMED);
}

#[tokio::test]
async fn only_administrators_see_and_end_sessions_of_others() {
    let server = Server::start().await;
    let (member, other) = (server.contractor().await, server.contractor().await);
    let browser = sign_in(&server, &member).await;
    let theirs = sign_in(&server, &other).await;
    let own = browser.get(&server, SESSIONS).send().await.status(200).json();
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(own[0]["id"], browser.session["id"]);
    assert!(!own.to_string().contains(&browser.secret), "{own}");

    let list = format!("{SESSIONS}?key={}", member.thumbprint());
    let end = format!("{SESSIONS}/{}", browser.id());
    theirs.get(&server, &list).send().await.refused(FORBIDDEN);
    let call = theirs.call(&server, Method::DELETE, &end);
    let problem = call.send().await.refused(FORBIDDEN);
    assert!(problem["policy"]["rules"].is_array(), "{problem}");
    is_on(&server, &browser).await;
    let seen = server.get(&list).by(&server.admin).send().await.status(200).json();
    assert_eq!(seen[0]["id"], browser.session["id"]);
    Call::new(&server, Method::DELETE, &end).by(&server.admin).send().await.status(204);
    is_over(&server, &browser).await;
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it() {
    let server = clock::start().await;
    let member = server.contractor().await;
    let (used, left) = (sign_in(&server, &member).await, sign_in(&server, &member).await);
    wait(&server, 29 * 60);
    is_on(&server, &used).await;
    wait(&server, 2 * 60);
    is_over(&server, &left).await;
    is_on(&server, &used).await;
    // Being refused is no use.
    wait(&server, 29 * 60);
    let call = server.get(SESSIONS).header("cookie", used.cookie());
    let listed = call.send().await.status(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    wait(&server, 31 * 60);
    is_over(&server, &used).await;
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_however_much_it_is_used() {
    let server = clock::start().await;
    let member = server.contractor().await;
    let browser = sign_in(&server, &member).await;
    for _ in 0..28 {
        wait(&server, 25 * 60);
        is_on(&server, &browser).await;
    }
    wait(&server, 19 * 60);
    is_on(&server, &browser).await;
    wait(&server, 60);
    is_over(&server, &browser).await;
}

#[tokio::test]
async fn a_key_has_so_many_sessions_and_the_oldest_makes_room() {
    let server = clock::start().await;
    let member = server.contractor().await;
    let mut browsers = Vec::new();
    for _ in 0..17 {
        browsers.push(sign_in(&server, &member).await);
        wait(&server, 1);
    }
    is_over(&server, &browsers[0]).await;
    is_on(&server, &browsers[1]).await;
    is_on(&server, &browsers[16]).await;
    let listed = server.get(SESSIONS).by(&member).send().await.status(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn a_session_is_kept_by_digest_only() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let browser = sign_in(&server, &member).await;
    let secret = {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.decode(&browser.secret).unwrap()
    };
    let mut looked_at = 0;
    for entry in walkdir::WalkDir::new(server.directory.path()) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert!(!holds(&secret), "{}", entry.path().display());
            assert!(!holds(browser.secret.as_bytes()), "{}", entry.path().display());
            looked_at += bytes.len();
        }
    }
    assert!(looked_at > 4096, "the database was there");
}
