//! Everything the log says about one submission, in order.

use attestry_policy::words::State;
use attestry_proof::{
    cose::{SignedStatement, Subject},
    custody::{self, PayloadState},
    hash::Hash,
    key::Thumbprint,
    payload::{
        Payload, StatementKind,
        access::{AccessAct, AccessObject},
        fields::Timestamp,
    },
    size::LeafIndex,
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    access::Stated,
    authorize::{Action, Thing},
};
use crate::store::ledger::{EntryRecord, KeyRecord, SubmissionRecord};

/// Most events of one answer.
pub const CUSTODY_EVENTS_MAX: u32 = 1000;

/// Events whose payloads are read at once: up to 64 KiB each.
pub(super) const EVENTS_PER_QUESTION: usize = 64;

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
    /// What it says, line by line; `None` if the payload was erased or is not for the caller: who looked,
    /// what is locked or held, and the record of what was erased.
    pub summary: Option<Vec<(&'static str, String)>>,
    /// The same in the fields of a chain of custody.
    pub record: custody::CustodyEvent,
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
        stated: &Stated,
    ) -> Result<Vec<CustodyEvent>, ServiceError> {
        let opened = (AccessAct::View, AccessObject::Record);
        let record =
            self.open_sealed(caller, Action::ReadSubmission, submission, opened, stated).await?;
        let owner = self.key(record.owner).await?;
        let reader = Reader::of(self, caller, (&record, &owner));
        let subject = Subject::Submission(submission);
        let mut entries = self.ledger.entries_about(subject, from, CUSTODY_EVENTS_MAX).await?;
        let mut previous = match entries.first() {
            None => return Ok(Vec::new()),
            Some(first) => self.ledger.last_about(subject, first.index).await?,
        }
        .map(|entry| entry.leaf_hash);
        let mut events = Vec::with_capacity(entries.len());
        while !entries.is_empty() {
            let rest = entries.split_off(entries.len().min(EVENTS_PER_QUESTION));
            let indices: Vec<LeafIndex> = entries.iter().map(|entry| entry.index).collect();
            let times = self.ledger.committed_at(&indices).await?;
            let payloads = self.payloads_of(submission, &indices).await?;
            for ((entry, time), payload) in entries.into_iter().zip(times).zip(payloads) {
                events.push(custody_event(&entry, previous, time, payload, &reader)?);
                previous = Some(entry.leaf_hash);
            }
            entries = rest;
        }
        Ok(events)
    }
}

/// What a reader is told of what statements say.
struct Reader {
    /// What is sealed.
    sealed: bool,
    /// Who opened what.
    accesses: bool,
}

impl Reader {
    fn of(service: &Service, caller: &KeyRecord, about: (&SubmissionRecord, &KeyRecord)) -> Self {
        let (record, owner) = about;
        let accesses = service.may_read_accesses(caller, record);
        let sealed = match record.state() {
            // What is left is the record of what others did: for officers and auditors.
            State::Erased => accesses,
            // What may not be read may not be read in lines either.
            _ if record.quarantined || record.held => {
                let thing = Thing::Submission(record, owner);
                service.authorize(Some(caller), Action::ReadContent, thing).is_ok()
            }
            _ => true,
        };
        Self { sealed, accesses }
    }

    fn reads(&self, kind: StatementKind) -> bool {
        match kind {
            StatementKind::Access => self.sealed && self.accesses,
            kind => self.sealed || !kind.is_sealed(),
        }
    }
}

fn custody_event(
    entry: &EntryRecord,
    previous: Option<Hash>,
    logged_at_ms: Option<i64>,
    payload: Option<(Vec<u8>, bool)>,
    reader: &Reader,
) -> Result<CustodyEvent, ServiceError> {
    let statement = SignedStatement::parse_entry(&entry.entry)?;
    let payload = payload.map(|(bytes, sealed)| Payload::parse(&bytes, sealed)).transpose()?;
    let shown = match &payload {
        None => Err(PayloadState::Erased),
        Some(payload) if reader.reads(payload.kind()) => Ok(payload),
        Some(_) => Err(PayloadState::Withheld),
    };
    let logged_at = logged_at(logged_at_ms)?;
    let record = custody::CustodyEvent::of(&statement, entry.index, previous, logged_at, shown);
    Ok(CustodyEvent {
        index: entry.index,
        leaf_hash: entry.leaf_hash,
        previous,
        issuer: statement.header().issuer,
        issued_at: entry.issued_at,
        logged_at_ms: logged_at_ms.unwrap_or(0),
        payload_digest: statement.payload_digest(),
        kind: payload.as_ref().map(Payload::kind),
        summary: shown.ok().map(Payload::summary),
        record,
    })
}

/// When a batch was committed, in whole seconds.
pub(super) fn logged_at(milliseconds: Option<i64>) -> Result<Timestamp, ServiceError> {
    let seconds = milliseconds.map_or(0, |milliseconds| milliseconds.div_euclid(1000));
    Timestamp::from_unix_seconds(seconds).ok_or(ServiceError::Malformed {
        what: "time",
        reason: "an entry was logged outside the years 0 to 9999".into(),
    })
}
