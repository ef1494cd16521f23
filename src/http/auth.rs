//! Request authentication: a JSON Web Token that the caller signs for this one request, or the
//! cookie of a session that began with one.
//!
//! `Authorization: Bearer <JWT>`, EdDSA, `typ: attestry-auth+jwt`, `kid` = key thumbprint, `iss` =
//! `sub` = its URI,
//! `aud` = log origin, `jti`, `htm`, `htu`, and `body` = the request's Content-Digest (RFC 9530)
//! when it has a body. The type and the audience keep it apart from anything else the key signs: no
//! sign-in can be turned into a statement.

use std::sync::Arc;

use attestry_proof::{
    hash::Hash,
    key::{PublicKey, Thumbprint},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation};
use serde::{Deserialize, Serialize};

use super::{AppState, problem::Problem, session};
use crate::{
    service::ServiceError,
    store::{ledger::KeyRecord, sessions::SessionRecord},
};

/// `typ` of a request token.
pub const TOKEN_TYPE: &str = "attestry-auth+jwt";
/// Longest time between `iat` and `exp`.
pub const TOKEN_LIFETIME_S_MAX: i64 = 300;
/// How far the caller's clock may be ahead.
const CLOCK_AHEAD_S_MAX: i64 = 60;
/// Longest token.
const TOKEN_BYTES_MAX: usize = 4096;
/// Longest `jti`.
const TOKEN_ID_BYTES_MAX: usize = 128;
/// Largest body that is read into memory to check its digest.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What a request token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Thumbprint URI of the key.
    pub iss: String,
    /// The same.
    pub sub: String,
    /// Origin of the log.
    pub aud: String,
    /// Unix seconds.
    pub iat: i64,
    /// Unix seconds, at most [`TOKEN_LIFETIME_S_MAX`] later.
    pub exp: i64,
    /// Unique; a second use is refused.
    pub jti: String,
    /// Method of the request.
    pub htm: String,
    /// URL of the request without query.
    pub htu: String,
    /// Content-Digest of the body, `sha-256=:…:`; absent for none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    /// Answers a challenge, to begin a session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
}

/// What is known about the body before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// The token gives its SHA-256.
    Digest(Hash),
    /// The token says that there is none.
    Nothing,
    /// The session vouches for whatever its browser sends.
    Session,
}

impl Vouched {
    /// The SHA-256 that the token gives.
    #[must_use]
    pub const fn digest(self) -> Option<Hash> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Nothing | Self::Session => None,
        }
    }
}

/// Who is calling, proven by a token for this request or by a session.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The caller's key, as its record is now.
    pub key: Arc<KeyRecord>,
    /// What is known about the body.
    pub body: Vouched,
    /// The session; `None` if the request has a token of its own.
    pub session: Option<SessionRecord>,
}

/// A body that the caller vouches for, and who sent it.
pub struct SignedBody {
    /// Who is calling.
    pub key: Arc<KeyRecord>,
    /// The whole body.
    pub bytes: Bytes,
}

/// A body signed by a key that need not be enrolled yet: proof of possession.
pub struct Possession {
    /// The key that signed the token.
    pub key: PublicKey,
    /// The whole body.
    pub bytes: Bytes,
}

/// `sha-256=:<base64>:` (RFC 9530 §2).
#[must_use]
pub fn content_digest(digest: &Hash) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes()))
}

/// Reads the SHA-256 member of a Content-Digest; `None` if there is none.
#[must_use]
pub fn parse_content_digest(text: &str) -> Option<Hash> {
    text.split(',').find_map(|member| {
        let value = member.trim().strip_prefix("sha-256=:")?.strip_suffix(':')?;
        Hash::from_slice(&STANDARD.decode(value).ok()?)
    })
}

fn unauthenticated(reason: impl Into<String>) -> Problem {
    ServiceError::Unauthenticated { reason: reason.into() }.into()
}

/// The token of a request, and the key it names.
fn token(headers: &HeaderMap) -> Result<(&str, Thumbprint), Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(|| {
        unauthenticated(
            "this route needs a token signed by your key: Authorization: Bearer <JWT>, or the cookie of a session",
        )
    })?;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(unauthenticated(format!("the token is longer than {TOKEN_BYTES_MAX} bytes")));
    }
    let head = jsonwebtoken::decode_header(token)
        .map_err(|error| unauthenticated(format!("token: {error}")))?;
    if head.typ.as_deref() != Some(TOKEN_TYPE) {
        return Err(unauthenticated(format!("the token's typ must be {TOKEN_TYPE}")));
    }
    if head.alg != Algorithm::EdDSA {
        return Err(unauthenticated("the token's alg must be EdDSA"));
    }
    let kid = head.kid.as_deref().and_then(Thumbprint::from_base64url);
    let kid =
        kid.ok_or_else(|| unauthenticated("the token's kid must be the thumbprint of your key"))?;
    Ok((token, kid))
}

