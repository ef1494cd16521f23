//! Fixed PDF files: what was hidden or covered is really gone, the rest is still there, and other
//! programs open them.

#![forbid(unsafe_code)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use attestry_scrub::{Limits, Severity, fix};
use support::scanner;

const SECRET: &str = "globodyne";

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/files/pdf/{name}.pdf", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A folder of its own below the build's, so that tests do not meet.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pdf-fix").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn run(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).output();
    let out = out.unwrap_or_else(|e| panic!("{program} is needed: {e}"));
    assert!(out.status.success(), "{program} {arguments:?}: {out:?}");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Fixes a file, checks it with qpdf, and gives what pdftotext reads in it.
fn fixed(name: &str) -> (Vec<u8>, String) {
    let fixed =
        fix("a.pdf", &file(name), Limits::default()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let path = folder(name).join("fixed.pdf");
    std::fs::write(&path, &fixed.bytes).expect("a written file");
    let path = path.to_str().expect("a path of text");
    run("qpdf", &["--check", path]);
    let text = run("pdftotext", &["-layout", path, "-"]);
    (fixed.bytes, text)
}

#[test]
fn what_is_hidden_is_gone() {
    for name in [
        "box",
        "polygon",
        "thick-line",
        "black-square",
        "image",
        "under-text",
        "redact",
        "invisible",
        "scan",
        "white",
        "tiny",
        "outside",
        "clipped",
        "layer",
        "object-streams",
        "table-stream",
        "comment",
        "extras",
        "form",
        "metadata",
        "revision",
        "outside-bytes",
    ] {
        let (bytes, text) = fixed(name);
        let flat = text.to_lowercase().replace(char::is_whitespace, "");
        assert!(!flat.contains(SECRET), "{name}: {text}");
        let report = scanner().scan("a.pdf", &bytes);
        let high: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.severity >= Severity::High || f.rule == "personal.email")
            // Outlines and values of fields that are shown stay.
            .filter(|f| !matches!(f.location.field.as_deref(), Some("Title" | "V")))
            .collect();
        assert!(high.is_empty(), "{name}: {high:#?}");
    }
}

#[test]
fn the_rest_stays_where_it_was() {
    let (_, text) = fixed("box");
    for word in ["Before the secret:", "After the secret."] {
        assert!(text.contains(word), "{text}");
    }
    // The end of the line lies outside the box.
    assert!(text.contains("Write to") && text.contains("day."), "{text}");
    let before = run("pdftotext", &["-bbox", &path_of("box"), "-"]);
    let place = |text: &str, word: &str| {
        let line = text.lines().find(|line| line.contains(word)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{word}: {text}"))
    };
    let after_path = folder("box").join("fixed.pdf");
    let after = run("pdftotext", &["-bbox", after_path.to_str().expect("text"), "-"]);
    assert_eq!(place(&before, ">Write<"), place(&after, ">Write<"));
}

fn path_of(name: &str) -> String {
    format!("{}/tests/files/pdf/{name}.pdf", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn ordinary_pages_look_the_same() {
    for name in ["office", "table", "plain", "marker", "bold", "white-on-dark"] {
        let before = run("pdftotext", &["-layout", &path_of(name), "-"]);
        let (_, after) = fixed(name);
        assert_eq!(before, after, "{name}");
    }
}

#[test]
fn libreoffice_opens_what_was_fixed() {
    let folder = folder("office-opens");
    let source = folder.join("box.pdf");
    let fixed = fix("a.pdf", &file("box"), Limits::default()).expect("a fixed file");
    std::fs::write(&source, &fixed.bytes).expect("a written file");
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let (out, source) = (folder.to_str().expect("text"), source.to_str().expect("text"));
    run("soffice", &[&profile, "--headless", "--convert-to", "png", "--outdir", out, source]);
    assert!(folder.join("box.png").is_file());
}

#[test]
fn comments_in_content_and_between_objects_go() {
    let mut doc = lopdf::Document::load_mem(&file("plain")).expect("a document");
    let page = doc.page_iter().next().expect("a page");
    let content = doc.get_page_content(page);
    let content = [b"% planted in content\n".as_slice(), &content].concat();
    doc.change_page_content(page, content).expect("other content");
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).expect("a file");
    let end = bytes.windows(9).rposition(|window| window == b"startxref").expect("an end");
    bytes.splice(end..end, *b"% planted between\n");
    let fixed = fix("a.pdf", &bytes, Limits::default()).expect("a copy");
    let raw = String::from_utf8_lossy(&fixed.bytes).into_owned();
    assert!(!raw.contains("planted"));
    let copy = lopdf::Document::load_mem(&fixed.bytes).expect("a document");
    let page = copy.page_iter().next().expect("a page");
    let content = copy.get_page_content(page);
    let content = String::from_utf8_lossy(&content).into_owned();
    assert!(!content.contains("planted") && content.contains("Tj"), "{content}");
    let comments = fixed.removed.iter().filter(|r| r.channel == attestry_scrub::Channel::Comment);
    assert_eq!(comments.map(|removed| removed.count).sum::<u64>(), 1);
}
