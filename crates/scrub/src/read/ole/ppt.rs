//! PowerPoint presentations of 1997 to 2003 ([MS-PPT]): text by slide, notes, comments, hidden
//! slides, shapes outside the slide, and what earlier saves left in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::le::{part as range, size_at, u8_at, u16_at, u32_at, utf16};
use super::{Ole, pictures};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Records inside each other that are followed.
const DEPTH_MAX: u32 = 24;

/// Kinds of records ([MS-PPT] §2.13.24).
const SLIDE: u16 = 0x03ee;
const NOTES: u16 = 0x03f0;
const MASTER: u16 = 0x03f8;
const SLIDE_LIST: u16 = 0x0ff0;
const SLIDE_ENTRY: u16 = 0x03f3;
const SLIDE_INFO: u16 = 0x03f9;
const SHAPE: u16 = 0xf004;
const COMMENT: u16 = 0x2ee0;

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, storage: usize) {
    let user = ole.named(scan, site, storage, "Current User");
    if let Some((part, user)) = &user {
        if size_at(user, 12) == Some(0xf3d1_c4df) {
            return scan.refuse(site, Some(part), Kind::Ole, Reason::Encrypted);
        }
        let length = usize::from(u16_at(user, 20).unwrap_or(0));
        let name = super::le::code_page(range(user, 28, length), 1252);
        // A program that knows no user writes what the stream is called.
        if !name.trim().is_empty() && name.trim() != "Current User" {
            let mut block = Block::new(part);
            block.push(Place::of(Channel::Author), &name);
            scan.block(site, &block);
            scan.notice_part(site, part, Notice::Author, name.trim(), 1);
        }
    }
    if let Some((part, stream)) = ole.named(scan, site, storage, "PowerPoint Document") {
        let edit = user.and_then(|(_, user)| size_at(&user, 16));
        let saved = Saved::new(&stream, edit);
        let mut show = Show::new(&part, &saved);
        for record in records(&stream) {
            show.top(scan, site, &record);
        }
        show.end(scan, site);
    }
    if let Some((part, stream)) = ole.named(scan, site, storage, "Pictures") {
        pictures::read(scan, site, &part, &stream);
    }
}

/// A record ([MS-PPT] §2.3.1).
#[derive(Clone, Copy)]
struct Record<'b> {
    at: usize,
    is_container: bool,
    instance: u16,
    kind: u16,
    content: &'b [u8],
}

fn records(stream: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (first, kind) = u16_at(stream, at).zip(u16_at(stream, at + 2))?;
        let length = size_at(stream, at + 4)?;
        let content = range(stream, at + 8, length);
        let (is_container, instance) = (first & 0xf == 0xf, first >> 4);
        let record = Record { at, is_container, instance, kind, content };
        at = at.saturating_add(8).saturating_add(length);
        Some(record)
    })
}

/// What the last save refers to ([MS-PPT] §2.1.2).
struct Saved {
    /// Places of objects by their ids; empty where the file tells no last save.
    objects: BTreeMap<u32, usize>,
    /// Ids of the slides in their order, from the list of slides.
    order: Vec<u32>,
    size: (i32, i32),
}

impl Saved {
    fn new(stream: &[u8], mut edit: Option<usize>) -> Self {
        let mut objects = BTreeMap::new();
        let mut seen = BTreeSet::new();
        while let Some(at) = edit.filter(|at| *at > 0 && seen.insert(*at)) {
            if let Some(directory) = size_at(stream, at + 20) {
                Self::directory(stream, directory, &mut objects);
            }
            edit = size_at(stream, at + 16);
        }
        let (mut order, mut size) = (Vec::new(), (0, 0));
        for document in records(stream).filter(|record| record.kind == 0x03e8) {
            let is_last = objects.is_empty() || objects.values().any(|at| *at == document.at);
            for record in records(document.content).filter(|_| is_last) {
                if record.kind == 0x03e9 {
                    let number = |at| u32_at(record.content, at).map_or(0, u32::cast_signed);
                    size = (number(0), number(4));
                }
                if record.kind == SLIDE_LIST && record.instance == 0 {
                    let entries = records(record.content).filter(|r| r.kind == SLIDE_ENTRY);
                    order = entries.filter_map(|entry| u32_at(entry.content, 0)).collect();
                }
            }
        }
        Self { objects, order, size }
    }

