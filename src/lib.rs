//! The Attestry service: a compliance and provenance ledger for contributed work.
//!
//! Rooms, lowest floor first: [`store`], [`keys`], [`log`] and [`vault`]; [`service`]; [`http`];
//! [`cli`]. A floor imports lower floors only. `docs/ARCHITECTURE.md` is the map.

#![forbid(unsafe_code)]

pub mod app;
pub mod assets;
pub mod cli;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod export;
pub mod http;
pub mod keys;
pub mod log;
pub mod mail;
pub mod ocr;
pub mod service;
pub mod settings;
pub mod store;
mod thread;
pub mod vault;
