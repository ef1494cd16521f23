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
}

impl<'a> Element<'a> {
    pub(crate) const fn new(start: &'a BytesStart<'a>) -> Self {
        Self { start }
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
    pub(crate) fn name(&self) -> &'a str {
        self.start.local_name().into_inner()
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

/// Walks through a document; `false` if it is broken, after what comes before the break.
pub(crate) fn walk(text: &str, mut visit: impl FnMut(Node<'_>)) -> bool {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return false;
                }
                visit(Node::Open(Element { start: &start }));
            }
            Ok(Event::Empty(start)) => {
                visit(Node::Open(Element { start: &start }));
                visit(Node::Close(start.local_name().into_inner()));
            }
            Ok(Event::End(end)) => {
                depth = depth.saturating_sub(1);
                visit(Node::Close(end.local_name().into_inner()));
            }
            Ok(Event::Text(text)) => visit(Node::Text(text.into_inner())),
            Ok(Event::CData(text)) => visit(Node::Text(text.into_inner())),
            Ok(Event::GeneralRef(reference)) => visit(Node::Text(resolved(reference).into())),
            Ok(Event::Comment(text)) => visit(Node::Comment(text.into_inner())),
            Ok(Event::PI(text)) => visit(Node::Comment(text.into_inner())),
            Ok(Event::DocType(text)) => visit(Node::Comment(text.into_inner())),
            Ok(Event::Decl(_)) => {}
            Ok(Event::Eof) => return depth == 0,
            Err(_) => return false,
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
