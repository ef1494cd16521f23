//! `kill -9` at every step of an erasure: the next start goes on, and in the end nothing is left.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use attestry::config::Storage;
use sqlx::SqliteConnection;
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::{
    DONE_WITHIN, Scene,
    erasure::{Needles, Storehouse, copy_tree, open, planted, require_all},
};
use crate::support::{ORIGIN, Step, findings, stopped};

/// What is on disk once a step is done, in the order of the steps.
const STEPS: [&str; 9] = [
    "ordered",
    "in the journal",
    "noted as journalled",
    "counted",
    "key destroyed",
    "objects deleted",
    "payloads deleted",
    "new key-encryption key",
    "erased",
];

/// A data directory at the moment of the decision.
struct Decided {
    directory: tempfile::TempDir,
    work: Uuid,
    case: Uuid,
    needles: Needles,
    /// Objects that stay.
    objects_kept: usize,
    epochs: usize,
}

impl Decided {
    /// `None` if the service was faster.
    async fn make() -> Option<Self> {
        let scene = Scene::new().await;
        let storehouse = Storehouse::of(&scene.server);
        let (_, _) = planted(&scene).await;
        let before = storehouse.objects().len();
        let (work, needles) = planted(&scene).await;
        let its_own = storehouse.objects().len() - before;
        let case = scene.withdrawn(&work).await;
        scene.upheld(case).await;
        scene.approved(case).await;
        let destroy = Step::new("remediating", "erasure-approved");
        scene.server.step(&scene.first, case, &destroy).await;
        let directory = stopped(scene.server).await;
        let data = directory.path().join("data");
        let (epochs, objects_kept) = (key_files(&data), objects(&data) - its_own);
        let made = Self { directory, work: work.id, case, needles, objects_kept, epochs };
        (!made.reached(&data, STEPS[0]).await).then_some(made)
    }

    async fn reached(&self, data: &Path, step: &str) -> bool {
        const ORDERED: &str = "SELECT count(*) FROM erasures WHERE case_id = ?";
        const NOTED: &str = "SELECT count(*) FROM erasures WHERE journalled = 1 AND case_id = ?";
        const COUNTED: &str =
            "SELECT count(*) FROM erasures WHERE keys IS NOT NULL AND case_id = ?";
        const ERASED: &str =
            "SELECT count(*) FROM erasures WHERE erased_index IS NOT NULL AND case_id = ?";
        const KEY_GONE: &str =
            "SELECT count(*) FROM submission_keys WHERE wrapped IS NULL AND subject = ?";
        const PAYLOADS_GONE: &str =
            "SELECT 0 = (SELECT count(*) FROM payloads WHERE sealed_under = ?)";
        let journal = || fs::metadata(guard(data).join("erased")).is_ok_and(|it| it.len() > 48);
        match step {
            "ordered" => is_true(data, "ledger.db", ORDERED, self.case).await,
            "in the journal" => journal(),
            "noted as journalled" => is_true(data, "ledger.db", NOTED, self.case).await,
            "counted" => is_true(data, "ledger.db", COUNTED, self.case).await,
            "key destroyed" => is_true(data, "keyring.db", KEY_GONE, self.work).await,
            "objects deleted" => objects(data) <= self.objects_kept,
            "payloads deleted" => is_true(data, "ledger.db", PAYLOADS_GONE, self.work).await,
            "new key-encryption key" => {
                key_files(data) > self.epochs || !data.join("kek/epoch-0000000001.key").exists()
            }
            _ => is_true(data, "ledger.db", ERASED, self.case).await,
        }
    }
}

fn guard(data: &Path) -> std::path::PathBuf {
    Storage::new(data.to_owned(), None).guard
}

fn objects(data: &Path) -> usize {
    let entries = walkdir::WalkDir::new(data.join("vault")).into_iter().flatten();
    entries.filter(|entry| entry.file_type().is_file()).count()
}

fn key_files(data: &Path) -> usize {
    fs::read_dir(data.join("kek")).map_or(0, Iterator::count)
}

async fn is_true(data: &Path, database: &str, sql: &'static str, id: Uuid) -> bool {
    let storehouse = Storehouse { data: data.to_owned() };
    let Some(mut connection) = storehouse.try_open(database).await else { return false };
    count(&mut connection, sql, id).await > 0
}

async fn count(connection: &mut SqliteConnection, sql: &'static str, id: Uuid) -> i64 {
    let query = sqlx::query_scalar(sql).bind(id.as_bytes().to_vec());
    query.fetch_one(connection).await.unwrap_or(0)
}

fn serve(data: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_attestry"))
        .args(["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN])
        .arg("--data")
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_killed_at_any_step_comes_to_its_end() {
    let decided = loop {
        if let Some(decided) = Decided::make().await {
            break decided;
        }
    };
    for step in STEPS {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(decided.directory.path(), copy.path());
        let data = copy.path().join("data");
        let storehouse = Storehouse { data: data.clone() };
        require_all(&storehouse, &decided.needles);
        let mut service = serve(&data);
        let deadline = Instant::now() + DONE_WITHIN;
        while !decided.reached(&data, step).await {
            assert!(Instant::now() < deadline, "not in time: {step}");
            assert!(service.try_wait().unwrap().is_none(), "the service ended by itself: {step}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        service.kill().await.unwrap();

        let storage = Storage::new(data.clone(), None);
        let application = open(&storage).await.unwrap();
        let service = application.service();
        let deadline = Instant::now() + DONE_WITHIN;
        while !service.ledger().submission(decided.work).await.unwrap().unwrap().erased {
            assert!(Instant::now() < deadline, "never erased after a kill when {step}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        application.close().await;
        // The last second may have been in the middle of the next thing; nothing depends on it.
        let application = open(&storage).await.unwrap();
        application.close().await;
        assert_eq!(storehouse.found(&decided.needles), [""; 0], "after a kill when {step}");
        assert_eq!(findings(&storage).await, [""; 0], "after a kill when {step}");
    }
}
