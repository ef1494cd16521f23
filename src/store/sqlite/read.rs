//! Reading the ledger's tables, inside or outside a transaction.

use std::collections::HashMap;

use attestry_proof::{
    cose::Subject,
    hash::{HASH_BYTES, Hash},
    log::{
        edge::Edge,
        tile::{TILE_WIDTH, TileId, levels_of, partial_width},
        tree::root_of,
    },
    manifest::Role as ManifestRole,
    size::{LeafIndex, TreeSize},
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use super::append::{placeholders, row_groups};
pub(super) use super::standing::{
    key, keys, keys_in, keys_of, submission, submissions_due, submissions_in, submissions_of,
    submissions_unscanned,
};
use crate::store::ledger::{
    EntryRecord, Head, ManifestRecord, PayloadRecord, StoreError, StoredPayload, subject_bytes,
};

pub(super) fn corrupt(what: &'static str, place: u64) -> StoreError {
    StoreError::Corrupt { what, place }
}

/// A tree position as SQLite keeps it; positions beyond its range cannot be stored, so they match
/// nothing.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn index_of(stored: i64) -> Result<LeafIndex, StoreError> {
    u64::try_from(stored).map(LeafIndex).map_err(|_| corrupt("position", 0))
}

pub(super) fn head_of(size: i64, root: &[u8]) -> Result<Head, StoreError> {
    let size = TreeSize(index_of(size)?.0);
    let root = Hash::from_slice(root).ok_or_else(|| corrupt("root", size.0))?;
    Ok(Head { size, root })
}

pub(super) async fn head(connection: &mut SqliteConnection) -> Result<Option<Head>, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT size, root FROM head").fetch_optional(connection).await?;
    row.map(|(size, root)| head_of(size, &root)).transpose()
}

/// Rebuilds the right edge of a tree of `size` from leaf hashes and full tiles.
pub(super) async fn edge(
    connection: &mut SqliteConnection,
    size: TreeSize,
) -> Result<Edge, StoreError> {
    let mut levels = Vec::new();
    for level in 0..levels_of(size) {
        let width = partial_width(size, level);
        // Levels of a 64-bit tree fit a byte.
        let level = level as u8;
        let index = size.0.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
        levels.push(if width == 0 {
            Vec::new()
        } else {
            let bytes = tile(connection, TileId { level, index, width }).await?;
            hashes_of(&bytes.ok_or_else(|| corrupt("partial tile", index))?)
        });
    }
    Edge::from_partial_tiles(size, levels).map_err(|_| corrupt("right edge", size.0))
}

/// Bytes of a tile: stored when full, else leaf hashes or the roots of full tiles below.
pub(super) async fn tile(
    connection: &mut SqliteConnection,
    tile: TileId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let full: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT hashes FROM tiles WHERE level = ? AND tile_index = ?")
            .bind(tile.level)
            .bind(number(tile.index))
            .fetch_optional(&mut *connection)
            .await?;
    let wanted = usize::from(tile.width) * HASH_BYTES;
    if let Some(mut bytes) = full {
        bytes.truncate(wanted);
        return Ok(Some(bytes));
    }
    if tile.is_full() {
        return Ok(None);
    }
    let first = tile.index * TILE_WIDTH as u64;
    let bytes = match tile.level.checked_sub(1) {
        None => leaf_hashes(connection, first, tile.width).await?,
        Some(below) => tile_roots(connection, below, first, tile.width).await?,
    };
    Ok((bytes.len() == wanted).then_some(bytes))
}

async fn leaf_hashes(
    connection: &mut SqliteConnection,
    first: u64,
    width: u16,
) -> Result<Vec<u8>, StoreError> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT leaf_hash FROM entries WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?",
    )
    .bind(number(first))
    .bind(width)
    .fetch_all(connection)
    .await?;
    Ok(rows.concat())
}

async fn tile_roots(
    connection: &mut SqliteConnection,
    level: u8,
    first: u64,
    width: u16,
) -> Result<Vec<u8>, StoreError> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT hashes FROM tiles WHERE level = ? AND tile_index >= ? ORDER BY tile_index LIMIT ?",
    )
    .bind(level)
    .bind(number(first))
    .bind(width)
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().flat_map(|bytes| root_of(&hashes_of(bytes)).0).collect())
}

fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks_exact(HASH_BYTES).filter_map(Hash::from_slice).collect()
}

const ENTRY_COLUMNS: &str =
    "leaf_index, issued_at, leaf_hash, subject, issuer, content_type, entry";

pub(super) async fn entries(
    connection: &mut SqliteConnection,
    from: LeafIndex,
    count: u32,
) -> Result<Vec<EntryRecord>, StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM entries WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(number(from.0))
        .bind(count)
        .fetch_all(connection)
        .await?;
    rows.iter().map(entry_of).collect()
}

