//! What is read, from where, and what makes it unusable.

use std::io::{Cursor, Write as _};
use std::path::Path;

use attestry_proof::hash::Hash;
use attestry_verify::{Arguments, InputError, PackFault, Report, Verdict, exit_code, run};
use clap::Parser;
use zip::write::SimpleFileOptions;

use crate::world::{ALICE, TASK, World, arguments, public, verify, write};

/// The error that makes input unusable, with its exit code.
fn refusal(outcome: Result<Report, InputError>) -> InputError {
    assert_eq!(exit_code(&outcome), 2);
    match outcome {
        Ok(report) => panic!("usable input: {}", report.to_text(false)),
        Err(error) => error,
    }
}

pub fn zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("an entry");
        writer.write_all(bytes).expect("content");
    }
    writer.finish().expect("an archive").into_inner()
}

#[test]
fn names_do_not_matter() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "t", &world.policy().to_bytes());
    for index in 0..world.size() {
        write(root, &format!("x/{index}"), &world.transparent(index));
        write(root, &format!("y/{index}.txt"), &world.entry(index).payload);
    }
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.verified, "{}", report.to_text(false));
    assert!(report.statements.iter().all(|statement| statement.facts.payload == "matches"));
}

#[test]
fn an_entry_is_proven_by_the_proof_beside_it_or_by_one_that_fits() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &world.policy().to_bytes());
    let keys = attestry_proof::cose::key::encode_key_set(&[public(ALICE)]);
    write(root, "keys.cbor", &keys);
    write(root, "a.cose", &world.entry(3).statement.entry_bytes());
    let bare = verify(&[root], &trust).expect("usable input");
    assert_eq!(bare.statements[0].code, "no-proof");
    assert_eq!(exit_code(&Ok(bare)), 1);
    for name in ["a.tlog-proof", "elsewhere/proof.txt"] {
        let proof = write(root, name, &world.proof(3, 5, &[]));
        let report = verify(&[root], &trust).expect("usable input");
        assert!(report.verified, "{name}: {}", report.to_text(false));
        std::fs::remove_file(proof).expect("removed");
    }
    // Beside it, the wrong one is its fault; elsewhere it belongs to nobody.
    let wrong = write(root, "a.tlog-proof", &world.proof(2, 5, &[]));
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.statements[0].code, "proof-invalid");
    std::fs::remove_file(wrong).expect("removed");
    write(root, "b.tlog-proof", &world.proof(2, 5, &[]));
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.statements[0].code, "no-proof");
    assert_eq!(report.unmatched.len(), 1);
}

#[test]
fn a_receipt_beside_a_statement_counts_for_it() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &world.policy().to_bytes());
    write(root, "checkpoint", &world.checkpoint(5, &[]));
    write(root, "a.cose", &world.attach(3, vec![], None));
    write(root, "a.receipt", &world.receipt(3, 5));
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.verified, "{}", report.to_text(false));
    write(root, "b.receipt", &world.receipt(3, 5));
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!((report.verified, report.unmatched.len()), (false, 1));
}

#[test]
fn a_pack_is_the_directory_it_holds() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = write(directory.path(), "trust.policy", &world.policy().to_bytes());
    let mut entries = world.layout();
    entries.push(("README.txt".to_owned(), b"About this pack.\n".to_vec()));
    entries.push(("files/request/x.cose".to_owned(), b"not evidence".to_vec()));
    let pack = write(directory.path(), "pack.zip", &zip(&entries));
    let report = verify(&[&pack], &trust).expect("usable input");
    assert!(report.verified, "{}", report.to_text(false));
    assert_eq!(report.summary.verified, 5);
    assert_eq!(report.ignored.len(), 1);
    assert!(report.statements[0].file.ends_with("pack.zip/statements/000.cose"));
    // Inside a directory a ZIP may be anybody's work.
    let report = verify(&[&pack, directory.path()], &trust).expect("usable input");
    assert_eq!(report.summary.statements, 5);
}

#[test]
fn a_pack_with_two_entries_of_one_name_is_refused() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = write(directory.path(), "trust.policy", &world.policy().to_bytes());
    let mut entries = world.layout();
    entries.push(("statements/x00.cose".to_owned(), world.transparent(3)));
    let bytes = zip(&entries);
    let renamed: Vec<u8> = replace(&bytes, b"statements/x00.cose", b"statements/000.cose");
    let pack = write(directory.path(), "pack.zip", &renamed);
    let error = refusal(verify(&[&pack], &trust));
    let duplicate =
        matches!(error, InputError::PackRefused { fault: PackFault::DuplicateName, .. });
    assert!(duplicate, "{error}");
}

#[test]
fn a_pack_that_explodes_is_refused() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = write(directory.path(), "trust.policy", &world.policy().to_bytes());
    let mut entries = world.layout();
    entries.push(("bomb".to_owned(), vec![0; 8 << 20]));
    let pack = write(directory.path(), "pack.zip", &zip(&entries));
    let error = refusal(verify(&[&pack], &trust));
    assert!(matches!(error, InputError::PackRefused { fault: PackFault::Ratio { .. }, .. }));
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
    bytes
}

#[test]
fn copies_of_an_entry_share_its_proof() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    write(root, "signed/a.cose", &world.entry(3).statement.entry_bytes());
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.verified, "{}", report.to_text(false));
    assert_eq!(report.statements[0].index, Some(3));
    // Another statement by the same key has nothing to share.
    let mut longer = world.clone();
    let stray = longer.attest(ALICE, TASK);
    write(root, "signed/b.cose", &longer.entry(stray).statement.entry_bytes());
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.statements[1].verdict, Verdict::NotProven);
}

