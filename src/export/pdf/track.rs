//! A line of time: marks in lanes, joined into chains, and beside each what it stands for.

use super::{
    BOTTOM, LEFT, RIGHT, WIDTH,
    blocks::Document,
    fonts::Face,
    lines::{Color, Line, Span, Style, lines},
    sheets::{Ink, PartId, Role, Shape, Sheets},
};

/// Events in lanes.
pub struct Track {
    /// How each lane looks, and whose it is.
    pub lanes: Vec<((Shape, Color), &'static str)>,
    /// The events.
    pub rows: Vec<TrackRow>,
    /// Names of the columns beside the drawing.
    pub columns: [&'static str; 3],
}

/// An event.
pub struct TrackRow {
    /// In which lane it is.
    pub lane: usize,
    /// With which others it is joined; the chain with number 0 stands out.
    pub chain: usize,
    /// How its mark is drawn.
    pub drawing: Drawing,
    /// When.
    pub when: String,
    /// Where in the log.
    pub place: String,
    /// What.
    pub what: String,
    /// What it says.
    pub lines: Vec<String>,
    /// Who.
    pub who: String,
    /// By which key.
    pub key: String,
}

/// How a mark is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// Filled.
    Full,
    /// Only its outline.
    Hollow,
    /// Only its outline, struck through.
    Crossed,
}

/// From lane to lane.
const LANE: f32 = 17.0;
/// Room above and below what is in a row.
const ABOVE: f32 = 3.4;
/// Where the middle of a mark is in its row.
const MARK: f32 = 9.0;
/// Most letters of an event's name in the description of a drawing, which must not be long.
const WHAT_LETTERS_MAX: usize = 60;
const RADIUS: f32 = 3.4;
const WHEN: Style = Style::new(Face::Label, 7.8);
const FAINT: Style = Style::new(Face::Label, 7.4).in_color(Color::FAINT);
const WHAT: Style = Style::new(Face::LabelStrong, 8.4);

/// A row whose text is set.
struct Set {
    cells: [Vec<Line>; 3],
    height: f32,
}

/// Where a chain was last seen.
type Ends = Vec<(usize, usize)>;

impl Document {
    /// Draws events in lanes, on as many pages as they need.
    pub fn track(&mut self, track: Track) {
        let offsets = offsets(track.lanes.len());
        self.legend(&track);
        let mut rows: Vec<(Set, TrackRow)> = Vec::new();
        let mut ends = Ends::new();
        let head = self.head(&track.columns, &offsets);
        self.sheets.make_room(head.height + 60.0);
        let mut room = self.sheets.room() - head.height;
        for row in track.rows {
            let set = self.set(&row, &offsets);
            if set.height > room && !rows.is_empty() {
                self.page(&track.lanes, &head, std::mem::take(&mut rows), &mut ends, true);
                self.sheets.turn();
                room = self.sheets.room() - head.height;
            }
            room -= set.height;
            rows.push((set, row));
        }
        if !rows.is_empty() {
            self.page(&track.lanes, &head, rows, &mut ends, false);
        }
        self.sheets.y += 9.0;
    }

    fn legend(&mut self, track: &Track) {
        let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
        let y = self.sheets.y + 7.0;
        let mut x = LEFT + 5.0;
        for ((shape, color), name) in &track.lanes {
            let (at, radius) = ((x, y), RADIUS);
            let (shape, fill, outline) = (*shape, *color, *color);
            self.sheets.draw(None, Ink::Mark { shape, at, radius, fill, outline });
            let line = Line::cut(&self.fonts, &format!("{name} "), FAINT, 200.0);
            let width = line.width;
            self.sheets.draw(Some(part), Ink::Words { x: x + 8.0, y: y + 2.8, line });
            x += width + 24.0;
        }
        let rest = "hollow: not shown to this reader; struck through: erased";
        let line = Line::cut(&self.fonts, rest, FAINT, RIGHT - x);
        self.sheets.draw(Some(part), Ink::Words { x, y: y + 2.8, line });
        self.sheets.y += 18.0;
    }

    fn head(&self, columns: &[&str; 3], offsets: &[f32; 4]) -> Set {
        let style = Style::new(Face::LabelStrong, 7.8);
        let cell = |place: usize| {
            let width = offsets[place + 1] - offsets[place] - 8.0;
            lines(&self.fonts, &[Span::new(columns[place], style)], width)
        };
        Set { cells: [cell(0), cell(1), cell(2)], height: 16.0 }
    }

    fn set(&self, row: &TrackRow, offsets: &[f32; 4]) -> Set {
        let fonts = &self.fonts;
        let cell = |place: usize, spans: &[Span]| {
            lines(fonts, spans, offsets[place + 1] - offsets[place] - 8.0)
        };
        let below = |text: &str| Span::new(format!("\n{text}"), FAINT);
        let when = cell(0, &[Span::new(&*row.when, WHEN), below(&row.place)]);
        let mut spans = vec![Span::new(&*row.what, WHAT)];
        spans.extend(row.lines.iter().map(|line| below(line)));
        let mut what = cell(1, &spans);
        let who = cell(2, &[Span::new(&*row.who, WHEN), below(&row.key)]);
        let height = |lines: &[Line]| lines.iter().map(|line| line.leading).sum::<f32>();
        // A row is never broken: what would not fit on a page is written out elsewhere.
        let most = BOTTOM - super::TOP - 60.0;
        while height(&what) > most {
            what.pop();
        }
        let cells = [when, what, who];
        let height = cells.iter().map(|cell| height(cell)).fold(0.0, f32::max) + 2.0 * ABOVE;
        Set { cells, height }
    }

