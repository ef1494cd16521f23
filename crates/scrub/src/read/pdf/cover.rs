//! Whether a reader of the page sees a glyph, and if not, why. Each glyph is asked at five points;
//! most of them decide.

use std::collections::BTreeMap;

use super::canvas::{Brush, Canvas, Cover, Glyph};
use super::geometry::{Point, Rect};
use super::state::distance;

/// Cells of the grid in each direction.
const CELLS: usize = 64;

/// Entries of all cells together; beyond that only some covers are looked at.
const ENTRIES_MAX: usize = 4_000_000;

/// Looks at areas that one page may take, in points looked at.
const WORK_MAX: usize = 40_000_000;

/// Text lower than this, in points, cannot be read.
const TINY_POINTS: f64 = 2.0;

/// Colours nearer than this are not told apart.
const NEAR: f32 = 0.06;

/// Share of a page from which a picture is a scan of it.
const SCAN_SHARE: f64 = 0.8;

/// Points of a glyph: along, and up from the line it stands on.
const POINTS: [(f64, f64); 5] = [(0.5, 0.3), (0.2, 0.1), (0.8, 0.1), (0.2, 0.5), (0.8, 0.5)];

/// Points that decide.
const MOST: usize = 3;

/// Glyphs one after the other that lie under others before it is no accident.
const UNDER_TEXT_MIN: usize = 3;

/// Glyphs between them that may lie beside the others.
const UNDER_TEXT_GAP: usize = 4;

/// Operators that are compared with each other.
const SHOWS_MAX: usize = 1024;

/// How a glyph is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Seen,
    LayerOff,
    Invisible,
    /// Invisible, or beneath the picture, on a page that is a scan.
    Ocr,
    /// Under an annotation that asks for redaction.
    Redaction,
    OffPage,
    Covered,
    UnderImage,
    White,
    Tiny,
    UnderText,
}

/// The standing of each glyph of a page.
pub(crate) struct Sight {
    pub(crate) standings: Vec<Standing>,
    /// Covers that hide something, by their position.
    pub(crate) hiding: BTreeMap<usize, u64>,
    /// Whether there was too much to look at.
    pub(crate) is_cut: bool,
}

/// Things by the cells of a grid that they touch, in their order.
struct Grid {
    shown: Rect,
    /// Where the things of each cell begin and the ones before it end.
    starts: Vec<u32>,
    things: Vec<u32>,
    /// Whether it had no room for all of them.
    is_full: bool,
}

impl Grid {
    /// Takes in things by their numbers and bounds.
    fn new(shown: Rect, things: impl Iterator<Item = (usize, Rect)>) -> Self {
        let mut grid = Self { shown, starts: Vec::new(), things: Vec::new(), is_full: false };
        let (mut placed, mut entries) = (Vec::new(), 0);
        for (index, bounds) in things {
            let Ok(index) = u32::try_from(index) else {
                grid.is_full = true;
                break;
            };
            let low = grid.of((bounds.left, bounds.bottom));
            let high = grid.of((bounds.right, bounds.top));
            let rows = (high / CELLS + 1).saturating_sub(low / CELLS);
            entries += rows * (high % CELLS + 1).saturating_sub(low % CELLS);
            placed.push((index, low, high));
            if entries >= ENTRIES_MAX {
                grid.is_full = true;
                break;
            }
        }
        if placed.is_empty() {
            return grid;
        }
        let cells = |low: usize, high: usize| {
            let row =
                move |row: usize| (low % CELLS..=high % CELLS).map(move |at| row * CELLS + at);
            (low / CELLS..=high / CELLS).flat_map(row)
        };
        grid.starts = vec![0; CELLS * CELLS + 1];
        for (_, low, high) in &placed {
            cells(*low, *high).for_each(|cell| grid.starts[cell] += 1);
        }
        let mut sum = 0;
        for start in &mut grid.starts {
            sum += *start;
            *start = sum;
        }
        grid.things = vec![0; entries];
        // From the last one backwards, so that each end moves to where its cell begins.
        for (index, low, high) in placed.iter().rev() {
            for cell in cells(*low, *high) {
                grid.starts[cell] -= 1;
                grid.things[grid.starts[cell] as usize] = *index;
            }
        }
        grid
    }

    fn cell(value: f64, low: f64, high: f64) -> usize {
        let share = (value - low) / (high - low).max(1e-6) * CELLS as f64;
        super::whole(share).min(CELLS as u32 - 1) as usize
    }

    fn of(&self, (x, y): Point) -> usize {
        let column = Self::cell(x, self.shown.left, self.shown.right);
        let row = Self::cell(y, self.shown.bottom, self.shown.top);
        row * CELLS + column
    }

