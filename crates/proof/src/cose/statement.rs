//! Signed statements: `COSE_Sign1` hash envelopes (RFC 9052, RFC 9995), the only thing a log holds.
//!
//! A statement's *entry* is its one encoding without attachments: `d2 84 ‖ bstr(protected) ‖ a0 ‖
//! bstr(payload digest) ‖ bstr(signature)`. Its leaf hash is that of the entry. What travels in the
//! unprotected header (receipts, the issuer's key, the payload) is not part of it.
//!
//! Not here: which issuer may say what, whether the audience is this log, and how old is too old.

use uuid::Uuid;

use super::item::Item;
use super::message::{
    self, CLAIM_ISSUER, CLAIM_SUBJECT, Fields, LABEL_ALGORITHM, LABEL_CLAIMS, LABEL_KEY_ID,
    MessageError, Sign1,
};
pub use super::message::{Algorithm, SequenceError};
use super::transparent::{AttachmentError, Attachments};
use super::{cbor, content_type::ContentType};
use crate::hash::{Hash, leaf_hash};
use crate::key::{PublicKey, SIGNATURE_BYTES, Thumbprint};

/// Largest entry, in bytes.
pub const MAX_ENTRY_BYTES: usize = 16 << 10;
/// Largest statement with its attachments, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 256 << 10;
/// Largest payload, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 << 10;
/// Longest audience (a log origin), in bytes.
pub const MAX_AUDIENCE_BYTES: usize = 255;
/// Latest issuing time, in Unix seconds: the largest integer that JSON tools hold exactly.
pub const MAX_ISSUED_AT: i64 = 1 << 53;

const LABEL_CONTENT_TYPE: i64 = 3;
const LABEL_DIGEST_ALGORITHM: i64 = 258;
const LABEL_PREIMAGE_TYPE: i64 = 259;
const CLAIM_AUDIENCE: i64 = 3;
const CLAIM_ISSUED_AT: i64 = 6;
/// SHA-256 (RFC 9054 §2.1).
const SHA_256: i64 = -16;
const UUID_URN_PREFIX: &str = "urn:uuid:";

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A submission (or program, release, …) by its random identifier: `urn:uuid:…`.
    Submission(Uuid),
    /// A key, by its thumbprint URI. Statements about the log itself name its service key.
    Key(Thumbprint),
}

impl Subject {
    /// The text of claim 2.
    #[must_use]
    pub fn uri(&self) -> String {
        match self {
            Self::Submission(uuid) => format!("{UUID_URN_PREFIX}{}", uuid.hyphenated()),
            Self::Key(thumbprint) => thumbprint.uri(),
        }
    }

    /// Reads exactly what [`Subject::uri`] writes; `None` for anything else, capitals included.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        let Some(text) = uri.strip_prefix(UUID_URN_PREFIX) else {
            return Thumbprint::from_uri(uri).map(Self::Key);
        };
        // The form with hyphens is the only one of this length that is read.
        let is_canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        Uuid::try_parse(text).ok().filter(|_| is_canonical).map(Self::Submission)
    }
}

/// The protected header of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Label 1.
    pub algorithm: Algorithm,
    /// Label 4 and claim 1: the key that signs.
    pub issuer: Thumbprint,
    /// Claim 2.
    pub subject: Subject,
    /// Claim 3: the origin of the log the statement is meant for, 1 to [`MAX_AUDIENCE_BYTES`] bytes
    /// without white space or control characters.
    pub audience: String,
    /// Claim 6: Unix seconds, 0 to [`MAX_ISSUED_AT`]. Only the signer's word.
    pub issued_at: i64,
    /// Label 259.
    pub content_type: ContentType,
}

