//! Word documents: text by paragraph with the channel that it stands in, tracked changes and
//! comments with their authors, hidden text, headers, settings.

use std::collections::BTreeSet;

use super::alternate::Alternate;
use super::far_box::FarBoxes;
use super::package::Package;
use super::parts::finish;
use super::styles::{Look, Styles};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::read::rest::Rest;
use crate::read::xml::{Element, Node, walk};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Bytes of a marked text from which no more of it is kept to be shown.
const SHOWN_BYTES: usize = 512;

const SETTINGS: &str = "word/settings.xml";

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

/// What is read here of a package.
pub(super) struct Parts {
    styles: Styles,
    stories: Vec<(String, String, (Channel, Option<Notice>))>,
    settings: Option<String>,
    people: Vec<(String, String)>,
}

/// Takes it out of the package.
pub(super) fn take(package: &mut Package) -> Parts {
    let styles = package.get("word/styles.xml").map_or_else(Styles::default, Styles::of);
    let mut stories = Vec::new();
    for (begin, channel, notice) in STORIES {
        let texts = package.take_all(begin);
        stories.extend(texts.into_iter().map(|(name, text)| (name, text, (channel, notice))));
    }
    let settings = package.take(SETTINGS);
    Parts { styles, stories, settings, people: package.take_all("word/people") }
}

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, parts: &Parts) {
    let read = |scan: &mut Scan<'_>, (name, text, base): &(String, String, _)| {
        story(scan, site, name, text, &parts.styles, *base);
    };
    scan.side_by_side(&parts.stories, read, |_| {});
    if let Some(text) = &parts.settings {
        settings(scan, site, SETTINGS, text);
    }
    for (name, text) in &parts.people {
        people(scan, site, name, text);
    }
}

/// A tracked change or comment that is open.
struct Mark {
    element: String,
    notice: Notice,
    author: String,
    text: String,
}

/// What is known while a story is read.
struct Story<'s> {
    styles: &'s Styles,
    block: Block,
    base: Channel,
    paragraph: u32,
    look: Look,
    run_style: Option<String>,
    paragraph_style: Option<String>,
    /// Grounds of the paragraph and of the cells, tables and boxes around it.
    has_paragraph_ground: bool,
    grounds: Vec<bool>,
    marks: Vec<Mark>,
    /// Depth of elements that hold text: `t`, `delText`, `instrText`.
    text_element: Option<Channel>,
    in_run_properties: bool,
    pending: String,
    pending_channel: Channel,
    found: Vec<(Notice, Place, String)>,
    authors: BTreeSet<String>,
    rest: Rest,
    alternate: Alternate,
    far: FarBoxes,
}

impl<'s> Story<'s> {
    fn new(part: &str, base: Channel, styles: &'s Styles) -> Self {
        Self {
            styles,
            run_style: None,
            paragraph_style: None,
            has_paragraph_ground: false,
            grounds: Vec::new(),
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
            rest: Rest::default(),
            alternate: Alternate::default(),
            far: FarBoxes::default(),
        }
    }

