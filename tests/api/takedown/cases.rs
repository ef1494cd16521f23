//! Who may take which step, and when.

use serde_json::json;

use super::{REASONS, Scene};
use crate::{
    rotation::rotate,
    support::{Member, Refusal, Server, Step, Work, case_approval, case_step, new_id, review},
};

const CASE_STEP: Refusal = (409, "case-step", "Step not possible");
const MOVED_ON: Refusal = (409, "case-moved-on", "Case moved on");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");

#[tokio::test]
async fn a_withdrawal_opens_a_case_and_two_officers_destroy_what_it_concerns() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    let closed = scene.erased(case).await;
    assert_eq!((closed["ordered"].as_u64(), closed["erased"].as_u64()), (Some(1), Some(1)));
    let states: Vec<&str> = closed["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["state"].as_str().unwrap())
        .collect();
    let way = [
        "received",
        "acknowledged",
        "triaged",
        "quarantined",
        "reviewing",
        "upheld",
        "remediating",
        "propagating",
        "closed",
    ];
    assert_eq!(states, way);
    crate::support::fsck(scene.server).await;
}

#[tokio::test]
async fn a_step_that_the_rules_do_not_have_is_refused_and_says_which_they_have() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    let size = scene.server.size();
    for (to, reason) in [
        ("quarantined", "content-locked"),
        ("upheld", "consent-withdrawn"),
        ("remediating", "erasure-approved"),
        ("closed", "parties-told"),
        ("triaged", "review-begun"),
        ("triaged", "no-such-reason"),
    ] {
        let answer = scene.server.try_step(&scene.first, case, &Step::new(to, reason)).await;
        let problem = answer.refused(CASE_STEP);
        println!("{to} {reason}: {}", problem["detail"]);
    }
    let without_reasons = Step::new("rejected", "duplicate");
    scene.server.try_step(&scene.first, case, &without_reasons).await.refused(CASE_STEP);
    assert_eq!(scene.server.size(), size, "nothing was logged");
}

#[tokio::test]
async fn whoever_signs_about_an_older_state_is_told_that_the_case_moved_on() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    let seen = scene.server.case(&scene.second, case).await;
    scene.server.step(&scene.first, case, &Step::new("triaged", "content-identified")).await;
    let late = Step::new("triaged", "content-identified");
    let draft = case_step(&scene.server, &scene.second, &seen, &late);
    scene.server.send(&draft, &scene.second).await.refused(MOVED_ON);
}

#[tokio::test]
async fn nobody_decides_and_approves_not_even_with_a_second_key() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    let shown = scene.server.case(&scene.first, case).await;
    let refused = async |officer: &Member| {
        let draft = case_approval(&scene.server, officer, &shown);
        scene.server.send(&draft, officer).await.refused(CASE_STEP);
        let destroy = Step::new("remediating", "erasure-approved");
        scene.server.try_step(officer, case, &destroy).await.refused(CASE_STEP);
    };
    refused(&scene.first).await;
    let again = rotate(&scene.server, &scene.first).await;
    refused(&again).await;
    // One who cannot be told apart does not count either.
    let unnamed = scene.server.member(&["legal"]).await;
    let draft = case_approval(&scene.server, &unnamed, &shown);
    scene.server.send(&draft, &unnamed).await.refused(CASE_STEP);
    scene.approved(case).await;
    scene.server.step(&again, case, &Step::new("remediating", "erasure-approved")).await;
}

#[tokio::test]
async fn an_approval_is_of_one_decision_about_one_list() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let other = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    scene.approved(case).await;
    // The list grows after the approval.
    let lines = [work.id.to_string(), other.id.to_string()];
    let list = server.case_list(first, case, &lines).await;
    let more = Step::new("remediating", "erasure-approved").concerns(list);
    server.try_step(first, case, &more).await.refused(CASE_STEP);
    // An approval names the list that it was shown.
    let mut shown = server.case(&scene.second, case).await;
    shown["list"] = json!({ "count": list.0, "sha256": list.1.to_hex() });
    let draft = case_approval(server, &scene.second, &shown);
    server.send(&draft, &scene.second).await.refused(CASE_STEP);
}

#[tokio::test]
async fn whoever_has_a_part_in_the_content_decides_nothing_about_it() {
    let scene = Scene::new().await;
    let owner = scene.server.person(&["contractor", "legal"], "both@example.org").await;
    let mut scene = scene;
    scene.owner = owner.clone();
    let work = Work::attested(&scene.server, &owner).await;
    let case = scene.withdrawn(&work).await;
    scene.locked(case).await;
    scene.server.step(&scene.first, case, &Step::new("reviewing", "review-begun")).await;
    let step = Step::new("upheld", "consent-withdrawn").because(REASONS);
    scene.server.try_step(&owner, case, &step).await.refused(CASE_STEP);
    // Nor by naming something else in its place.
    let other = scene.server.person(&["contractor"], "other@example.org").await;
    let other = Work::attested(&scene.server, &other).await;
    let list = scene.server.case_list(&owner, case, &[other.id.to_string()]).await;
    let step = Step::new("partly-upheld", "consent-withdrawn").because(REASONS).concerns(list);
    scene.server.try_step(&owner, case, &step).await.refused(CASE_STEP);
}

