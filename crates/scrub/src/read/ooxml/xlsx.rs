//! Excel workbooks: cells with their addresses, and what is hidden: sheets, rows, columns, names,
//! comments, connections and copies of source data.

use std::collections::{BTreeMap, BTreeSet};

use super::notice_part;
use super::package::{Package, resolve};
use super::parts::finish;
use crate::block::{Block, Place, column_name};
use crate::finding::Channel;
use crate::read::xml::{Element, Node, is_on, walk};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

const WORKBOOK: &str = "xl/workbook.xml";

/// Most ranges of hidden columns that are told apart.
const HIDDEN_RANGES_MAX: usize = 64;

/// A sheet as the workbook names it.
struct Sheet {
    name: String,
    part: String,
    channel: Channel,
}

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, package: &mut Package) {
    let sheets = workbook(scan, site, package);
    let strings = package.take("xl/sharedStrings.xml").map_or_else(Vec::new, |t| shared(&t));
    let mut used = vec![false; strings.len()];
    for sheet in &sheets {
        if let Some(text) = package.take(&sheet.part) {
            cells(scan, site, sheet, &text, &strings, &mut used);
        }
    }
    // Strings that no cell shows are left over from earlier states.
    let mut left = Block::new("xl/sharedStrings.xml");
    for text in strings.iter().zip(&used).filter(|(_, used)| !**used).map(|(text, _)| text) {
        left.push(Place::of(Channel::Cache), text);
    }
    if !left.is_empty() {
        notice_part(scan, site, "xl/sharedStrings.xml", Notice::Cache, left.text().trim(), 1);
    }
    scan.block(site, &left);
    for begin in ["xl/comments", "xl/threadedComments/", "xl/persons/"] {
        for name in package.names(begin, ".xml") {
            if let Some(text) = package.take(&name) {
                comments(scan, site, &name, &text);
            }
        }
    }
}

/// Sheets and defined names.
fn workbook(scan: &mut Scan<'_>, site: &Site, package: &mut Package) -> Vec<Sheet> {
    let relations = package.relations(WORKBOOK);
    let targets: BTreeMap<&str, &str> =
        relations.iter().map(|r| (r.id.as_str(), r.target.as_str())).collect();
    let Some(text) = package.take(WORKBOOK) else { return Vec::new() };
    let mut block = Block::new(WORKBOOK);
    let (mut sheets, mut defined, mut found) = (Vec::new(), None::<(String, String)>, Vec::new());
    let is_whole = walk(&text, |node| match node {
        Node::Open(element) => match element.name() {
            "sheet" => {
                let channel = match element.get("state").as_deref() {
                    Some("hidden") => Channel::HiddenSheet,
                    Some("veryHidden") => Channel::VeryHiddenSheet,
                    _ => Channel::Visible,
                };
                let id = element.get("id").unwrap_or_default();
                let target = targets.get(id.as_str()).copied();
                let name = element.get("name").unwrap_or_default();
                block.field(Place::of(channel), "sheet", &name);
                let part = resolve(WORKBOOK, target.unwrap_or_default());
                sheets.push(Sheet { name, part, channel });
            }
            "definedName" => {
                defined = Some((element.get("name").unwrap_or_default(), String::new()));
            }
            "fileSharing" | "absPath" => {
                for (name, value) in element.attributes() {
                    block.field(Place::of(Channel::Property), name, &value);
                    found.push((Notice::Property, value.into_owned()));
                }
            }
            _ => {}
        },
        Node::Close("definedName") => {
            if let Some((name, value)) = defined.take() {
                block.field(Place::of(Channel::DefinedName), &name, &format!("{name} {value}"));
                // Names of print areas and filters are made by the program.
                if !name.starts_with("_xlnm.") {
                    found.push((Notice::DefinedName, name));
                }
            }
        }
        Node::Text(text) => {
            if let Some((_, value)) = &mut defined {
                value.push_str(&text);
            }
        }
        Node::Close(_) | Node::Comment(_) => {}
    });
    for (notice, shown) in &found {
        notice_part(scan, site, WORKBOOK, *notice, shown, 1);
    }
    finish(scan, site, &block, WORKBOOK, is_whole);
    sheets
}

