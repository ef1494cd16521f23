//! Files that arrive in parts, from senders that stop, repeat, race and lie.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use attestry_proof::hash::Hash;
use bytes::Bytes;
use futures_util::{StreamExt, future::join_all, stream};
use sha2::{Digest, Sha256};

use super::{OTHER, Rig, SUBJECT, body, broken, content, parts};
use crate::{
    store::files::Place,
    vault::{FILE_BYTES_MAX, PARTS_MAX, UploadError, UploadState, Vault, VaultError},
};

const fn open(offset: u64, size: u64) -> UploadState {
    UploadState::Open { size, offset }
}

#[tokio::test]
async fn files_of_every_awkward_length_read_back() {
    let rig = Rig::new().await;
    const CHUNK: usize = 64 * 1024;
    let lengths =
        [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 16 * CHUNK, 16 * CHUNK + 1, 40 * CHUNK + 12_345];
    let mut digests = Vec::new();
    for length in lengths {
        digests.push(rig.upload(SUBJECT, &content(length)).await);
    }
    let rig = rig.restart().await;
    for (sha256, length) in digests.into_iter().zip(lengths) {
        assert_eq!(rig.read(SUBJECT, sha256).await, content(length), "{length}");
        let again = rig.vault.begin_upload(SUBJECT, sha256, length as u64).await.unwrap();
        assert_eq!(again, UploadState::Stored { size: length as u64 });
        rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
        let foreign = rig.vault.begin_upload(OTHER, sha256, length as u64).await.unwrap();
        assert_eq!(foreign, open(0, length as u64), "submissions must not share files");
    }
}

#[tokio::test]
async fn nothing_of_the_content_is_on_disk_in_the_clear() {
    let rig = Rig::new().await;
    let secret = b"a very confidential sentence of some length".repeat(3000);
    rig.upload(SUBJECT, &secret).await;
    for path in rig.stored_parts() {
        let sealed = std::fs::read(path).unwrap();
        assert!(!sealed.windows(16).any(|window| window == &secret[..16]));
    }
}

#[tokio::test]
async fn a_broken_body_keeps_what_came_and_the_upload_goes_on_there() {
    let rig = Rig::new().await;
    let bytes = content(500_000);
    let (sha256, size) = (Hash::of(&bytes), bytes.len() as u64);
    rig.vault.begin_upload(SUBJECT, sha256, size).await.unwrap();
    let stopped = rig.vault.append(SUBJECT, sha256, 0, broken(&bytes[..200_000])).await;
    let Err(UploadError::Interrupted { offset: 200_000, source }) = stopped else {
        panic!("{stopped:?}");
    };
    assert!(source.to_string().contains("reset"), "{source}");

    // The hash so far is forgotten with the process: the end must be right all the same.
    let rig = rig.restart().await;
    let state = rig.vault.begin_upload(SUBJECT, sha256, size).await.unwrap();
    assert_eq!(state, open(200_000, size));
    let early = rig.vault.complete_upload(SUBJECT, sha256).await;
    let incomplete =
        matches!(early, Err(UploadError::Incomplete { found: 200_000, required: 500_000 }));
    assert!(incomplete, "{early:?}");
    let rest = body(&bytes[200_000..]);
    assert_eq!(rig.vault.append(SUBJECT, sha256, 200_000, rest).await.unwrap(), open(size, size));
    rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
    assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
    assert_eq!(rig.stored_parts().len(), 2);
}

