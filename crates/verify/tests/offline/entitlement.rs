//! Who may say what: by the roles of keys, and by whose keys they are.

use attestry_proof::payload::key_event::MemberRole;
use attestry_verify::{Report, StatementReport, Verdict};

use crate::world::{ALICE, BOB, OTHER_TASK, SERVICE, TASK, World, verify};

const REVIEWER: u8 = 30;
const LEGAL: u8 = 31;
const ADMIN: u8 = 32;
const NEXT: u8 = 33;

/// The usual log, with a reviewer, a legal officer and an administrator.
fn staffed() -> World {
    let mut world = World::usual();
    world.enroll_as(REVIEWER, &[MemberRole::Reviewer], None);
    world.enroll_as(LEGAL, &[MemberRole::Legal], None);
    world.enroll_as(ADMIN, &[MemberRole::Admin, MemberRole::Auditor], None);
    world
}

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

fn passes(report: &Report, index: u64) {
    let found = of(report, index);
    assert_eq!(found.verdict, Verdict::Verified, "{:?}", found.reasons);
    assert_eq!(found.facts.entitlement, "proven");
}

fn fails(report: &Report, index: u64, code: &str) {
    let found = of(report, index);
    assert_eq!((found.verdict, found.code), (Verdict::Failed, code), "{:?}", found.reasons);
    assert_eq!(found.facts.entitlement, "not-proven");
    assert!(!report.verified);
}

#[test]
fn everybody_says_what_is_theirs_to_say() {
    let mut world = staffed();
    let mut said = vec![world.review(REVIEWER, TASK), world.clear(SERVICE, TASK)];
    said.push(world.access(SERVICE, TASK));
    said.push(world.approve(LEGAL, MemberRole::Legal, BOB, NEXT));
    said.push(world.approve(ADMIN, MemberRole::Admin, BOB, NEXT));
    let report = report(&world);
    assert!(report.verified, "{}", report.to_text(false));
    for index in said.into_iter().chain([0, 1, 3, 4]) {
        passes(&report, index);
    }
    assert_eq!(of(&report, 3).facts.issuer_roles, ["contractor"]);
    assert_eq!(of(&report, 0).facts.issuer_roles, [""; 0]);
}

#[test]
fn nobody_says_what_is_not_theirs_to_say() {
    let mut world = staffed();
    let mut wrong = vec![world.review(BOB, TASK), world.review(LEGAL, TASK)];
    wrong.extend([world.attest(REVIEWER, OTHER_TASK), world.withdraw(ADMIN, OTHER_TASK)]);
    wrong.push(world.approve(REVIEWER, MemberRole::Admin, BOB, NEXT));
    // An office is the one that the key has, not merely one that could have said it.
    wrong.push(world.approve(LEGAL, MemberRole::Admin, BOB, NEXT));
    wrong.push(world.approve(ADMIN, MemberRole::Legal, BOB, NEXT));
    let report = report(&world);
    for index in wrong {
        fails(&report, index, "role-missing");
    }
    let text = report.to_text(false);
    let sentence = "a review is made by a key with the role reviewer, and the issuer's key was \
                    enrolled at entry 2 as contractor";
    assert!(text.contains(sentence), "{text}");
}

#[test]
fn the_service_decides_and_records_and_nobody_else() {
    let mut world = staffed();
    for index in [world.clear(ADMIN, TASK), world.access(LEGAL, TASK)] {
        fails(&report(&world), index, "not-by-service");
    }
    let spoken = [world.review(SERVICE, TASK), world.attest(SERVICE, TASK)];
    let approved = world.approve(SERVICE, MemberRole::Legal, BOB, NEXT);
    for index in spoken.into_iter().chain([approved]) {
        fails(&report(&world), index, "not-by-member");
    }
}

