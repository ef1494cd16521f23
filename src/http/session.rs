//! The session cookie: a sign-in that a browser carries with each request.
//!
//! Browsers send cookies by themselves, also on behalf of pages from elsewhere. `SameSite=Strict`
//! keeps those out; on every method that changes something, a header that only pages of this
//! service can fill in does so again.

use attestry_proof::hash::Hash;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};

use super::{
    AppState,
    auth::{Caller, Vouched},
    problem::Problem,
};
use crate::{
    service::{
        ServiceError,
        sessions::{SESSION_SECONDS_MAX, SessionSecret},
    },
    store::sessions::SessionMethod,
};

/// Name of the cookie. The prefix makes browsers refuse it unless it is `Secure`, for this host
/// alone and for all of its paths.
pub const SESSION_COOKIE: &str = "__Host-attestry";
/// Routes about sessions themselves.
const SESSIONS_PATH: &str = "/api/v1/sessions/";
/// Header that repeats the session's CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A `Set-Cookie` for a cookie that ends after so many seconds; none of them deletes it.
///
/// # Errors
/// A problem with status 500 if the value cannot be in a header.
pub(super) fn set_cookie(
    name: &str,
    value: &str,
    same_site: SameSite,
    seconds: i64,
) -> Result<HeaderValue, Problem> {
    let same_site = match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
    };
    let text = format!(
        "{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={seconds}"
    );
    HeaderValue::try_from(text).map_err(|error| {
        tracing::error!(%error, "a cookie cannot be set");
        let detail = "the service failed; the operator's log says why";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Service failure", detail)
    })
}

/// From where a browser sends a cookie along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SameSite {
    /// From pages of this service only.
    Strict,
    /// Also when somebody is sent here from elsewhere.
    Lax,
}

/// The cookie that carries a session.
///
/// # Errors
/// As [`set_cookie`].
pub(super) fn session_cookie(secret: &SessionSecret) -> Result<HeaderValue, Problem> {
    set_cookie(SESSION_COOKIE, &secret.to_text(), SameSite::Strict, SESSION_SECONDS_MAX)
}

/// Deletes the cookie that carries a session.
///
/// # Errors
/// As [`set_cookie`].
pub(super) fn no_session_cookie() -> Result<HeaderValue, Problem> {
    set_cookie(SESSION_COOKIE, "", SameSite::Strict, 0)
}

/// Who a request's session cookie speaks for; `None` without one.
///
/// # Errors
/// A problem with status 401 for a session that is over, 403 for a missing or wrong CSRF token.
pub(super) async fn caller(app: &AppState, parts: &Parts) -> Result<Option<Caller>, Problem> {
    let Some(text) = cookie(&parts.headers, SESSION_COOKIE) else { return Ok(None) };
    let secret = SessionSecret::parse(text).ok_or_else(|| ServiceError::Unauthenticated {
        reason: "the session cookie is not one of this service; sign in again".into(),
    })?;
    require_own_page(&parts.headers)?;
    let (session, key) = app.service.session(&secret).await?;
    if changes_something(&parts.method) {
        require_csrf(&parts.headers, &secret)?;
        require_key(session.method, parts.uri.path())?;
    }
    Ok(Some(Caller { key, body: Vouched::Session, session: Some(session) }))
}

/// `SameSite` lets pages of sibling hosts through, and even to read is logged in the caller's name.
/// Browsers say where a request comes from (Fetch Metadata); other clients say nothing.
fn require_own_page(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => {
            let detail = "a page of another address may not use this session";
            Err(Problem::new(StatusCode::FORBIDDEN, "csrf", "Request from elsewhere", detail))
        }
    }
}

/// Methods other than the safe ones (RFC 9110 §9.2.1).
fn changes_something(method: &Method) -> bool {
    ![Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}

/// A provider's word shows who somebody is. What is done is set down under their key, so it takes
/// a session that the key began, or a token. Signing out does not.
fn require_key(method: SessionMethod, path: &str) -> Result<(), Problem> {
    match method {
        SessionMethod::Oidc if !path.starts_with(SESSIONS_PATH) => {
            let detail = "signed in through the identity provider you can read; for this, sign in with your key";
            Err(Problem::new(StatusCode::FORBIDDEN, "key-needed", "Key needed", detail))
        }
        _ => Ok(()),
    }
}

fn require_csrf(headers: &HeaderMap, secret: &SessionSecret) -> Result<(), Problem> {
    let found = headers.get(CSRF_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    // Digests are compared, so that the time it takes says nothing about the token.
    if Hash::of(found) == Hash::of(secret.csrf_token().as_bytes()) {
        return Ok(());
    }
    let detail = "with the session cookie, this method needs the header X-CSRF-Token with the token that the sign-in \
                  gave; GET /api/v1/sessions/current tells it again";
    Err(Problem::new(StatusCode::FORBIDDEN, "csrf", "CSRF token missing or wrong", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let found =
            |lines: &[&'static str]| cookie(&headers(lines), SESSION_COOKIE).map(str::to_owned);
        assert_eq!(found(&["__Host-attestry=abc"]), Some("abc".into()));
        assert_eq!(found(&["a=b; __Host-attestry=abc; c=d"]), Some("abc".into()));
        assert_eq!(found(&["a=b", "__Host-attestry=abc"]), Some("abc".into()));
        for other in ["", "__Host-attestry", "__Host-attestry-login=abc", "x__Host-attestry=abc"] {
            assert_eq!(found(&[other]), None, "{other}");
        }
    }

    #[test]
    fn only_safe_methods_do_without_a_csrf_token() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(!changes_something(&method), "{method}");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(changes_something(&method), "{method}");
        }
    }

    #[test]
    fn a_provider_s_word_changes_nothing_but_sessions() {
        let (key, oidc) = (SessionMethod::Key, SessionMethod::Oidc);
        assert!(require_key(key, "/api/v1/invitations").is_ok());
        assert!(require_key(oidc, "/api/v1/sessions/current").is_ok());
        for path in ["/api/v1/invitations", "/api/v1/sessions", "/entries", "/"] {
            assert!(require_key(oidc, path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_csrf_token_is_that_of_the_session() {
        let secret = SessionSecret::parse(&"A".repeat(43)).unwrap();
        let other = SessionSecret::parse(&format!("B{}", "A".repeat(42))).unwrap();
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CSRF_HEADER, value.parse().unwrap());
            headers
        };
        assert!(require_csrf(&with(&secret.csrf_token()), &secret).is_ok());
        for wrong in ["", &secret.to_text(), &other.csrf_token()] {
            assert!(require_csrf(&with(wrong), &secret).is_err(), "{wrong}");
        }
        assert!(require_csrf(&HeaderMap::new(), &secret).is_err());
    }
}
