//! Programs: their terms, their members, and the work that waits in them.

use attestry_policy::words::ResidualRisk;
use attestry_proof::size::LeafIndex;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    keys::{KeyInfo, parse_thumbprint},
    statements::json_body,
    submissions::{SubmissionInfo, info},
};
use crate::{
    http::{
        App, AppState,
        auth::{Caller, SignedBody},
        problem::Problem,
    },
    service::{
        ServiceError,
        programs::{NewProgram, ProgramProfile},
    },
    store::people::{ProgramRecord, WorkFilter},
};

/// Programs in one answer.
const PROGRAMS_MAX: u32 = 200;
/// Members in one answer.
const MEMBERS_MAX: u32 = 200;
/// Submissions in one answer.
const WORK_MAX: u32 = 200;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(open, list))
        .routes(routes!(members))
        .routes(routes!(forget))
        .routes(routes!(work))
}

/// A program to be opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// Its name, which the log shows: choose one that gives nothing away.
    pub name: String,
    /// Which rules decide about clearance: `standard`, or `reviewed` where people read every file
    /// and no scan is asked for.
    #[serde(default = "standard")]
    pub clearance_policy: String,
    /// Most risk that may be left in files: `none-known`, `low`, `medium`, `high`.
    #[serde(default = "low")]
    pub allowed_risk: String,
    /// Title, kept sealed.
    #[serde(default)]
    pub title: Option<String>,
    /// For whom the work is collected, kept sealed.
    #[serde(default)]
    pub client: Option<String>,
}

fn standard() -> String {
    "standard".into()
}

fn low() -> String {
    ResidualRisk::Low.as_str().into()
}

/// A program.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProgramInfo {
    /// Its name.
    pub name: String,
    /// Which rules decide about clearance.
    pub clearance_policy: String,
    /// Most risk that may be left in files.
    pub allowed_risk: String,
    /// Unix seconds.
    pub opened_at: i64,
    /// Title.
    pub title: Option<String>,
    /// For whom the work is collected.
    pub client: Option<String>,
}

impl ProgramInfo {
    fn new(record: ProgramRecord, profile: Option<ProgramProfile>) -> Self {
        let told = |text: String| (!text.is_empty()).then_some(text);
        let (title, client) = profile.map_or((None, None), |it| (told(it.title), told(it.client)));
        Self {
            name: record.name,
            clearance_policy: record.clearance_policy,
            allowed_risk: record.allowed_risk.as_str().to_owned(),
            opened_at: record.opened_at,
            title,
            client,
        }
    }
}

/// Open a program (administrators of operations).
#[utoipa::path(
    post, path = "/api/v1/programs", operation_id = "open_program", tag = "Programs", request_body = OpenRequest,
    responses(
        (status = 201, body = ProgramInfo, description = "Opened"),
        (status = 400, body = Problem, description = "Name taken, or terms that no rule knows"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not an administrator of operations"),
    ),
    security(("request-token" = []))
)]
async fn open(
    State(app): App,
    body: SignedBody,
) -> Result<(StatusCode, Json<ProgramInfo>), Problem> {
    let request: OpenRequest = json_body(&body.bytes)?;
    let allowed_risk = ResidualRisk::parse(&request.allowed_risk)
        .ok_or_else(|| Problem::malformed("allowed_risk is: none-known, low, medium or high"))?;
    let profile = ProgramProfile {
        title: request.title.unwrap_or_default(),
        client: request.client.unwrap_or_default(),
    };
    let said = profile != ProgramProfile::default();
    let new = NewProgram {
        name: &request.name,
        clearance_policy: &request.clearance_policy,
        allowed_risk,
        profile: said.then_some(&profile),
    };
    let program = app.service.open_program(&body.key, new).await?;
    Ok((StatusCode::CREATED, Json(ProgramInfo::new(program, said.then_some(profile)))))
}

#[derive(Deserialize, IntoParams)]
struct After {
    /// Continue after the program with this name.
    #[serde(default)]
    after: String,
}

