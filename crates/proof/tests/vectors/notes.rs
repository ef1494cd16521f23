//! `notes.json`: verifier keys, notes, checkpoints and cosignatures.

use attestry_proof::log::checkpoint::Checkpoint;
use attestry_proof::log::cosignature::cosigned_at;
use attestry_proof::log::note::{Note, NoteText, SignatureError, VerifierKey};

use crate::case::{Case, Disagreements, File};

fn known(case: Case<'_>) -> VerifierKey {
    VerifierKey::parse(case.text("vkey")).unwrap_or_else(|e| panic!("{}: {e}", case.about()))
}

#[test]
fn verifier_keys_go_both_ways() {
    for case in File::load("notes").cases("vkeys") {
        let key = known(case);
        assert_eq!(key.to_string(), case.text("vkey"));
        assert_eq!(key.name(), case.text("name"));
        assert_eq!(u64::from(key.kind().byte()), case.number("type"));
        assert_eq!(key.id().to_string(), case.text("key_id"));
        assert_eq!(*key.public_key(), case.key("public"));
    }
}

#[test]
fn other_verifier_keys_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("notes").cases("vkeys_refused") {
        let verdict = VerifierKey::parse(case.text("vkey"));
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}

#[test]
fn notes_are_read_verified_and_written() {
    for case in File::load("notes").cases("notes") {
        let (about, bytes) = (case.about(), case.bytes("note"));
        let note = Note::parse(&bytes).unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(note.text().as_str(), case.text("text"), "{about}");
        assert_eq!(note.signatures().len() as u64, case.number("signatures"), "{about}");
        assert_eq!(note.verify(&[known(case)]), Ok(()), "{about}");
        assert_eq!(note.to_bytes(), bytes, "{about}");
    }
}

#[test]
fn other_notes_are_refused_for_the_named_reason() {
    let mut wrong = Disagreements::default();
    for case in File::load("notes").cases("notes_refused") {
        let word = match Note::parse(&case.bytes("note")).map(|note| note.verify(&[known(case)])) {
            Err(_) => "malformed",
            Ok(Ok(())) => "accepted",
            Ok(Err(SignatureError::Unsigned { .. })) => "unsigned",
            Ok(Err(_)) => "signature-invalid",
        };
        wrong.check(case, word == case.text("error"), (word, case.text("error")));
    }
    wrong.none();
}

#[test]
fn checkpoints_go_both_ways() {
    let file = File::load("notes");
    for case in file.cases("checkpoints") {
        let text = NoteText::new(case.text("text").to_owned()).expect("the text of a note");
        let checkpoint =
            Checkpoint::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", case.about()));
        assert_eq!(checkpoint.origin(), case.text("origin"), "{}", case.about());
        assert_eq!(checkpoint.size(), case.size("size"), "{}", case.about());
        assert_eq!(checkpoint.root(), case.hash("root"), "{}", case.about());
        assert_eq!(checkpoint.extensions(), case.list("extensions"), "{}", case.about());
        assert_eq!(checkpoint.text(), Ok(text), "{}", case.about());
    }
    let mut wrong = Disagreements::default();
    for case in file.cases("checkpoints_refused") {
        let verdict =
            NoteText::new(case.text("text").to_owned()).map(|text| Checkpoint::parse(&text));
        wrong.check(case, !matches!(verdict, Ok(Ok(_))), verdict);
    }
    wrong.none();
}

#[test]
fn cosignatures_count_only_over_what_they_say() {
    let mut wrong = Disagreements::default();
    for case in File::load("notes").cases("cosignatures") {
        let note = Note::parse(&case.bytes("note")).expect("a note");
        let found = cosigned_at(&note, &known(case));
        let agrees = match case.get("timestamp").as_u64() {
            Some(timestamp) => found == Ok(Some(timestamp)),
            None => found.is_err(),
        };
        wrong.check(case, agrees, found);
    }
    wrong.none();
}
