//! HTML as a row of tokens, as far as a reader of text needs it (HTML Living Standard §13.2.5).

use std::ops::Range;

/// Elements whose content is no markup and shows nothing.
const RAW: [&str; 2] = ["script", "style"];

/// Elements whose content is no markup but text, with references.
const ONLY_TEXT: [&str; 2] = ["textarea", "title"];

/// How a section of characters begins in XHTML.
const SECTION: &[u8] = b"<![CDATA[";

/// One token, with its bytes.
pub(super) enum Token {
    Text(Range<usize>),
    Open {
        name: String,
        attributes: Vec<Attribute>,
        range: Range<usize>,
    },
    Close {
        name: String,
        range: Range<usize>,
    },
    Comment(Range<usize>),
    /// A declaration, or content of an element that shows nothing.
    Raw(Range<usize>),
}

/// An attribute by the bytes of its name and of its value.
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// Takes a page apart.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The element whose content comes next as it stands.
    raw: Option<String>,
    /// Elements whose end was looked for in vain; there is none further on either.
    endless: Vec<String>,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, raw: None, endless: Vec::new() }
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn skip(&mut self, fits: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        self.at += self.rest().iter().take_while(|byte| fits(**byte)).count();
        start..self.at
    }

    /// A comment, a declaration, or something that is taken for one.
    fn declaration(&mut self) -> Token {
        let rest = self.rest();
        if rest.starts_with(SECTION) {
            self.at += SECTION.len();
            return Token::Raw(self.at - SECTION.len()..self.at);
        }
        if !rest.starts_with(b"<!--") {
            self.at += 2;
            let inner = self.skip(|byte| byte != b'>');
            self.at = self.text.len().min(self.at + 1);
            return Token::Raw(inner);
        }
        let start = self.at + 4;
        let (length, mark) = comment_end(&rest[4..]);
        self.at = start + length + mark;
        Token::Comment(start..start + length)
    }

    fn tag(&mut self) -> Token {
        let start = self.at;
        let is_close = self.rest().get(1) == Some(&b'/');
        self.at += if is_close { 2 } else { 1 };
        let name = self.skip(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>'));
        let name = self.text[name].to_ascii_lowercase();
        let mut attributes = Vec::new();
        loop {
            self.skip(|byte| byte.is_ascii_whitespace() || byte == b'/');
            match self.rest().first() {
                None => break,
                Some(b'>') => {
                    self.at += 1;
                    break;
                }
                Some(_) => {
                    let attribute = self.attribute();
                    // Those that say nothing would only take room.
                    if !attribute.value.is_empty() || self.is_hidden(&attribute) {
                        attributes.push(attribute);
                    }
                }
            }
        }
        let range = start..self.at;
        if is_close {
            return Token::Close { name, range };
        }
        let is_empty = self.text.as_bytes()[range.clone()].ends_with(b"/>");
        if RAW.contains(&name.as_str()) || (ONLY_TEXT.contains(&name.as_str()) && !is_empty) {
            self.raw = Some(name.clone());
        }
        Token::Open { name, attributes, range }
    }

    fn is_hidden(&self, attribute: &Attribute) -> bool {
        self.text[attribute.name.clone()].eq_ignore_ascii_case("hidden")
    }

    fn attribute(&mut self) -> Attribute {
        let start = self.at;
        // The first byte may begin a longer character, or be a sign that ends a name elsewhere.
        self.at = self.text.ceil_char_boundary(start + 1);
        self.skip(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'/' | b'>'));
        let name = start..self.at;
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.rest().first() != Some(&b'=') {
            return Attribute { name, value: self.at..self.at };
        }
        self.at += 1;
        self.skip(|byte| byte.is_ascii_whitespace());
        let value = match self.rest().first().copied() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let value = self.skip(|byte| byte != quote);
                self.at = self.text.len().min(self.at + 1);
                value
            }
            _ => self.skip(|byte| !byte.is_ascii_whitespace() && byte != b'>'),
        };
        Attribute { name, value }
    }

    /// What an element holds that is no markup, if it holds anything.
    fn content(&mut self, name: String) -> Option<Token> {
        let start = self.at;
        if self.endless.contains(&name) {
            return None;
        }
        let end = format!("</{name}");
        let found =
            self.rest().windows(end.len()).position(|w| w.eq_ignore_ascii_case(end.as_bytes()));
        let Some(length) = found else {
            // Taken for markup: nothing is lost, and a tag in a text hides no page.
            self.endless.push(name);
            return None;
        };
        self.at += length;
        let range = start..self.at;
        let is_text = ONLY_TEXT.contains(&name.as_str());
        let token = if is_text { Token::Text(range) } else { Token::Raw(range) };
        (length > 0).then_some(token)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(name) = self.raw.take()
            && let Some(token) = self.content(name)
        {
            return Some(token);
        }
        let rest = self.rest();
        match rest {
            [] => None,
            [b'<', b'!' | b'?', ..] => Some(self.declaration()),
            [b'<', b'/', next, ..] | [b'<', next, ..] if next.is_ascii_alphabetic() => {
                Some(self.tag())
            }
            _ => {
                let start = self.at;
                self.at += 1;
                self.skip(|byte| byte != b'<');
                Some(Token::Text(start..self.at))
            }
        }
    }
}

/// Bytes of a comment after its begin, and of what ends it (HTML Living Standard §13.2.5.43 on).
fn comment_end(rest: &[u8]) -> (usize, usize) {
    if rest.starts_with(b">") {
        return (0, 1);
    }
    if rest.starts_with(b"->") {
        return (0, 2);
    }
    let ends = rest.windows(3).enumerate().filter(|(_, window)| window.starts_with(b"--"));
    for (at, window) in ends {
        match (window[2], rest.get(at + 3)) {
            (b'>', _) => return (at, 3),
            (b'!', Some(b'>')) => return (at, 4),
            _ => {}
        }
    }
    (rest.len(), 0)
}

#[cfg(test)]
mod tests {
    use super::{Lexer, Token};

    #[test]
    fn every_page_ends() {
        let page = "<!doctype html><a ü='<' b=\"é\" c=d e>x<!-- é --></a><script>a<b</script>é<";
        for end in (0..=page.len()).filter(|end| page.is_char_boundary(*end)) {
            assert!(Lexer::new(&page[..end]).count() <= end);
        }
        assert_eq!(Lexer::new(page).count(), 10);
    }

    #[test]
    fn comments_end_where_browsers_end_them() {
        let cases = [
            ("<!-->x", ""),
            ("<!--->x", ""),
            ("<!-- a -->x", " a "),
            ("<!-- a --!>x", " a "),
            ("<!-- a --- ->--->x", " a --- ->-"),
        ];
        for (page, inner) in cases {
            let tokens: Vec<Token> = Lexer::new(page).collect();
            let [Token::Comment(comment), Token::Text(text)] = tokens.as_slice() else {
                panic!("{page}")
            };
            assert_eq!((&page[comment.clone()], &page[text.clone()]), (inner, "x"));
        }
        assert_eq!(Lexer::new("<!-- a").count(), 1);
    }
}
