//! `attestry serve --mail`: letters go out, and a crash loses none.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::support::{DONE, Service, USAGE, attestry, text};

/// A mail server in a process of its own; killed when dropped.
struct MailServer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl MailServer {
    /// Starts it and writes settings for it.
    fn start(settings: &Path) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let python = tests.join(".tools/venv/bin/python");
        let mut child = Command::new(&python)
            .arg(tests.join("smtp/server.py"))
            .arg("0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; run tests/run once, it makes it", python.display())
            });
        let mut server = Self { lines: BufReader::new(child.stdout.take().unwrap()), child };
        let port = server.line();
        let written = format!(
            "server = \"127.0.0.1\"\nport = {port}\nsecurity = \"plain\"\nfrom = \"desk@example.com\"\n"
        );
        std::fs::write(settings, written).unwrap();
        server
    }

    /// What it tells next; it ends by itself, so this does not wait for ever.
    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.lines.read_line(&mut line).unwrap() > 0, "the mail server is there");
        line.trim_end().to_owned()
    }

    /// The next message.
    fn message(&mut self) -> Value {
        loop {
            let told: Value = serde_json::from_str(&self.line()).unwrap();
            if told.get("rcpt").is_none() {
                return told;
            }
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn notice(url: &str, address: &str) {
    let field = |name: &str, value: &str| format!("{name}={value}");
    let fields = [
        field("claimant", "Zephyrine Q."),
        field("contact-email", address),
        field("relation", "It names me."),
        field("material", "A text about me."),
        field("erasure-ground", "b"),
    ];
    let mut command = vec!["notice", "send", "--ground", "gdpr-erasure", "--server", url];
    for field in &fields {
        command.extend(["--field", field]);
    }
    attestry(&command).exits(DONE);
}

#[test]
fn a_crash_before_the_server_answers_sends_the_same_letter_again() {
    let directory = tempfile::tempdir().unwrap();
    let settings = directory.path().join("mail.toml");
    let mut post = MailServer::start(&settings);
    let data = directory.path().join("log");
    let serve = ["--mail", text(&settings)];
    let service = Service::start_with(&data, &serve);
    notice(service.url(), "stall@example.org");
    let first = post.message();
    service.kill();
    let service = Service::start_with(&data, &serve);
    let again = post.message();
    let of = |message: &Value| {
        let headers = &message["headers"];
        [&headers["message-id"], &headers["date"], &headers["subject"], &message["body"]]
            .map(|it| it.as_str().unwrap().to_owned())
    };
    assert_eq!(of(&first), of(&again));
    assert!(first["body"].as_str().unwrap().contains("/api/v1/notices/"), "{first}");
    // Waiting for an answer keeps nobody from stopping.
    assert_eq!(service.stop().0, DONE);
}

#[test]
fn a_mail_server_that_would_be_asked_in_the_clear_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let settings = directory.path().join("mail.toml");
    let plain = "server = \"192.0.2.1\"\nsecurity = \"plain\"\nfrom = \"desk@example.com\"\n";
    std::fs::write(&settings, plain).unwrap();
    let data = directory.path().join("log");
    let data = text(&data);
    attestry(&["serve", "--data", data, "--mail", text(&settings)]).exits(USAGE).says("192.0.2.1");
    let gone = text(directory.path()).to_owned() + "/gone.toml";
    attestry(&["serve", "--data", data, "--mail", &gone]).exits(USAGE).says("gone.toml");
}
