//! Places where digits stand close to each other.

use crate::skim;

/// Digits close to each other that make a place worth a look.
const DIGITS_MIN: usize = 6;

/// Bytes between two digits of one place.
const GAP_BYTES: usize = 3;

/// Bytes before and after the digits that belong to the place.
const MARGIN_BYTES: (usize, usize) = (24, 28);

/// Places with at least six digits close to each other, or with the form of an address of four
/// numbers; merged where they meet.
pub(crate) fn digit_windows(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut windows: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(skip) = skim::position(&bytes[at..], |byte| byte.is_ascii_digit()) {
        let start = at + skip;
        let (mut last, mut digits, mut dots) = (start, 0, 0);
        let mut next = start;
        while next < bytes.len() && next - last <= GAP_BYTES + 1 {
            match bytes[next] {
                b'0'..=b'9' => {
                    last = next;
                    digits += 1;
                }
                b'.' => dots += 1,
                b'\n' | b'"' | b'<' | b'>' | b'=' | b'{' | b'}' | b'[' | b']' | b';' => break,
                _ => {}
            }
            next += 1;
        }
        if digits >= DIGITS_MIN || (digits >= 4 && dots >= 3) {
            let (before, after) = MARGIN_BYTES;
            let window = (start.saturating_sub(before), (last + 1 + after).min(bytes.len()));
            match windows.last_mut() {
                Some(open) if window.0 <= open.1 => open.1 = window.1,
                _ => windows.push(window),
            }
        }
        at = next.max(last + 1);
        if at >= bytes.len() {
            break;
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_stand_together_make_a_place() {
        let windows = |text: &str| digit_windows(text.as_bytes());
        assert_eq!(windows("in 2024 there were 12 of them"), []);
        assert_eq!(windows("10.0.0.5"), [(0, 8)]);
        assert_eq!(windows("v1.2.3"), []);
        assert_eq!(windows("AB 12 34 56 C"), [(0, 13)]);
        let text = format!("{}123456{}", " ".repeat(100), " ".repeat(100));
        assert_eq!(windows(&text), [(76, 134)]);
        assert_eq!(windows("123\n456"), []);
    }
}
