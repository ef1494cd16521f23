//! Tokens of content streams, CMaps and objects (ISO 32000-2 §7.2, §7.3). Whatever the bytes, each
//! step moves on by at least one of them.

use std::borrow::Cow;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'b> {
    Number(f64),
    Name(Cow<'b, [u8]>),
    Text(Cow<'b, [u8]>),
    ArrayOpen,
    ArrayClose,
    DictOpen,
    DictClose,
    Word(&'b [u8]),
}

impl Token<'_> {
    pub(crate) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(crate) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// Cuts bytes into tokens.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'b> {
    bytes: &'b [u8],
    at: usize,
}

pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

const fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

impl<'b> Lexer<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next token is looked for.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Goes on from another place.
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at.min(self.bytes.len());
    }

    /// The next token and where it begins.
    pub(crate) fn next(&mut self) -> Option<(usize, Token<'b>)> {
        self.skip_space();
        let start = self.at;
        let byte = *self.bytes.get(start)?;
        let token = match byte {
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number(),
            b'/' => self.name(),
            b'(' => Token::Text(self.literal()),
            b'<' if self.bytes.get(start + 1) == Some(&b'<') => self.mark(2, Token::DictOpen),
            b'<' => Token::Text(Cow::Owned(self.hex())),
            b'>' if self.bytes.get(start + 1) == Some(&b'>') => self.mark(2, Token::DictClose),
            b'[' => self.mark(1, Token::ArrayOpen),
            b']' => self.mark(1, Token::ArrayClose),
            b'>' | b')' | b'{' | b'}' => {
                let word = &self.bytes[start..=start];
                self.mark(1, Token::Word(word))
            }
            _ => Token::Word(self.regular()),
        };
        Some((start, token))
    }

    fn mark(&mut self, length: usize, token: Token<'b>) -> Token<'b> {
        self.at += length;
        token
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                let end = rest.iter().position(|b| matches!(b, b'\r' | b'\n'));
                self.at += end.unwrap_or(rest.len());
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn regular(&mut self) -> &'b [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Numbers have no exponent; what only looks like a number is a word.
    fn number(&mut self) -> Token<'b> {
        let text = self.regular();
        let (sign, digits) = match text.first() {
            Some(b'-') => (-1.0, &text[1..]),
            Some(b'+') => (1.0, &text[1..]),
            _ => (1.0, text),
        };
        let (mut whole, mut scale, mut is_fraction) = (0.0_f64, 1.0_f64, false);
        for byte in digits {
            match byte {
                b'0'..=b'9' => {
                    whole = whole * 10.0 + f64::from(byte - b'0');
                    if is_fraction {
                        scale *= 10.0;
                    }
                }
                b'.' if !is_fraction => is_fraction = true,
                // Some writers put a minus inside a number; readers ignore what follows.
                b'-' => break,
                _ => return Token::Word(text),
            }
        }
        let value = sign * whole / scale;
        Token::Number(if value.is_finite() { value } else { 0.0 })
    }

    fn name(&mut self) -> Token<'b> {
        self.at += 1;
        let raw = self.regular();
        if !raw.contains(&b'#') {
            return Token::Name(Cow::Borrowed(raw));
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            let pair = (raw.get(at + 1).copied().and_then(nibble))
                .zip(raw.get(at + 2).copied().and_then(nibble));
            match pair {
                Some((high, low)) if byte == b'#' => {
                    name.push(high << 4 | low);
                    at += 3;
                }
                _ => {
                    name.push(byte);
                    at += 1;
                }
            }
        }
        Token::Name(Cow::Owned(name))
    }

    fn literal(&mut self) -> Cow<'b, [u8]> {
        let start = self.at + 1;
        let mut depth = 1_usize;
        let mut at = start;
        let mut has_escape = false;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' => {
                    has_escape = true;
                    at += 1;
                }
                b'\r' => has_escape = true,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            at += 1;
        }
        let end = at.min(self.bytes.len());
        self.at = (end + 1).min(self.bytes.len());
        let raw = &self.bytes[start.min(end)..end];
        if has_escape { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) }
    }

    fn hex(&mut self) -> Vec<u8> {
        let rest = &self.bytes[self.at + 1..];
        let length = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
        self.at = (self.at + length + 2).min(self.bytes.len());
        let mut out = Vec::with_capacity(length / 2);
        let mut half = None;
        for digit in rest[..length].iter().copied().filter_map(nibble) {
            half = match half {
                None => Some(digit),
                Some(high) => {
                    out.push(high << 4 | digit);
                    None
                }
            };
        }
        out.extend(half.map(|high| high << 4));
        out
    }
}

const fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if_eq(&b'\n');
            out.push(b'\n');
            continue;
        }
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'\r') => {
                bytes.next_if_eq(&b'\n');
            }
            Some(b'\n') | None => {}
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    if let Some(next) = bytes.next_if(|b| matches!(b, b'0'..=b'7')) {
                        value = value * 8 + u32::from(next - b'0');
                    }
                }
                out.push((value & 0xff) as u8);
            }
            Some(other) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(text.as_bytes());
        std::iter::from_fn(|| lexer.next().map(|(_, token)| token)).collect()
    }

    #[test]
    fn each_kind_of_token_is_told() {
        let found = tokens("BT /F#31 12.5 Tf % note\n[(a\\(b\\)\\101)-120<4a4>]TJ <</K -.5>>");
        let text = |bytes: &[u8]| Token::Text(Cow::Owned(bytes.to_vec()));
        let name = |bytes: &[u8]| Token::Name(Cow::Owned(bytes.to_vec()));
        assert_eq!(
            found,
            [
                Token::Word(b"BT"),
                name(b"F1"),
                Token::Number(12.5),
                Token::Word(b"Tf"),
                Token::ArrayOpen,
                text(b"a(b)A"),
                Token::Number(-120.0),
                text(b"J@"),
                Token::ArrayClose,
                Token::Word(b"TJ"),
                Token::DictOpen,
                name(b"K"),
                Token::Number(-0.5),
                Token::DictClose,
            ]
        );
    }

    #[test]
    fn what_is_cut_off_ends() {
        for text in ["(a", "(a\\", "<4", "/", "<<", ")", "1e5", "--1", "(()"] {
            assert!(!tokens(text).is_empty(), "{text}");
        }
    }
}
