//! Notices: anybody may send one and follow it, and nobody learns more than that.

use std::collections::{BTreeMap, BTreeSet};

use attestry_policy::takedown::{AGREED, Field, FieldKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Scene;
use crate::support::{Member, Refusal, Server, Step, Work};

const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const TOO_LARGE: Refusal = (413, "too-large", "Too large");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");

const TOO_MANY: Refusal = (429, "too-many-requests", "Too many requests");

/// What a rights-holder writes that nobody else may see.
const PLANTED: &str = "Zephyrine Quillfeather <script>alert(1)</script>";

/// A notice with everything that its form asks for.
pub fn notice(server: &Server, ground: &str) -> Value {
    let policies = server.service.policies();
    let rules = policies.takedown().unwrap();
    let ground_of = rules.ground(ground).unwrap();
    let missing = rules.missing_fields(ground_of, &std::collections::BTreeSet::new());
    let value = |field: &Field| match field.kind() {
        FieldKind::Email => "zephyrine@example.org".to_owned(),
        FieldKind::Date => "2026-02-03".to_owned(),
        FieldKind::Agreement => AGREED.to_owned(),
        FieldKind::Choice => rules.field(*field).unwrap().choices[0].0.to_string(),
        _ => PLANTED.to_owned(),
    };
    let fields: BTreeMap<String, String> =
        missing.iter().map(|field| (field.as_str().to_owned(), value(field))).collect();
    assert!(!fields.is_empty());
    json!({ "ground": ground, "fields": fields })
}

async fn officers(server: &Server) -> [Member; 2] {
    [
        server.person_in("operations", &["legal"], "op1@example.org").await,
        server.person_in("operations", &["legal"], "op2@example.org").await,
    ]
}

#[tokio::test]
async fn a_notice_needs_no_account_and_its_link_follows_the_case_to_the_end() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let work = Work::attested(server, &scene.owner).await;
    let [first, second] = officers(server).await;
    let sent = server.post("/api/v1/notices").json(&notice(server, "gdpr-erasure")).send().await;
    let sent = sent.status(201).json();
    let case: Uuid = sent["case"].as_str().unwrap().parse().unwrap();
    let link = sent["link"].as_str().unwrap().strip_prefix(&server.url).unwrap().to_owned();
    scene
        .until("acknowledged", async || {
            let shown = server.get(link.clone()).send().await.status(200);
            assert_eq!(shown.header("cache-control"), "no-store");
            (shown.json()["state"] == "acknowledged").then_some(())
        })
        .await;
    let shown = server.case(&first, case).await;
    assert!(shown["notice"].as_str().unwrap().contains("Zephyrine"), "{shown}");
    assert!(!shown["clocks"].as_array().unwrap().is_empty(), "{shown}");

    let list = server.case_list(&first, case, &[work.id.to_string()]).await;
    let triaged = Step::new("triaged", "content-identified").concerns(list);
    server.step(&first, case, &triaged).await;
    server.step(&first, case, &Step::new("quarantined", "content-locked")).await;
    server.step(&first, case, &Step::new("reviewing", "review-begun")).await;
    let upheld = Step::new("upheld", "erasure-due").because("It is about you.");
    server.step(&first, case, &upheld).await;
    let shown = server.case(&second, case).await;
    let approval = crate::support::case_approval(server, &second, &shown);
    server.send(&approval, &second).await.status(201);
    server.step(&second, case, &Step::new("remediating", "erasure-approved")).await;
    let public = scene
        .until("closed", async || {
            let shown = server.get(link.clone()).send().await.status(200).json();
            (shown["state"] == "closed").then_some(shown)
        })
        .await;
    assert_eq!(public["erased"], 1, "{public}");
    for path in ["/api/v1/register/cases", "/api/v1/register/cases.csv"] {
        let register = server.get(path).send().await.status(200);
        let text = String::from_utf8(register.body).unwrap();
        assert!(text.contains(&case.to_string()) && text.contains("closed"), "{text}");
        for secret in ["Zephyrine", "script", link.rsplit('/').next().unwrap()] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(!text.contains(&work.id.to_string()), "nobody is told which: {text}");
    }
    crate::support::fsck(scene.server).await;
}

