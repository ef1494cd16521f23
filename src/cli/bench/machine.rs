//! The machine: what it is, and the two costs that no log can avoid on it.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    cli::output::Failure,
    entropy::{OsEntropy, random_bytes},
    keys::{LocalSigner, Signer as _},
};

/// Time for which strict verification is measured.
const VERIFY_FOR: Duration = Duration::from_millis(1500);
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

/// Strict Ed25519 verifications of messages of `message_bytes` per second, on one core.
///
/// # Errors
/// A key or signature that does not work: the machine cannot be measured then.
pub fn strict_verify_per_second(message_bytes: usize) -> Result<f64, Failure> {
    let signer = LocalSigner::from_seed(&random_bytes(&OsEntropy)).map_err(Failure::service)?;
    let key = signer.public_key();
    let mut signed = Vec::with_capacity(MESSAGES);
    for number in 0..MESSAGES {
        let mut message = vec![0_u8; message_bytes.max(8)];
        message[..8].copy_from_slice(&number.to_be_bytes());
        let signature = signer.sign(&message).map_err(Failure::service)?;
        signed.push((message, signature));
    }
    let started = Instant::now();
    let mut verified = 0_u32;
    while started.elapsed() < VERIFY_FOR {
        for (message, signature) in &signed {
            key.verify(message, signature).map_err(Failure::service)?;
        }
        verified += MESSAGES as u32;
    }
    Ok(f64::from(verified) / started.elapsed().as_secs_f64())
}

/// The same on `threads` threads at once, together.
///
/// # Errors
/// As [`strict_verify_per_second`].
pub fn strict_verify_per_second_on(threads: usize, message_bytes: usize) -> Result<f64, Failure> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || strict_verify_per_second(message_bytes)))
            .collect();
        workers.into_iter().try_fold(0.0, |sum, worker| {
            let rate = worker.join().map_err(|_| Failure::service("a thread panicked"))??;
            Ok(sum + rate)
        })
    })
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
    let mut times = measured
        .map_err(|error| Failure::usage(format!("cannot write in {}: {error}", path.display())))?;
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1000.0)
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
    fn synchronous_writes_are_measured_and_cleaned_away() {
        let directory = tempfile::tempdir().unwrap();
        assert!(fdatasync_ms(directory.path()).unwrap() >= 0.0);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(fdatasync_ms(&directory.path().join("missing")).is_err());
    }
}
