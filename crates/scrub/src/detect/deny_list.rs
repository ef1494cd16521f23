//! Words that must not occur anywhere, however they are spelled: capitals, accents, spaces and
//! punctuation do not matter.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// Domain tag that starts the bytes hashed into the digest of a deny-list.
const TAG: &[u8] = b"attestry/scrub-deny-list/v1";

/// Most terms of a list.
pub const MAX_TERMS: usize = 10_000;

/// Most characters of a term, and least letters or digits.
const TERM_CHARS: (usize, usize) = (2, 128);

/// From this many letters on, a term also counts inside a longer word.
const INSIDE_FROM: usize = 7;

/// Text folded at a time, and how much of it is folded again with the next piece.
const PIECE_BYTES: usize = 1 << 20;
const OVERLAP_BYTES: usize = 4096;

/// Why a deny-list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DenyListError {
    /// It has too many terms.
    #[error("the deny-list has {found} terms, at most {limit} are allowed")]
    TooMany {
        /// Terms found.
        found: usize,
        /// Most terms allowed.
        limit: usize,
    },
    /// A term is too short or too long to be looked for.
    #[error("term {at} of the deny-list has {found} letters and digits; 2 to 128 are allowed")]
    Length {
        /// Position of the term, counted from 0.
        at: usize,
        /// Letters and digits of it.
        found: usize,
    },
}

/// Words that must not occur: client, project, colleagues.
#[derive(Clone, Debug)]
pub struct DenyList {
    automaton: Option<AhoCorasick>,
    digest: [u8; 32],
}

impl DenyList {
    /// Makes a list of terms.
    ///
    /// # Errors
    /// See [`DenyListError`].
    pub fn new<'a>(terms: impl IntoIterator<Item = &'a str>) -> Result<Self, DenyListError> {
        let mut folded = Vec::new();
        for (at, term) in terms.into_iter().enumerate() {
            let term: String = term.chars().flat_map(fold).collect();
            let found = term.chars().count();
            if !(TERM_CHARS.0..=TERM_CHARS.1).contains(&found) {
                return Err(DenyListError::Length { at, found });
            }
            folded.push(term);
        }
        folded.sort_unstable();
        folded.dedup();
        let too_many = DenyListError::TooMany { found: folded.len(), limit: MAX_TERMS };
        if folded.len() > MAX_TERMS {
            return Err(too_many);
        }
        let mut hasher = Sha256::new();
        hasher.update(TAG);
        for term in &folded {
            hasher.update((term.len() as u64).to_be_bytes());
            hasher.update(term.as_bytes());
        }
        let automaton = if folded.is_empty() {
            None
        } else {
            let builder = &mut AhoCorasick::builder();
            builder.match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::ContiguousNFA));
            Some(builder.build(&folded).map_err(|_| too_many)?)
        };
        Ok(Self { automaton, digest: hasher.finalize().into() })
    }

    /// SHA-256 over the folded terms in order, so that the order given does not matter.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Byte ranges of the text at which a term stands, in order; of overlapping ones the longest.
    pub(crate) fn search(&self, text: &str) -> Vec<(usize, usize)> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found = Vec::new();
        let mut start = 0;
        loop {
            let end = text.ceil_char_boundary((start + PIECE_BYTES).min(text.len()));
            let (folded, places) = fold_all(text, start, end);
            for hit in automaton.find_overlapping_iter(&folded) {
                let (first, last) = (places[hit.start()], places[hit.end() - 1]);
                let stop = last as usize + start;
                let width = text[stop..].chars().next().map_or(0, char::len_utf8);
                let range = (first as usize + start, stop + width);
                if folded.is_char_boundary(hit.start()) && stands(text, range, hit.len()) {
                    found.push(range);
                }
            }
            if end == text.len() {
                break;
            }
            start = text.floor_char_boundary(end - OVERLAP_BYTES);
        }
        found.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for range in found {
            if kept.last().is_none_or(|last| range.0 >= last.1) {
                kept.push(range);
            }
        }
        kept
    }
}

/// Folded text of a range, and for each of its bytes the offset, from `start`, of the character
/// that it comes from.
fn fold_all(text: &str, start: usize, end: usize) -> (String, Vec<u32>) {
    let mut folded = String::with_capacity(end - start);
    let mut places = Vec::with_capacity(end - start);
    for (at, c) in text[start..end].char_indices() {
        // A piece is far shorter than 4 GiB.
        let at = at as u32;
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                folded.push(c.to_ascii_lowercase());
                places.push(at);
            }
            continue;
        }
        for c in fold(c) {
            folded.push(c);
            places.extend(std::iter::repeat_n(at, c.len_utf8()));
        }
    }
    (folded, places)
}

