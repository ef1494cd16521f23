//! Text that stands where no program looks: beside, between and behind what a format provides for.
//! Each piece of it is found, or said to be not read.

#![forbid(unsafe_code)]

mod support;

use std::io::Write as _;

use attestry_scrub::{DenyList, Report};
use support::{of, scanner, zipped};

const WORD: &str = "Globodyne";

#[track_caller]
fn tells(place: &str, name: &str, bytes: &[u8]) -> Report {
    let list = DenyList::new([WORD]).expect("a sound list");
    let report = scanner().with_deny_list(list).scan(name, bytes);
    assert!(!of(&report, "deny-list.term").is_empty(), "{place}: {report:#?}");
    report
}

/// Bytes with others put in at a place.
fn with(bytes: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&bytes[..at], more, &bytes[at..]].concat()
}

fn place(bytes: &[u8], mark: &[u8]) -> usize {
    bytes.windows(mark.len()).position(|window| window == mark).expect("a mark")
}

/// A field of an unknown kind.
fn extra(text: &str) -> Vec<u8> {
    let length = (text.len() as u16).to_le_bytes();
    [&[0x99, 0x99], length.as_slice(), text.as_bytes()].concat()
}

/// Sets a length of two bytes.
fn set(bytes: &mut [u8], at: usize, length: usize) {
    bytes[at..at + 2].copy_from_slice(&(length as u16).to_le_bytes());
}

/// Moves the start of the directory that the end of an archive states.
fn moved(bytes: &mut [u8], by: usize) {
    let at = place(bytes, b"PK\x05\x06") + 16;
    let start = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    bytes[at..at + 4].copy_from_slice(&(start + by as u32).to_le_bytes());
}

#[test]
fn an_archive_of_zip_hides_nothing_beside_its_entries() {
    let plain = zipped(&[("notes.txt", b"nothing to see")]);
    let field = extra(WORD);
    let mut own = with(&plain, 39, &field);
    set(&mut own, 28, field.len());
    moved(&mut own, field.len());
    tells("extra field of a head", "a.zip", &own);
    let record = place(&plain, b"PK\x01\x02");
    let mut listed = with(&plain, record + 55, &field);
    set(&mut listed, record + 30, field.len());
    let end = place(&listed, b"PK\x05\x06");
    set(&mut listed, end + 12, end - record);
    tells("extra field of the directory", "a.zip", &listed);
    let mut said = with(&plain, record + 55, WORD.as_bytes());
    set(&mut said, record + 32, WORD.len());
    let end = place(&said, b"PK\x05\x06");
    set(&mut said, end + 12, end - record);
    tells("comment of an entry", "a.zip", &said);
    let mut named = plain.clone();
    named[30..39].copy_from_slice(WORD.as_bytes());
    tells("a name of its own", "a.zip", &named);
    let mut between = with(&plain, record, WORD.as_bytes());
    moved(&mut between, WORD.len());
    tells("before the directory", "a.zip", &between);
    tells("before the archive", "a.zip", &[WORD.as_bytes(), b" ", &plain].concat());
    let behind = [plain.as_slice(), b" the end of ", WORD.as_bytes()].concat();
    let report = tells("behind the archive", "a.zip", &behind);
    assert!(!of(&report, "hidden.trailing-bytes").is_empty());
    let clean = scanner().scan("a.zip", &plain);
    assert_eq!((clean.findings.len(), clean.not_read.len()), (0, 0), "{clean:#?}");
}

