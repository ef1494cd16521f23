//! Invitations and keys.

use attestry_proof::{
    key::{PublicKey, Thumbprint},
    size::LeafIndex,
};
use axum::{
    Json,
    extract::{Path, Query, Request, State},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    log::digest,
    statements::{Registered, json_body},
};
use crate::{
    http::{
        App, AppState,
        auth::{BODY_BYTES_MAX, Caller, Possession, SignedBody, read_body},
        open::{Enrolls, ReadsKeys},
        problem::Problem,
    },
    service::{ServiceError, members::PersonProfile},
    store::ledger::{Invitation, KeyRecord, Role, Roles},
};

/// Keys in one answer.
const KEYS_MAX: u32 = 500;
/// Invitations in one answer.
const INVITATIONS_MAX: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(invite, invitations))
        .routes(routes!(cancel_invitation))
        .routes(routes!(enroll, list))
        .routes(routes!(show))
}

/// Whom to invite.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteRequest {
    /// `admin`, `contractor`, `reviewer`, `legal`, `consumer`, `auditor`.
    pub roles: Vec<String>,
    /// Program the key is for.
    pub program: String,
    /// Whom it is for, kept sealed. Without it the service does not know who holds the key, and
    /// allows nothing that asks for two different persons, such as a review.
    #[serde(default)]
    pub person: Option<PersonRequest>,
}

/// Name and address of a person. One address is one person, whatever the name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A one-time code. It is shown once and not kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InviteAnswer {
    /// Names the invitation without giving the code away: a SHA-256 of it, hex.
    pub id: String,
    /// The code to give to `attestry enroll --code`.
    pub code: String,
    /// The same as a link.
    pub link: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// Invite a member (administrators).
#[utoipa::path(
    post, path = "/api/v1/invitations", tag = "Keys", request_body = InviteRequest,
    responses(
        (status = 201, body = InviteAnswer, description = "The code, shown once"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not an administrator"),
    ),
    security(("request-token" = []))
)]
async fn invite(
    State(app): App,
    body: SignedBody,
) -> Result<(StatusCode, Json<InviteAnswer>), Problem> {
    let request: InviteRequest = json_body(&body.bytes)?;
    let roles: Option<Vec<Role>> = request.roles.iter().map(|word| Role::parse(word)).collect();
    let roles = roles.ok_or_else(|| {
        Problem::malformed("roles are: admin, contractor, reviewer, legal, consumer, auditor")
    })?;
    let roles = Roles::new(roles);
    let invited = match request.person {
        None => app.service.invite(&body.key, roles, &request.program, None).await?,
        Some(PersonRequest { name, email }) => {
            let profile = PersonProfile { name, email };
            app.service.invite_person(&body.key, roles, &request.program, &profile).await?
        }
    };
    let link = enrolment_link(&app.base_url, &invited.code);
    let (id, expires_at) = (invited.invitation.code_digest.to_hex(), invited.invitation.expires_at);
    Ok((StatusCode::CREATED, Json(InviteAnswer { id, code: invited.code, link, expires_at })))
}

/// An invitation that can still be used.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InvitationInfo {
    /// A SHA-256 of its code, hex.
    pub id: String,
    /// What it gives.
    pub roles: Vec<String>,
    /// In which program.
    pub program: String,
    /// Thumbprint of the key that made it.
    pub inviter: Option<String>,
    /// Unix seconds.
    pub expires_at: i64,
}

