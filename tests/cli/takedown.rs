//! `attestry notice`, `case` and `hold`: from an objection to the end of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    review::{accept, reviewed_program},
    scene::Scene,
    support::{DONE, REFUSED, USAGE, attestry},
};

const DONE_WITHIN: Duration = Duration::from_secs(30);

/// A reviewed program with two legal officers.
fn office() -> Scene {
    let scene = reviewed_program();
    scene.join("pilot", "legal", "lena");
    scene.join("pilot", "legal", "leo");
    scene
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DONE_WITHIN;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn shown(scene: &Scene, case: &str) -> Value {
    scene.run("lena", &["case", "show", case]).exits(DONE).json()
}

fn reaches(scene: &Scene, case: &str, state: &str) -> Value {
    until(state, || Some(shown(scene, case)).filter(|shown| shown["case"]["state"] == state))
}

/// The case that a withdrawal opened.
fn case_of(scene: &Scene, submission: &str) -> String {
    until("a case", || {
        let listed = scene.run("lena", &["case", "list"]).exits(DONE).json();
        let cases = listed["cases"].as_array().unwrap().clone();
        let mut ids = cases.iter().map(|case| case["id"].as_str().unwrap().to_owned());
        ids.find(|id| {
            let shown = shown(scene, id);
            shown["concerned"] == json!([submission]) && shown["case"]["state"] == "acknowledged"
        })
    })
}

fn step(scene: &Scene, case: &str, to: &str, reason: &str, more: &[&str]) {
    let command = ["case", "step", case, to, "--reason", reason, "--yes"];
    scene.run("lena", &[&command[..], more].concat()).exits(DONE);
}

fn upheld(scene: &Scene, case: &str) {
    step(scene, case, "triaged", "content-identified", &[]);
    step(scene, case, "quarantined", "content-locked", &[]);
    step(scene, case, "reviewing", "review-begun", &[]);
    let because = ["--because", "You may ask for it at any time, and you did."];
    step(scene, case, "upheld", "consent-withdrawn", &because);
}

#[test]
fn what_was_withdrawn_is_destroyed_by_two_officers_and_stays_so_after_kill_9() {
    let scene = office();
    let id = scene.submission_of("cara");
    accept(&scene, "rosa", &id);
    let out = scene.at("cara");
    let trust = scene.trust();
    let verifies = || attestry(&["verify", &out, "--trust", &trust]).exits(DONE);
    verifies();
    let packs = ["before.zip", "after.zip"].map(|name| scene.at(name));
    scene.run("lena", &["export", &id, "--natives", "--out", &packs[0]]).exits(DONE);
    scene.run("cara", &["withdraw", &id, "--erase", "--yes"]).exits(DONE);
    let case = case_of(&scene, &id);
    upheld(&scene, &case);

    let destroy = ["case", "step", &case, "remediating", "--reason", "erasure-approved", "--yes"];
    let alone = scene.run("lena", &destroy).exits(REFUSED).json();
    assert!(alone["error"].as_str().unwrap().contains("second-officer"), "{alone}");
    let own = scene.run("lena", &["case", "approve", &case, "--yes"]).exits(REFUSED).json();
    assert!(own["error"].as_str().unwrap().contains("cannot approve"), "{own}");
    scene.run("leo", &["case", "approve", &case, "--yes"]).exits(DONE);

    let matter = ["--matter", "Example v. Example", "--authority", "A letter of 2 February."];
    let place = ["hold", "place", "--program", "pilot", "--submission", &id, "--yes"];
    let placed = scene.run("lena", &[&place[..], &matter].concat()).exits(DONE).json();
    let hold = placed["hold"].as_str().unwrap().to_owned();
    let held = scene.run("lena", &destroy).exits(REFUSED).json();
    assert!(held["error"].as_str().unwrap().contains("hold"), "{held}");
    let listed = scene.run("leo", &["hold", "list"]).exits(DONE).json();
    assert_eq!(listed["holds"][0]["released_index"], json!(null), "{listed}");
    let release = ["hold", "release", &hold, "--reason", "The matter is settled.", "--yes"];
    scene.run("lena", &release).exits(DONE);
    let told = scene.run("leo", &["hold", "show", &hold]).exits(DONE).json();
    assert_eq!(told["submissions"], json!([id]), "{told}");
    assert!(told["released_index"].is_u64(), "{told}");

    scene.run("lena", &destroy).exits(DONE);
    let scene = scene.restarted();
    let closed = reaches(&scene, &case, "closed");
    assert_eq!((&closed["ordered"], &closed["erased"]), (&json!(1), &json!(1)), "{closed}");
    let custody = scene.run("cara", &["custody", &id]).exits(DONE).json();
    assert_eq!(custody["submission"]["state"], "erased", "{custody}");
    // What the contractor kept proves what it proved, and so does what was handed over before.
    verifies();
    scene.run("lena", &["export", &id, "--natives", "--out", &packs[1]]).exits(DONE);
    // In a browser as well.
    let said = crate::page::judged(&packs[1], &trust);
    said.shows("erased: nobody can read it any more");
    said.shows("it was left out for this reader, or erased");
    let packs = packs.map(|pack| {
        let verify = ["--json", "verify", &pack, "--trust", &trust];
        attestry(&verify).exits(DONE).json()["packs"][0].clone()
    });
    assert_eq!(packs[0]["erased"], 0, "{}", packs[0]);
    assert!(packs[1]["erased"].as_u64().unwrap() > 0, "{}", packs[1]);
    assert!(packs[1]["readable"].as_u64().unwrap() > 0, "{}", packs[1]);
}

#[test]
fn an_officer_opens_a_case_for_somebody_who_wrote() {
    let scene = office();
    let id = scene.submission_of("cara");
    let letter = scene.at("letter.txt");
    std::fs::write(&letter, "Please erase what you have about me.\u{1b}[2J\n").unwrap();
    let open = ["case", "open", "--received", &letter, "--ground"];
    let wrong = scene.run("lena", &[&open[..], &["whim"]].concat()).exits(REFUSED).json();
    assert!(wrong["error"].as_str().unwrap().contains("gdpr-erasure"), "{wrong}");
    scene.run("cara", &[&open[..], &["gdpr-erasure"]].concat()).exits(REFUSED);
    let opened = scene.run("lena", &[&open[..], &["gdpr-erasure"]].concat()).exits(DONE).json();
    let case = opened["case"].as_str().unwrap();
    let shown = reaches(&scene, case, "acknowledged");
    assert_eq!(shown["case"]["channel"], "officer");
    step(&scene, case, "triaged", "content-identified", &["--concerns", &id]);
    let text =
        attestry(&["case", "show", case, "--server", &scene.url(), "--key", &scene.key("leo")]);
    let text = text.exits(DONE).stdout;
    for words in [&format!("concerns {id}"), "Please erase", "next: ", "clock "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let other = ["case", "step", case, "closed", "--reason", "whim", "--yes"];
    scene.run("lena", &other).exits(REFUSED);
    scene.run("lena", &["case", "step", case, "gone", "--reason", "whim", "--yes"]).exits(USAGE);
}

#[test]
fn a_notice_needs_no_key_and_its_link_follows_the_case() {
    let scene = office();
    let url = scene.url();
    let send = ["--json", "notice", "send", "--server", &url, "--ground"];
    let wrong = attestry(&[&send[..], &["whim"]].concat()).exits(REFUSED).json();
    assert!(wrong["error"].as_str().unwrap().contains("dsa-notice"), "{wrong}");
    let missing = attestry(&[&send[..], &["gdpr-erasure"]].concat()).exits(REFUSED).json();
    let missing = missing["error"].as_str().unwrap().to_owned();
    let (_, names) = missing.split_once("missing: ").unwrap_or_else(|| panic!("{missing}"));
    let value = |name: &str| match name {
        "contact-email" => "me@example.org",
        "erasure-ground" => "d",
        _ => "Me",
    };
    let fields: Vec<String> =
        names.split(", ").map(|name| format!("--field={name}={}", value(name))).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let ground = ["gdpr-erasure"];
    let copy = scene.at("request/mail.txt");
    let copies = ["--copy", &copy];
    let sent = attestry(&[&send[..], &ground, &fields, &copies].concat()).exits(DONE).json();
    let link = sent["link"].as_str().unwrap();
    let followed = until("acknowledged", || {
        let followed = attestry(&["--json", "notice", "follow", link]).exits(DONE).json();
        (followed["state"] == "acknowledged").then_some(followed)
    });
    assert_eq!(followed["id"], sent["case"]);
    let other = format!("{}0", &link[..link.len() - 1]);
    let other = if other == link { format!("{}1", &link[..link.len() - 1]) } else { other };
    attestry(&["notice", "follow", &other]).exits(REFUSED);
    attestry(&["notice", "follow", "link"]).exits(USAGE);
    let twice = ["--field", "name=A", "--field", "name=B"];
    attestry(&[&send[..], &ground, &twice].concat()).exits(USAGE);
}
