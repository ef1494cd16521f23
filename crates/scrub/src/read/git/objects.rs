//! Files below `objects/`: loose objects, packs, and indexes that are made of them
//! (gitrepository-layout(5)).

use gix_hash::ObjectId;

use super::Files;
use super::store::{Fault, Store};
use crate::kind::Kind;
use crate::limits::Budget;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Most packed bytes of loose objects that are unpacked at a time.
const LOOSE_BYTES_MAX: usize = 128 << 10;

/// Takes all files below `objects/` into the store.
pub(super) fn take_all<'f>(
    scan: &mut Scan<'_>,
    store: &mut Store<'f>,
    site: &Site,
    files: &Files<'f>,
) {
    let mut batch: Vec<(&str, Option<ObjectId>, &[u8])> = Vec::new();
    let mut bytes = 0_usize;
    for (path, content) in files.iter().filter(|(path, _)| path.starts_with("objects/")) {
        if let Some(id) = loose_id(path) {
            if bytes.saturating_add(content.len()) > LOOSE_BYTES_MAX {
                take_loose(scan, store, site, &std::mem::take(&mut batch));
                bytes = 0;
            }
            bytes = bytes.saturating_add(content.len());
            batch.push((path, id, content));
        } else {
            take_loose(scan, store, site, &std::mem::take(&mut batch));
            bytes = 0;
            take(scan, store, &site.inner(path), path, content);
        }
    }
    take_loose(scan, store, site, &batch);
}

fn take_loose<'f>(
    scan: &mut Scan<'_>,
    store: &mut Store<'f>,
    site: &Site,
    batch: &[(&str, Option<ObjectId>, &'f [u8])],
) {
    let contents: Vec<&[u8]> = batch.iter().map(|(_, _, content)| *content).collect();
    for ((path, id, content), loose) in batch.iter().zip(store.unpack_loose(&contents)) {
        let added = match scan.budget.entry() {
            Ok(()) => store.add_loose(&mut scan.budget, *id, content, loose),
            Err(reason) => Err(Fault::NotRead(reason)),
        };
        if let Err(fault) = added {
            say(scan, &site.inner(path), Kind::GitObject, fault);
        }
    }
}

/// Takes a file below `objects/` that is no loose object into the store.
fn take<'f>(
    scan: &mut Scan<'_>,
    store: &mut Store<'f>,
    site: &Site,
    path: &str,
    content: &'f [u8],
) {
    let name = path.rsplit('/').next().unwrap_or(path);
    if Kind::of(content) == Kind::GitPack {
        let faults = store.add_pack(&mut scan.budget, content);
        scan.was_read(site, Kind::GitPack, content, None);
        for fault in faults {
            say(scan, site, Kind::GitPack, fault);
        }
    } else if is_derived(name, content, store.hash) {
        scan.was_read(site, Kind::GitIndex, content, None);
    } else {
        scan.file(site, content);
        if name == "alternates" {
            scan.refuse(site, None, Kind::GitRepository, Reason::Link);
        }
    }
}

/// Takes what objects there are and passes over the rest.
pub(super) fn add<'f>(budget: &mut Budget, store: &mut Store<'f>, path: &str, content: &'f [u8]) {
    if let Some(id) = loose_id(path) {
        // What is broken is missed only where it is needed.
        for loose in store.unpack_loose(&[content]) {
            let _ = store.add_loose(budget, id, content, loose);
        }
    } else if Kind::of(content) == Kind::GitPack {
        let _ = store.add_pack(budget, content);
    }
}

/// The id that the path of a loose object names; `Some(None)` for one whose writing was cut short.
fn loose_id(path: &str) -> Option<Option<ObjectId>> {
    let (folder, name) = path.strip_prefix("objects/")?.split_once('/')?;
    let is_hex = folder.len() == 2 && folder.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        return None;
    }
    match ObjectId::from_hex(format!("{folder}{name}").as_bytes()) {
        Ok(id) => Some(Some(id)),
        Err(_) => name.starts_with("tmp_obj_").then_some(None),
    }
}

/// Whether a file only repeats ids and offsets of packs: its mark and its checksum say so.
fn is_derived(name: &str, content: &[u8], hash: gix_hash::Kind) -> bool {
    const MARKS: [&[u8]; 5] = [b"\xfftOc", b"RIDX", b"BITM", b"MIDX", b"CGPH"];
    let has_mark = MARKS.iter().any(|mark| content.starts_with(mark)) || name.ends_with(".mtimes");
    let Some(end) = content.len().checked_sub(hash.len_in_bytes()) else { return false };
    let (body, sum) = content.split_at(end);
    let mut hasher = gix_hash::hasher(hash);
    hasher.update(body);
    has_mark && hasher.try_finalize().is_ok_and(|id| id.as_slice() == sum)
}

/// Says what was wrong with an object or a pack.
pub(super) fn say(scan: &mut Scan<'_>, site: &Site, kind: Kind, fault: Fault) {
    let notice = match fault {
        Fault::NotRead(reason) => return scan.refuse(site, None, kind, reason),
        Fault::Trailing => Notice::TrailingBytes,
        Fault::WrongId => Notice::GitWrongId,
    };
    let location = scan.at(site, notice);
    scan.notice(notice, location, "", 1);
}
