//! The rules of every kind, tried on changed examples.

mod acts;
mod legal;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{examples, *};
use crate::{
    cose::{ContentType, statement::Algorithm},
    key::Thumbprint,
    log::note::KeyKind,
};

fn parse(text: &str) -> Result<Payload, PayloadError> {
    Payload::parse(text.as_bytes(), true).or_else(|error| match error {
        PayloadError::WrongFamily { .. } => Payload::parse(text.as_bytes(), false),
        other => Err(other),
    })
}

fn example(kind: StatementKind) -> Value {
    let payload = examples::all().into_iter().find(|payload| payload.kind() == kind).unwrap();
    serde_json::from_slice(&payload.to_bytes()).unwrap()
}

/// The verdict on the example of `kind` after `changes` (JSON pointer, new value).
fn changed(kind: StatementKind, changes: &[(&str, Value)]) -> Result<Payload, PayloadError> {
    let mut value = example(kind);
    for (pointer, new) in changes {
        *value.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = new.clone();
    }
    parse(&value.to_string())
}

fn refused(kind: StatementKind, changes: &[(&str, Value)], field: &str, problem: FieldProblem) {
    match changed(kind, changes) {
        Err(PayloadError::Field { field: found, problem: why }) => {
            assert_eq!((found, why), (field, problem), "{kind} {changes:?}");
        }
        other => panic!("{kind} {changes:?}: {other:?}"),
    }
}

fn header_for(payload: &Payload) -> Header {
    Header {
        algorithm: Algorithm::EdDsa,
        issuer: examples::key(2).thumbprint(),
        subject: payload.subject().unwrap_or(Subject::Key(examples::key(2).thumbprint())),
        audience: "log.example/one".to_owned(),
        issued_at: 1_772_366_400,
        content_type: payload.kind().content_type(),
    }
}

#[test]
fn every_kind_has_an_example_that_reads_back_as_itself() {
    let kinds: Vec<_> = examples::all().iter().map(Payload::kind).collect();
    assert_eq!(kinds, StatementKind::ALL);
    for payload in examples::all() {
        let bytes = payload.to_bytes();
        let sealed = payload.kind().is_sealed();
        assert_eq!(Payload::parse(&bytes, sealed), Ok(payload.clone()));
        assert_eq!(Payload::parse(&bytes, sealed).unwrap().to_bytes(), bytes);
        assert_eq!(payload.salt().is_some(), sealed);
        assert_eq!(payload.check(&header_for(&payload)), Ok(()));
        let kind = payload.kind();
        assert_eq!(Payload::parse(&bytes, !sealed), Err(PayloadError::WrongFamily { kind }));
    }
}

#[test]
fn the_bytes_of_a_payload_are_pinned() {
    let text = String::from_utf8(examples::public(examples::key_revoked()).to_bytes()).unwrap();
    let thumbprint = examples::key(5).thumbprint();
    let expected = format!(
        "{{\"schema\":1,\"type\":\"key-revoked\",\"body\":{{\"key\":\"{thumbprint}\",\
         \"program\":\"pilot\",\"valid_until\":\"2026-01-04T00:00:00Z\",\"reason\":\"lost\"}}}}"
    );
    assert_eq!(text, expected);
}

/// Every string and number of the JSON, with its pointer.
fn scalars(value: &Value, path: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, v)| scalars(v, &format!("{path}/{name}"), out));
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(i, v)| scalars(v, &format!("{path}/{i}"), out));
        }
        Value::String(text) => out.push((path.to_owned(), text.clone())),
        Value::Number(number) => out.push((path.to_owned(), number.to_string())),
        Value::Null | Value::Bool(_) => {}
    }
}

#[test]
fn a_summary_shows_everything_that_is_signed() {
    for payload in examples::all() {
        let summary = payload.summary();
        let mut found = Vec::new();
        scalars(&serde_json::from_slice(&payload.to_bytes()).unwrap(), "", &mut found);
        assert!(found.len() > 5);
        for (pointer, scalar) in found {
            assert!(
                summary.iter().any(|(_, value)| value.contains(&scalar)),
                "{}: {pointer} = {scalar} is not shown",
                payload.kind()
            );
        }
    }
}

