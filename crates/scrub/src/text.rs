//! Bytes as text: UTF-8, UTF-16, and one character a byte where it is neither.

use std::borrow::Cow;

use crate::report::Encoding;

/// Takes bytes for text and says how. Every byte string is some text.
pub(crate) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Encoding) {
    if let Some(encoding) = looks_like_utf16(bytes) {
        return (Cow::Owned(from_utf16(bytes, encoding)), encoding);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), Encoding::Utf8),
        // A cut in the middle of a character is no other encoding.
        Err(e) if e.error_len().is_none() && bytes.len() - e.valid_up_to() < 4 => {
            (String::from_utf8_lossy(bytes), Encoding::Utf8)
        }
        Err(_) => {
            (Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()), Encoding::Latin1)
        }
    }
}

/// Offset in the file of a byte of the decoded text, where `before` is the text up to it.
pub(crate) fn file_offset(before: &str, encoding: Encoding) -> u64 {
    let length = match encoding {
        Encoding::Utf8 => before.len(),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            before.chars().map(char::len_utf16).sum::<usize>() * 2
        }
        Encoding::Latin1 => before.chars().count(),
    };
    length as u64
}

/// UTF-16 by its mark, or by zeros in every other byte of a text that is mostly ASCII.
pub(crate) fn looks_like_utf16(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(512) & !1];
    if head.len() < 8 {
        return None;
    }
    let pairs = head.len() / 2;
    let zeros = |at: usize| head.chunks_exact(2).filter(|pair| pair[at] == 0).count();
    match (zeros(0), zeros(1)) {
        (0, high) if high * 10 >= pairs * 9 => Some(Encoding::Utf16Le),
        (low, 0) if low * 10 >= pairs * 9 => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// The mark at the start, if any, stays a character, so that offsets hold.
fn from_utf16(bytes: &[u8], encoding: Encoding) -> String {
    let units = bytes.chunks(2).map(|pair| match (pair, encoding) {
        ([low, high], Encoding::Utf16Le) => u16::from_le_bytes([*low, *high]),
        ([high, low], _) => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_read_and_named() {
        let le: Vec<u8> = "\u{feff}Grüße 🦀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "plain ascii".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&le), ("\u{feff}Grüße 🦀".into(), Encoding::Utf16Le));
        assert_eq!(decode(&be), ("plain ascii".into(), Encoding::Utf16Be));
        assert_eq!(decode("Grüße".as_bytes()), ("Grüße".into(), Encoding::Utf8));
        assert_eq!(decode(b"Gr\xfc\xdfe"), ("Grüße".into(), Encoding::Latin1));
        assert_eq!(decode(b"odd\xff\xfe").1, Encoding::Latin1);
        assert_eq!(decode(b""), ("".into(), Encoding::Utf8));
        assert_eq!(decode(b"\xff\xfea\0b").1, Encoding::Utf16Le);
    }

    #[test]
    fn offsets_in_the_file_follow_the_encoding() {
        assert_eq!(file_offset("é🦀", Encoding::Utf8), 6);
        assert_eq!(file_offset("é🦀", Encoding::Utf16Le), 6);
        assert_eq!(file_offset("éa", Encoding::Latin1), 2);
    }
}
