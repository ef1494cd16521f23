//! What a caller reads when something is refused: RFC 9457 for the JSON API, RFC 9290 for SCRAPI.
//!
//! What an operator reads goes to the log. Lower floors know no status codes; this table gives them
//! one.

use attestry_proof::cose::{StatementError, message::MessageError, transparent::AttachmentError};
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use coset::cbor::Value;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    log::LogError,
    service::ServiceError,
    vault::{KeysError, UploadError, VaultError},
};

/// Prefix of every problem type.
const TYPE_PREFIX: &str = "urn:attestry:problem:";
/// Seconds after which a caller may try again.
const RETRY_AFTER_S: u16 = 1;
/// Longest text of a refusal that the framework wrote.
const FRAMEWORK_TEXT_BYTES_MAX: usize = 4096;
/// What a caller can know when the log stopped.
const STOPPED_DETAIL: &str = "the service stopped; what was sent may be logged all the same: \
                              once it runs again, send it again to learn";
/// Routes whose callers read CBOR.
const SCRAPI_ROUTES: [&str; 2] = ["/entries", "/.well-known/scitt-keys"];

/// A refusal (RFC 9457 §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Stable identifier of the kind of problem, `urn:attestry:problem:…`.
    #[serde(rename = "type")]
    #[schema(example = "urn:attestry:problem:unknown-key")]
    kind: String,
    /// The same in a few words.
    title: &'static str,
    /// HTTP status.
    #[schema(value_type = u16)]
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// What is wrong here, and what to do about it.
    detail: String,
    /// Which rules decided, for refusals by policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<DecidedBy>,
    /// Seconds after which to try again.
    #[serde(skip)]
    #[schema(ignore)]
    retry_after_s: u16,
}

/// The rules that refused something, and the bundle that they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecidedBy {
    /// Their names, `default-deny` where none allowed it.
    rules: Vec<String>,
    /// Digest of the bundle, hex.
    bundle_sha256: String,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of a kind that has no [`ServiceError`].
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{kind}"),
            title,
            status,
            detail: detail.into(),
            policy: None,
            retry_after_s: RETRY_AFTER_S,
        }
    }

    /// Says when to try again, where that is not at once.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u16) -> Self {
        self.retry_after_s = seconds;
        self
    }

    /// The request is not one that this route can read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", "Malformed request", detail)
    }

    /// Nothing is here.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// As concise problem details in CBOR (RFC 9290 §2), for SCRAPI.
    #[must_use]
    pub fn concise(&self) -> Response {
        let map = Value::Map(vec![
            (Value::from(-1), Value::from(self.title)),
            (Value::from(-2), Value::from(self.detail.as_str())),
        ]);
        let mut body = Vec::new();
        // Writing into memory does not fail.
        let _written = coset::cbor::ser::into_writer(&map, &mut body);
        let content_type = HeaderValue::from_static("application/concise-problem-details+cbor");
        self.with_headers(
            (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response(),
        )
    }

    fn with_headers(&self, mut response: Response) -> Response {
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_s));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = HeaderValue::from_static("application/problem+json");
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = self.with_headers(
            (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response(),
        );
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem that is answered in CBOR.
#[derive(Debug)]
pub struct ConciseProblem(pub Problem);

impl IntoResponse for ConciseProblem {
    fn into_response(self) -> Response {
        self.0.concise()
    }
}

impl<E: Into<Problem>> From<E> for ConciseProblem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let (status, kind, title) = classify(&error);
        let policy = match &error {
            ServiceError::Forbidden(refusal) => Some(DecidedBy {
                rules: refusal.rules.clone(),
                bundle_sha256: refusal.bundle.to_hex(),
            }),
            _ => None,
        };
        if status.is_server_error() {
            // The cause is for the operator; the caller learns only that it is not the request's
            // fault.
            tracing::error!(error = %error, "the request failed");
            let detail = match status {
                // It may have stopped between the commit and the answer.
                _ if kind == "stopped" => STOPPED_DETAIL,
                StatusCode::SERVICE_UNAVAILABLE => {
                    "the service cannot write right now; nothing was stored, try again"
                }
                _ => "the service failed; the operator's log says why",
            };
            return Self::new(status, kind, title, detail);
        }
        Self { policy, ..Self::new(status, kind, title, error.to_string()) }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        ServiceError::Vault(error).into()
    }
}

