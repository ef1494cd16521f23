//! `attestry policy check` and `attestry policy explain`.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    folder::Folder,
    scene::Scene,
    support::{DONE, REFUSED, SERVICE, USAGE, attestry, text},
};

/// The rules of an answer that decided.
fn deciding(answer: &Value) -> Vec<&str> {
    answer["deciding"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect()
}

fn explain(words: [&str; 3], more: &[&str], code: i32) -> Value {
    let arguments = [&["--json", "policy", "explain"], &words[..], more].concat();
    attestry(&arguments).exits(code).json()
}

#[test]
fn the_policies_built_in_are_in_order() {
    let said = attestry(&["policy", "check"]).exits(DONE).stdout;
    assert!(said.contains("a service would take these policies"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    let built_in = attestry(&["--json", "policy", "check"]).exits(DONE).json();
    let folder = Folder::new();
    let copied = attestry(&["--json", "policy", "check", folder.arg()]).exits(DONE).json();
    assert_eq!(built_in["ok"], true);
    assert_eq!(built_in["bundle_sha256"].as_str().unwrap().len(), 64);
    assert!(built_in["engine"].as_str().unwrap().starts_with("cedar "));
    for same in ["bundle_sha256", "rules", "files", "engine"] {
        assert_eq!(built_in[same], copied[same], "{same}");
    }
    let files = copied["files"].as_array().unwrap();
    let rules: u64 = files.iter().map(|file| file["rules"].as_u64().unwrap()).sum();
    assert_eq!(copied["rules"], rules);
    let kinds: Vec<&str> = files.iter().filter_map(|file| file["kind"].as_str()).collect();
    for kind in ["rules", "schema", "catalogue", "text", "decisions", "takedown", "scan"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    assert!(!kinds.contains(&"other"), "{copied}");
}

#[test]
fn a_fault_is_shown_with_its_line_and_what_to_do() {
    let folder = Folder::new();
    folder.edit("access.cedar", "permit (", "permitt (");
    let run = attestry(&["policy", "check", folder.arg()]).exits(REFUSED);
    let line = fs::read_to_string(folder.path("access.cedar")).unwrap();
    let line = 1 + line.lines().position(|line| line == "permitt (").unwrap();
    let run = run.says(&format!("access.cedar:{line}:1: ")).says("| permitt (").says("| ^");
    run.says("to do: ");
    let found = attestry(&["--json", "policy", "check", folder.arg()]).exits(REFUSED).json();
    assert_eq!((&found["ok"], &found["exit_code"]), (&json!(false), &json!(REFUSED)));
    let fault = &found["faults"][0];
    assert_eq!((&fault["file"], &fault["line"]), (&json!("access.cedar"), &json!(line)));
    assert_eq!((&fault["column"], &fault["text"]), (&json!(1), &json!("permitt (")));
}

#[test]
fn every_kind_of_file_is_checked() {
    for (file, from, to, place) in [
        ("attestry.cedarschema", "entity Visitor;", "entity Visitor", "attestry.cedarschema:"),
        ("access.cedar", "principal.revoked", "principal.revokd", "access.cedar:"),
        ("clearance.cedar", "@missing(\"scan\")", "", "clearance.cedar:"),
        ("clauses/catalogue.toml", "set = \"effort\"", "set = effort", "clauses/catalogue.toml:"),
        ("clauses/catalogue.toml", "en/effort.md", "en/none.md", "clauses/catalogue.toml:"),
        ("clauses/en/effort.md", "{#on-the-job}", "{#job}", "clauses/en/effort.md:"),
        ("takedown.toml", "rolls = true", "rolls = yes", "takedown.toml:"),
        ("takedown.toml", "day = \"19 june\"", "day = \"39 june\"", "takedown.toml:"),
        ("letters.toml", "know more:\n\n{statement}", "know more.", "letters.toml: needs-info"),
    ] {
        let folder = Folder::new();
        folder.edit(file, from, to);
        attestry(&["policy", "check", folder.arg()]).exits(REFUSED).says(place);
    }
    let folder = Folder::new();
    fs::remove_file(folder.path("attestry.cedarschema")).unwrap();
    attestry(&["policy", "check", folder.arg()]).exits(REFUSED).says("no attestry.cedarschema");
}

#[test]
fn faults_of_rules_and_of_texts_are_told_together() {
    let folder = Folder::new();
    folder.edit("access.cedar", "permit (", "permitt (");
    folder.append("clauses/resign.toml", "[[require]]\nset = \"effort\"\n");
    let found = attestry(&["--json", "policy", "check", folder.arg()]).exits(REFUSED).json();
    let files: Vec<&Value> =
        found["faults"].as_array().unwrap().iter().map(|f| &f["file"]).collect();
    assert_eq!(files, ["access.cedar", "clauses/resign.toml"]);
}

#[test]
fn what_can_never_apply_and_what_is_not_read_is_told() {
    let folder = Folder::new();
    folder.edit(
        "attestry.cedarschema",
        "    action createProgram appliesTo",
        "    action archive, createProgram appliesTo",
    );
    folder.append(
        "access.cedar",
        "\n@id(\"archives\")\npermit (principal, action == Attestry::Action::\"archive\", resource);\n",
    );
    fs::write(folder.path("notes.txt"), "to do").unwrap();
    let found = attestry(&["--json", "policy", "check", folder.arg()]).exits(DONE).json();
    let warnings = found["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{found}");
    let warning = warnings[0].as_str().unwrap();
    assert!(warning.contains("archives never applies"), "{warning}");
    let said = attestry(&["policy", "check", folder.arg()]).exits(DONE).stdout;
    assert!(said.contains("notes.txt") && said.contains("not read"), "{said}");
    assert_eq!(said.matches("not read").count(), 1, "{said}");
}

#[test]
fn a_changed_text_is_a_new_version_and_says_who_signs_again() {
    let (before, after) = (Folder::new(), Folder::new());
    after.renew_effort();
    let check =
        |folder: &Folder| attestry(&["policy", "check", folder.arg(), "--since", before.arg()]);
    let said = check(&after).exits(DONE).stdout;
    assert!(said.contains("effort 1.0: what was signed stays current"), "{said}");
    let decision = "[[require]]\nset = \"effort\"\nversion = \"1.1\"\nclauses = [\"breaks\"]\n\
                    from = \"1.0\"\nreason = \"breaks count now\"\ndecided = \"2026-03-01\"\n\
                    applies_to = \"cleared\"\n";
    after.append("clauses/resign.toml", decision);
    let said = check(&after).exits(DONE).stdout;
    assert!(said.contains("effort 1.0: to be signed again as 1.1 (breaks) for cleared"), "{said}");
    assert!(said.contains("breaks count now") && !said.contains("stays current"), "{said}");

    // Edited in place, or taken out.
    let edited = Folder::new();
    edited.edit("clauses/en/effort.md", "locale: en", "locale: en\nnote: new");
    attestry(&["policy", "check", edited.arg()]).exits(DONE);
    check(&edited).exits(REFUSED).says("effort 1.0 en is another than before");
    let gone = attestry(&["policy", "check", before.arg(), "--since", after.arg()]);
    gone.exits(REFUSED).says("effort 1.1 en is gone");
}

#[test]
fn folders_that_hold_no_policies_are_unusable() {
    let folder = tempfile::tempdir().unwrap();
    let check = |path: &Path| attestry(&["policy", "check", text(path)]);
    check(&folder.path().join("none")).exits(USAGE).says("is no folder");
    check(folder.path()).exits(REFUSED).says("at least one file");
    for number in 0..=400 {
        fs::write(folder.path().join(number.to_string()), "").unwrap();
    }
    check(folder.path()).exits(USAGE).says("more than 400 files");
}

#[test]
fn a_decision_is_told_in_a_line_and_rule_by_rule() {
    let run = attestry(&["policy", "explain", "contractor@main", "review", "own-submission"]);
    let said = run.exits(REFUSED).stdout;
    let first = said.lines().next().unwrap();
    assert!(first.starts_with("DENIED: contractor of main, review on own submission"), "{said}");
    assert!(first.contains("no-review-of-own-work"), "{said}");
    let marked: Vec<&str> = said.lines().filter(|line| line.starts_with('●')).collect();
    assert!(marked.iter().any(|line| line.contains("nobody reviews what their own key")), "{said}");
    assert!(
        said.lines()
            .any(|line| line.contains("reviewer-reviews") && line.contains("does not apply"))
    );

    let said = attestry(&["policy", "explain", "visitor", "readLog", "log"]).exits(DONE).stdout;
    assert!(said.starts_with("ALLOWED: a visitor, readLog on the log, by public-log"), "{said}");
    let said = attestry(&["policy", "explain", "nobody", "review", "submission"]).exits(REFUSED);
    assert!(said.stdout.contains("no rule permits it"), "{said:?}");
    assert!(!said.stdout.contains('●'), "{said:?}");
}

#[test]
fn facts_change_the_decision() {
    let submission = ["legal@main", "readContent", "submission@main"];
    let reviewer = ["reviewer", "readContent", "submission"];
    assert_eq!(deciding(&explain(submission, &[], DONE)), ["staff-reads"]);
    let elsewhere = ["legal@other", "readContent", "submission@main"];
    assert_eq!(deciding(&explain(elsewhere, &[], REFUSED)), ["default-deny"]);
    assert_eq!(deciding(&explain(reviewer, &["--with", "held=yes"], REFUSED)), ["held-content"]);
    assert_eq!(deciding(&explain(submission, &["--with", "held=yes"], DONE)), ["staff-reads"]);
    let ended = explain(submission, &["--with", "revoked=yes"], REFUSED);
    assert_eq!(deciding(&ended), ["revoked-key"]);
    let review = ["reviewer", "review", "submission"];
    assert_eq!(deciding(&explain(review, &[], DONE)), ["reviewer-reviews"]);
    for same in ["same-person=yes", "same-person=unknown"] {
        let denied = explain(review, &["--with", same], REFUSED);
        assert_eq!(deciding(&denied), ["review-by-another-person"], "{same}");
    }
}

#[test]
fn an_answer_can_be_asked_again_under_other_policies() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("answer.json");
    let answer = explain(["reviewer", "review", "submission"], &[], DONE);
    fs::write(&file, answer.to_string()).unwrap();
    let again = ["--json", "policy", "explain", "--facts", text(&file)];
    assert_eq!(attestry(&again).exits(DONE).json(), answer);

    let folder = Folder::new();
    folder.append("access.cedar", "\n@id(\"nobody-reviews\")\nforbid (principal, action == Attestry::Action::\"review\", resource);\n");
    let strict = [&again[..], &["--policies", folder.arg()]].concat();
    let denied = attestry(&strict).exits(REFUSED).json();
    assert_eq!(deciding(&denied), ["nobody-reviews"]);
    assert_eq!(denied["request"], answer["request"]);
    assert_ne!(denied["policy_sha256"], answer["policy_sha256"]);

    fs::write(&file, r#"{"held": true, "state": "quarantined"}"#).unwrap();
    let held =
        explain(["reviewer", "readContent", "submission"], &["--facts", text(&file)], REFUSED);
    assert_eq!(deciding(&held), ["held-content"]);
    assert_eq!(held["request"]["what"]["state"], "quarantined");
    let flat = attestry(&again).exits(USAGE).json();
    assert!(flat["error"].as_str().unwrap().contains("of an earlier answer"), "{flat}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let explain = |arguments: &[&str]| attestry(&[&["policy", "explain"], arguments].concat());
    explain(&[]).exits(USAGE);
    explain(&["legal", "review"]).exits(USAGE);
    explain(&["lawyer", "review", "submission"]).exits(USAGE).says("roles are: contractor");
    explain(&["legal", "look", "log"]).exits(USAGE).says("actions are: readLog");
    explain(&["legal", "review", "log"]).exits(USAGE).says("is done to a submission");
    explain(&["legal", "review", "submission", "--with", "helt=yes"])
        .exits(USAGE)
        .says("facts are:");
    let facts = ["legal", "review", "submission", "--facts", "/nowhere.json"];
    explain(&facts).exits(USAGE).says("/nowhere.json");
    let folder = Folder::new();
    folder.edit("access.cedar", "permit (", "permitt (");
    let broken = ["visitor", "readLog", "log", "--policies", folder.arg()];
    explain(&broken).exits(USAGE).says("access.cedar:").says("to do:");
    // A service needs a key, and knows its own facts.
    let url = ["visitor", "readLog", "log", "--server", "http://127.0.0.1:9"];
    explain(&url).exits(USAGE).says("--key");
}

#[test]
fn a_service_explains_by_the_facts_it_has() {
    let scene = Scene::new();
    let (url, admin, me) = (scene.url(), scene.key("admin"), scene.key("me"));
    let thumbprint = |key: &str| {
        let shown = attestry(&["--json", "key", "show", key]).exits(DONE).json();
        shown["thumbprint"].as_str().unwrap().to_owned()
    };
    let explain = |key: &str, words: [&str; 3]| {
        let server = ["--server", url.as_str(), "--key", key];
        attestry(&[&["--json", "policy", "explain"], &words[..], &server].concat())
    };
    let boss = thumbprint(&admin);
    let invite = explain(&admin, [&boss, "invite", "program:operations"]).exits(DONE).json();
    assert_eq!(invite["request"]["who"]["key"], boss);
    assert_eq!(invite["allowed"], true);
    let attest = explain(&admin, [&boss, "attest", "new-submission"]).exits(REFUSED).json();
    assert_eq!(deciding(&attest), ["default-deny"]);
    explain(&admin, ["visitor", "readLog", "log"]).exits(DONE);
    // Contractors may not ask, and nobody about another program.
    let mine = thumbprint(&me);
    let denied = explain(&me, [&mine, "attest", "new-submission"]).exits(REFUSED).json();
    assert!(denied["error"].as_str().unwrap().contains("explainDecision"), "{denied}");
    let foreign = explain(&admin, [&mine, "attest", "new-submission"]).exits(REFUSED).json();
    assert!(foreign["error"].as_str().unwrap().contains("explainDecision"), "{foreign}");
    let words = ["policy", "explain", "visitor", "readLog", "log", "--with", "held=yes"];
    let with = [&words[..], &["--server", &url, "--key", &admin]].concat();
    attestry(&with).exits(USAGE).says("a service knows the facts");
    let nobody = ["visitor", "readLog", "log", "--server", "http://127.0.0.1:9", "--key", &admin];
    attestry(&[&["policy", "explain"], &nobody[..]].concat()).exits(SERVICE);
}
