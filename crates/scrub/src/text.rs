//! Bytes as text: UTF-8, UTF-16, UTF-32, and what else people wrote in, as far as it can be told
//! (WHATWG Encoding Standard). Every byte string is some text.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding as Legacy;

use crate::report::Encoding;

/// Bytes at the start that are looked at for zeros.
const WIDE_HEAD_BYTES: usize = 512;

/// Bytes from the first one that is not ASCII that tell an encoding.
const GUESS_BYTES: usize = 64 << 10;

/// Takes bytes for text and says how.
pub(crate) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Encoding) {
    let guess = guess(bytes);
    let piece = Piece::new(bytes, 0..bytes.len(), guess);
    (piece.text, piece.encoding)
}

/// Takes bytes for text; what is UTF-8 stays where it is.
pub(crate) fn decoded(bytes: Vec<u8>) -> String {
    if looks_wide(&bytes).is_some() {
        return decode(&bytes).0.into_owned();
    }
    String::from_utf8(bytes).unwrap_or_else(|e| decode(e.as_bytes()).0.into_owned())
}

/// Tells the encoding of a text by its first bytes.
pub(crate) fn guess(head: &[u8]) -> Encoding {
    if let Some(encoding) = looks_wide(head) {
        return encoding;
    }
    match std::str::from_utf8(head) {
        Ok(_) => Encoding::Utf8,
        // A cut in the middle of a character is no other encoding.
        Err(e) if e.error_len().is_none() && head.len() - e.valid_up_to() < 4 => Encoding::Utf8,
        Err(_) => guess_legacy(head),
    }
}

/// Length of the units that a text in an encoding consists of.
pub(crate) const fn width(encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf16Le | Encoding::Utf16Be => 2,
        Encoding::Utf32Le | Encoding::Utf32Be => 4,
        _ => 1,
    }
}

/// A decoded piece of a text.
#[derive(Debug)]
pub(crate) struct Piece<'b> {
    pub(crate) text: Cow<'b, str>,
    /// Bytes of `text` that come from the range asked for.
    pub(crate) core: std::ops::Range<usize>,
    pub(crate) encoding: Encoding,
    /// Where a byte that is no UTF-8 stands in the text as a longer character, and how much longer.
    longer: Vec<(usize, u64)>,
}

impl<'b> Piece<'b> {
    /// Decodes bytes that begin and end anywhere around a range of whole characters. `guess` is the
    /// encoding of the text as a whole; single pieces may differ, as when logs are put together.
    pub(crate) fn new(bytes: &'b [u8], core: std::ops::Range<usize>, guess: Encoding) -> Self {
        if width(guess) == 1 {
            let from = (0..core.start).find(|at| bytes[*at] & 0xc0 != 0x80).unwrap_or(core.start);
            let to = trimmed(bytes, core.end);
            if let Ok(text) = std::str::from_utf8(&bytes[from..to]) {
                let core = core.start - from..core.end.min(to) - from;
                let text = Cow::Borrowed(text);
                return Self { text, core, encoding: Encoding::Utf8, longer: Vec::new() };
            }
        }
        let encoding = match guess {
            _ if width(guess) > 1 => guess,
            _ if is_nearly_utf8(&bytes[core.clone()]) => Encoding::Mixed,
            Encoding::Utf8 | Encoding::Mixed => guess_legacy(&bytes[core.clone()]),
            guess => guess,
        };
        let (mut text, mut longer) = (String::new(), Vec::new());
        let width = width(encoding);
        let from = core.start % width;
        let parts = [from..core.start, core.clone(), core.end..bytes.len()];
        let mut ends = [0; 3];
        for (part, end) in parts.into_iter().zip(&mut ends) {
            append(&mut text, &bytes[part], encoding, &mut longer);
            *end = text.len();
        }
        Self { text: Cow::Owned(text), core: ends[0]..ends[1], encoding, longer }
    }

    /// Bytes of the file that a range of the text comes from.
    pub(crate) fn file_bytes(&self, range: std::ops::Range<usize>) -> u64 {
        if self.encoding != Encoding::Mixed {
            return file_offset(&self.text[range], self.encoding);
        }
        let first = self.longer.partition_point(|(at, _)| *at < range.start);
        let inside = self.longer[first..].iter().take_while(|(at, _)| *at < range.end);
        (range.len() as u64).saturating_sub(inside.map(|(_, more)| more).sum())
    }
}

