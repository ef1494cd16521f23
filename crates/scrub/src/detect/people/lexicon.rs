//! Words with what they may be, in one table: a look-up costs one hash.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// What a word may be; bits, since `Jordan` is a name and a country.
pub(crate) mod class {
    pub(crate) const GIVEN: u16 = 1;
    pub(crate) const SURNAME: u16 = 1 << 1;
    pub(crate) const PLACE: u16 = 1 << 2;
    pub(crate) const NATION: u16 = 1 << 3;
    pub(crate) const TITLE: u16 = 1 << 4;
    pub(crate) const PARTICLE: u16 = 1 << 5;
    pub(crate) const LEGAL: u16 = 1 << 6;
    pub(crate) const INSTITUTION: u16 = 1 << 7;
    pub(crate) const STREET: u16 = 1 << 8;
    pub(crate) const COMMON: u16 = 1 << 9;

    /// The bit of a class named in a file.
    pub(crate) fn named(name: &str) -> Option<u16> {
        Some(match name {
            "given" => GIVEN,
            "surname" => SURNAME,
            "place" => PLACE,
            "nation" => NATION,
            "title" => TITLE,
            "particle" => PARTICLE,
            "legal" => LEGAL,
            "institution" => INSTITUTION,
            "street" => STREET,
            "common" => COMMON,
            _ => return None,
        })
    }
}

/// Ends of ordinary English words that no list holds.
const COMMON_ENDS: &[&str] = &[
    "ing", "tion", "sion", "ment", "ments", "ness", "ity", "ities", "able", "ible", "ous", "ive",
    "ism", "ship", "ware", "tions", "ings", "ology", "graphy", "ized", "ised", "ful", "less",
    "ance", "ence", "ical", "ally", "ality", "ware", "ics",
];

/// Ends of surnames of many countries that ordinary words do not have.
const SURNAME_ENDS: &[&str] = &[
    "sson",
    "nsen",
    "rsen",
    "lsen",
    "ksen",
    "dsen",
    "ović",
    "ević",
    "ovic",
    "evic",
    "escu",
    "czyk",
    "wicz",
    "owski",
    "owska",
    "ewski",
    "ewska",
    "iński",
    "ińska",
    "insky",
    "ovsky",
    "ová",
    "enko",
    "shvili",
    "adze",
    "oğlu",
    "oglu",
    "opoulos",
    "akis",
    "idis",
    "inen",
    "onen",
    "anen",
    "änen",
    "quist",
    "qvist",
    "ström",
    "dottir",
    "dóttir",
    "stra",
    "mann",
    "meier",
    "maier",
    "hofer",
    "huber",
    "bauer",
    "ев",
    "ева",
    "ов",
    "ова",
    "ин",
    "ина",
    "ский",
    "ская",
    "енко",
    "чук",
    "вич",
    "вна",
    "όπουλος",
    "οπούλου",
    "άκης",
    "ίδης",
];