impl From<&Invitation> for InvitationInfo {
    fn from(invitation: &Invitation) -> Self {
        let roles = invitation.roles.as_slice().iter();
        Self {
            id: invitation.code_digest.to_hex(),
            roles: roles.map(|role| role.as_str().to_owned()).collect(),
            program: invitation.program.clone(),
            inviter: invitation.inviter.map(|thumbprint| thumbprint.to_string()),
            expires_at: invitation.expires_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
struct After {
    /// Continue after the invitation with this id.
    after: Option<String>,
}

/// Invitations that can still be used, without their codes (administrators).
#[utoipa::path(
    get, path = "/api/v1/invitations", operation_id = "list_invitations", tag = "Keys", params(After),
    responses(
        (status = 200, body = Vec<InvitationInfo>, description = "At most 500, by id"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not an administrator"),
    ),
    security(("request-token" = []))
)]
async fn invitations(
    State(app): App,
    Query(page): Query<After>,
    caller: Caller,
) -> Result<Json<Vec<InvitationInfo>>, Problem> {
    let after = page.after.as_deref().map(digest).transpose()?;
    let open = app.service.invitations(&caller.key, after, INVITATIONS_MAX).await?;
    Ok(Json(open.iter().map(InvitationInfo::from).collect()))
}

/// Cancel an invitation that was not used yet (administrators).
#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", tag = "Keys",
    params(("id" = String, Path, description = "Id of the invitation, hex")),
    responses(
        (status = 204, description = "Its code is good for nothing now"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not an administrator"),
        (status = 404, body = Problem, description = "No such invitation, or it was used"),
    ),
    security(("request-token" = []))
)]
async fn cancel_invitation(
    State(app): App,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    app.service.cancel_invitation(&caller.key, digest(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Link that an invitation is sent as; the code is in the fragment, which no server's log records.
#[must_use]
pub fn enrolment_link(base_url: &str, code: &str) -> String {
    format!("{base_url}/enroll#{code}")
}

/// A key and the code that admits it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrollRequest {
    /// Code of the invitation.
    pub code: String,
    /// Ed25519 public key, 32 bytes in unpadded base64url.
    pub public_key: String,
}

/// An enrolled key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyInfo {
    /// COSE key thumbprint, base64url.
    pub thumbprint: String,
    /// Ed25519 public key, base64url.
    pub public_key: String,
    /// What it may do.
    pub roles: Vec<String>,
    /// In which program.
    pub program: String,
    /// Entry that enrolled it.
    pub enrolled_index: u64,
    /// Entry that revoked it.
    pub revoked_index: Option<u64>,
}

impl From<&KeyRecord> for KeyInfo {
    fn from(record: &KeyRecord) -> Self {
        Self {
            thumbprint: record.key.thumbprint().to_string(),
            public_key: URL_SAFE_NO_PAD.encode(record.key.as_bytes()),
            roles: record.roles.as_slice().iter().map(|role| role.as_str().to_owned()).collect(),
            program: record.program.clone(),
            enrolled_index: record.enrolled.0,
            revoked_index: record.revoked.map(|index| index.0),
        }
    }
}

/// The enrolled key, with the receipt of its `key-enrolled` statement.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EnrollAnswer {
    /// The key.
    pub key: KeyInfo,
    /// Where it was logged.
    pub registered: Registered,
}

/// Enrol a key with an invitation; the token must be signed by that key.
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "Keys", request_body = EnrollRequest,
    responses(
        (status = 201, body = EnrollAnswer, description = "Enrolled"),
        (status = 401, body = Problem, description = "Possession of the key not proven"),
        (status = 403, body = Problem, description = "Invitation unknown, used or expired"),
        (status = 409, body = Problem, description = "Key enrolled already"),
    ),
    security(("request-token" = []))
)]
async fn enroll(
    State(app): App,
    _: Enrolls,
    request: Request,
) -> Result<(StatusCode, Json<EnrollAnswer>), Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read_body(body, BODY_BYTES_MAX).await?;
    let asked: EnrollRequest = json_body(&bytes)?;
    let key = URL_SAFE_NO_PAD.decode(&asked.public_key);
    let key =
        key.map_err(|_| Problem::malformed("public_key is 32 bytes in unpadded base64url"))?;
    let key = PublicKey::from_bytes(&key).map_err(ServiceError::from)?;
    // Before the token: it is written down, and whoever has no invitation makes nobody write.
    app.service.require_invitation(&asked.code).await?;
    let proven = Possession::verify(&app, &parts, key, bytes).await?;
    let (record, logged) = app.service.enroll(&asked.code, proven.key).await?;
    let answer = EnrollAnswer { key: KeyInfo::from(&record), registered: Registered::new(&logged) };
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Deserialize, IntoParams)]
struct Page {
    /// Continue with keys enrolled at this position or later.
    #[serde(default)]
    from: u64,
}

/// Keys in order of enrolment. They are public, who holds them is not.
#[utoipa::path(
    get, path = "/api/v1/keys", operation_id = "list_keys", tag = "Keys", params(Page),
    responses(
        (status = 200, body = Vec<KeyInfo>, description = "At most 500"),
    )
)]
async fn list(
    State(app): App,
    _: ReadsKeys,
    Query(page): Query<Page>,
) -> Result<Json<Vec<KeyInfo>>, Problem> {
    let keys = app
        .service
        .ledger()
        .keys(LeafIndex(page.from), KEYS_MAX)
        .await
        .map_err(ServiceError::from)?;
    Ok(Json(keys.iter().map(KeyInfo::from).collect()))
}

/// One key.
#[utoipa::path(
    get, path = "/api/v1/keys/{thumbprint}", operation_id = "show_key", tag = "Keys",
    params(("thumbprint" = String, Path, description = "COSE key thumbprint, base64url")),
    responses(
        (status = 200, body = KeyInfo, description = "The key"),
        (status = 404, body = Problem, description = "No such key"),
    )
)]
async fn show(
    State(app): App,
    _: ReadsKeys,
    Path(thumbprint): Path<String>,
) -> Result<Json<KeyInfo>, Problem> {
    let thumbprint = parse_thumbprint(&thumbprint)?;
    let record = app.service.ledger().key(thumbprint).await.map_err(ServiceError::from)?;
    let record =
        record.ok_or_else(|| Problem::not_found(format!("no key {thumbprint} is enrolled")))?;
    Ok(Json(KeyInfo::from(&record)))
}

pub(super) fn parse_thumbprint(text: &str) -> Result<Thumbprint, Problem> {
    Thumbprint::from_base64url(text)
        .ok_or_else(|| Problem::malformed("a thumbprint is 43 characters of unpadded base64url"))
}
