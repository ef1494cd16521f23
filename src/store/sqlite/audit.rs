//! The audit ports on SQLite: files opened for reading only, tables read as they are.

mod matters;
mod people;

use std::{collections::BTreeMap, path::Path};

use attestry_proof::{hash::Hash, key::Thumbprint};
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::{
    FromRow, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow},
};
use uuid::Uuid;

use super::{
    files, migrations,
    read::{corrupt, number},
};
use crate::store::{
    audit::{
        After, KeyringAudit, LedgerAudit, RawBatch, RawEntry, RawFile, RawHead, RawKey,
        RawManifest, RawObjectKey, RawPayload, RawPolicy, RawStaged, RawSubmission, RawUpload,
        Rows,
    },
    files::{FilesError, ObjectId},
    ledger::StoreError,
};

/// Connections to one file: one streams rows, others look things up meanwhile.
const CONNECTIONS: u32 = 3;

/// Why a database file cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The engine does not open it.
    #[error("{0}")]
    Engine(#[from] sqlx::Error),
    /// Its schema is not the one that this program checks.
    #[error(
        "its schema has {found} steps, this program knows {required}; start the service of this version once"
    )]
    Schema {
        /// Steps that the file has seen.
        found: usize,
        /// Steps that this program knows.
        required: usize,
    },
}

/// A ledger's file, for reading only.
pub struct SqliteLedgerAudit {
    pool: SqlitePool,
}

/// A keyring's file, for reading only.
pub struct SqliteKeyringAudit {
    pool: SqlitePool,
}

impl SqliteLedgerAudit {
    /// Opens the file; nothing in it changes.
    ///
    /// # Errors
    /// See [`AuditError`].
    pub async fn open(path: &Path) -> Result<Self, AuditError> {
        let pool = open(path, &migrations::ledger()).await?;
        Ok(Self { pool })
    }