#[tokio::test]
async fn a_notice_that_is_not_one_is_refused_and_opens_nothing() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let size = server.size();
    let good = notice(server, "trade-secret");
    let edit = |edit: &dyn Fn(&mut Value)| {
        let mut notice = good.clone();
        edit(&mut notice);
        notice
    };
    let name = good["fields"].as_object().unwrap().keys().next().unwrap().clone();
    for (notice, says) in [
        (edit(&|it| it["ground"] = json!("because")), "ground"),
        (edit(&|it| it["ground"] = json!("withdrawal")), "ground"),
        (edit(&|it| drop(it["fields"].as_object_mut().unwrap().remove(&name))), name.as_str()),
        (edit(&|it| it["fields"][&name] = json!("  ")), name.as_str()),
        (edit(&|it| it["fields"]["shoe-size"] = json!("43")), "shoe-size"),
        (edit(&|it| it["fields"][&name] = json!("x".repeat(16_001))), "16001"),
        (edit(&|it| it["fields"]["good-faith"] = json!("no")), "good-faith"),
        (edit(&|it| it["fields"]["contact-email"] = json!("me")), "e-mail"),
        (edit(&|it| it["files"] = json!(["AB"])), "SHA-256"),
        (edit(&|it| it["more"] = json!(1)), "more"),
    ] {
        let problem = server.post("/api/v1/notices").json(&notice).send().await.refused(MALFORMED);
        assert!(problem["detail"].as_str().unwrap().contains(says), "{says}: {problem}");
    }
    let long = edit(&|it| it["fields"][&name] = json!("x".repeat(70_000)));
    server.post("/api/v1/notices").json(&long).send().await.refused(TOO_LARGE);
    server.post("/api/v1/notices").body("{").send().await.refused(MALFORMED);
    assert_eq!(server.size(), size);
    for secret in ["", "0", "..%2f..%2f", &"0".repeat(64)] {
        let answer = server.get(format!("/api/v1/notices/{secret}")).send().await;
        assert!([404, 405].contains(&answer.status.as_u16()), "{secret:?}: {}", answer.status);
    }
    let guess = format!("/api/v1/notices/{}", "0".repeat(64));
    let problem = server.get(guess).send().await.refused(NOT_FOUND);
    assert!(!problem.to_string().contains("0000"), "a secret is not repeated: {problem}");
}

#[tokio::test]
async fn floods_of_notices_are_slowed_down_and_nothing_is_written() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let notice = notice(server, "gdpr-erasure");
    let mut taken = 0;
    // From this machine anybody may come, through a proxy: only what all may send together counts.
    let refused = loop {
        assert!(taken < 150, "no end to it");
        let sent = server.post("/api/v1/notices").json(&notice).send().await;
        match sent.status.as_u16() {
            201 => taken += 1,
            _ => break sent,
        }
    };
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=11).contains(&wait), "{wait}");
    refused.refused(TOO_MANY);
    assert!(taken >= 100, "more than one page: {taken}");
    // However many come, the oldest are found, by everybody and by officers.
    let [officer, _] = officers(server).await;
    for (path, by) in [("/api/v1/register/cases", None), ("/api/v1/cases", Some(&officer))] {
        let (mut seen, mut before) = (BTreeSet::new(), u64::MAX);
        loop {
            let call = server.get(format!("{path}?before={before}"));
            let call = if let Some(officer) = by { call.by(officer) } else { call };
            let page = call.send().await.status(200).json();
            let Some(last) = page.as_array().unwrap().last() else { break };
            before = last["opened_index"].as_u64().unwrap();
            let new = page.as_array().unwrap().iter();
            seen.extend(new.map(|case| case["id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(seen.len(), taken, "{path}");
    }
    let table = server.get("/api/v1/register/cases.csv?before=0").send().await.status(200);
    assert_eq!(table.body.iter().filter(|byte| **byte == b'\n').count(), 1, "only its heading");
}
