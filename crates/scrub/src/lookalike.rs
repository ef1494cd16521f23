//! Letters of other scripts that look like Latin ones (Unicode Technical Standard 39 §4), in words
//! that have Latin letters too, and styled letters such as full-width ones. Words of one script are
//! what they are.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton;

use crate::read::mapped::Mapped;

/// Bytes on each side of a letter that are searched with it.
const AROUND_BYTES: usize = 128;

/// A text near letters that look like Latin ones, with these; `None` if it has none.
pub(crate) fn view(text: &str) -> Option<Mapped> {
    if text.is_ascii() || !text.as_bytes().windows(2).any(may_begin) {
        return None;
    }
    let mut changes = Vec::new();
    let mut next = 0;
    for (at, c) in text.char_indices() {
        if at < next || c.is_ascii() || !(is_other(c) || is_styled(c)) {
            continue;
        }
        // A symbol among them ends one word and begins another: what was changed is not changed again.
        let Range { start, end } = word(text, at);
        let word = start.max(next)..end;
        next = word.end;
        add(text, word, &mut changes);
    }
    (!changes.is_empty()).then(|| Mapped::near(text, changes.into_iter(), AROUND_BYTES))
}

/// Whether bytes may begin one of these letters; no letter of German or French does, nor a dash.
fn may_begin(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xc9 | 0xca | 0xcd..=0xd6, _]
            | [0xe1, 0x8e | 0x8f]
            | [0xe2, 0x84 | 0x85 | 0x91..=0x93 | 0xb1..=0xb3]
            | [0xea, 0x93 | 0x99 | 0x9a]
            | [0xef, 0xbc | 0xbd]
            | [0xf0, 0x9d]
    )
}

/// Letters of scripts that have some like Latin ones: phonetic, Greek, Cyrillic, Armenian, Cherokee,
/// Coptic, Lisu.
const fn is_other(c: char) -> bool {
    matches!(c, '\u{250}'..='\u{2af}' | '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
        | '\u{2c60}'..='\u{2cff}' | '\u{a4d0}'..='\u{a4ff}' | '\u{a640}'..='\u{a69f}')
}

/// Latin letters in another style.
const fn is_styled(c: char) -> bool {
    matches!(c, '\u{2100}'..='\u{217f}' | '\u{2460}'..='\u{24ff}' | '\u{ff10}'..='\u{ff5a}'
        | '\u{1d400}'..='\u{1d7ff}')
}

/// The word around a place.
fn word(text: &str, at: usize) -> Range<usize> {
    let is_end = |c: char| !c.is_alphanumeric();
    let start = text[..at].char_indices().rev().find(|(_, c)| is_end(*c));
    let start = start.map_or(0, |(start, c)| start + c.len_utf8());
    let end = text[at..].char_indices().skip(1).find(|(_, c)| is_end(*c));
    start..end.map_or(text.len(), |(end, _)| at + end)
}

fn add(text: &str, word: Range<usize>, changes: &mut Vec<(Range<usize>, Option<char>)>) {
    let is_mixed = text[word.clone()].bytes().any(|byte| byte.is_ascii_alphabetic());
    for (at, c) in text[word.clone()].char_indices() {
        let latin = match c {
            _ if is_styled(c) => plain(c),
            _ if is_mixed && is_other(c) => like(c),
            _ => None,
        };
        if let Some(latin) = latin {
            let start = word.start + at;
            changes.push((start..start + c.len_utf8(), Some(latin)));
        }
    }
}

/// The letter without its style.
fn plain(c: char) -> Option<char> {
    let mut plain = std::iter::once(c).nfkc();
    plain.next().filter(|c| plain.next().is_none() && c.is_ascii_alphanumeric())
}

/// The Latin letter that another one looks like. Small L stands for capital I in the tables.
fn like(c: char) -> Option<char> {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    let mut like = skeleton(text);
    let latin = like.next().filter(|c| like.next().is_none() && c.is_ascii_alphanumeric())?;
    Some(if latin == 'l' && c.is_uppercase() { 'I' } else { latin })
}

#[cfg(test)]
mod tests {
    use super::{is_other, is_styled, may_begin, view};

    fn seen(text: &str) -> Option<String> {
        view(text).map(|mapped| mapped.text)
    }

    #[test]
    fn words_of_two_scripts_are_seen_as_latin_ones() {
        assert_eq!(seen("Gl\u{43e}bodyne").as_deref(), Some("Globodyne"));
        assert_eq!(seen("\u{391}\u{39a}\u{399}AIO\u{405}").as_deref(), Some("AKIAIOS"));
        assert_eq!(seen("ü \u{1d40b}\u{ff4f}\u{24d0}\u{ff11}").as_deref(), Some("ü Loa1"));
        // Symbols between them that are no letters.
        assert_eq!(seen("\u{1d51e}\u{213a}").as_deref(), Some("a\u{213a}"));
        assert_eq!(
            seen("x\u{43e}\u{213a}\u{43e}x\u{2103}").as_deref(),
            Some("xo\u{213a}ox\u{2103}")
        );
        // The first and the last of each range.
        for c in
            "\u{250}\u{2af}\u{370}\u{58f}\u{13a0}\u{13ff}\u{2c60}\u{2cff}\u{a4d0}\u{a4ff}\u{a640}\
                  \u{a69f}\u{2100}\u{217f}\u{2460}\u{24ff}\u{ff10}\u{ff5a}\u{1d400}\u{1d7ff}"
                .chars()
        {
            assert!(is_other(c) || is_styled(c));
            assert!(c.to_string().as_bytes().windows(2).any(may_begin), "{c:?}");
        }
        for none in ["", "Größe", "это просто сор", "αβγ", "价格，（一）", "“a” – b"]
        {
            assert_eq!(seen(none), None, "{none}");
        }
    }
}