    const fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    fn at(&self, point: Point) -> &[u32] {
        if self.is_empty() {
            return &[];
        }
        let cell = self.of(point);
        &self.things[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

/// Looks at a page.
pub(crate) fn look(canvas: &Canvas, shown: Rect) -> Sight {
    let mut sight = Sight {
        standings: Vec::with_capacity(canvas.glyphs.len()),
        hiding: BTreeMap::new(),
        is_cut: false,
    };
    let bounds = |cover: &Cover| cover.area.bounds().meet(&cover.clip);
    let grid = Grid::new(shown, canvas.covers.iter().map(bounds).enumerate());
    sight.is_cut |= grid.is_full;
    let has_scan = canvas.pictures.iter().any(|picture| is_scan(&picture.bounds, &shown));
    let mut work = 0;
    for glyph in &canvas.glyphs {
        let standing = Question { canvas, grid: &grid, shown, has_scan, work: &mut work }
            .standing(glyph, &mut sight.hiding);
        sight.standings.push(standing);
    }
    sight.is_cut |= work > WORK_MAX;
    under_text(canvas, shown, &mut sight);
    sight
}

/// Whether a picture covers nearly all of a page.
fn is_scan(bounds: &Rect, shown: &Rect) -> bool {
    bounds.meet(shown).area() >= SCAN_SHARE * shown.area()
}

struct Question<'c> {
    canvas: &'c Canvas,
    grid: &'c Grid,
    shown: Rect,
    has_scan: bool,
    work: &'c mut usize,
}

impl Question<'_> {
    fn standing(&mut self, glyph: &Glyph, hiding: &mut BTreeMap<usize, u64>) -> Standing {
        let Some(show) = self.canvas.shows.get(glyph.show as usize) else { return Standing::Seen };
        if show.is_layer_off {
            return Standing::LayerOff;
        }
        let is_invisible = matches!(show.mode, 3 | 7) || show.is_transparent;
        if is_invisible {
            return if self.has_scan { Standing::Ocr } else { Standing::Invisible };
        }
        if self.canvas.text_of(glyph).trim().is_empty() {
            return Standing::Seen;
        }
        let middle = glyph.point(0.5, 0.3);
        if glyph.is_clipped || !self.shown.holds(middle) {
            return Standing::OffPage;
        }
        if let Some(at) = self.cover(glyph, show.order) {
            *hiding.entry(at).or_default() += 1;
            return match self.canvas.covers[at].brush {
                Brush::Redaction => Standing::Redaction,
                Brush::Image if is_scan(self.canvas.covers[at].area.bounds(), &self.shown) => {
                    Standing::Ocr
                }
                Brush::Image => Standing::UnderImage,
                Brush::Shape | Brush::Annotation => Standing::Covered,
            };
        }
        if glyph.height() < TINY_POINTS {
            return Standing::Tiny;
        }
        let Some(colour) = show.colour.filter(|_| matches!(show.mode, 0 | 4)) else {
            return Standing::Seen;
        };
        let beneath = self.beneath(middle, show.order);
        let is_near = beneath.is_some_and(|beneath| distance(colour, beneath) < NEAR);
        if is_near { Standing::White } else { Standing::Seen }
    }

    /// The cover that hides most of a glyph.
    fn cover(&mut self, glyph: &Glyph, order: u32) -> Option<usize> {
        if self.grid.is_empty() {
            return None;
        }
        let mut hidden = 0;
        let mut first = None;
        for (seen, (along, up)) in POINTS.into_iter().enumerate() {
            if hidden + POINTS.len() - seen < MOST {
                return None;
            }
            if let Some(at) = self.over(glyph.point(along, up), order) {
                hidden += 1;
                first = first.or(Some(at));
            }
        }
        first.filter(|_| hidden >= MOST)
    }

    /// The topmost cover over a point that came later.
    fn over(&mut self, point: Point, order: u32) -> Option<usize> {
        for at in self.grid.at(point).iter().rev() {
            let cover = self.canvas.covers.get(*at as usize)?;
            if cover.order <= order {
                return None;
            }
            if self.asks(cover, point) {
                return Some(*at as usize);
            }
        }
        None
    }

    /// Colour of what lies beneath a point; `None` if it is not told.
    fn beneath(&mut self, point: Point, order: u32) -> Option<super::state::Colour> {
        for at in self.grid.at(point).iter().rev() {
            let cover = self.canvas.covers.get(*at as usize)?;
            if cover.order < order && self.asks(cover, point) {
                return cover.colour;
            }
        }
        // A picture with holes may lie there.
        let is_pictured =
            |picture: &super::canvas::Picture| picture.order < order && picture.bounds.holds(point);
        *self.work += self.canvas.pictures.len();
        let is_open = *self.work > WORK_MAX || self.canvas.pictures.iter().any(is_pictured);
        (!is_open).then_some([1.0; 3])
    }

    fn asks(&mut self, cover: &Cover, point: Point) -> bool {
        *self.work += cover.area.weight();
        *self.work <= WORK_MAX && cover.holds(point)
    }
}

/// Text that lies under other text that came later.
fn under_text(canvas: &Canvas, shown: Rect, sight: &mut Sight) {
    let glyphs = canvas.glyphs.iter().zip(&sight.standings);
    let is_seen: Vec<bool> = glyphs
        .map(|(glyph, standing)| {
            *standing == Standing::Seen && !canvas.text_of(glyph).trim().is_empty()
        })
        .collect();
    if !may_lie_under(canvas, &is_seen) {
        return;
    }
    let seen = |at: usize| is_seen.get(at) == Some(&true);
    let bounds: Vec<Rect> = canvas.glyphs.iter().map(Glyph::bounds).collect();
    let things = bounds.iter().copied().enumerate().filter(|(at, _)| seen(*at));
    let grid = Grid::new(shown, things);
    if grid.is_full {
        sight.is_cut = true;
        return;
    }
    let mut work = 0;
    let mut run = Run::default();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for at in 0..canvas.glyphs.len() {
        if seen(at) {
            match lies_under(canvas, &grid, &bounds, at, &mut work) {
                Some(Over::Other) => run.under(at),
                Some(Over::Same) => run.same += 1,
                None => {}
            }
        }
        if at.saturating_sub(run.last) > UNDER_TEXT_GAP || at + 1 == canvas.glyphs.len() {
            found.extend(std::mem::take(&mut run).end());
        }
    }
    sight.is_cut |= work > WORK_MAX;
    for (first, last) in found {
        let (first, last) = words(canvas, first, last);
        for at in first..=last {
            if seen(at) {
                sight.standings[at] = Standing::UnderText;
            }
        }
    }
}

/// Whether what some operator shows may touch what a later one shows. With many operators each of
/// their glyphs is asked instead.
fn may_lie_under(canvas: &Canvas, is_seen: &[bool]) -> bool {
    if canvas.shows.len() > SHOWS_MAX {
        return true;
    }
    let mut boxes: Vec<Option<Rect>> = vec![None; canvas.shows.len()];
    for (glyph, _) in canvas.glyphs.iter().zip(is_seen).filter(|(_, is_seen)| **is_seen) {
        let bounds = glyph.bounds();
        if let Some(all) = boxes.get_mut(glyph.show as usize) {
            *all = Some(all.map_or(bounds, |all| all.join(&bounds)));
        }
    }
    let boxes: Vec<Rect> = boxes.into_iter().flatten().collect();
    let touches =
        |(at, one): (usize, &Rect)| boxes[at + 1..].iter().any(|other| !one.meet(other).is_empty());
    boxes.iter().enumerate().any(touches)
}

/// What lies over a glyph.
enum Over {
    /// The same letter: a shadow or bold print.
    Same,
    Other,
}

/// Glyphs under others, one after the other but for a few.
#[derive(Default)]
struct Run {
    first: usize,
    last: usize,
    under: usize,
    same: usize,
}

impl Run {
    const fn under(&mut self, at: usize) {
        if self.under == 0 {
            self.first = at;
        }
        self.last = at;
        self.under += 1;
    }

