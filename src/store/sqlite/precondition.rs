//! Facts that judgements rested on, read again under the head's lock.

use std::collections::{HashMap, HashSet};

use attestry_proof::{hash::Hash, key::Thumbprint};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    append::{placeholders, row_groups},
    read::{self, corrupt},
};
use crate::store::ledger::{Candidate, Effect, Precondition, StoreError};

struct Submission {
    owner: Thumbprint,
    withdrawn: bool,
}

/// State of everything that a batch's preconditions name, kept current while the batch is decided.
pub(super) struct Facts {
    keys: HashMap<Thumbprint, u64>,
    submissions: HashMap<Uuid, Submission>,
    /// Expiry of the invitations that are still open.
    invitations: HashMap<Hash, i64>,
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
        let mut asks_policy = false;
        for precondition in candidates.iter().flat_map(|candidate| &candidate.preconditions) {
            match precondition {
                Precondition::Key { thumbprint, .. } | Precondition::KeyUnknown(thumbprint) => {
                    keys.insert(*thumbprint);
                }
                Precondition::SubmissionOf { submission, .. } => {
                    submissions.insert(*submission);
                }
                Precondition::InvitationOpen { code_digest, .. } => {
                    codes.insert(*code_digest);
                }
                Precondition::Policy { .. } => asks_policy = true,
            }
        }
        let policy = if asks_policy { read::policy(connection).await? } else { None };
        Ok(Self {
            keys: load_keys(connection, &Vec::from_iter(keys)).await?,
            submissions: load_submissions(connection, &Vec::from_iter(submissions)).await?,
            invitations: load_invitations(connection, &Vec::from_iter(codes)).await?,
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
            Precondition::SubmissionOf { submission, owner, may_be_withdrawn } => {
                self.submissions.get(submission).is_none_or(|known| {
                    known.owner == *owner && (*may_be_withdrawn || !known.withdrawn)
                })
            }
            Precondition::InvitationOpen { code_digest, at } => {
                self.invitations.get(code_digest).is_some_and(|expires_at| expires_at > at)
            }
            Precondition::Policy { version } => self.policy == *version,
        }
    }

    /// What the candidate changes counts for those after it in the same batch.
    pub(super) fn apply(&mut self, candidate: &Candidate) {
        for precondition in &candidate.preconditions {
            if let Precondition::SubmissionOf { submission, owner, .. } = precondition {
                self.submissions
                    .entry(*submission)
                    .or_insert(Submission { owner: *owner, withdrawn: false });
            }
        }
        for effect in &candidate.effects {
            match effect {
                Effect::EnrolKey { key, .. } => {
                    self.keys.insert(key.thumbprint(), 1);
                }
                Effect::RevokeKey(thumbprint) => {
                    if let Some(version) = self.keys.get_mut(thumbprint) {
                        *version += 1;
                    }
                }
                Effect::UseInvitation { code_digest, .. } => {
                    self.invitations.remove(code_digest);
                }
                Effect::Withdraw(submission) => {
                    if let Some(known) = self.submissions.get_mut(submission) {
                        known.withdrawn = true;
                    }
                }
                Effect::AdoptPolicy { version, .. } => self.policy = *version,
                Effect::Unstage { .. } => {}
            }
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
            "SELECT thumbprint, version FROM signing_keys WHERE thumbprint IN {}",
            placeholders(group.len(), 1)
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

async fn load_submissions(
    connection: &mut SqliteConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Submission>, StoreError> {
    let mut submissions = HashMap::new();
    for group in row_groups(ids) {
        let sql = format!(
            "SELECT id, owner, withdrawn FROM submissions WHERE id IN {}",
            placeholders(group.len(), 1)
        );
        let query = group.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, id| {
            query.bind(id.as_bytes().as_slice())
        });
        let rows: Vec<(Vec<u8>, Vec<u8>, bool)> = query.fetch_all(&mut *connection).await?;
        for (id, owner, withdrawn) in rows {
            let id = Uuid::from_slice(&id).map_err(|_| corrupt("submission", 0))?;
            let owner =
                Thumbprint(Hash::from_slice(&owner).ok_or_else(|| corrupt("submission", 0))?);
            submissions.insert(id, Submission { owner, withdrawn });
        }
    }
    Ok(submissions)
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
