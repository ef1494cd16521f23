//! A document, block by block.

use attestry_proof::payload::fields::Timestamp;

use super::{
    LEFT, RIGHT, TypesetError, WIDTH,
    fonts::{Face, Fonts},
    lines::{Color, Line, Span, Style, lines},
    sheets::{Bookmark, Ink, PartId, Role, Sheets},
};

/// What stands on every page, and in the properties of the file.
#[derive(Clone, Debug)]
pub struct Imprint {
    /// Title of the file.
    pub title: String,
    /// At the top of every page.
    pub heading: String,
    /// At the top of every page, on the right; a warning.
    pub warning: Option<String>,
    /// At the bottom of every page: of which log and position it is.
    pub position: [String; 2],
    /// The time that it is of.
    pub as_of: Timestamp,
    /// A name that no other document has.
    pub id: String,
}

/// A document that is being laid out.
pub struct Document {
    pub(super) fonts: Fonts,
    pub(super) sheets: Sheets,
    pub(super) imprint: Imprint,
}

const BODY: Style = Style::new(Face::Text, 9.2);
const STRONG: Style = Style::new(Face::Strong, 9.2);
const NOTE: Style = Style::new(Face::Text, 8.2).in_color(Color::FAINT);
/// Room between a frame and what is in it.
const FRAME: f32 = 9.0;

impl Document {
    /// An empty document.
    ///
    /// # Errors
    /// [`TypesetError::Font`].
    pub fn new(imprint: Imprint) -> Result<Self, TypesetError> {
        Ok(Self { fonts: Fonts::new()?, sheets: Sheets::new(), imprint })
    }

    /// The title, and a line above it that says what kind of document it is.
    pub fn title(&mut self, above: &str, title: &str, below: &str) {
        let label = Style::new(Face::LabelStrong, 8.0).in_color(Color::ACCENT);
        let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
        self.flow(part, LEFT, WIDTH, &[Span::new(above, label)]);
        self.sheets.y += 3.0;
        self.heading_in(1, title, Style::new(Face::Strong, 21.0).in_color(Color::ACCENT));
        let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
        let style = Style::new(Face::Text, 11.0).in_color(Color::FAINT);
        self.flow(part, LEFT, WIDTH, &[Span::new(below, style)]);
        self.sheets.y += 6.0;
        self.rule(Color::ACCENT, 1.2);
        self.sheets.y += 10.0;
    }

    /// A heading of a section.
    pub fn section(&mut self, title: &str) {
        // A heading at the foot of a page would stand alone.
        self.sheets.make_room(96.0);
        self.sheets.skip(15.0);
        self.heading_in(2, title, Style::new(Face::Strong, 13.0).in_color(Color::ACCENT));
        self.rule(Color::RULE, 0.5);
        self.sheets.y += 6.0;
    }

    /// A heading within a section.
    pub fn subsection(&mut self, title: &str) {
        self.sheets.make_room(70.0);
        self.sheets.skip(7.0);
        self.heading_in(3, title, Style::new(Face::Strong, 10.4));
        self.sheets.y += 3.0;
    }

    fn heading_in(&mut self, level: u16, title: &str, style: Style) {
        let part = self.sheets.part(Sheets::ROOT, Role::Heading(level, title.to_owned()));
        let (sheet, y) = (self.sheets.sheets.len() - 1, self.sheets.y);
        self.sheets.bookmarks.push(Bookmark { level, title: title.to_owned(), sheet, y });
        self.flow(part, LEFT, WIDTH, &[Span::new(title, style)]);
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.spans(&marked(text, BODY, STRONG));
    }

    /// A paragraph that stands back.
    pub fn note(&mut self, text: &str) {
        self.spans(&marked(text, NOTE, Style { face: Face::Strong, ..NOTE }));
    }

    /// A paragraph in styles of its own.
    pub fn spans(&mut self, spans: &[Span]) {
        let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
        self.flow(part, LEFT, WIDTH, spans);
        self.sheets.y += 5.0;
    }

    /// A numbered list.
    pub fn steps(&mut self, steps: &[&str]) {
        let list = self.sheets.part(Sheets::ROOT, Role::List);
        for (number, step) in (1..).zip(steps) {
            let item = self.sheets.part(list, Role::Item);
            let label = self.sheets.part(item, Role::ItemLabel);
            let body = self.sheets.part(item, Role::ItemBody);
            let lines = lines(&self.fonts, &marked(step, BODY, STRONG), WIDTH - 20.0);
            self.sheets.make_room(BODY.leading() * lines.len().min(3) as f32);
            let before = self.sheets.y;
            let text = [Span::new(format!("{number}. "), STRONG)];
            self.flow(label, LEFT + 2.0, WIDTH, &text);
            self.sheets.y = before;
            self.put_all(body, LEFT + 20.0, lines);
            self.sheets.y += 3.0;
        }
        self.sheets.y += 3.0;
    }

