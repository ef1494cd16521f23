//! Statements seen together: enrolments, ended keys, withdrawals, times, forks.

use attestry_proof::payload::status::SubmissionStatus;
use attestry_verify::{Report, StatementReport, Verdict};

use crate::world::{
    ALICE, BOB, ORIGIN, RECEIPT, SERVICE, TASK, WITNESSES, World, arguments, public, verify, write,
};

fn report(world: &World) -> Report {
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    verify(&[directory.path()], &trust).expect("usable input")
}

fn of(report: &Report, index: u64) -> &StatementReport {
    let name = format!("/{index:03}.cose");
    let found = report.statements.iter().find(|statement| statement.file.ends_with(&name));
    found.expect("a statement")
}

#[test]
fn enrolment_is_proven_by_position() {
    let world = World::usual();
    let report = report(&world);
    assert!(report.verified, "{}", report.to_text(false));
    let alice = of(&report, 3);
    assert_eq!(alice.facts.issuer_key, "enrolled");
    assert_eq!((alice.facts.enrolled_at, alice.facts.enrolment_proven), (Some(1), Some(true)));
    assert_eq!(alice.facts.key_not_revoked, "not-proven");
    assert_eq!(alice.facts.not_withdrawn, "not-proven");
    assert_eq!(of(&report, 0).facts.issuer_key, "service");
    assert_eq!(alice.kind, Some("manifest"));
    assert_eq!(alice.issuer, Some(public(ALICE).thumbprint().uri()));
}

#[test]
fn a_key_that_is_enrolled_later_or_by_others_is_not_proven() {
    let mut world = World::new();
    let early = world.attest(ALICE, TASK);
    world.enroll(ALICE);
    let late = world.attest(ALICE, TASK);
    let report = report(&world);
    assert_eq!(of(&report, early).facts.issuer_key, "not-proven");
    assert_eq!(of(&report, late).facts.issuer_key, "enrolled");
}

#[test]
fn a_revoked_key_counts_up_to_its_revocation() {
    let mut world = World::usual();
    let revoked = world.revoke(ALICE);
    let after = world.attest(ALICE, TASK);
    let report = report(&world);
    assert!(!report.verified);
    let before = of(&report, 3);
    assert_eq!(before.verdict, Verdict::Verified);
    assert_eq!(before.facts.key_ended_at, Some(revoked));
    assert!(before.reasons.iter().any(|reason| reason.contains(&format!("entry {revoked}"))));
    let after = of(&report, after);
    assert_eq!((after.verdict, after.code), (Verdict::Failed, "key-ended"));
    assert_eq!(of(&report, 4).facts.key_ended_at, None);
}

#[test]
fn a_key_enrolled_again_counts_again() {
    let mut world = World::usual();
    world.revoke(ALICE);
    let enrolled = world.enroll(ALICE);
    let after = world.attest(ALICE, TASK);
    let report = report(&world);
    assert_eq!(of(&report, after).facts.enrolled_at, Some(enrolled));
    assert_eq!(of(&report, after).verdict, Verdict::Verified);
}

#[test]
fn a_rotated_key_hands_over() {
    let mut world = World::usual();
    let rotated = world.rotate(ALICE, 12);
    let old = world.attest(ALICE, TASK);
    let new = world.attest(12, TASK);
    let report = report(&world);
    assert_eq!(of(&report, old).code, "key-ended");
    assert_eq!(of(&report, new).verdict, Verdict::Verified);
    assert_eq!(of(&report, new).facts.enrolled_at, Some(rotated));
}

#[test]
fn a_revocation_by_anybody_else_does_not_count() {
    let mut world = World::usual();
    let payload = {
        let mut other = World::usual();
        let index = other.revoke(ALICE);
        other.entry(index).payload.clone()
    };
    let parsed = attestry_proof::payload::Payload::parse(&payload, false).expect("a payload");
    let subject = parsed.subject().expect("a subject");
    let forged = world.add(BOB, subject, &parsed);
    let after = world.attest(ALICE, TASK);
    let report = report(&world);
    assert_eq!(of(&report, forged).code, "not-by-service");
    assert_eq!(of(&report, after).verdict, Verdict::Verified);
}

