//! Erasure: what was there is nowhere any more, in no file and under no key, and every proof still
//! verifies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use attestry::config::Storage;
use attestry_proof::manifest::Role;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;
use walkdir::WalkDir;

use super::Scene;
use crate::support::{Refusal, Server, Step, Work};

const ONLY_A_RECORD: Refusal = (403, "forbidden", "Not allowed");
const FILE_ERASED: Refusal = (409, "file-erased", "File was erased");

/// What a person would look for.
const MARKER: &str = "Obersalzberg-Gesprächsnotiz 8814-K";
/// Shortest run of bytes that cannot be there by chance.
const NEEDLE_BYTES: usize = 24;

/// Bytes that must be gone, by what they are.
pub(super) type Needles = BTreeMap<String, Vec<u8>>;

pub(super) struct Storehouse {
    pub(super) data: PathBuf,
}

impl Storehouse {
    pub(super) fn of(server: &Server) -> Self {
        Self { data: Storage::new(server.directory.path().join("data"), None).data }
    }

    async fn open(&self, database: &str) -> SqliteConnection {
        self.try_open(database).await.unwrap()
    }

    pub(super) async fn try_open(&self, database: &str) -> Option<SqliteConnection> {
        let options =
            SqliteConnectOptions::new().filename(self.data.join(database)).read_only(true);
        SqliteConnection::connect_with(&options).await.ok()
    }

    async fn rows(&self, database: &str, sql: &'static str, id: Uuid) -> Vec<Vec<u8>> {
        let mut connection = self.open(database).await;
        let query = sqlx::query_scalar(sql).bind(id.as_bytes().to_vec());
        query.fetch_all(&mut connection).await.unwrap()
    }

    pub(super) fn objects(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.data.join("vault")).collect()
    }

    /// Everything that is stored of a submission, sealed or not.
    async fn needles(&self, id: Uuid, objects: BTreeMap<PathBuf, Vec<u8>>) -> Needles {
        let mut needles = Needles::new();
        for (path, bytes) in objects {
            // Every object begins alike.
            for part in [bytes.len() / 2, bytes.len().saturating_sub(NEEDLE_BYTES)] {
                let end = (part + NEEDLE_BYTES).min(bytes.len());
                needles.insert(format!("{} at {part}", path.display()), bytes[part..end].to_vec());
            }
        }
        const PAYLOADS: &str = "SELECT body FROM payloads WHERE sealed = 1 AND leaf_index IN
             (SELECT leaf_index FROM entries WHERE subject = ?)";
        const SUBMISSION_KEY: &str = "SELECT wrapped FROM submission_keys WHERE subject = ?";
        const OBJECT_KEYS: &str = "SELECT wrapped FROM object_keys WHERE subject = ?";
        const FILES: &str = "SELECT sha256 FROM files WHERE subject = ?";
        const MANIFESTS: &str = "SELECT openings FROM manifests WHERE submission = ?";
        for (what, database, sql) in [
            ("payload", "ledger.db", PAYLOADS),
            ("SHA-256 of a file", "ledger.db", FILES),
            ("manifest", "ledger.db", MANIFESTS),
            ("submission key", "keyring.db", SUBMISSION_KEY),
            ("object key", "keyring.db", OBJECT_KEYS),
        ] {
            let rows = self.rows(database, sql, id).await;
            assert!(!rows.is_empty(), "no {what}");
            for (number, row) in rows.into_iter().enumerate() {
                assert!(row.len() >= NEEDLE_BYTES, "{what}: {}", row.len());
                let middle = (row.len() - NEEDLE_BYTES) / 2;
                let part = row[middle..middle + NEEDLE_BYTES].to_vec();
                needles.insert(format!("{what} {number}"), part);
            }
        }
        needles
    }

    /// Which of these bytes are in some file, wherever in it.
    pub(super) fn found(&self, needles: &Needles) -> Vec<String> {
        let mut found = Vec::new();
        for (path, bytes) in files(&self.data) {
            for (what, needle) in needles {
                if contains(&bytes, needle) {
                    found.push(format!("{what}: in {}", path.display()));
                }
            }
        }
        found
    }
}

