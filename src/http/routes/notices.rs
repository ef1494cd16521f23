//! Takedown notices: sent by anybody, followed by a link, and the public register of cases.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{ConnectInfo, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{cases::Before, statements::json_body};
use crate::{
    http::{App, AppState, open::FilesNotices, problem::Problem},
    service::cases::{Notice, PublicCase},
};

/// Most bytes of a notice.
const NOTICE_BYTES_MAX: usize = 64 << 10;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(send))
        .routes(routes!(follow))
        .routes(routes!(register))
        .routes(routes!(register_csv))
}

/// A notice.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeRequest {
    /// On which ground, by its name in `takedown.toml`.
    pub ground: String,
    /// The fields of its form, by name.
    pub fields: std::collections::BTreeMap<String, String>,
    /// SHA-256, in hex, of files that are objected to, if you have copies.
    #[serde(default)]
    pub files: Vec<String>,
}

/// That a notice came.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NoticeAnswer {
    /// The case.
    pub case: Uuid,
    /// The case link: keep it, and keep it to yourself. Nobody can tell it to you again.
    pub link: String,
}

/// A state that a case came to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseStateInfo {
    /// The state.
    pub state: String,
    /// When.
    pub at: String,
}

/// A case as everybody may see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicCaseInfo {
    /// The case.
    pub id: Uuid,
    /// Position of the statement that opened it.
    pub opened_index: u64,
    /// Class of its ground.
    pub class: String,
    /// Where it is.
    pub state: String,
    /// The states it came to.
    pub history: Vec<CaseStateInfo>,
    /// Submissions, or sets of files of one, that were erased.
    pub erased: u64,
}

pub(super) fn time(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl From<PublicCase> for PublicCaseInfo {
    fn from(case: PublicCase) -> Self {
        let state = |(state, at): (attestry_proof::payload::case::CaseState, i64)| CaseStateInfo {
            state: state.as_str().to_owned(),
            at: time(at),
        };
        Self {
            id: case.id,
            opened_index: case.opened.0,
            class: case.class,
            state: case.state.as_str().to_owned(),
            history: case.history.into_iter().map(state).collect(),
            erased: case.erased,
        }
    }
}

/// Object to content. Nobody needs an account; the answer has a link that follows the case.
#[utoipa::path(
    post, path = "/api/v1/notices", operation_id = "send_notice", tag = "Takedown",
    request_body = NoticeRequest,
    responses(
        (status = 201, body = NoticeAnswer, description = "A case was opened"),
        (status = 400, body = Problem, description = "No such ground, or fields that its form asks for are missing"),
        (status = 413, body = Problem, description = "More than 64 KiB"),
        (status = 429, body = Problem, description = "Too many notices; `Retry-After` says when to come back"),
    )
)]
async fn send(
    State(app): App,
    _: FilesNotices,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    body: Bytes,
) -> Result<(StatusCode, Json<NoticeAnswer>), Problem> {
    let peer = peer.map(|Extension(ConnectInfo(address))| address.ip());
    app.notices.take(peer).map_err(too_many)?;
    if body.len() > NOTICE_BYTES_MAX {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            "a notice has at most 64 KiB; name files by their SHA-256",
        ));
    }
    let NoticeRequest { ground, fields, files } = json_body(&body)?;
    let link_base = format!("{}/api/v1/notices/", app.base_url);
    let received = app.service.take_notice(&Notice { ground, fields, files }, &link_base).await?;
    Ok((StatusCode::CREATED, Json(NoticeAnswer { case: received.case, link: received.link })))
}

fn too_many(wait: Duration) -> Problem {
    // Rounded up: who comes back then is not refused again.
    let seconds = u16::try_from(wait.as_secs() + 1).unwrap_or(u16::MAX);
    let detail = format!("too many notices came; send this one again in {seconds} seconds");
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many requests",
        detail,
    );
    problem.retry_after(seconds)
}

/// Where the case of a notice stands, for whoever has its link.
#[utoipa::path(
    get, path = "/api/v1/notices/{secret}", operation_id = "follow_notice", tag = "Takedown",
    params(("secret" = String, Path, description = "The end of the case link")),
    responses(
        (status = 200, body = PublicCaseInfo, description = "The case"),
        (status = 404, body = Problem, description = "No case has this link"),
    )
)]
async fn follow(
    State(app): App,
    _: FilesNotices,
    Path(secret): Path<String>,
) -> Result<Response, Problem> {
    let case = PublicCaseInfo::from(app.service.case_by_link(&secret).await?);
    // The link is a secret: nothing keeps the page, and nobody is told where it was.
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    Ok((headers, Json(case)).into_response())
}

/// Every case: class of ground, dates, state, counts. Never who objects, or what they wrote.
#[utoipa::path(
    get, path = "/api/v1/register/cases", operation_id = "list_public_cases", tag = "Takedown", params(Before),
    responses((status = 200, body = Vec<PublicCaseInfo>, description = "At most 50, newest first"))
)]
async fn register(
    State(app): App,
    Query(page): Query<Before>,
    _: FilesNotices,
) -> Result<Json<Vec<PublicCaseInfo>>, Problem> {
    let cases = app.service.public_cases(page.index()).await?;
    Ok(Json(cases.into_iter().map(PublicCaseInfo::from).collect()))
}

/// The same as a table.
#[utoipa::path(
    get, path = "/api/v1/register/cases.csv", operation_id = "list_public_cases_csv", tag = "Takedown",
    params(Before),
    responses((status = 200, body = String, content_type = "text/csv", description = "One line for each of at most 50 cases, newest first"))
)]
async fn register_csv(
    State(app): App,
    Query(page): Query<Before>,
    _: FilesNotices,
) -> Result<Response, Problem> {
    let mut table = String::from("case,class,received,state,since,erased,opened_index\r\n");
    for case in app.service.public_cases(page.index()).await? {
        let when = |entry: Option<&(_, i64)>| entry.map_or_else(String::new, |(_, at)| time(*at));
        let (first, last) = (when(case.history.first()), when(case.history.last()));
        // Every value is a word, a number or a time of ours: nothing needs quotes.
        let (id, class, state, erased) = (case.id, &case.class, case.state, case.erased);
        let opened = case.opened;
        table.push_str(&format!("{id},{class},{first},{state},{last},{erased},{opened}\r\n"));
    }
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], table).into_response())
}
