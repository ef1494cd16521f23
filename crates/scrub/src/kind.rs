//! What a file is, told by its content; its name is only compared with that.

use serde::Serialize;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// No bytes.
    Empty,
    /// Text without a structure that matters here; source code, CSV and YAML among it.
    Text,
    /// JSON.
    Json,
    /// A Jupyter notebook.
    Notebook,
    /// XML.
    Xml,
    /// SVG picture.
    Svg,
    /// HTML page.
    Html,
    /// Message in the form of RFC 5322.
    Eml,
    /// ZIP archive.
    Zip,
    /// TAR archive.
    Tar,
    /// Something compressed with gzip.
    Gzip,
    /// Something compressed with bzip2.
    Bzip2,
    /// Something compressed with xz.
    Xz,
    /// Something compressed with zstd.
    Zstd,
    /// 7-Zip archive.
    SevenZip,
    /// RAR archive.
    Rar,
    /// Word document, template or either with macros.
    Docx,
    /// Excel workbook, template or either with macros.
    Xlsx,
    /// Excel workbook in binary parts.
    Xlsb,
    /// PowerPoint presentation, show, template or any with macros.
    Pptx,
    /// Text, sheet or presentation in OpenDocument form.
    OpenDocument,
    /// Older Office document, message, or an encrypted newer one.
    Ole,
    /// RTF document.
    Rtf,
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// TIFF.
    Tiff,
    /// WebP.
    Webp,
    /// HEIC or AVIF.
    Heic,
    /// BMP.
    Bmp,
    /// Windows or enhanced metafile.
    Metafile,
    /// Sound or film.
    Media,
    /// Font.
    Font,
    /// Program or library.
    Executable,
    /// SQLite database.
    Sqlite,
    /// The folder of a git repository.
    GitRepository,
    /// History of a git repository in one file.
    GitBundle,
    /// Objects of a git repository in one file.
    GitPack,
    /// An object of a git repository.
    GitObject,
    /// Names, ids and offsets that git keeps to find things faster.
    GitIndex,
    /// Anything else.
    Unknown,
}

/// Bytes at the start that tell a kind.
const SIGNATURES: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Pdf),
    (b"\x89PNG\r\n\x1a\n", Kind::Png),
    (b"\xff\xd8\xff", Kind::Jpeg),
    (b"GIF87a", Kind::Gif),
    (b"GIF89a", Kind::Gif),
    (b"II*\0", Kind::Tiff),
    (b"MM\0*", Kind::Tiff),
    (b"II+\0", Kind::Tiff),
    (b"MM\0+", Kind::Tiff),
    (b"BM", Kind::Bmp),
    (b"\xd7\xcd\xc6\x9a", Kind::Metafile),
    (b"\x01\0\x09\0", Kind::Metafile),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Ole),
    (b"{\\rtf", Kind::Rtf),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"PK\x07\x08", Kind::Zip),
    (b"\x1f\x8b", Kind::Gzip),
    (b"BZh", Kind::Bzip2),
    (b"\xfd7zXZ\0", Kind::Xz),
    (b"\x28\xb5\x2f\xfd", Kind::Zstd),
    (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
    (b"Rar!\x1a\x07", Kind::Rar),
    (b"\x7fELF", Kind::Executable),
    (b"MZ", Kind::Executable),
    (b"\xcf\xfa\xed\xfe", Kind::Executable),
    (b"SQLite format 3\0", Kind::Sqlite),
    (b"# v2 git bundle\n", Kind::GitBundle),
    (b"# v3 git bundle\n", Kind::GitBundle),
    (b"PACK\0\0\0\x02", Kind::GitPack),
    (b"PACK\0\0\0\x03", Kind::GitPack),
    (b"DIRC\0\0\0", Kind::GitIndex),
    (b"OTTO", Kind::Font),
    (b"wOFF", Kind::Font),
    (b"wOF2", Kind::Font),
    (b"\0\x01\0\0\0", Kind::Font),
    (b"ID3", Kind::Media),
    (b"OggS", Kind::Media),
    (b"fLaC", Kind::Media),
    (b"\x1a\x45\xdf\xa3", Kind::Media),
];

