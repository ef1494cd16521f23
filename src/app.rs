//! The composition root: alone in naming concrete stores, keys, clocks and randomness.

pub mod fsck;
pub mod reload;

use std::{path::PathBuf, sync::Arc};

use tokio::task::JoinHandle;

use crate::{
    assets,
    clock::{Clock, SystemClock},
    config::{DEFAULT_ORIGIN, Identity, Listen, Storage},
    entropy::{Entropy, OsEntropy},
    http::{
        self, AppState, EntriesAccess,
        limits::Limits,
        oidc::{Oidc, OidcSetupError, settings::SettingsError},
        server::{ListenError, Listener},
    },
    keys::{LogSigners, file::KeyFileError},
    log::{
        Open, OpenError,
        guard::{FileGuard, Guard as _, GuardError, lock_directory},
    },
    mail::{Courier, MailSetupError, settings::MailSettingsError},
    ocr,
    service::{
        Service, ServiceError, enroll::Invited, genesis, outbox::keep_sending, policies::Policies,
        scan::keep_scanning, status::keep_up,
    },
    store::{
        files::Files,
        keyring::KeyringError,
        ledger::{Ledger, StoreError},
        sqlite::{files::SqliteFiles, keyring::SqliteKeyring, ledger::SqliteLedger},
    },
    vault::{FileKek, KekError, KeysError, Vault, VaultParts, local_objects},
};

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory is in use.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The log does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A key file cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring cannot be opened.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The key-encryption keys cannot be used.
    #[error(transparent)]
    Kek(#[from] KekError),
    /// Keyring and key-encryption keys do not fit.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The vault's directory cannot be used.
    #[error("the vault at {path} cannot be used: {source}")]
    Vault {
        /// Its directory.
        path: PathBuf,
        /// What is wrong.
        source: object_store::Error,
    },
    /// The policies cannot be read.
    #[error("the policies at {path} cannot be used: {reason}")]
    Policies {
        /// Their folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The keys belong to a log whose database is gone.
    #[error(
        "the keys in {keys} belong to a log that has begun, but the database is empty: it was lost, or --data names \
         another directory. A new log with the same keys would sign a second history; restore the database, or begin \
         a new log in an empty --data"
    )]
    KeysInUse {
        /// Their directory.
        keys: PathBuf,
    },
    /// The data directory belongs to another log.
    #[error(
        "the data directory holds the log {found:?}, not {required:?}; leave --origin out, or use another --data"
    )]
    OtherOrigin {
        /// Origin in the data directory.
        found: String,
        /// Origin asked for.
        required: String,
    },
    /// The first statements could not be made.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The service cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The file about the identity provider cannot be used.
    #[error(transparent)]
    OidcSettings(#[from] SettingsError),
    /// Signing in through the identity provider cannot be offered.
    #[error("sign-in through the identity provider cannot be offered: {0}")]
    Oidc(#[from] OidcSetupError),
    /// The file about the mail server cannot be used.
    #[error(transparent)]
    MailSettings(#[from] MailSettingsError),
    /// Mail cannot be sent.
    #[error("mail cannot be sent: {0}")]
    Mail(#[from] MailSetupError),
    /// Metrics cannot be recorded.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// A directory cannot be made.
    #[error("{path} cannot be made a directory: {source}")]
    Directory {
        /// Which one.
        path: PathBuf,
        /// What the system reported.
        source: std::io::Error,
    },
}

/// Binds the socket and then opens everything, so that a service that cannot listen leaves no new log behind.
///
/// # Errors
/// See [`StartError`].
pub async fn start(
    storage: &Storage,
    identity: Identity,
    listen: &Listen,
) -> Result<Listening, StartError> {
    let listener = bind(listen).await?;
    Application::open(storage, identity).await?.on(listener, listen)
}

async fn bind(listen: &Listen) -> Result<Listener, ListenError> {
    let address = listen.address;
    if listen.public_url.is_none() && (listen.trusted_proxy || address.ip().is_unspecified()) {
        return Err(match &listen.tls {
            None if !listen.trusted_proxy => ListenError::PlainBeyondLoopback { address },
            _ => ListenError::NoPublicUrl { address },
        });
    }
    Listener::bind(listen.address, listen.tls.as_ref(), listen.trusted_proxy).await
}

/// A running service, without a socket.
pub struct Application {
    service: Arc<Service>,
    ledger: Arc<SqliteLedger>,
    keyring: Arc<SqliteKeyring>,
    identity: Identity,
    /// What the service does by itself.
    rounds: Vec<JoinHandle<()>>,
    /// Held so that no second process uses the data directory.
    _lock: std::fs::File,
}

impl Application {
    /// Opens everything under the data directory, making what is missing.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(storage: &Storage, identity: Identity) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        make_private(&storage.data)?;
        let lock = lock_directory(&storage.data)?;
        let policies = load_policies(&identity)?;
        let ledger = Arc::new(SqliteLedger::open(&storage.ledger()).await?);
        let origin = origin(&*ledger, identity.origin.as_deref()).await?;
        let signers = match ledger.head().await? {
            Some(_) => LogSigners::read(&storage.log_keys())?,
            None => LogSigners::create(&storage.log_keys(), &*entropy)?,
        };
        let guard = FileGuard::open(&storage.guard, &origin)?;
        if ledger.head().await?.is_none() {
            begin(storage, &guard)?;
        }
        let log = Open {
            origin: origin.clone(),
            ledger: Arc::clone(&ledger) as Arc<dyn Ledger>,
            guard: Arc::new(guard),
            signers: signers.clone(),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        };
        let first = genesis::genesis(&signers, &origin, policies.files(), clock.now())?;
        let log = log.run(|| first).await?;
        let keyring = Arc::new(SqliteKeyring::open(&storage.keyring()).await?);
        let vault = open_vault(storage, &ledger, &keyring, &entropy).await?;
        let port = Arc::clone(&ledger) as Arc<dyn Ledger>;
        let public_entries = identity.entries == EntriesAccess::Public;
        let service = Service::new(log, port, vault, policies, clock, entropy, public_entries);
        let service = Arc::new(service.with_picture_reader(ocr::engine()));
        let rounds = Vec::new();
        Self { service, ledger, keyring, identity, rounds, _lock: lock }.prepared().await
    }

    /// Does what comes before anything is served; if it cannot be done, closes every file, so that the
    /// next start finds nothing locked.
    async fn prepared(mut self) -> Result<Self, StartError> {
        if let Err(error) = prepare(&self.service).await {
            self.close().await;
            return Err(error.into());
        }
        self.rounds.push(tokio::spawn(keep_up(Arc::downgrade(&self.service))));
        if self.identity.scan {
            self.rounds.push(tokio::spawn(keep_scanning(Arc::downgrade(&self.service))));
        }
        Ok(self)
    }

    /// The use cases.
    #[must_use]
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Binds the socket and puts the router on it.
    ///
    /// # Errors
    /// [`StartError::Listen`] or [`StartError::Metrics`].
    pub async fn listen(self, listen: &Listen) -> Result<Listening, StartError> {
        let listener = bind(listen).await?;
        self.on(listener, listen)
    }

    fn on(mut self, listener: Listener, listen: &Listen) -> Result<Listening, StartError> {
        let base_url: Arc<str> = match &listen.public_url {
            Some(url) => url.trim_end_matches('/').into(),
            None => listener.base_url().into(),
        };
        let courier = listen.mail.clone().map(Courier::new).transpose()?;
        self.rounds.push(tokio::spawn(keep_sending(Arc::downgrade(&self.service), courier)));
        let metrics = http::metrics::install()?;
        let oidc =
            listen.oidc.clone().map(|settings| Oidc::new(settings, &base_url)).transpose()?;
        let state = AppState {
            service: Arc::clone(&self.service),
            entries: self.identity.entries,
            base_url: Arc::clone(&base_url),
            metrics,
            oidc: oidc.map(Arc::new),
            notices: Arc::default(),
        };
        // Behind a proxy, all callers come from its address.
        let per_peer_max =
            if listen.trusted_proxy { usize::MAX } else { Limits::default().per_peer_max };
        let limits = Limits { per_peer_max, ..Limits::default() };
        Ok(Listening { application: self, listener, base_url, state, limits })
    }

    /// Finishes what is queued and closes every file.
    pub async fn close(self) {
        let Self { service, ledger, keyring, rounds, .. } = self;
        for round in rounds {
            round.abort();
            let _ended = round.await;
        }
        if let Ok(service) = Arc::try_unwrap(service) {
            service.close().await;
        }
        keyring.close().await;
        ledger.close().await;
    }
}

async fn prepare(service: &Service) -> Result<(), ServiceError> {
    // What was erased stays erased.
    service.replay_journal().await?;
    service.register_policies().await
}

/// A service with a bound socket.
pub struct Listening {
    application: Application,
    listener: Listener,
    base_url: Arc<str>,
    state: AppState,
    limits: Limits,
}

impl Listening {
    /// Address that callers use.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The use cases.
    #[must_use]
    pub fn service(&self) -> &Arc<Service> {
        self.application.service()
    }

    /// The invitation for the first administrator, while nobody is enrolled.
    ///
    /// # Errors
    /// A failing store.
    pub async fn first_invitation(&self) -> Result<Option<(Invited, String)>, StartError> {
        let invited = self.service().invite_first_admin().await?;
        Ok(invited.map(|invited| {
            let link = http::routes::keys::enrolment_link(&self.base_url, &invited.code);
            (invited, link)
        }))
    }

    /// Serves until `stop` resolves, then closes everything.
    ///
    /// # Errors
    /// [`StartError::Listen`].
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), StartError> {
        let served = self.listener.serve(http::router_with(self.state, self.limits), stop).await;
        self.application.close().await;
        Ok(served?)
    }
}

/// A new log begins once with its keys. An empty database beside keys that are in use is a lost
/// database, unless the guard shows that the first start was interrupted.
fn begin(storage: &Storage, guard: &FileGuard) -> Result<(), StartError> {
    if guard.read()?.is_some() {
        return Ok(());
    }
    let keys = storage.log_keys();
    if LogSigners::in_use(&keys) && !guard.is_armed() {
        return Err(StartError::KeysInUse { keys });
    }
    guard.arm()?;
    Ok(LogSigners::mark_in_use(&keys)?)
}

async fn open_vault(
    storage: &Storage,
    ledger: &Arc<SqliteLedger>,
    keyring: &Arc<SqliteKeyring>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Vault, StartError> {
    let path = storage.vault();
    make_private(&path)?;
    let objects = local_objects(&path).map_err(|source| StartError::Vault { path, source })?;
    let files: Arc<dyn Files> =
        Arc::new(SqliteFiles::new(ledger.writer().clone(), ledger.readers().clone()));
    let parts = VaultParts {
        keyring: Arc::clone(keyring) as _,
        files,
        kek: Arc::new(FileKek::open(&storage.key_encryption_keys(), Arc::clone(entropy))?),
        objects,
        entropy: Arc::clone(entropy),
    };
    Ok(Vault::open(parts).await?)
}

fn load_policies(identity: &Identity) -> Result<Policies, StartError> {
    let path = identity.policies.clone().unwrap_or_else(|| PathBuf::from("(built in)"));
    let unusable = |reason: String| StartError::Policies { path: path.clone(), reason };
    let files = match &identity.policies {
        Some(folder) => assets::read_folder(folder).map_err(|error| unusable(error.to_string()))?,
        None => assets::policies(),
    };
    let policies = Policies::load(files).map_err(|error| unusable(error.to_string()))?;
    // Those built in are tried when they are first used.
    if identity.policies.is_some() && policies.has_scan_rules() {
        policies.scan_rules().map_err(|error| unusable(error.to_string()))?;
    }
    Ok(policies)
}

/// The log's name: the one in its genesis, or the one asked for if it is new.
async fn origin(ledger: &dyn Ledger, asked: Option<&str>) -> Result<String, StartError> {
    use attestry_proof::{cose::SignedStatement, size::LeafIndex};
    let genesis = ledger.entries(LeafIndex(0), 1).await?.into_iter().next();
    let Some(genesis) = genesis else { return Ok(asked.unwrap_or(DEFAULT_ORIGIN).to_owned()) };
    let found = SignedStatement::parse_entry(&genesis.entry)
        .map_err(ServiceError::from)?
        .header()
        .audience
        .clone();
    match asked {
        Some(required) if required != found => {
            Err(StartError::OtherOrigin { found, required: required.to_owned() })
        }
        _ => Ok(found),
    }
}

/// Makes a directory that only its owner can enter.
fn make_private(path: &std::path::Path) -> Result<(), StartError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| StartError::Directory { path: path.into(), source })
}
