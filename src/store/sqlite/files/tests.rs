//! The records of files against a real database.

use sqlx::SqlSafeStr;

use super::*;
use crate::store::sqlite::pool::{self, PoolRole};

const FILES: &str = include_str!("../../../../migrations/sqlite/ledger/0002_files.sql");
const SUBJECT: Uuid = Uuid::from_u128(1);

/// Tables of their own in `path`.
pub(crate) async fn open(path: &std::path::Path) -> SqliteFiles {
    let writer = pool::open(path, PoolRole::Writer).await.unwrap();
    let tables = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = 'files'");
    if tables.fetch_optional(&writer).await.unwrap().is_none() {
        sqlx::raw_sql(FILES.into_sql_str()).execute(&writer).await.unwrap();
    }
    let readers = pool::open(path, PoolRole::Readers { connections: 2 }).await.unwrap();
    SqliteFiles::new(writer, readers)
}

async fn files() -> (tempfile::TempDir, SqliteFiles) {
    let dir = tempfile::tempdir().unwrap();
    let files = open(&dir.path().join("ledger.db")).await;
    (dir, files)
}

const fn object(number: u128) -> ObjectId {
    ObjectId(Uuid::from_u128(number))
}

const fn part(number: u32, start: u64, length: u64) -> Part {
    Part { number, start, length }
}

fn packed(fill: u8, number: u128) -> PackedFile {
    PackedFile { sha256: Hash([fill; 32]), size: 10, object: object(number), offset: 100 }
}

#[tokio::test]
async fn an_upload_becomes_a_file_once_all_of_it_is_there() {
    let (_dir, files) = files().await;
    let sha256 = Hash([1; 32]);
    assert_eq!(files.upload(SUBJECT, sha256).await.unwrap(), None);
    let begun = files.begin_upload(SUBJECT, sha256, 10, object(5)).await.unwrap();
    let upload = Upload { object: object(5), size: 10, received: 0 };
    assert_eq!(begun, Begun::Open(upload));
    let again = files.begin_upload(SUBJECT, sha256, 10, object(6)).await.unwrap();
    assert_eq!(again, Begun::Open(upload), "the first upload stays");

    assert_eq!(files.reserve_part(object(5)).await.unwrap(), Some(1));
    assert_eq!(files.reserve_part(object(5)).await.unwrap(), Some(2));
    assert_eq!(files.reserve_part(object(6)).await.unwrap(), None);
    let recorded = files.record_part(object(5), part(2, 0, 4)).await.unwrap();
    assert_eq!(recorded, PartOutcome::Recorded { received: 4 });
    assert!(!files.complete_upload(SUBJECT, sha256, object(5)).await.unwrap());
    assert_eq!(files.stored(SUBJECT, &[sha256]).await.unwrap(), []);

    files.record_part(object(5), part(3, 4, 6)).await.unwrap();
    assert!(files.complete_upload(SUBJECT, sha256, object(5)).await.unwrap());
    let file = files.file(SUBJECT, sha256).await.unwrap().unwrap();
    let place = Place::Parts(vec![part(2, 0, 4), part(3, 4, 6)]);
    assert_eq!(file, StoredFile { size: 10, object: object(5), place });
    let begun = files.begin_upload(SUBJECT, sha256, 10, object(7)).await.unwrap();
    assert_eq!(begun, Begun::Stored { size: 10 });
    assert_eq!(files.upload(SUBJECT, sha256).await.unwrap(), None);
}

#[tokio::test]
async fn a_part_counts_only_where_the_upload_ends() {
    let (_dir, files) = files().await;
    files.begin_upload(SUBJECT, Hash([1; 32]), 10, object(5)).await.unwrap();
    files.record_part(object(5), part(1, 0, 4)).await.unwrap();
    let overtaken = PartOutcome::Overtaken { received: 4 };
    for late in [part(2, 0, 4), part(2, 0, 10), part(2, 5, 5), part(2, 4, 7)] {
        assert_eq!(files.record_part(object(5), late).await.unwrap(), overtaken, "{late:?}");
    }
    let gone = files.record_part(object(6), part(2, 0, 4)).await.unwrap();
    assert_eq!(gone, PartOutcome::Gone);
    assert_eq!(files.parts(object(5)).await.unwrap(), [part(1, 0, 4)]);
}

