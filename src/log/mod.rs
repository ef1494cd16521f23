//! The append-only log: the only writer of the tree.
//!
//! Order of a batch, and what a crash between two steps means:
//! 1. the ledger commits entries, payloads, tiles and head in one transaction (before: nothing
//!    happened);
//! 2. the guard records the head (before: the batch is there but nobody was told; recovery records
//!    it);
//! 3. the root is signed and every waiter gets its receipt (before: a client asks again and gets
//!    the same position).

pub mod fsck;
pub mod guard;
pub mod journal;
mod open;
mod proofs;
mod publisher;
mod sequencer;

use std::sync::{Arc, RwLock};

use attestry_proof::{
    cose::receipt::{ReceiptHeader, RootSignature, UnsignedReceipt},
    log::{note::VerifierKey, tile::TileError, tree::ProofError},
    size::{LeafIndex, TreeSize},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

pub use self::{
    open::{Open, OpenError},
    proofs::Snapshot,
    publisher::Published,
};
use crate::{
    clock::Clock,
    entropy::Entropy,
    keys::{LogSigners, SignError},
    log::guard::Guard,
    store::ledger::{AppendError, Candidate, Head, Ledger, Precondition, StoreError},
    thread::OwnThread,
};

/// Candidates that may wait for a batch; beyond it callers wait for room.
const QUEUE_ENTRIES: usize = 4096;

/// A running log.
pub struct Log {
    shared: Arc<Shared>,
    queue: mpsc::Sender<sequencer::Waiting>,
    published: watch::Receiver<Arc<Published>>,
    sequencer: OwnThread,
    publisher: JoinHandle<()>,
}

/// What the sequencer, the publisher and the readers have in common.
struct Shared {
    origin: String,
    note_key: VerifierKey,
    ledger: Arc<dyn Ledger>,
    guard: Arc<dyn Guard>,
    signers: LogSigners,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    acknowledged: RwLock<Arc<Acknowledged>>,
    head_changed: watch::Sender<TreeSize>,
    stopped: RwLock<Option<Stopped>>,
}

/// A head that the guard remembers, with the signature that serves all its receipts.
#[derive(Clone)]
struct Acknowledged {
    head: Head,
    signature: Arc<RootSignature>,
}

/// A statement that has its place.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Where it is.
    pub index: LeafIndex,
    /// COSE receipt (RFC 9942) at an acknowledged head.
    pub receipt: Vec<u8>,
    /// Whether this call appended it; otherwise it was there before.
    pub appended: bool,
}

/// Why the log stopped for good; only a restart helps.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Stopped {
    /// A commit had an unknown outcome that could not be settled.
    #[error("a commit had an unknown outcome that could not be settled: {0}")]
    UnknownOutcome(String),
    /// The guard could not be written.
    #[error("the guard could not be written: {0}")]
    Guard(String),
    /// The head could not be signed.
    #[error("the head could not be signed: {0}")]
    Signer(String),
    /// The task that gives positions failed.
    #[error("the sequencer failed")]
    Sequencer,
    /// The service is shutting down.
    #[error("the service is shutting down")]
    ShuttingDown,
}

