//! Which log a key signs for: never the one that only a service names.

use std::fs;

use serde_json::Value;

use crate::{
    proxy::{Answer, Proxy},
    scene::Scene,
    support::{DONE, REFUSED, SERVICE, USAGE, attestry, names},
};

const NOBODYS: &str = "3f1f6c2e-6a43-4a0e-9d0b-2f6f3c1f9a10";

/// What must not be in a refusal: that anything happened.
fn untouched(scene: &Scene, entries: u64) {
    assert_eq!(names(&scene.path("out")), Vec::<String>::new());
    assert_eq!(scene.entries(), entries);
}

#[test]
fn enrolling_pins_the_key_to_the_log_that_answered() {
    let scene = Scene::new();
    let link = scene.invite(&["contractor"]);
    let key = scene.key("third");
    attestry(&["key", "new", "--out", &key]).exits(DONE);
    let enrolled = attestry(&["enroll", &link, "--key", &key]).exits(DONE);
    let said = enrolled.stdout.replace('-', "");
    assert!(said.contains(&scene.service.fingerprint()), "{said}");
    assert!(enrolled.stdout.contains("third.pem.log"), "{enrolled:?}");
    let pin = fs::read(format!("{key}.log")).unwrap();
    let policy = attestry_proof::log::trust::TrustPolicy::parse(&pin).unwrap();
    assert_eq!(policy.logs()[0].key().to_string(), scene.service.announced()["log_key"]);

    // The same file as `attestry trust` writes.
    assert_eq!(pin, fs::read(scene.trust()).unwrap());

    // A refused invitation pins nothing.
    let key = scene.key("fourth");
    attestry(&["key", "new", "--out", &key]).exits(DONE);
    attestry(&["enroll", &link, "--key", &key]).exits(REFUSED);
    assert!(!scene.path("fourth.pem.log").exists());
}

#[test]
fn a_key_serves_one_log() {
    let (scene, stranger) = (Scene::new(), Scene::new());
    let link = stranger.invite(&["contractor"]);
    let entries = stranger.entries();
    let refused = attestry(&["enroll", &link, "--key", &scene.key("me")]).exits(REFUSED);
    let both = refused.stderr.replace('-', "");
    for service in [&scene.service, &stranger.service] {
        assert!(both.contains(&service.fingerprint()), "{refused:?}");
    }
    // With a policy that the key's pin contradicts, both files are named.
    let trust = stranger.trust();
    let refused =
        attestry(&["enroll", &link, "--key", &scene.key("me"), "--trust", &trust]).exits(REFUSED);
    refused.says("me.pem.log").says("trust.policy");
    // A policy that is right lets a new key in, and becomes its pin.
    let key = stranger.key("new");
    attestry(&["key", "new", "--out", &key]).exits(DONE);
    let enroll =
        |trust: &str| attestry(&["--json", "enroll", &link, "--key", &key, "--trust", trust]);
    enroll(&scene.trust()).exits(REFUSED);
    assert_eq!(stranger.entries(), entries);
    let enrolled = enroll(&trust).exits(DONE).json();
    assert_eq!(enrolled["pin"], format!("{key}.log"));
    assert_eq!(
        enrolled["fingerprint"].as_str().unwrap().replace('-', ""),
        stranger.service.fingerprint()
    );
    assert!(enrolled["key"]["thumbprint"].is_string() && enrolled["origin"].is_string());
}

#[test]
fn without_a_pin_or_a_policy_nothing_is_signed() {
    let scene = Scene::new();
    let (url, me, admin) = (scene.url(), scene.key("me"), scene.key("admin"));
    let trust = scene.trust();
    let entries = scene.entries();
    for key in [&me, &admin] {
        fs::rename(format!("{key}.log"), format!("{key}.away")).unwrap();
    }
    let caller = |key: &str| ["--server".to_owned(), url.clone(), "--key".into(), key.to_owned()];
    let run = |start: &[&str], key: &str, more: &[&str]| {
        let caller = caller(key);
        let caller: Vec<&str> = caller.iter().map(String::as_str).collect();
        attestry(&[start, &caller, more].concat())
    };
    let invite = ["invite", "--role", "contractor"];
    for refused in [
        scene.submit(&url, "out", &["--yes"]),
        run(&["withdraw", NOBODYS], &me, &["--yes"]),
        run(&["custody", NOBODYS], &me, &[]),
        run(&["key", "revoke", &"A".repeat(43), "--reason", "lost"], &me, &[]),
        run(&invite, &admin, &[]),
    ] {
        let refused = refused.exits(USAGE).says("--trust FILE");
        refused.says(&format!("attestry trust {url} --out"));
    }
    untouched(&scene, entries);
    // Either of the two things it tells to do is enough.
    run(&invite, &admin, &["--trust", &trust]).exits(DONE);
    fs::copy(&trust, format!("{me}.log")).unwrap();
    scene.submit(&url, "out", &["--yes"]).exits(DONE);
}

