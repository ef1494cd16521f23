//! The protocol, against a real provider.

use reqwest::Url;
use serde_json::{Value, json};

use super::{
    NOT_FOUND, REFUSED, UNAVAILABLE,
    driver::{Driver, parameter},
    provider::RealProvider,
    settings,
};
use crate::support::{Refusal, Server};

const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");

async fn scene() -> (RealProvider, Server) {
    let provider = provider().await;
    let settings = settings(&provider.issuer, "attestry-RS256", Some(&provider.secret));
    (provider, Server::with_oidc(settings).await)
}

async fn provider() -> RealProvider {
    let provider = RealProvider::start().await;
    provider.accounts(&json!({ "alice": { "groups": ["reviewers", "chess"] } })).await;
    provider
}

fn login(server: &Server) -> String {
    format!("{}/api/v1/oidc/login", server.url)
}

#[track_caller]
fn invited(answer: &Value) -> &Value {
    assert!(answer.get("signed_in").is_none(), "{answer}");
    assert!(answer["invitation"]["code"].is_string(), "{answer}");
    &answer["invitation"]
}

#[tokio::test]
async fn somebody_is_sent_there_with_everything_that_protects_them() {
    let (provider, server) = scene().await;
    let mut driver = Driver::new();
    let answer = driver.get(&login(&server)).await.status(303);
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-attestry-login="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
    let url = Url::parse(answer.header("location")).unwrap();
    assert!(url.as_str().starts_with(&provider.issuer), "{url}");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "attestry-RS256"),
        ("code_challenge_method", "S256"),
        ("scope", "openid email profile groups"),
        ("redirect_uri", &format!("{}/api/v1/oidc/callback", server.url)),
    ] {
        assert_eq!(parameter(&url, name), value, "{name}");
    }
    let secrets = ["state", "nonce", "code_challenge"].map(|name| parameter(&url, name));
    assert!(secrets.iter().all(|secret| secret.len() == 43), "{secrets:?}");
    let again = driver.begin(&login(&server)).await;
    for (name, secret) in ["state", "nonce", "code_challenge"].into_iter().zip(secrets) {
        assert_ne!(parameter(&again, name), secret, "{name}");
    }
}

#[tokio::test]
async fn every_algorithm_and_a_client_without_secret_work() {
    let provider = provider().await;
    for client in ["attestry-RS256", "attestry-ES256", "attestry-EdDSA", "attestry-public"] {
        println!("{client}");
        let secret = (client != "attestry-public").then_some(provider.secret.as_str());
        let server = Server::with_oidc(settings(&provider.issuer, client, secret)).await;
        let answer = Driver::new().sign_in(&login(&server), "alice").await.status(200);
        assert_eq!(invited(&answer.json())["roles"], json!(["reviewer"]));
    }
}

#[tokio::test]
async fn a_sign_in_comes_back_once_to_the_browser_that_began_it() {
    let (_provider, server) = scene().await;
    let mut driver = Driver::new();
    let start = driver.begin(&login(&server)).await;
    let back = driver.at_provider(start, "alice").await;
    // Another browser, with no sign-in or with one of its own, cannot use it, nor use it up.
    let mut other = Driver::new();
    other.get(back.as_str()).await.refused(REFUSED);
    other.begin(&login(&server)).await;
    other.get(back.as_str()).await.refused(REFUSED);
    let mut stateless = back.clone();
    stateless.set_query(Some(&format!("code={}&state=x", parameter(&back, "code"))));
    driver.get(stateless.as_str()).await.refused(REFUSED);
    stateless.set_query(Some("code=x"));
    driver.get(stateless.as_str()).await.refused(MALFORMED);
    let answer = driver.get(back.as_str()).await.status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    invited(&answer.json());
    assert_eq!(driver.cookie(&server.url, "__Host-attestry-login"), None);
    driver.get(back.as_str()).await.refused(REFUSED);
}

