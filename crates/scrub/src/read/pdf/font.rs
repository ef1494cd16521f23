//! Fonts: the text and the width of what a string shows (ISO 32000-2 §9.6, §9.7).

use std::collections::HashMap;
use std::sync::OnceLock;

use lopdf::{Dictionary, Document, Encoding, Object};

use super::cmap::CMap;
use super::document::{dictionary, get, name_of, number_of, unpacked};
use super::metrics;

/// Text of a glyph whose font does not say what it is.
pub(crate) const UNKNOWN: &str = "\u{fffd}";

/// Bytes of a CMap or font program that are read.
const PROGRAM_BYTES_MAX: u64 = 16 << 20;

/// Most entries of a table of widths.
const WIDTHS_MAX: usize = 70_000;

/// Codes whose first byte is the same: text and width, told when they are first asked for.
type Row = [OnceLock<(Box<str>, f64)>; 256];

/// Rows of codes of two bytes, and one for those of one byte.
const ROWS: usize = 257;

/// How a string is cut into codes.
#[derive(Debug)]
enum Codes {
    One,
    Two,
    Map(CMap),
    /// UTF-16, whose codes are their text.
    Utf16,
    /// An older encoding of East Asia, whose codes are their text.
    Legacy(&'static encoding_rs::Encoding),
}

/// A font as far as it matters for text and its place.
#[derive(Debug)]
pub(crate) struct Font {
    pub(crate) name: String,
    codes: Codes,
    texts: HashMap<u32, String>,
    to_unicode: Option<CMap>,
    widths: HashMap<u32, f64>,
    usual_width: f64,
    pub(crate) is_vertical: bool,
    is_composite: bool,
    /// Size of the font's own unit, in thousandths: other than 1 only where glyphs are drawn.
    unit: f64,
    known: Box<[OnceLock<Box<Row>>]>,
}

/// One code of a shown string.
pub(crate) struct Code<'f> {
    pub(crate) length: usize,
    pub(crate) text: std::borrow::Cow<'f, str>,
    /// In units of the size.
    pub(crate) width: f64,
    /// Whether word spacing applies.
    pub(crate) is_space: bool,
}

impl Font {
    /// Reads a font; what it does not say is unknown.
    pub(crate) fn read(doc: &Document, dict: &Dictionary) -> Self {
        let subtype = name_of(doc, dict, b"Subtype");
        let name = name_of(doc, dict, b"BaseFont").or_else(|| name_of(doc, dict, b"Name"));
        let to_unicode = get(doc, dict, b"ToUnicode")
            .and_then(|object| object.as_stream().ok())
            .and_then(|stream| unpacked(stream, PROGRAM_BYTES_MAX).ok())
            .map(|content| CMap::read(&content));
        let mut font = Self {
            name: String::from_utf8_lossy(name.unwrap_or(b"?")).into_owned(),
            codes: Codes::One,
            texts: HashMap::new(),
            to_unicode,
            widths: HashMap::new(),
            usual_width: 0.0,
            is_vertical: false,
            is_composite: subtype == Some(b"Type0"),
            unit: 0.001,
            known: (0..ROWS).map(|_| OnceLock::new()).collect(),
        };
        if font.is_composite {
            font.read_composite(doc, dict);
        } else {
            font.read_simple(doc, dict, subtype == Some(b"Type3"));
        }
        font
    }