/// Programs that the caller may see.
#[utoipa::path(
    get, path = "/api/v1/programs", operation_id = "list_programs", tag = "Programs", params(After),
    responses(
        (status = 200, body = Vec<ProgramInfo>, description = "By name"),
        (status = 401, body = Problem, description = "No acceptable token"),
    ),
    security(("request-token" = []))
)]
async fn list(
    State(app): App,
    Query(page): Query<After>,
    caller: Caller,
) -> Result<Json<Vec<ProgramInfo>>, Problem> {
    let programs = app.service.programs(&caller.key, &page.after, PROGRAMS_MAX).await?;
    let programs = programs.into_iter().map(|(record, profile)| ProgramInfo::new(record, profile));
    Ok(Json(programs.collect()))
}

/// A key and who holds it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MemberInfo {
    /// The key.
    pub key: KeyInfo,
    /// Random number that all keys of the person share.
    pub person: Option<String>,
    /// Name; absent if nobody said, or erased.
    pub name: Option<String>,
    /// E-mail address; absent if nobody said, or erased.
    pub email: Option<String>,
}

#[derive(Deserialize, IntoParams)]
struct From {
    /// Continue with keys enrolled at this position or later.
    #[serde(default)]
    from: u64,
}

/// Who the members of a program are (administrators, legal officers).
#[utoipa::path(
    get, path = "/api/v1/programs/{name}/members", tag = "Programs",
    params(("name" = String, Path, description = "Program"), From),
    responses(
        (status = 200, body = Vec<MemberInfo>, description = "At most 200, by enrolment"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Neither administrator nor legal officer of the program"),
    ),
    security(("request-token" = []))
)]
async fn members(
    State(app): App,
    Path(name): Path<String>,
    Query(page): Query<From>,
    caller: Caller,
) -> Result<Json<Vec<MemberInfo>>, Problem> {
    let from = LeafIndex(page.from);
    let members = app.service.members(&caller.key, &name, from, MEMBERS_MAX).await?;
    let members = members.into_iter().map(|(key, profile)| {
        let (name, email) = profile.map_or((None, None), |it| (Some(it.name), Some(it.email)));
        let person = key.person.map(|id| id.to_string());
        MemberInfo { key: KeyInfo::from(&key), person, name, email }
    });
    Ok(Json(members.collect()))
}

/// Erase who holds a key: name, address, and that all keys of the person are one person's. The keys
/// stay valid (administrators, legal officers).
#[utoipa::path(
    delete, path = "/api/v1/keys/{thumbprint}/person", operation_id = "forget_person", tag = "Programs",
    params(("thumbprint" = String, Path, description = "COSE key thumbprint, base64url")),
    responses(
        (status = 204, description = "Erased in every program"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "No key that is enrolled, or not for every program of the person"),
        (status = 404, body = Problem, description = "Nobody knows who holds it, or it was erased"),
    ),
    security(("request-token" = []))
)]
async fn forget(
    State(app): App,
    Path(thumbprint): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    app.service.forget_member(&caller.key, parse_thumbprint(&thumbprint)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
struct Work {
    /// `all`, `waiting` for a review, `sent-back`, `cleared`.
    #[serde(default)]
    show: Option<String>,
    /// Continue with submissions opened before this position.
    before: Option<u64>,
}

/// What a program received, such as a reviewer's work list.
#[utoipa::path(
    get, path = "/api/v1/programs/{name}/submissions", operation_id = "work_list", tag = "Programs",
    params(("name" = String, Path, description = "Program"), Work),
    responses(
        (status = 200, body = Vec<SubmissionInfo>, description = "At most 200, newest first"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not a reviewer, legal officer or auditor of the program"),
    ),
    security(("request-token" = []))
)]
async fn work(
    State(app): App,
    Path(name): Path<String>,
    Query(page): Query<Work>,
    caller: Caller,
) -> Result<Json<Vec<SubmissionInfo>>, Problem> {
    let filter = match page.show.as_deref().unwrap_or("all") {
        "all" => WorkFilter::All,
        "waiting" => WorkFilter::Waiting,
        "sent-back" => WorkFilter::SentBack,
        "cleared" => WorkFilter::Cleared,
        _ => return Err(Problem::malformed("show is: all, waiting, sent-back or cleared")),
    };
    let before = LeafIndex(page.before.unwrap_or(u64::MAX));
    let records = app.service.work_list(&caller.key, &name, filter, before, WORK_MAX).await?;
    let mut submissions = Vec::with_capacity(records.len());
    for record in records {
        let manifests = app.service.ledger().manifests_of(record.id).await;
        submissions.push(info(&record, &manifests.map_err(ServiceError::from)?));
    }
    Ok(Json(submissions))
}
