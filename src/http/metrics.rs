//! Counts and durations by route pattern, in Prometheus' text format.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::{AppState, route_of};

/// Upper bounds of the buckets for durations, in seconds.
const SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Upper bounds of the buckets for batch sizes.
const ENTRIES: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// The recorder of this process: there can be one, and services that share the process share it.
static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Installs the recorder, or finds the one installed before.
///
/// # Errors
/// [`BuildError`] if the process has a recorder of another kind.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    // The lock covers the installation, so that of two services that start at once only one makes
    // it.
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(installed) = &*recorder {
        return Ok(installed.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_entries".into()), &ENTRIES)?
        .install_recorder()?;
    Ok(recorder.insert(handle).clone())
}

pub(super) async fn measure(State(_): State<AppState>, request: Request, next: Next) -> Response {
    let route = route_of(&request);
    let method = label_of(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("attestry_requests_total", "route" => route.clone(), "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("attestry_request_seconds", "route" => route).record(started.elapsed());
    response
}

/// The method, if it is a common one: callers make up others, and each label value takes memory for
/// ever.
fn label_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
