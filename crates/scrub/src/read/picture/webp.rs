//! WebP: chunks of metadata, frames and what follows the end.

use super::{Fields, Picture, exif, icc, xmp};
use crate::picture::riff::parse;
use crate::rules::Notice;

/// Reads all chunks; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let riff = parse(picture.bytes);
    let mut is_whole = riff.is_whole;
    for chunk in &riff.chunks {
        match &chunk.name {
            b"EXIF" => is_whole &= exif::read(picture, "Exif", chunk.data),
            b"XMP " => xmp::read(picture, "XMP", chunk.data),
            b"ICCP" => icc::read(picture, "ICC", chunk.data),
            b"VP8 " | b"VP8L" | b"VP8X" | b"ALPH" | b"ANIM" | b"ANMF" => {}
            name => {
                let name = String::from_utf8_lossy(name).into_owned();
                picture.notice(Notice::PictureMetadata, &name, "", 1);
                let mut fields = Fields::new(&name);
                fields.add_texts(None, "data", chunk.data);
                picture.fields(fields);
            }
        }
    }
    let frames = riff.chunks.iter().filter(|chunk| chunk.name == *b"ANMF").count() as u64;
    if frames > 1 {
        picture.notice(Notice::Frames, "frames", "", frames - 1);
    }
    picture.trailing(riff.rest);
    is_whole
}
