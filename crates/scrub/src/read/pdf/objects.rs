//! All objects one after the other: strings with the channel they stand in, comments, scripts,
//! attachments, forms, private data, thumbnails, and streams that no page shows.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::Reading;
use super::content::Runner;
use super::document::{dict_of, dictionary, get, name_of, text_of};
use super::geometry::Rect;
use super::pages::Shown;
use super::reach::{Reached, Role};
use super::{info, pictures};
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::Scan;

/// Direct objects inside each other that are followed.
const DEPTH_MAX: usize = 128;

/// Text that is gathered before it is searched.
const GATHERED_BYTES: usize = 1 << 18;

/// Keys whose strings are for programs only.
const MACHINE: [&[u8]; 16] = [
    b"ID",
    b"Registry",
    b"Ordering",
    b"DA",
    b"DS",
    b"Lang",
    b"CharSet",
    b"Panose",
    b"NM",
    b"M",
    b"CreationDate",
    b"ModDate",
    b"LastModified",
    b"Cert",
    b"CheckSum",
    b"Supplement",
];

/// What an object is about, taken over by what stands inside it.
#[derive(Clone, Copy)]
struct Context {
    channel: Channel,
    page: u32,
}

/// Goes through all objects.
pub(super) struct Sweep<'r, 's, 'x> {
    scan: &'x mut Scan<'s>,
    reading: &'r Reading<'r>,
    pages: BTreeMap<ObjectId, u32>,
    shown: Shown,
    block: Block,
    base: Channel,
    /// Text of the present object, where its being there is worth a notice.
    sample: String,
}

pub(super) fn read(scan: &mut Scan<'_>, reading: &Reading<'_>, shown: Shown) {
    let doc = &reading.shared.pdf.doc;
    let living = Reached::from_trailer(doc);
    let orphans = Reached::orphans(doc, &living);
    let pages = places(reading);
    let mut sweep = Sweep {
        scan,
        reading,
        pages,
        shown,
        block: Block::whole(),
        base: Channel::OtherPart,
        sample: String::new(),
    };
    sweep.objects(&living);
    sweep.base = Channel::Orphan;
    sweep.objects(&orphans);
    sweep.flush();
}

/// Pages of pages and of their annotations.
fn places(reading: &Reading<'_>) -> BTreeMap<ObjectId, u32> {
    let pdf = reading.shared.pdf;
    let mut places = BTreeMap::new();
    for (number, id) in (1..).zip(pdf.pages()) {
        places.insert(id, number);
        let Ok(page) = pdf.doc.get_dictionary(id) else { continue };
        let annotations = get(&pdf.doc, page, b"Annots").and_then(|object| object.as_array().ok());
        for annotation in annotations.into_iter().flatten() {
            if let Ok(id) = annotation.as_reference() {
                places.entry(id).or_insert(number);
            }
        }
    }
    places
}

