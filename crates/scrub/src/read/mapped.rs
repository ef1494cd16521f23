//! A text made from another one by leaving out and decoding, with the place of each piece there.

use std::ops::Range;

/// A piece and the bytes that it comes from.
#[derive(Clone, Copy, Debug)]
struct Piece {
    here: usize,
    there: usize,
    there_end: usize,
    is_same: bool,
}

/// A text with places.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    pub(super) text: String,
    pieces: Vec<Piece>,
}

impl Mapped {
    /// Adds what stands the same there.
    pub(super) fn same(&mut self, source: &str, range: Range<usize>) {
        self.add(&source[range.clone()], range, true);
    }

    /// Adds what something else there stands for.
    pub(super) fn made(&mut self, text: &str, range: Range<usize>) {
        self.add(text, range, false);
    }

    fn add(&mut self, text: &str, range: Range<usize>, is_same: bool) {
        if !text.is_empty() {
            let here = self.text.len();
            self.pieces.push(Piece { here, there: range.start, there_end: range.end, is_same });
            self.text.push_str(text);
        }
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        let next = self.pieces.partition_point(|piece| piece.here <= at);
        self.pieces[..next].last()
    }

    /// Where a range comes from; `None` if it stands there as it is, so that whoever searches the
    /// source finds it too.
    pub(super) fn place(&self, range: Range<usize>) -> Option<Range<usize>> {
        let (first, last) = (self.piece(range.start)?, self.piece(range.end.checked_sub(1)?)?);
        let start =
            if first.is_same { first.there + range.start - first.here } else { first.there };
        let end = if last.is_same { last.there + range.end - last.here } else { last.there_end };
        (end.checked_sub(start)? > range.len()).then_some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::Mapped;

    #[test]
    fn what_was_put_together_has_its_place_and_what_was_not_has_none() {
        let source = "Glo<b>bo</b>d&#121;ne x";
        let mut mapped = Mapped::default();
        mapped.same(source, 0..3);
        mapped.same(source, 6..8);
        mapped.same(source, 12..13);
        mapped.made("y", 13..19);
        mapped.same(source, 19..23);
        assert_eq!(mapped.text, "Globodyne x");
        assert_eq!(mapped.place(0..9), Some(0..21));
        assert_eq!(mapped.place(6..7), Some(13..19));
        assert_eq!(mapped.place(3..5), None);
        assert_eq!(mapped.place(10..11), None);
        assert_eq!(mapped.place(0..0), None);
    }
}
