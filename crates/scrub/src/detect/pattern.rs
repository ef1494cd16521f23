//! Rules with patterns. One pass over all anchors and one look for digits decide where a rule is
//! tried at all, so that ordinary text costs little.

use std::collections::BTreeMap;

use regex::{CaptureLocations, Regex, RegexSet};

use super::anchors::Anchors;
use super::assigned::{Assigned, assigned};
use super::digits::digit_windows;
use super::{encoded, entropy, people};
use crate::finding::Category;
use crate::rules::{Rule, Trigger};

/// Bytes around a match in which a context word has to stand.
const CONTEXT_BYTES: usize = 96;

/// Most earlier matches that a match can overlap and compete with.
const RIVALS_MAX: usize = 32;

/// A match: bytes of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: usize,
}

/// What a search has found so far, and what it took.
#[derive(Debug, Default)]
struct Found {
    matches: Vec<Match>,
    /// Bytes that patterns went over, each time they did. It is a few times those of the text; were
    /// it their square, a text could make a scan hang.
    searched: usize,
}

/// What decides where to try which rule.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    anchors: Anchors,
    /// Rules for each anchor.
    owners: Vec<Vec<usize>>,
    digits: RegexSet,
    digit_rules: Vec<usize>,
    lexicon: people::Lexicon,
    entities: Vec<(people::Entity, usize)>,
}

/// Where the rules tried with a window at a time are to be tried next.
type Windows = Vec<Option<(usize, usize)>>;

impl Detector {
    pub(crate) fn new(rules: &[Rule], lexicon: people::Lexicon) -> Self {
        let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let (mut digit_rules, mut entities) = (Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            match &rule.trigger {
                Trigger::Anchors { texts, .. }
                | Trigger::Prefixes { texts, .. }
                | Trigger::Assigned { texts, .. } => {
                    for text in texts {
                        owners.entry(text.to_ascii_lowercase()).or_default().push(at);
                    }
                }
                Trigger::Digits => digit_rules.push(at),
                Trigger::Entity(entity) => entities.push((*entity, at)),
            }
        }
        let patterns = digit_rules.iter().map(|at| rules[*at].pattern.as_str());
        // Each pattern compiled alone within the same bound; together they get more room.
        let digits = regex::RegexSetBuilder::new(patterns)
            .size_limit(64 << 20)
            .dfa_size_limit(16 << 20)
            .build()
            .unwrap_or_else(|_| RegexSet::empty());
        let anchors = Anchors::new(owners.keys().map(String::as_str));
        let owners = owners.into_values().collect();
        Self { anchors, owners, digits, digit_rules, lexicon, entities }
    }

    /// All matches, of each place those of the rule with the highest rank, in order of place.
    pub(crate) fn search(&self, rules: &[Rule], text: &str) -> Vec<Match> {
        let mut found = self.all(rules, text, None).matches;
        found.sort_unstable();
        found.dedup();
        resolve(rules, found)
    }

    /// Whether a rule alone finds something in a text, wherever its trigger leads it.
    pub(crate) fn finds(&self, rules: &[Rule], rule: usize, text: &str) -> bool {
        self.all(rules, text, Some(rule)).matches.iter().any(|m| m.rule == rule)
    }

    /// Matches of all rules, or of one.
    fn all(&self, rules: &[Rule], text: &str, only: Option<usize>) -> Found {
        let mut found = Found::default();
        self.by_anchor(rules, text, only, &mut found);
        self.by_digits(rules, text, only, &mut found);
        if only.is_none_or(|only| matches!(rules[only].trigger, Trigger::Entity(_))) {
            self.by_words(text, &mut found);
        }
        if only.is_some_and(|only| rules[only].category != Category::Secret) {
            return found;
        }
        encoded::each(text, |decoded, (start, end)| {
            let mut inside = Found::default();
            self.by_anchor(rules, decoded, only, &mut inside);
            found.searched += decoded.len() + inside.searched;
            // The place is that of the whole encoded text.
            inside.matches.retain(|m| rules[m.rule].category == Category::Secret);
            found.matches.extend(inside.matches.iter().map(|m| Match { start, end, ..*m }));
        });
        found
    }

