//! Decisions about what a submission may be used for.

use attestry_proof::payload::withdrawal::Purpose;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    statements::{Registered, json_body},
    submissions::submission_id,
};
use crate::{
    http::{App, AppState, auth::SignedBody, problem::Problem},
    service::clear::Decided,
    store::ledger::PurposeSet,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(clear))
}

/// What to decide about.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearRequest {
    /// `training`, `evaluation`, `redistribution`; all that the contractor consents to if absent.
    #[serde(default)]
    pub purposes: Option<Vec<String>>,
}

/// One decision, logged with the rules and facts that it rests on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ClearAnswer {
    /// The purpose.
    pub purpose: String,
    /// Whether the submission may be used for it.
    pub granted: bool,
    /// Names of the rules that decided.
    pub deciding: Vec<String>,
    /// What stands against it; empty if granted.
    pub missing: Vec<String>,
    /// Where it was logged.
    pub registered: Registered,
}

impl From<Decided> for ClearAnswer {
    fn from(decided: Decided) -> Self {
        let Decided { purpose, decision, logged } = decided;
        Self {
            purpose: purpose.as_str().to_owned(),
            granted: decision.cleared,
            deciding: decision.deciding.iter().map(|id| id.as_str().to_owned()).collect(),
            missing: decision.missing.iter().map(|word| word.as_str().to_owned()).collect(),
            registered: Registered::new(&logged),
        }
    }
}

/// Ask what a submission may be used for (reviewers). An accepting review does so by itself.
#[utoipa::path(
    post, path = "/api/v1/submissions/{id}/clearance", operation_id = "clear_submission", tag = "Submissions",
    request_body = ClearRequest,
    params(("id" = uuid::Uuid, Path, description = "Submission")),
    responses(
        (status = 201, body = Vec<ClearAnswer>, description = "The decisions, each a statement"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not a reviewer, or one's own work"),
        (status = 404, body = Problem, description = "No such submission for this caller"),
        (status = 409, body = Problem, description = "Somebody spoke about it in between; ask again"),
    ),
    security(("request-token" = []))
)]
async fn clear(
    State(app): App,
    Path(id): Path<String>,
    body: SignedBody,
) -> Result<(StatusCode, Json<Vec<ClearAnswer>>), Problem> {
    let request: ClearRequest = json_body(&body.bytes)?;
    let id = submission_id(&id)?;
    let parse = |words: Vec<String>| -> Option<PurposeSet> {
        words.iter().map(|word| Purpose::parse(word)).collect()
    };
    let purposes = match request.purposes {
        None => None,
        Some(words) => Some(parse(words).ok_or_else(|| {
            Problem::malformed("purposes are: training, evaluation, redistribution")
        })?),
    };
    let decided = app.service.clear(&body.key, id, purposes).await?;
    Ok((StatusCode::CREATED, Json(decided.into_iter().map(ClearAnswer::from).collect())))
}
