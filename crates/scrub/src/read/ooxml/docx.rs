//! Word documents: text by paragraph with the channel that it stands in, tracked changes and
//! comments with their authors, hidden text, headers, settings.

use std::collections::BTreeSet;

use super::notice_part;
use super::package::Package;
use super::parts::finish;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::read::xml::{Element, Node, is_on, walk};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Text smaller than this, in half points, cannot be read.
const TINY_HALF_POINTS: u32 = 8;

/// Bytes of a marked text from which no more of it is kept to be shown.
const SHOWN_BYTES: usize = 512;

/// Parts with text, by how their names begin, and the channel of that text.
const STORIES: [(&str, Channel, Option<Notice>); 8] = [
    ("word/document", Channel::Visible, None),
    ("word/header", Channel::HeaderFooter, Some(Notice::HeaderFooter)),
    ("word/footer", Channel::HeaderFooter, Some(Notice::HeaderFooter)),
    ("word/footnotes", Channel::Visible, None),
    ("word/endnotes", Channel::Visible, None),
    ("word/comments.", Channel::Comment, None),
    ("word/glossary/document", Channel::OtherPart, None),
    ("word/commentsExtended", Channel::OtherPart, None),
];

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, package: &mut Package) {
    for (begin, channel, notice) in STORIES {
        for name in package.names(begin, ".xml") {
            if let Some(text) = package.take(&name) {
                story(scan, site, &name, &text, channel, notice);
            }
        }
    }
    if let Some(text) = package.take("word/settings.xml") {
        settings(scan, site, "word/settings.xml", &text);
    }
    for name in package.names("word/people", ".xml") {
        if let Some(text) = package.take(&name) {
            people(scan, site, &name, &text);
        }
    }
}

/// How a run of text is shown.
#[derive(Clone, Copy, Default)]
struct Look {
    is_hidden: bool,
    is_white: bool,
    is_tiny: bool,
    /// White letters on a dark ground can be read.
    has_ground: bool,
}

/// A tracked change or comment that is open.
struct Mark {
    element: String,
    notice: Notice,
    author: String,
    text: String,
}

/// What is known while a story is read.
struct Story {
    block: Block,
    base: Channel,
    paragraph: u32,
    look: Look,
    marks: Vec<Mark>,
    /// Depth of elements that hold text: `t`, `delText`, `instrText`.
    text_element: Option<Channel>,
    in_run_properties: bool,
    pending: String,
    pending_channel: Channel,
    found: Vec<(Notice, Place, String)>,
    authors: BTreeSet<String>,
}

impl Story {
    fn new(part: &str, base: Channel) -> Self {
        Self {
            block: Block::new(part),
            base,
            paragraph: 0,
            look: Look::default(),
            marks: Vec::new(),
            text_element: None,
            in_run_properties: false,
            pending: String::new(),
            pending_channel: base,
            found: Vec::new(),
            authors: BTreeSet::new(),
        }
    }

    fn place(&self, channel: Channel) -> Place {
        Place { paragraph: self.paragraph, ..Place::of(channel) }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        let channel = self.pending_channel;
        let place = self.place(channel);
        if text.trim().is_empty() {
            return;
        }
        let notice = match channel {
            Channel::HiddenText => Some(Notice::HiddenText),
            Channel::WhiteText => Some(Notice::WhiteText),
            Channel::TinyText => Some(Notice::TinyText),
            _ => None,
        };
        if let Some(notice) = notice {
            self.found.push((notice, place, text.clone()));
        }
        self.block.push(place, &text);
    }

    fn channel(&self) -> Channel {
        let mark = self.marks.last().map(|mark| mark.notice.channel());
        match self.look {
            Look { is_hidden: true, .. } => Channel::HiddenText,
            Look { is_white: true, has_ground: false, .. } => Channel::WhiteText,
            Look { is_tiny: true, .. } => Channel::TinyText,
            _ => mark.unwrap_or(self.base),
        }
    }

