//! `attestry demo`: the main job from end to end, on the samples that are built in.
//!
//! Nothing is simulated: a real service on loopback, real keys, real files, and the same offline
//! verifier that consumers use. It exits with 0 only if every step held.

mod packs;
mod review;
mod samples;
mod search;
mod steps;
mod takedown;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    block_on,
    output::{Failure, Output},
    serve::{start_failure, stop_signal},
};
use crate::{
    app::{Application, StartError},
    config::{Identity, Listen, Storage},
    http::EntriesAccess,
    service::enroll::Invited,
};

/// Where the demonstration runs.
#[derive(clap::Args)]
pub struct Arguments {
    /// Empty directory for everything it makes. Default: a new one for temporary files.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Leave the service running at the end, until Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// Name of the demonstration's log.
const ORIGIN: &str = "demo.attestry.example/log";

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let data = match arguments.data {
        Some(data) => data,
        None => {
            let made = tempfile::Builder::new().prefix("attestry-demo-").tempdir();
            made.map_err(|error| {
                Failure::usage(format!("no directory for temporary files: {error}"))
            })?
            .keep()
        }
    };
    refuse_used(&data)?;
    let stage = Stage { storage: Storage::new(data.clone(), None), listen: arguments.listen };
    block_on(async {
        let facts = steps::play(&stage, output).await?;
        output.heading("Every step held.");
        output.line(format_args!("  everything it made is in {}", stage.made().display()));
        output.line(format_args!(
            "  try it yourself: attestry verify {0} --trust {0}/trust.policy",
            stage.made().display()
        ));
        if !arguments.keep {
            output.json(&facts);
            return Ok(());
        }
        let stop = stop_signal()?;
        let running = stage.start().await?;
        output.line(format_args!(
            "\nThe service runs at {} until Ctrl-C; its API is at /docs.",
            running.url
        ));
        output.json(&serde_json::json!({ "demo": facts, "url": running.url }));
        stop.await;
        running.stop().await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Only an empty directory can show what the demonstration makes.
fn refuse_used(data: &Path) -> Result<(), Failure> {
    let storage = Storage::new(data.to_path_buf(), None);
    for path in [&storage.data, &storage.guard] {
        let used = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
            || path.is_file();
        if used {
            let path = path.display();
            return Err(Failure::usage(format!(
                "{path} is not empty; give the demonstration a new directory: --data DIR"
            )));
        }
    }
    Ok(())
}

/// Where the service of the demonstration lives.
struct Stage {
    storage: Storage,
    listen: SocketAddr,
}

/// A service that runs in this process.
struct Running {
    url: String,
    invitation: Option<Invited>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StartError>>,
}

impl Stage {
    /// Folder for what people would hold: statements, payloads, keys, the trust policy.
    fn made(&self) -> PathBuf {
        self.storage.data.join("demo")
    }

    async fn start(&self) -> Result<Running, Failure> {
        let identity = Identity {
            origin: Some(ORIGIN.to_owned()),
            entries: EntriesAccess::Public,
            policies: None,
            scan: true,
        };
        let listen = Listen {
            address: self.listen,
            tls: None,
            trusted_proxy: false,
            public_url: None,
            oidc: None,
            mail: None,
        };
        let application =
            Application::open(&self.storage, identity).await.map_err(start_failure)?;
        let listening = application.listen(&listen).await.map_err(start_failure)?;
        let invitation = listening.first_invitation().await.map_err(start_failure)?;
        let url = listening.base_url().to_owned();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listening.serve(async {
            let _asked = stopped.await;
        }));
        Ok(Running { url, invitation: invitation.map(|(invited, _)| invited), stop, task })
    }
}

impl Running {
    async fn stop(self) -> Result<(), Failure> {
        let _already_gone = self.stop.send(());
        let served = self.task.await.map_err(Failure::service)?;
        served.map_err(start_failure)
    }
}
