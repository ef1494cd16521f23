//! Destroying what was ordered to be destroyed.
//!
//! An order is in the log and in the journal before anything happens. Then, for many orders at once:
//! fingerprints of the files are kept, the keys are destroyed, the objects, records and payloads are
//! deleted and overwritten, every surviving key moves to a new key-encryption key and the older ones
//! are destroyed. Only then is it `erased`. Each step can be done again after a crash.

use std::collections::{HashMap, HashSet};

use attestry_proof::{
    cose::Subject,
    hash::Hash,
    payload::{
        Payload, Record,
        case::CaseChannel,
        erasure::{Erased, ErasureOrdered, ErasureScope},
        fields::{Digest, Salt, SubmissionId, Timestamp},
    },
    size::LeafIndex,
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{Service, ServiceError, genesis::timestamp, own_ids::own_id, status::left_for_later};
use crate::{
    log::{
        LogError,
        journal::{JournalError, JournalRecord},
    },
    store::{
        keyring::Epoch,
        ledger::{Effect, Precondition},
        legal::{ConcernedSubmission, ErasureCounts, ErasureRecord},
    },
    vault::SubmissionKey,
};

/// Orders carried out together: they share one change of the key-encryption key.
const PAGE: u32 = 10_000;
/// Seconds after which an order that could not be carried out is tried again.
const RETRY_AFTER_S: i64 = 60;
/// Statements in flight at once.
const STATEMENTS_AT_ONCE: usize = 512;
/// Days after which no backup of the keyring or of the key-encryption keys may exist any more; see
/// docs/OPERATIONS.md.
pub const KEY_BACKUPS_KEPT_DAYS: i64 = 35;
/// Fewest bytes of a file that is refused when it comes back.
const REFUSED_BYTES_MIN: u64 = 1_024;
/// Whose key fingerprints of erased files are made with: that of an id nobody has.
pub(super) const REFUSED_FILES: Uuid = own_id(*b"attestry-refused");

/// What a decision to erase rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    /// The case.
    pub case: Uuid,
    /// Leaf hash of the decision.
    pub decision: Hash,
    /// Leaf hash of the other officer's agreement.
    pub approval: Hash,
}

impl Service {
    /// Orders what nothing stops any more. What a hold is on is left: it is found again once the
    /// hold is released.
    pub(super) async fn order_erasure(
        &self,
        decision: Decision,
        target: ConcernedSubmission,
    ) -> Result<(), ServiceError> {
        let submission = target.submission;
        let scope = match &target.files {
            None => ErasureScope::Everything,
            Some(files) => ErasureScope::Files(files.iter().copied().map(Digest).collect()),
        };
        let body = ErasureOrdered {
            subject: SubmissionId(submission),
            case: SubmissionId(decision.case),
            scope,
            decision: Digest(decision.decision),
            approval: Digest(decision.approval),
            ordered_at: timestamp(self.clock.now())?,
        };
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        let unstopped =
            vec![Precondition::NotHeld { submission }, Precondition::NotOrdered { submission }];
        let effect = Effect::OrderErasure { case: decision.case, target };
        let subject = Subject::Submission(submission);
        self.state_sealed(subject, &payload, (unstopped, vec![effect])).await.map(drop)
    }

    /// Carries out every order that is not carried out in full; answers with how many. One that cannot
    /// be, because an object of it cannot be deleted, keeps no other waiting.
    ///
    /// # Errors
    /// A failing journal, store, vault or log; what is left is found again.
    pub async fn erase_due(&self) -> Result<u64, ServiceError> {
        let (mut done, mut after) = (0, None);
        loop {
            let orders = self.ledger.legal().erasures_pending(after, PAGE).await?;
            let Some(last) = orders.last() else { return Ok(done) };
            after = Some(last.ordered);
            let now = self.now();
            let (due, stuck): (Vec<_>, Vec<_>) = {
                let retries = self.stuck_orders.lock();
                let is_due =
                    |it: &ErasureRecord| retries.get(&it.ordered).is_none_or(|at| *at <= now);
                orders.into_iter().partition(is_due)
            };
            tracing::debug!(due = due.len(), stuck = stuck.len(), "orders to erase");
            if !due.is_empty() {
                done += self.erase(&due).await?;
            }
        }
    }

