//! Tables in text, fields set apart by commas, semicolons, tabs or bars (RFC 4180): what heads a
//! column is the context of its values.

use std::ops::Range;

use crate::scan::Scanner;
use crate::search::Hit;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Lines after the header that have to have as many fields as it has.
const LINES_TO_TELL: usize = 3;

/// Most characters of a column's name.
const NAME_CHARS_MAX: usize = 48;

/// Most columns of a table, and of them most that are searched with their names.
const COLUMNS_MAX: usize = 512;
const TELLING_MAX: usize = 16;

/// Least digits of a value that is searched with the name of its column.
const DIGITS_MIN: usize = 4;

/// How a table is laid out.
#[derive(Clone, Debug)]
pub(super) struct Table {
    delimiter: u8,
    names: Vec<String>,
    /// Columns whose name is a context of some rule.
    telling: Vec<usize>,
}

impl Table {
    /// Tells a table by its first lines.
    pub(super) fn of(scanner: &Scanner, head: &str) -> Option<Self> {
        let head = head.trim_start_matches('\u{feff}');
        let mut lines = head.lines();
        let header = lines.next()?;
        let count = |line: &str, delimiter: u8| fields(line, delimiter).len();
        let delimiter = DELIMITERS.into_iter().max_by_key(|d| count(header, *d))?;
        let columns = count(header, delimiter);
        let mut rest = lines.filter(|line| !line.is_empty()).take(LINES_TO_TELL).peekable();
        let is_table = (2..=COLUMNS_MAX).contains(&columns)
            && rest.peek().is_some()
            && rest.all(|line| count(line, delimiter) == columns);
        let names: Vec<String> =
            fields(header, delimiter).into_iter().map(|field| header[field].to_owned()).collect();
        let is_name = |name: &String| {
            let letters = name.chars().filter(|c| c.is_alphabetic()).count();
            name.chars().count() <= NAME_CHARS_MAX && letters * 2 >= name.chars().count()
        };
        if !is_table || !names.iter().all(is_name) {
            return None;
        }
        let spoken: Vec<String> = names.iter().map(|name| spoken(name)).collect();
        let is_telling = |name: &str| {
            let contexts = scanner.rules.rules.iter().filter_map(|rule| rule.context.as_ref());
            contexts.into_iter().any(|words| words.is_match(name))
        };
        let telling = (0..columns).filter(|at| is_telling(&spoken[*at])).take(TELLING_MAX);
        Some(Self { delimiter, telling: telling.collect(), names: spoken })
    }

    /// Name of the column that a place of a text stands in.
    pub(super) fn column(&self, text: &str, at: usize) -> Option<&str> {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = fields(&text[start..at], self.delimiter).len();
        self.names.get(before.checked_sub(1)?).map(String::as_str)
    }

    /// What is found in the values only since the name of their column tells what they are.
    pub(super) fn hits(&self, scanner: &Scanner, text: &str, core: &Range<usize>) -> Vec<Hit> {
        let mut columns = vec![(String::new(), Vec::new()); self.telling.len()];
        let mut start = core.start;
        while start < core.end {
            let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
            let line = &text[start..end];
            let found = fields(line, self.delimiter);
            for (column, (spoken, values)) in self.telling.iter().zip(&mut columns) {
                let Some(value) = found.get(*column).map(|field| &line[field.clone()]) else {
                    continue;
                };
                if value.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN {
                    spoken.push_str(&self.names[*column]);
                    spoken.push_str(": ");
                    values.push((spoken.len(), start + found[*column].start));
                    spoken.push_str(value);
                    spoken.push('\n');
                }
            }
            start = end + 1;
        }
        let mut hits = Vec::new();
        for (spoken, values) in &columns {
            for hit in scanner.hits_in(spoken, 0..spoken.len()) {
                let at = values.partition_point(|(start, _)| *start <= hit.start);
                let Some((inner, outer)) = at.checked_sub(1).map(|at| values[at]) else { continue };
                let is_within = !spoken[inner..hit.end].contains('\n');
                if is_within {
                    let (start, end) = (hit.start - inner + outer, hit.end - inner + outer);
                    hits.push(Hit { start, end, what: hit.what });
                }
            }
        }
        hits
    }
}

/// A name of a column as words: `date_of_birth` is `date of birth`.
fn spoken(name: &str) -> String {
    name.replace(['_', '-', '.'], " ").trim().to_lowercase()
}

/// Ranges of the fields of a line, without quotation marks and spaces around them.
fn fields(line: &str, delimiter: u8) -> Vec<Range<usize>> {
    let (mut found, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'"' {
            is_quoted = !is_quoted;
        } else if byte == delimiter && !is_quoted {
            found.push(trimmed(line, start..at));
            start = at + 1;
        }
    }
    found.push(trimmed(line, start..line.len()));
    found
}

fn trimmed(line: &str, field: Range<usize>) -> Range<usize> {
    let is_around = |c: char| c == '"' || c.is_whitespace();
    let text = &line[field.clone()];
    let start = field.start + (text.len() - text.trim_start_matches(is_around).len());
    start..start + text.trim_matches(is_around).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart_and_quotation_marks_left_out() {
        let line = "a,\"b, c\" , ,d";
        let texts: Vec<&str> = fields(line, b',').into_iter().map(|field| &line[field]).collect();
        assert_eq!(texts, ["a", "b, c", "", "d"]);
        assert_eq!(spoken("Date_of_Birth"), "date of birth");
    }
}
