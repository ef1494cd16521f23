//! The keyring in a SQLite file of its own.

use std::path::Path;

use futures_util::future::BoxFuture;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    migrations,
    pool::{self, PoolRole},
};
use crate::store::{
    files::ObjectId,
    keyring::{
        Epoch, Keyring, KeyringError, Rewrapped, SubmissionKeyState, WrappedObjectKey,
        WrappedSubmissionKey,
    },
};

/// Rows per INSERT: where throughput stops growing.
const ROWS_PER_INSERT: usize = 256;

/// Values in one IN list, well below SQLite's limit on parameters.
const VALUES_PER_QUERY: usize = 8192;

/// Keys in the file at `keyring.db`.
#[derive(Clone, Debug)]
pub struct SqliteKeyring {
    pool: SqlitePool,
}

impl SqliteKeyring {
    /// Opens or creates the file and brings its schema up to date.
    ///
    /// # Errors
    /// [`KeyringError::Engine`], [`KeyringError::Migration`].
    pub async fn open(path: &Path) -> Result<Self, KeyringError> {
        let pool = pool::open(path, PoolRole::Keyring).await?;
        migrations::keyring().run(&pool).await?;
        Ok(Self { pool })
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn ensure(
        &self,
        keys: &[WrappedSubmissionKey],
    ) -> Result<Vec<SubmissionKeyState>, KeyringError> {
        let mut states = Vec::with_capacity(keys.len());
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for chunk in keys.chunks(ROWS_PER_INSERT) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO submission_keys (subject, epoch, wrapped) ",
            );
            insert.push_values(chunk, |mut row, key| {
                row.push_bind(&key.subject.as_bytes()[..])
                    .push_bind(i64::from(key.epoch.0))
                    .push_bind(&key.wrapped[..]);
            });
            insert.push(" ON CONFLICT DO NOTHING");
            let inserted = insert.build().execute(&mut *transaction).await?.rows_affected();
            if usize::try_from(inserted) == Ok(chunk.len()) {
                states.extend(chunk.iter().cloned().map(SubmissionKeyState::Live));
                continue;
            }
            let subjects: Vec<Uuid> = chunk.iter().map(|key| key.subject).collect();
            let winners = select_submission_keys(&mut transaction, &subjects).await?;
            for subject in subjects {
                let winner = winners.iter().find(|state| state.subject() == subject);
                states.push(winner.cloned().ok_or(KeyringError::Corrupt { what: "missing row" })?);
            }
        }
        transaction.commit().await?;
        Ok(states)
    }

    async fn insert_objects(&self, keys: &[WrappedObjectKey]) -> Result<(), KeyringError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for chunk in keys.chunks(ROWS_PER_INSERT) {
            let mut insert =
                QueryBuilder::<Sqlite>::new("INSERT INTO object_keys (object, subject, wrapped) ");
            insert.push_values(chunk, |mut row, key| {
                row.push_bind(&key.object.0.as_bytes()[..])
                    .push_bind(&key.subject.as_bytes()[..])
                    .push_bind(&key.wrapped[..]);
            });
            insert.push(" ON CONFLICT DO NOTHING");
            insert.build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn destroy_objects(&self, objects: &[ObjectId]) -> Result<(), KeyringError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for object in objects {
            sqlx::query("DELETE FROM object_keys WHERE object = ?")
                .bind(&object.0.as_bytes()[..])
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.empty_log().await
    }

    async fn destroy_submissions(&self, subjects: &[Uuid]) -> Result<(), KeyringError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for subject in subjects {
            sqlx::query(
                "INSERT INTO submission_keys (subject) VALUES (?) \
                 ON CONFLICT (subject) DO UPDATE SET epoch = NULL, wrapped = NULL",
            )
            .bind(&subject.as_bytes()[..])
            .execute(&mut *transaction)
            .await?;
            sqlx::query("DELETE FROM object_keys WHERE subject = ?")
                .bind(&subject.as_bytes()[..])
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.empty_log().await
    }

    /// Every lesser checkpoint leaves old page images, and the keys in them, in the log file.
    async fn empty_log(&self) -> Result<(), KeyringError> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.pool).await?;
        let busy: i64 = row.try_get(0)?;
        if busy == 0 { Ok(()) } else { Err(KeyringError::NotSettled) }
    }

    async fn move_keys(&self, keys: &[Rewrapped]) -> Result<(), KeyringError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for key in keys {
            sqlx::query(
                "UPDATE submission_keys SET epoch = ?, wrapped = ? WHERE subject = ? AND epoch = ?",
            )
            .bind(i64::from(key.to.0))
            .bind(&key.wrapped[..])
            .bind(&key.subject.as_bytes()[..])
            .bind(i64::from(key.from.0))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn one_key_per_epoch(&self) -> Result<Vec<WrappedSubmissionKey>, KeyringError> {
        let mut samples = Vec::new();
        let mut after = 0_i64;
        loop {
            let row = sqlx::query(
                "SELECT subject, epoch, wrapped FROM submission_keys \
                 WHERE epoch > ? ORDER BY epoch LIMIT 1",
            )
            .bind(after)
            .fetch_optional(&self.pool)
            .await?;
            let Some(row) = row else { return Ok(samples) };
            let sample = live_key(&row)?;
            after = i64::from(sample.epoch.0);
            samples.push(sample);
        }
    }
}

