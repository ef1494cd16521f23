//! PowerPoint presentations: text by slide, notes, comments with their authors, hidden slides,
//! shapes outside the slide.

use std::collections::BTreeSet;

use super::alternate::Alternate;
use super::package::{Package, number_of};
use super::palette::Palette;
use super::parts::finish;
use super::slide::{Unseen, is_shape};
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
    let palette = Palette::of(package);
    for (begin, channel) in STORIES {
        let names = package.names(begin, ".xml");
        let grounds = names.iter().map(|name| palette.background(package, name));
        let grounds: Vec<Option<String>> = grounds.collect();
        let slides: Vec<_> = package.take_all(begin).into_iter().zip(grounds).collect();
        let read = |scan: &mut Scan<'_>, ((name, text), ground): &((String, String), _)| {
            let unseen = if channel == Channel::Visible {
                Unseen::of(text, size, &palette, Option::as_deref(ground))
            } else {
                Unseen::default()
            };
            story(scan, site, name, text, channel, &unseen);
        };
        scan.side_by_side(&slides, read, |_| {});
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
struct Story<'s> {
    unseen: &'s Unseen,
    /// Numbers of the shapes that are open, and how many shapes and runs there were.
    shapes: Vec<usize>,
    shape_count: usize,
    run_count: usize,
    /// Where the text of the run that is open starts.
    run_start: usize,
    /// Text in the colour of its ground.
    is_white: bool,
    alternate: Alternate,
    block: Block,
    base: Channel,
    slide: u32,
    paragraph: u32,
    is_tiny: bool,
    in_text: bool,
    pending: String,
    found: Vec<(Notice, Place, String)>,
    rest: Rest,
}

impl Story<'_> {
    /// What hides the shape that is open.
    fn hiding(&self) -> Option<Notice> {
        self.shapes.iter().find_map(|at| self.unseen.shape(*at))
    }

    fn place(&self) -> Place {
        let channel = match self.base {
            Channel::Visible if self.is_tiny => Channel::TinyText,
            Channel::Visible if self.is_white => Channel::WhiteText,
            Channel::Visible => self.hiding().map_or(self.base, Notice::channel),
            base => base,
        };
        Place { slide: self.slide, paragraph: self.paragraph, ..Place::of(channel) }
    }

    fn open(&mut self, element: &Element<'_>) {
        self.rest.element(element);
        self.alternate.open(element.name());
        match element.name() {
            "sld" if element.get("show").is_some_and(|show| !is_on(Some(&show))) => {
                self.base = Channel::HiddenSlide;
                self.found.push((Notice::HiddenSlide, self.place(), String::new()));
            }
            name if is_shape(name) => {
                self.shapes.push(self.shape_count);
                self.shape_count += 1;
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
                self.note_shape(&element.get("name").unwrap_or_default());
            }
            "r" | "fld" => {
                self.is_white = self.unseen.run(self.run_count);
                self.run_count += 1;
                self.run_start = self.pending.len();
            }
            "p" => self.paragraph += 1,
            "rPr" => {
                self.is_tiny = number(element, "sz").is_some_and(|size| size < TINY_HUNDREDTHS)
            }
            "t" | "text" => self.in_text = true,
            "br" => self.pending.push('\n'),
            _ => {}
        }
    }

    /// Notes a shape that is outside the slide or marked as hidden; what lies under something is
    /// noted with its text.
    fn note_shape(&mut self, name: &str) {
        let at = self.shapes.last().filter(|_| self.base == Channel::Visible);
        if at.and_then(|at| self.unseen.shape(*at)) == Some(Notice::OffSlide) {
            self.found.push((Notice::OffSlide, self.place(), name.to_owned()));
        }
    }

    fn close(&mut self, name: &str) {
        self.alternate.close(name);
        match name {
            "t" => self.in_text = false,
            "r" | "fld" => self.close_run(),
            "p" => self.flush(),
            "text" => {
                self.in_text = false;
                self.flush();
            }
            name if is_shape(name) => drop(self.shapes.pop()),
            _ => {}
        }
    }

    /// Runs of one paragraph are joined, but for those that nobody sees.
    fn close_run(&mut self) {
        let unseen = (self.is_tiny, self.is_white);
        (self.is_tiny, self.is_white) = (false, false);
        if unseen != (false, false) && self.run_start <= self.pending.len() {
            let own = self.pending.split_off(self.run_start);
            self.flush();
            (self.is_tiny, self.is_white) = unseen;
            self.pending = own;
            self.flush();
            (self.is_tiny, self.is_white) = (false, false);
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if self.alternate.repeats(&text) {
            return;
        }
        let place = self.place();
        if !text.trim().is_empty() {
            let notice = match place.channel {
                Channel::TinyText => Some(Notice::TinyText),
                Channel::WhiteText => Some(Notice::WhiteText),
                Channel::CoveredText => self.hiding(),
                Channel::Comment => Some(Notice::Comment),
                _ => None,
            };
            self.found.extend(notice.map(|notice| (notice, place, text.clone())));
        }
        self.block.push(place, &text);
    }
}

fn story(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str, base: Channel, unseen: &Unseen) {
    let has_number = matches!(base, Channel::Visible | Channel::Notes);
    let slide = if has_number { number_of(part) } else { 0 };
    let mut story = Story {
        block: Block::new(part),
        base,
        slide,
        paragraph: 0,
        unseen,
        shapes: Vec::new(),
        shape_count: 0,
        run_count: 0,
        run_start: 0,
        is_white: false,
        alternate: Alternate::default(),
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
    story.flush();
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
