//! Facts that judgements rested on, read again under the head's lock.

use std::collections::{HashMap, HashSet};

use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    append::{placeholders, row_groups},
    legal::facts as legal,
    read::{self, corrupt, index_of},
};
use crate::store::ledger::{Candidate, Effect, Precondition, PurposeSet, Role, Roles, StoreError};

struct Submission {
    owner: Thumbprint,
    withdrawn: bool,
    /// Position of the last statement by a person.
    said: LeafIndex,
    /// Position of the last scan.
    scan: Option<LeafIndex>,
    cleared: PurposeSet,
}

/// A submission that has no statement yet.
enum Draft {
    Of(Thumbprint),
    Abandoned,
}

/// State of everything that a batch's preconditions name, kept current while the batch is decided.
pub(super) struct Facts {
    keys: HashMap<Thumbprint, u64>,
    submissions: HashMap<Uuid, Submission>,
    drafts: HashMap<Uuid, Draft>,
    /// Whether any key is enrolled; `false` unless the batch asks for it.
    enrolled: bool,
    /// Valid keys of administrators; none unless the batch asks for them.
    admins: HashMap<Thumbprint, String>,
    /// Valid keys of the persons in the programs that the batch asks about.
    holders: HashMap<(Uuid, String), HashSet<Thumbprint>>,
    /// Expiry of the invitations that are still open.
    invitations: HashMap<Hash, i64>,
    /// Holds, cases and orders to erase.
    legal: legal::Facts,
    /// 0 unless the batch asks for it.
    policy: u64,
}

