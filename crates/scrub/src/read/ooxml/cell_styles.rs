//! Styles of cells as far as they hide what stands in them (ISO/IEC 29500-1 §18.8): letters in the
//! colour of the cell, letters too small to be read, formats that show nothing.

use crate::finding::Channel;
use crate::read::xml::{Element, Node, walk};

/// Letters smaller than this, in points, cannot be read.
const TINY_POINTS: f64 = 4.0;

/// Colours by index that are white.
const WHITE_INDEXES: [&str; 2] = ["1", "9"];

/// What hides the cells of each format, in the order of the formats.
#[derive(Clone, Debug, Default)]
pub(super) struct CellStyles {
    formats: Vec<Option<Channel>>,
}

/// A colour as it stands, so that two can be compared; white has one form.
type Colour = Option<String>;

fn colour_of(element: &Element<'_>) -> Colour {
    let get = |name: &str| element.get(name);
    let tint = get("tint").unwrap_or_default();
    let is_untinted = tint.is_empty() || tint == "0";
    if let Some(rgb) = get("rgb") {
        let digits = rgb.get(rgb.len().saturating_sub(6)..).unwrap_or_default();
        let is_white = super::styles::is_white(digits);
        return Some(if is_white { "white".to_owned() } else { digits.to_ascii_lowercase() });
    }
    if let Some(theme) = get("theme") {
        // The first colour of a theme is that of the paper.
        let is_white = theme == "0" && is_untinted;
        return Some(if is_white { "white".to_owned() } else { format!("theme {theme} {tint}") });
    }
    let index = get("indexed")?;
    let is_white = WHITE_INDEXES.contains(&index.as_str());
    Some(if is_white { "white".to_owned() } else { format!("index {index}") })
}

#[derive(Default)]
struct Font {
    colour: Colour,
    is_tiny: bool,
}

/// Whether a format shows nothing: no section has a place for a digit or text.
fn shows_nothing(code: &str) -> bool {
    code.contains(";;") && code.chars().all(|c| matches!(c, ';' | ' ' | '"'))
}

impl CellStyles {
    pub(super) fn of(text: &str) -> Self {
        let (mut fonts, mut fills, mut formats) = (Vec::<Font>::new(), Vec::new(), Vec::new());
        let (mut blank, mut group) = (Vec::new(), String::new());
        walk(text, |node| {
            let Node::Open(element) = node else { return };
            let get = |name: &str| element.get(name).unwrap_or_default();
            match (group.as_str(), element.name()) {
                (
                    _,
                    "fonts" | "fills" | "cellXfs" | "cellStyleXfs" | "numFmts" | "dxfs" | "borders",
                ) => {
                    group = element.name().to_owned();
                }
                ("fonts", "font") => fonts.push(Font::default()),
                ("fonts", "color") => {
                    if let Some(font) = fonts.last_mut() {
                        font.colour = colour_of(&element);
                    }
                }
                ("fonts", "sz") => {
                    if let Some(font) = fonts.last_mut() {
                        font.is_tiny =
                            get("val").parse::<f64>().is_ok_and(|size| size < TINY_POINTS);
                    }
                }
                ("fills", "fill") => fills.push(None),
                // Fills other than these cannot be told from letters by their colour.
                ("fills", "patternFill") => {
                    if let Some(fill) = fills.last_mut() {
                        let is_none = matches!(get("patternType").as_str(), "" | "none");
                        *fill = Some(if is_none { "white" } else { "pattern" }.to_owned());
                    }
                }
                ("fills", "fgColor") => {
                    if let Some(fill) = fills.last_mut() {
                        *fill = colour_of(&element);
                    }
                }
                ("numFmts", "numFmt") if shows_nothing(&get("formatCode")) => {
                    blank.push(get("numFmtId"));
                }
                ("cellXfs", "xf") => {
                    let at = |name: &str| get(name).parse::<usize>().ok();
                    let font = at("fontId").and_then(|at| fonts.get(at));
                    let fill: Colour = at("fillId").and_then(|at| fills.get(at)).cloned().flatten();
                    let has_own_colour = font.and_then(|font| font.colour.clone());
                    formats.push(if blank.contains(&get("numFmtId")) {
                        Some(Channel::HiddenText)
                    } else if has_own_colour.is_some() && has_own_colour == fill {
                        Some(Channel::WhiteText)
                    } else if font.is_some_and(|font| font.is_tiny) {
                        Some(Channel::TinyText)
                    } else {
                        None
                    });
                }
                _ => {}
            }
        });
        Self { formats }
    }

    /// What hides a cell of this format.
    pub(super) fn channel(&self, format: usize) -> Option<Channel> {
        self.formats.get(format).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_hide_by_colour_size_and_code() {
        let text = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\";;;\"/></numFmts><fonts>\
            <font><sz val=\"11\"/><color theme=\"1\"/></font><font><color rgb=\"FFFFFFFF\"/></font>\
            <font><sz val=\"1\"/></font><font><color rgb=\"FF112233\"/></font></fonts><fills><fill>\
            <patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"solid\">\
            <fgColor rgb=\"FF112233\"/></patternFill></fill></fills><cellXfs><xf fontId=\"0\" fillId=\"0\"/>\
            <xf fontId=\"1\" fillId=\"0\"/><xf fontId=\"1\" fillId=\"1\"/><xf fontId=\"3\" fillId=\"1\"/>\
            <xf fontId=\"2\" fillId=\"0\"/><xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\"/></cellXfs>\
            </styleSheet>";
        let styles = CellStyles::of(text);
        let found: Vec<_> = (0..7).map(|at| styles.channel(at)).collect();
        let (white, tiny, none) = (Some(Channel::WhiteText), Some(Channel::TinyText), None);
        assert_eq!(found, [none, white, none, white, tiny, Some(Channel::HiddenText), none]);
    }
}
