//! A line as a row of capitalised words, and what kind of text it stands in.

use super::lexicon::{Lexicon, class};

/// A capitalised word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) class: u16,
    /// Whether it is one letter, as in `J. Smith`.
    pub(crate) is_initial: bool,
    /// Whether it is written in capitals only.
    pub(crate) is_upper: bool,
    /// Whether the word follows the one before it with nothing but a space, a dot or particles
    /// between them.
    pub(crate) is_joined: bool,
}

impl Token {
    pub(crate) const fn is(&self, class: u16) -> bool {
        self.class & class != 0
    }

    /// An ordinary word that is no name either.
    pub(crate) const fn is_plain(&self) -> bool {
        const NAMES: u16 = class::GIVEN | class::SURNAME;
        self.class != 0 && self.class & NAMES == 0
    }
}

/// Most words of a line that are looked at; a longer line is looked at in pieces.
const WORDS_MAX: usize = 4096;

/// Capitalised words of a line.
pub(crate) fn tokens(lexicon: &Lexicon, line: &str, tokens: &mut Vec<Token>) {
    tokens.clear();
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() && tokens.len() < WORDS_MAX {
        let byte = bytes[at];
        let is_start = byte.is_ascii_uppercase() || byte >= 0xc3;
        let is_inner = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if !is_start || is_inner || bytes.get(at.wrapping_sub(1)).is_some_and(|b| *b >= 0x80) {
            at += 1;
            continue;
        }
        let Some(end) = word_end(line, at) else {
            at = line.ceil_char_boundary(at + 1);
            continue;
        };
        push(lexicon, line, (at, end), tokens);
        at = end.max(at + 1);
    }
}

fn push(lexicon: &Lexicon, line: &str, (start, end): (usize, usize), tokens: &mut Vec<Token>) {
    let word = &line[start..end];
    // `A` and `I` are words unless a dot follows.
    let is_word = matches!(word, "A" | "I") && !line[end..].starts_with('.');
    let is_initial = !is_word && word.chars().count() == 1;
    let is_upper = !is_initial && !word.chars().any(char::is_lowercase);
    let class = match (is_word, is_initial) {
        (true, _) => class::COMMON,
        (_, true) => 0,
        _ => lexicon.classes(word),
    };
    let last = tokens.last();
    let is_joined = last.is_some_and(|last| joins(lexicon, &line[last.end..start], last));
    tokens.push(Token { start, end, class, is_initial, is_upper, is_joined });
}

/// Whether a capital follows a space after a letter or dot, as in every full name.
pub(crate) fn has_pair(line: &str) -> bool {
    let is_pair = |three: &[u8]| {
        three[1] == b' '
            && (three[2].is_ascii_uppercase() || three[2] >= 0xc3)
            && (three[0].is_ascii_alphabetic() || three[0] == b'.' || three[0] >= 0x80)
    };
    line.as_bytes().windows(3).any(is_pair)
}

/// End of the word at `start`, if it begins with a capital and goes on as a word does.
fn word_end(line: &str, start: usize) -> Option<usize> {
    if !line.is_char_boundary(start) {
        return None;
    }
    let mut chars = line[start..].char_indices().peekable();
    let (_, first) = chars.next()?;
    if !first.is_uppercase() {
        return None;
    }
    let mut end = start + first.len_utf8();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let is_inside = c.is_alphabetic()
            || matches!(c, '\'' | '’' | '-') && next.is_some_and(char::is_alphabetic);
        if !is_inside {
            // A word with a digit or an underscore in it is an identifier.
            return (!c.is_ascii_digit() && c != '_').then_some(end);
        }
        end = start + at + c.len_utf8();
    }
    Some(end)
}

/// Whether what stands between two capitalised words lets them belong together.
fn joins(lexicon: &Lexicon, gap: &str, before: &Token) -> bool {
    let is_short = before.is_initial || before.is(class::TITLE) || before.is(class::STREET);
    match gap {
        " " | " & " | "  " => return gap != "  ",
        ". " | "." => return is_short,
        " of " => return before.is(class::INSTITUTION),
        _ => {}
    }
    if gap.len() > 14 || !gap.starts_with(' ') || !gap.ends_with(' ') {
        return false;
    }
    let mut words = gap.split(' ').filter(|word| !word.is_empty());
    words.all(|word| word.len() < 4 && lexicon.of(word) & class::PARTICLE != 0 && word != "y")
        && !matches!(gap, " do " | " al " | " la " | " y " | " e " | " la el ")
}

/// Shares of a text that decide how much is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Written for people.
    Prose,
    /// Written for machines: only what cannot be anything but a name counts.
    Code,
}

/// Bytes at the start that tell the style of a text.
const SAMPLE_BYTES: usize = 16 * 1024;

/// Tells code from prose by how its lines end and begin.
pub(crate) fn style(text: &str) -> Style {
    let sample = |from: usize| {
        let from = text.floor_char_boundary(from);
        &text[from..text.floor_char_boundary((from + SAMPLE_BYTES).min(text.len()))]
    };
    let (mut lines, mut coded) = (0_usize, 0_usize);
    let is_long = text.len() > 4 * SAMPLE_BYTES;
    let middle = if is_long { sample(text.len() / 2) } else { "" };
    for line in sample(0).lines().chain(middle.lines()) {
        let line = line.trim();
        if !line.is_empty() {
            lines += 1;
            coded += usize::from(is_code(line));
        }
    }
    if coded >= 2 && coded * 6 >= lines { Style::Code } else { Style::Prose }
}

/// Whether a trimmed line looks like code, markup or settings.
pub(crate) fn is_code(line: &str) -> bool {
    let has_end = line.ends_with([';', '{', '}', '(', '[', '\\', '='])
        || line.ends_with("),")
        || line.ends_with("):")
        || line.ends_with("\",");
    let starts = [
        "//", "/*", "#", "def ", "import ", "from .", "return ", "if ", "<", "@", "\"", "'", "}",
        "fn ", "use ", "let ", "--",
    ];
    let has_start = line.len() > 1 && starts.iter().any(|start| line.starts_with(start));
    has_end
        || has_start && !line.ends_with(['.', '?', '!', ','])
        || line.contains(" = ")
        || line.contains("::")
        || line.contains("();")
}
