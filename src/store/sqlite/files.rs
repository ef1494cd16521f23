//! Records of files in the ledger's database.

use attestry_proof::hash::Hash;
use futures_util::future::BoxFuture;
use sqlx::{
    QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool, Transaction, sqlite::SqliteRow,
};
use uuid::Uuid;

use crate::store::files::{
    Begun, Files, FilesError, ObjectId, PackedFile, Part, PartOutcome, Place, StoredFile, Upload,
};

/// Rows per INSERT: where throughput stops growing.
const ROWS_PER_INSERT: usize = 256;

/// Values in one IN list, well below SQLite's limit on parameters.
const VALUES_PER_QUERY: usize = 16_384;

/// Files, uploads and parts in the tables of that name.
#[derive(Clone, Debug)]
pub struct SqliteFiles {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteFiles {
    /// Uses the pools of a database whose schema is up to date.
    #[must_use]
    pub fn new(writer: SqlitePool, readers: SqlitePool) -> Self {
        Self { writer, readers }
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, FilesError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    async fn select_stored(
        &self,
        subject: Uuid,
        sha256s: &[Hash],
    ) -> Result<Vec<Hash>, FilesError> {
        let mut stored = Vec::new();
        for chunk in sha256s.chunks(VALUES_PER_QUERY) {
            let mut select =
                QueryBuilder::<Sqlite>::new("SELECT sha256 FROM files WHERE subject = ");
            select.push_bind(&subject.as_bytes()[..]).push(" AND sha256 IN (");
            let mut values = select.separated(", ");
            for sha256 in chunk {
                values.push_bind(&sha256.0[..]);
            }
            select.push(")");
            for row in select.build().persistent(false).fetch_all(&self.readers).await? {
                stored.push(hash(&row, "sha256")?);
            }
        }
        Ok(stored)
    }

    async fn select_file(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> Result<Option<StoredFile>, FilesError> {
        let mut connection = self.readers.acquire().await?;
        let row = select_file_row(&mut connection, subject, sha256).await?;
        let Some(row) = row else { return Ok(None) };
        let object = object_id(&row, "object")?;
        let place = match row.try_get::<Option<i64>, _>("pack_offset")? {
            Some(_) => Place::Packed {
                pack: object_id(&row, "pack")?,
                offset: number(&row, "pack_offset")?,
            },
            None => Place::Parts(select_parts(&mut connection, object).await?),
        };
        Ok(Some(StoredFile { size: number(&row, "size")?, object, place }))
    }

    async fn insert_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        size: u64,
        object: ObjectId,
    ) -> Result<Begun, FilesError> {
        let mut transaction = self.begin().await?;
        if let Some(row) = select_file_row(&mut transaction, subject, sha256).await? {
            return Ok(Begun::Stored { size: number(&row, "size")? });
        }
        sqlx::query(
            "INSERT INTO uploads (subject, sha256, size, object, received, next_part) \
             VALUES (?, ?, ?, ?, 0, 1) ON CONFLICT (subject, sha256) DO NOTHING",
        )
        .bind(&subject.as_bytes()[..])
        .bind(&sha256.0[..])
        .bind(signed(size)?)
        .bind(&object.0.as_bytes()[..])
        .execute(&mut *transaction)
        .await?;
        let upload = select_upload(&mut transaction, subject, sha256).await?;
        transaction.commit().await?;
        upload.map(Begun::Open).ok_or(FilesError::Corrupt { what: "upload" })
    }

    async fn next_part(&self, object: ObjectId) -> Result<Option<u32>, FilesError> {
        let row = sqlx::query(
            "UPDATE uploads SET next_part = next_part + 1 WHERE object = ? RETURNING next_part - 1",
        )
        .bind(&object.0.as_bytes()[..])
        .fetch_optional(&self.writer)
        .await?;
        row.map(|row| {
            u32::try_from(row.try_get::<i64, _>(0)?)
                .map_err(|_| FilesError::Corrupt { what: "part number" })
        })
        .transpose()
    }

    async fn insert_part(&self, object: ObjectId, part: Part) -> Result<PartOutcome, FilesError> {
        let end = part.start.saturating_add(part.length);
        let mut transaction = self.begin().await?;
        let moved = sqlx::query(
            "UPDATE uploads SET received = ? WHERE object = ? AND received = ? AND size >= ?",
        )
        .bind(signed(end)?)
        .bind(&object.0.as_bytes()[..])
        .bind(signed(part.start)?)
        .bind(signed(end)?)
        .execute(&mut *transaction)
        .await?;
        if moved.rows_affected() == 0 {
            let row = sqlx::query("SELECT received FROM uploads WHERE object = ?")
                .bind(&object.0.as_bytes()[..])
                .fetch_optional(&mut *transaction)
                .await?;
            return Ok(match row {
                Some(row) => PartOutcome::Overtaken { received: number(&row, "received")? },
                None => PartOutcome::Gone,
            });
        }
        sqlx::query(
            "INSERT INTO parts (object, first_byte, length, part_number) VALUES (?, ?, ?, ?)",
        )
        .bind(&object.0.as_bytes()[..])
        .bind(signed(part.start)?)
        .bind(signed(part.length)?)
        .bind(i64::from(part.number))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(PartOutcome::Recorded { received: end })
    }

    async fn move_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        object: ObjectId,
    ) -> Result<bool, FilesError> {
        let mut transaction = self.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO files (subject, sha256, size, object) \
             SELECT subject, sha256, size, object FROM uploads \
             WHERE object = ? AND subject = ? AND sha256 = ? AND received = size \
             ON CONFLICT DO NOTHING",
        )
        .bind(&object.0.as_bytes()[..])
        .bind(&subject.as_bytes()[..])
        .bind(&sha256.0[..])
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() == 0 {
            return Ok(false);
        }
        delete_upload(&mut transaction, object).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn remove_upload(&self, object: ObjectId) -> Result<bool, FilesError> {
        let mut transaction = self.begin().await?;
        if !delete_upload(&mut transaction, object).await? {
            return Ok(false);
        }
        delete_parts(&mut transaction, object).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn insert_packed(
        &self,
        subject: Uuid,
        pack: ObjectId,
        files: &[PackedFile],
    ) -> Result<Vec<PackedFile>, FilesError> {
        let mut late = Vec::new();
        let mut transaction = self.begin().await?;
        for chunk in files.chunks(ROWS_PER_INSERT) {
            let sizes = chunk.iter().map(|file| Ok((signed(file.size)?, signed(file.offset)?)));
            let sizes = sizes.collect::<Result<Vec<_>, FilesError>>()?;
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO files (subject, sha256, size, object, pack, pack_offset) ",
            );
            insert.push_values(chunk.iter().zip(sizes), |mut row, (file, (size, offset))| {
                row.push_bind(&subject.as_bytes()[..])
                    .push_bind(&file.sha256.0[..])
                    .push_bind(size)
                    .push_bind(&file.object.0.as_bytes()[..])
                    .push_bind(&pack.0.as_bytes()[..])
                    .push_bind(offset);
            });
            insert.push(" ON CONFLICT DO NOTHING");
            let inserted = insert.build().execute(&mut *transaction).await?.rows_affected();
            if usize::try_from(inserted) == Ok(chunk.len()) {
                continue;
            }
            for file in chunk {
                let row = select_file_row(&mut transaction, subject, file.sha256).await?;
                let row = row.ok_or(FilesError::Corrupt { what: "missing row" })?;
                if object_id(&row, "object")? != file.object {
                    late.push(*file);
                }
            }
        }
        transaction.commit().await?;
        Ok(late)
    }

