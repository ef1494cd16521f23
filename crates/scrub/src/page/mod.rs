//! The report as one page that a contractor works through: it needs no network, keeps what was
//! decided in the browser, and saves acceptances as JSON:
//! `{"schema": "attestry-scrub-acceptances/v1", "reportDigest": "...", "acceptances": [{"id": "...",
//! "reason": "..."}]}`, where an id is one of a finding or of something not read.
//!
//! Whatever comes from a file is either escaped or handed to the script as data, which makes text of
//! it and never markup. The content security policy allows this one script and this one style only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::finding::Location;
use crate::report::Report;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const BODY: &str = include_str!("body.html");

impl Report {
    /// The report as a self-contained HTML page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let mut page = String::with_capacity(64 << 10);
        page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">",
            hash(STYLE),
            hash(SCRIPT),
        );
        page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n");
        let _ = write!(page, "<title>Redaction check</title>\n<style>{STYLE}</style>\n</head>\n");
        page.push_str(&self.body());
        let data = self.data().to_string();
        let _ = write!(
            page,
            "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n\
             </body>\n</html>\n",
            in_script(&data)
        );
        page
    }

    fn body(&self) -> String {
        let mut tiles = String::new();
        for severity in ["critical", "high", "medium", "low"] {
            let count = self.findings.iter().filter(|f| word(&f.severity) == severity).count();
            let _ = write!(tiles, "<li class=\"{severity}\"><b>{count}</b>{severity}</li>");
        }
        let not_read = self.counts.not_read;
        let tone = if not_read > 0 { "high" } else { "low" };
        let _ = write!(tiles, "<li class=\"{tone}\"><b>{not_read}</b>not read</li>");
        let _ = write!(tiles, "<li class=\"low\"><b>{}</b>read</li>", self.counts.read);
        let mut categories = String::new();
        for (category, count) in &self.counts.by_category {
            let name = word(category).replace('-', " ");
            let _ = write!(categories, "<tr><td>{}</td><td>{count}</td></tr>", escape(&name));
        }
        let verdict = match (self.counts.findings, not_read) {
            (0, 0) => "Nothing was found, and everything was read.",
            (_, 0) => "Everything was read. Look at what was found below.",
            (0, _) => "Nothing was found, but some content could not be read.",
            _ => "Look at what was found below, and at what could not be read.",
        };
        let list = self.deny_list_digest.as_deref().unwrap_or("none");
        let fields = [
            ("{verdict}", verdict.to_owned()),
            ("{tiles}", tiles),
            ("{categories}", categories),
            ("{files}", self.inputs.len().to_string()),
            ("{tool}", escape(&format!("{} {}", self.tool, self.version))),
            ("{digest}", hex::encode(self.digest())),
            ("{rules}", escape(&self.rules_digest)),
            ("{list}", escape(list)),
        ];
        fields.iter().fold(BODY.to_owned(), |body, (name, value)| body.replace(name, value))
    }

    /// What the script shows. Words of a rule that say the same are there once.
    fn data(&self) -> Value {
        let mut rules: Vec<Value> = Vec::new();
        let mut known = BTreeMap::new();
        let findings = self.findings.iter().map(|finding| {
            let (severity, category) = (word(&finding.severity), word(&finding.category));
            let rule = (&finding.rule, &finding.why, &finding.what, severity, category);
            let at = *known.entry(rule.clone()).or_insert_with(|| {
                let (rule, why, what, severity, category) = rule;
                rules.push(json!({
                    "rule": rule, "why": why, "what": what, "severity": severity,
                    "category": category,
                }));
                rules.len() - 1
            });
            json!({
                "id": finding.id,
                "r": at,
                "file": file_of(&finding.location.path),
                "place": place(&finding.location),
                "channel": word(&finding.location.channel),
                "excerpt": plain(&finding.excerpt),
                "count": finding.count,
            })
        });
        let findings: Vec<Value> = findings.collect();
        let not_read = self.not_read.iter().map(|entry| {
            let reason = word(&entry.reason);
            json!({
                "id": entry.id,
                "file": file_of(&entry.path),
                "place": plain(entry.part.as_deref().unwrap_or_default()),
                "why": match entry.count {
                    1 => format!("Not read ({}): {}", word(&entry.kind), meaning(&reason)),
                    count => format!(
                        "{count} more that were not read and are not listed one by one: {}",
                        meaning(&reason)
                    ),
                },
                "count": entry.count,
                "what": "Open it and look for yourself, or take it out; then say why it may stay.",
            })
        });
        let not_read: Vec<Value> = not_read.collect();
        let read = self.read.iter().map(|entry| {
            json!({
                "file": file_of(&entry.path),
                "kind": match entry.count {
                    1 => word(&entry.kind),
                    count => format!("{} ({count} more, not listed one by one)", word(&entry.kind)),
                },
                "bytes": entry.bytes,
                "encoding": entry.encoding.map(crate::report::Encoding::name),
            })
        });
        let read: Vec<Value> = read.collect();
        let inputs = self.inputs.iter().map(|input| {
            json!({ "name": plain(&input.name), "bytes": input.bytes, "sha256": input.sha256 })
        });
        let inputs: Vec<Value> = inputs.collect();
        json!({
            "digest": hex::encode(self.digest()),
            "rules": rules,
            "findings": findings,
            "notRead": not_read,
            "read": read,
            "inputs": inputs,
        })
    }
}

