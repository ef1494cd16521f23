//! What happens when something breaks: stores, guard, signers and processes that fail, and bytes that change on disk.

#![forbid(unsafe_code)]

#[path = "../support/mod.rs"]
mod support;

mod detection;
mod failing;
mod fixture;
mod kill;
mod refusals;
mod stores;
