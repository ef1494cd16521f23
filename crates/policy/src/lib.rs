//! Decisions and texts that a lawyer can read: the clause catalogue and the digest that pins a
//! whole policy bundle.
//!
//! Not here, on purpose: files, clocks and everything else that could make the same question have
//! two answers. Whoever calls brings the bytes of the policy files.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod bundle;
pub mod clauses;

/// A SHA-256 value.
pub type Digest = [u8; 32];
