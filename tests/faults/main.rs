//! What happens when something breaks: stores, guard, signers and processes that fail, and bytes that change on disk.

#![forbid(unsafe_code)]
// Everything here is a test.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod detection;
mod failing;
mod fixture;
mod kill;
mod people;
mod refusals;
mod stores;
