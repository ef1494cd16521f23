//! Replays the corpus of every parser, then mutates it with a seeded generator for a bounded number
//! of rounds. `ATTESTRY_FUZZ_ITERATIONS` sets the rounds per parser.

#![forbid(unsafe_code)]

mod corpus;
mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use corpus::Corpus;
use mutate::Mutator;

const ITERATIONS: u64 = 30_000;

fn iterations() -> u64 {
    match std::env::var("ATTESTRY_FUZZ_ITERATIONS") {
        Ok(text) => text.parse().expect("ATTESTRY_FUZZ_ITERATIONS is a number"),
        Err(_) => ITERATIONS,
    }
}

/// Runs a target on the corpus and on mutations of it; shows the input that made it panic.
fn fuzz(name: &str, target: fn(&[u8]), corpus: Corpus) {
    let inputs = corpus.into_inputs();
    assert!(!inputs.is_empty(), "{name} has no corpus");
    for input in &inputs {
        run(name, target, input);
    }
    let mut mutator = Mutator::seeded(name);
    for _ in 0..iterations() {
        run(name, target, &mutator.mutate(&inputs));
    }
}

#[expect(clippy::print_stderr, reason = "the input that panicked is what the run is for")]
fn run(name: &str, target: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{name} panicked on {} bytes: {hex}", input.len());
        resume_unwind(panic);
    }
}

macro_rules! fuzz_tests {
    ($($name:ident, $target:ident, $corpus:expr;)+) => {$(
        #[test]
        fn $name() {
            fuzz(stringify!($name), targets::$target, $corpus);
        }
    )+};
}

fuzz_tests! {
    cbor, fuzz_cbor, Corpus::vectors("statements").hex(&["entry", "bytes", "protected"]);
    entry, fuzz_entry, Corpus::vectors("statements").hex(&["entry", "bytes"]);
    statement, fuzz_statement,
        Corpus::vectors("statements").hex(&["entry", "bytes"])
            .and(Corpus::vectors("transparent").hex(&["bytes"]));
    statement_sequence, fuzz_statement_sequence, Corpus::vectors("statements").hex(&["bytes"]);
    receipt, fuzz_receipt, Corpus::vectors("receipts").hex(&["receipt"]);
    transparent_statement, fuzz_transparent_statement, Corpus::vectors("transparent").hex(&["bytes"]);
    cose_key, fuzz_cose_key, Corpus::vectors("keys").hex(&["cose_key", "bytes"]);
    cose_key_set, fuzz_cose_key_set, Corpus::vectors("keys").hex(&["bytes"]);
    note, fuzz_note, Corpus::vectors("notes").hex(&["note"]);
    checkpoint, fuzz_checkpoint,
        Corpus::vectors("policies").hex(&["note"]).and(Corpus::vectors("notes").hex(&["note"]));
    verifier_key, fuzz_verifier_key, Corpus::vectors("notes").text(&["vkey"]);
    cosignature, fuzz_cosignature, Corpus::vectors("notes").joined("vkey", b"\n", "note");
    log_proof, fuzz_log_proof, Corpus::vectors("proofs").text(&["proof"]);
    trust_policy, fuzz_trust_policy,
        Corpus::vectors("policies").hex(&["policy"])
            .and(Corpus::vectors("policies").joined("policy", b"\0", "note"));
    tile_path, fuzz_tile_path, Corpus::vectors("tiles").text(&["path"]);
    entry_bundle, fuzz_entry_bundle, Corpus::vectors("tiles").bundles();
    tree_path, fuzz_tree_path, Corpus::vectors("tree").paths();
    manifest_openings, fuzz_manifest_openings, Corpus::openings();
    manifest_proof, fuzz_manifest_proof, Corpus::manifest_proofs();
    payload, fuzz_payload, Corpus::folder("payload");
    pack_index, fuzz_pack_index, Corpus::folder("pack");
    custody_record, fuzz_custody_record, Corpus::folder("custody");
    takedown_rules, fuzz_takedown_rules, Corpus::folder("takedown");
    timestamp_token, fuzz_timestamp_token, Corpus::folder("timestamp/token");
    timestamp_answer, fuzz_timestamp_answer, Corpus::folder("timestamp/answer");
    timestamp_pins, fuzz_timestamp_pins, Corpus::folder("timestamp/pins");
}
