//! The content of an OpenDocument: text with the channel that it stands in.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note;
use super::styles::Styles;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::rest::Rest;
use crate::read::xml::{Element, Node, walk};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Channels that a style of letters may hide them in.
const LETTERS: [Channel; 3] = [Channel::HiddenText, Channel::WhiteText, Channel::TinyText];

/// Bytes of a marked text from which no more of it is kept to be shown.
const SHOWN_BYTES: usize = 512;

/// Columns from which their numbers do not matter.
const COLUMNS_MAX: u32 = 1 << 14;

/// Metadata that tells nothing about anybody.
const HARMLESS: [&str; 8] = [
    "generator",
    "creation-date",
    "date",
    "editing-duration",
    "editing-cycles",
    "language",
    "print-date",
    "document-statistic",
];

/// Attributes with text of their own.
const TELLING: [&str; 9] = [
    "string-value",
    "string-value-if-true",
    "string-value-if-false",
    "formula",
    "condition",
    "database-name",
    "title",
    "name",
    "href",
];

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str, styles: &Styles) {
    let mut story = Story::new(part, styles);
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => story.open(&element),
        Node::Close(_) => story.close(),
        Node::Text(text) => story.text(&text),
        Node::Comment(text) => {
            story.block().field(Place::of(Channel::OtherPart), "comment", &text);
        }
    });
    story.flush();
    story.end(scan, site);
    if !is_whole {
        scan.refuse(site, Some(part), Kind::Xml, Reason::Broken);
    }
}

/// What an open element means for the text in it.
struct Frame {
    name: String,
    channel: Channel,
    /// What is said with the text of the element when it ends.
    notice: Option<Notice>,
    shown: String,
    field: String,
}

/// What is known while a part is read.
struct Story<'s> {
    part: String,
    styles: &'s Styles,
    blocks: Vec<Block>,
    frames: Vec<Frame>,
    pending: String,
    pending_channel: Channel,
    paragraph: u32,
    slide: u32,
    cell: (u32, u32),
    hidden_columns: Vec<(u32, u32)>,
    is_column_said: bool,
    region: String,
    insertions: BTreeSet<String>,
    inserted: Option<String>,
    authors: BTreeSet<String>,
    found: Vec<(usize, Notice, Place, String)>,
    files: Vec<Vec<u8>>,
    rest: Rest,
}

impl<'s> Story<'s> {
    fn new(part: &str, styles: &'s Styles) -> Self {
        Self {
            part: part.to_owned(),
            styles,
            blocks: vec![Block::new(part)],
            frames: Vec::new(),
            pending: String::new(),
            pending_channel: Channel::Visible,
            paragraph: 0,
            slide: 0,
            cell: (0, 0),
            hidden_columns: Vec::new(),
            is_column_said: false,
            region: String::new(),
            insertions: BTreeSet::new(),
            inserted: None,
            authors: BTreeSet::new(),
            found: Vec::new(),
            files: Vec::new(),
            rest: Rest::default(),
        }
    }

    fn block(&mut self) -> &mut Block {
        // There is one from the start.
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    fn channel(&self) -> Channel {
        self.frames.last().map_or(Channel::Visible, |frame| frame.channel)
    }

    fn is_in(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| frame.name == name)
    }

    fn place(&self, channel: Channel) -> Place {
        let paragraph = if self.cell.0 > 0 { 0 } else { self.paragraph };
        Place { paragraph, slide: self.slide, cell: self.cell, ..Place::of(channel) }
    }

    fn say(&mut self, notice: Notice, shown: &str) {
        let place = self.place(notice.channel());
        self.found.push((self.blocks.len() - 1, notice, place, shown.to_owned()));
    }

    fn open(&mut self, element: &Element<'_>) {
        let name = element.name();
        self.rest.element(element);
        self.attributes(element);
        let notice = self.notice(element);
        let at_once = matches!(notice, Some(Notice::HiddenSheet | Notice::HiddenSlide));
        let channel = notice.map_or_else(|| self.channel(), Notice::channel);
        if let Some(notice) = notice.filter(|_| at_once) {
            self.say(notice, "");
        }
        let field = element.get("name").unwrap_or_default();
        let notice = notice.filter(|_| !at_once);
        let name = name.to_owned();
        self.frames.push(Frame { name, channel, notice, shown: String::new(), field });
    }

