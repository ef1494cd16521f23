//! One byte changed anywhere: never a panic, and never `verified` for anything but the truth.

use std::path::Path;

use attestry_proof::cose::SignedStatement;
use attestry_proof::hash::Hash;
use attestry_verify::verdict::Finding;
use attestry_verify::{Evidence, PayloadStore, Verdict, Verifier, exit_code};
use proptest::prelude::*;

use crate::inputs::zip;
use crate::world::{RECEIPT, SERVICE, World, public, verify, write};

const ATTESTED: u64 = 3;

/// Knows all keys and trusts receipts, so that only what was changed can make a difference.
fn verifier(world: &World) -> Verifier {
    let mut verifier = Verifier::new(world.policy());
    verifier.vouch_for_keys([public(RECEIPT), public(SERVICE)]);
    verifier
}

#[test]
fn a_byte_of_a_transparent_statement() {
    let world = World::usual();
    let verifier = verifier(&world);
    let good = world.transparent(ATTESTED);
    let entry = world.entry(ATTESTED).statement.entry_bytes();
    assert_eq!(verifier.verify_statement(&good).verdict(), Verdict::Verified);
    let mut survivors = 0;
    for place in 0..good.len() {
        for flip in [0x01, 0x80] {
            let mut bytes = good.clone();
            bytes[place] ^= flip;
            let verdict = verifier.verify_statement(&bytes);
            if verdict.verdict() != Verdict::Verified {
                continue;
            }
            // A changed label makes an attachment another, unknown one; it is dropped. The entry
            // and its proof are as they were.
            survivors += 1;
            let (statement, _) = SignedStatement::parse(&bytes).expect("it was verified");
            assert_eq!(statement.entry_bytes(), entry, "byte {place}");
            assert_eq!(verdict.finding.position().map(|position| position.index.0), Some(3));
        }
    }
    assert!(survivors < good.len() / 10, "{survivors} of {} bytes", good.len());
}

#[test]
fn a_byte_of_an_entry() {
    let world = World::usual();
    let mut verifier = verifier(&world);
    verifier.add_keys([public(world.entry(ATTESTED).seed)]);
    let good = world.entry(ATTESTED).statement.entry_bytes();
    let proof = world.proof(ATTESTED, 5, &[]);
    let judge = |statement: &[u8]| {
        let proofs = vec![proof.as_slice()];
        verifier.verify(&Evidence { statement, proofs, ..Evidence::default() }).finding
    };
    assert!(matches!(judge(&good), Finding::Proven(_)));
    for place in 0..good.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut bytes = good.clone();
            bytes[place] ^= flip;
            let finding = judge(&bytes);
            let refused = matches!(finding, Finding::Failed(_) | Finding::NotProven(_));
            assert!(refused, "byte {place}: {finding}");
        }
    }
}

#[test]
fn a_byte_of_a_proof_or_receipt() {
    let world = World::usual();
    let verifier = verifier(&world);
    let statement = world.attach(ATTESTED, vec![], None);
    let proof = world.proof(ATTESTED, 5, &[]);
    for place in 0..proof.len() {
        let mut bytes = proof.clone();
        bytes[place] ^= 1;
        let proofs = vec![bytes.as_slice()];
        let evidence = Evidence { statement: &statement, proofs, ..Evidence::default() };
        assert_ne!(verifier.verify(&evidence).verdict(), Verdict::Verified, "byte {place}");
    }
    let receipt = world.receipt(ATTESTED, 5);
    for place in 0..receipt.len() {
        let mut bytes = receipt.clone();
        bytes[place] ^= 1;
        let receipts = vec![bytes.as_slice()];
        let evidence = Evidence { statement: &statement, receipts, ..Evidence::default() };
        let verdict = verifier.verify(&evidence).verdict();
        assert!(verdict > Verdict::LoggedUnwitnessed, "byte {place}");
    }
}