#[tokio::test]
async fn a_sender_that_vanishes_leaves_what_it_sent() {
    let rig = Rig::new().await;
    let bytes = content(300_000);
    let (sha256, size) = (Hash::of(&bytes), bytes.len() as u64);
    rig.vault.begin_upload(SUBJECT, sha256, size).await.unwrap();
    let hanging = body(&bytes[..100_000]).chain(stream::pending());
    let append = rig.vault.append(SUBJECT, sha256, 0, hanging);
    assert!(tokio::time::timeout(Duration::from_millis(300), append).await.is_err());
    let mut state = open(0, size);
    for _ in 0..100 {
        state = rig.vault.upload_state(SUBJECT, sha256).await.unwrap().unwrap();
        if state != open(0, size) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(state, open(100_000, size));
    rig.vault.append(SUBJECT, sha256, 100_000, body(&bytes[100_000..])).await.unwrap();
    rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
    assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
}

#[tokio::test]
async fn only_an_open_upload_takes_bytes_and_only_where_it_ends() {
    let rig = Rig::new().await;
    let bytes = content(1000);
    let sha256 = Hash::of(&bytes);
    let none = rig.vault.append(SUBJECT, sha256, 0, body(&bytes)).await;
    assert!(matches!(none, Err(UploadError::NotOpen)), "{none:?}");
    let none = rig.vault.complete_upload(SUBJECT, sha256).await;
    assert!(matches!(none, Err(UploadError::NotOpen)), "{none:?}");

    rig.vault.begin_upload(SUBJECT, sha256, 1000).await.unwrap();
    rig.vault.append(SUBJECT, sha256, 0, body(&bytes[..400])).await.unwrap();
    for found in [0, 399, 401, 1000] {
        let refused = rig.vault.append(SUBJECT, sha256, found, body(&bytes[400..])).await;
        let Err(UploadError::Offset { found: named, required: 400 }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(named, found);
    }
    let more = rig.vault.append(SUBJECT, sha256, 400, body(&content(601))).await;
    assert!(matches!(more, Err(UploadError::PastEnd { found: 1001, required: 1000 })), "{more:?}");
    let state = rig.vault.begin_upload(SUBJECT, sha256, 1000).await.unwrap();
    assert_eq!(state, open(400, 1000), "the piece that goes past the end is not kept");
    let foreign = rig.vault.append(OTHER, sha256, 400, body(&bytes[400..])).await;
    assert!(matches!(foreign, Err(UploadError::NotOpen)), "{foreign:?}");
    rig.vault.append(SUBJECT, sha256, 400, body(&bytes[400..])).await.unwrap();
    rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
}

#[tokio::test]
async fn sizes_that_are_impossible_or_contradict_are_refused() {
    let rig = Rig::new().await;
    let large = rig.vault.begin_upload(SUBJECT, Hash([1; 32]), FILE_BYTES_MAX + 1).await;
    assert!(matches!(large, Err(UploadError::FileTooLarge { required: FILE_BYTES_MAX, .. })));
    rig.vault.begin_upload(SUBJECT, Hash([1; 32]), FILE_BYTES_MAX).await.unwrap();
    let other = rig.vault.begin_upload(SUBJECT, Hash([1; 32]), 5).await;
    let differs =
        matches!(other, Err(UploadError::SizeDiffers { found: 5, required: FILE_BYTES_MAX }));
    assert!(differs, "{other:?}");
    rig.vault.abandon_upload(SUBJECT, Hash([1; 32])).await.unwrap();
    assert_eq!(rig.vault.begin_upload(SUBJECT, Hash([1; 32]), 5).await.unwrap(), open(0, 5));
    let never = rig.vault.abandon_upload(SUBJECT, Hash([2; 32])).await;
    assert!(matches!(never, Err(UploadError::NotOpen)));
}

#[tokio::test]
async fn content_with_another_digest_is_refused_and_discarded() {
    for restart in [false, true] {
        let mut rig = Rig::new().await;
        let bytes = content(100_000);
        let required = Hash::of(b"something else");
        rig.vault.begin_upload(SUBJECT, required, 100_000).await.unwrap();
        rig.vault.append(SUBJECT, required, 0, body(&bytes)).await.unwrap();
        if restart {
            rig = rig.restart().await;
        }
        let refused = rig.vault.complete_upload(SUBJECT, required).await;
        let Err(UploadError::DigestDiffers { found, required: named }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((found, named), (Hash::of(&bytes), required));
        assert_eq!(rig.stored_parts().len(), 0);
        assert_eq!(rig.vault.upload_state(SUBJECT, required).await.unwrap(), None);
    }
}

#[tokio::test]
async fn damage_found_while_hashing_again_discards_the_upload() {
    let rig = Rig::new().await;
    let bytes = content(100_000);
    let sha256 = Hash::of(&bytes);
    rig.vault.begin_upload(SUBJECT, sha256, 100_000).await.unwrap();
    rig.vault.append(SUBJECT, sha256, 0, body(&bytes)).await.unwrap();
    let rig = rig.restart().await;
    let path = rig.stored_parts().remove(0);
    let mut sealed = std::fs::read(&path).unwrap();
    sealed[70_000] ^= 1;
    std::fs::write(&path, sealed).unwrap();
    let refused = rig.vault.complete_upload(SUBJECT, sha256).await;
    let Err(UploadError::Vault(VaultError::Object(error))) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().starts_with("chunk 1 of part 1 of object"), "{error}");
    assert_eq!(rig.upload(SUBJECT, &bytes).await, sha256);
    assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
}

#[tokio::test]
async fn senders_of_one_file_at_once_cannot_harm_it() {
    let rig = Rig::new().await;
    let bytes = content(900_000);
    let sha256 = Hash::of(&bytes);
    let send = async || -> Result<(), UploadError> {
        loop {
            let state = rig.vault.begin_upload(SUBJECT, sha256, 900_000).await?;
            let UploadState::Open { offset, .. } = state else { return Ok(()) };
            let end = bytes.len().min(offset as usize + 300_000);
            let piece = body(&bytes[offset as usize..end]);
            match rig.vault.append(SUBJECT, sha256, offset, piece).await {
                Ok(_) | Err(UploadError::Offset { .. } | UploadError::NotOpen) => {}
                Err(error) => return Err(error),
            }
            match rig.vault.complete_upload(SUBJECT, sha256).await {
                Ok(()) | Err(UploadError::Incomplete { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    };
    for done in join_all((0..6).map(|_| send())).await {
        done.unwrap();
    }
    assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
    assert_eq!(rig.stored_parts().len(), 3, "parts that did not count were left behind");
}

#[tokio::test]
async fn an_upload_overtaken_by_a_pack_is_cleared_away() {
    let rig = Rig::new().await;
    let bytes = content(1000);
    let sha256 = Hash::of(&bytes);
    rig.vault.begin_upload(SUBJECT, sha256, 1000).await.unwrap();
    rig.vault.append(SUBJECT, sha256, 0, body(&bytes)).await.unwrap();
    rig.vault.put_many(SUBJECT, vec![(sha256, bytes.clone().into())]).await.unwrap();
    rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
    assert_eq!(rig.vault.files().upload(SUBJECT, sha256).await.unwrap(), None);
    assert_eq!(rig.stored_parts().len(), 1);
    assert_eq!(rig.read(SUBJECT, sha256).await, bytes);
}

#[tokio::test]
async fn a_sender_of_crumbs_is_stopped() {
    let rig = Rig::new().await;
    rig.vault.begin_upload(SUBJECT, Hash([1; 32]), 10).await.unwrap();
    let upload = rig.vault.files().upload(SUBJECT, Hash([1; 32])).await.unwrap().unwrap();
    for _ in 0..PARTS_MAX {
        rig.vault.files().reserve_part(upload.object).await.unwrap();
    }
    let refused = rig.vault.append(SUBJECT, Hash([1; 32]), 0, body(b"x")).await;
    let stopped = matches!(refused, Err(UploadError::TooManyParts { required: PARTS_MAX }));
    assert!(stopped, "{refused:?}");
}

/// Counts the bytes of a body that are alive at the same time.
struct Counted {
    bytes: Vec<u8>,
    alive: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(self.bytes.len(), Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_file_streams_in_parts_and_in_little_memory() {
    const PIECE: usize = 128 * 1024;
    const PIECES: usize = 67;
    const PART: u64 = 2 << 20;
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::with_part_bytes(parts(dir.path()).await, PART).await.unwrap();
    let rig = Rig { dir, vault };
    let piece = |number: usize| vec![number as u8; PIECE];
    let digest = (0..PIECES).fold(Sha256::new(), |hash, number| hash.chain_update(piece(number)));
    let (sha256, size) = (Hash(digest.finalize().into()), (PIECES * PIECE) as u64);

    let (alive, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pieces = {
        let (alive, most) = (Arc::clone(&alive), Arc::clone(&most));
        stream::iter(0..PIECES).map(move |number| {
            let now = alive.fetch_add(PIECE, Ordering::SeqCst) + PIECE;
            most.fetch_max(now, Ordering::SeqCst);
            let counted = Counted { bytes: piece(number), alive: Arc::clone(&alive) };
            Ok::<_, io::Error>(Bytes::from_owner(counted))
        })
    };
    rig.vault.begin_upload(SUBJECT, sha256, size).await.unwrap();
    rig.vault.append(SUBJECT, sha256, 0, pieces).await.unwrap();
    rig.vault.complete_upload(SUBJECT, sha256).await.unwrap();
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    let most = most.load(Ordering::SeqCst);
    assert!(most <= 1 << 20, "{most} bytes of the body were held at once");

    let file = rig.vault.files().file(SUBJECT, sha256).await.unwrap().unwrap();
    let Place::Parts(parts) = file.place else { panic!("packed") };
    let lengths: Vec<_> = parts.iter().map(|part| part.length).collect();
    assert_eq!(lengths, [PART, PART, PART, PART, 3 * PIECE as u64]);

    let mut bytes = rig.vault.open_file(SUBJECT, sha256, None).await.unwrap().into_stream();
    let mut hash = Sha256::new();
    while let Some(piece) = bytes.next().await {
        let piece = piece.unwrap();
        assert!(piece.len() <= 64 * 1024);
        hash.update(&piece);
    }
    assert_eq!(Hash(hash.finalize().into()), sha256);
}
