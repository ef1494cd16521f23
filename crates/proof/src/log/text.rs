//! Numbers and hashes as C2SP texts write them: one way only.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::hash::{HASH_BYTES, Hash};

/// A decimal number without sign or leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = canonical && text.bytes().all(|digit| digit.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Standard base64 with padding and no stray bits (RFC 4648 §4).
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn hash_from_base64(text: &str) -> Option<Hash> {
    // The decoder wants room for what the padding might have been.
    let mut bytes = [0; HASH_BYTES + 1];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    Hash::from_slice(&bytes[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        let largest = u64::MAX.to_string();
        for (text, number) in [("0", 0), ("7", 7), ("1764000000", 1_764_000_000)] {
            assert_eq!(decimal(text), Some(number));
        }
        assert_eq!(decimal(&largest), Some(u64::MAX));
        for bad in ["", "00", "07", "+7", "-7", " 7", "7 ", "0x7", "٣", "18446744073709551616"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64_has_one_form() {
        assert_eq!(from_base64("AQID/w=="), Some(vec![1, 2, 3, 255]));
        assert_eq!(to_base64(&[1, 2, 3, 255]), "AQID/w==");
        for bad in ["AQID/w", "AQID/x==", "AQID_w==", "AQID/w==\n", " AQID/w==", "AQID/w==="] {
            assert_eq!(from_base64(bad), None, "{bad}");
        }
        for length in 0..40 {
            let bytes = vec![7; length];
            assert_eq!(hash_from_base64(&to_base64(&bytes)), Hash::from_slice(&bytes));
        }
    }
}
