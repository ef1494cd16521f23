//! Where keys and submissions stand.

use attestry_proof::{
    hash::Hash,
    key::{PublicKey, Thumbprint},
    payload::status::SubmissionStatus,
    size::LeafIndex,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    legal::facts::is_held,
    read::{corrupt, index_of, number},
};
use crate::store::{
    ledger::{
        AttestationSet, KeyRecord, PublicWord, PurposeSet, Review, Roles, StoreError,
        SubmissionRecord,
    },
    people::WorkFilter,
};

const KEY_COLUMNS: &str =
    "public_key, roles, program, enrolled_index, revoked_index, version, person, replaces";

pub(super) async fn key(
    connection: &mut SqliteConnection,
    thumbprint: Thumbprint,
) -> Result<Option<KeyRecord>, StoreError> {
    let sql = format!("SELECT {KEY_COLUMNS} FROM signing_keys WHERE thumbprint = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(thumbprint.0.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(key_of).transpose()
}

pub(super) async fn keys(
    connection: &mut SqliteConnection,
    from: LeafIndex,
    limit: u32,
) -> Result<Vec<KeyRecord>, StoreError> {
    let sql = format!(
        "SELECT {KEY_COLUMNS} FROM signing_keys WHERE enrolled_index >= ? ORDER BY enrolled_index LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(number(from.0))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(key_of).collect()
}

pub(super) async fn keys_in(
    connection: &mut SqliteConnection,
    program: &str,
    from: LeafIndex,
    limit: u32,
) -> Result<Vec<KeyRecord>, StoreError> {
    let sql = format!(
        "SELECT {KEY_COLUMNS} FROM signing_keys WHERE program = ? AND enrolled_index >= ?
         ORDER BY enrolled_index LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(program)
        .bind(number(from.0))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(key_of).collect()
}

pub(super) async fn keys_of(
    connection: &mut SqliteConnection,
    person: Uuid,
) -> Result<Vec<KeyRecord>, StoreError> {
    let sql =
        format!("SELECT {KEY_COLUMNS} FROM signing_keys WHERE person = ? ORDER BY enrolled_index");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(person.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    rows.iter().map(key_of).collect()
}

fn thumbprint_of(bytes: &[u8]) -> Option<Thumbprint> {
    Hash::from_slice(bytes).map(Thumbprint)
}

fn key_of(row: &SqliteRow) -> Result<KeyRecord, StoreError> {
    let enrolled = index_of(row.try_get(3)?)?;
    let roles: String = row.try_get(1)?;
    let version: i64 = row.try_get(5)?;
    Ok(KeyRecord {
        key: PublicKey::from_bytes(row.try_get(0)?).map_err(|_| corrupt("key", enrolled.0))?,
        roles: Roles::from_words(&roles).ok_or_else(|| corrupt("role", enrolled.0))?,
        program: row.try_get(2)?,
        enrolled,
        revoked: row.try_get::<Option<i64>, _>(4)?.map(index_of).transpose()?,
        person: row
            .try_get::<Option<&[u8]>, _>(6)?
            .map(|id| Uuid::from_slice(id).map_err(|_| corrupt("person", enrolled.0)))
            .transpose()?,
        replaces: row
            .try_get::<Option<&[u8]>, _>(7)?
            .map(|key| thumbprint_of(key).ok_or_else(|| corrupt("lost key", enrolled.0)))
            .transpose()?,
        version: u64::try_from(version).map_err(|_| corrupt("key version", enrolled.0))?,
    })
}

const SUBMISSION_COLUMNS: &str = "id, owner, opened_index, withdrawn, program, said_index,
    attested, attested_index, review_index, review_accepted, reviewer, cleared, published, published_purposes, scan_index,
    quarantined > 0, ordered_index IS NOT NULL, erased_index IS NOT NULL";

fn submission_columns() -> String {
    format!("{SUBMISSION_COLUMNS}, {}", is_held())
}

pub(super) async fn submission(
    connection: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<SubmissionRecord>, StoreError> {
    let columns = submission_columns();
    let sql = format!("SELECT {columns} FROM submissions WHERE id = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(submission_of).transpose()
}

pub(super) async fn submissions_of(
    connection: &mut SqliteConnection,
    owner: Thumbprint,
    before: LeafIndex,
    limit: u32,
) -> Result<Vec<SubmissionRecord>, StoreError> {
    let columns = submission_columns();
    let sql = format!(
        "SELECT {columns} FROM submissions WHERE owner = ? AND opened_index < ?
         ORDER BY opened_index DESC LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(owner.0.as_bytes().as_slice())
        .bind(number(before.0))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(submission_of).collect()
}

pub(super) async fn submissions_in(
    connection: &mut SqliteConnection,
    program: &str,
    filter: WorkFilter,
    before: i64,
    limit: u32,
) -> Result<Vec<SubmissionRecord>, StoreError> {
    let which = match filter {
        WorkFilter::All => "TRUE",
        WorkFilter::Waiting => {
            "withdrawn = 0 AND ordered_index IS NULL AND attested = 127 AND (review_index IS NULL OR review_index < attested_index)"
        }
        WorkFilter::SentBack => {
            "withdrawn = 0 AND ordered_index IS NULL AND review_accepted = 0 AND review_index > attested_index"
        }
        WorkFilter::Cleared => "withdrawn = 0 AND cleared <> 0",
    };
    let columns = submission_columns();
    let sql = format!(
        "SELECT {columns} FROM submissions WHERE program = ? AND opened_index < ? AND {which}
         ORDER BY opened_index DESC LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(program)
        .bind(before)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(submission_of).collect()
}

/// Its condition is that of the index `submissions_unscanned`.
pub(super) async fn submissions_unscanned(
    connection: &mut SqliteConnection,
    limit: u32,
) -> Result<Vec<SubmissionRecord>, StoreError> {
    let columns = submission_columns();
    let sql = format!(
        "SELECT {columns} FROM submissions WHERE
         attested = 127 AND withdrawn = 0 AND ordered_index IS NULL AND coalesce(scan_index, -1) < attested_index
         ORDER BY opened_index LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(limit).fetch_all(connection).await?;
    rows.iter().map(submission_of).collect()
}

/// Its condition is that of the index `submissions_due`.
pub(super) async fn submissions_due(
    connection: &mut SqliteConnection,
    limit: u32,
) -> Result<Vec<SubmissionRecord>, StoreError> {
    let columns = submission_columns();
    let sql = format!(
        "SELECT {columns} FROM submissions WHERE
         published IS NOT CASE
             WHEN erased_index IS NOT NULL THEN 'erased'
             WHEN withdrawn = 1 THEN 'withdrawn'
             WHEN published IS NULL AND cleared = 0 THEN NULL
             WHEN quarantined > 0 THEN 'quarantined'
             WHEN cleared <> 0 THEN 'cleared'
             ELSE 'uncleared' END
           OR (published = 'cleared' AND published_purposes <> cleared)
         ORDER BY opened_index LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(limit).fetch_all(connection).await?;
    rows.iter().map(submission_of).collect()
}

fn submission_of(row: &SqliteRow) -> Result<SubmissionRecord, StoreError> {
    let opened = index_of(row.try_get(2)?)?;
    let bad = || corrupt("submission", opened.0);
    let position = |column: usize| -> Result<Option<LeafIndex>, StoreError> {
        row.try_get::<Option<i64>, _>(column)?.map(index_of).transpose()
    };
    let purposes = |column: usize| -> Result<PurposeSet, StoreError> {
        PurposeSet::from_bits(row.try_get(column)?).ok_or_else(bad)
    };
    let review = match (
        position(8)?,
        row.try_get::<Option<bool>, _>(9)?,
        row.try_get::<Option<&[u8]>, _>(10)?,
    ) {
        (None, None, None) => None,
        (Some(index), Some(accepted), Some(reviewer)) => {
            let reviewer = thumbprint_of(reviewer).ok_or_else(bad)?;
            Some(Review { index, accepted, reviewer })
        }
        _ => return Err(bad()),
    };
    let published = match row.try_get::<Option<&str>, _>(12)? {
        None => None,
        Some(word) => {
            let status = SubmissionStatus::parse(word).ok_or_else(bad)?;
            Some(PublicWord { status, purposes: purposes(13)? })
        }
    };
    Ok(SubmissionRecord {
        id: Uuid::from_slice(row.try_get(0)?).map_err(|_| bad())?,
        owner: thumbprint_of(row.try_get(1)?).ok_or_else(bad)?,
        program: row.try_get(4)?,
        opened,
        said: position(5)?.ok_or_else(bad)?,
        last_attested: position(7)?,
        attested: AttestationSet::from_bits(row.try_get(6)?).ok_or_else(bad)?,
        review,
        scan: position(14)?,
        cleared: purposes(11)?,
        published,
        withdrawn: row.try_get(3)?,
        quarantined: row.try_get(15)?,
        ordered: row.try_get(16)?,
        erased: row.try_get(17)?,
        held: row.try_get(18)?,
    })
}
