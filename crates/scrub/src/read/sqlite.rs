//! SQLite databases: text of all rows, those of deleted ones too that are still in the file
//! (the SQLite file format, <https://www.sqlite.org/fileformat2.html>).
//!
//! Every page that has the form of a leaf of a table is read, whether a table still uses it or not;
//! what is left of the pages is searched as runs of characters.

use std::cell::Cell;

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::runs;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Bytes of the header of the file.
const HEADER_BYTES: usize = 100;

/// Kind of a page that holds rows of a table.
const LEAF: u8 = 13;

/// Most columns of a table, the limit of SQLite itself.
const COLUMNS_MAX: u32 = 32_767;

/// Bytes of records for each byte of the file: rows may stand in the file twice, now and then.
const RECORDS_FOR_BYTE: usize = 4;

/// Bytes of text that are searched in one go.
const BLOCK_BYTES: usize = 4 << 20;

/// A database cut into pages.
struct Pages<'b> {
    bytes: &'b [u8],
    size: usize,
    /// Bytes of a page that are used; the rest is reserved for extensions.
    usable: usize,
    encoding: u32,
    /// Bytes of records that may still be put together: rows do not share their bytes, so more than
    /// the file has is hostile.
    left: Cell<usize>,
}

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let Some(pages) = Pages::of(bytes) else {
        runs::search(scan, site, bytes);
        return scan.refuse(site, None, Kind::Sqlite, Reason::Broken);
    };
    scan.was_read(site, Kind::Sqlite, bytes, None);
    let free = number(bytes, 36).unwrap_or(0);
    if free > 0 {
        let location = scan.at(site, Notice::FreePages);
        scan.notice(Notice::FreePages, location, "", u64::from(free));
    }
    let mut rest = bytes.to_vec();
    let mut block = Block::new("rows");
    for at in 0..pages.count() {
        pages.leaf(at, &mut |start, end, cell, text| {
            let page = at_most(at as u64 + 1);
            block.push(Place { paragraph: page, cell, ..Place::of(Channel::Visible) }, text);
            // What was read as a value is not searched once more as a run.
            rest[start..end].fill(0);
        });
        if block.text().len() > BLOCK_BYTES {
            scan.block(site, &std::mem::replace(&mut block, Block::new("rows")));
        }
    }
    scan.block(site, &block);
    runs::search(scan, site, &rest);
    let is_short = !bytes.len().is_multiple_of(pages.size);
    let is_hostile = pages.left.get() == 0;
    if is_short || is_hostile || pages.count() < number(bytes, 28).unwrap_or(0) as usize {
        scan.not_read(site, None, Kind::Sqlite, Reason::Broken);
    }
}

