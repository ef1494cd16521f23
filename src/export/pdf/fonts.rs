//! Letters and their widths: DejaVu, built in, with one face standing in where another lacks a letter.

use krilla::text::Font;

use super::TypesetError;

/// What stands for a letter that no face has; the letter itself stays in the text for searching.
const STAND_IN: char = '\u{25a1}';

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// Running text.
    Text,
    /// Headings, and words that stand out.
    Strong,
    /// Tables.
    Label,
    /// Heads of tables.
    LabelStrong,
    /// Digests and numbers.
    Mono,
}

impl Face {
    const ALL: [Self; 5] = [Self::Text, Self::Strong, Self::Label, Self::LabelStrong, Self::Mono];

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Text => dejavu::serif_condensed::regular(),
            Self::Strong => dejavu::serif_condensed::bold(),
            Self::Label => dejavu::sans_condensed::regular(),
            Self::LabelStrong => dejavu::sans_condensed::bold(),
            Self::Mono => dejavu::sans_mono::regular(),
        }
    }

    /// Which faces are asked for a letter, in order.
    const fn stand_ins(self) -> [Self; 3] {
        match self {
            Self::Text | Self::Label => [self, Self::Label, Self::Mono],
            Self::Strong | Self::LabelStrong => [self, Self::LabelStrong, Self::Label],
            Self::Mono => [self, Self::Label, Self::Label],
        }
    }
}

/// A letter in a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Letter {
    /// The face that has it.
    pub face: Face,
    /// Its number there.
    pub glyph: u16,
    /// Its width, in parts of the size.
    pub advance: f32,
}

/// The faces, read.
pub struct Fonts {
    faces: Vec<(ttf_parser::Face<'static>, Font)>,
}

impl Fonts {
    /// Reads the faces.
    ///
    /// # Errors
    /// [`TypesetError::Font`].
    pub fn new() -> Result<Self, TypesetError> {
        let face = |face: Face| {
            let read = ttf_parser::Face::parse(face.bytes(), 0).ok();
            read.zip(Font::new(face.bytes().into(), 0)).ok_or(TypesetError::Font { face })
        };
        Ok(Self { faces: Face::ALL.into_iter().map(face).collect::<Result<_, _>>()? })
    }

    /// The face as the writer takes it.
    pub fn font(&self, face: Face) -> Font {
        self.faces[face as usize].1.clone()
    }

    /// How a letter is drawn.
    pub fn letter(&self, face: Face, letter: char) -> Letter {
        let find = |wanted: char| {
            face.stand_ins().into_iter().find_map(|face| {
                let (read, _) = &self.faces[face as usize];
                let glyph = read.glyph_index(wanted).filter(|glyph| glyph.0 != 0)?;
                let advance = f32::from(read.glyph_hor_advance(glyph).unwrap_or_default());
                let advance = advance / f32::from(read.units_per_em());
                Some(Letter { face, glyph: glyph.0, advance })
            })
        };
        // Every face has the stand-in; without it a letter takes no room.
        let nothing = Letter { face, glyph: 0, advance: 0.0 };
        find(letter).or_else(|| find(STAND_IN)).unwrap_or(nothing)
    }
}

/// A text in letters that can be seen: what would be invisible, or turn others around, is spelt out.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => shown.push('\n'),
            '\r' => {}
            '\t' | '\u{a0}' => shown.push(' '),
            hidden if is_hidden(hidden) => {
                shown.push_str(&format!("\u{2039}U+{:04X}\u{203a}", u32::from(hidden)));
            }
            other => shown.push(other),
        }
    }
    shown
}

/// Controls, marks of direction, letters of no width, and code points without a meaning of their own.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
                | '\u{f0000}'..='\u{10ffff}'
        )
        || (letter as u32) & 0xfffe == 0xfffe
}
