//! Words with what they may be, in one table: a look-up costs one hash.

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

/// All words of the lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexicon {
    /// Hash and classes; 0 is an empty place. The length is a power of two.
    table: Vec<(u64, u16)>,
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
            let old = std::mem::replace(&mut self.table, vec![(0, 0); length]);
            self.used = 0;
            for (hash, class) in old.into_iter().filter(|(hash, _)| *hash != 0) {
                self.put(hash, class);
            }
        }
        self.put(hash(word), class);
    }

    fn put(&mut self, hash: u64, class: u16) {
        let at = self.place(hash);
        self.used += usize::from(self.table[at].0 == 0);
        self.table[at].0 = hash;
        self.table[at].1 |= class;
    }

    /// Where a hash stands or would stand. The table always has an empty place.
    fn place(&self, hash: u64) -> usize {
        let mask = self.table.len() - 1;
        // The low bits of the hash are as good as any.
        let mut at = hash as usize & mask;
        while self.table[at].0 != 0 && self.table[at].0 != hash {
            at = (at + 1) & mask;
        }
        at
    }

    /// Classes of a word in any case; 0 if it is unknown.
    pub(crate) fn of(&self, word: &str) -> u16 {
        if self.table.is_empty() { 0 } else { self.table[self.place(hash(word))].1 }
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
        let is_common =
            |end: &&str| word.is_ascii() && word.len() > end.len() + 2 && word.ends_with(*end);
        if COMMON_ENDS.iter().any(is_common) {
            return class::COMMON;
        }
        let is_surname = |end: &&str| word.len() > end.len() + 3 && word.ends_with(*end);
        if SURNAME_ENDS.iter().any(is_surname) {
            return class::SURNAME;
        }
        // A plural of an ordinary word is one too.
        let single = word.strip_suffix('s').map_or(0, |stem| self.of(stem));
        single & class::COMMON
    }
}

/// FNV-1a over the letters in lower case; never 0.
fn hash(word: &str) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let mut hash = BASIS;
    let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    if word.is_ascii() {
        word.bytes().for_each(|byte| eat(byte.to_ascii_lowercase()));
    } else {
        word.chars().flat_map(char::to_lowercase).for_each(|c| {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(&mut eat);
        });
    }
    (hash ^ (hash >> 32)).max(1)
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
}
