//! Records and strings of older workbooks ([MS-XLS] §2.1.4, §2.5.293 and on).

use super::le::{code_page, part as range, u8_at, u16_at};

/// A record that goes on where the last one ended.
pub(super) const CONTINUE: u16 = 0x3c;

/// A record and where it stands in the stream.
#[derive(Clone, Copy)]
pub(super) struct Record<'b> {
    pub(super) at: usize,
    pub(super) kind: u16,
    pub(super) content: &'b [u8],
}

/// Records of a stream, in order.
pub(super) fn records(stream: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (kind, length) = u16_at(stream, at).zip(u16_at(stream, at + 2))?;
        let content = range(stream, at + 4, usize::from(length));
        let record = Record { at, kind, content };
        at += 4 + usize::from(length);
        Some(record)
    })
}

/// A string with a length of two bytes at an offset.
pub(super) fn string(content: &[u8], at: usize, is_wide_format: bool) -> Option<String> {
    let count = usize::from(u16_at(content, at)?);
    if is_wide_format {
        characters(content, at + 2, count)
    } else {
        Some(code_page(range(content, at + 2, count), 1252))
    }
}

/// Characters after a byte that tells their width; what may stand before them is passed over.
pub(super) fn characters(content: &[u8], at: usize, count: usize) -> Option<String> {
    let flags = u8_at(content, at)?;
    let extra = usize::from(flags & 0x08 != 0) * 2 + usize::from(flags & 0x04 != 0) * 4;
    let start = at + 1 + extra;
    let width = 1 + usize::from(flags & 1);
    Some(text(range(content, start, count * width), flags & 1 != 0))
}

fn text(bytes: &[u8], is_wide: bool) -> String {
    if is_wide {
        super::le::utf16(bytes)
    } else {
        // The high byte of each character is left out and is zero.
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }
}

/// Pieces that make one long content, each with the width of characters told anew.
pub(super) struct Pieces<'b> {
    pieces: Vec<&'b [u8]>,
    piece: usize,
    at: usize,
}

impl<'b> Pieces<'b> {
    pub(super) const fn new(pieces: Vec<&'b [u8]>) -> Self {
        Self { pieces, piece: 0, at: 0 }
    }

    /// What is left of the piece; the next one where nothing is.
    fn rest(&mut self) -> Option<&'b [u8]> {
        while self.at >= self.pieces.get(self.piece)?.len() {
            (self.piece, self.at) = (self.piece + 1, 0);
        }
        self.pieces.get(self.piece).map(|piece| range(piece, self.at, usize::MAX))
    }

    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut found = Vec::new();
        while found.len() < count {
            let rest = self.rest()?;
            let taken = range(rest, 0, count - found.len());
            found.extend_from_slice(taken);
            self.at += taken.len();
        }
        Some(found)
    }

    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        let mut left = count;
        while left > 0 {
            let taken = self.rest()?.len().min(left);
            (self.at, left) = (self.at + taken, left - taken);
        }
        Some(())
    }

    fn number(&mut self) -> Option<usize> {
        self.bytes(2).and_then(|bytes| u16_at(&bytes, 0)).map(usize::from)
    }

    /// A string with what belongs to it ([MS-XLS] §2.5.293).
    pub(super) fn string(&mut self) -> Option<String> {
        let mut left = self.number()?;
        let mut flags = self.bytes(1)?[0];
        let runs = if flags & 0x08 != 0 { self.number()? } else { 0 };
        let extra = match flags & 0x04 {
            0 => 0,
            _ => super::le::size_at(&self.bytes(4)?, 0)?,
        };
        let mut found = String::new();
        while left > 0 {
            if self.at >= self.pieces.get(self.piece)?.len() {
                self.rest()?;
                flags = self.bytes(1)?[0];
            }
            let width = 1 + usize::from(flags & 1);
            let rest = range(self.pieces.get(self.piece)?, self.at, left * width);
            let taken = rest.len() - rest.len() % width;
            if taken == 0 {
                return None;
            }
            found.push_str(&text(&rest[..taken], flags & 1 != 0));
            (self.at, left) = (self.at + taken, left - taken / width);
        }
        self.skip(runs * 4 + extra)?;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_goes_on_in_the_next_piece() {
        let first: &[u8] = b"\x05\0\0ab";
        let second: &[u8] = b"\x01c\0d\0e\0\x02\0\x08\x01\0xy....\x01\0\0z";
        let mut pieces = Pieces::new(vec![first, second]);
        assert_eq!(pieces.string().unwrap(), "abcde");
        assert_eq!(pieces.string().unwrap(), "xy");
        assert_eq!(pieces.string().unwrap(), "z");
        assert_eq!(pieces.string(), None);
    }

    #[test]
    fn records_end_with_the_stream() {
        let stream = b"\x09\x08\x02\0ab\x0a\0\x09\0x";
        let found: Vec<_> = records(stream).map(|record| (record.at, record.content)).collect();
        assert_eq!(found, [(0, b"ab".as_slice()), (6, b"x".as_slice())]);
        assert_eq!(string(b"\x02\0\x01a\0b\0", 0, true).unwrap(), "ab");
    }
}
