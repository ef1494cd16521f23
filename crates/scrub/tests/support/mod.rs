//! What the tests share: the rules of the repository, and archives made by hand.

#![allow(dead_code)]

use std::io::{Cursor, Write as _};

use attestry_scrub::{Finding, Report, RuleSet, Scanner};
use zip::write::SimpleFileOptions;

/// The files of rules in the repository, in the order of their paths.
pub fn rule_files() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/scrub");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of rules")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a readable file"))
        })
        .collect();
    files.sort();
    files
}

pub fn rules() -> RuleSet {
    let files = rule_files();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    RuleSet::load(&files).unwrap_or_else(|e| panic!("{e}"))
}

pub fn scanner() -> Scanner {
    Scanner::new(rules())
}

/// A ZIP archive of the given entries.
pub fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        writer.write_all(content).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Findings of a rule.
pub fn of<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// Ids of the rules that found something, each once.
pub fn rules_of(report: &Report) -> Vec<&str> {
    let mut rules: Vec<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
