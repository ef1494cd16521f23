//! Text into lines: where they break, and in which order letters stand.

use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};

use super::fonts::{Face, Fonts, Letter, visible};

/// Most letters of which a line is cut.
const CUT_LETTERS_MAX: usize = 400;

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// Text.
    pub const INK: Self = Self(0x1a, 0x1a, 0x1a);
    /// What stands back.
    pub const FAINT: Self = Self(0x55, 0x55, 0x55);
    /// Rules.
    pub const RULE: Self = Self(0xb4, 0xb4, 0xb4);
    /// Behind heads of tables.
    pub const SHADE: Self = Self(0xf0, 0xf1, 0xf3);
    /// Headings and lines that lead the eye.
    pub const ACCENT: Self = Self(0x1d, 0x3a, 0x5f);
    /// Warnings.
    pub const ALERT: Self = Self(0x8c, 0x1c, 0x13);
    /// Paper.
    pub const PAPER: Self = Self(0xff, 0xff, 0xff);
}

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// The face.
    pub face: Face,
    /// Size in points.
    pub size: f32,
    /// Colour.
    pub color: Color,
}

impl Style {
    /// A style in the colour of text.
    pub const fn new(face: Face, size: f32) -> Self {
        Self { face, size, color: Color::INK }
    }

    /// The same in another colour.
    #[must_use]
    pub const fn in_color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// From one line to the next.
    pub fn leading(self) -> f32 {
        self.size * 1.38
    }
}

/// Text in one style.
#[derive(Clone, Debug)]
pub struct Span {
    /// The text.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

impl Span {
    /// Text in a style.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// A letter in its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The letter.
    pub letter: Letter,
    /// How it looks.
    pub style: Style,
    /// Where it is in the text of the line.
    pub range: Range<usize>,
}

impl Placed {
    /// Width in points.
    pub fn width(&self) -> f32 {
        self.letter.advance * self.style.size
    }
}

/// A line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its text, in the order in which it is read.
    pub text: String,
    /// Its letters, from left to right.
    pub letters: Vec<Placed>,
    /// Width without spaces at the end, in points.
    pub width: f32,
    /// From this line to the next.
    pub leading: f32,
}

impl Line {
    /// A line that is cut, with an ellipsis, if it is too long.
    pub fn cut(fonts: &Fonts, text: &str, style: Style, width: f32) -> Self {
        let start: String = text.chars().take(CUT_LETTERS_MAX).collect();
        let text = visible(&start).replace('\n', " ");
        let mut line = Self::of(fonts, &[Span::new(text.clone(), style)]);
        let mut kept = text.chars().count();
        while line.width > width && kept > 0 {
            // Each round takes the share that is too much, and at least one letter.
            let share = (width / line.width * kept as f32) as usize;
            kept = share.min(kept - 1);
            let start: String = text.chars().take(kept).collect();
            line = Self::of(fonts, &[Span::new(format!("{start}…"), style)]);
        }
        line
    }

    fn of(fonts: &Fonts, spans: &[Span]) -> Self {
        lines(fonts, spans, f32::INFINITY).into_iter().next().unwrap_or_default()
    }
}

/// Breaks text into lines of at most this width. There is always at least one line.
pub fn lines(fonts: &Fonts, spans: &[Span], width: f32) -> Vec<Line> {
    let mut broken = Vec::new();
    let mut line: Vec<(char, Placed)> = Vec::new();
    let mut reached = 0.0;
    let last = spans.last().map_or(Style::new(Face::Text, 9.0), |span| span.style);
    for span in spans {
        for letter in visible(&span.text).chars() {
            if letter == '\n' {
                broken.push(finished(&line, span.style));
                line.clear();
                reached = 0.0;
                continue;
            }
            let style = span.style;
            let found = fonts.letter(style.face, letter);
            let placed = Placed { letter: found, style, range: 0..0 };
            reached += placed.width();
            line.push((letter, placed));
            while letter != ' ' && line.len() > 1 && reached > width {
                let rest = line.split_off(break_at(&line));
                broken.push(finished(&line, style));
                line = rest;
                reached = length(&line);
            }
        }
    }
    if !line.is_empty() || broken.is_empty() {
        broken.push(finished(&line, last));
    }
    broken
}

fn length(line: &[(char, Placed)]) -> f32 {
    line.iter().map(|(_, placed)| placed.width()).sum()
}

/// Where a line that has become too long breaks: after a space, else after a mark within the second
/// half, else before its last letter.
fn break_at(line: &[(char, Placed)]) -> usize {
    let before = &line[..line.len() - 1];
    let after = |found: usize| found + 1;
    if let Some(space) = before.iter().rposition(|(letter, _)| *letter == ' ') {
        return after(space);
    }
    let mark = before.iter().rposition(|(letter, _)| matches!(letter, '-' | '/' | '_' | ':' | ','));
    mark.map(after).filter(|place| *place > line.len() / 2).unwrap_or(line.len() - 1).max(1)
}

fn finished(letters: &[(char, Placed)], style: Style) -> Line {
    let mut line = Line { leading: style.leading(), ..Line::default() };
    for (letter, placed) in letters {
        let start = line.text.len();
        line.text.push(*letter);
        line.leading = line.leading.max(placed.style.leading());
        line.letters.push(Placed { range: start..line.text.len(), ..placed.clone() });
    }
    let spaces = letters.iter().rev().take_while(|(letter, _)| *letter == ' ').count();
    line.width = length(&letters[..letters.len() - spaces]);
    if letters.iter().any(|(letter, _)| *letter >= '\u{590}') {
        line.letters = seen_from_left(&line.text, line.letters);
    }
    line
}

/// The order of the Unicode Bidirectional Algorithm (UAX #9), for a line within text from left to right.
fn seen_from_left(text: &str, letters: Vec<Placed>) -> Vec<Placed> {
    let bidi = BidiInfo::new(text, Some(Level::ltr()));
    if !bidi.has_rtl() {
        return letters;
    }
    let mut seen = Vec::with_capacity(letters.len());
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let within = letters.iter().filter(|placed| run.contains(&placed.range.start));
            match levels[run.start].is_rtl() {
                true => seen.extend(within.rev().cloned()),
                false => seen.extend(within.cloned()),
            }
        }
    }
    seen
}
