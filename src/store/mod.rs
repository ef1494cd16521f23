//! Where the ledger is kept: port traits in domain words, and one folder per database engine.
//!
//! SQL lives here and nowhere else.

pub mod audit;
pub mod effects;
pub mod files;
pub mod keyring;
pub mod ledger;
pub mod legal;
pub mod outbox;
pub mod people;
pub mod records;
pub mod sessions;
pub mod sqlite;
