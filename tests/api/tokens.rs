//! Request tokens: one good one per request, and every way in which one can be bad.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Member, Server, Token};

const PATH: &str = "/api/v1/submissions";

struct Scene {
    server: Server,
    member: Member,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let member = server.contractor().await;
        Self { server, member }
    }

    fn url(&self) -> String {
        format!("{}{PATH}", self.server.url)
    }

    fn token(&self) -> Token {
        Token::new(&self.member, "GET", &self.url(), b"")
    }

    async fn send(&self, token: &str) -> Answer {
        self.server.get(PATH).token(token).send().await
    }

    async fn refuses(&self, what: &str, token: &str) {
        println!("{what}");
        refused(self.send(token).await);
    }
}

#[track_caller]
fn refused(answer: Answer) -> String {
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let problem = answer.refused((401, "unauthenticated", "Not authenticated"));
    problem["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_good_token_is_good_once() {
    let scene = Scene::new().await;
    let token = scene.token().signed(&scene.member);
    assert_eq!(scene.send(&token).await.status(200).json(), json!([]));
    let detail = refused(scene.send(&token).await);
    assert!(detail.contains("used before"), "{detail}");
    // The query is not part of what is signed.
    let token = scene.token().signed(&scene.member);
    scene.server.get(format!("{PATH}?before=7")).token(token).send().await.status(200);
}

#[tokio::test]
async fn a_token_used_at_the_same_time_is_good_once() {
    let scene = Scene::new().await;
    let token = scene.token().signed(&scene.member);
    let answers = futures_util::future::join_all((0..8).map(|_| scene.send(&token))).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1);
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status.as_u16())));
}

#[tokio::test]
async fn a_request_without_a_bearer_token_is_refused() {
    let scene = Scene::new().await;
    refused(scene.server.get(PATH).send().await);
    let token = scene.token().signed(&scene.member);
    for value in ["Bearer", "Bearer ", "bearer.", "Basic YTpi", &format!("Token {token}")] {
        refused(scene.server.get(PATH).header("authorization", value).send().await);
    }
    for token in ["x", "a.b.c", "..", &"a".repeat(5000)] {
        scene.refuses(token, token).await;
    }
}

#[tokio::test]
async fn headers_of_another_kind_are_refused() {
    let scene = Scene::new().await;
    let good = scene.token();
    let other = scene.server.contractor().await;
    let unknown = Member::new();
    for (what, token) in [
        ("another typ", good.clone().with_header("typ", "JWT")),
        ("no typ", good.clone().with_header("typ", Value::Null)),
        ("no kid", good.clone().with_header("kid", Value::Null)),
        ("a kid that is none", good.clone().with_header("kid", "key-1")),
        (
            "the kid of somebody else",
            good.clone().with_header("kid", other.thumbprint().to_string()),
        ),
        ("the kid of nobody", good.clone().with_header("kid", unknown.thumbprint().to_string())),
        ("ES256", good.clone().with_header("alg", "ES256")),
        ("an alg that is none", good.clone().with_header("alg", "EdDSA2")),
        ("no alg", good.clone().with_header("alg", Value::Null)),
    ] {
        scene.refuses(what, &token.signed(&scene.member)).await;
    }
    scene.refuses("another key", &good.signed(&other)).await;
    let mut cut = good.signed(&scene.member);
    cut.truncate(cut.len() - 2);
    scene.refuses("a cut signature", &cut).await;
    let unsigned = good.clone().with_header("alg", "none");
    scene.refuses("none", &format!("{}.", unsigned.signing_input())).await;
    scene.refuses("none, signed", &unsigned.signed(&scene.member)).await;
    scene.send(&good.signed(&scene.member)).await.status(200);
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let scene = Scene::new().await;
    let public = scene.member.public.as_bytes();
    let spki =
        [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], &public[..]];
    let spki = spki.concat();
    let base64 = URL_SAFE_NO_PAD.encode(public);
    for secret in [&public[..], &spki, base64.as_bytes()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS512] {
            let kid = Some(scene.member.thumbprint().to_string());
            let header =
                Header { typ: Some("attestry-auth+jwt".into()), kid, ..Header::new(algorithm) };
            let claims = scene.token().claims;
            let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret));
            scene.refuses("HMAC", &token.unwrap()).await;
        }
    }
}