    fn by_anchor(&self, rules: &[Rule], text: &str, only: Option<usize>, found: &mut Found) {
        let mut open = Windows::new();
        // Several words of a name lead to the same value.
        let mut known: Option<(usize, Option<Assigned>)> = None;
        let mut judged = Judged::new();
        self.anchors.each(text.as_bytes(), |anchor, hit| {
            for at in self.owners[anchor].iter().filter(|at| only.is_none_or(|only| only == **at)) {
                match &rules[*at].trigger {
                    Trigger::Anchors { before, after, .. } => {
                        let window = (hit.0.saturating_sub(*before), hit.1 + after);
                        if open.is_empty() {
                            open.resize(rules.len(), None);
                        }
                        if let Some(done) = widen(&mut open[*at], window) {
                            search_window(rules, *at, text, done, found);
                        }
                    }
                    Trigger::Prefixes { .. } => try_prefix(rules, *at, text, hit, found),
                    Trigger::Assigned { .. } if stands_in_name(text.as_bytes(), hit) => {
                        let value = match known {
                            Some((end, value)) if end == hit.1 => value,
                            _ => assigned(text, hit),
                        };
                        known = Some((hit.1, value));
                        try_assigned(rules, *at, text, value, &mut judged, found);
                    }
                    Trigger::Assigned { .. } | Trigger::Digits | Trigger::Entity(_) => {}
                }
            }
        });
        for (at, window) in open.into_iter().enumerate() {
            if let Some(window) = window {
                search_window(rules, at, text, window, found);
            }
        }
    }

    fn by_words(&self, text: &str, found: &mut Found) {
        if self.entities.is_empty() {
            return;
        }
        for people::Found { start, end, entity } in people::search(&self.lexicon, text) {
            let owners = self.entities.iter().filter(|(owned, _)| *owned == entity);
            found.matches.extend(owners.map(|(_, rule)| Match { start, end, rule: *rule }));
        }
    }

