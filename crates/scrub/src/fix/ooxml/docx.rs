//! Word documents: all changes are accepted, hidden text and the marks of comments go, and so does
//! what the settings tell about people, sources and editing sessions.

use super::Tally;
use super::edit::{Edits, Step, steps};
use super::package::Package;
use crate::finding::Channel;
use crate::read::ooxml::styles::{Look, Styles};
use crate::read::xml::Element;
use crate::report::Reason;

/// What all parts need to know of the document.
pub(super) struct Document {
    styles: Styles,
}

/// Elements that go with all they hold, and what they are.
const DROPPED: [(&str, Channel); 42] = [
    ("del", Channel::TrackedDeletion),
    ("moveFrom", Channel::TrackedChange),
    ("numberingChange", Channel::TrackedChange),
    ("cellIns", Channel::TrackedChange),
    ("cellMerge", Channel::TrackedChange),
    ("moveFromRangeStart", Channel::TrackedChange),
    ("moveFromRangeEnd", Channel::TrackedChange),
    ("moveToRangeStart", Channel::TrackedChange),
    ("moveToRangeEnd", Channel::TrackedChange),
    ("customXmlInsRangeStart", Channel::TrackedChange),
    ("customXmlInsRangeEnd", Channel::TrackedChange),
    ("customXmlDelRangeStart", Channel::TrackedChange),
    ("customXmlDelRangeEnd", Channel::TrackedChange),
    ("customXmlMoveFromRangeStart", Channel::TrackedChange),
    ("customXmlMoveFromRangeEnd", Channel::TrackedChange),
    ("customXmlMoveToRangeStart", Channel::TrackedChange),
    ("customXmlMoveToRangeEnd", Channel::TrackedChange),
    ("conflictDel", Channel::TrackedChange),
    ("trackRevisions", Channel::TrackedChange),
    ("commentRangeStart", Channel::Comment),
    ("commentRangeEnd", Channel::Comment),
    ("commentReference", Channel::Comment),
    ("annotationRef", Channel::Comment),
    ("dataBinding", Channel::CustomXml),
    ("smartTagPr", Channel::CustomXml),
    ("customXmlPr", Channel::CustomXml),
    ("attachedSchema", Channel::CustomXml),
    ("schemaLibrary", Channel::CustomXml),
    ("saveThroughXslt", Channel::CustomXml),
    ("mailMerge", Channel::Connection),
    ("attachedTemplate", Channel::Template),
    ("rsids", Channel::RevisionId),
    ("rsid", Channel::RevisionId),
    ("docId", Channel::RevisionId),
    ("docVars", Channel::Property),
    ("writeProtection", Channel::Author),
    ("permStart", Channel::Author),
    ("permEnd", Channel::Author),
    ("documentType", Channel::Property),
    ("activeWritingStyle", Channel::Property),
    ("subDoc", Channel::ExternalLink),
    ("sourceFileName", Channel::ExternalLink),
];

/// Elements whose tags go and whose content stays.
const UNWRAPPED: [(&str, Channel); 6] = [
    ("ins", Channel::TrackedInsertion),
    ("moveTo", Channel::TrackedChange),
    ("conflictIns", Channel::TrackedChange),
    ("smartTag", Channel::CustomXml),
    ("customXml", Channel::CustomXml),
    ("customXmlContent", Channel::CustomXml),
];

/// Elements of a run that a reader sees.
const SEEN: [&str; 12] = [
    "t",
    "drawing",
    "pict",
    "object",
    "sym",
    "br",
    "cr",
    "tab",
    "fldChar",
    "footnoteReference",
    "endnoteReference",
    "instrText",
];

/// An element that is open.
#[derive(Default)]
struct Frame {
    at: usize,
    name: String,
    look: Look,
    style: Option<String>,
    /// A row, cell or mark of a paragraph that was deleted.
    is_deleted: bool,
    /// Something in it stays to be seen.
    is_seen: bool,
    /// A child paragraph that goes if another follows.
    waiting: Option<usize>,
}

impl Document {
    pub(super) fn of(package: &Package) -> Self {
        let main = package.main().unwrap_or_default();
        let relations = package.relations(&main);
        let part = relations.iter().find(|relation| relation.kind == "styles");
        let part = part.and_then(|relation| package.target(&main, relation));
        let text = part.and_then(|part| package.text(&part));
        Self { styles: text.map_or_else(Styles::default, |text| Styles::of(&text)) }
    }

    pub(super) fn edit(
        &self,
        root: &str,
        text: &str,
        edits: &mut Edits,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        if root == "chartSpace" {
            return super::chart::edit(text, edits, None);
        }
        let fields = Vec::new();
        let mut story = Story { document: self, edits, tally, open: Vec::new(), gone: 0, fields };
        steps(text, |step| match step {
            Step::Open(element, at) => story.open(element, at),
            Step::Close(name, span) => story.close(name, span.at),
            Step::Text(text) => story.text(&text),
        })
    }
}

