//! A ledger, a guard and signers that fail when they are told to.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use attestry::{
    keys::{SignError, Signer},
    log::{
        guard::{Guard, GuardError},
        journal::Journal,
    },
    store::ledger::{
        AppendError, Appended, BatchId, BatchRecord, Candidate, DraftOutcome, DraftRecord,
        EntryRecord, Head, Invitation, KeyRecord, Ledger, ManifestRecord, PayloadRecord,
        StoreError, StoredPayload, SubmissionRecord,
    },
    store::{legal::Legal, outbox::Outbox, people::People, sessions::Sessions},
};
use attestry_proof::{
    cose::Subject,
    hash::Hash,
    key::{PublicKey, SIGNATURE_BYTES, Thumbprint},
    log::{edge::Edge, tile::TileId},
    size::{LeafIndex, TreeSize},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use uuid::Uuid;

/// What goes wrong with the next batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerFault {
    /// It is not written, and the ledger says so.
    NotWritten,
    /// It is not written, and nobody knows.
    LostBeforeCommit,
    /// It is written, and nobody knows.
    LostAfterCommit,
    /// It is not written, and from then on the ledger answers nothing.
    SilentBeforeCommit,
    /// It is written, and from then on the ledger answers nothing.
    SilentAfterCommit,
}

/// A ledger with faults ahead.
pub struct FaultyLedger<L> {
    inner: L,
    faults: Mutex<VecDeque<LedgerFault>>,
    silent: AtomicBool,
}

fn broken() -> StoreError {
    StoreError::Engine(sqlx::Error::WorkerCrashed)
}

impl<L: Ledger> FaultyLedger<L> {
    pub fn new(inner: L) -> Self {
        Self { inner, faults: Mutex::default(), silent: AtomicBool::new(false) }
    }

    /// The next batch meets this fault.
    pub fn fail_next(&self, fault: LedgerFault) {
        self.faults.lock().unwrap().push_back(fault);
    }

    pub fn inner(&self) -> &L {
        &self.inner
    }

    async fn append(
        &self,
        batch: BatchId,
        at_ms: i64,
        candidates: &[Candidate],
    ) -> Result<Appended, AppendError> {
        let fault = self.faults.lock().unwrap().pop_front();
        let append = self.inner.append_batch(batch, at_ms, candidates);
        match fault {
            None => append.await,
            Some(LedgerFault::NotWritten) => Err(AppendError::NotCommitted(broken())),
            Some(LedgerFault::LostBeforeCommit) => Err(AppendError::Unknown(broken())),
            Some(LedgerFault::SilentBeforeCommit) => {
                self.silent.store(true, Ordering::SeqCst);
                Err(AppendError::Unknown(broken()))
            }
            Some(fault @ (LedgerFault::LostAfterCommit | LedgerFault::SilentAfterCommit)) => {
                append.await?;
                self.silent.store(fault == LedgerFault::SilentAfterCommit, Ordering::SeqCst);
                Err(AppendError::Unknown(broken()))
            }
        }
    }

