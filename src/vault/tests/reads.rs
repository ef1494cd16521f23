//! Reading back: ranges, and every way in which stored bytes, keys or records can be wrong.

use std::{fs, ops::Range, path::PathBuf};

use attestry_proof::hash::Hash;

use super::{OTHER, Rig, SUBJECT, body, content};
use crate::{
    store::files::{PackedFile, Place},
    vault::{ObjectError, VaultError},
};

const CHUNK: usize = 64 * 1024;
const SEALED: usize = CHUNK + 16;
const HEADER: usize = 91;
/// Bytes in the first of two parts: three whole chunks and a bit.
const SPLIT: usize = 3 * CHUNK + 500;
const SIZE: usize = SPLIT + 2 * CHUNK + 77;

/// A file in two parts.
async fn two_parts() -> (Rig, Hash) {
    let rig = Rig::new().await;
    let bytes = content(SIZE);
    let sha256 = Hash::of(&bytes);
    rig.vault.begin_upload(SUBJECT, sha256, SIZE as u64).await.unwrap();
    rig.vault.append(SUBJECT, sha256, 0, body(&bytes[..SPLIT])).await.unwrap();
    rig.vault.append(SUBJECT, sha256, SPLIT as u64, body(&bytes[SPLIT..])).await.unwrap();
    rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
    (rig, sha256)
}

async fn read(rig: &Rig, sha256: Hash, range: Range<usize>) -> Result<Vec<u8>, VaultError> {
    let range = Some(range.start as u64..range.end as u64);
    let file = rig.vault.open_file(SUBJECT, sha256, range).await?;
    Ok(file.into_bytes().await?)
}

/// The refusal that reading all of the file ends with.
async fn fault(rig: &Rig, sha256: Hash) -> ObjectError {
    match read(rig, sha256, 0..SIZE).await {
        Err(VaultError::Object(error)) => error,
        other => panic!("{:?}", other.map(|bytes| bytes.len())),
    }
}

fn edit(path: &PathBuf, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn ranges_give_exactly_their_bytes() {
    let (rig, sha256) = two_parts().await;
    let bytes = content(SIZE);
    let ends = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, SPLIT - 1, SPLIT, SPLIT + 1, SIZE - 1, SIZE];
    for (at, start) in ends.into_iter().enumerate() {
        for &end in &ends[at..] {
            let found = read(&rig, sha256, start..end).await.unwrap();
            assert!(found == bytes[start..end], "{start}..{end}");
        }
    }
    let backwards = Range { start: 2, end: 1 };
    for outside in [0..SIZE + 1, SIZE + 1..SIZE + 1, backwards] {
        let refused = read(&rig, sha256, outside.clone()).await;
        let Err(VaultError::RangeOutside { start, end, size }) = refused else {
            panic!("{outside:?}");
        };
        assert_eq!((start, end), (outside.start as u64, outside.end as u64));
        assert_eq!(size, SIZE as u64);
    }
}

#[tokio::test]
async fn a_flipped_bit_is_found_wherever_it_is_and_its_place_is_named() {
    let (rig, sha256) = two_parts().await;
    let paths = rig.stored_parts();
    let first = fs::read(&paths[0]).unwrap();
    for chunk in 0..4 {
        let begin = HEADER + chunk * SEALED;
        let end = first.len().min(begin + SEALED);
        for at in [begin, (begin + end) / 2, end - 1] {
            edit(&paths[0], |bytes| bytes[at] ^= 0x10);
            let found = fault(&rig, sha256).await;
            let ObjectError::Chunk { part: 1, chunk: named, .. } = found else { panic!("{found}") };
            assert_eq!(named as usize, chunk);
            fs::write(&paths[0], &first).unwrap();
        }
    }
    edit(&paths[1], |bytes| bytes[HEADER + SEALED] ^= 1);
    let found = fault(&rig, sha256).await;
    assert!(matches!(found, ObjectError::Chunk { part: 2, chunk: 1, .. }), "{found}");
    // What comes before the damage is still served.
    assert_eq!(read(&rig, sha256, 0..SPLIT + CHUNK).await.unwrap(), content(SIZE)[..SPLIT + CHUNK]);
}

#[tokio::test]
async fn a_damaged_header_says_what_is_wrong_with_it() {
    let (rig, sha256) = two_parts().await;
    let path = rig.stored_parts().remove(0);
    let good = fs::read(&path).unwrap();
    for at in 0..HEADER {
        edit(&path, |bytes| bytes[at] ^= 1);
        let found = fault(&rig, sha256).await;
        let expected = match at {
            0..8 | 68..72 => matches!(found, ObjectError::Format { part: 1, .. }),
            40..56 => matches!(found, ObjectError::OtherKey { part: 1, .. }),
            72.. => matches!(found, ObjectError::Chunk { part: 1, chunk: 0, .. }),
            _ => matches!(found, ObjectError::Misplaced { part: 1, .. }),
        };
        assert!(expected, "byte {at}: {found}");
        fs::write(&path, &good).unwrap();
    }
}

