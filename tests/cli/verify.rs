//! `attestry verify`: 0 verified, 1 not verified, 2 unusable input; and no need of the service.

use std::{fs, path::Path};

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, USAGE, attestry, names, text},
};

#[test]
fn what_a_contractor_holds_verifies_without_the_service() {
    let scene = Scene::new();
    scene.submitted("out");
    let trust = scene.trust();
    let Scene { directory, service, .. } = scene;
    service.kill();
    let out = directory.path().join("out");
    let verified =
        attestry(&["--json", "verify", text(&out), "--trust", &trust]).exits(DONE).json();
    assert_eq!(verified["verdict"], "verified", "{verified}");
    let said = attestry(&["verify", text(&out), "--trust", &trust]).exits(DONE);
    assert!(said.stdout.contains("verified"), "{said:?}");
    // The files on disk are those that were attested to.
    let openings = out.join("openings/deliverable.json");
    let folder = directory.path().join("received");
    fs::create_dir(&folder).unwrap();
    fs::rename(directory.path().join("work"), folder.join("work")).unwrap();
    let files = |folder: &Path| {
        let arguments = [
            "--json",
            "verify",
            text(&out),
            "--trust",
            &trust,
            "--openings",
            text(&openings),
            "--files",
            text(folder),
        ];
        attestry(&arguments)
    };
    files(&folder).exits(DONE).json();
    fs::write(folder.join("work/src/main.rs"), "fn main(){ }\n").unwrap();
    let changed = files(&folder).exits(REFUSED).json();
    assert_eq!(changed["files"][0]["changed"], serde_json::json!(["work/src/main.rs"]));

    every_flipped_bit_shows(&out, &trust);
}

fn every_flipped_bit_shows(out: &Path, trust: &str) {
    for folder in ["statements", "payloads"] {
        for name in names(&out.join(folder)) {
            let file = out.join(folder).join(&name);
            let good = fs::read(&file).unwrap();
            let mut bad = good.clone();
            let middle = bad.len() / 2;
            bad[middle] ^= 1;
            fs::write(&file, &bad).unwrap();
            let run = attestry(&["--json", "verify", text(out), "--trust", trust]);
            assert!([REFUSED, USAGE].contains(&run.code), "{name} passes: {run:?}");
            run.json();
            fs::write(&file, &good).unwrap();
        }
    }
}

#[test]
fn input_that_cannot_be_used_exits_with_2() {
    let scene = Scene::new();
    scene.submitted("out");
    let (out, trust) = (scene.at("out"), scene.trust());
    let missing = scene.at("missing");
    attestry(&["verify", &missing, "--trust", &trust]).exits(USAGE).says("missing");
    attestry(&["verify", &out, "--trust", &missing]).exits(USAGE).says("missing");
    let other = scene.at("request/mail.txt");
    attestry(&["verify", &out, "--trust", &other]).exits(USAGE).says("trust policy");
    attestry(&["verify", &other, "--trust", &trust]).exits(USAGE);
    let json = attestry(&["--json", "verify", &other, "--trust", &trust]).exits(USAGE).json();
    assert_eq!(json["exit_code"], USAGE);
    attestry(&["verify", &out]).exits(USAGE).says("--trust");
}

#[test]
fn a_log_that_is_not_trusted_does_not_verify() {
    let (scene, stranger) = (Scene::new(), Scene::new());
    scene.submitted("out");
    let wrong = stranger.trust();
    let run = attestry(&["--json", "verify", &scene.at("out"), "--trust", &wrong]);
    let report = run.exits(REFUSED).json();
    assert_ne!(report["verdict"], "verified", "{report}");
}