    /// What an element hides or marks; also counts what is counted.
    fn notice(&mut self, element: &Element<'_>) -> Option<Notice> {
        let get = |name: &str| element.get(name);
        let style = get("style-name");
        match element.name() {
            "p" | "h" => {
                self.paragraph = self.paragraph.saturating_add(1);
                self.styles.notice(style.as_deref(), &LETTERS)
            }
            "span" => self.styles.notice(style.as_deref(), &LETTERS),
            "section" => (get("display").as_deref() == Some("none")).then_some(Notice::HiddenText),
            "annotation" => Some(Notice::Comment),
            "deletion" | "previous" => Some(Notice::TrackedDeletion),
            "notes" => Some(Notice::Notes),
            "header" | "footer" | "header-left" | "footer-left" | "header-first"
            | "footer-first" => Some(Notice::HeaderFooter),
            "page" => {
                self.slide = self.slide.saturating_add(1);
                self.styles.notice(style.as_deref(), &[Channel::HiddenSlide])
            }
            "table" if self.is_in("spreadsheet") => self.sheet(element, style.as_deref()),
            "table-row" if self.is_in("spreadsheet") => {
                let repeated = repeats(element, "number-rows-repeated");
                self.cell = (self.cell.0.saturating_add(repeated), 0);
                // Rows that a filter hides are hidden too.
                matches!(get("visibility").as_deref(), Some("collapse" | "filter"))
                    .then_some(Notice::HiddenRow)
                    .filter(|_| self.channel() == Channel::Visible)
            }
            _ => None,
        }
    }

    /// A sheet begins.
    fn sheet(&mut self, element: &Element<'_>, style: Option<&str>) -> Option<Notice> {
        self.flush();
        let name = element.get("name").unwrap_or_default();
        self.blocks.push(Block::new(&self.part).with_sheet(&name));
        (self.cell, self.hidden_columns) = ((0, 0), Vec::new());
        self.is_column_said = false;
        let notice = self.styles.notice(style, &[Channel::HiddenSheet]);
        let place = Place::of(notice.map_or(Channel::Visible, Notice::channel));
        self.block().field(place, "name", &name);
        notice
    }

    /// What attributes and elements without content say.
    fn attributes(&mut self, element: &Element<'_>) {
        let get = |name: &str| element.get(name).unwrap_or_default();
        match element.name() {
            "s" => self.append(" "),
            "tab" => self.append("\t"),
            "line-break" => self.append("\n"),
            "table-column" => {
                let (first, count) = (self.cell.1 + 1, repeats(element, "number-columns-repeated"));
                let last = self.cell.1.saturating_add(count).min(COLUMNS_MAX);
                self.cell.1 = last;
                if matches!(get("visibility").as_str(), "collapse" | "filter") {
                    self.hidden_columns.push((first, last));
                }
            }
            "table-cell" | "covered-table-cell" => {
                let count = repeats(element, "number-columns-repeated");
                self.cell.1 = self.cell.1.saturating_add(count).min(COLUMNS_MAX);
            }
            "changed-region" => self.region = get("id"),
            "insertion" => drop(self.insertions.insert(self.region.clone())),
            "format-change" | "movement" | "cell-content-change" => {
                self.say(Notice::TrackedChange, "");
            }
            "change-start" if self.insertions.contains(&get("change-id")) => {
                self.flush();
                self.inserted = Some(String::new());
            }
            "change-end" => {
                self.flush();
                if let Some(text) = self.inserted.take() {
                    self.say(Notice::TrackedInsertion, &text);
                }
            }
            "hidden-text" => self.say(Notice::HiddenText, &get("string-value")),
            "hidden-paragraph" => self.say(Notice::HiddenText, ""),
            "named-range" | "named-expression" => self.say(Notice::DefinedName, &get("name")),
            _ => {}
        }
        let template = (element.name() == "template").then(|| get("href"));
        if let Some(template) = template {
            self.say(Notice::Template, &template);
        } else if leads_outside(&get("href")) {
            self.say(Notice::ExternalLink, &get("href"));
        }
        let is_hidden = element.name().starts_with("hidden-");
        let channel = if is_hidden { Channel::HiddenText } else { Channel::OtherPart };
        // The name of a sheet belongs to the text of the sheet.
        let is_sheet = element.name() == "table" && self.is_in("spreadsheet");
        let tells = |name: &str| TELLING.contains(&name) && !(is_sheet && name == "name");
        for (name, value) in element.attributes().filter(|(name, _)| tells(name)) {
            let place = self.place(channel);
            self.block().field(place, name, &value);
        }
    }

    fn text(&mut self, text: &str) {
        if self.frames.last().is_some_and(|frame| frame.name == "binary-data") {
            let packed: String = text.split_whitespace().collect();
            match STANDARD.decode(packed) {
                Ok(content) => self.files.push(content),
                Err(_) => self.rest.text(text),
            }
            return;
        }
        if text.trim().is_empty() && !self.is_in("p") {
            return;
        }
        self.append(text);
    }

