//! RTF documents (Rich Text Format Specification 1.9.1): text and what it hides, properties, and
//! pictures and objects as files of their own.

mod lex;
mod look;
mod object;
mod place;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::field;
use crate::read::ole::le::code_page;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};
use lex::{Lexer, Token};
use look::{Colours, Look};
use place::{Purpose, character, page_of};
use unread::{Plain, Words};

/// Groups inside each other that are followed.
const DEPTH_MAX: usize = 4096;

/// Digits that bytes are written in and no text is.
const DIGITS_MIN: usize = 64;

/// Bytes of a word besides its letters; more of them say more than a number.
const NUMBER_BYTES_MAX: usize = 9;

/// Letters of a text that a notice shows the start of.
const SHOWN_BYTES_MAX: usize = 1 << 10;

/// Reads a document.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    scan.was_read(site, Kind::Rtf, bytes, None);
    let mut reader = Reader::new();
    let mut words = Words::new(bytes);
    let mut lexer = Lexer::new(bytes);
    loop {
        let start = lexer.at;
        let Some(token) = lexer.next() else { break };
        if let Err(reason) = reader.token(scan, site, token) {
            scan.refuse(site, None, Kind::Rtf, reason);
            crate::read::runs::search(scan, site, &bytes[lexer.at..]);
            break;
        }
        match token {
            Token::Text(_) => words.text(start..lexer.at),
            Token::Word(word, _)
                if !reader.is_understood || lexer.at - start > word.len() + NUMBER_BYTES_MAX =>
            {
                words.unread(start..lexer.at);
            }
            _ => words.end(),
        }
        if reader.groups.len() == 1 && token == Token::Close {
            trailing(scan, site, &bytes[lexer.at..]);
            break;
        }
    }
    for (word, is_odd) in words.finish(reader.page) {
        let channel = if is_odd { Channel::Metadata } else { Channel::OtherPart };
        reader.other.field(Place::of(channel), "control word", &word);
    }
    reader.finish(scan, site);
}

/// What follows the last group is no part of the document.
fn trailing(scan: &mut Scan<'_>, site: &Site, rest: &[u8]) {
    if rest.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace()) {
        return;
    }
    let location = scan.at(site, Notice::TrailingBytes);
    scan.notice(Notice::TrailingBytes, location, "", 1);
    crate::read::runs::search(scan, site, rest);
}

/// What holds within a group.
#[derive(Clone, Copy)]
struct Group {
    look: Look,
    /// Characters after a `\u` that stand for the same.
    fallback: usize,
    font: i32,
    /// Whether text here only repeats the markup that the document was made from.
    is_repeated: bool,
    /// Whether the group began something that is gathered.
    is_gathered: bool,
    /// Nothing stood in the group yet.
    is_new: bool,
    is_starred: bool,
}

/// What is gathered until its group ends.
struct Gathered {
    purpose: Purpose,
    text: String,
    content: Vec<u8>,
    half: Option<u8>,
    is_cut: bool,
}

struct Reader {
    block: Block,
    /// What only some programs show, or none.
    other: Block,
    /// Whether something was made of the last token.
    is_understood: bool,
    plain: Plain,
    /// The page that the document was made from, if it was.
    html: Option<String>,
    groups: Vec<Group>,
    gathered: Vec<Gathered>,
    /// Text that does not show as it stands, since the last change of look.
    run: Option<(Notice, String)>,
    /// Bytes that are not decoded yet.
    bytes: Vec<u8>,
    high: Option<u16>,
    skip: usize,
    page: u32,
    fonts: BTreeMap<i32, u32>,
    colours: Colours,
    has_cell_ground: bool,
    authors: BTreeSet<String>,
    property: String,
    paragraph: u32,
    objects: usize,
    /// Whether the bounds of the scan are met, so that no more pictures and objects are read.
    is_spent: bool,
}

