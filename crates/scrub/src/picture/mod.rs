//! The structure of picture files, for their readers and fixers: where each piece begins and ends,
//! and what it is called. Nothing here judges what a piece means.

pub(crate) mod bmff;
pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod pixels;
pub(crate) mod png;
pub(crate) mod riff;
pub(crate) mod tiff;

/// Pieces of one file that are followed; more are no picture.
pub(crate) const PIECES_MAX: usize = 100_000;

/// Bytes from a place on, as far as there are any.
pub(crate) fn slice(bytes: &[u8], start: usize, length: usize) -> Option<&[u8]> {
    bytes.get(start..start.checked_add(length)?)
}

/// A big-endian number of 16 bits.
pub(crate) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    slice(bytes, at, 2).map(|b| u16::from_be_bytes([b[0], b[1]]))
}

/// A big-endian number of 32 bits.
pub(crate) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    slice(bytes, at, 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

/// A big-endian number of 64 bits.
pub(crate) fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    let high = be32(bytes, at)?;
    be32(bytes, at.checked_add(4)?).map(|low| (u64::from(high) << 32) | u64::from(low))
}

/// A little-endian number of 16 bits.
pub(crate) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    be16(bytes, at).map(u16::swap_bytes)
}

/// A little-endian number of 32 bits.
pub(crate) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    be32(bytes, at).map(u32::swap_bytes)
}

/// A number as a position; one that does not fit lies beyond every file.
pub(crate) fn position(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
