//! Submissions: their custody, payloads sent ahead, and manifests.

use attestry_proof::{custody::CustodyEvent as CustodyRecordEvent, size::LeafIndex};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::StatusCode,
};
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{log::digest, statements::json_body};
use crate::{
    http::{
        App, AppState,
        auth::{Caller, SignedBody, read_body, require_digest},
        problem::Problem,
        purpose::PurposeQuery,
    },
    service::{
        ServiceError,
        authorize::{Action, Thing},
        custody::CustodyEvent,
    },
    store::ledger::{ManifestRecord, SubmissionRecord},
};

/// Submissions in one answer.
const SUBMISSIONS_MAX: u32 = 200;
/// Largest payload.
const PAYLOAD_BYTES_MAX: usize = attestry_proof::payload::MAX_PAYLOAD_BYTES;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(custody))
        .routes(routes!(stage_payload))
        .routes(routes!(put_manifest))
}

/// A submission.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmissionInfo {
    /// Its id.
    pub id: Uuid,
    /// Thumbprint of the key that opened it.
    pub owner: String,
    /// Position of the first statement about it.
    pub opened_index: u64,
    /// Program it is for.
    pub program: String,
    /// Where it stands: `received`, `attested`, `reviewed`, `sent-back`, `cleared`, `withdrawn`.
    pub state: String,
    /// What it is cleared for.
    pub cleared_for: Vec<String>,
    /// Kinds of statement that clearance asks for and that are not there yet.
    pub missing: Vec<String>,
    /// Whether all consent was withdrawn.
    pub withdrawn: bool,
    /// Its manifests whose files are stored.
    pub manifests: Vec<ManifestInfo>,
}

/// A manifest whose files are stored.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestInfo {
    /// Commitment, hex.
    pub commitment: String,
    /// `request` or `deliverable`.
    pub role: String,
    /// Number of files.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
    /// SHA-256 of the openings, stored as a file, hex.
    pub openings: String,
}

impl From<&ManifestRecord> for ManifestInfo {
    fn from(record: &ManifestRecord) -> Self {
        Self {
            commitment: record.commitment.to_hex(),
            role: record.role.as_str().to_owned(),
            files: record.files,
            bytes: record.bytes,
            openings: record.openings.to_hex(),
        }
    }
}

pub(super) fn info(record: &SubmissionRecord, manifests: &[ManifestRecord]) -> SubmissionInfo {
    SubmissionInfo {
        id: record.id,
        owner: record.owner.to_string(),
        opened_index: record.opened.0,
        program: record.program.clone(),
        state: record.state().as_str().to_owned(),
        cleared_for: record.cleared.iter().map(|it| it.as_str().to_owned()).collect(),
        missing: record.attested.missing().map(|it| it.as_str().to_owned()).collect(),
        withdrawn: record.withdrawn,
        manifests: manifests.iter().map(ManifestInfo::from).collect(),
    }
}

#[derive(Deserialize, IntoParams)]
struct Before {
    /// Continue with submissions opened before this position.
    before: Option<u64>,
}

/// The caller's submissions, newest first.
#[utoipa::path(
    get, path = "/api/v1/submissions", operation_id = "list_submissions", tag = "Submissions", params(Before),
    responses(
        (status = 200, body = Vec<SubmissionInfo>, description = "At most 200, newest first"),
        (status = 401, body = Problem, description = "No acceptable token"),
    ),
    security(("request-token" = []))
)]
async fn list(
    State(app): App,
    Query(page): Query<Before>,
    caller: Caller,
) -> Result<Json<Vec<SubmissionInfo>>, Problem> {
    let owner = caller.key.key.thumbprint();
    let program = Thing::Program(&caller.key.program);
    app.service.authorize(Some(&caller.key), Action::ListOwnSubmissions, program)?;
    let before = LeafIndex(page.before.unwrap_or(u64::MAX));
    let ledger = app.service.ledger();
    let records =
        ledger.submissions_of(owner, before, SUBMISSIONS_MAX).await.map_err(ServiceError::from)?;
    let mut submissions = Vec::with_capacity(records.len());
    for record in records {
        let manifests = ledger.manifests_of(record.id).await.map_err(ServiceError::from)?;
        submissions.push(info(&record, &manifests));
    }
    Ok(Json(submissions))
}

/// One submission.
#[utoipa::path(
    get, path = "/api/v1/submissions/{id}", operation_id = "show_submission", tag = "Submissions",
    params(("id" = Uuid, Path, description = "Submission")),
    responses(
        (status = 200, body = SubmissionInfo, description = "The submission"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such submission for this caller"),
    ),
    security(("request-token" = []))
)]
async fn show(
    State(app): App,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<SubmissionInfo>, Problem> {
    let id = submission_id(&id)?;
    let (record, _) = app.service.submission_for(&caller.key, Action::ReadSubmission, id).await?;
    let manifests = app.service.ledger().manifests_of(id).await.map_err(ServiceError::from)?;
    Ok(Json(info(&record, &manifests)))
}

/// One event of a chain of custody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CustodyInfo {
    /// Position.
    pub index: u64,
    /// Leaf hash, hex.
    pub leaf_hash: String,
    /// Leaf hash of the event before it, about the same submission.
    pub previous: Option<String>,
    /// Thumbprint of the signer's key.
    pub issuer: String,
    /// When the signer says it was issued, RFC 3339.
    pub issued_at: String,
    /// When its batch was committed, by the service's clock, RFC 3339.
    pub logged_at: String,
    /// SHA-256 of the payload, hex.
    pub payload_sha256: String,
    /// Kind of statement; absent once the payload was erased.
    pub kind: Option<String>,
    /// What it says, as labels and values; absent once the payload was erased.
    pub summary: Option<Vec<(String, String)>>,
    /// The same in the fields of a chain of custody: who acted and received, what for, by which
    /// authority and tool, digests before and after, holds, disposal.
    #[schema(value_type = Object)]
    pub record: CustodyRecordEvent,
}