/// Why a statement has no place.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A fact it was judged on changed meanwhile; judge again.
    #[error("a fact the statement was judged on has changed meanwhile")]
    Stale(Precondition),
    /// Nothing was written; the same call may succeed later.
    #[error("nothing was written, try again: {0}")]
    NotCommitted(String),
    /// The log stopped.
    #[error("the log has stopped: {0}")]
    Stopped(#[from] Stopped),
    /// The ledger could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stored tiles do not give the proof.
    #[error("the stored tiles do not give the proof: {0}")]
    Tiles(#[from] TileError),
    /// No such proof exists.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The position is not in the log yet.
    #[error("position {index} is beyond the log's {size} entries")]
    Beyond {
        /// Position asked for.
        index: LeafIndex,
        /// Entries there are.
        size: TreeSize,
    },
    /// A key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Log {
    /// The log's name: origin of its checkpoints, audience of its statements.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// The log's keys.
    #[must_use]
    pub fn signers(&self) -> &LogSigners {
        &self.shared.signers
    }

    /// Waits for a batch that includes the candidate, and returns its receipt.
    ///
    /// # Errors
    /// [`LogError::Stale`] if a precondition failed, [`LogError::NotCommitted`],
    /// [`LogError::Stopped`].
    pub async fn append(&self, candidate: Candidate) -> Result<Logged, LogError> {
        self.shared.refuse_if_stopped()?;
        let (waiting, answer) = sequencer::Waiting::new(candidate);
        self.queue.send(waiting).await.map_err(|_| self.shared.stop_reason())?;
        let placed = answer.await.map_err(|_| self.shared.stop_reason())??;
        match placed {
            sequencer::Placed::New { index, growth, signature } => {
                let path = growth
                    .inclusion(index)
                    .ok_or(LogError::Beyond { index, size: growth.edge().size() })?;
                Ok(Logged { index, receipt: signature.receipt(index, &path), appended: true })
            }
            sequencer::Placed::Before { index } => {
                Ok(Logged { index, receipt: self.receipt(index).await?, appended: false })
            }
        }
    }

    /// Finishes what is queued, then stops both tasks and lets go of ledger and guard.
    pub async fn close(self) {
        drop(self.queue);
        self.publisher.abort();
        self.sequencer.ended().await;
        let _aborted = self.publisher.await;
    }

    /// The acknowledged head: every receipt so far is at this size or a smaller one.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.acknowledged().head
    }

    /// What must stay destroyed: kept with the guard, outside the database and its backups.
    #[must_use]
    pub fn journal(&self) -> &dyn journal::Journal {
        self.shared.guard.journal()
    }

    /// Why the log stopped, if it did.
    #[must_use]
    pub fn stopped(&self) -> Option<Stopped> {
        self.shared.stopped.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn acknowledged(&self) -> Arc<Acknowledged> {
        Arc::clone(&self.acknowledged.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn refuse_if_stopped(&self) -> Result<(), LogError> {
        match &*self.stopped.read().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(reason) => Err(reason.clone().into()),
            None => Ok(()),
        }
    }

    fn stop(&self, reason: Stopped) -> Stopped {
        match reason {
            Stopped::ShuttingDown => tracing::debug!("the log stops"),
            _ => tracing::error!(%reason, "the log stops"),
        }
        let mut stopped = self.stopped.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        stopped.get_or_insert(reason).clone()
    }

    fn stop_reason(&self) -> Stopped {
        let stopped = self.stopped.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        stopped.clone().unwrap_or(Stopped::ShuttingDown)
    }

    /// Steps 2 and 3 of a batch, and of recovery: remember the head, then sign its root. Blocks
    /// until the guard is on disk, so it is for the sequencer's own thread and for opening.
    fn acknowledge(&self, head: Head) -> Result<Arc<Acknowledged>, Stopped> {
        self.guard.record(head).map_err(|error| self.stop(Stopped::Guard(error.to_string())))?;
        let signature = sign_root(&self.signers, &self.origin, head)
            .map_err(|error| self.stop(Stopped::Signer(error.to_string())))?;
        let acknowledged = Arc::new(Acknowledged { head, signature: Arc::new(signature) });
        let mut newest =
            self.acknowledged.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if head.size >= newest.head.size {
            *newest = Arc::clone(&acknowledged);
        }
        drop(newest);
        self.head_changed.send_replace(head.size);
        Ok(acknowledged)
    }
}

/// Signs a root for receipts (RFC 9942 §5.2.1): once per tree size.
fn sign_root(signers: &LogSigners, origin: &str, head: Head) -> Result<RootSignature, SignError> {
    let kid = signers.receipt.public_key().thumbprint();
    let header =
        ReceiptHeader { kid, issuer: kid.uri(), origin: origin.to_owned(), size: head.size };
    let unsigned = UnsignedReceipt::new(&header, head.root)
        .map_err(|error| SignError { reason: error.to_string() })?;
    let signature = signers.receipt.sign(&unsigned.to_be_signed())?;
    Ok(unsigned.attach(signature))
}

impl From<AppendError> for LogError {
    fn from(error: AppendError) -> Self {
        Self::NotCommitted(error.to_string())
    }
}