impl Header {
    fn check(&self) -> Result<(), StatementError> {
        let text = &self.audience;
        if text.is_empty() || text.len() > MAX_AUDIENCE_BYTES {
            let (found, limit) = (text.len(), MAX_AUDIENCE_BYTES);
            return Err(StatementError::AudienceLength { found, limit });
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(StatementError::AudienceCharacter);
        }
        if !(0..=MAX_ISSUED_AT).contains(&self.issued_at) {
            return Err(StatementError::IssuedAt { found: self.issued_at });
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(320);
        cbor::put_map(&mut out, 5);
        cbor::put_int(&mut out, LABEL_ALGORITHM);
        cbor::put_int(&mut out, self.algorithm.number());
        cbor::put_int(&mut out, LABEL_KEY_ID);
        cbor::put_bytes(&mut out, self.issuer.0.as_bytes());
        cbor::put_int(&mut out, LABEL_CLAIMS);
        cbor::put_map(&mut out, 4);
        cbor::put_int(&mut out, CLAIM_ISSUER);
        cbor::put_text(&mut out, &self.issuer.uri());
        cbor::put_int(&mut out, CLAIM_SUBJECT);
        cbor::put_text(&mut out, &self.subject.uri());
        cbor::put_int(&mut out, CLAIM_AUDIENCE);
        cbor::put_text(&mut out, &self.audience);
        cbor::put_int(&mut out, CLAIM_ISSUED_AT);
        cbor::put_int(&mut out, self.issued_at);
        cbor::put_int(&mut out, LABEL_DIGEST_ALGORITHM);
        cbor::put_int(&mut out, SHA_256);
        cbor::put_int(&mut out, LABEL_PREIMAGE_TYPE);
        cbor::put_text(&mut out, self.content_type.as_str());
        out
    }

    fn parse(protected: &[u8]) -> Result<Self, StatementError> {
        let mut fields = Fields::of_protected(protected)?;
        if fields.take(LABEL_CONTENT_TYPE).is_some() {
            return Err(StatementError::ContentTypePresent);
        }
        let algorithm = fields.require_algorithm()?;
        let issuer = fields.require_key_id()?;
        let mut claims = fields.require_claims()?;
        let label = LABEL_DIGEST_ALGORITHM;
        let digest = fields.require(label)?.integer().ok_or(MessageError::LabelValue { label })?;
        if digest != SHA_256 {
            return Err(StatementError::DigestAlgorithm { found: digest });
        }
        let label = LABEL_PREIMAGE_TYPE;
        let Item::Text(content_type) = fields.require(label)? else {
            return Err(MessageError::LabelValue { label }.into());
        };
        let content_type =
            ContentType::parse(content_type).ok_or(StatementError::UnknownContentType)?;
        fields.no_more_labels()?;

        if Thumbprint::from_uri(claims.require_text_claim(CLAIM_ISSUER)?) != Some(issuer) {
            return Err(StatementError::IssuerMismatch);
        }
        let subject = Subject::from_uri(claims.require_text_claim(CLAIM_SUBJECT)?)
            .ok_or(StatementError::SubjectForm)?;
        let audience = claims.require_text_claim(CLAIM_AUDIENCE)?.to_owned();
        let claim = CLAIM_ISSUED_AT;
        let issued_at =
            claims.require_claim(claim)?.integer().ok_or(MessageError::ClaimValue { claim })?;
        claims.no_more_claims()?;
        let header = Self { algorithm, issuer, subject, audience, issued_at, content_type };
        header.check()?;
        Ok(header)
    }
}

/// Why bytes are not an acceptable statement, or why one does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The bytes are longer than the limit; nothing was decoded.
    #[error("the statement has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// The bytes are not a message with an acceptable header.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Label 3 is present; a hash envelope must not have it (RFC 9995 §4).
    #[error(
        "the protected header has a content type (label 3), which a hash envelope must not have"
    )]
    ContentTypePresent,
    /// Label 258 is not SHA-256.
    #[error("payload hash algorithm {found} is not accepted; use SHA-256 (-16)")]
    DigestAlgorithm {
        /// The algorithm number found.
        found: i64,
    },
    /// Label 259 is not one of the known content types.
    #[error("the content type of the payload (label 259) is unknown")]
    UnknownContentType,
    /// Claim 1 is not the thumbprint URI of the key identifier.
    #[error("the issuer claim is not the thumbprint URI of the key identifier")]
    IssuerMismatch,
    /// Claim 2 is neither a lowercase `urn:uuid:` nor a thumbprint URI.
    #[error("the subject claim is neither a lowercase urn:uuid nor a key thumbprint URI")]
    SubjectForm,
    /// Claim 3 is empty or too long.
    #[error("the audience has {found} bytes, it must have 1 to {limit}")]
    AudienceLength {
        /// Bytes found.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// Claim 3 holds white space or a control character.
    #[error("the audience holds white space or a control character")]
    AudienceCharacter,
    /// Claim 6 is negative or beyond 2^53.
    #[error("issuing time {found} is not between 0 and 2^53 Unix seconds")]
    IssuedAt {
        /// The time found.
        found: i64,
    },
    /// The payload is detached.
    #[error("the statement has no payload; it must hold the SHA-256 of the payload bytes")]
    PayloadMissing,
    /// The payload is not a SHA-256 digest.
    #[error("the payload has {found} bytes, a SHA-256 digest has 32")]
    PayloadLength {
        /// Bytes found.
        found: usize,
    },
    /// An entry has something in its unprotected header.
    #[error("the unprotected header of an entry must be empty")]
    UnprotectedNotEmpty,
    /// An attachment is malformed or belongs to another statement.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// The key given is not the one that the statement names.
    #[error("the statement names key {required}, the key given is {found}")]
    WrongKey {
        /// Thumbprint of the key given.
        found: Thumbprint,
        /// Thumbprint in the statement.
        required: Thumbprint,
    },
    /// The signature does not verify.
    #[error("the signature of the statement does not verify under the key it names")]
    SignatureInvalid,
}

/// A statement before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedStatement {
    header: Header,
    protected: Vec<u8>,
    payload_digest: Hash,
}

impl UnsignedStatement {
    /// Takes the header and the SHA-256 of the exact payload bytes.
    ///
    /// # Errors
    /// [`StatementError::AudienceLength`], [`StatementError::AudienceCharacter`] or
    /// [`StatementError::IssuedAt`]: whatever could not be parsed back.
    pub fn new(header: Header, payload_digest: Hash) -> Result<Self, StatementError> {
        header.check()?;
        let protected = header.encode();
        Ok(Self { header, protected, payload_digest })
    }

