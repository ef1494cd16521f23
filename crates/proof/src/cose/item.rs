//! Items of deterministic CBOR (RFC 8949 §4.2.1), borrowed from the bytes that they are read from.
//!
//! A statement holds a few hundred bytes in a dozen items, and verifiers read thousands a second:
//! strings are not copied, and what is not deterministic is refused in the same pass.

use super::cbor::{ARRAY, BYTES, CborError, DEPTH_MAX, MAP, NEGATIVE, TAG, TEXT, UNSIGNED, head};

/// Most items that an array or a map makes room for before it has them.
const RESERVED_MAX: usize = 24;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// An integer, within the 65 bits that CBOR gives it.
    Integer(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Item<'a>>),
    /// In the order of the encodings of the keys, none twice.
    Map(Vec<(Item<'a>, Item<'a>)>),
    Tag(u64, Box<Item<'a>>),
    Bool(bool),
    Null,
}

impl<'a> Item<'a> {
    /// Reads one deterministic item and nothing else. Memory grows with the items read, hardly with
    /// the lengths that heads announce.
    ///
    /// # Errors
    /// See [`CborError`].
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, CborError> {
        let (item, end) = item_at(bytes, 0, 0)?;
        match bytes.len() - end {
            0 => Ok(item),
            found => Err(CborError::TrailingBytes { found }),
        }
    }

    /// The integer, if it is one that fits.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The integer, if it is one and not negative.
    pub(crate) fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Integer(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }
}

/// The item at `start`, which lies under `depth` arrays, maps and tags, and the offset of its end.
fn item_at(bytes: &[u8], start: usize, depth: usize) -> Result<(Item<'_>, usize), CborError> {
    let (major, argument, at) = head(bytes, start)?;
    if matches!(major, ARRAY | MAP | TAG) && depth >= DEPTH_MAX {
        return Err(CborError::TooDeep { limit: DEPTH_MAX });
    }
    match major {
        UNSIGNED => Ok((Item::Integer(argument.into()), at)),
        NEGATIVE => Ok((Item::Integer(-1 - i128::from(argument)), at)),
        BYTES | TEXT => {
            let length = usize::try_from(argument).map_err(|_| CborError::Truncated)?;
            let end = at.checked_add(length).ok_or(CborError::Truncated)?;
            let content = bytes.get(at..end).ok_or(CborError::Truncated)?;
            if major == BYTES {
                return Ok((Item::Bytes(content), end));
            }
            let text = std::str::from_utf8(content).map_err(|_| CborError::NotUtf8)?;
            Ok((Item::Text(text), end))
        }
        ARRAY => array_at(bytes, argument, at, depth + 1),
        MAP => map_at(bytes, argument, at, depth + 1),
        // Bignums: a second encoding of what may be an integer.
        TAG if matches!(argument, 2 | 3) => Err(CborError::Unsupported),
        TAG => {
            let (content, end) = item_at(bytes, at, depth + 1)?;
            Ok((Item::Tag(argument, Box::new(content)), end))
        }
        // The head knows no other simple values than these.
        _ => Ok((simple(argument), at)),
    }
}

const fn simple<'a>(argument: u64) -> Item<'a> {
    match argument {
        20 => Item::Bool(false),
        21 => Item::Bool(true),
        _ => Item::Null,
    }
}

/// Room for so many items, if they are few; more are believed when they are there.
fn reserve(announced: u64) -> usize {
    usize::try_from(announced).map_or(RESERVED_MAX, |items| items.min(RESERVED_MAX))
}

fn array_at(
    bytes: &[u8],
    items: u64,
    start: usize,
    depth: usize,
) -> Result<(Item<'_>, usize), CborError> {
    let mut at = start;
    let mut array = Vec::with_capacity(reserve(items));
    for _ in 0..items {
        let (item, end) = item_at(bytes, at, depth)?;
        array.push(item);
        at = end;
    }
    Ok((Item::Array(array), at))
}

fn map_at(
    bytes: &[u8],
    pairs: u64,
    start: usize,
    depth: usize,
) -> Result<(Item<'_>, usize), CborError> {
    let mut at = start;
    let mut map = Vec::with_capacity(reserve(pairs));
    let mut previous: Option<&[u8]> = None;
    for _ in 0..pairs {
        let (key, key_end) = item_at(bytes, at, depth)?;
        let encoded = &bytes[at..key_end];
        match previous.map(|previous| previous.cmp(encoded)) {
            None | Some(std::cmp::Ordering::Less) => {}
            Some(std::cmp::Ordering::Equal) => return Err(CborError::DuplicateKey),
            Some(std::cmp::Ordering::Greater) => return Err(CborError::KeyOrder),
        }
        previous = Some(encoded);
        let (value, end) = item_at(bytes, key_end, depth)?;
        map.push((key, value));
        at = end;
    }
    Ok((Item::Map(map), at))
}

#[cfg(test)]
mod tests {
    use coset::cbor::Value;
    use proptest::prelude::*;

    use super::*;
    use crate::cose::{cbor, testing::encode};

    /// The same item as another library holds it.
    fn theirs(item: &Item<'_>) -> Value {
        match item {
            Item::Integer(value) => Value::Integer((*value).try_into().unwrap()),
            Item::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Item::Text(text) => Value::Text((*text).to_owned()),
            Item::Array(items) => Value::Array(items.iter().map(theirs).collect()),
            Item::Map(pairs) => {
                Value::Map(pairs.iter().map(|(key, value)| (theirs(key), theirs(value))).collect())
            }
            Item::Tag(tag, content) => Value::Tag(*tag, Box::new(theirs(content))),
            Item::Bool(value) => Value::Bool(*value),
            Item::Null => Value::Null,
        }
    }

    /// Items as another library writes them; maps come in any order, some of them refused.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<Vec<u8>>().prop_map(Value::Bytes),
            any::<String>().prop_map(Value::Text),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null),
            any::<f64>().prop_map(Value::Float),
        ];
        leaf.prop_recursive(10, 60, 4, |inner| {
            let pair = (inner.clone(), inner.clone());
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                proptest::collection::vec(pair, 0..4).prop_map(Value::Map),
                (0..30_u64, inner).prop_map(|(tag, value)| Value::Tag(tag, Box::new(value))),
            ]
        })
    }

    fn agree(bytes: &[u8]) {
        let read = Item::read(bytes);
        assert_eq!(read.as_ref().err(), cbor::check(bytes).as_ref().err());
        if let Ok(item) = read {
            assert_eq!(Ok(theirs(&item)), cbor::decode(bytes));
        }
    }

    #[test]
    fn each_kind_is_read() {
        let bytes = [
            0xd8, 0x20, 0x88, 0x18, 0x20, 0x3b, 255, 255, 255, 255, 255, 255, 255, 255, 0x41, 7,
            0x61, b'x', 0xf4, 0xf5, 0xf6, 0xa1, 0x20, 0x80,
        ];
        let map = Item::Map(vec![(Item::Integer(-1), Item::Array(Vec::new()))]);
        let items = vec![
            Item::Integer(32),
            Item::Integer(-(1 << 64)),
            Item::Bytes(&[7]),
            Item::Text("x"),
            Item::Bool(false),
            Item::Bool(true),
            Item::Null,
            map,
        ];
        let array = Item::Tag(32, Box::new(Item::Array(items)));
        assert_eq!(Item::read(&bytes), Ok(array));
        agree(&bytes);
        assert_eq!((Item::Integer(-1).integer(), Item::Integer(-1).unsigned()), (Some(-1), None));
        let largest = Item::Integer(u64::MAX.into());
        assert_eq!((largest.integer(), largest.unsigned()), (None, Some(u64::MAX)));
        assert_eq!((Item::Null.integer(), Item::Null.unsigned()), (None, None));
    }

    #[test]
    fn announced_lengths_are_not_believed() {
        assert_eq!((reserve(3), reserve(u64::MAX)), (3, RESERVED_MAX));
        for head in [0x9b, 0xbb, 0x5b, 0x7b] {
            let bytes = [head, 0x7f, 255, 255, 255, 255, 255, 255, 255];
            assert_eq!(Item::read(&bytes), Err(CborError::Truncated));
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_check_and_with_another_library(bytes: Vec<u8>) {
            agree(&bytes);
        }

        #[test]
        fn it_agrees_about_what_another_library_writes(value in values(), cut in 0..64_usize) {
            let bytes = encode(&value);
            agree(&bytes);
            agree(&bytes[..bytes.len().saturating_sub(cut)]);
        }
    }
}