    /// Draws the rows of one page: first the drawing, then the text as a table.
    fn page(
        &mut self,
        lanes: &[((Shape, Color), &'static str)],
        head: &Set,
        rows: Vec<(Set, TrackRow)>,
        ends: &mut Ends,
        goes_on: bool,
    ) {
        let top = self.sheets.y;
        let edges = [LEFT, top, RIGHT, top + head.height];
        self.sheets.draw(None, Ink::Area { edges, color: Color::SHADE });
        let offsets = offsets(lanes.len());
        let first = top + head.height;
        let bottom = first + rows.iter().map(|(set, _)| set.height).sum::<f32>();
        let figure = self.sheets.part(Sheets::ROOT, Role::Figure(description(lanes, &rows)));
        self.joins(figure, &rows, ends, first, goes_on.then_some(bottom));
        self.marks(figure, lanes, &rows, first);
        let summary = "Timeline: when, what and by whom".to_owned();
        let table = self.sheets.part(Sheets::ROOT, Role::Table(summary));
        let within = self.sheets.part(table, Role::Head);
        let roles = [Role::ColumnHead, Role::ColumnHead, Role::ColumnHead];
        self.row(within, roles, head.cells.clone(), (top, head.height), &offsets);
        let body = self.sheets.part(table, Role::Body);
        let mut y = first;
        for (set, _) in rows {
            let roles = [Role::RowHead, Role::Data, Role::Data];
            self.row(body, roles, set.cells, (y, set.height), &offsets);
            y += set.height;
        }
        self.sheets.y = y;
    }

    fn row(
        &mut self,
        within: PartId,
        roles: [Role; 3],
        cells: [Vec<Line>; 3],
        (top, height): (f32, f32),
        offsets: &[f32; 4],
    ) {
        let row = self.sheets.part(within, Role::Row);
        for (place, (role, cell)) in roles.into_iter().zip(cells).enumerate() {
            let part = self.sheets.part(row, role);
            self.sheets.y = top + ABOVE;
            for line in cell {
                self.sheets.put(Some(part), offsets[place], line);
            }
        }
        let y = top + height;
        let (from, to) = ((offsets[0], y), (RIGHT, y));
        self.sheets.draw(None, Ink::Stroke { from, to, width: 0.3, color: Color::RULE });
    }

    /// Lines from each mark to the next one of its chain, also from and to other pages.
    fn joins(
        &mut self,
        figure: PartId,
        rows: &[(Set, TrackRow)],
        ends: &mut Ends,
        top: f32,
        bottom: Option<f32>,
    ) {
        let mut from: Vec<(usize, (f32, f32))> =
            ends.iter().map(|(chain, lane)| (*chain, (middle(*lane), top))).collect();
        let stroke = |chain: usize, from, to| match chain {
            0 => Ink::Stroke { from, to, width: 1.1, color: Color::ACCENT },
            _ => Ink::Stroke { from, to, width: 0.6, color: Color::FAINT },
        };
        let mut y = top;
        for (set, row) in rows {
            let at = (middle(row.lane), y + MARK);
            match from.iter_mut().find(|(chain, _)| *chain == row.chain) {
                Some((chain, before)) => {
                    self.sheets.draw(Some(figure), stroke(*chain, *before, at));
                    *before = at;
                }
                None => from.push((row.chain, at)),
            }
            match ends.iter_mut().find(|(chain, _)| *chain == row.chain) {
                Some((_, lane)) => *lane = row.lane,
                None => ends.push((row.chain, row.lane)),
            }
            y += set.height;
        }
        // The chain that stands out goes on below; others may have ended.
        let main = from.iter().find(|(chain, _)| *chain == 0);
        if let (Some(bottom), Some((_, at))) = (bottom, main) {
            self.sheets.draw(Some(figure), stroke(0, *at, (at.0, bottom)));
        }
    }

    fn marks(
        &mut self,
        figure: PartId,
        lanes: &[((Shape, Color), &'static str)],
        rows: &[(Set, TrackRow)],
        top: f32,
    ) {
        let mut y = top;
        for (set, row) in rows {
            let (shape, color) = lanes.get(row.lane).map_or((Shape::Circle, Color::INK), |it| it.0);
            let (x, middle) = (middle(row.lane), y + MARK);
            let fill = if row.drawing == Drawing::Full { color } else { Color::PAPER };
            let mark = Ink::Mark { shape, at: (x, middle), radius: RADIUS, fill, outline: color };
            self.sheets.draw(Some(figure), mark);
            if row.drawing == Drawing::Crossed {
                let reach = RADIUS + 1.6;
                let (from, to) = ((x - reach, middle + reach), (x + reach, middle - reach));
                let stroke = Ink::Stroke { from, to, width: 1.0, color };
                self.sheets.draw(Some(figure), stroke);
            }
            y += set.height;
        }
    }
}

/// Left edges of the columns beside the lanes, and the right edge of the last.
fn offsets(lanes: usize) -> [f32; 4] {
    let first = LEFT + LANE * lanes.max(1) as f32 + 6.0;
    [first, first + 104.0, LEFT + WIDTH - 112.0, RIGHT + 8.0]
}

fn middle(lane: usize) -> f32 {
    LEFT + 7.0 + LANE * lane as f32
}

fn description(lanes: &[((Shape, Color), &'static str)], rows: &[(Set, TrackRow)]) -> String {
    let each = rows.iter().map(|(_, row)| {
        let lane = lanes.get(row.lane).map_or("", |(_, name)| *name);
        let what: String = row.what.chars().take(WHAT_LETTERS_MAX).collect();
        format!("{}, {}: {what} by {lane}", row.place, row.when)
    });
    let each: Vec<String> = each.collect();
    format!(
        "Line of time with {} events from top to bottom, in lanes by who signed: {}.",
        rows.len(),
        each.join("; ")
    )
}
