//! Letters written in escapes, such as `\u0041`, `%41`, `&#65;`, and words with marks inside them.
//! The source is searched as it stands; here only what is near an escape is searched a second time,
//! decoded.

mod forms;

use std::ops::Range;

use self::forms::{Escape, Trust};
use super::mapped::Mapped;
use crate::scan::Scanner;
use crate::search::Hit;

/// Bytes on each side of an escape that are searched with it.
const AROUND_BYTES: usize = 256;

/// Bytes between an escape and what only it tells, as in a name of a field and its value.
const NEAR_BYTES: usize = 64;

/// Findings before another that may reach into it.
const NEAR_HITS: usize = 8;

/// Everything that begins in a range of a text, written in escapes or not, in order. A page's
/// references and tags are left to its reader.
pub(super) fn all(scanner: &Scanner, text: &str, core: Range<usize>, is_page: bool) -> Vec<Hit> {
    let mut hits = scanner.hits_in(text, core.clone());
    add(scanner, text, &core, is_page, &mut hits);
    hits
}

/// Adds what is written in escapes to what was found without them.
pub(super) fn add(
    scanner: &Scanner,
    text: &str,
    core: &Range<usize>,
    is_page: bool,
    hits: &mut Vec<Hit>,
) {
    let escapes = forms::escapes(text, is_page);
    if escapes.is_empty() {
        return;
    }
    let mapped = decoded(text, &escapes);
    let is_known = |hit: &Hit| {
        let at = hits.partition_point(|known| known.start < hit.end);
        let near = hits[at.saturating_sub(NEAR_HITS)..at].iter();
        near.filter(|known| known.what == hit.what).any(|known| hit.start < known.end)
    };
    let mut more: Vec<Hit> = Vec::new();
    for hit in scanner.hits(&mapped.text) {
        let Range { start, end } = mapped.place(hit.start..hit.end);
        let placed = Hit { start, end, ..hit };
        let is_told = end - start > hit.end - hit.start || is_near(text, &escapes, start);
        if is_told && core.contains(&start) && !is_known(&placed) {
            more.push(placed);
        }
    }
    hits.append(&mut more);
    hits.sort_unstable();
}

/// Whether a letter that is surely written in an escape stands shortly before a place, in its line.
fn is_near(text: &str, escapes: &[Escape], at: usize) -> bool {
    let next = escapes.partition_point(|escape| escape.range.end <= at);
    let Some(last) = escapes[..next].last() else { return false };
    at - last.range.end <= NEAR_BYTES
        && last.trust == Trust::Sure
        && !text[last.range.end..at].contains('\n')
}

/// What is near escapes, with them decoded.
fn decoded(text: &str, escapes: &[Escape]) -> Mapped {
    let changes = escapes.iter().map(|escape| (escape.range.clone(), escape.means));
    Mapped::near(text, changes, AROUND_BYTES)
}

#[cfg(test)]
mod tests {
    use super::{decoded, forms::escapes};

    fn read(text: &str) -> String {
        decoded(text, &escapes(text, false)).text
    }

    #[test]
    fn escapes_are_decoded_and_what_is_none_stays() {
        assert_eq!(read(r"a\u0041b \x42 %43 %C3%A4"), "aAb B C ä");
        assert_eq!(read(r"\\u0041 \\\\u0042 \\x43"), "A B C");
        assert_eq!(read(r"\u{6f} \u{00e4} \157 \U0000006f \303\244 \xc3\xa4"), "o ä o o ä ä");
        assert_eq!(read("&#111; &#x6f; &auml; &amp;#111; &amp;amp;auml;"), "o o ä o ä");
        assert_eq!(read("a%20b %2541 %252541"), "a b A A");
        assert_eq!(
            read("=C3=84 Gr=C3=B6=C3=9Fe Glob=6Fdyne Berg=\r\nmann"),
            "Ä Größe Globodyne Bergmann"
        );
        assert_eq!(read("AK<b>IA</b><i>X AK**IA Y</b> a"), "AKIAX AKIA Y</b> a");
        assert_eq!(read(r"\ud835\udc00"), "𝐀");
        for plain in [
            "%4",
            "%zz",
            r"\u00",
            r"\ud83d",
            "100% sure",
            r"\x",
            "é",
            r"\u{}",
            r"\12",
            r"\U0041",
            "&copy",
            "&;",
            "a &= b",
            "x=41",
            "w=40px",
            "KEY=\nNEXT",
            "a= 6F",
            "a < b > c",
            "a<x>b",
            "a ** b",
            "\\",
            "<b>x</b>",
        ] {
            assert_eq!(read(plain), "", "{plain}");
        }
    }

    #[test]
    fn only_what_is_near_is_taken_each_byte_once() {
        let far = "x".repeat(2000);
        let text = format!("{far}%41{far}%42%43{far}");
        let expected = ["A", "BC"].map(|c| format!("\n{0}{c}{0}", "x".repeat(256))).concat();
        assert_eq!(read(&text), expected);
    }
}
