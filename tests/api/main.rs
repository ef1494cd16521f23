//! The HTTP API as callers see it: what is answered, with which status and problem type, and that
//! nothing is half-written when it is refused.

#![forbid(unsafe_code)]
// What a test prints is shown when it fails, and says which case it was.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

mod access;
mod bulk;
mod clearance;
mod clock;
mod description;
mod drafts;
mod files;
mod invitations;
mod keys;
mod limits;
mod load;
mod manifests;
mod members;
mod oidc;
mod policies;
mod programs;
mod receipts;
mod registration;
mod replacement;
mod reviews;
mod rotation;
mod routes;
mod scans;
mod sessions;
mod statements;
mod submissions;
mod takedown;
mod tiles;
mod tokens;
mod uploads;
