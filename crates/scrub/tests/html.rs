//! HTML pages: what shows once tags are left out is found, and what the page hides.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::{Channel, DenyList, Report};
use support::{of, scanner};

fn page(body: &str) -> Report {
    let list = DenyList::new(["Globodyne"]).expect("a sound list");
    let text = format!("<!DOCTYPE html>\n<html><body>{body}</body></html>");
    scanner().with_deny_list(list).scan("a.html", text.as_bytes())
}

#[track_caller]
fn terms(body: &str, count: usize) {
    let report = page(body);
    assert_eq!(of(&report, "deny-list.term").len(), count, "{body}: {:#?}", report.findings);
}

#[test]
fn a_word_that_tags_and_references_take_apart_is_found_once() {
    terms("<p>Globodyne</p>", 1);
    terms("<p>Glo<b>bo</b>dyne</p>", 1);
    terms("<p>Glo&#98;od&#x79;ne</p>", 1);
    terms("<p>Glo<!-- x -->bodyne</p>", 1);
    terms("<p>Glo<span hidden>xx</span>bodyne</p>", 1);
    terms("<img alt='Glob&#111;dyne'>", 1);
    terms("<p>Glo</p><p>x</p><p>bodyne</p>", 0);
    let report = page("\n<p>to vera<span>@</span>corp.com</p>");
    let found = of(&report, "personal.email");
    assert_eq!(found.len(), 1, "{:#?}", report.findings);
    assert_eq!(found[0].location.line, Some(3));
    assert_eq!(found[0].location.bytes.map(|bytes| bytes.end - bytes.start), Some(26));
}

#[test]
fn what_a_page_hides_is_noted() {
    let cases = [
        ("<div style='Display: none'><p>inside</p></div>", "hidden.text", Channel::HiddenText),
        ("<p hidden>inside</p>", "hidden.text", Channel::HiddenText),
        ("<span style=\"color:#FFFFFF\">inside</span>", "hidden.white-text", Channel::WhiteText),
        ("<font color=white>inside</font>", "hidden.white-text", Channel::WhiteText),
        ("<span style='font-size: 1px'>inside</span>", "hidden.tiny-text", Channel::TinyText),
        ("<!-- inside -->", "hidden.markup-comment", Channel::Comment),
    ];
    for (body, rule, channel) in cases {
        let report = page(body);
        let found = of(&report, rule);
        assert_eq!(found.len(), 1, "{body}: {:?}", support::rules_of(&report));
        assert_eq!((found[0].location.channel, found[0].location.line), (channel, Some(2)));
    }
    for body in [
        "<p>after</p>",
        "<br hidden>after",
        "<p hidden></p>after",
        "<!---->",
        "<td bgcolor=navy><font color=white>seen</font></td>",
        "<p style='font-size:12px;background-color:#fff'>seen</p>",
    ] {
        let found: Vec<_> = page(body).findings.into_iter().map(|f| f.rule).collect();
        assert_eq!(found, Vec::<String>::new(), "{body}");
    }
}

#[test]
fn files_in_addresses_are_read() {
    // `Write to vera@corp.com` and a broken one.
    let report = page("<a href='data:text/plain;base64,V3JpdGUgdG8gdmVyYUBjb3JwLmNvbQ=='>x</a>");
    assert!(report.read.iter().any(|read| read.path == ["a.html", "data 1"]), "{:?}", report.read);
    let inner = of(&report, "personal.email").into_iter().any(|f| f.location.path.len() == 2);
    assert!(inner, "{:#?}", report.findings);
    let report = page("<img src='data:image/png;base64,A'>");
    assert_eq!(report.not_read.len(), 1);
}

#[test]
fn broken_pages_end() {
    for body in ["<p", "<!-- x", "<a href=\"x", "<script>", "&#", "&#xfffffffff;", "</", "<b>"] {
        let bytes = format!("<html>{}", body.repeat(3000));
        let report = scanner().scan("a.html", bytes.as_bytes());
        assert_eq!(report.counts.read, 1, "{body}");
    }
}
