//! What changes together with an entry, in its transaction.

use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use sqlx::{SqliteConnection, query::Query, sqlite::SqliteArguments};
use uuid::Uuid;

use super::{append::upsert_rows, legal::effects as legal, outbox, read::number};
use crate::store::ledger::{AttestationSet, Candidate, Effect, Precondition, StoreError};

pub(super) async fn apply(
    connection: &mut SqliteConnection,
    placed: &[(LeafIndex, &Candidate)],
) -> Result<(), StoreError> {
    // Owners' statements wait to be written together, until something comes that must follow them:
    // what was said last about a submission is what counts.
    let mut said: Vec<Said<'_>> = Vec::new();
    for (index, candidate) in placed {
        said.extend(Said::by(candidate, *index));
        for effect in &candidate.effects {
            if changes_submissions(effect) {
                note_owners(connection, &std::mem::take(&mut said)).await?;
            }
            apply_one(connection, (*index, candidate.leaf_hash), effect).await?;
        }
    }
    note_owners(connection, &said).await
}

const fn changes_submissions(effect: &Effect) -> bool {
    match effect {
        Effect::Reviewed { .. }
        | Effect::Scanned { .. }
        | Effect::Cleared { .. }
        | Effect::Published { .. }
        | Effect::Withdraw { .. }
        | Effect::HandOver { .. }
        | Effect::PlaceHold { .. }
        | Effect::OpenCase { .. }
        | Effect::MoveCase { .. }
        | Effect::OrderErasure { .. }
        | Effect::Erased { .. }
        | Effect::AdoptPolicy { .. } => true,
        Effect::Attested { .. }
        | Effect::EnrolKey { .. }
        | Effect::ApproveKey { .. }
        | Effect::RevokeKey(_)
        | Effect::UseInvitation { .. }
        | Effect::ReleaseHold(_)
        | Effect::ApproveCase { .. }
        | Effect::Outbox(_)
        | Effect::Unstage { .. } => false,
    }
}

/// What an owner's statement says about a submission.
struct Said<'a> {
    submission: Uuid,
    owner: Thumbprint,
    program: &'a str,
    index: LeafIndex,
    attested: AttestationSet,
}

impl<'a> Said<'a> {
    /// What the candidate says as an owner, if it does.
    fn by(candidate: &'a Candidate, index: LeafIndex) -> Option<Self> {
        let (submission, owner, program) =
            candidate.preconditions.iter().find_map(|fact| match fact {
                Precondition::SubmissionOf { submission, owner, program, .. } => {
                    Some((*submission, *owner, program.as_str()))
                }
                _ => None,
            })?;
        let attested = candidate.effects.iter().find_map(|effect| match effect {
            Effect::Attested { kind, .. } => Some(*kind),
            _ => None,
        });
        Some(Self { submission, owner, program, index, attested: attested.unwrap_or_default() })
    }
}

/// A submission belongs to whoever first speaks about it; later statements find the row there, and
/// what they attest ends a review and what was cleared.
async fn note_owners(
    connection: &mut SqliteConnection,
    said: &[Said<'_>],
) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO submissions
        (id, owner, program, opened_index, said_index, attested, attested_index) VALUES ";
    const OTHERWISE: &str = " ON CONFLICT (id) DO UPDATE SET
        said_index = excluded.said_index, attested = attested | excluded.attested,
        attested_index = coalesce(excluded.attested_index, attested_index),
        cleared = iif(excluded.attested = 0, cleared, 0),
        decision_due = iif(excluded.attested = 0, decision_due, 0)";
    upsert_rows(connection, (INTO, OTHERWISE), 7, said, |query, said| {
        let index = number(said.index.0);
        let attests = said.attested != AttestationSet::default();
        query
            .bind(said.submission.as_bytes().as_slice())
            .bind(said.owner.0.as_bytes().as_slice())
            .bind(said.program)
            .bind(index)
            .bind(index)
            .bind(said.attested.bits())
            .bind(attests.then_some(index))
    })
    .await
}

type BoundQuery<'q> = Query<'q, sqlx::Sqlite, SqliteArguments>;

fn hash(hash: &Hash) -> &[u8] {
    hash.as_bytes()
}

async fn apply_one(
    connection: &mut SqliteConnection,
    (index, leaf): (LeafIndex, Hash),
    effect: &Effect,
) -> Result<(), StoreError> {
    let query = match effect {
        Effect::EnrolKey { .. }
        | Effect::RevokeKey(_)
        | Effect::ApproveKey { .. }
        | Effect::UseInvitation { .. } => key_change(index, effect),
        Effect::HandOver { from, to } => return hand_over(connection, index, *from, *to).await,
        // With the owner's statements, above.
        Effect::Attested { .. } => None,
        Effect::Reviewed { .. }
        | Effect::Scanned { .. }
        | Effect::Cleared { .. }
        | Effect::Published { .. }
        | Effect::Withdraw { .. } => submission_change(index, effect),
        Effect::PlaceHold { .. }
        | Effect::ReleaseHold(_)
        | Effect::OpenCase { .. }
        | Effect::MoveCase { .. }
        | Effect::ApproveCase { .. }
        | Effect::OrderErasure { .. }
        | Effect::Erased { .. } => return legal::apply(connection, (index, leaf), effect).await,
        Effect::Outbox(change) => return outbox::apply(connection, index, change).await,
        Effect::AdoptPolicy { digest, version } => {
            // What was cleared under other rules is decided again.
            sqlx::query("UPDATE submissions SET decision_due = 1 WHERE cleared <> 0")
                .execute(&mut *connection)
                .await?;
            let insert =
                "INSERT INTO policy_versions (leaf_index, digest, version) VALUES (?, ?, ?)";
            let query = sqlx::query(insert).bind(number(index.0)).bind(hash(digest));
            Some(query.bind(number(*version)))
        }
        Effect::Unstage { submission, digest } => Some(
            sqlx::query("DELETE FROM staged_payloads WHERE subject = ? AND digest = ?")
                .bind(submission.as_bytes().as_slice())
                .bind(hash(digest)),
        ),
    };
    if let Some(query) = query {
        query.execute(connection).await?;
    }
    Ok(())
}

