//! XMP (ISO 16684-1): a tree of properties in RDF.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Fields, Picture};
use crate::read::xml::{Node, walk};
use crate::report::Reason;
use crate::rules::Notice;

use Notice::{
    PictureCaption as Caption, PictureMetadata as Plain, PictureOwner as Owner,
    PicturePosition as Spot, PictureSerial as Serial,
};

/// Elements that only hold others.
const FRAMES: [&str; 10] =
    ["xmpmeta", "xapmeta", "RDF", "Description", "Seq", "Bag", "Alt", "li", "svg", "metadata"];

/// Properties that hold a history: what is below them is noted once.
const HISTORIES: [&str; 8] = [
    "History",
    "DerivedFrom",
    "Ingredients",
    "DocumentAncestors",
    "Pantry",
    "VersionHistory",
    "Manifest",
    "TextLayers",
];

/// Properties that tell something, by their name without prefix.
const PROPERTIES: [(&str, Notice); 47] = [
    ("Artist", Owner),
    ("ArtworkCreator", Owner),
    ("Author", Owner),
    ("AuthorsPosition", Owner),
    ("BodySerialNumber", Serial),
    ("CaptionWriter", Owner),
    ("CiAdrCity", Spot),
    ("CiAdrExtadr", Spot),
    ("CiEmailWork", Owner),
    ("CiTelWork", Owner),
    ("City", Spot),
    ("CountryName", Plain),
    ("CreateDate", Plain),
    ("CreatorTool", Plain),
    ("Credit", Owner),
    ("DocumentID", Plain),
    ("GPSLatitude", Spot),
    ("GPSLongitude", Spot),
    ("GPSPosition", Spot),
    ("Headline", Caption),
    ("ImageDescription", Caption),
    ("InstanceID", Plain),
    ("Instructions", Notice::PictureComment),
    ("Keywords", Caption),
    ("Label", Caption),
    ("LensSerialNumber", Serial),
    ("Location", Spot),
    ("MetadataDate", Plain),
    ("ModifyDate", Plain),
    ("Name", Owner),
    ("OriginalDocumentID", Plain),
    ("OwnerName", Owner),
    ("PersonDisplayName", Owner),
    ("PersonInImage", Owner),
    ("Producer", Plain),
    ("SerialNumber", Serial),
    ("Sublocation", Spot),
    ("TransmissionReference", Caption),
    ("UserComment", Notice::PictureComment),
    ("creator", Owner),
    ("description", Caption),
    ("filePath", Notice::PicturePath),
    ("originalFilePath", Notice::PicturePath),
    ("publisher", Owner),
    ("rights", Owner),
    ("subject", Caption),
    ("title", Caption),
];

/// Texts as long as this, without a space, are files in Base64.
const ENCODED_BYTES_MIN: usize = 512;

/// Base64 as it comes, with or without its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What is gathered on the way through a packet.
struct Packet {
    fields: Fields,
    /// Names of the elements that are open.
    open: Vec<String>,
    histories: BTreeMap<&'static str, u64>,
    /// Files in the packet, with the property that holds each.
    files: Vec<(String, Vec<u8>)>,
}

/// Reads a packet.
pub(super) fn read(picture: &mut Picture<'_, '_>, part: &str, bytes: &[u8]) {
    let text = crate::text::decode(bytes).0;
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let (fields, files, histories, is_whole) = properties(part, text);
    picture.fields(fields);
    for (name, count) in histories {
        picture.notice(Notice::PictureHistory, &format!("{part} {name}"), "", count);
    }
    for (name, file) in files {
        let part = format!("{part} {name}");
        match name.as_str() {
            "image" => picture.preview(&part, &file),
            _ => {
                picture.notice(Notice::SecondPicture, &part, "", 1);
                picture.inner(&part, &file);
            }
        }
    }
    if !is_whole {
        picture.scan.refuse(picture.site, Some(part), crate::Kind::Xml, Reason::Broken);
    }
}