#[test]
fn unusable_input_says_why() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &world.policy().to_bytes());
    let statement = write(root, "a.cose", &world.transparent(3));
    let notes = write(root, "notes.txt", b"Nothing to see here.\n");
    let nobody = write(root, "nobody.policy", b"quorum none\n");
    let empty = root.join("empty");
    std::fs::create_dir(&empty).expect("a directory");
    let missing = root.join("missing");
    let check = |paths: &[&Path], trust: &Path, is: fn(&InputError) -> bool| {
        let error = refusal(verify(paths, trust));
        assert!(is(&error), "{error}");
    };
    check(&[&missing], &trust, |error| matches!(error, InputError::Read { .. }));
    check(&[&statement], &missing, |error| matches!(error, InputError::Read { .. }));
    check(&[&statement], &notes, |error| matches!(error, InputError::Trust { .. }));
    check(&[&statement], &nobody, |error| matches!(error, InputError::TrustsNothing { .. }));
    check(&[&empty], &trust, |error| matches!(error, InputError::NoStatement));
    check(&[&notes], &trust, |error| matches!(error, InputError::Unrecognised { .. }));
    check(&[&trust], &trust, |error| matches!(error, InputError::Unrecognised { .. }));
    let mut arguments: Arguments = arguments(&[&statement], &trust);
    arguments.keys = Some(notes.clone());
    assert!(matches!(refusal(run(&arguments)), InputError::Keys { .. }));
    (arguments.keys, arguments.openings) = (None, Some(notes));
    assert!(matches!(refusal(run(&arguments)), InputError::Openings { .. }));
    assert_eq!(exit_code(&verify(&[&statement], &trust)), 0);
}

#[test]
fn files_too_large_are_refused_before_they_are_read() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    let mut bytes = world.transparent(3);
    bytes.resize(1 << 20, 0);
    write(directory.path(), "statements/large.cose", &bytes);
    let report = verify(&[directory.path()], &trust).expect("usable input");
    assert_eq!(report.summary.failed, 1);
    let text = vec![b'a'; 4 << 20];
    let path = write(directory.path(), "large.txt", &text);
    assert!(matches!(refusal(verify(&[&path], &trust)), InputError::TooLarge { .. }));
}

#[cfg(unix)]
#[test]
fn links_in_directories_are_not_followed() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let inside = directory.path().join("inside");
    let trust = world.write(&inside);
    let outside = write(directory.path(), "bad.cose", b"junk");
    std::os::unix::fs::symlink(outside, inside.join("bad.cose")).expect("a link");
    std::os::unix::fs::symlink(directory.path(), inside.join("loop")).expect("a link");
    assert!(verify(&[&inside], &trust).expect("usable input").verified);
}

#[test]
fn checkpoints_that_do_not_meet_the_policy_are_a_problem() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    write(directory.path(), "checkpoint", &World::of("log.example/two").checkpoint(1, &[]));
    let report = verify(&[directory.path()], &trust).expect("usable input");
    assert_eq!((report.verified, report.summary.verified), (false, 5));
    assert_eq!(report.summary.other_problems, 1);
    assert!(report.to_text(false).contains("not trusted"));
}

#[test]
fn json_is_one_object_with_the_documented_members() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    let report = verify(&[directory.path()], &trust).expect("usable input");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
    assert_eq!(json["verdict"], "verified");
    assert_eq!(json["summary"]["verified"], 5);
    let statement = &json["statements"][3];
    for member in ["file", "code", "issuer", "subject", "content_type", "kind", "issued_at"] {
        assert!(statement[member].is_string(), "{member}");
    }
    assert_eq!((&statement["index"], &statement["size"]), (&3.into(), &5.into()));
    assert_eq!(statement["subject"], format!("urn:uuid:{TASK}"));
    assert_eq!(statement["issued_at"], "2026-02-02T02:40:00Z");
    assert_eq!(statement["facts"]["payload_sha256"], Hash::of(&world.entry(3).payload).to_hex());
    assert_eq!(statement["facts"]["key_not_revoked"], "not-proven");
    assert!(statement["reasons"][0].as_str().is_some_and(|reason| reason.contains("entry 3")));
}

#[test]
fn long_lists_are_summed_up_unless_all_is_asked_for() {
    let mut world = World::usual();
    for _ in 0..30 {
        world.attest(ALICE, TASK);
    }
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    let mut arguments = arguments(&[directory.path()], &trust);
    let short = run(&arguments).expect("usable input").to_text(false);
    assert!(!short.contains("034.cose") && short.contains("35: 35 verified"), "{short}");
    arguments.all = true;
    let report = run(&arguments).expect("usable input");
    let long = report.to_text(false);
    assert!(long.contains("034.cose") && long.contains("Side of the submission"), "{long}");
    assert!(!long.contains('\u{1b}') && report.to_text(true).contains("\u{1b}[32m"));
    assert!(report.statements.iter().all(|statement| statement.verdict == Verdict::Verified));
}

#[test]
fn the_command_line_is_the_one_documented() {
    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }
    let line = ["x", "a", "b", "--trust", "t", "--keys", "k", "--manifest", "o", "--jobs", "2"];
    let parsed = Command::try_parse_from(line).expect("arguments").arguments;
    assert_eq!((parsed.paths.len(), parsed.jobs.map(usize::from)), (2, Some(2)));
    assert!(parsed.openings.is_some());
    for bad in [&["x", "a"][..], &["x", "--trust", "t"], &["x", "a", "--trust", "t", "--jobs", "0"]]
    {
        assert!(Command::try_parse_from(bad).is_err(), "{bad:?}");
    }
}
