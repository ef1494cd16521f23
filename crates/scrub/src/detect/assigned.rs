//! Names with a value: `name = value` as it is written in shells, configuration files, markup,
//! command lines and programs. From a word of the name this finds the whole name and its value.

/// Most bytes of a name on each side of the word that leads to it.
const NAME_BYTES: usize = 48;

/// Most bytes of a value.
const VALUE_BYTES: usize = 512;

/// Most blanks between a name and its value.
const BLANK_BYTES: usize = 48;

/// Most bytes of a type or a call between a name and its value.
const BETWEEN_BYTES: usize = 32;

/// Calls around a text that keep it as it is.
const WRAPPERS: &[&str] = &[
    "string",
    "str",
    "from",
    "new",
    "bytes",
    "secret",
    "some",
    "securestring",
    "b64decode",
    "decode",
    "encode",
    "base64decode",
    "value",
    "text",
    "literal",
    "fromstring",
    "quote",
    "tochararray",
    "of",
];

/// A name and its value, as byte ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assigned {
    pub(crate) name: (usize, usize),
    pub(crate) value: (usize, usize),
    pub(crate) is_quoted: bool,
}

/// The name that holds the word at a place, and its value, if it has one.
pub(crate) fn assigned(text: &str, word: (usize, usize)) -> Option<Assigned> {
    let cursor = Cursor { bytes: text.as_bytes(), at: word.1 };
    let (name, cursor) = cursor.name(word);
    let (value, is_quoted) = cursor.value_of(name)?;
    let end = text.floor_char_boundary(value.1);
    (value.0 < end).then_some(Assigned { name, value: (value.0, end), is_quoted })
}

#[derive(Clone, Copy)]
struct Cursor<'t> {
    bytes: &'t [u8],
    at: usize,
}

