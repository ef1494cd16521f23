//! `attestry scrub`, and the search that comes before every signature.

use std::{fs, process::Command, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    scene::Scene,
    support::{DONE, REFUSED, USAGE, attestry, names, text},
};

/// A key of the right form, which opens nothing.
const KEY: &str = "AWS_ACCESS_KEY_ID=AKIAQ3EGRLMZ7TPDW2XN\n";

fn ids(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let blocking = findings.filter(|f| f["severity"] == "high" || f["severity"] == "critical");
    blocking.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn exit_codes_say_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    fs::write(at("clean.txt"), "The bridge was inspected in May.\n").unwrap();
    fs::write(at("key.txt"), KEY).unwrap();
    fs::write(at("torn.pdf"), "%PDF-1.7\nnothing more").unwrap();
    attestry(&["scrub", &at("clean.txt")]).exits(DONE);
    let found = attestry(&["scrub", &at("key.txt")]).exits(REFUSED);
    assert!(found.stdout.contains("key.txt") && found.stdout.contains("critical"), "{found:?}");
    assert!(!found.stdout.contains("AKIAQ3EGRLMZ7TPDW2XN"), "the value is masked: {found:?}");
    attestry(&["scrub", &at("torn.pdf")]).exits(USAGE);
    attestry(&["scrub", &at("nowhere")]).exits(USAGE).says("nowhere");
    attestry(&["scrub", &at("clean.txt"), "--threshold", "dire"]).exits(USAGE);
    attestry(&["scrub", &at("clean.txt"), "--fix"]).exits(USAGE).says("--out");
}

#[test]
fn reports_are_the_same_and_pages_stand_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    fs::create_dir(at("work")).unwrap();
    fs::write(at("work/<b>.txt"), KEY).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(".", at("work/loop")).unwrap();
    for report in ["one.json", "two.json"] {
        let arguments = ["scrub", &at("work"), "--report", &at(report), "--html", &at("page.html")];
        attestry(&arguments).exits(REFUSED);
    }
    let [one, two] = ["one.json", "two.json"].map(|name| fs::read(at(name)).unwrap());
    assert_eq!(one, two);
    let page = fs::read_to_string(at("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && !page.contains("<b>.txt"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere");
    let printed = attestry(&["--json", "scrub", &at("work")]).exits(REFUSED).json();
    assert_eq!(printed["report"], serde_json::from_slice::<Value>(&one).unwrap());
}

#[test]
fn words_of_a_list_are_found_however_they_are_spelled() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    fs::write(at("note.txt"), "As agreed with MÜLLER  & Söhne.\n").unwrap();
    fs::write(at("words.txt"), "# the client\nMueller & Sohne\nmuller & sohne\n\n").unwrap();
    attestry(&["scrub", &at("note.txt")]).exits(DONE);
    let arguments = ["--json", "scrub", &at("note.txt"), "--deny-list", &at("words.txt")];
    let found = attestry(&arguments).exits(REFUSED).json();
    assert_eq!(found["report"]["findings"][0]["rule"], "deny-list.term", "{found}");
    fs::write(at("words.txt"), "x\n").unwrap();
    attestry(&arguments).exits(USAGE);
}

#[test]
fn copies_are_made_elsewhere_and_searched_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    fs::create_dir(at("repo")).unwrap();
    fs::write(at("repo/main.py"), "print('hello')\n").unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Ada Berg", "-c", "user.email=ada@client-bank.com"];
        let mut command = Command::new("git");
        command.current_dir(at("repo")).args(identity).args(arguments);
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    fs::write(at("repo/.env"), KEY).unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "first"]);
    git(&["rm", "--quiet", ".env"]);
    git(&["commit", "--quiet", "-m", "second"]);
    let before = fs::read(at("repo/.git/HEAD")).unwrap();
    let found = attestry(&["--json", "scrub", &at("repo")]).exits(REFUSED).json();
    assert!(found.to_string().contains("ada@") || !ids(&found["report"]).is_empty(), "{found}");
    let fixed = attestry(&["--json", "scrub", &at("repo"), "--fix", "--out", &at("out")]);
    let fixed = fixed.exits(DONE).json();
    assert_eq!(ids(&fixed["report"]), Vec::<String>::new(), "{fixed}");
    assert_eq!(fs::read(at("repo/.git/HEAD")).unwrap(), before);
    assert_eq!(fs::read_to_string(at("out/repo/main.py")).unwrap(), "print('hello')\n");
    let log =
        Command::new("git").current_dir(at("out/repo")).args(["log", "--format=%ae"]).output();
    let log = String::from_utf8(log.unwrap().stdout).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(!log.contains("ada"), "{log}");
    // Never over anything.
    attestry(&["scrub", &at("repo"), "--fix", "--out", &at("out")]).exits(USAGE).says("--out");
}

