//! HTML pages. The source is searched as it stands; here is found what only shows once tags are left
//! out and references resolved, what the page hides, and files inside addresses. Style sheets are
//! not applied: only what an element says of itself hides it.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::html_lex::{Lexer, Token, reference};
use super::mapped::Mapped;
use crate::finding::{ByteRange, Location, mask};
use crate::kind::Kind;
use crate::report::{Encoding, Reason};
use crate::rules::Notice;
use crate::scan::{Scan, Site};
use crate::search::What;

/// Elements inside each other that are followed.
const DEPTH_MAX: usize = 1024;

/// Elements that stand in a line of text, so that words go on through their tags.
const INLINE: [&str; 32] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "mark", "o:p", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "tt", "u", "var", "wbr",
];

/// Elements that have no end.
const EMPTY: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Sizes of text that nobody can read.
const TINY: [&str; 8] = [
    "font-size:0;",
    "font-size:0p",
    "font-size:1px",
    "font-size:1pt",
    "font-size:2px",
    "font-size:2pt",
    "font-size:.",
    "font-size:0.",
];

/// What comes before a file in an address, after its type (RFC 2397).
const DATA: &[u8] = b";base64,";

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Reads a page after its source was searched.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let (text, encoding) = crate::text::decode(bytes);
    let mut page = Page::new(&text);
    let mut lexer = Lexer::new(&text);
    lexer.by_ref().for_each(|token| page.token(token));
    let spots = page.finish(scan);
    tell(scan, site, &text, encoding, spots);
    files(scan, site, &text);
}

/// Something found, by its place in the source.
struct Spot {
    range: Range<usize>,
    what: Found,
}

enum Found {
    /// What a search found, masked.
    Hit(What, String),
    /// What is hidden, and how often.
    Hidden(Notice, String, u64),
}

/// An open element.
struct Element {
    name: String,
    hidden: Option<Notice>,
    has_ground: bool,
}

struct Page<'t> {
    source: &'t str,
    shown: Mapped,
    /// What does not show, and values of attributes.
    unseen: Mapped,
    open: Vec<Element>,
    /// What was hidden by the same element so far.
    run: Option<(Notice, Range<usize>)>,
    hidden: Vec<(Notice, Range<usize>)>,
    comments: Vec<Range<usize>>,
}

