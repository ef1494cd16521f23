//! `proofs.json`: `.tlog-proof` files.

use attestry_proof::log::proof_file::{LogProof, NotProven};
use attestry_proof::log::trust::TrustPolicy;

use crate::case::{Case, Disagreements, File};
use crate::words::trust_word;

fn policy(case: Case<'_>) -> TrustPolicy {
    TrustPolicy::parse(case.text("policy").as_bytes()).expect("a policy")
}

#[test]
fn proofs_are_read_verified_and_written() {
    for case in File::load("proofs").cases("valid") {
        let (about, bytes) = (case.about(), case.text("proof").as_bytes());
        let proof = LogProof::parse(bytes).unwrap_or_else(|e| panic!("{about}: {e}"));
        let extra = case.has("extra").then(|| case.bytes("extra"));
        assert_eq!(proof.extra(), extra.as_deref(), "{about}");
        assert_eq!(proof.index(), case.index("index"), "{about}");
        assert_eq!(proof.path(), case.hashes("path"), "{about}");
        assert_eq!(proof.to_bytes(), bytes, "{about}");
        let proven = proof.verify(&case.hash("leaf"), &policy(case));
        let proven = proven.unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(proven.index, case.index("index"), "{about}");
        assert_eq!(proven.checkpoint.checkpoint().size(), case.size("size"), "{about}");
        assert_eq!(proven.checkpoint.witnessed(), case.yes("witnessed"), "{about}");

        let mut built =
            LogProof::new(proof.index(), case.hashes("path"), proof.checkpoint().to_vec());
        if let Some(extra) = extra {
            built = built.with_extra(extra);
        }
        assert_eq!(built, proof, "{about}");
    }
}

#[test]
fn proofs_that_do_not_prove_say_why() {
    let mut wrong = Disagreements::default();
    for case in File::load("proofs").cases("unproven") {
        let proof = LogProof::parse(case.text("proof").as_bytes());
        let proof = proof.unwrap_or_else(|e| panic!("{}: {e}", case.about()));
        let word = match proof.verify(&case.hash("leaf"), &policy(case)) {
            Ok(_) => "accepted",
            Err(NotProven::Inclusion(_)) => "not-included",
            Err(NotProven::Trust(error)) => trust_word(&error),
        };
        wrong.check(case, word == case.text("error"), (word, case.text("error")));
    }
    wrong.none();
}

#[test]
fn other_proofs_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("proofs").cases("refused") {
        let verdict = LogProof::parse(case.text("proof").as_bytes());
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}
