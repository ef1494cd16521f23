//! What was written about a case, for the officers who handle it.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{cases::case_id, notices::time};
use crate::{
    http::{App, AppState, auth::Caller, problem::Problem},
    store::outbox::MessageRecord,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(of_case))
}

/// A message: when and with what success, not to whom.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MessageInfo {
    /// Its id, from which its Message-ID is made.
    pub id: Uuid,
    /// Why it was written: an occasion of `letters.toml`.
    pub occasion: String,
    /// `due`, `sent` (a mail server took it over) or `failed`.
    pub state: String,
    /// When it was written.
    pub queued_at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it is due.
    pub next_try: Option<String>,
    /// What the last attempt met.
    pub problem: Option<String>,
    /// When it was sent or given up.
    pub settled_at: Option<String>,
}

impl From<MessageRecord> for MessageInfo {
    fn from(record: MessageRecord) -> Self {
        let next_try = record.settled_at.is_none().then(|| time(record.next_try));
        Self {
            id: record.id,
            occasion: record.occasion,
            state: record.state.as_str().to_owned(),
            queued_at: time(record.queued_at),
            attempts: record.attempts,
            next_try,
            problem: record.problem,
            settled_at: record.settled_at.map(time),
        }
    }
}

/// Messages about a case, oldest first.
#[utoipa::path(
    get, path = "/api/v1/cases/{id}/messages", operation_id = "list_case_messages", tag = "Takedown",
    params(("id" = Uuid, Path, description = "The case")),
    responses(
        (status = 200, body = Vec<MessageInfo>, description = "The first 1,000"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such case for this caller"),
    ),
    security(("request-token" = []))
)]
async fn of_case(
    State(app): App,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<MessageInfo>>, Problem> {
    let messages = app.service.messages_about_case(&caller.key, case_id(&id)?).await?;
    Ok(Json(messages.into_iter().map(MessageInfo::from).collect()))
}
