//! Entries, and what proves them.

use attestry_proof::{
    cose::{Attachments, SignedStatement, Subject},
    size::{LeafIndex, TreeSize},
};
use axum::{
    Json,
    extract::{FromRequestParts as _, Path, Query, Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::scrapi::{COSE, entry_id};
use crate::{
    http::{App, AppState, auth::Caller, open::ReadsLog, problem::Problem, purpose::PurposeQuery},
    service::{
        ServiceError,
        authorize::{Action, Thing},
    },
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(entry))
        .routes(routes!(proof))
        .routes(routes!(transparent_statement))
        .routes(routes!(payload))
}

/// What the log shows of an entry.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryInfo {
    /// Position.
    pub index: u64,
    /// Leaf hash, hex.
    pub leaf_hash: String,
    /// Subject URI.
    pub subject: String,
    /// Thumbprint of the signer's key.
    pub issuer: String,
    /// Unix seconds, as claimed by the signer.
    pub issued_at: i64,
    /// Visible content type.
    pub content_type: String,
    /// SHA-256 of the payload, hex.
    pub payload_sha256: String,
}

/// What the log shows of an entry.
#[utoipa::path(
    get, path = "/api/v1/entries/{index}", tag = "Entries",
    params(("index" = u64, Path, description = "Position")),
    responses(
        (status = 200, body = EntryInfo, description = "The entry's header"),
        (status = 401, body = Problem, description = "Sealed entries are for members here"),
        (status = 404, body = Problem, description = "No such entry"),
    )
)]
async fn entry(
    State(app): App,
    Path(index): Path<String>,
    request: Request,
) -> Result<Json<EntryInfo>, Problem> {
    let (index, statement) = statement(&app, &index).await?;
    require_reader(&app, &statement, request).await?;
    let header = statement.header();
    Ok(Json(EntryInfo {
        index: index.0,
        leaf_hash: statement.leaf_hash().to_hex(),
        subject: header.subject.uri(),
        issuer: header.issuer.to_string(),
        issued_at: header.issued_at,
        content_type: header.content_type.as_str().to_owned(),
        payload_sha256: statement.payload_digest().to_hex(),
    }))
}

#[derive(Deserialize, IntoParams)]
struct Wait {
    /// Wait for the next checkpoint if none covers the entry yet.
    #[serde(default)]
    wait: bool,
}

/// A `.tlog-proof` (C2SP tlog-proof) under the newest checkpoint.
#[utoipa::path(
    get, path = "/api/v1/entries/{index}/proof", tag = "Entries",
    params(("index" = u64, Path, description = "Position"), Wait),
    responses(
        (status = 200, body = String, content_type = "text/plain", description = "The proof"),
        (status = 404, body = Problem, description = "No such entry, or no checkpoint covers it yet"),
    )
)]
async fn proof(
    State(app): App,
    _: ReadsLog,
    Path(index): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Response, Problem> {
    let index = entry_id(&index)?;
    let proof = checkpointed_proof(&app, index, wait.wait).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], proof)
        .into_response())
}

/// The transparent statement: the entry with a receipt, a checkpoint proof and the signer's key
/// attached.
#[utoipa::path(
    get, path = "/api/v1/entries/{index}/statement", tag = "Entries",
    params(("index" = u64, Path, description = "Position"), Wait),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/cose", description = "The transparent statement"),
        (status = 401, body = Problem, description = "Sealed entries are for members here"),
        (status = 404, body = Problem, description = "No such entry, or no checkpoint covers it yet"),
    )
)]
async fn transparent_statement(
    State(app): App,
    Path(index): Path<String>,
    Query(wait): Query<Wait>,
    request: Request,
) -> Result<Response, Problem> {
    let (index, statement) = statement(&app, &index).await?;
    require_reader(&app, &statement, request).await?;
    let service_key = app.service.log().signers().service.public_key();
    let issuer = statement.header().issuer;
    let issuer_key = if issuer == service_key.thumbprint() {
        service_key
    } else {
        app.service.key(issuer).await?.key
    };
    let attachments = Attachments {
        receipts: vec![app.service.log().receipt(index).await.map_err(ServiceError::from)?],
        issuer_key: Some(issuer_key),
        log_proof: Some(checkpointed_proof(&app, index, wait.wait).await?),
        payload: None,
    };
    let bytes = attachments.encode(&statement).map_err(ServiceError::from)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(COSE))], bytes).into_response())
}

/// The exact bytes that the statement commits to: for the submission's owner and those who may read
/// any.
#[utoipa::path(
    get, path = "/api/v1/entries/{index}/payload", tag = "Entries",
    params(("index" = u64, Path, description = "Position"), PurposeQuery),
    responses(
        (status = 200, body = String, content_type = "application/json", description = "The payload"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such entry for this caller, or its payload was erased"),
    ),
    security(("request-token" = []))
)]
async fn payload(
    State(app): App,
    Path(index): Path<String>,
    Query(purpose): Query<PurposeQuery>,
    caller: Caller,
) -> Result<Response, Problem> {
    let (index, statement) = statement(&app, &index).await?;
    let bytes = match statement.header().subject {
        Subject::Submission(submission) => {
            let stated = purpose.stated(&caller)?;
            app.service.open_payload(&caller.key, submission, index, &stated).await?
        }
        Subject::Key(_) => {
            app.service.authorize(None, Action::ReadLog, Thing::Log)?;
            Some(app.service.public_payload(statement.payload_digest()).await?)
        }
    };
    let bytes = bytes
        .ok_or_else(|| Problem::not_found(format!("the payload of entry {index} was erased")))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes)
        .into_response())
}

/// Sealed statements are read as entry bundles are: by anybody, or by members only. What the
/// service publishes is what verifiers derive keys from, so anybody reads that.
async fn require_reader(
    app: &AppState,
    statement: &SignedStatement,
    request: Request,
) -> Result<(), Problem> {
    if !statement.header().content_type.is_sealed() {
        return Ok(app.service.authorize(None, Action::ReadLog, Thing::Log)?);
    }
    may_read_entries(app, request).await
}

/// Entries are for everybody if the rules say so, else for members.
pub(super) async fn may_read_entries(app: &AppState, request: Request) -> Result<(), Problem> {
    if app.service.authorize(None, Action::ReadEntries, Thing::Log).is_ok() {
        return Ok(());
    }
    let (mut parts, _body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, app).await?;
    Ok(app.service.authorize(Some(&caller.key), Action::ReadEntries, Thing::Log)?)
}

async fn statement(app: &AppState, index: &str) -> Result<(LeafIndex, SignedStatement), Problem> {
    let index = entry_id(index)?;
    let entry = app.service.entry(index).await?;
    Ok((index, SignedStatement::parse_entry(&entry.entry).map_err(ServiceError::from)?))
}

async fn checkpointed_proof(
    app: &AppState,
    index: LeafIndex,
    wait: bool,
) -> Result<Vec<u8>, Problem> {
    let log = app.service.log();
    if wait && index.0 < log.head().size.0 {
        log.checkpoint_beyond(TreeSize(index.0)).await;
    }
    Ok(log.proof_file(index).await.map_err(ServiceError::from)?)
}