type Properties = (Fields, Vec<(String, Vec<u8>)>, BTreeMap<&'static str, u64>, bool);

fn properties(part: &str, text: &str) -> Properties {
    let mut packet = Packet {
        fields: Fields::new(part),
        open: Vec::new(),
        histories: BTreeMap::new(),
        files: Vec::new(),
    };
    let mut pending = String::new();
    let is_whole = walk(text, |node| match node {
        Node::Open(element) => {
            packet.value(&std::mem::take(&mut pending));
            packet.open.push(element.name().to_owned());
            if HISTORIES.contains(&element.name()) {
                packet.history(element.name(), 0);
            }
            for (name, value) in element.attributes() {
                if !matches!(name, "about" | "parseType" | "lang" | "xmptk") {
                    packet.open.push(name.to_owned());
                    packet.value(&value);
                    packet.open.pop();
                }
            }
        }
        Node::Text(text) => pending.push_str(&text),
        Node::Close(_) => {
            packet.value(&std::mem::take(&mut pending));
            packet.open.pop();
        }
        // The packet's frame is an instruction.
        Node::Comment(text) if text.starts_with("xpacket") => {}
        Node::Comment(text) => packet.fields.add(Notice::PictureComment, "comment", &text),
    });
    (packet.fields, packet.files, packet.histories, is_whole)
}

impl Packet {
    fn history(&mut self, name: &str, count: u64) {
        if let Some(name) = HISTORIES.iter().find(|known| **known == name) {
            *self.histories.entry(name).or_default() += count;
        }
    }

    /// Takes the value of the innermost property.
    fn value(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let name = self.open.iter().rev().find(|name| !FRAMES.contains(&name.as_str()));
        let name = name.cloned().unwrap_or_else(|| "value".to_owned());
        if value.len() >= ENCODED_BYTES_MIN && self.is_file(&name, value) {
            return;
        }
        let history = self.open.iter().find(|name| HISTORIES.contains(&name.as_str())).cloned();
        if let Some(history) = history {
            self.history(&history, 1);
            self.fields.add(None, &name, value);
            return;
        }
        let known = PROPERTIES.iter().find(|(known, _)| *known == name);
        // Names of brushes, colours and layers are not those of persons.
        let is_person = name != "Name" || self.open.iter().any(|name| name.contains("Region"));
        match known.filter(|_| is_person) {
            Some((_, notice)) => self.fields.add(*notice, &name, value),
            None => {
                let notice = super::is_path(value).then_some(Notice::PicturePath);
                self.fields.add(notice, &name, value);
            }
        }
    }

    fn is_file(&mut self, name: &str, value: &str) -> bool {
        let packed: Vec<u8> = value.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let file = BASE64.decode(packed);
        if let Ok(file) = file {
            self.files.push((name.to_owned(), file));
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_named_by_the_element_that_tells() {
        let text = "<?xpacket begin=''?><x:xmpmeta><rdf:RDF><rdf:Description \
            exif:GPSLatitude=\"52,1N\" crs:Version=\"1\"><dc:creator><rdf:Seq><rdf:li>Eva</rdf:li>\
            </rdf:Seq></dc:creator><xmpMM:History><rdf:Seq><rdf:li stEvt:action=\"saved\" \
            stEvt:when=\"2024\"/></rdf:Seq></xmpMM:History><a:Swatch a:Name=\"red\"/>\
            </rdf:Description></rdf:RDF></x:xmpmeta>";
        let (fields, files, histories, is_whole) = properties("XMP", text);
        let noted: Vec<(&str, &str)> = fields
            .found
            .iter()
            .filter(|(notice, _, _)| notice.is_some())
            .map(|(_, name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(noted, [("GPSLatitude", "52,1N"), ("creator", "Eva")]);
        assert_eq!(histories.get("History"), Some(&2));
        assert!(is_whole && files.is_empty());
    }

    #[test]
    fn a_preview_in_base64_is_a_file() {
        let data = BASE64.encode([7; 600]);
        let (_, files, _, _) = properties("XMP", &format!("<r><g:image>{data}</g:image></r>"));
        assert_eq!(files, [("image".to_owned(), vec![7; 600])]);
        assert!(PROPERTIES.is_sorted_by_key(|(name, _)| *name));
    }
}
