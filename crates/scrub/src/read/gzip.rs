//! Something compressed with gzip: the content is read as a file of its own.

use flate2::read::MultiGzDecoder;

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::scan::{Scan, Site};

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let packed = bytes.len() as u64;
    let decoder = MultiGzDecoder::new(bytes);
    if let Some(header) = decoder.header() {
        let mut block = Block::whole();
        for (name, value) in [("filename", header.filename()), ("comment", header.comment())] {
            let value = String::from_utf8_lossy(value.unwrap_or_default());
            block.field(Place::of(Channel::Metadata), name, &value);
        }
        scan.block(site, &block);
    }
    let content = scan.budget.entry().and_then(|()| scan.budget.unpack(decoder, packed));
    match content {
        Ok(content) => {
            scan.was_read(site, Kind::Gzip, bytes, None);
            scan.file(&site.inner(inner_name(&site.path)), &content);
        }
        Err(reason) => {
            scan.refuse(site, None, Kind::Gzip, reason);
            if reason == Reason::Broken {
                salvage(scan, site, bytes);
            }
        }
    }
}

/// Reads what stands before the break.
fn salvage(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut content = Vec::new();
    let (mut piece, limits) = (vec![0; 64 << 10], *scan.budget.limits());
    let most = limits.entry_bytes_max.min(limits.ratio_from_bytes) as usize;
    while content.len() < most {
        match std::io::Read::read(&mut decoder, &mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => content.extend_from_slice(&piece[..count]),
        }
    }
    if !content.is_empty() {
        scan.file(&site.inner(inner_name(&site.path)), &content);
    }
}

/// The name without its ending.
fn inner_name(path: &[String]) -> &str {
    let name = path.last().map_or("", String::as_str);
    let base = name.rsplit('/').next().unwrap_or(name);
    base.strip_suffix(".gz").unwrap_or("content")
}
