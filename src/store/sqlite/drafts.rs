//! Submissions that have files or payloads but no statement yet, and what was left behind.

use attestry_proof::{hash::Hash, key::Thumbprint};
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::read::corrupt;
use crate::store::ledger::{DraftOutcome, DraftRecord, STAGED_SECONDS_MAX, StoreError};

pub(super) async fn draft(
    connection: &mut SqliteConnection,
    submission: Uuid,
) -> Result<Option<DraftRecord>, StoreError> {
    let row: Option<(Vec<u8>, i64, bool)> = sqlx::query_as(
        "SELECT owner, touched_at, state <> 'open' FROM drafts WHERE submission = ?",
    )
    .bind(submission.as_bytes().as_slice())
    .fetch_optional(connection)
    .await?;
    row.map(|(owner, touched_at, abandoned)| {
        let owner = Thumbprint(Hash::from_slice(&owner).ok_or_else(|| corrupt("draft", 0))?);
        Ok(DraftRecord { owner, touched_at, abandoned })
    })
    .transpose()
}

pub(super) async fn touch(
    writer: &SqlitePool,
    submission: Uuid,
    owner: Thumbprint,
    at: i64,
    max: u32,
) -> Result<DraftOutcome, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    match draft(&mut transaction, submission).await? {
        Some(known) if known.abandoned => return Ok(DraftOutcome::Abandoned),
        Some(known) if known.owner != owner => return Ok(DraftOutcome::OfAnotherKey),
        Some(_) => {}
        None => {
            forget_registered(&mut transaction, owner).await?;
            let open: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM drafts WHERE owner = ? AND state = 'open'",
            )
            .bind(owner.0.as_bytes().as_slice())
            .fetch_one(&mut *transaction)
            .await?;
            if open >= i64::from(max) {
                return Ok(DraftOutcome::TooMany);
            }
        }
    }
    sqlx::query(
        "INSERT INTO drafts (submission, owner, touched_at, state) VALUES (?, ?, ?, 'open')
         ON CONFLICT (submission) DO UPDATE SET touched_at = excluded.touched_at",
    )
    .bind(submission.as_bytes().as_slice())
    .bind(owner.0.as_bytes().as_slice())
    .bind(at)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(DraftOutcome::Open)
}

/// Drafts end with their first statement. Appending does not look for them: whoever counts them
/// removes them first.
async fn forget_registered(
    connection: &mut SqliteConnection,
    owner: Thumbprint,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM drafts WHERE owner = ? AND state = 'open'
         AND EXISTS (SELECT 1 FROM submissions WHERE id = submission)",
    )
    .bind(owner.0.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// The transaction orders it with appending: a statement before it keeps the submission, a statement
/// after it is refused.
pub(super) async fn abandon(
    writer: &SqlitePool,
    before: i64,
    limit: u32,
) -> Result<Vec<Uuid>, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let old = "state = 'open' AND touched_at < ?";
    for change in [
        format!(
            "DELETE FROM drafts WHERE {old} AND EXISTS (SELECT 1 FROM submissions WHERE id = submission)"
        ),
        format!("UPDATE drafts SET state = 'retiring' WHERE {old}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(change)).bind(before).execute(&mut *transaction).await?;
    }
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT submission FROM drafts WHERE state = 'retiring' LIMIT ?")
            .bind(limit)
            .fetch_all(&mut *transaction)
            .await?;
    transaction.commit().await?;
    rows.iter().map(|id| Uuid::from_slice(id).map_err(|_| corrupt("draft", 0))).collect()
}

pub(super) async fn clear(writer: &SqlitePool, submission: Uuid) -> Result<(), StoreError> {
    const STATEMENTS: [&str; 3] = [
        "DELETE FROM staged_payloads WHERE subject = ?1
         AND EXISTS (SELECT 1 FROM drafts WHERE submission = ?1 AND state <> 'open')",
        "DELETE FROM manifests WHERE submission = ?1
         AND EXISTS (SELECT 1 FROM drafts WHERE submission = ?1 AND state <> 'open')",
        "UPDATE drafts SET state = 'retired' WHERE submission = ?1 AND state = 'retiring'",
    ];
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for statement in STATEMENTS {
        sqlx::query(statement)
            .bind(submission.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

pub(super) async fn idle_uploads(
    writer: &SqlitePool,
    at: i64,
    before: i64,
    limit: u32,
) -> Result<Vec<(Uuid, Hash)>, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(
        "UPDATE uploads SET seen_at = ?, seen_received = received WHERE seen_received IS NOT received",
    )
    .bind(at)
    .execute(&mut *transaction)
    .await?;
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT subject, sha256 FROM uploads WHERE seen_at < ? LIMIT ?")
            .bind(before)
            .bind(limit)
            .fetch_all(&mut *transaction)
            .await?;
    transaction.commit().await?;
    rows.iter()
        .map(|(subject, sha256)| {
            let bad = || corrupt("upload", 0);
            let subject = Uuid::from_slice(subject).map_err(|_| bad())?;
            Ok((subject, Hash::from_slice(sha256).ok_or_else(bad)?))
        })
        .collect()
}

/// Nothing else refers to either.
pub(super) async fn drop_expired(writer: &SqlitePool, at: i64) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM staged_payloads WHERE staged_at < ?")
        .bind(at.saturating_sub(STAGED_SECONDS_MAX))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("DELETE FROM invitations WHERE used_by IS NULL AND expires_at <= ?")
        .bind(at)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}
