//! Policies: which were in force, what became of signatures when a clause changed, and why something
//! is or would be allowed.

mod explained;

use attestry_policy::{
    access::Action,
    clauses::{ClauseCatalogue, ClauseText, ResignDecision},
};
use attestry_proof::{hash::Hash, key::Thumbprint};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub use explained::{ExplainAnswer, HolderInfo, RequestInfo, RuleInfo, TargetInfo, WorkInfo};

use super::{log::digest, statements::json_body};
use crate::{
    http::{App, AppState, auth::SignedBody, open::ReadsLog, problem::Problem},
    service::{
        archive::LoggedPolicies,
        explain::{Explained, Named, Question},
    },
};

/// Bundles in one answer.
const VERSIONS_MAX: usize = 50;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(versions))
        .routes(routes!(file))
        .routes(routes!(clauses))
        .routes(routes!(explain))
}

/// A policy bundle that was in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyVersionInfo {
    /// Digest of the bundle, hex.
    pub bundle_sha256: String,
    /// Counted from 1.
    pub version: u64,
    /// Position of the `policy` statement.
    pub index: u64,
    /// When it came into force.
    pub effective_at: String,
    /// The engine that evaluates it, where the statement names one.
    pub engine: Option<String>,
    /// Its files.
    pub files: Vec<PolicyFileInfo>,
}

/// A file of a bundle.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyFileInfo {
    /// Path in the bundle.
    pub path: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
}

impl From<&LoggedPolicies> for PolicyVersionInfo {
    fn from(LoggedPolicies { record, stated }: &LoggedPolicies) -> Self {
        let files = stated.files.iter().map(|file| PolicyFileInfo {
            path: file.path.as_str().to_owned(),
            sha256: file.sha256.0.to_hex(),
        });
        Self {
            bundle_sha256: record.digest.to_hex(),
            version: record.version,
            index: record.index.0,
            effective_at: stated.effective_at.to_string(),
            engine: stated.engine.as_ref().map(ToString::to_string),
            files: files.collect(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
struct Before {
    /// Continue below this version.
    before: Option<u64>,
}

/// Policy bundles that were in force, newest first.
#[utoipa::path(
    get, path = "/api/v1/policies", operation_id = "list_policies", tag = "Policies", params(Before),
    responses((status = 200, body = Vec<PolicyVersionInfo>, description = "At most 50, newest first"))
)]
async fn versions(
    State(app): App,
    _: ReadsLog,
    Query(page): Query<Before>,
) -> Result<Json<Vec<PolicyVersionInfo>>, Problem> {
    let before = page.before.unwrap_or(u64::MAX);
    let versions = app.service.policy_versions(before, VERSIONS_MAX).await?;
    Ok(Json(versions.iter().map(PolicyVersionInfo::from).collect()))
}

/// A file of a policy bundle that was in force, such as a rule file or a clause text.
#[utoipa::path(
    get, path = "/api/v1/policies/files/{sha256}", operation_id = "policy_file", tag = "Policies",
    params(("sha256" = String, Path, description = "SHA-256 in hex")),
    responses(
        (status = 200, body = String, content_type = "text/plain", description = "Its exact bytes"),
        (status = 404, body = Problem, description = "No such file was ever in force"),
    )
)]
async fn file(
    State(app): App,
    _: ReadsLog,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    let bytes = app.service.policy_file(digest(&sha256)?).await?;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, forever)], bytes).into_response())
}

/// A clause text in force, and whether what was signed under it still counts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ClauseInfo {
    /// Clause set.
    pub set: String,
    /// Version.
    pub version: String,
    /// Language of the text.
    pub locale: String,
    /// SHA-256 of the text, hex.
    pub sha256: String,
    /// First day on which it may be used.
    pub effective: String,
    /// Whether it is the text to show now.
    pub newest: bool,
    /// Identifiers of its clauses.
    pub clauses: Vec<String>,
    /// Who of those who signed it signs again. Empty: all signatures stay current.
    pub sign_again: Vec<ResignInfo>,
}

/// A decision that some signatures are to be given again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ResignInfo {
    /// Version to sign, or a later one.
    pub version: String,
    /// Clauses that changed in a way that matters.
    pub clauses: Vec<String>,
    /// Only those who gave one of these answers; a clause that is new concerns everybody.
    pub answered: Vec<String>,
    /// `cleared`, `all` or `new-purposes`.
    pub applies_to: String,
    /// Day of the decision.
    pub decided: String,
    /// Why.
    pub reason: String,
}

