//! `keys.json`: COSE keys, thumbprints and strict Ed25519.

use attestry_proof::cose::key::{encode_key, encode_key_set, parse_key, parse_key_set};
use attestry_proof::hash::Hash;
use attestry_proof::key::{PublicKey, SIGNATURE_BYTES, Thumbprint};

use crate::case::{Disagreements, File, unhex};
use crate::words::key_word;

#[test]
fn the_worked_example_of_the_standard_hashes_as_printed() {
    let file = File::load("keys");
    let example = file.top().get("example");
    let key = unhex(example["cose_key"].as_str().expect("hex"));
    assert_eq!(Hash::of(&key).to_hex(), example["thumbprint"].as_str().expect("hex"));
}

#[test]
fn keys_and_thumbprints_go_both_ways() {
    for case in File::load("keys").cases("valid") {
        let key = case.key("public");
        assert_eq!(encode_key(&key), case.bytes("cose_key"), "{}", case.about());
        assert_eq!(parse_key(&case.bytes("cose_key")), Ok(key), "{}", case.about());
        assert_eq!(key.thumbprint(), Thumbprint(case.hash("thumbprint")), "{}", case.about());
        assert_eq!(key.thumbprint().uri(), case.text("uri"), "{}", case.about());
        assert_eq!(Thumbprint::from_uri(case.text("uri")), Some(key.thumbprint()));
    }
}

#[test]
fn other_keys_are_refused_for_the_named_reason() {
    let mut wrong = Disagreements::default();
    for case in File::load("keys").cases("refused") {
        let verdict = parse_key(&case.bytes("bytes"));
        let found = verdict.map_err(|error| key_word(&error));
        wrong.check(case, found.is_err_and(|word| word == case.text("error")), verdict);
    }
    wrong.none();
}

#[test]
fn signatures_are_judged_strictly() {
    let mut wrong = Disagreements::default();
    for case in File::load("keys").cases("signatures") {
        let signature: [u8; SIGNATURE_BYTES] =
            case.bytes("signature").try_into().expect("64 bytes");
        let accepted = PublicKey::from_bytes(&case.bytes("public"))
            .is_ok_and(|key| key.verify(&case.bytes("message"), &signature).is_ok());
        wrong.check(case, accepted == case.yes("accepted"), accepted);
    }
    wrong.none();
}

#[test]
fn key_sets_go_both_ways() {
    for case in File::load("keys").cases("key_sets") {
        let keys: Vec<PublicKey> = case
            .list("keys")
            .iter()
            .map(|key| PublicKey::from_bytes(&unhex(key.as_str().expect("hex"))).expect("a key"))
            .collect();
        assert_eq!(parse_key_set(&case.bytes("bytes")), Ok(keys.clone()), "{}", case.about());
        if case.yes("has_ids") {
            assert_eq!(encode_key_set(&keys), case.bytes("bytes"), "{}", case.about());
        }
    }
}

#[test]
fn other_key_sets_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("keys").cases("key_sets_refused") {
        let verdict = parse_key_set(&case.bytes("bytes"));
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}
