//! Paths: lines and curves that are filled, stroked or clip (ISO 32000-2 §8.5).

use super::geometry::{Matrix, Point};

/// Lines that stand for one curve.
const CURVE_STEPS: u8 = 8;

/// A path under construction, in points of the page.
#[derive(Debug, Default)]
pub(super) struct Path {
    outlines: Vec<Vec<Point>>,
    current: Point,
    points: usize,
}

impl Path {
    pub(super) fn move_to(&mut self, ctm: &Matrix, to: Point) {
        self.current = to;
        self.outlines.push(vec![ctm.apply(to)]);
        self.points += 1;
    }

    pub(super) fn line_to(&mut self, ctm: &Matrix, to: Point) {
        self.current = to;
        self.add(ctm.apply(to));
    }

    fn add(&mut self, point: Point) {
        self.points += 1;
        match self.outlines.last_mut() {
            Some(outline) => outline.push(point),
            None => self.outlines.push(vec![point]),
        }
    }

    pub(super) fn curve_to(&mut self, ctm: &Matrix, one: Point, two: Point, to: Point) {
        let from = self.current;
        for step in 1..=CURVE_STEPS {
            let t = f64::from(step) / f64::from(CURVE_STEPS);
            let s = 1.0 - t;
            let mix = |a: f64, b: f64, c: f64, d: f64| {
                s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
            };
            let point = (mix(from.0, one.0, two.0, to.0), mix(from.1, one.1, two.1, to.1));
            self.add(ctm.apply(point));
        }
        self.current = to;
    }

    pub(super) const fn current(&self) -> Point {
        self.current
    }

    pub(super) fn rectangle(&mut self, ctm: &Matrix, [x, y, width, height]: [f64; 4]) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
        self.outlines.push(corners.map(|corner| ctm.apply(corner)).to_vec());
        self.current = (x, y);
        self.points += 4;
    }

    pub(super) fn close(&mut self) {
        if let Some(first) = self.outlines.last().and_then(|outline| outline.first()).copied() {
            self.add(first);
        }
    }

    pub(super) const fn points(&self) -> usize {
        self.points
    }

    /// The outlines; the path is empty afterwards.
    pub(super) fn take(&mut self) -> Vec<Vec<Point>> {
        self.points = 0;
        std::mem::take(&mut self.outlines)
    }
}

/// The bands that thick lines along a path paint.
pub(super) fn bands(outlines: &[Vec<Point>], width: f64) -> Vec<Vec<Point>> {
    let half = width / 2.0;
    let segments = outlines.iter().flat_map(|outline| outline.windows(2));
    segments
        .filter_map(|pair| {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            let (dx, dy) = (x2 - x1, y2 - y1);
            let length = dx.hypot(dy);
            if length <= 0.0 || !length.is_finite() {
                return None;
            }
            let (nx, ny) = (-dy / length * half, dx / length * half);
            Some(vec![
                (x1 + nx, y1 + ny),
                (x2 + nx, y2 + ny),
                (x2 - nx, y2 - ny),
                (x1 - nx, y1 - ny),
            ])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Area;
    use super::*;

    #[test]
    fn paths_become_areas() {
        let mut path = Path::default();
        path.rectangle(&Matrix::ONE, [1.0, 1.0, 2.0, 2.0]);
        assert!(Area::of(path.take(), false).holds((2.0, 2.0)));
        path.move_to(&Matrix::ONE, (0.0, 0.0));
        path.curve_to(&Matrix::ONE, (0.0, 4.0), (4.0, 4.0), (4.0, 0.0));
        path.close();
        let area = Area::of(path.take(), false);
        assert!(area.holds((2.0, 1.0)) && !area.holds((2.0, 3.9)));
    }

    #[test]
    fn a_thick_line_is_a_band() {
        let bands = bands(&[vec![(0.0, 0.0), (10.0, 0.0)]], 4.0);
        let area = Area::of(bands, false);
        assert!(area.holds((5.0, 1.5)) && !area.holds((5.0, 2.5)));
    }
}
