//! What statements about holds, cases and erasure change.

use attestry_proof::{hash::Hash, key::Thumbprint, payload::case::CaseState, size::LeafIndex};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::super::{append::insert_rows, read::number};
use crate::store::{
    ledger::{Effect, StoreError},
    legal::{ConcernedSubmission, Held},
};

/// What is cleared while a hold or a case is on it is decided again, and so is what may be again.
const DECIDE_AGAIN: &str =
    "UPDATE submissions SET decision_due = 1 WHERE withdrawn = 0 AND ordered_index IS NULL AND
    (cleared <> 0 OR (review_accepted = 1 AND review_index > attested_index)) AND id IN ";

pub(in super::super) async fn apply(
    connection: &mut SqliteConnection,
    (index, leaf): (LeafIndex, Hash),
    effect: &Effect,
) -> Result<(), StoreError> {
    let at = number(index.0);
    match effect {
        Effect::PlaceHold { hold, program, on } => {
            place_hold(connection, (*hold, at), program, on).await
        }
        Effect::ReleaseHold(hold) => {
            run(connection, "UPDATE holds SET released_index = ? WHERE id = ?", (at, *hold))
                .await?;
            held_again(connection, *hold).await
        }
        Effect::OpenCase { case, .. } => open_case(connection, (at, leaf), *case, effect).await,
        Effect::MoveCase { case, to, concerned, lock, at: seconds } => {
            sqlx::query("UPDATE cases SET state = ?, step_leaf = ?, step_index = ? WHERE id = ?")
                .bind(to.as_str())
                .bind(leaf.as_bytes().as_slice())
                .bind(at)
                .bind(case.as_bytes().as_slice())
                .execute(&mut *connection)
                .await?;
            note_state(connection, (*case, at), *to, *seconds).await?;
            concern(connection, *case, concerned.as_ref()).await?;
            if let Some(lock) = lock {
                set_lock(connection, *case, *lock).await?;
            }
            Ok(())
        }
        Effect::ApproveCase { case, officer, approves } => {
            approve(connection, (at, leaf), (*case, *officer), *approves).await
        }
        Effect::OrderErasure { case, target } => order(connection, (at, leaf), *case, target).await,
        Effect::Erased { order, submission, whole } => {
            sqlx::query("UPDATE erasures SET erased_index = ? WHERE ordered_index = ?")
                .bind(at)
                .bind(number(order.0))
                .execute(&mut *connection)
                .await?;
            if *whole {
                let sql = "UPDATE submissions SET erased_index = ? WHERE id = ?";
                return run(connection, sql, (at, *submission)).await;
            }
            files_erased(connection, order.0).await
        }
        _ => Ok(()),
    }
}

async fn open_case(
    connection: &mut SqliteConnection,
    (at, leaf): (i64, Hash),
    case: Uuid,
    effect: &Effect,
) -> Result<(), StoreError> {
    let Effect::OpenCase { program, ground, channel, link, concerned, lock, at: seconds, .. } =
        effect
    else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO cases (id, program, ground, channel, state, step_leaf, step_index, opened_index, link)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
    )
    .bind(case.as_bytes().as_slice())
    .bind(program.as_str())
    .bind(ground.as_str())
    .bind(channel.as_str())
    .bind(CaseState::Received.as_str())
    .bind(leaf.as_bytes().as_slice())
    .bind(at)
    .bind(link.as_ref().map(|link| link.as_bytes().as_slice()))
    .execute(&mut *connection)
    .await?;
    note_state(connection, (case, at), CaseState::Received, *seconds).await?;
    concern(connection, case, concerned.as_ref()).await?;
    if *lock { set_lock(connection, case, true).await } else { Ok(()) }
}

