//! One thing that was found, where it stands, and what to do about it.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Domain tag that starts the bytes hashed into a finding's id.
const ID_TAG: &[u8] = b"attestry/scrub-finding/v2";

/// Domain tag that starts the bytes hashed into the bound id of a finding or of something not read.
const BOUND_TAG: &[u8] = b"attestry/scrub-bound/v1";

/// Domain tag that starts the bytes hashed into the binding of a unit of files.
const BINDING_TAG: &[u8] = b"attestry/scrub-binding/v1";

/// What follows the bytes of a file in the hash that ids are bound to. It begins with no byte that
/// SHA-256 pads with, so that the file's own digest, which the report shows, does not lead to it.
const CONTENT_TAG: &[u8] = b"attestry/scrub-content/v1";

/// Bytes of the hash that an id keeps.
const ID_BYTES: usize = 16;

/// What kind of thing must not leave.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Data about a natural person.
    PersonalData,
    /// A credential or key.
    Secret,
    /// A marking that says who may read the text.
    Confidentiality,
    /// A sign of material information that is not public.
    Mnpi,
    /// A word of the deny-list.
    DenyList,
    /// Content that a reader of the file does not see at first sight.
    Hidden,
    /// Data about the file itself: authors, programs, paths.
    Metadata,
    /// Something about the file's structure: wrong type, broken, encrypted, too large.
    File,
}

/// How bad it is if the finding leaves.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// To be looked at.
    Medium,
    /// To be removed unless there is a reason.
    High,
    /// To be removed.
    Critical,
}

/// Where in the life of a document a text stands. What is not `visible` is easily overlooked.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// What a reader sees.
    #[default]
    Visible,
    /// Text deleted while changes were tracked, still in the file.
    TrackedDeletion,
    /// Text inserted while changes were tracked.
    TrackedInsertion,
    /// Text moved, or its form or a cell changed, while changes were tracked.
    TrackedChange,
    /// A comment.
    Comment,
    /// The name of a commenter or editor.
    Author,
    /// Text marked as hidden.
    HiddenText,
    /// Text in the colour of the paper.
    WhiteText,
    /// Text too small to be read.
    TinyText,
    /// A hidden sheet.
    HiddenSheet,
    /// A sheet that the program's own menu does not offer to show.
    VeryHiddenSheet,
    /// A hidden row.
    HiddenRow,
    /// A hidden column.
    HiddenColumn,
    /// A defined name, hidden or not.
    DefinedName,
    /// A hidden slide.
    HiddenSlide,
    /// Speaker notes.
    Notes,
    /// A shape outside the slide or marked as hidden.
    OffSlide,
    /// A header or footer.
    HeaderFooter,
    /// A data part of an add-in or template.
    CustomXml,
    /// A property of the document.
    Property,
    /// The path of the template.
    Template,
    /// Ids of the editing sessions.
    RevisionId,
    /// A link to something outside the file.
    ExternalLink,
    /// A connection to a database or query.
    Connection,
    /// A copy of source data behind a pivot table, chart or external link.
    Cache,
    /// A file inside the file.
    Embedded,
    /// A program inside the document.
    Macro,
    /// A small picture of the first page.
    Thumbnail,
    /// Output of a notebook cell.
    Output,
    /// Data about the file, such as headers of a message or the metadata of a notebook.
    Metadata,
    /// The name of a file.
    FileName,
    /// A part that no reader knows; its text is searched all the same.
    OtherPart,
    /// Something that a repository keeps from earlier.
    History,
    /// The message of a commit or tag.
    CommitMessage,
    /// Text of a page under something that was painted over it.
    CoveredText,
    /// Text that is shown without being painted.
    InvisibleText,
    /// Text outside the visible part of a page.
    OffPage,
    /// Text of a layer that is switched off.
    Layer,
    /// Text of an earlier revision of the file.
    EarlierRevision,
    /// Something in the file that nothing points to.
    Orphan,
    /// The value of a form field.
    Form,
    /// Text that is still in the file though nothing refers to it.
    Remnant,
    /// An earlier version kept in the file.
    Version,
    /// Where a picture was taken.
    Position,
    /// Text in the pixels of a picture.
    PictureText,
    /// Pixels that are not shown: cut off, transparent, of another frame, of an earlier picture.
    HiddenPixels,
}

/// A half-open range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// Byte after the last.
    pub end: u64,
}

/// Where a finding stands. Numbers of lines, paragraphs and slides count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Names from the outermost file to the one that holds the finding.
    pub path: Vec<String>,
    /// Part of a compound document, such as `word/document.xml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Where in the life of the document.
    pub channel: Channel,
    /// Commit of a repository, its full id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Cell of a sheet, such as `B7`, or of a notebook, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// Slide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slide: Option<u32>,
    /// Page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Paragraph of the part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paragraph: Option<u32>,
    /// Name of a field: a header, a property, an attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Bytes of the innermost file if it is text; else of the text named by the other fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<ByteRange>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable: made of rule, location, what was found, and all bytes of the file that it is in.
    pub id: String,
    /// Id of the rule.
    pub rule: String,
    /// Kind of thing.
    pub category: Category,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub location: Location,
    /// What was found, most of it masked.
    pub excerpt: String,
    /// How many of the same this finding stands for; more than 1 where single ones tell nothing.
    pub count: u64,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub what: String,
}

