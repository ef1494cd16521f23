//! What a search needs besides files: rules, words, and somebody who reads pictures.

use std::{io::IsTerminal as _, path::Path};

use attestry_scrub::{DenyList, RuleSet, Scanner};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    assets,
    cli::output::{Failure, Output},
    ocr,
    service::policies::load_scan_rules,
};

/// Most bytes of a file of words.
const DENY_LIST_BYTES_MAX: u64 = 1 << 20;

/// The rules of a folder, or those built in.
pub fn rules(folder: Option<&Path>) -> Result<RuleSet, Failure> {
    let Some(folder) = folder else {
        return load_scan_rules(&assets::policies()).map_err(Failure::usage);
    };
    let unusable =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", folder.display()));
    let mut files = assets::read_folder(folder).map_err(|error| unusable(&error))?;
    files.retain(|(path, _)| path.ends_with(".toml"));
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    RuleSet::load(&named).map_err(|error| unusable(&error))
}

/// The words of a file: one a line, without remarks and empty lines.
pub fn deny_list(path: &Path) -> Result<DenyList, Failure> {
    let unusable =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let size = path.metadata().map_err(|error| unusable(&error))?.len();
    if size > DENY_LIST_BYTES_MAX {
        let limit = DENY_LIST_BYTES_MAX;
        return Err(unusable(&format!("{size} bytes, at most {limit} are allowed")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let words = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    DenyList::new(words).map_err(|error| unusable(&error))
}

/// The scanner with whatever reads text in pictures on this machine.
#[must_use]
pub fn with_pictures(scanner: Scanner) -> Scanner {
    match ocr::engine() {
        Some(engine) => scanner.with_ocr(engine),
        None => scanner,
    }
}

/// How far a search is; hidden unless somebody watches.
pub struct Progress(ProgressBar);

impl Progress {
    /// Over so many bytes.
    #[must_use]
    pub fn new(output: &Output, what: &'static str, bytes: u64) -> Self {
        if output.is_json() || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(
            "{msg:>9} [{bar:32}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
        );
        let bar = ProgressBar::new(bytes).with_message(what);
        Self(match style {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        })
    }

    /// So many bytes more.
    pub fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