fn key_change(index: LeafIndex, effect: &Effect) -> Option<BoundQuery<'_>> {
    Some(match effect {
        Effect::EnrolKey { key, roles, program, person, replaces } => sqlx::query(
            "INSERT INTO signing_keys
                 (thumbprint, public_key, roles, program, enrolled_index, version, person, replaces)
             VALUES (?, ?, ?, ?, ?, 1, ?, ?)",
        )
        .bind(key.thumbprint().0.0.to_vec())
        .bind(key.as_bytes().as_slice())
        .bind(roles.to_words())
        .bind(program.as_str())
        .bind(number(index.0))
        .bind(person.as_ref().map(|id| id.as_bytes().as_slice()))
        .bind(replaces.as_ref().map(|lost| hash(&lost.0))),
        Effect::RevokeKey(thumbprint) => end_key(index, thumbprint),
        Effect::ApproveKey { lost, replacement, officer } => sqlx::query(
            "INSERT INTO key_approvals (leaf_index, lost, replacement, officer) VALUES (?, ?, ?, ?)",
        )
        .bind(number(index.0))
        .bind(hash(&lost.0))
        .bind(hash(&replacement.0))
        .bind(hash(&officer.0)),
        Effect::UseInvitation { code_digest, by } => sqlx::query(
            "UPDATE invitations SET used_by = ? WHERE code_digest = ? AND used_by IS NULL",
        )
        .bind(hash(&by.0))
        .bind(hash(code_digest)),
        _ => return None,
    })
}

fn end_key(index: LeafIndex, thumbprint: &Thumbprint) -> BoundQuery<'_> {
    sqlx::query(
        "UPDATE signing_keys SET revoked_index = coalesce(revoked_index, ?), version = version + 1
         WHERE thumbprint = ?",
    )
    .bind(number(index.0))
    .bind(hash(&thumbprint.0))
}

async fn hand_over(
    connection: &mut SqliteConnection,
    index: LeafIndex,
    from: Thumbprint,
    to: Thumbprint,
) -> Result<(), StoreError> {
    end_key(index, &from).execute(&mut *connection).await?;
    for sql in [
        "UPDATE submissions SET owner = ?1 WHERE owner = ?2",
        "UPDATE drafts SET owner = ?1 WHERE owner = ?2",
        "UPDATE holds SET contractor = ?1 WHERE contractor = ?2",
    ] {
        sqlx::query(sql).bind(hash(&to.0)).bind(hash(&from.0)).execute(&mut *connection).await?;
    }
    Ok(())
}

fn submission_change(index: LeafIndex, effect: &Effect) -> Option<BoundQuery<'_>> {
    Some(match effect {
        Effect::Reviewed { submission, accepted, reviewer } => sqlx::query(
            "UPDATE submissions SET review_index = ?1, said_index = ?1, review_accepted = ?2, reviewer = ?3,
                 cleared = 0, decision_due = ?2 WHERE id = ?4",
        )
        .bind(number(index.0))
        .bind(*accepted)
        .bind(hash(&reviewer.0))
        .bind(submission.as_bytes().as_slice()),
        Effect::Scanned { submission } => sqlx::query(
            "UPDATE submissions SET scan_index = ?1, decision_due = iif(withdrawn = 0 AND
                 (cleared <> 0 OR (review_accepted = 1 AND review_index > attested_index)), 1, decision_due)
             WHERE id = ?2",
        )
        .bind(number(index.0))
        .bind(submission.as_bytes().as_slice()),
        Effect::Cleared { submission, purposes, granted } => sqlx::query(
            "UPDATE submissions SET cleared = iif(?1, cleared | ?2, cleared & ~?2)
             WHERE id = ?3 AND withdrawn = 0",
        )
        .bind(*granted)
        .bind(purposes.bits())
        .bind(submission.as_bytes().as_slice()),
        Effect::Published { submission, word } => {
            sqlx::query("UPDATE submissions SET published = ?, published_purposes = ? WHERE id = ?")
                .bind(word.status.as_str())
                .bind(word.purposes.bits())
                .bind(submission.as_bytes().as_slice())
        }
        Effect::Withdraw { submission, purposes: None } => {
            // A case is due by the first one.
            sqlx::query("UPDATE submissions SET case_due = case_due OR withdrawn = 0, withdrawn = 1,
                 cleared = 0, decision_due = 0 WHERE id = ?")
                .bind(submission.as_bytes().as_slice())
        }
        Effect::Withdraw { submission, purposes: Some(purposes) } => {
            sqlx::query("UPDATE submissions SET cleared = cleared & ~? WHERE id = ?")
                .bind(purposes.bits())
                .bind(submission.as_bytes().as_slice())
        }
        _ => return None,
    })
}
