//! Verifies, offline, what an Attestry log says: statements, payloads, proofs, packs, directories.
//!
//! All trust comes from one file, a C2SP tlog-policy. Entry 0 of a log it trusts names the log's
//! other keys, and `key-*` statements name those of its members. [`run`] does what the command
//! does; [`Verifier`] judges one statement at a time, from as many threads as the caller likes.
//!
//! Not here, on purpose: sockets, clocks, private keys, extracting archives, and the rules of any
//! program: whether a submission was rightly cleared is not replayed.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod arguments;
mod checkpoints;
mod consistency;
mod entitlement;
mod evidence;
mod files;
mod finding;
mod history;
mod identity;
mod input;
mod issuers;
mod keys;
mod packs;
mod pair;
mod pool;
mod receipts;
mod report;
mod run;
mod settle;
mod text;
mod times;
pub mod verdict;
mod verifier;

pub use arguments::{Arguments, InputError, PackFault};
pub use evidence::{Evidence, PayloadStore};
pub use history::Unlinked;
pub use identity::{GenesisFault, LogIdentity};
pub use packs::{GivenPack, PackReport, ReplayOutcome};
pub use report::{
    CheckpointReport, Facts, FilesReport, OpeningsReport, Report, StatementReport, Summary,
    Unmatched, WithdrawalReport,
};
pub use run::{EXIT_NOT_VERIFIED, EXIT_UNUSABLE, EXIT_VERIFIED, exit_code, run};
pub use verdict::{StatementVerdict, Verdict};
pub use verifier::Verifier;
