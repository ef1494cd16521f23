//! Orders to erase, and deleting what they are about.

use std::time::Duration;

use attestry_proof::{hash::Hash, size::LeafIndex};
use sqlx::{Row as _, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    super::{
        append::{placeholders, row_groups, upsert_rows},
        read::{corrupt, index_of, number},
    },
    files_of, submission_of,
};
use crate::store::{
    ledger::StoreError,
    legal::{ConcernedSubmission, ErasureCounts, ErasureRecord},
};

/// How often it is tried to empty the write-ahead log while others read.
const SETTLE_TRIES: u32 = 50;
const SETTLE_PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn pending(
    connection: &mut SqliteConnection,
    after: Option<LeafIndex>,
    limit: u32,
) -> Result<Vec<ErasureRecord>, StoreError> {
    let rows = sqlx::query(
        "SELECT ordered_index, order_leaf, case_id, submission, files, journalled, keys, objects, payloads
         FROM erasures WHERE erased_index IS NULL AND ordered_index > ? ORDER BY ordered_index LIMIT ?",
    )
    .bind(after.map_or(-1, |index| number(index.0)))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(erasure_of).collect()
}

fn erasure_of(row: &SqliteRow) -> Result<ErasureRecord, StoreError> {
    let ordered = index_of(row.try_get(0)?)?;
    let bad = || corrupt("order to erase", ordered.0);
    let count = |column: usize| -> Result<Option<u64>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(index_of).transpose()?.map(|it| it.0))
    };
    let counted = match (count(6)?, count(7)?, count(8)?) {
        (Some(keys), Some(objects), Some(payloads)) => {
            Some(ErasureCounts { keys, objects, payloads })
        }
        _ => None,
    };
    Ok(ErasureRecord {
        ordered,
        leaf: Hash::from_slice(row.try_get(1)?).ok_or_else(bad)?,
        case: Uuid::from_slice(row.try_get(2)?).map_err(|_| bad())?,
        target: ConcernedSubmission {
            submission: submission_of(row.try_get(3)?)?,
            files: files_of(row.try_get(4)?)?,
        },
        journalled: row.try_get(5)?,
        counted,
    })
}

pub(super) async fn of_case(
    connection: &mut SqliteConnection,
    case: Uuid,
) -> Result<(u64, u64), StoreError> {
    let (ordered, erased): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(erased_index) FROM erasures WHERE case_id = ?")
            .bind(case.as_bytes().as_slice())
            .fetch_one(connection)
            .await?;
    Ok((index_of(ordered)?.0, index_of(erased)?.0))
}

pub(super) async fn journalled(
    connection: &mut SqliteConnection,
    after: i64,
    limit: u32,
) -> Result<Vec<(LeafIndex, Hash)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT ordered_index, order_leaf FROM erasures WHERE journalled = 1 AND ordered_index > ?
         ORDER BY ordered_index LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(index, leaf)| {
            let index = index_of(index)?;
            let leaf = Hash::from_slice(&leaf).ok_or_else(|| corrupt("order to erase", index.0))?;
            Ok((index, leaf))
        })
        .collect()
}

pub(super) async fn note_journalled(
    writer: &SqlitePool,
    orders: &[LeafIndex],
) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for order in orders {
        sqlx::query("UPDATE erasures SET journalled = 1 WHERE ordered_index = ?")
            .bind(number(order.0))
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

pub(super) async fn note_counted(
    writer: &SqlitePool,
    counts: &[(LeafIndex, ErasureCounts)],
) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for (order, counts) in counts {
        sqlx::query(
            "UPDATE erasures SET keys = ?, objects = ?, payloads = ? WHERE ordered_index = ? AND keys IS NULL",
        )
        .bind(number(counts.keys))
        .bind(number(counts.objects))
        .bind(number(counts.payloads))
        .bind(number(order.0))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(transaction.commit().await?)
}

/// Payloads about a submission that are under its own key. Entries are found by subject, so the
/// order's and the record's payloads, which are under other keys, are told apart by their column.
const UNDER_OWN_KEY: &str = "sealed = 1 AND (sealed_under IS NULL OR sealed_under = ?1)
    AND leaf_index IN (SELECT leaf_index FROM entries WHERE subject = ?1)";

pub(super) async fn payloads_under(
    connection: &mut SqliteConnection,
    submissions: &[Uuid],
) -> Result<Vec<u64>, StoreError> {
    let sql = format!("SELECT count(*) FROM payloads WHERE {UNDER_OWN_KEY}");
    let mut counts = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
            .bind(submission.as_bytes().as_slice())
            .fetch_one(&mut *connection)
            .await?;
        counts.push(index_of(count)?.0);
    }
    Ok(counts)
}

pub(super) async fn refuse_files(
    writer: &SqlitePool,
    fingerprints: &[Hash],
) -> Result<(), StoreError> {
    const INTO: (&str, &str) =
        ("INSERT INTO refused_files (fingerprint) VALUES ", " ON CONFLICT DO NOTHING");
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    upsert_rows(&mut transaction, INTO, 1, fingerprints, |query, fingerprint| {
        query.bind(fingerprint.as_bytes().as_slice())
    })
    .await?;
    Ok(transaction.commit().await?)
}

pub(super) async fn refused(
    connection: &mut SqliteConnection,
    fingerprints: &[Hash],
) -> Result<Vec<Hash>, StoreError> {
    let mut found = Vec::new();
    for group in row_groups(fingerprints) {
        let sql = format!(
            "SELECT fingerprint FROM refused_files WHERE fingerprint IN {}",
            placeholders(group.len(), 1)
        );
        let query = group.iter().fold(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)), |query, it| {
            query.bind(it.as_bytes().as_slice())
        });
        let rows: Vec<Vec<u8>> = query.fetch_all(&mut *connection).await?;
        found.extend(rows.iter().filter_map(|row| Hash::from_slice(row)));
    }
    Ok(found)
}

pub(super) async fn forget_content(
    writer: &SqlitePool,
    submissions: &[Uuid],
) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for submission in submissions {
        let payloads = format!("DELETE FROM payloads WHERE {UNDER_OWN_KEY}");
        for sql in [
            payloads.as_str(),
            "DELETE FROM staged_payloads WHERE subject = ?1",
            "DELETE FROM manifests WHERE submission = ?1",
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
                .bind(submission.as_bytes().as_slice())
                .execute(&mut *transaction)
                .await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// Every lesser checkpoint leaves old pages in the log file; readers of one moment can keep it from
/// being emptied.
pub(super) async fn settle(writer: &SqlitePool) -> Result<(), StoreError> {
    for _ in 0..SETTLE_TRIES {
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
        if busy == 0 {
            return Ok(());
        }
        tokio::time::sleep(SETTLE_PAUSE).await;
    }
    Err(StoreError::NotSettled)
}
