//! What legal officers say, and the service in cases and about erasure.

use serde_json::{Value, json};

use super::{changed, example, examples, refused};
use crate::payload::{FieldProblem, Payload, StatementKind, hold::HoldScope};

fn uuids(count: usize) -> Vec<String> {
    (0..count).map(|number| uuid::Uuid::from_u128(number as u128).to_string()).collect()
}

#[test]
fn rules_of_hold() {
    use FieldProblem::*;
    let kind = StatementKind::Hold;
    let scope = |value: Value| [("/body/scope", value)];
    let named = |count| scope(json!({"submissions": uuids(count)}));
    assert!(changed(kind, &named(1_000)).is_ok());
    let field = "body.scope.submissions";
    refused(kind, &named(0), field, Count { found: 0, min: 1, max: 1_000 });
    refused(kind, &named(1_001), field, Count { found: 1_001, min: 1, max: 1_000 });
    let twice = scope(json!({"submissions": [uuids(1)[0], uuids(1)[0]]}));
    refused(kind, &twice, field, Repeated);
    let found_nothing = scope(json!({"query": {"query": "x", "submissions": []}}));
    refused(kind, &found_nothing, field, Count { found: 0, min: 1, max: 1_000 });
    let owner = examples::key(3).thumbprint().to_string();
    for whole in [json!("program"), json!({"contractor": owner})] {
        let Payload::Hold(hold) = changed(kind, &scope(whole)).unwrap() else { panic!() };
        assert!(hold.body().scope.submissions().is_empty());
        assert!(!matches!(hold.body().scope, HoldScope::Query(_)));
    }
    for wrong in [json!("everything"), json!({"program": "pilot"}), json!({}), Value::Null] {
        assert!(changed(kind, &scope(wrong.clone())).is_err(), "{wrong}");
    }
    let custodians = |seeds: std::ops::Range<u8>| {
        let keys: Vec<_> = seeds.map(|it| examples::key(it).thumbprint().to_string()).collect();
        [("/body/custodians", json!(keys))]
    };
    assert!(changed(kind, &custodians(0..50)).is_ok());
    let many = Count { found: 51, min: 0, max: 50 };
    refused(kind, &custodians(0..51), "body.custodians", many);
}

#[test]
fn rules_of_an_office_hold_for_legal_officers_alone() {
    let kinds = ["hold", "hold-release", "case-step", "case-approval"];
    for kind in kinds.map(|word| StatementKind::parse(word).unwrap()) {
        assert_eq!(example(kind)["envelope"]["capacity"], "legal");
        for other in ["admin", "reviewer", "contractor", "auditor", "consumer"] {
            let capacity = [("/envelope/capacity", json!(other))];
            refused(kind, &capacity, "envelope.capacity", FieldProblem::Contradiction);
        }
    }
}

#[test]
fn rules_of_cases() {
    use FieldProblem::*;
    for kind in [StatementKind::CaseStep, StatementKind::CaseMoved] {
        let from = example(kind)["body"]["from"].clone();
        refused(kind, &[("/body/to", from)], "body.to", Repeated);
        assert!(changed(kind, &[("/body/to", json!("decided"))]).is_err());
    }
    for kind in [StatementKind::CaseStep, StatementKind::CaseApproval, StatementKind::CaseOpened] {
        refused(kind, &[("/body/concerned/count", json!(0))], "body.concerned", Missing);
    }
    let step = StatementKind::CaseStep;
    for optional in ["/body/concerned", "/body/statement"] {
        assert!(changed(step, &[(optional, Value::Null)]).is_ok(), "{optional}");
    }
    let twice = json!([examples::digest(1), examples::digest(1)]);
    refused(step, &[("/body/evidence", twice)], "body.evidence", Repeated);
    let approval = StatementKind::CaseApproval;
    let alone = [("/body/officer_is_another_person", json!(false))];
    refused(approval, &alone, "body.officer_is_another_person", NotAgreed);
    assert!(changed(approval, &[("/body/concerned", Value::Null)]).is_err());
}

#[test]
fn a_case_has_a_notice_exactly_where_somebody_sent_one() {
    use FieldProblem::*;
    let kind = StatementKind::CaseOpened;
    let field = "body.notice_sha256";
    for (channel, told) in
        [("notice", true), ("officer", true), ("withdrawal", false), ("retention", false)]
    {
        let without = [("/body/channel", json!(channel)), ("/body/notice_sha256", Value::Null)];
        let with = &without[..1];
        if told {
            assert!(changed(kind, with).is_ok());
            refused(kind, &without, field, Missing);
        } else {
            refused(kind, with, field, Unexpected);
            assert!(changed(kind, &without).is_ok());
        }
    }
}

#[test]
fn rules_of_erasure() {
    use FieldProblem::*;
    let order = StatementKind::ErasureOrdered;
    let decision = example(order)["body"]["decision"].clone();
    refused(order, &[("/body/approval", decision)], "body.approval", Repeated);
    let files = |digests: Vec<Value>| [("/body/scope", json!({"files": digests}))];
    assert!(changed(order, &[("/body/scope", json!("everything"))]).is_ok());
    let digest = |number: u16| json!(format!("{number:064x}"));
    let none = Count { found: 0, min: 1, max: 500 };
    refused(order, &files(vec![]), "body.scope.files", none);
    let many = Count { found: 501, min: 1, max: 500 };
    refused(order, &files((0..501).map(digest).collect()), "body.scope.files", many);
    assert!(changed(order, &files((0..500).map(digest).collect())).is_ok());
    for wrong in [vec![digest(2), digest(1)], vec![digest(1), digest(1)]] {
        refused(order, &files(wrong), "body.scope.files", Unsorted);
    }
    let done = StatementKind::Erased;
    let earlier = [("/body/beyond_backups_from", json!("2026-04-20T10:00:04Z"))];
    refused(done, &earlier, "body.beyond_backups_from", Contradiction);
    let at_once = [("/body/beyond_backups_from", json!("2026-04-20T10:00:05Z"))];
    assert!(changed(done, &at_once).is_ok());
}
