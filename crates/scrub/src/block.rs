//! Text of one part of a document, gathered from its pieces, with the place of each.

use std::collections::HashMap;

use crate::finding::{Channel, Location};

/// Where a piece of text stands within its part. Zero means: does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) channel: Channel,
    pub(crate) slide: u32,
    pub(crate) page: u32,
    pub(crate) paragraph: u32,
    /// Row and column of a cell, counted from 1.
    pub(crate) cell: (u32, u32),
    /// Field, as an index into the block's names plus 1.
    pub(crate) field: u32,
}

impl Place {
    pub(crate) const fn of(channel: Channel) -> Self {
        Self { channel, slide: 0, page: 0, paragraph: 0, cell: (0, 0), field: 0 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    start: usize,
    place: Place,
}

/// Text of one part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    part: Option<String>,
    sheet: Option<String>,
    fields: Vec<String>,
    /// Positions in `fields`; only ever asked by name, so its order does not matter.
    field_index: HashMap<String, u32>,
    pieces: Vec<Piece>,
    text: String,
}

impl Block {
    pub(crate) fn new(part: &str) -> Self {
        Self { part: Some(part.to_owned()), ..Self::default() }
    }

    pub(crate) fn whole() -> Self {
        Self::default()
    }

    pub(crate) fn with_sheet(mut self, sheet: &str) -> Self {
        self.sheet = Some(sheet.to_owned());
        self
    }

    /// Adds a piece; nothing is found across two pieces unless it may span lines.
    pub(crate) fn push(&mut self, place: Place, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.pieces.push(Piece { start: self.text.len(), place });
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Adds the value of a named field.
    pub(crate) fn field(&mut self, mut place: Place, name: &str, value: &str) {
        place.field = self.number_of(name);
        self.push(place, value);
    }

    fn number_of(&mut self, name: &str) -> u32 {
        self.field_index.get(name).copied().unwrap_or_else(|| {
            self.fields.push(name.to_owned());
            // More fields than that are no document; they have no name then.
            let at = u32::try_from(self.fields.len()).unwrap_or(0);
            self.field_index.insert(name.to_owned(), at);
            at
        })
    }

    /// Adds what another block of the same part holds.
    pub(crate) fn append(&mut self, other: &Self) {
        let numbers: Vec<u32> = other.fields.iter().map(|name| self.number_of(name)).collect();
        let start = self.text.len();
        self.pieces.extend(other.pieces.iter().map(|piece| {
            let field = (piece.place.field as usize).checked_sub(1);
            let field = field.and_then(|at| numbers.get(at)).copied().unwrap_or(0);
            Piece { start: start + piece.start, place: Place { field, ..piece.place } }
        }));
        self.text.push_str(&other.text);
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Name of the part; empty for a whole file.
    pub(crate) fn part(&self) -> &str {
        self.part.as_deref().unwrap_or_default()
    }

    /// Values of the named fields.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.start).chain([self.text.len()]);
        let fields = self.pieces.iter().zip(ends).filter(|(piece, _)| piece.place.field > 0);
        // Each piece ends with a line feed of its own.
        fields.filter_map(|(piece, end)| self.text.get(piece.start..end.saturating_sub(1)))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The location of a place of this part.
    pub(crate) fn locate(&self, path: &[String], place: Place) -> Location {
        let some = |number: u32| (number > 0).then_some(number);
        let field = (place.field as usize).checked_sub(1).and_then(|at| self.fields.get(at));
        Location {
            path: path.to_vec(),
            part: self.part.clone(),
            channel: place.channel,
            commit: None,
            sheet: self.sheet.clone(),
            cell: cell_name(place.cell),
            slide: some(place.slide),
            page: some(place.page),
            paragraph: some(place.paragraph),
            field: field.cloned(),
            line: None,
            bytes: None,
        }
    }

    /// The location of a range of the text, with its bytes counted from the start of its piece.
    pub(crate) fn locate_range(&self, path: &[String], start: usize, end: usize) -> Location {
        let at = self.pieces.partition_point(|piece| piece.start <= start).saturating_sub(1);
        let Some(piece) = self.pieces.get(at) else { return Location::default() };
        let mut location = self.locate(path, piece.place);
        let offset = |at: usize| (at - piece.start.min(at)) as u64;
        location.bytes = Some(crate::finding::ByteRange { start: offset(start), end: offset(end) });
        location
    }
}

/// Name of a cell: `(2, 3)` is `C2`.
fn cell_name((row, column): (u32, u32)) -> Option<String> {
    if row == 0 || column == 0 {
        return None;
    }
    Some(format!("{}{row}", column_name(column)))
}

/// Letters of a column, counted from 1.
pub(crate) fn column_name(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(char::from(b'A' + (column % 26) as u8));
        column /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_located_in_its_piece() {
        let mut block = Block::new("p").with_sheet("S");
        block.push(Place { cell: (2, 28), ..Place::of(Channel::Visible) }, "first");
        block.push(Place::of(Channel::Notes), "  ");
        block.field(Place::of(Channel::Property), "title", "second");
        let first = block.locate_range(&[], 1, 3);
        assert_eq!(block.values().collect::<Vec<_>>(), ["second"]);
        assert_eq!((first.cell.as_deref(), first.sheet.as_deref()), (Some("AB2"), Some("S")));
        let second = block.locate_range(&[], 6, 8);
        assert_eq!((second.field.as_deref(), second.channel), (Some("title"), Channel::Property));
        assert_eq!(second.bytes, Some(crate::finding::ByteRange { start: 0, end: 2 }));
        let mut joined = Block::new("p").with_sheet("S");
        joined.field(Place::of(Channel::Property), "other", "x");
        joined.append(&block);
        assert_eq!(joined.text(), "x\nfirst\nsecond\n");
        assert_eq!(joined.locate_range(&[], 8, 10), second);
        assert_eq!(joined.locate_range(&[], 3, 5), first);
    }

    #[test]
    fn columns_have_letters() {
        for (column, name) in [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")] {
            assert_eq!(column_name(column), name);
        }
    }
}
