//! Graphics state: where, how and in what colour something is painted (ISO 32000-2 §8.4, §8.6).

use std::sync::Arc;

use lopdf::{Dictionary, Document, Object};

use super::document::{dictionary, get, name_of, number_of};
use super::font::Font;
use super::geometry::{Matrix, Rect};

/// From this opacity on nothing shows through to the eye.
const OPAQUE: f64 = 0.97;

/// A colour as red, green and blue from 0 to 1.
pub(crate) type Colour = [f32; 3];

/// A family of colours, as far as its colours can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Grey,
    Rgb,
    Cmyk,
    /// Black ink, where 1 is most.
    BlackInk,
    /// Opaque, but of a colour that is not told.
    Unknown,
    /// A pattern, which may have holes.
    Pattern,
}

impl Space {
    /// The space of a name or array.
    pub(crate) fn of(doc: &Document, object: &Object, depth: u8) -> Self {
        let Some((name, parts)) = (match object {
            Object::Name(name) => Some((name.as_slice(), [].as_slice())),
            Object::Array(parts) => {
                parts.first().and_then(|n| n.as_name().ok()).map(|n| (n, parts.as_slice()))
            }
            _ => None,
        }) else {
            return Self::Unknown;
        };
        let part = |at: usize| parts.get(at).and_then(|p| doc.dereference(p).ok()).map(|(_, o)| o);
        match name {
            b"DeviceGray" | b"G" | b"CalGray" => Self::Grey,
            b"DeviceRGB" | b"RGB" | b"CalRGB" => Self::Rgb,
            b"DeviceCMYK" | b"CMYK" => Self::Cmyk,
            b"Pattern" => Self::Pattern,
            b"ICCBased" => {
                let profile = part(1).and_then(dictionary);
                match profile.and_then(|dict| number_of(doc, dict, b"N")) {
                    Some(1.0) => Self::Grey,
                    Some(3.0) => Self::Rgb,
                    Some(4.0) => Self::Cmyk,
                    _ => Self::Unknown,
                }
            }
            b"Separation" => match part(1) {
                Some(Object::Name(ink)) if matches!(ink.as_slice(), b"Black" | b"All") => {
                    Self::BlackInk
                }
                _ => Self::Unknown,
            },
            _ if depth > 0 => part(1).map_or(Self::Unknown, |base| Self::of(doc, base, depth - 1)),
            _ => Self::Unknown,
        }
    }

    /// The colour that components mean.
    pub(crate) fn colour(self, parts: &[f64]) -> Option<Colour> {
        let part = |at: usize| parts.get(at).copied().unwrap_or(0.0).clamp(0.0, 1.0) as f32;
        match (self, parts.len()) {
            (Self::Grey, 1) => Some([part(0); 3]),
            (Self::BlackInk, 1) => Some([1.0 - part(0); 3]),
            (Self::Rgb, 3) => Some([part(0), part(1), part(2)]),
            (Self::Cmyk, 4) => {
                let black = 1.0 - part(3);
                Some([0, 1, 2].map(|at| (1.0 - part(at)) * black))
            }
            _ => None,
        }
    }
}

/// What something is painted with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) space: Space,
    pub(crate) colour: Option<Colour>,
    pub(crate) alpha: f64,
}

impl Paint {
    const BLACK: Self = Self { space: Space::Grey, colour: Some([0.0; 3]), alpha: 1.0 };
}

/// The graphics state with its text state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) ctm: Matrix,
    pub(crate) clip: Rect,
    pub(crate) fill: Paint,
    pub(crate) stroke: Paint,
    pub(crate) line_width: f64,
    /// Whether blending or a mask lets what is beneath show through.
    pub(crate) is_blended: bool,
    /// The same for all of the form that is being painted.
    pub(crate) is_group_blended: bool,
    pub(crate) font: Option<Arc<Font>>,
    pub(crate) size: f64,
    pub(crate) char_space: f64,
    pub(crate) word_space: f64,
    /// Horizontal scaling, 1 as usual.
    pub(crate) stretch: f64,
    pub(crate) leading: f64,
    pub(crate) rise: f64,
    pub(crate) mode: u8,
}

impl State {
    pub(crate) const fn new(ctm: Matrix, clip: Rect) -> Self {
        Self {
            ctm,
            clip,
            fill: Paint::BLACK,
            stroke: Paint::BLACK,
            line_width: 1.0,
            is_blended: false,
            is_group_blended: false,
            font: None,
            size: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            mode: 0,
        }
    }

    /// Whether a paint hides what is beneath.
    pub(crate) fn hides(&self, paint: &Paint) -> bool {
        paint.alpha >= OPAQUE
            && !self.is_blended
            && !self.is_group_blended
            && paint.space != Space::Pattern
    }

    /// Takes over an extended state (ISO 32000-2 §8.4.5); fonts are left to the caller.
    pub(crate) fn extend(&mut self, doc: &Document, dict: &Dictionary) {
        if let Some(alpha) = number_of(doc, dict, b"ca") {
            self.fill.alpha = alpha;
        }
        if let Some(alpha) = number_of(doc, dict, b"CA") {
            self.stroke.alpha = alpha;
        }
        if let Some(width) = number_of(doc, dict, b"LW") {
            self.line_width = width;
        }
        let mode = match get(doc, dict, b"BM") {
            Some(Object::Array(modes)) => modes.first().and_then(|mode| mode.as_name().ok()),
            Some(Object::Name(mode)) => Some(mode.as_slice()),
            _ => None,
        };
        let has_mask = get(doc, dict, b"SMask").is_some_and(|mask| mask.as_dict().is_ok());
        if mode.is_some() || dict.has(b"SMask") {
            let is_plain = mode.is_none_or(|mode| matches!(mode, b"Normal" | b"Compatible"));
            self.is_blended = has_mask || !is_plain;
        }
    }
}

/// How far two colours are from each other: 0 for the same, 1 for black and white.
pub(crate) fn distance(one: Colour, other: Colour) -> f32 {
    let weights = [0.299, 0.587, 0.114];
    (0..3).map(|at| weights[at] * (one[at] - other[at]).powi(2)).sum::<f32>().sqrt()
}

/// Whether optional content is on as the document is first shown (ISO 32000-2 §8.11).
pub(crate) fn is_layer_on(doc: &Document, layer: &Object, off: &super::layers::Layers) -> bool {
    if let Object::Reference(id) = layer
        && off.is_off(*id)
    {
        return false;
    }
    let Some(dict) = doc.dereference(layer).ok().and_then(|(_, object)| dictionary(object)) else {
        return true;
    };
    if name_of(doc, dict, b"Type") != Some(b"OCMD") {
        return true;
    }
    let members: Vec<&Object> = match dict.get(b"OCGs") {
        Ok(Object::Array(members)) => members.iter().collect(),
        Ok(one) => match doc.dereference(one) {
            Ok((_, Object::Array(members))) => members.iter().collect(),
            _ => vec![one],
        },
        Err(_) => return true,
    };
    let is_on = |member: &&Object| member.as_reference().is_ok_and(|id| !off.is_off(id));
    if members.is_empty() {
        return true;
    }
    match name_of(doc, dict, b"P").unwrap_or(b"AnyOn") {
        b"AllOn" => members.iter().all(is_on),
        b"AnyOff" => !members.iter().all(is_on),
        b"AllOff" => !members.iter().any(is_on),
        _ => members.iter().any(is_on),
    }
}
