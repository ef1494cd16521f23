//! PDF files made by real software: what a page hides is found where it is, and ordinary pages have
//! nothing hidden.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, Finding, Kind, Report, Severity};
use support::{of, scanner};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/files/pdf/{name}.pdf", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn scan(name: &str) -> Report {
    scanner().scan("a.pdf", &file(name))
}

fn only<'r>(report: &'r Report, rule: &str) -> &'r Finding {
    let found = of(report, rule);
    assert_eq!(found.len(), 1, "{rule}: {:#?}", report.findings);
    found[0]
}

fn worst(report: &Report) -> Option<Severity> {
    report.findings.iter().map(|finding| finding.severity).max()
}

#[test]
fn the_text_of_a_page_is_read() {
    for name in ["plain", "object-streams", "table-stream"] {
        let report = scan(name);
        assert_eq!(report.not_read, [], "{name}");
        assert_eq!(report.read[0].kind, Kind::Pdf);
        let found = only(&report, "personal.email");
        assert_eq!(found.location.page, Some(1), "{name}");
    }
    assert_eq!(scan("plain").findings.len(), 1);
}

#[test]
fn ordinary_files_hide_nothing() {
    for name in ["table", "office", "blank", "bold", "plain", "marker", "white-on-dark"] {
        let report = scan(name);
        assert_eq!(report.not_read, [], "{name}");
        let hidden: Vec<_> =
            report.findings.iter().filter(|f| f.rule.starts_with("hidden.")).collect();
        assert!(hidden.is_empty(), "{name}: {hidden:#?}");
    }
    assert!(worst(&scan("office")) < Some(Severity::High));
}

#[test]
fn hidden_text_is_found_with_its_page() {
    let cases = [
        ("box", "hidden.covered-text", Channel::CoveredText),
        ("object-streams", "hidden.covered-text", Channel::CoveredText),
        ("polygon", "hidden.covered-text", Channel::CoveredText),
        ("thick-line", "hidden.covered-text", Channel::CoveredText),
        ("black-square", "hidden.covered-text", Channel::CoveredText),
        ("image", "hidden.text-under-image", Channel::CoveredText),
        ("under-text", "hidden.text-under-text", Channel::CoveredText),
        ("redact", "hidden.unapplied-redaction", Channel::CoveredText),
        ("invisible", "hidden.invisible-text", Channel::InvisibleText),
        ("scan", "hidden.ocr-layer", Channel::InvisibleText),
        ("white", "hidden.white-text", Channel::WhiteText),
        ("tiny", "hidden.tiny-text", Channel::TinyText),
        ("outside", "hidden.off-page", Channel::OffPage),
        ("clipped", "hidden.off-page", Channel::OffPage),
        ("layer", "hidden.layer", Channel::Layer),
    ];
    for (name, rule, channel) in cases {
        let report = scan(name);
        let found = of(&report, rule);
        assert!(!found.is_empty(), "{name}: {:#?}", report.findings);
        assert!(found.iter().all(|f| f.location.page == Some(1) && f.location.channel == channel));
        let mail = only(&report, "personal.email");
        assert_eq!((mail.location.page, mail.location.channel), (Some(1), channel), "{name}");
    }
}

#[test]
fn passwords_are_said() {
    let report = scan("password");
    assert_eq!(report.not_read[0].reason, Reason::Encrypted);
    let report = scan("empty-password");
    only(&report, "file.empty-password");
    only(&report, "personal.email");
}

#[test]
fn metadata_is_found() {
    let report = scan("metadata");
    let fields: Vec<_> = of(&report, "metadata.property")
        .into_iter()
        .map(|f| (f.location.part.as_deref().unwrap_or(""), f.location.field.as_deref()))
        .collect();
    assert!(fields.contains(&("Info", Some("Author"))), "{fields:?}");
    assert!(fields.contains(&("XMP", Some("creator"))), "{fields:?}");
}

#[test]
fn broken_files_are_said_to_be_so() {
    let plain = file("plain");
    for length in [plain.len() / 2, plain.len() - 40] {
        let report = scanner().scan("a.pdf", &plain[..length]);
        assert!(!report.not_read.is_empty(), "{length}");
    }
    for name in ["form-cycle", "page-cycle"] {
        assert!(!scan(name).not_read.is_empty(), "{name}");
    }
}
