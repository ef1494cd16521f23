//! PNG (W3C PNG Specification, third edition): chunks.

use super::{PIECES_MAX, be32, position, slice};

/// The eight bytes that every PNG starts with.
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that hold pixels or say how to show them.
pub(crate) const DRAWING: [&[u8; 4]; 20] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sRGB", b"sBIT", b"bKGD",
    b"hIST", b"pHYs", b"sPLT", b"cICP", b"mDCV", b"cLLI", b"oFFs", b"acTL", b"fcTL", b"fdAT",
];

/// One chunk.
pub(crate) struct Chunk<'b> {
    pub(crate) name: [u8; 4],
    pub(crate) data: &'b [u8],
    /// The chunk with its length and checksum.
    pub(crate) whole: &'b [u8],
}

/// What a file holds.
pub(crate) struct Png<'b> {
    pub(crate) chunks: Vec<Chunk<'b>>,
    /// What follows the end of the picture.
    pub(crate) rest: &'b [u8],
    /// Whether the picture has an end.
    pub(crate) is_whole: bool,
}

/// Takes a file apart.
pub(crate) fn parse(bytes: &[u8]) -> Png<'_> {
    let mut chunks = Vec::new();
    let mut at = SIGNATURE.len();
    while chunks.len() < PIECES_MAX {
        let Some(chunk) = chunk(bytes, at) else { break };
        at += chunk.whole.len();
        let is_end = chunk.name == *b"IEND";
        chunks.push(chunk);
        if is_end {
            return Png { chunks, rest: &bytes[at..], is_whole: true };
        }
    }
    Png { chunks, rest: &[], is_whole: false }
}

/// The chunk that begins at a place.
pub(crate) fn chunk(bytes: &[u8], at: usize) -> Option<Chunk<'_>> {
    let length = position(be32(bytes, at)?.into());
    let name = slice(bytes, at + 4, 4)?;
    let data = slice(bytes, at + 8, length)?;
    let whole = slice(bytes, at, length.checked_add(12)?)?;
    Some(Chunk { name: [name[0], name[1], name[2], name[3]], data, whole })
}

/// A chunk with its checksum.
pub(crate) fn chunk_of(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    // A chunk is made from a file in memory and stays far below four gigabytes.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&name);
    crc.update(data);
    [&length.to_be_bytes(), &name, data, &crc.finalize().to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_chunks_and_what_follows() {
        let end = chunk_of(*b"IEND", b"");
        let file = [SIGNATURE, &chunk_of(*b"tEXt", b"a\0b"), &end, b"rest"].concat();
        let png = parse(&file);
        assert!(png.is_whole);
        assert_eq!(png.chunks.iter().map(|c| c.name).collect::<Vec<_>>(), [*b"tEXt", *b"IEND"]);
        assert_eq!((png.chunks[0].data, png.rest), (b"a\0b".as_slice(), b"rest".as_slice()));
        assert!(!parse(&file[..30]).is_whole);
    }
}
