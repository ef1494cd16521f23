//! The API's description (OpenAPI 3.1) and a page to browse it.

use axum::Router;
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{AppState, session::SESSION_COOKIE};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Attestry",
        description = "A compliance and provenance ledger: signed attestations about contributed work, in a Merkle log.\n\n\
            Statements authenticate themselves. Everything else but public reads needs a request token: \
            `Authorization: Bearer <JWT>`, signed by the caller's key for this one request.\n\n\
            Beside the routes listed here, the log serves C2SP tlog-tiles under `/checkpoint` and `/tile/`, and \
            resumable uploads (draft-ietf-httpbis-resumable-upload) under `/api/v1/submissions/{id}/files/{sha256}`.",
        license(name = "Apache-2.0")
    ),
    tags(
        (name = "SCRAPI", description = "Transparency service (IETF SCITT)"),
        (name = "Log", description = "The log itself"),
        (name = "Entries", description = "Entries and their proofs"),
        (name = "Statements", description = "Registration with JSON answers"),
        (name = "Submissions", description = "Submissions and their custody"),
        (name = "Files", description = "Files of submissions"),
        (name = "Keys", description = "Invitations and keys"),
        (name = "Sessions", description = "Signing in, and what is signed in"),
        (name = "Policies", description = "Rules and clause texts in force, and why they decide as they do"),
        (name = "Operations", description = "Health and metrics")
    )
)]
struct Description;

/// The description without paths.
pub(super) fn document() -> Document {
    let mut document = Description::openapi();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "EdDSA, typ attestry-auth+jwt; claims iss, sub, aud, iat, exp, jti, htm, htu and, with a body, body",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("request-token", SecurityScheme::Http(token));
    let cookie = ApiKeyValue::with_description(
        SESSION_COOKIE,
        "Begun by POST /api/v1/sessions; accepted wherever a token of an enrolled key is. Methods that change \
         something also need X-CSRF-Token",
    );
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document
}

/// The description at `/openapi.json`, the page at `/docs`.
pub(super) fn browser(document: Document) -> Router<AppState> {
    // The page's own default sends every description to a validator on the network.
    let config = Config::default().validator_url("none");
    SwaggerUi::new("/docs").config(config).url("/openapi.json", document).into()
}
