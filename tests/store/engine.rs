//! How a fresh ledger comes about, for each engine.

use std::sync::Arc;

use attestry::store::{
    audit::LedgerAudit,
    ledger::Ledger,
    sqlite::{audit::SqliteLedgerAudit, ledger::SqliteLedger},
};
use tempfile::TempDir;

/// A database of its own for one test.
pub trait Engine: Sized + Send + Sync {
    /// An empty one.
    fn fresh() -> impl Future<Output = Self> + Send;

    /// One more instance on it, as another node would have.
    fn open(&self) -> impl Future<Output = Arc<dyn Ledger>> + Send;

    /// Its tables, as a checker reads them.
    fn audit(&self) -> impl Future<Output = Box<dyn LedgerAudit>> + Send;

    /// Changes one bit of a stored tile, beside the port.
    fn flip_tile(&self, level: u8, index: u64) -> impl Future<Output = ()> + Send;

    /// Exchanges two stored tiles, beside the port.
    fn swap_tiles(&self, level: u8, one: u64, other: u64) -> impl Future<Output = ()> + Send;
}

/// A SQLite file.
pub struct Sqlite {
    directory: TempDir,
}

impl Sqlite {
    async fn execute(&self, sql: String) {
        use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
        let path = self.directory.path().join("ledger.db");
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

impl Engine for Sqlite {
    async fn fresh() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    async fn open(&self) -> Arc<dyn Ledger> {
        Arc::new(SqliteLedger::open(&self.directory.path().join("ledger.db")).await.unwrap())
    }

    async fn audit(&self) -> Box<dyn LedgerAudit> {
        let path = self.directory.path().join("ledger.db");
        Box::new(SqliteLedgerAudit::open(&path).await.unwrap())
    }

    async fn flip_tile(&self, level: u8, index: u64) {
        let place = format!("level = {level} AND tile_index = {index}");
        let sql = format!(
            "UPDATE tiles SET hashes = CAST(substr(hashes, 1, 100)
                 || CASE substr(hashes, 101, 1) WHEN x'00' THEN x'01' ELSE x'00' END
                 || substr(hashes, 102) AS BLOB) WHERE {place}"
        );
        self.execute(sql).await;
    }

    async fn swap_tiles(&self, level: u8, one: u64, other: u64) {
        let renumber = |from: i64, to: i64| {
            format!(
                "UPDATE tiles SET tile_index = {to} WHERE level = {level} AND tile_index = {from};"
            )
        };
        let (one, other) = (one as i64, other as i64);
        self.execute([renumber(one, -1), renumber(other, one), renumber(-1, other)].concat()).await;
    }
}
