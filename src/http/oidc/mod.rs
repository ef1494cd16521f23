//! Signing in through an identity provider: OpenID Connect Core 1.0, authorization code flow with
//! PKCE (RFC 7636).
//!
//! What the provider vouches for is who somebody is and which groups they are in. It never signs
//! anything here, and it is never gone without: if it cannot be asked, nobody signs in this way.

pub mod fetch;
mod provider;
pub mod settings;

use std::{collections::BTreeSet, num::NonZeroUsize};

use attestry_proof::hash::Hash;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    Client, ClientId, ClientSecret, ConfigurationError, CsrfToken, DiscoveryError,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
    url,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::{
    fetch::{AddressError, Fetch, FetchError},
    provider::{Metadata, Provider},
    settings::OidcSettings,
};
use crate::service::{sign_in::ProviderIdentity, tickets::Tickets};

/// Path that providers send people back to.
pub const CALLBACK_PATH: &str = "/api/v1/oidc/callback";
/// How long somebody may take at the provider.
pub const SIGN_IN_SECONDS_MAX: i64 = 600;
/// Most sign-ins under way; a further one takes the place of the oldest.
const SIGN_INS_MAX: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();
/// An ID token is fresh: this much older than now is accepted.
const ISSUED_AGO_MAX: TimeDelta = TimeDelta::seconds(600);
/// How far the provider's clock may be ahead.
const ISSUED_AHEAD_MAX: TimeDelta = TimeDelta::seconds(60);
/// Most groups that are looked at.
const GROUPS_MAX: usize = 4096;

/// Why nobody signs in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// What the provider says about itself cannot be had or used.
    #[error("discovery: {}", reasons(&**.0))]
    Discovery(Box<DiscoveryError<FetchError>>),
    /// The provider names an address that is not asked.
    #[error("discovery: {0}")]
    Address(#[from] AddressError),
    /// The provider has no place to exchange codes.
    #[error("discovery: the provider names no token endpoint")]
    NoTokenEndpoint,
    /// The provider advertises no signature that is believed.
    #[error("discovery: the provider signs ID tokens with none of RS256, ES256, EdDSA")]
    NoAlgorithm,
    /// Others wait for the provider already.
    #[error("the provider is slow, and others wait for it")]
    Busy,
    /// The provider cannot be reached for the exchange, or answers what cannot be read.
    #[error("exchange: {0}")]
    Exchange(String),
    /// The client is not set up for the exchange.
    #[error("exchange: {0}")]
    Configuration(#[from] ConfigurationError),
    /// The provider refuses the code.
    #[error("the provider refuses the code: {0}")]
    CodeRefused(CoreErrorResponseType),
    /// The answer names another issuer (RFC 9207).
    #[error("the answer is by {found:?}, not by {required:?}")]
    OtherIssuer {
        /// Issuer in the answer; `None` if it should be there and is not.
        found: Option<String>,
        /// Issuer asked.
        required: String,
    },
    /// There is no ID token.
    #[error("the provider gave no ID token")]
    NoIdToken,
    /// The ID token is not acceptable.
    #[error("the ID token is not acceptable: {0}")]
    IdToken(#[from] ClaimsVerificationError),
    /// The ID token was made for another client.
    #[error("the ID token was made for {found:?}")]
    OtherParty {
        /// Claim `azp`.
        found: String,
    },
}

impl OidcError {
    /// Whether the provider, rather than what somebody brought from there, is at fault.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Discovery(_)
                | Self::Address(_)
                | Self::NoTokenEndpoint
                | Self::NoAlgorithm
                | Self::Busy
                | Self::Exchange(_)
                | Self::Configuration(_)
        )
    }
}

/// Claims that the library does not know, groups among them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MoreClaims(serde_json::Map<String, serde_json::Value>);

impl AdditionalClaims for MoreClaims {}

type Fields = IdTokenFields<
    MoreClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Token = IdToken<
    MoreClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Claims = IdTokenClaims<MoreClaims, CoreGenderClaim>;

