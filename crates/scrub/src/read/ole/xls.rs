//! Excel workbooks of 1995 to 2003 ([MS-XLS]): cells with the state of their sheet, row and column,
//! comments with their authors, names, links to other files with what is cached of them.

use std::collections::{BTreeMap, BTreeSet};

use super::biff::{CONTINUE, Pieces, Record, characters, records, string};
use super::le::{part as range, size_at, u8_at, u16_at, u32_at};
use super::{Ole, pictures};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Records with nothing but form: their few texts are names of fonts and formats.
const FORM: [u16; 12] =
    [0x31, 0xe0, 0x293, 0x41e, 0x892, 0x87d, 0x87c, 0x896, 0x88e, 0x88f, 0xfc, 0xff];

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, ole: &mut Ole<'_>, storage: usize) {
    for name in ["Workbook", "Book"] {
        if let Some((part, stream)) = ole.named(scan, site, storage, name) {
            workbook(scan, site, &part, &stream);
        }
    }
    // Caches of pivot tables are streams of the same kind of records.
    for name in ["_SX_DB_CUR", "_SX_DB"] {
        let Some(folder) = ole.file.find(storage, name) else { continue };
        for at in ole.file.children(folder).to_vec() {
            if let Some((part, stream)) = ole.take(scan, site, at) {
                scan.notice_part(site, &part, Notice::Cache, "", 1);
                cache(scan, site, &part, &stream);
            }
        }
    }
}

fn cache(scan: &mut Scan<'_>, site: &Site, part: &str, stream: &[u8]) {
    let mut block = Block::new(part);
    for record in records(stream).filter(|record| record.kind == 0xcd) {
        let text = string(record.content, 0, true).unwrap_or_default();
        block.push(Place::of(Channel::Cache), &text);
    }
    scan.block(site, &block);
}

fn workbook(scan: &mut Scan<'_>, site: &Site, part: &str, stream: &[u8]) {
    // The first record after the beginning says if the rest is encrypted.
    if records(stream).take(4).any(|record| record.kind == 0x2f) {
        return scan.refuse(site, Some(part), Kind::Ole, Reason::Encrypted);
    }
    let all: Vec<Record<'_>> = records(stream).collect();
    let is_wide = all.first().is_some_and(|first| u16_at(first.content, 0) == Some(0x0600));
    let sheets = sheets(&all, is_wide);
    let mut book = Book::new(part, is_wide, shared(&all));
    for (at, record) in all.iter().enumerate() {
        if matches!(record.kind, 0x809 | 0x409 | 0x209)
            && let Some((name, state)) = sheets.get(&record.at)
        {
            book.end(scan, site);
            book.begin(name, *state);
        }
        let next = all.get(at + 1).filter(|next| next.kind == CONTINUE);
        book.record(*record, next.map(|next| next.content));
    }
    book.end(scan, site);
    pictures::read(scan, site, part, stream);
}

/// Names and states of sheets, by where their records begin.
fn sheets(all: &[Record<'_>], is_wide: bool) -> BTreeMap<usize, (String, u8)> {
    let one = |record: &Record<'_>| {
        let content = record.content;
        let (at, state) = (size_at(content, 0)?, u8_at(content, 4)?);
        let count = usize::from(u8_at(content, 6)?);
        let name = if is_wide {
            characters(content, 7, count)?
        } else {
            super::le::code_page(range(content, 7, count), 1252)
        };
        Some((at, (name, state & 3)))
    };
    all.iter().filter(|record| record.kind == 0x85).filter_map(one).collect()
}

