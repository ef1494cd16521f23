//! Reading what is stored, for those who may.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    drafts::no_submission,
};
use crate::{
    store::{
        ledger::{EntryRecord, KeyRecord, StoredPayload, SubmissionRecord},
        people::WorkFilter,
    },
    vault::open_payload,
};

impl Service {
    /// One entry.
    ///
    /// # Errors
    /// [`ServiceError::Beyond`] or a failing store.
    pub async fn entry(&self, index: LeafIndex) -> Result<EntryRecord, ServiceError> {
        let size = self.log.head().size;
        if index.0 >= size.0 {
            return Err(ServiceError::Beyond { index, size });
        }
        let entry = self.ledger.entries(index, 1).await?.into_iter().next();
        entry.filter(|entry| entry.index == index).ok_or(ServiceError::Beyond { index, size })
    }

    /// The submission with its owner's key, if the rules let the caller do this to it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also when it exists but reading about it is not for the caller, so
    /// that ids cannot be probed; [`ServiceError::Forbidden`] for a caller who may read about it.
    pub async fn submission_for(
        &self,
        caller: &KeyRecord,
        action: Action,
        submission: Uuid,
    ) -> Result<(SubmissionRecord, Arc<KeyRecord>), ServiceError> {
        let not_found = || no_submission(submission);
        let record = self.ledger.submission(submission).await?.ok_or_else(not_found)?;
        let owner = self.key(record.owner).await?;
        let caller = self.as_heir_of(caller, record.owner).await?;
        let thing = Thing::Submission(&record, &owner);
        self.authorize(Some(&caller), Action::ReadSubmission, thing).map_err(|_| not_found())?;
        if action != Action::ReadSubmission {
            self.authorize(Some(&caller), action, thing)?;
        }
        Ok((record, owner))
    }

    /// A key as it stands to an owner: where keys were lost one after the other, the last one
    /// replaces each of those before it.
    pub(super) async fn as_heir_of<'a>(
        &self,
        key: &'a KeyRecord,
        owner: Thumbprint,
    ) -> Result<Cow<'a, KeyRecord>, ServiceError> {
        let mut lost = key.replaces;
        while let Some(earlier) = lost.filter(|earlier| *earlier != owner) {
            lost = self.key(earlier).await?.replaces;
        }
        Ok(match lost {
            Some(_) if lost != key.replaces => {
                Cow::Owned(KeyRecord { replaces: lost, ..key.clone() })
            }
            _ => Cow::Borrowed(key),
        })
    }

    /// What a program received, newest first, at most `limit` opened before `before`.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or a failing store.
    pub async fn work_list(
        &self,
        caller: &KeyRecord,
        program: &str,
        filter: WorkFilter,
        before: LeafIndex,
        limit: u32,
    ) -> Result<Vec<SubmissionRecord>, ServiceError> {
        self.authorize(Some(caller), Action::ListSubmissions, Thing::Program(program))?;
        Ok(self.ledger.people().submissions_in(program, filter, before, limit).await?)
    }

    /// The payload of an entry about `submission`, and whether it was sealed; `None` once erased.
    ///
    /// # Errors
    /// A failing store or vault.
    pub async fn payload_of(
        &self,
        submission: Uuid,
        index: LeafIndex,
    ) -> Result<Option<(Vec<u8>, bool)>, ServiceError> {
        Ok(self.payloads_of(submission, &[index]).await?.pop().flatten())
    }

    /// As [`Service::payload_of`], for several entries in the order given.
    ///
    /// # Errors
    /// A failing store or vault.
    pub(super) async fn payloads_of(
        &self,
        submission: Uuid,
        indices: &[LeafIndex],
    ) -> Result<Vec<Option<(Vec<u8>, bool)>>, ServiceError> {
        let mut keys = HashMap::new();
        let mut payloads = Vec::with_capacity(indices.len());
        for stored in self.ledger.payloads(indices).await? {
            payloads.push(match stored {
                None => None,
                Some((_, StoredPayload::Public(bytes))) => Some((bytes, false)),
                Some((digest, StoredPayload::Sealed { under, body })) => {
                    let under = under.unwrap_or(submission);
                    let key = match keys.entry(under) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(new) => new.insert(self.vault.existing_key(under).await?),
                    };
                    Some((open_payload(key, under, &digest, &body)?.to_vec(), true))
                }
            });
        }
        Ok(payloads)
    }

    /// A published payload (genesis, policy, keys, status) by its digest.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] or a failing store.
    pub async fn public_payload(&self, digest: Hash) -> Result<Vec<u8>, ServiceError> {
        let not_found = ServiceError::NotFound { what: "published payload", id: digest.to_hex() };
        self.ledger.public_payload(digest).await?.ok_or(not_found)
    }
}
