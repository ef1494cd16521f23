//! HEIF's container (ISO/IEC 14496-12 and 23008-12): boxes, and the items that a `meta` box lists.

use super::{PIECES_MAX, be16, be32, be64, position, slice};

/// Boxes inside each other that are followed.
const DEPTH_MAX: usize = 8;

/// One box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Atom<'b> {
    pub(crate) name: [u8; 4],
    pub(crate) data: &'b [u8],
    /// Where the data begin in the bytes that were taken apart.
    pub(crate) at: usize,
}

/// Boxes in a row; `false` if the last one is cut off.
pub(crate) fn atoms(bytes: &[u8]) -> (Vec<Atom<'_>>, bool) {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let Some((atom, end)) = atom(bytes, at).filter(|_| found.len() < PIECES_MAX) else {
            return (found, false);
        };
        found.push(atom);
        at = end;
    }
    (found, true)
}

fn atom(bytes: &[u8], at: usize) -> Option<(Atom<'_>, usize)> {
    let name = slice(bytes, at + 4, 4)?;
    let name = [name[0], name[1], name[2], name[3]];
    let (head, length) = match be32(bytes, at)? {
        0 => (8, bytes.len() - at),
        1 => (16, position(be64(bytes, at + 8)?)),
        length => (8, position(length.into())),
    };
    let data = slice(bytes, at + head, length.checked_sub(head)?)?;
    Some((Atom { name, data, at: at + head }, at + length))
}

/// The first box of a name.
pub(crate) fn find<'a, 'b>(atoms: &'a [Atom<'b>], name: &[u8; 4]) -> Option<&'a Atom<'b>> {
    atoms.iter().find(|atom| atom.name == *name)
}

/// One item of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: u32,
    /// What it is: `hvc1`, `Exif`, `mime`.
    pub(crate) kind: [u8; 4],
    /// Name, and media type of a `mime` item.
    pub(crate) label: String,
    /// Ranges of the file that hold it.
    pub(crate) extents: Vec<(usize, usize)>,
}

/// A reference between items: kind, from, to.
pub(crate) type Reference = ([u8; 4], u32, Vec<u32>);

/// What a file's `meta` box tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meta {
    pub(crate) items: Vec<Item>,
    pub(crate) references: Vec<Reference>,
    pub(crate) primary: Option<u32>,
}

/// Takes the `meta` box of a file apart.
pub(crate) fn meta(atom: &Atom<'_>) -> Meta {
    let mut meta = Meta::default();
    // Version and flags come first.
    let Some(body) = atom.data.get(4..) else { return meta };
    let (atoms, _) = atoms(body);
    let data = |name: &[u8; 4]| find(&atoms, name).map(|atom| atom.data);
    if let Some(list) = data(b"iinf") {
        meta.items = infos(list);
    }
    let idat = find(&atoms, b"idat").map(|idat| (atom.at + 4 + idat.at, idat.data.len()));
    if let Some(list) = data(b"iloc") {
        locations(list, idat, &mut meta.items);
    }
    if let Some(list) = data(b"iref") {
        meta.references = references(list);
    }
    meta.primary = data(b"pitm").and_then(|data| match data.first()? {
        0 => be16(data, 4).map(u32::from),
        _ => be32(data, 4),
    });
    meta
}

/// Item information entries (§8.11.6).
fn infos(data: &[u8]) -> Vec<Item> {
    let head = if data.first() == Some(&0) { 6 } else { 8 };
    let Some(body) = data.get(head..) else { return Vec::new() };
    let info = |atom: &Atom<'_>| {
        let (id, rest) = match atom.data.first()? {
            2 => (be16(atom.data, 4)?.into(), 8),
            3 => (be32(atom.data, 4)?, 10),
            _ => return None,
        };
        let kind = slice(atom.data, rest, 4)?;
        let kind = [kind[0], kind[1], kind[2], kind[3]];
        let label = String::from_utf8_lossy(&atom.data[rest + 4..]).replace('\0', " ");
        Some(Item { id, kind, label: label.trim().to_owned(), extents: Vec::new() })
    };
    atoms(body).0.iter().filter(|atom| atom.name == *b"infe").filter_map(info).collect()
}

/// A reader of numbers one after the other.
struct Numbers<'b> {
    data: &'b [u8],
    at: usize,
}

impl Numbers<'_> {
    fn next(&mut self, length: usize) -> Option<u64> {
        let bytes = slice(self.data, self.at, length)?;
        self.at += length;
        Some(bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }
}

