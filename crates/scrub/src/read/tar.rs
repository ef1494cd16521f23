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

/// Bytes of a block; each entry begins a new one.
const BLOCK_BYTES: usize = 512;

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    entries(scan, site, &mut Cursor::new(bytes), Gathered::among(names(bytes)));
    padding(scan, site, bytes);
    scan.was_read(site, Kind::Tar, bytes, None);
}

/// Reads an archive from front to back.
pub(super) fn stream(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Read) {
    let mut source = Counted::new(source);
    entries(scan, site, &mut source, Gathered::default());
    scan.was_read_to(site, Kind::Tar, source.rest(), None);
}

fn entries(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Read, mut repositories: Gathered) {
    let mut said = Block::whole();
    entries_of(scan, site, &mut *source, (&mut repositories, &mut said));
    repositories.read(scan, site);
    scan.block(site, &said);
    after_the_end(scan, site, source);
}

fn entries_of(
    scan: &mut Scan<'_>,
    site: &Site,
    source: &mut dyn Read,
    (repositories, said): (&mut Gathered, &mut Block),
) {
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
        extensions(said, &mut entry);
        let header = entry.header();
        for owner in [header.username_bytes(), header.groupname_bytes()].into_iter().flatten() {
            owners.insert(String::from_utf8_lossy(owner).into_owned());
        }
        let kind = header.entry_type();
        if kind.is_dir() {
            continue;
        }
        let size = entry.size();
        let target =
            entry.link_name_bytes().map(|target| String::from_utf8_lossy(&target).into_owned());
        let is_data = kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse();
        match target {
            Some(target) if is_data => {
                said.field(Place::of(Channel::Metadata), "link", &target);
            }
            Some(target) => scan.link(&inner, &target),
            None if is_data || kind.is_pax_global_extensions() => {}
            None => scan.refuse(&inner, None, Kind::Empty, Reason::Link),
        }
        // No other kind should have content, and if it has, it is read.
        if !is_data && size == 0 {
            continue;
        }
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
    note_owners(scan, site, &owners);
}

/// What the extended header of an entry says (POSIX pax), but for its name and owners, and what
/// stands where a header has nothing.
fn extensions(said: &mut Block, entry: &mut ::tar::Entry<'_, impl Read>) {
    const KNOWN: [&str; 6] = ["path", "linkpath", "size", "mtime", "atime", "ctime"];
    let place = Place::of(Channel::Metadata);
    let header = entry.header();
    let spare = match (header.as_ustar(), header.as_gnu()) {
        (Some(_), _) => 500,
        (_, Some(_)) => 495,
        _ => 257,
    };
    for run in super::strings::runs(header.as_bytes().get(spare..).unwrap_or_default()) {
        said.field(place, "header", &run.text);
    }
    for extension in entry.pax_extensions().ok().flatten().into_iter().flatten().flatten() {
        let key = String::from_utf8_lossy(extension.key_bytes()).into_owned();
        if !KNOWN.contains(&key.as_str()) {
            said.field(place, &key, &key);
            said.field(place, &key, &String::from_utf8_lossy(extension.value_bytes()));
        }
    }
}

/// Reads what follows the two empty blocks that end an archive.
fn after_the_end(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Read) {
    const PART: &str = "#after";
    let mut block = [0; 1 << 13];
    let length = loop {
        match source.read(&mut block) {
            // A source that ends in an error has been said to do so by the meter around it.
            Ok(0) | Err(_) => return,
            Ok(length) if block[..length].iter().any(|byte| *byte != 0) => break length,
            Ok(_) => {}
        }
    };
    scan.notice_part(site, PART, Notice::TrailingBytes, "", 1);
    let all = Read::chain(&block[..length], source);
    let content = scan.budget.entry().and_then(|()| scan.budget.unpack(all, u64::MAX));
    match content {
        Ok(content) => scan.file(&site.inner(PART), &content),
        Err(reason) => scan.refuse(site, Some(PART), Kind::Unknown, reason),
    }
}

/// Names of all entries, as far as they can be read.
fn names(bytes: &[u8]) -> Vec<String> {
    let mut archive = ::tar::Archive::new(Cursor::new(bytes));
    let entries = archive.entries_with_seek().into_iter().flatten();
    let entries = entries.map_while(Result::ok);
    entries.map(|entry| String::from_utf8_lossy(&entry.path_bytes()).into_owned()).collect()
}

/// Searches what stands between the content of an entry and the next block.
fn padding(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let mut archive = ::tar::Archive::new(Cursor::new(bytes));
    let mut block = Block::whole();
    let entries = archive.entries_with_seek().into_iter().flatten();
    for entry in entries.map_while(Result::ok) {
        let size = entry
            .header()
            .entry_size()
            .ok()
            .filter(|_| entry.header().entry_type().is_gnu_sparse());
        let end = entry.raw_file_position().saturating_add(size.unwrap_or(entry.size()));
        let Ok(end) = usize::try_from(end) else { continue };
        let pad = bytes.get(end..end.next_multiple_of(BLOCK_BYTES)).unwrap_or_default();
        for run in super::strings::runs(pad) {
            block.field(Place::of(Channel::Metadata), "padding", &run.text);
        }
    }
    scan.block(site, &block);
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
