//! Who reads what is sealed: the owner without a word, everybody else for a purpose that is logged
//! before anything is shown.

use attestry_proof::payload::{
    Payload,
    access::{Access, AccessAct, AccessObject, AccessPurpose, SessionMethod},
};
use reqwest::Method;
use serde_json::json;

use crate::{
    sessions::sign_in,
    support::{Call, Member, Refusal, Server, Work, fsck},
};

const PURPOSE: Refusal = (400, "purpose-missing", "Purpose not stated");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");
const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const UNAUTHENTICATED: Refusal = (401, "unauthenticated", "Not authenticated");

struct Scene {
    server: Server,
    owner: Member,
    work: Work,
    /// Position of a statement about it.
    said: u64,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let owner = server.person(&["contractor"], "ada@example.org").await;
        let work = Work::attested(&server, &owner).await;
        let said = server.size().0 - 1;
        Self { server, owner, work, said }
    }

    /// Everything that is sealed, and what the record of opening it says.
    fn sealed(&self) -> [(String, AccessAct, AccessObject); 3] {
        let id = self.work.id;
        let file = self.work.file();
        let digest = attestry_proof::payload::fields::Digest(file);
        [
            (format!("/api/v1/submissions/{id}/custody"), AccessAct::View, AccessObject::Record),
            (
                format!("/api/v1/entries/{}/payload", self.said),
                AccessAct::View,
                AccessObject::Statement(self.said),
            ),
            (
                format!("/api/v1/submissions/{id}/files/{file}"),
                AccessAct::Download,
                AccessObject::File(digest),
            ),
        ]
    }

    /// The newest entry, which must be the record of an access.
    async fn last_access(&self) -> Access {
        let index = self.server.size().0 - 1;
        let path = format!("/api/v1/entries/{index}/payload");
        // Whoever it is about does not read what others noted about them.
        let refused = self.server.get(path.clone()).by(&self.owner).send().await.status(403).json();
        assert_eq!(refused["policy"]["rules"], serde_json::json!(["default-deny"]));
        let auditor = self.server.member(&["auditor"]).await;
        let path = format!("{path}?purpose=audit");
        let bytes = self.server.get(path).by(&auditor).send().await.status(200).body;
        match Payload::parse(&bytes, true).unwrap() {
            Payload::Access(said) => said.body().clone(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn owners_read_what_is_theirs_and_nothing_is_noted() {
    let scene = Scene::new().await;
    let size = scene.server.size();
    for (path, ..) in scene.sealed() {
        scene.server.get(path.clone()).by(&scene.owner).send().await.status(200);
        let path = format!("{path}?purpose=review");
        scene.server.get(path).by(&scene.owner).send().await.status(200);
    }
    assert_eq!(scene.server.size(), size);
}

#[tokio::test]
async fn staff_say_why_and_it_is_logged_who_read_what() {
    let scene = Scene::new().await;
    let server = &scene.server;
    for (role, purpose, word) in [
        ("reviewer", "review", AccessPurpose::Review),
        ("legal", "legal", AccessPurpose::Legal),
        ("auditor", "audit", AccessPurpose::Audit),
        ("reviewer", "support", AccessPurpose::Support),
        ("legal", "case", AccessPurpose::Case),
    ] {
        let reader = server.member(&[role]).await;
        for (path, act, object) in scene.sealed() {
            let size = server.size();
            server.get(path.clone()).by(&reader).send().await.refused(PURPOSE);
            assert_eq!(server.size(), size, "{path}");
            let path = format!("{path}?purpose={purpose}&note=as+agreed");
            server.get(path.clone()).by(&reader).send().await.status(200);
            assert_eq!(server.size().0, size.0 + 1, "{path}");
            let access = scene.last_access().await;
            assert_eq!(access.by.0, reader.thumbprint());
            assert_eq!((access.act, access.object, access.purpose), (act, object, word), "{path}");
            assert_eq!(access.subject.0, scene.work.id);
            assert_eq!(access.note.as_ref().map(|note| note.as_str()), Some("as agreed"));
            assert_eq!(access.session, SessionMethod::Token);
        }
    }
    // The owner reads in the record that somebody was there, fifteen times and each time an auditor
    // who checked; what they noted is not for the owner.
    let events = scene.work.custody(server, &scene.owner).await;
    let noted = events.iter().filter(|event| event["kind"] == "access").count();
    assert_eq!(noted, 30);
    let told =
        |event: &&serde_json::Value| event["kind"] == "access" && !event["summary"].is_null();
    assert_eq!(events.iter().filter(told).count(), 0);
    // It changes nothing about where the work stands.
    assert_eq!(server.shown(&scene.owner, scene.work.id).await["state"], "attested");
    fsck(scene.server).await;
}

#[tokio::test]
async fn a_purpose_is_one_of_the_known_words() {
    let scene = Scene::new().await;
    let reader = scene.server.member(&["legal"]).await;
    let size = scene.server.size();
    let long = "n".repeat(5000);
    for (path, ..) in scene.sealed() {
        for query in [
            "purpose=curiosity".to_owned(),
            "purpose=".to_owned(),
            "purpose=legal&note=two%0Alines".to_owned(),
            format!("purpose=legal&note={long}"),
        ] {
            let path = format!("{path}?{query}");
            scene.server.get(path).by(&reader).send().await.refused(MALFORMED);
        }
    }
    assert_eq!(scene.server.size(), size);
}

#[tokio::test]
async fn whoever_may_not_read_leaves_nothing_either() {
    let scene = Scene::new().await;
    let server = &scene.server;
    server.open_program("other").await;
    let outsiders = [
        server.member(&["contractor"]).await,
        server.member(&["consumer"]).await,
        server.member(&["admin"]).await,
        server.member_of("other", &["reviewer", "legal", "auditor"]).await,
        server.member_of("operations", &["legal", "auditor"]).await,
        server.admin.clone(),
    ];
    let size = server.size();
    for (path, ..) in scene.sealed() {
        let path = format!("{path}?purpose=legal");
        for outsider in &outsiders {
            server.get(path.clone()).by(outsider).send().await.refused(NOT_FOUND);
        }
        server.get(path).send().await.refused(UNAUTHENTICATED);
    }
    assert_eq!(server.size(), size);
}

#[tokio::test]
async fn the_record_says_how_the_reader_was_known() {
    let scene = Scene::new().await;
    let legal = scene.server.member(&["legal"]).await;
    let browser = sign_in(&scene.server, &legal).await;
    let path = format!("/api/v1/submissions/{}/custody?purpose=legal", scene.work.id);
    browser.get(&scene.server, path).send().await.status(200);
    let access = scene.last_access().await;
    assert_eq!((access.by.0, access.session), (legal.thumbprint(), SessionMethod::Session));
    assert_eq!(access.note, None);
}

#[tokio::test]
async fn a_part_of_a_file_is_noted_like_the_whole() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let legal = server.member(&["legal"]).await;
    let path = format!("/api/v1/submissions/{}/files/{}", scene.work.id, scene.work.file());
    let size = server.size();
    let call = server.get(path.clone()).header("range", "bytes=0-3").by(&legal);
    call.send().await.refused(PURPOSE);
    let path = format!("{path}?purpose=case");
    let call = server.get(path).header("range", "bytes=0-3").by(&legal);
    assert_eq!(call.send().await.status(206).body.len(), 4);
    assert_eq!(server.size().0, size.0 + 1);
    assert!(matches!(scene.last_access().await.object, AccessObject::File(_)));
}

/// What consists of a submission and what it is cleared for is not sealed content: no purpose.
#[tokio::test]
async fn where_a_submission_stands_is_read_without_a_purpose() {
    let scene = Scene::new().await;
    let legal = scene.server.member(&["legal"]).await;
    let size = scene.server.size();
    let shown = scene.server.shown(&legal, scene.work.id).await;
    assert!(shown.get("files").is_none() && shown["state"] == json!("attested"), "{shown}");
    assert_eq!(scene.server.size(), size);
    let path = format!("/api/v1/submissions/{}/files/{}", scene.work.id, scene.work.file());
    let head = Call::new(&scene.server, Method::HEAD, path).by(&legal).send().await;
    assert!(head.status.is_client_error() || head.body.is_empty(), "{head:?}");
}
