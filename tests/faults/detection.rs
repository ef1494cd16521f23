//! Whatever is changed, removed, swapped or cut in a data directory, `fsck` finds and names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use attestry_proof::hash::Hash;
use futures_util::{StreamExt as _, stream};
use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::{
    damage::{
        Damage, derived, entries, files, flipped, keyring, payloads, people, small_tables, tree,
    },
    fixture::Fixture,
    support::{Numbers, Workshop, deep},
};

/// Copies that are checked at the same time.
const AT_ONCE: usize = 4;

async fn connect(path: &Path) -> SqliteConnection {
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(false).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON").execute(&mut connection).await.unwrap();
    connection
}

pub async fn execute(path: &Path, sql: &str) {
    let mut connection = connect(path).await;
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    statement.execute(&mut connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.unwrap();
}

/// Damages a copy, checks it, and answers with what is wrong if the place is not named.
async fn missed(fixture: &Fixture, file: &str, damage: &Damage) -> Option<String> {
    let copy = fixture.workshop.copy();
    execute(&copy.storage().data.join(file), &damage.sql).await;
    unnamed(&copy, damage.kind, &damage.key, &damage.sql, false).await
}

pub async fn unnamed(
    copy: &Workshop,
    kind: &str,
    key: &str,
    what: &str,
    open_files: bool,
) -> Option<String> {
    let report = match copy.fsck(open_files).await {
        Ok(report) => report,
        Err(error) => return Some(format!("{what}: {error}")),
    };
    let named = report
        .findings
        .kept()
        .iter()
        .any(|finding| finding.place.kind == kind && (finding.place.key == key || key == "*"));
    let lines: Vec<String> = report.findings.kept().iter().map(ToString::to_string).collect();
    (!named).then(|| format!("{what}: not named: {kind} {key}; found:\n  {}", lines.join("\n  ")))
}

async fn require_named(copy: &Workshop, kind: &str, key: &str, what: &str, open_files: bool) {
    assert_eq!(unnamed(copy, kind, key, what, open_files).await, None);
}

async fn require_all(fixture: &Fixture, file: &str, damages: Vec<Damage>) {
    assert!(!damages.is_empty());
    let tried = stream::iter(&damages).map(|damage| missed(fixture, file, damage));
    let missing: Vec<String> =
        tried.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert!(missing.is_empty(), "{} of {}:\n{}", missing.len(), damages.len(), missing.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_damage_is_found_and_named() {
    let fixture = Fixture::make().await;
    let report = fixture.workshop.require_clean().await;
    assert_eq!(
        (report.size, report.checked.entries, report.checked.signatures),
        (fixture.size, fixture.size, fixture.size)
    );
    assert_eq!((report.checked.payloads, report.checked.keys), (fixture.size, 3));
    // Two small files, one large, and the openings.
    assert_eq!((report.checked.files, report.checked.files_opened), (4, 4));
    assert_eq!(report.findings.notes(), []);

    require_all(&fixture, "ledger.db", entries(fixture.size)).await;
    require_all(&fixture, "ledger.db", payloads(fixture.size)).await;
    require_all(&fixture, "ledger.db", tree(fixture.size)).await;
    require_all(&fixture, "ledger.db", derived(&fixture)).await;
    require_all(&fixture, "ledger.db", small_tables()).await;
    require_all(&fixture, "ledger.db", people(&fixture)).await;
    require_all(&fixture, "ledger.db", files(&fixture)).await;
    require_all(&fixture, "keyring.db", keyring(&fixture)).await;
    every_table_is_covered(&fixture).await;
    objects(&fixture).await;
    beside_the_database(&fixture).await;
    whole_files(&fixture).await;
    // Nothing above touched the original.
    fixture.workshop.require_clean().await;
}

/// Spent tokens, fingerprints of erased files, letters on their way with the links they repeat, and
/// the schema's own history have nothing to be compared with.
const BEYOND: [&str; 5] =
    ["token_ids", "refused_files", "outbox", "case_links", "_sqlx_migrations"];

/// Tables whose damage `tests/api/takedown/damage.rs` tries: what fills them takes officers.
const OF_TAKEDOWN: [&str; 7] = [
    "holds",
    "held_submissions",
    "cases",
    "case_submissions",
    "case_history",
    "case_approvals",
    "erasures",
];

/// A table that is added later must be added here.
async fn every_table_is_covered(fixture: &Fixture) {
    let damages = [
        entries(fixture.size),
        payloads(fixture.size),
        tree(fixture.size),
        derived(fixture),
        small_tables(),
        people(fixture),
        files(fixture),
        keyring(fixture),
    ];
    let covered: std::collections::HashSet<&str> =
        damages.iter().flatten().map(|damage| damage.kind).collect();
    for file in ["ledger.db", "keyring.db"] {
        let copy = fixture.workshop.copy();
        let mut connection = connect(&copy.storage().data.join(file)).await;
        let tables = sqlx::query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for table in tables {
            let name: String = table.get(0);
            let elsewhere = BEYOND.contains(&name.as_str()) || OF_TAKEDOWN.contains(&name.as_str());
            assert!(covered.contains(name.as_str()) || elsewhere, "no damage to {name} is tried");
        }
    }
}

fn object_files(copy: &Workshop) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(copy.storage().vault()).sort_by_file_name();
    walk.into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.into_path())
        .collect()
}

/// `object/part`, as findings name it. Files in packs are named by their own object, part 0.
fn object_name(path: &Path) -> String {
    let part = path.file_name().unwrap().to_str().unwrap();
    let object = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    if part == "0" { "*".into() } else { format!("{object}/{part}") }
}

async fn objects(fixture: &Fixture) {
    let count = object_files(&fixture.workshop).len();
    assert_eq!(count, 5, "two packs, two parts of the large file, one part of the upload");
    for number in 0..count {
        let changed = |change: fn(&Path), files: bool, what: &'static str| async move {
            let copy = fixture.workshop.copy();
            let path = object_files(&copy)[number].clone();
            change(&path);
            require_named(&copy, "objects", &object_name(&path), what, files).await;
        };
        changed(|path| fs::remove_file(path).unwrap(), false, "removed object").await;
        changed(|path| cut(path, 1), false, "object cut by one byte").await;
        changed(|path| flip(path, 20), false, "flipped bit in the header of an object").await;
        changed(|path| fs::write(path, b"").unwrap(), false, "emptied object").await;
    }
    // Content is opened by --files only, and with it the digest is told; an upload is opened when it is complete.
    let copy = fixture.workshop.copy();
    let sql = format!("UPDATE files SET sha256 = {}", flipped("sha256", 2));
    execute(&copy.storage().ledger(), &sql).await;
    require_named(&copy, "files", "*", "digests of files", true).await;
    for number in 0..count {
        let copy = fixture.workshop.copy();
        let path = object_files(&copy)[number].clone();
        let middle = fs::metadata(&path).unwrap().len() / 2;
        if middle < 1000 {
            continue;
        }
        flip(&path, middle as usize);
        require_named(&copy, "objects", &object_name(&path), "flipped bit in an object", true)
            .await;
    }
    swapped_and_stray_objects(fixture).await;
}