    fn place(&self, channel: Channel) -> Place {
        Place { paragraph: self.paragraph, ..Place::of(channel) }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        let channel = self.pending_channel;
        let place = self.place(channel);
        if text.trim().is_empty() || self.alternate.repeats(&text) {
            return;
        }
        let notice = match channel {
            Channel::OffPage => Some(Notice::OffPage),
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
        let run = self.run_style.as_deref();
        let look = self.styles.look(self.look, run, self.paragraph_style.as_deref());
        let has_ground = look.has_ground == Some(true)
            || self.has_paragraph_ground
            || self.grounds.contains(&true);
        match look {
            Look { is_hidden: Some(true), .. } => Channel::HiddenText,
            Look { is_white: Some(true), .. } if !has_ground => Channel::WhiteText,
            look if look.is_blotted() => Channel::WhiteText,
            Look { is_tiny: Some(true), .. } => Channel::TinyText,
            _ if self.far.is_open() && self.base == Channel::Visible => Channel::OffPage,
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
        self.alternate.open(name);
        self.far.open(element);
        match name {
            "p" => {
                self.flush();
                self.paragraph += 1;
                (self.paragraph_style, self.has_paragraph_ground) = (None, false);
            }
            "r" => (self.look, self.run_style) = (Look::default(), None),
            "rPr" => self.in_run_properties = true,
            "rStyle" => self.run_style = element.get("val"),
            "pStyle" => self.paragraph_style = element.get("val"),
            "shd" if !self.in_run_properties => self.ground(element),
            // What a run looked like before a change says nothing of how it looks.
            _ if self.in_run_properties && !self.is_earlier() => self.look.note(element),
            "tbl" | "tc" => self.grounds.push(false),
            // Boxes have grounds that are drawn; the text in them is not judged by its colour.
            "txbxContent" => self.grounds.push(true),
            // Styles of tables colour whole rows.
            "tblStyle" => {
                let style = element.get("val").unwrap_or_default();
                let is_plain = matches!(style.as_str(), "TableGrid" | "TableNormal");
                if let Some(ground) = self.grounds.last_mut() {
                    *ground |= !is_plain;
                }
            }
            "t" => self.text_element = Some(self.channel()),
            "delText" | "delInstrText" => self.text_element = Some(Channel::TrackedDeletion),
            "instrText" => self.text_element = Some(Channel::OtherPart),
            "tab" => self.text("\t", self.pending_channel),
            "br" | "cr" => self.text("\n", self.pending_channel),
            _ => {}
        }
        self.open_mark(element);
        for (field, value) in element.everything() {
            // Alternative texts, names of fields and links to bookmarks are text as well.
            let is_text = matches!(field, "descr" | "title" | "instr" | "alias" | "tooltip");
            if is_text {
                let place = self.place(Channel::OtherPart);
                self.block.field(place, field, &value);
            } else {
                self.rest.value(field, &value);
            }
        }
    }

    /// Whether these are properties from before a tracked change.
    fn is_earlier(&self) -> bool {
        self.marks.iter().any(|mark| mark.element.ends_with("PrChange"))
    }

    /// Shading of a paragraph, cell or table.
    fn ground(&mut self, element: &Element<'_>) {
        let mut look = Look::default();
        look.note(element);
        let is_dark = look.has_ground == Some(true);
        self.has_paragraph_ground |= is_dark;
        if let Some(ground) = self.grounds.last_mut() {
            *ground |= is_dark;
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
            "p" | "anchor" | "pict" => self.flush(),
            "rPr" => self.in_run_properties = false,
            "tbl" | "tc" | "txbxContent" => drop(self.grounds.pop()),
            "t" | "delText" | "instrText" | "delInstrText" => self.text_element = None,
            _ => {}
        }
        self.alternate.close(name);
        self.far.close(name);
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
    styles: &Styles,
    (base, notice): (Channel, Option<Notice>),
) {
    let mut story = Story::new(part, base, styles);
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => story.open(&element),
        Node::Close(name) => story.close(name),
        Node::Text(text) if story.far.text(&text) => {}
        Node::Text(text) => match story.text_element {
            Some(channel) => story.text(&text, channel),
            None => story.rest.text(&text),
        },
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
        scan.notice_part(site, part, Notice::Author, author, 1);
    }
    if let Some(notice) = notice.filter(|_| !story.block.is_empty()) {
        scan.notice_part(site, part, notice, story.block.text().trim(), 1);
    }
    story.rest.hand_on(&mut story.block, Channel::OtherPart);
    finish(scan, site, &story.block, part, is_whole);
}

/// Ids of editing sessions, variables of the document, mail merge sources.
fn settings(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let (mut block, mut rest) = (Block::new(part), Rest::default());
    let mut sessions = 0;
    let is_whole = walk(text, |node| {
        let Some(element) = rest.node(node) else { return };
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
        scan.notice_part(site, part, Notice::RevisionId, "", sessions);
    }
    if !block.is_empty() {
        scan.notice_part(site, part, Notice::Property, block.text().trim(), 1);
    }
    rest.hand_on(&mut block, Channel::OtherPart);
    finish(scan, site, &block, part, is_whole);
}

/// People who wrote or commented.
fn people(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let (mut block, mut rest) = (Block::new(part), Rest::default());
    let mut authors = BTreeSet::new();
    let is_whole = walk(text, |node| {
        let Some(element) = rest.node(node) else { return };
        for (name, value) in element.attributes() {
            block.field(Place::of(Channel::Author), name, &value);
            if name == "author" {
                authors.insert(value.into_owned());
            }
        }
    });
    for author in authors {
        scan.notice_part(site, part, Notice::Author, &author, 1);
    }
    rest.hand_on(&mut block, Channel::OtherPart);
    finish(scan, site, &block, part, is_whole);
}
