//! The custody report: the record of one submission, for people to read and to file.

mod facts;
mod sections;
#[cfg(test)]
mod tests;
mod timeline;

use self::facts::Facts;
pub(super) use self::facts::{bytes, utc};
use super::{
    Dossier,
    pdf::{Color, Document, Imprint, TypesetError},
};

/// Typesets the report.
///
/// # Errors
/// See [`TypesetError`].
pub(super) fn report(dossier: &Dossier) -> Result<Vec<u8>, TypesetError> {
    let subject = dossier.index.subject;
    let mut document = Document::new(Imprint {
        title: format!("Custody report, submission {subject}"),
        heading: format!("Custody report · submission {subject}"),
        warning: None,
        position: position(dossier),
        as_of: dossier.as_of,
        id: format!("report {subject} {} {}", dossier.index.root, dossier.index.reader.as_str()),
    })?;
    let facts = Facts::of(dossier);
    document.title("AUDIT PACK", "Custody report", &format!("Submission {subject}"));
    document.framed(
        Color::ACCENT,
        &[
            "*This report is a copy for reading, not evidence.* It is made from the signed statements \
             of the same audit pack. What the pack proves is proven by those statements, their \
             receipts and the checkpoints, and can be checked offline by anyone, without trusting \
             whoever made this report.",
            "A log proves that the holder of a key stated something, and where in the log. It does \
             not prove that what was stated is true.",
        ],
    );
    sections::record(&mut document, dossier, &facts);
    sections::standing(&mut document, dossier, &facts);
    timeline::timeline(&mut document, dossier, &facts);
    sections::matters(&mut document, dossier);
    sections::files(&mut document, dossier);
    sections::left_out(&mut document, dossier);
    sections::keys(&mut document, dossier, &facts);
    sections::digests(&mut document, dossier);
    sections::verify(&mut document);
    document.finish()
}

/// Of which log and position a document is, for the foot of its pages.
pub(super) fn position(dossier: &Dossier) -> [String; 2] {
    let index = &dossier.index;
    let log = format!("Log {} · {} entries", index.origin, index.size);
    [log, format!("Root {}", index.root)]
}
