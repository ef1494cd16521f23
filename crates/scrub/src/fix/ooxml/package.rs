//! All parts of a document, which of them stay, and the two kinds of parts that tie them together:
//! relations and content types (ISO/IEC 29500-2).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};

use ::zip::ZipWriter;

use super::Tally;
use super::edit::{Edits, Step, apply, steps};
use crate::finding::Channel;
use crate::fix::Job;
use crate::fix::zip::{parts, plain};
use crate::read::ooxml::package::{Relation, relations, resolve};
use crate::read::zip::Archive;
use crate::report::Reason;

/// Part that names the kinds of all others.
pub(super) const CONTENT_TYPES: &str = "[Content_Types].xml";

/// Relations that go with what they lead to, by the last word of their type.
const UNWANTED: [(&str, Channel); 69] = [
    ("thumbnail", Channel::Thumbnail),
    ("comments", Channel::Comment),
    ("commentsExtended", Channel::Comment),
    ("commentsIds", Channel::Comment),
    ("commentsExtensible", Channel::Comment),
    ("threadedComment", Channel::Comment),
    ("documenttasks", Channel::Comment),
    ("people", Channel::Author),
    ("person", Channel::Author),
    ("commentAuthors", Channel::Author),
    ("authors", Channel::Author),
    ("usernames", Channel::Author),
    ("changesInfo", Channel::Author),
    ("revisionInfo", Channel::Author),
    ("revisionHeaders", Channel::TrackedChange),
    ("customXml", Channel::CustomXml),
    ("customXmlProps", Channel::CustomXml),
    ("customData", Channel::CustomXml),
    ("customProperty", Channel::CustomXml),
    ("tags", Channel::CustomXml),
    ("powerPivotData", Channel::CustomXml),
    ("xmlMaps", Channel::CustomXml),
    ("custom-properties", Channel::Property),
    ("classificationlabels", Channel::Property),
    ("docMetadata", Channel::Property),
    ("attachedTemplate", Channel::Template),
    ("transform", Channel::Template),
    ("vbaProject", Channel::Macro),
    ("vbaProjectSignature", Channel::Macro),
    ("vbaProjectSignatureAgile", Channel::Macro),
    ("vbaProjectSignatureV3", Channel::Macro),
    ("wordVbaData", Channel::Macro),
    ("xlMacrosheet", Channel::Macro),
    ("xlIntlMacrosheet", Channel::Macro),
    ("keyMapCustomizations", Channel::Macro),
    ("attachedToolbars", Channel::Macro),
    ("extensibility", Channel::Macro),
    ("customUI", Channel::Macro),
    ("webextensiontaskpanes", Channel::Macro),
    ("webextension", Channel::Macro),
    ("control", Channel::Embedded),
    ("activeXControlBinary", Channel::Embedded),
    ("oleObject", Channel::Embedded),
    ("package", Channel::Embedded),
    ("printerSettings", Channel::Metadata),
    ("origin", Channel::Metadata),
    ("signature", Channel::Metadata),
    ("connections", Channel::Connection),
    ("queryTable", Channel::Connection),
    ("mailMergeSource", Channel::Connection),
    ("mailMergeHeaderSource", Channel::Connection),
    ("mailMergeRecipientData", Channel::Connection),
    ("recipientData", Channel::Connection),
    ("externalLink", Channel::ExternalLink),
    ("externalLinkPath", Channel::ExternalLink),
    ("subDocument", Channel::ExternalLink),
    ("frame", Channel::ExternalLink),
    ("pivotTable", Channel::Cache),
    ("pivotCacheDefinition", Channel::Cache),
    ("pivotCacheRecords", Channel::Cache),
    ("slicer", Channel::Cache),
    ("slicerCache", Channel::Cache),
    ("timeline", Channel::Cache),
    ("timelineCache", Channel::Cache),
    ("volatileDependencies", Channel::Cache),
    ("calcChain", Channel::Cache),
    ("namedSheetView", Channel::OtherPart),
    ("glossaryDocument", Channel::OtherPart),
    ("notesSlide", Channel::Notes),
];

/// Content types of documents with macros, and of the same without.
const WITH_MACROS: [(&str, &str); 9] = [
    (
        "vnd.ms-word.document.macroEnabled.main",
        "vnd.openxmlformats-officedocument.wordprocessingml.document.main",
    ),
    (
        "vnd.ms-word.template.macroEnabledTemplate.main",
        "vnd.openxmlformats-officedocument.wordprocessingml.template.main",
    ),
    (
        "vnd.ms-excel.sheet.macroEnabled.main",
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main",
    ),
    (
        "vnd.ms-excel.template.macroEnabled.main",
        "vnd.openxmlformats-officedocument.spreadsheetml.template.main",
    ),
    (
        "vnd.ms-excel.addin.macroEnabled.main",
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main",
    ),
    (
        "vnd.ms-powerpoint.presentation.macroEnabled.main",
        "vnd.openxmlformats-officedocument.presentationml.presentation.main",
    ),
    (
        "vnd.ms-powerpoint.slideshow.macroEnabled.main",
        "vnd.openxmlformats-officedocument.presentationml.slideshow.main",
    ),
    (
        "vnd.ms-powerpoint.template.macroEnabled.main",
        "vnd.openxmlformats-officedocument.presentationml.template.main",
    ),
    (
        "vnd.ms-powerpoint.addin.macroEnabled.main",
        "vnd.openxmlformats-officedocument.presentationml.presentation.main",
    ),
];

