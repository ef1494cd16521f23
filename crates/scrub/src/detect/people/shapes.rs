//! Numbers in text written for people that have the form of a telephone number, an age, a post code
//! or a number under which somebody is kept. Forms are all there is to go by: nothing is sure.

use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::{Entity, Found, Glance};

/// Digits of a telephone number (ITU-T E.164 allows 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Most bytes of a run of digits and what stands between them.
const RUN_BYTES_MAX: usize = 40;

/// Digits of a long number without separators.
const LONG_DIGITS: std::ops::RangeInclusive<usize> = 8..=19;

/// Least bytes of an address of a wallet.
const WALLET_BYTES_MIN: usize = 26;

/// Greatest age.
const AGE_MAX: u32 = 115;

/// Finds the numbers of a line, beside those found there already.
pub(crate) fn find(line: &str, glance: Glance, found: &mut Vec<Found>) {
    if !glance.has_digit() {
        return;
    }
    let known = found.len();
    if glance.has_capital() || glance.may_have_pairs() || line.len() >= WALLET_BYTES_MIN {
        marked(line, found);
    }
    codes(line, glance, known, found);
    ages(line, glance, known, found);
    runs(line, found);
}

fn push(found: &mut Vec<Found>, (start, end): (usize, usize), entity: Entity) {
    if !found.iter().any(|f| f.start < end && start < f.end) {
        found.push(Found { start, end, entity });
    }
}

/// Telephone numbers and long numbers: runs of digits with what may stand between them.
fn runs(line: &str, found: &mut Vec<Found>) {
    let bytes = line.as_bytes();
    let is_inner = |byte: &u8| {
        byte.is_ascii_digit() || matches!(byte, b' ' | b'(' | b')' | b'.' | b'/' | b'-')
    };
    let mut at = 0;
    while let Some(first) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let digit = at + first;
        let lead = bytes[at..digit].iter().rev().take_while(|b| matches!(b, b'(' | b'+')).count();
        let start = digit - lead;
        let length = lead + bytes[digit..].iter().take_while(|byte| is_inner(byte)).count();
        at = start + length;
        let run = line[start..at].trim_end_matches([' ', '.', '-', '/', '(']);
        let run = if run.contains('(') { run } else { run.trim_end_matches(')') };
        let end = start + run.len();
        let before = start.checked_sub(1).map_or(b' ', |at| bytes[at]);
        let after = bytes.get(end).copied().unwrap_or(b' ');
        let is_part = before.is_ascii_alphanumeric()
            || matches!(
                before,
                b'_' | b'-' | b'.' | b'/' | b'#' | b'$' | b'=' | b'+' | b';' | b',' | b'|' | b'"'
            )
            || before >= 0x80
            || after.is_ascii_alphabetic() && after != b'x'
            || matches!(after, b'_' | b'%' | b':' | b'=');
        if is_part || run.len() > RUN_BYTES_MAX {
            continue;
        }
        let end = end + extension(&line[end..]);
        if is_phone(run, end > start + run.len()) {
            push(found, (start, end), Entity::Phone);
        } else if LONG_DIGITS.contains(&run.len())
            && run.bytes().all(|b| b.is_ascii_digit())
            && !is_time(run)
        {
            push(found, (start, end), Entity::Number);
        }
        at = end.max(at);
    }
}

/// Whether digits are a day, with or without its hour, minute and second, as files keep them.
fn is_time(digits: &str) -> bool {
    let number = |from: usize| digits.get(from..from + 2).and_then(|two| two.parse::<u32>().ok());
    let within = |from: usize, most: u32| number(from).is_none_or(|number| number <= most);
    matches!(digits.len(), 8 | 10 | 12 | 14)
        && matches!(number(0), Some(19 | 20))
        && matches!(number(4), Some(1..=12))
        && matches!(number(6), Some(1..=31))
        && within(8, 23)
        && within(10, 59)
        && within(12, 60)
}

/// Bytes of the extension that follows a telephone number.
fn extension(rest: &str) -> usize {
    let word = ["x", " x", " ext. ", " ext ", " extension ", ", ext. ", " ext.", "ext"]
        .into_iter()
        .find(|word| {
            rest.strip_prefix(word)
                .is_some_and(|rest| rest.as_bytes().first().is_some_and(u8::is_ascii_digit))
        });
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    word.map_or(0, |word| word.len() + digits(word.len()).min(7))
}

