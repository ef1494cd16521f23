//! Labelled documents: one JSON object a line, with the text and the byte ranges of what is personal.
//!
//! A span counts as found if one finding covers at least half of it, whatever its label. A finding
//! counts as right if it overlaps any span.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use attestry_scrub::{Category, Scanner};
use serde_json::Value;

use crate::{evaluation, scanner, share};

/// Makes every document plain text, e-mails too, so that offsets are those of the text.
const LEAD: &str = "-\n";

struct Span {
    start: usize,
    end: usize,
    label: String,
}

/// Counts for one set.
#[derive(Default)]
struct Score {
    documents: usize,
    lines: usize,
    /// Spans and those found, by label.
    labels: BTreeMap<String, (usize, usize)>,
    /// Findings and right ones, by rule.
    rules: BTreeMap<String, (usize, usize)>,
    notes: String,
}

pub(crate) fn run(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let shows_misses = arguments.iter().any(|argument| argument == "--misses");
    let mut files: Vec<PathBuf> =
        arguments.iter().filter(|argument| !argument.starts_with('-')).map(PathBuf::from).collect();
    if files.is_empty() {
        files.push(evaluation("documents/tuned.jsonl"));
    }
    let scanner = scanner()?;
    let mut out = String::new();
    for file in files {
        let mut score = Score::default();
        for line in std::fs::read_to_string(&file)?.lines() {
            let document: Value = serde_json::from_str(line)?;
            let text = document["text"].as_str().ok_or("a document has no text")?;
            let spans = spans(&document).ok_or("a span is not start, end and label")?;
            score.add(&scanner, text, &spans);
        }
        writeln!(out, "{}", file.display())?;
        score.write(&mut out, shows_misses)?;
    }
    Ok(out)
}

fn spans(document: &Value) -> Option<Vec<Span>> {
    let number =
        |span: &Value, name: &str| span[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let of = |span: &Value| {
        let label = span["label"].as_str()?.to_owned();
        Some(Span { start: number(span, "start")?, end: number(span, "end")?, label })
    };
    document["spans"].as_array()?.iter().map(of).collect()
}

impl Score {
    fn add(&mut self, scanner: &Scanner, text: &str, spans: &[Span]) {
        self.documents += 1;
        self.lines += text.lines().count();
        let report = scanner.scan("document.txt", format!("{LEAD}{text}").as_bytes());
        let mut found = Vec::new();
        for finding in &report.findings {
            let Some(range) = finding.location.bytes else { continue };
            let is_meant = matches!(finding.category, Category::PersonalData);
            let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(LEAD.len());
            if is_meant && finding.location.field.is_none() {
                found.push((at(range.start), at(range.end), finding.rule.clone()));
            }
        }
        for span in spans {
            let most = found
                .iter()
                .map(|(start, end, _)| {
                    (*end).min(span.end).saturating_sub((*start).max(span.start))
                })
                .max();
            let is_found = most.unwrap_or(0) * 2 >= span.end - span.start;
            let (all, hit) = self.labels.entry(span.label.clone()).or_default();
            *all += 1;
            *hit += usize::from(is_found);
            if !is_found {
                self.note("missed", &span.label, text, (span.start, span.end));
            }
        }
        for (start, end, rule) in found {
            let is_right = spans.iter().any(|span| span.start < end && start < span.end);
            let (all, right) = self.rules.entry(rule.clone()).or_default();
            *all += 1;
            *right += usize::from(is_right);
            if !is_right {
                self.note("wrong", &rule, text, (start, end));
            }
        }
    }

    fn note(&mut self, what: &str, label: &str, text: &str, (start, end): (usize, usize)) {
        let from = text.floor_char_boundary(start.saturating_sub(30));
        let to = text.ceil_char_boundary((end + 20).min(text.len()));
        let (before, middle, after) = (&text[from..start], &text[start..end], &text[end..to]);
        let line = format!("{what} {label}: {before}[{middle}]{after}").replace('\n', "\\n");
        self.notes.push_str(&line);
        self.notes.push('\n');
    }

    fn write(&self, out: &mut String, shows_misses: bool) -> std::fmt::Result {
        let sum = |counts: &BTreeMap<String, (usize, usize)>| {
            counts.values().fold((0, 0), |sum, (all, good)| (sum.0 + all, sum.1 + good))
        };
        let (spans, found) = sum(&self.labels);
        let (findings, right) = sum(&self.rules);
        writeln!(out, "  {} documents, {} lines", self.documents, self.lines)?;
        writeln!(out, "  recall    {} ({found} of {spans} spans)", share(found, spans))?;
        writeln!(out, "  precision {} ({right} of {findings} findings)", share(right, findings))?;
        let wrong = (findings - right) * 1000;
        writeln!(out, "  wrong findings in 1,000 lines: {}", wrong / self.lines.max(1))?;
        for (label, (all, hit)) in &self.labels {
            writeln!(out, "    {label:<14} {} ({hit} of {all})", share(*hit, *all))?;
        }
        for (rule, (all, right)) in &self.rules {
            writeln!(out, "    {rule:<34} {} ({right} of {all} right)", share(*right, *all))?;
        }
        if shows_misses {
            out.push_str(&self.notes);
        }
        Ok(())
    }
}
