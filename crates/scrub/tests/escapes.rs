//! Words and addresses that are written in escapes are found, each once and at its place.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::{DenyList, Report};
use support::{of, scanner};

fn scan(name: &str, text: &str) -> Report {
    let list = DenyList::new(["Globodyne", "Größe"]).expect("a sound list");
    scanner().with_deny_list(list).scan(name, text.as_bytes())
}

#[test]
fn a_word_in_escapes_is_found_once() {
    let cases = [
        ("a.json", r#"{"a": "Glo\u0062odyne"}"#, 1),
        ("a.json", r#"{"a": "Gr\u00f6\u00dfe"}"#, 1),
        ("a.js", r"let a = 'Glo\x62odyne';", 1),
        ("a.txt", "see /%47lobodyne/x", 1),
        ("a.txt", "see /Gr%C3%B6%C3%9Fe", 1),
        ("a.txt", r"Globodyne and \u0062", 1),
        ("a.txt", r"Glo\\u0062odyne", 0),
        ("a.txt", "Glo%6odyne", 0),
    ];
    for (name, text, count) in cases {
        let report = scan(name, text);
        assert_eq!(of(&report, "deny-list.term").len(), count, "{text}: {:#?}", report.findings);
    }
}

#[test]
fn an_address_in_escapes_has_its_line_and_bytes() {
    let report = scan("a.txt", "first\nuser=vera%40corp.com&x=1\n");
    let found = of(&report, "personal.email");
    assert_eq!(found.len(), 1, "{:#?}", report.findings);
    let bytes = found[0].location.bytes.map(|bytes| (bytes.start, bytes.end));
    assert_eq!((found[0].location.line, bytes), (Some(2), Some((11, 26))));
    let report = scan("a.txt", "first\nuser=vera at corp.com&x=%40\n");
    assert!(of(&report, "personal.email").is_empty());
}
