//! One function per parser: whatever the bytes, no panic, and what was read is written back.
//!
//! Each takes the bytes as they come from outside, so a coverage-guided fuzzer can call it as it is.

use std::collections::BTreeSet;

use attestry::export::page::custody_page;
use attestry_policy::clearance::RecordedFacts;
use attestry_policy::takedown::{ActorFacts, Need, Rules, State, Step};
use attestry_policy::words::{Role, RoleSet};
use attestry_proof::cose::key::{encode_key, encode_key_set, parse_key, parse_key_set};
use attestry_proof::cose::statement::split_statements;
use attestry_proof::cose::{
    Receipt, SignedStatement, TransparentStatement, UnsignedStatement, cbor,
};
use attestry_proof::custody::{CustodyRecord, to_csv};
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::checkpoint::SignedCheckpoint;
use attestry_proof::log::cosignature::cosigned_at;
use attestry_proof::log::note::{Note, VerifierKey};
use attestry_proof::log::proof_file::LogProof;
use attestry_proof::log::tile::{EntryBundleId, TileId, encode_bundle, parse_bundle};
use attestry_proof::log::tree::{root_from_inclusion, verify_consistency};
use attestry_proof::log::trust::TrustPolicy;
use attestry_proof::manifest::{Manifest, ManifestProof};
use attestry_proof::pack::{PackFault, PackIndex, check_files};
use attestry_proof::payload::Payload;
use attestry_proof::payload::clearance_facts::ClearanceFacts;
use attestry_proof::size::{LeafIndex, TreeSize};
use attestry_timestamp::{Certificate, Response, verify};
use chrono::{DateTime, Utc};

const STATEMENTS_MAX: usize = 16;

/// The public key of RFC 8032 §7.1, test 1: any key will do, since nothing here must verify.
fn somebody() -> PublicKey {
    let bytes = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];
    PublicKey::from_bytes(&bytes).expect("a point of the curve")
}

pub fn fuzz_cbor(data: &[u8]) {
    let accepted = cbor::check(data).is_ok();
    assert_eq!(cbor::decode(data).is_ok(), accepted, "the check and the decoder disagree");
    if let Ok(length) = cbor::item_length(data) {
        assert!(length <= data.len(), "an item longer than its bytes");
        assert!(cbor::check(&data[..length]).is_ok(), "the item alone is no item");
    }
}

pub fn fuzz_entry(data: &[u8]) {
    let Ok(statement) = SignedStatement::parse_entry(data) else { return };
    assert_eq!(statement.entry_bytes(), data, "an entry has one encoding");
    let unsigned = UnsignedStatement::new(statement.header().clone(), statement.payload_digest());
    let rebuilt = unsigned.expect("a header that was read").attach(*statement.signature());
    assert_eq!(rebuilt.entry_bytes(), data, "the header does not say everything");
    let _ = statement.verify(&somebody());
}

pub fn fuzz_statement(data: &[u8]) {
    let Ok((statement, attachments)) = SignedStatement::parse(data) else { return };
    let entry = statement.entry_bytes();
    let again = SignedStatement::parse_entry(&entry).expect("an entry without attachments");
    assert_eq!(again.leaf_hash(), statement.leaf_hash());
    let encoded = attachments.encode(&statement).expect("attachments that were read");
    let (_, read) = SignedStatement::parse(&encoded).expect("what was written");
    assert_eq!(read, attachments);
}

pub fn fuzz_statement_sequence(data: &[u8]) {
    let Ok(items) = split_statements(data, STATEMENTS_MAX) else { return };
    assert!(items.len() <= STATEMENTS_MAX);
    assert_eq!(items.concat(), data, "bytes between the items");
}

pub fn fuzz_receipt(data: &[u8]) {
    let Ok(receipt) = Receipt::parse(data) else { return };
    let (leaf, key) = (Hash::of(b"leaf"), somebody());
    let origin = receipt.origin().to_owned();
    assert!(receipt.verify_inclusion(&leaf, &key, &origin).is_err(), "nobody signed this");
    let _ = receipt.verify_consistency(TreeSize(6), &leaf, &key, &origin);
}

pub fn fuzz_transparent_statement(data: &[u8]) {
    let Ok(statement) = TransparentStatement::parse(data) else { return };
    let encoded = statement.encode().expect("what was read is within limits");
    assert_eq!(TransparentStatement::parse(&encoded).expect("what was written"), statement);
}

pub fn fuzz_cose_key(data: &[u8]) {
    if let Ok(key) = parse_key(data) {
        assert_eq!(parse_key(&encode_key(&key)), Ok(key));
    }
}