#[test]
fn what_is_in_the_way_is_not_signed() {
    let scene = Scene::new();
    fs::write(scene.path("work/deploy.txt"), KEY).unwrap();
    let refused = scene.submit(&scene.url(), "out", &["--yes"]).exits(REFUSED);
    let refused = refused.says("have to be fixed or accepted").says("report.html");
    assert!(refused.stdout.contains("deploy.txt"), "{refused:?}");
    assert!(names(&scene.path("out")).iter().all(|name| name.starts_with("scrub/")));
    // Accepted with a reason each, the same files are signed, and the statement says so.
    let work = scene.at("work");
    let request = scene.at("request");
    let found = attestry(&["--json", "scrub", &request, &work]).json();
    let accepted: Vec<Value> = ids(&found["report"])
        .iter()
        .map(|id| json!({ "id": id, "reason": "A made-up key of the right form." }))
        .collect();
    assert!(!accepted.is_empty(), "{found}");
    let file = scene.at("accept.json");
    fs::write(&file, json!({ "acceptances": accepted }).to_string()).unwrap();
    let submitted = scene.submit(&scene.url(), "out", &["--yes", "--json", "--accept", &file]);
    let submitted = submitted.exits(DONE).json();
    let statements = submitted["statements"].as_array().unwrap();
    let check = statements.iter().find(|one| one["kind"] == "redaction-check").unwrap();
    let payload = fs::read_to_string(check["payload_file"].as_str().unwrap()).unwrap();
    assert!(payload.contains("A made-up key of the right form."), "{payload}");
    let report = fs::read(scene.path("out/scrub/report.json")).unwrap();
    assert!(payload.contains(&attestry_proof::hash::Hash::of(&report).to_hex()), "{payload}");
    // What is not found is not accepted.
    let wrong = json!({ "acceptances": [{ "id": "00ff00ff00ff00ff00ff00ff00ff00ff", "reason": "No such thing." }] });
    fs::write(&file, wrong.to_string()).unwrap();
    let refused = scene.submit(&scene.url(), "other", &["--yes", "--accept", &file]);
    refused.exits(USAGE).says("00ff");
}

#[test]
fn the_words_of_the_list_stay_on_the_contractors_machine() {
    let scene = Scene::new();
    let words = scene.at("words.txt");
    fs::write(&words, "Haldenbrook Marine\n").unwrap();
    fs::write(scene.path("work/note.txt"), "For haldenbrook-marine only.\n").unwrap();
    let refused = scene.submit(&scene.url(), "out", &["--yes", "--deny-list", &words]);
    refused.exits(REFUSED).says("have to be fixed or accepted");
    fs::write(scene.path("work/note.txt"), "For the client only.\n").unwrap();
    let more = ["--yes", "--json", "--deny-list", &words];
    scene.submit(&scene.url(), "out", &more).exits(DONE);
    let report = fs::read_to_string(scene.path("out/scrub/report.json")).unwrap();
    assert!(!report.contains("denyList"), "{report}");
}

#[test]
fn the_service_searches_the_same_and_says_so() {
    let scene = Scene::scanning(&[]);
    let submitted = scene.submitted("out");
    let id = submitted["submission"].as_str().unwrap();
    let scan = (0..600).find_map(|_| {
        thread::sleep(Duration::from_millis(100));
        let custody = scene.custody(id);
        let mut events = custody["events"].as_array().unwrap().iter();
        events.find(|event| event["kind"] == "scan").cloned()
    });
    let summary = scan.expect("a scan")["summary"].to_string();
    assert!(summary.contains("[\"Contractor's report\",\"same\"]"), "{summary}");
    assert!(summary.contains("[\"Neither removed nor accepted\",\"0\"]"), "{summary}");
}

#[test]
fn copies_lose_no_file_and_overwrite_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    for name in ["a", "b", "full"] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(&format!("{name}/x.txt")), "nothing\n").unwrap();
    }
    let (one, two) = (at("a/x.txt"), at("b/x.txt"));
    let both = ["scrub", &one, &two, "--fix", "--out", &at("out")];
    attestry(&both).exits(USAGE).says("two of the files");
    assert_eq!(names(&folder.path().join("out")), Vec::<String>::new());
    attestry(&["scrub", &one, "--fix", "--out", &at("full")]).exits(USAGE).says("not empty");
    attestry(&["scrub", &one, "--report", &one]).exits(USAGE).says("searched");
    attestry(&["scrub", &at("a"), "--html", &one]).exits(USAGE).says("searched");
    assert_eq!(fs::read_to_string(&one).unwrap(), "nothing\n");
}
