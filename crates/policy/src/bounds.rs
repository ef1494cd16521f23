//! Bounds on the text of a rule or declaration, checked before it is parsed.
//!
//! The parser is recursive, and so is the validator, which lets a rule pass unchecked where it runs
//! short of stack. Within these bounds neither happens on a thread of 2 MiB.

use crate::load::{LoadError, Place};

/// Most brackets open at once.
pub(crate) const MAX_DEPTH: usize = 32;

/// Most operators, brackets and keywords in one rule or declaration.
pub(crate) const MAX_OPERATORS: usize = 256;

/// What the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rules; `<` compares.
    Rules,
    /// A schema; `<` is a bracket.
    Schema,
}

/// Refuses text that goes beyond the bounds, whether or not it would parse.
pub(crate) fn check(file: &str, text: &str, kind: Kind) -> Result<(), LoadError> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut operators) = (0, 0_usize, 0_usize);
    while at < bytes.len() {
        let start = at;
        at += 1;
        let counts = match bytes[start] {
            b'"' => {
                at = after_string(bytes, at);
                false
            }
            b'/' if bytes.get(at) == Some(&b'/') => {
                let rest = &bytes[at..];
                at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                false
            }
            b';' => {
                // A declaration of entities ends in one too, but within brackets there is none.
                operators = 0;
                false
            }
            b'(' | b'[' | b'{' => {
                depth += 1;
                true
            }
            b'<' if kind == Kind::Schema => {
                depth += 1;
                true
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                false
            }
            b'>' if kind == Kind::Schema => {
                depth = depth.saturating_sub(1);
                false
            }
            byte if is_word(byte) => {
                let length = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
                at += length;
                matches!(
                    &bytes[start..at],
                    b"if" | b"in" | b"is" | b"has" | b"like" | b"when" | b"unless"
                )
            }
            byte => !byte.is_ascii_whitespace() && !matches!(byte, b',' | b':' | b'@'),
        };
        operators += usize::from(counts);
        let place = || Place::of(file, text, start);
        if depth > MAX_DEPTH {
            return Err(LoadError::TooDeep { place: place(), limit: MAX_DEPTH });
        }
        if operators > MAX_OPERATORS {
            return Err(LoadError::TooManyOperators { place: place(), limit: MAX_OPERATORS });
        }
    }
    Ok(())
}

/// The same text with blanks for comments, byte for byte.
pub(crate) fn blank_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut blank = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = after_string(bytes, at + 1),
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let length = text[at..].find('\n').unwrap_or(text.len() - at);
                blank.push_str(&text[copied..at]);
                blank.extend(std::iter::repeat_n(' ', length));
                at += length;
                copied = at;
            }
            _ => at += 1,
        }
    }
    blank.push_str(&text[copied..]);
    blank
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Position after the string whose content begins at `at`, at most the end.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'"' => break,
            _ => {}
        }
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, kind: Kind) -> Option<(usize, bool)> {
        match check("f", text, kind) {
            Ok(()) => None,
            Err(LoadError::TooDeep { place, .. }) => Some((place.column, true)),
            Err(LoadError::TooManyOperators { place, .. }) => Some((place.column, false)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn depth_is_bounded_for_every_bracket() {
        for bracket in ["(", "[", "{"] {
            assert_eq!(refusal(&bracket.repeat(32), Kind::Rules), None);
            assert_eq!(refusal(&bracket.repeat(33), Kind::Rules), Some((33, true)));
        }
        assert_eq!(refusal(&"Set<".repeat(32), Kind::Schema), None);
        assert_eq!(refusal(&"Set<".repeat(33), Kind::Schema), Some((132, true)));
        assert_eq!(refusal(&"1 < ".repeat(33), Kind::Rules), None);
        assert_eq!(refusal(&"()".repeat(200), Kind::Rules), None);
    }

    #[test]
    fn operators_are_bounded_in_each_rule_and_start_anew_in_the_next() {
        for operator in [".", "+", "-", "!", "(a)", "if ", "in ", "has "] {
            let column = 256 * operator.len() + 1;
            assert_eq!(refusal(&operator.repeat(256), Kind::Rules), None, "{operator}");
            let longer = refusal(&operator.repeat(257), Kind::Rules);
            assert_eq!(longer, Some((column, false)), "{operator}");
            let split = format!("{};{}", operator.repeat(256), operator.repeat(256));
            assert_eq!(refusal(&split, Kind::Rules), None, "{operator}");
        }
        assert_eq!(refusal(&"a, b::c @d\n".repeat(300), Kind::Rules), None);
    }

    #[test]
    fn comments_become_blanks_and_strings_stay() {
        assert_eq!(blank_comments("a // é\nb"), "a      \nb");
        assert_eq!(blank_comments("\"//\" / //"), "\"//\" /   ");
        assert_eq!(blank_comments("\"\\\"//\"//x"), "\"\\\"//\"   ");
        assert_eq!(blank_comments("é\"\\"), "é\"\\");
    }

    #[test]
    fn what_stands_in_strings_and_comments_does_not_count() {
        let many = "(".repeat(300);
        assert_eq!(refusal(&format!("\"{many}\" // {many}\n"), Kind::Rules), None);
        assert_eq!(refusal(&format!("\"\\\"{many}\""), Kind::Rules), None);
        assert_eq!(refusal(&format!("// \"\n{many}"), Kind::Rules), Some((33, true)));
        assert_eq!(refusal(&format!("\"a\\\\\"{many}"), Kind::Rules), Some((38, true)));
        for open in ["\"", "\"\\", "/", "//"] {
            assert_eq!(refusal(open, Kind::Rules), None);
        }
    }
}
