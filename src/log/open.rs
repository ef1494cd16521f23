//! Opening a log: genesis for a new one, recovery for every other. Both end in the step that ends
//! each batch.

use std::sync::{Arc, RwLock};

use attestry_proof::{
    log::{
        note::{KeyKind, VerifierKey, VerifierKeyError},
        tile::{TileError, TileSet, root_tiles},
    },
    payload::Payload,
    size::{LeafIndex, TreeSize},
};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::{Acknowledged, Log, QUEUE_ENTRIES, Shared, Stopped, publisher, sequencer, sign_root};
use crate::{
    clock::Clock,
    entropy::Entropy,
    keys::{LogSigners, SignError},
    log::guard::{Guard, GuardError},
    store::ledger::{AppendError, Candidate, Head, Ledger, Outcome, StoreError, StoredPayload},
    thread::OwnThread,
};

/// What a log is made of.
pub struct Open {
    /// Its name.
    pub origin: String,
    /// Where entries are kept.
    pub ledger: Arc<dyn Ledger>,
    /// What remembers the head apart from the ledger.
    pub guard: Arc<dyn Guard>,
    /// Its keys.
    pub signers: LogSigners,
    /// Time of batches.
    pub clock: Arc<dyn Clock>,
    /// Names of batches.
    pub entropy: Arc<dyn Entropy>,
}

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The guard cannot be used.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database is older than the guard.
    #[error(
        "rollback: the guard remembers a log of {remembered} entries, the database holds {found}. \
         It was restored from an old copy; serving it would sign a second root for a size already signed. \
         Restore a newer copy of the database"
    )]
    Rollback {
        /// Entries the guard remembers.
        remembered: TreeSize,
        /// Entries in the database.
        found: TreeSize,
    },
    /// The database has another history than the guard.
    #[error(
        "fork: at {size} entries the guard remembers another root than the database gives. \
         These are two histories; find out which one was published"
    )]
    Fork {
        /// Size at which they differ.
        size: TreeSize,
    },
    /// The guard is gone.
    #[error(
        "missing guard: the database holds {found} entries, but nothing remembers its head. \
         Point --guard at the directory that was used before, or restore it"
    )]
    MissingGuard {
        /// Entries in the database.
        found: TreeSize,
    },
    /// A key is not the one that genesis names.
    #[error(
        "the {which} key is not the one that entry 0 of this log names; put the log's own key back. Signing with \
         another would make receipts and checkpoints that nobody can verify"
    )]
    OtherKey {
        /// Which of the log's keys.
        which: &'static str,
    },
    /// Entry 0 does not introduce a log.
    #[error("entry 0 of the database is not the genesis of a log; run: attestry fsck")]
    NoGenesis,
    /// Tiles, entries and head do not fit each other.
    #[error("the stored tree of {size} entries does not give its own root; run: attestry fsck")]
    Inconsistent {
        /// Size of the stored tree.
        size: TreeSize,
    },
    /// Tiles that the check needs are not there.
    #[error("the stored tree cannot be read: {0}; run: attestry fsck")]
    Tiles(#[from] TileError),
    /// The first batch was refused.
    #[error("the first entries of a new log could not be written: {0}")]
    Genesis(#[from] AppendError),
    /// The first batch lost to another process.
    #[error("another process wrote the first entries of this log; start again")]
    GenesisRace,
    /// The head could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The name cannot be that of a log.
    #[error("{origin:?} cannot name a log: {reason}; use a name such as log.example.com/attestry")]
    Origin {
        /// The name.
        origin: String,
        /// What is wrong with it.
        reason: VerifierKeyError,
    },
    /// The sequencer cannot have a thread of its own.
    #[error("no thread for the sequencer: {0}")]
    Thread(#[source] std::io::Error),
    /// The log stopped while opening.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Open {
    /// Opens the log. `genesis` makes the first batch if there is none yet; it needs at least two
    /// entries, so that no receipt is ever for a tree of one, whose inclusion path would be empty.
    ///
    /// # Errors
    /// See [`OpenError`]; each says what is wrong and which side is to be believed.
    pub async fn run(self, genesis: impl FnOnce() -> Vec<Candidate>) -> Result<Log, OpenError> {
        let note_key =
            VerifierKey::new(&self.origin, KeyKind::Ed25519, self.signers.note.public_key())
                .map_err(|reason| OpenError::Origin { origin: self.origin.clone(), reason })?;
        let remembered = self.guard.read()?;
        let head = match (self.ledger.head().await?, remembered) {
            (None, None) => self.write_genesis(genesis()).await?,
            (None, Some(remembered)) => {
                return Err(OpenError::Rollback {
                    remembered: remembered.size,
                    found: TreeSize(0),
                });
            }
            (Some(head), None) => self.unacknowledged_genesis(head).await?,
            (Some(head), Some(remembered)) => {
                self.compare(head, remembered).await?;
                head
            }
        };
        self.check_edge(head).await?;
        self.check_keys(&note_key).await?;
        self.start(head, note_key).await
    }

    async fn write_genesis(&self, candidates: Vec<Candidate>) -> Result<Head, OpenError> {
        self.guard.arm()?;
        let mut name = [0; 16];
        self.entropy.fill(&mut name);
        let batch: Uuid = uuid::Builder::from_random_bytes(name).into_uuid();
        let at_ms = self.clock.now().timestamp_millis();
        let appended = self.ledger.append_batch(batch, at_ms, &candidates).await?;
        let all_new =
            appended.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Appended(_)));
        if all_new { Ok(appended.head) } else { Err(OpenError::GenesisRace) }
    }

    /// The first batch was committed, but the process died before the guard knew: nobody was told
    /// of it either.
    async fn unacknowledged_genesis(&self, head: Head) -> Result<Head, OpenError> {
        let batches = self.ledger.batches_after(TreeSize(0), 2).await?;
        let only_genesis =
            batches.len() == 1 && batches[0].size == head.size && self.guard.is_armed();
        if only_genesis { Ok(head) } else { Err(OpenError::MissingGuard { found: head.size }) }
    }

    async fn compare(&self, head: Head, remembered: Head) -> Result<(), OpenError> {
        if head.size < remembered.size {
            return Err(OpenError::Rollback { remembered: remembered.size, found: head.size });
        }
        let mut tiles = TileSet::new();
        for tile in root_tiles(remembered.size) {
            if let Some(bytes) = self.ledger.tile(tile).await? {
                tiles.insert(tile, &bytes)?;
            }
        }
        if tiles.root(remembered.size)? == remembered.root {
            Ok(())
        } else {
            Err(OpenError::Fork { size: remembered.size })
        }
    }

    async fn check_edge(&self, head: Head) -> Result<(), OpenError> {
        let edge = self.ledger.edge().await?;
        if edge.size() == head.size && edge.root() == head.root {
            Ok(())
        } else {
            Err(OpenError::Inconsistent { size: head.size })
        }
    }

    /// The keys in hand are those that genesis names.
    async fn check_keys(&self, note_key: &VerifierKey) -> Result<(), OpenError> {
        let Some((_, StoredPayload::Public(bytes))) = self.ledger.payload(LeafIndex(0)).await?
        else {
            return Err(OpenError::NoGenesis);
        };
        let Ok(Payload::Genesis(genesis)) = Payload::parse(&bytes, false) else {
            return Err(OpenError::NoGenesis);
        };
        let named = genesis.body();
        let (receipt, service) =
            (self.signers.receipt.public_key(), self.signers.service.public_key());
        for (which, same) in [
            ("note", named.note_vkey.as_str() == note_key.to_string()),
            ("receipt", named.receipt_key.public_key.0 == receipt),
            ("service", named.service_key.public_key.0 == service),
        ] {
            if !same {
                return Err(OpenError::OtherKey { which });
            }
        }
        Ok(())
    }

    async fn start(self, head: Head, note_key: VerifierKey) -> Result<Log, OpenError> {
        let signature = Arc::new(sign_root(&self.signers, &self.origin, head)?);
        let (head_changed, heads) = watch::channel(head.size);
        let shared = Arc::new(Shared {
            origin: self.origin,
            note_key,
            ledger: self.ledger,
            guard: self.guard,
            signers: self.signers,
            clock: self.clock,
            entropy: self.entropy,
            acknowledged: RwLock::new(Arc::new(Acknowledged { head, signature })),
            head_changed,
            stopped: RwLock::new(None),
        });
        shared.acknowledge(head)?;
        let (checkpoints, published) = watch::channel(Arc::new(publisher::sign(&shared, head)?));
        let (queue, waiting) = mpsc::channel(QUEUE_ENTRIES);
        let sequencing = sequencer::run(Arc::clone(&shared), waiting);
        let sequencer = OwnThread::run("sequencer", sequencing).map_err(OpenError::Thread)?;
        let publisher = tokio::spawn(publisher::run(Arc::clone(&shared), heads, checkpoints));
        Ok(Log { shared, queue, published, sequencer, publisher })
    }
}
