//! Submissions without a statement: how many, for how long, and whose.

use attestry::service::drafts::{ABANDONED_AFTER_S, DRAFTS_MAX, Swept};
use attestry_proof::hash::Hash;
use coset::cbor::Value as Cbor;
use uuid::Uuid;

use crate::{
    clock::{self, DAY, wait},
    support::{Member, Refusal, Server, effort, new_id},
};

const TOO_MANY: Refusal = (429, "too-many-open", "Too many submissions without statement");
const ABANDONED: Refusal = (410, "abandoned", "Submission abandoned");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const NOT_YOURS: Refusal = (403, "not-yours", "Submission of another key");

async fn upload(server: &Server, by: &Member, id: Uuid, content: &[u8]) -> crate::support::Answer {
    let path = format!("/api/v1/submissions/{id}/files/{}", Hash::of(content));
    server.put(path).body(content).by(by).send().await
}

async fn stage(server: &Server, by: &Member, id: Uuid) -> crate::support::Answer {
    let payload = effort(server.service.policies().clauses(), id).to_bytes();
    let path = format!("/api/v1/submissions/{id}/payloads/{}", Hash::of(&payload));
    server.put(path).body(payload).by(by).send().await
}

async fn pack(server: &Server, by: &Member, id: Uuid, content: &[u8]) -> crate::support::Answer {
    let mut body = Vec::new();
    for item in [Hash::of(content).0.to_vec(), content.to_vec()] {
        coset::cbor::ser::into_writer(&Cbor::Bytes(item), &mut body).unwrap();
    }
    let call = server.post(format!("/api/v1/submissions/{id}/files"));
    call.header("content-type", "application/cbor-seq").body(body).by(by).send().await
}

#[tokio::test]
async fn a_key_prepares_a_bounded_number_of_submissions() {
    let server = Server::start().await;
    let (member, other) = (server.contractor().await, server.contractor().await);
    let ids: Vec<Uuid> = (0..DRAFTS_MAX).map(|_| new_id()).collect();
    for (at, id) in ids.iter().enumerate() {
        match at % 3 {
            0 => upload(&server, &member, *id, b"content").await.status(201),
            1 => stage(&server, &member, *id).await.status(204),
            _ => pack(&server, &member, *id, b"content").await.status(200),
        };
    }
    let problem = upload(&server, &member, new_id(), b"content").await.refused(TOO_MANY);
    assert!(problem["detail"].as_str().unwrap().contains("register"), "{problem}");
    stage(&server, &member, new_id()).await.refused(TOO_MANY);
    pack(&server, &member, new_id(), b"content").await.refused(TOO_MANY);
    // Those that were begun go on, statements are not affected, and neither is anybody else.
    upload(&server, &member, ids[0], b"more").await.status(201);
    server.submission(&member).await;
    upload(&server, &other, new_id(), b"content").await.status(201);
    // A statement makes room for another.
    let statement = server.draft_about(&member, ids[0]).signed(&member).encode();
    server.register(&statement).await;
    upload(&server, &member, new_id(), b"content").await.status(201);
    upload(&server, &member, new_id(), b"content").await.refused(TOO_MANY);
}

#[tokio::test]
async fn a_submission_being_prepared_is_its_keys_own() {
    let server = Server::start().await;
    let (member, other) = (server.contractor().await, server.contractor().await);
    let id = new_id();
    upload(&server, &member, id, b"content").await.status(201);
    let foreign = upload(&server, &other, id, b"other").await.refused(NOT_FOUND);
    let read = server.get(format!("/api/v1/submissions/{id}")).by(&other).send().await;
    assert_eq!(foreign["detail"], read.refused(NOT_FOUND)["detail"], "as readers are answered");
    let theirs = server.draft_about(&other, id).signed(&other).encode();
    server.post("/api/v1/statements").cose(&theirs).send().await.refused(NOT_YOURS);
    let ours = server.draft_about(&member, id).signed(&member).encode();
    server.register(&ours).await;
}

#[tokio::test]
async fn what_nobody_comes_back_for_is_deleted() {
    let server = clock::start().await;
    let member = server.contractor().await;
    let (left, going_on, stated) = (new_id(), new_id(), new_id());
    for id in [left, going_on, stated] {
        upload(&server, &member, id, b"content").await.status(201);
        stage(&server, &member, id).await.status(204);
    }
    let statement = server.draft_about(&member, stated).signed(&member).encode();
    server.register(&statement).await;
    wait(&server, ABANDONED_AFTER_S - 60);
    upload(&server, &member, going_on, b"more").await.status(201);
    assert_eq!(server.service.sweep().await.unwrap(), Swept::default(), "not yet");
    wait(&server, 120);
    let swept = server.service.sweep().await.unwrap();
    assert_eq!(swept, Swept { drafts: 1, uploads: 0 });
    assert_eq!(server.service.sweep().await.unwrap(), Swept::default());

    let vault = server.service.vault();
    let content = Hash::of(b"content");
    assert!(vault.existing_key(left).await.is_err(), "its key is destroyed");
    assert_eq!(vault.stored(left, &[content]).await.unwrap(), []);
    for id in [going_on, stated] {
        assert_eq!(vault.stored(id, &[content]).await.unwrap(), [content]);
        vault.open_file(id, content, None).await.unwrap().into_bytes().await.unwrap();
    }
    // It does not come back to life.
    upload(&server, &member, left, b"content").await.refused(ABANDONED);
    stage(&server, &member, left).await.refused(ABANDONED);
    let late = server.draft_about(&member, left).signed(&member).encode();
    let size = server.size();
    let answer = server.post("/api/v1/statements").cose(&late).send().await;
    assert_eq!((answer.status.as_u16(), server.size()), (410, size));
    upload(&server, &member, going_on, b"more still").await.status(201);
}

#[tokio::test]
async fn an_upload_that_does_not_move_is_deleted() {
    let server = clock::start().await;
    let member = server.contractor().await;
    let id = server.submission(&member).await;
    let (still, moving) = (b"0123456789", b"abcdefghij");
    let part = async |content: &[u8], from: usize, to: usize| {
        let path = format!("/api/v1/submissions/{id}/files/{}", Hash::of(content));
        let call = crate::support::Call::new(&server, reqwest::Method::PATCH, path)
            .header("content-type", "application/partial-upload")
            .header("upload-offset", from)
            .header("upload-length", content.len())
            .header("upload-complete", if to == content.len() { "?1" } else { "?0" });
        call.body(&content[from..to]).by(&member).send().await
    };
    part(still, 0, 4).await.status(204);
    part(moving, 0, 4).await.status(204);
    assert_eq!(server.service.sweep().await.unwrap(), Swept::default());
    wait(&server, 4 * DAY);
    part(moving, 4, 6).await.status(204);
    assert_eq!(server.service.sweep().await.unwrap(), Swept::default());
    wait(&server, 4 * DAY);
    assert_eq!(server.service.sweep().await.unwrap(), Swept { drafts: 0, uploads: 1 });
    part(moving, 6, 10).await.status(201);
    part(still, 4, 10).await.refused((409, "upload-offset", "Upload offset does not match"));
    part(still, 0, 10).await.status(201);
}