    /// The codes of a shown string, one after the other.
    pub(crate) fn code<'f>(&'f self, bytes: &[u8]) -> Option<Code<'f>> {
        let first = *bytes.first()?;
        let usual = if self.is_composite { 2 } else { 1 };
        let length = match &self.codes {
            Codes::One => 1,
            Codes::Two => 2,
            Codes::Map(map) => map.length_of(bytes, usual),
            Codes::Utf16 if matches!(first, 0xd8..=0xdb) => 4,
            Codes::Utf16 => 2,
            Codes::Legacy(_) if first < 0x81 => 1,
            Codes::Legacy(encoding) => {
                let is_half = *encoding == encoding_rs::SHIFT_JIS && matches!(first, 0xa0..=0xdf);
                if is_half { 1 } else { 2 }
            }
        }
        .min(bytes.len());
        let bytes = &bytes[..length];
        let (row, last) = match *bytes {
            [one] => (ROWS - 1, one),
            [first, last] => (usize::from(first), last),
            _ => {
                let (text, width) = self.told(bytes);
                return Some(Code { length, text, width, is_space: false });
            }
        };
        let row = self.known[row].get_or_init(|| Box::new([const { OnceLock::new() }; 256]));
        let (text, width) = row[usize::from(last)].get_or_init(|| {
            let (text, width) = self.told(bytes);
            (text.into(), width)
        });
        let is_space = length == 1 && last == b' ';
        Some(Code { length, text: (&**text).into(), width: *width, is_space })
    }

    /// Text and width of a code.
    fn told<'f>(&'f self, bytes: &[u8]) -> (std::borrow::Cow<'f, str>, f64) {
        let code = bytes.iter().fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
        let glyph = match &self.codes {
            Codes::Map(map) => map.glyph(bytes.len(), code).unwrap_or(code),
            _ => code,
        };
        let width = self.widths.get(&glyph).copied().unwrap_or(self.usual_width) * self.unit;
        (self.text(bytes, code, glyph), width)
    }

    fn text<'f>(&'f self, bytes: &[u8], code: u32, glyph: u32) -> std::borrow::Cow<'f, str> {
        if let Some(text) = self.to_unicode.as_ref().and_then(|map| map.text(bytes.len(), code)) {
            return text.into();
        }
        if let Some(text) = self.texts.get(&glyph) {
            return text.as_str().into();
        }
        let decoded = match &self.codes {
            Codes::Utf16 => Some(encoding_rs::UTF_16BE.decode_without_bom_handling(bytes)),
            Codes::Legacy(encoding) => Some(encoding.decode_without_bom_handling(bytes)),
            _ => None,
        };
        match decoded {
            Some((text, false)) => text.into_owned().into(),
            _ => UNKNOWN.into(),
        }
    }

    // --- one byte a code ------------------------------------------------------------------------

    fn read_simple(&mut self, doc: &Document, dict: &Dictionary, is_drawn: bool) {
        self.texts = simple_texts(doc, dict, &self.name);
        if is_drawn
            && let Some(matrix) = super::document::numbers(doc, dict, b"FontMatrix")
            && let Some(unit) = matrix.first()
        {
            self.unit = unit.abs();
        }
        let descriptor = get(doc, dict, b"FontDescriptor").and_then(dictionary);
        let missing = descriptor.and_then(|d| number_of(doc, d, b"MissingWidth"));
        let first = number_of(doc, dict, b"FirstChar").unwrap_or(0.0).clamp(0.0, 255.0);
        let widths = super::document::numbers(doc, dict, b"Widths");
        self.usual_width = missing.unwrap_or(0.0);
        match widths {
            Some(widths) => {
                let codes = super::whole(first)..256;
                self.widths = codes.zip(widths).collect();
            }
            None => {
                let letters = self.texts.iter().map(|(code, text)| {
                    let letter = text.chars().next().unwrap_or(' ');
                    (*code, metrics::width(&self.name, letter))
                });
                self.widths = letters.collect();
                self.usual_width = metrics::width(&self.name, 'n');
            }
        }
    }

    // --- several bytes a code -------------------------------------------------------------------

    fn read_composite(&mut self, doc: &Document, dict: &Dictionary) {
        match get(doc, dict, b"Encoding") {
            Some(Object::Name(name)) => {
                self.is_vertical = name.ends_with(b"-V");
                self.codes = predefined(name);
            }
            Some(Object::Stream(stream)) => {
                let content = unpacked(stream, PROGRAM_BYTES_MAX).unwrap_or_default();
                let map = CMap::read(&content);
                self.is_vertical = map.is_vertical;
                self.codes = Codes::Map(map);
            }
            _ => self.codes = Codes::Two,
        }
        let descendants = get(doc, dict, b"DescendantFonts");
        let first = descendants.and_then(|object| object.as_array().ok()).and_then(|a| a.first());
        let Some(inner) = first
            .and_then(|object| doc.dereference(object).ok())
            .and_then(|(_, object)| dictionary(object))
        else {
            return;
        };
        self.usual_width = number_of(doc, inner, b"DW").unwrap_or(1000.0);
        if let Some(Object::Array(widths)) = get(doc, inner, b"W") {
            self.glyph_widths(doc, widths);
        }
        if self.to_unicode.is_none() {
            let glyphs = embedded(doc, inner).unwrap_or_default();
            let by_cid = cid_to_glyph(doc, inner);
            self.texts = match by_cid {
                None => glyphs,
                Some(map) => (0_u32..)
                    .zip(map)
                    .filter_map(|(cid, glyph)| Some((cid, glyphs.get(&glyph)?.clone())))
                    .collect(),
            };
        }
    }

    /// `c [w1 w2 ...]` and `c_first c_last w` (ISO 32000-2 §9.7.4.3).
    fn glyph_widths(&mut self, doc: &Document, entries: &[Object]) {
        let resolved = |at: usize| {
            entries.get(at).and_then(|object| doc.dereference(object).ok()).map(|(_, o)| o)
        };
        let mut at = 0;
        while let Some(first) = resolved(at).and_then(|object| object.as_float().ok()) {
            let first = super::whole(f64::from(first));
            match resolved(at + 1) {
                Some(Object::Array(widths)) => {
                    for (glyph, width) in (first..).zip(widths).take(WIDTHS_MAX) {
                        let width = width.as_float().map_or(0.0, f64::from);
                        self.widths.insert(glyph, width);
                    }
                    at += 2;
                }
                Some(last) => {
                    let last = last.as_float().map_or(0, |last| super::whole(f64::from(last)));
                    let width = resolved(at + 2).and_then(|object| object.as_float().ok());
                    for glyph in (first..=last).take(WIDTHS_MAX) {
                        self.widths.insert(glyph, f64::from(width.unwrap_or(0.0)));
                    }
                    at += 3;
                }
                None => return,
            }
            if self.widths.len() > WIDTHS_MAX {
                return;
            }
        }
    }
}

