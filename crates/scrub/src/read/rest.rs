//! What no reader of a part of a document asks for: values of attributes, names of schemas, text
//! where none is shown. An author may have typed any of it, so each value is searched, and once.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::xml::{Element, Node};
use crate::block::{Block, Place};
use crate::finding::Channel;

/// Numbers of no more digits than this are measures, places and ids.
const NUMBER_CHARS_MAX: usize = 9;

/// Characters of the marks that Word gives to sessions and paragraphs.
const MARK_CHARS: usize = 8;

/// Names that standards and their makers gave to schemas and relations (ISO/IEC 29500, its extensions
/// in [MS-DOCX], [MS-XLSX], [MS-PPTX] and [MS-ODRAWXML], OpenDocument). What only begins like one of
/// them may say anything.
static SCHEMAS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("schemas.txt").lines().collect());

/// Values of one part, each once.
#[derive(Default)]
pub(super) struct Rest {
    seen: HashSet<String>,
    /// Where a value stands and the value, in the order of the part.
    found: Vec<(String, String)>,
}

impl Rest {
    /// Takes all attributes of an element, and the schemas that it declares.
    pub(super) fn element(&mut self, element: &Element<'_>) {
        element.everything().for_each(|(name, value)| self.value(name, &value));
    }

    /// Takes what an event has to say, and gives back the element that begins.
    pub(super) fn node<'a>(&mut self, node: Node<'a>) -> Option<Element<'a>> {
        match node {
            Node::Open(element) => {
                self.element(&element);
                return Some(element);
            }
            Node::Text(text) => self.text(&text),
            Node::Comment(text) => self.value("comment", &text),
            Node::Close(_) => {}
        }
        None
    }

    /// Takes one value, unless it is a number or a mark that a program made.
    pub(super) fn value(&mut self, name: &str, value: &str) {
        if is_made(name, value) || self.seen.contains(value) {
            return;
        }
        self.seen.insert(value.to_owned());
        self.found.push((name.to_owned(), value.to_owned()));
    }

    /// Takes text that the reader of the part has no use for.
    pub(super) fn text(&mut self, text: &str) {
        self.value("text", text);
    }

    /// Takes what the rest of a later piece of the same part has.
    pub(super) fn append(&mut self, later: Self) {
        for (name, value) in later.found {
            if self.seen.insert(value.clone()) {
                self.found.push((name, value));
            }
        }
    }

    /// Leaves out what a block has as a field of its own.
    pub(super) fn leave_out(&mut self, block: &Block) {
        for value in block.values() {
            self.seen.remove(value);
        }
    }

    /// Hands on what a block does not have as a field of its own.
    pub(super) fn hand_on(mut self, block: &mut Block, channel: Channel) {
        self.leave_out(block);
        for (name, value) in self.found.iter().filter(|(_, value)| self.seen.contains(value)) {
            block.field(Place::of(channel), name, value);
        }
    }
}

/// Whether a value says nothing but what a program made up.
fn is_made(name: &str, value: &str) -> bool {
    let is_short = value.len() <= NUMBER_CHARS_MAX;
    if is_short && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'%' | b' ')) {
        return true;
    }
    let is_mark = name.starts_with("rsid") || matches!(name, "paraId" | "textId");
    if is_mark && value.len() == MARK_CHARS && value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return true;
    }
    value.trim().len() < 2 || SCHEMAS.contains(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_handed_on_once_and_not_if_the_block_has_it() {
        let mut rest = Rest::default();
        for value in ["Berg", "Plan", "Berg", "12.5%", "", "http://www.w3.org/2001/XMLSchema"] {
            rest.value("name", value);
        }
        rest.value("xmlns:x", "http://www.w3.org/2001/XMLSchema/Globodyne");
        rest.value("rsidR", "00AB12CD");
        rest.value("val", "00AB12CD");
        rest.text("4915112345678");
        let mut block = Block::new("p");
        block.field(Place::of(Channel::Author), "author", "Berg");
        block.push(Place::of(Channel::Visible), "Plan");
        rest.hand_on(&mut block, Channel::OtherPart);
        let schema = "http://www.w3.org/2001/XMLSchema/Globodyne";
        let expected = format!("Berg\nPlan\nPlan\n{schema}\n00AB12CD\n4915112345678\n");
        assert_eq!(block.text(), expected);
    }
}