    fn by_digits(&self, rules: &[Rule], text: &str, only: Option<usize>, found: &mut Found) {
        if only.map_or(self.digit_rules.is_empty(), |only| !self.digit_rules.contains(&only)) {
            return;
        }
        for window in digit_windows(text.as_bytes()) {
            let (start, end) = within(text, window);
            found.searched += end - start;
            if let Some(only) = only {
                // A set that could not be built leads nowhere.
                if !self.digits.is_empty() && rules[only].pattern.is_match(&text[start..end]) {
                    search_window(rules, only, text, window, found);
                }
                continue;
            }
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

fn search_window(rules: &[Rule], at: usize, text: &str, window: (usize, usize), found: &mut Found) {
    let rule = &rules[at];
    let (mut from, end) = within(text, window);
    let clipped = &text[..end];
    let mut groups = None;
    loop {
        let next = rule.pattern.find_at(clipped, from);
        found.searched += next.map_or(end, |whole| whole.end()).saturating_sub(from);
        let Some(whole) = next else { break };
        let (start, stop) = group(&rule.pattern, &mut groups, clipped, whole);
        let is_hit = start < stop && holds(rule, text, start, stop);
        if is_hit {
            found.matches.push(Match { start, end: stop, rule: at });
        }
        // After a miss another match may begin within this one.
        let next = if is_hit { whole.end() } else { whole.start() + 1 };
        from = text.ceil_char_boundary(next.max(from + 1));
        if from >= end {
            break;
        }
    }
}

/// The first group of a match, or all of it.
fn group(
    pattern: &Regex,
    groups: &mut Option<CaptureLocations>,
    text: &str,
    whole: regex::Match<'_>,
) -> (usize, usize) {
    let all = (whole.start(), whole.end());
    if pattern.captures_len() < 2 {
        return all;
    }
    let groups = groups.get_or_insert_with(|| pattern.capture_locations());
    // From the same place on the same match is found, now with its groups.
    let found = pattern.captures_read_at(groups, text, whole.start());
    found.and_then(|_| groups.get(1)).unwrap_or(all)
}

/// Joins a window to the open one of a rule, or takes its place and gives it back.
fn widen(open: &mut Option<(usize, usize)>, window: (usize, usize)) -> Option<(usize, usize)> {
    match open {
        Some((start, end)) if window.0 <= *end => {
            (*start, *end) = ((*start).min(window.0), (*end).max(window.1));
            None
        }
        slot => slot.replace(window),
    }
}

/// Whether a word is a part of a name and no mere run of its letters: `api_key`, `apiKey`, and for
/// longer words `mypassword`, but not `monkey` or `keyboard`.
fn stands_in_name(text: &[u8], (start, end): (usize, usize)) -> bool {
    let before = start.checked_sub(1).map_or(0, |at| text[at]);
    let after = |ahead: usize| text.get(end + ahead).copied().unwrap_or(0);
    let (first, last) = (text[start], text[end - 1]);
    let begins = !before.is_ascii_alphabetic()
        || before.is_ascii_lowercase() && first.is_ascii_uppercase()
        || end - start > 4;
    let ends = !after(0).is_ascii_alphabetic()
        || last.is_ascii_lowercase() && after(0).is_ascii_uppercase()
        || after(0).eq_ignore_ascii_case(&b's') && !after(1).is_ascii_alphabetic();
    begins && ends
}

/// For each rule the last value, whether it was in quotes, and which of its bytes match by
/// themselves: the same value often comes again.
type Judged<'t> = BTreeMap<usize, (&'t str, bool, Option<(usize, usize)>)>;

/// Tries a rule on the value of a name.
fn try_assigned<'t>(
    rules: &[Rule],
    at: usize,
    text: &'t str,
    value: Option<Assigned>,
    judged: &mut Judged<'t>,
    found: &mut Found,
) {
    let rule = &rules[at];
    let (Some(Assigned { name, value, is_quoted }), Trigger::Assigned { look, not_names, .. }) =
        (value, &rule.trigger)
    else {
        return;
    };
    let shown = &text[value.0..value.1];
    let judge = || {
        let whole = rule.pattern.find(shown)?;
        let (start, end) = group(&rule.pattern, &mut None, shown, whole);
        let looks = look.is_none_or(|look| look.holds(&shown[start..end], is_quoted));
        (looks && start < end).then_some((start, end))
    };
    let matched = match judged.get(&at) {
        Some((last, was_quoted, matched)) if *last == shown && *was_quoted == is_quoted => *matched,
        _ => {
            let matched = judge();
            found.searched += shown.len();
            judged.insert(at, (shown, is_quoted, matched));
            matched
        }
    };
    let Some((start, end)) = matched else { return };
    let place = (value.0 + start, value.0 + end);
    if !has_part(&text[name.0..name.1], not_names) && holds(rule, text, place.0, place.1) {
        found.matches.push(Match { start: place.0, end: place.1, rule: at });
    }
}

/// Whether a name has one of some words among its parts.
fn has_part(name: &str, words: &[String]) -> bool {
    let bytes = name.as_bytes();
    let is_start = |at: usize| {
        at == 0
            || !bytes[at - 1].is_ascii_alphanumeric()
            || bytes[at - 1].is_ascii_lowercase() && bytes[at].is_ascii_uppercase()
    };
    let mut start = 0;
    for end in 1..=bytes.len() {
        if end == bytes.len() || is_start(end) || !bytes[end].is_ascii_alphanumeric() {
            let part = &bytes[start..end];
            if words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(part)) {
                return true;
            }
            start = end + usize::from(end < bytes.len() && !bytes[end].is_ascii_alphanumeric());
        }
    }
    false
}