    /// The connections, for the other stores kept in the same file.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Waits for every connection to close.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn all<T, const N: usize>(
        &self,
        sql: &'static str,
        numbers: [i64; N],
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let query = numbers.into_iter().fold(sqlx::query_as(sql), |query, value| query.bind(value));
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// The single column of a statement that only takes a limit.
    fn column(&self, sql: &'static str, limit: u32) -> Rows<'_, Vec<u8>> {
        async move {
            let rows: Vec<(Vec<u8>,)> = self.all(sql, [limit.into()]).await?;
            Ok(rows.into_iter().map(|(value,)| value).collect())
        }
        .boxed()
    }

    /// A page by a key of bytes.
    async fn page<T>(
        &self,
        sql: &'static str,
        after: Option<&[u8]>,
        limit: u32,
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        // An empty blob comes before every key.
        let query = sqlx::query_as(sql).bind(after.unwrap_or_default()).bind(limit);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// A page by two keys of bytes.
    async fn pairs<T>(
        &self,
        sql: &'static str,
        after: After<'_>,
        limit: u32,
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let (first, second) = after.unwrap_or_default();
        let query = sqlx::query_as(sql).bind(first).bind(second).bind(limit);
        Ok(query.fetch_all(&self.pool).await?)
    }
}

impl SqliteKeyringAudit {
    /// Opens the file; nothing in it changes.
    ///
    /// # Errors
    /// See [`AuditError`].
    pub async fn open(path: &Path) -> Result<Self, AuditError> {
        let pool = open(path, &migrations::keyring()).await?;
        Ok(Self { pool })
    }

    /// Waits for every connection to close.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn open(path: &Path, schema: &Migrator) -> Result<SqlitePool, AuditError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .statement_cache_capacity(128);
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    let steps: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(&pool)
            .await?;
    let known: Vec<(i64, Vec<u8>)> =
        schema.iter().map(|step| (step.version, step.checksum.to_vec())).collect();
    if steps == known {
        return Ok(pool);
    }
    pool.close().await;
    Err(AuditError::Schema { found: steps.len(), required: known.len() })
}

/// The engine's own check, which says `ok` when it finds nothing; and the text of the schema, which the engine believes.
async fn integrity(
    pool: &SqlitePool,
    schema: &Migrator,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let sql = format!("PRAGMA integrity_check({limit})");
    let mut lines: Vec<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(pool).await?;
    lines.retain(|line| line != "ok");
    let (mut found, required) = (definitions(pool).await?, reference(schema).await?);
    for (name, required) in required {
        let line = match found.remove(&name) {
            Some(found) if found == required => continue,
            Some(_) => format!("the definition of {name} is not the one this program makes"),
            None => format!("the definition of {name} is missing"),
        };
        lines.push(line);
    }
    lines.extend(
        found.into_keys().map(|name| format!("{name} is defined, but not by this program")),
    );
    Ok(lines)
}

/// Tables and indexes by name, with the SQL that made them.
type Definitions = BTreeMap<String, Option<String>>;

async fn definitions(pool: &SqlitePool) -> Result<Definitions, StoreError> {
    const SQL: &str =
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(SQL).fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

/// The definitions that the steps of a schema make, in a database that only exists for this.
async fn reference(schema: &Migrator) -> Result<Definitions, StoreError> {
    // Each connection to memory is a database of its own.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    schema.run(&pool).await?;
    let made = definitions(&pool).await;
    pool.close().await;
    made
}

type EntryColumns = (i64, i64, Vec<u8>, Vec<u8>, Vec<u8>, String, Vec<u8>);
type KeyColumns = (Vec<u8>, Vec<u8>, String, String, i64, Option<i64>, i64, Option<Vec<u8>>, bool);
type ManifestColumns = (Vec<u8>, Vec<u8>, String, i64, i64, Vec<u8>);

fn manifest_of(
    (submission, commitment, role, files, bytes, openings): ManifestColumns,
) -> RawManifest {
    RawManifest { submission, commitment, role, files, bytes, openings }
}

impl LedgerAudit for SqliteLedgerAudit {
    fn integrity(&self, limit: u32) -> Rows<'_, String> {
        async move { integrity(&self.pool, &migrations::ledger(), limit).await }.boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<RawHead>, StoreError>> {
        async {
            let rows: Vec<(i64, Vec<u8>)> = self.all("SELECT size, root FROM head", []).await?;
            Ok(rows.into_iter().next().map(|(size, root)| RawHead { size, root }))
        }
        .boxed()
    }

    fn batches(&self, size: i64, limit: u32) -> Rows<'_, RawBatch> {
        async move {
            const SQL: &str =
                "SELECT size, first_index, root FROM batches WHERE size > ? ORDER BY size LIMIT ?";
            let rows: Vec<(i64, i64, Vec<u8>)> = self.all(SQL, [size, limit.into()]).await?;
            Ok(rows.into_iter().map(|(size, first, root)| RawBatch { size, first, root }).collect())
        }
        .boxed()
    }

    fn last_batch(&self) -> BoxFuture<'_, Result<Option<i64>, StoreError>> {
        async {
            let rows: Vec<(Option<i64>,)> = self.all("SELECT max(size) FROM batches", []).await?;
            Ok(rows.into_iter().next().and_then(|(size,)| size))
        }
        .boxed()
    }

    fn entries(&self, from: i64, to: i64) -> Rows<'_, RawEntry> {
        async move {
            const SQL: &str =
                "SELECT leaf_index, issued_at, leaf_hash, subject, issuer, content_type, entry
                 FROM entries WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index";
            let rows: Vec<EntryColumns> = self.all(SQL, [from, to]).await?;
            let row = |(index, issued_at, leaf_hash, subject, issuer, content_type, entry)| {
                RawEntry { index, issued_at, leaf_hash, subject, issuer, content_type, entry }
            };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn entry_bounds(&self) -> BoxFuture<'_, Result<Option<(i64, i64)>, StoreError>> {
        async {
            // Two questions: each is answered from one end of the table.
            let low: Vec<(Option<i64>,)> =
                self.all("SELECT min(leaf_index) FROM entries", []).await?;
            let high: Vec<(Option<i64>,)> =
                self.all("SELECT max(leaf_index) FROM entries", []).await?;
            let first =
                |rows: Vec<(Option<i64>,)>| rows.into_iter().next().and_then(|(value,)| value);
            Ok(first(low).zip(first(high)))
        }
        .boxed()
    }

    fn payloads(&self, from: i64, to: i64) -> Rows<'_, RawPayload> {
        async move {
            const SQL: &str = "SELECT leaf_index, digest, sealed, body, sealed_under FROM payloads
                 WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index";
            type Row = (i64, Vec<u8>, bool, Vec<u8>, Option<Vec<u8>>);
            let rows: Vec<Row> = self.all(SQL, [from, to]).await?;
            let row = |(index, digest, sealed, body, sealed_under)| RawPayload {
                index,
                digest,
                sealed,
                body,
                sealed_under,
            };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn payloads_outside(&self, from: i64, to: i64, limit: u32) -> Rows<'_, i64> {
        async move {
            const SQL: &str =
                "SELECT leaf_index FROM payloads WHERE leaf_index < ? OR leaf_index >= ? LIMIT ?";
            let rows: Vec<(i64,)> = self.all(SQL, [from, to, limit.into()]).await?;
            Ok(rows.into_iter().map(|(index,)| index).collect())
        }
        .boxed()
    }

    fn staged<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawStaged> {
        async move {
            const SQL: &str = "SELECT subject, digest, body FROM staged_payloads
                 WHERE (subject, digest) > (?, ?) ORDER BY subject, digest LIMIT ?";
            let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = self.pairs(SQL, after, limit).await?;
            let row = |(subject, digest, body)| RawStaged { subject, digest, body };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn tile(&self, level: u8, index: u64) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            const SQL: &str = "SELECT hashes FROM tiles WHERE level = ? AND tile_index = ?";
            let rows: Vec<(Vec<u8>,)> = self.all(SQL, [level.into(), number(index)]).await?;
            Ok(rows.into_iter().next().map(|(hashes,)| hashes))
        }
        .boxed()
    }

    fn tiles(&self, after: Option<(i64, i64)>, limit: u32) -> Rows<'_, (i64, i64)> {
        async move {
            const SQL: &str = "SELECT level, tile_index FROM tiles
                 WHERE (level, tile_index) > (?, ?) ORDER BY level, tile_index LIMIT ?";
            let (level, index) = after.unwrap_or((i64::MIN, i64::MIN));
            self.all(SQL, [level, index, limit.into()]).await
        }
        .boxed()
    }