impl Keyring for SqliteKeyring {
    fn ensure_submission_keys<'a>(
        &'a self,
        keys: &'a [WrappedSubmissionKey],
    ) -> BoxFuture<'a, Result<Vec<SubmissionKeyState>, KeyringError>> {
        Box::pin(self.ensure(keys))
    }

    fn submission_keys<'a>(
        &'a self,
        subjects: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<SubmissionKeyState>, KeyringError>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await?;
            let mut states = Vec::with_capacity(subjects.len());
            for chunk in subjects.chunks(VALUES_PER_QUERY) {
                states.extend(select_submission_keys(&mut connection, chunk).await?);
            }
            Ok(states)
        })
    }

    fn submission_key(
        &self,
        subject: Uuid,
    ) -> BoxFuture<'_, Result<Option<SubmissionKeyState>, KeyringError>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await?;
            Ok(select_submission_keys(&mut connection, &[subject]).await?.pop())
        })
    }

    fn insert_object_keys<'a>(
        &'a self,
        keys: &'a [WrappedObjectKey],
    ) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.insert_objects(keys))
    }

    fn object_key(
        &self,
        object: ObjectId,
    ) -> BoxFuture<'_, Result<Option<WrappedObjectKey>, KeyringError>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT subject, wrapped FROM object_keys WHERE object = ?")
                .bind(&object.0.as_bytes()[..])
                .fetch_optional(&self.pool)
                .await?;
            row.map(|row| {
                Ok(WrappedObjectKey {
                    object,
                    subject: subject(&row)?,
                    wrapped: row.try_get("wrapped")?,
                })
            })
            .transpose()
        })
    }

    fn destroy_object_keys<'a>(
        &'a self,
        objects: &'a [ObjectId],
    ) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.destroy_objects(objects))
    }

    fn destroy_submission_keys<'a>(
        &'a self,
        subjects: &'a [Uuid],
    ) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.destroy_submissions(subjects))
    }

    fn keys_before(
        &self,
        epoch: Epoch,
        after: Option<Uuid>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<WrappedSubmissionKey>, KeyringError>> {
        Box::pin(async move {
            let after = after.map_or_else(Vec::new, |subject| subject.as_bytes().to_vec());
            // The plus keeps the index of epochs out: pages are read in the order of subjects.
            sqlx::query(
                "SELECT subject, epoch, wrapped FROM submission_keys \
                 WHERE +epoch < ? AND subject > ? ORDER BY subject LIMIT ?",
            )
            .bind(i64::from(epoch.0))
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(live_key)
            .collect()
        })
    }

    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> BoxFuture<'a, Result<(), KeyringError>> {
        Box::pin(self.move_keys(keys))
    }

    fn settle(&self) -> BoxFuture<'_, Result<(), KeyringError>> {
        Box::pin(self.empty_log())
    }

    fn epoch_samples(&self) -> BoxFuture<'_, Result<Vec<WrappedSubmissionKey>, KeyringError>> {
        Box::pin(self.one_key_per_epoch())
    }
}

async fn select_submission_keys(
    connection: &mut SqliteConnection,
    subjects: &[Uuid],
) -> Result<Vec<SubmissionKeyState>, KeyringError> {
    let mut select = QueryBuilder::<Sqlite>::new(
        "SELECT subject, epoch, wrapped FROM submission_keys WHERE subject IN (",
    );
    let mut values = select.separated(", ");
    for subject in subjects {
        values.push_bind(&subject.as_bytes()[..]);
    }
    select.push(")");
    let rows = select.build().persistent(subjects.len() == 1).fetch_all(connection).await?;
    rows.iter().map(submission_key_state).collect()
}