impl Reader {
    fn new() -> Self {
        let group = Group {
            look: Look::default(),
            fallback: 1,
            font: 0,
            is_repeated: false,
            is_gathered: false,
            is_new: false,
            is_starred: false,
        };
        let mut reader = Self {
            block: Block::new("document"),
            other: Block::new("document"),
            is_understood: true,
            plain: Plain::default(),
            html: None,
            groups: vec![group],
            gathered: Vec::new(),
            run: None,
            bytes: Vec::new(),
            high: None,
            skip: 0,
            page: 1252,
            fonts: BTreeMap::new(),
            colours: Colours::default(),
            has_cell_ground: false,
            authors: BTreeSet::new(),
            property: String::new(),
            paragraph: 1,
            objects: 0,
            is_spent: false,
        };
        reader.gather(Purpose::Shown(Channel::Visible));
        reader
    }

    fn gather(&mut self, purpose: Purpose) {
        let (text, content) = (String::new(), Vec::new());
        self.gathered.push(Gathered { purpose, text, content, half: None, is_cut: false });
    }

    fn group(&mut self) -> Option<&mut Group> {
        self.groups.last_mut()
    }

    fn purpose(&self) -> Purpose {
        self.gathered.last().map_or(Purpose::Other, |gathered| gathered.purpose)
    }

