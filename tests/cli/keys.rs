//! `attestry key`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, SERVICE, USAGE, attestry, text},
};

#[test]
fn a_key_is_new_private_and_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys/me.pem");
    let made = attestry(&["--json", "key", "new", "--out", text(&file)]).exits(DONE).json();
    assert_eq!(made["thumbprint"].as_str().unwrap().len(), 43);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.starts_with("-----BEGIN PRIVATE KEY-----"), "PKCS #8");
    assert!(!made.to_string().contains("PRIVATE"), "{made}");

    attestry(&["key", "new", "--out", text(&file)]).exits(USAGE).says("never overwritten");
    let refused = attestry(&["--json", "key", "new", "--out", text(&file)]).exits(USAGE).json();
    assert_eq!(refused["exit_code"], USAGE);
    assert_eq!(fs::read_to_string(&file).unwrap(), kept);

    let shown = attestry(&["--json", "key", "show", text(&file)]).exits(DONE).json();
    assert_eq!(shown, made);
    let shown = attestry(&["key", "show", text(&file)]).exits(DONE);
    for member in ["thumbprint", "public_key"] {
        assert!(shown.stdout.contains(made[member].as_str().unwrap()), "{shown:?}");
    }
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("me.pem");
    attestry(&["key", "new", "--out", text(&file)]).exits(DONE);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    attestry(&["key", "show", text(&file)]).exits(USAGE).says("chmod 600");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "not a key").unwrap();
    attestry(&["key", "show", text(&file)]).exits(USAGE).says("attestry key new");
    let missing = directory.path().join("missing.pem");
    let missing = attestry(&["key", "show", text(&missing)]).exits(USAGE).says("missing.pem");
    missing.says("attestry key new --out");
}

#[test]
fn a_key_is_revoked_by_its_owner_and_then_signs_nothing() {
    let scene = Scene::new();
    let (url, me, admin) = (scene.url(), scene.key("me"), scene.key("admin"));
    let thumbprint = |key: &str| {
        let shown = attestry(&["--json", "key", "show", key]).exits(DONE).json();
        shown["thumbprint"].as_str().unwrap().to_owned()
    };
    let (mine, admins) = (thumbprint(&me), thumbprint(&admin));
    let revoke = |whom: &str, key: &str, reason: &str| {
        attestry(&[
            "--json", "key", "revoke", whom, "--server", &url, "--key", key, "--reason", reason,
        ])
    };
    let refused = revoke(&admins, &me, "lost").exits(REFUSED).json();
    assert!(refused["error"].as_str().unwrap().contains("admin"), "{refused}");
    revoke(&mine, &me, "bored").exits(REFUSED).json();
    revoke("xyz", &me, "lost").exits(USAGE).json();
    // One thumbprint in 64 begins with a hyphen, and is no option.
    let nobody = format!("-{}", &mine[1..]);
    let unknown = revoke(&nobody, &me, "lost").json();
    assert!(!unknown["error"].as_str().unwrap().contains("unexpected argument"), "{unknown}");
    let revoked = revoke(&mine, &me, "lost").exits(DONE).json();
    assert_eq!(revoked["appended"], true);
    let refused = scene.submit(&url, "out", &["--yes"]).exits(REFUSED);
    refused.says("revoked");
    let policy = fs::read(scene.trust()).unwrap();
    drop(scene);
    revoke(&mine, &admin, "lost").exits(USAGE);
    let gone = tempfile::tempdir().unwrap();
    let key = gone.path().join("k.pem");
    attestry(&["key", "new", "--out", text(&key)]).exits(DONE);
    // Nothing says which log that key is for; then something does, but nobody answers.
    let nowhere = revoke(&mine, text(&key), "lost").exits(USAGE).json();
    assert!(nowhere["error"].as_str().unwrap().contains("attestry trust"), "{nowhere}");
    fs::write(gone.path().join("k.pem.log"), policy).unwrap();
    revoke(&mine, text(&key), "lost").exits(SERVICE);
}

/// Runs another program over a key file; answers with what it prints.
fn foreign(program: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{} is needed: {error}", program.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn other_tools_read_the_key_files_and_theirs_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&directory.path().join(name)).to_owned();
    let (ours, theirs) = (at("ours.pem"), at("theirs.pem"));
    let public = |key: &str| {
        let shown = attestry(&["--json", "key", "show", key]).exits(DONE).json();
        URL_SAFE_NO_PAD.decode(shown["public_key"].as_str().unwrap()).unwrap()
    };
    attestry(&["key", "new", "--out", &ours]).exits(DONE);
    let openssl = Path::new("openssl");
    let der = foreign(openssl, &["pkey", "-in", &ours, "-pubout", "-outform", "DER"]);
    assert!(der.ends_with(&public(&ours)), "the same public half");
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.tools/venv/bin/python");
    let load = "import sys\n\
                from cryptography.hazmat.primitives import serialization as s\n\
                key = s.load_pem_private_key(open(sys.argv[1], 'rb').read(), None)\n\
                sys.stdout.buffer.write(key.public_key().public_bytes_raw())\n";
    assert_eq!(foreign(&python, &["-c", load, &ours]), public(&ours));

    foreign(openssl, &["genpkey", "-algorithm", "ED25519", "-out", &theirs]);
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o600)).unwrap();
    let der = foreign(openssl, &["pkey", "-in", &theirs, "-pubout", "-outform", "DER"]);
    assert!(der.ends_with(&public(&theirs)));
}
