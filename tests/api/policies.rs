//! Policies in force, their files, and why they decide as they do.

use attestry::service::{ServiceError, policies::Policies};
use attestry_policy::bundle::bundle_digest;
use attestry_proof::hash::Hash;
use serde_json::{Value, json};

use crate::support::{Answer, Member, Refusal, Server, new_id};

const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");

fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    value[name].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

async fn explain(server: &Server, by: &Member, question: Value) -> Answer {
    server.post("/api/v1/policy/explain").json(&question).by(by).send().await
}

#[tokio::test]
async fn the_bundle_in_force_can_be_read_file_by_file() {
    let server = Server::start().await;
    let versions = server.get("/api/v1/policies").send().await.status(200).json();
    let versions = versions.as_array().unwrap();
    assert_eq!(versions.len(), 1);
    let version = &versions[0];
    assert_eq!((&version["version"], &version["index"]), (&json!(1), &json!(1)));
    assert!(version["engine"].as_str().unwrap().contains("cedar"), "{version}");
    let mut files = Vec::new();
    for file in version["files"].as_array().unwrap() {
        let (path, sha256) = (file["path"].as_str().unwrap(), file["sha256"].as_str().unwrap());
        let answer =
            server.get(format!("/api/v1/policies/files/{sha256}")).send().await.status(200);
        assert_eq!(answer.digest().to_hex(), sha256, "{path}");
        assert!(answer.header("cache-control").contains("immutable"));
        assert!(answer.header("content-type").starts_with("text/plain"));
        files.push((path.to_owned(), answer.body));
    }
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let digest = Hash(bundle_digest(&named).unwrap()).to_hex();
    assert_eq!(version["bundle_sha256"], digest);
    let earlier = server.get("/api/v1/policies?before=1").send().await.status(200).json();
    assert_eq!(earlier, json!([]));
}

#[tokio::test]
async fn files_that_were_never_in_force_are_not_there() {
    let server = Server::start().await;
    let file = |name: &str| server.get(format!("/api/v1/policies/files/{name}"));
    file(&Hash([7; 32]).to_hex()).send().await.refused(NOT_FOUND);
    file("access.cedar").send().await.refused(MALFORMED);
    server.get("/api/v1/policies?before=x").send().await.refused(MALFORMED);
}

#[tokio::test]
async fn clause_texts_say_which_is_the_newest() {
    let server = Server::start().await;
    let listed = server.get("/api/v1/clauses").send().await.status(200).json();
    let listed = listed.as_array().unwrap();
    let policies = server.service.policies();
    assert_eq!(listed.len(), policies.clauses().texts().len());
    for (info, text) in listed.iter().zip(policies.clauses().texts()) {
        assert_eq!((&info["set"], &info["version"]), (&json!(text.set()), &json!(text.version())));
        assert_eq!((&info["newest"], &info["sign_again"]), (&json!(true), &json!([])));
        let sha256 = info["sha256"].as_str().unwrap();
        let answer =
            server.get(format!("/api/v1/policies/files/{sha256}")).send().await.status(200);
        assert_eq!(answer.body, text.content().as_bytes());
    }
}

#[tokio::test]
async fn officers_learn_which_rules_decide_about_a_submission() {
    let server = Server::start().await;
    let (owner, legal) = (server.contractor().await, server.member(&["legal"]).await);
    let reviewer = server.member(&["reviewer"]).await;
    let id = server.submission(&owner).await;
    let ask = |who: &Member, action: &str| {
        json!({
            "who": who.thumbprint().to_string(), "action": action, "what": id.to_string(),
        })
    };
    let own = explain(&server, &legal, ask(&owner, "review")).await.status(200).json();
    assert_eq!(own["allowed"], false);
    assert!(texts(&own, "deciding").contains(&"no-review-of-own-work"), "{own}");
    assert_eq!(own["policy_sha256"], server.service.policies().digest().to_hex());
    let request = &own["request"];
    assert_eq!(request["what"]["id"], id.to_string());
    assert_eq!(request["what"]["owner"], request["who"]["key"]);
    let decided: Vec<&Value> =
        own["rules"].as_array().unwrap().iter().filter(|rule| rule["decided"] == true).collect();
    assert_eq!(decided.len(), texts(&own, "deciding").len());
    for rule in decided {
        assert_eq!((&rule["effect"], &rule["outcome"]), (&json!("forbid"), &json!("applies")));
        assert!(rule["says"].as_str().is_some() && rule["file"] == "access.cedar", "{rule}");
    }

    let read = explain(&server, &legal, ask(&reviewer, "readContent")).await.status(200).json();
    assert_eq!((&read["allowed"], texts(&read, "deciding")), (&json!(true), vec!["staff-reads"]));
    // The answer is what the service does.
    server.get(format!("/api/v1/submissions/{id}")).by(&reviewer).send().await.status(200);
}

