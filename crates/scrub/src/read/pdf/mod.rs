//! PDF (ISO 32000-2): the text of its pages with what hides it, and everything else that it keeps:
//! metadata, comments, forms, attachments, pictures, earlier revisions, what nothing points to.

pub(crate) mod canvas;
pub(crate) mod cmap;
pub(crate) mod content;
pub(crate) mod cover;
pub(crate) mod document;
pub(crate) mod font;
pub(crate) mod geometry;
pub(crate) mod layers;
pub(crate) mod lex;
pub(crate) mod metrics;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod show;
pub(crate) mod state;

mod info;
mod objects;
pub(crate) mod pages;
pub(crate) mod pictures;
mod reach;
mod revisions;

use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};
use content::{Fonts, Shared};
use document::Pdf;
use layers::Layers;

/// What the readers of the parts have in common.
struct Reading<'r> {
    site: &'r Site,
    shared: &'r Shared<'r>,
}

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let limits = *scan.budget.limits();
    let pdf = match Pdf::open(bytes, limits, scan.budget.left()) {
        Ok(pdf) => pdf,
        Err(reason) => return scan.refuse(site, None, Kind::Pdf, reason),
    };
    scan.was_read(site, Kind::Pdf, bytes, None);
    if pdf.doc.was_encrypted() {
        let location = scan.at(site, Notice::EmptyPassword);
        scan.notice(Notice::EmptyPassword, location, "", 1);
    }
    if pdf.doc.xref_recovery == Some(lopdf::xref::XrefRecovery::Reconstructed) {
        scan.refuse(site, Some("cross-reference table"), Kind::Pdf, Reason::Broken);
    }
    let layers = Layers::of(&pdf.doc);
    let fonts = Fonts::default();
    let shared = Shared { pdf: &pdf, layers: &layers, fonts: &fonts };
    let reading = Reading { site, shared: &shared };
    info::read(scan, &reading);
    let shown = pages::read(scan, &reading);
    objects::read(scan, &reading, shown);
    revisions::read(scan, &reading, bytes);
    scan.budget.spent(pdf.spent());
}

/// The whole part of a number that is not negative.
pub(crate) const fn whole(number: f64) -> u32 {
    // Casts of floats stop at the ends of the range.
    number as u32
}
