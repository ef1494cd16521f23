//! Health and metrics, for whoever runs the service.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::{App, AppState};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(metrics))
}

/// How the service is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, or `stopped` when nothing more is accepted.
    status: &'static str,
    /// Entries in the log.
    entries: u64,
    /// Why it is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Whether the log accepts entries and the database answers.
#[utoipa::path(
    get, path = "/health", tag = "Operations",
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
async fn health(State(app): App) -> Response {
    let entries = app.service.log().head().size.0;
    let reason = match app.service.log().stopped() {
        Some(stopped) => Some(stopped.to_string()),
        None => app.service.ledger().ping().await.err().map(|error| error.to_string()),
    };
    let ok = reason.is_none();
    let health = Health { status: if ok { "ok" } else { "stopped" }, entries, reason };
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

/// Counts and durations in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", tag = "Operations",
    responses((status = 200, content_type = "text/plain"))
)]
async fn metrics(State(app): App) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
