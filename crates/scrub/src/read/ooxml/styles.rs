//! Styles of Word documents as far as they hide text (ISO/IEC 29500-1 §17.7): each style with what
//! it has from the styles that it is based on, and the defaults of the document.

use std::collections::BTreeMap;

use crate::read::xml::{Element, Node, is_on, walk};

/// Styles that are based on each other, at most.
const CHAIN_MAX: usize = 32;

/// Text smaller than this, in half points, cannot be read.
const TINY_HALF_POINTS: u32 = 8;

/// How text is shown, as far as somebody says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) is_hidden: Option<bool>,
    pub(crate) is_white: Option<bool>,
    pub(crate) is_tiny: Option<bool>,
    /// White letters on a dark ground can be read.
    pub(crate) has_ground: Option<bool>,
    /// Colours of letters, of the shading and of the marker, where they are plain.
    ink: Option<u32>,
    shade: Option<u32>,
    marker: Option<u32>,
}

/// Names of markers that letters may be the same as.
const MARKERS: [(&str, u32); 6] = [
    ("black", 0x00_0000),
    ("white", 0xff_ffff),
    ("yellow", 0xff_ff00),
    ("red", 0xff_0000),
    ("blue", 0x00_00ff),
    ("darkBlue", 0x00_0080),
];

/// Letters are of this colour where nobody says otherwise.
const BLACK: u32 = 0;

impl Look {
    /// Takes note of an element of run or paragraph properties.
    pub(crate) fn note(&mut self, element: &Element<'_>) {
        match element.name() {
            "vanish" | "specVanish" => self.is_hidden = Some(is_on(element.get("val").as_deref())),
            "color" => {
                let value = element.get("val").unwrap_or_default();
                let theme = element.get("themeColor").unwrap_or_default();
                let is_paper = matches!(theme.as_str(), "background1" | "light1")
                    && matches!(value.as_str(), "" | "auto")
                    && element.get("themeShade").is_none();
                self.is_white = Some(is_paper || is_white(&value));
                self.ink = digits(&value);
            }
            "shd" => {
                let get = |name: &str| element.get(name).unwrap_or_default();
                let is_plain = |fill: &str| fill.is_empty() || fill == "auto" || is_white(fill);
                // A pattern in front of the fill has a colour of its own.
                let pattern = get("val");
                let has_pattern = !matches!(pattern.as_str(), "" | "clear" | "nil");
                self.has_ground = Some(!is_plain(&get("fill")) || has_pattern);
                self.shade = digits(&get("fill")).filter(|_| !has_pattern);
            }
            "highlight" => {
                let value = element.get("val").unwrap_or_default();
                self.has_ground = Some(!matches!(value.as_str(), "none" | "white"));
                self.marker = MARKERS.iter().find(|(name, _)| *name == value).map(|(_, ink)| *ink);
            }
            "sz" => {
                let size = element.get("val").and_then(|value| value.parse::<u32>().ok());
                self.is_tiny = size.map(|size| size < TINY_HALF_POINTS);
            }
            _ => {}
        }
    }

    /// Whether letters have the colour of what is behind them. On a shading, letters without a colour
    /// get one that can be read; under a marker they stay black.
    pub(crate) fn is_blotted(&self) -> bool {
        match (self.marker, self.shade) {
            (Some(marker), _) => self.ink.unwrap_or(BLACK) == marker,
            (None, Some(shade)) => self.ink == Some(shade),
            (None, None) => false,
        }
    }

    /// The same where somebody says so, else as `base` says.
    pub(crate) const fn or(self, base: Self) -> Self {
        const fn first(own: Option<bool>, base: Option<bool>) -> Option<bool> {
            if own.is_some() { own } else { base }
        }
        const fn colour(own: Option<u32>, base: Option<u32>) -> Option<u32> {
            if own.is_some() { own } else { base }
        }
        Self {
            ink: colour(self.ink, base.ink),
            shade: colour(self.shade, base.shade),
            marker: colour(self.marker, base.marker),
            is_hidden: first(self.is_hidden, base.is_hidden),
            is_white: first(self.is_white, base.is_white),
            is_tiny: first(self.is_tiny, base.is_tiny),
            has_ground: first(self.has_ground, base.has_ground),
        }
    }
}

/// A colour in six digits.
fn digits(colour: &str) -> Option<u32> {
    let is_plain = colour.len() == 6 && colour.bytes().all(|b| b.is_ascii_hexdigit());
    u32::from_str_radix(colour, 16).ok().filter(|_| is_plain)
}

/// Whether a colour in six digits is white or nearly so.
pub(crate) fn is_white(colour: &str) -> bool {
    let digits = colour.trim_start_matches('#');
    let is_near = |pair: &str| u8::from_str_radix(pair, 16).is_ok_and(|value| value >= 0xfa);
    digits.len() == 6
        && digits.is_ascii()
        && [0, 2, 4].iter().all(|at| digits.get(*at..at + 2).is_some_and(is_near))
}

