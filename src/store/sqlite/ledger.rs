//! The ledger port on SQLite: one connection writes, several read.

use std::{path::Path, sync::Mutex};

use attestry_proof::{
    cose::Subject,
    hash::Hash,
    key::Thumbprint,
    log::{edge::Edge, tile::TileId},
    size::{LeafIndex, TreeSize},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::SqlitePool;
use uuid::Uuid;

use super::{
    append, drafts, invitations, migrations, pool,
    pool::PoolRole,
    read::{self, index_of},
    tokens::SpentTokens,
};
use crate::store::{
    ledger::{
        AppendError, Appended, BatchId, BatchRecord, Candidate, DraftOutcome, DraftRecord,
        EntryRecord, Head, Invitation, KeyRecord, Ledger, ManifestRecord, PayloadRecord,
        STAGED_SECONDS_MAX, StoreError, StoredPayload, SubmissionRecord,
    },
    sessions::Sessions,
};
use crate::store::{legal::Legal, outbox::Outbox, people::People};

/// Connections that read while the writer writes.
const READERS: u32 = 4;

/// A ledger in one SQLite file, with the spent tokens in another beside it.
pub struct SqliteLedger {
    writer: SqlitePool,
    readers: SqlitePool,
    tokens: SpentTokens,
    /// Right edge as of the last batch committed here: a cache, checked against the head before
    /// use.
    edge: Mutex<Option<Edge>>,
}

impl SqliteLedger {
    /// Opens or creates the file and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened or is newer than this program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = pool::open(path, PoolRole::Writer).await?;
        migrations::ledger().run(&writer).await?;
        let readers = pool::open(path, PoolRole::Readers { connections: READERS }).await?;
        let tokens = SpentTokens::beside(path).await?;
        Ok(Self { writer, readers, tokens, edge: Mutex::new(None) })
    }

    /// The connection pool that writes, for the other stores kept in the same file.
    #[must_use]
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// The connection pool that reads.
    #[must_use]
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Waits for every connection to close.
    pub async fn close(&self) {
        self.tokens.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(super) fn cached_edge(&self) -> Option<Edge> {
        self.edge.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    pub(super) fn cache_edge(&self, edge: Edge) {
        *self.edge.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(edge);
    }
}

impl Ledger for SqliteLedger {
    fn head(&self) -> BoxFuture<'_, Result<Option<Head>, StoreError>> {
        async { read::head(&mut *self.readers.acquire().await?).await }.boxed()
    }

    fn edge(&self) -> BoxFuture<'_, Result<Edge, StoreError>> {
        async {
            let mut transaction = self.readers.begin().await?;
            let size = read::head(&mut transaction).await?.map_or(TreeSize(0), |head| head.size);
            read::edge(&mut transaction, size).await
        }
        .boxed()
    }

    fn append_batch<'a>(
        &'a self,
        batch: BatchId,
        at_ms: i64,
        candidates: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Appended, AppendError>> {
        append::append_batch(self, batch, at_ms, candidates).boxed()
    }

    fn find_batch(&self, batch: BatchId) -> BoxFuture<'_, Result<Option<Head>, StoreError>> {
        async move {
            let row: Option<(i64, Vec<u8>)> = sqlx::query_as(
                "SELECT size, root FROM batches WHERE batch_id = ? ORDER BY size DESC LIMIT 1",
            )
            .bind(batch.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
            row.map(|(size, root)| read::head_of(size, &root)).transpose()
        }
        .boxed()
    }

    fn batch_of(&self, index: LeafIndex) -> BoxFuture<'_, Result<Option<BatchRecord>, StoreError>> {
        async move {
            let rows = self.batches_after(TreeSize(index.0), 1).await?;
            Ok(rows.into_iter().next())
        }
        .boxed()
    }

    fn batches_after(
        &self,
        size: TreeSize,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<BatchRecord>, StoreError>> {
        async move {
            let rows: Vec<(i64, i64, Vec<u8>, i64)> = sqlx::query_as(
                "SELECT size, first_index, root, committed_at FROM batches WHERE size > ? ORDER BY size LIMIT ?",
            )
            .bind(read::number(size.0))
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
            rows.into_iter()
                .map(|(size, first, root, committed_at_ms)| {
                    let head = read::head_of(size, &root)?;
                    Ok(BatchRecord { size: head.size, first: index_of(first)?, root: head.root, committed_at_ms })
                })
                .collect()
        }
        .boxed()
    }

    fn find_statement(
        &self,
        issued_at: i64,
        leaf: Hash,
    ) -> BoxFuture<'_, Result<Option<LeafIndex>, StoreError>> {
        async move {
            let index: Option<i64> = sqlx::query_scalar(
                "SELECT leaf_index FROM entries WHERE issued_at = ? AND leaf_hash = ?",
            )
            .bind(issued_at)
            .bind(leaf.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
            index.map(index_of).transpose()
        }
        .boxed()
    }

    fn entries(
        &self,
        from: LeafIndex,
        count: u32,
    ) -> BoxFuture<'_, Result<Vec<EntryRecord>, StoreError>> {
        async move { read::entries(&mut *self.readers.acquire().await?, from, count).await }.boxed()
    }

    fn entries_about(
        &self,
        subject: Subject,
        from: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<EntryRecord>, StoreError>> {
        async move {
            read::entries_about(&mut *self.readers.acquire().await?, subject, from, limit).await
        }
        .boxed()
    }

    fn tile(&self, tile: TileId) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            let mut transaction = self.readers.begin().await?;
            read::tile(&mut transaction, tile).await
        }
        .boxed()
    }

    fn last_about(
        &self,
        subject: Subject,
        before: LeafIndex,
    ) -> BoxFuture<'_, Result<Option<EntryRecord>, StoreError>> {
        async move { read::last_about(&mut *self.readers.acquire().await?, subject, before).await }
            .boxed()
    }

    fn committed_at<'a>(
        &'a self,
        indices: &'a [LeafIndex],
    ) -> BoxFuture<'a, Result<Vec<Option<i64>>, StoreError>> {
        async move { read::committed_at(&mut *self.readers.acquire().await?, indices).await }
            .boxed()
    }

    fn payload(
        &self,
        index: LeafIndex,
    ) -> BoxFuture<'_, Result<Option<(Hash, StoredPayload)>, StoreError>> {
        async move {
            let payloads = self.payloads(&[index]).await?;
            Ok(payloads.into_iter().next().flatten())
        }
        .boxed()
    }

    fn payloads<'a>(
        &'a self,
        indices: &'a [LeafIndex],
    ) -> BoxFuture<'a, Result<Vec<Option<PayloadRecord>>, StoreError>> {
        async move { read::payloads(&mut *self.readers.acquire().await?, indices).await }.boxed()
    }

    fn public_payload(&self, digest: Hash) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            Ok(sqlx::query_scalar(
                "SELECT body FROM payloads WHERE digest = ? AND sealed = 0 LIMIT 1",
            )
            .bind(digest.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?)
        }
        .boxed()
    }

    fn stage_payload<'a>(
        &'a self,
        submission: Uuid,
        digest: Hash,
        sealed: &'a [u8],
        at: i64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("DELETE FROM staged_payloads WHERE staged_at < ?")
                .bind(at - STAGED_SECONDS_MAX)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "INSERT INTO staged_payloads (subject, digest, body, staged_at) VALUES (?, ?, ?, ?)
                 ON CONFLICT (subject, digest) DO UPDATE SET body = excluded.body, staged_at = excluded.staged_at",
            )
            .bind(submission.as_bytes().as_slice())
            .bind(digest.as_bytes().as_slice())
            .bind(sealed)
            .bind(at)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(())
        }
        .boxed()
    }

    fn staged_payload(
        &self,
        submission: Uuid,
        digest: Hash,
    ) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            Ok(sqlx::query_scalar(
                "SELECT body FROM staged_payloads WHERE subject = ? AND digest = ?",
            )
            .bind(submission.as_bytes().as_slice())
            .bind(digest.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?)
        }
        .boxed()
    }

    fn key(&self, thumbprint: Thumbprint) -> BoxFuture<'_, Result<Option<KeyRecord>, StoreError>> {
        async move { read::key(&mut *self.readers.acquire().await?, thumbprint).await }.boxed()
    }

    fn keys(
        &self,
        from: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<KeyRecord>, StoreError>> {
        async move { read::keys(&mut *self.readers.acquire().await?, from, limit).await }.boxed()
    }

    fn submission(&self, id: Uuid) -> BoxFuture<'_, Result<Option<SubmissionRecord>, StoreError>> {
        async move { read::submission(&mut *self.readers.acquire().await?, id).await }.boxed()
    }

    fn submissions_of(
        &self,
        owner: Thumbprint,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<SubmissionRecord>, StoreError>> {
        async move {
            read::submissions_of(&mut *self.readers.acquire().await?, owner, before, limit).await
        }
        .boxed()
    }

    fn record_manifest<'a>(
        &'a self,
        manifest: &'a ManifestRecord,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            sqlx::query(
                "INSERT OR IGNORE INTO manifests (submission, commitment, role, files, bytes, openings)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(manifest.submission.as_bytes().as_slice())
            .bind(manifest.commitment.as_bytes().as_slice())
            .bind(manifest.role.as_str())
            .bind(read::number(manifest.files))
            .bind(read::number(manifest.bytes))
            .bind(manifest.openings.as_bytes().as_slice())
            .execute(&self.writer)
            .await?;
            Ok(())
        }
        .boxed()
    }

    fn manifest(
        &self,
        submission: Uuid,
        commitment: Hash,
    ) -> BoxFuture<'_, Result<Option<ManifestRecord>, StoreError>> {
        async move {
            let manifests = self.manifests_of(submission).await?;
            Ok(manifests.into_iter().find(|manifest| manifest.commitment == commitment))
        }
        .boxed()
    }

    fn manifests_of(
        &self,
        submission: Uuid,
    ) -> BoxFuture<'_, Result<Vec<ManifestRecord>, StoreError>> {
        async move { read::manifests_of(&mut *self.readers.acquire().await?, submission).await }
            .boxed()
    }

    fn invite<'a>(&'a self, invitation: &'a Invitation) -> BoxFuture<'a, Result<(), StoreError>> {
        invitations::insert(&self.writer, invitation).boxed()
    }

    fn open_invitation(
        &self,
        code_digest: Hash,
        at: i64,
    ) -> BoxFuture<'_, Result<Option<Invitation>, StoreError>> {
        async move { invitations::open(&mut *self.readers.acquire().await?, code_digest, at).await }
            .boxed()
    }

    fn open_invitations(
        &self,
        at: i64,
        after: Option<Hash>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Invitation>, StoreError>> {
        async move {
            invitations::list(&mut *self.readers.acquire().await?, at, after, limit).await
        }
        .boxed()
    }

    fn cancel_invitation(&self, code_digest: Hash) -> BoxFuture<'_, Result<bool, StoreError>> {
        invitations::cancel(&self.writer, code_digest).boxed()
    }

    fn draft(&self, submission: Uuid) -> BoxFuture<'_, Result<Option<DraftRecord>, StoreError>> {
        async move { drafts::draft(&mut *self.readers.acquire().await?, submission).await }.boxed()
    }

    fn touch_draft(
        &self,
        submission: Uuid,
        owner: Thumbprint,
        at: i64,
        max: u32,
    ) -> BoxFuture<'_, Result<DraftOutcome, StoreError>> {
        drafts::touch(&self.writer, submission, owner, at, max).boxed()
    }

    fn abandon_drafts(
        &self,
        before: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>> {
        drafts::abandon(&self.writer, before, limit).boxed()
    }

    fn clear_draft(&self, submission: Uuid) -> BoxFuture<'_, Result<(), StoreError>> {
        drafts::clear(&self.writer, submission).boxed()
    }

    fn idle_uploads(
        &self,
        at: i64,
        before: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<(Uuid, Hash)>, StoreError>> {
        drafts::idle_uploads(&self.writer, at, before, limit).boxed()
    }

    fn drop_expired(&self, at: i64) -> BoxFuture<'_, Result<(), StoreError>> {
        drafts::drop_expired(&self.writer, at).boxed()
    }

    fn spend_token<'a>(
        &'a self,
        token_id: &'a str,
        expires_at: i64,
        now: i64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.tokens.spend(token_id, expires_at, now).boxed()
    }

    fn policy(&self) -> BoxFuture<'_, Result<Option<(Hash, u64)>, StoreError>> {
        async move { read::policy(&mut *self.readers.acquire().await?).await }.boxed()
    }

    fn legal(&self) -> &dyn Legal {
        self
    }

    fn outbox(&self) -> &dyn Outbox {
        self
    }

    fn people(&self) -> &dyn People {
        self
    }

    fn sessions(&self) -> &dyn Sessions {
        self
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            read::head(&mut *self.readers.acquire().await?).await?;
            Ok(())
        }
        .boxed()
    }
}
