//! OpenDocument (ISO/IEC 26300, OASIS 1.3): texts, sheets and presentations, as packages or as one
//! flat XML file.

pub(crate) mod story;
pub(crate) mod styles;

use std::collections::BTreeMap;

use super::rest::Rest;
use super::xml::{Node, walk};
use super::zip::{Archive, unpack};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};
use styles::Styles;

/// Reads all parts of a package.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, archive: &mut Archive<'_>) {
    let mut parts = BTreeMap::new();
    for at in 0..archive.len() {
        let entry = unpack(scan, archive, at);
        match entry.content {
            Ok(None) => {}
            Ok(Some(content)) => {
                parts.insert(entry.name, content);
            }
            Err(Reason::TooManyEntries) => {
                scan.refuse(site, None, Kind::OpenDocument, Reason::TooManyEntries);
                break;
            }
            Err(reason) => scan.refuse(site, Some(&entry.name), Kind::Unknown, reason),
        }
    }
    let manifest = parts.get("META-INF/manifest.xml").cloned().unwrap_or_default();
    if is_sealed(&crate::text::decode(&manifest).0) {
        return scan.refuse(site, None, Kind::OpenDocument, Reason::Encrypted);
    }
    for (name, content) in parts {
        part(scan, site, &name, &content);
    }
}

/// Reads a document that is one XML file.
pub(super) fn flat(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let (text, encoding) = crate::text::decode(bytes);
    scan.was_read(site, Kind::OpenDocument, bytes, Some(encoding));
    story::read(scan, site, "document", &text, &Styles::new(&text));
}

/// Whether a manifest says that parts are encrypted.
pub(crate) fn is_sealed(manifest: &str) -> bool {
    let mut is_sealed = false;
    walk(manifest, |node| {
        is_sealed |= matches!(&node, Node::Open(element) if element.name() == "encryption-data");
    });
    is_sealed
}

fn part(scan: &mut Scan<'_>, site: &Site, name: &str, content: &[u8]) {
    let base = name.rsplit('/').next().unwrap_or(name);
    let folder = name.split('/').next().unwrap_or(name);
    let text = || crate::text::decode(content).0.into_owned();
    let mut seen = |notice| note(scan, site, name, notice, "");
    match (folder, base) {
        (_, "") => {}
        (_, "mimetype") => {
            let mut block = Block::new(name);
            block.field(Place::of(Channel::OtherPart), "mimetype", &text());
            scan.block(site, &block);
        }
        ("Thumbnails", _) => {
            seen(Notice::Thumbnail);
            scan.file(&site.inner(name), content);
        }
        ("Versions", _) => {
            seen(Notice::Version);
            scan.file(&site.inner(name), content);
        }
        (_, "VersionList.xml") => {
            seen(Notice::Version);
            generic(scan, site, name, &text(), Channel::Version);
        }
        ("Basic" | "Scripts", _) => {
            // Every document has an index of macros, and most of them have none.
            if !base.starts_with("script-l") && !base.starts_with("dialog-l") {
                seen(Notice::Macro);
            }
            if base.ends_with(".xml") {
                generic(scan, site, name, &text(), Channel::Macro);
            } else {
                scan.file(&site.inner(name), content);
            }
        }
        ("META-INF", _) if base.contains("signatures") => {
            seen(Notice::Signature);
            generic(scan, site, name, &text(), Channel::Metadata);
        }
        (_, "content.xml" | "styles.xml" | "meta.xml" | "settings.xml") => {
            if folder != base && base == "content.xml" {
                seen(Notice::Embedded);
            }
            let text = text();
            story::read(scan, site, name, &text, &Styles::new(&text));
        }
        _ if base.ends_with(".xml") || base.ends_with(".rdf") => {
            generic(scan, site, name, &text(), Channel::OtherPart);
        }
        _ => scan.file(&site.inner(name), content),
    }
}

/// Notes something about a part as a whole.
fn note(scan: &mut Scan<'_>, site: &Site, part: &str, notice: Notice, shown: &str) {
    scan.notice_part(site, part, notice, shown, 1);
}

/// Any XML: all its text, values of attributes and comments.
fn generic(scan: &mut Scan<'_>, site: &Site, part: &str, text: &str, channel: Channel) {
    let (mut block, mut rest) = (Block::new(part), Rest::default());
    let place = Place::of(channel);
    let mut pending = String::new();
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => {
            block.push(place, &std::mem::take(&mut pending));
            rest.element(&element);
        }
        Node::Close(_) => block.push(place, &std::mem::take(&mut pending)),
        Node::Text(text) => pending.push_str(&text),
        Node::Comment(text) => block.field(place, "comment", &text),
    });
    block.push(place, &pending);
    rest.hand_on(&mut block, channel);
    scan.block(site, &block);
    if !is_whole {
        scan.refuse(site, Some(part), Kind::Xml, Reason::Broken);
    }
}
