//! PowerPoint presentations: text by slide, notes, comments with their authors, hidden slides,
//! shapes outside the slide.

use std::collections::BTreeSet;

use super::package::{Package, number_of};
use super::parts::finish;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::read::rest::Rest;
use crate::read::xml::{Element, Node, is_on, walk};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Text smaller than this, in hundredths of a point, cannot be read.
const TINY_HUNDREDTHS: i64 = 400;

/// Parts with text, and the channel of that text.
const STORIES: [(&str, Channel); 8] = [
    ("ppt/slides/", Channel::Visible),
    ("ppt/notesSlides/", Channel::Notes),
    ("ppt/slideLayouts/", Channel::OtherPart),
    ("ppt/slideMasters/", Channel::OtherPart),
    ("ppt/notesMasters/", Channel::OtherPart),
    ("ppt/handoutMasters/", Channel::OtherPart),
    ("ppt/comments/", Channel::Comment),
    ("ppt/diagrams/data", Channel::Visible),
];

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, package: &mut Package) {
    let size = package.take("ppt/presentation.xml").and_then(|text| {
        let size = size_of(&text);
        super::parts::generic(scan, site, "ppt/presentation.xml", &text, Channel::OtherPart);
        size
    });
    for (begin, channel) in STORIES {
        for name in package.names(begin, ".xml") {
            if let Some(text) = package.take(&name) {
                story(scan, site, &name, &text, channel, size);
            }
        }
    }
    for begin in ["ppt/commentAuthors", "ppt/authors"] {
        for name in package.names(begin, ".xml") {
            if let Some(text) = package.take(&name) {
                authors(scan, site, &name, &text);
            }
        }
    }
}

fn number(element: &Element<'_>, name: &str) -> Option<i64> {
    element.get(name).and_then(|value| value.parse().ok())
}

/// Width and height of the slides.
fn size_of(text: &str) -> Option<(i64, i64)> {
    let mut size = None;
    walk(text, |node| {
        if let Node::Open(element) = node
            && element.name() == "sldSz"
        {
            size = number(&element, "cx").zip(number(&element, "cy"));
        }
    });
    size
}

/// What is known while a slide is read.
struct Story {
    block: Block,
    base: Channel,
    slide: u32,
    paragraph: u32,
    shape: Option<Channel>,
    is_shape: bool,
    offset: Option<(i64, i64)>,
    size: Option<(i64, i64)>,
    is_tiny: bool,
    in_text: bool,
    pending: String,
    found: Vec<(Notice, Place, String)>,
    rest: Rest,
}

impl Story {
    fn place(&self) -> Place {
        let channel = match self.base {
            Channel::Visible if self.is_tiny => Channel::TinyText,
            base => self.shape.unwrap_or(base),
        };
        Place { slide: self.slide, paragraph: self.paragraph, ..Place::of(channel) }
    }

    fn open(&mut self, element: &Element<'_>) {
        self.rest.element(element);
        match element.name() {
            "sld" if element.get("show").is_some_and(|show| !is_on(Some(&show))) => {
                self.base = Channel::HiddenSlide;
                self.found.push((Notice::HiddenSlide, self.place(), String::new()));
            }
            "sp" | "pic" | "graphicFrame" | "cxnSp" => {
                (self.shape, self.offset, self.is_shape) = (None, None, true);
            }
            "cNvPr" => {
                for name in ["descr", "title"] {
                    let value = element.get(name).unwrap_or_default();
                    self.block.field(
                        Place { slide: self.slide, ..Place::of(self.base) },
                        name,
                        &value,
                    );
                }
                if element.get("hidden").is_some_and(|value| is_on(Some(&value))) {
                    self.off_slide(&element.get("name").unwrap_or_default());
                }
            }
            // The slide itself is a group without extent.
            "off" if self.is_shape => self.offset = number(element, "x").zip(number(element, "y")),
            "ext" => self.extent(element),
            "p" => self.paragraph += 1,
            "rPr" => {
                self.is_tiny = number(element, "sz").is_some_and(|size| size < TINY_HUNDREDTHS)
            }
            "t" | "text" => self.in_text = true,
            "br" => self.pending.push('\n'),
            _ => {}
        }
    }

