//! Pictures: what their pixels say, by an engine that the caller brings, and what stands beside the
//! pixels: data about place, person and program, previews, and whatever follows the end.

mod bmp;
mod exif;
mod gif;
mod heic;
mod icc;
mod iptc;
mod jpeg;
mod metafile;
mod ocr;
mod png;
mod svg;
mod tiff;
mod unread;
mod webp;
mod xmp;

use std::collections::BTreeSet;

use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::picture::pixels;
use crate::report::Reason;
use crate::rules::Notice;
use crate::scan::{Scan, Site};
use crate::search::What;

/// Shortest run of printable characters that is a text.
const TEXT_CHARS_MIN: usize = 5;

/// Most files that are looked for behind the end of a picture.
const TRAILING_FILES_MAX: usize = 16;

/// Reads one picture.
pub(super) fn read(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    match kind {
        Kind::Svg => return svg::read(scan, site, bytes),
        Kind::Metafile => return metafile::read(scan, site, bytes),
        _ => {}
    }
    let mut picture =
        Picture { scan, site, kind, bytes, previews: Vec::new(), known: BTreeSet::new() };
    let is_whole = match kind {
        Kind::Png => png::read(&mut picture),
        Kind::Jpeg => jpeg::read(&mut picture),
        Kind::Gif => gif::read(&mut picture),
        Kind::Tiff => tiff::read(&mut picture),
        Kind::Webp => webp::read(&mut picture),
        Kind::Bmp => bmp::read(&mut picture),
        _ => heic::read(&mut picture),
    };
    picture.finish(is_whole);
}

/// A picture while it is read.
struct Picture<'p, 's> {
    scan: &'p mut Scan<'s>,
    site: &'p Site,
    kind: Kind,
    bytes: &'p [u8],
    /// Small copies by the part that holds them, to be compared with the pixels.
    previews: Vec<(String, Vec<u8>)>,
    /// What was found in the parts that are taken apart.
    known: BTreeSet<(What, String)>,
}

impl Picture<'_, '_> {
    /// Notes something about a part.
    fn notice(&mut self, notice: Notice, part: &str, shown: &str, count: u64) {
        let mut location = self.scan.at(self.site, notice);
        location.part = Some(part.to_owned());
        self.scan.notice(notice, location, shown, count);
    }

    /// Takes a small copy of the picture.
    fn preview(&mut self, part: &str, bytes: &[u8]) {
        self.previews.push((part.to_owned(), bytes.to_vec()));
    }

    /// Reads a file inside the picture.
    fn inner(&mut self, name: &str, bytes: &[u8]) {
        self.scan.file(&self.site.inner(name), bytes);
    }

    /// Searches the fields of a part, and notes those that tell something.
    fn fields(&mut self, fields: Fields) {
        let Fields { part, found } = fields;
        let mut block = Block::new(&part);
        let mut harmless = 0;
        let mut noted = Vec::new();
        for (notice, name, value) in found {
            let channel = notice.map_or(Channel::Metadata, Notice::channel);
            block.field(Place::of(channel), &name, &value);
            match notice {
                Some(Notice::PictureMetadata) if is_path(&value) => {
                    noted.push((Notice::PicturePath, name, value));
                }
                Some(Notice::PictureMetadata) => harmless += 1,
                Some(notice) => noted.push((notice, name, value)),
                None => {}
            }
        }
        if harmless > 0 {
            self.notice(Notice::PictureMetadata, &part, "", harmless);
        }
        for (notice, name, value) in noted {
            let mut location = block.locate(&self.site.path, Place::of(notice.channel()));
            location.field = Some(name);
            self.scan.notice(notice, location, &value, 1);
        }
        self.search(&block);
    }

