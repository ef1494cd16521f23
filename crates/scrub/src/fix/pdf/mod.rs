//! PDF: a fresh file of what the pages show. What lies under boxes, is invisible or outside the page
//! is taken out of the content itself; the boxes stay. Metadata, scripts, attachments, comments,
//! earlier revisions and what nothing points to are left out.

mod clean;
mod comments;
mod edits;
mod pictures;

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Object, ObjectId, Stream};

use super::Job;
use crate::finding::Channel;
use crate::read::pdf::canvas::{Brush, Canvas};
use crate::read::pdf::content::{Fonts, Shared};
use crate::read::pdf::cover::Standing;
use crate::read::pdf::document::Pdf;
use crate::read::pdf::layers::Layers;
use crate::read::pdf::page::{Looked, view};
use crate::read::pdf::pages::standing_of;
use crate::report::Reason;
use edits::Edits;
use pictures::Covered;

/// What is to be changed in the objects of a document.
#[derive(Default)]
struct Plan {
    /// Content of pages, as it will be.
    pages: BTreeMap<ObjectId, Vec<u8>>,
    forms: BTreeMap<ObjectId, Edits>,
    pictures: BTreeMap<ObjectId, Stream>,
    /// Pictures that are seen somewhere, wholly or in part.
    seen: BTreeSet<ObjectId>,
    covered: BTreeSet<ObjectId>,
    removed: BTreeMap<Channel, u64>,
}

pub(super) fn fix(job: &mut Job, path: &[String], bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let limits = *job.budget.limits();
    let mut pdf = Pdf::open(bytes, limits, job.budget.left())?;
    let plan = plan(&pdf)?;
    job.budget.spent(pdf.spent());
    let is_redacted = !plan.removed.is_empty();
    for (channel, count) in &plan.removed {
        job.removed(path, None, *channel, *count);
    }
    carry_out(&mut pdf, plan)?;
    let mut gone: BTreeMap<Channel, u64> = BTreeMap::new();
    gone.insert(Channel::Comment, comments::strip(&mut pdf));
    for channel in clean::clean(&mut pdf.doc, is_redacted) {
        *gone.entry(channel).or_default() += 1;
    }
    for key in [b"Prev".as_slice(), b"XRefStm", b"Encrypt", b"ID"] {
        pdf.doc.trailer.remove(key);
    }
    let orphans = pdf.doc.prune_objects().len();
    *gone.entry(Channel::Orphan).or_default() += orphans as u64;
    let ends = bytes.windows(5).filter(|window| *window == b"%%EOF").count();
    *gone.entry(Channel::EarlierRevision).or_default() += ends.saturating_sub(1) as u64;
    for (channel, count) in gone {
        job.removed(path, None, channel, count);
    }
    inner_pictures(job, path, &mut pdf)?;
    let mut out = Vec::new();
    pdf.doc.save_to(&mut out).map_err(|_| Reason::Broken)?;
    Ok(out)
}

/// Looks at all pages and decides. A page that cannot be read wholly cannot be fixed.
fn plan(pdf: &Pdf) -> Result<Plan, Reason> {
    let layers = Layers::of(&pdf.doc);
    let fonts = Fonts::default();
    let shared = Shared { pdf, layers: &layers, fonts: &fonts };
    let mut plan = Plan::default();
    for id in pdf.pages() {
        let page = pdf.page(id).ok_or(Reason::Broken)?;
        let looked = view(&shared, &page);
        if let Some(reason) = looked.canvas.troubles.first() {
            return Err(*reason);
        }
        let mut own = Edits::default();
        plan.text(&looked, &mut own);
        plan.pictures(pdf, &looked.canvas, &mut own);
        let boxes = boxes(&looked);
        if !own.is_empty() || !boxes.is_empty() {
            let content = pdf.content(&page).content;
            let mut fresh = b"q\n".to_vec();
            fresh.extend(own.apply(&content));
            fresh.extend_from_slice(b"\nQ\n");
            fresh.extend(boxes);
            plan.pages.insert(id, fresh);
        }
    }
    Ok(plan)
}

impl Plan {
    /// Takes out every glyph that is not seen.
    fn text(&mut self, looked: &Looked, own: &mut Edits) {
        let canvas = &looked.canvas;
        for show in &canvas.shows {
            let source = canvas.sources.get(show.source as usize).copied().flatten();
            for (at, glyph) in show.glyphs.clone().enumerate() {
                let standing = looked.sight.standings.get(glyph).copied();
                let Some(standing) = standing.filter(|s| *s != Standing::Seen) else { continue };
                let edits = match source {
                    Some(form) => self.forms.entry(form).or_default(),
                    None => &mut *own,
                };
                edits.drop_glyph(show, at);
                *self.removed.entry(standing_of(standing).0).or_default() += 1;
            }
        }
    }

