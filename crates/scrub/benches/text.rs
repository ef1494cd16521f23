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

criterion_group!(benches, search);
criterion_main!(benches);
