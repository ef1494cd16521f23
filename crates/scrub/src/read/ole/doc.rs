//! Word documents of 1997 to 2003 ([MS-DOC]): text by the table of pieces, with footnotes, headers,
//! comments and text boxes; tracked changes, hidden text, authors, and what fast saves left behind.

use super::doc_looks::{Look, Looks};
use super::le::{part as range, size_at, u16_at, u32_at, utf16};
use super::{Ole, pictures, properties, remnants, search};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::strings::{Run, runs};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// The first version of the format whose text is Unicode.
const WORD_97: u16 = 0xc1;

/// Where the pairs of offset and length begin in the header ([MS-DOC] §2.5.1).
const PAIRS: usize = 0x9a;

/// Positions of pairs ([MS-DOC] §2.5.6 to §2.5.8).
const PARAGRAPH_PAGES: usize = 13;
const ASSOCIATED: usize = 32;
const PIECES: usize = 33;
const COMMENTERS: usize = 36;
const EDITORS: usize = 51;
const SAVED_BY: usize = 71;

/// Where the lengths of the documents inside the document stand, in their order, and the channel.
const DOCUMENTS: [(usize, Channel); 8] = [
    (0x4c, Channel::Visible),
    (0x50, Channel::Visible),
    (0x54, Channel::HeaderFooter),
    (0x58, Channel::OtherPart),
    (0x5c, Channel::Comment),
    (0x60, Channel::Visible),
    (0x64, Channel::Visible),
    (0x68, Channel::HeaderFooter),
];

const PART: &str = "WordDocument";

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, storage: usize) {
    let Some((part, word)) = ole.named(scan, site, storage, PART) else { return };
    let flags = u16_at(&word, 10).unwrap_or(0);
    if flags & 0x0100 != 0 {
        return scan.refuse(site, Some(&part), Kind::Ole, Reason::Encrypted);
    }
    if u16_at(&word, 2).is_none_or(|version| version < WORD_97) {
        return before_97(scan, site, &part, &word);
    }
    let table_name = if flags & 0x0200 == 0 { "0Table" } else { "1Table" };
    let Some((table_part, table)) = ole.named(scan, site, storage, table_name) else {
        scan.refuse(site, Some(&part), Kind::Ole, Reason::Broken);
        return search(scan, site, &part, &word, Channel::OtherPart);
    };
    let file = File { word: &word, table: &table };
    let Some(pieces) = file.pieces() else {
        scan.refuse(site, Some(&part), Kind::Ole, Reason::Broken);
        return search(scan, site, &part, &word, Channel::OtherPart);
    };
    let looks = Looks::new(&word, &table, file.pair(super::doc_looks::CHARACTER_PAGES));
    let authors = strings(file.pair_bytes(EDITORS));
    let mut story = Story::new(&part, &word);
    pieces.iter().for_each(|piece| story.piece(&word, piece, &looks));
    story.end(scan, site, &authors);
    people(scan, site, &table_part, &file, &authors);
    search(scan, site, &table_part, &table, Channel::OtherPart);
    left_over(scan, site, &part, &file, &pieces, &looks);
    pictures::read(scan, site, &part, &word);
    if let Some((part, data)) = ole.named(scan, site, storage, "Data") {
        pictures::read(scan, site, &part, &data);
        search(scan, site, &part, &data, Channel::OtherPart);
    }
}

/// Documents of Word 6 and 95 have their text in one stretch, in a code page.
fn before_97(scan: &mut Scan<'_>, site: &Site, part: &str, word: &[u8]) {
    let (start, end) = (size_at(word, 0x18).unwrap_or(0), size_at(word, 0x1c).unwrap_or(0));
    let mut block = Block::new(part);
    let text = super::le::code_page(range(word, start, end.saturating_sub(start)), 1252);
    for (paragraph, line) in (1..).zip(text.split('\r')) {
        block.push(Place { paragraph, ..Place::of(Channel::Visible) }, line);
    }
    scan.block(site, &block);
    search(scan, site, part, range(word, end, usize::MAX), Channel::OtherPart);
}

/// The two streams of a document.
struct File<'b> {
    word: &'b [u8],
    table: &'b [u8],
}

/// A stretch of text.
struct Piece {
    start: usize,
    units: usize,
    is_wide: bool,
}

impl Piece {
    const fn width(&self) -> usize {
        if self.is_wide { 2 } else { 1 }
    }
}

impl<'b> File<'b> {
    fn pair(&self, number: usize) -> (usize, usize) {
        let at = PAIRS + number * 8;
        let count = usize::from(u16_at(self.word, PAIRS - 2).unwrap_or(0));
        let known = size_at(self.word, at).zip(size_at(self.word, at + 4));
        known.filter(|_| number < count).unwrap_or((0, 0))
    }