#[test]
fn size_and_encoding_are_checked_before_anything_is_decoded() {
    let (found, limit) = (MAX_PAYLOAD_BYTES + 1, MAX_PAYLOAD_BYTES);
    let large = vec![0xff; found];
    assert_eq!(Payload::parse(&large, true), Err(PayloadError::TooLarge { found, limit }));
    let padded = [examples::all()[0].to_bytes(), vec![b' '; limit]].concat();
    assert!(Payload::parse(&padded[..limit], true).is_ok());
    assert!(matches!(Payload::parse(&padded, true), Err(PayloadError::TooLarge { .. })));
    let torn = b"{\"type\":\"own-work\xff\"}";
    assert_eq!(Payload::parse(torn, true), Err(PayloadError::NotUtf8 { valid_up_to: 17 }));
    assert!(matches!(Payload::parse(b"\xef\xbb\xbf{}", true), Err(PayloadError::Json { .. })));
}

#[test]
fn an_attestation_that_grew_too_large_cannot_be_made() {
    let text = "x".repeat(text::MAX_PASSAGE_CHARS);
    let mut body = examples::redaction_check();
    let finding = redaction_check::AcceptedFinding {
        finding: examples::read("F"),
        category: redaction_check::RedactionCategory::Contact,
        reason: examples::read(&text),
    };
    body.accepted_findings = vec![finding; 20];
    let made = Attestation::new(Salt([0; 32]), examples::envelope(), body);
    assert!(matches!(made, Err(PayloadError::TooLarge { .. })));
}

#[test]
fn kinds_and_versions_that_are_not_known_are_refused() {
    for kind in ["takedown", "release", "Own-Work", ""] {
        let verdict = changed(StatementKind::OwnWork, &[("/type", json!(kind))]);
        assert_eq!(verdict, Err(PayloadError::UnknownKind), "{kind}");
    }
    let kind = StatementKind::Effort;
    let verdict = changed(kind, &[("/schema", json!(2))]);
    assert_eq!(verdict, Err(PayloadError::Schema { kind, found: 2, required: 1 }));
}

