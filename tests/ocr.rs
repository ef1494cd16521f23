//! The engine that reads pictures, as a process. Apart from the other tests: between fork and exec a
//! child holds every lock of its parent.

use std::{path::Path, time::Duration};

use attestry::ocr::Tesseract;
use attestry_scrub::ocr::{Gray, Ocr as _, OcrError};

/// A picture of the scanner's tests: grey pixels of a screenshot, kept as a graymap.
fn screenshot(name: &str) -> Gray {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/scrub/tests/files/picture/ocr");
    let bytes = std::fs::read(format!("{folder}/{name}")).expect("a graymap");
    let head = bytes.iter().position(|byte| *byte == b'\n').expect("a graymap");
    let text = std::str::from_utf8(&bytes[..head]).expect("a graymap");
    let numbers: Vec<u32> =
        text.split(' ').skip(1).map(|n| n.parse().expect("a graymap")).collect();
    Gray { width: numbers[0], height: numbers[1], pixels: bytes[head + 1..].to_vec() }
}

#[test]
fn the_engine_reads_a_screenshot() {
    let engine = Tesseract::find().expect("tesseract (Debian: tesseract-ocr)");
    assert!(engine.name_and_version().starts_with("tesseract"), "{engine:?}");
    let lines = engine.lines(&screenshot("words.pgm")).unwrap();
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["Project Globodyne"]);
    assert!(lines[0].confidence > 50 && lines[0].place[2] > 100);
}

#[test]
fn a_picture_that_takes_too_long_is_given_up() {
    let engine = Tesseract::find().expect("tesseract (Debian: tesseract-ocr)");
    let engine = engine.with_time_max(Duration::ZERO);
    assert_eq!(engine.lines(&screenshot("words.pgm")), Err(OcrError::TooSlow));
}

#[test]
fn what_is_no_engine_is_unavailable() {
    for program in ["/nowhere/tesseract", "/bin/true"] {
        let engine = Tesseract::at(Path::new(program));
        assert_eq!(engine.map(|_| ()), Err(OcrError::Unavailable));
    }
}
