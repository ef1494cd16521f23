//! Holds, takedown cases and erasure.

pub(super) mod effects;
mod erasures;
pub(super) mod facts;
#[cfg(test)]
mod tests;

use attestry_proof::{
    hash::{HASH_BYTES, Hash},
    key::Thumbprint,
    payload::case::{CaseChannel, CaseState},
    size::LeafIndex,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::{Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    ledger::SqliteLedger,
    read::{corrupt, index_of, number},
};
use crate::store::{
    ledger::StoreError,
    legal::{
        CaseApprovalRecord, CaseRecord, ConcernedSubmission, ErasureCounts, ErasureRecord,
        HoldRecord, Legal, MattersOn,
    },
};

const CASE_COLUMNS: &str =
    "id, program, ground, channel, state, step_leaf, step_index, opened_index, concerned";
const HOLD_COLUMNS: &str = "holds.id, placed_index, released_index, holds.program";

fn case_of(row: &SqliteRow) -> Result<CaseRecord, StoreError> {
    let opened = index_of(row.try_get(7)?)?;
    let bad = || corrupt("case", opened.0);
    let concerned: Option<&[u8]> = row.try_get(8)?;
    Ok(CaseRecord {
        id: Uuid::from_slice(row.try_get(0)?).map_err(|_| bad())?,
        program: row.try_get(1)?,
        ground: row.try_get(2)?,
        channel: CaseChannel::parse(row.try_get(3)?).ok_or_else(bad)?,
        state: CaseState::parse(row.try_get(4)?).ok_or_else(bad)?,
        step_leaf: Hash::from_slice(row.try_get(5)?).ok_or_else(bad)?,
        step: index_of(row.try_get(6)?)?,
        opened,
        concerned: concerned.map(|it| Hash::from_slice(it).ok_or_else(bad)).transpose()?,
    })
}

fn hold_of(row: &SqliteRow) -> Result<HoldRecord, StoreError> {
    let placed = index_of(row.try_get(1)?)?;
    Ok(HoldRecord {
        id: Uuid::from_slice(row.try_get(0)?).map_err(|_| corrupt("hold", placed.0))?,
        placed,
        released: row.try_get::<Option<i64>, _>(2)?.map(index_of).transpose()?,
        program: row.try_get(3)?,
    })
}

/// Reads SHA-256 after SHA-256.
fn files_of(bytes: Option<&[u8]>) -> Result<Option<Vec<Hash>>, StoreError> {
    let Some(bytes) = bytes else { return Ok(None) };
    let hashes = bytes.chunks(HASH_BYTES).map(Hash::from_slice).collect::<Option<Vec<_>>>();
    hashes.map(Some).ok_or_else(|| corrupt("list of files", 0))
}

fn submission_of(bytes: &[u8]) -> Result<Uuid, StoreError> {
    Uuid::from_slice(bytes).map_err(|_| corrupt("submission", 0))
}

const DUE_A_CASE: &str =
    "SELECT id FROM submissions WHERE case_due = 1 ORDER BY opened_index LIMIT ?";

fn list_cases(in_program: bool) -> String {
    let which = if in_program { "program = ?3" } else { "TRUE" };
    format!(
        "SELECT {CASE_COLUMNS} FROM cases WHERE opened_index < ?1 AND {which}
         ORDER BY opened_index DESC LIMIT ?2"
    )
}

fn cases_at() -> String {
    format!(
        "SELECT {CASE_COLUMNS} FROM cases WHERE state <> 'closed' AND state = ? AND opened_index > ?
         ORDER BY opened_index LIMIT ?"
    )
}

fn holds_in() -> String {
    format!(
        "SELECT {HOLD_COLUMNS} FROM holds WHERE program = ? AND placed_index < ?
         ORDER BY placed_index DESC LIMIT ?"
    )
}

/// What is left in a case of what these words allow.
fn left_in(which: &str) -> String {
    format!(
        "SELECT submission, files FROM case_submissions
         CROSS JOIN submissions ON submissions.id = case_submissions.submission
         WHERE case_id = ?1 AND submission > ?2 AND (files IS NULL OR files <> x'')
           AND submissions.erased_index IS NULL AND {which}
         ORDER BY submission LIMIT ?3"
    )
}

impl SqliteLedger {
    async fn case_where(
        &self,
        which: &str,
        value: Vec<u8>,
    ) -> Result<Option<CaseRecord>, StoreError> {
        let sql = format!("SELECT {CASE_COLUMNS} FROM cases WHERE {which} = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(value)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(case_of).transpose()
    }

    async fn list_cases(
        &self,
        program: Option<&str>,
        before: LeafIndex,
        limit: u32,
    ) -> Result<Vec<CaseRecord>, StoreError> {
        let sql = list_cases(program.is_some());
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number(before.0)).bind(limit);
        let query = if program.is_some() { query.bind(program) } else { query };
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter().map(case_of).collect()
    }

    async fn list_cases_at(
        &self,
        state: CaseState,
        after: Option<LeafIndex>,
        limit: u32,
    ) -> Result<Vec<CaseRecord>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(cases_at()))
            .bind(state.as_str())
            .bind(after.map_or(-1, |index| number(index.0)))
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(case_of).collect()
    }

    async fn list_concerned(
        &self,
        case: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ConcernedSubmission>, StoreError> {
        const SQL: &str = "SELECT submission, files FROM case_submissions
             WHERE case_id = ?1 AND submission > ?2 ORDER BY submission LIMIT ?3";
        self.concerned_by(SQL.into(), case, after, limit).await
    }

    async fn list_left(
        &self,
        case: Uuid,
        free: bool,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ConcernedSubmission>, StoreError> {
        let free = if free { facts::is_free() } else { "TRUE".into() };
        self.concerned_by(left_in(&free), case, after, limit).await
    }

    async fn concerned_by(
        &self,
        sql: String,
        case: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ConcernedSubmission>, StoreError> {
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(case.as_bytes().as_slice())
            .bind(after.map_or_else(Vec::new, |id| id.as_bytes().to_vec()))
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|(submission, files)| {
                Ok(ConcernedSubmission {
                    submission: submission_of(submission)?,
                    files: files_of(files.as_deref())?,
                })
            })
            .collect()
    }

    async fn list_approvals(&self, case: Uuid) -> Result<Vec<CaseApprovalRecord>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "SELECT officer, approves, leaf_hash FROM case_approvals WHERE case_id = ? ORDER BY leaf_index",
        )
        .bind(case.as_bytes().as_slice())
        .fetch_all(self.readers())
        .await?;
        let hash = |bytes: &[u8]| Hash::from_slice(bytes).ok_or_else(|| corrupt("approval", 0));
        rows.iter()
            .map(|(officer, approves, leaf)| {
                Ok(CaseApprovalRecord {
                    officer: Thumbprint(hash(officer)?),
                    approves: hash(approves)?,
                    leaf: hash(leaf)?,
                })
            })
            .collect()
    }

    async fn states_of(&self, case: Uuid) -> Result<Vec<(CaseState, i64)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT state, at FROM case_history WHERE case_id = ? ORDER BY leaf_index",
        )
        .bind(case.as_bytes().as_slice())
        .fetch_all(self.readers())
        .await?;
        let state = |(word, at): (String, i64)| {
            Ok((CaseState::parse(&word).ok_or_else(|| corrupt("state", 0))?, at))
        };
        rows.into_iter().map(state).collect()
    }
}

