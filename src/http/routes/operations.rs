//! Health and metrics, for whoever runs the service.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    export::verifier,
    http::{
        App, AppState,
        open::{Probes, ReadsLog},
    },
};

const LOG_STOPPED: &str = "the log has stopped";
const DATABASE_SILENT: &str = "the database does not answer";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(metrics))
        .route("/", routing::get(front_page))
        .route("/enroll", routing::get(enrolment_page))
        .route("/verify.html", routing::get(verifier_page))
}

/// What is here, for somebody who opens the address in a browser.
async fn front_page(State(app): App, _: Probes) -> String {
    let log = app.service.log();
    format!(
        "Attestry: a compliance and provenance ledger for contributed work.\n\n\
         log          {}\nentries      {}\ncheckpoint   {url}/checkpoint\nAPI          {url}/docs\n\n\
         Trust this log, after comparing its fingerprint:  attestry trust {url} --out log.policy\n",
        log.origin(),
        log.head().size,
        url = app.base_url,
    )
}

/// What to do with an invitation, for somebody who opens the link in a browser. The code is in the
/// fragment, which a browser does not send.
async fn enrolment_page(State(app): App, _: Probes) -> String {
    format!(
        "You were invited to enrol a key with {}.\n\n\
         1. Make a key, and keep the file safe:   attestry key new --out me.pem\n\
         2. Enrol it with the link you were sent: attestry enroll 'THE WHOLE LINK' --key me.pem\n",
        app.service.log().origin()
    )
}

/// The page that checks packs, for whoever wants it from somewhere else than a pack.
async fn verifier_page(_: ReadsLog) -> impl IntoResponse {
    let policy = format!("{}; frame-ancestors 'none'", verifier::content_policy());
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (headers, verifier::page())
}

/// How the service is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, or `stopped` when nothing more is accepted.
    status: &'static str,
    /// Entries in the log.
    entries: u64,
    /// What is not ok; the operator's log says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Whether the log accepts entries and the database answers.
#[utoipa::path(
    get, path = "/health", tag = "Operations",
    responses(
        (status = 200, body = Health, description = "It does"),
        (status = 503, body = Health, description = "It does not, and which of the two"),
    )
)]
async fn health(State(app): App, _: Probes) -> Response {
    let entries = app.service.log().head().size.0;
    // Anybody may ask, so the words are fixed.
    let reason = match app.service.log().stopped() {
        Some(reason) => {
            tracing::warn!(%reason, "asked for its health, the log has stopped");
            Some(LOG_STOPPED)
        }
        None => app.service.ledger().ping().await.err().map(|error| {
            tracing::error!(%error, "asked for its health, the database does not answer");
            DATABASE_SILENT
        }),
    };
    let ok = reason.is_none();
    let health = Health { status: if ok { "ok" } else { "stopped" }, entries, reason };
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

/// Counts and durations in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", tag = "Operations",
    responses(
        (status = 200, body = String, content_type = "text/plain", description = "The metrics"),
    )
)]
async fn metrics(State(app): App, _: Probes) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
