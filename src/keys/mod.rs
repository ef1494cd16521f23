//! Signing keys: the log's own three and the files that people keep theirs in.
//!
//! The note key signs checkpoints, the receipt key signs tree roots for receipts, the service key signs statements.
//! They are never the same key, so that no signature can be mistaken for another kind.

pub mod file;

use std::{path::Path, sync::Arc};

use attestry_proof::key::{PublicKey, SIGNATURE_BYTES};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::{
    entropy::Entropy,
    keys::file::{KeyFileError, read_or_create},
};

/// The signature could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the signer is unavailable: {reason}")]
pub struct SignError {
    /// What the signer reported.
    pub reason: String,
}

/// Signs with one Ed25519 key, wherever that key lives.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// An Ed25519 signature over `message`.
    ///
    /// # Errors
    /// [`SignError`] when the key cannot be used now.
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignError>;
}

/// A key in this process's memory; wiped when dropped.
pub struct LocalSigner {
    secret: SigningKey,
    public: PublicKey,
}

impl LocalSigner {
    /// Makes a signer from a 32-byte seed (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyFileError::Unusable`] if the resulting public key is not acceptable.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyFileError> {
        let secret = SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(secret.verifying_key().as_bytes())
            .map_err(KeyFileError::Unusable)?;
        Ok(Self { secret, public })
    }

    /// The key as PKCS #8, for libraries that sign by themselves.
    ///
    /// # Errors
    /// [`KeyFileError::Encoding`] if it cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<ed25519_dalek::pkcs8::SecretDocument, KeyFileError> {
        use ed25519_dalek::pkcs8::EncodePrivateKey as _;
        self.secret.to_pkcs8_der().map_err(|_| KeyFileError::Encoding)
    }

    pub(crate) fn secret(&self) -> &SigningKey {
        &self.secret
    }
}

impl Signer for LocalSigner {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignError> {
        Ok(self.secret.sign(message).to_bytes())
    }
}

/// The three keys of a log.
#[derive(Clone)]
pub struct LogSigners {
    /// Signs checkpoints (C2SP tlog-checkpoint).
    pub note: Arc<dyn Signer>,
    /// Signs roots in receipts (RFC 9942).
    pub receipt: Arc<dyn Signer>,
    /// Signs what the service itself states.
    pub service: Arc<dyn Signer>,
}

impl LogSigners {
    /// Reads the keys under `directory`, making those that are missing.
    ///
    /// # Errors
    /// [`KeyFileError`] when a file cannot be read, made or trusted.
    pub fn open(directory: &Path, entropy: &dyn Entropy) -> Result<Self, KeyFileError> {
        let open = |name: &str| -> Result<Arc<dyn Signer>, KeyFileError> {
            Ok(Arc::new(read_or_create(&directory.join(name), entropy)?))
        };
        Ok(Self {
            note: open("note.pem")?,
            receipt: open("receipt.pem")?,
            service: open("service.pem")?,
        })
    }
}
