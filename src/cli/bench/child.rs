//! The service as a process of its own, so that its memory and its end are its own too.

use std::{
    fs,
    io::BufReader,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::cli::output::Failure;

/// How long the service may take to stop once it was told to.
const STOP_WITHIN: Duration = Duration::from_secs(60);
const STOP_POLL: Duration = Duration::from_millis(20);

/// A running service; killed when dropped before it was stopped.
pub struct ServiceProcess {
    process: Child,
    announced: Announced,
    /// Held so that the service can go on printing.
    _stdout: BufReader<ChildStdout>,
}

/// What `serve --json` prints when it is ready.
#[derive(Debug, Deserialize)]
struct Announced {
    url: String,
    admin_link: Option<String>,
}

impl ServiceProcess {
    /// Starts this program as a service on any free port of the loopback address.
    ///
    /// # Errors
    /// The service does not start; its reasons are on standard error.
    pub fn start(data: &Path) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(Failure::service)?;
        let mut command = Command::new(program);
        command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| {
                Failure::service(format!("the service does not start: {error}"))
            })?;
        let Some(stdout) = process.stdout.take() else {
            return Err(Failure::service("the service has no standard output"));
        };
        let mut stdout = BufReader::new(stdout);
        let first = serde_json::Deserializer::from_reader(&mut stdout).into_iter().next();
        let Some(Ok(announced)) = first else {
            let _killed = process.kill();
            let _reaped = process.wait();
            return Err(Failure::service("the service stopped before it was ready"));
        };
        Ok(Self { process, announced, _stdout: stdout })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.announced.url
    }

    /// The one-time code of the first administrator.
    ///
    /// # Errors
    /// The data directory holds a log that has members already.
    pub fn admin_code(&self) -> Result<&str, Failure> {
        let link = self.announced.admin_link.as_deref();
        let code = link.and_then(|link| link.split_once('#')).map(|(_, code)| code);
        code.ok_or_else(|| {
            Failure::usage("the data directory holds a log in use; name a new one with --data")
        })
    }

    /// Most memory it ever had resident; `None` where the system does not say.
    pub fn memory_peak_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        peak_of(&status)
    }

    /// Processor time it has used; `None` where the system does not say.
    pub fn processor_seconds(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?;
        processor_seconds_of(&stat)
    }

    /// Tells it to stop and waits until everything is on disk.
    ///
    /// # Errors
    /// It does not stop, or not in good order.
    pub fn stop(mut self) -> Result<(), Failure> {
        let told = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status();
        told.map_err(|error| Failure::service(format!("the service cannot be stopped: {error}")))?;
        let started = Instant::now();
        while started.elapsed() < STOP_WITHIN {
            match self.process.try_wait().map_err(Failure::service)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    return Err(Failure::service(format!("the service ended with {status}")));
                }
                None => std::thread::sleep(STOP_POLL),
            }
        }
        Err(Failure::service("the service did not stop within a minute"))
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _killed = self.process.kill();
            let _reaped = self.process.wait();
        }
    }
}

/// `VmHWM` of `/proc/PID/status`, in bytes.
fn peak_of(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = value.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// User and system time of `/proc/PID/stat`: fields 14 and 15, in ticks of a hundredth of a second.
fn processor_seconds_of(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(f64::from(user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        let status = "Name:\tattestry\nVmPeak:\t  900 kB\nVmHWM:\t   20480 kB\nVmRSS:\t  10 kB\n";
        assert_eq!(peak_of(status), Some(20 << 20));
        assert_eq!(peak_of("VmRSS:\t10 kB\n"), None);
        assert_eq!(peak_of("VmHWM:\tmany kB\n"), None);
    }

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "42 (a) b 1) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(processor_seconds_of(stat), Some(2.0));
        assert_eq!(processor_seconds_of("42 S 1"), None);
    }
}
