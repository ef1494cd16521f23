//! Pictures, embedded objects and other data in RTF: bytes that are files of their own.

use super::place::Purpose;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::ole::le::{code_page, part as range, size_at};
use crate::read::ole::{embedded, search};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// What an object in the document is, and a link to one ([MS-OLEDS] §2.2.4).
const LINKED: usize = 1;

/// What bytes of a purpose are called.
pub(super) const fn name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Picture => "picture",
        Purpose::Object => "object",
        _ => "data",
    }
}

/// Hands bytes on to the reader of their kind; `false` if the bounds of the scan leave no room for
/// more of them.
pub(super) fn read(
    scan: &mut Scan<'_>,
    site: &Site,
    purpose: Purpose,
    name: &str,
    content: &[u8],
    is_cut: bool,
) -> bool {
    if is_cut {
        scan.refuse(site, Some(name), Kind::Unknown, Reason::Broken);
    }
    if content.is_empty() {
        return true;
    }
    if let Err(reason) = scan.budget.entry() {
        scan.refuse(site, Some(name), Kind::Unknown, reason);
        return false;
    }
    if purpose == Purpose::Object {
        object(scan, site, name, content);
    } else {
        scan.file(&site.inner(name), content);
    }
    true
}

/// Reads the page that a document was made from ([MS-OXRTFEX] §2.2).
pub(super) fn page(scan: &mut Scan<'_>, site: &Site, html: &str) {
    match scan.budget.entry() {
        Ok(()) if site.depth <= scan.budget.limits().depth_max => {
            crate::read::file(scan, site, Kind::Html, html.as_bytes());
        }
        Ok(()) => scan.refuse(site, None, Kind::Html, Reason::TooDeep),
        Err(reason) => scan.refuse(site, None, Kind::Html, reason),
    }
}

/// An object with the names of its program and, if it is a link, of its source ([MS-OLEDS] §2.2.5).
fn object(scan: &mut Scan<'_>, site: &Site, part: &str, content: &[u8]) {
    let Some((kind, names, at)) = header(content) else {
        scan.notice_part(site, part, Notice::Embedded, "", 1);
        return scan.file(&site.inner(part), content);
    };
    let mut block = Block::new(part);
    for (field, name) in ["program", "source", "item"].iter().zip(&names) {
        block.field(Place::of(Channel::Metadata), field, name);
    }
    scan.block(site, &block);
    if kind == LINKED {
        scan.notice_part(site, part, Notice::ExternalLink, &names[1], 1);
        // The name of a network, and what the source looked like.
        return search(scan, site, part, range(content, at, usize::MAX), Channel::Embedded);
    }
    embedded::native(scan, site, part, range(content, at, usize::MAX));
}

/// Kind and names of an object, and where the length of its data stands.
fn header(content: &[u8]) -> Option<(usize, [String; 3], usize)> {
    let kind = size_at(content, 4)?;
    let (mut names, mut at) = ([const { String::new() }; 3], 8_usize);
    for name in &mut names {
        let length = size_at(content, at)?;
        let end = at.checked_add(4)?.checked_add(length)?;
        let bytes = content.get(at + 4..end)?;
        *name = code_page(bytes, 1252).trim_end_matches('\0').to_owned();
        at = end;
    }
    Some((kind, names, at))
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn the_names_of_an_object_are_read() {
        let bytes = b"\x01\x05\0\0\x02\0\0\0\x08\0\0\0Package\0\0\0\0\0\0\0\0\0\x02\0\0\0ab";
        let (kind, names, at) = header(bytes).unwrap();
        assert_eq!((kind, names[0].as_str(), at), (2, "Package", 28));
        assert!((0..28).all(|end| header(&bytes[..end]).is_none()));
    }
}
