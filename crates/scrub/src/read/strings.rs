//! Runs of characters in bytes of unknown form, in one byte a character or in UTF-16.

/// Characters from which a run is text.
const CHARS_MIN: usize = 6;

/// Runs that are kept of one piece of bytes.
const RUNS_MAX: usize = 100_000;

/// A run of characters and where it begins.
pub(super) struct Run {
    pub(super) at: usize,
    pub(super) text: String,
}

/// All runs, in order.
pub(super) fn runs(bytes: &[u8]) -> Vec<Run> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() && found.len() < RUNS_MAX {
        let wide = wide(&bytes[at..]);
        let (text, length) = if wide.1 >= CHARS_MIN * 2 { wide } else { narrow(&bytes[at..]) };
        if text.is_empty() && length > 0 {
            at += length;
        } else if text.chars().count() >= CHARS_MIN {
            found.push(Run { at, text });
            at += length;
        } else {
            // What is too short begins with one character that belongs to no run.
            at += 1;
        }
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
    // Letters beyond ASCII alone are chance too.
    let plain = text.chars().filter(char::is_ascii).count() * 2;
    if plain < text.chars().count() { (String::new(), length) } else { (text, length) }
}

fn narrow(bytes: &[u8]) -> (String, usize) {
    let text: String =
        bytes.iter().map(|byte| char::from(*byte)).take_while(|c| is_printable(*c)).collect();
    let length = text.len();
    (text, length)
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
    fn words_are_told_from_chance() {
        assert!(is_prose("Please call Anna about it"));
        assert!(!is_prose("x3$%aa b7;;q 99 zz"));
        assert!(!is_prose("Standard"));
    }
}
