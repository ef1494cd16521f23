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
    fixture::Fixture,
    support::{Numbers, Workshop, deep},
};

/// Copies that are checked at the same time.
const AT_ONCE: usize = 4;

/// One way to damage a database row, and the place that must be named.
struct Damage {
    sql: String,
    kind: &'static str,
    key: String,
}

fn damage(kind: &'static str, key: impl ToString, sql: impl Into<String>) -> Damage {
    Damage { sql: sql.into(), kind, key: key.to_string() }
}

async fn connect(path: &Path) -> SqliteConnection {
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(false).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON").execute(&mut connection).await.unwrap();
    connection
}

async fn execute(path: &Path, sql: &str) {
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

async fn unnamed(
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

/// `column` with one bit of its blob flipped.
fn flipped(column: &str, byte: u64) -> String {
    // x'..' of one byte xor 1, through the arithmetic that SQLite has: a + b - 2ab on the lowest bit.
    let at = byte + 1;
    let hex = format!("hex(substr({column}, {at}, 1))");
    let low = format!("instr('0123456789ABCDEF', substr({hex}, 2, 1)) - 1");
    let swapped = format!("substr('1032547698BADCFE', ({low}) + 1, 1)");
    let byte = format!("unhex(substr({hex}, 1, 1) || {swapped})");
    format!(
        "CAST(substr({column}, 1, {byte_before}) || {byte} || substr({column}, {after}) AS BLOB)",
        byte_before = at - 1,
        after = at + 1
    )
}

/// Positions to try in a row of so many: first, last, borders of tiles, and some in between.
fn sampled(size: u64) -> Vec<u64> {
    if deep() {
        return (0..size).collect();
    }
    let mut numbers = Numbers(7);
    let mut positions = vec![0, 1, 255, 256, size - 1];
    positions.extend((0..3).map(|_| numbers.below(size)));
    positions.sort_unstable();
    positions.dedup();
    positions
}

fn entries(size: u64) -> Vec<Damage> {
    let mut found = Vec::new();
    for index in sampled(size) {
        let row = format!("WHERE leaf_index = {index}");
        let update = |column: &str, value: String| {
            damage("entries", index, format!("UPDATE entries SET {column} = {value} {row}"))
        };
        found.push(update("entry", flipped("entry", 3 + index % 100)));
        found.push(damage("entries", index, format!("DELETE FROM entries {row}")));
    }
    for index in [2, 200, size - 2] {
        let row = format!("WHERE leaf_index = {index}");
        let update = |column: &str, value: String| {
            damage("entries", index, format!("UPDATE entries SET {column} = {value} {row}"))
        };
        found.push(update("leaf_hash", flipped("leaf_hash", index % 32)));
        found.push(update("subject", flipped("subject", 3)));
        found.push(update("issuer", flipped("issuer", 5)));
        found.push(update("issued_at", "issued_at + 1".into()));
        found.push(update("content_type", "content_type || 'x'".into()));
        found.push(update("entry", "substr(entry, 1, length(entry) - 1)".into()));
        found.push(update("entry", "x''".into()));
        // The signature is the end of the entry.
        found.push(update(
            "entry",
            "CAST(substr(entry, 1, length(entry) - 64) || zeroblob(64) AS BLOB)".into(),
        ));
    }
    found.push(damage(
        "entries",
        -1,
        format!("UPDATE entries SET leaf_index = -1 WHERE leaf_index = {}", size - 1),
    ));
    let beyond =
        format!("UPDATE entries SET leaf_index = {} WHERE leaf_index = {}", size + 9, size - 1);
    found.push(damage("entries", size, beyond));
    for (left, right) in [(10, 11), (20, 258), (size - 3, size - 5)] {
        let swap = format!(
            "UPDATE entries SET leaf_index = -7 WHERE leaf_index = {left};
             UPDATE entries SET leaf_index = {left} WHERE leaf_index = {right};
             UPDATE entries SET leaf_index = {right} WHERE leaf_index = -7;"
        );
        // In a tile, the tile tells the entry; after the last tile only the batch can be told.
        let in_tile = left < 256;
        let kind = if in_tile { "entries" } else { "batches" };
        let key = if in_tile { left.to_string() } else { "*".into() };
        found.push(damage(kind, key, swap));
    }
    found
}

fn payloads(size: u64) -> Vec<Damage> {
    let mut found = Vec::new();
    for index in sampled(size) {
        let row = format!("WHERE leaf_index = {index}");
        let update = |column: &str, value: String| {
            damage("payloads", index, format!("UPDATE payloads SET {column} = {value} {row}"))
        };
        found.push(update("body", flipped("body", 30 + index % 50)));
        found.push(damage("payloads", index, format!("DELETE FROM payloads {row}")));
    }
    for index in [0, 2, 200] {
        let row = format!("WHERE leaf_index = {index}");
        let update = |column: &str, value: String| {
            damage("payloads", index, format!("UPDATE payloads SET {column} = {value} {row}"))
        };
        found.push(update("digest", flipped("digest", 31)));
        found.push(update("sealed", "1 - sealed".into()));
        found.push(update("body", "substr(body, 2)".into()));
    }
    let swap = "UPDATE payloads SET leaf_index = -7 WHERE leaf_index = 100;
         UPDATE payloads SET leaf_index = 100 WHERE leaf_index = 101;
         UPDATE payloads SET leaf_index = 101 WHERE leaf_index = -7;";
    found.push(damage("payloads", 100, swap));
    let extra = "INSERT INTO payloads SELECT 100000, digest, sealed, body FROM payloads WHERE leaf_index = 1";
    found.push(damage("payloads", 100_000, extra));
    found
}

fn tree(size: u64) -> Vec<Damage> {
    let mut found = Vec::new();
    let last = size / 256 - 1;
    for (index, hash) in [(0, 0), (0, 255), (last, 7)] {
        let row = format!("WHERE level = 0 AND tile_index = {index}");
        let flip = format!("UPDATE tiles SET hashes = {} {row}", flipped("hashes", hash * 32 + 4));
        found.push(damage("tiles", format!("0/{index}"), flip));
        found.push(damage("tiles", format!("0/{index}"), format!("DELETE FROM tiles {row}")));
    }
    let cut = "UPDATE tiles SET hashes = substr(hashes, 1, 8160) WHERE tile_index = 0";
    found.push(damage("tiles", "0/0", cut));
    if last > 0 {
        let swap = "UPDATE tiles SET tile_index = 9 WHERE tile_index = 0;
             UPDATE tiles SET tile_index = 0 WHERE tile_index = 1;
             UPDATE tiles SET tile_index = 1 WHERE tile_index = 9;";
        found.push(damage("tiles", "0/0", swap));
    }
    for (level, index) in [(0, 2), (1, 0), (7, 0), (-1, 0), (0, -1), (70, 0)] {
        let sql = format!(
            "INSERT INTO tiles SELECT {level}, {index}, hashes FROM tiles WHERE tile_index = 0"
        );
        found.push(damage("tiles", format!("{level}/{index}"), sql));
    }
    found.push(damage("head", "", format!("UPDATE head SET root = {}", flipped("root", 0))));
    found.push(damage("head", "", "UPDATE head SET size = size - 1"));
    found.push(damage("head", "", "UPDATE head SET size = size + 1"));
    found.push(damage("head", "", "UPDATE head SET size = 1 << 50"));
    found.push(damage("head", "", "DELETE FROM head"));
    // The first two batches are genesis and the first key.
    found.push(damage(
        "batches",
        2,
        format!("UPDATE batches SET root = {} WHERE size = 2", flipped("root", 9)),
    ));
    found.push(damage("batches", 3, "DELETE FROM batches WHERE size = 2"));
    found.push(damage(
        "batches",
        3,
        "UPDATE batches SET first_index = first_index - 1 WHERE size = 3",
    ));
    found.push(damage("batches", "", format!("DELETE FROM batches WHERE size = {size}")));
    found.push(damage(
        "batches",
        "*",
        format!("UPDATE batches SET size = size + 1 WHERE size = {size}"),
    ));
    found
}

fn derived(fixture: &Fixture) -> Vec<Damage> {
    let contractor = fixture.contractor.thumbprint();
    let key = format!("x'{}'", contractor.0.to_hex());
    let mut found = Vec::new();
    for (column, value) in [
        ("public_key", flipped("public_key", 1)),
        ("roles", "'admin contractor'".into()),
        ("program", "'other'".into()),
        ("enrolled_index", "enrolled_index + 1".into()),
        ("revoked_index", "400".into()),
        ("version", "version + 1".into()),
    ] {
        let sql = format!("UPDATE signing_keys SET {column} = {value} WHERE thumbprint = {key}");
        found.push(damage("signing_keys", contractor, sql));
    }
    found.push(damage(
        "signing_keys",
        contractor,
        format!("DELETE FROM signing_keys WHERE thumbprint = {key}"),
    ));
    found.push(damage("signing_keys", "*", "UPDATE signing_keys SET revoked_index = NULL"));
    let stranger =
        "INSERT INTO signing_keys SELECT zeroblob(32), public_key, roles, program, 5, NULL, 1
         FROM signing_keys LIMIT 1";
    found.push(damage("signing_keys", attestry_proof::key::Thumbprint(Hash([0; 32])), stranger));

    let withdrawn = format!("x'{}'", fixture.withdrawn.simple());
    for (column, value) in [
        ("owner", flipped("owner", 0)),
        ("opened_index", "opened_index + 1".into()),
        ("withdrawn", "0".into()),
    ] {
        let sql = format!("UPDATE submissions SET {column} = {value} WHERE id = {withdrawn}");
        found.push(damage("submissions", fixture.withdrawn, sql));
    }
    found.push(damage(
        "submissions",
        fixture.withdrawn,
        format!("DELETE FROM submissions WHERE id = {withdrawn}"),
    ));
    let not_withdrawn = format!(
        "UPDATE submissions SET withdrawn = 1 WHERE id = x'{}'",
        fixture.with_files.simple()
    );
    found.push(damage("submissions", fixture.with_files, not_withdrawn));
    let invented =
        "INSERT INTO submissions SELECT zeroblob(16), owner, 3, 0 FROM submissions LIMIT 1";
    found.push(damage("submissions", uuid::Uuid::nil(), invented));

    found.push(damage(
        "policy_versions",
        1,
        format!(
            "UPDATE policy_versions SET digest = {} WHERE leaf_index = 1",
            flipped("digest", 2)
        ),
    ));
    found.push(damage(
        "policy_versions",
        "*",
        "UPDATE policy_versions SET version = 9 WHERE version = 2",
    ));
    found.push(damage("policy_versions", 1, "DELETE FROM policy_versions WHERE version = 1"));
    found.push(damage(
        "policy_versions",
        77,
        "INSERT INTO policy_versions SELECT 77, digest, 4 FROM policy_versions LIMIT 1",
    ));

    found.push(damage("invitations", "*", "UPDATE invitations SET used_by = zeroblob(32)"));
    found.push(damage(
        "staged_payloads",
        "*",
        format!("UPDATE staged_payloads SET body = {}", flipped("body", 40)),
    ));
    found.push(damage(
        "staged_payloads",
        "*",
        format!("UPDATE staged_payloads SET digest = {}", flipped("digest", 4)),
    ));
    found
}

fn files(fixture: &Fixture) -> Vec<Damage> {
    let (id, large, small) = (fixture.with_files, fixture.large, fixture.small);
    let of = |digest: Hash| format!("WHERE sha256 = x'{}'", digest.to_hex());
    let name = |digest: Hash| format!("{id}/{digest}");
    let mut found = vec![
        damage("files", name(large), format!("UPDATE files SET size = size + 1 {}", of(large))),
        damage("files", name(small), format!("UPDATE files SET size = size + 70000 {}", of(small))),
        damage(
            "files",
            name(small),
            format!("UPDATE files SET pack_offset = pack_offset + 1 {}", of(small)),
        ),
        damage(
            "files",
            name(large),
            format!("UPDATE files SET object = {} {}", flipped("object", 2), of(large)),
        ),
        damage(
            "files",
            name(small),
            format!("UPDATE files SET pack = {} {}", flipped("pack", 2), of(small)),
        ),
        damage(
            "files",
            "*",
            format!("UPDATE files SET subject = {} {}", flipped("subject", 2), of(large)),
        ),
        damage("parts", "*", format!("DELETE FROM files {}", of(large))),
        damage("files", name(large), "DELETE FROM parts WHERE first_byte = 100000"),
        damage("files", name(large), "UPDATE parts SET part_number = 7 WHERE first_byte = 100000"),
        damage(
            "files",
            name(large),
            "UPDATE parts SET length = length - 1 WHERE first_byte = 100000",
        ),
        damage(
            "parts",
            "*",
            format!("UPDATE parts SET object = {} WHERE first_byte = 100000", flipped("object", 3)),
        ),
        damage("uploads", "*", "UPDATE uploads SET received = received - 1"),
        damage("uploads", "*", format!("UPDATE uploads SET object = {}", flipped("object", 1))),
        damage("parts", "*", "DELETE FROM uploads"),
        damage("manifests", "*", "DELETE FROM manifests"),
        damage(
            "manifests",
            "*",
            format!("UPDATE manifests SET openings = {}", flipped("openings", 1)),
        ),
        damage(
            "manifests",
            "*",
            format!("UPDATE manifests SET commitment = {}", flipped("commitment", 1)),
        ),
    ];
    for (column, value) in [("role", "'request'"), ("files", "files + 1"), ("bytes", "bytes + 1")] {
        found.push(damage("manifests", "*", format!("UPDATE manifests SET {column} = {value}")));
    }
    found
}

fn keyring(fixture: &Fixture) -> Vec<Damage> {
    let subject = format!("x'{}'", fixture.with_files.simple());
    let of = format!("WHERE subject = {subject}");
    vec![
        damage("submission_keys", fixture.with_files, format!("DELETE FROM submission_keys {of}")),
        damage(
            "submission_keys",
            fixture.with_files,
            format!("UPDATE submission_keys SET wrapped = {} {of}", flipped("wrapped", 40)),
        ),
        damage(
            "submission_keys",
            fixture.with_files,
            format!("UPDATE submission_keys SET wrapped = NULL, epoch = NULL {of}"),
        ),
        damage("kek", "", format!("UPDATE submission_keys SET epoch = 9 {of}")),
        damage("object_keys", "*", format!("DELETE FROM object_keys {of}")),
        damage(
            "object_keys",
            "*",
            format!("UPDATE object_keys SET wrapped = {}", flipped("wrapped", 40)),
        ),
        damage(
            "object_keys",
            "*",
            format!("UPDATE object_keys SET subject = {}", flipped("subject", 0)),
        ),
    ]
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
    require_all(&fixture, "ledger.db", files(&fixture)).await;
    require_all(&fixture, "keyring.db", keyring(&fixture)).await;
    every_table_is_covered(&fixture).await;
    objects(&fixture).await;
    beside_the_database(&fixture).await;
    whole_files(&fixture).await;
    // Nothing above touched the original.
    fixture.workshop.require_clean().await;
}

/// A table that is added later must be added here.
async fn every_table_is_covered(fixture: &Fixture) {
    let damages = [
        entries(fixture.size),
        payloads(fixture.size),
        tree(fixture.size),
        derived(fixture),
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
            // Spent tokens and the schema's own history have nothing to be compared with.
            let beyond = ["token_ids", "_sqlx_migrations"].contains(&name.as_str());
            assert!(covered.contains(name.as_str()) || beyond, "no damage to {name} is tried");
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

/// Guard, keys and whole directories.
async fn beside_the_database(fixture: &Fixture) {
    let cases: [(&str, &str, fn(&Workshop)); 10] = [
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
        let cases: [(&str, fn(&Path)); 4] = [
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
    flipped_pages(fixture).await;
}

/// Any byte of the file: what is found need not name a row, but nothing may panic, and a check that finds nothing must
/// be right: every row is still the same.
async fn flipped_pages(fixture: &Fixture) {
    let original = rows(&fixture.workshop).await;
    let length = fs::metadata(fixture.workshop.storage().ledger()).unwrap().len();
    let mut numbers = Numbers(11);
    let tries = if deep() { 2000 } else { 25 };
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
