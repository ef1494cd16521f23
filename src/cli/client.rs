//! The service's API as the commands use it: every request is signed by the caller's key.

mod files;

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    time::Duration,
};

use attestry_proof::{hash::Hash, key::Thumbprint, size::LeafIndex};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{output::Failure, pin::Pin};
use crate::{
    clock::{Clock as _, SystemClock},
    entropy::{Entropy as _, OsEntropy},
    http::{
        auth::{Claims, TOKEN_LIFETIME_S_MAX, TOKEN_TYPE, content_digest},
        routes::{
            clearance::{ClearAnswer, ClearRequest},
            key_changes::RevokeRequest,
            keys::{
                EnrollAnswer, EnrollRequest, InviteAnswer, InviteRequest, KeyInfo, PersonRequest,
            },
            log::{About, Consistency},
            policies::{ExplainAnswer, ExplainRequest},
            statements::Registered,
            submissions::{CustodyInfo, SubmissionInfo},
        },
    },
    keys::{LocalSigner, Signer as _, file::create_private_directory},
    service::custody::CUSTODY_EVENTS_MAX,
};

pub use files::Part;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for the service to answer anything.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection to a service, with or without a key.
pub struct Client {
    http: reqwest::Client,
    base: String,
    identity: Option<Identity>,
    origin: String,
    pin: Option<Pin>,
    /// Why sealed content is opened, if it is not one's own.
    purpose: Option<String>,
}

struct Identity {
    signer: LocalSigner,
    encoding: EncodingKey,
}

