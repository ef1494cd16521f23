//! The HTTP floor: authentication, limits, errors, and one file of routes for each resource.

pub mod auth;
pub mod limits;
pub mod metrics;
pub mod notice_rate;
pub mod oidc;
pub mod open;
mod openapi;
pub mod problem;
pub mod purpose;
pub mod routes;
pub mod server;
mod session;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
};
use utoipa_axum::router::OpenApiRouter;

use self::{
    limits::{Admission, BodyUse, Limits},
    problem::Problem,
};
use crate::service::Service;

/// Longest time for a request that does not carry files.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Who may read entry bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum EntriesAccess {
    /// Anybody.
    Public,
    /// Enrolled keys.
    Members,
}

/// What handlers share.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub service: Arc<Service>,
    /// Who may read entry bundles.
    pub entries: EntriesAccess,
    /// Address that callers use, without a slash at the end.
    pub base_url: Arc<str>,
    /// Renders the metrics page.
    pub metrics: PrometheusHandle,
    /// The identity provider, if there is one.
    pub oidc: Option<Arc<oidc::Oidc>>,
    /// How many takedown notices are taken.
    pub notices: Arc<notice_rate::NoticeRate>,
}

/// Every route with the usual limits.
pub fn router(app: AppState) -> Router {
    router_with(app, Limits::default())
}

/// Every route with these limits.
pub fn router_with(app: AppState, limits: Limits) -> Router {
    let admission = Arc::new(Admission::new(limits));
    let body = |body_use| {
        middleware::from_fn_with_state((Arc::clone(&admission), body_use), limits::watch)
    };
    let (api, document) =
        OpenApiRouter::with_openapi(openapi::document()).merge(routes::api()).split_for_parts();
    let quick = api
        .merge(routes::unlisted())
        .merge(openapi::browser(document))
        .layer(middleware::from_fn(time_limit));
    let whole = quick.merge(routes::files::packs()).layer(body(BodyUse::Whole));
    let files = routes::files::streaming().layer(body(BodyUse::Streamed));
    let request_id = HeaderName::from_static("x-request-id");
    whole
        .merge(files)
        .fallback(|| async { Problem::not_found("no such route; GET /docs lists them") })
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(admission, limits::admit))
        .layer(middleware::from_fn(problem::unify))
        .layer(middleware::from_fn_with_state(app.clone(), metrics::measure))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(auth::BODY_BYTES_MAX))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .with_state(app)
}

async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "Timed out",
            "the request took too long; a statement that was sent may be logged: send it again to learn",
        )
        .into_response(),
    }
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Method not allowed",
        "this route has other methods; GET /docs lists them",
    )
}

fn panicked(_cause: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Service failure",
        "the service failed; the operator's log says why",
    )
    .into_response()
}

/// The route pattern of a request, for metrics; never the path itself, which names submissions.
fn route_of(request: &Request) -> String {
    request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned())
}

/// Extractor alias for the shared state.
pub type App = State<AppState>;