    async fn delete_file(&self, subject: Uuid, sha256: Hash) -> Result<(), FilesError> {
        let mut transaction = self.begin().await?;
        if let Some(row) = select_file_row(&mut transaction, subject, sha256).await? {
            delete_parts(&mut transaction, object_id(&row, "object")?).await?;
            sqlx::query("DELETE FROM files WHERE subject = ? AND sha256 = ?")
                .bind(&subject.as_bytes()[..])
                .bind(&sha256.0[..])
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn select_objects(&self, subject: Uuid) -> Result<Vec<ObjectId>, FilesError> {
        let rows = sqlx::query(
            "SELECT coalesce(pack, object) AS holder FROM files WHERE subject = ?1 \
             UNION SELECT object FROM uploads WHERE subject = ?1 ORDER BY holder",
        )
        .bind(&subject.as_bytes()[..])
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| object_id(row, "holder")).collect()
    }

    async fn delete_subject(&self, subject: Uuid) -> Result<(), FilesError> {
        const STATEMENTS: [&str; 3] = [
            "DELETE FROM parts WHERE object IN (SELECT object FROM files WHERE subject = ?1 \
             UNION SELECT object FROM uploads WHERE subject = ?1)",
            "DELETE FROM uploads WHERE subject = ?1",
            "DELETE FROM files WHERE subject = ?1",
        ];
        let mut transaction = self.begin().await?;
        for statement in STATEMENTS {
            sqlx::query(statement).bind(&subject.as_bytes()[..]).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Those of these objects that no file, pack or upload names.
pub(super) async fn unrecorded(
    pool: &SqlitePool,
    objects: &[ObjectId],
) -> Result<Vec<ObjectId>, FilesError> {
    // One parameter, however many there are: each question walks the whole table once.
    const SQL: &str = "SELECT DISTINCT unhex(value) AS object FROM json_each(?)
         WHERE object NOT IN (SELECT object FROM files
         UNION SELECT pack FROM files WHERE pack IS NOT NULL
         UNION SELECT object FROM uploads)";
    let ids: Vec<String> = objects.iter().map(|id| id.0.simple().to_string()).collect();
    let asked = serde_json::Value::from(ids).to_string();
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(SQL).bind(asked).fetch_all(pool).await?;
    let object = |row: &Vec<u8>| Uuid::from_slice(row).map(ObjectId);
    let objects = rows.iter().map(object).collect::<Result<_, _>>();
    objects.map_err(|_| FilesError::Corrupt { what: "object" })
}

impl Files for SqliteFiles {
    fn stored<'a>(
        &'a self,
        subject: Uuid,
        sha256s: &'a [Hash],
    ) -> BoxFuture<'a, Result<Vec<Hash>, FilesError>> {
        Box::pin(self.select_stored(subject, sha256s))
    }

    fn file(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> BoxFuture<'_, Result<Option<StoredFile>, FilesError>> {
        Box::pin(self.select_file(subject, sha256))
    }

    fn begin_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        size: u64,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Begun, FilesError>> {
        Box::pin(self.insert_upload(subject, sha256, size, object))
    }

    fn upload(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> BoxFuture<'_, Result<Option<Upload>, FilesError>> {
        Box::pin(async move {
            let mut connection = self.readers.acquire().await?;
            select_upload(&mut connection, subject, sha256).await
        })
    }

    fn reserve_part(&self, object: ObjectId) -> BoxFuture<'_, Result<Option<u32>, FilesError>> {
        Box::pin(self.next_part(object))
    }

    fn record_part(
        &self,
        object: ObjectId,
        part: Part,
    ) -> BoxFuture<'_, Result<PartOutcome, FilesError>> {
        Box::pin(self.insert_part(object, part))
    }

