//! Policies read again by a running service, at SIGHUP.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    folder::Folder,
    scene::Scene,
    support::{DONE, REFUSED, Run, attestry},
};

const PATIENCE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(20);

const STRICT: &str = r#"
@id("nobody-comes-in")
@says("nobody is invited this month")
forbid (principal, action == Attestry::Action::"invite", resource);
"#;

/// Waits until something holds.
#[track_caller]
fn wait(scene: &Scene, what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what} in vain:\n{}", scene.service.operators_log());
        thread::sleep(STEP);
    }
}

/// How often reading again came to this.
fn counted(scene: &Scene, outcome: &str) -> u64 {
    let name = format!("attestry_policy_reloads_total{{outcome=\"{outcome}\"}} ");
    let metrics = scene.get("/metrics");
    let count = metrics.lines().find_map(|line| line.strip_prefix(&name));
    count.map_or(0, |count| count.parse().unwrap())
}

/// Asks the service to read again, and waits until it has come to this.
#[track_caller]
fn reload(scene: &Scene, outcome: &str) {
    let before = counted(scene, outcome);
    scene.service.signal("HUP");
    wait(scene, outcome, || counted(scene, outcome) == before + 1);
}

/// Version and digest of the policies in force.
fn in_force(scene: &Scene) -> (u64, String) {
    let versions: Value = scene.get_json("/api/v1/policies");
    let digest = versions[0]["bundle_sha256"].as_str().unwrap().to_owned();
    (versions[0]["version"].as_u64().unwrap(), digest)
}

/// Requires a line of the operator's log with all these words.
#[track_caller]
fn logs(scene: &Scene, words: &[&str]) {
    wait(scene, &words.join(" and "), || {
        let said = scene.service.operators_log();
        said.lines().any(|line| words.iter().all(|word| line.contains(word)))
    });
}

fn invite(scene: &Scene) -> Run {
    scene.run("admin", &["invite", "--role", "contractor"])
}

#[test]
fn a_changed_rule_decides_after_sighup_and_a_broken_one_never() {
    let folder = Folder::new();
    let scene = Scene::with(&["--policies", folder.arg()]);
    let rules = fs::read_to_string(folder.path("access.cedar")).unwrap();
    let first = in_force(&scene);
    assert_eq!(first.0, 1);
    invite(&scene).exits(DONE);
    reload(&scene, "unchanged");
    assert_eq!(in_force(&scene), first, "nothing is logged where nothing changed");

    folder.append("access.cedar", STRICT);
    invite(&scene).exits(DONE);
    reload(&scene, "in-force");
    let second = in_force(&scene);
    logs(&scene, &["a new version is in force", &second.1]);
    let checked = attestry(&["--json", "policy", "check", folder.arg()]).exits(DONE).json();
    assert_eq!(second, (2, checked["bundle_sha256"].as_str().unwrap().to_owned()));
    let refused = invite(&scene).exits(REFUSED).json();
    let refused = refused["error"].as_str().unwrap();
    assert!(refused.contains("nobody-comes-in"), "{refused}");
    assert!(refused.contains("nobody is invited this month"), "{refused}");

    // On its last line there is a word that is none of the language.
    folder.append("access.cedar", "permitt (principal, action, resource);\n");
    let line = fs::read_to_string(folder.path("access.cedar")).unwrap().lines().count();
    reload(&scene, "refused");
    logs(&scene, &["those in force stay", &format!("access.cedar:{line}:1")]);
    assert_eq!(in_force(&scene), second);
    invite(&scene).exits(REFUSED);
    scene.submitted("out");

    // A clause text that was signed is not edited in place, and a missing file is no folder.
    fs::write(folder.path("access.cedar"), rules).unwrap();
    let effort = fs::read_to_string(folder.path("clauses/en/effort.md")).unwrap();
    folder.append("clauses/en/effort.md", "\nAnd another thing.\n");
    reload(&scene, "refused");
    fs::write(folder.path("clauses/en/effort.md"), effort).unwrap();
    fs::rename(folder.path("attestry.cedarschema"), folder.path("elsewhere")).unwrap();
    reload(&scene, "refused");
    assert_eq!(in_force(&scene), second);

    fs::rename(folder.path("elsewhere"), folder.path("attestry.cedarschema")).unwrap();
    reload(&scene, "in-force");
    let third = in_force(&scene);
    assert_eq!(third, (3, first.1), "a bundle that comes back is a version of its own");
    invite(&scene).exits(DONE);
    let scene = scene.restarted();
    assert_eq!(in_force(&scene), third);
}

#[test]
fn policies_built_in_are_not_read_again_and_the_service_stays() {
    let scene = Scene::new();
    let before = in_force(&scene);
    reload(&scene, "refused");
    logs(&scene, &["built in", "--policies"]);
    assert_eq!(in_force(&scene), before);
    invite(&scene).exits(DONE);
    assert_eq!(scene.service.stop(), (DONE, String::new()));
}
