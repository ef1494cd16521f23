//! What a formula refers to (ISO/IEC 29500-1 §18.17): cells, names, tables, other books.

/// Last row and column that a sheet can have.
const ROW_MAX: u32 = 1_048_576;
const COLUMN_MAX: u32 = 16_384;

/// Something that a formula refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Cells from the first to the last row and column, of a sheet or of the formula's own.
    Cells { sheet: Option<String>, rows: (u32, u32), columns: (u32, u32) },
    /// A defined name, or a table.
    Name(String),
    /// A row of sheets.
    Sheets,
    /// Another book.
    Book,
    /// Cells that are only known when it is computed.
    Computed,
}

/// Row and column of a cell's name, counted from 1.
pub(super) fn cell_of(name: &str) -> Option<(u32, u32)> {
    let name: String = name.chars().filter(|c| *c != '$').collect();
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let column = column_of(&name[..letters])?;
    let row = name[letters..].parse().ok().filter(|row| (1..=ROW_MAX).contains(row))?;
    Some((row, column))
}

fn column_of(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|b| b.is_ascii_alphabetic())
    {
        return None;
    }
    let number = letters
        .bytes()
        .fold(0, |number, letter| number * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    (number <= COLUMN_MAX).then_some(number)
}

/// Rows and columns of a range such as `A1:B2`, or of one cell.
pub(super) fn range_of(range: &str) -> Option<((u32, u32), (u32, u32))> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let (first, last) = (cell_of(first)?, cell_of(last)?);
    Some(((first.0.min(last.0), first.0.max(last.0)), (first.1.min(last.1), first.1.max(last.1))))
}

/// All that a formula refers to.
pub(super) fn references(formula: &str) -> Vec<Reference> {
    let mut lexer = Lexer { chars: formula.chars().collect(), at: 0, found: Vec::new() };
    while lexer.step() {}
    lexer.found
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    found: Vec<Reference>,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '\\' | '?')
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn step(&mut self) -> bool {
        let Some(c) = self.peek() else { return false };
        match c {
            '"' => drop(self.quoted('"')),
            '\'' => {
                let sheet = self.quoted('\'');
                if self.peek() == Some('!') {
                    self.at += 1;
                    self.of_sheet(&sheet);
                }
            }
            '[' => {
                self.found.push(Reference::Book);
                self.brackets();
            }
            c if is_word(c) => self.word(),
            _ => self.at += 1,
        }
        true
    }

    /// Text between quotes; a doubled quote is one.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == quote {
                if self.peek() != Some(quote) {
                    break;
                }
                self.at += 1;
            }
            text.push(c);
        }
        text
    }

    /// Skips brackets with all they hold.
    fn brackets(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                // The next character stands for itself.
                '\'' => self.at += 1,
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }

    fn take_word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(is_word) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    /// The word after a colon, if there is one.
    fn after_colon(&mut self) -> Option<String> {
        if self.peek() != Some(':') {
            return None;
        }
        let start = self.at;
        self.at += 1;
        let word = self.take_word();
        if word.is_empty() {
            self.at = start;
            return None;
        }
        Some(word)
    }

    fn word(&mut self) {
        let word = self.take_word();
        match self.peek() {
            Some('(') => {
                if ["INDIRECT", "OFFSET"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
                    self.found.push(Reference::Computed);
                }
            }
            Some('!') => {
                self.at += 1;
                self.of_sheet(&word);
            }
            Some('[') => {
                self.found.push(Reference::Name(word));
                self.brackets();
            }
            _ => self.cells(None, &word),
        }
    }

    /// What follows the name of a sheet.
    fn of_sheet(&mut self, sheet: &str) {
        if sheet.contains('[') {
            self.found.push(Reference::Book);
        } else if sheet.contains(':') {
            self.found.push(Reference::Sheets);
        }
        let word = self.take_word();
        self.cells(Some(sheet), &word);
    }

    /// Cells, rows, columns or a name.
    fn cells(&mut self, sheet: Option<&str>, first: &str) {
        let last = self.after_colon();
        if last.is_some() && self.peek() == Some('!') {
            self.at += 1;
            self.found.push(Reference::Sheets);
            return;
        }
        let is_range = last.is_some();
        let last = last.as_deref().unwrap_or(first);
        let extent = range_of(&format!("{first}:{last}"))
            .or_else(|| if is_range { whole(first, last) } else { None });
        if extent.is_none() {
            let named = [first, last].into_iter().take(1 + usize::from(is_range));
            let named = named.filter(|word| word.starts_with(|c: char| !c.is_ascii_digit()));
            self.found.extend(named.map(|word| Reference::Name(word.to_owned())));
        }
        // The sheet counts even if nobody knows what follows.
        let anywhere = sheet.map(|_| ((1, ROW_MAX), (1, COLUMN_MAX)));
        if let Some((rows, columns)) = extent.or(anywhere) {
            let sheet = sheet.map(str::to_owned);
            self.found.push(Reference::Cells { sheet, rows, columns });
        }
    }
}

/// Whole columns or whole rows.
fn whole(first: &str, last: &str) -> Option<((u32, u32), (u32, u32))> {
    let plain = |word: &str| word.chars().filter(|c| *c != '$').collect::<String>();
    let (first, last) = (plain(first), plain(last));
    if let Some((a, b)) = column_of(&first).zip(column_of(&last)) {
        return Some(((1, ROW_MAX), (a.min(b), a.max(b))));
    }
    let (a, b) = first.parse::<u32>().ok().zip(last.parse::<u32>().ok())?;
    Some(((a.min(b), a.max(b)), (1, COLUMN_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(sheet: &str, rows: (u32, u32), columns: (u32, u32)) -> Reference {
        let sheet = (!sheet.is_empty()).then(|| sheet.to_owned());
        Reference::Cells { sheet, rows, columns }
    }

    #[test]
    fn formulas_refer_to_cells_names_sheets_and_books() {
        let name = |name: &str| Reference::Name(name.to_owned());
        let cases = [
            ("A1+$B$2", vec![cells("", (1, 1), (1, 1)), cells("", (2, 2), (2, 2))]),
            ("SUM(C3:A1)*2", vec![cells("", (1, 3), (1, 3))]),
            ("SUM(B:C)", vec![cells("", (1, ROW_MAX), (2, 3))]),
            ("SUM(2:3)", vec![cells("", (2, 3), (1, COLUMN_MAX))]),
            ("Plan!A1", vec![cells("Plan", (1, 1), (1, 1))]),
            ("'It''s'!A1:B1", vec![cells("It's", (1, 1), (1, 2))]),
            ("rate*2", vec![name("rate")]),
            ("\"Plan!A1\"&1.5", vec![]),
            ("Table1[[#This Row],[a b]]+1", vec![name("Table1")]),
            ("[1]Plan!A1", vec![Reference::Book, cells("Plan", (1, 1), (1, 1))]),
            ("'[1]My plan'!A1", vec![Reference::Book, cells("[1]My plan", (1, 1), (1, 1))]),
            ("SUM(A:C!B2)", vec![Reference::Sheets, cells("", (2, 2), (2, 2))]),
            ("INDIRECT(\"A\"&1)", vec![Reference::Computed]),
        ];
        for (formula, expected) in cases {
            assert_eq!(references(formula), expected, "{formula}");
        }
    }

    #[test]
    fn formulas_cut_anywhere_end() {
        for formula in ["'", "'a", "A1:", "[", "[1", "T[[a]", "\"", "'a'!", "!", "a:b!", "T['"] {
            let _ = references(formula);
        }
    }
}