/// Calls `change` once for each object of `value`, on a copy of the whole.
fn at_each_object(value: &Value, change: impl Fn(&mut serde_json::Map<String, Value>, &Value)) {
    fn pointers(value: &Value, path: String, out: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                out.push(path.clone());
                members.iter().for_each(|(name, v)| pointers(v, format!("{path}/{name}"), out));
            }
            Value::Array(elements) => {
                elements
                    .iter()
                    .enumerate()
                    .for_each(|(i, v)| pointers(v, format!("{path}/{i}"), out));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    pointers(value, String::new(), &mut found);
    for pointer in found {
        let mut copy = value.clone();
        let original = copy.clone();
        let target = copy.pointer_mut(&pointer).and_then(Value::as_object_mut).unwrap();
        change(target, &original);
        let text = copy.to_string();
        assert!(parse(&text).is_err(), "accepted at {pointer}: {text}");
    }
}

#[test]
fn no_object_takes_an_unknown_member() {
    for payload in examples::all() {
        at_each_object(&example(payload.kind()), |object, _| {
            object.insert("zz".to_owned(), json!("hidden"));
        });
    }
}

#[test]
fn every_member_is_required_unless_it_may_be_null() {
    for payload in examples::all() {
        let whole = example(payload.kind());
        let mut found = Vec::new();
        scalars(&whole, "", &mut found);
        for (pointer, _) in found {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            if name == "known" {
                // No member: the word of a choice, whose value may be null.
                continue;
            }
            let mut absent = whole.clone();
            let Some(object) = absent.pointer_mut(parent).and_then(Value::as_object_mut) else {
                continue;
            };
            object.remove(name);
            let mut null = whole.clone();
            *null.pointer_mut(&pointer).unwrap() = Value::Null;
            let verdicts = (parse(&absent.to_string()), parse(&null.to_string()));
            assert_eq!(verdicts.0.is_ok(), verdicts.1.is_ok(), "{}: {pointer}", payload.kind());
            if let (Ok(absent), Ok(null)) = &verdicts {
                let optional = [
                    "text",
                    "dated",
                    "supersedes",
                    "note",
                    "sha256",
                    "declared_risk",
                    "picture_reader",
                    "statement",
                ];
                assert!(optional.contains(&name), "{}: {pointer}", payload.kind());
                assert_eq!(absent, null);
            }
        }
    }
}

#[test]
fn no_object_takes_a_member_twice() {
    for payload in examples::all() {
        let text = String::from_utf8(payload.to_bytes()).unwrap();
        for (brace, _) in text.match_indices('{') {
            let mut members =
                serde_json::Deserializer::from_str(&text[brace..]).into_iter::<Value>();
            let object = members.next().unwrap().unwrap();
            for (name, member) in object.as_object().unwrap() {
                let twice =
                    format!("{}{}:{member},{}", &text[..=brace], json!(name), &text[brace + 1..]);
                assert!(parse(&twice).is_err(), "{twice}");
            }
        }
    }
    let text = String::from_utf8(examples::public(examples::status()).to_bytes()).unwrap();
    let twice = text.replacen("\"schema\":1", "\"schema\":1,\"schema\":1", 1);
    assert!(matches!(
        parse(&twice),
        Err(PayloadError::Json { fault: JsonFault::RepeatedMember(name), .. })
            if name.as_str() == "schema"
    ));
}

#[test]
fn objects_written_as_arrays_are_refused() {
    let tool = json!(["attestry", "0.1.0"]);
    let verdict = changed(StatementKind::OwnWork, &[("/envelope/tool", tool)]);
    assert_eq!(verdict, Err(PayloadError::Respelled));
    let scope = json!({"everything": null});
    let verdict = changed(StatementKind::Withdrawal, &[("/body/scope", scope)]);
    assert_eq!(verdict, Err(PayloadError::Respelled));
}

#[test]
fn a_wrong_salt_is_refused() {
    for salt in ["", "AAAA", &"A".repeat(42), &"A".repeat(44), &format!("{}B", "A".repeat(42))] {
        let verdict = changed(StatementKind::OwnWork, &[("/salt", json!(salt))]);
        assert!(matches!(verdict, Err(PayloadError::Json { .. })), "{salt}");
    }
    let mut public = example(StatementKind::Status);
    public["salt"] = json!("A".repeat(43));
    assert!(matches!(
        parse(&public.to_string()),
        Err(PayloadError::Json { fault: JsonFault::UnknownMember(_), .. })
    ));
}

#[test]
fn rules_of_the_envelope() {
    use FieldProblem::*;
    let kind = StatementKind::OwnWork;
    let answers = "/envelope/answers";
    refused(kind, &[(answers, json!([]))], "envelope.answers", Count { found: 0, min: 1, max: 64 });
    let answer = |id: usize| json!({"clause": format!("c{id}"), "answer": "yes"});
    let many: Vec<_> = (0..65).map(answer).collect();
    refused(
        kind,
        &[(answers, json!(many))],
        "envelope.answers",
        Count { found: 65, min: 1, max: 64 },
    );
    refused(kind, &[(answers, json!([answer(1), answer(1)]))], "envelope.answers", Repeated);
    let text = "envelope.answers.text";
    refused(kind, &[("/envelope/answers/2/text", Value::Null)], text, Missing);
    refused(kind, &[("/envelope/answers/2/answer", json!("yes"))], text, Unexpected);
    let manifests = "/envelope/manifests";
    let two = Count { found: 0, min: 1, max: 2 };
    refused(kind, &[(manifests, json!([]))], "envelope.manifests", two);
    let role = ("/envelope/manifests/0/role", json!("deliverable"));
    refused(kind, &[role], "envelope.manifests", Repeated);
    let max = crate::manifest::MAX_FILES as u64;
    for found in [0, max + 1] {
        let count = ("/envelope/manifests/0/count", json!(found));
        refused(kind, &[count], "envelope.manifests.count", Range { found, min: 1, max });
    }
    let end = ("/envelope/work_period/end", json!("2025-04-30"));
    refused(kind, &[end], "envelope.work_period", EndsBeforeStart);
    refused(kind, &[("/envelope/work_period", Value::Null)], "envelope.work_period", Missing);
    let intent = "/envelope/electronic_signature/ueta_intent";
    let field = "envelope.electronic_signature.ueta_intent";
    refused(kind, &[(intent, json!("refused"))], field, NotAgreed);
}

#[test]
fn a_withdrawal_needs_no_manifest_and_no_period() {
    let kind = StatementKind::Withdrawal;
    let bare = [("/envelope/manifests", json!([])), ("/envelope/work_period", Value::Null)];
    assert!(changed(kind, &bare).is_ok());
    use FieldProblem::*;
    let none = [("/body/scope", json!({"purposes": []}))];
    refused(kind, &none, "body.scope.purposes", Count { found: 0, min: 1, max: 3 });
    let twice = [("/body/scope", json!({"purposes": ["training", "training"]}))];
    refused(kind, &twice, "body.scope.purposes", Repeated);
    assert!(changed(kind, &[("/body/scope", json!("everything"))]).is_ok());
}

#[test]
fn rules_of_manifest_and_redaction() {
    use FieldProblem::*;
    let manifest = StatementKind::Manifest;
    refused(manifest, &[("/body/count", json!(5))], "body.commitment", Contradiction);
    refused(manifest, &[("/body/role", json!("request"))], "body.commitment", Contradiction);
    let max = crate::manifest::MAX_TOTAL_SIZE;
    let size = ("/body/total_size", json!(max + 1));
    refused(manifest, &[size], "body.total_size", Range { found: max + 1, min: 0, max });
    let kind = StatementKind::RedactionCheck;
    refused(kind, &[("/body/output/count", json!(9))], "body.output", Contradiction);
    let places = Range { found: 0, min: 1, max: u32::MAX.into() };
    refused(kind, &[("/body/removed/0/places", json!(0))], "body.removed.places", places);
    let note = "body.residual_risk_note";
    refused(kind, &[("/body/residual_risk_note", Value::Null)], note, Missing);
    refused(kind, &[("/body/residual_risk", json!("none-known"))], note, Unexpected);
    let mut channels = example(kind)["body"]["hidden_channels"].as_array().unwrap().clone();
    let removed = channels.pop();
    let fewer = [("/body/hidden_channels", json!(channels))];
    refused(kind, &fewer, "body.hidden_channels", Incomplete);
    channels.extend([channels[0].clone(), removed.unwrap()]);
    let twice = [("/body/hidden_channels", json!(channels))];
    refused(kind, &twice, "body.hidden_channels", Repeated);
    assert!(changed(kind, &[("/body/scan", json!({"manual": "Read twice."}))]).is_ok());
}

#[test]
fn rules_of_own_work() {
    use FieldProblem::*;
    let kind = StatementKind::OwnWork;
    let share = "/body/authorship_percent";
    for percent in [0_u8, 101, 255] {
        let range = Range { found: percent.into(), min: 1, max: 100 };
        refused(kind, &[(share, json!(percent))], "body.authorship_percent", range);
    }
    refused(kind, &[(share, json!(100))], "body.co_authors", Contradiction);
    refused(kind, &[("/body/co_authors", json!([]))], "body.co_authors", Contradiction);
    assert!(changed(kind, &[(share, json!(100)), ("/body/co_authors", json!([]))]).is_ok());
    let owner = "body.ownership.name";
    refused(kind, &[("/body/ownership/name", Value::Null)], owner, Missing);
    refused(kind, &[("/body/ownership/owner", json!("signer"))], owner, Unexpected);
    let used = json!({"used": {"tools": [], "extent": "some"}});
    let tools = "body.ai_assistance.used.tools";
    refused(kind, &[("/body/ai_assistance", used)], tools, Count { found: 0, min: 1, max: 50 });
    assert!(changed(kind, &[("/body/consent/training", json!("refused"))]).is_ok());
    assert!(changed(kind, &[("/body/consent/training", Value::Null)]).is_err());
}

#[test]
fn rules_of_nda_check() {
    use FieldProblem::*;
    let kind = StatementKind::NdaCheck;
    let mut agreements = example(kind)["body"]["agreements"].as_array().unwrap().clone();
    let last = agreements.pop().unwrap();
    refused(kind, &[("/body/agreements", json!(agreements))], "body.agreements", Incomplete);
    agreements.push(agreements[0].clone());
    refused(kind, &[("/body/agreements", json!(agreements))], "body.agreements", Repeated);
    agreements.pop();
    agreements.insert(0, last);
    assert!(changed(kind, &[("/body/agreements", json!(agreements))]).is_ok());
    let none = ("/body/exclusions", json!([]));
    assert!(changed(kind, std::slice::from_ref(&none)).is_ok(), "the permission still covers it");
    let uncovered = [none, ("/body/permission", json!("not-obtained"))];
    refused(kind, &uncovered, "body.exclusions", Missing);
    let parties = Count { found: 0, min: 1, max: 50 };
    refused(kind, &[("/body/done_for", json!([]))], "body.done_for", parties);
    let sectors = json!(["health", "health"]);
    refused(kind, &[("/body/regulated_sectors", sectors)], "body.regulated_sectors", Repeated);
}

#[test]
fn rules_of_effort() {
    use FieldProblem::*;
    let kind = StatementKind::Effort;
    for minutes in [0_u32, effort::MAX_MINUTES + 1] {
        let range = Range { found: minutes.into(), min: 1, max: effort::MAX_MINUTES.into() };
        refused(kind, &[("/body/minutes", json!(minutes))], "body.minutes", range);
    }
    let early = ("/body/period/start", json!("2025-04-30"));
    refused(kind, &[early], "body.period", OutsidePeriod);
    let late = ("/body/period/start", json!("2025-05-10"));
    refused(kind, &[late], "body.period", EndsBeforeStart);
    let code = ("/body/occupation/code", json!("2411"));
    refused(kind, std::slice::from_ref(&code), "body.occupation.code", Contradiction);
    assert!(changed(kind, &[code, ("/body/occupation/scheme", json!("isco-08"))]).is_ok());
    for bad in ["13-2051", "13-2051.0", "13 2051.00", "24111", "241a", ""] {
        assert!(changed(kind, &[("/body/occupation/code", json!(bad))]).is_err(), "{bad}");
    }
    let nowhere = ("/envelope/work_period", Value::Null);
    refused(kind, &[nowhere], "envelope.work_period", Missing);
}

#[test]
fn rules_of_the_public_kinds() {
    use FieldProblem::*;
    let genesis = StatementKind::Genesis;
    let vkey = "body.note_vkey";
    let with =
        |name, kind, seed| [("/body/note_vkey", json!(examples::vkey::<String>(name, kind, seed)))];
    assert!(changed(genesis, &with("log.example/one", KeyKind::Ed25519, 9)).is_ok());
    refused(genesis, &with("log.example/two", KeyKind::Ed25519, 6), vkey, Contradiction);
    refused(genesis, &with("log.example/one", KeyKind::Cosignature, 6), vkey, Contradiction);
    let receipt = with("log.example/one", KeyKind::Ed25519, 1);
    refused(genesis, &receipt, "body.receipt_key", Repeated);
    let service = with("log.example/one", KeyKind::Ed25519, 2);
    refused(genesis, &service, "body.service_key", Repeated);
    refused(genesis, &[("/body/note_vkey", json!("log.example/one"))], vkey, Malformed);
    refused(genesis, &[("/body/origin", json!("a b"))], vkey, Contradiction);
    let service = example(genesis)["body"]["service_key"].clone();
    refused(genesis, &[("/body/receipt_key", service.clone())], "body.receipt_key", Repeated);
    let swapped = ("/body/receipt_key/thumbprint", service["thumbprint"].clone());
    refused(genesis, &[swapped], "body.receipt_key", Contradiction);
    let weak = format!("{}A", "A".repeat(42));
    assert!(changed(genesis, &[("/body/service_key/public_key", json!(weak))]).is_err());
    let format = Range { found: 2, min: 1, max: 1 };
    refused(genesis, &[("/body/entry_format", json!(2))], "body.entry_format", format);

    let policy = StatementKind::Policy;
    let none = Count { found: 0, min: 1, max: policy_version::MAX_POLICY_FILES };
    refused(policy, &[("/body/files", json!([]))], "body.files", none);
    for path in ["../x", "/x", "a//b", "a/./b", "a\\b", "c:x"] {
        let changes = [("/body/files/0/path", json!(path)), ("/body/files/1/path", json!("zz"))];
        refused(policy, &changes, "body.files.path", Unexpected);
    }
    refused(policy, &[("/body/files/0/path", json!("zz"))], "body.files", Repeated);

    let enrolled = StatementKind::KeyEnrolled;
    refused(enrolled, &[("/body/replaces", Value::Null)], "body.replaces", Missing);
    refused(enrolled, &[("/body/basis", json!("invitation"))], "body.replaces", Unexpected);
    let own = example(enrolled)["body"]["key"]["thumbprint"].clone();
    refused(enrolled, &[("/body/replaces", own)], "body.replaces", Repeated);
    let roles = Count { found: 0, min: 1, max: 6 };
    refused(enrolled, &[("/body/roles", json!([]))], "body.roles", roles);
    let rotated = StatementKind::KeyRotated;
    let same = example(rotated)["body"]["key"]["thumbprint"].clone();
    refused(rotated, &[("/body/previous", same)], "body.previous", Repeated);

    let status = StatementKind::Status;
    refused(status, &[("/body/purposes", json!([]))], "body.purposes", Contradiction);
    refused(status, &[("/body/status", json!("withdrawn"))], "body.purposes", Contradiction);
}

#[test]
fn a_header_must_agree_with_its_payload() {
    let stranger = Thumbprint(crate::hash::Hash([9; 32]));
    for payload in examples::all() {
        let kind = payload.kind();
        let good = header_for(&payload);
        let subject = match good.subject {
            Subject::Submission(_) => Subject::Submission(uuid::Uuid::nil()),
            Subject::Key(_) => Subject::Key(stranger),
        };
        let other = Header { subject, ..good.clone() };
        assert_eq!(payload.check(&other), Err(PayloadError::SubjectMismatch), "{kind}");
        for content_type in ContentType::ALL {
            let other = Header { content_type, ..good.clone() };
            let expected = if content_type == kind.content_type() {
                Ok(())
            } else {
                Err(PayloadError::WrongFamily { kind })
            };
            assert_eq!(payload.check(&other), expected, "{kind} as {content_type:?}");
        }
    }
    let genesis = examples::public(examples::genesis());
    let issuer = Header { issuer: stranger, ..header_for(&genesis) };
    assert_eq!(genesis.check(&issuer), Err(PayloadError::IssuerMismatch));
    let audience = Header { audience: "log.example/two".to_owned(), ..header_for(&genesis) };
    assert_eq!(genesis.check(&audience), Err(PayloadError::AudienceMismatch));
}

#[test]
fn errors_repeat_nothing_from_the_payload() {
    let secret = "Project Nightingale";
    for pointer in ["/salt", "/envelope/subject", "/body/moral_rights", "/envelope/stated_at"] {
        let error = changed(StatementKind::OwnWork, &[(pointer, json!(secret))]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Nightingale"), "{error}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Payload::parse(&bytes, true);
        let _ = Payload::parse(&bytes, false);
    }

    #[test]
    fn a_flipped_byte_is_refused_or_changes_the_payload(
        which in 0..StatementKind::ALL.len(), at in any::<prop::sample::Index>(), flip in 1..=255_u8,
    ) {
        let payload = &examples::all()[which];
        let mut bytes = payload.to_bytes();
        let index = at.index(bytes.len());
        bytes[index] ^= flip;
        if let Ok(other) = Payload::parse(&bytes, payload.kind().is_sealed()) {
            prop_assert_ne!(&other, payload);
            prop_assert_eq!(Payload::parse(&other.to_bytes(), other.kind().is_sealed()), Ok(other));
        }
    }
}
