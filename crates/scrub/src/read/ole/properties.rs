//! Property sets ([MS-OLEPS]): title, author, company, template, and properties of the user's own.

use std::collections::BTreeMap;

use super::le::{code_page, part as range, size_at, u8_at, u16_at, u32_at, utf16};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// `F29F85E0-4FF9-1068-AB91-08002B27B3D9`, as it stands in the file.
const SUMMARY: [u8; 16] = *b"\xe0\x85\x9f\xf2\xf9\x4f\x68\x10\xab\x91\x08\x00\x2b\x27\xb3\xd9";

/// `D5CDD502-2E9C-101B-9397-08002B2CF9AE`.
const DOCUMENT: [u8; 16] = *b"\x02\xd5\xcd\xd5\x9c\x2e\x1b\x10\x93\x97\x08\x00\x2b\x2c\xf9\xae";

/// Names of text properties of the first set, and of those that tell something.
const SUMMARY_NAMES: [(u32, &str); 10] = [
    (2, "title"),
    (3, "subject"),
    (4, "author"),
    (5, "keywords"),
    (6, "comments"),
    (7, "template"),
    (8, "last author"),
    (9, "revision"),
    (17, "thumbnail"),
    (18, "application"),
];

const DOCUMENT_NAMES: [(u32, &str); 10] = [
    (2, "category"),
    (3, "presentation target"),
    (12, "heading pairs"),
    (13, "titles of parts"),
    (14, "manager"),
    (15, "company"),
    (21, "links"),
    (26, "content type"),
    (27, "content status"),
    (29, "document version"),
];

/// Properties that tell nothing about anybody.
const HARMLESS: [&str; 8] = [
    "application",
    "revision",
    "presentation target",
    "heading pairs",
    "titles of parts",
    "content type",
    "document version",
    "_PID_GUID",
];

/// Most values of one set, and of a vector.
const VALUES_MAX: usize = 10_000;

/// Reads a stream of property sets; `false` if it is something else.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, part: &str, content: &[u8]) -> bool {
    if u16_at(content, 0) != Some(0xfffe) {
        return false;
    }
    let sets = size_at(content, 24).unwrap_or(0).min(8);
    let mut block = Block::new(part);
    for number in 0..sets {
        let at = 28 + number * 20;
        let Some(offset) = size_at(content, at + 16) else {
            scan.refuse(site, Some(part), Kind::Ole, Reason::Broken);
            break;
        };
        let set = Set::new(range(content, at, 16), range(content, offset, usize::MAX));
        for (name, value) in set.values() {
            one(scan, site, &mut block, &name, &value);
        }
    }
    scan.block(site, &block);
    true
}

/// Notes one property.
fn one(scan: &mut Scan<'_>, site: &Site, block: &mut Block, name: &str, value: &Value) {
    let text = match value {
        Value::Text(text) => text.trim_matches(['\0', ' ']),
        Value::Picture => {
            let location = block.locate(&site.path, Place::of(Channel::Thumbnail));
            return scan.notice(Notice::Thumbnail, location, "", 1);
        }
    };
    if text.is_empty() {
        return;
    }
    block.field(Place::of(Channel::Property), name, text);
    if HARMLESS.contains(&name) || (name == "template" && text.starts_with("Normal")) {
        return;
    }
    let notice = if name == "template" { Notice::Template } else { Notice::Property };
    let mut location = block.locate(&site.path, Place::of(notice.channel()));
    location.field = Some(name.to_owned());
    scan.notice(notice, location, text, 1);
}

/// What a property says.
enum Value {
    Text(String),
    Picture,
}

/// One property set.
struct Set<'b> {
    names: &'static [(u32, &'static str)],
    content: &'b [u8],
    page: u32,
    own: BTreeMap<u32, String>,
}

impl<'b> Set<'b> {
    fn new(format: &[u8], content: &'b [u8]) -> Self {
        let names: &[(u32, &str)] = match format {
            _ if format == SUMMARY => &SUMMARY_NAMES,
            _ if format == DOCUMENT => &DOCUMENT_NAMES,
            _ => &[],
        };
        let mut set = Self { names, content, page: 1252, own: BTreeMap::new() };
        let page =
            set.offsets().find(|(id, _)| *id == 1).and_then(|(_, at)| u16_at(content, at + 4));
        set.page = page.map_or(1252, u32::from);
        let dictionary = set.offsets().find(|(id, _)| *id == 0).map(|(_, at)| at);
        if let Some(at) = dictionary {
            set.own = set.dictionary(at);
        }
        set
    }

    /// Ids and offsets of the properties.
    fn offsets(&self) -> impl Iterator<Item = (u32, usize)> {
        let count = size_at(self.content, 4).unwrap_or(0).min(VALUES_MAX);
        let content = self.content;
        (0..count).map_while(move |number| {
            let at = 8 + number * 8;
            u32_at(content, at).zip(size_at(content, at + 4))
        })
    }

