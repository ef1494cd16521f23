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
        let found = only(&report, "personal.email-reserved");
        assert_eq!(found.location.page, Some(1), "{name}");
    }
    let plain = scan("plain");
    assert_eq!(plain.findings.len(), 1, "{:#?}", plain.findings);
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
        let mail = only(&report, "personal.email-reserved");
        assert_eq!((mail.location.page, mail.location.channel), (Some(1), channel), "{name}");
    }
}

#[test]
fn passwords_are_said() {
    let report = scan("password");
    assert_eq!(report.not_read[0].reason, Reason::Encrypted);
    let report = scan("empty-password");
    only(&report, "file.empty-password");
    only(&report, "personal.email-reserved");
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
    assert_eq!(only(&report, "personal.email-reserved").location.channel, Channel::Comment);

    let report = scan("extras");
    for rule in ["hidden.script", "hidden.embedded", "hidden.private-data", "hidden.thumbnail"] {
        only(&report, rule);
    }
    assert!(!of(&report, "hidden.external-link").is_empty());
    let places: Vec<_> = of(&report, "personal.email-reserved")
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
    assert_eq!(of(&report, "personal.email-reserved").len(), 3, "{:#?}", report.findings);
}

#[test]
fn earlier_revisions_and_orphans_are_found() {
    let report = scan("revision");
    only(&report, "hidden.earlier-revision");
    let mail = only(&report, "personal.email-reserved");
    assert_eq!((mail.location.channel, mail.location.page), (Channel::EarlierRevision, Some(1)));

    let report = scan("orphan");
    // The update also left out the information dictionary.
    assert_eq!(of(&report, "hidden.orphaned-object").len(), 2);
    only(&report, "metadata.incremental-update");
    let channels: Vec<_> =
        of(&report, "personal.email-reserved").into_iter().map(|f| f.location.channel).collect();
    assert_eq!(channels, [Channel::Visible, Channel::Orphan]);

    let report = scan("outside-bytes");
    assert_eq!(report.read[0].kind, Kind::Pdf);
    assert_eq!(of(&report, "hidden.outside-bytes").len(), 2);
    assert_eq!(of(&report, "personal.email-reserved").len(), 2);
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

/// A document of the given objects, numbered from 1; the first is its catalog.
fn document(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(out.len());
        out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    let size = objects.len() + 1;
    out.extend_from_slice(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes());
    for place in places {
        out.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    out.extend_from_slice(trailer.as_bytes());
    out
}

fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<< {entries} /Length {} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

const FONT: &[u8] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

fn one_page(content: Vec<u8>, others: &[Vec<u8>], resources: &str) -> Vec<u8> {
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> {resources} >> >>"
    );
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        content,
        FONT.to_vec(),
    ];
    objects.extend_from_slice(others);
    document(&objects)
}

#[test]
fn ten_thousand_pages_are_read() {
    const PAGES: usize = 10_000;
    let kids: String = (0..PAGES).map(|at| format!("{} 0 R ", at + 5)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {PAGES} >>").into_bytes(),
        FONT.to_vec(),
        stream("", b"BT /F 12 Tf 72 700 Td (Write to eva@corp.com) Tj ET"),
    ];
    for at in 0..PAGES {
        let content = if at + 1 == PAGES { "/Contents 4 0 R" } else { "" };
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] {content} /Resources << /Font << /F 3 0 R >> >> >>"
        );
        objects.push(page.into_bytes());
    }
    let started = std::time::Instant::now();
    let report = scanner().scan("a.pdf", &document(&objects));
    assert_eq!(report.not_read, []);
    assert_eq!(only(&report, "personal.email").location.page, Some(10_000));
    assert!(started.elapsed() < std::time::Duration::from_secs(300), "{:?}", started.elapsed());
}

/// Content that unpacks to far too much, forms that show forms, brackets within brackets, covers
/// over covers: each ends soon and is said.
#[test]
fn documents_made_to_take_long_do_not() {
    let started = std::time::Instant::now();
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, &vec![b' '; 16 << 20]).expect("packed bytes");
    let bomb = packer.finish().expect("packed bytes");
    let bomb = one_page(stream("/Filter /FlateDecode", &bomb), &[], "");
    let report = scanner().scan("a.pdf", &bomb);
    assert_eq!(report.not_read.len(), 1, "{:?}", report.not_read);
    only(&report, "file.bomb");

    let form = |next: usize| {
        let entries = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {next} 0 R >> >>"
        );
        stream(&entries, &b"/X Do ".repeat(50))
    };
    let forms: Vec<Vec<u8>> = (7..17).map(form).collect();
    let report =
        scanner().scan("a.pdf", &one_page(stream("", b"/X Do"), &forms, "/XObject << /X 6 0 R >>"));
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::TooLarge));

    let nested = [b"[".repeat(200_000), b"<<".repeat(200_000), b"q ".repeat(200_000)].concat();
    let _ = scanner().scan("a.pdf", &one_page(stream("", &nested), &[], ""));
    let _ = scanner().scan("a.pdf", &one_page(b"[".repeat(200_000), &[], ""));

    let text = b"BT /F 12 Tf 1 0 0 1 72 700 Tm (some words to look at) Tj ET\n".repeat(500);
    let boxes = b"500 500 9 9 re 60 690 5 5 re 60 690 m 90 790 l 70 690 l f\n".repeat(4_000);
    let _ = scanner().scan("a.pdf", &one_page(stream("", &[text, boxes].concat()), &[], ""));
    assert!(started.elapsed() < std::time::Duration::from_secs(300), "{:?}", started.elapsed());
}
