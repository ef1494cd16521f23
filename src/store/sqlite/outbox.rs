//! Messages to people, and the case links that they repeat.

use attestry_proof::size::LeafIndex;
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    ledger::SqliteLedger,
    read::{corrupt, number},
};
use crate::store::{
    ledger::StoreError,
    outbox::{Attempt, MessageRecord, MessageState, Outbox, OutboxChange, SealedMessage},
};

const COLUMNS: &str =
    "id, about, occasion, state, queued_at, attempts, next_try, problem, settled_at";

pub(super) async fn apply(
    connection: &mut SqliteConnection,
    index: LeafIndex,
    change: &OutboxChange,
) -> Result<(), StoreError> {
    let query = match change {
        OutboxChange::Queue(message) => sqlx::query(
            "INSERT INTO outbox (id, about, step_index, occasion, state, sealed, queued_at, next_try)
             VALUES (?1, ?2, ?3, ?4, 'due', ?5, ?6, ?6)",
        )
        .bind(message.id.as_bytes().as_slice())
        .bind(message.about.as_bytes().as_slice())
        .bind(number(index.0))
        .bind(message.occasion.as_str())
        .bind(message.sealed.as_slice())
        .bind(message.at),
        OutboxChange::KeepLink { case, sealed } => {
            sqlx::query("INSERT INTO case_links (case_id, sealed) VALUES (?, ?)")
                .bind(case.as_bytes().as_slice())
                .bind(sealed.as_slice())
        }
        OutboxChange::ForgetLink(case) => sqlx::query("DELETE FROM case_links WHERE case_id = ?")
            .bind(case.as_bytes().as_slice()),
    };
    query.execute(connection).await?;
    Ok(())
}

fn message_of(row: &SqliteRow) -> Result<MessageRecord, StoreError> {
    let bad = || corrupt("message", 0);
    let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| bad());
    Ok(MessageRecord {
        id: id(row.try_get(0)?)?,
        about: id(row.try_get(1)?)?,
        occasion: row.try_get(2)?,
        state: MessageState::parse(row.try_get(3)?).ok_or_else(bad)?,
        queued_at: row.try_get(4)?,
        attempts: row.try_get(5)?,
        next_try: row.try_get(6)?,
        problem: row.try_get(7)?,
        settled_at: row.try_get(8)?,
    })
}

impl Outbox for SqliteLedger {
    fn due(&self, at: i64, limit: u32) -> BoxFuture<'_, Result<Vec<SealedMessage>, StoreError>> {
        async move {
            let sql = format!(
                "SELECT {COLUMNS}, sealed FROM outbox WHERE state = 'due' AND next_try <= ?
                 ORDER BY next_try, step_index, id LIMIT ?"
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(at).bind(limit);
            let rows = query.fetch_all(self.readers()).await?;
            rows.iter().map(|row| Ok((message_of(row)?, row.try_get(9)?))).collect()
        }
        .boxed()
    }

    fn tried<'a>(
        &'a self,
        id: Uuid,
        at: i64,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            const SETTLED: &str = "UPDATE outbox SET state = ?, sealed = NULL, settled_at = ?,
                 problem = ?, attempts = attempts + 1 WHERE state = 'due' AND id = ?";
            const AGAIN: &str =
                "UPDATE outbox SET next_try = ?, problem = ?, attempts = attempts + 1
                 WHERE state = 'due' AND id = ?";
            let query = match attempt {
                Attempt::Sent => sqlx::query(SETTLED)
                    .bind(MessageState::Sent.as_str())
                    .bind(at)
                    .bind(None::<&str>),
                Attempt::Failed { problem } => sqlx::query(SETTLED)
                    .bind(MessageState::Failed.as_str())
                    .bind(at)
                    .bind(Some(problem.as_str())),
                Attempt::Again { next_try, problem } => {
                    sqlx::query(AGAIN).bind(*next_try).bind(Some(problem.as_str()))
                }
            };
            query.bind(id.as_bytes().as_slice()).execute(self.writer()).await?;
            Ok(())
        }
        .boxed()
    }

    fn about(
        &self,
        about: Uuid,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<MessageRecord>, StoreError>> {
        async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM outbox WHERE about = ? ORDER BY step_index, id LIMIT ?"
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(sql));
            let query = query.bind(about.as_bytes().to_vec()).bind(limit);
            let rows = query.fetch_all(self.readers()).await?;
            rows.iter().map(message_of).collect()
        }
        .boxed()
    }

    fn case_link(&self, case: Uuid) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            let query = sqlx::query_scalar("SELECT sealed FROM case_links WHERE case_id = ?");
            Ok(query.bind(case.as_bytes().to_vec()).fetch_optional(self.readers()).await?)
        }
        .boxed()
    }
}
