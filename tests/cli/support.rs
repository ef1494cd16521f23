//! Running the program, bounded in time, without a terminal.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use attestry_proof::hash::Hash;
use serde_json::Value;

/// Longest run of any command here.
const PATIENCE: Duration = Duration::from_secs(180);
const STEP: Duration = Duration::from_millis(10);

/// Exit codes, as the program documents them.
pub const DONE: i32 = 0;
pub const REFUSED: i32 = 1;
pub const USAGE: i32 = 2;
pub const SERVICE: i32 = 3;

/// What a finished run left.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Requires this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Requires exactly one JSON object on standard output; answers with it.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON value: {error}: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        value
    }

    /// Requires that a failure says this.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "{words:?} is not said: {self:?}");
        self
    }
}

/// The program with these arguments, not yet started. Nobody is at its standard input.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attestry"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

/// Runs the program to its end.
pub fn attestry(arguments: &[&str]) -> Run {
    finish(program(arguments))
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Run {
    let mut child = command.spawn().unwrap();
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let code = wait(&mut child).unwrap_or_else(|| panic!("{command:?} does not end"));
    Run { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        let _broken = pipe.read_to_string(&mut text);
        text
    })
}

fn wait(child: &mut Child) -> Option<i32> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        thread::sleep(STEP);
    }
    let _gone = child.kill();
    None
}

/// A service in a process of its own; killed when dropped.
pub struct Service {
    child: Child,
    announced: Value,
    stdout: Option<JoinHandle<String>>,
    pub data: PathBuf,
}

impl Service {
    /// Starts it on a free port of loopback and waits until it serves.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &Path, more: &[&str]) -> Self {
        let mut arguments = vec!["--json", "serve", "--data", text(data)];
        if !more.contains(&"--listen") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        arguments.extend(more);
        Self::of(&arguments, data)
    }

    /// Runs a command that announces a service with one object and then serves.
    pub fn of(arguments: &[&str], data: &Path) -> Self {
        let log = data.with_extension("log");
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let mut child = program(arguments).stderr(log).spawn().unwrap();
        let mut pipe = child.stdout.take().unwrap();
        let mut printed = Vec::new();
        let mut byte = [0];
        // One object over several lines: it ends at the brace without indentation.
        while !printed.ends_with(b"\n}\n") {
            let read = pipe.read(&mut byte).unwrap();
            assert_eq!(read, 1, "it ended: {}", String::from_utf8_lossy(&printed));
            printed.push(byte[0]);
        }
        let announced: Value = serde_json::from_slice(&printed).unwrap();
        assert!(announced.get("error").is_none(), "{announced}");
        let stdout = Some(drain(pipe));
        Self { child, announced, stdout, data: data.to_owned() }
    }

    pub fn url(&self) -> &str {
        self.announced["url"].as_str().unwrap()
    }

    pub fn announced(&self) -> &Value {
        &self.announced
    }

    /// Of the log's key, as its operator would tell it.
    pub fn fingerprint(&self) -> String {
        let key = self.announced["log_key"].as_str().unwrap();
        Hash::of(key.as_bytes()).to_hex()
    }

    /// Sends it a signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args([format!("-{name}"), process]).status();
        assert!(sent.unwrap().success());
    }

    /// What its operator reads.
    pub fn operators_log(&self) -> String {
        fs::read_to_string(self.data.with_extension("log")).unwrap()
    }

    /// Asks it to stop; answers with its exit code and what else it printed.
    pub fn stop(mut self) -> (i32, String) {
        self.signal("TERM");
        let code = wait(&mut self.child).expect("it stops");
        (code, self.stdout.take().unwrap().join().unwrap())
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Names of the files below a directory, sorted.
pub fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = walkdir::WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| text(entry.path().strip_prefix(directory).unwrap()).to_owned())
        .collect();
    names.sort();
    names
}