/// How the CMaps that every reader has cut strings into codes (ISO 32000-2 §9.7.5.2).
fn predefined(name: &[u8]) -> Codes {
    let starts = |begin: &[u8]| name.starts_with(begin);
    let holds = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
    match name {
        _ if holds(b"UCS2") || holds(b"UTF16") => Codes::Utf16,
        _ if starts(b"GB") => Codes::Legacy(encoding_rs::GBK),
        _ if holds(b"B5") || starts(b"ETen") || starts(b"HKscs") => {
            Codes::Legacy(encoding_rs::BIG5)
        }
        _ if holds(b"RKSJ") => Codes::Legacy(encoding_rs::SHIFT_JIS),
        _ if starts(b"EUC-") => Codes::Legacy(encoding_rs::EUC_JP),
        _ if starts(b"KSC") => Codes::Legacy(encoding_rs::EUC_KR),
        _ => Codes::Two,
    }
}

/// The glyphs of an embedded font and their text, told by its own tables.
fn embedded(doc: &Document, font: &Dictionary) -> Option<HashMap<u32, String>> {
    let descriptor = get(doc, font, b"FontDescriptor").and_then(dictionary)?;
    let program = [b"FontFile2".as_slice(), b"FontFile3"]
        .into_iter()
        .find_map(|key| get(doc, descriptor, key)?.as_stream().ok())?;
    let bytes = unpacked(program, PROGRAM_BYTES_MAX).ok()?;
    let face = ttf_parser::Face::parse(&bytes, 0).ok()?;
    let mut texts = HashMap::new();
    for table in face.tables().cmap.iter().flat_map(|cmap| cmap.subtables) {
        if !table.is_unicode() {
            continue;
        }
        table.codepoints(|code| {
            let glyph = table.glyph_index(code).filter(|glyph| glyph.0 != 0);
            if let (Some(glyph), Some(letter)) = (glyph, char::from_u32(code))
                && texts.len() < WIDTHS_MAX
            {
                texts.entry(u32::from(glyph.0)).or_insert_with(|| letter.to_string());
            }
        });
    }
    Some(texts)
}

/// Glyphs by character id, where the font has a table of them.
fn cid_to_glyph(doc: &Document, font: &Dictionary) -> Option<Vec<u32>> {
    let stream = get(doc, font, b"CIDToGIDMap")?.as_stream().ok()?;
    let bytes = unpacked(stream, 1 << 18).ok()?;
    Some(bytes.chunks_exact(2).map(|p| u32::from(u16::from_be_bytes([p[0], p[1]]))).collect())
}