impl Facts {
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        candidates: &[Candidate],
    ) -> Result<Self, StoreError> {
        let mut keys: HashSet<Thumbprint> = HashSet::new();
        let mut submissions: HashSet<Uuid> = HashSet::new();
        let mut codes: HashSet<Hash> = HashSet::new();
        let mut holders: HashSet<(Uuid, String)> = HashSet::new();
        let (mut asks_policy, mut asks_enrolled, mut asks_admins) = (false, false, false);
        for precondition in candidates.iter().flat_map(|candidate| &candidate.preconditions) {
            match precondition {
                Precondition::Key { thumbprint, .. } | Precondition::KeyUnknown(thumbprint) => {
                    keys.insert(*thumbprint);
                }
                Precondition::SubmissionOf { submission, .. }
                | Precondition::LastSaid { submission, .. }
                | Precondition::LastScan { submission, .. }
                | Precondition::Standing { submission, .. } => {
                    submissions.insert(*submission);
                }
                Precondition::OnlyKey { person, program, .. } => {
                    holders.insert((*person, program.clone()));
                }
                Precondition::InvitationOpen { code_digest, .. } => {
                    codes.insert(*code_digest);
                }
                Precondition::NotHeld { .. }
                | Precondition::NotOrdered { .. }
                | Precondition::Matters { .. }
                | Precondition::HoldInPlace { .. }
                | Precondition::Case { .. } => {}
                Precondition::Policy { .. } => asks_policy = true,
                Precondition::NobodyEnrolled => asks_enrolled = true,
                Precondition::AdminBesides { .. } => asks_admins = true,
            }
        }
        let policy = if asks_policy { read::policy(connection).await? } else { None };
        let enrolled = asks_enrolled && anybody_enrolled(connection).await?;
        let admins = if asks_admins { load_admins(connection).await? } else { HashMap::new() };
        let (submissions, drafts) =
            load_submissions(connection, &Vec::from_iter(submissions)).await?;
        Ok(Self {
            keys: load_keys(connection, &Vec::from_iter(keys)).await?,
            submissions,
            drafts,
            enrolled,
            admins,
            holders: load_holders(connection, holders).await?,
            invitations: load_invitations(connection, &Vec::from_iter(codes)).await?,
            legal: legal::Facts::load(connection, candidates).await?,
            policy: policy.map_or(0, |(_, version)| version),
        })
    }

    /// The first precondition that does not hold.
    pub(super) fn first_failed<'a>(&self, candidate: &'a Candidate) -> Option<&'a Precondition> {
        candidate.preconditions.iter().find(|precondition| !self.holds(precondition))
    }

    fn holds(&self, precondition: &Precondition) -> bool {
        match precondition {
            Precondition::Key { thumbprint, version } => self.keys.get(thumbprint) == Some(version),
            Precondition::KeyUnknown(thumbprint) => !self.keys.contains_key(thumbprint),
            Precondition::SubmissionOf { submission, owner, may_be_withdrawn, .. } => {
                match (self.submissions.get(submission), self.drafts.get(submission)) {
                    (Some(known), _) => {
                        known.owner == *owner
                            && (*may_be_withdrawn || !known.withdrawn)
                            && !self.legal.is_ordered(*submission)
                    }
                    (None, Some(Draft::Of(begun_by))) => begun_by == owner,
                    (None, Some(Draft::Abandoned)) => false,
                    (None, None) => true,
                }
            }
            Precondition::LastSaid { submission, at } => {
                self.submissions.get(submission).is_some_and(|known| known.said == *at)
            }
            Precondition::LastScan { submission, at } => {
                self.submissions.get(submission).is_some_and(|known| known.scan == *at)
            }
            Precondition::Standing { submission, said, cleared } => {
                let known = self.submissions.get(submission);
                known.is_some_and(|known| known.said == *said && known.cleared == *cleared)
            }
            Precondition::OnlyKey { person, program, except } => {
                let keys = self.holders.get(&(*person, program.clone()));
                keys.is_none_or(|keys| keys.iter().all(|key| Some(*key) == *except))
            }
            Precondition::InvitationOpen { code_digest, at } => {
                self.invitations.get(code_digest).is_some_and(|expires_at| expires_at > at)
            }
            Precondition::NotHeld { .. }
            | Precondition::NotOrdered { .. }
            | Precondition::Matters { .. }
            | Precondition::HoldInPlace { .. }
            | Precondition::Case { .. } => self.legal.holds(precondition),
            Precondition::Policy { version } => self.policy == *version,
            Precondition::NobodyEnrolled => !self.enrolled,
            Precondition::AdminBesides { thumbprint, program } => {
                self.admins.iter().any(|(admin, theirs)| admin != thumbprint && theirs == program)
            }
        }
    }

    /// What the candidate changes counts for those after it in the same batch.
    pub(super) fn apply(&mut self, candidate: &Candidate, index: LeafIndex) {
        self.said_by_owner(candidate, index);
        for effect in &candidate.effects {
            match effect {
                Effect::EnrolKey { key, roles, program, person, .. } => {
                    self.keys.insert(key.thumbprint(), 1);
                    if let Some(person) = person {
                        let keys = self.holders.entry((*person, program.clone())).or_default();
                        keys.insert(key.thumbprint());
                    }
                    self.enrolled = true;
                    if roles.contains(Role::Admin) {
                        self.admins.insert(key.thumbprint(), program.clone());
                    }
                }
                Effect::RevokeKey(thumbprint) => self.end_key(*thumbprint),
                Effect::HandOver { from, to } => {
                    self.end_key(*from);
                    for known in self.submissions.values_mut() {
                        if known.owner == *from {
                            known.owner = *to;
                        }
                    }
                }
                Effect::UseInvitation { code_digest, .. } => {
                    self.invitations.remove(code_digest);
                }
                Effect::Withdraw { submission, purposes } => {
                    if let Some(known) = self.submissions.get_mut(submission) {
                        known.withdrawn |= purposes.is_none();
                        let left = purposes.map(|purposes| known.cleared.without(purposes));
                        known.cleared = left.unwrap_or_default();
                    }
                }
                Effect::Attested { submission, .. } => {
                    if let Some(known) = self.submissions.get_mut(submission) {
                        known.cleared = PurposeSet::default();
                    }
                }
                Effect::Reviewed { submission, .. } => {
                    if let Some(known) = self.submissions.get_mut(submission) {
                        (known.said, known.cleared) = (index, PurposeSet::default());
                    }
                }
                Effect::Scanned { submission } => {
                    if let Some(known) = self.submissions.get_mut(submission) {
                        known.scan = Some(index);
                    }
                }
                Effect::Cleared { submission, purposes, granted } => {
                    if let Some(known) = self.submissions.get_mut(submission) {
                        let others = known.cleared.without(*purposes);
                        known.cleared = if *granted { others.union(*purposes) } else { others };
                    }
                }
                Effect::PlaceHold { .. }
                | Effect::ReleaseHold(_)
                | Effect::OpenCase { .. }
                | Effect::MoveCase { .. }
                | Effect::OrderErasure { .. } => self.legal.apply(effect, index),
                Effect::AdoptPolicy { version, .. } => self.policy = *version,
                Effect::Unstage { .. }
                | Effect::ApproveKey { .. }
                | Effect::ApproveCase { .. }
                | Effect::Outbox(_)
                | Effect::Erased { .. }
                | Effect::Published { .. } => {}
            }
        }
    }

    fn said_by_owner(&mut self, candidate: &Candidate, index: LeafIndex) {
        for precondition in &candidate.preconditions {
            if let Precondition::SubmissionOf { submission, owner, .. } = precondition {
                self.submissions
                    .entry(*submission)
                    .and_modify(|known| known.said = index)
                    .or_insert(Submission {
                        owner: *owner,
                        withdrawn: false,
                        said: index,
                        scan: None,
                        cleared: PurposeSet::default(),
                    });
            }
        }
    }

    fn end_key(&mut self, thumbprint: Thumbprint) {
        self.admins.remove(&thumbprint);
        for keys in self.holders.values_mut() {
            keys.remove(&thumbprint);
        }
        if let Some(version) = self.keys.get_mut(&thumbprint) {
            *version += 1;
        }
    }
}

