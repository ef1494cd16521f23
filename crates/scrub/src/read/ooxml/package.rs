//! The parts of one document while it is read. Binary parts are handed on at once, so that only the
//! XML is kept.

use std::collections::BTreeMap;

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::read::xml::{Node, walk};
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Shorter runs of characters among the settings of a printer are numbers.
const PRINTER_CHARS_MIN: usize = 4;

/// XML parts that wait for their reader, by name.
#[derive(Default)]
pub(super) struct Package {
    parts: BTreeMap<String, String>,
}

/// A relation of a part to something.
pub(crate) struct Relation {
    pub(crate) id: String,
    /// Last word of the type, such as `hyperlink`.
    pub(crate) kind: String,
    pub(crate) target: String,
    pub(crate) is_external: bool,
}

impl Package {
    /// Takes a part: keeps it if it is XML, else deals with it.
    pub(super) fn add(&mut self, scan: &mut Scan<'_>, site: &Site, name: &str, content: Vec<u8>) {
        let lower = name.to_ascii_lowercase();
        let is_xml = lower.ends_with(".xml") || lower.ends_with(".rels") || lower.ends_with(".vml");
        if is_xml {
            let text = crate::text::decoded(content);
            self.parts.insert(name.to_owned(), text);
            return;
        }
        if lower.contains("printersettings") {
            return printer(scan, site, name, &content);
        }
        if lower.contains("thumbnail") {
            scan.notice_part(site, name, Notice::Thumbnail, "", 1);
            scan.file(&site.inner(name), &content);
        } else if lower.contains("vbaproject") || lower.contains("vbadata") {
            let before = scan.noted(Notice::Macro);
            scan.file(&site.inner(name), &content);
            // Its reader says so too, if it can be read.
            if scan.noted(Notice::Macro) == before {
                scan.notice_part(site, name, Notice::Macro, "", 1);
            }
        } else {
            if lower.contains("/embeddings/") || lower.contains("/activex/") {
                scan.notice_part(site, name, Notice::Embedded, "", 1);
            }
            scan.file(&site.inner(name), &content);
        }
    }

    /// Searches the names of the parts that wait.
    pub(super) fn search_names(&self, scan: &mut Scan<'_>, site: &Site) {
        let mut block = Block::whole();
        for name in self.parts.keys() {
            block.field(Place::of(Channel::FileName), "name", name);
        }
        scan.block(site, &block);
    }

    /// A part by name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parts.get(name).map(String::as_str)
    }

    /// Takes a part out by name.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.parts.remove(name)
    }

    /// Takes out all parts that begin so, in the order of their numbers.
    pub(super) fn take_all(&mut self, begin: &str) -> Vec<(String, String)> {
        let names = self.names(begin, ".xml").into_iter();
        names.filter_map(|name| self.take(&name).map(|text| (name, text))).collect()
    }

    /// A part that is still there.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.parts.get(name).map(String::as_str)
    }

    /// Names of the parts still there that begin and end so, in the order of their numbers.
    pub(super) fn names(&self, begin: &str, end: &str) -> Vec<String> {
        let fits = |name: &&String| name.starts_with(begin) && name.ends_with(end);
        let mut names: Vec<String> = self.parts.keys().filter(fits).cloned().collect();
        names.sort_by_key(|name| (number_of(name), name.clone()));
        names
    }

    /// Relations of a part.
    pub(super) fn relations(&self, part: &str) -> Vec<Relation> {
        let (folder, base) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}/_rels/{base}.rels");
        self.parts.get(name.trim_start_matches('/')).map_or_else(Vec::new, |text| relations(text))
    }
}

/// Settings of a printer: names in UTF-16 among numbers.
fn printer(scan: &mut Scan<'_>, site: &Site, name: &str, content: &[u8]) {
    let mut block = Block::new(name);
    let units = content.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or('\0')).collect();
    let words = text.split(|c: char| c.is_control() || ('\u{e000}'..='\u{f8ff}').contains(&c));
    for word in words.filter(|word| word.chars().count() >= PRINTER_CHARS_MIN) {
        block.push(Place::of(Channel::Metadata), word);
    }
    let first = block.text().lines().next().unwrap_or_default();
    scan.notice_part(site, name, Notice::PrinterSettings, first, 1);
    scan.block(site, &block);
}

/// Relations in the text of their part.
pub(crate) fn relations(text: &str) -> Vec<Relation> {
    let mut found = Vec::new();
    walk(text, |node| {
        let Node::Open(element) = node else { return };
        if element.name() != "Relationship" {
            return;
        }
        let get = |name: &str| element.get(name).unwrap_or_default();
        found.push(Relation {
            id: get("Id"),
            kind: get("Type").rsplit('/').next().unwrap_or_default().to_owned(),
            target: get("Target"),
            is_external: get("TargetMode") == "External",
        });
    });
    found
}

/// The last number in the name of a part: 12 of `ppt/slides/slide12.xml`.
pub(super) fn number_of(name: &str) -> u32 {
    let base = name.rsplit('/').next().unwrap_or(name);
    let digits: String = base.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// A target of a relation, from the folder of the part that has it.
pub(crate) fn resolve(part: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = part.split('/').collect();
    path.pop();
    for step in target.split('/') {
        match step {
            ".." => {
                path.pop();
            }
            "." | "" => {}
            _ => path.push(step),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_resolved_from_the_folder_of_their_part() {
        assert_eq!(resolve("xl/workbook.xml", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl/workbook.xml", "/xl/a.xml"), "xl/a.xml");
        assert_eq!(resolve("ppt/slides/a.xml", "../notes/b.xml"), "ppt/notes/b.xml");
        assert_eq!(resolve("a.xml", "../../b"), "b");
    }

    #[test]
    fn relations_tell_what_is_outside() {
        let text = "<Relationships><Relationship Id=\"r1\" Type=\"http://x/hyperlink\" \
            Target=\"file://srv/a\" TargetMode=\"External\"/></Relationships>";
        let found = relations(text);
        assert_eq!(found.len(), 1);
        assert!(found[0].is_external);
        assert_eq!((found[0].kind.as_str(), found[0].id.as_str()), ("hyperlink", "r1"));
        assert!(relations("<broken").is_empty());
        assert_eq!((number_of("ppt/slides/slide12.xml"), number_of("a.xml")), (12, 0));
    }
}
