//! What the service refuses to open, and that it says why.

use std::{fs, io::Write as _};

use attestry::{
    app::{Application, StartError, fsck::FsckError},
    config::{Identity, Storage},
    log::{OpenError, guard::GuardError},
};
use attestry_proof::size::TreeSize;

use crate::support::{
    Author, ServiceProcess, Workshop,
    directory::{copy_tree, enrol},
    identity, process,
};

/// A log with a few statements, closed.
async fn log_with(statements: usize) -> (Workshop, Author) {
    let workshop = Workshop::default();
    let (admin, contractor) = (Author::new(1), Author::new(2));
    let application = workshop.open().await.unwrap();
    enrol(application.service(), &admin, &[&contractor]).await;
    application.close().await;
    append(&workshop, &contractor, statements).await;
    (workshop, contractor)
}

async fn append(workshop: &Workshop, contractor: &Author, statements: usize) {
    let application = workshop.open().await.unwrap();
    for _ in 0..statements {
        application.service().register(&contractor.new_effort().bytes).await.unwrap();
    }
    application.close().await;
}

async fn refusal(workshop: &Workshop) -> StartError {
    refusal_of(&workshop.storage(), identity()).await
}

async fn refusal_of(storage: &Storage, identity: Identity) -> StartError {
    match Application::open(storage, identity).await {
        Ok(_) => panic!("the directory was opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_older_than_the_guard_is_a_rollback() {
    let (workshop, contractor) = log_with(3).await;
    let saved = workshop.save_ledger();
    append(&workshop, &contractor, 4).await;
    let current = workshop.save_ledger();
    saved.restore();
    let error = refusal(&workshop).await;
    let StartError::Open(OpenError::Rollback { remembered, found }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*remembered, *found), (TreeSize(11), TreeSize(7)));
    assert!(error.to_string().starts_with("rollback: "), "{error}");
    // The refusal changed nothing: the newer copy opens.
    current.restore();
    workshop.require_clean().await;
    append(&workshop, &contractor, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_removed_is_a_rollback() {
    let (workshop, _) = log_with(1).await;
    fs::remove_file(workshop.storage().ledger()).unwrap();
    let error = refusal(&workshop).await;
    let rollback =
        matches!(error, StartError::Open(OpenError::Rollback { found: TreeSize(0), .. }));
    assert!(rollback, "{error:?}");
}

/// Two histories from one copy; the guard knows the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_another_history_is_a_fork() {
    let (workshop, contractor) = log_with(3).await;
    let twin = workshop.copy();
    append(&workshop, &contractor, 2).await;
    append(&twin, &contractor, 2).await;
    let own = workshop.save_ledger();
    fs::copy(twin.storage().ledger(), workshop.storage().ledger()).unwrap();
    let error = refusal(&workshop).await;
    assert!(matches!(error, StartError::Open(OpenError::Fork { size: TreeSize(9) })), "{error:?}");
    assert!(error.to_string().starts_with("fork: "), "{error}");

    // A longer history is no better.
    append(&twin, &contractor, 5).await;
    fs::copy(twin.storage().ledger(), workshop.storage().ledger()).unwrap();
    let error = refusal(&workshop).await;
    assert!(matches!(error, StartError::Open(OpenError::Fork { size: TreeSize(9) })), "{error:?}");
    own.restore();
    append(&workshop, &contractor, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_is_missing_damaged_or_another_logs_is_named() {
    let (workshop, _) = log_with(1).await;
    let guard = workshop.storage().guard;
    let kept = workshop.path().join("kept");
    copy_tree(&guard, &kept);

    fs::remove_dir_all(&guard).unwrap();
    let error = refusal(&workshop).await;
    assert!(
        matches!(error, StartError::Open(OpenError::MissingGuard { found: TreeSize(5) })),
        "{error:?}"
    );
    assert!(error.to_string().starts_with("missing guard: "), "{error}");
    // Refusing must not make the guard that is missing.
    let error = refusal(&workshop).await;
    assert!(matches!(error, StartError::Open(OpenError::MissingGuard { .. })), "{error:?}");

    fs::write(guard.join("head"), [7; 1024]).unwrap();
    let error = refusal(&workshop).await;
    assert!(matches!(error, StartError::Guard(GuardError::Damaged { .. })), "{error:?}");

    let other = Workshop::default();
    let elsewhere = Identity { origin: Some("log.example/other".into()), ..identity() };
    Application::open(&other.storage(), elsewhere).await.unwrap().close().await;
    fs::copy(other.storage().guard.join("head"), guard.join("head")).unwrap();
    let error = refusal(&workshop).await;
    assert!(matches!(error, StartError::Guard(GuardError::OtherLog { .. })), "{error:?}");

    fs::copy(kept.join("head"), guard.join("head")).unwrap();
    workshop.open().await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_origin_is_refused_and_none_takes_the_logs_own() {
    let (workshop, _) = log_with(1).await;
    let other = Identity { origin: Some("log.example/other".into()), ..identity() };
    let error = refusal_of(&workshop.storage(), other).await;
    assert!(matches!(error, StartError::OtherOrigin { .. }), "{error:?}");
    let none = Identity { origin: None, ..identity() };
    Application::open(&workshop.storage(), none).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_refused() {
    let (workshop, _) = log_with(2).await;
    type Change = (&'static str, fn(&mut Vec<u8>));
    let cases: [Change; 3] = [
        ("emptied", Vec::clear),
        ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("overwritten", |bytes| bytes.fill(b'x')),
    ];
    for (what, change) in cases {
        let copy = workshop.copy();
        let path = copy.storage().ledger();
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        // An empty file is an empty database: the guard knows better.
        let error = refusal(&copy).await;
        let expected = matches!(&error, StartError::Store(_) | StartError::Open(_));
        assert!(expected, "{what}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_does_not_give_its_root_is_refused() {
    use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
    let (workshop, _) = log_with(2).await;
    let path = workshop.storage().ledger();
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let sql = "UPDATE entries SET leaf_hash = zeroblob(32) WHERE leaf_index = 5";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let error = refusal(&workshop).await;
    let named =
        matches!(error, StartError::Open(OpenError::Fork { .. } | OpenError::Inconsistent { .. }));
    assert!(named, "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_used_by_one_at_a_time() {
    let (workshop, _) = log_with(1).await;
    let storage = workshop.storage();
    let first = ServiceProcess::start(&storage).await.unwrap();

    let second = ServiceProcess::start(&storage).await.err().expect("the second is refused");
    assert_eq!(second.status.code(), Some(3), "{second:?}");
    assert!(second.output.contains("in use by another process"), "{second:?}");
    // The same guard with another directory is refused too.
    let beside = Workshop::default();
    let shared = Storage::new(beside.storage().data, Some(storage.guard.clone()));
    let third = ServiceProcess::start(&shared).await.err().expect("the third is refused");
    assert!(third.output.contains("in use by another process"), "{third:?}");
    let (status, report) = process::run(&["--json", "fsck"], &storage).await;
    assert_eq!(status.code(), Some(2), "{report}");
    assert!(matches!(workshop.fsck(false).await, Err(FsckError::Guard(GuardError::Locked { .. }))));

    assert!(first.stop().await.success());
    let (status, report) = process::run(&["--json", "fsck", "--files"], &storage).await;
    assert_eq!((status.code(), &report["clean"]), (Some(0), &true.into()), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fsck_exits_by_what_it_found() {
    let (workshop, _) = log_with(1).await;
    let storage = workshop.storage();
    let missing = Workshop::default();
    let (status, report) = process::run(&["--json", "fsck"], &missing.storage()).await;
    assert_eq!(status.code(), Some(2), "{report}");
    assert!(!missing.storage().data.exists(), "a check makes no directory");

    let key = storage.log_keys().join("note.pem");
    let mut file = fs::File::options().write(true).open(key).unwrap();
    file.write_all(b"no longer a key").unwrap();
    let (status, report) = process::run(&["--json", "fsck"], &storage).await;
    assert_eq!((status.code(), &report["clean"]), (Some(1), &false.into()), "{report}");
    assert_eq!(report["findings"][0]["place"]["kind"], "keys/note.pem");
}
