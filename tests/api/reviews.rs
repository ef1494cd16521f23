//! Reviews, and what follows from them: cleared, sent back, and un-cleared by whatever comes after.

use std::time::{Duration, Instant};

use attestry::service::policies::Policies;
use attestry_proof::{
    hash::Hash,
    payload::{
        StatementKind,
        withdrawal::{Purpose, Scope},
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Draft, Member, Refusal, Server, Work, new_id, review, withdrawal};

const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const SUPERSEDES_NOTHING: Refusal = (422, "supersedes-nothing", "Supersedes something else");
const OUTDATED: Refusal = (409, "review-outdated", "Review overtaken");
const OF_NOTHING: Refusal = (422, "review-of-nothing", "Review of something else");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const WITHDRAWN: Refusal = (409, "withdrawn", "Submission withdrawn");

/// Longest wait for a public word that nobody waits for.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(10);

/// A service with one attested submission and somebody who may review it.
struct Scene {
    server: Server,
    owner: Member,
    reviewer: Member,
    work: Work,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let owner = server.person(&["contractor"], "owner@example.org").await;
        let reviewer = server.person(&["reviewer"], "reviewer@example.org").await;
        let work = Work::attested(&server, &owner).await;
        Self { server, owner, reviewer, work }
    }

    async fn cleared() -> Self {
        let scene = Self::new().await;
        scene.accept().await;
        scene
    }

    async fn leaves(&self) -> Vec<Hash> {
        self.work.leaves(&self.server, &self.owner).await
    }

    async fn accept(&self) {
        let draft = review(&self.server, &self.reviewer, self.id(), &self.leaves().await, true);
        self.server.send(&draft, &self.reviewer).await.status(201);
    }

    fn id(&self) -> Uuid {
        self.work.id
    }

    async fn state(&self) -> String {
        let shown = self.server.shown(&self.owner, self.id()).await;
        shown["state"].as_str().unwrap().to_owned()
    }

    async fn word(&self) -> Option<(String, Vec<String>)> {
        self.work.public_word(&self.server, &self.owner).await
    }

    /// Waits until this is the public word: the service says it within moments.
    async fn published(&self, (status, purposes): (&str, &[&str])) {
        let word = Some((status.to_owned(), purposes.iter().map(|it| (*it).to_owned()).collect()));
        let deadline = Instant::now() + PUBLISHED_WITHIN;
        while self.word().await != word {
            assert!(Instant::now() < deadline, "{word:?} was not published");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn withdraw(&self, scope: Scope) {
        let policies = self.server.service.policies();
        let payload = withdrawal(policies.clauses(), self.id(), scope).to_bytes();
        let draft = Draft::new(&self.owner, self.id(), payload, self.server.now());
        self.server.send(&draft, &self.owner).await.status(201);
    }

    /// Ids on a work list of the program.
    async fn listed(&self, by: &Member, show: &str) -> Vec<String> {
        let path = format!("/api/v1/programs/pilot/submissions?show={show}");
        let listed = self.server.get(path).by(by).send().await.status(200).json();
        let ids = listed.as_array().unwrap().iter();
        ids.map(|each| each["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_accepting_review_clears_for_what_the_owner_consents_to() {
    let scene = Scene::new().await;
    assert_eq!(scene.state().await, "attested");
    assert_eq!(scene.word().await, None);
    scene.accept().await;
    assert_eq!(scene.state().await, "cleared");
    let shown = scene.server.shown(&scene.owner, scene.id()).await;
    assert_eq!(shown["cleared_for"], json!(["training", "evaluation"]), "no redistribution");
    let events = scene.work.custody(&scene.server, &scene.owner).await;
    let after_attesting = kinds(&events[7..]);
    assert_eq!(after_attesting, ["review", "clearance", "clearance", "status"]);
    let word = ("cleared".to_owned(), vec!["training".to_owned(), "evaluation".to_owned()]);
    assert_eq!(scene.word().await, Some(word));
}

#[tokio::test]
async fn the_public_word_gives_no_reasons() {
    let scene = Scene::cleared().await;
    let events = scene.work.custody(&scene.server, &scene.owner).await;
    let status = events.iter().find(|event| event["kind"] == "status").unwrap();
    let index = status["index"].as_u64().unwrap();
    let entry = scene.server.get(format!("/api/v1/entries/{index}")).send().await.status(200);
    assert_eq!(entry.json()["content_type"], "application/vnd.attestry.status+json");
    let path = format!("/api/v1/payloads/{}", status["payload_sha256"].as_str().unwrap());
    let payload = scene.server.get(path).send().await.status(200).json();
    let said: Vec<&String> = payload["body"].as_object().unwrap().keys().collect();
    let mut known = ["subject", "status", "purposes", "effective_at"];
    known.sort_unstable();
    let mut said: Vec<&str> = said.iter().map(|name| name.as_str()).collect();
    said.sort_unstable();
    assert_eq!(said, known);
    // The review and the decisions behind it are sealed.
    for event in events.iter().filter(|event| event["kind"] != "status") {
        let path = format!("/api/v1/payloads/{}", event["payload_sha256"].as_str().unwrap());
        scene.server.get(path).send().await.refused(NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_sent_back_waits_for_its_owner_and_then_for_a_review_again() {
    let scene = Scene::new().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let draft = review(server, &scene.reviewer, scene.id(), &scene.leaves().await, false);
    server.send(&draft, &scene.reviewer).await.status(201);
    assert_eq!(scene.state().await, "sent-back");
    assert_eq!(scene.word().await, None, "nothing was promised");
    let events = scene.work.custody(server, owner).await;
    let last = events.last().unwrap();
    assert_eq!(last["kind"], "review");
    assert!(last["summary"].to_string().contains("hours are not those"), "{last}");
    let id = scene.id().to_string();
    assert_eq!(scene.listed(&scene.reviewer, "sent-back").await, [id.as_str()]);
    assert_eq!(scene.listed(&scene.reviewer, "waiting").await, [""; 0]);

    let again = scene.work.statement(server, owner, StatementKind::Effort);
    server.send(&again, owner).await.status(201);
    assert_eq!(scene.state().await, "attested");
    assert_eq!(scene.listed(&scene.reviewer, "waiting").await, [id.as_str()]);
    assert_eq!(scene.listed(&scene.reviewer, "sent-back").await, [""; 0]);
    scene.accept().await;
    assert_eq!(scene.state().await, "cleared");
}

#[tokio::test]
async fn nobody_reviews_their_own_work_whatever_the_key() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let leaves = scene.leaves().await;
    let refused = async |who: &Member, rule: &str| {
        let problem = server
            .send(&review(server, who, scene.id(), &leaves, true), who)
            .await
            .refused(FORBIDDEN);
        let rules = problem["policy"]["rules"].as_array().unwrap();
        assert!(rules.contains(&json!(rule)), "{problem}");
    };
    // One key with both roles.
    let both = server.person(&["contractor", "reviewer"], "both@example.org").await;
    let own = Work::attested(server, &both).await;
    let draft = review(server, &both, own.id, &own.leaves(server, &both).await, true);
    let problem = server.send(&draft, &both).await.refused(FORBIDDEN);
    let rules = problem["policy"]["rules"].as_array().unwrap();
    assert!(rules.contains(&json!("no-review-of-own-work")), "{problem}");
    // Somebody whom nobody knows to be another person.
    refused(&server.member(&["reviewer"]).await, "review-by-another-person").await;
    // The owner's first key has ended; the same person comes back with another one.
    server.revoke(&scene.owner, &scene.owner, "left-program").await.status(201);
    let second = server.person(&["reviewer"], " Owner@Example.ORG ").await;
    refused(&second, "review-by-another-person").await;
    assert_eq!(server.shown(&scene.reviewer, scene.id()).await["state"], "attested");
    server
        .send(&review(server, &scene.reviewer, scene.id(), &leaves, true), &scene.reviewer)
        .await
        .status(201);
}

#[tokio::test]
async fn only_reviewers_of_the_program_review() {
    let scene = Scene::new().await;
    let server = &scene.server;
    server.open_program("other").await;
    let leaves = scene.leaves().await;
    for (program, role, refusal) in [
        ("pilot", "contractor", NOT_FOUND),
        ("pilot", "legal", FORBIDDEN),
        ("pilot", "auditor", FORBIDDEN),
        ("other", "reviewer", NOT_FOUND),
    ] {
        let email = format!("{role}@{program}.example.org");
        let who = server.person_in(program, &[role], &email).await;
        let draft = review(server, &who, scene.id(), &leaves, true);
        server.send(&draft, &who).await.refused(refusal);
    }
    let draft = review(server, &scene.owner, scene.id(), &leaves, true);
    let problem = server.send(&draft, &scene.owner).await.refused(FORBIDDEN);
    let rules = problem["policy"]["rules"].as_array().unwrap();
    assert!(rules.contains(&json!("no-review-of-own-work")), "{problem}");
    assert_eq!(scene.state().await, "attested");
}

#[tokio::test]
async fn a_review_is_of_all_that_counts_and_of_nothing_else() {
    let scene = Scene::new().await;
    let (server, reviewer) = (&scene.server, &scene.reviewer);
    let leaves = scene.leaves().await;
    let send = async |leaves: &[Hash]| {
        server.send(&review(server, reviewer, scene.id(), leaves, true), reviewer).await
    };
    for at in 0..leaves.len() {
        let mut some = leaves.clone();
        some.remove(at);
        send(&some).await.refused(OUTDATED);
    }
    let other = Work::attested(server, &scene.owner).await;
    let mut foreign = leaves.clone();
    foreign.push(other.leaves(server, &scene.owner).await[0]);
    send(&foreign).await.refused(OF_NOTHING);
    let again = scene.work.statement(server, &scene.owner, StatementKind::NdaCheck);
    server.send(&again, &scene.owner).await.status(201);
    // What was read before is not what counts now.
    send(&leaves).await.refused(OUTDATED);
    assert_eq!(scene.state().await, "attested");
    let unknown = review(server, reviewer, new_id(), &leaves, true);
    server.send(&unknown, reviewer).await.refused(NOT_FOUND);
    send(&scene.leaves().await).await.status(201);
}

#[tokio::test]
async fn attesting_again_un_clears_at_once() {
    let scene = Scene::cleared().await;
    let server = &scene.server;
    let earlier = scene.leaves().await[6].to_hex();
    let amended = |leaf: &str| {
        let draft = scene.work.statement(server, &scene.owner, StatementKind::Effort);
        draft.edit("\"supersedes\":null", &format!("\"supersedes\":\"{leaf}\""))
    };
    // A statement of another kind, and none at all, are not superseded.
    for leaf in [scene.leaves().await[5].to_hex(), Hash([9; 32]).to_hex()] {
        server.send(&amended(&leaf), &scene.owner).await.refused(SUPERSEDES_NOTHING);
    }
    assert_eq!(scene.state().await, "cleared");
    server.send(&amended(&earlier), &scene.owner).await.status(201);
    assert_eq!(scene.state().await, "attested");
    scene.published(("uncleared", &[])).await;
    assert_eq!(scene.listed(&scene.reviewer, "waiting").await, [scene.id().to_string()]);
    assert_eq!(scene.listed(&scene.reviewer, "cleared").await, [""; 0]);
    scene.accept().await;
    assert_eq!(scene.state().await, "cleared");
    scene.published(("cleared", &["training", "evaluation"])).await;
}

#[tokio::test]
async fn consent_to_one_purpose_is_taken_back_at_once() {
    let scene = Scene::cleared().await;
    scene.withdraw(Scope::Purposes(vec![Purpose::Training])).await;
    let shown = scene.server.shown(&scene.owner, scene.id()).await;
    assert_eq!((&shown["state"], &shown["withdrawn"]), (&json!("cleared"), &json!(false)));
    assert_eq!(shown["cleared_for"], json!(["evaluation"]));
    assert_eq!(scene.word().await, Some(("cleared".into(), vec!["evaluation".into()])));
    // Asked again, the rules do not give it back.
    let path = format!("/api/v1/submissions/{}/clearance", scene.id());
    let body = json!({ "purposes": ["training"] });
    let answer = scene.server.post(path).json(&body).by(&scene.reviewer).send().await;
    let decided = &answer.status(201).json()[0];
    assert_eq!((&decided["granted"], &decided["missing"]), (&json!(false), &json!(["consent"])));
    scene.withdraw(Scope::Purposes(vec![Purpose::Evaluation])).await;
    assert_eq!(scene.state().await, "reviewed");
    assert_eq!(scene.word().await, Some(("uncleared".into(), vec![])));
}

#[tokio::test]
async fn a_full_withdrawal_ends_everything() {
    let scene = Scene::cleared().await;
    let server = &scene.server;
    let leaves = scene.leaves().await;
    scene.withdraw(Scope::Everything).await;
    assert_eq!(scene.state().await, "withdrawn");
    assert_eq!(scene.word().await, Some(("withdrawn".into(), vec![])));
    let draft = scene.work.statement(server, &scene.owner, StatementKind::Effort);
    server.send(&draft, &scene.owner).await.refused(WITHDRAWN);
    let draft = review(server, &scene.reviewer, scene.id(), &leaves, true);
    let problem = server.send(&draft, &scene.reviewer).await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["rules"], json!(["withdrawn-submission"]));
    for show in ["waiting", "cleared", "sent-back"] {
        assert_eq!(scene.listed(&scene.reviewer, show).await, [""; 0], "{show}");
    }
    assert_eq!(scene.listed(&scene.reviewer, "all").await, [scene.id().to_string()]);
}

#[tokio::test]
async fn the_work_list_is_for_those_who_work_on_it() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let unfinished = server.submission(&scene.owner).await;
    let all = scene.listed(&scene.reviewer, "all").await;
    assert_eq!(all, [unfinished.to_string(), scene.id().to_string()], "newest first");
    assert_eq!(scene.listed(&scene.reviewer, "waiting").await, [scene.id().to_string()]);
    let opened = server.shown(&scene.owner, unfinished).await["opened_index"].as_u64().unwrap();
    let path = format!("/api/v1/programs/pilot/submissions?before={opened}");
    let before = server.get(path).by(&scene.reviewer).send().await.status(200).json();
    assert_eq!(before[0]["id"], scene.id().to_string());
    assert_eq!(before.as_array().unwrap().len(), 1);

    let path = "/api/v1/programs/pilot/submissions";
    for role in ["legal", "auditor"] {
        server.get(path).by(&server.member(&[role]).await).send().await.status(200);
    }
    server.open_program("other").await;
    let outsiders = [
        server.member(&["contractor"]).await,
        server.member(&["consumer"]).await,
        server.member(&["admin"]).await,
        server.member_of("other", &["reviewer"]).await,
    ];
    for outsider in &outsiders {
        server.get(path).by(outsider).send().await.refused(FORBIDDEN);
    }
    let bad = format!("{path}?show=everything");
    server.get(bad).by(&scene.reviewer).send().await.refused(MALFORMED);
}

/// As from a client that went away, or a crash in between.
#[tokio::test]
async fn what_a_review_asks_for_is_decided_though_nobody_waits_for_it() {
    let scene = Scene::new().await;
    let draft = review(&scene.server, &scene.reviewer, scene.id(), &scene.leaves().await, true);
    let statement = draft.signed(&scene.reviewer).encode();
    let service = std::sync::Arc::clone(&scene.server.service);
    let task = tokio::spawn(async move { service.register(&statement).await });
    // The review is logged, and what follows is cut off wherever it is.
    while scene.state().await == "attested" {
        tokio::task::yield_now().await;
    }
    task.abort();
    scene.published(("cleared", &["training", "evaluation"])).await;
}

#[tokio::test]
async fn a_review_sent_again_decides_nothing_anew() {
    let scene = Scene::new().await;
    let draft = review(&scene.server, &scene.reviewer, scene.id(), &scene.leaves().await, true);
    let statement = draft.signed(&scene.reviewer).encode();
    let index = scene.server.register(&statement).await;
    let size = scene.server.size();
    assert_eq!(scene.server.register(&statement).await, index);
    assert_eq!(scene.server.size(), size);
}

#[tokio::test]
async fn new_rules_decide_again_what_was_cleared() {
    let scene = Scene::cleared().await;
    scene.ask_for_scans().await;
    scene.published(("uncleared", &[])).await;
    assert_eq!(scene.state().await, "reviewed");
}

#[tokio::test]
async fn one_that_cannot_be_decided_keeps_no_other_from_it() {
    let scene = Scene::cleared().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let other = Work::attested(server, owner).await;
    let leaves = other.leaves(server, owner).await;
    let draft = review(server, &scene.reviewer, other.id, &leaves, true);
    server.send(&draft, &scene.reviewer).await.status(201);
    // Without its key nothing that was said about the first can be read.
    server.service.vault().erase_submission(scene.id()).await.unwrap();
    scene.ask_for_scans().await;
    let deadline = Instant::now() + PUBLISHED_WITHIN;
    while server.shown(owner, other.id).await["state"] != "reviewed" {
        assert!(Instant::now() < deadline, "the second was not decided again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Scene {
    /// Puts rules in force under which nothing is cleared without a scan.
    async fn ask_for_scans(&self) {
        let service = &self.server.service;
        let mut files = service.policies().files().to_vec();
        let rules = files.iter_mut().find(|(path, _)| path == "clearance.cedar").unwrap();
        let text = String::from_utf8(rules.1.clone()).unwrap();
        let stricter = text.replace(" || resource.clearancePolicy == \"reviewed\" };", " };");
        assert_ne!(stricter, text);
        rules.1 = stricter.into_bytes();
        service.adopt_policies(Policies::load(files).unwrap()).await.unwrap();
    }
}
