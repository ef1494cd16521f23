//! Why a policy bundle is refused, and where.

use std::fmt;

use crate::bundle::BundleError;

/// Path of the schema in the bundle.
pub const SCHEMA_PATH: &str = "attestry.cedarschema";

/// How the names of policy files end.
pub const POLICY_SUFFIX: &str = ".cedar";

/// Most bytes of a policy file or of the schema.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// Most rules in a bundle.
pub const MAX_RULES: usize = 1_000;

/// Most bytes of a rule's name.
pub const MAX_ID_BYTES: usize = 64;

/// A place in a file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path in the bundle.
    pub file: Box<str>,
    /// Line, counted from 1.
    pub line: usize,
    /// Character in the line, counted from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte of a file; of the end if the file is shorter.
    pub(crate) fn of(file: &str, text: &str, byte: usize) -> Self {
        let byte = (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let before = &text[..byte.unwrap_or(0)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why files make no policy engine. Messages are those of the Cedar parser and validator, which
/// have no closed set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The files are no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A file has too many bytes.
    #[error("{file} has {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Path of the file.
        file: Box<str>,
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// A file is not UTF-8.
    #[error("{place}: this is not UTF-8")]
    NotUtf8 {
        /// Of the first byte that is not.
        place: Place,
    },
    /// A rule or declaration has too many brackets open at once.
    #[error("{place}: more than {limit} brackets are open here; split the rule")]
    TooDeep {
        /// Of the first bracket too many.
        place: Place,
        /// Most brackets allowed.
        limit: usize,
    },
    /// A rule or declaration has too many operators, brackets and keywords.
    #[error("{place}: more than {limit} operators and brackets in one rule; split it")]
    TooManyOperators {
        /// Of the first operator too many.
        place: Place,
        /// Most operators allowed.
        limit: usize,
    },
    /// There is no schema.
    #[error("there is no {SCHEMA_PATH} among the policy files")]
    SchemaMissing,
    /// There is no rule at all.
    #[error("there is no rule in any {POLICY_SUFFIX} file, so nothing would be allowed")]
    NoRules,
    /// There are too many rules.
    #[error("there are {found} rules, at most {limit} are allowed")]
    TooManyRules {
        /// Rules found.
        found: usize,
        /// Most rules allowed.
        limit: usize,
    },
    /// The schema does not parse or contradicts itself.
    #[error("{place}: {message}")]
    Schema {
        /// Where.
        place: Place,
        /// What the parser says.
        message: Box<str>,
    },
    /// A policy file does not parse.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: Box<str>,
    },
    /// A rule does not fit the schema.
    #[error("{place}: {message}")]
    Invalid {
        /// Where.
        place: Place,
        /// What the validator says.
        message: Box<str>,
    },
    /// A rule has slots to be filled in, which nothing does.
    #[error("{place}: a rule with ?principal or ?resource is never filled in; write it out")]
    Template {
        /// Where the rule begins.
        place: Place,
    },
    /// A rule has no name.
    #[error("{place}: this rule needs a name, such as @id(\"staff-reads\")")]
    IdMissing {
        /// Where the rule begins.
        place: Place,
    },
    /// A rule's name is not made of lower-case letters, digits and hyphens, is too long, or is
    /// reserved for decisions that no rule made.
    #[error(
        "{place}: a rule's @id has 1 to {MAX_ID_BYTES} lower-case letters, digits and hyphens, \
         and is not \"default-deny\""
    )]
    IdMalformed {
        /// Where the rule begins.
        place: Place,
    },
    /// Two rules have the same name.
    #[error("{place}: the rule at {first} has the same @id")]
    IdRepeated {
        /// Where the later rule begins.
        place: Place,
        /// Where the earlier rule begins.
        first: Place,
    },
    /// A rule against clearance does not say what is missing when it applies, or in a word that
    /// does not exist.
    #[error(
        "{place}: a rule that forbids grantClearance needs @missing(…) with a word such as \"scan\""
    )]
    ReasonMissing {
        /// Where the rule begins.
        place: Place,
    },
    /// The schema does not fit the facts that this program gives.
    #[error("{SCHEMA_PATH} does not fit what this program knows about {action}: {message}")]
    SchemaMismatch {
        /// The action asked about.
        action: &'static str,
        /// What the validator says.
        message: Box<str>,
    },
}

impl LoadError {
    /// Where in the files, if at one place.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Bundle(_)
            | Self::TooLarge { .. }
            | Self::SchemaMissing
            | Self::NoRules
            | Self::TooManyRules { .. }
            | Self::SchemaMismatch { .. } => None,
            Self::NotUtf8 { place }
            | Self::TooDeep { place, .. }
            | Self::TooManyOperators { place, .. }
            | Self::Schema { place, .. }
            | Self::Syntax { place, .. }
            | Self::Invalid { place, .. }
            | Self::Template { place }
            | Self::IdMissing { place }
            | Self::IdMalformed { place }
            | Self::IdRepeated { place, .. }
            | Self::ReasonMissing { place } => Some(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, byte: usize) -> (usize, usize) {
        let place = Place::of("f", text, byte);
        (place.line, place.column)
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(place("abc", 0), (1, 1));
        assert_eq!(place("a\nbc", 3), (2, 2));
        assert_eq!(place("é\nüx", 5), (2, 2));
        assert_eq!(place("ab\n", 3), (2, 1));
    }

    #[test]
    fn places_beyond_the_end_or_within_a_character_are_moved_back() {
        assert_eq!(place("ab", 99), (1, 3));
        assert_eq!(place("aé", 2), (1, 2));
        assert_eq!(place("", 1), (1, 1));
    }
}
