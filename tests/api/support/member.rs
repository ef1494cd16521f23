//! Somebody with a key.

use attestry_proof::key::{PublicKey, Thumbprint};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};

use super::random;

#[derive(Clone)]
pub struct Member {
    pub secret: SigningKey,
    pub public: PublicKey,
}

impl Member {
    /// A new key that nobody enrolled.
    pub fn new() -> Self {
        let secret = SigningKey::from_bytes(&random());
        let public = PublicKey::from_bytes(secret.verifying_key().as_bytes()).unwrap();
        Self { secret, public }
    }

    pub fn thumbprint(&self) -> Thumbprint {
        self.public.thumbprint()
    }

    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }

    /// The public half as the API writes it.
    pub fn public_base64(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public.as_bytes())
    }
}
