//! Pages into a file.

use krilla::{
    Document as Writer, SerializeSettings,
    color::rgb,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    destination::XyzDestination,
    error::KrillaError,
    geom::{Path, PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
    tagging::{
        Artifact, ArtifactType, BBox, ContentTag, Identifier, ListNumbering, Node, SpanTag,
        TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
    },
    text::{GlyphId, KrillaGlyph},
};

use super::{
    BOTTOM, LEFT, PAGE_HEIGHT, PAGE_WIDTH, RIGHT, TOP, WIDTH,
    blocks::Document,
    fonts::{Face, Fonts},
    lines::{Color, Line, Placed, Style},
    sheets::{Bookmark, Child, Group, Ink, PartId, Role, Shape, Sheets},
};

/// Why a document was not written.
#[derive(Debug, thiserror::Error)]
pub enum TypesetError {
    /// A face that is built in could not be read.
    #[error("the built-in face {face:?} cannot be read")]
    Font {
        /// The face.
        face: Face,
    },
    /// The rules of PDF/UA-1 and PDF/A-2a cannot be kept together.
    #[error("no version of PDF is accessible and for archives")]
    Configuration,
    /// What was laid out is no document that keeps to these rules.
    #[error("the document does not keep to PDF/UA-1 and PDF/A-2a: {fault}")]
    Refused {
        /// What the writer found.
        fault: KrillaError,
    },
}

impl Document {
    /// Writes the file.
    ///
    /// # Errors
    /// See [`TypesetError`].
    pub fn finish(mut self) -> Result<Vec<u8>, TypesetError> {
        self.add_margins();
        let configuration = ConfigurationBuilder::new()
            .with_accessibility_validator(Accessibility::UA1)
            .with_archival_validator(Archival::A2_A)
            .finish()
            .map_err(|_| TypesetError::Configuration)?;
        let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
        let mut writer = Writer::new_with(settings);
        let mut drawn = Vec::with_capacity(self.sheets.sheets.len());
        for groups in &self.sheets.sheets {
            let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).unwrap_or_default();
            let mut page = writer.start_page_with(settings);
            let mut surface = page.surface();
            drawn.push(draw_groups(&mut surface, &self.fonts, groups));
            surface.finish();
            page.finish();
        }
        writer.set_tag_tree(tree(&self.sheets, &drawn));
        writer.set_outline(outline(&self.sheets.bookmarks));
        writer.set_metadata(self.metadata());
        writer.finish().map_err(|fault| TypesetError::Refused { fault })
    }

    /// What stands at the top and bottom of every page.
    fn add_margins(&mut self) {
        let label = Style::new(Face::Label, 7.2).in_color(Color::FAINT);
        let alert = Style::new(Face::LabelStrong, 7.2).in_color(Color::ALERT);
        let mono = Style::new(Face::Mono, 6.3).in_color(Color::FAINT);
        let count = self.sheets.sheets.len();
        let imprint = &self.imprint;
        for (place, groups) in self.sheets.sheets.iter_mut().enumerate() {
            let mut inks = Vec::new();
            let mut words = |text: &str, style, right: bool, y| {
                let line = Line::cut(&self.fonts, text, style, WIDTH - 80.0);
                let x = if right { RIGHT - line.width } else { LEFT };
                inks.push(Ink::Words { x, y, line });
            };
            words(&imprint.heading, label, false, TOP - 27.0);
            if let Some(warning) = &imprint.warning {
                words(warning, alert, true, TOP - 27.0);
            }
            let [log, root] = &imprint.position;
            words(log, label, false, BOTTOM + 24.0);
            words(root, mono, false, BOTTOM + 34.0);
            words(&format!("page {} of {count}", place + 1), label, true, BOTTOM + 24.0);
            for y in [TOP - 20.0, BOTTOM + 13.0] {
                let (from, to) = ((LEFT, y), (RIGHT, y));
                inks.push(Ink::Stroke { from, to, width: 0.5, color: Color::RULE });
            }
            groups.push(Group { part: None, inks });
        }
    }

    fn metadata(&self) -> Metadata {
        let seconds = self.imprint.as_of.unix_seconds();
        let as_of = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        Metadata::new()
            .title(self.imprint.title.clone())
            .language("en".into())
            .producer("attestry".into())
            .creator("attestry".into())
            .document_id(self.imprint.id.clone())
            .creation_date(date_time(as_of))
    }
}

