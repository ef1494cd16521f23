//! Routes, one file for each resource.

pub mod entries;
pub mod files;
pub mod keys;
pub mod log;
pub mod operations;
pub mod scrapi;
pub mod statements;
pub mod submissions;
pub mod tlog;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use super::AppState;

/// Routes that the API description lists.
pub(super) fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(log::routes())
        .merge(keys::routes())
        .merge(submissions::routes())
        .merge(files::routes())
        .merge(statements::routes())
        .merge(entries::routes())
        .merge(scrapi::routes())
        .merge(operations::routes())
}

/// Routes whose paths an API description cannot express.
pub(super) fn unlisted() -> Router<AppState> {
    tlog::routes()
}