/// Endings of names that promise macros; such a file must keep its content type to be opened.
const NAMES_WITH_MACROS: [&str; 9] =
    [".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".pptm", ".potm", ".ppsm", ".ppam"];

/// The parts of a document.
pub(super) struct Package {
    /// In the order of the file.
    pub(super) names: Vec<String>,
    parts: BTreeMap<String, Vec<u8>>,
}

impl Package {
    pub(super) fn load(job: &mut Job, archive: &mut Archive<'_>) -> Result<Self, Reason> {
        let mut package = Self { names: Vec::new(), parts: BTreeMap::new() };
        for (name, content) in parts(job, archive)? {
            if package.parts.insert(name.clone(), content).is_none() {
                package.names.push(name);
            }
        }
        Ok(package)
    }

    pub(super) fn bytes(&self, name: &str) -> &[u8] {
        self.parts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Text of a part, without a mark at its start.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parts.get(name).map(|bytes| text_of(bytes))
    }

    pub(super) fn relations(&self, part: &str) -> Vec<Relation> {
        self.text(&rels_of(part)).map_or_else(Vec::new, |text| relations(&text))
    }

    /// The part that a relation leads to: names do not depend on case.
    pub(super) fn target(&self, part: &str, relation: &Relation) -> Option<String> {
        if relation.is_external {
            return None;
        }
        let path = relation.target.split('#').next().unwrap_or_default();
        let wanted = resolve(part, path);
        if self.parts.contains_key(&wanted) {
            return Some(wanted);
        }
        self.names.iter().find(|name| name.eq_ignore_ascii_case(&wanted)).cloned()
    }

    /// The main part.
    pub(super) fn main(&self) -> Option<String> {
        let relations = self.relations("");
        let main = relations.iter().find(|relation| relation.kind == "officeDocument")?;
        self.target("", main)
    }
}

pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match crate::text::decode(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        Cow::Owned(text) => Cow::Owned(text.trim_start_matches('\u{feff}').to_owned()),
    }
}

/// Name of the part that holds the relations of a part.
fn rels_of(part: &str) -> String {
    let (folder, base) = part.rsplit_once('/').unwrap_or(("", part));
    format!("{folder}/_rels/{base}.rels").trim_start_matches('/').to_owned()
}

/// Whether a link may stay: to a page or an address, as anybody may have them.
fn is_ordinary(relation: &Relation) -> bool {
    let target = relation.target.to_ascii_lowercase();
    relation.kind == "hyperlink" && (target.starts_with("http") || target.starts_with("mailto:"))
}

/// What stays of a document.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) kept: BTreeSet<String>,
    /// Ids of the relations that go, by the part that has them.
    gone: BTreeMap<String, BTreeSet<String>>,
    /// Parts that go, and what they were.
    channels: BTreeMap<String, Channel>,
    /// Links that go, by part and channel.
    links: BTreeMap<(String, Channel), u64>,
}

impl Plan {
    /// Follows the relations that stay from the root on. What is not reached goes, and so do the
    /// parts that were found to be hidden.
    pub(super) fn new(package: &Package, doomed: &BTreeMap<String, Channel>) -> Self {
        let mut plan = Self { channels: doomed.clone(), ..Self::default() };
        let mut waiting = vec![String::new()];
        while let Some(part) = waiting.pop() {
            for relation in package.relations(&part) {
                let target = package.target(&part, &relation);
                let unwanted = UNWANTED.iter().find(|(kind, _)| *kind == relation.kind);
                let channel = match (&target, unwanted) {
                    (Some(target), _) if doomed.contains_key(target) => doomed.get(target).copied(),
                    (_, Some((_, channel))) => Some(*channel),
                    (None, None) if relation.is_external && !is_ordinary(&relation) => {
                        Some(Channel::ExternalLink)
                    }
                    _ => None,
                };
                if let Some(channel) = channel {
                    plan.gone.entry(part.clone()).or_default().insert(relation.id.clone());
                    match target {
                        Some(target) => drop(plan.channels.entry(target).or_insert(channel)),
                        None => *plan.links.entry((part.clone(), channel)).or_default() += 1,
                    }
                } else if let Some(target) = target
                    && plan.kept.insert(target.clone())
                {
                    waiting.push(target);
                }
            }
        }
        plan
    }

    /// Ids of the relations of a part that go.
    pub(super) fn gone(&self, part: &str) -> Option<&BTreeSet<String>> {
        self.gone.get(part)
    }

