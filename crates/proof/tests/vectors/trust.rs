//! `policies.json`: trust policies and what they say of a checkpoint.

use attestry_proof::log::trust::{TrustPolicy, TrustedCheckpoint};

use crate::case::{Case, Disagreements, File};
use crate::words::trust_word;

/// Cosigners in the vectors sign at this time plus their place in X1 X2 X3 Y1 Y2 Y3.
const FIRST_TIMESTAMP: u64 = 1_764_000_000;

fn policy(case: Case<'_>) -> TrustPolicy {
    TrustPolicy::parse(&case.bytes("policy")).unwrap_or_else(|e| panic!("{}: {e}", case.about()))
}

#[test]
fn policies_are_read_and_written() {
    for case in File::load("policies").cases("accepted") {
        let policy = policy(case);
        let found = (policy.logs().len() as u64, policy.witnesses().len() as u64);
        assert_eq!(found, (case.number("logs"), case.number("witnesses")), "{}", case.about());
        assert_eq!(TrustPolicy::parse(&policy.to_bytes()), Ok(policy), "{}", case.about());
    }
}

#[test]
fn other_policies_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("policies").cases("refused") {
        let verdict = TrustPolicy::parse(&case.bytes("policy"));
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}

#[test]
fn checkpoints_are_judged_as_the_vectors_say() {
    let mut wrong = Disagreements::default();
    for case in File::load("policies").cases("evaluations") {
        let verdict = policy(case).evaluate(&case.bytes("note"));
        let word = verdict.as_ref().map(|_| "trusted").unwrap_or_else(|error| trust_word(error));
        wrong.check(case, word == case.text("verdict"), (word, &verdict));
        if let Ok(trusted) = verdict {
            check_trusted(case, &trusted);
        }
    }
    wrong.none();
}

fn check_trusted(case: Case<'_>, trusted: &TrustedCheckpoint) {
    let checkpoint = trusted.checkpoint();
    let found = (checkpoint.size(), checkpoint.root());
    assert_eq!(found, (case.size("size"), case.hash("root")), "{}", case.about());
    let names: Vec<String> = trusted.cosigners().iter().map(|c| c.name.to_string()).collect();
    assert_eq!(names, case.list("cosigners"), "{}", case.about());
    assert_eq!(trusted.witnessed(), !names.is_empty(), "{}", case.about());
    let places = ["X1", "X2", "X3", "Y1", "Y2", "Y3"];
    for cosigner in trusted.cosigners() {
        let place = places.iter().position(|name| *name == cosigner.name.to_string());
        let expected = FIRST_TIMESTAMP + place.expect("a witness of the vectors") as u64;
        assert_eq!(cosigner.timestamp, expected, "{} {}", case.about(), cosigner.name);
    }
}
