//! Tables that go on over pages, each with its head again.

use super::{
    BOTTOM, LEFT, RIGHT, TOP, WIDTH,
    blocks::Document,
    fonts::Face,
    lines::{Color, Line, Span, Style, lines},
    sheets::{Ink, PartId, Role, Sheets},
};

/// Room beside what is in a cell.
const BESIDE: f32 = 4.0;
/// Room above and below what is in a cell.
const ABOVE: f32 = 2.6;
/// How text of cells looks.
const CELL: Style = Style::new(Face::Label, 7.8);
/// How digests look.
const DIGEST: Style = Style::new(Face::Mono, 6.5);

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name; empty for all columns of a table without a head.
    pub name: &'static str,
    /// Its share of the width.
    pub share: f32,
}

/// A cell: paragraphs.
#[derive(Clone, Debug, Default)]
pub struct Cell(Vec<Span>);

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Span::new(text, CELL)])
    }

    /// Text that stands out.
    pub fn strong(text: impl Into<String>) -> Self {
        Self(vec![Span::new(text, Style { face: Face::LabelStrong, ..CELL })])
    }

    /// A digest, key or number.
    pub fn digest(text: impl Into<String>) -> Self {
        Self(vec![Span::new(text, DIGEST)])
    }

    /// The same with text that stands back on a line of its own.
    #[must_use]
    pub fn and_faint(mut self, text: impl Into<String>) -> Self {
        let style = CELL.in_color(Color::FAINT);
        self.0.push(Span::new(format!("\n{}", text.into()), style));
        self
    }

    /// The same with a digest on a line of its own, after what it is of.
    #[must_use]
    pub fn and_digest(mut self, what: &str, digest: impl Into<String>) -> Self {
        let before = if self.0.is_empty() { "" } else { "\n" };
        let style = Style::new(Face::Label, 7.0).in_color(Color::FAINT);
        self.0.push(Span::new(format!("{before}{what} "), style));
        self.0.push(Span::new(digest, DIGEST));
        self
    }

    /// Its lines in a column of this width.
    pub(super) fn lines(self, fonts: &super::fonts::Fonts, width: f32) -> Vec<Line> {
        lines(fonts, &self.0, width - 2.0 * BESIDE)
    }
}

/// A table.
pub struct Table<'a, const N: usize> {
    /// What it shows.
    pub summary: &'a str,
    /// Its columns.
    pub columns: [Column; N],
    /// Its rows; the first cell names the row.
    pub rows: Vec<[Cell; N]>,
}

impl Document {
    /// A table.
    pub fn table<const N: usize>(&mut self, table: Table<'_, N>) {
        let shares: f32 = table.columns.iter().map(|column| column.share).sum();
        let widths = table.columns.map(|column| column.share / shares * WIDTH);
        let part = self.sheets.part(Sheets::ROOT, Role::Table(table.summary.to_owned()));
        let has_head = table.columns.iter().any(|column| !column.name.is_empty());
        let head = has_head.then(|| {
            let names = table.columns.map(|column| Cell::strong(column.name));
            self.set_row(names, widths)
        });
        if let Some(head) = &head {
            // With room for a row below, so that it does not stand alone.
            self.sheets.make_room(height_of(head) + 40.0);
            let within = self.sheets.part(part, Role::Head);
            let row = self.sheets.part(within, Role::Row);
            let cells = widths.map(|_| Some(self.sheets.part(row, Role::ColumnHead)));
            self.draw_head(head, &widths, &cells);
        }
        let body = self.sheets.part(part, Role::Body);
        for cells in table.rows {
            let set = self.set_row(cells, widths);
            let row = self.sheets.part(body, Role::Row);
            let role = |place| if place == 0 { Role::RowHead } else { Role::Data };
            let parts: Vec<PartId> =
                (0..N).map(|place| self.sheets.part(row, role(place))).collect();
            self.draw_row(set, &widths, &parts, head.as_deref());
        }
        self.sheets.y += 9.0;
    }

    fn set_row<const N: usize>(&self, cells: [Cell; N], widths: [f32; N]) -> Vec<Vec<Line>> {
        let set = cells.into_iter().zip(widths);
        set.map(|(cell, width)| cell.lines(&self.fonts, width)).collect()
    }

    fn draw_head(&mut self, head: &[Vec<Line>], widths: &[f32], parts: &[Option<PartId>]) {
        let (top, height) = (self.sheets.y, height_of(head));
        let edges = [LEFT, top, RIGHT, top + height];
        self.sheets.draw(None, Ink::Area { edges, color: Color::SHADE });
        self.draw_cells(head.to_vec(), widths, parts);
        self.line_below(Color::ACCENT);
    }

    /// Draws a row, on as many pages as it needs.
    fn draw_row(
        &mut self,
        mut cells: Vec<Vec<Line>>,
        widths: &[f32],
        parts: &[PartId],
        head: Option<&[Vec<Line>]>,
    ) {
        let head_height = head.map_or(0.0, height_of);
        let whole = height_of(&cells) <= BOTTOM - TOP - head_height;
        loop {
            let least = match whole {
                true => height_of(&cells),
                false => height_of(&cells).min(60.0),
            };
            if least > self.sheets.room() && self.sheets.y > TOP + head_height {
                self.sheets.turn();
                if let Some(head) = head {
                    // Said once already: on later pages it is no content.
                    self.draw_head(head, widths, &vec![None; widths.len()]);
                }
            }
            let room = self.sheets.room() - 2.0 * ABOVE;
            let rest: Vec<Vec<Line>> = cells.iter_mut().map(|cell| cut(cell, room)).collect();
            let these: Vec<Option<PartId>> = parts.iter().copied().map(Some).collect();
            self.draw_cells(cells, widths, &these);
            if rest.iter().all(Vec::is_empty) {
                return self.line_below(Color::RULE);
            }
            cells = rest;
        }
    }

    fn draw_cells(&mut self, cells: Vec<Vec<Line>>, widths: &[f32], parts: &[Option<PartId>]) {
        let (top, height) = (self.sheets.y, height_of(&cells));
        let mut left = LEFT;
        for ((cell, width), part) in cells.into_iter().zip(widths).zip(parts) {
            self.sheets.y = top + ABOVE;
            for line in cell {
                self.sheets.put(*part, left + BESIDE, line);
            }
            left += width;
        }
        self.sheets.y = top + height;
    }

    fn line_below(&mut self, color: Color) {
        let y = self.sheets.y;
        let (from, to) = ((LEFT, y), (RIGHT, y));
        self.sheets.draw(None, Ink::Stroke { from, to, width: 0.4, color });
    }
}

fn height_of(cells: &[Vec<Line>]) -> f32 {
    let height = |cell: &Vec<Line>| cell.iter().map(|line| line.leading).sum::<f32>();
    cells.iter().map(height).fold(0.0, f32::max) + 2.0 * ABOVE
}

/// Takes away the lines that do not fit. At least one stays, so that there is an end.
fn cut(cell: &mut Vec<Line>, room: f32) -> Vec<Line> {
    let mut height = 0.0;
    let fits = cell.iter().take_while(|line| {
        height += line.leading;
        height <= room
    });
    let fits = fits.count().max(1).min(cell.len());
    cell.split_off(fits)
}
