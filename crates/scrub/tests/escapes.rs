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
        ("a.txt", r"Glo\\u0062odyne", 1),
        ("a.js", r"let a = 'Glo\u{62}odyne';", 1),
        ("a.c", r"char a[] = {'Glo\142odyne'};", 1),
        ("a.py", r"a = 'Glo\U00000062odyne'", 1),
        ("a.md", "see Glo&#98;odyne", 1),
        ("a.xml", "<?xml version='1.0'?><a>Glo&#x62;odyne</a>", 1),
        ("a.xml", "<?xml version='1.0'?><a>Glo&amp;#98;odyne</a>", 1),
        ("a.txt", "Dear Glo=62odyne, good bye", 1),
        ("a.txt", "Gr=C3=B6=C3=9Fe", 1),
        ("a.txt", "Gr=C3=B6=C3=9Fe and Glo=62ody=\nne", 2),
        ("a.txt", "see /Glo%2562odyne", 1),
        ("a.txt", "Gl\u{43e}bodyne", 1),
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

#[test]
fn a_secret_with_marks_or_look_alike_letters_inside_is_found() {
    let cases = [
        ("a.md", "AK**IAIOSFODNN7EXAMPL3**"),
        ("a.txt", "AKIA<b>IOSF</b>ODNN7EXAMPL3"),
        ("a.txt", "AKI\u{410}IOSFODNN7EXAMPL3"),
        ("a.txt", "AKIA\u{ff29}OSFODNN7EXAMPL3"),
        ("a.js", r"let a = '\u0041KIAIOSFODNN7EXAMPL3';"),
        ("a.js", r"let a = '\\\\x41KIAIOSFODNN7EXAMPL3';"),
    ];
    for (name, text) in cases {
        let report = scan(name, text);
        assert_eq!(of(&report, "secret.aws-access-key-id").len(), 1, "{text}");
    }
}

#[test]
fn a_name_parted_by_an_escape_is_found() {
    let report = scan("a.txt", "https://x.example/?q=Dr.%20Anna%20Bergmann&n=1");
    assert_eq!(of(&report, "personal.name").len(), 1, "{:#?}", report.findings);
    // What only the decoded name of a field tells stands at its place.
    let report = scan("a.txt", "date of bi\\u0072th: 12.03.1984\n");
    let found = of(&report, "personal.birth-date");
    assert_eq!(found.len(), 1, "{:#?}", report.findings);
    assert_eq!(found[0].location.bytes.map(|bytes| bytes.start), Some(20));
}

#[test]
fn what_stands_in_no_escape_is_not_found_in_one() {
    for text in [
        "DB_PASSWORD=\nLOG_LEVEL=information-of-all\n",
        "let a = x=\ny; if w=40px { 2**10 } else { Vec<b> }",
        "C:\\users\\u0\\x and 100%25 of &copy and a<b>c",
    ] {
        let found: Vec<_> = scan("a.txt", text).findings.into_iter().map(|f| f.rule).collect();
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
}
