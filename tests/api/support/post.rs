//! A mail server in a process of its own, and what it was sent.

use std::{path::Path, process::Stdio, time::Duration};

use attestry::mail::{Courier, settings::MailSettings};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Longest wait for something that the server is sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends when dropped.
pub struct MailServer {
    process: Child,
    /// It ends when this does.
    _input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    pub port: u16,
}

impl MailServer {
    pub async fn start() -> Self {
        Self::with(0, &[]).await
    }

    pub async fn with(port: u16, more: &[&str]) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let python = tests.join(".tools/venv/bin/python");
        let mut process = Command::new(&python)
            .arg(tests.join("smtp/server.py"))
            .arg(port.to_string())
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; run tests/run once, it makes it", python.display())
            });
        let input = process.stdin.take().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let announced = lines.next_line().await.unwrap().expect("the mail server starts");
        Self { process, _input: input, lines, port: announced.parse().unwrap() }
    }

    /// The next thing that it was sent: a recipient, or a message.
    pub async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("something comes in time").unwrap().expect("the server is there");
        serde_json::from_str(&line).unwrap()
    }

    /// The next message, which must be to this address.
    pub async fn message_to(&mut self, address: &str) -> Value {
        assert_eq!(self.next().await["rcpt"], address);
        let message = self.next().await;
        assert_eq!(message["to"], serde_json::json!([address]), "{message}");
        message
    }

    /// Nothing else was sent.
    pub async fn stop(mut self) {
        self.process.kill().await.unwrap();
        let rest = self.lines.next_line().await.unwrap();
        assert_eq!(rest, None, "nothing was sent that no test expects");
    }
}

/// Somebody who hands messages to a server on this machine.
pub fn courier(port: u16) -> Courier {
    courier_with(port, "security = \"plain\"\n").unwrap()
}

/// The same with other settings, read as an operator writes them.
pub fn courier_with(port: u16, more: &str) -> Result<Courier, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.toml");
    let from = "from = \"Takedown desk <desk@example.com>\"\n";
    let text = format!("server = \"127.0.0.1\"\nport = {port}\n{from}{more}");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("secret"), "opensesame\n").unwrap();
    let settings = MailSettings::read(&path).map_err(|error| error.to_string())?;
    Courier::new(settings).map_err(|error| error.to_string())
}