    /// Reads what follows the end of the picture: other files, or something unknown.
    fn trailing(&mut self, rest: &[u8]) {
        let mut rest = rest;
        for number in 1..=TRAILING_FILES_MAX {
            if rest.iter().all(|byte| matches!(byte, 0 | b'\n' | b'\r' | b' ' | 0xff)) {
                return;
            }
            let start = start_of_file(rest);
            let (before, file) = rest.split_at(start.unwrap_or(rest.len()));
            self.after_the_end(before);
            if file.is_empty() {
                return;
            }
            let (file, after) = match Kind::of(file) {
                Kind::Jpeg => {
                    file.split_at(file.len() - crate::picture::jpeg::parse(file).rest.len())
                }
                _ => (file, [].as_slice()),
            };
            let part = format!("after the end: file {number}");
            let is_shown = matches!(Kind::of(file), Kind::Jpeg | Kind::Media | Kind::Heic);
            let notice = if is_shown { Notice::SecondPicture } else { Notice::PictureTrailing };
            self.notice(notice, &part, "", 1);
            self.inner(&part, file);
            rest = after;
        }
        self.scan.refuse(self.site, Some("after the end"), self.kind, Reason::TooManyEntries);
    }

    /// Bytes that are no file: text in them is searched, the rest is said to be unknown.
    fn after_the_end(&mut self, bytes: &[u8]) {
        if bytes.iter().all(|byte| matches!(byte, 0 | b'\n' | b'\r' | b' ' | 0xff)) {
            return;
        }
        let part = "after the end";
        self.notice(Notice::PictureTrailing, part, "", 1);
        let mut block = Block::new(part);
        let texts = texts(bytes);
        let letters: usize = texts.iter().map(String::len).sum();
        texts.iter().for_each(|text| block.push(Place::of(Channel::Embedded), text));
        // Letters beyond ASCII, in UTF-8 or in other scripts.
        let more = super::strings::runs(bytes).into_iter().filter(|run| !run.text.is_ascii());
        more.for_each(|run| block.push(Place::of(Channel::Embedded), &run.text));
        self.search(&block);
        if letters * 2 < bytes.len() {
            self.scan.refuse(self.site, Some(part), Kind::Unknown, Reason::UnknownKind);
        }
    }

    /// Compares small copies with the pixels, has the pixels read, and closes the entry.
    fn finish(mut self, is_whole: bool) {
        self.scan.was_read(self.site, self.kind, self.bytes, None);
        if !is_whole {
            self.scan.refuse(self.site, Some("structure"), self.kind, Reason::Broken);
        }
        let previews = std::mem::take(&mut self.previews);
        let decoded = pixels::decode(self.kind, self.bytes);
        for (part, bytes) in &previews {
            let kind = Kind::of(bytes);
            let copy = pixels::decode(kind, bytes).ok().map(|(copy, _)| copy);
            let both = decoded.as_ref().ok().map(|(whole, _)| whole).zip(copy.as_ref());
            match both {
                Some((whole, copy)) if !pixels::differs(whole, copy) => {
                    self.notice(Notice::Thumbnail, part, "", 1);
                }
                Some(_) => {
                    self.notice(Notice::OtherThumbnail, part, "", 1);
                    self.inner(part, bytes);
                }
                None => {
                    self.notice(Notice::Thumbnail, part, "", 1);
                    self.inner(part, bytes);
                }
            }
        }
        ocr::picture(self.scan, self.site, self.kind, self.bytes, decoded);
    }
}

/// Fields of one part of a picture: notice, name, value.
struct Fields {
    part: String,
    found: Vec<(Option<Notice>, String, String)>,
}

impl Fields {
    fn new(part: &str) -> Self {
        Self { part: part.to_owned(), found: Vec::new() }
    }

    /// Adds a value that is only searched, or noted too.
    fn add(&mut self, notice: impl Into<Option<Notice>>, name: &str, value: &str) {
        let value = value.trim();
        if !value.is_empty() {
            self.found.push((notice.into(), name.to_owned(), value.to_owned()));
        }
    }

    /// Adds the texts in bytes that nobody takes apart.
    fn add_texts(&mut self, notice: Option<Notice>, name: &str, bytes: &[u8]) {
        let all = texts(bytes).join("\n");
        match notice {
            Some(notice) if all.is_empty() => {
                self.found.push((notice.into(), name.to_owned(), all))
            }
            notice => self.add(notice, name, &all),
        }
    }
}