impl From<&ResignDecision> for ResignInfo {
    fn from(decision: &ResignDecision) -> Self {
        Self {
            version: decision.version.clone(),
            clauses: decision.clauses.clone(),
            answered: decision.answered.iter().map(|word| word.as_str().to_owned()).collect(),
            applies_to: decision.applies_to.as_str().to_owned(),
            decided: decision.decided.to_string(),
            reason: decision.reason.clone(),
        }
    }
}

impl ClauseInfo {
    fn new(text: &ClauseText, catalogue: &ClauseCatalogue) -> Self {
        let newest = catalogue.current(text.set(), text.locale()) == Some(text);
        let about = |decision: &&ResignDecision| {
            decision.set == text.set() && decision.from == text.version()
        };
        let sign_again = catalogue.decisions().iter().filter(about).map(ResignInfo::from);
        Self {
            set: text.set().to_owned(),
            version: text.version().to_owned(),
            locale: text.locale().to_owned(),
            sha256: Hash(*text.sha256()).to_hex(),
            effective: text.effective().to_owned(),
            newest,
            clauses: text.clauses().to_vec(),
            sign_again: sign_again.collect(),
        }
    }
}

/// Clause texts, old versions too, and who signs again where one changed.
#[utoipa::path(
    get, path = "/api/v1/clauses", operation_id = "list_clauses", tag = "Policies",
    responses((status = 200, body = Vec<ClauseInfo>, description = "In the order of the catalogue"))
)]
async fn clauses(State(app): App, _: ReadsLog) -> Json<Vec<ClauseInfo>> {
    let policies = app.service.policies();
    let catalogue = policies.clauses();
    Json(catalogue.texts().iter().map(|text| ClauseInfo::new(text, catalogue)).collect())
}

/// What to explain.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// `visitor`, or the thumbprint of a key.
    pub who: String,
    /// What is asked for, such as `readContent`.
    pub action: String,
    /// `log`, `program:NAME`, `new-submission`, the thumbprint of a key or the id of a submission.
    pub what: String,
    /// Thumbprint of the other officer's key, where two are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_officer: Option<String>,
}

impl ExplainRequest {
    fn question(&self) -> Result<Question, Problem> {
        let thumbprint = |text: &str| {
            Thumbprint::from_base64url(text).ok_or_else(|| {
                Problem::malformed(format!("{text:?} is no thumbprint of 43 characters"))
            })
        };
        let action = Action::parse(&self.action).ok_or_else(|| {
            let all: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
            Problem::malformed(format!("actions are: {}", all.join(", ")))
        })?;
        let what = match self.what.as_str() {
            "log" => Named::Log,
            "new-submission" => Named::NewSubmission,
            what => match (what.strip_prefix("program:"), Uuid::try_parse(what)) {
                (Some(name), _) => Named::Program(name.to_owned()),
                (None, Ok(id)) => Named::Submission(id),
                (None, Err(_)) => Named::Key(thumbprint(what).map_err(|_| {
                    Problem::malformed(
                        "what is log, program:NAME, new-submission, a thumbprint or the id of a submission",
                    )
                })?),
            },
        };
        let who = match self.who.as_str() {
            "visitor" => None,
            who => Some(thumbprint(who)?),
        };
        let second_officer = self.second_officer.as_deref().map(thumbprint).transpose()?;
        Ok(Question { who, action, what, second_officer })
    }
}

/// Why something is or would be allowed (administrators, legal officers and auditors).
#[utoipa::path(
    post, path = "/api/v1/policy/explain", operation_id = "explain_decision", tag = "Policies",
    request_body = ExplainRequest,
    responses(
        (status = 200, body = ExplainAnswer, description = "The decision, rule by rule"),
        (status = 400, body = Problem, description = "No such action, or a malformed name"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 403, body = Problem, description = "Not for the caller, or about another program"),
        (status = 404, body = Problem, description = "No such key or submission"),
    ),
    security(("request-token" = []))
)]
async fn explain(State(app): App, body: SignedBody) -> Result<Json<ExplainAnswer>, Problem> {
    let request: ExplainRequest = json_body(&body.bytes)?;
    let question = request.question()?;
    let Explained { policy, explanation, situation } =
        app.service.explain_decision(&body.key, &question).await?;
    Ok(Json(ExplainAnswer::new(policy, &explanation, situation)))
}
