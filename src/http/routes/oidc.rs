//! Signing in through the identity provider: there and back.

use axum::{
    Json,
    extract::{FromRequestParts as _, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{keys::enrolment_link, sessions::SessionAnswer};
use crate::{
    http::{
        App, AppState,
        auth::Caller,
        oidc::{Oidc, OidcError, Returned, SIGN_IN_SECONDS_MAX, VouchedFor, Wish},
        open::SignsIn,
        problem::Problem,
        session::{SESSION_COOKIE, SameSite, cookie, session_cookie, set_cookie},
    },
    service::{enroll::Invited, sign_in::SignedIn},
    store::sessions::SessionMethod,
};

/// Binds a sign-in to the browser that began it.
const BROWSER_COOKIE: &str = "__Host-attestry-login";
/// Answers that hold secrets stay in nobody's cache.
const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// The page loads nothing, sends nothing, and is in nobody's frame.
const PAGE_POLICY: (HeaderName, HeaderValue) = (
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
);

/// The page's own address holds the code.
const NO_REFERRER: (HeaderName, HeaderValue) =
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(callback))
}

fn provider(app: &AppState) -> Result<&Oidc, Problem> {
    app.oidc.as_deref().ok_or_else(|| {
        Problem::not_found("this service has no identity provider; sign in with your key")
    })
}

#[derive(Deserialize, IntoParams)]
struct Where {
    /// Program to sign in to; needed by those whose groups give roles in several.
    program: Option<String>,
}

/// Sign in through the identity provider: a browser is sent there. Whoever is signed in with a key
/// also links that key's holder to the identity they come back with.
#[utoipa::path(
    get, path = "/api/v1/oidc/login", tag = "Sessions", params(Where),
    responses(
        (status = 303, description = "To the provider"),
        (status = 404, body = Problem, description = "This service has no identity provider"),
        (status = 503, body = Problem, description = "The provider cannot be asked"),
    )
)]
async fn login(
    State(app): App,
    _: SignsIn,
    Query(destination): Query<Where>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let oidc = provider(&app)?;
    let wish = Wish { program: destination.program, person: known(&app, &parts).await };
    let begun = oidc
        .begin(wish, app.service.now(), || app.service.random())
        .await
        .map_err(|error| refusal(&error))?;
    let location = HeaderValue::try_from(begun.url)
        .map_err(|_| refusal(&OidcError::Exchange("the provider's address is no URL".into())))?;
    // Sent along when the provider sends the browser back, so not strict.
    let browser = set_cookie(BROWSER_COOKIE, &begun.browser, SameSite::Lax, SIGN_IN_SECONDS_MAX)?;
    let headers = [NO_STORE, (header::SET_COOKIE, browser), (header::LOCATION, location)];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Whom a session shows the caller to be, if it began with their key. A provider's word is not
/// enough to link another identity.
async fn known(app: &AppState, parts: &Parts) -> Option<Uuid> {
    cookie(&parts.headers, SESSION_COOKIE)?;
    let caller = Caller::of(app, parts).await.ok()?;
    let session = caller.session.filter(|session| session.method == SessionMethod::Key);
    session.and(caller.key.person)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Answer {
    /// Names the sign-in.
    state: String,
    /// To be exchanged.
    code: Option<String>,
    /// The provider (RFC 9207).
    iss: Option<String>,
    /// Why the provider refuses.
    error: Option<String>,
}

/// What a sign-in comes to: a session, or an invitation to enrol a key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignInAnswer {
    /// The session, if there is a key that the roles given cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<SessionAnswer>,
    /// A one-time code for exactly the roles given. It is shown once and not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<SignInInvitation>,
}

/// An invitation that a sign-in made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignInInvitation {
    /// The code to give to `attestry enroll --code`.
    pub code: String,
    /// The same as a link.
    pub link: String,
    /// What it gives.
    pub roles: Vec<String>,
    /// In which program.
    pub program: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// Where the provider sends the browser back to.
#[utoipa::path(
    get, path = "/api/v1/oidc/callback", tag = "Sessions", params(Answer),
    responses(
        (status = 200, body = SignInAnswer, description = "Signed in, or invited; a page for browsers"),
        (status = 403, body = Problem, description = "The sign-in is not acceptable, or the groups give nothing"),
        (status = 404, body = Problem, description = "This service has no identity provider"),
        (status = 409, body = Problem, description = "Several programs, or another person's identity or address"),
        (status = 503, body = Problem, description = "The provider cannot be asked"),
    )
)]
async fn callback(State(app): App, _: SignsIn, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let oidc = provider(&app)?;
    // Not an argument, so that a service without a provider says so first.
    let Query(answer) = Query::<Answer>::from_request_parts(&mut parts, &app)
        .await
        .map_err(|error| Problem::malformed(error.to_string()))?;
    let now = app.service.time();
    let returned = cookie(&parts.headers, BROWSER_COOKIE)
        .and_then(|browser| oidc.returned(&answer.state, browser, now.timestamp()))
        .ok_or_else(|| {
            refused("this browser did not begin the sign-in, or it is over; begin again")
        })?;
    let code = answer.code.filter(|_| answer.error.is_none());
    let code = code.ok_or_else(|| refused("the identity provider did not let you in"))?;
    let issuer = answer.iss.as_deref();
    let vouched = finish(oidc, returned, code, issuer, now).await?;
    let VouchedFor { identity, groups, wish } = vouched;
    let granted = oidc.settings().granted(&groups);
    let program = wish.program.as_deref();
    let signed_in = app.service.sign_in(&identity, &granted, program, wish.person).await?;
    respond(&app, &parts.headers, signed_in)
}

