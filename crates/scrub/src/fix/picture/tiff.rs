//! TIFF: every page is written anew with the tags that show it; its strips and tiles are copied.

use super::Copy;
use crate::finding::Channel;
use crate::picture::tiff::{Directory, Entry, Form, Group, Tiff, parse};
use crate::picture::{position, slice};
use crate::report::Reason;

/// Tags that a page needs to be shown as it is (TIFF 6.0, and the colour profile).
const NEEDED: [u16; 45] = [
    254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284,
    290, 291, 292, 293, 296, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 332, 334, 338, 339,
    340, 341, 347, 529, 530, 532, 34675,
];

/// Places and lengths of the pieces that pixels are cut into: strips, or tiles.
const PIECES: [(u16, u16); 2] = [(273, 279), (324, 325)];

const COMPRESSION: u16 = 259;
const SUBFILE_TYPE: u16 = 254;
const DNG_VERSION: u16 = 0xc612;
const OLD_JPEG: u64 = 6;
const LONG: u16 = 4;
const LONG8: u16 = 16;

pub(super) fn fix(copy: &mut Copy, bytes: &[u8]) -> Result<(), Reason> {
    let tiff = parse(bytes).filter(|tiff| tiff.is_whole).ok_or(Reason::Broken)?;
    let pages: Vec<&Directory<'_>> = pages(&tiff).collect();
    let value = |page: &Directory<'_>, tag| page.get(tag).and_then(|e| e.number(tiff.form));
    // Raw files and the first form of JPEG in TIFF need tags that are not known here.
    let is_odd = |page: &&Directory<'_>| {
        page.get(DNG_VERSION).is_some() || value(page, COMPRESSION) == Some(OLD_JPEG)
    };
    if pages.is_empty() || pages.iter().any(is_odd) {
        return Ok(());
    }
    let needed = |entry: &Entry<'_>| NEEDED.contains(&entry.tag);
    for directory in &tiff.directories {
        let is_page = pages.iter().any(|page| page.at == directory.at);
        let channel = if is_page { Channel::Metadata } else { Channel::Thumbnail };
        let is_gone = !is_page && matches!(directory.group, Group::Page(_) | Group::Sub);
        let surplus = directory.entries.iter().filter(|entry| !is_page || !needed(entry)).count();
        for _ in 0..if is_gone { 1 } else { surplus } {
            let is_copy = channel == Channel::Thumbnail && is_gone;
            copy.drop(if is_copy { Channel::Thumbnail } else { Channel::Metadata });
        }
    }
    copy.keep(&head(tiff.form));
    let mut link = copy.bytes.len() - width(tiff.form);
    for page in pages {
        link = write(copy, &tiff, page, link)?;
    }
    Ok(())
}

/// Pages of the main chain that are no smaller copies.
fn pages<'a, 'b>(tiff: &'a Tiff<'b>) -> impl Iterator<Item = &'a Directory<'b>> {
    tiff.directories.iter().filter(|directory| {
        let kind = directory.get(SUBFILE_TYPE).and_then(|entry| entry.number(tiff.form));
        let is_copy = kind.is_some_and(|kind| kind & 1 == 1);
        matches!(directory.group, Group::Page(_)) && !is_copy
    })
}

const fn width(form: Form) -> usize {
    if form.is_wide { 8 } else { 4 }
}

/// The head of a file, with the place of the first page still to be written.
fn head(form: Form) -> Vec<u8> {
    let order = if form.is_big_endian { b"MM" } else { b"II" };
    let number = |number, length| form.bytes_of(number, length);
    match form.is_wide {
        true => [order.as_slice(), &number(43, 2), &number(8, 2), &number(0, 2), &[0; 8]].concat(),
        false => [order.as_slice(), &number(42, 2), &[0; 4]].concat(),
    }
}

/// Writes one page; gives the place where the place of the next one is to be written.
fn write(
    copy: &mut Copy,
    tiff: &Tiff<'_>,
    page: &Directory<'_>,
    link: usize,
) -> Result<usize, Reason> {
    let (form, wide) = (tiff.form, width(tiff.form));
    let mut entries = Vec::new();
    for entry in page.entries.iter().filter(|entry| NEEDED.contains(&entry.tag)) {
        let lengths = PIECES.iter().find(|(places, _)| *places == entry.tag);
        let (kind, data) = match lengths {
            Some((_, lengths)) => {
                let lengths = page.get(*lengths).ok_or(Reason::Broken)?.numbers(form);
                let places = pieces(copy, tiff, &entry.numbers(form), &lengths)?;
                let data = places.iter().flat_map(|at| form.bytes_of(*at as u64, wide)).collect();
                (if form.is_wide { LONG8 } else { LONG }, data)
            }
            None => (entry.kind, entry.data.to_vec()),
        };
        let value = if data.len() <= wide {
            [data.as_slice(), &vec![0; wide - data.len()]].concat()
        } else {
            let at = put(copy, &data);
            form.bytes_of(at as u64, wide)
        };
        let start = [form.bytes_of(entry.tag.into(), 2), form.bytes_of(kind.into(), 2)].concat();
        entries.push([start, form.bytes_of(entry.count, wide), value].concat());
    }
    let count = form.bytes_of(entries.len() as u64, if form.is_wide { 8 } else { 2 });
    let at = put(copy, &[count, entries.concat(), vec![0; wide]].concat());
    if !form.is_wide && u32::try_from(copy.bytes.len()).is_err() {
        return Err(Reason::TooLarge);
    }
    copy.bytes[link..link + wide].copy_from_slice(&form.bytes_of(at as u64, wide));
    Ok(copy.bytes.len() - wide)
}

/// Copies strips or tiles; gives their new places.
fn pieces(
    copy: &mut Copy,
    tiff: &Tiff<'_>,
    places: &[u64],
    lengths: &[u64],
) -> Result<Vec<usize>, Reason> {
    let mut total = 0_usize;
    let mut new = Vec::new();
    for (place, length) in places.iter().zip(lengths) {
        let data = slice(tiff.bytes, position(*place), position(*length)).ok_or(Reason::Broken)?;
        // Pieces of an honest file do not overlap.
        total = total.saturating_add(data.len());
        if total > tiff.bytes.len() {
            return Err(Reason::Broken);
        }
        new.push(put(copy, data));
    }
    if new.len() == places.len() { Ok(new) } else { Err(Reason::Broken) }
}

/// Puts data at an even place.
fn put(copy: &mut Copy, data: &[u8]) -> usize {
    if copy.bytes.len() % 2 == 1 {
        copy.bytes.push(0);
    }
    let at = copy.bytes.len();
    copy.keep(data);
    at
}
