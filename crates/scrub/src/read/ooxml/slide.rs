//! How the shapes of a slide lie (ISO/IEC 29500-1 §19.3, §20.1.7): which of them are outside it,
//! marked as hidden, or under an opaque shape or picture, and which text has the colour of what is
//! behind it. What is turned or mirrored lies somewhere unknown, so nothing is said about it.

use super::palette::Palette;
use crate::read::xml::{Element, Node, is_on, walk};
use crate::rules::Notice;

/// Share of a shape that another one must cover to hide its text.
const COVERED_SHARE: f64 = 0.9;

/// Forms that fill their rectangle, or nearly so.
const FULL_FORMS: [&str; 3] = ["rect", "roundRect", "flowChartProcess"];

/// A rectangle: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds(f64, f64, f64, f64);

impl Bounds {
    fn shared(self, other: Self) -> f64 {
        let width = self.2.min(other.2) - self.0.max(other.0);
        let height = self.3.min(other.3) - self.1.max(other.1);
        if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
    }

    fn area(self) -> f64 {
        (self.2 - self.0) * (self.3 - self.1)
    }
}

/// Numbers of an `xfrm`; a turned or mirrored one has no bounds.
#[derive(Clone, Copy, Default)]
struct Frame {
    off: Option<(f64, f64)>,
    ext: Option<(f64, f64)>,
    child_off: (f64, f64),
    child_ext: (f64, f64),
    is_turned: bool,
}

/// A group: how its children are scaled and moved; `None` if nobody knows.
#[derive(Clone, Copy)]
struct Group {
    scale: Option<((f64, f64), (f64, f64))>,
    is_hidden: bool,
}

/// How a shape is filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Fill {
    /// Nobody says so.
    #[default]
    Unsaid,
    None,
    /// With one colour.
    Solid(String),
    /// With something else.
    Other,
}

#[derive(Default)]
struct Shape {
    kind: String,
    bounds: Option<Bounds>,
    fill: Fill,
    is_clear: bool,
    is_full_form: bool,
    is_filled_by_style: bool,
    is_hidden: bool,
    is_fallback: bool,
}

impl Shape {
    /// Whether it shows something of its own.
    fn is_painted(&self) -> bool {
        match self.fill {
            Fill::Solid(_) | Fill::Other => true,
            Fill::None => self.kind != "sp",
            Fill::Unsaid => self.kind != "sp" || self.is_filled_by_style,
        }
    }

    fn covers(&self) -> bool {
        let is_form = matches!(self.kind.as_str(), "sp" | "pic") && self.is_full_form;
        is_form && self.is_painted() && !(self.is_clear || self.is_hidden || self.is_fallback)
    }
}

/// A run of text: its shape and its colour, if it says so.
struct Run {
    shape: Option<usize>,
    colour: Option<String>,
}

/// What nobody sees of a slide.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    shapes: Vec<Option<Notice>>,
    runs: Vec<bool>,
}

impl Unseen {
    /// Looks through a slide of a size, on a background of a colour if that is plain.
    pub(super) fn of(
        text: &str,
        size: Option<(i64, i64)>,
        palette: &Palette,
        background: Option<&str>,
    ) -> Self {
        let mut slide = Slide::new(palette);
        walk(text, |node| match node {
            Node::Open(element) => slide.open(&element),
            Node::Close(name) => slide.close(name),
            Node::Text(_) | Node::Comment(_) => {}
        });
        let size = size.map(|(width, height)| (width as f64, height as f64));
        let shapes = (0..slide.shapes.len()).map(|at| slide.standing(at, size)).collect();
        let runs = slide.runs.iter().map(|run| slide.is_unseen(run, background)).collect();
        Self { shapes, runs }
    }

    /// What hides a shape, by its number in the slide.
    pub(super) fn shape(&self, at: usize) -> Option<Notice> {
        self.shapes.get(at).copied().flatten()
    }

    /// Whether a run of text has the colour of its ground, by its number in the slide.
    pub(super) fn run(&self, at: usize) -> bool {
        self.runs.get(at).copied().unwrap_or(false)
    }
}

/// Elements that are shapes.
pub(super) fn is_shape(name: &str) -> bool {
    matches!(name, "sp" | "pic" | "graphicFrame" | "cxnSp")
}

