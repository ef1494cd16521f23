//! One report over many files, whatever their order.

#![forbid(unsafe_code)]

mod support;

use std::io::Cursor;

use attestry_scrub::report::Reason;
use attestry_scrub::{File, Report, Severity, units};
use support::{of, scanner, zipped};

fn files<'c>() -> Vec<File<'c>> {
    vec![
        File::of("b/two.txt", b"eva@corp.com\n".as_slice()),
        File::of("a.zip", zipped(&[("note.txt", b"bob@corp.com")])),
        File::opened_by("c.txt", || Ok(Cursor::new(b"carl@corp.com"))),
        File::link("d", "../anna.berg@mail.com"),
        File::opened_by("e.txt", || Err::<Cursor<Vec<u8>>, _>(std::io::Error::other("denied"))),
    ]
}

#[test]
fn a_report_covers_many_files_in_any_order() {
    let scanner = scanner();
    let report = scanner.scan_files(files());
    let names: Vec<&str> = report.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["a.zip", "b/two.txt", "c.txt", "d", "e.txt"]);
    assert_eq!(of(&report, "personal.email").len(), 4);
    let reasons: Vec<Reason> = report.not_read.iter().map(|entry| entry.reason).collect();
    assert_eq!(reasons, [Reason::Link, Reason::Unreadable]);
    assert!(report.inputs[4].sha256.is_none() && report.inputs[2].sha256.is_some());

    let mut turned = files();
    turned.reverse();
    assert_eq!(scanner.scan_files(turned).digest(), report.digest());
    let parts = units(files()).into_iter().rev().map(|unit| scanner.scan_unit(unit)).collect();
    assert_eq!(Report::of(&scanner, parts).digest(), report.digest());
}

#[test]
fn one_file_is_a_report_of_its_own() {
    let scanner = scanner();
    let alone = scanner.scan("c.txt", b"carl@corp.com");
    let listed = scanner.scan_files(vec![files().remove(2)]);
    assert_eq!(alone.digest(), listed.digest());
}

#[test]
fn what_blocks_is_what_is_severe_and_what_was_not_read() {
    let report = scanner().scan_files(files());
    let blocking = report.blocking(Severity::High);
    assert_eq!(blocking.findings.len(), report.findings_at_or_above(Severity::High).count());
    assert_eq!((of(&report, "personal.email").len(), blocking.not_read.len()), (4, 1));
    let mut ids: Vec<&str> = blocking.ids().collect();
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), total);
    let critical = report.blocking(Severity::Critical);
    assert_eq!((critical.findings.len(), critical.not_read.len()), (0, 1));
    assert!(scanner().scan("a.txt", b"nothing").blocking(Severity::Low).is_empty());
    assert_eq!(report.findings_at_or_above(Severity::Low).count(), report.findings.len());
}

#[test]
fn files_of_one_name_give_one_report_in_any_order() {
    let one = || File::of("work.txt", b"Write to anna.berg@mail.com\n".as_slice());
    let two =
        || File::of("work.txt", b"Or write to Anna: anna.berg@mail.com, or to carl\n".as_slice());
    let [first, second] = [vec![one(), two()], vec![two(), one()]];
    assert_eq!(scanner().scan_files(first), scanner().scan_files(second));
}

/// A ZIP archive of so many entries that are nothing, and a note.
fn unreadable(count: usize, first: u8) -> Vec<u8> {
    let names: Vec<String> = (0..count).map(|at| format!("{at:05}.bin")).collect();
    let contents: Vec<[u8; 4]> = (0..count).map(|at| [first, 1, 2, at as u8 | 128]).collect();
    let entries = names.iter().zip(&contents).map(|(name, content)| (name.as_str(), &content[..]));
    support::zipped(&entries.chain([("note.txt", b"eva@corp.com".as_slice())]).collect::<Vec<_>>())
}

#[test]
fn what_is_beyond_the_list_is_counted_and_stands_in_the_way() {
    let report = scanner().scan("a.zip", &unreadable(1_200, 0));
    assert_eq!((report.not_read.len(), report.counts.not_read), (1_001, 1_200));
    let more: Vec<_> = report.not_read.iter().filter(|entry| entry.count > 1).collect();
    let [more] = more.as_slice() else { panic!("{more:?}") };
    assert_eq!((more.count, more.reason), (200, Reason::UnknownKind));
    assert_eq!(more.path, ["a.zip"]);
    let blocking = report.blocking(Severity::Critical);
    assert_eq!((blocking.not_read.len(), blocking.not_read_count()), (1_001, 1_200));
    assert!(blocking.ids().any(|id| id == more.id));
    assert!(report.to_html().contains("200 more that were not read"));
    let json = String::from_utf8(report.to_canonical_json()).expect("text");
    assert_eq!(json.matches("\"count\":200").count(), 1);
    // Whoever accepts the others accepts these and no others.
    let other = scanner().scan("a.zip", &unreadable(1_201, 0));
    let id = other.not_read.iter().find(|entry| entry.count > 1).map(|entry| entry.id.clone());
    assert!(id.is_some_and(|id| id != more.id));
    // What was found in the others is listed all the same.
    assert_eq!(of(&report, "personal.email").len(), 1);
}

#[test]
fn what_is_said_of_inner_files_is_bounded_too() {
    let names: Vec<String> = (0..1_100).map(|at| format!("{at:05}.pdf")).collect();
    let entries: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), b"text".as_slice())).collect();
    let report = scanner().scan("a.zip", &support::zipped(&entries));
    let found = of(&report, "file.type-mismatch");
    assert_eq!((found.len(), found.iter().map(|f| f.count).sum::<u64>()), (1_001, 1_100));
    assert!(found.iter().any(|f| f.location.path == ["a.zip"] && f.excerpt == "100 more"));
    assert_eq!(report.counts.read, 1_101);
}
