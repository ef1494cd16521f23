//! Forms of escapes: of programming languages (`\u0041`, `\u{41}`, `\U00000041`, `\x41`, `\101`), of
//! addresses (`%41`, RFC 3986 §2.1), of markup (`&#65;`), of messages (`=41`, RFC 2045 §6.7); and
//! tags and stars inside a word.

use std::ops::Range;

use memchr::memchr3_iter;

use crate::read::html::reference::{numbered, reference};

/// Elements that show nothing of themselves.
#[rustfmt::skip]
const INLINE: [&str; 24] = [
    "a", "b", "bdi", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "nobr",
    "s", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];

/// Bytes of a tag that stands inside a word.
const TAG_BYTES_MAX: usize = 256;

/// An escape, with its bytes and what it stands for; `None` if for nothing.
#[derive(Clone, Debug)]
pub(super) struct Escape {
    pub(super) range: Range<usize>,
    pub(super) means: Option<char>,
    pub(super) trust: Trust,
}

/// Whether something may be else than an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Sure,
    Likely,
}

/// All escapes that stand for a letter, a digit or a sign of addresses, and what is left out inside
/// words, in order.
pub(super) fn escapes(text: &str, is_page: bool) -> Vec<Escape> {
    let bytes = text.as_bytes();
    let mut found: Vec<Escape> = Vec::new();
    let mut next = 0;
    for start in memchr3_iter(b'\\', b'%', b'&', bytes) {
        if start < next || (is_page && bytes[start] == b'&') {
            continue;
        }
        let (length, c) = match bytes[start] {
            b'\\' => backslash(&bytes[start..]),
            b'%' => percent(&bytes[start..]),
            _ => referred(&text[start..]),
        };
        next = start + length.max(1);
        if let Some(c) = c.filter(|c| c.is_alphanumeric() || " @._-+:/=".contains(*c)) {
            found.push(Escape { range: start..next, means: Some(c), trust: Trust::Sure });
        }
    }
    let sure = found.len();
    let mut is_quoted = false;
    let mut breaks = Vec::new();
    for start in memchr3_iter(b'=', b'<', b'*', bytes) {
        // All three stand inside a word, but for letters of more bytes.
        let before = start.checked_sub(1).map_or(b' ', |before| bytes[before]);
        let rest = &bytes[start..];
        let is_long = rest[0] == b'=' && rest.get(3) == Some(&b'=');
        if !(is_word(before) || is_long) {
            continue;
        }
        let likely = |length: usize, means| {
            let range = start..start + length;
            Escape { range, means, trust: Trust::Likely }
        };
        match bytes[start] {
            b'=' => match quoted(rest, before) {
                Some((length, c)) => {
                    is_quoted = true;
                    found.push(likely(length, Some(c)));
                }
                None => breaks.extend(soft_break(rest).map(|length| likely(length, None))),
            },
            b'<' if !is_page => found.extend(tags(rest).map(|length| likely(length, None))),
            b'*' if rest.starts_with(b"**") && rest.get(2).is_some_and(|b| is_word(*b)) => {
                found.push(likely(2, None));
            }
            _ => {}
        }
    }
    // A line that ends with a sign of equation is broken in a message, and whole elsewhere.
    if is_quoted {
        found.append(&mut breaks);
    }
    if found.len() > sure {
        found.sort_by_key(|escape| escape.range.start);
        let mut end = 0;
        found.retain(|escape| {
            let is_apart = escape.range.start >= end;
            end = if is_apart { escape.range.end } else { end };
            is_apart
        });
    }
    found
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// A number at a place of bytes.
fn number(bytes: &[u8], from: usize, digits: usize, radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(bytes.get(from..from + digits)?).ok()?;
    let are_digits = digits.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(digits, radix).ok().filter(|_| are_digits)
}

/// A character of UTF-8, each byte written as a unit of so many bytes.
fn units(bytes: &[u8], unit: usize, byte: impl Fn(&[u8]) -> Option<u8>) -> Option<(usize, char)> {
    let mut content = [0; 4];
    for count in 1..=content.len() {
        content[count - 1] = byte(bytes.get((count - 1) * unit..count * unit)?)?;
        if let Ok(text) = std::str::from_utf8(&content[..count]) {
            return text.chars().next().map(|c| (count * unit, c));
        }
    }
    None
}

/// Length of what begins with backslashes, and what it stands for. Each further one was put there
/// when the text was quoted once more.
fn backslash(bytes: &[u8]) -> (usize, Option<char>) {
    let slashes = bytes.iter().take_while(|byte| **byte == b'\\').count();
    let rest = &bytes[slashes..];
    let escape = match rest.first() {
        Some(b'u') if rest.get(1) == Some(&b'{') => braced(rest),
        Some(b'u') => unit16(bytes, slashes),
        Some(b'U') => number(rest, 1, 8, 16).and_then(char::from_u32).map(|c| (9, c)),
        Some(b'x') => {
            let byte = |unit: &[u8]| u8::try_from(number(unit, slashes + 1, 2, 16)?).ok();
            let is_first = |unit: &[u8]| unit[..slashes].iter().all(|b| *b == b'\\');
            let byte = |unit: &[u8]| byte(unit).filter(|_| is_first(unit) && unit[slashes] == b'x');
            units(bytes, slashes + 3, byte).map(|(length, c)| (length - slashes, c))
        }
        Some(b'0'..=b'3') => {
            let is_first = |unit: &[u8]| unit[..slashes].iter().all(|b| *b == b'\\');
            let byte = |unit: &[u8]| {
                let code = number(unit, slashes, 3, 8).filter(|_| is_first(unit))?;
                u8::try_from(code).ok()
            };
            units(bytes, slashes + 3, byte).map(|(length, c)| (length - slashes, c))
        }
        _ => None,
    };
    escape.map_or((slashes, None), |(length, c)| (slashes + length, Some(c)))
}

/// `u{41}`.
fn braced(rest: &[u8]) -> Option<(usize, char)> {
    const DIGITS_MAX: usize = 6;
    let inner = &rest[2..];
    let count = inner.iter().take(DIGITS_MAX).take_while(|b| b.is_ascii_hexdigit()).count();
    let code = number(inner, 0, count, 16).filter(|_| inner.get(count) == Some(&b'}'))?;
    Some((count + 3, char::from_u32(code)?))
}

/// `u0041`, or two of them that are a pair.
fn unit16(bytes: &[u8], slashes: usize) -> Option<(usize, char)> {
    const UNIT: usize = 5;
    let high = number(bytes, slashes + 1, 4, 16)?;
    if let Some(c) = char::from_u32(high) {
        return Some((UNIT, c));
    }
    let second = &bytes[slashes + UNIT..];
    let is_pair = second.len() > slashes
        && second[..slashes].iter().all(|byte| *byte == b'\\')
        && second[slashes] == b'u';
    let low = number(second, slashes + 1, 4, 16).filter(|_| is_pair)?;
    let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    let c = char::decode_utf16(pair).next()?.ok()?;
    Some((slashes + 2 * UNIT, c))
}

/// A character of UTF-8, each byte after a percent sign; `25` more for each time it was written
/// again.
fn percent(bytes: &[u8]) -> (usize, Option<char>) {
    let again = bytes[1..].chunks_exact(2).take_while(|pair| *pair == b"25").count();
    let again = again.min(2);
    let mark = 1 + again * 2;
    let byte = |unit: &[u8]| {
        let is_first = unit[0] == b'%' && unit[1..mark].chunks_exact(2).all(|pair| pair == b"25");
        let code = number(unit, mark, 2, 16).filter(|_| is_first)?;
        u8::try_from(code).ok()
    };
    units(bytes, mark + 2, byte).map_or((1, None), |(length, c)| (length, Some(c)))
}

/// A reference of markup, written once or again; of names, those that have an end only.
fn referred(text: &str) -> (usize, Option<char>) {
    const AGAIN: &str = "amp;";
    const AGAIN_MAX: usize = 4;
    const NAME_BYTES_MAX: usize = 32;
    let mut rest = &text[1..];
    for _ in 0..AGAIN_MAX {
        rest = rest.strip_prefix(AGAIN).unwrap_or(rest);
    }
    let again = text.len() - 1 - rest.len();
    let head = rest.as_bytes().iter().take(NAME_BYTES_MAX);
    let name = head.take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let is_number = rest.starts_with('#');
    if !(is_number || (name > 0 && rest[name..].starts_with(';'))) {
        return (1, None);
    }
    let resolved = match again {
        0 => reference(text),
        _ if is_number => {
            numbered(&rest[1..]).map(|(c, length)| (c.to_string().into(), 2 + length))
        }
        _ => reference(&format!("&{}", &rest[..=name])),
    };
    let Some((resolved, length)) = resolved else { return (1, None) };
    let mut characters = resolved.chars();
    let c = characters.next().filter(|_| characters.next().is_none());
    (again + length, c)
}

/// A character, each byte after a sign of equation; of ASCII, one between two letters.
fn quoted(rest: &[u8], before: u8) -> Option<(usize, char)> {
    const UNIT: usize = 3;
    let is_upper = |digit: &u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    let byte = |unit: &[u8]| {
        let is_unit = unit[0] == b'=' && unit[1..].iter().all(is_upper);
        number(unit, 1, 2, 16).filter(|_| is_unit).and_then(|code| u8::try_from(code).ok())
    };
    let (length, c) = units(rest, UNIT, byte)?;
    let is_inside =
        before.is_ascii_alphabetic() && rest.get(length).is_some_and(u8::is_ascii_alphabetic);
    (c.is_alphanumeric() && (is_inside || !c.is_ascii())).then_some((length, c))
}

/// The end of a line that goes on.
fn soft_break(rest: &[u8]) -> Option<usize> {
    let length = if rest.starts_with(b"=\r\n") { 3 } else { 2 };
    let is_break = rest.starts_with(b"=\n") || length == 3;
    (is_break && rest.get(length).is_some_and(|byte| is_word(*byte))).then_some(length)
}

/// Length of tags inside a word that show nothing of themselves.
fn tags(rest: &[u8]) -> Option<usize> {
    let mut length = 0;
    while rest.get(length) == Some(&b'<') {
        length += tag(&rest[length..])?;
    }
    rest.get(length).is_some_and(|byte| is_word(*byte)).then_some(length)
}

fn tag(rest: &[u8]) -> Option<usize> {
    let from = if rest.get(1) == Some(&b'/') { 2 } else { 1 };
    let inner = &rest[from..];
    let letters =
        inner.iter().take(TAG_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = std::str::from_utf8(&inner[..letters]).ok()?;
    if !INLINE.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return None;
    }
    let head = &inner[..inner.len().min(TAG_BYTES_MAX)];
    let end = head.iter().position(|byte| matches!(byte, b'>' | b'<' | b'\n'))?;
    (inner[end] == b'>').then_some(from + end + 1)
}
