//! The core deterministic encoding of CBOR (RFC 8949 §4.2.1): a check before decoding, and a
//! writer.
//!
//! The check walks the bytes once without allocating and bounds nesting, so that the decoder behind
//! it never meets a length or a depth that the input does not pay for.

use coset::cbor::{self, Value};

/// Deepest nesting of arrays, maps and tags that is read.
pub const DEPTH_MAX: usize = 8;

pub(super) const UNSIGNED: u8 = 0;
pub(super) const NEGATIVE: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// Why bytes are not one CBOR item in the deterministic encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The item ends before its head says it does.
    #[error("the CBOR item is cut short")]
    Truncated,
    /// Bytes follow the item.
    #[error("{found} bytes follow the CBOR item")]
    TrailingBytes {
        /// Bytes after the item.
        found: usize,
    },
    /// Arrays, maps and tags are nested deeper than any structure read here.
    #[error("the CBOR item is nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest nesting accepted.
        limit: usize,
    },
    /// An integer, length or tag number is not in its shortest form.
    #[error("a CBOR integer or length is not in its shortest form")]
    NotShortest,
    /// A string, array or map has no definite length.
    #[error("a CBOR string, array or map has an indefinite length")]
    IndefiniteLength,
    /// Map keys are not in bytewise order of their encodings.
    #[error("the keys of a CBOR map are not in deterministic order")]
    KeyOrder,
    /// A map has the same key twice.
    #[error("a CBOR map has the same key twice")]
    DuplicateKey,
    /// A text string is not UTF-8.
    #[error("a CBOR text string is not UTF-8")]
    NotUtf8,
    /// A float, a big integer, a reserved head or a simple value other than false, true and null.
    #[error("the CBOR item holds a kind of value that is not used here")]
    Unsupported,
}

/// Length in bytes of the deterministic item at the start of `bytes`; more may follow it.
///
/// # Errors
/// See [`CborError`]; never [`CborError::TrailingBytes`].
pub fn item_length(bytes: &[u8]) -> Result<usize, CborError> {
    item_end(bytes, 0, 0)
}

/// Checks that `bytes` are one deterministic item and nothing else.
///
/// # Errors
/// See [`CborError`].
pub fn check(bytes: &[u8]) -> Result<(), CborError> {
    match bytes.len() - item_length(bytes)? {
        0 => Ok(()),
        found => Err(CborError::TrailingBytes { found }),
    }
}

/// Decodes one deterministic item.
///
/// # Errors
/// See [`CborError`].
pub fn decode(bytes: &[u8]) -> Result<Value, CborError> {
    check(bytes)?;
    cbor::de::from_reader(bytes).map_err(|_| CborError::Unsupported)
}

/// Offset of the end of the item at `start`, which lies under `depth` arrays, maps and tags.
fn item_end(bytes: &[u8], start: usize, depth: usize) -> Result<usize, CborError> {
    let (major, argument, at) = head(bytes, start)?;
    if matches!(major, ARRAY | MAP | TAG) && depth >= DEPTH_MAX {
        return Err(CborError::TooDeep { limit: DEPTH_MAX });
    }
    match major {
        UNSIGNED | NEGATIVE | SIMPLE => Ok(at),
        BYTES | TEXT => {
            let length = usize::try_from(argument).map_err(|_| CborError::Truncated)?;
            let end = at.checked_add(length).ok_or(CborError::Truncated)?;
            let content = bytes.get(at..end).ok_or(CborError::Truncated)?;
            if major == TEXT && std::str::from_utf8(content).is_err() {
                return Err(CborError::NotUtf8);
            }
            Ok(end)
        }
        ARRAY => (0..argument).try_fold(at, |at, _| item_end(bytes, at, depth + 1)),
        MAP => map_end(bytes, argument, at, depth + 1),
        // The decoder would read tags 2 and 3 as integers: a second encoding of the same value.
        TAG if matches!(argument, 2 | 3) => Err(CborError::Unsupported),
        _ => item_end(bytes, at, depth + 1),
    }
}

fn map_end(bytes: &[u8], pairs: u64, start: usize, depth: usize) -> Result<usize, CborError> {
    let mut at = start;
    let mut previous: Option<&[u8]> = None;
    for _ in 0..pairs {
        let key_end = item_end(bytes, at, depth)?;
        let key = &bytes[at..key_end];
        match previous.map(|previous| previous.cmp(key)) {
            None | Some(std::cmp::Ordering::Less) => {}
            Some(std::cmp::Ordering::Equal) => return Err(CborError::DuplicateKey),
            Some(std::cmp::Ordering::Greater) => return Err(CborError::KeyOrder),
        }
        previous = Some(key);
        at = item_end(bytes, key_end, depth)?;
    }
    Ok(at)
}

/// Major type, argument, and offset of what follows the head at `start`.
pub(super) fn head(bytes: &[u8], start: usize) -> Result<(u8, u64, usize), CborError> {
    let initial = *bytes.get(start).ok_or(CborError::Truncated)?;
    let (major, info) = (initial >> 5, initial & 0x1f);
    let at = start + 1;
    if major == SIMPLE {
        return match info {
            20..=22 => Ok((major, u64::from(info), at)),
            _ => Err(CborError::Unsupported),
        };
    }
    let (width, smallest) = match info {
        0..=23 => return Ok((major, u64::from(info), at)),
        24 => (1, 24),
        25 => (2, 1 << 8),
        26 => (4, 1 << 16),
        27 => (8, 1 << 32),
        31 if matches!(major, BYTES | TEXT | ARRAY | MAP) => {
            return Err(CborError::IndefiniteLength);
        }
        _ => return Err(CborError::Unsupported),
    };
    let digits = bytes.get(at..at + width).ok_or(CborError::Truncated)?;
    let argument = digits.iter().fold(0, |value, digit| value << 8 | u64::from(*digit));
    if argument < smallest {
        return Err(CborError::NotShortest);
    }
    Ok((major, argument, at + width))
}

