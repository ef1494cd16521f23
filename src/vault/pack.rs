//! Many small files in one durable write: a pack holds each under its own key and nonce, so that
//! one can be erased by destroying its key while the others stay readable.

use std::{collections::HashSet, sync::Arc};

use attestry_proof::hash::Hash;
use bytes::Bytes;
use uuid::Uuid;

use super::{
    Vault, VaultError,
    keys::{ObjectKey, SubmissionKey},
    object::PACK_PART,
    stream::{PartCipher, PartPlace},
    upload::UploadError,
};
use crate::{
    entropy::{Entropy, random_uuid},
    store::{
        files::{ObjectId, PackedFile},
        keyring::WrappedObjectKey,
    },
};

/// Largest file in a pack: one chunk.
pub const PACKED_FILE_BYTES_MAX: usize = super::stream::CHUNK_BYTES;

/// Most files in a pack.
pub const PACKED_FILES_MAX: usize = 4096;

/// Largest sum of file sizes in a pack.
pub const PACK_BYTES_MAX: usize = 8 << 20;

impl Vault {
    /// Stores many small files with one object, one keyring commit and one commit of records. All
    /// or none of those that were not stored yet; answers with how many that were.
    ///
    /// # Errors
    /// [`UploadError::BatchTooLarge`], [`UploadError::DigestDiffers`], [`UploadError::Vault`].
    pub async fn put_many(
        &self,
        subject: Uuid,
        files: Vec<(Hash, Bytes)>,
    ) -> Result<usize, UploadError> {
        check_limits(&files)?;
        let digests: Vec<Hash> = files.iter().map(|(sha256, _)| *sha256).collect();
        let stored = self.stored(subject, &digests).await?;
        let key = self.submission_key(subject).await.map_err(VaultError::from)?;
        let entropy = Arc::clone(&self.parts().entropy);
        // Hashing and sealing 8 MiB takes long enough to hold others up.
        let packed = tokio::task::spawn_blocking(move || {
            seal_pack(&key, &*entropy, subject, &files, stored.into_iter().collect())
        });
        let Pack { id, sealed, rows, keys } = packed.await.map_err(|_| VaultError::Stopped)??;
        if rows.is_empty() {
            return Ok(0);
        }
        // Bytes and keys are durable before the records that make them count.
        let object =
            async { self.objects().put(id, PACK_PART, sealed).await.map_err(VaultError::from) };
        let keys =
            async { self.keyring().insert_object_keys(&keys).await.map_err(VaultError::from) };
        tokio::try_join!(object, keys)?;
        let late = self.files().add_packed(subject, id, &rows).await.map_err(VaultError::from)?;
        if !late.is_empty() {
            let unused: Vec<ObjectId> = late.iter().map(|file| file.object).collect();
            self.keyring().destroy_object_keys(&unused).await.map_err(VaultError::from)?;
        }
        if late.len() == rows.len() {
            self.objects().delete(id).await.map_err(VaultError::from)?;
        }
        Ok(rows.len() - late.len())
    }
}

struct Pack {
    id: ObjectId,
    sealed: Vec<u8>,
    rows: Vec<PackedFile>,
    keys: Vec<WrappedObjectKey>,
}

fn check_limits(files: &[(Hash, Bytes)]) -> Result<(), UploadError> {
    let check = |what, found, required| {
        if found > required {
            return Err(UploadError::BatchTooLarge { what, found, required });
        }
        Ok(())
    };
    check("files in a batch", files.len(), PACKED_FILES_MAX)?;
    let longest = files.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or(0);
    check("bytes of a file in a batch", longest, PACKED_FILE_BYTES_MAX)?;
    check("bytes in a batch", files.iter().map(|(_, bytes)| bytes.len()).sum(), PACK_BYTES_MAX)
}

/// Checks every digest, even of files stored already, and seals each new file once.
fn seal_pack(
    submission_key: &SubmissionKey,
    entropy: &dyn Entropy,
    subject: Uuid,
    files: &[(Hash, Bytes)],
    mut seen: HashSet<Hash>,
) -> Result<Pack, UploadError> {
    let id = ObjectId(random_uuid(entropy));
    let mut pack = Pack { id, sealed: Vec::new(), rows: Vec::new(), keys: Vec::new() };
    for (sha256, bytes) in files {
        let found = Hash::of(bytes);
        if found != *sha256 {
            return Err(UploadError::DigestDiffers { found, required: *sha256 });
        }
        if !seen.insert(*sha256) {
            continue;
        }
        let object = ObjectId(random_uuid(entropy));
        let key = ObjectKey::random(entropy);
        let place = PartPlace { subject, object, part: PACK_PART, start: 0, sha256: *sha256 };
        let (mut cipher, header) = PartCipher::seal(&key, entropy, &place);
        let mut chunk = bytes.to_vec();
        cipher.seal_chunk(0, true, &mut chunk).map_err(|_| VaultError::Stopped)?;
        let offset = pack.sealed.len() as u64;
        pack.sealed.extend_from_slice(&header);
        pack.sealed.extend_from_slice(&chunk);
        pack.rows.push(PackedFile { sha256: *sha256, size: bytes.len() as u64, object, offset });
        let wrapped = key.wrap(submission_key, entropy, subject, object);
        pack.keys.push(wrapped.map_err(|source| VaultError::ObjectKey { object, source })?);
    }
    Ok(pack)
}
