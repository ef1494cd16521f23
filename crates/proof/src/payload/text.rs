//! Text that people read and identifiers that programs compare, bounded and free of invisible
//! characters, so that what is signed is what was shown.

use std::{fmt, str::FromStr};

/// Characters that one line of text may have.
pub const MAX_LINE_CHARS: usize = 200;
/// Characters that a passage of text may have.
pub const MAX_PASSAGE_CHARS: usize = 4_000;
/// Characters that an identifier may have.
pub const MAX_NAME_CHARS: usize = 64;

/// Why a text is not the value that a field needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Nothing there, or only spaces.
    #[error("the text is empty")]
    Empty,
    /// Longer than the field allows.
    #[error("the text has {found} characters, at most {limit} are allowed")]
    TooLong {
        /// Characters given.
        found: usize,
        /// Most characters allowed.
        limit: usize,
    },
    /// Spaces at the start or end.
    #[error("the text starts or ends with a space")]
    Untrimmed,
    /// A control character, or one that changes how other characters are shown.
    #[error("the text holds a character that is invisible or reorders others")]
    Unprintable,
    /// Not of the required form.
    #[error("expected {required}")]
    Form {
        /// The form, in words.
        required: &'static str,
    },
}

macro_rules! as_json_text {
    ($($name:ident),+) => { $(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    )+ };
}

pub(super) use as_json_text;

as_json_text!(Line, Passage, Name, Jurisdiction);

/// One line of text that a person reads: 1 to [`MAX_LINE_CHARS`] characters, nothing invisible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

/// Text of several lines: 1 to [`MAX_PASSAGE_CHARS`] characters, line feeds and tabs allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage(String);

/// Identifier: `a-z 0-9 . -`, starting with a letter or digit, at most [`MAX_NAME_CHARS`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Country (ISO 3166-1 alpha-2) with an optional subdivision (ISO 3166-2): `DE`, `US-CA`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jurisdiction(String);

impl Line {
    /// Accepts a text as it is, or says what is wrong with it.
    ///
    /// # Errors
    /// [`ValueError`], any variant but `Form`.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        check_text(text, MAX_LINE_CHARS, |_| false).map(|()| Self(text.to_owned()))
    }
}

impl Passage {
    /// Accepts a text as it is, or says what is wrong with it.
    ///
    /// # Errors
    /// [`ValueError`], any variant but `Form`.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        check_text(text, MAX_PASSAGE_CHARS, |c| matches!(c, '\n' | '\t'))
            .map(|()| Self(text.to_owned()))
    }
}

impl Name {
    /// Accepts an identifier.
    ///
    /// # Errors
    /// [`ValueError::Empty`], [`ValueError::TooLong`] or [`ValueError::Form`].
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        check_length(text, MAX_NAME_CHARS)?;
        let well_formed = text.as_bytes().first().is_some_and(alphanumeric)
            && text.bytes().all(|byte| alphanumeric(&byte) || matches!(byte, b'.' | b'-'));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::Form { required: "an identifier of a-z, 0-9, `.` and `-`" })
        }
    }
}

macro_rules! text_newtypes {
    ($($name:ident),+) => { $(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::new(text)
            }
        }
    )+ };
}

text_newtypes!(Line, Passage, Name, Jurisdiction);

impl Jurisdiction {
    /// Accepts `CC` or `CC-S` with one to three letters or digits of subdivision.
    ///
    /// # Errors
    /// [`ValueError::Form`].
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let (country, part) = text.split_once('-').map_or((text, None), |(c, p)| (c, Some(p)));
        let country_fits = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let part_fits = part.is_none_or(|part| {
            (1..=3).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        });
        if country_fits && part_fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::Form { required: "a country code such as DE or US-CA" })
        }
    }
}

fn check_length(text: &str, limit: usize) -> Result<(), ValueError> {
    let found = text.chars().count();
    if text.trim().is_empty() {
        Err(ValueError::Empty)
    } else if found > limit {
        Err(ValueError::TooLong { found, limit })
    } else {
        Ok(())
    }
}

fn check_text(text: &str, limit: usize, extra: fn(char) -> bool) -> Result<(), ValueError> {
    check_length(text, limit)?;
    if text.trim() != text {
        return Err(ValueError::Untrimmed);
    }
    if text.chars().any(|c| is_unprintable(c) && !extra(c)) {
        return Err(ValueError::Unprintable);
    }
    Ok(())
}

/// Controls, line separators, bidirectional overrides and isolates, invisible spaces and tags.
/// Joiners stay allowed: Persian and Indic scripts are written with them.
const fn is_unprintable(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{200b}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_passages_are_kept_as_given() {
        for text in ["a", "Zoë & Søn", "می\u{200c}خواهم", "שלום", "日本語", &"x".repeat(200)]
        {
            assert_eq!(Line::new(text).as_ref().map(Line::as_str), Ok(text));
        }
        let passage = "First line.\n\tSecond line.";
        assert_eq!(Passage::new(passage).as_ref().map(Passage::as_str), Ok(passage));
        assert_eq!(Line::new(passage), Err(ValueError::Unprintable));
    }

    #[test]
    fn text_that_shows_otherwise_than_it_reads_is_refused() {
        for hidden in [
            '\0',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{ad}',
            '\u{200b}',
            '\u{202e}',
            '\u{2066}',
            '\u{2028}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let text = format!("a{hidden}b");
            assert_eq!(Line::new(&text), Err(ValueError::Unprintable), "{hidden:?}");
            assert_eq!(Passage::new(&text), Err(ValueError::Unprintable), "{hidden:?}");
        }
        for text in ["", " ", "\n"] {
            assert_eq!(Passage::new(text), Err(ValueError::Empty));
        }
        assert_eq!(Line::new(" a"), Err(ValueError::Untrimmed));
        assert_eq!(Passage::new("a\n"), Err(ValueError::Untrimmed));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Line::new(&"é".repeat(MAX_LINE_CHARS)).is_ok());
        let (found, limit) = (MAX_LINE_CHARS + 1, MAX_LINE_CHARS);
        assert_eq!(Line::new(&"é".repeat(found)), Err(ValueError::TooLong { found, limit }));
        assert!(Passage::new(&"é".repeat(MAX_PASSAGE_CHARS)).is_ok());
        assert!(Passage::new(&"é".repeat(MAX_PASSAGE_CHARS + 1)).is_err());
        assert!(Name::new(&"a".repeat(MAX_NAME_CHARS)).is_ok());
        assert!(Name::new(&"a".repeat(MAX_NAME_CHARS + 1)).is_err());
    }

    #[test]
    fn names_and_places_have_their_own_alphabets() {
        for good in ["own-work", "1.0", "a", "de-ch"] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Own", "-a", ".a", "a b", "a_b", "é", "a/b"] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
        for good in ["DE", "US-CA", "GB-ENG", "FR-75"] {
            assert!(Jurisdiction::new(good).is_ok(), "{good}");
        }
        for bad in ["", "D", "de", "DEU", "US-", "US-CALI", "US-ca", "US CA", "US-C-A", "ÄÖ"] {
            assert!(Jurisdiction::new(bad).is_err(), "{bad}");
        }
    }
}