/// The table of strings that cells share.
fn shared(all: &[Record<'_>]) -> Vec<String> {
    let Some(first) = all.iter().position(|record| record.kind == 0xfc) else { return Vec::new() };
    let more = all[first + 1..].iter().take_while(|record| record.kind == CONTINUE);
    let mut pieces = Pieces::new(
        [all[first].content].into_iter().chain(more.map(|record| record.content)).collect(),
    );
    let count = size_at(all[first].content, 4).unwrap_or(0);
    if pieces.skip(8).is_none() {
        return Vec::new();
    }
    (0..count).map_while(|_| pieces.string()).collect()
}

/// What is known while records are read.
struct Book {
    part: String,
    is_wide: bool,
    shared: Vec<String>,
    block: Block,
    base: Channel,
    hidden_rows: BTreeSet<u32>,
    hidden_columns: Vec<(u32, u32)>,
    /// The cell of a formula whose text comes in the next record.
    formula: (u32, u32),
    /// Kind and id of the object whose text comes in the next record.
    object: (u16, u16),
    comments: BTreeMap<u16, String>,
    authors: BTreeSet<String>,
    found: Vec<(Notice, Place, String, u64)>,
}

impl Book {
    fn new(part: &str, is_wide: bool, shared: Vec<String>) -> Self {
        Self {
            part: part.to_owned(),
            is_wide,
            shared,
            block: Block::new(part),
            base: Channel::OtherPart,
            hidden_rows: BTreeSet::new(),
            hidden_columns: Vec::new(),
            formula: (0, 0),
            object: (0, 0),
            comments: BTreeMap::new(),
            authors: BTreeSet::new(),
            found: Vec::new(),
        }
    }

    fn begin(&mut self, name: &str, state: u8) {
        self.block = Block::new(&self.part).with_sheet(name);
        let notice = match state {
            1 => Some(Notice::HiddenSheet),
            2 | 3 => Some(Notice::VeryHiddenSheet),
            _ => None,
        };
        self.base = notice.map_or(Channel::Visible, Notice::channel);
        self.block.field(Place::of(self.base), "name", name);
        self.found.extend(notice.map(|notice| (notice, Place::of(self.base), name.to_owned(), 1)));
    }

    /// Ends a sheet: says what was found and searches its text.
    fn end(&mut self, scan: &mut Scan<'_>, site: &Site) {
        for text in std::mem::take(&mut self.comments).into_values() {
            self.comment(Place::of(Channel::Comment), text);
        }
        let rows = std::mem::take(&mut self.hidden_rows).len() as u64;
        let columns = std::mem::take(&mut self.hidden_columns);
        let columns = columns.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        for (notice, count) in [(Notice::HiddenRow, rows), (Notice::HiddenColumn, columns)] {
            if count > 0 {
                self.found.push((notice, Place::default(), String::new(), count));
            }
        }
        for (notice, place, shown, count) in std::mem::take(&mut self.found) {
            let place = Place { channel: notice.channel(), ..place };
            scan.notice(notice, self.block.locate(&site.path, place), shown.trim(), count);
        }
        for author in std::mem::take(&mut self.authors) {
            self.block.push(Place::of(Channel::Author), &author);
            let location = self.block.locate(&site.path, Place::of(Channel::Author));
            scan.notice(Notice::Author, location, &author, 1);
        }
        scan.block(site, &self.block);
        self.block = Block::new(&self.part);
        self.base = Channel::OtherPart;
    }

    fn comment(&mut self, place: Place, text: String) {
        self.block.push(place, &text);
        self.found.push((Notice::Comment, place, text, 1));
    }

    fn cell(&mut self, (row, column): (u32, u32), text: &str) {
        let is_hidden = |(first, last): &(u32, u32)| (*first..=*last).contains(&column);
        let channel = match self.base {
            Channel::Visible if self.hidden_rows.contains(&row) => Channel::HiddenRow,
            Channel::Visible if self.hidden_columns.iter().any(is_hidden) => Channel::HiddenColumn,
            base => base,
        };
        self.block.push(Place { cell: (row, column), ..Place::of(channel) }, text);
    }

    fn record(&mut self, record: Record<'_>, next: Option<&[u8]>) {
        let content = record.content;
        let place = cell_at(content, 0);
        match record.kind {
            0xfd => {
                let text = size_at(content, 6).and_then(|at| self.shared.get(at)).cloned();
                self.cell(place, &text.unwrap_or_default());
            }
            0x204 | 0xd6 => {
                let text = string(content, 6, self.is_wide).unwrap_or_default();
                self.cell(place, &text);
            }
            0x06 => {
                self.formula = place;
                for run in crate::read::strings::runs(range(content, 20, usize::MAX)) {
                    self.cell(place, &run.text);
                }
            }
            0x207 => {
                let text = string(content, 0, self.is_wide).unwrap_or_default();
                self.cell(self.formula, &text);
            }
            0x203 => self.number(place, super::le::part(content, 6, 8)),
            0x27e => self.packed(place, u32_at(content, 6)),
            0xbd => {
                for (at, column) in (4..content.len().saturating_sub(2)).step_by(6).zip(0..) {
                    self.packed((place.0, place.1 + column), u32_at(content, at + 2));
                }
            }
            0x208 if u32_at(content, 12).is_some_and(|flags| flags & 0x20 != 0) => {
                self.hidden_rows.insert(place.0);
            }
            0x7d if u16_at(content, 8).is_some_and(|flags| flags & 1 != 0) => {
                let (first, last) = cell_at(content, 0);
                self.hidden_columns.push((first, last.clamp(first, 1 << 14)));
            }
            0x5d => {
                self.object = (u16_at(content, 4).unwrap_or(0), u16_at(content, 6).unwrap_or(0));
            }
            0x1b6 => self.text(content, next),
            0x1c => self.note(place, content),
            _ => self.other(record),
        }
    }

    /// Numbers may be of cards, accounts or telephones.
    fn number(&mut self, place: (u32, u32), bytes: &[u8]) {
        if let Ok(bytes) = <[u8; 8]>::try_from(bytes) {
            self.cell(place, &f64::from_le_bytes(bytes).to_string());
        }
    }

    /// A number in four bytes ([MS-XLS] §2.5.217).
    fn packed(&mut self, place: (u32, u32), packed: Option<u32>) {
        let Some(packed) = packed else { return };
        let whole = if packed & 2 != 0 {
            f64::from(packed.cast_signed() >> 2)
        } else {
            f64::from_bits(u64::from(packed & !3) << 32)
        };
        let number = if packed & 1 != 0 { whole / 100.0 } else { whole };
        self.cell(place, &number.to_string());
    }

    /// The text of an object: a comment or a box.
    fn text(&mut self, content: &[u8], next: Option<&[u8]>) {
        const COMMENT: u16 = 0x19;
        let count = usize::from(u16_at(content, 10).unwrap_or(0));
        let text = next.and_then(|next| characters(next, 0, count)).unwrap_or_default();
        if self.object.0 == COMMENT {
            self.comments.insert(self.object.1, text);
        } else {
            self.block.push(Place::of(self.base), &text);
        }
    }

    /// A comment's cell and author.
    fn note(&mut self, cell: (u32, u32), content: &[u8]) {
        let id = u16_at(content, 6).unwrap_or(0);
        if let Some(author) =
            string(content, 8, self.is_wide).filter(|name| !name.trim().is_empty())
        {
            self.authors.insert(author);
        }
        let place = Place { cell, ..Place::of(Channel::Comment) };
        if let Some(text) = self.comments.remove(&id) {
            self.comment(place, text);
        }
    }

    fn other(&mut self, record: Record<'_>) {
        let content = record.content;
        match record.kind {
            0x5c => {
                let name = string(content, 0, self.is_wide).unwrap_or_default();
                // Programs that know no user write blanks, a dot, or their own name.
                if name.trim().chars().any(char::is_alphanumeric) && name.trim() != "Calc" {
                    self.authors.insert(name.trim().to_owned());
                }
            }
            0x18 => self.name(content),
            0x1ae => self.link(content),
            0x14 | 0x15 if !content.is_empty() => {
                let text = string(content, 0, self.is_wide).unwrap_or_default();
                let place = Place::of(Channel::HeaderFooter);
                self.block.push(place, &text);
                self.found.push((Notice::HeaderFooter, place, text, 1));
            }
            0x876 | 0x803 | 0x1ad => self.runs(content, Channel::Connection),
            0x5a => self.runs(content, Channel::Cache),
            kind if FORM.contains(&kind) || kind == CONTINUE => {}
            _ => self.runs(content, Channel::OtherPart),
        }
    }

    fn runs(&mut self, content: &[u8], channel: Channel) {
        for run in crate::read::strings::runs(content) {
            self.block.push(Place::of(channel), &run.text);
        }
    }

    /// A defined name; those that the program itself knows are a number only.
    fn name(&mut self, content: &[u8]) {
        let (flags, count) = (u16_at(content, 0).unwrap_or(0), u8_at(content, 3).unwrap_or(0));
        let text = characters(content, 14, usize::from(count)).unwrap_or_default();
        let place = Place::of(Channel::DefinedName);
        self.block.push(place, &text);
        if flags & 0x20 == 0 && self.is_wide {
            self.found.push((Notice::DefinedName, place, text, 1));
        }
    }

    /// A link to another workbook.
    fn link(&mut self, content: &[u8]) {
        let count = u16_at(content, 2).unwrap_or(0);
        if matches!(count, 0x0401 | 0x3a01 | 0 | 1) || !self.is_wide {
            return;
        }
        let text = characters(content, 4, usize::from(count)).unwrap_or_default();
        // Controls stand for the steps of the path.
        let text: String = text.chars().map(|c| if c < ' ' { '/' } else { c }).collect();
        let place = Place::of(Channel::ExternalLink);
        self.block.push(place, &text);
        self.found.push((Notice::ExternalLink, place, text, 1));
    }
}

/// Row and column, counted from 1.
fn cell_at(content: &[u8], at: usize) -> (u32, u32) {
    let number = |at| u16_at(content, at).map_or(0, |number| u32::from(number) + 1);
    (number(at), number(at + 2))
}
