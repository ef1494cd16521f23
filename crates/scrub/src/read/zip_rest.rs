//! What a ZIP archive says beside its entries (APPNOTE 4.3, 4.5): extra fields and comments of the
//! entries, names in their own heads, and what stands before, between and after all of them.

use std::io::{Read as _, SeekFrom};

use super::strings;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::input::Source;
use crate::kind::Kind;
use crate::read::ole::le::{part as range, u16_at};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Bytes of an entry's head without its name, of a record of the directory, and of its end.
const HEAD_BYTES: usize = 30;
const RECORD_BYTES: usize = 46;
const END_BYTES: usize = 22;

/// Ranges of an archive that are read besides its entries.
#[derive(Default)]
pub(super) struct Rest {
    /// Heads of entries, with name and extra field.
    pub(super) heads: Vec<(u64, u64)>,
    /// Bytes before the first entry.
    pub(super) before: u64,
    /// Gaps as short as what describes an entry.
    pub(super) gaps: Vec<(u64, u64)>,
    /// Where the directory begins.
    pub(super) directory: u64,
}

impl Rest {
    /// Reads all of it; `length` is that of the archive.
    pub(super) fn read(
        &self,
        scan: &mut Scan<'_>,
        site: &Site,
        source: &mut dyn Source,
        length: u64,
    ) {
        let mut found = Found { block: Block::whole() };
        let mut names = std::collections::BTreeSet::new();
        let directory = bytes(scan, site, source, (self.directory, length));
        let end = found.directory(&directory, &mut names);
        for head in &self.heads {
            let bytes = bytes(scan, site, source, *head);
            let name = usize::from(u16_at(&bytes, 26).unwrap_or(0));
            let own = range(&bytes, HEAD_BYTES, name);
            if !names.contains(own) {
                found.texts("name of its own", own);
            }
            found.texts("extra field", range(&bytes, HEAD_BYTES + name, usize::MAX));
        }
        for gap in &self.gaps {
            found.texts("between entries", &bytes(scan, site, source, *gap));
        }
        scan.block(site, &found.block);
        let before = bytes(scan, site, source, (0, self.before));
        other(scan, site, "#before", &before);
        other(scan, site, "#after", range(&directory, end, usize::MAX));
    }
}

struct Found {
    block: Block,
}

impl Found {
    fn texts(&mut self, field: &str, bytes: &[u8]) {
        for run in strings::runs(bytes) {
            self.block.field(Place::of(Channel::Metadata), field, &run.text);
        }
    }

    /// Takes the directory apart, to the end of what is known there.
    fn directory<'b>(
        &mut self,
        bytes: &'b [u8],
        names: &mut std::collections::BTreeSet<&'b [u8]>,
    ) -> usize {
        let mut at = 0;
        while range(bytes, at, 4) == b"PK\x01\x02" {
            let length = |field: usize| usize::from(u16_at(bytes, at + field).unwrap_or(0));
            let (name, extra, comment) = (length(28), length(30), length(32));
            names.insert(range(bytes, at + RECORD_BYTES, name));
            self.texts("extra field", range(bytes, at + RECORD_BYTES + name, extra));
            at += RECORD_BYTES + name + extra;
            self.texts("comment of an entry", range(bytes, at, comment));
            at += comment;
        }
        // Records of larger archives and a signature may stand before the end.
        let rest = range(bytes, at, usize::MAX);
        let Some(end) = rest.windows(4).position(|mark| mark == b"PK\x05\x06") else { return at };
        self.texts("after the directory", &rest[..end]);
        let comment = usize::from(u16_at(rest, end + 20).unwrap_or(0));
        at + end + END_BYTES + comment
    }
}

/// Reads what is no part of the archive as a file of its own.
fn other(scan: &mut Scan<'_>, site: &Site, name: &str, bytes: &[u8]) {
    if bytes.iter().any(|byte| *byte != 0 && !byte.is_ascii_whitespace()) {
        scan.notice_part(site, name, Notice::TrailingBytes, "", 1);
        match scan.budget.entry() {
            Ok(()) => scan.file(&site.inner(name), bytes),
            Err(reason) => scan.refuse(site, Some(name), Kind::Unknown, reason),
        }
    }
}

fn bytes(
    scan: &mut Scan<'_>,
    site: &Site,
    source: &mut dyn Source,
    (start, end): (u64, u64),
) -> Vec<u8> {
    let (most, length) = (scan.budget.limits().entry_bytes_max, end.saturating_sub(start));
    let mut bytes = Vec::new();
    let read = source
        .seek(SeekFrom::Start(start))
        .and_then(|_| (&mut *source).take(length.min(most)).read_to_end(&mut bytes));
    if read.is_err() || length > most {
        scan.refuse(site, Some("#directory"), Kind::Zip, Reason::TooLarge);
    }
    bytes
}