/// What is known while a slide is looked through.
struct Slide<'p> {
    palette: &'p Palette,
    path: Vec<String>,
    groups: Vec<Group>,
    open: Vec<usize>,
    shapes: Vec<Shape>,
    runs: Vec<Run>,
    frame: Frame,
    fallbacks: usize,
}

impl<'p> Slide<'p> {
    fn new(palette: &'p Palette) -> Self {
        let whole = Group { scale: Some(((1.0, 1.0), (0.0, 0.0))), is_hidden: false };
        Self {
            palette,
            path: Vec::new(),
            groups: vec![whole],
            open: Vec::new(),
            shapes: Vec::new(),
            runs: Vec::new(),
            frame: Frame::default(),
            fallbacks: 0,
        }
    }

    fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or(Group { scale: None, is_hidden: false })
    }

    fn shape(&mut self) -> Option<&mut Shape> {
        let at = *self.open.last()?;
        self.shapes.get_mut(at)
    }

    /// Name of an element around the one that is open: 0 is the nearest.
    fn around(&self, up: usize) -> &str {
        self.path.iter().rev().nth(up).map_or("", String::as_str)
    }

    fn open(&mut self, element: &Element<'_>) {
        let name = element.name();
        match name {
            "Fallback" => self.fallbacks += 1,
            "grpSp" => self.groups.push(self.group()),
            "r" | "fld" => self.runs.push(Run { shape: self.open.last().copied(), colour: None }),
            _ if is_shape(name) => {
                self.open.push(self.shapes.len());
                self.shapes.push(Shape {
                    kind: name.to_owned(),
                    is_full_form: true,
                    is_hidden: self.group().is_hidden,
                    is_fallback: self.fallbacks > 0,
                    ..Shape::default()
                });
            }
            "cNvPr" if element.get("hidden").is_some_and(|value| is_on(Some(&value))) => {
                self.hide()
            }
            "xfrm" => {
                let get = |name: &str| element.get(name);
                let is_mirrored = |name| get(name).is_some_and(|value| is_on(Some(&value)));
                let is_turned = get("rot").is_some_and(|turn| turn != "0");
                let is_turned = is_turned || is_mirrored("flipH") || is_mirrored("flipV");
                self.frame = Frame { is_turned, ..Frame::default() };
            }
            _ => self.property(element),
        }
        self.path.push(name.to_owned());
    }

    fn hide(&mut self) {
        if self.around(0) == "nvGrpSpPr" {
            if let Some(group) = self.groups.last_mut() {
                group.is_hidden = true;
            }
        } else if let Some(shape) = self.shape() {
            shape.is_hidden = true;
        }
    }

    /// An element that says how something looks.
    fn property(&mut self, element: &Element<'_>) {
        let pair = |x: &str, y: &str| {
            let number = |name: &str| element.get(name).and_then(|v| v.parse::<f64>().ok());
            number(x).zip(number(y))
        };
        match (self.around(0), element.name()) {
            ("xfrm", "off") => self.frame.off = pair("x", "y"),
            ("xfrm", "ext") => self.frame.ext = pair("cx", "cy"),
            ("xfrm", "chOff") => self.frame.child_off = pair("x", "y").unwrap_or_default(),
            ("xfrm", "chExt") => self.frame.child_ext = pair("cx", "cy").unwrap_or_default(),
            ("spPr", "noFill") => self.fill(Fill::None),
            ("spPr", "gradFill" | "pattFill" | "blipFill" | "solidFill") => self.fill(Fill::Other),
            ("spPr", "prstGeom") => {
                let form = element.get("prst").unwrap_or_default();
                self.form(FULL_FORMS.contains(&form.as_str()));
            }
            ("spPr", "custGeom") => self.form(false),
            ("style", "fillRef") => {
                let is_filled = element.get("idx").is_some_and(|index| index != "0");
                if let Some(shape) = self.shape() {
                    shape.is_filled_by_style = is_filled;
                }
            }
            (_, "alpha" | "alphaModFix")
                if self.around(2) == "spPr" || self.around(1) == "blipFill" =>
            {
                if let Some(shape) = self.shape() {
                    shape.is_clear = true;
                }
            }
            ("solidFill", _) => {
                let colour = self.palette.colour(element);
                if self.around(1) == "rPr" {
                    if let Some(run) = self.runs.last_mut() {
                        run.colour = colour;
                    }
                } else if self.around(1) == "spPr" {
                    self.fill(colour.map_or(Fill::Other, Fill::Solid));
                }
            }
            // A colour that is changed is another one.
            (_, _) if self.around(1) == "solidFill" && self.around(2) == "rPr" => {
                if let Some(run) = self.runs.last_mut() {
                    run.colour = None;
                }
            }
            (_, _) if self.around(1) == "solidFill" && self.around(2) == "spPr" => {
                self.fill(Fill::Other);
            }
            _ => {}
        }
    }

    fn fill(&mut self, fill: Fill) {
        if let Some(shape) = self.shape() {
            shape.fill = fill;
        }
    }

    fn form(&mut self, is_full: bool) {
        if let Some(shape) = self.shape() {
            shape.is_full_form = is_full;
        }
    }

    fn close(&mut self, name: &str) {
        self.path.pop();
        match name {
            "Fallback" => self.fallbacks = self.fallbacks.saturating_sub(1),
            "grpSp" if self.groups.len() > 1 => drop(self.groups.pop()),
            "xfrm" if self.around(0) == "grpSpPr" => self.place_group(),
            "xfrm" => {
                let bounds = self.bounds();
                if let Some(shape) = self.shape() {
                    shape.bounds = bounds;
                }
            }
            _ if is_shape(name) => drop(self.open.pop()),
            _ => {}
        }
    }

    fn bounds(&self) -> Option<Bounds> {
        let Frame { off: Some((x, y)), ext: Some((width, height)), is_turned: false, .. } =
            self.frame
        else {
            return None;
        };
        let (scale, moved) = self.group().scale?;
        let (left, top) = (x * scale.0 + moved.0, y * scale.1 + moved.1);
        Some(Bounds(left, top, left + width * scale.0, top + height * scale.1))
    }

    fn place_group(&mut self) {
        let Frame { off, ext, child_off, child_ext, is_turned } = self.frame;
        let Some(group) = self.groups.last_mut() else { return };
        let Some(((outer, moved), (x, y))) = group.scale.zip(off).filter(|_| !is_turned) else {
            group.scale = None;
            return;
        };
        let (width, height) = ext.unwrap_or_default();
        let ratio =
            |whole: f64, inner: f64| if inner > 0.0 && whole > 0.0 { whole / inner } else { 1.0 };
        let own = (ratio(width, child_ext.0), ratio(height, child_ext.1));
        let own_moved = (x - child_off.0 * own.0, y - child_off.1 * own.1);
        let scale = (outer.0 * own.0, outer.1 * own.1);
        let moved = (own_moved.0 * outer.0 + moved.0, own_moved.1 * outer.1 + moved.1);
        group.scale = Some((scale, moved));
    }

    /// What hides a shape.
    fn standing(&self, at: usize, size: Option<(f64, f64)>) -> Option<Notice> {
        let shape = &self.shapes[at];
        if shape.is_hidden {
            return Some(Notice::OffSlide);
        }
        let bounds = shape.bounds?;
        let is_outside = |(width, height): (f64, f64)| {
            bounds.0 >= width || bounds.1 >= height || bounds.2 <= 0.0 || bounds.3 <= 0.0
        };
        if size.is_some_and(is_outside) {
            return Some(Notice::OffSlide);
        }
        let covers = |cover: &&Shape| {
            let shared = cover.bounds.map_or(0.0, |cover| cover.shared(bounds));
            cover.covers() && bounds.area() > 0.0 && shared >= bounds.area() * COVERED_SHARE
        };
        let cover = self.shapes[at + 1..].iter().filter(|_| !shape.is_fallback).find(covers)?;
        let is_picture = cover.kind == "pic";
        Some(if is_picture { Notice::TextUnderImage } else { Notice::CoveredText })
    }

    /// Whether a run of text has the colour of what is behind it.
    fn is_unseen(&self, run: &Run, background: Option<&str>) -> bool {
        let Some((colour, at)) = run.colour.as_deref().zip(run.shape) else { return false };
        let shape = &self.shapes[at];
        let ground = match &shape.fill {
            Fill::Solid(fill) if !shape.is_clear => Some(fill.as_str()),
            _ if shape.kind != "sp" || shape.is_painted() => None,
            _ => {
                let overlaps = |below: &Shape| match (below.bounds, shape.bounds) {
                    (Some(below), Some(own)) => below.shared(own) > 0.0,
                    _ => true,
                };
                let mut below = self.shapes[..at].iter().filter(|below| below.is_painted());
                background.filter(|_| !below.any(overlaps))
            }
        };
        ground == Some(colour)
    }
}
