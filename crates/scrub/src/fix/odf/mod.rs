//! OpenDocument (OASIS 1.3): texts, sheets and presentations, as packages or as one flat XML file.
//! Parts that nobody sees go with what names them; the others lose what is hidden.

mod content;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};

use super::Job;
use super::ooxml::edit::{Edits, Step, apply, steps};
use super::zip::{parts, plain};
use crate::finding::Channel;
use crate::read::odf::is_sealed;
use crate::read::zip::Archive;
use crate::report::Reason;

const MIMETYPE: &str = "mimetype";
const MANIFEST: &str = "META-INF/manifest.xml";

/// Parts of a document by name; what follows the name of a folder belongs to an object in it.
const KEPT: [&str; 5] = [MIMETYPE, "content.xml", "styles.xml", "meta.xml", "settings.xml"];

/// Folders that go, and what is in them.
const GONE: [(&str, Channel); 6] = [
    ("Thumbnails/", Channel::Thumbnail),
    ("Versions/", Channel::Version),
    ("VersionList.xml", Channel::Version),
    ("Basic/", Channel::Macro),
    ("Scripts/", Channel::Macro),
    ("Dialogs/", Channel::Macro),
];

/// What was removed from one part.
type Tally = BTreeMap<Channel, u64>;

type Parts = BTreeMap<String, Vec<u8>>;

pub(super) fn fix(
    job: &mut Job,
    path: &[String],
    archive: &mut Archive<'_>,
) -> Result<Vec<u8>, Reason> {
    let comments = u64::from(!archive.comment().is_empty());
    let parts: Parts = parts(job, archive)?.into_iter().collect();
    let manifest = parts.get(MANIFEST).map(|bytes| text_of(bytes)).unwrap_or_default();
    if is_sealed(&manifest) {
        return Err(Reason::Encrypted);
    }
    if !parts.contains_key("content.xml") {
        return Err(Reason::Broken);
    }
    let plan = Plan::new(&parts);
    job.removed(path, None, Channel::Comment, comments);
    let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
    // Programs look at the first bytes, so this part comes first and as it is.
    let first = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    add(&mut copy, MIMETYPE, first, parts.get(MIMETYPE).map_or(&[], Vec::as_slice))?;
    for (name, bytes) in parts.iter().filter(|(name, _)| plan.kept.contains(*name)) {
        let content = if name.ends_with(".xml") {
            let mut tally = Tally::new();
            let text = content::fix(&text_of(bytes), &plan.objects_gone, &mut tally)?;
            note(job, path, Some(name), tally);
            text.into_bytes()
        } else {
            let inner: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
            // What cannot be fixed stays as it is; a scan of the copy says so.
            job.file(&inner, bytes).map_or_else(|_| bytes.clone(), |fixed| fixed.into_owned())
        };
        add(&mut copy, name, plain(), &content)?;
    }
    add(&mut copy, MANIFEST, plain(), plan.manifest(&manifest)?.as_bytes())?;
    for (name, _) in parts.iter().filter(|(name, _)| !plan.keeps(name)) {
        let known = GONE.iter().find(|(begin, _)| name.starts_with(begin));
        let is_object = plan.objects_gone.iter().any(|object| name.starts_with(object));
        let other = if is_object { Channel::Embedded } else { Channel::OtherPart };
        job.removed(path, Some(name), known.map_or(other, |(_, channel)| *channel), 1);
    }
    Ok(copy.finish().map_err(|_| Reason::Broken)?.into_inner())
}

/// Fixes a document that is one XML file.
pub(super) fn fix_flat(job: &mut Job, path: &[String], bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut tally = Tally::new();
    let text = content::fix(&text_of(bytes), &BTreeSet::new(), &mut tally)?;
    note(job, path, None, tally);
    Ok(text.into_bytes())
}

fn note(job: &mut Job, path: &[String], part: Option<&str>, tally: Tally) {
    for (channel, count) in tally {
        job.removed(path, part, channel, count);
    }
}

fn add(
    copy: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    options: SimpleFileOptions,
    content: &[u8],
) -> Result<(), Reason> {
    copy.start_file(name, options).map_err(|_| Reason::Broken)?;
    copy.write_all(content).map_err(|_| Reason::Broken)
}

fn text_of(bytes: &[u8]) -> String {
    crate::text::decode(bytes).0.trim_start_matches('\u{feff}').to_owned()
}

/// What stays of a package.
struct Plan {
    kept: BTreeSet<String>,
    /// Names of objects that go; the picture that stands for each stays.
    objects_gone: BTreeSet<String>,
}

impl Plan {
    fn new(parts: &Parts) -> Self {
        let objects: BTreeSet<&str> = parts
            .keys()
            .filter_map(|name| name.split_once('/'))
            .filter(|(_, inner)| *inner == "content.xml")
            .map(|(object, _)| object)
            .collect();
        // Charts and formulas are drawn from what they hold; other objects hold whole documents.
        let is_drawn = |object: &str| {
            let content = parts.get(&format!("{object}/content.xml"));
            content.is_some_and(|bytes| {
                let text = text_of(bytes);
                text.contains("<office:chart") || text.contains("<math")
            })
        };
        let drawn: BTreeSet<&str> = objects.iter().copied().filter(|o| is_drawn(o)).collect();
        let replaced = parts.keys().filter_map(|name| name.strip_prefix("ObjectReplacements/"));
        let objects_gone: BTreeSet<String> = objects
            .iter()
            .copied()
            .chain(replaced)
            .filter(|object| !drawn.contains(object))
            .map(str::to_owned)
            .collect();
        let is_kept = |name: &str| {
            let own = KEPT.contains(&name) && name != MIMETYPE;
            let drawn_part = name.split_once('/').is_some_and(|(object, inner)| {
                drawn.contains(object) && ["content.xml", "styles.xml"].contains(&inner)
            });
            let shown = name.strip_prefix("ObjectReplacements/");
            let is_shown = shown.is_some_and(|object| objects_gone.contains(object));
            own || drawn_part || is_shown || name.starts_with("Pictures/")
        };
        let kept = parts.keys().filter(|name| is_kept(name)).cloned().collect();
        Self { kept, objects_gone }
    }

    /// Whether a part is in the copy.
    fn keeps(&self, name: &str) -> bool {
        name == MIMETYPE || name == MANIFEST || self.kept.contains(name)
    }

    /// The list of parts without those that go.
    fn manifest(&self, text: &str) -> Result<String, Reason> {
        let mut edits = Edits::default();
        steps(text, |step| {
            let Step::Open(element, at) = step else { return };
            if element.name() != "file-entry" {
                return;
            }
            let name = element.get("full-path").unwrap_or_default();
            let is_folder = name.ends_with('/') && name != "/";
            let has_parts = || self.kept.iter().any(|kept| kept.starts_with(&name));
            let stays = name == "/" || self.kept.contains(&name) || (is_folder && has_parts());
            if !stays {
                edits.drop(at);
            }
        })?;
        Ok(apply(text, &edits)?.0)
    }
}
