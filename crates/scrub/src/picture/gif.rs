//! GIF (GIF89a specification): blocks.

use super::{PIECES_MAX, slice};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Signature, screen descriptor and global colours.
    Head,
    /// One picture.
    Image,
    /// An extension with its label.
    Extension(u8),
    /// The end.
    Trailer,
}

/// Label of a comment.
pub(crate) const COMMENT: u8 = 0xfe;
/// Label of an application's block.
pub(crate) const APPLICATION: u8 = 0xff;
/// Label of plain text.
pub(crate) const PLAIN_TEXT: u8 = 0x01;

/// One block with its bytes.
pub(crate) struct Piece<'b> {
    pub(crate) block: Block,
    pub(crate) whole: &'b [u8],
}

/// What a file holds.
pub(crate) struct Gif<'b> {
    pub(crate) pieces: Vec<Piece<'b>>,
    /// What follows the end of the picture.
    pub(crate) rest: &'b [u8],
    /// Whether the picture has an end.
    pub(crate) is_whole: bool,
}

/// Takes a file apart.
pub(crate) fn parse(bytes: &[u8]) -> Gif<'_> {
    let mut gif = Gif { pieces: Vec::new(), rest: &[], is_whole: false };
    let Some(flags) = bytes.get(10) else { return gif };
    let mut at = 13 + colours(*flags);
    let Some(head) = bytes.get(..at) else { return gif };
    gif.pieces.push(Piece { block: Block::Head, whole: head });
    while gif.pieces.len() < PIECES_MAX {
        let Some((block, length)) = piece(bytes, at) else { break };
        let Some(whole) = slice(bytes, at, length) else { break };
        gif.pieces.push(Piece { block, whole });
        at += length;
        if block == Block::Trailer {
            gif.is_whole = true;
            gif.rest = &bytes[at..];
            break;
        }
    }
    gif
}

/// Bytes of the table of colours that flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << (usize::from(flags & 7) + 1) }
}

/// Kind and length of the block that begins at a place.
fn piece(bytes: &[u8], at: usize) -> Option<(Block, usize)> {
    match *bytes.get(at)? {
        0x3b => Some((Block::Trailer, 1)),
        0x21 => {
            let label = *bytes.get(at + 1)?;
            Some((Block::Extension(label), 2 + chain_length(bytes, at + 2)?))
        }
        0x2c => {
            let head = 10 + colours(*bytes.get(at + 9)?) + 1;
            Some((Block::Image, head + chain_length(bytes, at + head)?))
        }
        _ => None,
    }
}

/// Length of a row of sub-blocks with its end.
fn chain_length(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at - start);
        }
    }
}

/// The sub-blocks of an extension, each by itself.
pub(crate) fn chain<'b>(piece: &Piece<'b>) -> Vec<&'b [u8]> {
    let (mut found, mut at) = (Vec::new(), 2);
    while let Some(length) = piece.whole.get(at).map(|length| usize::from(*length)) {
        let Some(data) = slice(piece.whole, at + 1, length).filter(|data| !data.is_empty()) else {
            break;
        };
        found.push(data);
        at += 1 + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_blocks_and_what_follows() {
        let head = b"GIF89a\x01\0\x01\0\0\0\0";
        let file = [head.as_slice(), b"\x21\xfe\x02hi\x01!\0", b"\x3brest"].concat();
        let gif = parse(&file);
        assert_eq!(gif.pieces[1].block, Block::Extension(COMMENT));
        assert_eq!(chain(&gif.pieces[1]), [b"hi".as_slice(), b"!"]);
        assert_eq!((gif.rest, gif.is_whole), (b"rest".as_slice(), true));
        assert!((0..file.len() - 4).all(|length| !parse(&file[..length]).is_whole));
    }
}