/// Where no genesis says which key is the service's, a member's key still is none.
#[test]
fn a_member_is_not_the_service_for_want_of_genesis() {
    use attestry_proof::cose::key::encode_key_set;
    let mut world = staffed();
    let (by_member, by_service) = (world.clear(ADMIN, TASK), world.clear(SERVICE, TASK));
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    std::fs::remove_file(root.join("statements/000.cose")).expect("removed");
    let genesis = attestry_proof::hash::Hash::of(&world.entry(0).payload);
    std::fs::remove_file(root.join(format!("payloads/{genesis}.json"))).expect("removed");
    let mut arguments = crate::world::arguments(&[root], &trust);
    let keys = encode_key_set(&[crate::world::public(SERVICE)]);
    arguments.keys = Some(crate::world::write(root, "vouched/keys.cbor", &keys));
    let report = attestry_verify::run(&arguments).expect("usable input");
    fails(&report, by_member, "role-missing");
    assert_eq!(of(&report, by_service).verdict, Verdict::Verified);
    assert_eq!(of(&report, by_service).facts.entitlement, "not-proven");
}

#[test]
fn what_was_not_given_is_not_proven_and_no_failure() {
    let mut world = staffed();
    let review = world.review(BOB, TASK);
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    let payload_of = |index: u64| {
        let digest = attestry_proof::hash::Hash::of(&world.entry(index).payload);
        root.join(format!("payloads/{digest}.json"))
    };
    let judged = || {
        let report = verify(&[root], &trust).expect("usable input");
        (of(&report, review).code, of(&report, review).facts.entitlement)
    };
    assert_eq!(judged(), ("role-missing", "not-proven"));
    // Without Bob's enrolment nobody knows his roles.
    std::fs::remove_file(payload_of(2)).expect("removed");
    assert_eq!(judged(), ("log-signed", "not-proven"));
    std::fs::write(payload_of(2), &world.entry(2).payload).expect("written");
    // Without the payload nobody knows that it is a review.
    std::fs::remove_file(payload_of(review)).expect("removed");
    assert_eq!(judged(), ("log-signed", "not-proven"));
}

#[test]
fn an_enrolment_that_is_only_logged_entitles_to_nothing_for_certain() {
    let world = staffed();
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let trust = world.write(root);
    let unwitnessed = world.attach(1, vec![world.receipt(1, 4)], None);
    let path = root.join("statements/001.cose");
    std::fs::write(path, unwitnessed).expect("written");
    let report = verify(&[root], &trust).expect("usable input");
    let alice = of(&report, 3);
    assert_eq!(alice.verdict, Verdict::Verified, "{:?}", alice.reasons);
    assert_eq!(alice.facts.enrolment_proven, Some(false));
    assert_eq!(alice.facts.entitlement, "not-proven");
    assert_eq!(of(&report, 4).facts.entitlement, "proven");
}

#[test]
fn nobody_reviews_their_own_work_even_with_both_roles() {
    let mut world = World::new();
    let both = [MemberRole::Contractor, MemberRole::Reviewer];
    world.enroll_as(ALICE, &both, None);
    world.enroll_as(BOB, &both, None);
    let own = world.attest(ALICE, TASK);
    world.attest(BOB, OTHER_TASK);
    let (wrong, right) = (world.review(ALICE, TASK), world.review(BOB, TASK));
    let other = world.review(ALICE, OTHER_TASK);
    let report = report(&world);
    fails(&report, wrong, "own-review");
    assert!(of(&report, wrong).reasons[0].contains(&format!("entry {own}")));
    passes(&report, right);
    passes(&report, other);
}