    fn token(&mut self, scan: &mut Scan<'_>, site: &Site, token: Token<'_>) -> Result<(), Reason> {
        self.is_understood = true;
        match token {
            Token::Text(text) => self.text(text),
            Token::Hex(byte) => self.byte(byte),
            _ => self.settle(scan, site),
        }
        match token {
            Token::Open => return self.open(),
            Token::Close => self.close(scan, site),
            Token::Word(word, number) => self.word(scan, site, word, number),
            Token::Symbol(symbol) => self.symbol(scan, site, symbol),
            Token::Binary(content, is_whole) => {
                if let Some(gathered) = self.gathered.last_mut() {
                    gathered.content.extend_from_slice(content);
                    gathered.is_cut |= !is_whole;
                }
            }
            Token::Text(_) | Token::Hex(_) => {}
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Reason> {
        if self.groups.len() >= DEPTH_MAX {
            return Err(Reason::TooDeep);
        }
        self.skip = 0;
        let Some(group) = self.groups.last().copied() else { return Err(Reason::Broken) };
        let is_new = true;
        self.groups.push(Group { is_gathered: false, is_starred: false, is_new, ..group });
        Ok(())
    }

    fn close(&mut self, scan: &mut Scan<'_>, site: &Site) {
        self.skip = 0;
        if self.groups.len() < 2 {
            return;
        }
        if self.groups.pop().is_some_and(|group| group.is_gathered) {
            self.end(scan, site);
        }
    }

    fn symbol(&mut self, scan: &mut Scan<'_>, site: &Site, symbol: u8) {
        match symbol {
            b'*' => {
                if let Some(group) = self.group() {
                    group.is_starred = true;
                }
            }
            b'\r' | b'\n' => self.paragraph(scan, site),
            b'{' | b'}' | b'\\' => self.byte(symbol),
            b'~' => self.byte(b' '),
            b'_' => self.byte(b'-'),
            b'-' | b'|' | b':' => {}
            // No program should write others, and none need show them.
            _ => self.byte(symbol),
        }
    }

    fn word(&mut self, scan: &mut Scan<'_>, site: &Site, word: &str, number: Option<i32>) {
        if self.skip > 0 && !matches!(word, "u" | "bin") {
            self.skip -= 1;
            self.is_understood = false;
            return;
        }
        let (is_new, is_starred) =
            self.group().map_or((false, false), |group| (group.is_new, group.is_starred));
        if is_new && self.begin(scan, site, word, is_starred) {
            return;
        }
        if self.purpose() == Purpose::Colours {
            return self.colours.word(word, number);
        }
        let colours = &self.colours;
        if self.groups.last_mut().is_some_and(|group| group.look.word(word, number, colours)) {
            return;
        }
        match word {
            "par" | "line" | "page" | "sect" | "row" | "nestrow" => self.paragraph(scan, site),
            "u" => self.unit(scan, site, number),
            "uc" => {
                let count = number.and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
                if let Some(group) = self.group() {
                    group.fallback = count;
                }
            }
            "f" => {
                if let Some(group) = self.group() {
                    group.font = number.unwrap_or(0);
                }
            }
            "fcharset" => self.font(page_of(number.unwrap_or(0))),
            "cpg" => self.font(number.and_then(|page| u32::try_from(page).ok()).unwrap_or(1252)),
            "ansicpg" => {
                self.page = number.and_then(|page| u32::try_from(page).ok()).unwrap_or(1252)
            }
            "mac" => self.page = 10000,
            "pc" | "pca" => self.page = 850,
            "trowd" => self.has_cell_ground = false,
            "clcbpat" => self.has_cell_ground |= Look::cell_ground(number, &self.colours),
            "htmlrtf" => {
                if let Some(group) = self.group() {
                    group.is_repeated = number != Some(0);
                }
            }
            "fromhtml" => drop(self.html.get_or_insert_default()),
            _ => match character(word) {
                Some(c) => self.push(scan, site, c.encode_utf8(&mut [0; 4])),
                None => self.is_understood = false,
            },
        }
    }

    /// Begins what a group is for; `false` if the word has another meaning.
    fn begin(&mut self, scan: &mut Scan<'_>, site: &Site, word: &str, is_starred: bool) -> bool {
        // A few words stand in groups of the same text.
        const SAME: [&str; 8] =
            ["shpinst", "shppict", "ud", "upr", "fldrslt", "userprops", "cs", "nonshppict"];
        if let Some(group) = self.group() {
            group.is_new = false;
            group.is_starred = false;
        }
        let purpose = match Purpose::of(word) {
            Some(purpose) => purpose,
            None if is_starred && !SAME.contains(&word) => {
                self.is_understood = false;
                Purpose::Unknown
            }
            None => return false,
        };
        self.flush_run(scan, site);
        self.flush_plain();
        if let Some(group) = self.group() {
            group.is_gathered = true;
            group.look = Look::default();
        }
        self.gather(purpose);
        true
    }

    fn font(&mut self, page: u32) {
        let font = self.groups.last().map_or(0, |group| group.font);
        if self.purpose() == Purpose::Fonts {
            self.fonts.insert(font, page);
        }
    }

    /// A unit of UTF-16.
    fn unit(&mut self, scan: &mut Scan<'_>, site: &Site, number: Option<i32>) {
        // Units above 32767 are written as negative numbers.
        let Some(unit) = number.map(|number| (number & 0xffff) as u16) else { return };
        self.skip = self.groups.last().map_or(1, |group| group.fallback);
        let high = self.high.take();
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let units = high.into_iter().chain([unit]);
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.add(scan, site, &text);
        self.plain.unit(&text, self.page_here());
    }

    fn text(&mut self, text: &[u8]) {
        if self.purpose().has_bytes() {
            self.words_among_digits(text);
        }
        text.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).for_each(|byte| self.byte(*byte));
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
            self.plain.instead(byte);
            return;
        }
        if let Some(group) = self.group() {
            group.is_new = false;
        }
        let Some(gathered) = self.gathered.last_mut() else { return };
        if gathered.purpose.has_bytes() {
            let Some(digit) = char::from(byte).to_digit(16) else { return };
            // A digit has four bits.
            let digit = digit as u8;
            match gathered.half.take() {
                Some(high) => gathered.content.push(high << 4 | digit),
                None => gathered.half = Some(digit),
            }
            return;
        }
        self.bytes.push(byte);
    }

