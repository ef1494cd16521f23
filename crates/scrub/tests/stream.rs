//! A file from a source gives the same report as its bytes, however it is read; and large texts have
//! each finding once.

#![forbid(unsafe_code)]

mod support;

use std::io::{Cursor, Read, Result, Seek, SeekFrom};

use attestry_scrub::report::Reason;
use attestry_scrub::{DenyList, File, Limits, Report, Scanner};
use proptest::prelude::*;
use support::{of, scanner, zipped};

const SMALL: Limits = Limits {
    whole_bytes_max: 64 << 10,
    entry_bytes_max: 256 << 20,
    stream_bytes_max: 64 << 20,
    depth_max: 8,
    entries_max: 100,
    total_bytes_max: 1 << 30,
    ratio_max: 4000,
    ratio_from_bytes: 64 << 20,
    findings_max: 20_000,
};

/// Gives so many bytes at a time.
struct Slow(Cursor<Vec<u8>>, usize);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

impl Seek for Slow {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.0.seek(to)
    }
}

fn listed() -> Scanner {
    scanner().with_deny_list(DenyList::new(["Globodyne"]).expect("a sound list"))
}

/// The report of a source that is not held in memory, as if with the limits of one that is.
fn streamed(scanner: &Scanner, name: &str, bytes: &[u8], piece: usize) -> Report {
    let source = Slow(Cursor::new(bytes.to_vec()), piece);
    let mut report = scanner
        .clone()
        .with_limits(SMALL)
        .scan_files(vec![File::opened_by(name, move || Ok(source))]);
    report.limits = Limits { whole_bytes_max: 64 << 20, ..SMALL };
    report
}

fn whole(scanner: &Scanner, name: &str, bytes: &[u8]) -> Report {
    let limits = Limits { whole_bytes_max: 64 << 20, ..SMALL };
    scanner.clone().with_limits(limits).scan(name, bytes)
}

fn lines(count: usize) -> Vec<u8> {
    let line = |at: usize| match at % 401 {
        0 => format!("eva{at}@corp.com\n"),
        200 => "about Globodyne\n".to_owned(),
        _ => format!("line {at} of an ordinary text\n"),
    };
    (0..count).flat_map(|at| line(at).into_bytes()).collect()
}

#[test]
fn a_large_text_has_each_finding_once_and_in_its_place() {
    let bytes = lines(60_000);
    assert!(bytes.len() > 3 << 19);
    let report = whole(&listed(), "a.txt", &bytes);
    let emails = of(&report, "personal.email");
    assert_eq!(emails.len(), 150);
    for email in emails {
        let range = email.location.bytes.expect("a range");
        let found = &bytes[range.start as usize..range.end as usize];
        let line = email.location.line.expect("a line") - 1;
        assert_eq!(found, format!("eva{line}@corp.com").into_bytes());
    }
    assert_eq!(of(&report, "deny-list.term").len(), 150);
}

#[test]
fn a_stream_gives_the_same_report_as_its_bytes() {
    let scanner = listed();
    let text = lines(38_000);
    let one_line: Vec<u8> = text.iter().map(|b| if *b == b'\n' { b';' } else { *b }).collect();
    let no_space: Vec<u8> = one_line.iter().map(|b| if *b == b' ' { b';' } else { *b }).collect();
    let utf16 = String::from_utf8_lossy(&text).encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut latin = text.clone();
    latin.extend(b"Gr\xfc\xdfe\n");
    let zip = zipped(&[("a.txt", &text), ("b.txt", b"bob@corp.com")]);
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in [("a.txt", text.as_slice()), ("b.txt", b"bob@corp.com")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content).expect("an entry");
    }
    let tar = tar.into_inner().expect("an archive");
    let gz = |content: &[u8]| {
        let mut packed = Vec::new();
        let mut encoder = flate2::read::GzEncoder::new(content, flate2::Compression::none());
        encoder.read_to_end(&mut packed).expect("compressed");
        packed
    };
    let cases = [
        ("a.txt", text.clone()),
        ("a.txt", one_line),
        ("a.txt", no_space),
        ("a.txt", utf16),
        ("a.txt", latin),
        ("a.zip", zip),
        ("a.tar.gz", gz(&tar)),
        ("a.txt.gz", gz(&text)),
        ("a.tar", tar),
    ];
    for (at, (name, bytes)) in cases.into_iter().enumerate() {
        let expected = whole(&scanner, name, &bytes);
        assert_eq!(expected.not_read, [], "{name}");
        assert!(expected.findings.len() > 90, "{at}: {name}");
        let found = streamed(&scanner, name, &bytes, 300_007);
        assert!(found == expected, "{at}: {name}");
    }
}

#[test]
fn what_is_too_large_and_no_text_is_said_to_be_so() {
    let picture = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; 100_000]].concat();
    let report = streamed(&scanner(), "a.png", &picture, 1 << 20);
    assert_eq!(report.not_read[0].reason, Reason::TooLarge);
    let report = streamed(&scanner(), "a.zip", &zipped(&[("a.png", &picture)]), 1 << 20);
    assert_eq!(report.not_read[0].reason, Reason::TooLarge);
    assert!(report.inputs[0].sha256.is_some());
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let (scanner, bytes) = (listed(), lines(38_000));
    let digest = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| scanner.scan("a.txt", &bytes).digest())
    };
    assert_eq!(digest(1), digest(2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_chunking_changes_a_report(piece in 1000_usize..3_000_000, cut in 70_000_usize..1_400_000) {
        let scanner = listed();
        let mut bytes = lines(45_000);
        bytes.truncate(cut);
        let found = streamed(&scanner, "a.txt", &bytes, piece);
        prop_assert!(found == whole(&scanner, "a.txt", &bytes));
    }
}
