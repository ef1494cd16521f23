//! No bytes make a reader panic, and the same bytes always give the same report.

#![forbid(unsafe_code)]

mod support;

use std::sync::LazyLock;

use attestry_scrub::{DenyList, Limits, Scanner};
use proptest::prelude::*;
use support::{scanner, zipped};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let limits = Limits { entry_bytes_max: 1 << 20, total_bytes_max: 1 << 22, ..Limits::default() };
    let list = DenyList::new(["Globodyne", "Ännä Berg"]).expect("a sound list");
    scanner().with_limits(limits).with_deny_list(list)
});

const DOCX: &str = "word/document.xml";
const TYPES: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");

/// Starts that lead to each reader.
const STARTS: [&[u8]; 12] = [
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0\0\0\0\0",
    b"\xff\xfe",
    b"\xfe\xff",
    b"{\"cells\":[{\"source\":[",
    b"{\"nbformat\":4,\"cells\":",
    b"From: a\r\nTo: b\r\nSubject: c\r\n\r\n",
    b"From: a\r\nTo: b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"<?xml version=\"1.0\"?>",
    b"eva@corp.com 4111 1111 1111 1111 ",
    b"%PDF-",
];

fn check(name: &str, bytes: &[u8]) {
    let report = SCANNER.scan(name, bytes);
    assert_eq!(report.digest(), SCANNER.scan(name, bytes).digest());
    let seen = report.read.len() + report.not_read.len();
    assert!(seen > 0, "a file is either read or not read");
    let ids: std::collections::BTreeSet<_> =
        report.findings.iter().map(|finding| (&finding.id, &finding.excerpt)).collect();
    assert!(ids.len() <= report.findings.len());
}

/// Pieces of XML that mean something to the readers of Office documents.
fn markup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<w:p>",
        "</w:p>",
        "<w:r>",
        "</w:r>",
        "<w:t>",
        "</w:t>",
        "<w:del w:author=\"a\">",
        "</w:del>",
        "<w:ins>",
        "<w:rPr><w:vanish/></w:rPr>",
        "<c r=\"B7\" t=\"s\"><v>9</v></c>",
        "<row r=\"4294967295\">",
        "<col min=\"0\" max=\"4294967295\" hidden=\"1\"/>",
        "<sheet name=\"a\" r:id=\"r1\"/>",
        "eva@corp.com",
        "<a:off x=\"9223372036854775807\" y=\"1\"/><a:ext cx=\"9\" cy=\"9\"/>",
        "<p:sp>",
        "&amp;",
        "&x;",
        "<",
        "\"",
        "<!--",
        "-->",
        "<comment ref=\"é\">",
        "</comment>",
        "<si>",
        "</si>",
        "ß",
        "<c r=\"ZZZZZZZZ9\">",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(start in prop::sample::select(STARTS.to_vec()), rest in prop::collection::vec(any::<u8>(), 0..400)) {
        check("a", &[start, &rest].concat());
    }

    #[test]
    fn any_text(text in "\\PC{0,300}") {
        check("a.txt", text.as_bytes());
    }

    #[test]
    fn text_near_what_rules_look_for(text in "([0-9]{1,6}[ .:/@-]{0,2}|é|ghp_|password = \"|IBAN |eyJ|::|Müller ){0,40}") {
        check("a.txt", text.as_bytes());
    }

    #[test]
    fn any_markup_in_office_documents(text in markup()) {
        let parts = [DOCX, "word/comments.xml", "docProps/core.xml", "word/settings.xml"];
        let entries: Vec<(&str, &[u8])> =
            [TYPES].into_iter().chain(parts.map(|part| (part, text.as_bytes()))).collect();
        check("a.docx", &zipped(&entries));
        let parts = ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/comments1.xml"];
        let relations = b"<Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\"/>".as_slice();
        let entries: Vec<(&str, &[u8])> = [TYPES, ("xl/_rels/workbook.xml.rels", relations)]
            .into_iter()
            .chain(parts.map(|part| (part, text.as_bytes())))
            .collect();
        check("a.xlsx", &zipped(&entries));
        let parts = ["ppt/presentation.xml", "ppt/slides/slide1.xml", "ppt/commentAuthors.xml"];
        let entries: Vec<(&str, &[u8])> =
            [TYPES].into_iter().chain(parts.map(|part| (part, text.as_bytes()))).collect();
        check("a.pptx", &zipped(&entries));
    }

    #[test]
    fn damaged_archives(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = zipped(&[TYPES, (DOCX, b"<w:p><w:r><w:t>eva@corp.com</w:t></w:r></w:p>"), ("a.txt", b"text")]);
        let place = at.index(bytes.len());
        bytes[place] = byte;
        check("a.zip", &bytes);
        bytes.truncate(cut.index(bytes.len()));
        check("a.zip", &bytes);
    }
}
