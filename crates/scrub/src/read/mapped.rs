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
pub(crate) struct Mapped {
    pub(crate) text: String,
    pieces: Vec<Piece>,
}

impl Mapped {
    /// Adds what stands the same there.
    pub(crate) fn same(&mut self, source: &str, range: Range<usize>) {
        self.add(&source[range.clone()], range, true);
    }

    /// Adds what something else there stands for.
    pub(crate) fn made(&mut self, text: &str, range: Range<usize>) {
        self.add(text, range, false);
    }

    /// What is near changes of a text, with them made: each, in order, with its bytes and what stands
    /// in their place, if anything.
    pub(crate) fn near(
        text: &str,
        changes: impl Iterator<Item = (Range<usize>, Option<char>)>,
        around: usize,
    ) -> Self {
        let mut mapped = Self::default();
        let mut changes = changes.peekable();
        let mut at = 0;
        while let Some((range, means)) = changes.next() {
            let from = text.floor_char_boundary(range.start.saturating_sub(around));
            if from > at {
                mapped.made("\n", at..at);
                at = from;
            }
            mapped.same(text, at..range.start);
            if let Some(c) = means {
                mapped.made(c.encode_utf8(&mut [0; 4]), range.clone());
            }
            let next = changes.peek().map_or(text.len(), |(next, _)| next.start);
            let end = text.floor_char_boundary(next.min(range.end + around)).max(range.end);
            mapped.same(text, range.end..end);
            at = end;
        }
        mapped
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

    /// Where a range comes from. It is longer there than here, unless it stands there as it is; then
    /// whoever searches the source finds it too, if what is around it does not matter.
    pub(crate) fn place(&self, range: Range<usize>) -> Range<usize> {
        let last = range.end.saturating_sub(1).max(range.start);
        let (Some(first), Some(last)) = (self.piece(range.start), self.piece(last)) else {
            return 0..0;
        };
        let start =
            if first.is_same { first.there + range.start - first.here } else { first.there };
        let end = if last.is_same { last.there + range.end - last.here } else { last.there_end };
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::Mapped;

    #[test]
    fn everything_has_its_place() {
        let source = "Glo<b>bo</b>d&#121;ne x";
        let mut mapped = Mapped::default();
        mapped.same(source, 0..3);
        mapped.same(source, 6..8);
        mapped.same(source, 12..13);
        mapped.made("y", 13..19);
        mapped.same(source, 19..23);
        assert_eq!(mapped.text, "Globodyne x");
        assert_eq!(mapped.place(0..9), 0..21);
        assert_eq!(mapped.place(6..7), 13..19);
        assert_eq!(mapped.place(3..5), 6..8);
        assert_eq!(mapped.place(10..11), 22..23);
        assert_eq!(mapped.place(0..0), 0..0);
        assert_eq!(Mapped::default().place(0..1), 0..0);
    }
}