    fn keys<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawKey> {
        async move {
            const SQL: &str = "SELECT thumbprint, public_key, roles, program, enrolled_index, revoked_index, version, replaces,
                     person IS NULL AND EXISTS (SELECT 1 FROM persons WHERE address IS NULL)
                 FROM signing_keys WHERE thumbprint > ? ORDER BY thumbprint LIMIT ?";
            let rows: Vec<KeyColumns> = self.page(SQL, after, limit).await?;
            let row = |columns: KeyColumns| {
                let (thumbprint, public_key, roles, program, enrolled, revoked, version, replaces, holder_may_be_erased) = columns;
                RawKey {
                thumbprint,
                public_key,
                roles,
                program,
                enrolled,
                revoked,
                version,
                replaces,
                holder_may_be_erased,
            }};
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn key_bytes(
        &self,
        thumbprint: Thumbprint,
    ) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            Ok(sqlx::query_scalar("SELECT public_key FROM signing_keys WHERE thumbprint = ?")
                .bind(thumbprint.0.as_bytes().as_slice())
                .fetch_optional(&self.pool)
                .await?)
        }
        .boxed()
    }

    fn submissions<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawSubmission> {
        self.page(people::SUBMISSIONS, after, limit).boxed()
    }

    fn submissions_lost(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        async move {
            const SQL: &str = "SELECT DISTINCT subject FROM entries WHERE length(subject) = 16
                 AND NOT EXISTS (SELECT 1 FROM submissions WHERE id = subject)
                 AND NOT EXISTS (SELECT 1 FROM cases WHERE id = subject)
                 AND NOT EXISTS (SELECT 1 FROM holds WHERE id = subject) LIMIT ?";
            let rows: Vec<(Vec<u8>,)> = self.all(SQL, [limit.into()]).await?;
            Ok(rows.into_iter().map(|(subject,)| subject).collect())
        }
        .boxed()
    }

