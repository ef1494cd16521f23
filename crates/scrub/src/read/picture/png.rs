//! PNG: texts, Exif, profiles, frames, chunks of programs, and what follows the end.

use super::{Fields, Picture, comment, exif, icc, iptc, xmp};
use crate::picture::png::{Chunk, DRAWING, SIGNATURE, chunk, parse};
use crate::rules::Notice;

/// Keywords of texts and what they are.
const KEYWORDS: [(&str, Notice); 12] = [
    ("Author", Notice::PictureOwner),
    ("Comment", Notice::PictureComment),
    ("Copyright", Notice::PictureOwner),
    ("Creation Time", Notice::PictureMetadata),
    ("Description", Notice::PictureCaption),
    ("Disclaimer", Notice::PictureComment),
    ("Software", Notice::PictureMetadata),
    ("Source", Notice::PictureMetadata),
    ("Title", Notice::PictureCaption),
    ("Warning", Notice::PictureComment),
    ("date:create", Notice::PictureMetadata),
    ("date:modify", Notice::PictureMetadata),
];

/// Reads all chunks; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let bytes = picture.bytes;
    let png = parse(bytes);
    let mut is_whole = png.is_whole;
    for chunk in &png.chunks {
        is_whole &= match &chunk.name {
            b"tEXt" | b"zTXt" | b"iTXt" => text(picture, chunk),
            b"eXIf" => exif::read(picture, "Exif", chunk.data),
            b"iCCP" => {
                let packed = after_zero(chunk.data).and_then(|(_, rest)| rest.get(1..));
                let profile = packed.and_then(|packed| picture.inflate("ICC", packed));
                profile.is_some_and(|profile| {
                    icc::read(picture, "ICC", &profile);
                    true
                })
            }
            b"tIME" => {
                picture.notice(Notice::PictureMetadata, "tIME", "", 1);
                true
            }
            name if DRAWING.contains(&name) => true,
            _ => {
                unknown(picture, chunk);
                true
            }
        };
    }
    let frames = png.chunks.iter().filter(|chunk| chunk.name == *b"fcTL").count() as u64;
    if frames > 1 {
        picture.notice(Notice::Frames, "frames", "", frames - 1);
    }
    picture.behind_the_pixels(&png);
    after_the_end(picture, png.rest);
    let pieces = png.chunks.iter().filter(|chunk| !is_drawn(&chunk.name) && !is_packet(chunk.data));
    picture.structure(pieces.map(|chunk| (name_of(chunk), chunk.data)));
    is_whole
}

/// Whether a chunk has pixels in it.
fn is_drawn(name: &[u8; 4]) -> bool {
    matches!(name, b"IDAT" | b"fdAT")
}

/// Whether a chunk has a packet in it that is read as XML.
fn is_packet(data: &[u8]) -> bool {
    data.starts_with(b"XML:com.adobe.xmp\0\0\0\0\0")
}

fn name_of(chunk: &Chunk<'_>) -> String {
    String::from_utf8_lossy(&chunk.name).into_owned()
}

fn after_zero(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..end], &data[end + 1..]))
}

/// A text with its keyword; compressed or not, with a language or not.
fn text(picture: &mut Picture<'_, '_>, chunk: &Chunk<'_>) -> bool {
    let Some((keyword, rest)) = after_zero(chunk.data) else { return false };
    let keyword: String = keyword.iter().map(|byte| char::from(*byte)).collect();
    let part = format!("{} {keyword}", String::from_utf8_lossy(&chunk.name));
    let value = match &chunk.name {
        b"tEXt" => Some(rest.to_vec()),
        b"zTXt" => rest.get(1..).and_then(|packed| picture.inflate(&part, packed)),
        _ => {
            let is_packed = rest.first() == Some(&1);
            let rest = rest.get(2..).and_then(after_zero).and_then(|(_, rest)| after_zero(rest));
            match rest {
                Some((_, packed)) if is_packed => picture.inflate(&part, packed),
                Some((_, text)) => Some(text.to_vec()),
                None => None,
            }
        }
    };
    // What could not be unpacked has been said.
    let Some(value) = value else { return true };
    if keyword == "XML:com.adobe.xmp" {
        xmp::read(picture, "XMP", &value);
        return true;
    }
    if let Some(profile) = keyword.strip_prefix("Raw profile type ") {
        return raw_profile(picture, &part, profile, &value);
    }
    let text = crate::text::decode(&value).0;
    let known = KEYWORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&keyword));
    let notice = match known {
        Some((_, Notice::PictureComment)) => comment(&text),
        Some((_, notice)) => *notice,
        None => Notice::PictureCaption,
    };
    let mut fields = Fields::new(&part);
    fields.add(notice, &keyword, &text);
    picture.fields(fields);
    true
}

/// A block of other metadata in hex, as ImageMagick writes it: name, length, digits.
fn raw_profile(picture: &mut Picture<'_, '_>, part: &str, profile: &str, value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let digits: String = text.split_ascii_whitespace().skip(2).collect();
    let Ok(data) = hex::decode(digits) else { return false };
    match profile {
        "exif" | "APP1" if data.starts_with(b"http://ns.adobe.com") => {
            xmp::read(picture, part, &data)
        }
        "exif" | "APP1" => return exif::read(picture, part, &data),
        "xmp" => xmp::read(picture, part, &data),
        "iptc" | "8bim" if data.starts_with(b"8BIM") => iptc::resources(picture, part, &data),
        "iptc" => iptc::datasets(picture, part, &data),
        "icc" | "icm" => icc::read(picture, part, &data),
        _ => {
            let mut fields = Fields::new(part);
            fields.add_texts(Some(Notice::PictureMetadata), profile, &data);
            picture.fields(fields);
        }
    }
    true
}

/// A chunk of some program.
fn unknown(picture: &mut Picture<'_, '_>, chunk: &Chunk<'_>) {
    let name = name_of(chunk);
    let notice = match &chunk.name {
        // Provenance by C2PA.
        b"caBX" => Notice::PictureHistory,
        // Layers of Fireworks.
        b"mkBF" | b"mkBS" | b"mkBT" | b"mkTS" | b"prVW" => Notice::SecondPicture,
        _ => Notice::PictureMetadata,
    };
    picture.notice(notice, &name, "", 1);
    let mut fields = Fields::new(&name);
    fields.add_texts(None, "data", chunk.data);
    picture.fields(fields);
}

/// Programs that wrote over a longer file left the end of the earlier picture behind.
fn after_the_end(picture: &mut Picture<'_, '_>, rest: &[u8]) {
    let has = |name: &[u8; 4]| rest.windows(4).any(|window| window == name);
    let is_own_file =
        rest.starts_with(SIGNATURE) || chunk(rest, 0).is_some_and(|c| c.name == *b"IHDR");
    if !is_own_file && has(b"IEND") {
        picture.notice(Notice::PictureRemainder, "after the end", "", 1);
        return picture.structure([("after the end".to_owned(), rest)].into_iter());
    }
    picture.trailing(rest);
}