fn submission_key_state(row: &SqliteRow) -> Result<SubmissionKeyState, KeyringError> {
    match row.try_get::<Option<i64>, _>("epoch")? {
        Some(_) => live_key(row).map(SubmissionKeyState::Live),
        None => Ok(SubmissionKeyState::Destroyed { subject: subject(row)? }),
    }
}

fn live_key(row: &SqliteRow) -> Result<WrappedSubmissionKey, KeyringError> {
    let epoch = u32::try_from(row.try_get::<i64, _>("epoch")?)
        .map_err(|_| KeyringError::Corrupt { what: "epoch" })?;
    Ok(WrappedSubmissionKey {
        subject: subject(row)?,
        epoch: Epoch(epoch),
        wrapped: row.try_get("wrapped")?,
    })
}

fn subject(row: &SqliteRow) -> Result<Uuid, KeyringError> {
    Uuid::from_slice(row.try_get("subject")?).map_err(|_| KeyringError::Corrupt { what: "subject" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: fn(WrappedSubmissionKey) -> SubmissionKeyState = SubmissionKeyState::Live;

    fn subject_of(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn wrapped(number: u128, epoch: u32, fill: u8) -> WrappedSubmissionKey {
        WrappedSubmissionKey {
            subject: subject_of(number),
            epoch: Epoch(epoch),
            wrapped: vec![fill; 73],
        }
    }

    fn object_key(object: u128, number: u128, fill: u8) -> WrappedObjectKey {
        let object = ObjectId(Uuid::from_u128(object));
        WrappedObjectKey { object, subject: subject_of(number), wrapped: vec![fill; 73] }
    }

    async fn keyring() -> (tempfile::TempDir, SqliteKeyring) {
        let dir = tempfile::tempdir().unwrap();
        let keyring = SqliteKeyring::open(&dir.path().join("keyring.db")).await.unwrap();
        (dir, keyring)
    }

    /// Whether any file of the keyring holds the bytes.
    fn on_disk(dir: &tempfile::TempDir, needle: &[u8]) -> bool {
        std::fs::read_dir(dir.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    }

    #[tokio::test]
    async fn the_first_key_of_a_subject_wins() {
        let (_dir, keyring) = keyring().await;
        let first: Vec<_> = (0..600).map(|number| wrapped(number, 1, 1)).collect();
        let states = keyring.ensure_submission_keys(&first).await.unwrap();
        assert_eq!(states, first.iter().cloned().map(LIVE).collect::<Vec<_>>());

        let second: Vec<_> = (590..700).map(|number| wrapped(number, 1, 2)).collect();
        let states = keyring.ensure_submission_keys(&second).await.unwrap();
        let expected: Vec<_> = (590..700)
            .map(|number| LIVE(wrapped(number, 1, if number < 600 { 1 } else { 2 })))
            .collect();
        assert_eq!(states, expected);

        let known = keyring.submission_keys(&[subject_of(0), subject_of(9999)]).await.unwrap();
        assert_eq!(known, vec![LIVE(wrapped(0, 1, 1))]);
        assert_eq!(keyring.submission_key(subject_of(9999)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn keys_survive_reopening() {
        let (dir, keyring) = keyring().await;
        keyring.ensure_submission_keys(&[wrapped(1, 1, 1)]).await.unwrap();
        keyring.insert_object_keys(&[object_key(5, 1, 3)]).await.unwrap();
        keyring.close().await;
        let keyring = SqliteKeyring::open(&dir.path().join("keyring.db")).await.unwrap();
        let state = keyring.submission_key(subject_of(1)).await.unwrap();
        assert_eq!(state, Some(LIVE(wrapped(1, 1, 1))));
        let key = keyring.object_key(ObjectId(Uuid::from_u128(5))).await.unwrap();
        assert_eq!(key, Some(object_key(5, 1, 3)));
    }

    #[tokio::test]
    async fn a_destroyed_submission_key_is_gone_from_disk_and_stays_gone() {
        let (dir, keyring) = keyring().await;
        let keys: Vec<_> = (0..50).map(|number| wrapped(number, 1, number as u8 + 1)).collect();
        keyring.ensure_submission_keys(&keys).await.unwrap();
        keyring.insert_object_keys(&[object_key(5, 7, 201), object_key(6, 8, 202)]).await.unwrap();
        assert!(on_disk(&dir, &[8; 73]) && on_disk(&dir, &[201; 73]));

        keyring.destroy_submission_keys(&[subject_of(7)]).await.unwrap();
        assert!(!on_disk(&dir, &[8; 73]), "submission key left behind");
        assert!(!on_disk(&dir, &[201; 73]), "object key left behind");
        assert!(on_disk(&dir, &[9; 73]) && on_disk(&dir, &[202; 73]), "a survivor was lost");

        let gone = SubmissionKeyState::Destroyed { subject: subject_of(7) };
        let states = keyring.ensure_submission_keys(&[wrapped(7, 1, 99)]).await.unwrap();
        assert_eq!(states, vec![gone.clone()]);
        assert_eq!(keyring.submission_key(subject_of(7)).await.unwrap(), Some(gone));
        assert!(!on_disk(&dir, &[99; 73]));
    }

    #[tokio::test]
    async fn a_subject_without_key_can_be_barred_too() {
        let (_dir, keyring) = keyring().await;
        keyring.destroy_submission_keys(&[subject_of(1)]).await.unwrap();
        let states = keyring.ensure_submission_keys(&[wrapped(1, 1, 1)]).await.unwrap();
        assert_eq!(states, vec![SubmissionKeyState::Destroyed { subject: subject_of(1) }]);
    }

    #[tokio::test]
    async fn destroying_one_object_key_keeps_its_neighbours() {
        let (dir, keyring) = keyring().await;
        keyring.insert_object_keys(&[object_key(5, 1, 201), object_key(6, 1, 202)]).await.unwrap();
        keyring.destroy_object_keys(&[ObjectId(Uuid::from_u128(5))]).await.unwrap();
        assert!(!on_disk(&dir, &[201; 73]));
        assert_eq!(keyring.object_key(ObjectId(Uuid::from_u128(5))).await.unwrap(), None);
        let survivor = keyring.object_key(ObjectId(Uuid::from_u128(6))).await.unwrap();
        assert_eq!(survivor, Some(object_key(6, 1, 202)));
    }

    #[tokio::test]
    async fn a_checkpoint_that_another_reader_blocks_is_reported() {
        let (dir, keyring) = keyring().await;
        keyring.insert_object_keys(&[object_key(5, 1, 201)]).await.unwrap();
        let other =
            pool::open(&dir.path().join("keyring.db"), PoolRole::Readers { connections: 1 })
                .await
                .unwrap();
        let mut reader = other.begin().await.unwrap();
        sqlx::query("SELECT * FROM object_keys").fetch_all(&mut *reader).await.unwrap();
        sqlx::query("PRAGMA busy_timeout = 50").execute(&keyring.pool).await.unwrap();

        let refused = keyring.destroy_object_keys(&[ObjectId(Uuid::from_u128(5))]).await;
        assert!(matches!(refused, Err(KeyringError::NotSettled)), "{refused:?}");
        drop(reader);
        other.close().await;
        keyring.settle().await.unwrap();
        assert!(!on_disk(&dir, &[201; 73]));
    }

    #[tokio::test]
    async fn keys_move_between_epochs_page_by_page() {
        let (dir, keyring) = keyring().await;
        let keys: Vec<_> = (1..=5).map(|number| wrapped(number, 1, number as u8)).collect();
        keyring.ensure_submission_keys(&keys).await.unwrap();
        keyring.ensure_submission_keys(&[wrapped(6, 2, 6)]).await.unwrap();

        let page = keyring.keys_before(Epoch(2), None, 3).await.unwrap();
        assert_eq!(page, keys[..3]);
        let rest = keyring.keys_before(Epoch(2), Some(page[2].subject), 3).await.unwrap();
        assert_eq!(rest, keys[3..]);

        let moved = |number, from, fill| Rewrapped {
            subject: subject_of(number),
            from: Epoch(from),
            to: Epoch(3),
            wrapped: vec![fill; 73],
        };
        // The second names an epoch the key has left: it must not overwrite.
        keyring.rewrap(&[moved(1, 1, 101), moved(6, 1, 106)]).await.unwrap();
        keyring.settle().await.unwrap();
        assert!(!on_disk(&dir, &[1; 73]), "the old wrapping is still readable");
        let samples = keyring.epoch_samples().await.unwrap();
        assert_eq!(samples, vec![wrapped(2, 1, 2), wrapped(6, 2, 6), wrapped(1, 3, 101)]);
    }
}
