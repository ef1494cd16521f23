//! The page of a report: self-contained, and safe whatever files are called.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::{File, Report};
use support::scanner;

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}.txt";

fn report(count: usize) -> Report {
    let text: String = (0..count).map(|at| format!("eva{at}@corp.com\n")).collect();
    scanner().scan_files(vec![
        File::of(HOSTILE, b"bob@corp.com".as_slice()),
        File::of("many.txt", text.as_bytes()),
        File::of("empty.txt", b"".as_slice()),
    ])
}

#[test]
fn names_of_files_stay_text() {
    let page = report(3).to_html();
    assert!(
        !page.contains("<script>alert") && !page.contains("<img") && !page.contains('\u{202e}')
    );
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("\\u003cscript\\u003ealert"));
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = report(3).to_html();
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for outside in
        ["http://", "https://", " src=\"", "<link", "@import", "url(", " onclick=", " style="]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    let report = report(3);
    for id in report.findings.iter().map(|f| &f.id).chain(report.not_read.iter().map(|n| &n.id)) {
        assert!(page.contains(id.as_str()));
    }
    assert_eq!(page, report.to_html());
}

#[test]
fn ten_thousand_findings_make_a_page_that_is_not_too_large() {
    let page = report(10_000).to_html();
    assert!(page.len() < 4 << 20, "{} bytes", page.len());
}
