//! Group commit with natural batching: the next batch is whatever queued while the last one was
//! being committed.

use std::sync::Arc;

use attestry_proof::{cose::receipt::RootSignature, log::edge::Growth, size::LeafIndex};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{LogError, Shared, Stopped};
use crate::store::ledger::{AppendError, Appended, BATCH_ENTRIES_MAX, Candidate, Outcome};

/// A candidate and whoever waits for it.
pub(super) struct Waiting {
    candidate: Candidate,
    answer: oneshot::Sender<Result<Placed, LogError>>,
}

/// Where a candidate ended up.
pub(super) enum Placed {
    /// Appended by this batch.
    New { index: LeafIndex, growth: Arc<Growth>, signature: Arc<RootSignature> },
    /// Logged by an earlier one.
    Before { index: LeafIndex },
}

impl Waiting {
    pub(super) fn new(candidate: Candidate) -> (Self, oneshot::Receiver<Result<Placed, LogError>>) {
        let (answer, receiver) = oneshot::channel();
        (Self { candidate, answer }, receiver)
    }
}

/// Runs until every sender is gone or the log stops.
pub(super) async fn run(shared: Arc<Shared>, mut queue: mpsc::Receiver<Waiting>) {
    let _ending = Ending(Arc::clone(&shared));
    let mut waiting = Vec::with_capacity(BATCH_ENTRIES_MAX);
    while queue.recv_many(&mut waiting, BATCH_ENTRIES_MAX).await > 0 {
        let (candidates, answers): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|one| (one.candidate, one.answer)).unzip();
        let results = commit(&shared, &candidates).await;
        let stopped = matches!(&results, Err(LogError::Stopped(_)));
        deliver(results, answers);
        if stopped {
            // Dropping the queue fails everybody who still waits: with the reason, not with
            // silence.
            return;
        }
    }
}

/// However the sequencer ends, the log says that it stopped.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let reason =
            if std::thread::panicking() { Stopped::Sequencer } else { Stopped::ShuttingDown };
        self.0.stop(reason);
    }
}

type BatchResult = Result<Vec<Result<Placed, LogError>>, LogError>;

async fn commit(shared: &Arc<Shared>, candidates: &[Candidate]) -> BatchResult {
    shared.refuse_if_stopped()?;
    metrics::histogram!("attestry_batch_entries").record(candidates.len() as f64);
    let started = std::time::Instant::now();
    let appended = append(shared, candidates).await?;
    metrics::histogram!("attestry_batch_commit_seconds").record(started.elapsed());
    let Some(growth) = appended.growth else {
        return Ok(appended.outcomes.into_iter().map(|outcome| place(outcome, None)).collect());
    };
    let acknowledged = shared.acknowledge(appended.head)?;
    metrics::gauge!("attestry_log_entries").set(appended.head.size.0 as f64);
    let new = (growth, Arc::clone(&acknowledged.signature));
    Ok(appended.outcomes.into_iter().map(|outcome| place(outcome, Some(&new))).collect())
}

/// Commits, and settles an unknown outcome by asking the database what it holds. If it cannot say,
/// the log stops: going on might give the same positions twice.
async fn append(shared: &Arc<Shared>, candidates: &[Candidate]) -> Result<Appended, LogError> {
    let mut name = [0; 16];
    shared.entropy.fill(&mut name);
    let batch = uuid::Builder::from_random_bytes(name).into_uuid();
    let at_ms = shared.clock.now().timestamp_millis();
    let doubt = match shared.ledger.append_batch(batch, at_ms, candidates).await {
        Ok(appended) => return Ok(appended),
        Err(AppendError::NotCommitted(error)) => {
            tracing::warn!(%error, "a batch was not committed");
            return Err(LogError::NotCommitted(error.to_string()));
        }
        Err(AppendError::Unknown(doubt)) => doubt,
    };
    tracing::warn!(%doubt, %batch, "a commit has an unknown outcome; reading the head again");
    settle(shared, batch, candidates, &doubt.to_string()).await
}

async fn settle(
    shared: &Arc<Shared>,
    batch: Uuid,
    candidates: &[Candidate],
    doubt: &str,
) -> Result<Appended, LogError> {
    let stop = |reason: String| LogError::from(shared.stop(Stopped::UnknownOutcome(reason)));
    match shared.ledger.find_batch(batch).await {
        Ok(None) => Err(LogError::NotCommitted(doubt.to_owned())),
        Ok(Some(head)) => {
            // It is there. What is missing is only the answer: which position each candidate has.
            shared.acknowledge(head)?;
            let mut outcomes = Vec::with_capacity(candidates.len());
            for candidate in candidates {
                let found =
                    shared.ledger.find_statement(candidate.issued_at, candidate.leaf_hash).await;
                outcomes.push(match found.map_err(|error| stop(error.to_string()))? {
                    Some(index) => Outcome::AlreadyLogged(index),
                    // Which precondition failed is not recorded; whoever judges again finds out.
                    None => match candidate.preconditions.first() {
                        Some(precondition) => Outcome::Dropped(precondition.clone()),
                        None => return Err(stop("a committed batch lacks an entry".to_owned())),
                    },
                });
            }
            Ok(Appended { head, outcomes, growth: None })
        }
        Err(error) => Err(stop(format!("{doubt}; then: {error}"))),
    }
}

fn place(
    outcome: Outcome,
    new: Option<&(Arc<Growth>, Arc<RootSignature>)>,
) -> Result<Placed, LogError> {
    match (outcome, new) {
        (Outcome::Appended(index), Some((growth, signature))) => {
            Ok(Placed::New { index, growth: Arc::clone(growth), signature: Arc::clone(signature) })
        }
        (Outcome::Appended(index) | Outcome::AlreadyLogged(index), _) => {
            Ok(Placed::Before { index })
        }
        (Outcome::Dropped(precondition), _) => Err(LogError::Stale(precondition)),
    }
}

fn deliver(results: BatchResult, answers: Vec<oneshot::Sender<Result<Placed, LogError>>>) {
    match results {
        Ok(results) => {
            for (result, answer) in results.into_iter().zip(answers) {
                // A client that went away does not mind; its statement is logged all the same.
                let _gone = answer.send(result);
            }
        }
        Err(error) => {
            for answer in answers {
                let _gone = answer.send(Err(error.for_everybody()));
            }
        }
    }
}

impl LogError {
    fn for_everybody(&self) -> Self {
        match self {
            Self::Stopped(reason) => Self::Stopped(reason.clone()),
            other => Self::NotCommitted(other.to_string()),
        }
    }
}
