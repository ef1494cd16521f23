//! False findings for each 1,000 lines of ordinary code: whatever is found there is taken for false.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use attestry_scrub::{Category, Finding, Severity};

/// Names of files that are code or its usual company.
const ENDINGS: &[&str] = &[
    "rs", "py", "js", "ts", "go", "c", "h", "cc", "cpp", "java", "rb", "php", "sh", "toml", "yaml",
    "yml", "json", "md", "txt", "xml", "html", "css",
];

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(path) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| ENDINGS.iter().any(|known| *known == end)) {
            files.push(path);
        }
    }
}

/// Counts for one folder.
#[derive(Default)]
struct Tally {
    files: usize,
    lines: usize,
    bytes: usize,
    seconds: f64,
    rules: BTreeMap<String, usize>,
}

/// Scores the folders named; `--show` shows each finding with its line.
pub fn run(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let scanner = crate::scanner()?;
    let shows = arguments.iter().any(|argument| argument == "--show");
    let mut text = String::new();
    for folder in arguments.iter().filter(|argument| !argument.starts_with("--")) {
        let mut files = Vec::new();
        walk(Path::new(folder), &mut files);
        let mut tally = Tally::default();
        for path in &files {
            let Ok(content) = std::fs::read(path) else { continue };
            let start = Instant::now();
            let report = scanner.scan("code.txt", &content);
            tally.seconds += start.elapsed().as_secs_f64();
            tally.files += 1;
            tally.lines += content.iter().filter(|byte| **byte == b'\n').count();
            tally.bytes += content.len();
            let counts = |found: &&Finding| {
                found.category == Category::Secret && found.severity >= Severity::Medium
            };
            for found in report.findings.iter().filter(counts) {
                *tally.rules.entry(found.rule.clone()).or_default() += 1;
                if shows {
                    let line = line_of(&content, found);
                    writeln!(text, "{:30} {}: {line}", found.rule, path.display())?;
                }
            }
        }
        let found: usize = tally.rules.values().sum();
        writeln!(
            text,
            "{folder}: {} files, {} lines, {found} findings, {:.3} for each 1,000 lines, {:.0} MB/s",
            tally.files,
            tally.lines,
            found as f64 * 1000.0 / tally.lines as f64,
            tally.bytes as f64 / tally.seconds / 1e6
        )?;
        for (rule, count) in tally.rules {
            writeln!(text, "  {count:6} {rule}")?;
        }
    }
    Ok(text)
}

/// The line of a finding, at most 240 bytes of it.
fn line_of(content: &[u8], found: &Finding) -> String {
    let place = found.location.bytes.map_or((0, 0), |at| (at.start as usize, at.end as usize));
    let before = content[..place.0].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let start = before.max(place.0.saturating_sub(100));
    let after = content[place.1..].iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let end = (place.1 + after).min(start + 240).max(start);
    String::from_utf8_lossy(&content[start..end]).replace('\n', "⏎")
}
