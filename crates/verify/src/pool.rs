//! The same work on many things, spread over threads; results come in the order of the things.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Things a thread takes at once: few enough to share the end of the work, many enough to be cheap.
const BATCH: usize = 16;

/// As many threads as the machine runs at once.
pub(crate) fn all_cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// `work` on every item, on at most `jobs` threads.
pub(crate) fn map<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = jobs.get().min(items.len().div_ceil(BATCH));
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let one_thread = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= items.len() {
                return done;
            }
            let batch = &items[from..items.len().min(from + BATCH)];
            done.push((from, batch.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut batches = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        let join = |handle: thread::ScopedJoinHandle<'_, _>| {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        handles.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    batches.sort_unstable_by_key(|(from, _)| *from);
    batches.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, BATCH - 1, BATCH, BATCH + 1, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for jobs in [1, 2, 7] {
                let jobs = NonZeroUsize::new(jobs).unwrap();
                let squares = map(jobs, &items, |item| item * item);
                assert_eq!(squares, items.iter().map(|item| item * item).collect::<Vec<_>>());
            }
        }
    }
}