impl From<CustodyEvent> for CustodyInfo {
    fn from(event: CustodyEvent) -> Self {
        let time = |at: Option<DateTime<chrono::Utc>>| {
            at.map_or_else(String::new, |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        };
        Self {
            index: event.index.0,
            leaf_hash: event.leaf_hash.to_hex(),
            previous: event.previous.map(|hash| hash.to_hex()),
            issuer: event.issuer.to_string(),
            issued_at: time(DateTime::from_timestamp(event.issued_at, 0)),
            logged_at: time(DateTime::from_timestamp_millis(event.logged_at_ms)),
            payload_sha256: event.payload_digest.to_hex(),
            kind: event.kind.map(|kind| kind.as_str().to_owned()),
            summary: event.summary.map(|lines| {
                lines.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
            }),
            record: event.record,
        }
    }
}

#[derive(Deserialize, IntoParams)]
struct Start {
    /// Continue at this position.
    #[serde(default)]
    from: u64,
}

/// Every statement about a submission, in order, linked by leaf hashes.
#[utoipa::path(
    get, path = "/api/v1/submissions/{id}/custody", tag = "Submissions",
    params(("id" = Uuid, Path, description = "Submission"), Start, PurposeQuery),
    responses(
        (status = 200, body = Vec<CustodyInfo>, description = "At most 1,000 events, oldest first"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such submission for this caller"),
    ),
    security(("request-token" = []))
)]
async fn custody(
    State(app): App,
    Path(id): Path<String>,
    Query(page): Query<Start>,
    Query(purpose): Query<PurposeQuery>,
    caller: Caller,
) -> Result<Json<Vec<CustodyInfo>>, Problem> {
    let stated = purpose.stated(&caller)?;
    let events = app
        .service
        .custody(&caller.key, submission_id(&id)?, LeafIndex(page.from), &stated)
        .await?;
    Ok(Json(events.into_iter().map(CustodyInfo::from).collect()))
}

/// Send a payload ahead of its statement, for tools that register plain COSE.
#[utoipa::path(
    put, path = "/api/v1/submissions/{id}/payloads/{sha256}", tag = "Submissions",
    params(
        ("id" = Uuid, Path, description = "Submission"),
        ("sha256" = String, Path, description = "SHA-256 of the payload, hex"),
    ),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 204, description = "Kept until its statement comes"),
        (status = 400, body = Problem, description = "Another digest than in the path"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such submission for this caller"),
        (status = 410, body = Problem, description = "Left without a statement for too long"),
        (status = 422, body = Problem, description = "Not the payload of a statement about this submission"),
        (status = 429, body = Problem, description = "Too many submissions without a statement"),
    ),
    security(("request-token" = []))
)]
async fn stage_payload(
    State(app): App,
    Path((id, sha256)): Path<(String, String)>,
    caller: Caller,
    body: Body,
) -> Result<StatusCode, Problem> {
    let id = submission_id(&id)?;
    app.service.writable_submission(&caller.key, Action::StagePayload, id).await?;
    let bytes = read_body(body, PAYLOAD_BYTES_MAX).await?;
    require_digest(caller.body, &bytes)?;
    app.service.stage_payload(&caller.key, id, digest(&sha256)?, &bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names the openings of a manifest.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestRequest {
    /// SHA-256 of the openings, uploaded as a file before, hex.
    pub openings: String,
}

/// Record a manifest: its openings and every file it lists must be stored. Only then may it be
/// attested to.
#[utoipa::path(
    put, path = "/api/v1/submissions/{id}/manifests/{commitment}", tag = "Submissions",
    params(
        ("id" = Uuid, Path, description = "Submission"),
        ("commitment" = String, Path, description = "Commitment, hex"),
    ),
    request_body = ManifestRequest,
    responses(
        (status = 200, body = ManifestInfo, description = "Recorded"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such submission for this caller"),
        (status = 409, body = Problem, description = "Files of the manifest are not stored"),
        (status = 422, body = Problem, description = "The openings do not give the commitment"),
    ),
    security(("request-token" = []))
)]
async fn put_manifest(
    State(app): App,
    Path((id, commitment)): Path<(String, String)>,
    body: SignedBody,
) -> Result<Json<ManifestInfo>, Problem> {
    let request: ManifestRequest = json_body(&body.bytes)?;
    let (id, commitment) = (submission_id(&id)?, digest(&commitment)?);
    let record =
        app.service.record_manifest(&body.key, id, commitment, digest(&request.openings)?).await?;
    Ok(Json(ManifestInfo::from(&record)))
}

pub(super) fn submission_id(text: &str) -> Result<Uuid, Problem> {
    let id = Uuid::try_parse(text).ok().filter(|id| id.hyphenated().to_string() == text);
    id.ok_or_else(|| Problem::malformed("a submission id is a UUID in lowercase with hyphens"))
}
