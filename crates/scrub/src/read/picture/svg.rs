//! SVG 2: text that is shown or not, metadata, comments, scripts, links, and files in the text.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Picture, comment, is_path, xmp};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::xml::{Element, Node, walk};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Elements whose shape can lie under a text.
const SHAPES: [&str; 7] = ["rect", "path", "circle", "ellipse", "polygon", "image", "use"];

/// Attributes of programs that hold a path.
const PATHS: [&str; 4] = ["export-filename", "absref", "docname", "docbase"];

/// Reads a drawing.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let (text, encoding) = crate::text::decode(bytes);
    scan.was_read(site, Kind::Svg, bytes, Some(encoding));
    let mut drawing = Drawing { block: Block::whole(), ..Drawing::default() };
    let is_whole = walk(&text, |node| drawing.node(node));
    drawing.flush();
    for (notice, place, shown) in &drawing.found {
        scan.notice_in(site, &drawing.block, *place, *notice, shown);
    }
    if drawing.comments > 0 {
        let location = scan.at(site, Notice::PictureComment);
        scan.notice(Notice::PictureComment, location, "", drawing.comments);
    }
    scan.block(site, &drawing.block);
    let mut picture = Picture {
        scan,
        site,
        kind: Kind::Svg,
        bytes,
        previews: Vec::new(),
        known: BTreeSet::new(),
    };
    for (number, metadata) in (1..).zip(metadata(&text)) {
        xmp::read(&mut picture, &format!("metadata {number}"), metadata.as_bytes());
    }
    for (part, preview) in std::mem::take(&mut picture.previews) {
        picture.notice(Notice::Thumbnail, &part, "", 1);
        picture.inner(&part, &preview);
    }
    for (number, file) in (1..).zip(&drawing.files) {
        let name = format!("embedded file {number}");
        match file {
            Some(file) => picture.inner(&name, file),
            None => scan_refuse(&mut picture, &name),
        }
    }
    if !is_whole {
        scan.refuse(site, Some("structure"), Kind::Svg, Reason::Broken);
        scan.plain(site, &text, encoding, Channel::Visible);
    }
}

fn scan_refuse(picture: &mut Picture<'_, '_>, name: &str) {
    picture.scan.refuse(picture.site, Some(name), Kind::Unknown, Reason::Broken);
}

/// The elements that hold metadata, as they stand.
fn metadata(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("<metadata") {
        let Some(length) = rest[start..].find("</metadata>") else { break };
        let end = start + length + "</metadata>".len();
        found.push(&rest[start..end]);
        rest = &rest[end..];
    }
    found
}

/// How an element stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    is_hidden: bool,
    /// Hidden in a way that an element inside can take back.
    is_invisible: bool,
    is_white: bool,
    is_tiny: bool,
}

/// What is gathered on the way through a drawing.
#[derive(Default)]
struct Drawing {
    block: Block,
    open: Vec<(String, Standing)>,
    pending: String,
    /// How the first letters of `pending` stand.
    started: Option<Standing>,
    paragraph: u32,
    /// Classes that style sheets hide.
    hidden_classes: BTreeSet<String>,
    /// Whether something that is not white has been drawn.
    has_backdrop: bool,
    comments: u64,
    found: Vec<(Notice, Place, String)>,
    /// Files in the text; `None` for one that is broken.
    files: Vec<Option<Vec<u8>>>,
}

impl Drawing {
    fn node(&mut self, node: Node<'_>) {
        match node {
            Node::Open(element) => self.open(&element),
            Node::Close(name) => {
                if matches!(name, "text" | "title" | "desc" | "style" | "script" | "p" | "div") {
                    self.flush();
                }
                self.open.pop();
            }
            Node::Text(text) if !self.is_in("metadata") => {
                if !text.trim().is_empty() {
                    let standing = self.standing();
                    // Letters that stand otherwise begin a text of their own.
                    if self.started.is_some_and(|started| started != standing) {
                        self.flush();
                    }
                    self.started = Some(standing);
                }
                let needs_space = text.starts_with(char::is_whitespace) && !self.pending.is_empty();
                self.pending.push_str(if needs_space { " " } else { "" });
                self.pending.push_str(text.trim());
                let ends = text.len() > text.trim_end().len() && !text.trim().is_empty();
                self.pending.push_str(if ends { " " } else { "" });
            }
            Node::Text(_) => {}
            Node::Comment(text) => {
                self.block.field(Place::of(Channel::Comment), "comment", &text);
                let is_doctype = text.trim_start().starts_with("svg PUBLIC");
                let is_mark = comment(&text) == Notice::PictureMetadata
                    || text.trim_start().starts_with("Generator:")
                    || text.starts_with("xpacket");
                self.comments += u64::from(!is_mark && !is_doctype);
            }
        }
    }

