//! The report has the form that its schema says, and its digest depends on what it should.

#![forbid(unsafe_code)]

mod support;

use std::collections::BTreeSet;

use attestry_scrub::{DenyList, Report};
use serde_json::Value;
use support::{scanner, zipped};

const SCHEMA: &str = include_str!("../../../docs/scrub-report.schema.json");

/// Walks through a value along its schema: every member is known, and none that is required absent.
fn conform(value: &Value, schema: &Value, root: &Value, place: &str, seen: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return conform(value, root.pointer(pointer).expect("a definition"), root, place, seen);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value}");
    }
    if !schema["const"].is_null() {
        assert_eq!(schema["const"], *value, "{place}");
    }
    match value {
        Value::Object(members) => {
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(name.as_str().expect("a name")), "{place}.{name}");
            }
            for (name, member) in members {
                let inner = schema["properties"].get(name);
                let inner = inner.unwrap_or(&schema["additionalProperties"]);
                assert!(inner.is_object(), "{place}.{name} is not in the schema");
                let place = format!("{place}.{name}");
                seen.insert(place.clone());
                conform(member, inner, root, &place, seen);
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| conform(item, &schema["items"], root, place, seen));
        }
        Value::Number(number) => {
            assert!(number.is_u64(), "{place}");
            assert_eq!(schema["type"], "integer", "{place}");
        }
        Value::String(_) => assert!(schema["type"] == "string" || schema["type"].is_null()),
        Value::Bool(_) | Value::Null => panic!("{place}"),
    }
}

fn reports() -> Vec<Report> {
    let list = DenyList::new(["Globodyne"]).expect("a sound list");
    let scanner = scanner().with_deny_list(list);
    let document = zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook><sheet name=\"A\" r:id=\"r1\"/></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<r><Relationship Id=\"r1\" Target=\"s.xml\"/></r>"),
        ("xl/s.xml", b"<w><row><c t=\"str\"><v>eva@corp.com</v></c></row></w>"),
        ("docProps/app.xml", b"<Properties><Company>Globodyne</Company></Properties>"),
        ("xl/media/a.png", b"\x89PNG\r\n\x1a\n"),
    ]);
    let slide = zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("ppt/presentation.xml", b"<p/>"),
        ("ppt/slides/slide1.xml", b"<s><a:p><a:t>eva@corp.com</a:t></a:p></s>"),
    ]);
    let files = [("a.xlsx", document), ("a.pptx", slide), ("b.txt", b"Globodyne".to_vec())];
    files.iter().map(|(name, bytes)| scanner.scan(name, bytes)).collect()
}

#[test]
fn reports_conform_to_their_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let mut seen = BTreeSet::new();
    for report in reports() {
        let value: Value = serde_json::from_slice(&report.to_canonical_json()).expect("JSON");
        conform(&value, &schema, &schema, "", &mut seen);
    }
    for place in ["sheet", "cell", "slide", "paragraph", "field", "line", "bytes.start", "part"] {
        assert!(seen.contains(&format!(".findings.location.{place}")), "{place} was not tried");
    }
}

#[test]
#[should_panic(expected = "is not in the schema")]
fn the_schema_check_can_fail() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let report = reports().pop().expect("a report").to_canonical_json();
    let mut value: Value = serde_json::from_slice(&report).expect("JSON");
    value["surplus"] = Value::from(1);
    conform(&value, &schema, &schema, "", &mut BTreeSet::new());
}

#[test]
fn the_digest_depends_on_bytes_rules_and_deny_list_only() {
    let scan = |bytes: &[u8]| scanner().scan("a.txt", bytes);
    let digest = scan(b"eva@corp.com").digest();
    assert_eq!(digest, scan(b"eva@corp.com").digest());
    assert_ne!(digest, scan(b"eva@corp.com ").digest());
    let list = DenyList::new(["nothing"]).expect("a sound list");
    assert_ne!(digest, scanner().with_deny_list(list).scan("a.txt", b"eva@corp.com").digest());
}

#[test]
fn counts_add_up() {
    for report in reports() {
        let total = report.findings.len() as u64;
        assert!(total > 0);
        assert_eq!(report.counts.findings, total);
        assert_eq!(report.counts.by_category.values().sum::<u64>(), total);
        assert_eq!(report.counts.by_severity.values().sum::<u64>(), total);
        assert_eq!(report.counts.read, report.read.len() as u64);
        assert_eq!(report.counts.not_read, report.not_read.len() as u64);
    }
}

#[test]
fn ids_are_stable_and_differ() {
    let first = scanner().scan("a.txt", b"eva@corp.com\nbob@corp.com\neva@corp.com\n");
    let again = scanner().scan("a.txt", b"eva@corp.com\nbob@corp.com\neva@corp.com\n");
    let ids = |report: &Report| -> Vec<String> {
        report.findings.iter().map(|finding| finding.id.clone()).collect()
    };
    assert_eq!(ids(&first), ids(&again));
    assert_eq!(ids(&first).into_iter().collect::<BTreeSet<_>>().len(), 3);
}

fn ids(name: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let report = scanner().scan(name, bytes);
    let findings = report.findings.into_iter().map(|finding| (finding.id, finding.excerpt));
    findings.chain(report.not_read.into_iter().map(|entry| (entry.id, String::new()))).collect()
}

#[test]
fn what_was_accepted_covers_no_other_value_and_no_other_file() {
    let one = ids("a.txt", b"Write to evan@corp.com\n");
    assert_eq!(one.len(), 1);
    assert_eq!(one, ids("a.txt", b"Write to evan@corp.com\n"));
    // Another value at the same place, with the same letters shown.
    let other = ids("a.txt", b"Write to evax@corp.com\n");
    assert_eq!(one[0].1, other[0].1);
    assert_ne!(one[0].0, other[0].0);
    // The same value at the same place of another file.
    let longer = ids("a.txt", b"Write to evan@corp.com\n.");
    assert_eq!(one[0].1, longer[0].1);
    assert_ne!(one[0].0, longer[0].0);
    // Files of one name that nobody can read.
    let unread = [ids("a.bin", b"\0\x01\x02\xff"), ids("a.bin", b"\0\x01\x02\xfe")];
    assert!(!unread[0].is_empty() && unread[0] != unread[1]);
}
