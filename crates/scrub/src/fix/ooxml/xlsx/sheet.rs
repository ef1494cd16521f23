//! One sheet: cells of hidden rows and columns go, formulas that refer to what is gone become values.

use std::collections::{BTreeMap, BTreeSet};

use super::formula::{cell_of, range_of};
use super::{Book, Tally, drop_counted};
use crate::finding::Channel;
use crate::fix::ooxml::edit::{Edits, Step, steps};
use crate::read::ooxml::cells::is_unseen;
use crate::read::xml::Element;
use crate::report::Reason;

/// Elements that go with all they hold, and what they are.
const DROPPED: [(&str, Channel); 9] = [
    ("scenarios", Channel::HiddenText),
    ("customSheetViews", Channel::Author),
    ("webPublishItems", Channel::Property),
    ("customProperties", Channel::CustomXml),
    ("cellWatches", Channel::OtherPart),
    ("dataConsolidate", Channel::ExternalLink),
    ("protectedRanges", Channel::Author),
    ("smartTags", Channel::CustomXml),
    ("revisionPtr", Channel::RevisionId),
];

/// Cells of a sheet that go.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// Rows and columns that are hidden, as ranges in their order.
    rows: Vec<(u32, u32)>,
    columns: Vec<(u32, u32)>,
    /// First cells of merged ranges that are seen in part.
    anchors: BTreeSet<(u32, u32)>,
    /// Rows and columns that lose a cell.
    lost_rows: Vec<(u32, u32)>,
    lost_columns: BTreeSet<u32>,
}

/// Whether one of some ranges in their order meets another.
fn any_meets(ranges: &[(u32, u32)], range: (u32, u32)) -> bool {
    let at = ranges.partition_point(|known| known.1 < range.0);
    ranges.get(at).is_some_and(|known| known.0 <= range.1)
}

fn extend(ranges: &mut Vec<(u32, u32)>, row: u32) {
    match ranges.last_mut() {
        Some(last) if last.1 == row => {}
        Some(last) if last.1.saturating_add(1) == row => last.1 = row,
        _ => ranges.push((row, row)),
    }
}

impl Hidden {
    /// Whether nothing goes.
    pub(super) fn is_empty(&self) -> bool {
        self.lost_rows.is_empty() && self.lost_columns.is_empty()
    }

    /// What goes of a range of cells.
    pub(super) fn meets(&self, rows: (u32, u32), columns: (u32, u32)) -> Option<Channel> {
        if any_meets(&self.lost_rows, rows) {
            return Some(Channel::HiddenRow);
        }
        let column = self.lost_columns.range(columns.0..=columns.1.max(columns.0)).next();
        column.map(|_| Channel::HiddenColumn)
    }

    /// What a cell is hidden by.
    fn of(&self, (row, column): (u32, u32)) -> Option<Channel> {
        let channel = if any_meets(&self.rows, (row, row)) {
            Channel::HiddenRow
        } else if any_meets(&self.columns, (column, column)) {
            Channel::HiddenColumn
        } else {
            return None;
        };
        (!self.anchors.contains(&(row, column))).then_some(channel)
    }

    fn note(&mut self, element: &Element<'_>, row: u32, merged: &mut Vec<(u32, u32, u32, u32)>) {
        let number = |name: &str| element.get(name).and_then(|value| value.parse::<u32>().ok());
        match element.name() {
            "row" if is_unseen(element) => extend(&mut self.rows, row),
            "col" if is_unseen(element) => {
                let min = number("min").unwrap_or(1);
                self.columns.push((min, number("max").unwrap_or(min).max(min)));
            }
            "mergeCell" => {
                let range = element.get("ref").and_then(|range| range_of(&range));
                merged.extend(range.map(|(rows, columns)| (rows.0, rows.1, columns.0, columns.1)));
            }
            _ => {}
        }
    }
}

/// Follows rows and cells, which may say where they are or follow the last.
#[derive(Clone, Copy, Default)]
struct Cursor {
    row: u32,
    column: u32,
}

impl Cursor {
    fn open(&mut self, element: &Element<'_>) {
        match element.name() {
            "row" => {
                let row = element.get("r").and_then(|row| row.parse().ok());
                self.row = row.unwrap_or(self.row.saturating_add(1));
                self.column = 0;
            }
            "c" => {
                let cell = element.get("r").and_then(|name| cell_of(&name));
                self.column = cell.map_or(self.column.saturating_add(1), |(_, column)| column);
            }
            _ => {}
        }
    }

    const fn cell(self) -> (u32, u32) {
        (self.row, self.column)
    }
}

/// What is hidden in a sheet; notes the shared strings that stay in use.
pub(super) fn hidden(text: &str, used: &mut BTreeSet<usize>) -> Result<Hidden, Reason> {
    let mut hidden = Hidden::default();
    let (mut merged, mut cursor) = (Vec::new(), Cursor::default());
    if text.contains("hidden=") || text.contains("ht=") || text.contains("width=") {
        steps(text, |step| {
            if let Step::Open(element, _) = step {
                cursor.open(element);
                hidden.note(element, cursor.row, &mut merged);
            }
        })?;
    }
    hidden.columns.sort_unstable();
    hidden.rows.sort_unstable();
    for (top, bottom, left, right) in merged {
        let is_row_seen = (top..=bottom).any(|row| !any_meets(&hidden.rows, (row, row)));
        let is_column_seen = (left..=right).any(|c| !any_meets(&hidden.columns, (c, c)));
        if is_row_seen && is_column_seen {
            hidden.anchors.insert((top, left));
        }
    }
    find_lost(text, &mut hidden, used)?;
    Ok(hidden)
}