    fn parts(&self, object: ObjectId) -> BoxFuture<'_, Result<Vec<Part>, FilesError>> {
        Box::pin(async move {
            let mut connection = self.readers.acquire().await?;
            select_parts(&mut connection, object).await
        })
    }

    fn complete_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<bool, FilesError>> {
        Box::pin(self.move_upload(subject, sha256, object))
    }

    fn discard_upload(&self, object: ObjectId) -> BoxFuture<'_, Result<bool, FilesError>> {
        Box::pin(self.remove_upload(object))
    }

    fn add_packed<'a>(
        &'a self,
        subject: Uuid,
        pack: ObjectId,
        files: &'a [PackedFile],
    ) -> BoxFuture<'a, Result<Vec<PackedFile>, FilesError>> {
        Box::pin(self.insert_packed(subject, pack, files))
    }

    fn forget_file(&self, subject: Uuid, sha256: Hash) -> BoxFuture<'_, Result<(), FilesError>> {
        Box::pin(self.delete_file(subject, sha256))
    }

    fn objects_of(&self, subject: Uuid) -> BoxFuture<'_, Result<Vec<ObjectId>, FilesError>> {
        Box::pin(self.select_objects(subject))
    }

    fn digests_of(&self, subject: Uuid) -> BoxFuture<'_, Result<Vec<Hash>, FilesError>> {
        Box::pin(async move {
            let rows: Vec<Vec<u8>> =
                sqlx::query_scalar("SELECT sha256 FROM files WHERE subject = ? ORDER BY sha256")
                    .bind(subject.as_bytes().to_vec())
                    .fetch_all(&self.readers)
                    .await?;
            let digest = |row: &Vec<u8>| Hash::from_slice(row);
            let digests = rows.iter().map(digest).collect::<Option<Vec<_>>>();
            digests.ok_or(FilesError::Corrupt { what: "SHA-256" })
        })
    }

    fn unrecorded<'a>(
        &'a self,
        objects: &'a [ObjectId],
    ) -> BoxFuture<'a, Result<Vec<ObjectId>, FilesError>> {
        Box::pin(unrecorded(&self.readers, objects))
    }

    fn forget_subject(&self, subject: Uuid) -> BoxFuture<'_, Result<(), FilesError>> {
        Box::pin(self.delete_subject(subject))
    }
}

