//! Sessions and provider identities, in the ledger's file.

use attestry_proof::{hash::Hash, key::Thumbprint};
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::SqlitePool;
use uuid::Uuid;

use super::{ledger::SqliteLedger, read::corrupt};
use crate::store::{
    ledger::StoreError,
    people::PersonRecord,
    sessions::{Moment, SessionMethod, SessionRecord, Sessions},
};

type Row = (Vec<u8>, Vec<u8>, Vec<u8>, String, i64, i64, i64);

fn session_of(row: Row) -> Result<SessionRecord, StoreError> {
    let (secret_digest, id, thumbprint, method, created_at, last_used_at, expires_at) = row;
    let bad = || corrupt("session", 0);
    Ok(SessionRecord {
        id: Uuid::from_slice(&id).map_err(|_| bad())?,
        secret_digest: Hash::from_slice(&secret_digest).ok_or_else(bad)?,
        thumbprint: Hash::from_slice(&thumbprint).map(Thumbprint).ok_or_else(bad)?,
        method: SessionMethod::parse(&method).ok_or_else(bad)?,
        created_at,
        last_used_at,
        expires_at,
    })
}

async fn open(
    writer: &SqlitePool,
    session: &SessionRecord,
    moment: Moment,
    max: u32,
) -> Result<(), StoreError> {
    let thumbprint = session.thumbprint.0.as_bytes().as_slice();
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at <= ? OR last_used_at <= ?")
        .bind(moment.now)
        .bind(moment.idle_since)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE thumbprint = ?
              ORDER BY created_at DESC, id LIMIT -1 OFFSET ?)",
    )
    .bind(thumbprint)
    .bind(max.saturating_sub(1))
    .execute(&mut *transaction)
    .await?;
    // The key may have ended since it was looked at; then there is no session either.
    sqlx::query(
        "INSERT INTO sessions
             (secret_digest, id, thumbprint, method, created_at, last_used_at, expires_at)
         SELECT ?, ?, thumbprint, ?, ?, ?, ? FROM signing_keys
         WHERE thumbprint = ? AND revoked_index IS NULL",
    )
    .bind(session.secret_digest.as_bytes().as_slice())
    .bind(session.id.as_bytes().as_slice())
    .bind(session.method.as_str())
    .bind(session.created_at)
    .bind(session.last_used_at)
    .bind(session.expires_at)
    .bind(thumbprint)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

async fn add_identity(
    writer: &SqlitePool,
    fingerprint: Hash,
    person: &PersonRecord,
) -> Result<bool, StoreError> {
    let id = person.id.as_bytes().as_slice();
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let added =
        sqlx::query("INSERT OR IGNORE INTO persons (id, address, profile) VALUES (?, ?, ?)")
            .bind(id)
            .bind(person.address.as_bytes().as_slice())
            .bind(person.profile.as_deref())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
    let linked =
        sqlx::query("INSERT OR IGNORE INTO identities (fingerprint, person) VALUES (?, ?)")
            .bind(fingerprint.as_bytes().as_slice())
            .bind(id)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
    if added != 1 || linked != 1 {
        // Dropped, so rolled back.
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// Sessions that are not over and whose `column` has this value, newest first.
async fn live(
    readers: &SqlitePool,
    column: &'static str,
    value: &[u8],
    moment: Moment,
) -> Result<Vec<SessionRecord>, StoreError> {
    let sql = format!(
        "SELECT secret_digest, id, thumbprint, method, created_at, last_used_at, expires_at
         FROM sessions WHERE {column} = ? AND expires_at > ? AND last_used_at > ?
         ORDER BY created_at DESC, id"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(value)
        .bind(moment.now)
        .bind(moment.idle_since)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(session_of).collect()
}

impl Sessions for SqliteLedger {
    fn open_session<'a>(
        &'a self,
        session: &'a SessionRecord,
        moment: Moment,
        max: u32,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        open(self.writer(), session, moment, max).boxed()
    }

    fn session_with(
        &self,
        secret_digest: Hash,
        moment: Moment,
    ) -> BoxFuture<'_, Result<Option<SessionRecord>, StoreError>> {
        async move {
            let mut found =
                live(self.readers(), "secret_digest", secret_digest.as_bytes().as_slice(), moment)
                    .await?;
            Ok(found.pop())
        }
        .boxed()
    }

    fn session(
        &self,
        id: Uuid,
        moment: Moment,
    ) -> BoxFuture<'_, Result<Option<SessionRecord>, StoreError>> {
        async move {
            let mut found = live(self.readers(), "id", id.as_bytes().as_slice(), moment).await?;
            Ok(found.pop())
        }
        .boxed()
    }

    fn sessions_of(
        &self,
        thumbprint: Thumbprint,
        moment: Moment,
    ) -> BoxFuture<'_, Result<Vec<SessionRecord>, StoreError>> {
        async move {
            live(self.readers(), "thumbprint", thumbprint.0.as_bytes().as_slice(), moment).await
        }
        .boxed()
    }

    fn touch_session(&self, id: Uuid, at: i64) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            sqlx::query("UPDATE sessions SET last_used_at = ? WHERE id = ? AND last_used_at < ?")
                .bind(at)
                .bind(id.as_bytes().as_slice())
                .bind(at)
                .execute(self.writer())
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn end_session(&self, id: Uuid) -> BoxFuture<'_, Result<bool, StoreError>> {
        async move {
            let deleted = sqlx::query("DELETE FROM sessions WHERE id = ?")
                .bind(id.as_bytes().as_slice())
                .execute(self.writer())
                .await?;
            Ok(deleted.rows_affected() == 1)
        }
        .boxed()
    }

    fn end_sessions_of(
        &self,
        thumbprint: Thumbprint,
        method: SessionMethod,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            sqlx::query("DELETE FROM sessions WHERE thumbprint = ? AND method = ?")
                .bind(thumbprint.0.as_bytes().as_slice())
                .bind(method.as_str())
                .execute(self.writer())
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn identity(&self, fingerprint: Hash) -> BoxFuture<'_, Result<Option<Uuid>, StoreError>> {
        async move {
            let row: Option<(Vec<u8>,)> =
                sqlx::query_as("SELECT person FROM identities WHERE fingerprint = ?")
                    .bind(fingerprint.as_bytes().as_slice())
                    .fetch_optional(self.readers())
                    .await?;
            row.map(person_of).transpose()
        }
        .boxed()
    }

    fn add_identity<'a>(
        &'a self,
        fingerprint: Hash,
        person: &'a PersonRecord,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        add_identity(self.writer(), fingerprint, person).boxed()
    }

    fn link_identity(
        &self,
        fingerprint: Hash,
        person: Uuid,
    ) -> BoxFuture<'_, Result<Uuid, StoreError>> {
        async move {
            let mut transaction = self.writer().begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("INSERT OR IGNORE INTO identities (fingerprint, person) VALUES (?, ?)")
                .bind(fingerprint.as_bytes().as_slice())
                .bind(person.as_bytes().as_slice())
                .execute(&mut *transaction)
                .await?;
            let row = sqlx::query_as("SELECT person FROM identities WHERE fingerprint = ?")
                .bind(fingerprint.as_bytes().as_slice())
                .fetch_one(&mut *transaction)
                .await?;
            transaction.commit().await?;
            person_of(row)
        }
        .boxed()
    }
}

fn person_of((person,): (Vec<u8>,)) -> Result<Uuid, StoreError> {
    Uuid::from_slice(&person).map_err(|_| corrupt("identity", 0))
}