/// Gives every refusal the form that its route promises: CBOR on SCRAPI's routes whoever refused,
/// and problem details for what the framework refuses in plain text before a handler runs.
pub(super) async fn unify(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let concise = SCRAPI_ROUTES.iter().any(|route| path.starts_with(route));
    let response = next.run(request).await;
    if concise && let Some(problem) = response.extensions().get::<Problem>() {
        return problem.concise();
    }
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let plain = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    if !plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = axum::body::to_bytes(response.into_body(), FRAMEWORK_TEXT_BYTES_MAX).await;
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let problem = match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = "the body is larger than this route accepts";
            Problem::new(status, "too-large", "Too large", detail)
        }
        status if status.is_client_error() => {
            Problem { status, ..Problem::malformed(format!("the request cannot be read: {text}")) }
        }
        status => {
            tracing::error!(%text, "the framework failed");
            let detail = "the service failed; the operator's log says why";
            Problem::new(status, "internal", "Service failure", detail)
        }
    };
    if concise { problem.concise() } else { problem.into_response() }
}

fn classify(error: &ServiceError) -> (StatusCode, &'static str, &'static str) {
    use ServiceError as E;
    use StatusCode as S;
    const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    const NOT_FOUND: (StatusCode, &str, &str) = (S::NOT_FOUND, "not-found", "Not found");
    match error {
        E::Statement(error) => statement(error),
        E::WrongAudience { .. } => (S::BAD_REQUEST, "wrong-audience", "Statement for another log"),
        E::UnknownKey { .. } => (S::FORBIDDEN, "unknown-key", "Key not enrolled"),
        E::RevokedKey { .. } => (S::FORBIDDEN, "revoked-key", "Key revoked"),
        E::StaleIssuedAt { .. } => (S::BAD_REQUEST, "stale-iat", "Time of issue not accepted"),
        E::ReservedContentType { .. } => {
            (S::FORBIDDEN, "reserved-type", "Type reserved for the service")
        }
        E::PayloadMissing { .. } => (S::BAD_REQUEST, "payload-missing", "Payload Missing"),
        E::DigestMismatch { .. } => (S::BAD_REQUEST, "digest-mismatch", "Digest does not match"),
        E::Payload(_) => (UNPROCESSABLE, "payload-schema", "Payload not acceptable"),
        E::Clauses(_) => (UNPROCESSABLE, "clauses", "Clauses do not match"),
        E::TextSuperseded { .. } => (UNPROCESSABLE, "text-superseded", "Text no longer in force"),
        E::ManifestNotStored { .. } => {
            (S::CONFLICT, "manifest-not-stored", "Files of the manifest not stored")
        }
        E::ManifestDiffers { .. } => (UNPROCESSABLE, "manifest-differs", "Manifest differs"),
        E::FilesMissing { .. } => (S::CONFLICT, "files-missing", "Files missing"),
        E::Openings { .. } => (UNPROCESSABLE, "openings", "Openings not usable"),
        E::NotYours { .. } => (S::FORBIDDEN, "not-yours", "Submission of another key"),
        E::Withdrawn { .. } => (S::CONFLICT, "withdrawn", "Submission withdrawn"),
        E::FileErased { .. } => (S::CONFLICT, "file-erased", "File was erased"),
        E::Erased { .. } => (S::GONE, "erased", "Submission erased"),
        E::OnHold { .. } => (S::CONFLICT, "on-hold", "On hold"),
        E::CaseStep { .. } => (S::CONFLICT, "case-step", "Step not possible"),
        E::CaseMovedOn { .. } => (S::CONFLICT, "case-moved-on", "Case moved on"),
        E::ConcernedList { .. } => (UNPROCESSABLE, "concerned-list", "List not usable"),
        E::Abandoned { .. } => (S::GONE, "abandoned", "Submission abandoned"),
        E::TooManyOpen { .. } => {
            (S::TOO_MANY_REQUESTS, "too-many-open", "Too many submissions without statement")
        }
        E::LastAdmin { .. } => (S::CONFLICT, "last-admin", "Last administrator"),
        E::SupersedesNothing { .. } => {
            (UNPROCESSABLE, "supersedes-nothing", "Supersedes something else")
        }
        E::ReviewOfNothing { .. } => {
            (UNPROCESSABLE, "review-of-nothing", "Review of something else")
        }
        E::ReviewOutdated { .. } => (S::CONFLICT, "review-outdated", "Review overtaken"),
        E::NotApproved { .. } => (S::FORBIDDEN, "not-approved", "Not approved by two officers"),
        E::PurposeMissing => (S::BAD_REQUEST, "purpose-missing", "Purpose not stated"),
        E::HasKey { .. } => (S::CONFLICT, "has-key", "Has a key in this program"),
        E::Forbidden(_) => (S::FORBIDDEN, "forbidden", "Not allowed"),
        E::Unauthenticated { .. } => (S::UNAUTHORIZED, "unauthenticated", "Not authenticated"),
        E::NothingGranted { .. } => (S::FORBIDDEN, "nothing-granted", "No role granted"),
        E::RolesNotGranted { .. } => (S::FORBIDDEN, "roles-not-granted", "Roles not granted"),
        E::ProgramUnclear { .. } => (S::CONFLICT, "program-unclear", "Several programs"),
        E::IdentityTaken => (S::CONFLICT, "identity-taken", "Identity of somebody else"),
        E::AddressKnown => (S::CONFLICT, "address-known", "Address known here"),
        E::InvitationInvalid => (S::FORBIDDEN, "invitation", "Invitation not valid"),
        E::KeyEnrolled { .. } => (S::CONFLICT, "key-enrolled", "Key enrolled already"),
        E::PublicKey(_) => (S::BAD_REQUEST, "public-key", "Public key not acceptable"),
        E::NotFound { .. } | E::Beyond { .. } | E::NoSuchPosition { .. } => NOT_FOUND,
        E::Malformed { .. } => (S::BAD_REQUEST, "malformed-request", "Malformed request"),
        E::TooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
        E::Log(error) => log(error),
        E::Vault(error) => vault(error),
        E::Journal(_) => (S::SERVICE_UNAVAILABLE, "unavailable", "Service cannot erase"),
        // What is left is a failure underneath, which is for the operator.
        _ => (S::INTERNAL_SERVER_ERROR, "internal", "Service failure"),
    }
}

