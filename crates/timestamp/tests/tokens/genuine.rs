//! What an authority answers, and the verdict on its tokens.

use std::time::SystemTime;

use attestry_timestamp::{
    Accuracy, Fault, Refusal, Response, Status, TOKEN_BYTES_MAX, request, verify,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::authority::{IMPRINT, Key, NONCE, STAMPS, Wanted, Workshop};

/// What `workshop` stamps, is verified by us and by OpenSSL.
fn stamps_and_verifies(workshop: &Workshop) {
    let before = DateTime::<Utc>::from(SystemTime::now());
    let token = workshop.stamp("stamper", &[]);
    let after = DateTime::<Utc>::from(SystemTime::now());
    let pins = [workshop.certificate("root")];
    let stamp = verify(&token, &IMPRINT, Some(&NONCE), &pins).expect("a good token");
    // Both clocks are this machine's; the authority cuts to milliseconds.
    assert!(stamp.time >= before - TimeDelta::milliseconds(1) && stamp.time <= after);
    let accuracy = Accuracy { seconds: 1, milliseconds: 500, microseconds: 100 };
    assert_eq!(stamp.accuracy, Some(accuracy));
    assert_eq!(stamp.policy.to_string(), "1.3.6.1.4.1.99999.1");
    assert_eq!(stamp.serial, [1]);
    assert_eq!(stamp.signer, workshop.certificate("stamper"));
    assert_eq!(stamp.signer.subject(), "CN=stamper");
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Ok(stamp));
    workshop.write("token", token);
    let judged = ["ts", "-verify", "-token_in", "-in", "token", "-queryfile", "query"];
    workshop.openssl(&[&judged[..], &["-CAfile", "root.pem"]].concat());
}

#[test]
fn a_token_signed_with_rsa_says_when_and_by_whom() {
    stamps_and_verifies(&Workshop::with_keys(Key::Rsa(2048), Key::Rsa(2048)));
}

#[test]
fn a_token_signed_on_p_256_says_when_and_by_whom() {
    stamps_and_verifies(&Workshop::new());
}

#[test]
fn a_token_signed_on_p_384_says_when_and_by_whom() {
    stamps_and_verifies(&Workshop::with_keys(Key::P384, Key::P384));
}

#[test]
fn a_certificate_identified_by_sha_1_is_found_too() {
    let workshop = Workshop::new();
    let config = String::from_utf8(workshop.read("config")).unwrap();
    workshop.write("config", config.replace("ess_cert_id_alg = sha256", "ess_cert_id_alg = sha1"));
    stamps_and_verifies(&workshop);
}

#[test]
fn a_request_is_read_by_openssl_as_it_was_meant() {
    let workshop = Workshop::new();
    workshop.write("query", request(&IMPRINT, &NONCE));
    let shown = workshop.openssl(&["ts", "-query", "-in", "query", "-text"]);
    for expected in [
        "Version: 1",
        "Hash Algorithm: sha256",
        "Nonce: 0xC3C3C3C3C3C3C3C3C3C3C3C3C3C3C3C3",
        "Certificate required: yes",
        "Policy OID: unspecified",
    ] {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
}

#[test]
fn a_refusal_is_told_in_the_authoritys_words() {
    let workshop = Workshop::new();
    let config = String::from_utf8(workshop.read("config")).unwrap();
    workshop.write("config", config.replace("digests = sha256", "digests = sha512"));
    let answer = workshop.answer("stamper", &[]);
    let Err(Refusal::Refused { status, text, bits }) = Response::parse(&answer) else {
        panic!("a token for a digest that the authority does not know");
    };
    assert_eq!((status, bits), (Status::Rejected, vec![0]));
    assert!(text.contains("algorithm is not supported"), "{text}");
    for end in 0..answer.len() {
        assert!(matches!(Response::parse(&answer[..end]), Err(Refusal::Unreadable(_))), "{end}");
    }
}

#[test]
fn a_token_is_about_these_bytes_and_this_request_alone() {
    let workshop = Workshop::new();
    let (token, pins) = (workshop.stamp("stamper", &[]), [workshop.certificate("root")]);
    let mut other = IMPRINT;
    other[31] ^= 1;
    assert_eq!(verify(&token, &other, Some(&NONCE), &pins), Err(Fault::Imprint));
    let longer = [&[0], &NONCE[..]].concat();
    assert!(verify(&token, &IMPRINT, Some(&longer), &pins).is_ok(), "the same number");
    for nonce in [&NONCE[1..], &[], &[0xc2; 16]] {
        assert_eq!(verify(&token, &IMPRINT, Some(nonce), &pins), Err(Fault::Nonce), "{nonce:?}");
    }
}

#[test]
fn a_token_with_one_bit_changed_anywhere_is_never_verified() {
    let workshop = Workshop::new();
    let (token, pins) = (workshop.stamp("stamper", &[]), [workshop.certificate("root")]);
    assert!(verify(&token, &IMPRINT, Some(&NONCE), &pins).is_ok());
    for at in 0..token.len() {
        for change in [1 << (at % 8), 0x80, 0xff] {
            let mut changed = token.clone();
            changed[at] ^= change;
            let verdict = verify(&changed, &IMPRINT, None, &pins);
            assert!(verdict.is_err(), "byte {at} changed by {change:#x}");
        }
    }
}

#[test]
fn a_token_that_is_cut_or_followed_by_something_is_refused() {
    let workshop = Workshop::new();
    let (token, pins) = (workshop.stamp("stamper", &[]), [workshop.certificate("root")]);
    for end in 0..token.len() {
        assert!(verify(&token[..end], &IMPRINT, None, &pins).is_err(), "{end} bytes");
    }
    let longer = [&token[..], &[0]].concat();
    assert!(verify(&longer, &IMPRINT, None, &pins).is_err());
    let large = vec![0x30; TOKEN_BYTES_MAX + 1];
    let fault = Fault::TooLarge { found: large.len(), limit: TOKEN_BYTES_MAX };
    assert_eq!(verify(&large, &IMPRINT, None, &pins), Err(fault));
}

#[test]
fn a_token_without_certificates_needs_its_signer_among_the_pins() {
    let workshop = Workshop::new();
    let token = workshop.stamp("stamper", &[]);
    let content = workshop.content(&token);
    let bare = workshop.forge(&content, "stamper", &["-cades", "-nocerts"]);
    let (root, stamper) = (workshop.certificate("root"), workshop.certificate("stamper"));
    assert_eq!(verify(&bare, &IMPRINT, None, &[root]), Err(Fault::SignerUnknown));
    assert!(verify(&bare, &IMPRINT, Some(&NONCE), &[stamper]).is_ok());
}

#[test]
fn a_signer_may_be_named_by_its_key_identifier() {
    let workshop = Workshop::new();
    let extensions = format!("{STAMPS}subjectKeyIdentifier=hash\n");
    workshop.issue(Wanted::new("named", "root", &extensions));
    let content = workshop.content(&workshop.stamp("named", &[]));
    let token = workshop.forge(&content, "named", &["-cades", "-keyid"]);
    let stamp = verify(&token, &IMPRINT, Some(&NONCE), &[workshop.certificate("root")]).unwrap();
    assert_eq!(stamp.signer, workshop.certificate("named"));
}