    /// A directory of objects; what a later one says counts.
    fn directory(stream: &[u8], at: usize, objects: &mut BTreeMap<u32, usize>) {
        let content = range(stream, at.saturating_add(8), size_at(stream, at + 4).unwrap_or(0));
        let mut at = 0;
        while let Some(head) = u32_at(content, at) {
            at += 4;
            for id in (head & 0xf_ffff..).take((head >> 20) as usize) {
                let Some(place) = size_at(content, at) else { return };
                objects.entry(id).or_insert(place);
                at += 4;
            }
        }
    }

    /// Number of the slide at a place, counted from 1; 0 if it is none.
    fn number(&self, place: usize) -> u32 {
        let id = self.objects.iter().find(|(_, at)| **at == place).map(|(id, _)| *id);
        self.number_of(id.unwrap_or(u32::MAX))
    }

    fn number_of(&self, id: u32) -> u32 {
        let at = self.order.iter().position(|known| *known == id);
        at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0)
    }
}

/// What is known while records are read.
struct Show<'f> {
    saved: &'f Saved,
    part: String,
    block: Block,
    base: Channel,
    slide: u32,
    found: Vec<(Notice, Place, String)>,
    authors: BTreeSet<String>,
    hidden: BTreeSet<u32>,
}

impl<'f> Show<'f> {
    fn new(part: &str, saved: &'f Saved) -> Self {
        Self {
            saved,
            part: part.to_owned(),
            block: Block::new(part),
            base: Channel::OtherPart,
            slide: 0,
            found: Vec::new(),
            authors: BTreeSet::new(),
            hidden: BTreeSet::new(),
        }
    }

    /// A record that stands in no other.
    fn top(&mut self, scan: &mut Scan<'_>, site: &Site, record: &Record<'_>) {
        let objects = &self.saved.objects;
        let is_last = objects.is_empty() || objects.values().any(|at| *at == record.at);
        self.slide = self.saved.number(record.at);
        self.base = match record.kind {
            _ if !is_last && record.is_container => Channel::Remnant,
            SLIDE if is_hidden(record) => Channel::HiddenSlide,
            SLIDE => Channel::Visible,
            NOTES => Channel::Notes,
            _ => Channel::OtherPart,
        };
        let before = self.block.text().len();
        if self.base == Channel::HiddenSlide {
            self.hidden.insert(self.slide);
            self.found.push((Notice::HiddenSlide, self.place(self.base), String::new()));
        }
        self.walk(scan, site, record, 0);
        let added = self.block.text().get(before..).unwrap_or_default().trim().to_owned();
        // Empty placeholders hold a star each.
        let is_text = added.chars().any(char::is_alphanumeric)
            && matches!(record.kind, SLIDE | NOTES | 0x03e8);
        match self.base {
            Channel::Remnant if is_text => {
                self.found.push((Notice::EarlierText, self.place(self.base), added));
            }
            Channel::Notes if is_text => {
                self.found.push((Notice::Notes, self.place(self.base), added));
            }
            _ => {}
        }
    }

    fn place(&self, channel: Channel) -> Place {
        Place { slide: self.slide, ..Place::of(channel) }
    }

    fn walk(&mut self, scan: &mut Scan<'_>, site: &Site, record: &Record<'_>, depth: u32) {
        if !record.is_container {
            return self.atom(scan, site, record);
        }
        if depth >= DEPTH_MAX {
            return scan.refuse(site, Some(&self.part), Kind::Ole, Reason::TooDeep);
        }
        let base = self.base;
        match record.kind {
            COMMENT => return self.comment(record),
            SHAPE if base == Channel::Visible && self.is_outside(record) => {
                self.base = Channel::OffSlide;
                self.found.push((Notice::OffSlide, self.place(self.base), String::new()));
            }
            0x0fd9 if base != Channel::Remnant => self.base = Channel::HeaderFooter,
            MASTER => self.base = Channel::OtherPart,
            SLIDE_LIST if base == Channel::OtherPart => {
                self.base = [Channel::Visible, Channel::OtherPart, Channel::Notes]
                    .get(usize::from(record.instance))
                    .copied()
                    .unwrap_or(base);
            }
            _ => {}
        }
        for inner in records(record.content) {
            self.walk(scan, site, &inner, depth + 1);
        }
        self.base = base;
    }

