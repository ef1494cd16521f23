//! Publishes the acknowledged head as a checkpoint, at most once a second.

use std::{sync::Arc, time::Duration};

use attestry_proof::{
    log::{
        checkpoint::Checkpoint,
        note::{Note, NoteSignature, VerifierKey},
    },
    size::TreeSize,
};
use tokio::sync::watch;

use super::{Log, Shared, Stopped};
use crate::{keys::SignError, store::ledger::Head};

/// Time between two checkpoints.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);

/// A signed checkpoint (C2SP tlog-checkpoint).
#[derive(Clone, Debug)]
pub struct Published {
    /// The head it states.
    pub head: Head,
    /// The signed note.
    pub note: Vec<u8>,
}

/// Signs a head as a checkpoint.
pub(super) fn sign(shared: &Shared, head: Head) -> Result<Published, SignError> {
    let impossible = |reason: String| SignError { reason };
    let checkpoint = Checkpoint::new(&shared.origin, head.size, head.root)
        .map_err(|e| impossible(e.to_string()))?;
    let text = checkpoint.text().map_err(|e| impossible(e.to_string()))?;
    let signature = shared.signers.note.sign(text.to_be_signed())?;
    let line =
        NoteSignature::by(&shared.note_key, &signature).map_err(|e| impossible(e.to_string()))?;
    let note = Note::new(text, vec![line]).map_err(|e| impossible(e.to_string()))?;
    Ok(Published { head, note: note.to_bytes() })
}

/// Runs until the log is dropped.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut heads: watch::Receiver<TreeSize>,
    published: watch::Sender<Arc<Published>>,
) {
    while heads.changed().await.is_ok() {
        let head = shared.acknowledged().head;
        if head.size > published.borrow().head.size {
            match sign(&shared, head) {
                Ok(checkpoint) => {
                    published.send_replace(Arc::new(checkpoint));
                }
                Err(error) => {
                    shared.stop(Stopped::Signer(error.to_string()));
                    return;
                }
            }
        }
        tokio::time::sleep(CHECKPOINT_INTERVAL).await;
    }
}

impl Log {
    /// The newest checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// The first checkpoint that covers more than `size` entries; waits for it.
    pub async fn checkpoint_beyond(&self, size: TreeSize) -> Arc<Published> {
        let mut published = self.published.clone();
        match published.wait_for(|checkpoint| checkpoint.head.size > size).await {
            Ok(checkpoint) => Arc::clone(&checkpoint),
            Err(_) => self.checkpoint(),
        }
    }

    /// The vkey under which checkpoints verify (C2SP signed-note).
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.shared.note_key
    }
}
