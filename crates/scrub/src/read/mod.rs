//! Readers: one file for each format. A reader hands text with its place to the scan, notes what is
//! hidden, and says what it did not read.

mod archive;
mod eml;
mod escapes;
mod field;
pub(crate) mod git;
mod gzip;
mod html;
mod leftover;
pub(crate) mod mapped;
mod notebook;
pub(crate) mod odf;
mod ole;
pub(crate) mod ooxml;
mod packed;
pub(crate) mod pdf;
mod picture;
mod rest;
mod rtf;
pub(crate) mod runs;
mod sqlite;
mod strings;
mod table;
mod tar;
mod text;
pub(crate) mod xml;
pub(crate) mod zip;
mod zip_gap;
mod zip_rest;

use std::io::Read;

use crate::input::Source;
use crate::kind::Kind;
use crate::report::Reason;
use crate::scan::{Scan, Site};

/// Gives a file to the reader of its kind.
pub(crate) fn file(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    leftover::note(scan, site, kind, bytes);
    match kind {
        Kind::Text | Kind::Json | Kind::Xml | Kind::Html => {
            let mark = scan.mark();
            text::read(scan, site, kind, bytes);
            if kind == Kind::Html {
                html::read(scan, site, bytes, mark);
            }
        }
        Kind::Png
        | Kind::Jpeg
        | Kind::Gif
        | Kind::Tiff
        | Kind::Webp
        | Kind::Heic
        | Kind::Bmp
        | Kind::Metafile
        | Kind::Svg => picture::read(scan, site, kind, bytes),
        Kind::Notebook => notebook::read(scan, site, bytes),
        Kind::Eml => eml::read(scan, site, bytes),
        Kind::Zip => zip::read(scan, site, bytes),
        Kind::Tar => tar::read(scan, site, bytes),
        Kind::Sqlite => sqlite::read(scan, site, bytes),
        Kind::GitBundle => git::bundle(scan, site, bytes),
        Kind::GitPack => git::pack(scan, site, bytes),
        Kind::Gzip => gzip::read(scan, site, bytes),
        Kind::Pdf => pdf::read(scan, site, bytes),
        Kind::Docx | Kind::Xlsx | Kind::Pptx => scan.refuse(site, None, kind, Reason::Broken),
        Kind::OpenDocument => odf::flat(scan, site, bytes),
        Kind::Ole => ole::read(scan, site, bytes),
        Kind::Bzip2 | Kind::Xz | Kind::Zstd => packed::read(scan, site, kind, bytes),
        Kind::SevenZip => packed::seven(scan, site, bytes),
        Kind::Empty => scan.refuse(site, None, kind, Reason::Empty),
        Kind::Unknown => {
            runs::search(scan, site, bytes);
            scan.refuse(site, None, kind, Reason::UnknownKind);
        }
        Kind::Rtf => rtf::read(scan, site, bytes),
        Kind::Xlsb
        | Kind::Media
        | Kind::Font
        | Kind::Executable
        | Kind::GitRepository
        | Kind::GitObject
        | Kind::GitIndex
        | Kind::Rar => {
            runs::search(scan, site, bytes);
            scan.refuse(site, None, kind, Reason::NoReader);
        }
    }
}

/// Gives a file to the reader of its kind that needs not all of it in memory, and refuses it if
/// there is none.
pub(crate) fn stream(scan: &mut Scan<'_>, site: &Site, kind: Kind, source: &mut dyn Read) {
    leftover::by_name(scan, site);
    match kind {
        Kind::Tar => tar::stream(scan, site, source),
        Kind::Gzip => gzip::stream(scan, site, source),
        Kind::Notebook | Kind::Eml | Kind::Html => {
            text::stream(scan, site, Kind::Text, source);
            scan.not_read(site, None, kind, Reason::TooLarge);
        }
        kind if is_plain(kind) => text::stream(scan, site, kind, source),
        _ => scan.refuse(site, None, kind, Reason::TooLarge),
    }
}

/// Reads a ZIP archive, or a document that is one, of a length.
pub(crate) fn archive_from(scan: &mut Scan<'_>, site: &Site, source: &mut dyn Source, length: u64) {
    zip::read_from(scan, site, source, length);
}

/// Whether a file of this kind has nothing but its text, so that reading it unpacks nothing.
pub(crate) const fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Json | Kind::Xml)
}

/// Whether a file of this kind is searched as it stands.
pub(crate) const fn is_plain(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Json | Kind::Xml | Kind::Html | Kind::Svg)
}
