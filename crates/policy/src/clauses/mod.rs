//! The clause catalogue: which texts may be shown to a signer, and what they ask.
//!
//! A text is a Markdown file named by set, version and locale and pinned by the SHA-256 of its
//! exact bytes. Its clauses are the second-level headings that end in `{#identifier}`. The
//! catalogue file repeats the identifiers, so that an edit that drops or renames a clause is
//! noticed.
//!
//! A changed text is a new version beside the old one. What was signed under the old one stays as it
//! is unless a listed decision says who signs again, and for which clauses.
//!
//! Not here: what an answer means for clearance.

mod history;
mod place;
mod resign;
mod standing;
mod text;

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use crate::Digest;
pub use history::HistoryError;
pub use resign::{
    AppliesTo, ClauseAnswer, Day, MAX_DECISIONS, MAX_REASON_BYTES, RESIGN_PATH, ResignDecision,
    ResignError,
};
pub use standing::{Requirement, Signed, Standing, Use};
pub use text::{ClauseText, TextError};

/// Path of the catalogue below the policies directory.
pub const CATALOGUE_PATH: &str = "clauses/catalogue.toml";

/// Most bytes of a catalogue file or of a clause text.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// Most texts in a catalogue.
pub const MAX_TEXTS: usize = 1_000;

/// All clause texts of a policy bundle, and who signs again where one changed.
#[derive(Clone, Debug)]
pub struct ClauseCatalogue {
    texts: Vec<ClauseText>,
    decisions: Vec<ResignDecision>,
}

/// Why files make no catalogue. Entries are counted from 0 in the order of the catalogue file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The catalogue file is not among the files given.
    #[error("there is no {CATALOGUE_PATH} among the policy files")]
    Missing,
    /// The catalogue file has too many bytes.
    #[error("{CATALOGUE_PATH} has {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// The catalogue file is not UTF-8.
    #[error("{CATALOGUE_PATH} stops being UTF-8 at byte {valid_up_to}")]
    NotUtf8 {
        /// Offset of the first byte that is not UTF-8.
        valid_up_to: usize,
    },
    /// The catalogue file is not TOML of the right form.
    #[error("{CATALOGUE_PATH} cannot be read at line {line}: see the comment at its top")]
    Toml {
        /// Line of the fault, counted from 1.
        line: usize,
    },
    /// No texts, or too many.
    #[error("{CATALOGUE_PATH} names {found} texts, 1 to {limit} are allowed")]
    Count {
        /// Texts found.
        found: usize,
        /// Most texts allowed.
        limit: usize,
    },
    /// Two entries name the same set, version and locale.
    #[error(
        "text {entry} of {CATALOGUE_PATH} repeats the set, version and locale of an earlier one"
    )]
    Repeated {
        /// The later entry.
        entry: usize,
    },
    /// The file of an entry is not among the files given.
    #[error("the file of text {entry} of {CATALOGUE_PATH} is not among the policy files")]
    FileMissing {
        /// The entry.
        entry: usize,
    },
    /// The file of an entry is not a clause text, or not the one that the entry describes.
    #[error("text {entry} of {CATALOGUE_PATH}: {error}")]
    Text {
        /// The entry.
        entry: usize,
        /// What is wrong with the file.
        error: TextError,
    },
    /// The decisions about signing again cannot be used.
    #[error(transparent)]
    Resign(#[from] ResignError),
}

/// What an attestation says about the text that was shown.
#[derive(Clone, Copy, Debug)]
pub struct ClauseReference<'a> {
    /// Clause set.
    pub set: &'a str,
    /// Version.
    pub version: &'a str,
    /// Locale.
    pub locale: &'a str,
    /// SHA-256 of the text's exact bytes.
    pub text_sha256: Digest,
}

/// Why a reference and its answers do not fit the catalogue. Positions are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClauseError {
    /// The catalogue has no text of this set, version and locale.
    #[error("the clause text named is not in the catalogue")]
    UnknownText,
    /// The text shown was another than the catalogue's.
    #[error("the text that was shown is not the catalogue's text of that name")]
    WrongDigest {
        /// SHA-256 in the reference.
        found: Digest,
        /// SHA-256 of the catalogue's text.
        required: Digest,
    },
    /// A clause has no answer.
    #[error("clause {} of the text is not answered", position + 1)]
    Unanswered {
        /// Position of the clause in the text.
        position: usize,
    },
    /// An answer is to no clause of the text.
    #[error("answer {} is to a clause that the text does not have", position + 1)]
    UnknownClause {
        /// Position of the answer.
        position: usize,
    },
    /// A clause is answered twice.
    #[error("answer {} is to a clause that was answered before", position + 1)]
    AnsweredTwice {
        /// Position of the later answer.
        position: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    text: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    set: String,
    version: String,
    locale: String,
    file: String,
    clauses: Vec<String>,
}

