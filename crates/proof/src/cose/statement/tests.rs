use coset::cbor::Value;
use coset::{CborSerializable as _, CoseSign1, TaggedCborSerializable as _};
use proptest::prelude::*;

use super::*;
use crate::cose::cbor::CborError;
use crate::cose::testing::{
    Key, ORIGIN, PAYLOAD, Pairs, author, encode, header, pairs, set, sign, signed, sorted,
    statement, value,
};

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn int(number: i64) -> Option<Value> {
    Some(Value::from(number))
}

/// Parses an entry whose protected header was changed and signed again.
fn with_header(change: impl FnOnce(&mut Pairs)) -> Result<SignedStatement, StatementError> {
    let mut map = pairs(value(statement().protected_bytes()));
    change(&mut map);
    let protected = encode(&sorted(map));
    let digest = Hash::of(PAYLOAD);
    SignedStatement::parse_entry(&signed(&author(), &protected, b"\xa0", digest.as_bytes()))
}

fn with_claims(change: impl FnOnce(&mut Pairs)) -> Result<SignedStatement, StatementError> {
    with_header(|map| {
        let at = map.iter().position(|(key, _)| *key == Value::from(LABEL_CLAIMS)).unwrap();
        let mut claims = pairs(map.remove(at).1);
        change(&mut claims);
        map.push((Value::from(LABEL_CLAIMS), sorted(claims)));
    })
}

#[test]
fn a_statement_is_read_as_it_is_written_and_verifies() {
    let thumbprint = Key::new(2).public().thumbprint();
    for content_type in ContentType::ALL {
        for algorithm in [Algorithm::EdDsa, Algorithm::Ed25519] {
            for subject in [header().subject, Subject::Key(thumbprint)] {
                let header = Header { algorithm, subject, content_type, ..header() };
                let statement = sign(header.clone());
                let entry = statement.entry_bytes();
                assert_eq!(SignedStatement::parse_entry(&entry), Ok(statement.clone()));
                let parsed = (statement.clone(), Attachments::default());
                assert_eq!(SignedStatement::parse(&entry), Ok(parsed));
                assert_eq!(*statement.header(), header);
                assert_eq!(statement.payload_digest(), Hash::of(PAYLOAD));
                assert_eq!(statement.leaf_hash(), leaf_hash(&entry));
                assert_eq!(statement.verify(&author().public()), Ok(()));
            }
        }
    }
}

#[test]
fn the_entry_has_the_exact_form() {
    let statement = statement();
    let length = u8::try_from(statement.protected_bytes().len()).unwrap();
    let mut expected = vec![0xd2, 0x84, 0x58, length];
    expected.extend(statement.protected_bytes());
    expected.extend([0xa0, 0x58, 0x20]);
    expected.extend(statement.payload_digest().as_bytes());
    expected.extend([0x58, 0x40]);
    expected.extend(statement.signature());
    assert_eq!(statement.entry_bytes(), expected);
}

/// A library that knows nothing of our formats reads the same message and agrees on what is signed.
#[test]
fn coset_reads_the_entry_and_verifies_it() {
    let statement = statement();
    let message = CoseSign1::from_tagged_slice(&statement.entry_bytes()).unwrap();
    assert_eq!(message.protected.header.key_id, statement.header().issuer.0.as_bytes());
    assert!(message.unprotected.is_empty());
    let verified = message.verify_signature(&[], |signature, signed| {
        author().public().verify(signed, signature.try_into().unwrap())
    });
    assert_eq!(verified, Ok(()));
    let digest = Hash::of(PAYLOAD);
    let unsigned = UnsignedStatement::new(header(), digest).unwrap();
    assert_eq!(unsigned.to_be_signed(), message.tbs_data(&[]));
    assert_eq!(message.protected.to_vec().unwrap(), statement.protected_bytes());
}

#[test]
fn another_key_or_signature_is_refused() {
    let statement = statement();
    let other = Key::new(2).public();
    let (found, required) = (other.thumbprint(), statement.header().issuer);
    assert_eq!(statement.verify(&other), Err(StatementError::WrongKey { found, required }));
    let unsigned = UnsignedStatement::new(header(), Hash::of(PAYLOAD)).unwrap();
    let by_other = Key::new(2).sign(&unsigned.to_be_signed());
    let forged = unsigned.clone().attach(by_other);
    assert_eq!(forged.verify(&author().public()), Err(StatementError::SignatureInvalid));
    let forged = unsigned.attach([0; 64]);
    assert_eq!(forged.verify(&author().public()), Err(StatementError::SignatureInvalid));
}

