//! Mutates the files of each kind: whatever the bytes, a scan and a fix end, and say so.
//!
//! `ATTESTRY_FUZZ_ITERATIONS` sets the rounds as for the other parsers of the project; one round in
//! twenty is made here, since a round reads a whole document.

#![forbid(unsafe_code)]

#[path = "../../../../tests/fuzz/mutate.rs"]
mod mutate;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::Path;

use attestry_scrub::{Kind, Limits, Scanner, fix};
use mutate::Mutator;

const ITERATIONS: u64 = 30_000;
const SHARE: u64 = 20;

/// Small, so that rounds stay short.
const LIMITS: Limits = Limits {
    depth_max: 4,
    entries_max: 1_000,
    whole_bytes_max: 4 << 20,
    entry_bytes_max: 4 << 20,
    stream_bytes_max: 4 << 20,
    total_bytes_max: 16 << 20,
    ratio_max: 400,
    ratio_from_bytes: 1 << 20,
    findings_max: 1_000,
};

fn rounds() -> u64 {
    let given = std::env::var("ATTESTRY_FUZZ_ITERATIONS").ok();
    given.map_or(ITERATIONS, |text| text.parse().expect("a number")) / SHARE
}

/// Files of a folder below `tests/files`, all of them.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(folder);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|e| panic!("{}: {e}", root.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).expect("a readable file")).collect()
}

/// A target: its name, the inputs that are mutated, and the file that a mutation goes into.
struct Target {
    name: &'static str,
    inputs: fn() -> Vec<Vec<u8>>,
    file: fn(Vec<u8>) -> Vec<u8>,
}

/// Scans and fixes the inputs as they are, then mutations of them.
fn fuzz(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let inputs = (target.inputs)();
    assert!(!inputs.is_empty(), "{name} has no corpus");
    let scanner = support::scanner().with_limits(LIMITS);
    inputs.iter().for_each(|input| run(&scanner, &(target.file)(input.clone())));
    let mut mutator = Mutator::seeded(name);
    for _ in 0..rounds() {
        run(&scanner, &(target.file)(mutator.mutate(&inputs)));
    }
}

fn run(scanner: &Scanner, input: &[u8]) {
    let report = scanner.scan("input", input);
    assert!(report.counts.read + report.counts.not_read > 0, "a file passed over in silence");
    let _ = fix("input", input, LIMITS);
}

/// A target whose inputs are files as they are.
const fn plain(name: &'static str, inputs: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, inputs, file: |bytes| bytes }
}

const TARGETS: [Target; 16] = [
    plain("archive", archives),
    plain("packed", packed_files),
    plain("text", texts),
    plain("message", messages),
    plain("ooxml", || with(files("ooxml"), b"PK")),
    plain("odf", documents),
    Target { name: "odf-parts", inputs: document_parts, file: document_of },
    plain("git", histories),
    plain("pdf", || {
        let mut inputs = files("pdf");
        inputs.retain(|input| input.windows(5).any(|window| window == b"%PDF-"));
        inputs
    }),
    plain("legacy", || files("legacy")),
    plain("msg", || with(files("msg"), b"\xd0\xcf")),
    plain("rtf", rich_texts),
    plain("html", pages),
    plain("escapes", || {
        vec![b"a\\u0041b \\x42 %43 %C3%A4 \\\\u0041 %F0%9F%A6%80\xe9 vera%40corp.com".to_vec()]
    }),
    plain("picture", pictures),
    plain("sqlite", || with(files("sqlite"), b"SQLite")),
];

fn with(mut inputs: Vec<Vec<u8>>, start: &[u8]) -> Vec<Vec<u8>> {
    inputs.retain(|input| input.starts_with(start));
    inputs
}

const NOTE: &[u8] = b"Write to anna.berg@mail.com\n";

fn tarred() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(NOTE.len() as u64);
    builder.append_data(&mut header, "a.txt", NOTE).expect("an entry");
    builder.into_inner().expect("an archive")
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

fn archives() -> Vec<Vec<u8>> {
    let zip = support::zipped(&[("a.txt", NOTE), ("b.json", b"{\"a\": 1}")]);
    vec![support::zipped(&[("inner.zip", &zip)]), zip, tarred()]
}

