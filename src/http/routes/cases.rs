//! Takedown cases, for the officers who handle them, and holds.

use attestry_proof::size::LeafIndex;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    notices::{CaseStateInfo, time},
    statements::json_body,
};
use crate::{
    http::{
        App, AppState,
        auth::{Caller, SignedBody},
        problem::Problem,
    },
    service::{
        cases::{CaseClock, CaseTold},
        holds::HoldTold,
    },
    store::legal::CaseRecord,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(show))
        .routes(routes!(keep_list))
        .routes(routes!(holds))
        .routes(routes!(hold))
}

/// Where a case stands.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseInfo {
    /// Its id.
    pub id: Uuid,
    /// The program that handles it.
    pub program: String,
    /// Its ground.
    pub ground: String,
    /// How it came: `notice`, `withdrawal`, `officer`, `retention`.
    pub channel: String,
    /// Where it is.
    pub state: String,
    /// Leaf hash of the statement that brought it there: a step names it.
    pub after: String,
    /// Position of that statement.
    pub step_index: u64,
    /// Position of the statement that opened it.
    pub opened_index: u64,
}

/// Where a list of cases or holds goes on.
#[derive(Deserialize, IntoParams)]
pub(super) struct Before {
    /// Continue with those that came before this position.
    before: Option<u64>,
}

impl Before {
    pub(super) fn index(&self) -> LeafIndex {
        LeafIndex(self.before.unwrap_or(u64::MAX))
    }
}

/// A case that an officer opens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCaseRequest {
    /// On which ground, by its name in `takedown.toml`.
    pub ground: String,
    /// What was received, as it came; it is sealed.
    pub received: String,
}

/// A case that was opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseOpenedInfo {
    /// Its id.
    pub case: Uuid,
}

/// A list that a step names.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ListInfo {
    /// Its lines.
    pub count: u64,
    /// Its SHA-256, hex.
    pub sha256: String,
}

/// A time within which something has to happen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockInfo {
    /// Its name.
    pub name: String,
    /// What has to happen.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// What started it.
    pub started: String,
    /// Before which it must not happen.
    pub due_earliest: Option<String>,
    /// Before which it has to happen.
    pub due: String,
    /// When it happened.
    pub met: Option<String>,
    /// Whether it has not happened and should have.
    pub overdue: bool,
}

/// A case, with all that its officers need for the next step.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseDetails {
    /// Where it stands.
    pub case: CaseInfo,
    /// The list of what it concerns, as statements name it.
    pub list: Option<ListInfo>,
    /// The same: submissions, or submission and SHA-256 of a file.
    pub concerned: Vec<String>,
    /// The notice, as it came.
    pub notice: Option<String>,
    /// The states it came to.
    pub history: Vec<CaseStateInfo>,
    /// Times that run or ran.
    pub clocks: Vec<ClockInfo>,
    /// States that it can go to.
    pub next: Vec<String>,
    /// Officers who agreed to a decision, by key, and the leaf hash of the decision.
    pub approvals: Vec<(String, String)>,
    /// Orders to erase.
    pub ordered: u64,
    /// How many of them are carried out.
    pub erased: u64,
}

/// A hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldInfo {
    /// Its id.
    pub id: Uuid,
    /// Key of the officer who placed it.
    pub officer: String,
    /// Position of the statement that placed it.
    pub placed_index: u64,
    /// Position of the statement that released it.
    pub released_index: Option<u64>,
    /// What it covers, in words.
    pub scope: Option<String>,
    /// The submissions it names.
    pub submissions: Vec<Uuid>,
    /// The matter that it serves.
    pub matter: Option<String>,
}

impl From<&CaseRecord> for CaseInfo {
    fn from(record: &CaseRecord) -> Self {
        Self {
            id: record.id,
            program: record.program.clone(),
            ground: record.ground.clone(),
            channel: record.channel.as_str().to_owned(),
            state: record.state.as_str().to_owned(),
            after: record.step_leaf.to_hex(),
            step_index: record.step.0,
            opened_index: record.opened.0,
        }
    }
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl From<CaseClock> for ClockInfo {
    fn from(clock: CaseClock) -> Self {
        Self {
            name: clock.name,
            title: clock.title,
            source: clock.source,
            started: instant(clock.started),
            due_earliest: clock.due_earliest.map(instant),
            due: instant(clock.due),
            met: clock.met.map(instant),
            overdue: clock.overdue,
        }
    }
}

impl From<CaseTold> for CaseDetails {
    fn from(told: CaseTold) -> Self {
        let lines = told.concerned.iter().flat_map(|it| match &it.files {
            None => vec![it.submission.to_string()],
            Some(files) if files.is_empty() => vec![format!("{} (files, erased)", it.submission)],
            Some(files) => files.iter().map(|file| format!("{} {file}", it.submission)).collect(),
        });
        let state = |(state, at): &(attestry_proof::payload::case::CaseState, i64)| CaseStateInfo {
            state: state.as_str().to_owned(),
            at: time(*at),
        };
        Self {
            case: CaseInfo::from(&told.record),
            list: told.named.map(|it| ListInfo { count: it.count, sha256: it.sha256.0.to_hex() }),
            concerned: lines.collect(),
            notice: told.notice.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            history: told.history.iter().map(state).collect(),
            clocks: told.clocks.into_iter().map(ClockInfo::from).collect(),
            next: told.next.into_iter().map(str::to_owned).collect(),
            approvals: told
                .approvals
                .iter()
                .map(|it| (it.officer.to_string(), it.approves.to_hex()))
                .collect(),
            ordered: told.erasures.0,
            erased: told.erasures.1,
        }
    }
}

impl From<HoldTold> for HoldInfo {
    fn from(told: HoldTold) -> Self {
        let HoldTold { record, officer, said } = told;
        let submissions = said.as_ref().map(|said| said.scope.submissions().to_vec());
        Self {
            id: record.id,
            officer: officer.to_string(),
            placed_index: record.placed.0,
            released_index: record.released.map(|index| index.0),
            scope: said.as_ref().map(|said| said.scope.to_string()),
            submissions: submissions.unwrap_or_default().into_iter().map(|id| id.0).collect(),
            matter: said.map(|said| said.matter.to_string()),
        }
    }
}

pub(super) fn case_id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::malformed("the id of a case or hold is a UUID"))
}

