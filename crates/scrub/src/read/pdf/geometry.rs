//! Points, matrices and areas of a page (ISO 32000-2 §8.3).

/// A point.
pub(crate) type Point = (f64, f64);

/// A transformation: `[a b c d e f]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Matrix(pub(crate) [f64; 6]);

impl Matrix {
    pub(crate) const ONE: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// This one first, then `next`.
    pub(crate) fn then(&self, next: &Self) -> Self {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, next.0);
        Self([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }

    pub(crate) fn apply(&self, (x, y): Point) -> Point {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// The same for a direction.
    pub(crate) fn turn(&self, (x, y): Point) -> Point {
        let [a, b, c, d, ..] = self.0;
        (a * x + c * y, b * x + d * y)
    }

    /// How much lengths grow, roughly.
    pub(crate) fn scale(&self) -> f64 {
        let [a, b, c, d, ..] = self.0;
        (a * d - b * c).abs().sqrt()
    }
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) bottom: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
}

impl Rect {
    pub(crate) const EVERYTHING: Self = Self { left: -1e9, bottom: -1e9, right: 1e9, top: 1e9 };
    pub(crate) const NOTHING: Self = Self { left: 0.0, bottom: 0.0, right: -1.0, top: -1.0 };

    pub(crate) fn of(points: &[Point]) -> Self {
        let mut points = points.iter();
        let Some(&(x, y)) = points.next() else { return Self::NOTHING };
        points.fold(Self { left: x, bottom: y, right: x, top: y }, |rect, &(x, y)| Self {
            left: rect.left.min(x),
            bottom: rect.bottom.min(y),
            right: rect.right.max(x),
            top: rect.top.max(y),
        })
    }

    /// From two corners in any order.
    pub(crate) fn between(corners: [f64; 4]) -> Self {
        let [x, y, u, v] = corners;
        Self::of(&[(x, y), (u, v)])
    }

    pub(crate) fn corners(&self) -> [Point; 4] {
        [
            (self.left, self.bottom),
            (self.right, self.bottom),
            (self.right, self.top),
            (self.left, self.top),
        ]
    }

    pub(crate) fn holds(&self, (x, y): Point) -> bool {
        x >= self.left && x <= self.right && y >= self.bottom && y <= self.top
    }

    pub(crate) fn meet(&self, other: &Self) -> Self {
        Self {
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.min(other.right),
            top: self.top.min(other.top),
        }
    }

    /// The least rectangle around both.
    pub(crate) fn join(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            bottom: self.bottom.min(other.bottom),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !(self.left <= self.right && self.bottom <= self.top)
    }

    pub(crate) fn area(&self) -> f64 {
        if self.is_empty() { 0.0 } else { (self.right - self.left) * (self.top - self.bottom) }
    }
}

/// What a painted shape covers.
#[derive(Clone, Debug)]
pub(crate) enum Area {
    Box(Rect),
    /// Closed outlines, filled by the even-odd rule or not.
    Outline {
        bounds: Rect,
        outlines: Vec<Vec<Point>>,
        is_even_odd: bool,
    },
}

impl Area {
    /// The area of closed outlines; upright boxes are told.
    pub(crate) fn of(outlines: Vec<Vec<Point>>, is_even_odd: bool) -> Self {
        let all: Vec<Point> = outlines.iter().flatten().copied().collect();
        let bounds = Rect::of(&all);
        match outlines.as_slice() {
            [only] if is_box(only, &bounds) => Self::Box(bounds),
            _ => Self::Outline { bounds, outlines, is_even_odd },
        }
    }

    pub(crate) const fn bounds(&self) -> &Rect {
        match self {
            Self::Box(bounds) | Self::Outline { bounds, .. } => bounds,
        }
    }

    /// Work of one question, in points looked at.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Box(_) => 1,
            Self::Outline { outlines, .. } => outlines.iter().map(Vec::len).sum(),
        }
    }

    pub(crate) fn holds(&self, point: Point) -> bool {
        match self {
            Self::Box(rect) => rect.holds(point),
            Self::Outline { bounds, outlines, is_even_odd } => {
                if !bounds.holds(point) {
                    return false;
                }
                let winding: i64 = outlines.iter().map(|outline| winding(outline, point)).sum();
                if *is_even_odd { winding % 2 != 0 } else { winding != 0 }
            }
        }
    }
}

/// Whether an outline is an upright box.
fn is_box(outline: &[Point], bounds: &Rect) -> bool {
    let mut corners = outline.to_vec();
    if corners.len() == 5 && corners.first() == corners.last() {
        corners.pop();
    }
    let near = |a: f64, b: f64| (a - b).abs() < 0.01;
    let on_edge = |&(x, y): &Point| {
        (near(x, bounds.left) || near(x, bounds.right))
            && (near(y, bounds.bottom) || near(y, bounds.top))
    };
    let [a, b, c, d] = corners.as_slice() else { return false };
    let straight = |p: &Point, q: &Point| near(p.0, q.0) != near(p.1, q.1);
    corners.iter().all(on_edge)
        && straight(a, b)
        && straight(b, c)
        && straight(c, d)
        && straight(d, a)
}

/// How often an outline runs round a point.
fn winding(outline: &[Point], (x, y): Point) -> i64 {
    let mut count = 0;
    for (at, &(x1, y1)) in outline.iter().enumerate() {
        let (x2, y2) = outline[(at + 1) % outline.len()];
        if (y1 <= y) != (y2 <= y) {
            let cross = x1 + (y - y1) / (y2 - y1) * (x2 - x1);
            if cross > x {
                count += if y2 > y1 { 1 } else { -1 };
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_follow_each_other() {
        let both =
            Matrix([2.0, 0.0, 0.0, 2.0, 0.0, 0.0]).then(&Matrix([1.0, 0.0, 0.0, 1.0, 5.0, 6.0]));
        assert_eq!(both.apply((1.0, 1.0)), (7.0, 8.0));
    }

    #[test]
    fn areas_hold_points() {
        let square = vec![(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)];
        let area = Area::of(vec![square.clone()], false);
        assert!(matches!(area, Area::Box(_)) && area.holds((2.0, 2.0)));
        let hole = vec![(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0)];
        let ring = Area::of(vec![square, hole], true);
        assert!(ring.holds((0.5, 0.5)) && !ring.holds((2.0, 2.0)));
        let triangle = Area::of(vec![vec![(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)]], false);
        assert!(triangle.holds((1.0, 1.0)) && !triangle.holds((3.0, 3.0)));
    }
}
