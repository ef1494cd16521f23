//! `attestry review` and `attestry clear`, and `withdraw` once something is cleared.

use serde_json::{Value, json};

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, USAGE, names},
};

/// A program whose files people review, with a contractor and a reviewer.
pub fn reviewed_program() -> Scene {
    let scene = Scene::new();
    scene.open("pilot", "reviewed");
    scene.join("pilot", "contractor", "cara");
    scene.join("pilot", "reviewer", "rosa");
    scene
}

/// An accepting review by a member.
pub fn accept(scene: &Scene, by: &str, submission: &str) {
    scene.run(by, &["review", submission, "--accept", "--yes"]).exits(DONE);
}

/// A submission as its owner sees it.
fn seen(scene: &Scene, submission: &str) -> Value {
    let custody = scene.run("cara", &["custody", submission]).exits(DONE).json();
    custody["submission"].clone()
}

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap()
}

#[test]
fn an_accepted_review_clears_what_was_consented_to_and_is_kept_with_its_proof() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    let clear = |more: &[&str]| scene.run("rosa", &[&["clear", &id], more].concat());
    // Before the review nothing is granted, and the decision says what is missing.
    let before = clear(&[]).exits(REFUSED).json();
    let decisions = before["decisions"].as_array().unwrap();
    assert!(!decisions.is_empty(), "{before}");
    for decision in decisions {
        assert_eq!(decision["granted"], false, "{decision}");
        assert_eq!(decision["deciding"], json!(["needs-review"]), "{decision}");
        assert_eq!(decision["missing"], json!(["review"]), "{decision}");
    }
    let out = scene.at("kept");
    let review = ["review", &id, "--accept", "--out", &out, "--finding", "F-1=A public register"];
    let asked = scene.run("rosa", &review).exits(USAGE).json();
    assert!(error(&asked).contains("--yes"), "{asked}");
    assert_eq!(seen(&scene, &id)["state"], "attested");
    let said = scene.run("rosa", &[&review[..], &["--yes"]].concat()).exits(DONE).json();
    assert_eq!(said["kind"], "review");
    for member in ["file", "payload_file"] {
        assert!(std::path::Path::new(said[member].as_str().unwrap()).is_file(), "{said}");
    }
    let trust = scene.trust();
    let verify = ["verify", &out, "--trust", &trust];
    crate::support::attestry(&verify).exits(DONE);

    let cleared = seen(&scene, &id);
    assert_eq!(cleared["state"], "cleared");
    assert_eq!(cleared["cleared_for"], json!(["training", "evaluation"]));
    let after = clear(&["--purpose", "training"]).exits(DONE).json();
    assert_eq!(after["decisions"][0]["deciding"], json!(["clearance-reviewed"]));
    // One that was not consented to is refused, and spoils the whole answer.
    let both = ["--purpose", "training", "--purpose", "redistribution"];
    let mixed = clear(&both).exits(REFUSED).json();
    assert_eq!(mixed["decisions"][1]["missing"], json!(["consent"]));
    clear(&["--purpose", "profit"]).exits(REFUSED).json();
    let owner = scene.run("cara", &["clear", &id]).exits(REFUSED).json();
    assert!(error(&owner).contains("not allowed"), "{owner}");
}

#[test]
fn what_is_sent_back_is_not_cleared_and_says_why_to_its_owner() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    let reason = "redaction-check:not-redacted:The second page names the client.";
    let send_back =
        |reason: &str| scene.run("rosa", &["review", &id, "--send-back", reason, "--yes"]);
    for (unusable, hint) in [
        ("the second page", "ABOUT:CODE:TEXT"),
        ("redaction-check:ugly:It is.", "no such code"),
        ("redaction-check:unclear:", "--send-back"),
    ] {
        let refused = send_back(unusable).exits(USAGE).json();
        assert!(error(&refused).contains(hint), "{refused}");
    }
    let neither = scene.run("rosa", &["review", &id, "--yes"]).exits(USAGE).json();
    assert!(error(&neither).contains("--accept"), "{neither}");
    let both = ["review", &id, "--accept", "--send-back", reason, "--yes"];
    scene.run("rosa", &both).exits(USAGE);
    assert_eq!(seen(&scene, &id)["state"], "attested");

    send_back(reason).exits(DONE);
    assert_eq!(seen(&scene, &id)["state"], "sent-back");
    let custody = scene.run("cara", &["custody", &id]).exits(DONE).json();
    assert!(custody["events"].to_string().contains("names the client"), "{custody}");
    let decided = scene.run("rosa", &["clear", &id]).exits(REFUSED).json();
    assert_eq!(decided["decisions"][0]["missing"], json!(["acceptance"]));

    // Stated anew, it waits for a review again; each statement names the one before it.
    let amended = scene.amend("cara", &id, "again").exits(DONE).json();
    assert_eq!(amended["submission"], id);
    assert_eq!(seen(&scene, &id)["state"], "attested");
    let custody = scene.run("cara", &["custody", &id]).exits(DONE).json();
    let events = custody["events"].as_array().unwrap();
    let leaf = |event: &Value| event["leaf_hash"].as_str().unwrap().to_owned();
    let (first, again) = (&events[..7], &events[events.len() - 7..]);
    for (earlier, later) in first.iter().zip(again) {
        assert_eq!(earlier["kind"], later["kind"]);
        let lines = later["summary"].to_string();
        assert!(lines.contains(&leaf(earlier)), "{lines}");
    }
    accept(&scene, "rosa", &id);
    assert_eq!(seen(&scene, &id)["state"], "cleared");
}

