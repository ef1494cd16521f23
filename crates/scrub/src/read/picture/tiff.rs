//! TIFF files: the tags of every page.

use super::{Picture, exif};
use crate::picture::tiff::{Group, parse};
use crate::rules::Notice;

/// Tag that says what a directory is, and its mark for smaller copies.
const SUBFILE_TYPE: u16 = 0x00fe;
const REDUCED: u64 = 1;

/// Reads all directories; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let Some(tiff) = parse(picture.bytes) else { return false };
    exif::tags(picture, "TIFF", &tiff);
    let (mut copies, mut pages) = (0, 0);
    for directory in &tiff.directories {
        let kind = directory.get(SUBFILE_TYPE).and_then(|entry| entry.number(tiff.form));
        let is_copy = kind.is_some_and(|kind| kind & REDUCED == REDUCED);
        match directory.group {
            Group::Page(_) | Group::Sub if is_copy => copies += 1,
            Group::Page(_) => pages += 1,
            _ => {}
        }
    }
    if copies > 0 {
        picture.notice(Notice::Thumbnail, "smaller copies", "", copies);
    }
    if pages > 1 {
        picture.notice(Notice::Frames, "pages", "", pages - 1);
    }
    tiff.is_whole && pages + copies > 0
}
