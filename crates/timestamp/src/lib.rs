//! Time-stamp tokens (RFC 3161), as functions from bytes and pinned certificates to a verdict.
//!
//! Scope: the request ([`request()`]), the authority's answer ([`Response`]) and the token in it
//! ([`verify()`]): CMS signed data (RFC 5652) in DER with one signer, RSA or ECDSA on P-256 or P-384
//! with SHA-2, and a chain of at most [`DEPTH_MAX`] issuers up to a pinned certificate.
//!
//! Not here, on purpose: clocks, files, sockets, environment variables and randomness; whoever calls
//! brings the nonce and the pins. Revocation lists are skipped, so a pin is the whole of the trust:
//! a token is judged at the time it states. Nor are BER, name constraints and policy mapping read.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod algorithm;
mod certificate;
mod chain;
mod fault;
mod info;
mod request;
mod signer;
mod token;
mod verify;
mod walk;

pub use certificate::Certificate;
pub use der::oid::ObjectIdentifier;
pub use fault::{Attribute, Fault, Part, Problem, PurposeProblem};
pub use info::Accuracy;
pub use request::{Refusal, Response, Status, request};
pub use verify::{Stamp, verify};

/// Largest answer and largest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 64 << 10;
/// Largest file of pinned certificates, in bytes.
pub const PINS_BYTES_MAX: usize = 1 << 20;
/// Most certificates in one token, and most pins that are read from one file.
pub const CERTIFICATES_MAX: usize = 16;
/// Most issuers above the signer's certificate.
pub const DEPTH_MAX: usize = 4;