    /// The header given.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes to sign: `Sig_structure` with context "Signature1" (RFC 9052 §4.4).
    #[must_use]
    pub fn to_be_signed(&self) -> Vec<u8> {
        message::to_be_signed(&self.protected, self.payload_digest.as_bytes())
    }

    /// Attaches a signature over [`UnsignedStatement::to_be_signed`]; it is not verified here.
    #[must_use]
    pub fn attach(self, signature: [u8; SIGNATURE_BYTES]) -> SignedStatement {
        let Self { header, protected, payload_digest } = self;
        SignedStatement { header, protected, payload_digest, signature }
    }
}

/// A statement with its signature, which [`SignedStatement::verify`] checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    header: Header,
    protected: Vec<u8>,
    payload_digest: Hash,
    signature: [u8; SIGNATURE_BYTES],
}

impl SignedStatement {
    /// Reads an entry: the exact form, with nothing in the unprotected header.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn parse_entry(bytes: &[u8]) -> Result<Self, StatementError> {
        let message = parse_message(bytes, MAX_ENTRY_BYTES)?;
        if !message.unprotected.is_empty() {
            return Err(StatementError::UnprotectedNotEmpty);
        }
        Self::from_message(message).map(|(statement, _)| statement)
    }

    /// Reads a statement with whatever is attached to it. Unknown labels of the unprotected header
    /// are dropped; known ones must be well formed and belong to this statement.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn parse(bytes: &[u8]) -> Result<(Self, Attachments), StatementError> {
        Self::parse_knowing(bytes, |_| None)
    }

    /// As [`SignedStatement::parse`], for those who read many statements by the same issuers: where
    /// `known` has the key that is attached, its point is not decoded again. The result is the same.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn parse_knowing(
        bytes: &[u8],
        known: impl FnOnce(&Thumbprint) -> Option<PublicKey>,
    ) -> Result<(Self, Attachments), StatementError> {
        let message = parse_message(bytes, MAX_STATEMENT_BYTES)?;
        let (statement, unprotected) = Self::from_message(message)?;
        let fields = Fields::of_pairs(unprotected)?;
        let attachments = Attachments::of_fields(fields, &statement, known)?;
        Ok((statement, attachments))
    }

    #[allow(clippy::type_complexity)]
    fn from_message(
        message: Sign1<'_>,
    ) -> Result<(Self, Vec<(Item<'_>, Item<'_>)>), StatementError> {
        let Sign1 { protected, unprotected, payload, signature } = message;
        let header = Header::parse(protected)?;
        let payload = payload.ok_or(StatementError::PayloadMissing)?;
        let payload_digest = Hash::from_slice(payload)
            .ok_or(StatementError::PayloadLength { found: payload.len() })?;
        let protected = protected.to_vec();
        Ok((Self { header, protected, payload_digest, signature }, unprotected))
    }

    /// The protected header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// SHA-256 of the payload bytes.
    #[must_use]
    pub fn payload_digest(&self) -> Hash {
        self.payload_digest
    }

    /// The protected header as it was signed.
    #[must_use]
    pub fn protected_bytes(&self) -> &[u8] {
        &self.protected
    }

    /// The 64-byte signature.
    #[must_use]
    pub fn signature(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.signature
    }

    /// The one encoding that the log holds.
    #[must_use]
    pub fn entry_bytes(&self) -> Vec<u8> {
        self.encode_with(&[0xa0])
    }

    /// The message with an encoded unprotected map.
    pub(crate) fn encode_with(&self, unprotected: &[u8]) -> Vec<u8> {
        let payload = self.payload_digest.as_bytes();
        message::encode(&self.protected, unprotected, Some(payload), &self.signature)
    }

    /// Leaf hash of the entry (RFC 9162 §2.1.1).
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.entry_bytes())
    }

    /// Verifies the signature, strictly, under the key that the statement names.
    ///
    /// # Errors
    /// [`StatementError::WrongKey`] for any other key, [`StatementError::SignatureInvalid`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), StatementError> {
        let (found, required) = (key.thumbprint(), self.header.issuer);
        if found != required {
            return Err(StatementError::WrongKey { found, required });
        }
        let message = message::to_be_signed(&self.protected, self.payload_digest.as_bytes());
        key.verify(&message, &self.signature).map_err(|_| StatementError::SignatureInvalid)
    }
}

/// Cuts a CBOR sequence of at most `statements_max` statements into its items, without decoding
/// them.
///
/// # Errors
/// See [`SequenceError`].
pub fn split_statements(bytes: &[u8], statements_max: usize) -> Result<Vec<&[u8]>, SequenceError> {
    message::split_sequence(bytes, statements_max, MAX_STATEMENT_BYTES)
}

fn parse_message(bytes: &[u8], limit: usize) -> Result<Sign1<'_>, StatementError> {
    if bytes.len() > limit {
        return Err(StatementError::TooLarge { found: bytes.len(), limit });
    }
    Ok(Sign1::parse(bytes)?)
}

#[cfg(test)]
mod tests;