fn log(error: &LogError) -> (StatusCode, &'static str, &'static str) {
    use LogError as E;
    use StatusCode as S;
    match error {
        E::Stale(_) => (S::CONFLICT, "stale", "Overtaken by another change"),
        E::Proof(_) => (S::BAD_REQUEST, "malformed-request", "Malformed request"),
        E::Tiles(_) => (S::INTERNAL_SERVER_ERROR, "internal", "Service failure"),
        E::Stopped(_) => (S::SERVICE_UNAVAILABLE, "stopped", "Service stopped"),
        _ => (S::SERVICE_UNAVAILABLE, "unavailable", "Service cannot write"),
    }
}

fn statement(error: &StatementError) -> (StatusCode, &'static str, &'static str) {
    use StatementError as E;
    use StatusCode as S;
    match error {
        E::TooLarge { .. } | E::Attachment(AttachmentError::TooLarge { .. }) => {
            (S::PAYLOAD_TOO_LARGE, "too-large", "Too large")
        }
        E::Attachment(AttachmentError::PayloadMismatch { .. }) => {
            (S::BAD_REQUEST, "digest-mismatch", "Digest does not match")
        }
        // The title is SCRAPI's.
        E::Message(MessageError::UnknownAlgorithm { .. }) => {
            (S::BAD_REQUEST, "signature-algorithm", "Bad Signature Algorithm")
        }
        E::SignatureInvalid => (S::FORBIDDEN, "signature-invalid", "Signature does not verify"),
        _ => (S::BAD_REQUEST, "malformed-statement", "Malformed statement"),
    }
}

fn vault(error: &VaultError) -> (StatusCode, &'static str, &'static str) {
    use StatusCode as S;
    match error {
        VaultError::FileUnknown { .. } => (S::NOT_FOUND, "not-found", "Not found"),
        VaultError::RangeOutside { .. } => {
            (S::RANGE_NOT_SATISFIABLE, "range", "Range not satisfiable")
        }
        VaultError::ObjectKeyGone { .. } | VaultError::Keys(KeysError::Destroyed { .. }) => {
            (S::GONE, "erased", "Erased")
        }
        _ => (S::INTERNAL_SERVER_ERROR, "internal", "Service failure"),
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        super::routes::files::upload_problem(&error)
    }
}