pub fn fuzz_cose_key_set(data: &[u8]) {
    if let Ok(keys) = parse_key_set(data) {
        assert_eq!(parse_key_set(&encode_key_set(&keys)), Ok(keys));
    }
}

pub fn fuzz_note(data: &[u8]) {
    let Ok(note) = Note::parse(data) else { return };
    assert_eq!(note.to_bytes(), data, "a note has one encoding");
}

pub fn fuzz_checkpoint(data: &[u8]) {
    let Ok(signed) = SignedCheckpoint::parse(data) else { return };
    let text = signed.checkpoint().text().expect("the text of a checkpoint that was read");
    assert_eq!(text, *signed.note().text());
}

pub fn fuzz_verifier_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text, "a key has one encoding");
    }
}

/// A verifier key on the first line, a note after it.
pub fn fuzz_cosignature(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let key = std::str::from_utf8(&data[..end]).ok().and_then(|text| VerifierKey::parse(text).ok());
    if let (Some(key), Ok(note)) = (key, Note::parse(&data[end + 1..])) {
        let _ = cosigned_at(&note, &key);
        let _ = note.verify(&[key]);
    }
}

pub fn fuzz_log_proof(data: &[u8]) {
    let Ok(proof) = LogProof::parse(data) else { return };
    assert_eq!(proof.to_bytes(), data, "a proof has one encoding");
    let nobody = TrustPolicy::parse(b"quorum none\n").expect("a policy that knows no log");
    assert!(proof.verify(&Hash::of(b"leaf"), &nobody).is_err(), "no log is known");
}

/// A policy, and a note after the first NUL if there is one.
pub fn fuzz_trust_policy(data: &[u8]) {
    let (policy, note) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &data[..0]),
    };
    let Ok(policy) = TrustPolicy::parse(policy) else { return };
    assert_eq!(TrustPolicy::parse(&policy.to_bytes()).as_ref(), Ok(&policy));
    let _ = policy.evaluate(note);
}

pub fn fuzz_tile_path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(tile) = TileId::parse(text) {
        assert_eq!(tile.path(), text, "a tile has one path");
    }
    if let Ok(bundle) = EntryBundleId::parse(text) {
        assert_eq!(bundle.path(), text, "a bundle has one path");
    }
}

/// The width less one in the first byte, the bundle after it.
pub fn fuzz_entry_bundle(data: &[u8]) {
    let Some((width, bytes)) = data.split_first() else { return };
    if let Ok(entries) = parse_bundle(bytes, u16::from(*width) + 1) {
        assert_eq!(encode_bundle(&entries).expect("entries that were read"), bytes);
    }
}

