//! Audit packs.

use attestry_proof::{pack::Reader, size::TreeSize};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::submissions::submission_id;
use crate::{
    http::{App, AppState, auth::Caller, problem::Problem, purpose::PurposeQuery},
    service::export::PackRequest,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(pack))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PackQuery {
    /// Whether the files of the submission go along.
    #[serde(default)]
    natives: bool,
    /// For whom payloads are left out: `legal` and `auditor` (nothing), `contractor`, `reviewer`,
    /// `consumer`, `public`.
    redact_for: Option<String>,
    /// As of which size of the log; the newest if it is left out.
    at: Option<u64>,
}

impl PackQuery {
    fn request(&self) -> Result<PackRequest, Problem> {
        let reader = match &self.redact_for {
            None => Reader::Legal,
            Some(word) => Reader::parse(word).ok_or_else(|| {
                let known = Reader::ALL.map(Reader::as_str).join(", ");
                Problem::malformed(format!("packs are made for: {known}"))
            })?,
        };
        Ok(PackRequest { reader, natives: self.natives, at: self.at.map(TreeSize) })
    }
}

/// Everything about a submission that a stranger needs to check it, in one archive: the same bytes
/// for the same position of the log, as long as nothing is erased.
#[utoipa::path(
    get, path = "/api/v1/submissions/{id}/pack", tag = "Submissions",
    params(("id" = uuid::Uuid, Path, description = "Submission"), PackQuery, PurposeQuery),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/zip", description = "The pack"),
        (status = 400, body = Problem, description = "No purpose stated, or no such reader"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not for this caller"),
        (status = 404, body = Problem, description = "No such submission for this caller, or no such position"),
    ),
    security(("request-token" = []))
)]
async fn pack(
    State(app): App,
    Path(id): Path<String>,
    Query(query): Query<PackQuery>,
    Query(purpose): Query<PurposeQuery>,
    caller: Caller,
) -> Result<Response, Problem> {
    let (id, request) = (submission_id(&id)?, query.request()?);
    let stated = purpose.stated(&caller)?;
    let dossier = app.service.audit_pack(&caller.key, id, request, &stated).await?;
    let name = format!("attachment; filename=\"pack-{id}-{}.zip\"", dossier.size());
    let name = HeaderValue::from_str(&name)
        .map_err(|_| Problem::malformed("the submission has no name for a file"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(std::sync::Arc::clone(&app.service).send_pack(dossier)))
        .into_response())
}
