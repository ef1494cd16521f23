//! Use cases, one file each. They speak in domain words; HTTP and the command line call the same
//! ones.

pub mod access;
pub mod archive;
pub mod authorize;
pub mod cases;
mod clauses;
pub mod clear;
pub mod custody;
mod dossier;
pub mod drafts;
pub mod enroll;
pub mod erase;
pub mod error;
pub mod explain;
pub mod export;
mod fingerprint;
pub mod fsck;
pub mod genesis;
pub mod holds;
pub mod judge;
pub mod manifests;
pub mod members;
pub mod outbox;
pub mod own_ids;
pub mod policies;
pub mod programs;
pub mod read;
pub mod register;
pub mod revoke;
pub mod rotate;
pub mod scan;
pub mod sealing;
pub mod sessions;
pub mod sign_in;
pub mod state;
pub mod status;
pub mod tickets;

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use attestry_scrub::ocr::Ocr;
use lru::LruCache;
use parking::Mutex;

pub use self::error::ServiceError;
use self::{policies::Policies, tickets::Tickets};
use crate::{
    clock::Clock,
    entropy::Entropy,
    log::Log,
    store::ledger::{KeyRecord, Ledger},
    vault::Vault,
};

/// Keys kept at hand; a stale one is noticed inside the batch's transaction.
const KEYS_CACHED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Everything a use case needs.
pub struct Service {
    pub(crate) log: Log,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) vault: Vault,
    policies: RwLock<Arc<Policies>>,
    policy_version: AtomicU64,
    public_entries: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    keys: Mutex<LruCache<Thumbprint, Arc<KeyRecord>>>,
    /// How often a key was forgotten.
    keys_forgotten: AtomicU64,
    challenges: Tickets<Thumbprint>,
    janitor: drafts::Janitor,
    /// Orders to erase that could not be carried out, and the Unix second of the next try.
    stuck_orders: Mutex<HashMap<LeafIndex, i64>>,
    /// What reads the text in pictures.
    pictures: Option<Arc<dyn Ocr>>,
}

mod parking {
    //! A mutex that outlives a panic of its holder: what it protects is a cache.

    pub(super) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(super) const fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}

impl Service {
    /// Puts a service together; `public_entries` says whether entries are for everybody. Must run inside a tokio runtime: it cleans up after itself.
    #[must_use]
    pub fn new(
        log: Log,
        ledger: Arc<dyn Ledger>,
        vault: Vault,
        policies: Policies,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        public_entries: bool,
    ) -> Self {
        let janitor =
            drafts::Janitor::start(Arc::clone(&ledger), vault.clone(), Arc::clone(&clock));
        Self {
            log,
            ledger,
            vault,
            policies: RwLock::new(Arc::new(policies)),
            policy_version: AtomicU64::new(0),
            public_entries,
            clock,
            entropy,
            keys: Mutex::new(LruCache::new(KEYS_CACHED)),
            keys_forgotten: AtomicU64::new(0),
            challenges: sessions::challenges(),
            janitor,
            stuck_orders: Mutex::new(HashMap::new()),
            pictures: None,
        }
    }

    /// The same with something that reads the text in pictures.
    #[must_use]
    pub fn with_picture_reader(mut self, reader: Option<Arc<dyn Ocr>>) -> Self {
        self.pictures = reader;
        self
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &dyn Ledger {
        &*self.ledger
    }

    /// Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    /// Fresh random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// The record of a key, from the cache or the ledger.
    ///
    /// # Errors
    /// [`ServiceError::UnknownKey`] or a failing store.
    pub async fn key(&self, thumbprint: Thumbprint) -> Result<Arc<KeyRecord>, ServiceError> {
        if let Some(record) = self.keys.lock().get(&thumbprint) {
            return Ok(Arc::clone(record));
        }
        let forgotten = self.keys_forgotten.load(Ordering::Acquire);
        let record =
            self.ledger.key(thumbprint).await?.ok_or(ServiceError::UnknownKey { thumbprint })?;
        let record = Arc::new(record);
        let mut keys = self.keys.lock();
        // What was read before somebody forgot a key may be what they forgot.
        if self.keys_forgotten.load(Ordering::Acquire) == forgotten {
            keys.put(thumbprint, Arc::clone(&record));
        }
        Ok(record)
    }

    /// As [`Service::key`], but refuses a revoked one.
    ///
    /// # Errors
    /// [`ServiceError::RevokedKey`] and those of [`Service::key`].
    pub async fn valid_key(&self, thumbprint: Thumbprint) -> Result<Arc<KeyRecord>, ServiceError> {
        let record = self.key(thumbprint).await?;
        match record.revoked {
            Some(at) => Err(ServiceError::RevokedKey { thumbprint, at }),
            None => Ok(record),
        }
    }

    pub(crate) fn forget_key(&self, thumbprint: Thumbprint) {
        let mut keys = self.keys.lock();
        self.keys_forgotten.fetch_add(1, Ordering::AcqRel);
        keys.pop(&thumbprint);
    }

    /// Finishes what is queued and lets go of the log.
    pub async fn close(self) {
        self.janitor.stop().await;
        self.log.close().await;
    }

    /// SHA-256 of an invitation code: all that is kept of it.
    pub(crate) fn code_digest(code: &str) -> Hash {
        Hash::of_parts(&[b"attestry/invitation/v1", code.as_bytes()])
    }
}
