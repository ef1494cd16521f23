//! From the signer to a pin: every way that does not lead there.

use attestry_timestamp::{Certificate, Fault, ObjectIdentifier, PurposeProblem, Stamp, verify};
use chrono::{TimeZone as _, Utc};

use super::authority::{IMPRINT, ISSUES, Key, NONCE, STAMPS, Wanted, Workshop};

/// The verdict on the same time stamp, signed by `signer` with the certificates of `chain` beside it.
fn judged(workshop: &Workshop, signer: &str, chain: &[&str], pin: &str) -> Result<Stamp, Fault> {
    let content = workshop.content(&workshop.stamp("stamper", &[]));
    let brought: Vec<u8> =
        chain.iter().flat_map(|name| workshop.read(&format!("{name}.pem"))).collect();
    workshop.write("chain.pem", &brought);
    let with_chain: &[&str] = if chain.is_empty() { &[] } else { &["-certfile", "chain.pem"] };
    let token = workshop.forge(&content, signer, &[&["-cades"][..], with_chain].concat());
    verify(&token, &IMPRINT, Some(&NONCE), &[workshop.certificate(pin)])
}

#[test]
fn a_chain_leads_to_a_pinned_root_issuer_or_signer() {
    let workshop = Workshop::new();
    workshop.issue(Wanted::new("middle", "root", ISSUES));
    workshop.issue(Wanted::new("below", "middle", STAMPS));
    assert!(judged(&workshop, "below", &["middle"], "root").is_ok());
    assert!(judged(&workshop, "below", &["root", "stamper", "middle"], "root").is_ok());
    assert!(judged(&workshop, "below", &[], "middle").is_ok());
    assert!(judged(&workshop, "below", &[], "below").is_ok());
    assert_eq!(judged(&workshop, "below", &[], "root"), Err(Fault::NotPinned));
    assert_eq!(judged(&workshop, "below", &["middle", "root"], "stamper"), Err(Fault::NotPinned));
}

#[test]
fn an_authority_that_is_not_pinned_vouches_for_nobody() {
    let (workshop, other) = (Workshop::new(), Workshop::new());
    let token = workshop.stamp("stamper", &["-chain", "root.pem"]);
    assert_eq!(verify(&token, &IMPRINT, None, &[]), Err(Fault::NotPinned));
    // The other root has the same name, and another key.
    let pins = [other.certificate("root")];
    assert_eq!(verify(&token, &IMPRINT, None, &pins), Err(Fault::CertificateSignature));
    // Beside the right one it does no harm.
    let pins = [other.certificate("root"), workshop.certificate("root")];
    assert!(verify(&token, &IMPRINT, None, &pins).is_ok());
}

#[test]
fn a_certificate_outside_its_validity_is_told_with_its_end_or_start() {
    let workshop = Workshop::new();
    let past = ("20200101000000Z", "20210101000000Z");
    let future = ("20990101000000Z", "21000101000000Z");
    workshop.issue(Wanted { validity: past, ..Wanted::new("old", "root", STAMPS) });
    workshop.issue(Wanted { validity: future, ..Wanted::new("early", "root", STAMPS) });
    workshop.issue(Wanted { validity: past, ..Wanted::new("old-issuer", "root", ISSUES) });
    workshop.issue(Wanted::new("of-old-issuer", "old-issuer", STAMPS));
    let token = workshop.stamp("old", &[]);
    for pin in ["root", "old"] {
        match verify(&token, &IMPRINT, None, &[workshop.certificate(pin)]) {
            Err(Fault::Expired { not_after, time }) => {
                assert_eq!(not_after, Utc.with_ymd_and_hms(2021, 1, 1, 0, 0, 0).unwrap());
                assert!(time > not_after);
            }
            verdict => panic!("{pin}: {verdict:?}"),
        }
    }
    let verdict = judged(&workshop, "early", &[], "root");
    assert!(matches!(verdict, Err(Fault::NotYetValid { .. })), "{verdict:?}");
    let verdict = judged(&workshop, "of-old-issuer", &["old-issuer"], "root");
    assert!(matches!(verdict, Err(Fault::Expired { .. })), "{verdict:?}");
    let verdict = judged(&workshop, "of-old-issuer", &[], "old-issuer");
    assert!(matches!(verdict, Err(Fault::Expired { .. })), "a pin expires too: {verdict:?}");
}

#[test]
fn a_signer_must_be_for_time_stamping_critically_and_alone() {
    let workshop = Workshop::new();
    let eku = |problem| Err(Fault::Eku { problem });
    for (name, extensions, verdict) in [
        ("none", "basicConstraints=CA:FALSE\n", eku(PurposeProblem::Missing)),
        ("lax", "extendedKeyUsage=timeStamping\n", eku(PurposeProblem::NotCritical)),
        (
            "both",
            "extendedKeyUsage=critical,timeStamping,codeSigning\n",
            eku(PurposeProblem::Other),
        ),
        ("code", "extendedKeyUsage=critical,codeSigning\n", eku(PurposeProblem::Other)),
        (
            "enciphers",
            "extendedKeyUsage=critical,timeStamping\nkeyUsage=keyEncipherment\n",
            Err(Fault::KeyUsage),
        ),
    ] {
        workshop.issue(Wanted::new(name, "root", extensions));
        assert_eq!(judged(&workshop, name, &[], "root"), verdict, "{name}");
        assert_eq!(judged(&workshop, name, &[], name), verdict, "{name}, pinned");
    }
}