    fn pair_bytes(&self, number: usize) -> &'b [u8] {
        let (at, length) = self.pair(number);
        range(self.table, at, length)
    }

    /// The table of pieces ([MS-DOC] §2.9.38).
    fn pieces(&self) -> Option<Vec<Piece>> {
        let mut table = self.pair_bytes(PIECES);
        while table.first() == Some(&1) {
            table = table.get(3 + usize::from(u16_at(table, 1)?)..)?;
        }
        if table.first() != Some(&2) {
            return None;
        }
        let length = size_at(table, 1)?;
        let table = range(table, 5, length);
        let count = table.len().checked_sub(4)? / 12;
        let mut pieces = Vec::with_capacity(count);
        // Pieces do not share text, so together they are no longer than the stream.
        let mut left = self.word.len();
        for number in 0..count {
            let (first, next) = (size_at(table, number * 4)?, size_at(table, number * 4 + 4)?);
            let position = u32_at(table, (count + 1) * 4 + number * 8 + 2)?;
            let is_wide = position & 0x4000_0000 == 0;
            let position = (position & 0x3fff_ffff) as usize;
            let start = if is_wide { position } else { position / 2 };
            let units = next.checked_sub(first)?.min(left);
            left -= units;
            pieces.push(Piece { start, units, is_wide });
        }
        Some(pieces)
    }
}

/// A table of strings ([MS-DOC] §2.2.4).
fn strings(table: &[u8]) -> Vec<String> {
    let Some((0xffff, count)) = u16_at(table, 0).zip(u16_at(table, 2)) else { return Vec::new() };
    let extra = usize::from(u16_at(table, 4).unwrap_or(0));
    let (mut found, mut at) = (Vec::new(), 6);
    for _ in 0..count {
        let Some(length) = u16_at(table, at) else { break };
        let length = usize::from(length) * 2;
        found.push(utf16(range(table, at + 2, length)));
        at += 2 + length + extra;
    }
    found
}

/// Authors of changes and comments, the last saves with their paths, and the template.
fn people(scan: &mut Scan<'_>, site: &Site, part: &str, file: &File<'_>, authors: &[String]) {
    let mut block = Block::new(part);
    let mut names: Vec<String> = authors.to_vec();
    let commenters = file.pair_bytes(COMMENTERS);
    let mut at = 0;
    while let Some(length) = u16_at(commenters, at) {
        let length = usize::from(length) * 2;
        names.push(utf16(range(commenters, at + 2, length)));
        at += 2 + length;
    }
    names.retain(|name| !matches!(name.trim(), "" | "Unknown"));
    names.sort();
    names.dedup();
    for name in &names {
        block.push(Place::of(Channel::Author), name);
        scan.notice_part(site, part, Notice::Author, name, 1);
    }
    let saves = strings(file.pair_bytes(SAVED_BY));
    let saves: Vec<(String, String)> = saves
        .chunks(2)
        .map(|pair| (pair[0].clone(), pair.get(1).cloned().unwrap_or_default()))
        .collect();
    properties::history(scan, site, part, &saves);
    if let Some(template) = strings(file.pair_bytes(ASSOCIATED)).get(1) {
        block.field(Place::of(Channel::Template), "template", template);
        if template.contains(['/', '\\']) {
            scan.notice_part(site, part, Notice::Template, template, 1);
        }
    }
    scan.block(site, &block);
}

/// Text of the main stream that no piece refers to: fast saves leave it there.
fn left_over(
    scan: &mut Scan<'_>,
    site: &Site,
    part: &str,
    file: &File<'_>,
    pieces: &[Piece],
    looks: &Looks,
) {
    const PAGE: usize = 512;
    let mut used: Vec<(usize, usize)> = pieces
        .iter()
        .map(|piece| (piece.start, piece.start + piece.units * piece.width()))
        .collect();
    let paragraphs = super::doc_looks::pages(range_of(file, PARAGRAPH_PAGES));
    used.extend(
        looks.pages.iter().chain(&paragraphs).map(|page| (page * PAGE, page * PAGE + PAGE)),
    );
    used.sort_unstable();
    used.push((file.word.len(), file.word.len()));
    let mut at = size_at(file.word, 0x18).unwrap_or(0);
    let mut found = Vec::new();
    for (start, end) in used {
        if start > at {
            let gap = runs(range(file.word, at, start - at));
            found.extend(gap.into_iter().map(|run| Run { at: at + run.at, ..run }));
        }
        at = at.max(end);
    }
    remnants::earlier(scan, site, part, &found);
}

fn range_of<'b>(file: &File<'b>, number: usize) -> &'b [u8] {
    file.pair_bytes(number)
}

/// What is known while the text is read.
struct Story {
    block: Block,
    /// Where each document inside ends, in units of text, and its channel.
    ends: Vec<(usize, Channel)>,
    at: usize,
    paragraph: u32,
    look: Look,
    channel: Channel,
    pending: Vec<u16>,
    /// Fields inside each other; whether the instruction is being read.
    fields: Vec<bool>,
    instruction: String,
    found: Vec<(Notice, Place, String)>,
    editors: Vec<u16>,
}