fn packed_files() -> Vec<Vec<u8>> {
    let starts: [&[u8]; 4] = [b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf"];
    let inputs = starts.into_iter().flat_map(|start| with(files("legacy"), start));
    inputs.chain([gzipped(NOTE), gzipped(&tarred())]).collect()
}

fn texts() -> Vec<Vec<u8>> {
    let utf16 = "\u{feff}IBAN DE89 3704 0044 0532 0130 00".encode_utf16();
    let utf16 = utf16.flat_map(u16::to_le_bytes).collect();
    let json = b"{\"a\": [\"\\u0041nna Berg\", 1.5e3, null]}".to_vec();
    let xml = b"<?xml version=\"1.0\"?><!-- x --><a b='c'><![CDATA[d]]>&lt;</a>".to_vec();
    files("text").into_iter().chain([utf16, json, xml]).collect()
}

fn messages() -> Vec<Vec<u8>> {
    let message = b"From: =?utf-8?q?Vera_M=C3=BCller?= <vera@corp.com>\r\nTo: b@corp.com\r\n\
        Subject: c\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/html\r\n\r\n<p hidden>x</p>\r\n--b\r\n\
        Content-Type: application/octet-stream; name=\"a.txt\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nV3JpdGUgdG8gdmVyYUBjb3JwLmNvbQ==\r\n--b--\r\n";
    let notebook = b"{\"nbformat\": 4, \"nbformat_minor\": 5, \"metadata\": {\"authors\": [\"a\"]}, \"cells\": \
        [{\"cell_type\": \"code\", \"source\": [\"x = 1\\n\"], \"metadata\": {}, \"execution_count\": 1, \
        \"outputs\": [{\"output_type\": \"stream\", \"text\": [\"vera@corp.com\"]}]}]}";
    vec![message.to_vec(), notebook.to_vec()]
}

fn is_document(bytes: &[u8]) -> bool {
    let kinds = support::scanner().scan("a", bytes).read;
    kinds.iter().any(|read| read.path.len() == 1 && read.kind == Kind::OpenDocument)
}

/// Documents of LibreOffice, in one file of XML and in an archive.
fn documents() -> Vec<Vec<u8>> {
    let mut inputs = files("legacy");
    inputs.retain(|input| is_document(input));
    inputs
}

/// The parts of these documents with a text or styles.
fn document_parts() -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    for document in with(documents(), b"PK") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(document)).expect("an archive");
        for name in ["content.xml", "styles.xml", "meta.xml"] {
            let mut part = Vec::new();
            archive.by_name(name).expect("a part").read_to_end(&mut part).expect("its content");
            parts.push(part);
        }
    }
    parts
}

/// A document whose parts are all the same: each reader meets what was written for another one too.
fn document_of(part: Vec<u8>) -> Vec<u8> {
    let kind = b"application/vnd.oasis.opendocument.text";
    let names = ["content.xml", "styles.xml", "meta.xml", "settings.xml"];
    let parts = names.map(|name| (name, part.as_slice()));
    let entries: Vec<_> = [("mimetype", kind.as_slice())].into_iter().chain(parts).collect();
    support::zipped(&entries)
}

fn histories() -> Vec<Vec<u8>> {
    let mut inputs = files("git");
    let packs = inputs.iter().filter_map(|input| {
        let at = input.windows(8).position(|bytes| bytes == b"PACK\0\0\0\x02")?;
        input.starts_with(b"# v").then(|| input[at..].to_vec())
    });
    let packs: Vec<_> = packs.collect();
    inputs.extend(packs);
    inputs
}

fn rich_texts() -> Vec<Vec<u8>> {
    let mut inputs = with(files("legacy"), b"{\\rtf");
    inputs.push(b"{\\rtf1{\\pict\\bin3 {{{}{\\*\\objdata 0105}\\uc2\\u-10179?\\u-8704?}".to_vec());
    inputs
}

fn pages() -> Vec<Vec<u8>> {
    let page = "<!doctype html><html><p style='color:#fff' hidden>a&#98;c<b>d</b>\u{e9}</p>\
        <!-- x --><img src='data:image/gif;base64,R0lGODlh'><script>a<b</script>";
    let latin = b"<html>\xe9&eacute;<p title=\xe9&amp;></html>".to_vec();
    vec![page.as_bytes().to_vec(), latin]
}

fn pictures() -> Vec<Vec<u8>> {
    // A header with the length of the file, a text of four letters ([MS-WMF] §2.3.3.20), the end.
    let record = b"\x08\0\0\0\x21\x05\x04\0Anna\x01\0\x01\0\x03\0\0\0\0\0";
    let mut metafile = b"\x01\0\x09\0\0\x03\x14\0\0\0\0\0\x08\0\0\0\0\0".to_vec();
    metafile.extend_from_slice(record);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><metadata>x</metadata><text x='1' \
        style='display:none'>Anna</text><image href='data:image/gif;base64,R0lGODlh'/></svg>";
    files("picture").into_iter().chain([metafile, svg.to_vec()]).collect()
}