    /// Whether a shape of this extent lies wholly outside the slide.
    fn extent(&mut self, element: &Element<'_>) {
        let extent = number(element, "cx").zip(number(element, "cy"));
        let (Some((x, y)), Some((width, height)), Some(slide)) = (self.offset, extent, self.size)
        else {
            return;
        };
        let is_outside = x >= slide.0
            || y >= slide.1
            || x.saturating_add(width) <= 0
            || y.saturating_add(height) <= 0;
        if is_outside && self.base == Channel::Visible {
            self.off_slide("");
        }
    }

    fn off_slide(&mut self, name: &str) {
        self.shape = Some(Channel::OffSlide);
        self.found.push((Notice::OffSlide, self.place(), name.to_owned()));
    }

    fn close(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "r" | "p" | "text" => {
                self.in_text &= name != "text";
                self.flush(name != "r");
            }
            "sp" | "pic" | "graphicFrame" | "cxnSp" => (self.shape, self.is_shape) = (None, false),
            _ => {}
        }
    }

    /// Runs of one paragraph are joined, unless one of them is too small to be read.
    fn flush(&mut self, is_end: bool) {
        if !is_end && !self.is_tiny {
            return;
        }
        let text = std::mem::take(&mut self.pending);
        let place = self.place();
        if !text.trim().is_empty() {
            let notice = match place.channel {
                Channel::TinyText => Some(Notice::TinyText),
                Channel::Comment => Some(Notice::Comment),
                _ => None,
            };
            self.found.extend(notice.map(|notice| (notice, place, text.clone())));
        }
        self.block.push(place, &text);
        self.is_tiny = false;
    }
}

fn story(
    scan: &mut Scan<'_>,
    site: &Site,
    part: &str,
    text: &str,
    base: Channel,
    size: Option<(i64, i64)>,
) {
    let has_number = matches!(base, Channel::Visible | Channel::Notes);
    let slide = if has_number { number_of(part) } else { 0 };
    let mut story = Story {
        block: Block::new(part),
        base,
        slide,
        paragraph: 0,
        shape: None,
        is_shape: false,
        offset: None,
        size,
        is_tiny: false,
        in_text: false,
        pending: String::new(),
        found: Vec::new(),
        rest: Rest::default(),
    };
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => story.open(&element),
        Node::Close(name) => story.close(name),
        Node::Text(text) if story.in_text => story.pending.push_str(&text),
        Node::Text(text) => story.rest.text(&text),
        Node::Comment(text) => story.block.field(Place::of(Channel::OtherPart), "comment", &text),
    });
    story.flush(true);
    for (notice, place, shown) in &story.found {
        scan.notice_in(site, &story.block, *place, *notice, shown.trim());
    }
    if base == Channel::Notes && !story.block.is_empty() {
        let place = Place { slide, ..Place::of(Channel::Notes) };
        scan.notice_in(site, &story.block, place, Notice::Notes, story.block.text().trim());
    }
    story.rest.hand_on(&mut story.block, Channel::OtherPart);
    finish(scan, site, &story.block, part, is_whole);
}

/// Authors of comments.
fn authors(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let (mut block, mut rest) = (Block::new(part), Rest::default());
    let mut names = BTreeSet::new();
    let is_whole = walk(text, |node| {
        let Some(element) = rest.node(node) else { return };
        for (name, value) in element.attributes() {
            block.field(Place::of(Channel::Author), name, &value);
        }
        if matches!(element.name(), "cmAuthor" | "author") {
            names.extend(element.get("name"));
        }
    });
    for name in names {
        scan.notice_part(site, part, Notice::Author, &name, 1);
    }
    rest.hand_on(&mut block, Channel::OtherPart);
    finish(scan, site, &block, part, is_whole);
}
