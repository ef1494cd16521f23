//! Identity numbers of countries in Asia, Australia and Africa.

use super::general::luhn_digits;
use super::{alphanumerics, digits, is_month_day, number, weighted};

/// Australia, tax file number of nine digits: divisible by 11.
pub(super) fn australia(value: &str) -> bool {
    let d = digits(value);
    d.len() == 9
        && number(&d) != 0
        && weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// China, resident number: ISO/IEC 7064 MOD 11-2 (GB 11643).
pub(super) fn china(value: &str) -> bool {
    let chars = alphanumerics(value);
    let d: Vec<u32> = chars.iter().take(17).filter_map(|c| c.to_digit(10)).collect();
    if chars.len() != 18 || d.len() != 17 || !is_month_day(number(&d[10..12]), number(&d[12..14])) {
        return false;
    }
    let sum = weighted(&d, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    chars[17] == char::from(b"10X98765432"[(sum % 11) as usize])
}

/// Israel, identity number: Luhn's formula over nine digits.
pub(super) fn israel(value: &str) -> bool {
    let d = digits(value);
    d.len() == 9 && number(&d) != 0 && luhn_digits(&d)
}

/// India, Aadhaar: Verhoeff's formula; the first digit is 2 to 9.
pub(super) fn india(value: &str) -> bool {
    let d = digits(value);
    d.len() == 12 && d[0] > 1 && verhoeff(&d)
}

/// Verhoeff's formula, in the dihedral group of order ten.
fn verhoeff(digits: &[u32]) -> bool {
    const SHIFT: [[u32; 10]; 2] = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]];
    let multiply = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let result = digits.iter().rev().enumerate().fold(0, |check, (at, digit)| {
        let shifted = (0..at % 8).fold(*digit, |digit, _| SHIFT[1][digit as usize]);
        multiply(check, shifted)
    });
    result == SHIFT[0][0]
}

/// Japan, My Number: weights 6 to 2 and 7 to 2, modulo 11.
pub(super) fn japan(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 12 || number(&d) == 0 {
        return false;
    }
    let rest = weighted(&d[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    (if rest < 2 { 0 } else { 11 - rest }) == d[11]
}

/// Korea, resident number: weights 2 to 9 and 2 to 5, modulo 11.
pub(super) fn korea(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 13 || !is_month_day(number(&d[2..4]), number(&d[4..6])) {
        return false;
    }
    let sum = weighted(&d[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    (11 - sum % 11) % 10 == d[12]
}

/// Singapore, NRIC and FIN: weights 2, 7 to 2, an offset and a row of letters by the first letter.
pub(super) fn singapore(value: &str) -> bool {
    let chars = alphanumerics(value);
    let d: Vec<u32> = chars.iter().skip(1).take(7).filter_map(|c| c.to_digit(10)).collect();
    if chars.len() != 9 || d.len() != 7 {
        return false;
    }
    let (offset, letters) = match chars[0] {
        'S' => (0, b"JZIHGFEDCBA"),
        'T' => (4, b"JZIHGFEDCBA"),
        'F' => (0, b"XWUTRQPNMLK"),
        'G' => (4, b"XWUTRQPNMLK"),
        'M' => (3, b"KLJNPQRTUWX"),
        _ => return false,
    };
    let sum = (weighted(&d, &[2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
    let at = if chars[0] == 'M' { 10 - sum } else { sum };
    chars[8] == char::from(letters[at as usize])
}

/// South Africa, identity number: a date and Luhn's formula.
pub(super) fn south_africa(value: &str) -> bool {
    let d = digits(value);
    d.len() == 13
        && is_month_day(number(&d[2..4]), number(&d[4..6]))
        && d[10] < 2
        && luhn_digits(&d)
}

#[cfg(test)]
mod tests {
    use super::super::assert_guards;
    use super::*;

    /// Numbers of official notices or of the documentation of python-stdnum.
    #[test]
    fn published_numbers_pass_and_changed_ones_do_not() {
        assert_guards(australia, "123 456 782");
        assert_guards(china, "11010519491231002X");
        assert_guards(israel, "039337423");
        assert_guards(india, "2341 2341 2346");
        assert_guards(japan, "6214 9832 0257");
        assert_guards(korea, "971013-9019902");
        assert_guards(singapore, "S1234567D");
        assert_guards(south_africa, "7503305044089");
        assert!(!singapore("S1234567A"));
        assert!(!china("110105194912310021"));
    }

    #[test]
    fn verhoeff_as_in_its_description() {
        assert!(verhoeff(&[2, 3, 6, 3]));
        assert!(!verhoeff(&[2, 3, 6, 4]));
        assert!(!verhoeff(&[3, 2, 6, 3]));
    }
}
