//! WebP's container (RFC 9649 §2): chunks of a RIFF file.

use super::{PIECES_MAX, le32, position, slice};

/// One chunk.
pub(crate) struct Chunk<'b> {
    pub(crate) name: [u8; 4],
    pub(crate) data: &'b [u8],
    /// The chunk with its head and padding.
    pub(crate) whole: &'b [u8],
}

/// What a file holds.
pub(crate) struct Riff<'b> {
    pub(crate) chunks: Vec<Chunk<'b>>,
    /// What follows the length that the head states.
    pub(crate) rest: &'b [u8],
    /// Whether the file has the length that its head states.
    pub(crate) is_whole: bool,
}

/// Takes a file apart.
pub(crate) fn parse(bytes: &[u8]) -> Riff<'_> {
    let stated = le32(bytes, 4).map_or(0, |length| position(length.into()).saturating_add(8));
    let is_long_enough = stated <= bytes.len();
    let end = stated.min(bytes.len());
    let (body, rest) = bytes.split_at(end);
    let mut chunks = Vec::new();
    let mut at = 12;
    while at < body.len() && chunks.len() < PIECES_MAX {
        let Some(chunk) = chunk(body, at) else { break };
        at += chunk.whole.len();
        chunks.push(chunk);
    }
    Riff { chunks, rest, is_whole: is_long_enough && at >= body.len() }
}

fn chunk(bytes: &[u8], at: usize) -> Option<Chunk<'_>> {
    let name = slice(bytes, at, 4)?;
    let length = position(le32(bytes, at + 4)?.into());
    let data = slice(bytes, at + 8, length)?;
    // A chunk of odd length is padded; the last one is sometimes not.
    let padded = length.saturating_add(length % 2).saturating_add(8);
    let whole = slice(bytes, at, padded).unwrap_or(&bytes[at..]);
    Some(Chunk { name: [name[0], name[1], name[2], name[3]], data, whole })
}

/// A chunk with its head and padding.
pub(crate) fn chunk_of(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    // A chunk is made from a file in memory and stays far below four gigabytes.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let pad: &[u8] = if data.len() % 2 == 1 { b"\0" } else { b"" };
    [&name, length.to_le_bytes().as_slice(), data, pad].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_chunks_and_what_follows() {
        let body = [b"WEBP".as_slice(), &chunk_of(*b"XMP ", b"abc")].concat();
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let file = [b"RIFF".as_slice(), &length, &body, b"rest"].concat();
        let riff = parse(&file);
        assert_eq!((riff.chunks[0].name, riff.chunks[0].data), (*b"XMP ", b"abc".as_slice()));
        assert_eq!((riff.rest, riff.is_whole), (b"rest".as_slice(), true));
        assert!(!parse(&file[..20]).is_whole);
    }
}