    /// Its ends, if it is no accident.
    fn end(self) -> Option<(usize, usize)> {
        (self.under >= UNDER_TEXT_MIN && self.under > self.same).then_some((self.first, self.last))
    }
}

/// The same up to the ends of the words, within what one operator shows.
fn words(canvas: &Canvas, first: usize, last: usize) -> (usize, usize) {
    let joins = |one: usize, other: usize| {
        let pair = canvas.glyphs.get(one).zip(canvas.glyphs.get(other));
        pair.is_some_and(|(one, other)| {
            one.show == other.show && !canvas.text_of(other).trim().is_empty()
        })
    };
    let (mut first, mut last) = (first, last);
    while first > 0 && joins(first, first - 1) {
        first -= 1;
    }
    while joins(last, last + 1) {
        last += 1;
    }
    (first, last)
}

/// Whether another glyph, about as large, was shown later in the same place.
fn lies_under(
    canvas: &Canvas,
    grid: &Grid,
    bounds: &[Rect],
    at: usize,
    work: &mut usize,
) -> Option<Over> {
    let glyph = &canvas.glyphs[at];
    let (middle, text) = (glyph.point(0.5, 0.3), canvas.text_of(glyph));
    let mut found = None;
    // Later glyphs are shown by the same operator or by later ones, so the last ones come first.
    for other in grid.at(middle).iter().rev() {
        *work += 1;
        if *work > WORK_MAX {
            return None;
        }
        let other = *other as usize;
        let Some(over) = canvas.glyphs.get(other).filter(|over| over.show > glyph.show) else {
            break;
        };
        if !bounds.get(other).is_some_and(|bounds| bounds.holds(middle)) {
            continue;
        }
        let ratio = over.height() / glyph.height().max(1e-6);
        let is_over = (0.5..2.5).contains(&ratio) && near(glyph, over.point(0.5, 0.3));
        if is_over && canvas.text_of(over) == text {
            return Some(Over::Same);
        }
        if is_over {
            found = Some(Over::Other);
        }
    }
    found
}

/// Whether a point lies in the inner part of a glyph.
fn near(glyph: &Glyph, point: Point) -> bool {
    let (middle, height) = (glyph.point(0.5, 0.3), glyph.height());
    let width = f64::from(glyph.along.0.hypot(glyph.along.1)).max(height * 0.3);
    (point.0 - middle.0).hypot(point.1 - middle.1) < (0.5 * width).max(0.35 * height)
}
