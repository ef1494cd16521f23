//! Numbers that are the same all over the world.

use super::{alphanumerics, digits, is_month_day, number};

/// Luhn's formula (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(value: &str) -> bool {
    luhn_digits(&digits(value))
}

pub(super) fn luhn_digits(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ => (digit * 2) / 10 + (digit * 2) % 10,
        })
        .sum();
    digits.len() > 1 && sum.is_multiple_of(10)
}

/// A payment card: Luhn's formula, and a prefix and length that a scheme issues.
pub(super) fn card(value: &str) -> bool {
    let digits = digits(value);
    if digits.len() < 13 || !luhn_digits(&digits) {
        return false;
    }
    let (two, four, length) = (number(&digits[..2]), number(&digits[..4]), digits.len());
    match (two, four) {
        (40..=49, _) => matches!(length, 13 | 16 | 19),
        (51..=55, _) | (_, 2221..=2720) => length == 16,
        (34 | 37, _) => length == 15,
        (36 | 38 | 39, _) | (_, 3000..=3059) => matches!(length, 14..=19),
        (35, 3528..=3589) | (62 | 65 | 60 | 64, _) => matches!(length, 16..=19),
        (50 | 56..=59 | 63 | 67, _) => matches!(length, 13..=19),
        _ => false,
    }
}

/// Lengths of an IBAN by country, from the registry of ISO 13616.
const IBAN_LENGTHS: &str = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28\
    EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28\
    LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22RU33\
    SA24SC31SD18SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";

/// An IBAN: length of its country and remainder 1 modulo 97 (ISO 13616, ISO/IEC 7064).
pub(super) fn iban(value: &str) -> bool {
    let chars = alphanumerics(value);
    if chars.len() < 15 {
        return false;
    }
    let country: String = chars[..2].iter().collect();
    let table: Vec<char> = IBAN_LENGTHS.chars().collect();
    let length = table.chunks(4).find(|entry| entry[..2] == chars[..2]).map(|entry| &entry[2..]);
    let is_known =
        length.is_some_and(|length| length.iter().collect::<String>() == chars.len().to_string());
    let turned = chars[4..].iter().chain(&chars[..4]);
    let remainder = turned.fold(0, |n, c| match c.to_digit(36) {
        Some(digit @ 0..=9) => (n * 10 + digit) % 97,
        Some(letter) => (n * 100 + letter) % 97,
        None => n,
    });
    is_known && country.chars().all(|c| c.is_ascii_uppercase()) && remainder == 1
}

/// An IPv4 address that is neither unspecified, loopback, broadcast, documentation (RFC 5737) nor a
/// mask.
pub(super) fn ipv4(value: &str) -> bool {
    value.parse::<std::net::Ipv4Addr>().is_ok_and(|address| {
        let [first, second, third, last] = address.octets();
        let is_small = first < 10 && second < 10 && third < 10 && last < 10;
        !(first == 0
            || first == 255
            || address.is_loopback()
            || address.is_broadcast()
            || address.is_documentation()
            || is_small && first != 8 && first != 1)
    })
}

/// An IPv6 address that is neither unspecified, loopback nor documentation (RFC 3849).
pub(super) fn ipv6(value: &str) -> bool {
    value.parse::<std::net::Ipv6Addr>().is_ok_and(|address| {
        let [first, second, ..] = address.segments();
        let groups = address.segments().iter().filter(|group| **group != 0).count();
        groups >= 3 && !(first == 0x2001 && second == 0xdb8)
    })
}

/// A date with a day, month and year of a living person, in any usual order.
pub(super) fn date(value: &str) -> bool {
    let parts: Vec<u64> = value
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .filter_map(|part| part.parse().ok())
        .collect();
    let has_month_name = value.chars().any(char::is_alphabetic);
    let is_year = |year| (1900..=2030).contains(&year);
    match parts[..] {
        [year, month, day] if is_year(year) => is_month_day(month, day),
        [a, b, year] if is_year(year) || year < 100 => is_month_day(a, b) || is_month_day(b, a),
        [day, year] if has_month_name => is_year(year) && (1..=31).contains(&day),
        _ => false,
    }
}

