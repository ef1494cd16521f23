//! Content streams: runs the operators of a page and of the forms in it, and notes on a canvas what
//! they paint where (ISO 32000-2 §8, §9). Nothing is drawn.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use lopdf::{Dictionary, Object, ObjectId};

use super::canvas::{Brush, Canvas, Cover, OPERATORS_MAX, POINTS_MAX};
use super::document::{Pdf, dict_of, dictionary, get, name_of, numbers};
use super::font::Font;
use super::geometry::{Area, Matrix, Point, Rect};
use super::layers::Layers;
use super::lex::{Lexer, Token};
use super::path::{Path, bands};
use super::state::{Paint, Space, State, is_layer_on};
use crate::report::Reason;

/// Forms inside each other that are followed.
const FORM_DEPTH_MAX: usize = 16;

/// Forms that one page runs, each time counted.
const FORM_RUNS_MAX: usize = 5_000;

/// Saved states inside each other.
const SAVED_MAX: usize = 512;

/// Operands of one operator that are kept.
const OPERANDS_MAX: usize = 1_000_000;

/// Lines thinner than this, in points, hide no text.
const BAND_MIN: f64 = 3.0;

/// Fonts that were read, by object; only ever asked by object, so its order does not matter.
#[derive(Default)]
pub(crate) struct Fonts(Mutex<HashMap<ObjectId, Arc<Font>>>);

impl Fonts {
    fn get(&self, pdf: &Pdf, object: &Object) -> Option<Arc<Font>> {
        let read = |object: &Object| {
            let (_, object) = pdf.doc.dereference(object).ok()?;
            Some(Arc::new(Font::read(&pdf.doc, dictionary(object)?)))
        };
        let Object::Reference(id) = object else { return read(object) };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if known.is_some() {
            return known;
        }
        let font = read(object)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(*id, Arc::clone(&font));
        Some(font)
    }
}

/// What is shared by all pages.
pub(crate) struct Shared<'d> {
    pub(crate) pdf: &'d Pdf,
    pub(crate) layers: &'d Layers,
    pub(crate) fonts: &'d Fonts,
}

/// Runs content.
pub(crate) struct Runner<'d> {
    pub(super) shared: &'d Shared<'d>,
    pub(super) canvas: Canvas,
    pub(super) state: State,
    saved: Vec<State>,
    /// States that belong to the content around this one.
    floor: usize,
    path: Path,
    pending_clip: bool,
    pub(super) text_matrix: Matrix,
    pub(super) line_matrix: Matrix,
    /// Marked content that is open, and whether it belongs to a layer that is off.
    marked: Vec<bool>,
    pub(super) is_off: bool,
    /// Whether the form that is being run belongs to a layer that is off.
    is_form_off: bool,
    forms: Vec<ObjectId>,
    form_runs: usize,
    brush: Brush,
    /// Fonts of this page by the place of their dictionary and name.
    named: BTreeMap<(usize, Vec<u8>), Option<Arc<Font>>>,
    pub(super) source: u32,
    /// Pictures without holes.
    pub(super) solid: BTreeMap<ObjectId, bool>,
    seen_forms: BTreeMap<ObjectId, u32>,
}

impl<'d> Runner<'d> {
    pub(crate) fn new(shared: &'d Shared<'d>) -> Self {
        Self {
            shared,
            canvas: Canvas { sources: vec![None], ..Canvas::default() },
            state: State::new(Matrix::ONE, Rect::EVERYTHING),
            saved: Vec::new(),
            floor: 0,
            path: Path::default(),
            pending_clip: false,
            text_matrix: Matrix::ONE,
            line_matrix: Matrix::ONE,
            marked: Vec::new(),
            is_off: false,
            is_form_off: false,
            forms: Vec::new(),
            form_runs: 0,
            brush: Brush::Shape,
            named: BTreeMap::new(),
            source: 0,
            solid: BTreeMap::new(),
            seen_forms: BTreeMap::new(),
        }
    }

    pub(crate) fn finish(self) -> Canvas {
        self.canvas
    }

