//! The schema of each SQLite file, step by step. A step that has run never changes.

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

/// Steps of `ledger.db`.
pub(super) fn ledger() -> Migrator {
    migrator(&[
        ("ledger", include_str!("../../../migrations/sqlite/ledger/0001_ledger.sql")),
        ("files", include_str!("../../../migrations/sqlite/ledger/0002_files.sql")),
        ("admission", include_str!("../../../migrations/sqlite/ledger/0003_admission.sql")),
        ("people", include_str!("../../../migrations/sqlite/ledger/0004_people.sql")),
        ("sessions", include_str!("../../../migrations/sqlite/ledger/0005_sessions.sql")),
        ("scan", include_str!("../../../migrations/sqlite/ledger/0006_scan.sql")),
        ("legal", include_str!("../../../migrations/sqlite/ledger/0007_legal.sql")),
        ("takedown", include_str!("../../../migrations/sqlite/ledger/0008_takedown.sql")),
        ("outbox", include_str!("../../../migrations/sqlite/ledger/0009_outbox.sql")),
    ])
}

/// Steps of `keyring.db`.
pub(super) fn keyring() -> Migrator {
    migrator(&[("keyring", include_str!("../../../migrations/sqlite/keyring/0001_keyring.sql"))])
}

/// Steps of `tokens.db`.
pub(super) fn tokens() -> Migrator {
    migrator(&[("tokens", include_str!("../../../migrations/sqlite/tokens/0001_tokens.sql"))])
}

fn migrator(steps: &[(&'static str, &'static str)]) -> Migrator {
    let migrations = (1..).zip(steps).map(|(version, (name, sql))| {
        Migration::new(version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}
