//! Boxes of Word documents that are put where no page reaches (ISO/IEC 29500-1 §20.4.2.3): drawn
//! ones by their offset, older ones by their style.

use crate::read::xml::Element;

/// Largest side of a page, in units of which 914,400 are an inch.
const PAGE_MAX: i64 = 22 * 914_400;

/// How far before the margin or column that it is counted from a box is off every page: a page is
/// rarely wider than this before its text begins.
const BEFORE_MAX: i64 = 4 * 914_400;

/// Units of drawings in a point.
const POINT: f64 = 12_700.0;

/// Boxes that are open.
#[derive(Default)]
pub(super) struct FarBoxes {
    /// Whether each open anchor or old drawing is off the page.
    open: Vec<bool>,
    /// Offset from what, while it is read.
    from: Option<String>,
    in_offset: bool,
    offsets: Vec<(i64, bool)>,
}

impl FarBoxes {
    pub(super) fn is_open(&self) -> bool {
        self.open.contains(&true)
    }

    pub(super) fn open(&mut self, element: &Element<'_>) {
        match element.name() {
            "anchor" | "pict" => {
                self.open.push(false);
                self.offsets.clear();
            }
            "positionH" | "positionV" => {
                self.from = Some(element.get("relativeFrom").unwrap_or_default());
            }
            "posOffset" => self.in_offset = self.from.is_some(),
            // The extent of a box follows its two offsets.
            "extent" => {
                let side = |name| element.get(name).and_then(|v| v.parse::<i64>().ok());
                let sides = [side("cx"), side("cy")];
                let mut far = self.offsets.iter().zip(sides);
                let is_far = far
                    .any(|((offset, is_page), side)| is_off(*offset, side.unwrap_or(0), *is_page));
                self.mark(is_far);
            }
            "shape" | "rect" | "roundrect" | "textbox" => {
                let style = element.get("style").unwrap_or_default();
                self.mark(is_far_style(&style));
            }
            _ => {}
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        match name {
            "anchor" | "pict" => drop(self.open.pop()),
            "positionH" | "positionV" => self.from = None,
            "posOffset" => self.in_offset = false,
            _ => {}
        }
    }

    /// Takes an offset; `false` if the text is none.
    pub(super) fn text(&mut self, text: &str) -> bool {
        let Some(offset) = text.trim().parse().ok().filter(|_| self.in_offset) else {
            return false;
        };
        let is_page = self.from.as_deref() == Some("page");
        self.offsets.push((offset, is_page));
        true
    }

    fn mark(&mut self, is_far: bool) {
        if let Some(last) = self.open.last_mut() {
            *last |= is_far;
        }
    }
}

fn is_off(offset: i64, side: i64, is_page: bool) -> bool {
    let end = offset.saturating_add(side);
    offset >= PAGE_MAX || end <= if is_page { 0 } else { -BEFORE_MAX }
}

/// Whether a style puts a shape off the page: `margin-left:-900pt;width:100pt`.
fn is_far_style(style: &str) -> bool {
    let measure = |name: &str| {
        let pairs = style.split(';').filter_map(|pair| pair.split_once(':'));
        let value =
            pairs.filter(|(known, _)| known.trim() == name).map(|(_, value)| value).next_back()?;
        let units = [("pt", POINT), ("in", 72.0 * POINT), ("cm", 360_000.0), ("mm", 36_000.0)];
        units.iter().find_map(|(unit, size)| {
            let number = value.trim().strip_suffix(unit)?.parse::<f64>().ok()?;
            Some((number * size) as i64)
        })
    };
    [("margin-left", "left", "width"), ("margin-top", "top", "height")].iter().any(
        |(margin, place, side)| {
            let offset = measure(margin).or_else(|| measure(place));
            offset.is_some_and(|offset| is_off(offset, measure(side).unwrap_or(0), false))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_page_reaches_is_off() {
        assert!(is_off(-2_000_000, 1_000_000, true) && !is_off(-500_000, 1_000_000, true));
        assert!(!is_off(-2_000_000, 1_000_000, false) && is_off(-9_000_000, 1_000_000, false));
        assert!(is_off(PAGE_MAX, 1, true) && !is_off(PAGE_MAX - 1, 1, true));
        assert!(is_far_style("position:absolute;margin-left:-900pt;width:100pt"));
        assert!(is_far_style("margin-top:70cm") && !is_far_style("margin-left:-20pt;width:3in"));
        assert!(!is_far_style("width:900pt") && !is_far_style("margin-left:ept;;"));
    }
}
