//! What the service writes to people: one text for each occasion, in a file that a lawyer can read
//! and change.
//!
//! Not here: to whom something is written, and sending it.

use serde::Deserialize;

use crate::words::words;

/// Path of the letters below the policies directory.
pub const LETTERS_PATH: &str = "letters.toml";

/// Most bytes of the file.
pub const MAX_LETTERS_BYTES: usize = 128 * 1024;

/// Most bytes of a subject.
pub const MAX_SUBJECT_BYTES: usize = 200;

words! {
    /// Why something is written.
    Occasion {
        /// A notice came.
        Acknowledged = "acknowledged",
        /// Something is asked of whoever sent it.
        NeedsInfo = "needs-info",
        /// The notice is right.
        Upheld = "upheld",
        /// It is right for a part.
        PartlyUpheld = "partly-upheld",
        /// It is not right.
        Rejected = "rejected",
        /// Whoever submitted the content objects.
        Countered = "countered",
        /// The content is back.
        Restored = "restored",
        /// The case is closed.
        Closed = "closed",
        /// Somebody is to keep what they have.
        HoldPlaced = "hold-placed",
        /// They did not say that they will.
        HoldReminder = "hold-reminder",
        /// They need not any more.
        HoldReleased = "hold-released",
    }
}

words! {
    /// What the service puts into a letter, between braces.
    Blank {
        /// Number of the case or hold.
        Number = "number",
        /// Title of the ground.
        Ground = "ground",
        /// The link that its recipient follows.
        Link = "link",
        /// What the officer wrote for whoever is told: a question, or the reasons.
        Statement = "statement",
        /// Name of the log.
        Log = "log",
    }
}

impl Occasion {
    /// What a letter must say, or it is of no use.
    const fn required(self) -> &'static [Blank] {
        match self {
            Self::Acknowledged => &[Blank::Number, Blank::Link],
            Self::NeedsInfo => &[Blank::Statement, Blank::Link],
            Self::Upheld | Self::PartlyUpheld | Self::Rejected => {
                &[Blank::Number, Blank::Statement]
            }
            Self::HoldPlaced | Self::HoldReminder => &[Blank::Number, Blank::Statement],
            Self::Countered | Self::Restored | Self::Closed | Self::HoldReleased => {
                &[Blank::Number]
            }
        }
    }
}

/// Why a file makes no letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LettersError {
    /// The file is too large.
    #[error("letters.toml has {found} bytes, at most {limit} are read")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes read.
        limit: usize,
    },
    /// It is no TOML, or not of the form of letters.
    #[error("letters.toml: {message}")]
    Toml {
        /// What is wrong, with line and column.
        message: String,
    },
    /// An occasion has two letters.
    #[error("letters.toml: there are two letters for {occasion}")]
    Twice {
        /// Which occasion.
        occasion: Occasion,
    },
    /// A subject is empty, too long or has several lines.
    #[error(
        "letters.toml: the subject for {occasion} must be one line of at most {MAX_SUBJECT_BYTES} bytes"
    )]
    Subject {
        /// For which occasion.
        occasion: Occasion,
    },
    /// Braces name nothing that the service knows.
    #[error("letters.toml: {occasion}: {{{found}}} is nothing that can be put in")]
    UnknownBlank {
        /// In the letter for which occasion.
        occasion: Occasion,
        /// What stands between the braces.
        found: String,
    },
    /// A brace is not closed.
    #[error("letters.toml: {occasion}: a brace is not closed")]
    OpenBrace {
        /// In the letter for which occasion.
        occasion: Occasion,
    },
    /// A letter leaves out what its recipient needs.
    #[error("letters.toml: {occasion}: {{{missing}}} is missing")]
    Missing {
        /// In the letter for which occasion.
        occasion: Occasion,
        /// What is missing.
        missing: Blank,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    letter: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    occasion: Occasion,
    subject: String,
    body: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Blank(Blank),
}

/// A letter with its blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Why it is written.
    pub occasion: Occasion,
    subject: Vec<Piece>,
    body: Vec<Piece>,
}

/// The letters of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letters(Vec<Letter>);

impl Letters {
    /// Reads and checks the letters.
    ///
    /// # Errors
    /// See [`LettersError`].
    pub fn parse(text: &str) -> Result<Self, LettersError> {
        let (found, limit) = (text.len(), MAX_LETTERS_BYTES);
        if found > limit {
            return Err(LettersError::TooLarge { found, limit });
        }
        let file: File = toml::from_str(text)
            .map_err(|error| LettersError::Toml { message: error.to_string() })?;
        let mut letters: Vec<Letter> = Vec::new();
        for entry in file.letter {
            let letter = Letter::read(&entry)?;
            if letters.iter().any(|other| other.occasion == letter.occasion) {
                return Err(LettersError::Twice { occasion: letter.occasion });
            }
            letters.push(letter);
        }
        Ok(Self(letters))
    }

