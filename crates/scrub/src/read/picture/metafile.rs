//! Metafiles: records of EMF ([MS-EMF]) and WMF ([MS-WMF]). Texts are searched, and pictures in
//! them are read as pictures.

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::picture::{PIECES_MAX, le16, le32, position, slice};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// What the records hold.
#[derive(Default)]
struct Found {
    /// Texts with the height of the line that they stand on.
    texts: Vec<(i64, String)>,
    comments: Vec<Vec<u8>>,
    pictures: Vec<Vec<u8>>,
}

/// Reads a metafile.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let is_enhanced = bytes.get(40..44) == Some(b" EMF");
    let mut found = Found::default();
    let is_whole =
        if is_enhanced { enhanced(bytes, &mut found) } else { windows(bytes, &mut found) };
    scan.was_read(site, Kind::Metafile, bytes, None);
    if !is_whole {
        scan.refuse(site, Some("structure"), Kind::Metafile, Reason::Broken);
    }
    let mut block = Block::new("text");
    for (number, line) in (1..).zip(lines(&found.texts)) {
        block.push(Place { paragraph: number, ..Place::of(Channel::Visible) }, &line);
    }
    scan.block(site, &block);
    if is_enhanced {
        description(scan, site, bytes);
    }
    let mut block = Block::new("comments");
    for comment in &found.comments {
        for text in super::texts(comment) {
            block.push(Place::of(Channel::Metadata), &text);
        }
    }
    scan.block(site, &block);
    for (number, picture) in (1..).zip(&found.pictures) {
        scan.file(&site.inner(&format!("picture {number}")), picture);
    }
}

/// Pieces on one line are joined: programs write words or letters one by one.
fn lines(texts: &[(i64, String)]) -> Vec<String> {
    let mut lines: Vec<(i64, String)> = Vec::new();
    for (height, text) in texts {
        match lines.last_mut().filter(|(last, _)| last == height) {
            Some((_, line)) => line.push_str(text),
            None => lines.push((*height, text.clone())),
        }
    }
    let pieces = texts.iter().map(|(_, text)| text.clone());
    let joined = lines.into_iter().map(|(_, line)| line);
    // A word may also be wholly in one piece between others.
    if texts.len() > 1 { joined.chain(pieces).collect() } else { joined.collect() }
}

/// Name of the program and title, in the head of an enhanced metafile.
fn description(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let number = |at| le32(bytes, at).map(|number| position(number.into()));
    let Some((length, at)) = number(60).zip(number(64)) else { return };
    let Some(data) = slice(bytes, at, length.saturating_mul(2)).filter(|data| !data.is_empty())
    else {
        return;
    };
    let text = wide(data).replace('\0', "\n");
    let mut block = Block::new("description");
    let place = Place::of(Channel::Metadata);
    block.field(place, "description", &text);
    let shown = text.trim();
    if !shown.is_empty() {
        scan.notice_in(site, &block, place, Notice::PictureMetadata, shown);
    }
    scan.block(site, &block);
}

