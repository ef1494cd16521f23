//! `attestry policy replay`: what was decided is decided again, by whoever asks.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    folder::Folder,
    review::{accept, reviewed_program},
    scene::Scene,
    support::{DONE, REFUSED, Run, SERVICE, USAGE, attestry},
};

fn replay(scene: &Scene, by: &str, submission: &str) -> Run {
    scene.run(by, &["policy", "replay", submission])
}

fn outcomes(report: &Value) -> Vec<&str> {
    let decisions = report["decisions"].as_array().unwrap();
    decisions.iter().map(|it| it["outcome"].as_str().unwrap()).collect()
}

/// Changes the database of a service that does not run.
fn change(database: &Path, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
        let mut connection =
            SqliteConnectOptions::new().filename(database).connect().await.unwrap();
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "{statement}");
        connection.close().await.unwrap();
    });
}

fn wait_until_nothing_is_cleared(scene: &Scene, submission: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let custody = scene.run("cara", &["custody", submission]).exits(DONE).json();
        if custody["submission"]["cleared_for"] == serde_json::json!([]) {
            return;
        }
        assert!(Instant::now() < end, "{custody}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Position of the first decision about a submission.
fn first_decision(scene: &Scene, submission: &str) -> u64 {
    let custody = scene.run("cara", &["custody", submission]).exits(DONE).json();
    let events = custody["events"].as_array().unwrap();
    let decision = events.iter().find(|event| event["kind"] == "clearance").unwrap();
    decision["index"].as_u64().unwrap()
}

#[test]
fn every_decision_agrees_for_the_owner_and_for_an_auditor_who_leaves_a_trace() {
    let scene = reviewed_program();
    scene.join("pilot", "auditor", "ada");
    let id = scene.submission_of("cara");
    let nothing = replay(&scene, "cara", &id).exits(REFUSED).json();
    assert_eq!(nothing["outcome"], "nothing-decided");
    scene.run("rosa", &["clear", &id]).exits(REFUSED);
    accept(&scene, "rosa", &id);
    scene.run("cara", &["withdraw", &id, "--purpose", "training", "--yes"]).exits(DONE);
    scene.run("rosa", &["clear", &id]).exits(DONE);
    scene.run("rosa", &["clear", &id, "--purpose", "training"]).exits(REFUSED);

    let before = scene.entries();
    let report = replay(&scene, "cara", &id).exits(DONE).json();
    assert_eq!(report["outcome"], "agrees", "{report}");
    // Two refused, two granted by the review, one granted again, one refused.
    assert_eq!(outcomes(&report), ["agrees"; 6]);
    let granted = |decision: &Value| decision["granted"].as_bool().unwrap();
    let decisions = report["decisions"].as_array().unwrap();
    let granted: Vec<bool> = decisions.iter().map(granted).collect();
    assert_eq!(granted, [false, false, true, true, true, false]);
    assert_eq!(decisions[5]["purpose"], "training");
    assert_eq!(scene.entries(), before, "the owner leaves no trace");

    let audited = replay(&scene, "ada", &id).exits(DONE).json();
    assert_eq!(audited["decisions"], report["decisions"]);
    assert!(scene.entries() > before + 6, "each payload that she opened is logged");
    let custody = scene.run("cara", &["custody", &id]).exits(DONE).json();
    let new = custody["events"].as_array().unwrap().iter();
    let mut new = new.filter(|event| event["index"].as_u64().unwrap() >= before);
    assert!(new.all(|event| event["kind"] == "access"), "{custody}");
    // What was opened since is no part of what was decided.
    replay(&scene, "cara", &id).exits(DONE);

    let (url, key) = (scene.url(), scene.key("cara"));
    let told = attestry(&["policy", "replay", &id, "--server", &url, "--key", &key]).exits(DONE);
    assert!(told.stdout.contains("not cleared for training by needs-review: agrees"), "{told:?}");
    assert!(told.stdout.contains("cleared for evaluation by clearance-reviewed: agrees"));
    assert!(told.stdout.contains("not proven"), "{told:?}");
}

#[test]
fn whoever_may_not_read_does_not_replay() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    scene.join("pilot", "contractor", "carl");
    for outsider in ["carl", "me"] {
        let refused = replay(&scene, outsider, &id).exits(REFUSED).json();
        assert!(refused["error"].as_str().unwrap().contains("no submission"), "{refused}");
    }
    let odd = ["policy", "replay", &id, "--purpose", "curiosity"];
    let odd = scene.run("rosa", &odd).exits(REFUSED).json();
    assert!(odd["error"].as_str().unwrap().contains("purposes are"), "{odd}");
    scene.run("cara", &["policy", "replay", "not-an-id"]).exits(USAGE);
    let nowhere = ["policy", "replay", &id, "--server", "http://127.0.0.1:9", "--key"];
    attestry(&[&nowhere[..], &[&scene.key("cara")]].concat()).exits(SERVICE);
}

#[test]
fn an_erased_decision_is_not_replayed_and_the_others_are() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    scene.run("rosa", &["clear", &id, "--purpose", "training"]).exits(REFUSED);
    accept(&scene, "rosa", &id);
    let erased = first_decision(&scene, &id);
    let delete = format!("DELETE FROM payloads WHERE leaf_index = {erased}");
    let scene = scene.restarted_after(|data| change(&data.join("ledger.db"), &delete));
    let report = replay(&scene, "cara", &id).exits(REFUSED).json();
    assert_eq!(report["outcome"], "not-replayed", "{report}");
    assert_eq!(outcomes(&report), ["not-replayed", "agrees", "agrees"]);
    let decision = &report["decisions"][0];
    assert_eq!(decision["index"], erased);
    assert!(decision["reason"].as_str().unwrap().contains("erased"), "{decision}");
    assert!(decision.get("granted").is_none(), "nothing is guessed: {decision}");
}

