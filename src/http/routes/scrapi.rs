//! SCRAPI (draft-ietf-scitt-scrapi): registration and receipts, in CBOR. An entry's id is its
//! position.

use attestry_proof::{
    cose::key::{encode_key_set, encode_key_with_id},
    key::Thumbprint,
    size::LeafIndex,
};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::{
    App, AppState,
    open::ReadsLog,
    problem::{ConciseProblem, Problem},
};

pub(super) const COSE: &str = "application/cose";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(resolve_receipt))
        .routes(routes!(keys))
        .routes(routes!(key))
}

/// Register a signed statement; its signature is the authentication.
///
/// The payload travels in the unprotected header under `attestry-payload`, or was staged before.
/// The answer is the receipt, at once. The same statement again gets a receipt again.
#[utoipa::path(
    post, path = "/entries", operation_id = "register_signed_statement", tag = "SCRAPI",
    request_body(content = Vec<u8>, content_type = "application/cose"),
    responses(
        (status = 201, body = Vec<u8>, description = "Registered; this is the receipt", content_type = "application/cose"),
        (status = 400, description = "Malformed statement, wrong audience, stale time, payload missing"),
        (status = 403, description = "Key not enrolled or revoked, signature invalid, not allowed"),
    )
)]
async fn register(
    State(app): App,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ConciseProblem> {
    require_content_type(&headers, COSE)?;
    let logged = app.service.register(&body).await?;
    let location = format!("{}/entries/{}", app.base_url, logged.index);
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/entries"));
    let headers =
        [(header::LOCATION, location), (header::CONTENT_TYPE, HeaderValue::from_static(COSE))];
    Ok((StatusCode::CREATED, headers, logged.receipt).into_response())
}

/// A fresh receipt for an entry.
#[utoipa::path(
    get, path = "/entries/{id}", tag = "SCRAPI",
    params(("id" = String, Path, description = "Position of the entry")),
    responses(
        (status = 200, body = Vec<u8>, description = "The receipt", content_type = "application/cose"),
        (status = 404, description = "No such entry"),
    )
)]
async fn resolve_receipt(
    State(app): App,
    _: ReadsLog,
    Path(id): Path<String>,
) -> Result<Response, ConciseProblem> {
    let index = entry_id(&id)?;
    let receipt =
        app.service.log().receipt(index).await.map_err(crate::service::ServiceError::from)?;
    let location = HeaderValue::from_str(&format!("{}/entries/{index}", app.base_url));
    let location = location.unwrap_or(HeaderValue::from_static("/entries"));
    let headers =
        [(header::LOCATION, location), (header::CONTENT_TYPE, HeaderValue::from_static(COSE))];
    Ok((headers, receipt).into_response())
}

/// The keys that receipts verify under, as a COSE key set.
#[utoipa::path(
    get, path = "/.well-known/scitt-keys", tag = "SCRAPI",
    responses((status = 200, body = Vec<u8>, description = "COSE key set", content_type = "application/cbor"))
)]
async fn keys(State(app): App, _: ReadsLog) -> Response {
    let key = app.service.log().signers().receipt.public_key();
    cbor(encode_key_set(&[key]))
}

/// One key by its thumbprint in base64url.
#[utoipa::path(
    get, path = "/.well-known/scitt-keys/{kid}", tag = "SCRAPI",
    params(("kid" = String, Path, description = "COSE key thumbprint, base64url")),
    responses(
        (status = 200, body = Vec<u8>, description = "COSE key", content_type = "application/cbor"),
        (status = 404, description = "No such key"),
    )
)]
async fn key(
    State(app): App,
    _: ReadsLog,
    Path(kid): Path<String>,
) -> Result<Response, ConciseProblem> {
    let key = app.service.log().signers().receipt.public_key();
    if Thumbprint::from_base64url(&kid) == Some(key.thumbprint()) {
        return Ok(cbor(encode_key_with_id(&key)));
    }
    let detail = "no key could be found for this kid value";
    Err(ConciseProblem(Problem::new(StatusCode::NOT_FOUND, "not-found", "No such key", detail)))
}

fn cbor(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/cbor"))], bytes).into_response()
}

pub(super) fn entry_id(id: &str) -> Result<LeafIndex, Problem> {
    let canonical = |index: &u64| index.to_string() == id;
    let index = id.parse().ok().filter(canonical);
    index
        .map(LeafIndex)
        .ok_or_else(|| Problem::not_found(format!("{id:?} is not the position of an entry")))
}

pub(super) fn require_content_type(headers: &HeaderMap, required: &str) -> Result<(), Problem> {
    let found =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(required) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content-type",
        "Unsupported content type",
        format!("send Content-Type: {required}"),
    ))
}
