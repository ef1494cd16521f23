//! `statements.json` and `transparent.json`.

use attestry_proof::cose::message::Algorithm;
use attestry_proof::cose::statement::{Subject, split_statements};
use attestry_proof::cose::{ContentType, Header, SignedStatement, TransparentStatement};
use attestry_proof::cose::{Receipt, UnsignedStatement};
use attestry_proof::key::Thumbprint;

use crate::case::{Case, Disagreements, File, hex};
use crate::words::statement_word;

fn header(case: Case<'_>) -> Header {
    Header {
        algorithm: match case.signed("alg") {
            -8 => Algorithm::EdDsa,
            -19 => Algorithm::Ed25519,
            other => panic!("algorithm {other}"),
        },
        issuer: Thumbprint::from_uri(case.text("issuer")).expect("an issuer"),
        subject: Subject::from_uri(case.text("subject")).expect("a subject"),
        audience: case.text("audience").to_owned(),
        issued_at: case.signed("issued_at"),
        content_type: ContentType::parse(case.text("content_type")).expect("a content type"),
    }
}

#[test]
fn statements_are_read_built_and_verified() {
    for case in File::load("statements").cases("valid") {
        let (about, entry) = (case.about(), case.bytes("entry"));
        let statement =
            SignedStatement::parse_entry(&entry).unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(*statement.header(), header(case), "{about}");
        assert_eq!(statement.payload_digest(), case.hash("payload"), "{about}");
        assert_eq!(statement.protected_bytes(), case.bytes("protected"), "{about}");
        assert_eq!(statement.leaf_hash(), case.hash("leaf_hash"), "{about}");
        assert_eq!(statement.verify(&case.key("public")), Ok(()), "{about}");

        let unsigned = UnsignedStatement::new(header(case), case.hash("payload")).expect("valid");
        assert_eq!(unsigned.to_be_signed(), case.bytes("to_be_signed"), "{about}");
        let signature = case.bytes("signature").try_into().expect("64 bytes");
        assert_eq!(unsigned.attach(signature).entry_bytes(), entry, "{about}");
    }
}

#[test]
fn other_statements_are_refused_for_the_named_reason() {
    let mut wrong = Disagreements::default();
    for case in File::load("statements").cases("refused") {
        let verdict = SignedStatement::parse_entry(&case.bytes("bytes"));
        let word =
            verdict.as_ref().map(|_| "accepted").unwrap_or_else(|error| statement_word(error));
        wrong.check(case, word == case.text("error"), (word, case.text("error"), &verdict));
        // With attachments allowed the same faults count; only the size limit differs.
        let verdict = SignedStatement::parse(&case.bytes("bytes"));
        wrong.check(case, verdict.is_err(), &verdict);
    }
    wrong.none();
}

#[test]
fn signatures_that_must_not_count_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("statements").cases("signature_refused") {
        let verdict = SignedStatement::parse_entry(&case.bytes("entry"))
            .and_then(|statement| statement.verify(&case.key("public")));
        let refused = verdict.as_ref().is_err_and(|e| statement_word(e) == "signature-invalid");
        wrong.check(case, refused, verdict);
    }
    wrong.none();
}

#[test]
fn whatever_is_unprotected_is_dropped_but_is_no_part_of_an_entry() {
    for case in File::load("statements").cases("loose") {
        let bytes = case.bytes("bytes");
        let refusal = SignedStatement::parse_entry(&bytes).map_err(|e| statement_word(&e));
        assert_eq!(refusal.err(), Some("unprotected-not-empty"), "{}", case.about());
        let (statement, _) = SignedStatement::parse(&bytes).expect("a statement");
        assert_eq!(hex(&statement.entry_bytes()), case.text("entry"), "{}", case.about());
        assert_eq!(statement.verify(&case.key("public")), Ok(()), "{}", case.about());
    }
}

#[test]
fn sequences_are_cut_into_statements() {
    for case in File::load("statements").cases("sequences") {
        let bytes = case.bytes("bytes");
        let found = split_statements(&bytes, usize::try_from(case.number("max")).expect("small"));
        if !case.has("items") {
            assert!(found.is_err(), "{}: {found:?}", case.about());
            continue;
        }
        let items: Vec<String> = found.expect("a sequence").into_iter().map(hex).collect();
        assert_eq!(items, case.list("items"), "{}", case.about());
    }
}

#[test]
fn transparent_statements_give_back_entry_and_attachments() {
    let file = File::load("transparent");
    for case in file.cases("valid") {
        let (about, bytes) = (case.about(), case.bytes("bytes"));
        let (statement, found) =
            SignedStatement::parse(&bytes).unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(hex(&statement.entry_bytes()), case.text("entry"), "{about}");
        assert_eq!(statement.verify(&case.key("public")), Ok(()), "{about}");
        assert_eq!(found.issuer_key, case.has("key").then(|| case.key("key")), "{about}");
        assert_eq!(found.log_proof, case.has("proof").then(|| case.bytes("proof")), "{about}");
        assert_eq!(found.payload, case.has("payload").then(|| case.bytes("payload")), "{about}");
        let receipts: Vec<String> = found.receipts.iter().map(|receipt| hex(receipt)).collect();
        assert_eq!(receipts, case.list("receipts"), "{about}");
        assert_eq!(found.encode(&statement).expect("within limits"), bytes, "{about}");

        for receipt in &found.receipts {
            let (key, origin) = (file.top().key("receipt_key"), file.top().text("origin"));
            let verdict = Receipt::parse(receipt)
                .and_then(|receipt| receipt.verify_inclusion(&statement.leaf_hash(), &key, origin));
            let root = verdict.unwrap_or_else(|e| panic!("{about}: {e}")).root;
            assert_eq!(root, file.top().hash("root"), "{about}");
        }
        let transparent = TransparentStatement::parse(&bytes);
        assert_eq!(transparent.is_ok(), !found.receipts.is_empty(), "{about}: a receipt is needed");
        if let (Ok(transparent), false) = (transparent, case.has("payload")) {
            assert_eq!(transparent.encode().expect("within limits"), bytes, "{about}");
        }
    }
}

#[test]
fn attachments_that_do_not_belong_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("transparent").cases("refused") {
        let verdict = SignedStatement::parse(&case.bytes("bytes"));
        wrong.check(case, verdict.is_err(), &verdict);
    }
    wrong.none();
}
