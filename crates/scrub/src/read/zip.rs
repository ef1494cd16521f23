//! ZIP archives, and documents that are one: entries are files of their own unless the archive is
//! an Office document.

use std::io::{Cursor, Read as _};

use ::zip::result::ZipError;

use super::archive::check_name;
use super::git::Gathered;
use super::odf;
use super::ooxml;
use super::zip_gap::Gaps;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::input::Source;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// An open archive.
pub(crate) type Archive<'b> = ::zip::ZipArchive<&'b mut dyn Source>;

/// Most bytes of the target of a link.
const LINK_BYTES_MAX: u64 = 4096;

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    read_from(scan, site, &mut Cursor::new(bytes), bytes.len() as u64);
}

/// Reads an archive of a length without holding all of it in memory.
pub(super) fn read_from(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Source, length: u64) {
    let Ok(mut archive) = Archive::new(&mut *source) else {
        return scan.refuse(site, None, Kind::Zip, Reason::Broken);
    };
    let kind = ooxml::kind_of(&archive);
    scan.was_read_to(site, kind, length, None);
    note_extras(scan, site, &archive);
    let gaps = Gaps::of(&mut archive);
    match kind {
        Kind::Docx | Kind::Xlsx | Kind::Pptx => ooxml::read(scan, site, kind, &mut archive),
        Kind::OpenDocument => odf::read(scan, site, &mut archive),
        Kind::Xlsb => scan.refuse(site, None, kind, Reason::NoReader),
        _ => entries(scan, site, &mut archive),
    }
    gaps.read(scan, site, source, length);
}

fn entries(scan: &mut Scan<'_>, site: &Site, archive: &mut Archive<'_>) {
    let mut repositories = Gathered::among(archive.file_names().flatten());
    for at in 0..archive.len() {
        let name = name_of(archive, at);
        let inner = site.inner(&name);
        check_name(scan, &inner, &name);
        let outcome = match archive.by_index(at) {
            Ok(entry) if entry.is_dir() => Ok(()),
            Ok(entry) if entry.is_symlink() => {
                let mut target = Vec::new();
                // What can be read of the target is all that there is to say.
                let _ = entry.take(LINK_BYTES_MAX).read_to_end(&mut target);
                scan.link(&inner, &String::from_utf8_lossy(&target));
                Ok(())
            }
            Ok(mut entry) => {
                let packed = entry.compressed_size();
                scan.entry(&inner, &mut entry, packed, |content| repositories.take(&name, content))
                    .map(|_| ())
            }
            Err(error) => {
                scan.refuse(&inner, None, Kind::Unknown, reason_of(&error));
                scan.budget.entry()
            }
        };
        if let Err(reason) = outcome {
            scan.refuse(site, None, Kind::Zip, reason);
            break;
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
    let name = name_of(archive, at);
    if let Err(reason) = scan.budget.entry() {
        return Entry { name, content: Err(reason) };
    }
    let content = match archive.by_index(at) {
        Ok(entry) if entry.is_dir() => Ok(None),
        Ok(entry) => {
            let packed = entry.compressed_size();
            scan.budget.unpack(entry, packed).map(Some)
        }
        Err(error) => Err(reason_of(&error)),
    };
    Entry { name, content }
}

fn name_of(archive: &mut Archive<'_>, at: usize) -> String {
    let named = archive.by_index_raw(at).ok();
    let named = named.and_then(|entry| entry.name().ok().map(|name| name.into_owned()));
    named.unwrap_or_else(|| format!("#{at}"))
}

fn reason_of(error: &ZipError) -> Reason {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Reason::Encrypted,
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            Reason::UnknownCompression
        }
        _ => Reason::Broken,
    }
}

/// The comment of the archive.
fn note_extras(scan: &mut Scan<'_>, site: &Site, archive: &Archive<'_>) {
    let comment = String::from_utf8_lossy(archive.comment());
    if !comment.trim().is_empty() {
        let mut block = Block::whole();
        block.field(Place::of(Channel::Comment), "comment", &comment);
        let location = scan.at(site, Notice::ArchiveComment);
        scan.notice(Notice::ArchiveComment, location, &comment, 1);
        scan.block(site, &block);
    }
}