/// A block of TAR with a name, a kind and content.
fn entry(name: &str, kind: u8, link: &str, content: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

#[test]
fn an_archive_of_tar_hides_nothing_beside_its_entries() {
    let file = entry("a.txt", b'0', "", b"nothing to see");
    let end = [0; 1024];
    let said = format!("{} comment={WORD}\n", WORD.len() + 12);
    for (place, kind) in [("of an entry", b'x'), ("of all entries", b'g')] {
        let pax = entry("pax", kind, "", said.as_bytes());
        tells(place, "a.tar", &[pax.as_slice(), &file, &end].concat());
    }
    let linked = entry("a.txt", b'0', "b.txt", WORD.as_bytes());
    tells("a file with the name of a link", "a.tar", &[linked.as_slice(), &end].concat());
    let device = entry("a.txt", b'5' + 40, "", WORD.as_bytes());
    tells("an unknown kind", "a.tar", &[device.as_slice(), &end].concat());
    let mut padded = file.clone();
    padded[540..540 + WORD.len()].copy_from_slice(WORD.as_bytes());
    tells("padding", "a.tar", &[padded.as_slice(), &end].concat());
    let behind = [file.as_slice(), &end, WORD.as_bytes(), b" is behind the end"].concat();
    let report = tells("behind the end", "a.tar", &behind);
    assert!(!of(&report, "hidden.trailing-bytes").is_empty());
    let clean = scanner().scan("a.tar", &[file.as_slice(), &end].concat());
    assert_eq!((clean.findings.len(), clean.not_read.len()), (0, 0), "{clean:#?}");
}

#[test]
fn each_member_of_what_is_packed_is_read() {
    let member = |name: &str, comment: &str, field: &str, text: &str| {
        let head = flate2::GzBuilder::new().filename(name).comment(comment).extra(extra(field));
        let mut writer = head.write(Vec::new(), flate2::Compression::fast());
        writer.write_all(text.as_bytes()).expect("packed");
        writer.finish().expect("packed")
    };
    let first = member("a.txt", "", "", "first ");
    for (place, second) in [
        ("content", member("", "", "", WORD)),
        ("name", member(WORD, "", "", "x")),
        ("comment", member("", WORD, "", "x")),
        ("extra field", member("", "", WORD, "x")),
    ] {
        tells(place, "a.txt.gz", &second);
        tells(place, "a.txt.gz", &[first.as_slice(), &second, &first].concat());
    }
    // Frames with one block as it stands.
    let frame = |text: &str| {
        let block = ((text.len() as u32) << 3 | 1).to_le_bytes();
        let head = [0x28, 0xb5, 0x2f, 0xfd, 0x20, text.len() as u8];
        [head.as_slice(), &block[..3], text.as_bytes()].concat()
    };
    tells("second frame", "a.zst", &[frame("first "), frame(WORD)].concat());
    let mut skipped = vec![0x50, 0x2a, 0x4d, 0x18, WORD.len() as u8, 0, 0, 0];
    skipped.extend(WORD.as_bytes());
    tells("frame to be skipped", "a.zst", &[frame("first "), skipped].concat());
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("packed");
    writer.finish().expect("packed")
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(&[name.as_slice(), data].concat());
    let length = (data.len() as u32).to_be_bytes();
    [length.as_slice(), name, data, &sum.sum().to_be_bytes()].concat()
}

fn png(pixels: &[u8], more: &[u8], rest: &[u8]) -> Vec<u8> {
    let head = chunk(b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
    let (pixels, end) = (chunk(b"IDAT", pixels), chunk(b"IEND", b""));
    [b"\x89PNG\r\n\x1a\n".as_slice(), &head, more, &pixels, &end, rest].concat()
}

#[test]
fn a_picture_hides_nothing_beside_its_pixels() {
    let word = WORD.as_bytes();
    let pixels = [0, 255, 255, 0, 255, 255];
    let plain = zlib(&pixels);
    let keyed = [word, b"\0\0x"].concat();
    let packed = [b"Comment\0\0".as_slice(), &zlib(b"x"), word].concat();
    for (place, file) in [
        ("behind the end", png(&plain, b"", word)),
        ("in what an earlier picture left", png(&plain, b"", &[word, b"\0\0IEND"].concat())),
        ("behind the pixels", png(&zlib(&[&pixels[..], word].concat()), b"", b"")),
        ("behind the stream", png(&[&plain[..], word].concat(), b"", b"")),
        ("in a chunk for drawing", png(&plain, &chunk(b"hIST", word), b"")),
        ("in a chunk of some program", png(&plain, &chunk(b"abCd", word), b"")),
        ("in a keyword", png(&plain, &chunk(b"tEXt", &keyed), b"")),
        ("behind a packed text", png(&plain, &chunk(b"zTXt", &packed), b"")),
    ] {
        tells(place, "a.png", &file);
    }
    let clean = scanner().scan("a.png", &png(&plain, b"", b""));
    assert_eq!(of(&clean, "hidden.picture-trailing").len(), 0, "{clean:#?}");
    let segment = |marker: u8| {
        let length = (word.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], length.as_slice(), word].concat()
    };
    for marker in [0xdb, 0xc4, 0xe0, 0xe2, 0xee, 0xf0, 0xfe] {
        let file = [b"\xff\xd8".as_slice(), &segment(marker), b"\xff\xd9"].concat();
        tells("in a segment", "a.jpg", &file);
    }
    let rest = [b"\xff\xd8\xff\xdb\0\x03a\xff\xd9", word].concat();
    tells("behind the end", "a.jpg", &rest);
}

#[test]
fn comments_of_a_pdf_are_searched() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/pdf");
    let files =
        std::fs::read_dir(path).expect("the folder").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "pdf")).collect();
    files.sort();
    let word = format!("%{WORD}\n");
    let (mut count, list) = (0, DenyList::new([WORD]).expect("a sound list"));
    let scanner = scanner().with_deny_list(list);
    for path in files {
        let bytes = std::fs::read(&path).expect("a file");
        let Some(at) = bytes.windows(9).rposition(|window| window == b"startxref") else {
            continue;
        };
        let report = scanner.scan("a.pdf", &with(&bytes, at, word.as_bytes()));
        let is_told = !of(&report, "deny-list.term").is_empty() || !report.not_read.is_empty();
        assert!(is_told, "{}", path.display());
        count += usize::from(report.not_read.is_empty());
    }
    assert!(count > 2, "{count}");
}
