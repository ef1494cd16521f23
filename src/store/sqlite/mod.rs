//! The embedded default: one SQLite file in WAL mode, every commit synchronous.

mod append;
pub mod audit;
mod drafts;
mod effects;
pub mod files;
mod invitations;
pub mod keyring;
pub mod ledger;
mod legal;
mod migrations;
mod outbox;
mod people;
pub mod pool;
mod precondition;
mod read;
mod sessions;
mod standing;
mod tokens;
