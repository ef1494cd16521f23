//! A program is a boundary: its reviewers and officers read nothing of another.

use serde_json::json;

use crate::support::{Member, Refusal, Server, random};

const NOT_FOUND: Refusal = (404, "not-found", "Not found");

async fn member_of(server: &Server, program: &str, role: &str) -> Member {
    let body = json!({ "roles": [role], "program": program });
    let call = server.post("/api/v1/invitations").json(&body).by(&server.admin);
    let code = call.send().await.status(201).json()["code"].as_str().unwrap().to_owned();
    let member = Member::new();
    server.enroll(&member, &code).await;
    member
}

#[tokio::test]
async fn officers_and_reviewers_read_within_their_program_only() {
    let server = Server::start().await;
    let owner = member_of(&server, "alpha", "contractor").await;
    let id = server.submission(&owner).await;
    let last = server.size().0 - 1;
    let content = random::<40>();
    let name = attestry_proof::hash::Hash::of(&content);
    let file = format!("/api/v1/submissions/{id}/files/{name}");
    server.put(file.clone()).body(content).by(&owner).send().await.status(201);
    let paths = [
        format!("/api/v1/submissions/{id}"),
        format!("/api/v1/submissions/{id}/custody"),
        format!("/api/v1/entries/{last}/payload"),
        file,
    ];
    for role in ["legal", "reviewer"] {
        let inside = member_of(&server, "alpha", role).await;
        let outside = member_of(&server, "beta", role).await;
        let operations = member_of(&server, "operations", role).await;
        for path in &paths {
            server.get(path).by(&inside).send().await.status(200);
            for stranger in [&outside, &operations] {
                server.get(path).by(stranger).send().await.refused(NOT_FOUND);
            }
        }
    }
}