#[test]
fn only_what_one_stated_oneself_is_stated_anew() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    scene.join("pilot", "contractor", "carl");
    let refused = scene.amend("carl", &id, "his").exits(REFUSED).json();
    assert!(error(&refused).contains("no submission"), "{refused}");
    let nothing = uuid::Uuid::new_v4().to_string();
    scene.amend("cara", &nothing, "nothing").exits(REFUSED);
    assert_eq!(seen(&scene, &id)["state"], "attested");
}

#[test]
fn nobody_reviews_their_own_work_and_a_refused_review_leaves_nothing() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    let out = scene.at("kept");
    let review = |by: &str| {
        scene.run(by, &["review", &id, "--accept", "--yes", "--out", &out]).exits(REFUSED).json()
    };
    let own = review("cara");
    assert!(error(&own).contains("no-review-of-own-work"), "{own}");
    // In another program there is no such submission.
    scene.join("main", "reviewer", "olga");
    let elsewhere = review("olga");
    assert!(error(&elsewhere).contains("no submission"), "{elsewhere}");
    // Nobody knows who holds this key, so it may be the contractor.
    let command = ["invite", "--program", "pilot", "--role", "reviewer"];
    let link = scene.run("admin", &command).exits(DONE).json();
    scene.enroll("stranger", link["link"].as_str().unwrap());
    let unknown = review("stranger");
    assert!(error(&unknown).contains("review-by-another-person"), "{unknown}");
    let kept = names(&scene.path("kept"));
    assert!(kept.iter().all(|name| name.starts_with("texts/")), "{kept:?}");
    assert_eq!(seen(&scene, &id)["state"], "attested");
}

#[test]
fn consent_taken_back_after_a_review_ends_clearance_at_once() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    accept(&scene, "rosa", &id);
    assert_eq!(seen(&scene, &id)["cleared_for"], json!(["training", "evaluation"]));
    let withdraw =
        |by: &str, more: &[&str]| scene.run(by, &[&["withdraw", &id, "--yes"], more].concat());
    // The reviewer takes nothing back.
    withdraw("rosa", &[]).exits(REFUSED);
    assert_eq!(seen(&scene, &id)["state"], "cleared");
    withdraw("cara", &["--purpose", "training"]).exits(DONE);
    let left = seen(&scene, &id);
    assert_eq!((&left["state"], &left["cleared_for"]), (&"cleared".into(), &json!(["evaluation"])));
    let denied = scene.run("rosa", &["clear", &id, "--purpose", "training"]).exits(REFUSED).json();
    assert_eq!(denied["decisions"][0]["missing"], json!(["consent"]));
    withdraw("cara", &[]).exits(DONE);
    let gone = seen(&scene, &id);
    assert_eq!((&gone["state"], &gone["cleared_for"]), (&"withdrawn".into(), &json!([])));
    let again = scene.run("rosa", &["review", &id, "--accept", "--yes"]).exits(REFUSED).json();
    assert!(error(&again).contains("withdrawn"), "{again}");
}

#[test]
fn who_opens_somebody_elses_custody_says_why_and_is_logged() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    let custody = |by: &str, more: &[&str]| scene.run(by, &[&["custody", &id], more].concat());
    let before = scene.entries();
    let silent = custody("rosa", &[]).exits(REFUSED).json();
    assert!(error(&silent).contains("purpose"), "{silent}");
    let odd = custody("rosa", &["--purpose", "curiosity"]).exits(REFUSED).json();
    assert!(error(&odd).contains("purposes are"), "{odd}");
    custody("cara", &[]).exits(DONE);
    assert_eq!(scene.entries(), before, "the owner leaves no trace, nor does a refusal");
    let read = custody("rosa", &["--purpose", "review"]).exits(DONE).json();
    assert_eq!(scene.entries(), before + 1);
    let events = read["events"].as_array().unwrap();
    let last = events.last().unwrap();
    assert_eq!(last["kind"], "access", "{last}");
    // Who looked and why is for those who watch over it.
    scene.join("pilot", "auditor", "ada");
    let audited = custody("ada", &["--purpose", "audit"]).exits(DONE).json();
    let events = audited["events"].as_array().unwrap();
    let accesses = events.iter().filter(|event| event["kind"] == "access");
    let said: Vec<String> = accesses.map(|event| event["summary"].to_string()).collect();
    let [by_reviewer, by_auditor] = said.as_slice() else { panic!("{audited}") };
    assert!(by_reviewer.contains(&scene.thumbprint("rosa")), "{by_reviewer}");
    assert!(by_reviewer.contains(r#"["Purpose","review"]"#), "{by_reviewer}");
    assert!(by_auditor.contains(&scene.thumbprint("ada")), "{by_auditor}");
}
