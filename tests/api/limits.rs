//! Limits, routes that do not exist, and what is there for whoever runs the service.

use reqwest::Method;
use serde_json::json;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use crate::support::{Call, Member, Refusal, Server};

const TOO_LARGE: Refusal = (413, "too-large", "Too large");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const METHOD: Refusal = (405, "method-not-allowed", "Method not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");

#[tokio::test]
async fn bodies_have_at_most_a_mebibyte() {
    let server = Server::start().await;
    let program = "x".repeat(1 << 20);
    let body = json!({ "roles": ["admin"], "program": program });
    let call = server.post("/api/v1/invitations").json(&body).by(&server.admin);
    call.send().await.refused(TOO_LARGE);
    let body = json!({ "code": program, "public_key": Member::new().public_base64() });
    server.post("/api/v1/keys").json(&body).send().await.refused(TOO_LARGE);
    // Just below the limit it is read, and found wanting.
    let body = json!({ "roles": ["admin"], "program": "x".repeat((1 << 20) - 100) });
    let call = server.post("/api/v1/invitations").json(&body).by(&server.admin);
    call.send().await.refused(MALFORMED);
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let server = Server::start().await;
    for path in ["/api", "/api/v1/", "/api/v2/log", "/checkpoint/x"] {
        server.get(path).send().await.refused(NOT_FOUND);
    }
    let answer = server.get("/entries").send().await;
    assert!(answer.header("allow").contains("POST"));
    answer.refused_concisely(METHOD.0, METHOD.2);
    for (method, path, allowed) in [
        (Method::POST, "/checkpoint", "GET"),
        (Method::DELETE, "/api/v1/log", "GET"),
        (Method::PUT, "/api/v1/invitations", "POST"),
        (Method::PUT, "/tile/0/000", "GET"),
        (Method::POST, "/health", "GET"),
        (Method::from_bytes(b"BREW").unwrap(), "/api/v1/keys", "GET"),
    ] {
        let answer = Call::new(&server, method, path).send().await;
        assert!(answer.header("allow").contains(allowed), "{path}");
        answer.refused(METHOD);
    }
    let head = Call::new(&server, Method::HEAD, "/checkpoint").send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    // Percent-encoded bytes that are no text.
    server.get("/api/v1/keys/%ff").send().await.refused(MALFORMED);
    server.get("/entries/%ff").send().await.refused_concisely(400, "Malformed request");
}

#[tokio::test]
async fn every_answer_has_the_request_id() {
    let server = Server::start().await;
    for path in ["/health", "/nowhere", "/api/v1/submissions", "/entries/999"] {
        let answer = server.get(path).header("x-request-id", "trace-7").send().await;
        assert_eq!(answer.header("x-request-id"), "trace-7", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let first = server.get(path).send().await.header("x-request-id").to_owned();
        let second = server.get(path).send().await.header("x-request-id").to_owned();
        assert_eq!(first.len(), 36, "{path}");
        assert_ne!(first, second, "{path}");
    }
}

#[tokio::test]
async fn health_tells_the_size_of_the_log() {
    let server = Server::start().await;
    let answer = server.get("/health").send().await.status(200).json();
    assert_eq!(answer, json!({ "status": "ok", "entries": server.size().0 }));
}

/// Anybody may ask, so what went wrong, and where, is for the operator's log.
#[tokio::test]
async fn health_says_in_fixed_words_what_is_wrong() {
    let server = Server::start().await;
    let database = server.directory.path().join("data/ledger.db");
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await.unwrap();
    let renamed = sqlx::raw_sql("ALTER TABLE head RENAME TO elsewhere");
    renamed.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let answer = server.get("/health").send().await.status(503).json();
    let expected = json!({
        "status": "stopped", "entries": server.size().0, "reason": "the database does not answer",
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn metrics_count_by_route_and_name_nobody() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let id = server.submission(&member).await;
    server.get(format!("/api/v1/submissions/{id}")).by(&member).send().await.status(200);
    server.get(format!("/somewhere/{id}")).send().await.status(404);
    let method = Method::from_bytes(b"BREW7").unwrap();
    Call::new(&server, method, "/api/v1/log").send().await.status(405);
    let answer = server.get("/metrics").send().await.status(200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        r#"attestry_requests_total{route="/api/v1/submissions/{id}",method="GET",status="200"}"#,
        r#"attestry_requests_total{route="none",method="GET",status="404"}"#,
        r#"attestry_requests_total{route="/api/v1/log",method="other",status="405"}"#,
        r#"attestry_request_seconds_count{route="/api/v1/statements"}"#,
        "attestry_batch_entries_count",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for secret in
        [id.to_string(), member.thumbprint().to_string(), "somewhere".into(), "BREW7".into()]
    {
        assert!(!text.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn a_stream_without_end_does_not_fill_the_memory() {
    let server = Server::start().await;
    let chunks =
        futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 64 << 10]));
    let body = reqwest::Body::wrap_stream(chunks);
    let request = server.http.post(format!("{}/api/v1/keys", server.url)).body(body);
    // The service answers and closes; a sender that is still busy may see only the closing.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 413);
    }
    server.get("/health").send().await.status(200);
}