    fn atom(&mut self, scan: &mut Scan<'_>, site: &Site, record: &Record<'_>) {
        let text = match record.kind {
            0x0fa0 | 0x0fba => utf16(record.content),
            0x0fa8 => record.content.iter().map(|byte| char::from(*byte)).collect(),
            SLIDE_ENTRY => {
                self.slide = u32_at(record.content, 0).map_or(0, |id| self.saved.number_of(id));
                return;
            }
            0x1011 => return self.object(scan, site, record),
            _ => return,
        };
        let is_hidden = self.base == Channel::Visible && self.hidden.contains(&self.slide);
        let channel = if is_hidden { Channel::HiddenSlide } else { self.base };
        for line in text.split(['\r', '\u{b}']) {
            self.block.push(self.place(channel), line);
        }
        let target = text.trim();
        let leads = ["file:", "\\\\", "ftp:"].iter().any(|begin| target.starts_with(begin));
        if record.kind == 0x0fba && leads {
            let place = self.place(Channel::ExternalLink);
            self.found.push((Notice::ExternalLink, place, target.to_owned()));
        }
    }

    /// A comment with its author, text and initials ([MS-PPT] §2.5.20).
    fn comment(&mut self, record: &Record<'_>) {
        for inner in records(record.content).filter(|inner| inner.kind == 0x0fba) {
            let text = utf16(inner.content);
            if inner.instance == 1 {
                let place = self.place(Channel::Comment);
                self.block.push(place, &text);
                self.found.push((Notice::Comment, place, text));
            } else if inner.instance == 0 && !text.trim().is_empty() {
                self.authors.insert(text);
            }
        }
    }

    /// Whether the anchor of a shape lies wholly outside the slide ([MS-PPT] §2.7.1).
    fn is_outside(&self, shape: &Record<'_>) -> bool {
        let (width, height) = self.saved.size;
        let Some(anchor) = records(shape.content).find(|record| record.kind == 0xf010) else {
            return false;
        };
        let is_short = anchor.content.len() == 8;
        let number = |at: usize| {
            if is_short {
                u16_at(anchor.content, at * 2).map_or(0, |n| i32::from(n.cast_signed()))
            } else {
                u32_at(anchor.content, at * 4).map_or(0, u32::cast_signed)
            }
        };
        let (top, left, right, bottom) = (number(0), number(1), number(2), number(3));
        width > 0 && (left >= width || top >= height || right <= 0 || bottom <= 0)
    }

    /// An embedded object, a compound file of its own; packed where the instance says so.
    fn object(&mut self, scan: &mut Scan<'_>, site: &Site, record: &Record<'_>) {
        let inner = site.inner(&format!("{}/object at {}", self.part, record.at));
        let packed = range(record.content, 4, usize::MAX);
        let length = packed.len() as u64;
        let content = scan.budget.entry().and_then(|()| match record.instance {
            0 => scan.budget.unpack(record.content, record.content.len() as u64),
            _ => scan.budget.unpack(ZlibDecoder::new(packed).take(u64::MAX), length),
        });
        scan.notice_part(site, &self.part, Notice::Embedded, "", 1);
        match content {
            Ok(content) => scan.file(&inner, &content),
            Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
        }
    }

    fn end(mut self, scan: &mut Scan<'_>, site: &Site) {
        for (notice, place, shown) in &self.found {
            scan.notice_in(site, &self.block, *place, *notice, shown.trim());
        }
        for author in std::mem::take(&mut self.authors) {
            self.block.push(Place::of(Channel::Author), &author);
            scan.notice_part(site, &self.part, Notice::Author, &author, 1);
        }
        scan.block(site, &self.block);
    }
}

/// Whether a slide is left out of the show ([MS-PPT] §2.4.22.3).
fn is_hidden(slide: &Record<'_>) -> bool {
    let info = records(slide.content).find(|record| record.kind == SLIDE_INFO);
    info.and_then(|info| u8_at(info.content, 10)).is_some_and(|flags| flags & 4 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_taken_apart() {
        let stream = b"\x1f\0\xee\x03\x04\0\0\0abcd\x00\0\xa8\x0f\xff\xff\xff\xffxy";
        let found: Vec<_> = records(stream).collect();
        assert!(found[0].is_container && found[0].instance == 1 && found[0].kind == SLIDE);
        assert_eq!((found[1].content, found.len()), (b"xy".as_slice(), 2));
    }

    #[test]
    fn a_ring_of_saves_ends() {
        let mut stream = vec![0; 64];
        stream[16 + 16] = 16;
        assert!(Saved::new(&stream, Some(16)).objects.is_empty());
    }
}
