//! Reading the tree for the house rules: files, code without comments and strings, test lines.

use std::collections::BTreeSet;
use std::path::Path;

/// Folders that hold no source of ours.
const SKIPPED: [&str; 6] = ["target", ".git", ".tools", "__pycache__", "node_modules", ".github"];
const TEXT: [&str; 10] = ["rs", "md", "py", "toml", "sql", "txt", "ts", "js", "css", "html"];

/// One text file of the repository.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
    /// The text with comments and the insides of literals blanked; same offsets, same lines.
    pub code: String,
    test_lines: BTreeSet<usize>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { blank(text) } else { String::new() };
        let test_lines = test_lines(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, test_lines }
    }

    /// Every text file under `root`, the contents of samples excepted.
    pub fn all(root: &Path) -> Vec<Self> {
        let mut found = Vec::new();
        walk(root, root, &mut found);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// Whether a line, from one, belongs to an item under `#[cfg(test)]`.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.test_lines.contains(&line)
    }

    /// How many times `super` leads from this file's module to the root of the crate.
    pub fn module_depth(&self) -> usize {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let parts = inner.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main"));
        parts.count()
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let relative =
            path.strip_prefix(root).expect("under the root").to_string_lossy().into_owned();
        let is_sample = relative.starts_with("docs/samples/0");
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !is_sample {
                walk(root, &path, found);
            }
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if TEXT.contains(&extension.as_ref()) || relative == "tests/run" || relative == ".ci/run" {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{relative}: {e}"));
            found.push(Source::new(&relative, &text));
        }
    }
}

/// The line, from one, of a byte offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Identifiers that follow `prefix`, where a group in braces counts by the head of each member.
pub fn identifiers_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let is_inside_word = code[..at].ends_with(|c: char| is_word(c) || c == ':');
        if is_inside_word {
            continue;
        }
        let start = at + prefix.len();
        if !code[start..].starts_with('{') {
            found.push((at, identifier(&code[start..]).to_owned()));
            continue;
        }
        let end = matching_brace(code, start).unwrap_or(code.len());
        let heads = members(&code[start + 1..end]).into_iter().map(identifier);
        found.extend(heads.map(|head| (at, head.to_owned())));
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn identifier(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    &text[..end]
}

/// Splits at commas outside inner braces.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts
}

/// Whether `word` stands in `line` and is not part of a longer one.
pub fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends_in_word = word.ends_with(is_word);
        let starts_in_word = word.starts_with(is_word);
        let joined_before = starts_in_word && before.is_some_and(is_word);
        let joined_after = ends_in_word && after.is_some_and(is_word);
        !joined_before && !joined_after
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Offset of the brace that closes the one at `open`; `None` if there is no brace there.
pub fn matching_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return (at > open).then_some(at);
        }
    }
    None
}

/// Modules that are declared under `#[cfg(test)]`, as paths without `.rs`. What lies under them is
/// test code too.
pub fn test_modules(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources {
        let stem = source.path.trim_end_matches(".rs");
        let folder = match stem.rsplit_once('/') {
            Some((folder, "mod" | "lib" | "main")) => folder,
            _ => stem,
        };
        for (at, name) in identifiers_after(&source.code, "mod ") {
            let rest = &source.code[at + "mod ".len()..];
            let is_file = rest[name.len()..].starts_with(';');
            if is_file && source.is_test_line(line_of(&source.code, at)) {
                found.insert(format!("{folder}/{name}"));
            }
        }
    }
    found
}

/// Whether a file is one of the modules, or below one.
pub fn is_within(path: &str, modules: &BTreeSet<String>) -> bool {
    let stem = path.trim_end_matches(".rs");
    let is_module = |end: usize| modules.contains(&stem[..end]);
    is_module(stem.len()) || stem.match_indices('/').any(|(end, _)| is_module(end))
}

/// Lines of items under `#[cfg(test)]`, from the attribute to the closing brace or semicolon.
fn test_lines(code: &str) -> BTreeSet<usize> {
    let mut lines = BTreeSet::new();
    for (at, attribute) in code.match_indices("#[cfg(test)]") {
        let body = at + attribute.len();
        let Some(end) = code[body..].find(['{', ';']).map(|offset| body + offset) else { continue };
        let close = matching_brace(code, end).unwrap_or(end);
        lines.extend(line_of(code, at)..=line_of(code, close));
    }
    lines
}

/// Blanks comments and the insides of string and character literals.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match token_end(bytes, at) {
            Some(end) => end,
            None => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    // Whole tokens were blanked, so no character is cut in two.
    String::from_utf8(out).expect("still UTF-8")
}

/// End of the comment or literal that starts at `at`, if one does.
fn token_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let is_inside_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => Some(at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(at + block_comment(rest)),
        [b'"', ..] => Some(at + quoted(rest, b'"')),
        [b'r', b'"' | b'#', ..] if !is_inside_word || bytes[at - 1] == b'b' => {
            raw(rest).map(|n| at + n)
        }
        [b'\'', b'\\', ..] => Some(at + quoted(rest, b'\'')),
        [b'\'', ..] => character(rest).map(|length| at + length),
        _ => None,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw(rest: &[u8]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = 2 + hashes;
    let length = rest[body..].windows(close.len()).position(|window| window == close)?;
    Some(body + length + close.len())
}

/// Length of a character literal; a lifetime is none.
fn character(rest: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(&rest[1..rest.len().min(6)])
        .or_else(|error| std::str::from_utf8(&rest[1..1 + error.valid_up_to()]))
        .ok()?;
    let length = text.chars().next()?.len_utf8();
    (rest.get(1 + length) == Some(&b'\'')).then_some(length + 2)
}

#[test]
fn comments_and_literals_are_blanked_in_place() {
    for (text, expected) in [
        ("a // b", "a     "),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("f(\"{\\\"\", '{', '\\'')", "f(     ,    ,     )"),
        ("r#\"a\"b\"# + br\"c\"", "         + b    "),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
        ("'\u{e9}' + b", "     + b"),
    ] {
        assert_eq!(blank(text), expected, "{text}");
    }
}
