//! Everything that is looked for in a text, with one call for short and long ones.

use std::ops::Range;

use crate::detect::pattern::Match;
use crate::scan::Scanner;
use crate::window::{self, Window, in_parallel, windows};

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
        let matches = self.rules.detector.search(&self.rules.rules, text);
        let by_rule = |m: Match| Hit { start: m.start, end: m.end, what: What::Rule(m.rule) };
        let mut hits: Vec<Hit> = matches.into_iter().map(by_rule).collect();
        if let Some(list) = &self.deny_list {
            let terms = list.search(text).into_iter();
            hits.extend(terms.map(|(start, end)| Hit { start, end, what: What::DenyList }));
        }
        hits.retain(|hit| core.contains(&hit.start));
        hits.sort_unstable();
        hits
    }
}
