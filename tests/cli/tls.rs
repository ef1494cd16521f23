//! `attestry serve` with a certificate, and the commands that talk to it.

use std::{fs, path::Path, process::Command};

use crate::support::{DONE, SERVICE, Service, USAGE, attestry, finish, program, text};

/// Makes a self-signed certificate for loopback with the Python packages that the tests have anyway.
const MAKE_CERTIFICATE: &str = r#"
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
folder = sys.argv[1]
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
now = datetime.datetime.now(datetime.timezone.utc)
names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
certificate = (
    x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    .not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName(names), critical=False)
    .sign(key, hashes.SHA256())
)
pem = serialization.Encoding.PEM
open(folder + "/cert.pem", "wb").write(certificate.public_bytes(pem))
plain = serialization.NoEncryption()
pkcs8 = serialization.PrivateFormat.PKCS8
open(folder + "/tls.pem", "wb").write(key.private_bytes(pem, pkcs8, plain))
"#;

fn certificate(folder: &Path) {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.tools/venv/bin/python");
    let made = Command::new(&python).args(["-c", MAKE_CERTIFICATE, text(folder)]).output();
    let made = made.unwrap_or_else(|error| {
        panic!("{}: {error}; run tests/run once, it makes the environment", python.display())
    });
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn members_come_in_over_tls_and_nobody_without_it() {
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let at = |name: &str| text(&directory.path().join(name)).to_owned();
    let (cert, key) = (at("cert.pem"), at("tls.pem"));
    let data = directory.path().join("log");
    let tls = ["--tls-cert", &cert, "--tls-key", &key];
    // Beyond loopback too, now that nothing crosses the network in the clear.
    let open = Service::start_with(
        &data,
        &[&tls[..], &["--listen", "0.0.0.0:0", "--public-url", "https://localhost"]].concat(),
    );
    assert_eq!(open.stop().0, DONE);
    let service = Service::start_with(&data, &tls);
    let url = service.url().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");

    let secure = |arguments: &[&str]| {
        let mut command = program(arguments);
        command.env("SSL_CERT_FILE", &cert);
        finish(command)
    };
    let (policy, admin) = (at("log.policy"), at("admin.pem"));
    let fingerprint = service.fingerprint();
    let trust = ["trust", &url, "--out", &policy, "--fingerprint", &fingerprint];
    secure(&trust).exits(DONE);
    attestry(&trust).exits(SERVICE).says("certificate");
    attestry(&["key", "new", "--out", &admin]).exits(DONE);
    let link = service.announced()["admin_link"].as_str().unwrap();
    let enroll = ["enroll", link, "--key", &admin];
    secure(&enroll).exits(DONE);
    let invite = ["invite", "--server", &url, "--key", &admin, "--role", "contractor"];
    secure(&invite).exits(DONE);
    let plain = url.replace("https:", "http:");
    let trust = ["trust", &plain, "--out", &policy, "--fingerprint", &fingerprint];
    secure(&trust).exits(SERVICE);
    assert_eq!(service.stop().0, DONE);
}

#[test]
fn a_certificate_without_its_key_is_no_start() {
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let at = |name: &str| text(&directory.path().join(name)).to_owned();
    let data = at("log");
    let serve = |cert: &str, key: &str| {
        attestry(&[
            "serve",
            "--data",
            &data,
            "--listen",
            "127.0.0.1:0",
            "--tls-cert",
            cert,
            "--tls-key",
            key,
        ])
    };
    let (cert, key) = (at("cert.pem"), at("tls.pem"));
    serve(&key, &cert).exits(USAGE).says("cannot be used");
    serve(&cert, &cert).exits(USAGE).says("cannot be used");
    fs::write(&key, "").unwrap();
    serve(&cert, &key).exits(USAGE).says("tls.pem");
    assert!(!directory.path().join("log").exists(), "no log was made");
}
