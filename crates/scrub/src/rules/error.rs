//! Why rules are refused, and where.

use std::fmt;

/// Why a file of rules is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Path of the file; empty if it is about all of them.
    pub file: Box<str>,
    /// Id of the rule, where it is about one.
    pub rule: Option<Box<str>>,
    /// What is wrong.
    pub trouble: Trouble,
}

impl RuleError {
    pub(crate) fn new(file: &str, rule: Option<&str>, trouble: Trouble) -> Self {
        Self { file: file.into(), rule: rule.map(Into::into), trouble }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        self.trouble.fmt(f)
    }
}

impl std::error::Error for RuleError {}

/// What is wrong with a rule or a file of rules. Messages of parsers have no closed set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The file has too many bytes.
    #[error("{found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// There are too many rules.
    #[error("{found} rules, at most {limit} are allowed")]
    TooMany {
        /// Rules found.
        found: usize,
        /// Most rules allowed.
        limit: usize,
    },
    /// The file is no TOML of the form asked for.
    #[error("{message}")]
    Form {
        /// What the parser says.
        message: Box<str>,
    },
    /// Two rules have the same id.
    #[error("the id is used twice")]
    SameId,
    /// An id has other characters than small letters, digits, `-` and `.`.
    #[error("an id has small letters, digits, '-' and '.' only")]
    Id,
    /// Neither the rule nor the defaults of its file give this.
    #[error("{field} is missing")]
    Missing {
        /// Name of the field.
        field: &'static str,
    },
    /// The pattern does not compile.
    #[error("the pattern is refused: {message}")]
    Pattern {
        /// What the compiler says.
        message: Box<str>,
    },
    /// The pattern can match nothing at all.
    #[error("the pattern matches the empty text")]
    MatchesEmpty,
    /// There is no checksum of this name.
    #[error("there is no checksum {name}")]
    Checksum {
        /// The name given.
        name: Box<str>,
    },
    /// Values can look `random` or like a `password`.
    #[error("there is no look {name}")]
    Look {
        /// The name given.
        name: Box<str>,
    },
    /// A rule needs anchors, or digits as trigger.
    #[error("give anchors, or trigger = \"digits\", and not both")]
    Trigger,
    /// Anchors and context words have at least one character and no more than 64.
    #[error("an anchor or context word is empty or too long")]
    Word,
    /// A rule has no example or no counter-example.
    #[error("at least one example and one counter-example are needed")]
    NoExample,
    /// An example is not found.
    #[error("example {at} is not found")]
    ExampleMissed {
        /// Position, counted from 0.
        at: usize,
    },
    /// A counter-example is found.
    #[error("counter-example {at} is found")]
    CounterExampleFound {
        /// Position, counted from 0.
        at: usize,
    },
    /// There is no notice of this id.
    #[error("there is no such notice")]
    UnknownNotice,
    /// A notice has no wording.
    #[error("no file words this notice")]
    NoWording,
}