#[test]
fn a_withdrawal_is_reported_on_its_submission_and_no_other() {
    let mut world = World::usual();
    let withdrawn = world.withdraw(ALICE, TASK);
    let status = world.status(SERVICE, TASK, SubmissionStatus::Withdrawn);
    let report = report(&world);
    assert!(report.verified);
    let facts = &of(&report, 3).facts;
    assert_eq!(facts.withdrawn_at, Some(withdrawn));
    assert_eq!((facts.status, facts.status_at), (Some("withdrawn"), Some(status)));
    assert_eq!(of(&report, 4).facts.withdrawn_at, Some(4));
    assert_eq!(of(&report, 1).facts.withdrawn_at, None);
    assert!(report.to_text(false).contains("withdrawn at entry 5"));
}

#[test]
fn the_public_word_is_the_services_alone() {
    let mut world = World::usual();
    world.status(BOB, TASK, SubmissionStatus::Erased);
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!((of(&report, 3).facts.status, of(&report, 5).code), (None, "not-by-service"));
    // Nobody knows the service key without genesis, so nobody's word counts.
    std::fs::remove_file(root.join("statements/000.cose")).expect("removed");
    std::fs::remove_dir_all(root.join("payloads")).expect("removed");
    write(root, "payload.json", &world.entry(5).payload);
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(of(&report, 5).verdict, Verdict::Verified);
    assert_eq!(of(&report, 3).facts.status, None);
}

#[test]
fn without_genesis_the_user_may_vouch() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    std::fs::remove_file(root.join("statements/000.cose")).expect("removed");
    std::fs::remove_dir_all(root.join("payloads")).expect("removed");
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(of(&report, 3).verdict, Verdict::Verified);
    assert_eq!(of(&report, 3).facts.issuer_key, "not-proven");
    assert!(report.to_text(false).contains("no genesis statement is given"));

    let keys = [public(RECEIPT), public(SERVICE)];
    let keys = attestry_proof::cose::key::encode_key_set(&keys);
    let mut arguments = arguments(&[root], &trust);
    arguments.keys = Some(write(root, "vouched/keys.cbor", &keys));
    let report = attestry_verify::run(&arguments).expect("usable input");
    assert_eq!(of(&report, 3).facts.issuer_key, "enrolled");
    assert_eq!(of(&report, 1).facts.issuer_key, "vouched");
    assert!(report.to_text(false).contains("you vouch for them"));
}

#[test]
fn vouched_keys_give_way_to_genesis() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    let keys = attestry_proof::cose::key::encode_key_set(&[public(BOB)]);
    let mut arguments = arguments(&[directory.path()], &trust);
    arguments.keys = Some(write(directory.path(), "keys.cbor", &keys));
    let report = attestry_verify::run(&arguments).expect("usable input");
    assert_eq!(of(&report, 4).facts.issuer_key, "enrolled");
    assert!(report.verified);
}

#[test]
fn two_roots_for_one_size_fail_everything_of_the_log() {
    let world = World::usual();
    let mut other = world.clone();
    other.entries.truncate(4);
    other.attest(BOB, TASK);
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    let good = verify(&[directory.path()], &trust).expect("usable input");
    assert!(good.verified && good.forks.is_empty());
    write(directory.path(), "checkpoint", &other.checkpoint(5, &[]));
    let forked = verify(&[directory.path()], &trust).expect("usable input");
    assert_eq!(forked.summary.failed, 5);
    assert!(forked.statements.iter().all(|statement| statement.code == "fork"));
    assert_eq!(forked.forks, [(ORIGIN.to_owned(), attestry_proof::size::TreeSize(5))]);
    // A receipt that the log signed is as telling.
    std::fs::remove_file(directory.path().join("checkpoint")).expect("removed");
    let receipts = vec![other.receipt(4, 5)];
    write(directory.path(), "statements/other.cose", &other.attach(4, receipts, None));
    let forked = verify(&[directory.path()], &trust).expect("usable input");
    assert_eq!(forked.forks.len(), 1);
    assert_eq!(forked.summary.failed, 6);
}