/// All styles of a document, each with what it inherits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Styles {
    looks: BTreeMap<String, Look>,
    defaults: Look,
    paragraph: Look,
}

/// A style as it stands in the part.
#[derive(Clone, Default)]
struct Style {
    id: String,
    kind: String,
    base: String,
    is_default: bool,
    look: Look,
}

impl Styles {
    /// Reads the part of styles.
    pub(crate) fn of(text: &str) -> Self {
        let (mut styles, mut current) = (Vec::new(), None::<Style>);
        let (mut defaults, mut in_defaults, mut in_properties, mut in_condition) =
            (Look::default(), false, false, 0_usize);
        walk(text, |node| match node {
            Node::Open(element) => match element.name() {
                "style" => {
                    let get = |name: &str| element.get(name).unwrap_or_default();
                    let is_default = matches!(get("default").as_str(), "1" | "true" | "on");
                    let (id, kind) = (get("styleId"), get("type"));
                    current = Some(Style { id, kind, is_default, ..Style::default() });
                }
                "basedOn" => {
                    if let Some(style) = &mut current {
                        style.base = element.get("val").unwrap_or_default();
                    }
                }
                "rPrDefault" => in_defaults = true,
                "tblStylePr" => in_condition += 1,
                "rPr" | "pPr" => in_properties = true,
                _ if in_properties && in_condition == 0 => match &mut current {
                    Some(style) => style.look.note(&element),
                    None if in_defaults => defaults.note(&element),
                    None => {}
                },
                _ => {}
            },
            Node::Close("style") => styles.extend(current.take()),
            Node::Close("rPrDefault") => in_defaults = false,
            Node::Close("tblStylePr") => in_condition = in_condition.saturating_sub(1),
            Node::Close("rPr" | "pPr") => in_properties = false,
            _ => {}
        });
        Self::inherit(&styles, defaults)
    }

    fn inherit(styles: &[Style], defaults: Look) -> Self {
        let by_id: BTreeMap<&str, &Style> = styles.iter().map(|s| (s.id.as_str(), s)).collect();
        let mut all = Self { defaults, ..Self::default() };
        // Table styles colour rows and columns by conditions; their text is not judged.
        for style in styles.iter().filter(|style| style.kind != "table") {
            let (mut look, mut next) = (Look::default(), Some(style));
            for _ in 0..CHAIN_MAX {
                let Some(style) = next else { break };
                look = look.or(style.look);
                next = by_id.get(style.base.as_str()).copied();
            }
            if style.is_default && style.kind == "paragraph" {
                all.paragraph = look;
            }
            all.looks.insert(style.id.clone(), look);
        }
        all
    }

    /// How a run is shown: what it says itself, then its style, then that of its paragraph.
    pub(crate) fn look(&self, own: Look, run: Option<&str>, paragraph: Option<&str>) -> Look {
        let of = |id: Option<&str>| id.and_then(|id| self.looks.get(id)).copied();
        let run = of(run).unwrap_or_default();
        let paragraph = of(paragraph).unwrap_or(self.paragraph);
        let mut look = own.or(run).or(paragraph).or(self.defaults);
        // Hiding is a switch: two styles that both turn it leave the text visible (§17.7.3).
        if own.is_hidden.is_none() && run.is_hidden == Some(true) {
            look.is_hidden = Some(paragraph.is_hidden != Some(true));
        }
        look
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLES: &str = "<styles><docDefaults><rPrDefault><rPr><sz val=\"2\"/></rPr></rPrDefault>\
        </docDefaults><style type=\"paragraph\" default=\"1\" styleId=\"N\"><rPr><sz val=\"20\"/></rPr>\
        </style><style type=\"character\" styleId=\"H\"><rPr><vanish/></rPr></style>\
        <style type=\"character\" styleId=\"H2\"><basedOn val=\"H\"/></style>\
        <style type=\"paragraph\" styleId=\"W\"><basedOn val=\"W\"/><rPr><color val=\"FFFFFF\"/></rPr>\
        </style><style type=\"table\" styleId=\"T\"><rPr><vanish/></rPr></style></styles>";

    #[test]
    fn styles_hide_text_through_what_they_are_based_on() {
        let styles = Styles::of(STYLES);
        let plain = Look::default();
        assert_eq!(styles.look(plain, Some("H2"), None).is_hidden, Some(true));
        assert_eq!(styles.look(plain, Some("T"), None).is_hidden, None);
        assert_eq!(styles.look(plain, None, Some("W")).is_white, Some(true));
        assert_eq!(styles.look(plain, None, Some("W")).is_tiny, Some(true));
        assert_eq!(styles.look(plain, None, None).is_tiny, Some(false));
        let shown = Look { is_hidden: Some(false), ..plain };
        assert_eq!(styles.look(shown, Some("H"), None).is_hidden, Some(false));
    }

    #[test]
    fn near_white_is_white() {
        assert!(is_white("FFFFFF") && is_white("fefefe"));
        assert!(!is_white("F0F0F0") && !is_white("auto") && !is_white("ÿÿÿ"));
    }
}