/// The strings that cells share. Readings aids (`rPh`) are part of them.
fn shared(text: &str) -> Vec<String> {
    let (mut strings, mut current, mut in_text) = (Vec::new(), String::new(), false);
    walk(text, |node| match node {
        Node::Open(element) if element.name() == "t" => in_text = true,
        Node::Close("t") => in_text = false,
        Node::Close("si") => strings.push(std::mem::take(&mut current)),
        Node::Text(text) if in_text => current.push_str(&text),
        _ => {}
    });
    strings
}

/// What is known while a sheet is read.
#[derive(Default)]
struct Cells {
    row: u32,
    column: u32,
    is_row_hidden: bool,
    hidden_columns: Vec<(u32, u32)>,
    kind: String,
    /// Texts of the open cell by the element that holds them.
    texts: BTreeMap<String, String>,
    element: String,
    /// Hidden rows and columns that have content; empty ones hide nothing.
    filled_rows: Vec<u32>,
    filled_columns: BTreeSet<u32>,
}

impl Cells {
    /// Takes note of a cell that has content.
    fn fill(&mut self) {
        match self.channel(Channel::Visible) {
            Channel::HiddenRow if self.filled_rows.last() != Some(&self.row) => {
                self.filled_rows.push(self.row);
            }
            Channel::HiddenColumn => drop(self.filled_columns.insert(self.column)),
            _ => {}
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        let number = |name: &str| element.get(name).and_then(|value| value.parse::<u32>().ok());
        match element.name() {
            "col" if element.get("hidden").is_some_and(|value| is_on(Some(&value))) => {
                let min = number("min").unwrap_or(1);
                self.hide_columns(min, number("max").unwrap_or(min).max(min));
            }
            "row" => {
                self.row = number("r").unwrap_or(self.row.saturating_add(1));
                self.column = 0;
                self.is_row_hidden = element.get("hidden").is_some_and(|v| is_on(Some(&v)));
            }
            "c" => {
                let named = element.get("r").and_then(|name| column_of(&name));
                self.column = named.unwrap_or(self.column.saturating_add(1));
                self.kind = element.get("t").unwrap_or_default();
                self.texts.clear();
            }
            name => self.element = name.to_owned(),
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

    fn channel(&self, sheet: Channel) -> Channel {
        let is_hidden = |(min, max): &(u32, u32)| (*min..=*max).contains(&self.column);
        match sheet {
            Channel::Visible if self.is_row_hidden => Channel::HiddenRow,
            Channel::Visible if self.hidden_columns.iter().any(is_hidden) => Channel::HiddenColumn,
            other => other,
        }
    }
}

fn cells(
    scan: &mut Scan<'_>,
    site: &Site,
    sheet: &Sheet,
    text: &str,
    strings: &[String],
    used: &mut [bool],
) {
    let mut block = Block::new(&sheet.part).with_sheet(&sheet.name);
    let mut cells = Cells::default();
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => {
            cells.open(&element);
            let is_text = matches!(element.name(), "hyperlink" | "dataValidation" | "inputCells");
            for (name, value) in element.attributes().filter(|_| is_text) {
                block.field(Place::of(sheet.channel), name, &value);
            }
        }
        Node::Close("c") => {
            let place = Place {
                cell: (cells.row, cells.column),
                ..Place::of(cells.channel(sheet.channel))
            };
            if !cells.texts.is_empty() {
                cells.fill();
            }
            for (element, value) in std::mem::take(&mut cells.texts) {
                let at = value
                    .trim()
                    .parse::<usize>()
                    .ok()
                    .filter(|_| element == "v" && cells.kind == "s");
                match at.and_then(|at| strings.get(at).map(|text| (at, text))) {
                    Some((at, text)) => {
                        used[at] = true;
                        block.push(place, text);
                    }
                    None => block.push(place, &value),
                }
            }
        }
        Node::Close(_) => cells.element.clear(),
        Node::Text(text) => {
            if cells.element == "oddHeader" || cells.element == "oddFooter" {
                block.field(Place::of(Channel::HeaderFooter), &cells.element, &text);
            } else if !text.trim().is_empty() {
                cells.texts.entry(cells.element.clone()).or_default().push_str(&text);
            }
        }
        Node::Comment(text) => block.field(Place::of(Channel::OtherPart), "comment", &text),
    });
    note_sheet(scan, site, sheet, &block, &cells);
    finish(scan, site, &block, &sheet.part, is_whole);
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
    if let Some(first) = cells.filled_rows.first() {
        let count = cells.filled_rows.len() as u64;
        note_hidden(scan, site, block, Notice::HiddenRow, &first.to_string(), count);
    }
    if let Some(first) = cells.filled_columns.first() {
        let count = cells.filled_columns.len() as u64;
        note_hidden(scan, site, block, Notice::HiddenColumn, &column_name(*first), count);
    }
}

/// Notes hidden rows or columns of a sheet once, with the first and how many.
fn note_hidden(
    scan: &mut Scan<'_>,
    site: &Site,
    block: &Block,
    notice: Notice,
    first: &str,
    count: u64,
) {
    let mut location = block.locate(&site.path, Place::of(notice.channel()));
    location.field = Some(first.to_owned());
    scan.notice(notice, location, "", count);
}

/// Column of a cell's name, counted from 1.
fn column_of(name: &str) -> Option<u32> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0_u32, |n, letter| n * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    (number > 0).then_some(number)
}

