//! Manifests: openings against statements, and directories against openings.

use std::fs;
use std::path::Path;

use attestry_proof::hash::Hash;
use attestry_proof::manifest::{FileRecord, Manifest, Role};
use attestry_verify::{Arguments, Report, Verdict, run};

use crate::world::{ALICE, TASK, World, arguments, write};

const FILES: [(&str, &[u8]); 3] =
    [("a/report.txt", b"the report"), ("a/table.csv", b"1,2"), ("memo.txt", b"a memo")];

pub fn manifest(files: &[(&str, &[u8])]) -> Manifest {
    let record = |(place, (path, content)): (usize, &(&str, &[u8]))| FileRecord {
        path: (*path).to_owned(),
        size: content.len() as u64,
        media_type: "text/plain".to_owned(),
        sha256: Hash::of(content),
        salt: Hash::of(&place.to_be_bytes()).0,
    };
    let records = files.iter().enumerate().map(record).collect();
    Manifest::new(Role::Deliverable, records).expect("a manifest")
}

/// A log with a manifest of [`FILES`], and the files beside their openings.
fn submission(directory: &Path) -> Arguments {
    let mut world = World::new();
    world.enroll(ALICE);
    world.commit(ALICE, TASK, &manifest(&FILES));
    let trust = world.write(directory);
    for (path, content) in FILES {
        write(directory, &format!("files/deliverable/{path}"), content);
    }
    write(directory, "openings/deliverable.json", &manifest(&FILES).to_openings());
    arguments(&[directory], &trust)
}

fn verdict(arguments: &Arguments) -> Report {
    run(arguments).expect("usable input")
}

#[test]
fn files_beside_their_openings_are_compared_unasked() {
    let directory = tempfile::tempdir().expect("a directory");
    let report = verdict(&submission(directory.path()));
    assert!(report.verified, "{}", report.to_text(false));
    assert_eq!((report.files.len(), report.files[0].matching), (1, 3));
    assert_eq!(report.openings[0].verdict, Verdict::Verified);
    assert!(report.openings[0].statement.as_ref().is_some_and(|name| name.ends_with("002.cose")));
    // The files themselves are no evidence: none is listed as anything.
    assert!(report.ignored.is_empty() && report.unmatched.is_empty());
}

#[test]
fn openings_and_files_can_be_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let mut arguments = submission(root);
    arguments.paths = vec![root.join("statements"), root.join("payloads")];
    assert!(verdict(&arguments).openings.is_empty());
    arguments.openings = Some(root.join("openings/deliverable.json"));
    let report = verdict(&arguments);
    assert!(report.verified && report.files.is_empty());
    arguments.files = Some(root.join("files/deliverable"));
    assert_eq!(verdict(&arguments).files[0].matching, 3);
}

#[test]
fn every_difference_is_found_and_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = submission(directory.path());
    let files = directory.path().join("files/deliverable");
    fs::remove_file(files.join("a/table.csv")).expect("removed");
    write(&files, "memo.txt", b"A memo");
    write(&files, "a/extra.txt", b"");
    let report = verdict(&arguments);
    assert!(!report.verified);
    let compared = &report.files[0];
    assert_eq!(compared.verdict, Verdict::Failed);
    assert_eq!(compared.matching, 1);
    assert_eq!(compared.missing, ["a/table.csv"]);
    assert_eq!(compared.changed, ["memo.txt"]);
    assert_eq!(compared.extra, ["a/extra.txt"]);
    // What the log has is as good as before.
    assert_eq!(report.summary.verified, report.summary.statements);
    let text = report.to_text(false);
    assert!(text.contains("missing: a/table.csv") && text.ends_with("NOT VERIFIED\n"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_the_file_it_leads_to() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = submission(directory.path());
    let files = directory.path().join("files/deliverable");
    let elsewhere = write(directory.path(), "elsewhere/memo.txt", b"a memo");
    fs::remove_file(files.join("memo.txt")).expect("removed");
    std::os::unix::fs::symlink(elsewhere, files.join("memo.txt")).expect("a link");
    assert_eq!(verdict(&arguments).files[0].changed, ["memo.txt"]);
}

#[test]
fn openings_that_no_statement_commits_to_are_not_proven() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = submission(directory.path());
    let others = manifest(&[("memo.txt", b"another memo")]);
    write(directory.path(), "openings/deliverable.json", &others.to_openings());
    let report = verdict(&arguments);
    assert!(!report.verified);
    assert_eq!(report.openings[0].verdict, Verdict::NotProven);
    assert_eq!(report.openings[0].statement, None);
}

#[test]
fn openings_without_the_payload_of_their_statement_are_not_proven() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = submission(directory.path());
    fs::remove_dir_all(directory.path().join("payloads")).expect("removed");
    let report = verdict(&arguments);
    assert_eq!(report.openings[0].verdict, Verdict::NotProven);
}

#[test]
fn damaged_openings_are_reported() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = submission(directory.path());
    let good = manifest(&FILES).to_openings();
    let bad = String::from_utf8(good).expect("text").replace("\"size\":3", "\"size\":4");
    write(directory.path(), "openings/deliverable.json", bad.as_bytes());
    let report = verdict(&arguments);
    assert!(!report.verified && report.openings.is_empty());
    assert_eq!(report.unmatched.len(), 1);
}
