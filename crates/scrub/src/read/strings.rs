//! Runs of characters in bytes of unknown form, in one byte a character or in UTF-16.

/// Characters from which a run is text.
const CHARS_MIN: usize = 6;

/// Runs that are kept apart of one piece of bytes; what follows is put into the last one.
const RUNS_MAX: usize = 100_000;

/// A run of characters and where it begins.
pub(super) struct Run {
    pub(super) at: usize,
    pub(super) text: String,
}

/// All runs, in order.
pub(super) fn runs(bytes: &[u8]) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    let (mut at, mut chance) = (0, 0);
    while at < bytes.len() {
        let wide = if at < chance { (String::new(), 0) } else { wide(&bytes[at..]) };
        let is_chance = wide.0.is_empty() && wide.1 > 0;
        if is_chance {
            // Digits with spaces between them make such letters too.
            chance = at + wide.1;
        }
        let is_wide = !is_chance && wide.1 >= CHARS_MIN * 2;
        let (text, length) = if is_wide { wide } else { narrow(&bytes[at..]) };
        if text.chars().nth(CHARS_MIN - 1).is_none() {
            // What is too short begins with one character that belongs to no run.
            at += 1;
            continue;
        }
        let is_full = found.len() >= RUNS_MAX;
        match found.last_mut().filter(|_| is_full) {
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(&text);
            }
            None => found.push(Run { at, text }),
        }
        at += length;
    }
    found
}

/// Whether a run reads like words and not like chance.
pub(super) fn is_prose(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic() || *c == ' ').count();
    let words = text.split_whitespace().filter(|word| {
        word.chars().count() >= 3 && word.chars().all(|c| c.is_alphabetic() || ",.;:'-".contains(c))
    });
    words.count() >= 3 && letters * 5 >= text.chars().count() * 4
}

fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\t' | '\r' | '\n')
}

fn wide(bytes: &[u8]) -> (String, usize) {
    let mut text = String::new();
    for pair in bytes.chunks_exact(2) {
        let unit = u16::from_le_bytes([pair[0], pair[1]]);
        // Latin, Greek and Cyrillic letters; beyond them chance looks like text.
        let c = char::from_u32(u32::from(unit)).unwrap_or('\0');
        let is_letter = matches!(unit, 0xa0..=0x24f | 0x370..=0x52f | 0x2010..=0x203a | 0x20ac);
        if !is_printable(c) && !is_letter {
            break;
        }
        text.push(c);
    }
    let length = text.chars().count() * 2;
    if is_writing(&text) { (text, length) } else { (String::new(), length) }
}

/// Whether characters are no chance: half of them are ASCII, or some in a row are, or they have
/// spaces like words of one script.
fn is_writing(text: &str) -> bool {
    let (count, plain) = (text.chars().count(), text.chars().filter(char::is_ascii).count());
    let runs = || text.split(|c: char| !c.is_ascii_graphic()).any(|run| run.len() >= CHARS_MIN);
    let scripts = [0xa0..0x250, 0x370..0x400, 0x400..0x530];
    let of_one = |script: &std::ops::Range<u32>| {
        let fits = |c: &char| !c.is_ascii() && c.is_alphabetic() && script.contains(&u32::from(*c));
        (text.chars().filter(fits).count() + plain) * 20 >= count * 19
    };
    plain * 2 >= count || runs() || (plain * 15 >= count && scripts.iter().any(of_one))
}

/// ASCII with letters of UTF-8, or single ones of a Western code page, among it.
fn narrow(bytes: &[u8]) -> (String, usize) {
    let (mut text, mut at) = (String::new(), 0);
    while let Some(first) = bytes.get(at) {
        let length = match first {
            b' '..=b'~' | b'\t' | b'\r' | b'\n' => 1,
            _ => super::runs::character(&bytes[at..]),
        };
        if let Some(part) = bytes.get(at..at + length).filter(|part| !part.is_empty()) {
            text.push_str(&String::from_utf8_lossy(part));
        } else if is_western(bytes, at) {
            text.push(char::from(*first));
        } else {
            break;
        }
        at += length.max(1);
    }
    (text, at)
}

/// Whether a byte is a letter between two others.
fn is_western(bytes: &[u8], at: usize) -> bool {
    let is_letter =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    bytes.get(at).is_some_and(|byte| *byte >= 0xc0 && !matches!(byte, 0xd7 | 0xf7))
        && is_letter(at.checked_sub(1))
        && is_letter(Some(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_both_widths_are_found() {
        let wide: Vec<u8> = "Grüße an Anna".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bytes = [b"\0\x01one byte each\x03\0".to_vec(), wide, vec![3, 3]].concat();
        let found: Vec<_> = runs(&bytes).into_iter().map(|run| (run.at, run.text)).collect();
        assert_eq!(found, [(2, "one byte each".into()), (17, "Grüße an Anna".into())]);
        assert!(runs(&[200; 999]).is_empty());
    }

    #[test]
    fn other_scripts_and_encodings_are_read() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let texts = |bytes: &[u8]| runs(bytes).into_iter().map(|run| run.text).collect::<Vec<_>>();
        for text in ["Секретный адрес для клиента", "ΚωδικόςΠρόσβασης:hunter2x"]
        {
            assert_eq!(texts(&wide(text)), [text]);
        }
        assert_eq!(texts(b"\x01Fr\xc3\xa4ulein M\xc3\xbcller\x01"), ["Fräulein Müller"]);
        assert_eq!(texts(b"\x01Frau M\xfcller\x01"), ["Frau Müller"]);
        assert_eq!(texts(b"1 2 3 4 5 6 7 8 "), ["1 2 3 4 5 6 7 8 "]);
    }

    #[test]
    fn what_follows_many_runs_is_read() {
        let bytes = [b"abcdef\0".repeat(RUNS_MAX), b"the last\0and one more".to_vec()].concat();
        let found = runs(&bytes);
        assert_eq!(found.len(), RUNS_MAX);
        assert_eq!(
            found.last().map(|run| run.text.as_str()),
            Some("abcdef\nthe last\nand one more")
        );
    }

    #[test]
    fn words_are_told_from_chance() {
        assert!(is_prose("Please call Anna about it"));
        assert!(!is_prose("x3$%aa b7;;q 99 zz"));
        assert!(!is_prose("Standard"));
    }
}
