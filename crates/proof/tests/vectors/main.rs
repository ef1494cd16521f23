//! Runs every case of `tests/vectors/*.json` at the root of the repository.
//!
//! The vectors are made by an implementation that shares no code with this crate. Refused cases
//! name their fault with a stable word; [`words`] maps this crate's errors to those words.

#![forbid(unsafe_code)]

mod case;
mod cose;
mod keys;
mod log;
mod manifest;
mod notes;
mod proofs;
mod receipts;
mod trust;
mod words;