fn date_time(time: chrono::DateTime<chrono::Utc>) -> DateTime {
    use chrono::{Datelike as _, Timelike as _};
    // Fields of a date fit: years are from 0 to 9999.
    let small = |field: u32| u8::try_from(field).unwrap_or_default();
    DateTime::new(u16::try_from(time.year()).unwrap_or_default())
        .month(small(time.month()))
        .day(small(time.day()))
        .hour(small(time.hour()))
        .minute(small(time.minute()))
        .second(small(time.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn draw_groups(surface: &mut Surface<'_>, fonts: &Fonts, groups: &[Group]) -> Vec<Identifier> {
    let mut drawn = Vec::with_capacity(groups.len());
    for group in groups {
        let tag = match group.part {
            Some(_) => ContentTag::Span(SpanTag::empty()),
            None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        };
        drawn.push(surface.start_tagged(tag));
        for ink in &group.inks {
            draw(surface, fonts, ink);
        }
        surface.end_tagged();
    }
    drawn
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, ink: &Ink) {
    match ink {
        Ink::Words { x, y, line } => draw_words(surface, fonts, (*x, *y), line),
        Ink::Stroke { from, to, width, color } => {
            let mut path = PathBuilder::new();
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            paint(surface, path.finish(), None, Some((*color, *width)));
        }
        Ink::Mark { shape, at, radius, fill, outline } => {
            paint(surface, outline_of(*shape, *at, *radius), Some(*fill), Some((*outline, 1.0)));
        }
        Ink::Area { edges: [left, top, right, bottom], color } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_ltrb(*left, *top, *right, *bottom) {
                path.push_rect(rect);
            }
            paint(surface, path.finish(), Some(*color), None);
        }
    }
}

fn paint(
    surface: &mut Surface<'_>,
    path: Option<Path>,
    fill: Option<Color>,
    stroke: Option<(Color, f32)>,
) {
    let Some(path) = path else { return };
    surface.set_fill(fill.map(|color| Fill { paint: rgb(color).into(), ..Fill::default() }));
    surface.set_stroke(stroke.map(|(color, width)| Stroke {
        paint: rgb(color).into(),
        width,
        ..Stroke::default()
    }));
    surface.draw_path(&path);
    surface.set_stroke(None);
}

fn rgb(Color(red, green, blue): Color) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

fn outline_of(shape: Shape, (x, y): (f32, f32), radius: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    let corners: &[(f32, f32)] = match shape {
        Shape::Circle => {
            // A circle of four curves; the number is 4/3 (√2 − 1).
            let bend = radius * 0.552_284_8;
            path.move_to(x + radius, y);
            path.cubic_to(x + radius, y + bend, x + bend, y + radius, x, y + radius);
            path.cubic_to(x - bend, y + radius, x - radius, y + bend, x - radius, y);
            path.cubic_to(x - radius, y - bend, x - bend, y - radius, x, y - radius);
            path.cubic_to(x + bend, y - radius, x + radius, y - bend, x + radius, y);
            path.close();
            return path.finish();
        }
        Shape::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Shape::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        Shape::Triangle => &[(0.0, -1.15), (1.15, 0.9), (-1.15, 0.9)],
    };
    for (place, (across, down)) in corners.iter().enumerate() {
        let (x, y) = (x + across * radius, y + down * radius);
        match place {
            0 => path.move_to(x, y),
            _ => path.line_to(x, y),
        }
    }
    path.close();
    path.finish()
}

fn draw_words(surface: &mut Surface<'_>, fonts: &Fonts, (mut x, y): (f32, f32), line: &Line) {
    let alike = |a: &Placed, b: &Placed| a.letter.face == b.letter.face && a.style == b.style;
    for run in line.letters.chunk_by(alike) {
        let (face, style) = (run[0].letter.face, run[0].style);
        let glyphs: Vec<KrillaGlyph> = run.iter().map(glyph).collect();
        surface.set_fill(Some(Fill { paint: rgb(style.color).into(), ..Fill::default() }));
        let (start, font) = (Point::from_xy(x, y), fonts.font(face));
        surface.draw_glyphs(start, &glyphs, font, &line.text, style.size, false);
        x += run.iter().map(Placed::width).sum::<f32>();
    }
}

fn glyph(placed: &Placed) -> KrillaGlyph {
    KrillaGlyph {
        glyph_id: GlyphId::new(u32::from(placed.letter.glyph)),
        text_range: placed.range.clone(),
        x_advance: placed.letter.advance,
        x_offset: 0.0,
        y_offset: 0.0,
        y_advance: 0.0,
        location: None,
    }
}

fn tree(sheets: &Sheets, drawn: &[Vec<Identifier>]) -> TagTree {
    let children = nodes(sheets, Sheets::ROOT, drawn);
    TagTree { children, lang: Some("en".into()) }
}

fn nodes(sheets: &Sheets, part: PartId, drawn: &[Vec<Identifier>]) -> Vec<Node> {
    let children = sheets.parts[part.0].children.iter();
    let node = |child: &Child| match *child {
        Child::Group { sheet, group } => Node::Leaf(drawn[sheet][group]),
        Child::Part(id) => {
            let children = nodes(sheets, id, drawn);
            Node::Group(TagGroup::with_children(tag(sheets, id), children))
        }
    };
    children.map(node).collect()
}

fn tag(sheets: &Sheets, id: PartId) -> TagKind {
    let part = &sheets.parts[id.0];
    match &part.role {
        Role::Root | Role::Paragraph => Tag::P.into(),
        Role::Heading(level, title) => {
            let level = std::num::NonZeroU16::new(*level).unwrap_or(std::num::NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Role::List => Tag::L(ListNumbering::Decimal).into(),
        Role::Item => Tag::LI.into(),
        Role::ItemLabel => Tag::Lbl.into(),
        Role::ItemBody => Tag::LBody.into(),
        Role::Table(summary) => Tag::Table.with_summary(Some(summary.clone())).into(),
        Role::Head => Tag::THead.into(),
        Role::Body => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Role::Data => Tag::TD.into(),
        Role::Figure(shows) => {
            let bounds = bounds(sheets, &part.children);
            Tag::Figure(Some(shows.clone())).with_bbox(bounds).into()
        }
    }
}

/// The rectangle around what is drawn on one page.
fn bounds(sheets: &Sheets, children: &[Child]) -> Option<BBox> {
    let [Child::Group { sheet, group }] = *children else { return None };
    let mut around = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    let mut add = |x: f32, y: f32| {
        around = [around[0].min(x), around[1].min(y), around[2].max(x), around[3].max(y)];
    };
    for ink in &sheets.sheets[sheet][group].inks {
        match ink {
            Ink::Words { x, y, line } => {
                add(*x, y - line.leading);
                add(x + line.width, *y);
            }
            Ink::Stroke { from, to, .. } => {
                add(from.0, from.1);
                add(to.0, to.1);
            }
            Ink::Mark { at: (x, y), radius, .. } => {
                add(x - radius, y - radius);
                add(x + radius, y + radius);
            }
            Ink::Area { edges: [left, top, right, bottom], .. } => {
                add(*left, *top);
                add(*right, *bottom);
            }
        }
    }
    let [left, top, right, bottom] = around;
    Some(BBox::new(sheet, Rect::from_ltrb(left, top, right, bottom)?))
}

fn outline(bookmarks: &[Bookmark]) -> Outline {
    let mut outline = Outline::new();
    // The title is the document itself; sections come first, with what is in them below.
    let mut open: Option<OutlineNode> = None;
    for bookmark in bookmarks {
        let at = XyzDestination::new(bookmark.sheet, Point::from_xy(LEFT, bookmark.y));
        let node = OutlineNode::new(bookmark.title.clone(), at);
        match (&mut open, bookmark.level) {
            (Some(section), 3..) => section.push_child(node),
            _ => {
                if let Some(section) = open.replace(node) {
                    outline.push_child(section);
                }
            }
        }
    }
    if let Some(section) = open {
        outline.push_child(section);
    }
    outline
}
