//! How fast text is searched.

#![forbid(unsafe_code)]

use std::hint::black_box;

use attestry_scrub::{DenyList, RuleSet, Scanner};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Bytes of each text.
const SIZE: usize = 8 << 20;

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let content = std::fs::read(&path).expect("a readable file");
        (path.display().to_string(), content)
    };
    paths.into_iter().map(read).collect()
}

fn scanner() -> Scanner {
    let files = files("../../policies/scrub");
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    Scanner::new(RuleSet::load(&files).expect("sound rules"))
}

fn repeated(text: &[u8]) -> Vec<u8> {
    text.iter().copied().cycle().take(SIZE).collect()
}

fn texts() -> [(&'static str, Vec<u8>); 3] {
    let folders = ["src", "src/detect", "src/detect/checksum", "src/read"];
    let code: Vec<u8> = folders.into_iter().flat_map(files).flat_map(|(_, text)| text).collect();
    let prose = b"The board met on Tuesday to talk about the plan for the coming year. Nobody \
        had read the paper of 14 pages that was sent round in March, so the chair began with \
        the numbers: sales rose by 12 percent, costs by 7, and the team grew to 230 people.\n";
    let table = b"1001,2024-03-05,Widget,12,199.90,open\n1002,2024-03-06,Gadget,7,89.00,closed\n";
    [("code", repeated(&code)), ("prose", repeated(prose)), ("table", repeated(table))]
}

fn search(c: &mut Criterion) {
    let plain = scanner();
    let terms = ["Globodyne Industries", "Project Nightingale", "Anna Berg"];
    let listed = scanner().with_deny_list(DenyList::new(terms).expect("sound terms"));
    let mut group = c.benchmark_group("text");
    group.sample_size(10).throughput(Throughput::Bytes(SIZE as u64));
    for (name, text) in texts() {
        group.bench_function(name, |b| b.iter(|| plain.scan("text.txt", black_box(&text))));
        let name = format!("{name} with a deny-list");
        group.bench_function(name, |b| b.iter(|| listed.scan("text.txt", black_box(&text))));
    }
    group.finish();
}

/// Real sources: those below `ATTESTRY_BENCH_SOURCES`, or those that cargo has unpacked; an equal
/// share of all of them, file by file.
fn sources() -> Vec<Vec<u8>> {
    let folder = std::env::var("ATTESTRY_BENCH_SOURCES")
        .unwrap_or_else(|_| std::env::var("HOME").expect("a home") + "/.cargo/registry/src");
    let mut paths = Vec::new();
    walk(folder.as_ref(), &mut paths);
    let total: u64 = paths.iter().map(|(_, length)| length).sum();
    let step = usize::try_from(total / (4 * SIZE as u64)).unwrap_or(0).max(1);
    let read = |(path, _): &(std::path::PathBuf, u64)| std::fs::read(path).ok();
    paths.iter().step_by(step).filter_map(read).collect()
}

fn walk(folder: &std::path::Path, found: &mut Vec<(std::path::PathBuf, u64)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "c" || end == "py") {
            let length = path.metadata().map_or(0, |data| data.len());
            found.push((path, length));
        }
    }
}

fn real(c: &mut Criterion) {
    let plain = scanner();
    let sources = sources();
    let total: usize = sources.iter().map(Vec::len).sum();
    let mut group = c.benchmark_group("sources");
    group.sample_size(10).throughput(Throughput::Bytes(total as u64));
    group.bench_function("one by one", |b| {
        b.iter(|| {
            for source in &sources {
                black_box(plain.scan("code.txt", black_box(source)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, search, real);
criterion_main!(benches);