impl Finding {
    /// The id before it is bound by [`Bound::id`]: SHA-256 over tag, rule, location and value, each
    /// but the tag preceded by its length as a big-endian 64-bit integer; the first 16 bytes in hex.
    /// The location is JSON with its members in the order of their declaration. Guesses of the value
    /// could be tried against it, so it leaves no scan as it is.
    pub(crate) fn id_of(rule: &str, location: &Location, value: &str) -> String {
        // A location has string keys only, so this does not fail.
        let place = serde_json::to_vec(location).unwrap_or_default();
        short_hash(ID_TAG, &[rule.as_bytes(), &place, value.as_bytes()])
    }

    /// The id of one that stands for many: the same with their ids in the place of the value. Theirs
    /// are bound, so this one is.
    pub(crate) fn id_of_all(rule: &str, location: &Location, all: &[Self]) -> String {
        let place = serde_json::to_vec(location).unwrap_or_default();
        let ids = all.iter().map(|finding| finding.id.as_bytes());
        let fields: Vec<&[u8]> = [rule.as_bytes(), &place].into_iter().chain(ids).collect();
        short_hash(ID_TAG, &fields)
    }
}

/// What the ids of one unit of files are bound to: all bytes of these files. An acceptance of what was
/// found in them so covers nothing else, not even another value at the same place; and whoever sees
/// an id has to know the files to try guesses of a value against it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Binding {
    contents: Vec<[u8; 32]>,
}

impl Binding {
    /// Takes in a file of which all bytes were hashed, and gives their digest in hex.
    pub(crate) fn add(&mut self, hashed: Sha256) -> String {
        self.contents.push(hashed.clone().chain_update(CONTENT_TAG).finalize().into());
        hex::encode(hashed.finalize())
    }

    /// Puts the files in an order that does not depend on that in which they were given.
    pub(crate) fn finish(mut self) -> Bound {
        self.contents.sort_unstable();
        let hasher = Sha256::new_with_prefix(BINDING_TAG);
        let all = self.contents.iter().fold(hasher, |hasher, content| hasher.chain_update(content));
        Bound(all.finalize().into())
    }
}

/// A finished [`Binding`].
pub(crate) struct Bound([u8; 32]);

impl Bound {
    /// The id that leaves the scan: SHA-256 over tag, binding and the id before, each but the tag
    /// preceded by its length; the first 16 bytes in hex.
    pub(crate) fn id(&self, id: &str) -> String {
        short_hash(BOUND_TAG, &[&self.0, id.as_bytes()])
    }
}

/// The first bytes, in hex, of SHA-256 over a tag and fields, each preceded by its length as a
/// big-endian 64-bit integer.
pub(crate) fn short_hash(tag: &[u8], fields: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(tag);
    for field in fields {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hex::encode(&hasher.finalize()[..ID_BYTES])
}

/// Masks a text so that its owner knows it again and nobody else learns it: every letter and digit
/// becomes a dot, except one or two at each end of a longer text. Long texts are cut.
pub(crate) fn mask(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    let count = text.chars().count();
    let keep = match count {
        0..6 => 0,
        6..12 => 1,
        _ => 2,
    };
    let mut masked = String::new();
    for (at, c) in text.chars().enumerate().take(SHOWN_CHARS_MAX) {
        let is_kept = at < keep || at + keep >= count;
        masked.push(match c {
            _ if c.is_control() => ' ',
            _ if c.is_alphanumeric() && !is_kept => '•',
            _ => c,
        });
    }
    if count > SHOWN_CHARS_MAX {
        masked.push('…');
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_keeps_the_form_and_little_else() {
        assert_eq!(mask("anna.berg@example.org"), "an••.••••@•••••••.•rg");
        assert_eq!(mask("secret"), "s••••t");
        assert_eq!(mask("short"), "•••••");
        assert_eq!(mask(""), "");
        assert_eq!(mask("a\nb"), "• •");
        let long = mask(&"x".repeat(200));
        assert_eq!(long.chars().count(), 65);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn an_id_is_bound_to_every_byte_of_every_file_in_any_order() {
        let id = |files: &[&[u8]]| {
            let mut binding = Binding::default();
            for file in files {
                let digest = binding.add(Sha256::new_with_prefix(file));
                assert_eq!(digest, hex::encode(Sha256::digest(file)));
            }
            binding.finish().id("id")
        };
        assert_eq!(id(&[b"one", b"two"]), id(&[b"two", b"one"]));
        let others: [&[&[u8]]; 5] =
            [&[], &[b"one"], &[b"onetwo"], &[b"one", b"twO"], &[b"one", b"two", b""]];
        assert!(others.iter().all(|files| id(files) != id(&[b"one", b"two"])));
    }

    #[test]
    fn an_id_depends_on_rule_location_and_value() {
        let place = Location { path: vec!["a".into()], ..Location::default() };
        let other = Location { line: Some(1), ..place.clone() };
        let id = Finding::id_of("r", &place, "e");
        assert_eq!(id.len(), 32);
        assert_eq!(id, Finding::id_of("r", &place, "e"));
        for changed in [
            Finding::id_of("s", &place, "e"),
            Finding::id_of("r", &other, "e"),
            Finding::id_of("r", &place, "f"),
        ] {
            assert_ne!(id, changed);
        }
    }
}
