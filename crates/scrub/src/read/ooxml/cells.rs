//! One sheet of a workbook: its cells with their addresses, the rows and columns that are hidden, and
//! the texts of what else a sheet has, such as checks and conditions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::cell_styles::CellStyles;
use super::parts::finish;
use super::rows;
use super::xlsx::Sheet;
use crate::block::{Block, Place, column_name};
use crate::finding::Channel;
use crate::read::rest::Rest;
use crate::read::xml::{Element, Node, Walked, is_on, walk_piece};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Most ranges of hidden columns that are told apart.
const HIDDEN_RANGES_MAX: usize = 64;

/// Columns narrower than this, in characters, and rows lower than this, in points, show nothing.
pub(crate) const NARROW: f64 = 0.5;

/// Letters of the last column.
const LETTERS_MAX: usize = 3;

/// Attributes that hold text, outside the cells.
const TEXTS: [&str; 16] = [
    "hyperlink",
    "dataValidation",
    "inputCells",
    "scenario",
    "customSheetView",
    "protectedRange",
    "webPublishItem",
    "dataRef",
    "filter",
    "customFilter",
    "cfRule",
    "customPr",
    "control",
    "oleObject",
    "controlPr",
    "objectPr",
];

/// Which text of a cell is open.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Slot {
    #[default]
    None,
    Value,
    Formula,
    Inline,
}

/// What all sheets of a workbook share.
#[derive(Clone, Copy)]
pub(super) struct Common<'w> {
    pub(super) styles: &'w CellStyles,
    pub(super) strings: &'w [String],
    /// Which of the strings some cell shows.
    pub(super) used: &'w [AtomicBool],
}

/// What is known while a sheet is read.
#[derive(Default)]
pub(super) struct Cells {
    row: u32,
    column: u32,
    is_row_hidden: bool,
    hidden_columns: Vec<(u32, u32)>,
    in_cell: bool,
    is_shared: bool,
    format: usize,
    slot: Slot,
    value: String,
    formula: String,
    inline: String,
    /// Element outside the cells that is open.
    element: String,
    /// Hidden rows and columns that have content; empty ones hide nothing.
    filled_rows: Vec<u32>,
    filled_columns: BTreeSet<u32>,
    /// First cell and number of the cells that their format hides.
    unseen: BTreeMap<Channel, ((u32, u32), u64)>,
    /// Shared strings that cells show, most of them once.
    shown: Vec<usize>,
    /// Whether something was told by the rows or cells before it.
    is_bound: bool,
    rest: Rest,
}

/// Whether a row or column is hidden or too small to show anything.
pub(crate) fn is_unseen(element: &Element<'_>) -> bool {
    let mut size = None;
    for (name, value) in element.attributes() {
        match name {
            "hidden" if is_on(Some(&value)) => return true,
            "width" | "ht" => size = value.parse::<f64>().ok(),
            _ => {}
        }
    }
    size.is_some_and(|size| size < NARROW)
}