/// Endings of names and the kind that they promise.
const ENDINGS: &[(&str, Kind)] = &[
    ("pdf", Kind::Pdf),
    ("png", Kind::Png),
    ("jpg", Kind::Jpeg),
    ("jpeg", Kind::Jpeg),
    ("gif", Kind::Gif),
    ("tif", Kind::Tiff),
    ("tiff", Kind::Tiff),
    ("webp", Kind::Webp),
    ("heic", Kind::Heic),
    ("heif", Kind::Heic),
    ("avif", Kind::Heic),
    ("emf", Kind::Metafile),
    ("wmf", Kind::Metafile),
    ("bmp", Kind::Bmp),
    ("svg", Kind::Svg),
    ("docx", Kind::Docx),
    ("docm", Kind::Docx),
    ("dotx", Kind::Docx),
    ("dotm", Kind::Docx),
    ("xlsx", Kind::Xlsx),
    ("xlsm", Kind::Xlsx),
    ("xltx", Kind::Xlsx),
    ("xltm", Kind::Xlsx),
    ("xlsb", Kind::Xlsb),
    ("pptx", Kind::Pptx),
    ("pptm", Kind::Pptx),
    ("potx", Kind::Pptx),
    ("potm", Kind::Pptx),
    ("ppsx", Kind::Pptx),
    ("ppsm", Kind::Pptx),
    ("odt", Kind::OpenDocument),
    ("ods", Kind::OpenDocument),
    ("odp", Kind::OpenDocument),
    ("doc", Kind::Ole),
    ("xls", Kind::Ole),
    ("ppt", Kind::Ole),
    ("msg", Kind::Ole),
    ("rtf", Kind::Rtf),
    ("zip", Kind::Zip),
    ("tar", Kind::Tar),
    ("gz", Kind::Gzip),
    ("tgz", Kind::Gzip),
    ("bz2", Kind::Bzip2),
    ("xz", Kind::Xz),
    ("zst", Kind::Zstd),
    ("7z", Kind::SevenZip),
    ("rar", Kind::Rar),
    ("json", Kind::Json),
    ("ipynb", Kind::Notebook),
    ("xml", Kind::Xml),
    ("eml", Kind::Eml),
    ("txt", Kind::Text),
    ("csv", Kind::Text),
    ("md", Kind::Text),
    ("yaml", Kind::Text),
    ("yml", Kind::Text),
    ("log", Kind::Text),
];

/// Header names that a message starts with or has near its start.
const MESSAGE_HEADERS: [&str; 10] = [
    "from:",
    "to:",
    "subject:",
    "date:",
    "received:",
    "return-path:",
    "message-id:",
    "mime-version:",
    "delivered-to:",
    "x-",
];

/// Elements that a page, or a piece of one, begins with.
#[rustfmt::skip]
const PAGE_ELEMENTS: [&str; 34] = [
    "article", "base", "blockquote", "body", "center", "div", "dl", "font", "footer", "form", "h1",
    "h2", "h3", "h4", "h5", "h6", "head", "header", "html", "main", "meta", "nav", "ol", "p", "pre",
    "script", "section", "span", "strong", "style", "table", "template", "title", "ul",
];

/// Share of control bytes, one in so many, from which bytes are no text.
const CONTROL_BYTES_ONE_IN: usize = 200;

/// Runs of zeros, one in so many bytes, from which bytes are no text.
const ZERO_RUNS_ONE_IN: usize = 512;

/// Bytes at the start that are looked at for kinds that need more than a signature.
const HEAD_BYTES: usize = 8192;

