//! Programs inside documents ([MS-OVBA]): the source of each module, and what was compiled from it.

use super::le::{code_page, part as range, size_at, u16_at};
use super::{Ole, search};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Bytes of a chunk when unpacked.
const CHUNK: usize = 4096;

/// Reads a project, if the storage holds one.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, storage: usize) {
    let Some(folder) = ole.file.find(storage, "VBA") else { return };
    let Some((part, packed)) = ole.named(scan, site, folder, "dir") else { return };
    scan.notice_part(site, &part, Notice::Macro, "", 1);
    let directory = unpack(scan, site, &part, &packed, 0).unwrap_or_default();
    let project = Project::new(&directory);
    let mut block = Block::new(&part);
    for text in &project.texts {
        block.push(Place::of(Channel::Macro), text);
    }
    scan.block(site, &block);
    for (name, offset) in &project.modules {
        if let Some((part, content)) = ole.named(scan, site, folder, name) {
            module(scan, site, &part, &content, *offset, project.page);
        }
    }
    if let Some((part, content)) = ole.named(scan, site, storage, "PROJECT") {
        let mut block = Block::new(&part);
        block.push(Place::of(Channel::Macro), &code_page(&content, project.page));
        scan.block(site, &block);
    }
}

/// The source of a module, and the runs of characters in its compiled form before it.
fn module(scan: &mut Scan<'_>, site: &Site, part: &str, content: &[u8], offset: usize, page: u32) {
    if let Some(source) = unpack(scan, site, part, content, offset) {
        let mut block = Block::new(part);
        let text = code_page(&source, page);
        for (paragraph, line) in (1..).zip(text.lines()) {
            block.push(Place { paragraph, ..Place::of(Channel::Macro) }, line);
        }
        scan.block(site, &block);
    }
    search(scan, site, part, range(content, 0, offset), Channel::Macro);
}

/// What the directory of a project says ([MS-OVBA] §2.3.4.2).
struct Project {
    page: u32,
    texts: Vec<String>,
    /// Streams of modules, and where their source begins.
    modules: Vec<(String, usize)>,
}

impl Project {
    fn new(directory: &[u8]) -> Self {
        let mut project = Self { page: 1252, texts: Vec::new(), modules: Vec::new() };
        let mut at = 0;
        while let Some((id, length)) = u16_at(directory, at).zip(size_at(directory, at + 2)) {
            let content = range(directory, at + 6, length);
            match id {
                0x03 => project.page = u16_at(content, 0).map_or(1252, u32::from),
                0x1a => project.modules.push((code_page(content, project.page), 0)),
                0x31 => {
                    if let Some(last) = project.modules.last_mut() {
                        last.1 = size_at(content, 0).unwrap_or(0);
                    }
                }
                // Names, descriptions, files of help, libraries.
                0x04..=0x06 | 0x0c | 0x0d | 0x0e | 0x16 | 0x1c | 0x2f | 0x33 => {
                    project.texts.push(code_page(content, project.page));
                }
                _ => {}
            }
            // The version's length leaves out its second number.
            let more = if id == 0x09 { 2 } else { 0 };
            at = at.saturating_add(6).saturating_add(length).saturating_add(more);
        }
        project
    }
}

/// Unpacks what begins at an offset, within the bounds of the scan ([MS-OVBA] §2.4.1).
fn unpack(
    scan: &mut Scan<'_>,
    site: &Site,
    part: &str,
    packed: &[u8],
    offset: usize,
) -> Option<Vec<u8>> {
    let packed = range(packed, offset, usize::MAX);
    let Some(content) = decompressed(packed) else {
        scan.refuse(site, Some(part), Kind::Unknown, Reason::Broken);
        return None;
    };
    let outcome = scan.budget.unpack(content.as_slice(), packed.len() as u64);
    outcome.map_err(|reason| scan.refuse(site, Some(part), Kind::Unknown, reason)).ok()
}

/// Each chunk unpacks to no more than 4096 bytes, so the whole is bounded by the packed bytes.
fn decompressed(packed: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = packed.strip_prefix(&[1])?;
    while let Some(header) = u16_at(rest, 0) {
        let length = usize::from(header & 0x0fff) + 1;
        let chunk = range(rest, 2, length);
        if header & 0x8000 == 0 {
            out.extend_from_slice(chunk);
        } else {
            tokens(chunk, &mut out)?;
        }
        rest = range(rest, 2 + length, usize::MAX);
    }
    Some(out)
}

fn tokens(chunk: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (start, mut at) = (out.len(), 0);
    while let Some(flags) = chunk.get(at) {
        at += 1;
        for bit in 0..8 {
            if out.len() - start >= CHUNK || at >= chunk.len() {
                break;
            }
            if flags >> bit & 1 == 0 {
                out.push(chunk[at]);
                at += 1;
                continue;
            }
            let token = usize::from(u16_at(chunk, at)?);
            at += 2;
            let done = out.len() - start;
            // As many bits for the distance as the bytes so far need, and at least four.
            let mut bits = 4;
            while 1 << bits < done {
                bits += 1;
            }
            let length = (token & (0xffff >> bits)) + 3;
            let distance = (token >> (16 - bits)) + 1;
            if distance > done {
                return None;
            }
            for _ in 0..length.min(CHUNK - done) {
                out.push(out[out.len() - distance]);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_unpack() {
        // [MS-OVBA] §3.2.1: nothing repeats; §3.2.2: much does.
        let plain = b"\x01\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv.";
        assert_eq!(decompressed(plain).unwrap(), b"abcdefghijklmnopqrstuv.");
        let packed =
            b"\x01\x2f\xb0\x00#aaabcde\x82f\x00paghij\x01\x38\x08akl\x00\x30mnop\x06q\x02p\x04\x10rstuv\x10wxyz\x00\x3c\x00";
        let text = b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa";
        assert_eq!(decompressed(packed).unwrap(), text);
        assert!(decompressed(b"\x01\x03\xb0\x01\x00\x10\x00").is_none());
        assert!(decompressed(b"no").is_none());
    }

    #[test]
    fn a_repeated_letter_unpacks() {
        // [MS-OVBA] §3.2.3.
        assert_eq!(decompressed(b"\x01\x03\xb0\x02a\x45\x00").unwrap(), [b'a'; 73]);
    }
}
