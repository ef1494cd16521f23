//! TIFF 6.0, BigTIFF and the same structure inside Exif (CIPA DC-008 §4.6): directories of tags.

use std::collections::BTreeSet;

use super::{position, slice};

/// Directories of one file that are followed.
const DIRECTORIES_MAX: usize = 4_096;

/// Entries of all directories together that are followed.
const ENTRIES_MAX: usize = 100_000;

pub(crate) const SUB_IFDS: u16 = 0x014a;
pub(crate) const EXIF_IFD: u16 = 0x8769;
pub(crate) const GPS_IFD: u16 = 0x8825;
pub(crate) const INTEROP_IFD: u16 = 0xa005;

/// How a file writes numbers and positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) is_big_endian: bool,
    /// BigTIFF: counts and positions have 64 bits.
    pub(crate) is_wide: bool,
}

impl Form {
    fn of(bytes: &[u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let narrow = Self { is_big_endian, is_wide: false };
        match narrow.number(bytes, 2, 2)? {
            43 => Some(Self { is_wide: true, ..narrow }),
            // 42, and the numbers that makers of cameras put in its place.
            _ => Some(narrow),
        }
    }

    /// An unsigned number of up to eight bytes.
    pub(crate) fn number(self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        let bytes = slice(bytes, at, length.min(8))?;
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        Some(if self.is_big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }

    /// Bytes of an unsigned number.
    pub(crate) fn bytes_of(self, number: u64, length: usize) -> Vec<u8> {
        let mut bytes = number.to_le_bytes()[..length.min(8)].to_vec();
        if self.is_big_endian {
            bytes.reverse();
        }
        bytes
    }

    const fn sizes(self) -> (usize, usize, usize) {
        // Length of: the number of entries, an entry, a position.
        if self.is_wide { (8, 20, 8) } else { (2, 12, 4) }
    }
}

/// Which directory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// One of the main chain, counted from 0.
    Page(usize),
    /// A directory below a page, such as a smaller copy.
    Sub,
    /// Exif.
    Exif,
    /// Position.
    Gps,
    /// Interoperability.
    Interop,
}

/// One tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'b> {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u64,
    pub(crate) data: &'b [u8],
}

/// One directory.
#[derive(Debug)]
pub(crate) struct Directory<'b> {
    pub(crate) group: Group,
    /// Where it begins.
    pub(crate) at: usize,
    pub(crate) entries: Vec<Entry<'b>>,
}

impl<'b> Directory<'b> {
    pub(crate) fn get(&self, tag: u16) -> Option<&Entry<'b>> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Tiff<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) form: Form,
    pub(crate) directories: Vec<Directory<'b>>,
    /// Whether every directory and value lies within the file.
    pub(crate) is_whole: bool,
}

/// Takes a file apart; `None` if it does not begin like one.
pub(crate) fn parse(bytes: &[u8]) -> Option<Tiff<'_>> {
    let form = Form::of(bytes)?;
    let first = if form.is_wide { form.number(bytes, 8, 8)? } else { form.number(bytes, 4, 4)? };
    let mut tiff = Tiff { bytes, form, directories: Vec::new(), is_whole: true };
    let mut walk = Walk { seen: BTreeSet::new(), entries: 0 };
    walk.chain(&mut tiff, position(first));
    Some(tiff)
}

/// What has been visited: positions may lead in circles.
struct Walk {
    seen: BTreeSet<usize>,
    entries: usize,
}

impl Walk {
    fn chain<'b>(&mut self, tiff: &mut Tiff<'b>, first: usize) {
        let (mut at, mut page) = (first, 0);
        while at != 0 {
            let mut below = Vec::new();
            let next = self.directory(tiff, at, Group::Page(page), &mut below);
            // Directories below are few and shallow; a list in place of recursion bounds them.
            while let Some((group, at)) = below.pop() {
                self.directory(tiff, at, group, &mut below);
            }
            at = next.unwrap_or(0);
            page += 1;
        }
    }

    /// Reads one directory; gives the position of the next in the chain.
    fn directory<'b>(
        &mut self,
        tiff: &mut Tiff<'b>,
        at: usize,
        group: Group,
        below: &mut Vec<(Group, usize)>,
    ) -> Option<usize> {
        let (head, size, wide) = tiff.form.sizes();
        let count = tiff.form.number(tiff.bytes, at, head).map(position);
        if !self.seen.insert(at) || self.seen.len() > DIRECTORIES_MAX || count.is_none() {
            tiff.is_whole = false;
            return None;
        }
        let count = count.unwrap_or(0);
        let mut entries = Vec::new();
        for number in 0..count {
            let place = at.saturating_add(head).saturating_add(number.saturating_mul(size));
            self.entries += 1;
            if self.entries > ENTRIES_MAX || slice(tiff.bytes, place, size).is_none() {
                tiff.is_whole = false;
                break;
            }
            match entry(tiff, place) {
                Some(entry) => {
                    below.extend(pointed(tiff, &entry));
                    entries.push(entry);
                }
                None => tiff.is_whole = false,
            }
        }
        tiff.directories.push(Directory { group, at, entries });
        let end = at.saturating_add(head).saturating_add(count.saturating_mul(size));
        tiff.form.number(tiff.bytes, end, wide).map(position)
    }
}

