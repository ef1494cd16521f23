//! Office Open XML (ISO/IEC 29500): documents, workbooks and presentations, with or without macros,
//! and their templates. Every part is either read by the reader of its kind, or searched as XML, or
//! recursed into, or said to be not read.

mod alternate;
mod cell_styles;
pub(crate) mod cells;
mod cropped;
mod docx;
mod far_box;
pub(crate) mod package;
mod palette;
mod parts;
mod pptx;
mod rows;
mod slide;
pub(crate) mod styles;
mod xlsx;

use super::zip::{Archive, unpack};
use crate::kind::Kind;
use crate::report::Reason;
use crate::scan::{Scan, Site};
use package::Package;

/// Part that names the kinds of all others.
const CONTENT_TYPES: &str = "[Content_Types].xml";

/// What an archive is, by the parts it has.
pub(crate) fn kind_of(archive: &Archive<'_>) -> Kind {
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("mimetype") && (has("META-INF/manifest.xml") || has("content.xml")) {
        return Kind::OpenDocument;
    }
    if !has(CONTENT_TYPES) {
        return Kind::Zip;
    }
    let mains = [
        ("word/document.xml", Kind::Docx),
        ("xl/workbook.xml", Kind::Xlsx),
        ("xl/workbook.bin", Kind::Xlsb),
        ("ppt/presentation.xml", Kind::Pptx),
    ];
    let main = mains.iter().find(|(name, _)| has(name)).map(|(_, kind)| *kind);
    let names = || archive.file_names().filter_map(Result::ok);
    main.or_else(|| {
        // The main part may have another name.
        let folders = [("word/", Kind::Docx), ("xl/", Kind::Xlsx), ("ppt/", Kind::Pptx)];
        let begins = |folder: &str| names().any(|name| name.starts_with(folder));
        folders.iter().find(|(folder, _)| begins(folder)).map(|(_, kind)| *kind)
    })
    .unwrap_or(Kind::Zip)
}

/// Reads all parts.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, kind: Kind, archive: &mut Archive<'_>) {
    let mut package = Package::default();
    for at in 0..archive.len() {
        let entry = unpack(scan, archive, at);
        match entry.content {
            Ok(None) => {}
            Ok(Some(content)) => package.add(scan, site, &entry.name, content),
            Err(Reason::TooManyEntries) => {
                scan.refuse(site, None, kind, Reason::TooManyEntries);
                break;
            }
            Err(reason) => scan.refuse(site, Some(&entry.name), Kind::Unknown, reason),
        }
    }
    package.search_names(scan, site);
    cropped::read(scan, site, &package);
    match kind {
        Kind::Docx => {
            let taken = docx::take(&mut package);
            parts::read(scan, site, &mut package, |scan| docx::read(scan, site, &taken));
        }
        Kind::Xlsx => {
            xlsx::read(scan, site, &mut package);
            parts::read(scan, site, &mut package, |_| {});
        }
        _ => {
            pptx::read(scan, site, &mut package);
            parts::read(scan, site, &mut package, |_| {});
        }
    }
}
