//! Submission keys: found, made when new, remembered, rotated and destroyed.
//!
//! New keys share commits: whatever queued while one batch was committing is the next batch.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lru::LruCache;
use tokio::sync::{RwLock, mpsc, oneshot};
use uuid::Uuid;

use super::{
    kek::{KekError, KeyEncryption},
    keys::SubmissionKey,
};
use crate::{
    entropy::Entropy,
    store::keyring::{
        Epoch, Keyring, KeyringError, Rewrapped, SubmissionKeyState, WrappedSubmissionKey,
    },
    thread::OwnThread,
};

/// Largest number of keys in one commit.
const BATCH_KEYS_MAX: usize = 4096;

/// Waiting requests; more than that wait to be let in.
const QUEUE_LENGTH: usize = 8192;

/// Unwrapped keys kept in memory.
const CACHED_KEYS: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();

/// Keys rewrapped in one transaction.
const REWRAP_PAGE: u32 = 1024;

/// Why there is no submission key. Shared by everybody who waited for the same batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeysError {
    /// The key was destroyed: whatever it sealed is gone for ever.
    #[error("the key of submission {subject} was destroyed")]
    Destroyed {
        /// Whose key.
        subject: Uuid,
    },
    /// Nothing was ever sealed for this submission.
    #[error("submission {subject} has no key")]
    Unknown {
        /// Whose key.
        subject: Uuid,
    },
    /// The keyring wraps keys in an epoch whose key-encryption key is not here.
    #[error("the keyring needs the key-encryption key of epoch {epoch}, which is missing")]
    EpochMissing {
        /// Which epoch.
        epoch: Epoch,
    },
    /// Keys are still wrapped under an epoch that was to be destroyed.
    #[error("keys are still wrapped in epoch {epoch}, so it was not destroyed")]
    EpochStillUsed {
        /// Which epoch.
        epoch: Epoch,
    },
    /// The keyring failed.
    #[error(transparent)]
    Keyring(Arc<KeyringError>),
    /// The key-encryption key failed.
    #[error(transparent)]
    Kek(Arc<KekError>),
    /// Keys cannot be made on a thread of their own.
    #[error("no thread for the keyring: {0}")]
    Thread(Arc<std::io::Error>),
    /// The service is stopping.
    #[error("the vault is closed")]
    Closed,
}

impl From<KeyringError> for KeysError {
    fn from(error: KeyringError) -> Self {
        Self::Keyring(Arc::new(error))
    }
}

impl From<KekError> for KeysError {
    fn from(error: KekError) -> Self {
        Self::Kek(Arc::new(error))
    }
}

type Reply = oneshot::Sender<Result<SubmissionKey, KeysError>>;

/// Every submission key, as far as the keyring knows it.
pub(super) struct SubmissionKeys {
    shared: Arc<Shared>,
    queue: mpsc::Sender<(Uuid, Reply)>,
}

struct Shared {
    keyring: Arc<dyn Keyring>,
    kek: Arc<dyn KeyEncryption>,
    entropy: Arc<dyn Entropy>,
    cache: Mutex<LruCache<Uuid, SubmissionKey>>,
    /// Raised after each destruction: a key read before it must not enter the cache after it.
    destructions: AtomicU64,
    /// Held shared from choosing an epoch to the commit under it, and alone while the epoch
    /// changes.
    epoch_choice: RwLock<()>,
}

impl SubmissionKeys {
    /// Checks that the key-encryption keys fit the keyring, and makes the first if both are empty.
    pub(super) async fn open(
        keyring: Arc<dyn Keyring>,
        kek: Arc<dyn KeyEncryption>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeysError> {
        let epochs = kek.epochs().await?;
        let samples = keyring.epoch_samples().await?;
        for sample in &samples {
            if !epochs.contains(&sample.epoch) {
                return Err(KeysError::EpochMissing { epoch: sample.epoch });
            }
            kek.unwrap_key(sample.epoch, sample.subject.as_bytes(), &sample.wrapped).await?;
        }
        if epochs.is_empty() {
            kek.new_epoch().await?;
        }
        let shared = Arc::new(Shared {
            keyring,
            kek,
            entropy,
            cache: Mutex::new(LruCache::new(CACHED_KEYS)),
            destructions: AtomicU64::new(0),
            epoch_choice: RwLock::new(()),
        });
        let (queue, requests) = mpsc::channel(QUEUE_LENGTH);
        OwnThread::run("keyring", make_keys(Arc::clone(&shared), requests))
            .map_err(|error| KeysError::Thread(Arc::new(error)))?;
        Ok(Self { shared, queue })
    }

    /// The key of `subject`, made if there is none.
    pub(super) async fn ensure(&self, subject: Uuid) -> Result<SubmissionKey, KeysError> {
        if let Some(key) = self.shared.cached(subject) {
            return Ok(key);
        }
        let (reply, answer) = oneshot::channel();
        self.queue.send((subject, reply)).await.map_err(|_| KeysError::Closed)?;
        answer.await.map_err(|_| KeysError::Closed)?
    }

    /// The key of `subject`, if it has one.
    pub(super) async fn existing(&self, subject: Uuid) -> Result<SubmissionKey, KeysError> {
        if let Some(key) = self.shared.cached(subject) {
            return Ok(key);
        }
        let seen = self.shared.destructions.load(Ordering::SeqCst);
        let state = self.shared.keyring.submission_key(subject).await?;
        self.shared.open_state(state.ok_or(KeysError::Unknown { subject })?, seen).await
    }

    /// Destroys keys for ever, in the keyring and in memory.
    pub(super) async fn destroy(&self, subjects: &[Uuid]) -> Result<(), KeysError> {
        let destroyed = self.shared.keyring.destroy_submission_keys(subjects).await;
        self.shared.destructions.fetch_add(1, Ordering::SeqCst);
        let mut cache = self.shared.cache();
        for subject in subjects {
            cache.pop(subject);
        }
        Ok(destroyed?)
    }

    /// Makes a new epoch, moves every key to it and destroys all older epochs. A crash leaves
    /// several epochs and every key readable; doing it again finishes the work.
    pub(super) async fn rotate(&self) -> Result<Epoch, KeysError> {
        let Shared { keyring, kek, epoch_choice, .. } = &*self.shared;
        let newest = {
            let _alone = epoch_choice.write().await;
            kek.new_epoch().await?
        };
        let mut after = None;
        loop {
            let page = keyring.keys_before(newest, after, REWRAP_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.subject);
            let mut moved = Vec::with_capacity(page.len());
            for key in &page {
                moved.push(self.shared.rewrap(key, newest).await?);
            }
            keyring.rewrap(&moved).await?;
        }
        keyring.settle().await?;
        if let Some(left) = keyring.epoch_samples().await?.iter().find(|key| key.epoch < newest) {
            return Err(KeysError::EpochStillUsed { epoch: left.epoch });
        }
        for epoch in kek.epochs().await?.into_iter().filter(|epoch| *epoch < newest) {
            kek.destroy_epoch(epoch).await?;
        }
        Ok(newest)
    }
}

impl Shared {
    fn cache(&self) -> MutexGuard<'_, LruCache<Uuid, SubmissionKey>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached(&self, subject: Uuid) -> Option<SubmissionKey> {
        self.cache().get(&subject).cloned()
    }