    fn pictures(&mut self, pdf: &Pdf, canvas: &Canvas, own: &mut Edits) {
        for picture in &canvas.pictures {
            let covers = pictures::over(canvas, picture);
            let standing = pictures::covered(picture, &covers);
            let stream = picture.id.and_then(|id| pdf.doc.get_object(id).ok());
            let stream = stream.and_then(|object| object.as_stream().ok());
            match (standing, picture.id, stream) {
                (Covered::Not, id, _) => self.seen.extend(id),
                (_, None, _) => {
                    // A picture in the content goes with its operator, in part or not.
                    if picture.source == 0 {
                        own.drop_operator(&picture.range);
                    }
                    *self.removed.entry(Channel::CoveredText).or_default() += 1;
                }
                (Covered::Wholly, Some(id), _) => {
                    self.covered.insert(id);
                    *self.removed.entry(Channel::CoveredText).or_default() += 1;
                }
                (Covered::Partly, Some(id), Some(stream)) => {
                    let known = self.pictures.get(&id).unwrap_or(stream);
                    let fresh = pictures::without(&pdf.doc, known, picture, &covers, pdf.limits);
                    // What cannot be unpacked cannot be cleared in part.
                    self.pictures.insert(id, fresh.unwrap_or_else(pictures::blank));
                    self.seen.insert(id);
                    *self.removed.entry(Channel::CoveredText).or_default() += 1;
                }
                (Covered::Partly, Some(_), None) => {}
            }
        }
    }
}

/// Operators that paint the boxes of annotations, which go themselves.
fn boxes(looked: &Looked) -> Vec<u8> {
    let mut out = String::new();
    for cover in &looked.canvas.covers {
        let is_annotation = matches!(cover.brush, Brush::Annotation | Brush::Redaction);
        let area = cover.area.bounds().meet(&cover.clip).meet(&looked.shown);
        if !is_annotation || area.is_empty() {
            continue;
        }
        let [red, green, blue] = cover.colour.unwrap_or([0.0; 3]);
        out += &format!(
            "q {red:.3} {green:.3} {blue:.3} rg {:.3} {:.3} {:.3} {:.3} re f Q\n",
            area.left,
            area.bottom,
            area.right - area.left,
            area.top - area.bottom,
        );
    }
    out.into_bytes()
}

fn carry_out(pdf: &mut Pdf, plan: Plan) -> Result<(), Reason> {
    for (id, content) in plan.pages {
        let mut stream = Stream::new(lopdf::Dictionary::new(), content);
        // A stream that cannot be packed stays as it is.
        let _ = stream.compress();
        let fresh = pdf.doc.add_object(stream);
        let page = pdf.doc.get_dictionary_mut(id).map_err(|_| Reason::Broken)?;
        page.set("Contents", Object::Reference(fresh));
    }
    for (id, edits) in plan.forms {
        let Ok(Object::Stream(stream)) = pdf.doc.get_object(id) else { continue };
        let content = edits.apply(&pdf.unpack(stream).content);
        if let Ok(Object::Stream(stream)) = pdf.doc.get_object_mut(id) {
            stream.set_plain_content(content);
            // A stream that cannot be packed stays as it is.
            let _ = stream.compress();
        }
    }
    for (id, stream) in plan.pictures {
        pdf.doc.objects.insert(id, Object::Stream(stream));
    }
    for id in plan.covered.difference(&plan.seen) {
        pdf.doc.objects.insert(*id, Object::Stream(pictures::blank()));
    }
    Ok(())
}

/// Pictures that are files of their own are fixed as such.
fn inner_pictures(job: &mut Job, path: &[String], pdf: &mut Pdf) -> Result<(), Reason> {
    for (id, object) in &mut pdf.doc.objects {
        let Object::Stream(stream) = object else { continue };
        let filters = stream.filters().unwrap_or_default();
        if !matches!(filters.as_slice(), [b"DCTDecode" | b"JPXDecode"]) {
            continue;
        }
        let name = format!("image of object {}", id.0);
        let inner: Vec<String> = path.iter().cloned().chain([name]).collect();
        let fixed = job.file(&inner, &stream.content)?;
        if let std::borrow::Cow::Owned(fixed) = fixed {
            stream.set_content(fixed);
        }
    }
    Ok(())
}
