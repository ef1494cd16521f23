//! Routes for everybody: even these ask the rules in force.

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{AppState, problem::Problem};
use crate::service::authorize::{Action, Thing};

/// Defines extractors that let a request through only if a visitor may do the action to the log.
macro_rules! open {
    ($($(#[$meta:meta])* $name:ident = $action:expr;)+) => {
        $(
            $(#[$meta])*
            pub struct $name;

            impl FromRequestParts<AppState> for $name {
                type Rejection = Problem;

                async fn from_request_parts(
                    _parts: &mut Parts,
                    app: &AppState,
                ) -> Result<Self, Problem> {
                    app.service.authorize(None, $action, Thing::Log)?;
                    Ok(Self)
                }
            }
        )+
    };
}

open! {
    /// Checkpoints, tiles, proofs, receipts, published payloads, policies and clause texts.
    ReadsLog = Action::ReadLog;
    /// Enrolled keys.
    ReadsKeys = Action::ReadKeys;
    /// Health and measurements.
    Probes = Action::Probe;
    /// Enrolling a key with a code.
    Enrolls = Action::Enroll;
    /// Sending a takedown notice, following it, and the register of cases.
    FilesNotices = Action::FileNotice;
    /// Starting a session.
    SignsIn = Action::SignIn;
}
