//! How keys end, and how one takes over from another.

use attestry_proof::{
    key::{PublicKey, SIGNATURE_BYTES},
    payload::key_event::{RevocationReason, RotationReason},
};
use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    keys::{EnrollAnswer, KeyInfo, parse_thumbprint},
    statements::{Registered, json_body},
};
use crate::{
    http::{
        App, AppState,
        auth::{BODY_BYTES_MAX, Caller, Possession, SignedBody, read_body, require_digest},
        open::Enrolls,
        problem::Problem,
    },
    service::{ServiceError, rotate::possession_message},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(revoke)).routes(routes!(rotate)).routes(routes!(replace))
}

/// Why a key ends.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeRequest {
    /// `compromised`, `lost`, `left-program`, `misuse`, `enrolled-in-error`.
    pub reason: String,
    /// From when on it was not the owner's alone any more, RFC 3339; now if absent. For readers: the
    /// key ends at its position in the log.
    #[serde(default)]
    pub effective_at: Option<DateTime<Utc>>,
}

/// Revoke one's own key, or any key (administrators).
#[utoipa::path(
    post, path = "/api/v1/keys/{thumbprint}/revocation", tag = "Keys", request_body = RevokeRequest,
    params(("thumbprint" = String, Path, description = "COSE key thumbprint, base64url")),
    responses(
        (status = 201, body = Registered, description = "Revoked from the next entry on"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Neither one's own key nor an administrator, or revoked before"),
        (status = 409, body = Problem, description = "The only key of an administrator"),
    ),
    security(("request-token" = []))
)]
async fn revoke(
    State(app): App,
    Path(thumbprint): Path<String>,
    body: SignedBody,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let request: RevokeRequest = json_body(&body.bytes)?;
    let reason = RevocationReason::parse(&request.reason).ok_or_else(|| {
        Problem::malformed(
            "reasons are: compromised, lost, left-program, misuse, enrolled-in-error",
        )
    })?;
    let logged = app
        .service
        .revoke(&body.key, parse_thumbprint(&thumbprint)?, reason, request.effective_at)
        .await?;
    Ok((StatusCode::CREATED, Json(Registered::new(&logged))))
}

/// The key that is to take over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateRequest {
    /// Ed25519 public key, 32 bytes in unpadded base64url.
    pub public_key: String,
    /// Signature by that key over `attestry/rotation/v1`, the log's origin and the thumbprints of
    /// the old and the new key, each on a line of its own; 64 bytes in unpadded base64url.
    pub possession: String,
    /// `scheduled`, `suspected-compromise`, `device-change`.
    pub reason: String,
}

/// Replace one's own key by the next one, which takes over roles and submissions.
#[utoipa::path(
    post, path = "/api/v1/keys/{thumbprint}/rotation", tag = "Keys", request_body = RotateRequest,
    params(("thumbprint" = String, Path, description = "Thumbprint of the outgoing key, base64url")),
    responses(
        (status = 201, body = EnrollAnswer, description = "The new key counts from the next entry on, the old one no more"),
        (status = 401, body = Problem, description = "Not signed by the outgoing key, or possession of the new one not proven"),
        (status = 409, body = Problem, description = "Key enrolled already"),
    ),
    security(("request-token" = []))
)]
async fn rotate(
    State(app): App,
    Path(thumbprint): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<EnrollAnswer>), Problem> {
    let bytes = read_body(body, BODY_BYTES_MAX).await?;
    require_digest(caller.body, &bytes)?;
    let from = parse_thumbprint(&thumbprint)?;
    if caller.session.is_some() || caller.key.key.thumbprint() != from {
        let reason = "a key is replaced with a request signed by itself".to_owned();
        return Err(ServiceError::Unauthenticated { reason }.into());
    }
    let request: RotateRequest = json_body(&bytes)?;
    let reason = RotationReason::parse(&request.reason).ok_or_else(|| {
        Problem::malformed("reasons are: scheduled, suspected-compromise, device-change")
    })?;
    let key = public_key(&request.public_key)?;
    let message = possession_message(app.service.log().origin(), from, key.thumbprint());
    let signature = URL_SAFE_NO_PAD.decode(&request.possession).ok();
    let signature = signature.and_then(|it| <[u8; SIGNATURE_BYTES]>::try_from(it).ok());
    if signature.is_none_or(|signature| key.verify(&message, &signature).is_err()) {
        let reason = "possession is not the new key's signature over this rotation".to_owned();
        return Err(ServiceError::Unauthenticated { reason }.into());
    }
    let (record, logged) = app.service.rotate(&caller.key, key, reason).await?;
    let answer = EnrollAnswer { key: KeyInfo::from(&record), registered: Registered::new(&logged) };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The key that is to take the place of a lost one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceRequest {
    /// Ed25519 public key, 32 bytes in unpadded base64url.
    pub public_key: String,
}

/// Take the place of a lost key, once two officers have stated that they approve; the token must be
/// signed by the new key.
#[utoipa::path(
    post, path = "/api/v1/keys/{thumbprint}/replacement", tag = "Keys", request_body = ReplaceRequest,
    params(("thumbprint" = String, Path, description = "Thumbprint of the lost key, base64url")),
    responses(
        (status = 201, body = EnrollAnswer, description = "Enrolled; the lost key has ended"),
        (status = 401, body = Problem, description = "Possession of the key not proven"),
        (status = 403, body = Problem, description = "Not approved by two different officers"),
        (status = 409, body = Problem, description = "Key enrolled already"),
    ),
    security(("request-token" = []))
)]
async fn replace(
    State(app): App,
    _: Enrolls,
    Path(thumbprint): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<EnrollAnswer>), Problem> {
    let lost = parse_thumbprint(&thumbprint)?;
    let (parts, body) = request.into_parts();
    let bytes = read_body(body, BODY_BYTES_MAX).await?;
    let asked: ReplaceRequest = json_body(&bytes)?;
    let key = public_key(&asked.public_key)?;
    // Before the token, which is written down: strangers make nobody write.
    app.service.require_approved(lost, key.thumbprint()).await?;
    let proven = Possession::verify(&app, &parts, key, bytes).await?;
    let (record, logged) = app.service.replace_lost(lost, proven.key).await?;
    let answer = EnrollAnswer { key: KeyInfo::from(&record), registered: Registered::new(&logged) };
    Ok((StatusCode::CREATED, Json(answer)))
}

fn public_key(text: &str) -> Result<PublicKey, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    let bytes =
        bytes.map_err(|_| Problem::malformed("public_key is 32 bytes in unpadded base64url"))?;
    Ok(PublicKey::from_bytes(&bytes).map_err(ServiceError::from)?)
}
