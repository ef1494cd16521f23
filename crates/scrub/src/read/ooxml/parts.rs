//! Parts that all Office documents have in common, and those that nobody knows.

use super::package::{Package, Relation, relations};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::rest::Rest;
use crate::read::xml::{Node, walk};
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Properties that tell nothing about anybody.
const HARMLESS: [&str; 34] = [
    "Application",
    "AppVersion",
    "Characters",
    "CharactersWithSpaces",
    "DocSecurity",
    "HiddenSlides",
    "HyperlinksChanged",
    "Lines",
    "LinksUpToDate",
    "MMClips",
    "Notes",
    "Pages",
    "Paragraphs",
    "PresentationFormat",
    "ScaleCrop",
    "SharedDoc",
    "Slides",
    "TotalTime",
    "Words",
    "created",
    "modified",
    "revision",
    "lastPrinted",
    "vector",
    "variant",
    "lpstr",
    "i4",
    "TitlesOfParts",
    "HeadingPairs",
    "language",
    "version",
    "bool",
    "Properties",
    "coreProperties",
];

/// Reads all parts that are left, beside `meanwhile`, whose findings come first.
pub(super) fn read(
    scan: &mut Scan<'_>,
    site: &Site,
    package: &mut Package,
    meanwhile: impl FnOnce(&mut Scan<'_>),
) {
    let names = package.names("", "").into_iter();
    let all: Vec<(String, String)> =
        names.filter_map(|name| package.take(&name).map(|text| (name, text))).collect();
    scan.side_by_side(&all, |scan, (name, text)| one(scan, site, name, text), meanwhile);
}

fn one(scan: &mut Scan<'_>, site: &Site, name: &str, text: &str) {
    let lower = name.to_ascii_lowercase();
    if lower.ends_with(".rels") {
        let block = links(scan, site, name, &relations(text));
        any(scan, site, block, text, Channel::OtherPart);
        return;
    }
    match lower.as_str() {
        "docprops/core.xml" | "docprops/app.xml" | "docprops/custom.xml" => {
            properties(scan, site, name, text);
        }
        _ => {
            let (channel, notice) = standing_of(&lower);
            if let Some(notice) = notice.filter(|n| *n != Notice::CustomXml || has_content(text)) {
                scan.notice_part(site, name, notice, "", 1);
            }
            generic(scan, site, name, text, channel);
        }
    }
}

/// Where the text of an unknown part stands, and what is to be said about the part.
fn standing_of(name: &str) -> (Channel, Option<Notice>) {
    let is_data =
        name.starts_with("customxml/") && !name.contains("itemprops") && !name.contains("_rels");
    if is_data {
        return (Channel::CustomXml, Some(Notice::CustomXml));
    }
    if name.contains("pivotcache/") || name.contains("externallinks/") {
        return (Channel::Cache, Some(Notice::Cache));
    }
    if name.contains("/charts/") || name.contains("/querytables/") {
        return (Channel::Cache, None);
    }
    if name.ends_with("connections.xml") {
        return (Channel::Connection, Some(Notice::Connection));
    }
    (Channel::OtherPart, None)
}

/// Whether there is more than an empty element, as Word leaves behind for lists of sources.
fn has_content(text: &str) -> bool {
    let (mut elements, mut has_text) = (0, false);
    let is_whole = walk(text, |node| match node {
        Node::Open(_) => elements += 1,
        Node::Text(text) => has_text |= !text.trim().is_empty(),
        Node::Close(_) | Node::Comment(_) => {}
    });
    !is_whole || has_text || elements > 1
}

/// Targets outside the document.
fn links(scan: &mut Scan<'_>, site: &Site, part: &str, relations: &[Relation]) -> Block {
    let mut block = Block::new(part);
    for relation in relations.iter().filter(|relation| relation.is_external) {
        let is_template = relation.kind == "attachedTemplate";
        let notice = if is_template { Notice::Template } else { Notice::ExternalLink };
        let place = Place::of(notice.channel());
        block.field(place, &relation.kind, &relation.target);
        // Links to public pages are ordinary; whatever else is linked is not.
        let is_page = relation.kind == "hyperlink"
            && (relation.target.starts_with("http") || relation.target.starts_with("mailto:"));
        if !is_page {
            let mut location = block.locate(&site.path, place);
            location.field = Some(relation.kind.clone());
            scan.notice(notice, location, &relation.target, 1);
        }
    }
    block
}

/// Core, app and custom properties: each one with a value that may tell something is noted.
fn properties(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str) {
    let mut block = Block::new(part);
    let mut names: Vec<String> = Vec::new();
    let (mut found, mut rest) = (Vec::<(String, String)>::new(), Rest::default());
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => {
            rest.element(&element);
            let custom = (element.name() == "property").then(|| element.get("name")).flatten();
            names.push(custom.unwrap_or_else(|| element.name().to_owned()));
        }
        Node::Close(_) => {
            names.pop();
        }
        Node::Text(text) if !text.trim().is_empty() => {
            // The value of a custom property stands in an element named after its type.
            let is_custom = part.to_ascii_lowercase().ends_with("custom.xml");
            let name = if is_custom { names.get(1) } else { names.last() };
            let name = name.cloned().unwrap_or_default();
            match found.last_mut().filter(|(last, _)| *last == name && name != "lpstr") {
                Some((_, value)) => value.push_str(&text),
                None => found.push((name, text.into_owned())),
            }
        }
        Node::Text(_) => {}
        Node::Comment(text) => found.push(("comment".to_owned(), text.into_owned())),
    });
    for (name, value) in &found {
        block.field(Place::of(Channel::Property), name, value);
        let is_template = name == "Template";
        let is_usual = HARMLESS.contains(&name.as_str())
            || (is_template && matches!(value.as_str(), "Normal" | "Normal.dot" | "Normal.dotm"));
        if !is_usual {
            let notice = if is_template { Notice::Template } else { Notice::Property };
            let mut location = block.locate(&site.path, Place::of(notice.channel()));
            location.field = Some(name.clone());
            scan.notice(notice, location, value, 1);
        }
    }
    rest.hand_on(&mut block, Channel::Property);
    finish(scan, site, &block, part, is_whole);
}

/// Any XML: all its text, values of attributes and comments.
pub(super) fn generic(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str, channel: Channel) {
    any(scan, site, Block::new(part), text, channel);
}

/// Any XML, in a block that may have something of the part already.
fn any(scan: &mut Scan<'_>, site: &Site, mut block: Block, text: &str, channel: Channel) {
    let (place, mut rest, mut pending) = (Place::of(channel), Rest::default(), String::new());
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => {
            block.push(place, &std::mem::take(&mut pending));
            rest.element(&element);
            // The author of the data chose the names in them.
            if channel == Channel::CustomXml {
                rest.value("element", element.name());
            }
        }
        Node::Close(_) => block.push(place, &std::mem::take(&mut pending)),
        Node::Text(text) => pending.push_str(&text),
        Node::Comment(text) => block.field(place, "comment", &text),
    });
    block.push(place, &pending);
    rest.hand_on(&mut block, channel);
    let part = block.part().to_owned();
    finish(scan, site, &block, &part, is_whole);
}

/// Searches the text of a part and says if the part is broken.
pub(super) fn finish(scan: &mut Scan<'_>, site: &Site, block: &Block, part: &str, is_whole: bool) {
    scan.block(site, block);
    if !is_whole {
        scan.refuse(site, Some(part), Kind::Xml, Reason::Broken);
    }
}
