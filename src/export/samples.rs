//! Dossiers for tests.

use std::collections::BTreeMap;

use attestry_proof::{
    custody::{Content, CustodyEvent, CustodyRecord, Disposal, Party, PayloadState, UNREADABLE},
    hash::Hash,
    manifest::{FileRecord, Manifest, Role},
    pack::{Evidence, PACK_SCHEMA, PackIndex, Reader},
    payload::fields::{Digest, SubmissionId, Timestamp},
};
use uuid::Uuid;

use super::Dossier;

/// Number of the submission.
pub const SUBJECT: Uuid = Uuid::from_u128(0x0198_c0de_7f11_4a02_9b3c_5d2e_8f01_a7b6);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_769_500_000 + seconds).unwrap()
}

fn digest(text: &str) -> Digest {
    Digest(Hash::of(text.as_bytes()))
}

/// An event of a kind, signed by a key.
pub fn event(index: u64, kind: &str, by: &str, note: Option<&str>) -> CustodyEvent {
    let party = |key: &str, how: &str| Party {
        key: format!("{key}{}", "Ab3_".repeat(9)),
        role: Some(by.to_owned()),
        authentication: how.to_owned(),
    };
    CustodyEvent {
        index,
        leaf: digest(&format!("leaf {index}")),
        subject: format!("urn:uuid:{SUBJECT}"),
        previous: None,
        event: kind.to_owned(),
        payload: PayloadState::Readable,
        payload_sha256: digest(&format!("payload {index}")),
        signed_by: party(by, "signature"),
        received_by: (kind == "access").then(|| party("legal", "token")),
        purpose: (kind == "clearance").then(|| "training".to_owned()),
        authority: (kind == "hold").then(|| "A v. B, 26-cv-00017".to_owned()),
        before: Vec::new(),
        after: vec![Content { what: "request manifest".into(), sha256: digest("request") }],
        location: "log.example.org/attestry".into(),
        tool: Some("attestry 0.1.0".into()),
        configuration: (kind == "scan").then(|| digest("rules")),
        signed_at: at(index.cast_signed() * 400),
        logged_at: at(index.cast_signed() * 400 + 2),
        holds: if kind == "hold" { vec![Uuid::from_u128(9).to_string()] } else { Vec::new() },
        note: note.map(str::to_owned),
        disposal: (kind == "erasure-ordered").then(|| Disposal {
            method: "destruction of the key, then deletion".into(),
            authorised_by: vec![digest("one"), digest("two")],
        }),
    }
}

/// A dossier of these events, with so many files on each side.
pub fn dossier(mut events: Vec<CustodyEvent>, files: usize) -> Dossier {
    let mut last: BTreeMap<String, Digest> = BTreeMap::new();
    for event in &mut events {
        event.previous = last.insert(event.subject.clone(), event.leaf);
    }
    let size = events.last().map_or(1, |event| event.index + 1);
    let subject = format!("urn:uuid:{SUBJECT}");
    Dossier {
        index: PackIndex {
            schema: PACK_SCHEMA.to_owned(),
            origin: "log.example.org/attestry".into(),
            subject: SubmissionId(SUBJECT),
            size,
            root: digest("root"),
            first_size: 3,
            reader: Reader::Legal,
            natives: false,
            erased_files: Vec::new(),
            files: Vec::new(),
        },
        as_of: at(size.cast_signed() * 400),
        checkpoints: [Vec::new(), Vec::new()],
        consistency: Vec::new(),
        statements: BTreeMap::new(),
        payloads: BTreeMap::new(),
        openings: [Role::Deliverable, Role::Request]
            .into_iter()
            .filter(|_| files > 0)
            .map(|role| (manifest(role, files), Vec::new()))
            .collect(),
        policies: BTreeMap::new(),
        evidence: Evidence::default(),
        custody: CustodyRecord::new(subject, size, events),
    }
}

fn manifest(role: Role, files: usize) -> Manifest {
    let file = |number: usize| FileRecord {
        path: format!("work/part-{:02}/page-{number:04}.txt", number / 50),
        size: 900 + number as u64 * 37,
        media_type: "text/plain".into(),
        sha256: Hash::of(format!("{number}").as_bytes()),
        salt: Hash::of(format!("salt {number}").as_bytes()).0,
    };
    Manifest::new(role, (0..files).map(file).collect()).unwrap()
}

/// One event of each way of being there, and of each who speaks.
pub fn short_story() -> Vec<CustodyEvent> {
    let mut events = vec![
        event(4, "manifest", "contractor", Some("deliverable: 2 files, 1837 bytes")),
        event(5, "manifest", "contractor", Some("request: 2 files, 1837 bytes")),
        event(6, "own-work", "contractor", None),
        event(7, "nda-check", "contractor", None),
        event(8, "redaction-check", "contractor", Some("residual risk: low")),
        event(9, "scan", "service", Some("3 findings, 0 left; residual risk: low")),
        event(12, "review", "reviewer", Some("accepted")),
        event(13, "clearance", "service", Some("cleared")),
        event(14, "status", "service", Some("cleared")),
        event(20, "access", "service", Some("export: record")),
        event(31, "hold", "legal", Some("held: 1 submission")),
        event(32, "case-opened", "service", Some("opened by notice")),
        event(35, "case-step", "legal", Some("received to triaged: content-identified")),
        event(40, "case-approval", "legal", None),
        event(44, "erasure-ordered", "service", Some("to be erased: everything")),
        event(47, "erased", "service", Some("3 keys, 2 objects, 9 payloads")),
        event(48, UNREADABLE, "contractor", None),
        event(49, UNREADABLE, "contractor", None),
    ];
    for event in &mut events[10..14] {
        event.subject = format!("urn:uuid:{}", Uuid::from_u128(77));
    }
    let count = events.len();
    events[count - 2].payload = PayloadState::Erased;
    events[count - 1].payload = PayloadState::Withheld;
    events
}