pub(super) async fn entries_about(
    connection: &mut SqliteConnection,
    subject: Subject,
    from: LeafIndex,
    limit: u32,
) -> Result<Vec<EntryRecord>, StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM entries WHERE subject = ? AND leaf_index >= ? ORDER BY leaf_index LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(subject_bytes(&subject))
        .bind(number(from.0))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(entry_of).collect()
}

pub(super) async fn last_about(
    connection: &mut SqliteConnection,
    subject: Subject,
    before: LeafIndex,
) -> Result<Option<EntryRecord>, StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM entries WHERE subject = ? AND leaf_index < ? ORDER BY leaf_index DESC LIMIT 1"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(subject_bytes(&subject))
        .bind(number(before.0))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(entry_of).transpose()
}

pub(super) async fn committed_at(
    connection: &mut SqliteConnection,
    indices: &[LeafIndex],
) -> Result<Vec<Option<i64>>, StoreError> {
    let mut times = HashMap::with_capacity(indices.len());
    for group in row_groups(indices) {
        let sql = format!(
            "WITH asked (leaf_index) AS (VALUES {})
             SELECT leaf_index, (SELECT committed_at FROM batches WHERE size > leaf_index ORDER BY size LIMIT 1)
             FROM asked",
            placeholders(1, group.len())
        );
        let query = group.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, index| {
            query.bind(number(index.0))
        });
        let rows: Vec<(i64, Option<i64>)> = query.fetch_all(&mut *connection).await?;
        times.extend(rows);
    }
    Ok(indices.iter().map(|index| times.get(&number(index.0)).copied().flatten()).collect())
}

pub(super) async fn payloads(
    connection: &mut SqliteConnection,
    indices: &[LeafIndex],
) -> Result<Vec<Option<PayloadRecord>>, StoreError> {
    let mut found = HashMap::with_capacity(indices.len());
    for group in row_groups(indices) {
        let sql = format!(
            "SELECT leaf_index, digest, sealed, body, sealed_under FROM payloads WHERE leaf_index IN {}",
            placeholders(group.len(), 1)
        );
        let query = group.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, index| {
            query.bind(number(index.0))
        });
        type Row = (i64, Vec<u8>, bool, Vec<u8>, Option<Vec<u8>>);
        let rows: Vec<Row> = query.fetch_all(&mut *connection).await?;
        for (index, digest, sealed, body, under) in rows {
            let index = index_of(index)?;
            let bad = || corrupt("payload", index.0);
            let digest = Hash::from_slice(&digest).ok_or_else(bad)?;
            let body = if sealed {
                let under = under.map(|id| Uuid::from_slice(&id)).transpose().map_err(|_| bad())?;
                StoredPayload::Sealed { under, body }
            } else {
                StoredPayload::Public(body)
            };
            found.insert(index, (digest, body));
        }
    }
    Ok(indices.iter().map(|index| found.remove(index)).collect())
}

fn entry_of(row: &SqliteRow) -> Result<EntryRecord, StoreError> {
    let index = index_of(row.try_get(0)?)?;
    let hash = |column: usize, what| -> Result<Hash, StoreError> {
        Hash::from_slice(row.try_get(column)?).ok_or_else(|| corrupt(what, index.0))
    };
    Ok(EntryRecord {
        index,
        issued_at: row.try_get(1)?,
        leaf_hash: hash(2, "leaf hash")?,
        subject: row.try_get(3)?,
        issuer: hash(4, "issuer")?,
        content_type: row.try_get(5)?,
        entry: row.try_get(6)?,
    })
}

pub(super) async fn manifests_of(
    connection: &mut SqliteConnection,
    submission: Uuid,
) -> Result<Vec<ManifestRecord>, StoreError> {
    type Row = (Vec<u8>, String, i64, i64, Vec<u8>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT commitment, role, files, bytes, openings FROM manifests WHERE submission = ? ORDER BY role DESC",
    )
    .bind(submission.as_bytes().as_slice())
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(commitment, role, files, bytes, openings)| {
            let bad = || corrupt("manifest", 0);
            Ok(ManifestRecord {
                submission,
                commitment: Hash::from_slice(&commitment).ok_or_else(bad)?,
                role: role_of(&role).ok_or_else(bad)?,
                files: u64::try_from(files).map_err(|_| bad())?,
                bytes: u64::try_from(bytes).map_err(|_| bad())?,
                openings: Hash::from_slice(&openings).ok_or_else(bad)?,
            })
        })
        .collect()
}

fn role_of(word: &str) -> Option<ManifestRole> {
    [ManifestRole::Request, ManifestRole::Deliverable]
        .into_iter()
        .find(|role| role.as_str() == word)
}

pub(super) async fn policy(
    connection: &mut SqliteConnection,
) -> Result<Option<(Hash, u64)>, StoreError> {
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT digest, version FROM policy_versions ORDER BY version DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
    row.map(|(digest, version)| {
        let digest = Hash::from_slice(&digest).ok_or_else(|| corrupt("policy digest", 0))?;
        Ok((digest, u64::try_from(version).map_err(|_| corrupt("policy version", 0))?))
    })
    .transpose()
}
