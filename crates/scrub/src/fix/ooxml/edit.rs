//! Edits of XML that leave everything else as it stands, byte by byte. Elements are numbered in the
//! order in which they begin; what is decided about a number is carried out in a second pass.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::read::xml::{Element, resolved};
use crate::report::Reason;

/// Elements inside each other that are followed.
const DEPTH_MAX: usize = 4096;

/// Elements that must not stay behind without what they hold.
const CONTAINERS: [&str; 14] = [
    "hyperlinks",
    "tableParts",
    "dataValidations",
    "conditionalFormatting",
    "externalReferences",
    "controls",
    "oleObjects",
    "definedNames",
    "pivotCaches",
    "custShowLst",
    "custShow",
    "custDataLst",
    "mergeCells",
    "section",
];

/// What becomes of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    /// It goes with all it holds.
    Drop,
    /// Something else stands in its place.
    Swap(String),
    /// What it holds stays.
    Unwrap,
    /// Attributes by full name get a value or go.
    Attributes(Vec<(String, Option<String>)>),
}

/// What was decided about the elements of one part.
#[derive(Debug, Default)]
pub(in crate::fix) struct Edits {
    acts: BTreeMap<usize, Act>,
}

impl Edits {
    pub(in crate::fix) fn is_empty(&self) -> bool {
        self.acts.is_empty()
    }

    pub(in crate::fix) fn drop(&mut self, at: usize) {
        self.acts.insert(at, Act::Drop);
    }

    pub(in crate::fix) fn unwrap(&mut self, at: usize) {
        if !matches!(self.acts.get(&at), Some(Act::Drop | Act::Swap(_))) {
            self.acts.insert(at, Act::Unwrap);
        }
    }

    pub(in crate::fix) fn swap(&mut self, at: usize, with: String) {
        if !self.drops(at) {
            self.acts.insert(at, Act::Swap(with));
        }
    }

    /// Gives an attribute a value, escaped already, or takes it away.
    pub(in crate::fix) fn attribute(&mut self, at: usize, name: &str, value: Option<&str>) {
        let act = self.acts.entry(at).or_insert_with(|| Act::Attributes(Vec::new()));
        if let Act::Attributes(all) = act {
            all.push((name.to_owned(), value.map(str::to_owned)));
        }
    }

    pub(in crate::fix) fn drops(&self, at: usize) -> bool {
        self.acts.get(&at) == Some(&Act::Drop)
    }

    /// Drops containers that are left with nothing.
    pub(in crate::fix) fn drop_emptied(&mut self, text: &str) -> Result<(), Reason> {
        if self.is_empty() {
            return Ok(());
        }
        // Children that an open element has and keeps.
        let mut open: Vec<(usize, usize)> = Vec::new();
        steps(text, |step| match step {
            Step::Open(_, _) => open.push((0, 0)),
            Step::Close(name, span) => {
                let (had, kept) = open.pop().unwrap_or_default();
                if had > 0 && kept == 0 && CONTAINERS.contains(&name) {
                    self.drop(span.at);
                }
                if let Some(parent) = open.last_mut() {
                    parent.0 += 1;
                    parent.1 += usize::from(!self.drops(span.at));
                }
            }
            Step::Text(_) => {}
        })
    }
}

/// Where an element stands: its number, its first byte and the byte after its last.
#[derive(Clone, Copy, Debug)]
pub(in crate::fix) struct Span {
    pub(in crate::fix) at: usize,
    pub(in crate::fix) start: usize,
    pub(in crate::fix) end: usize,
}

/// One step through a part.
pub(in crate::fix) enum Step<'a> {
    /// An element begins; its number.
    Open(&'a Element<'a>, usize),
    /// An element ends; its name without prefix.
    Close(&'a str, Span),
    /// Text.
    Text(Cow<'a, str>),
}

fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    // Old drawings hold line breaks of HTML, which end nowhere.
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    reader
}

/// Whether a tag is a line break of HTML.
fn is_break(start: &BytesStart<'_>) -> bool {
    start.name().into_inner() == "br"
}

