//! HTML pages: what shows once tags are left out is found, and what the page hides.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, DenyList, Kind, Report};
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
    terms("<p>Glo<nobr>bo</nobr><x-y>dyne</x-y></p>", 1);
    terms("<title>Glob&#111;dyne</title><textarea>Gl&#111;bodyne</textarea>", 2);
    terms("<title>Glob&#111;dyne", 1);
    terms("<!--> Glob&#111;dyne <p> end", 1);
    terms("<!-- a --!> Glob&#111;dyne <p> end", 1);
    terms("<!-- Glob&#111;dyne -->", 1);
    terms("<script>a = 'Glob&#111;dyne'</script>", 1);
    terms("<p>Glob&#000000000000000000000000000000000000111;dyne", 1);
    terms("<p>Gl&#111bodyne", 1);
    let many: String = (0..300).map(|at| format!(" a{at}=1")).collect();
    terms(&format!("<p{many} title='Glob&#111;dyne'>"), 1);
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

#[test]
fn what_only_the_shown_text_tells_is_found_at_its_place() {
    let row = "<tr><td>Date of birth</td><td>12.03.1984</td></tr>";
    for (body, hidden) in
        [(format!("<table>{row}</table>"), 0), (format!("<table hidden>{row}"), 1)]
    {
        let report = page(&body);
        let found = of(&report, "personal.birth-date");
        assert_eq!(found.len(), 1, "{body}: {:#?}", report.findings);
        assert_eq!((found[0].location.line, found[0].count), (Some(2), 1));
        assert_eq!(found[0].location.bytes.map(|bytes| bytes.end - bytes.start), Some(10));
        assert!(of(&report, "hidden.text").len() >= hidden);
    }
}

#[test]
fn a_page_is_known_by_its_first_element() {
    let list = DenyList::new(["Globodyne"]).expect("a sound list");
    let scanner = scanner().with_deny_list(list);
    let text = "Glo<b>b</b>&#111;dyne";
    for page in [
        format!("<!-- saved from url=(0014)about:internet -->\n<html><body>{text}</body></html>"),
        format!("<div>{text}</div>"),
        format!("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'a' 'b'><html><p>{text}</p></html>"),
    ] {
        let report = scanner.scan("a", page.as_bytes());
        assert_eq!(report.read[0].kind, Kind::Html);
        assert_eq!(of(&report, "deny-list.term").len(), 1, "{page}: {:#?}", report.findings);
    }
}

#[test]
fn files_in_addresses_are_read_as_browsers_read_them() {
    // `Write to vera@corp.com`.
    for address in [
        "<img src=\"data:text/plain;base64,V3JpdGUgdG8g\n  dmVyYUBjb3JwLmNvbQ==\">",
        "<img src='data:text/plain;BASE64,V3JpdGUgdG8gdmVyYUBjb3JwLmNvbQ=='>",
        "<img src='data&colon;text/plain;base64&comma;V3JpdGUgdG8gdmVyYUBjb3JwLmNvbQ'>",
        "<style>a { background: url(data:;base64,V3JpdGUgdG8gdmVyYUBjb3JwLmNvbQ==) }</style>",
    ] {
        let report = page(address);
        let inner = of(&report, "personal.email").into_iter().any(|f| f.location.path.len() == 2);
        assert!(inner, "{address}: {:#?}", report.findings);
        assert_eq!(report.not_read, []);
    }
}

#[test]
fn elements_may_be_open_while_others_are_closed() {
    // Work that grew with both would not end.
    let body = format!("{}{}", "<b>".repeat(60_000), "</i>".repeat(60_000));
    let report = page(&format!("{body}<p hidden>inside</p>"));
    assert_eq!((of(&report, "hidden.text").len(), report.not_read.len()), (1, 0));
    let deep = page(&"<i>".repeat(70_000));
    assert!(deep.not_read.iter().any(|entry| entry.reason == Reason::TooDeep));
}

#[test]
fn bodies_of_messages_are_pages() {
    let html = "<p>Glo<x>bo</x>dyne</p><div style='display:none'>to bob@corp.com</div>\r\n\
                <!-- eva@corp.com --><a title='gina&#64;corp.com'></a>\
                <img src='data:text/plain;base64,V3JpdGUgdG8gdmVyYUBjb3JwLmNvbQ=='>";
    let message = format!(
        "From: a@corp.com\r\nTo: b@corp.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/html\r\n\r\n{html}"
    );
    let list = DenyList::new(["Globodyne"]).expect("a sound list");
    let report = scanner().with_deny_list(list).scan("a.eml", message.as_bytes());
    let term = of(&report, "deny-list.term");
    assert_eq!(term.len(), 1, "{:#?}", report.findings);
    assert_eq!(
        (term[0].location.part.as_deref(), term[0].location.line),
        (Some("part 0"), Some(1))
    );
    assert_eq!(of(&report, "hidden.text").len(), 1);
    let comment = of(&report, "hidden.markup-comment");
    assert_eq!((comment.len(), comment[0].location.line), (1, Some(2)));
    let mails = of(&report, "personal.email");
    let places: Vec<_> =
        mails.iter().map(|f| (f.location.part.as_deref(), f.location.line)).collect();
    for place in [(Some("part 0"), Some(1)), (Some("part 0"), Some(2)), (None, Some(1))] {
        assert!(places.contains(&place), "{places:?}");
    }
    // Two in the headers, one hidden, one in a comment, one in an attribute, one in a picture.
    assert_eq!(mails.len(), 6, "{mails:#?}");
}
