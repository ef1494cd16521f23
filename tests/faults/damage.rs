//! Ways to damage the rows of a data directory, and the place that each of them has to be named by.

use attestry_proof::{hash::Hash, key::Thumbprint};
use uuid::Uuid;

use crate::{
    fixture::Fixture,
    support::{Numbers, deep},
};

/// One way to damage a database row, and the place that must be named.
pub struct Damage {
    pub sql: String,
    /// Table, or kind of file.
    pub kind: &'static str,
    /// Key of the row; `*` if any will do.
    pub key: String,
}

fn damage(kind: &'static str, key: impl ToString, sql: impl Into<String>) -> Damage {
    Damage { sql: sql.into(), kind, key: key.to_string() }
}

/// `column` with one bit of its blob flipped.
pub fn flipped(column: &str, byte: u64) -> String {
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

pub fn entries(size: u64) -> Vec<Damage> {
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

pub fn payloads(size: u64) -> Vec<Damage> {
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
    let extra = "INSERT INTO payloads SELECT 100000, digest, sealed, body, sealed_under FROM payloads WHERE leaf_index = 1";
    found.push(damage("payloads", 100_000, extra));
    found
}

pub fn tree(size: u64) -> Vec<Damage> {
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

pub fn derived(fixture: &Fixture) -> Vec<Damage> {
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
        "INSERT INTO signing_keys (thumbprint, public_key, roles, program, enrolled_index, version)
         SELECT zeroblob(32), public_key, roles, program, 5, 1 FROM signing_keys LIMIT 1";
    found.push(damage("signing_keys", Thumbprint(Hash([0; 32])), stranger));

    let withdrawn = format!("x'{}'", fixture.withdrawn.simple());
    for (column, value) in [
        ("owner", flipped("owner", 0)),
        ("opened_index", "opened_index + 1".into()),
        ("withdrawn", "0".into()),
        ("program", "'operations'".into()),
        ("said_index", "said_index + 1".into()),
        ("attested", "127".into()),
        ("attested_index", "NULL".into()),
        ("cleared", "1".into()),
        ("published", "'cleared'".into()),
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
    let invented = "INSERT INTO submissions (id, owner, opened_index, withdrawn)
         SELECT zeroblob(16), owner, 3, 0 FROM submissions LIMIT 1";
    found.push(damage("submissions", Uuid::nil(), invented));
    found
}

/// Tables of a few rows.
pub fn small_tables() -> Vec<Damage> {
    let update = |table: &'static str, column: &str, byte| {
        damage(table, "*", format!("UPDATE {table} SET {column} = {}", flipped(column, byte)))
    };
    vec![
        update("policy_versions", "digest", 2),
        damage("policy_versions", "*", "UPDATE policy_versions SET version = 9 WHERE version = 2"),
        damage("policy_versions", 1, "DELETE FROM policy_versions WHERE version = 1"),
        damage(
            "policy_versions",
            77,
            "INSERT INTO policy_versions SELECT 77, digest, 4 FROM policy_versions LIMIT 1",
        ),
        damage("invitations", "*", "UPDATE invitations SET used_by = zeroblob(32)"),
        update("invitations", "inviter", 5),
        update("drafts", "owner", 6),
        update("staged_payloads", "body", 40),
        update("staged_payloads", "digest", 4),
    ]
}

/// Tables about people, in a directory where nobody was reviewed or replaced.
pub fn people(fixture: &Fixture) -> Vec<Damage> {
    let contractor = fixture.contractor.thumbprint();
    let invented = |table: &'static str, values: &str| {
        damage(table, "*", format!("INSERT INTO {table} VALUES ({values})"))
    };
    let key = |change: &str| {
        let key = contractor.0.to_hex();
        let sql = format!("UPDATE signing_keys SET {change} WHERE thumbprint = x'{key}'");
        damage("signing_keys", contractor, sql)
    };
    vec![
        key("person = zeroblob(16)"),
        key("replaces = zeroblob(32)"),
        damage("signing_keys", contractor, "DELETE FROM programs WHERE name = 'main'"),
        damage("programs", "*", "UPDATE programs SET profile = zeroblob(99) WHERE name = 'main'"),
        damage("programs", "*", "UPDATE programs SET profile = x'' WHERE name = 'main'"),
        invented("persons", "zeroblob(16), NULL, zeroblob(99)"),
        invented("identities", "zeroblob(32), zeroblob(16)"),
        invented("sessions", "zeroblob(32), zeroblob(16), zeroblob(32), 'key', 1, 1, 9"),
        invented("key_approvals", "7, zeroblob(32), zeroblob(32), zeroblob(32)"),
        damage(
            "policy_files",
            "*",
            format!("UPDATE policy_files SET bytes = {}", flipped("bytes", 3)),
        ),
        damage(
            "policy_files",
            "*",
            "DELETE FROM policy_files WHERE sha256 = (SELECT min(sha256) FROM policy_files)",
        ),
    ]
}

pub fn files(fixture: &Fixture) -> Vec<Damage> {
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

pub fn keyring(fixture: &Fixture) -> Vec<Damage> {
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
