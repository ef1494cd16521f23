//! Requests to the provider: encrypted, bounded in time and size, never redirected.

use std::{net::IpAddr, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Url;

/// Largest answer of a provider.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Longest time for a whole answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Why an address is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("{found:?} is no URL")]
    NoUrl {
        /// What it is.
        found: String,
    },
    /// What is said there could be read and changed on the way.
    #[error("{found} is not https, and not on this machine")]
    Open {
        /// The address.
        found: String,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is not asked.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nothing came back, or not in time.
    #[error("no answer: {0}")]
    Request(#[from] reqwest::Error),
    /// The answer is too large.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// Most bytes accepted.
        limit: usize,
    },
    /// The answer is no HTTP answer.
    #[error("no HTTP answer: {0}")]
    Http(#[from] http::Error),
}

/// Accepts `https`, and `http` on this machine alone.
///
/// # Errors
/// See [`AddressError`].
pub fn require_confidential(address: &str) -> Result<Url, AddressError> {
    let url = Url::parse(address).map_err(|_| AddressError::NoUrl { found: address.into() })?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(AddressError::Open { found: address.into() }),
    }
}

/// Asks providers.
pub struct Fetch {
    http: reqwest::Client,
}

impl Fetch {
    /// A client on the TLS that everything here uses.
    ///
    /// # Errors
    /// Whatever the client reports.
    pub fn new() -> Result<Self, reqwest::Error> {
        // The default provider may be installed by somebody else already, which serves as well.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http })
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        require_confidential(&request.uri().to_string())?;
        let mut answer = self.http.execute(reqwest::Request::try_from(request)?).await?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(FetchError::TooLarge { limit: ANSWER_BYTES_MAX });
            }
            body.extend_from_slice(&piece);
        }
        let mut built = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            built = built.header(name, value);
        }
        Ok(built.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = BoxFuture<'c, Result<HttpResponse, FetchError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.ask(request).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_confidential_addresses_are_asked() {
        for good in [
            "https://id.example.com",
            "https://id.example.com:8443/realms/a",
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:80/x",
        ] {
            assert!(require_confidential(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
        ] {
            let refused = require_confidential(bad);
            assert!(matches!(refused, Err(AddressError::Open { .. })), "{bad}");
        }
        for none in ["", "id.example.com", "//id.example.com"] {
            let refused = require_confidential(none);
            assert!(matches!(refused, Err(AddressError::NoUrl { .. })), "{none}");
        }
    }
}