/// The end of the bytes without the start of a character that is not all there.
fn trimmed(bytes: &[u8], least: usize) -> usize {
    let low = least.max(bytes.len().saturating_sub(3));
    let start = (low..bytes.len()).rev().find(|at| bytes[*at] & 0xc0 == 0xc0);
    let is_cut = |start: &usize| match bytes[*start] {
        0xc0..=0xdf => bytes.len() - start < 2,
        0xe0..=0xef => bytes.len() - start < 3,
        _ => bytes.len() - start < 4,
    };
    start.filter(is_cut).unwrap_or(bytes.len())
}

fn append(text: &mut String, bytes: &[u8], encoding: Encoding, longer: &mut Vec<(usize, u64)>) {
    match encoding {
        Encoding::Utf8 => text.push_str(&String::from_utf8_lossy(bytes)),
        Encoding::Utf16Le | Encoding::Utf16Be => from_utf16(bytes, encoding, text),
        Encoding::Utf32Le | Encoding::Utf32Be => from_utf32(bytes, encoding, text),
        Encoding::Mixed => {
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                for byte in chunk.invalid() {
                    let c = char::from(*byte);
                    longer.push((text.len(), c.len_utf8() as u64 - 1));
                    text.push(c);
                }
            }
        }
        Encoding::Latin1 => text.extend(bytes.iter().map(|byte| char::from(*byte))),
        Encoding::Legacy(name) => match Legacy::for_label(name.as_bytes()) {
            Some(legacy) => text.push_str(&legacy.decode_without_bom_handling(bytes).0),
            None => text.extend(bytes.iter().map(|byte| char::from(*byte))),
        },
    }
}

/// Bytes in the file of a decoded text. Near, but not exact, where a text in an older encoding has
/// bytes that mean nothing in it.
pub(crate) fn file_offset(before: &str, encoding: Encoding) -> u64 {
    let length = match encoding {
        Encoding::Utf8 | Encoding::Mixed => before.len(),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            before.chars().map(char::len_utf16).sum::<usize>() * 2
        }
        Encoding::Utf32Le | Encoding::Utf32Be => before.chars().count() * 4,
        Encoding::Latin1 => before.chars().count(),
        Encoding::Legacy(name) => match Legacy::for_label(name.as_bytes()) {
            Some(legacy) if !legacy.is_single_byte() => legacy.encode(before).0.len(),
            _ => before.chars().count(),
        },
    };
    length as u64
}

/// Whether bytes are UTF-8 but for a few.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut characters, mut strays) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        characters += chunk.valid().bytes().filter(|byte| byte & 0xc0 == 0xc0).count();
        strays += chunk.invalid().len();
    }
    characters > strays
}

/// Tells an older encoding by the bytes that are not ASCII.
fn guess_legacy(bytes: &[u8]) -> Encoding {
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let from = first.saturating_sub(64);
    let part = &bytes[from..bytes.len().min(first + GUESS_BYTES)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(part, true);
    let legacy = detector.guess(None, Utf8Detection::Deny);
    if legacy == encoding_rs::WINDOWS_1252 && !part.iter().any(|byte| (0x80..0xa0).contains(byte)) {
        return Encoding::Latin1;
    }
    Encoding::Legacy(legacy.name())
}

/// UTF-16 or UTF-32 by its mark, or by where zeros stand.
pub(crate) fn looks_wide(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] if bytes.len().is_multiple_of(4) => {
            return Some(Encoding::Utf32Le);
        }
        [0, 0, 0xfe, 0xff, ..] => return Some(Encoding::Utf32Be),
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(WIDE_HEAD_BYTES) & !3];
    if head.len() < 8 || !head.contains(&0) {
        return None;
    }
    let share = |width: usize, at: usize| {
        let zeros = head.chunks_exact(width).filter(|unit| unit[at] == 0).count();
        zeros * 100 / (head.len() / width)
    };
    match (share(4, 0), share(4, 1), share(4, 2), share(4, 3)) {
        (0, _, 80.., 100) => return Some(Encoding::Utf32Le),
        (100, 80.., _, 0) => return Some(Encoding::Utf32Be),
        _ => {}
    }
    match (share(2, 0), share(2, 1)) {
        (0, 90..) => Some(Encoding::Utf16Le),
        (90.., 0) => Some(Encoding::Utf16Be),
        _ => [Encoding::Utf16Le, Encoding::Utf16Be].into_iter().find(|e| is_one_script(head, *e)),
    }
}

/// Whether units are letters of one script with spaces, as in Cyrillic or Greek without a mark: the
/// high byte has two values, and one of them is zero.
fn is_one_script(head: &[u8], encoding: Encoding) -> bool {
    let units = utf16_units(head, encoding);
    let mut counts = [0_usize; 256];
    let (mut spaces, mut controls) = (0, 0);
    for unit in units {
        counts[usize::from(unit >> 8)] += 1;
        spaces += usize::from(matches!(unit, 0x20 | 0x0a));
        controls += usize::from(matches!(unit, 0..=8 | 14..=31 | 127));
    }
    let total = head.len() / 2;
    let script = (1..=0x10).max_by_key(|at| counts[*at]).unwrap_or(1);
    controls == 0
        && spaces * 50 >= total
        && counts[script] * 2 >= total
        && (counts[script] + counts[0]) * 100 >= total * 97
}

