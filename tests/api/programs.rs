//! Programs: opened by those who run the service, and a boundary: reviewers and officers read
//! nothing of another.

use serde_json::{Value, json};

use crate::support::{Answer, Member, Refusal, Server, random};

const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");
const PATH: &str = "/api/v1/programs";

async fn open(server: &Server, by: &Member, body: &Value) -> Answer {
    server.post(PATH).json(body).by(by).send().await
}

async fn seen(server: &Server, by: &Member) -> Vec<String> {
    let listed = server.get(PATH).by(by).send().await.status(200).json();
    let names = listed.as_array().unwrap().iter();
    names.map(|each| each["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_program_is_opened_with_its_terms() {
    let server = Server::start().await;
    let body = json!({
        "name": "tax-2026", "clearance_policy": "reviewed", "allowed_risk": "medium",
        "title": "Tax memoranda", "client": "Example Lab",
    });
    let opened = open(&server, &server.admin, &body).await.status(201).json();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&opened[name], value, "{opened}");
    }
    let short = open(&server, &server.admin, &json!({ "name": "plain" })).await.status(201).json();
    assert_eq!(short["clearance_policy"], "standard");
    assert_eq!((&short["allowed_risk"], &short["title"]), (&json!("low"), &Value::Null));
    // Its members see it, with what stays sealed elsewhere.
    let member = server.member_of("tax-2026", &["contractor"]).await;
    let listed = server.get(PATH).by(&member).send().await.status(200).json();
    assert_eq!(listed, json!([opened]));
}

#[tokio::test]
async fn a_name_is_taken_once_and_terms_must_be_known() {
    let server = Server::start().await;
    for (bad, says) in [
        (json!({ "name": "pilot" }), "before"),
        (json!({ "name": "main" }), "before"),
        (json!({ "name": "operations" }), "before"),
        (json!({ "name": "new", "clearance_policy": "lenient" }), "lenient"),
        (json!({ "name": "new", "clearance_policy": "" }), "permits"),
        (json!({ "name": "new", "allowed_risk": "some" }), "allowed_risk"),
        (json!({ "name": "" }), "program"),
        (json!({ "name": "a b\n" }), "program"),
        (json!({ "name": "new", "members": [] }), "members"),
    ] {
        let problem = open(&server, &server.admin, &bad).await.refused(MALFORMED);
        assert!(problem["detail"].as_str().unwrap().contains(says), "{bad}: {problem}");
    }
    let names = server.service.ledger().people().programs("", 99).await.unwrap();
    let names: Vec<&str> = names.iter().map(|program| program.name.as_str()).collect();
    assert_eq!(names, ["main", "operations", "pilot"]);
}

#[tokio::test]
async fn only_administrators_of_operations_open_programs() {
    let server = Server::start().await;
    let body = json!({ "name": "new" });
    let roles = ["contractor", "reviewer", "legal", "consumer", "auditor"];
    for (program, roles) in [("pilot", &["admin"][..]), ("pilot", &roles), ("operations", &roles)] {
        let member = server.member_of(program, roles).await;
        let problem = open(&server, &member, &body).await.refused(FORBIDDEN);
        assert_eq!(problem["policy"]["rules"], json!(["default-deny"]), "{problem}");
    }
    server.post(PATH).json(&body).send().await.refused(UNAUTHENTICATED);
    let second = server.member_of("operations", &["admin"]).await;
    open(&server, &second, &body).await.status(201);
}

#[tokio::test]
async fn everybody_sees_their_own_program_only() {
    let server = Server::start().await;
    server.open_program("other").await;
    for role in ["contractor", "reviewer", "legal", "consumer", "admin", "auditor"] {
        assert_eq!(seen(&server, &server.member(&[role]).await).await, ["pilot"], "{role}");
    }
    assert_eq!(seen(&server, &server.member_of("other", &["legal"]).await).await, ["other"]);
    assert_eq!(seen(&server, &server.admin).await, ["operations"]);
    server.get(PATH).send().await.refused(UNAUTHENTICATED);
}

#[tokio::test]
async fn a_program_is_found_behind_any_number_of_others() {
    let server = Server::start().await;
    for number in 0..205 {
        server.open_program(&format!("p-{number:03}")).await;
    }
    server.open_program("zeta").await;
    let last = server.member_of("zeta", &["legal"]).await;
    assert_eq!(seen(&server, &last).await, ["zeta"]);
    let beyond = server.get(format!("{PATH}?after=zeta")).by(&last).send().await.status(200);
    assert_eq!(beyond.json(), json!([]));
}

#[tokio::test]
async fn nobody_is_invited_into_what_was_not_opened() {
    let server = Server::start().await;
    let body = json!({ "roles": ["contractor"], "program": "nowhere" });
    let call = server.post("/api/v1/invitations").json(&body).by(&server.admin);
    call.send().await.refused(NOT_FOUND);
    // An administrator of one program learns nothing of others, not even which there are.
    let administrator = server.member(&["admin"]).await;
    for program in ["nowhere", "main"] {
        let body = json!({ "roles": ["contractor"], "program": program });
        let call = server.post("/api/v1/invitations").json(&body).by(&administrator);
        call.send().await.refused(FORBIDDEN);
        for list in ["members", "submissions"] {
            let path = format!("{PATH}/{program}/{list}");
            server.get(path).by(&administrator).send().await.refused(FORBIDDEN);
        }
    }
}

#[tokio::test]
async fn officers_and_reviewers_read_within_their_program_only() {
    let server = Server::start().await;
    server.open_program("alpha").await;
    server.open_program("beta").await;
    let owner = server.member_of("alpha", &["contractor"]).await;
    let id = server.submission(&owner).await;
    let last = server.size().0 - 1;
    let content = random::<40>();
    let name = attestry_proof::hash::Hash::of(&content);
    let file = format!("/api/v1/submissions/{id}/files/{name}");
    server.put(file.clone()).body(content).by(&owner).send().await.status(201);
    let paths = [
        format!("/api/v1/submissions/{id}"),
        format!("/api/v1/submissions/{id}/custody?purpose=legal"),
        format!("/api/v1/entries/{last}/payload?purpose=legal"),
        format!("{file}?purpose=legal"),
    ];
    for role in ["legal", "reviewer"] {
        let inside = server.member_of("alpha", &[role]).await;
        let outside = server.member_of("beta", &[role]).await;
        let operations = server.member_of("operations", &[role]).await;
        for path in &paths {
            server.get(path).by(&inside).send().await.status(200);
            for stranger in [&outside, &operations] {
                server.get(path).by(stranger).send().await.refused(NOT_FOUND);
            }
        }
    }
}