impl ClauseCatalogue {
    /// Reads the catalogue, its texts and the decisions about signing again out of `files`: paths
    /// below the policies directory, with `/`, and exact bytes. Other files are ignored.
    ///
    /// # Errors
    /// See [`CatalogueError`].
    pub fn parse(files: &[(&str, &[u8])]) -> Result<Self, CatalogueError> {
        let content_of = |path: &str| {
            files.iter().find(|(candidate, _)| *candidate == path).map(|(_, content)| *content)
        };
        let entries = read_entries(content_of(CATALOGUE_PATH).ok_or(CatalogueError::Missing)?)?;
        let mut names = BTreeSet::new();
        let mut texts = Vec::with_capacity(entries.len());
        for (entry, Entry { set, version, locale, file, clauses }) in
            entries.into_iter().enumerate()
        {
            if !names.insert((set.clone(), version.clone(), locale.clone())) {
                return Err(CatalogueError::Repeated { entry });
            }
            let content = content_of(&file).ok_or(CatalogueError::FileMissing { entry })?;
            let parsed = ClauseText::parse(content)
                .and_then(|text| text.require(&set, &version, &locale, &clauses).map(|()| text))
                .map_err(|error| CatalogueError::Text { entry, error })?;
            texts.push(parsed);
        }
        let mut catalogue = Self { texts, decisions: Vec::new() };
        if let Some(content) = content_of(RESIGN_PATH) {
            catalogue.decisions = resign::parse(content, &catalogue)?;
        }
        Ok(catalogue)
    }

    /// A catalogue of texts that somebody else lists: each names itself in its front matter. It has
    /// no decisions.
    ///
    /// # Errors
    /// [`CatalogueError::Text`], [`CatalogueError::Repeated`], [`CatalogueError::Count`].
    pub fn from_texts(texts: &[Vec<u8>]) -> Result<Self, CatalogueError> {
        let (found, limit) = (texts.len(), MAX_TEXTS);
        if !(1..=limit).contains(&found) {
            return Err(CatalogueError::Count { found, limit });
        }
        let mut catalogue = Self { texts: Vec::with_capacity(found), decisions: Vec::new() };
        for (entry, content) in texts.iter().enumerate() {
            let text = ClauseText::parse(content)
                .map_err(|error| CatalogueError::Text { entry, error })?;
            if catalogue.get(text.set(), text.version(), text.locale()).is_some() {
                return Err(CatalogueError::Repeated { entry });
            }
            catalogue.texts.push(text);
        }
        Ok(catalogue)
    }

    /// The texts, in the order of the catalogue file.
    #[must_use]
    pub fn texts(&self) -> &[ClauseText] {
        &self.texts
    }

    /// Who signs again where a text changed, in the order of the file.
    #[must_use]
    pub fn decisions(&self) -> &[ResignDecision] {
        &self.decisions
    }

    /// The text with this SHA-256.
    #[must_use]
    pub fn by_digest(&self, sha256: &Digest) -> Option<&ClauseText> {
        self.texts.iter().find(|text| text.sha256() == sha256)
    }

    /// Versions of a set in any language, each once, in the order of the catalogue file: the last
    /// one is the newest. None if there is no such set.
    #[must_use]
    pub fn versions(&self, set: &str) -> Vec<&str> {
        let mut versions = Vec::new();
        for text in self.texts.iter().filter(|text| text.set() == set) {
            if !versions.contains(&text.version()) {
                versions.push(text.version());
            }
        }
        versions
    }

    /// The text of this name.
    #[must_use]
    pub fn get(&self, set: &str, version: &str, locale: &str) -> Option<&ClauseText> {
        self.texts
            .iter()
            .find(|text| text.set() == set && text.version() == version && text.locale() == locale)
    }

    /// The text to show now: the last one listed for the set and locale.
    #[must_use]
    pub fn current(&self, set: &str, locale: &str) -> Option<&ClauseText> {
        self.texts.iter().rev().find(|text| text.set() == set && text.locale() == locale)
    }

    /// Checks what an attestation says about its clauses: the text is the catalogue's, each clause
    /// has exactly one answer, and nothing else is answered. `answered` holds the identifiers of
    /// the clauses answered, in any order.
    ///
    /// # Errors
    /// See [`ClauseError`].
    pub fn check<'a>(
        &self,
        reference: &ClauseReference<'_>,
        answered: impl IntoIterator<Item = &'a str>,
    ) -> Result<&ClauseText, ClauseError> {
        let ClauseReference { set, version, locale, text_sha256 } = *reference;
        let text = self.get(set, version, locale).ok_or(ClauseError::UnknownText)?;
        if text.sha256() != &text_sha256 {
            let required = *text.sha256();
            return Err(ClauseError::WrongDigest { found: text_sha256, required });
        }
        let mut open: BTreeSet<&str> = text.clauses().iter().map(String::as_str).collect();
        for (position, clause) in answered.into_iter().enumerate() {
            if !open.remove(clause) {
                let known = text.clauses().iter().any(|candidate| candidate == clause);
                return Err(if known {
                    ClauseError::AnsweredTwice { position }
                } else {
                    ClauseError::UnknownClause { position }
                });
            }
        }
        match text.clauses().iter().position(|clause| open.contains(clause.as_str())) {
            Some(position) => Err(ClauseError::Unanswered { position }),
            None => Ok(text),
        }
    }
}

fn read_entries(content: &[u8]) -> Result<Vec<Entry>, CatalogueError> {
    let (found, limit) = (content.len(), MAX_FILE_BYTES);
    if found > limit {
        return Err(CatalogueError::TooLarge { found, limit });
    }
    let text = std::str::from_utf8(content)
        .map_err(|error| CatalogueError::NotUtf8 { valid_up_to: error.valid_up_to() })?;
    let file: CatalogueFile = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        CatalogueError::Toml { line: before.matches('\n').count() + 1 }
    })?;
    let (found, limit) = (file.text.len(), MAX_TEXTS);
    if (1..=limit).contains(&found) {
        Ok(file.text.into_iter().map(Spanned::into_inner).collect())
    } else {
        Err(CatalogueError::Count { found, limit })
    }
}

#[cfg(test)]
mod tests;
