//! TAR archives: every entry is a file of its own; owners and links are noted.

use std::io::{Cursor, Read};

use super::archive::{Counted, check_name};
use super::git::Gathered;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    entries(scan, site, &mut Cursor::new(bytes), Gathered::among(names(bytes)));
    scan.was_read(site, Kind::Tar, bytes, None);
}

/// Reads an archive from front to back.
pub(super) fn stream(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Read) {
    let mut source = Counted::new(source);
    entries(scan, site, &mut source, Gathered::default());
    scan.was_read_to(site, Kind::Tar, source.rest(), None);
}

fn entries(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Read, mut repositories: Gathered) {
    let mut archive = ::tar::Archive::new(source);
    let Ok(entries) = archive.entries() else {
        return scan.refuse(site, None, Kind::Tar, Reason::Broken);
    };
    let mut owners = std::collections::BTreeSet::new();
    for entry in entries {
        let Ok(mut entry) = entry else {
            // What follows a broken header cannot be found again.
            scan.refuse(site, None, Kind::Tar, Reason::Broken);
            break;
        };
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
        repositories.claim(&name);
        let take = |content| repositories.take(&name, content);
        match scan.entry(&inner, &mut entry, size, take) {
            Ok(length) if length < size => {
                scan.not_read(&inner, None, Kind::Unknown, Reason::Broken)
            }
            Ok(_) => {}
            Err(reason) => {
                scan.refuse(site, None, Kind::Tar, reason);
                break;
            }
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
