//! Tile path elements: groups of three digits, all but the last marked with `x`.

use crate::log::text::decimal;

/// Longest path accepted: a 20-digit index under the longest prefix, with a partial width.
pub const MAX_TILE_PATH_BYTES: usize = 64;

/// Why a text is not the path of a tile or an entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TilePathError {
    /// Longer than any path can be.
    #[error("the path has {found} bytes, the longest possible one {limit}")]
    TooLong {
        /// Bytes given.
        found: usize,
        /// [`MAX_TILE_PATH_BYTES`].
        limit: usize,
    },
    /// It does not begin with `tile/<level>/` or `tile/entries/`.
    #[error("the path does not begin like one of a tile or an entry bundle")]
    Prefix,
    /// The level is not a decimal number from 0 to 63 without leading zeroes.
    #[error("the level is not a decimal number from 0 to 63")]
    Level,
    /// The index is not in groups of three digits in their shortest form, or exceeds 64 bits.
    #[error("the index is not in groups of three digits, such as x001/x234/067")]
    Index,
    /// The partial width is not a decimal number from 1 to 255 without leading zeroes.
    #[error("the width of a partial tile is a decimal number from 1 to 255")]
    Width,
}

pub(super) fn encode_place(index: u64, width: u16) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    if usize::from(width) != super::TILE_WIDTH {
        text.push_str(&format!(".p/{width}"));
    }
    text
}

pub(super) fn strip<'a>(path: &'a str, prefix: &str) -> Result<&'a str, TilePathError> {
    if path.len() > MAX_TILE_PATH_BYTES {
        return Err(TilePathError::TooLong { found: path.len(), limit: MAX_TILE_PATH_BYTES });
    }
    path.strip_prefix(prefix).ok_or(TilePathError::Prefix)
}

/// Index and width; 256 where no `.p/` suffix follows.
pub(super) fn decode_place(place: &str) -> Result<(u64, u16), TilePathError> {
    let (groups, width) = match place.split_once(".p/") {
        None => (place, super::TILE_WIDTH as u16),
        Some((groups, width)) => {
            let width = decimal(width).filter(|width| (1..=255).contains(width));
            (groups, width.ok_or(TilePathError::Width)? as u16)
        }
    };
    let index = decode_index(groups).ok_or(TilePathError::Index)?;
    Ok((index, width))
}

fn decode_index(groups: &str) -> Option<u64> {
    let mut index: u64 = 0;
    let mut parts = groups.split('/').peekable();
    let mut first = true;
    while let Some(part) = parts.next() {
        let more = parts.peek().is_some();
        let digits = if more { part.strip_prefix('x')? } else { part };
        if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        if first && more && digits == "000" {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        first = false;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tile::{EntryBundleId, TileId};

    #[test]
    fn paths_are_written_and_read_in_groups_of_three() {
        let cases = [
            (TileId::full(0, 0), "tile/0/000"),
            (TileId { level: 0, index: 1234, width: 56 }, "tile/0/x001/234.p/56"),
            (TileId::full(63, 1_234_067), "tile/63/x001/x234/067"),
            (TileId { level: 7, index: 1_000, width: 255 }, "tile/7/x001/000.p/255"),
            (TileId::full(0, u64::MAX), "tile/0/x018/x446/x744/x073/x709/x551/615"),
        ];
        for (tile, path) in cases {
            assert_eq!(tile.path(), path);
            assert_eq!(TileId::parse(path), Ok(tile));
        }
        let bundle = EntryBundleId { index: 1234, width: 9 };
        assert_eq!(bundle.path(), "tile/entries/x001/234.p/9");
        assert_eq!(EntryBundleId::parse("tile/entries/x001/234.p/9"), Ok(bundle));
    }

    #[test]
    fn every_other_form_is_refused() {
        let too_large = "tile/0/x018/x446/x744/x073/x709/x551/616";
        let cases = [
            ("", TilePathError::Prefix),
            ("tile/0", TilePathError::Prefix),
            ("/tile/0/000", TilePathError::Prefix),
            ("tile/64/000", TilePathError::Level),
            ("tile/00/000", TilePathError::Level),
            ("tile/+1/000", TilePathError::Level),
            ("tile//000", TilePathError::Level),
            ("tile/entries/000", TilePathError::Level),
            ("tile/0/", TilePathError::Index),
            ("tile/0/00", TilePathError::Index),
            ("tile/0/0000", TilePathError::Index),
            ("tile/0/x000/001", TilePathError::Index),
            ("tile/0/001/234", TilePathError::Index),
            ("tile/0/x001/x234", TilePathError::Index),
            ("tile/0/x001/", TilePathError::Index),
            ("tile/0/-01", TilePathError::Index),
            ("tile/0/0é", TilePathError::Index),
            (too_large, TilePathError::Index),
            ("tile/0/000.p/0", TilePathError::Width),
            ("tile/0/000.p/256", TilePathError::Width),
            ("tile/0/000.p/01", TilePathError::Width),
            ("tile/0/000.p/", TilePathError::Width),
            ("tile/0/000.p/1.p/1", TilePathError::Width),
            ("tile/0/000.p/1/", TilePathError::Width),
        ];
        for (path, error) in cases {
            assert_eq!(TileId::parse(path), Err(error), "{path}");
        }
        assert_eq!(EntryBundleId::parse("tile/0/000"), Err(TilePathError::Prefix));
        let long = format!("tile/0/{}000", "x001/".repeat(20));
        assert_eq!(TileId::parse(&long), Err(TilePathError::TooLong { found: 110, limit: 64 }));
    }

    proptest! {
        #[test]
        fn what_parses_is_written_back_unchanged(path in "tile/(entries|[0-9]{1,2})(/x?[0-9]{3}){1,4}(.p/[0-9]{1,3})?") {
            if let Ok(tile) = TileId::parse(&path) {
                prop_assert_eq!(tile.path(), path);
            } else if let Ok(bundle) = EntryBundleId::parse(&path) {
                prop_assert_eq!(bundle.path(), path);
            }
        }

        #[test]
        fn every_tile_survives_its_path(level in 0..64u8, index: u64, width in 1..=256u16) {
            let tile = TileId { level, index, width };
            prop_assert_eq!(TileId::parse(&tile.path()), Ok(tile));
        }

        #[test]
        fn no_text_makes_the_parser_panic(path in ".{0,80}") {
            let _ = TileId::parse(&path);
            let _ = EntryBundleId::parse(&path);
        }
    }
}