#[tokio::test]
async fn keys_programs_and_the_log_can_be_asked_about() {
    let server = Server::start().await;
    let (legal, other) = (server.member(&["legal"]).await, server.contractor().await);
    let name = other.thumbprint().to_string();
    for (who, action, what, allowed) in [
        ("visitor", "readLog", "log", true),
        ("visitor", "createProgram", "log", false),
        (name.as_str(), "listOwnSubmissions", "program:pilot", true),
        (name.as_str(), "listSubmissions", "program:pilot", false),
        (name.as_str(), "attest", "new-submission", true),
        (name.as_str(), "review", "new-submission", false),
        (name.as_str(), "revokeKey", name.as_str(), true),
        ("visitor", "revokeKey", name.as_str(), false),
    ] {
        let question = json!({ "who": who, "action": action, "what": what });
        let answer = explain(&server, &legal, question).await.status(200).json();
        assert_eq!(answer["allowed"], allowed, "{who} {action} {what}: {answer}");
        assert!(answer["fault"].is_null(), "{answer}");
    }
    let question = json!({ "who": name, "action": "review", "what": "log" });
    let answer = explain(&server, &legal, question).await.status(200).json();
    assert_eq!(answer["allowed"], false);
    assert!(answer["fault"].as_str().unwrap().contains("kind of thing"), "{answer}");
}

#[tokio::test]
async fn a_second_officer_counts() {
    let server = Server::start().await;
    let (first, second) = (server.member(&["legal"]).await, server.member(&["admin"]).await);
    let lost = server.contractor().await;
    let mut question = json!({
        "who": first.thumbprint().to_string(), "action": "replaceKey",
        "what": lost.thumbprint().to_string(),
    });
    let alone = explain(&server, &first, question.clone()).await.status(200).json();
    assert_eq!(alone["allowed"], false);
    assert!(alone["request"].get("second_officer").is_none(), "{alone}");
    question["second_officer"] = second.thumbprint().to_string().into();
    let both = explain(&server, &first, question).await.status(200).json();
    assert_eq!(both["request"]["second_officer"]["key"], second.thumbprint().to_string());
}

#[tokio::test]
async fn only_officers_ask_and_only_about_their_program() {
    let server = Server::start().await;
    let (owner, reviewer) = (server.contractor().await, server.member(&["reviewer"]).await);
    let auditor = server.member(&["auditor"]).await;
    let id = server.submission(&owner).await;
    let name = owner.thumbprint().to_string();
    let about = |what: &str| json!({ "who": "visitor", "action": "readSubmission", "what": what });
    for outsider in [&owner, &reviewer] {
        let refusal = explain(&server, outsider, about("log")).await.refused(FORBIDDEN);
        assert!(refusal["detail"].as_str().unwrap().contains("explainDecision"), "{refusal}");
    }
    explain(&server, &auditor, about(&id.to_string())).await.status(200);
    // The administrator is one of another program: nothing of this one is told, not even that it is.
    let admin = &server.admin;
    explain(&server, admin, about(&id.to_string())).await.refused(NOT_FOUND);
    explain(&server, admin, about(&new_id().to_string())).await.refused(NOT_FOUND);
    explain(&server, admin, about(&name)).await.refused(FORBIDDEN);
    explain(&server, admin, about("program:pilot")).await.refused(FORBIDDEN);
    let question = json!({ "who": name, "action": "readLog", "what": "log" });
    explain(&server, admin, question).await.refused(FORBIDDEN);
    let nobody = server.post("/api/v1/policy/explain").json(&about("log")).send().await;
    nobody.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let server = Server::start().await;
    let legal = server.member(&["legal"]).await;
    let good = json!({ "who": "visitor", "action": "readLog", "what": "log" });
    explain(&server, &legal, good.clone()).await.status(200);
    for (member, value) in [
        ("who", "contractor"),
        ("action", "peek"),
        ("what", "submission"),
        ("what", "new-submission"),
        ("second_officer", "legal"),
    ] {
        let mut bad = good.clone();
        bad[member] = value.into();
        explain(&server, &legal, bad).await.refused(MALFORMED);
    }
    let mut more = good.clone();
    more["held"] = true.into();
    explain(&server, &legal, more).await.refused(MALFORMED);
    let mut unknown = good;
    unknown["who"] = Member::new().thumbprint().to_string().into();
    explain(&server, &legal, unknown).await.refused(NOT_FOUND);
}

