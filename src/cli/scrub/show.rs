//! A report as text for a terminal: what has to be dealt with, by file and by rule.

use std::{collections::BTreeMap, fmt::Write as _};

use attestry_scrub::{
    Finding, Location, Report, Severity,
    report::{Blocking, NotRead},
};

use crate::cli::output::Output;

/// Places shown for one rule in one file.
const PLACES_SHOWN: usize = 5;
/// Rules shown for one file.
const RULES_SHOWN: usize = 40;
/// Characters of an id that tell it from others at a glance.
const ID_CHARS: usize = 12;

/// Prints what has to be dealt with, and how much there is besides.
pub fn report(report: &Report, threshold: Severity, output: &Output) {
    let blocking = report.blocking(threshold);
    page(&blocking, output);
    output.line("");
    let counts = &report.counts;
    let below = counts.findings - blocking.findings.len() as u64;
    let (files, read) = (report.inputs.len(), counts.read);
    if blocking.is_empty() {
        output.good(format_args!("nothing at or above {} in {files} files", word(threshold)));
    } else {
        output.line(format_args!(
            "{} findings at or above {}, {} not read, in {files} files",
            blocking.findings.len(),
            word(threshold),
            blocking.not_read_count()
        ));
    }
    output.line(format_args!("  {below} findings below it; {read} files and parts read"));
    output.line(format_args!("  rules {}", &report.rules_digest));
}

/// Prints what is in the way, by file.
pub fn page(blocking: &Blocking<'_>, output: &Output) {
    let mut files: BTreeMap<&str, (Vec<&Finding>, Vec<&NotRead>)> = BTreeMap::new();
    for &finding in &blocking.findings {
        files.entry(outermost(&finding.location.path)).or_default().0.push(finding);
    }
    for &entry in &blocking.not_read {
        files.entry(outermost(&entry.path)).or_default().1.push(entry);
    }
    for (name, (findings, not_read)) in files {
        output.heading(name);
        for entry in not_read {
            output.line(format_args!(
                "  {} {}  [{}]",
                output.paint("not read", 33),
                unread(entry),
                short(&entry.id)
            ));
        }
        by_rule(&findings, output);
    }
}

fn by_rule(findings: &[&Finding], output: &Output) {
    let mut rules: BTreeMap<(std::cmp::Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let key = (std::cmp::Reverse(finding.severity), finding.rule.as_str());
        rules.entry(key).or_default().push(finding);
    }
    let more = rules.len().saturating_sub(RULES_SHOWN);
    for ((severity, rule), found) in rules.into_iter().take(RULES_SHOWN) {
        let first = found[0];
        let severity = severity.0;
        let color = if severity == Severity::Critical { 31 } else { 33 };
        output.line(format_args!(
            "  {} {}: {}",
            output.paint(word(severity), color),
            output.paint(rule, 1),
            first.why
        ));
        for finding in found.iter().take(PLACES_SHOWN) {
            output.line(format_args!("      {}  [{}]", line(finding), short(&finding.id)));
        }
        if found.len() > PLACES_SHOWN {
            output.line(format_args!("      and {} more", found.len() - PLACES_SHOWN));
        }
        output.line(format_args!("      → {}", first.what));
    }
    if more > 0 {
        output.line(format_args!("  and {more} more kinds of findings"));
    }
}

fn outermost(path: &[String]) -> &str {
    path.first().map_or("", String::as_str)
}

fn line(finding: &Finding) -> String {
    let mut text = place(&finding.location);
    if !finding.excerpt.is_empty() {
        let _written = write!(text, "  “{}”", finding.excerpt);
    }
    if finding.count > 1 {
        let _written = write!(text, "  ×{}", finding.count);
    }
    text
}

fn unread(entry: &NotRead) -> String {
    let inner = entry.path.iter().skip(1).map(String::as_str);
    let place: Vec<&str> = inner.chain(entry.part.as_deref()).collect();
    let reason = serde_json::to_value(entry.reason).unwrap_or_default();
    let kind = serde_json::to_value(entry.kind).unwrap_or_default();
    let (reason, kind) = (reason.as_str().unwrap_or_default(), kind.as_str().unwrap_or_default());
    let place = place.join(" › ");
    if entry.count > 1 {
        return format!("{place} ({} more, {reason})", entry.count).trim_start().to_owned();
    }
    format!("{place} ({kind}, {reason})").trim_start().to_owned()
}

/// Where something is, from the outside inwards, without the name of the file itself.
#[must_use]
pub fn place(location: &Location) -> String {
    let mut parts: Vec<String> = location.path.iter().skip(1).cloned().collect();
    parts.extend(location.part.clone());
    let mut add = |name: &str, value: Option<String>| {
        parts.extend(value.map(|value| format!("{name} {value}")));
    };
    // Whatever a location says besides path, part and channel, in the words of the report.
    let value = serde_json::to_value(location).unwrap_or_default();
    let said = |name: &str| match value.get(name) {
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(serde_json::Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    for name in ["commit", "sheet", "cell", "slide", "page", "paragraph", "field", "line"] {
        add(name, said(name));
    }
    let channel = said("channel").unwrap_or_default();
    if channel != "visible" {
        parts.push(channel.replace('-', " "));
    }
    if parts.is_empty() { "the file".to_owned() } else { parts.join(", ") }
}

fn short(id: &str) -> &str {
    id.get(..ID_CHARS).unwrap_or(id)
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}