/// Bytes of one value of a type (TIFF 6.0 §2); unknown types have one.
pub(crate) const fn size_of(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 1,
    }
}

fn entry<'b>(tiff: &Tiff<'b>, at: usize) -> Option<Entry<'b>> {
    let (form, bytes) = (tiff.form, tiff.bytes);
    let (_, _, wide) = form.sizes();
    let tag = u16::try_from(form.number(bytes, at, 2)?).ok()?;
    let kind = u16::try_from(form.number(bytes, at + 2, 2)?).ok()?;
    let count = form.number(bytes, at + 4, wide)?;
    let length = position(count).checked_mul(size_of(kind))?;
    let place = at + 4 + wide;
    let from = if length <= wide { place } else { position(form.number(bytes, place, wide)?) };
    Some(Entry { tag, kind, count, data: slice(bytes, from, length)? })
}

/// Directories that an entry points to.
fn pointed(tiff: &Tiff<'_>, entry: &Entry<'_>) -> Vec<(Group, usize)> {
    let group = match entry.tag {
        EXIF_IFD => Group::Exif,
        GPS_IFD => Group::Gps,
        INTEROP_IFD => Group::Interop,
        SUB_IFDS => Group::Sub,
        _ => return Vec::new(),
    };
    let places = entry.numbers(tiff.form);
    places.into_iter().take(DIRECTORIES_MAX).map(|at| (group, position(at))).collect()
}

impl Entry<'_> {
    /// Values that are whole numbers.
    pub(crate) fn numbers(&self, form: Form) -> Vec<u64> {
        let size = size_of(self.kind);
        self.data.chunks_exact(size).filter_map(|value| form.number(value, 0, size)).collect()
    }

    /// The first value as a whole number.
    pub(crate) fn number(&self, form: Form) -> Option<u64> {
        form.number(self.data, 0, size_of(self.kind)).filter(|_| !self.data.is_empty())
    }

    /// The value as text, without what fills it up.
    pub(crate) fn text(&self) -> String {
        let text = crate::text::decode(self.data).0;
        text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).replace('\0', "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of entries whose values fit in.
    fn directory(entries: &[(u16, u16, u32, [u8; 4])], next: u32) -> Vec<u8> {
        let mut bytes = u16::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value);
        }
        bytes.extend(next.to_le_bytes());
        bytes
    }

    fn file(directory: &[u8]) -> Vec<u8> {
        [b"II*\0\x08\0\0\0".as_slice(), directory].concat()
    }

    #[test]
    fn values_are_read_and_circles_end() {
        let bytes =
            file(&directory(&[(0x010e, 2, 3, *b"hi\0\0"), (0x8769, 4, 1, [8, 0, 0, 0])], 8));
        let tiff = parse(&bytes).unwrap();
        assert_eq!(tiff.directories.len(), 1);
        assert_eq!(tiff.directories[0].get(0x010e).unwrap().text(), "hi");
        assert!(!tiff.is_whole);
    }

    #[test]
    fn counts_that_lead_out_of_the_file_are_broken() {
        let bytes = file(&directory(&[(0x010e, 2, u32::MAX, [8, 0, 0, 0])], 0));
        let tiff = parse(&bytes).unwrap();
        assert!(tiff.directories[0].entries.is_empty() && !tiff.is_whole);
        assert!(parse(b"no").is_none());
        let whole = file(&directory(&[(0x0112, 3, 1, [6, 0, 0, 0])], 0));
        let tiff = parse(&whole).unwrap();
        assert!(tiff.is_whole);
        assert_eq!(tiff.directories[0].get(0x0112).unwrap().number(tiff.form), Some(6));
    }
}