async fn finish(
    oidc: &Oidc,
    returned: Returned,
    code: String,
    issuer: Option<&str>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<VouchedFor, Problem> {
    oidc.finish(returned, code, issuer, now).await.map_err(|error| refusal(&error))
}

fn respond(app: &AppState, headers: &HeaderMap, outcome: SignedIn) -> Result<Response, Problem> {
    let browser = set_cookie(BROWSER_COOKIE, "", SameSite::Lax, 0)?;
    let (answer, session) = match &outcome {
        SignedIn::Session(opened) => {
            let signed_in = Some(SessionAnswer::new(&opened.record, &opened.secret));
            (SignInAnswer { signed_in, invitation: None }, Some(session_cookie(&opened.secret)?))
        }
        SignedIn::Invited(invited) => {
            let invitation = Some(invitation(&app.base_url, invited));
            (SignInAnswer { signed_in: None, invitation }, None)
        }
    };
    let body = match wants_page(headers) {
        true => ([PAGE_POLICY, NO_REFERRER], Html(page(&app.base_url, &answer))).into_response(),
        false => Json(answer).into_response(),
    };
    let mut response = ([NO_STORE, (header::SET_COOKIE, browser)], body).into_response();
    if let Some(session) = session {
        response.headers_mut().append(header::SET_COOKIE, session);
    }
    Ok(response)
}

fn invitation(base_url: &str, Invited { code, invitation }: &Invited) -> SignInInvitation {
    SignInInvitation {
        code: code.clone(),
        link: enrolment_link(base_url, code),
        roles: invitation.roles.as_slice().iter().map(|role| role.as_str().to_owned()).collect(),
        program: invitation.program.clone(),
        expires_at: invitation.expires_at,
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    accepted.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

/// A few lines for whoever is at the browser.
fn page(base_url: &str, answer: &SignInAnswer) -> String {
    let base = escaped(base_url);
    let said = match &answer.invitation {
        None => format!("<h1>Signed in</h1><p><a href=\"{base}/\">Continue</a></p>"),
        Some(invitation) => format!(
            "<h1>One step is left: your key</h1><p>You may be {} in the program {}. Within an hour, and once, this \
             enrols the key that you will sign with; the link is not shown again:</p>\
             <pre>attestry key new --out key.pem\nattestry enroll '{}' --key key.pem</pre>",
            escaped(&invitation.roles.join(", ")),
            escaped(&invitation.program),
            escaped(&invitation.link),
        ),
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Attestry</title>\
         <meta name=\"viewport\" content=\"width=device-width\"></head><body><main>{said}</main></body></html>"
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn refused(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "sign-in-refused", "Sign-in not acceptable", detail)
}

/// What whoever signs in reads; the operator's log has the rest.
fn refusal(error: &OidcError) -> Problem {
    tracing::warn!(%error, "a sign-in through the identity provider failed");
    if error.is_outage() {
        let detail =
            "the identity provider cannot be asked now; try again, or sign in with your key";
        let title = "Identity provider unavailable";
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "provider-unavailable",
            title,
            detail,
        );
    }
    refused(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_it_is_given_as_text() {
        let invitation = SignInInvitation {
            code: "c".into(),
            link: "http://127.0.0.1/enroll#c".into(),
            roles: vec!["legal".into()],
            program: "<script>'\"&".into(),
            expires_at: 1,
        };
        let answer = SignInAnswer { signed_in: None, invitation: Some(invitation) };
        let page = page("http://127.0.0.1", &answer);
        assert!(page.contains("&lt;script&gt;&#39;&quot;&amp;"), "{page}");
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("enroll#c"), "{page}");
    }

    #[test]
    fn only_browsers_get_a_page() {
        let wants = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(value));
            wants_page(&headers)
        };
        assert!(wants("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!wants("application/json") && !wants("*/*"));
        assert!(!wants_page(&HeaderMap::new()));
    }
}
