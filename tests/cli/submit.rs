//! `attestry submit`, `custody` and `withdraw`.

use std::fs;

use serde_json::Value;

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, USAGE, attestry, names},
};

const KINDS: [&str; 7] = [
    "manifest",
    "manifest",
    "own-work",
    "nda-check",
    "redaction-check",
    "task-authority",
    "effort",
];

/// Entries before anything is submitted: genesis, policy, two keys.
const FIRST: u64 = 4;

fn kinds(statements: &Value) -> Vec<&str> {
    let mut kinds: Vec<&str> = statements
        .as_array()
        .unwrap()
        .iter()
        .map(|statement| statement["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds
}

fn sorted_kinds() -> Vec<&'static str> {
    let mut kinds = KINDS.to_vec();
    kinds.sort_unstable();
    kinds
}

#[test]
fn a_repository_is_submitted_with_its_history() {
    let scene = Scene::new();
    let submitted = scene.submitted("out");
    assert_eq!(kinds(&submitted["statements"]), sorted_kinds());
    let openings = fs::read_to_string(scene.path("out/openings/deliverable.json")).unwrap();
    for path in ["work/.git/HEAD", "work/.git/refs/heads/", "work/src/main.rs", "work/large.bin"] {
        assert!(openings.contains(path), "{path} is not in {openings}");
    }
    let out = names(&scene.path("out"));
    let count = |folder: &str| out.iter().filter(|name| name.starts_with(folder)).count();
    // Genesis, policy and the key's enrolment come along.
    assert_eq!((count("statements/"), count("payloads/"), count("signed/")), (10, 10, 7));
    assert!(out.contains(&"keys.cbor".to_owned()), "{out:?}");

    let id = submitted["submission"].as_str().unwrap();
    let custody = scene.custody(id);
    assert_eq!(kinds(&custody["events"]), sorted_kinds());
    assert_eq!(custody["gaps"], serde_json::json!([]));
    assert_eq!(custody["submission"]["manifests"].as_array().unwrap().len(), 2);
    let (url, key) = (scene.url(), scene.key("me"));
    let shown = attestry(&["custody", id, "--server", &url, "--key", &key, "--full"]).exits(DONE);
    for words in ["7 events, each linked to the one before it", "Logistics manager", "own-work"] {
        assert!(shown.stdout.contains(words), "{words} is not in {shown:?}");
    }
}

#[test]
fn nothing_is_signed_or_sent_without_a_yes() {
    let scene = Scene::new();
    let asked = scene.submit(&scene.url(), "out", &[]).exits(USAGE);
    // What would be signed is shown all the same, each payload with its digest.
    assert_eq!(asked.stdout.matches("  sha256 ").count(), KINDS.len(), "{asked:?}");
    assert!(asked.stdout.contains("Logistics manager"), "{asked:?}");
    asked.says("--yes");
    let asked = scene.submit(&scene.url(), "out", &["--json"]).exits(USAGE);
    assert!(asked.json()["error"].as_str().unwrap().contains("--yes"));
    assert!(asked.stderr.contains("Logistics manager"), "shown apart from the object: {asked:?}");
    assert_eq!(names(&scene.path("out")), Vec::<String>::new());
    assert_eq!(scene.entries(), FIRST);
}

#[test]
fn what_is_no_plain_file_is_refused_before_anything_is_signed() {
    let scene = Scene::new();
    let link = scene.path("work/link");
    std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
    let refused = scene.submit(&scene.url(), "out", &["--yes"]).exits(USAGE);
    refused.says("symbolic link");
    fs::remove_file(&link).unwrap();
    fs::remove_dir_all(scene.path("request")).unwrap();
    scene.submit(&scene.url(), "out", &["--yes"]).exits(USAGE).says("request");
    fs::create_dir(scene.path("request")).unwrap();
    scene.submit(&scene.url(), "out", &["--yes"]).exits(USAGE).says("no files");
    assert_eq!(names(&scene.path("out")), Vec::<String>::new());
    assert_eq!(scene.entries(), FIRST);
}

#[test]
fn answers_that_cannot_be_used_are_named() {
    let scene = Scene::new();
    let answers = scene.at("answers.toml");
    let (url, key) = (scene.url(), scene.key("me"));
    let (request, work, out) = (scene.at("request"), scene.at("work"), scene.at("out"));
    let submit = |text: &str| {
        fs::write(&answers, text).unwrap();
        let arguments = [
            "submit",
            "--server",
            &url,
            "--key",
            &key,
            "--answers",
            &answers,
            "--request",
            &request,
            "--deliverable",
            &work,
            "--out",
            &out,
            "--yes",
        ];
        attestry(&arguments).exits(USAGE)
    };
    submit("").says("answers.toml");
    submit("locale = \"en\"\nfavourite = \"blue\"\n").says("favourite");
    submit("locale = \"en").says("answers.toml");
    assert_eq!(names(&scene.path("out")), Vec::<String>::new());
}

#[test]
fn the_same_command_again_signs_nothing_new() {
    let scene = Scene::new();
    let first = scene.submitted("out");
    let signed = |name: &str| fs::read(scene.path("out/signed").join(name)).unwrap();
    let before: Vec<Vec<u8>> = names(&scene.path("out/signed")).iter().map(|n| signed(n)).collect();
    let size = scene.entries();
    let second = scene.submitted("out");
    assert_eq!(second, first);
    let after: Vec<Vec<u8>> = names(&scene.path("out/signed")).iter().map(|n| signed(n)).collect();
    assert_eq!(after, before);
    assert_eq!(scene.entries(), size);

    // The files must still be those that were signed, and the key too.
    fs::write(scene.path("work/src/main.rs"), "fn main() { loop {} }\n").unwrap();
    let changed = scene.submit(&scene.url(), "out", &["--yes"]).exits(USAGE);
    changed.says("not there as it was signed");
    fs::write(scene.path("work/src/main.rs"), "fn main() {}\n").unwrap();
    let link = scene.invite(&["contractor"]);
    fs::rename(scene.key("me"), scene.key("old")).unwrap();
    scene.enroll("me", &link);
    scene.submit(&scene.url(), "out", &["--yes"]).exits(USAGE).says("another key");
    assert_eq!(scene.entries(), size + 1);
}

#[test]
fn consent_is_taken_back_in_part_and_in_whole() {
    let scene = Scene::new();
    let submitted = scene.submitted("out");
    let id = submitted["submission"].as_str().unwrap();
    let (url, key) = (scene.url(), scene.key("me"));
    let withdraw = |more: &[&str]| {
        let start = ["--json", "withdraw", id, "--server", &url, "--key", &key];
        attestry(&[&start, more].concat())
    };
    let asked = withdraw(&[]).exits(USAGE);
    assert!(asked.json()["error"].as_str().unwrap().contains("--yes"));
    assert!(asked.stderr.contains("withdrawal"), "{asked:?}");
    withdraw(&["--yes", "--purpose", "profit"]).exits(USAGE).json();
    withdraw(&["--yes", "--reason", "rain"]).exits(USAGE).json();
    assert_eq!(kinds(&scene.custody(id)["events"]).len(), KINDS.len());

    withdraw(&["--yes", "--purpose", "training", "--note", "Not for this."]).exits(DONE).json();
    assert_eq!(scene.custody(id)["submission"]["withdrawn"], false);
    let out = scene.at("withdrawn");
    let all = ["--yes", "--reason", "third-party-claim", "--erase", "--out", &out];
    let done = withdraw(&all).exits(DONE).json();
    assert_eq!(
        (&done["kind"], &done["registered"]["appended"]),
        (&"withdrawal".into(), &true.into())
    );
    let custody = scene.custody(id);
    assert_eq!(custody["submission"]["withdrawn"], true);
    let events = custody["events"].as_array().unwrap();
    // What a case locks is not retold to anybody but officers; whoever signed it keeps it.
    let said = std::fs::read_to_string(done["payload_file"].as_str().unwrap()).unwrap();
    assert!(said.contains("everything") && said.contains("third-party-claim"), "{said}");
    let withdrawn = events.iter().rposition(|event| event["kind"] == "withdrawal").unwrap();
    assert_eq!(events[withdrawn]["index"], done["registered"]["index"]);
    // What everybody may see is that, and not why.
    let status = &events[withdrawn + 1];
    assert_eq!(status["kind"], "status");
    let said = status.to_string();
    assert!(said.contains("withdrawn") && !said.contains("third-party-claim"), "{said}");

    let nobodys = "3f1f6c2e-6a43-4a0e-9d0b-2f6f3c1f9a10";
    let arguments = ["withdraw", nobodys, "--server", &url, "--key", &key, "--yes"];
    attestry(&arguments).exits(REFUSED).says("no submission");
    let admin = scene.key("admin");
    let arguments = ["custody", id, "--server", &url, "--key", &admin];
    attestry(&arguments).exits(REFUSED).says("no submission");
    attestry(&["custody", "x", "--server", &url, "--key", &key]).exits(USAGE);
}
