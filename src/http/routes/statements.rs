//! Registering statements, one or many, with JSON answers.

use attestry_proof::cose::statement::split_statements;
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::scrapi::COSE;
use crate::{
    http::{App, AppState, problem::Problem},
    log::Logged,
};

/// Most statements in one request.
pub const BULK_STATEMENTS_MAX: usize = 256;
/// Largest body of a bulk request.
pub const BULK_BYTES_MAX: usize = 16 << 20;
const COSE_SEQUENCE: &str = "application/cose-seq";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .layer(axum::extract::DefaultBodyLimit::max(BULK_BYTES_MAX))
}

/// A statement's place in the log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// Position.
    pub index: u64,
    /// COSE receipt, base64.
    pub receipt: String,
    /// Whether this request appended it; `false` if it was logged before.
    pub appended: bool,
}

impl Registered {
    /// The JSON form.
    #[must_use]
    pub fn new(logged: &Logged) -> Self {
        let receipt = STANDARD.encode(&logged.receipt);
        Self { index: logged.index.0, receipt, appended: logged.appended }
    }
}

/// What became of one statement of many.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkResult {
    /// It is logged.
    Registered(Registered),
    /// It was refused; the others are not affected.
    #[schema(value_type = Problem)]
    Refused(serde_json::Value),
}

/// Register statements, each authenticated by its own signature.
///
/// `application/cose`: one statement, answered with its place. `application/cose-seq`: up to 256
/// statements one after the other (RFC 8742), answered with one result each, in order; a refused
/// one does not affect the others.
#[utoipa::path(
    post, path = "/api/v1/statements", operation_id = "register_statements", tag = "Statements",
    request_body(content = Vec<u8>, content_type = "application/cose"),
    responses(
        (status = 201, body = Registered, description = "One statement: registered"),
        (status = 200, body = Vec<BulkResult>, description = "Many statements: one result each"),
        (status = 400, body = Problem, description = "Malformed, for another log, stale, or without payload"),
        (status = 403, body = Problem, description = "Signature invalid, key not enrolled or revoked, or not allowed"),
        (status = 409, body = Problem, description = "Submission withdrawn, or files of the manifest not stored"),
        (status = 413, body = Problem, description = "Too large"),
        (status = 422, body = Problem, description = "Payload or clauses not acceptable"),
    )
)]
async fn register(State(app): App, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next().unwrap_or_default().trim() {
        COSE => {
            let logged = app.service.register(&body).await?;
            Ok((StatusCode::CREATED, Json(Registered::new(&logged))).into_response())
        }
        COSE_SEQUENCE => Ok(Json(register_all(&app, &body).await?).into_response()),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type",
            "Unsupported content type",
            format!("send Content-Type: {COSE} or {COSE_SEQUENCE}"),
        )),
    }
}

async fn register_all(app: &AppState, body: &[u8]) -> Result<Vec<BulkResult>, Problem> {
    let statements = split_statements(body, BULK_STATEMENTS_MAX)
        .map_err(|error| Problem::malformed(error.to_string()))?;
    // Owned copies: each registration is its own task, so that signatures are verified on every
    // core.
    let mut tasks = Vec::with_capacity(statements.len());
    for statement in statements {
        let (service, statement) = (std::sync::Arc::clone(&app.service), statement.to_vec());
        tasks.push(tokio::spawn(async move { service.register(&statement).await }));
    }
    let results = stream::iter(tasks).buffered(BULK_STATEMENTS_MAX).map(|joined| match joined {
        Ok(Ok(logged)) => BulkResult::Registered(Registered::new(&logged)),
        Ok(Err(error)) => refused(error.into()),
        Err(_) => refused(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Service failure",
            "the service failed on this statement",
        )),
    });
    Ok(results.collect().await)
}

fn refused(problem: Problem) -> BulkResult {
    BulkResult::Refused(serde_json::to_value(problem).unwrap_or_default())
}

/// Reads a JSON body into a request type.
pub(super) fn json_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::malformed(format!("the body is not as described: {error}")))
}
