//! How a SQLite file is opened: the settings that durability rests on.

use std::{path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// How long a writer waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Prepared statements kept by a connection: an append has five, one for each number of rows from 1
/// to 64.
const STATEMENTS_KEPT: usize = 512;

/// What a pool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolRole {
    /// The one connection that writes; deleted content is overwritten.
    Writer,
    /// Connections that only read.
    Readers {
        /// How many.
        connections: u32,
    },
    /// The keyring: one connection, deleted content overwritten.
    Keyring,
    /// Spent tokens: one connection, little of everything.
    Tokens,
}

/// Opens `path`, creating it if the role may write.
///
/// # Errors
/// Whatever SQLite reports.
pub async fn open(path: &Path, role: PoolRole) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(!matches!(role, PoolRole::Readers { .. }))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS_KEPT)
        .pragma("temp_store", "memory")
        .pragma("wal_autocheckpoint", "4000");
    // Page caches in KiB, each for one connection.
    let (options, connections) = match role {
        PoolRole::Writer => {
            (options.pragma("cache_size", "-32768").pragma("secure_delete", "on"), 1)
        }
        PoolRole::Readers { connections } => {
            (options.pragma("cache_size", "-8192").pragma("query_only", "on"), connections)
        }
        PoolRole::Keyring => {
            (options.pragma("cache_size", "-8192").pragma("secure_delete", "on"), 1)
        }
        PoolRole::Tokens => (options.pragma("cache_size", "-2048"), 1),
    };
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
}