/// What is known while a part is read.
struct Story<'e> {
    document: &'e Document,
    edits: &'e mut Edits,
    tally: &'e mut Tally,
    open: Vec<Frame>,
    /// Open elements that go.
    gone: usize,
    /// Fields that are open.
    fields: Vec<Field>,
}

/// A field: its instruction, and the elements that it is made of.
#[derive(Default)]
struct Field {
    instruction: String,
    parts: Vec<usize>,
}

/// Whether an instruction names a file on a disk or share.
fn has_path(instruction: &str) -> bool {
    let lower = instruction.to_ascii_lowercase();
    let is_drive = lower.as_bytes().windows(3).any(|three| {
        three[0].is_ascii_alphabetic() && three[1] == b':' && matches!(three[2], b'\\' | b'/')
    });
    let is_page = lower.contains("http:/") || lower.contains("https:/");
    lower.contains("file:") || lower.contains("\\\\") || (is_drive && !is_page)
}

impl Story<'_> {
    fn open(&mut self, element: &Element<'_>, at: usize) {
        let name = element.name();
        if let Some(waiting) = self.open.last_mut().and_then(|frame| frame.waiting.take())
            && name == "p"
        {
            self.edits.drop(waiting);
        }
        for (attribute, _) in element.raw_attributes() {
            if attribute.contains(":rsid") {
                self.edits.attribute(at, attribute, None);
                self.tally.add(Channel::RevisionId, 1);
            }
        }
        self.note_properties(element);
        self.decide(name, at);
        self.field(element, at);
        self.gone += usize::from(self.edits.drops(at));
        self.open.push(Frame { at, name: name.to_owned(), ..Frame::default() });
    }

    /// A field that names a file becomes what it shows.
    fn field(&mut self, element: &Element<'_>, at: usize) {
        match (element.name(), element.get("fldCharType").as_deref()) {
            ("fldSimple", _) if has_path(&element.get("instr").unwrap_or_default()) => {
                self.edits.unwrap(at);
                self.tally.add(Channel::ExternalLink, 1);
            }
            ("fldChar", Some("begin")) => {
                self.fields.push(Field { instruction: String::new(), parts: vec![at] });
            }
            ("fldChar", Some("end")) => {
                let Some(mut field) = self.fields.pop() else { return };
                field.parts.push(at);
                if has_path(&field.instruction) {
                    field.parts.iter().for_each(|part| self.edits.drop(*part));
                    self.tally.add(Channel::ExternalLink, 1);
                }
            }
            ("fldChar" | "instrText", _) => {
                if let Some(field) = self.fields.last_mut() {
                    field.parts.push(at);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let is_instruction = self.open.last().is_some_and(|frame| frame.name == "instrText");
        if let Some(field) = self.fields.last_mut().filter(|_| is_instruction) {
            field.instruction.push_str(text);
        }
    }

    /// What an element says about the one whose properties it belongs to.
    fn note_properties(&mut self, element: &Element<'_>) {
        let Some(depth) = self.open.len().checked_sub(2) else { return };
        let (parent, owner) = (self.open[depth + 1].name.clone(), &mut self.open[depth]);
        match (owner.name.as_str(), parent.as_str(), element.name()) {
            ("r", "rPr", "rStyle") | ("p", "pPr", "pStyle") => owner.style = element.get("val"),
            ("r", "rPr", _) => owner.look.note(element),
            ("pPr", "rPr", "del" | "moveFrom") => owner.is_deleted = true,
            ("tr", "trPr", "del") | ("tc", "tcPr", "cellDel") => owner.is_deleted = true,
            _ => {}
        }
    }

    fn decide(&mut self, name: &str, at: usize) {
        if let Some(channel) = find(&DROPPED, name) {
            self.edits.drop(at);
            self.tally.add(channel, 1);
        } else if name.ends_with("PrChange") || name == "tblGridChange" {
            self.edits.drop(at);
            self.tally.add(Channel::TrackedChange, 1);
        } else if let Some(channel) = find(&UNWRAPPED, name) {
            self.edits.unwrap(at);
            self.tally.add(channel, 1);
        }
    }

    fn close(&mut self, name: &str, at: usize) {
        let Some(mut frame) = self.open.pop() else { return };
        self.gone -= usize::from(self.edits.drops(frame.at));
        match name {
            "pPr" if frame.is_deleted => self.mark(|parent| parent.is_deleted = true),
            "r" if frame.is_seen && self.is_hidden(&frame) => {
                self.edits.drop(at);
                self.tally.add(Channel::HiddenText, 1);
                frame.is_seen = false;
            }
            "p" if frame.is_deleted && !frame.is_seen => {
                self.mark(|parent| parent.waiting = Some(at));
            }
            "tr" | "tc" if frame.is_deleted => {
                self.edits.drop(at);
                self.tally.add(Channel::TrackedDeletion, 1);
                frame.is_seen = false;
            }
            "tbl" if !frame.is_seen => self.edits.drop(at),
            _ => {}
        }
        let is_row = name == "tr" && !self.edits.drops(at);
        if (frame.is_seen || SEEN.contains(&name) || is_row) && self.gone == 0 {
            self.mark(|parent| parent.is_seen = true);
        }
    }

    fn mark(&mut self, note: impl FnOnce(&mut Frame)) {
        if let Some(parent) = self.open.last_mut() {
            note(parent);
        }
    }

    fn is_hidden(&self, run: &Frame) -> bool {
        let paragraph = self.open.iter().rev().find(|frame| frame.name == "p");
        let paragraph = paragraph.and_then(|paragraph| paragraph.style.as_deref());
        let look = self.document.styles.look(run.look, run.style.as_deref(), paragraph);
        look.is_hidden == Some(true)
    }
}

/// What an element is, if it is one of some.
fn find(all: &[(&str, Channel)], name: &str) -> Option<Channel> {
    all.iter().find(|(known, _)| *known == name).map(|(_, channel)| *channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::ooxml::edit::apply;

    fn fixed(body: &str) -> String {
        let document = Document { styles: Styles::default() };
        let (mut edits, mut tally) = (Edits::default(), Tally::default());
        let text = format!("<w:body xmlns:w=\"u\">{body}</w:body>");
        document.edit("document", &text, &mut edits, &mut tally).expect("sound");
        let (text, _) = apply(&text, &edits).expect("sound");
        text.replace("<w:body xmlns:w=\"u\">", "").replace("</w:body>", "")
    }

    #[test]
    fn changes_are_accepted() {
        let cases = [
            (
                "<w:p><w:ins w:id=\"1\"><w:r><w:t>a</w:t></w:r></w:ins></w:p>",
                "<w:p><w:r><w:t>a</w:t></w:r></w:p>",
            ),
            ("<w:p><w:del><w:r><w:delText>a</w:delText></w:r></w:del></w:p>", "<w:p></w:p>"),
            // A paragraph that was deleted with its mark goes if another follows.
            (
                "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:del><w:r><w:t>a</w:t></w:r></w:del></w:p><w:p/>",
                "<w:p/>",
            ),
            (
                "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc/></w:tr><w:tr><w:tc/></w:tr></w:tbl>",
                "<w:tbl><w:tr><w:tc/></w:tr></w:tbl>",
            ),
            ("<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc/></w:tr></w:tbl>", ""),
            (
                "<w:r><w:rPr><w:b/><w:rPrChange><w:rPr/></w:rPrChange></w:rPr></w:r>",
                "<w:r><w:rPr><w:b/></w:rPr></w:r>",
            ),
        ];
        for (before, after) in cases {
            assert_eq!(fixed(before), after, "{before}");
        }
    }

    #[test]
    fn hidden_runs_go_and_others_stay() {
        let run = |properties: &str| format!("<w:r><w:rPr>{properties}</w:rPr><w:t>a</w:t></w:r>");
        assert_eq!(fixed(&run("<w:vanish/>")), "");
        for seen in ["<w:vanish w:val=\"0\"/>", "<w:webHidden/>"] {
            assert_eq!(fixed(&run(seen)), run(seen));
        }
    }

    #[test]
    fn fields_that_name_files_become_what_they_show() {
        let field = |instruction: &str| {
            format!(
                "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>INCLUDETEXT</w:instrText>\
                </w:r><w:r><w:instrText>{instruction}</w:instrText></w:r><w:r><w:fldChar \
                w:fldCharType=\"separate\"/></w:r><w:r><w:t>a</w:t></w:r><w:r><w:fldChar \
                w:fldCharType=\"end\"/></w:r></w:p>"
            )
        };
        for path in ["\"C:\\\\Users\\\\anna\"", "file:///srv/a", "\"\\\\srv\\a\""] {
            let fixed = fixed(&field(path));
            assert!(!fixed.contains("instrText") && !fixed.contains("fldChar"), "{fixed}");
            assert!(fixed.contains("<w:t>a</w:t>"), "{fixed}");
        }
        for same in ["PAGE", "\"https://a.com/b\"", "DATE \\@ \"d:mm\""] {
            assert_eq!(fixed(&field(same)), field(same));
        }
        let simple =
            "<w:fldSimple w:instr=\"LINK C:\\a.xlsx\"><w:r><w:t>a</w:t></w:r></w:fldSimple>";
        assert_eq!(fixed(simple), "<w:r><w:t>a</w:t></w:r>");
    }

    #[test]
    fn ids_of_sessions_go_from_every_tag() {
        assert_eq!(fixed("<w:p w:rsidR=\"00A1\" w:x=\"1\"/>"), "<w:p w:x=\"1\"/>");
    }
}