#[tokio::test]
async fn a_part_cut_lengthened_or_lost_is_refused() {
    let (rig, sha256) = two_parts().await;
    let path = rig.stored_parts().remove(1);
    let good = fs::read(&path).unwrap();
    let whole = good.len();
    for length in [0, 1, HEADER - 1, HEADER, HEADER + SEALED, whole - 1, whole + 1] {
        edit(&path, |bytes| bytes.resize(length, 0));
        let found = fault(&rig, sha256).await;
        let ObjectError::Length { part: 2, found: stored, required, .. } = found else {
            panic!("{length}: {found}");
        };
        assert_eq!((stored, required), (length as u64, whole as u64));
        fs::write(&path, &good).unwrap();
    }
    fs::remove_file(&path).unwrap();
    let found = fault(&rig, sha256).await;
    assert!(matches!(found, ObjectError::Missing { part: 2, .. }), "{found}");
}

#[tokio::test]
async fn chunks_parts_and_objects_that_change_places_are_refused() {
    let (rig, sha256) = two_parts().await;
    let twin = rig.upload(OTHER, &content(SIZE)).await;
    let file = rig.vault.files().file(OTHER, twin).await.unwrap().unwrap();
    let (foreign, mine): (Vec<_>, Vec<_>) = rig
        .stored_parts()
        .into_iter()
        .partition(|path| path.to_string_lossy().contains(&file.object.to_string()));
    let good = fs::read(&mine[0]).unwrap();

    edit(&mine[0], |bytes| {
        let (first, rest) = bytes[HEADER..].split_at_mut(SEALED);
        first.swap_with_slice(&mut rest[..SEALED]);
    });
    let found = fault(&rig, sha256).await;
    assert!(matches!(found, ObjectError::Chunk { part: 1, chunk: 0, .. }), "{found}");

    // Same length, but another part's bytes.
    let mut second = fs::read(&mine[1]).unwrap();
    second.resize(good.len(), 0);
    fs::write(&mine[0], second).unwrap();
    let found = fault(&rig, sha256).await;
    assert!(matches!(found, ObjectError::Misplaced { part: 1, .. }), "{found}");

    let mut other = fs::read(&foreign[0]).unwrap();
    other.resize(good.len(), 0);
    fs::write(&mine[0], other).unwrap();
    let found = fault(&rig, sha256).await;
    assert!(matches!(found, ObjectError::Misplaced { part: 1, .. }), "{found}");

    fs::write(&mine[0], good).unwrap();
    assert_eq!(read(&rig, sha256, 0..SIZE).await.unwrap(), content(SIZE));
}

#[tokio::test]
async fn without_its_key_a_file_is_unreadable() {
    let (rig, sha256) = two_parts().await;
    let file = rig.vault.files().file(SUBJECT, sha256).await.unwrap().unwrap();
    rig.vault.keyring().destroy_object_keys(&[file.object]).await.unwrap();
    let gone = read(&rig, sha256, 0..SIZE).await;
    assert!(matches!(gone, Err(VaultError::ObjectKeyGone { object }) if object == file.object));
}

#[tokio::test]
async fn a_record_given_to_another_submission_or_digest_opens_nothing() {
    let rig = Rig::new().await;
    let bytes = content(1000);
    let sha256 = Hash::of(&bytes);
    rig.vault.put_many(SUBJECT, vec![(sha256, bytes.into())]).await.unwrap();
    rig.vault.submission_key(OTHER).await.unwrap();
    let file = rig.vault.files().file(SUBJECT, sha256).await.unwrap().unwrap();
    let Place::Packed { pack, offset } = file.place else { panic!("not packed") };
    let row = |sha256| PackedFile { sha256, size: file.size, object: file.object, offset };

    rig.vault.files().add_packed(OTHER, pack, &[row(sha256)]).await.unwrap();
    let stolen = rig.vault.open_file(OTHER, sha256, None).await.err();
    assert!(matches!(stolen, Some(VaultError::ObjectKey { .. })), "{stolen:?}");

    let lie = Hash([9; 32]);
    rig.vault.files().add_packed(SUBJECT, pack, &[row(lie)]).await.unwrap();
    let lied = rig.vault.open_file(SUBJECT, lie, None).await.unwrap().into_bytes().await;
    assert!(matches!(lied, Err(ObjectError::Chunk { chunk: 0, .. })), "{lied:?}");
}

#[tokio::test]
async fn damage_in_a_pack_hits_only_the_file_that_is_there() {
    let rig = Rig::new().await;
    let files: Vec<_> = [1000, 2000, 3000].map(content).into_iter().collect();
    let batch = files.iter().map(|bytes| (Hash::of(bytes), bytes.clone().into())).collect();
    rig.vault.put_many(SUBJECT, batch).await.unwrap();
    let path = rig.stored_parts().remove(0);
    let second = HEADER + 1000 + 16;
    edit(&path, |bytes| bytes[second + HEADER + 5] ^= 1);
    for (bytes, damaged) in files.iter().zip([false, true, false]) {
        let file = rig.vault.open_file(SUBJECT, Hash::of(bytes), None).await.unwrap();
        let found = file.into_bytes().await;
        if damaged {
            assert!(matches!(found, Err(ObjectError::Chunk { chunk: 0, .. })), "{found:?}");
        } else {
            assert_eq!(found.unwrap(), *bytes);
        }
    }
    edit(&path, |bytes| bytes.truncate(second + 50));
    let last = rig.vault.open_file(SUBJECT, Hash::of(&files[2]), None).await.unwrap();
    let cut = last.into_bytes().await;
    assert!(matches!(cut, Err(ObjectError::Length { .. })), "{cut:?}");
}
