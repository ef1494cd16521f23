//! Identity numbers of the Nordic and Baltic countries.

use super::general::luhn_digits;
use super::{alphanumerics, digits, is_month_day, number, weighted};

/// Estonia and Lithuania, personal code: two rows of weights, modulo 11.
pub(super) fn baltic(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 11 || !is_month_day(number(&d[3..5]), number(&d[5..7])) {
        return false;
    }
    let first = weighted(&d[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(&d[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = if first < 10 { first } else { second % 10 };
    (1..=6).contains(&d[0]) && check == d[10]
}

/// Finland, henkilötunnus: the sign for date and individual number modulo 31.
pub(super) fn finland(value: &str) -> bool {
    const SIGNS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let chars = alphanumerics(value);
    // The sign of the century may be a letter.
    let has_letter = chars.len() == 11;
    let body: Vec<char> = chars
        .iter()
        .enumerate()
        .filter(|(at, _)| !(has_letter && *at == 6))
        .map(|(_, c)| *c)
        .collect();
    let d: Vec<u32> = body.iter().take(9).filter_map(|c| c.to_digit(10)).collect();
    if body.len() != 10 || d.len() != 9 || !is_month_day(number(&d[2..4]), number(&d[..2])) {
        return false;
    }
    char::from(SIGNS[(number(&d) % 31) as usize]) == body[9]
}

/// Norway, birth number: two check digits, each modulo 11.
pub(super) fn norway(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 11 || !is_month_day(number(&d[2..4]) % 40, number(&d[..2]) % 40) {
        return false;
    }
    let first = weighted(&d[..10], &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    first.is_multiple_of(11) && second.is_multiple_of(11)
}

/// Sweden, personal number: Luhn's formula over the last ten digits, and a date.
pub(super) fn sweden(value: &str) -> bool {
    let d = digits(value);
    if !matches!(d.len(), 10 | 12) {
        return false;
    }
    let short = &d[d.len() - 10..];
    let day = number(&short[4..6]);
    let is_date = is_month_day(number(&short[2..4]), if day > 60 { day - 60 } else { day });
    is_date && luhn_digits(short)
}

#[cfg(test)]
mod tests {
    use super::super::assert_guards;
    use super::*;

    /// Numbers of official notices or of the documentation of python-stdnum.
    #[test]
    fn published_numbers_pass_and_changed_ones_do_not() {
        assert_guards(baltic, "36805280109");
        assert_guards(baltic, "38703181745");
        assert_guards(finland, "131052-308T");
        assert_guards(norway, "15108695088");
        assert_guards(sweden, "811228-9874");
        assert!(sweden("19811228-9874"));
        assert!(!finland("131052-308U"));
    }
}
