//! `attestry key rotate`, `approve` and `replace`: how one key takes over from another.

use std::fs;

use serde_json::Value;

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, Run, USAGE, attestry},
};

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap()
}

fn new_key(scene: &Scene, name: &str) {
    attestry(&["key", "new", "--out", &scene.key(name)]).exits(DONE);
}

#[test]
fn a_key_is_rotated_and_the_next_one_takes_over_everything() {
    let scene = Scene::new();
    let id = scene.submission_of("me");
    let (old, next) = (scene.thumbprint("me"), scene.key("next"));
    let rotate = |by: &str, to: &str, more: &[&str]| {
        scene.run(by, &[&["key", "rotate", "--to", to], more].concat())
    };
    rotate("me", &next, &[]).exits(USAGE).json();
    new_key(&scene, "next");
    let odd = rotate("me", &next, &["--reason", "boredom"]).exits(REFUSED).json();
    assert!(error(&odd).contains("reasons are"), "{odd}");
    // A key that somebody has already takes over from nobody.
    let taken = rotate("me", &scene.key("admin"), &[]).exits(REFUSED).json();
    assert!(error(&taken).contains("enrolled"), "{taken}");

    let rotated = rotate("me", &next, &["--reason", "device-change"]).exits(DONE).json();
    assert_eq!(rotated["key"]["thumbprint"], scene.thumbprint("next").as_str());
    assert_eq!(rotated["key"]["program"], "main");
    // It was told which log it is for.
    let pinned = fs::read(scene.path("next.pem.log")).unwrap();
    assert_eq!(pinned, fs::read(scene.path("me.pem.log")).unwrap());
    let custody = scene.run("next", &["custody", &id]).exits(DONE).json();
    assert_eq!(custody["submission"]["owner"], scene.thumbprint("next").as_str());
    let refused = scene.run("me", &["custody", &id]).exits(REFUSED).json();
    assert!(error(&refused).contains(&old) || error(&refused).contains("revoked"), "{refused}");
    scene.run("me", &["withdraw", &id, "--yes"]).exits(REFUSED);
    scene.run("next", &["withdraw", &id, "--yes"]).exits(DONE);
}

/// A contractor whose key is lost, two officers, and a new key.
struct Loss {
    scene: Scene,
    submission: String,
    lost: String,
    found: String,
}

impl Loss {
    fn new() -> Self {
        let scene = Scene::new();
        scene.join("main", "contractor", "cara");
        for officer in ["lena", "leo"] {
            scene.join("main", "legal", officer);
        }
        let submission = scene.submission_of("cara");
        new_key(&scene, "found");
        let (lost, found) = (scene.thumbprint("cara"), scene.thumbprint("found"));
        Self { scene, submission, lost, found }
    }

    fn approve(&self, by: &str, with: &str) -> Run {
        let what = ["key", "approve", &self.lost, "--with", with, "--identity", "video"];
        let how = ["--seen", "A passport", "--yes"];
        self.scene.run(by, &[&what[..], &how].concat())
    }

    fn replace(&self, key: &str) -> Run {
        let (url, key) = (self.scene.url(), self.scene.key(key));
        attestry(&["--json", "key", "replace", &self.lost, "--server", &url, "--key", &key])
    }

    fn refused(&self) {
        let refused = self.replace("found").exits(REFUSED).json();
        assert!(error(&refused).contains("approve"), "{refused}");
    }
}

#[test]
fn a_lost_key_is_replaced_once_two_officers_approved() {
    let loss = Loss::new();
    loss.refused();
    let approved = loss.approve("lena", &loss.found).exits(DONE).json();
    assert_eq!(approved["kind"], "key-approval");
    loss.refused();
    // The same officer twice is one officer.
    let _again = loss.approve("lena", &loss.found);
    loss.refused();
    loss.approve("leo", &loss.found).exits(DONE);
    // They approved this key, and no other.
    new_key(&loss.scene, "thief");
    let thief = loss.replace("thief").exits(REFUSED).json();
    assert!(error(&thief).contains("approve"), "{thief}");
    let replaced = loss.replace("found").exits(DONE).json();
    assert_eq!(replaced["key"]["thumbprint"], loss.found.as_str());

    let (scene, id) = (&loss.scene, loss.submission.as_str());
    // The lost key ends; the new one withdraws what it submitted, attests to nothing of it, and
    // submits new work.
    scene.run("cara", &["custody", id]).exits(REFUSED);
    scene.run("found", &["withdraw", id, "--yes"]).exits(DONE);
    let custody = scene.run("found", &["custody", id]).exits(DONE).json();
    assert_eq!(custody["submission"]["withdrawn"], true);
    assert_eq!(custody["submission"]["owner"], loss.lost.as_str(), "it stays whose it was");
    let own = scene.submission_of("found");
    assert_ne!(own, id);
}

#[test]
fn approvals_by_others_than_two_officers_are_refused() {
    let loss = Loss::new();
    let scene = &loss.scene;
    let contractor = loss.approve("me", &loss.found).exits(USAGE).json();
    assert!(error(&contractor).contains("legal officers"), "{contractor}");
    // An officer of another program, and whoever has the key that is said to be lost.
    scene.open("pilot", "standard");
    scene.join("pilot", "legal", "olga");
    let foreign = loss.approve("olga", &loss.found).exits(REFUSED).json();
    assert!(error(&foreign).contains("not allowed"), "{foreign}");
    let pretended = ["key", "approve", &loss.lost, "--with", &loss.found, "--identity", "video"];
    let pretended = [&pretended[..], &["--role", "legal", "--yes"]].concat();
    scene.run("cara", &pretended).exits(REFUSED);
    loss.approve("lena", "short").exits(USAGE);
    let unknown = ["key", "approve", &loss.found, "--with", &loss.found, "--identity", "video"];
    scene.run("lena", &[&unknown[..], &["--yes"]].concat()).exits(REFUSED);
    let odd = ["key", "approve", &loss.lost, "--with", &loss.found, "--identity", "rumour"];
    scene.run("lena", &[&odd[..], &["--yes"]].concat()).exits(USAGE);
    loss.refused();
    scene.run("cara", &["custody", &loss.submission]).exits(DONE);
}
