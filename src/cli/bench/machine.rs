//! The machine: what it is, and the two costs that no log can avoid on it.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use attestry_proof::key::{PublicKey, SIGNATURE_BYTES};
use serde::Serialize;

use crate::{
    cli::output::Failure,
    entropy::{OsEntropy, random_bytes},
    keys::{LocalSigner, Signer as _},
};

/// Different messages verified in turn.
const MESSAGES: usize = 256;
/// Synchronous writes measured.
const SYNCS: usize = 200;
/// Bytes of each: one page.
const SYNC_BYTES: usize = 4096;

/// What was measured on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// As the system calls it.
    pub cpu: String,
    /// Threads that run at the same time.
    pub cores: usize,
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cpu: cpu_model(&text).unwrap_or("unknown").to_owned(), cores }
    }
}

fn cpu_model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim())
}

/// Signed messages whose strict verification is timed.
pub struct StrictVerification {
    key: PublicKey,
    signed: Vec<(Vec<u8>, [u8; SIGNATURE_BYTES])>,
}

impl StrictVerification {
    /// Signs messages of so many bytes.
    ///
    /// # Errors
    /// A key that cannot sign.
    pub fn of(message_bytes: usize) -> Result<Self, Failure> {
        let signer = LocalSigner::from_seed(&random_bytes(&OsEntropy)).map_err(Failure::service)?;
        let sign = |number: usize| -> Result<_, Failure> {
            let mut message = vec![0; message_bytes.max(8)];
            message[..8].copy_from_slice(&number.to_be_bytes());
            let signature = signer.sign(&message).map_err(Failure::service)?;
            Ok((message, signature))
        };
        let signed = (0..MESSAGES).map(sign).collect::<Result<_, _>>()?;
        Ok(Self { key: signer.public_key(), signed })
    }

    /// Verifications per second, of all threads together, over about so long.
    ///
    /// # Errors
    /// A signature that does not verify: nothing can be measured then.
    pub fn per_second(&self, threads: usize, time: Duration) -> Result<f64, Failure> {
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..threads).map(|_| scope.spawn(move || self.rate_of_one(time))).collect();
            workers.into_iter().try_fold(0.0, |sum, worker| {
                let rate = worker.join().map_err(|_| Failure::service("a thread panicked"))??;
                Ok(sum + rate)
            })
        })
    }

    fn rate_of_one(&self, time: Duration) -> Result<f64, Failure> {
        let started = Instant::now();
        let mut verified = 0_u32;
        while started.elapsed() < time {
            for (message, signature) in &self.signed {
                self.key.verify(message, signature).map_err(Failure::service)?;
            }
            verified += MESSAGES as u32;
        }
        Ok(f64::from(verified) / started.elapsed().as_secs_f64())
    }
}

/// The middle of some measurements; 0 of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Median time of `fdatasync` after one page was appended to a file in `directory`, in
/// milliseconds.
///
/// # Errors
/// A directory that cannot be written.
pub fn fdatasync_ms(directory: &Path) -> Result<f64, Failure> {
    let path = directory.join("fdatasync.bench");
    let measured = measure_syncs(&path);
    let _gone = std::fs::remove_file(&path);
    let times = measured
        .map_err(|error| Failure::usage(format!("cannot write in {}: {error}", path.display())))?;
    Ok(median(times.iter().map(|time| time.as_secs_f64() * 1000.0).collect()))
}

fn measure_syncs(path: &Path) -> std::io::Result<Vec<Duration>> {
    let mut file = File::create(path)?;
    let page = [0x5a; SYNC_BYTES];
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&page)?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_from_the_first_processor() {
        let text = "processor\t: 0\nmodel name\t: Chip A 2\nprocessor\t: 1\nmodel name\t: Chip B\n";
        assert_eq!(cpu_model(text), Some("Chip A 2"));
        assert_eq!(cpu_model("processor : 0\n"), None);
    }

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn strict_verification_is_timed_on_any_number_of_threads() {
        let strict = StrictVerification::of(100).unwrap();
        for threads in [1, 2] {
            assert!(strict.per_second(threads, Duration::from_millis(1)).unwrap() > 1.0);
        }
    }

    #[test]
    fn synchronous_writes_are_measured_and_cleaned_away() {
        let directory = tempfile::tempdir().unwrap();
        assert!(fdatasync_ms(directory.path()).unwrap() >= 0.0);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(fdatasync_ms(&directory.path().join("missing")).is_err());
    }
}
