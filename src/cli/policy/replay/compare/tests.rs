//! A decision that is as it was logged, and every way in which it is not.

use attestry_proof::payload::{
    Attestation, Official,
    fields::{Digest, KeyId, Salt},
    redaction_check::ResidualRisk,
    review::{Review, ReviewVerdict},
    text::{Line, Name},
    withdrawal::Withdrawal,
};

use super::*;
use crate::assets;

/// An example of a payload, as `tests/fuzz` keeps them.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fuzz/corpus/payload/",
            $name,
            ".json"
        ))
    };
}

/// Position of the decision.
const AT: u64 = 1200;
/// Positions of what it rests on, as the example names them.
const OWN_WORK: u64 = 1103;
const REDACTION: u64 = 1105;
const SCAN: u64 = 1108;
const REVIEW: u64 = 1109;
const CONTRACTOR: KeyId = KeyId(Thumbprint(Hash([1; 32])));
const REVIEWER: KeyId = KeyId(Thumbprint(Hash([2; 32])));
const SERVICE: KeyId = KeyId(Thumbprint(Hash([3; 32])));

/// Changes a decision.
type Forge = fn(&mut Clearance);

fn payload(json: &str) -> Payload {
    Payload::parse(json.as_bytes(), true).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn told(by: KeyId, payload: Payload) -> Told {
    Told { leaf: Hash::of(&payload.to_bytes()), issuer: by.0, payload }
}

/// The same, with the clause that the example refuses answered by an exception.
fn unrefused(json: &str) -> String {
    json.replace("\"answer\":\"no\"", "\"answer\":\"exception\"")
}

/// What the example of a decision rests on.
fn record() -> Record {
    let manifest = example!("manifest");
    let [request, deliverable] = ["\"request\"", "\"deliverable\""];
    let other_side = manifest.replace(deliverable, "?");
    let other_side = other_side.replace(request, deliverable).replace('?', request);
    let stated = [
        &other_side,
        manifest,
        example!("own-work"),
        example!("nda-check"),
        example!("redaction-check"),
        example!("task-authority"),
        example!("effort"),
    ];
    let mut record = Record::default();
    for (position, json) in (1101..).zip(stated) {
        record.told.insert(position, told(CONTRACTOR, payload(&unrefused(json))));
    }
    record.told.insert(REVIEW, told(REVIEWER, review(&record, |_| {})));
    let redaction = Digest(record.told[&REDACTION].leaf);
    record.told.insert(SCAN, told(SERVICE, scan(redaction, ResidualRisk::Low)));
    record
}

/// A scan that found nothing that is left, held against a statement about redaction.
fn scan(compared_with: Digest, residual_risk: ResidualRisk) -> Payload {
    let Payload::Scan(said) = payload(example!("scan")) else { panic!("a scan") };
    let nothing = (0, Vec::new());
    let mut body = said.body().clone();
    (body.unaccepted_count, body.unaccepted) = nothing;
    (body.compared_with, body.residual_risk) = (compared_with, residual_risk);
    attestry_proof::payload::Record::new(Salt([6; 32]), body).unwrap().into()
}

/// An accepting review of all that is there, changed.
fn review(record: &Record, change: fn(&mut Review)) -> Payload {
    let Payload::Review(said) = payload(example!("review")) else { panic!("a review") };
    let mut body = said.body().clone();
    body.verdict = ReviewVerdict::Accepted;
    body.redaction_countersigned = true;
    body.reasons = Vec::new();
    body.rests_on = record.told.values().map(|told| Digest(told.leaf)).collect();
    change(&mut body);
    Official::new(Salt([8; 32]), said.envelope().clone(), body).unwrap().into()
}

fn withdrawal(scope: Scope) -> Told {
    let Payload::Withdrawal(said) = payload(example!("withdrawal")) else { panic!("one") };
    let body = Withdrawal { scope, ..said.body().clone() };
    let whole = Attestation::new(Salt([7; 32]), said.envelope().clone(), body).unwrap();
    told(CONTRACTOR, whole.into())
}

/// A decision to clear, on the facts of the record, by the rules that are built in.
fn cleared() -> Clearance {
    let Payload::Clearance(said) = payload(example!("clearance")) else { panic!("a decision") };
    let mut clearance = said.body().clone();
    let facts = &mut clearance.facts;
    facts.holds = Recorded::Known(Some(0));
    facts.open_cases = Recorded::Known(Some(0));
    if let Recorded::Known(Some(scan)) = &mut facts.scan {
        scan.residual_risk = ResidualRisk::Low;
    }
    if let Recorded::Known(Some(review)) = &mut facts.review {
        review.reviewer = REVIEWER;
    }
    clearance.granted = true;
    clearance.deciding = vec![Line::new("clearance-standard").unwrap()];
    clearance.missing = Vec::new();
    clearance
}

fn rules() -> Rules {
    Rules::Archived(assets::policies())
}

/// What differs, by name.
fn differing(clearance: &Clearance, record: &Record) -> Vec<String> {
    match judge((AT, clearance), &rules(), record) {
        Outcome::Differs(differences) => differences.into_iter().map(|it| it.what).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_as_it_was_logged_agrees() {
    assert_eq!(judge((AT, &cleared()), &rules(), &record()), Outcome::Agrees);
}

#[test]
fn a_forged_decision_differs_in_what_was_forged() {
    let forgeries: [(Forge, &[&str]); 4] = [
        (|it| it.granted = false, &["decision"]),
        (|it| it.deciding[0] = Line::new("clearance-reviewed").unwrap(), &["deciding rules"]),
        (|it| it.missing.push(Name::new("scan").unwrap()), &["missing"]),
        // Facts under which the rules say something else: granted in spite of a hold.
        (
            |it| it.facts.holds = Recorded::Known(Some(1)),
            &["decision", "deciding rules", "missing"],
        ),
    ];
    for (forge, expected) in forgeries {
        let mut clearance = cleared();
        forge(&mut clearance);
        assert_eq!(differing(&clearance, &record()), expected);
    }
}

#[test]
fn facts_that_the_statements_do_not_bear_out_differ() {
    fn attestation(clearance: &mut Clearance) -> &mut AttestationFact {
        match &mut clearance.facts.attestations {
            Recorded::Known(facts) => facts.own_work.as_mut().unwrap(),
            Recorded::Redacted => panic!("known"),
        }
    }
    fn review(clearance: &mut Clearance) -> &mut ReviewFact {
        match &mut clearance.facts.review {
            Recorded::Known(Some(fact)) => fact,
            _ => panic!("known"),
        }
    }
    let forgeries: [(Forge, &str); 7] = [
        (|it| attestation(it).position = 1102, "facts, newest own-work"),
        (|it| attestation(it).purposes.push(Purpose::Redistribution), "facts, consent"),
        (|it| attestation(it).refusals = 1, "facts, clauses of own-work answered no"),
        (|it| attestation(it).declared_risk = Some(ResidualRisk::Low), "facts, risk declared"),
        (|it| review(it).position = 1110, "facts, newest review"),
        (|it| review(it).reviewer = CONTRACTOR, "facts, reviewer"),
        (|it| it.facts.withdrawn = Recorded::Known(true), "facts, withdrawn"),
    ];
    for (forge, expected) in forgeries {
        let mut clearance = cleared();
        forge(&mut clearance);
        let found = differing(&clearance, &record());
        assert!(found.iter().any(|what| what == expected), "{expected}: {found:?}");
    }
}

#[test]
fn statements_that_the_facts_leave_out_differ() {
    let with = |position: u64, added: Told| {
        let mut record = record();
        record.told.insert(position, added);
        differing(&cleared(), &record)
    };
    let own_work = || told(CONTRACTOR, payload(&unrefused(example!("own-work"))));
    let refusing = told(CONTRACTOR, payload(example!("own-work")));
    let found = with(OWN_WORK, refusing);
    assert_eq!(found, ["facts, clauses of own-work answered no", "facts, review current"]);
    assert_eq!(with(1150, own_work()), ["facts, newest own-work", "facts, review current"]);
    assert_eq!(with(1150, withdrawal(Scope::Everything)), ["facts, withdrawn"]);
    let training = || withdrawal(Scope::Purposes(vec![Purpose::Training]));
    assert_eq!(with(1150, training()), ["facts, consent"]);
    let sent_back = || told(REVIEWER, payload(example!("review")));
    assert_eq!(with(1150, sent_back()), ["facts, newest review"]);
    let instead = sent_back();
    assert_eq!(with(REVIEW, instead), ["facts, verdict", "facts, review current"]);
    let own = told(CONTRACTOR, review(&record(), |_| {}));
    assert_eq!(with(REVIEW, own), ["facts, reviewer", "facts, reviewer is the contractor"]);

    // What came after the decision, or before the statement that it is about, has no part in it.
    let unaffected = |position: u64, added: Told| {
        let mut record = record();
        record.told.insert(position, added);
        assert_eq!(judge((AT, &cleared()), &rules(), &record), Outcome::Agrees);
    };
    unaffected(AT + 1, withdrawal(Scope::Everything));
    unaffected(OWN_WORK - 3, training());
}

#[test]
fn a_review_that_passed_over_a_statement_is_not_current() {
    let mut record = record();
    let passed_over = review(&record, |body| {
        body.rests_on.remove(2);
    });
    record.told.insert(REVIEW, told(REVIEWER, passed_over));
    assert_eq!(differing(&cleared(), &record), ["facts, review current"]);
}

#[test]
fn what_is_gone_gives_no_verdict() {
    let mut clearance = cleared();
    clearance.facts.open_cases = Recorded::Redacted;
    let redacted = judge((AT, &clearance), &rules(), &record());
    assert_eq!(redacted, Outcome::NotReplayed("facts are redacted: open_cases".into()));
    let missing = Rules::Missing("its bundle is not archived".into());
    let gone = judge((AT, &cleared()), &missing, &record());
    assert_eq!(gone, Outcome::NotReplayed("its bundle is not archived".into()));
    let broken = Rules::Archived(vec![("access.cedar".into(), b"permit".to_vec())]);
    let refused = judge((AT, &cleared()), &broken, &record());
    assert!(matches!(refused, Outcome::NotReplayed(reason) if reason.contains("refused")));
    // What is known to be wrong is said all the same.
    let mut forged = cleared();
    forged.facts.withdrawn = Recorded::Known(true);
    assert!(matches!(judge((AT, &forged), &missing, &record()), Outcome::Differs(_)));
    let contradicted = judge((AT, &cleared()), &Rules::Contradicted, &record());
    assert!(matches!(contradicted, Outcome::Differs(_)), "{contradicted:?}");
}

#[test]
fn other_rules_make_another_decision() {
    let mut files = assets::policies();
    for (path, bytes) in &mut files {
        if path == "clearance.cedar" {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replace("\"standard\"", "\"strict\"").into_bytes();
        }
    }
    let outcome = judge((AT, &cleared()), &Rules::Archived(files), &record());
    let Outcome::Differs(differences) = outcome else { panic!("{outcome:?}") };
    assert_eq!(differences[0].found, "not granted");
}

#[test]
fn the_scan_of_the_facts_is_the_newest_and_says_what_they_say() {
    let mut clearance = cleared();
    let mut other = record();
    let redaction = Digest(other.told[&REDACTION].leaf);
    other.told.insert(SCAN, told(SERVICE, scan(redaction, ResidualRisk::High)));
    assert_eq!(differing(&clearance, &other), ["facts, risk that the scan found"]);
    other.told.insert(SCAN, told(SERVICE, scan(Digest(Hash([9; 32])), ResidualRisk::Low)));
    assert_eq!(differing(&clearance, &other), ["facts, scan of the current files"]);
    other.told.insert(SCAN + 2, told(SERVICE, scan(redaction, ResidualRisk::Low)));
    assert!(differing(&clearance, &other).contains(&"facts, newest scan".to_owned()));
    clearance.facts.scan = Recorded::Known(None);
    assert!(differing(&clearance, &record()).contains(&"facts, newest scan".to_owned()));
    // One that was erased can be held against nothing.
    let mut erased = record();
    erased.told.remove(&SCAN);
    assert_eq!(differing(&cleared(), &erased), ["facts, newest scan"]);
    erased.erased_by_service.insert(SCAN);
    assert_eq!(judge((AT, &cleared()), &rules(), &erased), Outcome::Agrees);
    assert_eq!(erased.erased_facts(&cleared()), [SCAN]);
}

#[test]
fn facts_about_erased_statements_are_not_checked_and_named() {
    let mut record = record();
    record.told.remove(&OWN_WORK);
    record.erased.insert(OWN_WORK);
    assert_eq!(judge((AT, &cleared()), &rules(), &record), Outcome::Agrees);
    assert_eq!(record.erased_facts(&cleared()), [OWN_WORK]);
    // Without a trace of it, somebody made it up.
    record.erased.clear();
    assert_eq!(differing(&cleared(), &record), ["facts, newest own-work"]);
    assert!(record.erased_facts(&cleared()).is_empty());
}
