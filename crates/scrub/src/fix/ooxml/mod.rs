//! Office Open XML (ISO/IEC 29500): documents, workbooks and presentations. Parts that nobody sees go
//! with the relations that lead to them; the others lose what is hidden and keep all else as it is.

mod chart;
mod docx;
pub(in crate::fix) mod edit;
mod package;
mod pptx;
mod refer;
mod xlsx;

use std::collections::BTreeMap;

use super::Job;
use crate::finding::Channel;
use crate::kind::Kind;
use crate::read::zip::Archive;
use crate::report::Reason;
use edit::{Edits, Step, apply, steps};
use package::{Package, Plan, text_of};

/// What was removed from one part.
#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<Channel, u64>,
}

impl Tally {
    fn add(&mut self, channel: Channel, count: u64) {
        if count > 0 {
            *self.counts.entry(channel).or_default() += count;
        }
    }
}

/// What the parts of each kind of document need to know of the others.
enum Editor {
    Docx(docx::Document),
    Xlsx(xlsx::Book),
    Pptx(pptx::Deck),
}

impl Editor {
    fn new(kind: Kind, package: &Package) -> Result<Self, Reason> {
        Ok(match kind {
            Kind::Docx => Self::Docx(docx::Document::of(package)),
            Kind::Xlsx => Self::Xlsx(xlsx::Book::of(package)?),
            _ => Self::Pptx(pptx::Deck::of(package)?),
        })
    }

    /// Parts that are hidden.
    fn doomed(&self) -> BTreeMap<String, Channel> {
        match self {
            Self::Docx(_) => BTreeMap::new(),
            Self::Xlsx(book) => book.doomed(),
            Self::Pptx(deck) => deck.doomed(),
        }
    }
}

pub(super) fn fix(
    job: &mut Job,
    path: &[String],
    kind: Kind,
    archive: &mut Archive<'_>,
) -> Result<Vec<u8>, Reason> {
    let comments = u64::from(!archive.comment().is_empty());
    let package = Package::load(job, archive)?;
    let editor = Editor::new(kind, &package)?;
    let plan = Plan::new(&package, &editor.doomed());
    if package.main().is_none_or(|main| !plan.kept.contains(&main)) {
        return Err(Reason::Broken);
    }
    job.removed(path, None, Channel::Comment, comments);
    let copy = plan.write(job, path, &package, |job, name| {
        let content = package.bytes(name);
        if is_xml(name) {
            let mut tally = Tally::default();
            let text = part(&editor, &plan, name, &text_of(content), &mut tally)?;
            for (channel, count) in tally.counts {
                job.removed(path, Some(name), channel, count);
            }
            return Ok(text.into_bytes());
        }
        let inner: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        // What cannot be fixed stays as it is; a scan of the copy says so.
        Ok(job.file(&inner, content).map_or_else(|_| content.to_vec(), |fixed| fixed.into_owned()))
    })?;
    plan.note(job, path, &package);
    Ok(copy)
}

fn is_xml(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".xml", ".rels", ".vml"].iter().any(|ending| lower.ends_with(ending))
}

/// Name of the outermost element, which tells what a part is.
fn root_of(text: &str) -> Result<String, Reason> {
    let mut root = None;
    steps(text, |step| {
        if let Step::Open(element, 0) = step {
            root = Some(element.name().to_owned());
        }
    })?;
    root.ok_or(Reason::Broken)
}

/// One part of XML without what is hidden in it.
fn part(
    editor: &Editor,
    plan: &Plan,
    name: &str,
    text: &str,
    tally: &mut Tally,
) -> Result<String, Reason> {
    let root = root_of(text)?;
    if matches!(root.as_str(), "coreProperties" | "Properties") {
        return package::properties(text, tally);
    }
    let mut edits = Edits::default();
    if let Some(gone) = plan.gone(name) {
        refer::edit(text, gone, &mut edits)?;
    }
    match editor {
        Editor::Docx(document) => document.edit(&root, text, &mut edits, tally)?,
        Editor::Xlsx(book) => book.edit(name, &root, text, &mut edits, tally)?,
        Editor::Pptx(deck) => deck.edit(&root, text, &mut edits, tally)?,
    }
    edits.drop_emptied(text)?;
    let (text, comments) = apply(text, &edits)?;
    tally.add(Channel::OtherPart, comments);
    Ok(text)
}
