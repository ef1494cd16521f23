//! Programs, persons and the keys they hold.

use attestry_policy::words::ResidualRisk;
use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{
    ledger::SqliteLedger,
    legal::facts::count_matters,
    read::{self, corrupt, index_of, number},
};
use crate::store::{
    ledger::{KeyRecord, StoreError, SubmissionRecord},
    legal::MattersOn,
    people::{ApprovalRecord, People, PersonRecord, PolicyRecord, ProgramRecord, WorkFilter},
};

type ProgramRow = (String, Vec<u8>, String, String, Option<Vec<u8>>, i64);
const PROGRAM_COLUMNS: &str = "name, id, clearance_policy, allowed_risk, profile, opened_at";

fn program_of(
    (name, id, clearance_policy, allowed_risk, profile, opened_at): ProgramRow,
) -> Result<ProgramRecord, StoreError> {
    Ok(ProgramRecord {
        id: Uuid::from_slice(&id).map_err(|_| corrupt("program", 0))?,
        allowed_risk: ResidualRisk::parse(&allowed_risk).ok_or_else(|| corrupt("risk", 0))?,
        name,
        clearance_policy,
        profile,
        opened_at,
    })
}

async fn program(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Option<ProgramRecord>, StoreError> {
    let sql = format!("SELECT {PROGRAM_COLUMNS} FROM programs WHERE name = ?");
    let row: Option<ProgramRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(name).fetch_optional(connection).await?;
    row.map(program_of).transpose()
}

async fn programs(
    connection: &mut SqliteConnection,
    after: &str,
    limit: u32,
) -> Result<Vec<ProgramRecord>, StoreError> {
    let sql =
        format!("SELECT {PROGRAM_COLUMNS} FROM programs WHERE name > ? ORDER BY name LIMIT ?");
    let rows: Vec<ProgramRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(program_of).collect()
}

async fn open_program(writer: &SqlitePool, program: &ProgramRecord) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO programs (name, id, clearance_policy, allowed_risk, profile, opened_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&program.name)
    .bind(program.id.as_bytes().as_slice())
    .bind(&program.clearance_policy)
    .bind(program.allowed_risk.as_str())
    .bind(&program.profile)
    .bind(program.opened_at)
    .execute(writer)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn person(
    connection: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<PersonRecord>, StoreError> {
    type Row = (Option<Vec<u8>>, Option<Vec<u8>>);
    let row: Option<Row> = sqlx::query_as("SELECT address, profile FROM persons WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    let Some((Some(address), profile)) = row else { return Ok(None) };
    let address = Hash::from_slice(&address).ok_or_else(|| corrupt("person", 0))?;
    Ok(Some(PersonRecord { id, address, profile }))
}

async fn add_person(writer: &SqlitePool, person: &PersonRecord) -> Result<Uuid, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(
        "INSERT INTO persons (id, address, profile) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(person.id.as_bytes().as_slice())
    .bind(person.address.as_bytes().as_slice())
    .bind(&person.profile)
    .execute(&mut *transaction)
    .await?;
    let id: Vec<u8> = sqlx::query_scalar("SELECT id FROM persons WHERE address = ?")
        .bind(person.address.as_bytes().as_slice())
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Uuid::from_slice(&id).map_err(|_| corrupt("person", 0))
}

async fn forget_person(writer: &SqlitePool, id: Uuid) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for sql in [
        "UPDATE persons SET address = NULL, profile = NULL WHERE id = ?",
        "UPDATE signing_keys SET person = NULL, version = version + 1 WHERE person = ?",
        "DELETE FROM invitations WHERE person = ?1 AND used_by IS NULL",
        "UPDATE invitations SET person = NULL WHERE person = ?",
    ] {
        sqlx::query(sql).bind(id.as_bytes().as_slice()).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

async fn approvals(
    connection: &mut SqliteConnection,
    lost: Thumbprint,
) -> Result<Vec<ApprovalRecord>, StoreError> {
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT leaf_index, replacement, officer FROM key_approvals WHERE lost = ? ORDER BY leaf_index",
    )
    .bind(lost.0.as_bytes().as_slice())
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(index, replacement, officer)| {
            let index = index_of(index)?;
            let key = |bytes: &[u8]| {
                Hash::from_slice(bytes).map(Thumbprint).ok_or_else(|| corrupt("approval", index.0))
            };
            Ok(ApprovalRecord { index, replacement: key(&replacement)?, officer: key(&officer)? })
        })
        .collect()
}

async fn keep_policy_files(writer: &SqlitePool, files: &[(Hash, &[u8])]) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for (sha256, bytes) in files {
        sqlx::query(
            "INSERT INTO policy_files (sha256, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(sha256.as_bytes().as_slice())
        .bind(*bytes)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(transaction.commit().await?)
}

async fn policies(
    connection: &mut SqliteConnection,
    limit: u32,
) -> Result<Vec<PolicyRecord>, StoreError> {
    let rows: Vec<(i64, Vec<u8>, i64)> = sqlx::query_as(
        "SELECT leaf_index, digest, version FROM policy_versions ORDER BY version DESC LIMIT ?",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(index, digest, version)| {
            let index = index_of(index)?;
            let bad = || corrupt("policy version", index.0);
            Ok(PolicyRecord {
                index,
                digest: Hash::from_slice(&digest).ok_or_else(bad)?,
                version: u64::try_from(version).map_err(|_| bad())?,
            })
        })
        .collect()
}

impl SqliteLedger {
    async fn policy_file_bytes(&self, sha256: Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar("SELECT bytes FROM policy_files WHERE sha256 = ?");
        Ok(query.bind(sha256.0.to_vec()).fetch_optional(self.readers()).await?)
    }
}

impl People for SqliteLedger {
    fn program<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ProgramRecord>, StoreError>> {
        async move { program(&mut *self.readers().acquire().await?, name).await }.boxed()
    }

    fn programs<'a>(
        &'a self,
        after: &'a str,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<ProgramRecord>, StoreError>> {
        async move { programs(&mut *self.readers().acquire().await?, after, limit).await }.boxed()
    }

    fn open_program<'a>(
        &'a self,
        program: &'a ProgramRecord,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        open_program(self.writer(), program).boxed()
    }

    fn person(&self, id: Uuid) -> BoxFuture<'_, Result<Option<PersonRecord>, StoreError>> {
        async move { person(&mut *self.readers().acquire().await?, id).await }.boxed()
    }

    fn person_by_address(&self, address: Hash) -> BoxFuture<'_, Result<Option<Uuid>, StoreError>> {
        async move {
            let query = sqlx::query_scalar("SELECT id FROM persons WHERE address = ?");
            let id: Option<Vec<u8>> =
                query.bind(address.0.to_vec()).fetch_optional(self.readers()).await?;
            id.map(|id| Uuid::from_slice(&id).map_err(|_| corrupt("person", 0))).transpose()
        }
        .boxed()
    }

    fn add_person<'a>(
        &'a self,
        person: &'a PersonRecord,
    ) -> BoxFuture<'a, Result<Uuid, StoreError>> {
        add_person(self.writer(), person).boxed()
    }

    fn forget_person(&self, id: Uuid) -> BoxFuture<'_, Result<(), StoreError>> {
        forget_person(self.writer(), id).boxed()
    }

    fn keys_in<'a>(
        &'a self,
        program: &'a str,
        from: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        async move { read::keys_in(&mut *self.readers().acquire().await?, program, from, limit).await }
            .boxed()
    }

    fn keys_of(&self, person: Uuid) -> BoxFuture<'_, Result<Vec<KeyRecord>, StoreError>> {
        async move { read::keys_of(&mut *self.readers().acquire().await?, person).await }.boxed()
    }

    fn approvals(
        &self,
        lost: Thumbprint,
    ) -> BoxFuture<'_, Result<Vec<ApprovalRecord>, StoreError>> {
        async move { approvals(&mut *self.readers().acquire().await?, lost).await }.boxed()
    }

    fn submissions_in<'a>(
        &'a self,
        program: &'a str,
        filter: WorkFilter,
        before: LeafIndex,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<SubmissionRecord>, StoreError>> {
        async move {
            let connection = &mut *self.readers().acquire().await?;
            read::submissions_in(connection, program, filter, number(before.0), limit).await
        }
        .boxed()
    }

    fn submissions_due(
        &self,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<SubmissionRecord>, StoreError>> {
        async move { read::submissions_due(&mut *self.readers().acquire().await?, limit).await }
            .boxed()
    }

    fn submissions_undecided(&self, limit: u32) -> BoxFuture<'_, Result<Vec<Uuid>, StoreError>> {
        async move {
            let query = sqlx::query_scalar(
                "SELECT id FROM submissions WHERE decision_due = 1 ORDER BY opened_index LIMIT ?",
            );
            let ids: Vec<Vec<u8>> = query.bind(limit).fetch_all(self.readers()).await?;
            let id_of = |id: &Vec<u8>| Uuid::from_slice(id).map_err(|_| corrupt("submission", 0));
            ids.iter().map(id_of).collect()
        }
        .boxed()
    }

    fn submissions_unscanned(
        &self,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<SubmissionRecord>, StoreError>> {
        async move { read::submissions_unscanned(&mut *self.readers().acquire().await?, limit).await }
            .boxed()
    }

    fn note_decided(
        &self,
        (submission, said, scan): (Uuid, LeafIndex, Option<LeafIndex>),
        matters: MattersOn,
        policy_version: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let [holds, cases] = count_matters();
            let sql = format!(
                "UPDATE submissions SET decision_due = 0 WHERE id = ? AND said_index = ?
                 AND scan_index IS ? AND (SELECT max(version) FROM policy_versions) = ?
                 AND {holds} = ? AND {cases} = ?"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(submission.as_bytes().as_slice())
                .bind(number(said.0))
                .bind(scan.map(|at| number(at.0)))
                .bind(number(policy_version))
                .bind(matters.holds)
                .bind(matters.open_cases)
                .execute(self.writer())
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn keep_policy_files<'a>(
        &'a self,
        files: &'a [(Hash, &'a [u8])],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        keep_policy_files(self.writer(), files).boxed()
    }

    fn policy_file(&self, sha256: Hash) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        self.policy_file_bytes(sha256).boxed()
    }

    fn policies(&self, limit: u32) -> BoxFuture<'_, Result<Vec<PolicyRecord>, StoreError>> {
        async move { policies(&mut *self.readers().acquire().await?, limit).await }.boxed()
    }
}
