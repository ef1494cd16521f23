//! GIF: comments, application blocks, text blocks, frames and what follows the end.

use super::{Fields, Picture, comment, icc, xmp};
use crate::picture::gif::{APPLICATION, Block, COMMENT, PLAIN_TEXT, Piece, chain, parse};
use crate::rules::Notice;

/// Bytes of an application's name and code.
const NAME_BYTES: usize = 11;

/// Bytes of the ramp that ends an XMP packet here: a decoder that skips sub-blocks gets out by it.
const RAMP_BYTES: usize = 258;

/// Reads all blocks; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let gif = parse(picture.bytes);
    for piece in &gif.pieces {
        match piece.block {
            Block::Extension(COMMENT) => {
                let data = chain(piece).concat();
                let text = crate::text::decode(&data).0;
                let mut fields = Fields::new("comment");
                fields.add(comment(&text), "comment", &text);
                picture.fields(fields);
            }
            Block::Extension(PLAIN_TEXT) => {
                // The grid that the text stands in comes first, and few programs show it.
                let data: Vec<u8> = chain(piece).into_iter().skip(1).flatten().copied().collect();
                let mut fields = Fields::new("text");
                fields.add(Notice::HiddenText, "text", &crate::text::decode(&data).0);
                picture.fields(fields);
            }
            Block::Extension(APPLICATION) => application(picture, piece),
            _ => {}
        }
    }
    let frames = gif.pieces.iter().filter(|piece| piece.block == Block::Image).count() as u64;
    if frames > 1 {
        picture.notice(Notice::Frames, "frames", "", frames - 1);
    }
    picture.trailing(gif.rest);
    gif.is_whole
}

fn application(picture: &mut Picture<'_, '_>, piece: &Piece<'_>) {
    let chain = chain(piece);
    let name = chain.first().copied().unwrap_or_default();
    match name.get(..8) {
        Some(b"NETSCAPE" | b"ANIMEXTS") => {}
        Some(b"XMP Data") => {
            // The packet is not cut into sub-blocks: it stands as it is after the name.
            let start = 3 + NAME_BYTES;
            let end = piece.whole.len().saturating_sub(RAMP_BYTES);
            xmp::read(picture, "XMP", piece.whole.get(start..end).unwrap_or_default());
        }
        Some(b"ICCRGBG1") => icc::read(picture, "ICC", &chain[1..].concat()),
        _ => {
            let mut fields = Fields::new("application block");
            let data = chain.concat();
            fields.add_texts(Some(Notice::PictureMetadata), "data", &data);
            picture.fields(fields);
        }
    }
}
