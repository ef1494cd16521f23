//! Scores the scanner against labelled sets.
//!
//! `cargo run --release -p attestry-scrub --example score -- documents [--misses] [FILE...]`,
//! `… -- secrets tuned held-out [--misses]`, `… -- code [--show] FOLDER...`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is what it is for")]
#![forbid(unsafe_code)]

mod code;
mod documents;
mod secrets;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use attestry_scrub::{RuleSet, Scanner};

const USAGE: &str = "usage: score documents [--misses] [FILE...] | secrets [--misses] \
    [tuned] [held-out] | code [--show] FOLDER...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((command, rest)) if command == "documents" => documents::run(rest),
        Some((command, rest)) if command == "secrets" => secrets::run(rest),
        Some((command, rest)) if command == "code" => code::run(rest),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

/// The scanner with the rules of the repository.
fn scanner() -> Result<Scanner, Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/scrub");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        files.push((path.display().to_string(), std::fs::read(&path)?));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(p, c)| (p.as_str(), c.as_slice())).collect();
    Ok(Scanner::new(RuleSet::load(&files)?))
}

/// A file of the folder `evaluation`.
fn evaluation(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "evaluation", path].iter().collect()
}

/// A share in thousandths, written as a decimal fraction.
fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let thousandths = part * 1000 / whole;
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}
