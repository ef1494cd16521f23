//! What archives have in common: names of entries, and streams that are counted.

use std::io::{self, Read};

use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Notes a name that would leave the folder it is unpacked in, or that hides characters.
pub(super) fn check_name(scan: &mut Scan<'_>, site: &Site, name: &str) {
    let leaves = name.starts_with(['/', '\\'])
        || name.split(['/', '\\']).any(|part| part == "..")
        || name.chars().nth(1) == Some(':');
    let hides = name.chars().any(|c| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    if leaves || hides {
        let location = scan.at(site, Notice::UnsafeName);
        scan.notice(Notice::UnsafeName, location, name, 1);
    }
}

/// A source that counts what is read of it.
pub(super) struct Counted<'r> {
    source: &'r mut dyn Read,
    count: u64,
}

impl<'r> Counted<'r> {
    pub(super) const fn new(source: &'r mut dyn Read) -> Self {
        Self { source, count: 0 }
    }

    /// Reads on to the end, and returns the length of it all.
    pub(super) fn rest(mut self) -> u64 {
        // A source that ends in an error has been said to do so by the meter around it.
        let _ = io::copy(&mut self, &mut io::sink());
        self.count
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}
