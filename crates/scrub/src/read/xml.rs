//! XML as a flat row of events. Entities that a document declares are not expanded, so none can
//! blow up; comments and instructions are handed on, since they hide things too.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

/// Elements inside each other that are followed.
const DEPTH_MAX: usize = 4096;

/// Name under which an element declares a namespace.
const NAMESPACE: &str = "xmlns";

/// One event.
pub(crate) enum Node<'a> {
    /// An element begins.
    Open(Element<'a>),
    /// An element ends; its name without prefix.
    Close(&'a str),
    /// Text; one text may come in several pieces.
    Text(Cow<'a, str>),
    /// A comment.
    Comment(Cow<'a, str>),
}

/// An element that begins.
pub(crate) struct Element<'a> {
    start: &'a BytesStart<'a>,
    /// Name without prefix.
    name: &'a str,
}

impl<'a> Element<'a> {
    pub(crate) fn new(start: &'a BytesStart<'a>) -> Self {
        Self { start, name: start.local_name().into_inner() }
    }

    /// Name with its prefix.
    pub(crate) fn full_name(&self) -> &'a str {
        self.start.name().into_inner()
    }

    /// Attributes as they stand: names with prefixes, values with escapes, namespaces too.
    pub(crate) fn raw_attributes(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let mut attributes = self.start.attributes();
        attributes.with_checks(false);
        attributes.flatten().map(|attribute| (attribute.key.into_inner(), attribute.value))
    }

    /// Name without prefix.
    pub(crate) const fn name(&self) -> &'a str {
        self.name
    }

    /// Value of an attribute, by its name without prefix.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value.into_owned())
    }

    /// Attributes by name without prefix; namespaces are left out.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.everything().filter(|(name, _)| *name != NAMESPACE)
    }

    /// Attributes by name without prefix, and namespaces under one name.
    pub(crate) fn everything(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let mut attributes = self.start.attributes();
        attributes.with_checks(false);
        attributes.flatten().map(|attribute| {
            let full = attribute.key.into_inner();
            let is_namespace = full == NAMESPACE || full.starts_with("xmlns:");
            let name =
                if is_namespace { NAMESPACE } else { attribute.key.local_name().into_inner() };
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .unwrap_or_else(|_| attribute.value.clone());
            (name, value)
        })
    }
}

/// Whether an attribute that switches something on does so.
pub(crate) fn is_on(value: Option<&str>) -> bool {
    !matches!(value, Some("0" | "false" | "off" | "none"))
}

/// How a walk through a piece of a document ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Whether it came to the end.
    pub(crate) is_read: bool,
    /// Elements that begin and do not end.
    pub(crate) open: usize,
    /// Elements that end and did not begin.
    pub(crate) unmatched: usize,
}

/// Walks through a document; `false` if it is broken, after what comes before the break.
pub(crate) fn walk(text: &str, visit: impl FnMut(Node<'_>)) -> bool {
    let walked = walk_piece(text.trim_start_matches('\u{feff}'), 0, visit);
    walked.is_read && walked.open == 0
}

/// Walks through a piece of a document that so many elements are around.
pub(crate) fn walk_piece(text: &str, around: usize, mut visit: impl FnMut(Node<'_>)) -> Walked {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut walked = Walked { is_read: false, open: 0, unmatched: 0 };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                walked.open += 1;
                if around + walked.open > DEPTH_MAX {
                    return walked;
                }
                visit(Node::Open(Element::new(&start)));
            }
            Ok(Event::Empty(start)) => {
                visit(Node::Open(Element::new(&start)));
                visit(Node::Close(start.local_name().into_inner()));
            }
            Ok(Event::End(end)) => {
                match walked.open.checked_sub(1) {
                    Some(open) => walked.open = open,
                    None => walked.unmatched += 1,
                }
                visit(Node::Close(end.local_name().into_inner()));
            }
            Ok(Event::Text(text)) => visit(Node::Text(text.into_inner())),
            Ok(Event::CData(text)) => visit(Node::Text(text.into_inner())),
            Ok(Event::GeneralRef(reference)) => visit(Node::Text(resolved(reference).into())),
            Ok(Event::Comment(text)) => visit(Node::Comment(text.into_inner())),
            Ok(Event::PI(text)) => visit(Node::Comment(text.into_inner())),
            Ok(Event::DocType(text)) => visit(Node::Comment(text.into_inner())),
            Ok(Event::Decl(_)) => {}
            Ok(Event::Eof) => return Walked { is_read: true, ..walked },
            Err(_) => return walked,
        }
    }
}

/// What a reference stands for; itself if nobody knows.
pub(crate) fn resolved(reference: BytesRef<'_>) -> String {
    let character = reference.resolve_char_ref().ok().flatten().map(String::from);
    let name = reference.into_inner();
    let known = || resolve_predefined_entity(&name).map(str::to_owned);
    character.or_else(known).unwrap_or_else(|| format!("&{name};"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(document: &str) -> (String, bool) {
        let mut all = String::new();
        let is_whole = walk(document, |node| match node {
            Node::Open(element) => {
                all += &format!("<{}", element.name());
                element.attributes().for_each(|(name, value)| all += &format!(" {name}={value}"));
                all += ">";
            }
            Node::Close(name) => all += &format!("</{name}>"),
            Node::Text(text) => all += &text,
            Node::Comment(text) => all += &format!("[{text}]"),
        });
        (all, is_whole)
    }

    #[test]
    fn a_document_becomes_a_row_of_events() {
        let document = "<?xml version=\"1.0\"?><w:a xmlns:w=\"u\" w:b='1&amp;2'>x &lt;&#233; \
            <!--c--><![CDATA[<d>]]><e/></w:a>";
        let expected = "<a b=1&2>x <é [c]<d><e></e></a>";
        assert_eq!(texts(document), (expected.to_owned(), true));
    }

    #[test]
    fn a_broken_document_is_said_to_be_so() {
        assert_eq!(texts("<a>text"), ("<a>text".to_owned(), false));
        assert!(!texts("<a").1);
        assert!(!texts(&"<a>".repeat(DEPTH_MAX + 1)).1);
    }

    #[test]
    fn declared_entities_are_not_expanded() {
        let document = "<!DOCTYPE a [<!ENTITY b \"bbb\">]><a>&b;</a>";
        assert!(texts(document).0.ends_with("<a>&b;</a>"));
    }
}