    fn opened_by(&self, submission: Uuid) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            const SQL: &str =
                "SELECT issuer FROM entries WHERE subject = ? ORDER BY leaf_index LIMIT 1";
            let query = sqlx::query_scalar(SQL).bind(submission.as_bytes().as_slice());
            Ok(query.fetch_optional(&self.pool).await?)
        }
        .boxed()
    }

    fn entries_about(&self, submission: Uuid, index: i64, limit: u32) -> Rows<'_, i64> {
        async move {
            const SQL: &str = "SELECT leaf_index FROM entries WHERE subject = ? AND leaf_index > ?
                 ORDER BY leaf_index LIMIT ?";
            let query = sqlx::query_scalar(SQL).bind(submission.as_bytes().as_slice());
            Ok(query.bind(index).bind(limit).fetch_all(&self.pool).await?)
        }
        .boxed()
    }

    fn policies(&self, after: i64, limit: u32) -> Rows<'_, RawPolicy> {
        async move {
            const SQL: &str = "SELECT leaf_index, digest, version FROM policy_versions
                 WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?";
            let rows: Vec<(i64, Vec<u8>, i64)> = self.all(SQL, [after, limit.into()]).await?;
            let row = |(index, digest, version)| RawPolicy { index, digest, version };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn manifests<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawManifest> {
        async move {
            const SQL: &str =
                "SELECT submission, commitment, role, files, bytes, openings FROM manifests
                 WHERE (submission, commitment) > (?, ?) ORDER BY submission, commitment LIMIT ?";
            let rows: Vec<ManifestColumns> = self.pairs(SQL, after, limit).await?;
            Ok(rows.into_iter().map(manifest_of).collect())
        }
        .boxed()
    }

    fn manifest(
        &self,
        submission: Uuid,
        commitment: Hash,
    ) -> BoxFuture<'_, Result<Option<RawManifest>, StoreError>> {
        async move {
            let row: Option<ManifestColumns> = sqlx::query_as(
                "SELECT submission, commitment, role, files, bytes, openings FROM manifests
                 WHERE submission = ? AND commitment = ?",
            )
            .bind(submission.as_bytes().as_slice())
            .bind(commitment.as_bytes().as_slice())
            .fetch_optional(&self.pool)
            .await?;
            Ok(row.map(manifest_of))
        }
        .boxed()
    }

    fn invitations_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        self.column(
            "SELECT code_digest FROM invitations WHERE EXISTS
                 (SELECT 1 FROM (SELECT used_by AS named UNION ALL SELECT inviter) WHERE named IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM signing_keys WHERE thumbprint = named)) LIMIT ?",
            limit,
        )
    }

    fn drafts_of_nobody(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        self.column(
            "SELECT submission FROM drafts WHERE NOT EXISTS
                 (SELECT 1 FROM signing_keys WHERE thumbprint = owner) LIMIT ?",
            limit,
        )
    }

    fn files<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawFile> {
        async move {
            const SQL: &str = "SELECT subject, sha256, object FROM files
                 WHERE (subject, sha256) > (?, ?) ORDER BY subject, sha256 LIMIT ?";
            let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = self.pairs(SQL, after, limit).await?;
            let row = |(subject, sha256, object)| RawFile { subject, sha256, object };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn uploads<'a>(&'a self, after: After<'a>, limit: u32) -> Rows<'a, RawUpload> {
        async move {
            const SQL: &str = "SELECT subject, sha256, object, received, next_part FROM uploads
                 WHERE (subject, sha256) > (?, ?) ORDER BY subject, sha256 LIMIT ?";
            type Row = (Vec<u8>, Vec<u8>, Vec<u8>, i64, i64);
            let rows: Vec<Row> = self.pairs(SQL, after, limit).await?;
            let row = |(subject, sha256, object, received, next_part)| RawUpload {
                subject,
                sha256,
                object,
                received,
                next_part,
            };
            Ok(rows.into_iter().map(row).collect())
        }
        .boxed()
    }

    fn parts_of_nothing(&self, limit: u32) -> Rows<'_, Vec<u8>> {
        async move {
            const SQL: &str = "SELECT DISTINCT object FROM parts
                 WHERE object NOT IN (SELECT object FROM files UNION SELECT object FROM uploads) LIMIT ?";
            let rows: Vec<(Vec<u8>,)> = self.all(SQL, [limit.into()]).await?;
            Ok(rows.into_iter().map(|(object,)| object).collect())
        }
        .boxed()
    }

    fn unknown_objects<'a>(&'a self, objects: &'a [ObjectId]) -> Rows<'a, ObjectId> {
        async move {
            files::unrecorded(&self.pool, objects).await.map_err(|error| match error {
                FilesError::Engine(error) => error.into(),
                FilesError::Corrupt { what } => corrupt(what, 0),
            })
        }
        .boxed()
    }
}

impl KeyringAudit for SqliteKeyringAudit {
    fn integrity(&self, limit: u32) -> Rows<'_, String> {
        async move { integrity(&self.pool, &migrations::keyring(), limit).await }.boxed()
    }

    fn submission_keys<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, Vec<u8>> {
        async move {
            const SQL: &str =
                "SELECT subject FROM submission_keys WHERE subject > ? ORDER BY subject LIMIT ?";
            let query = sqlx::query_scalar(SQL).bind(after.unwrap_or_default());
            Ok(query.bind(limit).fetch_all(&self.pool).await?)
        }
        .boxed()
    }

    fn object_subject(
        &self,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            Ok(sqlx::query_scalar("SELECT subject FROM object_keys WHERE object = ?")
                .bind(object.0.as_bytes().as_slice())
                .fetch_optional(&self.pool)
                .await?)
        }
        .boxed()
    }

    fn object_keys<'a>(&'a self, after: Option<&'a [u8]>, limit: u32) -> Rows<'a, RawObjectKey> {
        async move {
            const SQL: &str =
                "SELECT object, subject FROM object_keys WHERE object > ? ORDER BY object LIMIT ?";
            let query = sqlx::query_as(SQL).bind(after.unwrap_or_default());
            let rows: Vec<(Vec<u8>, Vec<u8>)> = query.bind(limit).fetch_all(&self.pool).await?;
            Ok(rows.into_iter().map(|(object, subject)| RawObjectKey { object, subject }).collect())
        }
        .boxed()
    }
}