async fn swapped_and_stray_objects(fixture: &Fixture) {
    let copy = fixture.workshop.copy();
    let parts: Vec<PathBuf> =
        object_files(&copy).into_iter().filter(|path| !path.ends_with("0")).collect();
    let (first, second) = (fs::read(&parts[0]).unwrap(), fs::read(&parts[1]).unwrap());
    fs::write(&parts[0], second).unwrap();
    fs::write(&parts[1], first).unwrap();
    require_named(&copy, "objects", &object_name(&parts[0]), "swapped parts", false).await;

    let copy = fixture.workshop.copy();
    let stray = copy.storage().vault().join("objects").join(uuid::Uuid::from_u128(5).to_string());
    fs::create_dir_all(&stray).unwrap();
    fs::write(stray.join("1"), b"left by a crash").unwrap();
    let report = copy.require_clean().await;
    assert_eq!(report.findings.notes().len(), 1);
    assert_eq!(
        report.findings.notes()[0].place.to_string(),
        format!("objects {}", uuid::Uuid::from_u128(5))
    );
}

fn flip(path: &Path, byte: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[byte] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path, bytes: u64) {
    let length = fs::metadata(path).unwrap().len();
    fs::File::options().write(true).open(path).unwrap().set_len(length - bytes).unwrap();
}

/// Kind of place, what is done, and how.
type NamedChange = (&'static str, &'static str, fn(&Workshop));

