//! Settings, one struct for each concern.

use std::{net::SocketAddr, path::PathBuf};

use crate::{
    http::{EntriesAccess, oidc::settings::OidcSettings, server::TlsFiles},
    mail::settings::MailSettings,
};

/// Where things are kept.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Ledger, keyring, keys and vault.
    pub data: PathBuf,
    /// The guard: outside the data directory, so that restoring one does not restore the other.
    pub guard: PathBuf,
}

impl Storage {
    /// The data directory, and a guard beside it unless another is named.
    #[must_use]
    pub fn new(data: PathBuf, guard: Option<PathBuf>) -> Self {
        let guard = guard.unwrap_or_else(|| {
            let mut name = data.file_name().unwrap_or(data.as_os_str()).to_owned();
            name.push(".guard");
            data.with_file_name(name)
        });
        Self { data, guard }
    }

    /// The ledger's database.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.data.join("ledger.db")
    }

    /// The keyring's database.
    #[must_use]
    pub fn keyring(&self) -> PathBuf {
        self.data.join("keyring.db")
    }

    /// Key-encryption keys, one file for each epoch.
    #[must_use]
    pub fn key_encryption_keys(&self) -> PathBuf {
        self.data.join("kek")
    }

    /// The log's own keys.
    #[must_use]
    pub fn log_keys(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// Sealed objects.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.data.join("vault")
    }
}

/// How the service listens.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Address; port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy in front ends TLS.
    pub trusted_proxy: bool,
    /// Address that callers use, if it is not the one listened on.
    pub public_url: Option<String>,
    /// Identity provider to sign in through.
    pub oidc: Option<OidcSettings>,
    /// Server that takes mail over.
    pub mail: Option<MailSettings>,
}

/// What the service is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Name of the log; `None` takes the one in the data directory, or the default for a new log.
    pub origin: Option<String>,
    /// Who may read entry bundles.
    pub entries: EntriesAccess,
    /// Policies and clause texts; `None` takes those built in.
    pub policies: Option<PathBuf>,
    /// Whether what is received is searched for what must not leave.
    pub scan: bool,
}

/// Name of a log that was given none.
pub const DEFAULT_ORIGIN: &str = "attestry.localhost/log";
