//! Older Office documents, OpenDocument, RTF and HTML, made by LibreOffice (`files/legacy/make.py`)
//! or by hand: every hidden channel is found where it is, and plain documents have none.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, Report, Severity};
use support::{of, scanner};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/files/legacy/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn scan(name: &str) -> Report {
    scanner().scan(name, &file(name))
}

/// Channels that the address of a person was found in, each once. Excerpts are masked but for two
/// letters at each end.
fn channels(report: &Report, begin: &str, length: usize) -> Vec<Channel> {
    let fits = |excerpt: &str| excerpt.starts_with(begin) && excerpt.chars().count() == length;
    let mut found: Vec<Channel> = of(report, "personal.email")
        .into_iter()
        .filter(|finding| fits(&finding.excerpt))
        .map(|finding| finding.location.channel)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// An address of the sources stands in the channels given and in no other.
fn stands(report: &Report, address: &str, expected: &[Channel]) {
    let found = channels(report, &address[..2], address.len());
    assert_eq!(found, expected, "{address}: {:#?}", report.findings);
}

#[track_caller]
fn has(report: &Report, rules: &[&str]) {
    for rule in rules {
        assert!(!of(report, rule).is_empty(), "{rule}: {:#?}", report.findings);
    }
}

/// What an ordinary program writes into a plain file is no reason to worry.
#[track_caller]
fn is_harmless(report: &Report) {
    assert_eq!(report.not_read, []);
    assert!(report.is_clean(Severity::Medium), "{:#?}", report.findings);
}

#[test]
fn a_word_document_has_every_channel() {
    let report = scan("text.doc");
    stands(&report, "vera@corp.com", &[Channel::Visible]);
    stands(&report, "fred@corp.com", &[Channel::Visible]);
    stands(&report, "dora@corp.com", &[Channel::TrackedDeletion]);
    stands(&report, "ingo@corp.com", &[Channel::TrackedInsertion]);
    stands(&report, "hilda@corp.com", &[Channel::HiddenText]);
    stands(&report, "walt@corp.com", &[Channel::WhiteText]);
    stands(&report, "tina@corp.com", &[Channel::TinyText]);
    stands(&report, "conny@corp.com", &[Channel::Comment]);
    stands(&report, "hugo@corp.com", &[Channel::HeaderFooter]);
    assert_eq!(of(&report, "hidden.author").len(), 3);
    has(&report, &["hidden.external-link", "metadata.property"]);
    assert_eq!(report.not_read, []);
}

#[test]
fn a_plain_word_document_is_harmless() {
    is_harmless(&scan("plain.doc"));
}

#[test]
fn a_sealed_word_document_is_not_read() {
    let mut bytes = file("text.doc");
    let header = bytes.windows(2).position(|pair| pair == [0xec, 0xa5]).expect("a header");
    bytes[header + 11] |= 1;
    let report = scanner().scan("text.doc", &bytes);
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::Encrypted));
}

#[test]
fn what_is_left_in_free_sectors_is_found() {
    let mut bytes = file("plain.doc");
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend_from_slice(b"Please ask rita@corp.com about the offer to the other side");
    let report = scanner().scan("plain.doc", &bytes);
    stands(&report, "rita@corp.com", &[Channel::Remnant]);
    has(&report, &["hidden.remnant"]);
}

#[test]
fn an_excel_workbook_has_every_channel() {
    let report = scan("sheet.xls");
    stands(&report, "vera@corp.com", &[Channel::Visible]);
    stands(&report, "fay@corp.com", &[Channel::HiddenColumn]);
    stands(&report, "carl@corp.com", &[Channel::HiddenColumn]);
    stands(&report, "rita@corp.com", &[Channel::HiddenRow]);
    stands(&report, "sven@corp.com", &[Channel::HiddenSheet]);
    stands(&report, "conny@corp.com", &[Channel::Comment]);
    has(&report, &["hidden.sheet", "hidden.row", "hidden.column", "hidden.comment"]);
    has(&report, &["hidden.author", "hidden.defined-name", "personal.card"]);
    let comment = of(&report, "hidden.comment")[0];
    assert_eq!(comment.location.cell.as_deref(), Some("C1"));
    assert_eq!(comment.location.sheet.as_deref(), Some("Front"));
    is_harmless(&scan("plain.xls"));
}