/// Position of a reader; what it reads is in memory, so it fits.
fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// Walks through a part.
///
/// # Errors
/// If it is no well-formed XML, so that nothing can be cut out of it safely.
pub(in crate::fix) fn steps(text: &str, mut visit: impl FnMut(Step<'_>)) -> Result<(), Reason> {
    let mut reader = reader(text);
    let mut open: Vec<(usize, usize, &str)> = Vec::new();
    let mut count = 0;
    loop {
        let start = position(&reader);
        let event = reader.read_event().map_err(|_| Reason::Broken)?;
        let end = position(&reader);
        match event {
            Event::Empty(tag) => {
                visit(Step::Open(&Element::new(&tag), count));
                visit(Step::Close(tag.local_name().into_inner(), Span { at: count, start, end }));
                count += 1;
            }
            Event::Start(tag) if is_break(&tag) => {
                visit(Step::Open(&Element::new(&tag), count));
                visit(Step::Close("br", Span { at: count, start, end }));
                count += 1;
            }
            Event::Start(tag) => {
                if open.len() >= DEPTH_MAX {
                    return Err(Reason::Broken);
                }
                // The name stands after the bracket.
                let length = tag.name().into_inner().len();
                let name = text.get(start + 1..start + 1 + length).ok_or(Reason::Broken)?;
                open.push((count, start, name));
                visit(Step::Open(&Element::new(&tag), count));
                count += 1;
            }
            Event::End(tag) if tag.name().into_inner() == "br" => {}
            Event::End(tag) => {
                let (at, start, name) = open.pop().ok_or(Reason::Broken)?;
                if name != tag.name().into_inner() {
                    return Err(Reason::Broken);
                }
                visit(Step::Close(tag.local_name().into_inner(), Span { at, start, end }));
            }
            Event::Text(text) => visit(Step::Text(text.into_inner())),
            Event::CData(text) => visit(Step::Text(text.into_inner())),
            Event::GeneralRef(reference) => visit(Step::Text(resolved(reference).into())),
            Event::DocType(_) => return Err(Reason::Broken),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err(Reason::Broken),
        }
    }
}

/// Carries out what was decided; comments and instructions go as well. Gives the text and how many
/// comments went.
pub(in crate::fix) fn apply(text: &str, edits: &Edits) -> Result<(String, u64), Reason> {
    let mut copy = Copy::new(edits);
    copy.out.reserve(text.len());
    let mut reader = reader(text);
    loop {
        let start = position(&reader);
        let event = reader.read_event().map_err(|_| Reason::Broken)?;
        let raw = text.get(start..position(&reader)).ok_or(Reason::Broken)?;
        match event {
            Event::Empty(tag) => copy.single(&tag, raw, true),
            Event::Start(tag) if is_break(&tag) => copy.single(&tag, raw, false),
            Event::Start(tag) => copy.start(&tag, raw),
            Event::End(tag) if tag.name().into_inner() == "br" => copy.keep(raw),
            Event::End(_) => copy.end(raw),
            Event::Comment(_) | Event::PI(_) => copy.comments += 1,
            // What is written is UTF-8, whatever it was.
            Event::Decl(_) => copy.keep(DECLARATION),
            Event::Eof => return Ok((copy.out, copy.comments)),
            _ => copy.keep(raw),
        }
    }
}

/// First line of each part.
pub(in crate::fix) const DECLARATION: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

/// A copy that is being made.
struct Copy<'e> {
    edits: &'e Edits,
    out: String,
    count: usize,
    /// Open elements below the one that is dropped, itself included.
    dropped: usize,
    /// Whether the tags of open elements are kept.
    kept: Vec<bool>,
    comments: u64,
}

impl<'e> Copy<'e> {
    const fn new(edits: &'e Edits) -> Self {
        Self { edits, out: String::new(), count: 0, dropped: 0, kept: Vec::new(), comments: 0 }
    }

    fn keep(&mut self, raw: &str) {
        if self.dropped == 0 {
            self.out.push_str(raw);
        }
    }