/// Comments with their authors, old and threaded, and the persons of threaded ones.
fn comments(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let mut block = Block::new(part);
    let (mut place, mut current, mut element) =
        (Place::of(Channel::Comment), String::new(), String::new());
    let (mut authors, mut found) = (Vec::new(), Vec::new());
    let is_whole = walk(text, |node| match node {
        Node::Open(open) => {
            element = open.name().to_owned();
            if matches!(open.name(), "comment" | "threadedComment") {
                let name = open.get("ref").unwrap_or_default();
                let row =
                    name.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().unwrap_or(0);
                place.cell = (row, column_of(&name).unwrap_or(0));
            }
            if open.name() == "person" {
                authors.extend(open.get("displayName"));
                open.attributes().for_each(|(n, v)| block.field(Place::of(Channel::Author), n, &v));
            }
        }
        Node::Close("comment" | "threadedComment") => {
            let text = std::mem::take(&mut current);
            block.push(place, &text);
            found.push((place, text));
        }
        Node::Close(_) => element.clear(),
        Node::Text(text) if element == "author" => {
            block.field(Place::of(Channel::Author), "author", &text);
            authors.push(text.into_owned());
        }
        Node::Text(text) => current.push_str(&text),
        Node::Comment(_) => {}
    });
    for (place, text) in &found {
        scan.notice_in(site, &block, *place, Notice::Comment, text.trim());
    }
    for author in &authors {
        notice_part(scan, site, part, Notice::Author, author, 1);
    }
    finish(scan, site, &block, part, is_whole);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_hidden_columns_are_merged_and_bounded() {
        let mut cells = Cells::default();
        cells.hide_columns(2, 3);
        cells.hide_columns(4, 5);
        cells.hide_columns(9, 9);
        assert_eq!(cells.hidden_columns, [(2, 5), (9, 9)]);
        (1..1000).for_each(|at| cells.hide_columns(at * 10, at * 10));
        assert_eq!(cells.hidden_columns.len(), HIDDEN_RANGES_MAX);
        cells.column = 9990;
        assert_eq!(cells.channel(Channel::Visible), Channel::HiddenColumn);
        cells.column = 7;
        assert_eq!(cells.channel(Channel::Visible), Channel::Visible);
    }

    #[test]
    fn columns_of_cells() {
        for (name, column) in
            [("A1", Some(1)), ("AA10", Some(27)), ("xfd3", Some(16_384)), ("7", None)]
        {
            assert_eq!(column_of(name), column, "{name}");
        }
    }

    #[test]
    fn shared_strings_join_their_runs() {
        let text = "<sst><si><t>a</t></si><si><r><t>b</t></r><r><t>c&amp;</t></r></si></sst>";
        assert_eq!(shared(text), ["a", "bc&"]);
    }
}
