//! Something compressed with gzip: the content is read as a file of its own.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::archive::Counted;

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::scan::{Scan, Site};

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    members(scan, site, bytes, bytes.len() as u64);
    scan.was_read(site, Kind::Gzip, bytes, None);
}

/// Reads what comes from a stream, of which the length is not known.
pub(super) fn stream(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Read) {
    // Larger than what is read whole, so its content may well be as large as content may be.
    let packed = scan.budget.limits().whole_bytes_max;
    let mut source = Counted::new(source);
    members(scan, site, &mut source, packed);
    scan.was_read_to(site, Kind::Gzip, source.rest(), None);
}

fn members(scan: &mut Scan<'_>, site: &Site, source: impl Read, packed: u64) {
    let mut decoder = MultiGzDecoder::new(source);
    if let Some(header) = decoder.header() {
        let mut block = Block::whole();
        for (name, value) in [("filename", header.filename()), ("comment", header.comment())] {
            let value = String::from_utf8_lossy(value.unwrap_or_default());
            block.field(Place::of(Channel::Metadata), name, &value);
        }
        scan.block(site, &block);
    }
    let inner = site.inner(inner_name(&site.path));
    if let Err(reason) = scan.entry(&inner, &mut decoder, packed, Some) {
        scan.refuse(site, None, Kind::Gzip, reason);
    }
}

/// The name without its ending.
fn inner_name(path: &[String]) -> &str {
    let name = path.last().map_or("", String::as_str);
    let base = name.rsplit('/').next().unwrap_or(name);
    base.strip_suffix(".gz").unwrap_or("content")
}
