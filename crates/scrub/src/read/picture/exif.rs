//! Exif (CIPA DC-008): tags of a picture, of its place and of its small copy.

use super::{Fields, Picture, icc, iptc, xmp};
use crate::picture::tiff::{Directory, Entry, Form, Group, Tiff, parse};
use crate::picture::{position, slice};
use crate::rules::Notice;

/// What a tag is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Note(Notice),
    /// A text of two bytes a character, as Windows writes it.
    Wide(Notice),
    Comment,
    MakerNote,
    Xmp,
    Iptc,
    Photoshop,
    Icc,
    Layers,
}

use Notice::{
    PictureCaption as Caption, PictureMetadata as Plain, PictureOwner as Owner,
    PicturePath as Path, PictureSerial as Serial,
};
use Role::{Note, Wide};

/// Tags that tell something, with the names of the standard.
const TAGS: [(u16, &str, Role); 54] = [
    (0x000b, "ProcessingSoftware", Note(Plain)),
    (0x010d, "DocumentName", Note(Caption)),
    (0x010e, "ImageDescription", Note(Caption)),
    (0x010f, "Make", Note(Plain)),
    (0x0110, "Model", Note(Plain)),
    (0x011d, "PageName", Note(Caption)),
    (0x0131, "Software", Note(Plain)),
    (0x0132, "DateTime", Note(Plain)),
    (0x013b, "Artist", Note(Owner)),
    (0x013c, "HostComputer", Note(Owner)),
    (0x02bc, "XMP", Role::Xmp),
    (0x8298, "Copyright", Note(Owner)),
    (0x83bb, "IPTC", Role::Iptc),
    (0x8649, "Photoshop", Role::Photoshop),
    (0x8773, "ICC", Role::Icc),
    (0x9003, "DateTimeOriginal", Note(Plain)),
    (0x9004, "DateTimeDigitized", Note(Plain)),
    (0x9010, "OffsetTime", Note(Plain)),
    (0x9011, "OffsetTimeOriginal", Note(Plain)),
    (0x927c, "MakerNote", Role::MakerNote),
    (0x9286, "UserComment", Role::Comment),
    (0x935c, "ImageSourceData", Role::Layers),
    (0x9c9b, "XPTitle", Wide(Caption)),
    (0x9c9c, "XPComment", Wide(Notice::PictureComment)),
    (0x9c9d, "XPAuthor", Wide(Owner)),
    (0x9c9e, "XPKeywords", Wide(Caption)),
    (0x9c9f, "XPSubject", Wide(Caption)),
    (0xa004, "RelatedSoundFile", Note(Path)),
    (0xa420, "ImageUniqueID", Note(Plain)),
    (0xa430, "CameraOwnerName", Note(Owner)),
    (0xa431, "BodySerialNumber", Note(Serial)),
    (0xa433, "LensMake", Note(Plain)),
    (0xa434, "LensModel", Note(Plain)),
    (0xa435, "LensSerialNumber", Note(Serial)),
    (0xa436, "ImageTitle", Note(Caption)),
    (0xa437, "Photographer", Note(Owner)),
    (0xa438, "ImageEditor", Note(Owner)),
    (0xa439, "CameraFirmware", Note(Plain)),
    (0xa43a, "RAWDevelopingSoftware", Note(Plain)),
    (0xa43b, "ImageEditingSoftware", Note(Plain)),
    (0xa43c, "MetadataEditingSoftware", Note(Plain)),
    (0xa480, "GDALMetadata", Note(Caption)),
    (0xc614, "UniqueCameraModel", Note(Plain)),
    (0xc615, "LocalizedCameraModel", Note(Plain)),
    (0xc62f, "CameraSerialNumber", Note(Serial)),
    (0xc634, "DNGPrivateData", Role::MakerNote),
    (0xc68b, "OriginalRawFileName", Note(Path)),
    (0xc6d2, "PanasonicTitle", Note(Caption)),
    (0xc6d3, "PanasonicTitle2", Note(Caption)),
    (0xc6f8, "ProfileName", Note(Plain)),
    (0xc6fe, "ProfileCopyright", Note(Plain)),
    (0xfde8, "OwnerName", Note(Owner)),
    (0xfde9, "SerialNumber", Note(Serial)),
    (0xfdea, "Lens", Note(Plain)),
];

/// Type of a text.
const ASCII: u16 = 2;

const LATITUDE: u16 = 2;
const LONGITUDE: u16 = 4;
const PREVIEW_AT: u16 = 0x0201;
const PREVIEW_LENGTH: u16 = 0x0202;
const COMPRESSION: u16 = 0x0103;

/// Reads a block of Exif; `false` if it is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>, part: &str, bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    let Some(tiff) = parse(bytes) else { return false };
    tags(picture, part, &tiff);
    for directory in tiff.directories.iter().filter(|directory| directory.group == Group::Page(1)) {
        preview(picture, part, &tiff, directory);
    }
    tiff.is_whole
}

