//! Recall on lines with one labelled secret each, and false findings on lines without any.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use attestry_scrub::{Category, Finding, Scanner, Severity};
use serde::Deserialize;

/// Stands for nothing inside a secret.
const MARK: &str = "¦";

#[derive(Deserialize)]
struct Line {
    text: String,
    kind: String,
    #[serde(default)]
    syntax: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    start: u64,
    #[serde(default)]
    end: u64,
}

fn lines(name: &str) -> Result<Vec<Line>, Box<dyn Error>> {
    let text = std::fs::read_to_string(crate::evaluation("secrets").join(format!("{name}.jsonl")))?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn secrets(scanner: &Scanner, text: &str) -> Vec<Finding> {
    let report = scanner.scan("line.txt", text.replace(MARK, "").as_bytes());
    report.findings.into_iter().filter(|found| found.category == Category::Secret).collect()
}

/// Scores the parts named; `--misses` shows what goes wrong.
pub fn run(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let scanner = crate::scanner()?;
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let mut text = String::new();
    for part in ["tuned", "held-out"].into_iter().filter(|part| has(part)) {
        recall(&scanner, &lines(part)?, part, has("--misses"), &mut text)?;
    }
    let clean = lines("clean")?;
    let mut flagged = 0;
    for line in &clean {
        let found = secrets(&scanner, &line.text);
        if let Some(found) = found.iter().find(|found| found.severity >= Severity::Medium) {
            flagged += 1;
            if has("--misses") {
                writeln!(text, "false  {:28} {}", found.rule, line.text)?;
            }
        }
    }
    writeln!(text, "clean: {flagged} of {} lines flagged", clean.len())?;
    Ok(text)
}

fn recall(
    scanner: &Scanner,
    lines: &[Line],
    part: &str,
    shows: bool,
    text: &mut String,
) -> Result<(), Box<dyn Error>> {
    // Found, found by a rule of the service, all; for each kind.
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for line in lines {
        let overlaps = |found: &&Finding| {
            found.location.bytes.is_some_and(|at| at.start < line.end && line.start < at.end)
        };
        let found = secrets(scanner, &line.text);
        let hit = found.iter().find(overlaps);
        let by_name = |rule: &str| rule.contains("assigned") || rule.contains("client-id");
        let row = counts.entry(&line.kind).or_default();
        row[0] += usize::from(hit.is_some());
        row[1] += usize::from(hit.is_some_and(|found| !by_name(&found.rule)));
        row[2] += 1;
        if hit.is_none() && shows {
            let line_text = line.text.replace('\n', "⏎");
            writeln!(text, "missed {:14} {line_text}   [{}]", line.service, line.syntax)?;
        }
    }
    let mut all = [0; 3];
    for (kind, row) in counts.iter().chain([(&"all", &all.clone())]) {
        all = [all[0] + row[0], all[1] + row[1], all[2] + row[2]];
        let row = if *kind == "all" { &all } else { row };
        let percent = row[0] as f64 * 100.0 / row[2] as f64;
        writeln!(
            text,
            "{part}: {kind}: {percent:.1} % ({} of {}), {} by a rule of its own",
            row[0], row[2], row[1]
        )?;
    }
    Ok(())
}
