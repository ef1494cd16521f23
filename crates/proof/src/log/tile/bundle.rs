//! Entry bundles: up to 256 log entries, each behind its 16-bit length.

use std::fmt;

use super::path::{self, TilePathError};
use super::{TILE_WIDTH, width_at};
use crate::size::TreeSize;

/// Largest entry a bundle can carry: its length is a 16-bit number.
pub const MAX_BUNDLE_ENTRY_BYTES: usize = u16::MAX as usize;

/// Largest bundle possible.
pub const MAX_BUNDLE_BYTES: usize = TILE_WIDTH * (2 + MAX_BUNDLE_ENTRY_BYTES);

/// One entry bundle: which 256 entries, and how many of them are there, 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundleId {
    /// Zero-based index; the first entry is `index * 256`.
    pub index: u64,
    /// Number of entries; 256 is a full bundle.
    pub width: u16,
}

/// Why bytes are not an entry bundle, or entries do not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// More bytes than any bundle has.
    #[error("the bundle has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// [`MAX_BUNDLE_BYTES`].
        limit: usize,
    },
    /// Not 1 to 256 entries.
    #[error("a bundle has 1 to 256 entries, not {found}")]
    Width {
        /// Entries given or asked for.
        found: usize,
    },
    /// An entry's length does not fit 16 bits.
    #[error("entry {place} has {found} bytes, the limit is {limit}")]
    EntryTooLarge {
        /// Zero-based place in the bundle.
        place: usize,
        /// Bytes of the entry.
        found: usize,
        /// [`MAX_BUNDLE_ENTRY_BYTES`].
        limit: usize,
    },
    /// The bytes end within an entry.
    #[error("entry {place} is cut off: {found} bytes are left, it needs {required}")]
    Truncated {
        /// Zero-based place in the bundle.
        place: usize,
        /// Bytes left.
        found: usize,
        /// Bytes needed.
        required: usize,
    },
    /// Bytes follow the last entry.
    #[error("{found} bytes follow the last entry")]
    Trailing {
        /// Bytes left over.
        found: usize,
    },
}

impl EntryBundleId {
    /// The bundle at this place as a log of `size` entries has it; `None` where it has no entries.
    #[must_use]
    pub fn at(size: TreeSize, index: u64) -> Option<Self> {
        width_at(size.0, index).map(|width| Self { index, width })
    }

    /// Whether the bundle is full.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as usize == TILE_WIDTH
    }

    /// Whether a log of `size` entries holds all entries of this bundle.
    #[must_use]
    pub fn exists_at(&self, size: TreeSize) -> bool {
        self.width != 0 && Self::at(size, self.index).is_some_and(|own| self.width <= own.width)
    }

    /// Path under the log's prefix, such as `tile/entries/x001/234.p/56`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/entries/{}", path::encode_place(self.index, self.width))
    }

    /// Reads a path in exactly the form [`EntryBundleId::path`] writes.
    ///
    /// # Errors
    /// See [`TilePathError`].
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        let (index, width) = path::decode_place(path::strip(path, "tile/entries/")?)?;
        Ok(Self { index, width })
    }
}

impl fmt::Display for EntryBundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// All entry bundles of a log of `size` entries, in order.
pub fn bundles_of(size: TreeSize) -> impl Iterator<Item = EntryBundleId> {
    (0..size.0.div_ceil(TILE_WIDTH as u64)).filter_map(move |index| EntryBundleId::at(size, index))
}

/// Writes 1 to 256 entries, each behind its length in 16 bits, big-endian.
///
/// # Errors
/// [`BundleError::Width`], [`BundleError::EntryTooLarge`].
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    check_width(entries.len())?;
    let total = entries.iter().map(|entry| 2 + entry.as_ref().len()).sum();
    let mut bytes = Vec::with_capacity(total);
    for (place, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLarge {
            place,
            found: entry.len(),
            limit: MAX_BUNDLE_ENTRY_BYTES,
        })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads exactly `width` entries and nothing after them.
///
/// # Errors
/// See [`BundleError`].
pub fn parse_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    check_width(usize::from(width))?;
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(BundleError::TooLarge { found: bytes.len(), limit: MAX_BUNDLE_BYTES });
    }
    let mut rest = bytes;
    let mut entries = Vec::with_capacity(usize::from(width));
    for place in 0..usize::from(width) {
        let truncated = |found, required| BundleError::Truncated { place, found, required };
        let (length, body) = rest.split_first_chunk::<2>().ok_or(truncated(rest.len(), 2))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = body.split_at_checked(length).ok_or(truncated(body.len(), length))?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Trailing { found: rest.len() }) }
}

const fn check_width(found: usize) -> Result<(), BundleError> {
    if found >= 1 && found <= TILE_WIDTH { Ok(()) } else { Err(BundleError::Width { found }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bundle_is_lengths_and_entries() {
        let bytes = encode_bundle(&[b"abc".as_slice(), b"", b"z"]).unwrap();
        assert_eq!(bytes, b"\x00\x03abc\x00\x00\x00\x01z");
        let entries = parse_bundle(&bytes, 3).unwrap();
        assert_eq!(entries, [b"abc".as_slice(), b"", b"z"]);
    }

    #[test]
    fn bundles_that_say_too_much_or_too_little_are_refused() {
        let bytes = encode_bundle(&[b"abc".as_slice(), b"z"]).unwrap();
        assert_eq!(parse_bundle(&bytes, 1), Err(BundleError::Trailing { found: 3 }));
        let missing = BundleError::Truncated { place: 2, found: 0, required: 2 };
        assert_eq!(parse_bundle(&bytes, 3), Err(missing));
        let cut = BundleError::Truncated { place: 1, found: 0, required: 1 };
        assert_eq!(parse_bundle(&bytes[..bytes.len() - 1], 2), Err(cut));
        assert_eq!(parse_bundle(&bytes, 0), Err(BundleError::Width { found: 0 }));
        assert_eq!(parse_bundle(&bytes, 257), Err(BundleError::Width { found: 257 }));
        assert_eq!(encode_bundle::<&[u8]>(&[]), Err(BundleError::Width { found: 0 }));
        assert_eq!(encode_bundle(&[[0]; 257]), Err(BundleError::Width { found: 257 }));
        let large = [vec![0; MAX_BUNDLE_ENTRY_BYTES], vec![0; MAX_BUNDLE_ENTRY_BYTES + 1]];
        assert!(matches!(
            encode_bundle(&large),
            Err(BundleError::EntryTooLarge { place: 1, found: 65_536, .. })
        ));
    }

    #[test]
    fn a_log_has_full_bundles_and_at_most_one_partial() {
        let bundles: Vec<_> = bundles_of(TreeSize(513)).collect();
        let expected =
            [(0, 256), (1, 256), (2, 1)].map(|(index, width)| EntryBundleId { index, width });
        assert_eq!(bundles, expected);
        assert!(EntryBundleId { index: 1, width: 7 }.exists_at(TreeSize(513)));
        assert!(!EntryBundleId { index: 2, width: 2 }.exists_at(TreeSize(513)));
        assert_eq!(bundles_of(TreeSize(512)).filter(EntryBundleId::is_full).count(), 2);
    }

    proptest! {
        #[test]
        fn entries_survive_the_bundle(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)) {
            let bytes = encode_bundle(&entries).unwrap();
            prop_assert_eq!(parse_bundle(&bytes, entries.len() as u16).unwrap(), entries);
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, width: u16) {
            let _ = parse_bundle(&bytes, width);
        }
    }
}
