//! What entries change for others: scope and number of withdrawals, ends of keys, and who says so.

use std::path::Path;

use attestry_proof::cose::Attachments;
use attestry_proof::cose::key::encode_key_set;
use attestry_proof::payload::withdrawal::{Purpose, Scope};
use attestry_verify::{Report, StatementReport, Verdict, run};

use crate::world::{ALICE, BOB, RECEIPT, SERVICE, TASK, World, arguments, public, verify, write};

fn of(report: &Report, index: u64) -> &StatementReport {
    let name = format!("/{index:03}.cose");
    let found = report.statements.iter().find(|statement| statement.file.ends_with(&name));
    found.expect("a statement")
}

fn report(world: &World) -> Report {
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    verify(&[directory.path()], &trust).expect("usable input")
}

fn line<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(label)).expect("a line")
}

/// Everything but genesis and its payload.
fn without_genesis(world: &World, root: &Path) -> std::path::PathBuf {
    let trust = world.write(root);
    std::fs::remove_file(root.join("statements/000.cose")).expect("removed");
    let genesis = attestry_proof::hash::Hash::of(&world.entry(0).payload);
    std::fs::remove_file(root.join(format!("payloads/{genesis}.json"))).expect("removed");
    trust
}

#[test]
fn a_withdrawal_of_one_purpose_is_not_one_of_everything() {
    let mut world = World::usual();
    let scope = Scope::Purposes(vec![Purpose::Training]);
    let partial = world.withdraw_scope(ALICE, TASK, scope, None);
    let found = report(&world);
    let facts = &of(&found, 3).facts;
    assert_eq!((facts.withdrawn_at, facts.withdrawn_scope), (Some(partial), Some("purposes")));
    assert_eq!(facts.withdrawals[0].purposes, ["training"]);
    let text = found.to_text(false);
    assert!(text.contains("withdrawn at entry 5, for training only"), "{text}");
    assert!(!text.contains("every consent for the submission is withdrawn at entry 5"), "{text}");
    // Bob's is of everything.
    assert_eq!(of(&found, 4).facts.withdrawn_scope, Some("everything"));
    assert!(line(&text, "Withdrawals").contains("2 found, 1 of them of some purposes only"));

    let whole = world.withdraw(ALICE, TASK);
    let found = report(&world);
    let facts = &of(&found, 3).facts;
    assert_eq!((facts.withdrawn_at, facts.withdrawn_scope), (Some(whole), Some("everything")));
    let entries: Vec<_> = facts.withdrawals.iter().map(|it| (it.at, it.scope)).collect();
    assert_eq!(entries, [(partial, "purposes"), (whole, "everything")]);
    let text = found.to_text(false);
    assert!(text.contains("every consent for the submission is withdrawn at entry 6"), "{text}");
}

#[test]
fn events_are_counted_not_what_they_concern() {
    let mut world = World::new();
    world.enroll(ALICE);
    for _ in 0..4 {
        world.attest(ALICE, TASK);
    }
    let withdrawn = world.withdraw(ALICE, TASK);
    let revoked = world.revoke(ALICE);
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    for index in [withdrawn, revoked] {
        write(directory.path(), &format!("copies/{index}.cose"), &world.transparent(index));
    }
    let found = verify(&[directory.path()], &trust).expect("usable input");
    assert!(found.verified, "{}", found.to_text(false));
    let concerned = found.statements.iter().filter(|it| it.facts.withdrawn_at.is_some());
    assert_eq!(concerned.count(), 6);
    assert_eq!((found.summary.withdrawals, found.summary.revocations), (1, 1));
    let text = found.to_text(false);
    assert!(line(&text, "Withdrawals").contains(" 1 found;"), "{text}");
    assert!(line(&text, "Revocations").contains(" 1 found;"), "{text}");

    world.enroll(BOB);
    world.rotate(BOB, 12);
    let text = report(&world).to_text(false);
    assert!(line(&text, "Revocations").contains("1 found, 1 by replacement"), "{text}");
}

#[test]
fn without_genesis_a_revocation_is_not_passed_over() {
    let mut world = World::usual();
    let revoked = world.revoke(ALICE);
    let after = world.attest(ALICE, TASK);
    let by_bob = world.attest(BOB, TASK);
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = without_genesis(&world, root);
    let found = verify(&[root], &trust).expect("usable input");
    let before = of(&found, 3);
    assert_eq!(before.verdict, Verdict::Verified);
    assert_eq!(before.facts.key_end_claimed_at, Some(revoked));
    assert!(before.reasons.iter().any(|reason| reason.contains("nothing among the inputs shows")));
    let later = of(&found, after);
    assert_eq!((later.verdict, later.code), (Verdict::NotProven, "key-end-claimed"));
    assert_eq!(of(&found, by_bob).verdict, Verdict::Verified);
    assert_eq!((found.summary.revocations, found.summary.key_end_claims), (0, 1));
    let text = found.to_text(false);
    let revocations = line(&text, "Revocations");
    assert!(revocations.contains("1 given, but nothing among the inputs shows"), "{text}");

    // Once the service is known, it counts.
    let mut arguments = arguments(&[root], &trust);
    let keys = encode_key_set(&[public(RECEIPT), public(SERVICE)]);
    let elsewhere = tempfile::tempdir().expect("a directory");
    arguments.keys = Some(write(elsewhere.path(), "keys.cbor", &keys));
    let found = run(&arguments).expect("usable input");
    assert_eq!(of(&found, after).code, "key-ended");
    assert_eq!(of(&found, 3).facts.key_ended_at, Some(revoked));
    assert_eq!((found.summary.revocations, found.summary.key_end_claims), (1, 0));
}

#[test]
fn only_a_header_makes_a_genesis() {
    let mut world = World::usual();
    let note = "See application/vnd.attestry.genesis+json.";
    let index = world.withdraw_scope(ALICE, TASK, Scope::Everything, Some(note));
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = without_genesis(&world, root);
    let attachments = Attachments {
        issuer_key: Some(public(ALICE)),
        log_proof: Some(world.proof(index, world.size(), &[])),
        payload: Some(world.entry(index).payload.clone()),
        ..Attachments::default()
    };
    let statement = attachments.encode(&world.entry(index).statement).expect("a statement");
    write(root, &format!("statements/{index:03}.cose"), &statement);
    let keys = encode_key_set(&[public(RECEIPT), public(SERVICE)]);
    let elsewhere = tempfile::tempdir().expect("a directory");
    let keys = write(elsewhere.path(), "keys.cbor", &keys);
    let mut arguments = arguments(&[root], &trust);
    let nobody = run(&arguments).expect("usable input").to_text(false);
    assert!(nobody.contains("no genesis statement is given"), "{nobody}");
    arguments.keys = Some(keys);
    let found = run(&arguments).expect("usable input");
    let text = found.to_text(false);
    assert!(text.contains("you vouch for them"), "{text}");
    assert_eq!(of(&found, 3).facts.issuer_key, "enrolled");
    assert!(found.verified, "{text}");

    // A real one that nothing proves still keeps the user's word out.
    let unproven = Attachments { issuer_key: Some(public(SERVICE)), ..Attachments::default() };
    let unproven = unproven.encode(&world.entry(0).statement).expect("a statement");
    write(root, "statements/000.cose", &unproven);
    let text = run(&arguments).expect("usable input").to_text(false);
    assert!(text.contains("the genesis statement is not proven"), "{text}");
}
