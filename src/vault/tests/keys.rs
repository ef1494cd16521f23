//! Submission keys: made together, remembered, rotated, destroyed.

use std::sync::Arc;

use attestry_proof::hash::Hash;
use futures_util::future::join_all;
use uuid::Uuid;

use super::{OTHER, Rig, SUBJECT, content, parts};
use crate::{
    entropy::OsEntropy,
    store::{
        keyring::{Epoch, Keyring, SubmissionKeyState},
        sqlite::keyring::SqliteKeyring,
    },
    vault::{FileKek, KekError, KeysError, Vault, VaultError, VaultParts, open_payload},
};

#[tokio::test]
async fn a_key_is_made_once_and_survives_a_restart() {
    let rig = Rig::new().await;
    let unknown = rig.vault.existing_key(SUBJECT).await;
    assert!(matches!(unknown, Err(KeysError::Unknown { subject: SUBJECT })));
    let key = rig.vault.submission_key(SUBJECT).await.unwrap();
    let digest = Hash::of(b"{}");
    let sealed = rig.vault.seal_payload(&key, SUBJECT, &digest, b"{}").unwrap();

    let rig = rig.restart().await;
    for again in [
        rig.vault.existing_key(SUBJECT).await.unwrap(),
        rig.vault.submission_key(SUBJECT).await.unwrap(),
    ] {
        assert_eq!(again.as_bytes(), key.as_bytes());
        assert_eq!(open_payload(&again, SUBJECT, &digest, &sealed).unwrap(), b"{}");
    }
    let other = rig.vault.submission_key(OTHER).await.unwrap();
    assert_ne!(other.as_bytes(), key.as_bytes());
}

#[tokio::test]
async fn everybody_who_asks_at_once_gets_the_same_key() {
    let rig = Rig::new().await;
    let asked: Vec<_> = (0..3000_u128)
        .map(|number| rig.vault.submission_key(Uuid::from_u128(number % 1000)))
        .collect();
    let keys: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    for number in 0..1000 {
        assert_eq!(keys[number].as_bytes(), keys[number + 1000].as_bytes());
        assert_eq!(keys[number].as_bytes(), keys[number + 2000].as_bytes());
    }
    let distinct: std::collections::HashSet<_> = keys.iter().map(|key| *key.as_bytes()).collect();
    assert_eq!(distinct.len(), 1000);

    let rig = rig.restart().await;
    for (number, key) in keys.iter().enumerate().take(1000) {
        let again = rig.vault.existing_key(Uuid::from_u128(number as u128)).await.unwrap();
        assert_eq!(again.as_bytes(), key.as_bytes());
    }
}

#[tokio::test]
async fn two_vaults_on_one_keyring_agree() {
    let rig = Rig::new().await;
    let second = Vault::open(parts(rig.dir.path()).await).await.unwrap();
    let (first, second) =
        tokio::join!(rig.vault.submission_key(SUBJECT), second.submission_key(SUBJECT));
    assert_eq!(first.unwrap().as_bytes(), second.unwrap().as_bytes());
}

#[tokio::test]
async fn an_erased_submission_is_unreadable_and_never_gets_a_key_again() {
    let rig = Rig::new().await;
    let sha256 = rig.upload(SUBJECT, &content(200_000)).await;
    let kept = rig.upload(OTHER, &content(200_000)).await;
    rig.vault.put_many(SUBJECT, vec![(Hash::of(b"small"), "small".into())]).await.unwrap();
    rig.vault.begin_upload(SUBJECT, Hash([1; 32]), 10).await.unwrap();
    assert_eq!(rig.stored_parts().len(), 3);

    rig.vault.erase_submission(SUBJECT).await.unwrap();
    rig.vault.erase_submission(SUBJECT).await.unwrap();
    assert_eq!(rig.stored_parts().len(), 1);
    let rig = rig.restart().await;
    for refused in [rig.vault.submission_key(SUBJECT).await, rig.vault.existing_key(SUBJECT).await]
    {
        assert!(matches!(refused, Err(KeysError::Destroyed { subject: SUBJECT })));
    }
    let gone = rig.vault.open_file(SUBJECT, sha256, None).await.err();
    assert!(matches!(gone, Some(VaultError::FileUnknown { .. })), "{gone:?}");
    let refused = rig.vault.begin_upload(SUBJECT, sha256, 200_000).await;
    assert!(refused.is_err());
    assert_eq!(rig.read(OTHER, kept).await, content(200_000));
}

#[tokio::test]
async fn a_key_in_memory_does_not_outlive_its_destruction() {
    let rig = Rig::new().await;
    rig.vault.submission_key(SUBJECT).await.unwrap();
    rig.vault.erase_submission(SUBJECT).await.unwrap();
    let refused = rig.vault.submission_key(SUBJECT).await;
    assert!(matches!(refused, Err(KeysError::Destroyed { .. })), "{refused:?}");
}