    /// The letter for an occasion; `None` if nothing is written then.
    #[must_use]
    pub fn get(&self, occasion: Occasion) -> Option<&Letter> {
        self.0.iter().find(|letter| letter.occasion == occasion)
    }
}

impl Letter {
    fn read(entry: &Entry) -> Result<Self, LettersError> {
        let occasion = entry.occasion;
        let subject = entry.subject.trim();
        if subject.is_empty()
            || subject.len() > MAX_SUBJECT_BYTES
            || subject.contains(char::is_control)
        {
            return Err(LettersError::Subject { occasion });
        }
        let letter = Self {
            occasion,
            subject: pieces(occasion, subject)?,
            body: pieces(occasion, entry.body.trim())?,
        };
        let lacks = |blank: &&Blank| !letter.body.contains(&Piece::Blank(**blank));
        match occasion.required().iter().find(lacks) {
            Some(missing) => Err(LettersError::Missing { occasion, missing: *missing }),
            None => Ok(letter),
        }
    }

    /// Subject and body with the blanks filled in. What is filled in is not read again, so nobody
    /// writes blanks of their own; in the subject, it becomes one line.
    #[must_use]
    pub fn fill(&self, value: impl Fn(Blank) -> String) -> (String, String) {
        let subject = filled(&self.subject, &value);
        let words: Vec<&str> =
            subject.split(|c: char| c.is_control() || c.is_whitespace()).collect();
        let subject: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        (subject.join(" "), filled(&self.body, &value))
    }
}

fn filled(pieces: &[Piece], value: &impl Fn(Blank) -> String) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Blank(blank) => value(*blank),
    };
    pieces.iter().map(text).collect()
}

fn pieces(occasion: Occasion, text: &str) -> Result<Vec<Piece>, LettersError> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(LettersError::OpenBrace { occasion });
        };
        let unknown = || LettersError::UnknownBlank { occasion, found: name.to_owned() };
        pieces.push(Piece::Text(before.into()));
        pieces.push(Piece::Blank(Blank::parse(name).ok_or_else(unknown)?));
        rest = after;
    }
    pieces.push(Piece::Text(rest.into()));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../policies/letters.toml");

    const GOOD: &str = r#"
        [[letter]]
        occasion = "needs-info"
        subject = "Question about {number}"
        body = "{statement}\n\nAnswer here: {link}"
    "#;

    fn parse(from: &str, to: &str) -> Result<Letters, LettersError> {
        Letters::parse(&GOOD.replacen(from, to, 1))
    }

    #[test]
    fn the_shipped_file_has_a_letter_for_every_occasion() {
        let letters = Letters::parse(SHIPPED).unwrap();
        for occasion in Occasion::ALL {
            let letter = letters.get(*occasion);
            let (subject, body) =
                letter.unwrap_or_else(|| panic!("{occasion}")).fill(|it| format!("<{it}>"));
            assert!(!subject.contains('{') && !body.contains('{'), "{subject}: {body}");
        }
    }

    #[test]
    fn blanks_are_filled_in_once_and_a_subject_stays_one_line() {
        let letters = parse("{number}", "{number} {statement}").unwrap();
        let letter = letters.get(Occasion::NeedsInfo).unwrap();
        let (subject, body) = letter.fill(|blank| match blank {
            Blank::Statement => "Who?\r\nBcc: all@example.org\n{link}".into(),
            other => format!("<{other}>"),
        });
        assert_eq!(subject, "Question about <number> Who? Bcc: all@example.org {link}");
        let expected = "Who?\r\nBcc: all@example.org\n{link}\n\nAnswer here: <link>";
        assert_eq!(body, expected);
        assert_eq!(letters.get(Occasion::Closed), None);
    }

    #[test]
    fn every_fault_is_named() {
        use LettersError as E;
        let occasion = Occasion::NeedsInfo;
        assert_eq!(Letters::parse(&GOOD.repeat(2)), Err(E::Twice { occasion }));
        let missing = |missing| Err(E::Missing { occasion, missing });
        assert_eq!(parse("{link}", "by mail"), missing(Blank::Link));
        assert_eq!(parse("{statement}", "?"), missing(Blank::Statement));
        let found = "name".to_owned();
        assert_eq!(parse("{number}", "{name}"), Err(E::UnknownBlank { occasion, found }));
        assert_eq!(parse("{link}", "{link"), Err(E::OpenBrace { occasion }));
        assert_eq!(parse("Question", "Question\\r\\nBcc:"), Err(E::Subject { occasion }));
        let long = "x".repeat(MAX_SUBJECT_BYTES);
        assert_eq!(parse("Question", &long), Err(E::Subject { occasion }));
        assert!(matches!(parse("needs-info", "needs"), Err(E::Toml { .. })));
        assert!(matches!(parse("body", "text"), Err(E::Toml { .. })));
        let large = format!("{GOOD}#{}", " ".repeat(MAX_LETTERS_BYTES));
        assert!(matches!(Letters::parse(&large), Err(E::TooLarge { .. })));
    }
}