#[test]
fn decisions_are_made_again_by_the_rules_of_their_time_while_those_are_archived() {
    let folder = Folder::new();
    let scene = Scene::with(&["--policies", folder.arg()]);
    scene.open("pilot", "reviewed");
    scene.join("pilot", "contractor", "cara");
    scene.join("pilot", "reviewer", "rosa");
    let id = scene.submission_of("cara");
    let rules = folder.path("clearance.cedar");
    let first = attestry_proof::hash::Hash::of(&std::fs::read(&rules).unwrap());
    accept(&scene, "rosa", &id);
    // From now on nothing is cleared any more.
    let strict = "\n@id(\"nothing-more\")\n@missing(\"other\")\nforbid (principal, \
                  action == Attestry::Action::\"grantClearance\", resource);\n";
    folder.append("clearance.cedar", strict);
    let scene = scene.restarted();
    // What was cleared is decided again by itself.
    wait_until_nothing_is_cleared(&scene, &id);
    let report = replay(&scene, "cara", &id).exits(DONE).json();
    assert!(outcomes(&report).iter().all(|outcome| *outcome == "agrees"), "{report}");
    let decided_by = |at: usize| {
        let decision = &report["decisions"][at];
        (decision["deciding"][0].as_str().unwrap(), decision["policy_sha256"].clone())
    };
    let ((old, old_bundle), (new, new_bundle)) = (decided_by(1), decided_by(2));
    assert_eq!((old, new), ("clearance-reviewed", "nothing-more"));
    assert_ne!(old_bundle, new_bundle);

    let delete = format!("DELETE FROM policy_files WHERE sha256 = x'{first}'");
    let scene = scene.restarted_after(|data| change(&data.join("ledger.db"), &delete));
    let report = replay(&scene, "cara", &id).exits(REFUSED).json();
    let found = outcomes(&report);
    assert_eq!(found[..2], ["not-replayed"; 2], "{report}");
    assert!(found.len() > 2 && found[2..].iter().all(|it| *it == "agrees"), "{report}");
    let reason = report["decisions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("not archived: clearance.cedar is gone"), "{reason}");
}
