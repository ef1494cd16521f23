//! Older Office documents, messages of Outlook, and whatever else comes as a compound file. Streams
//! that a reader knows are read by it; the others are searched for runs of characters.

mod biff;
pub(super) mod compound;
mod doc;
mod doc_looks;
pub(super) mod embedded;
pub(super) mod le;
mod msg;
mod msg_properties;
mod msg_rtf;
mod pictures;
mod ppt;
mod properties;
mod remnants;
mod vba;
mod xls;

use std::collections::BTreeSet;

use compound::{Compound, Shape};

use super::strings;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Streams of documents that need a password ([MS-OFFCRYPTO]).
const SEALED: [&str; 2] = ["EncryptedPackage", "EncryptionInfo"];

/// Whether the bytes hold the name of a stream that only encrypted documents have.
fn names_a_seal(bytes: &[u8]) -> bool {
    let names =
        SEALED.map(|name| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    aho_corasick::AhoCorasick::new(names).is_ok_and(|finder| finder.is_match(bytes))
}

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let Some(file) = Compound::open(bytes) else {
        // What is left of a broken one may still say that a password is needed.
        let reason = if names_a_seal(bytes) { Reason::Encrypted } else { Reason::Broken };
        return scan.refuse(site, None, Kind::Ole, reason);
    };
    if SEALED.iter().any(|name| file.find(0, name).is_some()) {
        return scan.refuse(site, None, Kind::Ole, Reason::Encrypted);
    }
    scan.was_read(site, Kind::Ole, bytes, None);
    let mut ole = Ole { file, taken: BTreeSet::new(), is_spent: false };
    storage(scan, site, &mut ole, 0);
    for at in ole.file.orphans() {
        if let Some((part, content)) = ole.take(scan, site, at) {
            remnants::note(scan, site, &part, &strings::runs(&content));
        }
    }
    remnants::unused(scan, site, &ole.file);
}

/// A compound file while it is read.
pub(super) struct Ole<'b> {
    pub(super) file: Compound<'b>,
    taken: BTreeSet<usize>,
    /// Whether the bounds of the scan are met, so that nothing more is read.
    is_spent: bool,
}

impl Ole<'_> {
    /// A stream of a storage by name, with its path; once only.
    pub(super) fn named(
        &mut self,
        scan: &mut Scan<'_>,
        site: &Site,
        storage: usize,
        name: &str,
    ) -> Option<(String, Vec<u8>)> {
        let at = self.file.find(storage, name)?;
        self.take(scan, site, at)
    }

    /// Content of a stream with its path, within the bounds of the scan; once only.
    pub(super) fn take(
        &mut self,
        scan: &mut Scan<'_>,
        site: &Site,
        at: usize,
    ) -> Option<(String, Vec<u8>)> {
        let entry = self.file.entry(at)?;
        if self.is_spent || entry.shape != Shape::Stream || !self.taken.insert(at) {
            return None;
        }
        let part = self.file.path(at);
        let (content, is_whole) = self.file.content(entry);
        let length = content.len() as u64;
        let counted =
            scan.budget.entry().and_then(|()| scan.budget.unpack(content.as_slice(), length));
        match counted {
            Ok(content) => {
                if !is_whole {
                    scan.refuse(site, Some(&part), Kind::Unknown, Reason::Broken);
                }
                Some((part, content))
            }
            Err(reason) => {
                self.is_spent = true;
                scan.refuse(site, Some(&part), Kind::Unknown, reason);
                None
            }
        }
    }
}

/// Reads what is in a storage, each kind of document by its main stream.
fn storage(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, at: usize) {
    msg::read(scan, site, ole, at);
    doc::read(scan, site, ole, at);
    xls::read(scan, site, ole, at);
    ppt::read(scan, site, ole, at);
    vba::read(scan, site, ole, at);
    for child in ole.file.children(at).to_vec() {
        let Some(entry) = ole.file.entry(child) else { continue };
        if entry.shape == Shape::Stream {
            let name = entry.name.clone();
            if let Some((part, content)) = ole.take(scan, site, child) {
                stream(scan, site, &part, &name, &content);
            }
            continue;
        }
        let is_document = ["WordDocument", "Workbook", "Book", "PowerPoint Document"]
            .iter()
            .chain(&["\u{1}Ole10Native", "Package", "CONTENTS"])
            .any(|name| ole.file.find(child, name).is_some());
        if is_document {
            let part = ole.file.path(child);
            scan.notice_part(site, &part, Notice::Embedded, "", 1);
        }
        storage(scan, site, ole, child);
    }
}

/// Reads a stream that belongs to no document's own reader.
fn stream(scan: &mut Scan<'_>, site: &Site, part: &str, name: &str, content: &[u8]) {
    if content.is_empty() {
        return;
    }
    if name.starts_with('\u{5}') && properties::read(scan, site, part, content) {
        return;
    }
    if name == "\u{1}Ole10Native" {
        return embedded::native(scan, site, part, content);
    }
    let kind = Kind::of(content);
    let is_file = !matches!(kind, Kind::Unknown | Kind::Text | Kind::Metafile | Kind::Font);
    if is_file && !name.starts_with(['\u{1}', '\u{2}', '\u{3}']) {
        scan.notice_part(site, part, Notice::Embedded, "", 1);
        return scan.file(&site.inner(part), content);
    }
    search(scan, site, part, content, Channel::OtherPart);
}

/// Searches the runs of characters in a part of unknown form.
pub(in crate::read) fn search(
    scan: &mut Scan<'_>,
    site: &Site,
    part: &str,
    content: &[u8],
    channel: Channel,
) {
    let mut block = Block::new(part);
    for run in strings::runs(content) {
        block.push(Place::of(channel), &run.text);
    }
    scan.block(site, &block);
}
