//! Bytes of a ZIP archive that its directory does not know (APPNOTE 4.3): entries that were replaced
//! or deleted and are still there, and whatever else stands between the entries or after the end.

use std::io::{Read as _, SeekFrom};

use flate2::read::DeflateDecoder;

use super::zip::Archive;
use super::zip_rest::Rest;
use crate::input::Source;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// The longest description that may follow the bytes of an entry.
const DESCRIPTOR_BYTES: u64 = 24;

/// Bytes of an entry's head without its name.
const HEAD_BYTES: usize = 30;

/// Most gaps that are read; more are no accident, and are said to be not read.
const GAPS_MAX: usize = 1_000;

/// Ranges of bytes that no entry accounts for, in their order.
pub(super) struct Gaps {
    ranges: Vec<(u64, u64)>,
    rest: Rest,
}

impl Gaps {
    pub(super) fn of(archive: &mut Archive<'_>) -> Self {
        let (mut known, mut heads) = (Vec::new(), Vec::new());
        for at in 0..archive.len() {
            if let Ok(entry) = archive.by_index_raw(at) {
                let start = entry.header_start();
                let data = entry.data_start().unwrap_or(start);
                heads.push((start, data));
                known.push((start, data.saturating_add(entry.compressed_size())));
            }
        }
        let end = archive.central_directory_start();
        known.push((end, end));
        known.sort_unstable();
        let (mut ranges, mut gaps, mut seen) = (Vec::new(), Vec::new(), archive.offset());
        for (start, end) in known {
            if start > seen.saturating_add(DESCRIPTOR_BYTES) {
                ranges.push((seen, start));
            } else if start > seen {
                gaps.push((seen, start));
            }
            seen = seen.max(end);
        }
        let rest = Rest { heads, before: archive.offset(), gaps, directory: end };
        Self { ranges, rest }
    }

    /// Reads what stands there.
    pub(super) fn read(
        &self,
        scan: &mut Scan<'_>,
        site: &Site,
        source: &mut dyn Source,
        length: u64,
    ) {
        let mut count = 0;
        for (start, end) in &self.ranges {
            count += 1;
            if count > GAPS_MAX {
                return scan.refuse(site, Some("#gap"), Kind::Unknown, Reason::TooManyEntries);
            }
            let most = (*end - *start).min(scan.budget.limits().entry_bytes_max);
            let mut bytes = Vec::new();
            let read = source
                .seek(SeekFrom::Start(*start))
                .and_then(|_| (&mut *source).take(most).read_to_end(&mut bytes));
            if read.is_err() {
                scan.refuse(site, Some("#gap"), Kind::Unknown, Reason::Broken);
            }
            // Zeros align what follows.
            if bytes.iter().any(|byte| *byte != 0) {
                let location = scan.at(site, Notice::ArchiveGap);
                scan.notice(Notice::ArchiveGap, location, "", 1);
                gap(scan, site, *start, &bytes);
            }
        }
        self.rest.read(scan, site, source, length);
    }
}

/// Reads the entries of a gap, and what is none as a file of its own.
fn gap(scan: &mut Scan<'_>, site: &Site, start: u64, mut bytes: &[u8]) {
    if let Some(at) = bytes.windows(4).take(1 << 10).position(|mark| mark == b"PK\x03\x04") {
        bytes = &bytes[at..];
    }
    while let Some(entry) = Entry::of(bytes) {
        if scan.budget.entry().is_err() {
            return scan.refuse(site, Some("#gap"), Kind::Zip, Reason::TooManyEntries);
        }
        let inner = site.inner(&format!("{}#{start}", entry.name));
        let packed = entry.data.len() as u64;
        let content = match entry.method {
            0 => scan.budget.unpack(entry.data, packed),
            8 => scan.budget.unpack(DeflateDecoder::new(entry.data), packed),
            _ => Err(Reason::UnknownCompression),
        };
        match content {
            Ok(content) => scan.file(&inner, &content),
            Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
        }
        bytes = entry.rest;
    }
    let text = super::strings::runs(bytes);
    if bytes.len() as u64 > DESCRIPTOR_BYTES || !text.is_empty() {
        scan.file(&site.inner(&format!("#{start}")), bytes);
    }
}

/// An entry by its own head.
struct Entry<'b> {
    name: String,
    method: u16,
    data: &'b [u8],
    rest: &'b [u8],
}

impl<'b> Entry<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let head = bytes.get(..HEAD_BYTES).filter(|head| head.starts_with(b"PK\x03\x04"))?;
        let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let name = HEAD_BYTES + usize::from(short(26));
        let data = name + usize::from(short(28));
        let packed = u32::from_le_bytes([head[18], head[19], head[20], head[21]]) as usize;
        let rest = bytes.get(data..)?;
        // A length of 0 stands after the bytes; all that is left is taken for them then.
        let packed = if packed == 0 { rest.len() } else { packed.min(rest.len()) };
        let (data, rest) = rest.split_at(packed);
        let name = String::from_utf8_lossy(bytes.get(HEAD_BYTES..name)?).into_owned();
        Some(Self { name, method: short(8), data, rest })
    }
}
