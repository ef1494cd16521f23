//! ID tokens that must not be believed, and providers that must not be asked.

use std::sync::Arc;

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{
    REFUSED, UNAVAILABLE,
    driver::{Driver, parameter},
    issuer::{CLIENT, Issuer, RsaKey, by_hand, public_forms},
    settings,
};
use crate::support::{Answer, Server};

const SECRET: &str = "a secret of client and provider";

struct Scene {
    issuer: Arc<Issuer>,
    server: Server,
}

impl Scene {
    async fn new() -> Self {
        let issuer = Issuer::start().await;
        let server = Server::with_oidc(settings(&issuer.url, CLIENT, Some(SECRET))).await;
        Self { issuer, server }
    }

    fn login(&self) -> String {
        format!("{}/api/v1/oidc/login", self.server.url)
    }

    /// Signs in; the provider's token endpoint gives what `token` makes of good claims.
    async fn sign_in(&self, token: impl FnOnce(Value) -> String) -> Answer {
        let mut driver = Driver::new();
        let start = driver.begin(&self.login()).await;
        self.issuer.give(&token(self.issuer.claims(&parameter(&start, "nonce"))));
        self.back(&mut driver, &parameter(&start, "state")).await
    }

    async fn back(&self, driver: &mut Driver, state: &str) -> Answer {
        let back = format!("{}/api/v1/oidc/callback?code=any&state={state}", self.server.url);
        let answer = driver.get(&back).await;
        assert_eq!(driver.cookie(&self.server.url, "__Host-attestry"), None);
        answer
    }

    async fn accepts(&self, token: impl FnOnce(Value) -> String) {
        let answer = self.sign_in(token).await.status(200).json();
        assert!(answer["invitation"]["code"].is_string(), "{answer}");
    }

    async fn refuses(&self, what: &str, says: &str, token: impl FnOnce(Value) -> String) {
        println!("{what}");
        let problem = self.sign_in(token).await.refused(REFUSED);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{what}: {detail}");
    }
}

fn with(mut claims: Value, name: &str, value: Value) -> String {
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    RsaKey::first().signed(&claims)
}

#[tokio::test]
async fn claims_that_are_not_for_this_sign_in_are_refused() {
    let scene = Scene::new().await;
    scene.accepts(|claims| RsaKey::first().signed(&claims)).await;
    let now = scene.server.now();
    let url = &scene.issuer.url;
    for (what, says, name, value) in [
        ("another issuer", "Invalid issuer", "iss", json!("https://other.example")),
        ("nearly this issuer", "Invalid issuer", "iss", json!(format!("{url}/"))),
        ("another audience", "Invalid audiences", "aud", json!("another-client")),
        ("nobody", "Invalid audiences", "aud", json!([])),
        ("this and another audience", "not a trusted", "aud", json!([CLIENT, "another-client"])),
        ("another party", "made for", "azp", json!("another-client")),
        ("another nonce", "Invalid nonce", "nonce", json!("bm9uY2U")),
        ("no nonce", "Invalid nonce", "nonce", Value::Null),
        ("expired", "Expired", "exp", json!(now - 1)),
        ("expired long ago", "Expired", "exp", json!(now - 86_400)),
        ("issued long ago", "issued at", "iat", json!(now - 700)),
        ("issued in the future", "issued at", "iat", json!(now + 120)),
    ] {
        scene.refuses(what, says, |claims| with(claims, name, value)).await;
    }
    // What cannot be read at all is the provider's fault.
    for name in ["iss", "aud", "exp", "iat", "sub"] {
        println!("no {name}");
        let answer = scene.sign_in(|claims| with(claims, name, Value::Null)).await;
        assert!([403, 503].contains(&answer.status.as_u16()), "{answer:?}");
    }
    scene.accepts(|claims| with(claims, "aud", json!([CLIENT]))).await;
    scene.accepts(|claims| with(claims, "azp", json!(CLIENT))).await;
}

#[tokio::test]
async fn signatures_of_another_kind_are_refused() {
    let scene = Scene::new().await;
    let key = RsaKey::first();
    scene.accepts(|claims| key.signed(&claims)).await;
    // The provider advertises HS256 and none: not even then.
    for secret in public_forms(key).iter().map(Vec::as_slice).chain([SECRET.as_bytes(), b""]) {
        scene
            .refuses("HS256", "ignature", |claims| {
                let header = Header { kid: Some(key.kid.into()), ..Header::new(Algorithm::HS256) };
                jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
            })
            .await;
    }
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "none", "kid": key.kid, "typ": "JWT" }),
        json!({ "alg": "RS256", "kid": key.kid }),
        json!({ "alg": "EdDSA", "kid": key.kid }),
        json!({ "alg": "ES256", "kid": key.kid }),
    ] {
        scene
            .refuses(&header.to_string(), "ignature", |claims| by_hand(&header, &claims, b""))
            .await;
    }
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let what = format!("{algorithm:?}");
        scene
            .refuses(&what, "ignature", |claims| key.sign(algorithm, Some(key.kid), &claims))
            .await;
    }
}

