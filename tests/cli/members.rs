//! `attestry enroll` and `attestry invite`.

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, SERVICE, USAGE, attestry},
};

#[test]
fn the_first_administrator_comes_by_the_link_that_serve_prints() {
    let scene = Scene::new();
    let link = scene.service.announced()["admin_link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/enroll#", scene.url())), "{link}");
    let key = scene.key("second");
    attestry(&["key", "new", "--out", &key]).exits(DONE);
    // It works once.
    let again = attestry(&["--json", "enroll", &link, "--key", &key]).exits(REFUSED).json();
    assert!(again["error"].as_str().unwrap().contains("ask for a new one"), "{again}");
}

#[test]
fn an_invitation_is_used_as_a_link_or_as_a_code() {
    let scene = Scene::new();
    let (url, admin) = (scene.url(), scene.key("admin"));
    scene.open("pilot", "standard");
    let invited = attestry(&[
        "--json",
        "invite",
        "--server",
        &url,
        "--key",
        &admin,
        "--role",
        "reviewer",
        "--role",
        "legal",
        "--program",
        "pilot",
    ]);
    let invited = invited.exits(DONE).json();
    let key = scene.key("reviewer");
    attestry(&["key", "new", "--out", &key]).exits(DONE);
    let code = invited["code"].as_str().unwrap();
    let enrolled = attestry(&["--json", "enroll", "--server", &url, "--code", code, "--key", &key]);
    let enrolled = enrolled.exits(DONE).json();
    assert_eq!(enrolled["key"]["roles"], serde_json::json!(["reviewer", "legal"]));
    assert_eq!(enrolled["key"]["program"], "pilot");

    let link = scene.invite(&["contractor"]);
    let refused = attestry(&["enroll", &link, "--key", &key]).exits(REFUSED);
    refused.says("enrolled already");
    let said = attestry(&["invite", "--server", &url, "--key", &admin, "--role", "auditor"]);
    let said = said.exits(DONE);
    assert!(said.stdout.contains("/enroll#"), "{said:?}");
}

#[test]
fn what_cannot_be_used_is_said() {
    let scene = Scene::new();
    let (url, me) = (scene.url(), scene.key("me"));
    let invite = |key: &str, role: &str| {
        attestry(&["invite", "--server", &url, "--key", key, "--role", role])
    };
    invite(&me, "admin").exits(REFUSED).says("administrators may invite into their program");
    invite(&scene.key("admin"), "owner").exits(REFUSED).says("roles are");
    attestry(&["enroll", "--key", &me]).exits(USAGE).says("--server and --code");
    attestry(&["enroll", &url, "--key", &me]).exits(USAGE).says("must look like");
    let code = ["enroll", "--server", &url, "--code", "x", "--key", &me];
    attestry(&code).exits(REFUSED);
    let nobody = ["enroll", "--server", "http://127.0.0.1:9", "--code", "x", "--key", &me];
    attestry(&nobody).exits(SERVICE).says("is the service running there?");
    let address = ["enroll", "--server", "localhost", "--code", "x", "--key", &me];
    attestry(&address).exits(USAGE).says("is not an address");
}