    async fn erase(&self, orders: &[ErasureRecord]) -> Result<u64, ServiceError> {
        self.journal(orders).await?;
        let counts = self.count(orders).await?;
        self.keep_fingerprints(orders).await?;
        let left = self.destroy(orders.iter().map(|order| &order.target)).await?;
        let counted = orders.iter().zip(counts);
        let erased: Vec<_> =
            counted.filter(|(order, _)| !left.contains(&order.target.submission)).collect();
        if erased.is_empty() && self.are_stuck(orders) {
            // Nothing was destroyed that was not when it was tried before.
            self.note_stuck(orders, &left);
            return Ok(0);
        }
        let epoch = self.vault.rotate_keys().await?;
        self.note_stuck(orders, &left);
        for page in erased.chunks(STATEMENTS_AT_ONCE) {
            let stated =
                page.iter().map(|(order, counts)| self.state_erased(order, *counts, epoch));
            for stated in join_all(stated).await {
                stated?;
            }
            let words = page.iter().map(|(order, _)| async move {
                let submission = order.target.submission;
                left_for_later(submission, self.publish_status(submission).await);
            });
            join_all(words).await;
        }
        // Those statements blanked what the journal's records still needed: digests of single files.
        self.ledger.legal().settle().await?;
        tracing::info!(orders = erased.len(), %epoch, "erased");
        Ok(erased.len() as u64)
    }

    fn are_stuck(&self, orders: &[ErasureRecord]) -> bool {
        let stuck = self.stuck_orders.lock();
        orders.iter().all(|order| stuck.contains_key(&order.ordered))
    }

    /// What cannot be carried out now is tried again after a while.
    fn note_stuck(&self, orders: &[ErasureRecord], left: &HashSet<Uuid>) {
        let mut stuck = self.stuck_orders.lock();
        for order in orders {
            if left.contains(&order.target.submission) {
                stuck.insert(order.ordered, self.now() + RETRY_AFTER_S);
            } else {
                stuck.remove(&order.ordered);
            }
        }
    }

    /// The journal has every order before anything is destroyed.
    async fn journal(&self, orders: &[ErasureRecord]) -> Result<(), ServiceError> {
        let (mut positions, mut records) = (Vec::<LeafIndex>::new(), Vec::new());
        for order in orders.iter().filter(|order| !order.journalled) {
            let files = match &order.target.files {
                Some(files) => Some(self.file_fingerprints(files).await?),
                None => None,
            };
            let (ordered, submission) = (order.ordered, order.target.submission);
            records.push(JournalRecord { submission, ordered, leaf: order.leaf, files });
            positions.push(ordered);
        }
        self.log.journal().append(&records)?;
        Ok(self.ledger.legal().note_journalled(&positions).await?)
    }

    /// Counts what there is, once, so that the statement is right also after a crash in between.
    async fn count(&self, orders: &[ErasureRecord]) -> Result<Vec<ErasureCounts>, ServiceError> {
        let mut all = Vec::with_capacity(orders.len());
        let mut new = Vec::new();
        for order in orders {
            let counts = match order.counted {
                Some(counts) => counts,
                None => {
                    let counts = self.count_one(&order.target).await?;
                    new.push((order.ordered, counts));
                    counts
                }
            };
            all.push(counts);
        }
        self.ledger.legal().note_counted(&new).await?;
        Ok(all)
    }

    async fn count_one(&self, target: &ConcernedSubmission) -> Result<ErasureCounts, ServiceError> {
        let submission = target.submission;
        match &target.files {
            None => {
                let (files, objects) = self.vault.content_of(submission).await?;
                let payloads = self.ledger.legal().payloads_under(&[submission]).await?;
                // One key for each file, and the submission's own.
                let keys = files.len() as u64 + 1;
                let payloads = payloads.first().copied().unwrap_or_default();
                Ok(ErasureCounts { keys, objects, payloads })
            }
            Some(files) => {
                let stored = self.vault.stored(submission, files).await?.len() as u64;
                Ok(ErasureCounts { keys: stored, objects: stored, payloads: 0 })
            }
        }
    }

    /// Keeps what lets the service refuse the same files again, where somebody objected to them. Whoever
    /// takes their own consent back may think again; and a file of a few bytes is nobody's in particular.
    async fn keep_fingerprints(&self, orders: &[ErasureRecord]) -> Result<(), ServiceError> {
        let mut fingerprints = Vec::new();
        let mut objections: HashMap<Uuid, bool> = HashMap::new();
        for order in orders {
            let objected = match objections.get(&order.case) {
                Some(known) => *known,
                None => self.is_objection(order.case).await?,
            };
            objections.insert(order.case, objected);
            let submission = order.target.submission;
            // The rest of the submission stays, and its list of files: this one does not come back to it.
            if let Some(files) = &order.target.files {
                fingerprints.extend(self.fingerprints(Some(submission), files).await?);
            }
            if !objected {
                continue;
            }
            let files = match &order.target.files {
                Some(files) => self.vault.stored(submission, files).await?,
                None => self.vault.content_of(submission).await?.0,
            };
            let mut telling = Vec::with_capacity(files.len());
            for file in files {
                let stored = self.vault.file_record(submission, file).await?;
                if stored.is_some_and(|stored| stored.size >= REFUSED_BYTES_MIN) {
                    telling.push(file);
                }
            }
            fingerprints.extend(self.fingerprints(None, &telling).await?);
        }
        Ok(self.ledger.legal().refuse_files(&fingerprints).await?)
    }

