//! Finds what must not leave, visible and hidden, in the bytes of one file: personal data, secrets,
//! markings, words of a deny-list, and content that a reader does not see at first sight.
//!
//! Whoever calls brings the bytes, the rules and the deny-list, and gets a [`Report`]. The same
//! bytes and rules give the same report. What could not be read is said, never passed over.
//!
//! Not here, on purpose: files, clocks, networks, processes and everything else that could make the
//! same scan have two answers. [`fix`](mod@fix) makes copies of files; it never changes one.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let files = attestry_scrub_rules();
//! # let files: Vec<(&str, &[u8])> = files.iter().map(|(p, c)| (p.as_str(), c.as_slice())).collect();
//! use attestry_scrub::{RuleSet, Scanner};
//!
//! let scanner = Scanner::new(RuleSet::load(&files)?);
//! let report = scanner.scan("note.txt", b"Write to anna.berg@mail.com\n");
//! assert_eq!(report.findings[0].rule, "personal.email");
//! assert_eq!(report.findings[0].location.line, Some(1));
//! # Ok(())
//! # }
//! # fn attestry_scrub_rules() -> Vec<(String, Vec<u8>)> {
//! #     let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/scrub");
//! #     let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
//! #     entries.map(|p| (p.display().to_string(), std::fs::read(p).unwrap())).collect()
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod finding;
pub mod fix;
pub mod input;
pub mod kind;
pub mod limits;
pub mod ocr;
pub mod report;
pub mod rules;

mod block;
mod detect;
mod listed;
mod lookalike;
mod page;
mod picture;
mod read;
mod scan;
mod search;
mod skim;
mod stream;
mod text;
mod window;

pub use detect::deny_list::{DenyList, DenyListError};
pub use finding::{Category, Channel, Finding, Location, Severity};
pub use fix::{Fixed, FixedFiles, Removed, fix, fix_files};
pub use input::{File, Unit, units};
pub use kind::Kind;
pub use limits::Limits;
pub use ocr::Ocr;
pub use report::{Partial, Report};
pub use rules::{RuleError, RuleSet};
pub use scan::Scanner;
