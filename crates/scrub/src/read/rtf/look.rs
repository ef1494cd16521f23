//! How a run of text looks: deleted, inserted, hidden, white or tiny.

use crate::rules::Notice;

/// Text smaller than this, in half points, cannot be read.
const TINY_HALF_POINTS: i32 = 8;

/// Colours of the document; whether each is white.
#[derive(Default)]
pub(super) struct Colours {
    known: Vec<bool>,
    next: [i32; 3],
    is_given: bool,
}

impl Colours {
    /// A word of the table of colours.
    pub(super) fn word(&mut self, word: &str, number: Option<i32>) {
        let channel = match word {
            "red" => 0,
            "green" => 1,
            "blue" => 2,
            _ => return,
        };
        self.next[channel] = number.unwrap_or(0);
        self.is_given = true;
    }

    /// A semicolon ends a colour.
    pub(super) fn end(&mut self) {
        self.known.push(self.is_given && self.next == [255; 3]);
        (self.next, self.is_given) = ([0; 3], false);
    }

    fn is_white(&self, number: Option<i32>) -> bool {
        let at = number.and_then(|number| usize::try_from(number).ok());
        at.and_then(|at| self.known.get(at)).copied().unwrap_or(false)
    }

    /// Whether a colour can be a ground that white text shows on.
    fn is_ground(&self, number: Option<i32>) -> bool {
        number.is_some_and(|number| number > 0) && !self.is_white(number)
    }
}

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    is_deleted: bool,
    is_inserted: bool,
    is_hidden: bool,
    is_white: bool,
    is_tiny: bool,
    /// Behind the characters, and behind the paragraph.
    has_ground: bool,
    has_paragraph_ground: bool,
}

impl Look {
    /// Takes a control word; `false` if it says nothing about the look.
    pub(super) fn word(&mut self, word: &str, number: Option<i32>, colours: &Colours) -> bool {
        let is_on = number != Some(0);
        match word {
            "v" | "webhidden" => self.is_hidden = is_on,
            "deleted" => self.is_deleted = is_on,
            "revised" => self.is_inserted = is_on,
            "cf" => self.is_white = colours.is_white(number),
            "fs" => self.is_tiny = number.is_some_and(|size| size < TINY_HALF_POINTS),
            "cb" | "chcbpat" | "highlight" => self.has_ground = colours.is_ground(number),
            "cbpat" => self.has_paragraph_ground = colours.is_ground(number),
            "pard" => self.has_paragraph_ground = false,
            "plain" => {
                let has_paragraph_ground = self.has_paragraph_ground;
                *self = Self { has_paragraph_ground, ..Self::default() };
            }
            _ => return false,
        }
        true
    }

    /// Whether a ground is painted behind a cell of a table.
    pub(super) fn cell_ground(number: Option<i32>, colours: &Colours) -> bool {
        colours.is_ground(number)
    }

    /// What is to be said about text that looks so.
    pub(super) fn notice(self, has_cell_ground: bool) -> Option<Notice> {
        let is_on_ground = self.has_ground || self.has_paragraph_ground || has_cell_ground;
        match self {
            Self { is_deleted: true, .. } => Some(Notice::TrackedDeletion),
            Self { is_hidden: true, .. } => Some(Notice::HiddenText),
            Self { is_white: true, .. } if !is_on_ground => Some(Notice::WhiteText),
            Self { is_tiny: true, .. } => Some(Notice::TinyText),
            Self { is_inserted: true, .. } => Some(Notice::TrackedInsertion),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_on_white_is_white_and_white_on_blue_is_not() {
        let mut colours = Colours::default();
        colours.end();
        for channel in ["red", "green", "blue"] {
            colours.word(channel, Some(255));
        }
        colours.end();
        colours.word("blue", Some(255));
        colours.end();
        let mut look = Look::default();
        assert!(look.word("cf", Some(1), &colours));
        assert_eq!(look.notice(false), Some(Notice::WhiteText));
        assert_eq!(look.notice(true), None);
        assert!(look.word("cb", Some(2), &colours));
        assert_eq!(look.notice(false), None);
        assert!(look.word("plain", None, &colours) && look.word("fs", Some(2), &colours));
        assert_eq!(look.notice(false), Some(Notice::TinyText));
        assert!(!look.word("b", None, &colours));
    }
}