impl<'t> Page<'t> {
    fn new(source: &'t str) -> Self {
        Self {
            source,
            shown: Mapped::default(),
            unseen: Mapped::default(),
            open: Vec::new(),
            run: None,
            hidden: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn token(&mut self, token: Token) {
        match token {
            Token::Text(range) => self.text(range),
            Token::Open { name, attributes, range } => {
                self.boundary(&name, range);
                self.attributes(&attributes);
                if self.open.len() < DEPTH_MAX && !EMPTY.contains(&name.as_str()) {
                    let element = self.element(name, &attributes);
                    self.open.push(element);
                }
            }
            Token::Close { name, range } => {
                if let Some(at) = self.open.iter().rposition(|element| element.name == name) {
                    self.open.truncate(at);
                }
                self.end_run();
                self.boundary(&name, range);
            }
            Token::Comment(range) => {
                if !self.source[range.clone()].trim().is_empty() {
                    self.comments.push(range);
                }
            }
            // Searched in the source.
            Token::Raw => {}
        }
    }

    /// What an element says of its look.
    fn element(&self, name: String, attributes: &[(String, Range<usize>)]) -> Element {
        let around = self.open.last();
        let mut hidden = around.and_then(|element| element.hidden);
        let mut has_ground = around.is_some_and(|element| element.has_ground);
        for (attribute, value) in attributes {
            let value = self.source[value.clone()].to_ascii_lowercase();
            let style: String = value.split_whitespace().collect::<String>() + ";";
            let is_style = attribute == "style";
            has_ground |= attribute == "bgcolor" || (is_style && style.contains("background"));
            let is_hidden = attribute == "hidden"
                || (is_style
                    && ["display:none", "visibility:hidden", "opacity:0;"]
                        .iter()
                        .any(|hiding| style.contains(hiding)));
            let is_white = (attribute == "color" && is_white(&value))
                || (is_style
                    && style
                        .split(';')
                        .any(|rule| rule.strip_prefix("color:").is_some_and(is_white)));
            if is_hidden {
                hidden = Some(Notice::HiddenText);
            } else if is_white && !has_ground {
                hidden = hidden.or(Some(Notice::WhiteText));
            } else if is_style && TINY.iter().any(|tiny| style.contains(tiny)) {
                hidden = hidden.or(Some(Notice::TinyText));
            }
        }
        Element { name, hidden, has_ground }
    }

    /// Ends a line unless the element stands in one.
    fn boundary(&mut self, name: &str, range: Range<usize>) {
        if !INLINE.contains(&name) {
            self.shown.made("\n", range.clone());
            self.unseen.made("\n", range);
        }
    }

    fn attributes(&mut self, attributes: &[(String, Range<usize>)]) {
        for (_, value) in attributes {
            if self.source[value.clone()].contains('&') {
                decoded(&mut self.unseen, self.source, value.clone());
                self.unseen.made("\n", value.end..value.end);
            }
        }
    }

    fn text(&mut self, range: Range<usize>) {
        let hidden = self.open.last().and_then(|element| element.hidden);
        let Some(notice) = hidden else {
            self.end_run();
            return decoded(&mut self.shown, self.source, range);
        };
        decoded(&mut self.unseen, self.source, range.clone());
        match &mut self.run {
            Some((known, run)) if known.id() == notice.id() => run.end = range.end,
            _ => {
                self.end_run();
                self.run = Some((notice, range));
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((notice, range)) = self.run.take()
            && !self.source[range.clone()].trim().is_empty()
        {
            self.hidden.push((notice, range));
        }
    }

    fn finish(mut self, scan: &Scan<'_>) -> Vec<Spot> {
        self.end_run();
        let shown = |range: &Range<usize>| self.source[range.clone()].trim().to_owned();
        let mut spots: Vec<Spot> = Vec::new();
        if let Some(first) = self.comments.first() {
            let count = self.comments.len() as u64;
            let what = Found::Hidden(Notice::MarkupComment, shown(first), count);
            spots.push(Spot { range: first.clone(), what });
        }
        for (notice, range) in &self.hidden {
            let what = Found::Hidden(*notice, shown(range), 1);
            spots.push(Spot { range: range.clone(), what });
        }
        for mapped in [&self.shown, &self.unseen] {
            for hit in scan.scanner().hits(&mapped.text) {
                if let Some(range) = mapped.place(hit.start..hit.end) {
                    let what = Found::Hit(hit.what, mask(&mapped.text[hit.start..hit.end]));
                    spots.push(Spot { range, what });
                }
            }
        }
        spots.sort_by_key(|spot| (spot.range.start, spot.range.end));
        spots
    }
}

fn is_white(colour: &str) -> bool {
    let colour = colour.trim().trim_end_matches("!important");
    matches!(colour, "white" | "#fff" | "#ffffff" | "rgb(255,255,255)" | "transparent")
}

/// Adds a piece of the source with its references resolved.
fn decoded(mapped: &mut Mapped, source: &str, range: Range<usize>) {
    let mut at = range.start;
    while let Some(found) = source[at..range.end].find('&') {
        let from = at + found;
        mapped.same(source, at..from);
        let (c, length) = reference(&source[from..range.end]).unwrap_or(('&', 1));
        mapped.made(c.encode_utf8(&mut [0; 4]), from..from + length);
        at = from + length;
    }
    mapped.same(source, at..range.end);
}

/// Notes what was found, each with its line.
fn tell(scan: &mut Scan<'_>, site: &Site, source: &str, encoding: Encoding, spots: Vec<Spot>) {
    let (mut seen, mut line, mut offset) = (0, 1, 0);
    for Spot { range, what } in spots {
        let between = &source[seen..range.start];
        line += between.bytes().filter(|byte| *byte == b'\n').count() as u64;
        offset += crate::text::file_offset(between, encoding);
        seen = range.start;
        let length = crate::text::file_offset(&source[range], encoding);
        let location = Location {
            path: site.path.clone(),
            line: Some(line),
            bytes: Some(ByteRange { start: offset, end: offset + length }),
            ..Location::default()
        };
        match what {
            Found::Hit(what, excerpt) => scan.hit(what, location, excerpt),
            Found::Hidden(notice, shown, count) => {
                let location = Location { channel: notice.channel(), ..location };
                scan.notice(notice, location, &shown, count);
            }
        }
    }
}

/// Reads files that stand in addresses.
fn files(scan: &mut Scan<'_>, site: &Site, source: &str) {
    let bytes = source.as_bytes();
    let is_encoding = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let (mut at, mut number) = (0, 0);
    while let Some(found) = bytes[at..].windows(DATA.len()).position(|w| w == DATA) {
        let start = at + found + DATA.len();
        let length = bytes[start..].iter().take_while(|byte| is_encoding(byte)).count();
        at = start + length;
        if length == 0 {
            continue;
        }
        number += 1;
        let inner = site.inner(&format!("data {number}"));
        let content = STANDARD.decode(&bytes[start..at]);
        let counted = scan.budget.entry();
        match (content, counted) {
            (Ok(content), Ok(())) => scan.file(&inner, &content),
            (Err(_), Ok(())) => scan.refuse(&inner, None, Kind::Unknown, Reason::Broken),
            (_, Err(reason)) => return scan.refuse(&inner, None, Kind::Unknown, reason),
        }
    }
}
