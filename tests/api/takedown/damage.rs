//! What was changed behind the service's back in the tables of cases and holds is found.

use attestry::config::Storage;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use super::{Scene, matter_id};
use crate::support::{Work, findings, hold, hold_on, stopped};

async fn execute(storage: &Storage, sql: &str) {
    let options = SqliteConnectOptions::new().filename(storage.ledger()).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    statement.execute(&mut connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.unwrap();
}

/// A change, and a part of the line that tells it.
const CHANGES: [(&str, &str); 28] = [
    ("UPDATE cases SET state = 'closed'", "cases CASE: state is not"),
    ("UPDATE cases SET step_leaf = zeroblob(32)", "cases CASE: step_leaf"),
    ("UPDATE cases SET step_index = step_index - 1", "cases CASE: step_index"),
    ("UPDATE cases SET opened_index = opened_index - 1", "cases CASE: opened_index"),
    ("UPDATE cases SET concerned = zeroblob(32)", "cases CASE: concerned"),
    ("UPDATE cases SET program = 'other'", "cases CASE: program"),
    ("UPDATE cases SET ground = 'copyright'", "cases CASE: ground"),
    ("UPDATE case_history SET at = at - 3600 WHERE state = 'received'", "cases CASE: case_history"),
    ("DELETE FROM case_history WHERE state = 'quarantined'", "cases CASE: case_history"),
    ("UPDATE case_approvals SET officer = zeroblob(32)", "cases CASE: case_approvals"),
    ("DELETE FROM cases", "cases CASE: it was opened by a statement"),
    ("UPDATE case_submissions SET locked = 0", "submissions WORK: quarantined differs"),
    ("UPDATE erasures SET erased_index = NULL", "submissions GONE: erased_index differs"),
    ("DELETE FROM erasures", "submissions GONE: ordered_index, erased_index differs"),
    ("DELETE FROM case_submissions WHERE locked = 1", "case_submissions CASE: WORK is not there"),
    ("UPDATE case_submissions SET submission = randomblob(16)", "is not in the list of the case"),
    (
        "UPDATE case_submissions SET files = zeroblob(32)",
        "case_submissions CASE: WORK is not there",
    ),
    ("DELETE FROM erasures", "is missing, but the entry there ordered it"),
    ("UPDATE erasures SET order_leaf = zeroblob(32)", "order_leaf is not what its statements say"),
    ("UPDATE erasures SET case_id = randomblob(16)", "case_id is not what its statements say"),
    ("UPDATE erasures SET erased_index = ordered_index", "erased_index is not what its statements"),
    ("UPDATE erasures SET journalled = 0", "journalled is not what its statements say"),
    ("DELETE FROM refused_files", "refused_files is not what its statements say"),
    ("UPDATE holds SET released_index = 3", "holds HOLD: released_index"),
    ("UPDATE holds SET program = 'other'", "holds HOLD: program"),
    ("DELETE FROM held_submissions", "holds HOLD: held_submissions"),
    ("DELETE FROM holds", "holds HOLD: it was opened by a statement"),
    ("UPDATE holds SET id = randomblob(16)", ": no statement opened it"),
];

#[tokio::test]
async fn every_change_to_cases_and_holds_is_named() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let gone = Work::attested(server, &scene.owner).await;
    scene.erased(scene.withdrawn(&gone).await).await;
    let rest = Work::attested(server, &scene.owner).await;
    let of_rest = scene.objected_to(&[format!("{} {}", rest.id, rest.file())]).await;
    scene.reaches(of_rest, "closed").await;
    let work = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    scene.approved(case).await;
    let held = matter_id();
    server.send(&hold(server, first, held, hold_on(&[work.id])), first).await.status(201);
    let [gone, work, case, held] = [gone.id, work.id, case, held].map(|id| id.to_string());
    let directory = stopped(scene.server).await;
    let storage = Storage::new(directory.path().join("data"), None);
    assert_eq!(findings(&storage).await, [""; 0]);
    // The journal is told from the log too.
    let journal = storage.guard.join("erased");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &whole[..whole.len() - 100]).unwrap();
    let found = findings(&storage).await;
    assert!(found.iter().any(|line| line.contains("journal does not have it")), "{found:#?}");
    std::fs::write(&journal, whole).unwrap();
    let kept = directory.path().join("kept.db");
    std::fs::copy(storage.ledger(), &kept).unwrap();
    for (change, told) in CHANGES {
        std::fs::copy(&kept, storage.ledger()).unwrap();
        execute(&storage, change).await;
        let told = told.replace("CASE", &case).replace("HOLD", &held);
        let told = told.replace("WORK", &work).replace("GONE", &gone);
        let found = findings(&storage).await;
        assert!(found.iter().any(|line| line.contains(&told)), "{change}: {told}\n{found:#?}");
    }
}
