//! One-time enrolment codes, known by their digest only.

use attestry_proof::{hash::Hash, key::Thumbprint};
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::read::corrupt;
use crate::store::ledger::{Invitation, Roles, StoreError};

type Row = (Vec<u8>, String, String, i64, Option<Vec<u8>>, Option<Vec<u8>>);

fn invitation_of(
    (code_digest, roles, program, expires_at, inviter, person): Row,
) -> Result<Invitation, StoreError> {
    let bad = || corrupt("invitation", 0);
    let inviter = inviter.map(|bytes| Hash::from_slice(&bytes).map(Thumbprint).ok_or_else(bad));
    Ok(Invitation {
        code_digest: Hash::from_slice(&code_digest).ok_or_else(bad)?,
        roles: Roles::from_words(&roles).ok_or_else(bad)?,
        program,
        expires_at,
        inviter: inviter.transpose()?,
        person: person.map(|id| Uuid::from_slice(&id).map_err(|_| bad())).transpose()?,
    })
}

pub(super) async fn insert(writer: &SqlitePool, invitation: &Invitation) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let inviter = invitation.inviter.map(|thumbprint| thumbprint.0.0.to_vec());
    let person = invitation.person.map(|id| id.as_bytes().to_vec());
    if inviter.is_none() {
        let person = person.clone();
        sqlx::query(
            "DELETE FROM invitations WHERE inviter IS NULL AND used_by IS NULL
                 AND person IS ? AND program = ?",
        )
        .bind(person)
        .bind(&invitation.program)
        .execute(&mut *transaction)
        .await?;
    }
    sqlx::query(
        "INSERT INTO invitations (code_digest, roles, program, expires_at, inviter, person)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(invitation.code_digest.as_bytes().as_slice())
    .bind(invitation.roles.to_words())
    .bind(&invitation.program)
    .bind(invitation.expires_at)
    .bind(inviter)
    .bind(person)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

pub(super) async fn open(
    connection: &mut SqliteConnection,
    code_digest: Hash,
    at: i64,
) -> Result<Option<Invitation>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT code_digest, roles, program, expires_at, inviter, person FROM invitations
         WHERE code_digest = ? AND used_by IS NULL AND expires_at > ?",
    )
    .bind(code_digest.as_bytes().as_slice())
    .bind(at)
    .fetch_optional(connection)
    .await?;
    row.map(invitation_of).transpose()
}

pub(super) async fn list(
    connection: &mut SqliteConnection,
    at: i64,
    after: Option<Hash>,
    limit: u32,
) -> Result<Vec<Invitation>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT code_digest, roles, program, expires_at, inviter, person FROM invitations
         WHERE code_digest > ? AND used_by IS NULL AND expires_at > ?
             AND (inviter IS NULL AND person IS NOT NULL OR EXISTS
             (SELECT 1 FROM signing_keys WHERE thumbprint = inviter AND revoked_index IS NULL))
         ORDER BY code_digest LIMIT ?",
    )
    .bind(after.map_or_else(Vec::new, |digest| digest.0.to_vec()))
    .bind(at)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(invitation_of).collect()
}

pub(super) async fn cancel(writer: &SqlitePool, code_digest: Hash) -> Result<bool, StoreError> {
    let deleted = sqlx::query("DELETE FROM invitations WHERE code_digest = ? AND used_by IS NULL")
        .bind(code_digest.as_bytes().as_slice())
        .execute(writer)
        .await?;
    Ok(deleted.rows_affected() == 1)
}
