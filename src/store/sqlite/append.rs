//! The one transaction that gives entries their positions.
//!
//! A crash before the commit leaves nothing; a crash after it leaves a batch that recovery
//! acknowledges. In between there is nothing: entries, payloads, tiles, effects and head are one
//! transaction.

use std::{collections::HashMap, sync::Arc};

use attestry_proof::{
    hash::Hash,
    log::{edge::Growth, tile::TileId},
    size::{LeafIndex, TreeSize},
};
use sqlx::{SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::{
    effects,
    ledger::SqliteLedger,
    precondition,
    read::{self, corrupt, index_of, number},
};
use crate::store::ledger::{
    AppendError, Appended, BatchId, Candidate, Head, Outcome, StoreError, StoredPayload,
    subject_bytes,
};

/// Most rows per statement: where throughput stops growing. Every size up to it has a prepared
/// statement of its own, which the connection keeps; fewer sizes would cost more round trips to
/// SQLite than preparing saves.
const ROWS_MAX: usize = 64;

pub(super) async fn append_batch(
    ledger: &SqliteLedger,
    batch: BatchId,
    at_ms: i64,
    candidates: &[Candidate],
) -> Result<Appended, AppendError> {
    let not_committed = |error: sqlx::Error| AppendError::NotCommitted(error.into());
    let mut transaction =
        ledger.writer().begin_with("BEGIN IMMEDIATE").await.map_err(not_committed)?;
    // Until COMMIT is sent, every failure rolls back, so the outcome is known.
    let (appended, edge) = write(ledger, &mut transaction, batch, at_ms, candidates)
        .await
        .map_err(AppendError::NotCommitted)?;
    transaction.commit().await.map_err(|error| AppendError::Unknown(error.into()))?;
    if let Some(edge) = edge {
        ledger.cache_edge(edge);
    }
    Ok(appended)
}

type Edge = attestry_proof::log::edge::Edge;

async fn write(
    ledger: &SqliteLedger,
    connection: &mut SqliteConnection,
    batch: BatchId,
    at_ms: i64,
    candidates: &[Candidate],
) -> Result<(Appended, Option<Edge>), StoreError> {
    let head = read::head(connection).await?;
    let size = head.map_or(TreeSize(0), |head| head.size);
    let edge = match ledger.cached_edge() {
        Some(edge) if edge.size() == size && head.is_none_or(|head| edge.root() == head.root) => {
            edge
        }
        _ => read::edge(connection, size).await?,
    };
    if head.is_some_and(|head| head.root != edge.root()) {
        return Err(corrupt("right edge", size.0));
    }

    let outcomes = decide(connection, size, candidates).await?;
    let placed: Vec<(LeafIndex, &Candidate)> = outcomes
        .iter()
        .zip(candidates)
        .filter_map(|(outcome, candidate)| match outcome {
            Outcome::Appended(index) => Some((*index, candidate)),
            Outcome::AlreadyLogged(_) | Outcome::Dropped(_) => None,
        })
        .collect();
    if placed.is_empty() {
        let head = head.unwrap_or(Head { size, root: edge.root() });
        return Ok((Appended { head, outcomes, growth: None }, Some(edge)));
    }

    let leaves: Vec<Hash> = placed.iter().map(|(_, candidate)| candidate.leaf_hash).collect();
    let growth = edge.grow(&leaves);
    let new_head = Head { size: growth.edge().size(), root: growth.root() };
    insert_entries(connection, &placed).await?;
    insert_payloads(connection, &placed).await?;
    insert_tiles(connection, growth.full_tiles()).await?;
    effects::apply(connection, &placed).await?;
    move_head(connection, size, new_head, batch, at_ms).await?;
    let edge = growth.edge().clone();
    Ok((
        Appended { head: new_head, outcomes, growth: Some(Arc::<Growth>::new(growth)) },
        Some(edge),
    ))
}

/// Gives each candidate its outcome: known statements keep their place, failed preconditions drop,
/// the rest follow on.
async fn decide(
    connection: &mut SqliteConnection,
    size: TreeSize,
    candidates: &[Candidate],
) -> Result<Vec<Outcome>, StoreError> {
    let logged = logged_before(connection, candidates).await?;
    let mut facts = precondition::Facts::load(connection, candidates).await?;
    let mut placed_now: HashMap<(i64, Hash), LeafIndex> = HashMap::new();
    let mut next = size.0;
    let mut outcomes = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let statement = (candidate.issued_at, candidate.leaf_hash);
        if let Some(index) = logged.get(&statement).or_else(|| placed_now.get(&statement)) {
            outcomes.push(Outcome::AlreadyLogged(*index));
            continue;
        }
        if let Some(failed) = facts.first_failed(candidate) {
            outcomes.push(Outcome::Dropped(failed.clone()));
            continue;
        }
        let index = LeafIndex(next);
        facts.apply(candidate, index);
        next += 1;
        placed_now.insert(statement, index);
        outcomes.push(Outcome::Appended(index));
    }
    Ok(outcomes)
}