async fn approve(
    connection: &mut SqliteConnection,
    (at, leaf): (i64, Hash),
    (case, officer): (Uuid, Thumbprint),
    approves: Hash,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO case_approvals (leaf_index, case_id, officer, approves, leaf_hash)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(at)
    .bind(case.as_bytes().as_slice())
    .bind(officer.0.as_bytes().as_slice())
    .bind(approves.as_bytes().as_slice())
    .bind(leaf.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

async fn run(
    connection: &mut SqliteConnection,
    sql: &'static str,
    (value, id): (i64, Uuid),
) -> Result<(), StoreError> {
    sqlx::query(sql).bind(value).bind(id.as_bytes().as_slice()).execute(connection).await?;
    Ok(())
}

/// The digest of a file that was erased would tell whoever has a copy that it was here.
/// And nothing is left that the case would keep from the readers of the rest.
async fn files_erased(connection: &mut SqliteConnection, order: u64) -> Result<(), StoreError> {
    const OF_ORDER: &str = "(SELECT submission FROM erasures WHERE ordered_index = ?)";
    let again = format!("{DECIDE_AGAIN} {OF_ORDER}");
    let unlocked = format!(
        "UPDATE submissions SET quarantined = (SELECT count(*) FROM case_submissions
             WHERE submission = submissions.id AND locked = 1) WHERE id = {OF_ORDER}"
    );
    for sql in [
        "UPDATE case_submissions SET files = x'', locked = 0 WHERE (submission, case_id) =
             (SELECT submission, case_id FROM erasures WHERE ordered_index = ?)",
        &unlocked,
        &again,
        "UPDATE erasures SET files = x'' WHERE ordered_index = ?",
    ] {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
        query.bind(number(order)).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn place_hold(
    connection: &mut SqliteConnection,
    (hold, at): (Uuid, i64),
    program: &str,
    on: &Held,
) -> Result<(), StoreError> {
    let (scope, contractor) = match on {
        Held::Submissions(_) => ("submissions", None),
        Held::Contractor(key) => ("contractor", Some(key.0.as_bytes().as_slice())),
        Held::Program => ("program", None),
    };
    sqlx::query(
        "INSERT INTO holds (id, program, scope, contractor, placed_index) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(hold.as_bytes().as_slice())
    .bind(program)
    .bind(scope)
    .bind(contractor)
    .bind(at)
    .execute(&mut *connection)
    .await?;
    if let Held::Submissions(submissions) = on {
        const INTO: &str = "INSERT INTO held_submissions (submission, hold) VALUES ";
        let rows: Vec<(Uuid, Uuid)> = submissions.iter().map(|id| (*id, hold)).collect();
        insert_rows(connection, INTO, 2, &rows, |query, (submission, hold)| {
            query.bind(submission.as_bytes().as_slice()).bind(hold.as_bytes().as_slice())
        })
        .await?;
    }
    held_again(connection, hold).await
}

/// Whatever the hold covers is decided again.
async fn held_again(connection: &mut SqliteConnection, hold: Uuid) -> Result<(), StoreError> {
    let sql = format!(
        "{DECIDE_AGAIN} (SELECT submissions.id FROM holds JOIN submissions ON
             (scope = 'program' AND submissions.program = holds.program) OR
             (scope = 'contractor' AND submissions.owner = contractor) OR
             (scope = 'submissions' AND submissions.id IN (SELECT submission FROM held_submissions WHERE hold = holds.id))
         WHERE holds.id = ?)"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(hold.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

async fn note_state(
    connection: &mut SqliteConnection,
    (case, at): (Uuid, i64),
    state: CaseState,
    seconds: i64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO case_history (leaf_index, case_id, state, at) VALUES (?, ?, ?, ?)")
        .bind(at)
        .bind(case.as_bytes().as_slice())
        .bind(state.as_str())
        .bind(seconds)
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts a list in the place of the one before it. A lock stays on what is in both.
async fn concern(
    connection: &mut SqliteConnection,
    case: Uuid,
    concerned: Option<&(Hash, Vec<ConcernedSubmission>)>,
) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO case_submissions (submission, case_id, files, locked) VALUES ";
    let Some((digest, submissions)) = concerned else { return Ok(()) };
    sqlx::query("UPDATE cases SET concerned = ? WHERE id = ?")
        .bind(digest.as_bytes().as_slice())
        .bind(case.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    let locked: Option<bool> =
        sqlx::query_scalar("SELECT max(locked) FROM case_submissions WHERE case_id = ?")
            .bind(case.as_bytes().as_slice())
            .fetch_one(&mut *connection)
            .await?;
    let locked = locked.unwrap_or(false);
    set_lock(connection, case, false).await?;
    case_due_without(connection, case).await?;
    sqlx::query("DELETE FROM case_submissions WHERE case_id = ?")
        .bind(case.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    insert_rows(connection, INTO, 4, submissions, |query, it| {
        query
            .bind(it.submission.as_bytes().as_slice())
            .bind(case.as_bytes().to_vec())
            .bind(it.files.as_deref().map(joined))
            .bind(false)
    })
    .await?;
    sqlx::query(
        "UPDATE submissions SET case_due = 0 WHERE case_due = 1
             AND id IN (SELECT submission FROM case_submissions WHERE case_id = ?1)
             AND (SELECT channel FROM cases WHERE id = ?1) = 'withdrawal'",
    )
    .bind(case.as_bytes().as_slice())
    .execute(&mut *connection)
    .await?;
    decide_again(connection, case).await?;
    if locked { set_lock(connection, case, true).await } else { Ok(()) }
}

/// What is withdrawn and leaves the case needs another, unless it has one.
async fn case_due_without(connection: &mut SqliteConnection, case: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE submissions SET case_due = 1 WHERE withdrawn = 1
             AND id IN (SELECT submission FROM case_submissions WHERE case_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM case_submissions JOIN cases ON cases.id = case_id
                 WHERE submission = submissions.id AND channel = 'withdrawal' AND case_id <> ?1)",
    )
    .bind(case.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// SHA-256 after SHA-256.
pub(super) fn joined(files: &[Hash]) -> Vec<u8> {
    files.iter().flat_map(|hash| hash.0).collect()
}

async fn decide_again(connection: &mut SqliteConnection, case: Uuid) -> Result<(), StoreError> {
    let sql = format!("{DECIDE_AGAIN} (SELECT submission FROM case_submissions WHERE case_id = ?)");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(case.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks what the case concerns, or unlocks it unless another case locks it. What is locked is not
/// cleared for anything. Where single files are erased, nothing is left to lock.
async fn set_lock(
    connection: &mut SqliteConnection,
    case: Uuid,
    lock: bool,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE case_submissions SET locked = ? AND (files IS NULL OR files <> x'') WHERE case_id = ?")
        .bind(lock)
        .bind(case.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE submissions SET
             quarantined = (SELECT count(*) FROM case_submissions WHERE submission = submissions.id AND locked = 1),
             cleared = iif(?1, 0, cleared)
         WHERE id IN (SELECT submission FROM case_submissions WHERE case_id = ?2)",
    )
    .bind(lock)
    .bind(case.as_bytes().as_slice())
    .execute(&mut *connection)
    .await?;
    if lock { Ok(()) } else { decide_again(connection, case).await }
}

async fn order(
    connection: &mut SqliteConnection,
    (at, leaf): (i64, Hash),
    case: Uuid,
    target: &ConcernedSubmission,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO erasures (ordered_index, order_leaf, submission, case_id, files) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(at)
    .bind(leaf.as_bytes().as_slice())
    .bind(target.submission.as_bytes().as_slice())
    .bind(case.as_bytes().as_slice())
    .bind(target.files.as_deref().map(joined))
    .execute(&mut *connection)
    .await?;
    if target.files.is_none() {
        let sql = "UPDATE submissions SET ordered_index = coalesce(ordered_index, ?), cleared = 0, decision_due = 0
             WHERE id = ?";
        run(connection, sql, (at, target.submission)).await?;
    }
    Ok(())
}
