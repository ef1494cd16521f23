//! CMaps: from the bytes of a shown string to codes, and from codes to text or to glyphs
//! (ISO 32000-2 §9.7.5, §9.10.3).

use std::collections::HashMap;

use super::lex::{Lexer, Token};

/// Ranges and single codes that are kept; more are no font.
const ENTRIES_MAX: usize = 200_000;

/// Bytes of the longest code.
const CODE_BYTES_MAX: usize = 4;

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Text(Box<[u16]>),
    Glyph(u32),
}

/// A map of codes.
#[derive(Clone, Debug, Default)]
pub(crate) struct CMap {
    /// Length, first and last code.
    spaces: Vec<(usize, u32, u32)>,
    /// By length and code; only ever asked by code, so its order does not matter.
    singles: HashMap<(usize, u32), Target>,
    ranges: Vec<(usize, u32, u32, Target)>,
    pub(crate) is_vertical: bool,
}

fn number(bytes: &[u8]) -> u32 {
    let tail = &bytes[bytes.len().saturating_sub(CODE_BYTES_MAX)..];
    tail.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn units(bytes: &[u8]) -> Box<[u16]> {
    if let [one] = bytes {
        return Box::new([u16::from(*one)]);
    }
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

impl CMap {
    /// Reads a CMap; what is broken in it is left out.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::new(bytes);
        let mut operands: Vec<Token<'_>> = Vec::new();
        while let Some((_, token)) = lexer.next() {
            let Token::Word(word) = token else {
                if operands.len() < ENTRIES_MAX * 3 {
                    operands.push(token);
                }
                continue;
            };
            match word {
                b"endcodespacerange" => map.spaces(&operands),
                b"endbfchar" | b"endcidchar" => map.singles(&operands),
                b"endbfrange" | b"endcidrange" => map.ranges(&operands),
                b"def" => {
                    if let [Token::Name(name), Token::Number(mode)] = operands.as_slice() {
                        map.is_vertical |= name.as_ref() == b"WMode" && *mode == 1.0;
                    }
                }
                _ => {}
            }
            operands.clear();
        }
        map.ranges.sort_by_key(|(length, first, ..)| (*length, *first));
        map
    }

    fn spaces(&mut self, operands: &[Token<'_>]) {
        let texts: Vec<&[u8]> = operands.iter().filter_map(Token::text).collect();
        for pair in texts.chunks_exact(2) {
            let length = pair[0].len();
            if (1..=CODE_BYTES_MAX).contains(&length) && self.spaces.len() < 256 {
                self.spaces.push((length, number(pair[0]), number(pair[1])));
            }
        }
    }

    fn singles(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            let Some(code) = pair[0].text() else { continue };
            if let Some(target) = target(&pair[1])
                && self.singles.len() < ENTRIES_MAX
            {
                self.singles.insert((code.len(), number(code)), target);
            }
        }
    }

    fn ranges(&mut self, operands: &[Token<'_>]) {
        let mut at = 0;
        while let (Some(Token::Text(first)), Some(Token::Text(last)), Some(third)) =
            (operands.get(at), operands.get(at + 1), operands.get(at + 2))
        {
            let (length, low, high) = (first.len(), number(first), number(last));
            at += 3;
            if *third == Token::ArrayOpen {
                let mut code = low;
                while let Some(token) = operands.get(at) {
                    at += 1;
                    if *token == Token::ArrayClose {
                        break;
                    }
                    if let Some(target) = target(token)
                        && self.singles.len() < ENTRIES_MAX
                    {
                        self.singles.insert((length, code), target);
                    }
                    code = code.wrapping_add(1);
                }
            } else if let Some(target) = target(third)
                && self.ranges.len() < ENTRIES_MAX
            {
                self.ranges.push((length, low, high, target));
            }
        }
    }

    /// Length of the code at the start of `bytes`.
    pub(crate) fn length_of(&self, bytes: &[u8], usual: usize) -> usize {
        for length in 1..=CODE_BYTES_MAX.min(bytes.len()) {
            let code = number(&bytes[..length]);
            let fits = |(space, low, high): &(usize, u32, u32)| {
                *space == length
                    && (0..length).all(|at| {
                        let byte = |value: u32| value >> (8 * at) & 0xff;
                        (byte(*low)..=byte(*high)).contains(&byte(code))
                    })
            };
            if self.spaces.iter().any(fits) {
                return length;
            }
        }
        let shortest = self.spaces.iter().map(|(length, ..)| *length).min().unwrap_or(usual);
        shortest.clamp(1, bytes.len().max(1))
    }

    fn find(&self, length: usize, code: u32) -> Option<(&Target, u32)> {
        if let Some(target) = self.singles.get(&(length, code)) {
            return Some((target, 0));
        }
        let at = self.ranges.partition_point(|(l, first, ..)| (*l, *first) <= (length, code));
        let (range_length, first, last, target) = self.ranges.get(at.checked_sub(1)?)?;
        (*range_length == length && code <= *last).then(|| (target, code - first))
    }

    /// Text of a code.
    pub(crate) fn text(&self, length: usize, code: u32) -> Option<String> {
        // Writers do not agree with themselves on the length of codes.
        let found =
            (self.find(length, code)).or_else(|| self.find(3 - length.clamp(1, 2), code))?;
        let (Target::Text(units), offset) = found else { return None };
        let mut units = units.to_vec();
        if let Some(last) = units.last_mut() {
            *last = last.wrapping_add((offset & 0xffff) as u16);
        }
        let text = String::from_utf16_lossy(&units);
        let is_told = !text.is_empty() && !text.contains(['\u{0}', '\u{fffd}']);
        is_told.then_some(text)
    }

    /// Glyph of a code.
    pub(crate) fn glyph(&self, length: usize, code: u32) -> Option<u32> {
        let (Target::Glyph(glyph), offset) = self.find(length, code)? else { return None };
        Some(glyph.saturating_add(offset))
    }
}

fn target(token: &Token<'_>) -> Option<Target> {
    match token {
        Token::Text(text) => Some(Target::Text(units(text))),
        Token::Number(number) if (0.0..1e9).contains(number) => {
            Some(Target::Glyph(super::whole(*number)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_text() {
        let map = CMap::read(
            b"1 begincodespacerange <00><ff> endcodespacerange 1 begincodespacerange <8000><9fff>
            endcodespacerange 1 beginbfchar <01><00660069> endbfchar 2 beginbfrange
            <10><12><0041> <20><21>[<0078><D83DDE00>] endbfrange",
        );
        let text = |code| map.text(1, code);
        assert_eq!(text(1).as_deref(), Some("fi"));
        assert_eq!(text(0x12).as_deref(), Some("C"));
        assert_eq!((text(0x13), text(0)), (None, None));
        assert_eq!(text(0x21).as_deref(), Some("\u{1f600}"));
        assert_eq!(map.length_of(b"\x81\x00", 1), 1);
        assert_eq!(CMap::default().length_of(b"ab", 2), 2);
    }

    #[test]
    fn codes_become_glyphs() {
        let map = CMap::read(b"/WMode 1 def begincidrange <0000><00ff> 5 endcidrange");
        assert_eq!((map.glyph(2, 3), map.is_vertical), (Some(8), true));
    }
}
