//! The log itself: who it is, how large it is, and proofs between its sizes.

use attestry_proof::{hash::Hash, size::TreeSize};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    http::{App, AppState, EntriesAccess, open::ReadsLog, problem::Problem},
    service::ServiceError,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(about))
        .routes(routes!(consistency))
        .routes(routes!(published_payload))
        .routes(routes!(clause_text))
}

/// A log and its keys. Keys fetched from a log are not trusted by that: compare the fingerprint.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// Origin of its checkpoints, audience of its statements.
    pub origin: String,
    /// Key of its checkpoints, as a C2SP vkey.
    pub note_vkey: String,
    /// Thumbprint of the key of its receipts.
    pub receipt_key: String,
    /// Thumbprint of the key of its own statements.
    pub service_key: String,
    /// Entries acknowledged.
    pub size: u64,
    /// Root over them, hex.
    pub root: String,
    /// Whether anybody may read entry bundles.
    pub entries_public: bool,
    /// Clause sets in force.
    pub clause_sets: Vec<ClauseSetInfo>,
}

/// A clause set in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ClauseSetInfo {
    /// Identifier.
    pub set: String,
    /// Version.
    pub version: String,
    /// Language of the text.
    pub locale: String,
    /// SHA-256 of the text, hex.
    pub sha256: String,
    /// Identifiers of its clauses.
    pub clauses: Vec<String>,
}

/// The log's name, keys, size and clause sets.
#[utoipa::path(
    get, path = "/api/v1/log", tag = "Log",
    responses((status = 200, body = About, description = "The log as it is now"))
)]
async fn about(State(app): App, _: ReadsLog) -> Json<About> {
    let (log, policies) = (app.service.log(), app.service.policies());
    let head = log.head();
    let clause_sets = policies.clauses().texts().iter().map(|text| ClauseSetInfo {
        set: text.set().to_owned(),
        version: text.version().to_owned(),
        locale: text.locale().to_owned(),
        sha256: Hash(*text.sha256()).to_hex(),
        clauses: text.clauses().to_vec(),
    });
    Json(About {
        origin: log.origin().to_owned(),
        note_vkey: log.verifier_key().to_string(),
        receipt_key: log.signers().receipt.public_key().thumbprint().to_string(),
        service_key: log.signers().service.public_key().thumbprint().to_string(),
        size: head.size.0,
        root: head.root.to_hex(),
        entries_public: app.entries == EntriesAccess::Public,
        clause_sets: clause_sets.collect(),
    })
}

#[derive(Deserialize, IntoParams)]
struct Sizes {
    /// Smaller tree size.
    from: u64,
    /// Larger tree size.
    to: u64,
}

/// A proof that one tree is a continuation of another.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Consistency {
    /// Smaller tree size.
    pub from: u64,
    /// Larger tree size.
    pub to: u64,
    /// Hashes in hex (RFC 9162 §2.1.4.1).
    pub path: Vec<String>,
}

/// Proof that the tree of size `to` continues the tree of size `from`.
#[utoipa::path(
    get, path = "/api/v1/consistency", tag = "Log", params(Sizes),
    responses(
        (status = 200, body = Consistency, description = "The proof"),
        (status = 404, body = Problem, description = "The log was never of these sizes"),
    )
)]
async fn consistency(
    State(app): App,
    _: ReadsLog,
    Query(sizes): Query<Sizes>,
) -> Result<Json<Consistency>, Problem> {
    let path = app.service.log().consistency(TreeSize(sizes.from), TreeSize(sizes.to)).await;
    let path = path.map_err(ServiceError::from)?.into_iter().map(Hash::to_hex).collect();
    Ok(Json(Consistency { from: sizes.from, to: sizes.to, path }))
}

/// A published payload (genesis, policy, keys, status) by its SHA-256.
#[utoipa::path(
    get, path = "/api/v1/payloads/{sha256}", tag = "Log",
    params(("sha256" = String, Path, description = "SHA-256 in hex")),
    responses(
        (status = 200, body = String, content_type = "application/json", description = "The payload"),
        (status = 404, body = Problem, description = "No such payload"),
    )
)]
async fn published_payload(
    State(app): App,
    _: ReadsLog,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    let bytes = app.service.public_payload(digest(&sha256)?).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes)
        .into_response())
}

/// The exact text of a clause set.
#[utoipa::path(
    get, path = "/api/v1/clauses/{set}/{version}/{locale}", tag = "Log",
    params(
        ("set" = String, Path, description = "Clause set"),
        ("version" = String, Path, description = "Version"),
        ("locale" = String, Path, description = "Language"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/markdown", description = "The text"),
        (status = 404, body = Problem, description = "No such text"),
    )
)]
async fn clause_text(
    State(app): App,
    _: ReadsLog,
    Path((set, version, locale)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let policies = app.service.policies();
    let found = policies.clauses().get(&set, &version, &locale);
    let found = found
        .ok_or_else(|| Problem::not_found("no such clause set; GET /api/v1/log lists them"))?;
    let kind = HeaderValue::from_static("text/markdown; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], found.content().to_owned()).into_response())
}

pub(super) fn digest(hex: &str) -> Result<Hash, Problem> {
    Hash::from_hex(hex)
        .ok_or_else(|| Problem::malformed("a SHA-256 is written as 64 lowercase hex digits"))
}
