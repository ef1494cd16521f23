//! What reviewers, officers and the service say under seal.

use serde_json::{Value, json};

use super::{changed, example, examples, header_for, refused};
use crate::{
    cose::Header,
    payload::{
        FieldProblem, Payload, PayloadError, StatementKind, clearance, key_event::MemberRole,
        review::ReviewTopic,
    },
};

#[test]
fn rules_of_an_office() {
    use FieldProblem::*;
    let (review, approval) = (StatementKind::Review, StatementKind::KeyApproval);
    let capacity = |word: &str| [("/envelope/capacity", json!(word))];
    for other in ["contractor", "legal", "admin", "auditor", "consumer"] {
        refused(review, &capacity(other), "envelope.capacity", Contradiction);
    }
    for other in ["contractor", "reviewer", "auditor", "consumer"] {
        refused(approval, &capacity(other), "envelope.capacity", Contradiction);
    }
    let by_admin = changed(approval, &capacity("admin")).unwrap();
    assert_eq!(by_admin.required_roles(), [MemberRole::Admin]);
    let by_legal = changed(approval, &capacity("legal")).unwrap();
    assert_eq!(by_legal.required_roles(), [MemberRole::Legal]);
    for kind in [review, approval] {
        let none = Count { found: 0, min: 1, max: 64 };
        refused(kind, &[("/envelope/answers", json!([]))], "envelope.answers", none);
        let ueta = "envelope.electronic_signature.ueta_intent";
        let no = ("/envelope/electronic_signature/ueta_intent", json!("refused"));
        refused(kind, &[no], ueta, NotAgreed);
        let (clauses, answers) = by_admin.clauses().unwrap();
        assert_eq!((clauses.set.as_str(), answers.len()), ("review", 2));
    }
    assert_eq!(examples::sealed(examples::effort()).clauses().unwrap().1.len(), 3);
    assert!(examples::recorded(examples::access()).clauses().is_none());
    assert!(examples::recorded(examples::clearance()).required_roles().is_empty());
}

#[test]
fn rules_of_review() {
    use FieldProblem::*;
    let kind = StatementKind::Review;
    let accepted = |countersigned: bool, reasons: Value| {
        vec![
            ("/body/verdict", json!("accepted")),
            ("/body/redaction_countersigned", json!(countersigned)),
            ("/body/reasons", reasons),
        ]
    };
    let reasons = example(kind)["body"]["reasons"].clone();
    assert!(changed(kind, &accepted(true, json!([]))).is_ok());
    let countersigned = "body.redaction_countersigned";
    refused(kind, &accepted(false, json!([])), countersigned, NotAgreed);
    refused(kind, &accepted(true, reasons), "body.reasons", Unexpected);
    refused(kind, &[("/body/reasons", json!([]))], "body.reasons", Missing);
    assert!(changed(kind, &[("/body/redaction_countersigned", json!(true))]).is_ok());
    assert!(changed(kind, &[("/body/accepted_findings", json!([]))]).is_ok());
    let rests = |leaves: Vec<Value>| [("/body/rests_on", Value::Array(leaves))];
    let leaf = |byte: u8| json!(examples::digest(byte));
    refused(kind, &rests(vec![]), "body.rests_on", Count { found: 0, min: 1, max: 64 });
    refused(kind, &rests(vec![leaf(1), leaf(2), leaf(1)]), "body.rests_on", Repeated);
    assert!(changed(kind, &rests((0..64).map(leaf).collect())).is_ok());
    let many = rests((0..65).map(leaf).collect());
    refused(kind, &many, "body.rests_on", Count { found: 65, min: 1, max: 64 });
    let finding = example(kind)["body"]["accepted_findings"][0].clone();
    let twice = ("/body/accepted_findings", json!([finding, finding]));
    refused(kind, &[twice], "body.accepted_findings", Repeated);
    for topic in ["withdrawal", "review", "status", "Files", ""] {
        let about = ("/body/reasons/0/about", json!(topic));
        assert!(changed(kind, &[about]).is_err(), "{topic}");
    }
}

