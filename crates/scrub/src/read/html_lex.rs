//! HTML as a row of tokens, as far as a reader of text needs it (HTML Living Standard §13.2.5).

use std::ops::Range;

/// Attributes of one tag that are kept.
const ATTRIBUTES_MAX: usize = 256;

/// Elements whose content is no markup.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

/// Most letters between `&` and `;`.
const REFERENCE_BYTES_MAX: usize = 32;

/// One token, with its bytes.
pub(super) enum Token {
    Text(Range<usize>),
    Open {
        name: String,
        attributes: Vec<(String, Range<usize>)>,
        range: Range<usize>,
    },
    Close {
        name: String,
        range: Range<usize>,
    },
    Comment(Range<usize>),
    /// A declaration, or content of an element whose content is no markup.
    Raw,
}

/// Takes a page apart.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The element whose content comes next as it stands.
    raw: Option<String>,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, raw: None }
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// Bytes from here up to a mark, which is no part of them; all if there is none.
    fn until(&self, mark: &[u8]) -> usize {
        let rest = self.rest();
        let found = rest.windows(mark.len()).position(|w| w.eq_ignore_ascii_case(mark));
        found.unwrap_or(rest.len())
    }

    fn skip(&mut self, fits: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        self.at += self.rest().iter().take_while(|byte| fits(**byte)).count();
        start..self.at
    }

    fn comment(&mut self) -> Token {
        let is_comment = self.rest().starts_with(b"<!--");
        let end: &[u8] = if is_comment { b"-->" } else { b">" };
        self.at += if is_comment { 4 } else { 2 };
        let inner = self.at..self.at + self.until(end);
        self.at = self.text.len().min(inner.end + end.len());
        // Declarations are not told from comments by their end, but they are none.
        if is_comment { Token::Comment(inner) } else { Token::Raw }
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
                    if attributes.len() < ATTRIBUTES_MAX {
                        attributes.push(attribute);
                    }
                }
            }
        }
        let range = start..self.at;
        if is_close {
            return Token::Close { name, range };
        }
        if RAW.contains(&name.as_str()) {
            self.raw = Some(format!("</{name}"));
        }
        Token::Open { name, attributes, range }
    }

    fn attribute(&mut self) -> (String, Range<usize>) {
        let start = self.at;
        self.at += 1;
        self.skip(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'/' | b'>'));
        // The first byte may begin a longer character.
        let name = self.text.get(start..self.at).unwrap_or_default().to_ascii_lowercase();
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.rest().first() != Some(&b'=') {
            return (name, self.at..self.at);
        }
        self.at += 1;
        self.skip(|byte| byte.is_ascii_whitespace());
        match self.rest().first().copied() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let value = self.skip(|byte| byte != quote);
                self.at = self.text.len().min(self.at + 1);
                (name, value)
            }
            _ => (name, self.skip(|byte| !byte.is_ascii_whitespace() && byte != b'>')),
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(end) = self.raw.take() {
            let start = self.at;
            self.at += self.until(end.as_bytes());
            if self.at > start {
                return Some(Token::Raw);
            }
        }
        let rest = self.rest();
        match rest {
            [] => None,
            [b'<', b'!' | b'?', ..] => Some(self.comment()),
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

/// What the reference at the start of a text stands for, and its length.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('&')?;
    let head = &rest[..rest.floor_char_boundary(REFERENCE_BYTES_MAX)];
    let is_number = head.starts_with('#');
    let fits = |c: &char| c.is_ascii_alphanumeric() || *c == '#';
    let length = head.chars().take_while(fits).count();
    let name = &head[..length];
    let is_ended = head[length..].starts_with(';');
    let c = if is_number {
        let digits = &name[1..];
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        char::from_u32(code.ok()?)?
    } else if is_ended {
        let resolved = quick_xml::escape::resolve_html5_entity(name)?;
        let mut characters = resolved.chars();
        characters.next().filter(|_| characters.next().is_none())?
    } else {
        return None;
    };
    Some((c, 1 + length + usize::from(is_ended)))
}

#[cfg(test)]
mod tests {
    use super::{Lexer, reference};

    #[test]
    fn references_are_resolved() {
        assert_eq!(reference("&#x41;b"), Some(('A', 6)));
        assert_eq!(reference("&#65b"), None);
        assert_eq!(reference("&#65 "), Some(('A', 4)));
        assert_eq!(reference("&auml;"), Some(('ä', 6)));
        for none in ["&", "&;", "&nosuchname;", "&#xffffffff;", "&amp", "a"] {
            assert_eq!(reference(none), None, "{none}");
        }
    }

    #[test]
    fn every_page_ends() {
        let page = "<!doctype html><a ü='<' b=\"é\" c=d e>x<!-- é --></a><script>a<b</script>é<";
        for end in (0..=page.len()).filter(|end| page.is_char_boundary(*end)) {
            assert!(Lexer::new(&page[..end]).count() <= end);
        }
        assert_eq!(Lexer::new(page).count(), 10);
    }
}
