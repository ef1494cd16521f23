//! Plain text, source code, CSV, JSON, YAML and markup: the whole file is one text.

use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Encoding;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    let (text, encoding) = crate::text::decode(bytes);
    scan.was_read(site, kind, bytes, Some(encoding));
    if encoding == Encoding::Latin1 {
        let location = scan.at(site, Notice::Encoding);
        scan.notice(Notice::Encoding, location, "", 1);
    }
    scan.plain(site, &text, encoding, Channel::Visible);
}