/// Tries a rule whose match begins where its anchor does, at the start of a word.
fn try_prefix(rules: &[Rule], at: usize, text: &str, hit: (usize, usize), found: &mut Found) {
    let (rule, from) = (&rules[at], hit.0);
    let Trigger::Prefixes { texts, after, least } = &rule.trigger else { return };
    let is_inside = from > 0 && {
        let before = text.as_bytes()[from - 1];
        before.is_ascii_alphanumeric() || before == b'_'
    };
    let here = &text[hit.0..hit.1];
    let is_short = || {
        let run = text.as_bytes().get(from..from + least);
        run.is_none_or(|run| run.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b'"'))
    };
    if is_inside || !texts.iter().any(|exact| exact == here) || is_short() {
        return;
    }
    let (_, end) = within(text, (from, hit.1 + after));
    let rest = &text[from..end];
    found.searched += rest.len();
    if let Some(whole) = rule.pattern.find(rest) {
        let (start, stop) = group(&rule.pattern, &mut None, rest, whole);
        if start < stop && holds(rule, text, from + start, from + stop) {
            found.matches.push(Match { start: from + start, end: from + stop, rule: at });
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

#[cfg(test)]
mod tests {
    use crate::rules::RuleSet;

    fn searched(rules: &RuleSet, text: &str) -> usize {
        rules.detector.all(&rules.rules, text, None).searched
    }

    /// The rules of the repository, and one more.
    fn rules_with(more: &str) -> RuleSet {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/scrub");
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<(String, Vec<u8>)> =
            paths.map(|p| (p.display().to_string(), std::fs::read(p).unwrap())).collect();
        files.push(("more.toml".to_owned(), more.as_bytes().to_vec()));
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(p, content)| (p.as_str(), content.as_slice())).collect();
        RuleSet::load(&files).unwrap()
    }

    /// Texts made to be slow: whatever leads to a rule, again and again, and nothing after it.
    #[test]
    fn patterns_go_over_a_hostile_text_a_few_times_and_no_more() {
        const TIMES_MAX: usize = 32;
        let rules = rules_with("");
        let pieces = [
            "token",
            "token=",
            "password=\"",
            "key: key = ",
            "name: TOKEN\n value",
            "YXBpX2tleSA9",
            "61706961",
            "<password>",
            "=",
            "ghp_",
            "A1b2",
            "1",
            "1-",
            "4111 1111 ",
            "eyJ",
            "a@",
            "a.",
            "://",
            "-----BEGIN ",
            "DE89 ",
        ];
        for piece in pieces {
            let work = [1_usize << 15, 1 << 16].map(|bytes| {
                let text = format!("token: {}", piece.repeat(bytes / piece.len()));
                (searched(&rules, &text), text.len())
            });
            let [(half, _), (whole, bytes)] = work;
            assert!(whole <= TIMES_MAX * bytes, "{piece:?}: {whole} for {bytes}");
            assert!(whole <= 2 * half + half / 8 + bytes / 8, "{piece:?}: {half}, then {whole}");
        }
    }
    /// A rule that takes all that is left, passes none of it, and tries again at the next byte.
    #[test]
    fn a_rule_that_goes_over_the_rest_again_and_again_is_told_by_the_count() {
        let rules = rules_with(
            "[[rule]]\nid = \"secret.slow\"\ncategory = \"secret\"\nseverity = \"low\"\nrank = 1\n\
             pattern = 'zq[zq1]+'\nanchors = [\"zq\"]\ndigits_min = 1\n\
             examples = [\"zqz1\"]\ncounter_examples = [\"zqzq\"]\nwhy = \"x\"\nwhat = \"x\"\n",
        );
        let [half, whole] =
            [1_usize << 11, 1 << 12].map(|count| searched(&rules, &"zq".repeat(count)));
        assert!(whole > 3 * half && whole > 100 * (2 << 12), "{half}, then {whole}");
    }
}
