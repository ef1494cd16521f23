//! ZIP archives, and documents that are one: entries are files of their own unless the archive is
//! an Office document.

use std::io::Cursor;

use ::zip::result::ZipError;

use super::archive::check_name;
use super::git::Gathered;
use super::ooxml;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// An open archive.
pub(super) type Archive<'b> = ::zip::ZipArchive<Cursor<&'b [u8]>>;

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let Ok(mut archive) = ::zip::ZipArchive::new(Cursor::new(bytes)) else {
        return scan.refuse(site, None, Kind::Zip, Reason::Broken);
    };
    let kind = ooxml::kind_of(&archive);
    scan.was_read(site, kind, bytes, None);
    note_extras(scan, site, &archive);
    match kind {
        Kind::Docx | Kind::Xlsx | Kind::Pptx => ooxml::read(scan, site, kind, &mut archive),
        Kind::Xlsb | Kind::OpenDocument => scan.refuse(site, None, kind, Reason::NoReader),
        _ => entries(scan, site, &mut archive),
    }
}

fn entries(scan: &mut Scan<'_>, site: &Site, archive: &mut Archive<'_>) {
    let mut repositories = Gathered::among(archive.file_names().flatten());
    for at in 0..archive.len() {
        let entry = unpack(scan, archive, at);
        let inner = site.inner(&entry.name);
        check_name(scan, &inner, &entry.name);
        match entry.content {
            Ok(None) => {}
            Ok(Some(content)) => {
                if let Some(content) = repositories.take(&entry.name, content) {
                    scan.file(&inner, &content);
                }
            }
            Err(Reason::TooManyEntries) => {
                scan.refuse(site, None, Kind::Zip, Reason::TooManyEntries);
                break;
            }
            Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
        }
    }
    repositories.read(scan, site);
}

/// One entry of an archive.
pub(super) struct Entry {
    pub(super) name: String,
    /// `None` for a folder.
    pub(super) content: Result<Option<Vec<u8>>, Reason>,
}

/// Unpacks the entry at a position, within the bounds of the scan.
pub(super) fn unpack(scan: &mut Scan<'_>, archive: &mut Archive<'_>, at: usize) -> Entry {
    let named = archive.by_index_raw(at).ok();
    let named = named.and_then(|entry| entry.name().ok().map(|name| name.into_owned()));
    let name = named.unwrap_or_else(|| format!("#{at}"));
    if let Err(reason) = scan.budget.entry() {
        return Entry { name, content: Err(reason) };
    }
    let content = match archive.by_index(at) {
        Ok(entry) if entry.is_dir() => Ok(None),
        Ok(entry) => {
            let packed = entry.compressed_size();
            scan.budget.unpack(entry, packed).map(Some)
        }
        Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => Err(Reason::Encrypted),
        Err(ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_)) => {
            Err(Reason::UnknownCompression)
        }
        Err(_) => Err(Reason::Broken),
    };
    Entry { name, content }
}

/// Comments, and bytes before the first entry.
fn note_extras(scan: &mut Scan<'_>, site: &Site, archive: &Archive<'_>) {
    let comment = String::from_utf8_lossy(archive.comment());
    if !comment.trim().is_empty() {
        let mut block = Block::whole();
        block.field(Place::of(Channel::Comment), "comment", &comment);
        let location = scan.at(site, Notice::ArchiveComment);
        scan.notice(Notice::ArchiveComment, location, &comment, 1);
        scan.block(site, &block);
    }
    if archive.offset() > 0 {
        let location = scan.at(site, Notice::TrailingBytes);
        scan.notice(Notice::TrailingBytes, location, "", 1);
    }
}