impl Story {
    fn new(part: &str, word: &[u8]) -> Self {
        let mut end = 0_usize;
        let ends = DOCUMENTS.map(|(at, channel)| {
            // A negative length is none.
            let length = u32_at(word, at).and_then(|length| i32::try_from(length).ok());
            end += length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
            (end, channel)
        });
        Self {
            block: Block::new(part),
            ends: ends.to_vec(),
            at: 0,
            paragraph: 1,
            look: Look::default(),
            channel: Channel::Visible,
            pending: Vec::new(),
            fields: Vec::new(),
            instruction: String::new(),
            found: Vec::new(),
            editors: Vec::new(),
        }
    }

    fn piece(&mut self, word: &[u8], piece: &Piece, looks: &Looks) {
        let width = piece.width();
        let end = piece.start.saturating_add(piece.units * width).min(word.len());
        let mut at = piece.start;
        while at < end {
            let (look, until) = looks.at(at);
            let until = until.clamp(at + width, end.max(at + width));
            let bytes = range(word, at, until - at);
            self.set_look(look);
            if piece.is_wide {
                bytes.chunks_exact(2).for_each(|b| self.unit(u16::from_le_bytes([b[0], b[1]])));
            } else {
                let text = super::le::code_page(bytes, 1252);
                text.encode_utf16().for_each(|unit| self.unit(unit));
            }
            at = until;
        }
    }

    fn set_look(&mut self, look: Look) {
        if look != self.look {
            if !look.joins(self.look) {
                self.flush();
            }
            self.look = look;
            self.editors.extend([look.inserter, look.deleter].into_iter().flatten());
        }
    }

    fn unit(&mut self, unit: u16) {
        let base = self.ends.iter().find(|(end, _)| self.at < *end).map(|(_, channel)| *channel);
        let base = base.unwrap_or(Channel::Visible);
        self.at += 1;
        if base != self.channel {
            self.flush();
            self.channel = base;
        }
        match unit {
            0x0d | 0x0c => {
                self.flush();
                self.paragraph = self.paragraph.saturating_add(1);
            }
            0x07 | 0x0b => self.pending.push(u16::from(b'\n')),
            0x13 => {
                self.flush();
                self.fields.push(true);
            }
            0x14 | 0x15 => self.field(unit == 0x15),
            // Anchors of comments, notes, pictures.
            0..=0x08 | 0x0e..=0x1f => {}
            0x0a => self.pending.push(unit),
            _ => self.pending.push(unit),
        }
    }

    fn is_instruction(&self) -> bool {
        self.fields.last() == Some(&true)
    }

    /// The instruction of a field ends, or the field.
    fn field(&mut self, is_end: bool) {
        self.flush();
        if self.is_instruction() {
            let instruction = std::mem::take(&mut self.instruction);
            let place = self.place(Channel::ExternalLink);
            if let Some(target) = crate::read::field::outside(&instruction) {
                self.found.push((Notice::ExternalLink, place, target.to_owned()));
            }
            self.fields.pop();
            self.fields.extend((!is_end).then_some(false));
        } else if is_end {
            self.fields.pop();
        }
    }

    fn place(&self, channel: Channel) -> Place {
        Place { paragraph: self.paragraph, ..Place::of(channel) }
    }

    fn flush(&mut self) {
        let text = String::from_utf16_lossy(&std::mem::take(&mut self.pending));
        if text.trim().is_empty() {
            return;
        }
        if self.is_instruction() {
            self.instruction.push_str(&text);
            return self.block.push(self.place(Channel::OtherPart), &text);
        }
        let (channel, notice) = match (self.look.notice(), self.channel) {
            (Some(notice), _) => (notice.channel(), Some(notice)),
            (None, Channel::Comment) => (Channel::Comment, Some(Notice::Comment)),
            (None, channel) => (channel, None),
        };
        let place = self.place(channel);
        self.found.extend(notice.map(|notice| (notice, place, text.clone())));
        self.block.push(place, &text);
        if self.channel == Channel::HeaderFooter {
            let known = |(notice, ..): &(Notice, Place, String)| *notice == Notice::HeaderFooter;
            if !self.found.iter().any(known) {
                self.found.push((Notice::HeaderFooter, place, text));
            }
        }
    }

    fn end(mut self, scan: &mut Scan<'_>, site: &Site, authors: &[String]) {
        self.flush();
        for (notice, place, shown) in &self.found {
            scan.notice_in(site, &self.block, *place, *notice, shown.trim());
        }
        self.editors.sort_unstable();
        self.editors.dedup();
        for editor in self.editors {
            if let Some(name) = authors.get(usize::from(editor)) {
                self.block.field(Place::of(Channel::Author), "editor", name);
            }
        }
        scan.block(site, &self.block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_strings_are_read() {
        let mut table = vec![0xff, 0xff, 2, 0, 0, 0];
        for text in ["Anna", "B"] {
            table.extend((text.len() as u16).to_le_bytes());
            table.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        }
        assert_eq!(strings(&table), ["Anna", "B"]);
        assert_eq!(strings(&table[..9]), [""]);
        assert!(strings(&[1, 0, 2, 0]).is_empty());
    }
}
