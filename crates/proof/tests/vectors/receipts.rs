//! `receipts.json`: COSE receipts for inclusion and consistency.

use attestry_proof::cose::receipt::{Position, ReceiptVerdict};
use attestry_proof::cose::{Receipt, ReceiptError, ReceiptHeader, UnsignedReceipt};
use attestry_proof::key::SIGNATURE_BYTES;

use crate::case::{Case, Disagreements, File};
use crate::words::receipt_word;

fn verify(case: Case<'_>) -> Result<ReceiptVerdict, ReceiptError> {
    let receipt = Receipt::parse(&case.bytes("receipt"))?;
    receipt.verify_inclusion(&case.hash("leaf"), &case.key("public"), case.text("origin"))
}

/// The last 64 bytes of a receipt are its signature.
fn signature(receipt: &[u8]) -> [u8; SIGNATURE_BYTES] {
    receipt[receipt.len() - SIGNATURE_BYTES..].try_into().expect("64 bytes")
}

fn unsigned(case: Case<'_>, size: &str, root: &str) -> UnsignedReceipt {
    let kid = case.key("public").thumbprint();
    let (origin, size) = (case.text("origin").to_owned(), case.size(size));
    let header = ReceiptHeader { kid, issuer: kid.uri(), origin, size };
    UnsignedReceipt::new(&header, case.hash(root)).expect("a receipt")
}

#[test]
fn inclusion_receipts_are_built_and_verified() {
    for case in File::load("receipts").cases("inclusion") {
        let position = Some(Position { index: case.index("index"), size: case.size("size") });
        let expected = ReceiptVerdict { root: case.hash("root"), position };
        assert_eq!(verify(case), Ok(expected), "{}", case.about());
        let bytes = case.bytes("receipt");
        let root = unsigned(case, "size", "root").attach(signature(&bytes));
        assert_eq!(
            root.receipt(case.index("index"), &case.hashes("path")),
            bytes,
            "{}",
            case.about()
        );
    }
}

#[test]
fn without_a_signed_size_no_position_is_proven() {
    for case in File::load("receipts").cases("inclusion_without_size") {
        let expected = ReceiptVerdict { root: case.hash("root"), position: None };
        assert_eq!(verify(case), Ok(expected), "{}", case.about());
    }
}

#[test]
fn other_inclusion_receipts_are_refused_for_the_named_reason() {
    let mut wrong = Disagreements::default();
    for case in File::load("receipts").cases("inclusion_refused") {
        let verdict = verify(case);
        let word = verdict.as_ref().map(|_| "accepted").unwrap_or_else(|error| receipt_word(error));
        wrong.check(case, word == case.text("error"), (word, case.text("error"), verdict));
    }
    wrong.none();
}

#[test]
fn consistency_receipts_are_built_and_verified() {
    for case in File::load("receipts").cases("consistency") {
        let bytes = case.bytes("receipt");
        let (old, old_root) = (case.size("old_size"), case.hash("old_root"));
        let verdict = Receipt::parse(&bytes)
            .and_then(|r| {
                r.verify_consistency(old, &old_root, &case.key("public"), case.text("origin"))
            })
            .unwrap_or_else(|e| panic!("{}: {e}", case.about()));
        let found = (verdict.root, verdict.size);
        assert_eq!(found, (case.hash("new_root"), Some(case.size("new_size"))), "{}", case.about());
        let root = unsigned(case, "new_size", "new_root").attach(signature(&bytes));
        assert_eq!(root.consistency_receipt(old, &case.hashes("path")), bytes, "{}", case.about());
    }
}

#[test]
fn other_consistency_receipts_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("receipts").cases("consistency_refused") {
        let (old, old_root) = (case.size("old_size"), case.hash("old_root"));
        let verdict = Receipt::parse(&case.bytes("receipt")).and_then(|r| {
            r.verify_consistency(old, &old_root, &case.key("public"), case.text("origin"))
        });
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}