fn wide(data: &[u8]) -> String {
    let units = data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

fn narrow(data: &[u8]) -> String {
    data.iter().map(|byte| char::from(*byte)).collect()
}

/// Records of an enhanced metafile; `false` if they end too early.
fn enhanced(bytes: &[u8], found: &mut Found) -> bool {
    let mut at = 0;
    for _ in 0..PIECES_MAX {
        let head = le32(bytes, at).zip(le32(bytes, at + 4));
        let Some((kind, length)) = head.map(|(kind, length)| (kind, position(length.into())))
        else {
            return false;
        };
        let Some(record) = slice(bytes, at, length).filter(|record| record.len() >= 8) else {
            return false;
        };
        let number = |at: usize| le32(record, at).map_or(0, |number| position(number.into()));
        match kind {
            14 => return true,
            // EMR_EXTTEXTOUTA and EMR_EXTTEXTOUTW.
            83 | 84 => {
                let width = usize::from(kind == 84) + 1;
                let data = slice(record, number(48), number(44).saturating_mul(width));
                let text = |data| if kind == 84 { wide(data) } else { narrow(data) };
                // Heights may be negative; as a name of a line any number will do.
                found.texts.extend(
                    data.map(|data| (i64::from(le32(record, 40).unwrap_or(0)), text(data))),
                );
            }
            // EMR_SMALLTEXTOUT: the options say whether a box and wide letters follow.
            108 => {
                let options = number(20);
                let start = if options & 0x100 == 0 { 52 } else { 36 };
                let is_narrow = options & 0x200 != 0;
                let length = number(16).saturating_mul(if is_narrow { 1 } else { 2 });
                let text = |data| if is_narrow { narrow(data) } else { wide(data) };
                let data = slice(record, start, length);
                found.texts.extend(
                    data.map(|data| (i64::from(le32(record, 12).unwrap_or(0)), text(data))),
                );
            }
            70 => found.comments.push(record[8..].to_vec()),
            // EMR_STRETCHDIBITS, EMR_SETDIBITSTODEVICE, EMR_BITBLT, EMR_STRETCHBLT.
            80 | 81 => found.bitmap(record, [number(48), number(52), number(56), number(60)]),
            76 | 77 => found.bitmap(record, [number(84), number(88), number(92), number(96)]),
            _ => {}
        }
        at += length;
    }
    false
}

/// Records of a Windows metafile; `false` if they end too early.
fn windows(bytes: &[u8], found: &mut Found) -> bool {
    let placed = if bytes.starts_with(b"\xd7\xcd\xc6\x9a") { 22 } else { 0 };
    let mut at = placed + 18;
    for _ in 0..PIECES_MAX {
        let Some(words) = le32(bytes, at).map(|words| position(words.into())) else { return false };
        let length = words.saturating_mul(2);
        let record = slice(bytes, at, length).filter(|record| record.len() >= 6);
        let Some((record, kind)) = record.zip(le16(bytes, at + 4)) else { return false };
        let number = |at: usize| le16(record, at).map_or(0, usize::from);
        match kind {
            0 => return true,
            // META_TEXTOUT: length, text, then the place.
            0x0521 => {
                let length = number(6);
                let height = i64::from(le16(record, 8 + length.next_multiple_of(2)).unwrap_or(0));
                let data = slice(record, 8, length);
                found.texts.extend(data.map(|data| (height, narrow(data))));
            }
            // META_EXTTEXTOUT: place, length, options, and a box if these say so.
            0x0a32 => {
                let start = if number(12) & 6 == 0 { 14 } else { 22 };
                let data = slice(record, start, number(10));
                found.texts.extend(
                    data.map(|data| (i64::from(le16(record, 6).unwrap_or(0)), narrow(data))),
                );
            }
            0x0626 => found.comments.push(record[6..].to_vec()),
            // META_DIBSTRETCHBLT, META_STRETCHDIB, META_DIBBITBLT, META_SETDIBTODEV.
            0x0b41 => found.dib(record.get(26..)),
            0x0f43 => found.dib(record.get(28..)),
            0x0940 => found.dib(record.get(22..)),
            0x0d33 => found.dib(record.get(24..)),
            _ => {}
        }
        at += length;
    }
    false
}

impl Found {
    /// A bitmap whose head and bits stand at two places of a record.
    fn bitmap(&mut self, record: &[u8], [head, head_length, bits, bits_length]: [usize; 4]) {
        let head = slice(record, head, head_length).filter(|head| !head.is_empty());
        if let Some((head, bits)) = head.zip(slice(record, bits, bits_length)) {
            self.dib(Some(&[head, bits].concat()));
        }
    }

    /// A bitmap without the head that a file has.
    fn dib(&mut self, dib: Option<&[u8]>) {
        let Some((dib, info)) = dib.and_then(|dib| Some((dib, le32(dib, 0)?))) else { return };
        let (depth, colours) = (le16(dib, 14).unwrap_or(0), le32(dib, 32).unwrap_or(0));
        let is_masked = info == 40 && le32(dib, 16) == Some(3);
        let table = match (colours, depth) {
            (0, 1..=8) => 4 << depth,
            (colours, _) => u64::from(colours.min(256)) * 4,
        };
        let start = 14 + u64::from(info) + table + if is_masked { 12 } else { 0 };
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        let length = number(dib.len() as u64 + 14);
        self.pictures.push([b"BM", length.as_slice(), &[0; 4], &number(start), dib].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn texts_of_a_windows_metafile_are_found() {
        let head = words(&[1, 9, 0x300, 0, 0, 0, 0, 0, 0]);
        let text = [words(&[9, 0, 0x0521, 5]), b"hello\0".to_vec(), words(&[7, 3])].concat();
        let end = words(&[3, 0, 0]);
        let mut found = Found::default();
        assert!(windows(&[head.clone(), text.clone(), end].concat(), &mut found));
        assert_eq!(found.texts, [(7, "hello".to_owned())]);
        assert!(!windows(&[head, text].concat(), &mut Found::default()));
    }

    #[test]
    fn pieces_on_one_line_are_joined() {
        let texts = [(1, "an".to_owned()), (1, "na".to_owned()), (2, "b".to_owned())];
        assert_eq!(lines(&texts), ["anna", "b", "an", "na", "b"]);
        assert_eq!(lines(&texts[..1]), ["an"]);
    }
}
