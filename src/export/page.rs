//! A chain of custody as one page that needs nothing else: drawn, then told event by event.

use std::fmt::Write as _;

use attestry_proof::custody::{Content, CustodyEvent, CustodyRecord, Party};

use super::timeline::{escape, timeline};

const STYLE: &str = include_str!("page.css");

/// Writes the page.
#[must_use]
pub fn custody_page(record: &CustodyRecord) -> String {
    let gaps = record.gaps();
    let subject = escape(&record.subject);
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Custody of {subject}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Chain of custody</h1>\n<p class=\"subject\">{subject}</p>\n"
    );
    let linked = match gaps.len() {
        0 => "each names the one before it".to_owned(),
        1 => "one of them does not name the one before it".to_owned(),
        many => format!("{many} of them do not name the one before them"),
    };
    let _ = write!(
        out,
        "<p class=\"{}\">{} events, {linked}.</p>\n\
         <p>This page is a copy for reading. Who said what is proven by the statements in the log: \
         <code>attestry export</code> takes them along, <code>attestry verify</code> checks them. \
         The log proves who said something, and when; not that it is true. That no event is left out is \
         the service's word. Times on the line are by \
         the service's clock, in UTC.</p>\n{LEGEND}",
        if gaps.is_empty() { "whole" } else { "broken" },
        record.events.len()
    );
    out.push_str(&timeline(&record.events, &gaps));
    out.push_str("<h2>Event by event</h2>\n");
    for event in &record.events {
        tell(&mut out, event, gaps.contains(&event.index));
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

const LEGEND: &str = "<ul class=\"legend\"><li class=\"contractor\">contractor</li>\
    <li class=\"reviewer\">reviewer</li><li class=\"legal\">legal officer</li>\
    <li class=\"service\">service</li><li class=\"erased\">erased or not shown</li></ul>\n";

fn tell(out: &mut String, event: &CustodyEvent, gap: bool) {
    let _ = write!(
        out,
        "<section id=\"entry-{0}\">\n<h3>{1} <span>entry {0}</span></h3>\n<dl>\n",
        event.index,
        escape(&event.event)
    );
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(out, "<dt>{label}</dt><dd>{}</dd>", escape(value));
    };
    if gap {
        row("Gap", "it does not name the event before it");
    }
    row("Logged", &format!("{} by the service's clock", event.logged_at));
    row("Signed", &format!("{} by the signer's clock", event.signed_at));
    row("By", &party(&event.signed_by));
    if let Some(received) = &event.received_by {
        row("Received by", &party(received));
    }
    let texts = [
        ("Purpose", &event.purpose),
        ("Authority", &event.authority),
        ("Note", &event.note),
        ("Tool", &event.tool),
    ];
    for (label, text) in texts {
        if let Some(text) = text {
            row(label, text);
        }
    }
    for (label, contents) in [("Before", &event.before), ("After", &event.after)] {
        for Content { what, sha256 } in contents {
            row(label, &format!("{what} {sha256}"));
        }
    }
    if let Some(configuration) = event.configuration {
        row("Rules", &configuration.to_string());
    }
    for hold in &event.holds {
        row("Hold", hold);
    }
    if let Some(disposal) = &event.disposal {
        row("Disposal", &disposal.method);
        for by in &disposal.authorised_by {
            row("Authorised by", &by.to_string());
        }
    }
    row("Leaf", &event.leaf.to_string());
    if let Some(previous) = event.previous {
        row("Before it", &previous.to_string());
    }
    row("Payload", &event.payload_sha256.to_string());
    out.push_str("</dl>\n</section>\n");
}

fn party(party: &Party) -> String {
    let role = party.role.as_deref().unwrap_or("role not stated");
    format!("{} ({role}, by {})", party.key, party.authentication)
}
