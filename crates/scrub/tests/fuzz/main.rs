//! Mutates the files of each kind: whatever the bytes, a scan and a fix end, and say so.
//!
//! `ATTESTRY_FUZZ_ITERATIONS` sets the rounds as for the other parsers of the project; one round in
//! twenty is made here, since a round reads a whole document.

#![forbid(unsafe_code)]

#[path = "../../../../tests/fuzz/mutate.rs"]
mod mutate;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use attestry_scrub::{Limits, Scanner, fix};
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

/// Scans and fixes the inputs as they are, then mutations of them.
fn fuzz(name: &str, inputs: &[Vec<u8>]) {
    assert!(!inputs.is_empty(), "{name} has no corpus");
    let scanner = support::scanner().with_limits(LIMITS);
    inputs.iter().for_each(|input| run(&scanner, input));
    let mut mutator = Mutator::seeded(name);
    for _ in 0..rounds() {
        run(&scanner, &mutator.mutate(inputs));
    }
}

fn run(scanner: &Scanner, input: &[u8]) {
    let report = scanner.scan("input", input);
    assert!(report.counts.read + report.counts.not_read > 0, "a file passed over in silence");
    let _ = fix("input", input, LIMITS);
}

#[test]
fn archive() {
    let text = b"Write to anna.berg@mail.com\n".as_slice();
    let zip = support::zipped(&[("a.txt", text), ("b.json", b"{\"a\": 1}")]);
    fuzz("archive", &[support::zipped(&[("inner.zip", &zip)]), zip]);
}

#[test]
fn text() {
    let utf16 = "\u{feff}IBAN DE89 3704 0044 0532 0130 00".encode_utf16();
    let utf16 = utf16.flat_map(u16::to_le_bytes).collect();
    let inputs: Vec<Vec<u8>> = files("text").into_iter().chain([utf16]).collect();
    fuzz("text", &inputs);
}

#[test]
fn ooxml() {
    let small: Vec<Vec<u8>> =
        files("ooxml").into_iter().filter(|file| file.starts_with(b"PK")).collect();
    fuzz("ooxml", &small);
}

#[test]
fn git() {
    fuzz("git", &files("git"));
}

#[test]
fn pdf() {
    let mut inputs = files("pdf");
    inputs.retain(|input| input.windows(5).any(|window| window == b"%PDF-"));
    fuzz("pdf", &inputs);
}

#[test]
fn legacy() {
    fuzz("legacy", &files("legacy"));
}

#[test]
fn msg() {
    let mut inputs = files("msg");
    inputs.retain(|input| input.starts_with(b"\xd0\xcf"));
    fuzz("msg", &inputs);
}

#[test]
fn rtf() {
    let mut inputs = files("legacy");
    inputs.retain(|input| input.starts_with(b"{\\rtf"));
    inputs.push(b"{\\rtf1{\\pict\\bin3 {{{}{\\*\\objdata 0105}\\uc2\\u-10179?\\u-8704?}".to_vec());
    fuzz("rtf", &inputs);
}

#[test]
fn html() {
    let page = "<!doctype html><html><p style='color:#fff' hidden>a&#98;c<b>d</b>\u{e9}</p>\
        <!-- x --><img src='data:image/gif;base64,R0lGODlh'><script>a<b</script>";
    let latin = b"<html>\xe9&eacute;<p title=\xe9&amp;></html>".to_vec();
    fuzz("html", &[page.as_bytes().to_vec(), latin]);
}

#[test]
fn escapes() {
    let text = b"a\\u0041b \\x42 %43 %C3%A4 \\\\u0041 %F0%9F%A6%80\xe9 vera%40corp.com".to_vec();
    fuzz("escapes", &[text]);
}

#[test]
fn picture() {
    fuzz("picture", &files("picture"));
}

#[test]
fn sqlite() {
    fuzz("sqlite", &files("sqlite"));
}
