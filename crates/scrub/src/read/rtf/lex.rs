//! RTF as a row of tokens (Rich Text Format Specification 1.9.1, "Basic Entities").

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'b> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// A control word with its number.
    Word(&'b str, Option<i32>),
    /// A control symbol: a backslash and one character that is no letter.
    Symbol(u8),
    /// `\'xx`
    Hex(u8),
    /// Characters up to the next control or group, line ends among them.
    Text(&'b [u8]),
    /// Bytes after `\bin`, and whether all of them are there.
    Binary(&'b [u8], bool),
}

/// Takes a document apart.
pub(super) struct Lexer<'b> {
    bytes: &'b [u8],
    pub(super) at: usize,
    /// Bytes that follow a `\bin`.
    binary: Option<usize>,
}

impl<'b> Lexer<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, binary: None }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Bytes from here that fit.
    fn run(&mut self, fits: impl Fn(u8) -> bool) -> &'b [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|byte| fits(**byte)).count();
        self.at += length;
        &rest[..length]
    }

    fn control(&mut self) -> Option<Token<'b>> {
        let first = self.peek()?;
        if first == b'\'' {
            let digits = self.bytes.get(self.at + 1..self.at + 3).unwrap_or_default();
            let value = std::str::from_utf8(digits).ok();
            let value = value.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            self.at += if value.is_some() { 3 } else { 1 };
            return Some(value.map_or(Token::Symbol(first), Token::Hex));
        }
        if !first.is_ascii_alphabetic() {
            self.at += 1;
            return Some(Token::Symbol(first));
        }
        let word = self.run(|byte| byte.is_ascii_alphabetic());
        let word = std::str::from_utf8(word).unwrap_or_default();
        let is_negative = self.peek() == Some(b'-')
            && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        self.at += usize::from(is_negative);
        let digits = self.run(|byte| byte.is_ascii_digit());
        let number = std::str::from_utf8(digits).unwrap_or_default().parse::<i64>().ok();
        let number = number.map(|number| if is_negative { -number } else { number });
        let number = number.and_then(|number| i32::try_from(number).ok());
        self.at += usize::from(self.peek() == Some(b' '));
        if word == "bin" {
            self.binary = number.and_then(|length| usize::try_from(length).ok());
        }
        Some(Token::Word(word, number))
    }
}

impl<'b> Iterator for Lexer<'b> {
    type Item = Token<'b>;

    fn next(&mut self) -> Option<Token<'b>> {
        if let Some(length) = self.binary.take() {
            let rest = &self.bytes[self.at..];
            let content = &rest[..length.min(rest.len())];
            self.at += content.len();
            return Some(Token::Binary(content, content.len() == length));
        }
        let first = self.peek()?;
        match first {
            b'{' | b'}' | b'\\' => self.at += 1,
            _ => {
                let is_text = |byte| !matches!(byte, b'{' | b'}' | b'\\');
                return Some(Token::Text(self.run(is_text)));
            }
        }
        match first {
            b'{' => Some(Token::Open),
            b'}' => Some(Token::Close),
            _ => self.control(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_taken_apart() {
        let tokens: Vec<Token<'_>> =
            Lexer::new(b"{\\rtf1 a\\'e9\\li-20\\*\\bin3 {}\\x}y").collect();
        let expected = [
            Token::Open,
            Token::Word("rtf", Some(1)),
            Token::Text(b"a"),
            Token::Hex(0xe9),
            Token::Word("li", Some(-20)),
            Token::Symbol(b'*'),
            Token::Word("bin", Some(3)),
            Token::Binary(b"{}\\", true),
            Token::Text(b"x"),
            Token::Close,
            Token::Text(b"y"),
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn what_is_cut_off_ends() {
        let all = b"{\\rtf1\\'e9\\bin999999999999 \\u-5 \\bin8 abc";
        for end in 0..=all.len() {
            let count = Lexer::new(&all[..end]).count();
            assert!(count <= end);
        }
        let last = Lexer::new(all).last();
        assert_eq!(last, Some(Token::Binary(b"abc", false)));
    }
}
