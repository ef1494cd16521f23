//! Decisions about clearance: by which rules, on which facts, and made again.

use attestry::service::policies::Policies;
use attestry_policy::clearance::{ClearanceDecision, RecordedFacts, Replay, replay};
use attestry_proof::{
    hash::Hash,
    payload::{
        Payload, StatementKind, clearance::Clearance, clearance_facts::Recorded, fields::Digest,
    },
};
use serde_json::{Value, json};

use crate::support::{Answer, Member, Refusal, Server, Work, fsck, new_id, review};

const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");

/// A contractor's work and its reviewer, in a program.
struct Scene {
    server: Server,
    owner: Member,
    reviewer: Member,
    work: Work,
}

impl Scene {
    /// In "main", which is under the terms "standard".
    async fn standard() -> Self {
        Self::new("main").await
    }

    /// In "pilot", where people review every file.
    async fn reviewed() -> Self {
        Self::new("pilot").await
    }

    async fn new(program: &str) -> Self {
        let server = Server::start().await;
        let owner = server.person_in(program, &["contractor"], "ada@example.org").await;
        let reviewer = server.person_in(program, &["reviewer"], "bob@example.org").await;
        let work = Work::attested(&server, &owner).await;
        Self { server, owner, reviewer, work }
    }

    async fn accept(&self) {
        let leaves = self.work.leaves(&self.server, &self.owner).await;
        let draft = review(&self.server, &self.reviewer, self.work.id, &leaves, true);
        self.server.send(&draft, &self.reviewer).await.status(201);
    }

    async fn clear(&self, by: &Member, body: &Value) -> Answer {
        let path = format!("/api/v1/submissions/{}/clearance", self.work.id);
        self.server.post(path).json(body).by(by).send().await
    }

    /// The last decision about a purpose, as its payload says it.
    async fn decision(&self, purpose: &str) -> Clearance {
        let mut last = None;
        for event in self.work.custody(&self.server, &self.owner).await {
            if event["kind"] == "clearance" {
                let path = format!("/api/v1/entries/{}/payload", event["index"]);
                let bytes = self.server.get(path).by(&self.owner).send().await.status(200).body;
                let Payload::Clearance(said) = Payload::parse(&bytes, true).unwrap() else {
                    panic!("{event}")
                };
                if said.body().purpose.as_str() == purpose {
                    last = Some(said.body().clone());
                }
            }
        }
        last.unwrap()
    }

    /// Decides again by the archived bundle that the decision names.
    async fn decide_again(&self, said: &Clearance) -> Replay {
        let digest = said.policy_sha256.0;
        let files = self.server.service.archived_policies(digest).await.unwrap().unwrap();
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        replay(&named, facts(said)).unwrap()
    }
}

/// What is recorded, in the words of the rules: the same JSON.
fn facts(said: &Clearance) -> RecordedFacts {
    serde_json::from_value(serde_json::to_value(&said.facts).unwrap()).unwrap()
}

fn agrees(decision: &ClearanceDecision, said: &Clearance) -> bool {
    let deciding: Vec<&str> = decision.deciding.iter().map(|id| id.as_str()).collect();
    let missing: Vec<&str> = decision.missing.iter().map(|word| word.as_str()).collect();
    let said_deciding: Vec<&str> = said.deciding.iter().map(|id| id.as_str()).collect();
    let said_missing: Vec<&str> = said.missing.iter().map(|word| word.as_str()).collect();
    (decision.cleared, deciding, missing) == (said.granted, said_deciding, said_missing)
}