    fn act(&mut self) -> Option<&'e Act> {
        self.count += 1;
        self.edits.acts.get(&(self.count - 1))
    }

    fn single(&mut self, tag: &BytesStart<'_>, raw: &str, is_closed: bool) {
        let act = self.act();
        if self.dropped > 0 {
            return;
        }
        match act {
            None => self.out.push_str(raw),
            Some(Act::Drop | Act::Unwrap) => {}
            Some(Act::Swap(with)) => self.out.push_str(with),
            Some(Act::Attributes(changes)) => rewrite(&mut self.out, tag, changes, is_closed),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, raw: &str) {
        let act = self.act();
        if self.dropped > 0 {
            self.dropped += 1;
            return;
        }
        match act {
            None => self.out.push_str(raw),
            Some(Act::Drop) => self.dropped = 1,
            Some(Act::Swap(with)) => {
                self.out.push_str(with);
                self.dropped = 1;
            }
            Some(Act::Unwrap) => {}
            Some(Act::Attributes(changes)) => rewrite(&mut self.out, tag, changes, false),
        }
        if self.dropped == 0 {
            self.kept.push(act != Some(&Act::Unwrap));
        }
    }

    fn end(&mut self, raw: &str) {
        if self.dropped > 0 {
            self.dropped -= 1;
        } else if self.kept.pop().unwrap_or(true) {
            self.out.push_str(raw);
        }
    }
}

/// Writes a tag with other attributes.
fn rewrite(
    out: &mut String,
    tag: &BytesStart<'_>,
    changes: &[(String, Option<String>)],
    is_closed: bool,
) {
    let element = Element::new(tag);
    let mut seen = BTreeSet::new();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in element.raw_attributes() {
        match changes.iter().rev().find(|(changed, _)| changed == name) {
            None => pairs.push((name.to_owned(), value.into_owned())),
            Some((_, changed)) => {
                seen.insert(name);
                pairs.extend(changed.clone().map(|value| (name.to_owned(), value)));
            }
        }
    }
    for (name, value) in changes.iter().filter(|(name, _)| !seen.contains(name.as_str())) {
        pairs.extend(value.clone().map(|value| (name.clone(), value)));
    }
    out.push('<');
    out.push_str(element.full_name());
    for (name, value) in &pairs {
        let quote = if value.contains('"') { '\'' } else { '"' };
        out.extend([" ", name, "="]);
        out.push(quote);
        out.push_str(value);
        out.push(quote);
    }
    out.push_str(if is_closed { "/>" } else { ">" });
}

/// Text as content of an element.
pub(in crate::fix) fn escaped(text: &str) -> String {
    quick_xml::escape::partial_escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_decided_about_stays_byte_by_byte() {
        let text = "<a  b='1' ><c/>x &amp; y<br>z<![CDATA[<d>]]></a >";
        assert_eq!(apply(text, &Edits::default()), Ok((text.to_owned(), 0)));
    }

    #[test]
    fn elements_go_are_unwrapped_swapped_or_changed() {
        let text = "<a><b>1</b><c>2<d/></c><e/><f g:h='1' i=\"2\"/><!--k--></a>";
        let mut edits = Edits::default();
        edits.drop(1);
        edits.unwrap(2);
        edits.swap(4, "<s/>".to_owned());
        edits.attribute(5, "g:h", None);
        edits.attribute(5, "j", Some("3"));
        let expected = "<a>2<d/><s/><f i=\"2\" j=\"3\"/></a>";
        assert_eq!(apply(text, &edits), Ok((expected.to_owned(), 1)));
    }

    #[test]
    fn containers_that_are_left_with_nothing_go() {
        let text = "<a><hyperlinks><h/><h/></hyperlinks><tableParts><t/><t/></tableParts></a>";
        let mut edits = Edits::default();
        [2, 3, 5].into_iter().for_each(|at| edits.drop(at));
        assert_eq!(edits.drop_emptied(text), Ok(()));
        assert_eq!(
            apply(text, &edits).map(|c| c.0),
            Ok("<a><tableParts><t/></tableParts></a>".into())
        );
    }

    #[test]
    fn what_is_not_well_formed_is_not_cut() {
        for text in ["<a>", "<a></b>", "</a>", "<!DOCTYPE a><a/>", "<a"] {
            assert_eq!(steps(text, |_| {}), Err(Reason::Broken), "{text}");
        }
        assert_eq!(steps(&"<a>".repeat(DEPTH_MAX + 1), |_| {}), Err(Reason::Broken));
    }
}