fn find_lost(text: &str, hidden: &mut Hidden, used: &mut BTreeSet<usize>) -> Result<(), Reason> {
    let (mut cursor, mut is_string, mut in_value) = (Cursor::default(), false, false);
    let (mut value, mut has_content) = (String::new(), false);
    steps(text, |step| match step {
        Step::Open(element, _) => {
            cursor.open(element);
            match element.name() {
                "c" => {
                    is_string = element.get("t").as_deref() == Some("s");
                    has_content = false;
                    value.clear();
                }
                "v" => in_value = true,
                _ => {}
            }
        }
        Step::Text(piece) => {
            has_content = true;
            if in_value && is_string {
                value.push_str(&piece);
            }
        }
        Step::Close("v", _) => in_value = false,
        Step::Close("c", _) => match hidden.of(cursor.cell()) {
            Some(Channel::HiddenRow) if has_content => extend(&mut hidden.lost_rows, cursor.row),
            Some(_) if has_content => drop(hidden.lost_columns.insert(cursor.column)),
            Some(_) => {}
            None => used.extend(value.trim().parse::<usize>().ok()),
        },
        Step::Close(_, _) => {}
    })?;
    hidden.lost_rows.sort_unstable();
    Ok(())
}

/// What is known while a sheet is edited.
struct Editor<'e> {
    book: &'e Book,
    own: usize,
    edits: &'e mut Edits,
    tally: &'e mut Tally,
    cursor: Cursor,
    cell: usize,
    is_cell_gone: bool,
    /// The formula that is open: its number and group.
    formula: Option<(usize, Option<String>)>,
    text: String,
    /// Formulas of each group that share one, and the groups that become values.
    groups: BTreeMap<String, Vec<usize>>,
    gone_groups: BTreeSet<String>,
    /// Elements that go if a formula in them refers to what is gone.
    holders: Vec<(usize, bool)>,
}

/// Elements that are of no use without the formula in them.
const HOLDERS: [&str; 4] = ["dataValidation", "cfRule", "ext", "hyperlink"];

pub(super) fn edit(
    book: &Book,
    own: usize,
    text: &str,
    edits: &mut Edits,
    tally: &mut Tally,
) -> Result<(), Reason> {
    let mut editor = Editor {
        book,
        own,
        edits,
        tally,
        cursor: Cursor::default(),
        cell: 0,
        is_cell_gone: false,
        formula: None,
        text: String::new(),
        groups: BTreeMap::new(),
        gone_groups: BTreeSet::new(),
        holders: Vec::new(),
    };
    steps(text, |step| match step {
        Step::Open(element, at) => editor.open(element, at),
        Step::Text(piece) => editor.text.push_str(&piece),
        Step::Close(name, span) => editor.close(name, span.at),
    })?;
    for group in &editor.gone_groups {
        for at in editor.groups.get(group).into_iter().flatten() {
            editor.edits.drop(*at);
        }
    }
    Ok(())
}

impl Editor<'_> {
    fn open(&mut self, element: &Element<'_>, at: usize) {
        let name = element.name();
        self.cursor.open(element);
        self.text.clear();
        match name {
            "c" => {
                let hidden = self.book.sheets[self.own].hidden.of(self.cursor.cell());
                self.is_cell_gone = hidden.is_some();
                self.cell = at;
                if let Some(channel) = hidden {
                    drop_counted(self.edits, self.tally, at, channel);
                }
            }
            "f" => {
                let is_shared = element.get("t").as_deref() == Some("shared");
                self.formula = Some((at, element.get("si").filter(|_| is_shared)));
            }
            _ => {}
        }
        if HOLDERS.contains(&name) {
            let place = element.get("location").unwrap_or_default();
            let cells = element.get("ref").and_then(|range| range_of(&range));
            let hidden = &self.book.sheets[self.own].hidden;
            let is_hidden = cells.is_some_and(|(rows, columns)| {
                name == "hyperlink" && hidden.meets(rows, columns).is_some()
            });
            let is_gone = is_hidden || self.book.is_gone(&place, Some(self.own));
            self.holders.push((at, is_gone));
        }
        if matches!(name, "slicerList" | "timelineRefs" | "slicer") {
            self.holders.iter_mut().for_each(|holder| holder.1 = true);
        }
        if let Some((_, channel)) = DROPPED.iter().find(|(known, _)| *known == name) {
            drop_counted(self.edits, self.tally, at, *channel);
        }
    }

    fn close(&mut self, name: &str, at: usize) {
        match name {
            "f" if self.holders.is_empty() => self.close_formula(),
            "f" | "formula" | "formula1" | "formula2" | "sqref" => {
                self.formula = None;
                let text = std::mem::take(&mut self.text);
                if name != "sqref" && self.book.is_gone(&text, Some(self.own)) {
                    self.holders.iter_mut().for_each(|holder| holder.1 = true);
                }
            }
            _ if HOLDERS.contains(&name) && self.holders.pop().is_some_and(|holder| holder.1) => {
                drop_counted(self.edits, self.tally, at, Channel::OtherPart);
            }
            _ => {}
        }
        self.text.clear();
    }

    fn close_formula(&mut self) {
        let Some((at, group)) = self.formula.take() else { return };
        let text = std::mem::take(&mut self.text);
        let is_gone = match &group {
            None => self.book.is_gone(&text, Some(self.own)),
            Some(_) if text.trim().is_empty() => false,
            Some(_) => self.is_cell_gone || self.book.may_be_gone(&text, self.own),
        };
        if let Some(group) = group {
            self.groups.entry(group.clone()).or_default().push(at);
            if is_gone {
                self.gone_groups.insert(group);
            }
        } else if is_gone {
            self.edits.drop(at);
        }
        if is_gone && !self.is_cell_gone {
            self.edits.attribute(self.cell, "cm", None);
            self.tally.add(Channel::OtherPart, 1);
        }
    }
}
