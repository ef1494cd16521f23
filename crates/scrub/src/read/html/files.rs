//! Files inside addresses: `data:image/png;base64,…` (RFC 2397), as browsers take them: capitals,
//! line breaks and spaces do not matter, and bytes may stand as `%2B`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Digits that say how a file is written; `base` comes before them.
const DIGITS: &str = "64";
const BASE: &str = "base";

/// What stands in the base64 of each address of a text. In the value of an attribute spaces belong
/// to it, elsewhere only breaks of lines.
pub(super) fn encoded(text: &str, is_value: bool) -> Vec<Vec<u8>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = text[at..].find(DIGITS).map(|next| at + next) {
        at = next + DIGITS.len();
        let Some(start) = begin(text, next) else { continue };
        let (content, length) = content(&text.as_bytes()[start..], is_value);
        at = start + length;
        if !content.is_empty() {
            found.push(content);
        }
    }
    found
}

/// Where the base64 begins, if the digits at a place end the type of a file.
fn begin(text: &str, digits: usize) -> Option<usize> {
    let word = digits.checked_sub(BASE.len())?;
    let is_type = text.get(word..digits)?.eq_ignore_ascii_case(BASE)
        && text[..word].trim_end_matches(' ').ends_with(';');
    let rest = &text[digits + DIGITS.len()..];
    let rest = rest.trim_start_matches(' ').strip_prefix(',').filter(|_| is_type)?;
    Some(text.len() - rest.len())
}

/// What is base64 at the start of bytes, and how many bytes it takes.
fn content(bytes: &[u8], is_value: bool) -> (Vec<u8>, usize) {
    let (mut content, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at).copied() {
        let (byte, length) = match (byte, bytes.get(at + 1..at + 3)) {
            (b'%', Some(digits)) => (hex(digits).unwrap_or(byte), 3),
            _ => (byte, 1),
        };
        let is_ended = content.last() == Some(&b'=');
        match byte {
            b'=' => content.push(byte),
            b'+' | b'/' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if !is_ended => {
                content.push(byte)
            }
            _ if is_value && byte.is_ascii_whitespace() => {}
            _ => match line_break(&bytes[at..]) {
                Some(length) if !is_ended => {
                    at += length;
                    continue;
                }
                _ => break,
            },
        }
        at += length;
    }
    (content, at)
}

/// Length of a break of lines with what is around it, a backslash before it among that.
fn line_break(bytes: &[u8]) -> Option<usize> {
    let is_around = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b'\\';
    let length = bytes.iter().take_while(is_around).count();
    bytes[..length].contains(&b'\n').then_some(length)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

/// The file; `None` if it is broken. A last letter that tells no byte does not break it.
pub(super) fn decoded(content: &[u8]) -> Option<Vec<u8>> {
    let content = match content {
        [first @ .., _] if content.len() % 4 == 1 && !first.is_empty() => first,
        all => all,
    };
    STANDARD.decode(content).ok()
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};

    fn files(text: &str, is_value: bool) -> Vec<String> {
        let files = encoded(text, is_value).into_iter();
        files.map(|file| String::from_utf8(decoded(&file).unwrap()).unwrap()).collect()
    }

    #[test]
    fn files_are_found_as_browsers_find_them() {
        for text in [
            "data:text/plain;base64,VmVyYSBCZXJn",
            "data:text/plain;BASE64,VmVyYSBCZXJn",
            "data:text/plain; Base64 ,VmVy\n  YSBCZXJn",
            "data:;base64,VmVyYSBCZXJn)",
            "data:;base64,VmVyYSB%43ZXJn",
            "url(data:;base64,VmVyYSBC\\\r\n ZXJn\")",
        ] {
            assert_eq!(files(text, false), ["Vera Berg"], "{text}");
            assert_eq!(files(text, true), ["Vera Berg"], "{text}");
        }
        assert_eq!(files("data:;base64,VmVy YSBCZXJn", true), ["Vera Berg"]);
        assert_eq!(files("data:;base64,VmVy YSBCZXJn", false), ["Vera"[..3].to_owned()]);
        let two = "data:;base64,VmVyYQ== 1x, data:;base64,QmVyZw== 2x";
        assert_eq!(files(two, true), ["Vera", "Berg"]);
        for none in ["base64,AAAA", ";base64 AAAA", ";base64,", "64", "é64,"] {
            assert_eq!(encoded(none, true), Vec::<Vec<u8>>::new(), "{none}");
        }
        assert_eq!(decoded(b"A"), None);
    }
}