impl Kind {
    /// Tells what bytes are. Archives that are documents are told apart by their reader.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        if bytes.get(257..262) == Some(b"ustar") {
            return Self::Tar;
        }
        if let Some(kind) = boxed(bytes) {
            return kind;
        }
        let signed = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature));
        if let Some((signature, kind)) = signed {
            // Two or three letters may also begin a text.
            let is_weak = signature.is_ascii() && signature.len() < 5;
            let may_be_text = is_weak && *kind != Self::Zip && is_text(bytes);
            if !may_be_text {
                return *kind;
            }
        }
        if is_text(bytes) { of_text(bytes) } else { Self::Unknown }
    }

    /// The kind that a name promises; `None` if its ending promises nothing.
    #[must_use]
    pub fn promised_by(name: &str) -> Option<Self> {
        let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let (_, ending) = base.rsplit_once('.')?;
        let ending = ending.to_ascii_lowercase();
        ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
    }

    /// Whether a file of this kind may bear a name that promises `promised`.
    #[must_use]
    pub fn may_be_called(self, promised: Self) -> bool {
        let is_texts = |kind| {
            matches!(
                kind,
                Self::Text | Self::Json | Self::Notebook | Self::Xml | Self::Html | Self::Eml
            )
        };
        self == promised
            || self == Self::Empty
            || (is_texts(self) && is_texts(promised))
            || (matches!(self, Self::Svg | Self::OpenDocument) && promised == Self::Xml)
    }
}

/// Kinds whose mark does not stand at the very start.
fn boxed(bytes: &[u8]) -> Option<Kind> {
    if is_late_pdf(bytes) {
        return Some(Kind::Pdf);
    }
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12) {
            Some(b"WEBP") => Some(Kind::Webp),
            Some(b"WAVE" | b"AVI ") => Some(Kind::Media),
            _ => None,
        };
    }
    if bytes.starts_with(b"\x01\0\0\0") && bytes.get(40..44) == Some(b" EMF") {
        return Some(Kind::Metafile);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(match bytes.get(8..12) {
            Some(
                b"heic" | b"heix" | b"mif1" | b"msf1" | b"avif" | b"heim" | b"heis" | b"hevc"
                | b"avis",
            ) => Kind::Heic,
            _ => Kind::Media,
        });
    }
    None
}

/// Whether a PDF begins after a few other bytes, as readers allow.
fn is_late_pdf(bytes: &[u8]) -> bool {
    const BEGIN_BYTES: usize = 1024;
    const END_BYTES: usize = 2048;
    let has = |part: &[u8], mark: &[u8]| part.windows(mark.len()).any(|window| window == mark);
    let tail = &bytes[bytes.len().saturating_sub(END_BYTES)..];
    has(&bytes[..bytes.len().min(BEGIN_BYTES)], b"%PDF-")
        && has(tail, b"startxref")
        && has(tail, b"%%EOF")
}

/// Whether bytes are text in UTF-8, UTF-16 or a one-byte encoding.
fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if crate::text::looks_wide(head).is_some() {
        return true;
    }
    // A log may have runs of zeros where a disk was cut off; other files have single ones.
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    let runs = head.split(|byte| *byte != 0).filter(|run| !run.is_empty()).count();
    if zeros > 0 && (zeros * 4 > head.len() * 3 || runs * ZERO_RUNS_ONE_IN > head.len()) {
        return false;
    }
    let is_control = |byte: &&u8| matches!(**byte, 1..=8 | 14..=26 | 28..=31 | 127);
    head.iter().filter(is_control).count() * CONTROL_BYTES_ONE_IN <= head.len() - zeros
}