    /// Notes the parts and links that go, in the order of the file.
    pub(super) fn note(&self, job: &mut Job, path: &[String], package: &Package) {
        let is_tie = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.ends_with(".rels") || name.starts_with("[content_types]")
        };
        for name in package.names.iter().filter(|name| !self.kept.contains(*name) && !is_tie(name))
        {
            let channel = self.channels.get(name).copied().unwrap_or(Channel::OtherPart);
            job.removed(path, Some(name), channel, 1);
        }
        for ((part, channel), count) in &self.links {
            job.removed(path, Some(&rels_of(part)), *channel, *count);
        }
    }

    /// The relations of a part without those that go; `None` if it has none.
    fn relations(&self, package: &Package, part: &str) -> Result<Option<String>, Reason> {
        let Some(text) = package.text(&rels_of(part)) else { return Ok(None) };
        let none = BTreeSet::new();
        let gone = self.gone(part).unwrap_or(&none);
        let mut edits = Edits::default();
        let mut kept = 0;
        steps(&text, |step| {
            let Step::Open(element, at) = step else { return };
            if element.name() != "Relationship" {
                return;
            }
            let id = element.get("Id").unwrap_or_default();
            if gone.contains(&id) { edits.drop(at) } else { kept += 1 }
        })?;
        Ok(if kept == 0 { None } else { Some(apply(&text, &edits)?.0) })
    }

    /// The content types of the parts that stay.
    fn content_types(&self, package: &Package, name: &str) -> Result<String, Reason> {
        let text = package.text(CONTENT_TYPES).ok_or(Reason::Broken)?;
        let lower = name.to_ascii_lowercase();
        let keeps_type = NAMES_WITH_MACROS.iter().any(|ending| lower.ends_with(ending));
        let kept: BTreeSet<String> = self.kept.iter().map(|n| n.to_ascii_lowercase()).collect();
        let mut edits = Edits::default();
        steps(&text, |step| {
            let Step::Open(element, at) = step else { return };
            let get = |name: &str| element.get(name).unwrap_or_default();
            match element.name() {
                "Override" => {
                    let part = get("PartName").to_ascii_lowercase();
                    if !kept.contains(part.trim_start_matches('/')) {
                        edits.drop(at);
                    }
                }
                "Default" => {
                    let ending = get("Extension").to_ascii_lowercase();
                    let is_used = ["rels", "xml"].contains(&ending.as_str())
                        || kept.iter().any(|name| name.ends_with(&format!(".{ending}")));
                    if !is_used {
                        edits.drop(at);
                    }
                }
                _ => return,
            }
            let kind = get("ContentType");
            let plain = WITH_MACROS.iter().find(|(with, _)| {
                let main = kind.strip_prefix("application/").and_then(|k| k.strip_suffix("+xml"));
                main.is_some_and(|main| main.eq_ignore_ascii_case(with))
            });
            if let Some((_, plain)) = plain.filter(|_| !keeps_type) {
                edits.attribute(at, "ContentType", Some(&format!("application/{plain}+xml")));
            }
        })?;
        Ok(apply(&text, &edits)?.0)
    }

    /// Writes the parts that stay, as the given function makes them.
    pub(super) fn write(
        &self,
        job: &mut Job,
        path: &[String],
        package: &Package,
        mut part: impl FnMut(&mut Job, &str) -> Result<Vec<u8>, Reason>,
    ) -> Result<Vec<u8>, Reason> {
        let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
        let mut add = |name: &str, content: &[u8]| {
            copy.start_file(name, plain()).map_err(|_| Reason::Broken)?;
            copy.write_all(content).map_err(|_| Reason::Broken)
        };
        let name = path.last().map_or("", String::as_str);
        add(CONTENT_TYPES, self.content_types(package, name)?.as_bytes())?;
        if let Some(text) = self.relations(package, "")? {
            add(&rels_of(""), text.as_bytes())?;
        }
        for name in package.names.iter().filter(|name| self.kept.contains(*name)) {
            let content = part(job, name)?;
            add(name, &content)?;
            if let Some(text) = self.relations(package, name)? {
                add(&rels_of(name), text.as_bytes())?;
            }
        }
        let copy = copy.finish().map_err(|_| Reason::Broken)?;
        Ok(copy.into_inner())
    }
}

/// Takes all properties out of a part of properties, or leaves the name of the program.
pub(super) fn properties(text: &str, tally: &mut Tally) -> Result<String, Reason> {
    let mut edits = Edits::default();
    let (mut depth, mut values, mut is_kept) = (0_usize, 0, false);
    steps(text, |step| match step {
        Step::Open(element, at) => {
            if depth == 1 {
                is_kept = matches!(element.name(), "Application" | "AppVersion");
                if !is_kept {
                    edits.drop(at);
                }
            }
            depth += 1;
        }
        Step::Close(_, _) => depth -= 1,
        Step::Text(text) => {
            values += u64::from(depth > 1 && !is_kept && !text.trim().is_empty());
        }
    })?;
    tally.add(Channel::Property, values);
    Ok(apply(text, &edits)?.0)
}