#[tokio::test]
async fn a_code_of_another_sign_in_does_not_fit() {
    let (_provider, server) = scene().await;
    let (mut driver, mut other) = (Driver::new(), Driver::new());
    let start = driver.begin(&login(&server)).await;
    let back = driver.at_provider(start, "alice").await;
    let start = other.begin(&login(&server)).await;
    let theirs = other.at_provider(start, "alice").await;
    // The state is one's own and the code somebody else's: PKCE makes the provider refuse it.
    let mut mixed = back.clone();
    mixed.query_pairs_mut().clear().extend_pairs([
        ("code", parameter(&theirs, "code")),
        ("state", parameter(&back, "state")),
        ("iss", parameter(&back, "iss")),
    ]);
    let problem = driver.get(mixed.as_str()).await.refused(REFUSED);
    assert!(problem["detail"].as_str().unwrap().contains("invalid_grant"), "{problem}");
}

#[tokio::test]
async fn an_answer_names_its_issuer() {
    let (_provider, server) = scene().await;
    for issuer in [None, Some("https://other.example")] {
        let mut driver = Driver::new();
        let start = driver.begin(&login(&server)).await;
        let mut back = driver.at_provider(start, "alice").await;
        let pairs: Vec<_> =
            back.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        back.query_pairs_mut().clear().extend_pairs(pairs);
        if let Some(issuer) = issuer {
            back.query_pairs_mut().append_pair("iss", issuer);
        }
        let problem = driver.get(back.as_str()).await.refused(REFUSED);
        assert!(problem["detail"].as_str().unwrap().contains("the answer is by"), "{problem}");
    }
}

#[tokio::test]
async fn whom_the_provider_refuses_is_refused() {
    let (_provider, server) = scene().await;
    let answer = Driver::new().sign_in(&login(&server), "nobody").await;
    let problem = answer.refused(REFUSED);
    assert!(problem["detail"].as_str().unwrap().contains("did not let you in"), "{problem}");
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched() {
    let (provider, server) = scene().await;
    invited(&Driver::new().sign_in(&login(&server), "alice").await.status(200).json());
    invited(&Driver::new().sign_in(&login(&server), "alice").await.status(200).json());
    assert_eq!(provider.requests("/jwks").await, 1, "what is known is not asked for again");
    provider.rotate().await;
    invited(&Driver::new().sign_in(&login(&server), "alice").await.status(200).json());
    assert_eq!(provider.requests("/jwks").await, 2);
    assert_eq!(provider.requests("/.well-known/openid-configuration").await, 1);
}

#[tokio::test]
async fn without_the_provider_nobody_signs_in_through_it() {
    let (provider, server) = scene().await;
    let mut driver = Driver::new();
    let start = driver.begin(&login(&server)).await;
    let back = driver.at_provider(start, "alice").await;
    let issuer = provider.issuer.clone();
    provider.stop().await;
    let answer = driver.get(back.as_str()).await;
    assert_eq!(answer.header("retry-after"), "1");
    answer.refused(UNAVAILABLE);
    // A service that never reached it starts all the same, and says so when asked.
    let server = Server::with_oidc(settings(&issuer, "attestry-RS256", None)).await;
    let answer = driver.get(&login(&server)).await;
    assert_eq!(driver.cookie(&server.url, "__Host-attestry"), None);
    answer.refused(UNAVAILABLE);
    let member = server.contractor().await;
    crate::sessions::sign_in(&server, &member).await;
}

#[tokio::test]
async fn a_service_without_provider_has_none() {
    let server = Server::start().await;
    let mut driver = Driver::new();
    driver.get(&login(&server)).await.refused(NOT_FOUND);
    driver.get(&format!("{}/api/v1/oidc/callback", server.url)).await.refused(NOT_FOUND);
}

#[tokio::test]
async fn a_browser_is_shown_a_page() {
    let (_provider, server) = scene().await;
    let mut driver = Driver::new();
    driver.accept = "text/html,*/*;q=0.8";
    let start = driver.begin(&login(&server)).await;
    let back = driver.at_provider(start, "alice").await;
    let answer = driver.get(back.as_str()).await.status(200);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    let page = String::from_utf8(answer.body).unwrap();
    assert!(page.contains(&format!("{}/enroll#", server.url)), "{page}");
}