fn files(under: &Path) -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    let entries = WalkDir::new(under).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap()))
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(last) = bytes.len().checked_sub(needle.len()) else { return false };
    let mut at = 0;
    while at <= last {
        match bytes[at..=last].iter().position(|byte| *byte == needle[0]) {
            None => return false,
            Some(skip) if bytes[at + skip..].starts_with(needle) => return true,
            Some(skip) => at += skip + 1,
        }
    }
    false
}

/// Puts back keys and content from before, all that was backed up of them; the ledger stays the newest.
pub(super) fn put_back(backup: &Path, data: &Path) {
    for part in ["keyring.db", "keyring.db-wal", "kek", "vault"] {
        let (from, to) = (backup.join(part), data.join(part));
        if from.is_dir() {
            copy_tree(&from, &to);
        } else if from.is_file() {
            fs::copy(from, to).unwrap();
        }
    }
}

pub(super) fn copy_tree(from: &Path, to: &Path) {
    for entry in WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Work with a marker in its files, and everything that is stored of it.
pub(super) async fn planted(scene: &Scene) -> (Work, Needles) {
    let storehouse = Storehouse::of(&scene.server);
    let before = storehouse.objects();
    let work = Work::stored_with(&scene.server, &scene.owner, MARKER).await;
    for draft in work.statements(&scene.server, &scene.owner) {
        scene.server.register(&draft.signed(&scene.owner).encode()).await;
    }
    let mut objects = storehouse.objects();
    objects.retain(|path, _| !before.contains_key(path));
    assert!(!objects.is_empty());
    let needles = storehouse.needles(work.id, objects).await;
    (work, needles)
}

/// A scan that finds nothing proves something only if it finds what is there.
pub(super) fn require_all(storehouse: &Storehouse, needles: &Needles) {
    let found = storehouse.found(needles);
    for what in needles.keys() {
        assert!(found.iter().any(|it| it.starts_with(&format!("{what}: "))), "{what}: {found:?}");
    }
}

#[tokio::test]
async fn nothing_of_what_was_erased_is_in_any_file() {
    let scene = Scene::new().await;
    let storehouse = Storehouse::of(&scene.server);
    let (work, needles) = planted(&scene).await;
    let (kept, needles_kept) = planted(&scene).await;
    require_all(&storehouse, &needles);
    let plain = Needles::from([("plaintext".to_owned(), MARKER.as_bytes().to_vec())]);
    assert_eq!(storehouse.found(&plain), [""; 0], "it never was in the clear");

    let receipt = receipt_of(&scene, &work).await;
    let case = scene.withdrawn(&work).await;
    require_all(&storehouse, &needles);
    scene.erased(case).await;
    assert_eq!(storehouse.found(&needles), [""; 0]);
    // What was not erased is there and opens; its keys are wrapped anew.
    let mut still = needles_kept;
    still.retain(|what, _| what != "submission key 0");
    require_all(&storehouse, &still);
    let path = format!("/api/v1/submissions/{}/files/{}", kept.id, kept.file());
    scene.server.get(path).by(&scene.owner).send().await.status(200);

    // Whoever asks is told that it was erased, and everything that was proved stays proved.
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
    let problem = scene.server.get(path).by(&scene.owner).send().await.refused(ONLY_A_RECORD);
    assert_eq!(problem["policy"]["rules"], json!(["erased-submission"]));
    let (statement, index) = receipt;
    let again = scene.server.post("/entries").cose(&statement).send().await.status(201);
    let position = crate::receipts::verify(&scene.server, &again.body, &statement).await;
    assert_eq!(position.index.0, index);
    let word = scene.server.shown(&scene.owner, work.id).await;
    assert_eq!(word["state"], "erased", "{word}");
    crate::support::fsck(scene.server).await;
}

/// A statement about the work, as it was sent, and its position.
async fn receipt_of(scene: &Scene, work: &Work) -> (Vec<u8>, u64) {
    let drafts = work.statements(&scene.server, &scene.owner);
    let statement = drafts.last().unwrap().signed(&scene.owner).encode();
    let index = scene.server.register(&statement).await;
    (statement, index)
}

#[tokio::test]
async fn what_somebody_objected_to_is_refused_when_it_comes_back() {
    let scene = Scene::new().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let text = MARKER.repeat(40);
    let work = Work::stored_with(server, owner, &text).await;
    for draft in work.statements(server, owner) {
        server.register(&draft.signed(owner).encode()).await;
    }
    let content = downloaded(&scene, &work).await;
    let case = scene.objected(&work).await;
    scene.reaches(case, "closed").await;
    // Under another id, even by somebody else: the bytes are there before anything is said of them.
    let other = server.person(&["contractor"], "other@example.org").await;
    for by in [owner, &other] {
        let id = crate::support::new_id();
        let (_, recorded) = Work::offer(server, by, id, (Role::Deliverable, &content)).await;
        recorded.refused(FILE_ERASED);
    }
    let changed = [content, b"!".to_vec()].concat();
    let id = crate::support::new_id();
    let (_, recorded) = Work::offer(server, owner, id, (Role::Deliverable, &changed)).await;
    recorded.status(200);
}

#[tokio::test]
async fn whoever_took_back_their_own_may_think_again() {
    let scene = Scene::new().await;
    let (server, owner) = (&scene.server, &scene.owner);
    let (work, _) = planted(&scene).await;
    let content = downloaded(&scene, &work).await;
    scene.erased(scene.withdrawn(&work).await).await;
    let id = crate::support::new_id();
    let (_, recorded) = Work::offer(server, owner, id, (Role::Deliverable, &content)).await;
    recorded.status(200);
}

async fn downloaded(scene: &Scene, work: &Work) -> Vec<u8> {
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
    scene.server.get(path).by(&scene.owner).send().await.status(200).body
}

#[tokio::test]
async fn one_file_can_be_erased_and_the_rest_stays() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let (work, _) = planted(&scene).await;
    let content = downloaded(&scene, &work).await;
    let case = scene.withdrawn(&work).await;
    let line = format!("{} {}", work.id, work.file());
    let list = server.case_list(first, case, &[line]).await;
    let step = Step::new("triaged", "content-identified").concerns(list);
    server.step(first, case, &step).await;
    server.step(first, case, &Step::new("quarantined", "content-locked")).await;
    server.step(first, case, &Step::new("reviewing", "review-begun")).await;
    let step = Step::new("partly-upheld", "consent-withdrawn").because("Only this file is yours.");
    server.step(first, case, &step).await;
    scene.approved(case).await;
    server.step(first, case, &Step::new("remediating", "erasure-approved")).await;
    let closed = scene.reaches(case, "closed").await;
    assert_eq!(closed["erased"], json!(1));
    let (_, openings) = work.deliverable();
    for (sha256, status) in [(work.file(), 404), (openings, 200)] {
        let path = format!("/api/v1/submissions/{}/files/{sha256}?purpose=legal", work.id);
        server.get(path).by(first).send().await.status(status);
    }
    // The rest is its owner's again, and the file does not come back to it.
    let path = format!("/api/v1/submissions/{}/files/{openings}", work.id);
    server.get(path).by(&scene.owner).send().await.status(200);
    let path = format!("/api/v1/submissions/{}/files/{}", work.id, work.file());
    let again = server.put(path).body(content).by(&scene.owner).send().await;
    assert!([403, 409].contains(&again.status.as_u16()), "{}", again.status);
    let storehouse = Storehouse::of(server);
    let digest = Needles::from([("digest".to_owned(), work.file().as_bytes().to_vec())]);
    assert_eq!(storehouse.found(&digest), [""; 0]);
    crate::support::fsck(scene.server).await;
}

