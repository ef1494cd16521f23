//! Rows about holds and takedown cases.

use attestry_proof::hash::Hash;
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::{FromRow, Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::SqliteLedgerAudit;
use crate::store::{
    audit::{MattersAudit, RawCase, RawErasure, RawHold, Rows},
    ledger::StoreError,
};

impl FromRow<'_, SqliteRow> for RawCase {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            program: row.try_get("program")?,
            ground: row.try_get("ground")?,
            channel: row.try_get("channel")?,
            state: row.try_get("state")?,
            step_leaf: row.try_get("step_leaf")?,
            step: row.try_get("step_index")?,
            opened: row.try_get("opened_index")?,
            concerned: row.try_get("concerned")?,
            history: row.try_get("history")?,
            approvals: row.try_get("approvals")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for RawHold {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            program: row.try_get("program")?,
            scope: row.try_get("scope")?,
            contractor: row.try_get("contractor")?,
            held: row.try_get("held")?,
            placed: row.try_get("placed_index")?,
            released: row.try_get("released_index")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for RawErasure {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            ordered: row.try_get("ordered_index")?,
            leaf: row.try_get("order_leaf")?,
            submission: row.try_get("submission")?,
            case: row.try_get("case_id")?,
            files: row.try_get("files")?,
            journalled: row.try_get("journalled")?,
            erased: row.try_get("erased_index")?,
        })
    }
}

impl MattersAudit for SqliteLedgerAudit {
    fn case(&self, id: Uuid) -> BoxFuture<'_, Result<Option<RawCase>, StoreError>> {
        const SQL: &str = "SELECT *,
             (SELECT coalesce(group_concat(leaf_index || ' ' || state || ' ' || at, ',' ORDER BY leaf_index), '')
              FROM case_history WHERE case_id = id) AS history,
             (SELECT coalesce(group_concat(leaf_index || ' ' || lower(hex(officer)) || ' ' ||
                  lower(hex(approves)) || ' ' || lower(hex(leaf_hash)), ',' ORDER BY leaf_index), '')
              FROM case_approvals WHERE case_id = id) AS approvals
             FROM cases WHERE id = ?";
        self.one(SQL, id).boxed()
    }

    fn hold(&self, id: Uuid) -> BoxFuture<'_, Result<Option<RawHold>, StoreError>> {
        const SQL: &str = "SELECT *,
             (SELECT coalesce(group_concat(lower(hex(submission)), ',' ORDER BY submission), '')
              FROM held_submissions WHERE hold = id) AS held
             FROM holds WHERE id = ?";
        self.one(SQL, id).boxed()
    }

    fn matters<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, (String, Vec<u8>)> {
        const SQL: &str = "SELECT * FROM (SELECT 'cases' AS name, id FROM cases UNION ALL
             SELECT 'holds', id FROM holds) WHERE id > ? ORDER BY id LIMIT ?";
        self.page(SQL, after, limit).boxed()
    }

    fn concerned(&self, case: Uuid) -> Rows<'_, (Vec<u8>, Option<Vec<u8>>)> {
        const SQL: &str = "SELECT submission, files FROM case_submissions WHERE case_id = ?";
        let query = sqlx::query_as(SQL).bind(case.as_bytes().to_vec());
        async move { Ok(query.fetch_all(&self.pool).await?) }.boxed()
    }

    fn erasures(&self, after: i64, limit: u32) -> Rows<'_, RawErasure> {
        const SQL: &str =
            "SELECT * FROM erasures WHERE ordered_index > ? ORDER BY ordered_index LIMIT ?";
        let query = sqlx::query_as(SQL).bind(after).bind(limit);
        async move { Ok(query.fetch_all(&self.pool).await?) }.boxed()
    }

    fn is_refused(&self, fingerprint: Hash) -> BoxFuture<'_, Result<bool, StoreError>> {
        const SQL: &str = "SELECT EXISTS (SELECT 1 FROM refused_files WHERE fingerprint = ?)";
        let query = sqlx::query_scalar(SQL).bind(fingerprint.0.to_vec());
        async move { Ok(query.fetch_one(&self.pool).await?) }.boxed()
    }

    fn submissions_apart(&self, limit: u32) -> Rows<'_, (Vec<u8>, String)> {
        const SQL: &str = "SELECT id, 'quarantined' FROM submissions WHERE quarantined <>
                 (SELECT count(*) FROM case_submissions WHERE submission = id AND locked = 1)
             UNION ALL SELECT id, 'ordered_index' FROM submissions WHERE ordered_index IS NOT
                 (SELECT min(ordered_index) FROM erasures WHERE submission = id AND files IS NULL)
             UNION ALL SELECT id, 'erased_index' FROM submissions WHERE erased_index IS NOT
                 (SELECT min(erased_index) FROM erasures WHERE submission = id AND files IS NULL)
             UNION ALL SELECT id, 'case_due' FROM submissions WHERE case_due IS NOT (withdrawn = 1 AND NOT EXISTS
                 (SELECT 1 FROM case_submissions JOIN cases ON cases.id = case_id
                  WHERE submission = submissions.id AND channel = 'withdrawal'))
             LIMIT ?";
        async move { Ok(sqlx::query_as(SQL).bind(limit).fetch_all(&self.pool).await?) }.boxed()
    }
}

impl SqliteLedgerAudit {
    async fn one<T>(&self, sql: &'static str, id: Uuid) -> Result<Option<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let query = sqlx::query_as(sql).bind(id.as_bytes().to_vec());
        Ok(query.fetch_optional(&self.pool).await?)
    }
}