#[tokio::test]
async fn under_the_standard_terms_a_scan_is_missing() {
    let scene = Scene::standard().await;
    scene.accept().await;
    let said = scene.decision("training").await;
    assert!(!said.granted);
    let deciding: Vec<&str> = said.deciding.iter().map(|id| id.as_str()).collect();
    let missing: Vec<&str> = said.missing.iter().map(|word| word.as_str()).collect();
    assert_eq!((deciding, missing), (vec!["needs-scan"], vec!["scan"]));
    let shown = scene.server.shown(&scene.owner, scene.work.id).await;
    assert_eq!((&shown["state"], &shown["cleared_for"]), (&json!("reviewed"), &json!([])));
    assert_eq!(scene.work.public_word(&scene.server, &scene.owner).await, None);
}

#[tokio::test]
async fn a_decision_names_its_rules_and_facts_and_is_made_again() {
    let scene = Scene::reviewed().await;
    scene.accept().await;
    let said = scene.decision("evaluation").await;
    assert!(said.granted);
    assert_eq!(said.policy_sha256.0, scene.server.service.policies().digest());
    assert!(said.engine.name.as_str().contains("cedar"), "{:?}", said.engine);
    let json = serde_json::to_value(&said.facts).unwrap();
    let text = json.to_string();
    let reviewer = scene.reviewer.thumbprint().to_string();
    assert!(text.contains(&reviewer) && text.contains("\"reviewed\""), "{json}");
    let Replay::Decided(again) = scene.decide_again(&said).await else { panic!("facts are gone") };
    assert!(agrees(&again, &said), "{again:?} {said:?}");
    // Other facts, other decision: making it again can disagree.
    let mut other = said.clone();
    other.facts.withdrawn = Recorded::Known(true);
    let Replay::Decided(again) = scene.decide_again(&other).await else { panic!("facts are gone") };
    assert!(!agrees(&again, &said), "{again:?}");
}

#[tokio::test]
async fn what_is_not_on_record_is_not_decided_again() {
    let scene = Scene::reviewed().await;
    scene.accept().await;
    let mut said = scene.decision("training").await;
    said.facts.review = Recorded::Redacted;
    let Replay::NotReplayed { gone } = scene.decide_again(&said).await else {
        panic!("it guessed")
    };
    assert_eq!(gone.len(), 1, "{gone:?}");
    // A bundle that was never in force is not there to decide by.
    said.policy_sha256 = Digest(Hash([7; 32]));
    let digest = said.policy_sha256.0;
    assert!(scene.server.service.archived_policies(digest).await.unwrap().is_none());
}

#[tokio::test]
async fn every_part_that_is_missing_is_named() {
    let server = Server::start().await;
    let owner = server.person(&["contractor"], "ada@example.org").await;
    let reviewer = server.person(&["reviewer"], "bob@example.org").await;
    let id = server.submission(&owner).await;
    let path = format!("/api/v1/submissions/{id}/clearance");
    let body = json!({ "purposes": ["training"] });
    let call = server.post(path.clone()).json(&body).by(&reviewer);
    let decided = &call.send().await.status(201).json()[0];
    assert_eq!(decided["granted"], false);
    let missing = [
        "request-manifest",
        "deliverable-manifest",
        "own-work",
        "nda-check",
        "redaction-check",
        "task-authority",
        "effort",
        "consent",
        "declared-risk",
        "review",
    ];
    // The effort is about files that are not those of any stated manifest.
    let mut found: Vec<&str> =
        decided["missing"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    found.sort_unstable();
    let mut expected = missing.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    // Without consent there is nothing to decide about.
    let none = server.post(path).json(&json!({})).by(&reviewer).send().await.status(201).json();
    assert_eq!(none, json!([]));
}

#[tokio::test]
async fn statements_about_other_files_do_not_count() {
    let scene = Scene::reviewed().await;
    let (server, owner) = (&scene.server, &scene.owner);
    // The same kinds again, of which one names a commitment that nobody stated.
    let draft = scene.work.statement(server, owner, StatementKind::Effort);
    let text = String::from_utf8(draft.payload.clone()).unwrap();
    let commitment = text.split("\"commitment\":\"").nth(1).unwrap()[..64].to_owned();
    let draft = draft.edit(&commitment, &"ab".repeat(32));
    server.send(&draft, owner).await.status(201);
    scene.accept().await;
    let said = scene.decision("training").await;
    let missing: Vec<&str> = said.missing.iter().map(|word| word.as_str()).collect();
    assert_eq!((said.granted, missing), (false, vec!["effort"]));
}

#[tokio::test]
async fn nobody_is_another_person_than_one_who_is_not_known() {
    let server = Server::start().await;
    let owner = server.contractor().await;
    let reviewer = server.person(&["reviewer"], "bob@example.org").await;
    let work = Work::attested(&server, &owner).await;
    let leaves = work.leaves(&server, &owner).await;
    let draft = review(&server, &reviewer, work.id, &leaves, true);
    let problem = server.send(&draft, &reviewer).await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["rules"], json!(["review-by-another-person"]));
    let path = format!("/api/v1/submissions/{}/clearance", work.id);
    let problem = server.post(path).json(&json!({})).by(&reviewer).send().await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["rules"], json!(["review-by-another-person"]));
}