/// Verifies signature and claims, except that the token was not used before.
fn verify(
    app: &AppState,
    token: &str,
    key: &PublicKey,
    (method, uri): (&Method, &Uri),
) -> Result<Claims, Problem> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[app.service.log().origin()]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // Times are judged below, by the service's own clock.
    validation.validate_exp = false;
    let decoding = DecodingKey::from_ed_der(key.as_bytes());
    let decoded: TokenData<Claims> = jsonwebtoken::decode(token, &decoding, &validation)
        .map_err(|error| unauthenticated(format!("token: {error}")))?;
    let claims = decoded.claims;
    let issuer = key.thumbprint().uri();
    if claims.iss != issuer || claims.sub != issuer {
        return Err(unauthenticated(
            "the token's iss and sub must both be the thumbprint URI of the key that signed it",
        ));
    }
    let now = app.service.now();
    let lifetime = claims
        .exp
        .checked_sub(claims.iat)
        .filter(|seconds| (1..=TOKEN_LIFETIME_S_MAX).contains(seconds));
    if lifetime.is_none() {
        return Err(unauthenticated(format!(
            "the token may be valid for 1 to {TOKEN_LIFETIME_S_MAX} seconds"
        )));
    }
    if claims.exp <= now || claims.iat > now + CLOCK_AHEAD_S_MAX {
        return Err(unauthenticated(format!(
            "the token is valid from {} to {}, but the time here is {now}; sign a new one and check the clock",
            claims.iat, claims.exp
        )));
    }
    if claims.jti.is_empty() || claims.jti.len() > TOKEN_ID_BYTES_MAX {
        return Err(unauthenticated(format!(
            "the token's jti must have 1 to {TOKEN_ID_BYTES_MAX} bytes"
        )));
    }
    if claims.htm != method.as_str() || !names_request(&claims.htu, &app.base_url, uri) {
        return Err(unauthenticated(format!(
            "the token was signed for {} {}, but this service is called at {}",
            claims.htm, claims.htu, app.base_url
        )));
    }
    Ok(claims)
}

/// Whether `htu` is this request's URL without query, under the address that the operator gave the
/// service. The request's own `Host` is the caller's word: a token that somebody else's site relays
/// names that site.
fn names_request(htu: &str, base_url: &str, uri: &Uri) -> bool {
    htu.strip_prefix(base_url).is_some_and(|path| path == uri.path())
}

async fn spend(app: &AppState, claims: &Claims, key: &PublicKey) -> Result<(), Problem> {
    let id = format!("{}/{}", key.thumbprint(), claims.jti);
    let fresh = app.service.ledger().spend_token(&id, claims.exp, app.service.now()).await;
    match fresh.map_err(ServiceError::from)? {
        true => Ok(()),
        false => Err(unauthenticated("the token was used before; sign a new one for each request")),
    }
}

fn vouched(claims: &Claims) -> Result<Vouched, Problem> {
    let Some(text) = &claims.body else { return Ok(Vouched::Nothing) };
    let digest = parse_content_digest(text);
    digest
        .map(Vouched::Digest)
        .ok_or_else(|| unauthenticated("the token's body claim must be sha-256=:<base64>:"))
}

/// Whoever sends a token is judged by it alone, cookie or not.
async fn authenticate(app: &AppState, parts: &Parts) -> Result<Caller, Problem> {
    if !parts.headers.contains_key(header::AUTHORIZATION)
        && let Some(caller) = session::caller(app, parts).await?
    {
        return Ok(caller);
    }
    let (key, claims) = by_token(app, parts).await?;
    let body = vouched(&claims)?;
    spend(app, &claims, &key.key).await?;
    Ok(Caller { key, body, session: None })
}

/// The enrolled key whose token this is, and what the token says. It is not spent yet.
async fn by_token(app: &AppState, parts: &Parts) -> Result<(Arc<KeyRecord>, Claims), Problem> {
    let (token, kid) = token(&parts.headers)?;
    let key = app.service.valid_key(kid).await.map_err(|error| match error {
        ServiceError::UnknownKey { .. } | ServiceError::RevokedKey { .. } => {
            unauthenticated(error.to_string())
        }
        other => other.into(),
    })?;
    let claims = verify(app, token, &key.key, (&parts.method, &parts.uri))?;
    Ok((key, claims))
}