/// How a name stands in the text.
#[derive(Clone, Copy, Default)]
struct Shape {
    is_quoted: bool,
    is_option: bool,
    is_element: bool,
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.byte(0)
    }

    /// The byte some places on; zero past the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn starts(&self, with: &[u8]) -> bool {
        self.bytes[self.at.min(self.bytes.len())..].starts_with(with)
    }

    fn skip_while(&mut self, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.at < self.bytes.len() && self.at - start < most && is(self.bytes[self.at]) {
            self.at += 1;
        }
        self.at - start
    }

    fn blanks(&mut self) -> usize {
        self.skip_while(BLANK_BYTES, |byte| byte == b' ' || byte == b'\t')
    }

    /// The whole name around a word, and the place after it.
    fn name(mut self, word: (usize, usize)) -> ((usize, usize), Self) {
        let mut start = word.0;
        while start > 0 && word.0 - start < NAME_BYTES && is_name(self.bytes[start - 1]) {
            start -= 1;
        }
        let most = self.at + NAME_BYTES;
        while is_name(self.peek()) && self.at < most {
            let next = self.byte(1);
            if self.peek() == b'-' && next == b'>' || self.peek() == b'.' && !is_name(next) {
                break;
            }
            self.at += 1;
        }
        ((start, self.at), self)
    }

    fn shape(&self, name: (usize, usize)) -> Shape {
        let before = |back: usize| name.0.checked_sub(back).map_or(0, |at| self.bytes[at]);
        Shape {
            is_quoted: is_quote(before(1)),
            is_option: self.bytes[name.0] == b'-' || before(1) == b'/' && before(2) == b' ',
            is_element: before(1) == b'<' || before(1) == b':' && before(2) != b' ',
        }
    }

    /// The value of a name that ends here.
    fn value_of(mut self, name: (usize, usize)) -> Option<((usize, usize), bool)> {
        let shape = self.shape(name);
        if let Some(value) = self.paired() {
            return Some(value);
        }
        self.skip_while(4, |byte| {
            is_quote(byte) || matches!(byte, b']' | b'[' | b'\\' | b'*' | b')')
        });
        let blanks = self.blanks();
        if self.starts(b"{ get") {
            self.skip_while(BETWEEN_BYTES, |byte| byte != b'}');
            self.at += 1;
            self.blanks();
        }
        if self.operator(shape) {
            self.annotation();
            return self.value(true);
        }
        if shape.is_option && blanks > 0 {
            return self.value(false);
        }
        if blanks > 0 && is_quote(self.peek()) {
            return self.value(false);
        }
        if blanks > 0 && self.is_in_command(name.0) {
            return self.value(false);
        }
        // `var token string = "…"`, `the password is …`
        let word = self.skip_while(BETWEEN_BYTES, |byte| {
            byte.is_ascii_alphanumeric() || b"*[]&<>.".contains(&byte)
        });
        let is_said = word == 2 && &self.bytes[self.at - 2..self.at] == b"is";
        let blanks = self.blanks();
        if is_said && blanks == 1 && self.peek() != b'=' {
            return self.value(false);
        }
        let is_typed = blanks > 0 && self.peek() == b'=' && self.byte(1) != b'=';
        (word > 0 && is_typed && self.operator(shape)).then(|| self.value(true)).flatten()
    }

    /// `name: NAME` and then `value: …`, in YAML, JSON and attributes.
    fn paired(mut self) -> Option<((usize, usize), bool)> {
        let gap = self.skip_while(BLANK_BYTES, |byte| {
            byte.is_ascii_whitespace() || is_quote(byte) || matches!(byte, b',' | b'\\' | b'-')
        });
        if gap == 0 || !self.peek().eq_ignore_ascii_case(&b'v') {
            return None;
        }
        let word = &self.bytes[self.at..(self.at + 5).min(self.bytes.len())];
        if !word.eq_ignore_ascii_case(b"value") {
            return None;
        }
        self.at += 5;
        self.skip_while(2, |byte| is_quote(byte) || byte == b'\\');
        self.blanks();
        if !matches!(self.peek(), b':' | b'=') {
            return None;
        }
        self.at += 1;
        self.value(true)
    }

    /// Takes what stands between a name and its value; says whether there is such a thing.
    fn operator(&mut self, shape: Shape) -> bool {
        let first = self.peek();
        let taken = match first {
            b'=' | b':' => self.skip_while(4, |byte| matches!(byte, b'=' | b':' | b'>' | b'~')),
            b'?' | b'|' | b'.' | b'+' | b'!'
                if matches!(self.byte(1), b'=' | b':' | b'|' | b'?') =>
            {
                self.skip_while(3, |byte| {
                    matches!(byte, b'?' | b'|' | b'.' | b'+' | b'!' | b'=' | b':')
                })
            }
            b'|' if self.byte(1) == b' ' => self.skip_while(1, |_| true),
            b'-' if self.byte(1) == b'>' => self.skip_while(2, |_| true),
            b'<' if self.byte(1) == b'-' => self.skip_while(2, |_| true),
            b'>' if shape.is_element || shape.is_quoted => self.skip_while(1, |_| true),
            b',' if shape.is_quoted => self.skip_while(1, |_| true),
            b'(' if is_quote(self.byte(1)) => self.skip_while(1, |_| true),
            _ => 0,
        };
        taken > 0
    }

    /// `: &str =` and the like: a type between a name and its value.
    fn annotation(&mut self) {
        let mut ahead = *self;
        ahead.blanks();
        let is_type = |byte: u8| byte.is_ascii_alphanumeric() || b"_&<>[]?|. :*".contains(&byte);
        let length = ahead.skip_while(BETWEEN_BYTES, is_type);
        let is_last = ahead.byte(1) == b' ' || is_quote(ahead.byte(1));
        if length > 0 && ahead.peek() == b'=' && is_last {
            ahead.at += 1;
            *self = ahead;
        }
    }

    /// Whether the line begins with a word after which name and value stand without a sign.
    fn is_in_command(&self, name: usize) -> bool {
        let mut start = name;
        while start > 0 && name - start < 160 && self.bytes[start - 1] != b'\n' {
            start -= 1;
        }
        let line = &self.bytes[start..name];
        let first = line.trim_ascii_start();
        let first = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        [&b"ENV"[..], b"ARG", b"setenv", b"machine", b"set", b"default", b"login", b"setx", b"env"]
            .contains(&first)
    }

    /// The value that begins here, and whether it is quoted.
    fn value(mut self, may_wrap: bool) -> Option<((usize, usize), bool)> {
        self.blanks();
        if may_wrap && matches!(self.peek(), b'\n' | b'\r') {
            // A value on the next line counts in quotes only.
            self.skip_while(BLANK_BYTES, |byte| byte.is_ascii_whitespace());
            if !is_quote(self.peek()) {
                return None;
            }
        }
        for opener in [&b"<![CDATA["[..], b"!!str ", b"{\"", b"['", b"[\"", b"(\"", b"('"] {
            if self.starts(opener) {
                let is_quoting = is_quote(opener[opener.len() - 1]);
                self.at += opener.len() - usize::from(is_quoting);
                break;
            }
        }
        if matches!(self.peek(), b'(' | b'[') {
            let mut inside = self;
            inside.at += 1;
            inside.skip_while(BLANK_BYTES, |byte| byte.is_ascii_whitespace());
            if is_quote(inside.peek()) {
                return inside.quoted();
            }
        }
        let prefix = self.skip_prefix();
        if is_quote(self.peek()) || self.peek() == b'\\' && is_quote(self.byte(1)) {
            return self.quoted();
        }
        if prefix == 0
            && let Some(inner) = self.wrapped()
        {
            return inner.quoted();
        }
        self.bare().or_else(|| self.fallback())
    }

    /// `b"`, `@"`, `$"`, `L"` and the like.
    fn skip_prefix(&mut self) -> usize {
        let mut ahead = *self;
        let length = ahead.skip_while(2, |byte| b"bBrRuUfFL@$".contains(&byte));
        if length > 0 && is_quote(ahead.peek()) {
            *self = ahead;
            return length;
        }
        0
    }

    /// A call that keeps its text, such as `String::from("…")`.
    fn wrapped(mut self) -> Option<Self> {
        let start = self.at;
        let mut last = start;
        loop {
            let length =
                self.skip_while(BETWEEN_BYTES, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if length == 0 || self.at - start > 2 * BETWEEN_BYTES {
                return None;
            }
            match self.peek() {
                b'(' => break,
                b':' | b'.' | b' ' => {
                    self.skip_while(2, |byte| matches!(byte, b':' | b'.' | b' '));
                    last = self.at;
                }
                _ => return None,
            }
        }
        let call = self.bytes[last..self.at].to_ascii_lowercase();
        self.at += 1;
        self.skip_prefix();
        (WRAPPERS.iter().any(|known| known.as_bytes() == call) && is_quote(self.peek()))
            .then_some(self)
    }

    /// The text between quotes of one kind.
    fn quoted(mut self) -> Option<((usize, usize), bool)> {
        let is_escaped = self.peek() == b'\\';
        self.at += usize::from(is_escaped);
        let quote = self.peek();
        self.at += 1;
        // `"""…"""`
        if self.peek() == quote && self.byte(1) == quote {
            self.at += 2;
        }
        let start = self.at;
        while self.at < self.bytes.len() && self.at - start <= VALUE_BYTES {
            match self.bytes[self.at] {
                b'\n' => return None,
                b'\\' if is_escaped && self.byte(1) == quote => {
                    return Some(((start, self.at), true));
                }
                b'\\' => self.at += 2,
                byte if byte == quote => return Some(((start, self.at), true)),
                _ => self.at += 1,
            }
        }
        None
    }

    /// A value without quotes.
    fn bare(mut self) -> Option<((usize, usize), bool)> {
        let start = self.at;
        let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'`<>,;&|".contains(&byte);
        self.skip_while(VALUE_BYTES, |byte| !ends(byte));
        let mut end = self.at;
        while end > start && b")]}.:\\".contains(&self.bytes[end - 1]) {
            end -= 1;
        }
        let value = &self.bytes[start..end];
        // Calls and the start of expressions are no values.
        let is_code = value.iter().any(|byte| b"()[]{}".contains(byte))
            || self.peek() == b' ' && matches!(self.byte(1), b'?' | b'|' | b'+' | b'(')
            || self.peek() == b'<' && self.bytes.get(self.at + 1).is_some_and(|byte| *byte != b'/');
        (end - start >= 4 && !is_code).then_some(((start, end), false))
    }

    /// The text that stands in for a value that may be missing: `getenv("X") or "…"`, `?? "…"`.
    fn fallback(mut self) -> Option<((usize, usize), bool)> {
        let line = self.at + 160;
        while self.at < line {
            match self.peek() {
                0 | b'\n' => return None,
                b'|' if self.starts(b"|| ") => self.at += 3,
                b'?' if self.starts(b"?? ") => self.at += 3,
                b':' if self.starts(b": ") => self.at += 2,
                b',' if self.starts(b", ") => self.at += 2,
                b'o' if self.starts(b"or ") => self.at += 3,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if is_quote(self.peek()) {
                return self.quoted();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_in<'t>(text: &'t str, word: &str) -> Option<&'t str> {
        let at = text.find(word).unwrap();
        assigned(text, (at, at + word.len())).map(|a| &text[a.value.0..a.value.1])
    }

    #[test]
    fn values_are_found_in_all_syntaxes() {
        let lines = [
            "TOKEN=v4lue",
            "export TOKEN=\"v4lue\"",
            "token: v4lue",
            "  token: 'v4lue' # x",
            "\"token\":\"v4lue\",",
            "{\\\"token\\\": \\\"v4lue\\\"}",
            "'token' => 'v4lue',",
            ":token => 'v4lue'",
            "token := \"v4lue\"",
            "token ?= v4lue",
            "token ||= \"v4lue\"",
            "let token: &str = \"v4lue\";",
            "var token string = \"v4lue\"",
            "val token: String? = \"v4lue\"",
            "private String token = \"v4lue\";",
            "<Token>v4lue</Token>",
            "<add key=\"Token\" value=\"v4lue\" />",
            "- name: TOKEN\n  value: v4lue\n",
            "{\"name\": \"TOKEN\", \"value\": \"v4lue\"}",
            "os.environ[\"TOKEN\"] = \"v4lue\"",
            "define('TOKEN', 'v4lue');",
            "setProperty(\"TOKEN\", \"v4lue\");",
            "run --token v4lue --x",
            "run --token=v4lue",
            "ENV TOKEN v4lue",
            "#define TOKEN \"v4lue\"",
            "NSString *token = @\"v4lue\";",
            "token = String::from(\"v4lue\")",
            "token = new Secret(\"v4lue\")",
            "client(token=b'v4lue')",
            "builder.token(\"v4lue\")",
            "https://x.io/?token=v4lue&a=1",
            "token->v4lue",
            "| token | `v4lue` |",
            "the token is v4lue",
            "public string Token { get; set; } = \"v4lue\";",
            "token = os.getenv(\"X\") or \"v4lue\"",
            "token = process.env.X || 'v4lue'",
            "token[] = \"v4lue\"",
            "<token><![CDATA[v4lue]]></token>",
            "token = (\n    \"v4lue\"\n)",
            "login ci token v4lue",
        ];
        for line in lines {
            let word =
                ["token", "Token", "TOKEN"].into_iter().find(|word| line.contains(word)).unwrap();
            assert_eq!(value_in(line, word), Some("v4lue"), "{line}");
        }
    }

    #[test]
    fn what_is_no_assignment_has_no_value() {
        let lines = [
            "the token of v4lue",
            "token",
            "token =",
            "token = f(x)",
            "token.kind() == x[1]",
            "token {",
            "token\n= 1",
        ];
        for line in lines {
            assert_eq!(value_in(line, "token"), None, "{line}");
        }
    }

    #[test]
    fn any_text_is_borne() {
        for line in ["token=é", "token=\"\\", "token=\"é", "token", "<token>", "token: \u{2028}é€"]
        {
            let _ = value_in(line, "token");
        }
        let long = format!("token=\"{}\"", "é".repeat(1000));
        assert_eq!(value_in(&long, "token"), None);
    }
}