impl Client {
    /// A client that only reads what is public.
    ///
    /// # Errors
    /// A [`Failure`] if the address is not one.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Failure::usage(format!(
                "{url:?} is not an address; give one like https://log.example.com"
            )));
        }
        // The default provider may be installed by somebody else already, which serves as well.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::service(format!("no HTTP client: {error}")))?;
        Ok(Self { http, base, identity: None, origin: String::new(), pin: None, purpose: None })
    }

    /// A client that signs for the log of a pin, once the service has shown that it is this log.
    ///
    /// # Errors
    /// A [`Failure`] if the service cannot be reached or is another log.
    pub async fn pinned(url: &str, signer: LocalSigner, pin: Pin) -> Result<Self, Failure> {
        let client = Self::new(url)?;
        pin.require(&client).await?;
        let mut client = client.signing(signer)?;
        client.origin = pin.origin().to_owned();
        client.pin = Some(pin);
        Ok(client)
    }

    /// A client that signs for whichever log the service says it is. For a service of one's own
    /// only: what it signs is meant for nobody in particular.
    ///
    /// # Errors
    /// A [`Failure`] if the service cannot be reached.
    pub async fn with_key(url: &str, signer: LocalSigner) -> Result<Self, Failure> {
        let client = Self::new(url)?;
        let origin = client.about().await?.origin;
        Ok(Self { origin, ..client.signing(signer)? })
    }

    fn signing(self, signer: LocalSigner) -> Result<Self, Failure> {
        let der = signer.to_pkcs8_der().map_err(Failure::usage)?;
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        Ok(Self { identity: Some(Identity { signer, encoding }), ..self })
    }

    /// The same client, which says for which purpose it opens what is sealed: `review`, `legal`,
    /// `audit`, `support` or `case`.
    #[must_use]
    pub fn for_purpose(self, purpose: &str) -> Self {
        Self { purpose: Some(purpose.to_owned()), ..self }
    }

    /// The purpose, to be added to a query that has other members already or not.
    pub(super) fn stated_purpose(&self, sign: char) -> String {
        self.purpose.as_ref().map_or_else(String::new, |purpose| format!("{sign}purpose={purpose}"))
    }

    /// The log's origin: audience of what is signed.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The pin that the service was held against.
    ///
    /// # Errors
    /// A [`Failure`] if the client has none.
    pub fn pin(&self) -> Result<&Pin, Failure> {
        self.pin.as_ref().ok_or_else(|| Failure::usage("this needs a trust policy: --trust FILE"))
    }

    /// Address of the service.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The caller's key.
    ///
    /// # Errors
    /// A [`Failure`] if the client has none.
    pub fn signer(&self) -> Result<&LocalSigner, Failure> {
        Ok(&self.identity()?.signer)
    }

    fn identity(&self) -> Result<&Identity, Failure> {
        self.identity.as_ref().ok_or_else(|| Failure::usage("this needs a key: --key FILE"))
    }

    /// A request with a token for it; `body` is the digest that the token vouches for.
    fn signed(
        &self,
        method: Method,
        path: &str,
        body: Option<Hash>,
    ) -> Result<RequestBuilder, Failure> {
        let Identity { signer, encoding } = self.identity()?;
        let url = format!("{}{path}", self.base);
        let parsed =
            reqwest::Url::parse(&url).map_err(|error| Failure::usage(format!("{url}: {error}")))?;
        let mut without_query = parsed.clone();
        without_query.set_query(None);
        let now = SystemClock.now().timestamp();
        let mut token_id = [0_u8; 16];
        OsEntropy.fill(&mut token_id);
        let issuer = signer.public_key().thumbprint();
        let claims = Claims {
            iss: issuer.uri(),
            sub: issuer.uri(),
            aud: self.origin.clone(),
            iat: now,
            exp: now + TOKEN_LIFETIME_S_MAX,
            jti: URL_SAFE_NO_PAD.encode(token_id),
            htm: method.as_str().to_owned(),
            htu: without_query.to_string(),
            body: body.map(|digest| content_digest(&digest)),
            nonce: None,
        };
        let header = Header {
            typ: Some(TOKEN_TYPE.into()),
            kid: Some(issuer.to_string()),
            ..Header::new(Algorithm::EdDSA)
        };
        let token = jsonwebtoken::encode(&header, &claims, encoding)
            .map_err(|error| Failure::usage(format!("the request cannot be signed: {error}")))?;
        Ok(self.http.request(method, parsed).bearer_auth(token))
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        json(self.send(self.http.get(format!("{}{path}", self.base))).await?).await
    }

    pub(super) async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        bytes(self.send(self.http.get(format!("{}{path}", self.base))).await?).await
    }

    pub(super) async fn get_signed_bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        bytes(self.send(self.signed(Method::GET, path, None)?).await?).await
    }

    /// The answer itself, for what is too large to be held.
    pub(super) async fn get_signed_answer(&self, path: &str) -> Result<Response, Failure> {
        self.send(self.signed(Method::GET, path, None)?).await
    }

    pub(super) async fn get_signed<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        json(self.send(self.signed(Method::GET, path, None)?).await?).await
    }

    pub(super) async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        value: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(value).map_err(Failure::usage)?;
        self.send_bytes(method, path, ("application/json", body)).await
    }

    pub(super) async fn send_bytes<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        (content_type, body): (&str, Vec<u8>),
    ) -> Result<T, Failure> {
        let request = self.signed(method, path, Some(Hash::of(&body)))?;
        json(self.send(request.header("content-type", content_type).body(body)).await?).await
    }

    pub(super) async fn post_unsigned<T: DeserializeOwned>(
        &self,
        path: &str,
        value: &impl Serialize,
    ) -> Result<T, Failure> {
        let request = self.http.post(format!("{}{path}", self.base)).json(value);
        json(self.send(request).await?).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response).await)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Failure::service(format!(
            "{} cannot be reached: {cause}; is the service running there?",
            self.base
        ))
    }

    /// Name, keys and size of the log.
    ///
    /// # Errors
    /// A [`Failure`] if the service cannot be reached.
    pub async fn about(&self) -> Result<About, Failure> {
        self.get("/api/v1/log").await
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// As [`Client::about`].
    pub async fn checkpoint(&self) -> Result<Vec<u8>, Failure> {
        self.get_bytes("/checkpoint").await
    }

    /// The exact text of a clause set.
    ///
    /// # Errors
    /// As [`Client::about`].
    pub async fn clause_text(
        &self,
        set: &str,
        version: &str,
        locale: &str,
    ) -> Result<Vec<u8>, Failure> {
        self.get_bytes(&format!("/api/v1/clauses/{set}/{version}/{locale}")).await
    }

    /// A proof that the log of size `to` continues the log of size `from`.
    ///
    /// # Errors
    /// As [`Client::about`].
    pub async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, Failure> {
        let answer: Consistency =
            self.get(&format!("/api/v1/consistency?from={from}&to={to}")).await?;
        let path: Option<Vec<Hash>> = answer.path.iter().map(|hex| Hash::from_hex(hex)).collect();
        path.ok_or_else(|| Failure::service("the service answered with a malformed proof"))
    }

    /// Enrols this client's key.
    ///
    /// # Errors
    /// A [`Failure`] if the invitation is not good.
    pub async fn enroll(&self, code: &str) -> Result<EnrollAnswer, Failure> {
        let public_key = URL_SAFE_NO_PAD.encode(self.signer()?.public_key().as_bytes());
        self.send_json(
            Method::POST,
            "/api/v1/keys",
            &EnrollRequest { code: code.to_owned(), public_key },
        )
        .await
    }

    /// Makes an invitation.
    ///
    /// # Errors
    /// A [`Failure`] if this key is no administrator's.
    pub async fn invite(
        &self,
        roles: &[String],
        program: &str,
        person: Option<PersonRequest>,
    ) -> Result<InviteAnswer, Failure> {
        let (roles, program) = (roles.to_vec(), program.to_owned());
        let request = InviteRequest { roles, program, person };
        self.send_json(Method::POST, "/api/v1/invitations", &request).await
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not.
    pub async fn revoke(
        &self,
        thumbprint: Thumbprint,
        reason: &str,
        effective_at: Option<chrono::DateTime<chrono::Utc>>,
    ) -> Result<Registered, Failure> {
        let request = RevokeRequest { reason: reason.to_owned(), effective_at };
        self.send_json(Method::POST, &format!("/api/v1/keys/{thumbprint}/revocation"), &request)
            .await
    }

    /// Asks why something is allowed or not.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not ask, or about something that is not there.
    pub async fn explain(&self, question: &ExplainRequest) -> Result<ExplainAnswer, Failure> {
        self.send_json(Method::POST, "/api/v1/policy/explain", question).await
    }

    /// Every key the log knows.
    ///
    /// # Errors
    /// As [`Client::about`].
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, Failure> {
        let mut keys: Vec<KeyInfo> = Vec::new();
        loop {
            let from = keys.last().map_or(0, |key| key.enrolled_index + 1);
            let page: Vec<KeyInfo> = self.get(&format!("/api/v1/keys?from={from}")).await?;
            if page.is_empty() {
                return Ok(keys);
            }
            keys.extend(page);
        }
    }

    /// Registers a statement with its payload attached; answers with the receipt.
    ///
    /// # Errors
    /// A [`Failure`] that says what is wrong with it.
    pub async fn register(&self, statement: Vec<u8>) -> Result<Registered, Failure> {
        let request = self.http.post(format!("{}/api/v1/statements", self.base));
        let request = request.header("content-type", "application/cose").body(statement);
        json(self.send(request).await?).await
    }

    /// The transparent statement at a position, once a checkpoint covers it.
    ///
    /// # Errors
    /// As [`Client::about`].
    pub async fn transparent_statement(&self, index: LeafIndex) -> Result<Vec<u8>, Failure> {
        let path = format!("/api/v1/entries/{index}/statement?wait=true");
        match self.identity {
            Some(_) => bytes(self.send(self.signed(Method::GET, &path, None)?).await?).await,
            None => self.get_bytes(&path).await,
        }
    }

    /// The payload of an entry about a submission that this key may read.
    ///
    /// # Errors
    /// A [`Failure`] if it may not, or the payload was erased.
    pub async fn payload(&self, index: LeafIndex) -> Result<Vec<u8>, Failure> {
        let path = format!("/api/v1/entries/{index}/payload{}", self.stated_purpose('?'));
        self.get_signed_bytes(&path).await
    }

    /// A published payload.
    ///
    /// # Errors
    /// As [`Client::about`].
    pub async fn public_payload(&self, digest: Hash) -> Result<Vec<u8>, Failure> {
        self.get_bytes(&format!("/api/v1/payloads/{digest}")).await
    }

    /// A submission of one's own, or any for those who may.
    ///
    /// # Errors
    /// A [`Failure`] if there is none for this key.
    pub async fn submission(&self, id: Uuid) -> Result<SubmissionInfo, Failure> {
        self.get_signed(&format!("/api/v1/submissions/{id}")).await
    }

    /// Every statement about a submission.
    ///
    /// # Errors
    /// As [`Client::submission`].
    pub async fn custody(&self, id: Uuid) -> Result<Vec<CustodyInfo>, Failure> {
        let mut events: Vec<CustodyInfo> = Vec::new();
        loop {
            let from = events.last().map_or(0, |event| event.index + 1);
            let purpose = self.stated_purpose('&');
            let path = format!("/api/v1/submissions/{id}/custody?from={from}{purpose}");
            let page: Vec<CustodyInfo> = self.get_signed(&path).await?;
            // To look is logged, so there would be one more to read each time.
            let last = page.len() < CUSTODY_EVENTS_MAX as usize;
            events.extend(page);
            if last {
                return Ok(events);
            }
        }
    }

    /// Asks what a submission may be used for; about everything that the contractor consents to if
    /// no purpose is named.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not.
    pub async fn clear(&self, id: Uuid, purposes: &[String]) -> Result<Vec<ClearAnswer>, Failure> {
        let purposes = (!purposes.is_empty()).then(|| purposes.to_vec());
        let path = format!("/api/v1/submissions/{id}/clearance");
        self.send_json(Method::POST, &path, &ClearRequest { purposes }).await
    }
}

/// What the service says when it refuses.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let body: Bytes = response.bytes().await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let text =
        |member: &str| problem.get(member).and_then(|value| value.as_str()).map(str::to_owned);
    let detail = text("detail").unwrap_or_else(|| format!("the service answered {status}"));
    let title = text("title").map_or_else(String::new, |title| format!("{title}: "));
    let message = format!("{title}{detail}");
    if status.is_server_error() { Failure::service(message) } else { Failure::refused(message) }
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let body = bytes(response).await?;
    serde_json::from_slice(&body)
        .map_err(|error| Failure::service(format!("the service answered unexpectedly: {error}")))
}

async fn bytes(response: Response) -> Result<Vec<u8>, Failure> {
    let body = response.bytes().await;
    body.map(Into::into).map_err(|error| Failure::service(format!("the answer broke off: {error}")))
}

/// Writes a file for its owner alone, in directories for their owner alone, saying which one when
/// it cannot: payloads hold what people said in confidence, and the salts that hide it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent
        .map_or(Ok(()), create_private_directory)
        .and_then(|()| write_private(path, bytes))
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // One that was there before keeps its mode unless it is told otherwise.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn what_is_written_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = directory.path().join("out/payloads/one.json");
        write(&path, b"salt").unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(mode(&directory.path().join("out")), 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, b"pepper").unwrap();
        assert_eq!((mode(&path), fs::read(&path).unwrap()), (0o600, b"pepper".to_vec()));
        assert!(write(&path.join("below"), b"").unwrap_err().to_string().contains("below"));
    }
}