/// The targets that reach the reader of a kind; `None` where a kind has no reader of its own.
fn target_of(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Text | Kind::Json | Kind::Xml => "text",
        Kind::Html => "html",
        Kind::Notebook | Kind::Eml => "message",
        Kind::Svg
        | Kind::Png
        | Kind::Jpeg
        | Kind::Gif
        | Kind::Tiff
        | Kind::Webp
        | Kind::Heic
        | Kind::Bmp
        | Kind::Metafile => "picture",
        Kind::Zip | Kind::Tar => "archive",
        Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Zstd | Kind::SevenZip => "packed",
        Kind::Docx | Kind::Xlsx | Kind::Pptx => "ooxml",
        Kind::OpenDocument => "odf",
        Kind::Ole => "legacy",
        Kind::Rtf => "rtf",
        Kind::Pdf => "pdf",
        Kind::Sqlite => "sqlite",
        Kind::GitBundle | Kind::GitPack | Kind::GitRepository | Kind::GitIndex => "git",
        Kind::Xlsb
        | Kind::Rar
        | Kind::Media
        | Kind::Font
        | Kind::Executable
        | Kind::GitObject
        | Kind::Empty
        | Kind::Unknown => return None,
    })
}

/// Every kind with a reader; `target_of` does not compile while it misses one.
const READ: [Kind; 34] = [
    Kind::Text,
    Kind::Json,
    Kind::Notebook,
    Kind::Xml,
    Kind::Svg,
    Kind::Html,
    Kind::Eml,
    Kind::Zip,
    Kind::Tar,
    Kind::Gzip,
    Kind::Bzip2,
    Kind::Xz,
    Kind::Zstd,
    Kind::SevenZip,
    Kind::Docx,
    Kind::Xlsx,
    Kind::Pptx,
    Kind::OpenDocument,
    Kind::Ole,
    Kind::Rtf,
    Kind::Pdf,
    Kind::Png,
    Kind::Jpeg,
    Kind::Gif,
    Kind::Tiff,
    Kind::Webp,
    Kind::Heic,
    Kind::Bmp,
    Kind::Metafile,
    Kind::Sqlite,
    Kind::GitBundle,
    Kind::GitPack,
    Kind::GitRepository,
    Kind::GitIndex,
];

#[test]
fn every_reader_has_a_target_whose_corpus_reaches_it() {
    let scanner = support::scanner().with_limits(LIMITS);
    let mut reached = BTreeSet::new();
    for target in &TARGETS {
        for input in (target.inputs)() {
            let report = scanner.scan("input", &(target.file)(input));
            reached.extend(report.read.iter().map(|read| (target.name, read.kind)));
        }
    }
    for kind in READ {
        let name = target_of(kind).expect("a kind with a reader");
        assert!(reached.contains(&(name, kind)), "{name} does not reach {kind:?}");
    }
    assert!(reached.contains(&("odf-parts", Kind::OpenDocument)));
    let unnamed: Vec<_> = reached.iter().filter(|(_, kind)| target_of(*kind).is_none()).collect();
    assert!(unnamed.is_empty(), "kinds that are read and have no target: {unnamed:?}");
}

#[test]
fn archive() {
    fuzz("archive");
}

#[test]
fn packed() {
    fuzz("packed");
}

#[test]
fn text() {
    fuzz("text");
}

#[test]
fn message() {
    fuzz("message");
}

#[test]
fn ooxml() {
    fuzz("ooxml");
}

#[test]
fn odf() {
    fuzz("odf");
}

#[test]
fn odf_parts() {
    fuzz("odf-parts");
}

#[test]
fn git() {
    fuzz("git");
}

#[test]
fn pdf() {
    fuzz("pdf");
}

#[test]
fn legacy() {
    fuzz("legacy");
}

#[test]
fn msg() {
    fuzz("msg");
}

#[test]
fn rtf() {
    fuzz("rtf");
}

#[test]
fn html() {
    fuzz("html");
}

#[test]
fn escapes() {
    fuzz("escapes");
}

#[test]
fn picture() {
    fuzz("picture");
}

#[test]
fn sqlite() {
    fuzz("sqlite");
}
