//! Something compressed with gzip: the content is read as a file of its own.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

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
    let mut decoder = Members::new(BufReader::new(source));
    let inner = site.inner(inner_name(&site.path));
    if let Err(reason) = scan.entry(&inner, &mut decoder, packed, Some) {
        scan.refuse(site, None, Kind::Gzip, reason);
    }
    decoder.note();
    let mut block = Block::whole();
    for (name, value) in &decoder.said {
        block.field(Place::of(Channel::Metadata), name, value);
    }
    scan.block(site, &block);
}

/// The members of a file one after the other (RFC 1952 §2.2), and what their heads say.
struct Members<R> {
    decoder: Option<GzDecoder<R>>,
    said: BTreeSet<(&'static str, String)>,
}

impl<R: BufRead> Members<R> {
    fn new(source: R) -> Self {
        Self { decoder: Some(GzDecoder::new(source)), said: BTreeSet::new() }
    }

    fn note(&mut self) {
        let Some(header) = self.decoder.as_ref().and_then(GzDecoder::header) else { return };
        for (name, value) in [("filename", header.filename()), ("comment", header.comment())] {
            let value = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
            self.said.insert((name, value));
        }
        for run in super::strings::runs(header.extra().unwrap_or_default()) {
            self.said.insert(("extra field", run.text));
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.note();
            let Some(decoder) = self.decoder.take() else { break };
            let mut source = decoder.into_inner();
            if !source.fill_buf()?.is_empty() {
                self.decoder = Some(GzDecoder::new(source));
            }
        }
        Ok(0)
    }
}

/// The name without its ending.
fn inner_name(path: &[String]) -> &str {
    let name = path.last().map_or("", String::as_str);
    let base = name.rsplit('/').next().unwrap_or(name);
    base.strip_suffix(".gz").unwrap_or("content")
}
