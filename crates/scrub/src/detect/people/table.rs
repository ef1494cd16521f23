//! Columns of names in text with separators: the heading tells what stands below it.

use super::{Entity, Found};

/// Most columns of a table that is read so.
const COLUMNS_MAX: usize = 256;

/// Most bytes of a cell that is taken for a name.
const CELL_BYTES_MAX: usize = 80;

/// Stands for a gap of two or more spaces between columns.
const GAP: char = ' ';

/// Headings in small letters, without spaces, `_` and `-`.
const HEADINGS: &[(&str, Entity)] = &[
    ("name", Entity::Person),
    ("fullname", Entity::Person),
    ("firstname", Entity::Person),
    ("lastname", Entity::Person),
    ("surname", Entity::Person),
    ("givenname", Entity::Person),
    ("familyname", Entity::Person),
    ("middlename", Entity::Person),
    ("vorname", Entity::Person),
    ("nachname", Entity::Person),
    ("nom", Entity::Person),
    ("prénom", Entity::Person),
    ("nombre", Entity::Person),
    ("apellido", Entity::Person),
    ("apellidos", Entity::Person),
    ("cognome", Entity::Person),
    ("nome", Entity::Person),
    ("employeename", Entity::Person),
    ("customername", Entity::Person),
    ("contactname", Entity::Person),
    ("patientname", Entity::Person),
    ("company", Entity::Organisation),
    ("employer", Entity::Organisation),
    ("organisation", Entity::Organisation),
    ("organization", Entity::Organisation),
    ("companyname", Entity::Organisation),
    ("firma", Entity::Organisation),
    ("city", Entity::Place),
    ("town", Entity::Place),
    ("country", Entity::Place),
    ("stadt", Entity::Place),
    ("ville", Entity::Place),
    ("ort", Entity::Place),
    ("birthplace", Entity::Place),
    ("location", Entity::Place),
    ("address", Entity::Address),
    ("street", Entity::Address),
    ("streetaddress", Entity::Address),
    ("postcode", Entity::Address),
    ("postalcode", Entity::Address),
    ("zip", Entity::Address),
    ("zipcode", Entity::Address),
    ("plz", Entity::Address),
    ("nationality", Entity::Nationality),
    ("dateofbirth", Entity::Date),
    ("dob", Entity::Date),
    ("birthdate", Entity::Date),
    ("birthday", Entity::Date),
];

/// The columns in force.
#[derive(Default)]
pub(crate) struct Columns {
    separator: char,
    columns: Vec<Option<Entity>>,
}

impl Columns {
    /// Whether rows may follow.
    pub(crate) const fn are_open(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Takes a line that starts at `at`, and may be a heading only after an empty one; says whether it was a row or a heading.
    pub(crate) fn line(
        &mut self,
        line: &str,
        may_begin: bool,
        at: usize,
        found: &mut Vec<Found>,
    ) -> bool {
        if !self.columns.is_empty() {
            if self.row(line, at, found) {
                return true;
            }
            self.columns.clear();
        }
        may_begin && self.heading(line)
    }

    fn heading(&mut self, line: &str) -> bool {
        // A heading is short, has two separators and no sentence in it.
        if line.len() > 2000 || line.contains(". ") || line.contains(['(', '{', '=']) {
            return false;
        }
        let count = |separator: char| line.matches(separator).count();
        let Some(separator) = ['\t', ';', ',', '|']
            .into_iter()
            .find(|c| count(*c) >= 2)
            .or_else(|| (line.contains("   ") && !line.starts_with(' ')).then_some(GAP))
        else {
            return false;
        };
        let columns: Vec<_> = cells(line, separator)
            .into_iter()
            .map(|(start, end)| heading(&line[start..end]))
            .collect();
        let is_heading = columns.iter().flatten().count() >= 2
            || columns.first().is_some_and(Option::is_some) && columns.len() >= 3;
        if is_heading {
            *self = Self { separator, columns };
        }
        is_heading
    }

    fn row(&self, line: &str, at: usize, found: &mut Vec<Found>) -> bool {
        let cells = cells(line, self.separator);
        if cells.len() != self.columns.len() {
            return false;
        }
        for ((start, end), column) in cells.into_iter().zip(&self.columns) {
            let cell = &line[start..end];
            let content = cell.trim().trim_matches('"').trim();
            let Some(entity) = *column else { continue };
            let is_text = match entity {
                Entity::Address | Entity::Date => content.chars().any(char::is_alphanumeric),
                _ => content.chars().any(char::is_alphabetic),
            };
            if is_text && content.len() <= CELL_BYTES_MAX && content.len() > 1 {
                let from = at + start + cell.find(content).unwrap_or(0);
                found.push(Found { start: from, end: from + content.len(), entity });
            }
        }
        true
    }
}

fn heading(cell: &str) -> Option<Entity> {
    if cell.len() > 40 {
        return None;
    }
    let plain: String =
        cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    HEADINGS.iter().find(|(name, _)| *name == plain).map(|(_, entity)| *entity)
}

/// Cells of a row; a separator between quotation marks is part of its cell (RFC 4180).
fn cells(line: &str, separator: char) -> Vec<(usize, usize)> {
    if separator == GAP {
        return gapped(line);
    }
    let (mut cells, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        if c == '"' {
            is_quoted = !is_quoted;
        } else if c == separator && !is_quoted {
            cells.push((start, at));
            start = at + c.len_utf8();
        }
        if cells.len() > COLUMNS_MAX {
            break;
        }
    }
    cells.push((start, line.len()));
    cells
}

/// Cells of a row with gaps between them.
fn gapped(line: &str) -> Vec<(usize, usize)> {
    let (mut cells, mut at) = (Vec::new(), 0);
    for cell in line.split("  ").take(COLUMNS_MAX * 8) {
        if !cell.trim().is_empty() {
            cells.push((at, at + cell.len()));
        }
        at += cell.len() + 2;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_tells_what_its_column_holds() {
        let text = ["id,First Name,city", "1,Zyx,\"Aa, Bb\"", "2,,Qq", "and, then,prose, goes on"];
        let (mut columns, mut found, mut at) = (Columns::default(), Vec::new(), 0);
        let taken = text.map(|line| {
            let taken = columns.line(line, at == 0, at, &mut found);
            at += line.len() + 1;
            taken
        });
        assert_eq!(taken, [true, true, true, false]);
        let joined = text.join("\n");
        let shown: Vec<_> = found.iter().map(|f| (&joined[f.start..f.end], f.entity)).collect();
        let place = Entity::Place;
        assert_eq!(shown, [("Zyx", Entity::Person), ("Aa, Bb", place), ("Qq", place)]);
    }
}