/// Known when it was reviewed, forgotten afterwards: deciding again finds nobody to tell apart.
#[tokio::test]
async fn forgetting_a_person_takes_no_clearance_and_gives_none() {
    let scene = Scene::reviewed().await;
    scene.accept().await;
    let path = format!("/api/v1/keys/{}/person", scene.owner.thumbprint());
    scene.server.delete(path).by(&scene.server.admin).send().await.status(204);
    let shown = scene.server.shown(&scene.owner, scene.work.id).await;
    assert_eq!(shown["state"], "cleared");
    scene.clear(&scene.reviewer, &json!({})).await.refused(FORBIDDEN);
}

#[tokio::test]
async fn reviewers_of_the_program_ask_and_nobody_else() {
    let scene = Scene::reviewed().await;
    let server = &scene.server;
    server.open_program("other").await;
    let good = json!({ "purposes": ["training"] });
    let size = server.size();
    scene.clear(&scene.owner, &good).await.refused(FORBIDDEN);
    for role in ["legal", "auditor"] {
        let who = server.person(&[role], &format!("{role}@example.org")).await;
        scene.clear(&who, &good).await.refused(FORBIDDEN);
    }
    for role in ["contractor", "consumer", "admin"] {
        let who = server.person(&[role], &format!("{role}@example.org")).await;
        scene.clear(&who, &good).await.refused(NOT_FOUND);
    }
    let elsewhere = server.person_in("other", &["reviewer"], "far@example.org").await;
    scene.clear(&elsewhere, &good).await.refused(NOT_FOUND);
    let path = format!("/api/v1/submissions/{}/clearance", new_id());
    let call = server.post(path).json(&good).by(&scene.reviewer);
    call.send().await.refused(NOT_FOUND);
    let path = format!("/api/v1/submissions/{}/clearance", scene.work.id);
    server.post(path).json(&good).send().await.refused(UNAUTHENTICATED);
    for bad in [json!({ "purposes": ["sale"] }), json!({ "purpose": "training" }), json!("all")] {
        scene.clear(&scene.reviewer, &bad).await.refused(MALFORMED);
    }
    assert_eq!(server.size().0, size.0 + 6, "the six who came");
    scene.clear(&scene.reviewer, &good).await.status(201);
}

/// The shipped files with something put in the place of something else.
fn bundle(from: &str, to: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = attestry::assets::policies();
    let (_, bytes) = files.iter_mut().find(|(path, _)| path == "clearance.cedar").unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{from}");
    *bytes = text.replacen(from, to, 1).into_bytes();
    files
}

