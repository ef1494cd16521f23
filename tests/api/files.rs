//! Files that are stored: who gets them, whole or in ranges, and which are still missing.

use attestry_proof::hash::Hash;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Call, Member, Refusal, Server, random};

const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const RANGE: Refusal = (416, "range", "Range not satisfiable");

struct Scene {
    server: Server,
    owner: Member,
    submission: Uuid,
    content: Vec<u8>,
}

impl Scene {
    /// One submission that the log knows, with one file.
    async fn new() -> Self {
        let server = Server::start().await;
        let owner = server.contractor().await;
        let submission = server.submission(&owner).await;
        let content = [random::<32>(); 5000].concat();
        let scene = Self { server, owner, submission, content };
        let call = scene.server.put(scene.path()).body(&scene.content[..]).by(&scene.owner);
        call.send().await.status(201);
        scene
    }

    fn name(&self) -> Hash {
        Hash::of(&self.content)
    }

    fn path(&self) -> String {
        format!("/api/v1/submissions/{}/files/{}", self.submission, self.name())
    }

    fn get(&self) -> Call<'_> {
        self.server.get(self.path()).by(&self.owner)
    }
}

#[tokio::test]
async fn a_download_says_what_it_is() {
    let scene = Scene::new().await;
    let answer = scene.get().send().await.status(200);
    assert_eq!(answer.body, scene.content);
    assert_eq!(answer.header("etag"), format!("\"{}\"", scene.name()));
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-length"), scene.content.len().to_string());
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let digest = attestry::http::auth::content_digest(&scene.name());
    assert_eq!(answer.header("content-digest"), digest);
}

#[tokio::test]
async fn a_range_is_cut_out_of_the_middle() {
    let scene = Scene::new().await;
    let size = scene.content.len();
    for (range, start, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65545", 65_530, 65_546),
        ("bytes=159999-", 159_999, size),
        ("bytes=-100", size - 100, size),
        ("bytes=100-999999999", 100, size),
    ] {
        let answer = scene.get().header("range", range).send().await.status(206);
        assert_eq!(answer.body, scene.content[start..end], "{range}");
        let named = format!("bytes {start}-{}/{size}", end - 1);
        assert_eq!(answer.header("content-range"), named);
        assert_eq!(answer.header("content-length"), (end - start).to_string());
    }
    for ignored in ["bytes=0-1,5-6", "lines=1-2", "bytes=9-1"] {
        let answer = scene.get().header("range", ignored).send().await.status(200);
        assert_eq!(answer.body.len(), size, "{ignored}");
    }
    let beyond = scene.get().header("range", format!("bytes={size}-")).send().await;
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    beyond.refused(RANGE);
    let tag = format!("\"{}\"", scene.name());
    let same = scene.get().header("range", "bytes=0-9").header("if-range", &tag);
    assert_eq!(same.send().await.status(206).body.len(), 10);
    let other = scene.get().header("range", "bytes=0-9").header("if-range", "\"other\"");
    assert_eq!(other.send().await.status(200).body.len(), size);
}

#[tokio::test]
async fn somebody_elses_files_are_not_there() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let other = server.contractor().await;
    for caller in [&other, &server.admin, &server.member(&["consumer"]).await] {
        server.get(scene.path()).by(caller).send().await.refused(NOT_FOUND);
    }
    for role in ["legal", "reviewer", "auditor"] {
        let reader = server.member(&[role]).await;
        let path = format!("{}?purpose=review", scene.path());
        let answer = server.get(path).by(&reader).send().await.status(200);
        assert_eq!(answer.body, scene.content);
        server.put(scene.path()).body("x").by(&reader).send().await.refused(FORBIDDEN);
    }
    server.put(scene.path()).body(&scene.content[..]).by(&other).send().await.refused(NOT_FOUND);
    let head = Call::new(server, Method::HEAD, scene.path()).by(&other).send().await;
    assert_eq!(head.status, 404);
    let path = format!("/api/v1/submissions/{}/files", scene.submission);
    let many = server.post(path.clone()).header("content-type", "application/cbor-seq");
    many.by(&other).send().await.refused(NOT_FOUND);
    let question = json!({ "sha256": [scene.name().to_hex()] });
    let call = server.post(format!("{path}/missing")).json(&question).by(&other);
    call.send().await.refused(NOT_FOUND);
    let elsewhere = scene.path().replace(&scene.submission.to_string(), &Uuid::nil().to_string());
    server.get(elsewhere).by(&scene.owner).send().await.refused(NOT_FOUND);
}

#[tokio::test]
async fn the_service_tells_which_files_are_missing() {
    let scene = Scene::new().await;
    let path = format!("/api/v1/submissions/{}/files/missing", scene.submission);
    let ask = |question| scene.server.post(path.clone()).json(&question).by(&scene.owner).send();
    let (stored, absent) = (scene.name().to_hex(), Hash::of(b"absent").to_hex());
    let answer = ask(json!({ "sha256": [stored, absent] })).await.status(200).json();
    assert_eq!(answer, json!({ "missing": [absent] }));
    assert_eq!(ask(json!({ "sha256": [] })).await.status(200).json(), json!({ "missing": [] }));
    for bad in [
        json!({}),
        json!([]),
        json!({ "sha256": ["abc"] }),
        json!({ "sha256": [stored.to_uppercase()] }),
        json!({ "sha256": [], "more": true }),
        json!({ "sha256": vec![&absent; 10_001] }),
    ] {
        ask(bad).await.refused(MALFORMED);
    }
    let unknown = scene.path().replace(&scene.name().to_hex(), &absent);
    scene.server.get(unknown).by(&scene.owner).send().await.refused(NOT_FOUND);
    for id in
        ["x", &scene.submission.to_string().to_uppercase(), &scene.submission.simple().to_string()]
    {
        let path = format!("/api/v1/submissions/{id}/files/{absent}");
        scene.server.get(path).by(&scene.owner).send().await.refused(MALFORMED);
    }
}