/// A comment that only names the program that wrote it.
fn is_mark_of_program(text: &str) -> bool {
    const MARKS: [&str; 9] = [
        "creator: gd-jpeg",
        "created with",
        "created by",
        "file written by adobe",
        "lavc",
        "optimized by",
        "compressed by",
        "intel(r) jpeg",
        "jpeg encoder",
    ];
    let text = text.trim().to_ascii_lowercase();
    text.lines().count() <= 1 && MARKS.iter().any(|mark| text.starts_with(mark))
}

/// What a comment is to be called.
fn comment(text: &str) -> Notice {
    if is_mark_of_program(text) { Notice::PictureMetadata } else { Notice::PictureComment }
}

/// Whether a value holds a path on a disk or server.
fn is_path(value: &str) -> bool {
    let has_drive = value
        .as_bytes()
        .windows(3)
        .any(|w| w[0].is_ascii_alphabetic() && w[1] == b':' && w[2] == b'\\');
    has_drive
        || value.starts_with("\\\\")
        || ["/Users/", "/home/", "/Volumes/", "file:/"].iter().any(|p| value.contains(p))
}

/// Runs of printable characters, one byte or two bytes each.
fn texts(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let is_printable = |byte: u8| (0x20..0x7f).contains(&byte);
    for run in bytes.split(|byte| !is_printable(*byte)) {
        if run.len() >= TEXT_CHARS_MIN {
            found.push(String::from_utf8_lossy(run).into_owned());
        }
    }
    let mut wide = String::new();
    let mut at = 0;
    while at + 1 < bytes.len() {
        let pair = (bytes[at], bytes[at + 1]);
        match pair {
            (low, 0) if is_printable(low) => {
                wide.push(char::from(low));
                at += 2;
            }
            _ => {
                at += if wide.is_empty() { 1 } else { 2 };
                if wide.len() >= TEXT_CHARS_MIN {
                    found.push(std::mem::take(&mut wide));
                }
                wide.clear();
            }
        }
    }
    if wide.len() >= TEXT_CHARS_MIN {
        found.push(wide);
    }
    found
}

/// Where a file of a known kind begins within bytes.
fn start_of_file(bytes: &[u8]) -> Option<usize> {
    let marks: [(&[u8], usize); 7] = [
        (b"\xff\xd8\xff", 0),
        (b"\x89PNG\r\n\x1a\n", 0),
        (b"PK\x03\x04", 0),
        (b"%PDF-", 0),
        (b"ftyp", 4),
        (b"Rar!\x1a\x07", 0),
        (b"7z\xbc\xaf\x27\x1c", 0),
    ];
    let finder = aho_corasick::AhoCorasick::new(marks.map(|(mark, _)| mark)).ok()?;
    finder.find_iter(bytes).find_map(|found| {
        let back = marks[found.pattern().as_usize()].1;
        found.start().checked_sub(back)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_and_two_bytes_are_found() {
        assert_eq!(texts(b"\0\x01hello\x02hi\0"), ["hello"]);
        assert_eq!(texts(b"\x01h\0e\0l\0l\0o\0\x01\x01"), ["hello"]);
        assert!(texts(&[]).is_empty());
    }

    #[test]
    fn paths_and_marks_of_programs_are_told() {
        for path in ["C:\\a", "x /Users/eva/b", "file:///a", "\\\\server\\share"] {
            assert!(is_path(path), "{path}");
        }
        assert!(!is_path("1/2 a:b"));
        assert!(is_mark_of_program("Created with GIMP"));
        assert!(!is_mark_of_program("Created for the board"));
        assert!(!is_mark_of_program("Created with GIMP\nfor Eva"));
    }

    #[test]
    fn a_file_behind_the_end_is_found() {
        assert_eq!(start_of_file(b"abc\xff\xd8\xff\xe0"), Some(3));
        assert_eq!(start_of_file(b"\0\0\0\x18ftypmp42"), Some(0));
        assert_eq!(start_of_file(b"nothing"), None);
    }
}