#[tokio::test]
async fn another_bundle_is_logged_and_decided_by() {
    let scene = Scene::standard().await;
    scene.accept().await;
    let before = scene.decision("training").await;
    let lenient = bundle(
        "unless { resource has scanRisk || resource.clearancePolicy == \"reviewed\" };",
        "unless { resource.withdrawn == false };",
    );
    let size = scene.server.size();
    let service = &scene.server.service;
    let digest = service.adopt_policies(Policies::load(lenient).unwrap()).await.unwrap();
    assert_eq!(scene.server.size().0, size.0 + 1);
    let entry = scene.server.get(format!("/api/v1/entries/{size}")).send().await.status(200);
    assert_eq!(entry.json()["content_type"], "application/vnd.attestry.policy+json");
    let versions = scene.server.get("/api/v1/policies").send().await.status(200).json();
    let newest = (&versions[0]["version"], &versions[0]["bundle_sha256"]);
    assert_eq!(newest, (&json!(2), &json!(digest.to_hex())));

    let answer = scene.clear(&scene.reviewer, &json!({})).await.status(201).json();
    assert!(answer.as_array().unwrap().iter().all(|each| each["granted"] == true), "{answer}");
    let after = scene.decision("training").await;
    assert_eq!((after.granted, after.policy_sha256.0), (true, digest));
    // Each is made again by its own bundle, whichever is in force.
    for said in [&before, &after] {
        let Replay::Decided(again) = scene.decide_again(said).await else { panic!("{said:?}") };
        assert!(agrees(&again, said), "{again:?} {said:?}");
    }
    // The same bundle again is no new version.
    let size = scene.server.size();
    let same = service.policies().files().to_vec();
    service.adopt_policies(Policies::load(same).unwrap()).await.unwrap();
    assert_eq!(scene.server.size(), size);
    // And it counts for who may do what as well: a refusal names it.
    let problem = scene.clear(&scene.owner, &json!({})).await.refused(FORBIDDEN);
    assert_eq!(problem["policy"]["bundle_sha256"], digest.to_hex());
}

/// The log states when a bundle comes into force to the second.
#[tokio::test]
async fn a_bundle_that_comes_back_at_once_is_a_version_of_its_own() {
    let server = Server::start().await;
    let service = &server.service;
    let shipped = || Policies::load(attestry::assets::policies()).unwrap();
    let other = || Policies::load(bundle("// ---- locks", "// ---- what locks")).unwrap();
    for policies in [other(), shipped(), other(), shipped()] {
        let digest = policies.digest();
        assert_eq!(service.adopt_policies(policies).await.unwrap(), digest);
        assert_eq!(service.ledger().policy().await.unwrap().unwrap().0, digest);
        server.submission(&server.contractor().await).await;
    }
    let versions = server.get("/api/v1/policies").send().await.status(200).json();
    assert_eq!((versions.as_array().unwrap().len(), &versions[0]["version"]), (5, &json!(5)));
    fsck(server).await;
}

#[tokio::test]
async fn a_broken_bundle_is_refused_with_its_place_and_the_old_one_stays() {
    let scene = Scene::standard().await;
    let service = &scene.server.service;
    let (size, digest) = (scene.server.size(), service.policies().digest());
    for (from, to, says) in [
        ("permit (", "permitt (", "clearance.cedar:"),
        ("resource.clearancePolicy == \"standard\"", "resource.terms == \"standard\"", "terms"),
        ("@id(\"no-hold\")", "@id(\"no-open-case\")", "same @id"),
    ] {
        let error = Policies::load(bundle(from, to)).err().expect(to).to_string();
        assert!(error.contains(says), "{error}");
        let place = error.split("clearance.cedar:").nth(1).expect(&error);
        let mut numbers = place.split(|letter: char| !letter.is_ascii_digit());
        assert!(numbers.next().unwrap().parse::<u32>().unwrap() > 0, "{error}");
        assert!(numbers.next().unwrap().parse::<u32>().unwrap() > 0, "{error}");
    }
    assert_eq!((scene.server.size(), service.policies().digest()), (size, digest));
    scene.accept().await;
    assert_eq!(scene.decision("training").await.policy_sha256.0, digest);
}
