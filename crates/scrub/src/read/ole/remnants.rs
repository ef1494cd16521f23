//! Text that the file still holds though no part of the document refers to it: in sectors that are
//! free again, after the end of streams, and in places that were written by an earlier save.

use super::compound::Compound;
use crate::block::{Block, Place};
use crate::finding::{ByteRange, Channel};
use crate::read::strings::{Run, is_prose, runs};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Searches the bytes that no stream holds.
pub(super) fn unused(scan: &mut Scan<'_>, site: &Site, file: &Compound<'_>) {
    let mut found = Vec::new();
    for (at, piece) in file.unused() {
        found.extend(runs(piece).into_iter().map(|run| Run { at: at + run.at, ..run }));
    }
    note(scan, site, "unused sectors", &found);
}

/// Searches runs that are left over, and notes those that read like words.
pub(super) fn note(scan: &mut Scan<'_>, site: &Site, part: &str, found: &[Run]) {
    let mut block = Block::new(part);
    let place = Place::of(Channel::Remnant);
    found.iter().for_each(|run| block.push(place, &run.text));
    scan.block(site, &block);
    let prose: Vec<&Run> = found.iter().filter(|run| is_prose(&run.text)).collect();
    let Some(longest) = prose.iter().max_by_key(|run| run.text.len()) else { return };
    let mut location = block.locate(&site.path, place);
    let start = longest.at as u64;
    location.bytes = Some(ByteRange { start, end: start + longest.text.len() as u64 });
    scan.notice(Notice::Remnant, location, longest.text.trim(), prose.len() as u64);
}

/// Searches what an earlier save left behind: what reads like words was meant to be gone.
pub(super) fn earlier(scan: &mut Scan<'_>, site: &Site, part: &str, found: &[Run]) {
    let mut block = Block::new(part);
    let place = Place::of(Channel::Remnant);
    found.iter().for_each(|run| block.push(place, &run.text));
    scan.block(site, &block);
    let prose: Vec<&Run> = found.iter().filter(|run| is_prose(&run.text)).collect();
    for run in prose {
        let mut location = block.locate(&site.path, place);
        let start = run.at as u64;
        location.bytes = Some(ByteRange { start, end: start + run.text.len() as u64 });
        scan.notice(Notice::EarlierText, location, run.text.trim(), 1);
    }
}
