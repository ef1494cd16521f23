//! HEIC and AVIF: items of metadata are overwritten where they stand, since everything else is found
//! by its place in the file.

use super::Copy;
use crate::finding::Channel;
use crate::picture::bmff::{atoms, find, meta};
use crate::picture::slice;
use crate::report::Reason;

/// A block of Exif without tags, after the offset of its head.
const EMPTY_EXIF: &[u8] = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0";

pub(super) fn fix(copy: &mut Copy, bytes: &[u8]) -> Result<(), Reason> {
    let (boxes, is_whole) = atoms(bytes);
    let atom = find(&boxes, b"meta").filter(|_| is_whole).ok_or(Reason::Broken)?;
    copy.keep(bytes);
    for item in meta(atom).items {
        let is_exif = item.kind == *b"Exif";
        let is_xmp = item.kind == *b"mime" && item.label.contains("rdf+xml");
        if !is_exif && !is_xmp {
            continue;
        }
        let mut filling = if is_exif { EMPTY_EXIF } else { &[] }.iter().copied();
        let rest = if is_exif { 0 } else { b' ' };
        let mut has_changed = false;
        for (at, length) in item.extents {
            let length = if length == 0 { bytes.len().saturating_sub(at) } else { length };
            let end = at.checked_add(length).ok_or(Reason::Broken)?;
            let place = copy.bytes.get_mut(at..end).ok_or(Reason::Broken)?;
            place.fill_with(|| filling.next().unwrap_or(rest));
            has_changed |= slice(bytes, at, length) != Some(&copy.bytes[at..end]);
        }
        if has_changed {
            copy.drop(Channel::Metadata);
        }
    }
    Ok(())
}