impl Cells {
    /// Takes note of a cell that has content.
    fn fill(&mut self, styles: &CellStyles) {
        match self.channel(Channel::Visible, styles) {
            Channel::HiddenRow if self.filled_rows.last() != Some(&self.row) => {
                self.filled_rows.push(self.row);
            }
            Channel::HiddenColumn => drop(self.filled_columns.insert(self.column)),
            channel @ (Channel::WhiteText | Channel::TinyText | Channel::HiddenText) => {
                let cell = (self.row, self.column);
                self.unseen.entry(channel).or_insert((cell, 0)).1 += 1;
            }
            _ => {}
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        match element.name() {
            "c" => self.open_cell(element),
            "v" if self.in_cell => self.slot = Slot::Value,
            "f" if self.in_cell => self.slot = Slot::Formula,
            "t" if self.in_cell => self.slot = Slot::Inline,
            "row" => {
                let number = element.get("r").and_then(|value| value.parse().ok());
                self.is_bound |= number.is_none();
                self.row = number.unwrap_or(self.row.saturating_add(1));
                self.column = 0;
                self.is_row_hidden = is_unseen(element);
            }
            "col" if is_unseen(element) => {
                let number = |name: &str| element.get(name).and_then(|v| v.parse::<u32>().ok());
                let min = number("min").unwrap_or(1);
                self.hide_columns(min, number("max").unwrap_or(min).max(min));
            }
            name if !self.in_cell => {
                self.element.clear();
                self.element.push_str(name);
            }
            _ => {}
        }
    }

    fn open_cell(&mut self, element: &Element<'_>) {
        let mut column = None;
        // No row begins before it.
        self.is_bound |= self.row == 0;
        (self.is_shared, self.format, self.in_cell) = (false, 0, true);
        for (name, value) in element.attributes() {
            match name {
                "r" if is_name(&value) => column = column_of(&value),
                "t" if matches!(&*value, "s" | "n" | "b") => self.is_shared = value == "s",
                "s" if value.parse::<usize>().is_ok() => self.format = value.parse().unwrap_or(0),
                _ => self.rest.value(name, &value),
            }
        }
        self.column = column.unwrap_or(self.column.saturating_add(1));
        self.value.clear();
        self.formula.clear();
        self.inline.clear();
    }

    fn text(&mut self, text: &str) {
        match self.slot {
            Slot::Value => self.value.push_str(text),
            Slot::Formula => self.formula.push_str(text),
            Slot::Inline => self.inline.push_str(text),
            Slot::None => self.rest.text(text),
        }
    }

    /// Adds a range of hidden columns, merged with the last one where they meet. Where there are too
    /// many ranges to keep, what lies between them counts as hidden too.
    fn hide_columns(&mut self, min: u32, max: u32) {
        let is_full = self.hidden_columns.len() >= HIDDEN_RANGES_MAX;
        match self.hidden_columns.last_mut() {
            Some(last) if is_full || (last.0 <= min && min <= last.1.saturating_add(1)) => {
                *last = (last.0.min(min), last.1.max(max));
            }
            _ => self.hidden_columns.push((min, max)),
        }
    }

    fn channel(&self, sheet: Channel, styles: &CellStyles) -> Channel {
        let is_hidden = |(min, max): &(u32, u32)| (*min..=*max).contains(&self.column);
        match sheet {
            Channel::Visible if self.is_row_hidden => Channel::HiddenRow,
            Channel::Visible if self.hidden_columns.iter().any(is_hidden) => Channel::HiddenColumn,
            Channel::Visible => styles.channel(self.format).unwrap_or(Channel::Visible),
            other => other,
        }
    }

    /// Hands on the texts of the cell that ends.
    fn close_cell(
        &mut self,
        sheet: Channel,
        styles: &CellStyles,
        block: &mut Block,
        strings: &[String],
    ) {
        self.is_bound |= !self.in_cell;
        self.in_cell = false;
        if self.value.is_empty() && self.formula.is_empty() && self.inline.is_empty() {
            return;
        }
        self.fill(styles);
        let channel = self.channel(sheet, styles);
        let place = Place { cell: (self.row, self.column), ..Place::of(channel) };
        block.push(place, &self.formula);
        block.push(place, &self.inline);
        let at = self.value.trim().parse::<usize>().ok().filter(|_| self.is_shared);
        match at.and_then(|at| strings.get(at).map(|text| (at, text))) {
            Some((at, text)) => {
                if self.shown.last() != Some(&at) {
                    self.shown.push(at);
                }
                block.push(place, text);
            }
            None => block.push(place, &self.value),
        }
    }
}

/// What a piece of a sheet holds, or all of it.
pub(super) struct Part {
    pub(super) block: Block,
    pub(super) cells: Cells,
    pub(super) walked: Walked,
}

impl Part {
    /// Reads a piece that so many elements are around, where some columns are hidden already.
    pub(super) fn of(
        sheet: &Sheet,
        common: Common<'_>,
        text: &str,
        around: usize,
        hidden_columns: &[(u32, u32)],
    ) -> Self {
        let mut block = Block::new(&sheet.part).with_sheet(&sheet.name);
        let mut cells = Cells { hidden_columns: hidden_columns.to_vec(), ..Cells::default() };
        let Common { styles, strings, .. } = common;
        let walked = walk_piece(text, around, |node| match node {
            Node::Open(element) => {
                cells.open(&element);
                if !cells.in_cell && TEXTS.contains(&element.name()) {
                    for (name, value) in element.attributes() {
                        block.field(Place::of(sheet.channel), name, &value);
                    }
                } else if element.name() != "c" {
                    cells.rest.element(&element);
                }
            }
            Node::Close("c") => cells.close_cell(sheet.channel, styles, &mut block, strings),
            Node::Close(_) => {
                cells.slot = Slot::None;
                cells.element.clear();
            }
            Node::Text(text) if cells.in_cell => cells.text(&text),
            Node::Text(text) => {
                let is_margin = cells.element == "oddHeader" || cells.element == "oddFooter";
                let channel = if is_margin { Channel::HeaderFooter } else { Channel::OtherPart };
                block.field(Place::of(channel), &cells.element, &text);
            }
            Node::Comment(text) => block.field(Place::of(Channel::OtherPart), "comment", &text),
        });
        Self { block, cells, walked }
    }

    #[cfg(test)]
    pub(super) fn located(&self) -> impl std::fmt::Debug {
        let text = self.block.text();
        let places: Vec<_> =
            (0..text.len()).map(|at| self.block.locate_range(&[], at, at)).collect();
        let Cells { filled_rows, filled_columns, unseen, shown, .. } = &self.cells;
        let shown: BTreeSet<_> = shown.iter().collect();
        let cells = format!("{filled_rows:?} {filled_columns:?} {unseen:?} {shown:?}");
        (text.to_owned(), places, cells, self.walked)
    }