/// Country codes of E.164 with one or two digits; every other has three.
const SHORT_CODES: &[u64] = &[
    1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54,
    55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];

/// A telephone number: 7 to 15 digits; with `+`, a country code that is assigned; in the form of
/// North America, an area and exchange that start with 2 to 9. Numbers kept for fiction (555-01xx)
/// do not count.
pub(super) fn phone(value: &str) -> bool {
    let mut all = digits(value);
    let is_plus = value.starts_with('+') || value.starts_with("00");
    if value.starts_with("00") {
        all.drain(..2);
    }
    if !(7..=15).contains(&all.len()) {
        return false;
    }
    let distinct = all.iter().collect::<std::collections::BTreeSet<_>>().len();
    if is_plus {
        let has_short =
            SHORT_CODES.contains(&u64::from(all[0])) || SHORT_CODES.contains(&number(&all[..2]));
        let is_open = matches!(number(&all[..2]), 21..=26 | 29 | 35 | 37 | 38 | 42 | 50 | 59 | 67..=69 | 80 | 85 | 87 | 88 | 96 | 97 | 99);
        let is_america = all[0] == 1;
        return distinct > 2
            && all[0] != 0
            && all.len() >= 8
            && (has_short || is_open)
            && (!is_america || north_america(&all[1..]));
    }
    match all[..] {
        [1, ref rest @ ..] if rest.len() == 10 => north_america(rest),
        [2..=9, _, _, 2..=9, ..] if all.len() == 10 => distinct > 2 && north_america(&all),
        _ => distinct > 2,
    }
}

fn north_america(digits: &[u32]) -> bool {
    const FICTION: u64 = 55_501;
    digits.len() == 10 && digits[0] > 1 && digits[3] > 1 && number(&digits[3..8]) != FICTION
}

#[cfg(test)]
mod tests {
    use super::super::assert_guards;
    use super::*;

    #[test]
    fn luhn_and_cards() {
        assert_guards(luhn, "79927398713");
        assert_guards(card, "4111 1111 1111 1111");
        for number in
            ["5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"]
        {
            assert!(card(number), "{number}");
        }
        assert!(!card("9111111111111111"));
        assert!(!card("0000000000000000"));
    }

    #[test]
    fn ibans_of_the_registry() {
        for iban_text in
            ["GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "NO9386011117947"]
        {
            assert_guards(iban, iban_text);
        }
        assert!(iban("MT84MALT011000012345MTLCAST001S"));
        assert!(!iban("ZZ89370400440532013000"));
    }

    #[test]
    fn addresses_of_machines() {
        for address in ["10.0.0.5", "192.168.1.17", "8.8.8.8", "93.184.216.34"] {
            assert!(ipv4(address), "{address}");
        }
        for address in
            ["127.0.0.1", "0.0.0.0", "255.255.255.0", "192.0.2.1", "1.2.3.400", "2.3.4.5"]
        {
            assert!(!ipv4(address), "{address}");
        }
        assert!(ipv6("2a00:1450:4001:81b::200e"));
        for address in ["::1", "::", "2001:db8::1", "a::b", "1:2"] {
            assert!(!ipv6(address), "{address}");
        }
    }

    #[test]
    fn dates_in_several_orders() {
        for text in ["1980-05-12", "12.05.1980", "05/31/80", "12 May 1980", "May 12, 1980"] {
            assert!(date(text), "{text}");
        }
        for text in ["1980-13-12", "32.05.1980", "31/31/80", "12.05.1780", "1980"] {
            assert!(!date(text), "{text}");
        }
    }

    #[test]
    fn telephone_numbers() {
        for text in
            ["+49 30 901820", "+1 (212) 664-7665", "030 901820", "+358 9 1234567", "0049 30 901820"]
        {
            assert!(phone(text), "{text}");
        }
        for text in [
            "+1 112 664 7665",
            "+1 212 555 0123",
            "+999",
            "000 123 4567",
            "123456",
            "+44 4444 4444",
            "1234567890123456",
        ] {
            assert!(!phone(text), "{text}");
        }
    }
}
