//! Manifests: nothing is attested to before every file of it is stored, and no list deceives.

use attestry_proof::{
    hash::Hash,
    manifest::{FileRecord, Manifest, Role},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use uuid::Uuid;

use crate::support::{self, Answer, Draft, Member, Refusal, Server, new_id, random};

const OPENINGS: Refusal = (422, "openings", "Openings not usable");
const NOT_STORED: Refusal = (409, "manifest-not-stored", "Files of the manifest not stored");
const DIFFERS: Refusal = (422, "manifest-differs", "Manifest differs");
const FILES_MISSING: Refusal = (409, "files-missing", "Files missing");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");

struct Scene {
    server: Server,
    member: Member,
    submission: Uuid,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let member = server.contractor().await;
        Self { server, member, submission: new_id() }
    }

    async fn store(&self, content: &[u8]) -> Hash {
        let name = Hash::of(content);
        let path = format!("/api/v1/submissions/{}/files/{name}", self.submission);
        self.server.put(path).body(content).by(&self.member).send().await.status(201);
        name
    }

    /// Stores the openings and asks to record the manifest.
    async fn record(&self, commitment: Hash, openings: &[u8]) -> Answer {
        let openings = self.store(openings).await;
        self.record_stored(&self.member, commitment, openings).await
    }

    async fn record_stored(&self, by: &Member, commitment: Hash, openings: Hash) -> Answer {
        let path = format!("/api/v1/submissions/{}/manifests/{commitment}", self.submission);
        let body = json!({ "openings": openings.to_hex() });
        self.server.put(path).json(&body).by(by).send().await
    }

    async fn none_recorded(&self) {
        let stored = self.server.service.ledger().manifests_of(self.submission).await.unwrap();
        assert_eq!(stored, []);
    }

    fn draft(&self, manifest: &Manifest) -> Draft {
        let payload =
            support::manifest(self.server.service.policies().clauses(), self.submission, manifest);
        Draft::new(&self.member, self.submission, payload.to_bytes(), self.server.now())
    }
}

fn record(path: &str, content: &[u8]) -> FileRecord {
    FileRecord {
        path: path.to_owned(),
        size: content.len() as u64,
        media_type: "text/plain".to_owned(),
        sha256: Hash::of(content),
        salt: random(),
    }
}

fn two_files() -> Manifest {
    let files = vec![record("memo/final.txt", b"final"), record("memo/annex.txt", b"annex")];
    Manifest::new(Role::Deliverable, files).unwrap()
}

#[tokio::test]
async fn a_manifest_is_recorded_once_its_files_are_there_and_then_stated() {
    let scene = Scene::new().await;
    let manifest = two_files();
    let statement = scene.draft(&manifest).signed(&scene.member).encode();
    let post = || scene.server.post("/api/v1/statements").cose(&statement).send();
    let size = scene.server.size();
    post().await.refused(NOT_STORED);
    scene
        .server
        .post("/entries")
        .cose(&statement)
        .send()
        .await
        .refused_concisely(409, NOT_STORED.2);

    scene.store(b"final").await;
    let problem =
        scene.record(manifest.commitment(), &manifest.to_openings()).await.refused(FILES_MISSING);
    assert!(problem["detail"].as_str().unwrap().starts_with("1 of"), "{problem}");
    scene.none_recorded().await;
    post().await.refused(NOT_STORED);
    assert_eq!(scene.server.size(), size);

    scene.store(b"annex").await;
    let answer = scene.record(manifest.commitment(), &manifest.to_openings()).await;
    let openings = Hash::of(&manifest.to_openings()).to_hex();
    let commitment = manifest.commitment().to_hex();
    let recorded = json!({
        "commitment": commitment, "role": "deliverable", "files": 2, "bytes": 10, "openings": openings,
    });
    assert_eq!(answer.status(200).json(), recorded);
    let again = scene.record(manifest.commitment(), &manifest.to_openings()).await;
    assert_eq!(again.status(200).json(), recorded);
    post().await.status(201);
    let path = format!("/api/v1/submissions/{}", scene.submission);
    let shown = scene.server.get(path).by(&scene.member).send().await.status(200).json();
    assert_eq!(shown["manifests"], json!([recorded]));
}