#[test]
fn an_issuer_must_be_an_authority_that_may_sign_and_is_understood() {
    let workshop = Workshop::new();
    let plain = "basicConstraints=critical,CA:FALSE\n";
    let no_usage = "basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature\n";
    let critical = format!("{ISSUES}1.3.6.1.4.1.99999.7=critical,ASN1:NULL\n");
    let found = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.7");
    for (name, extensions, fault) in [
        ("plain", plain, Fault::NotAuthority),
        ("silent", "subjectKeyIdentifier=hash\n", Fault::NotAuthority),
        ("unused", no_usage, Fault::KeyUsage),
        ("odd", &critical, Fault::CriticalExtension { found }),
    ] {
        workshop.issue(Wanted::new(name, "root", extensions));
        let signer = format!("of-{name}");
        workshop.issue(Wanted::new(&signer, name, STAMPS));
        assert_eq!(judged(&workshop, &signer, &[name], "root"), Err(fault.clone()), "{name}");
        assert_eq!(judged(&workshop, &signer, &[], name), Err(fault), "{name}, pinned");
    }
}

#[test]
fn an_issuer_may_limit_how_many_are_below_it() {
    let workshop = Workshop::new();
    let narrow = "basicConstraints=critical,CA:TRUE,pathlen:0\n";
    workshop.issue(Wanted::new("narrow", "root", narrow));
    workshop.issue(Wanted::new("right-below", "narrow", STAMPS));
    assert!(judged(&workshop, "right-below", &["narrow"], "root").is_ok());
    workshop.issue(Wanted::new("middle", "narrow", ISSUES));
    workshop.issue(Wanted::new("too-low", "middle", STAMPS));
    for (chain, pin) in [(&["middle", "narrow"][..], "root"), (&["middle"], "narrow")] {
        let verdict = judged(&workshop, "too-low", chain, pin);
        assert_eq!(verdict, Err(Fault::PathLength { found: 1, limit: 0 }), "{pin}");
    }
}

#[test]
fn four_issuers_are_followed_and_a_fifth_is_not() {
    let workshop = Workshop::new();
    let names = ["root", "one", "two", "three", "four"];
    for pair in names.windows(2) {
        workshop.issue(Wanted::new(pair[1], pair[0], ISSUES));
    }
    workshop.issue(Wanted::new("under-three", "three", STAMPS));
    workshop.issue(Wanted::new("under-four", "four", STAMPS));
    assert!(judged(&workshop, "under-three", &names[1..4], "root").is_ok());
    assert_eq!(judged(&workshop, "under-four", &names[1..], "root"), Err(Fault::NotPinned));
    assert!(judged(&workshop, "under-four", &names[1..], "one").is_ok());
}

#[test]
fn certificates_are_signed_with_sha_2_and_keys_of_a_good_size() {
    let workshop = Workshop::with_keys(Key::Rsa(3072), Key::P256);
    for (name, arguments, is_good) in [
        ("sha-384", &["-md", "sha384"][..], true),
        ("sha-512", &["-md", "sha512"], true),
        ("pss", &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"], true),
        ("sha-1", &["-md", "sha1"], false),
        ("pss-sha-1", &["-md", "sha1", "-sigopt", "rsa_padding_mode:pss"], false),
    ] {
        workshop.issue(Wanted { arguments, ..Wanted::new(name, "root", STAMPS) });
        let verdict = judged(&workshop, name, &[], "root");
        assert_eq!(verdict.is_ok(), is_good, "{name}: {verdict:?}");
    }
    let p_521 = ObjectIdentifier::new_unwrap("1.3.132.0.35");
    for (name, key, fault) in [
        ("short", Key::Rsa(1024), Fault::Key),
        ("p-521", Key::P521, Fault::Algorithm { found: p_521 }),
    ] {
        workshop.issue(Wanted { key, ..Wanted::new(name, "root", STAMPS) });
        assert_eq!(judged(&workshop, name, &[], "root"), Err(fault), "{name}");
    }
}

#[test]
fn a_file_of_pins_is_read_in_its_order_or_refused() {
    let workshop = Workshop::new();
    let (root, stamper) = (workshop.certificate("root"), workshop.certificate("stamper"));
    let text = |name: &str| String::from_utf8(workshop.read(&format!("{name}.pem"))).unwrap();
    let both = format!("# ours\n{}\nand\n{}", text("root"), text("stamper"));
    assert_eq!(Certificate::parse_pem(&both), Ok(vec![root.clone(), stamper]));
    assert_eq!(Certificate::parse_der(root.der()), Ok(root));
    let many = text("root").repeat(17);
    assert_eq!(Certificate::parse_pem(&many), Err(Fault::TooManyCertificates { limit: 16 }));
    let damaged = text("root").replacen("MI", "MJ", 1);
    for malformed in ["", "-----BEGIN CERTIFICATE-----\n", &damaged] {
        assert!(Certificate::parse_pem(malformed).is_err(), "{malformed}");
    }
    assert!(Certificate::parse_pem(&" ".repeat((1 << 20) + 1)).is_err());
}
