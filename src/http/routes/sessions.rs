//! Sessions: signing in with a key, looking at one's sessions, ending them.

use attestry_proof::key::Thumbprint;
use axum::{
    Json,
    extract::{Path, Query, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{keys::parse_thumbprint, statements::json_body};
use crate::{
    http::{
        App, AppState,
        auth::{BODY_BYTES_MAX, Caller, answer_challenge, read_body},
        open::SignsIn,
        problem::Problem,
        session::{SESSION_COOKIE, cookie, no_session_cookie, session_cookie},
    },
    service::sessions::{OpenedSession, SessionSecret},
    store::sessions::{SessionMethod, SessionRecord},
};

/// Answers that hold secrets stay in nobody's cache.
const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(challenge))
        .routes(routes!(begin, list))
        .routes(routes!(current, end_current))
        .routes(routes!(end))
}

/// Whose key will answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// COSE key thumbprint, base64url.
    pub thumbprint: String,
}

/// A nonce for one sign-in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChallengeAnswer {
    /// To be repeated in the claim `nonce` of the request token.
    pub nonce: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// Ask for a nonce to sign in with.
#[utoipa::path(
    post, path = "/api/v1/sessions/challenges", tag = "Sessions", request_body = ChallengeRequest,
    responses(
        (status = 201, body = ChallengeAnswer, description = "A nonce for this key, good once and for two minutes"),
        (status = 400, body = Problem, description = "No thumbprint"),
    )
)]
async fn challenge(State(app): App, _: SignsIn, request: Request) -> Result<Response, Problem> {
    let bytes = read_body(request.into_body(), BODY_BYTES_MAX).await?;
    let asked: ChallengeRequest = json_body(&bytes)?;
    let challenge = app.service.challenge(parse_thumbprint(&asked.thumbprint)?);
    let answer = ChallengeAnswer { nonce: challenge.nonce, expires_at: challenge.expires_at };
    Ok((StatusCode::CREATED, [NO_STORE], Json(answer)).into_response())
}

/// A session, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionInfo {
    /// Names it.
    pub id: Uuid,
    /// The key it acts for.
    pub thumbprint: String,
    /// How it began: `key` or `oidc`.
    pub method: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds, to within a minute.
    pub last_used_at: i64,
    /// Unix seconds; earlier if it is not used for half an hour.
    pub expires_at: i64,
}

impl From<&SessionRecord> for SessionInfo {
    fn from(record: &SessionRecord) -> Self {
        Self {
            id: record.id,
            thumbprint: record.thumbprint.to_string(),
            method: record.method.as_str().to_owned(),
            created_at: record.created_at,
            last_used_at: record.last_used_at,
            expires_at: record.expires_at,
        }
    }
}

/// One's own session. Its secret is in the cookie.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionAnswer {
    /// The session.
    pub session: SessionInfo,
    /// To be repeated in the header `X-CSRF-Token` of every request that changes something.
    pub csrf_token: String,
}

impl SessionAnswer {
    /// What a page has to know about its session.
    pub(in crate::http) fn new(record: &SessionRecord, secret: &SessionSecret) -> Self {
        Self { session: record.into(), csrf_token: secret.csrf_token() }
    }
}

/// Sign in: the token must be signed by an enrolled key and carry a `nonce`.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "Sessions",
    responses(
        (status = 201, body = SessionAnswer, description = "Signed in; the cookie `__Host-attestry` is the session"),
        (status = 401, body = Problem, description = "Token or nonce not acceptable"),
    ),
    security(("request-token" = []))
)]
async fn begin(State(app): App, _: SignsIn, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read_body(body, BODY_BYTES_MAX).await?;
    let key = answer_challenge(&app, &parts, &bytes).await?;
    let OpenedSession { secret, record } =
        app.service.open_session(&key, SessionMethod::Key).await?;
    let headers = [NO_STORE, (header::SET_COOKIE, session_cookie(&secret)?)];
    Ok((StatusCode::CREATED, headers, Json(SessionAnswer::new(&record, &secret))).into_response())
}

#[derive(Deserialize, IntoParams)]
struct Whose {
    /// Thumbprint of another key, for those who may end its sessions.
    key: Option<String>,
}

/// Sessions that are not over: one's own, or those of another key (administrators).
#[utoipa::path(
    get, path = "/api/v1/sessions", operation_id = "list_sessions", tag = "Sessions", params(Whose),
    responses(
        (status = 200, body = Vec<SessionInfo>, description = "Newest first"),
        (status = 401, body = Problem, description = "No acceptable token or session"),
        (status = 403, body = Problem, description = "Neither one's own key nor an administrator"),
    ),
    security(("request-token" = []), ("session" = []))
)]
async fn list(
    State(app): App,
    Query(whose): Query<Whose>,
    caller: Caller,
) -> Result<Json<Vec<SessionInfo>>, Problem> {
    let key: Thumbprint = match &whose.key {
        Some(text) => parse_thumbprint(text)?,
        None => caller.key.key.thumbprint(),
    };
    let sessions = app.service.sessions_of(&caller.key, key).await?;
    Ok(Json(sessions.iter().map(SessionInfo::from).collect()))
}

/// The session that this request's cookie is for, with its CSRF token.
#[utoipa::path(
    get, path = "/api/v1/sessions/current", operation_id = "current_session", tag = "Sessions",
    responses(
        (status = 200, body = SessionAnswer, description = "The session"),
        (status = 401, body = Problem, description = "No session"),
        (status = 404, body = Problem, description = "The request has a token of its own"),
    ),
    security(("session" = []))
)]
async fn current(State(app): App, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = Caller::of(&app, &parts).await?;
    let record = caller.session.ok_or_else(no_session)?;
    let secret = cookie(&parts.headers, SESSION_COOKIE).and_then(SessionSecret::parse);
    let answer = SessionAnswer::new(&record, &secret.ok_or_else(no_session)?);
    Ok(([NO_STORE], Json(answer)).into_response())
}

/// Sign out.
#[utoipa::path(
    delete, path = "/api/v1/sessions/current", operation_id = "end_current_session", tag = "Sessions",
    responses(
        (status = 204, description = "The session is over, and its cookie gone"),
        (status = 401, body = Problem, description = "No session"),
        (status = 403, body = Problem, description = "CSRF token missing or wrong"),
        (status = 404, body = Problem, description = "The request has a token of its own"),
    ),
    security(("session" = []))
)]
async fn end_current(State(app): App, caller: Caller) -> Result<Response, Problem> {
    let session = caller.session.ok_or_else(no_session)?;
    app.service.end_session(&caller.key, session.id).await?;
    let headers = [NO_STORE, (header::SET_COOKIE, no_session_cookie()?)];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

fn no_session() -> Problem {
    Problem::not_found("this request has a token of its own, not the cookie of a session")
}

/// End a session: one's own, or somebody else's (administrators).
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", operation_id = "end_session", tag = "Sessions",
    params(("id" = Uuid, Path, description = "Id of the session")),
    responses(
        (status = 204, description = "The session is over"),
        (status = 401, body = Problem, description = "No acceptable token or session"),
        (status = 403, body = Problem, description = "Neither one's own nor an administrator, or CSRF token wrong"),
        (status = 404, body = Problem, description = "No such session, or it is over"),
    ),
    security(("request-token" = []), ("session" = []))
)]
async fn end(State(app): App, Path(id): Path<Uuid>, caller: Caller) -> Result<StatusCode, Problem> {
    app.service.end_session(&caller.key, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