type OidcClient = Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Sign-ins through one provider.
pub struct Oidc {
    settings: OidcSettings,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    provider: Provider,
    under_way: Tickets<UnderWay>,
}

/// Why sign-ins cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum OidcSetupError {
    /// An address is no URL.
    #[error("{0}")]
    Url(#[from] url::ParseError),
    /// There is no client to ask the provider with.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Somebody was sent to the provider.
struct UnderWay {
    /// Of the cookie in their browser.
    browser: Hash,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    wish: Wish,
}

/// What somebody wants who signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// In which program; `None` for whichever it may be.
    pub program: Option<String>,
    /// Who they are known to be already, by a session of their own key.
    pub person: Option<Uuid>,
}

/// Where to send somebody, and what their browser is to keep meanwhile.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Address at the provider.
    pub url: String,
    /// Value of the cookie that binds the sign-in to the browser.
    pub browser: String,
}

/// Somebody came back, in the browser that left.
pub struct Returned(UnderWay);

/// Whom the provider vouches for.
#[derive(Clone, Debug)]
pub struct VouchedFor {
    /// Who it is.
    pub identity: ProviderIdentity,
    /// Groups they are in now.
    pub groups: BTreeSet<String>,
    /// What they want.
    pub wish: Wish,
}

impl Oidc {
    /// Sign-ins that come back to `base_url`. The provider is not asked yet.
    ///
    /// # Errors
    /// See [`OidcSetupError`].
    pub fn new(settings: OidcSettings, base_url: &str) -> Result<Self, OidcSetupError> {
        let issuer = IssuerUrl::new(settings.issuer.clone())?;
        let redirect = RedirectUrl::new(format!("{base_url}{CALLBACK_PATH}"))?;
        let provider = Provider::new(issuer.clone(), Fetch::new()?);
        let under_way = Tickets::new(SIGN_INS_MAX, SIGN_IN_SECONDS_MAX);
        Ok(Self { settings, issuer, redirect, provider, under_way })
    }