#[tokio::test]
async fn a_case_that_is_opened_again_destroys_what_it_names_then() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    let line = format!("{} {}", work.id, work.file());
    let mut ordered = 0;
    for what in [line, work.id.to_string()] {
        if ordered > 0 {
            server.step(first, case, &Step::new("reopened", "new-evidence")).await;
        }
        let list = server.case_list(first, case, &[what]).await;
        let step = Step::new("triaged", "content-identified").concerns(list);
        server.step(first, case, &step).await;
        server.step(first, case, &Step::new("quarantined", "content-locked")).await;
        server.step(first, case, &Step::new("reviewing", "review-begun")).await;
        let step = Step::new("upheld", "consent-withdrawn").because("It is yours.");
        server.step(first, case, &step).await;
        scene.approved(case).await;
        server.step(first, case, &Step::new("remediating", "erasure-approved")).await;
        ordered += 1;
        let closed = scene.reaches(case, "closed").await;
        assert_eq!(closed["erased"], json!(ordered));
    }
    let shown = server.shown(&scene.owner, work.id).await;
    assert_eq!(shown["state"], "erased");
    crate::support::fsck(scene.server).await;
}

#[tokio::test]
async fn a_backup_does_not_bring_it_back() {
    let scene = Scene::new().await;
    let (work, needles) = planted(&scene).await;
    let (kept, _) = planted(&scene).await;
    let case = scene.withdrawn(&work).await;
    let storehouse = Storehouse::of(&scene.server);
    let backup = tempfile::tempdir().unwrap();
    copy_tree(&storehouse.data, backup.path());
    scene.erased(case).await;
    let Scene { server, owner, .. } = scene;
    let directory = crate::support::stopped(server).await;
    let data = directory.path().join("data");
    let storage = Storage::new(data.clone(), None);

    put_back(backup.path(), &data);
    let restored = Storehouse { data: data.clone() };
    let back = restored.found(&needles);
    assert!(back.iter().any(|it| it.starts_with("submission key")), "{back:?}");
    // Without the journal nothing is served.
    let journal = journal_in(&storage.guard);
    let aside = directory.path().join("aside");
    fs::rename(&journal, &aside).unwrap();
    let refused = open(&storage).await.err().unwrap().to_string();
    assert!(refused.contains("erasure journal"), "{refused}");
    let untouched = restored.found(&needles);
    assert_eq!(things(&untouched), things(&back), "nothing was touched");
    // With it, it is erased again before anything is served.
    fs::rename(&aside, &journal).unwrap();
    let application = open(&storage).await.unwrap();
    let service = application.service();
    let gone = service.vault().existing_key(work.id).await.err().unwrap().to_string();
    assert!(gone.contains("destroyed"), "{gone}");
    service.vault().existing_key(kept.id).await.unwrap();
    application.close().await;
    assert_eq!(restored.found(&needles), [""; 0]);
    drop(owner);
}

