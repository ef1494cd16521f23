//! What is signed was shown: statements in full, clause texts exactly; and what is kept of it is
//! its owner's alone.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use attestry_proof::hash::Hash;
use serde_json::Value;

use crate::{
    scene::Scene,
    support::{DONE, USAGE, attestry, names, text},
};

const SETS: [&str; 6] =
    ["manifest", "own-work", "nda-check", "redaction-check", "task-authority", "effort"];
const NOTICES: [&str; 2] = ["e-sign", "dtsa-notice"];

fn clause_text(set: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/clauses/en");
    fs::read_to_string(folder.join(format!("{set}.md"))).unwrap()
}

/// Requires each text exactly once.
#[track_caller]
fn holds(page: &str, sets: &[&str]) {
    for set in sets {
        assert_eq!(page.matches(&clause_text(set)).count(), 1, "{set} in\n{page}");
    }
}

/// Requires that each text named is in the file named.
fn kept(texts: &Value) -> Vec<String> {
    let kept = texts.as_array().unwrap().iter().map(|one| {
        let bytes = fs::read(one["file"].as_str().unwrap()).unwrap();
        assert_eq!(Hash::of(&bytes).to_hex(), one["sha256"].as_str().unwrap());
        let set = one["set"].as_str().unwrap().to_owned();
        assert_eq!(String::from_utf8(bytes).unwrap(), clause_text(&set));
        set
    });
    let mut kept: Vec<String> = kept.collect();
    kept.sort();
    kept
}

#[test]
fn texts_are_shown_whether_or_not_somebody_is_asked() {
    let scene = Scene::new();
    let asked = scene.submit(&scene.url(), "out", &[]).exits(USAGE);
    holds(&asked.stdout, &SETS);
    let asked = scene.submit(&scene.url(), "out", &["--json"]).exits(USAGE);
    holds(&asked.stderr, &SETS);
    let done = scene.submit(&scene.url(), "out", &["--yes"]).exits(DONE);
    holds(&done.stdout, &SETS);
    for notice in NOTICES {
        assert!(!done.stdout.contains(&clause_text(notice)), "{notice} was not claimed");
    }
}

#[test]
fn notices_that_the_statements_claim_are_shown() {
    let scene = Scene::new();
    let answers = fs::read_to_string(crate::scene::ANSWERS).unwrap();
    let shown = answers
        .replace("\nesign = \"not-applicable\"", "\nesign = \"shown\"")
        .replace("\ndtsa_notice = \"not-applicable\"", "\ndtsa_notice = \"shown\"");
    fs::write(scene.path("answers.toml"), shown).unwrap();
    let answers = scene.at("answers.toml");
    let (url, key) = (scene.url(), scene.key("me"));
    let (request, work, out) = (scene.at("request"), scene.at("work"), scene.at("out"));
    let submit = |more: &[&str]| {
        let mut arguments = vec!["submit", "--server", &url, "--key", &key, "--answers", &answers];
        arguments.extend(["--request", &request, "--deliverable", &work, "--out", &out]);
        arguments.extend(["--unread-because", "Made for this test, of equal bytes."]);
        arguments.extend(more);
        attestry(&arguments)
    };
    let asked = submit(&[]).exits(USAGE);
    holds(&asked.stdout, &SETS);
    holds(&asked.stdout, &NOTICES);
    let done = submit(&["--yes", "--json"]).exits(DONE);
    assert!(done.stderr.is_empty(), "{done:?}");
    let mut all = [&SETS[..], &NOTICES].concat();
    all.sort_unstable();
    assert_eq!(kept(&done.json()["texts"]), all);
}

#[test]
fn in_json_what_was_signed_is_in_files_that_are_named() {
    let scene = Scene::new();
    let done = scene.submitted("out");
    assert_eq!(kept(&done["texts"]).len(), SETS.len());
    for statement in done["statements"].as_array().unwrap() {
        let payload = fs::read(statement["payload_file"].as_str().unwrap()).unwrap();
        assert_eq!(Hash::of(&payload).to_hex(), statement["payload"].as_str().unwrap());
        assert!(Path::new(statement["file"].as_str().unwrap()).is_file());
    }
}

#[test]
fn what_is_kept_is_its_owners_alone() {
    let scene = Scene::new();
    scene.submitted("out");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let out = scene.path("out");
    for name in names(&out) {
        let file = out.join(&name);
        assert_eq!(mode(&file), 0o600, "{name}");
        assert_eq!(mode(file.parent().unwrap()), 0o700, "{name}");
    }
    assert_eq!(mode(&out), 0o700);
}

#[test]
fn a_withdrawal_is_shown_with_its_text_and_kept_where_it_is_wanted() {
    let scene = Scene::new();
    let submitted = scene.submitted("out");
    let id = submitted["submission"].as_str().unwrap();
    let (url, key, out) = (scene.url(), scene.key("me"), scene.at("out"));
    let withdraw = |more: &[&str]| {
        let start = ["withdraw", id, "--server", &url, "--key", &key, "--purpose", "training"];
        attestry(&[&start, more].concat())
    };
    let asked = withdraw(&[]).exits(USAGE);
    holds(&asked.stdout, &["withdrawal"]);
    holds(&withdraw(&["--json"]).exits(USAGE).stderr, &["withdrawal"]);
    // With nowhere to keep it, JSON mode shows it apart from the object.
    let done = withdraw(&["--json", "--yes"]).exits(DONE);
    holds(&done.stderr, &["withdrawal"]);
    assert!(done.json().get("file").is_none());
    holds(&withdraw(&["--yes"]).exits(DONE).stdout, &["withdrawal"]);

    let done = withdraw(&["--json", "--yes", "--out", &out]).exits(DONE);
    assert!(done.stderr.is_empty(), "{done:?}");
    let done = done.json();
    assert_eq!(kept(&done["texts"]), ["withdrawal"]);
    let files = ["file", "payload_file"].map(|name| PathBuf::from(done[name].as_str().unwrap()));
    assert!(files.iter().all(|file| file.starts_with(&out) && file.is_file()), "{done}");
    let trust = scene.trust();
    attestry(&["verify", text(&scene.path("out")), "--trust", &trust]).exits(DONE);
}
