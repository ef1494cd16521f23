//! Tokens that an authority did not make, or not like this.

use attestry_timestamp::{Attribute, Fault, ObjectIdentifier, Part, Problem, verify};

use super::authority::{IMPRINT, Key, NONCE, STAMPS, Wanted, Workshop};

/// `bytes` with the only place of `from` replaced.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert_eq!(places.len(), 1, "{from:x?} is there once");
    [&bytes[..places[0]], to, &bytes[places[0] + from.len()..]].concat()
}

/// The signed attributes of a token as they are signed: under the tag of a set.
fn signed_attributes(token: &[u8]) -> Vec<u8> {
    // content-type, the shortest, is the first of them.
    let first = [0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
    let at = (0..token.len()).find(|at| token[*at..].starts_with(&first)).expect("content-type");
    let (header, length) = if token[at - 3..at - 1] == [0xa0, 0x81] {
        (at - 3, usize::from(token[at - 1]))
    } else {
        assert_eq!(token[at - 4..at - 2], [0xa0, 0x82]);
        (at - 4, usize::from(token[at - 2]) << 8 | usize::from(token[at - 1]))
    };
    [&[0x31], &token[header + 1..at + length]].concat()
}

#[test]
fn a_token_by_another_authority_of_the_same_names_is_refused() {
    let (workshop, other) = (Workshop::new(), Workshop::new());
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let token = other.forge(&content, "stamper", &["-cades", "-certfile", "root.pem"]);
    let pins = [workshop.certificate("root")];
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Err(Fault::CertificateSignature));
    let pins = [other.certificate("root")];
    assert!(verify(&token, &IMPRINT, Some(&NONCE), &pins).is_ok());
}

#[test]
fn a_signature_by_another_key_over_the_same_attributes_is_refused() {
    const SIGNATURE_BYTES: usize = 256;
    let workshop = Workshop::with_keys(Key::P256, Key::Rsa(2048));
    workshop.openssl(&["genrsa", "-out", "other.key", "2048"]);
    let pins = [workshop.certificate("root")];
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let token = workshop.forge(&content, "stamper", &["-cades"]);
    workshop.write("attributes", signed_attributes(&token));
    for (key, verdict) in [("stamper.key", Ok(())), ("other.key", Err(Fault::Signature))] {
        let sign = ["dgst", "-sha256", "-sign", key, "-out", "signature", "attributes"];
        workshop.openssl(&sign);
        let unsigned = &token[..token.len() - SIGNATURE_BYTES];
        let forged = [unsigned, &workshop.read("signature")].concat();
        assert_eq!(forged.len(), token.len());
        assert_eq!(verify(&forged, &IMPRINT, Some(&NONCE), &pins).map(|_| ()), verdict, "{key}");
    }
}

#[test]
fn a_signature_must_say_which_certificate_it_belongs_to() {
    let workshop = Workshop::new();
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let token = workshop.forge(&content, "stamper", &[]);
    let (attribute, problem) = (Attribute::SigningCertificate, Problem::Missing);
    let pins = [workshop.certificate("root")];
    let fault = Fault::Attribute { attribute, problem };
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Err(fault));
}

#[test]
fn a_certificate_renewed_under_the_same_number_is_not_the_one_that_signed() {
    let workshop = Workshop::new();
    workshop.write("number", "77\n");
    let config = String::from_utf8(workshop.read("config")).unwrap();
    workshop.write("config", config.replace("rand_serial = yes", "serial = number"));
    workshop.issue(Wanted::new("renewed", "root", STAMPS));
    let first = workshop.certificate("renewed");
    let content = workshop.content(&workshop.stamp("renewed", &[]));
    let token = workshop.forge(&content, "renewed", &["-cades", "-nocerts"]);
    workshop.write("number", "77\n");
    workshop.write("index.txt", "");
    workshop.issue(Wanted::new("renewed", "root", STAMPS));
    let second = workshop.certificate("renewed");
    let (attribute, problem) = (Attribute::SigningCertificate, Problem::Mismatch);
    let fault = Fault::Attribute { attribute, problem };
    assert_eq!(verify(&token, &IMPRINT, None, std::slice::from_ref(&second)), Err(fault));
    assert!(verify(&token, &IMPRINT, None, &[second, first]).is_ok());
}

#[test]
fn two_signatures_or_none_are_not_one() {
    let workshop = Workshop::new();
    workshop.issue(Wanted::new("second", "root", STAMPS));
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let also = ["-cades", "-signer", "second.pem", "-inkey", "second.key"];
    let token = workshop.forge(&content, "stamper", &also);
    let pins = [workshop.certificate("root")];
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Err(Fault::Signers { found: 2 }));
}

#[test]
fn other_content_and_other_attributes_are_refused() {
    let workshop = Workshop::new();
    let pins = [workshop.certificate("root")];
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let token = workshop.forge(&content, "stamper", &["-cades"]);
    // The digest in the attributes is that of the content alone.
    let changed = replaced(&token, &IMPRINT, &[0x5b; 32]);
    let (attribute, problem) = (Attribute::MessageDigest, Problem::Mismatch);
    let fault = Fault::Attribute { attribute, problem };
    assert_eq!(verify(&changed, &[0x5b; 32], None, &pins), Err(fault));
    // A signed message that is no time stamp.
    let plain = ["-econtent_type", "1.2.840.113549.1.9.16.1.2", "-cades"];
    let token = workshop.forge(&content, "stamper", &plain);
    let found = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.2");
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Err(Fault::ContentType { found }));
    // A time stamp that is none, well signed.
    let token = workshop.forge(b"noon", "stamper", &["-cades"]);
    let fault = Fault::Structure { part: Part::Info };
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Err(fault));
}

#[test]
fn what_a_stamp_states_must_be_stated_well() {
    let workshop = Workshop::new();
    let pins = [workshop.certificate("root")];
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let sha_256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    let sha3_256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x08];
    let found = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.8");
    let malformed = Fault::Structure { part: Part::Info };
    let version = [&content[..3], &[2, 1, 2], &content[6..]].concat();
    assert_eq!(content[1], 0x81, "a length of one more byte");
    let fields = replaced(&content[3..], &[&[2, 17, 0], &NONCE[..]].concat(), &[]);
    let length = u8::try_from(fields.len()).unwrap();
    let head: &[u8] = if length < 0x80 { &[0x30] } else { &[0x30, 0x81] };
    let no_nonce = [head, &[length], &fields].concat();
    for (content, fault) in [
        (replaced(&content, &sha_256, &sha3_256), Fault::Algorithm { found }),
        (version, malformed),
        (no_nonce, Fault::Nonce),
    ] {
        let token = workshop.forge(&content, "stamper", &["-cades"]);
        assert_eq!(verify(&token, &IMPRINT, Some(&NONCE), &pins), Err(fault));
    }
}

#[test]
fn a_digest_that_is_not_accepted_is_named() {
    let workshop = Workshop::with_keys(Key::P256, Key::Rsa(2048));
    let pins = [workshop.certificate("root")];
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    for (digest, is_good) in
        [("sha1", false), ("sha224", false), ("sha384", true), ("sha512", true)]
    {
        let token = workshop.forge(&content, "stamper", &["-cades", "-md", digest]);
        let verdict = verify(&token, &IMPRINT, Some(&NONCE), &pins);
        match verdict {
            Ok(_) => assert!(is_good, "{digest}"),
            Err(fault) => {
                assert!(!is_good && matches!(fault, Fault::Algorithm { .. }), "{digest}: {fault}");
            }
        }
    }
}