#[tokio::test]
async fn a_discarded_upload_leaves_nothing() {
    let (_dir, files) = files().await;
    files.begin_upload(SUBJECT, Hash([1; 32]), 10, object(5)).await.unwrap();
    files.record_part(object(5), part(1, 0, 4)).await.unwrap();
    assert!(files.discard_upload(object(5)).await.unwrap());
    assert!(!files.discard_upload(object(5)).await.unwrap());
    assert_eq!(files.parts(object(5)).await.unwrap(), []);
    assert_eq!(files.objects_of(SUBJECT).await.unwrap(), []);
}

#[tokio::test]
async fn thousands_of_packed_files_are_added_and_found_at_once() {
    let (_dir, files) = files().await;
    let rows: Vec<_> = (0..20_000_u32)
        .map(|number| PackedFile {
            sha256: Hash::of(&number.to_be_bytes()),
            size: u64::from(number),
            object: object(1000 + u128::from(number)),
            offset: 107 * u64::from(number),
        })
        .collect();
    assert_eq!(files.add_packed(SUBJECT, object(5), &rows).await.unwrap(), []);
    let mut digests: Vec<_> = rows.iter().map(|file| file.sha256).collect();
    digests.push(Hash([9; 32]));
    let mut stored = files.stored(SUBJECT, &digests).await.unwrap();
    assert_eq!(stored.len(), 20_000);
    digests.pop();
    stored.sort_unstable();
    digests.sort_unstable();
    assert_eq!(stored, digests);
    assert_eq!(files.stored(Uuid::from_u128(2), &digests).await.unwrap(), []);
    let file = files.file(SUBJECT, rows[7].sha256).await.unwrap().unwrap();
    let place = Place::Packed { pack: object(5), offset: 749 };
    assert_eq!(file, StoredFile { size: 7, object: object(1007), place });
}

#[tokio::test]
async fn a_file_stored_before_keeps_its_place() {
    let (_dir, files) = files().await;
    files.add_packed(SUBJECT, object(5), &[packed(1, 11)]).await.unwrap();
    let late = files.add_packed(SUBJECT, object(6), &[packed(1, 12), packed(2, 13)]).await;
    assert_eq!(late.unwrap(), [packed(1, 12)]);
    let file = files.file(SUBJECT, Hash([1; 32])).await.unwrap().unwrap();
    assert_eq!(file.object, object(11));

    files.begin_upload(SUBJECT, Hash([3; 32]), 0, object(7)).await.unwrap();
    files.add_packed(SUBJECT, object(8), &[packed(3, 14)]).await.unwrap();
    assert!(!files.complete_upload(SUBJECT, Hash([3; 32]), object(7)).await.unwrap());
}

#[tokio::test]
async fn a_subject_is_forgotten_without_its_neighbours() {
    let (_dir, files) = files().await;
    let other = Uuid::from_u128(2);
    for (subject, base) in [(SUBJECT, 100), (other, 200)] {
        files.begin_upload(subject, Hash([1; 32]), 4, object(base)).await.unwrap();
        files.record_part(object(base), part(1, 0, 4)).await.unwrap();
        files.complete_upload(subject, Hash([1; 32]), object(base)).await.unwrap();
        files.begin_upload(subject, Hash([2; 32]), 4, object(base + 1)).await.unwrap();
        let rows = [packed(3, base + 3), packed(4, base + 4)];
        files.add_packed(subject, object(base + 2), &rows).await.unwrap();
    }
    files.forget_file(SUBJECT, Hash([3; 32])).await.unwrap();
    let objects = files.objects_of(SUBJECT).await.unwrap();
    assert_eq!(objects, [object(100), object(101), object(102)]);

    files.forget_subject(SUBJECT).await.unwrap();
    let digests = [Hash([1; 32]), Hash([4; 32])];
    assert_eq!(files.objects_of(SUBJECT).await.unwrap(), []);
    assert_eq!(files.stored(SUBJECT, &digests).await.unwrap(), []);
    assert_eq!(files.parts(object(100)).await.unwrap(), []);
    assert_eq!(files.stored(other, &digests).await.unwrap().len(), 2);
    assert_eq!(files.parts(object(200)).await.unwrap(), [part(1, 0, 4)]);
    assert_eq!(files.objects_of(other).await.unwrap().len(), 3);
}