/// Item locations (§8.11.3).
fn locations(data: &[u8], idat: Option<(usize, usize)>, items: &mut [Item]) {
    let mut numbers = Numbers { data, at: 4 };
    let version = data.first().copied().unwrap_or(0);
    // What was read before a break is kept.
    let _ = place_items(&mut numbers, version, idat, items);
}

fn place_items(
    numbers: &mut Numbers<'_>,
    version: u8,
    idat: Option<(usize, usize)>,
    items: &mut [Item],
) -> Option<()> {
    let wide = if version == 2 { 4 } else { 2 };
    let sizes = numbers.next(2)?;
    // Four bits each; more than eight bytes are no number.
    let size = |shift: u32| usize::from((sizes >> shift) as u8 & 15).min(8);
    let (offset, length, base) = (size(12), size(8), size(4));
    let index = if version == 0 { 0 } else { size(0) };
    let count = numbers.next(wide)?;
    let mut pieces = 0;
    for _ in 0..count {
        let id = numbers.next(wide)?;
        let method = if version == 0 { 0 } else { numbers.next(2)? & 15 };
        numbers.next(2)?;
        let start = numbers.next(base)?;
        let extents = numbers.next(2)?;
        let mut item = items.iter_mut().find(|item| u64::from(item.id) == id);
        for _ in 0..extents {
            pieces += 1;
            numbers.next(index)?;
            let from = position(start.saturating_add(numbers.next(offset)?));
            let length = position(numbers.next(length)?);
            let from = match (method, idat) {
                (0, _) => Some(from),
                (1, Some((at, _))) => at.checked_add(from),
                _ => None,
            };
            if let (Some(item), Some(from)) = (item.as_mut(), from) {
                item.extents.push((from, length));
            }
            // Lengths of zero bytes could make a short list endless.
            if pieces > PIECES_MAX {
                return None;
            }
        }
    }
    Some(())
}

/// References between items (§8.11.12).
fn references(data: &[u8]) -> Vec<Reference> {
    let width = if data.first() == Some(&0) { 2 } else { 4 };
    let Some(body) = data.get(4..) else { return Vec::new() };
    let reference = |atom: &Atom<'_>| {
        let mut numbers = Numbers { data: atom.data, at: 0 };
        let mut id = |length| numbers.next(length).and_then(|id| u32::try_from(id).ok());
        let (from, count) = (id(width)?, id(2)?);
        let to = (0..count).map_while(|_| id(width)).collect();
        Some((atom.name, from, to))
    };
    atoms(body).0.iter().filter_map(reference).collect()
}

/// Names of all boxes, down to a depth, with their data; for those that may stand anywhere.
pub(crate) fn all<'b>(bytes: &'b [u8], names: &[&[u8; 4]]) -> Vec<Atom<'b>> {
    let mut found = Vec::new();
    let mut open = vec![(bytes, 0)];
    while let Some((bytes, depth)) = open.pop() {
        for atom in atoms(bytes).0 {
            if names.contains(&&atom.name) {
                found.push(atom);
            }
            let is_box = matches!(&atom.name, b"moov" | b"trak" | b"udta" | b"mdia" | b"minf");
            if is_box && depth < DEPTH_MAX && found.len() < PIECES_MAX {
                open.push((atom.data, depth + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len() + 8).unwrap();
        [&length.to_be_bytes(), name.as_slice(), data].concat()
    }

    #[test]
    fn items_have_a_kind_and_a_place() {
        let info = boxed(b"infe", b"\x02\0\0\0\0\x01\0\0Exifname\0");
        let infos = boxed(b"iinf", &[b"\0\0\0\0\0\x01".as_slice(), &info].concat());
        let places = boxed(b"iloc", b"\0\0\0\0\x44\0\0\x01\0\x01\0\0\0\x01\0\0\0\x64\0\0\0\x05");
        let body = [b"\0\0\0\0".as_slice(), &infos, &places].concat();
        let file = boxed(b"meta", &body);
        let (found, is_whole) = atoms(&file);
        let meta = meta(&found[0]);
        assert!(is_whole);
        let item = Item { id: 1, kind: *b"Exif", label: "name".into(), extents: vec![(100, 5)] };
        assert_eq!(meta.items, [item]);
        assert!(!atoms(&file[..file.len() - 1]).1);
    }
}