#[tokio::test]
async fn rotation_keeps_survivors_and_makes_old_copies_of_the_keyring_useless() {
    let rig = Rig::new().await;
    let sha256 = rig.upload(SUBJECT, &content(1000)).await;
    for number in 0..1500 {
        rig.vault.submission_key(Uuid::from_u128(number)).await.unwrap();
    }
    let stolen = rig.dir.path().join("stolen.db");
    let keyring = &rig.vault.parts().keyring;
    keyring.settle().await.unwrap();
    std::fs::copy(rig.dir.path().join("keyring.db"), &stolen).unwrap();

    assert_eq!(rig.vault.rotate_keys().await.unwrap(), Epoch(2));
    assert_eq!(rig.vault.parts().kek.epochs().await.unwrap(), [Epoch(2)]);
    let samples = keyring.epoch_samples().await.unwrap();
    assert_eq!(samples.iter().map(|key| key.epoch).collect::<Vec<_>>(), [Epoch(2)]);

    let rig = rig.restart().await;
    assert_eq!(rig.read(SUBJECT, sha256).await, content(1000));
    let old = SqliteKeyring::open(&stolen).await.unwrap();
    let Some(SubmissionKeyState::Live(row)) = old.submission_key(SUBJECT).await.unwrap() else {
        panic!("the copy has no key");
    };
    let id = SUBJECT.as_bytes();
    let opened = rig.vault.parts().kek.unwrap_key(row.epoch, id, &row.wrapped).await;
    assert!(matches!(opened, Err(KekError::EpochUnknown { epoch: Epoch(1) })));
}

#[tokio::test]
async fn keys_made_during_a_rotation_are_not_lost() {
    let rig = Rig::new().await;
    for number in 0..500 {
        rig.vault.submission_key(Uuid::from_u128(number)).await.unwrap();
    }
    let asked =
        join_all((500..1500).map(|number| rig.vault.submission_key(Uuid::from_u128(number))));
    let (rotated, keys) = tokio::join!(rig.vault.rotate_keys(), asked);
    assert_eq!(rotated.unwrap(), Epoch(2));
    let keys: Vec<_> = keys.into_iter().map(Result::unwrap).collect();
    let rig = rig.restart().await;
    for (number, key) in (500..).zip(&keys) {
        let again = rig.vault.existing_key(Uuid::from_u128(number)).await.unwrap();
        assert_eq!(again.as_bytes(), key.as_bytes());
    }
}

#[tokio::test]
async fn a_rotation_cut_short_is_finished_by_the_next() {
    let rig = Rig::new().await;
    let key = rig.vault.submission_key(SUBJECT).await.unwrap();
    // What a crash right after the new epoch leaves.
    rig.vault.parts().kek.new_epoch().await.unwrap();
    let rig = rig.restart().await;
    rig.vault.submission_key(OTHER).await.unwrap();
    assert_eq!(rig.vault.rotate_keys().await.unwrap(), Epoch(3));
    assert_eq!(rig.vault.parts().kek.epochs().await.unwrap(), [Epoch(3)]);
    let rig = rig.restart().await;
    assert_eq!(rig.vault.existing_key(SUBJECT).await.unwrap().as_bytes(), key.as_bytes());
}

#[tokio::test]
async fn a_key_that_does_not_open_stops_the_rotation_before_anything_is_destroyed() {
    let rig = Rig::new().await;
    rig.vault.submission_key(SUBJECT).await.unwrap();
    rig.vault.submission_key(OTHER).await.unwrap();
    let keyring = &rig.vault.parts().keyring;
    let damaged = crate::store::keyring::Rewrapped {
        subject: OTHER,
        from: Epoch(1),
        to: Epoch(1),
        wrapped: vec![0; 73],
    };
    keyring.rewrap(&[damaged]).await.unwrap();
    let refused = rig.vault.rotate_keys().await;
    assert!(matches!(refused, Err(KeysError::Kek(_))), "{refused:?}");
    assert_eq!(rig.vault.parts().kek.epochs().await.unwrap(), [Epoch(1), Epoch(2)]);
}

#[tokio::test]
async fn key_encryption_keys_that_are_not_the_keyrings_are_refused() {
    let rig = Rig::new().await;
    rig.vault.submission_key(SUBJECT).await.unwrap();
    let dir = rig.dir.path();
    let with_kek = async |name: &str| {
        let kek = Arc::new(FileKek::open(&dir.join(name), Arc::new(OsEntropy)).unwrap());
        VaultParts { kek, ..parts(dir).await }
    };
    let missing = Vault::open(with_kek("empty").await).await.err();
    assert!(matches!(missing, Some(KeysError::EpochMissing { epoch: Epoch(1) })), "{missing:?}");

    let foreign = with_kek("foreign").await;
    foreign.kek.new_epoch().await.unwrap();
    let Some(KeysError::Kek(error)) = Vault::open(foreign).await.err() else {
        panic!("foreign keys were accepted");
    };
    assert!(matches!(*error, KekError::Refused { epoch: Epoch(1), .. }), "{error}");
}