#[test]
fn every_flipped_bit_fails_to_parse_or_to_verify() {
    let entry = statement().entry_bytes();
    let key = author().public();
    for at in 0..entry.len() {
        for bit in 0..8 {
            let mut flipped = entry.clone();
            flipped[at] ^= 1 << bit;
            let verified =
                SignedStatement::parse_entry(&flipped).and_then(|found| found.verify(&key));
            assert!(verified.is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn every_cut_and_every_surplus_is_refused() {
    let entry = statement().entry_bytes();
    for length in 0..entry.len() {
        assert!(SignedStatement::parse_entry(&entry[..length]).is_err(), "{length} bytes");
    }
    let surplus = [&entry[..], &[0x00]].concat();
    let error = MessageError::Encoding(CborError::TrailingBytes { found: 1 });
    assert_eq!(SignedStatement::parse_entry(&surplus), Err(error.into()));
}

#[test]
fn each_missing_label_is_named() {
    assert!(with_header(|_| ()).is_ok());
    for label in
        [LABEL_ALGORITHM, LABEL_KEY_ID, LABEL_CLAIMS, LABEL_DIGEST_ALGORITHM, LABEL_PREIMAGE_TYPE]
    {
        let error = MessageError::MissingLabel { label };
        assert_eq!(with_header(|map| set(map, label, None)), Err(error.into()));
    }
    for claim in [CLAIM_ISSUER, CLAIM_SUBJECT, CLAIM_AUDIENCE, CLAIM_ISSUED_AT] {
        let error = MessageError::MissingClaim { claim };
        assert_eq!(with_claims(|map| set(map, claim, None)), Err(error.into()));
    }
    let empty = signed(&author(), b"", b"\xa0", Hash::of(PAYLOAD).as_bytes());
    let error = MessageError::MissingLabel { label: LABEL_ALGORITHM };
    assert_eq!(SignedStatement::parse_entry(&empty), Err(error.into()));
}

#[test]
fn each_surplus_label_is_refused() {
    let critical = Some(Value::Array(vec![Value::from(1)]));
    let refused = with_header(|map| set(map, 2, critical));
    assert_eq!(refused, Err(MessageError::CriticalPresent.into()));
    let refused = with_header(|map| set(map, 3, text("application/json")));
    assert_eq!(refused, Err(StatementError::ContentTypePresent));
    for label in [5, 6, 260, 394, -65_537] {
        let error = MessageError::UnexpectedLabel { found: Some(label) };
        assert_eq!(with_header(|map| set(map, label, int(1))), Err(error.into()));
    }
    let error = MessageError::UnexpectedLabel { found: None };
    assert_eq!(with_header(|map| set(map, "note".to_owned(), int(1))), Err(error.into()));
    let error = MessageError::UnexpectedClaim { found: Some(4) };
    assert_eq!(with_claims(|map| set(map, 4, int(1))), Err(error.into()));
    let error = MessageError::UnexpectedClaim { found: None };
    assert_eq!(with_claims(|map| set(map, "role".to_owned(), int(1))), Err(error.into()));
    let refused = with_header(|map| map.push((Value::Bytes(vec![1]), Value::from(1))));
    assert_eq!(refused, Err(MessageError::LabelKind.into()));
}

#[test]
fn each_wrong_label_value_is_refused() {
    for found in [-7, -53, -48, 5, 0, 8] {
        let error = MessageError::UnknownAlgorithm { found };
        let refused = with_header(|map| set(map, LABEL_ALGORITHM, int(found)));
        assert_eq!(refused, Err(error.into()));
    }
    let bytes = |length| Some(Value::Bytes(vec![1; length]));
    for found in [0, 31, 33] {
        let error = MessageError::KeyIdLength { found };
        let refused = with_header(|map| set(map, LABEL_KEY_ID, bytes(found)));
        assert_eq!(refused, Err(error.into()));
    }
    let refused = with_header(|map| set(map, LABEL_KEY_ID, bytes(32)));
    assert_eq!(refused, Err(StatementError::IssuerMismatch));
    let refused = with_header(|map| set(map, LABEL_DIGEST_ALGORITHM, int(-44)));
    assert_eq!(refused, Err(StatementError::DigestAlgorithm { found: -44 }));
    for kind in ["", "text/plain", "application/vnd.attestry.own-work+json"] {
        let refused = with_header(|map| set(map, LABEL_PREIMAGE_TYPE, text(kind)));
        assert_eq!(refused, Err(StatementError::UnknownContentType));
    }
    for (label, wrong) in [
        (LABEL_ALGORITHM, text("EdDSA")),
        (LABEL_KEY_ID, text("x")),
        (LABEL_CLAIMS, int(1)),
        (LABEL_DIGEST_ALGORITHM, text("SHA-256")),
        (LABEL_PREIMAGE_TYPE, int(50)),
    ] {
        let refused = with_header(|map| set(map, label, wrong));
        assert_eq!(refused, Err(MessageError::LabelValue { label }.into()));
    }
}

#[test]
fn each_wrong_claim_value_is_refused() {
    let issuer = header().issuer.uri();
    let other = Key::new(2).public().thumbprint().uri();
    for iss in [other, issuer.to_uppercase(), format!("{issuer}="), String::new()] {
        let refused = with_claims(|map| set(map, CLAIM_ISSUER, text(&iss)));
        assert_eq!(refused, Err(StatementError::IssuerMismatch), "{iss}");
    }
    let subject = header().subject.uri();
    for sub in [
        String::new(),
        subject.to_uppercase(),
        subject.replace('-', ""),
        subject.replace("urn:uuid:", ""),
        subject.replace("urn:uuid:", "urn:uuid:{") + "}",
        format!("{subject} "),
        subject[..subject.len() - 1].to_owned(),
        "https://person.example/".to_owned(),
    ] {
        let refused = with_claims(|map| set(map, CLAIM_SUBJECT, text(&sub)));
        assert_eq!(refused, Err(StatementError::SubjectForm), "{sub}");
    }
    for found in [0, MAX_AUDIENCE_BYTES + 1] {
        let error = StatementError::AudienceLength { found, limit: MAX_AUDIENCE_BYTES };
        let refused = with_claims(|map| set(map, CLAIM_AUDIENCE, text(&"x".repeat(found))));
        assert_eq!(refused, Err(error));
    }
    for aud in ["a b", "a\nb", "a\u{2003}b", "a\u{7f}"] {
        let refused = with_claims(|map| set(map, CLAIM_AUDIENCE, text(aud)));
        assert_eq!(refused, Err(StatementError::AudienceCharacter), "{aud:?}");
    }
    for found in [-1, i64::MIN, MAX_ISSUED_AT + 1, i64::MAX] {
        let refused = with_claims(|map| set(map, CLAIM_ISSUED_AT, int(found)));
        assert_eq!(refused, Err(StatementError::IssuedAt { found }));
    }
    for (claim, wrong) in [
        (CLAIM_ISSUER, int(1)),
        (CLAIM_SUBJECT, int(1)),
        (CLAIM_AUDIENCE, Some(Value::Array(vec![Value::Text(ORIGIN.to_owned())]))),
        (CLAIM_ISSUED_AT, text("1764000000")),
        (CLAIM_ISSUED_AT, Some(Value::from(u64::MAX))),
    ] {
        let refused = with_claims(|map| set(map, claim, wrong));
        assert_eq!(refused, Err(MessageError::ClaimValue { claim }.into()));
    }
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let digest = Hash::of(PAYLOAD);
    let edge = Header { issued_at: MAX_ISSUED_AT, audience: "x".repeat(255), ..header() };
    assert!(SignedStatement::parse_entry(&sign(edge).entry_bytes()).is_ok());
    for wrong in [
        Header { issued_at: -1, ..header() },
        Header { issued_at: MAX_ISSUED_AT + 1, ..header() },
        Header { audience: String::new(), ..header() },
        Header { audience: "x".repeat(256), ..header() },
        Header { audience: "a b".to_owned(), ..header() },
    ] {
        assert!(UnsignedStatement::new(wrong, digest).is_err());
    }
}

/// The same header written otherwise, and validly signed as it is.
#[test]
fn other_encodings_of_the_header_are_refused() {
    let digest = Hash::of(PAYLOAD);
    let good = statement().protected_bytes().to_vec();
    let mut reversed = pairs(value(&good));
    reversed.reverse();
    let mut twice = pairs(value(&good));
    twice.insert(0, twice[0].clone());
    let long_map = [&[0xb8, 0x05], &good[1..]].concat();
    let indefinite = [&[0xbf], &good[1..], &[0xff]].concat();
    let long_algorithm = [&good[..2], &[0x38, 0x07], &good[3..]].concat();
    let big_algorithm = [&good[..2], &[0xc3, 0x41, 0x07], &good[3..]].concat();
    for (protected, error) in [
        (encode(&Value::Map(reversed)), CborError::KeyOrder),
        (encode(&Value::Map(twice)), CborError::DuplicateKey),
        (long_map, CborError::NotShortest),
        (indefinite, CborError::IndefiniteLength),
        (long_algorithm, CborError::NotShortest),
        (big_algorithm, CborError::Unsupported),
        ([&good[..], &[0x00]].concat(), CborError::TrailingBytes { found: 1 }),
    ] {
        let entry = signed(&author(), &protected, b"\xa0", digest.as_bytes());
        let error = StatementError::Message(MessageError::Encoding(error));
        assert_eq!(SignedStatement::parse_entry(&entry), Err(error));
    }
    let entry = signed(&author(), &[0x80], b"\xa0", digest.as_bytes());
    let error = StatementError::Message(MessageError::ProtectedNotMap);
    assert_eq!(SignedStatement::parse_entry(&entry), Err(error));
}

#[test]
fn the_payload_is_a_digest() {
    let protected = statement().protected_bytes().to_vec();
    for found in [0, 31, 33] {
        let entry = signed(&author(), &protected, b"\xa0", &vec![1; found]);
        let error = StatementError::PayloadLength { found };
        assert_eq!(SignedStatement::parse_entry(&entry), Err(error));
    }
    let detached = message::encode(&protected, b"\xa0", None, &[1; 64]);
    assert_eq!(SignedStatement::parse_entry(&detached), Err(StatementError::PayloadMissing));
}

#[test]
fn sizes_are_refused_before_decoding() {
    let (found, limit) = (MAX_ENTRY_BYTES + 1, MAX_ENTRY_BYTES);
    let error = Err(StatementError::TooLarge { found, limit });
    assert_eq!(SignedStatement::parse_entry(&vec![0xff; found]), error);
    let (found, limit) = (MAX_STATEMENT_BYTES + 1, MAX_STATEMENT_BYTES);
    let error = StatementError::TooLarge { found, limit };
    assert_eq!(SignedStatement::parse(&vec![0xff; found]), Err(error));
    let longest = Header { issued_at: MAX_ISSUED_AT, audience: "x".repeat(255), ..header() };
    assert!(sign(longest).entry_bytes().len() < MAX_ENTRY_BYTES);
}

#[test]
fn a_sequence_of_statements_is_cut_into_them() {
    let entry = statement().entry_bytes();
    let three = entry.repeat(3);
    assert_eq!(split_statements(&three, 3), Ok(vec![&entry[..]; 3]));
    assert_eq!(split_statements(&three, 2), Err(SequenceError::TooManyItems { limit: 2 }));
}

fn any_header() -> impl Strategy<Value = Header> {
    let content_type = prop::sample::select(ContentType::ALL.to_vec());
    let algorithm = prop::sample::select(vec![Algorithm::EdDsa, Algorithm::Ed25519]);
    let subject = prop_oneof![
        any::<u128>().prop_map(|number| Subject::Submission(Uuid::from_u128(number))),
        any::<[u8; 32]>().prop_map(|bytes| Subject::Key(Thumbprint(Hash(bytes)))),
    ];
    (algorithm, subject, "[!-~]{1,255}", 0..=MAX_ISSUED_AT, content_type).prop_map(
        |(algorithm, subject, audience, issued_at, content_type)| {
            let issuer = header().issuer;
            Header { algorithm, issuer, subject, audience, issued_at, content_type }
        },
    )
}

proptest! {
    #[test]
    fn a_subject_has_one_spelling(
        uuid in "[0-9a-f]{8}-?[0-9a-fA-F]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
        kid in "[A-Za-z0-9_-]{42}[A-Za-z0-9_=-]{1,2}",
    ) {
        for uri in [
            format!("urn:uuid:{uuid}"),
            format!("urn:uuid:{{{uuid}}}"),
            format!("urn:ietf:params:oauth:ckt:sha-256:{kid}"),
        ] {
            if let Some(subject) = Subject::from_uri(&uri) {
                prop_assert_eq!(subject.uri(), uri);
            }
        }
    }

    #[test]
    fn any_statement_is_read_as_it_is_written(header in any_header()) {
        let statement = sign(header);
        let entry = statement.entry_bytes();
        prop_assert!(entry.len() <= MAX_ENTRY_BYTES);
        prop_assert_eq!(SignedStatement::parse_entry(&entry), Ok(statement));
    }

    #[test]
    fn what_parses_is_written_back(mut entry in Just(statement().entry_bytes()),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for (at, byte) in edits {
            let at = at.index(entry.len());
            entry[at] = byte;
        }
        if let Ok(statement) = SignedStatement::parse_entry(&entry) {
            prop_assert_eq!(statement.entry_bytes(), entry);
        }
    }

    #[test]
    fn anything_is_parsed_without_panic(mut input: Vec<u8>, framed: bool) {
        if framed {
            input.splice(0..0, [0xd2, 0x84]);
        }
        let _ = SignedStatement::parse(&input);
        let _ = split_statements(&input, 4);
        if let Ok(statement) = SignedStatement::parse_entry(&input) {
            prop_assert_eq!(statement.entry_bytes(), input);
        }
    }
}