/// Texts of the codes of a font with one byte a code (ISO 32000-2 §9.6.5).
fn simple_texts(doc: &Document, dict: &Dictionary, name: &str) -> HashMap<u32, String> {
    let encoding = get(doc, dict, b"Encoding");
    let base = match encoding {
        Some(Object::Name(base)) => Some(base.as_slice()),
        Some(Object::Dictionary(dict)) => name_of(doc, dict, b"BaseEncoding"),
        _ => None,
    };
    let mut texts: HashMap<u32, String> = match base {
        None if name.contains("Symbol") => symbol().collect(),
        None if name.contains("Dingbats") || name.contains("Wingdings") => {
            (32..256).map(|code| (code, "•".to_owned())).collect()
        }
        None if get(doc, dict, b"Subtype").and_then(|o| o.as_name().ok()) == Some(b"TrueType") => {
            of_base(b"WinAnsiEncoding")
        }
        base => of_base(base.unwrap_or(b"StandardEncoding")),
    };
    let Some(Object::Dictionary(encoding)) = encoding else { return texts };
    let Some(Object::Array(differences)) = get(doc, encoding, b"Differences") else {
        return texts;
    };
    let mut code = 0_u32;
    for entry in differences.iter().take(1024) {
        match entry {
            Object::Integer(first) => code = u32::try_from(*first).unwrap_or(0),
            Object::Name(glyph) => {
                match glyph_text(glyph) {
                    Some(text) => texts.insert(code, text),
                    None => texts.remove(&code),
                };
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    texts
}

/// Codes and letters of the Symbol font: Greek, and ASCII where it has the same signs.
fn symbol() -> impl Iterator<Item = (u32, String)> {
    let greek = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
    let small = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";
    let other = (0x20..=0xff_u32).map(|code| {
        let letter = char::from_u32(code).filter(char::is_ascii).unwrap_or('•');
        (code, letter.to_string())
    });
    let letters = (0x41..).zip(greek.chars()).chain((0x61..).zip(small.chars()));
    other.chain(letters.map(|(code, letter)| (code, letter.to_string())))
}

fn of_base(name: &[u8]) -> HashMap<u32, String> {
    let mut font = Dictionary::new();
    font.set("Type", "Font");
    font.set("Encoding", Object::Name(name.to_vec()));
    let doc = Document::new();
    let Ok(encoding) = font.get_font_encoding(&doc) else { return HashMap::new() };
    (0..=255_u8)
        .filter_map(|code| {
            let text = encoding.bytes_to_string(&[code]).ok()?;
            (!text.is_empty()).then(|| (u32::from(code), text))
        })
        .collect()
}

/// Text of a glyph by its name, as the lists of glyph names have it.
fn glyph_text(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let stem = name.split('.').next().filter(|stem| !stem.is_empty())?;
    if stem.contains('_') {
        return stem.split('_').map(|part| glyph_text(part.as_bytes())).collect();
    }
    let hex = |digits: &str| {
        let is_hex = digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        char::from_u32(code).map(String::from)
    };
    if let Some(text) = stem.strip_prefix("uni").and_then(|digits| hex(digits.get(..4)?)) {
        return Some(text);
    }
    if let Some(text) = stem.strip_prefix('u').and_then(hex) {
        return Some(text);
    }
    let mut encoding = Dictionary::new();
    encoding.set("Differences", vec![Object::Integer(0), Object::Name(stem.as_bytes().to_vec())]);
    let mut font = Dictionary::new();
    font.set("Type", "Font");
    font.set("Encoding", encoding);
    match font.get_font_encoding(&Document::new()) {
        Ok(Encoding::Differences(one)) => Encoding::Differences(one).bytes_to_string(&[0]).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_are_told_by_name() {
        let cases = [("A", "A"), ("f_i", "fi"), ("uni20AC", "€"), ("u1F600", "\u{1f600}")];
        for (name, text) in cases {
            assert_eq!(glyph_text(name.as_bytes()).as_deref(), Some(text), "{name}");
        }
        assert_eq!(glyph_text(b"eacute.alt").as_deref(), Some("é"));
        assert_eq!(glyph_text(b"g123"), None);
    }

    #[test]
    fn encodings_have_their_letters() {
        assert_eq!(of_base(b"WinAnsiEncoding").get(&0x80).map(String::as_str), Some("€"));
        assert_eq!(of_base(b"MacRomanEncoding").get(&0x8a).map(String::as_str), Some("ä"));
        let symbol: HashMap<_, _> = symbol().collect();
        assert_eq!(symbol.get(&0x61).map(String::as_str), Some("α"));
    }
}