impl<'r> Sweep<'r, '_, '_> {
    fn doc(&self) -> &'r Document {
        &self.reading.shared.pdf.doc
    }

    fn objects(&mut self, reached: &Reached) {
        let doc = self.doc();
        let information = doc.trailer.get(b"Info").and_then(Object::as_reference).ok();
        for (id, role) in &reached.roles {
            let Some(object) = doc.objects.get(id) else { continue };
            if Some(*id) == information {
                continue;
            }
            let page = self.pages.get(id).copied().unwrap_or(0);
            let channel = match role {
                Role::Private => Channel::Metadata,
                Role::Script => Channel::Macro,
                _ => self.base,
            };
            self.sample.clear();
            if *role != Role::Machine {
                self.visit(object, b"", Context { channel, page }, 0);
            }
            if let Object::Stream(stream) = object {
                self.stream(*id, stream, *role, page);
            }
            if self.base == Channel::Orphan && self.sample.chars().any(char::is_alphabetic) {
                let shown = std::mem::take(&mut self.sample);
                self.note(Notice::Orphan, 0, Some(&format!("object {}", id.0)), shown.trim());
            }
            if self.block.text().len() > GATHERED_BYTES {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        let block = std::mem::take(&mut self.block);
        self.scan.block(self.reading.site, &block);
    }

    fn note(&mut self, notice: Notice, page: u32, part: Option<&str>, shown: &str) {
        let place = Place { page, ..Place::of(notice.channel()) };
        let mut location = self.block.locate(&self.reading.site.path, place);
        location.part = part.map(str::to_owned);
        self.scan.notice(notice, location, shown, 1);
    }

    fn text(&mut self, key: &[u8], text: &str, context: Context) {
        if self.sample.len() < 256 {
            self.sample.push_str(text);
            self.sample.push(' ');
        }
        let place = Place { page: context.page, ..Place::of(context.channel) };
        self.block.field(place, &String::from_utf8_lossy(key), text);
    }

    fn visit(&mut self, object: &Object, key: &[u8], context: Context, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match object {
            Object::String(bytes, _) if !MACHINE.contains(&key) => {
                let text = text_of(bytes);
                let odd = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
                if text.chars().count() > 2 && odd * 10 < text.len() {
                    self.text(key, &text, context);
                }
            }
            Object::Array(items) => {
                items.iter().for_each(|item| self.visit(item, key, context, depth + 1));
            }
            Object::Dictionary(dict) => self.dictionary(dict, context, depth),
            Object::Stream(stream) => self.dictionary(&stream.dict, context, depth),
            _ => {}
        }
    }

    fn dictionary(&mut self, dict: &Dictionary, context: Context, depth: usize) {
        let channel = self.about(dict, context);
        let context = Context { channel, ..context };
        for (key, value) in dict.iter() {
            let channel = match key.as_slice() {
                b"JS" => Channel::Macro,
                b"PieceInfo" => {
                    self.note(Notice::PrivateData, context.page, None, "");
                    Channel::Metadata
                }
                b"XFA" => {
                    self.note(Notice::Xfa, 0, None, "");
                    Channel::Form
                }
                b"Thumb" => {
                    self.note(Notice::Thumbnail, context.page, None, "");
                    context.channel
                }
                _ => context.channel,
            };
            self.visit(value, key, Context { channel, ..context }, depth + 1);
        }
    }

    /// What a dictionary is about; says what is to be said of it.
    fn about(&mut self, dict: &Dictionary, context: Context) -> Channel {
        let doc = self.doc();
        let string =
            |key: &[u8]| get(doc, dict, key).and_then(|value| value.as_str().ok()).map(text_of);
        let subtype = name_of(doc, dict, b"Subtype");
        let is_annotation = dict.has(b"Rect") && subtype.is_some();
        let is_field = dict.has(b"FT") || subtype == Some(b"Widget");
        match name_of(doc, dict, b"S") {
            Some(b"JavaScript") => {
                self.note(Notice::Script, context.page, None, &string(b"JS").unwrap_or_default());
            }
            Some(b"Launch" | b"GoToR" | b"GoToE" | b"SubmitForm" | b"ImportData") => {
                let inner = dict_of(doc, dict, b"F");
                let inner =
                    inner.and_then(|file| get(doc, file, b"F")).and_then(|f| f.as_str().ok());
                let target = string(b"F").or_else(|| inner.map(text_of)).unwrap_or_default();
                self.note(Notice::ExternalLink, context.page, None, &target);
            }
            Some(b"URI") => {
                let target = string(b"URI").unwrap_or_default();
                if !["http:", "https:", "mailto:", "tel:", "#"]
                    .iter()
                    .any(|s| target.starts_with(s))
                {
                    self.note(Notice::ExternalLink, context.page, None, &target);
                }
            }
            _ => {}
        }
        if dict.has(b"EF") {
            self.attachment(dict, context);
        }
        if is_field {
            let flags = get(doc, dict, b"F").and_then(|flags| flags.as_i64().ok()).unwrap_or(0);
            if let Some(value) = string(b"V").filter(|value| flags & 34 != 0 && !value.is_empty()) {
                self.note(Notice::HiddenField, context.page, None, &value);
            }
            return Channel::Form;
        }
        if is_annotation && !matches!(subtype, Some(b"Link" | b"Popup")) {
            if let Some(text) = string(b"Contents").filter(|text| !text.trim().is_empty()) {
                self.note(Notice::Comment, context.page, None, &text);
            }
            if let Some(author) = string(b"T").filter(|author| !author.trim().is_empty()) {
                self.note(Notice::Author, context.page, None, &author);
            }
            return Channel::Comment;
        }
        context.channel
    }

    fn attachment(&mut self, dict: &Dictionary, context: Context) {
        let doc = self.doc();
        let name = [b"UF".as_slice(), b"F"]
            .into_iter()
            .find_map(|key| get(doc, dict, key)?.as_str().ok())
            .map_or_else(|| "attachment".to_owned(), text_of);
        let Some(files) = dict_of(doc, dict, b"EF") else { return };
        let mut seen = BTreeSet::new();
        for (_, file) in files.iter() {
            let Ok((Some(id), Object::Stream(stream))) = doc.dereference(file) else { continue };
            if !seen.insert(id) || !self.shown.streams.insert(id) {
                continue;
            }
            self.note(Notice::Embedded, context.page, None, &name);
            let inner = self.reading.site.inner(&name);
            let unpacked = self.reading.shared.pdf.unpack(stream);
            if let Err(reason) = self.scan.budget.entry() {
                self.scan.refuse(&inner, None, Kind::Unknown, reason);
                return;
            }
            match unpacked.trouble {
                Some(reason) => self.scan.refuse(&inner, None, Kind::Unknown, reason),
                None => self.scan.file(&inner, &unpacked.content),
            }
        }
    }

    fn stream(&mut self, id: ObjectId, stream: &'r Stream, role: Role, page: u32) {
        let doc = self.doc();
        let dict = &stream.dict;
        let is_orphan = self.base == Channel::Orphan;
        let subtype = name_of(doc, dict, b"Subtype");
        let type_name = name_of(doc, dict, b"Type");
        if role == Role::Machine
            || matches!(type_name, Some(b"XRef" | b"ObjStm" | b"EmbeddedFile" | b"CMap"))
            || ["FunctionType", "ShadingType", "HalftoneType", "Alternate", "Length1"]
                .iter()
                .any(|key| dict.has(key.as_bytes()))
            || (role == Role::Content && !is_orphan)
            || self.shown.streams.contains(&id)
        {
            return;
        }
        self.shown.streams.insert(id);
        if subtype == Some(b"Image") || role == Role::Thumbnail {
            let name = format!("image of object {}", id.0);
            pictures::hand_on(self.scan, self.reading, &name, stream);
            return;
        }
        let is_content = subtype == Some(b"Form") || dict.has(b"PatternType");
        if is_content || role == Role::Content {
            let is_pattern = dict.has(b"PatternType");
            self.content(id, stream, is_pattern);
            return;
        }
        self.unknown(id, stream, role, page);
    }

    /// Content that no page runs.
    fn content(&mut self, id: ObjectId, stream: &'r Stream, is_pattern: bool) {
        let pdf = self.reading.shared.pdf;
        let unpacked = pdf.unpack(stream);
        let mut runner = Runner::new(self.reading.shared);
        let first =
            pdf.pages().first().and_then(|id| pdf.page(*id)).and_then(|page| page.resources);
        let own = dict_of(&pdf.doc, &stream.dict, b"Resources");
        runner.run(&unpacked.content, own.or(first));
        let canvas = runner.finish();
        let standings = vec![super::cover::Standing::Seen; canvas.glyphs.len()];
        let looked = super::page::Looked::of(canvas, standings, Rect::EVERYTHING);
        let text: Vec<String> = looked.runs().into_iter().map(|run| run.text).collect();
        let channel = match (is_pattern, self.base) {
            (true, Channel::OtherPart) => Channel::Visible,
            _ => Channel::Orphan,
        };
        for line in &text {
            self.text(b"content", line, Context { channel, page: 0 });
        }
        let is_told =
            text.iter().any(|line| line.chars().filter(|c| c.is_alphabetic()).count() > 2);
        if is_told && !is_pattern && self.base != Channel::Orphan {
            let part = format!("object {}", id.0);
            self.note(Notice::Orphan, 0, Some(&part), text.join(" ").trim());
        }
        if let Some(reason) = unpacked.trouble {
            self.refuse(id, reason);
        }
    }

    fn refuse(&mut self, id: ObjectId, reason: Reason) {
        let part = format!("object {}", id.0);
        self.scan.refuse(self.reading.site, Some(&part), Kind::Unknown, reason);
    }

    /// Anything else: metadata, scripts and forms are text; the rest is a file of its own.
    fn unknown(&mut self, id: ObjectId, stream: &Stream, role: Role, page: u32) {
        let unpacked = self.reading.shared.pdf.unpack(stream);
        if let Some(reason) = unpacked.trouble {
            self.refuse(id, reason);
        }
        let content = unpacked.content;
        if content.is_empty() {
            return;
        }
        let part = format!("object {}", id.0);
        match role {
            Role::Metadata => {
                if !info::xmp(self.scan, self.reading.site, &part, &content) {
                    self.refuse(id, Reason::Broken);
                }
            }
            _ if std::str::from_utf8(&content).is_ok() => {
                let (text, _) = crate::text::decode(&content);
                let channel = match role {
                    Role::Script => Channel::Macro,
                    Role::Xfa => Channel::Form,
                    Role::Private => Channel::Metadata,
                    _ => self.base,
                };
                self.text(b"stream", &text, Context { channel, page });
            }
            _ => {
                let inner = self.reading.site.inner(&part);
                match self.scan.budget.entry() {
                    Ok(()) => self.scan.file(&inner, &content),
                    Err(reason) => self.scan.refuse(&inner, None, Kind::Unknown, reason),
                }
            }
        }
    }
}

/// Whether two objects say the same.
pub(super) fn same(one: &Object, other: &Object) -> bool {
    match (one, other) {
        (Object::Stream(one), Object::Stream(other)) => {
            one.dict == other.dict && one.content == other.content
        }
        _ => one == other,
    }
}

/// The strings of an object that are text, in their order.
pub(super) fn strings(object: &Object, key: &[u8], out: &mut Vec<String>, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match object {
        Object::String(bytes, _) if !MACHINE.contains(&key) => {
            let text = text_of(bytes);
            if text.chars().count() > 2 && !text.contains(|c: char| c.is_control()) {
                out.push(text);
            }
        }
        Object::Array(items) => items.iter().for_each(|item| strings(item, key, out, depth + 1)),
        _ => {
            let entries = dictionary(object).into_iter().flat_map(|dict| dict.iter());
            entries.for_each(|(key, value)| strings(value, key, out, depth + 1));
        }
    }
}