/// Whether a run of digits is grouped as telephone numbers are.
fn is_phone(run: &str, has_extension: bool) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    if !PHONE_DIGITS.contains(&digits) || run.contains("  ") {
        return false;
    }
    let groups: Vec<&str> =
        run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_year = |group: &str| group.len() == 4 && matches!(&group[..2], "19" | "20");
    let has_dots = run.contains('.');
    if groups.iter().any(|group| is_year(group)) && !has_extension && !run.starts_with('+') {
        return false;
    }
    if run.starts_with('+') || has_extension {
        return digits >= 7;
    }
    if run.starts_with('(') {
        return run.find(')').is_some_and(|at| at < 8) && lengths.len() > 1;
    }
    let first = run.as_bytes().first().copied().unwrap_or(b' ');
    match lengths[..] {
        [10] => matches!(first, b'2'..=b'9') && matches!(run.as_bytes()[3], b'2'..=b'9'),
        [9 | 11 | 12] => first == b'0',
        [11..=14] => run.starts_with("00"),
        [3, 3, 4] | [1 | 3, 3, 3, 4] => true,
        [3, 3, 3] => matches!(first, b'0' | b'5'..=b'9'),
        [2, 2, 2, 2] => !has_dots,
        [2, 2, 2, 2, 2] | [3, 2, 2, 2] | [2, 3, 2, 2] | [3, 3, 2, 2] => true,
        [4, 4] => first != b'0' || !run.contains('.'),
        [2..=5, ..] => {
            first == b'0'
                && lengths.len() > 1
                && digits >= 8
                && !(has_dots && lengths.len() == 4)
                && !matches!(lengths[..], [2, 2, 2 | 4])
        }
        _ => false,
    }
}

/// Ages beside names, and those that the words around them tell.
fn ages(line: &str, glance: Glance, known: usize, found: &mut Vec<Found>) {
    static AGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?:(?-u:\b)(?:aged?|turned|turns|turning|(?:he|she|who|i)(?: is| was| am|'s|'m)|at) |",
            r"(?-u:\b)age ?[:=] ?|(?-u:\b)(?:man|woman|boy|girl|male|female|patient|driver|victim|father|mother),? \(?)",
            r"([0-9]{1,3})(?:$|[,.;)!?\n]| and | on | last | when | years| yo | from | who )",
            r"|(?:^|[\s(,])([0-9]{1,3})[ -]?(?:year|yr)s?[ -]?old(?-u:\b)",
            r"|(?:^|[\s(,])([0-9]{1,3}) ?(?:y/?o|yrs)(?-u:\b)",
            r"|, ([0-9]{2}) ?[MF](?-u:\b)"
        ))
        .ok()
    });
    let is_age = |text: &str| text.parse().is_ok_and(|age: u32| (1..=AGE_MAX).contains(&age));
    let mut all: Vec<(usize, usize)> = Vec::new();
    for person in found[..known].iter().filter(|f| f.entity == Entity::Person) {
        let rest = &line[person.end.min(line.len())..];
        let Some(gap) =
            [", aged ", " (", ", ", " is ", " was "].iter().find(|gap| rest.starts_with(**gap))
        else {
            continue;
        };
        let number = &rest[gap.len()..];
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let closes = match *gap {
            " (" => number[digits..].starts_with(')'),
            _ => number[digits..].is_empty() || number[digits..].starts_with([',', '.', ';', ' ']),
        };
        let is_sum = number[digits..].starts_with([',', '.'])
            && number[digits + 1..].starts_with(|c: char| c.is_ascii_digit());
        if (1..=3).contains(&digits) && closes && !is_sum && is_age(&number[..digits]) {
            let start = person.end + gap.len();
            all.push((start, start + digits));
        }
    }
    let age = AGE.as_ref().filter(|age| glance.may_have_letter() && age.is_match(line));
    for groups in age.into_iter().flat_map(|age| age.captures_iter(line)) {
        let hit = groups.iter().skip(1).flatten().next();
        all.extend(hit.filter(|hit| is_age(hit.as_str())).map(|hit| (hit.start(), hit.end())));
    }
    all.into_iter().for_each(|place| push(found, place, Entity::Age));
}

