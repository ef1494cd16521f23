//! When the shipped rules clear a submission, and deciding again.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use attestry_policy::{
    access::{KEY_ID_BYTES, KeyId},
    bundle::bundle_digest,
    clearance::{
        AttestationFact, AttestationKind, ClearanceDecision, ClearanceFacts, Fact, Missing,
        Recorded, RecordedFacts, Replay, ReviewFact, ScanFact, replay,
    },
    engine::{PolicyId, engine_version},
    words::{Purpose, ResidualRisk, Verdict},
};
use support::{bundle, engine};

/// Facts that nothing stands against.
fn clear_facts() -> ClearanceFacts {
    let attestation = |kind: AttestationKind| AttestationFact {
        position: 10 + kind as u64,
        current: true,
        withdrawn: false,
        key_valid: true,
        purposes: match kind {
            AttestationKind::OwnWork => BTreeSet::from([Purpose::Training, Purpose::Evaluation]),
            _ => BTreeSet::new(),
        },
        refusals: 0,
        declared_risk: (kind == AttestationKind::RedactionCheck).then_some(ResidualRisk::NoneKnown),
    };
    ClearanceFacts {
        purpose: Purpose::Training,
        clearance_policy: "standard".into(),
        allowed_risk: ResidualRisk::Low,
        attestations: AttestationKind::ALL.iter().map(|kind| (*kind, attestation(*kind))).collect(),
        withdrawn: false,
        scan: Some(ScanFact { position: 20, residual_risk: ResidualRisk::Low }),
        review: Some(ReviewFact {
            position: 21,
            reviewer: KeyId([7; KEY_ID_BYTES]),
            same_person: false,
            current: true,
            key_valid: true,
            verdict: Verdict::Accepted,
        }),
        holds: Some(0),
        open_cases: Some(0),
    }
}

/// The same in a program whose files people review, without a scan.
fn reviewed_facts() -> ClearanceFacts {
    ClearanceFacts { clearance_policy: "reviewed".into(), scan: None, ..clear_facts() }
}

fn with(change: impl FnOnce(&mut ClearanceFacts)) -> ClearanceFacts {
    let mut facts = clear_facts();
    change(&mut facts);
    facts
}

fn with_review(change: impl FnMut(&mut ReviewFact)) -> ClearanceFacts {
    with(|facts| facts.review.as_mut().into_iter().for_each(change))
}

/// What stands against clearance, by name of case: what is wrong, what is missing, which rules.
fn refusals() -> Vec<(ClearanceFacts, Vec<Missing>, Vec<&'static str>)> {
    let one = |facts, missing, rule| (facts, vec![missing], vec![rule]);
    let mut cases = vec![
        one(with(|f| f.purpose = Purpose::Redistribution), Missing::Consent, "needs-consent"),
        one(with(|f| f.withdrawn = true), Missing::Withdrawn, "not-withdrawn"),
        one(with(|f| f.scan = None), Missing::Scan, "needs-scan"),
        one(with(|f| f.allowed_risk = ResidualRisk::NoneKnown), Missing::Risk, "risk-within-limit"),
        one(with_review(|r| r.current = false), Missing::Review, "needs-review"),
        one(with_review(|r| r.key_valid = false), Missing::Review, "needs-review"),
        one(
            with_review(|r| r.same_person = true),
            Missing::IndependentReview,
            "reviewed-by-another-person",
        ),
        one(with_review(|r| r.verdict = Verdict::SentBack), Missing::Acceptance, "review-accepts"),
        one(with(|f| f.review = None), Missing::Review, "needs-review"),
        one(with(|f| f.holds = Some(1)), Missing::Hold, "no-hold"),
        one(with(|f| f.holds = None), Missing::Hold, "no-hold"),
        one(with(|f| f.open_cases = Some(u32::MAX)), Missing::OpenCase, "no-open-case"),
        one(with(|f| f.open_cases = None), Missing::OpenCase, "no-open-case"),
        one(
            with(|f| f.clearance_policy = "unheard-of".into()),
            Missing::ClearancePolicy,
            "default-deny",
        ),
    ];
    for declared in [Some(ResidualRisk::Medium), Some(ResidualRisk::High), None] {
        let facts = with(|facts| {
            let check = facts.attestations.get_mut(&AttestationKind::RedactionCheck);
            check.into_iter().for_each(|fact| fact.declared_risk = declared);
        });
        cases.push(one(facts, Missing::DeclaredRisk, "declared-risk-within-limit"));
    }
    let kinds = [
        (AttestationKind::RequestManifest, Missing::RequestManifest, "needs-request-manifest"),
        (
            AttestationKind::DeliverableManifest,
            Missing::DeliverableManifest,
            "needs-deliverable-manifest",
        ),
        (AttestationKind::NdaCheck, Missing::NdaCheck, "needs-nda-check"),
        (AttestationKind::RedactionCheck, Missing::RedactionCheck, "needs-redaction-check"),
        (AttestationKind::TaskAuthority, Missing::TaskAuthority, "needs-task-authority"),
        (AttestationKind::Effort, Missing::Effort, "needs-effort"),
        (AttestationKind::OwnWork, Missing::OwnWork, "needs-own-work"),
    ];
    for (kind, missing, rule) in kinds {
        let spoilt = |change: fn(&mut AttestationFact)| {
            with(|facts| facts.attestations.get_mut(&kind).into_iter().for_each(change))
        };
        cases.push(one(spoilt(|fact| fact.current = false), missing, rule));
        cases.push(one(spoilt(|fact| fact.key_valid = false), missing, rule));
        cases.push(one(spoilt(|fact| fact.withdrawn = true), missing, rule));
        let refused = spoilt(|fact| fact.refusals = 1);
        cases.push(one(refused, Missing::RefusedClause, "no-clause-refused"));
        let absent = with(|facts| drop(facts.attestations.remove(&kind)));
        // Without the statement there is no consent either.
        cases.push(match kind {
            AttestationKind::OwnWork => {
                (absent, vec![missing, Missing::Consent], vec!["needs-consent", rule])
            }
            AttestationKind::RedactionCheck => {
                let rules = vec!["declared-risk-within-limit", rule];
                (absent, vec![missing, Missing::DeclaredRisk], rules)
            }
            _ => one(absent, missing, rule),
        });
    }
    cases
}

