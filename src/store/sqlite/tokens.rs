//! Request tokens that were used, in a SQLite file and on a connection of their own: a batch never
//! waits for a token, and what strangers send never reaches the ledger's writer.

use std::path::Path;

use sqlx::SqlitePool;

use super::{migrations, pool, pool::PoolRole};
use crate::store::ledger::StoreError;

/// Name of the file, beside the ledger's.
const FILE_NAME: &str = "tokens.db";

/// Spent token ids.
pub(super) struct SpentTokens {
    writer: SqlitePool,
}

impl SpentTokens {
    /// Opens or creates the file beside the ledger at `ledger`.
    pub(super) async fn beside(ledger: &Path) -> Result<Self, StoreError> {
        let writer = pool::open(&ledger.with_file_name(FILE_NAME), PoolRole::Tokens).await?;
        migrations::tokens().run(&writer).await?;
        Ok(Self { writer })
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
    }

    /// Remembers the id until `expires_at`; `false` if it was seen before.
    pub(super) async fn spend(
        &self,
        token_id: &str,
        expires_at: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM token_ids WHERE expires_at < ?")
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let inserted =
            sqlx::query("INSERT OR IGNORE INTO token_ids (token_id, expires_at) VALUES (?, ?)")
                .bind(token_id.as_bytes())
                .bind(expires_at)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        // Durable before the request is served: a token is not good again after a crash.
        transaction.commit().await?;
        Ok(inserted == 1)
    }
}
