//! Identity numbers of European countries and Turkey.

use super::{alphanumerics, digits, is_month_day, number, weighted};

/// Austria, social security: the fourth digit is the weighted sum of the others modulo 11.
pub(super) fn austria(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 10 || d[0] == 0 {
        return false;
    }
    weighted(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == d[3]
}

/// Belgium, national number: 97 less the first nine digits modulo 97, with a 2 before them for
/// births from 2000.
pub(super) fn belgium(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 11 || !is_month_day(number(&d[2..4]) % 20, number(&d[4..6])) {
        return false;
    }
    let (body, check) = (number(&d[..9]), number(&d[9..]));
    97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check
}

/// Switzerland, AHV number: country code 756 and the check digit of EAN-13.
pub(super) fn switzerland(value: &str) -> bool {
    let d = digits(value);
    let weights = [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1];
    d.len() == 13 && d[..3] == [7, 5, 6] && weighted(&d, &weights).is_multiple_of(10)
}

/// Czechia and Slovakia, birth number of ten digits: divisible by 11.
pub(super) fn czechia(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 10 {
        return false;
    }
    let (month, day) = (number(&d[2..4]) % 50, number(&d[4..6]));
    (is_month_day(month, day) || is_month_day(month.wrapping_sub(20), day))
        && number(&d).is_multiple_of(11)
}

/// Germany, tax id: ISO/IEC 7064 MOD 11,10, no zero first, and among the first ten digits exactly
/// one that stands two or three times.
pub(super) fn germany(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 11 || d[0] == 0 {
        return false;
    }
    let counts: Vec<usize> =
        (0..10).map(|digit| d[..10].iter().filter(|d| **d == digit).count()).collect();
    let repeated = counts.iter().filter(|count| **count > 1).count();
    let is_shaped = repeated == 1 && counts.iter().all(|count| *count < 4);
    let product = d[..10].iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    is_shaped && (11 - product) % 10 == d[10]
}

/// Spain, DNI and NIE: the letter for the number modulo 23.
pub(super) fn spain(value: &str) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let chars = alphanumerics(value);
    let [first, middle @ .., letter] = &chars[..] else { return false };
    let leading = match first {
        'X' => 0,
        'Y' => 1,
        'Z' => 2,
        c => c.to_digit(10).unwrap_or(10),
    };
    let rest: Vec<u32> = middle.iter().filter_map(|c| c.to_digit(10)).collect();
    if leading > 9 || rest.len() != 7 || middle.len() != 7 {
        return false;
    }
    let body = u64::from(leading) * 10_000_000 + number(&rest);
    char::from(LETTERS[(body % 23) as usize]) == *letter
}

/// France, NIR: 97 less the first thirteen digits modulo 97, where 2A and 2B count as 19 and 18.
pub(super) fn france(value: &str) -> bool {
    let text: String = alphanumerics(value).into_iter().collect();
    if text.len() != 15 {
        return false;
    }
    let text = match &text[5..7] {
        "2A" => format!("{}19{}", &text[..5], &text[7..]),
        "2B" => format!("{}18{}", &text[..5], &text[7..]),
        _ => text,
    };
    let d = digits(&text);
    let is_month = |month| matches!(month, 1..=12 | 20 | 30..=42 | 50..=99);
    d.len() == 15
        && matches!(d[0], 1..=4 | 7 | 8)
        && is_month(number(&d[3..5]))
        && 97 - number(&d[..13]) % 97 == number(&d[13..])
}