/// Cases that the caller handles, newest first (legal officers).
#[utoipa::path(
    get, path = "/api/v1/cases", operation_id = "list_cases", tag = "Takedown", params(Before),
    responses(
        (status = 200, body = Vec<CaseInfo>, description = "At most 50, newest first"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not a legal officer"),
    ),
    security(("request-token" = []))
)]
async fn list(
    State(app): App,
    Query(page): Query<Before>,
    caller: Caller,
) -> Result<Json<Vec<CaseInfo>>, Problem> {
    let cases = app.service.cases(&caller.key, page.index()).await?;
    Ok(Json(cases.iter().map(CaseInfo::from).collect()))
}

/// Open a case for somebody who wrote by other means, or for an order that came on paper (legal officers).
#[utoipa::path(
    post, path = "/api/v1/cases", operation_id = "open_case", tag = "Takedown",
    request_body = OpenCaseRequest,
    responses(
        (status = 201, body = CaseOpenedInfo, description = "A case in the caller's program"),
        (status = 400, body = Problem, description = "No such ground, or nothing is said"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not a legal officer"),
    ),
    security(("request-token" = []))
)]
async fn open(
    State(app): App,
    body: SignedBody,
) -> Result<(StatusCode, Json<CaseOpenedInfo>), Problem> {
    let OpenCaseRequest { ground, received } = json_body(&body.bytes)?;
    let case = app.service.open_case_for(&body.key, &ground, &received).await?;
    Ok((StatusCode::CREATED, Json(CaseOpenedInfo { case })))
}

/// A case with notice, list, history, clocks and possible steps (legal officers). A step itself is a
/// statement: POST /api/v1/statements.
#[utoipa::path(
    get, path = "/api/v1/cases/{id}", operation_id = "show_case", tag = "Takedown",
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 200, body = CaseDetails, description = "The case"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such case for this caller"),
    ),
    security(("request-token" = []))
)]
async fn show(
    State(app): App,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<CaseDetails>, Problem> {
    Ok(Json(app.service.case(&caller.key, case_id(&id)?).await?.into()))
}

/// Keep a list of what a case concerns, for a step that names it (legal officers): lines SUBMISSION or
/// SUBMISSION SHA256, sorted, each ended by a line feed.
#[utoipa::path(
    put, path = "/api/v1/cases/{id}/list", operation_id = "keep_case_list", tag = "Takedown",
    request_body(content = String, content_type = "text/plain"),
    params(("id" = Uuid, Path, description = "Case")),
    responses(
        (status = 201, body = ListInfo, description = "What a step names"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such case or submission for this caller"),
        (status = 422, body = Problem, description = "Not in the form of a list"),
    ),
    security(("request-token" = []))
)]
async fn keep_list(
    State(app): App,
    Path(id): Path<String>,
    body: SignedBody,
) -> Result<(StatusCode, Json<ListInfo>), Problem> {
    let named = app.service.keep_list(&body.key, case_id(&id)?, body.bytes.to_vec()).await?;
    let list = ListInfo { count: named.count, sha256: named.sha256.0.to_hex() };
    Ok((StatusCode::CREATED, Json(list)))
}

/// Holds of the caller's program, newest first (legal officers).
#[utoipa::path(
    get, path = "/api/v1/holds", operation_id = "list_holds", tag = "Takedown", params(Before),
    responses(
        (status = 200, body = Vec<HoldInfo>, description = "At most 50, newest first"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not a legal officer"),
    ),
    security(("request-token" = []))
)]
async fn holds(
    State(app): App,
    Query(page): Query<Before>,
    caller: Caller,
) -> Result<Json<Vec<HoldInfo>>, Problem> {
    let holds = app.service.holds(&caller.key, page.index()).await?;
    Ok(Json(holds.into_iter().map(HoldInfo::from).collect()))
}

/// A hold (legal officers).
#[utoipa::path(
    get, path = "/api/v1/holds/{id}", operation_id = "show_hold", tag = "Takedown",
    params(("id" = Uuid, Path, description = "Hold")),
    responses(
        (status = 200, body = HoldInfo, description = "The hold"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such hold for this caller"),
    ),
    security(("request-token" = []))
)]
async fn hold(
    State(app): App,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<HoldInfo>, Problem> {
    Ok(Json(app.service.hold(&caller.key, case_id(&id)?).await?.into()))
}
