//! Decisions and texts that a lawyer can read: who may do what and when a submission is cleared,
//! decided by Cedar policies over given facts; the clause catalogue; and the digest that pins a
//! whole policy bundle.
//!
//! Not here, on purpose: files, clocks and everything else that could make the same question have
//! two answers. Whoever calls brings the bytes of the policy files and the facts.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod access;
pub mod bundle;
pub mod clauses;
pub mod clearance;
pub mod engine;
pub mod explain;
pub mod letters;
pub mod load;
pub mod takedown;
pub mod words;

mod bounds;
mod memo;
mod rules;

/// A SHA-256 value.
pub type Digest = [u8; 32];