fn utf16_units(bytes: &[u8], encoding: Encoding) -> impl Iterator<Item = u16> {
    bytes.chunks(2).map(move |pair| match (pair, encoding) {
        ([low, high], Encoding::Utf16Le) => u16::from_le_bytes([*low, *high]),
        ([high, low], _) => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    })
}

/// The mark at the start, if any, stays a character, so that offsets hold.
fn from_utf16(bytes: &[u8], encoding: Encoding, text: &mut String) {
    let characters = char::decode_utf16(utf16_units(bytes, encoding));
    text.extend(characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

fn from_utf32(bytes: &[u8], encoding: Encoding, text: &mut String) {
    text.extend(bytes.chunks(4).map(|unit| {
        let code = match (unit.try_into(), encoding) {
            (Ok(unit), Encoding::Utf32Le) => u32::from_le_bytes(unit),
            (Ok(unit), _) => u32::from_be_bytes(unit),
            (Err(_), _) => u32::MAX,
        };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_read_and_named() {
        let le: Vec<u8> = "\u{feff}Grüße 🦀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "plain ascii".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [&le, &be, &b"Gr\xfc\xdfe".to_vec(), &"Gr\u{fc}\u{df}e".as_bytes().to_vec()] {
            assert_eq!(decoded(bytes.clone()), decode(bytes).0);
        }
        assert_eq!(decode(&le), ("\u{feff}Grüße 🦀".into(), Encoding::Utf16Le));
        assert_eq!(decode(&be), ("plain ascii".into(), Encoding::Utf16Be));
        assert_eq!(decode("Grüße".as_bytes()), ("Grüße".into(), Encoding::Utf8));
        assert_eq!(decode(b"Gr\xfc\xdfe"), ("Grüße".into(), Encoding::Latin1));
        assert_eq!(decode(b""), ("".into(), Encoding::Utf8));
        assert_eq!(decode(b"\xff\xfea\0b").1, Encoding::Utf16Le);
        let wide: Vec<u8> = "Größe 🦀".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(decode(&wide), ("Größe 🦀".into(), Encoding::Utf32Le));
        let cyrillic: Vec<u8> =
            "это простой текст без знака ".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&cyrillic).1, Encoding::Utf16Le);
    }

    #[test]
    fn older_encodings_are_told_by_their_bytes() {
        let cases = [
            ("shift_jis", "東京都の住所録と電話番号について、こちらをご覧ください。"),
            ("gbk", "北京市的地址和电话号码请参阅以下内容，谢谢您的合作。"),
            ("windows-1251", "Список сотрудников и их адреса находятся в приложении."),
            ("windows-1252", "“Müller” – naïve café, 5 €, Größe, crème brûlée"),
        ];
        for (label, text) in cases {
            let bytes = Legacy::for_label(label.as_bytes()).unwrap().encode(text).0;
            let (decoded, encoding) = decode(&bytes);
            assert_eq!(decoded, text, "{label}: {encoding:?}");
            assert_eq!(file_offset(text, encoding), bytes.len() as u64, "{label}");
        }
    }

    #[test]
    fn a_few_stray_bytes_leave_the_rest_as_it_is() {
        let bytes =
            [b"M\xc3\xbcller M\xc3\xbcller M\xc3\xbcller ", b"Gr\xfc\xdfe".as_slice()].concat();
        let piece = Piece::new(&bytes, 0..bytes.len(), Encoding::Utf8);
        assert_eq!((&*piece.text, piece.encoding), ("Müller Müller Müller Grüße", Encoding::Mixed));
        assert_eq!(piece.file_bytes(0..piece.text.len()), bytes.len() as u64);
    }

    #[test]
    fn a_piece_is_cut_between_characters() {
        let bytes = "ééé".as_bytes();
        let piece = Piece::new(&bytes[1..5], 1..3, Encoding::Utf8);
        assert_eq!((&*piece.text, piece.core), ("é", 0..2));
    }

    #[test]
    fn offsets_in_the_file_follow_the_encoding() {
        assert_eq!(file_offset("é🦀", Encoding::Utf8), 6);
        assert_eq!(file_offset("é🦀", Encoding::Utf16Le), 6);
        assert_eq!(file_offset("éa", Encoding::Latin1), 2);
        assert_eq!(file_offset("éa", Encoding::Utf32Be), 8);
    }
}