/// United Kingdom, NHS number: weights 10 to 2, modulo 11.
pub(super) fn britain_nhs(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 10 || d.iter().all(|digit| *digit == d[0]) {
        return false;
    }
    let check = 11 - weighted(&d[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    check % 11 == d[9]
}

/// Ireland, PPS number: weights 8 to 2 and 9 for a second letter, modulo 23.
pub(super) fn ireland(value: &str) -> bool {
    let chars = alphanumerics(value);
    let d: Vec<u32> = chars.iter().take(7).filter_map(|c| c.to_digit(10)).collect();
    let letter = |c: char| if c == 'W' { Some(0) } else { c.to_digit(36)?.checked_sub(9) };
    if d.len() != 7 || !matches!(chars.len(), 8 | 9) {
        return false;
    }
    let second = chars.get(8).map_or(Some(0), |c| letter(*c));
    let (Some(check), Some(second)) = (letter(chars[7]), second) else { return false };
    (weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) + 9 * second) % 23 == check % 23
}

/// Italy, codice fiscale: values of odd and even places modulo 26 (decree of 23 December 1976).
pub(super) fn italy(value: &str) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let chars = alphanumerics(value);
    if chars.len() != 16 {
        return false;
    }
    let values: Option<Vec<u32>> =
        chars.iter().map(|c| c.to_digit(36).map(|v| if v < 10 { v } else { v - 10 })).collect();
    let Some(values) = values else { return false };
    let sum: u32 = values[..15]
        .iter()
        .enumerate()
        .map(|(at, v)| if at % 2 == 0 { ODD[*v as usize] } else { *v })
        .sum();
    chars[15].is_ascii_uppercase() && sum % 26 == values[15]
}

/// Netherlands, BSN: weights 9 to 2 and −1, divisible by 11.
pub(super) fn netherlands(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 9 || number(&d) == 0 {
        return false;
    }
    weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == d[8]
}

/// Poland, PESEL: weights 1, 3, 7, 9, modulo 10.
pub(super) fn poland(value: &str) -> bool {
    let d = digits(value);
    d.len() == 11
        && is_month_day(number(&d[2..4]) % 20, number(&d[4..6]))
        && weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Portugal, NIF: weights 9 to 2, modulo 11.
pub(super) fn portugal(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 9 || d[0] == 0 {
        return false;
    }
    let check = 11 - weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    (if check > 9 { 0 } else { check }) == d[8]
}

/// Romania, CNP: weights 279146358279, modulo 11, with 10 as 1.
pub(super) fn romania(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 13 || d[0] == 0 || !is_month_day(number(&d[3..5]), number(&d[5..7])) {
        return false;
    }
    let check = weighted(&d[..12], &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    (if check == 10 { 1 } else { check }) == d[12]
}

/// Turkey, identity number: sums of odd and even places give the last two digits.
pub(super) fn turkey(value: &str) -> bool {
    let d = digits(value);
    if d.len() != 11 || d[0] == 0 {
        return false;
    }
    let odd: u32 = d[..9].iter().step_by(2).sum();
    let even: u32 = d[1..8].iter().step_by(2).sum();
    let tenth = (odd * 7 + 100 - even) % 10;
    tenth == d[9] && d[..10].iter().sum::<u32>() % 10 == d[10]
}

#[cfg(test)]
mod tests {
    use super::super::assert_guards;
    use super::*;

    /// Numbers of official notices or of the documentation of python-stdnum.
    #[test]
    fn published_numbers_pass_and_changed_ones_do_not() {
        assert_guards(austria, "1237 010180");
        assert_guards(belgium, "85.07.30-033 28");
        assert_guards(switzerland, "756.9217.0769.85");
        assert_guards(czechia, "710319/2745");
        assert_guards(germany, "36 574 261 809");
        assert_guards(spain, "54362315K");
        assert_guards(spain, "X2482300W");
        assert_guards(france, "2 95 10 99 126 111 93");
        assert_guards(britain_nhs, "943 476 5919");
        assert_guards(ireland, "6433435F");
        assert_guards(italy, "RCCMNL83S18D969H");
        assert_guards(netherlands, "111222333");
        assert_guards(poland, "44051401359");
        assert_guards(portugal, "501964843");
        assert_guards(romania, "1630615123457");
        assert_guards(turkey, "17291716060");
    }

    #[test]
    fn letters_are_guarded_too() {
        assert!(!spain("54362315A"));
        assert!(!italy("RCCMNL83S18D969A"));
        assert!(!ireland("6433435G"));
        assert!(ireland("6433435OA") || !ireland("6433435FA"));
    }
}