/// The word that a value has in the JSON of a report.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// What the reason of something not read means.
fn meaning(reason: &str) -> String {
    let known = match reason {
        "no-reader" => "there is no reader for this kind of file.",
        "unknown-kind" => "what it is could not be told.",
        "encrypted" => "it needs a password.",
        "broken" => "it is damaged or ends too early; what comes before was searched.",
        "unknown-compression" => "its compression is not known.",
        "too-deep" => "files are packed into each other too deeply.",
        "too-large" => "it is too large.",
        "ratio" => "it unpacks to far more than it takes; probably a bomb.",
        "too-many-entries" => "it has too many entries.",
        "total-too-large" => "all unpacked content together is too large.",
        "too-many-findings" => "there are more findings than a report holds.",
        "empty" => "it has no content.",
        "link" => "it is a link to something else, which was not followed.",
        "unreadable" => "the system did not let it be read.",
        other => return format!("{}.", other.replace('-', " ")),
    };
    known.to_owned()
}

/// Names from the outermost file inwards, on one line.
fn file_of(path: &[String]) -> String {
    plain(&path.join(" › "))
}

/// Where within a file, in words.
fn place(location: &Location) -> String {
    let text = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!("{name} {value}").trim().to_owned())
    };
    let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name} {value}"));
    let parts = [
        text("", &location.part),
        text("commit", &location.commit),
        text("sheet", &location.sheet),
        text("cell", &location.cell),
        number("slide", location.slide.map(u64::from)),
        number("page", location.page.map(u64::from)),
        number("line", location.line),
        number("paragraph", location.paragraph.map(u64::from)),
        text("field", &location.field),
    ];
    plain(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// A text in which characters that show nothing, or turn the direction of others, are spelled out.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || hides {
            let _ = write!(plain, "\\u{{{:x}}}", u32::from(c));
        } else {
            plain.push(c);
        }
    }
    plain
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON that cannot end the element it stands in.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_cannot_become_markup() {
        assert_eq!(escape("<a href='\"&"), "&lt;a href=&#39;&quot;&amp;");
        assert_eq!(in_script("\"</script>&\""), "\"\\u003c/script\\u003e\\u0026\"");
        assert_eq!(plain("a\u{202e}txt.exe\n"), "a\\u{202e}txt.exe\\u{a}");
    }

    #[test]
    fn a_place_is_told_in_words() {
        let location = Location {
            sheet: Some("Data".to_owned()),
            cell: Some("B7".to_owned()),
            line: Some(3),
            ..Location::default()
        };
        assert_eq!(place(&location), "sheet Data, cell B7, line 3");
    }
}
