//! The real program, in a process of its own.

use std::{
    fs::File,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use attestry::{cli::client::Client, config::Storage, keys::LocalSigner};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
};

use super::ORIGIN;

/// A service that listens on loopback; killed when dropped.
pub struct ServiceProcess {
    child: Child,
    /// Its address.
    pub url: String,
    /// The link for the first administrator, while nobody is enrolled.
    pub admin_link: Option<String>,
}

/// The program ended instead of serving.
#[derive(Debug)]
pub struct Refused {
    pub status: ExitStatus,
    /// What it printed to standard output.
    pub output: String,
}

impl ServiceProcess {
    /// Starts the service and waits until it serves.
    pub async fn start(storage: &Storage) -> Result<Self, Refused> {
        let log = storage.data.with_file_name("serve.log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut child =
            program(&["--json", "serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN], storage)
                .stdout(Stdio::piped())
                .stderr(Stdio::from(log))
                .kill_on_drop(true)
                .spawn()
                .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut announced = String::new();
        loop {
            let read = output.read_line(&mut announced).await.unwrap();
            if read == 0 {
                let status = child.wait().await.unwrap();
                return Err(Refused { status, output: announced });
            }
            // One object, printed over several lines, ends at the only brace without indentation.
            if announced.ends_with("\n}\n") {
                break;
            }
        }
        let announced: Value = serde_json::from_str(&announced).unwrap();
        if announced.get("error").is_some() {
            let status = child.wait().await.unwrap();
            return Err(Refused { status, output: announced.to_string() });
        }
        // Whoever prints into a closed pipe may die of it.
        tokio::spawn(async move {
            let mut rest = Vec::new();
            let _ended = output.read_to_end(&mut rest).await;
        });
        let text = |member: &str| announced.get(member).and_then(Value::as_str).map(str::to_owned);
        Ok(Self { child, url: text("url").expect("the address"), admin_link: text("admin_link") })
    }

    /// Starts the service and kills it that soon, wherever it has got to.
    pub async fn interrupt_start(storage: &Storage, after: Duration) {
        let mut child = program(&["--json", "serve", "--listen", "127.0.0.1:0"], storage)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        tokio::time::sleep(after).await;
        child.kill().await.unwrap();
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        let id = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(asked.success());
        self.child.wait().await.unwrap()
    }

    /// A client that signs with this key.
    pub async fn client(&self, signer: LocalSigner) -> Client {
        Client::with_key(&self.url, signer).await.unwrap()
    }
}

/// Runs the program to its end; answers with its status and the JSON it printed.
pub async fn run(arguments: &[&str], storage: &Storage) -> (ExitStatus, Value) {
    let output = program(arguments, storage).output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let json = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
    (output.status, json)
}

fn program(arguments: &[&str], storage: &Storage) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attestry"));
    command.args(arguments).arg("--data").arg(&storage.data).arg("--guard").arg(&storage.guard);
    command
}