/// Appends a head in its shortest form.
#[allow(clippy::cast_possible_truncation)] // Each arm bounds the argument first.
fn put_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend([major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

/// Appends an unsigned integer.
pub(crate) fn put_uint(out: &mut Vec<u8>, value: u64) {
    put_head(out, UNSIGNED, value);
}

/// Appends a signed integer.
pub(crate) fn put_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        put_head(out, NEGATIVE, !value.cast_unsigned());
        return;
    }
    put_head(out, UNSIGNED, value.cast_unsigned());
}

/// Appends a byte string.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a text string.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends the head of an array; the caller appends the items.
pub(crate) fn put_array(out: &mut Vec<u8>, items: usize) {
    put_head(out, ARRAY, items as u64);
}

/// Appends the head of a map; the caller appends the pairs in the order of their encoded keys.
pub(crate) fn put_map(out: &mut Vec<u8>, pairs: usize) {
    put_head(out, MAP, pairs as u64);
}

/// Appends the number of a tag; the caller appends the content.
pub(crate) fn put_tag(out: &mut Vec<u8>, tag: u64) {
    put_head(out, TAG, tag);
}

/// Appends the null value.
pub(crate) fn put_null(out: &mut Vec<u8>) {
    out.push(SIMPLE << 5 | 22);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    }

    /// Deterministic examples of RFC 8949 Appendix A.
    #[test]
    fn accepts_the_deterministic_examples() {
        for hex in [
            "00",
            "17",
            "1818",
            "18ff",
            "190100",
            "1a000f4240",
            "1b000000e8d4a51000",
            "1bffffffffffffffff",
            "20",
            "3863",
            "3bffffffffffffffff",
            "40",
            "4401020304",
            "60",
            "62c3bc",
            "80",
            "8301820203820405",
            "a0",
            "a201020304",
            "a26161016162820203",
            "d74401020304",
            "f4",
            "f5",
            "f6",
        ] {
            assert_eq!(check(&bytes(hex)), Ok(()), "{hex}");
        }
        // RFC 8949 §4.2.1: 10, 100, -1, "z", "aa", [100], [-1], false.
        assert_eq!(check(&bytes("a80a001864002000617a006261610081186400812000f400")), Ok(()));
    }

    #[test]
    fn refuses_each_departure_from_the_deterministic_encoding() {
        for (hex, error) in [
            ("", CborError::Truncated),
            ("18", CborError::Truncated),
            ("4401", CborError::Truncated),
            ("8201", CborError::Truncated),
            ("a101", CborError::Truncated),
            ("9bffffffffffffffff", CborError::Truncated),
            ("5bffffffffffffffff", CborError::Truncated),
            ("0000", CborError::TrailingBytes { found: 1 }),
            ("1817", CborError::NotShortest),
            ("1900ff", CborError::NotShortest),
            ("1a0000ffff", CborError::NotShortest),
            ("1b00000000ffffffff", CborError::NotShortest),
            ("580100", CborError::NotShortest),
            ("d81240", CborError::NotShortest),
            ("5f4100ff", CborError::IndefiniteLength),
            ("7f6161ff", CborError::IndefiniteLength),
            ("9fff", CborError::IndefiniteLength),
            ("bfff", CborError::IndefiniteLength),
            ("a202000100", CborError::KeyOrder),
            // Length-first order (RFC 7049) is not the order of RFC 8949.
            ("a3200018640061610000", CborError::KeyOrder),
            ("a201000100", CborError::DuplicateKey),
            ("61ff", CborError::NotUtf8),
            ("f7", CborError::Unsupported),
            ("f90000", CborError::Unsupported),
            ("1c", CborError::Unsupported),
            ("1f", CborError::Unsupported),
            ("c24101", CborError::Unsupported),
            ("c34107", CborError::Unsupported),
        ] {
            assert_eq!(check(&bytes(hex)), Err(error), "{hex}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| [vec![0x81; levels], vec![0x00]].concat();
        assert_eq!(check(&nested(DEPTH_MAX)), Ok(()));
        let error = Err(CborError::TooDeep { limit: DEPTH_MAX });
        assert_eq!(check(&nested(DEPTH_MAX + 1)), error);
        assert_eq!(check(&nested(1 << 20)), error);
    }

    #[test]
    fn the_first_item_of_a_sequence_is_measured() {
        assert_eq!(item_length(&bytes("82010203")), Ok(3));
        assert_eq!(item_length(&[]), Err(CborError::Truncated));
    }

    proptest! {
        #[test]
        fn whatever_passes_the_check_decodes_and_encodes_back(input: Vec<u8>) {
            if let Ok(value) = decode(&input) {
                let mut again = Vec::new();
                cbor::ser::into_writer(&value, &mut again).unwrap();
                prop_assert_eq!(again, input);
            }
        }

        #[test]
        fn integers_are_written_as_they_are_read(value: i64) {
            let mut out = Vec::new();
            put_int(&mut out, value);
            prop_assert_eq!(decode(&out), Ok(Value::from(value)));
        }
    }
}