fn at_most(at: u64) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'b> Pages<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let size = match bytes.get(16..18)? {
            [0, 1] => 65_536,
            [high, low] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return None,
        };
        let usable = size.checked_sub(usize::from(*bytes.get(20)?))?;
        let is_sound = size.is_power_of_two() && size >= 512 && usable >= 480;
        let left = Cell::new(bytes.len().saturating_mul(RECORDS_FOR_BYTE));
        is_sound.then_some(Self { bytes, size, usable, encoding: number(bytes, 56)?, left })
    }

    const fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.size)
    }

    fn page(&self, at: usize) -> Option<&'b [u8]> {
        let start = at.checked_mul(self.size)?;
        self.bytes.get(start..self.bytes.len().min(start.checked_add(self.size)?))
    }

    /// Texts of the rows of a page, each with its bytes in the file, if the page is such a leaf.
    fn leaf(&self, at: usize, say: &mut impl FnMut(usize, usize, (u32, u32), &str)) -> Option<()> {
        let page = self.page(at)?;
        let head = if at == 0 { HEADER_BYTES } else { 0 };
        if *page.get(head)? != LEAF {
            return None;
        }
        let cells = usize::from(short(page, head + 3)?);
        for cell in 0..cells {
            let start = usize::from(short(page, head + 8 + cell * 2)?);
            // One broken row says nothing about the others.
            let _ = self.row(at * self.size, page, start, say);
        }
        Some(())
    }

    /// Texts of one row: the length of the record, the number of the row, the record.
    fn row(
        &self,
        base: usize,
        page: &[u8],
        start: usize,
        say: &mut impl FnMut(usize, usize, (u32, u32), &str),
    ) -> Option<()> {
        let (length, after) = varint(page, start)?;
        let (number, record) = varint(page, after)?;
        let length = usize::try_from(length).ok()?;
        let (content, inside) = self.record(page, record, length)?;
        let (head, mut at) = varint(&content, 0)?;
        let head = usize::try_from(head).ok().filter(|head| *head <= content.len())?;
        let (mut value, mut columns) = (head, 0_u32);
        while at < head && columns < COLUMNS_MAX {
            let (kind, next) = varint(&content, at)?;
            (at, columns) = (next, columns + 1);
            let size = size_of(kind)?;
            let bytes = content.get(value..value.checked_add(size)?)?;
            let cell = (at_most(number), columns);
            let range = (base + record + value, base + record + (value + size).min(inside));
            let range = (range.0.min(range.1), range.1);
            match kind {
                1..=6 => say(range.0, range.0, cell, &whole(bytes).to_string()),
                _ if kind >= 13 && kind % 2 == 1 => say(range.0, range.1, cell, &self.text(bytes)),
                _ if kind >= 12 => {
                    for line in runs::Runs::of(bytes).text.lines() {
                        say(range.0, range.1, cell, line);
                    }
                }
                _ => {}
            }
            value += size;
        }
        Some(())
    }

    /// A record, put together from its page and the pages it flows over to, and how much of it stands
    /// in its page.
    fn record(&self, page: &[u8], start: usize, length: usize) -> Option<(Vec<u8>, usize)> {
        if length > self.bytes.len() {
            return None;
        }
        let left = self.left.get().checked_sub(length);
        self.left.set(left.unwrap_or(0));
        left?;
        let most = self.usable - 35;
        if length <= most {
            return Some((page.get(start..start + length)?.to_vec(), length));
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fits = least + (length - least) % (self.usable - 4);
        let inside = if fits <= most { fits } else { least };
        let mut content = page.get(start..start + inside)?.to_vec();
        let mut next = number(page, start + inside)?;
        while content.len() < length && next != 0 {
            let over = self.page(usize::try_from(next).ok()?.checked_sub(1)?)?;
            let left = (length - content.len()).min(self.usable - 4);
            content.extend_from_slice(over.get(4..4 + left)?);
            next = number(over, 0)?;
        }
        Some((content, inside))
    }

    fn text(&self, bytes: &[u8]) -> String {
        let pairs = bytes.chunks_exact(2);
        let units: Vec<u16> = match self.encoding {
            2 => pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect(),
            3 => pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
            _ => return String::from_utf8_lossy(bytes).into_owned(),
        };
        String::from_utf16_lossy(&units)
    }
}

/// Bytes of a value of a serial type.
fn size_of(kind: u64) -> Option<usize> {
    Some(match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => usize::try_from((kind - 12) / 2).ok()?,
    })
}

/// A number in two's complement, highest byte first.
fn whole(bytes: &[u8]) -> i64 {
    let is_negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let start = if is_negative { -1 } else { 0 };
    bytes.iter().fold(start, |value: i64, byte| (value << 8) | i64::from(*byte))
}

/// A number in groups of seven bits, highest first; the ninth byte counts whole.
fn varint(bytes: &[u8], start: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.get(start..)?.iter().take(9).enumerate() {
        if at == 8 {
            return Some((value << 8 | u64::from(*byte), start + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, start + at + 1));
        }
    }
    None
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_up_to_nine_bytes() {
        assert_eq!(varint(&[0x81, 1], 0), Some((129, 2)));
        assert_eq!(varint(&[0xff; 9], 0), Some((u64::MAX, 9)));
        assert_eq!(varint(&[0x81], 0), None);
        assert_eq!((whole(&[0xff, 0xfe]), whole(&[1, 0])), (-2, 256));
    }
}