async fn load_keys(
    connection: &mut SqliteConnection,
    thumbprints: &[Thumbprint],
) -> Result<HashMap<Thumbprint, u64>, StoreError> {
    let mut keys = HashMap::new();
    for group in row_groups(thumbprints) {
        let sql = format!(
            "WITH asked (thumbprint) AS (VALUES {})
             SELECT signing_keys.thumbprint, version FROM asked
             CROSS JOIN signing_keys ON signing_keys.thumbprint = asked.thumbprint",
            placeholders(1, group.len())
        );
        let query =
            group.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, thumbprint| {
                query.bind(thumbprint.0.as_bytes().as_slice())
            });
        let rows: Vec<(Vec<u8>, i64)> = query.fetch_all(&mut *connection).await?;
        for (thumbprint, version) in rows {
            let thumbprint =
                Hash::from_slice(&thumbprint).ok_or_else(|| corrupt("thumbprint", 0))?;
            let version = u64::try_from(version).map_err(|_| corrupt("key version", 0))?;
            keys.insert(Thumbprint(thumbprint), version);
        }
    }
    Ok(keys)
}

/// What the ledger knows of one submission: its row, and its draft where it has no row yet.
type SubmissionRow = (
    Vec<u8>,
    Option<Vec<u8>>,
    Option<bool>,
    Option<i64>,
    Option<i64>,
    Option<u8>,
    Option<Vec<u8>>,
    Option<bool>,
);

