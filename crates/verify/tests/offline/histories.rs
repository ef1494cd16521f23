//! One log, two histories: entries that contradict each other, checkpoints that nothing links.

use std::path::Path;

use attestry_proof::hash::Hash;
use attestry_proof::size::LeafIndex;
use attestry_verify::{Report, Unlinked, Verdict, exit_code};

use crate::world::{ALICE, BOB, ORIGIN, OTHER_TASK, TASK, World, verify, write};

/// Two copies of one log, of sizes 8 and 10, that part after entry 4.
fn parted() -> (World, World) {
    let (mut one, mut other) = (World::usual(), World::usual());
    for _ in 0..3 {
        one.attest(ALICE, TASK);
    }
    for _ in 0..5 {
        other.attest(BOB, OTHER_TASK);
    }
    (one, other)
}

fn write_entry(root: &Path, name: &str, world: &World, index: u64) {
    let proof = world.proof(index, world.size(), &[]);
    write(root, name, &world.attach(index, vec![], Some(proof)));
}

fn write_consistency(root: &Path, name: &str, world: &World, from: u64) {
    let to = world.size();
    let path: Vec<String> =
        world.consistency(from, to).iter().map(|hash: &Hash| format!("\"{hash}\"")).collect();
    let json = format!("{{\"from\":{from},\"to\":{to},\"path\":[{}]}}", path.join(","));
    write(root, name, json.as_bytes());
}

fn code<'a>(report: &'a Report, name: &str) -> &'a str {
    let found = report.statements.iter().find(|statement| statement.file.ends_with(name));
    found.expect("a statement").code
}

fn unlinked(size: u64, not_proven_to_continue: Vec<u64>) -> Unlinked {
    Unlinked { origin: ORIGIN.to_owned(), size, not_proven_to_continue }
}

#[test]
fn two_entries_at_one_index_are_a_fork_whatever_the_sizes() {
    let (one, other) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &one.policy().to_bytes());
    write_entry(root, "one.cose", &one, 5);
    assert!(verify(&[root], &trust).expect("usable input").verified);
    write_entry(root, "other.cose", &other, 5);
    let forked = verify(&[root], &trust).expect("usable input");
    assert_eq!((code(&forked, "one.cose"), code(&forked, "other.cose")), ("fork", "fork"));
    assert_eq!(forked.forked_entries, [(ORIGIN.to_owned(), LeafIndex(5))]);
    assert!(forked.to_json().contains("forked_entries"));
    let text = forked.to_text(false);
    assert!(text.contains("shows two different entries at index 5"), "{text}");
    assert_eq!(exit_code(&Ok(forked)), 1);
    // Of a log that shows two histories, nothing else counts either.
    write_entry(root, "shared.cose", &one, 3);
    let forked = verify(&[root], &trust).expect("usable input");
    assert_eq!(code(&forked, "shared.cose"), "fork");
}

#[test]
fn two_whole_copies_do_not_verify_together() {
    let (one, other) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = one.write(&root.join("one"));
    other.write(&root.join("other"));
    let forked = verify(&[root], &trust).expect("usable input");
    assert!(!forked.verified);
    let indices: Vec<_> = forked.forked_entries.iter().map(|(_, index)| index.0).collect();
    assert_eq!(indices, [5, 6, 7]);
    assert_eq!(forked.summary.failed, forked.summary.statements);
}

#[test]
fn receipts_alone_show_the_fork_too() {
    let (one, other) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &one.policy().to_bytes());
    write_entry(root, "genesis.cose", &one, 0);
    write(root, "genesis.json", &one.entry(0).payload);
    write(root, "one.cose", &one.attach(5, vec![one.receipt(5, 7)], None));
    let alone = verify(&[root], &trust).expect("usable input");
    assert_eq!(code(&alone, "one.cose"), "receipt-only");
    write(root, "other.cose", &other.attach(5, vec![other.receipt(5, 9)], None));
    let forked = verify(&[root], &trust).expect("usable input");
    assert_eq!((code(&forked, "one.cose"), code(&forked, "other.cose")), ("fork", "fork"));
}

#[test]
fn one_entry_under_two_sizes_is_no_fork() {
    let (one, _) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &one.policy().to_bytes());
    write_entry(root, "a.cose", &one, 3);
    let proof = one.proof(3, 5, &[]);
    write(root, "b.cose", &one.attach(3, vec![], Some(proof)));
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.verified && report.forked_entries.is_empty(), "{}", report.to_text(false));
}

#[test]
fn checkpoints_without_a_link_are_said_to_be_unlinked() {
    let (one, _) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &one.policy().to_bytes());
    write_entry(root, "a.cose", &one, 5);
    let single = verify(&[root], &trust).expect("usable input");
    assert!(single.unlinked.is_empty() && !single.to_text(false).contains("one history"));
    for size in [3, 5] {
        write(root, &format!("checkpoints/{size}"), &one.checkpoint(size, &[]));
    }
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.unlinked, [unlinked(8, vec![3, 5])]);
    let text = report.to_text(false);
    let lines = text.lines().filter(|line| line.contains("not proven to be one history"));
    assert_eq!(lines.count(), 1, "{text}");
    assert!(text.contains("size 8 is not proven to continue size 3, 5"), "{text}");
    assert!(report.to_json().contains("\"not_proven_to_continue\""));
    // It is no reason to doubt what is proven.
    assert_eq!((report.statements[0].verdict, exit_code(&Ok(report))), (Verdict::Verified, 0));

    write_consistency(root, "5.json", &one, 5);
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.unlinked, [unlinked(8, vec![3])]);
    write_consistency(root, "3.json", &one, 3);
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.verified && report.unlinked.is_empty(), "{}", report.to_text(false));
}

#[test]
fn links_lead_over_checkpoints_between() {
    let (one, _) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &one.policy().to_bytes());
    write_entry(root, "a.cose", &one, 5);
    let mut shorter = one.clone();
    shorter.entries.truncate(5);
    for size in [3, 5] {
        write(root, &format!("checkpoints/{size}"), &one.checkpoint(size, &[]));
    }
    write_consistency(root, "a.json", &shorter, 3);
    write_consistency(root, "b.json", &one, 5);
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.unlinked.is_empty(), "{}", report.to_text(false));
}

/// Both continue the same beginning, which does not make them one.
#[test]
fn a_shared_beginning_links_nothing() {
    let (one, other) = parted();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &one.policy().to_bytes());
    write_entry(root, "one.cose", &one, 5);
    write_entry(root, "other.cose", &other, 9);
    write(root, "checkpoints/5", &one.checkpoint(5, &[]));
    write_consistency(root, "one.json", &one, 5);
    write_consistency(root, "other.json", &other, 5);
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.unlinked, [unlinked(10, vec![8])]);
}
