//! Rules as data: what to look for, loaded from TOML files and checked before use.

mod error;
mod file;
mod names;
mod notice;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use regex::Regex;
use sha2::{Digest as _, Sha256};

pub use error::{RuleError, Trouble};
pub(crate) use notice::Notice;

use crate::detect::checksum::Checksum;
use crate::detect::value::Look;
use crate::finding::{Category, Severity};

/// Domain tag that starts the bytes hashed into the digest of the rules.
pub const RULES_TAG: &[u8] = b"attestry/scrub-rules/v1";

/// Most bytes of a file of rules.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// Most rules altogether.
pub const MAX_RULES: usize = 4096;

/// Most bytes of a compiled pattern.
const MAX_PATTERN_BYTES: usize = 4 << 20;

/// What makes a rule be tried at a place.
#[derive(Clone, Debug)]
pub(crate) enum Trigger {
    /// One of these texts, in any case, at most `before` bytes after the start of the match.
    Anchors { texts: Vec<String>, before: usize, after: usize },
    /// One of these texts, in this very case, at the start of a word and of the match.
    Prefixes {
        texts: Vec<String>,
        after: usize,
        /// Bytes that the match has at least, none of them a space.
        least: usize,
    },
    /// One of these words in the name of a value; the pattern is that of the whole value.
    Assigned { texts: Vec<String>, look: Option<Look>, not_names: Vec<String> },
    /// Six digits close to each other.
    Digits,
    /// What the words of a text say together.
    Entity(crate::detect::people::Entity),
}

/// One thing to look for.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) pattern: Regex,
    pub(crate) trigger: Trigger,
    /// Words of which one has to stand near the match.
    pub(crate) context: Option<AhoCorasick>,
    pub(crate) checksum: Option<Checksum>,
    /// Least entropy of the value, in hundredths of a bit for each character.
    pub(crate) entropy_min: u32,
    /// Least digits of the value.
    pub(crate) digits_min: usize,
    /// Values that are known to be placeholders do not count.
    pub(crate) skip_placeholders: bool,
    /// Of two rules that match the same text the one with the higher rank speaks.
    pub(crate) rank: u8,
    pub(crate) why: String,
    pub(crate) what: String,
}

/// What is said about one kind of notice.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) why: String,
    pub(crate) what: String,
}

/// A checked set of rules.
#[derive(Clone, Debug)]
pub struct RuleSet {
    pub(crate) rules: Vec<Rule>,
    pub(crate) detector: crate::detect::pattern::Detector,
    wordings: Vec<Wording>,
    digest: [u8; 32],
}

impl RuleSet {
    /// Loads and checks rules from files given as (path, content). The order given does not matter.
    /// Every example of every rule has to match and no counter-example may.
    ///
    /// # Errors
    /// [`RuleError`] names the file, the rule and the reason.
    pub fn load(files: &[(&str, &[u8])]) -> Result<Self, RuleError> {
        let mut sorted = files.to_vec();
        sorted.sort_unstable_by_key(|(path, _)| *path);
        let mut loaded = file::Loaded::default();
        for (path, content) in &sorted {
            loaded.add(path, content)?;
        }
        let file::Loaded { rules, wordings, samples, lexicon } = loaded;
        let wordings = notice::complete(wordings)?;
        let detector = crate::detect::pattern::Detector::new(&rules, lexicon);
        let set = Self { rules, detector, wordings, digest: digest(&sorted) };
        // The first error counts, whichever is found first.
        match samples.par_iter().find_map_first(|sample| sample.check(&set).err()) {
            Some(error) => Err(error),
            None => Ok(set),
        }
    }

    /// SHA-256 over [`RULES_TAG`] and, for each file in the byte order of the paths, path and
    /// content, each preceded by its length as a big-endian 64-bit integer.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Ids of the rules that search text, in the order of the files.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.id.as_str())
    }

    pub(crate) fn wording(&self, notice: Notice) -> &Wording {
        &self.wordings[notice as usize]
    }
}

fn digest(sorted: &[(&str, &[u8])]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(RULES_TAG);
    for (path, content) in sorted {
        for field in [path.as_bytes(), content] {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
    }
    hasher.finalize().into()
}
