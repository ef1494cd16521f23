//! Pictures inside streams of other things ([MS-ODRAW] §2.2.23): found by their own marks.

use aho_corasick::AhoCorasick;

use super::le::{part as range, size_at, u16_at};
use crate::scan::{Scan, Site};

/// Marks of PNG and JPEG.
const MARKS: [&[u8]; 2] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"];

/// Reads each picture of a stream as a file of its own.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, part: &str, content: &[u8]) {
    let Ok(finder) = AhoCorasick::new(MARKS) else { return };
    let (mut past, mut number) = (0, 0);
    for found in finder.find_iter(content) {
        // A thumbnail inside a picture is that picture's own affair.
        if found.start() < past {
            continue;
        }
        let picture = match found.pattern().as_usize() {
            0 => png(range(content, found.start(), usize::MAX)),
            _ => recorded(content, found.start()),
        };
        number += 1;
        past = found.start() + picture.len();
        let inner = site.inner(&format!("{part}/picture {number}"));
        if let Err(reason) = scan.budget.entry() {
            return scan.refuse(site, Some(part), crate::kind::Kind::Unknown, reason);
        }
        scan.file(&inner, picture);
    }
}

/// A PNG up to its last chunk.
fn png(bytes: &[u8]) -> &[u8] {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let is_last = bytes.get(at + 4..at + 8) == Some(b"IEND");
        at = at.saturating_add(length).saturating_add(12);
        if is_last || at >= bytes.len() {
            break;
        }
    }
    range(bytes, 0, at)
}

/// A picture that stands in a record: the header before it has its length.
fn recorded(content: &[u8], at: usize) -> &[u8] {
    // Between header and picture are one or two ids of 16 bytes and a mark.
    for ahead in [17, 33] {
        let Some(header) = at.checked_sub(8 + ahead) else { continue };
        let kind = u16_at(content, header + 2);
        let length = size_at(content, header + 4).and_then(|length| length.checked_sub(ahead));
        if let (Some(0xf018..=0xf117), Some(length)) = (kind, length) {
            return range(content, at, length);
        }
    }
    range(content, at, usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_ends_where_it_says() {
        let mut bytes = MARKS[0].to_vec();
        bytes.extend_from_slice(b"\0\0\0\x01IHDRx....\0\0\0\0IEND....rest");
        assert!(png(&bytes).ends_with(b"IEND...."));
        let mut record = vec![0, 0, 0x1d, 0xf0, 20, 0, 0, 0];
        record.extend([0; 17]);
        record.extend_from_slice(b"\xff\xd8\xffrest");
        assert_eq!(recorded(&record, 25), b"\xff\xd8\xff");
        assert_eq!(recorded(&record[8..], 17), b"\xff\xd8\xffrest");
    }
}
