//! Routes, one file for each resource.

pub mod cases;
pub mod clearance;
pub mod entries;
pub mod files;
pub mod key_changes;
pub mod keys;
pub mod log;
pub mod messages;
pub mod notices;
pub mod oidc;
pub mod operations;
pub mod packs;
pub mod policies;
pub mod programs;
pub mod scrapi;
pub mod sessions;
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
        .merge(key_changes::routes())
        .merge(programs::routes())
        .merge(sessions::routes())
        .merge(oidc::routes())
        .merge(submissions::routes())
        .merge(clearance::routes())
        .merge(cases::routes())
        .merge(messages::routes())
        .merge(notices::routes())
        .merge(files::routes())
        .merge(packs::routes())
        .merge(statements::routes())
        .merge(entries::routes())
        .merge(scrapi::routes())
        .merge(policies::routes())
        .merge(operations::routes())
}

/// Routes whose paths an API description cannot express.
pub(super) fn unlisted() -> Router<AppState> {
    tlog::routes()
}
