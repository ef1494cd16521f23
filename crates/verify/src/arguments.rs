//! What the command takes, and what makes its input unusable.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use attestry_proof::cose::key::CoseKeyError;
use attestry_proof::log::trust::PolicyError;
use attestry_proof::manifest::OpeningsError;
use zip::result::ZipError;

/// Verify statements, payloads, proofs, packs and directories, offline.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Files, directories and packs; what they hold is recognised by content.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Trust policy (C2SP tlog-policy): the log's key, witnesses, quorum. All trust comes from it.
    #[arg(long, value_name = "FILE")]
    pub trust: PathBuf,
    /// COSE key set of the log that you vouch for, used where no genesis statement is given.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Openings of a manifest: the file list that a manifest statement commits to.
    #[arg(long, value_name = "FILE", visible_alias = "manifest")]
    pub openings: Option<PathBuf>,
    /// Directory whose files are compared with the openings.
    #[arg(long, value_name = "DIR", requires = "openings")]
    pub files: Option<PathBuf>,
    /// Threads to use [default: one for each core].
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// List every statement and file, and all that payloads say.
    #[arg(long)]
    pub all: bool,
}

impl Arguments {
    /// Everything that these paths hold, under a trust policy, and nothing else.
    #[must_use]
    pub const fn of(paths: Vec<PathBuf>, trust: PathBuf) -> Self {
        Self { paths, trust, keys: None, openings: None, files: None, jobs: None, all: false }
    }
}

/// Why nothing can be said about the input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The trust policy cannot be used.
    #[error("{}: not a trust policy: {source}; `attestry trust` writes one", path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PolicyError,
    },
    /// The trust policy names no log.
    #[error("{}: the trust policy names no log, so nothing could be verified", path.display())]
    TrustsNothing {
        /// The file.
        path: PathBuf,
    },
    /// The key set given with `--keys` cannot be used.
    #[error("{}: not a COSE key set: {source}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CoseKeyError,
    },
    /// The openings given with `--openings` cannot be used.
    #[error("{}: not the openings of a manifest: {source}", path.display())]
    Openings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: OpeningsError,
    },
    /// A file named on the command line is of no known kind.
    #[error(
        "{}: neither a statement, payload, proof, checkpoint, key set, openings file nor pack",
        path.display()
    )]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than anything of its kind may be.
    #[error("{}: larger than {limit} bytes, the limit for such a file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes read.
        limit: u64,
    },
    /// All inputs together are too many.
    #[error("more than {limit} files are given; verify them in parts")]
    TooManyFiles {
        /// Most files read.
        limit: usize,
    },
    /// All inputs together are too large.
    #[error("the input has more than {limit} bytes; verify it in parts")]
    TooMuch {
        /// Most bytes read.
        limit: u64,
    },
    /// A pack is not a readable archive.
    #[error("{}: not a readable pack: {source}", path.display())]
    Pack {
        /// The pack.
        path: PathBuf,
        /// What the archive reader says.
        source: ZipError,
    },
    /// A pack breaks a rule for packs.
    #[error("{}: {fault}", path.display())]
    PackRefused {
        /// The pack.
        path: PathBuf,
        /// The rule.
        fault: PackFault,
    },
    /// There is no statement in the input.
    #[error("the input has no statement, so there is nothing to verify")]
    NoStatement,
}

/// A rule that a pack breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackFault {
    /// Too many entries.
    #[error("the pack has {found} entries, the limit is {limit}")]
    Entries {
        /// Entries found.
        found: usize,
        /// Most entries read.
        limit: usize,
    },
    /// Two entries have one name.
    #[error("the pack has two entries of one name")]
    DuplicateName,
    /// Entries share bytes of the archive.
    #[error("entries of the pack overlap")]
    Overlap,
    /// An entry has a name that no pack has: a folder with content, or no UTF-8.
    #[error("entry {entry} of the pack has a name that no file of a pack has")]
    Name {
        /// Its number, from zero.
        entry: usize,
    },
    /// Something stands before the archive.
    #[error("something stands before the first entry of the pack")]
    Prefix,
    /// A file of the submission is compressed, as in no pack.
    #[error("entry {entry} of the pack is compressed, files of a submission never are")]
    Compressed {
        /// Its number, from zero.
        entry: usize,
    },
    /// An entry expands suspiciously.
    #[error("entry {entry} of the pack expands more than {limit} times")]
    Ratio {
        /// Its number, from zero.
        entry: usize,
        /// Most times accepted.
        limit: u64,
    },
    /// Everything together expands to too much.
    #[error("the pack expands to more than {limit} bytes")]
    Total {
        /// Most bytes read.
        limit: u64,
    },
}
