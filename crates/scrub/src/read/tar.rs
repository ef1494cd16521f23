//! TAR archives: every entry is a file of its own; owners and links are noted.

use std::io::Cursor;

use super::archive::check_name;
use super::git::Gathered;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    scan.was_read(site, Kind::Tar, bytes, None);
    let mut archive = ::tar::Archive::new(Cursor::new(bytes));
    let Ok(entries) = archive.entries() else {
        return scan.refuse(site, None, Kind::Tar, Reason::Broken);
    };
    let mut repositories = Gathered::among(names(bytes));
    let mut owners = std::collections::BTreeSet::new();
    for entry in entries {
        let Ok(mut entry) = entry else {
            // What follows a broken header cannot be found again.
            scan.refuse(site, None, Kind::Tar, Reason::Broken);
            break;
        };
        if let Err(reason) = scan.budget.entry() {
            scan.refuse(site, None, Kind::Tar, reason);
            break;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let inner = site.inner(&name);
        check_name(scan, &inner, &name);
        let header = entry.header();
        for owner in [header.username_bytes(), header.groupname_bytes()].into_iter().flatten() {
            owners.insert(String::from_utf8_lossy(owner).into_owned());
        }
        let kind = header.entry_type();
        if kind.is_dir() {
            continue;
        }
        if let Some(target) = entry.link_name_bytes() {
            scan.link(&inner, &String::from_utf8_lossy(&target));
            continue;
        }
        if !kind.is_file() && !kind.is_contiguous() && !kind.is_gnu_sparse() {
            scan.refuse(&inner, None, Kind::Empty, Reason::Link);
            continue;
        }
        let size = entry.size();
        match scan.budget.unpack(&mut entry, size) {
            Ok(content) if (content.len() as u64) < size => {
                scan.refuse(&inner, None, Kind::Unknown, Reason::Broken);
                scan.file(&inner, &content);
            }
            Ok(content) => {
                if let Some(content) = repositories.take(&name, content) {
                    scan.file(&inner, &content);
                }
            }
            Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
        }
    }
    repositories.read(scan, site);
    note_owners(scan, site, &owners);
}

/// Names of all entries, as far as they can be read.
fn names(bytes: &[u8]) -> Vec<String> {
    let mut archive = ::tar::Archive::new(Cursor::new(bytes));
    let entries = archive.entries_with_seek().into_iter().flatten();
    let entries = entries.map_while(Result::ok);
    entries.map(|entry| String::from_utf8_lossy(&entry.path_bytes()).into_owned()).collect()
}

fn note_owners(scan: &mut Scan<'_>, site: &Site, owners: &std::collections::BTreeSet<String>) {
    const SYSTEM: [&str; 8] = ["", "root", "wheel", "nobody", "nogroup", "staff", "users", "bin"];
    let mut block = Block::whole();
    for owner in owners.iter().filter(|owner| !SYSTEM.contains(&owner.as_str())) {
        block.field(Place::of(Channel::Metadata), "owner", owner);
        let location = scan.at(site, Notice::ArchiveOwner);
        scan.notice(Notice::ArchiveOwner, location, owner, 1);
    }
    scan.block(site, &block);
}
