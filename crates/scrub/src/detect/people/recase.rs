//! Lines in small letters or in capitals, written as if by somebody who uses both: names get a
//! capital, all else gets none. Bytes keep their places.

use super::lexicon::class::{COMMON, GIVEN, LEGAL, NATION, PLACE, STREET, SURNAME, TITLE};
use super::{Entity, Glance, Lexicon, context};

/// Least letters of a line that is told to be in capitals.
const CAPITALS_MIN: usize = 8;

/// How the letters of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Capitals where they belong.
    Usual,
    /// Small letters only.
    Small,
}

/// Bytes at the start that tell the case of a text.
const SAMPLE_BYTES: usize = 4096;

/// Tells whether a text does without capitals.
pub(crate) fn case(text: &str) -> Case {
    let sample = &text.as_bytes()[..text.len().min(SAMPLE_BYTES)];
    let small = sample.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    let capital = sample.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    if small > CAPITALS_MIN && capital * 64 <= small { Case::Small } else { Case::Usual }
}

/// The line with capitals where names are, if it lacks them; `None` if it stays as it is.
pub(crate) fn recased(lexicon: &Lexicon, case: Case, line: &str, glance: Glance) -> Option<String> {
    match case {
        Case::Small => small(lexicon, line),
        Case::Usual if !glance.has_small() && is_capitals(line) => Some(capitals(lexicon, line)),
        Case::Usual => None,
    }
}

/// Whether a line without small letters has enough of others.
fn is_capitals(line: &str) -> bool {
    line.bytes().filter(u8::is_ascii_uppercase).count() >= CAPITALS_MIN && line.contains(' ')
}

/// Words of a line: where they begin and end.
fn words(line: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].find(char::is_alphabetic)?;
        let rest = &line[start..];
        let is_end = |c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '-' | '@' | '_');
        let end = start + rest.find(is_end).unwrap_or(rest.len());
        at = end;
        Some((start, end))
    })
}

fn small(lexicon: &Lexicon, line: &str) -> Option<String> {
    const NAMES: u16 = GIVEN | SURNAME | PLACE | NATION | LEGAL | TITLE;
    let mut out = None;
    // Where the last name ended.
    let mut name_end = usize::MAX;
    let has_digit = line.bytes().any(|byte| byte.is_ascii_digit());
    for (start, end) in words(line) {
        let word = &line[start..end];
        let class = lexicon.of(word);
        let is_next = start == name_end.wrapping_add(1);
        let is_street = has_digit && is_next && class & STREET != 0;
        // A surname alone is more often a word that no list holds.
        let is_sure = class & (NAMES & !SURNAME) != 0
            || is_next
            || matches!(context::before(&line[..start]), Some(Entity::Person));
        let follows = || {
            let next = line[end..].trim_start_matches(' ');
            let next = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            next.len() > 2 && lexicon.of(next) & (SURNAME | STREET | LEGAL) != 0
        };
        let is_name =
            class & NAMES != 0 && class & COMMON == 0 && (is_sure || follows()) || is_street;
        // An unknown word after one that only a name follows.
        let is_told = class == 0
            && word.len() > 3
            && lexicon.classes(word) == 0
            && matches!(context::before(&line[..start]), Some(Entity::Person | Entity::Place));
        if (is_name && word.len() > 2 || is_told) && word.is_ascii() && !word.contains(['@', '_']) {
            let out = out.get_or_insert_with(|| line.to_owned());
            out.replace_range(start..=start, &word[..1].to_ascii_uppercase());
            name_end = end;
        }
    }
    out
}

fn capitals(lexicon: &Lexicon, line: &str) -> String {
    let mut out = line.to_owned();
    for (start, end) in words(line) {
        let word = &line[start..end];
        let class = lexicon.classes(word);
        let is_initial = word.len() == 1 && line[end..].starts_with('.');
        if is_initial {
            continue;
        }
        let is_plain = class & !COMMON == 0 && class != 0 || is_function(word);
        let from =
            if is_plain { start } else { start + word.chars().next().map_or(1, char::len_utf8) };
        let lower = line[from..end].to_lowercase();
        if lower.len() == end - from && !word.chars().any(|c| c.is_ascii_digit()) {
            out.replace_range(from..end, &lower);
        }
    }
    out
}

/// Short words that lists hold as parts of names too.
fn is_function(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "OF", "THE", "AND", "IN", "TO", "BY", "FOR", "FROM", "AT", "ON", "IS", "WAS", "AN", "OR",
        "WITH", "VAN", "DE", "DER", "DEN", "LA", "DI", "DA", "DU", "DEL", "VON", "AS", "BE", "IT",
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_capitals_and_other_words_none() {
        let mut lexicon = Lexicon::default();
        lexicon.add("anna", GIVEN);
        lexicon.add("quandt", SURNAME);
        lexicon.add("will", GIVEN | COMMON);
        let case_of = case("hi, anna quandt will come from here");
        assert_eq!(case_of, Case::Small);
        let recased = |case, line| recased(&lexicon, case, line, Glance::of(line));
        let line = recased(case_of, "hi, anna quandt will come");
        assert_eq!(line.as_deref(), Some("hi, Anna Quandt will come"));
        let line = recased(Case::Usual, "ASK ANNA QUANDT OF ZÜRICH-X");
        assert_eq!(line.as_deref(), Some("Ask Anna Quandt of Zürich-x"));
        assert_eq!(recased(Case::Usual, "Ask ANNA QUANDT"), None);
        assert_eq!(case("Anna will come here."), Case::Usual);
    }
}
