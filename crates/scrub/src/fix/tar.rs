//! TAR archives, compressed with gzip or not: each entry is fixed; owners and times are dropped.

use std::io::{Cursor, Write as _};

use ::tar::{Archive, Builder, EntryType, Header};

use super::Job;
use super::git::{FILE, LINK, PROGRAM, Repositories};
use crate::finding::Channel;
use crate::report::Reason;

/// 1 January 2000.
const DATE: u64 = 946_684_800;

/// Fixes an archive.
pub(super) fn fix(job: &mut Job, path: &[String], bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut repositories = Repositories::among(names(bytes)?);
    let mut archive = Archive::new(Cursor::new(bytes));
    let mut copy = Builder::new(Vec::new());
    let mut owners = 0;
    for entry in archive.entries().map_err(|_| Reason::Broken)? {
        job.budget.entry()?;
        let mut entry = entry.map_err(|_| Reason::Broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        owners += u64::from(has_owner(entry.header()));
        let kind = entry.header().entry_type();
        let is_program = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        if kind.is_dir() {
            if !repositories.is_left_out(name.trim_end_matches('/')) {
                let mut header = neutral(EntryType::Directory, 0, true);
                copy.append_data(&mut header, &name, [].as_slice()).map_err(|_| Reason::Broken)?;
            }
            continue;
        }
        if let Some(target) = entry.link_name_bytes() {
            let target = String::from_utf8_lossy(&target).into_owned();
            if repositories.take(&name, Vec::new()).is_some() {
                repositories.keep(&name, LINK, target.as_bytes());
                let mut header = neutral(kind, 0, true);
                copy.append_link(&mut header, &name, target).map_err(|_| Reason::Broken)?;
            }
            continue;
        }
        let size = entry.size();
        let content = job.budget.unpack(&mut entry, size)?;
        if (content.len() as u64) < size {
            return Err(Reason::Broken);
        }
        let Some(content) = repositories.take(&name, content) else { continue };
        let inner: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let fixed = job.file(&inner, &content)?;
        repositories.keep(&name, if is_program { PROGRAM } else { FILE }, &fixed);
        append(&mut copy, &name, &fixed, is_program)?;
    }
    job.removed(path, None, Channel::Metadata, owners);
    for (name, content) in repositories.fresh(job, path)? {
        append(&mut copy, &name, &content, false)?;
    }
    copy.into_inner().map_err(|_| Reason::Broken)
}

/// Fixes what gzip has compressed; the name and the time in its header are dropped.
pub(super) fn fix_gzip(job: &mut Job, path: &[String], bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let decoder = flate2::read::MultiGzDecoder::new(bytes);
    let header = decoder.header();
    let named = header.is_some_and(|h| h.filename().is_some() || h.comment().is_some());
    job.removed(path, None, Channel::Metadata, u64::from(named));
    job.budget.entry()?;
    let content = job.budget.unpack(decoder, bytes.len() as u64)?;
    let inner: Vec<String> = path.iter().cloned().chain(["content".to_owned()]).collect();
    let fixed = job.file(&inner, &content)?;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(&fixed).and_then(|()| encoder.finish());
    written.map_err(|_| Reason::Broken)
}

fn names(bytes: &[u8]) -> Result<Vec<String>, Reason> {
    let mut archive = Archive::new(Cursor::new(bytes));
    let entries = archive.entries_with_seek().map_err(|_| Reason::Broken)?;
    let name =
        |entry: ::tar::Entry<'_, _>| String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    entries.map(|entry| entry.map(name).map_err(|_| Reason::Broken)).collect()
}

fn append(
    copy: &mut Builder<Vec<u8>>,
    name: &str,
    content: &[u8],
    is_program: bool,
) -> Result<(), Reason> {
    let mut header = neutral(EntryType::Regular, content.len() as u64, is_program);
    copy.append_data(&mut header, name, content).map_err(|_| Reason::Broken)
}

/// A header without owner and with a date that tells nothing.
fn neutral(kind: EntryType, size: u64, is_program: bool) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(if is_program { 0o755 } else { 0o644 });
    header.set_mtime(DATE);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn has_owner(header: &Header) -> bool {
    let names = [header.username_bytes(), header.groupname_bytes()];
    names.into_iter().flatten().any(|name| !name.is_empty())
        || header.uid().is_ok_and(|id| id != 0)
        || header.gid().is_ok_and(|id| id != 0)
}