/// The key whose token answers a challenge of this service.
///
/// # Errors
/// A problem with status 401.
pub(super) async fn answer_challenge(
    app: &AppState,
    parts: &Parts,
    body: &[u8],
) -> Result<Arc<KeyRecord>, Problem> {
    let (key, claims) = by_token(app, parts).await?;
    require_digest(vouched(&claims)?, body)?;
    let nonce = claims.nonce.as_deref().ok_or_else(|| {
        unauthenticated("the token must carry a nonce; POST /api/v1/sessions/challenges gives one")
    })?;
    app.service.answer_challenge(nonce, key.key.thumbprint())?;
    spend(app, &claims, &key.key).await?;
    Ok(key)
}

impl Caller {
    /// Who makes this request.
    ///
    /// # Errors
    /// A problem with status 401, or 403 for a session without its CSRF token.
    pub async fn of(app: &AppState, parts: &Parts) -> Result<Self, Problem> {
        authenticate(app, parts).await
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        authenticate(app, parts).await
    }
}

impl FromRequest<AppState> for SignedBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let caller = authenticate(app, &parts).await?;
        let bytes = read_body(body, BODY_BYTES_MAX).await?;
        require_digest(caller.body, &bytes)?;
        Ok(Self { key: caller.key, bytes })
    }
}

impl Possession {
    /// Verifies the request's token under `key`, which must be the one the token names.
    ///
    /// # Errors
    /// A problem with status 401.
    pub async fn verify(
        app: &AppState,
        parts: &Parts,
        key: PublicKey,
        bytes: Bytes,
    ) -> Result<Self, Problem> {
        let (token, kid) = token(&parts.headers)?;
        if key.thumbprint() != kid {
            return Err(unauthenticated(
                "the token must be signed by the key that is to be enrolled",
            ));
        }
        let claims = verify(app, token, &key, (&parts.method, &parts.uri))?;
        require_digest(vouched(&claims)?, &bytes)?;
        spend(app, &claims, &key).await?;
        Ok(Self { key, bytes })
    }
}

/// Compares a whole body with what the token says about it.
///
/// # Errors
/// A problem with status 401.
pub fn require_digest(vouched: Vouched, bytes: &[u8]) -> Result<(), Problem> {
    match vouched {
        Vouched::Session => Ok(()),
        Vouched::Digest(digest) if digest == Hash::of(bytes) => Ok(()),
        Vouched::Nothing if bytes.is_empty() => Ok(()),
        Vouched::Digest(_) => {
            Err(unauthenticated("the body is not the one that the token was signed for"))
        }
        Vouched::Nothing => {
            Err(unauthenticated("the token has no body claim, but the request has a body"))
        }
    }
}

/// Reads a body of bounded size.
///
/// # Errors
/// [`ServiceError::TooLarge`] or a malformed request.
pub async fn read_body(body: axum::body::Body, limit: usize) -> Result<Bytes, Problem> {
    use http_body_util::BodyExt as _;
    let limited = http_body_util::Limited::new(body, limit);
    match limited.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let (found, limit) = (limit as u64 + 1, limit as u64);
            Err(ServiceError::TooLarge { what: "the body", found, limit }.into())
        }
        Err(error) => Err(Problem::malformed(format!("the body ended early: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_digest_is_read_back() {
        let digest = Hash::of(b"body");
        assert_eq!(parse_content_digest(&content_digest(&digest)), Some(digest));
        assert_eq!(
            parse_content_digest(&format!("sha-512=:AA==:, {}", content_digest(&digest))),
            Some(digest)
        );
        for bad in ["", "sha-256=abc", "sha-256=::", "sha-256=:AAAA:", "md5=:AAAA:"] {
            assert_eq!(parse_content_digest(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_names_the_address_and_path_of_its_request() {
        let base = "https://log.example:8080";
        for uri in ["/api/v1/keys?page=2", "https://other.example/api/v1/keys"] {
            let uri: Uri = uri.parse().unwrap();
            assert!(names_request("https://log.example:8080/api/v1/keys", base, &uri), "{uri}");
            for other in [
                "https://other.example/api/v1/keys",
                "http://log.example:8080/api/v1/keys",
                "https://log.example:80801/api/v1/keys",
                "https://log.example:8080.other.example/api/v1/keys",
                "https://log.example:8080/api/v1/keys/x",
                "https://log.example:8080/api/v1/keys?page=2",
                "/api/v1/keys",
                "",
            ] {
                assert!(!names_request(other, base, &uri), "{other}");
            }
        }
    }
}