    /// Names that the user gave ([MS-OLEPS] §2.17).
    fn dictionary(&self, mut at: usize) -> BTreeMap<u32, String> {
        let count = size_at(self.content, at).unwrap_or(0).min(VALUES_MAX);
        let mut names = BTreeMap::new();
        at = at.saturating_add(4);
        for _ in 0..count {
            let Some((id, length)) = u32_at(self.content, at).zip(size_at(self.content, at + 4))
            else {
                break;
            };
            let is_wide = self.page == 1200;
            let length = if is_wide { length.saturating_mul(2) } else { length };
            let name = code_page(range(self.content, at + 8, length), self.page);
            names.insert(id, name.trim_end_matches('\0').to_owned());
            let padding = if is_wide { length.wrapping_neg() % 4 } else { 0 };
            at = at.saturating_add(8).saturating_add(length).saturating_add(padding);
        }
        names
    }

    fn values(&self) -> Vec<(String, Value)> {
        let (mut found, mut length) = (Vec::new(), 0);
        for (id, at) in self.offsets().filter(|(id, _)| *id > 1) {
            let known = self.names.iter().find(|(known, _)| *known == id);
            let own = self.own.get(&id).cloned();
            let name = own.or_else(|| known.map(|(_, name)| (*name).to_owned()));
            let name = name.unwrap_or_else(|| format!("property {id}"));
            // Properties that share their bytes could say the same over and over.
            if length > self.content.len().saturating_mul(2) {
                break;
            }
            for value in self.typed(at) {
                length += if let Value::Text(text) = &value { text.len() } else { 1 };
                found.push((name.clone(), value));
            }
        }
        found
    }

    /// A typed value ([MS-OLEPS] §2.15), or several of a vector. Numbers and dates tell nothing.
    fn typed(&self, at: usize) -> Vec<Value> {
        const VECTOR: u16 = 0x1000;
        let Some(kind) = u16_at(self.content, at) else { return Vec::new() };
        let at = at + 4;
        if kind & VECTOR == 0 {
            return self
                .scalar(kind, at)
                .map_or_else(Vec::new, |(value, _)| value.into_iter().collect());
        }
        let count = size_at(self.content, at).unwrap_or(0).min(VALUES_MAX);
        let (mut found, mut at) = (Vec::new(), at + 4);
        for _ in 0..count {
            let mut inner = kind & !VECTOR;
            if inner == 0x0c {
                // A variant has a type of its own.
                let Some(own) = u16_at(self.content, at) else { break };
                (inner, at) = (own, at + 4);
            }
            let Some((value, length)) = self.scalar(inner, at) else { break };
            found.extend(value);
            at = at.saturating_add(length);
        }
        found
    }

    /// A value, if it is text or a picture, and its length.
    fn scalar(&self, kind: u16, at: usize) -> Option<(Option<Value>, usize)> {
        let content = self.content;
        let padded = |length: usize| length.saturating_add(length.wrapping_neg() % 4);
        Some(match kind {
            2 | 3 | 0x0b | 0x13 | 0x16 | 0x17 => (None, 4),
            5 | 0x14 | 0x15 | 0x40 => (None, 8),
            0x1e => {
                let length = size_at(content, at)?;
                let text = code_page(range(content, at + 4, length), self.page);
                (Some(Value::Text(text)), padded(length).saturating_add(4))
            }
            0x1f => {
                let length = size_at(content, at)?.saturating_mul(2);
                let text = utf16(range(content, at + 4, length));
                (Some(Value::Text(text)), padded(length).saturating_add(4))
            }
            0x41 => {
                // Links stand in a blob, as a vector of variants with text among them.
                let length = size_at(content, at)?;
                let runs = crate::read::strings::runs(range(content, at + 4, length));
                let text: Vec<String> = runs.into_iter().map(|run| run.text).collect();
                (Some(Value::Text(text.join("\n"))), padded(length).saturating_add(4))
            }
            0x47 => {
                let length = size_at(content, at)?;
                u8_at(content, at.saturating_add(4))?;
                ((length > 16).then_some(Value::Picture), padded(length).saturating_add(4))
            }
            _ => return None,
        })
    }
}

/// Notes that a part names where the document was kept.
pub(super) fn history(scan: &mut Scan<'_>, site: &Site, part: &str, saved: &[(String, String)]) {
    let mut block = Block::new(part);
    for (author, path) in saved {
        block.field(Place::of(Channel::Author), "saved by", author);
        block.field(Place::of(Channel::Metadata), "saved as", path);
        scan.notice_part(site, part, Notice::SaveHistory, &format!("{author} {path}"), 1);
    }
    scan.block(site, &block);
}
