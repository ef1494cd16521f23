//! Signing keys: the log's own three and the files that people keep theirs in.
//!
//! The note key signs checkpoints, the receipt key signs tree roots for receipts, the service key
//! signs statements. They are never the same key, so that no signature can be mistaken for another
//! kind.

pub mod file;

use std::{path::Path, sync::Arc};

use attestry_proof::key::{PublicKey, SIGNATURE_BYTES};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::{
    entropy::Entropy,
    keys::file::{KeyFileError, read_log_key, read_or_create},
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

/// File that says that a log was begun with the keys beside it.
const IN_USE: &str = "in-use";

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
    /// Makes the keys of a new log under `directory`; those an interrupted start has made are kept.
    ///
    /// # Errors
    /// [`KeyFileError`] when a file cannot be read, made or trusted.
    pub fn create(directory: &Path, entropy: &dyn Entropy) -> Result<Self, KeyFileError> {
        Self::each(|name| read_or_create(&directory.join(name), entropy))
    }

    /// Reads the keys of a log that has entries. A missing key is never replaced by another: what
    /// it signed would not verify under that.
    ///
    /// # Errors
    /// [`KeyFileError`] when a file cannot be read or trusted.
    pub fn read(directory: &Path) -> Result<Self, KeyFileError> {
        Self::each(|name| read_log_key(&directory.join(name)))
    }

    /// Whether a log was begun with these keys.
    #[must_use]
    pub fn in_use(directory: &Path) -> bool {
        directory.join(IN_USE).exists()
    }

    /// Remembers, durably, that a log is begun with these keys: a second one would sign other roots
    /// for the same sizes under the same name.
    ///
    /// # Errors
    /// [`KeyFileError::Io`].
    pub fn mark_in_use(directory: &Path) -> Result<(), KeyFileError> {
        file::mark(&directory.join(IN_USE))
    }

    fn each(
        open: impl Fn(&str) -> Result<LocalSigner, KeyFileError>,
    ) -> Result<Self, KeyFileError> {
        Ok(Self {
            note: Arc::new(open("note.pem")?),
            receipt: Arc::new(open("receipt.pem")?),
            service: Arc::new(open("service.pem")?),
        })
    }
}