#[tokio::test]
async fn cases_are_for_the_officers_of_their_program() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.server.open_program("other").await;
    let stranger = scene.server.person_in("other", &["legal"], "stranger@example.org").await;
    let path = format!("/api/v1/cases/{case}");
    for by in [&stranger, &scene.owner] {
        scene.server.get(path.clone()).by(by).send().await.refused(NOT_FOUND);
    }
    scene.server.get("/api/v1/cases").by(&scene.owner).send().await.refused(FORBIDDEN);
    let listed = scene.server.get("/api/v1/cases").by(&stranger).send().await.status(200);
    assert_eq!(listed.json(), json!([]));
    let shown = scene.server.case(&scene.first, case).await;
    let step = Step::new("triaged", "content-identified");
    for by in [&stranger, &scene.owner] {
        let draft = case_step(&scene.server, by, &shown, &step);
        let answer = scene.server.send(&draft, by).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    let missing = format!("/api/v1/cases/{}", new_id());
    scene.server.get(missing).by(&scene.first).send().await.refused(NOT_FOUND);
}

#[tokio::test]
async fn what_is_locked_only_officers_read() {
    let scene = Scene::new().await;
    let work = Work::attested(&scene.server, &scene.owner).await;
    let reviewer = scene.server.person(&["reviewer"], "reviewer@example.org").await;
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
    let read = async |server: &Server, by| {
        let path = format!("{path}?purpose=legal");
        server.get(path).by(by).send().await.status.as_u16()
    };
    assert_eq!(read(&scene.server, &reviewer).await, 200);
    let case = scene.withdrawn(&work).await;
    scene.locked(case).await;
    assert_eq!(read(&scene.server, &scene.first).await, 200, "legal");
    assert_ne!(read(&scene.server, &reviewer).await, 200);
    assert_ne!(read(&scene.server, &scene.owner).await, 200);
}

#[tokio::test]
async fn content_is_locked_as_soon_as_it_is_known_where_the_ground_says_so() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let reviewer = server.person(&["reviewer"], "reviewer@example.org").await;
    for (ground, locked) in [("court-order", true), ("gdpr-erasure", false)] {
        let work = Work::attested(server, &scene.owner).await;
        let received = json!({ "ground": ground, "received": "A letter." });
        let opened = server.post("/api/v1/cases").json(&received).by(first).send().await;
        let case = opened.status(201).json()["case"].as_str().unwrap().parse().unwrap();
        scene.reaches(case, "acknowledged").await;
        let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
        server.get(path.clone()).by(&scene.owner).send().await.status(200);
        let list = server.case_list(first, case, &[work.id.to_string()]).await;
        let step = Step::new("triaged", "content-identified").concerns(list);
        server.step(first, case, &step).await;
        for by in [&reviewer, &scene.owner] {
            let read = server.get(format!("{path}?purpose=review")).by(by).send().await;
            assert_eq!(read.status.as_u16(), if locked { 403 } else { 200 }, "{ground}");
        }
        server.get(format!("{path}?purpose=legal")).by(first).send().await.status(200);
    }
    // The service opens a case for a withdrawal, and locks by that.
    let work = Work::attested(server, &scene.owner).await;
    scene.withdrawn(&work).await;
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
    server.get(path).by(&scene.owner).send().await.status(403);
    assert_eq!(server.shown(first, work.id).await["state"], "quarantined");
    crate::support::fsck(scene.server).await;
}

/// Kinds of the events whose lines somebody is shown.
async fn lines_shown(server: &Server, by: &Member, work: &Work) -> Vec<String> {
    let path = format!("/api/v1/submissions/{}/custody?purpose=legal", work.id);
    let events = server.get(path).by(by).send().await.status(200).json();
    let events = events.as_array().unwrap().iter().filter(|event| !event["summary"].is_null());
    events.map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_locked_or_gone_is_not_told_in_lines_either() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let work = Work::attested(server, &scene.owner).await;
    let reviewer = server.person(&["reviewer"], "reviewer@example.org").await;
    let auditor = server.person(&["auditor"], "auditor@example.org").await;
    let read = work.leaves(server, &scene.owner).await;
    let draft = review(server, &reviewer, work.id, &read, true);
    server.send(&draft, &reviewer).await.status(201);
    let shown = async |by: &Member| lines_shown(server, by, &work).await;
    for by in [&scene.owner, &reviewer, &auditor, &scene.first] {
        let lines = shown(by).await;
        assert!(lines.iter().any(|kind| kind == "review"), "{lines:?}");
        assert!(lines.iter().any(|kind| kind == "effort"), "{lines:?}");
    }
    let case = scene.withdrawn(&work).await;
    for by in [&scene.owner, &reviewer, &auditor] {
        let mut lines = shown(by).await;
        lines.retain(|kind| kind != "status");
        assert_eq!(lines, [""; 0], "of what is locked");
    }
    assert!(shown(&scene.first).await.iter().any(|kind| kind == "effort"));
    scene.erased(case).await;
    for by in [&scene.owner, &reviewer] {
        let mut lines = shown(by).await;
        lines.retain(|kind| kind != "status");
        assert_eq!(lines, [""; 0], "of what is gone");
    }
    for by in [&auditor, &scene.first] {
        let lines = shown(by).await;
        assert!(lines.iter().any(|kind| kind == "review"), "the record stays: {lines:?}");
        assert!(!lines.iter().any(|kind| kind == "effort"), "{lines:?}");
    }
}

#[tokio::test]
async fn rejected_content_is_returned_and_a_case_can_be_opened_again() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.locked(case).await;
    server.step(first, case, &Step::new("reviewing", "review-begun")).await;
    let step = Step::new("rejected", "objection-withdrawn").because("You took it back.");
    server.step(first, case, &step).await;
    server.step(first, case, &Step::new("restored", "content-returned")).await;
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
    server.get(path).by(&scene.owner).send().await.status(200);
    server.step(first, case, &Step::new("closed", "parties-told")).await;
    server.step(first, case, &Step::new("reopened", "new-evidence")).await;
    assert_eq!(scene.state(case).await, "reopened");
    crate::support::fsck(scene.server).await;
}