#[test]
fn a_topic_of_a_review_is_the_files_or_a_kind_that_contractors_state() {
    for topic in ReviewTopic::ALL {
        match topic.kind() {
            Some(kind) => assert!(kind.is_contractor(), "{topic}"),
            None => assert_eq!(topic.as_str(), "files"),
        }
    }
}

#[test]
fn rules_of_key_approval() {
    use FieldProblem::*;
    let kind = StatementKind::KeyApproval;
    let lost = example(kind)["body"]["lost"].clone();
    refused(kind, &[("/body/replacement", lost)], "body.replacement", Repeated);
    let other = "body.officer_is_another_person";
    refused(kind, &[("/body/officer_is_another_person", json!(false))], other, NotAgreed);
    let documents = |lines: Value| [("/body/identity_proof/documents_seen", lines)];
    let seen = "body.identity_proof.documents_seen";
    assert!(changed(kind, &documents(json!([]))).is_ok());
    refused(kind, &documents(json!(["Passport", "Passport"])), seen, Repeated);
    let many: Vec<_> = (0..9).map(|number| format!("Letter {number}")).collect();
    assert!(changed(kind, &documents(json!(many[..8]))).is_ok());
    refused(kind, &documents(json!(many)), seen, Count { found: 9, min: 0, max: 8 });
    assert!(changed(kind, &[("/body/identity_proof/method", json!("by-ear"))]).is_err());
}

#[test]
fn nobody_approves_a_key_of_their_own() {
    let approval = examples::official(examples::key_approval());
    let by = |seed| Header { issuer: examples::key(seed).thumbprint(), ..header_for(&approval) };
    assert_eq!(approval.check(&by(7)), Ok(()));
    // 4 is the lost key, 3 the one that replaces it.
    for seed in [3, 4] {
        assert_eq!(approval.check(&by(seed)), Err(PayloadError::OwnKeyApproved));
    }
}

#[test]
fn rules_of_scan() {
    use FieldProblem::*;
    let kind = StatementKind::Scan;
    let clean = |risk: &str| {
        vec![
            ("/body/unaccepted_count", json!(0)),
            ("/body/unaccepted", json!([])),
            ("/body/residual_risk", json!(risk)),
        ]
    };
    assert!(changed(kind, &clean("none-known")).is_ok());
    let (risk, named) = ("body.residual_risk", "body.unaccepted_count");
    refused(kind, &[("/body/residual_risk", json!("medium"))], risk, Contradiction);
    let mut differs = clean("low");
    differs.push(("/body/comparison", json!("differs")));
    refused(kind, &differs, risk, Contradiction);
    differs[2].1 = json!("high");
    assert!(changed(kind, &differs).is_ok());
    for count in [0, 1, 3] {
        refused(kind, &[("/body/unaccepted_count", json!(count))], named, Contradiction);
    }
    let ids: Vec<String> = (0..101).map(|at| format!("{at:03}")).collect();
    let many = |named: usize| {
        vec![
            ("/body/unaccepted_count", json!(101)),
            ("/body/unaccepted", json!(ids[..named].to_vec())),
        ]
    };
    assert!(changed(kind, &many(100)).is_ok());
    let too_many = Count { found: 101, min: 0, max: 100 };
    refused(kind, &many(101), "body.unaccepted", too_many);
    refused(kind, &[("/body/unaccepted", json!(["b", "a"]))], "body.unaccepted", Unsorted);
    refused(kind, &[("/body/unaccepted", json!(["a", "a"]))], "body.unaccepted", Unsorted);
    let none = Count { found: 0, min: 1, max: 2 };
    refused(kind, &[("/body/manifests", json!([]))], "body.manifests", none);
}