async fn logged_before(
    connection: &mut SqliteConnection,
    candidates: &[Candidate],
) -> Result<HashMap<(i64, Hash), LeafIndex>, StoreError> {
    let mut logged = HashMap::new();
    for group in row_groups(candidates) {
        let sql = format!(
            "WITH asked (issued_at, leaf_hash) AS (VALUES {})
             SELECT entries.issued_at, entries.leaf_hash, entries.leaf_index FROM asked
             CROSS JOIN entries ON entries.issued_at = asked.issued_at AND entries.leaf_hash = asked.leaf_hash",
            placeholders(2, group.len())
        );
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
        for candidate in group {
            query = query.bind(candidate.issued_at).bind(candidate.leaf_hash.as_bytes().as_slice());
        }
        let rows: Vec<(i64, Vec<u8>, i64)> = query.fetch_all(&mut *connection).await?;
        for (issued_at, leaf, index) in rows {
            let index = index_of(index)?;
            let leaf = Hash::from_slice(&leaf).ok_or_else(|| corrupt("leaf hash", index.0))?;
            logged.insert((issued_at, leaf), index);
        }
    }
    Ok(logged)
}

async fn insert_entries(
    connection: &mut SqliteConnection,
    placed: &[(LeafIndex, &Candidate)],
) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO entries (leaf_index, issued_at, leaf_hash, subject, issuer, content_type, entry) VALUES ";
    insert_rows(connection, INTO, 7, placed, |query, (index, candidate)| {
        query
            .bind(number(index.0))
            .bind(candidate.issued_at)
            .bind(candidate.leaf_hash.as_bytes().as_slice())
            .bind(subject_bytes(&candidate.subject))
            .bind(candidate.issuer.0.as_bytes().as_slice())
            .bind(candidate.content_type)
            .bind(candidate.entry.as_slice())
    })
    .await
}

async fn insert_payloads(
    connection: &mut SqliteConnection,
    placed: &[(LeafIndex, &Candidate)],
) -> Result<(), StoreError> {
    const INTO: &str =
        "INSERT INTO payloads (leaf_index, digest, sealed, body, sealed_under) VALUES ";
    insert_rows(connection, INTO, 5, placed, |query, (index, candidate)| {
        let (sealed, body, under) = match &candidate.payload {
            StoredPayload::Sealed { under, body } => (true, body, under.as_ref()),
            StoredPayload::Public(body) => (false, body, None),
        };
        query
            .bind(number(index.0))
            .bind(candidate.payload_digest.as_bytes().as_slice())
            .bind(sealed)
            .bind(body.as_slice())
            .bind(under.map(|id| id.as_bytes().as_slice()))
    })
    .await
}

async fn insert_tiles(
    connection: &mut SqliteConnection,
    tiles: &[(TileId, Vec<Hash>)],
) -> Result<(), StoreError> {
    for (tile, hashes) in tiles {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        sqlx::query("INSERT INTO tiles (level, tile_index, hashes) VALUES (?, ?, ?)")
            .bind(tile.level)
            .bind(number(tile.index))
            .bind(bytes)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn move_head(
    connection: &mut SqliteConnection,
    old_size: TreeSize,
    head: Head,
    batch: BatchId,
    at_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO batches (size, first_index, root, batch_id, committed_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(number(head.size.0))
    .bind(number(old_size.0))
    .bind(head.root.as_bytes().as_slice())
    .bind(batch.as_bytes().as_slice())
    .bind(at_ms)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO head (only_row, size, root) VALUES (1, ?, ?)
         ON CONFLICT (only_row) DO UPDATE SET size = excluded.size, root = excluded.root",
    )
    .bind(number(head.size.0))
    .bind(head.root.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// Splits rows into groups that one statement takes.
pub(super) fn row_groups<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    rows.chunks(ROWS_MAX)
}

/// `(?,?),(?,?)`: `rows` tuples of `columns`.
pub(super) fn placeholders(columns: usize, rows: usize) -> String {
    let tuple = format!("({})", vec!["?"; columns].join(","));
    vec![tuple.as_str(); rows].join(",")
}

pub(super) type BoundQuery<'q> = Query<'q, sqlx::Sqlite, SqliteArguments>;

pub(super) async fn insert_rows<T>(
    connection: &mut SqliteConnection,
    into: &str,
    columns: usize,
    rows: &[T],
    bind: impl for<'q> Fn(BoundQuery<'q>, &'q T) -> BoundQuery<'q>,
) -> Result<(), StoreError> {
    upsert_rows(connection, (into, ""), columns, rows, bind).await
}

/// Rows between the head of a statement and what to do where a row is there already.
pub(super) async fn upsert_rows<T>(
    connection: &mut SqliteConnection,
    (into, otherwise): (&str, &str),
    columns: usize,
    rows: &[T],
    bind: impl for<'q> Fn(BoundQuery<'q>, &'q T) -> BoundQuery<'q>,
) -> Result<(), StoreError> {
    for group in row_groups(rows) {
        let sql = format!("{into}{}{otherwise}", placeholders(columns, group.len()));
        let query = group.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), &bind);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_grouped_without_loss() {
        for count in [0, 1, 63, 64, 65, 1023, 1024] {
            let rows: Vec<usize> = (0..count).collect();
            let regrouped: Vec<usize> = row_groups(&rows).flatten().copied().collect();
            assert_eq!(regrouped, rows);
            assert_eq!(row_groups(&rows).count(), count.div_ceil(ROWS_MAX));
            assert!(row_groups(&rows).all(|group| group.len() <= ROWS_MAX));
        }
    }

    #[test]
    fn placeholders_are_tuples() {
        assert_eq!(placeholders(2, 3), "(?,?),(?,?),(?,?)");
    }
}