#[tokio::test]
async fn claims_that_say_something_else_are_refused() {
    let scene = Scene::new().await;
    let good = scene.token();
    let now = scene.server.now();
    let other = Member::new().thumbprint().uri();
    let url = scene.url();
    let host = scene.server.url.strip_prefix("http://").unwrap();
    let cases = [
        ("aud", json!("other.log"), "another log"),
        ("aud", Value::Null, "no log"),
        ("aud", json!(["log.test/attestry", "other"]), "several logs"),
        ("iss", json!(other), "another issuer"),
        ("iss", Value::Null, "no issuer"),
        ("sub", json!(other), "another subject"),
        ("sub", Value::Null, "no subject"),
        ("exp", json!(now - 1), "expired"),
        ("exp", Value::Null, "no expiry"),
        ("exp", json!(now + 301), "too long-lived"),
        ("exp", json!(i64::MAX), "for ever"),
        ("exp", json!(f64::MAX), "beyond all numbers"),
        ("iat", Value::Null, "no time of issue"),
        ("iat", json!(now + 119), "issued in the future"),
        ("iat", json!(i64::MIN), "issued before time"),
        ("jti", json!(""), "no name"),
        ("jti", json!("j".repeat(129)), "a long name"),
        ("jti", Value::Null, "without a name"),
        ("htm", json!("POST"), "another method"),
        ("htm", json!("get"), "a method in small letters"),
        ("htm", Value::Null, "no method"),
        ("htu", json!(format!("{url}/x")), "another path"),
        ("htu", json!(format!("{url}?before=1")), "with a query"),
        ("htu", json!(format!("http://other.example{PATH}")), "another host"),
        ("htu", json!(format!("http://{host}.other.example{PATH}")), "a longer host"),
        ("htu", json!(format!("http://user@{host}{PATH}")), "a host with a user"),
        ("htu", json!(PATH), "a path alone"),
        ("htu", Value::Null, "no URL"),
    ];
    for (claim, value, what) in cases {
        let token = good.clone().with_claim(claim, value).signed(&scene.member);
        scene.refuses(what, &token).await;
    }
    let expired = good.clone().with_claim("iat", now - 200).with_claim("exp", now - 1);
    scene.refuses("issued and over", &expired.signed(&scene.member)).await;
    // Refused tokens are not spent, and the untouched one is good.
    scene.send(&good.signed(&scene.member)).await.status(200);
}

#[tokio::test]
async fn a_token_vouches_for_the_body() {
    let scene = Scene::new().await;
    let path = "/api/v1/invitations";
    let url = format!("{}{path}", scene.server.url);
    let body = json!({ "roles": ["contractor"], "program": "pilot" }).to_string();
    let admin = &scene.server.admin;
    let send = |token: Token, body: &str| {
        scene.server.post(path).body(body).token(token.signed(admin)).send()
    };
    let token = || Token::new(admin, "POST", &url, body.as_bytes());
    let other = body.replace("pilot", "other");
    assert!(refused(send(token(), &other).await).contains("body"));
    assert!(refused(send(token(), "").await).contains("body"));
    assert!(refused(send(token().with_claim("body", Value::Null), &body).await).contains("body"));
    for claim in ["", "sha-256=::", "sha-512=:AAAA:", "sha-256=:AAAA:"] {
        refused(send(token().with_claim("body", claim), &body).await);
    }
    send(token(), &body).await.status(201);
}

#[tokio::test]
async fn every_route_that_is_not_public_asks_for_a_token() {
    let scene = Scene::new().await;
    let id = scene.server.submission(&scene.member).await;
    let digest = "0".repeat(64);
    let thumbprint = scene.member.thumbprint();
    let last = scene.server.size().0 - 1;
    for (method, path) in [
        (Method::GET, "/api/v1/submissions".to_owned()),
        (Method::GET, format!("/api/v1/submissions/{id}")),
        (Method::GET, format!("/api/v1/submissions/{id}/custody")),
        (Method::PUT, format!("/api/v1/submissions/{id}/payloads/{digest}")),
        (Method::PUT, format!("/api/v1/submissions/{id}/manifests/{digest}")),
        (Method::POST, format!("/api/v1/submissions/{id}/files")),
        (Method::POST, format!("/api/v1/submissions/{id}/files/missing")),
        (Method::GET, format!("/api/v1/submissions/{id}/files/{digest}")),
        (Method::PUT, format!("/api/v1/submissions/{id}/files/{digest}")),
        (Method::PATCH, format!("/api/v1/submissions/{id}/files/{digest}")),
        (Method::POST, "/api/v1/invitations".to_owned()),
        (Method::GET, "/api/v1/invitations".to_owned()),
        (Method::DELETE, format!("/api/v1/invitations/{digest}")),
        (Method::POST, format!("/api/v1/keys/{thumbprint}/revocation")),
        (Method::GET, format!("/api/v1/entries/{last}")),
        (Method::GET, format!("/api/v1/entries/{last}/statement")),
        (Method::GET, format!("/api/v1/entries/{last}/payload")),
        (Method::GET, "/tile/entries/000.p/4".to_owned()),
    ] {
        println!("{method} {path}");
        let call = crate::support::Call::new(&scene.server, method, path);
        let call = call.header("content-type", "application/cbor-seq");
        refused(call.send().await);
    }
}