#[test]
fn rules_of_clearance() {
    use FieldProblem::*;
    let kind = StatementKind::Clearance;
    refused(kind, &[("/body/granted", json!(true))], "body.missing", Contradiction);
    refused(kind, &[("/body/missing", json!([]))], "body.missing", Contradiction);
    let granted = [("/body/granted", json!(true)), ("/body/missing", json!([]))];
    assert!(changed(kind, &granted).is_ok());
    refused(kind, &[("/body/missing", json!(["hold", "hold"]))], "body.missing", Repeated);
    let other = ("/body/purpose", json!("evaluation"));
    refused(kind, &[other], "body.facts.purpose", Contradiction);
    let none = Count { found: 0, min: 1, max: clearance::MAX_DECIDING };
    refused(kind, &[("/body/deciding", json!([]))], "body.deciding", none);
    for wrong in [json!(["b", "a"]), json!(["a", "a"])] {
        refused(kind, &[("/body/deciding", wrong)], "body.deciding", Unsorted);
    }
    let purposes = "/body/facts/attestations/known/own-work/purposes";
    for wrong in [json!(["evaluation", "training"]), json!(["training", "training"])] {
        refused(kind, &[(purposes, wrong)], "body.facts.attestations.purposes", Unsorted);
    }
}

#[test]
fn facts_of_a_clearance_are_known_absent_or_redacted_and_nothing_else() {
    let kind = StatementKind::Clearance;
    for fact in ["scan", "review", "holds", "open_cases"] {
        let pointer = format!("/body/facts/{fact}");
        for good in [json!({"known": null}), json!("redacted")] {
            assert!(changed(kind, &[(&pointer, good)]).is_ok(), "{fact}");
        }
        for bad in [Value::Null, json!({}), json!({"redacted": null}), json!("known")] {
            assert!(changed(kind, &[(&pointer, bad)]).is_err(), "{fact}");
        }
    }
    let attestations = "/body/facts/attestations";
    assert!(changed(kind, &[(attestations, json!({"known": {}}))]).is_ok());
    let unknown = json!({"known": {"withdrawal": {}}});
    assert!(changed(kind, &[(attestations, unknown)]).is_err());
    let nobody = [("/body/facts/withdrawn", json!({"known": null}))];
    assert!(changed(kind, &nobody).is_err());
    let shown = |payload: &Payload, label: &str| {
        let found = payload.summary().into_iter().find(|(name, _)| *name == label);
        found.map(|(_, value)| value)
    };
    let payload = changed(kind, &[(attestations, json!("redacted"))]).unwrap();
    assert_eq!(shown(&payload, "Fact, statements").as_deref(), Some("redacted"));
    assert_eq!(shown(&payload, "Fact, withdrawn").as_deref(), Some("no"));
    let payload = changed(kind, &[("/body/facts/holds", json!({"known": null}))]).unwrap();
    assert_eq!(shown(&payload, "Fact, holds").as_deref(), Some("not known"));
    assert_eq!(shown(&payload, "Fact, open cases").as_deref(), Some("redacted"));
}

#[test]
fn rules_of_access() {
    let kind = StatementKind::Access;
    for object in [json!("record"), json!({"statement": 7})] {
        assert!(changed(kind, &[("/body/object", object)]).is_ok());
    }
    for object in [json!("file"), json!({"statement": "7"}), json!({"record": null}), json!({})] {
        assert!(changed(kind, &[("/body/object", object.clone())]).is_err(), "{object}");
    }
    assert!(changed(kind, &[("/body/note", Value::Null)]).is_ok());
    for (field, word) in [("act", "print"), ("purpose", "curiosity"), ("session", "cookie")] {
        assert!(changed(kind, &[(&format!("/body/{field}"), json!(word))]).is_err(), "{field}");
    }
}

#[test]
fn truth_values_are_shown_in_words() {
    let line = |payload: &Payload, label| {
        let shown = payload.summary().into_iter().find(|(name, _)| *name == label);
        shown.map(|(_, value)| value)
    };
    let sent_back = examples::official(examples::review());
    let label = "Redaction check countersigned";
    assert_eq!(line(&sent_back, label).as_deref(), Some("no"));
    let yes = [("/body/redaction_countersigned", json!(true))];
    let countersigned = changed(StatementKind::Review, &yes).unwrap();
    assert_eq!(line(&countersigned, label).as_deref(), Some("yes"));
    let refused = examples::recorded(examples::clearance());
    assert_eq!(line(&refused, "Clearance granted").as_deref(), Some("no"));
}