fn ids(decision: &ClearanceDecision) -> Vec<&str> {
    decision.deciding.iter().map(PolicyId::as_str).collect()
}

#[test]
fn what_nothing_stands_against_is_cleared_and_the_permit_named() {
    let decision = engine().clear(&clear_facts());
    assert!(decision.cleared, "{decision:?}");
    assert_eq!(ids(&decision), ["clearance-standard"]);
    assert_eq!(decision.missing, []);
}

#[test]
fn each_thing_missing_is_named_with_its_rule_and_nothing_else() {
    let engine = engine();
    for (facts, missing, rules) in refusals() {
        let decision = engine.clear(&facts);
        assert!(!decision.cleared, "{facts:?}");
        assert_eq!((ids(&decision), &decision.missing), (rules, &missing), "{facts:?}");
    }
}

#[test]
fn what_is_remembered_is_what_the_rules_say() {
    let engine = engine();
    for (facts, ..) in refusals().into_iter().chain(refusals()) {
        assert_eq!(engine.clear(&facts), engine.clear_afresh(&facts), "{facts:?}");
    }
    assert!(engine.clear(&clear_facts()).cleared);
}

#[test]
fn only_where_people_review_every_file_no_scan_is_asked_for() {
    let engine = engine();
    let decision = engine.clear(&reviewed_facts());
    assert!(decision.cleared, "{decision:?}");
    assert_eq!(ids(&decision), ["clearance-reviewed"]);
    let standard = with(|facts| facts.scan = None);
    assert_eq!(ids(&engine.clear(&standard)), ["needs-scan"]);
    let nobody = ClearanceFacts { review: None, ..reviewed_facts() };
    assert_eq!(ids(&engine.clear(&nobody)), ["needs-review"]);
    // Where there is a scan all the same, it counts.
    let scan = Some(ScanFact { position: 20, residual_risk: ResidualRisk::High });
    let risky = ClearanceFacts { scan, ..reviewed_facts() };
    assert_eq!(ids(&engine.clear(&risky)), ["risk-within-limit"]);
}

#[test]
fn every_rule_about_clearance_decides_in_some_case() {
    let engine = engine();
    let mut decided = BTreeSet::new();
    let refused = refusals().into_iter().map(|(facts, ..)| facts);
    for facts in refused.chain([clear_facts(), reviewed_facts()]) {
        decided.extend(engine.clear(&facts).deciding.iter().map(PolicyId::to_string));
    }
    for rule in engine.rules().filter(|rule| &*rule.place.file == "clearance.cedar") {
        assert!(decided.contains(rule.id.as_str()), "{}", rule.id);
    }
}

