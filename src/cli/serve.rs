//! `attestry serve`: the service, until it is told to stop.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use super::{
    block_on,
    output::{Failure, Output},
};
use crate::{
    app::{
        self, Listening, StartError,
        reload::{Reloaded, Reloader},
    },
    config::{Identity, Listen, Storage},
    http::{
        EntriesAccess,
        oidc::settings::OidcSettings,
        server::{ListenError, TlsFiles},
    },
    log::OpenError,
    mail::settings::MailSettings,
    service::ServiceError,
};

/// Settings of the service.
#[derive(clap::Args)]
pub struct Arguments {
    /// Directory for ledger, keyring, keys and files.
    #[arg(long, value_name = "DIR", default_value = "attestry-data")]
    data: PathBuf,
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Name of a new log, such as log.example.com/attestry.
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Directory that remembers the last head; put it on another disk. Default: DATA.guard.
    #[arg(long, value_name = "DIR")]
    guard: Option<PathBuf>,
    /// Who may read entry bundles.
    #[arg(long, value_enum, default_value = "members")]
    entries: EntriesAccess,
    /// Policies and clause texts to use instead of those built in.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Do not search what is received. Nothing new is cleared then under terms that ask for a scan.
    #[arg(long)]
    no_scan: bool,
    /// TLS certificate chain, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// TLS private key, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A proxy in front ends TLS, so plain HTTP beyond loopback is safe.
    #[arg(long)]
    trusted_proxy: bool,
    /// Address that callers use, when it is not the one listened on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Identity provider to sign in through, as a TOML file.
    #[arg(long, value_name = "FILE")]
    oidc: Option<PathBuf>,
    /// Mail server that letters are sent through, as a TOML file. Without one nobody is written to.
    #[arg(long, value_name = "FILE")]
    mail: Option<PathBuf>,
}

/// Runs the service until SIGINT or SIGTERM. SIGHUP makes it read the policies again.
pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    trace();
    block_on(async {
        let listening = open(arguments).await.map_err(start_failure)?;
        let (stop, reloads) = (stop_signal()?, reloads(listening.reloader())?);
        announce(&listening, output).await?;
        let stop = async {
            tokio::select! {
                () = stop => {}
                () = reloads => {}
            }
        };
        listening.serve(stop).await.map_err(start_failure)?;
        output.line("stopped; everything acknowledged is on disk");
        Ok(ExitCode::SUCCESS)
    })
}

async fn open(arguments: Arguments) -> Result<Listening, StartError> {
    let storage = Storage::new(arguments.data, arguments.guard);
    let identity = Identity {
        origin: arguments.origin,
        entries: arguments.entries,
        policies: arguments.policies,
        scan: !arguments.no_scan,
    };
    let tls = arguments.tls_cert.zip(arguments.tls_key);
    let listen = Listen {
        address: arguments.listen,
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        trusted_proxy: arguments.trusted_proxy,
        public_url: arguments.public_url,
        oidc: arguments.oidc.as_deref().map(OidcSettings::read).transpose()?,
        mail: arguments.mail.as_deref().map(MailSettings::read).transpose()?,
    };
    app::start(&storage, identity, &listen).await
}

async fn announce(listening: &Listening, output: &Output) -> Result<(), Failure> {
    let log = listening.service().log();
    let head = log.head();
    let invitation = listening.first_invitation().await.map_err(start_failure)?;
    output.line(format_args!("attestry serves {} at {}", log.origin(), listening.base_url()));
    output.line(format_args!("  entries      {}", head.size));
    output.line(format_args!("  log key      {}", log.verifier_key()));
    output.line(format_args!("  fingerprint  {}", super::trust::fingerprint(log.verifier_key())));
    output.line(format_args!("  API          {}/docs", listening.base_url()));
    if let Some((_, link)) = &invitation {
        output.line("\nNobody is enrolled yet. This link makes the first administrator, once, within a week:");
        output.line(format_args!("  {link}"));
        output.line(format_args!(
            "  attestry key new --out admin.pem && attestry enroll '{link}' --key admin.pem"
        ));
    }
    output.json(&serde_json::json!({
        "origin": log.origin(),
        "url": listening.base_url(),
        "entries": head.size.0,
        "log_key": log.verifier_key().to_string(),
        "fingerprint": super::trust::fingerprint(log.verifier_key()),
        "admin_link": invitation.map(|(_, link)| link),
    }));
    Ok(())
}

/// Settings that can be given otherwise are the caller's to change; everything else is a failing service.
pub(super) fn start_failure(error: StartError) -> Failure {
    match error {
        StartError::Listen(
            ListenError::PlainBeyondLoopback { .. }
            | ListenError::NoPublicUrl { .. }
            | ListenError::Tls { .. },
        )
        | StartError::Open(OpenError::Origin { .. })
        | StartError::OtherOrigin { .. }
        | StartError::Service(ServiceError::Malformed { .. })
        | StartError::Policies { .. }
        | StartError::OidcSettings(_)
        | StartError::Oidc(_)
        | StartError::MailSettings(_)
        | StartError::Mail(_)
        | StartError::Directory { .. } => Failure::usage(error),
        _ => Failure::service(error),
    }
}

/// SIGINT or SIGTERM. They are caught from this call on, not only once the future is polled: whoever reads the
/// announcement may ask to stop at once.
#[cfg(unix)]
pub(super) fn stop_signal() -> Result<impl Future<Output = ()> + Send, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let catch = |kind| signal(kind).map_err(|error| Failure::service(format!("signals: {error}")));
    let (mut interrupted, mut terminated) =
        (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Reads the policies again at each SIGHUP, for ever. Like the others, the signal is caught from
/// this call on.
#[cfg(unix)]
fn reloads(reloader: Reloader) -> Result<impl Future<Output = ()> + Send, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let asked = signal(SignalKind::hangup());
    let mut asked = asked.map_err(|error| Failure::service(format!("signals: {error}")))?;
    Ok(async move {
        while asked.recv().await.is_some() {
            match reloader.reload().await {
                Ok(Reloaded::InForce(digest)) => {
                    tracing::info!(%digest, "policies read again: a new version is in force");
                }
                Ok(Reloaded::Unchanged(digest)) => {
                    tracing::info!(%digest, "policies read again: nothing changed");
                }
                Err(error) => tracing::error!(%error, "policies not changed: those in force stay"),
            }
        }
        std::future::pending().await
    })
}

/// There is no such signal here: the service starts again to read other policies.
#[cfg(not(unix))]
fn reloads(_: Reloader) -> Result<impl Future<Output = ()> + Send, Failure> {
    Ok(std::future::pending())
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(super) fn stop_signal() -> Result<impl Future<Output = ()> + Send, Failure> {
    Ok(async {
        let _interrupted = tokio::signal::ctrl_c().await;
    })
}

/// The operator's log goes to standard error; `RUST_LOG` sets its detail.
fn trace() {
    use std::io::IsTerminal as _;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,attestry=info"));
    let _already_set = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