#[tokio::test]
async fn signatures_of_other_keys_are_refused() {
    let scene = Scene::new().await;
    let (first, second) = (RsaKey::first(), RsaKey::second());
    scene.accepts(|claims| first.signed(&claims)).await;
    scene
        .refuses("another key under this name", "ignature", |claims| {
            second.sign(Algorithm::RS256, Some(first.kid), &claims)
        })
        .await;
    scene
        .refuses("another key without name", "ignature", |claims| {
            second.sign(Algorithm::RS256, None, &claims)
        })
        .await;
    scene
        .refuses("changed claims", "ignature", |claims| {
            let token = first.signed(&claims);
            let signature = token.rsplit_once('.').unwrap().1;
            let changed = by_hand(
                &json!({ "alg": "RS256", "kid": first.kid }),
                &json!({ "iss": claims["iss"], "aud": CLIENT, "sub": "boss", "nonce": claims["nonce"],
                         "iat": claims["iat"], "exp": claims["exp"], "groups": ["legal-team"] }),
                b"",
            );
            format!("{}{signature}", changed)
        })
        .await;
    // A key that travels with the token is not asked.
    scene
        .refuses("a key in the header", "ignature", |claims| {
            let header = json!({ "alg": "RS256", "kid": "mine", "jwk": second.jwk() });
            let token = by_hand(&header, &claims, b"");
            let signed = second.sign(Algorithm::RS256, Some("mine"), &claims);
            format!("{token}{}", signed.rsplit_once('.').unwrap().1)
        })
        .await;
}

#[tokio::test]
async fn keys_come_and_go() {
    let scene = Scene::new().await;
    let (first, second) = (RsaKey::first(), RsaKey::second());
    scene.accepts(|claims| first.signed(&claims)).await;
    assert_eq!(scene.issuer.fetched_keys(), 1);
    scene.issuer.keys(&[second.jwk()]);
    scene.accepts(|claims| second.signed(&claims)).await;
    assert_eq!(scene.issuer.fetched_keys(), 2);
    scene.refuses("a removed key", "ignature", |claims| first.signed(&claims)).await;
    scene.accepts(|claims| second.signed(&claims)).await;
}

#[tokio::test]
async fn keys_that_do_not_exist_are_asked_for_only_so_often() {
    let scene = Scene::new().await;
    for number in 0..8 {
        let kid = format!("made-up-{number}");
        scene
            .refuses(&kid, "ignature", |claims| {
                RsaKey::second().sign(Algorithm::RS256, Some(&kid), &claims)
            })
            .await;
    }
    assert_eq!(scene.issuer.fetched_keys(), 1 + 4);
    scene.accepts(|claims| RsaKey::first().signed(&claims)).await;
}

#[tokio::test]
async fn answers_without_a_token_are_refused() {
    let scene = Scene::new().await;
    for (status, answer, refusal) in [
        (StatusCode::OK, json!({ "access_token": "a", "token_type": "Bearer" }), REFUSED),
        (StatusCode::BAD_REQUEST, json!({ "error": "invalid_grant" }), REFUSED),
        (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_client" }), REFUSED),
        (StatusCode::OK, json!({}), UNAVAILABLE),
        (
            StatusCode::OK,
            json!({ "access_token": "a", "token_type": "Bearer", "id_token": "a.b.c" }),
            UNAVAILABLE,
        ),
        (StatusCode::INTERNAL_SERVER_ERROR, json!("down"), UNAVAILABLE),
        (StatusCode::OK, json!({ "filler": "x".repeat(2 << 20) }), UNAVAILABLE),
    ] {
        println!("{status} {}", &answer.to_string().chars().take(80).collect::<String>());
        let mut driver = Driver::new();
        let start = driver.begin(&scene.login()).await;
        scene.issuer.answer(status, answer);
        scene.back(&mut driver, &parameter(&start, "state")).await.refused(refusal);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_trusted_is_not_used() {
    for (member, value) in [
        ("issuer", json!("https://other.example")),
        ("issuer", Value::Null),
        ("authorization_endpoint", json!("http://192.0.2.1/authorize")),
        ("token_endpoint", json!("http://192.0.2.1/token")),
        ("token_endpoint", Value::Null),
        ("jwks_uri", json!("http://192.0.2.1/jwks")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("id_token_signing_alg_values_supported", json!(["HS256"])),
        ("id_token_signing_alg_values_supported", json!(["none"])),
        ("id_token_signing_alg_values_supported", json!([])),
    ] {
        println!("{member} {value}");
        let scene = Scene::new().await;
        scene.issuer.say(member, value);
        let mut driver = Driver::new();
        let answer = driver.get(&scene.login()).await;
        assert_eq!(driver.cookie(&scene.server.url, "__Host-attestry-login"), None);
        let problem = answer.refused(UNAVAILABLE);
        // The cause is for the operator.
        assert!(!problem["detail"].as_str().unwrap().contains("192.0.2.1"), "{problem}");
    }
}
