//! Rules with patterns. One automaton over all anchors and one look for digits decide where a rule
//! is tried at all, so that ordinary text costs one pass.

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use regex::RegexSet;

use super::entropy;
use crate::rules::{Rule, Trigger};

/// Bytes around a match in which a context word has to stand.
const CONTEXT_BYTES: usize = 96;

/// Digits close to each other that make a place worth a look.
const DIGITS_MIN: usize = 6;

/// Bytes between two digits of one place.
const GAP_BYTES: usize = 3;

/// Bytes before and after the digits that belong to the place.
const MARGIN_BYTES: (usize, usize) = (24, 28);

/// Most earlier matches that a match can overlap and compete with.
const RIVALS_MAX: usize = 32;

/// A match: bytes of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: usize,
}

/// What decides where to try which rule.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    anchors: Option<AhoCorasick>,
    /// Rules for each anchor.
    owners: Vec<usize>,
    digits: RegexSet,
    digit_rules: Vec<usize>,
}

impl Detector {
    pub(crate) fn new(rules: &[Rule]) -> Result<Self, BuildError> {
        let (mut texts, mut owners) = (Vec::new(), Vec::new());
        let mut digit_rules = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            match &rule.trigger {
                Trigger::Anchors { texts: anchors, .. }
                | Trigger::Prefixes { texts: anchors, .. } => {
                    owners.extend(anchors.iter().map(|_| at));
                    texts.extend(anchors.iter().map(String::as_str));
                }
                Trigger::Digits => digit_rules.push(at),
            }
        }
        let patterns = digit_rules.iter().map(|at| rules[*at].pattern.as_str());
        // Each pattern compiled alone within the same bound; together they get more room.
        let digits = regex::RegexSetBuilder::new(patterns)
            .size_limit(64 << 20)
            .dfa_size_limit(16 << 20)
            .build()
            .unwrap_or_else(|_| RegexSet::empty());
        let anchors = if texts.is_empty() {
            None
        } else {
            let builder = &mut AhoCorasick::builder();
            builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
            Some(builder.build(texts)?)
        };
        Ok(Self { anchors, owners, digits, digit_rules })
    }

    /// All matches, of each place those of the rule with the highest rank, in order of place.
    pub(crate) fn search(&self, rules: &[Rule], text: &str) -> Vec<Match> {
        let mut found = Vec::new();
        self.by_anchor(rules, text, &mut found);
        self.by_digits(rules, text, &mut found);
        found.sort_unstable();
        found.dedup();
        resolve(rules, found)
    }

    /// Whether a rule alone finds something in a text, wherever its trigger leads it.
    pub(crate) fn finds(&self, rules: &[Rule], rule: usize, text: &str) -> bool {
        let mut found = Vec::new();
        self.by_anchor(rules, text, &mut found);
        self.by_digits(rules, text, &mut found);
        found.iter().any(|m| m.rule == rule)
    }

    fn by_anchor(&self, rules: &[Rule], text: &str, found: &mut Vec<Match>) {
        let Some(anchors) = &self.anchors else { return };
        let mut open: Vec<Option<(usize, usize)>> = vec![None; rules.len()];
        for hit in anchors.find_overlapping_iter(text) {
            let at = self.owners[hit.pattern().as_usize()];
            let rule = &rules[at];
            let (before, after) = match &rule.trigger {
                Trigger::Anchors { before, after, .. } => (before, after),
                Trigger::Prefixes { texts, after } => {
                    let here = &text[hit.start()..hit.end()];
                    if texts.iter().any(|exact| exact == here) {
                        try_prefix(rule, at, text, (hit.start(), hit.end() + after), found);
                    }
                    continue;
                }
                Trigger::Digits => continue,
            };
            let window = (hit.start().saturating_sub(*before), hit.end() + after);
            match &mut open[at] {
                Some((_, end)) if window.0 <= *end => *end = window.1,
                slot => {
                    if let Some(done) = slot.replace(window) {
                        search_window(rules, at, text, done, found);
                    }
                }
            }
        }
        for (at, window) in open.into_iter().enumerate() {
            if let Some(window) = window {
                search_window(rules, at, text, window, found);
            }
        }
    }

    fn by_digits(&self, rules: &[Rule], text: &str, found: &mut Vec<Match>) {
        if self.digit_rules.is_empty() {
            return;
        }
        for window in digit_windows(text.as_bytes()) {
            let (start, end) = within(text, window);
            for at in self.digits.matches(&text[start..end]) {
                search_window(rules, self.digit_rules[at], text, window, found);
            }
        }
    }
}

/// A window moved outwards to whole characters.
fn within(text: &str, (start, end): (usize, usize)) -> (usize, usize) {
    (text.floor_char_boundary(start), text.ceil_char_boundary(end.min(text.len())))
}

fn search_window(
    rules: &[Rule],
    at: usize,
    text: &str,
    window: (usize, usize),
    found: &mut Vec<Match>,
) {
    let rule = &rules[at];
    let (mut from, end) = within(text, window);
    let clipped = &text[..end];
    let mut groups = rule.pattern.capture_locations();
    while let Some(whole) = rule.pattern.captures_read_at(&mut groups, clipped, from) {
        let (start, stop) = groups.get(1).unwrap_or((whole.start(), whole.end()));
        let is_hit = start < stop && holds(rule, text, start, stop);
        if is_hit {
            found.push(Match { start, end: stop, rule: at });
        }
        // After a miss another match may begin within this one.
        let next = if is_hit { whole.end() } else { whole.start() + 1 };
        from = text.ceil_char_boundary(next.max(from + 1));
        if from >= end {
            break;
        }
    }
}