/// Ends of words by their last byte.
struct Ends([Vec<&'static str>; 256]);

impl Ends {
    fn of(ends: &[&'static str]) -> Self {
        let mut by_last = [const { Vec::new() }; 256];
        for end in ends {
            by_last[usize::from(last(end))].push(*end);
        }
        Self(by_last)
    }

    /// Whether a word has one of the ends, and so many bytes more before it.
    fn has(&self, word: &str, more: usize) -> bool {
        let ends = &self.0[usize::from(last(word))];
        ends.iter().any(|end| word.len() > end.len() + more && word.ends_with(*end))
    }
}

fn last(word: &str) -> u8 {
    word.as_bytes().last().copied().unwrap_or_default()
}

static COMMON: LazyLock<Ends> = LazyLock::new(|| Ends::of(COMMON_ENDS));
static SURNAMES: LazyLock<Ends> = LazyLock::new(|| Ends::of(SURNAME_ENDS));

/// Bits of an entry of the table that are classes; the others are of the hash.
const CLASS_BITS: u64 = (1 << 10) - 1;

/// All words of the lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexicon {
    /// Hash and classes in one; 0 is an empty place. The length is a power of two.
    table: Vec<u64>,
    used: usize,
}

impl Lexicon {
    pub(crate) const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Adds a class to a word, or to two words with a space between them.
    pub(crate) fn add(&mut self, word: &str, class: u16) {
        if (self.used + 1) * 2 > self.table.len() {
            let length = (self.table.len() * 2).max(1024);
            let old = std::mem::replace(&mut self.table, vec![0; length]);
            self.used = 0;
            old.into_iter().filter(|entry| *entry != 0).for_each(|entry| self.put(entry));
        }
        self.put(hash(word) & !CLASS_BITS | u64::from(class) & CLASS_BITS);
    }

    fn put(&mut self, entry: u64) {
        let at = self.place(entry);
        self.used += usize::from(self.table[at] == 0);
        self.table[at] |= entry;
    }

    /// Where a hash stands or would stand. The table always has an empty place.
    fn place(&self, hash: u64) -> usize {
        let mask = self.table.len() - 1;
        // The high bits of the hash are as good as any.
        let mut at = (hash >> 32) as usize & mask;
        while self.table[at] != 0 && (self.table[at] ^ hash) & !CLASS_BITS != 0 {
            at = (at + 1) & mask;
        }
        at
    }

    /// Classes of a word in any case; 0 if it is unknown.
    pub(crate) fn of(&self, word: &str) -> u16 {
        if self.table.is_empty() {
            return 0;
        }
        // Fewer bits than 16.
        (self.table[self.place(hash(word))] & CLASS_BITS) as u16
    }

    /// Classes of a word, of its parts if it has a hyphen, or by its end.
    pub(crate) fn classes(&self, word: &str) -> u16 {
        let known = self.of(word);
        if known != 0 {
            return known;
        }
        if !word.is_ascii() {
            let plain: String = word.nfd().filter(char::is_ascii).collect();
            let known = if plain.len() < 3 { 0 } else { self.of(&plain) };
            if known & class::COMMON == 0 && known != 0 {
                return known;
            }
        }
        if word.contains('-') {
            let all = word.split('-').fold(0, |all, part| all | self.of(part));
            const NAMES: u16 = class::GIVEN | class::SURNAME;
            // `White-Torres` is a name, however ordinary white is.
            let is_name = |part: &str| {
                self.of(part) & (NAMES | class::COMMON) & !NAMES == 0 && self.of(part) & NAMES != 0
            };
            let is_sure = all & NAMES != 0 && word.split('-').any(is_name);
            return if is_sure { all & !class::COMMON } else { all };
        }
        let stem = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"));
        if let Some(stem) = stem {
            return self.of(stem);
        }
        if word.is_ascii() && COMMON.has(word, 2) {
            return class::COMMON;
        }
        if SURNAMES.has(word, 3) {
            return class::SURNAME;
        }
        // A plural of an ordinary word is one too.
        let single = word.strip_suffix('s').map_or(0, |stem| self.of(stem));
        single & class::COMMON
    }
}

/// A hash over the letters in lower case, eight bytes at a time, with a bit set among those that
/// are no classes.
fn hash(word: &str) -> u64 {
    let hash = if word.is_ascii() {
        hash_of(word.as_bytes())
    } else {
        let lower: String = word.chars().flat_map(char::to_lowercase).collect();
        hash_of(lower.as_bytes())
    };
    hash | 1 << 63
}

fn hash_of(bytes: &[u8]) -> u64 {
    // Odd numbers without a pattern: the digits of the golden ratio and of the root of 3.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    const LAST: u64 = 0xbb67_ae85_84ca_a73b;
    let eat = |hash: u64, eight: u64| {
        let mixed = (hash ^ lower(eight)).wrapping_mul(STEP);
        mixed ^ mixed >> 32
    };
    let (whole, rest) = bytes.as_chunks();
    let start = bytes.len() as u64;
    let hash = whole.iter().fold(start, |hash, eight| eat(hash, u64::from_le_bytes(*eight)));
    let rest = rest.iter().rev().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    let hash = eat(hash, rest).wrapping_mul(LAST);
    hash ^ hash >> 29
}

/// Eight bytes with the capitals of ASCII among them as small letters.
const fn lower(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    let low = eight & !TOPS;
    // The top bit of each byte tells whether it is at least `A`, and whether it is more than `Z`.
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let past_z = low + (0x7f - b'Z' as u64) * ONES;
    let is_capital = (from_a ^ past_z) & !eight & TOPS;
    eight | is_capital >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_keep_all_classes() {
        let mut lexicon = Lexicon::default();
        assert_eq!(lexicon.of("Anna"), 0);
        for word in 0..5000 {
            lexicon.add(&format!("word{word}"), class::SURNAME);
        }
        lexicon.add("Jordan", class::GIVEN);
        lexicon.add("Jordan", class::PLACE);
        lexicon.add("Émilie", class::GIVEN);
        assert_eq!(lexicon.of("JORDAN"), class::GIVEN | class::PLACE);
        assert_eq!(lexicon.of("ÉMILIE"), class::GIVEN);
        assert_eq!(lexicon.of("word4999"), class::SURNAME);
        assert_eq!(lexicon.classes("Jordan-Émilie"), class::GIVEN | class::PLACE);
        assert_eq!(lexicon.classes("Jordan's"), class::GIVEN | class::PLACE);
        assert_eq!(lexicon.classes("Provisioning"), class::COMMON);
        assert_eq!(lexicon.of("nobody"), 0);
    }

    #[test]
    fn eight_bytes_get_small_letters_at_once() {
        for byte in 0..=u8::MAX {
            let eight = [byte, b'A', byte, b'z', byte, 0xc3, b'@', byte];
            let expected = eight.map(|byte| byte.to_ascii_lowercase());
            assert_eq!(lower(u64::from_le_bytes(eight)), u64::from_le_bytes(expected));
        }
    }
}
