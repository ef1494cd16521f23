//! A real provider: the npm package oidc-provider, in a process of its own.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Ends when dropped.
pub struct RealProvider {
    process: Child,
    /// It ends when this does.
    _input: ChildStdin,
    /// It may go on printing.
    _output: BufReader<ChildStdout>,
    http: reqwest::Client,
    pub issuer: String,
    pub secret: String,
}

impl RealProvider {
    pub async fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        let installed = folder.join("node_modules/oidc-provider");
        assert!(installed.exists(), "{}: run tests/run once, it installs it", installed.display());
        let mut process = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("node: {error}; install it (Debian: nodejs npm)"));
        let mut announced = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut announced).await.unwrap();
        let announced: Value = serde_json::from_str(&announced)
            .unwrap_or_else(|error| panic!("the provider does not start: {error}: {announced}"));
        let text = |name: &str| announced[name].as_str().unwrap().to_owned();
        Self {
            _input: process.stdin.take().unwrap(),
            _output: output,
            process,
            http: reqwest::Client::new(),
            issuer: text("issuer"),
            secret: text("client_secret"),
        }
    }

    /// Says who can sign in, and what is known about them.
    pub async fn accounts(&self, accounts: &Value) {
        let url = format!("{}/test/accounts", self.issuer);
        let answer = self.http.post(url).json(accounts).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Changes the signing keys.
    pub async fn rotate(&self) {
        let url = format!("{}/test/rotate", self.issuer);
        assert!(self.http.post(url).send().await.unwrap().status().is_success());
    }

    /// How often a path was asked for.
    pub async fn requests(&self, path: &str) -> u64 {
        let url = format!("{}/test/requests", self.issuer);
        let counts: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        counts[path].as_u64().unwrap_or(0)
    }

    pub async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}
