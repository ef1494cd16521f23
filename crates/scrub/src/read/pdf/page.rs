//! The text of a page in lines, each with how it can be seen, and what is to be said about it.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object, ObjectId};

use super::canvas::{Brush, Canvas, Cover, Glyph};
use super::content::{Runner, Shared};
use super::cover::{Sight, Standing, look};
use super::document::{PageDict, get, name_of, numbers};
use super::geometry::{Area, Rect};

/// A gap of this share of the size is a space.
const SPACE: f64 = 0.17;

/// A step up or down of this share of the size begins a line.
const LINE: f64 = 0.4;

/// Text of a page that stands together and is seen or hidden in the same way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) standing: Standing,
    pub(crate) text: String,
}

/// A page that was looked at.
pub(crate) struct Looked {
    pub(crate) canvas: Canvas,
    pub(crate) sight: Sight,
    pub(crate) shown: Rect,
}

/// Runs the content of a page with its annotations, and looks at it.
pub(crate) fn view(shared: &Shared<'_>, page: &PageDict<'_>) -> Looked {
    let content = shared.pdf.content(page);
    let mut runner = Runner::new(shared);
    runner.run(&content.content, page.resources);
    for annotation in annotations(shared, page) {
        appear(shared, &mut runner, annotation);
    }
    let mut canvas = runner.finish();
    canvas.troubles.extend(content.trouble);
    let sight = look(&canvas, page.shown);
    if sight.is_cut {
        canvas.troubles.insert(crate::report::Reason::TooLarge);
    }
    Looked { canvas, sight, shown: page.shown }
}

/// The annotations of a page in their order.
pub(crate) fn annotations<'d>(shared: &Shared<'d>, page: &PageDict<'d>) -> Vec<&'d Dictionary> {
    let doc = &shared.pdf.doc;
    let Some(Object::Array(entries)) = get(doc, page.dict, b"Annots") else { return Vec::new() };
    let dict = |entry| doc.dereference(entry).ok().and_then(|(_, object)| object.as_dict().ok());
    entries.iter().filter_map(dict).collect()
}

/// Whether an annotation is not shown: hidden or not to be viewed.
pub(crate) fn is_unseen(shared: &Shared<'_>, annotation: &Dictionary) -> bool {
    let flags = get(&shared.pdf.doc, annotation, b"F").and_then(|flags| flags.as_i64().ok());
    flags.is_some_and(|flags| flags & (2 | 32) != 0)
}

fn appear<'d>(shared: &Shared<'d>, runner: &mut Runner<'d>, annotation: &'d Dictionary) {
    let doc = &shared.pdf.doc;
    let corners = numbers(doc, annotation, b"Rect").and_then(|r| <[f64; 4]>::try_from(r).ok());
    let Some(place) = corners.map(Rect::between) else { return };
    let layer = annotation.get(b"OC").ok();
    let is_off = layer.is_some_and(|layer| !super::state::is_layer_on(doc, layer, shared.layers));
    match name_of(doc, annotation, b"Subtype") {
        Some(b"Redact") => {
            redaction(shared, runner, annotation, place);
            return;
        }
        Some(b"Popup") => return,
        _ if is_unseen(shared, annotation) || is_off => return,
        _ => {}
    }
    let Some((id, object)) = appearance(shared, annotation) else { return };
    if let Ok(stream) = object.as_stream() {
        runner.appearance(id, stream, place);
    }
}

/// The normal appearance in the present state.
fn appearance<'d>(
    shared: &Shared<'d>,
    annotation: &'d Dictionary,
) -> Option<(Option<ObjectId>, &'d Object)> {
    let doc = &shared.pdf.doc;
    let appearances = get(doc, annotation, b"AP")?.as_dict().ok()?;
    let normal = appearances.get(b"N").ok()?;
    let (id, object) = doc.dereference(normal).ok()?;
    let Object::Dictionary(states) = object else { return Some((id, object)) };
    let state = name_of(doc, annotation, b"AS")?;
    let state = states.get(state).ok()?;
    doc.dereference(state).ok()
}

/// The places that an annotation asks to redact (ISO 32000-2 §12.5.6.23).
fn redaction<'d>(
    shared: &Shared<'d>,
    runner: &mut Runner<'d>,
    annotation: &'d Dictionary,
    place: Rect,
) {
    let quads = numbers(&shared.pdf.doc, annotation, b"QuadPoints").unwrap_or_default();
    let mut areas: Vec<Rect> = quads
        .chunks_exact(8)
        .map(|quad| Rect::of(&[0, 2, 4, 6].map(|at| (quad[at], quad[at + 1]))))
        .collect();
    if areas.is_empty() {
        areas.push(place);
    }
    for area in areas {
        let order = runner.canvas.next_order();
        runner.canvas.cover(Cover {
            area: Area::Box(area),
            clip: Rect::EVERYTHING,
            order,
            brush: Brush::Redaction,
            colour: None,
        });
    }
}

impl Looked {
    /// A canvas whose glyphs are known to stand as given.
    pub(crate) const fn of(canvas: Canvas, standings: Vec<Standing>, shown: Rect) -> Self {
        let sight = Sight { standings, hiding: BTreeMap::new(), is_cut: false };
        Self { canvas, sight, shown }
    }

    /// The text in runs, in the order of the content.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut last: Option<&Glyph> = None;
        for (glyph, standing) in self.canvas.glyphs.iter().zip(&self.sight.standings) {
            let text = self.canvas.text_of(glyph);
            let gap = last.map_or(Gap::Line, |last| gap(last, glyph));
            last = Some(glyph);
            if text.trim().is_empty() {
                if let Some(run) = runs.last_mut().filter(|run| !run.text.ends_with(' ')) {
                    run.text.push(' ');
                }
                continue;
            }
            let joins = runs.last().is_some_and(|run| run.standing == *standing);
            match (runs.last_mut(), gap) {
                (Some(run), Gap::None) if joins => run.text.push_str(text),
                (Some(run), Gap::Space) if joins => {
                    if !run.text.ends_with(' ') {
                        run.text.push(' ');
                    }
                    run.text.push_str(text);
                }
                _ => runs.push(Run { standing: *standing, text: text.to_owned() }),
            }
        }
        runs
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    None,
    Space,
    Line,
}

/// What lies between two glyphs.
fn gap(last: &Glyph, next: &Glyph) -> Gap {
    let size = last.height().max(1e-6);
    let end = last.point(1.0, 0.0);
    let start = next.point(0.0, 0.0);
    let (dx, dy) = (start.0 - end.0, start.1 - end.1);
    let up = (f64::from(last.up.0) / size, f64::from(last.up.1) / size);
    // Along the line and across it, whichever way the text runs.
    let (along, across) = (dx * up.1 - dy * up.0, dx * up.0 + dy * up.1);
    let back = if last.along == (0.0, 0.0) { 1.0 } else { 0.5 };
    if across.abs() > LINE * size || along < -back * size {
        Gap::Line
    } else if along > SPACE * size {
        Gap::Space
    } else {
        Gap::None
    }
}
