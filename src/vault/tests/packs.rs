//! Many small files in one pack.

use attestry_proof::hash::Hash;
use bytes::Bytes;

use super::{OTHER, Rig, SUBJECT, content};
use crate::vault::{
    PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, PACKED_FILES_MAX, UploadError, UploadState, VaultError,
};

fn batch(lengths: impl IntoIterator<Item = usize>) -> Vec<(Hash, Bytes)> {
    lengths
        .into_iter()
        .map(|length| {
            let bytes = content(length);
            (Hash::of(&bytes), bytes.into())
        })
        .collect()
}

#[tokio::test]
async fn a_batch_is_one_object_and_every_file_in_it_reads_back() {
    let rig = Rig::new().await;
    let files = batch([0, 1, 100, 5000, PACKED_FILE_BYTES_MAX]);
    assert_eq!(rig.vault.put_many(SUBJECT, files.clone()).await.unwrap(), 5);
    assert_eq!(rig.stored_parts().len(), 1);
    let rig = rig.restart().await;
    for (sha256, bytes) in &files {
        assert_eq!(rig.read(SUBJECT, *sha256).await, *bytes);
        let state = rig.vault.begin_upload(SUBJECT, *sha256, bytes.len() as u64).await.unwrap();
        assert_eq!(state, UploadState::Stored { size: bytes.len() as u64 });
        let foreign = rig.vault.open_file(OTHER, *sha256, None).await.err();
        assert!(matches!(foreign, Some(VaultError::FileUnknown { .. })));
    }
    let (sha256, bytes) = &files[3];
    for range in [0..0, 0..1, 17..4000, 4999..5000, 5000..5000] {
        let file = rig.vault.open_file(SUBJECT, *sha256, Some(range.clone())).await.unwrap();
        let at = range.start as usize..range.end as usize;
        assert_eq!(file.into_bytes().await.unwrap(), bytes[at]);
    }
    let (sha256, _) = &files[4];
    let end = PACKED_FILE_BYTES_MAX as u64;
    let nothing = rig.vault.open_file(SUBJECT, *sha256, Some(end..end)).await.unwrap();
    assert!(nothing.into_bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn files_stored_before_or_twice_in_a_batch_are_stored_once() {
    let rig = Rig::new().await;
    rig.vault.put_many(SUBJECT, batch([1, 2])).await.unwrap();
    assert_eq!(rig.vault.put_many(SUBJECT, batch([2, 3, 3])).await.unwrap(), 1);
    assert_eq!(rig.vault.put_many(SUBJECT, batch([1, 2, 3])).await.unwrap(), 0);
    assert_eq!(rig.vault.put_many(SUBJECT, Vec::new()).await.unwrap(), 0);
    assert_eq!(rig.stored_parts().len(), 2);
    assert_eq!(rig.vault.put_many(OTHER, batch([1])).await.unwrap(), 1, "no sharing");
}

#[tokio::test]
async fn a_batch_with_one_wrong_digest_stores_nothing() {
    let rig = Rig::new().await;
    let mut files = batch([1, 2, 3]);
    files[2].0 = Hash([9; 32]);
    let refused = rig.vault.put_many(SUBJECT, files.clone()).await;
    let Err(UploadError::DigestDiffers { found, required }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((found, required), (Hash::of(&content(3)), Hash([9; 32])));
    let digests: Vec<_> = files.iter().map(|(sha256, _)| *sha256).collect();
    assert_eq!(rig.vault.stored(SUBJECT, &digests).await.unwrap(), []);
    assert_eq!(rig.stored_parts().len(), 0);
}

#[tokio::test]
async fn batches_over_a_limit_are_refused_and_those_at_it_are_not() {
    let rig = Rig::new().await;
    let refused = async |files| match rig.vault.put_many(SUBJECT, files).await {
        Err(UploadError::BatchTooLarge { found, required, .. }) => (found, required),
        other => panic!("{other:?}"),
    };
    let long = refused(batch([PACKED_FILE_BYTES_MAX + 1])).await;
    assert_eq!(long, (PACKED_FILE_BYTES_MAX + 1, PACKED_FILE_BYTES_MAX));
    let one = batch([1]);
    let many = refused(vec![one[0].clone(); PACKED_FILES_MAX + 1]).await;
    assert_eq!(many, (PACKED_FILES_MAX + 1, PACKED_FILES_MAX));
    let full = batch([PACKED_FILE_BYTES_MAX]);
    let files = PACK_BYTES_MAX / PACKED_FILE_BYTES_MAX;
    let heavy = refused(vec![full[0].clone(); files + 1]).await;
    assert_eq!(heavy, (PACK_BYTES_MAX + PACKED_FILE_BYTES_MAX, PACK_BYTES_MAX));
    assert_eq!(rig.vault.put_many(SUBJECT, vec![full[0].clone(); files]).await.unwrap(), 1);
    assert_eq!(
        rig.vault.put_many(SUBJECT, vec![one[0].clone(); PACKED_FILES_MAX]).await.unwrap(),
        1
    );
}

#[tokio::test]
async fn equal_batches_at_once_leave_every_file_readable_and_no_spare_key() {
    let rig = Rig::new().await;
    let files = batch(1..300);
    let puts = (0..4).map(|_| rig.vault.put_many(SUBJECT, files.clone()));
    let stored: usize = futures_util::future::try_join_all(puts).await.unwrap().iter().sum();
    assert_eq!(stored, files.len());
    for (sha256, bytes) in &files {
        assert_eq!(rig.read(SUBJECT, *sha256).await, *bytes);
    }
    assert_eq!(rig.stored_parts().len(), 1);
}

#[tokio::test]
async fn one_file_of_a_pack_is_erased_and_its_neighbours_stay() {
    let rig = Rig::new().await;
    let files = batch([10, 20, 30]);
    rig.vault.put_many(SUBJECT, files.clone()).await.unwrap();
    let file = rig.vault.files().file(SUBJECT, files[1].0).await.unwrap().unwrap();
    rig.vault.erase_file(SUBJECT, files[1].0).await.unwrap();
    rig.vault.erase_file(SUBJECT, files[1].0).await.unwrap();
    let gone = rig.vault.open_file(SUBJECT, files[1].0, None).await.err();
    assert!(matches!(gone, Some(VaultError::FileUnknown { .. })), "{gone:?}");
    assert_eq!(rig.vault.keyring().object_key(file.object).await.unwrap(), None);
    for at in [0, 2] {
        assert_eq!(rig.read(SUBJECT, files[at].0).await, files[at].1);
    }
}