    fn append(&mut self, text: &str) {
        let is_hidden = |(first, last): &(u32, u32)| (*first..=*last).contains(&self.cell.1);
        let channel = match self.channel() {
            Channel::Visible if self.inserted.is_some() => Channel::TrackedInsertion,
            Channel::Visible if self.hidden_columns.iter().any(is_hidden) => Channel::HiddenColumn,
            channel => channel,
        };
        if channel != self.pending_channel {
            self.flush();
            self.pending_channel = channel;
        }
        // Columns with nothing in them hide nothing.
        let is_first = channel == Channel::HiddenColumn && !self.is_column_said;
        if is_first && !text.trim().is_empty() {
            self.is_column_said = true;
            self.say(Notice::HiddenColumn, "");
        }
        self.pending.push_str(text);
    }

    fn close(&mut self) {
        let name = self.frames.last().map_or("", |frame| frame.name.as_str());
        let is_inline = matches!(name, "s" | "tab" | "line-break" | "a" | "bookmark");
        let is_mark = self.frames.last().is_some_and(|frame| frame.notice.is_some());
        if !is_inline && (name != "span" || is_mark) {
            self.flush();
        }
        let Some(frame) = self.frames.pop() else { return };
        if let Some(notice) = frame.notice.filter(|_| !frame.shown.trim().is_empty()) {
            self.say(notice, frame.shown.trim());
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if text.trim().is_empty() {
            return;
        }
        let name = self.frames.last().map_or(String::new(), |frame| frame.name.clone());
        if self.is_in("meta") || self.is_in("settings") {
            return self.property(&name, text.trim());
        }
        if name == "date" {
            return self.rest.text(text.trim());
        }
        if matches!(name.as_str(), "creator" | "sender-initials" | "creator-initials") {
            if name == "creator" {
                self.authors.insert(text.trim().to_owned());
            }
            let place = self.place(Channel::Author);
            return self.block().field(place, &name, &text);
        }
        for frame in &mut self.frames {
            if frame.notice.is_some() && frame.shown.len() < SHOWN_BYTES {
                frame.shown.push_str(&text);
            }
        }
        if let Some(inserted) = &mut self.inserted {
            inserted.push_str(&text);
        }
        let place = self.place(self.pending_channel);
        self.block().push(place, &text);
    }

    /// A property of the document, or a setting.
    fn property(&mut self, name: &str, text: &str) {
        let own = self.frames.last().map_or("", |frame| frame.field.as_str());
        let field = if own.is_empty() { name.to_owned() } else { own.to_owned() };
        let is_setting = self.is_in("settings");
        let channel = if is_setting { Channel::Metadata } else { Channel::Property };
        self.block().field(Place::of(channel), &field, text);
        if !is_setting && !HARMLESS.contains(&name) {
            self.say(Notice::Property, text);
        }
        if is_setting && (field == "PrinterName" || text.starts_with("file:///")) {
            self.say(Notice::Printer, text);
        }
    }

    fn end(mut self, scan: &mut Scan<'_>, site: &Site) {
        let mut has_header = false;
        for (at, notice, place, shown) in &self.found {
            // One of all headers and footers is enough.
            if *notice == Notice::HeaderFooter && std::mem::replace(&mut has_header, true) {
                continue;
            }
            scan.notice_in(site, &self.blocks[*at], *place, *notice, shown.trim());
        }
        for author in std::mem::take(&mut self.authors) {
            note(scan, site, &self.part, Notice::Author, &author);
        }
        for block in &mut self.blocks {
            self.rest.leave_out(block);
        }
        if let Some(first) = self.blocks.first_mut() {
            self.rest.hand_on(first, Channel::OtherPart);
        }
        for block in &self.blocks {
            scan.block(site, block);
        }
        for (at, content) in std::mem::take(&mut self.files).into_iter().enumerate() {
            let inner = site.inner(&format!("{}/binary {}", self.part, at + 1));
            match scan.budget.entry() {
                Ok(()) => scan.file(&inner, &content),
                Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
            }
        }
    }
}

pub(crate) fn repeats(element: &Element<'_>, name: &str) -> u32 {
    element.get(name).and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Whether a reference leads to something that is neither in the package nor an ordinary page.
pub(crate) fn leads_outside(target: &str) -> bool {
    let is_page = ["http:", "https:", "mailto:"].iter().any(|begin| target.starts_with(begin));
    let is_inside = target.starts_with('#') || target.starts_with("./");
    let has_scheme = target.contains(':') || target.starts_with("..") || target.starts_with('/');
    has_scheme && !is_page && !is_inside && !target.starts_with("vnd.sun.star.")
}