    fn is_in(&self, name: &str) -> bool {
        self.open.iter().any(|(open, _)| open == name)
    }

    fn standing(&self) -> Standing {
        self.open.last().map_or_else(Standing::default, |(_, standing)| *standing)
    }

    fn open(&mut self, element: &Element<'_>) {
        let name = element.name();
        if name == "text" || !matches!(name, "tspan" | "textPath" | "a" | "br") {
            self.flush();
        }
        let mut standing = self.standing();
        let is_metadata = self.is_in("metadata") || name == "metadata";
        let mut fill = None;
        for (name, value) in element.attributes() {
            self.style(name, &value, &mut standing, &mut fill);
            if !is_metadata {
                self.attribute(name, &value);
            }
        }
        if SHAPES.contains(&name) && !standing.is_hidden && !self.is_in("defs") {
            let is_clear = fill.as_deref().is_some_and(|fill| fill == "none" || is_white(fill));
            self.has_backdrop |= !is_clear;
        }
        let place = Place::of(Channel::Macro);
        match name {
            "script" => self.found.push((Notice::Script, place, String::new())),
            // Illustrator keeps its whole document here.
            "pgf" | "aipgfRef" => {
                let place = Place::of(Channel::Embedded);
                self.found.push((Notice::SecondPicture, place, String::new()));
            }
            _ => {}
        }
        self.open.push((name.to_owned(), standing));
    }

    /// Whether properties hide what they apply to.
    fn style(&self, name: &str, value: &str, standing: &mut Standing, fill: &mut Option<String>) {
        let value = value.trim();
        match name {
            "style" => {
                for property in value.split(';') {
                    if let Some((name, value)) = property.split_once(':') {
                        self.style(name.trim(), value, standing, fill);
                    }
                }
            }
            "class" => {
                let mut classes = value.split_ascii_whitespace();
                standing.is_hidden |= classes.any(|class| self.hidden_classes.contains(class));
            }
            "display" => standing.is_hidden |= value == "none",
            "visibility" => standing.is_invisible = matches!(value, "hidden" | "collapse"),
            "opacity" | "fill-opacity" => {
                standing.is_hidden |= value.parse::<f32>().is_ok_and(|share| share < 0.02);
            }
            "fill" => {
                standing.is_white = is_white(value);
                *fill = Some(value.to_ascii_lowercase());
            }
            "font-size" => {
                let number = value.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
                standing.is_tiny = number.parse::<f32>().is_ok_and(|size| size < 1.0)
                    && !value.ends_with(['m', '%']);
            }
            _ => {}
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if let Some(data) = value.strip_prefix("data:") {
            self.files.push(data_of(data));
            return;
        }
        if name == "href" && !value.starts_with('#') && !value.is_empty() {
            let is_script = value.to_ascii_lowercase().starts_with("javascript:");
            let notice = if is_script { Notice::Script } else { Notice::ExternalLink };
            let place = Place::of(notice.channel());
            self.block.field(place, name, value);
            self.found.push((notice, place, value.to_owned()));
            return;
        }
        if name.starts_with("on") && name.len() > 4 {
            self.found.push((Notice::Script, Place::of(Channel::Macro), value.to_owned()));
        }
        if (PATHS.contains(&name) || is_path(value)) && !value.is_empty() {
            let place = Place::of(Channel::Metadata);
            self.found.push((Notice::PicturePath, place, value.to_owned()));
        }
        // Coordinates and colours have no words.
        let has_word = value.as_bytes().windows(3).any(|w| w.iter().all(u8::is_ascii_alphabetic));
        let is_drawn = matches!(name, "d" | "points" | "transform" | "style");
        if (has_word || !value.is_ascii() || value.len() > 8) && !is_drawn {
            self.block.field(Place::of(Channel::Metadata), name, value);
        }
    }

    /// Takes the text that has been gathered since the last element that starts a new one.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.paragraph += 1;
        let standing = self.started.take().unwrap_or_default();
        let innermost = self.open.last().map_or_else(String::new, |(name, _)| name.clone());
        let notice = match innermost.as_str() {
            "style" => {
                self.sheet(text);
                None
            }
            "script" => Some(Notice::Script),
            "text" | "tspan" | "textPath" | "p" | "div" | "span" => {
                let is_hidden = standing.is_hidden || standing.is_invisible;
                let is_unseen = standing.is_white && !self.has_backdrop;
                let hidden = is_hidden.then_some(Notice::HiddenText);
                let white = is_unseen.then_some(Notice::WhiteText);
                hidden.or(white).or_else(|| standing.is_tiny.then_some(Notice::TinyText))
            }
            _ => None,
        };
        let channel = match (notice, innermost.as_str()) {
            (Some(notice), _) => notice.channel(),
            (None, "style") => Channel::Metadata,
            (None, _) => Channel::Visible,
        };
        let place = Place { paragraph: self.paragraph, ..Place::of(channel) };
        if let Some(notice) = notice.filter(|notice| *notice != Notice::Script) {
            self.found.push((notice, place, text.to_owned()));
        }
        self.block.push(place, text);
    }