    /// Runs a content stream with its resources.
    pub(crate) fn run(&mut self, content: &[u8], resources: Option<&'d Dictionary>) {
        let (saved, marked) = (self.saved.len(), self.marked.len());
        let floor = std::mem::replace(&mut self.floor, saved);
        let mut lexer = Lexer::new(content);
        let mut operands: Vec<Token<'_>> = Vec::new();
        let (mut start, was_off) = (0, self.is_off);
        while let Some((at, token)) = lexer.next() {
            if operands.is_empty() {
                start = at;
            }
            let Token::Word(word) = token else {
                if operands.len() < OPERANDS_MAX {
                    operands.push(token);
                } else {
                    self.canvas.troubles.insert(Reason::TooLarge);
                }
                continue;
            };
            if let Some(value @ (b"true" | b"false" | b"null")) = Some(word) {
                operands.push(Token::Word(value));
                continue;
            }
            self.canvas.operators += 1;
            if self.canvas.operators > OPERATORS_MAX {
                self.canvas.troubles.insert(Reason::TooLarge);
                break;
            }
            if word == b"BI" {
                self.inline_image(content, &mut lexer, resources, at);
            } else {
                let range = start..lexer.position();
                self.operator(word, &operands, range, resources);
            }
            operands.clear();
        }
        // States that a content leaves open end with it.
        if self.saved.len() > saved {
            self.state = self.saved.swap_remove(saved);
            self.saved.truncate(saved);
        }
        self.floor = floor;
        self.marked.truncate(marked);
        self.is_off = was_off;
    }

    fn operator(
        &mut self,
        word: &[u8],
        operands: &[Token<'_>],
        range: std::ops::Range<usize>,
        resources: Option<&'d Dictionary>,
    ) {
        let number = |at: usize| operands.get(at).and_then(Token::number).unwrap_or(0.0);
        let name = || operands.last().and_then(Token::name).unwrap_or_default();
        match word {
            b"q" if self.saved.len() < SAVED_MAX => self.saved.push(self.state.clone()),
            b"Q" if self.saved.len() > self.floor => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            b"cm" => self.state.ctm = matrix(operands).then(&self.state.ctm),
            b"w" => self.state.line_width = number(0),
            b"gs" => self.extended(name(), resources),
            b"Do" => self.object(name(), range, resources),
            b"sh" => {
                let clip = self.state.clip;
                let order = self.canvas.next_order();
                if self.state.hides(&self.state.fill) && clip != Rect::EVERYTHING && !self.is_off {
                    self.cover(Area::Box(clip), order, None);
                }
            }
            b"BDC" => self.open_marked(operands, resources),
            b"BMC" => self.marked.push(false),
            b"EMC" => {
                self.marked.pop();
                self.is_off = self.is_form_off || self.marked.contains(&true);
            }
            b"m" | b"l" | b"c" | b"v" | b"y" | b"re" | b"h" => self.construct(word, operands),
            b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"S" | b"s" | b"n" => {
                self.paint(word);
            }
            b"W" | b"W*" => self.pending_clip = true,
            b"g" | b"rg" | b"k" | b"G" | b"RG" | b"K" | b"cs" | b"CS" | b"sc" | b"scn" | b"SC"
            | b"SCN" => self.colour(word, operands, resources),
            _ => self.text_operator(word, operands, range, resources),
        }
    }

    // --- state ----------------------------------------------------------------------------------

    fn resource(
        &self,
        resources: Option<&'d Dictionary>,
        kind: &[u8],
        name: &[u8],
    ) -> Option<&'d Object> {
        let entries = dict_of(&self.shared.pdf.doc, resources?, kind)?;
        entries.get(name).ok()
    }

    fn extended(&mut self, name: &[u8], resources: Option<&'d Dictionary>) {
        let doc = &self.shared.pdf.doc;
        let Some(dict) = self
            .resource(resources, b"ExtGState", name)
            .and_then(|object| doc.dereference(object).ok())
            .and_then(|(_, object)| dictionary(object))
        else {
            return;
        };
        self.state.extend(doc, dict);
        if let Some(Object::Array(font)) = get(doc, dict, b"Font")
            && let [font, size] = font.as_slice()
        {
            self.state.font = self.shared.fonts.get(self.shared.pdf, font);
            self.state.size = size.as_float().map_or(0.0, f64::from);
        }
    }

