//! Why a token, an answer or a certificate is not accepted.

use std::fmt;

use chrono::{DateTime, Utc};
use der::oid::ObjectIdentifier;

/// Why a token does not prove that something existed at a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are longer than the limit; nothing was decoded.
    #[error("{found} bytes were given, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// More certificates than the limit.
    #[error("there are more than {limit} certificates")]
    TooManyCertificates {
        /// Most certificates accepted.
        limit: usize,
    },
    /// A part is not what its standard says, or not in DER.
    #[error("{part} is malformed")]
    Structure {
        /// The innermost part concerned.
        part: Part,
    },
    /// The token signs another kind of content than a time stamp.
    #[error("the content has type {found}, not that of a time stamp")]
    ContentType {
        /// The type found.
        found: ObjectIdentifier,
    },
    /// The token does not have exactly one signature.
    #[error("the token has {found} signatures, not one")]
    Signers {
        /// Signatures found.
        found: usize,
    },
    /// A digest, a key or a signature is of a kind that is not accepted, SHA-1 among them.
    #[error("the algorithm {found} is not accepted here")]
    Algorithm {
        /// The algorithm found.
        found: ObjectIdentifier,
    },
    /// An RSA or elliptic-curve key is malformed, too short or too long.
    #[error("a public key is malformed or of a size that is not accepted")]
    Key,
    /// A signed attribute is missing, stated twice, or contradicts what it is about.
    #[error("the signed attribute {attribute} {problem}")]
    Attribute {
        /// The attribute concerned.
        attribute: Attribute,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Neither the token nor the pins have the certificate that the signature names.
    #[error("neither the token nor the pinned certificates have the signer's certificate")]
    SignerUnknown,
    /// The signature of the token does not verify.
    #[error("the signature does not verify under the signer's certificate")]
    Signature,
    /// The signature of a certificate does not verify under the issuer it names.
    #[error("a certificate does not verify under its issuer's key")]
    CertificateSignature,
    /// The signer's certificate is not for time stamping alone (RFC 3161 §2.3).
    #[error("the signer's certificate {problem}")]
    Eku {
        /// What is wrong with its extended key usage.
        problem: PurposeProblem,
    },
    /// The key usage of a certificate forbids what its key was used for.
    #[error("the key usage of a certificate forbids what it was used for")]
    KeyUsage,
    /// A certificate has a critical extension that is not understood here.
    #[error("a certificate has the critical extension {found}, which is not understood here")]
    CriticalExtension {
        /// The extension found.
        found: ObjectIdentifier,
    },
    /// An issuer is no certification authority.
    #[error("a certificate was issued by one that is no certification authority")]
    NotAuthority,
    /// An issuer allows fewer certificates below it than there are.
    #[error("an issuer allows {limit} intermediate certificates below it, there are {found}")]
    PathLength {
        /// Intermediate certificates below the issuer.
        found: usize,
        /// Most that it allows.
        limit: usize,
    },
    /// A certificate had expired when the token says it was made.
    #[error("a certificate expired on {not_after}, before the stated time {time}")]
    Expired {
        /// End of its validity.
        not_after: DateTime<Utc>,
        /// The time that the token states.
        time: DateTime<Utc>,
    },
    /// A certificate was not valid yet when the token says it was made.
    #[error("a certificate is valid from {not_before}, after the stated time {time}")]
    NotYetValid {
        /// Start of its validity.
        not_before: DateTime<Utc>,
        /// The time that the token states.
        time: DateTime<Utc>,
    },
    /// The signer's certificate is not pinned, and no chain leads from it to a pinned one.
    #[error("no chain leads from the signer's certificate to a pinned one")]
    NotPinned,
    /// The token is about other bytes.
    #[error("the token is about other bytes")]
    Imprint,
    /// The token answers another request.
    #[error("the token does not have the nonce of the request")]
    Nonce,
}

/// A part of an answer, a token or a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// TimeStampResp (RFC 3161 §2.4.2).
    Response,
    /// ContentInfo and SignedData (RFC 5652 §3, §5.1).
    Token,
    /// SignerInfo (RFC 5652 §5.3).
    Signer,
    /// TSTInfo (RFC 3161 §2.4.2).
    Info,
    /// Certificate (RFC 5280 §4.1).
    Certificate,
    /// AlgorithmIdentifier with its parameters (RFC 5280 §4.1.1.2).
    Algorithm,
    /// A certificate in PEM (RFC 7468 §5).
    Pem,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Response => "the authority's answer",
            Self::Token => "the token",
            Self::Signer => "the signature's record",
            Self::Info => "the time stamp",
            Self::Certificate => "a certificate",
            Self::Algorithm => "an algorithm's identifier",
            Self::Pem => "a PEM text",
        })
    }
}

/// A signed attribute that a token must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// content-type (RFC 5652 §11.1).
    ContentType,
    /// message-digest (RFC 5652 §11.2).
    MessageDigest,
    /// signing-certificate (RFC 2634 §5.4) or signing-certificate-v2 (RFC 5035 §3).
    SigningCertificate,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ContentType => "content-type",
            Self::MessageDigest => "message-digest",
            Self::SigningCertificate => "signing-certificate",
        })
    }
}

/// What is wrong with a signed attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It is there twice, or has several values.
    Repeated,
    /// Its value is malformed.
    Malformed,
    /// It is about something else.
    Mismatch,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Repeated => "is stated more than once",
            Self::Malformed => "is malformed",
            Self::Mismatch => "is about something else",
        })
    }
}

/// What is wrong with the extended key usage of a signer's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurposeProblem {
    /// It has none.
    Missing,
    /// It is not marked as critical.
    NotCritical,
    /// It is for something else, or for more than time stamping.
    Other,
}

impl fmt::Display for PurposeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "does not say that it is for time stamping",
            Self::NotCritical => "does not mark its purpose as critical",
            Self::Other => "is not for time stamping alone",
        })
    }
}
