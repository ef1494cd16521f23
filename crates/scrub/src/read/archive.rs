//! What archives have in common: names of entries.

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