#[test]
fn a_service_that_is_another_log_gets_no_signature() {
    let (scene, stranger) = (Scene::new(), Scene::with(&["--origin", "log.test/other"]));
    let entries = stranger.entries();
    let refused = scene.submit(&stranger.url(), "out", &["--yes"]).exits(REFUSED);
    refused.says("log.test/other").says("attestry.localhost/log").says("Nothing was signed");
    // The same name under another key.
    let namesake = Scene::new();
    let refused = scene.submit(&namesake.url(), "out", &["--yes", "--json"]).exits(REFUSED);
    let error = refused.json()["error"].as_str().unwrap().replace('-', "");
    for service in [&scene.service, &namesake.service] {
        assert!(error.contains(&service.fingerprint()), "{error}");
    }
    let trust = namesake.trust();
    let refused = scene.submit(&namesake.url(), "out", &["--yes", "--trust", &trust]);
    refused.exits(REFUSED).says("me.pem.log");
    untouched(&scene, scene.entries());
    assert_eq!(stranger.entries(), entries);
}

#[test]
fn saying_to_be_the_log_is_not_being_it() {
    let (proxy, namesake) = (Proxy::lay(), Scene::new());
    let scene = Scene::with(&proxy.settings());
    let entries = scene.entries();
    // Name and key are the right ones, the checkpoint is by another key of that name.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("{}/checkpoint", namesake.url());
    let foreign =
        runtime.block_on(async { reqwest::get(url).await.unwrap().bytes().await.unwrap() });
    proxy.replace("/checkpoint", Answer::Fixed(foreign.to_vec()));
    let refused = scene.submit(&scene.url(), "out", &["--yes"]).exits(REFUSED);
    refused.says("the checkpoint of").says("does not meet");
    untouched(&scene, entries);
    proxy.replace("/checkpoint", Answer::Honest);
    scene.submit(&scene.url(), "out", &["--yes"]).exits(DONE);
}

#[test]
fn what_the_service_cannot_prove_is_not_said_to_be_in_the_log() {
    let proxy = Proxy::lay();
    let scene = Scene::with(&proxy.settings());
    // The statement that was sent comes back, but without receipt and proof.
    proxy.replace("/statement", Answer::Unproven);
    let refused = scene.submit(&scene.url(), "out", &["--yes"]).exits(REFUSED);
    assert!(!refused.stdout.contains("is in the log"), "{refused:?}");
    refused.says("own-work.cose").says("is not verified under");
    proxy.replace("/statement", Answer::Honest);
    let entries = scene.entries();
    let done = scene.submit(&scene.url(), "out", &["--yes", "--json"]).exits(DONE).json();
    assert_eq!(scene.entries(), entries, "all of it was logged before");

    let id = done["submission"].as_str().unwrap();
    proxy.replace("/statement", Answer::Unproven);
    let (url, key) = (scene.url(), scene.key("me"));
    let withdraw = ["withdraw", id, "--server", &url, "--key", &key, "--yes"];
    let refused = attestry(&withdraw).exits(REFUSED);
    assert!(!refused.stdout.contains("withdrawn: entry"), "{refused:?}");
    refused.says("withdrawal.cose");
}

#[test]
fn a_policy_that_is_none_is_said() {
    let scene = Scene::new();
    let (url, file) = (scene.url(), scene.at("request/mail.txt"));
    scene.submit(&url, "out", &["--yes", "--trust", &file]).exits(USAGE).says("no trust policy");
    let missing = scene.at("missing.policy");
    scene.submit(&url, "out", &["--yes", "--trust", &missing]).exits(USAGE).says("missing.policy");
    let nobody = scene.submit("http://127.0.0.1:9", "out", &["--yes"]).exits(SERVICE);
    nobody.says("is the service running there?");
    let trust = fs::read_to_string(scene.trust()).unwrap();
    let log = trust.lines().find(|line| line.starts_with("log ")).unwrap();
    let other: Value = Scene::with(&["--origin", "log.test/other"]).service.announced().clone();
    let several = format!("{log}\nlog {}\nquorum none\n", other["log_key"].as_str().unwrap());
    let path = scene.at("several.policy");
    fs::write(&path, several).unwrap();
    let refused = scene.submit(&url, "out", &["--yes", "--trust", &path]).exits(USAGE);
    refused.says("for one log alone");
}
