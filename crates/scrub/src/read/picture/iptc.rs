//! IPTC-IIM 4.2, and the Photoshop image resources that hold it with much else.

use super::{Fields, Picture, exif, icc, xmp};
use crate::picture::{PIECES_MAX, be16, be32, position, slice};
use crate::rules::Notice;

use Notice::{
    PictureCaption as Caption, PictureMetadata as Plain, PictureOwner as Owner,
    PicturePosition as Spot,
};

/// Datasets of the application record.
const DATASETS: [(u8, &str, Notice); 27] = [
    (5, "ObjectName", Caption),
    (7, "EditStatus", Plain),
    (12, "SubjectReference", Caption),
    (15, "Category", Caption),
    (25, "Keywords", Caption),
    (26, "ContentLocationCode", Spot),
    (27, "ContentLocationName", Spot),
    (40, "SpecialInstructions", Notice::PictureComment),
    (55, "DateCreated", Plain),
    (60, "TimeCreated", Plain),
    (65, "OriginatingProgram", Plain),
    (80, "Byline", Owner),
    (85, "BylineTitle", Owner),
    (90, "City", Spot),
    (92, "Sublocation", Spot),
    (95, "ProvinceState", Spot),
    (100, "CountryCode", Plain),
    (101, "CountryName", Plain),
    (103, "TransmissionReference", Caption),
    (105, "Headline", Caption),
    (110, "Credit", Owner),
    (115, "Source", Owner),
    (116, "CopyrightNotice", Owner),
    (118, "Contact", Owner),
    (120, "Caption", Caption),
    (122, "WriterEditor", Owner),
    (228, "DocumentNotes", Notice::PictureComment),
];

/// Bytes before the JPEG in a resource that holds a small copy.
const PREVIEW_HEAD: usize = 28;

/// Reads image resources: signature, id, name, data.
pub(super) fn resources(picture: &mut Picture<'_, '_>, part: &str, bytes: &[u8]) {
    let mut at = 0;
    for _ in 0..PIECES_MAX {
        let Some((id, name, data, next)) = resource(bytes, at) else { break };
        at = next;
        let part = format!("{part} resource {id}");
        let mut fields = Fields::new(&part);
        fields.add(Plain, "name", &name);
        picture.fields(fields);
        match id {
            0x0404 => datasets(picture, &part, data),
            0x0409 | 0x040c => {
                picture.preview(&part, data.get(PREVIEW_HEAD..).unwrap_or_default());
            }
            0x040f => icc::read(picture, &part, data),
            0x0422 | 0x0423 => {
                exif::read(picture, &part, data);
            }
            0x0424 => xmp::read(picture, &part, data),
            _ => {
                let mut fields = Fields::new(&part);
                fields.add_texts(None, "data", data);
                // Texts of this resource are UTF-16, big-endian.
                let swapped: Vec<u8> = data.chunks_exact(2).flat_map(|p| [p[1], p[0]]).collect();
                fields.add(None, "text", &super::texts(&swapped).join("\n"));
                picture.fields(fields);
            }
        }
    }
}

/// Id, name and data of the resource at a place, and where the next one begins.
fn resource(bytes: &[u8], at: usize) -> Option<(u16, String, &[u8], usize)> {
    if slice(bytes, at, 4)? != b"8BIM" {
        return None;
    }
    let id = be16(bytes, at + 4)?;
    let length = usize::from(*bytes.get(at + 6)?);
    let name = String::from_utf8_lossy(slice(bytes, at + 7, length)?).into_owned();
    let at = at + 6 + (1 + length).next_multiple_of(2);
    let length = position(be32(bytes, at)?.into());
    let data = slice(bytes, at + 4, length)?;
    Some((id, name, data, at + 4 + length.next_multiple_of(2)))
}

/// Reads datasets: marker, record, number, length, value.
pub(super) fn datasets(picture: &mut Picture<'_, '_>, part: &str, bytes: &[u8]) {
    let mut fields = Fields::new(part);
    let mut at = 0;
    while let Some((record, number, value, next)) = dataset(bytes, at) {
        at = next;
        let known = DATASETS.iter().find(|(known, _, _)| record == 2 && *known == number);
        let text = crate::text::decode(value).0;
        match known {
            Some((_, name, notice)) => fields.add(*notice, name, &text),
            None => fields.add_texts(None, &format!("dataset {record}:{number}"), value),
        }
    }
    picture.fields(fields);
}

fn dataset(bytes: &[u8], at: usize) -> Option<(u8, u8, &[u8], usize)> {
    let head = slice(bytes, at, 5).filter(|head| head[0] == 0x1c)?;
    let stated = usize::from(be16(bytes, at + 3)?);
    let (length, start) = if stated & 0x8000 == 0 {
        (stated, at + 5)
    } else {
        // The length has a length of its own (1.6 of part I).
        let digits = slice(bytes, at + 5, (stated & 0x7fff).min(8))?;
        let length = digits.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        (position(length), at + 5 + digits.len())
    };
    let value = slice(bytes, start, length)?;
    Some((head[1], head[2], value, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_and_datasets_are_told_apart() {
        let inner = b"\x1c\x02\x50\0\x03Eva";
        let bytes = [b"8BIM\x04\x04\0\0\0\0\0\x08".as_slice(), inner, b"8BIM"].concat();
        let (id, name, data, next) = resource(&bytes, 0).unwrap();
        assert_eq!((id, name.as_str(), data, next), (0x0404, "", inner.as_slice(), 20));
        assert!(resource(&bytes, next).is_none());
        assert_eq!(dataset(data, 0), Some((2, 80, b"Eva".as_slice(), 8)));
        let long = b"\x1c\x02\x50\x80\x02\0\x03Eva";
        assert_eq!(dataset(long, 0), Some((2, 80, b"Eva".as_slice(), 10)));
    }
}