    fn remember(&self, subject: Uuid, key: &SubmissionKey, seen: u64) {
        let mut cache = self.cache();
        if self.destructions.load(Ordering::SeqCst) == seen {
            cache.put(subject, key.clone());
        }
    }

    async fn open_state(
        &self,
        state: SubmissionKeyState,
        seen: u64,
    ) -> Result<SubmissionKey, KeysError> {
        match state {
            SubmissionKeyState::Destroyed { subject } => Err(KeysError::Destroyed { subject }),
            SubmissionKeyState::Live(row) => {
                let id = row.subject.as_bytes();
                let key = self.kek.unwrap_key(row.epoch, id, &row.wrapped).await?;
                let key = SubmissionKey::new(key);
                self.remember(row.subject, &key, seen);
                Ok(key)
            }
        }
    }

    async fn rewrap(&self, key: &WrappedSubmissionKey, to: Epoch) -> Result<Rewrapped, KeysError> {
        let id = key.subject.as_bytes();
        let data_key = self.kek.unwrap_key(key.epoch, id, &key.wrapped).await?;
        let wrapped = self.kek.wrap_key(to, id, &data_key).await?;
        Ok(Rewrapped { subject: key.subject, from: key.epoch, to, wrapped })
    }

    /// Answers everybody in the batch. Only an error of the whole batch is returned.
    async fn answer(&self, waiting: &mut HashMap<Uuid, Vec<Reply>>) -> Result<(), KeysError> {
        let seen = self.destructions.load(Ordering::SeqCst);
        let subjects: Vec<Uuid> = waiting.keys().copied().collect();
        for state in self.keyring.submission_keys(&subjects).await? {
            let subject = state.subject();
            reply(waiting, subject, &self.open_state(state, seen).await);
        }
        if waiting.is_empty() {
            return Ok(());
        }

        let _epoch_stays = self.epoch_choice.read().await;
        let epoch = self.kek.current_epoch().await?;
        let mut rows = Vec::with_capacity(waiting.len());
        let mut keys = Vec::with_capacity(waiting.len());
        for subject in waiting.keys().copied() {
            let key = SubmissionKey::random(&*self.entropy);
            let wrapped = self.kek.wrap_key(epoch, subject.as_bytes(), key.as_bytes()).await?;
            rows.push(WrappedSubmissionKey { subject, epoch, wrapped });
            keys.push(key);
        }
        let states = self.keyring.ensure_submission_keys(&rows).await?;
        for ((row, key), state) in rows.into_iter().zip(keys).zip(states) {
            let subject = row.subject;
            let answer = if state == SubmissionKeyState::Live(row) {
                self.remember(subject, &key, seen);
                Ok(key)
            } else {
                self.open_state(state, seen).await
            };
            reply(waiting, subject, &answer);
        }
        Ok(())
    }
}

async fn make_keys(shared: Arc<Shared>, mut requests: mpsc::Receiver<(Uuid, Reply)>) {
    let mut batch = Vec::with_capacity(BATCH_KEYS_MAX);
    while requests.recv_many(&mut batch, BATCH_KEYS_MAX).await > 0 {
        let mut waiting = HashMap::<Uuid, Vec<Reply>>::new();
        for (subject, reply) in batch.drain(..) {
            waiting.entry(subject).or_default().push(reply);
        }
        if let Err(error) = shared.answer(&mut waiting).await {
            for subject in waiting.keys().copied().collect::<Vec<_>>() {
                reply(&mut waiting, subject, &Err(error.clone()));
            }
        }
    }
}

fn reply(
    waiting: &mut HashMap<Uuid, Vec<Reply>>,
    subject: Uuid,
    answer: &Result<SubmissionKey, KeysError>,
) {
    for reply in waiting.remove(&subject).into_iter().flatten() {
        // Whoever stopped waiting will find the key in the keyring.
        let _ = reply.send(answer.clone());
    }
}