/// The only sign of the fork is a receipt that is first met before its key is authenticated.
#[test]
fn a_fork_in_the_receipt_of_genesis_itself_is_found() {
    let world = World::usual();
    let mut other = world.clone();
    other.entries.truncate(4);
    other.attest(BOB, TASK);
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    let keys = attestry_proof::cose::key::encode_key_set(&[public(RECEIPT)]);
    write(root, "keys.cbor", &keys);
    let proof = Some(world.proof(0, 5, &[]));
    write(root, "statements/000.cose", &world.attach(0, vec![other.receipt(0, 5)], proof));
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!((report.forks.len(), report.summary.failed), (1, 5));
}

#[test]
fn witnessed_checkpoints_bound_the_time() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &world.witnessed_policy());
    let proof = world.proof(3, 5, &WITNESSES);
    write(root, "a.cose", &world.attach(3, vec![], Some(proof)));
    let alone = verify(&[root], &trust).expect("usable input");
    assert_eq!(alone.statements[0].facts.logged_after, None);
    assert_eq!(alone.statements[0].facts.logged_by.as_deref(), Some("1970-01-01T00:16:45Z"));
    for size in [2, 3, 4] {
        write(root, &format!("checkpoints/{size}"), &world.checkpoint(size, &WITNESSES));
    }
    let bounded = verify(&[root], &trust).expect("usable input");
    let facts = &bounded.statements[0].facts;
    assert_eq!(facts.logged_after.as_deref(), Some("1970-01-01T00:16:43Z"));
    assert_eq!(facts.logged_by.as_deref(), Some("1970-01-01T00:16:44Z"));
    assert!(bounded.verified);
}

#[test]
fn consistency_connects_checkpoints_and_receipts() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = write(root, "trust.policy", &world.policy().to_bytes());
    write(root, "a.cose", &world.attach(2, vec![world.receipt(2, 3)], None));
    write(root, "checkpoint", &world.checkpoint(5, &[]));
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.statements[0].code, "receipt-key-unknown");
    let path: Vec<String> =
        world.consistency(3, 5).into_iter().map(|hash| format!("\"{hash}\"")).collect();
    let json = |path: &str| format!("{{\"from\":3,\"to\":5,\"path\":[{path}]}}");
    write(root, "consistency.json", json(&path.join(",")).as_bytes());
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.statements[0].verdict, Verdict::Verified);
    assert_eq!(report.statements[0].index, Some(2));
    write(root, "checkpoints/3", &world.checkpoint(3, &[]));
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.checkpoints[1].continues, [3]);
    // A path that does not fit connects nothing.
    std::fs::remove_dir_all(root.join("checkpoints")).expect("removed");
    write(root, "consistency.json", json(&path[1..].join(",")).as_bytes());
    let report = verify(&[root], &trust).expect("usable input");
    assert_eq!(report.statements[0].verdict, Verdict::NotProven);
}

#[test]
fn a_consistency_receipt_connects_under_the_logs_key() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    write(root, "checkpoints/3", &world.checkpoint(3, &[]));
    write(root, "consistency.cbor", &world.consistency_receipt(3, 5));
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.verified, "{}", report.to_text(false));
    assert_eq!(report.checkpoints[1].continues, [3]);
    let mut bytes = world.consistency_receipt(3, 5);
    *bytes.last_mut().expect("a byte") ^= 1;
    write(root, "consistency.cbor", &bytes);
    let report = verify(&[root], &trust).expect("usable input");
    assert!(report.checkpoints.iter().all(|checkpoint| checkpoint.continues.is_empty()));
}