fn of_text(bytes: &[u8]) -> Kind {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let (text, _) = crate::text::decode(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_ascii_lowercase();
    if is_page(&lower) {
        return Kind::Html;
    }
    if lower.starts_with("<?xml") || lower.starts_with("<svg") {
        if lower.contains("<office:document") && lower.contains("urn:oasis:names:tc:opendocument") {
            return Kind::OpenDocument;
        }
        return if lower.contains("<svg") { Kind::Svg } else { Kind::Xml };
    }
    if text.starts_with('{') && is_json_start(&text[1..]) {
        let notebook = ["\"cells\"", "\"nbformat\"", "\"cell_type\""];
        let marks = notebook.iter().filter(|mark| lower.contains(**mark)).count();
        return if marks >= 2 { Kind::Notebook } else { Kind::Json };
    }
    if text.starts_with('[') && is_json_start(&text[1..]) {
        return Kind::Json;
    }
    if is_message(&lower) { Kind::Eml } else { Kind::Text }
}

/// Whether text begins with an element of HTML, after comments and declarations.
fn is_page(lower: &str) -> bool {
    let mut rest = lower;
    loop {
        rest = rest.trim_start();
        let (begin, end) = match rest {
            _ if rest.starts_with("<!doctype html") => return true,
            _ if rest.starts_with("<!--") => ("<!--", "-->"),
            _ if rest.starts_with("<?xml") => ("<?xml", "?>"),
            _ => break,
        };
        match rest[begin.len()..].split_once(end) {
            Some((_, after)) => rest = after,
            // The rest of the comment is further on than is looked at here.
            None => return false,
        }
    }
    let Some(tag) = rest.strip_prefix('<') else { return false };
    let length = tag.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let is_tag = tag[length..].starts_with(|c: char| c.is_ascii_whitespace() || ">/".contains(c));
    is_tag && PAGE_ELEMENTS.contains(&&tag[..length])
}

fn is_json_start(rest: &str) -> bool {
    rest.trim_start().starts_with(['"', '{', '[', '}', ']', '-'])
        || rest.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// Whether text begins with header lines, two of them of a message.
fn is_message(lower: &str) -> bool {
    let lines = || lower.lines().take_while(|line| !line.is_empty());
    let has_name = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        name.len() < line.len() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let all_headers = lines().all(|line| line.starts_with([' ', '\t']) || has_name(line));
    let known = |name: &&&str| lines().any(|line| line.starts_with(**name));
    all_headers && MESSAGE_HEADERS.iter().filter(known).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_kind() {
        let tar = [vec![b'a'; 257], b"ustar\0".to_vec(), vec![0; 249]].concat();
        let cases: &[(&[u8], Kind)] = &[
            (b"", Kind::Empty),
            (b"%PDF-1.7\n", Kind::Pdf),
            (b"PK\x03\x04rest", Kind::Zip),
            (b"\x1f\x8b\x08", Kind::Gzip),
            (&tar, Kind::Tar),
            (b"RIFF....WEBPVP8 ", Kind::Webp),
            (b"\0\0\0\x18ftypheic", Kind::Heic),
            (b"hello, world", Kind::Text),
            (b"BMW and MZ are not programs", Kind::Text),
            (b"BM\0\0\0\0", Kind::Bmp),
            (b"\xff\xfeh\0e\0l\0l\0o\0", Kind::Text),
            (b"caf\xe9", Kind::Text),
            (b"\0\x02\x03\x04\x05", Kind::Unknown),
            (b" {\"a\": 1}", Kind::Json),
            (b"[1, 2]", Kind::Json),
            (b"[section]\na = 1", Kind::Text),
            (b"{\"cells\": [], \"nbformat\": 4}", Kind::Notebook),
            (b"<?xml version=\"1.0\"?><a/>", Kind::Xml),
            (b"<!-- saved from url=(0014)about:internet -->\n<html>", Kind::Html),
            (b"<!-- a --><?xml version=\"1.0\"?><!-- b -->\n<!DOCTYPE html>", Kind::Html),
            (b"<?xml version=\"1.0\"?><html xmlns=\"x\">", Kind::Html),
            (b"<div>a</div>", Kind::Html),
            (b"<!-- a -->\n# A title", Kind::Text),
            (b"<!-- a", Kind::Text),
            (b"<divan>a</divan>", Kind::Text),
            (b"<svg xmlns=\"\"/>", Kind::Svg),
            (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nbody", Kind::Eml),
            (b"From: a\nthis is prose: it goes on\nTo: b\nSubject: x", Kind::Text),
        ];
        for (bytes, kind) in cases {
            assert_eq!(Kind::of(bytes), *kind, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn names_promise_kinds_and_some_may_differ() {
        assert_eq!(Kind::promised_by("a/b.PDF"), Some(Kind::Pdf));
        assert_eq!(Kind::promised_by("a.b/c"), None);
        assert_eq!(Kind::promised_by("main.rs"), None);
        assert!(Kind::Text.may_be_called(Kind::Json));
        assert!(!Kind::Zip.may_be_called(Kind::Pdf));
        assert!(!Kind::Executable.may_be_called(Kind::Text));
        assert!(Kind::Empty.may_be_called(Kind::Pdf));
    }
}
