//! Scans files and says how fast, how much memory it took at most, and how long the rules took to
//! load, which does not count:
//! `cargo run --release -p attestry-scrub --example measure -- [--html FILE] PATH...`

#![forbid(unsafe_code)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use attestry_scrub::File;

/// Paths of all files below a path.
fn below(path: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            below(&entry?.path(), found)?;
        }
    } else {
        found.push(path.to_owned());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut html = None;
    if arguments.first().is_some_and(|first| first == "--html") {
        html = arguments.get(1).cloned();
        arguments.drain(..2);
    }
    let mut paths = Vec::new();
    for argument in &arguments {
        below(Path::new(argument), &mut paths)?;
    }
    let files = paths.into_iter().map(|path| {
        let name = path.to_string_lossy().into_owned();
        File::opened_by(name, move || std::fs::File::open(path))
    });
    let files: Vec<_> = files.collect();
    let started = Instant::now();
    let scanner = support::scanner();
    let loading = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let report = scanner.scan_files(files);
    let seconds = started.elapsed().as_secs_f64();
    let bytes: u64 = report.inputs.iter().map(|input| input.bytes).sum();
    let unpacked: u64 = report.read.iter().map(|read| read.bytes).sum();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let rate = |bytes: u64| bytes as f64 / 1e6 / seconds;
    writeln!(
        std::io::stdout(),
        "{} files, {bytes} bytes, {seconds:.2} s, {:.1} MB/s ({:.1} MB/s of all that was read), {peak}; \
         {} findings, {} not read; rules loaded in {loading:.2} s before",
        report.inputs.len(),
        rate(bytes),
        rate(unpacked),
        report.counts.findings,
        report.counts.not_read,
    )?;
    if let Some(path) = html {
        std::fs::write(path, report.to_html())?;
    }
    Ok(())
}
