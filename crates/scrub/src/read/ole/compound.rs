//! Compound files ([MS-CFB]): a small file system in one file. Broken ones are read as far as their
//! chains lead, and what no chain reaches can be asked for.

use std::collections::BTreeSet;

use super::le::{part, size_at, u8_at, u16_at, u32_at, utf16};

/// Numbers of sectors from which they have a special meaning.
const SPECIAL: u32 = 0xffff_fffa;

/// A sector that nothing uses.
const FREE: u32 = 0xffff_ffff;

/// No entry.
const NONE: u32 = 0xffff_ffff;

/// Storages inside each other that are followed.
const DEPTH_MAX: usize = 32;

/// Bytes of a directory entry.
const ENTRY_BYTES: usize = 128;

/// What a directory entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) enum Shape {
    Storage,
    Stream,
    Root,
}

/// An entry of the directory.
#[derive(Clone, Debug)]
pub(in crate::read) struct Entry {
    pub(in crate::read) name: String,
    pub(in crate::read) shape: Shape,
    /// The storage that it is in, as a position in the directory; none for the root and for what
    /// no storage leads to.
    pub(in crate::read) parent: Option<usize>,
    siblings: [u32; 2],
    child: u32,
    start: u32,
    size: usize,
}

/// An open compound file.
pub(in crate::read) struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    mini_sector: usize,
    mini_below: usize,
    next: Vec<u32>,
    mini_next: Vec<u32>,
    mini: Vec<u8>,
    entries: Vec<Option<Entry>>,
    /// Positions of what is in each storage, by name.
    children: Vec<Vec<usize>>,
}

impl<'b> Compound<'b> {
    /// Opens a file; `None` if not even its header makes sense.
    pub(in crate::read) fn open(bytes: &'b [u8]) -> Option<Self> {
        let (shift, mini_shift) = (u16_at(bytes, 30)?, u16_at(bytes, 32)?);
        if !matches!(shift, 7..=16) || !matches!(mini_shift, 4..=12) || mini_shift > shift {
            return None;
        }
        let mut file = Self {
            bytes,
            sector: 1 << shift,
            mini_sector: 1 << mini_shift,
            mini_below: size_at(bytes, 56)?.min(1 << 16),
            next: Vec::new(),
            mini_next: Vec::new(),
            mini: Vec::new(),
            entries: Vec::new(),
            children: Vec::new(),
        };
        file.next = file.allocation();
        file.mini_next = numbers(&file.chain(u32_at(bytes, 60)?, usize::MAX));
        let directory = file.chain(u32_at(bytes, 48)?, usize::MAX);
        file.entries = directory.chunks_exact(ENTRY_BYTES).map(entry).collect();
        let root = file.entries.first()?.clone().filter(|entry| entry.shape == Shape::Root)?;
        file.mini = file.chain(root.start, root.size);
        file.mini.truncate(root.size);
        file.connect();
        Some(file)
    }