    fn text(&mut self, text: &str, channel: Channel) {
        if channel != self.pending_channel {
            self.flush();
            self.pending_channel = channel;
        }
        self.pending.push_str(text);
        // Marks may stand inside each other, and only the start of their text is shown.
        for mark in self.marks.iter_mut().filter(|mark| mark.text.len() < SHOWN_BYTES) {
            mark.text.extend(text.chars().take(SHOWN_BYTES));
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        let name = element.name();
        match name {
            "p" => {
                self.flush();
                self.paragraph += 1;
            }
            "r" => self.look = Look::default(),
            "rPr" => self.in_run_properties = true,
            "vanish" | "specVanish" | "webHidden" if self.in_run_properties => {
                self.look.is_hidden = is_on(element.get("val").as_deref());
            }
            "color" if self.in_run_properties => {
                let value = element.get("val").unwrap_or_default();
                self.look.is_white = value.eq_ignore_ascii_case("FFFFFF");
            }
            "shd" | "highlight" if self.in_run_properties => self.look.has_ground = true,
            "sz" if self.in_run_properties => {
                let size = element.get("val").and_then(|value| value.parse().ok());
                self.look.is_tiny = size.is_some_and(|size: u32| size < TINY_HALF_POINTS);
            }
            "t" => self.text_element = Some(self.channel()),
            "delText" | "delInstrText" => self.text_element = Some(Channel::TrackedDeletion),
            "instrText" => self.text_element = Some(Channel::OtherPart),
            "tab" => self.text("\t", self.pending_channel),
            "br" | "cr" => self.text("\n", self.pending_channel),
            _ => {}
        }
        self.open_mark(element);
        for (field, value) in element.attributes() {
            // Alternative texts, names of fields and links to bookmarks are text as well.
            let is_text = matches!(field, "descr" | "title" | "instr" | "alias" | "tooltip");
            if is_text {
                let place = self.place(Channel::OtherPart);
                self.block.field(place, field, &value);
            }
        }
    }

    fn open_mark(&mut self, element: &Element<'_>) {
        let name = element.name();
        let notice = match name {
            "del" => Notice::TrackedDeletion,
            "ins" => Notice::TrackedInsertion,
            "moveFrom" | "moveTo" | "cellIns" | "cellDel" | "cellMerge" | "numberingChange" => {
                Notice::TrackedChange
            }
            "comment" => Notice::Comment,
            _ if name.ends_with("PrChange") => Notice::TrackedChange,
            _ => return,
        };
        let author = element.get("author").unwrap_or_default();
        for (field, value) in
            [("author", &author), ("initials", &element.get("initials").unwrap_or_default())]
        {
            let place = self.place(Channel::Author);
            self.block.field(place, field, value);
        }
        if !author.is_empty() {
            self.authors.insert(author.clone());
        }
        self.marks.push(Mark { element: name.to_owned(), notice, author, text: String::new() });
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => self.flush(),
            "rPr" => self.in_run_properties = false,
            "t" | "delText" | "instrText" | "delInstrText" => self.text_element = None,
            _ => {}
        }
        if self.marks.last().is_some_and(|mark| mark.element == name)
            && let Some(mark) = self.marks.pop()
        {
            self.flush();
            let place = self.place(mark.notice.channel());
            let shown = if mark.text.trim().is_empty() { mark.author } else { mark.text };
            self.found.push((mark.notice, place, shown));
        }
    }
}

fn story(
    scan: &mut Scan<'_>,
    site: &Site,
    part: &str,
    text: &str,
    base: Channel,
    notice: Option<Notice>,
) {
    let mut story = Story::new(part, base);
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => story.open(&element),
        Node::Close(name) => story.close(name),
        Node::Text(text) => {
            if let Some(channel) = story.text_element {
                story.text(&text, channel);
            }
        }
        Node::Comment(text) => {
            let place = story.place(Channel::OtherPart);
            story.block.field(place, "comment", &text);
        }
    });
    story.flush();
    for (notice, place, shown) in &story.found {
        scan.notice_in(site, &story.block, *place, *notice, shown);
    }
    for author in &story.authors {
        notice_part(scan, site, part, Notice::Author, author, 1);
    }
    if let Some(notice) = notice.filter(|_| !story.block.is_empty()) {
        notice_part(scan, site, part, notice, story.block.text().trim(), 1);
    }
    finish(scan, site, &story.block, part, is_whole);
}

/// Ids of editing sessions, variables of the document, mail merge sources.
fn settings(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let mut block = Block::new(part);
    let mut sessions = 0;
    let is_whole = walk(text, |node| {
        let Node::Open(element) = node else { return };
        match element.name() {
            "rsid" => sessions += 1,
            "docVar" => {
                let name = element.get("name").unwrap_or_default();
                let value = element.get("val").unwrap_or_default();
                block.field(Place::of(Channel::Property), &name, &value);
            }
            "connectString" | "query" | "udl" => {
                let value = element.get("val").unwrap_or_default();
                block.field(Place::of(Channel::Connection), element.name(), &value);
            }
            _ => {}
        }
    });
    if sessions > 0 {
        notice_part(scan, site, part, Notice::RevisionId, "", sessions);
    }
    if !block.is_empty() {
        notice_part(scan, site, part, Notice::Property, block.text().trim(), 1);
    }
    finish(scan, site, &block, part, is_whole);
}

/// People who wrote or commented.
fn people(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let mut block = Block::new(part);
    let mut authors = BTreeSet::new();
    let is_whole = walk(text, |node| {
        let Node::Open(element) = node else { return };
        for (name, value) in element.attributes() {
            block.field(Place::of(Channel::Author), name, &value);
            if name == "author" {
                authors.insert(value.into_owned());
            }
        }
    });
    for author in authors {
        notice_part(scan, site, part, Notice::Author, &author, 1);
    }
    finish(scan, site, &block, part, is_whole);
}