    /// Keeps text that stands where only digits should.
    fn words_among_digits(&mut self, text: &[u8]) {
        let is_digits = |word: &[u8]| word.iter().all(u8::is_ascii_hexdigit);
        let words = || text.split(u8::is_ascii_whitespace);
        let Some(gathered) = self.gathered.last_mut().filter(|_| !words().all(is_digits)) else {
            return;
        };
        for word in words().filter(|word| word.len() < DIGITS_MIN || !is_digits(word)) {
            gathered.text.push_str(&code_page(word, self.page));
            gathered.text.push(' ');
        }
    }

    /// The code page of text here.
    fn page_here(&self) -> u32 {
        let font = self.groups.last().map_or(0, |group| group.font);
        let page = self.fonts.get(&font).copied().filter(|_| self.purpose() != Purpose::Fonts);
        page.unwrap_or(self.page)
    }

    /// Decodes the bytes that came since the last token of another kind.
    fn settle(&mut self, scan: &mut Scan<'_>, site: &Site) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        if self.purpose() == Purpose::Colours {
            bytes.iter().filter(|byte| **byte == b';').for_each(|_| self.colours.end());
            // No colour has a name here.
            if bytes.iter().all(|byte| b"; ".contains(byte)) {
                return;
            }
        }
        let text = if bytes.is_ascii() {
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            code_page(&bytes, self.page_here())
        };
        self.push(scan, site, &text);
    }

    /// Adds text that all programs show.
    fn push(&mut self, scan: &mut Scan<'_>, site: &Site, text: &str) {
        self.plain.same(text, self.page_here());
        self.add(scan, site, text);
    }

    /// Adds text where it belongs.
    fn add(&mut self, scan: &mut Scan<'_>, site: &Site, text: &str) {
        let Some(group) = self.groups.last().copied() else { return };
        let notice = group.look.notice(self.has_cell_ground);
        let Purpose::Shown(_) = self.purpose() else {
            if let Some(gathered) = self.gathered.last_mut() {
                gathered.text.push_str(text);
            }
            return;
        };
        if let Some(html) = self.html.as_mut().filter(|_| !group.is_repeated) {
            html.push_str(&text.replace('&', "&amp;").replace('<', "&lt;"));
        }
        let same = self.run.as_ref().map(|(known, _)| known.id());
        if same != notice.map(Notice::id) {
            self.flush_run(scan, site);
        }
        match (notice, &mut self.run) {
            (Some(_), Some((_, run))) => run.push_str(text),
            (Some(notice), run) => *run = Some((notice, text.to_owned())),
            (None, _) => {
                if let Some(gathered) = self.gathered.last_mut() {
                    gathered.text.push_str(text);
                }
            }
        }
    }

    fn place(&self, channel: Channel) -> Place {
        Place { paragraph: self.paragraph, ..Place::of(channel) }
    }

    /// Notes and searches what does not show as it stands.
    fn flush_run(&mut self, scan: &mut Scan<'_>, site: &Site) {
        let Some((notice, text)) = self.run.take() else { return };
        if text.trim().is_empty() {
            return;
        }
        let place = self.place(notice.channel());
        self.block.push(place, &text);
        scan.notice_in(site, &self.block, place, notice, shown(&text));
    }

    /// Keeps the line as programs without Unicode show it, where it differs.
    fn flush_plain(&mut self) {
        if let Some(text) = self.plain.take(self.page_here()) {
            self.other.push(self.place(Channel::HiddenText), &text);
        }
    }

    fn paragraph(&mut self, scan: &mut Scan<'_>, site: &Site) {
        self.flush_run(scan, site);
        self.flush_plain();
        let Purpose::Shown(channel) = self.purpose() else {
            if let Some(gathered) = self.gathered.last_mut() {
                gathered.text.push('\n');
            }
            return;
        };
        let is_repeated = self.group().is_some_and(|group| group.is_repeated);
        if let Some(html) = self.html.as_mut().filter(|_| !is_repeated) {
            html.push('\n');
        }
        let place = self.place(channel);
        if let Some(gathered) = self.gathered.last_mut() {
            let text = std::mem::take(&mut gathered.text);
            self.block.push(place, &text);
        }
        self.paragraph = self.paragraph.saturating_add(1);
    }

    /// Ends what was gathered last.
    fn end(&mut self, scan: &mut Scan<'_>, site: &Site) {
        self.flush_run(scan, site);
        self.flush_plain();
        let Some(gathered) = self.gathered.pop() else { return };
        let Gathered { purpose, text, content, is_cut, .. } = gathered;
        if purpose.has_bytes() || !content.is_empty() {
            self.objects += 1;
            let name = format!("{} {}", object::name(purpose), self.objects);
            if !self.is_spent {
                self.is_spent = !object::read(scan, site, purpose, &name, &content, is_cut);
            }
        }
        if purpose == Purpose::Markup {
            return self.html.get_or_insert_default().push_str(&text);
        }
        let text = text.trim_matches(['\0', ' ', '\r', '\n']);
        let place = self.place(purpose.channel());
        if text.is_empty() && purpose != Purpose::RevisionIds {
            return;
        }
        match purpose {
            Purpose::Comment => {
                self.block.push(place, text);
                scan.notice_in(site, &self.block, place, Notice::Comment, shown(text));
            }
            Purpose::Author => self.author(scan, site, text),
            Purpose::Authors => {
                text.split([';', '\n']).for_each(|name| self.author(scan, site, name.trim()));
            }
            Purpose::PropertyName => {
                self.block.push(place, text);
                text.clone_into(&mut self.property);
            }
            Purpose::Property(name) => {
                let own = std::mem::take(&mut self.property);
                let is_own = name == "value" && !own.is_empty();
                self.property(scan, site, if is_own { &own } else { name }, text);
            }
            Purpose::Template => {
                self.block.push(place, text);
                if !text.rsplit(['/', '\\']).next().is_some_and(|name| {
                    name == text && name.to_ascii_lowercase().starts_with("normal.")
                }) {
                    scan.notice_in(site, &self.block, place, Notice::Template, shown(text));
                }
            }
            Purpose::Instruction => {
                self.block.push(place, text);
                if let Some(target) = field::outside(text) {
                    scan.notice_in(site, &self.block, place, Notice::ExternalLink, target);
                }
            }
            Purpose::RevisionIds => {
                self.block.push(place, text);
                scan.notice_in(site, &self.block, place, Notice::RevisionId, "");
            }
            _ => self.block.push(place, text),
        }
    }

    fn author(&mut self, scan: &mut Scan<'_>, site: &Site, name: &str) {
        if name.is_empty() || name == "Unknown" {
            return;
        }
        if self.authors.insert(name.to_owned()) {
            let place = self.place(Channel::Author);
            self.block.push(place, name);
            scan.notice_in(site, &self.block, place, Notice::Author, shown(name));
        }
    }

    fn property(&mut self, scan: &mut Scan<'_>, site: &Site, name: &str, value: &str) {
        let place = Place::of(Channel::Property);
        self.block.field(place, name, value);
        let mut location = self.block.locate(&site.path, place);
        location.field = Some(name.to_owned());
        scan.notice(Notice::Property, location, shown(value), 1);
    }

    /// Ends all that is open; more than the outermost means that the document was cut off.
    fn finish(mut self, scan: &mut Scan<'_>, site: &Site) {
        self.settle(scan, site);
        if self.groups.len() > 1 {
            scan.refuse(site, None, Kind::Rtf, Reason::Broken);
        }
        while !self.gathered.is_empty() {
            self.end(scan, site);
        }
        unread::search(scan, site, &self.block, &self.other);
        if let Some(html) = self.html {
            object::page(scan, &site.inner("page.html"), &html);
        }
    }
}

/// The start of a text, as much as a notice needs.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)]
}
