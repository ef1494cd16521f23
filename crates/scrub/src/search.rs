//! Everything that is looked for in a text, with one call for short and long ones.

use std::ops::Range;

use crate::detect::pattern::Match;
use crate::lookalike;
use crate::scan::Scanner;
use crate::window::{self, Window, in_parallel, windows};

/// Findings before another that may hold it.
const NEAR: usize = 8;

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A match of the rule at this position.
    Rule(usize),
    /// A term of the deny-list.
    DenyList,
}

/// Something found, with its bytes in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: What,
}

impl Scanner {
    /// Everything in a text, in order of place.
    pub(crate) fn hits(&self, text: &str) -> Vec<Hit> {
        if text.len() <= window::WINDOW_BYTES {
            return self.hits_in(text, 0..text.len());
        }
        let (mut found, mut start) = (Vec::new(), 0);
        while start < text.len() && found.len() <= self.limits.findings_max {
            let all = windows(text.as_bytes(), start, 1, true);
            start = all.last().map_or(text.len(), |window| window.end);
            let look = |window: &Window| {
                let from = text.floor_char_boundary(window.from);
                let to = text.floor_char_boundary(window.to);
                let core = window.start - from..window.end - from;
                let mut hits = self.hits_in(&text[from..to], core);
                hits.iter_mut().for_each(|hit| {
                    hit.start += from;
                    hit.end += from;
                });
                hits
            };
            found.extend(in_parallel(&all, look, || {}).into_iter().flatten());
        }
        found
    }

    /// What begins in a range of a text, in order of place.
    pub(crate) fn hits_in(&self, text: &str, core: Range<usize>) -> Vec<Hit> {
        let mut hits = self.found_in(text);
        if let Some(mapped) = lookalike::view(text) {
            hits.sort_unstable();
            let is_known = |hit: &Hit| {
                let at = hits.partition_point(|known| known.start <= hit.start);
                let near = hits[at.saturating_sub(NEAR)..at].iter();
                near.filter(|known| known.what == hit.what).any(|known| hit.end <= known.end)
            };
            let mut more = self.found_in(&mapped.text);
            more.retain_mut(|hit| {
                let length = hit.end - hit.start;
                Range { start: hit.start, end: hit.end } = mapped.place(hit.start..hit.end);
                // Without such a letter inside it was found already.
                hit.end - hit.start > length && !is_known(hit)
            });
            hits.append(&mut more);
        }
        hits.retain(|hit| core.contains(&hit.start));
        hits.sort_unstable();
        hits
    }

    /// Everything in a text, in no order.
    fn found_in(&self, text: &str) -> Vec<Hit> {
        let matches = self.rules.detector.search(&self.rules.rules, text);
        let by_rule = |m: Match| Hit { start: m.start, end: m.end, what: What::Rule(m.rule) };
        let mut hits: Vec<Hit> = matches.into_iter().map(by_rule).collect();
        if let Some(seen) = Seen::of(text) {
            let matches = self.rules.detector.search(&self.rules.rules, &seen.text);
            let broken = matches.into_iter().filter_map(|m| {
                let (start, end) = seen.place(m.start, m.end);
                // Without anything invisible inside it was found already.
                (end - start > m.end - m.start).then_some(Match { start, end, ..m })
            });
            hits.extend(broken.map(by_rule));
        }
        if let Some(list) = &self.deny_list {
            let terms = list.search(text).into_iter();
            hits.extend(terms.map(|(start, end)| Hit { start, end, what: What::DenyList }));
        }
        hits
    }
}

/// Characters that take no room: soft hyphen, zero-width space, joiners and marks of direction.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether UTF-8 has one of those characters in it.
fn has_invisible(bytes: &[u8]) -> bool {
    const BLOCK: usize = 64;
    let begins = |at: usize| {
        matches!(
            bytes[at..],
            [0xc2, 0xad, ..]
                | [0xe2, 0x80, 0x8b..=0x8f, ..]
                | [0xe2, 0x81, 0xa0..=0xa4, ..]
                | [0xef, 0xbb, 0xbf, ..]
        )
    };
    let blocks = bytes.chunks(BLOCK).enumerate().filter(|(_, block)| !block.is_ascii());
    blocks
        .map(|(at, block)| (at * BLOCK, block.len()))
        .any(|(start, length)| (start..start + length).any(begins))
}

/// A text as it is seen: without what is invisible in it.
struct Seen {
    text: String,
    /// Where text goes on after something invisible: bytes here, and bytes there.
    places: Vec<(usize, usize)>,
}

impl Seen {
    /// `None` if nothing in the text is invisible.
    fn of(text: &str) -> Option<Self> {
        if !has_invisible(text.as_bytes()) {
            return None;
        }
        let mut seen = Self { text: String::with_capacity(text.len()), places: vec![(0, 0)] };
        for (at, c) in text.char_indices() {
            if is_invisible(c) {
                seen.places.push((seen.text.len(), at + c.len_utf8()));
            } else {
                seen.text.push(c);
            }
        }
        Some(seen)
    }

    /// A range of what is seen as a range of the text.
    fn place(&self, start: usize, end: usize) -> (usize, usize) {
        let there = |at: usize| {
            let next = self.places.partition_point(|(here, _)| *here <= at);
            self.places[..next].last().map_or(at, |(here, there)| there + at - here)
        };
        // The end is counted from the last character, so that nothing invisible after it belongs to it.
        let last = self.text[..end].char_indices().next_back().map_or(start, |(at, _)| at);
        (there(start), there(last) + (end - last))
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, has_invisible, is_invisible};

    #[test]
    fn what_is_invisible_is_told_by_its_bytes() {
        for c in '\0'..='\u{ffff}' {
            for before in [0, 61, 62, 63] {
                let text = format!("{}{c}", " ".repeat(before));
                assert_eq!(has_invisible(text.as_bytes()), is_invisible(c), "{c:?}");
            }
        }
    }

    #[test]
    fn what_is_seen_is_found_again_in_the_text() {
        assert!(Seen::of("plain").is_none() && Seen::of("Grüße").is_none());
        let text = "x\u{200b}ab\u{ad}\u{200d}cd\u{feff} y";
        let seen = Seen::of(text).unwrap();
        assert_eq!(seen.text, "xabcd y");
        for (part, whole) in
            [("ab", "ab"), ("abcd", "ab\u{ad}\u{200d}cd"), ("cd", "cd"), ("y", "y")]
        {
            let at = seen.text.find(part).unwrap();
            let (start, end) = seen.place(at, at + part.len());
            assert_eq!(&text[start..end], whole);
        }
    }
}