#[tokio::test]
async fn persons_are_numbered_and_never_named() {
    let server = Server::start().await;
    let (owner, legal) = (server.contractor().await, server.member(&["legal"]).await);
    let id = server.submission(&owner).await;
    let question = json!({
        "who": owner.thumbprint().to_string(), "action": "readSubmission", "what": id.to_string(),
    });
    let answer = explain(&server, &legal, question).await.status(200).json();
    let (who, what) = (&answer["request"]["who"], &answer["request"]["what"]);
    assert_eq!(who["person"], what["owner_person"], "{answer}");
    for person in [who, what].iter().filter_map(|each| each["person"].as_str()) {
        assert!(person.starts_with("person-"), "{answer}");
    }
}

/// The bundle in force with one more version of the effort text, and with `edit` done to the old.
fn renewed(server: &Server, edit: impl Fn(String) -> String) -> Policies {
    let policies = server.service.policies();
    let mut files = policies.files().to_vec();
    let old = policies.clauses().get("effort", "1.0", "en").unwrap().content().to_owned();
    for (path, bytes) in &mut files {
        let text = String::from_utf8(bytes.clone()).unwrap();
        if text == old {
            *bytes = edit(text).into_bytes();
        } else if path == "clauses/catalogue.toml" {
            let entry = text.split("[[text]]").find(|part| part.contains("\"effort\"")).unwrap();
            let entry = entry.replace("1.0", "1.1").replace("effort.md", "effort-1.1.md");
            *bytes = format!("{text}\n[[text]]{entry}").into_bytes();
        } else if path == "clauses/resign.toml" {
            let decision = "[[require]]\nset = \"effort\"\nversion = \"1.1\"\nfrom = \"1.0\"\n\
                            clauses = [\"time-honest\"]\nreason = \"breaks count\"\n\
                            decided = \"2026-03-01\"\napplies_to = \"all\"\n";
            *bytes = format!("{text}\n{decision}").into_bytes();
        }
    }
    files.push(("clauses/en/effort-1.1.md".into(), old.replace("1.0", "1.1").into_bytes()));
    Policies::load(files).unwrap()
}

#[tokio::test]
async fn a_new_version_stands_beside_the_old_one_and_says_who_signs_again() {
    let server = Server::start().await;
    let before = server.service.policies();
    let digest = server.service.adopt_policies(renewed(&server, |old| old)).await.unwrap();
    let versions = server.get("/api/v1/policies").send().await.status(200).json();
    let digests: Vec<&str> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["bundle_sha256"].as_str().unwrap())
        .collect();
    assert_eq!(digests, [digest.to_hex(), before.digest().to_hex()]);
    let first = server.get("/api/v1/policies?before=2").send().await.status(200).json();
    assert_eq!(first, json!([versions[1]]));
    let listed = server.get("/api/v1/clauses").send().await.status(200).json();
    let effort: Vec<&Value> =
        listed.as_array().unwrap().iter().filter(|info| info["set"] == "effort").collect();
    assert_eq!(effort.len(), 2, "{listed}");
    assert_eq!((&effort[0]["newest"], &effort[1]["newest"]), (&json!(false), &json!(true)));
    let again = &effort[0]["sign_again"][0];
    assert_eq!((&again["version"], &again["applies_to"]), (&json!("1.1"), &json!("all")));
    assert_eq!((&again["reason"], &effort[1]["sign_again"]), (&json!("breaks count"), &json!([])));
    let old = format!("/api/v1/policies/files/{}", effort[0]["sha256"].as_str().unwrap());
    server.get(old).send().await.status(200);
}

#[tokio::test]
async fn a_text_that_was_in_force_is_never_edited() {
    let server = Server::start().await;
    let (before, size) = (server.service.policies().digest(), server.size());
    let edited = renewed(&server, |old| old + "\nMore.\n");
    let text = edited.clauses().get("effort", "1.0", "en").unwrap();
    let edited_text = Hash(*text.sha256()).to_hex();
    let refused = server.service.adopt_policies(edited).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Malformed { .. }), "{refused}");
    assert!(refused.to_string().contains("effort 1.0 en is another than before"), "{refused}");
    // The old one stays, nothing is logged, nothing of the other is kept.
    assert_eq!((server.service.policies().digest(), server.size()), (before, size));
    server.get(format!("/api/v1/policies/files/{edited_text}")).send().await.refused(NOT_FOUND);
    // Nor is one that the last bundle had taken out.
    server.service.adopt_policies(renewed(&server, |old| old)).await.unwrap();
    let server_again = Server::start().await;
    let first = server_again.service.policies().files().to_vec();
    let gone = server.service.adopt_policies(Policies::load(first).unwrap()).await.unwrap_err();
    assert!(gone.to_string().contains("effort 1.1 en is gone"), "{gone}");
}
