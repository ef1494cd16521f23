//! The embedded default: one SQLite file in WAL mode, every commit synchronous.

mod append;
pub mod audit;
mod drafts;
pub mod files;
mod invitations;
pub mod keyring;
pub mod ledger;
mod migrations;
pub mod pool;
mod precondition;
mod read;
mod tokens;