    /// The sector with a number, cut at the end of the file.
    fn sector(&self, number: u32) -> &'b [u8] {
        let at = (number as usize).saturating_add(1).saturating_mul(self.sector);
        part(self.bytes, at, self.sector)
    }

    /// The table that says which sector follows which.
    fn allocation(&self) -> Vec<u32> {
        let most = self.bytes.len() / self.sector + 1;
        let mut sectors: Vec<u32> = numbers(part(self.bytes, 76, 436));
        let mut more = u32_at(self.bytes, 68).unwrap_or(NONE);
        let mut steps = 0;
        while more < SPECIAL && steps <= most {
            let mut list = numbers(self.sector(more));
            more = list.pop().unwrap_or(NONE);
            sectors.extend(list);
            steps += 1;
        }
        let mut table = Vec::new();
        for number in sectors.into_iter().filter(|number| *number < SPECIAL) {
            if table.len() > most {
                break;
            }
            table.extend(numbers(self.sector(number)));
        }
        table
    }

    /// Numbers of the sectors of a chain, no more than `most`, so that a ring ends too.
    fn sectors(next: &[u32], start: u32, most: usize) -> Vec<u32> {
        let (mut chain, mut at) = (Vec::new(), start);
        while let Some(following) = next.get(at as usize).filter(|_| chain.len() < most) {
            chain.push(at);
            at = *following;
        }
        chain
    }

    fn chain(&self, start: u32, most: usize) -> Vec<u8> {
        let most = most.div_ceil(self.sector).min(self.next.len());
        let numbers = Self::sectors(&self.next, start, most);
        let mut content = Vec::new();
        for number in numbers {
            content.extend_from_slice(self.sector(number));
        }
        content
    }

    /// Gives each entry the storage that it is in.
    fn connect(&mut self) {
        let mut seen = BTreeSet::from([0_usize]);
        let mut waiting: Vec<(u32, usize, usize)> = Vec::new();
        if let Some(Some(root)) = self.entries.first() {
            waiting.push((root.child, 0, 1));
        }
        while let Some((number, parent, depth)) = waiting.pop() {
            let at = number as usize;
            let Some(Some(entry)) = self.entries.get_mut(at) else { continue };
            if !seen.insert(at) {
                continue;
            }
            entry.parent = Some(parent);
            waiting.extend(entry.siblings.map(|sibling| (sibling, parent, depth)));
            if entry.shape == Shape::Storage && depth < DEPTH_MAX {
                waiting.push((entry.child, at, depth + 1));
            }
        }
        self.children = vec![Vec::new(); self.entries.len()];
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(parent) = entry.as_ref().and_then(|entry| entry.parent) {
                self.children[parent].push(at);
            }
        }
        for storage in &mut self.children {
            let name = |at: &usize| self.entries[*at].as_ref().map(|entry| entry.name.clone());
            storage.sort_by_cached_key(|at| (name(at), *at));
        }
    }

    /// An entry by its position.
    pub(in crate::read) fn entry(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at)?.as_ref()
    }

    /// Positions of what is in a storage, by name.
    pub(in crate::read) fn children(&self, storage: usize) -> &[usize] {
        self.children.get(storage).map_or(&[], Vec::as_slice)
    }

    /// Streams that no storage leads to.
    pub(in crate::read) fn orphans(&self) -> Vec<usize> {
        let is_lost = |entry: &Entry| entry.parent.is_none() && entry.shape == Shape::Stream;
        (0..self.entries.len()).filter(|at| self.entry(*at).is_some_and(is_lost)).collect()
    }

    /// A child of a storage by name; letters of both cases are the same.
    pub(in crate::read) fn find(&self, storage: usize, name: &str) -> Option<usize> {
        let same = |entry: &Entry| entry.name.eq_ignore_ascii_case(name);
        let mut children = self.children(storage).iter().copied();
        children.find(|at| self.entry(*at).is_some_and(same))
    }

    /// Path of an entry from the root.
    pub(in crate::read) fn path(&self, at: usize) -> String {
        let mut names = Vec::new();
        let mut next = Some(at);
        while let Some(entry) = next.and_then(|at| self.entry(at)) {
            if entry.shape == Shape::Root || names.len() > DEPTH_MAX {
                break;
            }
            // The first character may be a control that marks what the entry is for.
            names.push(entry.name.trim_start_matches(char::is_control).to_owned());
            next = entry.parent;
        }
        names.reverse();
        names.join("/")
    }

    /// Content of a stream, and whether all of it is there.
    pub(in crate::read) fn content(&self, entry: &Entry) -> (Vec<u8>, bool) {
        let mut content = if entry.size < self.mini_below {
            let mut content = Vec::new();
            let most = entry.size.div_ceil(self.mini_sector);
            for number in Self::sectors(&self.mini_next, entry.start, most) {
                let at = (number as usize).saturating_mul(self.mini_sector);
                content.extend_from_slice(part(&self.mini, at, self.mini_sector));
            }
            content
        } else {
            self.chain(entry.start, entry.size)
        };
        let is_whole = content.len() >= entry.size;
        content.truncate(entry.size);
        (content, is_whole)
    }

    /// Bytes that no stream holds: free sectors, what follows the end of a stream in its last
    /// sector, and what stands after the last sector of the table.
    pub(in crate::read) fn unused(&self) -> Vec<(usize, &'b [u8])> {
        let mut found = Vec::new();
        let mut add = |at: usize, length: usize| {
            let piece = part(self.bytes, at, length);
            if piece.iter().any(|byte| *byte != 0) {
                found.push((at, piece));
            }
        };
        let place = |number: usize| number.saturating_add(1).saturating_mul(self.sector);
        for (number, next) in self.next.iter().enumerate() {
            if *next == FREE {
                add(place(number), self.sector);
            }
        }
        add(place(self.next.len()), usize::MAX);
        // Streams of a sound file share no sectors, so together they have no more than there are.
        let mut left = self.next.len();
        for entry in self.entries.iter().flatten() {
            let is_large = entry.shape == Shape::Stream && entry.size >= self.mini_below;
            let used = entry.size % self.sector;
            if !is_large || used == 0 {
                continue;
            }
            let chain = Self::sectors(&self.next, entry.start, left);
            left -= chain.len();
            if let Some(last) = chain.get(entry.size / self.sector) {
                add(place(*last as usize) + used, self.sector - used);
            }
        }
        found.sort_unstable_by_key(|(at, _)| *at);
        found
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// A directory entry ([MS-CFB] §2.6.1); `None` if it is not in use.
fn entry(bytes: &[u8]) -> Option<Entry> {
    let shape = match u8_at(bytes, 66)? {
        1 => Shape::Storage,
        2 => Shape::Stream,
        5 => Shape::Root,
        _ => return None,
    };
    let length = usize::from(u16_at(bytes, 64)?).saturating_sub(2).min(62);
    Some(Entry {
        name: utf16(part(bytes, 0, length)),
        shape,
        parent: None,
        siblings: [u32_at(bytes, 68)?, u32_at(bytes, 72)?],
        child: u32_at(bytes, 76)?,
        start: u32_at(bytes, 116)?,
        size: size_at(bytes, 120)?,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;

    fn sample() -> Vec<u8> {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_storage("/a").unwrap();
        file.create_stream("/a/small").unwrap().write_all(b"small").unwrap();
        file.create_stream("/large").unwrap().write_all(&[7; 9000]).unwrap();
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    #[test]
    fn storages_and_streams_are_read() {
        let bytes = sample();
        let file = Compound::open(&bytes).unwrap();
        let storage = file.find(0, "A").unwrap();
        let small = file.find(storage, "small").unwrap();
        assert_eq!(file.path(small), "a/small");
        assert_eq!(file.content(file.entry(small).unwrap()), (b"small".to_vec(), true));
        let large = file.entry(file.find(0, "large").unwrap()).unwrap();
        assert_eq!(file.content(large), (vec![7; 9000], true));
        assert_eq!(file.children(0).len(), 2);
        assert!(file.orphans().is_empty());
    }

    #[test]
    fn what_no_stream_holds_is_told() {
        let mut bytes = sample();
        assert!(Compound::open(&bytes).unwrap().unused().is_empty());
        bytes.resize(bytes.len() + 512, 0);
        bytes.extend_from_slice(b"left over");
        let file = Compound::open(&bytes).unwrap();
        assert!(file.unused().iter().any(|(_, piece)| piece.ends_with(b"left over")));
    }

    #[test]
    fn cut_files_say_so() {
        let bytes = sample();
        for length in 0..bytes.len() / 64 {
            let cut = &bytes[..length * 64];
            let Some(file) = Compound::open(cut) else { continue };
            for at in 0..8 {
                file.entry(at).map(|entry| file.content(entry));
            }
        }
        assert!(Compound::open(&bytes[..100]).is_none());
    }
}