#[test]
fn nothing_known_means_everything_missing() {
    let facts = ClearanceFacts {
        attestations: BTreeMap::new(),
        scan: None,
        review: None,
        holds: None,
        open_cases: None,
        ..clear_facts()
    };
    let decision = engine().clear(&facts);
    assert!(!decision.cleared);
    let absent = [
        Missing::RequestManifest,
        Missing::DeliverableManifest,
        Missing::OwnWork,
        Missing::NdaCheck,
        Missing::RedactionCheck,
        Missing::TaskAuthority,
        Missing::Effort,
        Missing::Consent,
        Missing::Scan,
        Missing::Review,
        Missing::Hold,
        Missing::OpenCase,
        Missing::DeclaredRisk,
    ];
    assert_eq!(decision.missing, absent);
}

#[test]
fn facts_have_one_serialised_form() {
    let json = serde_json::to_string(&clear_facts()).unwrap();
    let start = r#"{"purpose":"training","clearance_policy":"standard","allowed_risk":"low","attestations":{"request-manifest":{"position":10,"current":true,"withdrawn":false,"key_valid":true,"purposes":[],"refusals":0,"declared_risk":null},"#;
    assert!(json.starts_with(start), "{json}");
    let back: ClearanceFacts = serde_json::from_str(&json).unwrap();
    assert_eq!(back, clear_facts());
    let strange = json.replacen("\"purpose\"", "\"surprise\":1,\"purpose\"", 1);
    assert!(serde_json::from_str::<ClearanceFacts>(&strange).is_err());
}

#[test]
fn a_replay_agrees_with_every_decision() {
    let engine = engine();
    assert_eq!(*engine.digest(), bundle_digest(&bundle()).unwrap());
    let refused = refusals().into_iter().map(|(facts, ..)| facts);
    for facts in refused.step_by(5).chain([clear_facts(), reviewed_facts()]) {
        let logged = serde_json::to_string(&engine.clear(&facts)).unwrap();
        let logged: ClearanceDecision = serde_json::from_str(&logged).unwrap();
        let recorded = serde_json::to_string(&RecordedFacts::from(facts)).unwrap();
        let again = replay(&bundle(), serde_json::from_str(&recorded).unwrap()).unwrap();
        assert_eq!(again.agrees_with(&logged), Some(true));
    }
}

#[test]
fn a_replay_notices_other_facts_and_other_rules() {
    let logged = engine().clear(&clear_facts());
    let held = RecordedFacts::from(with(|facts| facts.holds = Some(1)));
    assert_eq!(replay(&bundle(), held).unwrap().agrees_with(&logged), Some(false));
    let other = support::CLEARANCE.replace("\"standard\"", "\"lenient\"");
    let [schema, access, (path, _)] = bundle();
    let files = [schema, access, (path, other.as_bytes())];
    let again = replay(&files, clear_facts().into()).unwrap();
    assert_eq!(again.agrees_with(&logged), Some(false));
}

#[test]
fn facts_that_are_gone_give_no_verdict_even_where_the_rest_would_do() {
    let logged = engine().clear(&clear_facts());
    let whole = RecordedFacts::from(with(|facts| facts.withdrawn = true));
    let gone: [(RecordedFacts, Fact); 8] = [
        (
            RecordedFacts { clearance_policy: Recorded::Redacted, ..whole.clone() },
            Fact::ClearancePolicy,
        ),
        (RecordedFacts { allowed_risk: Recorded::Redacted, ..whole.clone() }, Fact::AllowedRisk),
        (RecordedFacts { attestations: Recorded::Redacted, ..whole.clone() }, Fact::Attestations),
        (RecordedFacts { withdrawn: Recorded::Redacted, ..whole.clone() }, Fact::Withdrawn),
        (RecordedFacts { scan: Recorded::Redacted, ..whole.clone() }, Fact::Scan),
        (RecordedFacts { review: Recorded::Redacted, ..whole.clone() }, Fact::Review),
        (RecordedFacts { holds: Recorded::Redacted, ..whole.clone() }, Fact::Holds),
        (RecordedFacts { open_cases: Recorded::Redacted, ..whole.clone() }, Fact::OpenCases),
    ];
    for (facts, name) in gone {
        let again = replay(&bundle(), facts).unwrap();
        assert_eq!(again, Replay::NotReplayed { gone: vec![name] });
        assert_eq!(again.agrees_with(&logged), None);
    }
    let two = RecordedFacts { holds: Recorded::Redacted, scan: Recorded::Redacted, ..whole };
    let gone = vec![Fact::Scan, Fact::Holds];
    assert_eq!(replay(&bundle(), two).unwrap(), Replay::NotReplayed { gone });
}

#[test]
fn the_engine_names_its_versions() {
    let version = engine_version();
    assert!(version.starts_with("cedar 4."), "{version}");
    assert!(version.contains("cedar-policy 4."), "{version}");
}
