//! Numbers of the Americas.

use super::general::luhn_digits;
use super::{alphanumerics, digits, number, weighted};

/// A check digit of Brazil: modulo 11, where 10 and 11 become 0.
fn brazil_digit(digits: &[u32], weights: &[u32]) -> u32 {
    let rest = weighted(digits, weights) % 11;
    if rest < 2 { 0 } else { 11 - rest }
}

/// Brazil, CPF of a person.
pub(super) fn brazil_cpf(value: &str) -> bool {
    let d = digits(value);
    d.len() == 11
        && d.iter().any(|digit| *digit != d[0])
        && brazil_digit(&d[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) == d[9]
        && brazil_digit(&d[..10], &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == d[10]
}

/// Brazil, CNPJ of a company.
pub(super) fn brazil_cnpj(value: &str) -> bool {
    let d = digits(value);
    d.len() == 14
        && d.iter().any(|digit| *digit != d[0])
        && brazil_digit(&d[..12], &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == d[12]
        && brazil_digit(&d[..13], &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == d[13]
}

/// Mexico, CURP: places weighted 18 to 2, modulo 10, in an alphabet with Ñ.
pub(super) fn mexico(value: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";
    let chars = alphanumerics(value);
    if chars.len() != 18 {
        return false;
    }
    let mut sum = 0;
    for (at, c) in chars[..17].iter().enumerate() {
        let Some(place) = ALPHABET.chars().position(|known| known == *c) else { return false };
        sum += place * (18 - at);
    }
    chars[17].to_digit(10) == Some(((10 - sum % 10) % 10) as u32)
}

/// United States, routing number of a bank: weights 3, 7, 1, divisible by 10, and a prefix in use.
pub(super) fn us_routing(value: &str) -> bool {
    let d = digits(value);
    d.len() == 9
        && matches!(number(&d[..2]), 1..=12 | 21..=32 | 61..=72)
        && weighted(&d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// United States, national provider identifier: Luhn's formula after the prefix 80840.
pub(super) fn us_npi(value: &str) -> bool {
    let d = digits(value);
    let full = [&[8, 0, 8, 4, 0], &d[..]].concat();
    d.len() == 10 && matches!(d[0], 1 | 2) && luhn_digits(&full)
}

/// United States, social security: no check digit, but ranges that are never issued.
pub(super) fn us_ssn(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 9 {
        return false;
    }
    let (area, group, serial) = (number(&d[..3]), number(&d[3..5]), number(&d[5..]));
    let is_published = matches!(number(&d), 78_051_120 | 219_099_999 | 123_456_789);
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && !is_published
}

#[cfg(test)]
mod tests {
    use super::super::assert_guards;
    use super::*;

    /// Numbers of official notices or of the documentation of python-stdnum.
    #[test]
    fn published_numbers_pass_and_changed_ones_do_not() {
        // Where a check digit is 0, some changes of one digit pass.
        assert!(brazil_cpf("390.533.447-05"));
        for wrong in ["390.533.447-06", "390.533.447-15", "391.533.447-05", "111.111.111-11"] {
            assert!(!brazil_cpf(wrong), "{wrong}");
        }
        assert_guards(brazil_cnpj, "16.727.230/0001-97");
        // A change by 5 at an even weight passes.
        assert!(mexico("BOXW310820HNERXN09"));
        for wrong in ["BOXW310820HNERXN08", "BOXW310821HNERXN09", "BOXV310820HNERXN09", ""] {
            assert!(!mexico(wrong), "{wrong}");
        }
        assert_guards(us_routing, "111000025");
        assert_guards(us_npi, "1234567893");
        assert!(us_ssn("536-90-4399"));
        for never in ["000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000"] {
            assert!(!us_ssn(never), "{never}");
        }
    }
}
