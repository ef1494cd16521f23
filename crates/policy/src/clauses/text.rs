//! One clause text: front matter, then Markdown with one heading per clause.

use sha2::{Digest as _, Sha256};

use super::MAX_FILE_BYTES;
use crate::Digest;

/// Most characters of an identifier.
const MAX_IDENTIFIER_CHARS: usize = 64;
/// Most clauses of a text; an attestation answers no more.
const MAX_CLAUSES: usize = 64;

/// A clause text as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseText {
    set: String,
    version: String,
    locale: String,
    effective: String,
    content: String,
    sha256: Digest,
    clauses: Vec<String>,
}

/// Why bytes are not the clause text wanted. Lines are counted from 1, clauses from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Too many bytes.
    #[error("the file has {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the file stops being UTF-8 at byte {valid_up_to}")]
    NotUtf8 {
        /// Offset of the first byte that is not UTF-8.
        valid_up_to: usize,
    },
    /// The file does not start with front matter between two lines of `---`.
    #[error("the file does not start with front matter between two lines of ---")]
    NoFrontMatter,
    /// The front matter lacks a value, has it twice, or has it in another form.
    #[error("the front matter needs exactly one well-formed `{key}`")]
    FrontMatter {
        /// The key.
        key: &'static str,
    },
    /// The front matter says something else than the catalogue.
    #[error("`{key}` in the front matter is not what the catalogue says")]
    OtherThanCatalogue {
        /// The key.
        key: &'static str,
    },
    /// A second-level heading is not of the form `## 1. Title {#identifier}`, numbered in order.
    #[error("line {line} is no heading of the form `## {number}. Title {{#identifier}}`")]
    Heading {
        /// Line of the heading.
        line: usize,
        /// Number that the clause should have.
        number: usize,
    },
    /// Two clauses have the same identifier.
    #[error("line {line} repeats the identifier of an earlier clause")]
    Repeated {
        /// Line of the later heading.
        line: usize,
    },
    /// More clauses than can be answered.
    #[error("the text has more than {limit} clauses")]
    TooManyClauses {
        /// Most clauses allowed.
        limit: usize,
    },
    /// The clauses are not those that the catalogue lists, in that order.
    #[error(
        "the text has {found} clauses, the catalogue lists {listed}; clause {position} differs"
    )]
    ClausesDiffer {
        /// Clauses in the text.
        found: usize,
        /// Clauses in the catalogue.
        listed: usize,
        /// First position that differs.
        position: usize,
    },
}

impl ClauseText {
    /// Reads the exact bytes of a clause file.
    ///
    /// # Errors
    /// See [`TextError`]; never `OtherThanCatalogue` or `ClausesDiffer`.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextError> {
        let (found, limit) = (bytes.len(), MAX_FILE_BYTES);
        if found > limit {
            return Err(TextError::TooLarge { found, limit });
        }
        let content = std::str::from_utf8(bytes)
            .map_err(|error| TextError::NotUtf8 { valid_up_to: error.valid_up_to() })?;
        let front = content
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"))
            .map(|(front, _)| front)
            .ok_or(TextError::NoFrontMatter)?;
        let identifier = |key| front_value(front, key, is_identifier);
        Ok(Self {
            set: identifier("set")?,
            version: identifier("version")?,
            locale: identifier("locale")?,
            effective: front_value(front, "effective", is_date)?,
            content: content.to_owned(),
            sha256: Sha256::digest(bytes).into(),
            clauses: clause_identifiers(content)?,
        })
    }

    /// Requires that the text is the one that a catalogue entry describes.
    pub(super) fn require(
        &self,
        set: &str,
        version: &str,
        locale: &str,
        clauses: &[String],
    ) -> Result<(), TextError> {
        for (key, found, listed) in [
            ("set", &self.set, set),
            ("version", &self.version, version),
            ("locale", &self.locale, locale),
        ] {
            if found != listed {
                return Err(TextError::OtherThanCatalogue { key });
            }
        }
        if self.clauses == clauses {
            return Ok(());
        }
        let same = self.clauses.iter().zip(clauses).take_while(|(found, listed)| found == listed);
        let (position, found, listed) = (same.count(), self.clauses.len(), clauses.len());
        Err(TextError::ClausesDiffer { found, listed, position })
    }

    /// Clause set.
    #[must_use]
    pub fn set(&self) -> &str {
        &self.set
    }

    /// Version of the set.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Language of the text, as a lowercase BCP 47 tag.
    #[must_use]
    pub fn locale(&self) -> &str {
        &self.locale
    }

    /// First day on which the text may be used, `YYYY-MM-DD`.
    #[must_use]
    pub fn effective(&self) -> &str {
        &self.effective
    }

    /// The whole file, front matter included: what the digest covers.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// SHA-256 of the file's exact bytes.
    #[must_use]
    pub const fn sha256(&self) -> &Digest {
        &self.sha256
    }

    /// Identifiers of the clauses, in the order of the text; none for a notice.
    #[must_use]
    pub fn clauses(&self) -> &[String] {
        &self.clauses
    }
}

/// The value of the one line `key: value`, without quotation marks around it.
fn front_value(
    front: &str,
    key: &'static str,
    well_formed: fn(&str) -> bool,
) -> Result<String, TextError> {
    let mut values = front
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(candidate, _)| candidate.trim() == key)
        .map(|(_, value)| value.trim());
    let value = values.next().map(|value| {
        value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
    });
    match (value, values.next()) {
        (Some(value), None) if well_formed(value) => Ok(value.to_owned()),
        _ => Err(TextError::FrontMatter { key }),
    }
}

fn clause_identifiers(content: &str) -> Result<Vec<String>, TextError> {
    let mut clauses: Vec<String> = Vec::new();
    let headings = content.lines().enumerate().filter_map(|(index, line)| {
        line.trim_start().strip_prefix("##").filter(|r| !r.starts_with('#')).map(|r| (index + 1, r))
    });
    for (line, heading) in headings {
        let number = clauses.len() + 1;
        let identifier = heading
            .strip_prefix(&format!(" {number}. "))
            .and_then(|rest| rest.strip_suffix('}'))
            .and_then(|rest| rest.rsplit_once(" {#"))
            .filter(|(title, identifier)| !title.trim().is_empty() && is_identifier(identifier))
            .map(|(_, identifier)| identifier)
            .ok_or(TextError::Heading { line, number })?;
        if clauses.iter().any(|clause| clause == identifier) {
            return Err(TextError::Repeated { line });
        }
        if clauses.len() == MAX_CLAUSES {
            return Err(TextError::TooManyClauses { limit: MAX_CLAUSES });
        }
        clauses.push(identifier.to_owned());
    }
    Ok(clauses)
}

/// `a-z 0-9 . -`, starting with a letter or digit: what payloads accept as a name.
fn is_identifier(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= MAX_IDENTIFIER_CHARS
        && text.bytes().next().is_some_and(alphanumeric)
        && text.bytes().all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-'))
}

fn is_date(text: &str) -> bool {
    text.len() == "YYYY-MM-DD".len()
        && text.bytes().zip(b"dddd-dd-dd").all(|(byte, &shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            _ => byte == shape,
        })
}