    /// The inner ledger's answer, unless it has fallen silent.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        async move { if self.silent.load(Ordering::SeqCst) { Err(broken()) } else { answer.await } }
            .boxed()
    }
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl<L: Ledger> Ledger for FaultyLedger<L> {
    fn append_batch<'a>(
        &'a self,
        batch: BatchId,
        at_ms: i64,
        candidates: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Appended, AppendError>> {
        self.append(batch, at_ms, candidates).boxed()
    }

    fn legal(&self) -> &dyn Legal {
        self.inner.legal()
    }

    fn outbox(&self) -> &dyn Outbox {
        self.inner.outbox()
    }

    fn people(&self) -> &dyn People {
        self.inner.people()
    }

    fn sessions(&self) -> &dyn Sessions {
        self.inner.sessions()
    }

    fn head(&self) -> Answer<'_, Option<Head>> {
        self.ask(self.inner.head())
    }

    fn edge(&self) -> Answer<'_, Edge> {
        self.ask(self.inner.edge())
    }

    fn find_batch(&self, batch: BatchId) -> Answer<'_, Option<Head>> {
        self.ask(self.inner.find_batch(batch))
    }

    fn batch_of(&self, index: LeafIndex) -> Answer<'_, Option<BatchRecord>> {
        self.ask(self.inner.batch_of(index))
    }

    fn batches_after(&self, size: TreeSize, limit: u32) -> Answer<'_, Vec<BatchRecord>> {
        self.ask(self.inner.batches_after(size, limit))
    }

    fn find_statement(&self, issued_at: i64, leaf: Hash) -> Answer<'_, Option<LeafIndex>> {
        self.ask(self.inner.find_statement(issued_at, leaf))
    }

    fn entries(&self, from: LeafIndex, count: u32) -> Answer<'_, Vec<EntryRecord>> {
        self.ask(self.inner.entries(from, count))
    }

    fn entries_about(
        &self,
        subject: Subject,
        from: LeafIndex,
        limit: u32,
    ) -> Answer<'_, Vec<EntryRecord>> {
        self.ask(self.inner.entries_about(subject, from, limit))
    }

    fn last_about(&self, subject: Subject, before: LeafIndex) -> Answer<'_, Option<EntryRecord>> {
        self.ask(self.inner.last_about(subject, before))
    }

    fn committed_at<'a>(&'a self, indices: &'a [LeafIndex]) -> Answer<'a, Vec<Option<i64>>> {
        self.ask(self.inner.committed_at(indices))
    }

    fn tile(&self, tile: TileId) -> Answer<'_, Option<Vec<u8>>> {
        self.ask(self.inner.tile(tile))
    }

    fn payload(&self, index: LeafIndex) -> Answer<'_, Option<(Hash, StoredPayload)>> {
        self.ask(self.inner.payload(index))
    }

    fn payloads<'a>(&'a self, indices: &'a [LeafIndex]) -> Answer<'a, Vec<Option<PayloadRecord>>> {
        self.ask(self.inner.payloads(indices))
    }

    fn public_payload(&self, digest: Hash) -> Answer<'_, Option<Vec<u8>>> {
        self.ask(self.inner.public_payload(digest))
    }

    fn stage_payload<'a>(
        &'a self,
        submission: Uuid,
        digest: Hash,
        sealed: &'a [u8],
        at: i64,
    ) -> Answer<'a, ()> {
        self.ask(self.inner.stage_payload(submission, digest, sealed, at))
    }

    fn staged_payload(&self, submission: Uuid, digest: Hash) -> Answer<'_, Option<Vec<u8>>> {
        self.ask(self.inner.staged_payload(submission, digest))
    }

    fn key(&self, thumbprint: Thumbprint) -> Answer<'_, Option<KeyRecord>> {
        self.ask(self.inner.key(thumbprint))
    }

    fn keys(&self, from: LeafIndex, limit: u32) -> Answer<'_, Vec<KeyRecord>> {
        self.ask(self.inner.keys(from, limit))
    }

    fn submission(&self, id: Uuid) -> Answer<'_, Option<SubmissionRecord>> {
        self.ask(self.inner.submission(id))
    }

    fn submissions_of(
        &self,
        owner: Thumbprint,
        before: LeafIndex,
        limit: u32,
    ) -> Answer<'_, Vec<SubmissionRecord>> {
        self.ask(self.inner.submissions_of(owner, before, limit))
    }

    fn record_manifest<'a>(&'a self, manifest: &'a ManifestRecord) -> Answer<'a, ()> {
        self.ask(self.inner.record_manifest(manifest))
    }

    fn manifest(&self, submission: Uuid, commitment: Hash) -> Answer<'_, Option<ManifestRecord>> {
        self.ask(self.inner.manifest(submission, commitment))
    }

    fn manifests_of(&self, submission: Uuid) -> Answer<'_, Vec<ManifestRecord>> {
        self.ask(self.inner.manifests_of(submission))
    }

    fn invite<'a>(&'a self, invitation: &'a Invitation) -> Answer<'a, ()> {
        self.ask(self.inner.invite(invitation))
    }

    fn open_invitation(&self, code_digest: Hash, at: i64) -> Answer<'_, Option<Invitation>> {
        self.ask(self.inner.open_invitation(code_digest, at))
    }

    fn open_invitations(
        &self,
        at: i64,
        after: Option<Hash>,
        limit: u32,
    ) -> Answer<'_, Vec<Invitation>> {
        self.ask(self.inner.open_invitations(at, after, limit))
    }

    fn cancel_invitation(&self, code_digest: Hash) -> Answer<'_, bool> {
        self.ask(self.inner.cancel_invitation(code_digest))
    }

    fn draft(&self, submission: Uuid) -> Answer<'_, Option<DraftRecord>> {
        self.ask(self.inner.draft(submission))
    }

    fn touch_draft(
        &self,
        submission: Uuid,
        owner: Thumbprint,
        at: i64,
        max: u32,
    ) -> Answer<'_, DraftOutcome> {
        self.ask(self.inner.touch_draft(submission, owner, at, max))
    }

    fn abandon_drafts(&self, before: i64, limit: u32) -> Answer<'_, Vec<Uuid>> {
        self.ask(self.inner.abandon_drafts(before, limit))
    }

    fn clear_draft(&self, submission: Uuid) -> Answer<'_, ()> {
        self.ask(self.inner.clear_draft(submission))
    }

    fn idle_uploads(&self, at: i64, before: i64, limit: u32) -> Answer<'_, Vec<(Uuid, Hash)>> {
        self.ask(self.inner.idle_uploads(at, before, limit))
    }

    fn drop_expired(&self, at: i64) -> Answer<'_, ()> {
        self.ask(self.inner.drop_expired(at))
    }

    fn spend_token<'a>(&'a self, token_id: &'a str, expires_at: i64, now: i64) -> Answer<'a, bool> {
        self.ask(self.inner.spend_token(token_id, expires_at, now))
    }

    fn policy(&self) -> Answer<'_, Option<(Hash, u64)>> {
        self.ask(self.inner.policy())
    }

    fn ping(&self) -> Answer<'_, ()> {
        self.ask(self.inner.ping())
    }
}