/// Submissions, and drafts of them.
///
/// Joined to a list of values instead of `IN (…)`, which builds a table of its own each time.
async fn load_submissions(
    connection: &mut SqliteConnection,
    ids: &[Uuid],
) -> Result<(HashMap<Uuid, Submission>, HashMap<Uuid, Draft>), StoreError> {
    let (mut submissions, mut drafts) = (HashMap::new(), HashMap::new());
    for group in row_groups(ids) {
        let sql = format!(
            "WITH asked (id) AS (VALUES {})
             SELECT asked.id, submissions.owner, withdrawn, said_index, scan_index, cleared, drafts.owner, state = 'open' FROM asked
             LEFT JOIN submissions ON submissions.id = asked.id
             LEFT JOIN drafts ON drafts.submission = asked.id",
            placeholders(1, group.len())
        );
        let query = group.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, id| {
            query.bind(id.as_bytes().as_slice())
        });
        let rows: Vec<SubmissionRow> = query.fetch_all(&mut *connection).await?;
        for (id, owner, withdrawn, said, scan, cleared, begun_by, open) in rows {
            let id = Uuid::from_slice(&id).map_err(|_| corrupt("submission", 0))?;
            if let (Some(owner), Some(withdrawn), Some(said), Some(cleared)) =
                (owner, withdrawn, said, cleared)
            {
                let owner = Hash::from_slice(&owner).ok_or_else(|| corrupt("submission", 0))?;
                let (owner, said) = (Thumbprint(owner), index_of(said)?);
                let scan = scan.map(index_of).transpose()?;
                let cleared =
                    PurposeSet::from_bits(cleared).ok_or_else(|| corrupt("submission", said.0))?;
                submissions.insert(id, Submission { owner, withdrawn, said, scan, cleared });
            }
            if let (Some(begun_by), Some(open)) = (begun_by, open) {
                let begun_by = Hash::from_slice(&begun_by).ok_or_else(|| corrupt("draft", 0))?;
                let draft = if open { Draft::Of(Thumbprint(begun_by)) } else { Draft::Abandoned };
                drafts.insert(id, draft);
            }
        }
    }
    Ok((submissions, drafts))
}

async fn anybody_enrolled(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM signing_keys)";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

async fn load_admins(
    connection: &mut SqliteConnection,
) -> Result<HashMap<Thumbprint, String>, StoreError> {
    // The pattern only narrows the search; the words decide.
    let rows: Vec<(Vec<u8>, String, String)> = sqlx::query_as(
        "SELECT thumbprint, roles, program FROM signing_keys
         WHERE revoked_index IS NULL AND roles LIKE '%' || ? || '%'",
    )
    .bind(Role::Admin.as_str())
    .fetch_all(connection)
    .await?;
    let mut admins = HashMap::new();
    for (thumbprint, roles, program) in rows {
        let roles = Roles::from_words(&roles).ok_or_else(|| corrupt("role", 0))?;
        let thumbprint = Hash::from_slice(&thumbprint).ok_or_else(|| corrupt("thumbprint", 0))?;
        if roles.contains(Role::Admin) {
            admins.insert(Thumbprint(thumbprint), program);
        }
    }
    Ok(admins)
}

async fn load_holders(
    connection: &mut SqliteConnection,
    asked: HashSet<(Uuid, String)>,
) -> Result<HashMap<(Uuid, String), HashSet<Thumbprint>>, StoreError> {
    let mut holders = HashMap::new();
    for (person, program) in asked {
        let keys = read::keys_of(connection, person).await?;
        let valid = keys.iter().filter(|key| key.revoked.is_none() && key.program == program);
        let valid = valid.map(|key| key.key.thumbprint()).collect();
        holders.insert((person, program), valid);
    }
    Ok(holders)
}

async fn load_invitations(
    connection: &mut SqliteConnection,
    codes: &[Hash],
) -> Result<HashMap<Hash, i64>, StoreError> {
    let mut invitations = HashMap::new();
    for code in codes {
        let expires_at: Option<i64> = sqlx::query_scalar(
            "SELECT expires_at FROM invitations WHERE code_digest = ? AND used_by IS NULL",
        )
        .bind(code.as_bytes().as_slice())
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(expires_at) = expires_at {
            invitations.insert(*code, expires_at);
        }
    }
    Ok(invitations)
}