#[test]
fn a_sealed_workbook_is_not_read() {
    let mut bytes = file("sheet.xls");
    let begin = bytes.windows(4).position(|w| w == [0x09, 0x08, 0x10, 0]).expect("a workbook");
    bytes[begin + 20] = 0x2f;
    bytes[begin + 21] = 0;
    let report = scanner().scan("sheet.xls", &bytes);
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::Encrypted));
}

#[test]
fn a_powerpoint_presentation_has_every_channel() {
    let report = scan("slides.ppt.gz");
    stands(&report, "vera@corp.com", &[Channel::Visible]);
    stands(&report, "hilda@corp.com", &[Channel::HiddenSlide]);
    stands(&report, "nora@corp.com", &[Channel::Notes]);
    stands(&report, "oscar@corp.com", &[Channel::OffSlide]);
    has(&report, &["hidden.slide", "hidden.notes", "hidden.off-slide", "hidden.thumbnail"]);
    assert_eq!(of(&report, "hidden.slide")[0].location.slide, Some(2));
    assert_eq!(report.not_read, []);
    let plain = scan("plain.ppt.gz");
    assert!(plain.is_clean(Severity::High), "{:#?}", plain.findings);
    assert_eq!(plain.not_read, []);
}

#[test]
fn packed_files_of_other_kinds_are_read() {
    for name in ["note.txt.bz2", "note.txt.xz", "note.txt.zst", "note.7z"] {
        let report = scan(name);
        stands(&report, "vera@corp.com", &[Channel::Visible]);
        assert_eq!(report.not_read, [], "{name}");
        let bytes = file(name);
        let report = scanner().scan(name, &bytes[..bytes.len() / 2]);
        assert!(!report.not_read.is_empty(), "{name}");
    }
    for name in ["sealed.7z", "sealed-names.7z"] {
        assert_eq!(scan(name).not_read[0].reason, Reason::Encrypted, "{name}");
    }
}

#[test]
fn opendocument_has_every_channel() {
    for name in ["text.odt", "text.fodt"] {
        let report = scan(name);
        stands(&report, "vera@corp.com", &[Channel::Visible]);
        stands(&report, "fred@corp.com", &[Channel::Visible]);
        stands(&report, "dora@corp.com", &[Channel::TrackedDeletion]);
        stands(&report, "ingo@corp.com", &[Channel::TrackedInsertion]);
        stands(&report, "hilda@corp.com", &[Channel::HiddenText]);
        stands(&report, "walt@corp.com", &[Channel::WhiteText]);
        stands(&report, "tina@corp.com", &[Channel::TinyText]);
        stands(&report, "conny@corp.com", &[Channel::Comment]);
        stands(&report, "hugo@corp.com", &[Channel::HeaderFooter]);
        has(&report, &["hidden.external-link", "metadata.property", "hidden.author"]);
    }
    let report = scan("sheet.ods");
    stands(&report, "vera@corp.com", &[Channel::Visible]);
    stands(&report, "carl@corp.com", &[Channel::HiddenColumn]);
    stands(&report, "rita@corp.com", &[Channel::HiddenRow]);
    stands(&report, "sven@corp.com", &[Channel::HiddenSheet]);
    stands(&report, "conny@corp.com", &[Channel::Comment]);
    let report = scan("slides.odp");
    stands(&report, "vera@corp.com", &[Channel::Visible]);
    stands(&report, "hilda@corp.com", &[Channel::HiddenSlide]);
    stands(&report, "nora@corp.com", &[Channel::Notes]);
    stands(&report, "conny@corp.com", &[Channel::Comment]);
    has(&report, &["hidden.thumbnail"]);
}

#[test]
fn plain_opendocument_files_have_no_high_findings() {
    for name in ["plain.odt", "plain.ods", "plain.odp"] {
        let report = scan(name);
        let high: Vec<_> = report.findings_at_or_above(Severity::High).collect();
        assert!(high.is_empty(), "{name}: {high:#?}");
        // The preview is a picture, and there is no engine here that reads text in pictures.
        let other = report.not_read.iter().find(|entry| entry.reason != Reason::NoOcr);
        assert_eq!(other, None, "{name}");
    }
}