    /// Paragraphs in a frame. They stay on one page.
    pub fn framed(&mut self, color: Color, paragraphs: &[&str]) {
        let width = WIDTH - 2.0 * FRAME;
        let set: Vec<Vec<Line>> = paragraphs
            .iter()
            .map(|text| lines(&self.fonts, &marked(text, BODY, STRONG), width))
            .collect();
        let height: f32 = set.iter().flatten().map(|line| line.leading).sum::<f32>()
            + 4.0 * set.len().saturating_sub(1) as f32
            + 2.0 * FRAME;
        self.sheets.make_room(height);
        let top = self.sheets.y;
        let bottom = top + height;
        let area = Ink::Area { edges: [LEFT, top, RIGHT, bottom], color: Color::SHADE };
        self.sheets.draw(None, area);
        let bar = Ink::Area { edges: [LEFT, top, LEFT + 2.5, bottom], color };
        self.sheets.draw(None, bar);
        self.sheets.y += FRAME;
        for (place, lines) in set.into_iter().enumerate() {
            if place > 0 {
                self.sheets.y += 4.0;
            }
            let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
            self.put_all(part, LEFT + FRAME + 2.0, lines);
        }
        self.sheets.y = bottom + 9.0;
    }

    /// A line to be filled in by hand, and what goes there.
    pub fn blank(&mut self, label: &str) {
        self.sheets.make_room(30.0);
        let style = Style::new(Face::Label, 8.6);
        let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
        self.sheets.y += 13.0;
        let y = self.sheets.y + style.leading() * 0.76 + 1.5;
        let line = Line::cut(&self.fonts, &format!("{label}: "), style, 170.0);
        let from = LEFT + line.width.max(110.0) + 8.0;
        self.sheets.put(Some(part), LEFT, line);
        let (from, to) = ((from, y), (RIGHT, y));
        self.sheets.draw(None, Ink::Stroke { from, to, width: 0.6, color: Color::FAINT });
        self.sheets.y += 2.0;
    }

    /// A box to be ticked by hand, and what it says.
    pub fn choice(&mut self, text: &str) {
        let part = self.sheets.part(Sheets::ROOT, Role::Paragraph);
        let lines = lines(&self.fonts, &marked(text, BODY, STRONG), WIDTH - 20.0);
        let style = Style::new(Face::Label, 11.0);
        self.sheets.make_room(style.leading().max(BODY.leading() * lines.len() as f32) + 2.0);
        let before = self.sheets.y;
        self.flow(part, LEFT + 2.0, 20.0, &[Span::new("\u{2610} ", style)]);
        self.sheets.y = before + 2.0;
        self.put_all(part, LEFT + 20.0, lines);
        self.sheets.y += 4.0;
    }

    /// Leaves some room free.
    pub fn skip(&mut self, height: f32) {
        self.sheets.skip(height);
    }

    /// Begins a page unless there is so much room.
    pub fn keep_together(&mut self, height: f32) {
        self.sheets.make_room(height);
    }

    /// Begins a page.
    pub fn new_page(&mut self) {
        self.sheets.turn();
    }

    pub(super) fn flow(&mut self, part: PartId, x: f32, width: f32, spans: &[Span]) {
        let lines = lines(&self.fonts, spans, width);
        self.put_all(part, x, lines);
    }

    fn put_all(&mut self, part: PartId, x: f32, lines: Vec<Line>) {
        for line in lines {
            self.sheets.make_room(line.leading);
            self.sheets.put(Some(part), x, line);
        }
    }

    fn rule(&mut self, color: Color, width: f32) {
        let y = self.sheets.y + 1.0;
        let (from, to) = ((LEFT, y), (RIGHT, y));
        self.sheets.draw(None, Ink::Stroke { from, to, width, color });
        self.sheets.y += 2.0;
    }
}

/// Text whose words between asterisks stand out.
fn marked(text: &str, plain: Style, strong: Style) -> Vec<Span> {
    let spans = text.split('*').enumerate();
    let spans = spans.filter(|(_, text)| !text.is_empty());
    spans.map(|(place, text)| Span::new(text, [plain, strong][place % 2])).collect()
}
