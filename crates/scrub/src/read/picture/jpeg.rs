//! JPEG: application segments, comments, further pictures and what follows the end.

use std::collections::BTreeMap;

use super::{Fields, Picture, comment, exif, icc, iptc, xmp};
use crate::picture::jpeg::{APP0, COM, parse};
use crate::picture::position;
use crate::rules::Notice;

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// Bytes of the digest that names an extended packet.
const GUID_BYTES: usize = 32;

/// Reads all segments; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let jpeg = parse(picture.bytes);
    let mut is_whole = jpeg.is_whole;
    let mut more_xmp: BTreeMap<&[u8], BTreeMap<u32, &[u8]>> = BTreeMap::new();
    let (mut profile, mut photoshop, mut stray) = (Vec::new(), Vec::new(), Vec::new());
    for segment in &jpeg.segments {
        let data = segment.data;
        match segment.marker {
            COM => {
                let text = crate::text::decode(data).0;
                let text = text.trim_end_matches('\0');
                let mut fields = Fields::new("comment");
                fields.add(comment(text), "comment", text);
                picture.fields(fields);
            }
            0xe1 if data.starts_with(EXIF) => is_whole &= exif::read(picture, "Exif", data),
            0xe1 if data.starts_with(XMP) => xmp::read(picture, "XMP", &data[XMP.len()..]),
            0xe1 if data.starts_with(MORE_XMP) => {
                let data = &data[MORE_XMP.len()..];
                if let Some((guid, rest)) = data.split_at_checked(GUID_BYTES)
                    && let Some(offset) = crate::picture::be32(rest, 4)
                {
                    // Two pieces of one place cannot both be part of the packet.
                    let before = more_xmp.entry(guid).or_default().insert(offset, &rest[8..]);
                    stray.extend(before.map(|piece| ("extended XMP".to_owned(), piece)));
                }
            }
            0xe2 if data.starts_with(ICC) => {
                profile.extend_from_slice(data.get(ICC.len() + 2..).unwrap_or_default());
            }
            // A long block of resources goes on in the next segment.
            0xed if data.starts_with(PHOTOSHOP) => {
                photoshop.extend_from_slice(&data[PHOTOSHOP.len()..]);
            }
            APP0..=0xef => application(picture, segment.marker, data),
            _ => {}
        }
    }
    for pieces in more_xmp.values() {
        let packet: Vec<u8> = pieces.values().flat_map(|piece| piece.iter().copied()).collect();
        xmp::read(picture, "extended XMP", &packet);
    }
    if !profile.is_empty() {
        icc::read(picture, "ICC", &profile);
    }
    iptc::resources(picture, "Photoshop", &photoshop);
    picture.trailing(jpeg.rest);
    let is_packet = |data: &[u8]| data.starts_with(XMP) || data.starts_with(MORE_XMP);
    let pieces = jpeg.segments.iter().filter(|segment| !is_packet(segment.data));
    let pieces = pieces.map(|piece| (format!("marker {:02X}", piece.marker), piece.data));
    picture.structure(pieces.chain(stray));
    is_whole
}

/// Segments of other applications.
fn application(picture: &mut Picture<'_, '_>, marker: u8, data: &[u8]) {
    let part = format!("APP{}", marker - APP0);
    match data {
        [b'J', b'F', b'I', b'F', 0, _, _, _, _, _, _, _, width, height, ..] => {
            let pixels = position(u64::from(*width) * u64::from(*height));
            if pixels > 0 {
                picture.notice(Notice::Thumbnail, &part, "", 1);
            }
        }
        [b'J', b'F', b'X', b'X', 0, 0x10, jpeg @ ..] => picture.preview(&part, jpeg),
        [b'J', b'F', b'X', b'X', 0, ..] => picture.notice(Notice::Thumbnail, &part, "", 1),
        // Pictures that this index lists stand behind the end and are found there.
        [b'M', b'P', b'F', 0, ..] => {}
        [b'A', b'd', b'o', b'b', b'e', ..] => {}
        _ => {
            // JUMBF boxes hold provenance by C2PA.
            let is_provenance = marker == 0xeb && data.starts_with(b"JP");
            let notice =
                if is_provenance { Notice::PictureHistory } else { Notice::PictureMetadata };
            let mut fields = Fields::new(&part);
            fields.add_texts(Some(notice), "data", data);
            picture.fields(fields);
        }
    }
}
