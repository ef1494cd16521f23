//! `attestry key`.

use std::{fs, os::unix::fs::PermissionsExt as _};

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
    attestry(&["key", "show", text(&missing)]).exits(USAGE).says("missing.pem");
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
    let revoked = revoke(&mine, &me, "lost").exits(DONE).json();
    assert_eq!(revoked["appended"], true);
    let refused = scene.submit(&url, "out", &["--yes"]).exits(REFUSED);
    refused.says("revoked");
    drop(scene);
    revoke(&mine, &admin, "lost").exits(USAGE);
    let gone = tempfile::tempdir().unwrap();
    let key = gone.path().join("k.pem");
    attestry(&["key", "new", "--out", text(&key)]).exits(DONE);
    revoke(&mine, text(&key), "lost").exits(SERVICE);
}