async fn select_file_row(
    connection: &mut SqliteConnection,
    subject: Uuid,
    sha256: Hash,
) -> Result<Option<SqliteRow>, FilesError> {
    Ok(sqlx::query(
        "SELECT size, object, pack, pack_offset FROM files WHERE subject = ? AND sha256 = ?",
    )
    .bind(&subject.as_bytes()[..])
    .bind(&sha256.0[..])
    .fetch_optional(connection)
    .await?)
}

async fn select_upload(
    connection: &mut SqliteConnection,
    subject: Uuid,
    sha256: Hash,
) -> Result<Option<Upload>, FilesError> {
    let row =
        sqlx::query("SELECT object, size, received FROM uploads WHERE subject = ? AND sha256 = ?")
            .bind(&subject.as_bytes()[..])
            .bind(&sha256.0[..])
            .fetch_optional(connection)
            .await?;
    row.map(|row| {
        Ok(Upload {
            object: object_id(&row, "object")?,
            size: number(&row, "size")?,
            received: number(&row, "received")?,
        })
    })
    .transpose()
}

async fn select_parts(
    connection: &mut SqliteConnection,
    object: ObjectId,
) -> Result<Vec<Part>, FilesError> {
    let rows = sqlx::query(
        "SELECT first_byte, length, part_number FROM parts WHERE object = ? ORDER BY first_byte",
    )
    .bind(&object.0.as_bytes()[..])
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Part {
                number: u32::try_from(row.try_get::<i64, _>("part_number")?)
                    .map_err(|_| FilesError::Corrupt { what: "part number" })?,
                start: number(row, "first_byte")?,
                length: number(row, "length")?,
            })
        })
        .collect()
}

async fn delete_upload(
    connection: &mut SqliteConnection,
    object: ObjectId,
) -> Result<bool, FilesError> {
    let deleted = sqlx::query("DELETE FROM uploads WHERE object = ?")
        .bind(&object.0.as_bytes()[..])
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

async fn delete_parts(
    connection: &mut SqliteConnection,
    object: ObjectId,
) -> Result<(), FilesError> {
    sqlx::query("DELETE FROM parts WHERE object = ?")
        .bind(&object.0.as_bytes()[..])
        .execute(connection)
        .await?;
    Ok(())
}

fn signed(number: u64) -> Result<i64, FilesError> {
    i64::try_from(number).map_err(|_| FilesError::Corrupt { what: "number" })
}

fn number(row: &SqliteRow, column: &'static str) -> Result<u64, FilesError> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| FilesError::Corrupt { what: column })
}

fn hash(row: &SqliteRow, column: &'static str) -> Result<Hash, FilesError> {
    Hash::from_slice(row.try_get(column)?).ok_or(FilesError::Corrupt { what: column })
}

fn object_id(row: &SqliteRow, column: &'static str) -> Result<ObjectId, FilesError> {
    Uuid::from_slice(row.try_get(column)?)
        .map(ObjectId)
        .map_err(|_| FilesError::Corrupt { what: column })
}

#[cfg(test)]
pub(crate) mod tests;