#[tokio::test]
async fn a_statement_repeats_the_manifest_that_is_stored() {
    let scene = Scene::new().await;
    let manifest = two_files();
    scene.store(b"final").await;
    scene.store(b"annex").await;
    scene.record(manifest.commitment(), &manifest.to_openings()).await.status(200);
    let draft = || scene.draft(&manifest);
    let commitment = manifest.commitment().to_hex();
    let size = scene.server.size();
    // Count and role are said twice, in the envelope and in the body.
    let recount = |draft: Draft| draft.edit(r#""count":2"#, r#""count":3"#);
    let (role, other) = (r#""role":"deliverable""#, r#""role":"request""#);
    for (what, draft) in [
        ("size", draft().edit(r#""total_size":10"#, r#""total_size":11"#)),
        ("count", recount(recount(draft()))),
        ("role", draft().edit(role, other).edit(role, other)),
    ] {
        println!("{what}");
        let statement = draft.signed(&scene.member).encode();
        let answer = scene.server.post("/api/v1/statements").cose(&statement).send().await;
        answer.refused(DIFFERS);
    }
    let other = Hash::of(b"other").to_hex();
    let unknown = draft().edit(&commitment, &other).edit(&commitment, &other);
    let statement = unknown.signed(&scene.member).encode();
    scene.server.post("/api/v1/statements").cose(&statement).send().await.refused(NOT_STORED);
    assert_eq!(scene.server.size(), size);
}

#[tokio::test]
async fn lists_that_could_escape_or_deceive_are_refused() {
    let scene = Scene::new().await;
    let good = String::from_utf8(two_files().to_openings()).unwrap();
    let commitment = two_files().commitment();
    for (path, words) in [
        ("../final.txt", "segment . or .."),
        ("memo/../../final.txt", "segment . or .."),
        ("/etc/passwd", "absolute"),
        ("C:/final.txt", "drive"),
        ("memo\\\\final.txt", "backslash"),
        ("memo//final.txt", "empty segment"),
        ("memo/final\\u0000.txt", "control character"),
        ("memo/re\\u0301sume\\u0301.txt", "normalisation form C"),
        ("memo/annex.txt", "same path"),
        ("memo/ANNEX.txt", "same path"),
        ("memo/annex.txt/final.txt", "is a directory"),
        ("", "empty"),
    ] {
        let openings = good.replace("memo/final.txt", path);
        assert_ne!(openings, good);
        let problem = scene.record(commitment, openings.as_bytes()).await.refused(OPENINGS);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{path}: {problem}");
    }
    scene.none_recorded().await;
}

#[tokio::test]
async fn openings_that_do_not_give_the_commitment_are_refused() {
    let scene = Scene::new().await;
    scene.store(b"final").await;
    scene.store(b"annex").await;
    let manifest = two_files();
    let (good, other) = (manifest.to_openings(), two_files());
    let text = String::from_utf8(good.clone()).unwrap();
    let wrong = scene.record(other.commitment(), &good).await.refused(OPENINGS);
    assert!(wrong["detail"].as_str().unwrap().contains(&manifest.commitment().to_hex()), "{wrong}");
    for (what, openings) in [
        ("truncated", &good[..good.len() - 1]),
        ("cut in the middle", &good[..good.len() / 2]),
        ("empty", b""),
        ("two documents", &[&good[..], &good].concat()),
        ("another schema", text.replace("openings/v1", "openings/v2").as_bytes()),
        ("another count", text.replace(r#""count":2"#, r#""count":1"#).as_bytes()),
        ("another size", text.replace(r#""size":5"#, r#""size":6"#).as_bytes()),
        ("another salt", with_another_salt(&text).as_bytes()),
        ("a member too many", text.replace(r#""count":2"#, r#""count":2,"x":1"#).as_bytes()),
    ] {
        println!("{what}");
        scene.record(manifest.commitment(), openings).await.refused(OPENINGS);
    }
    let unknown = Hash::of(b"nothing");
    let answer = scene.record_stored(&scene.member, manifest.commitment(), unknown).await;
    answer.refused(NOT_FOUND);
    scene.none_recorded().await;
}

fn with_another_salt(openings: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(openings).unwrap();
    let salt = document["files"][0]["salt"].as_str().unwrap();
    openings.replace(salt, &URL_SAFE_NO_PAD.encode(random::<32>()))
}

#[tokio::test]
async fn a_manifest_belongs_to_its_submission() {
    let scene = Scene::new().await;
    let opened = scene.server.draft_about(&scene.member, scene.submission);
    scene.server.register(&opened.signed(&scene.member).encode()).await;
    let other = scene.server.contractor().await;
    let manifest = two_files();
    let openings = scene.store(&manifest.to_openings()).await;
    let answer = scene.record_stored(&other, manifest.commitment(), openings).await;
    answer.refused(NOT_FOUND);
    let path = format!("/api/v1/submissions/{}/manifests/xyz", scene.submission);
    let body = json!({ "openings": openings.to_hex() });
    scene.server.put(path).json(&body).by(&scene.member).send().await.refused(MALFORMED);
    let path =
        format!("/api/v1/submissions/{}/manifests/{}", scene.submission, manifest.commitment());
    for bad in [json!({}), json!({ "openings": "x" }), json!({ "openings": 1 }), json!("x")] {
        let call = scene.server.put(path.clone()).json(&bad).by(&scene.member);
        call.send().await.refused(MALFORMED);
    }
    scene.none_recorded().await;
}