/// A character without case and accents; nothing for what is neither letter nor digit.
fn fold(c: char) -> impl Iterator<Item = char> {
    let spelled: &[char] = match c {
        'ß' | 'ẞ' => &['s', 's'],
        'ø' | 'Ø' => &['o'],
        'ł' | 'Ł' => &['l'],
        'đ' | 'Đ' => &['d'],
        'æ' | 'Æ' => &['a', 'e'],
        'œ' | 'Œ' => &['o', 'e'],
        'ı' => &['i'],
        _ => &[],
    };
    let plain = spelled.is_empty().then(|| std::iter::once(c).nfkd().flat_map(char::to_lowercase));
    let plain = plain.into_iter().flatten();
    spelled.iter().copied().chain(plain).filter(|c| c.is_alphanumeric())
}

/// Whether a range stands for itself and is no mere part of a longer word.
fn stands(text: &str, (start, end): (usize, usize), letters: usize) -> bool {
    let (first, last) = (text[start..].chars().next(), text[start..end].chars().next_back());
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    let is_lower = |c: Option<char>| c.is_some_and(char::is_lowercase);
    let is_upper = |c: Option<char>| c.is_some_and(char::is_uppercase);
    let begins = !before.is_some_and(char::is_alphanumeric) || is_lower(before) && is_upper(first);
    let ends = !after.is_some_and(char::is_alphanumeric) || is_lower(last) && is_upper(after);
    letters >= INSIDE_FROM || (begins && ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits<'t>(terms: &[&str], text: &'t str) -> Vec<&'t str> {
        let list = DenyList::new(terms.iter().copied()).unwrap();
        list.search(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn case_accents_and_spacing_do_not_matter() {
        let terms = ["Müller Straße", "Project X-Ray"];
        assert_eq!(hits(&terms, "at MULLER-STRASSE 5"), ["MULLER-STRASSE"]);
        assert_eq!(hits(&terms, "the m ü l l e r s t r a ß e."), ["m ü l l e r s t r a ß e"]);
        assert_eq!(hits(&terms, "projectxray"), ["projectxray"]);
        assert_eq!(hits(&terms, "Mu\u{308}llerstraße"), ["Mu\u{308}llerstraße"]);
        assert_eq!(hits(&terms, "ＰＲＯＪＥＣＴ Ｘ ＲＡＹ"), ["ＰＲＯＪＥＣＴ Ｘ ＲＡＹ"]);
        assert!(hits(&terms, "Miller Street, project ray").is_empty());
    }

    #[test]
    fn a_short_term_stands_alone_and_a_long_one_anywhere() {
        assert_eq!(hits(&["Acme"], "acme_corp, AcmeCorp, ACME."), ["acme", "Acme", "ACME"]);
        assert!(hits(&["Acme"], "pacmen acmeism").is_empty());
        assert_eq!(hits(&["Globodyne"], "xglobodynes"), ["globodyne"]);
    }

    #[test]
    fn of_overlapping_terms_the_longest_counts() {
        assert_eq!(hits(&["Acme", "Acme Holding"], "Acme Holding"), ["Acme Holding"]);
    }

    #[test]
    fn a_term_across_two_pieces_is_found_once() {
        for shift in [0, 4, 5000] {
            let text =
                format!("{} Globodyne {}", " ".repeat(PIECE_BYTES - shift), "é".repeat(9000));
            assert_eq!(hits(&["Globodyne"], &text), ["Globodyne"], "{shift}");
        }
    }

    #[test]
    fn bad_terms_are_refused_and_the_digest_ignores_order() {
        assert_eq!(
            DenyList::new(["ab", "-"]).unwrap_err(),
            DenyListError::Length { at: 1, found: 0 }
        );
        let long = "a".repeat(129);
        assert_eq!(
            DenyList::new([long.as_str()]).unwrap_err(),
            DenyListError::Length { at: 0, found: 129 }
        );
        let digest = |terms: &[&str]| DenyList::new(terms.iter().copied()).unwrap().digest();
        assert_eq!(digest(&["Acme", "Über"]), digest(&["uber", "ACME"]));
        assert_ne!(digest(&["Acme"]), digest(&["Acne"]));
        assert!(hits(&[], "anything").is_empty());
    }
}
