//! Audit packs: everything about one submission that a stranger needs to check it, in one archive.
//!
//! An archive is a list of files; how they are stored in it is for the caller. [`PackIndex`] names
//! every file by its digest, and the service's key signs the index: so nothing can be changed, left
//! out or added unnoticed, and what no statement proves (times of logging, reports) is at least the
//! service's word. What statements prove is proven by the statements alone.
//!
//! Not here: the verdict on the statements, which needs a trust policy.

mod contents;
mod index;
mod keys;
mod loadfile;

pub use contents::{Evidence, PackFault, check_files};
pub use index::{
    IndexError, MAX_INDEX_BYTES, MAX_PACK_FILES, PACK_SCHEMA, PackFile, PackIndex, Reader,
};
pub use keys::{KeyChange, KeyHistory};
pub use loadfile::{LOAD_FILE_COLUMNS, LoadFile, native_path};

/// The index.
pub const INDEX: &str = "pack.json";
/// The service's signature over the index: a `COSE_Sign1` hash envelope that no log has.
pub const SIGNATURE: &str = "pack.cose";
/// What it is and how to check it, for people.
pub const README: &str = "README.txt";
/// The newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// The checkpoint of the size at which the first statement came into the log.
pub const FIRST_CHECKPOINT: &str = "first.checkpoint";
/// Proof that the newest checkpoint continues the first one.
pub const CONSISTENCY: &str = "consistency.json";
/// The custody record, for programs.
pub const CUSTODY_JSON: &str = "custody.json";
/// The custody record, as a table.
pub const CUSTODY_CSV: &str = "custody.csv";
/// Which keys signed, and how they came into the log and left it.
pub const KEYS: &str = "keys.json";
/// The load file for review platforms.
pub const LOAD_FILE: &str = "loadfile.dat";
/// The custody record, typeset.
pub const REPORT: &str = "report.pdf";
/// A draft of a certificate for whoever declares.
pub const CERTIFICATE: &str = "certificate.pdf";
/// A verifier for browsers.
pub const VERIFIER: &str = "verify.html";
/// Directory of the statements.
pub const STATEMENTS: &str = "statements/";
/// Directory of the payloads.
pub const PAYLOADS: &str = "payloads/";
/// Directory of the file lists.
pub const OPENINGS: &str = "openings/";
/// Directory of the policy bundles, each under its digest.
pub const POLICIES: &str = "policies/";
/// Directory of the files themselves.
pub const FILES: &str = "files/";

/// Where the statement at a position is.
#[must_use]
pub fn statement_path(index: u64) -> String {
    format!("{STATEMENTS}{index:010}.cose")
}
