//! Tasks on a thread of their own.
//!
//! The threads that serve requests verify signatures, a tenth of a millisecond each, and whatever
//! becomes ready meanwhile stands in line. A task that everybody waits for, and that itself waits
//! for a database a dozen times each round, would stand in that line a dozen times.

use std::{io, time::Duration};

use tokio::sync::oneshot;

/// How long what the task left running may go on after it.
const AFTERMATH: Duration = Duration::from_secs(1);
const AFTERMATH_POLL: Duration = Duration::from_millis(1);

/// A task on a thread of its own. Dropping this does not stop it.
#[derive(Debug)]
pub struct OwnThread {
    ended: oneshot::Receiver<()>,
}

impl OwnThread {
    /// Starts `task` on a thread called `name`, on a runtime of its own.
    ///
    /// # Errors
    /// The system has no thread or no timer to give.
    pub fn run(name: &str, task: impl Future<Output = ()> + Send + 'static) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (running, ended) = oneshot::channel::<()>();
        let work = move || {
            // Dropped at the end, or when the task panics: either way whoever waits learns of it.
            let _running = running;
            runtime.block_on(async {
                task.await;
                finish_spawned().await;
            });
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { ended })
    }

    /// Waits until the task has ended, in whatever way.
    pub async fn ended(self) {
        let _dropped = self.ended.await;
    }
}

/// Lets tasks that the main one spawned come to their end: a pool takes its connections back so.
async fn finish_spawned() {
    let runtime = tokio::runtime::Handle::current();
    let finished = async {
        while runtime.metrics().num_alive_tasks() > 0 {
            tokio::time::sleep(AFTERMATH_POLL).await;
        }
    };
    let _late = tokio::time::timeout(AFTERMATH, finished).await;
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_task_runs_elsewhere_and_what_it_spawned_is_finished() {
        let here = std::thread::current().id();
        let finished = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&finished);
        let thread = OwnThread::run("apart", async move {
            assert_ne!(std::thread::current().id(), here);
            assert_eq!(std::thread::current().name(), Some("apart"));
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                flag.store(true, Ordering::SeqCst);
            });
        });
        thread.unwrap().ended().await;
        assert!(finished.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn the_end_of_a_task_that_panics_is_noticed() {
        let thread = OwnThread::run("panics", async { panic!("on purpose") }).unwrap();
        thread.ended().await;
    }
}