    /// The font of a name.
    pub(super) fn font(
        &mut self,
        name: &[u8],
        resources: Option<&'d Dictionary>,
    ) -> Option<Arc<Font>> {
        // Dictionaries stay where they are while a document is open.
        let place = resources.map_or(0, |dict| std::ptr::from_ref(dict).addr());
        if let Some(font) = self.named.get(&(place, name.to_vec())) {
            return font.clone();
        }
        let object = self.resource(resources, b"Font", name);
        let font = object.and_then(|object| self.shared.fonts.get(self.shared.pdf, object));
        self.named.insert((place, name.to_vec()), font.clone());
        font
    }

    fn colour(&mut self, word: &[u8], operands: &[Token<'_>], resources: Option<&'d Dictionary>) {
        let parts: Vec<f64> = operands.iter().filter_map(Token::number).collect();
        let named = match word {
            b"g" | b"G" => Some(Space::Grey),
            b"rg" | b"RG" => Some(Space::Rgb),
            b"k" | b"K" => Some(Space::Cmyk),
            b"cs" | b"CS" => Some(self.space(operands, resources)),
            _ => None,
        };
        let is_stroke = word.first().is_some_and(u8::is_ascii_uppercase);
        let paint = if is_stroke { &mut self.state.stroke } else { &mut self.state.fill };
        let Paint { space, colour, .. } = paint;
        match named {
            Some(named) => *space = named,
            // Common names of a profile take a pattern of theirs by name.
            None if operands.last().and_then(Token::name).is_some() => *space = Space::Pattern,
            None => {}
        }
        *colour = if matches!(word, b"cs" | b"CS") {
            // Every family begins with its black.
            matches!(space, Space::Grey | Space::Rgb | Space::Cmyk | Space::BlackInk)
                .then_some([0.0; 3])
        } else {
            space.colour(&parts)
        };
    }

    fn space(&self, operands: &[Token<'_>], resources: Option<&'d Dictionary>) -> Space {
        let name = operands.last().and_then(Token::name).unwrap_or_default();
        let doc = &self.shared.pdf.doc;
        let known = Space::of(doc, &Object::Name(name.to_vec()), 0);
        if known != Space::Unknown {
            return known;
        }
        let entry = self.resource(resources, b"ColorSpace", name);
        let entry = entry.and_then(|object| doc.dereference(object).ok());
        entry.map_or(Space::Unknown, |(_, object)| Space::of(doc, object, 2))
    }

    fn open_marked(&mut self, operands: &[Token<'_>], resources: Option<&'d Dictionary>) {
        let tag = operands.first().and_then(Token::name).unwrap_or_default();
        let mut is_off = false;
        let doc = &self.shared.pdf.doc;
        if let [_, Token::Name(name)] = operands
            && let Some(object) = self.resource(resources, b"Properties", name)
        {
            is_off = tag == b"OC" && !is_layer_on(doc, object, self.shared.layers);
            let dict = doc.dereference(object).ok().and_then(|(_, object)| dictionary(object));
            for key in [b"ActualText".as_slice(), b"Alt", b"E"] {
                let text = dict.and_then(|dict| get(doc, dict, key)).and_then(|t| t.as_str().ok());
                self.alternate(text);
            }
        }
        for pair in operands.windows(2) {
            if let [Token::Name(key), Token::Text(text)] = pair
                && matches!(key.as_ref(), b"ActualText" | b"Alt" | b"E")
            {
                self.alternate(Some(text));
            }
        }
        self.marked.push(is_off);
        self.is_off |= is_off;
    }

    fn alternate(&mut self, text: Option<&[u8]>) {
        let text = text.map(super::document::text_of).unwrap_or_default();
        // Single letters stand for ligatures and hyphens.
        if text.chars().count() > 2 {
            self.canvas.alternates.push(text);
        }
    }

    // --- paths ----------------------------------------------------------------------------------

    fn construct(&mut self, word: &[u8], operands: &[Token<'_>]) {
        if self.path.points() > POINTS_MAX {
            self.canvas.troubles.insert(Reason::TooLarge);
            return;
        }
        let number = |at: usize| operands.get(at).and_then(Token::number).unwrap_or(0.0);
        let point = |at: usize| (number(at), number(at + 1));
        let ctm = self.state.ctm;
        let current = self.path.current();
        match word {
            b"m" => self.path.move_to(&ctm, point(0)),
            b"l" => self.path.line_to(&ctm, point(0)),
            b"c" => self.path.curve_to(&ctm, point(0), point(2), point(4)),
            b"v" => self.path.curve_to(&ctm, current, point(0), point(2)),
            b"y" => self.path.curve_to(&ctm, point(0), point(2), point(2)),
            b"re" => self.path.rectangle(&ctm, [number(0), number(1), number(2), number(3)]),
            _ => self.path.close(),
        }
    }

    fn paint(&mut self, word: &[u8]) {
        let order = self.canvas.next_order();
        if matches!(word, b"s" | b"b" | b"b*") {
            self.path.close();
        }
        let outlines = self.path.take();
        let clips = std::mem::take(&mut self.pending_clip);
        let clip = self.state.clip;
        let bounds = || Rect::of(&outlines.iter().flatten().copied().collect::<Vec<Point>>());
        let next_clip = clips.then(|| clip.meet(&bounds()));
        let fills = matches!(word, b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*");
        let width = self.state.line_width * self.state.ctm.scale();
        let is_shown = !self.is_off && !outlines.is_empty();
        let strokes = !matches!(word, b"f" | b"F" | b"f*" | b"n") && width >= BAND_MIN;
        if is_shown && strokes && self.state.hides(&self.state.stroke) {
            let bands = Area::of(bands(&outlines, width), false);
            self.cover(bands, order, self.state.stroke.colour);
        }
        if is_shown && fills && self.state.hides(&self.state.fill) {
            let area = Area::of(outlines, word.ends_with(b"*"));
            self.cover(area, order, self.state.fill.colour);
        }
        if let Some(clip) = next_clip {
            self.state.clip = clip;
        }
    }

    pub(super) fn cover(&mut self, area: Area, order: u32, colour: Option<super::state::Colour>) {
        let (clip, brush) = (self.state.clip, self.brush);
        self.canvas.cover(Cover { area, clip, order, brush, colour });
    }

    /// Notes that a picture hides what is beneath it.
    pub(super) fn cover_with_picture(&mut self, corners: Vec<Point>, order: u32) {
        let brush = std::mem::replace(&mut self.brush, Brush::Image);
        self.cover(Area::of(vec![corners], false), order, None);
        self.brush = brush;
    }

    // --- forms and annotations ------------------------------------------------------------------

    fn object(
        &mut self,
        name: &[u8],
        range: std::ops::Range<usize>,
        resources: Option<&'d Dictionary>,
    ) {
        let doc = &self.shared.pdf.doc;
        let Some(object) = self.resource(resources, b"XObject", name) else { return };
        let id = object.as_reference().ok();
        let Some(stream) =
            doc.dereference(object).ok().and_then(|(_, object)| object.as_stream().ok())
        else {
            return;
        };
        let layer = stream.dict.get(b"OC").ok();
        let (was_off, was_form_off) = (self.is_off, self.is_form_off);
        self.is_off |= layer.is_some_and(|layer| !is_layer_on(doc, layer, self.shared.layers));
        match name_of(doc, &stream.dict, b"Subtype") {
            Some(b"Image") => {
                let name = String::from_utf8_lossy(name).into_owned();
                self.picture(name, id, stream, range);
            }
            Some(b"Form") => {
                self.is_form_off = self.is_off;
                self.form(id, stream, resources);
            }
            _ => {}
        }
        (self.is_off, self.is_form_off) = (was_off, was_form_off);
    }

    fn form(
        &mut self,
        id: Option<ObjectId>,
        stream: &'d lopdf::Stream,
        outer: Option<&'d Dictionary>,
    ) {
        self.form_runs += 1;
        if self.form_runs > FORM_RUNS_MAX {
            self.canvas.troubles.insert(Reason::TooLarge);
            return;
        }
        let is_cycle = id.is_some_and(|id| self.forms.contains(&id));
        if self.forms.len() >= FORM_DEPTH_MAX || is_cycle {
            self.canvas.troubles.insert(Reason::TooDeep);
            return;
        }
        let pdf = self.shared.pdf;
        let unpacked = pdf.unpack(stream);
        self.canvas.troubles.extend(unpacked.trouble);
        let before = self.state.clone();
        if let Some(matrix) = numbers(&pdf.doc, &stream.dict, b"Matrix") {
            self.state.ctm = of_numbers(&matrix).then(&self.state.ctm);
        }
        if let Some(bounds) = numbers(&pdf.doc, &stream.dict, b"BBox")
            && let Ok(corners) = <[f64; 4]>::try_from(bounds)
        {
            let ctm = self.state.ctm;
            let corners = Rect::between(corners).corners().map(|corner| ctm.apply(corner));
            self.state.clip = self.state.clip.meet(&Rect::of(&corners));
        }
        self.state.is_group_blended = !before.hides(&Paint { space: Space::Grey, ..before.fill });
        let (source, path) = (self.source, std::mem::take(&mut self.path));
        let matrices = (self.text_matrix, self.line_matrix);
        self.source = self.source_of(id);
        self.forms.push(id.unwrap_or_default());
        let own = dict_of(&pdf.doc, &stream.dict, b"Resources");
        self.run(&unpacked.content, own.or(outer));
        self.forms.pop();
        (self.source, self.path, self.state) = (source, path, before);
        (self.text_matrix, self.line_matrix) = matrices;
    }

    fn source_of(&mut self, id: Option<ObjectId>) -> u32 {
        if let Some(known) = id.and_then(|id| self.seen_forms.get(&id)) {
            return *known;
        }
        let source = u32::try_from(self.canvas.sources.len()).unwrap_or(u32::MAX);
        self.canvas.sources.push(id);
        if let Some(id) = id {
            self.seen_forms.insert(id, source);
        }
        source
    }

    /// Runs the appearance of an annotation in its place (ISO 32000-2 §12.5.5).
    pub(crate) fn appearance(
        &mut self,
        id: Option<ObjectId>,
        stream: &'d lopdf::Stream,
        place: Rect,
    ) {
        let doc = &self.shared.pdf.doc;
        let bounds = numbers(doc, &stream.dict, b"BBox").and_then(|b| <[f64; 4]>::try_from(b).ok());
        let Some(bounds) = bounds.map(Rect::between) else { return };
        let own = numbers(doc, &stream.dict, b"Matrix").map_or(Matrix::ONE, |m| of_numbers(&m));
        let turned = Rect::of(&bounds.corners().map(|corner| own.apply(corner)));
        let ratio = |to: f64, from: f64| if from > 0.0 { to / from } else { 1.0 };
        let across = ratio(place.right - place.left, turned.right - turned.left);
        let upright = ratio(place.top - place.bottom, turned.top - turned.bottom);
        let fit = Matrix([
            across,
            0.0,
            0.0,
            upright,
            place.left - turned.left * across,
            place.bottom - turned.bottom * upright,
        ]);
        self.state = State::new(fit, Rect::EVERYTHING);
        self.brush = Brush::Annotation;
        self.form(id, stream, None);
        self.brush = Brush::Shape;
    }
}

pub(super) fn matrix(operands: &[Token<'_>]) -> Matrix {
    let numbers: Vec<f64> = operands.iter().filter_map(Token::number).collect();
    of_numbers(&numbers)
}

fn of_numbers(numbers: &[f64]) -> Matrix {
    <[f64; 6]>::try_from(numbers).map_or(Matrix::ONE, Matrix)
}