/// Size, index or sizes in eight bytes each, then hashes.
pub fn fuzz_tree_path(data: &[u8]) {
    let Some((numbers, hashes)) = data.split_at_checked(16) else { return };
    let number =
        |at: usize| numbers[at..at + 8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let path: Vec<Hash> = hashes.chunks_exact(32).filter_map(Hash::from_slice).collect();
    let (first, second) = (number(0), number(8));
    let leaf = Hash::of(b"leaf");
    let root = root_from_inclusion(&leaf, LeafIndex(second), TreeSize(first), &path);
    assert!(root.is_err() || second < first, "an index outside the tree");
    let verdict = verify_consistency(TreeSize(second), &leaf, TreeSize(first), &leaf, &path);
    assert!(verdict.is_err() || second == first, "two sizes with one root");
}

pub fn fuzz_manifest_openings(data: &[u8]) {
    let Ok(manifest) = Manifest::parse_openings(data) else { return };
    let again = Manifest::parse_openings(&manifest.to_openings()).expect("what was written");
    assert_eq!(again.commitment(), manifest.commitment());
}

pub fn fuzz_manifest_proof(data: &[u8]) {
    let Ok(proof) = ManifestProof::parse(data) else { return };
    assert_eq!(ManifestProof::parse(&proof.to_json()).as_ref(), Ok(&proof));
    assert!(proof.verify(&Hash::of(b"commitment"), 4, &[]).is_err(), "nothing was shown");
}

pub fn fuzz_payload(data: &[u8]) {
    for sealed in [true, false] {
        let Ok(payload) = Payload::parse(data, sealed) else { continue };
        let bytes = payload.to_bytes();
        let again = Payload::parse(&bytes, sealed).expect("what was written");
        assert_eq!(again.to_bytes(), bytes);
        assert!(!payload.summary().is_empty(), "a payload that says nothing");
        if let Payload::Clearance(clearance) = &payload {
            facts_are_the_engines(&clearance.body().facts);
        }
    }
}

pub fn fuzz_pack_index(data: &[u8]) {
    let Ok(index) = PackIndex::parse(data) else { return };
    let bytes = index.to_json();
    assert!(PackIndex::is_one(&bytes), "an index that is not taken for one");
    assert_eq!(PackIndex::parse(&bytes).expect("what was written"), index);
    check_files(&index, &index.files).expect("the files it names");
    if let Some((last, rest)) = index.files.split_last() {
        let missing = PackFault::Missing { path: last.path.clone() };
        assert_eq!(check_files(&index, rest), Err(missing));
    }
}

pub fn fuzz_custody_record(data: &[u8]) {
    let Ok(record) = serde_json::from_slice::<CustodyRecord>(data) else { return };
    let bytes = record.to_json();
    let again: CustodyRecord = serde_json::from_slice(&bytes).expect("what was written");
    assert_eq!(again, record);
    assert!(record.gaps().len() <= record.events.len());
    assert!(!to_csv(&record).is_empty());
    let page = custody_page(&record);
    assert_eq!(page.matches("<script").count(), 0, "words became a script");
}

/// Facts on record are read by the engine that decided on them, and written by it the same way.
fn facts_are_the_engines(facts: &ClearanceFacts) {
    let written = serde_json::to_value(facts).expect("facts are JSON");
    let read: RecordedFacts = serde_json::from_value(written.clone()).expect("the engine's facts");
    let again = serde_json::to_value(&read).expect("facts are JSON");
    assert_eq!(again, written, "the engine writes other facts");
    assert_eq!(serde_json::from_value::<ClearanceFacts>(again).expect("facts"), *facts);
}

/// Whatever rules are read, nobody destroys anything alone or under a hold, and clocks can be asked.
pub fn fuzz_takedown_rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(rules) = Rules::parse(text) else { return };
    let roles: RoleSet = Role::ALL.iter().copied().collect();
    let actor = ActorFacts { roles, ..ActorFacts::default() };
    let history: Vec<(State, DateTime<Utc>)> =
        State::ALL.iter().map(|state| (*state, DateTime::UNIX_EPOCH)).collect();
    for ground in rules.grounds() {
        let _ = rules.clocks(ground, &history, &[], DateTime::<Utc>::MAX_UTC);
        for transition in State::ALL.iter().flat_map(|from| rules.next(Some(*from), ground)) {
            let reasons: Vec<Option<&str>> =
                rules.reasons_for(transition, ground).map(|reason| Some(&*reason.code)).collect();
            for left_out in [Need::SecondOfficer, Need::NoHold] {
                let given: BTreeSet<Need> =
                    Need::ALL.iter().copied().filter(|need| *need != left_out).collect();
                let (from, to) = (transition.from, transition.to);
                let reason = reasons.first().copied().flatten();
                let step = Step { from, to, ground, actor, given: &given, reason };
                let is_taken = rules.step(&step).is_ok();
                assert!(!is_taken || to != State::Remediating, "destroyed without {left_out}");
            }
        }
    }
}

/// Whatever the token is, nothing is stamped but what its authority stamped, and when.
pub fn fuzz_timestamp_token(data: &[u8]) {
    const STAMPED: [u8; 32] = [0x5a; 32];
    /// 2026-11-25 17:44:00 UTC.
    const TIME: i64 = 1_795_628_640;
    let roots = include_str!("corpus/timestamp/pins/roots.pem");
    let pins = Certificate::parse_pem(roots).expect("two certificates");
    let Ok(stamp) = verify(data, &STAMPED, None, &pins) else { return };
    assert_eq!((stamp.time.timestamp(), &stamp.serial[..]), (TIME, &[1][..]), "another stamp");
    assert!(verify(data, &[0; 32], None, &pins).is_err(), "stamped nothing");
    assert!(verify(data, &STAMPED, None, &[]).is_err(), "nobody is trusted");
}

pub fn fuzz_timestamp_answer(data: &[u8]) {
    if let Ok(response) = Response::parse(data) {
        assert!(data.ends_with(response.token()), "a token from elsewhere");
    }
}

pub fn fuzz_timestamp_pins(data: &[u8]) {
    if let Ok(certificate) = Certificate::parse_der(data) {
        assert_eq!(certificate.der(), data);
        let (from, until) = certificate.validity();
        let _ = (certificate.subject(), from <= until);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    for certificate in Certificate::parse_pem(text).unwrap_or_default() {
        assert_eq!(Certificate::parse_der(certificate.der()).as_ref(), Ok(&certificate));
    }
}
