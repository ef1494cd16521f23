//! Data about the document: the information dictionary and XMP (ISO 32000-2 §14.3).

use lopdf::{Dictionary, Object};

use super::Reading;
use super::document::{dict_of, get, text_of};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::xml::{Node, walk};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Fields that tell nothing about anybody.
const HARMLESS: [&str; 5] = ["CreationDate", "ModDate", "Trapped", "Producer", "Creator"];

/// Values that writers put where nobody gave one.
const EMPTY: [&str; 6] = ["untitled", "anonymous", "unspecified", "unknown", "(anonymous)", ""];

/// Elements of XMP that tell something about somebody.
const TELLING: [&str; 16] = [
    "creator",
    "title",
    "description",
    "subject",
    "Keywords",
    "Author",
    "rights",
    "contributor",
    "publisher",
    "Manager",
    "Company",
    "AuthorsPosition",
    "CaptionWriter",
    "Nickname",
    "changes",
    "filePath",
];

pub(super) fn read(scan: &mut Scan<'_>, reading: &Reading<'_>) {
    let doc = &reading.shared.pdf.doc;
    if let Some(info) = dict_of(doc, &doc.trailer, b"Info") {
        information(scan, reading, info);
    }
    let stream = doc.catalog().ok().and_then(|catalog| metadata(doc, catalog));
    if let Some(stream) = stream {
        let unpacked = reading.shared.pdf.unpack(stream);
        let is_whole = xmp(scan, reading.site, "XMP", &unpacked.content);
        let trouble = unpacked.trouble.or((!is_whole).then_some(Reason::Broken));
        if let Some(reason) = trouble {
            scan.refuse(reading.site, Some("XMP"), Kind::Xml, reason);
        }
    }
}

fn information(scan: &mut Scan<'_>, reading: &Reading<'_>, info: &Dictionary) {
    let doc = &reading.shared.pdf.doc;
    let mut block = Block::new("Info");
    for (key, value) in info.iter() {
        let Ok((_, Object::String(value, _))) = doc.dereference(value) else { continue };
        let (key, value) = (String::from_utf8_lossy(key), text_of(value));
        let place = Place::of(Channel::Property);
        block.field(place, &key, &value);
        let is_empty = EMPTY.contains(&value.trim().to_lowercase().as_str());
        if !HARMLESS.contains(&key.as_ref()) && !is_empty {
            let mut location = block.locate(&reading.site.path, place);
            location.field = Some(key.into_owned());
            scan.notice(Notice::Property, location, &value, 1);
        }
    }
    scan.block(reading.site, &block);
}

/// XMP of the document or of one of its parts; `false` if it is broken.
pub(super) fn xmp(scan: &mut Scan<'_>, site: &Site, part: &str, content: &[u8]) -> bool {
    let (text, _) = crate::text::decode(content);
    let mut block = Block::new(part);
    let place = Place::of(Channel::Property);
    let mut names: Vec<String> = Vec::new();
    let mut found: Vec<(String, String)> = Vec::new();
    let is_whole = walk(&text, |node| match node {
        Node::Open(element) => {
            names.push(element.name().to_owned());
            for (name, value) in element.attributes() {
                found.push((name.to_owned(), value.into_owned()));
            }
        }
        Node::Close(_) => {
            names.pop();
        }
        Node::Text(text) if !text.trim().is_empty() => {
            // Values stand in lists within the element that names them.
            let of_list = |name: &&String| !matches!(name.as_str(), "li" | "Seq" | "Bag" | "Alt");
            let name = names.iter().rev().find(of_list).cloned().unwrap_or_default();
            found.push((name, text.trim().to_owned()));
        }
        Node::Text(_) => {}
        Node::Comment(text) => block.field(place, "comment", &text),
    });
    for (name, value) in &found {
        block.field(place, name, value);
        let is_empty = EMPTY.contains(&value.trim().to_lowercase().as_str());
        if TELLING.contains(&name.as_str()) && !is_empty {
            let mut location = block.locate(&site.path, place);
            location.field = Some(name.clone());
            scan.notice(Notice::Property, location, value, 1);
        }
    }
    scan.block(site, &block);
    is_whole
}

/// Content of a metadata stream, if a dictionary has one.
pub(super) fn metadata<'d>(
    doc: &'d lopdf::Document,
    dict: &'d Dictionary,
) -> Option<&'d lopdf::Stream> {
    get(doc, dict, b"Metadata")?.as_stream().ok()
}
