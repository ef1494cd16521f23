//! A long sheet, read in pieces of rows on all threads. Where it is cut depends on nothing but its
//! bytes, and unless each piece stands alone the sheet is read as a whole.

use super::cells::{Common, Part};
use super::xlsx::Sheet;
use crate::window::in_parallel;

/// Least bytes of a piece.
const PIECE_BYTES: usize = 1 << 20;

/// Between two rows.
const ROW_END: &str = "</row>";
const CUT: &str = "</row><row";

/// Reads a sheet.
pub(super) fn read(sheet: &Sheet, common: Common<'_>, text: &str) -> Part {
    let text = text.trim_start_matches('\u{feff}');
    in_pieces(sheet, common, text, PIECE_BYTES)
        .unwrap_or_else(|| Part::of(sheet, common, text, 0, &[]))
}

/// `None` if it cannot be read so.
fn in_pieces(sheet: &Sheet, common: Common<'_>, text: &str, least: usize) -> Option<Part> {
    let (head, pieces) = cut(text, least)?;
    let mut whole = Part::of(sheet, common, head, 0, &[]);
    let around = whole.walked.open;
    if !whole.is_closed() || whole.walked.unmatched > 0 {
        return None;
    }
    let hidden = whole.hidden_columns().to_vec();
    let parts =
        in_parallel(&pieces, |piece| Part::of(sheet, common, piece, around, &hidden), || {});
    let last = parts.len() - 1;
    for (at, part) in parts.into_iter().enumerate() {
        let ends = if at == last { around } else { 0 };
        let is_even = part.walked.open == 0 && part.walked.unmatched == ends;
        if !is_even || !part.is_closed() || !part.stands_alone(&hidden) {
            return None;
        }
        whole.append(part);
    }
    whole.walked.open = 0;
    Some(whole)
}

/// What stands before the first cut, and the pieces from there on.
fn cut(text: &str, least: usize) -> Option<(&str, Vec<&str>)> {
    let mut cuts = Vec::new();
    let finder = memchr::memmem::Finder::new(CUT);
    let mut from = 0;
    while let Some(at) = text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
        let start = from + at + ROW_END.len();
        cuts.push(start);
        from = start + least;
    }
    let ends = cuts.iter().skip(1).copied().chain([text.len()]);
    let pieces: Vec<&str> = cuts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect();
    let first = *cuts.first()?;
    (pieces.len() > 1).then(|| (&text[..first], pieces))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::finding::Channel;
    use crate::read::ooxml::cell_styles::CellStyles;

    /// The text of a sheet read in small pieces, if it can be, after that of it read as a whole.
    fn texts(content: &str) -> (String, Option<String>) {
        let sheet = Sheet { name: "S".into(), part: "p".into(), channel: Channel::Visible };
        let (styles, strings) = (CellStyles::default(), ["one".to_owned(), "two".to_owned()]);
        let used = [const { AtomicBool::new(false) }; 2];
        let common = Common { styles: &styles, strings: &strings, used: &used };
        let text = format!("<sheet><cols/>{content}</sheet>");
        let shown = |part: Part| format!("{:?}", part.located());
        let pieces = in_pieces(&sheet, common, &text, 1).map(shown);
        (shown(Part::of(&sheet, common, &text, 0, &[])), pieces)
    }

    fn row(number: u32, cells: &str) -> String {
        format!("<row r=\"{number}\"{cells}</row>")
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let rows: String = (1..9)
            .map(|at| match at {
                3 | 4 => row(at, " hidden=\"1\"><c r=\"B3\"><v>17</v></c>"),
                5 => row(at, "><c t=\"s\" x=\"y\"><v>1</v></c><c><f>A&amp;B</f></c>"),
                _ => row(at, "><c t=\"s\"><v>0</v></c><c><is><t>in</t></is></c>"),
            })
            .collect();
        let end = "</data><link ref=\"A1\"/><hyperlink tip=\"zyx\"/><oddHeader>Head</oddHeader>";
        let (whole, pieces) = texts(&format!("<data>{rows}{end}"));
        assert_eq!(pieces, Some(whole));
    }

    #[test]
    fn what_does_not_stand_alone_is_read_as_a_whole() {
        let rows = |odd: &str| format!("{}{}{odd}{}", row(1, ">"), row(2, ">"), row(3, ">"));
        assert!(texts(&rows("")).1.is_some());
        for odd in [
            "<row><c><v>1</v></c></row>",
            "<row r=\"4\"><c></row>",
            "<row r=\"4\"><x></c></row>",
            "<rows><c><v>1</v></c></rows><row r=\"5\"></row>",
            "<row r=\"4\"><col min=\"1\" hidden=\"1\"/></row>",
            "<row r=\"4\"><!-- </row><row r=\"5\"> --></row>",
            "<row r=\"4\" a=\"</row><row \"></row>",
        ] {
            assert_eq!(texts(&rows(odd)).1, None, "{odd}");
        }
    }
}