impl Legal for SqliteLedger {
    fn hold(&self, id: Uuid) -> BoxFuture<'_, Result<Option<HoldRecord>, StoreError>> {
        async move {
            let sql = format!("SELECT {HOLD_COLUMNS} FROM holds WHERE id = ?");
            let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(id.as_bytes().to_vec())
                .fetch_optional(self.readers())
                .await?;
            row.as_ref().map(hold_of).transpose()
        }
        .boxed()
    }

    fn matters_on(&self, submission: Uuid) -> BoxFuture<'_, Result<MattersOn, StoreError>> {
        async move {
            let connection = &mut *self.readers().acquire().await?;
            let found = facts::matters_on(connection, [submission].into()).await?;
            Ok(found.get(&submission).copied().unwrap_or_default())
        }
        .boxed()
    }

    fn holds_in<'a>(
        &'a self,
        program: &'a str,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<HoldRecord>, StoreError>> {
        async move {
            let rows = sqlx::query(sqlx::AssertSqlSafe(holds_in()))
                .bind(program)
                .bind(number(before.0))
                .bind(limit)
                .fetch_all(self.readers())
                .await?;
            rows.iter().map(hold_of).collect()
        }
        .boxed()
    }

    fn case(&self, id: Uuid) -> BoxFuture<'_, Result<Option<CaseRecord>, StoreError>> {
        self.case_where("id", id.as_bytes().to_vec()).boxed()
    }

    fn case_by_link(&self, link: Hash) -> BoxFuture<'_, Result<Option<CaseRecord>, StoreError>> {
        self.case_where("link", link.0.to_vec()).boxed()
    }

    fn cases<'a>(
        &'a self,
        program: Option<&'a str>,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<CaseRecord>, StoreError>> {
        self.list_cases(program, before, limit).boxed()
    }

    fn cases_at(
        &self,
        state: CaseState,
        after: Option<LeafIndex>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<CaseRecord>, StoreError>> {
        self.list_cases_at(state, after, limit).boxed()
    }

    fn case_history(&self, case: Uuid) -> BoxFuture<'_, Result<Vec<(CaseState, i64)>, StoreError>> {
        self.states_of(case).boxed()
    }

    fn concerned(
        &self,
        case: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<ConcernedSubmission>, StoreError>> {
        self.list_concerned(case, after, limit).boxed()
    }

    fn matters_about(&self, submission: Uuid) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>> {
        async move {
            let rows: Vec<Vec<u8>> = sqlx::query_scalar(
                "SELECT case_id FROM case_submissions WHERE submission = ?1
                 UNION SELECT hold FROM held_submissions WHERE submission = ?1
                 UNION SELECT holds.id FROM submissions JOIN holds
                     ON scope = 'program' AND holds.program = submissions.program
                     WHERE submissions.id = ?1
                 UNION SELECT holds.id FROM submissions JOIN holds
                     ON scope = 'contractor' AND contractor = owner
                     WHERE submissions.id = ?1",
            )
            .bind(submission.as_bytes().to_vec())
            .fetch_all(self.readers())
            .await?;
            let id = |row: &Vec<u8>| Uuid::from_slice(row).map_err(|_| corrupt("matter", 0));
            rows.iter().map(id).collect()
        }
        .boxed()
    }

    fn left_in(
        &self,
        case: Uuid,
        free: bool,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<ConcernedSubmission>, StoreError>> {
        self.list_left(case, free, after, limit).boxed()
    }

    fn withdrawn_without_case(&self, limit: u32) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>> {
        async move {
            let query = sqlx::query_scalar(DUE_A_CASE).bind(limit);
            let rows: Vec<Vec<u8>> = query.fetch_all(self.readers()).await?;
            rows.iter().map(|id| submission_of(id)).collect()
        }
        .boxed()
    }

    fn approvals_in(
        &self,
        case: Uuid,
    ) -> BoxFuture<'_, Result<Vec<CaseApprovalRecord>, StoreError>> {
        self.list_approvals(case).boxed()
    }

    fn erasures_pending(
        &self,
        after: Option<LeafIndex>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<ErasureRecord>, StoreError>> {
        async move { erasures::pending(&mut *self.readers().acquire().await?, after, limit).await }
            .boxed()
    }

    fn erasures_of(&self, case: Uuid) -> BoxFuture<'_, Result<(u64, u64), StoreError>> {
        async move { erasures::of_case(&mut *self.readers().acquire().await?, case).await }.boxed()
    }

    fn erasures_journalled(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        async move {
            let count: i64 =
                sqlx::query_scalar("SELECT count(*) FROM erasures WHERE journalled = 1")
                    .fetch_one(self.readers())
                    .await?;
            Ok(index_of(count)?.0)
        }
        .boxed()
    }

    fn journalled_after(
        &self,
        after: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<(LeafIndex, Hash)>, StoreError>> {
        async move {
            erasures::journalled(&mut *self.readers().acquire().await?, after, limit).await
        }
        .boxed()
    }

    fn note_journalled<'a>(
        &'a self,
        orders: &'a [LeafIndex],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        erasures::note_journalled(self.writer(), orders).boxed()
    }

    fn note_counted<'a>(
        &'a self,
        counts: &'a [(LeafIndex, ErasureCounts)],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        erasures::note_counted(self.writer(), counts).boxed()
    }

    fn payloads_under<'a>(
        &'a self,
        submissions: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<u64>, StoreError>> {
        async move {
            erasures::payloads_under(&mut *self.readers().acquire().await?, submissions).await
        }
        .boxed()
    }

    fn refuse_files<'a>(
        &'a self,
        fingerprints: &'a [Hash],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        erasures::refuse_files(self.writer(), fingerprints).boxed()
    }

    fn refused<'a>(
        &'a self,
        fingerprints: &'a [Hash],
    ) -> BoxFuture<'a, Result<Vec<Hash>, StoreError>> {
        async move { erasures::refused(&mut *self.readers().acquire().await?, fingerprints).await }
            .boxed()
    }

    fn forget_content<'a>(
        &'a self,
        submissions: &'a [Uuid],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        erasures::forget_content(self.writer(), submissions).boxed()
    }

    fn settle(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        erasures::settle(self.writer()).boxed()
    }
}
