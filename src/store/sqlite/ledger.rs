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
    append, migrations, pool,
    pool::PoolRole,
    read::{self, corrupt, index_of},
};
use crate::store::ledger::{
    AppendError, Appended, BatchId, BatchRecord, Candidate, EntryRecord, Head, Invitation,
    KeyRecord, Ledger, ManifestRecord, Roles, STAGED_SECONDS_MAX, StoreError, StoredPayload,
    SubmissionRecord,
};

/// Connections that read while the writer writes.
const READERS: u32 = 4;

/// A ledger in one SQLite file.
pub struct SqliteLedger {
    writer: SqlitePool,
    readers: SqlitePool,
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
        Ok(Self { writer, readers, edge: Mutex::new(None) })
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

    fn payload(
        &self,
        index: LeafIndex,
    ) -> BoxFuture<'_, Result<Option<(Hash, StoredPayload)>, StoreError>> {
        async move {
            let row: Option<(Vec<u8>, bool, Vec<u8>)> =
                sqlx::query_as("SELECT digest, sealed, body FROM payloads WHERE leaf_index = ?")
                    .bind(read::number(index.0))
                    .fetch_optional(&self.readers)
                    .await?;
            row.map(|(digest, sealed, body)| {
                let digest =
                    Hash::from_slice(&digest).ok_or_else(|| corrupt("payload", index.0))?;
                Ok((
                    digest,
                    if sealed { StoredPayload::Sealed(body) } else { StoredPayload::Public(body) },
                ))
            })
            .transpose()
        }
        .boxed()
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
        async move {
            sqlx::query("INSERT INTO invitations (code_digest, roles, program, expires_at) VALUES (?, ?, ?, ?)")
                .bind(invitation.code_digest.as_bytes().as_slice())
                .bind(invitation.roles.to_words())
                .bind(&invitation.program)
                .bind(invitation.expires_at)
                .execute(&self.writer)
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn open_invitation(
        &self,
        code_digest: Hash,
        at: i64,
    ) -> BoxFuture<'_, Result<Option<Invitation>, StoreError>> {
        async move {
            let row: Option<(String, String, i64)> = sqlx::query_as(
                "SELECT roles, program, expires_at FROM invitations
                 WHERE code_digest = ? AND used_by IS NULL AND expires_at > ?",
            )
            .bind(code_digest.as_bytes().as_slice())
            .bind(at)
            .fetch_optional(&self.readers)
            .await?;
            row.map(|(roles, program, expires_at)| {
                let roles = Roles::from_words(&roles).ok_or_else(|| corrupt("invitation", 0))?;
                Ok(Invitation { code_digest, roles, program, expires_at })
            })
            .transpose()
        }
        .boxed()
    }

    fn spend_token<'a>(
        &'a self,
        token_id: &'a str,
        expires_at: i64,
        now: i64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("DELETE FROM token_ids WHERE expires_at < ?")
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            let inserted =
                sqlx::query("INSERT OR IGNORE INTO token_ids (token_id, expires_at) VALUES (?, ?)")
                    .bind(token_id.as_bytes())
                    .bind(expires_at)
                    .execute(&mut *transaction)
                    .await?
                    .rows_affected();
            transaction.commit().await?;
            Ok(inserted == 1)
        }
        .boxed()
    }

    fn policy(&self) -> BoxFuture<'_, Result<Option<(Hash, u64)>, StoreError>> {
        async move { read::policy(&mut *self.readers.acquire().await?).await }.boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            read::head(&mut *self.readers.acquire().await?).await?;
            Ok(())
        }
        .boxed()
    }
}