#[test]
fn a_byte_of_a_payload() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = world.write(directory.path());
    let payload = &world.entry(ATTESTED).payload;
    let name = format!("payloads/{}.json", Hash::of(payload));
    for place in (0..payload.len()).step_by(7) {
        let mut bytes = payload.clone();
        bytes[place] ^= 1;
        write(directory.path(), &name, &bytes);
        let report = verify(&[directory.path()], &trust).expect("usable input");
        assert!(!report.verified, "byte {place}");
        assert_eq!(report.statements[3].code, "payload-mismatch", "byte {place}");
    }
    // By another name it is still a payload that nobody signed.
    std::fs::remove_file(directory.path().join(name)).expect("removed");
    let text =
        String::from_utf8(payload.clone()).expect("text").replace("attestry\"", "Attestry\"");
    write(directory.path(), "payloads/mine.json", text.as_bytes());
    let report = verify(&[directory.path()], &trust).expect("usable input");
    assert_eq!((report.verified, report.unmatched.len()), (false, 1));
}

#[test]
fn a_byte_of_the_trust_policy() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let statement = write(directory.path(), "a.cose", &world.transparent(ATTESTED));
    let good = world.policy().to_bytes();
    for place in 0..good.len() {
        for flip in [0x01, 0x20] {
            let mut bytes = good.clone();
            bytes[place] ^= flip;
            let trust = write(directory.path(), "trust.policy", &bytes);
            let outcome = verify(&[&statement], &trust);
            assert_ne!(exit_code(&outcome), 0, "byte {place}");
        }
    }
}

#[test]
fn a_byte_of_a_pack() {
    let world = World::usual();
    let directory = tempfile::tempdir().expect("a directory");
    let trust = write(directory.path(), "trust.policy", &world.policy().to_bytes());
    let good = zip(&world.layout());
    let expected = outcome(directory.path(), &trust, &good).expect("verified");
    let (mut refused, mut tried) = (0, 0);
    for place in (0..good.len()).step_by(11) {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        tried += 1;
        // Times, attributes and spare fields of an archive mean nothing here. What is verified is
        // the same five statements, or a file has another name.
        match outcome(directory.path(), &trust, &bytes) {
            None => refused += 1,
            Some(found) => assert_eq!(found, expected, "byte {place}"),
        }
    }
    assert!(refused > tried / 2, "{refused} of {tried}");
}

/// Issuers, positions and payload digests, if all is verified.
fn outcome(directory: &Path, trust: &Path, pack: &[u8]) -> Option<Vec<String>> {
    let pack = write(directory, "pack.zip", pack);
    let report = verify(&[&pack], trust).ok().filter(|report| report.verified)?;
    let mut said: Vec<String> = report
        .statements
        .iter()
        .map(|s| format!("{:?} {:?} {:?}", s.index, s.issuer, s.facts.payload_sha256))
        .collect();
    said.sort_unstable();
    Some(said)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_the_verifier_panic(
        statement: Vec<u8>, proof: Vec<u8>, receipt: Vec<u8>, payload: Vec<u8>,
    ) {
        let world = World::new();
        let verifier = verifier(&world);
        let mut store = PayloadStore::default();
        store.insert(payload, None);
        for statement in [statement, world.entry(0).statement.entry_bytes()] {
            let mut verdicts = [verifier.verify(&Evidence {
                statement: &statement,
                payloads: Some(&store),
                proofs: vec![&proof],
                receipts: vec![&receipt],
                ..Evidence::default()
            })];
            verifier.settle(&mut verdicts);
            prop_assert_ne!(verdicts[0].verdict(), Verdict::Verified);
        }
    }

    #[test]
    fn no_files_make_the_command_panic(
        kind in 0usize..12, mut bytes: Vec<u8>, place: prop::sample::Index, flip: u8,
    ) {
        let world = World::usual();
        let directory = tempfile::tempdir().expect("a directory");
        let trust = world.write(directory.path());
        let names = ["a.cose", "a.tlog-proof", "a.json", "a.cbor", "a.zip", "checkpoint", "a"];
        let mut genuine = match kind {
            7 => world.transparent(1),
            8 => world.proof(1, 5, &[]),
            9 => zip(&world.layout()),
            10 => world.receipt(1, 5),
            11 => crate::files::manifest(&[("a", b"x".as_slice())]).to_openings(),
            _ => Vec::new(),
        };
        if !genuine.is_empty() {
            let place = place.index(genuine.len());
            genuine[place] ^= flip;
            bytes = genuine;
        }
        let name = names[kind % names.len()];
        let path = write(directory.path(), name, &bytes);
        let _ = verify(&[directory.path()], &trust).map(|report| report.to_text(true));
        let _ = verify(&[&path, directory.path()], &trust).map(|report| report.to_json());
        let _ = verify(&[directory.path()], &path).map(|report| report.exit_code());
    }
}
