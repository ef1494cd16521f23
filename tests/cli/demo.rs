//! `attestry demo`: the main job from end to end; what it leaves is what it says.

use std::fs;

use crate::support::{DONE, Service, USAGE, attestry, names, text};

#[test]
fn the_demonstration_holds_and_does_not_run_twice_in_one_place() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let facts = attestry(&["--json", "demo", "--data", text(&data)]).exits(DONE).json();
    assert!(facts["submissions"].as_u64().unwrap() >= 5, "{facts}");
    assert!(facts["refusal"].as_str().unwrap().len() > 10, "{facts}");

    let made = data.join("demo");
    let trust = made.join("trust.policy");
    assert!(made.join("keys.cbor").is_file());
    let payloads = names(&made.join("payloads"));
    for name in &payloads {
        let digest =
            attestry_proof::hash::Hash::of(&fs::read(made.join("payloads").join(name)).unwrap());
        assert_eq!(*name, format!("{digest}.json"));
    }
    let statements = names(&made.join("statements"));
    assert!(statements.iter().all(|name| name.ends_with(".cose")), "{statements:?}");
    assert!(statements.len() >= 40, "{statements:?}");
    for name in &statements {
        let bytes = fs::read(made.join("statements").join(name)).unwrap();
        let whole = attestry_proof::cose::TransparentStatement::parse(&bytes).unwrap();
        assert!(whole.log_proof.is_some(), "{name}");
    }
    // What it tells the reader to try works.
    let folders = [made.join("statements"), made.join("payloads")];
    let arguments = ["verify", text(&folders[0]), text(&folders[1]), "--trust", text(&trust)];
    attestry(&arguments).exits(DONE);
    attestry(&["fsck", "--data", text(&data), "--files"]).exits(DONE);

    let again = attestry(&["demo", "--data", text(&data)]).exits(USAGE);
    again.says("is not empty");
    let again = attestry(&["--json", "demo", "--data", text(&data)]).exits(USAGE);
    assert_eq!(again.json()["exit_code"], USAGE);
}

#[test]
fn the_service_of_the_demonstration_can_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let service = Service::of(&["--json", "demo", "--keep", "--data", text(&data)], &data);
    let url = service.url().to_owned();
    assert!(service.announced()["demo"]["submissions"].as_u64().unwrap() >= 5);
    let policy = directory.path().join("log.policy");
    let trust = ["trust", &url, "--out", text(&policy)];
    // It answers, and this is refused only because nobody compared the fingerprint.
    attestry(&trust).exits(USAGE).says("fingerprint");
    assert_eq!(service.stop(), (DONE, String::new()));
}

#[test]
fn the_story_names_every_step() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let told = attestry(&["demo", "--data", text(&data)]).exits(DONE).stdout;
    for words in [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
        "6.",
        "7.",
        "8.",
        "9.",
        "offline",
        "one bit",
        "Every step held.",
    ] {
        assert!(told.contains(words), "{words} is not in\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no colours where there is no terminal");
    let tried = told.lines().find_map(|line| line.split_once("try it yourself: attestry "));
    let (_, command) = tried.expect("a command to try");
    let arguments: Vec<&str> = command.split_whitespace().collect();
    attestry(&arguments).exits(DONE);
}
