//! Earlier revisions: what a file held before it was updated at its end (ISO 32000-2 §7.5.6), and
//! bytes before its beginning and after its end.

use std::collections::BTreeSet;

use super::document::Pdf;
use super::objects::{same, strings};
use super::page::view;
use super::pages::{lines_of, picture_ids};
use super::{Reading, pictures};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::Scan;

/// Revisions that are looked into.
const REVISIONS_MAX: usize = 32;

/// Bytes of white space and marks around a document that mean nothing.
const SLACK_BYTES: usize = 64;

const END: &[u8] = b"%%EOF";

/// Places just after each end mark.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&bytes[at..], END) {
        at += found + END.len();
        ends.push(at);
    }
    ends
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // The percent sign is rare, so most of the bytes are passed over quickly.
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == wanted[0])?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}

pub(super) fn read(scan: &mut Scan<'_>, reading: &Reading<'_>, bytes: &[u8]) {
    let ends = ends(bytes);
    outside(scan, reading, bytes, &ends);
    comments(scan, reading, bytes);
    let pdf = reading.shared.pdf;
    let first = usize::from(pdf.doc.linearization.is_some());
    let earlier = ends.len().saturating_sub(1);
    let earlier = ends.get(first.min(earlier)..earlier).unwrap_or_default();
    if earlier.is_empty() {
        return;
    }
    let mut gone = 0;
    for (number, end) in (1..).zip(earlier.iter().take(REVISIONS_MAX)) {
        let left = scan.budget.left().saturating_sub(pdf.spent());
        match Pdf::open(&bytes[..*end], pdf.limits, left) {
            Ok(old) => {
                gone += revision(scan, reading, number, &old);
                scan.budget.spent(old.spent());
            }
            Err(reason) => {
                let part = format!("revision {number}");
                scan.refuse(reading.site, Some(&part), Kind::Pdf, reason);
            }
        }
    }
    if earlier.len() > REVISIONS_MAX {
        let part = format!("revisions after {REVISIONS_MAX}");
        scan.refuse(reading.site, Some(&part), Kind::Pdf, Reason::TooManyEntries);
    }
    if gone == 0 {
        let location = scan.at(reading.site, Notice::IncrementalUpdate);
        scan.notice(Notice::IncrementalUpdate, location, "", earlier.len() as u64);
    }
}

/// What an earlier revision has that the present one has not; how much of it.
fn revision(scan: &mut Scan<'_>, reading: &Reading<'_>, number: u32, old: &Pdf) -> u64 {
    let new = reading.shared.pdf;
    let is_changed = |id: &lopdf::ObjectId| {
        let pair = old.doc.objects.get(id).zip(new.doc.objects.get(id));
        pair.is_none_or(|(old, new)| !same(old, new))
    };
    let changed: BTreeSet<_> =
        old.doc.objects.keys().filter(|id| is_changed(id)).copied().collect();
    if changed.is_empty() {
        return 0;
    }
    let layers = super::layers::Layers::of(&old.doc);
    let fonts = super::content::Fonts::default();
    let shared = super::content::Shared { pdf: old, layers: &layers, fonts: &fonts };
    let mut block = Block::new(&format!("revision {number}"));
    let mut lost: Vec<(u32, String)> = Vec::new();
    for (page, id) in (1..).zip(old.pages()) {
        let Some(was) = old.page(id) else { continue };
        let now = new.page(id);
        let had = lines_of(&view(&shared, &was));
        let has = now.map(|now| lines_of(&view(reading.shared, &now))).unwrap_or_default();
        let has: BTreeSet<&String> = has.iter().collect();
        lost.extend(had.iter().filter(|line| !has.contains(line)).map(|l| (page, l.clone())));
    }
    for id in &changed {
        let (mut had, mut has) = (Vec::new(), Vec::new());
        old.doc.objects.get(id).into_iter().for_each(|object| strings(object, b"", &mut had, 0));
        new.doc.objects.get(id).into_iter().for_each(|object| strings(object, b"", &mut has, 0));
        lost.extend(had.into_iter().filter(|text| !has.contains(text)).map(|text| (0, text)));
    }
    for (page, text) in &lost {
        block.push(Place { page: *page, ..Place::of(Channel::EarlierRevision) }, text);
    }
    let old_reading = Reading { site: reading.site, shared: &shared };
    let images: Vec<_> =
        picture_ids(&old.doc).into_iter().filter(|id| changed.contains(id)).collect();
    for id in &images {
        if let Ok(lopdf::Object::Stream(stream)) = old.doc.get_object(*id) {
            let name = format!("revision {number}/image of object {}", id.0);
            pictures::hand_on(scan, &old_reading, &name, stream);
        }
    }
    let count = (lost.len() + images.len()) as u64;
    if count > 0 {
        let place = Place::of(Notice::EarlierRevision.channel());
        let location = block.locate(&reading.site.path, place);
        let shown = lost.first().map_or("", |(_, text)| text.as_str());
        scan.notice(Notice::EarlierRevision, location, shown.trim(), count);
    }
    scan.block(reading.site, &block);
    count
}

/// Comments between and in objects (ISO 32000-2 §7.2.4), those in streams left out.
fn comments(scan: &mut Scan<'_>, reading: &Reading<'_>, bytes: &[u8]) {
    let (mut block, mut seen, mut is_stream) = (Block::new("comments"), 0, false);
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let found = rest.iter().position(|byte| matches!(byte, b'%' | b's' | b'e'));
        let Some(found) = found else { break };
        at += found;
        let rest = &bytes[at..];
        if is_stream {
            is_stream = !rest.starts_with(b"endstream");
            at += 1;
        } else if rest.starts_with(b"%") {
            let length = rest.iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
            for run in crate::read::strings::runs(&rest[..length]) {
                block.push(Place::of(Channel::Orphan), &run.text);
            }
            (at, seen) = (at + length, at + length);
        } else {
            let before = bytes[seen..at].trim_ascii_end();
            is_stream = rest.starts_with(b"stream") && before.ends_with(b">>");
            is_stream &= rest.get(6).is_some_and(is_space);
            at += 1;
        }
    }
    scan.block(reading.site, &block);
}

/// Bytes before the beginning and after the end.
fn outside(scan: &mut Scan<'_>, reading: &Reading<'_>, bytes: &[u8], ends: &[usize]) {
    let begin = find(&bytes[..bytes.len().min(4096)], b"%PDF-").unwrap_or(0);
    let end = ends.last().copied().unwrap_or(bytes.len());
    for (name, part) in
        [("before the beginning", &bytes[..begin]), ("after the end", &bytes[end..])]
    {
        let (text, encoding) = crate::text::decode(part);
        if text.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
            continue;
        }
        let is_text = part.iter().filter(|byte| **byte < 9).count() * 50 < part.len();
        let mut location = scan.at(reading.site, Notice::OutsideBytes);
        location.part = Some(name.to_owned());
        scan.notice(Notice::OutsideBytes, location, "", part.len() as u64);
        if is_text || part.len() < SLACK_BYTES {
            scan.plain(reading.site, &text, encoding, Channel::Orphan);
        } else {
            scan.file(&reading.site.inner(name), part);
        }
    }
}
