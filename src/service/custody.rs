//! Everything the log says about one submission, in order.

use attestry_proof::{
    cose::{SignedStatement, Subject},
    hash::Hash,
    key::Thumbprint,
    payload::{Payload, StatementKind},
    size::LeafIndex,
};
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::store::ledger::{EntryRecord, KeyRecord};

/// Most events of one answer.
pub const CUSTODY_EVENTS_MAX: u32 = 1000;

/// One event: a statement about the submission.
#[derive(Clone, Debug)]
pub struct CustodyEvent {
    /// Its position.
    pub index: LeafIndex,
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Leaf hash of the event before it, about the same submission.
    pub previous: Option<Hash>,
    /// Who signed.
    pub issuer: Thumbprint,
    /// Unix seconds, as claimed by the signer.
    pub issued_at: i64,
    /// Unix milliseconds at which its batch was committed, by the service's clock.
    pub logged_at_ms: i64,
    /// SHA-256 of its payload.
    pub payload_digest: Hash,
    /// What it is; `None` if the payload was erased.
    pub kind: Option<StatementKind>,
    /// What it says, line by line; `None` if the payload was erased.
    pub summary: Option<Vec<(&'static str, String)>>,
}

impl Service {
    /// The events of a submission that the caller may read, from position `from` on.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] or a failing store.
    pub async fn custody(
        &self,
        caller: &KeyRecord,
        submission: Uuid,
        from: LeafIndex,
    ) -> Result<Vec<CustodyEvent>, ServiceError> {
        self.readable_submission(caller, submission).await?;
        let subject = Subject::Submission(submission);
        let mut events = Vec::new();
        let (mut previous, mut next) = (None, LeafIndex(0));
        // From the first event on, since each names the one before it.
        loop {
            let page = self.ledger.entries_about(subject, next, CUSTODY_EVENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(events) };
            next = LeafIndex(last.index.0 + 1);
            for entry in page {
                let leaf_hash = entry.leaf_hash;
                if entry.index >= from {
                    events.push(self.custody_event(submission, entry, previous).await?);
                }
                if events.len() == CUSTODY_EVENTS_MAX as usize {
                    return Ok(events);
                }
                previous = Some(leaf_hash);
            }
        }
    }

    async fn custody_event(
        &self,
        submission: Uuid,
        entry: EntryRecord,
        previous: Option<Hash>,
    ) -> Result<CustodyEvent, ServiceError> {
        let statement = SignedStatement::parse_entry(&entry.entry)?;
        let batch = self.ledger.batch_of(entry.index).await?;
        let payload = self.payload_of(submission, entry.index).await?;
        let payload: Option<Payload> = match payload {
            Some((bytes, sealed)) => Some(Payload::parse(&bytes, sealed)?),
            None => None,
        };
        Ok(CustodyEvent {
            index: entry.index,
            leaf_hash: entry.leaf_hash,
            previous,
            issuer: statement.header().issuer,
            issued_at: entry.issued_at,
            logged_at_ms: batch.map_or(0, |batch| batch.committed_at_ms),
            payload_digest: statement.payload_digest(),
            kind: payload.as_ref().map(Payload::kind),
            summary: payload.as_ref().map(Payload::summary),
        })
    }
}