#[tokio::test]
async fn with_all_current_keys_no_earlier_copy_opens_what_was_erased() {
    let scene = Scene::new().await;
    let (work, _) = planted(&scene).await;
    let (kept, _) = planted(&scene).await;
    let case = scene.withdrawn(&work).await;
    let backup = tempfile::tempdir().unwrap();
    let storehouse = Storehouse::of(&scene.server);
    copy_tree(&storehouse.data, &backup.path().join("data"));
    scene.erased(case).await;
    // The thief has the old copy of everything but the key-encryption keys, and those of today.
    let old = backup.path().join("data");
    fs::remove_dir_all(old.join("kek")).unwrap();
    copy_tree(&storehouse.data.join("kek"), &old.join("kek"));
    let mut connection = Storehouse { data: old.clone() }.open("keyring.db").await;
    let epochs = "SELECT DISTINCT epoch FROM submission_keys WHERE subject = ?";
    for id in [work.id, kept.id] {
        let query = sqlx::query_scalar::<_, i64>(epochs).bind(id.as_bytes().to_vec());
        let epoch: i64 = query.fetch_one(&mut connection).await.unwrap();
        let key = files(&old.join("kek")).any(|(path, _)| {
            path.file_stem().is_some_and(|name| name.to_string_lossy() == epoch.to_string())
        });
        assert!(!key, "the key-encryption key of epoch {epoch} is still there");
    }
}

/// What was found, wherever: the engine may have moved it from its log to its file.
fn things(found: &[String]) -> BTreeSet<&str> {
    found.iter().filter_map(|it| it.split(": in ").next()).collect()
}

fn journal_in(guard: &Path) -> PathBuf {
    let path = guard.join("erased");
    assert!(path.is_file(), "{:?}", files(guard).map(|(path, _)| path).collect::<Vec<_>>());
    path
}

pub(super) async fn open(
    storage: &Storage,
) -> Result<attestry::app::Application, attestry::app::StartError> {
    let identity = attestry::config::Identity {
        origin: Some(crate::support::ORIGIN.to_owned()),
        entries: attestry::http::EntriesAccess::Members,
        policies: None,
        scan: false,
    };
    attestry::app::Application::open(storage, identity).await
}
