//! Everything that can be proven about an Attestry log, as functions from bytes to verdicts.
//!
//! Scope: the RFC 9162 tree, C2SP notes, checkpoints, tiles, proofs and trust policies ([`log`]);
//! COSE signed statements, receipts and transparent statements ([`cose`]); file manifests
//! ([`manifest`]); the payloads that statements commit to ([`payload`]).
//!
//! Not here, on purpose: clocks, files, sockets, async code, environment variables and randomness.
//! Whoever calls brings the bytes, the time and the salt.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cose;
pub mod custody;
pub mod hash;
pub mod key;
pub mod log;
pub mod manifest;
pub mod pack;
pub mod payload;
pub mod size;