/// Numbers with letters: of licences and papers, of network cards, of wallets.
fn marked(line: &str, found: &mut Vec<Found>) {
    static MARKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:^|[\s(\x22\x27:,])(?:([A-Z]{1,2}[0-9]{6,14}|[A-Z][0-9]{2,3}-[0-9]{3,4}-[0-9]{3,4}(?:-[0-9]{1,4})?",
            r"|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})",
            r"|((?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{25,60}|0x[0-9A-Fa-f]{40})))(?:$|[^0-9A-Za-z:-]|:\s)"
        ))
        .ok()
    });
    let marked = MARKED.as_ref().filter(|marked| marked.is_match(line));
    for groups in marked.into_iter().flat_map(|marked| marked.captures_iter(line)) {
        if let Some(hit) = groups.get(1) {
            push(found, (hit.start(), hit.end()), Entity::Number);
        }
        let is_wallet = |text: &str| !text.starts_with(['1', '3']) || wallet_holds(text);
        if let Some(hit) = groups.get(2).filter(|hit| is_wallet(hit.as_str())) {
            push(found, (hit.start(), hit.end()), Entity::Wallet);
        }
    }
}

/// Whether the last four bytes of an address of a wallet are the check over the others: two times
/// SHA-256 (Base58Check of Bitcoin).
fn wallet_holds(text: &str) -> bool {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const BYTES: usize = 25;
    let mut number = [0_u8; BYTES];
    for byte in text.bytes() {
        let Some(digit) = ALPHABET.iter().position(|known| *known == byte) else { return false };
        let mut carry = digit;
        for place in number.iter_mut().rev() {
            carry += usize::from(*place) * ALPHABET.len();
            // The low byte.
            *place = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (payload, check) = number.split_at(BYTES - 4);
    Sha256::digest(Sha256::digest(payload))[..4] == *check
}

/// Post codes by their form, or beside a place.
fn codes(line: &str, glance: Glance, known: usize, found: &mut Vec<Found>) {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:^|[^0-9A-Za-z.#-])((?:GIR 0AA|[A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-Z]? ?[0-9][ABD-HJLNP-UW-Z]{2}",
            r"|[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -]?[0-9][ABCEGHJ-NPRSTV-Z][0-9]",
            r"|[1-9][0-9]{3} [A-EG-Z][A-Z]|[0-9]{5}-[0-9]{3,4}|[0-9]{4}-[0-9]{3}|(?:A|B|CH|CZ|D|DK|F|FIN?|H|HR|L|LT|LV|MD|N|NL|PL|RO|S|SE|SI|SK)-[0-9]{4,6}))(?:[^0-9A-Za-z-]|$)"
        ))
        .ok()
    });
    static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)(?-u:\b)(?:(?:deliver|ship) to|zip(?: ?code)?|post(?:al)? ?code|pin(?: ?code)?|plz)(?: there)?(?: is| was|:|=|,)? {0,16}([0-9]{4,6}|[0-9]{3} [0-9]{2})(?-u:\b)").ok()
    });
    // 403526 after a place, 88022 before one.
    let is_code = |digits: usize| (4..=6).contains(&digits);
    let mut all = Vec::new();
    for place in found[..known].iter().filter(|f| f.entity == Entity::Place) {
        let rest = &line[place.end.min(line.len())..];
        let gap = rest.len() - rest.trim_start_matches([',', ' ', '-']).len();
        let digits = rest[gap..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[gap..gap + digits];
        if (1..4).contains(&gap)
            && is_code(digits)
            && !is_recent(number)
            && ends(&rest[gap + digits..])
        {
            all.push((place.end + gap, place.end + gap + digits));
        }
        let lead = line[..place.start].trim_end_matches([' ', ',']);
        let digits = lead.bytes().rev().take_while(u8::is_ascii_digit).count();
        let start = lead.len() - digits;
        if is_code(digits)
            && lead.len() < place.start
            && !is_recent(&lead[start..])
            && !lead[..start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '/'))
        {
            all.push((start, lead.len()));
        }
    }
    let tried = [
        FORM.as_ref().filter(|_| glance.may_have_code()),
        BEFORE.as_ref().filter(|_| glance.may_have_letter()),
    ];
    for pattern in tried.into_iter().flatten().filter(|pattern| pattern.is_match(line)) {
        for groups in pattern.captures_iter(line) {
            all.extend(groups.get(1).map(|hit| (hit.start(), hit.end())));
        }
    }
    all.into_iter().for_each(|place| push(found, place, Entity::PostCode));
}