/// Tries a rule whose match begins where its anchor does, at the start of a word.
fn try_prefix(rule: &Rule, at: usize, text: &str, window: (usize, usize), found: &mut Vec<Match>) {
    let from = window.0;
    let is_inside = from > 0 && {
        let before = text.as_bytes()[from - 1];
        before.is_ascii_alphanumeric() || before == b'_'
    };
    if is_inside {
        return;
    }
    let (_, end) = within(text, window);
    let mut groups = rule.pattern.capture_locations();
    if let Some(whole) = rule.pattern.captures_read(&mut groups, &text[from..end]) {
        let (start, stop) = groups.get(1).unwrap_or((whole.start(), whole.end()));
        if start < stop && holds(rule, text, from + start, from + stop) {
            found.push(Match { start: from + start, end: from + stop, rule: at });
        }
    }
}

/// Whether a match passes what a rule asks for besides its pattern.
fn holds(rule: &Rule, text: &str, start: usize, end: usize) -> bool {
    let value = &text[start..end];
    let has_digits = |value: &str| {
        let digits = value.bytes().filter(u8::is_ascii_digit).take(rule.digits_min);
        digits.count() == rule.digits_min
    };
    has_digits(value)
        && rule.checksum.is_none_or(|checksum| checksum.holds(value))
        && (rule.entropy_min == 0 || entropy::hundredths(value) >= rule.entropy_min)
        && !(rule.skip_placeholders && entropy::is_placeholder(value))
        && has_context(rule, text, start, end)
}

/// Whether a context word stands near, as a word of its own or at the start of one.
fn has_context(rule: &Rule, text: &str, start: usize, end: usize) -> bool {
    let Some(words) = &rule.context else { return true };
    let near = within(text, (start.saturating_sub(CONTEXT_BYTES), end + CONTEXT_BYTES));
    let near = &text[near.0..near.1];
    words.find_overlapping_iter(near).any(|hit| {
        let before = near[..hit.start()].chars().next_back();
        let after = near[hit.end()..].chars().next();
        // A short word counts only whole: `id` is no part of `paid`, nor `ss` of `assess`.
        let is_short = hit.len() < 4;
        let is_part = before.is_some_and(char::is_alphanumeric)
            || is_short && after.is_some_and(char::is_alphabetic);
        !is_part
    })
}

/// Drops what overlaps a match of a higher rank; of equal ranks the longer and then the earlier one
/// stays. Only rules of the same category compete.
fn resolve(rules: &[Rule], found: Vec<Match>) -> Vec<Match> {
    let mut kept: Vec<Match> = Vec::new();
    let better = |a: &Match, b: &Match| {
        let key = |m: &Match| (rules[m.rule].rank, m.end - m.start);
        key(a) > key(b)
    };
    for found in found {
        let mut recent = kept.split_off(kept.len().saturating_sub(RIVALS_MAX));
        let is_rival = |kept: &Match| {
            kept.start < found.end
                && found.start < kept.end
                && rules[kept.rule].category == rules[found.rule].category
        };
        if recent.iter().all(|kept| !is_rival(kept) || better(&found, kept)) {
            recent.retain(|kept| !is_rival(kept));
            recent.push(found);
        }
        kept.append(&mut recent);
    }
    kept
}

/// Places with at least six digits close to each other, or with the form of an address of four
/// numbers; merged where they meet.
fn digit_windows(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut windows: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(skip) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let start = at + skip;
        let (mut last, mut digits, mut dots) = (start, 0, 0);
        let mut next = start;
        while next < bytes.len() && next - last <= GAP_BYTES + 1 {
            match bytes[next] {
                b'0'..=b'9' => {
                    last = next;
                    digits += 1;
                }
                b'.' => dots += 1,
                b'\n' | b'"' | b'<' | b'>' | b'=' | b'{' | b'}' | b'[' | b']' | b';' => break,
                _ => {}
            }
            next += 1;
        }
        if digits >= DIGITS_MIN || (digits >= 4 && dots >= 3) {
            let (before, after) = MARGIN_BYTES;
            let window = (start.saturating_sub(before), (last + 1 + after).min(bytes.len()));
            match windows.last_mut() {
                Some(open) if window.0 <= open.1 => open.1 = window.1,
                _ => windows.push(window),
            }
        }
        at = next.max(last + 1);
        if at >= bytes.len() {
            break;
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_stand_together_make_a_place() {
        let windows = |text: &str| digit_windows(text.as_bytes());
        assert_eq!(windows("in 2024 there were 12 of them"), []);
        assert_eq!(windows("10.0.0.5"), [(0, 8)]);
        assert_eq!(windows("v1.2.3"), []);
        assert_eq!(windows("AB 12 34 56 C"), [(0, 13)]);
        let text = format!("{}123456{}", " ".repeat(100), " ".repeat(100));
        assert_eq!(windows(&text), [(76, 134)]);
        assert_eq!(windows("123\n456"), []);
    }
}