    /// Whether somebody objects, rather than the contractor or the program by itself.
    async fn is_objection(&self, case: Uuid) -> Result<bool, ServiceError> {
        let channel = self.ledger.legal().case(case).await?.map(|case| case.channel);
        Ok(!matches!(channel, Some(CaseChannel::Withdrawal | CaseChannel::Retention)))
    }

    /// Keyed, so that nobody tests guesses without the key: of files wherever they are, or in one
    /// submission.
    async fn fingerprints(
        &self,
        within: Option<Uuid>,
        files: &[Hash],
    ) -> Result<Vec<Hash>, ServiceError> {
        let key = self.vault.submission_key(REFUSED_FILES).await?;
        let fingerprint = |file: &Hash| match within {
            None => key.fingerprint("attestry/refused-file/v1", &file.to_hex()),
            Some(id) => fingerprint_here(&key, id, file),
        };
        Ok(files.iter().map(fingerprint).collect())
    }

    async fn file_fingerprints(&self, files: &[Hash]) -> Result<Vec<Hash>, ServiceError> {
        self.fingerprints(None, files).await
    }

    /// Refuses files that were erased from this submission while the rest of it stayed.
    ///
    /// # Errors
    /// As [`Service::refuse_erased`].
    pub async fn refuse_erased_here(
        &self,
        submission: Uuid,
        files: &[Hash],
    ) -> Result<(), ServiceError> {
        let fingerprints = self.fingerprints(Some(submission), files).await?;
        self.refuse(&fingerprints, files).await
    }

    /// Refuses files that were erased: the same bytes do not come back. Ask it about bytes that are there,
    /// so that nobody learns from a digest alone what was erased.
    ///
    /// # Errors
    /// [`ServiceError::FileErased`], or a failing store or vault.
    pub async fn refuse_erased(&self, files: &[Hash]) -> Result<(), ServiceError> {
        let fingerprints = self.file_fingerprints(files).await?;
        self.refuse(&fingerprints, files).await
    }

    async fn refuse(&self, fingerprints: &[Hash], files: &[Hash]) -> Result<(), ServiceError> {
        let refused = self.ledger.legal().refused(fingerprints).await?;
        let known = fingerprints.iter().zip(files).find(|(it, _)| refused.contains(it));
        match known {
            Some((_, file)) => Err(ServiceError::FileErased { sha256: *file }),
            None => Ok(()),
        }
    }

    /// Destroys keys, objects, records and payloads, and leaves no copy of them in the live files.
    /// Answers with the submissions of which an object is left: no key opens it.
    async fn destroy(
        &self,
        targets: impl Iterator<Item = &ConcernedSubmission>,
    ) -> Result<HashSet<Uuid>, ServiceError> {
        let (mut whole, mut files) = (Vec::new(), Vec::new());
        for target in targets {
            match &target.files {
                None => whole.push(target.submission),
                Some(some) => files.extend(some.iter().map(|file| (target.submission, *file))),
            }
        }
        let mut left = self.vault.erase_submissions(&whole).await?;
        for (submission, file) in files {
            if let Err(error) = self.vault.erase_file(submission, file).await {
                left.push((submission, error));
            }
        }
        for (submission, error) in &left {
            tracing::error!(%submission, %error, "is not erased in full; see to it that it can be");
        }
        self.ledger.legal().forget_content(&whole).await?;
        self.ledger.legal().settle().await?;
        Ok(left.into_iter().map(|(submission, _)| submission).collect())
    }

