//! Holds, cases and orders to erase, as far as a batch rests on them.

use std::collections::{HashMap, HashSet};

use attestry_proof::size::LeafIndex;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::super::{
    append::{placeholders, row_groups},
    read::{corrupt, index_of},
};
use crate::store::{
    ledger::{Candidate, Effect, Precondition, StoreError},
    legal::MattersOn,
};

/// Each way in which a submission can be held, as a question that an index answers.
const HOLDS_ON: [&str; 3] = [
    "FROM holds WHERE released_index IS NULL AND holds.program = submissions.program AND scope = 'program'",
    "FROM holds WHERE released_index IS NULL AND contractor = submissions.owner",
    "FROM held_submissions JOIN holds ON holds.id = hold
         WHERE submission = submissions.id AND released_index IS NULL",
];

/// Whether a hold is on the row of `submissions`.
pub(in super::super) fn is_held() -> String {
    let ways: Vec<String> = HOLDS_ON.iter().map(|way| format!("EXISTS (SELECT 1 {way})")).collect();
    format!("({})", ways.join(" OR "))
}

/// Whether nothing stops an order to erase the row of `submissions`, and none waits to be carried out.
pub(super) fn is_free() -> String {
    let held = is_held();
    format!(
        "ordered_index IS NULL AND NOT {held} AND NOT EXISTS (SELECT 1 FROM erasures
             WHERE erasures.submission = submissions.id AND erasures.erased_index IS NULL)"
    )
}

/// How many holds are on the row of `submissions`, and how many open cases about it.
pub(in super::super) fn count_matters() -> [String; 2] {
    let ways: Vec<String> = HOLDS_ON.iter().map(|way| format!("(SELECT count(*) {way})")).collect();
    let cases = "(SELECT count(*) FROM case_submissions JOIN cases ON cases.id = case_id
         WHERE submission = submissions.id AND state <> 'closed')";
    [format!("({})", ways.join(" + ")), cases.to_owned()]
}

/// Kept current while the batch is decided.
#[derive(Default)]
pub(in super::super) struct Facts {
    held: HashSet<Uuid>,
    ordered: HashSet<Uuid>,
    /// Holds in place.
    holds: HashSet<Uuid>,
    /// Where each case came to its state.
    cases: HashMap<Uuid, LeafIndex>,
    matters: HashMap<Uuid, MattersOn>,
    /// Whether a hold was placed in this batch: whom it covers is asked again in the next one.
    holds_changed: bool,
    /// Whether a hold or a case began, ended or changed in this batch: likewise.
    matters_changed: bool,
}

impl Facts {
    pub(in super::super) async fn load(
        connection: &mut SqliteConnection,
        candidates: &[Candidate],
    ) -> Result<Self, StoreError> {
        let (mut holding, mut ordering) = (HashSet::new(), HashSet::new());
        let (mut holds, mut cases) = (HashSet::new(), HashSet::new());
        let mut counting = HashSet::new();
        for precondition in candidates.iter().flat_map(|candidate| &candidate.preconditions) {
            match precondition {
                Precondition::NotHeld { submission } => drop(holding.insert(*submission)),
                Precondition::NotOrdered { submission }
                | Precondition::SubmissionOf { submission, .. } => {
                    ordering.insert(*submission);
                }
                Precondition::Matters { submission, .. } => drop(counting.insert(*submission)),
                Precondition::HoldInPlace { hold } => drop(holds.insert(*hold)),
                Precondition::Case { case, .. } => drop(cases.insert(*case)),
                _ => {}
            }
        }
        let held = format!(
            "SELECT asked.id FROM asked CROSS JOIN submissions ON submissions.id = asked.id WHERE {}",
            is_held()
        );
        let ordered =
            "SELECT asked.id FROM asked CROSS JOIN submissions ON submissions.id = asked.id
            WHERE ordered_index IS NOT NULL";
        let in_place = "SELECT asked.id FROM asked CROSS JOIN holds ON holds.id = asked.id
            WHERE released_index IS NULL";
        Ok(Self {
            held: ids(connection, &held, holding).await?,
            ordered: ids(connection, ordered, ordering).await?,
            holds: ids(connection, in_place, holds).await?,
            cases: load_cases(connection, cases).await?,
            matters: matters_on(connection, counting).await?,
            holds_changed: false,
            matters_changed: false,
        })
    }

