//! HEIC and AVIF (ISO/IEC 23008-12): items of metadata, small copies, depth maps, films. Their
//! pixels have no decoder here.

use super::{Fields, Picture, exif, xmp};
use crate::kind::Kind;
use crate::picture::bmff::{Item, Meta, all, atoms, find, meta};
use crate::picture::{be32, position};
use crate::rules::Notice;

/// Kinds of items that are pictures.
const PICTURES: [&[u8; 4]; 6] = [b"hvc1", b"av01", b"grid", b"iovl", b"iden", b"jpeg"];

/// Reads all boxes; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let bytes = picture.bytes;
    let (boxes, is_whole) = atoms(bytes);
    let Some(atom) = find(&boxes, b"meta") else {
        films(picture, bytes);
        return false;
    };
    let meta = meta(atom);
    let mut is_good = is_whole && !meta.items.is_empty();
    for item in &meta.items {
        let Some(data) = content(bytes, item) else {
            is_good = false;
            continue;
        };
        match &item.kind {
            b"Exif" => {
                // The offset of the head of TIFF comes first.
                let skip = be32(&data, 0).map_or(0, |skip| position(skip.into()).saturating_add(4));
                is_good &= exif::read(picture, "Exif", data.get(skip..).unwrap_or_default());
            }
            b"mime" if item.label.contains("rdf+xml") => xmp::read(picture, "XMP", &data),
            kind if PICTURES.contains(&kind) => {}
            b"hvt1" | b"tmap" => {}
            _ => {
                let mut fields = Fields::new(&format!("item {}", item.id));
                fields.add_texts(Some(Notice::PictureMetadata), "data", &data);
                picture.fields(fields);
            }
        }
        if !item.label.is_empty() && item.kind != *b"mime" {
            let mut fields = Fields::new(&format!("item {}", item.id));
            fields.add(None, "name", &item.label);
            picture.fields(fields);
        }
    }
    others(picture, &meta);
    films(picture, bytes);
    is_good
}

/// The bytes of an item; `None` if they lie outside the file.
fn content(bytes: &[u8], item: &Item) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    // Extents may overlap; together they are no longer than the file in an honest one.
    for (at, length) in &item.extents {
        let length = if *length == 0 { bytes.len().checked_sub(*at)? } else { *length };
        data.extend_from_slice(crate::picture::slice(bytes, *at, length)?);
        if data.len() > bytes.len() {
            return None;
        }
    }
    Some(data)
}

/// Pictures besides the one that is shown.
fn others(picture: &mut Picture<'_, '_>, meta: &Meta) {
    let from = |name: &[u8; 4]| {
        let of = |(kind, from, _): &(_, u32, _)| (kind == name).then_some(*from);
        meta.references.iter().filter_map(of).collect::<Vec<_>>()
    };
    let small = from(b"thmb");
    let helpers = from(b"auxl");
    let tiles = |id: u32| meta.references.iter().any(|(k, _, to)| k == b"dimg" && to.contains(&id));
    if !small.is_empty() {
        picture.notice(Notice::Thumbnail, "small copies", "", small.len() as u64);
    }
    let is_other = |item: &&Item| {
        PICTURES.contains(&&item.kind)
            && Some(item.id) != meta.primary
            && !small.contains(&item.id)
            && !helpers.contains(&item.id)
            && !tiles(item.id)
    };
    let count = meta.items.iter().filter(is_other).count() as u64;
    if count > 0 {
        picture.notice(Notice::SecondPicture, "further pictures", "", count);
    }
    // Transparency is a helper too, and is no picture of its own.
    if !helpers.is_empty() && has_depth(picture.bytes) {
        picture.notice(Notice::SecondPicture, "depth or gain map", "", helpers.len() as u64);
    }
}

/// Whether a helper picture is named as something else than transparency.
fn has_depth(bytes: &[u8]) -> bool {
    let names = ["urn:mpeg:hevc:2015:auxid:2", "urn:com:apple:photo:", "depth", "hdrgainmap"];
    aho_corasick::AhoCorasick::new(names).is_ok_and(|finder| finder.is_match(bytes))
}

/// Films beside the picture, and texts in boxes of their makers.
fn films(picture: &mut Picture<'_, '_>, bytes: &[u8]) {
    let (boxes, _) = atoms(bytes);
    if find(&boxes, b"moov").is_some() {
        picture.notice(Notice::SecondPicture, "film", "", 1);
        picture.scan.refuse(
            picture.site,
            Some("film"),
            Kind::Media,
            crate::report::Reason::NoReader,
        );
    }
    for atom in all(bytes, &[b"udta", b"uuid", b"mpvd", b"free", b"skip"]) {
        let name = String::from_utf8_lossy(&atom.name).into_owned();
        if atom.name == *b"mpvd" {
            picture.notice(Notice::SecondPicture, &name, "", 1);
            picture.inner(&name, atom.data);
            continue;
        }
        let mut fields = Fields::new(&name);
        let notice = (atom.name == *b"uuid").then_some(Notice::PictureHistory);
        fields.add_texts(notice, "data", atom.data);
        picture.fields(fields);
    }
}
