//! Changes of content streams: glyphs are taken out and what follows stays where it was; whole
//! operators are left out (ISO 32000-2 §9.4.3).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::read::pdf::canvas::Show;
use crate::read::pdf::lex::{Lexer, Token};

/// What is to be done with one operator.
#[derive(Debug)]
enum Edit {
    /// Leave out some of the glyphs, counted from the first one of the operator.
    Glyphs(Box<Show>, BTreeSet<usize>),
    /// Leave it out.
    Drop(Range<usize>),
}

/// Changes of one content stream, by where the operator begins.
#[derive(Debug, Default)]
pub(super) struct Edits {
    by_start: BTreeMap<usize, Edit>,
}

impl Edits {
    pub(super) fn drop_glyph(&mut self, show: &Show, at: usize) {
        let edit = self
            .by_start
            .entry(show.range.start)
            .or_insert_with(|| Edit::Glyphs(Box::new(show.clone()), BTreeSet::new()));
        if let Edit::Glyphs(_, glyphs) = edit {
            glyphs.insert(at);
        }
    }

    pub(super) fn drop_operator(&mut self, range: &Range<usize>) {
        self.by_start.insert(range.start, Edit::Drop(range.clone()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_start.is_empty()
    }

    /// The content with the changes made. Texts that stand for content are left out with it.
    pub(super) fn apply(&self, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(content.len());
        let mut at = 0;
        for (start, edit) in &self.by_start {
            let range = match edit {
                Edit::Glyphs(show, _) => show.range.clone(),
                Edit::Drop(range) => range.clone(),
            };
            if *start < at || range.end > content.len() {
                continue;
            }
            out.extend(without_alternates(&content[at..*start]));
            if let Edit::Glyphs(show, glyphs) = edit {
                without(&content[range.clone()], show, glyphs, &mut out);
            }
            out.push(b'\n');
            at = range.end;
        }
        out.extend(without_alternates(&content[at..]));
        out
    }
}

/// A show operator without some of its glyphs.
fn without(operator: &[u8], show: &Show, removed: &BTreeSet<usize>, out: &mut Vec<u8>) {
    let Some(font) = &show.font else { return };
    let mut lexer = Lexer::new(operator);
    let mut tokens: Vec<Token<'_>> = std::iter::from_fn(|| lexer.next().map(|(_, t)| t)).collect();
    match tokens.pop() {
        Some(Token::Word(b"'")) => out.extend_from_slice(b"T* "),
        Some(Token::Word(b"\"")) => {
            let spaces = format!("{} Tw {} Tc T* ", show.word_space, show.char_space);
            out.extend_from_slice(spaces.as_bytes());
            tokens.drain(..tokens.len().min(2));
        }
        _ => {}
    }
    let (mut kept, mut shift, mut at) = (Vec::new(), 0.0, 0);
    out.push(b'[');
    let flush = |kept: &mut Vec<u8>, shift: &mut f64, out: &mut Vec<u8>| {
        if !kept.is_empty() {
            out.extend_from_slice(format!("<{}>", hex::encode(&*kept)).as_bytes());
            kept.clear();
        }
        if *shift != 0.0 {
            out.extend_from_slice(format!("{shift:.3} ").as_bytes());
            *shift = 0.0;
        }
    };
    for token in &tokens {
        match token {
            Token::Number(back) => {
                shift += back;
                flush(&mut kept, &mut shift, out);
            }
            Token::Text(text) => {
                let mut bytes: &[u8] = text;
                while let Some(code) = font.code(bytes) {
                    let (glyph, rest) = bytes.split_at(code.length);
                    if removed.contains(&at) {
                        flush(&mut kept, &mut shift, out);
                        let spacing =
                            show.char_space + if code.is_space { show.word_space } else { 0.0 };
                        let width = if font.is_vertical { -1.0 } else { code.width };
                        let by = if show.size == 0.0 { 0.0 } else { spacing / show.size };
                        shift -= (width + by) * 1000.0;
                    } else {
                        flush(&mut Vec::new(), &mut shift, out);
                        kept.extend_from_slice(glyph);
                    }
                    bytes = rest;
                    at += 1;
                }
            }
            _ => {}
        }
    }
    flush(&mut kept, &mut shift, out);
    out.extend_from_slice(b"] TJ");
}

/// The same without texts that stand for content: they may say what was taken out.
fn without_alternates(content: &[u8]) -> Vec<u8> {
    let holds = |key: &[u8]| content.windows(key.len()).any(|window| window == key);
    if !holds(b"/ActualText") && !holds(b"/Alt") && !holds(b"/E") {
        return content.to_vec();
    }
    let mut out = Vec::with_capacity(content.len());
    let mut lexer = Lexer::new(content);
    let (mut copied, mut start, mut operands) = (0, 0, Vec::new());
    while let Some((at, token)) = lexer.next() {
        if operands.is_empty() {
            start = at;
        }
        let Token::Word(word) = token else {
            operands.push(token);
            continue;
        };
        let tells = operands.windows(2).any(|pair| {
            matches!(pair, [Token::Name(key), Token::Text(_)]
                if matches!(key.as_ref(), b"ActualText" | b"Alt" | b"E"))
        });
        if matches!(word, b"BDC" | b"DP") && tells {
            out.extend_from_slice(&content[copied..start]);
            if word == b"BDC" {
                out.extend_from_slice(b"/Span BMC");
            }
            copied = lexer.position();
        }
        // The data of a picture in the content is no text.
        if word == b"ID" {
            let rest = &content[lexer.position()..];
            let end = rest.windows(3).position(|mark| mark == b"\nEI").unwrap_or(rest.len());
            lexer.seek(lexer.position() + end);
        }
        operands.clear();
    }
    out.extend_from_slice(&content[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternates_are_left_out() {
        let content = b"/Span <</ActualText (x)>> BDC (a) Tj EMC /P <</MCID 0>> BDC";
        let expected = b"/Span BMC (a) Tj EMC /P <</MCID 0>> BDC";
        assert_eq!(without_alternates(content), expected);
    }
}