    async fn state_erased(
        &self,
        order: &ErasureRecord,
        counts: ErasureCounts,
        epoch: Epoch,
    ) -> Result<(), ServiceError> {
        let submission = order.target.submission;
        let now = timestamp(self.clock.now())?;
        let until = now.unix_seconds() + KEY_BACKUPS_KEPT_DAYS * 24 * 3600;
        let body = Erased {
            subject: SubmissionId(submission),
            case: SubmissionId(order.case),
            order: Digest(order.leaf),
            keys_destroyed: counts.keys,
            objects_deleted: counts.objects,
            payloads_deleted: counts.payloads,
            key_epoch: epoch.0,
            erased_at: now,
            beyond_backups_from: Timestamp::from_unix_seconds(until).ok_or_else(|| {
                ServiceError::Malformed { what: "clock", reason: "it is beyond year 9999".into() }
            })?,
        };
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        let whole = order.target.files.is_none();
        let effect = Effect::Erased { order: order.ordered, submission, whole };
        let subject = Subject::Submission(submission);
        self.state_sealed(subject, &payload, (vec![], vec![effect])).await.map(drop)
    }

    /// Carries out again whatever the journal has and a restored backup brought back; before anything
    /// is served. Answers with how many submissions and files that were.
    ///
    /// # Errors
    /// [`JournalError::OrderMissing`] if this is not the journal of the log; a failing store or vault.
    pub async fn replay_journal(&self) -> Result<u64, ServiceError> {
        // Made at the first start, so that every backup of the keyring has it: with another key nothing
        // that was erased would be recognised when it comes back.
        self.vault.submission_key(REFUSED_FILES).await?;
        let journal = self.log.journal();
        let records = journal.records()?;
        self.require_journal(&records).await?;
        let whole: Vec<Uuid> =
            records.iter().filter(|it| it.files.is_none()).map(|it| it.submission).collect();
        let mut back: HashSet<Uuid> = self.vault.not_destroyed(&whole).await?.into_iter().collect();
        let payloads = self.ledger.legal().payloads_under(&whole).await?;
        let left = whole.iter().zip(payloads).filter(|(_, payloads)| *payloads > 0);
        back.extend(left.map(|(submission, _)| *submission));
        let mut targets: Vec<ConcernedSubmission> = Vec::new();
        targets.extend(back.iter().map(|it| ConcernedSubmission { submission: *it, files: None }));
        for record in records.iter().filter(|record| !back.contains(&record.submission)) {
            let (Some(erased), submission) = (&record.files, record.submission) else { continue };
            let (stored, _) = self.vault.content_of(submission).await?;
            let fingerprints = self.file_fingerprints(&stored).await?;
            let back = stored.into_iter().zip(fingerprints).filter(|(_, it)| erased.contains(it));
            let files: Vec<Hash> = back.map(|(file, _)| file).collect();
            if !files.is_empty() {
                targets.push(ConcernedSubmission { submission, files: Some(files) });
            }
        }
        if targets.is_empty() && !journal.is_replaying() {
            return Ok(0);
        }
        // A crash from here on leaves the mark: what is destroyed then is not found again, but old keys
        // and objects without a record may be left.
        journal.note_replaying(true)?;
        let left = self.destroy(targets.iter()).await?;
        self.vault.rotate_keys().await?;
        // The ledger that knew which objects were theirs may have forgotten long ago.
        let objects = self.vault.delete_unrecorded().await?;
        if left.is_empty() {
            journal.note_replaying(false)?;
        }
        tracing::warn!(
            targets = targets.len(),
            objects,
            "a restored backup had what was erased; erased again"
        );
        Ok(targets.len() as u64)
    }

    /// Every order that the database knows to be in the journal has to be there.
    async fn require_journal(&self, records: &[JournalRecord]) -> Result<(), ServiceError> {
        let known: HashSet<(LeafIndex, Hash)> =
            records.iter().map(|record| (record.ordered, record.leaf)).collect();
        let mut after = -1;
        loop {
            let page = self.ledger.legal().journalled_after(after, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = i64::try_from(last.0).unwrap_or(i64::MAX);
            if let Some((ordered, _)) = page.iter().find(|order| !known.contains(order)) {
                let path = self.log.journal().path().to_path_buf();
                return Err(JournalError::OrderMissing { path, ordered: *ordered }.into());
            }
        }
    }
}

/// Fingerprint of a file within one submission.
pub(super) fn fingerprint_here(key: &SubmissionKey, submission: Uuid, file: &Hash) -> Hash {
    key.fingerprint("attestry/erased-file/v1", &format!("{submission} {file}"))
}

/// Whether an order was refused because something stops it.
pub(super) fn is_stopped(error: &ServiceError) -> bool {
    matches!(
        error,
        ServiceError::Log(LogError::Stale(
            Precondition::NotHeld { .. } | Precondition::NotOrdered { .. }
        ))
    )
}