    pub(in super::super) fn is_ordered(&self, submission: Uuid) -> bool {
        self.ordered.contains(&submission)
    }

    pub(in super::super) fn holds(&self, precondition: &Precondition) -> bool {
        match precondition {
            Precondition::NotHeld { submission } => {
                !self.holds_changed && !self.held.contains(submission)
            }
            Precondition::NotOrdered { submission } => !self.ordered.contains(submission),
            Precondition::Matters { submission, found } => {
                !self.matters_changed && self.matters.get(submission) == Some(found)
            }
            Precondition::HoldInPlace { hold } => self.holds.contains(hold),
            Precondition::Case { case, at } => self.cases.get(case) == Some(at),
            _ => false,
        }
    }

    pub(in super::super) fn apply(&mut self, effect: &Effect, index: LeafIndex) {
        match effect {
            Effect::PlaceHold { hold, .. } => {
                (self.holds_changed, self.matters_changed) = (true, true);
                self.holds.insert(*hold);
            }
            Effect::ReleaseHold(hold) => {
                self.matters_changed = true;
                self.holds.remove(hold);
            }
            Effect::OpenCase { case, .. } | Effect::MoveCase { case, .. } => {
                self.matters_changed = true;
                self.cases.insert(*case, index);
            }
            Effect::OrderErasure { target, .. } if target.files.is_none() => {
                self.ordered.insert(target.submission);
            }
            _ => {}
        }
    }
}

async fn ids(
    connection: &mut SqliteConnection,
    select: &str,
    asked: HashSet<Uuid>,
) -> Result<HashSet<Uuid>, StoreError> {
    let mut found = HashSet::new();
    for group in row_groups(&Vec::from_iter(asked)) {
        let sql = format!("WITH asked (id) AS (VALUES {}) {select}", placeholders(1, group.len()));
        let query = group.iter().fold(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)), |query, id| {
            query.bind(id.as_bytes().as_slice())
        });
        let rows: Vec<Vec<u8>> = query.fetch_all(&mut *connection).await?;
        for id in rows {
            found.insert(Uuid::from_slice(&id).map_err(|_| corrupt("id", 0))?);
        }
    }
    Ok(found)
}

/// What stands against each of these submissions; one that is not known has nothing.
pub(super) async fn matters_on(
    connection: &mut SqliteConnection,
    asked: HashSet<Uuid>,
) -> Result<HashMap<Uuid, MattersOn>, StoreError> {
    let mut found = HashMap::new();
    let [holds, cases] = count_matters();
    for group in row_groups(&Vec::from_iter(asked)) {
        let sql = format!(
            "WITH asked (id) AS (VALUES {}) SELECT asked.id, {holds}, {cases}
             FROM asked CROSS JOIN submissions ON submissions.id = asked.id",
            placeholders(1, group.len())
        );
        let query = group.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, id| {
            query.bind(id.as_bytes().as_slice())
        });
        let rows: Vec<(Vec<u8>, u32, u32)> = query.fetch_all(&mut *connection).await?;
        for (id, holds, open_cases) in rows {
            let id = Uuid::from_slice(&id).map_err(|_| corrupt("id", 0))?;
            found.insert(id, MattersOn { holds, open_cases });
        }
    }
    Ok(found)
}

async fn load_cases(
    connection: &mut SqliteConnection,
    asked: HashSet<Uuid>,
) -> Result<HashMap<Uuid, LeafIndex>, StoreError> {
    let mut cases = HashMap::new();
    for case in asked {
        let step: Option<i64> = sqlx::query_scalar("SELECT step_index FROM cases WHERE id = ?")
            .bind(case.as_bytes().as_slice())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(step) = step {
            cases.insert(case, index_of(step)?);
        }
    }
    Ok(cases)
}