/// What is done to a file, and how.
type FileChange = (&'static str, fn(&Path));

/// Guard, keys and whole directories.
async fn beside_the_database(fixture: &Fixture) {
    let cases: [NamedChange; 10] = [
        ("guard", "no guard", |copy| fs::remove_dir_all(copy.storage().guard).unwrap()),
        ("guard", "guard without a head", |copy| {
            fs::write(copy.storage().guard.join("head"), [0; 1024]).unwrap()
        }),
        ("guard", "damaged guard", |copy| {
            fs::write(copy.storage().guard.join("head"), [1; 1024]).unwrap()
        }),
        ("keys/note.pem", "no note key", |copy| {
            fs::remove_file(copy.storage().log_keys().join("note.pem")).unwrap()
        }),
        ("keys/receipt.pem", "another receipt key", |copy| {
            let keys = copy.storage().log_keys();
            fs::copy(keys.join("service.pem"), keys.join("receipt.pem")).unwrap();
        }),
        ("keys/service.pem", "damaged service key", |copy| {
            fs::write(copy.storage().log_keys().join("service.pem"), b"no key").unwrap();
        }),
        ("kek", "no key-encryption keys", |copy| {
            fs::remove_dir_all(copy.storage().key_encryption_keys()).unwrap()
        }),
        ("kek", "damaged key-encryption key", |copy| {
            for entry in fs::read_dir(copy.storage().key_encryption_keys()).unwrap() {
                flip(&entry.unwrap().path(), 30);
            }
        }),
        ("keyring.db", "no keyring", |copy| fs::remove_file(copy.storage().keyring()).unwrap()),
        ("objects", "no vault", |copy| fs::remove_dir_all(copy.storage().vault()).unwrap()),
    ];
    for (kind, what, change) in cases {
        let copy = fixture.workshop.copy();
        change(&copy);
        require_named(&copy, kind, "*", what, false).await;
    }
    for (kind, what, slot) in [
        ("rollback", "a guard that knows more", 1_u64),
        ("fork", "a guard that knows another root", 0),
    ] {
        let copy = fixture.workshop.copy();
        remember(&copy, fixture.size + slot);
        let report = copy.fsck(false).await.unwrap();
        let line = report
            .findings
            .kept()
            .iter()
            .find(|finding| finding.place.kind == "guard")
            .expect(what)
            .to_string();
        assert!(line.contains(kind), "{line}");
    }
}

/// Makes the guard remember a root that no log has.
fn remember(copy: &Workshop, size: u64) {
    use attestry::{
        log::guard::{FileGuard, Guard as _},
        store::ledger::Head,
    };
    let guard = FileGuard::open(&copy.storage().guard, crate::support::ORIGIN).unwrap();
    let head = Head { size: attestry_proof::size::TreeSize(size), root: Hash([9; 32]) };
    guard.record(head).unwrap();
}

/// Database files that are no longer databases.
async fn whole_files(fixture: &Fixture) {
    for file in ["ledger.db", "keyring.db"] {
        let cases: [FileChange; 4] = [
            ("emptied", |path| fs::write(path, b"").unwrap()),
            ("overwritten", |path| fs::write(path, [b'x'; 8192]).unwrap()),
            ("cut in half", |path| cut(path, fs::metadata(path).unwrap().len() / 2)),
            ("flipped bit in the header", |path| flip(path, 2)),
        ];
        for (what, change) in cases {
            let copy = fixture.workshop.copy();
            change(&copy.storage().data.join(file));
            let report =
                copy.fsck(false).await.unwrap_or_else(|error| panic!("{file} {what}: {error}"));
            assert!(report.findings.total() > 0, "{file} {what}");
        }
    }
    changed_schemas(fixture).await;
    flipped_pages(fixture).await;
}

/// The engine believes the text of its schema, so that has to be compared as well.
async fn changed_schemas(fixture: &Fixture) {
    for (file, sql) in [
        ("ledger.db", "DROP INDEX entries_by_statement"),
        ("ledger.db", "CREATE TABLE stranger (number INTEGER)"),
        (
            "ledger.db",
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema
             SET sql = replace(sql, 'CHECK (withdrawn', 'CHECK (githdrawn') WHERE name = 'submissions'",
        ),
        ("keyring.db", "DROP INDEX object_keys_by_subject"),
    ] {
        let copy = fixture.workshop.copy();
        execute(&copy.storage().data.join(file), sql).await;
        require_named(&copy, file, "", sql, false).await;
    }
}

/// Any byte of the file: what is found need not name a row, but nothing may panic, and a check that finds nothing must
/// be right: every row is still the same.
async fn flipped_pages(fixture: &Fixture) {
    let original = rows(&fixture.workshop).await;
    let length = fs::metadata(fixture.workshop.storage().ledger()).unwrap().len();
    let mut numbers = Numbers(11);
    let tries = if deep() { 500 } else { 25 };
    for _ in 0..tries {
        let copy = fixture.workshop.copy();
        let byte = numbers.below(length);
        flip(&copy.storage().ledger(), byte as usize);
        if copy.fsck(false).await.is_ok_and(|report| report.findings.total() == 0) {
            assert_eq!(rows(&copy).await, original, "byte {byte} was changed unnoticed");
        }
    }
}

/// Every row that the log is made of, as text.
async fn rows(workshop: &Workshop) -> Vec<String> {
    const TABLES: [&str; 4] = [
        "SELECT quote(leaf_index) || quote(issued_at) || quote(leaf_hash) || quote(subject) || quote(issuer)
             || content_type || quote(entry) FROM entries ORDER BY leaf_index",
        "SELECT quote(leaf_index) || quote(digest) || quote(sealed) || quote(body) FROM payloads ORDER BY leaf_index",
        "SELECT quote(level) || quote(tile_index) || quote(hashes) FROM tiles ORDER BY level, tile_index",
        "SELECT quote(size) || quote(root) FROM batches ORDER BY size",
    ];
    let mut connection = connect(&workshop.storage().ledger()).await;
    let mut rows = Vec::new();
    for table in TABLES {
        rows.extend(
            sqlx::query_scalar::<_, String>(table).fetch_all(&mut connection).await.unwrap(),
        );
    }
    connection.close().await.unwrap();
    rows
}
