//! `attestry trust`: fetching a key is not trusting it.

use std::fs;

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, SERVICE, USAGE, attestry},
};

#[test]
fn a_log_is_trusted_by_its_fingerprint_alone() {
    let scene = Scene::new();
    let (url, file) = (scene.url(), scene.at("log.policy"));
    let right = scene.service.fingerprint();
    let trust =
        |more: &[&str]| attestry(&[&["--json", "trust", &url, "--out", &file], more].concat());
    // Nobody is at a terminal to compare it.
    let asked = trust(&[]).exits(USAGE).json();
    assert!(asked["error"].as_str().unwrap().contains("--fingerprint"), "{asked}");
    let wrong = right.replace(char::is_numeric, "0");
    let refused = trust(&["--fingerprint", &wrong]).exits(REFUSED).json();
    assert!(refused["error"].as_str().unwrap().contains("not the log you mean"), "{refused}");
    trust(&["--fingerprint", ""]).exits(REFUSED);
    trust(&["--fingerprint", &right[..32]]).exits(REFUSED);
    assert!(!scene.path("log.policy").exists());

    // Groups and capitals are for the eye.
    let grouped: String =
        right.to_uppercase().as_bytes().chunks(4).fold(String::new(), |text, group| {
            format!("{text}{}:", String::from_utf8_lossy(group))
        });
    let trusted = trust(&["--fingerprint", &grouped]).exits(DONE).json();
    assert_eq!(trusted["log_key"], scene.service.announced()["log_key"]);
    assert_eq!(trusted["fingerprint"].as_str().unwrap().replace('-', ""), right);
    let policy = fs::read_to_string(scene.path("log.policy")).unwrap();
    assert!(policy.contains(trusted["log_key"].as_str().unwrap()), "{policy}");
    attestry_proof::log::trust::TrustPolicy::parse(policy.as_bytes()).unwrap();
}

#[test]
fn the_operator_can_tell_the_fingerprint() {
    let scene = Scene::new();
    let announced = scene.service.announced();
    let told = announced["fingerprint"].as_str().unwrap().replace('-', "");
    assert_eq!(told, scene.service.fingerprint());
}

#[test]
fn a_log_that_cannot_be_reached_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.policy");
    let arguments =
        ["trust", "http://127.0.0.1:9", "--out", file.to_str().unwrap(), "--fingerprint", "ab"];
    attestry(&arguments).exits(SERVICE).says("is the service running there?");
    assert!(!file.exists());
}