    /// Columns that are hidden from here on.
    pub(super) fn hidden_columns(&self) -> &[(u32, u32)] {
        &self.cells.hidden_columns
    }

    /// Whether it was read to its end, and leaves no cell open there.
    pub(super) const fn is_closed(&self) -> bool {
        self.walked.is_read && !self.cells.in_cell
    }

    /// Whether it reads the same whatever rows stand before it, and tells nothing about later ones.
    pub(super) fn stands_alone(&self, hidden_columns: &[(u32, u32)]) -> bool {
        !self.cells.is_bound && self.cells.hidden_columns == hidden_columns
    }

    /// Adds what a later piece holds.
    pub(super) fn append(&mut self, later: Self) {
        self.block.append(&later.block);
        let (cells, later) = (&mut self.cells, later.cells);
        let is_same = cells.filled_rows.last() == later.filled_rows.first();
        cells.filled_rows.extend(later.filled_rows.into_iter().skip(usize::from(is_same)));
        cells.filled_columns.extend(later.filled_columns);
        for (channel, (cell, count)) in later.unseen {
            cells.unseen.entry(channel).or_insert((cell, 0)).1 += count;
        }
        cells.shown.extend(later.shown);
        cells.rest.append(later.rest);
    }
}

pub(super) fn read(
    scan: &mut Scan<'_>,
    site: &Site,
    sheet: &Sheet,
    text: &str,
    common: Common<'_>,
) {
    let Part { mut block, cells, walked } = rows::read(sheet, common, text);
    for at in &cells.shown {
        common.used[*at].store(true, Relaxed);
    }
    note_sheet(scan, site, sheet, &block, &cells);
    cells.rest.hand_on(&mut block, Channel::OtherPart);
    finish(scan, site, &block, &sheet.part, walked.is_read && walked.open == 0);
}

/// Notes what of a sheet is hidden.
fn note_sheet(scan: &mut Scan<'_>, site: &Site, sheet: &Sheet, block: &Block, cells: &Cells) {
    let hidden_sheet = match sheet.channel {
        Channel::HiddenSheet => Some(Notice::HiddenSheet),
        Channel::VeryHiddenSheet => Some(Notice::VeryHiddenSheet),
        _ => None,
    };
    if let Some(notice) = hidden_sheet {
        scan.notice_in(site, block, Place::default(), notice, &sheet.name);
    }
    let mut note = |notice: Notice, field: String, count: u64| {
        let mut location = block.locate(&site.path, Place::of(notice.channel()));
        location.field = Some(field);
        scan.notice(notice, location, "", count);
    };
    if let Some(first) = cells.filled_rows.first() {
        note(Notice::HiddenRow, first.to_string(), cells.filled_rows.len() as u64);
    }
    if let Some(first) = cells.filled_columns.first() {
        note(Notice::HiddenColumn, column_name(*first), cells.filled_columns.len() as u64);
    }
    for (channel, (cell, count)) in &cells.unseen {
        let notice = match channel {
            Channel::WhiteText => Notice::WhiteText,
            Channel::TinyText => Notice::TinyText,
            _ => Notice::HiddenText,
        };
        let place = Place { cell: *cell, ..Place::of(*channel) };
        scan.notice(notice, block.locate(&site.path, place), "", *count);
    }
}

/// Whether this is the name of a cell, such as `B7`, and nothing else.
fn is_name(value: &str) -> bool {
    let digits = value.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    (1..=LETTERS_MAX).contains(&(value.len() - digits.len()))
        && digits.parse::<u32>().is_ok_and(|row| row > 0)
}

/// Column of a cell's name, counted from 1.
pub(super) fn column_of(name: &str) -> Option<u32> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0_u32, |n, letter| n * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_hidden_columns_are_merged_and_bounded() {
        let (mut cells, styles) = (Cells::default(), CellStyles::default());
        cells.hide_columns(2, 3);
        cells.hide_columns(4, 5);
        cells.hide_columns(9, 9);
        assert_eq!(cells.hidden_columns, [(2, 5), (9, 9)]);
        (1..1000).for_each(|at| cells.hide_columns(at * 10, at * 10));
        assert_eq!(cells.hidden_columns.len(), HIDDEN_RANGES_MAX);
        cells.column = 9990;
        assert_eq!(cells.channel(Channel::Visible, &styles), Channel::HiddenColumn);
        cells.column = 7;
        assert_eq!(cells.channel(Channel::Visible, &styles), Channel::Visible);
    }

    #[test]
    fn columns_of_cells() {
        for (name, column) in
            [("A1", Some(1)), ("AA10", Some(27)), ("xfd3", Some(16_384)), ("7", None)]
        {
            assert_eq!(column_of(name), column, "{name}");
        }
    }
}
