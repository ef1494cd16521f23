//! Letters written in escapes: `\u0041`, `\x41`, `%41`. The source is searched as it stands; here
//! only what is near an escape is searched a second time, decoded.

use std::ops::Range;

use super::mapped::Mapped;
use crate::scan::Scanner;
use crate::search::Hit;

/// Bytes on each side of an escape that are searched with it.
const AROUND_BYTES: usize = 256;

/// What begins in a range of a text that was searched already, and is written in escapes.
pub(super) fn hits(scanner: &Scanner, text: &str, core: &Range<usize>) -> Vec<Hit> {
    let escapes = escapes(text);
    if escapes.is_empty() {
        return Vec::new();
    }
    let mapped = decoded(text, &escapes);
    let found = scanner.hits(&mapped.text).into_iter().filter_map(|hit| {
        let Range { start, end } = mapped.place(hit.start..hit.end)?;
        core.contains(&start).then_some(Hit { start, end, ..hit })
    });
    found.collect()
}

/// All escapes that stand for a letter, a digit or a sign of addresses, in order.
fn escapes(text: &str) -> Vec<(Range<usize>, char)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = text[at..].find(['\\', '%']) {
        let start = at + next;
        let (length, c) = escape(&text.as_bytes()[start..]);
        if let Some(c) = c.filter(|c| c.is_alphanumeric() || "@._-+:/=".contains(*c)) {
            found.push((start..start + length, c));
        }
        at = start + length;
    }
    found
}

/// Length of the escape at the start, and what it stands for.
fn escape(bytes: &[u8]) -> (usize, Option<char>) {
    let number = |from: usize, digits: usize| -> Option<u32> {
        let digits = std::str::from_utf8(bytes.get(from..from + digits)?).ok()?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    };
    let ascii = |code: Option<u32>| code.filter(|code| *code < 0x80).and_then(char::from_u32);
    match bytes {
        [b'\\', b'u', ..] => match number(2, 4) {
            Some(code) => (6, char::from_u32(code)),
            None => (2, None),
        },
        [b'\\', b'x', ..] => number(2, 2).map_or((2, None), |code| (4, ascii(Some(code)))),
        // A backslash before a backslash begins no escape.
        [b'\\', b'\\', ..] => (2, None),
        [b'%', ..] => percent(bytes),
        _ => (1, None),
    }
}

/// A character of UTF-8, each byte after a percent sign (RFC 3986 §2.1).
fn percent(bytes: &[u8]) -> (usize, Option<char>) {
    let mut content = [0; 4];
    for length in 1..=content.len() {
        let at = (length - 1) * 3;
        let digits = match bytes.get(at..at + 3) {
            Some([b'%', digits @ ..]) if digits.iter().all(u8::is_ascii_hexdigit) => digits,
            _ => break,
        };
        let byte = std::str::from_utf8(digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
        content[length - 1] = byte.unwrap_or(0);
        if let Ok(text) = std::str::from_utf8(&content[..length]) {
            return (length * 3, text.chars().next());
        }
    }
    (1, None)
}

/// What is near escapes, with them decoded.
fn decoded(text: &str, escapes: &[(Range<usize>, char)]) -> Mapped {
    let mut mapped = Mapped::default();
    let mut at = 0;
    for (number, (range, c)) in escapes.iter().enumerate() {
        let from = text.floor_char_boundary(range.start.saturating_sub(AROUND_BYTES));
        if from > at {
            mapped.made("\n", at..at);
            at = from;
        }
        mapped.same(text, at..range.start);
        mapped.made(c.encode_utf8(&mut [0; 4]), range.clone());
        let next = escapes.get(number + 1).map_or(text.len(), |(next, _)| next.start);
        let end = text.floor_char_boundary(next.min(range.end + AROUND_BYTES)).max(range.end);
        mapped.same(text, range.end..end);
        at = end;
    }
    mapped
}

#[cfg(test)]
mod tests {
    use super::{decoded, escapes};

    fn read(text: &str) -> String {
        decoded(text, &escapes(text)).text
    }

    #[test]
    fn escapes_are_decoded_and_what_is_none_stays() {
        assert_eq!(read(r"a\u0041b \x42 %43 %C3%A4"), "aAb B C ä");
        for plain in [r"\\u0041", "%4", "%zz", r"\u00", r"\ud83d", "100% sure", r"\x", "%20", "é"]
        {
            assert_eq!(read(plain), "", "{plain}");
        }
    }

    #[test]
    fn only_what_is_near_is_taken_each_byte_once() {
        let far = "x".repeat(2000);
        let text = format!("{far}%41{far}%42%43{far}");
        let expected = ["A", "BC"].map(|c| format!("\n{0}{c}{0}", "x".repeat(256))).concat();
        assert_eq!(read(&text), expected);
    }
}
