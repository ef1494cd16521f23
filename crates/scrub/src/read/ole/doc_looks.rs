//! How the text of a Word document looks ([MS-DOC] §2.6.1): deleted, inserted, hidden, white, tiny.

use super::le::{part as range, size_at, u8_at, u16_at};
use crate::rules::Notice;

/// Position of the pair that tells the pages with properties of characters.
pub(super) const CHARACTER_PAGES: usize = 12;

/// Bytes of a page.
const PAGE: usize = 512;

/// Text smaller than this, in half points, cannot be read.
const TINY_HALF_POINTS: u16 = 8;

/// How a run of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    is_deleted: bool,
    is_inserted: bool,
    is_hidden: bool,
    is_white: bool,
    is_tiny: bool,
    has_ground: bool,
    pub(super) inserter: Option<u16>,
    pub(super) deleter: Option<u16>,
}

impl Look {
    /// What is to be said about text that looks so.
    pub(super) const fn notice(&self) -> Option<Notice> {
        match self {
            Self { is_deleted: true, .. } => Some(Notice::TrackedDeletion),
            Self { is_hidden: true, .. } => Some(Notice::HiddenText),
            Self { is_white: true, has_ground: false, .. } => Some(Notice::WhiteText),
            Self { is_tiny: true, .. } => Some(Notice::TinyText),
            Self { is_inserted: true, .. } => Some(Notice::TrackedInsertion),
            _ => None,
        }
    }

    /// Whether text may go on from a run that looks like the other.
    pub(super) fn joins(&self, other: Self) -> bool {
        self.notice().map(Notice::id) == other.notice().map(Notice::id)
    }

    /// Properties as a row of modifiers ([MS-DOC] §2.6.1).
    fn new(mut modifiers: &[u8]) -> Self {
        let mut look = Self::default();
        while let Some(code) = u16_at(modifiers, 0) {
            let operand = range(modifiers, 2, usize::MAX);
            let byte = operand.first().copied().unwrap_or(0);
            let is_on = byte & 1 != 0;
            match code {
                0x0800 => look.is_deleted = is_on,
                0x0801 => look.is_inserted = is_on,
                0x083c => look.is_hidden = is_on,
                0x2a42 => look.is_white = byte == 8,
                0x6870 => look.is_white = operand.starts_with(&[0xff, 0xff, 0xff, 0]),
                0x4a43 => look.is_tiny = u16_at(operand, 0).is_some_and(|s| s < TINY_HALF_POINTS),
                0x2a0c | 0x4866 | 0xca71 => look.has_ground = true,
                0x4804 => look.inserter = u16_at(operand, 0),
                0x4863 => look.deleter = u16_at(operand, 0),
                _ => {}
            }
            let length = match code >> 13 {
                0 | 1 => 1,
                3 => 4,
                6 => 1 + usize::from(byte),
                7 => 3,
                _ => 2,
            };
            modifiers = range(operand, length, usize::MAX);
        }
        look
    }
}

/// Looks of all text, by place in the main stream.
pub(super) struct Looks {
    /// Start, end and look, in order.
    runs: Vec<(usize, usize, Look)>,
    /// The pages that they come from.
    pub(super) pages: Vec<usize>,
}

/// Numbers of the pages in a table ([MS-DOC] §2.8.5).
pub(super) fn pages(table: &[u8]) -> Vec<usize> {
    let count = table.len().saturating_sub(4) / 8;
    let number = |at: usize| size_at(table, (count + 1) * 4 + at * 4).map(|page| page & 0x3f_ffff);
    let mut pages: Vec<usize> = (0..count).filter_map(number).collect();
    pages.sort_unstable();
    pages.dedup();
    pages
}

impl Looks {
    pub(super) fn new(word: &[u8], table: &[u8], (at, length): (usize, usize)) -> Self {
        let pages = pages(range(table, at, length));
        let mut runs = Vec::new();
        for number in &pages {
            let page = range(word, number.saturating_mul(PAGE), PAGE);
            let count = usize::from(u8_at(page, PAGE - 1).unwrap_or(0));
            for run in 0..count {
                let bounds = size_at(page, run * 4).zip(size_at(page, run * 4 + 4));
                let offset = u8_at(page, (count + 1) * 4 + run);
                let Some(((start, end), offset)) = bounds.zip(offset) else { break };
                let offset = usize::from(offset) * 2;
                let look = match u8_at(page, offset).filter(|_| offset > 0) {
                    Some(length) => Look::new(range(page, offset + 1, usize::from(length))),
                    None => Look::default(),
                };
                runs.push((start, end, look));
            }
        }
        runs.sort_unstable_by_key(|(start, end, _)| (*start, *end));
        Self { runs, pages }
    }

    /// The look at a place, and up to where it holds.
    pub(super) fn at(&self, place: usize) -> (Look, usize) {
        let next = self.runs.partition_point(|(start, ..)| *start <= place);
        let until = self.runs.get(next).map_or(usize::MAX, |(start, ..)| *start);
        let run = next.checked_sub(1).and_then(|at| self.runs.get(at));
        match run {
            Some((_, end, look)) if *end > place => (*look, (*end).min(until)),
            _ => (Look::default(), until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_tell_the_look() {
        let seen = |modifiers: &[u8]| Look::new(modifiers).notice().map(Notice::id);
        assert_eq!(seen(&[0x00, 0x08, 1]), Some("hidden.tracked-deletion"));
        assert_eq!(seen(&[0x01, 0x08, 1]), Some("hidden.tracked-insertion"));
        assert_eq!(seen(&[0x43, 0x4a, 24, 0, 0x3c, 0x08, 1]), Some("hidden.text"));
        assert_eq!(seen(&[0x70, 0x68, 255, 255, 255, 0]), Some("hidden.white-text"));
        assert_eq!(seen(&[0x43, 0x4a, 2, 0]), Some("hidden.tiny-text"));
        for plain in [&[][..], &[0x43, 0x4a, 24, 0], &[0x3c, 0x08, 0], &[0x3c]] {
            assert_eq!(seen(plain), None);
        }
    }
}