    /// Classes that a style sheet hides, and files in it.
    fn sheet(&mut self, text: &str) {
        for rule in text.split('}') {
            let Some((names, properties)) = rule.split_once('{') else { continue };
            let mut standing = Standing::default();
            self.style("style", properties, &mut standing, &mut None);
            if standing.is_hidden {
                let classes = names.split(',').filter_map(|name| name.trim().strip_prefix('.'));
                self.hidden_classes.extend(classes.map(str::to_owned));
            }
        }
        for data in text.split("url(").skip(1) {
            let data = data.split(')').next().unwrap_or_default().trim_matches(['"', '\'']);
            if let Some(data) = data.strip_prefix("data:") {
                self.files.push(data_of(data));
            }
        }
    }
}

/// Content of a `data:` address (RFC 2397), without the scheme.
fn data_of(data: &str) -> Option<Vec<u8>> {
    let (head, body) = data.split_once(',')?;
    if head.ends_with(";base64") {
        let packed: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return STANDARD.decode(packed).ok();
    }
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        match code.and_then(|code| hex::decode(code).ok()) {
            Some(byte) => {
                bytes.extend(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Some(bytes)
}

fn is_white(colour: &str) -> bool {
    let colour: String = colour.to_ascii_lowercase().split_ascii_whitespace().collect();
    matches!(colour.as_str(), "white" | "#fff" | "#ffffff" | "rgb(255,255,255)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> Drawing {
        let mut drawing = Drawing::default();
        assert!(walk(text, |node| drawing.node(node)));
        drawing.flush();
        drawing
    }

    #[test]
    fn pieces_of_one_text_are_joined() {
        let text = "<svg><text>anna.<tspan>berg</tspan>@mail.com</text><text>b</text></svg>";
        assert_eq!(drawn(text).block.text(), "anna.berg@mail.com\nb\n");
    }

    #[test]
    fn what_is_not_shown_is_told() {
        let cases = [
            ("<text display='none'>a</text>", Some(Notice::HiddenText)),
            ("<g style='opacity:0'><text>a</text></g>", Some(Notice::HiddenText)),
            ("<style>.x{display:none}</style><text class='x'>a</text>", Some(Notice::HiddenText)),
            ("<text fill='#FFF'>a</text>", Some(Notice::WhiteText)),
            ("<rect fill='#000'/><text fill='#FFF'>a</text>", None),
            ("<text font-size='0.5'>a</text>", Some(Notice::TinyText)),
            ("<text visibility='hidden'><tspan visibility='visible'>a</tspan></text>", None),
            ("<text>a</text>", None),
        ];
        for (text, notice) in cases {
            let found = drawn(&format!("<svg>{text}</svg>")).found;
            assert_eq!(found.first().map(|(notice, _, _)| *notice), notice, "{text}");
        }
    }

    #[test]
    fn files_in_the_text_are_taken_out() {
        assert_eq!(data_of("text/plain;base64,aGk="), Some(b"hi".to_vec()));
        assert_eq!(data_of("text/plain,a%20b%"), Some(b"a b%".to_vec()));
        assert_eq!(data_of("nothing"), None);
    }
}
