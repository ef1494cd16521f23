//! What the content of a page paints, in the order of painting.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use lopdf::{ObjectId, Stream};

use super::font::Font;
use super::geometry::{Area, Point, Rect};
use super::state::Colour;
use crate::report::Reason;

/// Most glyphs, shapes and points of a page that are looked at.
pub(crate) const GLYPHS_MAX: usize = 1_000_000;
pub(crate) const COVERS_MAX: usize = 200_000;
pub(crate) const POINTS_MAX: usize = 2_000_000;

/// Operators of a page with all its forms.
pub(crate) const OPERATORS_MAX: usize = 10_000_000;

/// One glyph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    pub(crate) origin: (f32, f32),
    /// The way to the next glyph, without spacing.
    pub(crate) along: (f32, f32),
    /// The height of the size.
    pub(crate) up: (f32, f32),
    /// Text, as a range of the canvas's.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) show: u32,
    /// Whether its middle is clipped away.
    pub(crate) is_clipped: bool,
}

impl Glyph {
    /// A point of the glyph: `along` from its left, `up` from the line it stands on.
    pub(crate) fn point(&self, along: f64, up: f64) -> Point {
        let of = |origin: f32, a: f32, u: f32| {
            f64::from(origin) + along * f64::from(a) + up * f64::from(u)
        };
        (of(self.origin.0, self.along.0, self.up.0), of(self.origin.1, self.along.1, self.up.1))
    }

    /// Height in points of the page.
    pub(crate) fn height(&self) -> f64 {
        let (x, y) = self.up;
        // Most text stands upright.
        f64::from(if x == 0.0 { y.abs() } else { x.hypot(y) })
    }

    pub(crate) fn bounds(&self) -> Rect {
        Rect::of(&[
            self.point(0.0, -0.2),
            self.point(1.0, -0.2),
            self.point(1.0, 0.8),
            self.point(0.0, 0.8),
        ])
    }
}

/// One operator that shows text.
#[derive(Clone, Debug)]
pub(crate) struct Show {
    /// Content that it stands in, as an index into the canvas's sources.
    pub(crate) source: u32,
    /// The operator and its operands in that content.
    pub(crate) range: Range<usize>,
    pub(crate) glyphs: Range<usize>,
    pub(crate) order: u32,
    pub(crate) font: Option<Arc<Font>>,
    pub(crate) size: f64,
    pub(crate) char_space: f64,
    pub(crate) word_space: f64,
    pub(crate) mode: u8,
    pub(crate) colour: Option<Colour>,
    /// Opacity too small to be seen.
    pub(crate) is_transparent: bool,
    pub(crate) is_layer_off: bool,
}

/// What painted a cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brush {
    Shape,
    Image,
    /// The appearance of an annotation.
    Annotation,
    /// The place of an annotation that asks for redaction.
    Redaction,
}

/// Something that hides what was painted before.
#[derive(Clone, Debug)]
pub(crate) struct Cover {
    pub(crate) area: Area,
    pub(crate) clip: Rect,
    pub(crate) order: u32,
    pub(crate) brush: Brush,
    pub(crate) colour: Option<Colour>,
}

impl Cover {
    pub(crate) fn holds(&self, point: Point) -> bool {
        self.clip.holds(point) && self.area.holds(point)
    }
}

/// A picture on the page.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) name: String,
    /// Absent where it stands in the content itself.
    pub(crate) id: Option<ObjectId>,
    pub(crate) inline: Option<Stream>,
    /// Where its corners (0,0), (1,0) and (0,1) are.
    pub(crate) corners: [Point; 3],
    pub(crate) bounds: Rect,
    pub(crate) order: u32,
    pub(crate) source: u32,
    pub(crate) range: Range<usize>,
}

/// What a page paints.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    /// Contents: the page's own first, then its forms.
    pub(crate) sources: Vec<Option<ObjectId>>,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) shows: Vec<Show>,
    pub(crate) covers: Vec<Cover>,
    pub(crate) pictures: Vec<Picture>,
    /// Texts that stand for content: `ActualText`, `Alt`, `E` of marked content.
    pub(crate) alternates: Vec<String>,
    /// Fonts with glyphs that nobody can tell.
    pub(crate) unknown_fonts: BTreeSet<String>,
    /// What could not be read of it.
    pub(crate) troubles: BTreeSet<Reason>,
    pub(crate) order: u32,
    pub(crate) points: usize,
    pub(crate) operators: usize,
}

impl Canvas {
    pub(crate) fn next_order(&mut self) -> u32 {
        self.order = self.order.saturating_add(1);
        self.order
    }

    pub(crate) fn cover(&mut self, cover: Cover) {
        if cover.clip.meet(cover.area.bounds()).is_empty() {
            return;
        }
        self.points = self.points.saturating_add(cover.area.weight());
        if self.covers.len() >= COVERS_MAX || self.points > POINTS_MAX {
            self.troubles.insert(Reason::TooLarge);
            return;
        }
        self.covers.push(cover);
    }

    pub(crate) fn text_of(&self, glyph: &Glyph) -> &str {
        self.text.get(glyph.start as usize..glyph.end as usize).unwrap_or_default()
    }
}