    /// What the operator said.
    #[must_use]
    pub const fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Begins a sign-in; `random` gives 32 fresh bytes each time.
    ///
    /// # Errors
    /// An [`OidcError`] about the provider.
    pub async fn begin(
        &self,
        wish: Wish,
        now: i64,
        random: impl Fn() -> [u8; 32],
    ) -> Result<Begun, OidcError> {
        let metadata = self.provider.metadata(now).await?;
        let secret = || URL_SAFE_NO_PAD.encode(random());
        let (state, browser, nonce) = (secret(), secret(), Nonce::new(secret()));
        let verifier = PkceCodeVerifier::new(secret());
        let (state_sent, nonce_sent) = (CsrfToken::new(state.clone()), nonce.clone());
        let client = self.client(&metadata);
        let request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                || state_sent,
                || nonce_sent,
            )
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        let (url, ..) = request.url();
        let under_way = UnderWay { browser: Hash::of(browser.as_bytes()), nonce, verifier, wish };
        self.under_way.issue(state, under_way, now);
        Ok(Begun { url: url.into(), browser })
    }

    /// The sign-in that `state` names, once, in the browser that began it.
    #[must_use]
    pub fn returned(&self, state: &str, browser: &str, now: i64) -> Option<Returned> {
        let browser = Hash::of(browser.as_bytes());
        self.under_way.redeem(state, now, |begun| begun.browser == browser).map(Returned)
    }

    /// Exchanges the code and judges the ID token.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn finish(
        &self,
        Returned(begun): Returned,
        code: String,
        issuer: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<VouchedFor, OidcError> {
        let metadata = self.provider.metadata(now.timestamp()).await?;
        self.require_issuer(issuer, &metadata)?;
        let client = self.client(&metadata);
        let request = client.exchange_code(AuthorizationCode::new(code))?;
        let request = request.set_pkce_verifier(begun.verifier);
        let answer =
            request.request_async(self.provider.fetch()).await.map_err(|error| match error {
                RequestTokenError::ServerResponse(answer) => {
                    OidcError::CodeRefused(answer.error().clone())
                }
                RequestTokenError::Request(error) => OidcError::Exchange(reasons(&error)),
                RequestTokenError::Parse(error, _) => OidcError::Exchange(error.to_string()),
                RequestTokenError::Other(error) => OidcError::Exchange(error),
            })?;
        let token = answer.id_token().ok_or(OidcError::NoIdToken)?;
        let claims = match self.verify(token, &metadata, &begun.nonce, now) {
            Err(OidcError::IdToken(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            ))) => {
                let metadata = self.provider.with_new_keys(&metadata, now.timestamp()).await?;
                self.verify(token, &metadata, &begun.nonce, now)?
            }
            claims => claims?,
        };
        Ok(VouchedFor {
            identity: ProviderIdentity {
                issuer: self.settings.issuer.clone(),
                subject: claims.subject().as_str().to_owned(),
                email: verified_email(claims),
                name: claims
                    .name()
                    .and_then(|name| name.get(None))
                    .map(|name| name.as_str().to_owned()),
            },
            groups: groups(claims, &self.settings.groups_claim),
            wish: begun.wish,
        })
    }

    fn client(&self, metadata: &Metadata) -> OidcClient {
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let id = ClientId::new(self.settings.client_id.clone());
        // Basic unless the provider says that it takes only the other (Discovery 1.0 §3).
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        let authentication = match takes(CoreClientAuthMethod::ClientSecretBasic) {
            true => AuthType::BasicAuth,
            false => AuthType::RequestBody,
        };
        OidcClient::from_provider_metadata(metadata.clone(), id, secret)
            .set_auth_type(authentication)
            .set_redirect_uri(self.redirect.clone())
    }

    fn require_issuer(&self, found: Option<&str>, metadata: &Metadata) -> Result<(), OidcError> {
        match found {
            Some(found) if found == self.issuer.as_str() => Ok(()),
            None if !provider::names_itself(metadata) => Ok(()),
            found => Err(OidcError::OtherIssuer {
                found: found.map(str::to_owned),
                required: self.issuer.as_str().to_owned(),
            }),
        }
    }

    fn verify<'a>(
        &self,
        token: &'a Token,
        metadata: &Metadata,
        nonce: &Nonce,
        now: DateTime<Utc>,
    ) -> Result<&'a Claims, OidcError> {
        // As for a public client, whether it has a secret or not: no token is signed with the secret.
        let id = ClientId::new(self.settings.client_id.clone());
        let verifier =
            IdTokenVerifier::new_public_client(id, self.issuer.clone(), metadata.jwks().clone())
                .set_allowed_algs(provider::algorithms(metadata))
                .set_time_fn(move || now)
                .set_issue_time_verifier_fn(move |issued| {
                    match (now - ISSUED_AGO_MAX..=now + ISSUED_AHEAD_MAX).contains(&issued) {
                        true => Ok(()),
                        false => Err(format!("issued at {issued}, but the time here is {now}")),
                    }
                });
        let claims = token.claims(&verifier, nonce)?;
        match claims.authorized_party() {
            Some(party) if party.as_str() != self.settings.client_id => {
                Err(OidcError::OtherParty { found: party.as_str().to_owned() })
            }
            _ => Ok(claims),
        }
    }
}

/// What went wrong, and why, and why that; not what the provider answered, which may be long.
fn reasons(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn verified_email(claims: &Claims) -> Option<String> {
    let verified = claims.email_verified() == Some(true);
    claims.email().filter(|_| verified).map(|email| email.as_str().to_owned())
}

/// A list of words, or a single one. Whatever else is there gives no group.
fn groups(claims: &Claims, name: &str) -> BTreeSet<String> {
    use serde_json::Value;
    match claims.additional_claims().0.get(name) {
        Some(Value::String(group)) => BTreeSet::from([group.clone()]),
        Some(Value::Array(groups)) => groups
            .iter()
            .take(GROUPS_MAX)
            .filter_map(|group| group.as_str().map(str::to_owned))
            .collect(),
        _ => BTreeSet::new(),
    }
}
