//! Excel workbooks: cells with their addresses, and what is hidden: sheets, rows, columns, names,
//! comments, connections and copies of source data.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::cell_styles::CellStyles;
use super::cells::{self, Common, column_of};
use super::package::{Package, resolve};
use super::parts::finish;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::rest::Rest;
use crate::read::xml::{Node, walk};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

const WORKBOOK: &str = "xl/workbook.xml";

/// A sheet as the workbook names it.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) channel: Channel,
}

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, package: &mut Package) {
    let sheets = workbook(scan, site, package);
    let mut rest = Rest::default();
    let (strings, is_whole) = package
        .take("xl/sharedStrings.xml")
        .map_or_else(|| (Vec::new(), true), |text| shared(&text, &mut rest));
    if !is_whole {
        scan.refuse(site, Some("xl/sharedStrings.xml"), Kind::Xml, Reason::Broken);
    }
    let styles = package.get("xl/styles.xml").map_or_else(CellStyles::default, CellStyles::of);
    let used: Vec<AtomicBool> = strings.iter().map(|_| AtomicBool::new(false)).collect();
    let common = Common { styles: &styles, strings: &strings, used: &used };
    let texts = sheets.iter().filter_map(|sheet| Some((sheet, package.take(&sheet.part)?)));
    let texts: Vec<(&Sheet, String)> = texts.collect();
    let read = |scan: &mut Scan<'_>, (sheet, text): &(&Sheet, String)| {
        cells::read(scan, site, sheet, text, common);
    };
    scan.side_by_side(&texts, read, |_| {});
    drop(texts);
    // Strings that no cell shows are left over from earlier states.
    let mut left = Block::new("xl/sharedStrings.xml");
    for text in
        strings.iter().zip(&used).filter(|(_, used)| !used.load(Relaxed)).map(|(text, _)| text)
    {
        left.push(Place::of(Channel::Cache), text);
    }
    if !left.is_empty() {
        scan.notice_part(site, "xl/sharedStrings.xml", Notice::Cache, left.text().trim(), 1);
    }
    rest.hand_on(&mut left, Channel::OtherPart);
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
    let mut rest = Rest::default();
    let is_whole = walk(&text, |node| match (node, &mut defined) {
        (Node::Text(text), Some((_, value))) => value.push_str(&text),
        (Node::Close("definedName"), _) => {
            if let Some((name, value)) = defined.take() {
                let place = Place::of(Channel::DefinedName);
                block.field(place, "name", &name);
                block.field(place, &name, &value);
                // Names of print areas and filters are made by the program.
                if !name.starts_with("_xlnm.") {
                    found.push((Notice::DefinedName, name));
                }
            }
        }
        (node, _) => {
            let Some(element) = rest.node(node) else { return };
            match element.name() {
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
            }
        }
    });
    for (notice, shown) in &found {
        scan.notice_part(site, WORKBOOK, *notice, shown, 1);
    }
    rest.hand_on(&mut block, Channel::OtherPart);
    finish(scan, site, &block, WORKBOOK, is_whole);
    sheets
}

/// The strings that cells share, with their reading aids (`rPh`), and whether all of them could be
/// read.
fn shared(text: &str, rest: &mut Rest) -> (Vec<String>, bool) {
    let (mut strings, mut current, mut in_text) = (Vec::new(), String::new(), false);
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => {
            in_text = element.name() == "t";
            rest.element(&element);
        }
        Node::Close("t") => in_text = false,
        Node::Close("si") => strings.push(std::mem::take(&mut current)),
        Node::Text(text) if in_text => current.push_str(&text),
        Node::Close(_) => {}
        node => {
            rest.node(node);
        }
    });
    (strings, is_whole)
}

/// Comments with their authors, old and threaded, and the persons of threaded ones.
fn comments(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let mut block = Block::new(part);
    let (mut place, mut current, mut element) =
        (Place::of(Channel::Comment), String::new(), String::new());
    let (mut authors, mut found, mut rest) = (Vec::new(), Vec::new(), Rest::default());
    let is_whole = walk(text, |node| match node {
        Node::Open(open) => {
            element = open.name().to_owned();
            rest.element(&open);
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
        Node::Comment(text) => rest.value("comment", &text),
    });
    block.push(place, &current);
    rest.hand_on(&mut block, Channel::OtherPart);
    for (place, text) in &found {
        scan.notice_in(site, &block, *place, Notice::Comment, text.trim());
    }
    for author in &authors {
        scan.notice_part(site, part, Notice::Author, author, 1);
    }
    finish(scan, site, &block, part, is_whole);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_strings_join_their_runs() {
        let text = "<sst><si><t>a</t></si><si><r><t>b</t></r><r><t>c&amp;</t></r></si></sst>";
        let (strings, is_whole) = shared(text, &mut Rest::default());
        assert_eq!((strings, is_whole), (vec!["a".to_owned(), "bc&".to_owned()], true));
        assert!(!shared("<sst><si><t>a</t></si><si><t>b</x", &mut Rest::default()).1);
    }
}
