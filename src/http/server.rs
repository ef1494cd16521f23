//! Listening: plain HTTP on loopback or behind a proxy, TLS everywhere else, and a shutdown that
//! lets requests finish.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
};
use axum_server::{Handle, tls_rustls::RustlsConfig};

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

/// How long a connection may take to send the head of a request.
const HEADERS_MAX: Duration = Duration::from_secs(30);

/// Certificate and key, both PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// Why the service does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Tokens and files would cross a network in the clear.
    #[error(
        "{address} is reachable from other machines, and without TLS everything would cross the network in the clear: \
         give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that ends TLS (--trusted-proxy allows \
         another address)"
    )]
    PlainBeyondLoopback {
        /// Address asked for.
        address: SocketAddr,
    },
    /// Requests are signed for an address that callers do not use.
    #[error(
        "callers do not use the address {address}, but their requests are signed for the one they use: say which, with \
         --public-url https://log.example.com"
    )]
    NoPublicUrl {
        /// Address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Address asked for.
        address: SocketAddr,
        /// What the system reported.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("the TLS certificate {certificate} with the key {key} cannot be used: {source}")]
    Tls {
        /// Certificate file.
        certificate: PathBuf,
        /// Key file.
        key: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

/// A bound socket and what to speak on it.
pub struct Listener {
    socket: TcpListener,
    tls: Option<RustlsConfig>,
    address: SocketAddr,
    /// Whether a connection's other end is the caller, not a proxy.
    direct: bool,
}

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub async fn bind(
        address: SocketAddr,
        tls: Option<&TlsFiles>,
        trusted_proxy: bool,
    ) -> Result<Self, ListenError> {
        if tls.is_none() && !trusted_proxy && !address.ip().is_loopback() {
            return Err(ListenError::PlainBeyondLoopback { address });
        }
        let tls = match tls {
            Some(files) => Some(load(&files.certificate, &files.key).await?),
            None => None,
        };
        let failed = |source| ListenError::Bind { address, source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        // On loopback there is a proxy of the operator's, or nobody to tell apart.
        let direct = !trusted_proxy && !address.ip().is_loopback();
        Ok(Self { socket, tls, address, direct })
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…` or `https://…`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until `stop` resolves, then lets requests finish for a while.
    ///
    /// # Errors
    /// [`ListenError::Serve`].
    pub async fn serve(
        self,
        router: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ListenError> {
        let handle = Handle::new();
        let stopping = handle.clone();
        let watcher = tokio::spawn(async move {
            stop.await;
            stopping.graceful_shutdown(Some(GRACE));
        });
        // Without the address of the peer there is no limit for each of them.
        let router = match self.direct {
            true => router,
            false => router.layer(axum::middleware::map_request(forget_peer)),
        };
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = match self.tls {
            Some(tls) => {
                let mut server =
                    axum_server::from_tcp_rustls(self.socket, tls).map_err(ListenError::Serve)?;
                server.http_builder().http1().header_read_timeout(HEADERS_MAX);
                server.handle(handle).serve(service).await
            }
            None => {
                let mut server = axum_server::from_tcp(self.socket).map_err(ListenError::Serve)?;
                server.http_builder().http1().header_read_timeout(HEADERS_MAX);
                server.handle(handle).serve(service).await
            }
        };
        watcher.abort();
        served.map_err(ListenError::Serve)
    }
}

async fn forget_peer(mut request: Request) -> Request {
    request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
    request
}

async fn load(certificate: &Path, key: &Path) -> Result<RustlsConfig, ListenError> {
    // Both providers may be compiled in; an installed one is used, so a second call changes
    // nothing.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    RustlsConfig::from_pem_file(certificate, key).await.map_err(|source| ListenError::Tls {
        certificate: certificate.into(),
        key: key.into(),
        source,
    })
}
