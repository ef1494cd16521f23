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

#[test]
fn what_stands_beside_the_pages_is_found() {
    let report = scan("comment");
    only(&report, "hidden.author");
    assert_eq!(only(&report, "hidden.comment").location.page, Some(1));
    assert_eq!(only(&report, "personal.email").location.channel, Channel::Comment);

    let report = scan("extras");
    for rule in ["hidden.script", "hidden.embedded", "hidden.private-data", "hidden.thumbnail"] {
        only(&report, rule);
    }
    assert!(!of(&report, "hidden.external-link").is_empty());
    let places: Vec<_> = of(&report, "personal.email")
        .into_iter()
        .map(|f| (f.location.path.len(), f.location.channel, f.location.field.as_deref()))
        .collect();
    for place in [
        (1, Channel::Macro, Some("JS")),
        (1, Channel::Metadata, Some("Author")),
        (1, Channel::OtherPart, Some("Title")),
        (2, Channel::Visible, None),
    ] {
        assert!(places.contains(&place), "{place:?}: {places:?}");
    }

    let report = scan("form");
    only(&report, "hidden.form-field");
    only(&report, "hidden.xfa");
    assert_eq!(of(&report, "personal.email").len(), 3, "{:#?}", report.findings);
}

#[test]
fn earlier_revisions_and_orphans_are_found() {
    let report = scan("revision");
    only(&report, "hidden.earlier-revision");
    let mail = only(&report, "personal.email");
    assert_eq!((mail.location.channel, mail.location.page), (Channel::EarlierRevision, Some(1)));

    let report = scan("orphan");
    // The update also left out the information dictionary.
    assert_eq!(of(&report, "hidden.orphaned-object").len(), 2);
    only(&report, "metadata.incremental-update");
    let channels: Vec<_> =
        of(&report, "personal.email").into_iter().map(|f| f.location.channel).collect();
    assert_eq!(channels, [Channel::Visible, Channel::Orphan]);

    let report = scan("outside-bytes");
    assert_eq!(report.read[0].kind, Kind::Pdf);
    assert_eq!(of(&report, "hidden.outside-bytes").len(), 2);
    assert_eq!(of(&report, "personal.email").len(), 2);
}

#[test]
fn pictures_are_handed_on_once() {
    let report = scan("image");
    let pictures: Vec<_> = report
        .not_read
        .iter()
        .map(|entry| &entry.path)
        .chain(report.read.iter().map(|entry| &entry.path))
        .filter(|path| path.get(1).is_some_and(|name| name.starts_with("page 1/image ")))
        .collect();
    assert_eq!(pictures.len(), 1, "{:?} {:?}", report.read, report.not_read);
}
