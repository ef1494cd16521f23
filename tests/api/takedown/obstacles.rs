//! Erasing what does not want to be erased: one object in the way, or a crash in the middle.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use attestry::config::Storage;
use attestry_proof::hash::Hash;
use bytes::Bytes;
use futures_util::stream;

use super::{
    Scene,
    erasure::{Storehouse, copy_tree, open, planted, put_back, require_all},
};
use crate::support::{Refusal, Step, Work, stopped};

const FILE_ERASED: Refusal = (409, "file-erased", "File was erased");

/// Puts something into a directory of the object store that the store cannot list, so that what is in
/// there cannot be deleted; answers with what it was.
fn obstruct(directory: &Path) -> PathBuf {
    let path = directory.join(OsStr::from_bytes(b"\xff"));
    fs::write(&path, b"in the way").unwrap();
    path
}

/// Plants work, and obstructs an object of it.
async fn stuck(scene: &Scene) -> (Work, PathBuf) {
    let storehouse = Storehouse::of(&scene.server);
    let before = storehouse.objects();
    let (work, _) = planted(scene).await;
    let object = storehouse.objects().into_keys().find(|path| !before.contains_key(path)).unwrap();
    (work, obstruct(object.parent().unwrap()))
}

#[tokio::test]
async fn one_object_that_cannot_be_deleted_keeps_no_other_order_waiting() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let (work, obstacle) = stuck(&scene).await;
    let (other, needles) = planted(&scene).await;
    let (older, newer) = (scene.withdrawn(&work).await, scene.withdrawn(&other).await);
    for case in [older, newer] {
        scene.upheld(case).await;
        scene.approved(case).await;
        server.step(first, case, &Step::new("remediating", "erasure-approved")).await;
    }
    scene.reaches(newer, "closed").await;
    let storehouse = Storehouse::of(server);
    assert_eq!(storehouse.found(&needles), [""; 0]);
    assert_eq!(scene.state(older).await, "remediating");
    // What is left of it nobody opens.
    let gone = server.service.vault().existing_key(work.id).await.err().unwrap().to_string();
    assert!(gone.contains("destroyed"), "{gone}");
    let path = format!("/api/v1/submissions/{}/files/{}?purpose=legal", work.id, work.file());
    server.get(path).by(first).send().await.status(403);

    // It is tried again by itself, and at the next start.
    fs::remove_file(obstacle).unwrap();
    let directory = stopped(scene.server).await;
    let application = open(&Storage::new(directory.path().join("data"), None)).await.unwrap();
    let service = application.service();
    for _ in 0..100 {
        service.catch_up().await.unwrap();
    }
    let record = service.ledger().submission(work.id).await.unwrap().unwrap();
    assert!(record.erased, "{record:?}");
    application.close().await;
}

#[tokio::test]
async fn a_restored_copy_is_erased_to_the_end_also_after_a_crash_within_it() {
    let scene = Scene::new().await;
    let (work, needles) = planted(&scene).await;
    let (kept, _) = planted(&scene).await;
    let case = scene.withdrawn(&work).await;
    let storehouse = Storehouse::of(&scene.server);
    let backup = tempfile::tempdir().unwrap();
    copy_tree(&storehouse.data, backup.path());
    scene.erased(case).await;
    let directory = stopped(scene.server).await;
    let data = directory.path().join("data");
    let storage = Storage::new(data.clone(), None);
    // The ledger of today has no record of the objects.
    put_back(backup.path(), &data);
    let restored = Storehouse { data: data.clone() };
    let back = restored.found(&needles);
    assert!(back.iter().any(|it| it.contains("vault")), "{back:?}");

    // The keys are destroyed, and then something fails.
    fs::create_dir_all(data.join("vault/objects/in-the-way")).unwrap();
    let obstacle = obstruct(&data.join("vault/objects/in-the-way"));
    let failed = open(&storage).await.err().unwrap().to_string();
    assert!(failed.contains("in-the-way"), "{failed}");
    let left = restored.found(&needles);
    assert!(!left.is_empty(), "the crash came in the middle");
    fs::remove_file(obstacle).unwrap();
    let application = open(&storage).await.unwrap();
    application.service().vault().existing_key(kept.id).await.unwrap();
    application.close().await;
    assert_eq!(restored.found(&needles), [""; 0]);
}

/// The same scan as after an erasure, where everything was done for one but the erasing.
#[tokio::test]
async fn an_order_that_the_journal_does_not_take_destroys_nothing() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let (work, needles) = planted(&scene).await;
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    scene.approved(case).await;
    let storage = Storage::new(server.directory.path().join("data"), None);
    fs::create_dir(storage.guard.join("erased")).unwrap();
    server.step(first, case, &Step::new("remediating", "erasure-approved")).await;
    scene
        .until("ordered", async || {
            let shown = server.case(first, case).await;
            (shown["ordered"] == 1).then_some(())
        })
        .await;
    server.service.erase_due().await.unwrap_err();
    assert_eq!(scene.state(case).await, "remediating");
    require_all(&Storehouse::of(server), &needles);
    let path = format!("/api/v1/submissions/{}/files/{}?purpose=legal", work.id, work.file());
    server.get(path).by(first).send().await.status(403);

    fs::remove_dir(storage.guard.join("erased")).unwrap();
    let directory = stopped(scene.server).await;
    let application = open(&storage).await.unwrap();
    application.service().catch_up().await.unwrap();
    application.close().await;
    assert_eq!(Storehouse { data: directory.path().join("data") }.found(&needles), [""; 0]);
}

#[tokio::test]
async fn a_file_that_is_still_arriving_does_not_outlive_its_erasure() {
    let scene = Scene::new().await;
    let (server, vault) = (&scene.server, scene.server.service.vault());
    let work = Work::attested(server, &scene.owner).await;
    let content = vec![7; 2_000];
    let file = Hash::of(&content);
    let pieces =
        |bytes: &[u8]| stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(bytes))]);
    vault.begin_upload(work.id, file, content.len() as u64).await.unwrap();
    vault.append(work.id, file, 0, pieces(&content[..1_000])).await.unwrap();
    let lines = [format!("{} {file}", work.id)];
    let case = scene.objected_to(&lines).await;
    let closed = scene.reaches(case, "closed").await;
    assert_eq!(closed["erased"], 1, "what is not there yet is ordered too: {closed}");
    let late = vault.append(work.id, file, 1_000, pieces(&content[1_000..])).await;
    assert!(late.is_err(), "the upload is gone");
    let path = format!("/api/v1/submissions/{}/files/{file}", work.id);
    server.put(path).body(content).by(&scene.owner).send().await.refused(FILE_ERASED);
    assert!(vault.stored(work.id, &[file]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_names_no_more_files_of_one_submission_than_an_order_can() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    let line = |number: u32| format!("{} {}", work.id, Hash::of(&number.to_be_bytes()));
    let lines: Vec<String> = (0..501).map(line).collect();
    server.case_list(first, case, &lines[..500]).await;
    let mut lines = lines;
    lines.sort_unstable();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let call = server.put(format!("/api/v1/cases/{case}/list"));
    let sent = call.header("content-type", "text/plain").body(text).by(first).send().await;
    assert_eq!(sent.status.as_u16(), 422);
}
