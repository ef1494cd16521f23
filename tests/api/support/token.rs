//! Request tokens, put together by hand so that any part of one can be wrong.

use attestry_proof::hash::Hash;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::Utc;
use serde_json::{Value, json};

use super::{Member, ORIGIN, random};

#[derive(Clone)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
}

impl Token {
    /// A good token for one request, issued now.
    pub fn new(member: &Member, method: &str, url: &str, body: &[u8]) -> Self {
        Self::at(Utc::now().timestamp(), member, method, url, body)
    }

    /// A good token, issued at `now`.
    pub fn at(now: i64, member: &Member, method: &str, url: &str, body: &[u8]) -> Self {
        let issuer = member.thumbprint().uri();
        let mut claims = json!({
            "iss": issuer, "sub": issuer, "aud": ORIGIN, "iat": now, "exp": now + 120,
            "jti": URL_SAFE_NO_PAD.encode(random::<16>()),
            "htm": method, "htu": url.split('?').next().unwrap(),
        });
        if !body.is_empty() {
            claims["body"] = digest(body).into();
        }
        let kid = member.thumbprint().to_string();
        Self { header: json!({ "alg": "EdDSA", "typ": "attestry-auth+jwt", "kid": kid }), claims }
    }

    pub fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    pub fn with_claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    pub fn signed(&self, member: &Member) -> String {
        let signing_input = self.signing_input();
        let signature = member.sign(signing_input.as_bytes());
        format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn signing_input(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}

/// Replaces a member; null removes it.
fn set(object: &mut Value, name: &str, value: Value) {
    match value {
        Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
        value => object[name] = value,
    }
}

/// Content-Digest (RFC 9530).
pub fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Hash::of(body).as_bytes()))
}
