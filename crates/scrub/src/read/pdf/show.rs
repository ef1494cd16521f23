//! Operators that show text and pictures (ISO 32000-2 §9.4, §8.9).

use std::ops::Range;

use lopdf::{Dictionary, Object, ObjectId, Stream};

use super::canvas::{COVERS_MAX, GLYPHS_MAX, Glyph, Picture, Show};
use super::content::{Runner, matrix};
use super::document::{get, unpack};
use super::font::UNKNOWN;
use super::geometry::{Matrix, Point, Rect};
use super::lex::{Lexer, Token, is_space};
use crate::report::Reason;

/// Opacity below which text is not seen.
const UNSEEN: f64 = 0.05;

/// Bytes of a mask that are looked at.
const MASK_BYTES_MAX: u64 = 64 << 20;

impl<'d> Runner<'d> {
    pub(super) fn text_operator(
        &mut self,
        word: &[u8],
        operands: &[Token<'_>],
        range: Range<usize>,
        resources: Option<&'d Dictionary>,
    ) {
        let number = |at: usize| operands.get(at).and_then(Token::number).unwrap_or(0.0);
        match word {
            b"BT" => (self.text_matrix, self.line_matrix) = (Matrix::ONE, Matrix::ONE),
            b"Tf" => {
                let name = operands.first().and_then(Token::name).unwrap_or_default();
                self.state.font = self.font(name, resources);
                self.state.size = number(1);
            }
            b"Tc" => self.state.char_space = number(0),
            b"Tw" => self.state.word_space = number(0),
            b"Tz" => self.state.stretch = number(0) / 100.0,
            b"TL" => self.state.leading = number(0),
            b"Ts" => self.state.rise = number(0),
            b"Tr" => self.state.mode = number(0).clamp(0.0, 7.0) as u8,
            b"Tm" => {
                self.line_matrix = matrix(operands);
                self.text_matrix = self.line_matrix;
            }
            b"Td" => self.move_line(number(0), number(1)),
            b"TD" => {
                self.state.leading = -number(1);
                self.move_line(number(0), number(1));
            }
            b"T*" => self.move_line(0.0, -self.state.leading),
            b"Tj" | b"TJ" => self.show(operands, range),
            b"'" => {
                self.move_line(0.0, -self.state.leading);
                self.show(operands, range);
            }
            b"\"" => {
                self.state.word_space = number(0);
                self.state.char_space = number(1);
                self.move_line(0.0, -self.state.leading);
                self.show(operands.get(2..).unwrap_or_default(), range);
            }
            _ => {}
        }
    }

    fn move_line(&mut self, x: f64, y: f64) {
        self.line_matrix = Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(&self.line_matrix);
        self.text_matrix = self.line_matrix;
    }

    fn advance(&mut self, by: f64, is_vertical: bool) {
        let (x, y) = if is_vertical { (0.0, by) } else { (by * self.state.stretch, 0.0) };
        self.text_matrix = Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(&self.text_matrix);
    }

    fn show(&mut self, operands: &[Token<'_>], range: Range<usize>) {
        let first = self.canvas.glyphs.len();
        let order = self.canvas.next_order();
        let is_vertical = self.state.font.as_ref().is_some_and(|font| font.is_vertical);
        for operand in operands {
            match operand {
                Token::Text(text) => self.glyphs(text),
                Token::Number(back) => {
                    self.advance(-back / 1000.0 * self.state.size, is_vertical);
                }
                _ => {}
            }
        }
        let state = &self.state;
        let paint = if state.mode == 1 { &state.stroke } else { &state.fill };
        self.canvas.shows.push(Show {
            source: self.source,
            range,
            glyphs: first..self.canvas.glyphs.len(),
            order,
            font: state.font.clone(),
            size: state.size,
            char_space: state.char_space,
            word_space: state.word_space,
            mode: state.mode,
            colour: paint.colour,
            is_transparent: paint.alpha < UNSEEN,
            is_layer_off: self.is_off,
        });
    }

    fn glyphs(&mut self, mut bytes: &[u8]) {
        let Some(font) = self.state.font.clone() else {
            self.canvas.unknown_fonts.insert("?".to_owned());
            return;
        };
        let (size, is_vertical) = (self.state.size, font.is_vertical);
        let ctm = self.state.ctm;
        let show = u32::try_from(self.canvas.shows.len()).unwrap_or(u32::MAX);
        let narrow = |(x, y): Point| (x as f32, y as f32);
        while let Some(code) = font.code(bytes) {
            bytes = &bytes[code.length..];
            if self.canvas.glyphs.len() >= GLYPHS_MAX {
                self.canvas.troubles.insert(Reason::TooLarge);
                return;
            }
            let both = self.text_matrix.then(&ctm);
            let width = code.width * size;
            let from = if is_vertical { (-size / 2.0, -size) } else { (0.0, self.state.rise) };
            let along = if is_vertical { (size, 0.0) } else { (width * self.state.stretch, 0.0) };
            let start = u32::try_from(self.canvas.text.len()).unwrap_or(u32::MAX);
            if code.text == UNKNOWN && code.width > 0.0 {
                self.canvas.unknown_fonts.insert(font.name.clone());
            }
            self.canvas.text.push_str(&code.text);
            let mut glyph = Glyph {
                origin: narrow(both.apply(from)),
                along: narrow(both.turn(along)),
                up: narrow(both.turn((0.0, size))),
                start,
                end: u32::try_from(self.canvas.text.len()).unwrap_or(u32::MAX),
                show,
                is_clipped: false,
            };
            glyph.is_clipped = !self.state.clip.holds(glyph.point(0.5, 0.3));
            self.canvas.glyphs.push(glyph);
            let spacing =
                self.state.char_space + if code.is_space { self.state.word_space } else { 0.0 };
            let by = if is_vertical { spacing - size } else { width + spacing };
            self.advance(by, is_vertical);
        }
    }

    // --- pictures -------------------------------------------------------------------------------

    pub(super) fn picture(
        &mut self,
        name: String,
        id: Option<ObjectId>,
        stream: &Stream,
        range: Range<usize>,
    ) {
        let order = self.canvas.next_order();
        let ctm = self.state.ctm;
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|c| ctm.apply(c));
        if self.canvas.pictures.len() >= COVERS_MAX {
            self.canvas.troubles.insert(Reason::TooLarge);
            return;
        }
        let may_hide = self.state.hides(&self.state.fill) && !self.is_off;
        let hides = may_hide && self.is_solid(id, stream);
        if hides {
            self.cover_with_picture(corners.to_vec(), order);
        }
        self.canvas.pictures.push(Picture {
            name,
            id,
            inline: id.is_none().then(|| stream.clone()),
            corners: [corners[0], corners[1], corners[3]],
            bounds: Rect::of(&corners).meet(&self.state.clip),
            order,
            source: self.source,
            range,
        });
    }

    /// Whether a picture has no holes.
    fn is_solid(&mut self, id: Option<ObjectId>, stream: &Stream) -> bool {
        if let Some(known) = id.and_then(|id| self.solid.get(&id)) {
            return *known;
        }
        let is_solid = self.has_no_holes(stream);
        self.solid.extend(id.map(|id| (id, is_solid)));
        is_solid
    }

    fn has_no_holes(&self, stream: &Stream) -> bool {
        let doc = &self.shared.pdf.doc;
        let is_stencil = get(doc, &stream.dict, b"ImageMask")
            .is_some_and(|mask| matches!(mask, Object::Boolean(true)));
        if is_stencil || stream.dict.has(b"Mask") {
            return false;
        }
        match get(doc, &stream.dict, b"SMask").map(Object::as_stream) {
            Some(Ok(mask)) => {
                let mask = unpack(mask, MASK_BYTES_MAX);
                mask.trouble.is_none() && mask.content.iter().all(|alpha| *alpha >= 250)
            }
            _ => true,
        }
    }

    /// A picture within the content: `BI` entries `ID` data `EI`.
    pub(super) fn inline_image(
        &mut self,
        content: &[u8],
        lexer: &mut Lexer<'_>,
        resources: Option<&'d Dictionary>,
        start: usize,
    ) {
        let mut dict = Dictionary::new();
        let mut tokens: Vec<Token<'_>> = Vec::new();
        loop {
            match lexer.next() {
                Some((_, Token::Word(b"ID"))) => break,
                Some((_, token)) if tokens.len() < 256 => tokens.push(token),
                Some(_) => {}
                None => return,
            }
        }
        entries(&tokens, &mut dict);
        if let Ok(Object::Name(space)) = dict.get(b"ColorSpace").cloned()
            && let Some(spaces) =
                resources.and_then(|r| get(&self.shared.pdf.doc, r, b"ColorSpace"))
            && let Ok(object) = spaces.as_dict().and_then(|spaces| spaces.get(&space))
        {
            dict.set("ColorSpace", object.clone());
        }
        let data = (lexer.position() + 1).min(content.len());
        let length = data_length(&dict, &content[data..]);
        let end = data + length;
        lexer.seek(end);
        // What follows the data up to and with `EI`.
        while let Some((_, token)) = lexer.next() {
            if token == Token::Word(b"EI") {
                break;
            }
        }
        let stream = Stream::new(dict, content[data..end].to_vec());
        self.picture("inline".to_owned(), None, &stream, start..lexer.position());
    }
}

/// Entries of an inline picture with their names in full (ISO 32000-2 §8.9.7).
fn entries(tokens: &[Token<'_>], dict: &mut Dictionary) {
    let mut at = 0;
    while let (Some(Token::Name(key)), Some(value)) = (tokens.get(at), tokens.get(at + 1)) {
        at += 2;
        let value = if *value == Token::ArrayOpen {
            let rest = tokens.get(at..).unwrap_or_default();
            let length = rest.iter().position(|t| *t == Token::ArrayClose).unwrap_or(rest.len());
            at += length + 1;
            Object::Array(rest[..length].iter().map(object).collect())
        } else {
            object(value)
        };
        let key: &[u8] = match key.as_ref() {
            b"W" => b"Width",
            b"H" => b"Height",
            b"BPC" => b"BitsPerComponent",
            b"CS" => b"ColorSpace",
            b"F" => b"Filter",
            b"DP" => b"DecodeParms",
            b"IM" => b"ImageMask",
            b"D" => b"Decode",
            other => other,
        };
        dict.set(key, value);
    }
}

fn object(token: &Token<'_>) -> Object {
    match token {
        Token::Number(number) if number.fract() == 0.0 => Object::Integer(*number as i64),
        Token::Number(number) => Object::Real(*number as f32),
        Token::Text(text) => Object::string_literal(text.to_vec()),
        Token::Word(b"true") => Object::Boolean(true),
        Token::Word(b"false") => Object::Boolean(false),
        Token::Name(name) => {
            let full: &[u8] = match name.as_ref() {
                b"AHx" => b"ASCIIHexDecode",
                b"A85" => b"ASCII85Decode",
                b"LZW" => b"LZWDecode",
                b"Fl" => b"FlateDecode",
                b"RL" => b"RunLengthDecode",
                b"CCF" => b"CCITTFaxDecode",
                b"DCT" => b"DCTDecode",
                b"G" => b"DeviceGray",
                b"RGB" => b"DeviceRGB",
                b"CMYK" => b"DeviceCMYK",
                b"I" => b"Indexed",
                other => other,
            };
            Object::Name(full.to_vec())
        }
        _ => Object::Null,
    }
}

/// Length of the data of an inline picture: told by its size if it is not packed, else by where the
/// end mark stands among white space.
fn data_length(dict: &Dictionary, rest: &[u8]) -> usize {
    let number = |key: &[u8]| dict.get(key).and_then(Object::as_i64).unwrap_or(0).max(0) as u64;
    if !dict.has(b"Filter") {
        let parts = match dict.get(b"ColorSpace").and_then(Object::as_name) {
            Ok(b"DeviceRGB") => 3,
            Ok(b"DeviceCMYK") => 4,
            _ => 1,
        };
        let bits = if dict.has(b"ImageMask") { 1 } else { number(b"BitsPerComponent").max(1) };
        let row = number(b"Width").saturating_mul(parts).saturating_mul(bits).div_ceil(8);
        let length = row.saturating_mul(number(b"Height"));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length <= rest.len() {
            return length;
        }
    }
    let is_end = |at: &usize| {
        rest[*at..].starts_with(b"EI")
            && at.checked_sub(1).is_none_or(|before| is_space(rest[before]))
            && rest.get(at + 2).is_none_or(|after| is_space(*after))
    };
    (0..rest.len()).find(is_end).unwrap_or(rest.len())
}
