//! A provider that says whatever a test wants.

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use attestry_proof::hash::Hash;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::new_id;

pub const CLIENT: &str = "attestry";

/// An RSA key; making one takes openssl a moment, so tests share two.
pub struct RsaKey {
    pub kid: &'static str,
    /// PKCS #1.
    private: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub public: Vec<u8>,
    pub modulus: Vec<u8>,
}

impl RsaKey {
    pub fn first() -> &'static Self {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(|| Self::new("first"))
    }

    pub fn second() -> &'static Self {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(|| Self::new("second"))
    }

    fn new(kid: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        let path = file.to_str().unwrap();
        openssl(&["genrsa", "-out", path, "2048"]);
        let private = openssl(&["rsa", "-in", path, "-traditional", "-outform", "DER"]);
        let public = openssl(&["rsa", "-in", path, "-pubout", "-outform", "DER"]);
        let modulus = openssl(&["rsa", "-in", path, "-noout", "-modulus"]);
        let modulus = String::from_utf8(modulus).unwrap();
        let modulus = hex::decode(modulus.trim().strip_prefix("Modulus=").unwrap()).unwrap();
        Self { kid, private, public, modulus }
    }

    pub fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(&self.modulus), "e": "AQAB",
        })
    }

    pub fn sign(&self, algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
        let key = EncodingKey::from_rsa_der(&self.private);
        jsonwebtoken::encode(&header, claims, &key).unwrap()
    }

    /// As the provider should.
    pub fn signed(&self, claims: &Value) -> String {
        self.sign(Algorithm::RS256, Some(self.kid), claims)
    }
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).stderr(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("openssl: {error}"));
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

/// What it says now.
pub struct Script {
    pub metadata: Value,
    pub jwks: Value,
    /// The token endpoint's answer.
    pub answer: (StatusCode, Value),
}

pub struct Issuer {
    pub url: String,
    pub script: Mutex<Script>,
    pub jwks_requests: AtomicUsize,
}

impl Issuer {
    /// Says the truth until it is told otherwise.
    pub async fn start() -> Arc<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        });
        let script = Script {
            metadata,
            jwks: json!({ "keys": [RsaKey::first().jwk()] }),
            answer: (StatusCode::INTERNAL_SERVER_ERROR, json!({})),
        };
        let (script, jwks_requests) = (Mutex::new(script), AtomicUsize::new(0));
        let issuer = Arc::new(Self { url, script, jwks_requests });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata_of))
            .route("/jwks", get(jwks_of))
            .route("/token", post(answer_of))
            .with_state(Arc::clone(&issuer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// Changes what it says about itself; null removes a member.
    pub fn say(&self, member: &str, value: Value) {
        let mut script = self.script.lock().unwrap();
        match value {
            Value::Null => drop(script.metadata.as_object_mut().unwrap().remove(member)),
            value => script.metadata[member] = value,
        }
    }

    pub fn keys(&self, keys: &[Value]) {
        self.script.lock().unwrap().jwks = json!({ "keys": keys });
    }

    /// Gives this ID token next.
    pub fn give(&self, id_token: &str) {
        let answer = json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token });
        self.answer(StatusCode::OK, answer);
    }

    pub fn answer(&self, status: StatusCode, answer: Value) {
        self.script.lock().unwrap().answer = (status, answer);
    }

    pub fn fetched_keys(&self) -> usize {
        self.jwks_requests.load(Ordering::SeqCst)
    }

    /// Good claims about somebody new.
    pub fn claims(&self, nonce: &str) -> Value {
        let now = Utc::now().timestamp();
        json!({
            "iss": self.url, "sub": new_id().to_string(), "aud": CLIENT, "iat": now,
            "exp": now + 300, "nonce": nonce, "groups": ["reviewers"],
        })
    }
}

async fn metadata_of(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    Json(issuer.script.lock().unwrap().metadata.clone())
}

async fn jwks_of(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    issuer.jwks_requests.fetch_add(1, Ordering::SeqCst);
    Json(issuer.script.lock().unwrap().jwks.clone())
}

async fn answer_of(State(issuer): State<Arc<Issuer>>) -> Response {
    let (status, answer) = issuer.script.lock().unwrap().answer.clone();
    (status, Json(answer)).into_response()
}

/// `header.claims.signature`, with the parts given.
pub fn by_hand(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// Bytes of a public key that a careless verifier might take for a shared secret.
pub fn public_forms(key: &RsaKey) -> Vec<Vec<u8>> {
    use base64::engine::general_purpose::STANDARD;
    let base64 = STANDARD.encode(&key.public);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    vec![
        key.modulus.clone(),
        key.public.clone(),
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        URL_SAFE_NO_PAD.encode(&key.modulus).into_bytes(),
        key.jwk().to_string().into_bytes(),
        Hash::of(&key.public).0.to_vec(),
    ]
}
