//! What a reader of the document passes over: words that no specification knows, numbers of words,
//! and what stands in the place of characters for programs without Unicode.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::block::Block;
use crate::read::ole::le::code_page;
use crate::scan::{Scan, Site};

/// Bytes of the text after a word that are searched together with it, if it has no space earlier.
const AFTER_BYTES: usize = 64;

/// Control words that nothing was made of, as they are spelt, each with the text that follows.
pub(super) struct Words<'b> {
    bytes: &'b [u8],
    found: BTreeSet<&'b [u8]>,
    open: Option<Range<usize>>,
}

impl<'b> Words<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, found: BTreeSet::new(), open: None }
    }

    /// Takes a token that nothing was made of, its backslash among its bytes.
    pub(super) fn unread(&mut self, range: Range<usize>) {
        self.end();
        self.open = Some(range.start + 1..range.end);
    }

    /// Takes text: the beginning of it may go on with a word before it.
    pub(super) fn text(&mut self, range: Range<usize>) {
        if let Some(open) = &mut self.open {
            let text = &self.bytes[range.clone()];
            let spaced = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
            open.end = range.start + spaced.max(AFTER_BYTES.min(text.len()));
        }
        self.end();
    }

    /// Ends the word before.
    pub(super) fn end(&mut self) {
        if let Some(range) = self.open.take() {
            self.found.extend(self.bytes.get(range));
        }
    }

    /// What was found, with whether it looks like no word of the form.
    pub(super) fn finish(mut self, page: u32) -> Vec<(String, bool)> {
        self.end();
        let is_odd = |word: &str| {
            word.chars().take_while(char::is_ascii_alphabetic).any(|c| c.is_ascii_uppercase())
        };
        let words = self.found.into_iter().map(|word| code_page(word, page));
        words.map(|word| (word.replace(['\r', '\n'], ""), is_odd(&word))).collect()
    }
}

/// A line as a program without Unicode shows it.
#[derive(Default)]
pub(super) struct Plain {
    text: String,
    unit: String,
    instead: Vec<u8>,
    is_other: bool,
}

impl Plain {
    /// Takes text that every program shows.
    pub(super) fn same(&mut self, text: &str, page: u32) {
        self.settle(page);
        self.text.push_str(text);
    }

    /// Takes a character of Unicode.
    pub(super) fn unit(&mut self, text: &str, page: u32) {
        self.settle(page);
        self.unit.push_str(text);
    }

    /// Takes a byte that stands in the place of the last character.
    pub(super) fn instead(&mut self, byte: u8) {
        self.instead.push(byte);
    }

    fn settle(&mut self, page: u32) {
        let (unit, instead) = (std::mem::take(&mut self.unit), std::mem::take(&mut self.instead));
        let shown = code_page(&instead, page);
        let is_other = shown != unit && !shown.chars().all(|c| c == '?');
        self.text.push_str(if is_other { &shown } else { &unit });
        self.is_other |= is_other;
    }

    /// Ends the line; `None` if all programs show the same.
    pub(super) fn take(&mut self, page: u32) -> Option<String> {
        self.settle(page);
        let text = std::mem::take(&mut self.text);
        std::mem::take(&mut self.is_other).then_some(text)
    }
}

/// Searches the text of a document, then what repeats or belies it, where only what is new counts.
pub(super) fn search(scan: &mut Scan<'_>, site: &Site, text: &Block, other: &Block) {
    let hits = scan.scanner().hits(text.text());
    scan.block_hits(site, text, &hits);
    let mut more = scan.scanner().hits(other.text());
    let known: BTreeSet<_> =
        hits.iter().map(|hit| (hit.what, &text.text()[hit.start..hit.end])).collect();
    more.retain(|hit| !known.contains(&(hit.what, &other.text()[hit.start..hit.end])));
    scan.block_hits(site, other, &more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_with_what_follows() {
        let bytes = b"\\klimt@mail.com x\\Anna Berg\\par\\klimt";
        let mut words = Words::new(bytes);
        words.unread(0..6);
        words.text(6..17);
        words.unread(17..23);
        words.text(23..27);
        words.unread(31..37);
        let found = words.finish(1252);
        let expected = [("Anna Berg", true), ("klimt", false), ("klimt@mail.com x", false)];
        assert_eq!(found, expected.map(|(word, is_odd)| (word.to_owned(), is_odd)));
    }

    #[test]
    fn a_line_without_unicode_is_told_where_it_differs() {
        let mut plain = Plain::default();
        plain.same("Gr", 1252);
        for (unit, instead) in [("ö", &b"\xf6"[..]), ("ß", b"?"), ("…", b"")] {
            plain.unit(unit, 1252);
            instead.iter().for_each(|byte| plain.instead(*byte));
        }
        assert_eq!(plain.take(1252), None);
        plain.same("Glo", 1252);
        plain.unit("\u{200b}", 1252);
        plain.instead(b'b');
        plain.same("odyne", 1252);
        assert_eq!(plain.take(1252).as_deref(), Some("Globodyne"));
        assert_eq!(plain.take(1252), None);
    }
}