/// Whether a number is rather a year.
fn is_recent(number: &str) -> bool {
    number.len() == 4 && matches!(&number[..2], "19" | "20")
}

/// Whether a number ends here.
fn ends(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '/' || c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, mut found: Vec<Found>) -> Vec<(String, Entity)> {
        let known = found.len();
        find(line, Glance::of(line), &mut found);
        found.drain(..known);
        found.into_iter().map(|f| (line[f.start..f.end].to_owned(), f.entity)).collect()
    }

    #[test]
    fn telephone_numbers_are_told_by_their_groups() {
        for phone in [
            "(336) 356-8094 ext. 3440",
            "243-539-5502x65723",
            "5576815707",
            "0220 929779",
            "+34 922 46 91",
            "071 586 36 14",
            "344 32 46 57",
            "12 34 56 78",
            "001-420-555-0133",
        ] {
            let line = format!("so {phone}, then");
            assert_eq!(shown(&line, vec![]), [(phone.to_owned(), Entity::Phone)]);
        }
        for other in [
            "2010-2011",
            "01.02.2003",
            "10.0.0.1",
            "v0220 929779",
            "100 000 000",
            "1.234.567",
            "$243-539-5502",
        ] {
            assert_eq!(shown(&format!("so {other}, then"), vec![]), [], "{other}");
        }
    }

    #[test]
    fn a_time_without_separators_is_no_number_of_somebody() {
        for time in ["20260101", "202601012359", "20260101000000"] {
            assert_eq!(shown(&format!("so {time}, then"), vec![]), [], "{time}");
        }
        for other in ["20261301", "202601012459", "20260101000099"] {
            let line = format!("so {other}, then");
            assert_eq!(shown(&line, vec![]), [(other.to_owned(), Entity::Number)]);
        }
    }

    #[test]
    fn a_wallet_has_its_check() {
        let line = "to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2, then";
        assert_eq!(shown(line, vec![])[0].1, Entity::Wallet);
        assert_eq!(shown(&line.replace("Au4m4", "Au4m5"), vec![]), []);
        assert_eq!(shown("the card 06-ea-6d-a0-92-d5.", vec![])[0].1, Entity::Number);
    }

    #[test]
    fn an_age_stands_beside_a_name_or_a_word() {
        let name = Found { start: 0, end: 4, entity: Entity::Person };
        let age = |text: &str| vec![(text.to_owned(), Entity::Age)];
        assert_eq!(shown("Zyxa (34) won", vec![name]), age("34"));
        assert_eq!(shown("Zyxa, 34, won", vec![name]), age("34"));
        assert_eq!(shown("Zyxa, 134, won", vec![name]), []);
        assert_eq!(shown("Zyxa, 34,000 won", vec![name]), []);
        assert_eq!(shown("a woman aged 61.", vec![]), age("61"));
        assert_eq!(shown("page 61.", vec![]), []);
    }

    #[test]
    fn a_post_code_has_its_form_or_stands_beside_a_place() {
        let place = Found { start: 6, end: 10, entity: Entity::Place };
        let code = |text: &str| vec![(text.to_owned(), Entity::PostCode)];
        assert_eq!(shown("88022 Zyxa", vec![place]), code("88022"));
        assert_eq!(shown("2004, Zyxa", vec![place]), []);
        assert_eq!(shown("to N5M 9V6.", vec![]), code("N5M 9V6"));
        assert_eq!(shown("to LS1 4AB.", vec![]), code("LS1 4AB"));
        assert_eq!(shown("my zip code is 62704", vec![]), code("62704"));
        assert_eq!(shown("it takes 62704 bytes", vec![]), []);
    }
}