/// Reads the tags of all directories.
pub(super) fn tags(picture: &mut Picture<'_, '_>, part: &str, tiff: &Tiff<'_>) {
    for directory in &tiff.directories {
        let name = match directory.group {
            Group::Page(0) | Group::Exif => part.to_owned(),
            Group::Page(number) => format!("{part} directory {}", number + 1),
            Group::Sub => format!("{part} smaller copy"),
            Group::Gps => format!("{part} position"),
            Group::Interop => format!("{part} interoperability"),
        };
        let mut fields = Fields::new(&name);
        if directory.group == Group::Gps {
            place(&mut fields, directory, tiff.form);
        } else {
            directory.entries.iter().for_each(|entry| tag(picture, &mut fields, entry));
        }
        picture.fields(fields);
    }
}

fn tag(picture: &mut Picture<'_, '_>, fields: &mut Fields, entry: &Entry<'_>) {
    let known = TAGS.iter().find(|(tag, _, _)| *tag == entry.tag);
    let Some((_, name, role)) = known else {
        if entry.kind == ASCII {
            let name = format!("tag {:#06x}", entry.tag);
            // Two letters are an index of a standard, such as `R98`.
            let notice = (entry.data.len() > 4).then_some(Plain);
            fields.add(notice, &name, &entry.text());
        }
        return;
    };
    let part = format!("{} {name}", fields.part);
    match role {
        Note(notice) => fields.add(*notice, name, &entry.text()),
        Wide(notice) => fields.add(*notice, name, &wide(entry.data)),
        Role::Comment => {
            let text = user_comment(entry.data);
            fields.add(super::comment(&text), name, &text);
        }
        Role::MakerNote => fields.add_texts(Some(Notice::MakerNote), name, entry.data),
        Role::Xmp => xmp::read(picture, &part, entry.data),
        Role::Iptc => iptc::datasets(picture, &part, entry.data),
        Role::Photoshop => iptc::resources(picture, &part, entry.data),
        Role::Icc => icc::read(picture, &part, entry.data),
        Role::Layers => {
            picture.notice(Notice::SecondPicture, &part, "", 1);
            fields.add_texts(None, name, entry.data);
        }
    }
}

/// UTF-16, little-endian.
fn wide(data: &[u8]) -> String {
    let units = data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    text.trim_matches('\0').to_owned()
}

/// A comment whose first eight bytes say how it is written.
fn user_comment(data: &[u8]) -> String {
    let Some((code, text)) = data.split_at_checked(8) else { return String::new() };
    let text = match code {
        b"UNICODE\0" => {
            let high = text.iter().step_by(2).filter(|byte| **byte == 0).count();
            let is_big_endian = high * 4 > text.len();
            let swapped: Vec<u8> = text.chunks_exact(2).flat_map(|p| [p[1], p[0]]).collect();
            wide(if is_big_endian { &swapped } else { text })
        }
        _ => crate::text::decode(text).0.into_owned(),
    };
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// Where the picture was taken, and the fields around it.
fn place(fields: &mut Fields, directory: &Directory<'_>, form: Form) {
    let degrees = |tag: u16| {
        let entry = directory.get(tag)?;
        let parts: Vec<(u64, u64)> = entry
            .data
            .chunks_exact(8)
            .filter_map(|value| form.number(value, 0, 4).zip(form.number(value, 4, 4)))
            .collect();
        let is_known = parts.iter().any(|(above, below)| *above > 0 && *below > 0);
        let side = directory.get(tag - 1).map(Entry::text).unwrap_or_default();
        is_known.then(|| {
            let parts: Vec<String> = parts.iter().map(|(a, b)| format!("{a}/{b}")).collect();
            format!("{side} {}", parts.join(" "))
        })
    };
    let known: Vec<String> = [LATITUDE, LONGITUDE].into_iter().filter_map(degrees).collect();
    if !known.is_empty() {
        fields.add(Notice::PicturePosition, "GPSPosition", &known.join(", "));
    }
    for entry in &directory.entries {
        let name = format!("GPS tag {:#06x}", entry.tag);
        match entry.tag {
            // Processing method and area have the form of a comment.
            0x1b => fields.add(Plain, &name, &user_comment(entry.data)),
            0x1c => fields.add(Notice::PicturePosition, &name, &user_comment(entry.data)),
            _ if entry.kind == ASCII && entry.data.len() > 2 => {
                fields.add(Plain, &name, &entry.text());
            }
            _ => {}
        }
    }
}

/// The small copy that the second directory describes.
fn preview(picture: &mut Picture<'_, '_>, part: &str, tiff: &Tiff<'_>, directory: &Directory<'_>) {
    let number = |tag: u16| directory.get(tag).and_then(|entry| entry.number(tiff.form));
    let part = format!("{part} preview");
    match number(PREVIEW_AT).zip(number(PREVIEW_LENGTH)) {
        Some((at, length)) => match slice(tiff.bytes, position(at), position(length)) {
            Some(bytes) => picture.preview(&part, bytes),
            None => picture.notice(Notice::Thumbnail, &part, "", 1),
        },
        None if number(COMPRESSION).is_some() => picture.notice(Notice::Thumbnail, &part, "", 1),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_in_order_and_comments_have_their_code() {
        assert!(TAGS.is_sorted_by_key(|(tag, _, _)| *tag));
        assert_eq!(user_comment(b"ASCII\0\0\0hello\0"), "hello");
        assert_eq!(user_comment(b"UNICODE\0h\0i\0"), "hi");
        assert_eq!(user_comment(b"UNICODE\0\0h\0i"), "hi");
        assert_eq!(user_comment(b"short"), "");
    }
}