/// What goes wrong with the next head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardFault {
    /// It is not remembered.
    BeforeWrite,
    /// It is remembered, but the guard says it is not.
    AfterWrite,
}

/// A guard with a fault ahead.
pub struct FaultyGuard<G> {
    inner: G,
    fault: Mutex<Option<GuardFault>>,
}

impl<G: Guard> FaultyGuard<G> {
    pub fn new(inner: G) -> Self {
        Self { inner, fault: Mutex::default() }
    }

    /// The next head meets this fault.
    pub fn fail_next(&self, fault: GuardFault) {
        *self.fault.lock().unwrap() = Some(fault);
    }
}

impl<G: Guard> Guard for FaultyGuard<G> {
    fn read(&self) -> Result<Option<Head>, GuardError> {
        self.inner.read()
    }

    fn arm(&self) -> Result<(), GuardError> {
        self.inner.arm()
    }

    fn is_armed(&self) -> bool {
        self.inner.is_armed()
    }

    fn journal(&self) -> &dyn Journal {
        self.inner.journal()
    }

    fn record(&self, head: Head) -> Result<(), GuardError> {
        match self.fault.lock().unwrap().take() {
            None => self.inner.record(head),
            Some(GuardFault::BeforeWrite) => Err(GuardError::Failed),
            Some(GuardFault::AfterWrite) => {
                self.inner.record(head)?;
                Err(GuardError::Failed)
            }
        }
    }
}

/// A signer that can be made unavailable.
pub struct FaultySigner {
    inner: Arc<dyn Signer>,
    unavailable: AtomicBool,
}

impl FaultySigner {
    pub fn new(inner: Arc<dyn Signer>) -> Self {
        Self { inner, unavailable: AtomicBool::new(false) }
    }

    pub fn set_unavailable(&self, unavailable: bool) {
        self.unavailable.store(unavailable, Ordering::SeqCst);
    }
}

impl Signer for FaultySigner {
    fn public_key(&self) -> PublicKey {
        self.inner.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignError> {
        if self.unavailable.load(Ordering::SeqCst) {
            return Err(SignError { reason: "told to fail".into() });
        }
        self.inner.sign(message)
    }
}