#[test]
fn a_rotation_hides_no_reviewer_from_their_own_work() {
    let both = [MemberRole::Contractor, MemberRole::Reviewer];
    // Attested with the old key, reviewed with the new one; and the other way round.
    let mut world = World::new();
    world.enroll_as(ALICE, &both, None);
    world.attest(ALICE, TASK);
    world.rotate_as(ALICE, NEXT, &both);
    let later = world.review(NEXT, TASK);
    fails(&report(&world), later, "own-review");

    let mut world = World::new();
    world.enroll_as(ALICE, &both, None);
    let earlier = world.review(ALICE, TASK);
    world.rotate_as(ALICE, NEXT, &both);
    world.attest(NEXT, TASK);
    fails(&report(&world), earlier, "own-review");

    // Nor does a loss.
    let mut world = World::new();
    world.enroll_as(ALICE, &[MemberRole::Contractor], None);
    world.attest(ALICE, TASK);
    world.revoke(ALICE);
    world.enroll_as(NEXT, &both, Some(ALICE));
    let after_loss = world.review(NEXT, TASK);
    let other = world.review(NEXT, OTHER_TASK);
    let report = report(&world);
    fails(&report, after_loss, "own-review");
    passes(&report, other);
}

#[test]
fn a_rotated_key_goes_on_where_its_predecessor_stopped() {
    let mut world = World::usual();
    world.rotate(ALICE, NEXT);
    let (attested, withdrawn) = (world.attest(NEXT, TASK), world.withdraw(NEXT, TASK));
    let stale = world.withdraw(ALICE, TASK);
    let report = report(&world);
    passes(&report, attested);
    passes(&report, withdrawn);
    fails(&report, stale, "key-ended");
}

#[test]
fn a_replacement_withdraws_what_the_lost_key_submitted_and_attests_to_none_of_it() {
    let mut world = World::usual();
    let lost = 3;
    world.revoke(ALICE);
    world.enroll_as(NEXT, &[MemberRole::Contractor], Some(ALICE));
    let (again, withdrawn) = (world.attest(NEXT, TASK), world.withdraw(NEXT, TASK));
    let new = "00000000-0000-4000-8000-000000000002";
    let own = world.attest(NEXT, new);
    let found = report(&world);
    fails(&found, again, "replacement-attests");
    assert!(of(&found, again).reasons[0].contains(&format!("entry {lost}")));
    passes(&found, withdrawn);
    passes(&found, own);
    // Nor does the key after it.
    world.rotate(NEXT, 34);
    let (again, own) = (world.attest(34, TASK), world.attest(34, new));
    let found = report(&world);
    fails(&found, again, "replacement-attests");
    passes(&found, own);
}

#[test]
fn a_key_that_is_lost_after_a_rotation_takes_the_work_of_both_along() {
    let mut world = World::usual();
    world.rotate(ALICE, NEXT);
    world.revoke(NEXT);
    world.enroll_as(34, &[MemberRole::Contractor], Some(NEXT));
    let (again, withdrawn) = (world.attest(34, TASK), world.withdraw(34, TASK));
    let found = report(&world);
    fails(&found, again, "replacement-attests");
    passes(&found, withdrawn);
}

#[test]
fn an_officer_approves_no_key_of_their_own() {
    let roles = [MemberRole::Legal];
    let mut world = World::usual();
    world.enroll_as(LEGAL, &roles, None);
    let direct = world.approve(LEGAL, MemberRole::Legal, LEGAL, NEXT);
    world.rotate_as(LEGAL, NEXT, &roles);
    let continued = world.approve(NEXT, MemberRole::Legal, LEGAL, 34);
    let other = world.approve(NEXT, MemberRole::Legal, ALICE, 34);
    let report = report(&world);
    fails(&report, direct, "payload-contradicts-header");
    fails(&report, continued, "own-key-approved");
    passes(&report, other);
}

#[test]
fn an_approval_is_about_the_lost_key_it_names() {
    let mut world = staffed();
    let payload = world.approval(MemberRole::Legal, ALICE, NEXT);
    let other = attestry_proof::cose::Subject::Key(crate::world::public(BOB).thumbprint());
    let index = world.add(LEGAL, other, &payload);
    fails(&report(&world), index, "payload-contradicts-header");
}
